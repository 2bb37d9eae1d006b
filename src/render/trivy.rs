//! `trivy.json`: Trivy's report, schema version 2. Reports of Trivy are repeated with every key that they have; what was waived becomes a
//! suppressed finding.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::excerpt::cut;
use super::scanned::{Found, Kind, Scanned};
use super::{Document, Drawn};
use devops_core::Finding;
use devops_core::escape;

/// Characters of a text.
const TEXT: usize = 4_000;

/// The lists of findings in a result, with the keys by which their entries are known: the identifier, the package and its version.
const LISTS: [(&str, Kind, [&str; 3]); 4] = [
    ("Vulnerabilities", Kind::Vulnerability, ["VulnerabilityID", "PkgName", "InstalledVersion"]),
    ("Misconfigurations", Kind::Misconfiguration, ["ID", "", ""]),
    ("Secrets", Kind::Secret, ["RuleID", "", ""]),
    ("Licenses", Kind::Licence, ["Name", "PkgName", ""]),
];

/// What was found, as Trivy writes it.
///
/// # Errors
/// Where there is nothing that one report could hold.
pub fn trivy(document: &Document<'_>) -> Drawn {
    let is_own = |report: &Map<String, Value>| {
        report.contains_key("SchemaVersion")
            && !report.contains_key("Resources")
            && !report.contains_key("Findings")
    };
    let scanned = Scanned::of(document, "trivy", is_own)?;
    let mut results: Vec<Value> = Vec::new();
    for one in &scanned.documents {
        for result in one.get("Results").and_then(Value::as_array).into_iter().flatten() {
            let result = with_waived(result, &scanned);
            if !results.contains(&result) {
                results.push(result);
            }
        }
    }
    results.extend(of_findings(&scanned.found));
    if results.is_empty() && scanned.documents.is_empty() && scanned.has_targets {
        // A report without results says that nothing was scanned.
        results.push(json!({ "Target": scanned.artifact.name, "Class": "unknown" }));
    }
    let mut report = match scanned.documents.first() {
        Some(first) => (*first).clone(),
        None => header(&scanned),
    };
    report.insert("Results".to_owned(), Value::Array(results));
    Ok(Some(escape::json(&format!("{:#}\n", Value::Object(report)))))
}

/// What was scanned, where no report of Trivy says so.
fn header(scanned: &Scanned<'_>) -> Map<String, Value> {
    let artifact = &scanned.artifact;
    let mut metadata = Map::new();
    if let Some((family, name)) = artifact.os.split_once(' ') {
        metadata.insert("OS".to_owned(), json!({ "Family": family, "Name": name }));
    }
    let texts = [
        ("ImageID", json!(artifact.image_id)),
        ("RepoTags", json!(artifact.tags)),
        ("RepoDigests", json!(artifact.digests)),
    ];
    let is_there = |value: &Value| *value != json!("") && *value != json!([]);
    metadata.extend(
        texts.into_iter().filter(|(_, value)| is_there(value)).map(|(key, value)| (key.to_owned(), value)),
    );
    let fields = [
        ("SchemaVersion", json!(2)),
        ("CreatedAt", json!(scanned.created)),
        ("ArtifactName", json!(artifact.name)),
        ("ArtifactType", json!(artifact.kind)),
        ("Metadata", Value::Object(metadata)),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| is_there(value))
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// A result of a report, in which what was waived is suppressed.
fn with_waived(result: &Value, scanned: &Scanned<'_>) -> Value {
    let mut result = result.clone();
    let Some(fields) = result.as_object_mut() else { return result };
    let target = fields.get("Target").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut suppressed = Vec::new();
    for (list, kind, keys) in LISTS {
        let Some(entries) = fields.get_mut(list).and_then(Value::as_array_mut) else { continue };
        entries.retain(|entry| {
            let [id, package, version] =
                keys.map(|key| entry.get(key).and_then(Value::as_str).unwrap_or_default());
            let [id, package, version] = [id, package, version].map(str::to_owned);
            let waived = scanned.waived(&(kind, target.clone(), id, package, version));
            suppressed.extend(waived.map(|finding| modified(kind, finding, entry)));
            waived.is_none()
        });
    }
    if !suppressed.is_empty() {
        let all = fields.entry("ExperimentalModifiedFindings").or_insert_with(|| json!([]));
        match all.as_array_mut() {
            Some(all) => all.append(&mut suppressed),
            None => *all = Value::Array(suppressed),
        }
    }
    result
}

/// A suppressed finding.
fn modified(kind: Kind, finding: &Finding, entry: &Value) -> Value {
    let waived = finding.waived.as_ref();
    let source = waived.and_then(|waived| waived.stated_in.as_deref());
    json!({
        "Type": match kind {
            Kind::Vulnerability => "vulnerability",
            Kind::Misconfiguration => "misconfiguration",
            Kind::Secret => "secret",
            Kind::Licence => "license",
        },
        "Status": if source.is_some() { "not_affected" } else { "ignored" },
        "Statement": waived.map(|waived| cut(&waived.reason, TEXT)).unwrap_or_default(),
        "Source": source.unwrap_or("devops.toml"),
        "Finding": entry,
    })
}

/// The results that findings make up.
fn of_findings(found: &[Found<'_>]) -> Vec<Value> {
    let mut results: BTreeMap<(String, String, String), BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
    for one in found {
        let class = match (one.kind, one.fact("class")) {
            (Kind::Vulnerability, "") => "lang-pkgs",
            (Kind::Misconfiguration, "") => "config",
            (Kind::Secret, "") => "secret",
            (Kind::Licence, "") => "license",
            (_, class) => class,
        };
        let target = if one.fact("target").is_empty() { one.text("image") } else { one.text("target") };
        let key = (target, class.to_owned(), one.kind_of_target());
        let lists = results.entry(key).or_default();
        let (list, entry) = entry(*one);
        if one.finding.is_open() {
            lists.entry(list).or_default().push(entry);
        } else {
            let suppressed = modified(one.kind, one.finding, &entry);
            lists.entry("ExperimentalModifiedFindings").or_default().push(suppressed);
        }
    }
    let result = |((target, class, kind), lists): ((String, String, String), BTreeMap<&str, Vec<Value>>)| {
        let mut fields =
            Map::from_iter([("Target".to_owned(), json!(target)), ("Class".to_owned(), json!(class))]);
        if !kind.is_empty() {
            fields.insert("Type".to_owned(), json!(kind));
        }
        fields.extend(lists.into_iter().map(|(list, entries)| (list.to_owned(), Value::Array(entries))));
        Value::Object(fields)
    };
    results.into_iter().map(result).collect()
}

/// The entry of a finding, and the list that it stands in.
fn entry(found: Found<'_>) -> (&'static str, Value) {
    let severity = found.severity("Low").to_ascii_uppercase();
    let line = found.finding.location.as_ref().and_then(|location| location.line);
    let layer = json!({ "Digest": found.text("layer") });
    let (list, mut fields) = match found.kind {
        Kind::Vulnerability => ("Vulnerabilities", of_package(found)),
        Kind::Misconfiguration => (
            "Misconfigurations",
            json!({
                "ID": found.text("advisory"),
                "Title": cut(&found.finding.title, TEXT),
                "Message": found.description(),
                "Resolution": cut(&found.finding.help, TEXT),
                "Status": "FAIL",
                "PrimaryURL": found.text("url"),
                "CauseMetadata": { "StartLine": line },
            }),
        ),
        Kind::Secret => (
            "Secrets",
            json!({
                "RuleID": found.text("advisory"),
                "Title": cut(&found.finding.title, TEXT),
                "StartLine": line,
            }),
        ),
        Kind::Licence => (
            "Licenses",
            json!({
                "Name": found.text("advisory"),
                "Category": found.text("category"),
                "PkgName": found.text("package"),
                "FilePath": found.list("paths").into_iter().next().unwrap_or_default(),
                "Link": found.text("url"),
            }),
        ),
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("Severity".to_owned(), json!(severity));
        if found.kind != Kind::Licence && layer != json!({ "Digest": "" }) {
            fields.insert("Layer".to_owned(), layer);
        }
        let is_empty = |value: &Value| {
            [json!(""), json!([]), json!({ "PURL": "" }), json!({ "StartLine": null }), Value::Null]
                .contains(value)
        };
        fields.retain(|_, value| !is_empty(value));
    }
    (list, fields)
}

/// The entry of a vulnerable package.
fn of_package(found: Found<'_>) -> Value {
    json!({
        "VulnerabilityID": found.text("advisory"),
        "VendorIDs": found.list("aliases"),
        "PkgName": found.text("package"),
        "PkgPath": found.list("paths").into_iter().next().unwrap_or_default(),
        "PkgIdentifier": { "PURL": found.text("purl") },
        "InstalledVersion": found.text("version"),
        "FixedVersion": found.text("fixed"),
        "Status": found.text("status"),
        "PrimaryURL": found.text("url"),
        "Title": found.description(),
    })
}
