//! A text file line by line, in a window that never grows with the length of a line.

use std::io::Read;

use super::encoding::Decoder;
use super::excerpt::prefix;
use super::trouble::{Position, Trouble};
use super::xml::find;

/// Longest part of a line that is handed out.
const LONGEST: usize = 4 << 20;

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// What stands in it.
    pub text: &'a str,
    /// Whether the line goes on beyond `text`.
    pub is_cut: bool,
    /// Whether a line feed ended it; the last line of a file that was cut off has none.
    pub is_ended: bool,
}

/// Reads the lines of a file, whatever its encoding.
pub struct Lines<R> {
    decoder: Decoder<R>,
    window: String,
    /// Where the next line starts in the window.
    start: usize,
    number: u64,
    is_over: bool,
}

impl<R: Read> Lines<R> {
    /// A reader at the first line of its source.
    pub fn new(source: R) -> Self {
        Self { decoder: Decoder::new(source), window: String::new(), start: 0, number: 0, is_over: false }
    }

    /// The next line, or `None` at the end of the file.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Trouble> {
        self.number += 1;
        let mut seen = 0;
        let mut is_cut = false;
        let end = loop {
            let fresh = self.rest().get(seen..).unwrap_or_default();
            if let Some(index) = find(b'\n', fresh.as_bytes()) {
                break Some(seen + index);
            }
            seen += fresh.len();
            if seen > LONGEST {
                // What is kept stays at the front, the rest of the line is passed over.
                seen = prefix(self.rest(), LONGEST).len();
                self.window.truncate(self.start + seen);
                is_cut = true;
            }
            if self.is_over || !self.fill()? {
                self.is_over = true;
                break None;
            }
        };
        let length = end.unwrap_or(seen);
        if end.is_none() && length == 0 {
            return Ok(None);
        }
        let start = self.start;
        self.start += length + usize::from(end.is_some());
        let text = self.window.get(start..start + length).unwrap_or_default();
        let kept = prefix(text, LONGEST);
        is_cut |= kept.len() < text.len();
        let text = if is_cut { kept } else { text.strip_suffix('\r').unwrap_or(text) };
        Ok(Some(Line { number: self.number, text, is_cut, is_ended: end.is_some() }))
    }

    /// What is read and not handed out yet.
    fn rest(&self) -> &str {
        self.window.get(self.start..).unwrap_or_default()
    }

    /// Drops what was handed out and reads on; false at the end.
    fn fill(&mut self) -> Result<bool, Trouble> {
        self.window.drain(..self.start);
        self.start = 0;
        self.decoder.read(&mut self.window).map_err(|error| Trouble {
            what: format!("can't be read: {error}"),
            at: Position { line: self.number, column: 1 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Lines};

    fn lines(text: &str) -> Vec<(u64, String, bool, bool)> {
        let mut lines = Lines::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push((line.number, line.text.to_owned(), line.is_cut, line.is_ended));
        }
        found
    }

    #[test]
    fn lines_come_apart() {
        let owned = |number, text: &str, is_ended| (number, text.to_owned(), false, is_ended);
        assert_eq!(lines("a\r\n\né"), [owned(1, "a", true), owned(2, "", true), owned(3, "é", false)]);
        assert_eq!(lines("a\n"), [owned(1, "a", true)]);
        assert_eq!(lines(""), []);
    }

    #[test]
    fn what_begins_with_zeros_is_refused_without_reading_on() {
        let trouble = Lines::new(std::io::repeat(0)).next_line().unwrap_err();
        assert_eq!(trouble.what, "can't be read: it begins with zero bytes, as no text does");
        assert_eq!(lines("a\u{0}b\n").len(), 1);
    }

    #[test]
    fn a_long_line_is_cut_and_passed() {
        let found = lines(&format!("{}\nb", "x".repeat(LONGEST * 2 + 7)));
        assert_eq!((found[0].1.len(), found[0].2), (LONGEST, true));
        assert_eq!(found[1], (2, "b".to_owned(), false, false));
    }
}
