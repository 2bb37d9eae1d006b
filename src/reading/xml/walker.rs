//! Elements of a file, opened and closed in pairs, whatever is wrong with it.

use std::io::Read;

use super::attributes::attributes;
use super::scanner::{Scanner, Token};
use crate::excerpt::{resolve, shorten};
use crate::trouble::{Trouble, Troubles};
use devops_core::words::{count, number};

/// Deepest nesting of elements.
const DEEPEST: usize = 10_000;

/// Longest name that is quoted.
const LONGEST_NAME: usize = 100;

/// What happened in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An element began: [`Walker::name`], [`Walker::attributes`].
    Open,
    /// Text stands in the innermost element, possibly in several pieces: [`Walker::text`].
    Text,
    /// An element ended: [`Walker::name`].
    Close,
    /// The file ended, or can't be followed further: [`Walker::troubles`].
    End,
}

/// Walks over the elements of a file.
///
/// Every [`Event::Open`] has its [`Event::Close`], unless the file is cut off; then the trouble says so. Names are local ones,
/// without a prefix. Nothing recurses and nothing grows with the length of a text.
pub struct Walker<R> {
    scanner: Scanner<R>,
    /// Names of the open elements, one after the other, and where each starts.
    names: String,
    open: Vec<usize>,
    /// Name of the element that was opened or closed.
    name: String,
    /// Bytes of the name as it stands in the tag.
    length: usize,
    /// How many elements are still to be closed before the next token.
    closing: usize,
    is_data: bool,
    is_over: bool,
    troubles: Troubles,
}

impl<R: Read> Walker<R> {
    /// A walker at the start of its source.
    pub fn new(source: R) -> Self {
        Self {
            scanner: Scanner::new(source),
            names: String::new(),
            open: Vec::new(),
            name: String::new(),
            length: 0,
            closing: 0,
            is_data: false,
            is_over: false,
            troubles: Troubles::default(),
        }
    }

    /// What happens next; text only where it is wanted.
    pub fn next(&mut self, wants_text: bool) -> Event {
        loop {
            if self.closing > 0 {
                self.closing -= 1;
                self.pop();
                return Event::Close;
            }
            if self.is_over {
                return Event::End;
            }
            let is_outside = self.open.is_empty();
            match self.scanner.next(wants_text || is_outside) {
                Err(trouble) => self.stop(trouble),
                Ok(Token::Start | Token::Empty) if self.open.len() >= DEEPEST => {
                    let what = format!("elements are nested deeper than {}", number(DEEPEST as u64));
                    let at = self.scanner.position();
                    self.stop(Trouble { what, at });
                }
                Ok(token @ (Token::Start | Token::Empty)) => {
                    self.push();
                    self.closing = usize::from(token == Token::Empty);
                    return Event::Open;
                }
                Ok(Token::End) => self.end(),
                Ok(Token::Text | Token::Data) if is_outside => {
                    if !self.scanner.content().trim().is_empty() && self.troubles.is_empty() {
                        self.trouble("text is outside of any element");
                    }
                }
                Ok(token @ (Token::Text | Token::Data)) => {
                    self.is_data = token == Token::Data;
                    return Event::Text;
                }
                Ok(Token::Eof) if is_outside => self.is_over = true,
                Ok(Token::Eof) => {
                    let what = format!("cut off with {} open", count(self.open.len() as u64, "element"));
                    let at = self.scanner.position();
                    self.stop(Trouble { what, at });
                }
            }
        }
    }

    /// Name of the element that was just opened or closed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many elements are open; the one that was just opened counts, one that was just closed does not.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Name of the element around the one that was just opened; nothing where it is a root.
    pub fn around(&self) -> &str {
        let mut starts = self.open.iter().rev();
        let inner = starts.next().copied().unwrap_or(0);
        starts.next().and_then(|start| self.names.get(*start..inner)).unwrap_or_default()
    }

    /// Hands out local names and values of the attributes of the element that was just opened, references resolved.
    pub fn attributes(&mut self, mut take: impl FnMut(&str, &str)) {
        let well_formed = attributes(self.scanner.content(), self.length, |key, value| {
            if value.contains('&') { take(key, &resolve(value)) } else { take(key, value) }
        });
        if !well_formed {
            let what = format!("the attributes of <{}> are malformed", shorten(&self.name, LONGEST_NAME));
            self.trouble(what);
        }
    }

    /// The value of one attribute of the element that was just opened.
    pub fn attribute(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.attributes(|key, value| {
            if key == name && found.is_none() {
                found = Some(value.to_owned());
            }
        });
        found
    }

    /// The piece of text that was just met, references resolved.
    pub fn text(&self) -> String {
        let content = self.scanner.content();
        if self.is_data { content.to_owned() } else { resolve(content) }
    }

    /// Notes something that can't be understood at the current place.
    pub fn trouble(&mut self, what: impl Into<String>) {
        let at = self.scanner.position();
        self.troubles.push(Trouble { what: what.into(), at });
    }

    /// Where the current event stands.
    pub fn position(&self) -> crate::trouble::Position {
        self.scanner.position()
    }

    /// What could not be understood, and things to know.
    pub fn finish(self) -> (Troubles, Vec<String>) {
        let notes = self.scanner.notes();
        (self.troubles, notes)
    }

    fn stop(&mut self, trouble: Trouble) {
        self.troubles.push(trouble);
        self.is_over = true;
    }

    /// Opens the element of the current tag.
    fn push(&mut self) {
        let content = self.scanner.content();
        self.length = content.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(content.len());
        let name = local(content.get(..self.length).unwrap_or_default());
        self.open.push(self.names.len());
        self.names.push_str(name);
        self.name.clear();
        self.name.push_str(name);
    }

    /// Closes the innermost element.
    fn pop(&mut self) {
        let start = self.open.pop().unwrap_or(0);
        self.name.clear();
        self.name.push_str(self.names.get(start..).unwrap_or_default());
        self.names.truncate(start);
    }

    /// Closes what the current end tag closes.
    fn end(&mut self) {
        let name = local(self.scanner.content().trim_end());
        let mut end = self.names.len();
        let position = self.open.iter().rposition(|start| {
            let is_it = self.names.get(*start..end) == Some(name);
            end = *start;
            is_it
        });
        let quoted = || shorten(self.scanner.content(), LONGEST_NAME);
        match position.map(|index| self.open.len() - index) {
            None => self.trouble(format!("`</{}>` closes nothing", quoted())),
            Some(1) => self.closing = 1,
            Some(amount) => {
                self.trouble(format!("`</{}>` closes an element around the one that is open", quoted()));
                self.closing = amount;
            }
        }
    }
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{Event, Walker};

    fn walk(text: &str) -> (String, Vec<String>) {
        let mut walker = Walker::new(text.as_bytes());
        let mut seen = String::new();
        loop {
            match walker.next(true) {
                Event::Open => {
                    seen.push_str(&format!("<{}", walker.name().to_owned()));
                    walker.attributes(|key, value| seen.push_str(&format!(" {key}={value}")));
                    seen.push('>');
                }
                Event::Text => seen.push_str(&walker.text()),
                Event::Close => seen.push_str(&format!("</{}>", walker.name())),
                Event::End => break,
            }
        }
        let (troubles, _) = walker.finish();
        let told = |trouble: &crate::trouble::Trouble| {
            format!("{}:{} {}", trouble.at.line, trouble.at.column, trouble.what)
        };
        (seen, troubles.kept().iter().map(told).collect())
    }

    #[test]
    fn elements_open_and_close_in_pairs() {
        let (seen, troubles) = walk("<x:a b='1 &lt; 2'><c/>t&amp;<![CDATA[&amp;]]></x:a><d/>");
        assert_eq!(seen, "<a b=1 < 2><c></c>t&&amp;</a><d></d>");
        assert!(troubles.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_and_pairs_stay_pairs() {
        let (seen, troubles) = walk("<a><b><c></a></z>");
        assert_eq!(seen, "<a><b><c></c></b></a>");
        assert_eq!(
            troubles,
            ["1:10 `</a>` closes an element around the one that is open", "1:14 `</z>` closes nothing"]
        );
        assert_eq!(walk("<a>\n<b").1, ["2:1 cut off inside a tag"]);
        assert_eq!(walk("<a>\n<b>").1, ["2:4 cut off with 2 elements open"]);
    }
}
