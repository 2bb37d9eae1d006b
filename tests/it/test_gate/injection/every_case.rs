//! What holds for the reports of all producers: a failure that is written into one of their cases, or into a copy of one, in any
//! order, is seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use test_gate::glance;

use super::super::report_files;
use super::red;

/// How many cases of a report are tried, and how many bytes the changed reports may have together; `DEVOPS_EVERY_CASE` lifts that.
const CASES: usize = 200;
const BYTES: usize = 1 << 20;

/// Where one more failure is no more than was red before, all in reports that were: the report, and why that is right.
const EXPLAINED: &[(&str, &str)] = &[
    ("junit-pytest-rerunfailures", "an attempt before the last one of a test that failed"),
    ("rows-pytest-junit", "an attempt before the last one of a test that failed"),
    ("go-json-main", "a package that failed without a failed test now has one"),
    ("go-json-all", "a package that failed without a failed test now has one"),
    ("tap-vitest", "a block that failed without a failed test now has one"),
    ("rows-vitest-tap", "a block that failed without a failed test now has one"),
    ("rows-vitest-json", "a block that failed without a failed test now has one"),
    ("vitest-json-setup", "a file that failed without a failed test now has one"),
    ("tap-perl-die", "the second document has the tests that the first one lacks"),
];

/// What went wrong in a report of tests: tests, and all that says so besides.
struct Wrong {
    tests: u64,
    all: u64,
}

impl Wrong {
    fn of(path: &Path, text: &str) -> Option<Self> {
        let seen = glance(path, text.as_bytes()).tests?;
        Some(Self { tests: seen.red, all: seen.red + seen.red_groups + seen.troubles })
    }

    /// Whether more went wrong than before; where only a case was changed, that must be a test. A failure may explain what a suite
    /// claimed and did not show.
    fn is_worse(&self, before: &Self, how: &str) -> bool {
        self.tests > before.tests || (how != "alone" && self.all > before.all)
    }
}

/// Some of the cases: the same in every run, and none in particular.
fn some(cases: Vec<red::Case>, length: usize) -> Vec<red::Case> {
    let is_patient = std::env::var_os("DEVOPS_EVERY_CASE").is_some();
    let wanted = if is_patient { CASES } else { CASES.min(BYTES / length.max(1)).max(3) };
    let mut state = length as u64;
    let mut numbered: Vec<(u64, red::Case)> = cases
        .into_iter()
        .map(|case| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33, case)
        })
        .collect();
    if numbered.len() > wanted {
        numbered.sort_by_key(|(number, _)| *number);
        numbered.truncate(wanted);
    }
    numbered.into_iter().map(|(_, case)| case).collect()
}

/// What was missed in a report, and how often each kind of change was tried.
#[derive(Default)]
struct Tried {
    missed: String,
    counts: BTreeMap<String, u64>,
    /// Reports with tests of which no case was found.
    without: Vec<PathBuf>,
}

impl Tried {
    /// Changes every case of a report, one at a time.
    fn report(&mut self, path: &Path) {
        let bytes = std::fs::read(path).unwrap();
        let Some(seen) = glance(path, &bytes).tests else {
            return;
        };
        // One that is cut off or broken is red whatever its cases say.
        if seen.troubles > 0 {
            return;
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        let cases = red::cases(&text);
        if cases.is_empty() && seen.passed > 0 {
            self.without.push(path.to_path_buf());
        }
        let Some(before) = Wrong::of(path, &text) else {
            return;
        };
        for case in some(cases, text.len()).into_iter().filter(|case| !case.is_red) {
            let alone = case.in_place(&text);
            let documents = red::documents(&text, &alone[0].1);
            let others = case.copied(&text).into_iter().chain(case.surrounded(&text)).chain(documents);
            for (how, variant) in alone.into_iter().chain(others) {
                *self.counts.entry(format!("{}: {how}", seen.format)).or_default() += 1;
                let is_seen = Wrong::of(path, &variant).is_some_and(|after| after.is_worse(&before, how))
                    || before.all > 0 && is_explained(path);
                if !is_seen {
                    let start = case.spans.first().map_or(0, |span| span.start);
                    let line = text[start..].lines().next().unwrap_or_default();
                    let _ = writeln!(self.missed, "{}: {how}: {line}", path.display());
                }
            }
        }
    }
}

/// Whether a failure explains what was red before.
fn is_explained(path: &Path) -> bool {
    let has = |name: &str| path.components().any(|part| part.as_os_str() == name);
    EXPLAINED.iter().any(|(report, _)| has(report))
}

#[test]
fn no_injected_failure_is_missed() {
    let files = report_files();
    let (next, tried) = (Mutex::new(files.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(path) = next.lock().unwrap().next() else {
                        return;
                    };
                    let mut own = Tried::default();
                    own.report(path);
                    tried.lock().unwrap().push(own);
                }
            });
        }
    });
    let mut all = Tried::default();
    for one in tried.into_inner().unwrap() {
        all.missed += &one.missed;
        all.without.extend(one.without);
        for (kind, count) in one.counts {
            *all.counts.entry(kind).or_default() += count;
        }
    }
    eprintln!("{:#?}", all.counts);
    assert!(all.without.is_empty(), "no case is found in {:#?}", all.without);
    assert!(all.missed.is_empty(), "{} missed\n{}", all.missed.lines().count(), all.missed);
}
