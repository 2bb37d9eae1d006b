//! Numbers, plurals and durations as people read them.

/// A number with thousands separators: `1,204`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun, in the singular or with an `s`: `1 test`, `2 tests`.
pub fn count(value: u64, noun: &str) -> String {
    counted(value, noun, &format!("{noun}s"))
}

/// A count with its noun, where the plural is irregular: `2 advisories`.
pub fn counted(value: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", number(value), if value == 1 { singular } else { plural })
}

/// A duration in its largest two units: `41.2 s`, `3 min 5 s`, `2 h 10 min`; under a second in milliseconds.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite, not negative, saturates"
    )]
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds * 1000.0),
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", number(whole / 3600), whole % 3600 / 60),
    }
}

/// A size in bytes, in the unit that fits: `812 B`, `13.4 kB`, `2.1 MB`.
pub fn bytes(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let size = value as f64;
    match value {
        0..1_000 => format!("{value} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.1} GB", size / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, counted, duration, number};

    #[test]
    fn numbers_have_separators() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_204), "1,204");
        assert_eq!(number(1_000_000), "1,000,000");
    }

    #[test]
    fn nouns_agree() {
        assert_eq!(count(1, "test"), "1 test");
        assert_eq!(count(1_204, "test"), "1,204 tests");
        assert_eq!(counted(2, "advisory", "advisories"), "2 advisories");
    }

    #[test]
    fn durations_use_two_units() {
        assert_eq!(duration(0.0123), "12 ms");
        assert_eq!(duration(41.23), "41.2 s");
        assert_eq!(duration(185.0), "3 min 5 s");
        assert_eq!(duration(7_800.0), "2 h 10 min");
        assert_eq!(duration(f64::NAN), "unknown");
    }

    #[test]
    fn sizes_fit_their_unit() {
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(13_400), "13.4 kB");
        assert_eq!(bytes(2_100_000), "2.1 MB");
    }
}
