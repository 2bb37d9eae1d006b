//! Text that runners print for people: it is about tests, and is in no format that is read.
//!
//! Says which option of the runner writes a report instead. Knows no format and judges nothing.

use devops_reading::excerpt::prefix;

/// A runner's words for people.
struct Words {
    /// Who prints them.
    runner: &'static str,
    /// Whether a line is one of them.
    is: fn(&str) -> bool,
    /// What writes a report that is read.
    instead: &'static str,
}

/// Known words, the most specific first.
const WORDS: [Words; 14] = [
    Words {
        runner: "cargo test",
        is: |line| counts(line, "running ", &[" test", " tests"]) || line.starts_with("test result: "),
        instead: "`cargo nextest run` with a JUnit profile, or `cargo +nightly test -- -Z unstable-options --format json`",
    },
    Words {
        runner: "go test",
        is: |line| {
            ["=== RUN   ", "--- FAIL: ", "--- PASS: ", "ok  \t", "FAIL\t"]
                .iter()
                .any(|mark| line.starts_with(mark))
        },
        instead: "`go test -json`",
    },
    Words {
        runner: "pytest",
        is: |line| {
            line.starts_with("===")
                && [" test session starts ", " short test summary info ", " passed in ", " failed in "]
                    .iter()
                    .any(|mark| line.contains(mark))
        },
        instead: "`pytest --junit-xml=FILE`",
    },
    Words {
        runner: "unittest",
        is: |line| line.starts_with("Ran ") && (line.contains(" test in ") || line.contains(" tests in ")),
        instead: "`pytest --junit-xml=FILE`, or the package unittest-xml-reporting",
    },
    Words {
        runner: "jest",
        is: |line| line.starts_with("Test Suites: ") && line.ends_with(" total"),
        instead: "`jest --json --outputFile=FILE`, or the reporter jest-junit",
    },
    Words {
        runner: "vitest",
        is: |line| line.trim_start().starts_with("Test Files  "),
        instead: "`vitest run --reporter=junit --outputFile=FILE`",
    },
    Words {
        runner: "mocha",
        is: |line| {
            let line = line.trim();
            counts(line, "", &[" passing"])
                || line.split_once(" (").is_some_and(|(line, _)| counts(line, "", &[" passing"]))
        },
        instead: "`mocha --reporter json --reporter-option output=FILE`",
    },
    Words {
        runner: "prove",
        is: |line| line.starts_with("Files=") && line.contains(", Tests="),
        instead: "`prove -v`, or `prove --formatter TAP::Formatter::JUnit`",
    },
    Words {
        runner: "RSpec",
        is: |line| {
            line.contains(" example")
                && counts(line.split(',').next().unwrap_or_default(), "", &[" example", " examples"])
        },
        instead: "`rspec --format json --out FILE`",
    },
    Words {
        runner: "PHPUnit",
        is: |line| line.starts_with("PHPUnit ") && line.contains(" by Sebastian Bergmann"),
        instead: "`phpunit --log-junit FILE`",
    },
    Words {
        runner: "Maven",
        is: |line| line.contains("Tests run: ") && line.contains(", Failures: "),
        instead: "the XML files that it leaves in `target/surefire-reports`",
    },
    Words {
        runner: "dotnet test",
        is: |line| {
            let is_verdict = line.starts_with("Passed!") || line.starts_with("Failed!");
            is_verdict && line.contains("- Failed:")
                || line.starts_with("Starting test execution, please wait")
        },
        instead: "`dotnet test --logger trx`",
    },
    Words {
        runner: "GoogleTest",
        is: |line| line.starts_with("[==========] Running "),
        instead: "the option `--gtest_output=xml:FILE`",
    },
    Words {
        runner: "dart test",
        is: |line| {
            line.starts_with("00:")
                && (line.ends_with(": All tests passed!") || line.ends_with(": Some tests failed."))
        },
        instead: "`dart test --file-reporter json:FILE`, or `flutter test --file-reporter json:FILE`",
    },
];

/// Whether a line is `before`, a number and one of `after`.
fn counts(line: &str, before: &str, after: &[&str]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    line.strip_prefix(before)
        .is_some_and(|rest| after.iter().any(|after| rest.strip_suffix(after).is_some_and(is_number)))
}

/// What a text is that a runner prints for people, and what writes a report instead; `None` if nothing shows it.
pub(crate) fn described(lines: &[String]) -> Option<String> {
    let lines = || lines.iter().map(|line| prefix(line, 1_000).trim_end());
    // Benchmarks are printed by the same runners.
    let is_benchmark = |line: &str| {
        line.starts_with("test ") && line.contains(" ... bench: ")
            || line.starts_with("Benchmark") && line.contains(" ns/op")
    };
    // Surefire leaves such a text beside each of its reports.
    let is_surefires_own = |line: &str| line.starts_with("Test set: ");
    if lines().any(is_benchmark) || lines().any(is_surefires_own) {
        return None;
    }
    let Words { runner, instead, .. } = WORDS.iter().find(|words| lines().any(words.is))?;
    Some(format!("this is console output of {runner}; use {instead} instead"))
}

#[cfg(test)]
mod tests {
    use super::described;
    use crate::detect::{Kind, detect};
    use devops_reading::shape::{Shape, shape};

    fn of(text: &str) -> Option<String> {
        match shape(text.as_bytes()) {
            Shape::Text(lines) => described(&lines),
            _ => None,
        }
    }

    #[test]
    fn words_for_people_are_told_with_what_to_do() {
        for (text, runner) in [
            ("   Compiling shop v0.1.0\n\nrunning 2 tests\ntest a ... ok\n", "cargo test"),
            ("test result: ok. 1 passed; 0 failed\n", "cargo test"),
            ("=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok  \tx.org/shop\t0.1s\n", "go test"),
            ("ok  \tx.org/shop\t0.012s\n", "go test"),
            ("===== test session starts =====\nplatform linux\n", "pytest"),
            ("..F\nRan 3 tests in 0.01s\n\nFAILED (failures=1)\n", "unittest"),
            ("PASS src/a.test.js\nTest Suites: 1 passed, 1 total\n", "jest"),
            (" RUN  v3.0.0\n\n Test Files  1 passed (1)\n", "vitest"),
            ("  shop\n    3 passing (4ms)\n", "mocha"),
            ("t/a.t .. ok\nAll tests successful.\nFiles=1, Tests=5,  0 wallclock secs\n", "prove"),
            ("..\nFinished in 0.1 seconds\n2 examples, 0 failures\n", "RSpec"),
            ("PHPUnit 11.0.1 by Sebastian Bergmann and contributors.\n", "PHPUnit"),
            (" T E S T S\n[INFO] Tests run: 2, Failures: 0, Errors: 0\n", "Maven"),
            ("Passed!  - Failed:     0, Passed:     3\n", "dotnet test"),
            ("00:01 +3: All tests passed!\n", "dart test"),
        ] {
            let found = of(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.contains(&format!("console output of {runner};")), "{text}: {found}");
            let Kind::Unknown(unrecognised) = detect(&shape(text.as_bytes())) else { panic!("{text}") };
            assert!(!unrecognised.may_stand_by && unrecognised.what == found);
        }
    }

    #[test]
    fn other_text_and_benchmarks_are_not_touched() {
        for text in [
            "running 1 test\ntest a ... bench:         120 ns/iter (+/- 3)\n\ntest result: ok. 0 passed\n",
            "goos: linux\nBenchmarkX-2  1000  120 ns/op\nPASS\nok  \tx.org/shop\t0.1s\n",
            "hello\nrunning fast tests\nfor example, this\n",
            "a, b\n1, 2\n",
            "-----\nTest set: org.example.CartTest\n-----\nTests run: 2, Failures: 1, Errors: 0, Skipped: 0\n",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
