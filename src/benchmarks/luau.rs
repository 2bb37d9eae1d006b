//! The text of Luau's benchmark runner: `SUCCESS: base64 : 15.041ms +/- 0.636% on luau`, and a table of the same numbers.

use std::io::Read;

use super::benchmark::Benchmark;
use super::format::{Format, any_line};
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, measure};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "Luau bench", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let (mut seen, mut rows) = (0_u64, 0_u64);
    let mut has_end = false;
    each_printed(source, &mut sheet, |line, sheet| {
        let text = line.text.trim();
        let found = parse(text);
        let is_measure = found.is_some();
        if let Some((name, driver, value, unit)) = found {
            seen += 1;
            has_end = false;
            let name = if driver == "luau" { name.to_owned() } else { format!("{name} on {driver}") };
            sheet.push(Benchmark::new(&name, "time", value, unit), line.number);
        } else if text.starts_with("SUCCESS:") {
            sheet.trouble(line.number, "the line of a benchmark is invalid");
        } else if ["FAILED", "FAIL:", "ERROR", "FAILURE"].iter().any(|start| text.starts_with(start)) {
            sheet.broke(line.number, text);
        } else if text.starts_with("Total ") {
            has_end = text.matches('|').count() == 4;
        } else if text.matches('|').count() == 4 && !text.starts_with("Test ") {
            rows += 1;
        }
        is_measure
    });
    if !has_end || rows != seen {
        sheet.trouble(0, "cut off: the table of results at the end is not whole");
    }
    sheet.finish()
}

/// Whether a line is one of a benchmark.
fn is_line(text: &str) -> bool {
    parse(text.trim()).is_some()
}

/// Name, driver, value and unit.
fn parse(text: &str) -> Option<(&str, &str, f64, &str)> {
    let (name, rest) = text.strip_prefix("SUCCESS:")?.rsplit_once(" : ")?;
    let (value, rest) = rest.split_once("+/-")?;
    let (_, driver) = rest.split_once("% on ")?;
    let (value, unit) = measure(value.trim())?;
    super::unit::is_time(unit).then_some((name.trim(), driver.trim(), value, unit))
}
