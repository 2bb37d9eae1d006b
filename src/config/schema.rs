//! The JSON Schema of `devops.toml`, made from the flags.

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::file::GROUPS;
use super::settings::key;

/// The JSON Schema (draft 2020-12) of `devops.toml`; `common` describes the shared flags, `jobs` each job's own.
pub fn schema(common: &Command, jobs: &[Command]) -> Value {
    let mut properties = table(common);
    for job in jobs {
        let mut keys = table(job);
        keys.append(&mut table(common));
        for (_, name, of_group) in GROUPS.iter().filter(|(owner, _, _)| *owner == job.get_name()) {
            let member = |(short, flag): &(&str, &str)| Some(((*short).to_owned(), keys.get(*flag)?.clone()));
            let members: Map<String, Value> = of_group.iter().filter_map(member).collect();
            let value = json!({ "type": "object", "additionalProperties": false, "properties": members });
            keys.insert((*name).to_owned(), value);
        }
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
