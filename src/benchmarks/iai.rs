//! The text of iai, iai-callgrind and gungraun: a name, and under it counters that are indented, in sections of several tools.
//!
//! A name may have several lines, because what a benchmark is called with stands in it.

use std::io::Read;

use super::counters::{counter, is_known};
use super::format::{Format, any_line};
use super::sheet::{Reading, Sheet, Threshold};
use super::text::{each_printed, number};
use devops_reading::lines::Line;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "iai", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    any_line(shape, is_line)
}

/// Longest name that is put together, in bytes.
const LONGEST: usize = 2_000;

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut iai = Iai::default();
    each_printed(source, &mut sheet, |line, sheet| iai.line(&line, sheet));
    iai.finish(&mut sheet);
    sheet.finish()
}

/// Whether a line is a counter that is known, with an older value beside it or of instructions.
fn is_line(text: &str) -> bool {
    parse(text).is_some_and(|(label, value)| {
        let (now, _) = value.split_once('|').unwrap_or((value, ""));
        is_known(label) && number(now).is_some() && (label == "Instructions" || value.contains('|'))
    })
}

/// What the lines say so far.
#[derive(Default)]
struct Iai {
    name: String,
    /// The tool whose section this is; empty where there is none.
    tool: String,
    /// Lines that may be a name.
    block: String,
    /// Names with counters under them since the last result.
    seen: u64,
    has_end: bool,
}

impl Iai {
    /// Takes a line; whether it is a counter.
    fn line(&mut self, line: &Line<'_>, sheet: &mut Sheet) -> bool {
        let text = line.text;
        if let Some(result) = result(text) {
            self.end(line.number, &result, sheet);
        } else if let Some(tool) = section(text) {
            self.begin();
            tool.clone_into(&mut self.tool);
        } else if let Some((label, value)) = parse(text) {
            self.begin();
            self.count(line, label, value, sheet);
            return true;
        } else if text.starts_with(' ') || text.trim().is_empty() {
            self.block.clear();
        } else if self.block.len() < LONGEST {
            if !self.block.is_empty() {
                self.block.push('\n');
            }
            self.block.push_str(text.trim_end());
        }
        false
    }

    /// Something stands under a name.
    fn begin(&mut self) {
        if !self.block.is_empty() {
            self.name = name_in(&self.block);
            self.block.clear();
            self.tool.clear();
            self.seen += 1;
            self.has_end = false;
        }
    }

    fn count(&mut self, line: &Line<'_>, label: &str, value: &str, sheet: &mut Sheet) {
        let name = self.name.as_str();
        let now = value.split('|').next().unwrap_or(value);
        if name.is_empty() {
            sheet.trouble(line.number, "a count without the name of its benchmark");
        } else if !line.is_ended && !line.text.ends_with(')') {
            sheet.trouble(line.number, "cut off: the last line has no end");
        } else if let Some(value) = number(now) {
            if !is_known(label) {
                sheet.note(format!("unknown counter `{label}`: every change is reported"));
            }
            sheet.push(counter(name, &self.tool, label, value), line.number);
        } else if now == "N/A" {
            sheet.note(format!("`{label}` of `{name}` is only from an older run"));
        } else if is_known(label) {
            sheet.trouble(line.number, "the count is invalid");
        } else {
            sheet.note(format!("`{label}` is ignored, because it is not a number"));
        }
    }

    /// `Gungraun result: Regressed. 1 without regressions; 1 regressed; …; 2 benchmarks finished in 1.2s`.
    fn end(&mut self, line: u64, result: &Outcome, sheet: &mut Sheet) {
        let expression = "no regression beyond the limits of the benchmarks".to_owned();
        sheet.threshold(Threshold { name: "iai".to_owned(), expression, is_crossed: result.regressed > 0 });
        if let Some(finished) = result.finished.filter(|finished| *finished > self.seen) {
            sheet.trouble(line, format!("{finished} benchmarks finished, {} are there", self.seen));
        }
        self.seen = 0;
        self.has_end = true;
        self.block.clear();
    }

    fn finish(&self, sheet: &mut Sheet) {
        if !self.has_end {
            sheet.note(
                "there is no line with a result at the end: only a baseline shows whether all benchmarks are there",
            );
        }
    }
}

/// What a run says at its end.
struct Outcome {
    regressed: u64,
    finished: Option<u64>,
}

fn result(text: &str) -> Option<Outcome> {
    let (_, result) = text.split_once(" result: ")?;
    let count =
        |end: &str| result.split(';').find_map(|part| part.trim().split_once(end)?.0.trim().parse().ok());
    Some(Outcome { regressed: count(" regressed")?, finished: count(" benchmarks finished") })
}

/// The name at the end of some lines: all from the first that has a path in it, or else the last.
fn name_in(block: &str) -> String {
    let is_start = |line: &str| line.split(' ').next().is_some_and(|word| word.contains("::"));
    let mut lines = block.lines().skip_while(|line| !is_start(line)).peekable();
    if lines.peek().is_none() {
        return block.lines().next_back().unwrap_or_default().trim().to_owned();
    }
    lines.collect::<Vec<_>>().join("\n")
}

/// `  ======= DHAT ====`: the tool whose counters follow.
fn section(text: &str) -> Option<&str> {
    let tool = text.strip_prefix("  ===")?.trim_matches(|mark: char| mark == '=' || mark == ' ');
    (!tool.is_empty() && tool.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        .then_some(tool)
}

/// `  Instructions:   1735 (No change)`, `  Instructions:  1734|1733  (+0.1%)`: a label and what stands behind it.
fn parse(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = text.strip_prefix("  ")?.split_once(':')?;
    let is_label = label.len() <= 40
        && label.starts_with(|first: char| first.is_ascii_uppercase())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" +-".contains(&byte));
    let value = rest.strip_prefix(' ').filter(|_| is_label)?.split_whitespace().next()?;
    Some((label, value))
}
