//! JSON documents of any size: strings are cut before they are held, lists are handed out item by item.
//!
//! Knows no report format. Nesting deeper than `serde_json` allows (128) is an error, never a stack that overflows.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read, Write as _};
use std::marker::PhantomData;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::encoding::Decoder;
use super::trouble::{Position, Trouble};

/// Longest string that is handed out, in bytes; the rest of it is passed over.
const LONGEST: usize = 64 * 1024;

/// Reads one document with `seed`; what the seed was handed before the trouble stays with it.
pub fn document<T>(
    source: impl Read,
    seed: impl for<'de> DeserializeSeed<'de, Value = T>,
) -> Result<T, Trouble> {
    whole(io::BufReader::new(Clipped::new(source)), seed)
}

/// The same where `line` shall say how far the reader has come.
pub fn document_by_line<T>(
    source: impl Read,
    line: &Line,
    seed: impl for<'de> DeserializeSeed<'de, Value = T>,
) -> Result<T, Trouble> {
    let source = io::BufReader::new(Clipped::new(source));
    whole(Lines { source, line: line.clone(), is_at_end: false }, seed)
}

fn whole<T>(source: impl Read, seed: impl for<'de> DeserializeSeed<'de, Value = T>) -> Result<T, Trouble> {
    let mut reader = serde_json::Deserializer::from_reader(source);
    seed.deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| trouble(&error))
}

/// The line of a document that its reader has come to.
#[derive(Debug, Clone, Default)]
pub struct Line(Rc<Cell<u64>>);

impl Line {
    /// Its number, from 1.
    pub fn number(&self) -> u64 {
        self.0.get() + 1
    }
}

/// Counts lines for a reader that takes byte by byte, as `serde_json` does.
struct Lines<R> {
    source: R,
    line: Line,
    /// Whether the last byte ended a line: the reader may have looked at it only to find the end of a number.
    is_at_end: bool,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        for byte in buffer.get(..count).unwrap_or_default() {
            self.line.0.set(self.line.0.get() + u64::from(self.is_at_end));
            self.is_at_end = *byte == b'\n';
        }
        Ok(count)
    }
}

/// A document that is being read.
pub type Source<R> = serde_json::Deserializer<serde_json::de::IoRead<io::BufReader<Clipped<R>>>>;

/// Reads documents that follow one another, each with `one`; at least one must be there.
pub fn documents<R: Read>(
    source: R,
    mut one: impl FnMut(&mut Source<R>) -> serde_json::Result<()>,
) -> Result<(), Trouble> {
    let mut reader = serde_json::Deserializer::from_reader(io::BufReader::new(Clipped::new(source)));
    loop {
        one(&mut reader).map_err(|error| trouble(&error))?;
        match reader.end() {
            Ok(()) => return Ok(()),
            Err(error) if error.is_syntax() => {}
            Err(error) => return Err(trouble(&error)),
        }
    }
}

/// What `serde_json` says, with its place.
pub fn trouble(error: &serde_json::Error) -> Trouble {
    let text = error.to_string();
    // The place is kept apart from the text.
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let what = if error.is_eof() { format!("cut off: {what}") } else { format!("invalid: {what}") };
    Trouble { what, at: Position { line: error.line() as u64, column: error.column() as u64 } }
}

/// Takes the fields of an object one by one, in the order of the document.
pub trait Object {
    /// The keys that are taken; a deserializer that checks keys goes by them.
    const KEYS: &'static [&'static str] = &[];

    /// Takes the value of a field with `map.next_value()`, or passes over it with [`skip`].
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Passes over the value of a field.
pub fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// A seed that hands the fields of an object to `0`.
pub struct Fields<'a, O>(pub &'a mut O);

impl<'de, O: Object> DeserializeSeed<'de> for Fields<'_, O> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_struct("", O::KEYS, self)
    }
}

impl<'de, O: Object> Visitor<'de> for Fields<'_, O> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.0.field(&key, &mut map)?;
        }
        Ok(())
    }
}

/// A seed that hands each item of a list to a function, so that no list is ever held; `null` is an empty list.
pub struct Each<T, F> {
    take: F,
    expected: &'static str,
    item: PhantomData<T>,
}

/// Hands each item of a list to `take`.
pub fn each<T, F: FnMut(T)>(take: F) -> Each<T, F> {
    each_of("a list", take)
}

/// The same where errors name what the list holds: "a list of packages".
pub fn each_of<T, F: FnMut(T)>(expected: &'static str, take: F) -> Each<T, F> {
    Each { take, expected, item: PhantomData }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element()? {
            (self.take)(item);
        }
        Ok(())
    }
}

/// A seed that hands each item of a list, which must be an object, to a function that makes what takes its fields; for lists
/// whose items are too large to hold. The function is handed each finished item.
pub struct EachObject<M, F> {
    make: M,
    done: F,
}

/// Reads each item of a list with the [`Object`] that `make` makes, and hands it to `done`.
pub fn each_object<O, M: FnMut() -> O, F: FnMut(O)>(make: M, done: F) -> EachObject<M, F> {
    EachObject { make, done }
}

impl<'de, O: Object, M: FnMut() -> O, F: FnMut(O)> DeserializeSeed<'de> for EachObject<M, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, O: Object, M: FnMut() -> O, F: FnMut(O)> Visitor<'de> for EachObject<M, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        loop {
            let mut item = (self.make)();
            let found = list.next_element_seed(Fields(&mut item));
            let is_over = matches!(found, Ok(None));
            if !is_over {
                // What was read of an item before a cut counts, too.
                (self.done)(item);
            }
            if found?.is_none() {
                return Ok(());
            }
        }
    }
}

/// A value that must be there for a document to be what it says.
pub fn must<T, E: serde::de::Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

/// An error with a text of ours, from inside an [`Object`].
pub fn refuse<'de, A: MapAccess<'de>>(what: impl fmt::Display) -> A::Error {
    A::Error::custom(what)
}

/// Hands on a document's text with every string cut to a length, so that no reader of it can be made to hold more.
pub struct Clipped<R> {
    decoder: Decoder<R>,
    text: String,
    start: usize,
    string: Option<Literal>,
}

/// A string that is being passed on.
#[derive(Default)]
struct Literal {
    length: usize,
    /// How far an escape has come: 0 is none.
    escape: u8,
    /// The digits of `\u` so far.
    code: u32,
    /// Whether the last thing passed on was the first half of a pair of escapes.
    is_half: bool,
    is_cut: bool,
}

impl Literal {
    /// Takes a byte inside the string; whether it is passed on.
    fn take(&mut self, byte: u8) -> bool {
        if self.escape == 0 && !self.is_cut && self.length >= LONGEST && !self.is_half {
            // Only in front of a whole character or escape.
            self.is_cut = byte & 0xc0 != 0x80;
        }
        match (self.escape, byte) {
            (0, b'\\') => self.escape = 1,
            (0, _) => self.is_half = false,
            (1, b'u') => (self.escape, self.code) = (2, 0),
            (1, _) => (self.escape, self.is_half) = (0, false),
            (at, digit) => {
                self.code = self.code << 4 | (digit as char).to_digit(16).unwrap_or(0);
                self.escape = if at == 5 { 0 } else { at + 1 };
                if at == 5 {
                    self.is_half = (0xd800..0xdc00).contains(&self.code);
                }
            }
        }
        self.length += 1;
        !self.is_cut
    }
}

/// Whether no string can reach the cut within so many bytes.
fn is_short(string: Option<&Literal>, bytes: usize) -> bool {
    string.map_or(0, |literal| literal.length) + bytes <= LONGEST
}

/// Which string is open behind a piece of the document, all of which is passed on.
fn follow(mut string: Option<Literal>, piece: &[u8]) -> Option<Literal> {
    let mut bytes = piece.iter();
    loop {
        let Some(literal) = &mut string else {
            if !bytes.any(|byte| *byte == b'"') {
                return None;
            }
            string = Some(Literal::default());
            continue;
        };
        // A run of plain bytes; the escape of the last one may go on.
        for byte in bytes.by_ref() {
            if literal.escape > 0 || *byte == b'\\' {
                literal.take(*byte);
            } else if *byte == b'"' {
                string = None;
                break;
            } else {
                literal.length += 1;
                literal.is_half = false;
            }
        }
        if string.is_some() {
            return string;
        }
    }
}

impl<R: Read> Clipped<R> {
    fn new(source: R) -> Self {
        Self { decoder: Decoder::new(source), text: String::new(), start: 0, string: None }
    }
}

impl<R: Read> Read for Clipped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while !buffer.is_empty() {
            if self.start == self.text.len() {
                if written > 0 {
                    break;
                }
                self.text.clear();
                self.start = 0;
                if !self.decoder.read(&mut self.text)? {
                    return Ok(0);
                }
            }
            let rest = self.text.as_bytes().get(self.start..).unwrap_or_default();
            let room = buffer.get_mut(written..).unwrap_or_default();
            if room.is_empty() {
                break;
            }
            let piece = rest.get(..room.len()).unwrap_or(rest);
            if is_short(self.string.as_ref(), piece.len()) {
                self.string = follow(self.string.take(), piece);
                let copied = (&mut *room).write(piece)?;
                self.start += copied;
                written += copied;
                continue;
            }
            let (Some(slot), Some(byte)) = (room.first_mut(), rest.first()) else { break };
            self.start += 1;
            let is_passed = match &mut self.string {
                Some(literal) if literal.escape == 0 && *byte == b'"' => {
                    self.string = None;
                    true
                }
                Some(literal) => literal.take(*byte),
                None => {
                    self.string = Some(Literal::default());
                    true
                }
            };
            if is_passed {
                *slot = *byte;
                written += 1;
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use super::{LONGEST, document, each};

    fn strings(text: &str) -> (Vec<String>, Option<String>) {
        let mut found = Vec::new();
        let result = document(text.as_bytes(), each(|item: String| found.push(item)));
        (
            found,
            result.err().map(|trouble| format!("{}:{} {}", trouble.at.line, trouble.at.column, trouble.what)),
        )
    }

    #[test]
    fn long_strings_are_cut_between_characters() {
        for unit in ["x", "é", "😀", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\\\", "\\\""] {
            for lead in ["", "a", "ab", "abc"] {
                let (found, trouble) = strings(&format!("[\"{lead}{}\", \"b\"]", unit.repeat(LONGEST)));
                assert_eq!(trouble, None, "{unit}");
                assert!(found[0].len() <= LONGEST + 16, "{unit}");
                assert_eq!(found[1], "b");
            }
        }
    }

    #[test]
    fn items_before_a_cut_are_handed_out() {
        let (found, trouble) = strings("[\"a\",\n \"b\", \"c");
        assert_eq!(found, ["a", "b"]);
        assert_eq!(trouble.as_deref(), Some("2:8 cut off: EOF while parsing a string"));
        let (_, trouble) = strings("[] []");
        assert_eq!(trouble.as_deref(), Some("1:4 invalid: trailing characters"));
        let deep = "[".repeat(100_000);
        let result = document(deep.as_bytes(), PhantomData::<serde_json::Value>);
        assert!(result.unwrap_err().what.contains("recursion limit"));
    }
}
