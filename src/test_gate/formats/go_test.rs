//! `go test -json`: events of packages and their tests, one a line.
//!
//! A test with subtests is a suite and counts only where it failed and none of them did. Repeats within one run of a package
//! (`-count`) are tests of their own; a package that is run again in the same stream holds further attempts.
//! The stream has no end of its own: only a package that began and did not end shows that it was cut off.

mod builds;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use serde::Deserialize;

use self::builds::Builds;
use super::Format;
use super::events::{Events, Tail, follow};
use crate::attempts::State;
use crate::collector::{Collector, GroupError, Repetition};
use crate::execution::{Execution, micros};
use crate::producer::Producer;
use crate::rerun;
use devops_benchmarks::Stream;
use devops_core::Location;
use devops_core::words::counted;
use devops_reading::hash::hash_of;
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

pub(crate) const FORMAT: Format =
    Format { name: "go test", is, read: |source, collector| read(source, collector) };

/// How an event begins.
const BEGINNINGS: [&str; 3] = ["{\"Time\":\"", "{\"Action\":\"", "{\"ImportPath\":\""];

fn is(shape: &Shape) -> bool {
    match shape {
        Shape::Json(json) | Shape::JsonLines(json) => {
            json.has(&["Action"])
                && (json.has(&["Package"]) || json.has(&["ImportPath"]) || json.has(&["Test"]))
        }
        // Messages of the go command may stand before the first event.
        Shape::Text(lines) => lines.iter().any(|line| is_event(line)) || is_unbuilt(lines),
        _ => false,
    }
}

fn is_event(line: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning)) && line.contains("\"Action\":\"")
}

/// Whether nothing could be built: older versions of go then print no event at all.
fn is_unbuilt(lines: &[String]) -> bool {
    let is_for_people = |line: &String| {
        ["=== RUN", "--- ", "ok  \t"].iter().any(|mark| line.starts_with(mark))
            || line.starts_with("FAIL\t") && builds::unbuilt(line).is_none()
    };
    lines.iter().any(|line| builds::unbuilt(line).is_some()) && !lines.iter().any(is_for_people)
}

pub(crate) fn read(source: impl Read, collector: &mut Collector) {
    let mut reader = Reader {
        collector,
        packages: BTreeMap::new(),
        builds: Builds::default(),
        between: Tail::default(),
        benchmarks: Stream::default(),
    };
    let others = follow(source, &mut reader);
    reader.finish(others);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: Option<String>,
    package: Option<String>,
    import_path: Option<String>,
    test: Option<String>,
    elapsed: Option<f64>,
    output: Option<String>,
    failed_build: Option<String>,
}

/// A package while it runs.
#[derive(Debug, Default)]
struct Package {
    /// Tests that began and did not end.
    open: BTreeMap<String, Test>,
    /// Hashes of the names that were met in this run.
    met: HashSet<u64>,
    output: Tail,
    red: u64,
    failed_build: Option<String>,
}

/// A test while it runs.
#[derive(Debug, Default)]
struct Test {
    output: Tail,
    /// The first output that stands behind a place in a test's source, and the place.
    said: Option<(String, Location)>,
    has_subtests: bool,
    has_red_subtest: bool,
    is_paused: bool,
    line: u64,
    /// Seconds.
    elapsed: Option<f64>,
}

struct Reader<'a> {
    collector: &'a mut Collector,
    packages: BTreeMap<String, Package>,
    builds: Builds,
    /// Lines that are no events.
    between: Tail,
    benchmarks: Stream,
}

impl Events for Reader<'_> {
    type Event = Event;
    const MARK: &'static str = "\"Action\"";
    const BEGINNINGS: &'static [&'static str] = &BEGINNINGS;

    fn event(&mut self, event: Event, line: u64) -> bool {
        let Some(action) = event.action.as_deref() else {
            return false;
        };
        self.builds.event();
        if matches!(action, "build-output" | "build-fail") {
            let path = event.import_path.unwrap_or_default();
            if action == "build-fail" {
                self.builds.fail(&path);
            }
            self.builds.output(&path, event.output.as_deref().unwrap_or_default());
            return true;
        }
        let package = event.package.clone().unwrap_or_default();
        if let ("output", Some(output)) = (action, &event.output) {
            self.benchmarks.go(&package, output, line);
        }
        match event.test.clone().filter(|test| !test.is_empty()) {
            Some(test) => self.test(&package, &test, &event, line),
            None => self.package(package, action, &event, line),
        }
        true
    }

    fn text(&mut self, text: &str) {
        self.between.push_line(text);
        self.builds.text(text);
    }

    fn trouble(&mut self, trouble: Trouble) {
        self.collector.trouble(trouble);
    }
}

impl Reader<'_> {
    /// An event of a package as a whole.
    fn package(&mut self, name: String, action: &str, event: &Event, line: u64) {
        match action {
            "start" => {
                self.close(&name, None, line);
                self.packages.insert(name, Package::default());
            }
            "output" => {
                let output = event.output.as_deref().unwrap_or_default();
                self.packages.entry(name).or_default().output.push(output);
            }
            "pass" | "skip" | "bench" => {
                self.packages.entry(name.clone()).or_default();
                self.close(&name, Some(true), line);
            }
            "fail" => {
                self.packages.entry(name.clone()).or_default();
                let package = self.packages.entry(name.clone()).or_default();
                package.failed_build.clone_from(&event.failed_build);
                self.close(&name, Some(false), line);
            }
            "run" | "pause" | "cont" | "attr" | "artifacts" => {}
            other => self.collector.trouble(unknown(other, line)),
        }
    }

    /// An event of a test.
    fn test(&mut self, name: &str, test: &str, event: &Event, line: u64) {
        let action = event.action.as_deref().unwrap_or_default();
        let package = self.packages.entry(name.to_owned()).or_default();
        let state = match action {
            "run" => {
                if let Some(parent) =
                    parent(test, &package.open).and_then(|parent| package.open.get_mut(&parent))
                {
                    parent.has_subtests = true;
                }
                let before = package.open.insert(test.to_owned(), Test { line, ..Test::default() });
                // A benchmark ends without an event, and another one of its name may follow.
                if let Some(mut before) = before.filter(|_| !is_benchmark(test)) {
                    let state = before.unfinished(test);
                    self.done(name, test, before, state);
                }
                return;
            }
            "pause" | "cont" => {
                if let Some(open) = package.open.get_mut(test) {
                    open.is_paused = action == "pause";
                }
                return;
            }
            "output" => {
                let output = event.output.as_deref().unwrap_or_default();
                match package.open.get_mut(test) {
                    Some(open) => open.say(output),
                    None => package.output.push(output),
                }
                return;
            }
            "attr" | "artifacts" => return,
            "bench" | "pass" => State::Passed,
            "fail" => State::Failed,
            "skip" => State::Skipped,
            other => return self.collector.trouble(unknown(other, line)),
        };
        let mut open = package.open.remove(test).unwrap_or(Test { line, ..Test::default() });
        open.elapsed = event.elapsed;
        self.done(name, test, open, state);
    }

    /// A test ended.
    fn done(&mut self, name: &str, test: &str, open: Test, state: State) {
        let package = self.packages.entry(name.to_owned()).or_default();
        if state.is_red()
            && let Some(parent) = parent(test, &package.open).and_then(|parent| package.open.get_mut(&parent))
        {
            parent.has_red_subtest = true;
        }
        if is_benchmark(test) && !state.is_red() {
            return;
        }
        if open.has_subtests && (open.has_red_subtest || !state.is_red()) {
            self.collector.suite();
            // Go shows the panic of a subtest as output of the test around it, and no other test of the package ran.
            let output = if state.is_red() { open.output.text() } else { String::new() };
            if let Some(panic) = output.lines().find(|line| line.starts_with("panic: ")) {
                let at = Position { line: open.line, column: 1 };
                self.collector.run_error(GroupError::new(&format!("{name} > {test}"), panic, &output, at));
            }
            return;
        }
        package.red += u64::from(state.is_red());
        let execution = open.execution(name, test, state);
        let hash = hash_of(test);
        // A repeat within one run of a package is no attempt: each of them must pass. A second run of it may be one.
        let is_first = package.met.insert(hash);
        let repetition =
            if is_first { self.collector.repetition(hash_of(&(name, hash))) } else { Repetition::Row };
        self.collector.repeated(&execution, repetition);
    }

    /// A package ended, or did not: `None`.
    fn close(&mut self, name: &str, passed: Option<bool>, line: u64) {
        let Some(package) = self.packages.get_mut(name) else { return };
        self.collector.suite();
        let open = std::mem::take(&mut package.open);
        let unfinished = open.len() as u64;
        let names: Vec<String> = open.keys().cloned().collect();
        for (test, mut open) in open {
            let inner = format!("{test}/");
            let is_around = open.has_subtests && names.iter().any(|name| name.starts_with(&inner));
            if is_around || is_benchmark(&test) && passed == Some(true) {
                continue;
            }
            let state = open.unfinished(&test);
            self.done(name, &test, open, state);
        }
        let Some(package) = self.packages.remove(name) else { return };
        let at = Position { line, column: 1 };
        match passed {
            Some(true) => {}
            Some(false) if package.red > 0 => {}
            Some(false) => {
                let output = package.output.text();
                let build = package.failed_build.as_deref();
                if build.is_some() || output.lines().any(|line| builds::unbuilt(line).is_some()) {
                    return self.builds.package(name, build, &output, at);
                }
                let between = self.between.text();
                let output = if output.lines().count() <= 1 && !between.is_empty() {
                    format!("{between}\n{output}")
                } else {
                    output
                };
                let error = GroupError::new(name, &reason(&output), &output, at);
                self.collector.run_error(error.rerun(rerun::package(name)));
            }
            None => self.collector.trouble(Trouble::line(
                line,
                format!(
                    "cut off: the package {name} did not end, {} of it began and did not",
                    counted(unfinished, "test", "tests")
                ),
            )),
        }
    }

    fn finish(mut self, others: u64) {
        let names: Vec<String> = self.packages.keys().cloned().collect();
        for name in names {
            self.close(&name, None, 0);
        }
        std::mem::take(&mut self.builds).finish(&self.between.text(), self.collector);
        if others > 0 {
            self.collector.note(format!("{} no event", are(others)));
        }
        self.collector.benchmarks(self.benchmarks);
    }
}

impl Test {
    /// Takes a line of output.
    fn say(&mut self, output: &str) {
        let text = output.trim();
        if ["=== RUN", "=== PAUSE", "=== CONT", "=== NAME", "--- PASS: ", "--- FAIL: ", "--- SKIP: "]
            .iter()
            .any(|mark| text.starts_with(mark))
        {
            return;
        }
        if self.said.is_none() {
            self.said = said(text);
        }
        self.output.push(output);
    }

    /// What a test is that did not end before its package did.
    fn unfinished(&mut self, test: &str) -> State {
        let output = self.output.text();
        // Where a test prints no line feed at its end, older versions of go miss the event.
        let says = |word: &str| output.contains(&format!("--- {word}: {test} ("));
        let known = [("FAIL", State::Failed), ("SKIP", State::Skipped), ("PASS", State::Passed)];
        if let Some((_, state)) = known.into_iter().find(|(word, _)| says(word)) {
            return state;
        }
        let because = telling(&output).map_or_else(String::new, |line| format!(": {line}"));
        let place = self.said.take().map_or_else(|| Location::file(""), |(_, place)| place);
        self.said = Some((format!("it did not finish{because}"), place));
        if self.is_paused { State::NotRun } else { State::Errored }
    }

    fn execution(self, package: &str, test: &str, state: State) -> Execution {
        let mut execution = Execution::new(test, state);
        package.clone_into(&mut execution.classname);
        execution.producer = Some(Producer::Go);
        execution.micros = self.elapsed.and_then(micros);
        execution.at = Some(Position { line: self.line, column: 1 });
        if state == State::Passed {
            return execution;
        }
        execution.detail = self.output.text();
        if let Some((message, place)) = self.said {
            execution.message = message;
            let is_bare = !place.path.contains(['/', '\\']);
            let folder = Some(folder(package)).filter(|folder| is_bare && !folder.is_empty());
            let path = folder.map_or_else(|| place.path.clone(), |folder| format!("{folder}/{}", place.path));
            execution.place = Some(Location { path, ..place }).filter(|place| place.line.is_some());
        } else if let Some(line) = telling(&execution.detail) {
            line.clone_into(&mut execution.message);
        }
        if execution.place.is_none() {
            execution.place = execution.detail.lines().find_map(|line| place(line.trim()));
        }
        execution
    }
}

/// The innermost test around this one that is open; the name of a subtest may hold a slash itself.
fn parent(test: &str, open: &BTreeMap<String, Test>) -> Option<String> {
    test.rmatch_indices('/')
        .filter_map(|(index, _)| test.get(..index))
        .find(|parent| open.contains_key(*parent))
        .map(str::to_owned)
}

fn is_benchmark(test: &str) -> bool {
    test.starts_with("Benchmark")
}

/// The folder of a package within its repository, as far as its import path shows it: go prints the file's name alone.
fn folder(package: &str) -> String {
    if let Some(path) = package.strip_prefix('_') {
        return path.to_owned();
    }
    let parts: Vec<&str> = package.split('/').collect();
    let repository = match parts.first() {
        Some(&("github.com" | "gitlab.com" | "bitbucket.org" | "codeberg.org" | "golang.org")) => 3,
        Some(host) if host.contains('.') => 2,
        _ => 1,
    };
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let skipped = repository + usize::from(parts.get(repository).is_some_and(|part| is_version(part)));
    parts.get(skipped..).unwrap_or_default().join("/")
}

/// `a_test.go:12: text`, as the methods of a test print it.
fn said(line: &str) -> Option<(String, Location)> {
    let (file, rest) = line.split_once(".go:")?;
    let (number, text) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let line = number.parse().ok()?;
    (!file.contains(' ')).then(|| (text.trim().to_owned(), Location::line(format!("{file}.go"), line)))
}

/// A place in a test's source within a trace.
fn place(line: &str) -> Option<Location> {
    let (file, rest) = line.split_once("_test.go:")?;
    let file = file.rsplit([' ', '\t']).next().unwrap_or_default();
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    Some(Location::line(format!("{file}_test.go"), digits.parse().ok()?))
}

/// The line of an output that best explains what went wrong.
fn telling(output: &str) -> Option<&str> {
    let lines = || output.lines().map(str::trim).filter(|line| !line.is_empty());
    let marks = ["panic: ", "fatal error: ", "WARNING: DATA RACE", "signal: "];
    lines()
        .find(|line| marks.iter().any(|mark| line.starts_with(mark)))
        .or_else(|| lines().find(|line| !line.starts_with("--- ")))
}

/// Why a package failed that has no failed test.
fn reason(output: &str) -> String {
    let lines = || output.lines().map(str::trim);
    let found = |mark: &str| lines().find(|line| line.contains(mark));
    let last = || {
        lines().rfind(|line| {
            !line.is_empty() && !line.starts_with(['#']) && !line.starts_with("FAIL") && *line != "PASS"
        })
    };
    let marks = ["panic: ", "fatal error: ", "WARNING: DATA RACE", "signal: "];
    let is_unbuilt = lines().any(|line| builds::unbuilt(line).is_some());
    let (what, why) = if is_unbuilt {
        let compiler = lines().find(|line| line.contains(".go:") && !line.starts_with('#'));
        ("its build failed", compiler.or_else(last))
    } else {
        let why = marks.into_iter().find_map(found).or_else(|| found("exit status ")).or_else(last);
        ("it failed, and none of its tests did", why)
    };
    match why {
        Some(why) => format!("{what}: {}", why.replace('\t', " ")),
        None if is_unbuilt => {
            format!("{what}; the compiler's errors went to standard error and are not in the report")
        }
        None => what.to_owned(),
    }
}

fn unknown(action: &str, line: u64) -> Trouble {
    Trouble::line(line, format!("unknown action of a test `{action}`"))
}

fn are(lines: u64) -> String {
    format!("{} {}", counted(lines, "line", "lines"), if lines == 1 { "is" } else { "are" })
}
