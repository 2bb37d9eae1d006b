//! `cargo test -- --format json` and nextest's `libtest-json` and `libtest-json-plus`: events of test binaries, one a line.
//!
//! A binary has no name in cargo's own stream, so its position distinguishes it from others, unless cargo's words stand between the
//! events. A binary that began and did not end has crashed.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use super::Format;
use super::events::{Events, Tail, follow};
use super::numbers;
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::{Execution, micros};
use crate::producer::Producer;
use devops_benchmarks::Stream;
use devops_core::words::counted;
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

pub(crate) const FORMAT: Format =
    Format { name: "libtest", is, read: |source, collector| read(source, collector) };

/// How an event begins.
const BEGINNINGS: [&str; 2] = ["{ \"type\": \"", "{\"type\":\""];

/// Types of events.
const TYPES: [&str; 4] = ["suite", "test", "bench", "report"];

fn is(shape: &Shape) -> bool {
    match shape {
        Shape::Json(json) | Shape::JsonLines(json) => {
            let is_known = TYPES.iter().any(|kind| json.says(&["type"], kind));
            // Dart's streams have types, too, but no events.
            is_known && (json.has(&["event"]) || json.has(&["median"]) || json.has(&["compilation_time"]))
        }
        // Words of cargo may stand before the first event.
        Shape::Text(lines) => lines.iter().any(|line| {
            BEGINNINGS.iter().any(|beginning| line.starts_with(beginning)) && line.contains("\"event\":")
        }),
        _ => false,
    }
}

pub(crate) fn read(source: impl Read, collector: &mut Collector) {
    let mut reader = Reader {
        collector,
        suites: Vec::new(),
        opened: 0,
        carried: BTreeMap::new(),
        binary: None,
        between: Tail::default(),
        said: None,
        benchmarks: Stream::default(),
        red: 0,
    };
    let others = follow(source, &mut reader);
    reader.finish(others);
}

#[derive(Debug, Deserialize)]
struct Event {
    r#type: Option<String>,
    #[serde(rename = "event")]
    what: Option<String>,
    name: Option<String>,
    exec_time: Option<Time>,
    /// Nanoseconds an iteration of a benchmark.
    median: Option<f64>,
    stdout: Option<String>,
    message: Option<String>,
    reason: Option<String>,
    #[serde(default, rename = "test_count")]
    tests: u64,
    #[serde(default)]
    passed: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    allowed_fail: u64,
    #[serde(default)]
    ignored: u64,
    nextest: Option<Nextest>,
}

/// Seconds; older versions write them as text, as `0.01s`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

/// What nextest adds to the events of a suite.
#[derive(Debug, Deserialize)]
struct Nextest {
    #[serde(rename = "crate")]
    package: Option<String>,
    #[serde(rename = "test_binary")]
    binary: Option<String>,
    kind: Option<String>,
}

/// A test binary while it runs.
#[derive(Debug, Default)]
struct Suite {
    /// `crate::binary`, where nextest says so.
    key: Option<String>,
    kind: Option<String>,
    /// What people call it.
    name: String,
    tests: u64,
    ended: u64,
    red: u64,
    /// Tests that began and did not end, and where.
    open: BTreeMap<String, u64>,
}

struct Reader<'a> {
    collector: &'a mut Collector,
    suites: Vec<Suite>,
    opened: u64,
    /// Tests of nextest that were open where their suite ended: it may go on in another part.
    carried: BTreeMap<String, u64>,
    /// What cargo says that it runs next.
    binary: Option<String>,
    /// Lines that are no events, since the last suite ended.
    between: Tail,
    /// What cargo says that went wrong, and where.
    said: Option<String>,
    benchmarks: Stream,
    red: u64,
}

impl Events for Reader<'_> {
    type Event = Event;
    const MARK: &'static str = "\"type\"";
    const BEGINNINGS: &'static [&'static str] = &BEGINNINGS;

    fn event(&mut self, event: Event, line: u64) -> bool {
        let Some(kind) = event.r#type.as_deref() else {
            return false;
        };
        let what = event.what.as_deref().unwrap_or_default();
        match (kind, what) {
            ("suite", "started") => self.begin(&event, line),
            ("suite", "ok" | "failed") => self.end(&event, what == "failed", line),
            ("test", "started") => {
                self.started(event.name.unwrap_or_default(), line);
            }
            // Says that a test takes long, and its result follows.
            ("test", "timeout") | ("report", _) => {}
            ("test", "ok") => self.test(event, State::Passed, line),
            ("test", "failed") => self.test(event, State::Failed, line),
            ("test", "ignored" | "allowed_failure") => self.test(event, State::Skipped, line),
            ("bench", "") => {
                let name = event.name.unwrap_or_default();
                self.suite(&name, |suite| {
                    suite.open.remove(&name);
                    suite.ended += 1;
                });
                if let Some(median) = event.median {
                    let name = match self.suites.last().filter(|_| self.opened > 1) {
                        Some(suite) => format!("{}: {name}", suite.name),
                        None => name,
                    };
                    self.benchmarks.libtest(&name, median, line);
                }
            }
            ("suite", "discovery" | "completed") | ("test" | "bench", "discovered") => {
                self.collector.trouble(Trouble::line(line, "a list of tests has no results"));
            }
            ("suite" | "test" | "bench", other) => {
                self.collector.trouble(Trouble::line(line, format!("unknown event of a {kind} `{other}`")));
            }
            (other, _) => {
                self.collector.trouble(Trouble::line(line, format!("unknown type of event `{other}`")));
            }
        }
        true
    }

    fn text(&mut self, text: &str) {
        if let Some(binary) = binary(text) {
            self.binary = Some(binary);
        }
        let is_end = text.starts_with("error: test failed")
            || text.starts_with("error: doctest failed")
            || text.starts_with("error: could not compile")
            || text.starts_with("error: build failed");
        if is_end && self.said.is_none() {
            self.said = Some(text.to_owned());
        }
        self.between.push_line(text);
    }

    fn trouble(&mut self, trouble: Trouble) {
        self.collector.trouble(trouble);
    }
}

impl Reader<'_> {
    fn begin(&mut self, event: &Event, line: u64) {
        let nextest = event.nextest.as_ref();
        let key = nextest.and_then(Nextest::key);
        let kind = nextest.and_then(|known| known.kind.clone());
        // Only nextest runs binaries side by side, and then says which one it is.
        let (crashed, others): (Vec<Suite>, Vec<Suite>) = std::mem::take(&mut self.suites)
            .into_iter()
            .partition(|suite| key.is_none() || (suite.key == key && suite.kind == kind));
        self.suites = others;
        for suite in crashed {
            self.crashed(&suite, line);
        }
        self.between.clear();
        self.opened += 1;
        self.collector.suite();
        let name = key.clone().or_else(|| self.binary.take()).unwrap_or_else(|| match self.opened {
            1 => String::new(),
            opened => format!("test binary {opened}"),
        });
        self.suites.push(Suite { key, kind, name, tests: event.tests, ..Suite::default() });
    }

    /// Changes the suite that a test belongs to.
    ///
    /// A program, an example and a file of tests may share a name, and their tests do not say which of them they belong to: a test
    /// that ends belongs to one where it began.
    fn suite(&mut self, name: &str, change: impl FnOnce(&mut Suite)) {
        let key = name.split_once('$').map(|(key, _)| key.split("@stress-").next().unwrap_or(key));
        let is_named = |suite: &Suite| suite.key.is_some() && suite.key.as_deref() == key;
        let began = self.suites.iter().position(|suite| is_named(suite) && suite.open.contains_key(name));
        let named = began.or_else(|| self.suites.iter().rposition(is_named));
        if let Some(suite) = named.and_then(|index| self.suites.get_mut(index)) {
            return change(suite);
        }
        if self.suites.is_empty() {
            // A test without a suite; that this one never ends is said at the end.
            self.suites.push(Suite::default());
        }
        if let Some(suite) = self.suites.last_mut() {
            change(suite);
        }
    }

    /// A test began.
    fn started(&mut self, name: String, line: u64) {
        let key = name.split_once('$').map(|(key, _)| key.split("@stress-").next().unwrap_or(key));
        let is_open = |suite: &&mut Suite| {
            suite.key.is_some()
                && suite.key.as_deref() == key
                && !suite.open.contains_key(&name)
                && suite.ended + (suite.open.len() as u64) < suite.tests
        };
        match self.suites.iter_mut().find(is_open) {
            Some(suite) => {
                suite.open.insert(name, line);
            }
            None => self.suite(&name.clone(), |suite| {
                suite.open.insert(name, line);
            }),
        }
    }

    /// A test ended.
    fn test(&mut self, event: Event, state: State, line: u64) {
        let reported = event.name.unwrap_or_default();
        let is_nextest = reported.contains('$');
        // A sign in a name is none of an attempt, such as in `r#match`.
        let attempt = reported.rsplit_once('#').filter(|_| is_nextest);
        let attempt = attempt.and_then(|(bare, number)| Some((bare.to_owned(), number.parse::<u64>().ok()?)));
        let (bare, tries) = attempt.unwrap_or((reported, 1));
        self.carried.remove(&bare);
        let (mut suite, mut kind) = (String::new(), None);
        self.suite(&bare, |found| {
            found.open.remove(&bare);
            found.ended += 1;
            found.red += u64::from(state.is_red());
            suite.clone_from(&found.name);
            kind.clone_from(&found.kind);
        });
        self.red += u64::from(state.is_red());
        let state = if state == State::Passed && tries > 1 { State::Flaky } else { state };
        let mut execution = Execution::new("", state);
        if let Some((binary, name)) = bare.split_once('$') {
            name.clone_into(&mut execution.name);
            execution.classname = binary_id(binary, kind.as_deref());
            execution.producer = Some(Producer::Nextest);
        } else {
            execution.name = bare;
            execution.suite = suite;
            execution.producer = Some(Producer::Cargo);
        }
        execution.attempts = tries;
        execution.micros = event.exec_time.and_then(|time| match time {
            Time::Seconds(seconds) => micros(seconds),
            Time::Text(text) => numbers::decimal(text.trim_end_matches('s')).and_then(micros),
        });
        execution.message = match (event.message, event.reason) {
            (Some(message), _) => message,
            (None, Some(reason)) => reason,
            (None, None) => event.stdout.as_deref().and_then(panicked).unwrap_or_default().to_owned(),
        };
        execution.detail = event.stdout.unwrap_or_default();
        execution.at = Some(Position { line, column: 1 });
        self.collector.test(&execution);
    }

    /// A suite ended; compares what it claims with what it showed.
    fn end(&mut self, event: &Event, failed: bool, line: u64) {
        let nextest = event.nextest.as_ref();
        let key = nextest.and_then(Nextest::key);
        let kind = nextest.and_then(|known| known.kind.as_deref());
        let is_it = |suite: &Suite| key.is_none() || (suite.key == key && suite.kind.as_deref() == kind);
        let index = self.suites.iter().rposition(is_it);
        let Some(mut suite) = index.map(|index| self.suites.remove(index)) else {
            return self.collector.trouble(Trouble::line(line, "a suite ends that did not begin"));
        };
        self.between.clear();
        let at = Position { line, column: 1 };
        if suite.key.is_some() {
            self.carried.append(&mut suite.open);
        }
        let unfinished = suite.open.len();
        self.unfinished(&suite);
        let claimed = event.failed.saturating_sub(event.allowed_fail);
        if claimed > suite.red || failed && suite.red == 0 && unfinished == 0 {
            self.red += 1;
            let message = format!(
                "it claims {}, its tests show {}",
                counted(claimed, "failure", "failures"),
                suite.red
            );
            self.collector.suite_error(GroupError::new(suite.title(), &message, "", at));
        }
        let told = event.passed + event.failed + event.ignored;
        if told > suite.ended {
            self.collector.note(format!(
                "{} claims {}, and shows {}",
                suite.title(),
                counted(told, "test", "tests"),
                suite.ended
            ));
        }
    }

    /// Tests that began and did not end.
    fn unfinished(&mut self, suite: &Suite) {
        for (name, line) in &suite.open {
            let mut execution = Execution::new(name.as_str(), State::Errored);
            if let Some((binary, name)) = name.split_once('$') {
                name.clone_into(&mut execution.name);
                execution.classname = binary_id(binary, suite.kind.as_deref());
            } else {
                execution.suite.clone_from(&suite.name);
            }
            let is_nextest = !execution.classname.is_empty();
            execution.producer = Some(if is_nextest { Producer::Nextest } else { Producer::Cargo });
            "it began and did not end".clone_into(&mut execution.message);
            execution.at = Some(Position { line: *line, column: 1 });
            self.red += 1;
            self.collector.test(&execution);
        }
    }

    /// A suite began and did not end.
    fn crashed(&mut self, suite: &Suite, line: u64) {
        self.unfinished(suite);
        self.red += 1;
        let message = format!(
            "it did not end: it crashed, or its report is cut off; {} of {} ended",
            suite.ended,
            counted(suite.tests, "test", "tests")
        );
        let error =
            GroupError::new(suite.title(), &message, &self.between.text(), Position { line, column: 1 });
        self.collector.run_error(error);
    }

    fn finish(mut self, others: u64) {
        for suite in std::mem::take(&mut self.suites) {
            self.crashed(&suite, 0);
        }
        let carried = std::mem::take(&mut self.carried);
        self.unfinished(&Suite { open: carried, ..Suite::default() });
        if let Some(said) =
            self.said.take().filter(|said| self.red == 0 || said.contains("could not compile"))
        {
            self.collector.run_error(GroupError::new(
                "cargo test",
                &said,
                &self.between.text(),
                Position::NOWHERE,
            ));
        }
        if others > 0 {
            let are = if others == 1 { "is" } else { "are" };
            self.collector.note(format!("{} {are} no event", counted(others, "line", "lines")));
        }
        self.collector.benchmarks(self.benchmarks);
    }
}

impl Suite {
    fn title(&self) -> &str {
        if self.name.is_empty() { "test binary 1" } else { &self.name }
    }
}

impl Nextest {
    fn key(&self) -> Option<String> {
        Some(format!("{}::{}", self.package.as_ref()?, self.binary.as_ref()?))
    }
}

/// What cargo says that it runs: `Running tests/it.rs (target/debug/deps/it-0123)`.
fn binary(text: &str) -> Option<String> {
    if let Some(package) = text.strip_prefix("Doc-tests ") {
        return Some(format!("doc-tests {package}"));
    }
    let what = text.strip_prefix("Running ")?;
    let (source, target) = what.rsplit_once(" (")?;
    let stem = target.strip_suffix(')')?.rsplit(['/', '\\']).next()?;
    let name = stem.rsplit_once('-').map_or(stem, |(name, _)| name);
    Some(if source.starts_with("unittests") { format!("{name} (unit tests)") } else { name.to_owned() })
}

/// What nextest calls a binary in its filters, told by `crate::binary`; without the kind of the binary that is a guess.
fn binary_id(key: &str, kind: Option<&str>) -> String {
    let key = key.split("@stress-").next().unwrap_or(key);
    let Some((package, binary)) = key.split_once("::") else {
        return key.to_owned();
    };
    match kind {
        Some("lib" | "proc-macro") => package.to_owned(),
        Some("test") => key.to_owned(),
        Some(kind) => format!("{package}::{kind}/{binary}"),
        // The name of a library has no hyphen.
        None if package.replace('-', "_") == binary => package.to_owned(),
        None => key.to_owned(),
    }
}

/// What a test panicked with: the line behind the one that says so.
fn panicked(stdout: &str) -> Option<&str> {
    let mut lines = stdout.lines().skip_while(|line| !line.contains(" panicked at "));
    let first = lines.next()?;
    // Older versions have it on the same line, in quotes.
    let (_, place) = first.split_once(" panicked at ")?;
    match place.strip_prefix('\'').and_then(|text| text.rsplit_once('\'')) {
        Some((message, _)) => Some(message),
        None => lines.next().map(str::trim),
    }
}
