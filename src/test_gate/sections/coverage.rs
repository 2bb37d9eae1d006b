//! Coverage of all reports, held against limits, the change and the baseline.

use super::Section;
use crate::change_under_test::ChangeUnderTest;
use crate::covered::Scoped;
use crate::records::Earlier;
use crate::run::RunFacts;
use devops_core::Table;
use devops_core::words::{counted, number};
use devops_coverage::{Coverage, Facts, Limits, Ratio};

/// Maximum number of paths that a note names.
const NAMED: usize = 10;

/// Maximum number of rows of the table.
const ROWS: usize = 50;

/// Maximum number of ranges of lines in a row.
const RANGES: usize = 12;

/// Whether anything is to be judged: there is coverage, now or at the baseline, or a limit asks for it.
pub(crate) fn is_judged(facts: &RunFacts, base: &Earlier<'_>, limits: &Limits) -> bool {
    has_anything(facts, base.coverage.is_some(), limits)
}

fn has_anything(facts: &RunFacts, has_base: bool, limits: &Limits) -> bool {
    !facts.coverage.coverage.is_empty() || has_base || *limits != Limits::default()
}

/// Coverage against its limits, the change and the baseline.
pub(crate) fn section(
    facts: &RunFacts,
    scoped: &Scoped<'_>,
    limits: &Limits,
    change: &ChangeUnderTest,
) -> Section {
    let mut notes = facts.coverage.notes.clone();
    if !has_anything(facts, scoped.base.is_some(), limits) {
        return Section { notes, ..Section::default() };
    }
    let facts = Facts {
        coverage: &scoped.coverage,
        base: scoped.base.as_ref(),
        change: scoped.change.as_ref(),
        tracked: scoped.tracked.as_deref(),
        unclear: Some(&facts.coverage.unclear),
        empty_diff: change.empty_diff(),
        left_out: Some(&scoped.left_out),
    };
    notes.extend(scoped.left_out.notes());
    if let Some(diff) = facts.empty_diff.filter(|_| limits.min_patch_coverage.is_none()) {
        notes.push(format!("the diff {diff} is empty, so the change is unknown"));
    }
    let mut limits = limits.clone();
    if change.is_no_change()
        && let Some(limit) = limits.min_patch_coverage.take()
    {
        notes.push(format!("there is no change here, so `min-patch-coverage` of {limit} % is not checked"));
    }
    notes.extend(edited(&scoped.coverage, change));
    let lines = scoped.coverage.totals().lines;
    let headline = lines.percent().map(|_| format!("{} of lines covered", percent(lines)));
    Section {
        findings: devops_coverage::judge(&limits, &facts),
        notes,
        tables: vec![table(&facts)],
        details: vec![("coverage", devops_coverage::details(&facts))],
        headlines: headline.into_iter().collect(),
        ..Section::default()
    }
}

/// Covered files of the change that are on the disk as no commit has them.
fn edited(coverage: &Coverage, change: &ChangeUnderTest) -> Option<String> {
    let mut edited = change.edited();
    edited.retain(|path| coverage.files.contains_key(path));
    if edited.is_empty() {
        return None;
    }
    let files = counted(edited.len() as u64, "changed file differs", "changed files differ");
    Some(format!(
        "{files} from what is committed, so lines of the patch coverage may be wrong: {}",
        edited.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
    ))
}

/// Changed files, the one with most uncovered lines of the change first; without a change, the least covered files.
fn table(facts: &Facts<'_>) -> Table {
    let Some(change) = facts.change else {
        let mut table = Table::new("Least covered files", &["File", "Before", "Now", "Not covered"]);
        let mut files: Vec<_> = facts.coverage.files.iter().collect();
        files.sort_by_key(|(path, file)| (std::cmp::Reverse(file.totals().lines.uncovered()), *path));
        files.retain(|(_, file)| file.totals().lines.uncovered() > 0);
        table.left_out = files.len().saturating_sub(ROWS) as u64;
        table.rows.extend(files.into_iter().take(ROWS).map(|(path, file)| {
            let now = file.totals().lines;
            vec![path.clone(), before(facts, path), percent(now), count_uncovered(now)]
        }));
        return table;
    };
    let patch = devops_coverage::patch(facts.coverage, &change.added);
    let mut table =
        Table::new("Coverage of changed files", &["File", "Before", "Now", "Of the change", "Not covered"]);
    let mut files: Vec<_> = patch.files.iter().collect();
    files.sort_by_key(|(path, file)| (std::cmp::Reverse(file.lines.uncovered()), *path));
    table.left_out = files.len().saturating_sub(ROWS) as u64;
    table.rows.extend(files.into_iter().take(ROWS).map(|(path, file)| {
        let now = facts.coverage.files.get(path).map(|file| file.totals().lines).unwrap_or_default();
        let old = change.renamed.iter().find(|(_, new)| *new == path).map_or(path, |(old, _)| old);
        let mut ranges: Vec<String> = file.uncovered.iter().take(RANGES).map(range).collect();
        if file.uncovered.len() > RANGES {
            ranges.push("…".to_owned());
        }
        vec![path.clone(), before(facts, old), percent(now), of(file.lines), ranges.join(", ")]
    }));
    if patch.lines.coverable > 0 {
        table.note = format!("Of the change, {} are covered.", of(patch.lines));
    }
    table
}

/// What a file had at the baseline.
fn before(facts: &Facts<'_>, path: &str) -> String {
    facts.base.and_then(|base| base.get(path)).map_or_else(|| "–".to_owned(), |file| percent(file.lines))
}

fn range(range: &std::ops::RangeInclusive<u64>) -> String {
    if range.start() == range.end() {
        range.start().to_string()
    } else {
        format!("{}-{}", range.start(), range.end())
    }
}

fn count_uncovered(ratio: Ratio) -> String {
    counted(ratio.uncovered(), "line", "lines")
}

/// `81.2 %`, never rounded up to a whole it is not.
fn percent(ratio: Ratio) -> String {
    ratio
        .percent()
        .map_or_else(|| "no lines".to_owned(), |percent| format!("{:.1} %", (percent * 10.0).floor() / 10.0))
}

/// `13 of 16 lines (81.2 %)`.
fn of(ratio: Ratio) -> String {
    match ratio.coverable {
        0 => "no lines".to_owned(),
        coverable => format!(
            "{} of {} ({})",
            number(ratio.covered),
            counted(coverable, "line", "lines"),
            percent(ratio)
        ),
    }
}
