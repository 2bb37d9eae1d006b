//! Bills of materials and the reports of other programs' forms, as the binaries leave them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::scan_in;
use crate::support::{binary, formats, run};

/// The formats that only a job that lists packages writes, with the statement that every job has.
const FORMATS: &str = "json,cyclonedx,spdx,gitlab,openvex,snapshot,intoto";

fn read(folder: &Path, name: &str) -> Option<Value> {
    let bytes = std::fs::read(folder.join("devops-report").join(name)).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn webshop(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop").join(name)
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(webshop("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    folder
}

#[test]
fn a_bill_of_materials_has_every_package_and_a_run_without_one_takes_it_away() {
    let folder = project();
    let database = webshop("advisory-db");
    let host = ["--host", "github", "--base", "none", "--formats", FORMATS];
    let mut command = binary("dep-scan", folder.path());
    command.arg("--db").arg(&database).args(host).args(["--frozen-db"]).env("GITHUB_REF", "refs/heads/main");
    let finished = run(command.env("GITHUB_SHA", "3f2a91c0d4e5b6a7988796a5b4c3d2e1f0a9b8c7"));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = read(folder.path(), "report.json").unwrap();
    let bom = read(folder.path(), "bom.cdx.json").unwrap();
    let components = bom["components"].as_array().unwrap();
    assert_eq!(Some(components.len() as u64), report["totals"]["packages"].as_u64());
    let spdx = read(folder.path(), "bom.spdx.json").unwrap();
    let purls = |all: &[Value], get: fn(&Value) -> &Value| -> BTreeSet<String> {
        all.iter().filter_map(|one| get(one).as_str().map(str::to_owned)).collect()
    };
    let ours = purls(components, |one| &one["purl"]);
    let theirs =
        purls(spdx["packages"].as_array().unwrap(), |one| &one["externalRefs"][0]["referenceLocator"]);
    assert!(!ours.is_empty());
    assert_eq!(ours, theirs);
    // Each vulnerability is about the component that its finding is about.
    let vulnerabilities = bom["vulnerabilities"].as_array().unwrap();
    let findings = report["findings"].as_array().unwrap();
    let advised: Vec<&Value> =
        findings.iter().filter(|finding| finding["subject"]["advisory"].is_string()).collect();
    assert_eq!(vulnerabilities.len(), advised.len());
    for (vulnerability, finding) in vulnerabilities.iter().zip(advised) {
        assert_eq!(vulnerability["id"], finding["subject"]["advisory"]);
        assert_eq!(vulnerability["affects"][0]["ref"], finding["subject"]["purl"]);
    }
    let gitlab = read(folder.path(), "gl-dependency-scanning-report.json").unwrap();
    assert_eq!(gitlab["vulnerabilities"].as_array().unwrap().len(), vulnerabilities.len());
    let snapshot = read(folder.path(), "dependency-snapshot.json").unwrap();
    assert_eq!(snapshot["ref"], "refs/heads/main");
    let statement = read(folder.path(), "verdict.intoto.json").unwrap();
    assert_eq!(statement["predicate"]["properties"], serde_json::json!([]));
    assert!(read(folder.path(), "openvex.json").is_none(), "nothing is waived");

    // What can't be judged has no bill, and that of the run before is gone.
    std::fs::write(folder.path().join("Cargo.lock"), "nothing").unwrap();
    let (finished, _) = scan_in(folder.path(), &database, &["--frozen-db", "--formats", FORMATS]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    for name in ["bom.cdx.json", "bom.spdx.json", "dependency-snapshot.json", "verdict.intoto.json"] {
        assert!(read(folder.path(), name).is_none(), "{name}");
    }
    let gitlab = read(folder.path(), "gl-dependency-scanning-report.json");
    assert!(gitlab.is_none_or(|gitlab| gitlab["scan"]["status"] == "failure"));
}

#[test]
fn a_snapshot_of_no_known_commit_is_an_error_and_no_pass() {
    let folder = project();
    let database = webshop("advisory-db");
    let arguments = ["--frozen-db", "--host", "local", "--mode", "report", "--formats", "json,snapshot"];
    let (finished, _) = scan_in(folder.path(), &database, &arguments);
    assert_eq!(finished.code, Some(4), "{finished:?}");
    assert!(finished.stderr.contains("dependency-snapshot.json was not written"), "{}", finished.stderr);
}

#[test]
fn a_job_that_lists_no_packages_says_that_it_writes_no_bill() {
    let folder = tempfile::tempdir().unwrap();
    let suite = "<testsuite tests='1'><testcase name='a' classname='b'/></testsuite>";
    std::fs::write(folder.path().join("r.xml"), suite).unwrap();
    let finished = run(binary("test-gate", folder.path()).args(["r.xml", "--formats", FORMATS]));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = read(folder.path(), "report.json").unwrap();
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("only jobs that list packages write them: bom.cdx.json, bom.spdx.json"),
        "{notes}"
    );
    assert!(read(folder.path(), "bom.cdx.json").is_none());
    let statement = read(folder.path(), "verdict.intoto.json").unwrap();
    assert_eq!(statement["predicate"]["properties"][0], "DEVOPS_ACTION_TEST_GATE_PASSED");
}

/// What is found, whatever it stands in: rule, advisory, package, version, and whether it is waived.
fn found(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.filter(|finding| finding["subject"]["advisory"].is_string());
    findings
        .map(|finding| {
            let subject = &finding["subject"];
            let is_waived = finding["waived"].is_object();
            format!(
                "{} {} {} {} {is_waived}",
                finding["rule"], subject["advisory"], subject["package"], subject["version"]
            )
        })
        .collect()
}

#[test]
fn what_we_write_is_read_back_with_the_same_findings() {
    let folder = project();
    let database = webshop("advisory-db");
    let policy =
        "[[waiver]]\nrule = 'advisory'\nmatches = 'time'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n";
    std::fs::write(folder.path().join("devops.toml"), policy).unwrap();
    let every = formats("dep-scan");
    let arguments = ["--frozen-db", "--base", "none", "--formats", every.as_str()];
    let (finished, report) = scan_in(folder.path(), &database, &arguments);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let expected = found(&report);
    assert!(expected.len() > 2 && expected.iter().any(|one| one.ends_with("true")), "{expected:?}");
    let kept = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path().join("devops-report")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, kept.path().join(path.file_name().unwrap())).unwrap();
    }
    let written = |name: &str| kept.path().join(name).display().to_string();
    // As what lists packages.
    for name in ["bom.cdx.json", "bom.spdx.json"] {
        let (_, report) =
            scan_in(folder.path(), &database, &["--frozen-db", "--base", "none", &written(name)]);
        assert_eq!(found(&report), expected, "{name}");
    }
    // As what others state: an accepted risk is no statement that nothing is affected, and what is found is reached.
    for (flag, name) in
        [("--vex", "openvex.json"), ("--vex", "bom.cdx.json"), ("--reachability", "report.sarif")]
    {
        let arguments = ["--frozen-db", "--base", "none", "Cargo.lock", flag, &written(name)];
        let (finished, report) = scan_in(folder.path(), &database, &arguments);
        assert_eq!(finished.code, Some(1), "{name}: {finished:?}");
        assert_eq!(found(&report), expected, "{name}");
    }
    // As results of tests: an open finding has failed, a waived one was skipped.
    let all = report["findings"].as_array().unwrap();
    let waived = all.iter().filter(|finding| finding["waived"].is_object()).count();
    let tests = tempfile::tempdir().unwrap();
    run(binary("test-gate", tests.path()).arg(written("report.junit.xml")));
    let totals = &crate::support::report(tests.path())["totals"];
    assert_eq!(totals["failed"], all.len() - waived, "{totals}");
    assert_eq!(totals["skipped"], waived, "{totals}");
}
