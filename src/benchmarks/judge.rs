//! The verdict about benchmarks: thresholds of the reports, limits that were given, and the baseline.

use super::benchmark::Benchmark;
use super::compare::{Comparison, Verdict, compare};
use super::limits::{Bound, Kept, Limits, is_named};
use super::machine::Belief;
use super::merge::{Merged, merge};
use super::rules;
use super::sheet::Threshold;
use super::statistics::{Method, least_p, middle};
use super::unit;
use devops_core::Finding;
use devops_core::words::{count, counted};

/// What there is to say about the benchmarks of a run.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Judged {
    pub findings: Vec<Finding>,
    /// By name and metric; without a baseline there are none.
    pub comparisons: Vec<Comparison>,
    pub notes: Vec<String>,
}

/// Judges the measures of a run, which may come from several files, against those of the baseline, which may come from several
/// runs.
pub fn judge(
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
    findings
        .extend(limits.reference.as_deref().filter(|name| !has_time(name, &merged)).map(rules::no_reference));
    let mut judged = Judged { findings, ..Judged::default() };
    if let Some(base) = base {
        against(&mut judged, &merged, &merge(base), limits);
    } else {
        for ((name, metric), why) in &merged.conflicts {
            judged.notes.push(format!("{name} {metric} is {why} in the reports of this run"));
        }
        if !now.is_empty() {
            let measures = counted(merged.benchmarks.len() as u64, "measurement is", "measurements are");
            judged.notes.push(format!("{measures} not compared, because there is no baseline"));
        }
    }
    let left_out = judged.findings.len().saturating_sub(rules::LISTED);
    if left_out > 0 {
        judged.findings.truncate(rules::LISTED);
        judged.findings.push(rules::more(left_out));
    }
    judged
}

/// Whether a time or a rate of that name was measured.
fn has_time(name: &str, merged: &Merged) -> bool {
    let is_timed = |found: &Benchmark| unit::is_time(&found.unit) || unit::is_rate(&found.unit);
    merged.benchmarks.values().any(|found| is_named(name, found) && is_timed(found))
}

/// Holds a bound against every measure it is about.
fn hold(bound: &Bound, merged: &Merged, findings: &mut Vec<Finding>) {
    let about: Vec<&Benchmark> =
        merged.benchmarks.values().filter(|benchmark| bound.is_about(benchmark)).collect();
    let is_one_unit =
        about.windows(2).all(|pair| pair.first().map(|one| &one.unit) == pair.last().map(|one| &one.unit));
    if about.is_empty() {
        findings.push(rules::idle(bound, "matches no benchmark of this run"));
        return;
    }
    if !bound.has_unit() && !is_one_unit {
        findings.push(rules::idle(bound, "has no unit, but its benchmarks have several"));
        return;
    }
    let outcomes: Vec<(Kept, &Benchmark)> =
        about.into_iter().map(|found| (bound.judge(found), found)).collect();
    if outcomes.iter().all(|(kept, _)| *kept == Kept::Other) {
        findings.push(rules::idle(bound, "has a unit that none of its benchmarks has"));
    }
    for (_, benchmark) in outcomes.iter().filter(|(kept, _)| *kept == Kept::No) {
        findings.push(rules::bound(bound, benchmark));
    }
}

/// Compares with the baseline, worst first in the findings.
fn against(judged: &mut Judged, now: &Merged, base: &Merged, limits: &Limits) {
    let (comparisons, machine) = compare(now, base, limits);
    let mut worst: Vec<&Comparison> = comparisons.iter().collect();
    worst.sort_by(|one, other| worst_first(one, other));
    judged.findings.extend(machine.as_ref().and_then(rules::reference));
    if machine.as_ref().is_some_and(|machine| machine.belief == Belief::Unsampled) {
        judged.notes.push("the reference has too few samples: nothing is corrected by it".to_owned());
    }
    let common = common(&worst);
    if let Some((factor, members, all)) = &common {
        judged.findings.push(rules::together(members, *factor, *all));
    }
    let is_member = |found: &&Comparison| {
        common.iter().any(|(_, members, _)| members.iter().any(|member| std::ptr::eq(*member, *found)))
    };
    let alone = worst.iter().copied().filter(|found| !is_member(found));
    judged.findings.extend(alone.filter_map(|comparison| rules::compared(comparison, limits)));
    let open: Vec<&Comparison> =
        worst.iter().copied().filter(|found| found.verdict == Verdict::Inconclusive).collect();
    if !open.is_empty() {
        let all = comparisons.iter().filter(|found| found.ratio.is_some()).count();
        judged.findings.push(rules::inconclusive(&open, all, limits, samples_needed(&open, limits)));
    }
    judged.comparisons = comparisons;
    for ((name, metric), why) in now.conflicts.iter().filter(|(key, _)| !base.benchmarks.contains_key(*key)) {
        judged.notes.push(format!("{name} {metric} is new, and {why} in the reports of this run"));
    }
    judged.notes.extend(notes(&judged.comparisons, limits));
}

/// Minimum number of measures of which it can be said that everything moved.
const MANY: usize = 5;

/// By which factor two measures may differ that moved together.
const APART: f64 = 1.25;

/// The factor that nearly all times and rates got worse by, those that did, and how many there are; what got worse by more than the
/// others is none of them.
fn common<'a>(comparisons: &[&'a Comparison]) -> Option<(f64, Vec<&'a Comparison>, usize)> {
    let is_timed = |found: &&&Comparison| {
        let is_time = unit::is_time(&found.unit) || unit::is_rate(&found.unit);
        is_time
            && found.method != Method::Count
            && found.ratio.is_some()
            && found.verdict != Verdict::Reference
    };
    let timed: Vec<&Comparison> = comparisons.iter().filter(is_timed).copied().collect();
    let mut factors: Vec<f64> = timed.iter().map(|found| found.worse()).collect();
    factors.sort_by(f64::total_cmp);
    let factor = middle(&factors);
    let is_with =
        |found: &&Comparison| found.verdict == Verdict::Regressed && found.worse() <= factor * APART;
    let members: Vec<&Comparison> = timed.iter().copied().filter(is_with).collect();
    (members.len() >= MANY && members.len() * 10 >= timed.len() * 9).then_some((factor, members, timed.len()))
}

/// How many samples each side needs so that the worst of these is decided, as far as its interval says.
fn samples_needed(open: &[&Comparison], limits: &Limits) -> u64 {
    let allowed = (1.0 + limits.max_slowdown / 100.0).ln();
    let least = needed(open.len(), limits.alarm_rate);
    let of = |found: &&Comparison| {
        let Some((low, high)) = found.interval else { return least };
        let half = (high.ln() - low.ln()) / 2.0;
        // What seems to be worse than allowed is decided as soon as no change at all is ruled out.
        let worse = found.worse().ln().max(0.0);
        let room = if worse > allowed { worse } else { (allowed - worse).max(allowed / 2.0) };
        #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
        let size = found.sizes.0.min(found.sizes.1) as f64;
        let wanted = (size * (half / room).powi(2)).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, saturates"
        )]
        let wanted = wanted as u64;
        wanted.max(least)
    };
    open.iter().map(of).max().unwrap_or(least)
}

/// The order of a table: the worst verdict, then the greatest change for the worse, then the name.
pub fn worst_first(one: &Comparison, other: &Comparison) -> std::cmp::Ordering {
    one.verdict
        .as_rank()
        .cmp(&other.verdict.as_rank())
        .then_with(|| other.worse().total_cmp(&one.worse()))
        .then_with(|| (&one.name, &one.metric).cmp(&(&other.name, &other.metric)))
}

impl Verdict {
    /// Its place in a table, worst first.
    fn as_rank(&self) -> u8 {
        match self {
            Self::Regressed => 0,
            Self::Vanished => 1,
            Self::Incomparable(_) => 2,
            Self::Moved => 3,
            Self::Inconclusive => 4,
            Self::Unmeasured => 5,
            Self::Improved => 6,
            Self::New => 7,
            Self::Unchanged => 8,
            Self::Reference => 9,
            Self::Informative => 10,
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
            "{} judged by size alone ({} %): at least {} on each side are needed for statistics",
            counted(by_size as u64, "measurement was", "measurements were"),
            rules::short(limits.size_alone),
            count(needed(tested, limits.alarm_rate), "sample")
        ));
    }
    let unmeasured = of(|found| found.verdict == Verdict::Unmeasured);
    if unmeasured > 0 {
        let measures = counted(unmeasured as u64, "measurement is", "measurements are");
        notes.push(format!("{measures} too short for the clock on one side, and not compared"));
    }
    let fresh = of(|found| found.verdict == Verdict::New);
    if fresh > 0 {
        let measures = counted(fresh as u64, "measurement is", "measurements are");
        notes.push(format!("{measures} new, so there is nothing to compare with"));
    }
    notes
}

/// How many samples each side needs, where that many measures share the rate.
fn needed(measures: usize, rate: f64) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of measures")]
    let share = rate / measures.max(1) as f64;
    (2..500).find(|size| least_p(*size, *size) <= share).unwrap_or(500) as u64
}

#[cfg(test)]
mod tests {
    use super::{Judged, judge};
    use crate::compare::Verdict;
    use crate::direction::Direction;
    use crate::{Benchmark, Bound, Limits, Threshold, details};
    use devops_core::Severity;

    fn samples(value: f64) -> Vec<f64> {
        (0..20).map(|index| value * (1.0 + f64::from(index) * 0.001)).collect()
    }

    fn measure(name: &str, value: f64) -> Benchmark {
        Benchmark::new(name, "time", value, "ms").samples(samples(value))
    }

    fn against(now: &[Benchmark], base: &[Benchmark]) -> Judged {
        judge(now, Some(base), &[], &Limits::default())
    }

    /// Rules and titles of the findings, and the verdict of the first comparison.
    fn told(judged: &Judged) -> (Vec<String>, &'static str) {
        let findings =
            judged.findings.iter().map(|found| format!("{}: {}", found.rule, found.title)).collect();
        (findings, judged.comparisons[0].verdict.as_str())
    }

    #[test]
    fn what_is_clearly_slower_is_red_and_what_is_slightly_slower_is_not() {
        let base = [measure("sum", 10.0)];
        let (findings, verdict) = told(&against(&[measure("sum", 11.0)], &base));
        assert_eq!(findings, ["benchmark-regressed: sum: 10 % slower"]);
        assert_eq!(verdict, "regressed");
        assert_eq!(told(&against(&[measure("sum", 10.25)], &base)), (vec![], "unchanged"));
        assert_eq!(told(&against(&[measure("sum", 9.0)], &base)), (vec![], "improved"));
        assert_eq!(told(&against(&base, &base)), (vec![], "unchanged"));
    }

    #[test]
    fn a_throughput_that_collapses_is_red_and_one_that_grows_is_not() {
        let throughput = |value: f64| Benchmark::new("sum", "thrpt", value, "ops/s").samples(samples(value));
        let base = [throughput(1000.0)];
        let (findings, _) = told(&against(&[throughput(500.0)], &base));
        assert_eq!(findings, ["benchmark-regressed: sum thrpt: 50 % less"]);
        assert_eq!(told(&against(&[throughput(2000.0)], &base)), (vec![], "improved"));
    }

    #[test]
    fn units_are_converted_before_values_are_compared() {
        let base = [measure("sum", 10.0)];
        let now = Benchmark::new("sum", "time", 1.0, "us").samples(samples(10_000.0));
        assert_eq!(told(&against(&[now], &base)), (vec![], "unchanged"));
        let other = Benchmark::new("sum", "time", 1.0, "ops/s").samples(samples(10.0));
        let judged = against(&[other], &base);
        assert_eq!(told(&judged).0, ["benchmark-vanished: sum can't be compared"]);
        assert_eq!(judged.findings[0].detail, "measured in `ms` before, in `ops/s` now");
        let turned = measure("sum", 20.0).toward(Direction::Bigger);
        assert_eq!(told(&against(&[turned], &base)).1, "incomparable");
    }

    #[test]
    fn what_is_gone_is_red_and_what_is_new_is_said() {
        let judged = against(&[measure("new", 1.0)], &[measure("old", 1.0)]);
        assert_eq!(told(&judged).0, ["benchmark-vanished: old is gone"]);
        assert_eq!(judged.notes, ["1 measurement is new, so there is nothing to compare with"]);
        assert_eq!(told(&against(&[], &[measure("old", 1.0)])).1, "vanished");
    }

    #[test]
    fn exact_counts_are_compared_exactly() {
        let count = |value: f64| Benchmark::new("sum", "Ir", value, "Ir").toward(Direction::Smaller).exact();
        assert_eq!(told(&against(&[count(1001.0)], &[count(1000.0)])).1, "regressed");
        assert_eq!(told(&against(&[count(1000.0)], &[count(1000.0)])).1, "unchanged");
        // A count that calls itself inexact now is still one.
        let noisy = Benchmark { is_exact: false, ..count(1001.0) };
        assert_eq!(told(&against(&[noisy], &[count(1000.0)])).1, "regressed");
        let limits = Limits { exact_tolerance: 1.0, ..Limits::default() };
        let judged = judge(&[count(1009.0)], Some(&[count(1000.0)]), &[], &limits);
        assert_eq!(told(&judged).1, "unchanged");
    }

    #[test]
    fn few_samples_are_judged_by_size_alone() {
        let one = |value: f64| Benchmark::new("sum", "time", value, "ms");
        let judged = against(&[one(14.9)], &[one(10.0)]);
        let title = "benchmark-inconclusive: 1 of 1 measurement is inconclusive: a slowdown of more than 5 % can't be ruled out";
        assert_eq!(told(&judged), (vec![title.to_owned()], "inconclusive"));
        assert_eq!(told(&against(&[one(10.4)], &[one(10.0)])), (vec![], "unchanged"));
        assert_eq!(
            judged.notes,
            [
                "1 measurement was judged by size alone (50 %): at least 7 samples on each side are needed for \
                 statistics"
            ]
        );
        assert_eq!(told(&against(&[one(15.0)], &[one(10.0)])).1, "regressed");
        assert_eq!(told(&against(&[one(5.0)], &[one(0.0)])).1, "unmeasured");
        let allocations = |value: f64| Benchmark::new("sum", "B/op", value, "B/op");
        assert_eq!(told(&against(&[allocations(48.0)], &[allocations(0.0)])).1, "regressed");
        assert_eq!(told(&against(&[allocations(0.0)], &[allocations(0.0)])).1, "unchanged");
    }

    #[test]
    fn samples_that_are_left_out_hide_nothing() {
        let of_runs = |least| [measure("sum", 10.0).least_of_runs(Some(least))];
        let few = |amount: usize| [measure("sum", 14.0).samples(samples(14.0)[..amount].to_vec())];
        let judged = against(&few(1), &of_runs(20));
        assert_eq!(told(&judged).0, ["benchmark-vanished: sum can't be compared"]);
        assert_eq!(
            judged.findings[0].detail,
            "measured 1 time, but at least 20 in every earlier run, so a slowdown can no longer be distinguished from noise"
        );
        assert_eq!(told(&against(&few(3), &of_runs(20))).1, "incomparable");
        assert_eq!(told(&against(&few(4), &of_runs(20))).1, "regressed", "enough to tell");
        assert_eq!(told(&against(&few(1), &of_runs(1))).1, "inconclusive", "twenty runs of one sample each");
    }

    #[test]
    fn a_move_in_an_unknown_direction_warns() {
        let items = |value: f64| Benchmark::new("sum", "items", value, "items").samples(samples(value));
        let judged = against(&[items(10.0)], &[items(20.0)]);
        assert_eq!(told(&judged).1, "moved");
        assert_eq!(judged.findings[0].severity, Severity::Low);
        let about = |value: f64| items(value).toward(Direction::Informative);
        assert_eq!(told(&against(&[about(1.0)], &[about(20.0)])), (vec![], "informative"));
    }

    #[test]
    fn thresholds_and_limits_need_no_baseline() {
        let crossed = |is_crossed| Threshold {
            name: "http_req_duration".to_owned(),
            expression: "p(95)<500".to_owned(),
            is_crossed,
        };
        let limits = Limits {
            bounds: ["sum <= 9 ms", "su* < 1 s", "*.time >= 1 ops/s", "summ <= 3 ms"]
                .map(|text| Bound::parse(text).unwrap())
                .to_vec(),
            ..Limits::default()
        };
        let judged = judge(&[measure("sum", 10.0)], None, &[crossed(true), crossed(false)], &limits);
        let titles: Vec<&str> = judged.findings.iter().map(|found| found.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "http_req_duration: p(95)<500 is not met",
                "sum is 10.09 ms",
                "the limit `*.time >= 1 ops/s` has a unit that none of its benchmarks has",
                "the limit `summ <= 3 ms` matches no benchmark of this run",
            ]
        );
        assert!(judged.comparisons.is_empty());
        assert_eq!(judged.notes, ["1 measurement is not compared, because there is no baseline"]);
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let base: Vec<Benchmark> = (0..1200).map(|index| measure(&format!("b{index}"), 1.0)).collect();
        let judged = against(&[], &base);
        assert_eq!(judged.findings.len(), 1001);
        assert_eq!(judged.findings[1000].title, "200 findings more about benchmarks");
        let table = details(&judged, &Limits::default());
        assert_eq!(table["rows"].as_array().unwrap().len(), 100);
        assert_eq!(table["rows_left_out"], 1100);
        assert_eq!(table["counts"]["vanished"], 1200);
    }

    #[test]
    fn the_worst_comes_first() {
        let base = ["a", "b", "c", "d"].map(|name| measure(name, 10.0));
        let now = [measure("a", 10.0), measure("b", 12.0), measure("c", 15.0)];
        let judged = against(&now, &base);
        let table = details(&judged, &Limits::default());
        let names: Vec<&str> =
            table["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["c", "b", "d", "a"]);
        assert_eq!(table["rows"][0]["verdict"], "regressed");
        assert!(table["rows"][0]["low"].as_f64().unwrap() < 1.5);
        assert_eq!(judged.comparisons.iter().filter(|found| found.verdict == Verdict::Regressed).count(), 2);
        // The order of the inputs does not matter.
        let turned: Vec<Benchmark> = base.iter().rev().cloned().collect();
        assert_eq!(against(&now, &turned), judged);
    }
}
