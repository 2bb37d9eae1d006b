//! Waivers in every gate: they match what identifies a finding and nothing else, and one that nearly matches says so.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{binary, report, run};

/// A gate with inputs in which it finds something.
struct Gate {
    name: &'static str,
    arguments: &'static [&'static str],
    prepare: fn(&Path),
}

/// A test fails that passed before.
const TESTS: Gate = Gate {
    name: "test-gate",
    arguments: &["r.xml", "--baseline", "b.jsonl"],
    prepare: |folder| {
        let write = |failure: &str| {
            let text = format!(
                "<testsuite name=\"shop\"><testcase classname=\"cart.AddTest\" name=\"adds one\">{failure}</testcase></testsuite>"
            );
            std::fs::write(folder.join("r.xml"), text).unwrap();
        };
        write("");
        let words = ["baseline", "r.xml", "--baseline", "b.jsonl", "--report-dir", "before"];
        assert_eq!(run(binary("test-gate", folder).args(words)).code, Some(0));
        write("<failure message=\"1 is not 2\"/>");
    },
};

/// A package has an advisory.
const PACKAGES: Gate = Gate {
    name: "dep-scan",
    arguments: &["--db", "db"],
    prepare: |folder| {
        std::fs::create_dir_all(folder.join("db/crates/foo")).unwrap();
        let advisory = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"foo\"\ndate = \"2026-10-01\"\n\
            aliases = [\"GHSA-aaaa-bbbb-cccc\"]\n\n[versions]\npatched = [\">= 1.2.0\"]\n```\n\n# Foo is bad\n\nIt is.\n";
        std::fs::write(folder.join("db/crates/foo/RUSTSEC-2026-0001.md"), advisory).unwrap();
        let lockfile = "version = 4\n\n[[package]]\nname = \"foo\"\nversion = \"1.0.1\"\n\
            source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        std::fs::write(folder.join("Cargo.lock"), lockfile).unwrap();
    },
};

/// A package of an image is vulnerable.
const IMAGE: Gate = Gate {
    name: "image-scan",
    arguments: &["--report", "t.json"],
    prepare: |folder| {
        let vulnerability = json!({"VulnerabilityID": "CVE-2026-1001", "PkgName": "openssl", "InstalledVersion": "1.0",
            "FixedVersion": "1.1", "Severity": "HIGH", "Status": "fixed"});
        let scan = json!({"SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image", "Results": [
            {"Target": "shop:1 (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [vulnerability]}]});
        std::fs::write(folder.join("t.json"), scan.to_string()).unwrap();
    },
};

/// What becomes of a waiver.
enum Expected {
    /// It covers the finding, and the gate passes.
    Covers,
    /// It covers nothing, the gate fails, and the waiver's own finding says this.
    Unused(&'static str),
}

use Expected::{Covers, Unused};

/// A gate, a rule and what is to match, and what becomes of it.
const WAIVERS: &[(&Gate, &str, &str, Expected)] = &[
    (&TESTS, "test-failed", "cart.AddTest.adds one", Covers),
    (&TESTS, "test-failed", "*AddTest*", Covers),
    (&TESTS, "test-failed", "new", Unused("`change` does not identify a finding")),
    (&TESTS, "test-failed", "failed", Unused("`outcome` does not identify a finding")),
    (&TESTS, "test-failed", "1 is not*", Unused("`message` does not identify a finding")),
    (&TESTS, "test-failed", "CART.AddTest.Adds One", Unused("did you mean `cart.AddTest.adds one`?")),
    (&TESTS, "test-failed", "CART.ADDTEST.*", Unused("did you mean `cart.AddTest.adds one`?")),
    (&TESTS, "test-failed", "cart::AddTest::adds_one", Unused("did you mean `cart.AddTest.adds one`?")),
    (&TESTS, "test-failed", "cart.AddTest.add one", Unused("did you mean `cart.AddTest.adds one`?")),
    (&TESTS, "test-flaky", "cart.AddTest.adds one", Unused("did you mean the rule `test-failed`?")),
    (&TESTS, "test-failed", "another test", Unused("remove it")),
    (&PACKAGES, "advisory", "foo", Covers),
    (&PACKAGES, "advisory", "rustsec-2026-0001", Covers),
    (&PACKAGES, "advisory", "ghsa-AAAA-bbbb-cccc", Covers),
    (&PACKAGES, "advisory", "crates.io", Unused("`ecosystem` does not identify a finding")),
    (&PACKAGES, "advisory", "1.0.*", Unused("`version` does not identify a finding")),
    (&PACKAGES, "advisory", "Foo", Unused("did you mean `foo`?")),
    (&PACKAGES, "advisory", "RUSTSEC_2026_0001", Unused("did you mean `RUSTSEC-2026-0001`?")),
    (&PACKAGES, "advisory", "RUSTSEC-2026-0002", Unused("remove it")),
    (&PACKAGES, "advisory-unsound", "RUSTSEC-2026-0001", Unused("did you mean the rule `advisory`?")),
    (&IMAGE, "image-vulnerability", "openssl", Covers),
    (&IMAGE, "image-vulnerability", "cve-2026-1001", Covers),
    (&IMAGE, "image-vulnerability", "debian", Unused("`ecosystem` does not identify a finding")),
    (&IMAGE, "image-vulnerability", "os-pkgs", Unused("`class` does not identify a finding")),
    (&IMAGE, "image-vulnerability", "fixed", Unused("`status` does not identify a finding")),
    (&IMAGE, "image-vulnerability", "OpenSSL", Unused("did you mean `openssl`?")),
    (&IMAGE, "image-vulnerability", "opensll", Unused("did you mean `openssl`?")),
    (&IMAGE, "image-vulnerability", "CVE 2026 1001", Unused("did you mean `CVE-2026-1001`?")),
    (&IMAGE, "image-vulnerability", "CVE-2026-1002", Unused("remove it")),
    (&IMAGE, "image-unrated", "CVE-2026-1001", Unused("did you mean the rule `image-vulnerability`?")),
];

/// The report of a gate with a waiver, and its exit code.
fn waived(gate: &Gate, rule: &str, matches: &str) -> (Option<i32>, Value) {
    let folder: TempDir = tempfile::tempdir().unwrap();
    (gate.prepare)(folder.path());
    let waiver = format!(
        "[[waiver]]\nrule = '{rule}'\nmatches = '{matches}'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n"
    );
    std::fs::write(folder.path().join("devops.toml"), waiver).unwrap();
    let finished = run(binary(gate.name, folder.path()).args(gate.arguments));
    (finished.code, report(folder.path()))
}

#[test]
fn a_waiver_matches_names_and_nothing_that_findings_share() {
    for (gate, rule, matches, expected) in WAIVERS {
        let (code, report) = waived(gate, rule, matches);
        let findings = report["findings"].as_array().unwrap();
        let unused: Vec<&str> = findings
            .iter()
            .filter(|finding| finding["rule"] == "waiver-unused")
            .map(|finding| finding["help"].as_str().unwrap())
            .collect();
        let case = format!("{} {rule} `{matches}`: {findings:#?}", gate.name);
        match expected {
            Covers => {
                assert_eq!((code, unused.len()), (Some(0), 0), "{case}");
                assert!(findings.iter().any(|finding| finding["waived"]["owner"] == "o"), "{case}");
            }
            Unused(help) => {
                assert_eq!((code, unused.len()), (Some(1), 1), "{case}");
                assert!(unused[0].contains(help), "{case}");
                assert!(findings.iter().all(|finding| finding["waived"].is_null()), "{case}");
            }
        }
    }
}

#[test]
fn a_waiver_of_an_old_scan_is_none_of_a_stale_test_report() {
    let folder = tempfile::tempdir().unwrap();
    let report_of_tests = "<testsuite name=\"s\"><testcase classname=\"A\" name=\"a\"/></testsuite>";
    std::fs::write(folder.path().join("r.xml"), report_of_tests).unwrap();
    let waiver = "[[waiver]]\nrule = 'report-outdated'\nreason = 'the scan is old on purpose'\nowner = 'o'\nexpires = 2026-12-31\n";
    std::fs::write(folder.path().join("devops.toml"), waiver).unwrap();
    let finished = run(binary("test-gate", folder.path()).args(["run", "r.xml", "--", "true"]));
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let report = report(folder.path());
    let rules: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]).collect();
    assert_eq!(rules, ["report-stale"]);
}
