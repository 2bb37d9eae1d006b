//! Benchmarks of all reports, judged against limits and the baseline.

use super::benchmarks::{self, Benchmark, Comparison, Limits, Threshold};
use super::part::Part;
use crate::core::Table;
use crate::core::words::counted;

/// Most rows of the table.
const ROWS: usize = 50;

/// Characters of half a bar, and the change in percent that fills it.
const BAR: usize = 5;
const FULL: f64 = 50.0;

/// Judges them.
pub(super) fn judge(
    now: &[Benchmark],
    base: Option<&[Benchmark]>,
    thresholds: &[Threshold],
    limits: &Limits,
) -> Part {
    if now.is_empty() && base.is_none() && thresholds.is_empty() && limits.bounds.is_empty() {
        return Part::default();
    }
    let judged = benchmarks::judge(now, base, thresholds, limits);
    let details = benchmarks::details(&judged, limits);
    let measures = now.len() as u64;
    Part {
        tables: vec![table(&judged.comparisons)],
        findings: judged.findings,
        notes: judged.notes,
        details: Some(("benchmarks", details)),
        headline: (measures > 0).then(|| counted(measures, "measure", "measures")),
    }
}

/// What was compared, the worst first.
fn table(comparisons: &[Comparison]) -> Table {
    let mut table =
        Table::new("Benchmarks", &["Measure", "Before", "Now", "Change", "", "Interval", "Verdict"]);
    let mut sorted: Vec<&Comparison> = comparisons.iter().collect();
    sorted.sort_by(|one, other| benchmarks::worst_first(one, other));
    table.left_out = sorted.len().saturating_sub(ROWS) as u64;
    table.rows.extend(sorted.into_iter().take(ROWS).map(row));
    "The bar shows how much worse (to the right) or better a measure got.".clone_into(&mut table.note);
    table
}

fn row(comparison: &Comparison) -> Vec<String> {
    let value = |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{} {}", rounded(value), comparison.unit))
    };
    let change = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
    let interval = comparison.interval.map(|(low, high)| format!("{} to {}", change(low), change(high)));
    let name = match comparison.metric.as_str() {
        "" | "time" => comparison.name.clone(),
        metric => format!("{}, {metric}", comparison.name),
    };
    vec![
        name,
        value(comparison.before),
        value(comparison.now),
        comparison.ratio.map(change).unwrap_or_default(),
        comparison.ratio.map(|_| bar(comparison.worse())).unwrap_or_default(),
        interval.unwrap_or_default(),
        comparison.verdict.as_str().to_owned(),
    ]
}

/// A bar to both sides of its middle.
fn bar(worse: f64) -> String {
    let share = ((worse - 1.0) * 100.0 / FULL).clamp(-1.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and the length of half a bar"
    )]
    let filled = (share.abs() * BAR as f64).round() as usize;
    let (full, rest) = ("▇".repeat(filled), "·".repeat(BAR - filled));
    if share < 0.0 {
        format!("{rest}{full}|{}", "·".repeat(BAR))
    } else {
        format!("{}|{full}{rest}", "·".repeat(BAR))
    }
}

/// Four digits that matter.
fn rounded(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 12")]
    let decimals = if value.abs() >= 1_000.0 || value == 0.0 {
        0
    } else {
        (3.0 - value.abs().log10().floor()).clamp(0.0, 12.0) as usize
    };
    format!("{value:.decimals$}")
}
