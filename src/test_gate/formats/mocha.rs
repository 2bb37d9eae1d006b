//! Reads mocha's JSON: `tests` names every test, `pending`, `failures` and `passes` say how they ended.
//!
//! A hook that failed stands among the failures only. Lists are compared by hashes, whatever their order.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, MapAccess};

use super::Format;
use super::values::{Number, Text, before, json};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::Execution;
use crate::producer::Producer;
use crate::rerun;
use crate::trace;
use devops_core::words::count;
use devops_reading::hash::hash_of;
use devops_reading::json::{Fields, Object, documents, each, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "mocha JSON",
    is,
    read: |source, collector| {
        let result = documents(source, |reader| {
            let mut report = Report::new(collector);
            Fields(&mut report).deserialize(reader)?;
            report.finish();
            Ok(())
        });
        if let Err(trouble) = result {
            collector.trouble(trouble);
        }
    },
};

fn is(shape: &Shape) -> bool {
    let Some(json) = json(shape) else { return false };
    let has_list =
        ["tests", "failures", "passes", "pending"].iter().any(|list| json.has(&[list, "[]", "fullTitle"]));
    let has_lists = json.has(&["tests"]) || json.has(&["failures"]);
    has_list || (json.has(&["stats", "passes"]) && has_lists)
}

/// What went wrong, as mocha and mochawesome write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wrong {
    message: Text,
    stack: Text,
    estack: Text,
}

impl Wrong {
    pub(super) fn is_empty(&self) -> bool {
        self.message.is_empty() && self.stack.is_empty() && self.estack.is_empty()
    }

    pub(super) fn detail(&self) -> &str {
        if self.stack.is_empty() { &self.estack.0 } else { &self.stack.0 }
    }

    pub(super) fn message(&self) -> &str {
        if self.message.is_empty() {
            self.detail().lines().next().unwrap_or_default()
        } else {
            &self.message.0
        }
    }
}

/// Whether a title is that of a hook, as `"before each" hook for "adds"`.
pub(super) fn is_hook(title: &str) -> bool {
    ["\"before all\" hook", "\"before each\" hook", "\"after all\" hook", "\"after each\" hook"]
        .iter()
        .any(|hook| title.starts_with(hook))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item {
    title: Text,
    full_title: Text,
    file: Text,
    duration: Number,
    current_retry: Number,
    err: Wrong,
}

impl Item {
    fn hash(&self) -> u64 {
        hash_of(&(&self.full_title.0, &self.title.0, &self.file.0))
    }

    fn execution(&self, state: State) -> Execution {
        let name = if self.title.is_empty() { &self.full_title.0 } else { &self.title.0 };
        Execution {
            classname: before(&self.full_title.0, &self.title.0),
            file: self.file.0.clone(),
            micros: self.duration.micros(1e-3),
            attempts: self.current_retry.count().saturating_add(1),
            message: self.err.message().to_owned(),
            detail: self.err.detail().to_owned(),
            producer: Some(Producer::Mocha),
            // Only the last attempt is reported; another test of this name is another one.
            ..Execution::new(name.clone(), state)
        }
    }
}

/// What the lists say of the tests of one name.
#[derive(Default)]
struct Said {
    /// In `tests`, and how many of them with an error.
    listed: u32,
    wrong: u32,
    /// In the lists of outcomes, and how many of them in `failures`.
    ended: u32,
    failed: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    suites: Number,
    tests: Number,
    failures: Number,
}

struct Report<'a> {
    collector: &'a mut Collector,
    said: HashMap<u64, Said>,
    stats: Option<Stats>,
    lists: u8,
    failures: u64,
    ended: u64,
}

impl<'a> Report<'a> {
    fn new(collector: &'a mut Collector) -> Self {
        Self { collector, said: HashMap::new(), stats: None, lists: 0, failures: 0, ended: 0 }
    }

    fn listed(&mut self, item: &Item) {
        let said = self.said.entry(item.hash()).or_default();
        said.listed += 1;
        said.wrong += u32::from(!item.err.is_empty());
    }

    fn failed(&mut self, item: &Item) {
        self.failures += 1;
        if is_hook(&item.title.0) {
            let name = if item.full_title.is_empty() { &item.title } else { &item.full_title };
            let error = GroupError::new(&name.0, item.err.message(), item.err.detail(), Position::NOWHERE);
            let rerun = rerun::around_hook(&name.0, &trace::tidy(&item.file.0));
            return self.collector.broken_suite(error.rerun(rerun));
        }
        let said = self.said.entry(item.hash()).or_default();
        said.failed += 1;
        if said.failed > 1 && said.listed > 0 && said.ended >= said.listed {
            // It failed again after it had failed, as a test that calls back twice does.
            return;
        }
        said.ended += 1;
        self.ended += 1;
        self.collector.test(&item.execution(State::Failed));
    }

    fn passed(&mut self, item: &Item) {
        let said = self.said.entry(item.hash()).or_default();
        if said.failed > 0 && said.listed > 0 && said.ended >= said.listed {
            // It passed before it failed.
            return;
        }
        said.ended += 1;
        self.ended += 1;
        let state = if item.current_retry.count() > 0 { State::Flaky } else { State::Passed };
        self.collector.test(&item.execution(state));
    }

    fn pending(&mut self, item: &Item) {
        self.said.entry(item.hash()).or_default().ended += 1;
        self.ended += 1;
        self.collector.test(&item.execution(State::Skipped));
    }

    /// Compares the lists with one another, and with the statistics.
    fn finish(self) {
        let collector = self.collector;
        if self.lists & 0b1110 != 0b1110 {
            collector
                .trouble(Trouble::whole("one of the lists `pending`, `failures` and `passes` is missing"));
        }
        let hidden: u64 =
            self.said.values().map(|said| u64::from(said.wrong.saturating_sub(said.failed))).sum();
        if hidden > 0 {
            let what =
                format!("`tests` shows errors of {} that `failures` leaves out", count(hidden, "test"));
            collector.suite_error(GroupError::new("mocha", &what, "", Position::NOWHERE));
        }
        let open: u64 =
            self.said.values().map(|said| u64::from(said.listed.saturating_sub(said.ended))).sum();
        if open > 0 {
            let verb = if open == 1 { "is" } else { "are" };
            let what = format!("{} {verb} in no list of outcomes", count(open, "test"));
            collector.trouble(Trouble::whole(what));
        }
        let Some(stats) = self.stats else {
            return collector.trouble(Trouble::whole("the statistics are missing"));
        };
        collector.reading.suites += stats.suites.count();
        let failures = stats.failures.count();
        if failures > self.failures {
            let what =
                format!("stats name {}, the report shows {}", count(failures, "failure"), self.failures);
            collector.suite_error(GroupError::new("mocha", &what, "", Position::NOWHERE));
        }
        let tests = stats.tests.count();
        if tests > self.ended {
            let what = format!("stats name {}, the report shows {}", count(tests, "test"), self.ended);
            collector.note(what);
        }
    }
}

impl Object for Report<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let (bit, take): (u8, fn(&mut Self, &Item)) = match key {
            "tests" => (0, Self::listed),
            "pending" => (1, Self::pending),
            "failures" => (2, Self::failed),
            "passes" => (3, Self::passed),
            "stats" => {
                self.stats = Some(map.next_value()?);
                return Ok(());
            }
            _ => return skip(map),
        };
        self.lists |= 1 << bit;
        map.next_value_seed(each(|item: Item| take(self, &item)))
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::checks::{counts, holds_in_a_row, read, survives};

    const SAMPLE: &str = r#"{
      "stats": {"suites": 2, "tests": 5, "passes": 3, "pending": 1, "failures": 2, "start": "x", "duration": 12},
      "tests": [
        {"title": "adds", "fullTitle": "cart adds", "file": "/builds/g/p/test/cart.js", "duration": 3, "currentRetry": 0, "speed": "fast", "err": {}},
        {"title": "fails", "fullTitle": "cart fails", "file": "/builds/g/p/test/cart.js", "duration": 1, "currentRetry": 0,
         "err": {"message": "1 == 2", "stack": "AssertionError: 1 == 2\n    at Context.<anonymous> (test/cart.js:8:14)", "actual": "1"}},
        {"title": "later", "fullTitle": "cart later", "file": "/builds/g/p/test/cart.js", "currentRetry": 0, "err": {}},
        {"title": "shaky", "fullTitle": "cart shaky", "file": "/builds/g/p/test/cart.js", "duration": 1, "currentRetry": 2, "err": {}},
        {"title": "adds", "fullTitle": "cart adds", "file": "/builds/g/p/test/cart.js", "duration": 1, "currentRetry": 0, "err": {}}
      ],
      "pending": [{"title": "later", "fullTitle": "cart later", "file": "/builds/g/p/test/cart.js", "currentRetry": 0, "err": {}}],
      "failures": [
        {"title": "fails", "fullTitle": "cart fails", "file": "/builds/g/p/test/cart.js", "duration": 1, "currentRetry": 0,
         "err": {"message": "1 == 2", "stack": "AssertionError: 1 == 2\n    at Context.<anonymous> (test/cart.js:8:14)", "actual": "1"}},
        {"title": "\"before each\" hook for \"pays\"", "fullTitle": "till \"before each\" hook for \"pays\"", "file": "/builds/g/p/test/till.js",
         "duration": 0, "currentRetry": 0, "err": {"message": "no till", "stack": "Error: no till\n    at Context.<anonymous> (test/till.js:3:9)"}}
      ],
      "passes": [
        {"title": "adds", "fullTitle": "cart adds", "file": "/builds/g/p/test/cart.js", "duration": 3, "currentRetry": 0, "err": {}},
        {"title": "shaky", "fullTitle": "cart shaky", "file": "/builds/g/p/test/cart.js", "duration": 1, "currentRetry": 2, "err": {}},
        {"title": "adds", "fullTitle": "cart adds", "file": "/builds/g/p/test/cart.js", "duration": 1, "currentRetry": 0, "err": {}}
      ]
    }"#;

    #[test]
    fn tests_hooks_and_retries_are_told_apart() {
        let reading = read(&FORMAT, SAMPLE.as_bytes());
        assert_eq!(counts(&reading), [2, 1, 1, 1, 1, 0]);
        assert_eq!(reading.suite_errors[0].name, "till \"before each\" hook for \"pays\"");
        let problem = &reading.problems[0];
        assert_eq!((problem.test.as_str(), problem.message.as_str()), ("cart fails", "1 == 2"));
        assert_eq!(problem.location.as_ref().unwrap().to_string(), "test/cart.js:8");
        assert_eq!(problem.rerun.as_deref(), Some("npx mocha test/cart.js -g 'cart fails'"));
        assert_eq!(reading.problems[1].attempts, 3);
        assert_eq!(reading.suites, 2);
        assert!(reading.notes.is_empty());
    }

    #[test]
    fn lists_that_contradict_one_another_are_red() {
        // The failure is taken out of `failures`, and the statistics are adjusted.
        let start = SAMPLE.find("\"failures\": [").unwrap();
        let end = SAMPLE.find("\"passes\": [").unwrap();
        let doctored = format!("{}\"failures\": [], {}", &SAMPLE[..start], &SAMPLE[end..]);
        let doctored = doctored.replace("\"failures\": 2", "\"failures\": 0");
        let reading = read(&FORMAT, doctored.as_bytes());
        assert_eq!(counts(&reading), [2, 1, 0, 0, 1, 0]);
        assert_eq!((reading.suite_errored, reading.troubles.kept().len()), (1, 1));
        let claims = r#"{"stats": {"passes": 1, "failures": 1}, "tests": [], "pending": [], "failures": [], "passes": []}"#;
        assert_eq!(read(&FORMAT, claims.as_bytes()).suite_errored, 1);
        let half = r#"{"stats": {"passes": 1}, "tests": [], "passes": []}"#;
        assert_eq!(read(&FORMAT, half.as_bytes()).troubles.kept().len(), 1);
    }

    #[test]
    fn a_test_that_passed_and_failed_is_one_that_failed() {
        let item = r#"{"title": "a", "fullTitle": "a", "file": "a.js", "err": {}}"#;
        let text = format!(
            r#"{{"stats": {{"failures": 1, "tests": 1}}, "tests": [{item}], "pending": [], "failures": [{item}], "passes": [{item}]}}"#
        );
        assert_eq!(counts(&read(&FORMAT, text.as_bytes())), [0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn what_holds_for_every_format() {
        holds_in_a_row(&FORMAT, SAMPLE);
        survives(&FORMAT, SAMPLE);
    }
}
