//! Coverage of all reports, judged: merged, mapped to the repository, held against limits, the change and the baseline.

use std::collections::BTreeMap;

use super::coverage::{self, Coverage, Facts, FileTotals, Limits, Ratio};
use super::part::Part;
use super::surroundings::Surroundings;
use crate::core::words::{counted, number};
use crate::core::{Error, Table};

/// Most paths that a note names.
const NAMED: usize = 10;

/// Most rows of the table.
const ROWS: usize = 50;

/// Most ranges of lines in a row.
const RANGES: usize = 12;

/// Coverage of all reports with paths of the repository.
#[derive(Default)]
pub(super) struct Covered {
    pub(super) coverage: Coverage,
    pub(super) notes: Vec<String>,
    pub(super) tracked: Option<Vec<String>>,
}

/// Gives every file its path in the repository, and merges what several reports say of it.
pub(super) fn merge(readings: Vec<(String, coverage::Reading)>, surroundings: &Surroundings) -> Covered {
    if readings.is_empty() {
        return Covered::default();
    }
    let tracked = surroundings.tracked();
    let mapper = surroundings.mapper(tracked.as_deref());
    let mut covered = Covered::default();
    let mut unmapped = Vec::new();
    for (_, reading) in readings {
        let found = mapper.map(reading, &coverage::Origin::default());
        covered.coverage.merge(found.coverage);
        unmapped.extend(found.unmapped);
    }
    unmapped.sort();
    unmapped.dedup();
    if !unmapped.is_empty() {
        let named: Vec<String> = unmapped.iter().take(NAMED).map(ToString::to_string).collect();
        let more = unmapped.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {} more", number(more as u64)) } else { String::new() };
        let files = counted(unmapped.len() as u64, "file", "files");
        covered
            .notes
            .push(format!("coverage of {files} not mapped to the repository: {}{more}", named.join(", ")));
    }
    drop(mapper);
    covered.tracked = tracked;
    covered
}

/// Judges it.
///
/// # Errors
/// Where the change can't be worked out and a limit needs it.
pub(super) fn judge(
    covered: &Covered,
    base: Option<&BTreeMap<String, FileTotals>>,
    limits: &Limits,
    surroundings: &mut Surroundings,
) -> Result<Part, Error> {
    let is_asked = *limits != Limits::default();
    if covered.coverage.is_empty() && base.is_none() && !is_asked {
        return Ok(Part { notes: covered.notes.clone(), ..Part::default() });
    }
    surroundings.work_out_change()?;
    let change = surroundings.change();
    let facts = Facts {
        coverage: &covered.coverage,
        base,
        change: change.as_ref(),
        tracked: covered.tracked.as_deref(),
    };
    let mut notes = covered.notes.clone();
    let mut limits = limits.clone();
    if surroundings.is_no_change()
        && let Some(limit) = limits.min_patch_coverage.take()
    {
        notes.push(format!(
            "no change is judged here, so that `min-patch-coverage` of {limit} % waits for one"
        ));
    }
    let edited: Vec<String> =
        surroundings.edited().into_iter().filter(|path| covered.coverage.files.contains_key(path)).collect();
    if !edited.is_empty() {
        let files = counted(edited.len() as u64, "changed file differs", "changed files differ");
        notes.push(format!(
            "{files} from what is committed, so that lines of its patch coverage may be off: {}",
            edited.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    let totals = covered.coverage.totals();
    Ok(Part {
        findings: coverage::judge(&limits, &facts),
        notes,
        tables: vec![table(&facts)],
        details: Some(("coverage", coverage::details(&facts))),
        headline: totals.lines.percent().map(|_| format!("{} of lines covered", percent(totals.lines))),
    })
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
    let patch = coverage::patch(facts.coverage, &change.added);
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
