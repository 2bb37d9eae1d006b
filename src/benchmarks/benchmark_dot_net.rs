//! `BenchmarkDotNet`'s JSON, full or brief: nanoseconds, with all samples in `OriginalValues` of the full one.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::benchmark::Benchmark;
use super::format::Format;
use super::rows::rows_under;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "BenchmarkDotNet", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["HostEnvironmentInfo"]) && json.has(&["Benchmarks"]))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    display_info: Option<String>,
    full_name: Option<String>,
    namespace: Option<String>,
    r#type: Option<String>,
    method: Option<String>,
    parameters: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, Value>,
    statistics: Option<Statistics>,
    memory: Option<Memory>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    median: Option<f64>,
    #[serde(default)]
    original_values: Samples,
    confidence_interval: Option<Interval>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Interval {
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Memory {
    bytes_allocated_per_operation: Option<f64>,
}

/// Maximum number of names whose job is remembered.
const NAMES: usize = 50_000;

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    // The job that was the first with a name.
    let mut jobs = BTreeMap::new();
    rows_under(source, "Benchmarks", |row, sheet| take(row, &mut jobs, sheet))
}

impl Row {
    /// The name, of versions that write it in parts.
    fn name(&self) -> Option<String> {
        let (class, method) = (self.r#type.as_deref()?, self.method.as_deref()?);
        let namespace = self.namespace.as_deref().filter(|text| !text.is_empty());
        let name = namespace.map_or_else(String::new, |namespace| format!("{namespace}."));
        let parameters = self.parameters.as_deref().filter(|text| !text.is_empty());
        let parameters = parameters.map_or_else(String::new, |parameters| format!("({parameters})"));
        Some(format!("{name}{class}.{method}{parameters}"))
    }

    /// The job, of versions that write only its properties: those that are not left to the tool.
    fn job(&self) -> String {
        let is_said = |value: &&str| !["Auto", "Host", "Default"].contains(value);
        let properties = self.properties.iter();
        let said =
            properties.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str().filter(is_said)?)));
        said.collect::<Vec<_>>().join(", ")
    }
}

fn take(row: Row, jobs: &mut BTreeMap<String, String>, sheet: &mut Sheet) {
    let display = row.display_info.as_deref().unwrap_or_default();
    let Some(name) = row.full_name.clone().or_else(|| row.name()) else {
        sheet.trouble(0, format!("a benchmark has neither a FullName nor a Type and a Method: {display}"));
        return;
    };
    let job = match display.rsplit_once(": ") {
        Some((_, job)) => job.to_owned(),
        None => row.job(),
    };
    let name = match jobs.get(&name) {
        Some(first) if *first != job => format!("{name} [{job}]"),
        None if jobs.len() < NAMES => {
            jobs.insert(name.clone(), job);
            name
        }
        _ => name,
    };
    let Some((median, statistics)) = row.statistics.and_then(|found| Some((found.median?, found))) else {
        sheet.trouble(0, format!("`{name}` has no statistics: it did not finish"));
        return;
    };
    let mut time = Benchmark::new(&name, "time", median, "ns");
    if let Some(Interval { lower: Some(low), upper: Some(high) }) = statistics.confidence_interval {
        time = time.within(low, high);
    }
    sheet.push(time.samples(statistics.original_values.kept), 0);
    if let Some(bytes) = row.memory.and_then(|memory| memory.bytes_allocated_per_operation) {
        sheet.push(Benchmark::new(&name, "allocated", bytes, "B/op"), 0);
    }
}
