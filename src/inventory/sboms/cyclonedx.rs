//! `CycloneDX` 1.2 to 1.6, as JSON and XML.

use super::parts::{Own, Part, Parts, RESTORE, purl_of};
use crate::document::{Damage, Element, Node, json, text, xml};
use crate::lockfiles::{Format, Source};
use crate::{Graph, Origin, Scope};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "bom.json",
    is: |name| {
        const ENDINGS: [&str; 4] = [".cdx.json", ".cyclonedx.json", ".cdx.xml", ".cyclonedx.xml"];
        matches!(name, "bom.json" | "bom.xml") || ENDINGS.iter().any(|end| name.ends_with(end))
    },
    is_named: |name| {
        let name = name.to_ascii_lowercase();
        let is_bill = ["bom", "cdx", "cyclonedx"].iter().any(|word| name.contains(word));
        is_bill && (name.ends_with(".json") || name.ends_with(".xml")) && !name.contains("spdx")
    },
    read,
};

/// Versions that are read.
const VERSIONS: [&str; 6] = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

/// Keys, elements and attributes whose spelling decides what is read.
const KNOWN: [&str; 19] = [
    "bomFormat",
    "specVersion",
    "components",
    "component",
    "metadata",
    "dependencies",
    "dependency",
    "purl",
    "type",
    "name",
    "group",
    "version",
    "scope",
    "bom-ref",
    "ref",
    "dependsOn",
    "properties",
    "compositions",
    "aggregate",
];

/// Keys that a document may have.
const KEYS: [&str; 19] = [
    "$schema",
    "bomFormat",
    "specVersion",
    "serialNumber",
    "version",
    "metadata",
    "components",
    "services",
    "externalReferences",
    "dependencies",
    "compositions",
    "vulnerabilities",
    "annotations",
    "formulation",
    "declarations",
    "definitions",
    "properties",
    "signature",
    "citations",
];

/// Types of components that are no packages: what packages are made of, or run on.
const NO_PACKAGES: [&str; 6] =
    ["file", "operating-system", "device", "data", "cryptographic-asset", "machine-learning-model"];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let text = text(source.bytes)?;
    let mut parts = Parts::default();
    if text.trim_start().starts_with('<') {
        let root = xml(text)?;
        // Other programs have files of the name `bom.xml`, too.
        let is_foreign =
            !root.name.eq_ignore_ascii_case("bom") && !text.to_ascii_lowercase().contains("cyclonedx");
        if !is_foreign {
            of_xml(&root, &mut parts)?;
        }
    } else {
        let document = json(text)?;
        // Some name an SPDX document so, too.
        if document.get("spdxVersion").is_some() {
            return super::spdx::of_json(&document);
        }
        of_json(&document, &mut parts)?;
    }
    Ok(parts.finish())
}

fn check_version(line: u64, version: &str) -> Result<(), Damage> {
    if VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(Damage::new(line, format!("CycloneDX {version} is not supported (1.2 to 1.7 are)")))
}

fn scope(word: Option<&str>) -> Scope {
    match word {
        Some("optional") => Scope::Optional,
        // Part of the project, but not of what runs.
        Some("excluded") => Scope::Dev,
        _ => Scope::Runtime,
    }
}

fn of_json(document: &Node<'_>, parts: &mut Parts) -> Result<(), Damage> {
    document.check_spelling(&KNOWN)?;
    document.check_known(&KEYS)?;
    if document.text_of("bomFormat")? != Some("CycloneDX") {
        return Err(Damage::new(document.line, "`bomFormat` is not `CycloneDX`"));
    }
    check_version(document.line, document.must("specVersion")?)?;
    if let Some(metadata) = document.get("metadata") {
        metadata.check_spelling(&KNOWN)?;
        if let Some(subject) = metadata.get("component") {
            component(subject, parts, true)?;
        }
    }
    for item in document.items("components")? {
        component(item, parts, false)?;
    }
    for service in document.items("services")? {
        skip_service(service, parts)?;
    }
    for dependency in document.items("dependencies")? {
        dependency.check_spelling(&KNOWN)?;
        let from = dependency.must("ref")?;
        for to in dependency.items("dependsOn")? {
            link(parts, from, to.text("dependsOn")?, to.line)?;
        }
    }
    for composition in document.items("compositions")? {
        composition.check_spelling(&KNOWN)?;
        let aggregate = composition.text_of("aggregate")?.unwrap_or_default();
        composed(composition.line, aggregate, parts);
    }
    Ok(())
}

/// How complete a part of the file is.
fn composed(line: u64, aggregate: &str, parts: &mut Parts) {
    if aggregate.starts_with("incomplete") || aggregate == "unknown" {
        parts.incomplete(line, format!("`compositions` has the aggregate `{aggregate}`"));
    }
}

/// Services are no packages, and components may depend on them.
fn skip_service(service: &Node<'_>, parts: &mut Parts) -> Result<(), Damage> {
    if let Some(id) = service.text_of("bom-ref")? {
        parts.skip(id, service.line)?;
    }
    service.items("services")?.iter().try_for_each(|inner| skip_service(inner, parts))
}

/// A component depends on another, which must be listed.
fn link(parts: &mut Parts, from: &str, to: &str, line: u64) -> Result<(), Damage> {
    if !parts.has(to) {
        return Err(Damage::new(line, format!("`{from}` depends on `{to}`, which is not listed")));
    }
    parts.link(from, to, None);
    Ok(())
}

/// A component and those in it.
fn component(node: &Node<'_>, parts: &mut Parts, is_subject: bool) -> Result<(), Damage> {
    node.check_spelling(&KNOWN)?;
    let kind = node.must("type")?;
    let group = node.text_of("group")?.filter(|group| !group.is_empty());
    let name = node.must("name")?;
    let name = group.map_or_else(|| name.to_owned(), |group| format!("{group}/{name}"));
    let version = node.text_of("version")?.unwrap_or_default().to_owned();
    let mut ecosystem = None;
    let mut is_dev = false;
    let mut stated = Own::default();
    for property in node.items("properties")? {
        let key = property.get("name").and_then(Node::as_text).unwrap_or_default();
        let value = property.get("value").and_then(Node::as_text);
        if key == "ecosystem" || key.ends_with(":ecosystem") {
            ecosystem = value;
        }
        match key {
            "devops-action:ecosystem" => stated.ecosystem = value.map(str::to_owned),
            "devops-action:scope" => stated.scope = value.and_then(Scope::of_word),
            "devops-action:origin" => stated.origin = value.and_then(Origin::of_word),
            "devops-action:source" => stated.source = value.map(str::to_owned),
            _ => {}
        }
        is_dev |= key.ends_with(":development") && value == Some("true");
    }
    let own = node.text_of("purl")?.filter(|purl| !purl.is_empty()).map(str::to_owned);
    let purl = own.or_else(|| purl_of(ecosystem?, &name, &version));
    let mut licenses = Vec::new();
    for license in node.items("licenses")? {
        let named =
            license.get("license").and_then(|license| license.get("id").or_else(|| license.get("name")));
        licenses.extend(license.get("expression").or(named).and_then(Node::as_text).map(str::to_owned));
    }
    let hash = |hash: &Node<'_>| Some(checksum(hash.get("alg")?.as_text()?, hash.get("content")?.as_text()?));
    let part = Part {
        id: node.text_of("bom-ref")?.map(str::to_owned),
        line: node.get("name").map_or(node.line, |name| name.line),
        name,
        version,
        purls: purl.into_iter().collect(),
        scope: if is_dev { Scope::Dev } else { scope(node.text_of("scope")?) },
        integrity: node.items("hashes")?.iter().filter_map(hash).collect(),
        license: joined(&licenses),
        is_subject,
        own: stated,
    };
    add(part, kind, parts)?;
    for inner in node.items("components")? {
        component(inner, parts, false)?;
    }
    Ok(())
}

/// Adds a component, unless it is none that could be a package.
fn add(part: Part, kind: &str, parts: &mut Parts) -> Result<(), Damage> {
    if part.purls.is_empty() && !part.is_subject && NO_PACKAGES.contains(&kind) {
        // Relations may still name it.
        return part.id.map_or(Ok(()), |id| parts.skip(&id, part.line));
    }
    parts.add(part)
}

/// `sha512:…` for `SHA-512` and its value.
fn checksum(algorithm: &str, value: &str) -> String {
    format!("{}:{value}", algorithm.to_ascii_lowercase().replacen("sha-", "sha", 1))
}

fn joined(licenses: &[String]) -> Option<String> {
    (!licenses.is_empty()).then(|| licenses.join(" AND "))
}

fn of_xml(root: &Element, parts: &mut Parts) -> Result<(), Damage> {
    root.check_spelling(&KNOWN)?;
    let space = root.attribute("xmlns").unwrap_or_default();
    let version = space.strip_prefix("http://cyclonedx.org/schema/bom/").filter(|_| root.name == "bom");
    let version = version.ok_or_else(|| Damage::new(root.line, "this is no CycloneDX document"))?;
    check_version(root.line, version)?;
    if let Some(metadata) = root.only("metadata")? {
        metadata.check_spelling(&KNOWN)?;
        if let Some(subject) = metadata.only("component")? {
            element(subject, parts, true)?;
        }
    }
    elements(root, parts)?;
    services(root, parts)?;
    for composition in root.only("compositions")?.map(|all| all.children.as_slice()).unwrap_or_default() {
        composition.check_spelling(&KNOWN)?;
        composed(composition.line, composition.text_of("aggregate")?.unwrap_or_default(), parts);
    }
    let Some(dependencies) = root.only("dependencies")? else { return Ok(()) };
    for dependency in &dependencies.children {
        let from = reference(dependency)?;
        for child in &dependency.children {
            // Version 1.6 also lists what a component provides.
            if child.name != "provides" {
                link(parts, from, reference(child)?, child.line)?;
            }
        }
    }
    Ok(())
}

/// The services in an element, which are no packages.
fn services(holder: &Element, parts: &mut Parts) -> Result<(), Damage> {
    for service in holder.only("services")?.map(|all| all.children.as_slice()).unwrap_or_default() {
        if let Some(id) = service.attribute("bom-ref") {
            parts.skip(id, service.line)?;
        }
        services(service, parts)?;
    }
    Ok(())
}

fn reference(dependency: &Element) -> Result<&str, Damage> {
    dependency.check_spelling(&KNOWN)?;
    let found = dependency.attribute("ref").filter(|_| dependency.name == "dependency");
    found.ok_or_else(|| Damage::new(dependency.line, "a dependency without `ref`"))
}

/// The components in an element.
fn elements(holder: &Element, parts: &mut Parts) -> Result<(), Damage> {
    let Some(components) = holder.only("components")? else { return Ok(()) };
    for child in &components.children {
        if child.name != "component" {
            return Err(Damage::new(child.line, format!("unknown element `{}`", child.name)));
        }
        element(child, parts, false)?;
    }
    Ok(())
}

fn element(node: &Element, parts: &mut Parts, is_subject: bool) -> Result<(), Damage> {
    node.check_spelling(&KNOWN)?;
    let missing = |key: &str| Damage::new(node.line, format!("`{key}` is missing"));
    let kind = node.attribute("type").ok_or_else(|| missing("type"))?;
    let name = node.text_of("name")?.ok_or_else(|| missing("name"))?;
    let mut licenses = Vec::new();
    for license in node.only("licenses")?.map(|all| all.children.as_slice()).unwrap_or_default() {
        let named = match license.name.as_str() {
            "expression" => Some(license.text.trim()),
            _ => license.text_of("id")?.or(license.text_of("name")?),
        };
        licenses.extend(named.map(str::to_owned));
    }
    let hashes = node.only("hashes")?.map(|all| all.children.as_slice()).unwrap_or_default();
    let hash = |hash: &Element| Some(checksum(hash.attribute("alg")?, hash.text.trim()));
    let part = Part {
        id: node.attribute("bom-ref").map(str::to_owned),
        line: node.only("name")?.map_or(node.line, |name| name.line),
        name: node.text_of("group")?.map_or_else(|| name.to_owned(), |group| format!("{group}/{name}")),
        version: node.text_of("version")?.unwrap_or_default().to_owned(),
        purls: node.text_of("purl")?.map(str::to_owned).into_iter().collect(),
        scope: scope(node.text_of("scope")?),
        integrity: hashes.iter().filter_map(hash).collect(),
        license: joined(&licenses),
        is_subject,
        own: Own::default(),
    };
    add(part, kind, parts)?;
    elements(node, parts)
}
