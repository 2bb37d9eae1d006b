//! Several baselines folded into one.
//!
//! A run that is in two of them counts once, and order never matters: the result is the union of all runs, cut to the newest
//! [`RUNS`], with durations and benchmark samples of the newest [`DETAILED`] of them. Where two files say different things
//! about the same test in the same run, as the jobs of a matrix may, the worse outcome and the larger numbers stay.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::model::{Baseline, DETAILED, RUNS, Run, Test};

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
            last: test.last,
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
        Ordering::Less => known.last = other.last,
        Ordering::Equal => {
            for (count, more) in known.last.iter_mut().zip(other.last) {
                *count = (*count).max(more);
            }
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
            if order(known, &samples) == Ordering::Less {
                *known = samples;
            }
        }
    }
}

/// The order in which of two lists of samples of the same run one stays.
fn order(left: &[f64], right: &[f64]) -> Ordering {
    let pairs = || left.iter().zip(right).map(|(left, right)| left.total_cmp(right));
    left.len().cmp(&right.len()).then_with(|| pairs().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
}
