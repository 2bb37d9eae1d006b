//! Lists of `{name, unit, value}` as github-action-benchmark takes them with `tool: customSmallerIsBetter`.
//!
//! The file itself doesn't say which way is better. The unit often does; where it doesn't, an entry needs a `direction`, or it is
//! refused: a guess would turn an alarm into praise.

use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::benchmark::{Benchmark, Direction};
use super::format::Format;
use super::rows::rows;
use super::sheet::{Reading, Sheet};
use super::text::number;
use super::unit;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "github-action-benchmark custom JSON", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.is_list && json.has(&["[]", "name"]) && json.has(&["[]", "unit"]) && json.has(&["[]", "value"]))
}

#[derive(Deserialize)]
struct Row {
    name: Option<String>,
    unit: Option<String>,
    #[serde(default)]
    value: Value,
    direction: Option<String>,
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    rows(source, take)
}

fn take(row: Row, sheet: &mut Sheet) {
    let value = row.value.as_f64().or_else(|| number(row.value.as_str()?));
    let (Some(name), Some(unit), Some(value)) = (row.name, row.unit, value) else {
        sheet.trouble(0, "an entry has no name, unit or value");
        return;
    };
    let direction = match row.direction.as_deref() {
        Some(word) => {
            Direction::parse(word).filter(|said| matches!(said, Direction::Smaller | Direction::Bigger))
        }
        None => unit::direction(&unit),
    };
    match direction {
        Some(direction) => sheet.push(Benchmark::new(&name, "value", value, &unit).toward(direction), 0),
        None => sheet.trouble(
            0,
            format!(
                "`{name}`: the unit `{unit}` doesn't show which direction is better; add `\"direction\": \"smaller\"` or \
                 `\"bigger\"` to the entry"
            ),
        ),
    }
}
