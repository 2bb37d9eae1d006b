//! Reads CTRF JSON, and accepts just what its schema accepts: a field that is not known outside of `extra` is refused.
//!
//! Tests are handed over one by one; those before the first mistake count. What many reporters do against the schema (a `suite`
//! that is one text, fractions of milliseconds, attempts without a number) makes the report refused too, but all tests count.

mod schema;
mod types;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, IgnoredAny, MapAccess};

use self::schema::{Baseline, Environment, Insights, Status, Summary, Test, Tool};
use self::types::{Anything, Checked, Ctrf, DateTime, Filled, Strict, Version, items};
use super::Format;
use super::values::json;
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::{Execution, micros};
use crate::producer::Producer;
use devops_core::words::count;
use devops_reading::json::{Fields, Object, documents, must, refuse};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "CTRF JSON",
    is: |shape: &Shape| {
        json(shape).is_some_and(|json| {
            let has = |key| json.has(&["results", key]);
            json.has(&["reportFormat"]) || (has("tool") && (has("summary") || has("tests")))
        })
    },
    read: |source, collector| {
        let result = documents(source, |reader| {
            let mut report = Report { collector, seen: Vec::new(), results: None };
            Fields(&mut report).deserialize(reader)?;
            report.finish()
        });
        if let Err(trouble) = result {
            // An error from inside of the document is only a text.
            if trouble.what.contains(SCHEMA) {
                collector.reading.help = Some(KEEP_TO_IT);
            }
            collector.trouble(trouble);
        }
    },
};

/// What the errors begin with that say how a report breaks the schema.
const SCHEMA: &str = "the schema of CTRF";

/// What to do about a report that breaks it.
const KEEP_TO_IT: &str = "use a version of the reporter that follows the schema of CTRF, or write JUnit XML or the runner's own JSON instead";

/// Words of producers for `other` that are no good ending.
const BROKEN: [&str; 9] =
    ["error", "errored", "broken", "crashed", "aborted", "interrupted", "timedout", "timeout", "failed"];

/// Remembers a field, and refuses a second one of its name.
fn once<'de, A: MapAccess<'de>>(seen: &mut Vec<String>, key: &str) -> Result<(), A::Error> {
    if seen.iter().any(|name| name == key) {
        return Err(refuse::<A>(format_args!("duplicate field `{key}`")));
    }
    seen.push(key.to_owned());
    Ok(())
}

struct Report<'a> {
    collector: &'a mut Collector,
    seen: Vec<String>,
    results: Option<()>,
}

impl Object for Report<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        once::<A>(&mut self.seen, key)?;
        match key {
            "reportFormat" => check::<Checked<Ctrf>, A>(map)?,
            "specVersion" => check::<Checked<Version>, A>(map)?,
            "reportId" | "runId" => check::<Checked<Filled>, A>(map)?,
            "timestamp" => check::<Checked<DateTime>, A>(map)?,
            "generatedBy" => check::<String, A>(map)?,
            "extra" => check::<Anything, A>(map)?,
            "insights" => check::<Strict<Insights>, A>(map)?,
            "baseline" => check::<Strict<Baseline>, A>(map)?,
            "results" => {
                let mut results = Results::new(self.collector);
                map.next_value_seed(Fields(&mut results))?;
                results.finish()?;
                self.results = Some(());
            }
            _ => return unknown(key, map),
        }
        Ok(())
    }
}

/// Takes a value for a `T`, and drops it.
fn check<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<T>().map(|_| ())
}

/// Passes over the value first, so that one that is cut off is said to be.
fn unknown<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>()?;
    Err(refuse::<A>(format_args!("{SCHEMA} does not have the field `{key}` here")))
}

impl Report<'_> {
    fn finish<E: serde::de::Error>(self) -> Result<(), E> {
        for name in ["reportFormat", "specVersion"] {
            must(self.seen.iter().find(|seen| *seen == name), name)?;
        }
        must(self.results, "results")
    }
}

struct Results<'a> {
    collector: &'a mut Collector,
    seen: Vec<String>,
    producer: Option<Producer>,
    summary: Option<Summary>,
    tests: u64,
    failed: u64,
    others: u64,
    /// What is against the schema though it is understood, and in how many tests.
    flaws: BTreeMap<&'static str, u64>,
}

impl<'a> Results<'a> {
    fn new(collector: &'a mut Collector) -> Self {
        let flaws = BTreeMap::new();
        Self {
            collector,
            seen: Vec::new(),
            producer: None,
            summary: None,
            tests: 0,
            failed: 0,
            others: 0,
            flaws,
        }
    }

    fn test(&mut self, test: Test) {
        self.tests += 1;
        if let Some(flaw) = test.flaw() {
            *self.flaws.entry(flaw).or_default() += 1;
        }
        let attempts = test.retry_attempts.unwrap_or_default();
        let retries = test.retries.unwrap_or_default().count();
        let is_flaky = test.flaky == Some(true) || retries > 0 || attempts.failed > 0;
        let raw = test.raw_status.unwrap_or_default();
        let state = match test.status {
            Status::Passed if is_flaky => State::Flaky,
            Status::Passed => State::Passed,
            Status::Failed => State::Failed,
            Status::Skipped | Status::Pending => State::Skipped,
            Status::Other if is_broken(&raw) => State::Errored,
            Status::Other => {
                self.others += 1;
                State::NotRun
            }
        };
        self.failed += u64::from(state.is_red());
        let (mut message, mut detail) = (test.message.unwrap_or_default(), test.trace.unwrap_or_default());
        if message.is_empty() && detail.is_empty() {
            (message, detail) = attempts.wrong;
        }
        if state == State::Errored && message.is_empty() {
            message = raw;
        }
        self.collector.test(&Execution {
            suite: test.suite.map(|suite| suite.text).unwrap_or_default(),
            file: test.file_path.unwrap_or_default(),
            line: test.line.map(types::Whole::count).filter(|line| *line > 0),
            micros: micros(test.duration.0 / 1e3),
            attempts: attempts.count.max(retries).saturating_add(1),
            message,
            detail,
            producer: self.producer,
            // All attempts are listed here; another test of this name is another one.
            ..Execution::new(test.name.0, state)
        });
    }

    /// Compares what the report claims with what it shows.
    fn finish<E: serde::de::Error>(self) -> Result<(), E> {
        for name in ["tool", "tests"] {
            must(self.seen.iter().find(|seen| *seen == name), name)?;
        }
        let summary = must(self.summary, "summary")?;
        let collector = self.collector;
        // Reports without a number of suites are a suite themselves.
        collector.reading.suites += summary.suites.map_or(1, types::Whole::count).max(1);
        let (claimed, shown) = (summary.failed.count(), self.failed);
        if claimed > shown {
            let what = format!("the summary names {}, the tests show {shown}", count(claimed, "failure"));
            collector.run_error(GroupError::new("CTRF", &what, "", Position::NOWHERE));
        }
        let (claimed, shown) = (summary.tests.count(), self.tests);
        if claimed > shown {
            collector.note(format!("the summary names {}, the report shows {shown}", count(claimed, "test")));
        }
        for (flaw, tests) in self.flaws {
            let what = format!("{SCHEMA} does not allow {flaw}, e.g. in {}", count(tests, "test"));
            collector.reading.help = Some(KEEP_TO_IT);
            collector.trouble(Trouble::whole(what));
        }
        if self.others > 0 {
            let verb = if self.others == 1 { "counts" } else { "count" };
            collector.note(format!("{} of status `other` {verb} as not run", count(self.others, "test")));
        }
        Ok(())
    }
}

/// Whether a producer's own word says that a test went wrong.
fn is_broken(word: &str) -> bool {
    let word: String = word.chars().filter(char::is_ascii_alphabetic).collect();
    BROKEN.contains(&word.to_ascii_lowercase().as_str())
}

/// Who ran the tests, by the name of the tool.
fn producer(name: &str) -> Option<Producer> {
    match name.to_ascii_lowercase().as_str() {
        "jest" => Some(Producer::Jest),
        "vitest" => Some(Producer::Vitest),
        "mocha" => Some(Producer::Mocha),
        "pytest" => Some(Producer::Pytest),
        "rspec" => Some(Producer::Rspec),
        "playwright" => Some(Producer::Playwright),
        _ => None,
    }
}

impl Object for Results<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        once::<A>(&mut self.seen, key)?;
        match key {
            "tool" => self.producer = producer(&map.next_value::<Strict<Tool>>()?.0.name.0),
            "summary" => self.summary = Some(map.next_value::<Strict<Summary>>()?.0),
            "tests" => {
                map.next_value_seed(items(|Strict(test): Strict<Test>| self.test(test)))?;
            }
            "environment" => check::<Strict<Environment>, A>(map)?,
            "extra" => check::<Anything, A>(map)?,
            _ => return unknown(key, map),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
