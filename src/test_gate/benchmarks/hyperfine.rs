//! hyperfine's `--export-json`: seconds, with every run in `times`.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::Value;

use super::benchmark::Benchmark;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use crate::test_gate::json::{Fields, Object, document, each, skip};

#[derive(Deserialize)]
struct Row {
    command: Option<String>,
    median: Option<f64>,
    mean: Option<f64>,
    #[serde(default)]
    times: Samples,
    #[serde(default)]
    exit_codes: Vec<Option<i64>>,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
}

#[derive(Default)]
struct Root(Sheet);

impl Object for Root {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "results" => map.next_value_seed(each(|row: Row| take(row, &mut self.0))),
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

fn take(row: Row, sheet: &mut Sheet) {
    let value = row.median.or(row.mean).or_else(|| row.times.kept.first().copied());
    let (Some(mut name), Some(value)) = (row.command, value) else {
        sheet.trouble(0, "a result has no command or no time");
        return;
    };
    // A command that was given a name of its own may hide its parameters.
    for (key, value) in &row.parameters {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !name.contains(&value) {
            name.push_str(&format!(" {key}={value}"));
        }
    }
    if let Some(code) = row.exit_codes.iter().find(|code| **code != Some(0)) {
        let how = code
            .map_or_else(|| "ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        sheet.broke(0, format!("`{name}` {how}, so what was measured may be how it fails"));
    }
    sheet.push(Benchmark::new(&name, "time", value, "s").samples(row.times.kept), 0);
}
