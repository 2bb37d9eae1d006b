//! Reads `JUnit` XML in all its dialects, keeping only counts and what went wrong.
//!
//! Counts come from test cases; what suites claim is only compared. Nothing recurses, and no entity is expanded.

mod case;
mod kind;
mod suite;

use std::io::Read;

use self::case::{Case, Wrong};
use self::kind::{Kind, Open};
use self::suite::{Around, Suite, path};
use super::Format;
use crate::core::words::{count, number};
use crate::test_gate::attempts::State;
use crate::test_gate::collector::{Collector, GroupError, Met, hash_of};
use crate::test_gate::excerpt::{Excerpt, shorten};
use crate::test_gate::execution::{DETAIL, MESSAGE};
use crate::test_gate::foreign;
use crate::test_gate::producer::Producer;
use crate::test_gate::shape::Shape;
use crate::test_gate::trouble::Trouble;
use crate::test_gate::xml::{Scanner, Token, attributes};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "JUnit XML",
    is: |shape| matches!(shape, Shape::Xml(xml) if matches!(xml.root.as_str(), "testsuites" | "testsuite" | "testcase")),
    read: |source, collector| read(source, collector),
};

/// Deepest nesting of elements.
const DEEPEST: usize = 10_000;

/// Reads a report to its end, or to where it can't be followed.
pub(crate) fn read(source: impl Read, collector: &mut Collector) {
    let mut reader = Reader {
        scanner: Scanner::new(source),
        open: Vec::new(),
        suites: Vec::new(),
        case: Case::default(),
        is_in_case: false,
        inner_cases: 0,
        suite_error: None,
        muted: None,
        collecting: None,
        producer: None,
        documents: 0,
        opened: 0,
        absent: 0,
        collector,
    };
    if let Err(trouble) = reader.walk() {
        reader.collector.trouble(trouble);
        reader.cut();
    }
    reader.finish();
}

struct Reader<'a, R> {
    scanner: Scanner<R>,
    open: Vec<Open>,
    suites: Vec<Suite>,
    case: Case,
    is_in_case: bool,
    /// Cases in the case that are open; they are named, not counted.
    inner_cases: u64,
    /// What a suite itself says went wrong, while it is read.
    suite_error: Option<(Excerpt, Excerpt)>,
    /// The depth of the element whose content is only output.
    muted: Option<usize>,
    /// The depth of the element whose text is kept.
    collecting: Option<usize>,
    producer: Option<Producer>,
    /// Documents begun so far; each has suites of its own.
    documents: u64,
    /// Suites and groups of suites begun so far.
    opened: u64,
    /// Suites that claim more tests than they show.
    absent: u64,
    collector: &'a mut Collector,
}

impl<R: Read> Reader<'_, R> {
    fn walk(&mut self) -> Result<(), Trouble> {
        loop {
            let is_outside = self.open.is_empty();
            let wants_text = is_outside || (self.collecting.is_some() && self.muted.is_none());
            match self.scanner.next(wants_text)? {
                Token::Start => self.start(false)?,
                Token::Empty => self.start(true)?,
                Token::End => self.end(),
                Token::Text | Token::Data if is_outside => {
                    if !self.scanner.content().trim().is_empty() && self.collector.reading.troubles.is_empty()
                    {
                        self.trouble("text stands outside of any element");
                    }
                }
                Token::Text => self.collect(Excerpt::push),
                Token::Data => self.collect(Excerpt::push_data),
                Token::Eof if is_outside => return Ok(()),
                Token::Eof => {
                    let what = format!("cut off with {} open", count(self.open.len() as u64, "element"));
                    return Err(Trouble { what, at: self.scanner.position() });
                }
            }
        }
    }

    /// Notes something that can't be understood at the current token, and goes on.
    fn trouble(&mut self, what: impl Into<String>) {
        self.collector.trouble(Trouble { what: what.into(), at: self.scanner.position() });
    }

    fn collect(&mut self, push: fn(&mut Excerpt, &str, usize)) {
        let text = self.scanner.content();
        match &mut self.suite_error {
            Some((_, detail)) => push(detail, text, DETAIL),
            None => push(&mut self.case.detail, text, DETAIL),
        }
    }

    fn start(&mut self, is_empty: bool) -> Result<(), Trouble> {
        let content = self.scanner.content();
        let length = content.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(content.len());
        let name = kind::local(content.get(..length).unwrap_or_default());
        let kind = Kind::of(name);
        let open = Open { kind, name: if is_empty { 0 } else { hash_of(name) } };
        if self.open.is_empty() && !matches!(kind, Kind::Suites | Kind::Suite | Kind::Case) {
            let root = shorten(name, MESSAGE);
            let what = format!("the root element is <{root}>, {}", foreign::described(&root));
            self.open.clear();
            return Err(Trouble { what, at: self.scanner.position() });
        }
        if self.open.len() >= DEEPEST {
            let what = format!("elements are nested deeper than {}", number(DEEPEST as u64));
            return Err(Trouble { what, at: self.scanner.position() });
        }
        self.documents += u64::from(self.open.is_empty());
        if self.muted.is_none() {
            self.enter(kind, length);
        }
        if is_empty {
            if self.muted.is_none() {
                self.leave(kind);
            }
            return Ok(());
        }
        if self.muted.is_none() {
            match kind {
                Kind::Output => self.muted = Some(self.open.len()),
                Kind::Wrong(_) if self.collecting.is_none() => self.collecting = Some(self.open.len()),
                _ => {}
            }
        }
        self.open.push(open);
        Ok(())
    }

    /// What an element's beginning says; its name has `length` bytes.
    fn enter(&mut self, kind: Kind, length: usize) {
        match kind {
            Kind::Suites | Kind::Suite => self.enter_suite(kind, length),
            Kind::Case if self.is_in_case => {
                self.inner_cases += 1;
                self.trouble("a test case stands in a test case");
            }
            Kind::Case => {
                self.is_in_case = true;
                self.case.clear();
                let case = &mut self.case;
                if !attributes(self.scanner.content(), length, |key, value| case.attribute(key, value)) {
                    self.trouble("the attributes of a test case are malformed");
                }
                if let Some(suite) = self.suites.last_mut() {
                    suite.cases += 1;
                }
            }
            Kind::Wrong(wrong) => self.enter_wrong(wrong, length),
            Kind::Skipped if self.is_in_case => self.case.worsen(State::Skipped),
            Kind::Property => {
                let (mut producer, mut counts_twice) = (None, false);
                attributes(self.scanner.content(), length, |key, value| {
                    if key == "name" {
                        producer = producer.or(Producer::of_property(value));
                        counts_twice |= value == "browser.launcher";
                    }
                });
                self.producer = self.producer.or(producer);
                if let Some(suite) = self.suites.last_mut().filter(|_| counts_twice) {
                    suite.counts_twice = true;
                }
            }
            Kind::Skipped | Kind::Output | Kind::Other => {}
        }
    }

    fn enter_suite(&mut self, kind: Kind, length: usize) {
        let element = if kind == Kind::Suite { "testsuite" } else { "testsuites" };
        self.collector.reading.suites += u64::from(kind == Kind::Suite);
        self.opened += 1;
        let mut around = Around::new(element, self.within(), self.opened);
        if !attributes(self.scanner.content(), length, |key, value| around.attribute(key, value)) {
            self.trouble("the attributes of a test suite are malformed");
        }
        self.producer = self.producer.or(around.producer());
        self.suites.push(around.suite());
    }

    fn enter_wrong(&mut self, wrong: Wrong, length: usize) {
        if self.collecting.is_some() {
            return;
        }
        if let Some(suite) = self.suites.last_mut() {
            suite.wrongs += 1;
        }
        if self.is_in_case {
            self.case.went(wrong);
            if self.case.at.is_none() && self.collector.has_room() {
                self.case.at = Some(self.scanner.position());
            }
            let case = &mut self.case;
            if !attributes(self.scanner.content(), length, |key, value| case.explain(key, value)) {
                self.trouble("the attributes of a failure are malformed");
            }
            return;
        }
        let mut message = Excerpt::default();
        attributes(self.scanner.content(), length, |key, value| {
            if key == "message" {
                message.push(value, MESSAGE);
            }
        });
        self.suite_error = Some((message, Excerpt::default()));
    }

    fn end(&mut self) {
        let name = hash_of(kind::local(self.scanner.content().trim_end()));
        match self.open.iter().rposition(|open| open.name == name) {
            None => {
                let found = shorten(self.scanner.content(), MESSAGE);
                self.trouble(format!("`</{found}>` closes nothing"));
            }
            Some(depth) => {
                if depth + 1 < self.open.len() {
                    let found = shorten(self.scanner.content(), MESSAGE);
                    self.trouble(format!("`</{found}>` closes an element around the one that is open"));
                }
                while self.open.len() > depth {
                    self.close();
                }
            }
        }
    }

    /// Closes the innermost element.
    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let depth = self.open.len();
        if self.muted == Some(depth) {
            self.muted = None;
        } else if self.muted.is_none() {
            self.leave(open.kind);
        }
        if self.collecting == Some(depth) {
            self.collecting = None;
        }
    }

    /// What an element's end says.
    fn leave(&mut self, kind: Kind) {
        match kind {
            Kind::Suites | Kind::Suite => self.leave_suite(),
            Kind::Case if self.inner_cases > 0 => self.inner_cases -= 1,
            Kind::Case => self.leave_case(),
            Kind::Wrong(_) => {
                if let Some((message, detail)) = self.suite_error.take() {
                    let error = self.error(&message.text(), &detail.text());
                    self.collector.broken_suite(error);
                }
            }
            _ => {}
        }
    }

    /// Hands over a case that is complete.
    fn leave_case(&mut self) {
        self.is_in_case = false;
        let suite = self.within();
        let Self { case, suites, producer, collector, .. } = self;
        let nests = producer.is_some_and(Producer::nests_reruns);
        let met = Met {
            state: case.state(),
            micros: case.micros(),
            attempts: case.attempts,
            suite,
            identity: if nests { None } else { case.identity(suite) },
        };
        collector.meet(&met, || case.execution(path(suites), *producer));
    }

    /// Compares what a suite claims with what it showed.
    fn leave_suite(&mut self) {
        let Some(suite) = self.suites.last() else { return };
        self.absent += u64::from(suite.claims_more_tests());
        if let Some(message) = suite.objection() {
            let error = self.error(&message, "");
            self.collector.suite_error(error);
        }
        let inner = self.suites.pop();
        if let (Some(outer), Some(inner)) = (self.suites.last_mut(), inner) {
            outer.take(&inner);
        }
    }

    /// A hash that tests of the innermost suite share.
    fn within(&self) -> u64 {
        self.suites.last().map_or(self.documents, Suite::hash)
    }

    /// What is wrong with the innermost suite, here.
    fn error(&self, message: &str, detail: &str) -> GroupError {
        GroupError::new(&path(&self.suites), message, detail, self.scanner.position())
    }

    /// Counts what an unfinished report has shown: a case without its end has failed or says nothing.
    fn cut(&mut self) {
        if self.is_in_case && self.case.state().is_red() {
            self.leave_case();
        }
    }

    fn finish(self) {
        let Self { scanner, collector, absent, .. } = self;
        collector.reading.notes.extend(scanner.notes());
        if absent > 0 {
            let verb = if absent == 1 { "claims" } else { "claim" };
            collector.note(format!("{} {verb} more tests than there are cases", count(absent, "suite")));
        }
    }
}
