//! What was covered: lines and branches by file, compact and sorted.

use std::collections::BTreeMap;

use super::Format;
use super::numbers::Count;
use super::totals::{FileTotals, Ratio};
use devops_core::words::counted;
use devops_reading::hash::hash_of;

/// The last line that a file can have; what stands beyond it is no line of a program.
pub(crate) const LAST_LINE: u32 = 2_000_000;

/// A line that can be covered, and how often it was; counts stop at what fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub(crate) hits: u32,
}

/// One way out of a branch, known by a key that is the same in every report of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arm {
    pub(super) line: u32,
    pub(super) hits: u32,
    pub(super) key: u64,
}

/// How many ways out of the branches of a line were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branches {
    pub line: u32,
    pub covered: u32,
    pub total: u32,
}

/// The key of an arm: who says it, so that two formats of one run are never added up, and what names it there.
pub(super) fn arm_key(format: &Format, name: impl std::hash::Hash) -> u64 {
    u64::from(format.tag()) << 48 | hash_of(&name) >> 16
}

/// Coverage of one file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    pub(super) lines: Vec<Line>,
    pub(super) arms: Vec<Arm>,
    /// Branches of formats that count them without identifying them.
    pub(super) counts: Vec<Branches>,
    /// How many of each are sorted already.
    settled: usize,
    /// Counters that overflowed, and the line of the first.
    pub(super) overflowed: u64,
    pub(super) first_overflowed: u32,
}

impl FileCoverage {
    /// Notes that a counter of a line overflowed.
    pub(super) fn overflow(&mut self, line: u32) {
        if self.overflowed == 0 {
            self.first_overflowed = line;
        }
        self.overflowed += 1;
    }

    /// The hits that count, of a count at a line.
    fn hits(&mut self, line: u32, count: Count) -> u32 {
        if count == Count::Overflowed {
            self.overflow(line);
        }
        count.hits()
    }

    /// Adds to the hits of a line; zero is no line.
    pub(super) fn line(&mut self, number: u32, count: impl Into<Count>) {
        let hits = self.hits(number, count.into());
        match self.lines.last_mut() {
            _ if number == 0 => {}
            Some(last) if last.number == number => last.hits = last.hits.saturating_add(hits),
            _ => {
                self.lines.push(Line { number, hits });
                self.settle_at(self.lines.len());
            }
        }
    }

    /// Adds to the hits of one way out of a branch.
    pub(super) fn arm(&mut self, line: u32, key: u64, count: impl Into<Count>) {
        let hits = self.hits(line, count.into());
        if line > 0 {
            self.arms.push(Arm { line, hits, key });
            self.settle_at(self.arms.len());
        }
    }

    /// Takes branches that are only counted. Two runs of them can't be matched, so the better one counts: a lower bound.
    pub(super) fn count(&mut self, line: u32, covered: u32, total: u32) {
        if line > 0 && total > 0 {
            self.counts.push(Branches { line, covered: covered.min(total), total });
            self.settle_at(self.counts.len());
        }
    }

    /// Sorts now and then, so that lines reported a thousand times take no more room than lines reported once.
    fn settle_at(&mut self, length: usize) {
        if length > self.settled.saturating_mul(2).max(4096) {
            self.settle();
        }
    }

    /// Sorts, and makes one of what is about the same thing.
    pub(super) fn settle(&mut self) {
        if !self.lines.is_sorted_by_key(|line| line.number) {
            self.lines.sort_unstable_by_key(|line| line.number);
        }
        self.lines.dedup_by(|line, kept| {
            let is_same = line.number == kept.number;
            if is_same {
                kept.hits = kept.hits.saturating_add(line.hits);
            }
            is_same
        });
        self.arms.sort_unstable_by_key(|arm| (arm.line, arm.key));
        self.arms.dedup_by(|arm, kept| {
            let is_same = (arm.line, arm.key) == (kept.line, kept.key);
            if is_same {
                kept.hits = kept.hits.saturating_add(arm.hits);
            }
            is_same
        });
        self.counts
            .sort_unstable_by_key(|count| (count.line, std::cmp::Reverse((count.total, count.covered))));
        self.counts.dedup_by_key(|count| count.line);
        self.settled = self.lines.len().max(self.arms.len()).max(self.counts.len());
    }

    /// Ends the building: sorted, small, and a file that only has branches has their lines.
    pub(super) fn finish(&mut self) {
        self.settle();
        if self.lines.is_empty() {
            for branches in self.branches() {
                self.lines.push(Line { number: branches.line, hits: u32::from(branches.covered > 0) });
            }
        }
        self.lines.shrink_to_fit();
        self.arms.shrink_to_fit();
        self.counts.shrink_to_fit();
        self.settled = 0;
    }

    /// The lines that can be covered, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The branches by line, in order. If several formats have a line, the one with the most branches decides.
    pub fn branches(&self) -> Vec<Branches> {
        let mut all = self.counts.clone();
        for arms in
            self.arms.chunk_by(|one, other| (one.line, one.key >> 48) == (other.line, other.key >> 48))
        {
            let covered = arms.iter().filter(|arm| arm.hits > 0).count();
            let line = arms.first().map_or(0, |arm| arm.line);
            all.push(Branches {
                line,
                covered: u32::try_from(covered).unwrap_or(u32::MAX),
                total: u32::try_from(arms.len()).unwrap_or(u32::MAX),
            });
        }
        all.sort_unstable_by_key(|count| (count.line, std::cmp::Reverse((count.total, count.covered))));
        all.dedup_by_key(|count| count.line);
        all
    }

    /// The lines that nothing covered, in order.
    pub fn uncovered(&self) -> impl Iterator<Item = u32> {
        self.lines.iter().filter(|line| line.hits == 0).map(|line| line.number)
    }

    /// The numbers of the file.
    pub fn totals(&self) -> FileTotals {
        let covered = self.lines.iter().filter(|line| line.hits > 0).count() as u64;
        let mut branches = Ratio::default();
        for count in self.branches() {
            branches = branches + Ratio::new(count.covered.into(), count.total.into());
        }
        FileTotals { lines: Ratio::new(covered, self.lines.len() as u64), branches }
    }
}

/// Coverage by the path of each file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Each file, by its path.
    pub files: BTreeMap<String, FileCoverage>,
    /// The file that is being built, which is asked for line by line.
    open: Option<(String, FileCoverage)>,
}

impl Coverage {
    /// The file at a path, which is there from now on; [`Coverage::finish`] ends it.
    pub(super) fn file(&mut self, path: &str) -> &mut FileCoverage {
        if self.open.as_ref().is_none_or(|(open, _)| open != path) {
            self.close();
            let known = std::mem::take(self.files.entry(path.to_owned()).or_default());
            self.open = Some((path.to_owned(), known));
        }
        &mut self.open.get_or_insert_default().1
    }

    fn close(&mut self) {
        if let Some((path, file)) = self.open.take() {
            self.files.insert(path, file);
        }
    }

    /// Ends the building of every file.
    pub(super) fn finish(&mut self) {
        self.close();
        self.files.values_mut().for_each(FileCoverage::finish);
    }

    /// A note about counters that overflowed, if any did; they are forgotten then.
    pub(super) fn overflowed(&mut self) -> Option<String> {
        let mut amount = 0;
        let mut first = None;
        for (path, file) in &mut self.files {
            let overflowed = std::mem::take(&mut file.overflowed);
            if overflowed > 0 {
                first.get_or_insert_with(|| format!("{} of {path}", file.first_overflowed));
            }
            file.first_overflowed = 0;
            amount += overflowed;
        }
        let counts = counted(amount, "count of hits is", "counts of hits are");
        Some(format!("counters overflowed: {counts} read as 0, the first in line {}", first?))
    }

    /// Whether no line can be covered.
    pub fn is_empty(&self) -> bool {
        self.files.values().all(|file| file.lines.is_empty())
    }

    /// The numbers of every file.
    pub fn by_file(&self) -> BTreeMap<String, FileTotals> {
        self.files.iter().map(|(path, file)| (path.clone(), file.totals())).collect()
    }

    /// The numbers of all files together.
    pub fn totals(&self) -> FileTotals {
        self.files.values().map(FileCoverage::totals).fold(FileTotals::default(), |all, file| all + file)
    }
}

/// How many lines may come out of ranges of lines, so that a short file can't fill the memory: a million, and some more with
/// every range. Real ones have a handful of lines each.
pub(super) struct Budget(u64);

impl Budget {
    /// Lines that come with every range.
    const EACH: u64 = 100;

    pub(super) fn new() -> Self {
        Self(1_000_000)
    }

    /// The lines of a range, or what is wrong with it.
    pub(super) fn lines(&mut self, first: u32, last: u32) -> Result<std::ops::RangeInclusive<u32>, String> {
        if first > last {
            return Err(format!("lines {first} to {last} run backwards"));
        }
        if last > LAST_LINE {
            return Err(format!("line {last} is beyond the maximum length of a source file"));
        }
        let left = (self.0 + Self::EACH).checked_sub(u64::from(last - first) + 1);
        self.0 = left.ok_or_else(|| "contains more lines than are supported".to_owned())?;
        Ok(first..=last)
    }
}

/// Lines that one run reports several times, each once with the most hits.
pub(super) fn highest(lines: &mut Vec<Line>) {
    lines.sort_unstable_by_key(|line| (line.number, std::cmp::Reverse(line.hits)));
    lines.dedup_by_key(|line| line.number);
}

#[cfg(test)]
mod tests {
    use super::super::{istanbul, lcov};
    use super::{Branches, Budget, FileCoverage, Line, arm_key};

    #[test]
    fn lines_are_sorted_and_add_up() {
        let mut file = FileCoverage::default();
        for (number, hits) in [(3, 1), (3, 2), (1, 0), (3, u32::MAX), (0, 9)] {
            file.line(number, hits);
        }
        file.finish();
        assert_eq!(file.lines(), [Line { number: 1, hits: 0 }, Line { number: 3, hits: u32::MAX }]);
        assert_eq!(file.uncovered().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn repeated_lines_take_no_room() {
        let mut file = FileCoverage::default();
        for round in 0..1_000_u32 {
            for line in 1..=100 {
                file.line(line, round);
                file.arm(line, 7, 1_u32);
                file.count(line, 1, 2);
            }
        }
        assert!(file.lines.capacity() < 20_000 && file.arms.capacity() < 20_000);
        assert!(file.counts.capacity() < 20_000);
        file.finish();
        assert_eq!(file.totals().lines.coverable, 100);
    }

    #[test]
    fn short_files_have_no_endless_lines() {
        let mut budget = Budget::new();
        assert!(budget.lines(1, 900_000).is_ok());
        assert!(budget.lines(1, 900_000).is_err());
        let mut budget = Budget::new();
        assert!((1..30_000).all(|first| budget.lines(first, first + 89).is_ok()));
    }

    #[test]
    fn two_formats_of_a_run_are_not_added_up() {
        let mut file = FileCoverage::default();
        for (format, hits) in [(&lcov::FORMAT, [1_u32, 0]), (&istanbul::FORMAT, [1, 0])] {
            for (index, hits) in hits.into_iter().enumerate() {
                file.arm(5, arm_key(format, index), hits);
            }
        }
        file.count(5, 1, 2);
        file.finish();
        assert_eq!(file.branches(), [Branches { line: 5, covered: 1, total: 2 }]);
        assert_eq!(file.lines(), [Line { number: 5, hits: 1 }], "a file with branches alone has their lines");
    }
}
