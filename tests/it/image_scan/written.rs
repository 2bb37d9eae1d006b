//! What is written in the forms of scanners is read again with the same findings, whatever is in them.
//!
//! `scripts/scanner-reports` writes and reads thousands of results; a run of the tests a few.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{vulnerability, with, with_results};
use crate::render::bills::validators;
use crate::support::{self, binary, report_or_null, run};

/// A finding that has to be the same: what it is, its name, what it is about, and how bad it is.
type Signature = (String, String, String, String, String);

/// The open findings of a report. Other scanners have no word below low, and know no results of other analysers.
fn signatures(report: &Value) -> BTreeSet<Signature> {
    let findings = report["findings"].as_array().unwrap().iter();
    let open = findings.filter(|finding| finding.get("waived").is_none());
    let signature = |finding: &Value| {
        let text = |name: &str| finding["subject"][name].as_str().unwrap_or_default().to_owned();
        let kind = match finding["rule"].as_str().unwrap() {
            "image-vulnerability" | "image-unrated" => "vulnerability",
            "image-misconfiguration" | "image-result" => "misconfiguration",
            "image-secret" => "secret",
            "image-licence" => "licence",
            _ => return None,
        };
        let severity = finding["severity"].as_str().unwrap().replace("info", "low");
        Some((kind.to_owned(), text("advisory"), text("package"), text("version"), severity))
    };
    open.filter_map(signature).collect()
}

/// Judges a file, and writes these formats too.
fn judged(folder: &Path, file: &str, formats: &str, settings: &str) -> (Option<i32>, Value) {
    std::fs::write(folder.join("devops.toml"), settings).unwrap();
    drop(std::fs::remove_dir_all(folder.join("devops-report")));
    let finished =
        run(binary("image-scan", folder).args(["--report", file, "--formats", &format!("json,{formats}")]));
    assert!(
        matches!(finished.code, Some(0 | 1)),
        "{file}: {:?} {}{}",
        finished.code,
        finished.stdout,
        finished.stderr
    );
    (finished.code, report_or_null(folder))
}

fn written(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("devops-report").join(name)).unwrap()).unwrap()
}

/// The findings of a report, and the report as it is written again.
pub(super) fn trivy(text: &[u8]) -> (BTreeSet<Signature>, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.json"), text).unwrap();
    let (_, report) = judged(folder.path(), "t.json", "trivy", "");
    (signatures(&report), written(folder.path(), "trivy.json"))
}

/// The forms that are read again, with the kinds of findings that each can hold.
const FORMS: [(&str, &str, &[&str]); 3] = [
    ("trivy", "trivy.json", &["vulnerability", "misconfiguration", "secret", "licence"]),
    ("grype", "grype.json", &["vulnerability"]),
    ("sarif", "report.sarif", &["vulnerability"]),
];

/// Writes a report in every form, and reads each of them again.
fn round_trip(folder: &Path, input: &Value) {
    std::fs::write(folder.join("in.json"), input.to_string()).unwrap();
    let (code, first) = judged(folder, "in.json", &support::formats("image-scan"), "");
    let expected = signatures(&first);
    valid(folder);
    for (format, file, _) in FORMS {
        std::fs::copy(folder.join("devops-report").join(file), folder.join(format)).unwrap();
    }
    for (format, _, kinds) in FORMS {
        let (again, report) = judged(folder, format, "json", "");
        let of_kinds = |all: &BTreeSet<Signature>| -> BTreeSet<Signature> {
            all.iter().filter(|one| kinds.contains(&one.0.as_str())).cloned().collect()
        };
        let (found, expected) = (of_kinds(&signatures(&report)), of_kinds(&expected));
        assert_eq!(found, expected, "{format} of {input:#}");
        if kinds.len() > 1 {
            assert_eq!(again, code, "{format} of {input:#}");
        }
    }
}

/// Whether all that was written is valid, and names each finding once.
fn valid(folder: &Path) {
    thread_local! {
        static VALIDATORS: std::collections::BTreeMap<&'static str, jsonschema::Validator> = validators();
        static SARIF: Option<jsonschema::Validator> = support::schemas().map(|folder| {
            let schema = serde_json::from_slice(&std::fs::read(folder.join("sarif-2.1.0.schema.json")).unwrap()).unwrap();
            jsonschema::validator_for(&schema).unwrap()
        });
    }
    let check = |file: &str, validator: &jsonschema::Validator| {
        let value = written(folder, file);
        if let Some(error) = validator.iter_errors(&value).next() {
            panic!("{file}: {error} at {}", error.instance_path());
        }
        value
    };
    VALIDATORS.with(|validators| {
        for file in
            ["gl-container-scanning-report.json", "bom.cdx.json", "bom.spdx.json", "verdict.intoto.json"]
        {
            let Some(validator) = validators.get(file) else { continue };
            let value = check(file, validator);
            if file.starts_with("gl-") {
                let ids: Vec<&str> = value["vulnerabilities"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["id"].as_str().unwrap())
                    .collect();
                assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{file}");
            }
        }
    });
    SARIF.with(|validator| validator.as_ref().map(|validator| check("report.sarif", validator)));
}

/// A generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// A text of hostile pieces.
    fn text(&mut self) -> String {
        const PIECES: [&str; 18] = [
            "a",
            "openssl",
            "1.2.3",
            "\u{0}",
            "\u{1b}[31m",
            "\u{7f}",
            "\u{202e}",
            "\u{200b}",
            "é",
            "😀",
            "\u{feff}",
            "\"",
            "\\",
            "\r\n",
            "::error::x",
            "<script>",
            "]]>",
            " ",
        ];
        (0..=self.below(3)).map(|_| self.one_of(&PIECES)).collect()
    }

    fn vulnerability(&mut self, number: usize) -> Value {
        let cvss = [json!(null), json!({"nvd": {"V40Vector": "CVSS:4.0/AV:N", "V40Score": 9.1}})];
        let description = if self.below(40) == 0 { "d".repeat(1 << 20) } else { self.text() };
        json!({
            "VulnerabilityID": format!("CVE-2026-{number}"), "PkgName": self.text(),
            "InstalledVersion": if self.below(4) == 0 { String::new() } else { self.text() },
            "FixedVersion": self.one_of(&["", "2.0", "1.1, 2.0", " "]),
            "Severity": self.one_of(&["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN", "", "NONE", "Important", "odd"]),
            "Status": self.one_of(&["fixed", "affected", "will_not_fix", "", "end_of_life", "x"]),
            "Title": self.text(), "Description": description, "CVSS": cvss[self.below(2)],
            "PkgIdentifier": {"PURL": self.one_of(&["", "pkg:npm/a@1", "pkg:deb/debian/a b", "x"])},
            "VendorIDs": [self.one_of(&["DSA-1", "GHSA-1"])], "PrimaryURL": self.one_of(&["", "https://a", "javascript:x"]),
            "Layer": {"DiffID": self.one_of(&["", "sha256:1"])}, "PkgPath": self.one_of(&["", "app/a.jar", "\u{202e}"]),
        })
    }

    fn report(&mut self) -> Value {
        let mut results = Vec::new();
        for at in 0..=self.below(3) {
            let (class, kind) =
                [("os-pkgs", "debian"), ("lang-pkgs", "npm"), ("lang-pkgs", "jar"), ("os-pkgs", "rocky")]
                    [self.below(4)];
            let vulnerabilities: Vec<Value> =
                (0..self.below(4)).map(|index| self.vulnerability(10 * at + index)).collect();
            results.push(json!({"Target": format!("{at}{}", self.text()), "Class": class, "Type": kind,
                "Vulnerabilities": vulnerabilities,
                "Packages": [{"Name": self.text(), "Version": self.text(), "Licenses": [self.text()]}]}));
        }
        results.push(json!({"Target": "config", "Class": "config", "Type": "dockerfile", "Misconfigurations": [{"ID": "DS-1",
            "Title": self.text(), "Message": self.text(), "Status": self.one_of(&["FAIL", "PASS", ""]),
            "Severity": self.one_of(&["HIGH", "LOW"])}]}));
        results.push(
            json!({"Target": "secret", "Class": "secret", "Secrets": [{"RuleID": "aws", "Title": self.text(),
            "Severity": self.one_of(&["HIGH", ""]), "StartLine": self.below(3)}]}),
        );
        results.push(json!({"Target": "licence", "Class": "license", "Licenses": [{"Name": "GPL-3.0-only", "PkgName": "p",
            "Category": "restricted", "Severity": self.one_of(&["HIGH", "MEDIUM"])}]}));
        let mut report = with_results(&json!(results));
        report["CreatedAt"] = "2026-11-22T00:00:00Z".into();
        report
    }
}

#[test]
fn whatever_is_written_is_read_again_with_the_same_findings() {
    let amount = std::env::var("DEVOPS_WRITTEN").ok().and_then(|text| text.parse().ok()).unwrap_or(24_u64);
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..amount {
        let mut numbers = Numbers((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let trivy = numbers.report();
        // What others found is written in the forms of both.
        let input = match seed % 3 {
            0 => trivy,
            1 => as_grype(&trivy),
            _ => as_sarif(&trivy),
        };
        round_trip(folder.path(), &input);
    }
}

/// The vulnerabilities of a report as Grype has them.
fn as_grype(trivy: &Value) -> Value {
    let found = trivy["Results"].as_array().unwrap().iter().flat_map(|result| {
        let kind = if result["Class"] == "os-pkgs" { "deb" } else { "npm" };
        result["Vulnerabilities"].as_array().into_iter().flatten().map(move |one| {
            json!({"vulnerability": {"id": one["VulnerabilityID"], "severity": one["Severity"], "description": one["Title"],
                "fix": {"versions": [one["FixedVersion"]], "state": "fixed"}},
                "artifact": {"name": one["PkgName"], "version": one["InstalledVersion"], "type": kind, "purl": "",
                    "locations": [{"path": "/app/a"}]}})
        })
    });
    json!({"matches": found.collect::<Vec<_>>(), "source": {"type": "image", "target": {"userInput": "shop:1"}},
        "distro": {"name": "debian", "version": "12"}, "descriptor": {"name": "grype", "version": "1"}})
}

/// Everything in a report as an analyser would write it.
fn as_sarif(trivy: &Value) -> Value {
    let found = trivy["Results"].as_array().unwrap().iter().flat_map(|result| {
        result["Vulnerabilities"].as_array().into_iter().flatten().map(|one| {
            json!({"ruleId": one["VulnerabilityID"], "level": "error",
                "message": {"text": format!("Package: {}\nInstalled Version: {}", one["PkgName"].as_str().unwrap().replace(['\r', '\n'], ""), 1)}})
        })
    });
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": found.collect::<Vec<_>>()}]})
}

#[test]
fn unknown_keys_stay_and_what_is_waived_is_suppressed() {
    let folder = tempfile::tempdir().unwrap();
    let waiver = "[[waiver]]\nrule = 'image-vulnerability'\nmatches = 'CVE-1'\nreason = 'not reached'\nowner = 'o'\nexpires = 2026-12-31\n";
    let mut report = with(&json!([
        vulnerability("CVE-1", "CRITICAL", "2", "fixed"),
        vulnerability("CVE-2", "HIGH", "2", "fixed")
    ]));
    report["New"] = json!({"a": [1.5, 1e300, 18_446_744_073_709_551_615_u64, null]});
    report["Results"][0]["Vulnerabilities"][1]["Newer"] = json!([{"b": "\u{202e}"}]);
    std::fs::write(folder.path().join("in.json"), report.to_string()).unwrap();
    judged(folder.path(), "in.json", "trivy,grype,gitlab", waiver);
    let again = written(folder.path(), "trivy.json");
    assert_eq!(again["New"], report["New"]);
    assert_eq!(again["Results"][0]["Vulnerabilities"], json!([report["Results"][0]["Vulnerabilities"][1]]));
    let suppressed = &again["Results"][0]["ExperimentalModifiedFindings"][0];
    assert_eq!(suppressed["Finding"], report["Results"][0]["Vulnerabilities"][0]);
    assert_eq!((&suppressed["Status"], &suppressed["Statement"]), (&json!("ignored"), &json!("not reached")));
    let grype = written(folder.path(), "grype.json");
    assert_eq!(grype["matches"].as_array().unwrap().len(), 1);
    assert_eq!(grype["ignoredMatches"][0]["appliedIgnoreRules"][0]["reason"], "not reached");
    for name in ["trivy.json", "grype.json"] {
        std::fs::copy(folder.path().join("devops-report").join(name), folder.path().join(name)).unwrap();
    }
    for name in ["trivy.json", "grype.json"] {
        let (code, read) = judged(folder.path(), name, "json", "");
        assert_eq!(code, Some(1), "{name}");
        assert_eq!(read["details"]["suppressed"][0]["id"], "CVE-1", "{name}");
        assert_eq!(read["totals"]["vulnerabilities"], 1, "{name}");
    }
    // A report of Grype keeps what Grype wrote.
    let mut own = grype.clone();
    own["alertsByPackage"] = json!([{"new": 1}]);
    own["matches"][0]["vulnerability"]["risk"] = json!(7.5);
    std::fs::write(folder.path().join("grype.json"), own.to_string()).unwrap();
    judged(folder.path(), "grype.json", "grype", "");
    assert_eq!(written(folder.path(), "grype.json"), own);
}

#[test]
fn what_was_not_judged_is_not_written_as_if_it_was() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.json"), "{\"SchemaVersion\": 2, \"Results\": [").unwrap();
    let finished = run(binary("image-scan", folder.path()).args([
        "--report",
        "in.json",
        "--formats",
        "json,trivy,grype",
    ]));
    assert_eq!(finished.code, Some(3));
    for name in ["trivy.json", "grype.json"] {
        assert!(!folder.path().join("devops-report").join(name).exists(), "{name}");
    }
    let images = ["a", "b"].map(|digest| {
        let mut report = with(&json!([]));
        report["ArtifactName"] = digest.into();
        report
    });
    std::fs::write(folder.path().join("in.json"), json!(images).to_string()).unwrap();
    let finished = run(binary("image-scan", folder.path()).args([
        "--report",
        "in.json",
        "--several-images",
        "--formats",
        "trivy",
    ]));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stderr.contains("the reports are about several images"), "{}", finished.stderr);
}
