//! The verdict about benchmarks: thresholds of the reports, limits that were given, and the baseline.

use super::benchmark::Benchmark;
use super::compare::{Comparison, Verdict, compare};
use super::limits::{Bound, Kept, Limits};
use super::merge::{Merged, merge};
use super::rules;
use super::sheet::Threshold;
use super::statistics::{Method, least_p};
use crate::core::Finding;
use crate::core::words::{count, counted};

/// What there is to say about the benchmarks of a run.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    /// By name and metric; without a baseline there are none.
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) notes: Vec<String>,
}

/// Judges the measures of a run, which may come from several files, against those of the baseline, which may come from several
/// runs.
pub(crate) fn judge(
    now: &[Benchmark],
    base: Option<&[Benchmark]>,
    thresholds: &[Threshold],
    limits: &Limits,
) -> Judged {
    let merged = merge(now);
    let mut findings: Vec<Finding> =
        thresholds.iter().filter(|threshold| threshold.is_crossed).map(rules::threshold).collect();
    for bound in &limits.bounds {
        hold(bound, &merged, &mut findings);
    }
    let mut judged = Judged { findings, ..Judged::default() };
    if let Some(base) = base {
        against(&mut judged, &merged, &merge(base), limits);
    } else {
        for ((name, metric), why) in &merged.conflicts {
            judged.notes.push(format!("{name} {metric} is {why} in the reports of this run"));
        }
        if !now.is_empty() {
            let measures = counted(merged.benchmarks.len() as u64, "measure is", "measures are");
            judged.notes.push(format!("{measures} compared with nothing, for there is no baseline"));
        }
    }
    let left_out = judged.findings.len().saturating_sub(rules::LISTED);
    if left_out > 0 {
        judged.findings.truncate(rules::LISTED);
        judged.findings.push(rules::more(left_out));
    }
    judged
}

/// Holds a bound against every measure it is about.
fn hold(bound: &Bound, merged: &Merged, findings: &mut Vec<Finding>) {
    let about: Vec<&Benchmark> =
        merged.benchmarks.values().filter(|benchmark| bound.is_about(benchmark)).collect();
    let is_one_unit =
        about.windows(2).all(|pair| pair.first().map(|one| &one.unit) == pair.last().map(|one| &one.unit));
    if about.is_empty() {
        findings.push(rules::idle(bound, "is about no benchmark of this run"));
        return;
    }
    if !bound.has_unit() && !is_one_unit {
        findings.push(rules::idle(bound, "names no unit, and its benchmarks have several"));
        return;
    }
    let outcomes: Vec<(Kept, &Benchmark)> =
        about.into_iter().map(|found| (bound.judge(found), found)).collect();
    if outcomes.iter().all(|(kept, _)| *kept == Kept::Other) {
        findings.push(rules::idle(bound, "has a unit that none of its benchmarks is measured in"));
    }
    for (_, benchmark) in outcomes.iter().filter(|(kept, _)| *kept == Kept::No) {
        findings.push(rules::bound(bound, benchmark));
    }
}

/// Compares with the baseline, worst first in the findings.
fn against(judged: &mut Judged, now: &Merged, base: &Merged, limits: &Limits) {
    judged.comparisons = compare(now, base, limits);
    let mut worst: Vec<&Comparison> = judged.comparisons.iter().collect();
    worst.sort_by(|one, other| worst_first(one, other));
    judged.findings.extend(worst.into_iter().filter_map(|comparison| rules::compared(comparison, limits)));
    for ((name, metric), why) in now.conflicts.iter().filter(|(key, _)| !base.benchmarks.contains_key(*key)) {
        judged.notes.push(format!("{name} {metric} is new, and {why} in the reports of this run"));
    }
    judged.notes.extend(notes(&judged.comparisons, limits));
}

/// The order of a table: the worst verdict, then the greatest change for the worse, then the name.
pub(crate) fn worst_first(one: &Comparison, other: &Comparison) -> std::cmp::Ordering {
    let key = |comparison: &Comparison| (comparison.name.clone(), comparison.metric.clone());
    one.verdict
        .as_rank()
        .cmp(&other.verdict.as_rank())
        .then_with(|| other.worse().total_cmp(&one.worse()))
        .then_with(|| key(one).cmp(&key(other)))
}

impl Verdict {
    /// Its place in a table, worst first.
    fn as_rank(&self) -> u8 {
        match self {
            Self::Regressed => 0,
            Self::Vanished => 1,
            Self::Incomparable(_) => 2,
            Self::Moved => 3,
            Self::Unmeasured => 4,
            Self::Improved => 5,
            Self::New => 6,
            Self::Unchanged => 7,
            Self::Informative => 8,
        }
    }
}

/// What a reader must know to understand the table.
fn notes(comparisons: &[Comparison], limits: &Limits) -> Vec<String> {
    let mut notes = Vec::new();
    let of = |wanted: fn(&Comparison) -> bool| comparisons.iter().filter(|found| wanted(found)).count();
    let by_size = of(|found| found.method == Method::SizeAlone);
    if by_size > 0 {
        let tested =
            of(|found| matches!(found.method, Method::RankExact | Method::RankNormal | Method::SizeAlone));
        notes.push(format!(
            "{} judged by size alone ({} %): with at least {} on each side noise could be told apart",
            counted(by_size as u64, "measure was", "measures were"),
            rules::short(limits.size_alone),
            count(needed(tested, limits.alarm_rate), "sample")
        ));
    }
    let unmeasured = of(|found| found.verdict == Verdict::Unmeasured);
    if unmeasured > 0 {
        let measures = counted(unmeasured as u64, "measure is", "measures are");
        notes.push(format!("{measures} too short for the clock on one side, and compared with nothing"));
    }
    let fresh = of(|found| found.verdict == Verdict::New);
    if fresh > 0 {
        let measures = counted(fresh as u64, "measure is", "measures are");
        notes.push(format!("{measures} new, without anything to compare with"));
    }
    notes
}

/// How many samples each side needs, where that many measures share the rate.
fn needed(measures: usize, rate: f64) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of measures")]
    let share = rate / measures.max(1) as f64;
    (2..500).find(|size| least_p(*size, *size) <= share).unwrap_or(500) as u64
}
