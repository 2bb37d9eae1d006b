//! Coverage of all reports, merged under the paths of the repository, and what of it counts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::beyond_end;
use super::change_under_test::ChangeUnderTest;
use super::files::File;
use devops_core::words::{counted, number};
use devops_coverage::{Coverage, FileTotals, LeftOut, Prefixes, Scope};

/// Maximum number of paths that a note names.
const NAMED: usize = 10;

/// Coverage of all reports with paths of the repository.
#[derive(Default)]
pub(super) struct Covered {
    pub(super) coverage: Coverage,
    pub(super) notes: Vec<String>,
    /// Every tracked file, where there is coverage and a repository.
    pub(super) tracked: Option<Vec<String>>,
    /// Tracked files that a path of a report could mean, and the first such path.
    pub(super) unclear: BTreeMap<String, String>,
}

/// What counts of the coverage, of the baseline's numbers and of the change.
pub(super) struct Scoped<'a> {
    pub(super) coverage: Cow<'a, Coverage>,
    pub(super) base: Option<BTreeMap<String, FileTotals>>,
    pub(super) change: Option<devops_coverage::Change>,
    pub(super) tracked: Option<Cow<'a, [String]>>,
    pub(super) left_out: LeftOut,
}

impl Covered {
    /// Gives every file its path in the repository, and merges what several reports say of it.
    pub(super) fn merge(
        readings: Vec<(File, devops_coverage::Reading)>,
        prefixes: &Prefixes,
        change: &ChangeUnderTest,
    ) -> Self {
        if readings.is_empty() {
            return Self::default();
        }
        let tracked = change.tracked();
        let mapper = change.mapper(tracked.as_deref());
        let mut covered = Self::default();
        let mut unmapped = Vec::new();
        let mut used = Vec::new();
        for (file, reading) in readings {
            let mut origin = change.origin(file.path.as_deref());
            let inside = file.path.as_deref().and_then(|path| change.path_of(path));
            let names: Vec<&str> =
                [Some(file.label.as_str()), inside.as_deref()].into_iter().flatten().collect();
            if let Some((index, prefix)) = prefixes.of(&names) {
                used.push(index);
                origin.prefix = Some(prefix.to_owned());
            }
            let found = mapper.map(reading, &origin);
            covered.coverage.merge(found.coverage);
            for left in &found.unmapped {
                if let devops_coverage::Why::Ambiguous(files) = &left.why {
                    for meant in files {
                        let said = || format!("{} of {}", left.path, file.label);
                        covered.unclear.entry(meant.clone()).or_insert_with(said);
                    }
                }
            }
            unmapped.extend(found.unmapped);
        }
        let unused = prefixes.unused(&used);
        covered
            .notes
            .extend(unused.map(|text| format!("`coverage-prefix` matches no coverage report: {text}")));
        covered.notes.extend(not_mapped(unmapped));
        drop(mapper);
        covered.tracked = tracked;
        covered.notes.extend(beyond_end::note(&covered.coverage, change.root()));
        covered
    }

    /// What of it counts, and of the baseline's numbers and the change.
    pub(super) fn scoped(
        &self,
        scope: &Scope,
        mut base: Option<BTreeMap<String, FileTotals>>,
        mut change: Option<devops_coverage::Change>,
    ) -> Scoped<'_> {
        let tracked = self.tracked.as_deref();
        let mut coverage = Cow::Borrowed(&self.coverage);
        let left_out = if *scope == Scope::default() {
            LeftOut::default()
        } else {
            scope.apply(coverage.to_mut(), base.as_mut(), change.as_mut(), tracked)
        };
        Scoped { coverage, base, change, tracked: tracked.map(|tracked| scope.counted(tracked)), left_out }
    }
}

/// The files of reports that are none of the repository's.
fn not_mapped(mut unmapped: Vec<devops_coverage::Unmapped>) -> Option<String> {
    unmapped.sort();
    unmapped.dedup();
    if unmapped.is_empty() {
        return None;
    }
    let named: Vec<String> = unmapped.iter().take(NAMED).map(ToString::to_string).collect();
    let more = unmapped.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {} more", number(more as u64)) } else { String::new() };
    let files = counted(unmapped.len() as u64, "file", "files");
    Some(format!("coverage of {files} not mapped to the repository: {}{more}", named.join(", ")))
}
