//! `grype.json`: Grype's report of vulnerable packages. Reports of Grype are repeated with every key that they have; what was waived
//! becomes an ignored match. Misconfigurations, secrets and licences have no place in it.

use serde_json::{Map, Value, json};

use super::excerpt::cut;
use super::scanned::{Found, Kind, Scanned};
use super::{Document, Drawn};
use devops_core::Finding;
use devops_core::escape;

/// Characters of a text.
const TEXT: usize = 4_000;

/// Grype's words for the packages of what Trivy names.
const TYPES: [(&str, &str); 14] = [
    ("alpine", "apk"),
    ("wolfi", "apk"),
    ("chainguard", "apk"),
    ("debian", "deb"),
    ("ubuntu", "deb"),
    ("jar", "java-archive"),
    ("node-pkg", "npm"),
    ("python-pkg", "python"),
    ("gemspec", "gem"),
    ("conda-pkg", "conda"),
    ("gobinary", "go-module"),
    ("rustbinary", "rust-crate"),
    ("dotnet-core", "dotnet"),
    ("composer-vendor", "php-composer"),
];

/// The vulnerable packages, as Grype writes them.
///
/// # Errors
/// Where there is nothing that one report could hold.
pub fn grype(document: &Document<'_>) -> Drawn {
    let scanned = Scanned::of(document, "grype", |report| report.contains_key("matches"))?;
    let (mut matches, mut ignored): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for one in &scanned.documents {
        let list = |key: &str| one.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for found in list("matches") {
            match waived(found, &scanned) {
                Some(finding) => ignored.push(with_rule(found.clone(), finding)),
                None if !matches.contains(found) => matches.push(found.clone()),
                None => {}
            }
        }
        ignored.extend(list("ignoredMatches").iter().cloned());
    }
    for found in scanned.found.iter().filter(|found| found.kind == Kind::Vulnerability) {
        if found.finding.is_open() {
            matches.push(of_finding(*found));
        } else {
            ignored.push(with_rule(of_finding(*found), found.finding));
        }
    }
    let mut report = match scanned.documents.first() {
        Some(first) => (*first).clone(),
        None => header(document, &scanned),
    };
    report.insert("matches".to_owned(), Value::Array(matches));
    if !ignored.is_empty() {
        report.insert("ignoredMatches".to_owned(), Value::Array(ignored));
    }
    Ok(Some(escape::json(&format!("{:#}\n", Value::Object(report)))))
}

/// What was scanned, where no report of Grype says so.
fn header(document: &Document<'_>, scanned: &Scanned<'_>) -> Map<String, Value> {
    let artifact = &scanned.artifact;
    let source = match artifact.kind.as_str() {
        _ if !scanned.has_targets => Value::Null,
        "filesystem" | "repository" => json!({ "type": "directory", "target": artifact.name }),
        _ => json!({ "type": "image", "target": {
            "userInput": artifact.name,
            "imageID": artifact.image_id,
            "tags": artifact.tags,
            "repoDigests": artifact.digests,
        } }),
    };
    let (name, version) = artifact.os.split_once(' ').unwrap_or((&artifact.os, ""));
    let tool = &document.report.provenance;
    Map::from_iter([
        ("source".to_owned(), source),
        ("distro".to_owned(), json!({ "name": name, "version": version, "idLike": [] })),
        (
            "descriptor".to_owned(),
            json!({ "name": "grype", "version": format!("{} {}", tool.tool, tool.version), "timestamp": scanned.created }),
        ),
    ])
}

/// The waived finding about a match.
fn waived<'a>(found: &Value, scanned: &Scanned<'a>) -> Option<&'a Finding> {
    let text = |path: &str| found.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let id = text("/vulnerability/id");
    let package = text("/artifact/name");
    let version = text("/artifact/version");
    let related =
        found.get("relatedVulnerabilities").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names = related.iter().filter_map(|one| one.get("id")?.as_str()).chain([id]);
    let mut names = names.map(|id| scanned.waived_anywhere(id, package, version));
    names.find_map(|finding| finding)
}

/// A match that is ignored for a waiver.
fn with_rule(mut found: Value, finding: &Finding) -> Value {
    let waived = finding.waived.as_ref();
    let mut rule = Map::from_iter([(
        "reason".to_owned(),
        json!(waived.map(|waived| cut(&waived.reason, TEXT)).unwrap_or_default()),
    )]);
    if waived.is_some_and(|waived| waived.stated_in.is_some()) {
        rule.insert("vex-status".to_owned(), json!("not_affected"));
    }
    if let Some(fields) = found.as_object_mut() {
        fields.insert("appliedIgnoreRules".to_owned(), json!([rule]));
    }
    found
}

/// The match of a finding.
fn of_finding(found: Found<'_>) -> Value {
    let id = found.text("advisory");
    let kind = found.kind_of_target();
    let kind = kind.as_str();
    let known = TYPES.iter().find(|(known, _)| *known == kind).map(|(_, word)| *word);
    let kind = known.unwrap_or(if found.fact("class") == "os-pkgs" { "rpm" } else { kind });
    let paths = match found.list("paths") {
        paths if paths.is_empty() && found.fact("class") == "lang-pkgs" => vec![found.text("target")],
        paths if paths.is_empty() && !found.fact("layer").is_empty() => vec![String::new()],
        paths => paths,
    };
    let layer = found.text("layer");
    let locations: Vec<Value> = paths.iter().map(|path| json!({ "path": path, "layerID": layer })).collect();
    let related: Vec<Value> = found
        .list("aliases")
        .iter()
        .map(|id| json!({ "id": id, "dataSource": "", "namespace": "" }))
        .collect();
    let state = match found.fact("status") {
        "fixed" => "fixed",
        "will_not_fix" | "end_of_life" => "wont-fix",
        "affected" => "not-fixed",
        _ => "unknown",
    };
    let is_by_cpe = found.fact("matched_by") == "cpe";
    json!({
        "vulnerability": {
            "id": id,
            "dataSource": found.text("url"),
            "namespace": "",
            "severity": found.severity("Negligible"),
            "urls": [],
            "description": found.description(),
            "cvss": [],
            "fix": { "versions": found.list("patched"), "state": state },
            "advisories": [],
        },
        "relatedVulnerabilities": related,
        "matchDetails": [{ "type": if is_by_cpe { "cpe-match" } else { "exact-direct-match" }, "matcher": "" }],
        "artifact": {
            "id": found.finding.fingerprint.as_str(),
            "name": found.text("package"),
            "version": found.text("version"),
            "type": kind,
            "locations": locations,
            "language": "",
            "licenses": [],
            "cpes": [],
            "purl": found.text("purl"),
            "upstreams": [],
        },
    })
}
