//! A test that went wrong and is listed, with all that other steps need to know of it.

use super::baseline::Change;
use super::execution::Problem;
use super::ledger::{Executions, Identity, Ledger, Scope};
use super::rerun::Failed;
use super::rules;
use devops_core::Finding;

/// A failed test that is listed.
pub(super) struct Listed {
    /// What is reported of it.
    pub(super) finding: Finding,
    /// What the ledger knows it by.
    pub(super) key: Key,
    /// What its runner needs to run it again; none if its runner can't select it.
    pub(super) rerun: Option<Failed>,
}

/// One execution of a test in the ledger.
pub(super) struct Key {
    pub(super) scope: Scope,
    pub(super) name: Box<str>,
    /// Which of the executions of its identity it is, from 0.
    pub(super) execution: usize,
}

impl Listed {
    /// A failed test of a report whose tests the ledger has not yet.
    pub(super) fn of(problem: &Problem, label: &str, ledger: &Ledger) -> Self {
        Self { finding: rules::test(problem, label), key: Key::of(problem, ledger), rerun: problem.failed() }
    }

    /// Whether a change is about it.
    pub(super) fn is(&self, change: &Change<'_>) -> bool {
        let (key, test) = (&self.key, change.test);
        key.scope == *test.scope && *key.name == *test.name && change.execution == Some(key.execution)
    }
}

impl Key {
    fn of(problem: &Problem, ledger: &Ledger) -> Self {
        let Problem { suite, classname, name, file, .. } = problem;
        let (scope, name) = Identity { suite, classname, name, file }.key(&problem.environment);
        let before = ledger.get(&scope, &name).map_or(0, Executions::len);
        let execution = usize::try_from(before + problem.row - 1).unwrap_or(usize::MAX);
        Self { scope, name, execution }
    }
}
