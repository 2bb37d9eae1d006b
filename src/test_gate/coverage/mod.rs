//! What the tests covered.
//!
//! Owns coverage reports of every format, what they say together, how their paths become paths of the repository, and the
//! rules about totals, drops and patches. Lines are counted from lines, never from the totals a report claims.
//! Must not know test results, benchmarks, where a change or a baseline comes from, nor how findings are judged or printed.

mod claims;
mod clover;
mod cobertura;
#[cfg(test)]
mod corpus_tests;
mod coverage_py;
mod details;
mod export;
mod gcovr;
mod go_cover;
mod istanbul;
mod jacoco;
mod languages;
mod lcov;
mod llvm_cov;
mod merge;
mod model;
mod numbers;
mod open_cover;
mod patch;
mod path_text;
mod paths;
mod prefixes;
#[cfg(test)]
mod properties_tests;
mod rules;
mod scope;
mod simplecov;
mod totals;

use std::collections::BTreeMap;
use std::io::Read;

pub(crate) use self::details::details;
pub(crate) use self::export::cobertura as export_cobertura;
pub(crate) use self::model::Coverage;
pub(crate) use self::patch::patch;
pub(crate) use self::paths::{Mapper, Origin, Unmapped, Why};
pub(crate) use self::prefixes::Prefixes;
pub(crate) use self::rules::{Change, Facts, FolderFloor, Limits, RULES, judge};
pub(crate) use self::scope::{LeftOut, Scope};
pub(crate) use self::totals::{FileTotals, Percent, Ratio};
use crate::reading::shape::{Json, Shape, Xml};
use crate::reading::trouble::{Trouble, Troubles};

/// A format of coverage reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Format {
    Clover,
    Cobertura,
    CoveragePy,
    Gcovr,
    GcovrSummary,
    GoCover,
    Istanbul,
    IstanbulSummary,
    JaCoCo,
    Lcov,
    LlvmCov,
    OpenCover,
    SimpleCov,
}

impl Format {
    /// Every format.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const ALL: [Self; 13] = [
        Self::Clover,
        Self::Cobertura,
        Self::CoveragePy,
        Self::Gcovr,
        Self::GcovrSummary,
        Self::GoCover,
        Self::Istanbul,
        Self::IstanbulSummary,
        Self::JaCoCo,
        Self::Lcov,
        Self::LlvmCov,
        Self::OpenCover,
        Self::SimpleCov,
    ];

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clover => "Clover",
            Self::Cobertura => "Cobertura",
            Self::CoveragePy => "coverage.py JSON",
            Self::Gcovr => "gcovr JSON",
            Self::GcovrSummary => "gcovr summary",
            Self::GoCover => "Go cover profile",
            Self::Istanbul => "Istanbul",
            Self::IstanbulSummary => "Istanbul summary",
            Self::JaCoCo => "JaCoCo",
            Self::Lcov => "LCOV",
            Self::LlvmCov => "llvm-cov",
            Self::OpenCover => "OpenCover",
            Self::SimpleCov => "SimpleCov",
        }
    }

    /// Whether it has totals alone, which no line follows from.
    pub(crate) fn is_summary(self) -> bool {
        matches!(self, Self::GcovrSummary | Self::IstanbulSummary)
    }
}

/// What a report says.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) format: Format,
    /// By paths as they stand in the report.
    pub(crate) coverage: Coverage,
    /// Folders that paths of the report may be relative to.
    pub(crate) roots: Vec<String>,
    /// The name that the report has for itself; that of a project or a module.
    pub(crate) name: String,
    /// Files of named modules, by what they are known by in the coverage.
    pub(crate) modules: BTreeMap<String, Module>,
    pub(crate) troubles: Troubles,
    pub(crate) notes: Vec<String>,
}

/// Where a file stands in a report of several modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    /// Names of the modules around it, the innermost last.
    pub(crate) names: Vec<String>,
    /// Its path in there.
    pub(crate) path: String,
}

/// The format of a file, if it is a coverage report.
pub(crate) fn detect(shape: &Shape) -> Option<Format> {
    match shape {
        Shape::Nothing => None,
        Shape::Xml(xml) => detect_xml(xml),
        Shape::Json(json) | Shape::JsonLines(json) => detect_json(json),
        Shape::Text(lines) => {
            let first = lines
                .iter()
                .map(|line| line.trim())
                .find(|line| !line.is_empty() && !line.starts_with('#'))?;
            match first.split_once(':')? {
                ("mode", mode) => {
                    matches!(mode.trim(), "set" | "count" | "atomic").then_some(Format::GoCover)
                }
                ("TN" | "SF", _) => Some(Format::Lcov),
                _ => None,
            }
        }
    }
}

fn detect_xml(xml: &Xml) -> Option<Format> {
    let has_attribute = |names: &[&str]| names.iter().any(|name| xml.has_attribute(name));
    let has_child = |names: &[&str]| names.iter().any(|name| xml.has_child(name));
    match xml.root.as_str() {
        "CoverageSession" => Some(Format::OpenCover),
        "coverage" if has_attribute(&["clover", "generated"]) || has_child(&["project", "testproject"]) => {
            Some(Format::Clover)
        }
        "coverage" => {
            let is_known = has_attribute(&["line-rate", "branch-rate", "lines-valid"])
                || has_child(&["sources", "packages"])
                || xml.children.is_empty();
            is_known.then_some(Format::Cobertura)
        }
        "report" => {
            let is_known = has_child(&["sessioninfo", "group", "package", "counter"])
                || (xml.children.is_empty() && xml.has_attribute("name"));
            is_known.then_some(Format::JaCoCo)
        }
        _ => None,
    }
}

fn detect_json(json: &Json) -> Option<Format> {
    if json.is_list {
        return None;
    }
    let has = |way: &[&str]| json.has(way);
    if has(&["data", "[]", "files"]) || json.says(&["type"], "llvm.coverage.json.export") {
        Some(Format::LlvmCov)
    } else if has(&["*", "statementMap"]) {
        Some(Format::Istanbul)
    } else if has(&["gcovr/format_version"]) {
        Some(Format::Gcovr)
    } else if has(&["gcovr/summary_format_version"]) {
        Some(Format::GcovrSummary)
    } else if has(&["total", "lines", "pct"]) {
        Some(Format::IstanbulSummary)
    } else if has(&["meta", "branch_coverage"]) || has(&["files", "*", "executed_lines"]) {
        Some(Format::CoveragePy)
    } else if is_simplecov(json) {
        Some(Format::SimpleCov)
    } else {
        None
    }
}

/// Whether commands have coverage by file. A configuration has a key `coverage` as well, with settings in it or a script.
fn is_simplecov(json: &Json) -> bool {
    let settings =
        ["provider", "reporter", "reporters", "include", "exclude", "enabled", "all", "thresholds"];
    let has = |way: &[&str]| json.has(way);
    let is_configuration = settings.iter().any(|name| has(&["*", "coverage", name]));
    has(&["meta", "simplecov_version"])
        || has(&["*", "coverage", "*", "lines"])
        || (has(&["*", "coverage"]) && has(&["*", "timestamp"]))
        || (has(&["*", "coverage", "*"]) && !is_configuration)
}

/// Reads a report.
pub(crate) fn read(format: Format, source: impl Read) -> Reading {
    let mut reading = Reading {
        format,
        coverage: Coverage::default(),
        roots: Vec::new(),
        name: String::new(),
        modules: BTreeMap::new(),
        troubles: Troubles::default(),
        notes: Vec::new(),
    };
    match format {
        Format::Clover => clover::read(source, &mut reading),
        Format::Cobertura => cobertura::read(source, &mut reading),
        Format::CoveragePy => coverage_py::read(source, &mut reading),
        Format::Gcovr => gcovr::read(source, &mut reading),
        Format::GcovrSummary => gcovr::refuse_summary(source, &mut reading),
        Format::GoCover => go_cover::read(source, &mut reading),
        Format::Istanbul => istanbul::read(source, &mut reading),
        Format::IstanbulSummary => istanbul::refuse_summary(source, &mut reading),
        Format::JaCoCo => jacoco::read(source, &mut reading),
        Format::Lcov => lcov::read(source, &mut reading),
        Format::LlvmCov => llvm_cov::read(source, &mut reading),
        Format::OpenCover => open_cover::read(source, &mut reading),
        Format::SimpleCov => simplecov::read(source, &mut reading),
    }
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
    use super::{Coverage, Format, Reading, detect};
    use crate::reading::shape::shape;

    #[test]
    fn a_file_without_a_name_is_told_and_left_out() {
        let report = br#"{"meta": {"version": "7.6", "format": 3}, "files": {" ": {"executed_lines": [1], "missing_lines": [],
            "excluded_lines": [], "summary": {}}}, "totals": {}}"#;
        let reading = super::read(Format::CoveragePy, report.as_slice());
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
            ("<coverage line-rate='1'><packages/></coverage>", Some(Format::Cobertura)),
            ("<?xml version='1.0'?><!-- x --><coverage><sources/></coverage>", Some(Format::Cobertura)),
            ("<coverage generated='1'><project/></coverage>", Some(Format::Clover)),
            ("<coverage version='1'><file path='a'/></coverage>", None),
            ("<report name='x'><sessioninfo/></report>", Some(Format::JaCoCo)),
            ("<report><html/></report>", None),
            ("<CoverageSession/>", Some(Format::OpenCover)),
            ("<testsuites/>", None),
            ("# made by x\n\nTN:\nSF:a\n", Some(Format::Lcov)),
            ("SF:a\n", Some(Format::Lcov)),
            ("mode: atomic\n", Some(Format::GoCover)),
            ("TAP version 13\n1..1\n", None),
            ("{\"/w/a.js\": {\"path\": \"/w/a.js\", \"statementMap\": {", Some(Format::Istanbul)),
            ("{\"total\": {\"lines\": {\"total\": 1, \"pct\": 100}}}", Some(Format::IstanbulSummary)),
            (
                "{\"meta\": {\"version\": \"7\", \"branch_coverage\": false}, \"files\": {}}",
                Some(Format::CoveragePy),
            ),
            ("{\"RSpec\": {\"coverage\": {\"a\": [1]}}}", Some(Format::SimpleCov)),
            ("{\"files\": [], \"gcovr/format_version\": \"0.15\"}", Some(Format::Gcovr)),
            ("{\"root\": \".\", \"gcovr/summary_format_version\": \"0.6\"}", Some(Format::GcovrSummary)),
            ("{\"data\": [{\"files\": []}], \"type\": \"llvm.coverage.json.export\"}", Some(Format::LlvmCov)),
            ("{\"RSpec\": {\"coverage\": {}, \"timestamp\": 1}}", Some(Format::SimpleCov)),
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
}
