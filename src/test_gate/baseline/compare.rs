//! A run's tests against those of earlier runs: what failed anew, was fixed, is gone, moved, skipped or slower.

use std::collections::BTreeMap;

use super::history::{Flaky, Slower, flaky, slower};
use super::limits::Limits;
use super::model::{Baseline, Outcome, Test};
use super::pairs::{Gone, How, New, Subject, pair};
use crate::test_gate::ledger::{Executions, Ledger};

/// A test now and at the baseline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    /// What it is now; what it was, where it is gone.
    pub(crate) test: Subject<'a>,
    /// What it was called, and what became of it, where that is something else.
    pub(crate) was: Option<(Subject<'a>, How)>,
    /// What is known of it.
    pub(crate) before: Option<&'a Test>,
    /// How it ended now.
    pub(crate) now: Option<Executions>,
}

/// Numbers of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Tests by identity.
    pub(crate) tests: u64,
    /// All executions, those too that were skipped; what a report's totals call tests.
    pub(crate) executions: u64,
    /// Executions that took place.
    pub(crate) ran: u64,
}

/// What is different from the baseline; every list is sorted by place and name.
#[derive(Debug, Default)]
pub(crate) struct Comparison<'a> {
    pub(crate) before: Amount,
    pub(crate) now: Amount,
    /// How many runs the baseline knows.
    pub(crate) runs: u64,
    /// Fail now; did not fail at the baseline, or were not there, or in fewer of their executions.
    pub(crate) new_failures: Vec<Change<'a>>,
    /// Fail now and failed at the baseline.
    pub(crate) known_failures: Vec<Change<'a>>,
    pub(crate) fixed: Vec<Change<'a>>,
    /// Ran at the baseline, are gone, and nothing explains it.
    pub(crate) vanished: Vec<Change<'a>>,
    /// Ran fewer times than at the baseline.
    pub(crate) fewer: Vec<Change<'a>>,
    pub(crate) newly_skipped: Vec<Change<'a>>,
    pub(crate) unskipped: Vec<Change<'a>>,
    pub(crate) moved: Vec<Change<'a>>,
    pub(crate) renamed: Vec<Change<'a>>,
    pub(crate) other_parameters: Vec<Change<'a>>,
    /// Were not there, under this name or another.
    pub(crate) new: Vec<Change<'a>>,
    pub(crate) slower: Vec<Slower<'a>>,
    pub(crate) flaky: Vec<Flaky<'a>>,
    /// Gone tests that had only been skipped.
    pub(crate) gone_skipped: u64,
    /// Gone tests that were not compared with new names, for there are too many of both.
    pub(crate) not_tried: u64,
}

impl Amount {
    fn add(&mut self, executions: u64, ran: u64) {
        self.tests += 1;
        self.executions += executions;
        self.ran += ran;
    }
}

/// Compares a run with the newest run of a baseline that has tests.
pub(crate) fn compare<'a>(now: &'a Ledger, baseline: &'a Baseline, limits: &Limits) -> Comparison<'a> {
    let newest = baseline.newest();
    let mut result = Comparison { runs: baseline.runs.len() as u64, ..Comparison::default() };
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for (scope, name, executions) in now.iter() {
        let test = Subject { scope, name };
        let known = baseline.tests.get(scope).and_then(|tests| tests.get(name));
        result.now.add(executions.counts.tests(), executions.ran());
        match known.filter(|known| known.newest() == newest) {
            Some(before) => {
                result.judge(Change { test, was: None, before: Some(before), now: Some(executions) }, limits);
            }
            None => new.push(New { test, now: executions }),
        }
    }
    for (scope, tests) in &baseline.tests {
        for (name, before) in tests.iter().filter(|(_, test)| test.newest() == newest) {
            result.before.add(before.executions(), before.ran());
            if now.get(scope, name).is_none() {
                let test = Subject { scope, name };
                if before.ran() > 0 { gone.push(Gone { test, before }) } else { result.gone_skipped += 1 }
            }
        }
    }
    result.unmatched(&gone, &new, baseline, limits);
    result.sort();
    result
}

impl<'a> Comparison<'a> {
    /// Takes a test that is there now and was there, under this name or another.
    fn judge(&mut self, change: Change<'a>, limits: &Limits) {
        let (Some(before), Some(now)) = (change.before, change.now) else { return };
        let (ran, ran_before) = (now.ran(), before.ran());
        if now.red() > before.red() {
            self.new_failures.push(change);
        } else if now.red() > 0 {
            self.known_failures.push(change);
        } else if before.red() > 0 && ran > 0 {
            self.fixed.push(change);
        }
        match (ran_before, ran) {
            (0, 0) => {}
            (0, _) => self.unskipped.push(change),
            (_, 0) => self.newly_skipped.push(change),
            _ if ran < ran_before => self.fewer.push(change),
            _ => {}
        }
        self.slower.extend(slower(change, before, &now, limits));
        self.flaky.extend(flaky(change.test, Some(before), &now));
    }

    /// Takes what is only there now, or only was.
    fn unmatched(&mut self, gone: &[Gone<'a>], new: &[New<'a>], baseline: &'a Baseline, limits: &Limits) {
        let pairs = pair(gone, new);
        self.not_tried = pairs.not_tried;
        let by_new: BTreeMap<usize, (usize, How)> =
            pairs.pairs.iter().map(|(gone, new, how)| (*new, (*gone, *how))).collect();
        let mut explained = vec![false; gone.len()];
        for (index, New { test, now }) in new.iter().enumerate() {
            let other = by_new.get(&index).and_then(|(index, how)| Some((*index, gone.get(*index)?, *how)));
            let mut change = Change { test: *test, was: None, before: None, now: Some(*now) };
            if let Some((gone_index, gone, how)) = other {
                if let Some(slot) = explained.get_mut(gone_index) {
                    *slot = true;
                }
                (change.was, change.before) = (Some((gone.test, how)), Some(gone.before));
                match how {
                    How::Parameters => self.other_parameters.push(change),
                    How::Moved => self.moved.push(change),
                    How::Renamed => self.renamed.push(change),
                }
                self.judge(change, limits);
                continue;
            }
            let older = baseline.tests.get(test.scope).and_then(|tests| tests.get(test.name));
            self.new.push(change);
            if now.red() > 0 {
                self.new_failures.push(change);
            }
            self.flaky.extend(flaky(*test, older, now));
        }
        for (Gone { test, before }, explained) in gone.iter().zip(explained) {
            if !explained {
                self.vanished.push(Change { test: *test, was: None, before: Some(before), now: None });
            }
        }
    }

    fn sort(&mut self) {
        let lists = [
            &mut self.new_failures,
            &mut self.known_failures,
            &mut self.fixed,
            &mut self.vanished,
            &mut self.fewer,
            &mut self.newly_skipped,
            &mut self.unskipped,
            &mut self.moved,
            &mut self.renamed,
            &mut self.other_parameters,
            &mut self.new,
        ];
        for list in lists {
            list.sort_by_key(|change| change.test);
        }
        self.slower.sort_by_key(|slower| slower.change.test);
        self.flaky.sort_by_key(|flaky| flaky.test);
    }

    /// Whether nothing is different that anybody would call worse.
    pub(crate) fn is_quiet(&self) -> bool {
        let losses = [&self.new_failures, &self.vanished, &self.fewer, &self.newly_skipped];
        losses.into_iter().all(Vec::is_empty) && self.slower.is_empty()
    }
}

impl Change<'_> {
    /// How it ended now.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.now.as_ref().and_then(Outcome::of)
    }

    /// How it ended in the newest run that has it.
    pub(crate) fn outcome_before(&self) -> Option<Outcome> {
        self.before.and_then(|test| test.newest().and_then(|run| test.at(run)))
    }
}
