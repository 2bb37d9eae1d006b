//! What is read of a file: measures by name, each with all its samples.

use std::collections::BTreeMap;

use super::benchmark::{Benchmark, KEPT};
use devops_reading::excerpt::shorten;
use devops_reading::trouble::{Trouble, Troubles};

/// Maximum number of measures that are kept of a file.
const MOST: usize = 50_000;

/// Maximum number of samples that are kept of a file.
const MOST_SAMPLES: usize = 2_000_000;

/// Maximum number of thresholds that are kept of a file.
const THRESHOLDS: usize = 10_000;

/// Longest name that is kept, in bytes.
const LONGEST: usize = 500;

/// Maximum number of notes that are kept of a file.
const NOTES: usize = 20;

/// A threshold that the producer itself judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold {
    /// What the producer calls it.
    pub name: String,
    /// As the producer writes it: `p(95)<500`.
    pub expression: String,
    /// Whether the run crossed it.
    pub is_crossed: bool,
}

/// What a file of benchmarks says.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Reading {
    /// By name and metric, in the order of both.
    pub benchmarks: Vec<Benchmark>,
    /// What the producer itself judged.
    pub thresholds: Vec<Threshold>,
    /// Where the run says that it went wrong or broke off.
    pub broken: Troubles,
    /// What can't be read or believed.
    pub troubles: Troubles,
    /// What people should know besides.
    pub notes: Vec<String>,
}

/// Collects what a file says.
#[derive(Default)]
pub(super) struct Sheet {
    measures: BTreeMap<(String, String), Measure>,
    samples: usize,
    thresholds: Vec<Threshold>,
    broken: Troubles,
    pub(super) troubles: Troubles,
    notes: Vec<String>,
}

/// A measure and how it is thinned out.
struct Measure {
    benchmark: Benchmark,
    thinning: Thinning,
}

/// Keeps every sample, then every second, then every fourth, so that memory has a bound.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Thinning {
    seen: u64,
    stride: u32,
}

impl Thinning {
    /// Takes a sample.
    pub(super) fn push(&mut self, samples: &mut Vec<f64>, sample: f64) {
        if self.seen.is_multiple_of(1 << self.stride.min(62)) {
            samples.push(sample);
            if samples.len() > KEPT {
                let mut index = 0;
                samples.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride += 1;
            }
        }
        self.seen += 1;
    }
}

impl Sheet {
    /// Takes a measure; one of the same name and metric adds its samples to it.
    pub(super) fn push(&mut self, mut benchmark: Benchmark, line: u64) {
        if let Some(fault) = benchmark.fault() {
            self.trouble(line, fault);
            return;
        }
        benchmark.name = shorten(&benchmark.name, LONGEST);
        benchmark.metric = shorten(&benchmark.metric, LONGEST);
        self.samples += benchmark.samples.len();
        if self.samples > MOST_SAMPLES {
            self.trouble(line, format!("more than {MOST_SAMPLES} samples in one file"));
            return;
        }
        let key = (benchmark.name.clone(), benchmark.metric.clone());
        let is_full = self.measures.len() >= MOST;
        match self.measures.get_mut(&key) {
            Some(measure) => {
                if let Err(fault) = measure.add(&benchmark) {
                    self.trouble(line, fault);
                }
            }
            None if is_full => {
                self.trouble(line, format!("more than {MOST} measurements in one file"));
            }
            None => {
                let samples = std::mem::take(&mut benchmark.samples);
                let mut measure = Measure { benchmark, thinning: Thinning::default() };
                measure.take(&samples, 1.0);
                self.measures.insert(key, measure);
            }
        }
    }

    /// The measures, by name and metric.
    pub(super) fn into_benchmarks(self) -> impl Iterator<Item = Benchmark> {
        self.measures.into_values().map(|measure| measure.benchmark)
    }

    /// Whether a measure is there.
    pub(super) fn has(&self, name: &str, metric: &str) -> bool {
        self.measures.contains_key(&(name.to_owned(), metric.to_owned()))
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        self.measures.is_empty()
    }

    /// Takes a threshold.
    pub(super) fn threshold(&mut self, threshold: Threshold) {
        if self.thresholds.len() < THRESHOLDS {
            self.thresholds.push(threshold);
        } else {
            self.trouble(0, format!("more than {THRESHOLDS} thresholds in one file"));
        }
    }

    /// What is wrong with a line; 0 is the file as a whole.
    pub(super) fn trouble(&mut self, line: u64, what: impl Into<String>) {
        self.troubles.push(if line == 0 { Trouble::whole(what) } else { Trouble::line(line, what) });
    }

    /// A line that says that the run went wrong or broke off.
    pub(super) fn broke(&mut self, line: u64, what: impl AsRef<str>) {
        let what = shorten(what.as_ref().trim(), LONGEST);
        self.broken.push(if line == 0 { Trouble::whole(what) } else { Trouble::line(line, what) });
    }

    /// What is worth saying, once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.notes.len() < NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The whole file; one without any measure says so.
    pub(super) fn finish(mut self) -> Reading {
        let is_said = !self.troubles.is_empty() || !self.broken.is_empty();
        if self.is_empty() && self.thresholds.is_empty() && !is_said {
            self.trouble(0, "contains no benchmark that was measured");
        }
        self.thresholds.sort();
        Reading {
            benchmarks: self.measures.into_values().map(|measure| measure.benchmark).collect(),
            thresholds: self.thresholds,
            broken: self.broken,
            troubles: self.troubles,
            notes: self.notes,
        }
    }
}

impl Measure {
    /// Adds what was measured again.
    fn add(&mut self, other: &Benchmark) -> Result<(), String> {
        let own = &mut self.benchmark;
        let Some(factor) = super::unit::factor(&other.unit, &own.unit) else {
            return Err(format!("`{}` is measured in `{}` and in `{}`", own.name, own.unit, other.unit));
        };
        if own.direction != other.direction {
            return Err(format!("`{}` has two directions", own.name));
        }
        // What one of them says about its own value holds for neither now.
        own.interval = None;
        own.is_exact |= other.is_exact;
        self.take(&other.samples, factor);
        Ok(())
    }

    fn take(&mut self, samples: &[f64], factor: f64) {
        for sample in samples {
            self.thinning.push(&mut self.benchmark.samples, sample * factor);
        }
    }
}
