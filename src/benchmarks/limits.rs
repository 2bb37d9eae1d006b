//! What may be: the largest slow-down, the rate of false alarms, and bounds that need no baseline.

use super::benchmark::Benchmark;
use super::text::number;
use super::unit;
use devops_core::Error;
use devops_core::wildcard::is_like;

/// What may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Largest slow-down in percent that passes.
    pub max_slowdown: f64,
    /// How likely a run without any change may be red.
    pub alarm_rate: f64,
    /// Largest slow-down in percent if there are too few samples to distinguish it from noise.
    pub size_alone: f64,
    /// Largest increase in percent of an exact count.
    pub exact_tolerance: f64,
    /// What is judged without a baseline.
    pub bounds: Vec<Bound>,
    /// The benchmark that shows how fast the machine is; the name may hold `*` and `?`.
    pub reference: Option<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_slowdown: 5.0,
            alarm_rate: 0.001,
            size_alone: 50.0,
            exact_tolerance: 0.0,
            bounds: Vec::new(),
            reference: None,
        }
    }
}

impl Limits {
    /// Refuses numbers that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        for (name, percent) in [
            ("slow-down", self.max_slowdown),
            ("slowdown by size alone", self.size_alone),
            ("increase of an exact count", self.exact_tolerance),
        ] {
            if !(percent.is_finite() && percent >= 0.0) {
                return Err(Error::usage(format!("the maximum {name} of {percent} % is not a percentage"))
                    .help("give a number of at least 0, such as `5`"));
            }
        }
        if self.reference.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::usage("the reference benchmark has no name")
                .help("give the name of a benchmark, such as `sha256sum`"));
        }
        if !(self.alarm_rate > 0.0 && self.alarm_rate <= 0.5) {
            return Err(Error::usage(format!("the alarm rate {} is not a rate", self.alarm_rate))
                .help("give a number above 0 and at most 0.5, such as `0.001`"));
        }
        Ok(())
    }
}

/// How a value stands to its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    AtMost,
    Below,
    AtLeast,
    Above,
}

/// A bound that needs no baseline: `NAME <= VALUE UNIT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// As it was given.
    pub text: String,
    pattern: String,
    relation: Relation,
    value: f64,
    unit: String,
}

/// What a bound says about a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Yes,
    No,
    /// The units count different things.
    Other,
}

impl Bound {
    /// Reads `NAME <= VALUE UNIT`; the name may hold `*` and `?`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let relations = [
            (" <= ", Relation::AtMost),
            (" >= ", Relation::AtLeast),
            (" < ", Relation::Below),
            (" > ", Relation::Above),
        ];
        let wrong = |what: &str| {
            Error::usage(format!("invalid limit `{text}`: {what}"))
                .help("write `NAME <= VALUE UNIT`, e.g. `http_req_duration.p(95) <= 300 ms` or `*.parse >= 1000 ops/s`")
        };
        // A name may hold `<`, so that the last sign between blanks counts.
        let found =
            relations.iter().filter_map(|(sign, relation)| Some((text.rfind(sign)?, sign.len(), *relation)));
        let Some((at, length, relation)) = found.max_by_key(|(at, _, _)| *at) else {
            return Err(wrong("there is no `<=`, `>=`, `<` or `>` between spaces"));
        };
        let pattern = text.get(..at).unwrap_or_default().trim();
        let rest = text.get(at + length..).unwrap_or_default().trim();
        let (value, unit) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(value) = number(value) else {
            return Err(wrong(&format!("`{value}` is not a number")));
        };
        if pattern.is_empty() {
            return Err(wrong("there is no name"));
        }
        Ok(Self {
            text: text.trim().to_owned(),
            pattern: pattern.to_owned(),
            relation,
            value,
            unit: unit.trim().to_owned(),
        })
    }

    /// Whether a measure is meant: by its name, or by its name and metric with a dot between them.
    pub(crate) fn is_about(&self, benchmark: &Benchmark) -> bool {
        is_named(&self.pattern, benchmark)
    }

    /// Whether a measure keeps to the bound; without a unit the number stands as it is.
    pub fn judge(&self, benchmark: &Benchmark) -> Kept {
        let factor = if self.unit.is_empty() { Some(1.0) } else { unit::factor(&benchmark.unit, &self.unit) };
        let Some(factor) = factor else { return Kept::Other };
        let value = benchmark.value() * factor;
        let is_kept = match self.relation {
            Relation::AtMost => value <= self.value,
            Relation::Below => value < self.value,
            Relation::AtLeast => value >= self.value,
            Relation::Above => value > self.value,
        };
        if is_kept { Kept::Yes } else { Kept::No }
    }

    /// Whether the bound says its unit.
    pub(crate) fn has_unit(&self) -> bool {
        !self.unit.is_empty()
    }
}

/// Whether a pattern is about a measure: about its name, or its name and metric with a dot between them.
pub(crate) fn is_named(pattern: &str, benchmark: &Benchmark) -> bool {
    is_like(pattern, &format!("{}.{}", benchmark.name, benchmark.metric)) || is_like(pattern, &benchmark.name)
}

#[cfg(test)]
mod tests {
    use super::{Bound, Kept, Limits};
    use crate::benchmark::Benchmark;

    #[test]
    fn bounds_are_read_and_kept_or_not() {
        let latency = Benchmark::new("http_req_duration", "p(95)", 0.299, "s");
        let bound = Bound::parse("http_req_duration.p(95) <= 300 ms").unwrap();
        assert!(bound.is_about(&latency));
        assert_eq!(bound.judge(&latency), Kept::Yes);
        assert_eq!(Bound::parse("http_* < 299 ms").unwrap().judge(&latency), Kept::No);
        let throughput = Benchmark::new("org.Sums.sum (n=10)", "thrpt", 1.0, "ops/ms");
        let bound = Bound::parse("*Sums.sum* >= 1,000 ops/s").unwrap();
        assert!(bound.is_about(&throughput) && !bound.is_about(&latency));
        assert_eq!(bound.judge(&throughput), Kept::Yes);
        assert_eq!(Bound::parse("* <= 3 MB").unwrap().judge(&latency), Kept::Other);
        assert!(Bound::parse("Map<a < b> < 3").unwrap().is_about(&Benchmark::new(
            "Map<a < b>",
            "t",
            1.0,
            ""
        )));
        for wrong in ["", "a", "a <= ", "<= 3 ms", "a <= x ms", "a<=3"] {
            assert!(Bound::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert!(Limits::default().check().is_ok());
        assert!(Limits { alarm_rate: 0.0, ..Limits::default() }.check().is_err());
        assert!(Limits { max_slowdown: f64::NAN, ..Limits::default() }.check().is_err());
        assert!(Limits { size_alone: -1.0, ..Limits::default() }.check().is_err());
    }
}
