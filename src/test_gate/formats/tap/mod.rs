//! TAP, the Test Anything Protocol, in its versions 12 to 14: from Perl, node, tape, bats, pgTAP and many others.
//!
//! Tests are the innermost results; a result of a subtest stands for a suite, and counts only where it failed and none of its own
//! did. A number that the plan promises and nobody reports is an error; a known failure (`not ok # TODO`) is a skipped test.

mod level;
mod line;
mod yaml;

#[cfg(test)]
mod tests;

use std::io::Read;

use self::level::Level;
use self::line::{Directive, Outcome, Said, said};
use self::yaml::Block;
use super::Format;
use super::events::Tail;
use crate::core::Location;
use crate::core::words::counted;
use crate::test_gate::attempts::State;
use crate::test_gate::collector::{Collector, GroupError};
use crate::test_gate::excerpt::shorten;
use crate::test_gate::execution::{Execution, MESSAGE, micros};
use crate::test_gate::lines::{Line, Lines};
use crate::test_gate::producer::Producer;
use crate::test_gate::shape::Shape;
use crate::test_gate::trace;
use crate::test_gate::trouble::{Position, Trouble};

pub(crate) const FORMAT: Format =
    Format { name: "TAP", is, read: |source, collector| read(source, collector) };

/// Deepest subtest that is followed.
const DEEPEST: usize = 64;

/// Most missing tests that are named.
const NAMED: usize = 1_000;

fn is(shape: &Shape) -> bool {
    let Shape::Text(lines) = shape else { return false };
    lines.iter().any(|line| match said(line) {
        Said::Version | Said::Plan { .. } | Said::BailOut(_) => true,
        // `ok` stands before other things, too, as in `ok  	example.org/shop	0.1s`.
        Said::Result(outcome) => outcome.number.is_some(),
        _ => false,
    })
}

pub(crate) fn read(source: impl Read, collector: &mut Collector) {
    let mut lines = Lines::new(source);
    let mut reader = Reader::new(collector);
    loop {
        match lines.next() {
            Ok(Some(line)) => reader.line(line),
            Ok(None) => break,
            Err(trouble) => {
                reader.collector.trouble(trouble);
                break;
            }
        }
    }
    reader.finish();
}

/// A result whose YAML block, comments or buffered subtest may follow.
#[derive(Debug)]
struct Pending {
    outcome: Outcome,
    number: u64,
    depth: usize,
    line: u64,
    block: Option<Block>,
    comments: Tail,
    children: Option<Level>,
}

struct Reader<'a> {
    collector: &'a mut Collector,
    /// The whole, and the subtests that are open in it.
    levels: Vec<Level>,
    /// Names that `# Subtest:` announced, by depth.
    announced: Vec<String>,
    pending: Option<Pending>,
    /// Results whose buffered subtests are open.
    buffered: Vec<Pending>,
    /// How far an open YAML block is indented, and where it began.
    yaml: Option<(usize, u64)>,
    is_strict: bool,
    /// The file that `prove` says it runs.
    file: Option<String>,
    bailed_out: bool,
    others: u64,
    /// Results that are not ok, with or without a directive, what a summary claims, and what made it fail so far.
    failed: u64,
    claimed: u64,
    red: u64,
    line: u64,
    /// Whether results say how long they took.
    is_timed: bool,
    /// Why documents without a test say that they are skipped.
    skipped: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(collector: &'a mut Collector) -> Self {
        Self {
            collector,
            levels: vec![Level::new(String::new())],
            announced: Vec::new(),
            pending: None,
            buffered: Vec::new(),
            yaml: None,
            is_strict: false,
            file: None,
            bailed_out: false,
            others: 0,
            failed: 0,
            claimed: 0,
            red: 0,
            line: 0,
            is_timed: false,
            skipped: Vec::new(),
        }
    }

    fn line(&mut self, line: Line<'_>) {
        self.line = line.number;
        let whole = if line.number == 1 { line.text.trim_start_matches('\u{feff}') } else { line.text };
        let text = whole.trim_start_matches(' ');
        let indent = whole.len() - text.len();
        let said = said(text);
        if self.in_yaml(whole, indent, &said) {
            return;
        }
        // psql puts one space before each line.
        let depth = if indent == 1 { Some(0) } else { (indent % 4 == 0).then_some(indent / 4) };
        match (said, depth) {
            (Said::Blank, _) | (Said::Version, Some(_)) if indent > 0 || text.trim().is_empty() => {}
            (Said::Yaml, _) => self.open_yaml(indent),
            (Said::Comment(comment), _) => self.comment(comment, indent / 4),
            (Said::Result(outcome), Some(depth)) => self.result(outcome, depth),
            (Said::Result(outcome), None) if !outcome.ok && outcome.number.is_some() => {
                self.trouble(format!(
                    "a result stands {indent} spaces from the left, which is no level of subtests"
                ));
            }
            (Said::Plan { tests, skip }, Some(depth)) => {
                let skip = skip.map(str::to_owned);
                self.plan(tests, skip.as_deref(), depth);
            }
            (Said::BailOut(reason), _) => self.bail_out(reason),
            (Said::Version, Some(_)) => {
                self.flush();
                if self.levels.len() > 1 || !self.levels.first().is_none_or(Level::is_empty) {
                    self.end_document();
                }
            }
            (Said::Strict(is_strict), _) => self.is_strict = is_strict,
            (Said::Open, Some(depth)) if self.pending.as_ref().is_some_and(|open| open.depth == depth) => {
                if let Some(pending) = self.pending.take() {
                    self.open_buffered(pending);
                }
            }
            (Said::Close, Some(depth)) if self.buffered.last().is_some_and(|open| open.depth == depth) => {
                self.flush();
                self.close_buffered();
            }
            _ => self.other(text.trim_end(), indent),
        }
    }

    /// Whether a line belongs to a YAML block.
    fn in_yaml(&mut self, whole: &str, indent: usize, said: &Said<'_>) -> bool {
        let Some((least, began)) = self.yaml else { return false };
        if indent == least && whole.trim() == "..." {
            self.yaml = None;
            return true;
        }
        let is_tap = matches!(said, Said::Result(_) | Said::Plan { .. } | Said::Version | Said::BailOut(_));
        if indent < least && is_tap {
            self.yaml = None;
            self.trouble(format!("the YAML block that begins in line {began} has no end"));
            return false;
        }
        if let Some(block) = self.pending.as_mut().and_then(|pending| pending.block.as_mut()) {
            block.push(whole.get(least.min(indent)..).unwrap_or_default());
        }
        true
    }

    fn open_yaml(&mut self, indent: usize) {
        match &mut self.pending {
            Some(pending) if indent > pending.depth * 4 => {
                pending.block.get_or_insert_default();
                self.yaml = Some((indent, self.line));
            }
            _ => self.other("---", indent),
        }
    }

    /// A line that is no TAP.
    fn other(&mut self, text: &str, indent: usize) {
        if indent == 0 && self.prove(text) {
            return;
        }
        // mocha has a trace without the marks of YAML.
        if let Some(pending) =
            self.pending.as_mut().filter(|open| !open.outcome.ok && indent > open.depth * 4)
        {
            return pending.comments.push_line(text);
        }
        if self.is_strict {
            self.trouble(format!("`{}` is no TAP, and the stream is strict", shorten(text, 80)));
        }
        self.others += 1;
    }

    /// Whether a line is one that `prove` puts around the TAP of a file.
    fn prove(&mut self, text: &str) -> bool {
        let name = text.trim_end_matches('.');
        if name.len() + 2 <= text.len() && name.ends_with(' ') && !name.trim().is_empty() {
            self.flush();
            if !self.levels.first().is_none_or(Level::is_empty) {
                self.end_document();
            }
            self.file = Some(name.trim().to_owned());
            return true;
        }
        let is_end = text.starts_with("Dubious, test returned") || text == "Result: FAIL";
        if self.file.is_some() && is_end && self.red == 0 {
            self.flush();
            self.run_error(text, "");
        }
        self.file.is_some() && is_end
    }

    fn comment(&mut self, comment: &str, depth: usize) {
        let text = comment.trim();
        if let Some(name) = text.strip_prefix("Subtest: ").or_else(|| text.strip_prefix("Subtest:")) {
            self.flush();
            if depth < DEEPEST {
                self.announced.resize(depth.max(self.announced.len().min(depth + 1)), String::new());
                self.announced.truncate(depth);
                self.announced.push(shorten(name.trim(), MESSAGE));
            }
            return;
        }
        if self.levels.len() == 1 && self.levels.first().is_some_and(|level| level.plan.is_some()) {
            self.claim(text);
        }
        if let Some(pending) = &mut self.pending {
            pending.comments.push_line(comment.strip_prefix(' ').unwrap_or(comment).trim_end());
        }
    }

    /// What a summary behind the results says.
    fn claim(&mut self, text: &str) {
        let mut words = text.split_whitespace();
        match (words.next(), words.next().and_then(|number| number.parse::<u64>().ok()), words.next()) {
            (Some("fail"), Some(number), None) => self.claimed = self.claimed.max(number),
            (Some("cancelled"), Some(number), None) => self.claimed = self.claimed.saturating_add(number),
            _ => {}
        }
        if text.starts_with("Looks like your test exited with")
            || text.starts_with("Looks like your test died")
        {
            self.flush();
            self.run_error(text, "");
        }
    }

    fn plan(&mut self, tests: u64, skip: Option<&str>, depth: usize) {
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

    fn result(&mut self, outcome: Outcome, depth: usize) {
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
    fn descend(&mut self, depth: usize) {
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
    fn orphans(&mut self, depth: usize) {
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

    fn open_buffered(&mut self, pending: Pending) {
        let depth = pending.depth;
        self.announced.truncate(depth);
        self.levels.truncate(depth + 1);
        self.levels.push(Level::new(shorten(&pending.outcome.name, MESSAGE)));
        self.buffered.push(pending);
    }

    /// A buffered subtest ends.
    fn close_buffered(&mut self) {
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

    fn flush(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.hand_over(pending);
        }
    }

    /// A result is complete.
    fn hand_over(&mut self, pending: Pending) {
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

    fn producer(&self, block: &Block, execution: &Execution) -> Option<Producer> {
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
    fn execution(&self, name: String, state: State, depth: usize) -> Execution {
        let mut execution = Execution::new(name, state);
        let names = self.levels.iter().take(depth + 1).map(|level| level.name.as_str());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        execution.suite = shorten(&names.join(" > "), MESSAGE);
        execution.file = self.file.clone().unwrap_or_default();
        // Each result is one of its own: nothing says that it is another attempt.
        execution.is_whole = true;
        execution
    }

    fn bail_out(&mut self, reason: &str) {
        self.flush();
        self.bailed_out = true;
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        self.run_error(&format!("bailed out: {reason}"), "");
    }

    fn run_error(&mut self, message: &str, detail: &str) {
        self.red += 1;
        let name = self.file.as_deref().unwrap_or("the run");
        let error = GroupError::new(name, message, detail, Position { line: self.line, column: 1 });
        self.collector.run_error(error);
    }

    fn trouble(&mut self, what: String) {
        self.collector.trouble(Trouble::line(self.line, what));
    }

    /// A level ended; what its plan promises and nobody reported has gone wrong.
    fn end_level(&mut self, level: &Level, depth: usize) {
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
    fn end_document(&mut self) {
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

    /// Documents that skip all of their tests: each is a skipped test, but together they are no proof that anything ran.
    fn skip_documents(&mut self) {
        let is_all = self.collector.reading.counts.tests() == 0;
        for reason in std::mem::take(&mut self.skipped) {
            if is_all {
                self.collector.note(format!("skips all of its tests: {reason}"));
                continue;
            }
            let mut execution = self.execution("(all tests)".to_owned(), State::Skipped, 0);
            execution.message = reason;
            self.collector.test(&execution);
        }
    }

    fn finish(mut self) {
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
            self.collector.note(format!("{} {are} no TAP", counted(self.others, "line", "lines")));
        }
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" of `{}`", shorten(name, 100)) }
}

/// `at t/a.t line 3.`, as Perl has it, and `file a.bats, line 3`, as bats has it.
fn place(comment: &str) -> Option<Location> {
    let (before, after) = comment.rsplit_once(" line ")?;
    let digits = after.split(|character: char| !character.is_ascii_digit()).next()?;
    let path = before.trim_end_matches(',').rsplit_once(" file ").or_else(|| before.rsplit_once("at "))?.1;
    let line = digits.parse().ok()?;
    (!path.is_empty()).then(|| Location::line(path.trim(), line))
}
