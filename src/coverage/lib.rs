//! What the tests covered.
//!
//! Owns coverage reports of every format, what they say together, how their paths become paths of the repository, and the
//! rules about totals, drops and patches. Lines are counted from lines, never from the totals a report claims.
//! Must not know test results, benchmarks, where a change or a baseline comes from, nor how findings are judged or printed.

mod claims;
#[cfg(test)]
mod corpus_tests;
mod details;
mod export;
mod languages;
mod merge;
mod model;
mod numbers;
mod patch;
mod path_text;
mod paths;
mod prefixes;
#[cfg(test)]
mod properties_tests;
mod rules;
mod scope;
#[cfg(test)]
#[path = "../../tests/it/skipped.rs"]
mod skipped;
mod totals;

use std::collections::BTreeMap;
use std::io::Read;

pub use self::cobertura::FORMAT as COBERTURA;
pub use self::details::details;
pub use self::export::cobertura as export_cobertura;
pub use self::model::Coverage;
pub use self::patch::patch;
pub use self::paths::{Mapper, Origin, Unmapped, Why};
pub use self::prefixes::Prefixes;
pub use self::rules::{Change, Facts, FolderFloor, Limits, RULES, judge};
pub use self::scope::{LeftOut, Scope};
pub use self::totals::{FileTotals, Percent, Ratio};
use devops_core::modules::modules;
use devops_reading::shape::{Json, Shape};
use devops_reading::trouble::{Trouble, Troubles};

modules! {
    /// Every format, the most specific shape first.
    const TABLE: &[&[Format]] = FORMATS of {
        open_cover,
        clover,
        cobertura,
        jacoco,
        llvm_cov,
        istanbul,
        gcovr,
        coverage_py,
        simplecov,
        go_cover,
        lcov,
    }
}

/// A format of coverage reports.
#[derive(Clone, Copy)]
pub struct Format {
    /// Its name for people, which no other format has.
    name: &'static str,
    /// Whether it has totals alone, which no line follows from.
    is_summary: bool,
    /// Whether a file that begins in this way has the format.
    is: fn(&Shape) -> bool,
    /// Reads a report to its end, or to where it can't be followed.
    read: fn(&mut dyn Read, &mut Reading),
    /// A run as this format writes it.
    #[cfg(test)]
    written: fn(&properties_tests::Run) -> String,
}

impl Format {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether it has totals alone, which no line follows from.
    pub const fn is_summary(self) -> bool {
        self.is_summary
    }

    /// A number that hardly any other format has: FNV-1a of its name.
    const fn tag(&self) -> u16 {
        let (mut rest, mut hash) = (self.name.as_bytes(), 0x811c_9dc5_u32);
        while let [byte, behind @ ..] = rest {
            hash = (hash ^ *byte as u32).wrapping_mul(0x0100_0193);
            rest = behind;
        }
        let [high, low, ..] = hash.to_be_bytes();
        u16::from_be_bytes([high, low])
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Every format, the most specific shape first.
pub fn formats() -> impl Iterator<Item = Format> {
    TABLE.iter().copied().flatten().copied()
}

/// What a report says.
#[derive(Debug)]
pub struct Reading {
    /// What the report is written in.
    pub format: Format,
    /// By paths as they stand in the report.
    pub coverage: Coverage,
    /// Folders that paths of the report may be relative to.
    pub roots: Vec<String>,
    /// The name that the report has for itself; that of a project or a module.
    pub name: String,
    /// Files of named modules, by what they are known by in the coverage.
    pub modules: BTreeMap<String, Module>,
    /// What can't be read or believed.
    pub troubles: Troubles,
    /// What people should know besides.
    pub notes: Vec<String>,
}

/// Where a file stands in a report of several modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Names of the modules around it, the innermost last.
    pub names: Vec<String>,
    /// Its path in there.
    pub path: String,
}

/// The format of a file, if it is a coverage report.
pub fn detect(shape: &Shape) -> Option<Format> {
    formats().find(|format| (format.is)(shape))
}

/// The JSON of a file that is an object.
fn object(shape: &Shape) -> Option<&Json> {
    match shape {
        Shape::Json(json) | Shape::JsonLines(json) if !json.is_list => Some(json),
        _ => None,
    }
}

/// What stands before and behind the colon of a text's first line that is neither empty nor a comment.
fn first_line(shape: &Shape) -> Option<(&str, &str)> {
    let Shape::Text(lines) = shape else { return None };
    let mut lines = lines.iter().map(|line| line.trim());
    lines.find(|line| !line.is_empty() && !line.starts_with('#'))?.split_once(':')
}

/// Reads a report.
pub fn read(format: Format, mut source: impl Read) -> Reading {
    let mut reading = Reading {
        format,
        coverage: Coverage::default(),
        roots: Vec::new(),
        name: String::new(),
        modules: BTreeMap::new(),
        troubles: Troubles::default(),
        notes: Vec::new(),
    };
    (format.read)(&mut source, &mut reading);
    reading.coverage.finish();
    reading.notes.extend(reading.coverage.overflowed());
    let is_nameless = |path: &String| path.trim().is_empty();
    if reading.coverage.files.keys().any(is_nameless) {
        reading.coverage.files.retain(|path, _| !is_nameless(path));
        reading.troubles.push(Trouble::whole("there are covered lines of a file without a name"));
    }
    reading
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        Coverage, Format, Reading, clover, cobertura, coverage_py, detect, formats, gcovr, go_cover,
        istanbul, jacoco, lcov, llvm_cov, open_cover, simplecov,
    };
    use devops_reading::shape::shape;

    #[test]
    fn a_file_without_a_name_is_told_and_left_out() {
        let report = br#"{"meta": {"version": "7.6", "format": 3}, "files": {" ": {"executed_lines": [1], "missing_lines": [],
            "excluded_lines": [], "summary": {}}}, "totals": {}}"#;
        let reading = super::read(coverage_py::FORMAT, report.as_slice());
        assert!(reading.coverage.is_empty());
        assert_eq!(reading.troubles.kept()[0].what, "there are covered lines of a file without a name");
    }

    /// Coverage out of paths with lines and hits.
    pub(super) fn coverage_of(files: &[(&str, &[(u32, u32)])]) -> Coverage {
        let mut coverage = Coverage::default();
        for (path, lines) in files {
            for (number, hits) in *lines {
                coverage.file(path).line(*number, *hits);
            }
        }
        coverage.finish();
        coverage
    }

    /// Reads a text.
    pub(super) fn read(format: Format, text: &str) -> Reading {
        super::read(format, text.as_bytes())
    }

    /// What was read: a line for each file with lines, hits and branches, then troubles.
    pub(super) fn shown(reading: &Reading) -> String {
        let mut text = String::new();
        for (path, file) in &reading.coverage.files {
            text.push_str(&format!("{path}:"));
            let branches = file.branches();
            for line in file.lines() {
                text.push_str(&format!(" {}={}", line.number, line.hits));
                if let Some(found) = branches.iter().find(|found| found.line == line.number) {
                    text.push_str(&format!("({}/{})", found.covered, found.total));
                }
            }
            text.push_str(if file.lines().is_empty() { " -\n" } else { "\n" });
        }
        for trouble in reading.troubles.kept() {
            text.push_str(&format!("! {}:{} {}\n", trouble.at.line, trouble.at.column, trouble.what));
        }
        text
    }

    #[test]
    fn formats_are_told_apart_by_their_content() {
        for (text, expected) in [
            ("<coverage line-rate='1'><packages/></coverage>", Some(cobertura::FORMAT)),
            ("<?xml version='1.0'?><!-- x --><coverage><sources/></coverage>", Some(cobertura::FORMAT)),
            ("<coverage generated='1'><project/></coverage>", Some(clover::FORMAT)),
            ("<coverage version='1'><file path='a'/></coverage>", None),
            ("<report name='x'><sessioninfo/></report>", Some(jacoco::FORMAT)),
            ("<report><html/></report>", None),
            ("<CoverageSession/>", Some(open_cover::FORMAT)),
            ("<testsuites/>", None),
            ("# made by x\n\nTN:\nSF:a\n", Some(lcov::FORMAT)),
            ("SF:a\n", Some(lcov::FORMAT)),
            ("mode: atomic\n", Some(go_cover::FORMAT)),
            ("TAP version 13\n1..1\n", None),
            ("{\"/w/a.js\": {\"path\": \"/w/a.js\", \"statementMap\": {", Some(istanbul::FORMAT)),
            ("{\"total\": {\"lines\": {\"total\": 1, \"pct\": 100}}}", Some(istanbul::SUMMARY)),
            (
                "{\"meta\": {\"version\": \"7\", \"branch_coverage\": false}, \"files\": {}}",
                Some(coverage_py::FORMAT),
            ),
            ("{\"RSpec\": {\"coverage\": {\"a\": [1]}}}", Some(simplecov::FORMAT)),
            ("{\"files\": [], \"gcovr/format_version\": \"0.15\"}", Some(gcovr::FORMAT)),
            ("{\"root\": \".\", \"gcovr/summary_format_version\": \"0.6\"}", Some(gcovr::SUMMARY)),
            (
                "{\"data\": [{\"files\": []}], \"type\": \"llvm.coverage.json.export\"}",
                Some(llvm_cov::FORMAT),
            ),
            ("{\"RSpec\": {\"coverage\": {}, \"timestamp\": 1}}", Some(simplecov::FORMAT)),
            ("{\"scripts\": {\"test\": \"jest\", \"coverage\": \"jest --coverage\"}}", None),
            ("{\"test\": {\"coverage\": {\"provider\": \"v8\"}}}", None),
            ("mode: production\n", None),
            ("{\"results\": {\"tool\": {}}}", None),
            ("[{\"coverage\": 1}]", None),
            ("", None),
        ] {
            assert_eq!(detect(&shape(text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn names_and_tags_are_unique() {
        let names: BTreeSet<&str> = formats().map(Format::name).collect();
        let tags: BTreeSet<u16> = formats().map(|format| format.tag()).collect();
        assert_eq!((names.len(), tags.len()), (formats().count(), formats().count()));
    }
}
