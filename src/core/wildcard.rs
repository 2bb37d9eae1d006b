//! Patterns in which `*` stands for any text.

/// Whether `text` is what `pattern` says, `*` standing for any text.
pub fn is_match(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (characters(pattern), characters(text));
    is_sequence(&pattern, &text, |part| *part == '*', |part, character| part == character)
}

/// The same where `?` stands for any one character.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (characters(pattern), characters(text));
    is_sequence(&pattern, &text, |part| *part == '*', |part, character| *part == '?' || part == character)
}

fn characters(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// Matches a sequence against a pattern in which some parts stand for any number of items; goes back only to the last
/// such part, so that the work is at most the product of both lengths.
pub fn is_sequence<P, T>(
    pattern: &[P],
    items: &[T],
    is_any: impl Fn(&P) -> bool,
    is_one: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut back = None;
    while let Some(item) = items.get(next) {
        match pattern.get(at) {
            Some(part) if is_any(part) => {
                back = Some((at + 1, next));
                at += 1;
            }
            Some(part) if is_one(part, item) => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (at, next) = (after, from + 1);
            }
        }
    }
    pattern.iter().skip(at).all(is_any)
}

#[cfg(test)]
mod tests {
    use super::{is_like, is_match};

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("a", "a"),
            ("*", ""),
            ("a*c", "abc"),
            ("a*c", "ac"),
            ("*b*", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("é*", "é?"),
        ] {
            assert!(is_match(pattern, text) && is_like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a", "ab"), ("", "a"), ("a*c", "abcd"), ("a*a", "a"), ("*b", "abc"), ("a*d", "abc")]
        {
            assert!(!is_match(pattern, text) && !is_like(pattern, text), "{pattern} {text}");
        }
        assert!(!is_match("a*".repeat(50).as_str(), &"a".repeat(49)));
        assert!(is_like("a?c", "abc") && !is_match("a?c", "abc") && is_match("a?c", "a?c"));
    }
}
