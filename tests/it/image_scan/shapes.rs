//! Every shape that Trivy's reports have.

use serde_json::{Value, json};

use super::{of_rule, scan, scan_value, vulnerability, with, with_results};
use crate::support::corpus;

/// A report of an image, with its name and digest.
fn image(name: &str, digest: &str, vulnerabilities: &Value) -> Value {
    let mut report = with(vulnerabilities);
    report["ArtifactName"] = name.into();
    report["CreatedAt"] = "2026-11-22T00:00:00Z".into();
    report["Metadata"] = json!({"ImageID": format!("sha256:{}", digest.repeat(64))});
    report
}

#[test]
fn every_kind_of_artifact_is_read() {
    for kind in ["container_image", "filesystem", "repository", "cyclonedx", "spdx", "vm", "aws_account", ""]
    {
        let mut report = with(&json!([vulnerability("CVE-1", "HIGH", "2", "fixed")]));
        report["ArtifactType"] = kind.into();
        report["ReportID"] = "018f".into();
        report["ArtifactID"] = "sha256:1".into();
        report["Metadata"] = json!({"Size": 1, "ImageConfig": {"rootfs": {"type": "layers", "diff_ids": null}}, "Layers": [{"Size": 1}],
            "RepoURL": "https://a", "Commit": "c"});
        let (finished, report) = scan_value(&report, &[]);
        assert_eq!(finished.code, Some(1), "{kind}: {}", finished.stderr);
        assert_eq!(of_rule(&report, "image-vulnerability").len(), 1, "{kind}");
    }
}

#[test]
fn absent_empty_and_null_are_the_same() {
    for extra in [
        json!({"Layer": {}, "PkgIdentifier": {}, "CVSS": {}, "References": [], "VendorIDs": []}),
        json!({"Layer": null, "PkgIdentifier": null, "VendorIDs": null, "FixedVersion": null, "Status": null}),
        json!({"InstalledVersion": 11, "Title": 7, "VendorSeverity": {"nvd": 3}, "Custom": {"a": [1]}, "Fingerprint": "x"}),
    ] {
        let mut one = json!({"VulnerabilityID": "CVE-1", "PkgName": "a", "Severity": "HIGH"});
        one.as_object_mut().unwrap().append(&mut extra.as_object().unwrap().clone());
        assert_eq!(scan_value(&with(&json!([one])), &[]).0.code, Some(1), "{extra}");
    }
    for result in [
        json!({"Target": "a", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": null, "Secrets": null, "Licenses": null}),
        json!({"Target": "a"}),
        json!({"Target": "a", "Class": "new-class", "Type": "new-type"}),
        json!({"Target": "Dockerfile", "Class": "config", "Type": "dockerfile", "MisconfSummary": {"Successes": 20, "Failures": 0, "Exceptions": 0},
            "Misconfigurations": [{"ID": "DS-1", "Severity": "HIGH", "Status": "PASS"}, {"ID": "DS-2", "Severity": "HIGH", "Status": "EXCEPTION"}]}),
    ] {
        let (finished, _) = scan_value(&with_results(&json!([result])), &[]);
        assert_eq!(finished.code, Some(0), "{result}: {}", finished.stdout);
    }
}

#[test]
fn several_reports_are_one_judgement() {
    let one = image("shop:1", "a", &json!([vulnerability("CVE-1", "HIGH", "2", "fixed")]));
    let other = image(
        "shop:1",
        "a",
        &json!([vulnerability("CVE-2", "LOW", "2", "fixed"), vulnerability("CVE-1", "LOW", "", "")]),
    );
    for (name, text, vulnerabilities) in [
        ("one after the other", format!("{one}\n{other}"), 2),
        ("on one line", format!("{one}{other}"), 2),
        ("in a list", json!([one, other]).to_string(), 2),
        ("twice", format!("{one}\n{one}"), 1),
        ("twice in a list", json!([one, one]).to_string(), 1),
        ("before 0.20", one["Results"].to_string(), 1),
        ("before 0.20, twice", format!("{}{}", one["Results"], one["Results"]), 1),
        ("with a mark", format!("\u{feff}{one}"), 1),
        ("with other ends of lines", serde_json::to_string_pretty(&one).unwrap().replace('\n', "\r\n"), 1),
    ] {
        let (finished, report) = scan(text.as_bytes(), &[]);
        assert_eq!(finished.code, Some(1), "{name}: {}", finished.stderr);
        assert_eq!(report["totals"]["vulnerabilities"], vulnerabilities, "{name}");
        assert_eq!(report["totals"]["high"], 1, "{name}: the worse rating stays");
        assert_eq!(report["totals"]["targets"], 1, "{name}");
    }
}

#[test]
fn reports_about_different_images_are_an_error_unless_asked_for() {
    let found = json!([vulnerability("CVE-1", "LOW", "2", "fixed")]);
    let text = format!("{}\n{}", image("shop:1", "a", &found), image("shop:1", "b", &found));
    let (finished, _) = scan(text.as_bytes(), &[]);
    assert_eq!(finished.code, Some(3));
    assert!(
        finished.stderr.contains("the reports are about different images: shop:1 in trivy.json"),
        "{}",
        finished.stderr
    );
    let (finished, report) = scan(text.as_bytes(), &["--several-images"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(report["totals"]["vulnerabilities"], 2, "one of each");
    let mut files = with(&json!([]));
    files["ArtifactType"] = "filesystem".into();
    let text = format!("{}\n{files}", image("shop:1", "a", &found));
    assert_eq!(scan(text.as_bytes(), &[]).0.code, Some(0), "files are no other image");
    // With a digest that is expected, every image must be that one.
    let text = format!("{}\n{}", image("shop:1", "a", &found), image("shop:1", "b", &found));
    let digest = format!("sha256:{}", "a".repeat(64));
    let (_, report) = scan(text.as_bytes(), &["--several-images", "--expect-digest", &digest]);
    assert_eq!(of_rule(&report, "image-mismatch").len(), 1);
}

#[test]
fn the_report_of_a_cluster_has_a_report_for_each_resource() {
    let results = json!([{"Target": "nginx (debian 12)", "Class": "os-pkgs", "Type": "debian",
        "Vulnerabilities": [vulnerability("CVE-1", "HIGH", "2", "fixed")]}]);
    let resource = json!({"Namespace": "shop", "Kind": "Deployment", "Name": "web", "Metadata": [{"OS": {"Family": "debian", "Name": "12"},
        "RepoTags": ["nginx:1"]}], "Results": results});
    for key in ["Resources", "Findings"] {
        let (finished, report) = scan_value(&json!({"ClusterName": "production", key: [resource]}), &[]);
        assert_eq!(finished.code, Some(1), "{key}: {}", finished.stderr);
        assert_eq!(report["details"]["artifacts"][0]["artifact"], "shop/Deployment/web");
        assert_eq!(of_rule(&report, "image-vulnerability").len(), 1, "{key}");
    }
    let clean = json!({"Namespace": "shop", "Kind": "Pod", "Name": "a", "Results": [{"Target": "a", "Class": "config", "Type": "kubernetes"}]});
    let cluster = |resources: Value| json!({"ClusterName": "production", "Resources": resources});
    assert_eq!(scan_value(&cluster(json!([clean])), &[]).0.code, Some(0));
    let mut failed = clean.clone();
    failed["Error"] = "unable to pull the image".into();
    let (finished, report) = scan_value(&cluster(json!([clean, failed])), &[]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(of_rule(&report, "image-incomplete")[0]["detail"], "unable to pull the image");
    for empty in [cluster(json!([])), cluster(Value::Null), json!({"ClusterName": "a", "Findings": []})] {
        let (finished, report) = scan_value(&empty, &[]);
        assert_eq!(finished.code, Some(1), "{empty}");
        assert_eq!(of_rule(&report, "image-nothing-scanned").len(), 1, "{empty}");
    }
    let damaged = json!({"ClusterName": "a", "Resources": [{"kind": "Pod", "Results": []}]});
    let (finished, _) = scan_value(&damaged, &[]);
    assert!(
        finished.code == Some(3) && finished.stderr.contains("did you mean `Kind`?"),
        "{}",
        finished.stderr
    );
}

/// A report in which somebody suppressed a finding.
fn suppressed(kind: &str, status: &str, source: &str, finding: &Value) -> Value {
    with_results(
        &json!([{"Target": "shop:1 (alpine 3.19)", "Class": "os-pkgs", "Type": "alpine", "ExperimentalModifiedFindings": [
        {"Type": kind, "Status": status, "Statement": "not reached", "Source": source, "Finding": finding}]}]),
    )
}

#[test]
fn what_is_suppressed_is_shown_and_never_open() {
    let vulnerability = vulnerability("CVE-1", "CRITICAL", "2", "fixed");
    let kinds = [
        ("vulnerability", vulnerability.clone()),
        ("misconfiguration", json!({"ID": "DS-1", "Severity": "HIGH", "Status": "FAIL"})),
        ("secret", json!({"RuleID": "aws", "Severity": "CRITICAL"})),
        ("license", json!({"Name": "GPL-3.0", "Severity": "HIGH", "Category": "restricted"})),
        ("", vulnerability.clone()),
    ];
    for (kind, finding) in &kinds {
        for status in ["ignored", "not_affected", "fixed", "Not_Affected"] {
            let (finished, report) = scan_value(&suppressed(kind, status, ".trivyignore", finding), &[]);
            assert_eq!(finished.code, Some(0), "{kind} {status}: {}", finished.stderr);
            assert_eq!(report["details"]["suppressed"].as_array().unwrap().len(), 1, "{kind} {status}");
        }
        for status in ["affected", "under_investigation", "unknown", "", "ignore"] {
            let (finished, report) = scan_value(&suppressed(kind, status, ".trivyignore", finding), &[]);
            assert_eq!(finished.code, Some(1), "{kind} {status}: it stays open: {}", finished.stdout);
            assert_eq!(report["details"]["suppressed"], json!([]), "{kind} {status}");
        }
    }
    for (sources, source, code) in [
        (".trivyignore", ".trivyignore", 0),
        ("vex/*", "vex/a.json", 0),
        ("vex/*", ".trivyignore", 1),
        (".trivyignore", "", 1),
    ] {
        let value = suppressed("vulnerability", "ignored", source, &vulnerability);
        let (finished, report) = scan_value(&value, &["--suppression-sources", sources]);
        assert_eq!(finished.code, Some(code), "{sources} {source}");
        assert_eq!(
            of_rule(&report, "image-suppressed").len(),
            usize::try_from(code).unwrap(),
            "{sources} {source}"
        );
    }
    let (finished, _) = scan_value(&suppressed("malware", "ignored", "a", &vulnerability), &[]);
    assert!(
        finished.code == Some(3) && finished.stderr.contains("unknown type `malware`"),
        "{}",
        finished.stderr
    );
    let mut damaged = vulnerability;
    let severity = damaged.as_object_mut().unwrap().remove("Severity").unwrap();
    damaged["severity"] = severity;
    let (finished, _) = scan_value(&suppressed("vulnerability", "affected", "a", &damaged), &[]);
    assert!(
        finished.code == Some(3) && finished.stderr.contains("did you mean `Severity`?"),
        "{}",
        finished.stderr
    );
}

#[test]
fn advisories_of_one_vulnerability_are_joined_and_others_are_not() {
    let one = |id: &str, aliases: Value| json!({"VulnerabilityID": id, "PkgName": "a", "InstalledVersion": "1", "Severity": "LOW", "VendorIDs": aliases});
    for (name, found, expected) in [
        ("the same", json!([one("CVE-1", json!([])), one("CVE-1", json!([]))]), 1),
        ("an alias", json!([one("CVE-1", json!(["GHSA-1"])), one("GHSA-1", json!([]))]), 1),
        ("an alias on the other side", json!([one("CVE-1", json!([])), one("GHSA-1", json!(["CVE-1"]))]), 1),
        ("a chain", json!([one("GHSA-1", json!(["CVE-1"])), one("PYSEC-1", json!(["CVE-1"]))]), 1),
        (
            "a notice that two share",
            json!([one("CVE-1", json!(["DSA-1"])), one("CVE-2", json!(["DSA-1"]))]),
            2,
        ),
        (
            "an alias that two claim",
            json!([
                one("CVE-1", json!(["GHSA-1"])),
                one("CVE-2", json!(["GHSA-1"])),
                one("GHSA-1", json!([]))
            ]),
            3,
        ),
        (
            "an advisory about two",
            json!([
                one("GHSA-1", json!(["CVE-1", "CVE-2"])),
                one("CVE-1", json!([])),
                one("CVE-2", json!([]))
            ]),
            3,
        ),
    ] {
        let (_, report) = scan_value(&with(&found), &[]);
        assert_eq!(report["totals"]["vulnerabilities"], expected, "{name}");
        if name == "an alias on the other side" {
            assert_eq!(report["findings"][0]["subject"]["advisory"], "CVE-1", "the name of CVE leads");
            assert_eq!(report["findings"][0]["subject"]["aliases"], json!(["GHSA-1"]));
        }
    }
}

#[test]
fn a_class_leaves_out_only_what_can_be_of_it() {
    let of = |class: &str, kind: &str| {
        with_results(&json!([
            {"Target": "shop:1 (debian 12)", "Class": class, "Type": kind, "Vulnerabilities": [vulnerability("CVE-1", "HIGH", "2", "fixed")]},
            {"Target": "app", "Class": "secret"},
        ]))
    };
    assert_eq!(
        scan_value(&of("os-pkgs", "debian"), &["--classes", "secret"]).0.code,
        Some(0),
        "as it was asked for"
    );
    for (class, kind) in [
        ("os-pkg", "debian"),
        ("OS-PKGS", "debian"),
        ("", "debian"),
        ("lang-pkgs", "debian"),
        ("config", "debian"),
    ] {
        let (finished, _) = scan_value(&of(class, kind), &["--classes", "secret"]);
        assert_eq!(finished.code, Some(1), "{class} {kind}");
    }
}

#[test]
fn every_report_of_the_corpus_is_written_again_without_loss() {
    let Some(corpus) = corpus() else { return };
    for file in std::fs::read_dir(corpus.join("trivy-reports")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read(&path).unwrap();
        let (first, again) = super::written::trivy(&text);
        let (second, third) = super::written::trivy(again.to_string().as_bytes());
        let mut whole: Value = serde_json::from_slice(&text).unwrap();
        if whole.get("Results").is_none_or(Value::is_null) {
            whole["Results"] = json!([]);
        }
        assert_eq!(again, whole, "{}", path.display());
        assert_eq!(third, again, "{}", path.display());
        assert_eq!(first, second, "{}", path.display());
    }
}
