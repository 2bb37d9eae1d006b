//! Statements of others that are damaged never accept or lower more than the whole.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Facts;
use super::reachability::Unreachable;
use super::statement_file::StatementFile;
use super::vex::Vex;
use devops_advisory::Kind;
use devops_core::Ecosystem;
use devops_damage::{TEXT, copies};
use devops_inventory::{Package, Scope};

fn file(bytes: &[u8]) -> StatementFile {
    StatementFile { label: "statements.json".to_owned(), bytes: bytes.to_vec() }
}

/// What documents accept, as `vulnerability package version of project`; none where one is refused.
fn accepted(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let now: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    let vex = Vex::read(&[file(bytes)], now, &mut Vec::new()).ok()?;
    let mut all = BTreeSet::new();
    for id in 1..=4 {
        for (name, version) in
            ["alpha", "bravo", "charlie", "delta"].iter().flat_map(|name| [(name, "1.0.0"), (name, "7.7.7")])
        {
            for project in ["shop", "kiosk"] {
                let package = Package::new(Ecosystem::NPM, *name, version, 1);
                let own = Package::new(Ecosystem::NPM, project, "3.0.0", 1);
                let projects = vec![&own];
                if vex.waives(&[format!("cve-2026-100{id}")], [(&package, projects)].into_iter()).is_some() {
                    all.insert(format!("CVE-2026-100{id} {name} {version} of {project}"));
                }
            }
        }
    }
    Some(all)
}

const OPENVEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "Ann",
"timestamp": "2026-11-01T00:00:00Z", "version": 1, "statements": [
{"vulnerability": {"name": "CVE-2026-1001", "aliases": ["GHSA-1"]}, "products": [{"@id": "pkg:npm/alpha@1.0.0"}], "status": "not_affected",
"justification": "component_not_present"},
{"vulnerability": {"name": "CVE-2026-1002"}, "timestamp": "2026-11-02T00:00:00Z", "products": [{"@id": "pkg:npm/bravo"}], "status": "not_affected", "justification": "vulnerable_code_not_present"},
{"vulnerability": {"name": "CVE-2026-1002"}, "timestamp": "2026-11-03T00:00:00Z", "products": [{"identifiers": {"purl": "pkg:npm/bravo"}}], "status": "affected", "action_statement": "update"},
{"vulnerability": {"name": "CVE-2026-1003"}, "products": [{"@id": "pkg:npm/shop@3.0.0", "subcomponents": [{"@id": "pkg:npm/charlie"}]}], "status": "not_affected", "impact_statement": "not in use"},
{"vulnerability": {"name": "CVE-2026-1004"}, "products": [{"@id": "pkg:npm/delta"}], "status": "under_investigation"}]}"#;

const CYCLONEDX: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"timestamp": "2026-11-01T00:00:00Z"},
"components": [{"type": "library", "bom-ref": "a", "name": "alpha", "purl": "pkg:npm/alpha@1.0.0"}, {"type": "library", "bom-ref": "b", "name": "bravo", "purl": "pkg:npm/bravo"}],
"vulnerabilities": [
{"id": "CVE-2026-1001", "analysis": {"state": "not_affected", "justification": "code_not_present"}, "affects": [{"ref": "a"}]},
{"id": "CVE-2026-1002", "analysis": {"state": "false_positive", "detail": "no", "lastUpdated": "2026-11-02T00:00:00Z"}, "affects": [{"ref": "b"}]},
{"id": "CVE-2026-1002", "analysis": {"state": "exploitable", "lastUpdated": "2026-11-03T00:00:00Z"}, "affects": [{"ref": "b"}]},
{"id": "CVE-2026-1003", "analysis": {"state": "not_affected", "detail": "no"}, "affects": [{"ref": "pkg:npm/charlie", "versions": [{"version": "1.0.0"}]}]},
{"id": "CVE-2026-1004", "analysis": {"state": "in_triage"}, "affects": [{"ref": "pkg:npm/delta"}]}]}"#;

const CSAF: &str = r#"{"document": {"category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "Ann"}, "tracking": {"current_release_date": "2026-11-01T00:00:00Z"}},
"product_tree": {"branches": [{"category": "vendor", "name": "v", "branches": [{"category": "product_name", "name": "a", "product": {"product_id": "A", "name": "a", "product_identification_helper": {"purl": "pkg:npm/alpha@1.0.0"}}}]}],
"full_product_names": [{"product_id": "SHOP", "name": "shop", "product_identification_helper": {"purl": "pkg:npm/shop@3.0.0"}}, {"product_id": "B", "name": "b", "product_identification_helper": {"purl": "pkg:npm/bravo"}}, {"product_id": "C", "name": "c", "product_identification_helper": {"purls": ["pkg:npm/charlie"]}}],
"relationships": [{"category": "default_component_of", "product_reference": "C", "relates_to_product_reference": "SHOP", "full_product_name": {"product_id": "SHOP:C", "name": "c of shop"}}],
"product_groups": [{"group_id": "G", "product_ids": ["SHOP:C"]}]},
"vulnerabilities": [
{"cve": "CVE-2026-1001", "product_status": {"known_not_affected": ["A"], "under_investigation": ["B"]}, "flags": [{"label": "component_not_present", "product_ids": ["A"]}]},
{"cve": "CVE-2026-1002", "product_status": {"known_not_affected": ["B"], "known_affected": ["B"]}, "flags": [{"label": "component_not_present", "product_ids": ["B"]}]},
{"cve": "CVE-2026-1003", "product_status": {"known_not_affected": ["SHOP:C"]}, "threats": [{"category": "impact", "details": "no", "group_ids": ["G"]}]}]}"#;

/// How often each key stands in a document, and each item of a list by the path to it.
fn shape(value: &Value, path: &str, shape: &mut BTreeMap<String, u32>) {
    *shape.entry(path.to_owned()).or_default() += 1;
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                self::shape(inner, &format!("{path}.{key}"), shape);
            }
        }
        Value::Array(items) => {
            for item in items {
                self::shape(item, &format!("{path}[]"), shape);
            }
        }
        _ => {}
    }
}

fn shape_of(bytes: &[u8]) -> BTreeMap<String, u32> {
    let mut all = BTreeMap::new();
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        shape(&document, "", &mut all);
    }
    all
}

/// Whether a whole statement is gone, or a whole value of a list of products, which nothing shows.
fn has_lost_statements(whole: &[u8], damaged: &[u8]) -> bool {
    let (before, now) = (shape_of(whole), shape_of(damaged));
    let lists = [".statements[]", ".vulnerabilities[]", ".vulnerabilities[].product_status.known_affected"];
    lists.iter().any(|list| now.get(*list) < before.get(*list))
}

/// Whether a name, an id, a version or a time is another one that could be meant: nothing protects values.
fn has_other_values(whole: &[u8], damaged: &[u8]) -> bool {
    let words = |bytes: &[u8]| -> BTreeSet<String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.split('"').map(str::to_owned).collect()
    };
    let is_value = |word: &String| {
        word.len() >= 5
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/@+%#".contains(&byte))
    };
    let (before, now) = (words(whole), words(damaged));
    now.difference(&before).any(is_value)
}

/// The times, states and versions of a document in their order. A statement without a time has that of the document, one without a
/// version is about all, and nothing shows that there was one.
fn said(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let lines = text.split([',', '\n', '}']).map(str::trim);
    let marks = ["timestamp", "lastUpdated", "status\"", "state\"", "version\"", "versions\"", "ref\""];
    lines.filter(|line| marks.iter().any(|mark| line.contains(mark))).map(str::to_owned).collect()
}

#[test]
fn a_damaged_statement_never_accepts_more() {
    for text in [OPENVEX, CYCLONEDX, CSAF] {
        let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
        for whole in [text, &pretty] {
            let right = accepted(whole.as_bytes()).unwrap();
            assert!(right.len() >= 3, "{right:?}");
            let (mut refused, mut wrong) = (0, Vec::new());
            let count = copies(whole.as_bytes(), TEXT, 1_500, |how, bytes| match accepted(bytes) {
                None => refused += 1,
                Some(now) => {
                    let more: Vec<&String> = now.difference(&right).collect();
                    let whole = whole.as_bytes();
                    let is_told = has_lost_statements(whole, bytes)
                        || has_other_values(whole, bytes)
                        || said(whole) != said(bytes);
                    if !more.is_empty() && !is_told {
                        wrong.push(format!("{how}: {more:?}\n{}", String::from_utf8_lossy(bytes)));
                    }
                }
            });
            assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n\n"));
            assert!(refused > count / 3, "{refused} of {count}");
        }
    }
}

/// The vulnerabilities in `alpha` that analysers looked for and do not reach; none where a result is refused.
fn excluded(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let unreachable = Unreachable::read(&[file(bytes)]).ok()?;
    let ids = (1..=4).map(|id| format!("go-2026-100{id}"));
    let is_out = |id: &String| {
        let facts = Facts {
            kind: Kind::Vulnerability,
            severity: None,
            score: None,
            epss: None,
            known_exploited: None,
            published: None,
            has_fix: true,
            ids: vec![id.clone()],
            scope: Scope::Runtime,
            is_guessed: false,
            package: Package::new(Ecosystem::GO, "example.org/alpha", "1.0.0", 1),
            lockfiles: BTreeSet::new(),
        };
        unreachable.tool_that_excludes(&facts).is_some()
    };
    Some(ids.filter(is_out).collect())
}

/// What govulncheck writes: of the second vulnerability the function that is called, too.
fn govulncheck() -> String {
    let frame = |more: Value| {
        let mut frame = json!({"module": "example.org/alpha", "version": "v1.0.0"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([frame])
    };
    let finding = |id: &str, more: Value| json!({"finding": {"osv": id, "fixed_version": "v1.2.0", "trace": frame(more)}});
    let messages = [
        json!({"config": {"protocol_version": "v1.0.0", "scanner_name": "govulncheck", "scan_level": "symbol"}}),
        finding("GO-2026-1001", json!({})),
        finding("GO-2026-1002", json!({})),
        finding("GO-2026-1002", json!({"package": "example.org/alpha", "function": "Run"})),
        finding("GO-2026-1003", json!({"package": "example.org/alpha", "function": "Stop"})),
    ];
    messages.map(|message| serde_json::to_string_pretty(&message).unwrap() + "\n").concat()
}

fn sarif() -> String {
    let result = |id: &str, kind: &str| json!({"ruleId": id, "kind": kind, "message": {"text": "x"}});
    let document = json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "analyser"}}, "results": [
        result("GO-2026-1001", "notApplicable"), result("GO-2026-1002", "notApplicable"), result("GO-2026-1002", "fail"), result("GO-2026-1003", "fail")]}]});
    serde_json::to_string_pretty(&document).unwrap()
}

#[test]
fn a_damaged_analysis_never_excludes_more() {
    for whole in [govulncheck(), sarif()] {
        let right = excluded(whole.as_bytes()).unwrap();
        assert_eq!(right.len(), 1, "{right:?}");
        // A result that is gone whole, and a function of a finding that is, nothing shows: there are findings of packages only.
        let amount =
            |text: &str| ["\"osv\"", "\"fail\"", "\"function\": \""].map(|word| text.matches(word).count());
        // Nor does a valid id that stands in the place of another.
        let ids = |text: &str| -> Vec<String> {
            let is_id = |line: &&str| line.contains("\"osv\"") || line.contains("\"ruleId\"");
            text.lines().filter(is_id).map(str::to_owned).collect()
        };
        let (mut refused, mut wrong) = (0, Vec::new());
        let count = copies(whole.as_bytes(), TEXT, 1_500, |how, bytes| match excluded(bytes) {
            None => refused += 1,
            Some(now) => {
                let shown = String::from_utf8_lossy(bytes);
                let more: Vec<&String> = now.difference(&right).collect();
                let is_less = amount(&shown).iter().zip(amount(&whole)).any(|(now, before)| *now < before);
                let is_told =
                    is_less || ids(&shown) != ids(&whole) || has_other_values(whole.as_bytes(), bytes);
                if !more.is_empty() && !is_told {
                    wrong.push(format!("{how}: {more:?}\n{shown}"));
                }
            }
        });
        assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n\n"));
        assert!(refused > count / 3, "{refused} of {count}");
    }
}
