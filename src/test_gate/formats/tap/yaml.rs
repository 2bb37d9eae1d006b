//! What a YAML block behind a result says, read line by line: its keys are few, and so is what is kept of it.

use crate::execution::{DETAIL, MESSAGE};
use crate::formats::numbers;
use crate::trace;
use devops_core::Location;
use devops_reading::excerpt::{Excerpt, prefix};

/// A block.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The whole text, up to a length.
    text: Excerpt,
    message: Excerpt,
    stack: Excerpt,
    kind: String,
    file: String,
    line: Option<u64>,
    location: String,
    at: String,
    pub(super) millis: Option<f64>,
    /// Whether it is node's, or one of its relatives'.
    pub(super) is_node: bool,
    /// The key whose text goes on, and how far it is indented.
    open: Option<(Key, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Message,
    Stack,
    /// A list or an object whose own keys are looked at.
    At,
    Other,
}

impl Block {
    /// Takes a line without the indentation of the block.
    pub(super) fn push(&mut self, line: &str) {
        self.text.push_data(line, DETAIL);
        self.text.push_data("\n", DETAIL);
        let indent = line.len() - line.trim_start().len();
        if let Some((key, least)) = self.open {
            if line.trim().is_empty() || indent > least {
                return self.go_on(key, line.trim());
            }
            self.open = None;
        }
        if let Some((key, value)) = line.trim_end().split_once(':') {
            self.pair(key.trim(), value.trim(), indent);
        }
    }

    fn go_on(&mut self, key: Key, text: &str) {
        match key {
            Key::Message => line(&mut self.message, text, MESSAGE),
            Key::Stack => line(&mut self.stack, text, DETAIL),
            Key::At => {
                if let Some((key, value)) = text.split_once(':') {
                    self.place(key.trim(), &plain(value.trim()));
                }
            }
            Key::Other => {}
        }
    }

    fn pair(&mut self, key: &str, value: &str, indent: usize) {
        let known = match key {
            "message" | "error" | "reason" => Key::Message,
            "stack" => Key::Stack,
            "at" => Key::At,
            _ => Key::Other,
        };
        self.is_node |= key == "failureType";
        let goes_on = value.is_empty() || value.starts_with(['|', '>']);
        if goes_on {
            self.open = Some((known, indent));
            return;
        }
        let value = plain(value);
        match (known, key) {
            (Key::Message, _) => line(&mut self.message, &value, MESSAGE),
            (Key::Stack, _) => line(&mut self.stack, &value, DETAIL),
            (Key::At, _) => prefix(&value, MESSAGE).clone_into(&mut self.at),
            (_, "duration_ms") => self.millis = numbers::decimal(&value),
            (_, "type") => prefix(&value, MESSAGE).clone_into(&mut self.kind),
            (_, "location") => prefix(&value, MESSAGE).clone_into(&mut self.location),
            _ => self.place(key, &value),
        }
    }

    fn place(&mut self, key: &str, value: &str) {
        match key {
            "file" | "fileName" => prefix(value, MESSAGE).clone_into(&mut self.file),
            "line" | "lineNumber" => self.line = value.parse().ok(),
            _ => {}
        }
    }

    /// Whether it says that the result is that of a suite.
    pub(super) fn is_suite(&self) -> bool {
        self.kind == "suite"
    }

    pub(super) fn message(&self) -> String {
        self.message.text()
    }

    pub(super) fn text(&self) -> String {
        self.text.text()
    }

    /// Where the failure happened.
    pub(super) fn failed_at(&self) -> Option<Location> {
        if !self.file.is_empty() {
            return Some(Location { line: self.line, ..Location::file(&self.file) });
        }
        trace::find(&self.at, "").or_else(|| trace::find(&self.stack.text(), ""))
    }

    /// Where the test stands, as `path:line:column`.
    pub(super) fn stands_at(&self) -> Option<(&str, Option<u64>)> {
        let (rest, _) = self.location.rsplit_once(':')?;
        let (path, line) = rest.rsplit_once(':')?;
        Some((path, line.parse().ok()))
    }
}

fn line(excerpt: &mut Excerpt, text: &str, limit: usize) {
    excerpt.push_data(text, limit);
    excerpt.push_data("\n", limit);
}

/// A scalar without its quotes.
fn plain(value: &str) -> String {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (inner('\''), inner('"')) {
        (Some(text), _) => text.replace("''", "'"),
        (None, Some(text)) => text.replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\"),
        (None, None) => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Block;

    fn block(text: &str) -> Block {
        let mut block = Block::default();
        text.lines().for_each(|line| block.push(line));
        block
    }

    #[test]
    fn a_block_says_what_went_wrong_and_where() {
        let found = block(
            "duration_ms: 0.5\nlocation: '/srv/a.test.mjs:2:22'\nfailureType: 'testCodeFailure'\nerror: |-\n  it''s\n\n  bad\nstack: |-\n  at x (file:///srv/b.mjs:7:3)\n",
        );
        assert_eq!(found.message(), "it''s\n\nbad");
        assert_eq!((found.millis, found.is_node), (Some(0.5), true));
        assert_eq!(found.stands_at(), Some(("/srv/a.test.mjs", Some(2))));
        assert_eq!(found.failed_at().unwrap().to_string(), "/srv/b.mjs:7");
        let found =
            block("message: \"a \\\"b\\\"\"\nseverity: fail\nat:\n  file: t/a.t\n  line: 12\ntype: suite");
        assert_eq!((found.message().as_str(), found.is_suite()), ("a \"b\"", true));
        assert_eq!(found.failed_at().unwrap().to_string(), "t/a.t:12");
        assert_eq!(
            block("at: Test.<anonymous> (/srv/t.js:4:7)").failed_at().unwrap().to_string(),
            "/srv/t.js:4"
        );
    }
}
