//! What a report says, added up test by test: counts, what went wrong, and what could not be understood.
//!
//! Attempts at the same test become one here, whatever the format. Memory grows with what went wrong, and by some 8 bytes a
//! test for the table of attempts; only where a run is compared or kept does it hold every name.

use std::collections::HashMap;
use std::hash::Hasher as _;

use super::archive::Archive;
use super::attempts::{Attempts, Counts, State};
use super::benchmarks::{Benchmark, Stream};
use super::excerpt::shorten;
use super::execution::{DETAIL, Execution, MESSAGE, Problem};
use super::ledger::{Identity, Ledger};
use super::mixer::Mixer;
use super::slowest::Slowest;
use super::trouble::{Position, Trouble, Troubles};

/// Most problems kept of a file; the counts know all.
pub(crate) const KEPT: usize = 1_000;

/// What was read of a report.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The format it is in, as people call it.
    pub(crate) format: &'static str,
    pub(crate) counts: Counts,
    pub(crate) suites: u64,
    /// Time of all tests that name one, in microseconds.
    pub(crate) micros: Option<u64>,
    /// The slowest tests.
    pub(crate) slowest: Slowest,
    /// The first tests that did not simply pass.
    pub(crate) problems: Vec<Problem>,
    /// The first suites that went wrong apart from their tests.
    pub(crate) suite_errors: Vec<GroupError>,
    /// How many did.
    pub(crate) suite_errored: u64,
    /// Tests in the counts that stand for a suite that says itself what went wrong.
    pub(crate) synthetic: u64,
    /// What says of itself that the whole run went wrong; the first ones, and how many.
    pub(crate) run_errors: Vec<GroupError>,
    pub(crate) run_errored: u64,
    /// What could not be understood.
    pub(crate) troubles: Troubles,
    /// Things to know, without the file's name.
    pub(crate) notes: Vec<String>,
    /// Every test by name, where the run is compared or kept.
    pub(crate) ledger: Option<Ledger>,
    /// Every test whole, where a merged report is to be written.
    pub(crate) archive: Option<Archive>,
    /// Benchmarks that ran between the tests.
    pub(crate) benchmarks: Vec<Benchmark>,
}

/// What is kept of tests that simply passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Their names, because the run is compared or kept.
    pub(crate) names: bool,
    /// All of them, because a merged report is to be written.
    pub(crate) tests: bool,
}

/// A suite or a run that went wrong apart from its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupError {
    /// The suite, or the program that ran.
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) detail: String,
    pub(crate) at: Position,
}

impl GroupError {
    pub(crate) fn new(name: &str, message: &str, detail: &str, at: Position) -> Self {
        Self {
            name: shorten(name.trim(), MESSAGE),
            message: shorten(message.trim(), MESSAGE),
            detail: shorten(detail.trim(), DETAIL),
            at,
        }
    }
}

/// What the table of attempts needs to know of an execution.
pub(crate) struct Met {
    pub(crate) state: State,
    pub(crate) micros: Option<u64>,
    pub(crate) attempts: u64,
    /// A hash that tests of one suite share.
    pub(crate) suite: u64,
    /// What names the test in its report; none is never an attempt at another.
    pub(crate) identity: Option<u64>,
    /// Whether another execution of a test can only be another attempt, even where both seem to have passed.
    pub(crate) is_unique: bool,
}

/// Adds up what a report says.
pub(crate) struct Collector {
    pub(crate) reading: Reading,
    attempts: Attempts,
    /// How many problems go by the same names, by a hash of them.
    namesakes: HashMap<u64, u64>,
}

impl Collector {
    /// A collector that has met nothing.
    pub(crate) fn new(keep: Keep) -> Self {
        let ledger = keep.names.then(Ledger::default);
        let archive = keep.tests.then(Archive::default);
        let reading = Reading { ledger, archive, ..Reading::default() };
        Self { reading, attempts: Attempts::new(), namesakes: HashMap::new() }
    }

    /// A suite began.
    pub(crate) fn suite(&mut self) {
        self.reading.suites += 1;
    }

    /// A test took place, or did not.
    ///
    /// One of the same suites, class, name, file and line in the same report is another attempt at it, unless it is told whole.
    pub(crate) fn test(&mut self, execution: &Execution) {
        let suite = hash_of(&execution.suite);
        let Execution { classname, name, file, line, .. } = execution;
        let is_named = !execution.is_whole && !name.trim().is_empty();
        let met = Met {
            state: execution.state,
            micros: execution.micros,
            attempts: execution.attempts,
            suite,
            identity: is_named.then(|| hash_of(&(suite, classname, name, file, line))),
            is_unique: false,
        };
        self.meet(&met, || execution.clone());
    }

    /// The same for a reader that makes the whole execution only where it is needed.
    pub(crate) fn meet(&mut self, met: &Met, execution: impl Fn() -> Execution) {
        if let Some(micros) = met.micros {
            self.reading.micros = Some(self.reading.micros.unwrap_or(0).saturating_add(micros));
            if self.reading.slowest.wants(micros) {
                self.reading.slowest.add(micros, execution().title());
            }
        }
        let merged = met.identity.and_then(|hash| {
            let before = self.attempts.put(met.suite, hash, met.state)?;
            let after = match before.then(met.state) {
                None if met.is_unique && met.state == State::Passed => State::Flaky,
                after => after?,
            };
            Some((hash, before, after))
        });
        match merged {
            None => {
                self.reading.counts.add(met.state);
                if let Some(ledger) = &mut self.reading.ledger {
                    ledger.add(&identity(&execution()), met.state, met.micros);
                }
                if let Some(archive) = &mut self.reading.archive {
                    archive.add(met.identity, execution());
                }
                self.keep(met.identity.unwrap_or(0), met.state, execution);
            }
            Some((hash, before, after)) => {
                self.reading.counts.take(before);
                self.reading.counts.add(after);
                self.attempts.put(met.suite, hash, after);
                if let Some(ledger) = &mut self.reading.ledger {
                    ledger.replace(&identity(&execution()), before, after);
                }
                if let Some(archive) = &mut self.reading.archive {
                    archive.amend(hash, after, execution());
                }
                self.amend(hash, after, met.attempts, execution);
            }
        }
    }

    /// Keeps a problem, while there is room.
    fn keep(&mut self, hash: u64, state: State, execution: impl Fn() -> Execution) {
        if (state.is_red() || state == State::Flaky) && self.has_room() {
            let mut problem = Problem::of(&execution(), hash, state);
            let namesakes = self.namesakes.entry(problem.names()).or_default();
            problem.ordinal = *namesakes;
            *namesakes += 1;
            self.reading.problems.push(problem);
        }
    }

    /// Brings the problem of a test up to date after another attempt.
    fn amend(&mut self, hash: u64, state: State, attempts: u64, execution: impl Fn() -> Execution) {
        if let Some(problem) = self.reading.problems.iter_mut().rfind(|problem| problem.hash == hash) {
            problem.state = state;
            problem.attempts += attempts;
            return;
        }
        let kept = self.reading.problems.len();
        self.keep(hash, state, execution);
        if let Some(problem) = self.reading.problems.get_mut(kept) {
            problem.attempts += 1;
        }
    }

    /// Whether the name of every test is wanted, of those that passed, too.
    pub(crate) fn keeps_names(&self) -> bool {
        self.reading.ledger.is_some() || self.reading.archive.is_some()
    }

    /// Whether another problem would be kept.
    pub(crate) fn has_room(&self) -> bool {
        self.reading.problems.len() < KEPT
    }

    /// A suite says itself that it went wrong, apart from its tests; it counts as one errored test.
    pub(crate) fn broken_suite(&mut self, error: GroupError) {
        self.reading.counts.add(State::Errored);
        self.reading.synthetic += 1;
        if let Some(archive) = &mut self.reading.archive {
            let GroupError { name, message, detail, at } = error.clone();
            let execution =
                Execution { message, detail, at: Some(at), ..Execution::new(name, State::Errored) };
            archive.add(None, execution);
        }
        self.suite_error(error);
    }

    /// A suite's tests don't account for what it claims; counts nothing.
    pub(crate) fn suite_error(&mut self, error: GroupError) {
        self.reading.suite_errored += 1;
        if self.reading.suite_errors.len() < KEPT {
            self.reading.suite_errors.push(error);
        }
    }

    /// The run says that it went wrong as a whole, or broke off: a crash, a bail-out, an error outside of any test. Counts nothing.
    pub(crate) fn run_error(&mut self, error: GroupError) {
        self.reading.run_errored += 1;
        if self.reading.run_errors.len() < KEPT {
            self.reading.run_errors.push(error);
        }
    }

    /// Something could not be understood.
    pub(crate) fn trouble(&mut self, trouble: Trouble) {
        self.reading.troubles.push(trouble);
    }

    /// Something to know; a sentence without the file's name.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.reading.notes.push(note.into());
    }

    /// Benchmarks ran between the tests.
    pub(crate) fn benchmarks(&mut self, stream: Stream) {
        let Some(found) = stream.finish() else { return };
        self.reading.benchmarks.extend(found.benchmarks);
        for trouble in found.troubles.kept().iter().chain(found.broken.kept()) {
            self.reading.troubles.push(trouble.clone());
        }
        self.reading.notes.extend(found.notes);
    }

    pub(crate) fn finish(self) -> Reading {
        self.reading
    }
}

/// What names a test across runs.
fn identity(execution: &Execution) -> Identity<'_> {
    let Execution { suite, classname, name, file, .. } = execution;
    Identity { suite, classname, name, file }
}

/// A hash that is the same in every run.
pub(crate) fn hash_of(value: &(impl std::hash::Hash + ?Sized)) -> u64 {
    let mut hasher = Mixer::new();
    value.hash(&mut hasher);
    hasher.finish()
}
