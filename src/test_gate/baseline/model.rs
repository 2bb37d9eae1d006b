//! What is known of earlier runs: tests with their histories, coverage, benchmark samples.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::pool;
use crate::attempts::State;
use crate::ledger::{Execution, Executions, Ledger, Scope};
pub(crate) use devops_benchmarks::Direction;
use devops_core::digest::hexadecimal;

/// Maximum number of runs of which outcomes are kept; the newest stay.
pub(super) const RUNS: usize = 100;

/// Maximum number of runs of which durations and benchmark samples are kept; the newest stay.
pub(super) const DETAILED: usize = 20;

/// Maximum number of samples of one benchmark that are kept of one run; [`pool::thin`] says which.
pub(super) const SAMPLES: usize = 200;

/// How a test ended in a run, over all of its executions: the worst of those that took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    NotRun,
    Skipped,
    Passed,
    Flaky,
    Failed,
    Errored,
}

/// One run that went into a baseline; runs are equal where all of this is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    /// When, as far as it was said; runs without a time are the oldest.
    pub(crate) time: Option<Timestamp>,
    /// What distinguishes it from others.
    pub(crate) key: String,
    /// What was tested.
    pub(crate) commit: Option<String>,
}

/// What the caller knows of a run; nothing need be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunIdentity {
    /// What distinguishes it from others; without it the commit does, without that a digest of what the run holds.
    pub(crate) key: Option<String>,
    /// What was tested.
    pub(crate) commit: Option<String>,
    /// When; decides which run is the newest.
    pub(crate) time: Option<Timestamp>,
}

/// What is known of one test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Test {
    /// How it ended in each of the baseline's runs, oldest first; `None` where it was not there.
    pub(crate) seen: Vec<Option<Outcome>>,
    /// Milliseconds of one execution in the newest runs, oldest first: the last item belongs to the newest run.
    pub(crate) millis: Vec<Option<u32>>,
    /// How each of its executions ended in the newest run that has it, in the order of that run's reports.
    pub(crate) last: Vec<Outcome>,
    /// Whether that order is not known, so that it is unknown which of them failed.
    pub(crate) is_unordered: bool,
}

/// Lines and branches of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Coverage {
    pub(crate) lines_covered: u64,
    pub(crate) lines: u64,
    pub(crate) branches_covered: u64,
    pub(crate) branches: u64,
}

/// What is measured by a benchmark; two are the same where all of this is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Metric {
    pub(crate) benchmark: String,
    pub(crate) measure: String,
    pub(crate) unit: String,
    pub(crate) better: Direction,
    /// Whether it is a count that is the same every time.
    pub(crate) exact: bool,
}

/// The samples of one metric in one run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Benchmark {
    pub(crate) metric: Metric,
    pub(crate) samples: Vec<f64>,
}

/// What is known of earlier runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Baseline {
    /// Oldest first.
    pub(crate) runs: Vec<Run>,
    pub(crate) tests: BTreeMap<Scope, BTreeMap<Box<str>, Test>>,
    /// Index of the run that the coverage is of: the newest one that has some.
    pub(crate) covered: Option<usize>,
    pub(crate) coverage: BTreeMap<String, Coverage>,
    /// Samples by index of the run.
    pub(crate) benchmarks: BTreeMap<Metric, BTreeMap<usize, Vec<f64>>>,
}

impl Outcome {
    /// Over all executions of a test: the worst; `None` where there is none.
    pub(crate) fn of(executions: Executions<'_>) -> Option<Self> {
        executions.iter().map(|execution| Self::of_state(execution.state)).max()
    }

    /// How one execution ended.
    pub(crate) fn of_state(state: State) -> Self {
        match state {
            State::Errored => Self::Errored,
            State::Failed => Self::Failed,
            State::Flaky => Self::Flaky,
            State::Passed => Self::Passed,
            State::Skipped => Self::Skipped,
            State::NotRun => Self::NotRun,
        }
    }

    /// The letter that stands for it in a file.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::NotRun => 'n',
            Self::Skipped => 's',
            Self::Passed => 'P',
            Self::Flaky => 'K',
            Self::Failed => 'F',
            Self::Errored => 'E',
        }
    }

    /// The outcome of a letter.
    pub(super) fn of_letter(letter: char) -> Option<Self> {
        [Self::NotRun, Self::Skipped, Self::Passed, Self::Flaky, Self::Failed, Self::Errored]
            .into_iter()
            .find(|outcome| outcome.letter() == letter)
    }

    /// Whether the test took place.
    pub(crate) fn ran(self) -> bool {
        self >= Self::Passed
    }

    /// Whether it failed or broke off.
    pub(crate) fn is_red(self) -> bool {
        self >= Self::Failed
    }

    /// The word used in reports.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotRun => "not run",
            Self::Skipped => "skipped",
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::Errored => "errored",
        }
    }
}

impl Test {
    /// How many executions took place in the newest run that has it.
    pub(crate) fn ran(&self) -> u64 {
        self.last.iter().filter(|outcome| outcome.ran()).count() as u64
    }

    /// How many of them failed or broke off.
    pub(crate) fn red(&self) -> u64 {
        self.last.iter().filter(|outcome| outcome.is_red()).count() as u64
    }

    /// All executions in the newest run that has it.
    pub(crate) fn executions(&self) -> u64 {
        self.last.len() as u64
    }

    /// How it ended in the run with this index.
    pub(crate) fn at(&self, run: usize) -> Option<Outcome> {
        self.seen.get(run).copied().flatten()
    }

    /// Index of the newest run that has it.
    pub(super) fn newest(&self) -> Option<usize> {
        self.seen.iter().rposition(Option::is_some)
    }
}

impl Baseline {
    /// The baseline that one run makes.
    pub(crate) fn of_run(
        facts: RunIdentity,
        ledger: &Ledger,
        coverage: BTreeMap<String, Coverage>,
        benchmarks: Vec<Benchmark>,
    ) -> Self {
        let mut baseline = Self { covered: (!coverage.is_empty()).then_some(0), coverage, ..Self::default() };
        for (scope, name, executions) in ledger.iter() {
            let test = Test {
                seen: vec![Outcome::of(executions)],
                millis: vec![millis(executions)],
                last: executions.iter().map(|execution| Outcome::of_state(execution.state)).collect(),
                is_unordered: false,
            };
            if test.executions() > 0 {
                baseline.tests.entry(scope.clone()).or_default().insert(name.into(), test);
            }
        }
        for Benchmark { metric, samples } in benchmarks {
            let kept = baseline.benchmarks.entry(metric).or_default().entry(0).or_default();
            kept.extend(samples.into_iter().filter(|sample| sample.is_finite()));
        }
        for samples in baseline.benchmarks.values_mut().flat_map(BTreeMap::values_mut) {
            pool::thin(samples);
        }
        let RunIdentity { key, commit, time } = facts;
        let key = key.or_else(|| commit.clone()).unwrap_or_else(|| baseline.digest());
        baseline.runs.push(Run { time, key, commit });
        baseline
    }

    /// Names what a run holds.
    fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let mut text = String::new();
        for (scope, tests) in &self.tests {
            for (name, test) in tests {
                text.clear();
                // Writing to a string can't fail.
                let _ = writeln!(text, "{scope:?} {name:?} {:?} {:?}", test.last, test.millis);
                digest.update(&text);
            }
        }
        digest.update(format!("{:?} {:?}\n", self.coverage, self.benchmarks));
        hexadecimal(&digest.finalize()).chars().take(16).collect()
    }

    /// Index of the newest run that has tests: the one that a run is compared with.
    pub(crate) fn newest(&self) -> Option<usize> {
        self.tests.values().flat_map(BTreeMap::values).filter_map(Test::newest).max()
    }

    /// How many tests are known.
    pub(crate) fn len(&self) -> usize {
        self.tests.values().map(BTreeMap::len).sum()
    }

    /// How many samples of a metric the run took that took the fewest.
    pub(crate) fn least_samples(&self, metric: &Metric) -> Option<usize> {
        self.benchmarks.get(metric)?.values().map(Vec::len).min()
    }

    /// The newest run that has a metric.
    pub(crate) fn newest_of(&self, metric: &Metric) -> Option<usize> {
        self.benchmarks.get(metric)?.keys().next_back().copied()
    }

    /// All samples of a metric, the oldest first; of an exact count only those of the newest run that has it, because each run
    /// with another count was another program.
    pub(crate) fn pooled(&self, metric: &Metric) -> Vec<f64> {
        let runs = self.benchmarks.get(metric).into_iter().flat_map(BTreeMap::values).rev();
        let mut runs: Vec<&Vec<f64>> = runs.take(if metric.exact { 1 } else { usize::MAX }).collect();
        runs.reverse();
        runs.into_iter().flatten().copied().collect()
    }
}

/// Milliseconds of one execution on average, where any was timed.
pub(super) fn millis(executions: Executions<'_>) -> Option<u32> {
    let timed = executions.iter().filter_map(Execution::micros);
    let (micros, timed) =
        timed.fold((0_u64, 0_u64), |(sum, timed), micros| (sum.saturating_add(micros), timed + 1));
    let millis = micros.saturating_add(500 * timed) / timed.checked_mul(1_000)?.max(1);
    (timed > 0).then(|| u32::try_from(millis).unwrap_or(u32::MAX))
}
