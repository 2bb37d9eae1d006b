//! benchmark.js, as its `String(event.target)` prints: `fib(10) x 1,431,759 ops/sec ±0.74% (93 runs sampled)`.

use std::io::Read;

use super::benchmark::Benchmark;
use super::format::{Format, any_line};
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "benchmark.js", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    each_printed(source, &mut sheet, |line, sheet| {
        let text = line.text.trim();
        let found = parse(text);
        let is_measure = found.is_some();
        if let Some((name, value, spread)) = found {
            let spread = value * spread / 100.0;
            let benchmark = Benchmark::new(name, "throughput", value, "ops/s");
            sheet.push(benchmark.within(value - spread, value + spread), line.number);
        } else if text.contains(" ops/sec") {
            sheet.trouble(line.number, "the line of a benchmark is invalid");
        } else if !line.is_ended
            && text.contains(" x ")
            && text.contains(|digit: char| digit.is_ascii_digit())
        {
            sheet.trouble(line.number, "cut off in what looks like a benchmark");
        } else if let Some(name) = text.strip_suffix(':') {
            // What threw an error has its name, a blank, and nothing behind it.
            if line.text.ends_with(": ") {
                sheet.broke(line.number, format!("{name}: no result, it threw an error"));
                return false;
            }
            sheet.note(format!("line {}: `{name}` has no result, it may have failed", line.number));
        }
        is_measure
    });
    sheet.note(
        "the text of benchmark.js has no end marker: only a baseline shows whether all benchmarks are there",
    );
    sheet.finish()
}

/// Whether a line is one of a benchmark.
fn is_line(text: &str) -> bool {
    parse(text.trim()).is_some()
}

/// Name, operations per second and spread in percent.
fn parse(text: &str) -> Option<(&str, f64, f64)> {
    let (head, tail) = text.rsplit_once(" ops/sec")?;
    let (name, value) = head.rsplit_once(" x ")?;
    let (spread, runs) = tail.trim_start().strip_prefix(['±', '\u{fffd}'])?.split_once('%')?;
    let runs = runs.trim().strip_prefix('(')?.strip_suffix(')')?;
    (runs.ends_with(" sampled") && !name.is_empty()).then_some(())?;
    Some((name.trim(), number(value.trim())?, number(spread)?))
}
