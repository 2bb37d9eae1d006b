//! hyperfine's `--export-json`: seconds, with every run in `times`.

use std::collections::BTreeMap;
use std::io::Read;

use serde::de::MapAccess;
use serde_json::Value;

use super::benchmark::Benchmark;
use super::format::Format;
use super::namesakes::Runs;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use devops_reading::json::{Fields, Line, Object, document_by_line, each, each_object, skip};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "hyperfine", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["results", "[]", "command"]) && json.has(&["results", "[]", "mean"]))
}

/// A command that was measured.
#[derive(Default)]
struct Row {
    command: Option<String>,
    median: Option<f64>,
    mean: Option<f64>,
    times: Samples,
    /// The first run that did not end well: its exit code, none where a signal ended it, and the line that says so.
    broken: Option<(Option<i64>, u64)>,
    parameters: BTreeMap<String, Value>,
    line: Line,
}

impl Object for Row {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "command" => self.command = map.next_value()?,
            "median" => self.median = map.next_value()?,
            "mean" => self.mean = map.next_value()?,
            "times" => self.times = map.next_value()?,
            "parameters" => self.parameters = map.next_value()?,
            "exit_codes" => {
                let Self { broken, line, .. } = self;
                return map.next_value_seed(each(|code: Option<i64>| {
                    if code != Some(0) {
                        broken.get_or_insert((code, line.number()));
                    }
                }));
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Root {
    sheet: Sheet,
    runs: Runs,
    line: Line,
}

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let Self { sheet, runs, line } = self;
        match key {
            "results" => {
                let row = || Row { line: line.clone(), ..Row::default() };
                map.next_value_seed(each_object(row, |row| take(row, sheet, runs)))
            }
            _ => skip(map),
        }
    }
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    let line = root.line.clone();
    if let Err(trouble) = document_by_line(source, &line, Fields(&mut root)) {
        root.sheet.troubles.push(trouble);
    }
    root.sheet.finish()
}

fn take(row: Row, sheet: &mut Sheet, runs: &mut Runs) {
    let value = row.median.or(row.mean).or_else(|| row.times.kept.first().copied());
    let (Some(mut name), Some(value)) = (row.command, value) else {
        sheet.trouble(0, "a result has no command or no time");
        return;
    };
    // A command that was given a name of its own may hide its parameters.
    for (key, value) in &row.parameters {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !name.contains(&value) {
            name.push_str(&format!(" {key}={value}"));
        }
    }
    // All runs of a command are one row: another row of its name is another command.
    let name = runs.name(&name);
    if let Some((code, line)) = row.broken {
        let how = code
            .map_or_else(|| "ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        sheet.broke(line, format!("`{name}` {how}, so what was measured may be how it fails"));
    }
    sheet.push(Benchmark::new(&name, "time", value, "s").samples(row.times.kept), 0);
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_command_that_ended_badly_is_named_with_its_line() {
        let report = "{\n \"results\": [\n  {\"command\": \"a\", \"median\": 1.0, \"exit_codes\": [0, 0]},\n  {\"command\": \"b\", \"median\": 1.0, \"exit_codes\": [\n   0,\n   CODE\n  ]}\n ]\n}\n";
        for (code, how) in [("1", "`b` ended with exit code 1"), ("null", "`b` ended by a signal")] {
            let reading = read(&mut report.replace("CODE", code).as_bytes());
            assert!(reading.troubles.is_empty(), "{:?}", reading.troubles);
            let [broken] = reading.broken.kept() else { panic!("{:?}", reading.broken) };
            assert!(broken.what.starts_with(how), "{}", broken.what);
            assert_eq!((broken.at.line, reading.benchmarks.len()), (6, 2));
        }
        assert!(read(&mut report.replace("CODE", "0").as_bytes()).broken.is_empty());
    }
}
