//! Ends: of levels, of documents, of the file; and what a run says of itself.

use super::level::Level;
use super::{Reader, named};
use crate::attempts::State;
use crate::collector::GroupError;
use devops_core::words::counted;
use devops_reading::trouble::{Position, Trouble};

/// Maximum number of missing tests that are named.
const NAMED: usize = 1_000;

impl Reader<'_> {
    pub(super) fn bail_out(&mut self, reason: &str) {
        self.flush();
        self.bailed_out = true;
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        self.run_error(&format!("bailed out: {reason}"), "");
    }

    pub(super) fn run_error(&mut self, message: &str, detail: &str) {
        self.red += 1;
        let name = self.file.as_deref().unwrap_or("the run");
        let error = GroupError::new(name, message, detail, Position { line: self.line, column: 1 });
        self.collector.run_error(error);
    }

    pub(super) fn trouble(&mut self, what: String) {
        self.collector.trouble(Trouble::line(self.line, what));
    }

    /// A level ended; what its plan promises and was not reported has gone wrong.
    pub(super) fn end_level(&mut self, level: &Level, depth: usize) {
        let plan = level.plan.unwrap_or(u64::MAX);
        let state = if self.bailed_out { State::NotRun } else { State::Errored };
        let numbers = level.missing_numbers(NAMED);
        for number in &numbers {
            let mut execution = self.execution(format!("test {number}"), state, depth);
            if !level.name.is_empty() && depth > 0 {
                let outer = std::mem::take(&mut execution.suite);
                execution.suite =
                    if outer.is_empty() { level.name.clone() } else { format!("{outer} > {}", level.name) };
            }
            execution.message = format!("not reported, and the plan is 1..{plan}");
            self.collector.test(&execution);
        }
        let more = level.missing().saturating_sub(numbers.len() as u64);
        self.red += numbers.len() as u64;
        if let Some(outer) = depth.checked_sub(1).and_then(|depth| self.levels.get_mut(depth)) {
            outer.red += numbers.len() as u64;
        }
        if more > 0 {
            self.trouble(format!(
                "{} that the plan promises {} not reported",
                counted(more, "more test", "more tests"),
                if more == 1 { "is" } else { "are" }
            ));
        }
        if level.results > plan {
            self.trouble(format!(
                "there are {}, and the plan{} is 1..{plan}",
                counted(level.results, "result", "results"),
                named(&level.name)
            ));
        }
        if level.is_disordered {
            self.collector
                .note(format!("numbers of tests{} are out of order, or stand twice", named(&level.name)));
        }
    }

    /// The end of a document; another may follow.
    pub(super) fn end_document(&mut self) {
        self.flush();
        while self.buffered.last().is_some() {
            if !self.bailed_out {
                self.trouble("cut off: a subtest in braces has no end".to_owned());
            }
            self.close_buffered();
        }
        self.orphans(0);
        if let Some(top) = self.levels.pop() {
            self.end_level(&top, 0);
            if top.plan.is_none() && !self.bailed_out {
                self.trouble("cut off: there is no plan".to_owned());
            }
        }
        if self.claimed > self.failed {
            let claimed = counted(self.claimed, "failure", "failures");
            self.run_error(&format!("it claims {claimed}, its results show {}", self.failed), "");
        }
        self.levels = vec![Level::new(String::new())];
        self.announced.clear();
        (self.bailed_out, self.is_strict, self.failed, self.claimed) = (false, false, 0, 0);
    }

    /// Documents that skip all of their tests: each is a skipped test, as a test that skips itself would be.
    pub(super) fn skip_documents(&mut self) {
        for reason in std::mem::take(&mut self.skipped) {
            let mut execution = self.execution("(all tests)".to_owned(), State::Skipped, 0);
            execution.message = reason;
            self.collector.test(&execution);
        }
    }

    pub(super) fn finish(mut self) {
        if let Some((_, began)) = self.yaml.take() {
            self.trouble(format!("cut off: the YAML block that begins in line {began} has no end"));
        }
        let is_over =
            self.file.is_some() && self.levels.len() == 1 && self.levels.first().is_some_and(Level::is_empty);
        if !is_over || self.pending.is_some() {
            self.end_document();
        }
        self.skip_documents();
        if self.others > 0 {
            let are = if self.others == 1 { "is" } else { "are" };
            self.collector.note(format!("{} {are} not TAP", counted(self.others, "line", "lines")));
        }
    }
}
