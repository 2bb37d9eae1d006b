//! Documents as trees with the line of everything: JSON with or without comments, TOML and YAML, read the same way, and XML.
//!
//! Keys that occur twice, a second document in the same file, and whatever else leaves open what is meant are errors. Knows no format
//! of lockfiles.

mod json;
mod plain_toml;
mod toml;
mod xml;
mod yaml;

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use devops_core::{Error, Location};

pub use self::json::{Take, json, json_of_map, jsonc};
pub use self::toml::{toml, toml_of_tables};
pub use self::xml::{Element, xml, xml_text};
pub use self::yaml::{yaml, yaml_documents, yaml_with_aliases};

/// Deepest nesting that is read.
const DEEPEST: usize = 256;

/// Largest map whose keys are compared one by one.
const FEW: usize = 16;

/// What is wrong with a document, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong: "`version` is missing".
    pub what: String,
    /// The line, from 1.
    pub line: u64,
}

impl Damage {
    /// Something wrong in a line.
    pub fn new(line: u64, what: impl Into<String>) -> Self {
        Self { what: what.into(), line }
    }

    /// The error about a lockfile at this path.
    pub fn error(self, path: &str, help: &str) -> Error {
        Error::input(format!("lockfile is cut off or damaged: {}", self.what))
            .at(Location::line(path, self.line))
            .help(help)
    }
}

/// A value and the line where it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// The line, from 1.
    pub line: u64,
    /// The value.
    pub value: Value<'a>,
}

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, as it is spelled.
    Number(Cow<'a, str>),
    /// A text; in YAML numbers as well.
    Text(Cow<'a, str>),
    /// Values in a row.
    List(Vec<Node<'a>>),
    /// Values by their keys.
    Map(Vec<Entry<'a>>),
}

/// A key of a map and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// The line of the key, from 1.
    pub line: u64,
    /// The value.
    pub node: Node<'a>,
}

impl<'a> Node<'a> {
    /// The entries of a map; an error where it is none.
    pub fn map(&self, what: &str) -> Result<&[Entry<'a>], Damage> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.unexpected(what, "a map")),
        }
    }

    /// The items of a list; an error where it is none.
    pub fn list(&self, what: &str) -> Result<&[Node<'a>], Damage> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.unexpected(what, "a list")),
        }
    }

    /// The text; an error where it is none.
    pub fn text(&self, what: &str) -> Result<&str, Damage> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.unexpected(what, "a text")),
        }
    }

    /// The text or number as it is spelled; an error where it is neither.
    pub fn scalar(&self, what: &str) -> Result<&str, Damage> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Ok(text),
            _ => Err(self.unexpected(what, "a text or number")),
        }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key; none where this is no map or lacks it.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The entries of the map below a key; none where the key is missing or has no value, an error where that is no map.
    pub fn entries(&self, key: &str) -> Result<&[Entry<'a>], Damage> {
        match self.get(key) {
            None | Some(Node { value: Value::Null, .. }) => Ok(&[]),
            Some(node) => node.map(key),
        }
    }

    /// The items of the list below a key; none where the key is missing or has no value, an error where that is no list.
    pub fn items(&self, key: &str) -> Result<&[Node<'a>], Damage> {
        match self.get(key) {
            None | Some(Node { value: Value::Null, .. }) => Ok(&[]),
            Some(node) => node.list(key),
        }
    }

    /// The text of a key; none where the key is missing, an error where it has another value.
    pub fn text_of(&self, key: &str) -> Result<Option<&str>, Damage> {
        self.get(key).filter(|node| node.value != Value::Null).map(|node| node.text(key)).transpose()
    }

    /// The text of a key that must be there and not be empty.
    pub fn must(&self, key: &str) -> Result<&str, Damage> {
        match self.text_of(key)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Damage::new(self.line, format!("`{key}` is missing"))),
        }
    }

    /// Drops the entries of a map but for those of some keys.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        if let Value::Map(entries) = &mut self.value {
            entries.retain(|entry| is_kept(&entry.key));
            entries.shrink_to_fit();
        }
    }

    /// Whether a key is true.
    pub fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|node| node.value == Value::Bool(true))
    }

    /// Rejects keys that are one of these, misspelt: readers of lockfiles would ignore them.
    pub fn check_spelling(&self, keys: &[&str]) -> Result<(), Damage> {
        let Value::Map(entries) = &self.value else { return Ok(()) };
        for entry in entries {
            if let Some(key) = misspelt(&entry.key, keys) {
                let key = format!("unknown key `{}`, did you mean `{key}`?", entry.key);
                return Err(Damage::new(entry.line, key));
            }
        }
        Ok(())
    }

    /// Rejects keys that are none of these: one could be the key of packages, misspelt.
    pub fn check_known(&self, keys: &[&str]) -> Result<(), Damage> {
        let Value::Map(entries) = &self.value else { return Ok(()) };
        match entries.iter().find(|entry| !keys.contains(&entry.key.as_ref())) {
            Some(entry) => Err(Damage::new(entry.line, format!("unknown key `{}`", entry.key))),
            None => Ok(()),
        }
    }

    fn unexpected(&self, what: &str, expected: &str) -> Damage {
        Damage::new(self.line, format!("`{what}` is not {expected}"))
    }
}

/// The text of a file, without a byte order mark.
///
/// # Errors
/// Where it is not UTF-8, or where a merge left conflict markers.
pub fn text(bytes: &[u8]) -> Result<&str, Damage> {
    let line_at = |end: usize| bytes.iter().take(end).filter(|byte| **byte == b'\n').count() as u64 + 1;
    let text =
        std::str::from_utf8(bytes).map_err(|error| Damage::new(line_at(error.valid_up_to()), "not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // No format has other control characters, which could join two words into one.
    if !text.as_bytes().chunks(64).all(is_free_of_control) {
        if let Some(at) = text.find('\0') {
            return Err(Damage::new(line_at(at), "contains a NUL character"));
        }
        if let Some(at) = text.bytes().position(is_control) {
            return Err(Damage::new(line_at(at), "contains a control character"));
        }
    }
    // Markers are at the start of a line.
    for marker in ["<<<<<<< ", ">>>>>>> "].into_iter().filter(|marker| text.contains(marker)) {
        let found = text
            .match_indices(marker)
            .find(|(at, _)| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
        if let Some((at, _)) = found {
            return Err(Damage::new(line_at(at), "contains a merge conflict"));
        }
    }
    Ok(text)
}

/// Whether a byte is a control character that no lockfile has.
fn is_control(byte: u8) -> bool {
    (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c)) || byte == 0x7f
}

/// Whether no byte is such a character; without a branch for each byte, so that many are compared together.
fn is_free_of_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |any, byte| any | u8::from(is_control(*byte))) == 0
}

/// The text of a file that is read line by line. A carriage return alone ends a line for some programs and not for others, so that one
/// could hide a package behind it.
///
/// # Errors
/// Where [`text`] has one, or where a carriage return stands alone.
pub fn text_of_lines(bytes: &[u8]) -> Result<&str, Damage> {
    let text = text(bytes)?;
    let mut lines = (1..).zip(text.split('\n'));
    let alone = lines.find(|(_, line)| line.strip_suffix('\r').unwrap_or(line).contains('\r'));
    match alone {
        Some((line, _)) => Err(Damage::new(line, "a carriage return stands alone")),
        None => Ok(text),
    }
}

/// The name among these that a text is, but for its case, for one other character, or for characters more that are no letters.
pub fn misspelt<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let is_like = |name: &str| {
        if text.len() == name.len() {
            let pairs = text.bytes().zip(name.bytes());
            let differing = pairs.filter(|(left, right)| !left.eq_ignore_ascii_case(right)).count();
            return differing <= usize::from(name.len() >= 4);
        }
        let letters = |text: &'_ str| {
            text.bytes()
                .filter(u8::is_ascii_alphanumeric)
                .map(|byte| byte.to_ascii_lowercase())
                .collect::<Vec<u8>>()
        };
        text.len() > name.len() && text.len() <= name.len() + 4 && letters(text) == letters(name)
    };
    if names.contains(&text) {
        return None;
    }
    names.iter().find(|name| is_like(name)).copied()
}

/// Rejects keys that occur twice.
fn check_keys(entries: &[Entry<'_>]) -> Result<(), Damage> {
    if entries.len() <= FEW {
        for (index, entry) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|other| other.key == entry.key) {
                return Err(twice(&entry.key, entry.line));
            }
        }
        return Ok(());
    }
    let mut seen = HashSet::with_capacity_and_hasher(entries.len(), RandomState::default());
    match entries.iter().find(|entry| !seen.insert(entry.key.as_ref())) {
        Some(entry) => Err(twice(&entry.key, entry.line)),
        None => Ok(()),
    }
}

/// The damage that a key occurs twice.
fn twice(key: &str, line: u64) -> Damage {
    Damage::new(line, format!("the key `{key}` occurs twice"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Damage, Node, json, jsonc, text, text_of_lines, toml, yaml, yaml_with_aliases};

    type Parse = for<'a> fn(&'a str) -> Result<Node<'a>, Damage>;

    fn line(parse: Parse, document: &str, key: &str) -> u64 {
        parse(document).unwrap().map("root").unwrap().iter().find(|entry| entry.key == key).unwrap().line
    }

    #[test]
    fn keys_have_lines() {
        assert_eq!(line(json, "{\r\n \"a\": [1,\n2], \"b\": {}}\n", "b"), 3);
        assert_eq!(line(jsonc, "{ // a\n/* \n */ \"b\": 1, }", "b"), 3);
        assert_eq!(line(toml, "a = 1\n\n[b]\nc = 1\n", "b"), 3);
        assert_eq!(line(yaml, "a: 1\n# c\nb:\n  c: d\n", "b"), 3);
    }

    #[test]
    fn what_leaves_open_what_is_meant_is_an_error() {
        let all: [(Parse, &str, u64); 24] = [
            (json, "", 1),
            (json, "{\"a\": 1,\n\"a\": 2}", 2),
            (json, "{\"a\": 1,\n\"\\u0061\": 2}", 2),
            (json, "{} {}", 1),
            (json, "{\"a\":", 1),
            (json, "{\"a\": 1,}", 1),
            (json, "{\"a\": \"\\ud800\"}", 1),
            (json, "{\"a\": \"\n\"}", 1),
            (json, "{\"a\": 01}", 1),
            (json, "{\"a\": tru}", 1),
            (json, "// x\n{}", 1),
            (jsonc, "{ /* ", 1),
            (toml, "a = 1\na = 2\n", 2),
            (toml, "[a]\n[a]\n", 2),
            (toml, "a = ", 1),
            (yaml, "a: 1\na: 2\n", 2),
            (yaml, "a: 1\n---\nb: 2\n", 2),
            (yaml, "a: &x 1\nb: *x\n", 2),
            (yaml, "a: {b: 1\n", 2),
            (yaml, "a: !!binary aa\n", 1),
            (yaml, "? [a]\n: b\n", 1),
            (yaml, "", 1),
            (yaml, "a: 'b\n", 2),
            (yaml, "a:\n\t- b\n", 2),
        ];
        for (parse, document, line) in all {
            let damage = parse(document).unwrap_err();
            assert!(damage.line <= line.max(2), "{document:?}: {damage:?}");
        }
        let many: String = (0..100).map(|number| format!("\"k{number}\": 1,\n")).collect();
        assert!(
            json(&format!("{{{many}\"k7\": 1}}")).is_err() && json(&format!("{{{many}\"k\": 1}}")).is_ok()
        );
    }

    #[test]
    fn deep_documents_are_errors() {
        assert!(json(&"[".repeat(100_000)).unwrap_err().what.contains("nested"));
        assert!(json(&"{\"a\":".repeat(100_000)).unwrap_err().what.contains("nested"));
        assert!(yaml(&"[".repeat(10_000)).is_err());
        assert!(toml(&format!("a = {}", "[".repeat(10_000))).is_err());
    }

    #[test]
    fn aliases_stand_for_what_they_name_within_bounds() {
        let node = yaml_with_aliases("a: &x\n  b: c\nd: *x\ne: [&y f, *y]\n").unwrap();
        let text = |node: Option<&Node<'_>>| node.and_then(Node::as_text).map(str::to_owned);
        assert_eq!(text(node.get("d").and_then(|node| node.get("b"))).as_deref(), Some("c"));
        assert_eq!(node.items("e").unwrap().len(), 2);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let mut deep = "a0: &a0 [x]\n".to_owned();
        for level in 1..400 {
            deep.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        for document in [bomb.as_str(), &deep, "a: &x [*x]\n", "a: *x\n", "a: &x {b: c}\nd:\n  <<: *x\n"] {
            assert!(yaml_with_aliases(document).is_err(), "{document}");
        }
    }

    #[test]
    fn strings_are_decoded() {
        let node = json(r#"{"a\/\"\\\u00e9\ud83d\ude00\n": "plain é"}"#).unwrap();
        let entry = &node.map("root").unwrap()[0];
        assert_eq!(entry.key, "a/\"\\é😀\n");
        assert_eq!(entry.node.as_text(), Some("plain é"));
    }

    #[test]
    fn files_that_are_no_text_are_errors() {
        assert_eq!(text("\u{feff}a".as_bytes()), Ok("a"));
        assert_eq!(text(b"a\n\xff").unwrap_err().line, 2);
        assert_eq!(text(b"a\0").unwrap_err().line, 1);
        assert_eq!(text(b"a\n<<<<<<< HEAD\n").unwrap_err().line, 2);
        assert!(text(b"a <<<<<<< HEAD\n").is_ok());
    }

    #[test]
    fn a_carriage_return_alone_is_no_end_of_a_line() {
        assert_eq!(text_of_lines(b"a\r\nb\r\n"), Ok("a\r\nb\r\n"));
        for (bytes, line) in [(&b"a\rb\n"[..], 1), (b"a\nb\rc", 2), (b"a\r\r\n", 1)] {
            assert_eq!(text_of_lines(bytes).unwrap_err().line, line);
        }
    }

    #[test]
    fn misspelt_keys_are_known() {
        const KEYS: [&str; 4] = ["version", "bom-ref", "dev", "dependencies"];
        for (text, expected) in [
            ("version", None),
            ("Version", Some("version")),
            ("ver\u{feff}sion", Some("version")),
            ("ver sion", Some("version")),
            ("versiom", Some("version")),
            ("versions", None),
            ("bomref", None),
            ("bom--ref", Some("bom-ref")),
            ("DEV", Some("dev")),
            ("den", None),
            ("dev-dependencies", None),
            ("", None),
        ] {
            assert_eq!(super::misspelt(text, &KEYS), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn json_agrees_with_serde_json(document in "[\\[\\]{}:,\" a1.e\\-+\\\\u0tn\n]{0,24}") {
            let ours = json(&document);
            // Ours rejects keys that occur twice.
            if serde_json::from_str::<serde_json::Value>(&document).is_err() {
                prop_assert!(ours.is_err());
            } else if let Err(damage) = ours {
                prop_assert!(damage.what.contains("twice"), "{}", damage.what);
            }
        }

        #[test]
        fn any_text_is_read_or_rejected(document in "[\\[\\]{}:,\"' a1=&*!?|>#%/\\-\n\t]{0,40}") {
            let _ = (json(&document), jsonc(&document), toml(&document), yaml(&document), yaml_with_aliases(&document));
        }
    }
}
