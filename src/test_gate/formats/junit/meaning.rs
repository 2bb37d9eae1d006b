//! What the elements of a report say, once it is clear where they begin and end.

use std::io::Read;

use super::Reader;
use super::case::Wrong;
use super::kind::Kind;
use super::suite::{Around, Suite, path};
use crate::attempts::State;
use crate::collector::{GroupError, Met, Repetition};
use crate::execution::MESSAGE;
use crate::producer::{Producer, Repeats};
use devops_reading::excerpt::Excerpt;
use devops_reading::hash::hash_of;
use devops_reading::xml::attributes;

impl<R: Read> Reader<'_, R> {
    /// What an element's beginning says; its name has `length` bytes.
    pub(super) fn enter(&mut self, kind: Kind, length: usize) {
        match kind {
            Kind::Suites | Kind::Suite => self.enter_suite(kind, length),
            Kind::Case if self.is_in_case => {
                self.inner_cases += 1;
                self.trouble("a test case is inside another test case");
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
            Kind::Skipped if self.is_in_case => {
                self.case.worsen(State::Skipped);
                let case = &mut self.case;
                attributes(self.scanner.content(), length, |key, value| case.skip(key, value));
            }
            Kind::Property => {
                let (mut producer, mut counts_twice) = (None, false);
                attributes(self.scanner.content(), length, |key, value| {
                    if key == "name" {
                        producer = producer.or(Producer::of_property(value));
                        counts_twice |= value == "browser.launcher";
                    }
                });
                if let Some(suite) = self.suites.last_mut() {
                    suite.producer = suite.producer.or(producer);
                    suite.counts_twice |= counts_twice;
                }
            }
            Kind::Skipped | Kind::Output | Kind::Other => {}
        }
    }

    fn enter_suite(&mut self, kind: Kind, length: usize) {
        let element = if kind == Kind::Suite { "testsuite" } else { "testsuites" };
        self.collector.reading.suites += u64::from(kind == Kind::Suite);
        self.opened += 1;
        let outer = self.suites.last().map_or(0, Suite::names);
        let mut around = Around::new(element, outer, self.opened);
        if !attributes(self.scanner.content(), length, |key, value| around.attribute(key, value)) {
            self.trouble("the attributes of a test suite are malformed");
        }
        let mut suite = around.suite();
        suite.producer = suite.producer.or(self.suites.last().and_then(|outer| outer.producer));
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

    /// What an element's end says.
    pub(super) fn leave(&mut self, kind: Kind) {
        match kind {
            Kind::Suites | Kind::Suite => self.leave_suite(),
            Kind::Case if self.inner_cases > 0 => self.inner_cases -= 1,
            Kind::Case => self.leave_case(),
            // One in another is part of its text.
            Kind::Wrong(_)
                if self.is_in_case && self.collecting.is_none_or(|depth| depth == self.open.len()) =>
            {
                self.case.settle();
            }
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
    pub(super) fn leave_case(&mut self) {
        self.is_in_case = false;
        self.case.settle();
        let scope = self.scope();
        let Self { case, suites, collector, .. } = self;
        let producer = suites.last().and_then(|suite| suite.producer);
        // Cases outside of any suite are in none of the suites' elements, which count from 1.
        let element = suites.last().map_or(0, Suite::element);
        let repeats = producer.map_or(Repeats::Unknown, Producer::repeats_cases);
        let of_identity =
            |repetition: fn(u64) -> Repetition| case.identity(element).map_or(Repetition::Row, repetition);
        let repetition = match repeats {
            Repeats::Never if case.is_broken_suite() => of_identity(Repetition::Again),
            Repeats::Never => Repetition::Row,
            Repeats::LikePasses => of_identity(Repetition::Rerun),
            Repeats::Unknown if collector.repeats_are_attempts() => of_identity(Repetition::Assumed),
            Repeats::Unknown => Repetition::Unclear,
        };
        let state = case.state();
        let met = Met {
            state,
            micros: case.micros(),
            attempts: case.attempts,
            scope,
            name: hash_of(&(scope, &case.name)),
            repetition,
            // Asked only of the few tests for which it matters.
            is_read_whole: !state.is_absent() || case.is_read_whole(),
        };
        collector.meet(&met, || case.execution(path(suites), producer));
    }

    /// A hash of what holds the case; most cases are held by what held the one before.
    fn scope(&mut self) -> u64 {
        let Some(scope) = self.case.scope() else { return self.suites.last().map_or(0, Suite::names) };
        if self.scope.0 != scope {
            self.scope = (scope.to_owned(), hash_of(scope));
        }
        self.scope.1
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

    /// What is wrong with the innermost suite, here.
    fn error(&self, message: &str, detail: &str) -> GroupError {
        GroupError::new(&path(&self.suites), message, detail, self.scanner.position())
    }
}
