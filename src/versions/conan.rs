//! Conan: items between dots, of any number; a pre-release behind a hyphen, and a build, which counts, behind a plus.
//!
//! Conan compares a number with a word as text, which has circles (`10 < 1a < 2`); here the digits in front of a word are a number.

use super::number::{Number, split_digits};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    items: Vec<Item>,
    stage: Stage,
    /// None is below any.
    build: Option<Vec<Item>>,
}

/// A release, or what comes before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    PreRelease(Vec<Item>),
    Release,
}

/// The number that an item starts with, and the rest of it; without a number, it comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Item {
    Number(Number, Box<str>),
    Word(Box<str>),
}

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Unparsable);
    }
    let (text, build) = match text.rsplit_once('+') {
        Some((text, build)) => (text, Some(items(build))),
        None => (text.as_str(), None),
    };
    let (release, pre_release) = match text.split_once('-') {
        Some((release, pre_release)) => (release, Some(pre_release)),
        None => (text, None),
    };
    if !release.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Unparsable);
    }
    let stage = pre_release.map_or(Stage::Release, |text| Stage::PreRelease(items(text)));
    Ok(Parsed::certain(Key { items: items(release), stage, build }))
}

/// The items between dots, without zeros at the end.
fn items(text: &str) -> Vec<Item> {
    let item = |text: &str| match split_digits(text) {
        ("", word) => Item::Word(word.into()),
        (digits, rest) => Item::Number(Number::of(digits), rest.into()),
    };
    let mut items: Vec<Item> = text.split('.').map(item).collect();
    let is_zero =
        |item: &Item| matches!(item, Item::Number(number, rest) if number.is_zero() && rest.is_empty());
    while items.last().is_some_and(is_zero) {
        items.pop();
    }
    items
}
