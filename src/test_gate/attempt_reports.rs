//! Attempts at tests that stand in reports of their own: what a later report says of a test that an earlier one has, too.
//!
//! Two reports are two reports until the settings say that they are attempts; even then a failure is only made good by a pass of
//! this very test: of the same environment, suites, class, name and file, as often as it was there before.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::archive::Archive;
use super::attempts::{Counts, State};
use super::collector::{KEPT, Reading};
use super::execution::{Execution, Problem};
use super::partitions::Report;
use devops_reading::encoding::has_replaced;

/// Where a test stands: its report, and its index there.
type Place = (usize, usize);

/// What distinguishes a test from all others: where it ran, its suites, class, name and file.
type Identity = [String; 6];

/// Folds later attempts into earlier ones: a test of several attempts counts once, where it stood first, as the last attempt that
/// took place has it.
///
/// A report that could not be read whole, or whose run broke off, makes nothing good. Namesakes are told apart by their order, as
/// long as there are as many of them. Where an attempt has several reports and it is unknown where they come from, only reports of
/// one name go together, because the others may be those of other jobs.
pub(super) fn fold(attempts: &mut [Report<'_>]) {
    let mut numbers: Vec<usize> = attempts.iter().map(|attempt| attempt.argument).collect();
    numbers.sort_unstable();
    let are_several = numbers.windows(2).any(|pair| pair.first() == pair.last());
    numbers.dedup();
    let mut known: BTreeMap<Identity, Vec<Place>> = BTreeMap::new();
    let mut folded: Vec<Folded> = attempts.iter().map(|_| Folded::default()).collect();
    for number in numbers {
        for (identity, places) in places(attempts, number, are_several) {
            let Some(first) = known.get(&identity).filter(|first| first.len() == places.len()) else {
                known.entry(identity).or_insert(places);
                continue;
            };
            for (first, later) in first.iter().zip(places) {
                let told_in = attempts.get(later.0).map(|attempt| attempt.label.to_owned());
                let next = attempts.get(later.0).and_then(|attempt| tests(attempt).get(later.1)).cloned();
                let (Some(told_in), Some(next)) = (told_in, next) else { continue };
                let test = attempts.get_mut(first.0).and_then(|attempt| attempt.test_mut(first.1));
                let is_news = test.is_some_and(|test| attempted(test, next));
                if let Some(folded) = folded.get_mut(first.0).filter(|_| is_news) {
                    folded.told_in.insert(first.1, told_in);
                }
                if let Some(folded) = folded.get_mut(later.0) {
                    folded.left_out.insert(later.1);
                }
            }
        }
    }
    for (attempt, folded) in attempts.iter_mut().zip(&folded) {
        attempt.settle(folded);
    }
}

/// What becomes of the tests of one report, by their indexes.
#[derive(Default)]
struct Folded {
    /// Those that another report decides, and which one.
    told_in: HashMap<usize, String>,
    /// Those that count in another report.
    left_out: HashSet<usize>,
}

/// Where the tests of an attempt stand whose reports are whole.
fn places(attempts: &[Report<'_>], number: usize, are_several: bool) -> BTreeMap<Identity, Vec<Place>> {
    let mut places: BTreeMap<Identity, Vec<Place>> = BTreeMap::new();
    let is_whole = |reading: &Reading| reading.troubles.is_empty() && reading.run_errored == 0;
    for (report, attempt) in attempts.iter().enumerate() {
        if attempt.argument != number || !is_whole(attempt.reading) {
            continue;
        }
        let is_open = are_several && attempt.environment.is_empty();
        let below = if is_open { attempt.below } else { "" };
        for (index, test) in tests(attempt).iter().enumerate().filter(|(index, test)| {
            is_named(test) && attempt.reading.archive.as_ref().is_some_and(|archive| archive.is_test(*index))
        }) {
            let identity = [below, attempt.environment, &test.suite, &test.classname, &test.name, &test.file];
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

/// Takes a later attempt at a test; returns whether it decides.
fn attempted(test: &mut Execution, later: Execution) -> bool {
    let after = match (test.state, later.state) {
        (_, next) if next.is_absent() => return false,
        (State::Passed, State::Passed) => return false,
        (State::Failed | State::Errored | State::Flaky, State::Passed) => State::Flaky,
        (_, next) => next,
    };
    test.amend(after, later);
    true
}

impl Report<'_> {
    fn test_mut(&mut self, index: usize) -> Option<&mut Execution> {
        self.reading.archive.as_mut()?.test_mut(index)
    }

    /// Makes everything anew that is made of the tests: counts, problems, names.
    fn settle(&mut self, folded: &Folded) {
        let Reading {
            archive: Some(archive),
            problems,
            absent,
            absent_keys,
            elsewhere,
            moved,
            rows,
            counts,
            ..
        } = &mut *self.reading
        else {
            return;
        };
        let before: HashMap<(u64, u64), Problem> =
            problems.drain(..).map(|problem| ((problem.hash, problem.row), problem)).collect();
        *counts = Counts::default();
        let mut still_absent = HashSet::new();
        for (index, (test, row)) in archive.tests().iter().zip(&archive.rows).enumerate() {
            if folded.left_out.contains(&index) {
                moved.insert(row.0);
                continue;
            }
            counts.add(test.state);
            if test.state.is_absent() {
                still_absent.insert(row.0);
            }
            let is_problem = test.state.is_red() || test.state == State::Flaky;
            if is_problem && archive.is_test(index) && problems.len() < KEPT {
                let mut problem = match (before.get(row), folded.told_in.get(&index)) {
                    (Some(known), None) => known.clone(),
                    (known, told_in) => Problem {
                        told_in: told_in.cloned(),
                        is_unclear: known.is_some_and(|known| known.is_unclear),
                        is_assumed: known.is_some_and(|known| known.is_assumed),
                        scope: known.map_or(0, |known| known.scope),
                        ..Problem::of(test, test.state)
                    },
                };
                (problem.hash, problem.row, problem.rows) = (row.0, row.1, rows.times(row.0));
                self.environment.clone_into(&mut problem.environment);
                problems.push(problem);
            }
        }
        let mut is_kept = absent.iter().map(|(_, name, _)| still_absent.contains(name));
        absent_keys.retain(|_| is_kept.next() != Some(false));
        absent.retain(|(_, name, _)| still_absent.contains(name));
        *elsewhere += folded.left_out.len() as u64;
        archive.retain(|index| !folded.left_out.contains(&index));
        self.reading.relist();
    }
}
