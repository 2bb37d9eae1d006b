//! Documents of each format, and that no text is too much for their readers.

use proptest::prelude::*;

use super::{Document, StatementFile, Status, Vex, Whole, document};
use devops_core::Ecosystem;
use devops_inventory::Package;

fn read(text: &str) -> Result<Document, String> {
    document(text.as_bytes()).map_err(|damage| format!("{}: {}", damage.line, damage.what))
}

const CSAF: &str = r#"{"document": {"category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "Ann"},
"tracking": {"current_release_date": "2026-11-21T00:00:00Z"}},
"product_tree": {
"full_product_names": [{"product_id": "APP", "name": "app", "product_identification_helper": {"purl": "pkg:oci/app"}},
{"product_id": "A", "name": "a", "product_identification_helper": {"purls": ["pkg:npm/a@1.0.0", "pkg:npm/a@1.0.1"]}}],
"relationships": [{"category": "default_component_of", "product_reference": "A", "relates_to_product_reference": "APP",
"full_product_name": {"product_id": "APP:A", "name": "a of app"}}],
"product_groups": [{"group_id": "G", "product_ids": ["APP:A"]}]},
"vulnerabilities": [{"cve": "CVE-2026-1", "ids": [{"system_name": "x", "text": "X-1"}],
"product_status": {"known_not_affected": ["APP:A", "A"], "under_investigation": ["APP"]},
"threats": [{"category": "impact", "details": "not in use", "group_ids": ["G"]}]}]}"#;

#[test]
fn csaf_has_products_within_products_and_reasons_by_group() {
    let read = read(CSAF).unwrap();
    assert_eq!(read.unjustified, 1, "nothing says why A is not affected");
    let [part, open] = read.statements.as_slice() else { panic!("{:?}", read.statements) };
    assert_eq!(
        (part.status, part.ids.as_slice()),
        (Status::NotAffected, &["cve-2026-1", "x-1"].map(str::to_owned)[..])
    );
    assert_eq!((part.reason.as_str(), part.author.as_str()), ("known_not_affected: not in use", "Ann"));
    let versions: Vec<&str> = part.products.iter().map(|product| product.purl.version.as_str()).collect();
    assert_eq!(versions, ["1.0.0", "1.0.1"]);
    assert!(
        part.products
            .iter()
            .all(|product| matches!(&product.within, Some(Whole::Named(whole)) if whole.kind == "oci"))
    );
    assert_eq!(open.status, Status::Open);
}

#[test]
fn cyclonedx_names_versions_and_components_of_other_documents() {
    let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": [{"id": "CVE-2026-1",
"references": [{"id": "GHSA-1", "source": {}}], "analysis": {"state": "not_affected", "detail": "not in use"},
"affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/%40s%2Fa"},
{"ref": "pkg:npm/b", "versions": [{"version": "1.0.0"}, {"range": "vers:npm/>1"}]}, {"ref": "something"}]}]}"#;
    let read = read(text).unwrap();
    let [statement] = read.statements.as_slice() else { panic!("{:?}", read.statements) };
    assert_eq!(statement.ids, ["cve-2026-1", "ghsa-1"]);
    let products: Vec<String> = statement
        .products
        .iter()
        .map(|product| format!("{} {}", product.purl.full_name(), product.purl.version))
        .collect();
    assert_eq!(products, ["@s/a ", "b 1.0.0"]);
}

#[test]
fn what_is_no_statement_is_refused() {
    for (text, expected) in [
        ("", "1: "),
        ("[]", "1: neither"),
        ("{\"@context\": \"https://example.org\"}", "1: neither"),
        (&CSAF.replace("csaf_vex", "csaf_security_advisory"), "1: its `category`"),
        (&CSAF.replace("\"2.0\"", "\"3.0\""), "1: unknown version 3.0"),
        (&CSAF.replace("2026-11-21T00:00:00Z", "yesterday"), "2: `current_release_date` is not a time"),
        (&CSAF[..CSAF.len() - 1], ""),
        ("{\"bomFormat\": \"CycloneDX\", \"bomFormat\": \"CycloneDX\"}", "1: "),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn a_product_that_is_not_whole_is_refused() {
    for (product, expected) in [
        (r#"{"@id": "`kg:npm/shop@3.0.0"}"#, "`kg:npm/shop@3.0.0` is no purl"),
        (r#"{"@id": "pk0"}"#, "`pk0` is neither a purl nor an IRI"),
        (r#"{"@id": "pkg:npm/vuln#@1.0.0"}"#, "`pkg:npm/vuln#@1.0.0` is no purl"),
        (r#"{"identifiers": {"purl": "npm/vuln"}}"#, "`npm/vuln` is no purl"),
        (r#"{"@id": "pkg:npm/shop", "sub": [{"@id": "pkg:npm/vuln"}]}"#, "unknown key `sub`"),
    ] {
        let mut file = not_affected("x", "2026-11-01T00:00:00Z");
        file.bytes = String::from_utf8(file.bytes).unwrap().replace(r#"{"@id": "x"}"#, product).into_bytes();
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let error = Vex::read(&[file], now, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains(expected), "{product}: {error}");
    }
}

proptest! {
    #[test]
    fn no_document_is_too_much(at in 0..CSAF.len(), with in "\\PC{0,4}") {
        let mut text: Vec<u8> = CSAF.as_bytes().to_vec();
        text.splice(at..(at + with.len()).min(CSAF.len()), with.bytes());
        let _ = document(&text);
    }
}

/// A document of OpenVEX that says of one product that it is not affected.
fn not_affected(product: &str, time: &str) -> StatementFile {
    let text = format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "Ann", "timestamp": "{time}",
        "statements": [{{"vulnerability": {{"name": "CVE-2026-1"}}, "products": [{{"@id": "{product}"}}],
        "status": "not_affected", "justification": "component_not_present"}}]}}"#
    );
    StatementFile { label: "v.json".to_owned(), bytes: text.into_bytes() }
}

/// Whether a finding about `vuln` 1.0.0 is accepted, in lockfiles of these projects.
fn is_waived(vex: &Vex, projects: &[&[&Package]]) -> bool {
    let package = Package::new(Ecosystem::NPM, "vuln", "1.0.0", 1);
    vex.waives(&["cve-2026-1".to_owned()], projects.iter().map(|projects| (&package, projects.to_vec())))
        .is_some()
}

#[test]
fn a_statement_about_a_project_covers_its_own_lockfiles() {
    let (app, other) =
        (Package::new(Ecosystem::NPM, "app", "1.0.0", 1), Package::new(Ecosystem::NPM, "other", "1.0.0", 1));
    let (app, other, both): (&[&Package], &[&Package], &[&Package]) = (&[&app], &[&other], &[&app, &other]);
    let now = "2026-11-20T00:00:00Z".parse().unwrap();
    for (product, lockfiles, expected) in [
        ("pkg:npm/other", &[other][..], true),
        ("pkg:npm/other", &[app], false),
        ("pkg:npm/other", &[app, other], false),
        ("pkg:npm/other", &[other, &[]], false),
        ("pkg:npm/other", &[both], false),
        ("pkg:npm/vuln", &[both], true),
        ("pkg:npm/vuln@1.0.0", &[app, other, &[]], true),
        ("pkg:npm/vuln@2.0.0", &[app], false),
    ] {
        let file = not_affected(product, "2026-11-01T00:00:00Z");
        let vex = Vex::read(&[file], now, &mut Vec::new()).unwrap();
        assert_eq!(is_waived(&vex, lockfiles), expected, "{product} {lockfiles:?}");
    }
}

#[test]
fn a_statement_of_the_future_accepts_nothing_yet() {
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    for (time, expected) in [
        ("2026-11-20T12:00:00Z", true),
        ("2026-11-21T12:00:00Z", true),
        ("2026-11-21T12:00:01Z", false),
        ("2099-11-03T00:00:00Z", false),
    ] {
        let mut notes = Vec::new();
        let vex = Vex::read(&[not_affected("pkg:npm/vuln", time)], now, &mut notes).unwrap();
        assert_eq!(is_waived(&vex, &[&[]]), expected, "{time}");
        let note = ["1 statement of v.json not counted, dated after now"];
        assert_eq!(notes, if expected { &note[..0] } else { &note[..] }, "{time}");
    }
    // One that accepts nothing is the safe side.
    let mut open = not_affected("pkg:npm/vuln", "2099-01-01T00:00:00Z");
    open.bytes = String::from_utf8(open.bytes).unwrap().replace("not_affected", "affected").into_bytes();
    let accepting = not_affected("pkg:npm/vuln", "2026-11-01T00:00:00Z");
    let vex = Vex::read(&[open, accepting], now, &mut Vec::new()).unwrap();
    assert!(!is_waived(&vex, &[&[]]));
}
