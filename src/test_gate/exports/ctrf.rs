//! `tests.ctrf.json`: all tests of all reports in the Common Test Report Format (github.com/ctrf-io/ctrf).

use serde_json::{Map, Value, json};

use super::Source;
use crate::core::Error;
use crate::test_gate::attempts::State;
use crate::test_gate::collector::GroupError;
use crate::test_gate::execution::Execution;
use crate::test_gate::trace;

/// The version of the format that is written.
const VERSION: &str = "0.0.0";

/// The reports as one. Reports of a run say how long its tests took and not when; so it starts at 0 and stops after that time.
pub(crate) fn ctrf(sources: &[Source]) -> Result<Vec<u8>, Error> {
    let mut tests: Vec<Value> = Vec::new();
    for source in sources {
        tests.extend(source.archive.tests().iter().map(|test| one(test, &source.label)));
        tests.extend(source.errors.iter().map(|error| broken(error, &source.label)));
    }
    let of = |status: &str| tests.iter().filter(|test| test.get("status") == Some(&json!(status))).count();
    let flaky = tests.iter().filter(|test| test.get("flaky") == Some(&json!(true))).count();
    let stop: u64 = tests.iter().filter_map(|test| test.get("duration")?.as_u64()).sum();
    let summary = json!({
        "tests": tests.len(),
        "passed": of("passed"),
        "failed": of("failed"),
        "skipped": of("skipped"),
        "pending": of("pending"),
        "other": of("other"),
        "flaky": flaky,
        "start": 0,
        "stop": stop,
    });
    let document = json!({
        "reportFormat": "CTRF",
        "specVersion": VERSION,
        "results": {"tool": {"name": "test-gate"}, "summary": summary, "tests": tests},
    });
    serde_json::to_vec(&document)
        .map_err(|error| Error::bug("the merged CTRF report can't be written").because(error))
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

/// A name, for the format wants one.
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
