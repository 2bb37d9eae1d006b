//! Numbers as producers write them in the language of their machine: `1,234.5`, `1.234,5`, `1 234,5` and `0,5`.

/// A measured number, as of seconds; none where it is no number.
///
/// Where both separators stand, the last one is the decimal one; one that stands several times separates thousands. A single
/// one is the decimal one.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    parse(text, true)
}

/// A number of things; a single comma separates thousands. What is no number is zero, and a part of one is one.
pub(crate) fn count(text: &str) -> u64 {
    if let Ok(number) = text.trim().parse() {
        return number;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the conversion saturates")]
    let number = parse(text, false).unwrap_or(0.0).ceil() as u64;
    number
}

fn parse(text: &str, is_comma_decimal: bool) -> Option<f64> {
    let text = text.trim();
    if !text.contains(|character: char| {
        matches!(character, ',' | '_' | '\'' | '’' | '"') || character.is_whitespace()
    }) && text.matches('.').count() < 2
    {
        return text.parse().ok();
    }
    let times = |separator| text.matches(separator).count();
    let decimal = match (times(','), times('.')) {
        (0, 1) => Some('.'),
        (1, 0) if is_comma_decimal => Some(','),
        (_, 0) | (0, _) => None,
        _ => {
            let last = text.rfind([',', '.']).and_then(|index| text.get(index..)?.chars().next())?;
            // A separator of thousands never follows a decimal one.
            if times(last) > 1 {
                return None;
            }
            Some(last)
        }
    };
    let kept = text.chars().filter_map(|character| match character {
        _ if Some(character) == decimal => Some('.'),
        ',' | '.' | '_' | '\'' | '’' | '"' => None,
        _ => (!character.is_whitespace()).then_some(character),
    });
    kept.collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{count, decimal};

    #[test]
    fn measures_are_read_in_any_language() {
        for (text, expected) in [
            ("1.234", Some(1.234)),
            ("1,234", Some(1.234)),
            ("0,5", Some(0.5)),
            ("1,234.567", Some(1234.567)),
            ("1.234,567", Some(1234.567)),
            ("1.234.567,5", Some(1_234_567.5)),
            ("1,234,567", Some(1_234_567.0)),
            ("1.234.567", Some(1_234_567.0)),
            ("1 234,5", Some(1234.5)),
            ("1\u{a0}234,5", Some(1234.5)),
            ("1\u{202f}234,5", Some(1234.5)),
            ("1'234.5", Some(1234.5)),
            ("1.2E-4", Some(1.2e-4)),
            ("1,2E-4", Some(1.2e-4)),
            (" 2 ", Some(2.0)),
            ("1,2.3,4", None),
            ("", None),
            (",", None),
            ("<<computed>>", None),
        ] {
            assert_eq!(decimal(text), expected, "{text}");
        }
    }

    #[test]
    fn counts_are_no_less_than_was_meant() {
        for (text, expected) in [
            ("12", 12),
            ("+2", 2),
            ("1.0", 1),
            ("0.5", 1),
            ("1,000", 1_000),
            ("1,234.0", 1_234),
            ("1.234,0", 1_234),
            ("1.234.567", 1_234_567),
            ("1 000", 1_000),
            ("1e3", 1_000),
            ("99999999999999999999", u64::MAX),
            ("", 0),
            ("-1", 0),
            ("none", 0),
        ] {
            assert_eq!(count(text), expected, "{text}");
        }
    }
}
