//! Behaviour of image-scan.

mod built;
mod cheating;
mod cheats;
mod compared;
mod damaged;
mod harmless;
mod other_scanners;
mod past_the_gate;
mod scan;
mod shapes;
mod written;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Finished, binary, corpus, report, report_or_null, run};

/// Runs image-scan on one report with these arguments, in a folder of its own.
fn scan(text: &[u8], arguments: &[&str]) -> (Finished, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trivy.json"), text).unwrap();
    let finished = run(binary("image-scan", folder.path()).args(["--report", "trivy.json"]).args(arguments));
    (finished, report_or_null(folder.path()))
}

fn scan_value(value: &Value, arguments: &[&str]) -> (Finished, Value) {
    scan(value.to_string().as_bytes(), arguments)
}

/// Findings of a rule.
fn of_rule<'a>(report: &'a Value, rule: &str) -> Vec<&'a Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).collect()
}

/// A report with these results.
fn with_results(results: &Value) -> Value {
    json!({"SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image", "Results": results})
}

/// A report with these vulnerabilities in one target.
fn with(vulnerabilities: &Value) -> Value {
    with_results(&json!([{"Target": "shop:1 (alpine 3.19)", "Class": "os-pkgs", "Type": "alpine",
        "Vulnerabilities": vulnerabilities}]))
}

fn vulnerability(id: &str, severity: &str, fixed: &str, status: &str) -> Value {
    json!({"VulnerabilityID": id, "PkgName": "openssl", "InstalledVersion": "1.1.1c", "FixedVersion": fixed,
        "Status": status, "Severity": severity})
}

/// Counted apart from this code, by hand and with a script: targets, critical, high, medium, low, unknown, exit.
const CORPUS: [(&str, [u64; 6], i32); 15] = [
    ("alpine-310", [1, 0, 0, 4, 0, 0], 0),
    ("centos-7", [1, 0, 0, 1, 2, 0], 0),
    ("debian-buster", [1, 1, 0, 0, 1, 0], 1),
    ("distroless-python27", [1, 0, 0, 2, 2, 0], 0),
    ("dockerfile", [1, 0, 0, 0, 0, 0], 1),
    ("gomod", [3, 0, 0, 1, 0, 4], 0),
    ("helm_badname", [0, 0, 0, 0, 0, 0], 1),
    ("npm-with-suppressed", [1, 0, 1, 0, 0, 0], 1),
    ("npm", [1, 0, 0, 1, 0, 0], 0),
    ("poetry", [1, 0, 1, 0, 0, 0], 1),
    ("pom", [1, 1, 1, 0, 0, 0], 1),
    ("rockylinux-8", [1, 0, 0, 1, 0, 0], 0),
    ("spring4shell-jre8", [2, 0, 0, 0, 1, 0], 0),
    ("test-repo", [2, 0, 1, 1, 0, 0], 1),
    ("ubuntu-1804", [1, 0, 0, 4, 1, 0], 0),
];

#[test]
fn every_report_of_the_corpus_is_counted_exactly() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("trivy-reports");
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, CORPUS.len(), "a new file of the corpus needs its counts here");
    for (name, expected, code) in CORPUS {
        let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
        let (finished, report) = scan(&text, &[]);
        let totals = &report["totals"];
        let counted = ["targets", "critical", "high", "medium", "low", "unknown"]
            .map(|key| totals[key].as_u64().unwrap());
        assert_eq!(counted, expected, "{name}");
        assert_eq!(finished.code, Some(code), "{name}: {}", finished.stdout);
        let vulnerabilities: u64 = expected[1..].iter().sum();
        assert_eq!(totals["vulnerabilities"].as_u64(), Some(vulnerabilities), "{name}");
        let listed = of_rule(&report, "image-vulnerability").len() + of_rule(&report, "image-unrated").len();
        assert_eq!(listed as u64, vulnerabilities, "{name}");
        let mut prints: Vec<&str> = (report["findings"].as_array().unwrap().iter())
            .map(|finding| finding["fingerprint"].as_str().unwrap())
            .collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), report["findings"].as_array().unwrap().len(), "{name}: fingerprints");
    }
}

#[test]
fn facts_of_corpus_reports_reach_the_report() {
    let Some(corpus) = corpus() else { return };
    let read = |name: &str| std::fs::read(corpus.join("trivy-reports").join(name)).unwrap();
    let (_, report) = scan(&read("alpine-310.json"), &[]);
    assert_eq!(of_rule(&report, "image-os-end-of-life").len(), 1);
    let finding = of_rule(&report, "image-vulnerability")[0];
    assert_eq!(finding["title"], "CVE-2019-1549 in libcrypto1.1 1.1.1c-r0");
    assert_eq!(finding["help"], "upgrade libcrypto1.1 to 1.1.1d-r0");
    assert_eq!(finding["subject"]["ecosystem"], "alpine");
    assert_eq!(finding["subject"]["patched"], json!(["1.1.1d-r0"]));
    assert!(finding.get("location").is_none(), "a package of an image stands in no file of the repository");

    let (_, report) = scan(&read("npm-with-suppressed.json"), &[]);
    assert_eq!(report["details"]["suppressed"][0]["id"], "CVE-2017-16137");
    assert_eq!(report["details"]["suppressed"][0]["status"], "not_affected");
    assert!(report["notes"][0].as_str().unwrap().starts_with("1 finding suppressed"), "{}", report["notes"]);
    let finding = of_rule(&report, "image-vulnerability")[0];
    assert_eq!(finding["location"], json!({"path": "package-lock.json", "line": 11}));
    assert_eq!(finding["help"], "upgrade debug to 3.1.0 or 2.6.9");

    let (finished, report) = scan(&read("dockerfile.json"), &[]);
    assert_eq!(of_rule(&report, "image-misconfiguration")[0]["location"]["path"], "Dockerfile");
    assert_eq!(finished.code, Some(1));
}

#[test]
fn no_results_is_not_clean() {
    for text in [
        r#"{"SchemaVersion": 2, "ArtifactName": "x"}"#,
        r#"{"SchemaVersion": 2, "Results": null}"#,
        r#"{"SchemaVersion": 2, "Results": []}"#,
    ] {
        let (finished, report) = scan(text.as_bytes(), &[]);
        assert_eq!(finished.code, Some(1), "{text}");
        assert_eq!(of_rule(&report, "image-nothing-scanned").len(), 1, "{text}");
        let (finished, _) = scan(text.as_bytes(), &["--allow-empty"]);
        assert_eq!(finished.code, Some(0), "{text}");
    }
}

#[test]
fn harmless_variations_are_read() {
    let found = json!({"VulnerabilityID": "CVE-1", "PkgName": "a", "InstalledVersion": 1.5, "FixedVersion": null,
        "Severity": "High", "Layer": {}, "PkgIdentifier": {}, "NewKey": [{"x": []}], "Title": 7});
    let (finished, report) = scan_value(&with(&json!([found])), &[]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!(report["findings"][0]["title"], "CVE-1 in a 1.5");
    assert_eq!(report["findings"][0]["severity"], "high");

    let (finished, report) = scan_value(&with(&Value::Null), &[]);
    assert_eq!(finished.code, Some(0));
    assert_eq!(report["headline"], "no vulnerabilities in 1 target (shop:1)");

    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend(with(&json!([])).to_string().into_bytes());
    assert_eq!(scan(&marked, &[]).0.code, Some(0));

    let one = with(&json!([vulnerability("CVE-1", "LOW", "", "")]));
    let two = with(&json!([vulnerability("CVE-2", "LOW", "", ""), vulnerability("CVE-1", "LOW", "", "")]));
    let (finished, report) = scan(format!("{one}\n{two}\n").as_bytes(), &[]);
    assert_eq!(finished.code, Some(0));
    assert_eq!(report["totals"]["vulnerabilities"], 2, "the same complaint of two reports is one");
    assert_eq!(report["details"]["artifacts"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_no_report_is_refused_with_its_place_and_a_reason() {
    let newer = json!({"SchemaVersion": 3, "Results": []}).to_string();
    let cases: [(&str, &[u8], &str); 27] = [
        ("a number in a list", b"[1]", "expected a report or a result"),
        ("a result alone", b"{\"Target\": \"a\"}", "no `SchemaVersion`"),
        ("mixed", b"[{\"Target\": \"a\"}, {\"SchemaVersion\": 2}]", "mixes reports and results"),
        ("mixed keys", b"{\"SchemaVersion\": 2, \"Results\": [], \"matches\": []}", "keys of two formats, `Results` and `matches`"),
        ("duplicate key that is not read", b"{\"SchemaVersion\": 2, \"New\": {\"a\": 1, \"a\": 2}}", "duplicate key `a`"),
        ("compressed", b"\x1f\x8b\x08\0\0\0\0\0", "is not JSON"),
        ("merge conflict", b"{\"SchemaVersion\": 2,\n<<<<<<< ours\n\"Results\": []}", "trivy.json:2:1: is not JSON"),
        ("CycloneDX", b"{\"bomFormat\": \"CycloneDX\"}", "it is a CycloneDX bill of materials"),
        ("SARIF of another version", b"{\"version\": \"2.0.0\", \"runs\": []}", "SARIF 2.0.0; supported is version 2.1.0"),
        ("SARIF without a version", b"{\"runs\": []}", "SARIF without its `version`"),
        ("Grype without matches", b"{\"source\": {}, \"distro\": {}}", "a Grype report without `matches`"),
        ("suppressed nothing", b"{\"SchemaVersion\": 2, \"Results\": [{\"ExperimentalModifiedFindings\": [{\"Status\": \"ignored\"}]}]}", "does not say what it is"),
        ("version 1", b"{\"SchemaVersion\": 1}", "`SchemaVersion` is 1; supported is version 2"),
        ("version 3", newer.as_bytes(), "`SchemaVersion` is 3; supported is version 2"),
        ("no version", b"{\"Results\": []}", "no `SchemaVersion`; supported is version 2"),
        ("cluster without resources", b"{\"ClusterName\": \"a\"}", "without `Resources` and `Findings`"),
        ("empty", b"\n \n", "trivy.json:3:1: is empty"),
        (
            "cut off",
            b"{\n\"SchemaVersion\": 2,\n\"Results\": [",
            "trivy.json:3:12: is cut off: EOF while parsing a list",
        ),
        ("not JSON", b"no such image", "trivy.json:1:1: is not JSON"),
        ("not JSON inside", b"{\"SchemaVersion\": 2, nope}", "trivy.json:1:22: is not JSON"),
        ("wrong type", b"{\"SchemaVersion\": 2,\n\"Results\": {}}", "expected a list of results"),
        ("duplicate", b"{\"SchemaVersion\": 2, \"SchemaVersion\": 2}", "duplicate key `SchemaVersion`"),
        (
            "list under a damaged key",
            b"{\"SchemaVersion\": 2, \"Results\": [{\"Target\": \"a\",\n \"vulnerabilities\": []}]}",
            "trivy.json:2:19: is not a supported report: unknown key `vulnerabilities`, did you mean",
        ),
        (
            "severity under a damaged key",
            b"{\"SchemaVersion\": 2, \"Results\": [{\"Vulnerabilities\": [{\"severity\": \"CRITICAL\"}]}]}",
            "unknown key `severity`, did you mean `Severity`?",
        ),
        (
            "rubbish after",
            b"{\"SchemaVersion\": 2}\n{\"SchemaVersion\": 2}\nx",
            "trivy.json:3:1: has data after",
        ),
        ("second cut off", b"{\"SchemaVersion\": 2}\n\n{\"SchemaVersion\"", "trivy.json:3:16: is cut off"),
        ("UTF-16", b"\xff\xfe{\0}\0", "no `SchemaVersion`; supported is version 2"),
    ];
    for (name, text, expected) in cases {
        let (finished, report) = scan(text, &["--allow-empty"]);
        assert_eq!(finished.code, Some(3), "{name}: {}{}", finished.stdout, finished.stderr);
        assert!(finished.stderr.contains(expected), "{name}: {}", finished.stderr);
        assert!(finished.stderr.contains("help"), "{name} says what to do: {}", finished.stderr);
        assert_eq!(report["verdict"], "error", "{name}");
    }
}

#[test]
fn usage_is_checked_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&[], "no report to judge"),
        (&["--report", "-", "-"], "standard input is given twice"),
        (
            &["--report", "x", "--expect-digest", "latest"],
            "not a digest: write `sha256:` and 64 hexadecimal digits, alone or as `name@sha256:…`",
        ),
        (&["--report", "x", "--classes", "os-pkg"], "did you mean `os-pkgs`?"),
        (&["--report", "x", "--ignore-status", "will_not_fxi"], "did you mean `will_not_fix`?"),
        (&["--report", "x", "--unknown-severity", "hgih"], "did you mean `high`?"),
    ];
    for (arguments, expected) in cases {
        let finished = run(binary("image-scan", folder.path()).args(arguments));
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{arguments:?}: {}", finished.stderr);
    }
    let finished = run(binary("image-scan", folder.path()).args(["--report", "absent.json"]));
    assert_eq!(finished.code, Some(3));
    assert!(finished.stderr.contains("absent.json: can't be read"), "{}", finished.stderr);
}

#[test]
fn what_filters_leave_out_is_said() {
    let value = with(&json!([
        vulnerability("CVE-1", "CRITICAL", "", "will_not_fix"),
        vulnerability("CVE-2", "HIGH", "", "affected"),
        vulnerability("CVE-3", "LOW", "1.1.1d", "fixed"),
        vulnerability("CVE-4", "LOW", "1.1.1d", "affected"),
    ]));
    assert_eq!(scan_value(&value, &[]).0.code, Some(1));
    let (finished, report) = scan_value(&value, &["--fixed-only"]);
    assert_eq!(finished.code, Some(0));
    assert_eq!(report["notes"], json!(["2 vulnerabilities without a fix left out by `fixed-only`"]));
    assert_eq!(report["totals"]["vulnerabilities"], 2);
    assert_eq!(report["totals"]["left_out"], 2);
    let (finished, report) = scan_value(&value, &["--ignore-status", "will_not_fix,end_of_life"]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(report["details"]["left_out"], json!({"ignore-status": 1}));
    assert_eq!(report["totals"]["critical"], 0);

    let (finished, report) = scan_value(&value, &["--targets", "other*"]);
    assert_eq!(finished.code, Some(1), "a filter that leaves nothing is no pass");
    assert_eq!(of_rule(&report, "image-nothing-scanned").len(), 1);
    assert_eq!(report["notes"], json!(["1 target with 4 findings left out by `targets`"]));
    let (finished, _) = scan_value(&value, &["--classes", "lang-pkgs", "--allow-empty"]);
    assert_eq!(finished.code, Some(1), "nor is it with `allow-empty`");
    assert_eq!(
        scan_value(&value, &["--targets", "shop:1*", "--classes", "os-pkgs"]).1["totals"]["targets"],
        1
    );
}

#[test]
fn numbers_and_distributors_words_are_severities() {
    for (given, rule, severity) in [
        (json!(4), "image-vulnerability", "critical"),
        (json!("3"), "image-vulnerability", "high"),
        (json!(2), "image-vulnerability", "medium"),
        (json!(1), "image-vulnerability", "low"),
        (json!(0), "image-unrated", "medium"),
        (json!("Important"), "image-vulnerability", "high"),
        (json!("MODERATE"), "image-vulnerability", "medium"),
        (json!("Negligible"), "image-vulnerability", "low"),
        (json!("UNKNOWN"), "image-unrated", "medium"),
        (json!("5"), "image-unrated", "high"),
        (json!("dire"), "image-unrated", "high"),
    ] {
        let mut value = vulnerability("CVE-2026-1", "", "2", "fixed");
        value["Severity"] = given.clone();
        let (_, report) = scan_value(&with(&json!([value])), &[]);
        let finding = &report["findings"][0];
        assert_eq!((&finding["rule"], &finding["severity"]), (&json!(rule), &json!(severity)), "{given}");
    }
}

#[test]
fn the_unrated_have_the_severity_that_is_set() {
    let value = with(&json!([
        vulnerability("CVE-1", "UNKNOWN", "", ""),
        vulnerability("CVE-2", "", "", ""),
        vulnerability("CVE-3", "0", "", ""),
        vulnerability("CVE-4", "none", "", ""),
    ]));
    let (finished, report) = scan_value(&value, &[]);
    assert_eq!(finished.code, Some(0));
    assert_eq!(report["verdict"], "warn");
    assert_eq!(of_rule(&report, "image-unrated").len(), 3);
    assert_eq!(report["totals"]["unknown"], 3);
    assert_eq!(report["totals"]["info"], 1);
    assert_eq!(scan_value(&value, &["--unknown-severity", "critical"]).0.code, Some(1));
}

#[test]
fn the_report_must_be_fresh_and_of_the_image() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let other = format!("sha256:{}", "b".repeat(64));
    let mut value = with(&json!([]));
    value["CreatedAt"] = "2026-11-20T13:00:00+06:00".into();
    value["Metadata"] = json!({"ImageID": other, "RepoDigests": [format!("registry.example/shop@{digest}")]});
    assert_eq!(scan_value(&value, &["--max-report-age", "4", "--expect-digest", &digest]).0.code, Some(0));
    assert_eq!(scan_value(&value, &["--expect-digest", &other]).0.code, Some(0));
    let (finished, report) = scan_value(&value, &["--max-report-age", "3"]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(
        of_rule(&report, "report-outdated")[0]["title"],
        "report of shop:1 is 3 days old, the maximum is 3"
    );
    let third = format!("sha256:{}", "c".repeat(64));
    let (finished, report) = scan_value(&value, &["--expect-digest", &third]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(of_rule(&report, "image-mismatch").len(), 1);
    for created in ["", "yesterday", "2027-01-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
        value["CreatedAt"] = created.into();
        let (finished, report) = scan_value(&value, &["--max-report-age", "3"]);
        assert_eq!(finished.code, Some(1), "{created}");
        assert_eq!(of_rule(&report, "report-outdated").len(), 1, "{created}");
    }
}

#[test]
fn the_expected_digest_may_carry_the_name_of_the_image() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let mut value = with(&json!([vulnerability("CVE-1", "CRITICAL", "2", "fixed")]));
    value["Metadata"] = json!({"RepoDigests": [format!("ghcr.io/x/shop@{digest}")]});
    for (name, notes) in [
        ("ghcr.io/x/shop", json!([])),
        ("ghcr.io/x/shop:1.2", json!([])),
        (
            "ghcr.io/y/other",
            json!([format!(
                "`expect-digest` is ghcr.io/y/other@{digest}; the report has the same image as ghcr.io/x/shop@{digest}"
            )]),
        ),
    ] {
        let expected = format!("{name}@{digest}");
        let (finished, report) = scan_value(&value, &["--expect-digest", &expected]);
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert_eq!(of_rule(&report, "image-mismatch").len(), 0, "{name}");
        assert_eq!(of_rule(&report, "image-vulnerability").len(), 1, "{name}");
        assert_eq!(report["notes"], notes, "{name}");
    }
    let other = format!("ghcr.io/x/shop@sha256:{}", "b".repeat(64));
    let (_, report) = scan_value(&value, &["--expect-digest", &other]);
    assert_eq!(of_rule(&report, "image-mismatch").len(), 1, "the same name is not the same image");
}

#[test]
fn only_a_vulnerability_waits_for_somebody_to_rate_it() {
    let found = |class: &str, key: &str, what: Value| {
        with_results(&json!([{"Target": "app/.env", "Class": class, key: [what]}]))
    };
    for severity in ["", "UNKNOWN", "dire"] {
        let secret = json!({"RuleID": "aws", "Title": "AWS key", "Severity": severity});
        let (finished, report) =
            scan_value(&found("secret", "Secrets", secret), &["--unknown-severity", "low"]);
        assert_eq!(finished.code, Some(1), "{severity}");
        assert_eq!(of_rule(&report, "image-secret")[0]["severity"], "high", "{severity}");
    }
    let rated = json!({"RuleID": "aws", "Title": "AWS key", "Severity": "LOW"});
    let (_, report) = scan_value(&found("secret", "Secrets", rated), &[]);
    assert_eq!(of_rule(&report, "image-secret")[0]["severity"], "low", "the scanner's own word stays");
    let licence = json!({"Name": "GPL", "PkgName": "p", "Category": "restricted"});
    let (_, report) = scan_value(&found("license", "Licenses", licence), &["--unknown-severity", "critical"]);
    assert_eq!(of_rule(&report, "image-licence")[0]["severity"], "medium");
    // So many that not all are listed: what has no rating is not cut first.
    let mut many: Vec<Value> =
        (0..5_100).map(|line| json!({"RuleID": "r", "StartLine": line, "Severity": "LOW"})).collect();
    many.insert(7, json!({"RuleID": "aws", "StartLine": 9_999}));
    let value = with_results(&json!([{"Target": "a", "Class": "secret", "Secrets": many}]));
    assert_eq!(scan_value(&value, &[]).0.code, Some(1));
}

#[test]
fn what_is_not_judged_is_no_plain_pass() {
    let result = |extra: Value| {
        let mut result = json!({"Target": "shop:1", "Class": "os-pkgs", "Type": "alpine"});
        result.as_object_mut().unwrap().append(&mut extra.as_object().unwrap().clone());
        with_results(&json!([result]))
    };
    let (finished, report) = scan_value(&result(json!({"Malware": [{"Name": "x"}, {"Name": "y"}]})), &[]);
    assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("warn")));
    assert_eq!(
        of_rule(&report, "image-not-judged")[0]["title"],
        "2 entries of `Malware` in shop:1 not judged"
    );
    for extra in [
        json!({"Malware": []}),
        json!({"Words": ["a", 1, null]}),
        json!({"Stats": {"a": [{}]}}),
        json!({"Note": "a", "Amount": 1.5, "Flag": true, "Nothing": null}),
        json!({"CustomResources": [{"Type": "x", "Data": {"severity": "HIGH"}}]}),
    ] {
        let (finished, report) = scan_value(&result(extra.clone()), &[]);
        assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("pass")), "{extra}");
    }
}

#[test]
fn checks_secrets_and_licences_are_judged_by_their_kind() {
    let check = |id: &str, status: &str| {
        json!({"ID": id, "Title": "t", "Message": id, "Severity": "HIGH", "Status": status,
            "Resolution": "do it", "CauseMetadata": {"StartLine": 3}})
    };
    let licence = |name: &str, severity: &str, category: &str| json!({"Name": name, "PkgName": "p", "FilePath": "", "Severity": severity, "Category": category});
    let mut value = with_results(&json!([
        {"Target": "Dockerfile", "Class": "config", "Type": "dockerfile", "MisconfSummary": {"Successes": 5, "Failures": 1},
         "Misconfigurations": [check("A", "PASS"), check("B", "FAIL"), check("C", "EXCEPTION")]},
        {"Target": "app/.env", "Class": "secret", "Secrets": [{"RuleID": "aws", "Title": "AWS key", "Severity": "CRITICAL",
         "StartLine": 2, "EndLine": 2, "Match": "KEY=PLAINTEXTSECRET", "Code": {"Lines": [{"Content": "PLAINTEXTSECRET"}]}}]},
        {"Target": "OS Packages", "Class": "license", "Licenses": [licence("MIT", "LOW", "notice"),
         licence("GPL-2.0-only", "HIGH", "restricted"), licence("X", "LOW", "unknown")]},
    ]));
    value["ArtifactType"] = "filesystem".into();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.json"), value.to_string()).unwrap();
    let finished = run(binary("image-scan", folder.path()).args(["--report", "t.json"]));
    let report = report(folder.path());
    assert_eq!(finished.code, Some(1));
    let check = of_rule(&report, "image-misconfiguration");
    assert_eq!(check.len(), 1);
    assert_eq!(check[0]["location"], json!({"path": "Dockerfile", "line": 3}));
    assert_eq!(check[0]["help"], "do it");
    assert_eq!(of_rule(&report, "image-secret")[0]["title"], "AWS key in app/.env:2");
    assert_eq!(of_rule(&report, "image-licence").len(), 2);
    assert_eq!(report["details"]["harmless_licences"], json!({"notice": 1}));
    assert_eq!(report["details"]["checks_passed"], 5);
    for file in std::fs::read_dir(folder.path().join("devops-report")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("PLAINTEXTSECRET"), "what matched is never shown");
    }
}

#[test]
fn order_and_repetition_change_nothing() {
    let mut list = vec![
        vulnerability("CVE-1", "HIGH", "1.1.1d", "fixed"),
        vulnerability("CVE-2", "LOW", "", "affected"),
        vulnerability("CVE-1", "HIGH", "1.1.1d", "fixed"),
    ];
    let (_, mut forwards) = scan_value(&with(&json!(list)), &[]);
    list.reverse();
    let (_, mut backwards) = scan_value(&with(&json!(list)), &[]);
    assert_eq!(forwards["totals"]["vulnerabilities"], 2);
    forwards["provenance"] = Value::Null;
    backwards["provenance"] = Value::Null;
    assert_eq!(forwards, backwards);
    // The target may be named after what was found in it.
    let late = r#"{"Results": [{"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "openssl", "Severity": "HIGH",
        "InstalledVersion": "1.1.1c"}], "Class": "os-pkgs", "Type": "alpine", "Target": "late"}], "SchemaVersion": 2}"#;
    let (_, report) = scan(late.as_bytes(), &[]);
    assert_eq!(report["findings"][0]["subject"]["target"], "late");
    assert_eq!(report["findings"][0]["fingerprint"], forwards["findings"][0]["fingerprint"]);
}

#[test]
fn more_than_can_be_listed_is_counted_and_never_passes_behind_a_waiver() {
    let list: Vec<Value> = (0..5_003)
        .map(|number| vulnerability(&format!("CVE-{number}"), "CRITICAL", "2", "fixed"))
        .chain([vulnerability("CVE-L", "LOW", "2", "fixed")])
        .collect();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.json"), with(&json!(list)).to_string()).unwrap();
    std::fs::write(
        folder.path().join("devops.toml"),
        "[[waiver]]\nrule = \"image-vulnerability\"\nreason = \"a\"\nowner = \"b\"\nexpires = 2026-12-31\n",
    )
    .unwrap();
    let finished = run(binary("image-scan", folder.path()).args(["--report", "t.json"]));
    assert_eq!(finished.code, Some(1), "{}", finished.stdout);
    let report = report(folder.path());
    assert_eq!(report["totals"]["critical"], 5_003);
    let many = of_rule(&report, "image-too-many");
    assert_eq!(many[0]["title"], "3 more findings of severity critical than listed");
    assert_eq!(many[1]["title"], "1 more findings of severity low than listed");
}

/// Feeds a report of about `megabytes` with `bad` vulnerabilities through standard input, under a memory limit.
#[cfg(target_os = "linux")]
fn feed(megabytes: usize, limit_kilobytes: usize) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = binary("image-scan", folder.path()).get_program().to_owned();
    let mut child = std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -v {limit_kilobytes}; exec \"$0\" --report -")])
        .arg(path)
        .current_dir(folder.path())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut package = String::from(r#"{"ID":"a@1","Name":"a","InstalledFiles":[""#);
    write!(package, "{}\"]}},", "usr/share/doc/a/b/c ".repeat(5_000)).unwrap();
    input
        .write_all(br#"{"SchemaVersion":2,"Results":[{"Target":"t","Class":"os-pkgs","Packages":["#)
        .unwrap();
    for _ in 0..megabytes * 10 {
        input.write_all(package.as_bytes()).unwrap();
    }
    let tail = r#"{}],"Vulnerabilities":[{"VulnerabilityID":"CVE-1","Severity":"CRITICAL"}]}]}"#;
    input.write_all(tail.as_bytes()).unwrap();
    drop(input);
    let code = child.wait().unwrap().code();
    (code, report_or_null(folder.path()))
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_report() {
    let (code, report) = feed(10, 42_000);
    assert_eq!(code, Some(1));
    assert_eq!(report["totals"]["packages"], 101);
}

#[test]
#[ignore = "takes a while without optimisation"]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_a_report_of_100_megabytes() {
    let (code, report) = feed(100, 42_000);
    assert_eq!(code, Some(1));
    assert_eq!(report["totals"]["critical"], 1);
}
