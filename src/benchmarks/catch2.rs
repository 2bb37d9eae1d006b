//! Catch2's text, of version 2 and 3: three lines a benchmark, in tables under the name of their test case.
//!
//! Benchmarks of one name in one run of a program are several benchmarks; another run of it measures them again.
//!
//! A long name is wrapped in the first column, beside the numbers or above them, and ends where the benchmark does: at the next
//! empty line.

use std::io::Read;

use super::benchmark::Benchmark;
use super::format::{Format, any_line};
use super::namesakes::Runs;
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use super::unit;
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "Catch2", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// What stands behind the name of a benchmark that threw an exception; the test case passes all the same.
const FAILED: &str = "Benchmark failed (";

/// Maximum number of sections in each other whose names are kept.
const DEEPEST: usize = 50;

/// How long the name of a benchmark may get before the rest of it is passed over.
const LONGEST: usize = 1_000;

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut catch = Catch::default();
    each_printed(source, &mut sheet, |line, sheet| catch.line(&line, sheet));
    catch.finish(&mut sheet);
    sheet.finish()
}

/// Whether a line is the head of a table.
fn is_line(text: &str) -> bool {
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

/// A benchmark whose numbers are being read.
struct Open {
    /// Its name, as far as it stands above or beside the numbers.
    name: String,
    line: u64,
    /// Mean and its interval.
    mean: Option<Benchmark>,
    has_deviation: bool,
}

#[derive(Default)]
struct Catch {
    part: Part,
    /// Names of the test case and its sections.
    title: Vec<String>,
    /// What stands in the first column of lines without numbers.
    name: String,
    open: Option<Open>,
    has_end: bool,
    runs: Runs,
}

impl Catch {
    /// Takes a line; whether it is one of a benchmark.
    fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) -> bool {
        let text = line.text.trim();
        if text.contains(" is a Catch v") || text.contains(" is a Catch2 v") {
            self.has_end = false;
            self.runs.begin(text);
        } else if is_line(text) {
            self.part = Part::Head;
        } else if text.starts_with("test cases:") || text.starts_with("All tests passed") {
            self.end(line, text, sheet);
        } else if text.starts_with("=====") || text.starts_with(".....") {
            self.close(sheet);
            self.part = Part::Between;
        } else if text.starts_with("-----") {
            self.close(sheet);
            self.part = match self.part {
                Part::Head => Part::Table,
                Part::Title => Part::Between,
                Part::Between | Part::Table => {
                    self.title.clear();
                    Part::Title
                }
            };
        } else if is_failure(text) || (self.part == Part::Table && text.contains(FAILED)) {
            // The name of a benchmark stands before that.
            self.name.clear();
            self.close(sheet);
            sheet.broke(line.number, text);
        } else if self.part == Part::Title && !text.is_empty() && self.title.len() < DEEPEST {
            self.title.push(text.to_owned());
        } else if self.part == Part::Table {
            return self.row(text, line, sheet);
        }
        false
    }

    /// A line of a table; whether it has numbers.
    fn row(&mut self, text: &str, line: &Line<'_>, sheet: &mut Sheet) -> bool {
        if text.is_empty() {
            self.close(sheet);
        } else if let Some((part, values)) = times(text).filter(|_| self.is_expecting()) {
            self.times(part, values);
            return true;
        } else if let Some(part) = counts(text) {
            // What stands above is the beginning of this name, where the benchmark before it is finished.
            let before = std::mem::take(&mut self.name);
            self.close(sheet);
            self.name = before;
            self.add(part);
            let name = std::mem::take(&mut self.name);
            self.open = Some(Open { name, line: line.number, mean: None, has_deviation: false });
            return true;
        } else {
            self.add(text);
        }
        false
    }

    /// Whether mean or deviation of a benchmark must follow.
    fn is_expecting(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.has_deviation)
    }

    /// A line with three times, and a part of the name beside them.
    fn times(&mut self, part: &str, [(mean, unit), low, high]: [(f64, &str); 3]) {
        let Some(open) = &mut self.open else { return };
        join(&mut open.name, part);
        if open.mean.is_some() {
            open.has_deviation = true;
            return;
        }
        let mut benchmark = Benchmark::new("", "mean", mean, unit);
        let scale = |(value, from): (f64, &str)| Some(value * unit::factor(from, unit)?);
        if let (Some(low), Some(high)) = (scale(low), scale(high)) {
            benchmark = benchmark.within(low, high);
        }
        open.mean = Some(benchmark);
    }

    fn add(&mut self, part: &str) {
        join(&mut self.name, part);
    }

    /// The end of a benchmark, which must have been measured.
    fn close(&mut self, sheet: &mut Sheet) {
        let rest = std::mem::take(&mut self.name);
        let Some(mut open) = self.open.take() else { return };
        join(&mut open.name, &rest);
        let parts = self.title.iter().map(String::as_str).chain([open.name.trim()]);
        let name = parts.collect::<Vec<_>>().join(" / ");
        let Some(mut benchmark) = open.mean else {
            sheet.trouble(open.line, format!("`{name}` was not measured completely"));
            return;
        };
        if benchmark.value() <= 0.0 {
            sheet.note(format!("`{name}` is too short for the clock: 0 {}", benchmark.unit));
        }
        benchmark.name = self.runs.name(&name);
        sheet.push(benchmark, open.line);
    }

    /// The last line of a run.
    fn end(&mut self, line: &Line<'_>, text: &str, sheet: &mut Sheet) {
        self.close(sheet);
        self.has_end = true;
        self.part = Part::Between;
        if text.contains(" failed") {
            sheet.broke(line.number, text);
        } else if !line.is_ended {
            sheet.trouble(line.number, "cut off: the last line has no end");
        }
    }

    fn finish(&mut self, sheet: &mut Sheet) {
        if let Some(open) = &self.open {
            sheet.trouble(open.line, "cut off: a benchmark is not followed by an empty line");
        }
        self.close(sheet);
        if !self.has_end {
            sheet.trouble(0, "cut off: the run is not followed by `test cases:` or `All tests passed`");
        }
    }
}

/// Adds a part of a name that is wrapped.
fn join(name: &mut String, part: &str) {
    if name.len() < LONGEST && !part.is_empty() {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(part);
    }
}

/// What Catch2 says of a benchmark or a test case that broke off.
fn is_failure(text: &str) -> bool {
    [FAILED, "due to unexpected exception with message:", "due to a fatal error condition:"]
        .iter()
        .any(|start| text.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()))
}

/// `344 ns  341 ns  349 ns`, with what stands in front.
fn times(text: &str) -> Option<(&str, [(f64, &str); 3])> {
    let mut rest = text;
    let mut last = || {
        let (before, unit) = last_word(rest)?;
        let (before, value) = last_word(before)?;
        rest = before;
        unit::is_time(unit).then_some((number(value)?, unit))
    };
    let (high, low, mean) = (last()?, last()?, last()?);
    Some((rest, [mean, low, high]))
}

/// The last word, and what stands in front of it.
fn last_word(text: &str) -> Option<(&str, &str)> {
    let (before, word) = text.rsplit_once(char::is_whitespace).unwrap_or(("", text));
    (!word.is_empty()).then_some((before.trim_end(), word))
}

/// What stands in front of samples, iterations and the estimated time.
fn counts(text: &str) -> Option<&str> {
    let (rest, unit) = last_word(text)?;
    let (rest, estimated) = last_word(rest)?;
    let (rest, iterations) = last_word(rest)?;
    let (rest, samples) = last_word(rest)?;
    let is_count = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_row =
        unit::is_time(unit) && number(estimated).is_some() && is_count(iterations) && is_count(samples);
    is_row.then_some(rest)
}
