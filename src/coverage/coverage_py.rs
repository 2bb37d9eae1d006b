//! The JSON of coverage.py.

use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::claims::Claims;
use super::model::{FileCoverage, arm_key};
use super::{Format, Reading, object};
use devops_reading::json::{Fields, Object, document, each, refuse, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "coverage.py JSON",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// What is read here.
pub(super) const FORMATS: &[Format] = &[FORMAT];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    object(shape).is_some_and(|json| {
        json.has(&["meta", "branch_coverage"]) || json.has(&["files", "*", "executed_lines"])
    })
}

/// Reads a report. Excluded lines can't be covered and are left out.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut root = Root { reading, is_seen: false, claims: Claims::default() };
    let result = document(source, Fields(&mut root));
    let Root { is_seen, claims, .. } = root;
    reading.notes.extend(claims.notes());
    if let Err(trouble) = result {
        reading.troubles.push(trouble);
    } else if !is_seen {
        reading.troubles.push(Trouble::whole("contains no `files`"));
    }
}

struct Root<'a> {
    reading: &'a mut Reading,
    is_seen: bool,
    claims: Claims,
}

impl Object for Root<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "files" {
            self.is_seen = true;
            return map.next_value_seed(Fields(&mut Files(self.reading, &mut self.claims)));
        }
        skip(map)
    }
}

struct Files<'a>(&'a mut Reading, &'a mut Claims);

impl Object for Files<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, path: &str, map: &mut A) -> Result<(), A::Error> {
        let coverage = self.0.coverage.file(path);
        let mut file = File {
            coverage,
            executed: false,
            missing: false,
            lines: Listed::default(),
            branches: Listed::default(),
            claimed: Summary::default(),
        };
        map.next_value_seed(Fields(&mut file))?;
        if file.executed && file.missing {
            file.check(self.1, path);
            return Ok(());
        }
        Err(refuse::<A>(format_args!("`{path}` has no `executed_lines` and `missing_lines`")))
    }
}

struct File<'a> {
    coverage: &'a mut FileCoverage,
    executed: bool,
    missing: bool,
    lines: Listed,
    branches: Listed,
    claimed: Summary,
}

/// How many are listed, and how many of them ran.
#[derive(Default)]
struct Listed {
    all: u64,
    covered: u64,
}

impl Listed {
    fn count(&mut self, hits: u32) {
        self.all += 1;
        self.covered += u64::from(hits);
    }
}

/// What a file claims of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    num_statements: Option<u64>,
    covered_lines: Option<u64>,
    num_branches: Option<u64>,
    covered_branches: Option<u64>,
}

impl File<'_> {
    fn check(&self, claims: &mut Claims, path: &str) {
        let Summary { num_statements, covered_lines, num_branches, covered_branches } = self.claimed;
        claims.check("lines (`num_statements`)", num_statements, self.lines.all, path);
        claims.check("covered lines (`covered_lines`)", covered_lines, self.lines.covered, path);
        claims.check("branches (`num_branches`)", num_branches, self.branches.all, path);
        claims.check("covered branches (`covered_branches`)", covered_branches, self.branches.covered, path);
    }
}

impl Object for File<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let hits = u32::from(key.starts_with("executed"));
        let coverage = &mut *self.coverage;
        match key {
            "executed_lines" | "missing_lines" => {
                self.executed |= hits == 1;
                self.missing |= hits == 0;
                let lines = &mut self.lines;
                map.next_value_seed(each(|number: u32| {
                    lines.count(hits);
                    coverage.line(number, hits);
                }))
            }
            // From one line to another; a negative line is the way out of a function.
            "executed_branches" | "missing_branches" => {
                let branches = &mut self.branches;
                map.next_value_seed(each(|(from, to): (i64, i64)| {
                    branches.count(hits);
                    if let Ok(line) = u32::try_from(from.unsigned_abs()) {
                        coverage.arm(line, arm_key(&FORMAT, to), hits);
                    }
                }))
            }
            "summary" => {
                self.claimed = map.next_value()?;
                Ok(())
            }
            _ => skip(map),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::properties_tests::Run;
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn lines_and_branches_without_what_is_excluded() {
        let reading = read(
            FORMAT,
            r#"{"meta": {"format": 3, "branch_coverage": true}, "files": {"a/b.py": {"executed_lines": [1, 3], "missing_lines": [4],
            "excluded_lines": [7, 8], "summary": {"covered_lines": 9}, "executed_branches": [[3, 4]], "missing_branches": [[3, -1]],
            "functions": {"f": {"executed_lines": [9]}}}}, "totals": {}}"#,
        );
        assert_eq!(shown(&reading), "a/b.py: 1=1 3=1(1/2) 4=0\n");
        let claim = "claims another number of covered lines (`covered_lines`) than it lists (a/b.py: 9 claimed, 2 listed); the list counts";
        assert_eq!(reading.notes, [claim]);
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in [
            "{}",
            "{\"files\": {\"a\": {}}}",
            "{\"files\": {\"a\": {\"executed_lines\": [1]}}}",
            "{\"files\": {\"a\": {\"executed_lines\": [-1], \"missing_lines\": []}}}",
            "{\"files\": {}} {\"files\": {}}",
        ] {
            assert!(shown(&read(FORMAT, text)).contains("! "), "{text}");
        }
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        let lists = |path: &str, lines: &BTreeMap<u32, u32>| {
            let of = |is_hit: bool| {
                lines
                    .iter()
                    .filter(|(_, hits)| (**hits > 0) == is_hit)
                    .map(|(line, _)| *line)
                    .collect::<Vec<_>>()
            };
            format!("\"{path}\": {{\"executed_lines\": {:?}, \"missing_lines\": {:?}}}", of(true), of(false))
        };
        format!(
            "{{\"meta\": {{\"branch_coverage\": false}}, \"files\": {{{}}}}}",
            run.iter().map(|(path, lines)| lists(path, lines)).collect::<Vec<_>>().join(", ")
        )
    }
}
