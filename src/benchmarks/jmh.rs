//! JMH's JSON (`-rf json`): the mode says which way is better, `rawData` has a list of samples for each fork.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::namesakes::Runs;
use super::rows::rows;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use super::unit;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "JMH", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.is_list && (json.has(&["[]", "jmhVersion"]) || json.has(&["[]", "primaryMetric"])))
}

#[derive(Deserialize)]
struct Run {
    benchmark: Option<String>,
    mode: Option<String>,
    #[serde(default)]
    threads: u64,
    #[serde(default)]
    params: BTreeMap<String, Value>,
    #[serde(rename = "primaryMetric")]
    primary: Option<Metric>,
    #[serde(default, rename = "secondaryMetrics")]
    secondary: BTreeMap<String, Metric>,
}

#[derive(Deserialize)]
struct Metric {
    /// A number, or `"NaN"`.
    #[serde(default)]
    score: Value,
    #[serde(default, rename = "scoreConfidence")]
    confidence: Value,
    #[serde(rename = "scoreUnit")]
    unit: Option<String>,
    #[serde(default, rename = "rawData")]
    raw: Samples,
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut runs = BTreeMap::new();
    rows(source, |run: Run, sheet| take(run, sheet, &mut runs))
}

fn take(run: Run, sheet: &mut Sheet, runs: &mut BTreeMap<String, Runs>) {
    let (Some(name), Some(mode), Some(primary)) = (run.benchmark, run.mode, run.primary) else {
        sheet.trouble(0, "an entry has no benchmark, mode or primaryMetric");
        return;
    };
    let name = full_name(name, &run.params, run.threads);
    // JMH writes a benchmark once in each mode: another row of its name is another benchmark, of another program.
    let name = runs.entry(mode.clone()).or_default().name(&name);
    let direction = match mode.as_str() {
        "thrpt" => Some(Direction::Bigger),
        "avgt" | "sample" | "ss" => Some(Direction::Smaller),
        _ => None,
    };
    let primary_unit = primary.unit.clone().unwrap_or_default();
    push(&name, &mode, primary, direction, sheet);
    for (metric, found) in run.secondary {
        // Counters and the methods of a group are measured as the whole is; profilers and percentiles describe the run.
        let is_measure = !metric.contains(['.', '·'])
            && unit::factor(found.unit.as_deref().unwrap_or_default(), &primary_unit).is_some();
        let direction = if is_measure { direction } else { Some(Direction::Informative) };
        push(&name, &format!("{mode} {metric}"), found, direction, sheet);
    }
}

/// The name with its parameters.
fn full_name(mut name: String, params: &BTreeMap<String, Value>, threads: u64) -> String {
    let mut parts: Vec<String> = params
        .iter()
        .map(|(key, value)| {
            format!("{key}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    if threads > 1 {
        parts.push(format!("threads={threads}"));
    }
    if !parts.is_empty() {
        name.push_str(&format!(" ({})", parts.join(", ")));
    }
    name
}

fn push(name: &str, metric: &str, found: Metric, direction: Option<Direction>, sheet: &mut Sheet) {
    let score = found.score.as_f64().or_else(|| found.raw.kept.first().copied());
    let (Some(score), Some(unit)) = (score, found.unit) else {
        if direction == Some(Direction::Informative) {
            sheet.note(format!("`{metric}` has no score and is left out"));
        } else {
            sheet.trouble(0, format!("`{name}` has no score that is a number"));
        }
        return;
    };
    let mut benchmark = Benchmark::new(name, metric, score, &unit);
    benchmark.direction = direction.unwrap_or(benchmark.direction);
    if let (Some(low), Some(high)) = (number_at(&found.confidence, 0), number_at(&found.confidence, 1)) {
        benchmark = benchmark.within(low, high);
    }
    sheet.push(benchmark.samples(found.raw.kept), 0);
}

fn number_at(list: &Value, index: usize) -> Option<f64> {
    list.get(index)?.as_f64()
}
