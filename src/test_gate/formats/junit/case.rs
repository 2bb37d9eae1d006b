//! One test case while it is read, in the words of the report.

use crate::core::{Location, clues};
use crate::test_gate::attempts::State;
use crate::test_gate::collector::hash_of;
use crate::test_gate::excerpt::{self, Excerpt, resolve};
use crate::test_gate::execution::{self, DETAIL, Execution, MESSAGE};
use crate::test_gate::producer::Producer;
use crate::test_gate::trouble::Position;

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

/// Most failures and attempts of one case that are shown apart.
const REASONS: usize = 20;

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
    /// What the last attempt said that said anything.
    message: String,
    /// What all of its failures and attempts said, each under its own heading.
    detail: String,
    /// The element that says that something went wrong, while it is read, with its message and its text.
    wrong: Option<Wrong>,
    wrong_message: Excerpt,
    pub(super) wrong_text: Excerpt,
    /// What it printed, where nothing else says why it went wrong.
    pub(super) output: Excerpt,
    /// How many such elements there were, and what each said, as far as they differ.
    wrongs: u64,
    reasons: Vec<String>,
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
        self.message.clear();
        self.detail.clear();
        self.reasons.clear();
        self.output.clear();
        (self.wrong, self.wrongs) = (None, 0);
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
        self.settle();
        self.wrong = Some(wrong);
        self.wrongs += 1;
        self.wrong_message.clear();
        self.wrong_text.clear();
    }

    /// Whether it went wrong and nothing said why so far, so that its output may.
    pub(super) fn is_unexplained(&self) -> bool {
        self.state().is_red() && self.wrong.is_none() && self.detail.is_empty() && self.message.is_empty()
    }

    /// Takes the end of such an element: one that says what another said before adds nothing.
    pub(super) fn settle(&mut self) {
        let Some(wrong) = self.wrong.take() else { return };
        let (message, text) = (self.wrong_message.text(), self.wrong_text.text());
        let reason = excerpt::message(&message, &text);
        if self.reasons.contains(&reason) || self.reasons.len() >= REASONS {
            return;
        }
        if self.detail.is_empty() && self.reasons.iter().all(String::is_empty) {
            (self.message, self.detail) = (message, text);
        } else {
            let word = if wrong.is_attempt() { "attempt" } else { "failure" };
            if let [first] = self.reasons.as_slice() {
                self.detail = under(&format!("{word} 1"), first, &self.detail);
            }
            let said = under(&format!("{word} {}", self.wrongs), &reason, &text);
            self.detail = format!("{}\n{said}", self.detail);
            if wrong.is_attempt() && !reason.is_empty() {
                self.message.clone_from(&reason);
            }
        }
        self.reasons.push(reason);
    }

    /// Takes a word about how it ended: error before failure before flaky before skipped before not run.
    pub(super) fn worsen(&mut self, state: State) {
        self.state = self.state.into_iter().chain([state]).max_by_key(|state| state.rank());
    }

    /// Takes an attribute of such an element.
    pub(super) fn explain(&mut self, key: &str, value: &str) {
        match key {
            "message" => self.wrong_message.push(value, MESSAGE),
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

    /// What names it in its report; a case without a name is never an attempt at another.
    pub(super) fn identity(&self, suite: u64) -> Option<u64> {
        let named = (suite, &self.classname, &self.name, &self.file, &self.line);
        (!self.name.trim().is_empty()).then(|| hash_of(&named))
    }

    /// All of it, with references resolved.
    pub(super) fn execution(&self, suite: String, producer: Option<Producer>) -> Execution {
        let place = self.place.as_ref().filter(|(file, _)| !file.is_empty());
        Execution {
            suite,
            classname: resolve(&self.classname),
            file: resolve(&self.file),
            line: line(&self.line),
            micros: self.micros,
            attempts: self.attempts,
            message: self.message.clone(),
            detail: if self.is_unexplained() {
                self.output.text()
            } else {
                clues::shorten(&self.detail, DETAIL)
            },
            place: place.map(|(file, at)| Location { line: line(at), ..Location::file(resolve(file)) }),
            at: self.at,
            producer,
            ..Execution::new(resolve(&self.name), self.state())
        }
    }
}

/// What one of several failures says under its heading; a message that the text repeats is left out.
fn under(heading: &str, reason: &str, text: &str) -> String {
    let gap = if reason.is_empty() || text.contains(reason) { "" } else { " " };
    let reason = if gap.is_empty() { "" } else { reason };
    format!("{heading}:{gap}{reason}\n{text}").trim_end().to_owned()
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
    let seconds: f64 = if text.contains(',') {
        // `1,234.5` has thousands, `0,5` has a decimal comma.
        let is_decimal = !text.contains('.') && text.matches(',').count() == 1;
        text.replace(',', if is_decimal { "." } else { "" }).parse().ok()?
    } else {
        text.parse().ok()?
    };
    execution::micros(seconds)
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
