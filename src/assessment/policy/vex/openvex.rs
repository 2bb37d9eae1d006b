//! OpenVEX.

use super::{Document, Product, Statement, Status, Whole, id, joined, purl, time};
use devops_inventory::document::{Damage, Node};

/// Keys whose spelling decides what is accepted.
const KNOWN: [&str; 11] = [
    "vulnerability",
    "timestamp",
    "products",
    "status",
    "justification",
    "impact_statement",
    "subcomponents",
    "identifiers",
    "@id",
    "name",
    "aliases",
];

/// The justifications that there are.
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

pub(super) fn read(document: &Node<'_>) -> Result<Document, Damage> {
    const KEYS: [&str; 5] = ["@id", "author", "timestamp", "statements", "version"];
    document.check_spelling(&KEYS)?;
    document.must("@id")?;
    let author = document.must("author")?;
    let of_document = time(document, "timestamp")?;
    let of_document = of_document.ok_or_else(|| Damage::new(document.line, "`timestamp` is missing"))?;
    let statements = document.get("statements");
    let statements = statements.ok_or_else(|| Damage::new(document.line, "`statements` is missing"))?;
    let mut all = Document::default();
    for statement in statements.list("statements")? {
        statement.check_spelling(&KNOWN)?;
        let missing = |key: &str| Damage::new(statement.line, format!("`{key}` is missing"));
        let status = match statement.must("status")? {
            "not_affected" => Status::NotAffected,
            "fixed" => Status::Fixed,
            "affected" | "under_investigation" => Status::Open,
            other => return Err(Damage::new(statement.line, format!("unknown status `{other}`"))),
        };
        let justification = statement.text_of("justification")?.unwrap_or_default();
        if !justification.is_empty() && !JUSTIFICATIONS.contains(&justification) {
            return Err(Damage::new(statement.line, format!("unknown justification `{justification}`")));
        }
        let impact = statement.text_of("impact_statement")?.unwrap_or_default();
        if status == Status::NotAffected && justification.is_empty() && impact.is_empty() {
            return Err(missing("justification"));
        }
        let vulnerability = statement.get("vulnerability").ok_or_else(|| missing("vulnerability"))?;
        all.statements.push(Statement {
            ids: ids(vulnerability)?,
            products: products(statement)?,
            status,
            time: time(statement, "timestamp")?.unwrap_or(of_document),
            author: author.to_owned(),
            reason: joined(&[statement.must("status")?, justification, impact]),
            document: String::new(),
        });
    }
    Ok(all)
}

/// The ids of a vulnerability; before version 0.2 it is a text.
fn ids(vulnerability: &Node<'_>) -> Result<Vec<String>, Damage> {
    if let Some(name) = vulnerability.as_text() {
        return Ok(vec![id(name, vulnerability.line)?]);
    }
    vulnerability.check_spelling(&KNOWN)?;
    let mut ids = vec![id(vulnerability.must("name")?, vulnerability.line)?];
    for alias in vulnerability.items("aliases")? {
        ids.push(id(alias.text("aliases")?, alias.line)?);
    }
    Ok(ids)
}

fn products(statement: &Node<'_>) -> Result<Vec<Product>, Damage> {
    let mut products = Vec::new();
    for product in statement.items("products")? {
        let own = identity(product)?;
        let parts = product.items("subcomponents")?;
        if parts.is_empty() {
            products.extend(own.map(|purl| Product { purl, within: None }));
            continue;
        }
        for part in parts {
            let within = Some(own.clone().map_or(Whole::Unnamed, Whole::Named));
            products.extend(identity(part)?.map(|purl| Product { purl, within }));
        }
    }
    Ok(products)
}

/// The purl of a product or a part of it; before version 0.2 it is a text.
fn identity(node: &Node<'_>) -> Result<Option<devops_inventory::Purl>, Damage> {
    if let Some(text) = node.as_text() {
        return named(text, node.line);
    }
    // A part that is not seen would make the statement one about the whole product.
    node.check_known(&["@id", "identifiers", "hashes", "subcomponents"])?;
    let of_identifiers = match node.get("identifiers") {
        Some(identifiers) => {
            identifiers.check_spelling(&["purl"])?;
            identifiers.text_of("purl")?
        }
        None => None,
    };
    if let Some(text) = of_identifiers {
        let wrong = || Damage::new(node.line, format!("`{text}` is no purl"));
        return purl(text, node.line)?.map(Some).ok_or_else(wrong);
    }
    let id = node.text_of("@id")?;
    if id.is_none() && node.get("identifiers").or(node.get("hashes")).is_none() {
        return Err(Damage::new(node.line, "a product without `@id`"));
    }
    id.map_or(Ok(None), |id| named(id, node.line))
}

/// The purl that a product is named by; none where the name is another IRI or that of an image.
fn named(text: &str, line: u64) -> Result<Option<devops_inventory::Purl>, Damage> {
    let is_name = text.contains([':', '/']);
    if is_name {
        purl(text, line)
    } else {
        Err(Damage::new(line, format!("`{text}` is neither a purl nor an IRI")))
    }
}
