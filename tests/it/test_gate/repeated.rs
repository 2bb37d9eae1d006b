//! Tests of one name: rows of data, repeated titles, attempts, jobs of a matrix, shards.

use std::path::Path;

use super::{Said, judge};
use crate::support::corpus;

const RED: &str = "<testcase classname='A' name='row'><failure message='row 1 is odd'/></testcase>";
const GREEN: &str = "<testcase classname='A' name='row'/>";
const SKIPPED: &str = "<testcase classname='A' name='row'><skipped/></testcase>";

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }
    folder
}

/// What is said of one file of `JUnit` XML.
fn said(report: &str, arguments: &[&str]) -> Said {
    let folder = folder(&[("junit.xml", report)]);
    judge(folder.path(), &[&["junit.xml"], arguments].concat())
}

/// A suite with these cases.
fn suite(name: &str, cases: &[&str]) -> String {
    format!("<testsuite name='{name}'>{}</testsuite>", cases.concat())
}

/// The titles of the failed tests.
fn failed(said: &Said) -> Vec<&str> {
    let is_failed =
        |finding: &&serde_json::Value| finding["rule"] == "test-failed" && finding["waived"].is_null();
    said.findings().iter().filter(is_failed).filter_map(|finding| finding["title"].as_str()).collect()
}

#[test]
fn cases_of_one_name_are_tests_in_any_order_and_number() {
    for (cases, counts) in [
        (vec![RED, GREEN], [2, 1, 0, 1, 0, 0, 0]),
        (vec![GREEN, RED], [2, 1, 0, 1, 0, 0, 0]),
        (vec![RED, RED, RED], [3, 0, 0, 3, 0, 0, 0]),
        (vec![RED, SKIPPED], [2, 0, 0, 1, 0, 1, 0]),
        (vec![SKIPPED, RED], [2, 0, 0, 1, 0, 1, 0]),
        (vec![SKIPPED, GREEN], [2, 1, 0, 0, 0, 1, 0]),
        (vec![GREEN, GREEN], [2, 2, 0, 0, 0, 0, 0]),
    ] {
        let is_red = counts[3] > 0;
        for producer in ["", "jest tests", "vitest tests"] {
            let report = format!("<testsuites name='{producer}'>{}</testsuites>", suite("s", &cases));
            for arguments in [&[][..], &["--test-exit-code", "0"]] {
                let said = said(&report, arguments);
                assert_eq!((said.code(), said.counts()), (i32::from(is_red), counts), "{report}");
            }
        }
    }
}

#[test]
fn two_suite_elements_are_two_suites_whatever_is_set() {
    for attributes in ["name='Button'", "name='Button' hostname='ci' id='0' package='p'", ""] {
        let report = format!(
            "<testsuites><testsuite {attributes}>{RED}</testsuite><testsuite {attributes}>{GREEN}</testsuite></testsuites>"
        );
        for arguments in [&[][..], &["--repeated-cases", "attempts"]] {
            assert_eq!(said(&report, arguments).counts(), [2, 1, 0, 1, 0, 0, 0], "{report}");
        }
        let documents = report.replace("<testsuites>", "").replace("</testsuites>", "");
        assert_eq!(said(&documents, &["--repeated-cases", "attempts"]).counts(), [2, 1, 0, 1, 0, 0, 0]);
    }
}

#[test]
fn the_setting_makes_cases_of_one_suite_attempts_and_the_finding_names_it() {
    let report = "<testsuite name='CartTest' tests='3' failures='1' errors='1'>\
         <testcase classname='a::b' name='c' file='src/a.rs' line='7'><failure message='first'/></testcase>\
         <testcase classname='a::b' name='c' file='src/a.rs' line='7'><error message='second'/></testcase>\
         <testcase classname='a::b' name='c' file='src/a.rs' line='7'/></testsuite>";
    let without = said(report, &[]);
    assert_eq!((without.code(), without.counts()), (1, [3, 1, 0, 1, 1, 0, 0]));
    assert_eq!(failed(&without), ["a::b::c", "a::b::c #2"]);
    let detail = without.findings()[0]["detail"].as_str().unwrap();
    assert!(detail.ends_with("3 cases have this name, and each counts as a test; if they are attempts at one test, set `repeated-cases = \"attempts\"`"), "{detail}");
    let with = said(report, &["--repeated-cases", "attempts"]);
    assert_eq!((with.code(), with.counts()), (0, [1, 0, 1, 0, 0, 0, 0]));
    let finding = &with.findings()[0];
    assert_eq!(finding["title"], "a::b::c");
    assert_eq!(
        finding["detail"],
        "passed on attempt 3 of 3; before: second\ncases with this name are attempts because of `repeated-cases = \"attempts\"`"
    );
    assert_eq!(finding["subject"]["attempts"], 3);
    assert_eq!(finding["location"]["line"], 7);
    let badly = report.replace("line='7'/>", "line='7'><failure/></testcase>");
    assert_eq!(said(&badly, &["--repeated-cases", "attempts"]).counts(), [1, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn the_setting_changes_nothing_for_runners_that_write_no_attempts() {
    for producer in ["jest tests", "vitest tests"] {
        let report = format!("<testsuites name='{producer}'>{}</testsuites>", suite("s", &[RED, GREEN]));
        assert_eq!(said(&report, &["--repeated-cases", "attempts"]).counts(), [2, 1, 0, 1, 0, 0, 0]);
    }
}

#[test]
fn the_message_is_that_of_the_last_attempt_that_has_one() {
    let case = |inner: &str| format!("<testcase classname='tests.test_r' name='test_b'>{inner}</testcase>");
    let failure = "<failure message='assert 1 == 2'>tests/test_r.py:11: AssertionError</failure>";
    let teardown = "<error message='port in use'>tests/test_r.py:9: RuntimeError</error>";
    for (cases, counts, message, line) in [
        (vec!["", "", failure], [1, 0, 0, 1, 0, 0, 0], "assert 1 == 2", 11),
        (vec!["", failure], [1, 0, 0, 1, 0, 0, 0], "assert 1 == 2", 11),
        (vec!["", "", teardown], [1, 0, 0, 0, 1, 0, 0], "port in use", 9),
        (vec![failure, teardown], [1, 0, 0, 0, 1, 0, 0], "port in use", 9),
        // No rerun: the plugin writes no failure of an attempt before the last one.
        (vec![failure, ""], [2, 1, 0, 1, 0, 0, 0], "assert 1 == 2", 11),
    ] {
        let cases: Vec<String> = cases.into_iter().map(case).collect();
        let report = format!("<testsuite name='pytest'>{}</testsuite>", cases.concat());
        let said = said(&report, &[]);
        assert_eq!((said.code(), said.counts()), (1, counts), "{report}");
        let finding = &said.findings()[0];
        assert_eq!(finding["subject"]["message"], message, "{report}");
        assert_eq!(finding["location"]["line"], line, "{report}");
        assert!(finding["detail"].as_str().unwrap().starts_with(message), "{report}");
    }
}

#[test]
fn attempts_of_the_corpus_are_attempts_where_that_is_set() {
    let Some(corpus) = corpus() else { return };
    for (file, counts) in [
        ("flaky_all_failures.xml", [1, 0, 0, 0, 1, 0, 0]),
        ("flaky_success_first.xml", [1, 0, 0, 0, 1, 0, 0]),
        ("flaky_with_classname_file.xml", [3, 2, 1, 0, 0, 0, 0]),
    ] {
        let path = corpus.join("junit/mikepenz/flaky_retries").join(file);
        let folder = tempfile::tempdir().unwrap();
        let said = judge(folder.path(), &[path.to_str().unwrap(), "--repeated-cases", "attempts"]);
        assert_eq!((said.code(), said.counts()), (1, counts), "{file}");
    }
}

/// Writes a baseline of a report, and judges another one with it.
fn compared(before: &[&str], now: &[&str], more: &[&str]) -> Said {
    let folder = folder(&[("before/junit.xml", &suite("s", before)), ("now/junit.xml", &suite("s", now))]);
    written(folder.path(), &["before"]);
    judge(folder.path(), &[&["now", "--baseline", "b.jsonl"], more].concat())
}

fn written(folder: &Path, paths: &[&str]) {
    let finished = crate::support::run(
        crate::support::binary("test-gate", folder)
            .arg("baseline")
            .args(paths)
            .args(["--baseline", "b.jsonl"]),
    );
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn rows_are_told_apart_where_only_new_failures_count() {
    let only_new = ["--new-failures-only"];
    let same = compared(&[RED, GREEN, GREEN], &[RED, GREEN, GREEN], &only_new);
    assert_eq!((same.code(), same.rules()), (0, vec!["test-failed-before"]));
    let other = compared(&[RED, GREEN, GREEN], &[GREEN, RED, GREEN], &only_new);
    assert_eq!((other.code(), failed(&other)), (1, vec!["A.row #2"]));
    let more = compared(&[RED, GREEN, GREEN], &[RED, RED, GREEN], &only_new);
    assert_eq!((more.code(), failed(&more)), (1, vec!["A.row #2"]));
    assert!(more.rules().contains(&"test-failed-before"));
    let lost = compared(&[GREEN, GREEN, GREEN], &[GREEN, GREEN], &[]);
    assert_eq!((lost.code(), lost.rules()), (1, vec!["test-vanished"]));
    let skipped = compared(&[GREEN, GREEN], &[GREEN, SKIPPED], &[]);
    assert_eq!(skipped.code(), 1);
    // It is unknown which of the rows failed before, now that there is another one.
    let grown = compared(&[RED, GREEN], &[GREEN, RED, GREEN], &only_new);
    assert_eq!(grown.code(), 1);
}

#[test]
fn jobs_of_a_matrix_are_told_apart_where_only_new_failures_count() {
    let (red, green) = (suite("s", &[RED]), suite("s", &[GREEN]));
    let files = [
        ("before/linux.xml", red.as_str()),
        ("before/windows.xml", &green),
        ("now/linux.xml", &green),
        ("now/windows.xml", &red),
    ];
    let folder = folder(&files);
    written(folder.path(), &["before"]);
    let said = judge(folder.path(), &["now", "--baseline", "b.jsonl", "--new-failures-only"]);
    assert_eq!((said.code(), failed(&said)), (1, vec!["A.row"]));
    let said = judge(folder.path(), &["before", "--baseline", "b.jsonl", "--new-failures-only"]);
    assert_eq!((said.code(), said.rules()), (0, vec!["test-failed-before"]));
}

#[test]
fn an_environment_is_part_of_what_a_test_is() {
    let (red, green) = (suite("s", &[RED]), suite("s", &[GREEN]));
    let folder = folder(&[("red/junit.xml", red.as_str()), ("green/junit.xml", &green)]);
    let environments = |red: &str, green: &str| [format!("red/** = {red}"), format!("green/**={green}")];
    let [one, other] = environments("linux", "windows");
    let write = |environments: &[String; 2]| {
        let [one, other] = environments;
        let mut command = crate::support::binary("test-gate", folder.path());
        command.args([
            "baseline",
            "red",
            "green",
            "--baseline",
            "b.jsonl",
            "--environment",
            one,
            "--environment",
            other,
        ]);
        assert_eq!(crate::support::run(&mut command).code, Some(0));
    };
    write(&[one.clone(), other.clone()]);
    let judged = |one: &str, other: &str| {
        let arguments = [
            "red",
            "green",
            "--baseline",
            "b.jsonl",
            "--new-failures-only",
            "--environment",
            one,
            "--environment",
            other,
        ];
        judge(folder.path(), &arguments)
    };
    let same = judged(&one, &other);
    assert_eq!((same.code(), same.rules()), (0, vec!["test-failed-before"]));
    assert_eq!(same.findings()[0]["title"], "A.row (linux) still fails");
    let [one, other] = environments("windows", "linux");
    let swapped = judged(&one, &other);
    assert_eq!((swapped.code(), failed(&swapped)), (1, vec!["A.row (windows)"]));
    assert_eq!(swapped.findings()[0]["subject"]["test_environment"], "windows");
    let misspelt = judge(folder.path(), &["green", "--environment", "gren/** = linux"]);
    assert!(
        misspelt.notes().contains("no report matches `gren/**` of `environment`"),
        "{}",
        misspelt.notes()
    );
    let hidden =
        judge(folder.path(), &["green", "--environment", "all", "--environment", "green/** = linux"]);
    assert!(hidden.notes().contains("or an earlier entry does"), "{}", hidden.notes());
}

#[test]
fn a_quarantine_covers_the_row_that_it_names() {
    let quarantine = |test: &str| {
        format!(
            "[[quarantine]]\ntest = \"{test}\"\nowner = \"shop\"\nreason = \"slow\"\nexpires = 2026-12-31\n"
        )
    };
    for (entry, cases, open) in [
        ("A.row", vec![RED, GREEN], vec![]),
        ("A.row", vec![GREEN, RED], vec!["A.row #2"]),
        ("A.row #2", vec![GREEN, RED], vec![]),
        ("A.row", vec![RED, RED], vec!["A.row #2"]),
        ("A.row*", vec![RED, RED], vec![]),
    ] {
        let folder = folder(&[("junit.xml", &suite("s", &cases)), ("q.toml", &quarantine(entry))]);
        let said = judge(folder.path(), &["junit.xml", "--quarantine", "q.toml", "--test-exit-code", "1"]);
        assert_eq!((said.code(), failed(&said)), (i32::from(!open.is_empty()), open), "{entry} {cases:?}");
        assert!(!said.rules().contains(&"quarantine-unused"), "{entry}");
    }
    // A matrix has one entry for all its jobs, or one for each.
    for (entry, code) in [("A.row", 0), ("A.row (linux)", 0), ("A.row (windows)", 1)] {
        let folder = folder(&[("junit.xml", &suite("s", &[RED])), ("q.toml", &quarantine(entry))]);
        let said = judge(folder.path(), &["junit.xml", "--quarantine", "q.toml", "--environment", "linux"]);
        assert_eq!(said.code(), code, "{entry}");
    }
}

#[test]
fn a_waiver_covers_the_row_that_it_names() {
    let waiver = "[[waiver]]\nrule = \"test-failed\"\nmatches = \"row\"\nowner = \"shop\"\nreason = \"slow\"\nexpires = 2026-12-31\n";
    for (cases, code) in [(vec![RED, GREEN], 0), (vec![GREEN, RED], 1), (vec![RED, RED], 1)] {
        let folder = folder(&[("junit.xml", &suite("s", &cases)), ("devops.toml", waiver)]);
        assert_eq!(judge(folder.path(), &["junit.xml"]).code(), code, "{cases:?}");
    }
}

#[test]
fn rows_have_names_of_their_own_in_merged_reports() {
    let folder = folder(&[("junit.xml", &suite("s", &[RED, GREEN, RED]))]);
    let before = judge(folder.path(), &["junit.xml", "--exports", "junit,ctrf"]);
    assert_eq!(before.counts(), [3, 1, 0, 2, 0, 0, 0]);
    let files = ["tests.junit.xml", "tests.ctrf.json"];
    for file in files {
        let text = std::fs::read_to_string(folder.path().join("devops-report").join(file)).unwrap();
        assert!(text.contains("\"row #2\"") && text.contains("\"row #3\""), "{text}");
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    for file in files {
        assert_eq!(judge(folder.path(), &[file]).counts(), before.counts(), "{file}");
    }
}

#[test]
fn a_test_that_another_report_has_is_not_skipped() {
    let case = |name: &str, inner: &str| format!("<testcase classname='A' name='{name}'>{inner}</testcase>");
    let shard = |states: [&str; 3]| {
        let cases = ["one", "two", "three"].iter().zip(states).map(|(name, state)| case(name, state));
        format!(
            "<testsuites name='nextest-run'><testsuite name='s'>{}</testsuite></testsuites>",
            cases.collect::<String>()
        )
    };
    let skip = "<skipped/>";
    let files = [
        ("a.xml", shard(["", skip, skip])),
        ("b.xml", shard([skip, "<failure/>", skip])),
        ("c.xml", shard([skip, skip, skip])),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    let said = judge(folder.path(), &["a.xml", "b.xml", "c.xml"]);
    // The third one never ran, so each of its skips counts.
    assert_eq!((said.code(), said.counts()), (1, [5, 1, 0, 1, 0, 3, 0]));
    assert!(
        said.notes().contains("4 skipped tests ran in another report, and only counts there"),
        "{}",
        said.notes()
    );
    let apart = judge(
        folder.path(),
        &["a.xml", "b.xml", "c.xml", "--environment", "a.xml = linux", "--environment", "b.xml = windows"],
    );
    assert_eq!(apart.counts(), [9, 1, 0, 1, 0, 7, 0]);
}

#[test]
fn a_later_report_is_an_attempt_where_that_is_set() {
    let case = |name: &str, inner: &str| {
        format!("<testcase classname='tests.test_a' name='{name}'>{inner}</testcase>")
    };
    let report = |cases: &[String]| {
        format!(
            "<testsuites><testsuite name='unit' tests='{}'>{}</testsuite></testsuites>",
            cases.len(),
            cases.concat()
        )
    };
    let failure = "<failure message='timeout'>x</failure>";
    let files = [
        ("1/junit.xml", report(&[case("one", ""), case("two", failure), case("three", "")])),
        ("2/junit.xml", report(&[case("two", "")])),
        ("other/junit.xml", report(&[case("one", "")])),
        ("worse/junit.xml", report(&[case("two", "<error message='worse'/>"), case("three", failure)])),
        ("skipped/junit.xml", report(&[case("two", "<skipped/>")])),
        ("rows/junit.xml", report(&[case("two", ""), case("two", "")])),
        ("cut/junit.xml", report(&[case("two", "")]).replace("</testsuites>", "")),
        ("empty/junit.xml", String::new()),
        ("namesake/junit.xml", report(&[case("two", "")]).replace("name='unit'", "name='other'")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    for (paths, code, counts, rules) in [
        (&["1", "2"][..], 0, [3, 2, 1, 0, 0, 0, 0], &["test-flaky"][..]),
        (&["1", "worse", "2"], 1, [3, 1, 1, 1, 0, 0, 0], &["test-failed", "test-flaky"]),
        (&["1", "other"], 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
        (&["1", "worse"], 1, [3, 1, 0, 1, 1, 0, 0], &["test-failed"]),
        (&["1", "skipped"], 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
        (&["1", "rows"], 1, [5, 4, 0, 1, 0, 0, 0], &["test-failed"]),
        (&["1", "cut"], 1, [4, 3, 0, 1, 0, 0, 0], &["report-unreadable", "test-failed"]),
        (&["1", "empty"], 1, [3, 2, 0, 1, 0, 0, 0], &["report-empty", "test-failed"]),
        (&["1", "namesake"], 1, [4, 3, 0, 1, 0, 0, 0], &["test-failed"]),
        (&["2", "1"], 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
    ] {
        let said = judge(folder.path(), &[paths, &["--attempts"]].concat());
        assert_eq!((said.code(), said.counts(), said.rules()), (code, counts, rules.to_vec()), "{paths:?}");
    }
    let flaky = judge(folder.path(), &["1", "2", "--attempts", "--fail-on-flaky", "--exports", "junit"]);
    assert_eq!(flaky.code(), 1);
    let detail = flaky.findings()[0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("passed on attempt 2 of 2 in 2/junit.xml; before: timeout"), "{detail}");
    let apart = judge(folder.path(), &["1", "2"]);
    assert_eq!((apart.code(), apart.counts()), (1, [4, 3, 0, 1, 0, 0, 0]));
    let detail = apart.findings()[0]["detail"].as_str().unwrap();
    assert!(
        detail.contains(
            "a test with this name passed in 2/junit.xml; if that is a later attempt, set `attempts`"
        ),
        "{detail}"
    );
    let places = ["1", "2", "--attempts", "--environment", "1/** = linux", "--environment", "2/** = windows"];
    assert_eq!(judge(folder.path(), &places).code(), 1, "another system's pass makes nothing good");
    let alone =
        crate::support::run(crate::support::binary("test-gate", folder.path()).args(["1", "--attempts"]));
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.stderr.contains("`attempts` needs a path for each attempt"), "{alone:?}");
}

#[test]
fn a_baseline_knows_tests_of_several_attempts_once() {
    let folder = folder(&[("1/junit.xml", &suite("s", &[RED])), ("2/junit.xml", &suite("s", &[GREEN]))]);
    written(folder.path(), &["1", "2", "--attempts"]);
    let said = judge(folder.path(), &["2", "--baseline", "b.jsonl"]);
    assert_eq!((said.code(), said.counts()), (0, [1, 1, 0, 0, 0, 0, 0]));
    assert!(!said.rules().contains(&"test-vanished"), "{:?}", said.rules());
}

/// A dated suite with these cases.
fn dated(cases: &[&str]) -> String {
    format!("<testsuite name='s' timestamp='2026-11-20T10:00:00'>{}</testsuite>", cases.concat())
}

#[test]
fn a_copy_of_the_first_attempt_makes_nothing_good() {
    let report = dated(&[RED, "<testcase classname='A' name='b'/>"]);
    let other = dated(&[RED]);
    let folder = folder(&[("1/r.xml", &report), ("2/r.xml", &report), ("3/r.xml", &other)]);
    let said = judge(folder.path(), &["1", "2", "--attempts"]);
    assert_eq!((said.code(), said.counts()), (1, [2, 1, 0, 1, 0, 0, 0]));
    assert_eq!(said.rules(), ["report-duplicate", "test-failed"]);
    assert_eq!(judge(folder.path(), &["1", "3", "2", "--attempts"]).counts(), [2, 1, 0, 1, 0, 0, 0]);
}

#[test]
fn rows_keep_their_places_when_attempts_are_folded() {
    let files = [
        ("base/r.xml", suite("s", &[GREEN, RED])),
        ("1/r.xml", suite("s", &[RED, RED])),
        ("2/r.xml", suite("s", &[RED, GREEN])),
        ("3/r.xml", suite("s", &[GREEN, RED])),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    written(folder.path(), &["base"]);
    let more = ["--attempts", "--baseline", "b.jsonl", "--new-failures-only"];
    let first = judge(folder.path(), &[&["1", "2"], &more[..]].concat());
    assert_eq!((first.code(), failed(&first)), (1, vec!["A.row"]), "the second row was made good");
    let second = judge(folder.path(), &[&["1", "3"], &more[..]].concat());
    assert_eq!((second.code(), second.rules()), (0, vec!["test-failed-before", "test-flaky"]));
    // The last attempt says why, and where.
    let later = suite("s", &[&RED.replace("row 1 is odd", "port in use"), GREEN]);
    std::fs::write(folder.path().join("2/r.xml"), later).unwrap();
    let said = judge(folder.path(), &["1", "2", "--attempts"]);
    let finding = said.findings().iter().find(|finding| finding["rule"] == "test-failed").unwrap();
    assert_eq!(finding["subject"]["message"], "port in use");
    assert!(finding["subject"]["report"].as_str().unwrap().starts_with("2/r.xml"), "{finding}");
    assert_eq!(finding["subject"]["attempts"], 2);
}

#[test]
fn what_is_no_test_is_not_folded() {
    let broken = "<testsuite name='s'><error message='setup broke'/></testsuite>";
    let skipped = suite("s", &[GREEN, "<testcase classname='A' name='k'><skipped/></testcase>"]);
    let folder =
        folder(&[("1/r.xml", broken), ("2/r.xml", broken), ("3/r.xml", &skipped), ("4/r.xml", &skipped)]);
    let said = judge(folder.path(), &["1", "2", "--attempts", "--exports", "junit"]);
    assert_eq!((said.code(), said.counts()), (1, [2, 0, 0, 0, 2, 0, 0]));
    assert_eq!(said.rules(), ["suite-errored"]);
    let said = judge(folder.path(), &["3", "4", "--attempts"]);
    assert_eq!((said.code(), said.counts()), (0, [2, 1, 0, 0, 0, 1, 0]));
    assert_eq!(said.notes(), "[]");
}

#[test]
fn a_partition_counts_in_the_comparison_as_it_does_in_the_totals() {
    let case = |name: &str, inner: &str| format!("<testcase classname='A' name='{name}'>{inner}</testcase>");
    let skip = "<skipped/>";
    let one = suite("s", &[&case("a", ""), &case("b", skip)]);
    let other = suite("s", &[&case("a", skip), &case("b", "")]);
    let alone = suite("s", &[&case("a", "")]);
    let folder = folder(&[("base/1.xml", &one), ("base/2.xml", &other), ("now/1.xml", &alone)]);
    written(folder.path(), &["base"]);
    let said = judge(folder.path(), &["base", "--baseline", "b.jsonl", "--max-test-drop", "0"]);
    assert_eq!((said.code(), said.counts()), (0, [2, 2, 0, 0, 0, 0, 0]));
    let said = judge(folder.path(), &["now", "--baseline", "b.jsonl", "--max-test-drop", "1"]);
    assert_eq!(said.rules(), ["test-vanished"], "one test less is what may be");
    let said = judge(folder.path(), &["base/1.xml", "base/2.xml", "--attempts", "--min-reports", "2"]);
    assert!(said.rules().contains(&"too-few-reports"), "a second attempt is no second report");
}

#[test]
fn another_jobs_pass_makes_nothing_good() {
    let files = [
        ("1/linux.xml", suite("s", &[RED])),
        ("1/windows.xml", suite("s", &["<testcase classname='A' name='other'/>"])),
        ("2/windows.xml", suite("s", &[GREEN])),
        ("3/linux.xml", suite("s", &[GREEN])),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    assert_eq!(judge(folder.path(), &["1", "2", "--attempts"]).code(), 1);
    assert_eq!(judge(folder.path(), &["1", "3", "--attempts"]).code(), 0);
    assert_eq!(
        judge(folder.path(), &["1", "2", "--attempts", "--environment", "one"]).code(),
        0,
        "said to be one"
    );
}

#[test]
fn of_more_rows_than_before_one_at_least_is_new() {
    let only_new = ["--new-failures-only"];
    let grown = compared(&[RED], &[RED, RED], &only_new);
    assert_eq!((grown.code(), failed(&grown)), (1, vec!["A.row", "A.row #2"]));
    // All rows failed before, so that what is left is known, and only the lost one is red.
    let shrunk = compared(&[RED, RED], &[RED], &only_new);
    assert_eq!((shrunk.code(), shrunk.rules()), (1, vec!["test-failed-before", "test-vanished"]));
}

#[test]
fn what_one_suite_says_of_its_writer_holds_for_it_alone() {
    let merged = format!(
        "<testsuites>{}{}</testsuites>",
        suite("pytest", &["<testcase classname='t' name='a'/>"]),
        suite("gradle", &[GREEN, GREEN])
    );
    assert_eq!(said(&merged, &[]).counts(), [3, 3, 0, 0, 0, 0, 0]);
    let merged = merged.replace(&[GREEN, GREEN].concat(), &[RED, RED].concat());
    assert_eq!(said(&merged, &[]).counts(), [3, 1, 0, 2, 0, 0, 0]);
}

#[test]
fn a_failure_that_stays_keeps_its_name_beside_reruns() {
    let case = "<testcase classname='t' name='a'/>";
    let red = "<testcase classname='t' name='a'><failure message='why'/></testcase>";
    let said = said(&suite("pytest", &[red, case, case]), &[]);
    assert_eq!((said.code(), said.counts()), (1, [2, 0, 1, 1, 0, 0, 0]));
    assert_eq!(failed(&said), ["t.a"]);
    let by_line =
        |line: u8, inner: &str| format!("<testcase classname='A' name='a' line='{line}'>{inner}</testcase>");
    let cases = [by_line(1, "<failure/>"), by_line(5, "<failure/>"), by_line(1, "")].concat();
    let said = self::said(&suite("s", &[&cases]), &["--repeated-cases", "attempts"]);
    assert_eq!((said.counts(), failed(&said)), ([2, 0, 1, 1, 0, 0, 0], vec!["A.a #2"]));
}
