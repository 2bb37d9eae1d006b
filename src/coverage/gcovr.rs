//! gcovr's own JSON, as `gcovr --json` writes it; its summary has no lines and is refused.

use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::model::{FileCoverage, arm_key};
use super::numbers::Count;
use super::{Format, Reading, object};
use devops_reading::json::{Fields, Object, document, each, refuse, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "gcovr JSON",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// Its summary.
pub(super) const SUMMARY: Format = Format {
    name: "gcovr summary",
    is_summary: true,
    is: is_summary,
    read: refuse_summary,
    #[cfg(test)]
    written: tests::written,
};

/// What is read and refused here.
pub(super) const FORMATS: &[Format] = &[FORMAT, SUMMARY];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    object(shape).is_some_and(|json| json.has(&["gcovr/format_version"]))
}

/// Whether a file that begins in this way is a summary.
fn is_summary(shape: &Shape) -> bool {
    object(shape).is_some_and(|json| json.has(&["gcovr/summary_format_version"]))
}

/// Reads a report. A line is listed once for every function on it, such as instances of a template: hits add up, as in LCOV.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut root = Root { reading, is_seen: false };
    let result = document(source, Fields(&mut root));
    let is_seen = root.is_seen;
    if let Err(trouble) = result {
        reading.troubles.push(trouble);
    } else if !is_seen {
        reading.troubles.push(Trouble::whole("contains no `files`"));
    }
}

/// Names what to write instead of a summary.
fn refuse_summary(source: &mut dyn Read, reading: &mut Reading) {
    // Read to its end, because its digest is part of the record.
    let _ = std::io::copy(source, &mut std::io::sink());
    reading.troubles.push(Trouble::whole(
        "is gcovr's summary, which has no lines; use `gcovr --json` or `gcovr --cobertura` instead of `--json-summary`",
    ));
}

struct Root<'a> {
    reading: &'a mut Reading,
    is_seen: bool,
}

impl Object for Root<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key != "files" {
            return skip(map);
        }
        self.is_seen = true;
        let mut nameless = 0_u64;
        map.next_value_seed(each(|file: File| match file {
            File { path: Some(path), lines: Some(lines) } => put(&lines, self.reading.coverage.file(&path)),
            _ => nameless += 1,
        }))?;
        if nameless > 0 {
            return Err(refuse::<A>("a file has no `file` and `lines`"));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "file")]
    path: Option<String>,
    lines: Option<Vec<Line>>,
}

/// A line; what its author took out of the count is excluded.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "line_number")]
    number: u32,
    count: Count,
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default, rename = "gcovr/noncode")]
    is_no_code: bool,
    #[serde(default, rename = "gcovr/excluded")]
    is_excluded: bool,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "branchno")]
    number: Option<u64>,
    count: Count,
    #[serde(default, rename = "gcovr/excluded")]
    is_excluded: bool,
}

fn put(lines: &[Line], file: &mut FileCoverage) {
    for line in lines.iter().filter(|line| !line.is_no_code && !line.is_excluded) {
        file.line(line.number, line.count);
        for (index, branch) in line.branches.iter().enumerate().filter(|(_, branch)| !branch.is_excluded) {
            let number = branch.number.unwrap_or(index as u64);
            file.arm(line.number, arm_key(&FORMAT, number), branch.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::{FORMAT, SUMMARY};

    #[test]
    fn lines_without_what_is_excluded() {
        let reading = read(
            FORMAT,
            r#"{"gcovr/format_version": "0.15", "files": [{"file": "src/a.cpp", "functions": [], "lines": [
            {"line_number": 2, "function_name": "f<int>", "count": 1, "branches": [{"branchno": 0, "count": 1, "throw": false}, {"branchno": 1, "count": 0}]},
            {"line_number": 2, "function_name": "f<char>", "count": 1, "branches": [{"branchno": 0, "count": 0}, {"branchno": 1, "count": 1}]},
            {"line_number": 3, "count": 0, "branches": [{"count": 0, "gcovr/excluded": true}], "gcovr/md5": "x"},
            {"line_number": 4, "count": 0, "branches": [], "gcovr/excluded": true},
            {"line_number": 5, "count": 0, "branches": [], "gcovr/noncode": true},
            {"line_number": 6, "count": -13, "branches": []}]}]}"#,
        );
        assert_eq!(shown(&reading), "src/a.cpp: 2=2(2/2) 3=0 6=0\n");
        assert_eq!(reading.notes.len(), 1, "{:?}", reading.notes);
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in [
            r#"{"gcovr/format_version": "0.15"}"#,
            r#"{"gcovr/format_version": "0.15", "files": [{"lines": []}]}"#,
            r#"{"gcovr/format_version": "0.15", "files": [{"file": "a"}]}"#,
            r#"{"gcovr/format_version": "0.15", "files": [{"file": "a", "lines": [{"line_number": 1}]}]}"#,
        ] {
            assert!(shown(&read(FORMAT, text)).contains("! "), "{text}");
        }
        let summary = shown(&read(SUMMARY, r#"{"gcovr/summary_format_version": "0.6"}"#));
        assert!(summary.contains("gcovr --json"), "{summary}");
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        format!(
            "{{\"gcovr/format_version\": \"0.15\", \"files\": [{}]}}",
            each_line(
                run,
                |path, lines| format!("{{\"file\": \"{path}\", \"lines\": [{lines}]}}"),
                |number, hits| format!("{{\"line_number\": {number}, \"count\": {hits}, \"branches\": []}}"),
                ", "
            )
        )
    }
}
