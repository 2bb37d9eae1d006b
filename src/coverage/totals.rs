//! Numbers: covered of coverable, and limits they are compared with, exactly.

use std::fmt;
use std::ops::Add;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How many of the things that can be covered were.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// How many ran.
    pub covered: u64,
    /// How many could run.
    pub coverable: u64,
}

impl Ratio {
    /// So many of so many.
    pub fn new(covered: u64, coverable: u64) -> Self {
        Self { covered, coverable }
    }

    /// How many were not covered.
    pub fn uncovered(self) -> u64 {
        self.coverable.saturating_sub(self.covered)
    }

    /// The percentage, not rounded; `None` where nothing can be covered.
    pub fn percent(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "shown to people; comparisons are exact")]
        (self.coverable > 0).then(|| self.covered as f64 * 100.0 / self.coverable as f64)
    }

    /// Whether it is less than a limit; nothing that can be covered is less than nothing.
    pub fn is_below(self, limit: Percent) -> bool {
        u128::from(self.covered) * 100 * Percent::ONE < u128::from(limit.0) * u128::from(self.coverable)
    }

    /// Whether it is more than `tolerance` points lower than `base`.
    pub(crate) fn has_dropped(self, base: Self, tolerance: Percent) -> bool {
        if base.coverable == 0 || self.coverable == 0 {
            return false;
        }
        // The numbers of lines are below 2^40, so nothing comes near the end of the type.
        let cross = |one: Self, other: Self| {
            u128::from(one.covered) * u128::from(other.coverable) * 100 * Percent::ONE
        };
        let allowed = u128::from(tolerance.0) * u128::from(base.coverable) * u128::from(self.coverable);
        cross(base, self) > cross(self, base) + allowed
    }
}

impl Add for Ratio {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            covered: self.covered.saturating_add(other.covered),
            coverable: self.coverable.saturating_add(other.coverable),
        }
    }
}

/// `83.33 % (5 of 6)`; two digits, cut rather than rounded, so that what is below a limit never looks like it.
impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (u128::from(self.covered) * 10_000).checked_div(u128::from(self.coverable));
        match hundredths {
            None => formatter.write_str("nothing to cover"),
            Some(value) => write!(
                formatter,
                "{}.{:02} % ({} of {})",
                value / 100,
                value % 100,
                devops_core::words::number(self.covered),
                devops_core::words::number(self.coverable)
            ),
        }
    }
}

/// The numbers of a file, or of all.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTotals {
    /// Its lines.
    pub lines: Ratio,
    /// Ways out of its branches.
    pub branches: Ratio,
}

impl Add for FileTotals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { lines: self.lines + other.lines, branches: self.branches + other.branches }
    }
}

/// A percentage as it was written, from 0 to 100 with at most six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(
    /// Millionths of a percent.
    u64,
);

impl Percent {
    const ONE: u128 = 1_000_000;
    const DECIMALS: usize = 6;

    fn parse(text: &str) -> Option<Self> {
        let number = text.trim().trim_end_matches('%').trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) || decimals.len() > Self::DECIMALS {
            return None;
        }
        let fraction: u64 = format!("{decimals:0<6}").parse().ok()?;
        let whole: u64 = whole.parse().ok()?;
        let value = whole.checked_mul(1_000_000)?.checked_add(fraction)?;
        (value <= 100_000_000).then_some(Self(value))
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| {
            format!("`{text}` is not a percentage: expected a number from 0 to 100, such as `80` or `80.5`")
        })
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        write!(formatter, "{}{dot}{fraction}", self.0 / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::{Percent, Ratio};

    fn percent(text: &str) -> Percent {
        text.parse().unwrap()
    }

    #[test]
    fn percentages_are_exact() {
        for (text, shown) in
            [("80", "80"), ("80.50", "80.5"), ("0.000001", "0.000001"), ("100", "100"), (" 7 % ", "7")]
        {
            assert_eq!(percent(text).to_string(), shown);
        }
        for text in [
            "",
            "-1",
            "100.000001",
            "80,5",
            "1e1",
            "NaN",
            "80.",
            ".5",
            "0.0000001",
            "99999999999999999999",
            "+5",
        ] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn limits_are_compared_without_rounding() {
        assert!(!Ratio::new(2, 3).is_below(percent("66.666666")));
        assert!(Ratio::new(2, 3).is_below(percent("66.666667")));
        assert!(!Ratio::new(7, 10).is_below(percent("70")));
        assert!(Ratio::new(699_999_999, 1_000_000_000).is_below(percent("70")));
        assert!(!Ratio::default().is_below(percent("100")));
        assert_eq!(Ratio::new(79_999, 100_000).to_string(), "79.99 % (79,999 of 100,000)");
        assert_eq!(Ratio::default().to_string(), "nothing to cover");
    }

    #[test]
    fn drops_are_exact() {
        let base = Ratio::new(90, 100);
        assert!(!Ratio::new(90, 100).has_dropped(base, percent("0")));
        assert!(Ratio::new(89, 100).has_dropped(base, percent("0.999999")));
        assert!(!Ratio::new(89, 100).has_dropped(base, percent("1")));
        assert!(!Ratio::new(95, 100).has_dropped(base, percent("0")));
    }
}
