//! What a report says, added up test by test: counts, what went wrong, and what could not be understood.
//!
//! Attempts at the same test become one here, where the report says that they are attempts. Cases that only share a name are
//! rows: tests of their own, numbered in their order. Memory grows with what went wrong, and by some five bytes per test for the
//! table of names; only where a run is compared or kept does it hold every name.

use std::collections::{HashMap, HashSet};

use super::archive::{Archive, STAND_IN};
use super::attempts::{Attempts, Counts, Rows, State, after, after_rerun};
use super::cases::CaseList;
use super::execution::{DETAIL, Execution, MESSAGE, Problem};
use super::ledger::{Identity, Ledger, Scope};
use super::slowest::Slowest;
use devops_benchmarks::{Benchmark, Stream};
use devops_core::clues;
use devops_reading::encoding::has_replaced;
use devops_reading::excerpt::{shorten, without_colours};
use devops_reading::hash::hash_of;
use devops_reading::trouble::{Position, Trouble, Troubles};

/// Maximum number of problems kept of a file; the counts know all.
pub(crate) const KEPT: usize = 1_000;

/// What was read of a report.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The format it is in, as people call it.
    pub(crate) format: &'static str,
    /// Whether it says when it was written, so that no other run writes the same.
    pub(crate) is_dated: bool,
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
    /// What to do about that, where the format knows more than that the run should be repeated.
    pub(crate) help: Option<&'static str>,
    /// Things to know, without the file's name.
    pub(crate) notes: Vec<String>,
    /// Every test by name, where the run is compared or kept.
    pub(crate) ledger: Option<Ledger>,
    /// Every test whole, where a merged report is to be written.
    pub(crate) archive: Option<Archive>,
    /// The tests by name, where a page is to list them.
    pub(crate) cases: Option<CaseList>,
    /// Benchmarks that ran between the tests.
    pub(crate) benchmarks: Vec<Benchmark>,
    /// How many of its tests count in another report.
    pub(crate) elsewhere: u64,
    /// Hashes of the names of those.
    pub(crate) moved: HashSet<u64>,
    /// The names of all tests, by hash.
    pub(crate) rows: Rows,
    /// Tests that did not take place: hashes of what holds them and of their names, and how they ended.
    pub(crate) absent: Vec<(u64, u64, State)>,
    /// What the ledger knows them by, in their order, where there is one.
    pub(crate) absent_keys: Vec<(Scope, Box<str>)>,
}

/// What is kept of tests that simply passed, and what their names mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Their names, because the run is compared or kept.
    pub(crate) names: bool,
    /// All of them, because a merged report is to be written.
    pub(crate) tests: bool,
    /// The names of as many as a page lists.
    pub(crate) cases: bool,
    /// What is an attempt besides what reports call one.
    pub(crate) attempts: Assumed,
}

/// What the settings take for attempts at one test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Assumed {
    /// Cases of one name, where the report leaves open what they are.
    pub(crate) repeats: bool,
    /// Tests that the reports of an earlier path have as well; needs all tests whole.
    pub(crate) paths: bool,
}

impl Reading {
    /// Makes the lists of names anew, where there are any, of the tests that are left.
    pub(crate) fn relist(&mut self) {
        let Some(archive) = &self.archive else { return };
        if let Some(ledger) = &mut self.ledger {
            *ledger = Ledger::default();
            for (_, test) in archive.tests().iter().enumerate().filter(|(index, _)| archive.is_test(*index)) {
                ledger.add(&identity(test), test.state, test.micros);
            }
        }
        if let Some(cases) = &mut self.cases {
            *cases = CaseList::default();
            for (test, (name, row)) in archive.tests().iter().zip(&archive.rows) {
                cases.add(None, (*name, *row), test.state, || test.clone());
            }
        }
    }
}

/// A suite or a run that went wrong apart from its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupError {
    /// The suite, or the program that ran.
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) detail: String,
    pub(crate) at: Position,
    /// The command that runs again what went wrong.
    pub(crate) rerun: Option<String>,
}

impl GroupError {
    pub(crate) fn new(name: &str, message: &str, detail: &str, at: Position) -> Self {
        Self {
            name: shorten(name.trim(), MESSAGE),
            message: shorten(message.trim(), MESSAGE),
            detail: clues::shorten(&without_colours(detail.trim()), DETAIL),
            at,
            rerun: None,
        }
    }

    /// The same with the command that runs again what went wrong.
    pub(crate) fn rerun(self, rerun: Option<String>) -> Self {
        Self { rerun, ..self }
    }
}

/// What another case of a test's names is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// Another test: the format has another way to write attempts, or none.
    Row,
    /// Perhaps another attempt; nothing says so, so it counts as another test.
    Unclear,
    /// Another attempt at the test of this hash; the last one decides.
    Attempt(u64),
    /// The same because `repeated-cases` says so, not the report.
    Assumed(u64),
    /// Another attempt at the test of this hash, by a runner that writes attempts before the last one like passes.
    Rerun(u64),
    /// What went wrong with the test of this hash, written once more.
    Again(u64),
}

/// What the counts need to know of an execution.
pub(crate) struct Met {
    pub(crate) state: State,
    pub(crate) micros: Option<u64>,
    pub(crate) attempts: u64,
    /// A hash of what holds the test: its class, else its file, else its suites.
    pub(crate) scope: u64,
    /// A hash of the scope and the test's name: namesakes share it.
    pub(crate) name: u64,
    pub(crate) repetition: Repetition,
    /// Whether no byte of its names had to be replaced: such a name may be that of another test.
    pub(crate) is_read_whole: bool,
}

/// Adds up what a report says.
pub(crate) struct Collector {
    pub(crate) reading: Reading,
    keep: Keep,
    attempts: Attempts,
    /// Where the problem of a test stands that may be attempted again.
    problems: HashMap<u64, usize>,
}

impl Collector {
    /// A collector that has met nothing.
    pub(crate) fn new(keep: Keep) -> Self {
        let ledger = keep.names.then(Ledger::default);
        let archive = (keep.tests || keep.attempts.paths).then(Archive::default);
        let cases = keep.cases.then(CaseList::default);
        let reading = Reading { ledger, archive, cases, ..Reading::default() };
        Self { reading, keep, attempts: Attempts::new(), problems: HashMap::new() }
    }

    /// A suite began.
    pub(crate) fn suite(&mut self) {
        self.reading.suites += 1;
    }

    /// Whether cases of one name are attempts where the report leaves it open.
    pub(crate) fn repeats_are_attempts(&self) -> bool {
        self.keep.attempts.repeats
    }

    /// What another test with this hash is, where the report leaves that open.
    pub(crate) fn repetition(&self, hash: u64) -> Repetition {
        if self.repeats_are_attempts() { Repetition::Assumed(hash) } else { Repetition::Unclear }
    }

    /// A test took place, or did not; another one of its names is another test.
    pub(crate) fn test(&mut self, execution: &Execution) {
        self.repeated(execution, Repetition::Row);
    }

    /// The same for a test whose repetition is something.
    pub(crate) fn repeated(&mut self, execution: &Execution, repetition: Repetition) {
        let Execution { suite, classname, name, file, .. } = execution;
        let is_read_whole = ![classname, name, file].into_iter().any(|text| has_replaced(text));
        let scope = [classname, file, suite].into_iter().find(|text| !text.trim().is_empty());
        let scope = hash_of(scope.map_or("", String::as_str));
        let met = Met {
            state: execution.state,
            micros: execution.micros,
            attempts: execution.attempts,
            scope,
            name: hash_of(&(scope, name)),
            repetition: if is_read_whole { repetition } else { Repetition::Row },
            is_read_whole,
        };
        self.meet(&met, || execution.clone());
    }

    /// The same for a reader that makes the whole execution only where it is needed, and knows what a second case is.
    pub(crate) fn meet(&mut self, met: &Met, execution: impl Fn() -> Execution) {
        if let Some(micros) = met.micros {
            self.reading.micros = Some(self.reading.micros.unwrap_or(0).saturating_add(micros));
            if self.reading.slowest.wants(micros) {
                self.reading.slowest.add(micros, execution().title());
            }
        }
        match self.attempted(met) {
            Some(_) if matches!(met.repetition, Repetition::Again(_)) => {}
            Some((hash, (before, row), after)) => {
                self.attempts.insert(hash, (after, row));
                self.reading.counts.take(before);
                self.reading.counts.add(after);
                if let Some(ledger) = &mut self.reading.ledger {
                    ledger.replace(&identity(&execution()), row, after);
                }
                if let Some(archive) = &mut self.reading.archive {
                    archive.amend(hash, after, execution());
                }
                if let Some(cases) = &mut self.reading.cases {
                    cases.amend(hash, (met.name, row), after, &execution);
                }
                self.amend((hash, row), after, met, execution);
            }
            None => {
                self.reading.counts.add(met.state);
                let mut row = self.reading.rows.meet(met.scope, met.name);
                if met.state.is_absent() && met.is_read_whole {
                    self.reading.absent.push((met.scope, met.name, met.state));
                }
                if let Some(ledger) = &mut self.reading.ledger {
                    // The ledger knows names in the form in which they are compared.
                    row = ledger.add(&identity(&execution()), met.state, met.micros);
                    if met.state.is_absent() && met.is_read_whole {
                        self.reading.absent_keys.push(identity(&execution()).key(""));
                    }
                }
                if let Some(archive) = &mut self.reading.archive {
                    archive.add(met.repetition.hash(), (met.name, row), execution());
                }
                if let Some(cases) = &mut self.reading.cases {
                    cases.add(met.repetition.hash(), (met.name, row), met.state, &execution);
                }
                if let Some(hash) = met.repetition.hash() {
                    self.attempts.insert(hash, (met.state, row));
                    // What is kept of a namesake is none of this test's.
                    self.problems.remove(&hash);
                }
                self.keep(met, met.state, row, execution);
            }
        }
    }

    /// Whether it is another attempt: the hash of the test, what it was before with its number, and what it is now.
    fn attempted(&self, met: &Met) -> Option<(u64, (State, u64), State)> {
        let hash = met.repetition.hash()?;
        let (before, row) = self.attempts.get(&hash).copied()?;
        let after = match met.repetition {
            Repetition::Rerun(_) => after_rerun(before, met.state),
            Repetition::Again(_) => (before.is_red() && met.state.is_red()).then_some(before),
            _ => after(before, met.state),
        };
        Some((hash, (before, row), after?))
    }

    /// Keeps a problem, while there is room.
    fn keep(&mut self, met: &Met, state: State, row: u64, execution: impl Fn() -> Execution) {
        if (state.is_red() || state == State::Flaky) && self.has_room() {
            if let Some(hash) = met.repetition.hash() {
                self.problems.insert(hash, self.reading.problems.len());
            }
            let is_unclear = met.repetition == Repetition::Unclear;
            let (scope, hash) = (met.scope, met.name);
            let problem = Problem { hash, row, is_unclear, scope, ..Problem::of(&execution(), state) };
            self.reading.problems.push(problem);
        }
    }

    /// Brings the problem of a test up to date after another attempt.
    fn amend(&mut self, (hash, row): (u64, u64), state: State, met: &Met, execution: impl Fn() -> Execution) {
        let known = self.problems.get(&hash).and_then(|index| self.reading.problems.get_mut(*index));
        if let Some(problem) = known {
            problem.attempts += met.attempts;
            problem.is_assumed |= matches!(met.repetition, Repetition::Assumed(_));
            return problem.amend(Problem::of(&execution(), state));
        }
        let kept = self.reading.problems.len();
        self.keep(met, state, row, execution);
        if let Some(problem) = self.reading.problems.get_mut(kept) {
            problem.attempts += 1;
            problem.is_assumed = matches!(met.repetition, Repetition::Assumed(_));
        }
    }

    /// Whether the name of every test is wanted, of those that passed, too.
    pub(crate) fn keeps_names(&self) -> bool {
        self.reading.ledger.is_some() || self.reading.archive.is_some()
    }

    /// Whether the name of another test that ended so is wanted for the page.
    pub(crate) fn lists(&self, state: State) -> bool {
        self.reading.cases.as_ref().is_some_and(|cases| cases.has_room(state))
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
            let GroupError { name, message, detail, at, .. } = error.clone();
            let execution =
                Execution { message, detail, at: Some(at), ..Execution::new(name, State::Errored) };
            archive.add(None, STAND_IN, execution);
        }
        if let Some(cases) = &mut self.reading.cases {
            let name = error.name.as_str();
            cases.add(None, STAND_IN, State::Errored, || Execution::new(name, State::Errored));
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

    pub(crate) fn finish(mut self) -> Reading {
        let Reading { problems, rows, .. } = &mut self.reading;
        for problem in problems {
            problem.rows = rows.times(problem.hash);
        }
        self.reading
    }
}

impl Repetition {
    /// The hash that attempts at one test share.
    fn hash(self) -> Option<u64> {
        match self {
            Self::Attempt(hash) | Self::Assumed(hash) | Self::Rerun(hash) | Self::Again(hash) => Some(hash),
            Self::Row | Self::Unclear => None,
        }
    }
}

/// What names a test across runs.
fn identity(execution: &Execution) -> Identity<'_> {
    let Execution { suite, classname, name, file, .. } = execution;
    Identity { suite, classname, name, file }
}
