//! The tests of a report by name, as a page lists them: as many of each state as a page has room for.
//!
//! A page lists the worst first, so that of each state the first ones are enough, whatever the other reports hold.

use std::collections::{HashMap, HashSet};

use super::attempts::{Counts, State};
use super::execution::{Execution, numbered, placed};
use super::trace;
use devops_core::{Case, Cases};
use devops_reading::excerpt::shorten;

/// Most bytes of a name, and of what holds a test.
const NAME: usize = 240;

/// Bytes of names after which only tests that went wrong are added.
const NAMES: usize = 3_000_000;

/// The tests of a report by name.
#[derive(Debug, Default)]
pub(crate) struct CaseList {
    /// Each with the hash that namesakes share.
    cases: Vec<(u64, Case)>,
    counts: Counts,
    /// Bytes of all names.
    bytes: usize,
    /// Where the test of a hash stands that may be attempted again.
    by_hash: HashMap<u64, usize>,
}

impl CaseList {
    /// Whether another test that ended so is listed.
    pub(crate) fn has_room(&self, state: State) -> bool {
        self.counts.of(state) < Cases::MOST as u64 && (state.is_red() || self.bytes < NAMES)
    }

    /// One more test; `hash` names it where another attempt at it may follow, `row` is what tells it from its namesakes.
    pub(crate) fn add(
        &mut self,
        hash: Option<u64>,
        (name, row): (u64, u64),
        state: State,
        execution: impl FnOnce() -> Execution,
    ) {
        if let Some(hash) = hash {
            // What is listed of a namesake is not about this test.
            self.by_hash.remove(&hash);
        }
        if !self.has_room(state) {
            return;
        }
        if let Some(hash) = hash {
            self.by_hash.insert(hash, self.cases.len());
        }
        let case = case(&execution(), row, state);
        self.bytes += case.name.len() + case.within.len();
        self.counts.add(state);
        self.cases.push((name, case));
    }

    /// Another attempt at a test, which now counts as `state`.
    pub(crate) fn amend(
        &mut self,
        hash: u64,
        row: (u64, u64),
        state: State,
        execution: impl FnOnce() -> Execution,
    ) {
        let listed = self.by_hash.get(&hash).and_then(|index| self.cases.get_mut(*index));
        let Some((_, case)) = listed else { return self.add(Some(hash), row, state, execution) };
        self.counts.take(case.state);
        self.counts.add(state);
        case.state = state;
        case.micros = execution().micros.or(case.micros);
    }

    /// Forgets the tests of these names that did not take place.
    pub(crate) fn forget_absent(&mut self, names: &HashSet<u64>) {
        self.cases.retain(|(name, case)| !(case.state.is_absent() && names.contains(name)));
        self.by_hash.clear();
    }

    /// The tests, which ran in an environment, of `all` that the report has.
    pub(crate) fn finish(self, environment: &str, all: u64) -> Cases {
        let mut listed: Vec<Case> = self.cases.into_iter().map(|(_, case)| case).collect();
        if !environment.is_empty() {
            for case in &mut listed {
                case.within = placed(&case.within, environment).trim_start().into();
            }
        }
        let left_out = all.saturating_sub(listed.len() as u64);
        Cases { listed, left_out }
    }
}

/// A test as the page lists it.
fn case(execution: &Execution, row: u64, state: State) -> Case {
    let Execution { suite, classname, name, file, micros, .. } = execution;
    let file = trace::tidy(file);
    let within = [classname, suite, &file].into_iter().find(|text| !text.trim().is_empty());
    // A name may begin with all that holds the test.
    let within = within.filter(|within| !name.starts_with(within.as_str())).map_or("", String::as_str);
    let name = if name.trim().is_empty() { "(a test without a name)" } else { name };
    Case {
        name: shorten(&numbered(name, row), NAME).into(),
        within: shorten(within, NAME).into(),
        state,
        micros: *micros,
    }
}
