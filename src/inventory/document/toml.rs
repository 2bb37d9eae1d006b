//! TOML, by the `toml` crate.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::plain_toml::plain;
use super::{Damage, Entry, Node, Value};

/// Reads a TOML document.
pub fn toml(text: &str) -> Result<Node<'_>, Damage> {
    if text.trim().is_empty() {
        return Err(Damage::new(1, "the document is empty"));
    }
    part(text, 1).map(|value| Node { line: 1, value })
}

/// Reads a TOML document that is mostly a list of tables, each of which is parsed by itself: `take` gets each as soon as it is read, so
/// that they are never in memory together, and the list in the result is empty. None where the document can't be taken apart so, or is
/// none; `take` may have got some tables by then.
pub fn toml_of_tables<'a>(text: &'a str, list: &str, take: &mut dyn FnMut(Node<'a>)) -> Option<Node<'a>> {
    let header = format!("[[{list}]]");
    let mut parts = Parts { list, header: &header, others: Vec::new(), first: None, take };
    let (mut start, mut at, mut start_line) = (0, 0, 1);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if line.starts_with("[[") && line.trim_end() == header && at > start {
            parts.add(text.get(start..at)?, start_line)?;
            (start, start_line) = (at, number);
        }
        at += line.len();
    }
    parts.add(text.get(start..)?, start_line)?;
    let (line, start) = parts.first?;
    let node = Node { line: start, value: Value::List(Vec::new()) };
    let mut others = parts.others;
    others.push(Entry { key: list.to_owned().into(), line, node });
    others.sort_by_key(|entry| entry.line);
    Some(Node { line: 1, value: Value::Map(others) })
}

/// Most keys beside the list of a document that is parsed in parts.
const MOST_OTHERS: usize = 64;

/// A document that is taken apart.
struct Parts<'a, 't> {
    list: &'t str,
    header: &'t str,
    /// The keys beside the list.
    others: Vec<Entry<'a>>,
    /// The lines of the list's key and of its start.
    first: Option<(u64, u64)>,
    take: &'t mut dyn FnMut(Node<'a>),
}

impl<'a> Parts<'a, '_> {
    /// Parses a part; none where it is no document by itself, or says something about what another part has.
    fn add(&mut self, text: &'a str, line: u64) -> Option<()> {
        let Value::Map(entries) = plain(text, line).or_else(|| part(text, line).ok())? else { return None };
        let is_of_list = text.starts_with(self.header);
        let mut is_listed = false;
        for entry in entries {
            if entry.key == self.list {
                // Only what its own header adds: a list that was closed can't be added to.
                let Value::List(mut own) = entry.node.value else { return None };
                let item = own.pop().filter(|_| own.is_empty() && is_of_list)?;
                (self.take)(item);
                self.first.get_or_insert((entry.line, entry.node.line));
                is_listed = true;
            } else if self.others.len() > MOST_OTHERS
                || self.others.iter().any(|other| other.key == entry.key)
            {
                return None;
            } else {
                self.others.push(entry);
            }
        }
        (is_listed == is_of_list).then_some(())
    }
}

/// Parses a part of a document that starts at a line.
fn part(text: &str, first: u64) -> Result<Value<'_>, Damage> {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| breaks.partition_point(|end| *end < at) as u64 + first;
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(text.len(), |span| span.start);
        Damage::new(line(at), error.message().lines().next().unwrap_or("invalid"))
    })?;
    Ok(map(table.into_inner(), &line))
}

fn map<'a>(table: DeTable<'a>, line: &dyn Fn(usize) -> u64) -> Value<'a> {
    let mut entries: Vec<Entry<'a>> = table
        .into_iter()
        .map(|(key, value)| Entry {
            line: line(key.span().start),
            key: key.into_inner(),
            node: node(value, line),
        })
        .collect();
    entries.sort_by_key(|entry| entry.line);
    Value::Map(entries)
}

fn node<'a>(value: Spanned<DeValue<'a>>, line: &dyn Fn(usize) -> u64) -> Node<'a> {
    let start = line(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(number) => Value::Number(number.to_string().into()),
        DeValue::Float(number) => Value::Number(number.to_string().into()),
        DeValue::Boolean(is_true) => Value::Bool(is_true),
        DeValue::Datetime(time) => Value::Text(time.to_string().into()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(item, line)).collect()),
        DeValue::Table(table) => map(table, line),
    };
    Node { line: start, value }
}

#[cfg(test)]
mod tests {
    use super::{Node, Value, toml, toml_of_tables};

    /// A document that was read in parts, put together.
    fn in_parts(document: &str) -> Option<Node<'_>> {
        let mut items = Vec::new();
        let mut root = toml_of_tables(document, "package", &mut |item| items.push(item))?;
        if let Value::Map(entries) = &mut root.value {
            entries.iter_mut().find(|entry| entry.key == "package")?.node.value = Value::List(items);
        }
        Some(root)
    }

    #[test]
    fn parts_are_read_as_the_whole() {
        for (document, is_in_parts) in [
            (
                "version = 1\n\n[[package]]\nname = \"a\"\n[package.source]\nurl = \"x\"\n\n[[package]]\nname = \"b\"\n[[package.files]]\nhash = \"c\"\n[metadata]\nd = 1\n[metadata.files]\ne = 1\n",
                true,
            ),
            ("[[package]]\r\nname = \"a\"\r\n[[package]]\r\nname = 'b'\r\n", true),
            ("[[package]]\na = 1\n[other]\nb = 1\n[[package]]\n", true),
            ("a = \"\"\"\n[[package]]\n\"\"\"\n[[package]]\nb = 1\n", false),
            ("a = [\n[[package]]\n]\n", false),
            ("package = [{a = 1}]\n[[package]]\nb = 1\n", false),
            ("[package]\na = 1\n[[package]]\nb = 1\n", false),
            ("[[package]]\na = 1\n[x.y]\n[[package]]\n[x.z]\n", false),
            ("a = 1\n[[package]]\n[a]\n", false),
            ("[[ package ]]\na = 1\n[[package]]\n[[ package ]]\n", false),
            ("[[package]]\na = 1\na = 2\n", false),
            ("[[package]]\na = 1\n[[package]]\nb = \n", false),
            ("a = 1\n", false),
        ] {
            let apart = in_parts(document);
            assert_eq!(apart.is_some(), is_in_parts, "{document}");
            if let Some(apart) = apart {
                assert_eq!(Ok(apart), toml(document), "{document}");
            }
        }
    }
}
