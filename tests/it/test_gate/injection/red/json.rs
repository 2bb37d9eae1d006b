//! Where the values of a JSON text stand.

use std::ops::Range;

use super::Edit;

/// A value, by where it stands.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) span: Range<usize>,
    node: Node,
}

#[derive(Debug)]
enum Node {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Other,
}

impl Json {
    /// The value that a text is; nothing where it is none.
    pub(super) fn of(text: &str) -> Option<Self> {
        // What is no JSON is not looked at twice.
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        Parser { text, at: 0 }.value()
    }

    /// A member of an object.
    pub(super) fn get(&self, wanted: &str) -> Option<&Self> {
        let Node::Object(members) = &self.node else { return None };
        members.iter().find(|(key, _)| key == wanted).map(|(_, value)| value)
    }

    /// A value behind several keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The items of an array that is a member.
    pub(super) fn items(&self, key: &str) -> &[Self] {
        self.get(key).map(Self::list).unwrap_or_default()
    }

    /// The items of an array.
    pub(super) fn list(&self) -> &[Self] {
        if let Node::Array(items) = &self.node { items } else { &[] }
    }

    /// The text of a value.
    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.span.clone()]
    }

    /// The text of a member that is a string; nothing where there is none.
    pub(super) fn word<'a>(&self, key: &str, text: &'a str) -> &'a str {
        self.get(key).map_or("", |value| value.text(text).trim_matches('"'))
    }

    /// Gives a member this value, in JSON.
    pub(super) fn set(&self, key: &str, value: &str) -> Edit {
        if let Some(member) = self.get(key) {
            return (member.span.clone(), value.to_owned());
        }
        let Node::Object(members) = &self.node else { return (self.span.clone(), value.to_owned()) };
        let at = self.span.start + 1;
        let separator = if members.is_empty() { "" } else { "," };
        (at..at, format!("\"{key}\":{value}{separator}"))
    }

    /// Adds to a number that is a member, where there is one.
    pub(super) fn add(&self, text: &str, key: &str, more: i64) -> Option<Edit> {
        super::plus(text, self.get(key)?.span.clone(), more)
    }

    /// Puts an item first into an array.
    pub(super) fn push(&self, item: &str) -> Edit {
        let separator = if self.list().is_empty() { "" } else { "," };
        let at = self.span.start + 1;
        (at..at, format!("{item}{separator}"))
    }

    /// Takes an item out of an array.
    pub(super) fn remove(&self, index: usize) -> Option<Edit> {
        let items = self.list();
        let item = items.get(index)?.span.clone();
        let range = match (index.checked_sub(1).and_then(|before| items.get(before)), items.get(index + 1)) {
            (Some(before), _) => before.span.end..item.end,
            (None, Some(next)) => item.start..next.span.start,
            (None, None) => item,
        };
        Some((range, String::new()))
    }
}

/// Reads values that are known to be well-formed.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.blank();
        let is_there = self.text[self.at..].starts_with(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self) -> Option<Json> {
        self.blank();
        let start = self.at;
        let node = if self.take('{') {
            let mut members = Vec::new();
            while !self.take('}') {
                self.take(',');
                self.blank();
                let key = self.string()?;
                self.take(':');
                members.push((key, self.value()?));
            }
            Node::Object(members)
        } else if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                self.take(',');
                items.push(self.value()?);
            }
            Node::Array(items)
        } else if self.text[self.at..].starts_with('"') {
            self.string()?;
            Node::Other
        } else {
            self.at += self.text[self.at..]
                .find([',', '}', ']', ' ', '\n', '\r', '\t'])
                .unwrap_or(self.text.len() - self.at);
            Node::Other
        };
        Some(Json { span: start..self.at, node })
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        let mut is_escaped = false;
        let end = self.text[start + 1..].find(|character| {
            let ends = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            ends
        })?;
        self.at = start + 1 + end + 1;
        serde_json::from_str(&self.text[start..self.at]).ok()
    }
}
