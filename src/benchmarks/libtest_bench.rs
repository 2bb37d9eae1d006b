//! `cargo bench` with the built-in harness, and all that prints its lines: `test NAME ... bench: 135 ns/iter (+/- 24)`.
//!
//! What stands behind `+/-` is the spread of the samples, no interval of the value; it is passed over. Criterion prints the same
//! lines with `--output-format bencher`.

use std::io::Read;

use super::benchmark::{Benchmark, Direction};
use super::format::{Format, any_line};
use super::namesakes::Runs;
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use super::unit;
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "libtest bench", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut libtest = Libtest::default();
    each_printed(source, &mut sheet, |line, sheet| libtest.line(&line, sheet) == Taken::Measure);
    libtest.finish(&mut sheet);
    sheet.finish()
}

/// Whether a line is one of a benchmark.
fn is_line(text: &str) -> bool {
    parse(text.trim()).is_some()
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// A benchmark was measured there.
    Measure,
    /// It is another line of this harness.
    Other,
    /// It is none of this harness.
    No,
}

/// What the lines say so far.
#[derive(Default)]
pub(super) struct Libtest {
    /// The bench target that cargo said it runs.
    target: String,
    /// Where a harness said that it starts, as long as it did not say how it ended.
    started: Option<u64>,
    /// Benchmarks since then.
    seen: u64,
    /// Runs of bench targets, where cargo names them.
    runs: Runs,
}

impl Libtest {
    /// Takes a line.
    pub(super) fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) -> Taken {
        let text = line.text.trim();
        if let Some((name, value, unit)) = parse(text) {
            if !line.is_ended && !text.ends_with([')', 's']) {
                sheet.trouble(line.number, "cut off in a benchmark");
            }
            self.seen += 1;
            let name =
                if self.target.is_empty() { name.to_owned() } else { format!("{}: {name}", self.target) };
            let name = self.runs.name(&name);
            let direction = unit::direction(unit).unwrap_or(Direction::Smaller);
            sheet.push(Benchmark::new(&name, "time", value, unit).toward(direction), line.number);
            return Taken::Measure;
        } else if text.starts_with("test ") && text.ends_with("FAILED") {
            sheet.broke(line.number, text);
        } else if text.starts_with("test ") && text.contains(" ... bench:") {
            sheet.trouble(line.number, "the line of a benchmark is invalid");
        } else if let Some(target) = text.strip_prefix("Running ") {
            // What stands in parentheses is a path with a digest that changes with every build.
            self.runs.begin(target.rsplit_once('-').map_or(target, |(program, _)| program));
            let target = target.rsplit_once(" (").map_or(target, |(target, _)| target);
            target.trim_start_matches("unittests ").clone_into(&mut self.target);
        } else if text.starts_with("running ") && (text.ends_with(" tests") || text.ends_with(" test")) {
            self.expect_end(sheet);
            self.started = Some(line.number);
            self.seen = 0;
        } else if let Some(result) = text.strip_prefix("test result: ") {
            self.end(result, line.number, sheet);
        } else {
            return Taken::No;
        }
        Taken::Other
    }

    /// The name of a benchmark that the same targets measured, distinguished from others of its name.
    pub(super) fn own_name(&mut self, name: &str) -> String {
        self.runs.name(name)
    }

    /// The line with which a harness ends.
    fn end(&mut self, result: &str, line: u64, sheet: &mut Sheet) {
        self.started = None;
        if result.starts_with("FAILED") {
            sheet.broke(line, format!("test result: {result}"));
        }
        let measured = result
            .split(';')
            .find_map(|part| part.trim().strip_suffix(" measured"))
            .and_then(|count| count.trim().parse::<u64>().ok());
        match measured {
            Some(measured) if measured > self.seen => {
                sheet.trouble(line, format!("{measured} benchmarks were measured, {} are there", self.seen));
            }
            Some(_) => {}
            None => sheet.trouble(line, "cut off: the result doesn't contain the number of measurements"),
        }
    }

    /// A harness that started must have ended.
    fn expect_end(&mut self, sheet: &mut Sheet) {
        if let Some(line) = self.started.take() {
            sheet.trouble(line, "cut off: the run that starts here has no `test result:`");
        }
    }

    /// The end of the file.
    pub(super) fn finish(&mut self, sheet: &mut Sheet) {
        self.expect_end(sheet);
        sheet.note("cargo prints no end marker after the last target: only a baseline shows whether all benchmarks are there");
    }
}

/// Name, value and unit of a benchmark's line.
fn parse(text: &str) -> Option<(&str, f64, &str)> {
    let (name, rest) = text.strip_prefix("test ")?.rsplit_once(" ... bench:")?;
    let mut words = rest.split_whitespace();
    let value = number(words.next()?)?;
    let unit = words.next()?;
    let is_whole = words.next()? == "(+/-" && words.next()?.ends_with(')');
    (is_whole && unit.contains('/')).then_some((name.trim(), value, unit))
}
