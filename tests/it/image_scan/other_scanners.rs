//! Reports of Grype and SARIF logs under the same policy.

use serde_json::{Value, json};

use super::{of_rule, scan_value, vulnerability, with};

/// A match of Grype.
fn matched(id: &str, severity: &str, package: &str, kind: &str, details: &str) -> Value {
    json!({
        "vulnerability": {"id": id, "dataSource": "https://a", "namespace": "n", "severity": severity, "urls": [], "description": "a flaw",
            "cvss": [{"version": "4.0", "vector": "CVSS:4.0/AV:N"}], "fix": {"versions": ["2.0"], "state": "fixed", "available": [{"date": "2026-01-01"}]},
            "advisories": [], "risk": 1.5, "knownExploited": [], "epss": [{"epss": 0.1}]},
        "relatedVulnerabilities": [], "matchDetails": [{"type": details, "matcher": "m", "searchedBy": {}, "found": {}}],
        "artifact": {"id": "1", "name": package, "version": "1.0", "type": kind, "locations": [{"path": "/app/a", "layerID": "sha256:1"}],
            "language": "", "licenses": [], "cpes": [], "purl": "", "upstreams": [], "metadataType": "", "metadata": {"a": [1]}},
    })
}

fn grype(matches: &Value) -> Value {
    json!({"matches": matches, "source": {"type": "image", "target": {"userInput": "shop:1", "imageID": format!("sha256:{}", "a".repeat(64)),
        "manifestDigest": format!("sha256:{}", "b".repeat(64)), "tags": ["shop:1"], "repoDigests": []}},
        "distro": {"name": "debian", "version": "12", "idLike": []},
        "descriptor": {"name": "grype", "version": "0.90.0", "timestamp": "2026-11-22T00:00:00.123456789Z", "db": {"status": {"valid": true}}}})
}

#[test]
fn grype_is_judged_as_trivy_is() {
    let report = grype(&json!([
        matched("CVE-1", "Critical", "openssl", "deb", "exact-indirect-match"),
        matched("GHSA-1", "Negligible", "left-pad", "npm", "exact-direct-match"),
        matched("CVE-3", "Unknown", "a", "go-module", "exact-direct-match"),
    ]));
    let (finished, found) = scan_value(&report, &["--max-report-age", "3"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!(found["totals"]["critical"], 1);
    assert_eq!(found["totals"]["low"], 1);
    assert_eq!(found["totals"]["unknown"], 1);
    let first = of_rule(&found, "image-vulnerability")[0];
    assert_eq!(first["subject"]["target"], "shop:1 (debian 12)");
    assert_eq!(first["subject"]["class"], "os-pkgs");
    assert_eq!(first["help"], "upgrade openssl to 2.0");
    assert_eq!(found["details"]["artifacts"][0]["scanner"], "grype 0.90.0");
    let digest = format!("sha256:{}", "b".repeat(64));
    assert_eq!(scan_value(&grype(&json!([])), &["--expect-digest", &digest]).0.code, Some(0));
    let other = format!("sha256:{}", "c".repeat(64));
    assert_eq!(scan_value(&grype(&json!([])), &["--expect-digest", &other]).0.code, Some(1));
    assert_eq!(scan_value(&report, &["--classes", "lang-pkgs"]).0.code, Some(0));
    assert_eq!(
        scan_value(&grype(&json!([])), &["--max-report-age", "1"]).0.code,
        Some(1),
        "it is a day and a half old"
    );
}

#[test]
fn grype_and_trivy_of_one_image_are_one_judgement() {
    let mut trivy = with(&json!([vulnerability("CVE-1", "HIGH", "2", "fixed")]));
    trivy["Metadata"] = json!({"ImageID": format!("sha256:{}", "a".repeat(64))});
    let mut same = matched("GHSA-1", "Medium", "openssl", "deb", "exact-direct-match");
    same["relatedVulnerabilities"] = json!([{"id": "CVE-1", "namespace": "nvd:cpe"}]);
    same["artifact"]["version"] = "1.1.1c".into();
    let both = json!([trivy, grype(&json!([same]))]);
    let (finished, report) = scan_value(&both, &[]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!((&report["totals"]["vulnerabilities"], &report["totals"]["high"]), (&json!(1), &json!(1)));
    assert_eq!(report["findings"][0]["subject"]["advisory"], "CVE-1");
    let mut other = grype(&json!([same]));
    other["source"]["target"]["imageID"] = format!("sha256:{}", "d".repeat(64)).into();
    assert_eq!(scan_value(&json!([trivy, other]), &[]).0.code, Some(3), "another image");
}

#[test]
fn matches_by_a_cpe_alone_have_a_threshold_of_their_own() {
    let by_cpe = grype(&json!([matched("CVE-1", "High", "nginx", "binary", "cpe-match")]));
    assert_eq!(scan_value(&by_cpe, &[]).0.code, Some(1), "not without being asked");
    let (finished, report) = scan_value(&by_cpe, &["--cpe-fail-on", "critical"]);
    assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("warn")));
    assert_eq!(report["findings"][0]["subject"]["matched_by"], "cpe");
    assert_eq!(scan_value(&by_cpe, &["--cpe-fail-on", "high"]).0.code, Some(1));
    let mut also = matched("CVE-1", "High", "nginx", "binary", "cpe-match");
    also["matchDetails"] = json!([{"type": "cpe-match"}, {"type": "exact-direct-match"}]);
    assert_eq!(scan_value(&grype(&json!([also])), &["--cpe-fail-on", "critical"]).0.code, Some(1));
}

#[test]
fn ignored_matches_are_shown_and_need_a_reason() {
    let mut report = grype(&json!([]));
    let mut ignored = matched("CVE-1", "Critical", "openssl", "deb", "exact-direct-match");
    ignored["appliedIgnoreRules"] = json!([{"vulnerability": "CVE-1", "reason": "not reached", "fix-state": "fixed", "package": {"name": "openssl"}}]);
    report["ignoredMatches"] = json!([ignored]);
    let (finished, found) = scan_value(&report, &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(found["details"]["suppressed"][0]["statement"], "not reached");
    assert_eq!(scan_value(&report, &["--suppression-sources", "vex"]).0.code, Some(1));
    assert_eq!(scan_value(&report, &["--suppression-sources", "grype"]).0.code, Some(0));
    for rules in [json!([]), Value::Null] {
        report["ignoredMatches"][0]["appliedIgnoreRules"] = rules;
        assert_eq!(scan_value(&report, &[]).0.code, Some(1), "nobody says why");
    }
}

#[test]
fn what_grype_could_not_do_is_red() {
    let mut broken = grype(&json!([]));
    broken["descriptor"]["db"]["status"] = json!({"valid": false});
    let mut failed = grype(&json!([]));
    failed["descriptor"]["db"] = json!({"error": "no such file"});
    for (name, report, rule) in [
        ("database not valid", broken, "image-incomplete"),
        ("database in error", failed, "image-incomplete"),
        ("nothing said about what was scanned", json!({"matches": []}), "image-nothing-scanned"),
    ] {
        let (finished, found) = scan_value(&report, &[]);
        assert_eq!(finished.code, Some(1), "{name}");
        assert_eq!(of_rule(&found, rule).len(), 1, "{name}");
    }
}

fn sarif(rules: &Value, results: &Value) -> Value {
    json!({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "hadolint", "version": "2.12", "rules": rules}}, "results": results}]})
}

fn result(rule: &str, extra: &Value) -> Value {
    let mut result = json!({"ruleId": rule, "message": {"text": "text"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "Dockerfile"}, "region": {"startLine": 3}}}]});
    result.as_object_mut().unwrap().append(&mut extra.as_object().unwrap().clone());
    result
}

#[test]
fn results_of_any_analyser_are_judged() {
    let rules = json!([
        {"id": "DL1", "defaultConfiguration": {"level": "error"}, "shortDescription": {"text": "pin it"}},
        {"id": "DL2", "properties": {"security-severity": "9.1"}},
        {"id": "DL3"},
    ]);
    for (name, rule, extra, severity) in [
        ("level of the rule", "DL1", json!({}), "high"),
        ("its own level", "DL1", json!({"level": "note"}), "low"),
        ("score of the rule", "DL2", json!({"level": "note"}), "critical"),
        ("its own score", "DL2", json!({"properties": {"security-severity": "5.0"}}), "medium"),
        ("nothing", "DL3", json!({}), "medium"),
        ("a rule that nobody describes", "X", json!({}), "medium"),
        ("a level that is not known", "DL3", json!({"level": "fatal"}), "high"),
        ("a score that is none", "DL3", json!({"properties": {"security-severity": "very"}}), "high"),
        (
            "under review",
            "DL1",
            json!({"suppressions": [{"kind": "inSource", "status": "underReview"}]}),
            "high",
        ),
        (
            "rejected",
            "DL1",
            json!({"suppressions": [{"kind": "inSource"}, {"kind": "external", "status": "rejected"}]}),
            "high",
        ),
        ("no suppression", "DL1", json!({"suppressions": []}), "high"),
        ("by its index", "", json!({"ruleIndex": 0}), "high"),
        ("by a reference", "", json!({"rule": {"id": "DL1"}}), "high"),
        ("to be looked at", "DL1", json!({"kind": "review"}), "high"),
    ] {
        let (finished, report) = scan_value(&sarif(&rules, &json!([result(rule, &extra)])), &[]);
        let found = of_rule(&report, "image-result");
        assert_eq!(found.len(), 1, "{name}: {}", finished.stderr);
        assert_eq!(found[0]["severity"], severity, "{name}");
    }
    for extra in [
        json!({"kind": "pass"}),
        json!({"kind": "notApplicable"}),
        json!({"suppressions": [{"kind": "inSource"}]}),
        json!({"suppressions": [{"kind": "external", "status": "accepted", "justification": "j"}]}),
    ] {
        let (finished, report) = scan_value(&sarif(&rules, &json!([result("DL1", &extra)])), &[]);
        assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("pass")), "{extra}");
    }
}

#[test]
fn advisories_in_sarif_are_vulnerabilities() {
    let trivy = result(
        "CVE-2021-1",
        &json!({"level": "error", "message": {"text":
        "Package: openssl\nInstalled Version: 1.0\nVulnerability CVE-2021-1\nSeverity: HIGH\nFixed Version: 1.1\nLink: [CVE-2021-1](https://a)"}}),
    );
    let grype = result(
        "CVE-2021-2-log4j-core",
        &json!({"level": "error", "message": {"text":
        "A high vulnerability in java-archive package: log4j-core, version 2.14.0 was found at: /app/a.jar"}}),
    );
    let (finished, report) = scan_value(&sarif(&json!([]), &json!([trivy, grype])), &[]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let titles: Vec<&str> = of_rule(&report, "image-vulnerability")
        .iter()
        .map(|finding| finding["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["CVE-2021-1 in openssl 1.0", "CVE-2021-2 in log4j-core 2.14.0"]);
}

#[test]
fn a_log_that_says_nothing_is_not_clean() {
    let clean = sarif(&json!([]), &json!([]));
    assert_eq!(scan_value(&clean, &[]).0.code, Some(0), "an empty list says that nothing was found");
    let change = |change: fn(&mut Value)| {
        let mut log = clean.clone();
        change(&mut log);
        log
    };
    for (name, log, code, rule) in [
        ("no runs", change(|log| log["runs"] = json!([])), 1, "image-nothing-scanned"),
        (
            "no list",
            change(|log| drop(log["runs"][0].as_object_mut().unwrap().remove("results"))),
            1,
            "image-nothing-scanned",
        ),
        ("null", change(|log| log["runs"][0]["results"] = Value::Null), 1, "image-nothing-scanned"),
        (
            "failed",
            change(|log| log["runs"][0]["invocations"] = json!([{"executionSuccessful": false}])),
            1,
            "image-incomplete",
        ),
        (
            "an error",
            change(|log| {
                log["runs"][0]["invocations"] = json!([{"executionSuccessful": true,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": "can't read"}}]}]);
            }),
            1,
            "image-incomplete",
        ),
        (
            "elsewhere",
            change(|log| log["runs"][0]["externalPropertyFileReferences"] = json!({"results": [{}]})),
            3,
            "",
        ),
        ("key in other case", change(|log| log["runs"][0] = json!({"Results": []})), 3, ""),
    ] {
        let (finished, report) = scan_value(&log, &[]);
        assert_eq!(finished.code, Some(code), "{name}: {}", finished.stdout);
        assert!(rule.is_empty() || of_rule(&report, rule).len() == 1, "{name}");
    }
}
