//! SemVer 2.0: npm, crates.io, Go, Hex, Swift and others; with the build ordered, Julia.
//!
//! A leading `v` counts for nothing, missing numbers are zero, and so is `go` before a release of Go's toolchain
//! (`go1.21rc2` is `1.21.0-rc.2`). More than three numbers, and a pre-release without a hyphen, have a place in the order; it is not
//! certain.

use super::number::{Number, is_digits, split_digits, split_while, without_zeros};
use super::version::{Parsed, Unparsable};

/// What an ecosystem makes of the letter of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Metadata does not count.
    Ignored,
    /// Of two equal versions, the one with more of it is newer: `1.0.0 < 1.0.0+build`.
    Ordered,
}

/// The place of a version in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    numbers: Vec<Number>,
    stage: Stage,
    build: Vec<Identifier>,
}

/// A release, or what comes before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    PreRelease(Vec<Identifier>),
    Release,
}

/// What is between two dots; a number is below a word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Identifier {
    Number(Number),
    Word(Box<str>),
}

impl Identifier {
    /// The identifier that a text is.
    pub(crate) fn of(text: &str) -> Self {
        if is_digits(text) { Self::Number(Number::of(text)) } else { Self::Word(text.into()) }
    }
}

/// Reads a version.
pub(crate) fn parse(text: &str, build: Build) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let Split { numbers, pre_release, metadata, is_plain } = split(text)?;
    let count = numbers.len();
    let key = Key {
        numbers: without_zeros(numbers),
        stage: match pre_release {
            Some(text) => Stage::PreRelease(identifiers(text)?),
            None => Stage::Release,
        },
        build: match metadata.filter(|_| build == Build::Ordered) {
            Some(text) => identifiers(text)?,
            None => Vec::new(),
        },
    };
    Ok(Parsed { key, is_certain: is_plain && count <= 3 })
}

/// Reads a version of a tag that may move: `v4` is whatever the newest release of it is.
pub(crate) fn parse_tag(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let parsed = parse(text, Build::Ignored)?;
    let is_whole = text.split(['-', '+']).next().is_some_and(|numbers| numbers.matches('.').count() >= 2);
    Ok(Parsed { is_certain: parsed.is_certain && is_whole, ..parsed })
}

/// Reads a version of a Go module, or the name of a release of Go itself.
pub(crate) fn parse_go(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    let Some(release) = text.strip_prefix("go") else { return parse(text, Build::Ignored) };
    // What distributors add to a release, behind a hyphen or a space, is no pre-release of it.
    let release = release.split(['-', ' ', '+']).next().unwrap_or_default();
    let (numbers, rest) = split_while(release, |byte| byte.is_ascii_digit() || byte == b'.');
    if rest.is_empty() {
        return parse(numbers, Build::Ignored);
    }
    let (word, number) = split_while(rest, |byte| byte.is_ascii_lowercase());
    if !matches!(word, "beta" | "rc") || !is_digits(number) {
        return Err(Unparsable);
    }
    parse(&format!("{numbers}-{word}.{number}"), Build::Ignored)
}

/// The parts of a version.
struct Split<'a> {
    numbers: Vec<Number>,
    pre_release: Option<&'a str>,
    metadata: Option<&'a str>,
    /// Whether a hyphen stands before the pre-release.
    is_plain: bool,
}

/// Takes a version apart.
fn split(text: &str) -> Result<Split<'_>, Unparsable> {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let (digits, behind) = split_digits(rest);
        if digits.is_empty() {
            return Err(Unparsable);
        }
        numbers.push(Number::of(digits));
        match behind.strip_prefix('.') {
            Some(more) if more.starts_with(|first: char| first.is_ascii_digit()) => rest = more,
            _ => {
                rest = behind;
                break;
            }
        }
    }
    let (before, metadata) = match rest.split_once('+') {
        Some((before, metadata)) => (before, Some(metadata)),
        None => (rest, None),
    };
    let (pre_release, is_plain) = match before.strip_prefix('-') {
        Some(pre_release) => (Some(pre_release), true),
        None if before.is_empty() => (None, true),
        None => (Some(before.strip_prefix('.').unwrap_or(before)), false),
    };
    Ok(Split { numbers, pre_release, metadata, is_plain })
}

/// The identifiers between dots.
fn identifiers(text: &str) -> Result<Vec<Identifier>, Unparsable> {
    let identifier = |text: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'+';
        let is_one = !text.is_empty() && text.bytes().all(is_allowed);
        is_one.then(|| Identifier::of(text)).ok_or(Unparsable)
    };
    text.split('.').map(identifier).collect()
}
