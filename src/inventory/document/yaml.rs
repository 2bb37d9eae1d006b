//! YAML, by the events of `saphyr-parser`: one document of maps, lists and texts, as lockfiles are written.
//!
//! Tags are errors, and so are aliases but for files that people write: no tool writes them into a lockfile, and aliases let a small
//! file become a large one.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::{DEEPEST, Damage, Entry, Node, Value, check_keys};

/// A list or map whose end has not come.
enum Open<'a> {
    List(u64, Vec<Node<'a>>),
    /// With a key that has no value yet.
    Map(u64, Vec<Entry<'a>>, Option<Node<'a>>),
}

/// Most values that aliases stand for, in all of a document.
const MOST: usize = 100_000;

/// Reads a YAML document.
pub fn yaml(text: &str) -> Result<Node<'_>, Damage> {
    document(text, false)
}

/// The same for one that may have aliases, which stand for what they name; merge keys are errors.
pub fn yaml_with_aliases(text: &str) -> Result<Node<'_>, Damage> {
    document(text, true)
}

fn document(text: &str, may_have_aliases: bool) -> Result<Node<'_>, Damage> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut root = None;
    // By the number that the parser gives to an anchor; 0 is none.
    let mut anchors: HashMap<usize, Node<'_>> = HashMap::new();
    let mut anchors_of_open: Vec<usize> = Vec::new();
    let mut copied = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| damage(&error))?;
        let line = span.start.line() as u64;
        let done = match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return Err(Damage::new(line, "tags are not supported"));
            }
            Event::Alias(_) if !may_have_aliases => {
                return Err(Damage::new(line, "aliases are not supported"));
            }
            Event::Alias(anchor) => {
                // One that is not complete yet would be in itself.
                let node = anchors.get(&anchor).ok_or_else(|| Damage::new(line, "an alias of nothing"))?;
                copied = copied.saturating_add(size(node));
                if copied > MOST || open.len() + depth(node) > DEEPEST {
                    return Err(Damage::new(line, "aliases stand for too much"));
                }
                node.clone()
            }
            Event::Scalar(text, style, anchor, _) => {
                let value = match text.as_ref() {
                    _ if style != ScalarStyle::Plain => Value::Text(text),
                    "" | "~" | "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ => Value::Text(text),
                };
                let node = Node { line, value };
                if may_have_aliases && anchor != 0 {
                    anchors.insert(anchor, node.clone());
                }
                node
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEEPEST => {
                return Err(Damage::new(line, "nested too deeply"));
            }
            Event::SequenceStart(anchor, _) => {
                anchors_of_open.push(anchor);
                open.push(Open::List(line, Vec::new()));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                anchors_of_open.push(anchor);
                open.push(Open::Map(line, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match open.pop() {
                    Some(Open::List(line, items)) => Node { line, value: Value::List(items) },
                    Some(Open::Map(line, entries, None)) => {
                        check_keys(&entries)?;
                        if let Some(merge) =
                            entries.iter().find(|entry| may_have_aliases && entry.key == "<<")
                        {
                            return Err(Damage::new(merge.line, "merge keys are not supported"));
                        }
                        Node { line, value: Value::Map(entries) }
                    }
                    _ => return Err(Damage::new(line, "a key has no value")),
                };
                if let Some(anchor) = anchors_of_open.pop().filter(|anchor| may_have_aliases && *anchor != 0)
                {
                    anchors.insert(anchor, node.clone());
                }
                node
            }
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

/// The values in a value, itself included.
fn size(node: &Node<'_>) -> usize {
    match &node.value {
        Value::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(size(item))),
        Value::Map(entries) => {
            entries.iter().fold(1, |sum, entry| sum.saturating_add(size(&entry.node)).saturating_add(1))
        }
        _ => 1,
    }
}

/// How deep values are nested in a value.
fn depth(node: &Node<'_>) -> usize {
    let deepest = match &node.value {
        Value::List(items) => items.iter().map(depth).max(),
        Value::Map(entries) => entries.iter().map(|entry| depth(&entry.node)).max(),
        _ => return 0,
    };
    deepest.unwrap_or_default() + 1
}

fn damage(error: &ScanError) -> Damage {
    Damage::new(error.marker().line() as u64, error.info())
}
