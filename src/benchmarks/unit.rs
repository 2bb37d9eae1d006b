//! Units: which convert into each other, and which way is better in them.

use super::benchmark::Direction;

/// What a simulated processor does: counts that depend on where memory lies, which any change of a program moves.
pub(crate) const SIMULATED: &str = "simulated events";

/// What a part of a unit counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part<'a> {
    Time(f64),
    Bytes(f64),
    Other(&'a str),
}

impl<'a> Part<'a> {
    fn of(word: &'a str) -> Self {
        match word {
            "ps" | "picoseconds" => Self::Time(1e-12),
            "ns" | "nsec" | "nanoseconds" => Self::Time(1e-9),
            "us" | "µs" | "μs" | "usec" | "microseconds" => Self::Time(1e-6),
            "ms" | "msec" | "milliseconds" => Self::Time(1e-3),
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Time(1.0),
            "min" | "minutes" => Self::Time(60.0),
            "h" | "hours" => Self::Time(3600.0),
            "B" | "bytes" => Self::Bytes(1.0),
            "kB" | "KB" => Self::Bytes(1e3),
            "MB" => Self::Bytes(1e6),
            "GB" => Self::Bytes(1e9),
            "KiB" => Self::Bytes(1024.0),
            "MiB" => Self::Bytes(1_048_576.0),
            "GiB" => Self::Bytes(1_073_741_824.0),
            other => Self::Other(other),
        }
    }

    /// What one of this is in `other`, where they count the same.
    fn factor(self, other: Self) -> Option<f64> {
        match (self, other) {
            (Self::Time(from), Self::Time(to)) | (Self::Bytes(from), Self::Bytes(to)) => Some(from / to),
            (Self::Other(from), Self::Other(to)) if from == to => Some(1.0),
            _ => None,
        }
    }
}

/// What a unit counts, and per what.
fn parts(unit: &str) -> (Part<'_>, Option<Part<'_>>) {
    match unit.split_once('/') {
        Some((above, below)) => (Part::of(above.trim()), Some(Part::of(below.trim()))),
        None => (Part::of(unit.trim()), None),
    }
}

/// What a value in `from` must be multiplied with to be one in `to`; `None` where they count different things.
pub(crate) fn factor(from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(1.0);
    }
    let ((above, below), (wanted_above, wanted_below)) = (parts(from), parts(to));
    let upper = above.factor(wanted_above)?;
    match (below, wanted_below) {
        (None, None) => Some(upper),
        (Some(below), Some(wanted)) => Some(upper / below.factor(wanted)?),
        // `ns/op` and `ns` both say how long one takes.
        (Some(Part::Other(each)), None) | (None, Some(Part::Other(each))) if is_each(each) => Some(upper),
        _ => None,
    }
}

/// Which way is better, where the unit alone says so: times and costs of one operation should be small, what is done in a
/// time should be much.
pub(crate) fn direction(unit: &str) -> Option<Direction> {
    match parts(unit) {
        (Part::Time(_), _) => Some(Direction::Smaller),
        (_, Some(Part::Time(_))) => Some(Direction::Bigger),
        (_, Some(Part::Other(each))) if is_each(each) => Some(Direction::Smaller),
        _ => None,
    }
}

/// Whether this is one run of what is measured.
fn is_each(word: &str) -> bool {
    matches!(word, "op" | "iter" | "iteration" | "it" | "call")
}

/// Whether the unit is a time.
pub(crate) fn is_time(unit: &str) -> bool {
    matches!(parts(unit), (Part::Time(_), _))
}

/// Whether the unit is something per time.
pub(crate) fn is_rate(unit: &str) -> bool {
    matches!(parts(unit), (_, Some(Part::Time(_))))
}

#[cfg(test)]
mod tests {
    use super::{direction, factor};
    use crate::benchmark::Direction;

    fn is_near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found / wanted - 1.0).abs() < 1e-12)
    }

    #[test]
    fn units_convert_where_they_count_the_same() {
        assert!(is_near(factor("ms", "us"), 1000.0));
        assert!(is_near(factor("ops/ms", "ops/s"), 1000.0));
        assert!(is_near(factor("us/op", "ns/op"), 1000.0));
        assert!(is_near(factor("ns/op", "us"), 0.001));
        assert!(is_near(factor("MiB/s", "B/s"), 1_048_576.0));
        assert!(is_near(factor("items", "items"), 1.0));
        assert_eq!(factor("ms", "MB"), None);
        assert_eq!(factor("ops/s", "s/op"), None);
        assert_eq!(factor("ns/item", "ns"), None);
        assert_eq!(factor("apples", "pears"), None);
    }

    #[test]
    fn units_tell_the_direction_or_nothing() {
        for (unit, wanted) in [
            ("ns", Some(Direction::Smaller)),
            ("s/op", Some(Direction::Smaller)),
            ("B/op", Some(Direction::Smaller)),
            ("allocs/op", Some(Direction::Smaller)),
            ("cycles/iter", Some(Direction::Smaller)),
            ("ops/us", Some(Direction::Bigger)),
            ("req/s", Some(Direction::Bigger)),
            ("MB", None),
            ("Percent", None),
            ("", None),
        ] {
            assert_eq!(direction(unit), wanted, "{unit}");
        }
    }
}
