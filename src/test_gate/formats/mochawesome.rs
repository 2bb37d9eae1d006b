//! Reads mochawesome's JSON, as Cypress writes it too: suites nested to any depth that `serde_json` allows, with their hooks.

use std::cell::{Cell, RefCell};

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, MapAccess};

use super::Format;
use super::mocha::Wrong;
use super::values::{Flag, Number, Text, before, json};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::Execution;
use crate::producer::Producer;
use crate::rerun;
use devops_core::words::count;
use devops_reading::json::{Fields, Object, documents, each, each_object, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "mochawesome JSON",
    is,
    read: |source, collector| {
        let collector = RefCell::new(collector);
        let result = documents(source, |reader| {
            let shared = Shared {
                collector: &collector,
                failures: Cell::new(0),
                tests: Cell::new(0),
                absent: Cell::new(0),
            };
            let mut report = Report { shared: &shared, stats: None, has_results: false };
            Fields(&mut report).deserialize(reader)?;
            report.finish();
            Ok(())
        });
        if let Err(trouble) = result {
            collector.borrow_mut().trouble(trouble);
        }
    },
};

fn is(shape: &Shape) -> bool {
    let Some(json) = json(shape) else { return false };
    let has_suites = ["beforeHooks", "rootEmpty", "suites", "fullFile"]
        .iter()
        .any(|key| json.has(&["results", "[]", key]));
    has_suites || (json.has(&["results"]) && json.has(&["stats", "testsRegistered"]))
}

/// What all suites share.
struct Shared<'a, 'b> {
    collector: &'a RefCell<&'b mut Collector>,
    failures: Cell<u64>,
    tests: Cell<u64>,
    /// Tests that are registered and not there, as those that no pattern asked for.
    absent: Cell<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Test {
    title: Text,
    full_title: Text,
    duration: Number,
    state: Text,
    pass: Flag,
    fail: Flag,
    pending: Flag,
    skipped: Flag,
    err: Wrong,
}

impl Test {
    fn has_failed(&self) -> bool {
        self.fail.0 || self.state.0 == "failed"
    }

    /// How it ended; `None` where a word is not known.
    fn state(&self) -> Option<State> {
        Some(match self.state.0.as_str() {
            _ if self.has_failed() => State::Failed,
            "passed" if !self.err.is_empty() => State::Failed,
            "passed" => State::Passed,
            "pending" => State::Skipped,
            // Without a state it did not run, because a hook failed or the run ended before.
            "skipped" | "" if self.pass.0 => State::Passed,
            "skipped" | "" if self.pending.0 => State::Skipped,
            "skipped" | "" => State::NotRun,
            _ => return None,
        })
    }
}

impl Shared<'_, '_> {
    fn test(&self, test: &Test, suite: &Suite<'_, '_, '_>) {
        let mut collector = self.collector.borrow_mut();
        let Some(state) = test.state() else {
            let what = format!("unknown state `{}` of `{}`", test.state.0, test.full_title.0);
            return collector.trouble(Trouble::whole(what));
        };
        if state == State::NotRun && test.skipped.0 && !suite.is_broken {
            return self.absent.set(self.absent.get() + 1);
        }
        self.tests.set(self.tests.get() + u64::from(!test.skipped.0));
        self.failures.set(self.failures.get() + u64::from(state == State::Failed));
        let name = if test.title.is_empty() { &test.full_title.0 } else { &test.title.0 };
        collector.test(&Execution {
            classname: before(&test.full_title.0, &test.title.0),
            file: suite.file.trim_start_matches('/').to_owned(),
            micros: test.duration.micros(1e-3),
            message: test.err.message().to_owned(),
            detail: test.err.detail().to_owned(),
            producer: Some(Producer::Mocha),
            ..Execution::new(name.clone(), state)
        });
    }

    /// Whether the hook failed.
    fn hook(&self, hook: &Test) -> bool {
        if hook.has_failed() {
            self.failures.set(self.failures.get() + 1);
            let name = if hook.full_title.is_empty() { &hook.title.0 } else { &hook.full_title.0 };
            let error = GroupError::new(name, hook.err.message(), hook.err.detail(), Position::NOWHERE);
            self.collector.borrow_mut().broken_suite(error.rerun(rerun::around_hook(name, "")));
        }
        hook.has_failed()
    }
}

struct Suite<'a, 'b, 'c> {
    shared: &'a Shared<'b, 'c>,
    file: String,
    /// Whether a hook of it or around it failed, so that its other tests don't run.
    is_broken: bool,
}

impl Object for Suite<'_, '_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "file" => self.file = map.next_value::<Text>()?.0,
            "tests" => map.next_value_seed(each(|test: Test| self.shared.test(&test, self)))?,
            "beforeHooks" | "afterHooks" => {
                map.next_value_seed(each(|hook: Test| self.is_broken |= self.shared.hook(&hook)))?;
            }
            "suites" => {
                let make = || Suite { shared: self.shared, file: String::new(), is_broken: self.is_broken };
                map.next_value_seed(each_object(make, |_| self.shared.collector.borrow_mut().suite()))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    tests: Number,
    failures: Number,
}

struct Report<'a, 'b, 'c> {
    shared: &'a Shared<'b, 'c>,
    stats: Option<Stats>,
    has_results: bool,
}

impl Object for Report<'_, '_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "stats" => self.stats = Some(map.next_value()?),
            "results" => {
                self.has_results = true;
                let make = || Suite { shared: self.shared, file: String::new(), is_broken: false };
                map.next_value_seed(each_object(make, drop))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Report<'_, '_, '_> {
    fn finish(self) {
        let mut collector = self.shared.collector.borrow_mut();
        if !self.has_results {
            collector.trouble(Trouble::whole("the list `results` is missing"));
        }
        let Some(stats) = self.stats else {
            return collector.trouble(Trouble::whole("the statistics are missing"));
        };
        let (claimed, shown) = (stats.failures.count(), self.shared.failures.get());
        if claimed > shown {
            let what = format!("stats name {}, the report shows {shown}", count(claimed, "failure"));
            collector.suite_error(GroupError::new("mochawesome", &what, "", Position::NOWHERE));
        }
        let absent = self.shared.absent.get();
        if absent > 0 {
            let verb = if absent == 1 { "was" } else { "were" };
            collector.note(format!(
                "{} {verb} registered and not run, e.g. because of a pattern",
                count(absent, "test")
            ));
        }
        let (claimed, shown) = (stats.tests.count(), self.shared.tests.get());
        if claimed > shown {
            collector.note(format!("stats name {}, the report shows {shown}", count(claimed, "test")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::checks::{counts, holds_in_a_row, read, survives};

    const SAMPLE: &str = r#"{"stats": {"suites": 2, "tests": 3, "passes": 1, "pending": 1, "failures": 1, "testsRegistered": 4, "other": 1, "skipped": 1},
      "results": [{"uuid": "u", "title": "", "fullFile": "", "file": "", "beforeHooks": [], "afterHooks": [], "tests": [],
        "suites": [{"uuid": "v", "title": "cart", "fullFile": "/builds/g/p/test/cart.js", "file": "/test/cart.js",
          "beforeHooks": [{"title": "\"before all\" hook", "fullTitle": "cart \"before all\" hook", "state": "passed", "pass": false, "fail": false, "isHook": true, "err": {}}],
          "afterHooks": [],
          "tests": [
            {"title": "adds", "fullTitle": "cart adds", "duration": 2, "state": "passed", "pass": true, "fail": false, "pending": false, "context": "\"x\"", "err": {}, "skipped": false},
            {"title": "fails", "fullTitle": "cart fails", "duration": 1, "state": "failed", "pass": false, "fail": true, "pending": false,
             "err": {"message": "AssertionError: 1 == 2", "estack": "AssertionError: 1 == 2\n    at Context.<anonymous> (test/cart.js:7:3)", "diff": "-1\n+2"}, "skipped": false},
            {"title": "later", "fullTitle": "cart later", "duration": 0, "state": "pending", "pass": false, "fail": false, "pending": true, "err": {}, "skipped": false}],
          "suites": [{"title": "till", "file": "/test/cart.js", "suites": [],
            "beforeHooks": [{"title": "\"before each\" hook for \"pays\"", "fullTitle": "cart till \"before each\" hook for \"pays\"", "state": "failed", "fail": true,
              "isHook": true, "err": {"message": "no till", "estack": "Error: no till"}}],
            "tests": [{"title": "pays", "fullTitle": "cart till pays", "duration": 0, "state": null, "pass": false, "fail": false, "pending": false, "err": {}, "skipped": true}]}]}]}],
      "meta": {"mocha": {"version": "10"}}}"#;

    #[test]
    fn nested_suites_and_their_hooks_are_read() {
        let reading = read(&FORMAT, SAMPLE.as_bytes());
        assert_eq!(counts(&reading), [1, 0, 1, 1, 1, 1]);
        assert_eq!(reading.suites, 2);
        assert_eq!(reading.suite_errors[0].message, "no till");
        assert_eq!(reading.problems[0].location.as_ref().unwrap().to_string(), "test/cart.js:7");
        assert_eq!(reading.problems[0].rerun.as_deref(), Some("npx mocha test/cart.js -g 'cart fails'"));
        let claims = r#"{"stats": {"testsRegistered": 1, "failures": 1, "tests": 1}, "results": []}"#;
        assert_eq!(read(&FORMAT, claims.as_bytes()).suite_errored, 1);
        let word =
            SAMPLE.replace("\"state\": \"passed\", \"pass\": true", "\"state\": \"odd\", \"pass\": true");
        assert_eq!(read(&FORMAT, word.as_bytes()).troubles.kept().len(), 1);
    }

    #[test]
    fn what_holds_for_every_format() {
        holds_in_a_row(&FORMAT, SAMPLE);
        survives(&FORMAT, SAMPLE);
    }
}
