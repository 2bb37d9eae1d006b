//! benchmark-ips of Ruby: its text, and the list of `x.json!`.
//!
//! A label that comes again in the same file stands for another report, because nothing distinguishes two blocks of one script.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use super::benchmark::Benchmark;
use super::format::{Format, any_line};
use super::rows::rows;
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here, the most specific shape first.
pub(super) const FORMATS: &[Format] = &[
    Format { name: "benchmark-ips", is, read: |source, _| read(source) },
    Format { name: "benchmark-ips", is: is_list, read: |source, _| read_list(source) },
];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Whether a file that begins in this way has this form.
fn is_list(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.is_list && json.has(&["[]", "name"]) && json.has(&["[]", "ips"]) && json.has(&["[]", "stddev"]))
}

/// Maximum number of labels that are remembered of a file.
const LABELS: usize = 50_000;

/// Reads the text.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut ips = Ips::default();
    each_printed(source, &mut sheet, |line, sheet| ips.line(&line, sheet));
    ips.end(&mut sheet);
    sheet.note("benchmark-ips prints no end marker: only a baseline shows whether all benchmarks are there");
    sheet.finish()
}

/// Whether a line is one of a measured report.
fn is_line(text: &str) -> bool {
    parse(text.trim()).is_some()
}

#[derive(Default)]
struct Ips {
    /// A label that is too long for its column stands on a line of its own.
    last: String,
    /// Where the reports of a block are warmed up, and how many.
    warmed: Option<(u64, u64)>,
    measured: u64,
    labels: BTreeMap<String, u64>,
}

impl Ips {
    /// Takes a line; whether it is one of a measured report.
    fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) -> bool {
        let text = line.text.trim();
        if let Some((label, value, spread)) = parse(text) {
            if !line.is_ended {
                sheet.trouble(line.number, "cut off: the last line has no end");
            }
            self.measured += 1;
            let label = if label.is_empty() { std::mem::take(&mut self.last) } else { label.to_owned() };
            let name = self.name(label);
            let spread = value * spread / 100.0;
            let benchmark = Benchmark::new(&name, "throughput", value, "i/s");
            sheet.push(benchmark.within(value - spread, value + spread), line.number);
            return true;
        }
        if text.contains("%) i/s") {
            sheet.trouble(line.number, "the line of a benchmark is invalid");
        } else if text.ends_with(" i/100ms") {
            let (_, warmed) = self.warmed.get_or_insert((line.number, 0));
            *warmed += 1;
        } else if text.starts_with("Warming up ---")
            || (text.starts_with("Calculating ---") && self.warmed.is_none())
        {
            self.end(sheet);
            self.warmed = Some((line.number, 0));
        } else if !text.is_empty() && !text.starts_with("---") {
            text.clone_into(&mut self.last);
        }
        false
    }

    fn name(&mut self, label: String) -> String {
        if self.labels.len() >= LABELS {
            return label;
        }
        let times = self.labels.entry(label.clone()).or_default();
        *times += 1;
        if *times == 1 { label } else { format!("{label} #{times}") }
    }

    /// What was warmed up must have been measured.
    fn end(&mut self, sheet: &mut Sheet) {
        let (line, warmed) = self.warmed.take().unwrap_or_default();
        if warmed > self.measured {
            sheet.trouble(
                line,
                format!("cut off: {warmed} reports were warmed up, {} measured", self.measured),
            );
        }
        self.measured = 0;
    }
}

/// `addition   51.795k (± 4.7%) i/s   (19.31 μs/i) -   262.885k in   5.086671s`: label, runs a second, spread in percent.
fn parse(text: &str) -> Option<(&str, f64, f64)> {
    let (head, tail) = text.split_once("%) i/s")?;
    let (head, spread) = head.rsplit_once(['±', '\u{fffd}'])?;
    let head = head.trim_end().strip_suffix('(')?.trim_end();
    let (label, value) = head.rsplit_once(' ').unwrap_or(("", head));
    tail.contains(" - ").then_some(())?;
    Some((label.trim(), scaled(value)?, number(spread.trim())?))
}

/// `51.795k`, as a number.
fn scaled(text: &str) -> Option<f64> {
    let scales = [('k', 1e3), ('M', 1e6), ('B', 1e9), ('T', 1e12), ('Q', 1e15)];
    let scale = scales.iter().find_map(|(sign, scale)| Some((text.strip_suffix(*sign)?, *scale)));
    let (value, scale) = scale.unwrap_or((text, 1.0));
    Some(number(value)? * scale)
}

#[derive(Deserialize)]
struct Row {
    name: Option<String>,
    ips: Option<f64>,
    stddev: Option<f64>,
}

/// Reads the list that `x.json!` writes.
fn read_list(source: &mut dyn Read) -> Reading {
    rows(source, take)
}

fn take(row: Row, sheet: &mut Sheet) {
    let (Some(name), Some(value)) = (row.name, row.ips) else {
        sheet.trouble(0, "a report has no name or no ips");
        return;
    };
    let benchmark = Benchmark::new(&name, "throughput", value, "i/s");
    let spread = row.stddev.unwrap_or(f64::NAN);
    sheet.push(benchmark.within(value - spread, value + spread), 0);
}
