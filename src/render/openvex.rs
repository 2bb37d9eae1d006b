//! `openvex.json`: what was decided about advisories, as an OpenVEX document.

use serde_json::{Value, json};

use super::vulnerabilities::{Vulnerability, block, line};
use super::{Document, Drawn};
use devops_core::digest::{hexadecimal, of_parts};
use devops_core::escape;
use devops_core::{Finding, Waived};

/// Characters of a text.
const TEXT: usize = 4_000;

/// A statement for each waived finding about a package and an advisory; nothing where there is none, because a document without
/// statements is not valid.
///
/// A waiver accepts a risk. It does not say that the package is not affected, so no statement does.
///
/// # Errors
/// Where the time is unknown.
pub fn openvex(document: &Document<'_>) -> Drawn {
    let report = document.report;
    let time = document.revision.ended.as_str();
    if time.is_empty() {
        return Err("the time is unknown, which a VEX document needs");
    }
    let mut statements: Vec<Value> = Vec::new();
    for statement in report.findings.iter().filter_map(|finding| statement(finding, finding.waived.as_ref()?))
    {
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    if statements.is_empty() {
        return Ok(None);
    }
    let content = Value::Array(statements);
    let digest = hexadecimal(&of_parts([content.to_string().as_str(), time]));
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{digest}"),
        "author": line(document.project, TEXT),
        "timestamp": time,
        "version": 1,
        "tooling": line(&format!("{} {}", report.provenance.tool, report.provenance.version), TEXT),
        "statements": content,
    });
    Ok(Some(escape::json(&format!("{vex:#}\n"))))
}

/// A package; a purl that somebody wrote without its escapes names it, but is no address.
fn product(purl: &str) -> Value {
    if is_uri(purl) {
        json!({ "@id": purl, "identifiers": { "purl": purl } })
    } else {
        json!({ "identifiers": { "purl": purl } })
    }
}

/// Whether a purl has only characters of addresses, and only whole escapes.
fn is_uri(purl: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(&byte);
    let mut pieces = purl.split('%');
    let is_plain = |text: &str| text.bytes().all(is_allowed);
    let is_escape = |text: &str| text.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    pieces.next().is_some_and(is_plain) && pieces.all(|piece| is_escape(piece) && is_plain(piece))
}

/// What a waiver says about an advisory and a package.
fn statement(finding: &Finding, waived: &Waived) -> Option<Value> {
    let vulnerability = Vulnerability::of(finding)?;
    let purl = vulnerability.fact("purl");
    if !purl.starts_with("pkg:") {
        return None;
    }
    let aliases: Vec<String> = vulnerability.ids.iter().skip(1).map(|id| line(id, TEXT)).collect();
    // What others state is in their own document.
    let expires = waived.expires.as_deref()?;
    let accepted = format!("Accepted until {expires} by {}: {}", waived.owner, waived.reason);
    let status = if vulnerability.is_certain { "affected" } else { "under_investigation" };
    let mut statement = json!({
        "vulnerability": { "name": line(vulnerability.id(), TEXT), "aliases": aliases },
        "products": [product(purl)],
        "status": status,
    });
    let (field, text) =
        if vulnerability.is_certain { ("action_statement", accepted) } else { ("status_notes", accepted) };
    statement.as_object_mut()?.insert(field.to_owned(), json!(block(&text, TEXT)));
    Some(statement)
}

#[cfg(test)]
mod tests {
    use super::is_uri;

    #[test]
    fn only_purls_with_their_escapes_are_addresses() {
        for (purl, expected) in [
            ("pkg:npm/%40a/b@1.0.0?x=y", true),
            ("pkg:npm/a b@1", false),
            ("pkg:npm/\u{e9}@1", false),
            ("pkg:npm/a%4", false),
            ("pkg:npm/a%zz", false),
        ] {
            assert_eq!(is_uri(purl), expected, "{purl}");
        }
    }
}
