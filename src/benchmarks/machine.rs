//! How fast the machine is against that of the baseline, measured by benchmarks that no change touches.
//!
//! A reference only counts as far as it can be believed: its own change must be clear, of a size that machines differ by, and
//! shared by the other benchmarks. A change that slows the reference down as well gains nothing: where it moved alone nothing is
//! corrected, and it is red itself.

use super::compare::Pair;
use super::limits::{Limits, is_named};
use super::statistics::{contrast, middle};
use super::unit;

/// How much slower or faster a machine may be for its times to be corrected.
pub(super) const MOST: f64 = 2.0;

/// Minimum number of other measures that show whether they moved with the reference.
const ENOUGH: usize = 3;

/// What the reference says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Machine {
    /// The measures that are the reference.
    pub names: Vec<String>,
    /// How many times slower the reference is than in the baseline.
    pub slower: f64,
    /// The same of all other measures, where there are enough of them.
    pub others: Option<f64>,
    pub(crate) belief: Belief,
}

/// Whether the reference is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// Times are corrected by it.
    Corrected,
    /// It is as fast as before, as far as is known.
    Same,
    /// It has too few samples.
    Unsampled,
    /// It moved, and the others did not.
    Alone,
    /// It moved by more than machines differ.
    Beyond,
}

/// What the reference says about the machine; `None` where there is none on both sides.
pub(super) fn machine(pairs: &[Pair<'_>], limits: &Limits) -> Option<Machine> {
    let pattern = limits.reference.as_deref()?;
    let (references, others): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) =
        pairs.iter().filter(|pair| is_timed(pair)).partition(|pair| is_named(pattern, pair.before));
    let mut changes: Vec<(f64, bool)> = Vec::new();
    let mut is_sampled = true;
    for pair in &references {
        is_sampled &= pair.least_p() <= limits.alarm_rate;
        let found = contrast(&pair.before.samples, &pair.now, limits.alarm_rate);
        changes.push((slower(pair, found.ratio), found.p <= limits.alarm_rate));
    }
    let own = median(changes.iter().map(|(slower, _)| *slower))?;
    let rest = others.iter().map(|pair| slower(pair, pair.value() / pair.before.value()));
    let rest =
        median(rest.filter(|ratio| ratio.is_finite() && *ratio > 0.0)).filter(|_| others.len() >= ENOUGH);
    let belief = if !is_sampled {
        Belief::Unsampled
    } else if !changes.iter().all(|(_, is_clear)| *is_clear) {
        Belief::Same
    } else if !(1.0 / MOST..=MOST).contains(&own) {
        Belief::Beyond
    } else if rest.is_some_and(|rest| !is_shared(own, rest)) {
        Belief::Alone
    } else {
        Belief::Corrected
    };
    let names = references.iter().map(|pair| pair.before.name.clone()).collect();
    Some(Machine { names, slower: own, others: rest, belief })
}

/// Takes the speed of the machine out of every time but that of the reference itself.
pub(super) fn correct(pairs: &mut [Pair<'_>], machine: &Machine, pattern: &str) {
    for pair in pairs.iter_mut().filter(|pair| is_timed(pair) && !is_named(pattern, pair.before)) {
        pair.scale = if unit::is_time(&pair.before.unit) { 1.0 / machine.slower } else { machine.slower };
        pair.now.iter_mut().for_each(|sample| *sample *= pair.scale);
    }
}

/// Whether the others moved at least half of the way with the reference.
fn is_shared(own: f64, rest: f64) -> bool {
    let (own, rest) = (own.ln(), rest.ln());
    own * rest > 0.0 && rest.abs() >= own.abs() / 2.0
}

/// Whether the speed of the machine is in a measure: times and rates, no counts.
pub(super) fn is_timed(pair: &Pair<'_>) -> bool {
    pair.is_sampled() && (unit::is_time(&pair.before.unit) || unit::is_rate(&pair.before.unit))
}

/// How many times slower a ratio of times or rates is.
fn slower(pair: &Pair<'_>, ratio: f64) -> f64 {
    if unit::is_time(&pair.before.unit) { ratio } else { 1.0 / ratio }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| middle(&values))
}
