//! The result files of asv (airspeed velocity), version 2: `results/MACHINE/COMMIT-ENVIRONMENT.json`.
//!
//! A benchmark that failed is `null` there, one that was skipped `NaN`, which no other JSON has.

use std::io::{self, Read};

use serde::de::MapAccess;
use serde_json::Value;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::sheet::{Reading, Sheet};
use devops_reading::json::{Fields, Object, document, refuse, skip};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "asv", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["commit_hash"]) && json.has(&["result_columns"]))
}

/// Maximum number of combinations of parameters of one benchmark.
const COMBINATIONS: usize = 50_000;

#[derive(Default)]
struct Root {
    sheet: Sheet,
    columns: Vec<String>,
    has_version: bool,
}

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "result_columns" => self.columns = map.next_value()?,
            "results" => {
                map.next_value_seed(Fields(&mut Results { sheet: &mut self.sheet, columns: &self.columns }))?;
            }
            "version" => match map.next_value::<u64>()? {
                2 => self.has_version = true,
                version => return Err(refuse::<A>(format!("version {version} is not supported, only 2 is"))),
            },
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    match document(Skipped { source, is_text: false, is_escaped: false, at: 0 }, Fields(&mut root)) {
        Ok(()) if root.has_version => {}
        Ok(()) => root.sheet.trouble(0, "a result of asv without its version"),
        Err(trouble) => root.sheet.troubles.push(trouble),
    }
    root.sheet.finish()
}

/// `NaN` as `{}`, so that it is JSON of the same length.
struct Skipped<'a> {
    source: &'a mut dyn Read,
    is_text: bool,
    is_escaped: bool,
    /// How many letters of `NaN` were read.
    at: u8,
}

impl Read for Skipped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        for byte in buffer.iter_mut().take(length) {
            if self.is_text {
                self.is_text = *byte != b'"' || self.is_escaped;
                self.is_escaped = *byte == b'\\' && !self.is_escaped;
                continue;
            }
            (*byte, self.at) = match (*byte, self.at) {
                (b'N', 0) => (b'{', 1),
                (b'a', 1) => (b'}', 2),
                (b'N', 2) => (b' ', 0),
                (other, _) => (other, 0),
            };
            self.is_text = *byte == b'"';
        }
        Ok(length)
    }
}

struct Results<'a> {
    sheet: &'a mut Sheet,
    columns: &'a [String],
}

impl Object for Results<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if self.columns.is_empty() {
            return Err(refuse::<A>("the results stand in front of result_columns".to_owned()));
        }
        let row: Vec<Value> = map.next_value()?;
        self.take(key, &row);
        Ok(())
    }
}

impl Results<'_> {
    fn take(&mut self, name: &str, row: &[Value]) {
        let column = |wanted: &str| {
            let index = self.columns.iter().position(|column| column == wanted)?;
            row.get(index).filter(|value| !value.is_null())
        };
        let Some(results) = column("result").and_then(Value::as_array) else {
            self.sheet.broke(0, format!("`{name}` failed"));
            return;
        };
        let names = combinations(column("params").unwrap_or(&Value::Null));
        if names.len() != results.len() {
            self.sheet.trouble(
                0,
                format!(
                    "`{name}` has {} results for {} combinations of parameters",
                    results.len(),
                    names.len()
                ),
            );
            return;
        }
        for (index, (result, parameters)) in results.iter().zip(names).enumerate() {
            let at = |wanted: &str| column(wanted).and_then(|values| values.get(index));
            let name = if parameters.is_empty() { name.to_owned() } else { format!("{name}({parameters})") };
            let Some(value) = result.as_f64() else {
                if result.is_null() {
                    self.sheet.broke(0, format!("`{name}` failed"));
                } else {
                    self.sheet.note(format!("`{name}` was skipped"));
                }
                continue;
            };
            let mut benchmark = measure(&name, value);
            if let (Some(low), Some(high)) = (number(at("stats_ci_99_a")), number(at("stats_ci_99_b"))) {
                benchmark = benchmark.within(low, high);
            }
            let samples = at("samples").and_then(Value::as_array).into_iter().flatten();
            self.sheet.push(benchmark.samples(samples.filter_map(Value::as_f64).collect()), 0);
        }
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    value?.as_f64()
}

/// A benchmark's name says what it measures; what a `track_` counts, and which way is better, stands in another file.
fn measure(name: &str, value: f64) -> Benchmark {
    let function =
        name.split('(').next().unwrap_or(name).rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    if function.starts_with("time") {
        Benchmark::new(name, "time", value, "s")
    } else if function.starts_with("mem") || function.starts_with("peakmem") {
        Benchmark::new(name, "memory", value, "B").toward(Direction::Smaller)
    } else {
        Benchmark::new(name, "value", value, "")
    }
}

/// Every combination of parameters, as asv orders and names them.
fn combinations(params: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    for values in params.as_array().into_iter().flatten() {
        let values: Vec<&str> = values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if all.len().saturating_mul(values.len()) > COMBINATIONS {
            return Vec::new();
        }
        let join = |before: &String, value: &str| {
            if before.is_empty() { value.to_owned() } else { format!("{before}, {value}") }
        };
        all = all.iter().flat_map(|before| values.iter().map(move |value| join(before, value))).collect();
    }
    all
}
