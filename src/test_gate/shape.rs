//! What the beginning of a file shows: enough to tell formats apart, without a look at its name.

use std::io::Read as _;

use super::encoding::Decoder;
use super::xml::{Event, Walker};

/// How much of a file is looked at, in bytes.
pub(crate) const LOOKED_AT: usize = 256 * 1024;

/// Deepest key of JSON that is kept.
const DEEPEST: usize = 4;

/// Most keys of JSON and lines of text that are kept.
const KEPT: usize = 4_000;

/// Most elements under the root of XML that are looked at.
const CHILDREN: usize = 20;

/// What the beginning of a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing but white space.
    Nothing,
    /// XML: its root and what is in it.
    Xml(Xml),
    /// One JSON value, whole or cut off by the end of the look.
    Json(Json),
    /// Several JSON values, mostly one a line: the keys of the first one.
    JsonLines(Json),
    /// Any other text: its lines.
    Text(Vec<String>),
}

/// The root of an XML document; names are local ones.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Xml {
    pub(crate) root: String,
    /// Attributes of the root.
    pub(crate) attributes: Vec<(String, String)>,
    /// Names of the first elements right under the root.
    pub(crate) children: Vec<String>,
}

impl Xml {
    /// Whether the root has this attribute.
    pub(crate) fn has_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|(key, _)| key == name)
    }

    /// Whether one of the first elements under the root has this name.
    pub(crate) fn has_child(&self, name: &str) -> bool {
        self.children.iter().any(|child| child == name)
    }
}

/// Keys of JSON, by the way to them from the root; an item of a list is the step `[]`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Json {
    keys: Vec<Vec<String>>,
    /// The first texts that stand as values, with the way to them.
    texts: Vec<(Vec<String>, String)>,
    pub(crate) is_list: bool,
}

impl Json {
    /// Whether there is a key at the end of this way; the step `*` stands for any key.
    pub(crate) fn has(&self, way: &[&str]) -> bool {
        self.keys.iter().any(|key| is_way(key, way))
    }

    /// Whether a text stands at the end of this way.
    pub(crate) fn says(&self, way: &[&str], text: &str) -> bool {
        self.texts.iter().any(|(key, value)| value == text && is_way(key, way))
    }
}

fn is_way(key: &[String], way: &[&str]) -> bool {
    key.len() == way.len() && key.iter().zip(way).all(|(step, wanted)| *wanted == "*" || step == wanted)
}

/// Looks at the first bytes of a file, at most [`LOOKED_AT`] of them.
pub(crate) fn shape(head: &[u8]) -> Shape {
    let mut text = String::new();
    let mut decoder = Decoder::new(head);
    while decoder.read(&mut text).unwrap_or(false) {}
    let start = text.trim_start_matches(|first: char| first.is_whitespace() || first == '\u{feff}');
    match start.bytes().next() {
        None => Shape::Nothing,
        Some(b'<') => Shape::Xml(xml(head)),
        Some(b'{' | b'[') => json(start),
        Some(_) => Shape::Text(start.lines().take(KEPT).map(str::to_owned).collect()),
    }
}

fn xml(head: &[u8]) -> Xml {
    let mut walker = Walker::new(head.take(LOOKED_AT as u64));
    let mut found = Xml::default();
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && found.root.is_empty() => {
                walker.name().clone_into(&mut found.root);
                let attributes = &mut found.attributes;
                walker.attributes(|key, value| attributes.push((key.to_owned(), value.to_owned())));
            }
            Event::Open if walker.depth() == 2 && found.children.len() < CHILDREN => {
                found.children.push(walker.name().to_owned());
            }
            Event::Close if walker.depth() == 0 || found.children.len() == CHILDREN => return found,
            Event::End => return found,
            _ => {}
        }
    }
}

/// The keys of a JSON value that may be cut off, and whether another value follows it.
fn json(text: &str) -> Shape {
    let mut look = Look::default();
    let mut bytes = text.char_indices();
    let mut rest = "";
    while let Some((index, character)) = bytes.next() {
        match character {
            '"' => {
                let end = end_of_string(&mut bytes);
                look.string(text.get(index..end).unwrap_or_default());
            }
            '{' | '[' => look.open(character == '['),
            '}' | ']' => look.close(),
            ':' => look.is_value = true,
            ',' => look.next(),
            _ => {}
        }
        if look.open.is_empty() && matches!(character, '}' | ']') {
            rest = text.get(index + 1..).unwrap_or_default();
            break;
        }
    }
    look.found.is_list = text.starts_with('[');
    if rest.trim().is_empty() { Shape::Json(look.found) } else { Shape::JsonLines(look.found) }
}

/// Passes a string whose opening quote is gone; the index behind its end.
fn end_of_string(bytes: &mut std::str::CharIndices<'_>) -> usize {
    let mut is_escaped = false;
    for (index, character) in bytes.by_ref() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    bytes.offset()
}

/// A walk over the keys of a JSON value.
#[derive(Default)]
struct Look {
    /// What is open: whether it is a list.
    open: Vec<bool>,
    /// The way to the current value, no longer than [`DEEPEST`] plus one.
    way: Vec<String>,
    is_value: bool,
    found: Json,
}

impl Look {
    fn open(&mut self, is_list: bool) {
        self.open.push(is_list);
        self.is_value = is_list;
        if self.open.len() <= DEEPEST {
            self.way.push(if is_list { "[]".to_owned() } else { String::new() });
        }
    }

    fn close(&mut self) {
        if self.open.len() <= DEEPEST {
            self.way.pop();
        }
        self.open.pop();
        self.is_value = self.open.last().copied().unwrap_or(false);
    }

    fn next(&mut self) {
        self.is_value = self.open.last().copied().unwrap_or(false);
    }

    fn string(&mut self, literal: &str) {
        if self.open.len() > DEEPEST || self.found.keys.len() + self.found.texts.len() > KEPT {
            return;
        }
        let Ok(text) = serde_json::from_str::<String>(literal) else { return };
        if self.is_value {
            if text.len() <= 100 {
                self.found.texts.push((self.way.clone(), text));
            }
        } else if let Some(last) = self.way.last_mut() {
            *last = text;
            self.found.keys.push(self.way.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, shape};

    #[test]
    fn json_shows_its_keys() {
        let Shape::Json(json) =
            shape(b" {\"a\": [{\"b\": \"x\\\"y\"}, {\"c\": {\"d\": 1}}], \"e\": \"f\"} \n")
        else {
            panic!()
        };
        assert!(json.has(&["a"]) && json.has(&["a", "[]", "b"]) && json.has(&["a", "[]", "*", "d"]));
        assert!(json.has(&["e"]) && json.says(&["e"], "f") && json.says(&["a", "[]", "b"], "x\"y"));
        assert!(!json.has(&["b"]) && !json.has(&["f"]) && !json.is_list);
        let Shape::Json(json) = shape(b"[{\"a\": 1, \"b") else { panic!() };
        assert!(json.is_list && json.has(&["[]", "a"]) && !json.has(&["[]", "b"]));
        assert!(
            matches!(shape(b"{\"a\":1}\n{\"b\":1}"), Shape::JsonLines(json) if json.has(&["a"]) && !json.has(&["b"]))
        );
        assert!(matches!(shape(b"{\"a\":{}}\nnot json"), Shape::JsonLines(_)));
    }

    #[test]
    fn xml_shows_its_root() {
        let Shape::Xml(xml) = shape(b"<?xml version='1.0'?><x:a b='c'><d><e/></d><f/></x:a><g/>") else {
            panic!()
        };
        assert_eq!((xml.root.as_str(), xml.children), ("a", vec!["d".to_owned(), "f".to_owned()]));
        assert_eq!(xml.attributes, [("b".to_owned(), "c".to_owned())]);
    }

    #[test]
    fn the_rest_is_text_or_nothing() {
        assert_eq!(shape(b" \n\t"), Shape::Nothing);
        assert_eq!(shape(b""), Shape::Nothing);
        assert_eq!(shape(b"\xef\xbb\xbf1..2\nok"), Shape::Text(vec!["1..2".to_owned(), "ok".to_owned()]));
        let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(shape(&utf16), Shape::Xml(xml) if xml.root == "a"));
    }
}
