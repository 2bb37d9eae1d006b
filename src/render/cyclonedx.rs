//! `bom.cdx.json`: a CycloneDX 1.6 bill of materials with what was found about its components.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::licenses::License;
use super::sbom::{Part, Parts, Sbom, uuid};
use super::vulnerabilities::{Publisher, Vulnerability, block, line};
use devops_core::escape;
use devops_core::{BilledFile, Severity};

/// Characters of a text for people.
const TEXT: usize = 4_000;
/// The reference of what the components make up; a purl begins otherwise.
const ROOT: &str = "root";

/// The bill in CycloneDX's form. The same bill has the same bytes: it holds no time, and its serial number is made of its content.
pub fn cyclonedx(sbom: &Sbom<'_>) -> String {
    let parts = Parts::of(sbom.bill);
    let mut bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata(sbom),
        "components": parts.all.iter().map(component).collect::<Vec<_>>(),
        "dependencies": dependencies(&parts),
        "vulnerabilities": vulnerabilities(sbom, &parts),
    });
    if let (false, Some(fields)) = (sbom.bill.not_read.is_empty(), bom.as_object_mut()) {
        let incomplete = json!([{ "aggregate": "incomplete", "assemblies": [ROOT], "dependencies": [ROOT] }]);
        fields.insert("compositions".to_owned(), incomplete);
    }
    let serial = uuid([bom.to_string().as_str()]);
    if let Some(fields) = bom.as_object_mut() {
        fields.insert("serialNumber".to_owned(), json!(format!("urn:uuid:{serial}")));
    }
    escape::json(&format!("{bom:#}\n"))
}

/// What the components make up, and who says so.
fn metadata(sbom: &Sbom<'_>) -> Value {
    let tool = sbom.provenance;
    let mut metadata = json!({
        "component": { "type": "application", "bom-ref": ROOT, "name": line(sbom.project, TEXT) },
        "tools": { "components": [{ "type": "application", "name": tool.tool, "version": tool.version }] },
    });
    // GitLab shows the file of a bill that is about one.
    let mut properties = match sbom.bill.files.as_slice() {
        [file] => of_file(file),
        _ => Vec::new(),
    };
    properties
        .extend(sbom.bill.not_read.iter().map(|path| property("devops-action:not-read", &line(path, TEXT))));
    if let (false, Some(fields)) = (properties.is_empty(), metadata.as_object_mut()) {
        fields.insert("properties".to_owned(), Value::Array(properties));
    }
    metadata
}

/// The properties by which GitLab knows where a bill is from.
fn of_file(file: &BilledFile) -> Vec<Value> {
    vec![
        property("gitlab:meta:schema_version", "1"),
        property("gitlab:dependency_scanning:input_file:path", &file.path),
        property("gitlab:dependency_scanning:package_manager:name", &file.package_manager),
    ]
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

/// A component.
fn component(part: &Part<'_>) -> Value {
    let one = part.component;
    let scope = match part.scope {
        "optional" => "optional",
        "build" | "dev" => "excluded",
        _ => "required",
    };
    let mut fields = Map::from_iter([
        ("type".to_owned(), json!(if one.origin == "project" { "application" } else { "library" })),
        ("bom-ref".to_owned(), json!(part.reference)),
        ("name".to_owned(), json!(one.name)),
        ("scope".to_owned(), json!(scope)),
        ("evidence".to_owned(), json!({ "occurrences": occurrences(part) })),
    ]);
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    if !one.version.is_empty() {
        put("version", json!(one.version));
    }
    if !one.purl.is_empty() {
        put("purl", json!(one.purl));
    }
    if let Some(license) = part.license {
        put("licenses", licenses(license));
    }
    if !part.hashes.is_empty() {
        let hash = |(algorithm, digits): &(&str, String)| {
            let algorithm = algorithm.replace("SHA", "SHA-");
            json!({ "alg": algorithm, "content": digits })
        };
        put("hashes", part.hashes.iter().map(hash).collect());
    }
    let mut properties = vec![
        property("devops-action:ecosystem", one.ecosystem.name()),
        property("devops-action:scope", part.scope),
        property("devops-action:origin", one.origin),
        property("devops-action:direct", if part.is_direct { "true" } else { "false" }),
    ];
    if !one.source.is_empty() {
        properties.push(property("devops-action:source", &one.source));
    }
    put("properties", Value::Array(properties));
    Value::Object(fields)
}

/// Where a component stands.
fn occurrences(part: &Part<'_>) -> Value {
    let occurrence = |location: &&devops_core::Location| match location.line {
        Some(line) => json!({ "location": location.path, "line": line }),
        None => json!({ "location": location.path }),
    };
    part.places.iter().map(occurrence).collect()
}

/// A licence: an expression stands alone, an entry has an identifier or a name.
fn licenses(text: &str) -> Value {
    match License::of(text) {
        License::Id(id) => json!([{ "license": { "id": id } }]),
        License::Expression(expression) => json!([{ "expression": expression }]),
        License::Text(name) => json!([{ "license": { "name": line(&name, TEXT) } }]),
    }
}

/// What depends on what, an entry for everything: one without dependencies has none, which is not the same as unknown ones.
fn dependencies(parts: &Parts<'_>) -> Value {
    let reference = |position: &usize| parts.all.get(*position).map(|part| part.reference.as_str());
    let direct: Vec<&str> =
        parts.all.iter().filter(|part| part.is_direct).map(|part| part.reference.as_str()).collect();
    let root = json!({ "ref": ROOT, "dependsOn": direct });
    let each = parts.all.iter().map(|part| {
        json!({ "ref": part.reference, "dependsOn": part.needs.iter().filter_map(reference).collect::<Vec<_>>() })
    });
    std::iter::once(root).chain(each).collect()
}

/// What was found about the components.
fn vulnerabilities(sbom: &Sbom<'_>, parts: &Parts<'_>) -> Value {
    let mut seen = BTreeSet::new();
    let found = sbom.findings.iter().filter_map(Vulnerability::of);
    // A reference stands once, so that of one finding in several reports only the first is written.
    let found = found.filter(|found| seen.insert(found.finding.fingerprint.as_str()));
    found.map(|vulnerability| of_finding(&vulnerability, parts)).collect()
}

fn of_finding(vulnerability: &Vulnerability<'_>, parts: &Parts<'_>) -> Value {
    let finding = vulnerability.finding;
    let source = |id: &str| {
        let publisher = Publisher::of(id);
        publisher.page(id).map_or_else(
            || json!({ "name": publisher.name }),
            |url| json!({ "name": publisher.name, "url": url }),
        )
    };
    let others = vulnerability.ids.iter().skip(1);
    let mut fields = Map::from_iter([
        ("bom-ref".to_owned(), json!(format!("finding-{}", finding.fingerprint.as_str()))),
        ("id".to_owned(), json!(vulnerability.id())),
        ("source".to_owned(), source(vulnerability.id())),
        ("references".to_owned(), others.map(|id| json!({ "id": id, "source": source(id) })).collect()),
        ("ratings".to_owned(), json!([{ "severity": severity(finding.severity), "method": "other" }])),
        ("description".to_owned(), json!(block(&finding.title, TEXT))),
        ("properties".to_owned(), json!([property("devops-action:rule", &line(&finding.rule, TEXT))])),
    ]);
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    for (name, text) in [("detail", &finding.detail), ("recommendation", &finding.help)] {
        if !text.trim().is_empty() {
            put(name, json!(block(text, TEXT)));
        }
    }
    let affected = parts.about(finding);
    if !affected.is_empty() {
        put("affects", affected.iter().map(|part| json!({ "ref": part.reference })).collect());
    }
    if let Some(waived) = finding.waived.as_ref().filter(|waived| waived.stated_in.is_some()) {
        let because = format!("{}: {}", waived.terms(), waived.reason);
        put("analysis", json!({ "state": "not_affected", "detail": block(&because, TEXT) }));
    } else if let Some(waived) = &finding.waived {
        let because = format!("accepted, {}: {}", waived.terms(), waived.reason);
        // Somebody accepted the risk; that says nothing about whether it can be exploited.
        put(
            "analysis",
            json!({ "state": "exploitable", "response": ["will_not_fix"], "detail": block(&because, TEXT) }),
        );
    } else if !vulnerability.is_certain {
        put("analysis", json!({ "state": "in_triage" }));
    }
    Value::Object(fields)
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}
