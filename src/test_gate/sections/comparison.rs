//! The tests of a run held against the baseline.

use super::Section;
use crate::baseline::{self, Change, Comparison, Limits};
use crate::rules;
use crate::run::RunFacts;
use devops_core::Table;
use devops_core::words::{counted, number};

/// Maximum number of tests named in a row.
const NAMED: usize = 5;

/// The tests that changed against the baseline, and whether more of them are gone than may be.
pub(crate) fn section(facts: &RunFacts, comparison: Option<&Comparison<'_>>, limits: &Limits) -> Section {
    let Some(comparison) = comparison else { return Section::default() };
    let mut findings = baseline::rules::findings(comparison, limits);
    if limits.max_slowdown.is_some() && facts.is_untimed() {
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
    Section {
        findings,
        notes,
        tables: vec![changes(comparison), flaky(comparison)],
        details: vec![("comparison", baseline::details(comparison))],
        ..Section::default()
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
