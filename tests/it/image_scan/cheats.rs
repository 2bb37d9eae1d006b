//! Reports that were changed or damaged so that they look clean, and changes that do no harm.

use serde_json::{Value, json};

use super::with_results;
use crate::support::{binary, report_or_null, run};

/// A scan that is red, with the settings it is judged by.
struct Scan {
    report: Value,
    settings: String,
}

impl Scan {
    fn new() -> Self {
        let vulnerability = json!({"VulnerabilityID": "CVE-2026-1001", "PkgName": "openssl", "InstalledVersion": "1.0",
            "FixedVersion": "1.1", "Severity": "CRITICAL", "Status": "fixed"});
        let report = with_results(&json!([
            {"Target": "shop:1 (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [vulnerability]},
            {"Target": "app/package-lock.json", "Class": "lang-pkgs", "Type": "npm"},
        ]));
        Self { report, settings: String::new() }
    }

    /// The result with the vulnerability.
    fn result(&mut self) -> &mut serde_json::Map<String, Value> {
        self.report["Results"][0].as_object_mut().unwrap()
    }

    /// The vulnerability.
    fn vulnerability(&mut self) -> &mut serde_json::Map<String, Value> {
        self.report["Results"][0]["Vulnerabilities"][0].as_object_mut().unwrap()
    }

    /// Puts one secret in the place of the vulnerability.
    fn secret(&mut self, secret: &Value) {
        self.report["Results"] = json!([{"Target": "app/.env", "Class": "secret", "Secrets": [secret]}]);
    }

    fn waive(&mut self, rule: &str, matches: &str) {
        self.settings = format!(
            "[[waiver]]\nrule = \"{rule}\"\nmatches = \"{matches}\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-12-31\n"
        );
    }
}

/// Gives a value another key.
fn rename(fields: &mut serde_json::Map<String, Value>, from: &str, to: &str) {
    let value = fields.remove(from).unwrap();
    fields.insert(to.to_owned(), value);
}

/// What must become of a scan.
#[derive(Debug)]
enum Expected {
    /// The gate fails, with a finding of this rule.
    Red(&'static str),
    /// The gate refuses to judge, with this exit code and these words.
    Refused(i32, &'static str),
    /// The gate passes, with a finding of this rule.
    Warn(&'static str),
    /// Nothing is open.
    Pass,
}

use Expected::{Pass, Red, Refused, Warn};

type Case = (&'static str, fn(&mut Scan), Expected);

const CASES: &[Case] = &[
    ("is as it was", |_| {}, Red("image-vulnerability")),
    (
        "has its list under a key in lower case",
        |scan| rename(scan.result(), "Vulnerabilities", "vulnerabilities"),
        Refused(3, "did you mean `Vulnerabilities`?"),
    ),
    (
        "has its list under a key with a flipped bit",
        |scan| rename(scan.result(), "Vulnerabilities", "Vulnerabilitier"),
        Refused(3, "did you mean `Vulnerabilities`?"),
    ),
    (
        "has its results under a key in capitals",
        |scan| rename(scan.report.as_object_mut().unwrap(), "Results", "RESULTS"),
        Refused(3, "did you mean `Results`?"),
    ),
    (
        "has its severity under a key in lower case",
        |scan| rename(scan.vulnerability(), "Severity", "severity"),
        Refused(3, "did you mean `Severity`?"),
    ),
    (
        "has its severity twice, in two cases",
        |scan| drop(scan.vulnerability().insert("SEVERITY".to_owned(), json!("LOW"))),
        Refused(3, "did you mean `Severity`?"),
    ),
    (
        "has its list under a key that nobody knows",
        |scan| rename(scan.result(), "Vulnerabilities", "Weaknesses"),
        Red("image-not-judged"),
    ),
    ("has no severity", |scan| drop(scan.vulnerability().remove("Severity")), Warn("image-unrated")),
    (
        "holds a secret without a severity",
        |scan| scan.secret(&json!({"RuleID": "aws", "Severity": ""})),
        Red("image-secret"),
    ),
    (
        "holds a secret that nobody has rated, where that shall be low",
        |scan| {
            scan.secret(&json!({"RuleID": "aws", "Severity": "UNKNOWN"}));
            "[image-scan]\nunknown-severity = \"low\"\n".clone_into(&mut scan.settings);
        },
        Red("image-secret"),
    ),
    (
        "holds no results",
        |scan| drop(scan.report.as_object_mut().unwrap().remove("Results")),
        Red("image-nothing-scanned"),
    ),
    (
        "is of another image of the same name",
        |scan| {
            scan.report["Results"][0]["Vulnerabilities"] = json!([]);
            scan.report["Metadata"] =
                json!({"RepoDigests": [format!("ghcr.io/x/shop@sha256:{}", "a".repeat(64))]});
            scan.settings =
                format!("[image-scan]\nexpect-digest = \"ghcr.io/x/shop@sha256:{}\"\n", "b".repeat(64));
        },
        Red("image-mismatch"),
    ),
    (
        "is of the expected image, which is given with another name",
        |scan| {
            scan.report["Results"][0]["Vulnerabilities"] = json!([]);
            scan.report["Metadata"] =
                json!({"RepoDigests": [format!("ghcr.io/x/shop@sha256:{}", "a".repeat(64))]});
            scan.settings =
                format!("[image-scan]\nexpect-digest = \"ghcr.io/y/shop@sha256:{}\"\n", "a".repeat(64));
        },
        Pass,
    ),
    ("is waived by its id in another case", |scan| scan.waive("image-vulnerability", "cve-2026-1001"), Pass),
    (
        "is waived by what many findings share",
        |scan| scan.waive("image-vulnerability", "os-pkgs"),
        Red("waiver-unused"),
    ),
    (
        "is waived by its status",
        |scan| scan.waive("image-vulnerability", "fixed"),
        Red("image-vulnerability"),
    ),
    (
        "is waived under a rule that nobody has",
        |scan| scan.waive("image-vulnerabilty", "CVE-2026-1001"),
        Refused(2, "did you mean `image-vulnerability`?"),
    ),
    (
        "is waived under another rule",
        |scan| scan.waive("image-unrated", "CVE-2026-1001"),
        Red("waiver-unused"),
    ),
    (
        "has the rule of a stale test report waived, and is too old",
        |scan| {
            scan.report["Results"][0]["Vulnerabilities"] = json!([]);
            scan.report["CreatedAt"] = "2020-01-01T00:00:00Z".into();
            scan.waive("report-stale", "t*");
            scan.settings = format!("[image-scan]\nmax-report-age = 3\n\n{}", scan.settings);
        },
        Red("report-outdated"),
    ),
    (
        "has keys of a later scanner",
        |scan| {
            scan.report["Results"][0]["Vulnerabilities"] = json!([{"VulnerabilityID": "CVE-2026-1002", "Severity": "LOW",
                "Exploited": true, "Sources": ["a"]}]);
            scan.report["Results"][0]["Scope"] = "runtime".into();
            scan.waive("image-vulnerability", "CVE-2026-1002");
        },
        Pass,
    ),
];

#[test]
fn no_damaged_report_looks_clean() {
    for (name, change, expected) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let mut scan = Scan::new();
        change(&mut scan);
        std::fs::write(folder.path().join("trivy.json"), scan.report.to_string()).unwrap();
        std::fs::write(folder.path().join("devops.toml"), &scan.settings).unwrap();
        let finished = run(binary("image-scan", folder.path()).args(["--report", "trivy.json"]));
        let report = report_or_null(folder.path());
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let has = |rule: &str| {
            findings.iter().any(|finding| finding["rule"] == rule && finding.get("waived").is_none())
        };
        let said = (finished.code, report["verdict"].as_str().unwrap_or_default());
        let is_right = match expected {
            Red(rule) => said == (Some(1), "fail") && has(rule),
            Refused(code, words) => finished.code == Some(*code) && finished.stderr.contains(words),
            Warn(rule) => said == (Some(0), "warn") && has(rule),
            Pass => said == (Some(0), "pass"),
        };
        assert!(is_right, "a report that {name}: {expected:?}\n{}{}", finished.stdout, finished.stderr);
    }
}
