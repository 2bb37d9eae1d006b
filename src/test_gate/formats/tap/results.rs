//! Results, their subtests, and what stands behind them.

use super::level::Level;
use super::line::{Directive, Outcome};
use super::yaml::Block;
use super::{DEEPEST, Pending, Reader, named};
use crate::attempts::State;
use crate::collector::GroupError;
use crate::execution::{Execution, MESSAGE, micros};
use crate::formats::events::Tail;
use crate::producer::Producer;
use crate::trace;
use devops_core::Location;
use devops_reading::excerpt::shorten;
use devops_reading::trouble::Position;

impl Reader<'_> {
    pub(super) fn plan(&mut self, tests: u64, skip: Option<&str>, depth: usize) {
        self.flush();
        if depth == 0 && self.levels.first().is_some_and(Level::is_complete) {
            self.end_document();
        }
        self.descend(depth);
        self.orphans(depth);
        let Some(level) = self.levels.get_mut(depth) else { return };
        if level.plan.is_some() {
            return self.trouble("a second plan".to_owned());
        }
        level.plan = Some(tests);
        level.is_plan_last = level.results > 0;
        if depth > 0 || tests > 0 || level.results > 0 {
            return;
        }
        match skip {
            Some(reason) => self.skipped.push(shorten(reason, MESSAGE)),
            None => self.collector.note("plans no test at all"),
        }
    }

    pub(super) fn result(&mut self, outcome: Outcome, depth: usize) {
        // What `prove` says of a file that passed looks like a result.
        let is_bare =
            outcome.ok && outcome.number.is_none() && outcome.name.is_empty() && outcome.directive.is_none();
        if is_bare && depth == 0 && self.file.is_some() {
            return self.flush();
        }
        self.flush();
        if depth > DEEPEST {
            return self.trouble("subtests are nested too deep to be followed".to_owned());
        }
        while self.buffered.last().is_some_and(|open| open.depth >= depth) {
            self.trouble("a subtest in braces has no end".to_owned());
            self.close_buffered();
        }
        let is_first = outcome.number.is_none_or(|number| number == 1);
        if depth == 0
            && is_first
            && self.levels.first().is_some_and(|level| level.is_plan_last && level.is_complete())
        {
            self.end_document();
        }
        self.descend(depth);
        self.orphans(depth + 1);
        let children = if self.levels.len() > depth + 1 { self.levels.pop() } else { None };
        if let Some(children) = &children {
            self.end_level(children, depth + 1);
        }
        self.failed += u64::from(!outcome.ok);
        self.is_timed |= outcome.millis.is_some();
        self.announced.truncate(depth);
        let Some(level) = self.levels.get_mut(depth) else { return };
        let number = level.count(outcome.number);
        let opens = outcome.opens;
        let pending = Pending {
            outcome,
            number,
            depth,
            line: self.line,
            block: None,
            comments: Tail::default(),
            children,
        };
        if opens {
            self.open_buffered(pending);
        } else {
            self.pending = Some(pending);
        }
    }

    /// Opens the levels down to a depth.
    pub(super) fn descend(&mut self, depth: usize) {
        while self.levels.len() <= depth && self.levels.len() <= DEEPEST {
            let depth = self.levels.len();
            // The name stands where the subtest does, or where its result will.
            let name = self
                .announced
                .get(depth - 1)
                .filter(|name| !name.is_empty())
                .or_else(|| self.announced.get(depth));
            self.levels.push(Level::new(name.cloned().unwrap_or_default()));
        }
    }

    /// Closes subtests deeper than a depth, whose own results are missing.
    pub(super) fn orphans(&mut self, depth: usize) {
        while self.levels.len() > depth + 1 {
            let Some(level) = self.levels.pop() else { return };
            self.end_level(&level, self.levels.len());
            if !self.bailed_out {
                self.trouble(format!("a subtest{} has no result of its own", named(&level.name)));
            }
            if let Some(outer) = self.levels.last_mut() {
                outer.red += level.red;
            }
        }
    }

    pub(super) fn open_buffered(&mut self, pending: Pending) {
        let depth = pending.depth;
        self.announced.truncate(depth);
        self.levels.truncate(depth + 1);
        self.levels.push(Level::new(shorten(&pending.outcome.name, MESSAGE)));
        self.buffered.push(pending);
    }

    /// A buffered subtest ends.
    pub(super) fn close_buffered(&mut self) {
        let Some(mut pending) = self.buffered.pop() else { return };
        self.orphans(pending.depth + 1);
        if self.levels.len() > pending.depth + 1
            && let Some(children) = self.levels.pop()
        {
            self.end_level(&children, pending.depth + 1);
            pending.children = Some(children);
        }
        self.hand_over(pending);
    }

    pub(super) fn flush(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.hand_over(pending);
        }
    }

    /// A result is complete.
    pub(super) fn hand_over(&mut self, pending: Pending) {
        let Pending { outcome, number, depth, line, block, comments, children } = pending;
        let name = if outcome.name.is_empty() { format!("test {number}") } else { outcome.name };
        let block = block.unwrap_or_default();
        let below = children.as_ref().map_or(0, |level| level.red);
        let is_suite =
            block.is_suite() || children.is_some_and(|level| level.results > 0 || level.missing() > 0);
        let state = match (outcome.ok, outcome.directive) {
            (_, Some(Directive::Skip)) | (false, Some(Directive::Todo)) => State::Skipped,
            // vitest writes a test without a body so: it is the only one that takes no time.
            (true, Some(Directive::Todo)) if self.is_timed && outcome.millis.is_none() => State::Skipped,
            (true, _) => State::Passed,
            (false, None) => State::Failed,
        };
        let is_red = state.is_red() && (!is_suite || below == 0);
        self.red += u64::from(is_red);
        if let Some(level) = self.levels.get_mut(depth) {
            level.red += below + u64::from(is_red);
        }
        let mut execution = self.execution(name, state, depth);
        let said = comments.text();
        execution.message = match (outcome.directive, outcome.reason.is_empty()) {
            (Some(Directive::Todo), true) => "known to fail".to_owned(),
            (Some(Directive::Todo), false) => format!("known to fail: {}", outcome.reason),
            (Some(Directive::Skip), _) => outcome.reason,
            (None, _) => block.message(),
        };
        execution.detail = if block.text().is_empty() { said.clone() } else { block.text() };
        let place = block.failed_at().or_else(|| said.lines().chain(block.message().lines()).find_map(place));
        execution.place = place.or_else(|| trace::find(&said, ""));
        if let Some((file, line)) = block.stands_at() {
            file.clone_into(&mut execution.file);
            execution.line = line;
        }
        execution.micros = block.millis.or(outcome.millis).and_then(|millis| micros(millis / 1_000.0));
        execution.at = Some(Position { line, column: 1 });
        execution.producer = self.producer(&block, &execution);
        if execution.producer == Some(Producer::Bats) {
            execution.file = execution.place.as_ref().map(|place| place.path.clone()).unwrap_or_default();
        }
        if !is_suite {
            return self.collector.test(&execution);
        }
        self.collector.suite();
        if is_red {
            let Execution { suite, name, message, detail, .. } = &execution;
            let whole = if suite.is_empty() { name.clone() } else { format!("{suite} > {name}") };
            let message = if message.is_empty() { "it failed, and none of its tests did" } else { message };
            self.collector.broken_suite(GroupError::new(
                &whole,
                message,
                detail,
                Position { line, column: 1 },
            ));
        }
    }

    pub(super) fn producer(&self, block: &Block, execution: &Execution) -> Option<Producer> {
        let is_bats = execution
            .place
            .as_ref()
            .is_some_and(|place| place.path.rsplit_once('.').is_some_and(|(_, ending)| ending == "bats"));
        match () {
            () if block.is_node => Some(Producer::Node),
            () if is_bats => Some(Producer::Bats),
            () => self.file.as_ref().map(|_| Producer::Prove),
        }
    }

    /// A test within the levels down to a depth.
    pub(super) fn execution(&self, name: String, state: State, depth: usize) -> Execution {
        let mut execution = Execution::new(name, state);
        let names = self.levels.iter().take(depth + 1).map(|level| level.name.as_str());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        execution.suite = shorten(&names.join(" > "), MESSAGE);
        execution.file = self.file.clone().unwrap_or_default();
        // Each result is one of its own: nothing says that it is another attempt.
        execution
    }
}

/// `at t/a.t line 3.`, as Perl has it, and `file a.bats, line 3`, as bats has it.
fn place(comment: &str) -> Option<Location> {
    let (before, after) = comment.rsplit_once(" line ")?;
    let digits = after.split(|character: char| !character.is_ascii_digit()).next()?;
    let path = before.trim_end_matches(',').rsplit_once(" file ").or_else(|| before.rsplit_once("at "))?.1;
    let line = digits.parse().ok()?;
    (!path.is_empty()).then(|| Location::line(path.trim(), line))
}
