//! The tests that took longest.

use super::Section;
use crate::test_gate::run::RunFacts;

/// A table of them.
pub(in crate::test_gate) fn section(facts: &RunFacts) -> Section {
    Section { tables: vec![facts.slowest.table()], ..Section::default() }
}
