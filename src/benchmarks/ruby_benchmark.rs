//! The tables of Ruby's `Benchmark`: user, system, total and real seconds of each report.
//!
//! What `bmbm` rehearses is no measure. A label that comes again in the same file stands for another report, because nothing
//! tells two blocks of one script apart.

use std::collections::BTreeMap;
use std::io::Read;

use super::benchmark::Benchmark;
use super::format::{Format, any_line};
use super::sheet::{Reading, Sheet};
use super::text::{each_printed, number};
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "Ruby's Benchmark", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Maximum number of labels that are remembered of a file.
const LABELS: usize = 50_000;

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut ruby = Ruby::default();
    each_printed(source, &mut sheet, |line, sheet| ruby.line(&line, sheet));
    ruby.end(&mut sheet);
    sheet.note(
        "Ruby prints no end marker after a table: only a baseline shows whether all benchmarks are there",
    );
    sheet.finish()
}

/// Whether a line is the head of a table.
fn is_line(text: &str) -> bool {
    text.split_whitespace().eq(["user", "system", "total", "real"])
}

#[derive(Default)]
struct Ruby {
    is_table: bool,
    /// Where a rehearsal began, and how many rows it had, as long as its table is not read.
    rehearsal: Option<(u64, u64)>,
    is_rehearsal: bool,
    rows: u64,
    /// How often each label was there.
    labels: BTreeMap<String, u64>,
}

impl Ruby {
    /// Takes a line; whether it is one of a report.
    fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) -> bool {
        let text = line.text.trim();
        if is_line(text) {
            if self.is_rehearsal {
                sheet.trouble(line.number, "cut off: the rehearsal above has no total");
            }
            (self.is_table, self.is_rehearsal, self.rows) = (true, false, 0);
        } else if text.starts_with("Rehearsal ---") {
            self.end(sheet);
            (self.is_rehearsal, self.rehearsal) = (true, Some((line.number, 0)));
        } else if text.starts_with("----") && text.contains(" total: ") && text.ends_with("sec") {
            self.is_rehearsal = false;
        } else if let Some((label, total, real)) = row(text) {
            if self.is_rehearsal {
                if let Some((_, rows)) = &mut self.rehearsal {
                    *rows += 1;
                }
            } else if self.is_table {
                self.report(label, [total, real], line.number, sheet);
            } else {
                sheet.note(format!("line {}: times without a table above them are not read", line.number));
            }
            return true;
        } else if self.is_table && text.ends_with(')') && text.contains(" (") && is_cut(text) {
            sheet.trouble(line.number, "the line of a benchmark is invalid");
        }
        if !line.is_ended && (self.is_table || self.is_rehearsal) && !text.is_empty() {
            sheet.trouble(line.number, "cut off: the last line has no end");
        }
        false
    }

    fn report(&mut self, label: &str, [total, real]: [f64; 2], line: u64, sheet: &mut Sheet) {
        self.rows += 1;
        let label = if label.is_empty() { format!("report {}", self.rows) } else { label.to_owned() };
        let is_full = self.labels.len() >= LABELS && !self.labels.contains_key(&label);
        if is_full {
            sheet.trouble(line, format!("more than {LABELS} labels in one file"));
            return;
        }
        let times = self.labels.entry(label.clone()).or_default();
        *times += 1;
        let name = if *times == 1 { label } else { format!("{label} #{times}") };
        sheet.push(Benchmark::new(&name, "real", real, "s"), line);
        sheet.push(Benchmark::new(&name, "total", total, "s"), line);
    }

    /// What was rehearsed must have been measured.
    fn end(&mut self, sheet: &mut Sheet) {
        if let Some((line, rehearsed)) =
            self.rehearsal.take().filter(|(_, rehearsed)| *rehearsed > self.rows || self.is_rehearsal)
        {
            sheet.trouble(
                line,
                format!("cut off: {rehearsed} reports were rehearsed, {} measured", self.rows),
            );
        }
        self.rows = 0;
    }
}

/// Label, total and real seconds: `for:      0.005341   0.000024   0.005365 (  0.005363)`.
fn row(text: &str) -> Option<(&str, f64, f64)> {
    let (rest, real) = text.strip_suffix(')')?.rsplit_once('(')?;
    let real = seconds(real.trim())?;
    let (rest, total) = last(rest)?;
    let (rest, system) = last(rest)?;
    seconds(system)?;
    let rest = rest.trim_end();
    // A long label and a long time have no blank between them.
    let start = rest.rfind(|other: char| !other.is_ascii_digit() && other != '.').map_or(0, |at| at + 1);
    let start = if rest.is_char_boundary(start) { start } else { return None };
    let (label, user) = rest.split_at_checked(start)?;
    seconds(user)?;
    Some((label.trim(), seconds(total)?, real))
}

fn last(text: &str) -> Option<(&str, &str)> {
    text.trim_end().rsplit_once(' ')
}

/// Seconds with six digits behind the point.
fn seconds(text: &str) -> Option<f64> {
    let (_, decimals) = text.split_once('.')?;
    (decimals.len() == 6).then(|| number(text)).flatten()
}

/// Whether a line ends like a report without being one.
fn is_cut(text: &str) -> bool {
    text.rsplit_once('(').is_some_and(|(_, real)| seconds(real.trim_end_matches(')').trim()).is_some())
}
