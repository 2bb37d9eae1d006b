//! Google Benchmark's JSON: rows of single runs are samples; rows that sum repetitions up count only where the runs are left out.
//!
//! Several benchmarks may be registered under one name, by templates or in several files of a program: the numbers of the family and
//! of its instance distinguish them, and before those were written the number of a repetition that comes again.

use std::collections::BTreeMap;
use std::io::Read;

use serde::de::MapAccess;
use serde_json::Value;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::namesakes::Namesakes;
use super::sheet::{Reading, Sheet};
use devops_reading::json::{Fields, Object, document, each, skip};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "Google Benchmark", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["benchmarks", "[]", "real_time"])
        || json.has(&["context", "library_build_type"])
        || json.has(&["context", "mhz_per_cpu"]))
}

/// Numbers of a row that are no measure.
const NO_MEASURES: [&str; 10] = [
    "family_index",
    "per_family_instance_index",
    "repetitions",
    "repetition_index",
    "threads",
    "iterations",
    "real_time",
    "cpu_time",
    "allocs_per_iter",
    "max_bytes_used",
];

/// Maximum number of repetitions that are counted of a file without families.
const MOST_REPETITIONS: usize = 100_000;

#[derive(Default)]
struct Root {
    runs: Sheet,
    sums: Sheet,
    names: Namesakes,
    /// How often a name had a repetition, where rows name no family.
    repetitions: BTreeMap<(String, u64), usize>,
}

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "benchmarks" => map.next_value_seed(each(|row: BTreeMap<String, Value>| self.take(&row))),
            _ => skip(map),
        }
    }
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    if let Err(trouble) = document(source, Fields(&mut root)) {
        root.runs.troubles.push(trouble);
    }
    let Root { mut runs, sums, .. } = root;
    for benchmark in sums.finish().benchmarks {
        if !runs.has(&benchmark.name, &benchmark.metric) {
            runs.push(benchmark, 0);
        }
    }
    runs.finish()
}

impl Root {
    fn take(&mut self, row: &BTreeMap<String, Value>) {
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        let number = |key: &str| row.get(key).and_then(Value::as_f64);
        let Some(name) = text("run_name").or(text("name")) else {
            self.runs.trouble(0, "a row has no name");
            return;
        };
        if row.get("error_occurred").and_then(Value::as_bool) == Some(true) {
            let why = text("error_message").unwrap_or("no message");
            self.runs.trouble(0, format!("`{name}` ended with an error: {why}"));
            return;
        }
        if row.get("skipped").and_then(Value::as_bool) == Some(true) {
            self.runs.note(format!("`{name}` was skipped"));
            return;
        }
        let (sheet, is_sum) = match (text("run_type"), text("aggregate_name")) {
            (Some("aggregate"), Some("median")) => (&mut self.sums, true),
            // A mean, deviation or growth of the same runs; the median stands for them.
            (Some("aggregate"), _) | (None, Some(_)) => return,
            _ => (&mut self.runs, false),
        };
        let unit = text("time_unit").unwrap_or("ns");
        let name = &self.names.name(name, &which(row, name, is_sum, &mut self.repetitions));
        for metric in ["real_time", "cpu_time"] {
            match number(metric) {
                Some(value) => sheet.push(Benchmark::new(name, metric, value, unit), 0),
                None if is_sum => {}
                None => sheet.trouble(0, format!("`{name}` has no {metric}")),
            }
        }
        for (key, value) in row.iter().filter(|(key, _)| !NO_MEASURES.contains(&key.as_str())) {
            let Some(value) = value.as_f64() else { continue };
            let counter = match key.as_str() {
                "items_per_second" => Benchmark::new(name, key, value, "items/s"),
                "bytes_per_second" => Benchmark::new(name, key, value, "B/s"),
                // A counter says neither what it counts nor which way is better.
                _ => Benchmark::new(name, key, value, "").toward(Direction::Informative),
            };
            sheet.push(counter, 0);
        }
    }
}

/// What distinguishes a row from rows of other benchmarks of its name.
fn which(
    row: &BTreeMap<String, Value>,
    name: &str,
    is_sum: bool,
    repetitions: &mut BTreeMap<(String, u64), usize>,
) -> String {
    let number = |key: &str| row.get(key).and_then(Value::as_u64);
    let (family, instance) = (number("family_index"), number("per_family_instance_index"));
    if let Some(family) = family {
        return format!("{family} {}", instance.unwrap_or_default());
    }
    // The median of all repetitions is there once.
    match if is_sum { Some(u64::MAX) } else { number("repetition_index") } {
        Some(repetition) if repetitions.len() < MOST_REPETITIONS => {
            let seen = repetitions.entry((name.to_owned(), repetition)).or_default();
            *seen += 1;
            format!("- {seen}")
        }
        _ => "- 1".to_owned(),
    }
}
