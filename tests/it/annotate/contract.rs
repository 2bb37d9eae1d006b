//! Whether a request is as the vendor describes it.
//!
//! GitHub's description is the npm package `@octokit/openapi`. No registry carries GitLab's, so its rules are written
//! here by hand from its documentation; they check names, presence and words, and nothing finer.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::fake::{Kind, Request, form};
use crate::skipped::skipped;

/// GitHub's description, or `None` with a word about it where it is absent and may be.
pub(crate) fn description() -> Option<&'static Value> {
    static DESCRIPTION: OnceLock<Option<Value>> = OnceLock::new();
    let load = || {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .join(".tools/node_modules/@octokit/openapi/generated/api.github.com.json");
        if let Ok(bytes) = std::fs::read(&path) {
            return Some(serde_json::from_slice(&bytes).expect("the description is JSON"));
        }
        assert!(std::env::var_os("DEVOPS_TOOLS_REQUIRED").is_none(), "{} is required", path.display());
        skipped("GitHub's description (npm package @octokit/openapi in .tools)");
        None
    };
    DESCRIPTION.get_or_init(load).as_ref()
}

/// What is wrong with a request.
pub(crate) fn violation(kind: Kind, request: &Request) -> Option<String> {
    match kind {
        Kind::GitHub => github(description()?, request).err(),
        Kind::GitLab => gitlab(request).err(),
    }
}

fn github(description: &Value, request: &Request) -> Result<(), String> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let path = path.trim_start_matches("/api/v3");
    let paths = description["paths"].as_object().ok_or("no paths")?;
    let (_, operations) =
        paths.iter().find(|(template, _)| matches(template, path)).ok_or(format!("no path like {path}"))?;
    let operation = &operations[request.method.to_lowercase()];
    if operation.is_null() {
        return Err(format!("no {} of {path}", request.method));
    }
    if request.header("authorization").is_none_or(|value| !value.starts_with("Bearer ")) {
        return Err("no bearer token".to_owned());
    }
    let known: Vec<&Value> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| match parameter["$ref"].as_str() {
            Some(reference) => description.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
            None => parameter,
        })
        .collect();
    for name in form(query).as_object().ok_or("a query")?.keys() {
        if !known.iter().any(|parameter| parameter["in"] == "query" && parameter["name"] == name.as_str()) {
            return Err(format!("no query parameter {name}"));
        }
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return if request.body.is_null() { Ok(()) } else { Err("a body where none belongs".to_owned()) };
    }
    // Vendors let unknown fields pass; ours would be spelling mistakes.
    for name in request.body.as_object().ok_or("no body")?.keys() {
        if schema["properties"][name].is_null() {
            return Err(format!("no field {name}"));
        }
    }
    let mut whole = schema.clone();
    // Thousands of schemas, of which a body needs none or a few, would be compiled for each request.
    if whole.to_string().contains("\"$ref\"") {
        whole["components"] = json!({ "schemas": description["components"]["schemas"] });
    }
    let validator = jsonschema::validator_for(&whole).map_err(|error| error.to_string())?;
    validator.validate(&request.body).map_err(|error| error.to_string())
}

/// Whether a path fits a template as `/repos/{owner}/{repo}`.
fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
}

fn gitlab(request: &Request) -> Result<(), String> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if request.header("private-token").is_none() && request.header("job-token").is_none() {
        return Err("no token".to_owned());
    }
    let rest = path.strip_prefix("/api/v4/projects/77/deployments").ok_or(format!("no path like {path}"))?;
    let (required, allowed, given): (&[&str], &[&str], Value) = match (request.method.as_str(), rest) {
        ("GET", "") => (
            &[],
            &[
                "order_by",
                "sort",
                "updated_after",
                "updated_before",
                "environment",
                "status",
                "page",
                "per_page",
            ],
            form(query),
        ),
        ("POST", "") => {
            let all = &["environment", "sha", "ref", "tag", "status"];
            (all, all, request.body.clone())
        }
        ("PUT", id) if id.trim_start_matches('/').parse::<u64>().is_ok() => {
            (&["status"], &["status"], request.body.clone())
        }
        (method, _) => return Err(format!("no {method} of {path}")),
    };
    let given = given.as_object().ok_or("no fields")?;
    if let Some(missing) = required.iter().find(|name| !given.contains_key(**name)) {
        return Err(format!("no {missing}"));
    }
    if let Some(unknown) = given.keys().find(|name| !allowed.contains(&name.as_str())) {
        return Err(format!("no field {unknown}"));
    }
    let words = ["running", "success", "failed", "canceled"];
    match given.get("status").and_then(Value::as_str) {
        Some(status) if !words.contains(&status) => Err(format!("no status {status}")),
        _ => Ok(()),
    }
}
