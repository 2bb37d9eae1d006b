//! Real files: every one of them gives what was checked by hand.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Reading, detect, read};
use crate::skipped::skipped;
use devops_reading::shape::{LOOKED_AT, shape};

/// The folder of real data, or `None` with a word about it where it is absent and may be.
fn corpus() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folder =
        std::env::var_os("DEVOPS_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder.join("perf"));
    }
    let is_required = std::env::var_os("DEVOPS_CORPUS_REQUIRED").is_some();
    assert!(!is_required, "the corpus is required and {} is not there", folder.display());
    skipped("corpus");
    None
}

/// A file of ours, made by running its producer.
fn case(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/cases/test-gate").join(name)
}

/// Reads a file as the gate does.
pub(super) fn reading(path: &Path) -> (&'static str, Reading) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let format = detect(&shape(head)).unwrap_or_else(|| panic!("{} is of no known format", path.display()));
    (format.as_str(), read(format, bytes.as_slice(), &path.display().to_string()))
}

/// A line for each measure, threshold, trouble and note.
fn told(path: &Path) -> String {
    let (format, reading) = reading(path);
    let mut text = format!("{format}\n");
    for found in &reading.benchmarks {
        let (value, unit, count) = (found.value(), &found.unit, found.samples.len());
        let direction = found.direction.as_str();
        let exact = if found.is_exact { " exact" } else { "" };
        let interval = found.interval.map(|(low, high)| format!(" {low}..{high}")).unwrap_or_default();
        let name = format!("{} | {}", found.name, found.metric);
        let _ = writeln!(text, "{name} | {value} {unit} | {direction} x{count}{exact}{interval}");
    }
    for found in &reading.thresholds {
        let _ = writeln!(text, "threshold {} {} {}", found.name, found.expression, found.is_crossed);
    }
    for broken in reading.broken.kept() {
        let _ = writeln!(text, "broken {}: {}", broken.at.line, broken.what);
    }
    for trouble in reading.troubles.kept() {
        let _ = writeln!(text, "trouble {}: {}", trouble.at.line, trouble.what);
    }
    for note in &reading.notes {
        let _ = writeln!(text, "note {note}");
    }
    text
}

/// Files of all our cases, by name.
pub(super) fn cases() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for folder in std::fs::read_dir(case("")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("benchmarks-") && name != "benchmarks-expected" {
            paths.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    paths.sort();
    assert!(paths.len() > 15);
    paths
}

/// Files of the corpus, by name; none where it is absent and may be.
pub(super) fn files() -> Vec<PathBuf> {
    let Some(folder) = corpus() else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Compares what is read of files with what is expected, which was checked by hand.
fn check(paths: &[PathBuf], expected: &str) {
    let told: String = paths
        .iter()
        .map(|path| {
            let folder = path.parent().unwrap();
            let shown =
                format!("{}/{}", folder.file_name().unwrap().display(), path.file_name().unwrap().display());
            // The name of a benchmark may come from the folder.
            let told = told(path).replace(&folder.display().to_string(), "FOLDER");
            format!("=== {shown}\n{told}\n")
        })
        .collect();
    let expected = case("benchmarks-expected").join(expected);
    if std::env::var_os("DEVOPS_BLESS").is_some() {
        std::fs::write(&expected, &told).unwrap();
    }
    let wanted = std::fs::read_to_string(expected).unwrap();
    for (line, wanted) in told.lines().zip(wanted.lines()) {
        assert_eq!(line, wanted);
    }
    assert_eq!(told.len(), wanted.len());
}

#[test]
fn every_file_of_the_corpus_gives_what_it_says() {
    let paths = files();
    if !paths.is_empty() {
        check(&paths, "corpus.txt");
    }
}

#[test]
fn every_producer_gives_what_it_says() {
    check(&cases(), "cases.txt");
}

#[test]
fn no_other_report_is_taken_for_one_of_benchmarks() {
    let Some(folder) = corpus() else { return };
    let mut seen = 0;
    let mut folders: Vec<PathBuf> =
        ["junit", "test-reports", "coverage"].iter().map(|name| folder.with_file_name(name)).collect();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut head = Vec::new();
            std::fs::File::open(&path).unwrap().take(LOOKED_AT as u64).read_to_end(&mut head).unwrap();
            assert!(detect(&shape(&head)).is_none(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}
