//! Reads the report of xUnit.net: `assemblies` of version 2 and 3, `assembly` with classes of version 1.
//!
//! What goes wrong while something is cleaned up stands apart from the tests, and fails the run all the same. A report tells each
//! test once.

use super::Format;
use super::elements::{self, Elements, Part, Said, Tag, Walk, base, frame, micros, place_of, split};
use crate::attempts::State;
use crate::collector::{Collector, GroupError};
use crate::execution::Execution;
use crate::producer::Producer;
use devops_core::words::{count, number};
use devops_reading::shape::{Shape, Xml};
use devops_reading::trouble::Position;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "xUnit.net",
    is: |shape| matches!(shape, Shape::Xml(xml) if is_report(xml)),
    read: |source, collector| elements::read(source, collector, XUnit::default()),
};

/// Other files have an `assembly` as their root, too: what Maven packs, and manifests of .NET.
fn is_report(xml: &Xml) -> bool {
    let attributes = ["run-date", "test-framework", "total", "config-file"];
    let children = ["class", "collection", "errors"];
    match xml.root.as_str() {
        "assemblies" => xml.children.is_empty() || xml.has_child("assembly"),
        "assembly" => {
            attributes.iter().any(|name| xml.has_attribute(name))
                || children.iter().any(|name| xml.has_child(name))
        }
        _ => false,
    }
}

/// An assembly that is open.
#[derive(Default)]
struct Assembly {
    name: String,
    at: Option<Position>,
    /// What it claims.
    tests: u64,
    failed: u64,
    errors: u64,
    /// What it shows so far.
    cases: u64,
    wrongs: u64,
    broken: u64,
}

/// An error apart from tests that is open.
struct Apart {
    name: String,
    at: Position,
    depth: usize,
    /// Whether it ended the run.
    is_fatal: bool,
}

#[derive(Default)]
struct XUnit {
    assembly: Option<Assembly>,
    /// The class or collection that is open.
    group: String,
    /// The test that is open, and how deep.
    case: Option<(Execution, usize)>,
    apart: Option<Apart>,
    said: Said,
}

impl Elements for XUnit {
    const ROOTS: &'static [&'static str] = &["assemblies", "assembly"];

    fn open(&mut self, tag: &Tag, walk: &mut Walk<'_>, collector: &mut Collector) {
        match (walk.around(), tag.name()) {
            ("assemblies" | "", "assembly") => {
                let claims = ["failed", "errors"].map(|name| tag.number(name));
                let [failed, errors] = claims;
                self.assembly = Some(Assembly {
                    name: base(tag.get("name")).to_owned(),
                    at: place_of(failed + errors > 0, walk),
                    tests: tag.number("total"),
                    failed,
                    errors,
                    ..Assembly::default()
                });
            }
            ("assembly", "class" | "collection") => {
                collector.suite();
                tag.get("name").clone_into(&mut self.group);
            }
            ("class" | "collection", "test") => self.begin(tag, walk),
            ("errors", "error") => self.apart(tag.get("type"), tag.get("name"), walk),
            ("class", "failure") => {
                let group = self.group.clone();
                self.apart("class", &group, walk);
            }
            ("test", "failure") => {
                if let Some((execution, _)) = &mut self.case {
                    if execution.state.rank() < State::Failed.rank() {
                        execution.state = State::Failed;
                    }
                    execution.at = execution.at.or(place_of(true, walk));
                }
            }
            ("failure" | "reason", "message") | ("test", "reason") => self.said.listen(Part::Message, walk),
            ("failure", "stack-trace") => self.said.listen(Part::Detail, walk),
            _ => {}
        }
    }

    fn close(&mut self, walk: &mut Walk<'_>, collector: &mut Collector) {
        let depth = walk.depth();
        if self.case.as_ref().is_some_and(|(_, own)| *own > depth) {
            self.end(collector);
        } else if self.apart.as_ref().is_some_and(|apart| apart.depth > depth) {
            self.end_apart(collector);
        } else if walk.name() == "assembly" {
            self.leave(collector);
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    fn finish(&mut self, collector: &mut Collector) {
        self.end_apart(collector);
        if self.case.as_ref().is_some_and(|(execution, _)| execution.state.is_red()) {
            self.end(collector);
        }
    }
}

impl XUnit {
    fn begin(&mut self, tag: &Tag, walk: &mut Walk<'_>) {
        let word = tag.get("result");
        let state = state(word).unwrap_or_else(|| {
            walk.trouble(format!("unknown result `{word}`"));
            State::Errored
        });
        let (class, name) = split(tag.get("type"), tag.get("name"));
        let line = tag.get("source-line").parse().ok();
        self.case = Some((
            Execution {
                suite: self.assembly.as_ref().map(|assembly| assembly.name.clone()).unwrap_or_default(),
                classname: class.to_owned(),
                file: tag.get("source-file").to_owned(),
                line,
                micros: micros(tag.get("time")),
                at: place_of(state.is_red(), walk),
                producer: Some(Producer::Dotnet),
                ..Execution::new(name, state)
            },
            walk.depth(),
        ));
        self.said.take();
    }

    fn end(&mut self, collector: &mut Collector) {
        let Some((mut execution, _)) = self.case.take() else { return };
        (execution.message, execution.detail) = self.said.take();
        execution.place = frame(&execution.detail, &execution.classname);
        let assembly = self.assembly.get_or_insert_default();
        assembly.cases += 1;
        assembly.wrongs += u64::from(execution.state.is_red());
        collector.test(&execution);
    }

    /// Something went wrong apart from tests.
    fn apart(&mut self, kind: &str, name: &str, walk: &Walk<'_>) {
        let assembly = self.assembly.as_ref().map(|assembly| assembly.name.as_str()).unwrap_or_default();
        let name = if name.is_empty() { assembly } else { base(name) };
        self.said.take();
        self.apart = Some(Apart {
            name: if kind.is_empty() { name.to_owned() } else { format!("{name} ({kind})") },
            at: walk.position(),
            depth: walk.depth(),
            is_fatal: kind == "fatal",
        });
    }

    fn end_apart(&mut self, collector: &mut Collector) {
        let Some(Apart { name, at, is_fatal, .. }) = self.apart.take() else { return };
        let (message, detail) = self.said.take();
        self.assembly.get_or_insert_default().broken += 1;
        let error = GroupError::new(&name, &message, &detail, at);
        if is_fatal { collector.run_error(error) } else { collector.broken_suite(error) }
    }

    /// Compares what an assembly claims with what it showed.
    fn leave(&mut self, collector: &mut Collector) {
        let Some(assembly) = self.assembly.take() else { return };
        let at = assembly.at.unwrap_or(Position::NOWHERE);
        let shown = assembly.wrongs + assembly.broken;
        if assembly.failed > shown || assembly.errors > assembly.broken {
            let message = format!(
                "it claims {} and {}, its report shows {} and {}",
                count(assembly.failed, "failed test"),
                count(assembly.errors, "error"),
                number(assembly.wrongs),
                number(assembly.broken)
            );
            collector.suite_error(GroupError::new(&assembly.name, &message, "", at));
        }
        if assembly.tests > assembly.cases {
            let claim = count(assembly.tests, "test");
            collector.note(format!(
                "{} has {claim}, the report shows {}",
                assembly.name,
                number(assembly.cases)
            ));
        }
    }
}

/// What a result means.
fn state(word: &str) -> Option<State> {
    Some(match word {
        "Pass" => State::Passed,
        "Fail" => State::Failed,
        "Skip" => State::Skipped,
        "NotRun" => State::NotRun,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::checks::{counts, holds, read, survives};
    use super::FORMAT;
    use devops_reading::shape::shape;

    const SAMPLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<assemblies schema-version="3" timestamp="06/22/2025 14:17:12">
  <assembly name="C:\shop\bin\shop.dll" environment="64-bit" test-framework="xUnit.net v3" run-date="2025-06-22" total="5" passed="1" failed="2" skipped="1" not-run="1" errors="1" time="0.1">
    <errors>
      <error type="test-class-cleanup" name="Shop.Tests">
        <failure exception-type="System.Exception"><message><![CDATA[no space]]></message><stack-trace><![CDATA[   at Shop.Tests.Dispose() in /_/tests/Tests.cs:line 5]]></stack-trace></failure>
      </error>
    </errors>
    <collection name="Test collection for Shop.Tests" total="5" passed="1" failed="2" skipped="1" time="0.1">
      <test name="Shop.Tests.Adds(a: 1)" type="Shop.Tests" method="Adds" time="0.5" result="Pass"><traits /></test>
      <test name="Shop.Tests.Pays" type="Shop.Tests" method="Pays" time="0.25" result="Fail" source-file="/_/tests/Tests.cs" source-line="20">
        <failure exception-type="Xunit.Sdk.TrueException"><message><![CDATA[Assert.True() Failure]]></message><stack-trace><![CDATA[   at Shop.Tests.Pays() in /_/tests/Tests.cs:line 22]]></stack-trace></failure>
        <output><![CDATA[Fail]]></output>
      </test>
      <test name="Should be even" type="Shop.Tests" method="Even" time="0" result="Fail"><failure><message><![CDATA[odd]]></message></failure></test>
      <test name="Shop.Tests.Ships" type="Shop.Tests" method="Ships" time="0" result="Skip"><reason><![CDATA[later]]></reason></test>
      <test name="Shop.Tests.Only" type="Shop.Tests" method="Only" time="0" result="NotRun" />
    </collection>
  </assembly>
</assemblies>
"#;

    const FIRST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<assembly name="C:\shop\bin\shop.dll" run-date="2010-01-01" run-time="10:00:00" total="3" passed="1" failed="1" skipped="1">
  <class name="Shop.Tests" total="3" passed="1" failed="1" skipped="1">
    <failure exception-type="System.Exception"><message>the fixture broke</message></failure>
    <test name="Shop.Tests.Adds" type="Shop.Tests" method="Adds" result="Pass" time="0.5" />
    <test name="Shop.Tests.Pays" type="Shop.Tests" method="Pays" result="Fail" time="0.1"><failure exception-type="X"><message>odd</message><stack-trace>at Shop.Tests.Pays()</stack-trace></failure></test>
    <test name="Shop.Tests.Ships" type="Shop.Tests" method="Ships" result="Skip"><reason><message>later</message></reason></test>
  </class>
</assembly>
"#;

    #[test]
    fn a_report_is_read() {
        let reading = read(&FORMAT, SAMPLE);
        assert_eq!(counts(&reading), [1, 0, 2, 1, 1, 1]);
        assert_eq!((reading.suite_errored, reading.synthetic, reading.suites), (1, 1, 1));
        assert_eq!(reading.suite_errors[0].name, "Shop.Tests (test-class-cleanup)");
        assert_eq!(reading.suite_errors[0].message, "no space");
        let pays = &reading.problems[0];
        assert_eq!((pays.suite.as_str(), pays.test.as_str()), ("shop.dll", "Shop.Tests.Pays"));
        assert_eq!((pays.message.as_str(), pays.at.unwrap().line), ("Assert.True() Failure", 11));
        assert_eq!(pays.location.as_ref().unwrap().to_string(), "tests/Tests.cs:22");
        assert_eq!(reading.problems[1].test, "Shop.Tests.Should be even");
        assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    }

    #[test]
    fn the_first_version_is_read() {
        let reading = read(&FORMAT, FIRST);
        assert_eq!(counts(&reading), [1, 0, 1, 1, 1, 0]);
        assert_eq!(reading.suite_errors[0].name, "Shop.Tests (class)");
        assert_eq!(reading.suite_errors[0].message, "the fixture broke");
    }

    #[test]
    fn no_beginning_is_greener() {
        holds(&FORMAT, SAMPLE);
        holds(&FORMAT, FIRST);
        holds(
            &FORMAT,
            "<assemblies><assembly><collection><test name='a' result='Pass'/></collection></assembly></assemblies>\n",
        );
    }

    #[test]
    fn other_assemblies_are_none() {
        for other in [
            "<assembly xmlns='http://maven.apache.org/ASSEMBLY/2.0.0'><id>dist</id><formats/></assembly>",
            "<assembly manifestVersion='1.0'><assemblyIdentity/></assembly>",
            "<assemblies><other/></assemblies>",
        ] {
            assert!(!(FORMAT.is)(&shape(other.as_bytes())), "{other}");
        }
    }

    #[test]
    fn errors_and_claims_without_a_test_are_red() {
        let assembly = |attributes: &str, errors: &str| {
            let reading = read(
                &FORMAT,
                format!(
                    "<assemblies><assembly name='a' {attributes}><errors>{errors}</errors><collection><test name='a' result='Pass'/></collection></assembly></assemblies>"
                ),
            );
            (reading.suite_errored, reading.synthetic, reading.run_errored)
        };
        let error = |kind: &str| {
            format!("<error type='{kind}' name='n'><failure><message>m</message></failure></error>")
        };
        assert_eq!(assembly("", ""), (0, 0, 0));
        assert_eq!(assembly("errors='1'", &error("assembly-cleanup")), (1, 1, 0));
        assert_eq!(assembly("errors='1'", &error("fatal")), (0, 0, 1));
        assert_eq!(assembly("errors='1'", ""), (1, 0, 0));
        assert_eq!(assembly("failed='1'", ""), (1, 0, 0));
        let unknown = read(
            &FORMAT,
            "<assemblies><assembly><collection><test name='a' result='Fine'/></collection></assembly></assemblies>",
        );
        assert_eq!(unknown.troubles.kept()[0].what, "unknown result `Fine`");
    }

    #[test]
    fn damage_is_survived() {
        survives(&FORMAT, SAMPLE);
    }
}
