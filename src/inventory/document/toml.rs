//! TOML, by the `toml` crate.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Damage, Entry, Node, Value};

/// Reads a TOML document.
pub fn toml(text: &str) -> Result<Node<'_>, Damage> {
    if text.trim().is_empty() {
        return Err(Damage::new(1, "the document is empty"));
    }
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| breaks.partition_point(|end| *end < at) as u64 + 1;
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(text.len(), |span| span.start);
        Damage::new(line(at), error.message().lines().next().unwrap_or("invalid"))
    })?;
    Ok(Node { line: 1, value: map(table.into_inner(), &line) })
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
