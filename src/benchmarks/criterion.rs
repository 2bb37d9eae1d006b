//! Criterion: its text, the messages of `cargo criterion --message-format json`, and the files under `target/criterion`.
//!
//! `thrpt:` is the same number as `time:` seen from the other side, `change:` compares with an unknown run; both are passed
//! over.

use std::io::Read;
use std::marker::PhantomData;

use serde::Deserialize;

use super::benchmark::{Benchmark, Direction};
use super::format::{Format, any_line};
use super::libtest_bench::{Libtest, Taken};
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use devops_reading::json::document;
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here, the most specific shape first.
pub(super) const FORMATS: &[Format] = &[
    Format { name: "criterion", is, read: |source, _| read(source) },
    Format { name: "criterion", is: is_messages, read: |source, _| read_messages(source) },
    Format { name: "criterion", is: is_sample, read: read_sample },
    Format { name: "criterion", is: is_estimates, read: read_estimates },
];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Whether a file that begins in this way has this form.
fn is_messages(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) | Shape::JsonLines(json) if json.says(&["reason"], "benchmark-complete")
        || (json.says(&["reason"], "group-complete") && json.has(&["benchmarks"])))
}

/// Whether a file that begins in this way has this form.
fn is_sample(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["iters"]) && json.has(&["times"]))
}

/// Whether a file that begins in this way has this form.
fn is_estimates(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.has(&["mean", "point_estimate"]) && json.has(&["std_dev"]))
}

/// Reads the text, in which lines of the built-in harness may stand, too.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut libtest = Libtest::default();
    let mut has_other = false;
    // A name that is too long for its column stands on a line of its own.
    let mut last = String::new();
    let mut begun = Begun::default();
    each_printed(source, &mut sheet, |line, sheet| {
        let text = line.text.trim();
        begun.line(text, line.number, sheet);
        if let Some((name, rest)) =
            text.split_once("time:").filter(|(_, rest)| rest.trim_start().starts_with('['))
        {
            let name = if name.trim().is_empty() { &last } else { name.trim() };
            // A change is printed in the same form.
            let is_measure = !name.is_empty() && !rest.contains('%');
            let name = if is_measure { libtest.own_name(name) } else { name.to_owned() };
            time(&line, &name, rest.trim_start(), sheet);
            return true;
        }
        let taken = libtest.line(&line, sheet);
        has_other |= taken != Taken::No;
        if taken == Taken::No && !text.is_empty() && !text.starts_with("thrpt:") {
            text.clone_into(&mut last);
        }
        taken == Taken::Measure
    });
    begun.close(&mut sheet);
    if has_other {
        libtest.finish(&mut sheet);
    } else {
        sheet.note(
            "the text of criterion has no end marker: only a baseline shows whether all benchmarks are there",
        );
    }
    sheet.finish()
}

/// Whether a line is one of a benchmark.
fn is_line(text: &str) -> bool {
    text.split_once("time:").is_some_and(|(_, rest)| parse(rest.trim()).is_some())
}

/// What criterion says on its error output before it measures, so that a benchmark that ended its program is seen.
#[derive(Default)]
struct Begun {
    /// The benchmark that began, and where.
    open: Option<(String, u64)>,
}

impl Begun {
    /// Takes any line.
    fn line(&mut self, text: &str, line: u64, sheet: &mut Sheet) {
        if let Some(name) = text.strip_prefix("Benchmarking ") {
            let phase = [": Warming up for ", ": Collecting ", ": Analyzing", ": Complete"];
            let end = phase.iter().find_map(|phase| name.rfind(phase)).unwrap_or(name.len());
            let (name, phase) = name.split_at_checked(end).unwrap_or((name, ""));
            if self.open.as_ref().is_some_and(|(open, _)| open != name) {
                self.close(sheet);
            }
            if phase.starts_with(": Complete") {
                self.open = None;
            } else {
                self.open.get_or_insert_with(|| (name.to_owned(), line));
            }
        } else if text.starts_with("Running ") {
            self.close(sheet);
        } else if text.contains("time:") {
            self.open = None;
        }
    }

    /// What began must have been measured.
    fn close(&mut self, sheet: &mut Sheet) {
        if let Some((name, line)) = self.open.take() {
            sheet.trouble(line, format!("cut off: `{name}` began and was not measured"));
        }
    }
}

fn time(line: &Line<'_>, name: &str, rest: &str, sheet: &mut Sheet) {
    if rest.contains('%') {
        return;
    }
    match parse(rest) {
        Some(([low, value, high], unit)) if !name.is_empty() => {
            let benchmark = Benchmark::new(name, "time", value, unit).toward(Direction::Smaller);
            sheet.push(benchmark.within(low, high), line.number);
        }
        _ => sheet.trouble(line.number, "the time of a benchmark is invalid"),
    }
}

/// `[26.029 us 26.251 us 26.505 us]`, all in the unit of the middle one.
fn parse(text: &str) -> Option<([f64; 3], &str)> {
    let words: Vec<&str> = text.strip_prefix('[')?.strip_suffix(']')?.split_whitespace().collect();
    let &[low, low_unit, value, unit, high, high_unit] = words.as_slice() else { return None };
    let scaled = |text: &str, from: &str| Some(number(text)? * super::unit::factor(from, unit)?);
    Some(([scaled(low, low_unit)?, number(value)?, scaled(high, high_unit)?], unit))
}

/// A message of `cargo criterion`.
#[derive(Deserialize)]
struct Message {
    reason: Option<String>,
    id: Option<String>,
    unit: Option<String>,
    #[serde(default)]
    iteration_count: Vec<f64>,
    #[serde(default)]
    measured_values: Vec<f64>,
}

/// Reads the messages of `cargo criterion`, one a line.
fn read_messages(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut is_closed = true;
    each_printed(source, &mut sheet, |line, sheet| {
        let text = line.text.trim();
        if !text.starts_with('{') {
            return false;
        }
        match serde_json::from_str::<Message>(text) {
            Ok(message) if message.reason.as_deref() == Some("benchmark-complete") => {
                is_closed = false;
                complete(message, line.number, sheet);
                return true;
            }
            Ok(message) => is_closed |= message.reason.as_deref() == Some("group-complete"),
            Err(error) => sheet.trouble(line.number, format!("the message is invalid: {error}")),
        }
        false
    });
    if !is_closed {
        sheet.trouble(0, "cut off: the last group of benchmarks has no `group-complete`");
    }
    sheet.finish()
}

fn complete(message: Message, line: u64, sheet: &mut Sheet) {
    let Some(id) = message.id else {
        sheet.trouble(line, "a benchmark has no id");
        return;
    };
    let unit = message.unit.unwrap_or_else(|| "ns".to_owned());
    push_totals(&id, &unit, (&message.iteration_count, &message.measured_values), line, sheet);
}

/// Takes samples that are each the total of several iterations.
fn push_totals(name: &str, unit: &str, (counts, totals): (&[f64], &[f64]), line: u64, sheet: &mut Sheet) {
    let is_sound =
        !totals.is_empty() && counts.len() == totals.len() && counts.iter().all(|count| *count > 0.0);
    if !is_sound {
        sheet.trouble(line, format!("`{name}` has no number of iterations for each of its samples"));
        return;
    }
    for (count, total) in counts.iter().zip(totals) {
        sheet.push(Benchmark::new(name, "time", total / count, unit).toward(Direction::Smaller), line);
    }
}

/// `sample.json`: all samples of one benchmark.
#[derive(Deserialize)]
struct Sample {
    iters: Samples,
    times: Samples,
}

/// Reads `target/criterion/NAME/new/sample.json`, whose path is the only place where its name stands.
fn read_sample(source: &mut dyn Read, path: &str) -> Reading {
    let mut sheet = Sheet::default();
    match document(source, PhantomData::<Sample>) {
        Ok(sample) => {
            let (counts, totals) = (sample.iters.kept, sample.times.kept);
            push_totals(&name_of(path), "ns", (&counts, &totals), 0, &mut sheet);
        }
        Err(trouble) => sheet.troubles.push(trouble),
    }
    sheet.finish()
}

#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    median: Estimate,
    slope: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Reads `target/criterion/NAME/new/estimates.json`.
fn read_estimates(source: &mut dyn Read, path: &str) -> Reading {
    let mut sheet = Sheet::default();
    match document(source, PhantomData::<Estimates>) {
        Ok(estimates) => {
            // Criterion itself shows the slope where there is one.
            let shown = [
                ("slope", estimates.slope),
                ("mean", Some(estimates.mean)),
                ("median", Some(estimates.median)),
            ];
            for (index, (metric, estimate)) in shown.into_iter().enumerate() {
                let Some(Estimate {
                    point_estimate,
                    confidence_interval: Interval { lower_bound, upper_bound },
                }) = estimate
                else {
                    continue;
                };
                let direction = if index == 2 { Direction::Smaller } else { Direction::Informative };
                let benchmark =
                    Benchmark::new(&name_of(path), metric, point_estimate, "ns").toward(direction);
                sheet.push(benchmark.within(lower_bound, upper_bound), 0);
            }
        }
        Err(trouble) => sheet.troubles.push(trouble),
    }
    sheet.finish()
}

/// The name of a benchmark, out of the path of a file about it.
fn name_of(path: &str) -> String {
    let path = path.replace('\\', "/");
    let behind = path.rsplit_once("target/criterion/").map_or(path.as_str(), |(_, behind)| behind);
    let folder = behind.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = folder.strip_suffix("/new").unwrap_or(folder);
    if folder.is_empty() || folder == "new" { "benchmark".to_owned() } else { folder.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{name_of, parse};

    #[test]
    fn a_time_has_one_unit() {
        assert_eq!(parse("[26.029 us 26.251 us 26.505 us]"), Some(([26.029, 26.251, 26.505], "us")));
        let ([low, value, high], unit) = parse("[999.5 ns 1.0002 us 1.0100 us]").unwrap();
        assert!((low - 0.9995).abs() < 1e-9 && (value, high, unit) == (1.0002, 1.01, "us"));
        assert_eq!(parse("[26.029 us 26.251 us]"), None);
        assert_eq!(parse("[26.029 us 26.251 us 26.505 us"), None);
    }

    #[test]
    fn a_path_names_the_benchmark() {
        assert_eq!(name_of("a/target/criterion/group/sum/100/new/sample.json"), "group/sum/100");
        assert_eq!(name_of("target\\criterion\\sum\\base\\sample.json"), "sum/base");
        assert_eq!(name_of("sample.json"), "benchmark");
    }
}
