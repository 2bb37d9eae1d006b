//! The few numbers that matter, drawn: bars whose parts add up to a whole, with the same said in words, and which colour is live.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Document;
use super::facts::total;
use devops_core::words::number;
use devops_core::{Report, Severity};

/// The bar of severities.
const VULNERABILITIES: &str = "Vulnerabilities";
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
    /// Whether it is the part without problems.
    pub(super) is_good: bool,
}

/// A test's outcome by the name of its total, its colour, and whether it is without problems.
const TESTS: [(&str, &str, bool); 6] = [
    ("passed", "c-good", true),
    ("flaky", "c-soft", false),
    ("failed", "c-bad", false),
    ("errored", "c-worst", false),
    ("skipped", "c-quiet", false),
    ("not_run", "c-low", false),
];

impl Bar {
    /// Whether some of its parts are good and others not, so that it can be drawn as a share.
    pub(super) fn is_share(&self) -> bool {
        self.name != VULNERABILITIES
    }

    /// How many of so many blocks are good; none where something is wrong everywhere, all where nothing is.
    pub(super) fn good(&self, blocks: usize) -> usize {
        let good: u64 = self.parts.iter().filter(|part| part.is_good).map(|part| part.width).sum();
        usize::try_from(good * blocks as u64 / WHOLE).unwrap_or(blocks).min(blocks)
    }

    /// Its parts in words.
    pub(super) fn legend(&self) -> String {
        self.parts.iter().map(|part| part.label.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The bars that the reports have numbers for: tests by state, coverage of lines, open vulnerabilities by severity.
pub(super) fn bars(document: &Document<'_>) -> Vec<Bar> {
    let reports = document.reports();
    let of_each = reports.iter().flat_map(|report| tests(report).into_iter().chain(coverage(report)));
    of_each.chain(vulnerabilities(reports)).collect()
}

fn tests(report: &Report) -> Option<Bar> {
    report.totals.get("tests")?;
    let count = |(name, class, is_good): (&'static str, &'static str, bool)| {
        let amount = total(report, name).unwrap_or(0);
        Share { label: format!("{} {}", number(amount), name.replace('_', " ")), class, is_good, amount }
    };
    bar("Tests", TESTS.map(count).into())
}

/// How much of the lines is covered, if the details have it.
fn coverage(report: &Report) -> Option<Bar> {
    let lines = report.details.get("coverage")?.get("lines")?;
    let get = |name: &str| lines.get(name).and_then(Value::as_u64);
    let (covered, coverable) = (get("covered")?, get("coverable")?);
    // Rounded down as in the job's headline: what is not all covered is never 100 %.
    let tenths = u128::from(covered) * 1_000 / u128::from(coverable.max(1));
    let part = |label: String, class, is_good, amount| Share { label, class, is_good, amount };
    let missed = coverable.saturating_sub(covered);
    bar(
        "Coverage",
        vec![
            part(format!("{}.{} % of lines covered", tenths / 10, tenths % 10), "c-good", true, covered),
            part(format!("{} not covered", number(missed)), "c-quiet", false, missed),
        ],
    )
}

/// Open findings about advisories by severity, each package with an advisory once.
fn vulnerabilities(reports: &[Report]) -> Option<Bar> {
    let mut known: BTreeSet<(Severity, &str, &str, &str)> = BTreeSet::new();
    for report in reports {
        for finding in report.open() {
            let fact = |name: &str| finding.subject.get(name).and_then(Value::as_str);
            if let (Some(advisory), Some(package)) = (fact("advisory"), fact("package")) {
                known.insert((finding.severity, advisory, package, fact("version").unwrap_or_default()));
            }
        }
    }
    let amount = |severity: Severity| {
        let amount = known.iter().filter(|(found, ..)| *found == severity).count() as u64;
        let class = match severity {
            Severity::Critical => "c-worst",
            Severity::High => "c-bad",
            Severity::Medium => "c-soft",
            Severity::Low => "c-low",
            Severity::Info => "c-quiet",
        };
        Share { label: format!("{} {severity}", number(amount)), class, is_good: false, amount }
    };
    bar(VULNERABILITIES, Severity::ALL.map(amount).into())
}

/// The colour that users get after a promotion, in words; none where no job promoted.
pub(super) fn live(document: &Document<'_>) -> Option<String> {
    document.reports().iter().find_map(|report| {
        let get = |name: &str| report.details.get(name).and_then(Value::as_str);
        let (from, to) = (get("from")?, get("to")?);
        Some(match get("state")? {
            "promoted" => format!("{to}, before it {from}"),
            "planned" => format!("{from}, would become {to}"),
            "held" => format!("on the way from {from} to {to}"),
            "unchanged" if from == to => to.to_owned(),
            _ => from.to_owned(),
        })
    })
}

/// A part before it has a place.
struct Share {
    label: String,
    class: &'static str,
    is_good: bool,
    amount: u64,
}

/// A bar of amounts, or none where all are zero.
fn bar(name: &'static str, amounts: Vec<Share>) -> Option<Bar> {
    let amounts: Vec<Share> = amounts.into_iter().filter(|part| part.amount > 0).collect();
    let sum: u128 = amounts.iter().map(|part| u128::from(part.amount)).sum();
    let widths: Vec<u64> = amounts.iter().map(|part| width(part.amount, sum)).collect();
    let over = widths.iter().sum::<u64>().saturating_sub(WHOLE);
    let widest = widths.iter().copied().max()?;
    let mut start = 0;
    let mut is_trimmed = false;
    let parts: Vec<Part> = amounts
        .into_iter()
        .zip(widths)
        .map(|(amount, mut width)| {
            if width == widest && !is_trimmed {
                // What the smallest parts were given more, the widest gives.
                width = width.saturating_sub(over);
                is_trimmed = true;
            }
            let Share { label, class, is_good, .. } = amount;
            let part = Part { start, width, class, label, is_good };
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
    use super::{Bar, Share, WHOLE, bar};

    fn of(amounts: &[(&str, u64)]) -> Option<Bar> {
        let amount = |(name, amount): &(&str, u64)| Share {
            label: format!("{amount} {name}"),
            class: "a",
            is_good: *name == "passed",
            amount: *amount,
        };
        bar("Tests", amounts.iter().map(amount).collect())
    }

    #[test]
    fn small_parts_are_seen_and_the_bar_stays_whole() {
        let bar = of(&[("passed", 1_000_000), ("failed", 1), ("skipped", 0)]).unwrap();
        assert_eq!(bar.text, "Tests: 1000000 passed, 1 failed");
        assert_eq!(bar.parts.len(), 2);
        assert_eq!(bar.parts.iter().map(|part| part.width).sum::<u64>(), WHOLE);
        assert_eq!(bar.parts[1].width, 4);
        assert_eq!(bar.good(20), 19, "one failure is seen in blocks as well");
    }

    #[test]
    fn nothing_has_no_bar() {
        assert!(of(&[("passed", 0)]).is_none());
        assert!(of(&[("passed", u64::MAX), ("failed", u64::MAX)]).is_some());
    }
}
