//! What a test's history says: whether it is slower than it was, and whether it is flaky.

use super::compare::Change;
use super::interval::Share;
use super::limits::Limits;
use super::model::{DETAILED, Outcome, Test, millis};
use super::pairs::Subject;
use crate::test_gate::ledger::Executions;

/// Least number of earlier durations for their range to count.
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
    now: &Executions,
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
pub(super) fn flaky<'a>(test: Subject<'a>, before: Option<&Test>, now: &Executions) -> Option<Flaky<'a>> {
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
