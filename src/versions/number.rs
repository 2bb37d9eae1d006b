//! Numbers of any length, and the pieces of text that versions are made of.

/// A number without sign; two are equal whatever their leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Number {
    /// Fits a machine word.
    Small(u64),
    /// Does not: the number of its digits, then the digits without leading zeros.
    Large(usize, Box<str>),
}

impl Number {
    /// Nothing.
    pub(crate) const ZERO: Self = Self::Small(0);

    /// The number that these digits write; none of them is zero.
    pub(crate) fn of(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Self::ZERO;
        }
        digits.parse().map_or_else(|_| Self::Large(digits.len(), digits.into()), Self::Small)
    }

    /// Whether it is zero.
    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

/// The longest start of a text with characters of a kind, and the rest.
pub(crate) fn split_while(text: &str, is_wanted: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !is_wanted(byte)).unwrap_or(text.len());
    // A byte that is not ASCII is never wanted, so that the text is cut between characters.
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The digits that a text starts with, and the rest.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    split_while(text, |byte| byte.is_ascii_digit())
}

/// Whether a text is made of digits, at least one.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers between separators; none if anything else is between them.
pub(crate) fn numbers(text: &str, separators: &[char]) -> Option<Vec<Number>> {
    text.split(separators).map(|part| is_digits(part).then(|| Number::of(part))).collect()
}

/// Removes the zeros at the end.
pub(crate) fn without_zeros(mut numbers: Vec<Number>) -> Vec<Number> {
    while numbers.last().is_some_and(Number::is_zero) {
        numbers.pop();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_of_any_length_have_one_order() {
        let texts = [
            "0",
            "1",
            "9",
            "10",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999",
            "100000000000000000000",
        ];
        for (place, text) in texts.iter().enumerate() {
            for (other_place, other) in texts.iter().enumerate() {
                let padded = format!("00{other}");
                assert_eq!(
                    Number::of(text).cmp(&Number::of(&padded)),
                    place.cmp(&other_place),
                    "{text} {other}"
                );
            }
        }
    }
}
