//! Every test of a report with all that was said about it, kept only where a merged report is to be written or attempts stand in
//! several reports.

use std::collections::HashMap;

use super::attempts::State;
use super::execution::{Execution, numbered};

/// What a suite that went wrong by itself has in place of a name's hash and number.
pub(crate) const STAND_IN: (u64, u64) = (0, 0);

/// The tests of a report in their order.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    tests: Vec<Execution>,
    /// Of each test, in the same order: a hash that namesakes share, and which of them it is, from 1.
    pub(crate) rows: Vec<(u64, u64)>,
    /// Where the test of a hash stands.
    by_hash: HashMap<u64, usize>,
}

impl Archive {
    /// One more test; `hash` names it where another attempt at it may follow, `row` is what tells it from its namesakes.
    pub(crate) fn add(&mut self, hash: Option<u64>, row: (u64, u64), execution: Execution) {
        if let Some(hash) = hash {
            self.by_hash.insert(hash, self.tests.len());
        }
        self.tests.push(execution);
        self.rows.push(row);
    }

    /// Another attempt at a test, which now counts as `state`.
    pub(crate) fn amend(&mut self, hash: u64, state: State, later: Execution) {
        let test = self.by_hash.get(&hash).and_then(|index| self.tests.get_mut(*index));
        if let Some(test) = test {
            test.amend(state, later);
        }
    }

    /// The tests in their order.
    pub(crate) fn tests(&self) -> &[Execution] {
        &self.tests
    }

    /// Whether a test stands there, and not what stands for a suite that went wrong by itself.
    pub(crate) fn is_test(&self, index: usize) -> bool {
        self.rows.get(index).is_some_and(|row| *row != STAND_IN)
    }

    /// The test at an index.
    pub(crate) fn test_mut(&mut self, index: usize) -> Option<&mut Execution> {
        self.tests.get_mut(index)
    }

    /// Keeps the tests of which that is true, by index.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(usize) -> bool) {
        let mut index = 0..;
        let kept: Vec<bool> = self.tests.iter().map(|_| index.next().is_some_and(&mut is_kept)).collect();
        let (mut tests, mut rows) = (kept.iter(), kept.iter());
        self.tests.retain(|_| tests.next() == Some(&true));
        self.rows.retain(|_| rows.next() == Some(&true));
        self.by_hash.clear();
    }

    /// Numbers namesakes, for readers of merged reports tell tests apart by their names alone.
    pub(crate) fn number(&mut self) {
        for (test, (_, row)) in self.tests.iter_mut().zip(&self.rows).filter(|(_, (_, row))| *row > 1) {
            test.name = numbered(&test.name, *row);
        }
    }
}
