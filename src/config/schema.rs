//! The JSON Schema of `devops.toml`, made from the flags.

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::file::TABLES;
use super::settings::key;

/// The JSON Schema (draft 2020-12) of `devops.toml`; `common` describes the shared flags, `jobs` each job's own.
pub fn schema(common: &Command, jobs: &[Command]) -> Value {
    let mut properties = table(common);
    for job in jobs {
        let mut keys = table(job);
        keys.append(&mut table(common));
        keys.append(&mut tables_below(&keys));
        let about = job.get_about().map(ToString::to_string).unwrap_or_default();
        let value = json!({ "type": "object", "description": about, "additionalProperties": false, "properties": keys });
        properties.insert(job.get_name().to_owned(), value);
    }
    properties.insert("waiver".to_owned(), waiver());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "devops.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The keys of a table.
fn table(command: &Command) -> Map<String, Value> {
    command
        .get_arguments()
        .filter(|argument| matches!(argument.get_action(), ArgAction::Set | ArgAction::Append))
        .filter(|argument| !matches!(argument.get_id().as_str(), "config" | "working_directory"))
        .map(|argument| (key(argument), value(argument)))
        .collect()
}

/// The tables below a job's table, whose keys carry the table's name as settings.
fn tables_below(keys: &Map<String, Value>) -> Map<String, Value> {
    let below = |table: &str| -> Map<String, Value> {
        let own = |key: &str| key.strip_prefix(table)?.strip_prefix('-').map(str::to_owned);
        keys.iter().filter_map(|(key, value)| Some((own(key)?, value.clone()))).collect()
    };
    let tables = TABLES.into_iter().map(|table| (table, below(table))).filter(|(_, keys)| !keys.is_empty());
    tables
        .map(|(table, keys)| {
            let value = json!({ "type": "object", "additionalProperties": false, "properties": keys });
            (table.to_owned(), value)
        })
        .collect()
}

/// What a key may hold.
fn value(argument: &Arg) -> Value {
    let words: Vec<String> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let is_boolean = words == ["true", "false"];
    let one = match words.as_slice() {
        _ if is_boolean => json!({ "type": "boolean" }),
        [] => json!({ "type": ["string", "number"] }),
        words => json!({ "enum": words }),
    };
    let is_list =
        matches!(argument.get_action(), ArgAction::Append) || argument.get_value_delimiter().is_some();
    let mut schema = if is_list { json!({ "anyOf": [{ "type": "array", "items": one }, one] }) } else { one };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), help.into());
    }
    schema
}

/// The `[[waiver]]` tables.
fn waiver() -> Value {
    let text = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["rule", "reason", "owner", "expires"],
            "properties": {
                "rule": text("Rule whose findings are accepted"),
                "matches": text("Pattern for a name in the subject, the title or the path; `*` matches any text"),
                "reason": text("Reason for accepting the findings"),
                "owner": text("Who is responsible"),
                "expires": text("Last day, e.g. 2026-12-31"),
            }
        }
    })
}
