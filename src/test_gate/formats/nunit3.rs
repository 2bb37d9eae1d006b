//! Reads the report of `NUnit` 3 and 4, and of what writes like it.
//!
//! Set-up and tear-down fail in a suite: its tests show the former, nothing else shows the latter. A report has each test once.

use super::Format;
use super::elements::{self, Elements, Part, Said, Tag, Walk, frame, micros, place_of, split};
use super::nunit2;
use super::suites::{self, Claims, Suites};
use crate::attempts::State;
use crate::collector::Collector;
use crate::execution::Execution;
use crate::producer::Producer;
use devops_reading::shape::{Shape, Xml};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "NUnit 3",
    is: |shape| matches!(shape, Shape::Xml(xml) if xml.root == "test-run" || is_suite(xml)),
    read: |source, collector| elements::read(source, collector, NUnit::default()),
};

/// Whether the root is a suite without a run around it, as the framework itself writes it.
fn is_suite(xml: &Xml) -> bool {
    xml.root == "test-suite" && !nunit2::is_suite(xml)
}

#[derive(Default)]
struct NUnit {
    suites: Suites,
    /// The test that is open, and how deep.
    case: Option<(Execution, usize)>,
    /// Whether pytest-nunit wrote it: its tests have a failure each, mostly an empty one, and go by whole names.
    is_pytest: bool,
    said: Said,
}

impl Elements for NUnit {
    const ROOTS: &'static [&'static str] = &["test-run", "test-suite"];

    fn open(&mut self, tag: &Tag, walk: &mut Walk<'_>, collector: &mut Collector) {
        match (walk.around(), tag.name()) {
            (_, "test-run") => self.suite(tag, walk),
            (_, "test-suite") => {
                collector.suite();
                self.suite(tag, walk);
            }
            (_, "test-case") => self.begin(tag, walk),
            ("properties", "property") if tag.get("name") == "python_version" => self.is_pytest = true,
            ("test-case", "failure") => {
                if let Some((execution, _)) = self.case.as_mut().filter(|_| !self.is_pytest) {
                    if execution.state.rank() < State::Failed.rank() {
                        execution.state = State::Failed;
                    }
                    execution.at = execution.at.or(place_of(true, walk));
                }
            }
            ("failure" | "reason", "message") => self.said.listen(Part::Message, walk),
            ("failure", "stack-trace") => self.said.listen(Part::Detail, walk),
            _ => {}
        }
    }

    fn close(&mut self, walk: &mut Walk<'_>, collector: &mut Collector) {
        match walk.name() {
            "test-case" if self.case.as_ref().is_some_and(|(_, depth)| *depth > walk.depth()) => {
                self.end(collector);
            }
            // A suite says what is wrong with it before its tests do.
            "failure" | "reason" if self.case.is_none() => {
                self.suites.said(self.said.take(), |_, _| ());
            }
            "test-suite" | "test-run" => self.suites.leave(collector),
            _ => {}
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    fn finish(&mut self, collector: &mut Collector) {
        if self.case.as_ref().is_some_and(|(execution, _)| execution.state.is_red()) {
            self.end(collector);
        }
    }
}

impl NUnit {
    fn suite(&mut self, tag: &Tag, walk: &Walk<'_>) {
        let (word, label) = result(tag);
        let is_failed = suites::state(word).is_some_and(State::is_red);
        let site = tag.get("site");
        let is_broken = matches!(site, "SetUp" | "TearDown" | "Test") || site.is_empty() && !label.is_empty();
        let claims = Claims {
            is_failed,
            is_broken: is_failed && is_broken,
            is_torn_down: site == "TearDown",
            tests: tag.number("testcasecount"),
            failed: tag.number("failed"),
        };
        self.suites.enter(tag, walk, claims);
    }

    fn begin(&mut self, tag: &Tag, walk: &mut Walk<'_>) {
        let (word, label) = result(tag);
        let state = state(word, label, tag.get("runstate")).unwrap_or_else(|| {
            walk.trouble(format!("unknown result `{word}`"));
            State::Errored
        });
        let (name, full) = (tag.get("name"), tag.get("fullname"));
        let named = match (tag.get("classname"), full) {
            _ if self.is_pytest => ("", name),
            (class, "") => split(class, name),
            (class, full) => split(class, full),
        };
        let mut execution = Execution {
            suite: if self.is_pytest { String::new() } else { self.suites.assembly() },
            classname: named.0.to_owned(),
            micros: micros(tag.find("duration").unwrap_or(tag.get("time")).trim()),
            at: place_of(state.is_red(), walk),
            message: if state.is_red() { label.to_owned() } else { String::new() },
            producer: (!self.is_pytest).then_some(Producer::Dotnet),
            ..Execution::new(if named.1 == full && !name.is_empty() { name } else { named.1 }, state)
        };
        if execution.message == "Error" {
            execution.message.clear();
        }
        self.case = Some((execution, walk.depth()));
        self.said.take();
    }

    fn end(&mut self, collector: &mut Collector) {
        let Some((mut execution, _)) = self.case.take() else { return };
        let (message, detail) = self.said.take();
        if !message.is_empty() {
            execution.message = message;
        }
        execution.detail = if self.is_pytest && detail == "None" { String::new() } else { detail };
        execution.place = frame(&execution.detail, &execution.classname);
        self.suites.case(execution.state, false);
        collector.test(&execution);
    }
}

/// The word for a result, and what it is more exactly: some write `Failed(Child)` or `Failed:Error` in one.
fn result(tag: &Tag) -> (&str, &str) {
    let result = tag.get("result");
    let (word, label) = result.split_once(['(', ':']).unwrap_or((result, ""));
    let stated = tag.get("label");
    (word.trim(), if stated.is_empty() { label.trim_end_matches(')').trim() } else { stated })
}

/// What a result means.
fn state(word: &str, label: &str, runstate: &str) -> Option<State> {
    Some(match suites::state(word)? {
        State::Failed if matches!(label, "Error" | "Cancelled" | "Invalid" | "NotRunnable") => State::Errored,
        State::Skipped if label == "Explicit" || runstate == "Explicit" => State::NotRun,
        state => state,
    })
}

#[cfg(test)]
mod tests {
    use super::super::checks::{counts, holds, read, survives};
    use super::FORMAT;
    use crate::collector::Reading;

    const SAMPLE: &str = r#"<?xml version="1.0" encoding="utf-8" standalone="no"?>
<test-run id="0" testcasecount="5" result="Failed" total="5" passed="2" failed="2" inconclusive="0" skipped="1" duration="0.2">
  <command-line><![CDATA[nunit3-console shop.dll]]></command-line>
  <test-suite type="Assembly" id="1" name="shop.dll" fullname="C:/shop/bin/shop.dll" testcasecount="5" result="Failed" site="Child" total="5" failed="2">
    <failure><message><![CDATA[One or more child tests had errors]]></message></failure>
    <test-suite type="TestFixture" id="2" name="Tests" fullname="Shop.Tests" classname="Shop.Tests" testcasecount="3" result="Failed" site="Child" failed="1">
      <failure><message><![CDATA[One or more child tests had errors]]></message></failure>
      <test-case id="3" name="Adds" fullname="Shop.Tests.Adds" classname="Shop.Tests" result="Passed" duration="0.5" />
      <test-case id="4" name="Pays(1)" fullname="Shop.Tests.Pays(1)" classname="Shop.Tests" result="Failed" duration="0.25">
        <failure>
          <message><![CDATA[  Expected: 3
  But was:  2
]]></message>
          <stack-trace><![CDATA[   at Shop.Tests.Pays(Int32 a) in C:\shop\Tests.cs:line 27
]]></stack-trace>
        </failure>
        <assertions><assertion result="Failed"><message><![CDATA[again]]></message></assertion></assertions>
      </test-case>
      <test-case id="5" name="Ships" fullname="Shop.Tests.Ships" classname="Shop.Tests" result="Skipped" label="Ignored"><reason><message><![CDATA[later]]></message></reason></test-case>
    </test-suite>
    <test-suite type="TestFixture" id="6" name="Broken" fullname="Shop.Broken" classname="Shop.Broken" testcasecount="1" result="Failed" label="Error" site="SetUp" failed="1">
      <failure><message><![CDATA[OneTimeSetUp: no database]]></message></failure>
      <test-case id="7" name="Never" fullname="Shop.Broken.Never" classname="Shop.Broken" result="Failed" label="Error" site="Parent"><failure><message><![CDATA[OneTimeSetUp: no database]]></message></failure></test-case>
    </test-suite>
    <test-suite type="TestFixture" id="8" name="Late" fullname="Shop.Late" classname="Shop.Late" testcasecount="1" result="Failed" label="Error" site="TearDown" failed="0">
      <failure><message><![CDATA[TearDown : no space]]></message><stack-trace><![CDATA[--TearDown]]></stack-trace></failure>
      <test-case id="9" name="Runs" fullname="Shop.Late.Runs" classname="Shop.Late" result="Passed" />
    </test-suite>
  </test-suite>
</test-run>
"#;

    fn case(attributes: &str) -> Reading {
        read(
            &FORMAT,
            format!(
                "<test-run><test-suite name='s'><test-case name='a' {attributes}/></test-suite></test-run>"
            ),
        )
    }

    #[test]
    fn a_report_is_read() {
        let reading = read(&FORMAT, SAMPLE);
        assert_eq!(counts(&reading), [2, 0, 1, 2, 1, 0]);
        assert_eq!((reading.suite_errored, reading.synthetic, reading.suites), (1, 1, 4));
        assert_eq!(reading.suite_errors[0].name, "Shop.Late");
        assert_eq!(reading.suite_errors[0].message, "TearDown : no space");
        let pays = &reading.problems[0];
        assert_eq!((pays.suite.as_str(), pays.test.as_str()), ("shop.dll", "Shop.Tests.Pays(1)"));
        assert_eq!(pays.message, "Expected: 3\n  But was:  2");
        assert_eq!(pays.location.as_ref().unwrap().to_string(), "C:/shop/Tests.cs:27");
        assert_eq!(pays.rerun.as_deref(), Some("dotnet test --filter 'FullyQualifiedName~Shop.Tests.Pays'"));
        assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    }

    #[test]
    fn no_beginning_is_greener() {
        holds(&FORMAT, SAMPLE);
        holds(
            &FORMAT,
            "<test-run><test-suite><test-case name='a' result='Passed'/></test-suite></test-run>\n",
        );
        holds(
            &FORMAT,
            "<test-suite type='Assembly' result='Passed' total='1'><test-case name='a' result='Passed'/></test-suite>\n",
        );
    }

    #[test]
    fn every_result_means_something() {
        for (attributes, expected) in [
            ("result='Passed'", [1, 0, 0, 0, 0, 0]),
            ("result='Warning'", [1, 0, 0, 0, 0, 0]),
            ("result='Success'", [1, 0, 0, 0, 0, 0]),
            ("result='Failed'", [0, 0, 1, 0, 0, 0]),
            ("result='failure'", [0, 0, 1, 0, 0, 0]),
            ("result='Error'", [0, 0, 0, 1, 0, 0]),
            ("result='Failed(Child)'", [0, 0, 1, 0, 0, 0]),
            ("result='Failed:Error'", [0, 0, 0, 1, 0, 0]),
            ("result='Failed' label='Error'", [0, 0, 0, 1, 0, 0]),
            ("result='Failed' label='Cancelled'", [0, 0, 0, 1, 0, 0]),
            ("result='Failed' label='Invalid' runstate='NotRunnable'", [0, 0, 0, 1, 0, 0]),
            ("result='Skipped' label='Ignored'", [0, 0, 0, 0, 1, 0]),
            ("result='Skipped' label='Explicit' runstate='Explicit'", [0, 0, 0, 0, 0, 1]),
            ("result='Inconclusive'", [0, 0, 0, 0, 1, 0]),
        ] {
            let reading = case(attributes);
            assert_eq!(counts(&reading), expected, "{attributes}");
            assert!(reading.troubles.is_empty(), "{attributes}");
        }
        assert_eq!(case("result='Fine'").troubles.kept()[0].what, "unknown result `Fine`");
        assert!(!case("").troubles.is_empty());
    }

    #[test]
    fn pytest_writes_failures_of_tests_that_passed() {
        let suite = |property: &str| {
            let failure = "<failure><message>xfail</message><stack-trace>None</stack-trace></failure>";
            let text = format!(
                "<test-run><test-suite name='s'><properties><property name='{property}'/></properties><test-case name='a.py::b' classname='a.py' result='Passed'>{failure}</test-case></test-suite></test-run>"
            );
            counts(&read(&FORMAT, text))
        };
        assert_eq!(suite("python_version"), [1, 0, 0, 0, 0, 0]);
        assert_eq!(suite("other"), [0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn a_suite_that_failed_by_itself_is_told() {
        let suite = |attributes: &str, inside: &str| {
            let pass = "<test-case name='a' result='Passed'/>";
            read(
                &FORMAT,
                format!(
                    "<test-run><test-suite name='s' result='Failed' {attributes}>{inside}{pass}</test-suite></test-run>"
                ),
            )
        };
        let failure = "<failure><message>m</message></failure>";
        for (attributes, inside, expected) in [
            ("site='SetUp'", failure, (1, 1)),
            ("site='TearDown'", failure, (1, 1)),
            ("label='Invalid'", failure, (1, 1)),
            ("site='Child'", failure, (1, 0)),
            ("site='Child' failed='2'", "<test-case name='b' result='Failed'/>", (1, 0)),
            ("site='Child' failed='1'", "<test-case name='b' result='Failed'/>", (0, 0)),
            ("site='SetUp'", "<test-case name='b' result='Failed'/>", (0, 0)),
        ] {
            let reading = suite(attributes, inside);
            assert_eq!((reading.suite_errored, reading.synthetic), expected, "{attributes}");
        }
        let run = read(
            &FORMAT,
            "<test-run result='Failed' testcasecount='2'><test-case name='a' result='Passed'/></test-run>",
        );
        assert_eq!((run.suite_errored, run.notes.len()), (1, 1));
    }

    #[test]
    fn damage_is_survived() {
        survives(&FORMAT, SAMPLE);
    }
}
