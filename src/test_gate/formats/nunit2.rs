//! Reads the report of `NUnit` 2, and of the many tools that write like it.
//!
//! Older ones name no result, only whether a test was executed and whether it was a success. A suite with a failing test says no more
//! than that; one that failed by itself says it with a message of its own.

use super::Format;
use super::elements::{self, Elements, Part, Said, Tag, Walk, frame, micros, place_of, split};
use super::suites::{self, Claims, Suites};
use crate::attempts::State;
use crate::collector::Collector;
use crate::execution::Execution;
use devops_reading::shape::{Shape, Xml};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "NUnit 2",
    is: |shape| matches!(shape, Shape::Xml(xml) if xml.root == "test-results" || is_suite(xml)),
    read: |source, collector| elements::read(source, collector, NUnit::default()),
};

/// Whether the root is a suite as this version writes them, without a run around it.
pub(super) fn is_suite(xml: &Xml) -> bool {
    xml.root == "test-suite"
        && (["executed", "success"].iter().any(|name| xml.has_attribute(name)) || xml.has_child("results"))
}

#[derive(Default)]
struct NUnit {
    suites: Suites,
    /// The test that is open, how deep, and whether it has no result.
    case: Option<(Execution, usize, bool)>,
    said: Said,
}

impl Elements for NUnit {
    const ROOTS: &'static [&'static str] = &["test-results", "test-suite"];

    fn open(&mut self, tag: &Tag, walk: &mut Walk<'_>, collector: &mut Collector) {
        match (walk.around(), tag.name()) {
            (_, "test-results") => self.suite(tag, walk),
            (_, "test-suite") => {
                collector.suite();
                self.suite(tag, walk);
            }
            (_, "test-case") => self.begin(tag, walk),
            ("test-case", "failure") => {
                if let Some((execution, ..)) = &mut self.case {
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
            "test-case" if self.case.as_ref().is_some_and(|(_, depth, _)| *depth > walk.depth()) => {
                self.end(collector);
            }
            "failure" | "reason" if self.case.is_none() => {
                self.suites.said(self.said.take(), |claims, message| {
                    claims.is_broken = claims.is_failed && !message.is_empty();
                    claims.is_torn_down =
                        message.starts_with("TearDown") || message.starts_with("TestFixtureTearDown");
                });
            }
            "test-suite" | "test-results" => self.suites.leave(collector),
            _ => {}
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    fn finish(&mut self, collector: &mut Collector) {
        if self.case.as_ref().is_some_and(|(execution, ..)| execution.state.is_red()) {
            self.end(collector);
        }
    }
}

impl NUnit {
    fn suite(&mut self, tag: &Tag, walk: &Walk<'_>) {
        let is_failed = match tag.get("result") {
            "" => is(tag, "success", "false") && !is(tag, "executed", "false"),
            word => suites::state(word).is_some_and(State::is_red),
        };
        let failed = tag.number("failures").saturating_add(tag.number("errors"));
        let claims = Claims { is_failed, tests: tag.number("total"), failed, ..Claims::default() };
        self.suites.enter(tag, walk, claims);
    }

    fn begin(&mut self, tag: &Tag, walk: &mut Walk<'_>) {
        let state = state(tag).unwrap_or_else(|| {
            walk.trouble(format!("unknown result `{}`", tag.get("result")));
            State::Errored
        });
        let (class, name) = split("", tag.get("name"));
        let execution = Execution {
            suite: self.suites.assembly(),
            classname: class.to_owned(),
            micros: micros(tag.get("time")),
            at: place_of(state.is_red(), walk),
            ..Execution::new(name, state)
        };
        self.case = Some((execution, walk.depth(), is(tag, "result", "inconclusive")));
        self.said.take();
    }

    fn end(&mut self, collector: &mut Collector) {
        let Some((mut execution, _, is_inconclusive)) = self.case.take() else { return };
        (execution.message, execution.detail) = self.said.take();
        execution.place = frame(&execution.detail, &execution.classname);
        self.suites.case(execution.state, is_inconclusive);
        collector.test(&execution);
    }
}

fn is(tag: &Tag, attribute: &str, value: &str) -> bool {
    tag.get(attribute).eq_ignore_ascii_case(value)
}

/// What the attributes of a test mean.
fn state(tag: &Tag) -> Option<State> {
    match tag.get("result") {
        "" if is(tag, "executed", "false") => Some(State::Skipped),
        "" if is(tag, "success", "true") => Some(State::Passed),
        "" if is(tag, "success", "false") => Some(State::Failed),
        // One that failed has an element that says so.
        "" if is(tag, "executed", "true") && tag.find("success").is_none() => Some(State::Passed),
        word => suites::state(word),
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{counts, holds, read, survives};
    use super::FORMAT;
    use crate::collector::Reading;

    const SAMPLE: &str = r#"<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!--This file represents the results of running a test suite-->
<test-results name="C:\shop\bin\shop.dll" total="4" errors="1" failures="1" not-run="1" inconclusive="1" ignored="1" skipped="0" invalid="0" date="2015-05-22" time="15:01:53">
  <environment nunit-version="2.6.4.14350" />
  <test-suite type="Assembly" name="C:\shop\bin\shop.dll" executed="True" result="Failure" success="False" time="1.5">
    <results>
      <test-suite type="TestFixture" name="Tests" executed="True" result="Failure" success="False" time="1.5">
        <results>
          <test-case name="Shop.Tests.Adds" executed="True" result="Success" success="True" time="0.5" asserts="1" />
          <test-case name="Shop.Tests.Pays(1)" executed="True" result="Failure" success="False" time="0.25" asserts="1">
            <failure>
              <message><![CDATA[  Expected: 3]]></message>
              <stack-trace><![CDATA[at Shop.Tests.Pays(Int32 a) in C:\shop\Tests.cs:line 27]]></stack-trace>
            </failure>
          </test-case>
          <test-case name="Shop.Tests.Breaks" executed="True" result="Error" success="False"><failure><message><![CDATA[boom]]></message></failure></test-case>
          <test-case name="Shop.Tests.Ships" executed="False" result="Ignored"><reason><message><![CDATA[later]]></message></reason></test-case>
          <test-case name="Shop.Tests.Maybe" executed="True" result="Inconclusive" success="False" />
        </results>
      </test-suite>
    </results>
  </test-suite>
</test-results>
"#;

    fn case(attributes: &str) -> Reading {
        read(
            &FORMAT,
            format!(
                "<test-results><test-suite><results><test-case name='a' {attributes}/></results></test-suite></test-results>"
            ),
        )
    }

    #[test]
    fn a_report_is_read() {
        let reading = read(&FORMAT, SAMPLE);
        assert_eq!(counts(&reading), [1, 0, 1, 1, 2, 0]);
        assert_eq!((reading.suite_errored, reading.suites, reading.micros), (0, 2, Some(750_000)));
        let pays = &reading.problems[0];
        assert_eq!((pays.suite.as_str(), pays.test.as_str()), ("shop.dll", "Shop.Tests.Pays(1)"));
        assert_eq!((pays.message.as_str(), pays.at.unwrap().line), ("Expected: 3", 10));
        assert_eq!(pays.location.as_ref().unwrap().to_string(), "C:/shop/Tests.cs:27");
    }

    #[test]
    fn no_beginning_is_greener() {
        holds(&FORMAT, SAMPLE);
        holds(&FORMAT, "<test-results><test-case name='a' executed='True' success='True'/></test-results>\n");
        holds(
            &FORMAT,
            "<test-suite name='s' executed='True'><results><test-case name='a' executed='True' time='0,5'/></results></test-suite>\n",
        );
    }

    #[test]
    fn every_result_means_something() {
        for (attributes, expected) in [
            ("executed='True' success='True'", [1, 0, 0, 0, 0, 0]),
            ("executed='True' success='False'", [0, 0, 1, 0, 0, 0]),
            ("executed='False'", [0, 0, 0, 0, 1, 0]),
            ("executed='True'", [1, 0, 0, 0, 0, 0]),
            ("result='failure'", [0, 0, 1, 0, 0, 0]),
            ("result='Invalid'", [0, 0, 0, 1, 0, 0]),
            ("executed='false' success='false'", [0, 0, 0, 0, 1, 0]),
            ("result='Success'", [1, 0, 0, 0, 0, 0]),
            ("result='Failure'", [0, 0, 1, 0, 0, 0]),
            ("result='Error'", [0, 0, 0, 1, 0, 0]),
            ("result='Cancelled'", [0, 0, 0, 1, 0, 0]),
            ("executed='False' result='NotRunnable'", [0, 0, 0, 1, 0, 0]),
            ("executed='False' result='Ignored'", [0, 0, 0, 0, 1, 0]),
            ("executed='False' result='Skipped'", [0, 0, 0, 0, 1, 0]),
            ("executed='True' result='Inconclusive' success='False'", [0, 0, 0, 0, 1, 0]),
        ] {
            let reading = case(attributes);
            assert_eq!(counts(&reading), expected, "{attributes}");
            assert!(reading.troubles.is_empty(), "{attributes}");
        }
        assert_eq!(case("result='Fine'").troubles.kept()[0].what, "unknown result `Fine`");
        assert!(
            !case("").troubles.is_empty() && !case("executed='True' success='maybe'").troubles.is_empty()
        );
        let failed = "<test-results><test-suite><results><test-case name='a' executed='True'><failure/></test-case></results></test-suite></test-results>";
        assert_eq!(counts(&read(&FORMAT, failed)), [0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn a_suite_that_failed_by_itself_is_told() {
        let suite = |claim: &str, message: &str, cases: &str| {
            let failure = if message.is_empty() {
                String::new()
            } else {
                format!("<failure><message>{message}</message></failure>")
            };
            let reading = read(
                &FORMAT,
                format!(
                    "<test-results {claim}><test-suite name='s' result='Failure'>{failure}<results>{cases}</results></test-suite></test-results>"
                ),
            );
            (reading.suite_errored, reading.synthetic)
        };
        let (pass, fail) =
            ("<test-case name='a' result='Success'/>", "<test-case name='a' result='Failure'/>");
        assert_eq!(suite("", "SetUp : m", pass), (1, 1));
        assert_eq!(suite("", "TearDown : m", fail), (1, 1));
        assert_eq!(suite("", "Child test failed", fail), (0, 0));
        assert_eq!(suite("", "", pass), (1, 0));
        assert_eq!(suite("failures='2'", "", fail), (1, 0));
        assert_eq!(suite("failures='1' errors='0'", "", fail), (0, 0));
    }

    #[test]
    fn damage_is_survived() {
        survives(&FORMAT, SAMPLE);
    }
}
