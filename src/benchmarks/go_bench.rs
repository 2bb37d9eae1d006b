//! `go test -bench`: one line a run, with any number of measures; `-count` gives a benchmark several lines, its samples.
//!
//! `pkg:` distinguishes equal names, and without it the line that ends a package. A package and its `_test` package may both have a
//! benchmark of one name, which has twice as many lines as the others then, one after the other.
//! The number behind the last hyphen is GOMAXPROCS where every line of a package has the same
//! one; it goes, so that two machines can be compared. `Unit ns/op better=lower assume=exact` lines say what benchstat reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::benchmark::{Benchmark, Direction};
use super::format::{Format, any_line};
use super::namesakes::Namesakes;
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "go test -bench", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Maximum number of `Unit` lines that are used.
const UNITS: usize = 1_000;

/// Maximum number of names of a package whose lines are counted.
const NAMES: usize = 50_000;

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut go = Go::default();
    each_printed(source, &mut sheet, |line, sheet| go.line(&line, sheet));
    go.finish(&mut sheet);
    sheet.finish()
}

/// Whether a line is one of a benchmark's runs.
fn is_line(text: &str) -> bool {
    parse(text).is_some()
}

/// What the lines say so far.
#[derive(Default)]
pub(super) struct Go {
    package: String,
    /// Measures of this package, by the name as it stands.
    measures: Sheet,
    /// How many lines each name has in this package.
    lines: BTreeMap<String, usize>,
    names: Namesakes,
    /// What the line behind a package calls it.
    ended: String,
    /// Numbers at the ends of names; empty for none.
    suffixes: BTreeSet<String>,
    /// What `Unit` lines say.
    units: BTreeMap<String, Unit>,
    /// Where something began that has not ended.
    open: Option<u64>,
    has_frame: bool,
}

/// What a `Unit` line says.
#[derive(Default, Clone, Copy)]
struct Unit {
    direction: Option<Direction>,
    is_exact: bool,
}

impl Go {
    /// Lines of this package only.
    pub(super) fn of(package: &str) -> Self {
        Self { package: package.to_owned(), ..Self::default() }
    }

    /// Takes a line; whether it is one of a benchmark.
    pub(super) fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) -> bool {
        let text = line.text.trim_end();
        let found = parse(text);
        let is_measure = found.is_some();
        if let Some((name, measures)) = found {
            if !line.is_ended {
                sheet.trouble(line.number, "cut off: the last line has no end");
            }
            self.open.get_or_insert(line.number);
            self.run(name, &measures, line.number);
        } else if is_broken(text) {
            sheet.trouble(line.number, "the line of a benchmark is invalid");
        } else if let Some(package) = text.strip_prefix("pkg: ") {
            self.flush(sheet);
            package.trim().clone_into(&mut self.package);
            self.begin(line.number);
        } else if text.starts_with("goos: ") || text.starts_with("goarch: ") {
            self.begin(line.number);
        } else if let Some(rest) = text.strip_prefix("Unit ") {
            self.unit(rest);
        } else if is_end(text) {
            self.open = None;
            self.has_frame = true;
        }
        if let Some(rest) = text.strip_prefix("ok  \t").or_else(|| text.strip_prefix("FAIL\t")) {
            rest.split(['\t', ' ']).next().unwrap_or_default().clone_into(&mut self.ended);
            self.flush(sheet);
            self.package.clear();
        }
        is_measure
    }

    fn begin(&mut self, line: u64) {
        self.has_frame = true;
        self.open.get_or_insert(line);
    }

    fn run(&mut self, name: &str, measures: &[(f64, &str)], line: u64) {
        if self.suffixes.len() < 2 {
            // Whether there is more than one is all that matters.
            self.suffixes.insert(suffix(name).unwrap_or_default().to_owned());
        }
        if self.lines.len() < NAMES || self.lines.contains_key(name) {
            *self.lines.entry(name.to_owned()).or_default() += 1;
        }
        for (value, unit) in measures {
            let said = self.units.get(*unit).copied().unwrap_or_default();
            let mut benchmark = Benchmark::new(name, unit, *value, unit);
            benchmark.direction = said.direction.unwrap_or(benchmark.direction);
            benchmark.is_exact = said.is_exact;
            self.measures.push(benchmark, line);
        }
    }

    fn unit(&mut self, text: &str) {
        let mut words = text.split_whitespace();
        let Some(name) = words.next().filter(|_| self.units.len() < UNITS) else { return };
        let unit = self.units.entry(name.to_owned()).or_default();
        for word in words {
            match word {
                "better=lower" => unit.direction = Some(Direction::Smaller),
                "better=higher" => unit.direction = Some(Direction::Bigger),
                "assume=exact" => unit.is_exact = true,
                _ => {}
            }
        }
    }

    /// The end of a package.
    pub(super) fn flush(&mut self, sheet: &mut Sheet) {
        let measures = std::mem::take(&mut self.measures);
        for trouble in measures.troubles.kept() {
            sheet.troubles.push(trouble.clone());
        }
        let suffixes = std::mem::take(&mut self.suffixes);
        let common = suffixes.first().filter(|suffix| suffixes.len() == 1 && !suffix.is_empty()).cloned();
        let (package, ended) = (&self.package, std::mem::take(&mut self.ended));
        let lines = std::mem::take(&mut self.lines);
        let usual = usual(&lines);
        for mut benchmark in measures.into_benchmarks() {
            let written = std::mem::take(&mut benchmark.name);
            let cut =
                common.as_ref().and_then(|suffix| written.strip_suffix(suffix.as_str())?.strip_suffix('-'));
            let name = cut.unwrap_or(&written);
            if package.is_empty() {
                benchmark.name = self.names.name(name, &ended);
                sheet.push(benchmark, 0);
                continue;
            }
            let name = format!("{package}.{name}");
            // A package and its `_test` package are one program, and a benchmark of each may have this name.
            let is_double = lines.get(&written).is_some_and(|amount| *amount == 2 * usual)
                && benchmark.samples.len() == 2 * usual;
            let second = if is_double { benchmark.samples.split_off(usual) } else { Vec::new() };
            let other = benchmark.clone();
            for (who, samples) in [("1", std::mem::take(&mut benchmark.samples)), ("2", second)] {
                if !samples.is_empty() {
                    let own = Benchmark { name: self.names.name(&name, who), samples, ..other.clone() };
                    sheet.push(own, 0);
                }
            }
        }
    }

    fn finish(&mut self, sheet: &mut Sheet) {
        self.flush(sheet);
        match self.open {
            Some(line) if self.has_frame => {
                sheet.trouble(line, "cut off: what starts here is not followed by `PASS`, `ok` or `FAIL`");
            }
            _ => sheet.note("go prints no end marker after the last package: only a baseline shows whether all benchmarks are there"),
        }
    }
}

/// How many lines most benchmarks of a package have, which is what `-count` says; the fewer of two that are as frequent.
fn usual(lines: &BTreeMap<String, usize>) -> usize {
    let mut amounts: BTreeMap<usize, usize> = BTreeMap::new();
    for amount in lines.values() {
        *amounts.entry(*amount).or_default() += 1;
    }
    let most = amounts.values().max().copied().unwrap_or_default();
    amounts.into_iter().find(|(_, benchmarks)| *benchmarks == most).map_or(0, |(amount, _)| amount)
}

/// Whether a line ends the benchmarks of a package, well or badly.
fn is_end(text: &str) -> bool {
    let starts = ["ok  \t", "ok \t", "FAIL\t"].iter().any(|start| text.starts_with(start));
    starts || text == "PASS" || text == "FAIL" || text.trim_start().starts_with("--- FAIL:")
}

/// The number behind the last hyphen of a name.
fn suffix(name: &str) -> Option<&str> {
    let (_, suffix) = name.rsplit_once('-')?;
    (!suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_digit())).then_some(suffix)
}

/// Whether a line has a name and a number of iterations like a run, but no sound measure.
fn is_broken(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_named = words.next().is_some_and(|name| name.starts_with("Benchmark"));
    is_named
        && text.contains('\t')
        && words.next().is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Name and measures of one run.
fn parse(text: &str) -> Option<(&str, Vec<(f64, &str)>)> {
    let mut words = text.split_whitespace();
    let name = words.next().filter(|name| name.starts_with("Benchmark") && text.starts_with("Benchmark"))?;
    words.next()?.parse::<u64>().ok()?;
    let mut measures = Vec::new();
    while let Some(value) = words.next() {
        measures.push((number(value)?, words.next()?));
    }
    (!measures.is_empty()).then_some((name, measures))
}
