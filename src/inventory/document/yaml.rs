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

/// Reads a YAML document, which is the only one.
pub fn yaml(text: &str) -> Result<Node<'_>, Damage> {
    document(text, false)
}

/// Reads a file of several YAML documents, in their order.
pub fn yaml_documents(text: &str) -> Result<Vec<Node<'_>>, Damage> {
    let mut reader = Reader::default();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| damage(&error))?;
        let is_end = matches!(event, Event::DocumentEnd);
        if let Some(node) = reader.event(event, span.start.line() as u64)? {
            reader.place(node)?;
        }
        if is_end {
            documents.extend(reader.root.take());
        }
    }
    Ok(documents)
}

/// Reads the only document of a file, which may have aliases, which stand for what they name; merge keys are errors.
pub fn yaml_with_aliases(text: &str) -> Result<Node<'_>, Damage> {
    document(text, true)
}

fn document(text: &str, may_have_aliases: bool) -> Result<Node<'_>, Damage> {
    let mut reader = Reader { may_have_aliases, ..Reader::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| damage(&error))?;
        let line = span.start.line() as u64;
        if let Some(node) = reader.event(event, line)? {
            reader.place(node)?;
        }
    }
    reader.root.ok_or_else(|| Damage::new(1, "the document is empty"))
}

/// A document on its way.
#[derive(Default)]
struct Reader<'a> {
    may_have_aliases: bool,
    open: Vec<Open<'a>>,
    root: Option<Node<'a>>,
    /// By the number that the parser gives to an anchor; 0 is none.
    anchors: HashMap<usize, Node<'a>>,
    /// Of each list and map that is open.
    anchors_of_open: Vec<usize>,
    /// Values that aliases stood for so far.
    copied: usize,
}

impl<'a> Reader<'a> {
    /// Takes an event, with which a value may be complete.
    fn event(&mut self, event: Event<'a>, line: u64) -> Result<Option<Node<'a>>, Damage> {
        match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => Err(Damage::new(line, "tags are not supported")),
            Event::Alias(anchor) => self.alias(anchor, line).map(Some),
            Event::Scalar(text, style, anchor, _) => {
                let value = match text.as_ref() {
                    _ if style != ScalarStyle::Plain => Value::Text(text),
                    "" | "~" | "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ => Value::Text(text),
                };
                Ok(Some(self.anchored(anchor, Node { line, value })))
            }
            Event::SequenceStart(anchor, _) => self.start(anchor, Open::List(line, Vec::new()), line),
            Event::MappingStart(anchor, _) => self.start(anchor, Open::Map(line, Vec::new(), None), line),
            Event::SequenceEnd | Event::MappingEnd => self.end(line).map(Some),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Damage::new(line, "a second document follows"))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(None),
        }
    }

    /// What an alias stands for.
    fn alias(&mut self, anchor: usize, line: u64) -> Result<Node<'a>, Damage> {
        if !self.may_have_aliases {
            return Err(Damage::new(line, "aliases are not supported"));
        }
        // One that is not complete yet would be in itself.
        let node = self.anchors.get(&anchor).ok_or_else(|| Damage::new(line, "an alias of nothing"))?;
        self.copied = self.copied.saturating_add(size(node));
        if self.copied > MOST || self.open.len() + depth(node) > DEEPEST {
            return Err(Damage::new(line, "aliases stand for too much"));
        }
        Ok(node.clone())
    }

    /// A value, which aliases may name by its anchor from now on.
    fn anchored(&mut self, anchor: usize, node: Node<'a>) -> Node<'a> {
        if self.may_have_aliases && anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    /// Starts a list or map, which is no value yet.
    fn start(&mut self, anchor: usize, open: Open<'a>, line: u64) -> Result<Option<Node<'a>>, Damage> {
        if self.open.len() >= DEEPEST {
            return Err(Damage::new(line, "nested too deeply"));
        }
        self.anchors_of_open.push(anchor);
        self.open.push(open);
        Ok(None)
    }

    /// Ends the innermost list or map.
    fn end(&mut self, line: u64) -> Result<Node<'a>, Damage> {
        let node = match self.open.pop() {
            Some(Open::List(line, items)) => Node { line, value: Value::List(items) },
            Some(Open::Map(line, entries, None)) => {
                check_keys(&entries)?;
                let merge = entries.iter().find(|entry| self.may_have_aliases && entry.key == "<<");
                if let Some(merge) = merge {
                    return Err(Damage::new(merge.line, "merge keys are not supported"));
                }
                Node { line, value: Value::Map(entries) }
            }
            _ => return Err(Damage::new(line, "a key has no value")),
        };
        let anchor = self.anchors_of_open.pop().unwrap_or_default();
        Ok(self.anchored(anchor, node))
    }

    /// Puts a value where it belongs: into the innermost list or map, as a key or below one, or to the root.
    fn place(&mut self, node: Node<'a>) -> Result<(), Damage> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(node),
                Some(Node { line, value: Value::Text(text) }) => {
                    entries.push(Entry { key: text, line, node });
                }
                Some(Node { line, value: Value::Null | Value::Bool(_) }) => {
                    return Err(Damage::new(line, "a key is not a text"));
                }
                Some(Node { line, .. }) => return Err(Damage::new(line, "a key is a list or a map")),
            },
        }
        Ok(())
    }
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
