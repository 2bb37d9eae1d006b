//! Reads Playwright's JSON: suites nested in suites, specs in them, a test per project, a result per attempt.

use std::cell::RefCell;

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
use devops_core::Location;
use devops_core::words::count;
use devops_reading::json::{Fields, Object, documents, each, each_object, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "Playwright JSON",
    is: |shape: &Shape| {
        json(shape).is_some_and(|json| {
            let is_config = json.has(&["config", "rootDir"]) && json.has(&["config", "projects"]);
            is_config || json.has(&["suites", "[]", "specs"])
        })
    },
    read: |source, collector| {
        let shown = RefCell::new(Shown::new(collector));
        let result = documents(source, |reader| {
            let mut report = Report { shown: &shown, has_suites: false, stats: None };
            Fields(&mut report).deserialize(reader)?;
            report.finish();
            Ok(())
        });
        if let Err(trouble) = result {
            shown.borrow_mut().collector.trouble(trouble);
        }
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    config_file: Text,
    root_dir: Text,
}

impl Config {
    /// The folder that paths of files are relative to, as seen from that of the configuration.
    fn folder(&self) -> String {
        let config = self.config_file.0.replace('\\', "/");
        let root = self.root_dir.0.replace('\\', "/");
        let home = config.rsplit_once('/').map_or("", |(folder, _)| folder);
        match root.strip_prefix(home) {
            Some(inside) if !home.is_empty() && (inside.is_empty() || inside.starts_with('/')) => {
                inside.trim_start_matches('/').to_owned()
            }
            _ => String::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    file: Text,
    line: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wrong {
    message: Text,
    stack: Text,
    location: Option<Place>,
}

impl Wrong {
    fn message(&self) -> String {
        anstream::adapter::strip_str(&self.message.0).to_string()
    }

    fn detail(&self) -> String {
        anstream::adapter::strip_str(&self.stack.0).to_string()
    }

    /// The trace, or the message where there is none.
    fn said(&self) -> String {
        if self.stack.is_empty() { self.message() } else { self.detail() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attempt {
    status: Text,
    duration: Number,
    error: Option<Wrong>,
    errors: Few<Wrong>,
}

impl Attempt {
    fn wrong(&self) -> Option<&Wrong> {
        let is_telling = |wrong: &&Wrong| !wrong.message.is_empty() || !wrong.stack.is_empty();
        self.error.as_ref().filter(is_telling).or_else(|| self.errors.first.iter().find(is_telling))
    }

    /// What went wrong; several soft assertions each under a heading.
    fn detail(&self) -> String {
        let several: Vec<String> =
            self.errors.first.iter().map(Wrong::said).filter(|said| !said.is_empty()).collect();
        if several.len() < 2 {
            return self.wrong().map(Wrong::detail).unwrap_or_default();
        }
        let parts = several.iter().enumerate().map(|(index, said)| format!("failure {}:\n{said}", index + 1));
        parts.collect::<Vec<_>>().join("\n")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Test {
    expected_status: Text,
    project_name: Text,
    results: Few<Attempt>,
    status: Text,
}

impl Test {
    /// How it ended; `None` where a word is not known.
    fn state(&self) -> Option<State> {
        let expected =
            if self.expected_status.is_empty() { "passed" } else { self.expected_status.0.as_str() };
        let last = self.results.last().map(|result| result.status.0.as_str());
        // A word that the last result contradicts does not pass.
        let is_wrong = matches!(last, Some("failed" | "timedOut" | "interrupted")) && last != Some(expected);
        Some(match self.status.0.as_str() {
            "unexpected" => State::Failed,
            "expected" | "flaky" if is_wrong => State::Failed,
            "expected" | "flaky" if last.is_none() => State::NotRun,
            "flaky" => State::Flaky,
            "expected" => State::Passed,
            "skipped" if matches!(last, None | Some("interrupted")) => State::NotRun,
            "skipped" => State::Skipped,
            _ => return None,
        })
    }

    /// The result that shows what went wrong.
    fn telling(&self) -> Option<&Attempt> {
        let has_wrong = |result: &&Attempt| result.wrong().is_some();
        self.results.last().filter(has_wrong).or_else(|| self.results.iter().find(has_wrong))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    title: Text,
    ok: Option<Flag>,
    tests: Vec<Test>,
    file: Text,
    line: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    expected: Number,
    skipped: Number,
    unexpected: Number,
    flaky: Number,
}

/// What the report has shown so far.
struct Shown<'a> {
    collector: &'a mut Collector,
    folder: String,
    tests: u64,
    failed: u64,
    interrupted: u64,
}

impl<'a> Shown<'a> {
    fn new(collector: &'a mut Collector) -> Self {
        Self { collector, folder: String::new(), tests: 0, failed: 0, interrupted: 0 }
    }

    fn path(&self, file: &str) -> String {
        if self.folder.is_empty() || file.is_empty() || file.starts_with('/') {
            file.to_owned()
        } else {
            format!("{}/{file}", self.folder)
        }
    }

    fn spec(&mut self, titles: &str, spec: &Spec) {
        let failed = self.failed;
        for test in &spec.tests {
            self.test(titles, spec, test);
        }
        if spec.ok == Some(Flag(false)) && self.failed == failed {
            let what = "the spec is not ok, but none of its tests failed";
            self.collector.suite_error(GroupError::new(&spec.title.0, what, "", Position::NOWHERE));
        }
    }

    fn test(&mut self, titles: &str, spec: &Spec, test: &Test) {
        self.tests += 1;
        let Some(state) = test.state() else {
            let what = format!("unknown status `{}` of `{}`", test.status.0, spec.title.0);
            return self.collector.trouble(Trouble::whole(what));
        };
        self.failed += u64::from(state == State::Failed);
        let is_interrupted = |result: &Attempt| result.status.0 == "interrupted";
        self.interrupted += u64::from(test.results.last().is_some_and(is_interrupted));
        let wrong = test.telling().and_then(Attempt::wrong);
        let last = test.results.last().map_or("", |result| result.status.0.as_str());
        let message = match wrong.map(Wrong::message) {
            Some(message) => message,
            None if state == State::Failed => {
                format!("{last}, where {} was expected", test.expected_status.0)
            }
            None => String::new(),
        };
        let project = match test.project_name.0.trim() {
            "" => String::new(),
            name => format!("[{name}] > "),
        };
        let micros: Option<u64> = test.results.iter().map(|result| result.duration.micros(1e-3)).sum();
        self.collector.test(&Execution {
            classname: format!("{project}{titles}"),
            file: self.path(&spec.file.0),
            line: spec.line.whole(),
            micros,
            attempts: test.results.count.max(1),
            message,
            detail: test.telling().map(Attempt::detail).unwrap_or_default(),
            place: wrong
                .and_then(|wrong| wrong.location.as_ref())
                .map(|place| Location { line: place.line.whole(), ..Location::file(place.file.0.as_str()) }),
            producer: Some(Producer::Playwright),
            ..Execution::new(spec.title.0.clone(), state)
        });
    }

    fn error(&mut self, wrong: &Wrong) {
        let place = wrong.location.as_ref().map_or_else(String::new, |place| trace::tidy(&place.file.0));
        let name = if place.is_empty() { "Playwright" } else { &place };
        let (message, detail) = (wrong.message(), wrong.detail());
        let message = if message.trim().is_empty() { "an error outside of any test" } else { &message };
        let error = GroupError::new(name, message, &detail, Position::NOWHERE);
        self.collector.run_error(error.rerun(rerun::file(Producer::Playwright, &place)));
    }
}

struct Suite<'a, 'b> {
    shown: &'a RefCell<Shown<'b>>,
    /// Titles of the suites around it, and then its own.
    titles: String,
}

impl Object for Suite<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "title" => {
                let title = map.next_value::<Text>()?.0;
                if !self.titles.is_empty() && !title.is_empty() {
                    self.titles.push_str(" > ");
                }
                self.titles.push_str(&title);
            }
            "specs" => {
                let take = |spec: Spec| self.shown.borrow_mut().spec(&self.titles, &spec);
                map.next_value_seed(each(take))?;
            }
            "suites" => suites(self.shown, &self.titles, map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

fn suites<'de, A: MapAccess<'de>>(
    shown: &RefCell<Shown<'_>>,
    titles: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    let make = || Suite { shown, titles: titles.to_owned() };
    map.next_value_seed(each_object(make, |_| shown.borrow_mut().collector.suite()))
}

struct Report<'a, 'b> {
    shown: &'a RefCell<Shown<'b>>,
    has_suites: bool,
    stats: Option<Stats>,
}

impl Object for Report<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "config" => self.shown.borrow_mut().folder = map.next_value::<Config>()?.folder(),
            "suites" => {
                self.has_suites = true;
                suites(self.shown, "", map)?;
            }
            "errors" => map.next_value_seed(each(|wrong: Wrong| self.shown.borrow_mut().error(&wrong)))?,
            "stats" => self.stats = Some(map.next_value()?),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Report<'_, '_> {
    /// Compares what the report claims with what it has shown.
    fn finish(self) {
        let shown = &mut *self.shown.borrow_mut();
        if !self.has_suites {
            shown.collector.trouble(Trouble::whole("the list `suites` is missing"));
        }
        let run_error = |what: &str| GroupError::new("Playwright", what, "", Position::NOWHERE);
        if shown.interrupted > 0 {
            let what = format!("the run was interrupted in {}", count(shown.interrupted, "test"));
            shown.collector.run_error(run_error(&what));
        }
        if let Some(stats) = self.stats {
            let claimed = stats.unexpected.count();
            if claimed > shown.failed {
                let found = shown.failed;
                let what = format!("stats name {}, the tests show {found}", count(claimed, "failure"));
                shown.collector.run_error(run_error(&what));
            }
            let all = [stats.expected, stats.skipped, stats.unexpected, stats.flaky];
            let claimed: u64 = all.into_iter().map(Number::count).sum();
            if claimed > shown.tests {
                let what = format!("stats name {}, the report shows {}", count(claimed, "test"), shown.tests);
                shown.collector.note(what);
            }
        }
        (shown.tests, shown.failed, shown.interrupted) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::checks::{counts, holds_in_a_row, read, survives};

    const SAMPLE: &str = r#"{"config": {"configFile": "/builds/g/p/web/playwright.config.ts", "rootDir": "/builds/g/p/web/e2e", "projects": [{"name": "chromium"}]},
      "suites": [{"title": "cart.spec.ts", "file": "cart.spec.ts", "line": 0, "column": 0, "specs": [
          {"title": "skips", "ok": true, "tags": [], "tests": [{"expectedStatus": "skipped", "projectName": "chromium", "results": [{"status": "skipped", "duration": 0, "errors": [], "retry": 0}], "status": "skipped"}], "file": "cart.spec.ts", "line": 2},
          {"title": "never starts", "ok": true, "tests": [{"expectedStatus": "passed", "projectName": "chromium", "results": [], "status": "skipped"}], "file": "cart.spec.ts", "line": 3}],
        "suites": [{"title": "cart", "file": "cart.spec.ts", "line": 5, "specs": [
          {"title": "adds", "ok": false, "tests": [
            {"expectedStatus": "passed", "projectName": "chromium", "results": [{"status": "passed", "duration": 12, "errors": [], "retry": 0}], "status": "expected"},
            {"expectedStatus": "passed", "projectName": "firefox", "results": [
              {"status": "failed", "duration": 5, "error": {"message": "Error: \u001b[31mno\u001b[39m", "stack": "Error: no\n    at /builds/g/p/web/e2e/cart.spec.ts:8:5", "location": {"file": "/builds/g/p/web/e2e/cart.spec.ts", "line": 8, "column": 5}}, "errors": [], "retry": 0},
              {"status": "timedOut", "duration": 30, "errors": [{"message": "Test timeout of 30ms exceeded."}], "retry": 1}], "status": "unexpected"}], "file": "cart.spec.ts", "line": 6},
          {"title": "shaky", "ok": true, "tests": [{"expectedStatus": "passed", "projectName": "chromium", "results": [
              {"status": "failed", "duration": 5, "error": {"message": "once"}, "errors": [{"message": "once"}], "retry": 0},
              {"status": "passed", "duration": 5, "errors": [], "retry": 1}], "status": "flaky"}], "file": "cart.spec.ts", "line": 12},
          {"title": "known", "ok": true, "tests": [{"expectedStatus": "failed", "projectName": "chromium", "results": [{"status": "failed", "duration": 1, "error": {"message": "as ever"}, "errors": []}], "status": "expected"}], "file": "cart.spec.ts", "line": 16},
          {"title": "mended", "ok": false, "tests": [{"expectedStatus": "failed", "projectName": "chromium", "results": [{"status": "passed", "duration": 1, "errors": []}], "status": "unexpected"}], "file": "cart.spec.ts", "line": 18}]}]}],
      "errors": [], "stats": {"startTime": "2026-01-01T00:00:00.000Z", "duration": 60.5, "expected": 2, "skipped": 2, "unexpected": 2, "flaky": 1}}"#;

    #[test]
    fn a_test_is_its_results_together() {
        let reading = read(&FORMAT, SAMPLE.as_bytes());
        assert_eq!(counts(&reading), [2, 1, 2, 0, 1, 1]);
        assert_eq!((reading.suites, reading.suite_errored, reading.run_errored), (2, 0, 0));
        let failed = &reading.problems[0];
        assert_eq!(failed.test, "[firefox] > cart.spec.ts > cart > adds");
        assert_eq!((failed.message.as_str(), failed.attempts), ("Test timeout of 30ms exceeded.", 2));
        assert_eq!(failed.location.as_ref().unwrap().to_string(), "e2e/cart.spec.ts:6");
        assert_eq!(
            failed.rerun.as_deref(),
            Some("npx playwright test e2e/cart.spec.ts --project=firefox -g 'cart adds'")
        );
        assert_eq!(reading.problems[1].message, "once");
        assert_eq!(reading.problems[2].message, "passed, where failed was expected");
    }

    #[test]
    fn errors_of_the_run_are_red() {
        let report = |errors: &str, stats: &str| {
            format!(
                r#"{{"config": {{}}, "suites": [{{"title": "a", "specs": []}}], "errors": [{errors}], "stats": {{{stats}}}}}"#
            )
        };
        let errors = |errors: &str, stats: &str| read(&FORMAT, report(errors, stats).as_bytes()).run_errored;
        assert_eq!(errors("", ""), 0);
        assert_eq!(
            errors(r#"{"message": "SyntaxError", "location": {"file": "a.ts", "line": 1}}, {}"#, ""),
            2
        );
        assert_eq!(errors("", "\"unexpected\": 1"), 1);
        for (word, other, red) in [
            ("\"status\": \"flaky\"", "\"status\": \"odd\"", [0, 0, 1]),
            ("\"status\": \"unexpected\"", "\"status\": \"expected\"", [1, 1, 0]),
            ("\"status\": \"skipped\", \"duration\"", "\"status\": \"interrupted\", \"duration\"", [0, 1, 0]),
        ] {
            let reading = read(&FORMAT, SAMPLE.replace(word, other).as_bytes());
            let found = [reading.suite_errored, reading.run_errored, reading.troubles.kept().len() as u64];
            assert_eq!(found, red, "{other}");
        }
    }

    #[test]
    fn what_holds_for_every_format() {
        holds_in_a_row(&FORMAT, SAMPLE);
        survives(&FORMAT, SAMPLE);
    }
}
