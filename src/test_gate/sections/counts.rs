//! The tests of a run as numbers: totals, the headline, and whether there are enough of them.

use super::{Failures, Section};
use crate::attempts::State;
use crate::rules;
use crate::run::RunFacts;

/// The counts of all tests, of which there must be at least `minimum`.
pub(super) fn counts(facts: &RunFacts, failures: &Failures<'_>, minimum: u64) -> Section {
    let all = facts.tally.counts;
    let tests = all.tests();
    let ran = tests - all.of(State::Skipped) - all.of(State::NotRun);
    // Where nothing was read at all, the missing or unreadable report says it already.
    let is_said = tests == 0 && minimum <= 1 && facts.is_broken();
    let finding = if tests < minimum && !is_said {
        Some(rules::too_few(tests, minimum))
    } else {
        (ran == 0 && tests > 0).then(|| rules::none_ran(tests))
    };
    Section {
        headlines: vec![headline(facts, failures)],
        findings: finding.into_iter().collect(),
        totals: facts.tally.totals(),
        ..Section::default()
    }
}

/// The numbers that make the verdict; reports of something else than tests are no tests, and no absence of reports.
fn headline(facts: &RunFacts, failures: &Failures<'_>) -> String {
    if facts.tally.files == 0 && !facts.formats.is_empty() {
        return "no test report".to_owned();
    }
    let (runs, suites) = (facts.runs.all, facts.suites.all.saturating_sub(facts.synthetic));
    facts.tally.headline(&[
        (facts.red().saturating_sub(failures.all), "known before"),
        (runs, if runs == 1 { "run errored" } else { "runs errored" }),
        (suites, if suites == 1 { "suite errored" } else { "suites errored" }),
        (facts.unreadable, "unreadable"),
        (facts.missing.len() as u64, "missing"),
    ])
}

/// The exit code of the run that wrote the reports, which must agree with them.
pub(super) fn exit_code(facts: &RunFacts, code: Option<i64>) -> Section {
    let mut section = Section::default();
    let Some(code) = code else { return section };
    let counts = facts.tally.counts;
    let red = counts.of(State::Failed) + counts.of(State::Errored) + facts.suites.all + facts.runs.all;
    // A failed test explains that a runner ends badly, and not that it was killed.
    let is_crash = !(0..126).contains(&code);
    if code != 0 && (red == 0 || is_crash) {
        section.findings.push(rules::unexplained(code, counts.tests(), red));
    } else if code == 0 && red > 0 {
        let note = "the run ended with exit code 0 although its reports show failures";
        section.notes.push(note.to_owned());
    }
    section
}
