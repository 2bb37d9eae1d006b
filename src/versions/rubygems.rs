//! RubyGems: numbers above words, missing parts are zero, and any word makes a pre-release.

use std::cmp::Ordering;

use super::number::{Number, split_digits, split_while};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order: its parts without zeros at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(Vec<Part>);

/// A part of a version; a word is below a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Word(Box<str>),
    Number(Number),
}

impl Key {
    /// The part at a place; behind the end, it is zero.
    fn part(&self, place: usize) -> &Part {
        const ZERO: &Part = &Part::Number(Number::ZERO);
        self.0.get(place).unwrap_or(ZERO)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let mut places = 0..self.0.len().max(other.0.len());
        let order = places
            .find_map(|place| Some(self.part(place).cmp(other.part(place))).filter(|order| order.is_ne()));
        order.unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    if !is_version(text) {
        return Err(Unparsable);
    }
    let parts = parts(&text.replace('-', ".pre."));
    let start = parts.iter().position(|part| matches!(part, Part::Word(_))).unwrap_or(parts.len());
    let (numbers, words) = parts.split_at_checked(start).unwrap_or((&parts, &[]));
    // Zeros before the first word count for nothing, as those at the end do.
    let mut key = trimmed(numbers);
    key.extend(trimmed(words));
    Ok(Parsed::certain(Key(trimmed(&key))))
}

/// Parts without zeros at the end.
fn trimmed(parts: &[Part]) -> Vec<Part> {
    let is_zero = |part: &Part| matches!(part, Part::Number(number) if number.is_zero());
    let end = parts.iter().rposition(|part| !is_zero(part)).map_or(0, |last| last + 1);
    parts.get(..end).unwrap_or_default().to_vec()
}

/// Whether a text is of the form `1.a.2-b.3`.
fn is_version(text: &str) -> bool {
    let (release, pre_release) = match text.split_once('-') {
        Some((release, pre_release)) => (release, Some(pre_release)),
        None => (text, None),
    };
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (digits, rest) = split_digits(release);
    let is_release = !digits.is_empty()
        && match rest.strip_prefix('.') {
            Some(parts) => parts.split('.').all(is_part),
            None => rest.is_empty() || is_part(rest),
        };
    let is_hyphenated = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    is_release && pre_release.is_none_or(|text| text.split('.').all(is_hyphenated))
}

/// The runs of digits and of letters.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, behind) = split_digits(rest);
        if !digits.is_empty() {
            parts.push(Part::Number(Number::of(digits)));
        }
        let (word, behind) = split_while(behind, |byte| byte.is_ascii_alphabetic());
        if !word.is_empty() {
            parts.push(Part::Word(word.into()));
        }
        rest = behind.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
    }
    parts
}
