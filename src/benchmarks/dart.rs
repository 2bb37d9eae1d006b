//! The text of Dart's `benchmark_harness`: `Template(RunTime): 0.1568472448997197 us.`

use std::io::Read;

use super::benchmark::Benchmark;
use super::format::{Format, any_line};
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use super::unit;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "benchmark_harness", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    each_printed(source, &mut sheet, |line, sheet| {
        let text = line.text.trim();
        let Some((name, metric, rest)) = head(text) else { return false };
        match measure(rest) {
            Some((value, unit)) => {
                if !line.is_ended && !text.ends_with('.') {
                    sheet.trouble(line.number, "cut off: the last line has no end");
                }
                let metric = if metric == "RunTime" { "time" } else { metric };
                sheet.push(Benchmark::new(name, metric, value, unit), line.number);
            }
            None => sheet.trouble(line.number, "the line of a benchmark is invalid"),
        }
        true
    });
    sheet.note(
        "benchmark_harness prints no end marker: only a baseline shows whether all benchmarks are there",
    );
    sheet.finish()
}

/// Whether a line is one of a benchmark.
fn is_line(text: &str) -> bool {
    head(text.trim())
        .is_some_and(|(_, metric, rest)| metric.starts_with("RunTime") && measure(rest).is_some())
}

/// Name, metric, and what stands behind them.
fn head(text: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = text.rsplit_once("): ")?;
    let (name, metric) = head.rsplit_once('(')?;
    let is_metric = !metric.is_empty() && metric.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_metric && !name.is_empty() && metric.starts_with("RunTime")).then_some((name, metric, rest))
}

/// `0.1568 us.`
fn measure(text: &str) -> Option<(f64, &str)> {
    let (value, unit) = text.trim_end_matches('.').split_once(' ')?;
    Some((number(value)?, unit)).filter(|(_, unit)| unit::is_time(unit))
}
