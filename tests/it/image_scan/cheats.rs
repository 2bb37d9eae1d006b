//! Reports that were changed or damaged so that they look clean, and changes that do no harm.

use serde_json::{Value, json};

use super::with_results;
use crate::support::{binary, report_or_null, run};

/// A scan that is red, with the settings it is judged by.
struct Scan {
    report: Value,
    /// What stands in the file, where that is not just the report.
    text: Option<Vec<u8>>,
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
        Self { report, text: None, settings: String::new() }
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

    /// The report of the same image without the vulnerability.
    fn clean(&self) -> Value {
        let mut clean = self.report.clone();
        clean["Results"][0]["Vulnerabilities"] = json!([]);
        clean
    }

    /// Says what the file holds, out of the report's own text.
    fn written(&mut self, text: impl Fn(String) -> String) {
        self.text = Some(text(self.report.to_string()).into_bytes());
    }

    /// Says something about the image, and sets this.
    fn about(&mut self, metadata: Value, settings: &str) {
        self.report["Results"][0]["Vulnerabilities"] = json!([]);
        self.report["Metadata"] = metadata;
        self.settings = format!("[image-scan]\n{settings}\n");
    }

    /// Moves the vulnerability among those that somebody suppressed.
    fn suppressed(&mut self, status: &str) {
        let finding = self.result().remove("Vulnerabilities").unwrap()[0].clone();
        self.result().insert(
            "ExperimentalModifiedFindings".to_owned(),
            json!([{"Type": "vulnerability", "Status": status, "Source": "any", "Finding": finding}]),
        );
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
        "has its class in another case, and only secrets are asked for",
        |scan| {
            scan.result().insert("Class".to_owned(), json!("OS-PKGS"));
            "[image-scan]\nclasses = [\"secret\"]\n".clone_into(&mut scan.settings);
        },
        Red("image-vulnerability"),
    ),
    (
        "says that its vulnerabilities are a licence, and only secrets are asked for",
        |scan| {
            scan.result().insert("Class".to_owned(), json!("license"));
            "[image-scan]\nclasses = [\"secret\"]\n".clone_into(&mut scan.settings);
        },
        Red("image-vulnerability"),
    ),
    (
        "has its severity in lower case",
        |scan| drop(scan.vulnerability().insert("Severity".to_owned(), json!("critical"))),
        Red("image-vulnerability"),
    ),
    (
        "has a severity that is not a word of any scanner",
        |scan| drop(scan.vulnerability().insert("Severity".to_owned(), json!("CRITICAM"))),
        Red("image-unrated"),
    ),
    (
        "has its severity under a key that lacks a letter",
        |scan| rename(scan.vulnerability(), "Severity", "Sverity"),
        Refused(3, "did you mean `Severity`?"),
    ),
    (
        "has a status that is nearly one that is left out",
        |scan| {
            scan.vulnerability().insert("Status".to_owned(), json!("will-not-fix"));
            "[image-scan]\nignore-status = [\"will_not_fix\"]\n".clone_into(&mut scan.settings);
        },
        Red("image-vulnerability"),
    ),
    (
        "is fixed in a list of versions, and only those with a fix are asked for",
        |scan| {
            scan.vulnerability().insert("FixedVersion".to_owned(), json!(" , 1.1,2.0"));
            scan.vulnerability().insert("Status".to_owned(), json!("affected"));
            "[image-scan]\nfixed-only = true\n".clone_into(&mut scan.settings);
        },
        Red("image-vulnerability"),
    ),
    (
        "has no fixed version and the status of a fix, and only those with a fix are asked for",
        |scan| {
            scan.vulnerability().remove("FixedVersion");
            "[image-scan]\nfixed-only = true\n".clone_into(&mut scan.settings);
        },
        Red("image-vulnerability"),
    ),
    (
        "has the vulnerability among the suppressed, of which it says affected",
        |scan| scan.suppressed("affected"),
        Red("image-vulnerability"),
    ),
    (
        "has the vulnerability among the suppressed, by a source that nobody accepts",
        |scan| {
            scan.suppressed("ignored");
            "[image-scan]\nsuppression-sources = [\".trivyignore\"]\n".clone_into(&mut scan.settings);
        },
        Red("image-suppressed"),
    ),
    (
        "has a second list without the vulnerability",
        |scan| {
            scan.written(|text| {
                text.replacen("\"Vulnerabilities\":", "\"Vulnerabilities\":[],\"Vulnerabilities\":", 1)
            });
        },
        Refused(3, "duplicate key `Vulnerabilities`"),
    ),
    (
        "has a second severity, spelt with an escape",
        |scan| {
            scan.written(|text| {
                text.replacen(
                    "\"Severity\":\"CRITICAL\"",
                    "\"Severity\":\"CRITICAL\",\"Sever\\u0069ty\":\"LOW\"",
                    1,
                )
            });
        },
        Refused(3, "duplicate field `Severity`"),
    ),
    (
        "is followed by a clean one",
        |scan| {
            let clean = scan.clean().to_string();
            scan.written(|text| format!("{text}\n{clean}"));
        },
        Red("image-vulnerability"),
    ),
    (
        "is preceded by a clean one in a list",
        |scan| {
            let clean = scan.clean().to_string();
            scan.written(|text| format!("[{clean},{text}]"));
        },
        Red("image-vulnerability"),
    ),
    (
        "is preceded by one of another image",
        |scan| {
            let mut other = scan.clean();
            other["ArtifactName"] = "other:1".into();
            scan.written(|text| format!("{other}\n{text}"));
        },
        Refused(3, "the reports are about different images"),
    ),
    (
        "is cut off behind a whole result",
        |scan| scan.written(|text| text[..text.len() - 2].to_owned()),
        Refused(3, "is cut off"),
    ),
    (
        "is cut off and closed again",
        |scan| scan.written(|text| format!("{}]}}", &text[..text.find("\"Vulnerabilities\"").unwrap()])),
        Refused(3, "is not JSON"),
    ),
    (
        "is compressed",
        |scan| scan.text = Some(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00".to_vec()),
        Refused(3, "is not JSON"),
    ),
    ("has null for its results", |scan| scan.report["Results"] = Value::Null, Red("image-nothing-scanned")),
    (
        "has a text for its results",
        |scan| scan.report["Results"] = json!("none"),
        Refused(3, "expected a list of results"),
    ),
    (
        "has a merge conflict",
        |scan| scan.written(|text| text.replacen(',', ",\n<<<<<<< ours\n", 1)),
        Refused(3, "is not JSON"),
    ),
    ("is an empty file", |scan| scan.text = Some(Vec::new()), Refused(3, "is empty")),
    ("is of version 3", |scan| scan.report["SchemaVersion"] = json!(3), Refused(3, "supported is version 2")),
    (
        "is of an image that is only named like the expected one",
        |scan| {
            scan.about(
                json!({"RepoTags": ["shop:1"]}),
                &format!("expect-digest = \"shop@sha256:{}\"", "a".repeat(64)),
            );
        },
        Red("image-mismatch"),
    ),
    (
        "has the expected digest in its name only",
        |scan| {
            let digest = format!("sha256:{}", "a".repeat(64));
            scan.report["ArtifactName"] = format!("shop@{digest}").into();
            scan.about(json!({}), &format!("expect-digest = \"{digest}\""));
        },
        Red("image-mismatch"),
    ),
    (
        "has a date of next year",
        |scan| {
            scan.about(json!({}), "max-report-age = 3");
            scan.report["CreatedAt"] = "2027-11-23T00:00:00Z".into();
        },
        Red("report-outdated"),
    ),
    ("has no date", |scan| scan.about(json!({}), "max-report-age = 3"), Red("report-outdated")),
    (
        "is of a cluster that could not be read",
        |scan| scan.report = json!({"ClusterName": "c", "Resources": [{"Kind": "Pod", "Name": "p", "Results": [{"Target": "p"}], "Error": "denied"}]}),
        Red("image-incomplete"),
    ),
    (
        "is compared with itself",
        |scan| {
            "[image-scan]\nonly-new = true\ncompare-with = [\"trivy.json\"]\n".clone_into(&mut scan.settings);
        },
        Refused(2, "is compared with itself"),
    ),
    (
        "has numbers where texts are expected",
        |scan| scan.result()["Vulnerabilities"][0]["InstalledVersion"] = json!(1.0),
        Red("image-vulnerability"),
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

/// Reports of a clean image that look odd.
const HARMLESS: &[Case] = &[
    ("is as it was", |_| {}, Pass),
    ("has no classes", |scan| drop(scan.result().remove("Class")), Pass),
    ("has no types", |scan| drop(scan.result().remove("Type")), Pass),
    ("has a new class", |scan| drop(scan.result().insert("Class".to_owned(), json!("models"))), Pass),
    (
        "has null for a list",
        |scan| drop(scan.result().insert("Vulnerabilities".to_owned(), Value::Null)),
        Pass,
    ),
    ("has no list", |scan| drop(scan.result().remove("Vulnerabilities")), Pass),
    ("has a mark for its encoding", |scan| scan.written(|text| format!("\u{feff}{text}")), Pass),
    ("has the ends of lines of Windows", |scan| scan.written(|text| text.replace(',', ",\r\n")), Pass),
    ("is given twice in one file", |scan| scan.written(|text| format!("{text}\n{text}")), Pass),
    ("stands in a list", |scan| scan.written(|text| format!("[{text}]")), Pass),
    ("is only its results", |scan| scan.text = Some(scan.report["Results"].to_string().into_bytes()), Pass),
    (
        "has an image configuration without layers",
        |scan| scan.report["Metadata"] = json!({"ImageConfig": {"rootfs": {"diff_ids": null}}}),
        Pass,
    ),
    ("has keys of a later scanner", |scan| scan.report["Provenance"] = json!({"a": {"b": [1, 2]}}), Pass),
    (
        "has the same keys in different objects",
        |scan| scan.report["Extra"] = json!([{"a": 1, "b": {"a": 2}}, {"a": 3}]),
        Pass,
    ),
    (
        "has checks that passed",
        |scan| {
            drop(scan.result().insert(
                "Misconfigurations".to_owned(),
                json!([{"ID": "DS-1", "Severity": "CRITICAL", "Status": "PASS"}]),
            ));
        },
        Pass,
    ),
    (
        "has an exception of a check",
        |scan| {
            drop(scan.result().insert(
                "Misconfigurations".to_owned(),
                json!([{"ID": "DS-1", "Severity": "HIGH", "Status": "EXCEPTION"}]),
            ));
        },
        Pass,
    ),
    (
        "has licences that ask for attribution only",
        |scan| {
            drop(scan.result().insert(
                "Licenses".to_owned(),
                json!([{"Name": "MIT", "Severity": "LOW", "Category": "notice"}]),
            ));
        },
        Pass,
    ),
    (
        "has a vulnerability that somebody states does not apply",
        |scan| {
            drop(scan.result().insert("ExperimentalModifiedFindings".to_owned(), json!([{"Type": "vulnerability", "Status": "not_affected",
            "Statement": "s", "Source": "vex.json", "Finding": {"VulnerabilityID": "CVE-2026-1", "PkgName": "p", "Severity": "CRITICAL"}}])));
        },
        Pass,
    ),
    (
        "is of the expected image by its configuration",
        |scan| {
            scan.about(
                json!({"ImageID": format!("sha256:{}", "a".repeat(64))}),
                &format!("expect-digest = \"sha256:{}\"", "A".repeat(64)),
            );
        },
        Pass,
    ),
    (
        "is as old as it may be",
        |scan| {
            scan.about(json!({}), "max-report-age = 3");
            scan.report["CreatedAt"] = "2026-11-20T12:00:00.123456789Z".into();
        },
        Pass,
    ),
    (
        "has results of somebody's own module",
        |scan| {
            scan.report["Results"]
                .as_array_mut()
                .unwrap()
                .push(json!({"Target": "x", "Class": "custom", "CustomResources": [{"Severity": "HIGH"}]}));
        },
        Pass,
    ),
    (
        "has a low vulnerability by another scale",
        |scan| scan.result()["Vulnerabilities"] = json!([{"VulnerabilityID": "CVE-1", "Severity": 1}]),
        Warn("image-vulnerability"),
    ),
    (
        "is of Grype",
        |scan| {
            scan.report =
                json!({"matches": [], "source": {"type": "image", "target": {"userInput": "shop:1"}}});
        },
        Pass,
    ),
    (
        "is of an analyser",
        |scan| {
            scan.report =
                json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": []}]});
        },
        Pass,
    ),
];

#[test]
fn no_damaged_report_looks_clean() {
    assert!(CASES.len() >= 40 && HARMLESS.len() >= 20);
    judge(CASES, |_| {});
}

#[test]
fn reports_that_only_look_odd_are_green() {
    judge(HARMLESS, |scan| scan.report = scan.clean());
}

/// Judges every report, which is prepared before it is changed.
fn judge(cases: &[Case], prepare: fn(&mut Scan)) {
    for (name, change, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut scan = Scan::new();
        prepare(&mut scan);
        change(&mut scan);
        let text = scan.text.take().unwrap_or_else(|| scan.report.to_string().into_bytes());
        std::fs::write(folder.path().join("trivy.json"), text).unwrap();
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
