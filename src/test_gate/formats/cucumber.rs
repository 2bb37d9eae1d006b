//! Reads Cucumber's JSON, as cucumber-js, -jvm and -ruby and behave write it: features, their scenarios, steps and hooks.
//!
//! Undefined, ambiguous and pending steps fail, as they do in the strict mode that cucumber-js and -jvm run in by default.

use std::cell::RefCell;

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, MapAccess};

use super::Format;
use super::values::{Number, Text, json};
use crate::attempts::State;
use crate::collector::{Collector, GroupError, Repetition};
use crate::execution::{self, Execution};
use crate::producer::Producer;
use devops_core::keys::Checked;
use devops_reading::hash::hash_of;
use devops_reading::json::{Object, documents, each, each_object, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::{Position, Trouble};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "Cucumber JSON",
    is: |shape: &Shape| {
        json(shape).is_some_and(|json| {
            let is_feature = ["uri", "keyword", "location"].iter().any(|key| json.has(&["[]", key]));
            let has_steps = json.has(&["[]", "elements", "[]", "steps"]);
            json.is_list && json.has(&["[]", "elements"]) && (is_feature || has_steps)
        })
    },
    read: |source, collector| {
        let collector = RefCell::new(collector);
        let result = documents(source, |reader| {
            let make = || Feature::new(&collector);
            // Nothing sums the results up, so a scenario whose steps stand under a damaged key would not be missed.
            each_object(make, Feature::finish).deserialize(Checked::new(reader, |_| &[]))
        });
        if let Err(trouble) = result {
            collector.borrow_mut().trouble(trouble);
        }
    },
};

/// Maximum number of scenarios of a feature that wait for its name, which stands behind them.
const WAITING: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ending {
    status: Text,
    duration: Number,
    error_message: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Match {
    location: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Step {
    keyword: Text,
    name: Text,
    line: Number,
    result: Option<Ending>,
    r#match: Option<Match>,
    before: Vec<Hook>,
    after: Vec<Hook>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hook {
    result: Option<Ending>,
}

/// What the steps and hooks of a scenario say together.
#[derive(Debug, Default)]
struct Sum {
    red: Option<State>,
    message: String,
    detail: String,
    has_passed: bool,
    has_skipped: bool,
    /// Whether something has no result.
    is_open: bool,
    duration: f64,
    /// A word that is not known.
    unknown: Option<String>,
    producer: Option<Producer>,
    /// The hash of its steps.
    steps: u64,
}

impl Sum {
    fn step(&mut self, step: &Step) {
        self.steps = hash_of(&(self.steps, &step.name.0, step.line.whole()));
        let place = step.r#match.as_ref().map_or("", |found| found.location.0.as_str());
        self.producer = self.producer.or_else(|| producer(place));
        for hook in &step.before {
            self.ending(hook.result.as_ref(), "a hook before a step");
        }
        self.ending(step.result.as_ref(), format!("{}{}", step.keyword.0, step.name.0).trim());
        for hook in &step.after {
            self.ending(hook.result.as_ref(), "a hook behind a step");
        }
    }

    fn ending(&mut self, ending: Option<&Ending>, what: &str) {
        let Some(ending) = ending else {
            self.is_open = true;
            return;
        };
        self.duration += ending.duration.0.unwrap_or(0.0);
        let text = &ending.error_message.0;
        match ending.status.0.to_lowercase().as_str() {
            "passed" => self.has_passed = true,
            "skipped" => self.has_skipped = true,
            "" | "unknown" | "unused" | "untested" | "untested_pending" | "untested_undefined" => {
                self.is_open = true;
            }
            "failed" => self.wrong(State::Failed, "", what, text),
            "undefined" => self.wrong(State::Failed, "undefined", what, text),
            "ambiguous" => self.wrong(State::Failed, "ambiguous", what, text),
            "pending" | "pending_warn" => self.wrong(State::Failed, "pending", what, text),
            "error" | "hook_error" | "cleanup_error" => self.wrong(State::Errored, "", what, text),
            other => self.unknown = Some(other.to_owned()),
        }
    }

    /// The first thing that went wrong is reported.
    fn wrong(&mut self, state: State, word: &str, what: &str, text: &str) {
        if self.red.is_some() {
            return;
        }
        self.red = Some(state);
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        self.message = match (word, first) {
            ("", "") => format!("failed: {what}"),
            ("", first) => format!("{what}: {first}"),
            (word, _) => format!("{word}: {what}"),
        };
        text.clone_into(&mut self.detail);
    }

    /// A background belongs to the scenario behind it; one without results is only written down.
    fn add_background(&mut self, background: Self) {
        if background.red.is_some() && self.red.is_none() {
            (self.red, self.message, self.detail) = (background.red, background.message, background.detail);
        }
        self.has_passed |= background.has_passed;
        self.has_skipped |= background.has_skipped;
        self.duration += background.duration;
        self.unknown = self.unknown.take().or(background.unknown);
        self.producer = self.producer.or(background.producer);
    }

    fn state(&mut self) -> State {
        if let Some(state) = self.red {
            return state;
        }
        if self.has_passed && self.is_open {
            "a step has no result".clone_into(&mut self.message);
            return State::Errored;
        }
        match (self.has_skipped, self.has_passed) {
            (true, _) => State::Skipped,
            (false, true) => State::Passed,
            (false, false) => State::NotRun,
        }
    }
}

/// Recognises a producer by the place of its step definitions.
fn producer(place: &str) -> Option<Producer> {
    let path = place.rsplit_once(':').map_or(place, |(path, _)| path);
    let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
    if ends(&[".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"]) {
        Some(Producer::CucumberJs)
    } else if ends(&[".rb"]) {
        Some(Producer::CucumberRuby)
    } else if ends(&[".py"]) {
        Some(Producer::Behave)
    } else if place.ends_with(')') {
        Some(Producer::CucumberJvm)
    } else {
        None
    }
}

/// A path and a line, as behave writes `features/a.feature:3`.
fn split(location: &str) -> (&str, Option<u64>) {
    match location.rsplit_once(':').map(|(path, line)| (path, line.parse())) {
        Some((path, Ok(line))) => (path, Some(line)),
        _ => (location, None),
    }
}

#[derive(Default)]
struct Element {
    kind: Text,
    id: Text,
    name: Text,
    line: Number,
    /// Only behave has these two.
    location: Text,
    status: Text,
    sum: Sum,
}

impl Object for Element {
    const KEYS: &'static [&'static str] =
        &["type", "id", "name", "line", "location", "status", "steps", "before", "after"];

    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => self.kind = map.next_value()?,
            "id" => self.id = map.next_value()?,
            "name" => self.name = map.next_value()?,
            "line" => self.line = map.next_value()?,
            "location" => self.location = map.next_value()?,
            "status" => self.status = map.next_value()?,
            "steps" => map.next_value_seed(each(|step: Step| self.sum.step(&step)))?,
            "before" => {
                map.next_value_seed(each(|hook: Hook| {
                    self.sum.ending(hook.result.as_ref(), "a hook before it");
                }))?;
            }
            "after" => {
                map.next_value_seed(each(|hook: Hook| {
                    self.sum.ending(hook.result.as_ref(), "a hook behind it");
                }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// A scenario that waits for the name of its feature.
struct Scenario {
    execution: Execution,
    duration: f64,
    steps: u64,
}

struct Feature<'a, 'b> {
    collector: &'a RefCell<&'b mut Collector>,
    name: Text,
    uri: Text,
    /// Only behave has these two.
    location: Text,
    status: Text,
    has_elements: bool,
    background: Option<Sum>,
    waiting: Vec<Scenario>,
    producer: Option<Producer>,
    red: u64,
}

impl<'a, 'b> Feature<'a, 'b> {
    fn new(collector: &'a RefCell<&'b mut Collector>) -> Self {
        let (name, uri, location, status) = Default::default();
        Self {
            collector,
            name,
            uri,
            location,
            status,
            has_elements: false,
            background: None,
            waiting: Vec::new(),
            producer: None,
            red: 0,
        }
    }

    fn element(&mut self, mut element: Element) {
        if element.kind.0 == "background" {
            self.background = Some(element.sum);
            return;
        }
        if let Some(background) = self.background.take() {
            element.sum.add_background(background);
        }
        let (path, line) = split(&element.location.0);
        if self.uri.is_empty() {
            path.clone_into(&mut self.uri.0);
        }
        let is_behave = !element.location.is_empty();
        let mut sum = element.sum;
        if !element.status.is_empty() && sum.red.is_none() {
            let ending = Ending { status: element.status, ..Ending::default() };
            let was_open = sum.is_open;
            sum.ending(Some(&ending), "the scenario apart from its steps");
            sum.is_open = was_open;
        }
        if let Some(word) = &sum.unknown {
            let what = format!("unknown status `{word}` in `{}`", element.name.0);
            self.collector.borrow_mut().trouble(Trouble::whole(what));
        }
        let state = sum.state();
        self.red += u64::from(state.is_red());
        self.producer = self.producer.or(if is_behave { Some(Producer::Behave) } else { sum.producer });
        let steps = hash_of(&(&element.id.0, sum.steps));
        let execution = Execution {
            line: line.or(element.line.whole()),
            message: sum.message,
            detail: sum.detail,
            ..Execution::new(element.name.0, state)
        };
        self.waiting.push(Scenario { execution, duration: sum.duration, steps });
        if self.waiting.len() >= WAITING {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        // Of all producers only behave counts seconds; the others count nanoseconds.
        let unit = if self.producer == Some(Producer::Behave) { 1.0 } else { 1e-9 };
        let file = self.uri.0.strip_prefix("file:").unwrap_or(&self.uri.0);
        for Scenario { mut execution, duration, steps } in self.waiting.drain(..) {
            execution.classname.clone_from(&self.name.0);
            file.clone_into(&mut execution.file);
            execution.producer = self.producer;
            execution.micros = execution::micros(duration * unit);
            let Execution { classname, name, file, line, .. } = &execution;
            let mut collector = self.collector.borrow_mut();
            // Rows of an outline may share a name and a line, but not their steps, too. What does is another attempt by those
            // that write one so: cucumber-ruby with `--retry`, behave with its `autoretry`.
            let repetition = line.map_or(Repetition::Row, |line| {
                let hash = hash_of(&(classname, name, file, line, steps));
                match execution.producer {
                    Some(Producer::CucumberRuby | Producer::Behave) => Repetition::Attempt(hash),
                    Some(Producer::CucumberJs) => Repetition::Row,
                    _ => collector.repetition(hash),
                }
            });
            collector.repeated(&execution, repetition);
        }
    }

    /// What the feature says of itself, when all of it is read.
    fn finish(mut self) {
        if self.uri.is_empty() {
            split(&self.location.0).0.clone_into(&mut self.uri.0);
        }
        self.hand_over();
        let mut collector = self.collector.borrow_mut();
        if !self.has_elements && self.name.is_empty() && self.uri.is_empty() {
            return collector.trouble(Trouble::whole("an item of the list is not a feature"));
        }
        collector.suite();
        if let Some(background) = self.background.filter(|background| background.red.is_some()) {
            self.red += 1;
            let Sum { message, detail, .. } = background;
            collector.broken_suite(GroupError::new(&self.name.0, &message, &detail, Position::NOWHERE));
        }
        let is_wrong = matches!(self.status.0.as_str(), "failed" | "error" | "hook_error" | "cleanup_error");
        if is_wrong && self.red == 0 {
            let what = "the feature failed, but none of its scenarios did";
            collector.broken_suite(GroupError::new(&self.name.0, what, "", Position::NOWHERE));
        }
    }
}

impl Object for Feature<'_, '_> {
    const KEYS: &'static [&'static str] = &["elements", "name", "uri", "location", "status"];

    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "elements" => {
                self.has_elements = true;
                return map.next_value_seed(each_object(Element::default, |element| self.element(element)));
            }
            "name" => self.name = map.next_value()?,
            "uri" => self.uri = map.next_value()?,
            "location" => self.location = map.next_value()?,
            "status" => self.status = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::checks::{counts, holds_in_a_row, read, survives};

    const SAMPLE: &str = r#"[{"description": "", "elements": [
        {"id": "cart;adding", "keyword": "Scenario", "line": 6, "name": "Adding", "type": "scenario", "steps": [
          {"keyword": "Before", "hidden": true, "result": {"status": "passed", "duration": 1000}},
          {"keyword": "Given ", "line": 4, "name": "an empty cart", "match": {"location": "features/steps/steps.js:3"}, "result": {"status": "passed", "duration": 2000000}}]},
        {"id": "cart;failing", "keyword": "Scenario", "line": 9, "name": "Failing", "type": "scenario", "steps": [
          {"keyword": "Then ", "line": 10, "name": "it fails", "result": {"status": "failed", "duration": 10, "error_message": "AssertionError: 1 == 2\n    at World.<anonymous> (features/steps/steps.js:9:3)"}},
          {"keyword": "And ", "line": 11, "name": "goes on", "result": {"status": "skipped"}}]},
        {"id": "cart;undefined", "keyword": "Scenario", "line": 13, "name": "Undefined", "type": "scenario", "steps": [{"keyword": "Given ", "name": "nothing", "result": {"status": "undefined"}}]},
        {"id": "cart;pending", "keyword": "Scenario", "line": 16, "name": "Pending", "type": "scenario", "steps": [{"keyword": "Given ", "name": "later", "result": {"status": "pending"}}]},
        {"id": "cart;rows", "keyword": "Scenario Outline", "line": 20, "name": "Rows", "type": "scenario", "steps": [{"keyword": "Given ", "line": 20, "name": "1 item", "result": {"status": "failed"}}]},
        {"id": "cart;rows", "keyword": "Scenario Outline", "line": 20, "name": "Rows", "type": "scenario", "steps": [{"keyword": "Given ", "line": 20, "name": "2 items", "result": {"status": "passed"}}]},
        {"id": "cart;shaky", "keyword": "Scenario", "line": 30, "name": "Shaky", "type": "scenario", "steps": [{"keyword": "Given ", "line": 31, "name": "luck", "result": {"status": "failed"}}]},
        {"id": "cart;shaky", "keyword": "Scenario", "line": 30, "name": "Shaky", "type": "scenario", "steps": [{"keyword": "Given ", "line": 31, "name": "luck", "result": {"status": "passed"}}]},
        {"id": "cart;left-out", "keyword": "Scenario", "line": 40, "name": "Left out", "type": "scenario", "steps": [{"keyword": "Before", "result": {"status": "skipped"}}]},
        {"id": "cart;empty", "keyword": "Scenario", "line": 44, "name": "Empty", "type": "scenario", "steps": []}],
      "id": "cart", "line": 1, "keyword": "Feature", "name": "Cart", "tags": [], "uri": "features/cart.feature"}]"#;

    #[test]
    fn steps_make_scenarios() {
        let reading = read(&FORMAT, SAMPLE.as_bytes());
        // cucumber-js writes the last attempt alone, so two scenarios are two; cucumber-ruby writes all attempts.
        assert_eq!(counts(&reading), [3, 0, 5, 0, 1, 1]);
        let of_ruby = SAMPLE.replace("steps.js", "steps.rb");
        let of_ruby = read(&FORMAT, of_ruby.as_bytes());
        assert_eq!((counts(&of_ruby), of_ruby.problems[4].attempts), ([2, 1, 4, 0, 1, 1], 2));
        assert_eq!(reading.suites, 1);
        let failed = &reading.problems[0];
        assert_eq!(
            (failed.test.as_str(), failed.message.as_str()),
            ("Cart > Failing", "Then it fails: AssertionError: 1 == 2")
        );
        assert_eq!(failed.location.as_ref().unwrap().to_string(), "features/cart.feature:9");
        assert_eq!(failed.rerun.as_deref(), Some("npx cucumber-js features/cart.feature --name '^Failing$'"));
        assert_eq!(reading.problems[1].message, "undefined: Given nothing");
        assert_eq!(reading.micros, Some(2_001));
    }

    #[test]
    fn backgrounds_hooks_and_outlines_of_other_producers() {
        let jvm = r#"[{"line": 1, "elements": [
            {"line": 2, "name": "", "type": "background", "keyword": "Background", "steps": [{"result": {"duration": 5, "status": "failed", "error_message": "no shop"}, "line": 3, "name": "a shop", "match": {"location": "shop.Steps.shop()"}, "keyword": "Given "}]},
            {"line": 5, "name": "First", "type": "scenario", "id": "shop;first", "before": [{"result": {"status": "passed"}, "match": {"location": "shop.Hooks.up()"}}], "steps": [{"result": {"status": "skipped"}, "line": 6, "name": "x", "keyword": "When "}]},
            {"line": 2, "name": "", "type": "background", "keyword": "Background", "steps": [{"result": {"status": "passed"}, "line": 3, "name": "a shop", "keyword": "Given "}]},
            {"line": 8, "name": "Second", "type": "scenario", "id": "shop;second", "steps": [{"result": {"status": "passed"}, "line": 9, "name": "x", "keyword": "When ", "after": [{"result": {"status": "failed", "error_message": "torn"}}]}], "after": [{"result": {"status": "passed"}}]},
            {"line": 12, "name": "Third", "type": "scenario", "id": "shop;third", "steps": [{"result": {"status": "passed"}, "line": 13, "name": "x"}, {"line": 14, "name": "crashes"}]}],
          "name": "Shop", "id": "shop", "keyword": "Feature", "uri": "file:src/test/resources/shop.feature"}]"#;
        let reading = read(&FORMAT, jvm.as_bytes());
        assert_eq!(counts(&reading), [0, 0, 2, 1, 0, 0]);
        let messages: Vec<&str> = reading.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["Given a shop: no shop", "a hook behind a step: torn", "a step has no result"]);
        assert_eq!(
            reading.problems[0].location.as_ref().unwrap().to_string(),
            "src/test/resources/shop.feature:5"
        );

        let behave = r#"[{"elements": [
            {"type": "background", "location": "features/a.feature:2", "name": "", "steps": [{"name": "a shop", "step_type": "given", "location": "features/a.feature:3"}]},
            {"type": "scenario", "location": "features/a.feature:5", "name": "First", "status": "passed", "steps": [{"name": "x", "match": {"location": "features/steps/a.py:3"}, "result": {"status": "passed", "duration": 0.5}}]},
            {"type": "scenario", "location": "features/a.feature:8", "name": "Hook", "status": "hook_error", "steps": [{"name": "x"}]},
            {"type": "scenario", "location": "features/a.feature:11", "name": "Left", "status": "untested", "steps": [{"name": "x"}]},
            {"type": "scenario", "location": "features/a.feature:14", "name": "Raises", "status": "error", "steps": [{"name": "x", "result": {"status": "error", "duration": 0.25, "error_message": ["Traceback:", "KeyError: 1"]}}, {"name": "y"}]}],
          "keyword": "Feature", "location": "features/a.feature:1", "name": "A", "status": "failed"}]"#;
        let reading = read(&FORMAT, behave.as_bytes());
        assert_eq!(counts(&reading), [1, 0, 0, 2, 0, 1]);
        assert_eq!(reading.micros, Some(750_000));
        assert_eq!(reading.problems[0].rerun.as_deref(), Some("behave features/a.feature --name '^Hook$'"));
        let feature = r#"[{"elements": [], "keyword": "Feature", "location": "a.feature:1", "name": "A", "status": "failed"}]"#;
        assert_eq!(read(&FORMAT, feature.as_bytes()).suite_errored, 1);
        assert_eq!(read(&FORMAT, br#"[{"a": 1}]"#).troubles.kept().len(), 1);
        let word = SAMPLE.replace("\"undefined\"}", "\"odd\"}");
        assert_eq!(read(&FORMAT, word.as_bytes()).troubles.kept().len(), 1);
    }

    #[test]
    fn a_damaged_key_hides_no_failure() {
        let two = r#"[{"uri": "a.feature", "name": "A", "keyword": "Feature", "elements": [
            {"name": "Good", "type": "scenario", "line": 2, "steps": [{"name": "x", "result": {"status": "passed"}}]},
            {"name": "Bad", "type": "scenario", "line": 4, "before": [{"result": {"status": "passed"}}],
             "steps": [{"name": "x", "result": {"status": "failed"}}], "after": [{"result": {"status": "passed"}}]}]}]"#;
        assert!(read(&FORMAT, two.as_bytes()).troubles.is_empty());
        for key in ["steps", "before", "after", "result", "status", "elements", "type"] {
            for damaged in [key.to_uppercase(), format!("{}{}", key[..1].to_uppercase(), &key[1..])] {
                let (before, after) = two.rsplit_once(&format!("\"{key}\"")).unwrap();
                let text = format!("{before}\"{damaged}\"{after}");
                let said = format!("{:?}", read(&FORMAT, text.as_bytes()).troubles);
                assert!(said.contains(&format!("did you mean `{key}`?")), "{damaged}: {said}");
            }
        }
    }

    #[test]
    fn what_holds_for_every_format() {
        holds_in_a_row(&FORMAT, SAMPLE);
        survives(&FORMAT, SAMPLE);
    }
}
