//! Packagist: the order of PHP's `version_compare`, between versions in the form that Composer gives them: `v1.0` is `1.0.0.0`, and so
//! the same as `1.0.0`. Only the comparison of two texts leaves them as they are written.
//!
//! Any other word < dev < alpha = a < beta = b < rc < the release < numbers < pl = p. Words outside of the list are equal to each
//! other. A branch (`dev-main`, `2.x-dev`) is no release: it has a place in the order and is never certain.

use std::cmp::Ordering;

use super::number::Number;
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
pub(crate) type Key = Vec<Part>;

/// A part of a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    Other,
    Development,
    Alpha,
    Beta,
    Candidate,
    End,
    Number(Number),
    Patch,
}

/// Reads a version in the form that Composer gives it.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    parse_as_written(&normal(text))
}

/// A version with four numbers and without build metadata and `-stable`; what is none stays as it is.
fn normal(text: &str) -> String {
    let bare = text.trim();
    let bare = bare.strip_prefix(['v', 'V']).unwrap_or(bare);
    let bare = bare.split_once('+').map_or(bare, |(version, _)| version);
    let end = bare.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at_checked(end).unwrap_or((bare, ""));
    // `1.x` and `1.0.` are none of numbers alone; a date of eight digits is one number.
    let parts: Vec<&str> = numbers.split('.').collect();
    let is_short = parts.len() < 4 && parts.iter().all(|part| !part.is_empty());
    let is_date = parts.first().is_some_and(|first| first.len() > 5);
    if !is_short || is_date {
        return text.to_owned();
    }
    let rest = match rest.trim_start_matches(['.', '_', '-']) {
        stable if stable.eq_ignore_ascii_case("stable") => "",
        _ => rest,
    };
    format!("{numbers}{}{rest}", ".0".repeat(4 - parts.len()))
}

/// Reads a version as it is written, for comparisons as PHP makes them.
pub(crate) fn parse_as_written(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_version = text.starts_with(|first: char| first.is_ascii_alphanumeric()) && !text.contains('#');
    if !is_version {
        return Err(Unparsable);
    }
    let lower = text.to_ascii_lowercase();
    let is_branch = lower.starts_with("dev-") || lower.ends_with("-dev") && lower.contains(".x");
    // What starts with a word is the name of a branch or a tag.
    let is_release = text.starts_with(|first: char| first.is_ascii_digit());
    Ok(Parsed { key: key(text), is_certain: is_release && !is_branch })
}

/// The parts of a version, with its end.
fn key(text: &str) -> Key {
    pieces(text).iter().map(|piece| part(piece)).chain([Part::End]).collect()
}

/// Words that PHP knows, by how they start; the first that fits counts.
const WORDS: [(&str, Part); 8] = [
    ("dev", Part::Development),
    ("alpha", Part::Alpha),
    ("a", Part::Alpha),
    ("beta", Part::Beta),
    ("b", Part::Beta),
    ("RC", Part::Candidate),
    ("rc", Part::Candidate),
    ("p", Part::Patch),
];

/// What a piece counts for.
fn part(piece: &str) -> Part {
    if piece.starts_with(|first: char| first.is_ascii_digit()) {
        return Part::Number(Number::of(piece));
    }
    let known = WORDS.into_iter().find(|(word, _)| piece.starts_with(word));
    known.map_or(Part::Other, |(_, part)| part)
}

/// The pieces of a version: runs of digits and of anything else, as PHP cuts them.
fn pieces(text: &str) -> Vec<String> {
    let is_other = |character: char| !character.is_ascii_digit() && character != '.';
    let is_separator = |character: char| matches!(character, '-' | '_' | '+');
    let mut cut = String::new();
    let mut last = None;
    for character in text.chars() {
        let is_digit = character.is_ascii_digit();
        let is_change = last.is_some_and(|last: char| {
            let is_after_word = is_other(last) && !is_separator(last) && is_digit;
            is_after_word || last.is_ascii_digit() && is_other(character)
        });
        if (is_change || !character.is_ascii_alphanumeric()) && !cut.ends_with('.') {
            cut.push('.');
        }
        if character.is_ascii_alphanumeric() || is_change && !is_separator(character) {
            cut.push(character);
        }
        last = Some(character);
    }
    cut.split('.').filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

/// Compares a version with the placeholder `#`, which stands for any number and for none; such a text is no version and has no
/// place in the order. None where neither has one.
pub(crate) fn compare_placeholders(left: &str, right: &str) -> Option<Ordering> {
    if !left.contains('#') && !right.contains('#') {
        return None;
    }
    let parts = |text: &str| -> Vec<Option<Part>> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let parts = text.split('.').flat_map(|text| match text {
            "#" => vec![None],
            _ => pieces(text).iter().map(|piece| Some(part(piece))).collect(),
        });
        parts.collect()
    };
    let (left, right) = (parts(left), parts(right));
    let part = |parts: &[Option<Part>], place: usize| parts.get(place).cloned().unwrap_or(Some(Part::End));
    let mut places = 0..left.len().max(right.len());
    let order = places.find_map(|place| {
        let order = match (part(&left, place), part(&right, place)) {
            (Some(left), Some(right)) => left.cmp(&right),
            (None, Some(other)) => of_placeholder(&other),
            (Some(other), None) => of_placeholder(&other).reverse(),
            (None, None) => Ordering::Equal,
        };
        Some(order).filter(|order| order.is_ne())
    });
    Some(order.unwrap_or(Ordering::Equal))
}

/// How the placeholder compares with a part.
fn of_placeholder(other: &Part) -> Ordering {
    match other {
        Part::Number(_) | Part::End => Ordering::Equal,
        other => Part::End.cmp(other),
    }
}
