//! VEX in CSAF 2.0.

use std::collections::BTreeMap;

use super::{Document, Product, Statement, Status, Whole, id, joined, purl, time};
use devops_inventory::document::{Damage, Node};

/// The lists of products, and what they say.
const LISTS: [(&str, Status); 9] = [
    ("known_not_affected", Status::NotAffected),
    ("fixed", Status::Fixed),
    ("first_fixed", Status::Fixed),
    ("recommended", Status::Fixed),
    ("known_affected", Status::Open),
    ("first_affected", Status::Open),
    ("last_affected", Status::Open),
    ("under_investigation", Status::Open),
    // Since version 2.1.
    ("unknown", Status::Open),
];

/// Keys whose spelling decides what is accepted, beside the lists.
const KNOWN: [&str; 17] = [
    "cve",
    "ids",
    "product_status",
    "flags",
    "threats",
    "product_ids",
    "group_ids",
    "category",
    "product_groups",
    "relationships",
    "branches",
    "full_product_names",
    "product",
    "product_id",
    "product_identification_helper",
    "product_reference",
    "relates_to_product_reference",
];

/// Products by their ids.
type Products = BTreeMap<String, Vec<Product>>;

pub(super) fn read(file: &Node<'_>) -> Result<Document, Damage> {
    let missing = |key: &str| Damage::new(file.line, format!("`{key}` is missing"));
    file.check_spelling(&["document", "product_tree", "vulnerabilities"])?;
    let document = file.get("document").ok_or_else(|| missing("document"))?;
    let version = document.must("csaf_version")?;
    if version != "2.0" && version != "2.1" {
        return Err(Damage::new(document.line, format!("unknown version {version} of CSAF")));
    }
    if document.must("category")? != "csaf_vex" {
        return Err(Damage::new(document.line, "its `category` is not `csaf_vex`"));
    }
    let author = document.get("publisher").ok_or_else(|| missing("publisher"))?.must("name")?;
    let tracking = document.get("tracking").ok_or_else(|| missing("tracking"))?;
    let time = time(tracking, "current_release_date")?.ok_or_else(|| missing("current_release_date"))?;
    let products = products_of(file)?;
    let groups = groups(file)?;
    let mut all = Document::default();
    for vulnerability in file.items("vulnerabilities")? {
        let cve = vulnerability.text_of("cve")?.map(|cve| id(cve, vulnerability.line)).transpose()?;
        let mut ids: Vec<String> = cve.into_iter().collect();
        // Other systems may have any text for an id.
        for other in vulnerability.items("ids")? {
            ids.push(other.must("text")?.to_ascii_lowercase());
        }
        vulnerability.check_spelling(&KNOWN)?;
        let Some(statuses) = vulnerability.get("product_status") else { continue };
        statuses.check_known(&LISTS.map(|(list, _)| list))?;
        for (list, status) in LISTS {
            for product in statuses.items(list)? {
                listed(&products, product, list)?;
                let product = product.text(list)?;
                let why = if status == Status::NotAffected {
                    justification(vulnerability, product, &groups)?
                } else {
                    String::new()
                };
                if status == Status::NotAffected && why.is_empty() {
                    all.unjustified += 1;
                    continue;
                }
                all.statements.push(Statement {
                    ids: ids.clone(),
                    products: products.get(product).cloned().unwrap_or_default(),
                    status,
                    time,
                    author: author.to_owned(),
                    reason: joined(&[list, &why]),
                    document: String::new(),
                });
            }
        }
    }
    Ok(all)
}

/// Rejects the id of a product that is not listed, as the standard wants: it could be one that is, damaged.
fn listed(products: &Products, id: &Node<'_>, what: &str) -> Result<(), Damage> {
    let text = id.text(what)?;
    let is_known = products.is_empty() || products.contains_key(text);
    if is_known { Ok(()) } else { Err(Damage::new(id.line, format!("product `{text}` is not listed"))) }
}

/// The products of a document, by their ids.
fn products_of(file: &Node<'_>) -> Result<Products, Damage> {
    let mut products = Products::new();
    let Some(tree) = file.get("product_tree") else { return Ok(products) };
    tree.check_spelling(&KNOWN)?;
    branches(tree, &mut products)?;
    for product in tree.items("full_product_names")? {
        note(product, &mut products)?;
    }
    for relation in tree.items("relationships")? {
        relate(relation, &mut products)?;
    }
    for relation in tree.items("relationships")? {
        for key in ["product_reference", "relates_to_product_reference"] {
            relation.get(key).map_or(Ok(()), |id| listed(&products, id, key))?;
        }
    }
    Ok(products)
}

/// Notes the products of branches, however deep.
fn branches(node: &Node<'_>, products: &mut Products) -> Result<(), Damage> {
    for branch in node.items("branches")? {
        branch.check_spelling(&KNOWN)?;
        if let Some(product) = branch.get("product") {
            note(product, products)?;
        }
        branches(branch, products)?;
    }
    Ok(())
}

/// Notes a product with its purls.
fn note(product: &Node<'_>, products: &mut Products) -> Result<(), Damage> {
    product.check_spelling(&KNOWN)?;
    let id = product.must("product_id")?.to_owned();
    let mut found = Vec::new();
    if let Some(helper) = product.get("product_identification_helper") {
        helper.check_spelling(&["purl", "purls"])?;
        let one = helper.text_of("purl")?;
        let several =
            helper.items("purls")?.iter().map(|purl| purl.text("purls")).collect::<Result<Vec<_>, _>>()?;
        for text in one.into_iter().chain(several) {
            found.extend(purl(text, helper.line)?.map(|purl| Product { purl, within: None }));
        }
    }
    products.insert(id, found);
    Ok(())
}

/// Notes a product that is part of another.
fn relate(relation: &Node<'_>, products: &mut Products) -> Result<(), Damage> {
    let Some(name) = relation.get("full_product_name") else { return Ok(()) };
    let id = name.must("product_id")?.to_owned();
    let part = products.get(relation.must("product_reference")?).cloned().unwrap_or_default();
    let whole = products.get(relation.must("relates_to_product_reference")?).cloned().unwrap_or_default();
    let wholes: Vec<_> = if whole.is_empty() {
        vec![Whole::Unnamed]
    } else {
        whole.into_iter().map(|whole| Whole::Named(whole.purl)).collect()
    };
    let related = part.iter().flat_map(|part| {
        wholes.iter().map(|whole| Product { purl: part.purl.clone(), within: Some(whole.clone()) })
    });
    products.insert(id, related.collect());
    Ok(())
}

/// The products of each group.
fn groups<'a>(file: &'a Node<'_>) -> Result<BTreeMap<&'a str, Vec<&'a str>>, Damage> {
    let mut groups = BTreeMap::new();
    let Some(tree) = file.get("product_tree") else { return Ok(groups) };
    for group in tree.items("product_groups")? {
        let members = group.items("product_ids")?.iter().map(|id| id.text("product_ids"));
        groups.insert(group.must("group_id")?, members.collect::<Result<_, _>>()?);
    }
    Ok(groups)
}

/// Why a product is not affected: flags, and threats of the category `impact`.
fn justification(
    vulnerability: &Node<'_>,
    product: &str,
    groups: &BTreeMap<&str, Vec<&str>>,
) -> Result<String, Damage> {
    let is_about = |node: &Node<'_>| -> Result<bool, Damage> {
        for id in node.items("product_ids")? {
            if id.text("product_ids")? == product {
                return Ok(true);
            }
        }
        for id in node.items("group_ids")? {
            if groups.get(id.text("group_ids")?).is_some_and(|members| members.contains(&product)) {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let mut reasons = Vec::new();
    for flag in vulnerability.items("flags")? {
        if is_about(flag)? {
            reasons.push(flag.must("label")?);
        }
    }
    for threat in vulnerability.items("threats")? {
        if threat.text_of("category")? == Some("impact") && is_about(threat)? {
            reasons.push(threat.must("details")?);
        }
    }
    Ok(joined(&reasons))
}
