//! The text of iai, iai-callgrind and gungraun: a name, and under it counts that are indented.
//!
//! Instructions and accesses to memory are compared. What a simulated cache hits, and the cycles estimated from that, depend on
//! where memory lies, and differ between runs of the same program.

use std::io::Read;

use super::benchmark::{Benchmark, Direction};
use super::sheet::{Reading, Sheet, Threshold};
use super::text::{each_line, number};

/// Reads a whole file.
pub(super) fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut name = String::new();
    each_line(source, &mut sheet, |line, sheet| {
        if let Some((metric, value)) = parse(line.text) {
            if name.is_empty() {
                sheet.trouble(line.number, "a count without the name of its benchmark");
            } else if !line.is_ended && !line.text.ends_with(')') {
                sheet.trouble(line.number, "cut off: the last line has no end");
            } else {
                let benchmark = Benchmark::new(&name, metric, value, metric);
                sheet.push(benchmark.toward(direction(metric)).exact(), line.number);
            }
        } else if let Some(count) = regressed(line.text) {
            let expression = "no regression beyond the limits of the benchmarks".to_owned();
            sheet.threshold(Threshold { name: "iai".to_owned(), expression, is_crossed: count > 0 });
        } else if is_count(line.text) {
            sheet.trouble(line.number, "the count is not understood");
        } else if !line.text.starts_with(' ') && !line.text.trim().is_empty() {
            line.text.trim().clone_into(&mut name);
        }
    });
    sheet.note("the text of iai has no end mark: only a baseline tells whether all benchmarks are there");
    sheet.finish()
}

/// Whether a line is a count of instructions.
pub(super) fn is_line(text: &str) -> bool {
    text.trim_start().starts_with("Instructions:") && parse(text).is_some()
}

/// Whether a line is meant to be a count.
fn is_count(text: &str) -> bool {
    text.starts_with(' ') && text.trim_start().starts_with("Instructions:")
}

fn direction(metric: &str) -> Direction {
    if matches!(metric, "Instructions" | "Total read+write") {
        Direction::Smaller
    } else {
        Direction::Informative
    }
}

/// How many benchmarks crossed limits of their own: `Gungraun result: Regressed. 1 without regressions; 1 regressed; …`.
fn regressed(text: &str) -> Option<u64> {
    let (_, result) = text.split_once(" result: ")?;
    result.split(';').find_map(|part| part.trim().strip_suffix(" regressed"))?.trim().parse().ok()
}

/// `  Instructions:   1735 (No change)`, or `  Instructions:  1734|1733  (+0.1%)`.
fn parse(text: &str) -> Option<(&str, f64)> {
    let (metric, rest) = text.strip_prefix("  ")?.split_once(':')?;
    let metric = metric.trim();
    let known = [
        "Instructions",
        "L1 Accesses",
        "L2 Accesses",
        "RAM Accesses",
        "L1 Hits",
        "L2 Hits",
        "LL Hits",
        "RAM Hits",
        "Estimated Cycles",
        "Total read+write",
        "L1 Hit Rate",
        "LL Hit Rate",
        "RAM Hit Rate",
    ];
    known.contains(&metric).then_some(())?;
    let value = rest.split_whitespace().next()?.split('|').next()?;
    Some((metric, number(value)?))
}
