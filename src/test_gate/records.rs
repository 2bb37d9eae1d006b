//! Coverage and benchmarks as a baseline keeps them, and back.

use std::collections::BTreeMap;

use super::baseline::{self, Baseline, Comparison, Metric};
use super::run::RunFacts;
use devops_benchmarks::Benchmark;
use devops_coverage::{Coverage, FileTotals, Ratio};

/// What a baseline knows of earlier runs, in the terms of what is held against it.
#[derive(Default)]
pub(super) struct Earlier<'a> {
    /// The tests of the run compared with those of the baseline.
    pub(super) tests: Option<Comparison<'a>>,
    /// Numbers of the files; none where it knows of no coverage.
    pub(super) coverage: Option<BTreeMap<String, FileTotals>>,
    /// Measures; none where it knows of no benchmark.
    pub(super) benchmarks: Option<Vec<Benchmark>>,
}

impl<'a> Earlier<'a> {
    /// What a baseline knows, as far as there is one.
    pub(super) fn of(baseline: Option<&'a Baseline>, facts: &'a RunFacts, limits: &baseline::Limits) -> Self {
        baseline.map_or_else(Self::default, |baseline| Self {
            tests: Some(baseline::compare(&facts.ledger, baseline, limits)),
            coverage: coverage(baseline),
            benchmarks: benchmarks(baseline),
        })
    }
}

/// Numbers of the files.
pub(super) fn of_coverage(coverage: &Coverage) -> BTreeMap<String, baseline::Coverage> {
    let record = |totals: FileTotals| baseline::Coverage {
        lines_covered: totals.lines.covered,
        lines: totals.lines.coverable,
        branches_covered: totals.branches.covered,
        branches: totals.branches.coverable,
    };
    coverage.by_file().into_iter().map(|(path, totals)| (path, record(totals))).collect()
}

/// Numbers of the files at the baseline; none where it knows of no coverage.
fn coverage(baseline: &Baseline) -> Option<BTreeMap<String, FileTotals>> {
    let totals = |record: &baseline::Coverage| FileTotals {
        lines: Ratio::new(record.lines_covered, record.lines),
        branches: Ratio::new(record.branches_covered, record.branches),
    };
    baseline.covered?;
    Some(baseline.coverage.iter().map(|(path, record)| (path.clone(), totals(record))).collect())
}

/// Samples of the measures.
pub(super) fn of_benchmarks(benchmarks: &[Benchmark]) -> Vec<baseline::Benchmark> {
    let record = |benchmark: &Benchmark| baseline::Benchmark {
        metric: Metric {
            benchmark: benchmark.name.clone(),
            measure: benchmark.metric.clone(),
            unit: benchmark.unit.clone(),
            better: benchmark.direction,
            exact: benchmark.is_exact,
        },
        samples: benchmark.samples.clone(),
    };
    benchmarks.iter().map(record).collect()
}

/// Measures of the baseline, with the samples of all its runs; none where it knows of no benchmark.
fn benchmarks(baseline: &Baseline) -> Option<Vec<Benchmark>> {
    let measure = |metric: &Metric| {
        let measure = Benchmark::new(&metric.benchmark, &metric.measure, 0.0, &metric.unit);
        let measure = measure.samples(baseline.pooled(metric)).toward(metric.better);
        let measure = measure.least_of_runs(baseline.least_samples(metric));
        if metric.exact { measure.exact() } else { measure }
    };
    // A measure may have had another unit once; what counts is what it has now.
    let mut newest: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for metric in baseline.benchmarks.keys() {
        let last = newest.entry((&metric.benchmark, &metric.measure)).or_default();
        *last = baseline.newest_of(metric).unwrap_or_default().max(*last);
    }
    let is_newest = |metric: &&Metric| {
        newest.get(&(metric.benchmark.as_str(), metric.measure.as_str())).copied()
            == baseline.newest_of(metric)
    };
    (!baseline.benchmarks.is_empty())
        .then(|| baseline.benchmarks.keys().filter(is_newest).map(measure).collect())
}
