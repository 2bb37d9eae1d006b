//! What people and programs get to see: what is first, how to run tests again, places, merged reports.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Said, judge};
use crate::support::{binary, run, schemas};

/// The small reports of real runners.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/test-gate");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("reports").is_dir());
    cases.sort();
    assert!(cases.len() > 100, "{}", cases.len());
    cases
}

/// A report as pytest writes it, of tests with what is in them.
fn pytest(tests: &[(&str, &str)]) -> String {
    let cases: String = tests
        .iter()
        .map(|(name, body)| {
            format!("<testcase classname=\"tests.test_a\" name=\"{name}\" time=\"0.02\">{body}</testcase>")
        })
        .collect();
    format!("<testsuites name=\"pytest tests\"><testsuite name=\"pytest\">{cases}</testsuite></testsuites>")
}

const FAILED: &str =
    "<failure message=\"assert 1 == 2\">/builds/group/shop/tests/test_a.py:7: AssertionError</failure>";

/// The tables of a report by their titles.
fn table<'a>(said: &'a Said, title: &str) -> &'a Value {
    let tables = said.report["details"]["tables"].as_array().expect("tables");
    tables.iter().find(|table| table["title"] == title).unwrap_or(&Value::Null)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("devops-report").join(name)).expect(name)
}

#[test]
fn merged_reports_say_the_same_as_what_they_are_made_of() {
    let schema = schemas().map(|folder| {
        let text = std::fs::read(folder.join("ctrf.schema.json")).unwrap();
        jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap()
    });
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let folder = tempfile::tempdir().unwrap();
        let reports = case.join("reports");
        let first = judge(
            folder.path(),
            &[reports.to_str().unwrap(), "--exports", "junit,ctrf", "--formats", "json"],
        );
        let [tests, passed, flaky, failed, errored, skipped, not_run] = first.counts();
        let ctrf = read(folder.path(), "tests.ctrf.json");
        if let Some(schema) = &schema {
            let document: Value = serde_json::from_str(&ctrf).unwrap();
            let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        }
        let merged = folder.path().join("merged");
        std::fs::create_dir(&merged).unwrap();
        std::fs::write(merged.join("ctrf.json"), ctrf).unwrap();
        std::fs::write(merged.join("junit.xml"), read(folder.path(), "tests.junit.xml")).unwrap();
        for file in ["merged/ctrf.json", "merged/junit.xml"] {
            let again = judge(folder.path(), &[file, "--formats", "json"]);
            let counts = again.counts();
            assert_eq!(again.code(), first.code(), "{name}, {file}");
            assert_eq!(
                [counts[1], counts[2], counts[5] + counts[6]],
                [passed, flaky, skipped + not_run],
                "{name}, {file}"
            );
            // What went wrong apart from tests is a test there, so that no reader sees less.
            assert!(counts[3] + counts[4] >= failed + errored, "{name}, {file}");
            if first.rules().iter().all(|rule| rule.starts_with("test-") || *rule == "suite-errored") {
                assert_eq!(counts[0], tests, "{name}, {file}");
            }
        }
    }
}

#[test]
fn merged_coverage_reads_back_equal() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/test-gate");
    for (case, file) in [
        ("coverage-python", "coverage.json"),
        ("coverage-python", "coverage.lcov"),
        ("coverage-python", "coverage.xml"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = root.join(case).join(file);
        let options = ["--exports", "cobertura", "--min-tests", "0", "--formats", "json"];
        let of = |path: &str| {
            let said = judge(folder.path(), &[&[path], options.as_slice()].concat());
            said.report["details"]["coverage"].clone()
        };
        let first = of(path.to_str().unwrap());
        assert!(first["lines"]["covered"].as_u64().is_some_and(|lines| lines > 0), "{first}");
        std::fs::rename(
            folder.path().join("devops-report/coverage.cobertura.xml"),
            folder.path().join("merged.xml"),
        )
        .unwrap();
        assert_eq!(of("merged.xml"), first, "{case}/{file}");
    }
}

#[test]
fn a_merged_report_of_an_earlier_run_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("junit.xml"), pytest(&[("test_a", "")])).unwrap();
    judge(folder.path(), &["junit.xml", "--exports", "junit,ctrf,cobertura"]);
    let of = |name: &str| folder.path().join("devops-report").join(name).exists();
    assert!(of("tests.junit.xml") && of("tests.ctrf.json") && of("coverage.cobertura.xml"));
    judge(folder.path(), &["junit.xml", "--exports", "ctrf"]);
    assert!(!of("tests.junit.xml") && of("tests.ctrf.json") && !of("coverage.cobertura.xml"));
    // A run that can't judge leaves none, either.
    let finished = run(binary("test-gate", folder.path()).args(["junit.xml", "--max-slowdown", "2"]));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(!of("tests.ctrf.json"));
}

#[test]
fn new_failures_come_before_known_ones_and_what_vanished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::create_dir(path.join("base")).unwrap();
    let before = [("test_a", FAILED), ("test_b", ""), ("test_gone", ""), ("test_z", "")];
    std::fs::write(path.join("base/junit.xml"), pytest(&before)).unwrap();
    let kept = run(binary("test-gate", path).args(["baseline", "base", "--baseline", "tests.jsonl"]));
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let now = [("test_a", FAILED), ("test_b", ""), ("test_z", FAILED)];
    std::fs::write(path.join("junit.xml"), pytest(&now)).unwrap();
    let said =
        judge(path, &["junit.xml", "--baseline", "tests.jsonl", "--formats", "json,summary,html,github"]);
    let titles: Vec<&str> = said.findings().iter().filter_map(|finding| finding["title"].as_str()).collect();
    assert_eq!(titles, ["tests.test_a.test_z", "tests.test_a.test_gone is gone", "tests.test_a.test_a"]);
    let changes: Vec<&Value> = said.findings().iter().map(|finding| &finding["subject"]["change"]).collect();
    assert_eq!(changes, [&json!("new"), &Value::Null, &json!("known")]);
    // People read what changed first, everywhere.
    for text in [&said.finished.stdout, &read(path, "summary.md"), &read(path, "report.html")] {
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} in {text}"));
        assert!(at("1 new failure") < at("1 known failure"), "{text}");
        assert!(at("1 new failure") < at("Run the failed tests again"), "{text}");
    }
    let errors: Vec<&str> = said.finished.stdout.lines().filter(|line| line.starts_with("::error")).collect();
    assert!(errors[0].contains("test_z"), "{errors:?}");
}

#[test]
fn one_command_runs_the_failed_tests_again() {
    let folder = tempfile::tempdir().unwrap();
    let tests = [("test_a", FAILED), ("test_b", ""), ("test_c[x|y z]", FAILED)];
    std::fs::write(folder.path().join("junit.xml"), pytest(&tests)).unwrap();
    let said = judge(folder.path(), &["junit.xml", "--formats", "json,summary"]);
    let command = "pytest tests/test_a.py::test_a 'tests/test_a.py::test_c[x|y z]'";
    assert_eq!(table(&said, "Run the failed tests again")["rows"], json!([["2", command]]));
    // Whole on one line, and as a block of its own that a host copies as it is.
    assert!(said.finished.stdout.contains(&format!("\n      {command}\n")), "{}", said.finished.stdout);
    let summary = read(folder.path(), "summary.md");
    assert!(summary.contains(&format!("```text\n{command}\n```")), "{summary}");
}

#[test]
fn the_slowest_tests_are_told_with_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let tests: String = (1..=30)
        .map(|index| format!("<testcase classname='a' name='t{index}' time='{}'/>", f64::from(index) / 10.0))
        .collect();
    std::fs::write(folder.path().join("junit.xml"), format!("<testsuite>{tests}</testsuite>")).unwrap();
    let said = judge(folder.path(), &["junit.xml"]);
    let rows = table(&said, "Slowest tests")["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 10);
    assert_eq!(rows[0], json!(["a.t30", "3.0 s"]));
    assert_eq!(rows[9], json!(["a.t21", "2.1 s"]));
}

/// Runs git in a folder, with nothing of the surroundings.
fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let done = command.current_dir(folder).args(identity).args(arguments).output().expect("git");
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn places_are_those_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "--quiet"]);
    for file in [
        "core/src/test/java/shop/CartTest.java",
        "a/src/OtherTest.java",
        "b/src/OtherTest.java",
        "py/tests/test_a.py",
    ] {
        std::fs::create_dir_all(path.join(file).parent().unwrap()).unwrap();
        std::fs::write(path.join(file), "x\n").unwrap();
    }
    git(path, &["add", "--all"]);
    git(path, &["commit", "--quiet", "-m", "x"]);
    let failure = |class: &str, trace: &str| {
        format!("<testcase classname='{class}' name='t'><failure message='m'>{trace}</failure></testcase>")
    };
    let cases = [
        failure(
            "shop.CartTest",
            "\tat org.hamcrest.MatcherAssert.assertThat(MatcherAssert.java:20)\n\tat shop.CartTest.t(CartTest.java:15)",
        ),
        failure("x.OtherTest", "\tat x.OtherTest.t(OtherTest.java:3)"),
        failure("test_a", "/srv/agent/7/s/py/tests/test_a.py:7: AssertionError"),
    ];
    std::fs::write(path.join("junit.xml"), format!("<testsuite>{}</testsuite>", cases.concat())).unwrap();
    let said = judge(path, &["junit.xml", "--formats", "json,sarif,codequality"]);
    let mut places: Vec<String> = said
        .findings()
        .iter()
        .map(|finding| {
            format!("{}:{}", finding["location"]["path"].as_str().unwrap(), finding["location"]["line"])
        })
        .collect();
    places.sort();
    // What could be either of two files is neither.
    assert_eq!(
        places,
        ["OtherTest.java:3", "core/src/test/java/shop/CartTest.java:15", "py/tests/test_a.py:7"]
    );
    let sarif: Value = serde_json::from_str(&read(path, "report.sarif")).unwrap();
    let uris: Vec<&Value> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"])
        .collect();
    assert!(uris.contains(&&json!({ "uri": "py/tests/test_a.py", "uriBaseId": "%SRCROOT%" })), "{uris:?}");
    let issues: Value = serde_json::from_str(&read(path, "gl-code-quality-report.json")).unwrap();
    let mut prints: Vec<&str> =
        issues.as_array().unwrap().iter().filter_map(|issue| issue["fingerprint"].as_str()).collect();
    let all = prints.len();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), all);
}

#[test]
fn thousands_of_failures_stay_within_the_limits_of_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let name = "x".repeat(200);
    let of = |body: &str| -> String {
        (0..3_000)
            .map(|index| {
                format!(
                    "<testcase classname='tests.c{index}' name='{name}{index}' time='1'>{body}</testcase>"
                )
            })
            .collect()
    };
    let suite = |cases: String| {
        format!("<testsuites name='pytest tests'><testsuite name='pytest'>{cases}</testsuite></testsuites>")
    };
    std::fs::create_dir(path.join("base")).unwrap();
    std::fs::write(path.join("base/junit.xml"), suite(of(""))).unwrap();
    run(binary("test-gate", path).args(["baseline", "base", "--baseline", "tests.jsonl"]));
    std::fs::write(path.join("junit.xml"), suite(of(FAILED))).unwrap();
    let said =
        judge(path, &["junit.xml", "--baseline", "tests.jsonl", "--formats", "json,summary,html,github"]);
    assert!(read(path, "summary.md").len() < 1_000_000);
    assert!(read(path, "report.html").len() < 2_000_000);
    let annotations = said.finished.stdout.lines().filter(|line| line.starts_with("::error")).count();
    assert_eq!(annotations, 10);
    assert!(said.finished.stdout.contains("more findings that did not fit here"), "{}", said.finished.stdout);
}
