//! Reads `JUnit` XML in all its dialects, keeping only counts and what went wrong.
//!
//! Counts come from test cases; what suites claim is only compared. Nothing recurses, and no entity is expanded.

mod case;
mod kind;
mod meaning;
mod suite;

use std::io::Read;

use self::case::Case;
use self::kind::{Kind, Open};
use self::suite::Suite;
use super::Format;
use crate::collector::Collector;
use crate::execution::{DETAIL, MESSAGE};
use crate::other_xml;
use devops_core::words::{count, number};
use devops_reading::excerpt::{Excerpt, shorten};
use devops_reading::hash::hash_of;
use devops_reading::shape::{Shape, Xml};
use devops_reading::trouble::Trouble;
use devops_reading::xml::{Scanner, Token};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "JUnit XML",
    is: |shape| matches!(shape, Shape::Xml(xml) if is_report(xml)),
    read: |source, collector| read(source, collector),
};

fn is_report(xml: &Xml) -> bool {
    let holds_suites = || xml.has_child("testsuite") || xml.has_child("testcase");
    matches!(xml.root.as_str(), "testsuites" | "testsuite" | "testcase")
        || xml.root == "testrun" && holds_suites()
}

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
        keeps_output: false,
        collecting: None,
        scope: (String::new(), hash_of("")),
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
    /// Whether that output is kept, because nothing else says why the case went wrong.
    keeps_output: bool,
    /// The depth of the element whose text is kept.
    collecting: Option<usize>,
    /// What held the last case, and a hash of it.
    scope: (String, u64),
    /// Suites and groups of suites begun so far.
    opened: u64,
    /// Suites that claim more tests than they show.
    absent: u64,
    collector: &'a mut Collector,
}

impl<R: Read> Reader<'_, R> {
    /// Walks over the elements. Not with `reading::xml::Walker`, for the sake of speed: the stack of open elements holds what each means
    /// in place of its name, and the texts of muted output are never looked at.
    fn walk(&mut self) -> Result<(), Trouble> {
        loop {
            let is_outside = self.open.is_empty();
            let is_kept = if self.muted.is_some() { self.keeps_output } else { self.collecting.is_some() };
            let wants_text = is_outside || is_kept;
            match self.scanner.next(wants_text)? {
                Token::Start => self.start(false)?,
                Token::Empty => self.start(true)?,
                Token::End => self.end(),
                Token::Text | Token::Data if is_outside => {
                    if !self.scanner.content().trim().is_empty() && self.collector.reading.troubles.is_empty()
                    {
                        self.trouble("text is outside of any element");
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
            None if self.keeps_output => push(&mut self.case.output, text, DETAIL),
            None => {
                if let Some(kept) = self.case.text() {
                    push(kept, text, DETAIL);
                }
            }
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
            let what = format!("the root element is <{root}>, {}", other_xml::described(&root));
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
                Kind::Output => {
                    self.muted = Some(self.open.len());
                    self.keeps_output = self.is_in_case && self.case.is_unexplained();
                }
                Kind::Wrong(_) if self.collecting.is_none() => self.collecting = Some(self.open.len()),
                _ => {}
            }
        }
        self.open.push(open);
        Ok(())
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
            self.keeps_output = false;
        } else if self.muted.is_none() {
            self.leave(open.kind);
        }
        if self.collecting == Some(depth) {
            self.collecting = None;
        }
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
