//! One run in two formats is one run: the same tests, the same failures, the same verdict.
//!
//! Each runner ran a project with rows of one name of which one fails, two files with the same block and title, repeated titles, a
//! skipped test beside a failed one, names beyond ASCII, broken set-ups, and retries where it has them.

use std::fmt::Write as _;

use super::producers::{cases, reports};
use super::{Said, judge};

/// A run in one format, the same in another, whether the other shows attempts, and how many tests it has besides or, below zero,
/// leaves out: tests that passed, that went wrong, that were skipped and that were not run.
type Pair = (&'static str, &'static str, bool, [i64; 4]);

const PAIRS: &[Pair] = &[
    ("rows-jest-json", "rows-jest-junit", false, [0; 4]),
    // A failed set-up is a case as well.
    ("rows-vitest-json", "rows-vitest-junit", false, [0, 1, 0, 0]),
    ("rows-vitest-junit", "rows-vitest-tap", true, [0; 4]),
    // Failed set-ups are left out.
    ("rows-vitest-junit", "rows-vitest-tap-flat", true, [0, -1, 0, 0]),
    ("rows-mocha-json", "rows-mocha-xunit", false, [0; 4]),
    ("rows-mocha-json", "rows-mocha-tap", false, [0; 4]),
    // Tests behind a failed set-up are listed.
    ("rows-mocha-json", "rows-mochawesome", false, [0, 0, 0, 2]),
    ("rows-node-tap", "rows-node-junit", true, [0; 4]),
    ("rows-pytest-junit", "rows-pytest-ctrf", true, [0; 4]),
    // Parents of subtests are cases as well; all of them failed.
    ("rows-go-json", "rows-go-junit", true, [0, 6, 0, 0]),
    ("rows-rspec-json", "rows-rspec-junit", true, [0; 4]),
    // A failed tear-down takes the place of the test before it.
    ("rows-bats-tap", "rows-bats-junit", true, [-1, 0, 0, 0]),
    ("rows-surefire-junit", "rows-console-junit", true, [-1, 0, 0, 0]),
    ("rows-playwright-json", "rows-playwright-junit", false, [0; 4]),
    ("rows-cucumber-json", "rows-cucumber-junit", true, [0; 4]),
    // Ignored tests are left out.
    ("rows-libtest-json", "rows-libtest-junit", true, [0, 0, -1, 0]),
    ("nextest-json", "junit-nextest", true, [0, 0, -1, 0]),
];

/// Judges the reports of a case.
fn said(case: &str) -> Said {
    let folder = cases().join(case);
    let place = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(place.path().join("reports")).expect("a folder");
    for report in reports(&folder) {
        std::fs::copy(folder.join(&report), place.path().join(&report)).expect("a report");
    }
    judge(place.path(), &["reports"])
}

/// How many tests passed at last, went wrong, were skipped and were not run.
fn counted(said: &Said) -> [i64; 4] {
    let [_, passed, flaky, failed, errored, skipped, not_run] =
        said.counts().map(|count| i64::try_from(count).expect("a small number"));
    [passed + flaky, failed + errored, skipped, not_run]
}

#[test]
fn one_run_in_two_formats_is_one_run() {
    let mut wrong = String::new();
    for (first, second, shows_attempts, more) in PAIRS {
        let (one, other) = (said(first), said(second));
        let (mut should, is) = (counted(&one), counted(&other));
        for (count, more) in should.iter_mut().zip(more) {
            *count += more;
        }
        if is != should {
            let _ = writeln!(wrong, "{second}: {is:?} instead of {should:?}, as in {first}");
        }
        let (flaky, shown) = (one.counts()[2], other.counts()[2]);
        if shown != if *shows_attempts { flaky } else { 0 } {
            let _ = writeln!(wrong, "{second}: {shown} flaky, and {flaky} in {first}");
        }
        if (one.code(), other.code()) != (1, 1) {
            let _ = writeln!(wrong, "{second} ends with {}, {first} with {}", other.code(), one.code());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
