//! Attempts at tests that stand in reports of their own: what a later report says of a test that an earlier one has, too.
//!
//! Two reports are two reports until the settings say that they are attempts; even then a failure is only made good by a pass of
//! this very test: of the same suites, class, name and file, as often as it was there before.

use std::collections::BTreeMap;

use super::archive::Archive;
use super::attempts::State;
use super::collector::Reading;
use super::encoding::has_replaced;
use super::execution::{Execution, Problem};
use super::partitions::Report;

/// Where a test stands: its report, and its index there.
type Place = (usize, usize);

/// What tells a test from all others: its environment, suites, class, name and file.
type Identity = [String; 5];

/// Folds later attempts into earlier ones: a test of several attempts counts once, as the last one that took place has it.
///
/// A report that could not be read whole, or whose run broke off, makes nothing good. Namesakes are told apart by their order, as
/// long as there are as many of them.
pub(super) fn fold(attempts: &mut [Report<'_>]) {
    let mut numbers: Vec<usize> = attempts.iter().map(|attempt| attempt.argument).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut left_out: Vec<Vec<bool>> =
        attempts.iter().map(|attempt| vec![false; tests(attempt).len()]).collect();
    let mut known: BTreeMap<Identity, Vec<Place>> = BTreeMap::new();
    for number in numbers {
        for (identity, places) in places(attempts, number) {
            let Some(before) = known.get_mut(&identity).filter(|before| before.len() == places.len()) else {
                known.entry(identity).or_insert(places);
                continue;
            };
            for (before, later) in before.iter_mut().zip(places) {
                let (stays, goes) = two(attempts, *before, later);
                if let Some(slot) = left_out.get_mut(goes.0).and_then(|tests| tests.get_mut(goes.1)) {
                    *slot = true;
                }
                *before = stays;
            }
        }
    }
    for (attempt, left_out) in attempts.iter_mut().zip(&left_out) {
        attempt.leave_out(left_out);
    }
}

/// Where the tests of an attempt stand whose reports are whole.
fn places(attempts: &[Report<'_>], number: usize) -> BTreeMap<Identity, Vec<Place>> {
    let mut places: BTreeMap<Identity, Vec<Place>> = BTreeMap::new();
    let is_whole = |reading: &Reading| reading.troubles.is_empty() && reading.run_errored == 0;
    for (report, attempt) in attempts.iter().enumerate() {
        if attempt.argument != number || !is_whole(attempt.reading) {
            continue;
        }
        for (index, test) in tests(attempt).iter().enumerate().filter(|(_, test)| is_named(test)) {
            let identity = [attempt.environment, &test.suite, &test.classname, &test.name, &test.file];
            places.entry(identity.map(str::to_owned)).or_default().push((report, index));
        }
    }
    places
}

/// Whether a test has a name, and one that no other test can have: no byte of it had to be replaced.
fn is_named(test: &Execution) -> bool {
    let names = [&test.suite, &test.classname, &test.name, &test.file];
    !test.name.trim().is_empty() && !names.into_iter().any(|name| has_replaced(name))
}

fn tests<'a>(attempt: &'a Report<'_>) -> &'a [Execution] {
    attempt.reading.archive.as_ref().map(Archive::tests).unwrap_or_default()
}

/// Makes one of two attempts at a test; returns which place stays, and which one is left out.
///
/// A later failure stays, for it says why; otherwise the earlier one does, with what came of it.
fn two(attempts: &mut [Report<'_>], before: Place, later: Place) -> (Place, Place) {
    let test = |place: Place| attempts.get(place.0).and_then(|attempt| tests(attempt).get(place.1)).cloned();
    let (Some(one), Some(next)) = (test(before), test(later)) else { return (before, later) };
    if next.state.is_absent() {
        return (before, later);
    }
    if next.state.is_red() || one.state.is_absent() {
        if let Some(attempt) = attempts.get_mut(later.0) {
            attempt.count_earlier(later.1, one.attempts);
        }
        return (later, before);
    }
    let label = attempts.get(later.0).map(|attempt| attempt.label.to_owned()).unwrap_or_default();
    if let Some(attempt) =
        attempts.get_mut(before.0).filter(|_| one.state != State::Passed || next.state != State::Passed)
    {
        attempt.make_good(before.1, &next, &label);
    }
    (before, later)
}

impl Report<'_> {
    /// A test of this report was attempted before.
    fn count_earlier(&mut self, index: usize, attempts: u64) {
        if let Some(problem) = self.problem(index) {
            problem.attempts += attempts;
        }
        if let Some(test) = self.reading.archive.as_mut().and_then(|archive| archive.test_mut(index)) {
            test.attempts += attempts;
        }
    }

    /// A test of this report that had gone wrong passed in another one.
    fn make_good(&mut self, index: usize, later: &Execution, label: &str) {
        let Some(test) = self.reading.archive.as_mut().and_then(|archive| archive.test_mut(index)) else {
            return;
        };
        let before = test.state;
        test.amend(State::Flaky, later.clone());
        self.reading.counts.take(before);
        self.reading.counts.add(State::Flaky);
        if let Some(problem) = self.problem(index) {
            problem.attempts += later.attempts;
            problem.amend(Problem::of(later, State::Flaky));
            problem.passed_in = Some(label.to_owned());
        }
    }

    /// What is kept of a test that went wrong.
    fn problem(&mut self, index: usize) -> Option<&mut Problem> {
        let row = self.reading.archive.as_ref()?.rows.get(index).copied()?;
        self.reading.problems.iter_mut().find(|problem| (problem.hash, problem.row) == row)
    }

    /// Takes tests out of the counts that are told in another report.
    fn leave_out(&mut self, left_out: &[bool]) {
        let is_left_out = |index: usize| left_out.get(index) == Some(&true);
        let Reading { archive: Some(archive), counts, problems, absent, elsewhere, .. } = &mut *self.reading
        else {
            return;
        };
        for (index, (test, row)) in archive.tests().iter().zip(&archive.rows).enumerate() {
            if is_left_out(index) {
                counts.take(test.state);
                *elsewhere += 1;
                problems.retain(|problem| (problem.hash, problem.row) != *row);
                absent.retain(|(_, name, _)| *name != row.0);
            }
        }
        archive.retain(|index| !is_left_out(index));
        self.reading.relist();
    }
}
