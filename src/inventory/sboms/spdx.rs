//! SPDX 2.2 and 2.3 as JSON.

use super::parts::{Own, Part, Parts, RESTORE};
use crate::document::{Damage, Node, json, text};
use crate::lockfiles::{Format, Source};
use crate::{Graph, Origin, Scope};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "bom.spdx.json",
    is: |name| name.ends_with(".spdx.json") || name == "spdx.json",
    is_named: |name| {
        let name = name.to_ascii_lowercase();
        name.contains("spdx") && name.ends_with(".json")
    },
    read,
};

/// Keys whose spelling decides what is read.
const KNOWN: [&str; 13] = [
    "spdxVersion",
    "packages",
    "relationships",
    "documentDescribes",
    "SPDXID",
    "name",
    "versionInfo",
    "externalRefs",
    "referenceType",
    "referenceLocator",
    "spdxElementId",
    "relatedSpdxElement",
    "relationshipType",
];

/// Keys that a document may have.
const KEYS: [&str; 17] = [
    "$schema",
    "SPDXID",
    "annotations",
    "comment",
    "creationInfo",
    "dataLicense",
    "documentDescribes",
    "documentNamespace",
    "externalDocumentRefs",
    "files",
    "hasExtractedLicensingInfos",
    "name",
    "packages",
    "relationships",
    "revieweds",
    "snippets",
    "spdxVersion",
];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let graph = text(source.bytes).and_then(json).and_then(|document| of_json(&document));
    graph.map_err(|damage| damage.error(source.path, RESTORE))
}

/// Reads a document.
pub(super) fn of_json(document: &Node<'_>) -> Result<Graph, Damage> {
    document.check_spelling(&KNOWN)?;
    document.check_known(&KEYS)?;
    check_version(document.must("spdxVersion")?, document.line)?;
    let mut subjects: Vec<&str> =
        document.items("documentDescribes")?.iter().filter_map(Node::as_text).collect();
    let mut links: Vec<(&str, &str, &str, u64)> = Vec::new();
    for relation in document.items("relationships")? {
        relation.check_spelling(&KNOWN)?;
        let (left, right) = (relation.must("spdxElementId")?, relation.must("relatedSpdxElement")?);
        match relation.must("relationshipType")? {
            "DESCRIBES" => subjects.push(right),
            "DESCRIBED_BY" => subjects.push(left),
            kind => links.push((kind, left, right, relation.line)),
        }
    }
    let mut texts: Vec<(&str, &str)> = Vec::new();
    for text in document.items("hasExtractedLicensingInfos")? {
        texts.extend(text.text_of("licenseId")?.zip(text.text_of("extractedText")?));
    }
    let mut parts = Parts::default();
    for node in document.items("packages")? {
        parts.add(package(node, &subjects, &texts)?)?;
    }
    for (kind, left, right, line) in links {
        relate(&mut parts, kind, left, right, line);
    }
    if let Some(comment) = document.get("comment") {
        commented(&mut parts, comment.as_text().unwrap_or_default(), comment.line);
    }
    Ok(parts.finish())
}

/// Two components have a relation of this kind.
pub(super) fn relate(parts: &mut Parts, kind: &str, left: &str, right: &str, line: u64) {
    let is_need = kind.contains("DEPEND") || matches!(kind, "HAS_PREREQUISITE" | "CONTAINS");
    if is_need && [left, right].contains(&"NOASSERTION") {
        parts.incomplete(line, format!("a relationship `{kind}` with `NOASSERTION`"));
    }
    match kind {
        "DEPENDS_ON" | "HAS_PREREQUISITE" | "CONTAINS" => parts.link(left, right, None),
        "DEPENDENCY_OF" | "RUNTIME_DEPENDENCY_OF" | "PREREQUISITE_FOR" | "CONTAINED_BY" => {
            parts.link(right, left, None);
        }
        "DEV_DEPENDENCY_OF" | "TEST_DEPENDENCY_OF" | "TEST_TOOL_OF" | "DEV_TOOL_OF" => {
            parts.link(right, left, Some(Scope::Dev));
        }
        "BUILD_DEPENDENCY_OF" | "BUILD_TOOL_OF" | "PROVIDED_DEPENDENCY_OF" => {
            parts.link(right, left, Some(Scope::Build));
        }
        "OPTIONAL_DEPENDENCY_OF" => parts.link(right, left, Some(Scope::Optional)),
        // Relations between files, and to other documents.
        _ => {}
    }
}

/// What the comment of a document of our own says of what it does not list.
pub(super) fn commented(parts: &mut Parts, comment: &str, line: u64) {
    if comment.starts_with("incomplete") {
        parts.incomplete(line, format!("its comment: {comment}"));
    }
}

/// Rejects a version of SPDX that is not read.
pub(super) fn check_version(version: &str, line: u64) -> Result<(), Damage> {
    if matches!(version, "SPDX-2.2" | "SPDX-2.3") {
        return Ok(());
    }
    Err(Damage::new(line, format!("{version} is not supported (SPDX-2.2 and SPDX-2.3 are)")))
}

fn package(node: &Node<'_>, subjects: &[&str], texts: &[(&str, &str)]) -> Result<Part, Damage> {
    node.check_spelling(&KNOWN)?;
    let id = node.must("SPDXID")?;
    let mut purls: Vec<String> = Vec::new();
    for reference in node.items("externalRefs")? {
        reference.check_spelling(&KNOWN)?;
        // Some write the type as an address that ends with it.
        let kind = reference.must("referenceType")?;
        let locator = reference.must("referenceLocator")?;
        // A purl is one whatever it is called.
        if kind.rsplit('/').next().is_some_and(|kind| kind.eq_ignore_ascii_case("purl"))
            || locator.starts_with("pkg:")
        {
            purls.push(locator.to_owned());
        }
    }
    let license = |key: &str| -> Result<Option<&str>, Damage> {
        Ok(node.text_of(key)?.filter(|text| !matches!(*text, "" | "NOASSERTION" | "NONE")))
    };
    let checksum = |checksum: &Node<'_>| {
        let algorithm = checksum.get("algorithm")?.as_text()?.to_ascii_lowercase();
        Some(format!("{algorithm}:{}", checksum.get("checksumValue")?.as_text()?))
    };
    Ok(Part {
        id: Some(id.to_owned()),
        line: node.get("name").map_or(node.line, |name| name.line),
        name: node.must("name")?.to_owned(),
        version: node.text_of("versionInfo")?.unwrap_or_default().to_owned(),
        purls,
        scope: Scope::Runtime,
        integrity: node.items("checksums")?.iter().filter_map(checksum).collect(),
        license: license("licenseConcluded")?.or(license("licenseDeclared")?).map(|id| {
            let text = texts.iter().find(|(known, _)| *known == id);
            text.map_or(id, |(_, text)| *text).to_owned()
        }),
        is_subject: subjects.contains(&id),
        own: own(node.text_of("comment")?.unwrap_or_default()),
    })
}

/// What the comment of a bill of our own says: `ecosystem: npm, scope: dev, origin: git, source: …`.
pub(super) fn own(comment: &str) -> Own {
    let Some((ecosystem, rest)) =
        comment.strip_prefix("ecosystem: ").and_then(|rest| rest.split_once(", scope: "))
    else {
        return Own::default();
    };
    let (scope, rest) = rest.split_once(", origin: ").unwrap_or((rest, ""));
    let (origin, source) = match rest.split_once(", source: ") {
        Some((origin, source)) => (origin, Some(source.to_owned())),
        None => (rest, None),
    };
    Own {
        ecosystem: Some(ecosystem.to_owned()),
        scope: Scope::of_word(scope),
        origin: Origin::of_word(origin),
        source,
    }
}
