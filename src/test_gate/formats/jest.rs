//! Reads the JSON of jest (`--json`) and vitest (`--reporter=json`), file by file.
//!
//! A file that could not be run has no assertion results; its own status says so, and so does `success`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, MapAccess};

use super::Format;
use super::values::{Few, Flag, Number, Text, json};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::Execution;
use crate::producer::Producer;
use crate::rerun;
use crate::trace;
use devops_core::words::count;
use devops_reading::excerpt::without_colours;
use devops_reading::hash::hash_of;
use devops_reading::json::{Fields, Object, documents, each, each_object, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "jest JSON",
    is: |shape: &Shape| {
        json(shape).is_some_and(|json| {
            let has_results = json.has(&["testResults", "[]", "assertionResults"]);
            has_results || (json.has(&["numTotalTests"]) && json.has(&["numTotalTestSuites"]))
        })
    },
    read: |source, collector| {
        let shown = RefCell::new(Shown { collector, tests: 0, failed: 0, broken: 0, suites: 0 });
        let result = documents(source, |reader| {
            let mut report = Report::new(&shown);
            Fields(&mut report).deserialize(reader)?;
            report.finish();
            Ok(())
        });
        if let Err(trouble) = result {
            shown.borrow_mut().collector.trouble(trouble);
        }
    },
};

/// Maximum number of tests of a file that wait for its name, which stands behind them.
const WAITING: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Assertion {
    ancestor_titles: Few<Text>,
    title: Text,
    status: Text,
    duration: Number,
    failure_messages: Few<Text>,
    location: Option<Place>,
    invocations: Number,
    retry_reasons: Few<Text>,
    meta: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    line: Number,
}

impl Assertion {
    /// Why earlier attempts failed. Jest says so in a list of its own, vitest among the failures of a test that passed at last.
    fn earlier(&self) -> &Few<Text> {
        if self.retry_reasons.count > 0 { &self.retry_reasons } else { &self.failure_messages }
    }

    /// How it ended; `None` where a word is not known.
    fn state(&self) -> Option<State> {
        Some(match self.status.0.as_str() {
            "failed" => State::Failed,
            _ if !self.failure_messages.first.is_empty() && self.status.0 != "passed" => State::Failed,
            "passed" if self.invocations.count() > 1 || self.earlier().count > 0 => State::Flaky,
            "passed" => State::Passed,
            "pending" | "skipped" | "todo" | "disabled" => State::Skipped,
            _ => return None,
        })
    }

    fn execution(self, state: State) -> Execution {
        let titles: Vec<&str> = self.ancestor_titles.iter().map(|title| title.0.as_str()).collect();
        let reasons = if state == State::Flaky { self.earlier() } else { &self.failure_messages };
        let is_flaky = state == State::Flaky;
        let attempts = if is_flaky { self.earlier().count } else { self.retry_reasons.count } + 1;
        let (message, _) = parts(reasons.first.first().map_or("", |text| text.0.as_str()));
        let detail: Vec<&str> = reasons.iter().map(|text| text.0.as_str()).collect();
        Execution {
            // Jest itself joins names by spaces.
            classname: titles.join(if self.meta.is_some() { " > " } else { " " }),
            line: self.location.as_ref().and_then(|place| place.line.whole()),
            micros: self.duration.micros(1e-3),
            attempts: self.invocations.count().max(attempts),
            message,
            detail: without_colours(&detail.join("\n")),
            producer: Some(if self.meta.is_some() { Producer::Vitest } else { Producer::Jest }),
            // All invocations are listed here; another test of this name is another one.
            ..Execution::new(self.title.0, state)
        }
    }
}

/// The message in front of a trace, and the whole, without colours.
fn parts(text: &str) -> (String, String) {
    let text = without_colours(text);
    let message: Vec<&str> = text.lines().take_while(|line| !line.trim_start().starts_with("at ")).collect();
    (message.join("\n").trim().to_owned(), text)
}

/// What the report has shown so far.
struct Shown<'a> {
    collector: &'a mut Collector,
    tests: u64,
    failed: u64,
    broken: u64,
    /// Files with failed tests, and blocks with them.
    suites: u64,
}

/// One test file.
struct File<'a, 'b> {
    shown: &'a RefCell<Shown<'b>>,
    waiting: Vec<Execution>,
    name: Text,
    status: Text,
    message: Text,
    tests: u64,
    red: u64,
    /// Blocks with failed tests, by hash.
    blocks: BTreeSet<u64>,
}

impl<'a, 'b> File<'a, 'b> {
    fn new(shown: &'a RefCell<Shown<'b>>) -> Self {
        let (name, status, message) = Default::default();
        Self { shown, waiting: Vec::new(), name, status, message, tests: 0, red: 0, blocks: BTreeSet::new() }
    }

    fn assertion(&mut self, assertion: Assertion) {
        self.tests += 1;
        let Some(state) = assertion.state() else {
            let what = format!("unknown status `{}` of `{}`", assertion.status.0, assertion.title.0);
            return self.shown.borrow_mut().collector.trouble(Trouble::whole(what));
        };
        if state.is_red() {
            self.red += 1;
            let mut block = 0;
            for title in assertion.ancestor_titles.iter() {
                block = hash_of(&(block, &title.0));
                self.blocks.insert(block);
            }
        }
        self.waiting.push(assertion.execution(state));
        if self.waiting.len() >= WAITING {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let file = trace::tidy(&self.name.0);
        let shown = &mut *self.shown.borrow_mut();
        for mut execution in self.waiting.drain(..) {
            execution.file.clone_from(&file);
            shown.collector.test(&execution);
        }
    }

    /// What the file says of itself, when all of it is read.
    fn finish(mut self) {
        self.hand_over();
        let shown = &mut *self.shown.borrow_mut();
        shown.collector.suite();
        shown.tests += self.tests;
        shown.failed += self.red;
        shown.suites += self.blocks.len() as u64 + u64::from(self.red > 0 || self.status.0 == "failed");
        match self.status.0.as_str() {
            "failed" if self.red == 0 => {
                shown.broken += 1;
                let (message, detail) = parts(&self.message.0);
                let reason = message
                    .lines()
                    .map(str::trim)
                    .find(|line| !line.is_empty() && !line.starts_with('●'))
                    .unwrap_or("the file failed, but none of its tests did");
                let name = trace::tidy(&self.name.0);
                // Jest paints a dot before what it has to say; vitest writes the error itself.
                let producer = if message.contains('●') { Producer::Jest } else { Producer::Vitest };
                let error = GroupError::new(&name, reason, &detail, Position::NOWHERE);
                shown.collector.broken_suite(error.rerun(rerun::file(producer, &name)));
            }
            "failed" | "passed" | "focused" | "skipped" | "pending" | "todo" | "disabled" => {}
            "" if self.tests > 0 => {}
            other => {
                let what = format!("unknown status `{other}` of the file `{}`", self.name.0);
                shown.collector.trouble(Trouble::whole(what));
            }
        }
    }
}

impl Object for File<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "assertionResults" => return map.next_value_seed(each(|assertion| self.assertion(assertion))),
            "name" => self.name = map.next_value()?,
            "status" => self.status = map.next_value()?,
            "message" => self.message = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// A report, and what it claims.
struct Report<'a, 'b> {
    shown: &'a RefCell<Shown<'b>>,
    has_results: bool,
    success: Option<Flag>,
    was_interrupted: Flag,
    tests: Number,
    failed: Number,
    broken: Number,
    suites: Number,
}

impl<'a, 'b> Report<'a, 'b> {
    fn new(shown: &'a RefCell<Shown<'b>>) -> Self {
        let mut before = shown.borrow_mut();
        (before.tests, before.failed, before.broken, before.suites) = (0, 0, 0, 0);
        let none = Number::default();
        Self {
            shown,
            has_results: false,
            success: None,
            was_interrupted: Flag(false),
            tests: none,
            failed: none,
            broken: none,
            suites: none,
        }
    }

    /// Compares what the report claims with what it has shown.
    fn finish(self) {
        let Shown { collector, tests, failed, broken, suites } = &mut *self.shown.borrow_mut();
        if !self.has_results {
            collector.trouble(Trouble::whole("the list `testResults` is missing"));
        }
        let run_error = |what: String| GroupError::new("jest", &what, "", Position::NOWHERE);
        if self.was_interrupted.0 {
            collector.run_error(run_error("the run was interrupted".to_owned()));
        }
        let claimed = self.failed.count();
        if claimed > *failed {
            let what = format!("the report names {}, its tests show {failed}", count(claimed, "failed test"));
            collector.run_error(run_error(what));
        }
        let claimed = self.broken.count();
        if claimed > *broken {
            let what = format!(
                "the report names {}, its files show {broken}",
                count(claimed, "file that could not be run")
            );
            collector.run_error(run_error(what));
        } else if self.success == Some(Flag(false)) && *failed + *broken == 0 {
            let what = "the report says that the run failed, though no test did; obsolete snapshots, a threshold or an empty run do that";
            collector.run_error(run_error(what.to_owned()));
        }
        // Vitest counts blocks as suites: one that failed without a failed test could not be set up or torn down. A file that failed
        // so says it itself.
        let claimed = self.suites.count();
        if claimed > *suites && *broken == 0 {
            let what = format!(
                "the report names {}, its tests show {suites}: a set-up or tear-down failed",
                count(claimed, "failed suite")
            );
            collector.suite_error(run_error(what));
        }
        let claimed = self.tests.count();
        if claimed > *tests {
            collector.note(format!("the report names {}, and shows {tests}", count(claimed, "test")));
        }
    }
}

impl Object for Report<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "testResults" => {
                self.has_results = true;
                return map.next_value_seed(each_object(|| File::new(self.shown), File::finish));
            }
            "success" => self.success = Some(map.next_value()?),
            "wasInterrupted" => self.was_interrupted = map.next_value()?,
            "numTotalTests" => self.tests = map.next_value()?,
            "numFailedTestSuites" => self.suites = map.next_value()?,
            "numFailedTests" => self.failed = map.next_value()?,
            "numRuntimeErrorTestSuites" => self.broken = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::checks::{counts, holds_in_a_row, read, survives};

    const SAMPLE: &str = r#"{"numFailedTestSuites": 2, "numFailedTests": 1, "numPassedTests": 2, "numPendingTests": 1, "numRuntimeErrorTestSuites": 1,
      "numTodoTests": 1, "numTotalTestSuites": 2, "numTotalTests": 5, "openHandles": [], "snapshot": {"failure": false}, "startTime": 1, "success": false,
      "testResults": [
        {"assertionResults": [
          {"ancestorTitles": ["cart"], "duration": 2, "failureDetails": [], "failureMessages": [], "fullName": "cart adds", "invocations": 1, "location": null, "numPassingAsserts": 1, "retryReasons": [], "status": "passed", "title": "adds"},
          {"ancestorTitles": ["cart", "items"], "duration": 3, "failureMessages": ["Error: \u001b[2mexpect(\u001b[22mreceived)\n\nExpected: 3\n    at Object.<anonymous> (/builds/g/p/src/cart.test.js:4:19)\n    at x (/builds/g/p/node_modules/a.js:1:1)"], "fullName": "cart items fails", "invocations": 1, "location": {"column": 3, "line": 3}, "retryReasons": [], "status": "failed", "title": "fails"},
          {"ancestorTitles": [], "duration": 1, "failureMessages": [], "fullName": "shaky", "invocations": 3, "location": null, "retryReasons": ["Error: once\n    at a (src/cart.test.js:9:9)", "Error: twice"], "status": "passed", "title": "shaky"},
          {"ancestorTitles": [], "duration": null, "failureMessages": [], "fullName": "left out", "location": null, "status": "pending", "title": "left out"},
          {"ancestorTitles": [], "failureMessages": [], "fullName": "to do", "status": "todo", "title": "to do"}],
         "endTime": 2, "message": "  \u25cf cart", "name": "/builds/g/p/src/cart.test.js", "startTime": 1, "status": "failed", "summary": ""},
        {"assertionResults": [], "coverage": {}, "endTime": 2, "message": "  \u25cf Test suite failed to run\n\n    Cannot find module './none'\n\n      at a (src/broken.test.js:1:7)", "name": "/builds/g/p/src/broken.test.js", "startTime": 1, "status": "failed", "summary": ""}],
      "wasInterrupted": false}"#;

    #[test]
    fn tests_and_broken_files_are_read() {
        let reading = read(&FORMAT, SAMPLE.as_bytes());
        assert_eq!(counts(&reading), [1, 1, 1, 1, 2, 0]);
        assert_eq!((reading.suites, reading.run_errored, reading.suite_errored), (2, 0, 1));
        assert_eq!(reading.suite_errors[0].name, "src/broken.test.js");
        assert_eq!(reading.suite_errors[0].message, "Cannot find module './none'");
        let failed = &reading.problems[0];
        assert_eq!(failed.test, "cart items fails");
        assert_eq!(failed.location.as_ref().unwrap().to_string(), "src/cart.test.js:4");
        assert_eq!(failed.message, "Error: expect(received)\n\nExpected: 3");
        assert_eq!(failed.rerun.as_deref(), Some("npx jest src/cart.test.js -t 'cart items fails'"));
        let flaky = &reading.problems[1];
        assert_eq!((flaky.attempts, flaky.message.as_str()), (3, "Error: once"));
    }

    #[test]
    fn what_the_run_says_is_not_passed_over() {
        let report = |head: &str, status: &str| {
            let test = r#"{"status": "passed", "title": "a", "meta": {}}"#;
            let file = format!(
                r#"{{"assertionResults": [{test}], "name": "a", "status": "{status}", "message": ""}}"#
            );
            format!(r#"{{"numTotalTestSuites": 1, "numTotalTests": 1, {head}, "testResults": [{file}]}}"#)
        };
        let errors = |head: &str, status: &str| {
            let reading = read(&FORMAT, report(head, status).as_bytes());
            (reading.suite_errored, reading.run_errored, reading.troubles.kept().len())
        };
        assert_eq!(errors(r#""success": true"#, "passed"), (0, 0, 0));
        assert_eq!(errors(r#""success": false"#, "passed"), (0, 1, 0));
        assert_eq!(errors(r#""success": true, "wasInterrupted": true"#, "passed"), (0, 1, 0));
        assert_eq!(errors(r#""success": true, "numFailedTests": 1"#, "passed"), (0, 1, 0));
        assert_eq!(errors(r#""success": true, "numRuntimeErrorTestSuites": 1"#, "passed"), (0, 1, 0));
        assert_eq!(errors(r#""success": false"#, "failed"), (1, 0, 0));
        assert_eq!(errors(r#""success": true"#, "odd"), (0, 0, 1));
        let word = SAMPLE.replace("\"todo\"", "\"odd\"");
        assert_eq!(read(&FORMAT, word.as_bytes()).troubles.kept().len(), 1);
    }

    #[test]
    fn a_failed_test_does_not_hide_the_set_up_of_another_block() {
        let report = |suites: u64| {
            format!(
                r#"{{"numTotalTests": 2, "numFailedTestSuites": {suites}, "numFailedTests": 1, "success": false, "testResults": [
                {{"name": "a.js", "status": "failed", "assertionResults": [
                {{"ancestorTitles": ["cart", "items"], "title": "a", "status": "failed", "failureMessages": ["x"], "meta": {{}}}},
                {{"ancestorTitles": ["login"], "title": "b", "status": "skipped", "failureMessages": [], "meta": {{}}}}]}}]}}"#
            )
        };
        let errors = |suites| read(&FORMAT, report(suites).as_bytes()).suite_errored;
        assert_eq!([1, 3, 4].map(errors), [0, 0, 1]);
    }

    #[test]
    fn a_pass_with_failure_messages_is_a_later_attempt_of_vitest() {
        let test = r#"{"title": "a", "status": "passed", "failureMessages": ["Error: once\n at a.js:1:1", "Error: twice"], "meta": {}}"#;
        let report = format!(
            r#"{{"numTotalTests": 1, "numTotalTestSuites": 1, "success": true, "testResults": [{{"name": "a.js", "status": "passed", "assertionResults": [{test}]}}]}}"#
        );
        let reading = read(&FORMAT, report.as_bytes());
        assert_eq!(counts(&reading), [0, 1, 0, 0, 0, 0]);
        assert_eq!((reading.problems[0].attempts, reading.problems[0].message.as_str()), (3, "Error: once"));
    }

    #[test]
    fn the_second_of_two_tests_of_a_name_is_no_second_attempt() {
        let twice = r#"{"numTotalTestSuites": 1, "numTotalTests": 2, "success": false, "testResults": [{"name": "a.js", "status": "failed", "assertionResults": [
            {"title": "a", "status": "failed", "failureMessages": ["x"]}, {"title": "a", "status": "passed", "failureMessages": []}]}]}"#;
        assert_eq!(counts(&read(&FORMAT, twice.as_bytes())), [1, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn what_holds_for_every_format() {
        holds_in_a_row(&FORMAT, SAMPLE);
        survives(&FORMAT, SAMPLE);
    }
}
