//! The JSON of bencher (Bencher Metric Format): benchmarks, their measures, and of each a value with its bounds.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::sheet::{Reading, Sheet};
use devops_reading::json::{Fields, Object, document};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "bencher", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.is_all_at(3, &KEYS) && json.has(&["*", "*", "value"]))
}

/// Keys of a measure.
const KEYS: [&str; 3] = ["value", "lower_value", "upper_value"];

/// Measures that bencher itself defines: name, unit, direction. Times are in nanoseconds, builds in seconds.
const MEASURES: [(&str, &str, Direction); 12] = [
    ("latency", "ns", Direction::Smaller),
    ("throughput", "ops/s", Direction::Bigger),
    ("build-time", "s", Direction::Smaller),
    ("file-size", "B", Direction::Smaller),
    ("instructions", "instructions", Direction::Smaller),
    ("l1-accesses", "accesses", Direction::Unknown),
    ("l2-accesses", "accesses", Direction::Smaller),
    ("ram-accesses", "accesses", Direction::Smaller),
    ("estimated-cycles", "cycles", Direction::Smaller),
    ("total-accesses", "accesses", Direction::Smaller),
    ("total-read-write", "accesses", Direction::Smaller),
    ("maximum-resident-set-size", "B", Direction::Smaller),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measure {
    value: f64,
    lower_value: Option<f64>,
    upper_value: Option<f64>,
}

#[derive(Default)]
struct Root(Sheet);

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let measures: BTreeMap<String, Measure> = map.next_value()?;
        if measures.is_empty() {
            self.0.trouble(0, format!("`{key}` has no measure"));
        }
        for (measure, found) in measures {
            let slug = measure.to_ascii_lowercase().replace(' ', "-");
            let known = MEASURES.iter().find(|(name, _, _)| *name == slug);
            let (unit, direction) =
                known.map_or(("", Direction::Unknown), |(_, unit, direction)| (*unit, *direction));
            if direction == Direction::Unknown {
                self.0.note(format!(
                    "it is unknown which direction of `{measure}` is better: every change is reported"
                ));
            }
            let mut benchmark = Benchmark::new(key, &measure, found.value, unit).toward(direction);
            if let (Some(low), Some(high)) = (found.lower_value, found.upper_value) {
                benchmark = benchmark.within(low, high);
            }
            self.0.push(benchmark, 0);
        }
        Ok(())
    }
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    if let Err(trouble) = document(source, Fields(&mut root)) {
        root.0.troubles.push(trouble);
    }
    root.0.finish()
}
