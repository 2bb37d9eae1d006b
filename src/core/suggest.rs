//! "Did you mean …?": the nearest known word to one that is not known.

/// The word of `known` that `typed` was most likely meant to be, if one is near enough.
pub fn suggestion<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    let limit = (length / 3).max(1);
    known
        .into_iter()
        // Comparing takes time that grows with the product of both lengths.
        .filter(|word| word.chars().count().abs_diff(length) <= limit)
        .map(|word| (strsim::damerau_levenshtein(typed, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(suggestion("fail_on", ["fail-on", "formats"]), Some("fail-on"));
        assert_eq!(suggestion("banana", ["fail-on", "formats"]), None);
    }
}
