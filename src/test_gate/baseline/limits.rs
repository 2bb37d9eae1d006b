//! How much worse than the baseline a run may be.

use std::str::FromStr;

use super::compare::Amount;

/// How much slower a test may be, and how many tests fewer there may be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limits {
    /// A test is slower where it takes longer than this many times the median of its earlier durations; none: never.
    pub(crate) max_slowdown: Option<f64>,
    /// All tests together are slower where they take longer than this many times the median of earlier runs; none: never.
    pub(crate) max_run_slowdown: Option<f64>,
    /// And longer than the median by more than this many milliseconds.
    pub(crate) slowdown_floor_ms: u64,
    /// Maximum number of tests lost since the baseline.
    pub(crate) max_test_drop: Option<TestDrop>,
}

/// How many tests fewer there may be: `10`, or `2.5%` of those at the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TestDrop {
    /// So many.
    Count(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl FromStr for TestDrop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let error =
            || format!("`{text}` is neither a number of tests, such as 10, nor a percentage, such as 2.5%");
        match text.strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim_end().parse().map_err(|_| error())?;
                if (0.0..=100.0).contains(&percent) { Ok(Self::Percent(percent)) } else { Err(error()) }
            }
            None => text.parse().map(Self::Count).map_err(|_| error()),
        }
    }
}

impl TestDrop {
    /// Minimum number of tests there must be where there were so many.
    pub(crate) fn least(self, before: u64) -> u64 {
        match self {
            Self::Count(count) => before.saturating_sub(count),
            Self::Percent(percent) => {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a number of tests"
                )]
                // A hair less, so that 10 % of 30 is 3 in spite of rounding.
                let least = (before as f64 * (100.0 - percent) / 100.0 - 1e-6).ceil().max(0.0) as u64;
                least
            }
        }
    }
}

impl Limits {
    /// Minimum number of executions there must be, where there are fewer.
    pub(crate) fn missed(&self, before: Amount, now: Amount) -> Option<u64> {
        let least = self.max_test_drop?.least(before.executions);
        (now.executions < least).then_some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Limits, TestDrop};

    #[test]
    fn a_drop_is_a_number_or_a_share() {
        for (text, before, least) in [
            ("10", 30, 20),
            ("40", 30, 0),
            ("10%", 30, 27),
            ("2.5 %", 1_000, 975),
            ("0%", 7, 7),
            ("33%", 3, 3),
        ] {
            assert_eq!(text.parse::<TestDrop>().unwrap().least(before), least, "{text}");
        }
        for text in ["", "-1", "101%", "ten", "NaN%", "%"] {
            assert!(text.parse::<TestDrop>().is_err(), "{text}");
        }
        let limits = Limits { max_test_drop: Some(TestDrop::Count(1)), ..Limits::default() };
        let amount = |executions| Amount { executions, ..Amount::default() };
        assert_eq!(limits.missed(amount(3), amount(2)), None);
        assert_eq!(limits.missed(amount(3), amount(1)), Some(2));
    }
}
