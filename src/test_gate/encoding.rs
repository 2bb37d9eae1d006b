//! The bytes of a report as clean UTF-8: encodings by byte order mark, by pattern or by XML declaration.
//!
//! Replaces what can't stand in XML and remembers how much that was. Knows nothing of XML beyond its first line.

use std::io::{self, ErrorKind, Read};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// How much is looked at to find the encoding.
const SNIFFED: usize = 1024;

/// Windows-1252 from 0x80 to 0x9f, where it differs from ISO-8859-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
    '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

/// How bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
    Latin1,
    Windows1252,
}

/// Turns bytes into text that holds only characters XML allows.
pub(crate) struct Decoder<R> {
    source: R,
    encoding: Option<Encoding>,
    raw: Vec<u8>,
    /// Bytes at the start of `raw` that are not decoded yet.
    held: usize,
    replaced: u64,
    unknown: Option<String>,
}

impl<R: Read> Decoder<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, encoding: None, raw: vec![0; CHUNK], held: 0, replaced: 0, unknown: None }
    }

    /// How many characters were replaced so far.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced
    }

    /// The encoding the report names, where it is one that is read as UTF-8 for want of better.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// Appends more text; false at the end.
    pub(crate) fn read(&mut self, text: &mut String) -> io::Result<bool> {
        let before = text.len();
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => self.sniff()?,
        };
        while text.len() == before {
            let read = self.read_raw()?;
            let mut raw = std::mem::take(&mut self.raw);
            let used = self.decode(encoding, raw.get(..self.held).unwrap_or_default(), read == 0, text);
            raw.copy_within(used..self.held, 0);
            self.held -= used;
            self.raw = raw;
            if read == 0 {
                break;
            }
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
    fn sniff(&mut self) -> io::Result<Encoding> {
        while self.held < SNIFFED && self.read_raw()? > 0 {}
        let start = self.raw.get(..self.held).unwrap_or_default();
        let (encoding, mark) = match start {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16 { big_endian: false }, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16 { big_endian: true }, 2),
            [b'<', 0, _, 0, ..] => (Encoding::Utf16 { big_endian: false }, 0),
            [0, b'<', 0, ..] => (Encoding::Utf16 { big_endian: true }, 0),
            _ => match declared(start) {
                None => (Encoding::Utf8, 0),
                Some(name) => (self.named(name), 0),
            },
        };
        self.raw.copy_within(mark..self.held, 0);
        self.held -= mark;
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    /// The encoding of this name; one that is not known is read as UTF-8 and remembered.
    fn named(&mut self, name: String) -> Encoding {
        match name.to_ascii_lowercase().as_str() {
            "iso-8859-1" | "latin1" | "latin-1" | "iso_8859-1" => Encoding::Latin1,
            "windows-1252" | "cp1252" => Encoding::Windows1252,
            // Declared as UTF-16 in bytes that are not: the declaration was written by one who writes to a string.
            "utf-8" | "utf8" | "us-ascii" | "ascii" | "utf-16" | "utf16" => Encoding::Utf8,
            _ => {
                self.unknown = Some(name);
                Encoding::Utf8
            }
        }
    }

    /// Decodes what it can of `bytes`; returns how many it used.
    fn decode(&mut self, encoding: Encoding, bytes: &[u8], is_last: bool, text: &mut String) -> usize {
        match encoding {
            Encoding::Utf8 => self.utf8(bytes, is_last, text),
            Encoding::Utf16 { big_endian } => self.utf16(bytes, big_endian, is_last, text),
            Encoding::Latin1 => self.each(bytes.iter().map(|byte| char::from(*byte)), bytes.len(), text),
            Encoding::Windows1252 => self.each(bytes.iter().copied().map(windows_1252), bytes.len(), text),
        }
    }

    fn utf8(&mut self, bytes: &[u8], is_last: bool, text: &mut String) -> usize {
        let mut rest = bytes;
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    self.push(valid, text);
                    return bytes.len();
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at_checked(error.valid_up_to()).unwrap_or_default();
            self.push(std::str::from_utf8(valid).unwrap_or_default(), text);
            let Some(length) = error.error_len() else {
                if !is_last {
                    return bytes.len() - after.len();
                }
                self.replace(text);
                return bytes.len();
            };
            self.replace(text);
            rest = after.get(length..).unwrap_or_default();
        }
    }

    fn utf16(&mut self, bytes: &[u8], big_endian: bool, is_last: bool, text: &mut String) -> usize {
        let unit = |pair: &[u8]| {
            let pair = [pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)];
            if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
        };
        let mut whole = bytes.len() & !1;
        let last = bytes.get(..whole).and_then(|bytes| bytes.rchunks_exact(2).next()).map(unit);
        if !is_last && last.is_some_and(|unit| (0xd800..0xdc00).contains(&unit)) {
            whole -= 2;
        }
        let units = bytes.get(..whole).unwrap_or_default().chunks_exact(2).map(unit);
        let characters = char::decode_utf16(units).map(|character| character.unwrap_or('\u{0}'));
        self.each(characters, whole, text);
        if is_last && whole < bytes.len() {
            self.replace(text);
            return bytes.len();
        }
        whole
    }

    /// Pushes characters one by one.
    fn each(&mut self, characters: impl Iterator<Item = char>, used: usize, text: &mut String) -> usize {
        for character in characters {
            if is_allowed(character) {
                text.push(character);
            } else {
                self.replace(text);
            }
        }
        used
    }

    /// Pushes text, whole where it is clean.
    fn push(&mut self, valid: &str, text: &mut String) {
        let is_clean =
            valid.bytes().fold(true, |clean, byte| clean & (byte >= 0x20 || matches!(byte, 9 | 10 | 13)));
        if is_clean {
            text.push_str(valid);
        } else {
            self.each(valid.chars(), 0, text);
        }
    }

    fn replace(&mut self, text: &mut String) {
        self.replaced += 1;
        text.push('\u{fffd}');
    }
}

/// Whether XML allows this character; the two noncharacters that it does not are harmless.
fn is_allowed(character: char) -> bool {
    character >= ' ' || matches!(character, '\t' | '\n' | '\r')
}

fn windows_1252(byte: u8) -> char {
    let high = byte.checked_sub(0x80).and_then(|index| WINDOWS_1252.get(usize::from(index)));
    high.copied().unwrap_or(char::from(byte))
}

/// The encoding that the XML declaration names.
fn declared(start: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(start);
    let declaration = start.trim_start().strip_prefix("<?xml")?;
    let declaration = declaration.get(..declaration.find("?>")?)?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(value.split(quote).nth(1)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Decoder;

    /// Hands out one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = usize::from(!self.0.is_empty());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn text(bytes: &[u8]) -> (String, u64) {
        let read = |mut decoder: Decoder<&mut dyn Read>| {
            let mut text = String::new();
            while decoder.read(&mut text).unwrap() {}
            (text, decoder.replaced())
        };
        let whole = read(Decoder::new(&mut { bytes }));
        assert_eq!(whole, read(Decoder::new(&mut Slow(bytes))));
        whole
    }

    fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
        let unit = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn every_encoding_becomes_the_same_text() {
        for big_endian in [true, false] {
            assert_eq!(text(&utf16("\u{feff}<a b='é𝄞'/>", big_endian)), ("<a b='é𝄞'/>".to_owned(), 0));
            assert_eq!(text(&utf16("<a b='é𝄞'/>", big_endian)), ("<a b='é𝄞'/>".to_owned(), 0));
        }
        assert_eq!(text("\u{feff}<a b='é'/>".as_bytes()), ("<a b='é'/>".to_owned(), 0));
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xe9'/>";
        assert_eq!(text(latin).0, "<?xml version='1.0' encoding='ISO-8859-1'?><a b='é'/>");
        let windows = b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a b='\x80'/>";
        assert!(text(windows).0.ends_with("<a b='€'/>"));
    }

    #[test]
    fn what_xml_forbids_is_replaced_and_counted() {
        assert_eq!(
            text(b"<a>\x1b[0m \0\xff\xc3</a>"),
            ("<a>\u{fffd}[0m \u{fffd}\u{fffd}\u{fffd}</a>".to_owned(), 4)
        );
        assert_eq!(text(b"a\xe2\x82"), ("a\u{fffd}".to_owned(), 1));
        assert_eq!(text(b""), (String::new(), 0));
    }
}
