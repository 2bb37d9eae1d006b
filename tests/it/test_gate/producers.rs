//! Reports that real producers wrote of tests whose outcomes are known, and the real reports of the corpus.
//!
//! What is expected was decided from the tests, never from what a reader of ours says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{Said, judge};
use crate::support::corpus;

/// Rules that speak of tests, suites and runs that went wrong.
const RED: [&str; 3] = ["test-failed", "suite-errored", "run-errored"];

/// What a case or a file of the corpus must give.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Tests by outcome; what is not named is not compared. `red` is failed and errored, `absent` skipped and not run,
    /// `green` passed and `absent`.
    #[serde(default)]
    totals: BTreeMap<String, u64>,
    /// Parts of the titles of everything red, a different one each.
    #[serde(default)]
    failed: Vec<String>,
    /// File and line of what failed, by a part of its title.
    #[serde(default)]
    locations: BTreeMap<String, String>,
    /// Suites, files or runs that went wrong apart from their tests; each may count as one red test besides.
    suite_errors: u64,
    /// The report is cut off or lacks tests it promised.
    #[serde(default)]
    incomplete: bool,
    exit: i32,
    /// Why it is so, where it is not obvious.
    #[serde(default)]
    why: String,
    /// Producer, version and command.
    #[serde(default)]
    made_with: String,
}

impl Expected {
    /// Everything that is not as expected, a line each.
    fn differences(&self, said: &Said) -> String {
        let mut lines = String::new();
        if said.code() != self.exit {
            let _ = writeln!(lines, "  exit {} instead of {}", said.code(), self.exit);
        }
        self.compare_totals(said, &mut lines);
        self.compare_titles(said, &mut lines);
        self.compare_locations(said, &mut lines);
        let rules = said.rules();
        if self.suite_errors > 0 && !rules.iter().any(|rule| RED.contains(rule)) {
            let _ = writeln!(lines, "  nothing of {} suite errors is found", self.suite_errors);
        }
        if self.incomplete && !rules.iter().any(|rule| RED.contains(rule) || *rule == "report-unreadable") {
            lines.push_str("  nothing says that the report is incomplete\n");
        }
        if !lines.is_empty() && !self.why.is_empty() {
            let _ = writeln!(lines, "  ({})", self.why);
        }
        lines
    }

    fn compare_totals(&self, said: &Said, lines: &mut String) {
        let counted = Counted::of(said);
        for (name, expected) in &self.totals {
            let actual = counted.get(name);
            let is_red = ["tests", "failed", "errored", "red"].contains(&name.as_str());
            let most = expected + if is_red { self.suite_errors } else { 0 };
            if !(*expected..=most).contains(&actual) {
                let _ = writeln!(lines, "  {actual} {name} instead of {expected}");
            }
        }
    }

    fn compare_titles(&self, said: &Said, lines: &mut String) {
        let titles = red_titles(said);
        let mut left: Vec<&str> = titles.clone();
        let mut fragments: Vec<&String> = self.failed.iter().collect();
        // The longest first, for a short one may be part of a longer one's title.
        fragments.sort_by_key(|fragment| std::cmp::Reverse(fragment.len()));
        for fragment in fragments {
            match left.iter().position(|title| title.contains(fragment.as_str())) {
                Some(at) => drop(left.remove(at)),
                None => {
                    let _ = writeln!(lines, "  no finding for {fragment:?} among {titles:?}");
                }
            }
        }
        let spare = self.suite_errors + u64::from(self.incomplete);
        if left.len() as u64 > spare && self.is_exact() {
            let _ = writeln!(lines, "  red without reason: {left:?}");
        }
    }

    /// Whether everything that is red is named.
    fn is_exact(&self) -> bool {
        self.totals.contains_key("red") || self.totals.contains_key("failed")
    }

    fn compare_locations(&self, said: &Said, lines: &mut String) {
        for (fragment, place) in &self.locations {
            let places: Vec<String> = said
                .findings()
                .iter()
                .filter(|finding| finding["title"].as_str().is_some_and(|title| title.contains(fragment)))
                .map(|finding| {
                    let location = &finding["location"];
                    format!("{}:{}", location["path"].as_str().unwrap_or("?"), location["line"])
                })
                .collect();
            if !places.iter().any(|found| found.ends_with(place.as_str())) {
                let _ = writeln!(lines, "  {fragment:?} is at {place}, not at {places:?}");
            }
        }
    }
}

/// How many tests ended in each way.
struct Counted([u64; 7]);

impl Counted {
    fn of(said: &Said) -> Self {
        Self(said.counts())
    }

    fn get(&self, name: &str) -> u64 {
        let [tests, passed, flaky, failed, errored, skipped, not_run] = self.0;
        match name {
            "tests" => tests,
            "passed" => passed,
            "flaky" => flaky,
            "failed" => failed,
            "errored" => errored,
            "skipped" => skipped,
            "not_run" => not_run,
            "red" => failed + errored,
            "absent" => skipped + not_run,
            "green" => passed + skipped + not_run,
            other => panic!("no total is called {other}"),
        }
    }
}

/// The titles of everything that failed, and the names behind them.
fn red_titles(said: &Said) -> Vec<&str> {
    said.findings()
        .iter()
        .filter(|finding| {
            let rule = finding["rule"].as_str().unwrap_or_default();
            RED.contains(&rule)
        })
        .filter_map(|finding| finding["title"].as_str())
        .collect()
}

pub(super) fn cases() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/test-gate")
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders of cases, in their order.
pub(super) fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cases()).expect("the cases");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a case").path())
        .filter(|path| path.join("expected.json").is_file())
        .collect();
    folders.sort();
    folders
}

/// The files of a case, in their order, by name: each is meant, whatever its ending.
pub(super) fn reports(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("reports")).expect("reports");
    let mut reports: Vec<String> =
        entries.map(|entry| format!("reports/{}", entry.expect("a report").file_name().display())).collect();
    reports.sort();
    reports
}

fn copy_reports(from: &Path, to: &Path) {
    std::fs::create_dir(to.join("reports")).expect("a folder");
    for report in reports(from) {
        std::fs::copy(from.join(&report), to.join(&report)).expect("a report");
    }
}

#[test]
fn every_producer_is_judged_as_its_tests_went() {
    let mut wrong = String::new();
    let folders = folders();
    assert!(folders.len() > 60, "{} cases", folders.len());
    let mut green = 0;
    for case in &folders {
        let expected: Expected = parse(&case.join("expected.json"));
        let name = case.file_name().unwrap_or_default().display();
        let folder = tempfile::tempdir().expect("a folder");
        copy_reports(case, folder.path());
        let files = reports(case);
        let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
        let differences = expected.differences(&judge(folder.path(), &arguments));
        if differences.is_empty() {
            green += 1;
        } else {
            let _ = write!(wrong, "{name} (by {}):\n{differences}", expected.made_with);
        }
    }
    assert!(wrong.is_empty(), "{green} of {} cases are as expected, but\n{wrong}", folders.len());
}

#[test]
fn every_file_of_the_corpus_is_judged_as_by_hand() {
    let Some(root) = corpus() else { return };
    let table: BTreeMap<String, Expected> = parse(&cases().join("corpus.json"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = String::new();
    for (path, expected) in &table {
        let file = root.join(path);
        let differences = expected.differences(&judge(folder.path(), &[file.to_str().expect("a path")]));
        if !differences.is_empty() {
            let _ = write!(wrong, "{path}:\n{differences}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_table_knows_every_file_of_the_corpus() {
    let Some(root) = corpus() else { return };
    let table: BTreeMap<String, Value> = parse(&cases().join("corpus.json"));
    let mut folders = vec![root.join("junit"), root.join("test-reports")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below the corpus").display().to_string();
                assert!(table.contains_key(&name), "{name} is not in the table");
            }
        }
    }
}

#[test]
fn every_case_says_who_made_it_and_stays_small() {
    for case in folders() {
        let expected: Expected = parse(&case.join("expected.json"));
        assert!(!expected.made_with.is_empty(), "{}", case.display());
        let reports = reports(&case);
        assert!(!reports.is_empty(), "{}", case.display());
        for report in reports {
            let length = std::fs::metadata(case.join(report)).expect("a report").len();
            assert!(length < 30_000, "{}: {length} bytes", case.display());
        }
    }
}
