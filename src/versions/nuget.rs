//! NuGet: up to four numbers, missing ones are zero; pre-releases without case; metadata does not count.

use super::number::Number;
use super::number::{numbers, without_zeros};
use super::semver::Identifier;
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    numbers: Vec<Number>,
    stage: Stage,
}

/// A release, or what comes before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    PreRelease(Vec<Identifier>),
    Release,
}

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let (release, pre_release) = match text.split_once('-') {
        Some((release, pre_release)) => (release, Some(pre_release)),
        None => (text, None),
    };
    let numbers = numbers(release, &['.']).filter(|numbers| numbers.len() <= 4).ok_or(Unparsable)?;
    let stage = match pre_release {
        Some(text) => Stage::PreRelease(text.split('.').map(identifier).collect::<Result<_, _>>()?),
        None => Stage::Release,
    };
    Ok(Parsed::certain(Key { numbers: without_zeros(numbers), stage }))
}

/// What is between two dots of a pre-release.
fn identifier(text: &str) -> Result<Identifier, Unparsable> {
    let is_one = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // Compared as upper case, which decides about `_` only, and that is not allowed.
    if is_one { Ok(Identifier::of(&text.to_ascii_uppercase())) } else { Err(Unparsable) }
}
