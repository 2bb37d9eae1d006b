//! Coverage of what a change adds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::languages::{extension, is_source, is_test};
use super::model::{Coverage, FileCoverage};
use super::totals::Ratio;

/// Lines of a file, in order.
pub(crate) type Ranges = Vec<RangeInclusive<u64>>;

/// What a change adds to one file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PatchFile {
    /// Lines that can be covered and stand in the change.
    pub lines: Ratio,
    pub uncovered: Ranges,
}

/// A changed file of source code that no report mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmentioned {
    pub path: String,
    /// Whether a report mentions other files of its kind.
    pub(crate) is_kind_measured: bool,
}

/// What a change adds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Patch {
    pub lines: Ratio,
    /// Changed files of the reports.
    pub files: BTreeMap<String, PatchFile>,
    /// Changed files of source code that no report mentions.
    pub(crate) unmentioned: Vec<Unmentioned>,
}

/// Looks up the added lines of a change. Nothing that can be covered is an outcome of its own: [`Ratio::percent`] has none.
pub fn patch(coverage: &Coverage, added: &BTreeMap<String, Ranges>) -> Patch {
    let mut patch = Patch::default();
    for (path, ranges) in added {
        if let Some(file) = coverage.files.get(path) {
            let found = patch_file(file, ranges);
            patch.lines = patch.lines + found.lines;
            patch.files.insert(path.clone(), found);
        }
    }
    let measured: BTreeSet<&str> = coverage.files.keys().filter_map(|path| extension(path)).collect();
    let is_left_out = |(path, ranges): &(&String, &Ranges)| {
        !coverage.files.contains_key(*path) && !ranges.is_empty() && !is_test(path)
    };
    let unmentioned = |(path, _): (&String, &Ranges)| {
        let is_kind_measured = extension(path).is_some_and(|end| measured.contains(end));
        (is_kind_measured || is_source(path)).then(|| Unmentioned { path: path.clone(), is_kind_measured })
    };
    patch.unmentioned = added.iter().filter(is_left_out).filter_map(unmentioned).collect();
    patch
}

fn patch_file(file: &FileCoverage, ranges: &[RangeInclusive<u64>]) -> PatchFile {
    let mut sorted: Vec<(u64, u64)> = ranges.iter().map(|range| (*range.start(), *range.end())).collect();
    sorted.sort_unstable();
    let mut left = sorted.into_iter().peekable();
    let mut reach = 0;
    let mut found = PatchFile::default();
    let mut uncovered = Vec::new();
    for line in file.lines() {
        let number = u64::from(line.number);
        while let Some((_, end)) = left.next_if(|(start, _)| *start <= number) {
            reach = reach.max(end);
        }
        if number <= reach {
            found.lines = found.lines + Ratio::new(u64::from(line.hits > 0), 1);
            if line.hits == 0 {
                uncovered.push(number);
            }
        }
    }
    found.uncovered = in_ranges(uncovered.into_iter());
    found
}

/// Numbers in ascending order as ranges.
pub(super) fn in_ranges(numbers: impl Iterator<Item = u64>) -> Ranges {
    let mut ranges: Ranges = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(number) => *last = *last.start()..=number,
            _ => ranges.push(number..=number),
        }
    }
    ranges
}

/// Ranges for people: `3-5, 9`, at most `most` of them.
pub(super) fn shown(ranges: &[RangeInclusive<u64>], most: usize) -> String {
    let one = |range: &RangeInclusive<u64>| match (range.start(), range.end()) {
        (start, end) if start == end => start.to_string(),
        (start, end) => format!("{start}-{end}"),
    };
    let text = ranges.iter().take(most).map(one).collect::<Vec<_>>().join(", ");
    if ranges.len() > most { format!("{text} and {} more", ranges.len() - most) } else { text }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{Strategy as _, prop_assert_eq, proptest};

    use super::super::model::Coverage;
    use super::super::totals::Ratio;
    use super::{in_ranges, patch, shown};

    fn coverage(lines: &[(u32, u32)]) -> Coverage {
        let mut coverage = Coverage::default();
        for (number, hits) in lines {
            coverage.file("src/a.rs").line(*number, *hits);
        }
        coverage.finish();
        coverage
    }

    #[test]
    fn only_added_lines_that_can_be_covered_count() {
        let coverage = coverage(&[(1, 0), (2, 1), (3, 0), (4, 0), (6, 0), (9, 3)]);
        let added = BTreeMap::from([
            ("src/a.rs".to_owned(), vec![6..=20, 2..=4]),
            ("src/new.rs".to_owned(), vec![1..=3]),
            ("src/gone.rs".to_owned(), vec![]),
            ("tests/new.rs".to_owned(), vec![1..=3]),
            ("src/new.kt".to_owned(), vec![1..=3]),
            ("tests/new.kt".to_owned(), vec![1..=3]),
            ("settings.toml".to_owned(), vec![1..=3]),
            ("README.md".to_owned(), vec![1..=3]),
        ]);
        let found = patch(&coverage, &added);
        assert_eq!(found.lines, Ratio::new(2, 5));
        assert_eq!(found.files["src/a.rs"].uncovered, [3..=4, 6..=6]);
        let unmentioned: Vec<(&str, bool)> =
            found.unmentioned.iter().map(|file| (file.path.as_str(), file.is_kind_measured)).collect();
        assert_eq!(unmentioned, [("src/new.kt", false), ("src/new.rs", true)]);
        let nothing = patch(&coverage, &BTreeMap::from([("src/a.rs".to_owned(), vec![5..=5, 7..=8])]));
        assert_eq!(nothing.lines.percent(), None, "nothing to cover is neither 0 nor 100");
    }

    #[test]
    fn ranges_are_short_for_people() {
        assert_eq!(shown(&in_ranges([1, 2, 3, 7, 9, 10].into_iter()), 2), "1-3, 7 and 1 more");
    }

    proptest! {
        #[test]
        fn it_is_what_brute_force_finds(
            lines in proptest::collection::btree_map(1_u32..60, 0_u32..3, 0..40),
            ranges in proptest::collection::vec((1_u64..60, 0_u64..9).prop_map(|(start, more)| start..=start + more), 0..8),
        ) {
            let list: Vec<(u32, u32)> = lines.iter().map(|(number, hits)| (*number, *hits)).collect();
            let added = BTreeMap::from([("src/a.rs".to_owned(), ranges.clone())]);
            let found = patch(&coverage(&list), &added);
            let is_added = |number: u32| ranges.iter().any(|range| range.contains(&u64::from(number)));
            let coverable: Vec<&(u32, u32)> = list.iter().filter(|(number, _)| is_added(*number)).collect();
            let covered = coverable.iter().filter(|(_, hits)| *hits > 0).count() as u64;
            prop_assert_eq!(found.lines, Ratio::new(covered, coverable.len() as u64));
            let told: Vec<u64> = found.files.values().flat_map(|file| file.uncovered.clone()).flatten().collect();
            let expected: Vec<u64> = coverable.iter().filter(|(_, hits)| *hits == 0).map(|(number, _)| u64::from(*number)).collect();
            prop_assert_eq!(told, expected);
        }
    }
}
