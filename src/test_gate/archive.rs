//! Every test of a report with all that was said about it, kept only where a merged report is to be written.

use std::collections::HashMap;

use super::attempts::State;
use super::execution::{Execution, numbered};

/// The tests of a report in their order.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    tests: Vec<Execution>,
    /// Where the test of a hash stands.
    by_hash: HashMap<u64, usize>,
}

impl Archive {
    /// One more test; `hash` names it where another attempt at it may follow, `row` is its number among its namesakes.
    pub(crate) fn add(&mut self, hash: Option<u64>, row: u64, execution: Execution) {
        if let Some(hash) = hash {
            self.by_hash.insert(hash, self.tests.len());
        }
        // Readers of merged reports tell tests apart by their names alone.
        let name = numbered(&execution.name, row);
        self.tests.push(Execution { name, ..execution });
    }

    /// Another attempt at a test, which now counts as `state`; what it was called stays.
    pub(crate) fn amend(&mut self, hash: u64, state: State, execution: Execution) {
        let Some(test) = self.by_hash.get(&hash).and_then(|index| self.tests.get_mut(*index)) else { return };
        test.state = state;
        test.attempts += execution.attempts;
        test.micros = execution.micros.or(test.micros);
        if !execution.message.is_empty() || !execution.detail.is_empty() {
            (test.message, test.detail) = (execution.message, execution.detail);
        }
    }

    /// The tests in their order.
    pub(crate) fn tests(&self) -> &[Execution] {
        &self.tests
    }
}
