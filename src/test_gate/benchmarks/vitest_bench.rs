//! `vitest bench --outputJson`: milliseconds; `samples` is empty unless `benchmark.includeSamples` is on.

use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::benchmark::Benchmark;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use crate::reading::json::{Fields, Object, document, each, skip};

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

#[derive(Default)]
struct Root(Sheet);

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "files" => map.next_value_seed(each(|file: File| {
                for group in file.groups {
                    let place = group.full_name.or_else(|| file.filepath.clone()).unwrap_or_default();
                    group.benchmarks.into_iter().for_each(|row| take(row, &place, &mut self.0));
                }
            })),
            _ => skip(map),
        }
    }
}

/// Reads a whole file.
pub(super) fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    if let Err(trouble) = document(source, Fields(&mut root)) {
        root.0.troubles.push(trouble);
    }
    root.0.finish()
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
