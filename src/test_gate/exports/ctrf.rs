//! `tests.ctrf.json`: all tests of all reports in the Common Test Report Format (github.com/ctrf-io/ctrf).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Source;
use crate::attempts::State;
use crate::collector::GroupError;
use crate::execution::Execution;
use crate::trace;
use devops_core::Error;

/// The version of the format that is written.
const VERSION: &str = "0.0.0";

/// The reports as one. Reports of a run say how long its tests took and not when; so it starts at 0 and stops after that time.
pub(crate) fn ctrf(sources: &[Source]) -> Result<Vec<u8>, Error> {
    let mut tests = Tests::default();
    let write = |tests: &mut Tests| {
        for source in sources {
            source.archive.tests().iter().try_for_each(|test| tests.push(&one(test, &source.label)))?;
            source.errors.iter().try_for_each(|error| tests.push(&broken(error, &source.label)))?;
        }
        tests.document()
    };
    write(&mut tests).map_err(|error| Error::bug("the merged CTRF report can't be written").because(error))
}

/// Tests as they are written, one by one, so that no more than one of them is held twice.
#[derive(Default)]
struct Tests {
    bytes: Vec<u8>,
    amount: u64,
    flaky: u64,
    /// Milliseconds of all tests.
    stop: u64,
    by_status: BTreeMap<String, u64>,
}

impl Tests {
    fn push(&mut self, test: &Value) -> serde_json::Result<()> {
        if self.amount > 0 {
            self.bytes.push(b',');
        }
        self.amount += 1;
        self.flaky += u64::from(test.get("flaky") == Some(&Value::Bool(true)));
        self.stop += test.get("duration").and_then(Value::as_u64).unwrap_or(0);
        let status = test.get("status").and_then(Value::as_str).unwrap_or_default();
        *self.by_status.entry(status.to_owned()).or_default() += 1;
        serde_json::to_writer(&mut self.bytes, test)
    }

    /// The whole document around the tests.
    fn document(&mut self) -> serde_json::Result<Vec<u8>> {
        let of = |status: &str| self.by_status.get(status).copied().unwrap_or(0);
        let summary = json!({
            "tests": self.amount,
            "passed": of("passed"),
            "failed": of("failed"),
            "skipped": of("skipped"),
            "pending": of("pending"),
            "other": of("other"),
            "flaky": self.flaky,
            "start": 0,
            "stop": self.stop,
        });
        let mut bytes = br#"{"reportFormat":"CTRF","results":{"summary":"#.to_vec();
        serde_json::to_writer(&mut bytes, &summary)?;
        bytes.extend_from_slice(br#","tests":["#);
        bytes.append(&mut self.bytes);
        bytes.extend_from_slice(br#"],"tool":{"name":"test-gate"}},"specVersion":"#);
        serde_json::to_writer(&mut bytes, VERSION)?;
        bytes.push(b'}');
        Ok(bytes)
    }
}

/// A test.
fn one(test: &Execution, report: &str) -> Value {
    let status = match test.state {
        State::Passed | State::Flaky => "passed",
        State::Failed | State::Errored => "failed",
        State::Skipped => "skipped",
        State::NotRun => "pending",
    };
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("name", named(&test.name).into());
    put("status", status.into());
    put("duration", (test.micros.unwrap_or(0) / 1_000).into());
    put("suite", json!(suites(test)));
    put("extra", json!({"report": report, "outcome": test.state.as_str()}));
    if !test.message.is_empty() {
        put("message", test.message.as_str().into());
    }
    if !test.detail.is_empty() {
        put("trace", test.detail.as_str().into());
    }
    if !test.file.is_empty() {
        put("filePath", trace::tidy(&test.file).into());
    }
    if let Some(line) = test.line {
        put("line", line.into());
    }
    if test.attempts > 1 || test.state == State::Flaky {
        put("retries", test.attempts.saturating_sub(1).into());
        put("flaky", (test.state == State::Flaky).into());
    }
    Value::Object(object)
}

/// The suites around a test, the outermost first; never none.
fn suites(test: &Execution) -> Vec<&str> {
    let names: Vec<&str> = test.suite.split(" > ").chain([test.classname.as_str()]).collect();
    let mut names: Vec<&str> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
    names.dedup();
    if names.is_empty() { vec!["tests"] } else { names }
}

/// A name, because the format requires one.
fn named(name: &str) -> &str {
    if name.trim().is_empty() { "(a test without a name)" } else { name }
}

/// What went wrong apart from tests.
fn broken(error: &GroupError, report: &str) -> Value {
    json!({
        "name": named(&error.name),
        "status": "failed",
        "duration": 0,
        "suite": ["tests"],
        "message": error.message,
        "trace": error.detail,
        "extra": {"report": report, "outcome": "errored"},
    })
}
