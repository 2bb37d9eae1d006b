//! Reads `testng-results.xml`, `TestNG`'s own report.
//!
//! Set-up and tear-down stand among the tests as configuration methods; only those that failed matter. Attempts at a test that was
//! retried stand before its last one, and are marked.

use std::collections::BTreeMap;

use super::Format;
use super::elements::{self, Elements, Part, Said, Tag, Walk, place_of};
use super::numbers;
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::{self, Execution, MESSAGE};
use crate::producer::Producer;
use devops_core::words::{count, number};
use devops_reading::excerpt::shorten;
use devops_reading::shape::Shape;
use devops_reading::trouble::Position;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "TestNG",
    is: |shape| matches!(shape, Shape::Xml(xml) if xml.root == "testng-results"),
    read: |source, collector| elements::read(source, collector, TestNg::default()),
};

/// A method that is open.
struct Method {
    execution: Execution,
    depth: usize,
    is_set_up: bool,
    is_retried: bool,
    exception: String,
}

#[derive(Default)]
struct TestNg {
    suite: String,
    test: String,
    class: String,
    method: Option<Method>,
    /// First attempts at tests that were retried and have not ended yet; by suite, test, class and name.
    retried: BTreeMap<(String, String, String), Execution>,
    /// What the report claims, and what it shows so far.
    total: u64,
    failed: u64,
    at: Option<Position>,
    methods: u64,
    wrongs: u64,
    /// The value of a parameter, while it is read.
    is_parameter: bool,
    parameters: Vec<String>,
    said: Said,
}

impl Elements for TestNg {
    const ROOTS: &'static [&'static str] = &["testng-results"];

    fn open(&mut self, tag: &Tag, walk: &mut Walk<'_>, collector: &mut Collector) {
        match (walk.around(), tag.name()) {
            (_, "testng-results") => {
                self.total = tag.number("total").saturating_sub(tag.number("ignored"));
                self.failed = tag.number("failed");
                self.at = Some(walk.position());
            }
            ("testng-results", "suite") => tag.get("name").clone_into(&mut self.suite),
            ("suite", "test") => {
                collector.suite();
                tag.get("name").clone_into(&mut self.test);
            }
            ("test", "class") => tag.get("name").clone_into(&mut self.class),
            ("class", "test-method") => self.begin(tag, walk),
            ("param", "value") if self.method.is_some() => {
                self.is_parameter = true;
                if tag.get("is-null") == "true" {
                    self.parameters.push("null".to_owned());
                    self.is_parameter = false;
                }
                self.said.listen(Part::Message, walk);
            }
            ("test-method", "exception") => {
                if let Some(method) = &mut self.method {
                    tag.get("class").clone_into(&mut method.exception);
                }
            }
            ("exception", "message") => self.said.listen(Part::Message, walk),
            ("exception", "full-stacktrace" | "short-stacktrace") => self.said.listen(Part::Detail, walk),
            _ => {}
        }
    }

    fn close(&mut self, walk: &mut Walk<'_>, collector: &mut Collector) {
        let is_method_over = self.method.as_ref().is_some_and(|method| method.depth > walk.depth());
        match walk.name() {
            "value" if self.is_parameter => {
                self.parameters.push(self.said.take().0);
                self.is_parameter = false;
            }
            "test-method" if is_method_over => self.end(collector),
            "testng-results" => self.leave(collector),
            _ => {}
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    fn finish(&mut self, collector: &mut Collector) {
        if self.method.as_ref().is_some_and(|method| method.execution.state.is_red()) {
            self.end(collector);
        }
        self.flush(collector);
    }
}

impl TestNg {
    fn begin(&mut self, tag: &Tag, walk: &mut Walk<'_>) {
        let word = tag.get("status");
        let is_retried = tag.get("retried") == "true";
        let state = state(word).unwrap_or_else(|| {
            walk.trouble(format!("unknown status `{word}`"));
            State::Errored
        });
        // An attempt that was retried is written as skipped, and had failed.
        let state = if is_retried && state == State::Skipped { State::Failed } else { state };
        self.parameters.clear();
        self.said.take();
        let suite = match (self.suite.as_str(), self.test.as_str()) {
            (suite, test) if suite == test || test.is_empty() => suite.to_owned(),
            ("", test) => test.to_owned(),
            (suite, test) => format!("{suite} > {test}"),
        };
        self.method = Some(Method {
            execution: Execution {
                suite,
                classname: self.class.clone(),
                micros: numbers::decimal(tag.get("duration-ms"))
                    .and_then(|millis| execution::micros(millis / 1e3)),
                at: place_of(state.is_red(), walk),
                producer: Some(Producer::Surefire),
                ..Execution::new(tag.get("name"), state)
            },
            depth: walk.depth(),
            is_set_up: tag.get("is-config") == "true",
            is_retried,
            exception: String::new(),
        });
    }

    fn end(&mut self, collector: &mut Collector) {
        let Some(method) = self.method.take() else { return };
        let Method { mut execution, is_set_up, is_retried, exception, .. } = method;
        (execution.message, execution.detail) = self.said.take();
        if execution.message.is_empty() {
            execution.message = exception;
        }
        if !self.parameters.is_empty() {
            let parameters = shorten(&self.parameters.join(", "), MESSAGE);
            execution.name = format!("{}({parameters})", execution.name);
        }
        if is_set_up {
            if execution.state.is_red() {
                let name = format!("{}.{}", execution.classname, execution.name);
                let at = execution.at.unwrap_or(Position::NOWHERE);
                let error = GroupError::new(&name, &execution.message, &execution.detail, at);
                collector.broken_suite(error);
            }
            return;
        }
        self.methods += 1;
        let key = (execution.suite.clone(), execution.classname.clone(), execution.name.clone());
        if is_retried {
            match self.retried.get_mut(&key) {
                Some(first) => first.attempts += 1,
                None => {
                    self.retried.insert(key, execution);
                }
            }
            return;
        }
        if let Some(first) = self.retried.remove(&key) {
            execution.attempts += first.attempts;
            match execution.state {
                State::Passed => execution.state = State::Flaky,
                State::Skipped => execution.state = State::Failed,
                _ => {}
            }
            if execution.message.is_empty() && execution.detail.is_empty() {
                (execution.message, execution.detail) = (first.message, first.detail);
                execution.at = first.at;
            }
        }
        self.count(&execution, collector);
    }

    fn count(&mut self, execution: &Execution, collector: &mut Collector) {
        self.wrongs += u64::from(execution.state.is_red());
        collector.test(execution);
    }

    /// Tests whose last attempt is missing have failed.
    fn flush(&mut self, collector: &mut Collector) {
        for execution in std::mem::take(&mut self.retried).into_values() {
            self.count(&execution, collector);
        }
    }

    /// Compares what the report claims with what it showed.
    fn leave(&mut self, collector: &mut Collector) {
        self.flush(collector);
        if self.failed > self.wrongs {
            let claim = count(self.failed, "failed test");
            let message = format!("it claims {claim}, its methods show {}", number(self.wrongs));
            let at = self.at.unwrap_or(Position::NOWHERE);
            collector.suite_error(GroupError::new(&self.suite, &message, "", at));
        }
        if self.total > self.methods {
            let claim = count(self.total, "test method");
            collector.note(format!("it claims {claim}, the report shows {}", number(self.methods)));
        }
        *self = Self::default();
    }
}

/// What a status means.
fn state(word: &str) -> Option<State> {
    Some(match word {
        "PASS" => State::Passed,
        "FAIL" => State::Failed,
        "SKIP" => State::Skipped,
        // It failed, as often as its test allows.
        "SUCCESS_PERCENTAGE_FAILURE" => State::Flaky,
        "STARTED" | "CREATED" => State::Errored,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::checks::{counts, holds, read, survives};
    use super::FORMAT;
    use crate::collector::Reading;

    const SAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testng-results ignored="1" total="7" passed="2" failed="2" skipped="1" retried="1">
  <reporter-output><line><![CDATA[hello]]></line></reporter-output>
  <suite started-at="2024-01-01" name="Shop" finished-at="2024-01-01" duration-ms="900">
    <groups><group name="smoke"><method signature="CartTest.adds()" name="adds" class="a.CartTest"/></group></groups>
    <test started-at="2024-01-01" name="Cart" finished-at="2024-01-01" duration-ms="900">
      <class name="a.CartTest">
        <test-method signature="setUp()" is-config="true" name="setUp" duration-ms="3" status="PASS"/>
        <test-method signature="tearDown()" is-config="true" name="tearDown" duration-ms="3" status="FAIL">
          <exception class="java.lang.IllegalStateException"><message><![CDATA[no space]]></message><full-stacktrace><![CDATA[at a.CartTest.tearDown(CartTest.java:9)]]></full-stacktrace></exception>
        </test-method>
        <test-method signature="adds(int)" name="adds" data-provider="numbers" duration-ms="500" status="PASS"><params><param index="0"><value><![CDATA[1]]></value></param><param index="1"><value is-null="true"/></param></params></test-method>
        <test-method signature="adds(int)" name="adds" data-provider="numbers" duration-ms="250" status="FAIL">
          <params><param index="0"><value><![CDATA[2]]></value></param></params>
          <exception class="java.lang.AssertionError">
            <message><![CDATA[expected [3] but found [2]]]></message>
            <full-stacktrace><![CDATA[java.lang.AssertionError: expected [3] but found [2]
	at org.testng.Assert.fail(Assert.java:99)
	at a.CartTest.adds(CartTest.java:33)]]></full-stacktrace>
          </exception>
        </test-method>
        <test-method signature="pays()" name="pays" duration-ms="1" status="SKIP" retried="true"><exception class="java.io.IOException"><message><![CDATA[refused]]></message></exception></test-method>
        <test-method signature="pays()" name="pays" duration-ms="1" status="PASS"/>
        <test-method signature="breaks()" name="breaks" duration-ms="1" status="FAIL"><exception class="java.lang.Error"/></test-method>
        <test-method signature="ships()" name="ships" duration-ms="0" status="SKIP"/>
      </class>
    </test>
  </suite>
</testng-results>
"#;

    fn methods(methods: &str) -> Reading {
        read(
            &FORMAT,
            format!(
                "<testng-results><suite name='s'><test name='t'><class name='c'>{methods}</class></test></suite></testng-results>"
            ),
        )
    }

    #[test]
    fn a_report_is_read() {
        let reading = read(&FORMAT, SAMPLE);
        assert_eq!(counts(&reading), [1, 1, 2, 1, 1, 0]);
        assert_eq!((reading.suite_errored, reading.synthetic, reading.suites), (1, 1, 1));
        assert_eq!(reading.suite_errors[0].name, "a.CartTest.tearDown");
        assert_eq!(reading.suite_errors[0].message, "no space");
        let [adds, pays, breaks] = reading.problems.as_slice() else { panic!("{:?}", reading.problems) };
        assert_eq!((adds.suite.as_str(), adds.test.as_str()), ("Shop > Cart", "a.CartTest.adds(2)"));
        assert_eq!((adds.message.as_str(), adds.at.unwrap().line), ("expected [3] but found [2]", 13));
        assert_eq!(adds.location.as_ref().unwrap().to_string(), "CartTest.java:33");
        assert_eq!(adds.rerun.as_deref(), Some("mvn test -Dtest=a.CartTest#adds"));
        assert_eq!((pays.message.as_str(), pays.attempts), ("refused", 2));
        assert_eq!(breaks.message, "java.lang.Error");
        assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    }

    #[test]
    fn no_beginning_is_greener() {
        holds(&FORMAT, SAMPLE);
        let small = "<testng-results><suite><test><class><test-method name='a' status='PASS'/></class></test></suite></testng-results>\n";
        holds(&FORMAT, small);
    }

    #[test]
    fn every_status_means_something() {
        for (attributes, expected) in [
            ("status='PASS'", [1, 0, 0, 0, 0, 0]),
            ("status='FAIL'", [0, 0, 1, 0, 0, 0]),
            ("status='SKIP'", [0, 0, 0, 0, 1, 0]),
            ("status='SUCCESS_PERCENTAGE_FAILURE'", [0, 1, 0, 0, 0, 0]),
            ("status='STARTED'", [0, 0, 0, 1, 0, 0]),
            ("status='SKIP' retried='true'", [0, 0, 1, 0, 0, 0]),
            ("status='PASS' is-config='true'", [0; 6]),
            ("status='SKIP' is-config='true'", [0; 6]),
            ("status='FAIL' is-config='true'", [0, 0, 0, 1, 0, 0]),
        ] {
            let reading = methods(&format!("<test-method name='a' {attributes}/>"));
            assert_eq!(counts(&reading), expected, "{attributes}");
            assert!(reading.troubles.is_empty(), "{attributes}");
        }
        let unknown = methods("<test-method name='a' status='Fine'/>");
        assert_eq!(unknown.troubles.kept()[0].what, "unknown status `Fine`");
    }

    #[test]
    fn only_attempts_that_are_marked_are_attempts() {
        let attempt = |attributes: &str| format!("<test-method name='a' {attributes}/>");
        let retried = attempt("status='SKIP' retried='true'");
        for (text, expected) in [
            (attempt("status='FAIL'") + &attempt("status='PASS'"), [1, 0, 1, 0, 0, 0]),
            (retried.clone() + &retried + &attempt("status='PASS'"), [0, 1, 0, 0, 0, 0]),
            (retried.clone() + &attempt("status='FAIL'"), [0, 0, 1, 0, 0, 0]),
            (retried.clone() + &attempt("status='SKIP'"), [0, 0, 1, 0, 0, 0]),
            (attempt("status='PASS'") + &retried, [1, 0, 1, 0, 0, 0]),
        ] {
            assert_eq!(counts(&methods(&text)), expected, "{text}");
        }
    }

    #[test]
    fn claims_are_compared() {
        let text = "<testng-results total='3' failed='1'><suite name='s'><test><class><test-method name='a' status='PASS'/></class></test></suite></testng-results>";
        let reading = read(&FORMAT, text);
        assert_eq!((reading.suite_errored, reading.synthetic, reading.notes.len()), (1, 0, 1));
    }

    #[test]
    fn damage_is_survived() {
        survives(&FORMAT, SAMPLE);
    }
}
