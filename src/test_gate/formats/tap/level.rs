//! The results of one level of TAP: the whole, or a subtest.

use std::collections::BTreeSet;

/// Maximum number of numbers that are held out of order.
const HELD: usize = 10_000;

/// A level.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) name: String,
    pub(super) plan: Option<u64>,
    /// Whether results stand before the plan.
    pub(super) is_plan_last: bool,
    pub(super) results: u64,
    /// Results in it that fail a run.
    pub(super) red: u64,
    /// Every number below was met.
    next: u64,
    others: BTreeSet<u64>,
    /// Whether numbers stand out of order, or twice.
    pub(super) is_disordered: bool,
}

impl Level {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            plan: None,
            is_plan_last: false,
            results: 0,
            red: 0,
            next: 1,
            others: BTreeSet::new(),
            is_disordered: false,
        }
    }

    /// A result with this number, or without one; returns the number it has.
    pub(super) fn count(&mut self, number: Option<u64>) -> u64 {
        self.results += 1;
        let number = number.unwrap_or(self.next);
        if number == self.next {
            self.next += 1;
            while self.others.remove(&self.next) {
                self.next += 1;
            }
        } else {
            self.is_disordered = true;
            if number > self.next && self.others.len() < HELD {
                self.others.insert(number);
            }
        }
        number
    }

    /// How many results the plan promises that were not reported.
    pub(super) fn missing(&self) -> u64 {
        self.plan.unwrap_or(0).saturating_sub(self.results)
    }

    /// Their numbers, at most so many.
    pub(super) fn missing_numbers(&self, most: usize) -> Vec<u64> {
        let missing = usize::try_from(self.missing()).unwrap_or(usize::MAX).min(most);
        let plan = self.plan.unwrap_or(0);
        (self.next..=plan).filter(|number| !self.others.contains(number)).take(missing).collect()
    }

    /// Whether it holds all that its plan promises.
    pub(super) fn is_complete(&self) -> bool {
        self.plan.is_some_and(|plan| plan == self.results)
    }

    /// Whether anything was met.
    pub(super) fn is_empty(&self) -> bool {
        self.plan.is_none() && self.results == 0
    }
}
