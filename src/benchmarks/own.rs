//! Our own JSON, for everything that prints none of the other formats: unit and direction must be said.

use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use devops_reading::json::{Fields, Object, document, each, refuse};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "devops-benchmarks", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.says(&["format"], NAME))
}

/// What `format` must say.
const NAME: &str = "devops-benchmarks";

/// The version that is read.
const VERSION: u64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    metric: Option<String>,
    unit: String,
    direction: String,
    value: Option<f64>,
    #[serde(default)]
    samples: Samples,
    interval: Option<(f64, f64)>,
    #[serde(default)]
    exact: bool,
}

#[derive(Default)]
struct Root {
    sheet: Sheet,
    has_name: bool,
    has_version: bool,
    has_benchmarks: bool,
}

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "format" => self.has_name = map.next_value::<String>()? == NAME,
            "version" => match map.next_value::<u64>()? {
                VERSION => self.has_version = true,
                version => {
                    return Err(refuse::<A>(format!(
                        "unknown version {version}; only {VERSION} is supported"
                    )));
                }
            },
            "benchmarks" => {
                self.has_benchmarks = true;
                map.next_value_seed(each(|row: Row| take(row, &mut self.sheet)))?;
            }
            _ => return Err(refuse::<A>(format!("unknown field `{key}`"))),
        }
        Ok(())
    }
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    match document(source, Fields(&mut root)) {
        Ok(()) if root.has_name && root.has_version && root.has_benchmarks => {}
        Ok(()) => {
            root.sheet.trouble(0, format!("needs `format` {NAME}, `version` {VERSION} and `benchmarks`"));
        }
        Err(trouble) => root.sheet.troubles.push(trouble),
    }
    root.sheet.finish()
}

fn take(row: Row, sheet: &mut Sheet) {
    let Row { name, metric, unit, direction, value, samples, interval, exact } = row;
    let said = Direction::parse(&direction);
    let Some(direction) = said.filter(|said| matches!(said, Direction::Smaller | Direction::Bigger)) else {
        sheet.trouble(0, format!("`{name}`: the direction is `{direction}`, expected `smaller` or `bigger`"));
        return;
    };
    let first = match (value, samples.kept.first()) {
        (Some(value), None) => value,
        (None, Some(first)) if samples.odd == 0 => *first,
        _ => {
            sheet.trouble(0, format!("`{name}` needs either `samples`, a list of numbers, or one `value`"));
            return;
        }
    };
    let mut benchmark =
        Benchmark::new(&name, metric.as_deref().unwrap_or("value"), first, &unit).toward(direction);
    if let Some((low, high)) = interval {
        benchmark = benchmark.within(low, high);
    }
    benchmark.is_exact = exact;
    sheet.push(benchmark.samples(samples.kept), 0);
}
