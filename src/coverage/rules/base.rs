//! Comparison with the baseline.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::model::FileCoverage;
use super::super::totals::{FileTotals, Percent, Ratio};
use super::{DROPPED, Facts, VANISHED, at_first, listed, test_these, uncovered, with_numbers};
use devops_core::words::count;
use devops_core::{Finding, Location};

/// The baseline without lines that are gone: as many covered ones as the whole lost lines are taken out of both numbers, so
/// that the removal of tested code is no drop, and a test that is gone is.
pub(super) fn adjusted(base: Ratio, head: Ratio) -> Ratio {
    let fewer = base.coverable.saturating_sub(head.coverable);
    let gone = fewer.min(base.covered.saturating_sub(head.covered));
    Ratio::new(base.covered - gone, base.coverable - gone)
}

/// Judges all lines against the baseline; one that is not known does not pass.
pub(super) fn dropped(tolerance: Percent, facts: &Facts<'_>) -> Option<Finding> {
    let head = facts.coverage.totals().lines;
    let Some(base) = facts.base else {
        let finding = Finding::new(&DROPPED, "no baseline to compare coverage with", &["baseline"])
            .about("tolerance", tolerance.to_string())
            .help("give a baseline with coverage, or remove `max-coverage-drop`");
        return Some(finding);
    };
    let before = base.values().fold(Ratio::default(), |all, file| all + file.lines);
    let is_gone = head.coverable == 0 && before.coverable > 0;
    if !is_gone && !head.has_dropped(adjusted(before, head), tolerance) {
        return None;
    }
    let title =
        format!("line coverage: {head}, {before} in the baseline; the maximum drop is {tolerance} points");
    let finding = with_numbers(Finding::new(&DROPPED, title, &[]), head)
        .about("base_covered", before.covered)
        .about("base_coverable", before.coverable)
        .about("tolerance", tolerance.to_string());
    // The file that lost most explains most.
    let now = |path: &str| facts.coverage.files.get(path);
    let lost = |path: &str, file: &FileCoverage| {
        let old = facts.change.and_then(|change| change.renamed.iter().find(|(_, new)| *new == path));
        let old = base.get(old.map_or(path, |(old, _)| old)).copied().unwrap_or_default();
        file.totals().lines.uncovered().saturating_sub(old.lines.uncovered())
    };
    let mut worst: Vec<_> =
        facts.coverage.files.iter().map(|(path, file)| (lost(path, file), path)).collect();
    worst.retain(|(lost, _)| *lost > 0);
    worst.sort_by_key(|(lost, path)| (Reverse(*lost), *path));
    let detail = worst
        .iter()
        .take(10)
        .map(|(lost, path)| format!("{path}: {} more than before", count(*lost, "uncovered line")));
    let finding = finding.detail(detail.collect::<Vec<_>>().join("\n"));
    Some(match worst.first().and_then(|(_, path)| Some((path, now(path)?))) {
        Some((path, file)) => {
            let missing = uncovered(file);
            at_first(finding.help(test_these(path, &missing)), path, &missing)
        }
        None => finding.help("find out which tests or coverage reports are missing"),
    })
}

/// Looks for files of the baseline that no report mentions any more.
pub(super) fn vanished(base: &BTreeMap<String, FileTotals>, facts: &Facts<'_>) -> Vec<Finding> {
    let is_tracked = |path: &String| facts.tracked.is_none_or(|tracked| tracked.binary_search(path).is_ok());
    let mut findings = Vec::new();
    for (old, totals) in base.iter().filter(|(_, totals)| totals.lines.coverable > 0) {
        let new = facts.change.and_then(|change| change.renamed.get(old));
        let path = new.unwrap_or(old);
        let is_deleted = new.is_none() && facts.change.is_some_and(|change| change.deleted.contains(old));
        if facts.coverage.files.contains_key(path) || is_deleted || !is_tracked(path) {
            continue;
        }
        let mut finding =
            Finding::new(&VANISHED, format!("{path} is no longer in any coverage report"), &[path])
                .detail(format!("{} lines covered in the baseline", totals.lines))
                .named("file", path.as_str())
                .about("base_covered", totals.lines.covered)
                .about("base_coverable", totals.lines.coverable)
                .at(Location::file(path))
                .help(
                    "find out why it is no longer measured: a missing shard, a filter, or a missing report",
                );
        if new.is_some() {
            finding = finding.named("renamed_from", old.as_str());
        }
        findings.push(finding);
    }
    listed(&VANISHED, findings)
}
