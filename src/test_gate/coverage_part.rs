//! Coverage of all reports, judged: merged, mapped to the repository, held against limits, the change and the baseline.

use std::collections::BTreeMap;

use super::beyond_end;
use super::coverage::{self, Coverage, Facts, FileTotals, Limits, Prefixes, Ratio, Scope};
use super::files::File;
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
    /// Tracked files that a path of a report could mean, and the first such path.
    unclear: BTreeMap<String, String>,
}

/// Gives every file its path in the repository, and merges what several reports say of it.
pub(super) fn merge(
    readings: Vec<(File, coverage::Reading)>,
    prefixes: &Prefixes,
    surroundings: &Surroundings,
) -> Covered {
    if readings.is_empty() {
        return Covered::default();
    }
    let tracked = surroundings.tracked();
    let mapper = surroundings.mapper(tracked.as_deref());
    let mut covered = Covered::default();
    let mut unmapped = Vec::new();
    let mut used = Vec::new();
    for (file, reading) in readings {
        let mut origin = surroundings.origin(file.path.as_deref());
        let inside = file.path.as_deref().and_then(|path| surroundings.path_of(path));
        let names: Vec<&str> = [Some(file.label.as_str()), inside.as_deref()].into_iter().flatten().collect();
        if let Some((index, prefix)) = prefixes.of(&names) {
            used.push(index);
            origin.prefix = Some(prefix.to_owned());
        }
        let found = mapper.map(reading, &origin);
        covered.coverage.merge(found.coverage);
        for left in &found.unmapped {
            if let coverage::Why::Ambiguous(files) = &left.why {
                for meant in files {
                    let said = || format!("{} of {}", left.path, file.label);
                    covered.unclear.entry(meant.clone()).or_insert_with(said);
                }
            }
        }
        unmapped.extend(found.unmapped);
    }
    let unused = prefixes.unused(&used);
    covered.notes.extend(unused.map(|text| format!("`coverage-prefix` matches no coverage report: {text}")));
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
    covered.notes.extend(beyond_end::note(&covered.coverage, surroundings.root()));
    covered
}

/// Judges it.
///
/// # Errors
/// Where the change can't be worked out and a limit needs it.
pub(super) fn judge(
    covered: &mut Covered,
    mut base: Option<BTreeMap<String, FileTotals>>,
    limits: &Limits,
    scope: &Scope,
    surroundings: &mut Surroundings,
) -> Result<Part, Error> {
    let is_asked = *limits != Limits::default();
    if covered.coverage.is_empty() && base.is_none() && !is_asked {
        return Ok(Part { notes: covered.notes.clone(), ..Part::default() });
    }
    surroundings.work_out_change()?;
    let mut change = surroundings.change();
    let tracked = covered.tracked.as_deref();
    let left_out = scope.apply(&mut covered.coverage, base.as_mut(), change.as_mut(), tracked);
    let tracked = tracked.map(|tracked| scope.counted(tracked));
    let facts = Facts {
        coverage: &covered.coverage,
        base: base.as_ref(),
        change: change.as_ref(),
        tracked: tracked.as_deref(),
        unclear: Some(&covered.unclear),
        empty_diff: surroundings.empty_diff(),
        left_out: Some(&left_out),
    };
    let mut notes = covered.notes.clone();
    notes.extend(left_out.notes());
    if let Some(diff) = facts.empty_diff.filter(|_| limits.min_patch_coverage.is_none()) {
        notes.push(format!("the diff {diff} is empty, so the change is unknown"));
    }
    let mut limits = limits.clone();
    if surroundings.is_no_change()
        && let Some(limit) = limits.min_patch_coverage.take()
    {
        notes.push(format!("there is no change here, so `min-patch-coverage` of {limit} % is not checked"));
    }
    let edited: Vec<String> =
        surroundings.edited().into_iter().filter(|path| covered.coverage.files.contains_key(path)).collect();
    if !edited.is_empty() {
        let files = counted(edited.len() as u64, "changed file differs", "changed files differ");
        notes.push(format!(
            "{files} from what is committed, so lines of the patch coverage may be wrong: {}",
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
