//! What the beginning of a file shows: enough to distinguish formats without its name.

use std::io::Read;

use super::encoding::Decoder;
use super::xml::{Event, Walker};

/// How much of a file is looked at, in bytes.
pub const LOOKED_AT: usize = 256 * 1024;

/// Deepest key of JSON that is kept.
const DEEPEST: usize = 4;

/// Maximum number of keys of JSON and lines of text that are kept.
const KEPT: usize = 4_000;

/// Maximum number of elements under the root of XML that are looked at.
const CHILDREN: usize = 20;

/// What the beginning of a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
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
pub struct Xml {
    /// Name of the root element.
    pub root: String,
    /// Attributes of the root.
    pub attributes: Vec<(String, String)>,
    /// Names of the first elements right under the root.
    pub children: Vec<String>,
}

impl Xml {
    /// Whether the root has this attribute.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|(key, _)| key == name)
    }

    /// Whether one of the first elements under the root has this name.
    pub fn has_child(&self, name: &str) -> bool {
        self.children.iter().any(|child| child == name)
    }
}

/// Keys of JSON, by the way to them from the root; an item of a list is the step `[]`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Json {
    keys: Vec<Vec<String>>,
    /// The first texts that stand as values, with the way to them.
    texts: Vec<(Vec<String>, String)>,
    /// Whether the document is a list.
    pub is_list: bool,
}

impl Json {
    /// Whether there is a key at the end of this way; the step `*` stands for any key.
    pub fn has(&self, way: &[&str]) -> bool {
        self.keys.iter().any(|key| is_way(key, way))
    }

    /// Whether this is an object in whose objects all keys at this depth are among these, and nothing is deeper.
    pub fn is_all_at(&self, depth: usize, keys: &[&str]) -> bool {
        let is_right = |way: &Vec<String>| {
            way.len() < depth
                || (way.len() == depth && way.last().is_some_and(|last| keys.contains(&last.as_str())))
        };
        !self.is_list && !self.keys.is_empty() && self.keys.iter().all(is_right)
    }

    /// Whether a text stands at the end of this way.
    pub fn says(&self, way: &[&str], text: &str) -> bool {
        self.texts.iter().any(|(key, value)| value == text && is_way(key, way))
    }
}

fn is_way(key: &[String], way: &[&str]) -> bool {
    key.len() == way.len() && key.iter().zip(way).all(|(step, wanted)| *wanted == "*" || step == wanted)
}

/// Looks at the first bytes of a file, at most [`LOOKED_AT`] of them.
pub fn shape(head: &[u8]) -> Shape {
    let mut text = String::new();
    let mut bytes = head;
    let mut decoder = Decoder::new(&mut bytes as &mut dyn Read);
    while decoder.read(&mut text).unwrap_or(false) {}
    let start =
        without_cut(&text).trim_start_matches(|first: char| first.is_whitespace() || first == '\u{feff}');
    match start.bytes().next() {
        None => Shape::Nothing,
        Some(b'<') => Shape::Xml(xml(head)),
        Some(b'[') if !is_list(start) => text_lines(start),
        Some(b'{' | b'[') => match json(start) {
            // What cargo says of the build stands before what the tests say.
            (shape, rest) if is_of_a_build(&shape) => behind_build(rest).unwrap_or(shape),
            (shape, _) => shape,
        },
        Some(_) => text_lines(start),
    }
}

/// Text without the part of a character at its end, where a file of two bytes per character was cut: it hides what the rest is.
fn without_cut(text: &str) -> &str {
    let (start, end) = text.rsplit_once('\u{fffd}').unwrap_or((text, ""));
    let is_one_byte = end.len() == 2 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one_byte { start } else { text }
}

fn text_lines(text: &str) -> Shape {
    Shape::Text(text.lines().take(KEPT).map(str::to_owned).collect())
}

/// Whether `[` begins a list, and no word in brackets as `[INFO]` or `[1/3]` in a log.
fn is_list(text: &str) -> bool {
    let inside = text.get(1..).unwrap_or_default().trim_start();
    let end = inside.find(|next: char| next == ',' || next == ']' || next.is_whitespace());
    let first = inside.get(..end.unwrap_or(inside.len())).unwrap_or_default();
    inside.is_empty()
        || inside.starts_with(['{', '[', '"', ']'])
        || end.is_none()
        || serde_json::from_str::<serde_json::Value>(first).is_ok()
}

/// Whether this is a message of `cargo --message-format json` about a build.
fn is_of_a_build(shape: &Shape) -> bool {
    let reasons = ["compiler-artifact", "compiler-message", "build-script-executed", "build-finished"];
    matches!(shape, Shape::JsonLines(first) if reasons.iter().any(|reason| first.says(&["reason"], reason)))
}

/// The first value behind messages about a build; none where there are only such messages.
fn behind_build(mut rest: &str) -> Option<Shape> {
    loop {
        let start = rest.trim_start();
        if !start.starts_with(['{', '[']) {
            return (!start.is_empty()).then(|| text_lines(start));
        }
        let (shape, behind) = json(start);
        match shape {
            Shape::Json(first) if behind.is_empty() => {
                let lines = Shape::JsonLines(first);
                return (!is_of_a_build(&lines)).then_some(lines);
            }
            shape if is_of_a_build(&shape) => rest = behind,
            shape => return Some(shape),
        }
    }
}

fn xml(head: &[u8]) -> Xml {
    let mut bytes = head.take(LOOKED_AT as u64);
    let mut walker = Walker::new(&mut bytes as &mut dyn Read);
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
fn json(text: &str) -> (Shape, &str) {
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
    let rest = rest.trim_start();
    (if rest.is_empty() { Shape::Json(look.found) } else { Shape::JsonLines(look.found) }, rest)
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
    fn words_in_brackets_are_no_list() {
        for text in
            ["[INFO] Scanning\n", "[1/3] compile\n", "[2026-11-23 12:00] x\n", "[12:00:01] x\n", "[test] a"]
        {
            assert!(matches!(shape(text.as_bytes()), Shape::Text(_)), "{text}");
        }
        for text in ["[", "[]", "[1, 2]", "[ {\"a\": 1}]", "[{", "[tru", "[null]", "[\n\"a\"]"] {
            assert!(matches!(shape(text.as_bytes()), Shape::Json(_)), "{text}");
        }
    }

    #[test]
    fn messages_about_a_build_are_passed() {
        let build = "{\"reason\":\"compiler-artifact\",\"a\":1}\n{\"reason\":\"build-finished\"}\n";
        let behind = |text: &str| shape(format!("{build}{text}").as_bytes());
        assert!(matches!(behind("{\"type\":\"suite\"}\n{}"), Shape::JsonLines(json) if json.has(&["type"])));
        assert!(matches!(behind("{\"type\":\"suite\"}"), Shape::JsonLines(json) if json.has(&["type"])));
        assert!(matches!(behind(""), Shape::JsonLines(json) if json.has(&["reason"])));
        assert_eq!(behind("running 1 test\n"), Shape::Text(vec!["running 1 test".to_owned()]));
        assert!(matches!(shape(b"{\"reason\":\"build-finished\"}"), Shape::Json(_)));
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
