//! What is new against a report of what runs in production.

use serde_json::{Value, json};

use super::{of_rule, vulnerability, with, with_results};
use crate::support::{Finished, binary, report_or_null, run};

/// Compares one report with another.
fn compare(now: &Value, before: &[u8], arguments: &[&str]) -> (Finished, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trivy.json"), now.to_string()).unwrap();
    std::fs::write(folder.path().join("production.json"), before).unwrap();
    let mut command = binary("image-scan", folder.path());
    let finished =
        run(command.args(["--report", "trivy.json", "--compare-with", "production.json"]).args(arguments));
    (finished, report_or_null(folder.path()))
}

#[test]
fn what_runs_in_production_only_warns() {
    let known = vulnerability("CVE-1", "CRITICAL", "2", "fixed");
    let before = with(&json!([known])).to_string();
    let (finished, report) = compare(&with(&json!([known])), before.as_bytes(), &[]);
    assert_eq!(finished.code, Some(1), "it is only shown");
    assert_eq!(report["findings"][0]["subject"]["change"], "known");
    let (finished, report) = compare(&with(&json!([known])), before.as_bytes(), &["--only-new"]);
    assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("warn")), "{}", finished.stdout);
    assert_eq!(report["findings"][0]["severity"], "medium");
    assert_eq!(report["notes"], json!(["0 new, 1 known in `compare-with`"]));
    let (finished, report) =
        compare(&with(&json!([known])), before.as_bytes(), &["--only-new", "--fail-on", "low"]);
    assert_eq!((finished.code, &report["findings"][0]["severity"]), (Some(0), &json!("info")));

    let mut upgraded = known.clone();
    upgraded["InstalledVersion"] = "1.1.1d".into();
    let mut alias = known.clone();
    alias["VulnerabilityID"] = "GHSA-1".into();
    alias["VendorIDs"] = json!(["CVE-1"]);
    let mut other_package = known.clone();
    other_package["PkgName"] = "libssl".into();
    for (name, now, code) in [
        ("the same in another version", upgraded, 0),
        ("another name of the same", alias, 0),
        ("another package", other_package, 1),
        ("another advisory", vulnerability("CVE-2", "HIGH", "2", "fixed"), 1),
    ] {
        let (finished, _) = compare(&with(&json!([now])), before.as_bytes(), &["--only-new"]);
        assert_eq!(finished.code, Some(code), "{name}: {}", finished.stdout);
    }
    let elsewhere = with_results(
        &json!([{"Target": "app/b.lock", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": [known]}]),
    );
    assert_eq!(compare(&elsewhere, before.as_bytes(), &["--only-new"]).0.code, Some(1), "another place");
}

#[test]
fn a_comparison_never_makes_up_what_was_known() {
    let found = with(&json!([vulnerability("CVE-1", "CRITICAL", "2", "fixed")]));
    let suppressed =
        with_results(&json!([{"Target": "shop:1 (alpine 3.19)", "Class": "os-pkgs", "Type": "alpine",
        "ExperimentalModifiedFindings": [{"Type": "vulnerability", "Status": "ignored",
            "Finding": vulnerability("CVE-1", "CRITICAL", "2", "fixed")}]}]));
    for (name, before, code) in [
        ("suppressed there", suppressed.to_string(), 1),
        ("nothing there", with(&json!([])).to_string(), 1),
        ("damaged", "{\"SchemaVersion\": 2, \"Results\": [".to_owned(), 3),
        ("no report", "{}".to_owned(), 3),
    ] {
        assert_eq!(compare(&found, before.as_bytes(), &["--only-new"]).0.code, Some(code), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trivy.json"), found.to_string()).unwrap();
    for (arguments, code, words) in [
        (&["--only-new"][..], 2, "needs a report to compare with"),
        (&["--compare-with", "trivy.json"], 2, "is compared with itself"),
        (&["--compare-with", "absent.json", "--only-new"], 1, "absent.json is not used: no such file"),
    ] {
        let finished =
            run(binary("image-scan", folder.path()).args(["--report", "trivy.json"]).args(arguments));
        assert_eq!(finished.code, Some(code), "{arguments:?}");
        assert!(
            finished.stderr.contains(words) || finished.stdout.contains(words),
            "{}{}",
            finished.stdout,
            finished.stderr
        );
    }
}

#[test]
fn secrets_and_misconfigurations_are_known_without_their_lines() {
    let report = |line: u64, matched: &str| {
        with_results(&json!([
            {"Target": "app/.env", "Class": "secret", "Secrets": [{"RuleID": "aws", "Severity": "CRITICAL", "StartLine": line, "Match": matched}]},
            {"Target": "Dockerfile", "Class": "config", "Type": "dockerfile", "Misconfigurations": [
                {"ID": "DS-1", "Severity": "HIGH", "Status": "FAIL", "Message": "m", "CauseMetadata": {"StartLine": line}}]},
        ]))
    };
    let before = report(1, "key=***").to_string();
    assert_eq!(compare(&report(9, "key=***"), before.as_bytes(), &["--only-new"]).0.code, Some(0));
    let (finished, found) = compare(&report(9, "other=***"), before.as_bytes(), &["--only-new"]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(of_rule(&found, "image-secret")[0]["subject"]["change"], "new");
}
