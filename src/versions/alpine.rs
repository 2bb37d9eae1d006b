//! Alpine, Wolfi, Chainguard and others with apk: numbers, a letter, suffixes, a commit, a revision.
//!
//! What apk-tools 3 calls invalid has a place too, below everything that starts alike; the majors of apk-tools differ there.

use super::number::{Number, split_digits, split_while};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
pub(crate) type Key = Vec<Token>;

/// A part of a version; of two that start alike, the kind of the next part decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Token {
    /// `_alpha`, `_beta`, `_pre` and `_rc`.
    PreSuffix(usize),
    /// What is no version: the text, and a revision in front of it.
    Invalid(Box<str>, Number),
    End,
    /// `-r1`.
    Revision(Number),
    /// `~0123abc`.
    Commit(Box<str>),
    /// The number behind a suffix.
    SuffixNumber(Number),
    /// `_cvs`, `_svn`, `_git`, `_hg` and `_p`.
    PostSuffix(usize),
    Letter(u8),
    /// A number behind a dot that starts with zero, as text.
    Fraction(Box<str>),
    Digits(Number),
}

const PRE_SUFFIXES: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const POST_SUFFIXES: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Unparsable);
    }
    let mut reader = Reader { rest: text, key: Vec::new(), is_certain: true };
    reader.read();
    Ok(Parsed { key: reader.key, is_certain: reader.is_certain })
}

/// What is left to read, and what was read.
struct Reader<'a> {
    rest: &'a str,
    key: Key,
    is_certain: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        self.numbers();
        if !self.key.is_empty() {
            self.letter();
            self.suffixes();
            self.commit();
        }
        self.end();
    }

    /// `1.02.3`.
    fn numbers(&mut self) {
        let (digits, behind) = split_digits(self.rest);
        if digits.is_empty() {
            return;
        }
        self.key.push(Token::Digits(Number::of(digits)));
        self.rest = behind;
        while let Some((digits, behind)) = self.rest.strip_prefix('.').map(split_digits)
            && !digits.is_empty()
        {
            self.key.push(number(digits));
            self.rest = behind;
        }
    }

    /// `b`; digits may follow it in apk-tools 2.
    fn letter(&mut self) {
        let Some(letter) = self.rest.bytes().next().filter(u8::is_ascii_lowercase) else { return };
        self.key.push(Token::Letter(letter));
        let (digits, behind) = split_digits(self.rest.get(1..).unwrap_or_default());
        if !digits.is_empty() {
            self.key.push(Token::Digits(Number::of(digits)));
            self.is_certain = false;
        }
        self.rest = behind;
    }

    /// `_rc1_p2`.
    fn suffixes(&mut self) {
        while let Some(suffix) = self.rest.strip_prefix('_') {
            let (name, behind) = split_while(suffix, |byte| byte.is_ascii_lowercase());
            let place = |names: &[&str]| names.iter().position(|known| *known == name);
            match (place(&PRE_SUFFIXES), place(&POST_SUFFIXES)) {
                (Some(place), _) => self.key.push(Token::PreSuffix(place)),
                (None, Some(place)) => self.key.push(Token::PostSuffix(place)),
                (None, None) => return,
            }
            let (digits, behind) = split_digits(behind);
            if !digits.is_empty() {
                self.key.push(Token::SuffixNumber(Number::of(digits)));
            }
            self.rest = behind;
        }
    }

    /// `~0123abc`.
    fn commit(&mut self) {
        let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if let Some((hash, behind)) =
            self.rest.strip_prefix('~').map(|text| split_while(text, is_hexadecimal))
            && !hash.is_empty()
        {
            self.key.push(Token::Commit(hash.into()));
            self.rest = behind;
        }
    }

    /// The revision, the end, or what is no version.
    fn end(&mut self) {
        let revision = self.rest.strip_prefix("-r").map(split_digits);
        match revision {
            Some((digits, "")) => {
                self.key.extend([Token::Revision(Number::of(digits)), Token::End]);
                return;
            }
            None if self.rest.is_empty() => {
                self.key.push(Token::End);
                return;
            }
            _ => {}
        }
        self.is_certain = false;
        // Behind a hyphen, only a revision counts.
        let text = if self.rest.starts_with('-') { "" } else { self.rest };
        let number = revision.map_or(Number::ZERO, |(digits, _)| Number::of(digits));
        self.key.push(Token::Invalid(text.into(), number));
    }
}

/// A number behind a dot.
fn number(digits: &str) -> Token {
    if digits.starts_with('0') { Token::Fraction(digits.into()) } else { Token::Digits(Number::of(digits)) }
}
