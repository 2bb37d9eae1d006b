//! What a TRX report says of the run as a whole: a test host that crashed shows only here.

use super::elements::{Tag, Walk};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use devops_core::words::{count, number};
use devops_reading::trouble::Position;

/// Maximum number of messages of a run that are kept.
const KEPT: usize = 100;

/// What the results show, and what the summary says of them; it may stand before them or behind.
#[derive(Default)]
pub(super) struct Summary {
    /// Results so far, rows and what stands for them, and those that went wrong.
    results: u64,
    wrongs: u64,
    /// The outcome of the run.
    outcome: String,
    at: Option<Position>,
    /// How many results, and how many that went wrong, it claims.
    total: u64,
    claimed: u64,
    /// Messages of errors, and where they stand.
    errors: Vec<(String, Position)>,
    more: u64,
    /// Lines in which a runner names a test that failed.
    named: u64,
    /// Where a message about an error is open.
    open: Option<Position>,
}

impl Summary {
    /// A result, or what stands for several.
    pub(super) fn met(&mut self, state: State) {
        self.results += 1;
        self.wrongs += u64::from(state.is_red());
    }

    /// A test says that the run was aborted.
    pub(super) fn aborted(&mut self, walk: &Walk<'_>) {
        self.add("a test passed, but the run was aborted", walk.position());
    }

    pub(super) fn outcome(&mut self, word: &str, walk: &mut Walk<'_>) {
        let is_known = matches!(
            word,
            "" | "Completed"
                | "Passed"
                | "Warning"
                | "Inconclusive"
                | "NotExecuted"
                | "Failed"
                | "Error"
                | "Timeout"
                | "Aborted"
                | "Disconnected"
                | "NotRunnable"
                | "InProgress"
                | "Pending"
                | "PassedButRunAborted"
        );
        if !is_known {
            walk.trouble(format!("unknown outcome of a run `{word}`"));
        }
        word.clone_into(&mut self.outcome);
        self.at = Some(walk.position());
    }

    pub(super) fn counters(&mut self, tag: &Tag) {
        self.total = tag.number("total");
        let wrongs = ["failed", "error", "timeout", "aborted", "disconnected"];
        self.claimed = wrongs.iter().map(|word| tag.number(word)).fold(0, u64::saturating_add);
    }

    /// A message about the run begins.
    pub(super) fn info(&mut self, outcome: &str, walk: &Walk<'_>) {
        let is_harmless =
            matches!(outcome, "Warning" | "Passed" | "Completed" | "Inconclusive" | "NotExecuted");
        self.open = (!is_harmless).then(|| walk.position());
    }

    /// Whether the text of the message matters.
    pub(super) fn listens(&self) -> bool {
        self.open.is_some()
    }

    /// The message is this.
    pub(super) fn told(&mut self, text: &str) {
        let Some(at) = self.open.take() else { return };
        if text.trim_end().ends_with("[FAIL]") {
            self.named += 1;
        } else {
            self.add(if text.is_empty() { "the run reports an error without a message" } else { text }, at);
        }
    }

    fn add(&mut self, text: &str, at: Position) {
        if self.errors.len() < KEPT {
            self.errors.push((text.to_owned(), at));
        } else {
            self.more += 1;
        }
    }

    /// Says what the results don't account for.
    pub(super) fn judge(self, collector: &mut Collector) {
        let Self { wrongs, claimed, named, .. } = self;
        let before = collector.reading.run_errored;
        for (text, at) in &self.errors {
            if wrongs == 0 || !is_about_tests(text) {
                collector.run_error(GroupError::new("", text, "", *at));
            }
        }
        collector.reading.run_errored += self.more;
        let at = self.at.unwrap_or(Position::NOWHERE);
        let mut claim = |message: &str| collector.run_error(GroupError::new("", message, "", at));
        if claimed.max(named) > wrongs {
            let tests = count(claimed.max(named), "failed test");
            claim(&format!("the run claims {tests}, its results show {}", number(wrongs)));
        }
        match self.outcome.as_str() {
            "Aborted" | "Disconnected" | "NotRunnable" | "InProgress" | "Pending" | "PassedButRunAborted" => {
                claim(&format!("the run ended as `{}`", self.outcome));
            }
            "Failed" | "Error" | "Timeout" if wrongs == 0 && collector.reading.run_errored == before => {
                let message = format!("the run ended as `{}`, and no test shows why", self.outcome);
                collector.run_error(GroupError::new("", &message, "", at));
            }
            _ => {}
        }
        if self.total > self.results {
            let (total, results) = (count(self.total, "result"), number(self.results));
            collector.note(format!("the run claims {total}, the report holds {results}"));
        }
    }
}

/// Whether a message only says that tests failed: the testing platform ends with 2 then.
fn is_about_tests(text: &str) -> bool {
    text.contains("Exit code indicates failure: '2'")
}
