//! Changes that try to pass and must not, and changes that do no harm and must pass.
//!
//! Each is made in a repository of its own, from a base where everything is green, and judged by the binary.

mod cheats;
mod coverage;
mod must_pass;
mod names;
mod project;

use std::sync::Mutex;

use self::project::{Project, Said};

/// What must become of a change.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// The gate fails, with a finding of this rule.
    Red(&'static str),
    /// The gate refuses to judge, with this exit code and these words.
    Refused(i32, &'static str),
    /// Nothing is found.
    Pass,
    /// The gate passes, and says something.
    Warn,
}

/// What a change does, how, and what must become of it.
type Case = (&'static str, fn(&Project), Expected);

/// What is not as expected.
fn difference(said: &Said, expected: Expected) -> Option<String> {
    let (code, verdict, red) = (said.code(), said.verdict(), said.red());
    let is_right = match expected {
        Expected::Red(rule) => code == 1 && verdict == "fail" && red.contains(&rule),
        Expected::Refused(wanted, words) => code == wanted && said.finished.stderr.contains(words),
        Expected::Pass => code == 0 && verdict == "pass",
        Expected::Warn => code == 0 && verdict == "warn",
    };
    let printed = || format!("{}{}", said.finished.stdout, said.finished.stderr);
    (!is_right).then(|| format!("{expected:?} expected: exit {code}, {verdict}, {red:?}\n{}", printed()))
}

/// Makes and judges every change, a few side by side; reports all that were not judged as they must be.
fn judge(cases: &[Case], how: fn(&Project) -> Said) {
    let (next, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, change, expected)) = next.lock().unwrap().next() else { return };
                    let shop = Project::new();
                    change(&shop);
                    if let Some(difference) = difference(&how(&shop), *expected) {
                        wrong.lock().unwrap().push(format!("a change that {name}: {difference}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}\n\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn tests_do_not_go_away() {
    judge(cheats::TESTS, Project::judge);
}

#[test]
fn failures_do_not_hide() {
    judge(cheats::FAILURES, Project::judge);
}

#[test]
fn failures_do_not_hide_behind_their_namesakes() {
    judge(names::ROWS, Project::judge);
    judge(names::REPORTS, Project::judge);
    judge(names::KNOWN, Project::judge);
}

#[test]
fn runs_that_end_badly_are_red() {
    judge(cheats::RUNS, Project::judge);
}

#[test]
fn reports_that_are_broken_are_red() {
    judge(cheats::REPORTS, Project::judge);
    judge(cheats::ALONE, |shop| {
        shop.on_main(|| {
            for setting in ["baseline =", "max-slowdown =", "max-coverage-drop ="] {
                shop.without("devops.toml", setting);
            }
        });
        shop.judge()
    });
}

#[test]
fn the_gate_is_not_made_wider() {
    judge(cheats::POLICY, Project::judge);
}

#[test]
fn the_quarantine_is_not_made_wider() {
    judge(cheats::QUARANTINE, Project::judge);
}

#[test]
fn the_baseline_is_that_of_main() {
    judge(cheats::BASELINES, Project::judge);
}

#[test]
fn coverage_does_not_pretend() {
    judge(cheats::COVERAGE, Project::judge);
    judge(coverage::CHEATS, Project::judge);
}

#[test]
fn coverage_that_only_looks_odd_passes() {
    judge(coverage::HARMLESS, Project::judge);
}

#[test]
fn benchmarks_do_not_pretend() {
    judge(cheats::BENCHMARKS, Project::judge);
}

#[test]
fn no_host_makes_a_difference() {
    judge(cheats::POLICY, Project::judge_on_github);
    for cases in [cheats::QUARANTINE, cheats::BASELINES, must_pass::HOSTS] {
        judge(cases, Project::judge_on_github);
        judge(cases, Project::judge_on_gitlab);
    }
}

#[test]
fn harmless_changes_pass() {
    judge(must_pass::REPORTS, Project::judge);
    judge(must_pass::TESTS, Project::judge);
    judge(must_pass::SOURCES, Project::judge);
    judge(must_pass::BENCHMARKS, Project::judge);
    judge(must_pass::POLICY, Project::judge);
    judge(must_pass::HOSTS, Project::judge);
}
