//! One run in two formats is one run: the same tests, the same failures, the same verdict.
//!
//! Each runner ran a project with rows of one name of which one fails, two files with the same block and title, repeated titles, a
//! skipped test beside a failed one, names beyond ASCII, broken set-ups, and retries where it has them.

use std::fmt::Write as _;

use super::producers::{cases, reports};
use super::{Said, judge};

/// What a format can't say, as against the other one of its runner.
#[derive(Clone, Copy)]
struct Lacks {
    /// A test that was made good looks like one that passed.
    attempts: bool,
    /// Skipped tests that it leaves out.
    skipped: u64,
    /// Failures of set-ups and tear-downs that it leaves out.
    hooks: u64,
    /// Tests that it leaves out, or has besides: those that passed, those that failed, and those that were not run.
    others: [i64; 3],
}

const EVEN: Lacks = Lacks { attempts: false, skipped: 0, hooks: 0, others: [0; 3] };
const NO_ATTEMPTS: Lacks = Lacks { attempts: true, ..EVEN };

/// A run in one format, the same in another, and what the second lacks.
const PAIRS: &[(&str, &str, Lacks)] = &[
    ("rows-jest-json", "rows-jest-junit", NO_ATTEMPTS),
    // A failed set-up is a case as well.
    ("rows-vitest-json", "rows-vitest-junit", Lacks { others: [0, 1, 0], ..NO_ATTEMPTS }),
    ("rows-vitest-junit", "rows-vitest-tap", EVEN),
    ("rows-vitest-junit", "rows-vitest-tap-flat", Lacks { hooks: 1, ..EVEN }),
    ("rows-mocha-json", "rows-mocha-xunit", NO_ATTEMPTS),
    ("rows-mocha-json", "rows-mocha-tap", NO_ATTEMPTS),
    // Tests behind a failed set-up are listed.
    ("rows-mocha-json", "rows-mochawesome", Lacks { others: [0, 0, 2], ..NO_ATTEMPTS }),
    ("rows-node-tap", "rows-node-junit", EVEN),
    ("rows-pytest-junit", "rows-pytest-ctrf", EVEN),
    // Parents of subtests are cases as well; all of them failed.
    ("rows-go-json", "rows-go-junit", Lacks { others: [0, 6, 0], ..EVEN }),
    ("rows-rspec-json", "rows-rspec-junit", EVEN),
    // The failed tear-down takes the place of the test before it.
    ("rows-bats-tap", "rows-bats-junit", Lacks { others: [-1, 0, 0], ..EVEN }),
    ("rows-playwright-json", "rows-playwright-junit", NO_ATTEMPTS),
    ("rows-cucumber-json", "rows-cucumber-junit", EVEN),
    ("nextest-json", "junit-nextest", Lacks { skipped: 1, ..EVEN }),
    ("rows-libtest-json", "rows-libtest-junit", Lacks { skipped: 1, ..EVEN }),
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

/// What the second format would say, did it lack nothing: passed or flaky, red, skipped and not run.
fn counted(said: &Said, lacks: Lacks, lacks_them: bool) -> [i64; 4] {
    let [_, passed, flaky, failed, errored, skipped, not_run] =
        said.counts().map(|count| i64::try_from(count).expect("a small number"));
    let [more_passed, more_red, more_absent] = if lacks_them { lacks.others } else { [0; 3] };
    let (hooks, left_out) = if lacks_them { (lacks.hooks, lacks.skipped) } else { (0, 0) };
    let signed = |count: u64| i64::try_from(count).expect("a small number");
    [
        passed + flaky - more_passed,
        failed + errored - more_red + signed(hooks),
        skipped + signed(left_out),
        not_run - more_absent,
    ]
}

#[test]
fn one_run_in_two_formats_is_one_run() {
    let mut wrong = String::new();
    for (first, second, lacks) in PAIRS {
        let (one, other) = (said(first), said(second));
        let (is, should) = (counted(&other, *lacks, true), counted(&one, *lacks, false));
        if is != should {
            let _ = writeln!(wrong, "{second}: {is:?}, and {should:?} in {first}");
        }
        let (flaky, shown) = (one.counts()[2], other.counts()[2]);
        if shown != if lacks.attempts { 0 } else { flaky } {
            let _ = writeln!(wrong, "{second}: {shown} flaky, and {flaky} in {first}");
        }
        if (one.code(), other.code()) != (1, 1) {
            let _ = writeln!(wrong, "{second} ends with {}, {first} with {}", other.code(), one.code());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
