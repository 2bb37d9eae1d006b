//! Reads `JUnit` XML in all its dialects, keeping only counts and what went wrong.
//!
//! Counts come from test cases; what suites claim is only compared. Nothing recurses, and no entity is expanded.

mod case;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read;

use self::case::{Case, Wrong};
use super::Format;
use crate::core::words::{count, number};
use crate::test_gate::attempts::State;
use crate::test_gate::collector::{Collector, GroupError, Met, hash_of};
use crate::test_gate::excerpt::{Excerpt, resolve, shorten};
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

/// What an element means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Suites,
    Suite,
    Case,
    Wrong(Wrong),
    Skipped,
    Output,
    Property,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "testcase" => Self::Case,
            "testsuite" => Self::Suite,
            "testsuites" => Self::Suites,
            "failure" => Self::Wrong(Wrong::Failure),
            "error" => Self::Wrong(Wrong::Error),
            "rerunFailure" | "rerunError" => Self::Wrong(Wrong::Rerun),
            "flakyFailure" | "flakyError" => Self::Wrong(Wrong::Flaky),
            "skipped" => Self::Skipped,
            "system-out" | "system-err" => Self::Output,
            "property" => Self::Property,
            _ => Self::Other,
        }
    }
}

/// An element that is open.
struct Open {
    kind: Kind,
    name: u64,
}

/// A suite, or a group of suites, that is open.
#[derive(Default)]
struct Suite {
    name: String,
    /// Names all suites from the root to this one, with what else tells them apart.
    hash: u64,
    failures: u64,
    errors: u64,
    tests: u64,
    /// Cases and wrongs in it so far, whatever the depth.
    cases: u64,
    wrongs: u64,
    /// Whether its producer counts each failure as an error, too.
    counts_twice: bool,
}

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
        let name = local(content.get(..length).unwrap_or_default());
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
        let mut suite = Suite::default();
        let mut producer = None;
        // Suites of one name on two hosts, or of two packages, are two suites.
        let mut hasher = DefaultHasher::new();
        self.suites.last().map_or(0, |outer| outer.hash).hash(&mut hasher);
        let well_formed = attributes(self.scanner.content(), length, |key, value| {
            producer = producer.or(Producer::of_suite(element, key, value));
            match key {
                "name" => suite.name = shorten(&resolve(value), MESSAGE),
                "failures" => suite.failures = claimed(value),
                "errors" => suite.errors = claimed(value),
                "tests" => suite.tests = claimed(value),
                "hostname" | "id" | "package" => (key, value).hash(&mut hasher),
                _ => {}
            }
        });
        if !well_formed {
            self.trouble("the attributes of a test suite are malformed");
        }
        self.producer = self.producer.or(producer);
        // Without a name nothing says that two suites are the same one.
        let nameless = suite.name.trim().is_empty().then_some(self.opened);
        (&suite.name, nameless).hash(&mut hasher);
        suite.hash = hasher.finish();
        self.suites.push(suite);
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
        let name = hash_of(local(self.scanner.content().trim_end()));
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
        let Self { case, suites, producer, collector, .. } = self;
        let suite = suites.last().map_or(0, |suite| suite.hash);
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
        let claimed = if suite.counts_twice {
            suite.failures.max(suite.errors)
        } else {
            suite.failures.saturating_add(suite.errors)
        };
        let (wrongs, twice) = (suite.wrongs.max(claimed), suite.counts_twice);
        self.absent += u64::from(suite.tests > suite.cases);
        if claimed > suite.wrongs {
            let message = format!(
                "it claims {} and {}, its cases show {}",
                count(suite.failures, "failure"),
                count(suite.errors, "error"),
                number(suite.wrongs)
            );
            let error = self.error(&message, "");
            self.collector.suite_error(error);
        }
        let cases = self.suites.pop().map_or(0, |suite| suite.cases);
        if let Some(outer) = self.suites.last_mut() {
            outer.wrongs = outer.wrongs.saturating_add(wrongs);
            outer.cases += cases;
            outer.counts_twice |= twice;
        }
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
            collector.note(format!("{} more tests than there are cases", claims(absent)));
        }
    }
}

/// A number that a suite claims, in any of the forms met, as `12`, `1.0` and `1,000`; no less than was meant.
fn claimed(text: &str) -> u64 {
    if let Ok(number) = text.trim().parse() {
        return number;
    }
    let mut text = resolve(text);
    text.retain(|character| !character.is_whitespace() && !matches!(character, ',' | '_' | '\'' | '"'));
    let number: f64 = text.parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the conversion saturates")]
    let number = number.ceil() as u64;
    number
}

fn claims(suites: u64) -> String {
    format!("{} {}", count(suites, "suite"), if suites == 1 { "claims" } else { "claim" })
}

/// The names of the suites from the root to the innermost; one that repeats its parent's is left out.
fn path(suites: &[Suite]) -> String {
    let mut names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    shorten(&names.join(" > "), MESSAGE)
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::claimed;

    #[test]
    fn a_claim_has_many_forms() {
        for (text, expected) in [
            ("12", 12),
            (" +2 ", 2),
            ("1.0", 1),
            ("0.5", 1),
            ("1,000", 1_000),
            ("1,234.0", 1_234),
            ("1 000", 1_000),
            ("1e3", 1_000),
            ("&#49;", 1),
            ("99999999999999999999", u64::MAX),
            ("0.0", 0),
            ("0,0", 0),
            ("", 0),
            ("-1", 0),
            ("NaN", 0),
            ("none", 0),
        ] {
            assert_eq!(claimed(text), expected, "{text}");
        }
    }
}
