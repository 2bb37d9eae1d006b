//! Catch2's text, of version 2 and 3: three lines a benchmark, in tables under the name of their test case.

use std::io::Read;

use super::benchmark::Benchmark;
use super::sheet::{Reading, Sheet};
use super::text::{each_line, number};
use super::unit;
use crate::test_gate::lines::Line;

/// Most sections in each other whose names are kept.
const DEEPEST: usize = 50;

/// How long the name of a benchmark may get before the rest of it is passed over.
const LONGEST: usize = 1_000;

/// Reads a whole file.
pub(super) fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut catch = Catch::default();
    each_line(source, &mut sheet, |line, sheet| catch.line(&line, sheet));
    catch.finish(&mut sheet);
    sheet.finish()
}

/// Whether a line is the head of a table.
pub(super) fn is_line(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("benchmark name") && text.contains("samples") && text.contains("iterations")
}

/// Where in the text a line stands.
#[derive(Default, PartialEq, Clone, Copy)]
enum Part {
    #[default]
    Between,
    Title,
    Head,
    Table,
}

#[derive(Default)]
struct Catch {
    part: Part,
    /// Names of the test case and its sections.
    title: Vec<String>,
    /// The name of a benchmark as far as it was read.
    name: String,
    /// A benchmark whose mean is not read yet, and where it starts.
    open: Option<(String, u64)>,
    has_start: bool,
    has_end: bool,
}

impl Catch {
    fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) {
        let text = line.text.trim();
        if text.contains(" is a Catch v") || text.contains(" is a Catch2 v") {
            (self.has_start, self.has_end) = (true, false);
        } else if is_line(text) {
            self.part = Part::Head;
        } else if text.starts_with("test cases:") || text.starts_with("All tests passed") {
            self.end(line, text, sheet);
        } else if text.starts_with("=====") || text.starts_with(".....") {
            self.expect_mean(sheet);
            self.part = Part::Between;
        } else if text.starts_with("-----") {
            self.expect_mean(sheet);
            self.part = match self.part {
                Part::Head => Part::Table,
                Part::Title => Part::Between,
                Part::Between | Part::Table => {
                    self.title.clear();
                    Part::Title
                }
            };
        } else if self.part == Part::Title && !text.is_empty() && self.title.len() < DEEPEST {
            self.title.push(text.to_owned());
        } else if self.part == Part::Table {
            self.row(text, line, sheet);
        }
    }

    /// A line of a table.
    fn row(&mut self, text: &str, line: &Line<'_>, sheet: &mut Sheet) {
        if text.is_empty() {
            self.expect_mean(sheet);
            self.name.clear();
        } else if let Some(values) = times(text) {
            let Some((name, _)) = self.open.take() else { return };
            let [(mean, unit), (low, low_unit), (high, high_unit)] = values;
            let mut benchmark = Benchmark::new(&name, "mean", mean, unit);
            let scale = |value: f64, from: &str| Some(value * unit::factor(from, unit)?);
            if let (Some(low), Some(high)) = (scale(low, low_unit), scale(high, high_unit)) {
                benchmark = benchmark.within(low, high);
            }
            if mean <= 0.0 {
                sheet.note(format!("`{name}` is too short for the clock: 0 {unit}"));
            }
            sheet.push(benchmark, line.number);
        } else if let Some(last) = counts(text) {
            self.expect_mean(sheet);
            let name = format!("{} {last}", self.name);
            let title = self.title.iter().map(String::as_str).chain([name.trim()]).collect::<Vec<_>>();
            self.open = Some((title.join(" / "), line.number));
            self.name.clear();
        } else if self.name.len() < LONGEST {
            if !self.name.is_empty() {
                self.name.push(' ');
            }
            self.name.push_str(text);
        }
    }

    /// A benchmark that started must have been measured.
    fn expect_mean(&mut self, sheet: &mut Sheet) {
        if let Some((name, line)) = self.open.take() {
            sheet.trouble(line, format!("`{name}` was not measured to its end"));
        }
    }

    /// The last line of a run.
    fn end(&mut self, line: &Line<'_>, text: &str, sheet: &mut Sheet) {
        self.expect_mean(sheet);
        self.has_end = true;
        self.part = Part::Between;
        if text.contains(" failed") {
            sheet.trouble(line.number, "the run of the benchmarks failed");
        } else if !line.is_ended {
            sheet.trouble(line.number, "cut off: the last line has no end");
        }
    }

    fn finish(&mut self, sheet: &mut Sheet) {
        self.expect_mean(sheet);
        if !self.has_end && self.has_start {
            sheet.trouble(0, "cut off: the run has no `test cases:` behind it");
        } else if !self.has_end {
            sheet.note("no `test cases:` tells whether all benchmarks are there");
        }
    }
}

/// `344 ns  341 ns  349 ns`.
fn times(text: &str) -> Option<[(f64, &str); 3]> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let &[a, a_unit, b, b_unit, c, c_unit] = words.as_slice() else { return None };
    let units = [a_unit, b_unit, c_unit];
    units.iter().all(|found| unit::is_time(found)).then_some(())?;
    Some([(number(a)?, a_unit), (number(b)?, b_unit), (number(c)?, c_unit)])
}

/// What stands in front of samples, iterations and the estimated time.
fn counts(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut last = || {
        let (before, word) = rest.rsplit_once(char::is_whitespace).unwrap_or(("", rest));
        rest = before.trim_end();
        word
    };
    let (unit, estimated, iterations, samples) = (last(), last(), last(), last());
    let is_count = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_row =
        unit::is_time(unit) && number(estimated).is_some() && is_count(iterations) && is_count(samples);
    is_row.then_some(rest)
}
