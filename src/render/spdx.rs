//! `bom.spdx.json`: an SPDX 2.3 document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::licenses::License;
use super::sbom::{Part, Parts, Sbom, uuid};
use super::vulnerabilities::line;
use devops_core::digest::{hexadecimal, of_parts};
use devops_core::escape;

/// What is not known, which is not the same as that there is nothing.
const UNKNOWN: &str = "NOASSERTION";
/// The identifier of what the components make up.
const ROOT: &str = "SPDXRef-Root";
/// Characters of a text for people.
const TEXT: usize = 4_000;

/// The bill in SPDX's form; its time is the only part that depends on anything but the bill.
pub fn spdx(sbom: &Sbom<'_>) -> String {
    let parts = Parts::of(sbom.bill);
    let ids: Vec<String> = parts.all.iter().map(id).collect();
    let mut texts = BTreeMap::new();
    let root = json!({
        "SPDXID": ROOT,
        "name": line(sbom.project, TEXT),
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": false,
        "primaryPackagePurpose": "APPLICATION",
    });
    let listed = parts.all.iter().zip(&ids).map(|(part, id)| package(part, id, &mut texts));
    let packages: Vec<Value> = std::iter::once(root).chain(listed).collect();
    let relationships = relationships(&parts, &ids);
    let extracted: Vec<Value> = texts
        .into_iter()
        .map(|(id, text)| json!({ "licenseId": id, "extractedText": text, "name": UNKNOWN }))
        .collect();
    let name = line(sbom.project, TEXT);
    let content = json!([name, packages, relationships, extracted]).to_string();
    let time = if sbom.time.is_empty() { "1970-01-01T00:00:00Z" } else { sbom.time };
    let tool = sbom.provenance;
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "documentNamespace": format!("https://spdx.org/spdxdocs/{}-{}", slug(&name), uuid([content.as_str()])),
        "name": name,
        "creationInfo": { "created": time, "creators": [format!("Tool: {}-{}", tool.tool, tool.version)] },
        "packages": packages,
        "relationships": relationships,
        "hasExtractedLicensingInfos": extracted,
    });
    if let (false, Some(fields)) = (sbom.bill.not_read.is_empty(), document.as_object_mut()) {
        let comment = format!("incomplete, not read: {}", sbom.bill.not_read.join(", "));
        fields.insert("comment".to_owned(), json!(line(&comment, TEXT)));
    }
    escape::json(&format!("{document:#}\n"))
}

/// The identifier of a component: its name for people, and a digest, because names that differ may look the same here.
fn id(part: &Part<'_>) -> String {
    let digest = hexadecimal(&of_parts([part.reference.as_str()]));
    format!("SPDXRef-Package-{}-{}", slug(&part.component.name), digest.get(..16).unwrap_or_default())
}

/// Letters, digits, dots and hyphens.
fn slug(text: &str) -> String {
    let kept = |character: char| character.is_ascii_alphanumeric() || character == '.';
    text.chars().take(60).map(|character| if kept(character) { character } else { '-' }).collect()
}

/// A component; a licence that is no expression goes to the texts.
fn package(part: &Part<'_>, id: &str, texts: &mut BTreeMap<String, String>) -> Value {
    let one = part.component;
    let places: Vec<String> = part.places.iter().map(ToString::to_string).collect();
    let mut fields = Map::from_iter([
        ("SPDXID".to_owned(), json!(id)),
        ("name".to_owned(), json!(one.name)),
        ("downloadLocation".to_owned(), json!(UNKNOWN)),
        ("filesAnalyzed".to_owned(), json!(false)),
        ("licenseConcluded".to_owned(), json!(UNKNOWN)),
        (
            "licenseDeclared".to_owned(),
            json!(part.license.map_or_else(|| UNKNOWN.to_owned(), |text| license(text, texts))),
        ),
        ("copyrightText".to_owned(), json!(UNKNOWN)),
        ("sourceInfo".to_owned(), json!(line(&places.join(", "), TEXT))),
        (
            "primaryPackagePurpose".to_owned(),
            json!(if one.origin == "project" { "APPLICATION" } else { "LIBRARY" }),
        ),
        ("comment".to_owned(), json!(line(&comment(part), TEXT))),
    ]);
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    if !one.version.is_empty() {
        put("versionInfo", json!(one.version));
    }
    if !one.purl.is_empty() {
        put(
            "externalRefs",
            json!([{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": one.purl }]),
        );
    }
    if !part.hashes.is_empty() {
        let hash =
            |(algorithm, digits): &(&str, String)| json!({ "algorithm": algorithm, "checksumValue": digits });
        put("checksums", part.hashes.iter().map(hash).collect());
    }
    Value::Object(fields)
}

/// What SPDX has no field for.
fn comment(part: &Part<'_>) -> String {
    let one = part.component;
    let from = if one.source.is_empty() { String::new() } else { format!(", source: {}", one.source) };
    format!("ecosystem: {}, scope: {}, origin: {}{from}", one.ecosystem.name(), part.scope, one.origin)
}

/// A licence as an expression.
fn license(text: &str, texts: &mut BTreeMap<String, String>) -> String {
    match License::of(text) {
        License::Id(expression) | License::Expression(expression) => expression,
        License::Text(text) => {
            let digest = hexadecimal(&of_parts([text.as_str()]));
            let id = format!("LicenseRef-{}-{}", slug(&text), digest.get(..8).unwrap_or_default());
            texts.insert(id.clone(), line(&text, TEXT));
            id
        }
    }
}

/// What depends on what. What is only for building or testing says so where the project asks for it.
fn relationships(parts: &Parts<'_>, ids: &[String]) -> Value {
    let relate = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let mut all = vec![relate("SPDXRef-DOCUMENT", "DESCRIBES", ROOT)];
    for (part, id) in parts.all.iter().zip(ids) {
        match part.scope {
            _ if !part.is_direct => {}
            "dev" => all.push(relate(id, "DEV_DEPENDENCY_OF", ROOT)),
            "build" => all.push(relate(id, "BUILD_DEPENDENCY_OF", ROOT)),
            "optional" => all.push(relate(id, "OPTIONAL_DEPENDENCY_OF", ROOT)),
            _ => all.push(relate(ROOT, "DEPENDS_ON", id)),
        }
        all.extend(
            part.needs.iter().filter_map(|need| ids.get(*need)).map(|to| relate(id, "DEPENDS_ON", to)),
        );
    }
    Value::Array(all)
}
