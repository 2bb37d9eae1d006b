//! TOML in the plain form in which tools write lockfiles, read in a fraction of the time that the `toml` crate takes. Whatever has another
//! form, or is damaged, is left to that crate.

use super::{Entry, Node, Value};

/// Deepest nesting of values that is read here.
const DEEPEST: usize = 16;

/// Reads a document, or a part of one that starts at a line; none where its form is not plain.
pub(super) fn plain(text: &str, first: u64) -> Option<Value<'_>> {
    let mut parser = Parser { text, at: 0, line: first };
    let mut root = Vec::new();
    // The headers so far, each with its path; only tables that one began are added to.
    let mut headers: Vec<(Vec<&str>, bool)> = Vec::new();
    let mut open = &mut root;
    loop {
        parser.space();
        match parser.peek() {
            None => return Some(Value::Map(root)),
            Some(b'\n') => parser.newline()?,
            Some(b'\r') => parser.end_of_line()?,
            Some(b'#') => parser.comment()?,
            Some(b'[') => {
                let line = parser.line;
                let (path, is_list) = parser.header()?;
                open = opened(&mut root, &headers, &path, is_list, line)?;
                headers.push((path, is_list));
                parser.end_of_line()?;
            }
            Some(_) => {
                parser.pair(open, 0)?;
                parser.end_of_line()?;
            }
        }
    }
}

/// The entries of the table that a header begins.
fn opened<'r, 'a>(
    root: &'r mut Vec<Entry<'a>>,
    headers: &[(Vec<&'a str>, bool)],
    path: &[&'a str],
    is_list: bool,
    line: u64,
) -> Option<&'r mut Vec<Entry<'a>>> {
    let (last, above) = path.split_last()?;
    let mut table = root;
    for (depth, segment) in (1..).zip(above) {
        headers.iter().find(|(header, _)| header.get(..) == path.get(..depth))?;
        let node = &mut table.iter_mut().find(|entry| entry.key == *segment)?.node;
        table = match &mut node.value {
            Value::Map(entries) => entries,
            Value::List(items) => match &mut items.last_mut()?.value {
                Value::Map(entries) => entries,
                _ => return None,
            },
            _ => return None,
        };
    }
    let at = table.iter().position(|entry| entry.key == *last);
    let map = Node { line, value: Value::Map(Vec::new()) };
    let at = match (at, is_list) {
        (None, _) => {
            let node = if is_list { Node { line, value: Value::List(vec![map]) } } else { map };
            table.push(Entry { key: (*last).into(), line, node });
            table.len() - 1
        }
        (Some(at), true) => {
            let is_of_header = headers.iter().any(|(header, is_list)| *is_list && header == path);
            match &mut table.get_mut(at)?.node.value {
                Value::List(items) if is_of_header => items.push(map),
                _ => return None,
            }
            at
        }
        (Some(_), false) => return None,
    };
    match &mut table.get_mut(at)?.node.value {
        Value::Map(entries) => Some(entries),
        Value::List(items) => match &mut items.last_mut()?.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        },
        _ => None,
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Parser<'a> {
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes behind a byte, which must stand here.
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    /// The text of some bytes from here, and goes behind them.
    fn cut(&mut self, length: usize) -> Option<&'a str> {
        let cut = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(cut)
    }

    fn space(&mut self) {
        self.at += self.bytes().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    }

    fn newline(&mut self) -> Option<()> {
        self.take(b'\n')?;
        self.line += 1;
        Some(())
    }

    /// Goes behind the end of a line, or to that of the document.
    fn end_of_line(&mut self) -> Option<()> {
        self.space();
        match self.peek() {
            None => Some(()),
            Some(b'\n') => self.newline(),
            Some(b'\r') => {
                self.at += 1;
                self.newline()
            }
            Some(_) => None,
        }
    }

    /// Goes behind spaces and ends of lines.
    fn blank(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some(b'\n' | b'\r') => self.end_of_line()?,
                Some(b' ' | b'\t') => self.space(),
                _ => return Some(()),
            }
        }
    }

    fn comment(&mut self) -> Option<()> {
        let length = self.bytes().iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
        let is_plain = |byte: u8| byte == b'\t' || !byte.is_ascii_control();
        self.cut(length)?.bytes().all(is_plain).then_some(())?;
        self.end_of_line()
    }

    /// A header, as the path of its table, and whether that is one of a list.
    fn header(&mut self) -> Option<(Vec<&'a str>, bool)> {
        self.take(b'[')?;
        let is_list = self.take(b'[').is_some();
        let mut path = vec![self.key()?];
        while self.take(b'.').is_some() {
            path.push(self.key()?);
        }
        self.take(b']')?;
        if is_list {
            self.take(b']')?;
        }
        Some((path, is_list))
    }

    /// A key, bare or as a text.
    fn key(&mut self) -> Option<&'a str> {
        if matches!(self.peek(), Some(b'"' | b'\'')) {
            return self.string();
        }
        let is_bare = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let length = self.bytes().iter().take_while(is_bare).count();
        self.cut(length).filter(|key| !key.is_empty())
    }

    /// A text in one line without escapes.
    fn string(&mut self) -> Option<&'a str> {
        let quote = self.peek()?;
        self.at += 1;
        let is_special = |byte: &u8| *byte == quote || *byte == b'\\' || byte.is_ascii_control();
        let length = self.bytes().iter().position(is_special)?;
        let text = self.cut(length)?;
        self.take(quote)?;
        // Two quotation marks may be the start of a text of several lines.
        (!text.is_empty() || self.peek() != Some(quote)).then_some(text)
    }

    /// A key and its value, which is added to a table that lacks the key.
    fn pair(&mut self, table: &mut Vec<Entry<'a>>, depth: usize) -> Option<()> {
        let line = self.line;
        let key = self.key()?;
        if table.iter().any(|entry| entry.key == key) {
            return None;
        }
        self.space();
        self.take(b'=')?;
        self.space();
        let node = self.node(depth)?;
        table.push(Entry { key: key.into(), line, node });
        Some(())
    }

    fn node(&mut self, depth: usize) -> Option<Node<'a>> {
        if depth > DEEPEST {
            return None;
        }
        let line = self.line;
        let value = match self.peek()? {
            b'"' | b'\'' => Value::Text(self.string()?.into()),
            b'[' => self.list(depth)?,
            b'{' => self.table(depth)?,
            b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        };
        Some(Node { line, value })
    }

    fn word(&mut self) -> Option<Value<'a>> {
        let length = self.bytes().iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        match self.cut(length)? {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        }
    }

    /// A whole number that is spelled as it is printed, which no date or fraction begins with.
    fn number(&mut self) -> Option<Value<'a>> {
        let length = self.bytes().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self.cut(length)?;
        let is_whole =
            !matches!(self.peek(), Some(next) if !matches!(next, b' ' | b',' | b']' | b'}' | b'\r' | b'\n'));
        (is_whole && length <= 18 && (length == 1 || !digits.starts_with('0')))
            .then(|| Value::Number(digits.into()))
    }

    fn list(&mut self, depth: usize) -> Option<Value<'a>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.take(b']').is_some() {
                return Some(Value::List(items));
            }
            items.push(self.node(depth + 1)?);
            self.blank()?;
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(Value::List(items));
            }
        }
    }

    /// A table between braces, whose entries are in the order of lines and, in one line, of keys.
    fn table(&mut self, depth: usize) -> Option<Value<'a>> {
        self.take(b'{')?;
        self.space();
        let mut entries = Vec::new();
        if self.take(b'}').is_some() {
            return Some(Value::Map(entries));
        }
        loop {
            self.space();
            self.pair(&mut entries, depth + 1)?;
            self.space();
            if self.take(b',').is_none() {
                self.take(b'}')?;
                entries.sort_by(|one, other| (one.line, &one.key).cmp(&(other.line, &other.key)));
                return Some(Value::Map(entries));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::toml::toml;
    use super::plain;
    use crate::document::{Node, Value};

    /// What both readers make of a document, where it is plain.
    fn both(document: &str) -> Option<(Value<'_>, Result<Node<'_>, crate::document::Damage>)> {
        plain(document, 1).map(|value| (value, toml(document)))
    }

    #[test]
    fn plain_documents_are_read_as_the_crate_reads_them() {
        for document in [
            "version = 1\nb = \"x\"\na = [\n  \"y\",\n    'z'\n]\n",
            "# note\n\n[[package]]\nname = \"a\"\nsource = { url = \"x\", git = \"y\", n = 12 }\ndependencies = [\n    { name = \"b\", version = \"1\" },\n]\n\n[package.extras]\nx = true\n[package.extras.y]\n",
            "[[package]]\r\nname = \"a\"\r\n[[package.files]]\r\nhash = \"c\"\r\n[[package.files]]\r\n[package.files.x]\r\n",
            "[a]\nb = {}\n[[c]]\n[[c]]\nd = []\n[\"e f\"]\ng = [[1, 2], [ ]]\n",
            "a = 0\nb = false",
            "[package.dependencies]\n",
        ] {
            match both(document) {
                Some((value, whole)) => assert_eq!(Node { line: 1, value }, whole.unwrap(), "{document}"),
                None => assert!(document.starts_with("[package.dep"), "{document}"),
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_crate() {
        for document in [
            "a = 1\na = 2\n",
            "[a]\n[a]\n",
            "a.b = 1\n",
            "a = \"\"\"b\"\"\"\n",
            "a = \"\\n\"\n",
            "a = 1979-05-27\n",
            "a = 1.0\n",
            "a = 01\n",
            "a = 1_000\n",
            "a = +1\n",
            "a = inf\n",
            "a = [1, # b\n]\n",
            "a = { b = 1, }\n",
            "a = {\nb = 1 }\n",
            "a = {b = 1}\n[a.c]\n",
            "a = [{b = 1}]\n[[a]]\n",
            "[a]\n[[a]]\n",
            "[[a]]\n[a]\n",
            "a = 1 b = 2\n",
            "a = \"b\n",
            "a = [\n",
            "= 1\n",
            "a =\n",
            "[a\n",
            "[a] x\n",
            "[]\n",
            "a = tru\n",
            "a\rb = 1\n",
            "a = 'b\u{7f}'\n",
            "a = ''''b'''\n",
            "a = {b = 1, b = 2}\n",
            "a = 1\n[a]\n",
            "[a.b]\n",
            "a\n",
        ] {
            assert!(plain(document, 1).is_none(), "{document}");
        }
    }

    proptest! {
        #[test]
        fn both_readers_agree(lines in proptest::collection::vec(
            "(\\[\\[?[abc](\\.[abc]){0,2}\\]?\\])|([abc\"'] ?= ?([0-9]{1,3}|true|\"[a-c#'\\\\]{0,3}\"|'{1,3}[ab\"]{0,2}'{1,3}|\\[ ?([0-9],?){0,3}\n?\\]|\\{ ?([abc] = [12],? ?){0,3}\\}|\\[\\{a = \\[\n1\\], b = \"\"\\},?\\]))|(# [ab=\\[]{0,4})|()",
            0..8,
        )) {
            let document = lines.join("\n");
            if let Some((value, whole)) = both(&document) {
                match whole {
                    Ok(whole) => prop_assert_eq!(Node { line: 1, value }, whole),
                    Err(damage) => prop_assert!(document.trim().is_empty(), "{:?} {}", document, damage.what),
                }
            }
        }
    }
}
