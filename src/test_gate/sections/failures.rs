//! What went wrong in a run: failed and flaky tests, suites and runs, and how to run the failed tests again.

use super::Section;
use crate::attempts::State;
use crate::baseline::{self, Comparison};
use crate::execution::numbered;
use crate::listed::Listed;
use crate::rerun::{self, Failed};
use crate::rules::{self, LISTED};
use crate::run::{Errors, RunFacts};
use devops_core::words::counted;
use devops_core::{Change, Finding, Rule, Severity};

/// The failed tests that count, and those that don't because the baseline has them as well.
pub(crate) struct Failures<'a> {
    /// Those that are listed, new or known; neither where nothing is compared.
    listed: Vec<(&'a Listed, Option<Change>)>,
    /// New failures that stand behind so many known ones that no report's list has them.
    unlisted: Vec<Finding>,
    /// What is reported of failures that don't count.
    known: Vec<Finding>,
    /// How many failures count.
    pub(super) all: u64,
}

impl<'a> Failures<'a> {
    /// The failures of a run, of which only those count that are new where `only_new` is set.
    pub(crate) fn of(facts: &'a RunFacts, comparison: Option<&Comparison<'_>>, only_new: bool) -> Self {
        let change = |Listed { key, .. }: &Listed| {
            let is_known = comparison?.is_known_failure(&key.scope, &key.name, key.execution);
            Some(if is_known { Change::Known } else { Change::New })
        };
        let listed = facts.failed.iter().map(|failed| (failed, change(failed)));
        match comparison.filter(|_| only_new) {
            None => {
                Self { listed: listed.collect(), unlisted: Vec::new(), known: Vec::new(), all: facts.red() }
            }
            Some(comparison) => Self {
                listed: listed.filter(|(_, change)| *change != Some(Change::Known)).collect(),
                unlisted: unlisted(facts, comparison),
                known: baseline::rules::failed_before(comparison),
                all: comparison.new_failures.len() as u64,
            },
        }
    }

    /// Failed and flaky tests.
    pub(super) fn section(&self, facts: &RunFacts, fail_on_flaky: bool) -> Section {
        let finding = |(failed, change): &(&Listed, Option<Change>)| match change {
            Some(change) => failed.finding.clone().changed(*change),
            None => failed.finding.clone(),
        };
        let failed = self.listed.iter().map(finding).chain(self.unlisted.iter().cloned());
        let failed = failed.take(LISTED).collect();
        let severity = if fail_on_flaky { Severity::High } else { rules::FLAKY.severity };
        let flaky = facts.flaky.iter().map(|flaky| flaky.clone().severity(severity)).collect();
        let mut section = Section { findings: self.known.clone(), ..Section::default() };
        section.list(&rules::FAILED, failed, self.all, rules::FAILED.severity);
        section.list(&rules::FLAKY, flaky, facts.tally.counts.of(State::Flaky), severity);
        section
    }

    /// The commands that run the failed tests again.
    pub(crate) fn rerun(&self) -> Section {
        let failed: Vec<&Failed> =
            self.listed.iter().filter_map(|(failed, _)| failed.rerun.as_ref()).collect();
        Section { tables: vec![rerun::table(&failed)], ..Section::default() }
    }
}

/// Suites and runs that went wrong.
pub(super) fn errors(facts: &RunFacts) -> Section {
    let mut section = Section::default();
    for (rule, Errors { listed, all }) in
        [(&rules::SUITE_ERRORED, &facts.suites), (&rules::RUN_ERRORED, &facts.runs)]
    {
        section.list(rule, listed.clone(), *all, rule.severity);
    }
    section
}

impl Section {
    /// Adds the first findings of a rule, and what is to be said of those that are not listed.
    fn list(&mut self, rule: &Rule, listed: Vec<Finding>, all: u64, severity: Severity) {
        let left_out = all.saturating_sub(listed.len() as u64);
        self.findings.extend(listed);
        if left_out > 0 {
            self.findings.push(rules::more(rule, left_out).severity(severity));
            let findings = counted(left_out, "finding", "findings");
            self.notes.push(format!("{findings} of {} not listed", rule.id));
        }
    }
}

/// New failures of which no report's list has more than the name.
fn unlisted(facts: &RunFacts, comparison: &Comparison<'_>) -> Vec<Finding> {
    let is_listed = |change: &&baseline::Change<'_>| facts.failed.iter().any(|failed| failed.is(change));
    let finding = |change: &baseline::Change<'_>| {
        let scope = change.test.scope;
        let name = numbered(change.test.name, change.row());
        rules::new_failure(&baseline::rules::name_of(change), &scope.text, &name, &scope.environment)
    };
    let new = comparison.new_failures.iter().filter(|change| !is_listed(change));
    new.take(LISTED).map(finding).collect()
}
