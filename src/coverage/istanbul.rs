//! Istanbul's `coverage-final.json`, as nyc, c8, jest and vitest write it; its summary has no lines and is refused.

use std::collections::HashMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::model::{FileCoverage, Line, arm_key, highest};
use super::numbers::Count;
use super::{Format, Reading, object};
use devops_core::words::count;
use devops_reading::json::{Fields, Object, document, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Istanbul",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// Its summary.
pub(super) const SUMMARY: Format = Format {
    name: "Istanbul summary",
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
    object(shape).is_some_and(|json| json.has(&["*", "statementMap"]))
}

/// Whether a file that begins in this way is a summary.
fn is_summary(shape: &Shape) -> bool {
    object(shape).is_some_and(|json| json.has(&["total", "lines", "pct"]))
}

/// Reads a report. A line is covered as often as the statement that begins on it and ran most.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let result = document(source, Fields(&mut Files(reading)));
    if let Err(trouble) = result {
        reading.troubles.push(trouble);
    } else if reading.coverage.files.is_empty() {
        reading.troubles.push(Trouble::whole("contains no file"));
    }
}

/// Says what to write instead of a summary.
fn refuse_summary(source: &mut dyn Read, reading: &mut Reading) {
    // Read to its end, for its digest is part of the record.
    let _ = std::io::copy(source, &mut std::io::sink());
    reading.troubles.push(Trouble::whole(
        "is Istanbul's summary, which has no lines; add the reporter `json` (coverage-final.json) or `lcovonly` instead",
    ));
}

struct Files<'a>(&'a mut Reading);

impl Object for Files<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, path: &str, map: &mut A) -> Result<(), A::Error> {
        let mut file = File::default();
        map.next_value_seed(Fields(&mut file))?;
        for what in file.put(self.0.coverage.file(path)) {
            self.0.troubles.push(Trouble::whole(format!("`{path}`: {what}")));
        }
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    line: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Span {
    start: Place,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch {
    loc: Option<Span>,
    line: Option<u32>,
    locations: Vec<Span>,
}

impl Branch {
    fn line(&self) -> Option<u32> {
        let first = || self.locations.iter().find_map(|span| span.start.line);
        self.loc.as_ref().and_then(|span| span.start.line).or(self.line).or_else(first)
    }
}

/// A file: maps of places, and counters by the same keys.
#[derive(Default)]
struct File {
    statements: Option<HashMap<String, Span>>,
    ran: Option<HashMap<String, Count>>,
    branches: HashMap<String, Branch>,
    taken: HashMap<String, Vec<Count>>,
}

impl Object for File {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "statementMap" => self.statements = Some(map.next_value()?),
            "s" => self.ran = Some(map.next_value()?),
            "branchMap" => self.branches = map.next_value()?,
            "b" => self.taken = map.next_value()?,
            // Older collectors wrap the file.
            "data" => map.next_value_seed(Fields(self))?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl File {
    /// Adds what the file says; what can't be understood of it.
    fn put(self, coverage: &mut FileCoverage) -> Vec<String> {
        let (Some(statements), Some(ran)) = (self.statements, self.ran) else {
            return vec!["has no `statementMap` and `s`".to_owned()];
        };
        let mut lines = Vec::with_capacity(statements.len());
        let mut unknown = 0;
        for (key, span) in &statements {
            match (span.start.line, ran.get(key)) {
                (Some(number), Some(ran)) => {
                    lines.push(Line { number, hits: ran.hits() });
                    if *ran == Count::Overflowed {
                        coverage.overflow(number);
                    }
                }
                _ => unknown += 1,
            }
        }
        unknown += ran.keys().filter(|key| !statements.contains_key(*key)).count() as u64;
        highest(&mut lines);
        for line in lines {
            coverage.line(line.number, line.hits);
        }
        let mut unplaced = 0;
        for (key, ways) in &self.taken {
            let Some(line) = self.branches.get(key).and_then(Branch::line) else {
                unplaced += 1;
                continue;
            };
            for (index, count) in ways.iter().enumerate() {
                coverage.arm(line, arm_key(&FORMAT, (key, index)), *count);
            }
        }
        unplaced += self.branches.keys().filter(|key| !self.taken.contains_key(*key)).count() as u64;
        let told = |amount: u64, noun: &str| {
            let what = format!("{} without a line or a counter", count(amount, noun));
            (amount > 0).then_some(what)
        };
        told(unknown, "statement").into_iter().chain(told(unplaced, "condition")).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::properties_tests::Run;
    use super::super::tests::{read, shown};
    use super::{FORMAT, SUMMARY};

    #[test]
    fn lines_come_from_statements() {
        let file = r#"{"path": "/w/a.js", "all": false,
            "statementMap": {"0": {"start": {"line": 1, "column": 0}, "end": {"line": 3, "column": 1}}, "1": {"start": {"line": 2}}, "2": {"start": {"line": 2}}, "3": {"start": {"line": 5}}},
            "fnMap": {}, "branchMap": {"0": {"loc": {"start": {"line": 2}}, "type": "if", "locations": [{"start": {"line": 2}}, {"start": {}, "end": {}}]}, "1": {"line": 5, "locations": []}},
            "s": {"0": 1, "1": 0, "2": 4, "3": 0}, "f": {}, "b": {"0": [4, 0], "1": [0]}}"#;
        for text in [format!("{{\"/w/a.js\": {file}}}"), format!("{{\"/w/a.js\": {{\"data\": {file}}}}}")] {
            assert_eq!(shown(&read(FORMAT, &text)), "/w/a.js: 1=1 2=4(1/2) 5=0(0/1)\n");
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in [
            "{}",
            r#"{"a": {"statementMap": {}}}"#,
            r#"{"a": {"statementMap": {"0": {"start": {"line": 1}}}, "s": {}}}"#,
            r#"{"a": {"statementMap": {}, "s": {"0": 1}}}"#,
            r#"{"a": {"statementMap": {}, "s": {}, "b": {"0": [1]}}}"#,
            r#"{"a": {"statementMap": {"0": {"start": {"line": -1}}}, "s": {"0": 1}}}"#,
        ] {
            assert!(shown(&read(FORMAT, text)).contains("! "), "{text}");
        }
        let summary = shown(&read(SUMMARY, "{\"total\": {\"lines\": {\"pct\": 1}}}"));
        assert!(summary.contains("coverage-final.json"), "{summary}");
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        let file = |(path, lines): (&String, &BTreeMap<u32, u32>)| {
            let map =
                |number: &u32| format!("\"{number}\": {{\"start\": {{\"line\": {number}}}, \"end\": {{}}}}");
            let places: Vec<String> = lines.keys().map(map).collect();
            let counts: Vec<String> =
                lines.iter().map(|(number, hits)| format!("\"{number}\": {hits}")).collect();
            format!(
                "\"{path}\": {{\"statementMap\": {{{}}}, \"s\": {{{}}}}}",
                places.join(","),
                counts.join(",")
            )
        };
        format!("{{{}}}", run.iter().map(file).collect::<Vec<_>>().join(", "))
    }
}
