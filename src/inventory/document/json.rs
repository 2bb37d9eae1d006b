//! JSON, and JSON with comments and trailing commas; written here because no well-kept library gives the line of each key at the speed
//! that lockfiles of 30 MB need.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::{DEEPEST, Damage, Entry, Node, Value, check_keys, twice};

/// Reads a JSON document.
pub fn json(text: &str) -> Result<Node<'_>, Damage> {
    document(text, false)
}

/// Reads a JSON document that may have comments and trailing commas.
pub fn jsonc(text: &str) -> Result<Node<'_>, Damage> {
    document(text, true)
}

/// Takes an entry of a large map, beside the entries that the document has before that map.
pub type Take<'t, 'a> = &'t mut dyn FnMut(&[Entry<'a>], Entry<'a>);

/// Reads a JSON document whose root has a large map below `key`: `take` gets each entry of it as soon as it is read, so that they are
/// never in memory together; the result has an empty map there. Where it is no map, `take` gets nothing.
pub fn json_of_map<'a>(text: &'a str, key: &str, take: Take<'_, 'a>) -> Result<Node<'a>, Damage> {
    let mut parser = Parser::new(text, false);
    parser.space()?;
    let line = parser.line;
    if parser.peek() != Some(b'{') {
        return json(text);
    }
    let value = parser.map(0, Some((key, take)))?;
    parser.end()?;
    Ok(Node { line, value })
}

fn document(text: &str, is_lenient: bool) -> Result<Node<'_>, Damage> {
    let mut parser = Parser::new(text, is_lenient);
    let node = parser.node(0)?;
    parser.end()?;
    Ok(node)
}

/// How many bytes are before the first that ends a text, starts an escape or is a control character; none where there is no such
/// byte. Eight bytes are looked at together.
fn plain_length(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // Marks the bytes below a limit of at most 0x80; only the mark of the first one is certain.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = is(word, b'"') | is(word, b'\\') | below(word, 0x20);
        if marks != 0 {
            return Some(index * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    rest.iter().position(is_special).map(|at| words.len() * 8 + at)
}

/// How many spaces bytes begin with. Eight bytes are looked at together.
fn spaces(bytes: &[u8]) -> usize {
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let others = u64::from_le_bytes(*word) ^ SPACES;
        if others != 0 {
            return index * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| **byte == b' ').count()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    is_lenient: bool,
    /// Entries of the maps whose end is not reached yet, so that the list of each has its exact length.
    entries: Vec<Entry<'a>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, is_lenient: bool) -> Self {
        Self { text, at: 0, line: 1, is_lenient, entries: Vec::new() }
    }

    /// Goes to the end of the document, where nothing may stand.
    fn end(&mut self) -> Result<(), Damage> {
        self.space()?;
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.damage("something follows the end of the document")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn damage(&self, what: &str) -> Damage {
        let what = if self.peek().is_none() { "the end is missing" } else { what };
        Damage::new(self.line, what)
    }

    /// Skips white space, and comments where they are allowed.
    #[inline]
    fn space(&mut self) -> Result<(), Damage> {
        match self.peek() {
            Some(b' ' | b'\n' | b'\t' | b'\r' | b'/') => self.some_space(),
            _ => Ok(()),
        }
    }

    fn some_space(&mut self) -> Result<(), Damage> {
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += spaces(rest);
            match self.peek() {
                Some(b'\n') => {
                    self.line += 1;
                    self.at += 1;
                }
                Some(b'\t' | b'\r') => self.at += 1,
                Some(b'/') if self.is_lenient && self.rest().starts_with("//") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                Some(b'/') if self.is_lenient && self.rest().starts_with("/*") => {
                    let end = self
                        .rest()
                        .find("*/")
                        .ok_or_else(|| Damage::new(self.line, "a comment has no end"))?;
                    let comment = self.rest().get(..end).unwrap_or_default();
                    self.line += comment.bytes().filter(|byte| *byte == b'\n').count() as u64;
                    self.at += end + 2;
                }
                _ => return Ok(()),
            }
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, Damage> {
        if depth > DEEPEST {
            return Err(self.damage("nested too deeply"));
        }
        self.space()?;
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') => self.map(depth, None)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(Cow::Borrowed(self.number()?)),
            _ => self.word()?,
        };
        Ok(Node { line, value })
    }

    fn word(&mut self) -> Result<Value<'a>, Damage> {
        for (word, value) in
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
        {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.damage("expected a value"))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<&'a str, Damage> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let has_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        let mut is_valid = whole > 0 && !(has_zero && whole > 1);
        if self.peek() == Some(b'.') {
            self.at += 1;
            is_valid &= self.digits() > 0;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            is_valid &= self.digits() > 0;
        }
        if is_valid {
            Ok(self.text.get(start..self.at).unwrap_or_default())
        } else {
            Err(self.damage("invalid number"))
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Damage> {
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = plain_length(rest.as_bytes()) else {
                self.at = self.text.len();
                return Err(self.damage("a string has no end"));
            };
            let plain = rest.get(..end).unwrap_or_default();
            self.at += end;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if decoded.is_empty() {
                        return Ok(Cow::Borrowed(plain));
                    }
                    decoded.push_str(plain);
                    return Ok(Cow::Owned(decoded));
                }
                Some(b'\\') => {
                    decoded.push_str(plain);
                    self.at += 1;
                    decoded.push(self.escape()?);
                }
                _ => return Err(self.damage("a string has no end in its line")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Damage> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
                    self.at += 2;
                    let second = self.unit()?;
                    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
                    let low = low.ok_or_else(|| self.damage("invalid escape"))?;
                    0x10000 + ((first - 0xd800) << 10) + low
                } else {
                    first
                };
                char::from_u32(code).ok_or_else(|| self.damage("invalid escape"))?
            }
            _ => return Err(self.damage("invalid escape")),
        })
    }

    /// The four digits of an escape.
    fn unit(&mut self) -> Result<u32, Damage> {
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.damage("invalid escape"))?;
        self.at += 4;
        Ok(unit)
    }

    /// Goes behind the comma or the end after an item; whether that was the end.
    fn is_end(&mut self, end: u8) -> Result<bool, Damage> {
        self.space()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space()?;
                if self.is_lenient && self.peek() == Some(end) {
                    self.at += 1;
                    return Ok(true);
                }
                Ok(false)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.damage(if end == b'}' { "expected `,` or `}`" } else { "expected `,` or `]`" })),
        }
    }

    /// Goes behind the start of a list or map, and behind its end if it is empty; whether it was.
    fn is_empty(&mut self, end: u8) -> Result<bool, Damage> {
        self.at += 1;
        self.space()?;
        let is_empty = self.peek() == Some(end);
        self.at += usize::from(is_empty);
        Ok(is_empty)
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, Damage> {
        let mut items = Vec::new();
        if self.is_empty(b']')? {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.node(depth + 1)?);
            if self.is_end(b']')? {
                return Ok(Value::List(items));
            }
        }
    }

    /// Reads a map; the entries of the map below a key of it may be taken one by one.
    fn map(&mut self, depth: usize, mut apart: Option<(&str, Take<'_, 'a>)>) -> Result<Value<'a>, Damage> {
        if self.is_empty(b'}')? {
            return Ok(Value::Map(Vec::new()));
        }
        let first = self.entries.len();
        loop {
            let (key, line) = self.key()?;
            let node = match &mut apart {
                Some((of, take)) if key == *of && self.peek() == Some(b'{') => self.taken(take)?,
                _ => self.node(depth + 1)?,
            };
            self.entries.push(Entry { key, line, node });
            if self.is_end(b'}')? {
                let entries: Vec<Entry<'a>> = self.entries.drain(first..).collect();
                check_keys(&entries)?;
                return Ok(Value::Map(entries));
            }
        }
    }

    /// Reads a map of the root's whose entries are taken one by one.
    fn taken(&mut self, take: &mut Take<'_, 'a>) -> Result<Node<'a>, Damage> {
        let empty = Node { line: self.line, value: Value::Map(Vec::new()) };
        if self.is_empty(b'}')? {
            return Ok(empty);
        }
        let mut seen = HashSet::with_hasher(RandomState::default());
        loop {
            let (key, line) = self.key()?;
            if !seen.insert(key.clone()) {
                return Err(twice(&key, line));
            }
            let node = self.node(2)?;
            take(&self.entries, Entry { key, line, node });
            if self.is_end(b'}')? {
                return Ok(empty);
            }
        }
    }

    /// Reads a key and goes to the start of its value.
    fn key(&mut self) -> Result<(Cow<'a, str>, u64), Damage> {
        self.space()?;
        if self.peek() != Some(b'"') {
            return Err(self.damage("expected a key"));
        }
        let line = self.line;
        let key = self.string()?;
        self.space()?;
        if self.peek() != Some(b':') {
            return Err(self.damage("expected `:`"));
        }
        self.at += 1;
        self.space()?;
        Ok((key, line))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{plain_length, spaces};

    proptest! {
        #[test]
        fn spaces_are_counted(count in 0..40_usize, bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let bytes = [vec![b' '; count], bytes].concat();
            prop_assert_eq!(spaces(&bytes), bytes.iter().take_while(|byte| **byte == b' ').count());
        }

        #[test]
        fn plain_bytes_are_counted(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = bytes;
            for special in [None, Some(b'"'), Some(b'\\'), Some(0), Some(0x1f)] {
                bytes.extend(special);
                let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
                prop_assert_eq!(plain_length(&bytes), expected);
            }
        }
    }

    #[test]
    fn bytes_above_ascii_are_plain() {
        for at in 0..24 {
            let mut bytes = [0xff_u8; 24];
            assert_eq!(plain_length(&bytes), None);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = b'"';
            }
            assert_eq!(plain_length(&bytes), Some(at));
        }
    }
}
