//! `vitest bench --outputJson`: milliseconds; `samples` is empty unless `benchmark.includeSamples` is on.

use std::io::Read;

use serde::Deserialize;

use super::benchmark::Benchmark;
use super::format::Format;
use super::rows::rows_under;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "vitest bench", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["files", "[]", "groups"]))
}

#[derive(Deserialize)]
struct File {
    filepath: Option<String>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "fullName")]
    full_name: Option<String>,
    #[serde(default)]
    benchmarks: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    name: Option<String>,
    median: Option<f64>,
    mean: Option<f64>,
    moe: Option<f64>,
    #[serde(default)]
    samples: Samples,
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    rows_under(source, "files", |file: File, sheet| {
        for group in file.groups {
            let place = group.full_name.or_else(|| file.filepath.clone()).unwrap_or_default();
            group.benchmarks.into_iter().for_each(|row| take(row, &place, sheet));
        }
    })
}

fn take(row: Row, place: &str, sheet: &mut Sheet) {
    let Some(name) = row.name else {
        sheet.trouble(0, format!("a benchmark of `{place}` has no name"));
        return;
    };
    let name = if place.is_empty() { name } else { format!("{place} > {name}") };
    // The clock of a browser or of Node is too coarse for the median of a short function; the mean is not.
    let Some(value) = row.mean.or(row.median) else {
        sheet.trouble(0, format!("`{name}` was not measured: it may have failed"));
        return;
    };
    let mut benchmark = Benchmark::new(&name, "mean", value, "ms");
    if let Some(moe) = row.moe {
        benchmark = benchmark.within(value - moe, value + moe);
    }
    sheet.push(benchmark.samples(row.samples.kept), 0);
}
