//! Charts of a report's totals: bars whose parts add up to a whole, with the same said in words.

use super::facts::total;
use crate::core::Report;
use crate::core::words::number;

/// Width of a whole bar in the units of its picture.
const WHOLE: u64 = 1_000;

/// A bar.
pub(super) struct Bar {
    /// What it shows.
    pub(super) name: &'static str,
    /// The same in words.
    pub(super) text: String,
    /// Its parts, from left to right.
    pub(super) parts: Vec<Part>,
}

/// A part of a bar.
pub(super) struct Part {
    /// Where it starts.
    pub(super) start: u64,
    /// How wide it is, at least one unit, so that one failure in a million is seen.
    pub(super) width: u64,
    /// Its colour.
    pub(super) class: &'static str,
    /// What it counts.
    pub(super) label: String,
}

/// The outcome of tests, by the names of their totals.
const TESTS: [(&str, &str); 6] = [
    ("passed", "c-good"),
    ("flaky", "c-soft"),
    ("failed", "c-bad"),
    ("errored", "c-worst"),
    ("skipped", "c-quiet"),
    ("not_run", "c-low"),
];

/// Severities of open findings, the worst first.
const SEVERITIES: [(&str, &str); 5] =
    [("critical", "c-worst"), ("high", "c-bad"), ("medium", "c-soft"), ("low", "c-low"), ("info", "c-quiet")];

/// The bars a report has the numbers for: tests, then severities where there is more than one finding.
pub(super) fn bars(report: &Report) -> Vec<Bar> {
    let tests = TESTS.map(|(name, class)| (name, class, total(report, name).unwrap_or(0)));
    let is_counted = SEVERITIES.iter().any(|(name, _)| report.totals.contains_key(*name));
    let severities = SEVERITIES.map(|(name, class)| {
        let counted = || report.open().filter(|finding| finding.severity.as_str() == name).count() as u64;
        (name, class, if is_counted { total(report, name).unwrap_or(0) } else { counted() })
    });
    let mut bars = Vec::new();
    if report.totals.contains_key("tests") {
        bars.extend(bar("Tests", &tests));
    }
    if severities.iter().fold(0_u64, |sum, (_, _, amount)| sum.saturating_add(*amount)) > 1 {
        let name = if is_counted { "Vulnerabilities by severity" } else { "Open findings by severity" };
        bars.extend(bar(name, &severities));
    }
    bars
}

/// A bar of amounts, or none where all are zero.
fn bar(name: &'static str, amounts: &[(&str, &'static str, u64)]) -> Option<Bar> {
    let amounts: Vec<_> = amounts.iter().filter(|(_, _, amount)| *amount > 0).collect();
    let sum: u128 = amounts.iter().map(|(_, _, amount)| u128::from(*amount)).sum();
    let widths: Vec<u64> = amounts.iter().map(|(_, _, amount)| width(*amount, sum)).collect();
    let over = widths.iter().sum::<u64>().saturating_sub(WHOLE);
    let widest = widths.iter().copied().max()?;
    let mut start = 0;
    let mut is_trimmed = false;
    let parts: Vec<Part> = amounts
        .iter()
        .zip(widths)
        .map(|((name, class, amount), mut width)| {
            if width == widest && !is_trimmed {
                // What the smallest parts were given more, the widest gives.
                width = width.saturating_sub(over);
                is_trimmed = true;
            }
            let label = format!("{} {}", number(*amount), name.replace('_', " "));
            let part = Part { start, width, class, label };
            start += part.width;
            part
        })
        .collect();
    let labels: Vec<&str> = parts.iter().map(|part| part.label.as_str()).collect();
    Some(Bar { name, text: format!("{name}: {}", labels.join(", ")), parts })
}

/// The share of an amount, at least four units.
fn width(amount: u64, sum: u128) -> u64 {
    let share = u128::from(amount) * u128::from(WHOLE) / sum.max(1);
    u64::try_from(share).unwrap_or(WHOLE).max(4)
}

#[cfg(test)]
mod tests {
    use super::{WHOLE, bar};

    #[test]
    fn small_parts_are_seen_and_the_bar_stays_whole() {
        let bar =
            bar("Tests", &[("passed", "a", 1_000_000), ("failed", "b", 1), ("skipped", "c", 0)]).unwrap();
        assert_eq!(bar.text, "Tests: 1,000,000 passed, 1 failed");
        assert_eq!(bar.parts.len(), 2);
        assert_eq!(bar.parts.iter().map(|part| part.width).sum::<u64>(), WHOLE);
        assert_eq!(bar.parts[1].width, 4);
    }

    #[test]
    fn nothing_has_no_bar() {
        assert!(bar("Tests", &[("passed", "a", 0)]).is_none());
        assert!(bar("Tests", &[("passed", "a", u64::MAX), ("failed", "b", u64::MAX)]).is_some());
    }
}
