//! k6: the data of `handleSummary` and the older file of `--summary-export`.
//!
//! A threshold is `{"ok": false}` where it is crossed, but `true` in the older form, where the word means crossed.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::Value;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::sheet::{Reading, Sheet, Threshold};
use devops_reading::json::{Fields, Object, document, skip};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "k6", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["metrics"])
        && (json.has(&["root_group"])
            || json.has(&["metrics", "*", "values"])
            || json.has(&["metrics", "*", "p(95)"])))
}

/// Counts and rates that the script's own success is read from.
const BIGGER: [&str; 3] = ["checks", "http_reqs", "iterations"];

/// A metric in either form: the newer one has its numbers in `values`, the older one beside `thresholds`.
type Metric = BTreeMap<String, Value>;

#[derive(Default)]
struct Root {
    sheet: Sheet,
    has_metrics: bool,
}

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key != "metrics" {
            return skip(map);
        }
        self.has_metrics = true;
        map.next_value_seed(Fields(&mut Metrics(&mut self.sheet)))
    }
}

struct Metrics<'a>(&'a mut Sheet);

impl Object for Metrics<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let metric: Metric = map.next_value()?;
        take(key, &metric, self.0);
        Ok(())
    }
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut root = Root::default();
    match document(source, Fields(&mut root)) {
        Ok(()) if root.has_metrics => {}
        Ok(()) => root.sheet.trouble(0, "there are no metrics"),
        Err(trouble) => root.sheet.troubles.push(trouble),
    }
    root.sheet.finish()
}

fn take(name: &str, metric: &Metric, sheet: &mut Sheet) {
    match metric.get("thresholds") {
        None | Some(Value::Null) => {}
        Some(Value::Object(thresholds)) => {
            for (expression, outcome) in thresholds {
                threshold(name, expression, outcome, sheet);
            }
        }
        Some(_) => sheet.trouble(0, format!("the thresholds of `{name}` are invalid")),
    }
    let is_time = match metric.get("contains").and_then(Value::as_str) {
        Some(contains) => contains == "time",
        None => is_builtin_time(name),
    };
    let values = metric.get("values").and_then(Value::as_object);
    let mut push = |statistic: &str, value: &Value| {
        let Some(value) = value.as_f64() else { return };
        // The older form says `value` for the share of a rate.
        let statistic =
            if statistic == "value" && metric.contains_key("passes") { "rate" } else { statistic };
        let (unit, direction) = kind(name, statistic, is_time);
        if value >= 0.0 {
            sheet.push(Benchmark::new(name, statistic, value, unit).toward(direction), 0);
        } else {
            sheet.note(format!("`{name}` has a negative {statistic}, which is left out"));
        }
    };
    match values {
        Some(values) => values.iter().for_each(|(key, value)| push(key, value)),
        None => metric.iter().for_each(|(key, value)| push(key, value)),
    }
}

fn threshold(name: &str, expression: &str, outcome: &Value, sheet: &mut Sheet) {
    #[derive(Deserialize)]
    struct Outcome {
        ok: bool,
    }
    let is_crossed = match outcome {
        Value::Bool(is_crossed) => Some(*is_crossed),
        Value::Object(_) => Outcome::deserialize(outcome).ok().map(|outcome| !outcome.ok),
        _ => None,
    };
    let Some(is_crossed) = is_crossed else {
        sheet.trouble(0, format!("the threshold `{expression}` of `{name}` has no outcome"));
        return;
    };
    let threshold = Threshold { name: name.to_owned(), expression: expression.to_owned(), is_crossed };
    sheet.threshold(threshold);
}

/// Metrics that k6 itself measures in milliseconds; the older form doesn't say so.
fn is_builtin_time(name: &str) -> bool {
    let base = name.split('{').next().unwrap_or(name);
    base.ends_with("_duration") || is_phase(base)
}

/// Whether k6 measures a part of a request by this name.
fn is_phase(base: &str) -> bool {
    let parts = ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
    base.strip_prefix("http_req_").is_some_and(|part| parts.contains(&part))
        || matches!(base, "ws_connecting" | "ws_ping")
}

/// The unit of a number and which way is better.
fn kind(name: &str, statistic: &str, is_time: bool) -> (&'static str, Direction) {
    let base = name.split('{').next().unwrap_or(name);
    match statistic {
        "avg" | "med" if is_time && !is_phase(base) => ("ms", Direction::Smaller),
        _ if statistic.starts_with("p(") && is_time && !is_phase(base) => ("ms", Direction::Smaller),
        // The single best and worst request say little about the others, and parts of one are mostly too short to compare.
        _ if is_time => ("ms", Direction::Informative),
        "rate" if base == "checks" => ("share", Direction::Bigger),
        "rate" if base.ends_with("_failed") => ("share", Direction::Smaller),
        "rate" if BIGGER.contains(&base) => ("1/s", Direction::Bigger),
        "rate" if base.starts_with("data_") => ("B/s", Direction::Informative),
        "count" if base.starts_with("data_") => ("B", Direction::Informative),
        _ => ("", Direction::Informative),
    }
}
