//! YAML, by the events of `saphyr-parser`: one document of maps, lists and texts, as lockfiles are written.
//!
//! Aliases and tags are errors: no tool writes them into a lockfile, and aliases let a small file become a large one.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::{DEEPEST, Damage, Entry, Node, Value, check_keys};

/// A list or map whose end has not come.
enum Open<'a> {
    List(u64, Vec<Node<'a>>),
    /// With a key that has no value yet.
    Map(u64, Vec<Entry<'a>>, Option<Node<'a>>),
}

/// Reads a YAML document.
pub fn yaml(text: &str) -> Result<Node<'_>, Damage> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| damage(&error))?;
        let line = span.start.line() as u64;
        let done = match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return Err(Damage::new(line, "tags are not supported"));
            }
            Event::Alias(_) => return Err(Damage::new(line, "aliases are not supported")),
            Event::Scalar(text, style, ..) => {
                let value = match text.as_ref() {
                    _ if style != ScalarStyle::Plain => Value::Text(text),
                    "" | "~" | "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ => Value::Text(text),
                };
                Node { line, value }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEEPEST => {
                return Err(Damage::new(line, "nested too deeply"));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(line, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(line, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(line, items)) => Node { line, value: Value::List(items) },
                Some(Open::Map(line, entries, None)) => {
                    check_keys(&entries)?;
                    Node { line, value: Value::Map(entries) }
                }
                _ => return Err(Damage::new(line, "a key has no value")),
            },
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Damage::new(line, "a second document follows"));
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {
                continue;
            }
        };
        match open.last_mut() {
            None => root = Some(done),
            Some(Open::List(_, items)) => items.push(done),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(done),
                Some(Node { line, value: Value::Text(text) }) => {
                    entries.push(Entry { key: text, line, node: done })
                }
                Some(Node { line, value: Value::Null | Value::Bool(_) }) => {
                    return Err(Damage::new(line, "a key is not a text"));
                }
                Some(Node { line, .. }) => return Err(Damage::new(line, "a key is a list or a map")),
            },
        }
    }
    root.ok_or_else(|| Damage::new(1, "the document is empty"))
}

fn damage(error: &ScanError) -> Damage {
    Damage::new(error.marker().line() as u64, error.info())
}
