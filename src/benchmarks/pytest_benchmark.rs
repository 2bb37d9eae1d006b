//! pytest-benchmark's `--benchmark-json`: seconds, with all rounds in `data` where `--benchmark-save-data` asked for them.

use std::io::Read;

use serde::Deserialize;

use super::benchmark::Benchmark;
use super::format::Format;
use super::rows::rows_under;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "pytest-benchmark", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["benchmarks", "[]", "stats"]) || (json.has(&["machine_info"]) && json.has(&["commit_info"])))
}

#[derive(Deserialize)]
struct Row {
    name: Option<String>,
    fullname: Option<String>,
    stats: Option<Stats>,
    #[serde(default)]
    has_error: bool,
}

#[derive(Deserialize)]
struct Stats {
    median: Option<f64>,
    q1: Option<f64>,
    q3: Option<f64>,
    #[serde(default)]
    data: Samples,
    #[serde(default)]
    has_error: bool,
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    rows_under(source, "benchmarks", take)
}

fn take(row: Row, sheet: &mut Sheet) {
    let Some(name) = row.fullname.or(row.name) else {
        sheet.trouble(0, "a benchmark has no name");
        return;
    };
    let stats = match row.stats {
        Some(stats) if !row.has_error && !stats.has_error => stats,
        _ => {
            sheet.trouble(0, format!("`{name}` ended with an error"));
            return;
        }
    };
    let Some(median) = stats.median else {
        sheet.trouble(0, format!("`{name}` has no median"));
        return;
    };
    let benchmark = Benchmark::new(&name, "time", median, "s");
    if stats.data.odd > 0 {
        sheet.note(format!("`{name}` has data other than numbers; its median is used"));
    }
    let benchmark = match (stats.q1, stats.q3) {
        (Some(low), Some(high)) => benchmark.within(low, high),
        _ => benchmark,
    };
    let data = if stats.data.odd > 0 { Vec::new() } else { stats.data.kept };
    sheet.push(benchmark.samples(data), 0);
}
