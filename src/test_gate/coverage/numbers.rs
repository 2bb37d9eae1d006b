//! Numbers as reports write them.

/// A line, from 1; zero is what some producers write for no line.
pub(super) fn line(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// How often something ran. Counters that overflowed in the producer are negative and say nothing: not run.
pub(super) fn hits(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Ok(count) = text.parse::<u64>() {
        return Some(clamp(count));
    }
    if let Ok(count) = text.parse::<i64>() {
        return Some(clamp(u64::try_from(count).unwrap_or(0)));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    let count: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and that is meant"
    )]
    Some(count.ceil() as u32)
}

/// As many hits as fit.
pub(super) fn clamp(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{hits, line};

    #[test]
    fn counts_are_read_in_every_form() {
        for (text, expected) in [
            ("0", Some(0)),
            (" 12 ", Some(12)),
            ("4294967296", Some(u32::MAX)),
            ("99999999999999999999999", Some(u32::MAX)),
            ("-3", Some(0)),
            ("1.0", Some(1)),
            ("0.2", Some(1)),
            ("1e+06", Some(1_000_000)),
            ("", None),
            ("NaN", None),
            ("inf", None),
            ("one", None),
            ("-", None),
        ] {
            assert_eq!(hits(text), expected, "{text}");
        }
        assert_eq!((line("7"), line("-1"), line("")), (Some(7), None, None));
    }
}
