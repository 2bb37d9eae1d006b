//! What the fuzz targets in `fuzz/` call: one function for every parser, with what must hold for any bytes.
//!
//! Owns the checks and no parser. Compiled for tests and with the feature `fuzzing` only; a check that fails panics, as the engine
//! wants it. Must not be called by anything else.

mod baselines;
mod benchmarks;
mod coverage;
mod ground;
mod reports;

use super::detect::{Kind, detect};
use super::formats;
use devops_reading::hash::hash_of;
use devops_reading::shape::{LOOKED_AT, shape};

/// A parser with what must hold for it.
pub struct Target {
    /// What it is called on the command line.
    pub name: String,
    check: Check,
}

/// What a target calls.
enum Check {
    Plain(fn(&[u8])),
    Tests(&'static formats::Format),
    Coverage(devops_coverage::Format),
    Benchmarks(devops_benchmarks::Format),
}

impl Target {
    fn plain(name: &str, check: fn(&[u8])) -> Self {
        Self { name: name.to_owned(), check: Check::Plain(check) }
    }

    /// Reads bytes, and panics where something does not hold.
    pub fn run(&self, bytes: &[u8]) {
        match self.check {
            Check::Plain(check) => check(bytes),
            Check::Tests(format) => reports::format(format, bytes),
            Check::Coverage(format) => coverage::format(format, bytes),
            Check::Benchmarks(format) => benchmarks::format(format, bytes),
        }
    }
}

/// Every target.
pub fn targets() -> Vec<Target> {
    let mut targets = vec![
        Target::plain("report", reports::any),
        Target::plain("merged-coverage", coverage::merged),
        Target::plain("merged-benchmarks", benchmarks::merged),
        Target::plain("baseline", baselines::raw),
        Target::plain("baseline-sealed", baselines::sealed),
        Target::plain("quarantine", baselines::quarantine),
        Target::plain("diff", ground::diff),
        Target::plain("xml", ground::xml),
        Target::plain("json", ground::json),
        Target::plain("lines", ground::lines),
        Target::plain("text", ground::text),
        Target::plain("shape", ground::look),
        Target::plain("glob", ground::glob),
    ];
    targets.extend(
        formats::FORMATS
            .iter()
            .map(|format| Target { name: of("tests", format.name), check: Check::Tests(format) }),
    );
    targets.extend(
        devops_coverage::formats()
            .map(|format| Target { name: of("coverage", format.name()), check: Check::Coverage(format) }),
    );
    targets.extend(
        devops_benchmarks::formats()
            .enumerate()
            .map(|(index, format)| Target { name: benchmarks_of(index), check: Check::Benchmarks(format) }),
    );
    targets
}

/// Which target a file is a seed for.
pub fn target_for(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    match detect(&shape(head)) {
        Kind::Tests(format) => Some(of("tests", format.name)),
        Kind::Coverage(format) => Some(of("coverage", format.name())),
        Kind::Benchmarks(_) => devops_benchmarks::position(&shape(head)).map(benchmarks_of),
        Kind::Unknown(_) => None,
    }
}

/// What the target for the format of benchmarks at a place of their table is called: several forms of one format are numbered.
fn benchmarks_of(index: usize) -> String {
    let names: Vec<&str> = devops_benchmarks::formats().map(devops_benchmarks::Format::as_str).collect();
    let name = names.get(index).copied().unwrap_or_default();
    match names.iter().take(index).filter(|other| **other == name).count() {
        0 => of("benchmarks", name),
        before => format!("{}-{}", of("benchmarks", name), before + 1),
    }
}

fn of(kind: &str, name: &str) -> String {
    format!("{kind}-{}", slug(name))
}

/// A name in lower case with hyphens.
fn slug(name: &str) -> String {
    name.to_lowercase().replace([' ', '.', '\''], "-")
}

/// Some places to cut at, which depend on nothing but the bytes.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let length = bytes.trim_ascii_end().len();
    (0..3_u8).filter(move |_| length > 0).map(move |turn| {
        let hash = usize::try_from(hash_of(&(turn, bytes)) >> 33).unwrap_or(0);
        // The last bytes are where an end mark stands.
        if turn == 0 { length - 1 - hash % length.min(40) } else { hash % length }
    })
}

/// Hands out bytes in small pieces of a size that depends on nothing but the bytes.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl<'a> Pieces<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let sizes = [1, 2, 3, 7, 64, 1000, 4095];
        let turn = usize::try_from(hash_of(bytes) >> 33).unwrap_or(0) % sizes.len();
        Self { rest: bytes, size: sizes.get(turn).copied().unwrap_or(1) }
    }
}

impl std::io::Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = self.size.min(buffer.len());
        self.rest.read(buffer.get_mut(..room).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Target, targets};

    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    fn target(name: &str) -> Target {
        targets().into_iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"))
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<String> = targets().into_iter().map(|target| target.name).collect();
        let length = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), length);
    }

    /// Inputs that once broke something, in a folder for each target.
    #[test]
    fn what_broke_once_holds() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("fuzz/regressions");
        let mut found = Vec::new();
        files(&folder, &mut found);
        assert!(!found.is_empty());
        for path in found {
            let name = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
            let bytes = std::fs::read(&path).unwrap();
            println!("{}", path.display());
            target(name).run(&bytes);
        }
    }

    #[test]
    fn reports_of_real_producers_hold() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/cases/test-gate");
        let mut found = Vec::new();
        files(&folder, &mut found);
        let target = target("report");
        for path in found {
            let bytes = std::fs::read(&path).unwrap();
            println!("{}", path.display());
            target.run(&bytes);
        }
    }
}
