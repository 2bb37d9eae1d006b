//! The rules about benchmarks, and the findings they make of comparisons.

use super::benchmark::{Benchmark, Direction};
use super::compare::{Comparison, Verdict};
use super::limits::{Bound, Limits};
use super::machine::{Belief, MOST, Machine};
use super::sheet::Threshold;
use super::statistics::Method;
use devops_core::rule::rules;
use devops_core::words::{count, counted, number};
use devops_core::{Finding, Rule, Severity};

rules! {
    /// Every rule of this room.
    pub const RULES;

    REGRESSED: "benchmark-regressed", High,
        "a benchmark got worse than the baseline, by more than noise and by more than allowed";
    VANISHED: "benchmark-vanished", High,
        "a benchmark of the baseline is gone, or is measured in a way that can't be compared";
    INCONCLUSIVE: "benchmark-inconclusive", Low,
        "benchmarks vary so much that a slowdown beyond the limit can't be ruled out";
    REFERENCE: "benchmark-reference-moved", Low,
        "the reference benchmark shows that the machine is slower or faster, or can't be trusted";
    CROSSED: "threshold-crossed", High, "a threshold of the report, or a given limit, is crossed";
}

/// Maximum number of findings of this room; what is left out is counted.
pub(super) const LISTED: usize = 1_000;

/// Maximum number of measures that one finding about many of them shows.
const SHOWN: usize = 50;

/// Maximum number of samples that are asked for.
const MOST_SAMPLES: u64 = 10_000;

/// What a comparison is worth reporting as, if it is.
pub(super) fn compared(comparison: &Comparison, limits: &Limits) -> Option<Finding> {
    match &comparison.verdict {
        Verdict::Regressed => Some(regressed(comparison, limits)),
        Verdict::Moved => Some(moved(comparison)),
        Verdict::Vanished => Some(vanished(comparison)),
        Verdict::Incomparable(why) => Some(incomparable(comparison, why)),
        Verdict::Improved
        | Verdict::Inconclusive
        | Verdict::Reference
        | Verdict::Unchanged
        | Verdict::New
        | Verdict::Unmeasured
        | Verdict::Informative => None,
    }
}

fn about(rule: &Rule, title: String, comparison: &Comparison) -> Finding {
    let Comparison { name, metric, unit, .. } = comparison;
    let mut finding = Finding::new(rule, title, &[name, metric])
        .named("benchmark", name.as_str())
        .about("metric", metric.as_str())
        .about("unit", unit.as_str());
    for (key, value) in [("before", comparison.before), ("now", comparison.now), ("ratio", comparison.ratio)]
    {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            finding = finding.about(key, value);
        }
    }
    finding
}

/// `sum time`, or the name alone where the metric says nothing.
fn named(name: &str, metric: &str) -> String {
    if matches!(metric, "time" | "value" | "mean") { name.to_owned() } else { format!("{name} {metric}") }
}

fn regressed(comparison: &Comparison, limits: &Limits) -> Finding {
    let title = format!("{}: {}", named(&comparison.name, &comparison.metric), change(comparison));
    let allowed = match comparison.method {
        Method::SizeAlone => {
            format!("the maximum for so few samples is {} %", short(limits.size_alone))
        }
        Method::Count => format!("the maximum for an exact count is {} %", short(limits.exact_tolerance)),
        _ => format!("the maximum is {} %", short(limits.max_slowdown)),
    };
    about(&REGRESSED, title, comparison)
        .detail(format!("{}; {allowed}", evidence(comparison)))
        .help("find out what in this change causes it, or waive it while the cost is accepted")
}

fn moved(comparison: &Comparison) -> Finding {
    let title = format!("{}: {}", named(&comparison.name, &comparison.metric), change(comparison));
    about(&REGRESSED, title, comparison)
        .severity(Severity::Low)
        .detail(format!("{}; it is unknown which direction is better", evidence(comparison)))
        .help("declare which direction is better, for go with a line `Unit NAME better=lower` in the output")
}

/// Many measures that got worse by nearly the same factor, instead of a finding for each.
pub(super) fn together(members: &[&Comparison], factor: f64, all: usize) -> Finding {
    let title = format!(
        "everything moved by {} ×: {} of {} are worse",
        short(factor),
        number(members.len() as u64),
        counted(all as u64, "measure", "measures")
    );
    let lines = members.iter().take(SHOWN).map(|comparison| {
        let Comparison { name, metric, .. } = comparison;
        format!("{}: {}, {}", named(name, metric), change(comparison), evidence(comparison))
    });
    let mut detail = lines.collect::<Vec<_>>().join("\n");
    if members.len() > SHOWN {
        detail.push_str(&format!(
            "\nand {}",
            counted((members.len() - SHOWN) as u64, "more measurement", "more measurements")
        ));
    }
    Finding::new(&REGRESSED, title, &["everything moved"])
        .detail(detail)
        .about("factor", factor)
        .about("measures", members.len() as u64)
        .help("this may be a slower machine or a change to code that everything uses: measure the base and the change alternately in one job, or set `benchmark-reference`")
}

/// Measures of which it is unknown whether they got worse: one finding for all.
pub(super) fn inconclusive(open: &[&Comparison], all: usize, limits: &Limits, needed: u64) -> Finding {
    let worst = open.iter().map(|comparison| comparison.worst()).fold(1.0, f64::max);
    let limit = short(limits.max_slowdown);
    let title = format!(
        "{} of {} inconclusive: a slowdown of more than {limit} % can't be ruled out",
        number(open.len() as u64),
        counted(all as u64, "measurement is", "measurements are"),
    );
    let lines = open.iter().take(SHOWN).map(|comparison| {
        let Comparison { name, metric, .. } = comparison;
        format!("{}: {}, {}", named(name, metric), change(comparison), evidence(comparison))
    });
    let mut detail = lines.collect::<Vec<_>>().join("\n");
    if open.len() > SHOWN {
        detail.push_str(&format!(
            "\nand {}",
            counted((open.len() - SHOWN) as u64, "more measurement", "more measurements")
        ));
    }
    let samples = if needed > MOST_SAMPLES {
        format!("more than {}", number(MOST_SAMPLES))
    } else {
        format!("about {}", number(needed))
    };
    let mut finding = Finding::new(&INCONCLUSIVE, title, &["inconclusive"])
        .detail(detail)
        .about("measures", open.len() as u64)
        .about("samples-needed", needed.min(MOST_SAMPLES))
        .help(format!("take {samples} samples of each on both sides, on a quieter machine or alternately with the base in one job"));
    if worst.is_finite() {
        finding = finding.about("worst", worst);
    }
    finding
}

/// The machine is slower or faster, or the reference can't be believed.
pub(super) fn reference(machine: &Machine) -> Option<Finding> {
    let name = machine.names.join(", ");
    let times = |factor: f64| {
        if factor < 1.0 {
            format!("{} × faster", short(1.0 / factor))
        } else {
            format!("{} × slower", short(factor))
        }
    };
    let moved = format!("the reference {name} is {}", times(machine.slower));
    let finding = |detail: String| {
        Finding::new(&REFERENCE, moved.clone(), &[&name])
            .detail(detail)
            .named("benchmark", name.as_str())
            .about("ratio", machine.slower)
    };
    match machine.belief {
        Belief::Same | Belief::Unsampled => None,
        Belief::Corrected => Some(finding("all other times are corrected by this factor".to_owned())
            .help("nothing needs to be done if the machine is a different one; if the reference itself was changed, measure again with the earlier one")),
        Belief::Alone => {
            let others = machine.others.map_or_else(String::new, |others| format!(": the others are {}", times(others)));
            let severity = if machine.slower > 1.0 { Severity::High } else { Severity::Low };
            Some(finding(format!("nothing is corrected, because only the reference moved{others}"))
                .severity(severity)
                .help("find out what changed the reference: it should be something that no change affects"))
        }
        Belief::Beyond => Some(finding(format!("nothing is corrected, because machines that differ by more than {MOST} × can't be compared"))
            .severity(Severity::High)
            .help("measure on the same kind of machine as the baseline, or write the baseline on this one")),
    }
}

/// A reference that is about nothing.
pub(super) fn no_reference(pattern: &str) -> Finding {
    Finding::new(
        &CROSSED,
        format!("the reference `{pattern}` matches no time measured in this run"),
        &[pattern],
    )
    .named("threshold", pattern)
    .help("correct `benchmark-reference`, or restore the benchmark")
}

fn vanished(comparison: &Comparison) -> Finding {
    let title = format!("{} is gone", named(&comparison.name, &comparison.metric));
    about(&VANISHED, title, comparison)
        .detail(format!("the baseline has it with {}", shown(comparison.before, &comparison.unit)))
        .help("restore the benchmark, or waive this if it was removed or renamed on purpose")
}

fn incomparable(comparison: &Comparison, why: &str) -> Finding {
    let title = format!("{} can't be compared", named(&comparison.name, &comparison.metric));
    about(&VANISHED, title, comparison)
        .detail(why.to_owned())
        .help("measure it like the baseline, or waive this until the baseline has the new measurement")
}

/// A threshold that the producer found crossed.
pub(super) fn threshold(threshold: &Threshold) -> Finding {
    let Threshold { name, expression, .. } = threshold;
    Finding::new(&CROSSED, format!("{name}: {expression} is not met"), &[name, expression])
        .detail("the report itself marks it as crossed")
        .named("benchmark", name.as_str())
        .named("threshold", expression.as_str())
        .help("meet the threshold, or change it where it is set")
}

/// A bound that a measure doesn't keep.
pub(super) fn bound(bound: &Bound, benchmark: &Benchmark) -> Finding {
    let Benchmark { name, metric, unit, .. } = benchmark;
    let value = shown(Some(benchmark.value()), unit);
    Finding::new(&CROSSED, format!("{} is {value}", named(name, metric)), &[name, metric, &bound.text])
        .detail(format!("the limit is `{}`", bound.text))
        .named("benchmark", name.as_str())
        .about("metric", metric.as_str())
        .named("threshold", bound.text.as_str())
        .about("now", benchmark.value())
        .help("meet the limit, or change it")
}

/// A bound that could not be held against anything.
pub(super) fn idle(bound: &Bound, why: &str) -> Finding {
    Finding::new(&CROSSED, format!("the limit `{}` {why}", bound.text), &[&bound.text])
        .named("threshold", bound.text.as_str())
        .help("correct the name, metric or unit of the limit, or restore the benchmark")
}

/// What stands for the findings that are not listed.
pub(super) fn more(left_out: usize) -> Finding {
    let title = format!("{} more about benchmarks", count(left_out as u64, "finding"));
    Finding::new(&REGRESSED, title, &["more"]).help("fix the listed ones first")
}

/// `12.3 % slower`.
fn change(comparison: &Comparison) -> String {
    let Some(ratio) = comparison.ratio else { return "changed".to_owned() };
    let is_time = super::unit::is_time(&comparison.unit);
    let (more, less) = if is_time && comparison.direction == Direction::Smaller {
        ("slower", "faster")
    } else {
        ("more", "less")
    };
    if !ratio.is_finite() {
        return format!("{more} than nothing");
    }
    let percent = (ratio - 1.0) * 100.0;
    format!("{} % {}", short(percent.abs()), if percent < 0.0 { less } else { more })
}

/// Both values, the interval and how it was found out.
fn evidence(comparison: &Comparison) -> String {
    let unit = comparison.unit.as_str();
    let mut text = format!("{} before, {} now", shown(comparison.before, unit), shown(comparison.now, unit));
    if let Some((low, high)) = comparison.interval {
        text.push_str(&format!(", between {} and {}", signed(low), signed(high)));
    }
    if comparison.scale.total_cmp(&1.0).is_ne() {
        text.push_str("; corrected by the reference");
    }
    let (before, now) = comparison.sizes;
    let samples = format!("{} and {}", count(before as u64, "sample"), number(now as u64));
    match (comparison.method, comparison.p) {
        (Method::Count, _) => text.push_str("; an exact count"),
        (Method::SizeAlone, _) => text.push_str(&format!("; judged by size alone, with {samples}")),
        (_, Some(p)) => text.push_str(&format!("; p = {} with {samples}", probability(p))),
        _ => {}
    }
    text
}

/// `+12.3 %`, of a ratio.
fn signed(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    if percent.is_finite() {
        format!("{}{} %", if percent < 0.0 { "−" } else { "+" }, short(percent.abs()))
    } else {
        "no end".to_owned()
    }
}

/// A value with its unit, with as many digits as mean something.
fn shown(value: Option<f64>, unit: &str) -> String {
    let value = value.map_or_else(|| "nothing".to_owned(), short);
    format!("{value} {unit}").trim_end().to_owned()
}

/// A number in four digits: `1,234`, `12.34`, `0.001234`.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, saturates")]
    let whole = size.round() as u64;
    let text = match size {
        0.0 => "0".to_owned(),
        1e15.. => format!("{size:.3e}"),
        999.5.. => number(whole),
        99.95.. => format!("{size:.1}"),
        9.995.. => format!("{size:.2}"),
        0.9995.. => format!("{size:.3}"),
        0.0001.. => format!("{size:.5}"),
        _ => format!("{size:.3e}"),
    };
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    if value < 0.0 { format!("-{text}") } else { text }
}

fn probability(p: f64) -> String {
    if p < 1e-6 {
        "less than 0.000001".to_owned()
    } else {
        format!("{p:.6}").trim_end_matches('0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        for (value, wanted) in [
            (0.0, "0"),
            (5.0, "5"),
            (12.345, "12.35"),
            (123.456, "123.5"),
            (1234.5, "1,235"),
            (0.05, "0.05"),
            (0.000_001_5, "1.500e-6"),
            (-2.0, "-2"),
        ] {
            assert_eq!(short(value), wanted);
        }
    }
}
