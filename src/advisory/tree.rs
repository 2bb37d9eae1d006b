//! A record as a tree of values, out of JSON or YAML; what has a key twice is refused, because readers disagree about it.

use std::borrow::Cow;
use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;
/// Most keys of a map; records have a few dozen at most.
const MOST_KEYS: usize = 4096;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'a> {
    /// Nothing.
    Null,
    /// A whole number that is not negative.
    Number(u64),
    /// Another number or a truth value; nothing that is read means anything by one.
    Other,
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// Values by key.
    Map(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Node<'a> {
    /// Reads JSON.
    ///
    /// # Errors
    /// Where it is none, or a key stands twice.
    pub(super) fn of_json(bytes: &'a [u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| "is not JSON: it is not UTF-8".to_owned())?;
        serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))
    }

    /// Reads YAML: one document without aliases.
    ///
    /// # Errors
    /// Where it is none, a key stands twice, or there is more than one document.
    pub(super) fn of_yaml(bytes: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
        let mut events = Parser::new_from_str(text);
        let mut documents = Vec::new();
        while let Some(event) = events.next() {
            match event.map_err(|error| format!("is not YAML: {error}"))?.0 {
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                first => documents.push(yaml(first, &mut events, 0)?),
            }
        }
        match documents.pop() {
            Some(document) if documents.is_empty() => Ok(document),
            Some(_) => Err("has more than one document".to_owned()),
            None => Err("is empty".to_owned()),
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text that a key has.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The list that a key has; none is empty.
    ///
    /// # Errors
    /// Where it has something else.
    pub(super) fn list(&self, key: &str) -> Result<&[Self], String> {
        match self.get(key) {
            Some(Self::List(items)) => Ok(items),
            None | Some(Self::Null) => Ok(&[]),
            Some(_) => Err(format!("`{key}` is not a list")),
        }
    }

    /// The keys of a map.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = if let Self::Map(entries) = self { entries.as_slice() } else { &[] };
        entries.iter().map(|(key, _)| key.as_ref())
    }
}

/// What a parser of YAML gives.
type Step<'a> = Result<(Event<'a>, saphyr_parser::Span), saphyr_parser::ScanError>;

/// The next event.
fn step<'a>(events: &mut impl Iterator<Item = Step<'a>>) -> Result<Event<'a>, String> {
    match events.next() {
        Some(Ok((event, _))) => Ok(event),
        Some(Err(error)) => Err(format!("is not YAML: {error}")),
        None => Err("is cut off".to_owned()),
    }
}

/// The value that an event starts.
fn yaml<'a>(
    event: Event<'a>,
    events: &mut impl Iterator<Item = Step<'a>>,
    depth: usize,
) -> Result<Node<'a>, String> {
    if depth > DEEPEST {
        return Err("is nested too deeply".to_owned());
    }
    match event {
        Event::Scalar(text, style, ..) => Ok(match text.as_ref() {
            "" | "~" | "null" if style == ScalarStyle::Plain => Node::Null,
            _ => Node::Text(text),
        }),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match step(events)? {
                    Event::SequenceEnd => return Ok(Node::List(items)),
                    first => items.push(yaml(first, events, depth + 1)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Entries::default();
            loop {
                let key = match step(events)? {
                    Event::MappingEnd => return Ok(Node::Map(entries.0)),
                    Event::Scalar(key, ..) => key,
                    _ => return Err("has a key that is no text".to_owned()),
                };
                let first = step(events)?;
                entries.add(key, yaml(first, events, depth + 1)?)?;
            }
        }
        Event::Alias(_) => Err("has an alias".to_owned()),
        _ => Err("is not YAML".to_owned()),
    }
}

/// The entries of a map, none of them twice.
#[derive(Default)]
struct Entries<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

impl<'a> Entries<'a> {
    fn add(&mut self, key: Cow<'a, str>, value: Node<'a>) -> Result<(), String> {
        if self.0.len() > MOST_KEYS {
            return Err("has a map with too many keys".to_owned());
        }
        if self.0.iter().any(|(known, _)| *known == key) {
            return Err(format!("has the key `{key}` twice"));
        }
        self.0.push((key, value));
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit)
    }
}

/// Makes a tree of what a deserializer meets.
struct Visit;

impl<'de> Visitor<'de> for Visit {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_string<E>(self, text: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Entries::default();
        // As a node, because a key of that type is borrowed where it has no escapes.
        while let Some((key, value)) = map.next_entry::<Node<'de>, Node<'de>>()? {
            let Node::Text(key) = key else { return Err(A::Error::custom("has a key that is no text")) };
            entries.add(key, value).map_err(A::Error::custom)?;
        }
        Ok(Node::Map(entries.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn json_and_yaml_give_one_tree() {
        let json = br#"{"id": "A-1", "affected": [{"versions": ["1.0", "2.0"]}], "withdrawn": null}"#;
        let yaml = b"id: A-1\naffected:\n- versions: ['1.0', 2.0]\nwithdrawn:\n";
        assert_eq!(Node::of_json(json).unwrap(), Node::of_yaml(yaml).unwrap());
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        assert!(Node::of_json(br#"{"id": "A", "id": "B"}"#).unwrap_err().contains("twice"));
        for (text, reason) in [
            ("id: A\nid: B\n", "twice"),
            ("id: A\n---\nid: B\n", "more than one document"),
            ("a: &x 1\nb: *x\n", "alias"),
            ("a: [1, 2\n", "not YAML"),
            ("", "empty"),
        ] {
            let error = Node::of_yaml(text.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(Node::of_yaml(deep.as_bytes()).is_err());
    }
}
