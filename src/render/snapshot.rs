//! `dependency-snapshot.json`: a snapshot for GitHub's dependency submission API.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::vulnerabilities::line;
use super::{Document, Drawn, HOME, NO_BILL};
use devops_core::escape;
use devops_core::{BilledFile, Component};

/// Characters of a text.
const TEXT: usize = 1_000;

/// The packages of each file, as the body of a request to the API.
///
/// # Errors
/// Where there is no bill, or the commit or the branch is unknown.
pub fn snapshot(document: &Document<'_>) -> Drawn {
    let bill = document.bill.ok_or(NO_BILL)?;
    let report = document.report;
    let revision = document.revision;
    let is_whole =
        |commit: &&String| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(commit) = revision.commit.as_ref().filter(is_whole) else {
        return Err("the commit is unknown, which a dependency snapshot is about");
    };
    let Some(reference) = &revision.reference else {
        return Err("the branch is unknown, which a dependency snapshot is about");
    };
    let category = (document.category)(&report.job);
    // Of two snapshots with one correlator, the newer takes the place of the other.
    let correlator = match &revision.part {
        Some(part) => format!("{part} {category}"),
        None => category,
    };
    let snapshot = json!({
        "version": 0,
        "job": {
            "id": line(revision.run.as_deref().unwrap_or("local"), TEXT),
            "correlator": line(&correlator, TEXT),
        },
        "sha": commit,
        "ref": line(reference, TEXT),
        "detector": {
            "name": line(&report.provenance.tool, TEXT),
            "version": line(&report.provenance.version, TEXT),
            "url": HOME,
        },
        "scanned": revision.ended,
        "manifests": bill.files.iter().map(|file| (line(&file.path, TEXT), manifest(file))).collect::<Map<_, _>>(),
    });
    Ok(Some(escape::json(&format!("{snapshot:#}\n"))))
}

/// A file with its packages, by purl.
fn manifest(file: &BilledFile) -> Value {
    let mut resolved: BTreeMap<&str, Value> = BTreeMap::new();
    for (index, one) in file.components.iter().enumerate().filter(|(_, one)| is_listed(one)) {
        let needed = file.dependencies.get(index).map(Vec::as_slice).unwrap_or_default();
        let purls = needed.iter().filter_map(|index| file.components.get(*index));
        let mut purls: Vec<&str> = purls.filter(|one| is_listed(one)).map(|one| one.purl.as_str()).collect();
        purls.sort_unstable();
        purls.dedup();
        let is_direct = one.is_direct || is(&resolved, one, "relationship", "direct");
        let is_runtime =
            one.scope == "runtime" || one.scope == "optional" || is(&resolved, one, "scope", "runtime");
        if let Some(known) = resolved.get(one.purl.as_str()) {
            let known = known.get("dependencies").and_then(Value::as_array).into_iter().flatten();
            let more: Vec<String> = known.filter_map(Value::as_str).map(str::to_owned).collect();
            let mut all: Vec<String> = purls.into_iter().map(str::to_owned).chain(more).collect();
            all.sort_unstable();
            all.dedup();
            resolved.insert(&one.purl, dependency(one, is_direct, is_runtime, &json!(all)));
        } else {
            resolved.insert(&one.purl, dependency(one, is_direct, is_runtime, &json!(purls)));
        }
    }
    json!({
        "name": line(&file.path, TEXT),
        "file": { "source_location": line(file.path.trim_start_matches("./"), TEXT) },
        "resolved": resolved,
    })
}

/// Whether the dependency graph can know a component: the project itself is none of its dependencies.
fn is_listed(component: &Component) -> bool {
    component.origin != "project" && !component.purl.is_empty() && !component.version.is_empty()
}

/// Whether what is known of a component's purl has this value.
fn is(resolved: &BTreeMap<&str, Value>, component: &Component, field: &str, value: &str) -> bool {
    resolved.get(component.purl.as_str()).and_then(|known| known.get(field)) == Some(&json!(value))
}

fn dependency(component: &Component, is_direct: bool, is_runtime: bool, needed: &Value) -> Value {
    json!({
        "package_url": component.purl,
        "relationship": if is_direct { "direct" } else { "indirect" },
        "scope": if is_runtime { "runtime" } else { "development" },
        "dependencies": needed,
    })
}
