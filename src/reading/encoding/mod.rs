//! The bytes of a report as clean UTF-8, whatever encoding they are in.
//!
//! The encoding is that of the byte order mark, else the one the XML declaration names, else UTF-8, else windows-1252. What can't
//! be decoded, or can't stand in XML, is replaced so that different bytes stay different text, and is counted. Knows nothing of
//! XML beyond its first line.

mod name;
mod oddities;

use std::io::{self, ErrorKind, Read};

use self::name::{Named, Start};
pub use self::oddities::{Decoded, Oddities};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// How much is looked at to find the encoding.
const SNIFFED: usize = 1024;

/// Maximum number of bytes that one malformed sequence and what is read behind it can have.
const LONGEST_SEQUENCE: usize = 8;

/// How bytes become text.
enum Form {
    /// UTF-8; where nothing says so, what is not UTF-8 makes it windows-1252, as long as only ASCII stands before.
    Utf8 {
        is_stated: bool,
    },
    Other(Box<Other>),
}

/// Any other encoding.
struct Other {
    decoder: encoding_rs::Decoder,
    /// The last bytes that were decoded, one of which may turn out to be malformed.
    taken: Vec<u8>,
    /// Text before it is clean.
    scratch: String,
}

impl Form {
    fn other(encoding: &'static encoding_rs::Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self::Other(Box::new(Other { decoder, taken: Vec::new(), scratch: String::new() }))
    }
}

/// Where something odd was met first: offsets in the text that the last read appended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    /// The first character that XML forbids.
    forbidden: Option<usize>,
    /// The first bytes that can't be decoded.
    undecoded: Option<usize>,
    /// Where windows-1252 begins.
    fallback: Option<usize>,
}

/// Turns bytes into text that holds only characters XML allows.
pub struct Decoder<R> {
    source: R,
    form: Option<Form>,
    raw: Vec<u8>,
    /// Bytes at the start of `raw` that are not decoded yet.
    held: usize,
    is_over: bool,
    /// Whether all text so far is ASCII.
    is_ascii: bool,
    /// Characters that XML forbids, and sequences that can't be decoded.
    forbidden: u64,
    undecoded: u64,
    marks: Marks,
    unknown: Option<String>,
}

impl<R: Read> Decoder<R> {
    /// A decoder at the start of its source.
    pub fn new(source: R) -> Self {
        Self {
            source,
            form: None,
            raw: vec![0; CHUNK],
            held: 0,
            is_over: false,
            is_ascii: true,
            forbidden: 0,
            undecoded: 0,
            marks: Marks::default(),
            unknown: None,
        }
    }

    /// The source, read as far as it was.
    pub fn into_source(self) -> R {
        self.source
    }

    /// Appends more text; false at the end.
    ///
    /// # Errors
    /// Where the source can't be read, or is in an encoding in which no letter can be trusted.
    pub fn read(&mut self, text: &mut String) -> io::Result<bool> {
        let before = text.len();
        self.marks = Marks::default();
        let mut form = match self.form.take() {
            Some(form) => form,
            None => self.sniff()?,
        };
        while text.len() == before && !self.is_over {
            // What was looked at to find the encoding may fill all the room there is.
            self.is_over = self.held < self.raw.len() && self.read_raw()? == 0;
            let mut raw = std::mem::take(&mut self.raw);
            let held = raw.get(..self.held).unwrap_or_default();
            let used = self.decode(&mut form, held, self.is_over, text);
            raw.copy_within(used..self.held, 0);
            self.held -= used;
            self.raw = raw;
        }
        self.form = Some(form);
        let Marks { forbidden, undecoded, fallback } = &mut self.marks;
        for at in [forbidden, undecoded, fallback].into_iter().flatten() {
            *at -= before;
        }
        Ok(text.len() > before)
    }

    /// Reads once behind what is held.
    fn read_raw(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(self.raw.get_mut(self.held..).unwrap_or_default()) {
                Ok(count) => {
                    self.held += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads the beginning and finds the encoding.
    fn sniff(&mut self) -> io::Result<Form> {
        while self.held < SNIFFED && self.read_raw()? > 0 {}
        let start = self.raw.get(..self.held).unwrap_or_default();
        let (named, mark) = match Start::of(start) {
            Start::Marked { encoding, length } => (Named::Known(encoding), length),
            Start::Like(encoding) => (Named::Known(encoding), 0),
            Start::Refused(name) => (Named::Refused(name), 0),
            // A disk that was never written to, or something binary; it may be one line of any length.
            Start::Plain if start.starts_with(&[0, 0]) => {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "it begins with zero bytes, as no text does",
                ));
            }
            Start::Plain => (name::declared(start).map_or(Named::Nothing, |name| Named::of(&name)), 0),
        };
        let form = match named {
            Named::Known(encoding) if encoding == encoding_rs::UTF_8 => Form::Utf8 { is_stated: true },
            Named::Known(encoding) => Form::other(encoding),
            Named::Nothing => Form::Utf8 { is_stated: false },
            Named::Unknown(name) => {
                self.unknown = Some(name);
                Form::Utf8 { is_stated: false }
            }
            Named::Refused(name) => {
                let what = format!("the encoding {name} is not supported; write the report in UTF-8");
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
        };
        self.raw.copy_within(mark..self.held, 0);
        self.held -= mark;
        Ok(form)
    }

    /// Decodes what it can of `bytes`; returns how many it used.
    fn decode(&mut self, form: &mut Form, bytes: &[u8], is_last: bool, text: &mut String) -> usize {
        match form {
            Form::Utf8 { is_stated } => {
                let used = self.utf8(bytes, is_last, !*is_stated, text);
                if self.marks.fallback.is_none() {
                    return used;
                }
                *form = Form::other(encoding_rs::WINDOWS_1252);
                used + self.decode(form, bytes.get(used..).unwrap_or_default(), is_last, text)
            }
            Form::Other(other) => self.other(other, bytes, is_last, text),
        }
    }

    /// Decodes UTF-8, up to where it turns out to be windows-1252 if it `may_fall_back` to that.
    fn utf8(&mut self, bytes: &[u8], is_last: bool, may_fall_back: bool, text: &mut String) -> usize {
        let mut rest = bytes;
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    self.push_utf8(valid, may_fall_back, text);
                    return bytes.len();
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at_checked(error.valid_up_to()).unwrap_or_default();
            self.push_utf8(std::str::from_utf8(valid).unwrap_or_default(), may_fall_back, text);
            let used = bytes.len() - after.len();
            let Some(length) = error.error_len() else {
                if !is_last {
                    return used;
                }
                self.undecodable(after, text);
                return bytes.len();
            };
            if may_fall_back && self.is_ascii {
                self.marks.fallback = Some(text.len());
                return used;
            }
            let (wrong, after) = after.split_at_checked(length).unwrap_or((after, &[]));
            self.undecodable(wrong, text);
            rest = after;
        }
    }

    fn push_utf8(&mut self, valid: &str, may_fall_back: bool, text: &mut String) {
        self.is_ascii = self.is_ascii && (!may_fall_back || valid.is_ascii());
        self.push(valid, text);
    }

    /// Decodes any other encoding.
    fn other(&mut self, other: &mut Other, bytes: &[u8], is_last: bool, text: &mut String) -> usize {
        let Other { decoder, taken, scratch } = other;
        let mut rest = bytes;
        loop {
            let room = decoder.max_utf8_buffer_length_without_replacement(rest.len());
            scratch.reserve(room.unwrap_or(CHUNK));
            let (result, read) = decoder.decode_to_string_without_replacement(rest, scratch, is_last);
            self.push(scratch, text);
            scratch.clear();
            let (now, after) = rest.split_at_checked(read).unwrap_or((rest, &[]));
            taken
                .extend_from_slice(now.get(now.len().saturating_sub(LONGEST_SEQUENCE)..).unwrap_or_default());
            taken.drain(..taken.len().saturating_sub(LONGEST_SEQUENCE));
            rest = after;
            match result {
                encoding_rs::DecoderResult::InputEmpty => break,
                encoding_rs::DecoderResult::OutputFull => {}
                encoding_rs::DecoderResult::Malformed(length, behind) => {
                    let end = taken.len().saturating_sub(usize::from(behind));
                    let start = end.saturating_sub(usize::from(length));
                    self.undecodable(taken.get(start..end).unwrap_or_default(), text);
                }
            }
        }
        bytes.len()
    }

    /// Pushes text, whole where it is clean.
    fn push(&mut self, valid: &str, text: &mut String) {
        let is_clean =
            valid.bytes().fold(true, |clean, byte| clean & (byte >= 0x20 || matches!(byte, 9 | 10 | 13)));
        if is_clean {
            text.push_str(valid);
            return;
        }
        for character in valid.chars() {
            if is_allowed(character) {
                text.push(character);
            } else {
                self.forbidden += 1;
                self.marks.forbidden.get_or_insert(text.len());
                push_forbidden(character, text);
            }
        }
    }

    /// Pushes what stands for bytes that mean nothing in the encoding.
    fn undecodable(&mut self, bytes: &[u8], text: &mut String) {
        self.undecoded += 1;
        self.marks.undecoded.get_or_insert(text.len());
        for byte in bytes {
            push_replaced(*byte, text);
        }
    }
}

/// Whether XML allows this character; the two noncharacters that it does not are harmless.
fn is_allowed(character: char) -> bool {
    character >= ' ' || matches!(character, '\t' | '\n' | '\r')
}

/// Whether something in a text was replaced, here or by who wrote it: two such names need not be the same.
pub fn has_replaced(text: &str) -> bool {
    !text.is_ascii() && text.contains('\u{fffd}')
}

/// Pushes a character, or what stands for it where XML forbids it.
pub fn push_allowed(character: char, text: &mut String) {
    if is_allowed(character) { text.push(character) } else { push_forbidden(character, text) }
}

/// Pushes what stands for a control character that XML forbids. The one that begins a colour has no digits: those that follow it
/// are its own.
fn push_forbidden(character: char, text: &mut String) {
    match u8::try_from(character) {
        Ok(byte) if byte != 0x1b => push_replaced(byte, text),
        _ => text.push('\u{fffd}'),
    }
}

/// Pushes what stands for a byte: its digits stay, so that names with different bytes stay different names.
fn push_replaced(byte: u8, text: &mut String) {
    let digits = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('?');
    text.extend(['\u{fffd}', digits(byte >> 4), digits(byte & 0xf)]);
}

#[cfg(test)]
mod tests;
