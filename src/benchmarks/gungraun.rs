//! The summaries of gungraun and iai-callgrind in JSON, of versions 3 to 7: a document a benchmark, with the counters of each tool.

use std::io::Read;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::benchmark::Benchmark;
use super::counters::{counter, label};
use super::format::Format;
use super::sheet::{Reading, Sheet, Threshold};
use devops_reading::json::documents;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "gungraun", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) | Shape::JsonLines(json) if json.has(&["module_path"])
        && json.has(&["benchmark_exe"]))
}

/// Versions of the summary that are read.
const VERSIONS: std::ops::RangeInclusive<u64> = 3..=7;

/// Reads a whole file: `summary.json`, or what `--output-format=json` prints.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let result = documents(source, |reader| {
        let summary = Value::deserialize(reader)?;
        take(&summary, &mut sheet);
        Ok(())
    });
    if let Err(trouble) = result {
        sheet.troubles.push(trouble);
    }
    sheet.note("there is one document per benchmark: only a baseline shows whether all benchmarks are there");
    sheet.finish()
}

fn take(summary: &Value, sheet: &mut Sheet) {
    let text = |key: &str| summary.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(path) = text("module_path") else {
        sheet.trouble(0, "a document has no module_path: it is not a summary of gungraun");
        return;
    };
    let version = summary.get("version");
    let version = version.and_then(|version| version.as_u64().or_else(|| version.as_str()?.parse().ok()));
    if !version.is_some_and(|version| VERSIONS.contains(&version)) {
        let [first, last] = [VERSIONS.start(), VERSIONS.end()];
        sheet.trouble(
            0,
            format!("the summary of `{path}` has a version that is not read; {first} to {last} are"),
        );
        return;
    }
    let called = text("details").or(text("description"));
    let name = match (text("id"), called) {
        (Some(id), Some(called)) => format!("{path} {id}:{called}"),
        (Some(id), None) => format!("{path} {id}"),
        (None, _) => path.to_owned(),
    };
    let mut benchmark = Tools { name: &name, sheet };
    for profile in list(summary, "profiles") {
        let data = profile.get("summaries").or(profile.get("data"));
        benchmark.tool(profile, data.and_then(|data| data.get("total")), data);
    }
    if let Some(run) = summary.get("callgrind_summary").and_then(|found| found.get("callgrind_run")) {
        benchmark.tool(&Value::Null, run.get("total"), None);
    }
    for tool in list(summary, "tool_summaries") {
        benchmark.tool(tool, tool.get("summaries").and_then(|found| found.get("total")), None);
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The tools that ran for one benchmark.
struct Tools<'a> {
    name: &'a str,
    sheet: &'a mut Sheet,
}

impl Tools<'_> {
    /// The counters of one tool.
    fn tool(&mut self, profile: &Value, total: Option<&Value>, data: Option<&Value>) {
        let tool = profile.get("tool").and_then(Value::as_str).unwrap_or("Callgrind");
        let Some(total) = total else {
            self.sheet.trouble(0, format!("`{}` has no totals of {tool}", self.name));
            return;
        };
        for regression in list(total, "regressions") {
            let metric = regression.as_object().and_then(|kinds| kinds.values().next()?.get("metric"));
            let expression = metric
                .map_or_else(|| "its own limits".to_owned(), |metric| format!("its own limit of {metric}"));
            self.sheet.threshold(Threshold { name: self.name.to_owned(), expression, is_crossed: true });
        }
        let metrics = total.get("summary").or(total.get("metrics")).unwrap_or(total);
        let mut found = metrics.as_object().map_or(0, |metrics| self.metrics(tool, metrics, true));
        // Perf has no totals, only parts.
        let parts = data.filter(|_| found == 0).into_iter().flat_map(|data| list(data, "parts"));
        for part in parts {
            found += part
                .get("metrics")
                .and_then(Value::as_object)
                .map_or(0, |metrics| self.metrics(tool, metrics, false));
        }
        if found == 0 {
            self.sheet.note(format!("{tool} has no counters in the summaries"));
        }
    }

    /// Takes counters by their name, which may stand below the name of a kind; how many there are.
    fn metrics(&mut self, tool: &str, metrics: &Map<String, Value>, may_nest: bool) -> usize {
        let mut found = 0;
        for (key, metric) in metrics {
            let Some(sides) = metric.get("metrics").or(metric.get("values")) else {
                let inner = metric.as_object().filter(|_| may_nest);
                found += inner.map_or(0, |inner| self.metrics(tool, inner, false));
                continue;
            };
            found += 1;
            let new = sides.get("new").or(sides.get("Left")).or_else(|| sides.get("Both")?.get(0));
            let Some(new) = new else {
                self.sheet.note(format!("`{key}` of `{}` is only from an older run", self.name));
                continue;
            };
            match number(new) {
                Some(value) => self.sheet.push(self.counter(tool, key, value, new), 0),
                None => self.sheet.trouble(0, format!("`{key}` of `{}` is not a number", self.name)),
            }
        }
        found
    }

    fn counter(&self, tool: &str, key: &str, value: f64, new: &Value) -> Benchmark {
        match new.get("unit").and_then(Value::as_str) {
            Some(unit) if super::unit::is_time(unit) => Benchmark::new(self.name, key, value, unit),
            _ => counter(self.name, tool, label(key), value),
        }
    }
}

/// `7`, `{"Int": 7}`, `{"Float": 7.5}` or `{"value": 7, …}`.
fn number(value: &Value) -> Option<f64> {
    let inner = ["value", "Int", "Float"].iter().find_map(|key| value.get(key));
    value.as_f64().or_else(|| inner?.as_f64())
}
