//! The tests of one run by identity, with how their executions ended and how long they took; some 100 bytes per test.
//!
//! An identity is a scope and a name. The scope is the class; where there is none, the file; where there is neither, the
//! suites. Scope and name are made equal across runs: see [`normal`]. Tests that share an identity, as rows of data and the jobs
//! of a matrix do, are told apart by their order: that of the reports, and within a report that of the tests.

mod normal;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::attempts::State;
use super::trace;
use normal::normal;

/// What a report says about which test it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Identity<'a> {
    /// Names of the suites around it; counts only where there is neither class nor file.
    pub(crate) suite: &'a str,
    /// Its class.
    pub(crate) classname: &'a str,
    /// Its name with its parameters.
    pub(crate) name: &'a str,
    /// Its file; counts only where there is no class.
    pub(crate) file: &'a str,
}

/// What kind of thing holds a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A class.
    Class,
    /// A file, where there is no class.
    File,
    /// Suites, where there is neither.
    Suite,
}

/// What holds a test: its class, file or suites.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Scope {
    /// Which of them it is.
    pub(crate) kind: Kind,
    /// Its name in its normal form.
    pub(crate) text: Box<str>,
    /// Where the tests ran, such as a job of a matrix; empty if unknown.
    pub(crate) environment: Box<str>,
}

/// One execution of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) state: State,
    micros: u64,
}

/// The executions of one identity, in the order of the reports, and of the tests in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Executions<'a>(&'a [Execution]);

/// The tests of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    scopes: BTreeMap<Scope, BTreeMap<Box<str>, Entry>>,
    length: usize,
}

/// Stands for an unknown time.
const UNTIMED: u64 = u64::MAX;

/// Nearly every test has one execution: 16 bytes are enough for it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    One(Execution),
    #[expect(clippy::box_collection, reason = "a vector alone would make each entry half as long again")]
    Many(Box<Vec<Execution>>),
}

impl Execution {
    fn new(state: State, micros: Option<u64>) -> Self {
        Self { state, micros: micros.map_or(UNTIMED, |micros| micros.min(UNTIMED - 1)) }
    }

    /// How long it took, in microseconds, where that is known.
    pub(crate) fn micros(self) -> Option<u64> {
        (self.micros != UNTIMED).then_some(self.micros)
    }
}

impl<'a> Executions<'a> {
    /// Each of them.
    pub(crate) fn iter(self) -> impl Iterator<Item = Execution> + 'a {
        self.0.iter().copied()
    }

    /// How many there are.
    pub(crate) fn len(self) -> u64 {
        self.0.len() as u64
    }

    /// How many took place.
    pub(crate) fn ran(self) -> u64 {
        self.iter().filter(|execution| !matches!(execution.state, State::Skipped | State::NotRun)).count()
            as u64
    }

    /// How many failed or broke off.
    pub(crate) fn red(self) -> u64 {
        self.iter().filter(|execution| execution.state.is_red()).count() as u64
    }
}

impl Entry {
    fn executions(&self) -> Executions<'_> {
        match self {
            Self::One(execution) => Executions(std::slice::from_ref(execution)),
            Self::Many(executions) => Executions(executions),
        }
    }

    fn push(&mut self, more: Executions<'_>) {
        match self {
            Self::One(first) => {
                *self = Self::Many(Box::new(std::iter::once(*first).chain(more.iter()).collect()));
            }
            Self::Many(all) => all.extend(more.iter()),
        }
    }

    /// One of the executions, from 1.
    fn at(&mut self, row: u64) -> Option<&mut Execution> {
        let index = usize::try_from(row).ok()?.checked_sub(1)?;
        match self {
            Self::One(execution) => std::slice::from_mut(execution).get_mut(index),
            Self::Many(executions) => executions.get_mut(index),
        }
    }
}

impl Identity<'_> {
    /// What the ledger knows the test by: its scope and its name in their normal form.
    pub(crate) fn key(&self, environment: &str) -> (Scope, Box<str>) {
        (Scope { environment: environment.into(), ..self.scope() }, normal(self.name).as_ref().into())
    }
}

impl Ledger {
    /// Takes a test of the report that is being read; returns which of the tests of its identity it is, from 1.
    pub(crate) fn add(&mut self, identity: &Identity<'_>, state: State, micros: Option<u64>) -> u64 {
        let tests = self.scopes.entry(identity.scope()).or_default();
        let (name, execution) = (normal(identity.name), Execution::new(state, micros));
        if let Some(entry) = tests.get_mut(name.as_ref()) {
            entry.push(Executions(&[execution]));
            return entry.executions().len();
        }
        tests.insert(name.as_ref().into(), Entry::One(execution));
        self.length += 1;
        1
    }

    /// Says that a later attempt changed how a test ended, which is this one of its identity in the report, from 1.
    pub(crate) fn replace(&mut self, identity: &Identity<'_>, row: u64, after: State) {
        let tests = self.scopes.get_mut(&identity.scope());
        let entry = tests.and_then(|tests| tests.get_mut(normal(identity.name).as_ref()));
        if let Some(execution) = entry.and_then(|entry| entry.at(row)) {
            execution.state = after;
        }
    }

    /// Forgets an execution of a test that did not take place.
    pub(crate) fn forget_absent(&mut self, (scope, name): &(Scope, Box<str>)) {
        let Some(tests) = self.scopes.get_mut(scope) else { return };
        let Some(entry) = tests.get_mut(name) else { return };
        match entry {
            Entry::Many(executions) => {
                if let Some(index) = executions.iter().position(|execution| execution.state.is_absent()) {
                    executions.remove(index);
                }
            }
            Entry::One(execution) if execution.state.is_absent() => {
                tests.remove(name);
                self.length -= 1;
            }
            Entry::One(_) => {}
        }
    }

    /// Takes the tests of another report, which ran in an environment, behind those of the reports before it.
    pub(crate) fn merge(&mut self, other: Self, environment: &str) {
        if self.length == 0 && environment.is_empty() {
            *self = other;
            return;
        }
        for (scope, tests) in other.scopes {
            let scope = Scope { environment: environment.into(), ..scope };
            match self.scopes.entry(scope) {
                Slot::Vacant(slot) => {
                    self.length += tests.len();
                    slot.insert(tests);
                }
                Slot::Occupied(mut slot) => {
                    for (name, entry) in tests {
                        self.length += put(slot.get_mut(), name, entry);
                    }
                }
            }
        }
    }

    /// Every test, by scope and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Scope, &str, Executions<'_>)> {
        self.scopes.iter().flat_map(|(scope, tests)| {
            tests.iter().map(move |(name, entry)| (scope, name.as_ref(), entry.executions()))
        })
    }

    /// How a test ended.
    pub(crate) fn get(&self, scope: &Scope, name: &str) -> Option<Executions<'_>> {
        Some(self.scopes.get(scope)?.get(name)?.executions())
    }

    /// How many tests there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

/// Adds to a scope's tests; returns 1 where the test is new there.
fn put(tests: &mut BTreeMap<Box<str>, Entry>, name: Box<str>, entry: Entry) -> usize {
    match tests.entry(name) {
        Slot::Vacant(slot) => {
            slot.insert(entry);
            1
        }
        Slot::Occupied(mut slot) => {
            slot.get_mut().push(entry.executions());
            0
        }
    }
}

impl Identity<'_> {
    /// What holds the test, in its normal form.
    pub(crate) fn scope(&self) -> Scope {
        let (kind, text) = if !self.classname.trim().is_empty() {
            (Kind::Class, normal(self.classname).into())
        } else if !self.file.trim().is_empty() {
            (Kind::File, normal(&trace::tidy(self.file)).into())
        } else {
            (Kind::Suite, normal(self.suite).into())
        };
        Scope { kind, text, environment: Box::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{Entry, Identity, Kind, Ledger};
    use crate::attempts::State;

    fn identity<'a>(classname: &'a str, name: &'a str) -> Identity<'a> {
        Identity { classname, name, ..Identity::default() }
    }

    /// Every test with the states of its executions.
    fn all(ledger: &Ledger) -> Vec<(String, Vec<State>)> {
        let states = |(_, name, executions): (_, &str, super::Executions<'_>)| {
            (name.to_owned(), executions.iter().map(|execution| execution.state).collect())
        };
        ledger.iter().map(states).collect()
    }

    #[test]
    fn a_class_is_enough_then_a_file_then_suites() {
        let scope = |suite, classname, file| {
            let scope = Identity { suite, classname, name: "n", file }.scope();
            (scope.kind, scope.text.into_string())
        };
        assert_eq!(scope("s", "a.B", "/x"), (Kind::Class, "a.B".to_owned()));
        assert_eq!(scope("s", " ", "./a\\b.py"), (Kind::File, "a/b.py".to_owned()));
        assert_eq!(scope("s", "", ""), (Kind::Suite, "s".to_owned()));
    }

    #[test]
    fn namesakes_keep_their_order_and_attempts_replace() {
        let mut ledger = Ledger::default();
        let test = identity("A", "a[0x7f0011223344]");
        assert_eq!(ledger.add(&test, State::Failed, Some(5)), 1);
        ledger.replace(&identity("A", "a[0x7f9911223344]"), 1, State::Flaky);
        assert_eq!(ledger.add(&test, State::Skipped, None), 2);
        assert_eq!(ledger.add(&test, State::Failed, None), 3);
        ledger.replace(&test, 3, State::Errored);
        let states = vec![State::Flaky, State::Skipped, State::Errored];
        assert_eq!(all(&ledger), [("a[0x*]".to_owned(), states)]);
        let (scope, name, executions) = ledger.iter().next().unwrap();
        assert_eq!(
            (executions.iter().next().unwrap().micros(), executions.ran(), executions.red()),
            (Some(5), 2, 1)
        );
        assert_eq!(ledger.get(scope, name), Some(executions));
        assert_eq!((size_of::<Entry>(), ledger.len()), (16, 1));
    }

    #[test]
    fn reports_come_one_after_another_and_environments_are_apart() {
        let report = |states: &[State]| {
            let mut ledger = Ledger::default();
            for state in states {
                ledger.add(&identity("A", "a"), *state, None);
            }
            ledger
        };
        let mut ledger = Ledger::default();
        ledger.merge(report(&[State::Failed, State::Passed]), "");
        ledger.merge(report(&[State::Skipped]), "");
        ledger.merge(report(&[State::Failed]), "windows");
        let expected = [vec![State::Failed, State::Passed, State::Skipped], vec![State::Failed]];
        assert_eq!(all(&ledger), expected.map(|states| ("a".to_owned(), states)));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_when_reports_are_merged(
            parts in vec(vec((0..3_usize, 0..4_usize, 0..6_usize, proptest::option::of(0..9_u64)), 0..8), 0..4)
        ) {
            let names = ["a", "b", "c", "d"];
            let mut merged = Ledger::default();
            for part in &parts {
                let mut ledger = Ledger::default();
                for (class, name, state, micros) in part {
                    ledger.add(&identity(names[*class], names[*name]), State::ALL[*state], *micros);
                }
                merged.merge(ledger, "");
            }
            prop_assert_eq!(merged.iter().count(), merged.len());
            let mut states: Vec<State> = all(&merged).into_iter().flat_map(|(_, states)| states).collect();
            let mut expected: Vec<State> = parts.iter().flatten().map(|(_, _, state, _)| State::ALL[*state]).collect();
            states.sort_by_key(|state| *state as u8);
            expected.sort_by_key(|state| *state as u8);
            prop_assert_eq!(states, expected);
        }
    }
}
