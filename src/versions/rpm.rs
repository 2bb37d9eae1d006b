//! RPM: epoch, version, release; `~` is below the end, `^` above it, letters below digits; other characters only separate.

use super::number::{Number, is_digits, split_digits, split_while};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    epoch: Number,
    version: Vec<Token>,
    /// None is below any.
    release: Option<Vec<Token>>,
}

/// A part of a version or release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Token {
    Tilde,
    End,
    Caret,
    Letters(Box<str>),
    Digits(Number),
}

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_whitespace() || byte == 0) {
        return Err(Unparsable);
    }
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.is_empty() || is_digits(epoch) => (Number::of(epoch), rest),
        _ => (Number::ZERO, text),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) => (version, Some(tokens(release))),
        None => (rest, None),
    };
    Ok(Parsed::certain(Key { epoch, version: tokens(version), release }))
}

/// The parts of a version or release, with its end.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '~' | '^');
        rest = rest.trim_start_matches(|character: char| !is_part(character));
        let Some(first) = rest.chars().next() else { break };
        match first {
            '~' | '^' => {
                tokens.push(if first == '~' { Token::Tilde } else { Token::Caret });
                rest = rest.get(1..).unwrap_or_default();
            }
            '0'..='9' => {
                let (digits, behind) = split_digits(rest);
                tokens.push(Token::Digits(Number::of(digits)));
                rest = behind;
            }
            _ => {
                let (letters, behind) = split_while(rest, |byte| byte.is_ascii_alphabetic());
                tokens.push(Token::Letters(letters.into()));
                rest = behind;
            }
        }
    }
    tokens.push(Token::End);
    tokens
}
