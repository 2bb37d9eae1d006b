//! The tests that took longest.

use super::Section;
use crate::run::RunFacts;

/// A table of them.
pub(crate) fn section(facts: &RunFacts) -> Section {
    Section { tables: vec![facts.slowest.table()], ..Section::default() }
}
