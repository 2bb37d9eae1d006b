//! VEX in CycloneDX: the analysis of a vulnerability.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Document, Product, Statement, Status, id, joined, purl, time};
use devops_inventory::document::{Damage, Node};

/// Keys whose spelling decides what is accepted.
const KNOWN: [&str; 15] = [
    "metadata",
    "components",
    "component",
    "vulnerabilities",
    "analysis",
    "affects",
    "references",
    "versions",
    "version",
    "range",
    "state",
    "lastUpdated",
    "firstIssued",
    "bom-ref",
    "purl",
];

pub(super) fn read(document: &Node<'_>) -> Result<Document, Damage> {
    document.check_spelling(&KNOWN)?;
    let mut purls = BTreeMap::new();
    let metadata = document.get("metadata");
    if let Some(component) = metadata.and_then(|metadata| metadata.get("component")) {
        note(component, &mut purls)?;
    }
    for component in document.items("components")? {
        note(component, &mut purls)?;
    }
    let of_document = metadata.map(|metadata| time(metadata, "timestamp")).transpose()?.flatten();
    let author = metadata.map(author).transpose()?.flatten().unwrap_or("the author of the document");
    let mut all = Document::default();
    for vulnerability in document.items("vulnerabilities")? {
        vulnerability.check_spelling(&KNOWN)?;
        let Some(analysis) = vulnerability.get("analysis") else { continue };
        analysis.check_spelling(&KNOWN)?;
        let Some(state) = analysis.text_of("state")? else { continue };
        let status = match state {
            "not_affected" | "false_positive" => Status::NotAffected,
            "resolved" | "resolved_with_pedigree" => Status::Fixed,
            "exploitable" | "in_triage" => Status::Open,
            other => return Err(Damage::new(analysis.line, format!("unknown state `{other}`"))),
        };
        let justification = analysis.text_of("justification")?.unwrap_or_default();
        let detail = analysis.text_of("detail")?.unwrap_or_default();
        if status == Status::NotAffected && justification.is_empty() && detail.is_empty() {
            all.unjustified += 1;
            continue;
        }
        let mut ids = vec![id(vulnerability.must("id")?, vulnerability.line)?];
        for reference in vulnerability.items("references")? {
            ids.push(id(reference.must("id")?, reference.line)?);
        }
        let times = [
            time(analysis, "lastUpdated")?,
            time(analysis, "firstIssued")?,
            time(vulnerability, "updated")?,
            of_document,
        ];
        all.statements.push(Statement {
            ids,
            products: products(vulnerability, &purls)?,
            status,
            time: times.into_iter().flatten().next().unwrap_or(Timestamp::UNIX_EPOCH),
            author: author.to_owned(),
            reason: joined(&[state, justification, detail]),
            document: String::new(),
        });
    }
    Ok(all)
}

/// Notes the purl of a component and of those in it.
fn note<'a>(component: &'a Node<'_>, purls: &mut BTreeMap<&'a str, Option<&'a str>>) -> Result<(), Damage> {
    component.check_spelling(&KNOWN)?;
    if let Some(reference) = component.text_of("bom-ref")? {
        purls.insert(reference, component.text_of("purl")?);
    }
    for inner in component.items("components")? {
        note(inner, purls)?;
    }
    Ok(())
}

/// Who wrote a document.
fn author<'a>(metadata: &'a Node<'_>) -> Result<Option<&'a str>, Damage> {
    for author in metadata.items("authors")? {
        if let Some(name) = author.text_of("name")?.or(author.text_of("email")?) {
            return Ok(Some(name));
        }
    }
    for key in ["supplier", "manufacturer", "manufacture"] {
        if let Some(name) = metadata.get(key).map(|who| who.text_of("name")).transpose()?.flatten() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn products(vulnerability: &Node<'_>, purls: &BTreeMap<&str, Option<&str>>) -> Result<Vec<Product>, Damage> {
    let mut products = Vec::new();
    for affected in vulnerability.items("affects")? {
        affected.check_spelling(&KNOWN)?;
        let reference = affected.must("ref")?;
        // A link into another document has the reference behind its last `#`.
        let fragment = reference.strip_prefix("urn:cdx:").and_then(|rest| rest.split_once('#'));
        let listed = purls.get(reference);
        let is_elsewhere = fragment.is_some() || reference.contains(':');
        if listed.is_none() && !is_elsewhere && !purls.is_empty() {
            return Err(Damage::new(affected.line, format!("`{reference}` is not listed")));
        }
        let text = listed.copied().flatten().or(fragment.map(|(_, text)| text)).unwrap_or(reference);
        let Some(purl) = purl(text, affected.line)? else { continue };
        let versions = affected.items("versions")?;
        if versions.is_empty() {
            products.push(Product { purl, within: None });
            continue;
        }
        // A range is not compared, so that it accepts nothing.
        for version in versions {
            version.check_spelling(&KNOWN)?;
            if let Some(version) = version.text_of("version")? {
                let purl = devops_inventory::Purl { version: version.to_owned(), ..purl.clone() };
                products.push(Product { purl, within: None });
            }
        }
    }
    Ok(products)
}
