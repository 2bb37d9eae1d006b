//! Numbers as reports write them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

/// A line, from 1; zero is what some producers write for no line.
pub(super) fn line(text: &str) -> Option<u32> {
    match digits(text) {
        Some(number) => u32::try_from(number).ok(),
        None => text.trim().parse().ok(),
    }
}

/// A number that is digits and nothing else and can't overflow, as nearly all are; reports hold millions of them.
fn digits(text: &str) -> Option<u64> {
    let is_short = (1..=18).contains(&text.len());
    let add = |number: u64, byte: u8| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'));
    is_short.then(|| text.bytes().try_fold(0, add)).flatten()
}

/// How often something ran, as a report says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// As many times, at most what fits.
    Real(u32),
    /// A counter that overflowed: negative, the same number without a sign, or what producers cut those to.
    Overflowed,
}

impl Count {
    /// The hits that count: an overflowed counter does not prove that anything ran.
    pub(super) fn hits(self) -> u32 {
        match self {
            Self::Real(hits) => hits,
            Self::Overflowed => 0,
        }
    }

    /// One hit for any number of them.
    pub(super) fn at_most_one(self) -> Self {
        match self {
            Self::Real(hits) => Self::Real(hits.min(1)),
            Self::Overflowed => Self::Overflowed,
        }
    }
}

impl From<u32> for Count {
    fn from(hits: u32) -> Self {
        Self::Real(hits)
    }
}

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        if count >= i64::MAX.unsigned_abs() { Self::Overflowed } else { Self::Real(clamp(count)) }
    }
}

impl From<i64> for Count {
    fn from(count: i64) -> Self {
        u64::try_from(count).map_or(Self::Overflowed, Self::from)
    }
}

impl From<f64> for Count {
    fn from(count: f64) -> Self {
        // The first number that no signed counter of 64 bits can hold.
        if !(0.0..9_223_372_036_854_775_808.0).contains(&count) {
            return Self::Overflowed;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and that is meant"
        )]
        Self::Real(count.ceil() as u32)
    }
}

/// In JSON any number is a count.
impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Count;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of hits")
            }

            fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
                Ok(count.into())
            }

            fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
                Ok(count.into())
            }

            fn visit_f64<E>(self, count: f64) -> Result<Count, E> {
                Ok(count.into())
            }
        }
        deserializer.deserialize_any(Form)
    }
}

/// How often something ran.
pub(super) fn count(text: &str) -> Option<Count> {
    if let Some(count) = digits(text) {
        return Some(Count::Real(clamp(count)));
    }
    let text = text.trim();
    if let Ok(count) = text.parse::<u64>() {
        return Some(count.into());
    }
    if let Ok(count) = text.parse::<i64>() {
        return Some(count.into());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    text.parse::<f64>().ok().map(Count::from)
}

/// As many hits as fit.
pub(super) fn clamp(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Count::{Overflowed, Real};
    use super::{count, line};

    #[test]
    fn counts_are_read_in_every_form() {
        for (text, expected) in [
            ("0", Some(Real(0))),
            (" 12 ", Some(Real(12))),
            ("4294967296", Some(Real(u32::MAX))),
            ("9223372036854775806", Some(Real(u32::MAX))),
            ("9223372036854775807", Some(Overflowed)),
            ("18446744073709551151", Some(Overflowed)),
            ("99999999999999999999999", Some(Overflowed)),
            ("-3", Some(Overflowed)),
            ("-3.5", Some(Overflowed)),
            ("1.0", Some(Real(1))),
            ("0.2", Some(Real(1))),
            ("1e+06", Some(Real(1_000_000))),
            ("", None),
            ("NaN", None),
            ("inf", None),
            ("one", None),
            ("-", None),
        ] {
            assert_eq!(count(text), expected, "{text}");
            if let Some(expected) = expected.filter(|_| !text.contains("99999999999999999999999")) {
                assert_eq!(serde_json::from_str::<super::Count>(text).unwrap(), expected, "{text} in JSON");
            }
        }
        assert_eq!((line("7"), line("-1"), line("")), (Some(7), None, None));
    }
}
