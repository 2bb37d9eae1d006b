//! What a test's history says: whether it is slower than it was, and whether it is flaky.

use super::compare::Change;
use super::interval::Share;
use super::limits::Limits;
use super::model::{DETAILED, Outcome, Test, millis};
use super::pairs::Subject;
use crate::ledger::Executions;

/// Minimum number of earlier durations for their range to count.
const ENOUGH: usize = 3;

/// A test that takes longer than it did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slower<'a> {
    pub(crate) change: Change<'a>,
    /// Milliseconds of one execution now.
    pub(crate) now: f64,
    /// Median of the earlier ones.
    pub(crate) median: f64,
    /// The longest of the earlier ones.
    pub(crate) longest: f64,
    /// How many earlier ones there are.
    pub(crate) runs: u64,
}

/// How long the tests take that are there now and were at the baseline: what is compared is the same tests.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunTime {
    /// Tests that have a duration now.
    tests: u64,
    /// Milliseconds they take together now.
    pub(crate) now: u64,
    /// The same in earlier runs, the newest first, with how many of the tests have a duration there.
    earlier: Vec<(u64, u64)>,
}

impl RunTime {
    /// One test more.
    pub(super) fn add(&mut self, before: &Test, now: Executions<'_>) {
        let Some(now) = millis(now) else { return };
        self.tests += 1;
        self.now = self.now.saturating_add(u64::from(now));
        self.earlier.resize(self.earlier.len().max(before.millis.len()), (0, 0));
        for (slot, millis) in self.earlier.iter_mut().zip(before.millis.iter().rev()) {
            if let Some(millis) = millis {
                *slot = (slot.0.saturating_add(u64::from(*millis)), slot.1 + 1);
            }
        }
    }

    /// The median of the earlier runs that have nearly all of these tests, and how many those are.
    pub(crate) fn median(&self) -> Option<(u64, u64)> {
        let is_alike = |known: u64| known * 10 >= self.tests * 9;
        let mut alike: Vec<u64> =
            self.earlier.iter().filter(|(_, known)| is_alike(*known)).map(|(sum, _)| *sum).collect();
        alike.sort_unstable();
        Some((*alike.get(alike.len() / 2)?, alike.len() as u64))
    }

    /// Whether it is longer than the limit times the median, by more than the floor.
    pub(crate) fn is_slower(&self, limits: &Limits) -> bool {
        let Some((ratio, (median, _))) = limits.max_run_slowdown.zip(self.median()) else { return false };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
        let is_longer = self.now as f64 > ratio * median as f64;
        is_longer && self.now - median.min(self.now) > limits.slowdown_floor_ms
    }
}

/// A test that failed and passed in turns, or passed only after it had failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flaky<'a> {
    pub(crate) test: Subject<'a>,
    /// Runs in which it failed or was flaky, of those in which it ran; with this one.
    pub(crate) share: Share,
    /// How it ended now.
    pub(crate) now: Option<Outcome>,
}

/// Whether a test is slower: longer than the limit times the median of its earlier durations, by more than the floor, and,
/// from three durations on, longer than it ever was. Tests that fail are not judged, and runs in which they failed don't count.
pub(super) fn slower<'a>(
    change: Change<'a>,
    before: &Test,
    now: Executions<'_>,
    limits: &Limits,
) -> Option<Slower<'a>> {
    let ratio = limits.max_slowdown?;
    if now.red() > 0 {
        return None;
    }
    let now = f64::from(millis(now)?);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
    let floor = limits.slowdown_floor_ms as f64;
    let mut earlier = durations(before);
    earlier.sort_unstable();
    let (first, last) = (f64::from(*earlier.first()?), f64::from(*earlier.last()?));
    let half = earlier.len() / 2;
    let upper = earlier.get(half).copied().map_or(last, f64::from);
    let lower = if earlier.len().is_multiple_of(2) {
        earlier.get(half.wrapping_sub(1)).copied().map_or(first, f64::from)
    } else {
        upper
    };
    let median = f64::midpoint(lower, upper);
    let is_outside = earlier.len() < ENOUGH || now > last;
    let is_slower = now > ratio * median && now - median > floor && is_outside;
    is_slower.then_some(Slower { change, now, median, longest: last, runs: earlier.len() as u64 })
}

/// Milliseconds in the runs in which the test passed.
fn durations(test: &Test) -> Vec<u32> {
    let first = test.seen.len().saturating_sub(test.millis.len().min(DETAILED));
    let pairs = test.seen.iter().skip(first).zip(&test.millis);
    let is_passed =
        |outcome: &Option<Outcome>| outcome.is_some_and(|outcome| outcome.ran() && !outcome.is_red());
    pairs.filter(|(outcome, _)| is_passed(outcome)).filter_map(|(_, millis)| *millis).collect()
}

/// Whether a test is flaky: it passed after a failure within a run, or it passed, failed and passed again from run to run.
pub(super) fn flaky<'a>(test: Subject<'a>, before: Option<&Test>, now: Executions<'_>) -> Option<Flaky<'a>> {
    let outcome = Outcome::of(now);
    let earlier = before.into_iter().flat_map(|test| test.seen.iter().copied().flatten());
    let (mut ran, mut bad, mut turns, mut is_flaky) = (0, 0, 0, false);
    let mut last = None;
    for outcome in earlier.chain(outcome).filter(|outcome| outcome.ran()) {
        ran += 1;
        bad += u64::from(outcome > Outcome::Passed);
        is_flaky |= outcome == Outcome::Flaky;
        turns += u64::from(last.replace(outcome.is_red()).is_some_and(|last| last != outcome.is_red()));
    }
    (is_flaky || turns > 1).then(|| Flaky { test, share: Share::new(bad, ran), now: outcome })
}

#[cfg(test)]
mod tests {
    use super::{Limits, RunTime, Test};
    use crate::attempts::State;
    use crate::ledger::{Identity, Ledger};

    /// The run time of two tests with these milliseconds now and these in earlier runs, oldest first.
    fn run_time(now: [u64; 2], earlier: [&[u32]; 2]) -> RunTime {
        let mut time = RunTime::default();
        for (millis, earlier) in now.into_iter().zip(earlier) {
            let mut ledger = Ledger::default();
            let test = Identity { classname: "a", name: "b", ..Identity::default() };
            ledger.add(&test, State::Passed, Some(millis * 1_000));
            let millis = earlier.iter().copied().map(Some).collect();
            let before = Test { millis, ..Test::default() };
            for (_, _, executions) in ledger.iter() {
                time.add(&before, executions);
            }
        }
        time
    }

    #[test]
    fn all_tests_together_are_compared_with_the_median_of_runs_that_had_them_all() {
        let limits =
            |ratio| Limits { max_run_slowdown: Some(ratio), slowdown_floor_ms: 100, ..Limits::default() };
        let time = run_time([600, 500], [&[100, 300, 300], &[200, 210]]);
        // The oldest run had one of the two tests only.
        assert_eq!((time.now, time.median()), (1_100, Some((510, 2))));
        assert!(time.is_slower(&limits(2.0)));
        assert!(!time.is_slower(&limits(2.2)));
        assert!(!time.is_slower(&Limits::default()));
        assert!(!run_time([30, 30], [&[10], &[10]]).is_slower(&limits(2.0)), "within the floor");
        assert!(!run_time([600, 500], [&[], &[]]).is_slower(&limits(2.0)), "nothing is known");
    }
}
