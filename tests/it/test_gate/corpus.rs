//! Reports of real producers, with numbers counted by hand and by another parser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::judge;
use crate::support::corpus;

/// Path, suites, then tests, passed, flaky, failed, errored, skipped, not run, then the rules that find something.
const REPORTS: &[(&str, u64, [u64; 7], &[&str])] = &[
    ("junit/mikepenz/catch2/report.xml", 1, [1, 0, 0, 1, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/container-structure/test.xml", 1, [3, 3, 0, 0, 0, 0, 0], &[]),
    (
        "junit/mikepenz/corrupt-junit/e2e-tests/corrupt/target/sf-reports/TEST-test.CorruptTest.xml",
        1,
        [1, 0, 0, 1, 0, 0, 0],
        &["report-unreadable", "test-failed"],
    ),
    ("junit/mikepenz/cunit/testEmpty.xml", 0, [0, 0, 0, 0, 0, 0, 0], &["report-empty"]),
    ("junit/mikepenz/cunit/testFailure.xml", 1, [4, 3, 0, 1, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/flaky_retries/flaky_all_failures.xml", 1, [3, 0, 0, 2, 1, 0, 0], &["test-failed"]),
    ("junit/mikepenz/flaky_retries/flaky_success_first.xml", 1, [3, 1, 0, 1, 1, 0, 0], &["test-failed"]),
    (
        "junit/mikepenz/flaky_retries/flaky_with_classname_file.xml",
        1,
        [5, 3, 0, 1, 1, 0, 0],
        &["suite-errored", "test-failed"],
    ),
    ("junit/mikepenz/issues/testDisabled.xml", 1, [22, 6, 0, 4, 2, 0, 10], &["test-failed"]),
    ("junit/mikepenz/issues/testFailedDisabled.xml", 1, [1, 0, 0, 1, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/junit-server-test/report.xml", 1, [4, 2, 0, 1, 0, 1, 0], &["test-failed"]),
    ("junit/mikepenz/junit-web-test/expected.xml", 2, [6, 4, 0, 1, 0, 1, 0], &["test-failed"]),
    ("junit/mikepenz/junit-web-test/expectedRetries.xml", 2, [8, 5, 0, 2, 0, 1, 0], &["test-failed"]),
    (
        "junit/mikepenz/junit_flaky_failure/marathon_junit_report.xml",
        1,
        [1, 0, 1, 0, 0, 0, 0],
        &["test-flaky"],
    ),
    (
        "junit/mikepenz/junit_flaky_failure/mixed_flaky_and_passed.xml",
        1,
        [3, 2, 1, 0, 0, 0, 0],
        &["test-flaky"],
    ),
    ("junit/mikepenz/marathon_tests/com.mikepenz.DummyTest#test_02_dummy.xml", 1, [1, 1, 0, 0, 0, 0, 0], &[]),
    (
        "junit/mikepenz/marathon_tests/com.mikepenz.DummyTest3#test_01.xml",
        1,
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "junit/mikepenz/marathon_tests/com.mikepenz.DummyUtilTest#test_01_dummy.xml",
        1,
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    ("junit/mikepenz/maven_surefire_flaky/surefire-report.xml", 1, [1, 0, 1, 0, 0, 0, 0], &["test-flaky"]),
    ("junit/mikepenz/mocha/mocha.xml", 3, [1, 1, 0, 0, 0, 0, 0], &[]),
    ("junit/mikepenz/multiple/test_10.xml", 1, [3, 3, 0, 0, 0, 0, 0], &[]),
    ("junit/mikepenz/multiple/test_11.xml", 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/multiple/test_12.xml", 1, [3, 2, 0, 0, 0, 1, 0], &[]),
    ("junit/mikepenz/multiple_failures/test_multiple_errors.xml", 1, [3, 1, 0, 0, 2, 0, 0], &["test-failed"]),
    (
        "junit/mikepenz/multiple_failures/test_multiple_failures.xml",
        1,
        [4, 1, 0, 2, 0, 1, 0],
        &["test-failed"],
    ),
    ("junit/mikepenz/nested/junit.xml", 5, [5, 2, 0, 3, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/nested/multi-level.xml", 2, [3, 3, 0, 0, 0, 0, 0], &[]),
    ("junit/mikepenz/nextest/basic.xml", 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/perl/result.xml", 1, [1, 1, 0, 0, 0, 0, 0], &[]),
    ("junit/mikepenz/python/report.xml", 1, [3, 1, 0, 2, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/python/report_flaky.xml", 1, [4, 2, 0, 2, 0, 0, 0], &["test-failed"]),
    (
        "junit/mikepenz/tests/email/target/surefire-reports/TEST-action.surefire.report.email.EmailAddressTest.xml",
        1,
        [9, 2, 0, 2, 5, 0, 0],
        &["test-failed"],
    ),
    (
        "junit/mikepenz/tests/utils/target/surefire-reports/TEST-action.surefire.report.calc.AllOkTest.xml",
        1,
        [1, 1, 0, 0, 0, 0, 0],
        &[],
    ),
    (
        "junit/mikepenz/tests/utils/target/surefire-reports/TEST-action.surefire.report.calc.CalcUtilsTest.xml",
        1,
        [2, 0, 0, 2, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "junit/mikepenz/tests/utils/target/surefire-reports/TEST-action.surefire.report.calc.StringUtilsTest.xml",
        1,
        [5, 2, 0, 2, 0, 1, 0],
        &["test-failed"],
    ),
    ("junit/mikepenz/xunit/report.xml", 1, [4, 3, 0, 1, 0, 0, 0], &["test-failed"]),
    ("junit/mikepenz/xunit/report_fl_on_f.xml", 1, [4, 3, 0, 1, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/empty/java-junit.xml", 1, [0, 0, 0, 0, 0, 0, 0], &["report-empty"]),
    ("test-reports/dorny/empty/jest-junit-empty-testsuite.xml", 1, [0, 0, 0, 0, 0, 0, 0], &["report-empty"]),
    ("test-reports/dorny/empty/jest-junit.xml", 0, [0, 0, 0, 0, 0, 0, 0], &["report-empty"]),
    ("test-reports/dorny/empty/phpunit-empty.xml", 0, [0, 0, 0, 0, 0, 0, 0], &["report-empty"]),
    (
        "test-reports/dorny/external/java/TEST-org.apache.pulsar.AddMissingPatchVersionTest.xml",
        1,
        [2, 0, 0, 1, 0, 1, 0],
        &["test-failed"],
    ),
    ("test-reports/dorny/external/java/empty_failures.xml", 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/external/java/junit4-basic.xml", 2, [6, 5, 0, 1, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/external/java/junit4-complete.xml", 1, [8, 5, 0, 1, 1, 1, 0], &["test-failed"]),
    (
        "test-reports/dorny/external/java/pulsar-test-report.xml",
        176,
        [808, 793, 0, 1, 0, 14, 0],
        &["test-failed"],
    ),
    ("test-reports/dorny/external/jest/jest-react-component-test-results.xml", 1, [1, 1, 0, 0, 0, 0, 0], &[]),
    (
        "test-reports/dorny/external/jest/jest-test-results.xml",
        400,
        [4239, 4207, 0, 2, 0, 30, 0],
        &["test-failed"],
    ),
    ("test-reports/dorny/external/phpunit/junit-basic.xml", 3, [9, 8, 0, 1, 0, 0, 0], &["test-failed"]),
    (
        "test-reports/dorny/external/phpunit/phpcheckstyle-phpunit.xml",
        14,
        [30, 28, 0, 2, 0, 0, 0],
        &["test-failed"],
    ),
    ("test-reports/dorny/jest-junit-eslint.xml", 1, [1, 1, 0, 0, 0, 0, 0], &[]),
    ("test-reports/dorny/jest-junit.xml", 2, [6, 1, 0, 4, 0, 1, 0], &["test-failed"]),
    ("test-reports/dorny/junit-with-message.xml", 1, [1, 0, 0, 1, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/nette-tester/BootstrapFormRenderer-report.xml", 1, [4, 4, 0, 0, 0, 0, 0], &[]),
    ("test-reports/dorny/nette-tester/tester-v1.7-report.xml", 1, [65, 61, 0, 1, 0, 3, 0], &["test-failed"]),
    ("test-reports/dorny/phpunit/phpunit-paths.xml", 1, [6, 0, 0, 6, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/phpunit/phpunit.xml", 4, [12, 10, 0, 2, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/python-xunit-pytest.xml", 1, [10, 6, 0, 2, 0, 2, 0], &["test-failed"]),
    ("test-reports/dorny/python-xunit-unittest.xml", 1, [8, 4, 0, 1, 1, 2, 0], &["test-failed"]),
    ("test-reports/dorny/swift-xunit.xml", 1, [3, 2, 0, 1, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/dotnet-nunit.xml", 5, [9, 3, 0, 3, 2, 1, 0], &["test-failed"]),
    ("test-reports/dorny/dotnet-trx.trx", 1, [11, 5, 0, 5, 0, 1, 0], &["test-failed"]),
    ("test-reports/dorny/dotnet-xunitv3.trx", 1, [4, 1, 0, 3, 0, 0, 0], &["test-failed"]),
    ("test-reports/dorny/empty/dotnet-trx-empty-test-definitions.trx", 0, [0; 7], &["report-empty"]),
    ("test-reports/dorny/empty/dotnet-trx.trx", 0, [0; 7], &["report-empty"]),
    ("test-reports/dorny/external/FluentValidation.Tests.trx", 62, [804, 803, 0, 0, 0, 1, 0], &[]),
    ("test-reports/dorny/external/SilentNotes.trx", 13, [79, 67, 0, 0, 0, 12, 0], &[]),
    ("test-reports/dorny/external/nunit-sample.xml", 11, [18, 12, 0, 1, 1, 4, 0], &["test-failed"]),
    ("test-reports/dorny/test-errors/jest/jest-test-results.xml", 2, [2, 0, 0, 0, 2, 0, 0], &["test-failed"]),
];

/// Files that are no `JUnit`, and what they are.
const FOREIGN: &[(&str, &str)] = &[
    ("junit/mikepenz/tests/email/pom.xml", "a Maven or Ant project"),
    ("junit/mikepenz/tests/pom.xml", "a Maven or Ant project"),
    ("junit/mikepenz/tests/utils/pom.xml", "a Maven or Ant project"),
];

#[test]
fn every_report_of_the_corpus_is_judged_as_by_hand() {
    let Some(root) = corpus() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (path, suites, counts, rules) in REPORTS {
        let said = judge(folder.path(), &[root.join(path).to_str().unwrap()]);
        assert_eq!((&said.counts(), said.rules()), (counts, rules.to_vec()), "{path}");
        assert_eq!(said.report["totals"]["suites"], *suites, "{path}");
        let is_red = rules.iter().any(|rule| *rule != "test-flaky");
        assert_eq!(said.code(), i32::from(is_red), "{path}");
    }
}

#[test]
fn every_other_format_of_the_corpus_is_named_and_red() {
    let Some(root) = corpus() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (path, what) in FOREIGN {
        let said = judge(folder.path(), &[root.join(path).to_str().unwrap()]);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]), "{path}");
        let title = said.findings()[0]["title"].as_str().unwrap();
        assert!(title.ends_with(what), "{path}: {title}");
    }
}

#[test]
fn the_tables_know_every_file_of_the_corpus() {
    let Some(root) = corpus() else { return };
    let known: BTreeSet<PathBuf> = REPORTS
        .iter()
        .map(|(path, ..)| path)
        .chain(FOREIGN.iter().map(|(path, _)| path))
        .map(|path| root.join(path))
        .collect();
    let mut folders = vec![root.join("junit/mikepenz"), root.join("test-reports/dorny")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_report(&path) {
                assert!(known.contains(&path), "{} is in no table", path.display());
            }
        }
    }
}

fn is_report(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "xml" || ending == "trx")
}
