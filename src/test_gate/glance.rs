//! What the gate makes of one report, for tests that try thousands of damaged ones, which a process each would take too long for.
//!
//! Judges nothing that the gate does not: it reads as the gate reads, and counts.

use std::path::Path;

use super::attempts::State;
use super::bystanders::bystander;
use super::collector::{Keep, Reading};
use super::files::File;
use super::formats;
use super::read::{Content, content};

/// What the gate makes of one report.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Glance {
    /// How bad it is: 0 passes, 1 warns, 2 fails; a file that nobody looks at passes.
    pub badness: u8,
    /// What a report of tests says; none for other files.
    pub tests: Option<Tests>,
}

/// What a report of tests says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tests {
    /// What the report is written in.
    pub format: &'static str,
    /// All tests.
    pub all: u64,
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed or ended with an error.
    pub red: u64,
    /// Suites and runs that ended with an error.
    pub red_groups: u64,
    /// Places that can't be read or believed.
    pub troubles: u64,
}

impl Tests {
    fn of(reading: &Reading) -> Self {
        Self {
            format: reading.format,
            all: reading.counts.tests(),
            passed: reading.counts.of(State::Passed),
            red: reading.counts.of(State::Failed) + reading.counts.of(State::Errored),
            red_groups: reading.suite_errored + reading.run_errored,
            troubles: reading.troubles.kept().len() as u64,
        }
    }
}

/// Reads a report as if it were found in a folder.
pub fn glance(path: &Path, mut bytes: &[u8]) -> Glance {
    let label = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let found_in = Some("reports".to_owned());
    let file = File { path: Some(path.to_path_buf()), label, found_in, argument: 0 };
    let length = bytes.len() as u64;
    let content = content(&mut bytes, &file.label, Keep::default());
    let tests = if let Content::Tests(reading) = &content { Some(Tests::of(reading)) } else { None };
    if bystander(&file, &content, length).is_some() {
        return Glance { badness: 0, tests };
    }
    let badness = match &content {
        Content::Tests(reading) => formats::badness(reading),
        Content::Coverage(reading) => red(!reading.troubles.is_empty() || reading.coverage.is_empty()),
        Content::Benchmarks(_, reading) => {
            let is_empty = reading.benchmarks.is_empty() && reading.thresholds.is_empty();
            let is_whole = reading.troubles.is_empty() && reading.broken.is_empty();
            red(!is_whole || is_empty || reading.thresholds.iter().any(|found| found.is_crossed))
        }
        Content::Unknown(_) => 2,
    };
    Glance { badness, tests }
}

fn red(is_red: bool) -> u8 {
    if is_red { 2 } else { 0 }
}
