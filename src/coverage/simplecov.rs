//! `SimpleCov`: `.resultset.json` in its older and newer form, and the `coverage.json` of its JSON formatter.

use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::model::{FileCoverage, arm_key};
use super::numbers::Count;
use super::{Format, Reading, numbers, object};
use devops_reading::json::{Fields, Object, document, refuse, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "SimpleCov",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// What is read here.
pub(super) const FORMATS: &[Format] = &[FORMAT];

/// Whether commands have coverage by file. A configuration has a key `coverage` as well, with settings in it or a script.
fn is(shape: &Shape) -> bool {
    let settings =
        ["provider", "reporter", "reporters", "include", "exclude", "enabled", "all", "thresholds"];
    object(shape).is_some_and(|json| {
        let has = |way: &[&str]| json.has(way);
        let is_configuration = settings.iter().any(|name| has(&["*", "coverage", name]));
        has(&["meta", "simplecov_version"])
            || has(&["*", "coverage", "*", "lines"])
            || (has(&["*", "coverage"]) && has(&["*", "timestamp"]))
            || (has(&["*", "coverage", "*"]) && !is_configuration)
    })
}

/// Reads a report: several commands, whose hits add up, each with files, each with a list that has a place for every line.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let result = document(source, Fields(&mut Root(reading)));
    if let Err(trouble) = result {
        reading.troubles.push(trouble);
    } else if reading.coverage.files.is_empty() {
        reading.troubles.push(Trouble::whole("contains no file"));
    }
}

struct Root<'a>(&'a mut Reading);

impl Object for Root<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            // What the JSON formatter writes has no commands.
            "meta" | "groups" | "total" | "errors" => skip(map),
            "coverage" => map.next_value_seed(Fields(&mut Files(self.0))),
            command => {
                let mut results = Command { reading: self.0, is_seen: false };
                map.next_value_seed(Fields(&mut results))?;
                if results.is_seen {
                    return Ok(());
                }
                Err(refuse::<A>(format_args!("the results of `{command}` have no `coverage`")))
            }
        }
    }
}

struct Command<'a> {
    reading: &'a mut Reading,
    is_seen: bool,
}

impl Object for Command<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "coverage" {
            self.is_seen = true;
            return map.next_value_seed(Fields(&mut Files(self.reading)));
        }
        skip(map)
    }
}

struct Files<'a>(&'a mut Reading);

impl Object for Files<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, path: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value_seed(File { coverage: self.0.coverage.file(path), has_lines: false })
    }
}

/// A file: its lines, or an object with `lines` and `branches`.
struct File<'a> {
    coverage: &'a mut FileCoverage,
    has_lines: bool,
}

impl<'de> DeserializeSeed<'de> for File<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the lines of a file")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(Hits(hits)) = list.next_element()? {
            number += 1;
            if let Some(hits) = hits {
                self.coverage.line(number, hits);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.field(&key, &mut map)?;
        }
        if self.has_lines { Ok(()) } else { Err(A::Error::missing_field("lines")) }
    }
}

impl Object for File<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "lines" => {
                self.has_lines = true;
                map.next_value_seed(File { coverage: self.coverage, has_lines: true })
            }
            "branches" => map.next_value_seed(Branches(self.coverage)),
            _ => skip(map),
        }
    }
}

/// Hits of a line: a number, nothing for a line that can't be covered, or `"ignored"`.
struct Hits(Option<Count>);

impl<'de> Deserialize<'de> for Hits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Hits;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of hits, null or \"ignored\"")
            }

            fn visit_unit<E>(self) -> Result<Hits, E> {
                Ok(Hits(None))
            }

            fn visit_u64<E>(self, count: u64) -> Result<Hits, E> {
                Ok(Hits(Some(count.into())))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Hits, E> {
                if text == "ignored" {
                    Ok(Hits(None))
                } else {
                    Err(E::custom("expected null or \"ignored\""))
                }
            }
        }
        deserializer.deserialize_any(Form)
    }
}

/// Branches: by their condition with its place, or a list of ways out.
struct Branches<'a>(&'a mut FileCoverage);

impl<'de> DeserializeSeed<'de> for Branches<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A way out in the list of the JSON formatter.
#[derive(Deserialize)]
struct Listed {
    start_line: u32,
    #[serde(default, rename = "type")]
    kind: String,
    coverage: Hits,
}

impl<'de> Visitor<'de> for Branches<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("branches")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0_u32;
        while let Some(Listed { start_line, kind, coverage: Hits(hits) }) = list.next_element()? {
            index += 1;
            if let Some(hits) = hits {
                self.0.arm(start_line, arm_key(&FORMAT, (index, kind)), hits);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(condition) = map.next_key::<String>()? {
            // `[:if, 0, first line, column, last line, column]`
            let line = condition.split(',').nth(2).and_then(numbers::line);
            let line =
                line.ok_or_else(|| A::Error::custom(format_args!("no line in the branch `{condition}`")))?;
            map.next_value_seed(Fields(&mut Ways { coverage: self.0, line, condition }))?;
        }
        Ok(())
    }
}

/// The ways out of a condition.
struct Ways<'a> {
    coverage: &'a mut FileCoverage,
    line: u32,
    condition: String,
}

impl Object for Ways<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let Hits(hits) = map.next_value()?;
        let name = arm_key(&FORMAT, (&self.condition, key));
        self.coverage.arm(self.line, name, hits.unwrap_or(Count::Real(0)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::properties_tests::Run;
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn commands_forms_and_branches() {
        let reading = read(
            FORMAT,
            r#"{"RSpec": {"coverage": {"/w/a.rb": [null, 1, 0], "/w/b.rb": {"lines": [1, null, "ignored", 0],
            "branches": {"[:if, 0, 4, 2, 6, 5]": {"[:then, 1, 5, 2, 5, 9]": 3, "[:else, 2, 4, 2, 6, 5]": 0}}, "methods": {}}}, "timestamp": 1},
            "Minitest": {"timestamp": 2, "coverage": {"/w/a.rb": {"lines": [null, 1, 2]}}}}"#,
        );
        assert_eq!(shown(&reading), "/w/a.rb: 2=2 3=2\n/w/b.rb: 1=1 4=0(1/2)\n");
        let reading = read(
            FORMAT,
            r#"{"meta": {"simplecov_version": "0.22"}, "coverage": {"/w/a.rb": {"lines": [1, 0],
            "branches": [{"type": "then", "start_line": 1, "end_line": 1, "coverage": 1, "inline": true}, {"type": "else", "start_line": 1, "coverage": 0}]}}, "groups": {}}"#,
        );
        assert_eq!(shown(&reading), "/w/a.rb: 1=1(1/2) 2=0\n");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for text in [
            "{}",
            r#"{"RSpec": {"timestamp": 1}}"#,
            r#"{"RSpec": {"coverage": {}}}"#,
            r#"{"RSpec": {"coverage": {"a": {}}}}"#,
            r#"{"RSpec": {"coverage": {"a": [-1]}}}"#,
            r#"{"RSpec": {"coverage": {"a": ["no"]}}}"#,
            r#"{"RSpec": {"coverage": {"a": {"lines": [], "branches": {"x": {}}}}}}"#,
        ] {
            assert!(shown(&read(FORMAT, text)).contains("! "), "{text}");
        }
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        let list = |lines: &BTreeMap<u32, u32>| {
            let last = lines.keys().last().copied().unwrap_or(0);
            let place = |number| lines.get(&number).map_or("null".to_owned(), ToString::to_string);
            (1..=last).map(place).collect::<Vec<_>>().join(", ")
        };
        let file = |(path, lines): (&String, &BTreeMap<u32, u32>)| {
            format!("\"{path}\": {{\"lines\": [{}]}}", list(lines))
        };
        format!(
            "{{\"RSpec\": {{\"coverage\": {{{}}}, \"timestamp\": 1}}}}",
            run.iter().map(file).collect::<Vec<_>>().join(",")
        )
    }
}
