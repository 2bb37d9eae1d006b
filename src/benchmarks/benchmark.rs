//! One measure of one benchmark: its samples, what they count, and which way is better.

use super::unit;
pub(crate) use crate::direction::Direction;

/// Maximum number of samples that are kept of a measure in a run, and of all runs of a baseline together.
pub(crate) const KEPT: usize = 500;

/// One measure of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// With package, class or file as the producer says it.
    pub name: String,
    /// What is measured, as `time` or `B/op`.
    pub metric: String,
    /// What the samples are measured in.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Never empty, finite, never negative; a single value is one sample.
    pub samples: Vec<f64>,
    /// What the producer says the value may be, where it says so.
    pub interval: Option<(f64, f64)>,
    /// Whether it is a count that is the same in every run of the same program.
    pub is_exact: bool,
    /// Where the samples are those of a baseline: how many the run with the fewest took.
    pub least_of_runs: Option<usize>,
}

impl Benchmark {
    /// A measure with one sample; what is left to say has its usual value, the direction that of the unit.
    pub fn new(name: &str, metric: &str, value: f64, unit: &str) -> Self {
        Self {
            name: name.to_owned(),
            metric: metric.to_owned(),
            unit: unit.to_owned(),
            direction: unit::direction(unit).unwrap_or(Direction::Unknown),
            samples: vec![value],
            interval: None,
            is_exact: false,
            least_of_runs: None,
        }
    }

    /// The same, whose samples are those of several runs, of which none had fewer than this many.
    #[must_use]
    pub fn least_of_runs(mut self, least: Option<usize>) -> Self {
        self.least_of_runs = least;
        self
    }

    /// The same with many samples; without any it keeps its value.
    #[must_use]
    pub fn samples(mut self, samples: Vec<f64>) -> Self {
        if !samples.is_empty() {
            self.samples = samples;
        }
        self
    }

    /// The same with a direction.
    #[must_use]
    pub fn toward(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// The same with an interval.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.interval = (low.is_finite() && high.is_finite() && low <= high).then_some((low, high));
        self
    }

    /// The same as an exact count.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.is_exact = true;
        self
    }

    /// What names the measure across runs.
    pub fn key(&self) -> (&str, &str) {
        (&self.name, &self.metric)
    }

    /// The value that stands for all samples: their median.
    pub fn value(&self) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        super::statistics::middle(&sorted)
    }

    /// The samples in another unit, where there is a way.
    pub(crate) fn samples_in(&self, unit: &str) -> Option<Vec<f64>> {
        let factor = unit::factor(&self.unit, unit)?;
        Some(self.samples.iter().map(|sample| sample * factor).collect())
    }

    /// Why it can't be a measure, if it can't.
    pub fn fault(&self) -> Option<String> {
        let bad = self.samples.iter().find(|sample| !sample.is_finite() || **sample < 0.0)?;
        Some(format!("`{}` has the value {bad}, which is not a measurement", self.name))
    }
}
