//! What people see of a failure: why, where, whose, in which order, and headlines that agree with the verdict.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Said, judge, judge_text};
use crate::support::{binary, report, run};

const GREEN: &str = "<testsuite name='pytest' tests='2'><testcase classname='tests.test_a' name='test_a' time='0.001'/>\
    <testcase classname='tests.test_a' name='test_b' time='0.001'/></testsuite>";

const RED: &str = "<testsuite name='pytest' tests='2'><testcase classname='tests.test_a' name='test_a' time='0.001'/>\
    <testcase classname='tests.test_a' name='test_b' time='0.001'><failure message='assert 1 == 2'>def test_b():\n\
    &gt;   assert 1 == 2\nE   assert 1 == 2\n\ntests/test_a.py:5: AssertionError</failure></testcase></testsuite>";

const COVERAGE: &str = "SF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n";

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("devops-report").join(name)).unwrap()
}

fn headline(said: &Said) -> &str {
    said.report["headline"].as_str().unwrap()
}

/// What a waiver of the only failure looks like.
fn waiver(rule: &str) -> String {
    format!("[[waiver]]\nrule = \"{rule}\"\nreason = \"pending\"\nowner = \"ops\"\nexpires = 2026-12-31\n")
}

#[test]
fn a_module_that_can_not_be_imported_is_shown_by_its_own_line_and_its_last_error() {
    let prelude = "Hint: make sure your test modules/packages have valid Python names.\nTraceback:\n";
    for library in [
        "/opt/hostedtoolcache/Python/3.11.7/x64/lib/python3.11",
        "/home/ann/.pyenv/versions/3.12.1/lib/python3.12",
    ] {
        let said = judge_text(format!(
            "<testsuites name='pytest tests'><testsuite name='pytest' errors='1' tests='1'>\
             <testcase classname='' name='tests.test_shop'><error message='collection failure'>\
             ImportError while importing test module '/srv/shop/tests/test_shop.py'.\n{prelude}\
             {library}/importlib/__init__.py:126: in import_module\n    return _gcd_import(name)\n\
             tests/test_shop.py:3: in &lt;module&gt;\n    import prices\n\
             E   ModuleNotFoundError: No module named 'prices'</error></testcase></testsuite></testsuites>"
        ));
        let finding = &said.findings()[0];
        assert_eq!(finding["location"], json!({ "path": "tests/test_shop.py", "line": 3 }));
        let detail = finding["detail"].as_str().unwrap();
        assert!(detail.starts_with("ModuleNotFoundError: No module named 'prices'\n"), "{detail}");
        assert!(detail.ends_with("\nE   ModuleNotFoundError: No module named 'prices'"), "{detail}");
    }
}

#[test]
fn the_first_line_of_the_message_stands_beside_the_title_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "junit.xml", RED);
    let formats = "json,summary,html,junit,codequality,github";
    let said = judge(folder.path(), &["junit.xml", "--formats", formats]);
    assert!(said.finished.stdout.contains("tests/test_a.py:5   assert 1 == 2\n"), "{}", said.finished.stdout);
    let summary = read(folder.path(), "summary.md");
    assert!(
        summary.contains("**1.** high: **tests.test_a.test_b**<br>tests/test_a.py:5 · test-failed<br>"),
        "{summary}"
    );
    assert!(summary.contains("\n```text\nassert 1 == 2\n"), "{summary}");
    let page = read(folder.path(), "report.html");
    let visible = page.split("<details").next().unwrap();
    assert!(visible.contains("<pre tabindex=\"0\">assert 1 == 2\n"), "{visible}");
    let junit = read(folder.path(), "report.junit.xml");
    assert!(junit.contains("message=\"assert 1 == 2\""), "{junit}");
    let quality = read(folder.path(), "gl-code-quality-report.json");
    assert!(quality.contains("\"tests.test_a.test_b: assert 1 == 2\""), "{quality}");
}

#[test]
fn a_page_lists_the_worst_of_a_large_run_and_the_report_is_the_same_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let cases: String =
        (0..25_000).map(|case| format!("<testcase name='case {case}' time='0.5'/>")).collect();
    write(
        folder.path(),
        "junit.xml",
        &format!(
            "<testsuite name='a &lt;b&gt;'>{cases}<testcase name='last'><failure/></testcase></testsuite>"
        ),
    );
    judge(folder.path(), &["junit.xml", "--formats", "json,html"]);
    let (page, with) = (read(folder.path(), "report.html"), read(folder.path(), "report.json"));
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("<tr><td class=")).collect();
    assert_eq!(rows.len(), 20_000);
    assert!(
        rows[0].ends_with(
            "<tr><td class=\"failed\">failed</td><td>last</td><td>a &#60;b&#62;</td><td></td></tr>"
        ),
        "{}",
        rows[0]
    );
    assert!(rows[1].ends_with("<td>case 0</td><td>a &#60;b&#62;</td><td>500 ms</td></tr>"), "{}", rows[1]);
    assert!(page.contains("5,001 more tests are not listed"));
    judge(folder.path(), &["junit.xml", "--formats", "json"]);
    assert!(!with.contains("case 3") && with == read(folder.path(), "report.json"));
}

#[test]
fn failures_and_attempts_of_one_case_are_told_apart() {
    let said = judge_text(
        "<testsuite name='s'><testcase classname='Cart' name='adds'>\
         <failure message='a.cc:4&#10;20 is no 10'>a.cc:4\n20 is no 10</failure>\
         <failure message='a.cc:5&#10;30 is no 10'>a.cc:5\n30 is no 10</failure></testcase>\
         <testcase classname='Cart' name='pays'><failure message='no port'>no port\n at a.js:1</failure>\
         <rerunFailure message='no port'>no port\n at a.js:1</rerunFailure>\
         <rerunFailure message='no disk'>no disk\n at a.js:2</rerunFailure></testcase></testsuite>",
    );
    let details: Vec<&str> =
        said.findings().iter().filter_map(|finding| finding["detail"].as_str()).collect();
    assert_eq!(
        details,
        [
            "20 is no 10\nfailure 1:\na.cc:4\n20 is no 10\nfailure 2:\na.cc:5\n30 is no 10",
            "no disk\nattempt 1:\nno port\n at a.js:1\nattempt 3:\nno disk\n at a.js:2",
        ]
    );
}

#[test]
fn soft_assertions_are_told_apart() {
    let error =
        |said: &str| json!({ "message": said, "stack": format!("{said}\n    at /srv/a.spec.ts:7:3") });
    let folder = tempfile::tempdir().unwrap();
    let report = json!({
        "config": {}, "errors": [], "stats": { "unexpected": 1 },
        "suites": [{ "title": "a.spec.ts", "file": "a.spec.ts", "specs": [{
            "title": "pays", "ok": false, "file": "a.spec.ts", "line": 2,
            "tests": [{ "expectedStatus": "passed", "status": "unexpected", "results": [{
                "status": "failed", "retry": 0, "error": error("Error: 1 is no 2"),
                "errors": [error("Error: 1 is no 2"), error("Error: 3 is no 4")],
            }] }],
        }] }],
    });
    write(folder.path(), "playwright.json", &report.to_string());
    let said = judge(folder.path(), &["playwright.json"]);
    let detail = said.findings()[0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("Error: 1 is no 2\nfailure 1:\n"), "{detail}");
    assert!(detail.contains("\nfailure 2:\nError: 3 is no 4\n"), "{detail}");
}

#[test]
fn a_case_that_says_nothing_is_explained_by_its_output() {
    let said = judge_text(
        "<testsuite name='s'><testcase classname='a' name='b'><failure message=''/>\
         <system-out>starting\nerror: price is &lt;20&gt;\n</system-out></testcase>\
         <testcase classname='a' name='c'><failure message='told'/><system-out>noise</system-out></testcase></testsuite>",
    );
    let details: Vec<&str> =
        said.findings().iter().filter_map(|finding| finding["detail"].as_str()).collect();
    assert_eq!(details, ["starting\nerror: price is <20>", "told"]);
}

#[test]
fn one_error_of_a_build_is_one_finding_that_no_waiver_of_a_package_covers() {
    let folder = tempfile::tempdir().unwrap();
    let mut stream = "{\"ImportPath\":\"x.org/shop/core\",\"Action\":\"build-output\",\"Output\":\"core/core.go:3:28: no value\\n\"}\n\
                      {\"ImportPath\":\"x.org/shop/core\",\"Action\":\"build-fail\"}\n"
        .to_owned();
    for package in ["a", "b", "core"] {
        stream.push_str(&format!(
            "{{\"Action\":\"start\",\"Package\":\"x.org/shop/{package}\"}}\n\
             {{\"Action\":\"fail\",\"Package\":\"x.org/shop/{package}\",\"FailedBuild\":\"x.org/shop/core\"}}\n"
        ));
    }
    write(folder.path(), "go.json", &stream);
    for matched in ["x.org/shop/a", "x.org/shop/core", "*/core"] {
        write(
            folder.path(),
            "devops.toml",
            &waiver("run-errored").replace("reason", &format!("matches = \"{matched}\"\nreason")),
        );
        let said = judge(folder.path(), &["go.json"]);
        let errors = said.findings().iter().filter(|finding| finding["rule"] == "run-errored");
        let titles: Vec<&str> = errors.filter_map(|finding| finding["title"].as_str()).collect();
        assert_eq!(titles, ["build of x.org/shop/core"]);
        // A pattern with a star says that it means more than one.
        assert_eq!(said.code(), i32::from(!matched.starts_with('*')), "{matched}: {}", said.report);
    }
}

#[test]
fn causes_stand_above_what_follows_from_them_and_the_hint_is_about_the_first() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "junit.xml", RED);
    write(folder.path(), "lcov.info", COVERAGE);
    let said = judge(
        folder.path(),
        &["junit.xml", "lcov.info", "gone.xml", "--baseline", "none.jsonl", "--min-coverage", "90"],
    );
    let rules: Vec<&str> = said.findings().iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert_eq!(rules, ["test-failed", "report-missing", "baseline-missing", "coverage-too-low"]);
    assert!(
        said.finished.stdout.ends_with("help   test-gate explain test-failed\n"),
        "{}",
        said.finished.stdout
    );
}

#[test]
fn headlines_agree_with_the_verdict() {
    let quarantine = "[[quarantine]]\ntest = \"tests.test_a.test_b\"\nreason = \"clock\"\nowner = \"ops\"\nexpires = 2026-12-31\n";
    let cases: &[(&str, &str, &str, &[&str], &str)] = &[
        (GREEN, "", "pass", &[], "2 tests passed in 1 report (2 ms)"),
        (RED, "", "fail", &[], "1 failed of 2 tests in 1 report (2 ms)"),
        (RED, "test-failed", "pass", &[], "1 failed of 2 tests in 1 report (2 ms), 1 waived"),
        (GREEN, "test-failed", "warn", &[], "2 tests passed in 1 report (2 ms); waiver-unused"),
        (GREEN, "", "fail", &["--min-tests", "3"], "2 tests passed in 1 report (2 ms); too-few-tests"),
        (
            GREEN,
            "",
            "fail",
            &["--test-exit-code", "3"],
            "2 tests passed in 1 report (2 ms); exit-unexplained",
        ),
        (GREEN, "", "fail", &["gone.xml"], "2 tests passed in 1 report, 1 missing (2 ms)"),
        (
            GREEN,
            "",
            "fail",
            &["--baseline", "none.jsonl"],
            "2 tests passed in 1 report (2 ms); baseline-missing",
        ),
        (
            RED,
            "test-failed",
            "fail",
            &["--min-tests", "3"],
            "1 failed of 2 tests in 1 report (2 ms), 1 waived; too-few-tests",
        ),
        (
            RED,
            "",
            "pass",
            &["--quarantine", "quarantine.toml"],
            "1 failed of 2 tests in 1 report (2 ms), 1 in quarantine",
        ),
        (
            RED,
            "",
            "warn",
            &["--baseline", "known.jsonl", "--new-failures-only"],
            "1 failed of 2 tests in 1 report, 1 known before (2 ms)",
        ),
        (
            GREEN,
            "",
            "fail",
            &["lcov.info", "--min-coverage", "90"],
            "2 tests passed in 1 report (2 ms), 50.0 % of lines covered; coverage-too-low",
        ),
    ];
    for (junit, waived, verdict, arguments, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        write(path, "junit.xml", RED);
        let kept =
            run(binary("test-gate", path).args(["baseline", "junit.xml", "--baseline", "known.jsonl"]));
        assert_eq!(kept.code, Some(0), "{kept:?}");
        write(path, "junit.xml", junit);
        write(path, "lcov.info", COVERAGE);
        write(path, "quarantine.toml", quarantine);
        if !waived.is_empty() {
            write(path, "devops.toml", &waiver(waived).replace("reason", "matches = \"*test_b\"\nreason"));
        }
        let said = judge(path, &[&["junit.xml"], *arguments].concat());
        assert_eq!(
            (headline(&said), said.report["verdict"].as_str()),
            (*expected, Some(*verdict)),
            "{}",
            said.report
        );
    }
    let broken =
        judge_text("<testsuite name='s'><testcase name='a'/><error message='tear-down'/></testsuite>");
    assert_eq!(headline(&broken), "1 errored of 2 tests in 1 report");
    let claimed = judge_text("<testsuite name='s' failures='1'><testcase name='a'/></testsuite>");
    assert_eq!(headline(&claimed), "1 test passed in 1 report, 1 suite errored");
    let cut = judge_text("<testsuite name='s'><testcase name='a'/>");
    assert_eq!(headline(&cut), "1 test passed in 1 report, 1 unreadable");
}

#[test]
fn owners_of_a_failing_test_are_named_and_waive_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .current_dir(path)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .output();
        assert!(done.unwrap().status.success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    write(path, "tests/test_a.py", "def test_b(): pass\n");
    write(path, "junit.xml", RED);
    write(path, ".github/CODEOWNERS", "* @org/all\n/tests/ @org/shop qa@example.com\n*.py nobody\n");
    git(&["add", "tests"]);
    git(&["commit", "--quiet", "-m", "x"]);
    write(path, "devops.toml", &waiver("test-failed").replace("reason", "matches = \"@org/shop\"\nreason"));
    let said = judge(path, &["junit.xml", "--formats", "json,summary,html,github"]);
    assert_eq!(said.code(), 1);
    assert_eq!(said.findings()[0]["subject"]["owners"], json!(["@org/shop", "qa@example.com"]));
    assert!(said.notes().contains(".github/CODEOWNERS:3: `nobody` is not an owner"), "{}", said.notes());
    assert!(said.finished.stdout.contains("owners: @org/shop, qa@example.com\n"), "{}", said.finished.stdout);
    assert!(
        read(path, "summary.md").contains("test-failed, owners @\u{200b}org/shop, qa@"),
        "{}",
        read(path, "summary.md")
    );
    assert!(read(path, "report.html").contains("owners @org/shop, qa@example.com"));
    let inputs = report(path)["provenance"]["inputs"].to_string();
    assert!(inputs.contains(".github/CODEOWNERS"), "{inputs}");
}
