//! Reads TRX, the report of `VSTest`, `dotnet test` and Microsoft's testing platform.
//!
//! Classes of tests stand in definitions, mostly behind the results; only results that went wrong wait for them. A report tells
//! each test once, so that two results of one name are two tests.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Format;
use super::elements::{self, Elements, Part, Said, Tag, Walk, frame, place_of, split};
use super::numbers;
use super::trx_summary::Summary;
use crate::attempts::State;
use crate::collector::{Collector, KEPT};
use crate::execution::{self, Execution};
use crate::producer::Producer;
use devops_core::Cases;
use devops_reading::hash::hash_of;
use devops_reading::shape::Shape;
use devops_reading::trouble::Position;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "TRX",
    is: |shape| matches!(shape, Shape::Xml(xml) if xml.root == "TestRun"),
    read: |source, collector| elements::read(source, collector, Trx::default()),
};

/// A result that is open.
struct Running {
    depth: usize,
    test: u64,
    execution: u64,
    name: String,
    state: State,
    micros: Option<u64>,
    at: Option<Position>,
    message: String,
    detail: String,
    /// Whether it stands for rows, which may stand beside it instead of in it.
    stands_for_rows: bool,
    /// Rows in it so far, and how bad the worst of them is.
    rows: u64,
    worst: u8,
}

#[derive(Default)]
struct Trx {
    running: Vec<Running>,
    /// What stands for rows that did not stand in it, and how bad the rows of an execution are that stand elsewhere.
    parents: Vec<Running>,
    rows: HashMap<u64, u8>,
    definitions: Definitions,
    /// The definition that is open.
    defined: Option<u64>,
    summary: Summary,
    said: Said,
}

/// Which class a test is of, and the results that wait to know.
#[derive(Default)]
struct Definitions {
    /// Classes by test, where definitions stand before the results.
    classes: HashMap<u64, Rc<str>>,
    names: HashSet<Rc<str>>,
    waiting: Vec<Execution>,
    /// Which of them wait for which test.
    wanted: HashMap<u64, Vec<usize>>,
    has_results: bool,
}

impl Definitions {
    fn define(&mut self, test: u64, class: &str, collector: &mut Collector) {
        // Some write the assembly behind the class.
        let class = class.split(',').next().unwrap_or(class).trim();
        if class.is_empty() {
            return;
        }
        let name = self.names.get(class).cloned().unwrap_or_else(|| {
            let name: Rc<str> = class.into();
            self.names.insert(Rc::clone(&name));
            collector.suite();
            name
        });
        if !self.has_results {
            self.classes.insert(test, name);
            return;
        }
        for index in self.wanted.remove(&test).unwrap_or_default() {
            if let Some(execution) = self.waiting.get_mut(index) {
                assign(execution, class);
            }
        }
    }

    /// Takes a test whose class is known, does not matter, or is still to come.
    fn test(&mut self, test: u64, mut execution: Execution, collector: &mut Collector) {
        self.has_results = true;
        if let Some(class) = self.classes.get(&test) {
            assign(&mut execution, class);
        } else if execution.state.is_red()
            || collector.keeps_names()
            || (collector.lists(execution.state) && self.waiting.len() < Cases::MOST)
        {
            if self.waiting.len() >= KEPT {
                // It is counted, and its texts will not be shown.
                (execution.message, execution.detail) = (String::new(), String::new());
            }
            self.wanted.entry(test).or_default().push(self.waiting.len());
            self.waiting.push(execution);
            return;
        } else {
            assign(&mut execution, "");
        }
        collector.test(&execution);
    }

    /// No more definitions come.
    fn flush(&mut self, collector: &mut Collector) {
        for mut execution in self.waiting.drain(..) {
            if execution.classname.is_empty() {
                assign(&mut execution, "");
            }
            collector.test(&execution);
        }
        self.wanted.clear();
    }
}

/// Separates class and test, given the class where it is known.
fn assign(execution: &mut Execution, class: &str) {
    let (class, name) = split(class, &execution.name);
    let (class, name) = (class.to_owned(), name.to_owned());
    execution.place = frame(&execution.detail, &class);
    (execution.classname, execution.name) = (class, name);
}

impl Elements for Trx {
    const ROOTS: &'static [&'static str] = &["TestRun"];

    fn open(&mut self, tag: &Tag, walk: &mut Walk<'_>, collector: &mut Collector) {
        match (walk.around(), tag.name()) {
            ("Results" | "InnerResults", _) => self.begin(tag, walk),
            ("ErrorInfo", "Message") if !self.running.is_empty() => self.said.listen(Part::Message, walk),
            ("ErrorInfo", "StackTrace") if !self.running.is_empty() => self.said.listen(Part::Detail, walk),
            ("TestDefinitions", _) => self.defined = tag.find("id").map(identifier),
            (_, "TestMethod") => {
                if let Some(test) = self.defined {
                    self.definitions.define(test, tag.get("className"), collector);
                }
            }
            (_, "ResultSummary") => self.summary.outcome(tag.get("outcome"), walk),
            ("ResultSummary", "Counters") => self.summary.counters(tag),
            ("RunInfos", "RunInfo") => self.summary.info(tag.get("outcome"), walk),
            ("RunInfo", "Text") if self.summary.listens() => self.said.listen(Part::Message, walk),
            _ => {}
        }
    }

    fn close(&mut self, walk: &mut Walk<'_>, collector: &mut Collector) {
        if self.running.last().is_some_and(|running| running.depth > walk.depth()) {
            self.end(collector);
            return;
        }
        match walk.name() {
            "Output" => {
                // What is said so far is about this result; its rows come later.
                let (message, detail) = self.said.take();
                if let Some(running) =
                    self.running.last_mut().filter(|_| !(message.is_empty() && detail.is_empty()))
                {
                    (running.message, running.detail) = (message, detail);
                }
            }
            "Results" => self.settle(collector),
            "TestDefinitions" => self.definitions.flush(collector),
            "RunInfo" => {
                let (text, _) = self.said.take();
                self.summary.told(&text);
            }
            "TestRun" if walk.depth() == 0 => self.finish(collector),
            _ => {}
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    fn finish(&mut self, collector: &mut Collector) {
        // Results that were cut off have failed, or say nothing.
        self.running.retain(|running| running.state.is_red());
        while !self.running.is_empty() {
            self.end(collector);
        }
        self.settle(collector);
        self.definitions.flush(collector);
        std::mem::take(&mut self.summary).judge(collector);
        *self = Self::default();
    }
}

impl Trx {
    /// A result begins.
    fn begin(&mut self, tag: &Tag, walk: &mut Walk<'_>) {
        let word = tag.get("outcome");
        let state = state(word).unwrap_or_else(|| {
            // Results without an outcome were never given one.
            if !word.is_empty() {
                walk.trouble(format!("unknown outcome `{word}`"));
            }
            State::Errored
        });
        let message = if word.is_empty() { "the report names no outcome of this test" } else { "" };
        self.summary.met(state);
        if word == "PassedButRunAborted" {
            self.summary.aborted(walk);
        }
        let parent = identifier(tag.get("parentExecutionId"));
        if self.running.is_empty() && tag.find("parentExecutionId").is_some() {
            let worst = self.rows.entry(parent).or_default();
            *worst = state.rank().max(*worst);
        }
        self.running.push(Running {
            depth: walk.depth(),
            test: identifier(tag.get("testId")),
            execution: identifier(tag.get("executionId")),
            name: tag.get("testName").to_owned(),
            state,
            micros: micros(tag.get("duration")),
            at: place_of(state.is_red(), walk),
            message: message.to_owned(),
            detail: String::new(),
            stands_for_rows: tag.get("resultType") == "DataDrivenTest",
            rows: 0,
            worst: 0,
        });
    }

    /// The innermost result ends.
    fn end(&mut self, collector: &mut Collector) {
        let Some(running) = self.running.pop() else { return };
        let rank = running.state.rank();
        if let Some(outer) = self.running.last_mut() {
            outer.rows += 1;
            outer.worst = outer.worst.max(running.worst).max(rank);
        }
        if running.rows == 0 && running.stands_for_rows {
            self.parents.push(running);
        } else if running.rows == 0 || running.state.is_red() && rank > running.worst {
            self.hand_over(running, collector);
        }
    }

    /// Hands over what stands for rows and has none, or is worse than all of them.
    fn settle(&mut self, collector: &mut Collector) {
        for parent in std::mem::take(&mut self.parents) {
            let worst = self.rows.get(&parent.execution).copied();
            if worst.is_none_or(|worst| parent.state.is_red() && parent.state.rank() > worst) {
                self.hand_over(parent, collector);
            }
        }
    }

    fn hand_over(&mut self, running: Running, collector: &mut Collector) {
        let Running { test, name, state, micros, at, message, detail, .. } = running;
        // What cleans up after tests is written as a test, in brackets, and can't be run by itself.
        let producer = (!name.starts_with('[')).then_some(Producer::Dotnet);
        let execution = Execution { micros, message, detail, at, producer, ..Execution::new(name, state) };
        self.definitions.test(test, execution, collector);
    }
}

/// What an outcome means.
fn state(word: &str) -> Option<State> {
    Some(match word {
        "Passed" | "Completed" | "Warning" | "PassedButRunAborted" => State::Passed,
        "Failed" => State::Failed,
        "Error" | "Timeout" | "Aborted" | "Disconnected" | "NotRunnable" | "InProgress" => State::Errored,
        "Inconclusive" | "NotExecuted" => State::Skipped,
        "Pending" => State::NotRun,
        _ => return None,
    })
}

/// An id, whose letters may be large here and small there.
fn identifier(text: &str) -> u64 {
    hash_of(&text.trim().to_ascii_lowercase())
}

/// A time like `00:00:01.5000000` or `1.02:03:04`, with days before the hours.
fn micros(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let number = numbers::decimal;
    let minutes = (number(days)? * 24.0 + number(hours)?) * 60.0 + number(minutes)?;
    execution::micros(minutes * 60.0 + number(seconds)?)
}

#[cfg(test)]
mod tests {
    use super::super::checks::{counts, holds, read, survives};
    use super::FORMAT;
    use crate::collector::Reading;

    const SAMPLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<TestRun id="1" name="run" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult executionId="e1" testId="T1" testName="Shop.Tests.Adds" duration="00:00:01.5000000" outcome="Passed" />
    <UnitTestResult executionId="e2" testId="T2" testName="Pays" duration="00:00:00.2500000" outcome="Failed">
      <Output>
        <StdOut>out</StdOut>
        <ErrorInfo>
          <Message>Expected 2&#xD;
But was 1</Message>
          <StackTrace>   at Shop.Cart.Pay() in C:\shop\Cart.cs:line 9&#xD;
   at Shop.Tests.Pays() in C:\shop\Tests.cs:line 33</StackTrace>
        </ErrorInfo>
      </Output>
    </UnitTestResult>
    <UnitTestResult executionId="e3" testId="t3" testName="Ships" outcome="NotExecuted" />
    <UnitTestResult executionId="e4" testId="t4" testName="Rows" outcome="Failed" resultType="DataDrivenTest">
      <InnerResults>
        <UnitTestResult executionId="e5" parentExecutionId="e4" testId="t4" testName="Rows (1)" outcome="Passed" />
        <UnitTestResult executionId="e6" parentExecutionId="e4" testId="t4" testName="Rows (2)" outcome="Failed">
          <Output><ErrorInfo><Message>2 is odd</Message></ErrorInfo></Output>
        </UnitTestResult>
      </InnerResults>
    </UnitTestResult>
  </Results>
  <TestDefinitions>
    <UnitTest name="Pays" storage="shop.dll" id="t2"><TestMethod codeBase="shop.dll" className="Shop.Tests, Shop, Version=1.0" name="Pays" /></UnitTest>
    <UnitTest name="Rows" storage="shop.dll" id="t4"><TestMethod codeBase="shop.dll" className="Shop.Other" name="Rows" /></UnitTest>
  </TestDefinitions>
  <ResultSummary outcome="Failed">
    <Counters total="6" executed="5" passed="2" failed="3" error="0" timeout="0" aborted="0" />
    <RunInfos><RunInfo outcome="Error"><Text>[xUnit.net 00:00:00.39]     Shop.Tests.Pays [FAIL]</Text></RunInfo></RunInfos>
  </ResultSummary>
</TestRun>
"#;

    fn run(results: &str, rest: &str) -> Reading {
        read(&FORMAT, format!("<TestRun><Results>{results}</Results>{rest}</TestRun>"))
    }

    #[test]
    fn a_report_is_read() {
        let reading = read(&FORMAT, SAMPLE);
        assert_eq!(counts(&reading), [2, 0, 2, 0, 1, 0]);
        assert_eq!((reading.run_errored, reading.suites, reading.micros), (0, 2, Some(1_750_000)));
        let [pays, rows] = reading.problems.as_slice() else { panic!("{:?}", reading.problems) };
        assert_eq!((pays.classname.as_str(), pays.name.as_str()), ("Shop.Tests", "Pays"));
        assert_eq!((pays.message.as_str(), pays.at.unwrap().line), ("Expected 2\nBut was 1", 5));
        assert_eq!(pays.location.as_ref().unwrap().to_string(), "C:/shop/Tests.cs:33");
        assert_eq!(pays.rerun.as_deref(), Some("dotnet test --filter FullyQualifiedName=Shop.Tests.Pays"));
        assert_eq!((rows.test.as_str(), rows.message.as_str()), ("Shop.Other.Rows (2)", "2 is odd"));
        assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    }

    #[test]
    fn no_beginning_is_greener() {
        holds(&FORMAT, SAMPLE);
        holds(
            &FORMAT,
            "<TestRun><Results><UnitTestResult testName='a' outcome='Passed'/></Results></TestRun>\n",
        );
    }

    #[test]
    fn classes_may_stand_before_the_results() {
        let (before, rest) = SAMPLE.split_once("  <Results>").unwrap();
        let (results, rest) = rest.split_once("  <TestDefinitions>").unwrap();
        let (definitions, summary) = rest.split_once("  <ResultSummary").unwrap();
        let turned = format!(
            "{before}<ResultSummary{} <TestDefinitions>{definitions}<Results>{results}</TestRun>",
            summary.replace("</TestRun>", "")
        );
        let (one, other) = (read(&FORMAT, SAMPLE), read(&FORMAT, turned));
        assert!(other.troubles.is_empty(), "{:?}", other.troubles);
        assert_eq!((one.counts, one.run_errored), (other.counts, other.run_errored));
        let names = |reading: &Reading| {
            reading.problems.iter().map(|problem| problem.test.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&one), names(&other));
    }

    #[test]
    fn every_outcome_means_something() {
        for (word, expected) in [
            ("Passed", [1, 0, 0, 0, 0, 0]),
            ("Completed", [1, 0, 0, 0, 0, 0]),
            ("Warning", [1, 0, 0, 0, 0, 0]),
            ("Failed", [0, 0, 1, 0, 0, 0]),
            ("Error", [0, 0, 0, 1, 0, 0]),
            ("Timeout", [0, 0, 0, 1, 0, 0]),
            ("Aborted", [0, 0, 0, 1, 0, 0]),
            ("Disconnected", [0, 0, 0, 1, 0, 0]),
            ("NotRunnable", [0, 0, 0, 1, 0, 0]),
            ("InProgress", [0, 0, 0, 1, 0, 0]),
            ("Inconclusive", [0, 0, 0, 0, 1, 0]),
            ("NotExecuted", [0, 0, 0, 0, 1, 0]),
            ("Pending", [0, 0, 0, 0, 0, 1]),
        ] {
            let reading = run(&format!("<UnitTestResult testName='a' outcome='{word}'/>"), "");
            assert_eq!(counts(&reading), expected, "{word}");
            assert!(reading.troubles.is_empty() && reading.run_errored == 0, "{word}");
        }
        assert_eq!(run("<UnitTestResult testName='a' outcome='PassedButRunAborted'/>", "").run_errored, 1);
        assert_eq!(counts(&run("<UnitTestResult testName='a'/>", "")), [0, 0, 0, 1, 0, 0]);
        let unknown = run("<UnitTestResult testName='a' outcome='Fine'/>", "");
        assert_eq!(unknown.troubles.kept()[0].what, "unknown outcome `Fine`");
    }

    #[test]
    fn rows_count_and_what_stands_for_them_does_not() {
        let row = |outcome: &str| format!("<UnitTestResult testName='r' outcome='{outcome}'/>");
        let nested = |parent: &str, rows: &str| {
            let reading = run(
                &format!(
                    "<UnitTestResult testName='p' outcome='{parent}' resultType='DataDrivenTest'><InnerResults>{rows}</InnerResults></UnitTestResult>"
                ),
                "",
            );
            counts(&reading)
        };
        assert_eq!(nested("Passed", &(row("Passed") + &row("Passed"))), [2, 0, 0, 0, 0, 0]);
        assert_eq!(nested("Failed", &(row("Failed") + &row("Passed"))), [1, 0, 1, 0, 0, 0]);
        assert_eq!(nested("Error", &row("Passed")), [1, 0, 0, 1, 0, 0]);
        assert_eq!(nested("Failed", ""), [0, 0, 1, 0, 0, 0]);
        let flat = run(
            "<UnitTestResult executionId='E' testName='p' outcome='Failed' resultType='DataDrivenTest'/><UnitTestResult parentExecutionId='e' testName='r' outcome='Failed'/><UnitTestResult parentExecutionId='e' testName='r' outcome='Passed'/>",
            "",
        );
        assert_eq!(counts(&flat), [1, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn a_run_that_broke_off_is_told() {
        let pass = "<UnitTestResult testName='a' outcome='Passed'/>";
        let fail = "<UnitTestResult testName='a' outcome='Failed'/>";
        let info = |text: &str| {
            format!(
                "<ResultSummary outcome='Failed'><RunInfos><RunInfo outcome='Error'><Text>{text}</Text></RunInfo></RunInfos></ResultSummary>"
            )
        };
        let exit = "Exit code indicates failure: '2'. Please refer to the documentation";
        for (result, rest, expected) in [
            (pass, "<ResultSummary outcome='Completed'/>".to_owned(), 0),
            (pass, "<ResultSummary outcome='Failed'/>".to_owned(), 1),
            (pass, "<ResultSummary outcome='Error'/>".to_owned(), 1),
            (fail, "<ResultSummary outcome='Failed'/>".to_owned(), 0),
            (fail, "<ResultSummary outcome='Aborted'/>".to_owned(), 1),
            (pass, info("The active test run was aborted. Reason: Test host process crashed"), 1),
            (fail, info("The active test run was aborted. Reason: Test host process crashed"), 1),
            (fail, info(exit), 0),
            (pass, info(exit), 1),
            (fail, info("a [FAIL]"), 0),
            (pass, info("a [FAIL]"), 1),
            (pass, "<ResultSummary outcome='Completed'><Counters total='1' failed='1'/></ResultSummary>".to_owned(), 1),
            (pass, "<ResultSummary outcome='Completed'><RunInfos><RunInfo outcome='Warning'><Text>w</Text></RunInfo></RunInfos></ResultSummary>".to_owned(), 0),
        ] {
            assert_eq!(run(result, &rest).run_errored, expected, "{rest}");
        }
        let more = run(pass, "<ResultSummary outcome='Completed'><Counters total='2'/></ResultSummary>");
        assert_eq!(more.notes, ["the run claims 2 results, the report holds 1"]);
    }

    #[test]
    fn two_documents_are_two_runs() {
        let reading = read(&FORMAT, format!("{SAMPLE}{SAMPLE}"));
        assert_eq!(counts(&reading), [4, 0, 4, 0, 2, 0]);
        assert!(reading.troubles.is_empty());
    }

    #[test]
    fn damage_is_survived() {
        survives(&FORMAT, SAMPLE);
    }
}
