//! Every measure of a run held against the same one of the baseline.
//!
//! A measure is worse where both hold: the difference is clear at the rate of false alarms that all measures of the run share,
//! and a slow-down as large as the largest allowed one lies within the interval or below it. So a true slow-down of that size is
//! found, a clear but small one is let pass, and what turns red is never less than half of what is allowed.

use std::collections::BTreeMap;

use super::benchmark::{Benchmark, Direction};
use super::limits::{Limits, is_named};
use super::machine::{Belief, Machine, correct, is_timed, machine};
use super::merge::Merged;
use super::statistics::{Contrast, Method, contrast, holm, least_p};
use super::unit::{self, SIMULATED};
use devops_core::words::{count, number};

/// By how many events a counter of a simulated processor must differ; below that it is the layout of memory.
const NOTICEABLE: f64 = 100.0;

/// How a measure stands to the baseline, worst first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Regressed,
    Vanished,
    /// With what differs.
    Incomparable(String),
    /// It changed, and it is unknown which direction is better.
    Moved,
    /// It may have got worse by more than is allowed, and it may not.
    Inconclusive,
    /// Too short for the clock on one side.
    Unmeasured,
    Improved,
    New,
    Unchanged,
    /// Shows how fast the machine is.
    Reference,
    /// Describes the run; is never compared with the baseline.
    Informative,
}

impl Verdict {
    /// The word in reports.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Vanished => "vanished",
            Self::Incomparable(_) => "incomparable",
            Self::Moved => "moved",
            Self::Inconclusive => "inconclusive",
            Self::Unmeasured => "unmeasured",
            Self::Improved => "improved",
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Reference => "reference",
            Self::Informative => "informative",
        }
    }
}

/// One measure, before and now, in the unit of the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The benchmark.
    pub name: String,
    /// What was measured of it.
    pub metric: String,
    /// The unit of the baseline.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// The value in the baseline.
    pub before: Option<f64>,
    /// The value in the reports.
    pub now: Option<f64>,
    /// Now over before, with the speed of the machine taken out.
    pub ratio: Option<f64>,
    /// Where the ratio lies.
    pub interval: Option<(f64, f64)>,
    /// Adjusted for all measures of the run.
    pub p: Option<f64>,
    /// How the samples were compared.
    pub method: Method,
    /// How many samples there are, before and now.
    pub sizes: (usize, usize),
    /// What the measured values were multiplied with to take the speed of the machine out.
    pub scale: f64,
    /// What follows.
    pub verdict: Verdict,
}

impl Comparison {
    /// A measure that is there on one side only, or stands for both.
    fn of(benchmark: &Benchmark, verdict: Verdict) -> Self {
        Self {
            name: benchmark.name.clone(),
            metric: benchmark.metric.clone(),
            unit: benchmark.unit.clone(),
            direction: benchmark.direction,
            before: None,
            now: None,
            ratio: None,
            interval: None,
            p: None,
            method: Method::None,
            sizes: (0, 0),
            scale: 1.0,
            verdict,
        }
    }

    /// How much worse it may be: the end of its interval, or what was measured where there is none.
    pub fn worst(&self) -> f64 {
        let (low, high) = self.interval.unwrap_or_else(|| {
            let ratio = self.ratio.unwrap_or(1.0);
            (ratio, ratio)
        });
        match self.direction {
            Direction::Bigger => 1.0 / low,
            Direction::Unknown => high.max(1.0 / low),
            Direction::Smaller | Direction::Informative => high,
        }
    }

    /// How much worse it is: above 1 is worse, whatever the direction.
    pub fn worse(&self) -> f64 {
        let ratio = self.ratio.unwrap_or(1.0);
        match self.direction {
            Direction::Bigger => 1.0 / ratio,
            Direction::Unknown => ratio.max(1.0 / ratio),
            Direction::Smaller | Direction::Informative => ratio,
        }
    }
}

/// Compares everything, in the order of names and metrics, and says what the reference says about the machine.
pub(super) fn compare(now: &Merged, base: &Merged, limits: &Limits) -> (Vec<Comparison>, Option<Machine>) {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut found: BTreeMap<(&str, &str), Comparison> = BTreeMap::new();
    for (key, before) in &base.benchmarks {
        let comparison = match (now.benchmarks.get(key), now.conflicts.get(key)) {
            (_, Some(why)) => Comparison::of(before, Verdict::Incomparable(why.clone())),
            (None, None) => {
                Comparison { before: Some(before.value()), ..Comparison::of(before, Verdict::Vanished) }
            }
            (Some(now), None) => match Pair::of(before, now, limits.alarm_rate) {
                Ok(pair) => {
                    pairs.push(pair);
                    continue;
                }
                Err(why) => Comparison::of(before, Verdict::Incomparable(why)),
            },
        };
        found.insert(before.key(), comparison);
    }
    for ((name, metric), why) in &base.conflicts {
        let nothing = Benchmark::new(name, metric, 0.0, "");
        let why = format!("the baseline itself has it {why}");
        found.insert((name, metric), Comparison::of(&nothing, Verdict::Incomparable(why)));
    }
    for benchmark in
        now.benchmarks.iter().filter(|(key, _)| !is_known(base, key)).map(|(_, benchmark)| benchmark)
    {
        let value = Some(benchmark.value());
        found.insert(benchmark.key(), Comparison { now: value, ..Comparison::of(benchmark, Verdict::New) });
    }
    let machine = machine(&pairs, limits);
    let pattern = limits.reference.as_deref().unwrap_or_default();
    if let Some(machine) = machine.as_ref().filter(|machine| machine.belief == Belief::Corrected) {
        correct(&mut pairs, machine, pattern);
    }
    let is_believed =
        machine.as_ref().is_some_and(|machine| !matches!(machine.belief, Belief::Alone | Belief::Beyond));
    for (pair, mut comparison) in pairs.iter().zip(judged(&pairs, limits)) {
        if is_believed && is_timed(pair) && is_named(pattern, pair.before) {
            comparison.verdict = Verdict::Reference;
        }
        found.insert(pair.before.key(), comparison);
    }
    (found.into_values().collect(), machine)
}

fn is_known(base: &Merged, key: &(String, String)) -> bool {
    base.benchmarks.contains_key(key) || base.conflicts.contains_key(key)
}

/// A measure before and now, in one unit.
pub(super) struct Pair<'a> {
    pub(super) before: &'a Benchmark,
    pub(super) now: Vec<f64>,
    is_exact: bool,
    /// What the samples of now were multiplied with.
    pub(super) scale: f64,
}

impl<'a> Pair<'a> {
    fn of(before: &'a Benchmark, now: &Benchmark, rate: f64) -> Result<Self, String> {
        let samples = match now.samples_in(&before.unit) {
            Some(samples) => samples,
            None if before.direction == Direction::Informative => now.samples.clone(),
            None => return Err(format!("measured in `{}` before, in `{}` now", before.unit, now.unit)),
        };
        if before.direction != now.direction && before.direction != Direction::Informative {
            let words = (before.direction.as_str(), now.direction.as_str());
            return Err(format!("the direction was `{}` before and is `{}` now", words.0, words.1));
        }
        // A count doesn't become noisy because the report says so now.
        let pair = Self { before, now: samples, is_exact: before.is_exact || now.is_exact, scale: 1.0 };
        match before.least_of_runs.filter(|usual| pair.is_starved(*usual, rate)) {
            Some(usual) => Err(format!(
                "measured {}, but at least {} in every earlier run, so a slowdown can no longer be distinguished from noise",
                count(pair.now.len() as u64, "time"),
                number(usual as u64)
            )),
            None => Ok(pair),
        }
    }

    /// Whether noise can't be excluded, and could be with as many samples as there have always been.
    fn is_starved(&self, usual: usize, rate: f64) -> bool {
        self.is_sampled() && self.least_p() > rate && least_p(self.before.samples.len(), usual) <= rate
    }

    pub(super) fn value(&self) -> f64 {
        let mut sorted = self.now.clone();
        sorted.sort_by(f64::total_cmp);
        super::statistics::middle(&sorted)
    }

    /// The values that are compared, before and now: of exact counts that share a name those that differ most for the worse.
    fn values(&self) -> (f64, f64) {
        if !self.is_exact || (self.before.samples.len() == 1 && self.now.len() == 1) {
            return (self.before.value(), self.value());
        }
        let sorted = |samples: &[f64]| {
            let mut sorted = samples.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        let (before, now) = (sorted(&self.before.samples), sorted(&self.now));
        let ends = (before.last().copied().unwrap_or_default(), now.last().copied().unwrap_or_default());
        if before.len() != now.len() {
            return ends;
        }
        let worse = |(before, now): &(f64, f64)| match self.before.direction {
            Direction::Bigger => ratio(*now, *before),
            Direction::Unknown => ratio(*before, *now).max(ratio(*now, *before)),
            Direction::Smaller | Direction::Informative => ratio(*before, *now),
        };
        before.into_iter().zip(now).max_by(|one, other| worse(one).total_cmp(&worse(other))).unwrap_or(ends)
    }

    /// How it is compared, if by a rank test.
    pub(super) fn is_sampled(&self) -> bool {
        !self.is_exact && self.before.direction != Direction::Informative
    }

    pub(super) fn least_p(&self) -> f64 {
        least_p(self.before.samples.len(), self.now.len())
    }
}

/// What is compared by rank test: all whose samples can reach the rate that they share.
fn testable(pairs: &[Pair<'_>], rate: f64) -> f64 {
    let mut least: Vec<f64> = pairs.iter().filter(|pair| pair.is_sampled()).map(Pair::least_p).collect();
    least.sort_by(f64::total_cmp);
    let mut reach = 0.0;
    let mut index = 0;
    for group in least.chunk_by(|one, other| one.total_cmp(other).is_eq()) {
        index += group.len();
        #[expect(clippy::cast_precision_loss, reason = "a count of measures")]
        let share = rate / index as f64;
        if let Some(p) = group.first().filter(|p| **p <= share) {
            reach = *p;
        }
    }
    reach
}

fn judged(pairs: &[Pair<'_>], limits: &Limits) -> Vec<Comparison> {
    let reach = testable(pairs, limits.alarm_rate);
    let is_tested = |pair: &&Pair<'_>| pair.is_sampled() && pair.least_p() <= reach;
    let contrasts: Vec<Contrast> = pairs
        .iter()
        .filter(is_tested)
        .map(|pair| contrast(&pair.before.samples, &pair.now, limits.alarm_rate))
        .collect();
    let mut adjusted =
        holm(&contrasts.iter().map(|found| found.p).collect::<Vec<_>>()).into_iter().zip(&contrasts);
    pairs
        .iter()
        .map(|pair| {
            let tested = if is_tested(&pair) { adjusted.next() } else { None };
            judge(pair, tested, limits)
        })
        .collect()
}

fn judge(pair: &Pair<'_>, tested: Option<(f64, &Contrast)>, limits: &Limits) -> Comparison {
    let (before, now) = pair.values();
    let mut comparison = Comparison {
        before: Some(before),
        now: Some(now / pair.scale),
        scale: pair.scale,
        ratio: Some(ratio(before, now)),
        sizes: (pair.before.samples.len(), pair.now.len()),
        ..Comparison::of(pair.before, Verdict::Unchanged)
    };
    let is_zero = before <= 0.0 || now <= 0.0;
    if pair.before.direction == Direction::Informative {
        comparison.verdict = Verdict::Informative;
    } else if is_zero && now.total_cmp(&before).is_ne() && unit::is_time(&pair.before.unit) {
        comparison.verdict = Verdict::Unmeasured;
    } else if pair.is_exact {
        comparison.method = Method::Count;
        by_size(&mut comparison, limits.exact_tolerance, false);
    } else if let Some((p, found)) = tested {
        (comparison.ratio, comparison.interval) = (Some(found.ratio), found.interval);
        (comparison.p, comparison.method) = (Some(p), found.method);
        by_test(&mut comparison, p, limits);
    } else {
        comparison.method = Method::SizeAlone;
        by_size(&mut comparison, limits.size_alone, true);
        doubt(&mut comparison, limits);
    }
    if pair.before.unit == SIMULATED && (now - before).abs() < NOTICEABLE {
        comparison.verdict = Verdict::Unchanged;
    }
    comparison
}

fn ratio(before: f64, now: f64) -> f64 {
    if now.total_cmp(&before).is_eq() { 1.0 } else { now / before }
}

/// A change of at least that many percent counts, or one of more than that many.
fn by_size(comparison: &mut Comparison, percent: f64, is_inclusive: bool) {
    let allowed = 1.0 + percent / 100.0;
    let worse = comparison.worse();
    let is_beyond = |factor: f64| factor > allowed || (is_inclusive && factor >= allowed);
    comparison.verdict = match comparison.direction {
        Direction::Unknown if is_beyond(worse) => Verdict::Moved,
        _ if is_beyond(worse) => Verdict::Regressed,
        _ if is_beyond(1.0 / worse) => Verdict::Improved,
        _ => Verdict::Unchanged,
    };
}

/// A change that is clear, and of which the largest allowed one is not ruled out.
fn by_test(comparison: &mut Comparison, p: f64, limits: &Limits) {
    let allowed = 1.0 + limits.max_slowdown / 100.0;
    let ratio = comparison.ratio.unwrap_or(1.0);
    let (low, high) = comparison.interval.unwrap_or((0.0, f64::INFINITY));
    let is_clear = p <= limits.alarm_rate;
    // More than before by that much, or less than before by that much.
    let is_more = is_clear && ratio > 1.0 && high >= allowed;
    let is_less = is_clear && ratio < 1.0 && low <= 1.0 / allowed;
    comparison.verdict = match comparison.direction {
        Direction::Unknown if is_more || is_less => Verdict::Moved,
        Direction::Smaller if is_more => Verdict::Regressed,
        Direction::Smaller if is_less => Verdict::Improved,
        Direction::Bigger if is_less => Verdict::Regressed,
        Direction::Bigger if is_more => Verdict::Improved,
        _ => Verdict::Unchanged,
    };
    doubt(comparison, limits);
}

/// Nothing is unchanged of which a change for the worse beyond the limit is not ruled out.
fn doubt(comparison: &mut Comparison, limits: &Limits) {
    // Where nothing at all is allowed, no number of samples would be enough.
    if comparison.verdict == Verdict::Unchanged && limits.max_slowdown > 0.0 {
        let allowed = 1.0 + limits.max_slowdown / 100.0;
        if comparison.worst() > allowed {
            comparison.verdict = Verdict::Inconclusive;
        }
    }
}
