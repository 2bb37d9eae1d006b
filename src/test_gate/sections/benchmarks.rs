//! Benchmarks of all reports, judged against limits and the baseline.

use super::Section;
use crate::run::RunFacts;
use devops_benchmarks::{Benchmark, Comparison, Limits};
use devops_core::Table;
use devops_core::words::counted;

/// Maximum number of rows of the table.
const ROWS: usize = 50;

/// Characters of half a bar, and the change in percent that fills it.
const BAR: usize = 5;
const FULL: f64 = 50.0;

/// Benchmarks against their limits and those of the baseline.
pub(crate) fn section(facts: &RunFacts, base: Option<&[Benchmark]>, limits: &Limits) -> Section {
    let (now, thresholds) = (facts.benchmarks.as_slice(), facts.thresholds.as_slice());
    if now.is_empty() && base.is_none() && thresholds.is_empty() && limits.bounds.is_empty() {
        return Section::default();
    }
    let judged = devops_benchmarks::judge(now, base, thresholds, limits);
    let details = devops_benchmarks::details(&judged, limits);
    let measures = now.len() as u64;
    let headline = (measures > 0).then(|| counted(measures, "measure", "measures"));
    Section {
        tables: vec![table(&judged.comparisons)],
        findings: judged.findings,
        notes: judged.notes,
        details: vec![("benchmarks", details)],
        headlines: headline.into_iter().collect(),
        ..Section::default()
    }
}

/// What was compared, the worst first.
fn table(comparisons: &[Comparison]) -> Table {
    let mut table =
        Table::new("Benchmarks", &["Measure", "Before", "Now", "Change", "", "Interval", "Verdict"]);
    let mut sorted: Vec<&Comparison> = comparisons.iter().collect();
    sorted.sort_by(|one, other| devops_benchmarks::worst_first(one, other));
    table.left_out = sorted.len().saturating_sub(ROWS) as u64;
    table.rows.extend(sorted.into_iter().take(ROWS).map(row));
    "The bar shows how much worse (to the right) or better a measurement got.".clone_into(&mut table.note);
    table
}

fn row(comparison: &Comparison) -> Vec<String> {
    let largest =
        comparison.before.iter().chain(&comparison.now).fold(0.0, |most: f64, value| most.max(value.abs()));
    let (scale, unit) = scaled(largest, &comparison.unit);
    let value = |value: Option<f64>| {
        value.map_or_else(
            || "–".to_owned(),
            |value| format!("{} {unit}", rounded(value * scale)).trim_end().to_owned(),
        )
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

/// What to multiply values of up to `largest` by so that they are short, and the unit they are in then; only times have one.
fn scaled(largest: f64, unit: &str) -> (f64, &str) {
    const UNITS: [(&str, f64); 4] = [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)];
    let name = if unit == "us" { "µs" } else { unit };
    let Some((_, seconds)) = UNITS.iter().find(|(known, _)| *known == name) else { return (1.0, unit) };
    let fitting = UNITS.iter().find(|(_, size)| largest * seconds >= *size);
    fitting.map_or((1.0, unit), |(fitting, size)| (seconds / size, *fitting))
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

#[cfg(test)]
mod tests {
    use super::{bar, rounded, scaled};

    #[test]
    fn times_are_in_the_unit_that_fits() {
        for (value, unit, expected) in [
            (0.000_004_222, "s", "4.222 µs"),
            (0.012_29, "s", "12.29 ms"),
            (2_484_000.0, "us", "2.484 s"),
            (0.5, "ns", "0.5000 ns"),
            (1_234_567.0, "instructions", "1234567 instructions"),
            (0.0, "s", "0 s"),
        ] {
            let (scale, unit) = scaled(value, unit);
            assert_eq!(format!("{} {unit}", rounded(value * scale)), expected);
        }
    }

    #[test]
    fn a_bar_has_one_length() {
        assert_eq!(bar(1.3), "·····|▇▇▇··");
        assert_eq!(bar(0.7), "··▇▇▇|·····");
        assert_eq!(bar(9.0), "·····|▇▇▇▇▇");
        assert_eq!(bar(1.0), "·····|·····");
    }
}
