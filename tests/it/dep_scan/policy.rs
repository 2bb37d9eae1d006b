//! What a project decides about findings, and what others state: thresholds, grace, scopes, VEX and reachability.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::scan_in;
use crate::support::{binary, run};

/// A project of npm that needs `a`, and `d` to develop.
const LOCK: &str = r#"{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
"": {"name": "app", "version": "1.0.0", "dependencies": {"a": "1.0.0"}, "devDependencies": {"d": "1.0.0"}},
"node_modules/a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "sha512-AA=="},
"node_modules/d": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/d/-/d-1.0.0.tgz", "integrity": "sha512-AA==", "dev": true}
}}"#;
const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N";
const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N";
const KEV: &str = r#"{"catalogVersion": "2026.11.20", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-11-01"}]}"#;
const EPSS: &str = "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1,0.25,0.96\n";

/// An advisory about every version of a package before 2.0.0.
struct Record {
    id: &'static str,
    package: &'static str,
    vector: Option<&'static str>,
    published: Option<&'static str>,
    has_fix: bool,
}

impl Record {
    fn of(vector: &'static str) -> Self {
        Self {
            id: "GHSA-aaaa-bbbb-cccc",
            package: "a",
            vector: Some(vector),
            published: Some("2026-11-20T00:00:00Z"),
            has_fix: true,
        }
    }

    fn text(&self) -> String {
        let mut events = vec![json!({ "introduced": "0" })];
        if self.has_fix {
            events.push(json!({ "fixed": "2.0.0" }));
        }
        let mut record = json!({
            "id": self.id, "modified": "2026-11-20T00:00:00Z", "aliases": ["CVE-2026-1"], "summary": "it is bad",
            "affected": [{
                "package": { "ecosystem": "npm", "name": self.package },
                "ranges": [{ "type": "SEMVER", "events": events }],
            }],
        });
        if let Some(published) = self.published {
            record["published"] = json!(published);
        }
        if let Some(vector) = self.vector {
            record["severity"] = json!([{ "type": "CVSS_V3", "score": vector }]);
        }
        record.to_string()
    }
}

fn project(record: &Record, settings: &str, files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("package-lock.json", LOCK);
    write("db/record.json", &record.text());
    // Shows the age of the database where the other has no date.
    write(
        "db/other.json",
        &Record { id: "GHSA-dddd-eeee-ffff", package: "other", ..Record::of(HIGH) }.text(),
    );
    write("devops.toml", &format!("[dep-scan]\nfrozen-db = true\n{settings}"));
    for (path, text) in files {
        write(path, text);
    }
    folder
}

/// Exit code, severity and detail of the only finding, and whether it is waived.
fn judged(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String, bool) {
    let (finished, report) = scan_in(folder, Path::new("db"), arguments);
    let all = report["findings"].as_array().unwrap_or_else(|| panic!("{finished:?}"));
    let [finding] = all.as_slice() else { panic!("{all:?} {finished:?}") };
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    (finished.code, text("severity"), text("detail"), finding["waived"].is_object())
}

#[test]
fn thresholds_raise_and_hold_back() {
    let unrated = || Record { vector: None, ..Record::of(HIGH) };
    let old = |vector| Record { published: Some("2026-01-01T00:00:00Z"), ..Record::of(vector) };
    let unfixed = || Record { has_fix: false, ..Record::of(HIGH) };
    let dev = |vector| Record { package: "d", ..Record::of(vector) };
    let malware =
        || Record { id: "MAL-2026-1", package: "d", vector: None, has_fix: false, ..Record::of(HIGH) };
    let lists = ["--db", "kev.json", "--db", "epss.csv"];
    let grace = "[dep-scan.grace]\ncritical = 1\nhigh = 7\nmedium = 30\n";
    for (name, record, settings, arguments, code, severity, reason) in [
        ("nothing set", Record::of(HIGH), "", &[][..], 1, "high", ""),
        ("unrated", unrated(), "", &[], 1, "high", ""),
        ("unrated and settled", unrated(), "unknown-severity = 'low'", &[], 0, "low", ""),
        ("rated", Record::of(HIGH), "unknown-severity = 'low'", &[], 1, "high", ""),
        ("score below", Record::of(MEDIUM), "cvss-threshold = 6.2", &[], 0, "medium", ""),
        ("score above", Record::of(MEDIUM), "cvss-threshold = 6.1", &[], 1, "high", "CVSS score 6.1"),
        ("exploited", Record::of(MEDIUM), "", &lists, 1, "critical", "known to be exploited"),
        ("exploited, not raised", Record::of(MEDIUM), "kev = false", &lists, 0, "medium", ""),
        (
            "probable",
            Record::of(MEDIUM),
            "kev = false\nepss-threshold = 0.25",
            &lists,
            1,
            "high",
            "EPSS of 25.00 %",
        ),
        ("improbable", Record::of(MEDIUM), "kev = false\nepss-threshold = 0.26", &lists, 0, "medium", ""),
        ("no fix", unfixed(), "fixed-only = true", &[], 0, "medium", "no fix is known"),
        ("a fix", Record::of(HIGH), "fixed-only = true", &[], 1, "high", ""),
        ("for development", dev(HIGH), "scopes = ['runtime']", &[], 0, "medium", "`dev` is not in `scopes`"),
        ("for development, which counts", dev(HIGH), "scopes = ['runtime', 'dev']", &[], 1, "high", ""),
        ("to run", Record::of(HIGH), "scopes = ['runtime']", &[], 1, "high", ""),
        ("in grace", Record::of(HIGH), grace, &[], 0, "medium", "turns red on 2026-11-27, in 4 days"),
        ("grace is over", Record::of(CRITICAL), grace, &[], 1, "critical", ""),
        ("long public", old(HIGH), grace, &[], 1, "high", ""),
        ("without a date", Record { published: None, ..Record::of(HIGH) }, grace, &[], 1, "high", ""),
        (
            "in the future",
            Record { published: Some("2027-01-01T00:00:00Z"), ..Record::of(HIGH) },
            grace,
            &[],
            1,
            "high",
            "",
        ),
        (
            "in grace, exploited",
            Record::of(HIGH),
            "kev = false\n[dep-scan.grace]\nhigh = 60",
            &lists,
            1,
            "high",
            "",
        ),
        (
            "malware",
            malware(),
            "fixed-only = true\nscopes = ['runtime']\n[dep-scan.grace]\ncritical = 60",
            &[],
            1,
            "critical",
            "",
        ),
    ] {
        let folder = project(&record, settings, &[("kev.json", KEV), ("epss.csv", EPSS)]);
        let (found, got, detail, _) = judged(folder.path(), arguments);
        assert_eq!((found, got.as_str()), (Some(code), severity), "{name}: {detail}");
        assert!(detail.contains(reason), "{name}: {detail}");
    }
}

#[test]
fn values_that_cannot_be_meant_are_refused() {
    for (settings, expected) in [
        ("cvss-threshold = 11", "from 0 to 10"),
        ("epss-threshold = 10", "from 0 to 1"),
        ("epss-threshold = 'NaN'", "from 0 to 1"),
        ("scopes = ['prod']", "prod"),
        ("unknown-severity = 'info'", "at least `low`"),
        ("[dep-scan.grace]\ncritcal = 1", "did you mean `grace-critical`"),
        ("[dep-scan.grace]\nhigh = -1", "-1"),
        ("sources-mirrors = ['a.example']\n[dep-scan.sources]\nmirrors = ['b.example']", "set twice"),
    ] {
        let folder = project(&Record::of(HIGH), settings, &[]);
        let (finished, _) = scan_in(folder.path(), Path::new("db"), &[]);
        assert_eq!(finished.code, Some(2), "{settings}: {finished:?}");
        assert!(finished.stderr.contains(expected), "{settings}: {}", finished.stderr);
    }
}

/// An OpenVEX document with one statement.
fn openvex(vulnerability: &str, product: &str, status: &str, time: &str) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "Ann",
        "timestamp": time, "version": 1,
        "statements": [{
            "vulnerability": { "name": vulnerability },
            "products": [{ "@id": product }],
            "status": status, "justification": "vulnerable_code_not_in_execute_path",
        }],
    })
}

fn cyclonedx(id: &str, purl: &str, state: &str) -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": { "timestamp": "2026-11-21T00:00:00Z", "authors": [{ "name": "Ann" }] },
        "components": [{ "type": "library", "bom-ref": "r", "name": "a", "purl": purl }],
        "vulnerabilities": [{
            "id": id, "analysis": { "state": state, "justification": "code_not_reachable" }, "affects": [{ "ref": "r" }],
        }],
    })
}

fn csaf(cve: &str, purl: &str, list: &str) -> Value {
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "publisher": { "name": "Ann", "category": "vendor" },
            "tracking": { "current_release_date": "2026-11-21T00:00:00Z" },
        },
        "product_tree": { "branches": [{ "branches": [{
            "product": { "product_id": "P1", "name": "a", "product_identification_helper": { "purl": purl } },
        }] }] },
        "vulnerabilities": [{
            "cve": cve, "product_status": { list: ["P1"] },
            "flags": [{ "label": "vulnerable_code_not_present", "product_ids": ["P1"] }],
        }],
    })
}

#[test]
fn statements_of_others_accept_what_they_name() {
    const DAY: &str = "2026-11-21T00:00:00Z";
    const A: &str = "pkg:npm/a@1.0.0";
    let part = |product: &str| {
        let mut document = openvex("CVE-2026-1", product, "not_affected", DAY);
        document["statements"][0]["products"][0]["subcomponents"] = json!([{ "@id": A }]);
        document
    };
    let unjustified = {
        let mut document = cyclonedx("CVE-2026-1", A, "not_affected");
        document["vulnerabilities"][0]["analysis"].as_object_mut().unwrap().remove("justification");
        document
    };
    for (name, documents, is_waived) in [
        ("by alias", vec![openvex("cve-2026-1", A, "not_affected", DAY)], true),
        ("by id", vec![openvex("GHSA-AAAA-bbbb-cccc", A, "not_affected", DAY)], true),
        ("without a version", vec![openvex("CVE-2026-1", "pkg:npm/a", "not_affected", DAY)], true),
        (
            "with a qualifier",
            vec![openvex("CVE-2026-1", "pkg:npm/a@1.0.0?arch=x86", "not_affected", DAY)],
            true,
        ),
        ("for the project", vec![openvex("CVE-2026-1", "pkg:npm/app@1.0.0", "not_affected", DAY)], true),
        ("a part of the project", vec![part("pkg:npm/app@1.0.0")], true),
        ("a part of an image", vec![part("pkg:oci/app@sha256:1")], true),
        ("fixed", vec![openvex("CVE-2026-1", A, "fixed", DAY)], true),
        ("CycloneDX", vec![cyclonedx("CVE-2026-1", A, "not_affected")], true),
        ("CycloneDX, resolved", vec![cyclonedx("CVE-2026-1", A, "resolved")], true),
        ("CSAF", vec![csaf("CVE-2026-1", A, "known_not_affected")], true),
        (
            "the later one",
            vec![
                openvex("CVE-2026-1", A, "affected", "2026-11-20T00:00:00Z"),
                openvex("CVE-2026-1", A, "not_affected", DAY),
            ],
            true,
        ),
        (
            "the earlier one",
            vec![
                openvex("CVE-2026-1", A, "under_investigation", DAY),
                openvex("CVE-2026-1", A, "not_affected", "2026-11-20T00:00:00Z"),
            ],
            false,
        ),
        (
            "two at one time",
            vec![openvex("CVE-2026-1", A, "affected", DAY), openvex("CVE-2026-1", A, "not_affected", DAY)],
            false,
        ),
        ("another vulnerability", vec![openvex("CVE-2026-2", A, "not_affected", DAY)], false),
        ("a longer id", vec![openvex("CVE-2026-10", A, "not_affected", DAY)], false),
        ("another package", vec![openvex("CVE-2026-1", "pkg:npm/b@1.0.0", "not_affected", DAY)], false),
        ("another version", vec![openvex("CVE-2026-1", "pkg:npm/a@1.0.1", "not_affected", DAY)], false),
        ("another ecosystem", vec![openvex("CVE-2026-1", "pkg:pypi/a@1.0.0", "not_affected", DAY)], false),
        (
            "another registry",
            vec![openvex(
                "CVE-2026-1",
                "pkg:npm/a@1.0.0?repository_url=https://x.example",
                "not_affected",
                DAY,
            )],
            false,
        ),
        ("a part of another package", vec![part("pkg:npm/other@1.0.0")], false),
        ("fixed in some version", vec![openvex("CVE-2026-1", "pkg:npm/a", "fixed", DAY)], false),
        ("affected", vec![openvex("CVE-2026-1", A, "affected", DAY)], false),
        ("CycloneDX, exploitable", vec![cyclonedx("CVE-2026-1", A, "exploitable")], false),
        ("CycloneDX, nobody says why", vec![unjustified], false),
        ("CSAF, affected", vec![csaf("CVE-2026-1", A, "known_affected")], false),
    ] {
        let texts: Vec<(String, String)> = documents
            .iter()
            .enumerate()
            .map(|(number, document)| (format!("vex/{number}.json"), document.to_string()))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let paths: Vec<String> = texts.iter().map(|(path, _)| format!("'{path}'")).collect();
        let folder = project(&Record::of(HIGH), &format!("vex = [{}]", paths.join(", ")), &files);
        let (code, _, detail, got) = judged(folder.path(), &[]);
        assert_eq!((code, got), (Some(i32::from(!is_waived)), is_waived), "{name}: {detail}");
    }
}

#[test]
fn a_statement_says_who_made_it_and_where_and_has_no_last_day() {
    let commits = json!({
        "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-11-20T00:00:00Z", "aliases": ["CVE-2026-1"],
        "affected": [{
            "package": { "ecosystem": "npm", "name": "a" },
            "ranges": [{ "type": "GIT", "repo": "https://git.example/a", "events": [{ "introduced": "0" }] }],
        }],
    });
    let vex = openvex("CVE-2026-1", "pkg:npm/a@1.0.0", "not_affected", "2026-11-21T00:00:00Z").to_string();
    for (rule, record) in [("advisory", Record::of(HIGH).text()), ("advisory-undecided", commits.to_string())]
    {
        let folder = project(
            &Record::of(HIGH),
            "vex = ['vex.json']",
            &[("vex.json", &vex), ("db/record.json", &record)],
        );
        let (finished, report) = scan_in(folder.path(), Path::new("db"), &["-v"]);
        let finding = &report["findings"][0];
        assert_eq!((finished.code, &finding["rule"]), (Some(0), &json!(rule)), "{finished:?}");
        assert_eq!(finding["waived"]["owner"], "Ann");
        assert_eq!(finding["waived"]["stated_in"], "vex.json");
        assert!(finding["waived"].get("expires").is_none(), "{finding}");
        let printed = format!("{}{}", finished.stdout, finished.stderr);
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(printed.contains("statement of Ann, in vex.json"), "{printed}");
        assert!(!printed.contains("9999"), "{printed}");
    }
}

#[test]
fn no_statement_accepts_malware() {
    let record = Record { id: "MAL-2026-1", vector: None, ..Record::of(HIGH) };
    let vex = openvex("MAL-2026-1", "pkg:npm/a@1.0.0", "not_affected", "2026-11-21T00:00:00Z").to_string();
    let folder = project(&record, "vex = ['vex.json']", &[("vex.json", &vex)]);
    assert_eq!(judged(folder.path(), &[]).0, Some(1));
}

#[test]
fn damaged_statements_are_refused() {
    let good = openvex("CVE-2026-1", "pkg:npm/a@1.0.0", "not_affected", "2026-11-21T00:00:00Z").to_string();
    let without = |key: &str| good.replace(&format!("\"{key}\""), &format!("\"x-{key}\""));
    for (key, text) in [
        ("vex", good[..good.len() / 2].to_owned()),
        ("vex", "{}".to_owned()),
        ("vex", without("timestamp")),
        ("vex", without("author")),
        ("vex", without("status")),
        ("vex", without("justification")),
        ("vex", good.replace("not_affected", "fine")),
        ("vex", good.replace("{\"@context\"", "{\"author\": \"Bob\", \"@context\"")),
        ("reachability", "{}".to_owned()),
        ("reachability", String::new()),
        (
            "reachability",
            "{\"config\": {\"protocol_version\": \"v1.0.0\", \"scan_level\": \"module\"}}".to_owned(),
        ),
        (
            "reachability",
            "{\"config\": {\"protocol_version\": \"v1.0.0\", \"scan_level\": \"symbol\"}".to_owned(),
        ),
        ("reachability", "{\"runs\": [{}]}".to_owned()),
    ] {
        let folder = project(&Record::of(HIGH), &format!("{key} = ['file.json']"), &[("file.json", &text)]);
        let (finished, _) = scan_in(folder.path(), Path::new("db"), &[]);
        assert_eq!(finished.code, Some(3), "{key} {text}: {finished:?}");
        assert!(finished.stderr.contains("file.json:"), "{key} {text}: {}", finished.stderr);
    }
}

/// Messages of govulncheck about a module with one finding per trace.
fn govulncheck(traces: &[Value]) -> String {
    let config = json!({ "config": { "protocol_version": "v1.0.0", "scan_level": "symbol" } });
    let findings = traces.iter().map(|trace| json!({ "finding": { "osv": "GO-2026-1", "trace": [trace] } }));
    let messages = std::iter::once(config).chain(findings);
    messages.map(|message| format!("{message:#}\n")).collect()
}

#[test]
fn what_is_not_reached_is_one_step_less_severe() {
    let module = |version: &str| json!({ "module": "example.org/a", "version": version });
    let called = json!({ "module": "example.org/a", "version": "v1.0.0", "function": "F" });
    let sarif = |tool: &str, result: Value| {
        json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": tool } }, "results": [result] }] })
            .to_string()
    };
    for (name, text, code, severity) in [
        ("required", govulncheck(&[module("v1.0.0")]), 0, "medium"),
        ("called", govulncheck(&[module("v1.0.0"), called.clone()]), 1, "high"),
        ("called, in another order", govulncheck(&[called, module("v1.0.0")]), 1, "high"),
        ("another version", govulncheck(&[module("v1.0.1")]), 1, "high"),
        ("not looked for", govulncheck(&[]), 1, "high"),
        (
            "SARIF of govulncheck",
            sarif("govulncheck", json!({ "ruleId": "GO-2026-1", "level": "note" })),
            0,
            "medium",
        ),
        (
            "SARIF of govulncheck, called",
            sarif("govulncheck", json!({ "ruleId": "GO-2026-1", "level": "error" })),
            1,
            "high",
        ),
        (
            "SARIF of another tool",
            sarif("other", json!({ "ruleId": "go-2026-1", "kind": "notApplicable" })),
            0,
            "medium",
        ),
        ("SARIF with a note", sarif("other", json!({ "ruleId": "GO-2026-1", "level": "note" })), 1, "high"),
        (
            "SARIF about something else",
            sarif("other", json!({ "ruleId": "GO-2026-2", "kind": "pass" })),
            1,
            "high",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        std::fs::create_dir(folder.path().join("db")).unwrap();
        write(
            "go.mod",
            "module example.org/app\n\ngo 1.22.0\n\ntoolchain go1.22.1\n\nrequire example.org/a v1.0.0\n",
        );
        let record = Record { id: "GO-2026-1", package: "example.org/a", ..Record::of(HIGH) };
        write("db/record.json", &record.text().replace("\"npm\"", "\"Go\""));
        write("result.json", &text);
        write("devops.toml", "[dep-scan]\nfrozen-db = true\nreachability = ['result.json']\n");
        let (got, found, detail, _) = judged(folder.path(), &[]);
        assert_eq!((got, found.as_str()), (Some(code), severity), "{name}: {detail}");
        assert_eq!(detail.contains("does not reach it"), code == 0, "{name}: {detail}");
    }
}

#[test]
fn the_version_of_go_comes_from_the_toolchain_and_what_is_given() {
    let go = Record { id: "GO-2026-1", package: "stdlib", ..Record::of(HIGH) };
    let record = go.text().replace("\"npm\"", "\"Go\"").replace("2.0.0", "1.22.3");
    // What go.mod and go.work say, what is given, and severity and code of what is found.
    for (name, text, arguments, expected) in [
        ("only a minimum", "go 1.22.0\n", &[][..], Some(("medium", 0))),
        ("a toolchain", "go 1.21\n\ntoolchain go1.22.1\n", &[], Some(("high", 1))),
        ("a fixed toolchain", "go 1.21\n\ntoolchain go1.22.3\n", &[], None),
        ("given", "go 1.22.0\n", &["--go-version", "1.22.3"], None),
        ("given as Go prints it", "go 1.22.9\n", &["--go-version", "go1.22.2"], Some(("high", 1))),
        (
            "older than the toolchain",
            "go 1.21\n\ntoolchain go1.22.3\n",
            &["--go-version", "1.22.2"],
            Some(("high", 1)),
        ),
    ] {
        for file in ["go.mod", "go.work"] {
            let folder = tempfile::tempdir().unwrap();
            let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
            std::fs::create_dir(folder.path().join("db")).unwrap();
            write("db/record.json", &record);
            write("devops.toml", "[dep-scan]\nfrozen-db = true\n");
            let module = if file == "go.mod" { "module example.org/app\n\n" } else { "" };
            write(file, &format!("{module}{text}"));
            let (finished, report) = scan_in(folder.path(), Path::new("db"), arguments);
            let findings = report["findings"].as_array().unwrap_or_else(|| panic!("{finished:?}"));
            let found = findings.first().map(|finding| finding["severity"].as_str().unwrap());
            assert_eq!(found, expected.map(|(severity, _)| severity), "{name}, {file}: {finished:?}");
            assert_eq!(
                finished.code,
                Some(expected.map_or(0, |(_, code)| code)),
                "{name}, {file}: {finished:?}"
            );
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let finished = run(binary("dep-scan", folder.path()).args(["--db", "db", "--go-version", "latest"]));
    assert_eq!(finished.code, Some(2), "{finished:?}");
}

#[test]
fn lockfiles_of_other_ecosystems_have_a_usable_answer() {
    const WORKFLOW: &str =
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: actions/checkout@v4\n";
    const PODS: &str = "PODS:\n  - A (1.0.0)\n\nDEPENDENCIES:\n  - A\n\nSPEC REPOS:\n  trunk:\n    - A\n\nCOCOAPODS: 1.15.2\n";
    const GO: &str = "module example.org/app\n\ngo 1.22\n\nrequire example.org/b v1.0.0\n";
    let record = Record { package: "z", ..Record::of(HIGH) };
    for (name, path, text, code, severity) in [
        ("a workflow", ".github/workflows/ci.yml", WORKFLOW, 0, "medium"),
        ("pods", "Podfile.lock", PODS, 0, "medium"),
        ("modules", "go.mod", GO, 1, "high"),
    ] {
        let folder = project(&record, "", &[(path, text)]);
        let (finished, report) = scan_in(folder.path(), Path::new("db"), &[]);
        assert_eq!(finished.code, Some(code), "{name}: {finished:?}");
        let all = report["findings"].as_array().unwrap();
        let about: Vec<&str> = all
            .iter()
            .filter(|finding| finding["rule"] == "ecosystem-not-covered")
            .map(|finding| finding["severity"].as_str().unwrap())
            .collect();
        assert_eq!(about, [severity], "{name}");
        std::fs::remove_file(folder.path().join("package-lock.json")).unwrap();
        let (finished, _) = scan_in(folder.path(), Path::new("db"), &[]);
        let expected = if name == "pods" { 0 } else { 3 };
        assert_eq!(finished.code, Some(expected), "{name} alone: {finished:?}");
    }
}

#[test]
fn a_registry_is_one_finding_whatever_the_number_of_its_packages() {
    let lock = LOCK.replace("https://registry.npmjs.org/", "https://npm.corp.example/public/");
    let record = Record { package: "z", ..Record::of(HIGH) };
    let folder = project(&record, "", &[("package-lock.json", &lock)]);
    let (code, severity, detail, _) = judged(folder.path(), &[]);
    assert_eq!((code, severity.as_str(), detail.as_str()), (Some(0), "medium", "a 1.0.0, d 1.0.0"));
    let (finished, report) =
        scan_in(folder.path(), Path::new("db"), &["--sources-mirrors", "npm.corp.example/public"]);
    assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("pass")));
}
