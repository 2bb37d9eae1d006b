//! The tests of a run held against the baseline.

use super::baseline::{self, Baseline, Change, Comparison, Limits};
use super::execution::numbered;
use super::gate::{FailedTest, Gate};
use super::part::Part;
use super::rules;
use crate::core::words::{counted, number};
use crate::core::{Finding, Table};

/// Most tests named in a row.
const NAMED: usize = 5;

/// What only new failures need to know.
pub(super) struct Known {
    /// Of each listed failed test, whether it failed before.
    pub(super) before: Vec<bool>,
    /// The findings about them.
    pub(super) failures: Vec<Finding>,
    /// Those about new failures that stand behind so many known ones that no report's list has them.
    pub(super) unlisted: Vec<Finding>,
    /// How many failures are new.
    pub(super) new: u64,
}

/// Compares the tests that were read.
pub(super) fn compare(gate: &Gate, base: &Baseline, limits: &Limits) -> (Part, Known) {
    let comparison = baseline::compare(&gate.ledger, base, limits);
    let mut findings = baseline::rules::findings(&comparison, limits);
    if limits.max_slowdown.is_some() && gate.is_untimed() {
        findings.push(baseline::rules::untimed());
    }
    if let Some(least) = limits.missed(comparison.before, comparison.now) {
        let said = baseline::rules::dropped(comparison.before, comparison.now, least);
        findings.push(rules::dropped(said, comparison.now.executions, least));
    }
    let mut notes = Vec::new();
    if comparison.not_tried > 0 {
        notes.push(format!(
            "{} too many to search for new names, so they count as gone",
            counted(comparison.not_tried, "test was one of", "tests were")
        ));
    }
    let tables = vec![changes(&comparison), flaky(&comparison)];
    let details = Some(("comparison", baseline::details(&comparison)));
    (Part { findings, notes, tables, details, headline: None }, known(gate, &comparison))
}

/// What only new failures need to know.
fn known(gate: &Gate, comparison: &Comparison<'_>) -> Known {
    let is_known =
        |failed: &FailedTest| comparison.is_known_failure(&failed.scope, &failed.name, failed.execution);
    let is_listed = |change: &&Change<'_>| gate.failed_tests.iter().any(|failed| failed.is(change));
    let unlisted = |change: &Change<'_>| {
        let scope = change.test.scope;
        let name = numbered(change.test.name, change.row());
        rules::new_failure(&baseline::rules::name_of(change), &scope.text, &name, &scope.environment)
    };
    let room = usize::try_from(rules::LISTED).unwrap_or(usize::MAX);
    let new = comparison.new_failures.iter().filter(|change| !is_listed(change));
    Known {
        unlisted: new.take(room).map(unlisted).collect(),
        before: gate.failed_tests.iter().map(is_known).collect(),
        failures: baseline::rules::failed_before(comparison),
        new: comparison.new_failures.len() as u64,
    }
}

/// What changed, the worst first.
fn changes(comparison: &Comparison<'_>) -> Table {
    let mut table = Table::new("What changed", &["Change", "Tests"]);
    table.leads = true;
    let slower: Vec<Change<'_>> = comparison.slower.iter().map(|slower| slower.change).collect();
    let kinds: [(&str, &str, &[Change<'_>]); 12] = [
        ("new failure", "new failures", &comparison.new_failures),
        ("known failure", "known failures", &comparison.known_failures),
        ("vanished", "vanished", &comparison.vanished),
        ("ran less often", "ran less often", &comparison.fewer),
        ("newly skipped", "newly skipped", &comparison.newly_skipped),
        ("slower", "slower", &slower),
        ("fixed", "fixed", &comparison.fixed),
        ("no longer skipped", "no longer skipped", &comparison.unskipped),
        ("moved", "moved", &comparison.moved),
        ("renamed", "renamed", &comparison.renamed),
        ("with other parameters", "with other parameters", &comparison.other_parameters),
        ("new test", "new tests", &comparison.new),
    ];
    for (one, many, list) in kinds.into_iter().filter(|(_, _, list)| !list.is_empty()) {
        table.rows.push(vec![counted(list.len() as u64, one, many), names(list)]);
    }
    table
}

/// The first tests of a list, and how many more there are.
fn names(list: &[Change<'_>]) -> String {
    let first = list.iter().take(NAMED).map(baseline::rules::name_of);
    let named = first.collect::<Vec<_>>().join(", ");
    match list.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {} more", number(more as u64)),
    }
}

/// Tests that failed in some of the runs, with what that says about how often they do.
fn flaky(comparison: &Comparison<'_>) -> Table {
    let mut table = Table::new("Flaky tests", &["Test", "Bad runs", "Share, 95 % interval"]);
    table.left_out = comparison.flaky.len().saturating_sub(50) as u64;
    table.rows.extend(comparison.flaky.iter().take(50).map(|flaky| {
        let percent = |share: f64| format!("{:.1}", share * 100.0);
        vec![
            baseline::rules::title(flaky.test),
            format!("{} of {}", number(flaky.share.seen), number(flaky.share.of)),
            format!(
                "{} % ({} to {} %)",
                percent(flaky.share.share()),
                percent(flaky.share.low),
                percent(flaky.share.high)
            ),
        ]
    }));
    table
}
