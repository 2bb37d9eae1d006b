//! One test case while it is read, and what is kept of it if it did not simply pass.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::attempts::State;
use super::excerpt::{Excerpt, resolve, shorten};
use super::producer::{Named, Producer};
use super::trace;
use super::trouble::Position;
use crate::core::Location;

/// Most bytes kept of a trace.
pub(super) const DETAIL: usize = 2_000;

/// Most bytes kept of a message or a name.
pub(super) const MESSAGE: usize = 500;

/// A case above this many seconds is in another unit than seconds.
const LONGEST_CASE: f64 = 30.0 * 86_400.0;

/// An element that says that a test, or one attempt at it, went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Failure,
    Error,
    Rerun,
    Flaky,
}

/// A test case while it is read; its texts still have references in them.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) classname: String,
    file: String,
    line: String,
    micros: Option<u64>,
    /// The worst that its elements and its own attributes say.
    state: Option<State>,
    pub(super) attempts: u64,
    message: Excerpt,
    pub(super) detail: Excerpt,
    /// File and line that a failure names.
    place: Option<(String, String)>,
    pub(super) at: Option<Position>,
}

/// What is kept of a test that did not simply pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) hash: u64,
    pub(super) state: State,
    /// What people call the test.
    pub(super) test: String,
    pub(super) suite: String,
    pub(super) classname: String,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) detail: String,
    pub(super) attempts: u64,
    pub(super) location: Option<Location>,
    /// Where the report says so.
    pub(super) at: Option<Position>,
    pub(super) again: Option<String>,
}

impl Case {
    /// Starts again.
    pub(super) fn clear(&mut self) {
        for text in [&mut self.name, &mut self.classname, &mut self.file, &mut self.line] {
            text.clear();
        }
        self.message.clear();
        self.detail.clear();
        (self.micros, self.state, self.place, self.at) = (None, None, None, None);
        self.attempts = 1;
    }

    /// Takes an attribute of the case.
    pub(super) fn attribute(&mut self, key: &str, value: &str) {
        match key {
            "name" => self.name.push_str(value),
            "classname" | "class" if self.classname.is_empty() => self.classname.push_str(value),
            "file" | "filepath" if self.file.is_empty() => self.file.push_str(value),
            "line" => self.line.push_str(value),
            "time" | "duration" if self.micros.is_none() => self.micros = micros(value),
            "status" | "result" => {
                if let Some(state) = state(value) {
                    self.worsen(state);
                }
            }
            _ => {}
        }
    }

    /// Takes an element that says that something went wrong.
    pub(super) fn went(&mut self, wrong: Wrong) {
        self.worsen(match wrong {
            Wrong::Failure | Wrong::Rerun => State::Failed,
            Wrong::Error => State::Errored,
            Wrong::Flaky => State::Flaky,
        });
        self.attempts += u64::from(matches!(wrong, Wrong::Rerun | Wrong::Flaky));
    }

    /// Takes a word about how it ended: error before failure before flaky before skipped before not run.
    pub(super) fn worsen(&mut self, state: State) {
        self.state = self.state.into_iter().chain([state]).max_by_key(|state| state.rank());
    }

    /// Takes an attribute of such an element.
    pub(super) fn explain(&mut self, key: &str, value: &str) {
        match key {
            "message" if self.message.text().is_empty() => self.message.push(value, MESSAGE),
            "message" if !value.trim().is_empty() => {
                self.detail.push("\n", DETAIL);
                self.detail.push(value, DETAIL);
            }
            "file" | "line" => {
                let place = self.place.get_or_insert_default();
                let part = if key == "file" { &mut place.0 } else { &mut place.1 };
                if part.is_empty() {
                    part.push_str(value);
                }
            }
            _ => {}
        }
    }

    /// How long it took, in microseconds, where that is known.
    pub(super) fn micros(&self) -> Option<u64> {
        self.micros
    }

    /// How it ended.
    pub(super) fn state(&self) -> State {
        self.state.unwrap_or(State::Passed)
    }

    /// What names it in its report; a case without a name is never an attempt at another.
    pub(super) fn identity(&self, suite: u64) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        (suite, &self.classname, &self.name, &self.file, &self.line).hash(&mut hasher);
        (!self.name.trim().is_empty()).then(|| hasher.finish())
    }

    /// What is kept of it.
    pub(super) fn problem(&self, hash: u64, suite: String, producer: Option<Producer>) -> Problem {
        let [name, classname, file] = [&self.name, &self.classname, &self.file].map(|text| resolve(text));
        let (message, mut detail) = (self.message.text(), self.detail.text());
        let message = if message.is_empty() {
            let first = detail.lines().next().unwrap_or_default().trim();
            shorten(first, MESSAGE)
        } else {
            message
        };
        if detail == message {
            detail.clear();
        }
        let named = Named { classname: &classname, name: &name, file: &trace::tidy(&file) };
        Problem {
            hash,
            state: self.state(),
            test: shorten(&title(named, &suite, producer), MESSAGE),
            location: self.location(&classname, &file, &message, &detail),
            again: producer.filter(|_| !name.is_empty()).map(|producer| producer.again(named)),
            suite,
            classname: shorten(&classname, MESSAGE),
            name: shorten(&name, MESSAGE),
            message,
            detail,
            attempts: self.attempts,
            at: self.at,
        }
    }

    /// Where it stands in the source: what the failure says, what its trace says, what the case says.
    fn location(&self, classname: &str, file: &str, message: &str, detail: &str) -> Option<Location> {
        let at = |file: &str, line: &str| Location {
            line: line.trim().parse().ok().filter(|line| *line > 0),
            ..Location::file(trace::tidy(file))
        };
        if let Some((file, line)) = self.place.as_ref().filter(|(file, _)| !file.is_empty()) {
            return Some(at(&resolve(file), line));
        }
        let traced = trace::find(detail, classname).or_else(|| trace::find(message, classname));
        if file.is_empty() {
            return traced;
        }
        let tidy = trace::tidy(file);
        let is_same = |found: &Location| tidy.ends_with(&found.path) || found.path.ends_with(&tidy);
        Some(
            traced
                .filter(is_same)
                .map_or_else(|| at(file, &self.line), |found| Location { path: tidy.clone(), ..found }),
        )
    }
}

/// What people call a test.
fn title(test: Named<'_>, suite: &str, producer: Option<Producer>) -> String {
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

/// What an attribute `status` or `result` means; most words mean nothing.
fn state(word: &str) -> Option<State> {
    match word.to_ascii_lowercase().as_str() {
        "failed" | "fail" | "failure" => Some(State::Failed),
        "error" | "errored" | "broken" | "timeout" | "timedout" | "aborted" | "crashed" => {
            Some(State::Errored)
        }
        "skipped" | "skip" | "ignored" | "pending" => Some(State::Skipped),
        "disabled" | "notrun" | "not-run" | "not_run" | "suppressed" => Some(State::NotRun),
        _ => None,
    }
}

/// A time in seconds, in any of the forms met, as microseconds; `None` where it says nothing.
pub(super) fn micros(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_suffix('s').unwrap_or(text);
    let seconds: f64 = if text.contains(',') {
        // `1,234.5` has thousands, `0,5` has a decimal comma.
        let is_decimal = !text.contains('.') && text.matches(',').count() == 1;
        text.replace(',', if is_decimal { "." } else { "" }).parse().ok()?
    } else {
        text.parse().ok()?
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 30 days")]
    let micros = (0.0..=LONGEST_CASE).contains(&seconds).then(|| (seconds * 1e6).round() as u64);
    micros
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn a_time_has_many_forms() {
        for (text, expected) in [
            ("1.234", Some(1_234_000)),
            ("1,234.5", Some(1_234_500_000)),
            ("0,5", Some(500_000)),
            ("1.2E-4", Some(120)),
            (" 2 ", Some(2_000_000)),
            ("0.5s", Some(500_000)),
            ("", None),
            ("NaN", None),
            ("inf", None),
            ("-1", None),
            ("1967986371", None),
            ("<<computed>>", None),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
