//! `dart test --reporter json` and `flutter test --machine`: events of suites and tests, one a line.
//!
//! Hidden tests are no tests, but one that fails is: a file that can't be loaded, a set-up that went wrong. The last event says
//! how the run ended; without it the stream was cut off.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use super::Format;
use super::events::{Events, Tail, follow};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::{Execution, micros};
use crate::producer::Producer;
use devops_core::Location;
use devops_core::words::counted;
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

pub(crate) const FORMAT: Format =
    Format { name: "Dart", is, read: |source, collector| read(source, collector) };

/// How an event begins.
const BEGINNINGS: [&str; 1] = ["{\"protocolVersion\":"];

/// Maximum number of tests that have ended whose names are remembered.
const REMEMBERED: usize = 500;

fn is(shape: &Shape) -> bool {
    match shape {
        Shape::Json(json) | Shape::JsonLines(json) => {
            let is_event = |key: &str, kind: &str| json.has(&[key]) && json.says(&["type"], kind);
            is_event("protocolVersion", "start")
                || is_event("suite", "suite")
                || is_event("test", "testStart")
                || is_event("testID", "testDone")
                || is_event("success", "done")
        }
        // Words of flutter may stand before the first event.
        Shape::Text(lines) => lines.iter().any(|line| line.starts_with(BEGINNINGS[0])),
        _ => false,
    }
}

pub(crate) fn read(source: impl Read, collector: &mut Collector) {
    let run = Run::default();
    let mut reader = Reader { collector, run, between: Tail::default() };
    let others = follow(source, &mut reader);
    reader.finish(others);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    r#type: Option<String>,
    #[serde(default)]
    time: f64,
    suite: Option<Suite>,
    test: Option<Start>,
    #[serde(rename = "testID")]
    test_id: Option<u64>,
    result: Option<String>,
    #[serde(default)]
    skipped: bool,
    #[serde(default)]
    hidden: bool,
    error: Option<String>,
    stack_trace: Option<String>,
    message: Option<String>,
    message_type: Option<String>,
    success: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Suite {
    id: u64,
    path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Start {
    id: u64,
    name: Option<String>,
    #[serde(rename = "suiteID")]
    suite_id: Option<u64>,
    #[serde(default, rename = "groupIDs")]
    group_ids: Vec<u64>,
    line: Option<u64>,
    url: Option<String>,
    root_line: Option<u64>,
    root_url: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    skip_reason: Option<String>,
}

/// A run from its first event to its last.
#[derive(Debug, Default)]
struct Run {
    /// Whether anything was met.
    is_open: bool,
    suites: BTreeMap<u64, String>,
    open: BTreeMap<u64, Test>,
    /// Names of the last tests that ended.
    ended: BTreeMap<u64, String>,
    red: u64,
}

/// A test while it runs.
#[derive(Debug)]
struct Test {
    start: Start,
    since: f64,
    line: u64,
    output: Tail,
    error: Option<(String, String)>,
    attempts: u64,
}

struct Reader<'a> {
    collector: &'a mut Collector,
    run: Run,
    between: Tail,
}

impl Events for Reader<'_> {
    type Event = Event;
    const MARK: &'static str = "\"type\"";
    const BEGINNINGS: &'static [&'static str] = &BEGINNINGS;

    fn event(&mut self, event: Event, line: u64) -> bool {
        let Some(kind) = event.r#type.clone() else {
            return false;
        };
        if kind == "start" {
            self.cut();
            self.run = Run::default();
        }
        self.run.is_open = true;
        match kind.as_str() {
            "start" | "allSuites" | "group" | "debug" => {}
            "suite" => {
                if let Some(suite) = event.suite {
                    self.collector.suite();
                    self.run.suites.insert(suite.id, suite.path.unwrap_or_default());
                }
            }
            "testStart" => {
                if let Some(start) = event.test {
                    let test = Test {
                        since: event.time,
                        line,
                        output: Tail::default(),
                        error: None,
                        attempts: 1,
                        start,
                    };
                    self.run.open.insert(test.start.id, test);
                }
            }
            "print" => self.print(&event),
            "error" => self.error(&event, line),
            "testDone" => self.test_done(&event, line),
            "done" => self.done(event.success, line),
            other => {
                self.collector.trouble(Trouble::line(line, format!("unknown type of event `{other}`")));
            }
        }
        true
    }

    fn text(&mut self, text: &str) {
        self.between.push_line(text);
    }

    fn trouble(&mut self, trouble: Trouble) {
        self.collector.trouble(trouble);
    }
}

impl Reader<'_> {
    fn print(&mut self, event: &Event) {
        let message = event.message.as_deref().unwrap_or_default();
        if let Some(test) = event.test_id.and_then(|id| self.run.open.get_mut(&id)) {
            test.attempts += u64::from(message.starts_with("Retry: "));
            if event.message_type.as_deref() != Some("skip") {
                test.output.push_line(message);
            }
        }
    }

    fn error(&mut self, event: &Event, line: u64) {
        let message = event.error.clone().unwrap_or_default();
        let trace = event.stack_trace.clone().unwrap_or_default();
        let id = event.test_id.unwrap_or_default();
        if let Some(test) = self.run.open.get_mut(&id) {
            test.error.get_or_insert((message, trace));
            return;
        }
        // What a test left running fails after the test has passed; the runner counts that as its failure.
        let name = self.run.ended.get(&id).cloned().unwrap_or_else(|| format!("test {id}"));
        self.run.red += 1;
        let what = format!("an error after its end: {message}");
        self.collector.run_error(GroupError::new(&name, &what, &trace, Position { line, column: 1 }));
    }

    fn test_done(&mut self, event: &Event, line: u64) {
        let id = event.test_id.unwrap_or_default();
        let Some(test) = self.run.open.remove(&id) else {
            return self.collector.trouble(Trouble::line(line, format!("test {id} ends and did not begin")));
        };
        let state = match event.result.as_deref() {
            Some("success") if event.skipped => State::Skipped,
            Some("success") if test.attempts > 1 => State::Flaky,
            Some("success") => State::Passed,
            Some("failure") => State::Failed,
            Some("error") => State::Errored,
            other => {
                let word = other.unwrap_or_default();
                return self
                    .collector
                    .trouble(Trouble::line(line, format!("unknown result of a test `{word}`")));
            }
        };
        self.run.remember(id, test.start.name.as_deref().unwrap_or_default());
        if event.hidden && !state.is_red() {
            return;
        }
        let time = micros((event.time - test.since) / 1_000.0);
        self.hand_over(test, state, time);
    }

    /// A test ended, or a part of a run that is reported as one.
    fn hand_over(&mut self, test: Test, state: State, time: Option<u64>) {
        let Test { start, output, error, attempts, line, .. } = test;
        let at = Position { line, column: 1 };
        let suite = start.suite_id.and_then(|id| self.run.suites.get(&id)).cloned().unwrap_or_default();
        let name = start.name.unwrap_or_default();
        self.run.red += u64::from(state.is_red());
        let (message, trace) = error.unwrap_or_default();
        let output = output.text();
        let detail = [trace.trim(), &output]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n");
        let is_loading = name.starts_with("loading ") && start.group_ids.is_empty();
        if state.is_red() && (is_loading || name.ends_with("(setUpAll)") || name.ends_with("(tearDownAll)")) {
            let whole = if is_loading { suite } else { format!("{suite} > {name}") };
            return self.collector.broken_suite(GroupError::new(&whole, &message, &detail, at));
        }
        let mut execution = Execution::new(name, state);
        let is_flutter = start.url.as_deref().is_some_and(|url| url.starts_with("package:flutter_test/"));
        execution.producer = Some(if is_flutter { Producer::Flutter } else { Producer::Dart });
        let stated = |url: Option<String>| url.filter(|url| url.starts_with("file://"));
        let (file, source) = match (stated(start.root_url), stated(start.url)) {
            (Some(root), _) => (Some(root), start.root_line),
            (None, url) => (url, start.line),
        };
        execution.line = source.filter(|_| file.is_some());
        // What the suite is called is a path of the project, where the address of the test is one of the machine.
        execution.file = if suite.rsplit_once('.').is_some_and(|(_, ending)| ending == "dart") {
            suite.clone()
        } else {
            file.unwrap_or_default()
        };
        execution.suite = suite;
        execution.micros = time;
        execution.attempts = attempts;
        execution.message = match state {
            State::Skipped => start.metadata.and_then(|known| known.skip_reason).unwrap_or_default(),
            _ => message,
        };
        execution.place = trace.lines().find_map(place);
        execution.detail = detail;
        execution.at = Some(at);
        // Retries are written in one place, and a name may occur twice in a file.
        self.collector.test(&execution);
    }

    /// The last event of a run.
    fn done(&mut self, success: Option<bool>, line: u64) {
        let at = Position { line, column: 1 };
        self.unfinished();
        match success {
            Some(true) => {}
            Some(false) if self.run.red > 0 => {}
            Some(false) => {
                let message = "the run failed, and none of its tests did";
                self.collector.run_error(GroupError::new("dart test", message, &self.between.text(), at));
            }
            None => {
                let message = "the run was broken off";
                self.collector.run_error(GroupError::new("dart test", message, &self.between.text(), at));
            }
        }
        self.run = Run::default();
    }

    /// Tests that began and did not end.
    fn unfinished(&mut self) {
        for (_, mut test) in std::mem::take(&mut self.run.open) {
            let (message, trace) = test.error.take().unwrap_or_default();
            let message = if message.is_empty() {
                "it did not end".to_owned()
            } else {
                format!("it did not end: {message}")
            };
            test.error = Some((message, trace));
            self.hand_over(test, State::Errored, None);
        }
    }

    /// The stream ends, or another begins, before the last event of a run.
    fn cut(&mut self) {
        if self.run.is_open {
            let open = self.run.open.len() as u64;
            self.unfinished();
            let what = match open {
                0 => "cut off: the last event is missing".to_owned(),
                open => format!(
                    "cut off: the last event is missing, {} began and did not end",
                    counted(open, "test", "tests")
                ),
            };
            self.collector.trouble(Trouble::whole(what));
        }
    }

    fn finish(mut self, others: u64) {
        self.cut();
        if others > 0 {
            let are = if others == 1 { "is" } else { "are" };
            self.collector.note(format!("{} {are} no event", counted(others, "line", "lines")));
        }
    }
}

impl Run {
    fn remember(&mut self, id: u64, name: &str) {
        self.ended.insert(id, name.to_owned());
        if self.ended.len() > REMEMBERED {
            self.ended.pop_first();
        }
    }
}

/// A place in a trace, as `test/cart_test.dart 9:5  main.<fn>` has it.
fn place(line: &str) -> Option<Location> {
    let (path, position) = line.split_once(".dart ")?;
    let number = position.trim_start().split(':').next()?.parse().ok()?;
    let path = path.trim();
    (!path.starts_with("package:") && !path.starts_with("dart:"))
        .then(|| Location::line(format!("{path}.dart"), number))
}
