//! A failure that is written into a green report makes the gate fail, in the report of every producer and in every format.
//!
//! `every_case` tries every case of every report through the library; here the binary judges some of them.

mod every_case;
mod red;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::judge;
use super::producers::{folders, reports};
use crate::support::corpus;

/// How many cases of a report are tried.
const CASES: usize = 2;

/// Every report of the cases, and of the corpus where it is there, that the gate passes by itself.
fn green() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in folders() {
        files.extend(reports(&folder).iter().map(|report| folder.join(report)));
    }
    let mut folders: Vec<PathBuf> =
        corpus().iter().flat_map(|root| [root.join("junit"), root.join("test-reports")]).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Judges a report with some of its cases red, one at a time; reports those that pass.
fn missed(path: &Path) -> String {
    let mut missed = String::new();
    let Ok(text) = std::fs::read_to_string(path) else { return missed };
    let cases = red::cases(&text);
    let folder = tempfile::tempdir().expect("a folder");
    let name = path.file_name().expect("a name").to_str().expect("a name in Unicode");
    let code = |text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a report");
        judge(folder.path(), &[name, "--formats", "json"]).code()
    };
    if cases.is_empty() || code(&text) != 0 {
        return missed;
    }
    // The first and the last case, or as many more between them.
    let step = (cases.len() / CASES).max(1);
    let some = cases.iter().step_by(step).take(CASES - 1).chain(cases.last());
    for case in some {
        assert!(!case.is_red, "{} passes with a case that failed", path.display());
        let alone = case.in_place(&text);
        let documents = red::documents(&text, &alone[0].1);
        let copies = case.copied(&text).into_iter().chain(case.surrounded(&text)).chain(documents);
        for (how, variant) in alone.into_iter().chain(copies) {
            if code(&variant) != 1 {
                let start = case.spans.first().map(|span| span.start);
                let _ = writeln!(missed, "{}: {how} at {start:?}", path.display());
            }
        }
    }
    missed
}

#[test]
fn no_green_report_with_a_failure_passes() {
    let files = green();
    let (next, wrong) = (Mutex::new(files.iter()), Mutex::new(String::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(path) = next.lock().expect("no panic").next() else { return };
                    let missed = missed(path);
                    *wrong.lock().expect("no panic") += &missed;
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} missed\n{wrong}", wrong.lines().count());
}
