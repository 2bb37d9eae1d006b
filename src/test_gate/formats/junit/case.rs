//! One test case while it is read, in the words of the report.

use crate::attempts::State;
use crate::execution::{self, DETAIL, Execution, MESSAGE};
use crate::formats::numbers;
use crate::producer::Producer;
use devops_core::{Location, clues};
use devops_reading::encoding::has_replaced;
use devops_reading::excerpt::{self, Excerpt, resolve};
use devops_reading::hash::hash_of;
use devops_reading::trouble::Position;

/// An element that says that a test, or one attempt at it, went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Failure,
    Error,
    Rerun,
    Flaky,
}

impl Wrong {
    /// Whether it stands for an attempt of its own.
    fn is_attempt(self) -> bool {
        matches!(self, Self::Rerun | Self::Flaky)
    }
}

/// Maximum number of failures and attempts of one case that are shown apart.
const FAILURES: usize = 20;

/// What such an element says, while it is read.
#[derive(Debug)]
struct Said {
    wrong: Wrong,
    message: Excerpt,
    text: Excerpt,
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
    /// Whether its failure is expected and lets the run pass.
    may_fail: bool,
    /// What each element said that says that something went wrong, and whether the last one is still read.
    said: Vec<Said>,
    is_open: bool,
    /// What it printed, where nothing else says why it went wrong.
    pub(super) output: Excerpt,
    /// File and line that a failure names.
    place: Option<(String, String)>,
    pub(super) at: Option<Position>,
}

impl Case {
    /// Starts again.
    pub(super) fn clear(&mut self) {
        for text in [&mut self.name, &mut self.classname, &mut self.file, &mut self.line] {
            text.clear();
        }
        self.said.clear();
        self.output.clear();
        self.is_open = false;
        (self.micros, self.state, self.place, self.at) = (None, None, None, None);
        self.attempts = 1;
        self.may_fail = false;
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
        self.attempts += u64::from(wrong.is_attempt());
        // Of very many, the last one stays.
        self.said.truncate(FAILURES - 1);
        self.said.push(Said { wrong, message: Excerpt::default(), text: Excerpt::default() });
        self.is_open = true;
    }

    /// Takes the end of such an element.
    pub(super) fn settle(&mut self) {
        self.is_open = false;
    }

    /// Where the text of such an element goes, while it is read.
    pub(super) fn text(&mut self) -> Option<&mut Excerpt> {
        self.said.last_mut().filter(|_| self.is_open).map(|said| &mut said.text)
    }

    /// Whether it went wrong and nothing said why so far, so that its output may.
    pub(super) fn is_unexplained(&self) -> bool {
        let is_silent = self.said.iter().all(|said| said.message.is_empty() && said.text.is_empty());
        self.state().is_red() && !self.is_open && is_silent
    }

    /// Takes a word about how it ended: error before failure before flaky before skipped before not run.
    pub(super) fn worsen(&mut self, state: State) {
        self.state = self.state.into_iter().chain([state]).max_by_key(|state| state.rank());
    }

    /// Takes an attribute of such an element.
    pub(super) fn explain(&mut self, key: &str, value: &str) {
        match key {
            "message" => {
                if let Some(said) = self.said.last_mut() {
                    said.message.push(value, MESSAGE);
                }
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

    /// Takes an attribute of the element that says it was skipped.
    ///
    /// Node writes so of a test that is still to do, and Catch2 of one that may fail; both run it, show what came of it beside, and
    /// let the run pass.
    pub(super) fn skip(&mut self, key: &str, value: &str) {
        self.may_fail |= match key {
            "type" => value == "todo",
            "message" => {
                value.ends_with(" tagged with !mayfail") || value.ends_with(" tagged with !shouldfail")
            }
            _ => false,
        };
    }

    /// How it ended.
    pub(super) fn state(&self) -> State {
        let state = self.state.unwrap_or(State::Passed);
        if self.may_fail && state.is_red() { State::Skipped } else { state }
    }

    /// What holds it: its class, else its file, else nothing of its own.
    pub(super) fn scope(&self) -> Option<&str> {
        [&self.classname, &self.file].into_iter().map(String::as_str).find(|text| !text.trim().is_empty())
    }

    /// Whether it stands for a suite that could not be loaded: jest-junit writes two such cases, the second with the error's data.
    pub(super) fn is_broken_suite(&self) -> bool {
        self.classname == "Test suite failed to run"
    }

    /// What names it in the suite element of this hash; a case without a name, or with one that was not read whole, is never an
    /// attempt at another.
    pub(super) fn identity(&self, suite: u64) -> Option<u64> {
        let named = (suite, &self.classname, &self.name, &self.file, &self.line);
        (!self.name.trim().is_empty() && self.is_read_whole()).then(|| hash_of(&named))
    }

    /// Whether no byte of its names had to be replaced.
    pub(super) fn is_read_whole(&self) -> bool {
        ![&self.classname, &self.name, &self.file].into_iter().any(|text| has_replaced(text))
    }

    /// All of it, with references resolved.
    pub(super) fn execution(&self, suite: String, producer: Option<Producer>) -> Execution {
        let place = self.place.as_ref().filter(|(file, _)| !file.is_empty());
        let (message, detail) =
            if self.is_unexplained() { (String::new(), self.output.text()) } else { together(&self.said) };
        Execution {
            suite,
            classname: resolve(&self.classname),
            file: resolve(&self.file),
            line: line(&self.line),
            micros: self.micros,
            attempts: self.attempts,
            message,
            detail,
            place: place.map(|(file, at)| Location { line: line(at), ..Location::file(resolve(file)) }),
            at: self.at,
            producer,
            ..Execution::new(resolve(&self.name), self.state())
        }
    }
}

/// The message of several failures and attempts, and what each of them said under a heading; one that says what another said before
/// adds nothing. The message is that of the last attempt that has one.
fn together(said: &[Said]) -> (String, String) {
    let has_attempts = said.iter().any(|said| said.wrong.is_attempt());
    let word = if has_attempts { "attempt" } else { "failure" };
    let mut message = String::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut details: Vec<(String, String)> = Vec::new();
    for (index, Said { message: own, text, .. }) in said.iter().enumerate() {
        let (own, text) = (own.text(), text.text());
        let reason = excerpt::message(&own, &text);
        if reason.is_empty() || reasons.contains(&reason) {
            continue;
        }
        if message.is_empty() || has_attempts {
            message = if own.is_empty() { reason.clone() } else { own };
        }
        // A message that the text repeats is not said twice.
        let gap = if text.contains(&reason) { String::new() } else { format!(" {reason}") };
        details.push((format!("{word} {}:{gap}", index + 1), text));
        reasons.push(reason);
    }
    let detail = match details.as_slice() {
        [(_, only)] => only.clone(),
        several => {
            let parts: Vec<String> =
                several.iter().map(|(heading, text)| format!("{heading}\n{text}")).collect();
            clues::shorten(&parts.join("\n"), DETAIL)
        }
    };
    (message, detail)
}

/// A line of a source file, where it is one.
fn line(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|line| *line > 0)
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
    execution::micros(numbers::decimal(text)?)
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn a_time_has_many_forms() {
        for (text, expected) in [
            ("1.234", Some(1_234_000)),
            ("1,234.5", Some(1_234_500_000)),
            ("1.234,5", Some(1_234_500_000)),
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
