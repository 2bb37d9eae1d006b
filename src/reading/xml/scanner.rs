//! Splits a report into tags and pieces of text, in a window of the file that never grows with it.
//!
//! The reader of quick-xml holds each piece of text whole, and a log in a report can have a gigabyte; so the walk over the
//! file is ours, and quick-xml finds the ends of tags and knows the references. Knows no `JUnit`.

use std::io::{BufRead, Read};
use std::ops::Range;

use quick_xml::parser::{ElementParser, Parser};

use crate::encoding::{Decoder, Oddities};
use crate::trouble::{Position, Trouble};
use devops_core::words::count;

/// Longest tag with its attributes, in bytes.
pub(super) const LONGEST_TAG: usize = 8 << 20;

/// Longest reference that is kept in one piece, without its end.
const LONGEST_REFERENCE: usize = 11;

/// A piece of a report; its text is [`Scanner::content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// `<name …>`: the content is what stands between the brackets.
    Start,
    /// `<name …/>`: the content is what stands before the slash.
    Empty,
    /// `</name>`: the content is the name.
    End,
    /// Text with references in it, possibly in several pieces.
    Text,
    /// Text without references, possibly in several pieces.
    Data,
    /// The end of the file.
    Eof,
}

/// Walks over a report.
pub struct Scanner<R> {
    decoder: Decoder<R>,
    window: String,
    /// Where the window starts in the file.
    origin: Position,
    /// Where the current token starts in the window.
    start: usize,
    /// Where the current token ends and the next starts.
    end: usize,
    content: Range<usize>,
    is_in_data: bool,
    /// Whether the end of the file was reached.
    is_read: bool,
    oddities: Oddities,
    bare_brackets: u64,
}

impl<R: Read> Scanner<R> {
    /// A scanner at the start of its source.
    pub fn new(source: R) -> Self {
        Self {
            decoder: Decoder::new(source),
            window: String::new(),
            origin: Position::START,
            start: 0,
            end: 0,
            content: 0..0,
            is_in_data: false,
            is_read: false,
            oddities: Oddities::default(),
            bare_brackets: 0,
        }
    }

    /// The text of the current token.
    pub fn content(&self) -> &str {
        self.window.get(self.content.clone()).unwrap_or_default()
    }

    /// Where the current token starts.
    pub fn position(&self) -> Position {
        self.origin.behind(self.window.get(..self.start).unwrap_or_default())
    }

    /// What was read otherwise than it stands there.
    pub fn notes(&self) -> Vec<String> {
        let end = if self.is_read { None } else { Some(self.position()) };
        let mut notes = self.oddities.notes(&self.decoder, end);
        if self.bare_brackets > 0 {
            notes.push(format!(
                "{} in text were not escaped and were read as text",
                count(self.bare_brackets, "`<`")
            ));
        }
        notes
    }

    /// The next token; text only where it is wanted.
    pub fn next(&mut self, wants_text: bool) -> Result<Token, Trouble> {
        loop {
            self.start = self.end;
            if self.is_in_data {
                if self.data()? && wants_text {
                    return Ok(Token::Data);
                }
                continue;
            }
            match self.byte(0)? {
                None => {
                    self.is_read = true;
                    return Ok(Token::Eof);
                }
                Some(b'<') => {}
                Some(first) => {
                    if first == b'&' {
                        self.byte(LONGEST_REFERENCE)?;
                    }
                    let rest = self.window.as_bytes().get(self.start..).unwrap_or_default();
                    self.end = self.start + find(b'<', rest).unwrap_or_else(|| before_reference(rest));
                    if wants_text {
                        self.content = self.start..self.end;
                        return Ok(Token::Text);
                    }
                    continue;
                }
            }
            match self.byte(1)? {
                None => return Err(self.cut("a tag")),
                Some(b'/') => return self.end_tag(),
                Some(b'!') => self.bang()?,
                Some(b'?') => self.skip_past("?>", "a processing instruction")?,
                Some(byte) if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..) => {
                    return self.start_tag();
                }
                Some(_) => {
                    self.bare_brackets += 1;
                    self.end = self.start + 1;
                    if wants_text {
                        self.content = self.start..self.end;
                        return Ok(Token::Text);
                    }
                }
            }
        }
    }

    /// The byte at an offset from the start of the token, reading on where that is needed.
    fn byte(&mut self, offset: usize) -> Result<Option<u8>, Trouble> {
        loop {
            if let Some(byte) = self.window.as_bytes().get(self.start + offset) {
                return Ok(Some(*byte));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Drops what stands before the token and reads on; false at the end.
    fn fill(&mut self) -> Result<bool, Trouble> {
        self.origin = self.position();
        self.window.drain(..self.start);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        let length = self.window.len();
        let more = self.decoder.read(&mut self.window).map_err(|error| Trouble {
            what: format!("can't be read: {error}"),
            at: self.origin.behind(&self.window),
        })?;
        self.oddities.take(&self.decoder, self.origin, &self.window, length);
        Ok(more)
    }

    fn start_tag(&mut self) -> Result<Token, Trouble> {
        let mut parser = ElementParser::default();
        let mut fed = 1;
        let close = loop {
            let rest = self.window.as_bytes().get(self.start + fed..).unwrap_or_default();
            if let Some(index) = parser.feed(rest) {
                break self.start + fed + index;
            }
            fed += rest.len();
            if fed > LONGEST_TAG {
                return Err(self.trouble(format!("a tag is longer than {} MiB", LONGEST_TAG >> 20)));
            }
            if !self.fill()? {
                return Err(self.cut("a tag"));
            }
        };
        self.end = close + 1;
        let is_empty = self.window.as_bytes().get(close - 1) == Some(&b'/');
        self.content = self.start + 1..close - usize::from(is_empty);
        Ok(if is_empty { Token::Empty } else { Token::Start })
    }

    fn end_tag(&mut self) -> Result<Token, Trouble> {
        let mut seen = 2;
        loop {
            let rest = self.window.as_bytes().get(self.start + seen..).unwrap_or_default();
            if let Some(index) = find(b'>', rest) {
                self.end = self.start + seen + index + 1;
                self.content = self.start + 2..self.end - 1;
                return Ok(Token::End);
            }
            seen += rest.len();
            if seen > LONGEST_TAG || !self.fill()? {
                return Err(self.cut("a tag"));
            }
        }
    }

    /// A comment, a document type or the start of character data.
    fn bang(&mut self) -> Result<(), Trouble> {
        match self.byte(2)? {
            Some(b'-') if self.byte(3)? == Some(b'-') => self.skip_past("-->", "a comment"),
            Some(b'[') => {
                // All of `<![CDATA[` must be there before it can be passed.
                if self.byte(8)?.is_none() {
                    return Err(self.cut("character data"));
                }
                if !self.window.get(self.start..).is_some_and(|rest| rest.starts_with("<![CDATA[")) {
                    return Err(self.trouble("`<![` opens no character data"));
                }
                self.end = self.start + 9;
                self.is_in_data = true;
                Ok(())
            }
            Some(b'D' | b'd') => self.document_type(),
            None => Err(self.cut("a tag")),
            Some(_) => Err(self.trouble("`<!` opens no comment, character data or document type")),
        }
    }

    /// A piece of character data; whether there is any in this step.
    fn data(&mut self) -> Result<bool, Trouble> {
        let rest = self.window.get(self.start..).unwrap_or_default();
        if let Some(index) = rest.find("]]>") {
            self.content = self.start..self.start + index;
            self.end = self.start + index + 3;
            self.is_in_data = false;
            return Ok(true);
        }
        // The last two bytes may be the first of the closing three.
        let mut known = rest.len().saturating_sub(2);
        while !rest.is_char_boundary(known) {
            known -= 1;
        }
        if known == 0 {
            return if self.fill()? { Ok(false) } else { Err(self.cut("character data")) };
        }
        self.content = self.start..self.start + known;
        self.end = self.start + known;
        Ok(true)
    }

    /// Passes over everything up to and with `close`, which keeps nothing of it in memory.
    fn skip_past(&mut self, close: &str, inside: &str) -> Result<(), Trouble> {
        let opened = self.position();
        self.start += 2;
        loop {
            let rest = self.window.get(self.start..).unwrap_or_default();
            if let Some(index) = rest.find(close) {
                self.end = self.start + index + close.len();
                return Ok(());
            }
            let mut known = rest.len().saturating_sub(close.len() - 1);
            while !rest.is_char_boundary(known) {
                known -= 1;
            }
            self.start += known;
            if !self.fill()? {
                return Err(Trouble { what: format!("cut off inside {inside}"), at: opened });
            }
        }
    }

    /// Passes over a document type, refusing one that declares entities: none is ever expanded or fetched.
    fn document_type(&mut self) -> Result<(), Trouble> {
        let mut seen = 2;
        let mut depth = 0_u32;
        loop {
            while let Some(byte) = self.window.as_bytes().get(self.start + seen) {
                seen += 1;
                match byte {
                    b'[' => depth += 1,
                    b']' => depth = depth.saturating_sub(1),
                    b'>' if depth == 0 => {
                        self.end = self.start + seen;
                        let declared = self.window.get(self.start..self.end).unwrap_or_default();
                        return match objection(declared) {
                            Some(what) => Err(self.trouble(what)),
                            None => Ok(()),
                        };
                    }
                    _ => {}
                }
            }
            if seen > LONGEST_TAG {
                return Err(self.trouble(format!("a document type is longer than {} MiB", LONGEST_TAG >> 20)));
            }
            if !self.fill()? {
                return Err(self.cut("a document type"));
            }
        }
    }

    fn trouble(&self, what: impl Into<String>) -> Trouble {
        Trouble { what: what.into(), at: self.position() }
    }

    fn cut(&self, inside: &str) -> Trouble {
        self.trouble(format!("cut off inside {inside}"))
    }
}

/// How much of a piece of text can be handed out: all of it, unless a reference may go on behind it.
fn before_reference(piece: &[u8]) -> usize {
    let tail = piece.len().saturating_sub(LONGEST_REFERENCE);
    let last =
        piece.iter().skip(tail).rposition(|byte| matches!(byte, b'&' | b';')).map(|index| tail + index);
    last.filter(|last| *last > 0 && piece.get(*last) == Some(&b'&')).unwrap_or(piece.len())
}

/// Why a document type is refused, if it is: entities could hide or multiply what is read, and tags in it would be lost.
fn objection(declared: &str) -> Option<&'static str> {
    if declared.contains("<!ENTITY") {
        return Some("declares entities, which are never expanded");
    }
    let holds_tags = declared
        .split('<')
        .skip(2)
        .any(|declaration| !matches!(declaration.bytes().next(), Some(b'!' | b'?')));
    holds_tags.then_some("a document type contains tags")
}

/// Where `byte` first stands in `bytes`, at the speed of the C library.
pub fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let passed = rest.skip_until(byte).ok()?.checked_sub(1)?;
    (bytes.get(passed) == Some(&byte)).then_some(passed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Scanner, Token};
    use crate::excerpt::resolve;
    use crate::trouble::Position;

    fn tokens(text: &str) -> Vec<(Token, String)> {
        let mut scanner = Scanner::new(text.as_bytes());
        let mut found = Vec::new();
        loop {
            match scanner.next(true) {
                Ok(Token::Eof) => return found,
                Ok(token) => found.push((token, scanner.content().to_owned())),
                Err(trouble) => {
                    found.push((
                        Token::Eof,
                        format!("{}:{} {}", trouble.at.line, trouble.at.column, trouble.what),
                    ));
                    return found;
                }
            }
        }
    }

    #[test]
    fn tags_text_and_data_come_apart() {
        let found = tokens(
            "<?xml?><!DOCTYPE a [ <!ELEMENT b> ]><a x='>' y=\"<\">1 < 2<!-- > -->&amp;<![CDATA[<b>]]></a ><c/>",
        );
        let expected = [
            (Token::Start, "a x='>' y=\"<\""),
            (Token::Text, "1 "),
            (Token::Text, "<"),
            (Token::Text, " 2"),
            (Token::Text, "&amp;"),
            (Token::Data, "<b>"),
            (Token::End, "a "),
            (Token::Empty, "c"),
        ];
        assert_eq!(found, expected.map(|(token, text)| (token, text.to_owned())));
    }

    #[test]
    fn a_cut_is_named_with_its_place() {
        for (text, expected) in [
            ("<a>\n <b", "2:2 cut off inside a tag"),
            ("<a>\n<!-- é", "2:1 cut off inside a comment"),
            ("<a><![CDATA[abc]]", "1:16 cut off inside character data"),
            ("<!DOCTYPE a [ <!ENTITY b 'c'> ]><a/>", "1:1 declares entities, which are never expanded"),
        ] {
            assert_eq!(tokens(text).last().unwrap().1, expected, "{text}");
        }
    }

    /// Hands out one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn notes_do_not_depend_on_the_pieces() {
        let notes = |source: &mut dyn Read| {
            let mut scanner = Scanner::new(source);
            while scanner.next(true).is_ok_and(|token| token != Token::Eof) {}
            scanner.notes().join("\n")
        };
        for (text, expected) in [
            ("<a>\u{1}</a>\u{2}", "1:4: 2 characters that XML forbids were replaced, the first one here"),
            (
                "<a>\u{1}</a><![a]]>\u{2}",
                "1:4: characters that XML forbids were replaced, the first one here",
            ),
            ("<a></a><![a]]>\u{2}", ""),
        ] {
            assert_eq!(notes(&mut text.as_bytes()), expected);
            assert_eq!(notes(&mut Drops(text.as_bytes())), expected);
        }
    }

    #[test]
    fn a_reference_is_never_split() {
        let text = "<a>x&amp;&lt;y &#x263a;;& z&verylongindeed;&</a>";
        let mut scanner = Scanner::new(Drops(text.as_bytes()));
        let mut found = String::new();
        loop {
            match scanner.next(true).unwrap() {
                Token::Text => found.push_str(&resolve(scanner.content())),
                Token::Eof => break,
                _ => {}
            }
        }
        assert_eq!(found, resolve(&text[3..text.len() - 4]));
    }

    #[test]
    fn long_text_passes_through_a_small_window() {
        let text = format!("<a>{}\n</a><b>", "x".repeat(1 << 20));
        let mut scanner = Scanner::new(text.as_bytes());
        while scanner.next(false).unwrap() != Token::Eof {
            assert!(scanner.window.len() < 200_000);
        }
        assert_eq!(scanner.position(), Position { line: 2, column: 8 });
    }
}
