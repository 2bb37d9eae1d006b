//! Reads `RSpec`'s JSON: `examples`, and a summary that alone has the errors outside of examples.

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, MapAccess};

use super::Format;
use super::values::{Few, Number, Text, before, json};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::Execution;
use crate::producer::Producer;
use crate::rerun;
use devops_core::Location;
use devops_core::words::count;
use devops_reading::json::{Fields, Object, documents, each, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "RSpec JSON",
    is: |shape: &Shape| {
        json(shape).is_some_and(|json| {
            let has_examples = json.has(&["examples"]);
            has_examples
                && (json.has(&["examples", "[]", "full_description"])
                    || json.has(&["summary", "example_count"])
                    || json.has(&["summary_line"]))
        })
    },
    read: |source, collector| {
        let result = documents(source, |reader| {
            let mut report = Report {
                collector,
                summary: None,
                messages: Few::default(),
                shown: Summary::default(),
                has_examples: false,
            };
            Fields(&mut report).deserialize(reader)?;
            report.finish();
            Ok(())
        });
        if let Err(trouble) = result {
            collector.trouble(trouble);
        }
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Example {
    id: Text,
    description: Text,
    full_description: Text,
    status: Text,
    file_path: Text,
    line_number: Number,
    run_time: Number,
    pending_message: Text,
    exception: Option<Exception>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Exception {
    class: Text,
    message: Text,
    backtrace: Few<Text>,
}

impl Example {
    /// How it ended; `None` where a word is not known.
    fn state(&self) -> Option<State> {
        Some(match self.status.0.as_str() {
            "failed" => State::Failed,
            "passed" if self.exception.is_some() => State::Failed,
            "passed" => State::Passed,
            "pending" => State::Skipped,
            _ => return None,
        })
    }

    fn execution(self, state: State) -> Execution {
        let defined = self.file_path.0.trim_start_matches("./");
        // An example that several files share is run by way of the file that its id names.
        let file = match self.id.0.split_once('[') {
            Some((file, _)) if !file.is_empty() => file.trim_start_matches("./"),
            _ => defined,
        };
        let exception = self.exception.unwrap_or_default();
        let line = self.line_number.whole();
        let frames = || exception.backtrace.iter().filter_map(|frame| place(&frame.0));
        let traced = frames()
            .find(|place| place.path.ends_with(defined))
            .map(|place| Location { path: defined.to_owned(), ..place })
            .or_else(|| frames().find(|place| !place.path.starts_with('/')));
        let named = Location { line, ..Location::file(defined) };
        let is_shared = file != defined;
        let backtrace: Vec<&str> = exception.backtrace.iter().map(|frame| frame.0.as_str()).collect();
        let name = if self.description.is_empty() { &self.full_description.0 } else { &self.description.0 };
        let class = &exception.class.0;
        let message = match exception.message.0.trim() {
            "" if state == State::Skipped => self.pending_message.0.clone(),
            "" => class.clone(),
            message => message.to_owned(),
        };
        Execution {
            classname: before(&self.full_description.0, &self.description.0),
            file: file.to_owned(),
            line: line.filter(|_| !is_shared),
            micros: self.run_time.micros(1.0),
            message,
            detail: if backtrace.is_empty() {
                String::new()
            } else {
                format!("{class}\n{}", backtrace.join("\n"))
            },
            place: traced.or_else(|| is_shared.then_some(named)),
            producer: Some(Producer::Rspec),
            ..Execution::new(name.clone(), state)
        }
    }
}

/// The place of a frame, as `./spec/a_spec.rb:19:in ...`.
fn place(frame: &str) -> Option<Location> {
    let (path, rest) = frame.trim().split_once(".rb:")?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let line = rest.get(..digits)?.parse().ok()?;
    Some(Location::line(format!("{}.rb", path.trim_start_matches("./")), line))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Summary {
    #[serde(rename = "example_count")]
    examples: Number,
    #[serde(rename = "failure_count")]
    failures: Number,
    #[serde(rename = "errors_outside_of_examples_count")]
    errors_outside: Number,
}

struct Report<'a> {
    collector: &'a mut Collector,
    summary: Option<Summary>,
    messages: Few<Text>,
    shown: Summary,
    has_examples: bool,
}

impl Report<'_> {
    fn example(&mut self, example: Example) {
        let add = |number: &mut Number| number.0 = Some(number.0.unwrap_or(0.0) + 1.0);
        add(&mut self.shown.examples);
        let Some(state) = example.state() else {
            let what = format!("unknown status `{}` of `{}`", example.status.0, example.full_description.0);
            return self.collector.trouble(Trouble::whole(what));
        };
        if state.is_red() {
            add(&mut self.shown.failures);
        }
        self.collector.test(&example.execution(state));
    }

    /// What the summary says beyond the examples.
    fn finish(self) {
        self.collector.suite();
        if !self.has_examples {
            self.collector.trouble(Trouble::whole("the list `examples` is missing"));
        }
        let Some(summary) = self.summary else {
            return self.collector.trouble(Trouble::whole("the summary is missing"));
        };
        let errors = summary.errors_outside.count();
        if errors > 0 {
            let said: Vec<&str> = self.messages.iter().map(|message| message.0.as_str()).collect();
            let said = anstream::adapter::strip_str(&said.join("\n")).to_string();
            let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let what = format!("{} outside of examples: {first}", count(errors, "error"));
            let error = GroupError::new("RSpec", what.trim_end_matches(": "), &said, Position::NOWHERE);
            let unloaded = said.split_once("An error occurred while loading ");
            let unloaded =
                unloaded.and_then(|(_, rest)| rest.split_once(".rb")).map(|(file, _)| format!("{file}.rb"));
            self.collector
                .run_error(error.rerun(unloaded.and_then(|file| rerun::file(Producer::Rspec, &file))));
        }
        let (claimed, shown) = (summary.failures.count(), self.shown.failures.count());
        if claimed > shown {
            let what = format!("the summary names {}, the examples show {shown}", count(claimed, "failure"));
            self.collector.run_error(GroupError::new("RSpec", &what, "", Position::NOWHERE));
        }
        let (claimed, shown) = (summary.examples.count(), self.shown.examples.count());
        if claimed > shown {
            self.collector
                .note(format!("the summary names {}, the report shows {shown}", count(claimed, "example")));
        }
    }
}

impl Object for Report<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "examples" => {
                self.has_examples = true;
                return map.next_value_seed(each(|example| self.example(example)));
            }
            "summary" => self.summary = Some(map.next_value()?),
            "messages" => self.messages = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::checks::{counts, holds_in_a_row, read, survives};

    const SAMPLE: &str = r#"{"version": "3.13.0", "seed": 7, "messages": ["\nAn error occurred while loading ./spec/b_spec.rb.\nNameError"],
      "examples": [
        {"id": "./spec/a_spec.rb[1:1]", "description": "adds", "full_description": "Cart adds", "status": "passed", "file_path": "./spec/a_spec.rb",
         "line_number": 3, "run_time": 0.25, "pending_message": null},
        {"id": "./spec/a_spec.rb[1:2]", "description": "fails", "full_description": "Cart fails", "status": "failed", "file_path": "./spec/a_spec.rb",
         "line_number": 6, "run_time": 0.01, "pending_message": null, "exception": {"class": "RSpec::Expectations::ExpectationNotMetError",
         "message": "\nexpected: 3\n     got: 2\n", "backtrace": ["/usr/lib/ruby/gems/3.3.0/gems/rspec-support/support.rb:97:in `block'", "./spec/a_spec.rb:7:in `block (2 levels)'"]}},
        {"id": "./spec/a_spec.rb[1:3:1]", "description": "is shared", "full_description": "Cart is shared", "status": "failed", "file_path": "./spec/support/shared.rb",
         "line_number": 2, "run_time": 0.01, "pending_message": null, "exception": {"class": "Boom", "message": "", "backtrace": null}},
        {"id": "./spec/a_spec.rb[1:4]", "description": "waits", "full_description": "Cart waits", "status": "pending", "file_path": "./spec/a_spec.rb",
         "line_number": 9, "run_time": 1e-05, "pending_message": "Temporarily skipped with xit"}],
      "summary": {"duration": 0.3, "example_count": 4, "failure_count": 2, "pending_count": 1, "errors_outside_of_examples_count": 1},
      "summary_line": "4 examples, 2 failures, 1 pending, 1 error occurred outside of examples"}"#;

    #[test]
    fn examples_and_errors_outside_of_them_are_read() {
        let reading = read(&FORMAT, SAMPLE.as_bytes());
        assert_eq!(counts(&reading), [1, 0, 2, 0, 1, 0]);
        assert_eq!(reading.run_errored, 1);
        assert_eq!(
            reading.run_errors[0].message,
            "1 error outside of examples: An error occurred while loading ./spec/b_spec.rb."
        );
        assert_eq!(reading.micros, Some(270_010));
        let (failed, shared) = (&reading.problems[0], &reading.problems[1]);
        assert_eq!(
            (failed.test.as_str(), failed.message.as_str()),
            ("Cart fails", "expected: 3\n     got: 2")
        );
        assert_eq!(failed.location.as_ref().unwrap().to_string(), "spec/a_spec.rb:7");
        assert_eq!(failed.rerun.as_deref(), Some("bundle exec rspec spec/a_spec.rb -e 'Cart fails'"));
        assert_eq!(shared.location.as_ref().unwrap().to_string(), "spec/support/shared.rb:2");
        assert_eq!(shared.message, "Boom");
    }

    #[test]
    fn a_summary_that_knows_more_is_red() {
        let report = |summary: &str| {
            format!(
                r#"{{"examples": [{{"status": "passed", "full_description": "a"}}], "summary": {{"example_count": 1{summary}}}}}"#
            )
        };
        let errors = |summary: &str| read(&FORMAT, report(summary).as_bytes()).run_errored;
        assert_eq!([errors(""), errors(", \"failure_count\": 1")], [0, 1]);
        assert_eq!(read(&FORMAT, br#"{"examples": []}"#).troubles.kept().len(), 1);
        assert_eq!(read(&FORMAT, br#"{"summary": {}}"#).troubles.kept().len(), 1);
        let word = SAMPLE.replace("\"pending\",", "\"odd\",");
        assert_eq!(read(&FORMAT, word.as_bytes()).troubles.kept().len(), 1);
    }

    #[test]
    fn what_holds_for_every_format() {
        holds_in_a_row(&FORMAT, SAMPLE);
        survives(&FORMAT, SAMPLE);
    }
}
