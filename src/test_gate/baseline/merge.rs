//! Several baselines folded into one.
//!
//! A run that is in two of them counts once, and order never matters: the result is the union of all runs, cut to the newest
//! [`RUNS`], with durations and benchmark samples of the newest [`DETAILED`] of them. Where two files say different things
//! about the same test in the same run, as the jobs of a matrix may, the history keeps the worse outcome, the test is known to
//! fail only where it failed in both, and the larger numbers stay; the samples of a benchmark come together.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::model::{Baseline, DETAILED, RUNS, Run, Test};
use super::pool::pool;

/// Folds baselines into one.
pub(crate) fn merge(baselines: impl IntoIterator<Item = Baseline>) -> Baseline {
    baselines.into_iter().fold(Baseline::default(), two)
}

/// Where the runs of a baseline are in the merged one.
struct Places {
    /// By the old index; `None` where the run is left out.
    new: Vec<Option<usize>>,
    runs: usize,
}

impl Places {
    fn of(old: &[Run], runs: &[Run]) -> Self {
        Self { new: old.iter().map(|run| runs.binary_search(run).ok()).collect(), runs: runs.len() }
    }

    fn place(&self, run: usize) -> Option<usize> {
        self.new.get(run).copied().flatten()
    }

    /// The place of a run of which details are kept.
    fn detailed(&self, run: usize) -> Option<usize> {
        self.place(run).filter(|place| place + DETAILED >= self.runs)
    }

    /// A test with its history moved; `None` where nothing of it is left.
    fn test(&self, test: &Test) -> Option<Test> {
        let mut moved = Test {
            seen: vec![None; self.runs],
            millis: vec![None; self.runs.min(DETAILED)],
            last: test.last.clone(),
            is_unordered: test.is_unordered,
        };
        for (run, outcome) in test.seen.iter().enumerate() {
            if let Some(slot) = self.place(run).and_then(|place| moved.seen.get_mut(place)) {
                *slot = *outcome;
            }
        }
        let (first, first_moved) = (self.new.len() - test.millis.len(), self.runs - moved.millis.len());
        for (index, millis) in test.millis.iter().enumerate() {
            let place = self.detailed(first + index);
            if let Some(slot) = place.and_then(|place| moved.millis.get_mut(place - first_moved)) {
                *slot = *millis;
            }
        }
        moved.newest().is_some().then_some(moved)
    }
}

fn two(left: Baseline, right: Baseline) -> Baseline {
    let mut runs: Vec<Run> = left.runs.iter().chain(&right.runs).cloned().collect();
    runs.sort();
    runs.dedup();
    runs.drain(..runs.len().saturating_sub(RUNS));
    let mut merged = Baseline { runs, ..Baseline::default() };
    for baseline in [left, right] {
        let places = Places::of(&baseline.runs, &merged.runs);
        for (scope, tests) in &baseline.tests {
            let moved: Vec<_> =
                tests.iter().filter_map(|(name, test)| Some((name, places.test(test)?))).collect();
            if moved.is_empty() {
                continue;
            }
            let into = merged.tests.entry(scope.clone()).or_default();
            for (name, test) in moved {
                match into.get_mut(name) {
                    Some(known) => join(known, test),
                    None => drop(into.insert(name.clone(), test)),
                }
            }
        }
        coverage(&mut merged, &baseline, &places);
        benchmarks(&mut merged, baseline.benchmarks, &places);
    }
    merged
}

/// Takes what another baseline knows of the same test.
fn join(known: &mut Test, other: Test) {
    match known.newest().cmp(&other.newest()) {
        Ordering::Less => (known.last, known.is_unordered) = (other.last, other.is_unordered),
        Ordering::Equal => {
            // Jobs of one run that both have the test: only what failed in each of them is known to fail.
            for (outcome, more) in known.last.iter_mut().zip(&other.last) {
                *outcome = [*outcome, *more]
                    .into_iter()
                    .max_by_key(|outcome| (outcome.ran(), !outcome.is_red(), *outcome))
                    .unwrap_or(*outcome);
            }
            // A run with more of them may have them in another order.
            known.is_unordered |= other.is_unordered || known.last.len() != other.last.len();
            known.last.extend(other.last.iter().skip(known.last.len()));
        }
        Ordering::Greater => {}
    }
    for (outcome, more) in known.seen.iter_mut().zip(other.seen) {
        *outcome = (*outcome).max(more);
    }
    for (millis, more) in known.millis.iter_mut().zip(other.millis) {
        *millis = (*millis).max(more);
    }
}

/// Takes another baseline's coverage: that of the newest run stays.
fn coverage(merged: &mut Baseline, other: &Baseline, places: &Places) {
    let Some(place) = other.covered.and_then(|run| places.place(run)) else {
        return;
    };
    if merged.covered.is_some_and(|covered| covered > place) {
        return;
    }
    if merged.covered != Some(place) {
        merged.coverage.clear();
        merged.covered = Some(place);
    }
    for (path, coverage) in &other.coverage {
        let known = merged.coverage.entry(path.clone()).or_default();
        known.lines_covered = known.lines_covered.max(coverage.lines_covered);
        known.lines = known.lines.max(coverage.lines);
        known.branches_covered = known.branches_covered.max(coverage.branches_covered);
        known.branches = known.branches.max(coverage.branches);
    }
}

/// Takes another baseline's benchmark samples.
fn benchmarks(
    merged: &mut Baseline,
    other: BTreeMap<super::model::Metric, BTreeMap<usize, Vec<f64>>>,
    places: &Places,
) {
    for (metric, runs) in other {
        for (run, samples) in runs {
            let Some(place) = places.detailed(run) else { continue };
            let known = merged.benchmarks.entry(metric.clone()).or_default().entry(place).or_default();
            pool(known, &samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::super::model::{Benchmark, Direction, Metric, RunIdentity};
    use super::{Baseline, DETAILED, RUNS, merge};
    use crate::attempts::State;
    use crate::ledger::{Identity, Ledger};

    fn metric() -> Metric {
        Metric {
            benchmark: "b".to_owned(),
            measure: "time".to_owned(),
            unit: "ns".to_owned(),
            better: Direction::Smaller,
            exact: false,
        }
    }

    fn run(second: u32) -> Baseline {
        let mut ledger = Ledger::default();
        let names = ["a".to_owned(), format!("b{second}")];
        for name in &names {
            let identity = Identity { classname: "A", name, ..Identity::default() };
            ledger.add(&identity, State::Passed, Some(u64::from(second) * 1_000));
        }
        let samples = (0..300).map(|sample| f64::from(second) + f64::from(sample) / 1e3).collect();
        let time = Some(Timestamp::from_second(second.into()).unwrap());
        let facts = RunIdentity { time, ..RunIdentity::default() };
        Baseline::of_run(facts, &ledger, BTreeMap::new(), vec![Benchmark { metric: metric(), samples }])
    }

    #[test]
    fn the_newest_runs_stay_whatever_the_order() {
        let amount = u32::try_from(RUNS).unwrap() + 30;
        let forwards = merge((0..amount).map(run));
        assert_eq!(forwards, merge((0..amount).rev().map(run)));
        let (even, odd) =
            (0..amount).map(run).enumerate().partition::<Vec<_>, _>(|(index, _)| index % 2 == 0);
        let half = |runs: Vec<(usize, Baseline)>| merge(runs.into_iter().map(|(_, run)| run));
        assert_eq!(forwards, merge([half(odd), half(even)]));
        assert_eq!(forwards.runs.len(), RUNS);
        assert_eq!(forwards.runs[0].time, Some(Timestamp::from_second(30).unwrap()));
        assert_eq!(forwards.len(), 1 + RUNS);
        let test = forwards.tests.values().next().unwrap().get("a").unwrap();
        assert_eq!((test.seen.len(), test.millis.len()), (RUNS, DETAILED));
        assert_eq!(test.millis.last(), Some(&Some(amount - 1)));
        assert_eq!(forwards.pooled(&metric()).len(), DETAILED * 200);
    }
}
