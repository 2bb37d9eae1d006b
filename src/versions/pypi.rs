//! PyPI: PEP 440; what it does not describe comes before everything, in the order of setuptools before it.

use super::number::{Number, is_digits, split_digits, without_zeros};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// A version from before PEP 440: what its parts are compared as.
    Legacy(Vec<String>),
    /// A version by PEP 440.
    Public(Box<Public>),
}

/// A version by PEP 440.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Public {
    pub(crate) epoch: Number,
    /// Without zeros at the end.
    pub(crate) release: Vec<Number>,
    pub(crate) stage: Stage,
    pub(crate) post: Option<Number>,
    pub(crate) development: Development,
    pub(crate) local: Vec<Local>,
}

impl Public {
    /// A release that is nothing but its numbers.
    pub(crate) fn of_release(release: Vec<Number>) -> Self {
        Self {
            epoch: Number::ZERO,
            release: without_zeros(release),
            stage: Stage::Release,
            post: None,
            development: Development::No,
            local: Vec::new(),
        }
    }

    /// Whether it comes before a release.
    pub(crate) fn is_pre_release(&self) -> bool {
        self.stage != Stage::Release || self.development != Development::No
    }
}

/// How near to the release it is; `1.0.dev1` comes before `1.0a1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    OnlyDevelopment,
    Alpha(Number),
    Beta(Number),
    Candidate(Number),
    Release,
}

/// The number of a development release, which comes before what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Development {
    Of(Number),
    No,
}

/// A part of a local version; a word is below a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Local {
    Word(String),
    Number(Number),
}

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(public) = public(&text) {
        return Ok(Parsed::certain(Key::Public(Box::new(public))));
    }
    if text.is_empty() {
        return Err(Unparsable);
    }
    Ok(Parsed { key: Key::Legacy(legacy(&text)), is_certain: false })
}

/// The parts of a version by PEP 440.
pub(crate) fn public(text: &str) -> Option<Public> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, locals(local)?),
        None => (text, Vec::new()),
    };
    let (epoch, rest) = match public.split_once('!') {
        Some((epoch, rest)) => (is_digits(epoch).then(|| Number::of(epoch))?, rest),
        None => (Number::ZERO, public),
    };
    let (release, rest) = release(rest)?;
    let (stage, rest) = stage(rest);
    let (post, rest) = post(rest);
    let (development, rest) = match labelled(rest, &["dev"]) {
        Some((_, number, rest)) => (Development::Of(number), rest),
        None => (Development::No, rest),
    };
    if !rest.is_empty() {
        return None;
    }
    let stage = match stage {
        Some(stage) => stage,
        None if post.is_none() && development != Development::No => Stage::OnlyDevelopment,
        None => Stage::Release,
    };
    Some(Public { epoch, release, stage, post, development, local })
}

/// The numbers of a release, and what follows.
fn release(text: &str) -> Option<(Vec<Number>, &str)> {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let (digits, behind) = split_digits(rest);
        if digits.is_empty() {
            return None;
        }
        numbers.push(Number::of(digits));
        match behind.strip_prefix('.') {
            Some(more) if more.starts_with(|first: char| first.is_ascii_digit()) => rest = more,
            _ => return Some((without_zeros(numbers), behind)),
        }
    }
}

/// A pre-release, in any spelling, and what follows.
fn stage(text: &str) -> (Option<Stage>, &str) {
    // Of two labels that start alike, the longer one first.
    match labelled(text, &["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"]) {
        Some(("alpha" | "a", number, rest)) => (Some(Stage::Alpha(number)), rest),
        Some(("beta" | "b", number, rest)) => (Some(Stage::Beta(number)), rest),
        Some((_, number, rest)) => (Some(Stage::Candidate(number)), rest),
        None => (None, text),
    }
}

/// A release after the release, in any spelling, and what follows.
fn post(text: &str) -> (Option<Number>, &str) {
    if let Some((digits, rest)) = text.strip_prefix('-').map(split_digits)
        && !digits.is_empty()
    {
        return (Some(Number::of(digits)), rest);
    }
    match labelled(text, &["post", "rev", "r"]) {
        Some((_, number, rest)) => (Some(number), rest),
        None => (None, text),
    }
}

/// A label between separators with the number behind it, which may be missing, and what follows.
fn labelled<'a>(text: &'a str, labels: &[&'static str]) -> Option<(&'static str, Number, &'a str)> {
    const SEPARATORS: [char; 3] = ['-', '_', '.'];
    let inner = text.strip_prefix(SEPARATORS).unwrap_or(text);
    let (label, behind) = labels.iter().find_map(|label| Some((*label, inner.strip_prefix(label)?)))?;
    let (digits, rest) = split_digits(behind.strip_prefix(SEPARATORS).unwrap_or(behind));
    Some((label, Number::of(digits), rest))
}

/// The parts of a local version.
fn locals(text: &str) -> Option<Vec<Local>> {
    let part = |part: &str| {
        let is_part = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_part.then(|| {
            if is_digits(part) { Local::Number(Number::of(part)) } else { Local::Word(part.to_owned()) }
        })
    };
    text.split(['-', '_', '.']).map(part).collect()
}

/// What the parts of an older version were compared as: words start with `*`, numbers have at least eight digits.
fn legacy(text: &str) -> Vec<String> {
    const FINAL: &str = "*final";
    const MINUS: &str = "*final-";
    const ZERO: &str = "00000000";
    let mut parts: Vec<String> = Vec::new();
    let last_is = |parts: &[String], what: &str| parts.last().is_some_and(|last| last == what);
    for part in pieces(text).into_iter().chain([FINAL.to_owned()]) {
        if part.starts_with('*') {
            if part.as_str() < FINAL {
                while last_is(&parts, MINUS) {
                    parts.pop();
                }
            }
            while last_is(&parts, ZERO) {
                parts.pop();
            }
        }
        parts.push(part);
    }
    parts
}

/// The pieces of an older version.
fn pieces(text: &str) -> Vec<String> {
    let kind = |character: char| match character {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        '-' => 3,
        _ => 4,
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let first_kind = kind(first);
        let is_single = matches!(first_kind, 2 | 3);
        let end = rest
            .char_indices()
            .find(|(at, character)| *at > 0 && (is_single || kind(*character) != first_kind))
            .map_or(rest.len(), |(at, _)| at);
        let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = behind;
        match piece {
            "." => {}
            "-" => pieces.push("*final-".to_owned()),
            "pre" | "preview" | "rc" => pieces.push("*c".to_owned()),
            "dev" => pieces.push("*@".to_owned()),
            digits if first_kind == 0 => pieces.push(format!("{digits:0>8}")),
            word => pieces.push(format!("*{word}")),
        }
    }
    pieces
}
