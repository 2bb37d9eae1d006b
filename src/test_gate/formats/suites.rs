//! Suites in suites as both formats of `NUnit` have them: what they claim, what their tests show, and what went wrong with a
//! suite itself.

use super::elements::{Tag, Walk, base, place_of};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use devops_core::words::{count, number};
use devops_reading::trouble::Position;

/// What the word for a result means, in both formats and in any case: tools that write like them mix their words.
pub(super) fn state(word: &str) -> Option<State> {
    Some(match word.to_ascii_lowercase().as_str() {
        "passed" | "success" | "warning" => State::Passed,
        "failed" | "failure" => State::Failed,
        "error" | "notrunnable" | "invalid" | "cancelled" => State::Errored,
        "skipped" | "ignored" | "inconclusive" => State::Skipped,
        "notrun" | "explicit" => State::NotRun,
        _ => return None,
    })
}

/// What the attributes of a suite say.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) is_failed: bool,
    /// Whether it went wrong by itself, and whether that was while it was torn down: then its tests don't show it.
    pub(super) is_broken: bool,
    pub(super) is_torn_down: bool,
    /// How many tests it has, and how many of them went wrong.
    pub(super) tests: u64,
    pub(super) failed: u64,
}

/// A suite, or the run, that is open.
struct Suite {
    name: String,
    assembly: String,
    claims: Claims,
    at: Option<Position>,
    message: String,
    detail: String,
    /// What it shows so far, whatever the depth; some count tests without a result as errors.
    cases: u64,
    wrongs: u64,
    inconclusive: u64,
}

/// The suites that are open, the run first.
#[derive(Default)]
pub(super) struct Suites(Vec<Suite>);

impl Suites {
    /// A suite begins.
    pub(super) fn enter(&mut self, tag: &Tag, walk: &Walk<'_>, claims: Claims) {
        let name = [tag.get("fullname"), tag.get("name")].into_iter().find(|name| !name.is_empty());
        let assembly =
            if tag.get("type") == "Assembly" { base(tag.get("name")).to_owned() } else { self.assembly() };
        self.0.push(Suite {
            name: base(name.unwrap_or_default()).to_owned(),
            assembly,
            at: place_of(claims.is_failed, walk),
            claims,
            message: String::new(),
            detail: String::new(),
            cases: 0,
            wrongs: 0,
            inconclusive: 0,
        });
    }

    /// The assembly around the tests that follow.
    pub(super) fn assembly(&self) -> String {
        self.0.last().map(|suite| suite.assembly.clone()).unwrap_or_default()
    }

    /// The innermost suite says what went wrong with it, which may make clear what its attributes mean.
    pub(super) fn said(
        &mut self,
        (message, detail): (String, String),
        clear: impl FnOnce(&mut Claims, &str),
    ) {
        if let Some(suite) = self.0.last_mut() {
            clear(&mut suite.claims, &message);
            (suite.message, suite.detail) = (message, detail);
        }
    }

    /// A test of the innermost suite ended.
    pub(super) fn case(&mut self, state: State, is_inconclusive: bool) {
        if let Some(suite) = self.0.last_mut() {
            suite.cases += 1;
            suite.wrongs += u64::from(state.is_red());
            suite.inconclusive += u64::from(is_inconclusive);
        }
    }

    /// The innermost suite ends: compares what it says with what it showed.
    pub(super) fn leave(&mut self, collector: &mut Collector) {
        let Some(suite) = self.0.pop() else { return };
        let wrongs = suite.judge(collector);
        match self.0.last_mut() {
            Some(outer) => {
                outer.wrongs += wrongs;
                outer.cases += suite.cases;
                outer.inconclusive += suite.inconclusive;
            }
            None if suite.claims.tests > suite.cases => {
                let claim = count(suite.claims.tests, "test");
                collector.note(format!("the run has {claim}, the report shows {}", number(suite.cases)));
            }
            None => {}
        }
    }
}

impl Suite {
    /// Says what its tests don't show; how many things went wrong in it.
    fn judge(&self, collector: &mut Collector) -> u64 {
        let Self { claims, wrongs, .. } = self;
        let (wrongs, failed) = (*wrongs, claims.failed);
        let error = |message: &str| {
            GroupError::new(&self.name, message, &self.detail, self.at.unwrap_or(Position::NOWHERE))
        };
        if claims.is_broken && (wrongs == 0 || claims.is_torn_down) {
            collector.broken_suite(error(&self.message));
            wrongs + 1
        } else if failed > wrongs.saturating_add(self.inconclusive) {
            let claim = count(failed, "failed test");
            collector.suite_error(error(&format!("it claims {claim}, its tests show {}", number(wrongs))));
            failed
        } else if claims.is_failed && wrongs == 0 {
            let message = if self.message.is_empty() {
                "it failed, and none of its tests shows why"
            } else {
                &self.message
            };
            collector.suite_error(error(message));
            1
        } else {
            wrongs
        }
    }
}
