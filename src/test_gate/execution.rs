//! One execution of a test as a report has it, and what is kept of one that did not simply pass.

use super::attempts::State;
use super::producer::{Named, Producer};
use super::rerun::{self, Failed};
use super::trace;
use devops_core::{Location, clues};
use devops_reading::excerpt::{self, shorten, without_colours};
use devops_reading::trouble::Position;

/// Maximum number of bytes kept of a trace.
pub(crate) const DETAIL: usize = 2_000;

/// Maximum number of bytes kept of a message or a name.
pub(crate) const MESSAGE: usize = 500;

/// A time above this many seconds is in another unit than seconds.
const LONGEST: f64 = 30.0 * 86_400.0;

/// One execution of a test, or several attempts at it that the report has in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    /// Names of the suites around it, the outermost first, joined by ` > `.
    pub(crate) suite: String,
    pub(crate) classname: String,
    pub(crate) name: String,
    /// The source file, as the report names it.
    pub(crate) file: String,
    pub(crate) line: Option<u64>,
    pub(crate) state: State,
    /// How long it took, in microseconds, where that is known.
    pub(crate) micros: Option<u64>,
    /// How many attempts the report has here, at least one.
    pub(crate) attempts: u64,
    pub(crate) message: String,
    /// A trace, or other text about what went wrong.
    pub(crate) detail: String,
    /// Where a failure says that it happened; goes before what the trace says.
    pub(crate) place: Option<Location>,
    /// Where the report says so.
    pub(crate) at: Option<Position>,
    pub(crate) producer: Option<Producer>,
}

impl Execution {
    /// An execution of the test of this name.
    pub(crate) fn new(name: impl Into<String>, state: State) -> Self {
        Self {
            suite: String::new(),
            classname: String::new(),
            name: name.into(),
            file: String::new(),
            line: None,
            state,
            micros: None,
            attempts: 1,
            message: String::new(),
            detail: String::new(),
            place: None,
            at: None,
            producer: None,
        }
    }

    /// Takes another attempt: how the test ended by now, and why, where the attempt says so.
    pub(super) fn amend(&mut self, state: State, later: Self) {
        self.state = state;
        self.attempts += later.attempts;
        self.micros = later.micros.or(self.micros);
        if !later.message.is_empty() || !later.detail.is_empty() {
            (self.message, self.detail) = (later.message, later.detail);
        }
    }

    /// What people call the test.
    pub(super) fn title(&self) -> String {
        let Self { suite, classname, name, producer, .. } = self;
        let file = trace::tidy(&self.file);
        shorten(&title(Named { classname, name, file: &file }, suite, *producer), MESSAGE)
    }
}

/// What is kept of a test that did not simply pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// A hash that namesakes share.
    pub(crate) hash: u64,
    pub(crate) state: State,
    /// What people call the test, without its number among namesakes.
    pub(crate) test: String,
    /// Which of the tests of its name in the report it is, from 1, and how many there are.
    pub(crate) row: u64,
    pub(crate) rows: u64,
    /// Whether these could be attempts at one test as well, for all that the report says.
    pub(crate) is_unclear: bool,
    /// Whether they are taken for attempts because `repeated-cases` says so.
    pub(crate) is_assumed: bool,
    /// Where it ran; empty if unknown.
    pub(crate) environment: String,
    /// A hash of what holds the test.
    pub(crate) scope: u64,
    /// The report of another test of its name, which passed.
    pub(crate) passed_in: Option<String>,
    /// The report of a later attempt, which decides.
    pub(crate) told_in: Option<String>,
    pub(crate) suite: String,
    pub(crate) classname: String,
    pub(crate) name: String,
    /// The source file, as the report names it.
    pub(crate) file: String,
    pub(crate) message: String,
    pub(crate) detail: String,
    pub(crate) attempts: u64,
    pub(crate) location: Option<Location>,
    /// Where the report says so.
    pub(crate) at: Option<Position>,
    pub(crate) rerun: Option<String>,
    pub(crate) producer: Option<Producer>,
}

impl Problem {
    /// What is kept of an execution.
    pub(super) fn of(execution: &Execution, state: State) -> Self {
        let Execution { suite, classname, name, file, producer, .. } = execution;
        let file = trace::tidy(file);
        let detail = without_colours(&execution.detail);
        let detail = without_title(detail.trim(), classname, name);
        let message = excerpt::message(&without_colours(&execution.message), detail);
        let detail = if detail == message { "" } else { detail };
        let named = Named { classname, name, file: &file };
        let failed = producer.map(|producer| Failed {
            producer,
            suite: suite.clone(),
            classname: classname.clone(),
            name: name.clone(),
            file: file.clone(),
        });
        Self {
            hash: 0,
            state,
            row: 1,
            rows: 1,
            is_unclear: false,
            is_assumed: false,
            environment: String::new(),
            scope: 0,
            passed_in: None,
            told_in: None,
            test: shorten(&title(named, suite, *producer), MESSAGE),
            location: location(execution, &file, &message),
            rerun: failed.as_ref().and_then(rerun::one),
            suite: shorten(suite, MESSAGE),
            classname: shorten(classname, MESSAGE),
            name: shorten(name, MESSAGE),
            file: shorten(&execution.file, MESSAGE),
            message: clues::shorten(&message, MESSAGE),
            detail: clues::shorten(detail, DETAIL),
            attempts: execution.attempts,
            at: execution.at,
            producer: *producer,
        }
    }

    /// What its runner needs to run it again, together with others; none where a name was too long to keep.
    pub(super) fn failed(&self) -> Option<Failed> {
        let Self { suite, classname, name, file, .. } = self;
        let is_whole = [suite, classname, name, file].iter().all(|text| text.len() < MESSAGE - 10);
        let producer = self.producer.filter(|_| is_whole)?;
        let (suite, classname, name) = (suite.clone(), classname.clone(), name.clone());
        Some(Failed { producer, suite, classname, name, file: trace::tidy(file) })
    }

    /// Takes another attempt: how the test ended by now, and why, where the attempt says so.
    pub(super) fn amend(&mut self, later: Self) {
        self.state = later.state;
        if !later.message.is_empty() || !later.detail.is_empty() {
            (self.message, self.detail) = (later.message, later.detail);
            (self.location, self.at) = (later.location, later.at);
        }
    }

    /// What people call the test; a namesake that is not the first has a number.
    pub(super) fn title(&self) -> String {
        placed(&numbered(&self.test, self.row), &self.environment)
    }
}

/// A text without its first line where that only names the test.
fn without_title<'a>(detail: &'a str, classname: &str, name: &str) -> &'a str {
    match detail.split_once('\n') {
        Some((first, rest)) if !name.is_empty() => {
            let first = first.trim();
            let is_title = first.ends_with(name) && first.len() <= classname.len() + name.len() + 4;
            if is_title { rest.trim_start_matches('\n') } else { detail }
        }
        _ => detail,
    }
}

/// Where it stands in the source: what the failure says, what its trace says, what the test says.
fn location(execution: &Execution, file: &str, message: &str) -> Option<Location> {
    let Execution { classname, detail, line, .. } = execution;
    if let Some(place) = execution.place.as_ref().filter(|place| !place.path.is_empty()) {
        return Some(Location { path: trace::tidy(&place.path), ..place.clone() });
    }
    let traced = trace::find(detail, classname).or_else(|| trace::find(message, classname));
    if file.is_empty() {
        return traced;
    }
    let is_same = |found: &Location| file.ends_with(&found.path) || found.path.ends_with(file);
    let stated = Location { line: line.filter(|line| *line > 0), ..Location::file(file) };
    Some(traced.filter(is_same).map_or(stated, |found| Location { path: file.to_owned(), ..found }))
}

/// What people call a test.
pub(super) fn title(test: Named<'_>, suite: &str, producer: Option<Producer>) -> String {
    let Named { classname, name, file } = test;
    let name = if name.trim().is_empty() { "(a test without a name)" } else { name };
    let within = [classname, suite, file].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let is_whole = within.is_empty() || name == within || name.starts_with(within);
    if is_whole {
        return name.to_owned();
    }
    if classname.ends_with(name) && producer == Some(Producer::Jest) {
        return classname.to_owned();
    }
    let separator = if classname.is_empty() { " > " } else { Producer::separator(producer, classname) };
    format!("{within}{separator}{name}")
}

/// A name that several tests share, as that of one of them; the first has just the name.
pub(crate) fn numbered(name: &str, row: u64) -> String {
    if row > 1 { format!("{name} #{row}") } else { name.to_owned() }
}

/// A test's name with where it ran, where that is said.
pub(crate) fn placed(name: &str, environment: &str) -> String {
    if environment.is_empty() { name.to_owned() } else { format!("{name} ({environment})") }
}

/// Seconds as microseconds; `None` where they can't be those of a test.
pub(crate) fn micros(seconds: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 30 days")]
    let micros = (0.0..=LONGEST).contains(&seconds).then(|| (seconds * 1e6).round() as u64);
    micros
}
