//! Debian and Ubuntu: epoch, upstream version, revision; `~` is below the end, letters are below other characters.

use super::number::{Number, is_digits, split_digits, split_while};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    epoch: Number,
    upstream: Vec<Piece>,
    revision: Vec<Piece>,
}

/// What is not a digit, then a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Piece {
    /// The ranks of the characters, with that of the end.
    characters: Vec<u16>,
    number: Number,
}

/// The rank of the end, between `~` and everything else.
const END: u16 = 1;

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if is_digits(epoch) => (Number::of(epoch), rest),
        Some(_) => return Err(Unparsable),
        None => (Number::ZERO, text),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+~:".contains(&byte);
    if upstream.is_empty() || revision.is_empty() || !rest.bytes().all(is_allowed) {
        return Err(Unparsable);
    }
    Ok(Parsed::certain(Key { epoch, upstream: pieces(upstream), revision: pieces(revision) }))
}

/// Reads a version of opam: one such row, without epoch and revision.
pub(crate) fn parse_opam(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let is_allowed = |byte: u8| byte.is_ascii_graphic();
    if text.is_empty() || !text.bytes().all(is_allowed) {
        return Err(Unparsable);
    }
    Ok(Parsed::certain(Key { epoch: Number::ZERO, upstream: pieces(text), revision: Vec::new() }))
}

/// The pieces of a version, with its end.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (other, behind) = split_while(rest, |byte| byte.is_ascii() && !byte.is_ascii_digit());
        let (digits, behind) = split_digits(behind);
        pieces.push(Piece {
            characters: other.bytes().map(rank).chain([END]).collect(),
            number: Number::of(digits),
        });
        rest = behind;
    }
    pieces.push(Piece { characters: vec![END], number: Number::ZERO });
    pieces
}

/// The rank of a character that is no digit.
fn rank(byte: u8) -> u16 {
    match byte {
        b'~' => 0,
        _ if byte.is_ascii_alphabetic() => u16::from(byte),
        _ => u16::from(byte) + 256,
    }
}
