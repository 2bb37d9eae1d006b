//! What was odd about the encoding of a file, and where it was met first.

use std::io::{self, Read};

use super::Decoder;
use crate::excerpt::shorten;
use crate::trouble::Position;
use devops_core::words::count;

/// Where something odd was met first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Oddities {
    forbidden: Option<Position>,
    undecoded: Option<Position>,
    fallback: Option<Position>,
}

impl Oddities {
    /// Takes what the last read of a decoder found; what it appended starts at `start` in `window`, which starts at `origin`.
    pub fn take<R>(&mut self, decoder: &Decoder<R>, origin: Position, window: &str, start: usize) {
        let at = |offset: usize| origin.behind(window.get(..start + offset).unwrap_or_default());
        let marks = decoder.marks;
        self.forbidden = self.forbidden.or_else(|| marks.forbidden.map(at));
        self.undecoded = self.undecoded.or_else(|| marks.undecoded.map(at));
        self.fallback = self.fallback.or_else(|| marks.fallback.map(at));
    }

    /// What is to be said of it. Where a reader stopped at `end`, how far the file was read ahead depends on the size of the pieces
    /// it came in, so that nothing behind that place is reported and nothing is counted.
    pub fn notes<R>(&self, decoder: &Decoder<R>, end: Option<Position>) -> Vec<String> {
        let replaced = |at: Option<Position>, amount: u64, what: &str| {
            let Position { line, column } = at.filter(|at| end.is_none_or(|end| *at <= end))?;
            let characters = if end.is_none() { count(amount, "character") } else { "characters".to_owned() };
            Some(format!("{line}:{column}: {characters} that {what} were replaced, the first one here"))
        };
        let fallback = self.fallback.filter(|at| end.is_none_or(|end| *at <= end));
        let fallback = fallback.map(|Position { line, column }| {
            format!("{line}:{column}: not UTF-8, and no known encoding is declared: read as windows-1252")
        });
        let unknown = decoder
            .unknown
            .as_deref()
            .map(|name| format!("unknown encoding `{}`, read as UTF-8", shorten(name, 40)));
        let notes = [
            replaced(self.forbidden, decoder.forbidden, "XML forbids"),
            replaced(self.undecoded, decoder.undecoded, "can't be decoded"),
            fallback,
            unknown,
        ];
        notes.into_iter().flatten().collect()
    }
}

/// A file as clean UTF-8, for readers that can't say themselves what was odd about it.
pub struct Decoded<R> {
    decoder: Decoder<R>,
    text: String,
    start: usize,
    /// Where `text` starts in the file.
    origin: Position,
    oddities: Oddities,
    is_over: bool,
}

impl<R: Read> Decoded<R> {
    /// A reader at the start of its source.
    pub fn new(source: R) -> Self {
        Self {
            decoder: Decoder::new(source),
            text: String::new(),
            start: 0,
            origin: Position::START,
            oddities: Oddities::default(),
            is_over: false,
        }
    }

    /// Where something that is no text was met first and replaced, of what was read so far.
    pub fn replaced(&self) -> Option<Position> {
        let Oddities { forbidden, undecoded, fallback } = self.oddities;
        [forbidden, undecoded, fallback].into_iter().flatten().min()
    }

    /// The source, read as far as it was.
    pub fn into_source(self) -> R {
        self.decoder.into_source()
    }

    /// What was odd, where all of it was read. What only XML forbids is not: colours in a text, for one.
    pub fn notes(&self) -> Vec<String> {
        let oddities = Oddities { forbidden: None, ..self.oddities };
        if self.is_over { oddities.notes(&self.decoder, None) } else { Vec::new() }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.text.len() {
            self.origin = self.origin.behind(&self.text);
            self.text.clear();
            self.start = 0;
            if !self.decoder.read(&mut self.text)? {
                self.is_over = true;
                return Ok(0);
            }
            self.oddities.take(&self.decoder, self.origin, &self.text, 0);
        }
        let mut rest = self.text.as_bytes().get(self.start..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.start += count;
        Ok(count)
    }
}
