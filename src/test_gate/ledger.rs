//! The tests of one run by identity, with how often they ended how and how long they took; some 100 bytes a test.
//!
//! An identity is a scope and a name. The scope is the class; where there is none, the file; where there is neither, the
//! suites. Scope and name are made equal across runs: see [`normal`].

mod normal;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::attempts::{Counts, State};
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
}

/// How the executions of one test ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Executions {
    /// How many ended how.
    pub(crate) counts: Counts,
    /// How long those took whose time is known.
    pub(crate) micros: u64,
    /// How many have a known time.
    pub(crate) timed: u64,
}

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
    One { state: State, micros: u64 },
    Many(Box<Executions>),
}

impl Executions {
    /// A single execution.
    fn one(state: State, micros: Option<u64>) -> Self {
        let mut one = Self::default();
        one.counts.add(state);
        (one.micros, one.timed) = (micros.unwrap_or(0), u64::from(micros.is_some()));
        one
    }

    /// Those of both.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            counts: self.counts.plus(other.counts),
            micros: self.micros.saturating_add(other.micros),
            timed: self.timed + other.timed,
        }
    }

    /// How many took place.
    pub(crate) fn ran(&self) -> u64 {
        self.counts.tests() - self.counts.of(State::Skipped) - self.counts.of(State::NotRun)
    }

    /// How many failed or broke off.
    pub(crate) fn red(&self) -> u64 {
        self.counts.of(State::Failed) + self.counts.of(State::Errored)
    }
}

impl Entry {
    fn new(executions: Executions) -> Self {
        let states =
            [State::Passed, State::Flaky, State::Failed, State::Errored, State::Skipped, State::NotRun];
        let single = states.into_iter().find(|state| executions.counts.of(*state) == 1);
        match single {
            Some(state) if executions.counts.tests() == 1 && executions.micros != UNTIMED => {
                Self::One { state, micros: if executions.timed == 0 { UNTIMED } else { executions.micros } }
            }
            _ => Self::Many(Box::new(executions)),
        }
    }

    fn executions(&self) -> Executions {
        match self {
            Self::One { state, micros } => {
                Executions::one(*state, Some(*micros).filter(|micros| *micros != UNTIMED))
            }
            Self::Many(executions) => **executions,
        }
    }

    fn add(&mut self, more: Executions) {
        *self = Self::new(self.executions().plus(more));
    }
}

impl Identity<'_> {
    /// What the ledger knows the test by: its scope and its name in their normal form.
    pub(crate) fn key(&self) -> (Scope, Box<str>) {
        (self.scope(), normal(self.name).as_ref().into())
    }
}

impl Ledger {
    /// Takes an execution of a test.
    pub(crate) fn add(&mut self, identity: &Identity<'_>, state: State, micros: Option<u64>) {
        let micros = micros.map(|micros| micros.min(UNTIMED - 1));
        self.insert(identity.scope(), &normal(identity.name), Executions::one(state, micros));
    }

    /// Says that a later attempt changed how an execution ended.
    pub(crate) fn replace(&mut self, identity: &Identity<'_>, before: State, after: State) {
        let name = normal(identity.name);
        let tests = self.scopes.get_mut(&identity.scope());
        if let Some(entry) = tests.and_then(|tests| tests.get_mut(name.as_ref())) {
            let mut executions = entry.executions();
            executions.counts.take(before);
            executions.counts.add(after);
            *entry = Entry::new(executions);
        } else {
            self.add(identity, after, None);
        }
    }

    /// Takes all of another ledger; the order in which ledgers are merged never matters.
    pub(crate) fn merge(&mut self, other: Self) {
        let (mut into, from) = if self.length < other.length {
            (other, std::mem::take(self))
        } else {
            (std::mem::take(self), other)
        };
        for (scope, tests) in from.scopes {
            match into.scopes.entry(scope) {
                Slot::Vacant(slot) => {
                    into.length += tests.len();
                    slot.insert(tests);
                }
                Slot::Occupied(mut slot) => {
                    for (name, entry) in tests {
                        into.length += put(slot.get_mut(), name, entry.executions());
                    }
                }
            }
        }
        *self = into;
    }

    /// Takes executions of a test whose scope and name have their normal form.
    pub(crate) fn insert(&mut self, scope: Scope, name: &str, executions: Executions) {
        let tests = self.scopes.entry(scope).or_default();
        if let Some(entry) = tests.get_mut(name) {
            entry.add(executions);
        } else {
            tests.insert(name.into(), Entry::new(executions));
            self.length += 1;
        }
    }

    /// Every test, by scope and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Scope, &str, Executions)> {
        self.scopes.iter().flat_map(|(scope, tests)| {
            tests.iter().map(move |(name, entry)| (scope, name.as_ref(), entry.executions()))
        })
    }

    /// How a test ended.
    pub(crate) fn get(&self, scope: &Scope, name: &str) -> Option<Executions> {
        Some(self.scopes.get(scope)?.get(name)?.executions())
    }

    /// How many tests there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

/// Adds to a scope's tests; returns 1 where the test is new there.
fn put(tests: &mut BTreeMap<Box<str>, Entry>, name: Box<str>, executions: Executions) -> usize {
    match tests.entry(name) {
        Slot::Vacant(slot) => {
            slot.insert(Entry::new(executions));
            1
        }
        Slot::Occupied(mut slot) => {
            slot.get_mut().add(executions);
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
        Scope { kind, text }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{Entry, Executions, Identity, Kind, Ledger};
    use crate::test_gate::attempts::State;

    const STATES: [State; 6] =
        [State::Passed, State::Flaky, State::Failed, State::Errored, State::Skipped, State::NotRun];

    fn identity<'a>(classname: &'a str, name: &'a str) -> Identity<'a> {
        Identity { classname, name, ..Identity::default() }
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
    fn executions_add_up_and_attempts_replace() {
        let mut ledger = Ledger::default();
        let test = identity("A", "a[0x7f0011223344]");
        ledger.add(&test, State::Failed, Some(5));
        ledger.replace(&identity("A", "a[0x7f9911223344]"), State::Failed, State::Flaky);
        assert_eq!(ledger.len(), 1);
        ledger.add(&test, State::Skipped, None);
        let all: Vec<_> = ledger.iter().collect();
        assert_eq!((all[0].1, all[0].2.micros, all[0].2.timed), ("a[0x*]", 5, 1));
        assert_eq!((all[0].2.ran(), all[0].2.red(), all[0].2.counts.tests()), (1, 0, 2));
        assert_eq!(ledger.get(all[0].0, "a[0x*]"), Some(all[0].2));
        assert_eq!(size_of::<Entry>(), 16);
    }

    proptest! {
        #[test]
        fn the_order_of_merges_does_not_matter(
            parts in vec(vec((0..3_usize, 0..4_usize, 0..6_usize, proptest::option::of(0..9_u64)), 0..8), 0..4)
        ) {
            let names = ["a", "b", "c", "d"];
            let ledgers: Vec<Ledger> = parts.iter().map(|part| {
                let mut ledger = Ledger::default();
                for (class, name, state, micros) in part {
                    ledger.add(&identity(names[*class], names[*name]), STATES[*state], *micros);
                }
                ledger
            }).collect();
            let fold = |ledgers: Vec<Ledger>| ledgers.into_iter().fold(Ledger::default(), |mut all, one| {
                all.merge(one);
                all
            });
            let forwards = fold(ledgers.clone());
            prop_assert_eq!(forwards.iter().count(), forwards.len());
            let executions: u64 = forwards.iter().map(|(_, _, executions): (_, _, Executions)| executions.counts.tests()).sum();
            prop_assert_eq!(executions, parts.iter().map(Vec::len).sum::<usize>() as u64);
            let backwards = fold(ledgers.into_iter().rev().collect());
            prop_assert_eq!(forwards, backwards);
        }
    }
}
