//! A run's tests against those of earlier runs: what failed anew, was fixed, is gone, moved, skipped or slower.

use std::collections::BTreeMap;

use serde::Serialize;

use super::history::{Flaky, RunTime, Slower, flaky, slower};
use super::limits::Limits;
use super::model::{Baseline, Outcome, Test};
use super::pairs::{Gone, How, New, Subject, pair};
use crate::ledger::{Executions, Ledger, Scope};

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
    pub(crate) now: Option<Executions<'a>>,
    /// Which of the executions it is about, from 0, where it is about one.
    pub(crate) execution: Option<usize>,
}

/// Numbers of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
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
    /// Fail now; did not fail at the baseline, or were not there, or in others of their executions.
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
    pub(crate) run_time: RunTime,
    /// Gone tests that had only been skipped.
    pub(crate) gone_skipped: u64,
    /// Gone tests that were not compared with new names, because there are too many of both.
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
        result.now.add(executions.len(), executions.ran());
        match known.filter(|known| known.newest() == newest) {
            Some(before) => {
                result.judge(
                    Change { before: Some(before), now: Some(executions), ..Change::of(test) },
                    limits,
                );
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
        for (index, _) in now.iter().enumerate().filter(|(_, execution)| execution.state.is_red()) {
            let change = Change { execution: Some(index), ..change };
            let list = if has_failed(before, now, index) {
                &mut self.known_failures
            } else {
                &mut self.new_failures
            };
            list.push(change);
        }
        if now.red() == 0 && before.red() > 0 && ran > 0 {
            self.fixed.push(change);
        }
        match (ran_before, ran) {
            (0, 0) => {}
            (0, _) => self.unskipped.push(change),
            (_, 0) => self.newly_skipped.push(change),
            _ if ran < ran_before => self.fewer.push(change),
            _ => {}
        }
        self.run_time.add(before, now);
        self.slower.extend(slower(change, before, now, limits));
        self.flaky.extend(flaky(change.test, Some(before), now));
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
            let mut change = Change { now: Some(*now), ..Change::of(*test) };
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
            let red = now.iter().enumerate().filter(|(_, execution)| execution.state.is_red());
            let failed = red.map(|(index, _)| Change { execution: Some(index), ..change });
            self.new_failures.extend(failed);
            self.flaky.extend(flaky(*test, older, *now));
        }
        for (Gone { test, before }, explained) in gone.iter().zip(explained) {
            if !explained {
                self.vanished.push(Change { before: Some(before), ..Change::of(*test) });
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
            list.sort_by_key(|change| (change.test, change.execution));
        }
        self.slower.sort_by_key(|slower| slower.change.test);
        self.flaky.sort_by_key(|flaky| flaky.test);
    }

    /// Whether an execution of a test fails now and failed at the baseline; scope and name in their normal form.
    pub(crate) fn is_known_failure(&self, scope: &Scope, name: &str, execution: usize) -> bool {
        let wanted = (Subject { scope, name }, Some(execution));
        self.known_failures.binary_search_by(|known| (known.test, known.execution).cmp(&wanted)).is_ok()
    }

    /// Whether nothing is different that anybody would call worse.
    #[cfg(test)]
    pub(crate) fn is_quiet(&self) -> bool {
        let losses = [&self.new_failures, &self.vanished, &self.fewer, &self.newly_skipped];
        losses.into_iter().all(Vec::is_empty) && self.slower.is_empty()
    }
}

/// Whether an execution of a test failed before. Executions are distinguished by their order; where that is not known, or there are
/// fewer than before, it is unknown which of them failed then, unless all did. Of more than before, one at least is new.
fn has_failed(before: &Test, now: Executions<'_>, index: usize) -> bool {
    if now.len() == before.executions() && !before.is_unordered {
        before.last.get(index).is_some_and(|outcome| outcome.is_red())
    } else {
        before.red() == before.executions() && now.len() <= before.executions()
    }
}

impl<'a> Change<'a> {
    /// A test of which nothing more is known.
    fn of(test: Subject<'a>) -> Self {
        Self { test, was: None, before: None, now: None, execution: None }
    }

    /// Which of the tests of its identity it is about, from 1.
    pub(crate) fn row(&self) -> u64 {
        self.execution.map_or(1, |execution| execution as u64 + 1)
    }
}

impl Change<'_> {
    /// How it ended now.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.now.and_then(Outcome::of)
    }

    /// How it ended in the newest run that has it.
    pub(crate) fn outcome_before(&self) -> Option<Outcome> {
        self.before.and_then(|test| test.newest().and_then(|run| test.at(run)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Instant;

    use jiff::Timestamp;

    use super::super::model::RunIdentity;
    use super::super::{Baseline, Limits, details, merge, rules};
    use super::{Change, Comparison, compare};
    use crate::attempts::State;
    use crate::ledger::{Identity, Ledger};

    type Case<'a> = (&'a str, &'a str, State, Option<u64>);

    /// A run; of cases of one name, each is in a report of its own.
    fn ledger(cases: &[Case<'_>]) -> Ledger {
        let mut reports: Vec<(Vec<(&str, &str)>, Ledger)> = Vec::new();
        for (classname, name, state, millis) in cases {
            let test = (*classname, *name);
            let index = reports.iter().position(|(met, _)| !met.contains(&test)).unwrap_or_else(|| {
                reports.push(Default::default());
                reports.len() - 1
            });
            let (met, report) = &mut reports[index];
            met.push(test);
            let identity = Identity { classname, name, ..Identity::default() };
            report.add(&identity, *state, millis.map(|millis| millis * 1_000));
        }
        let mut ledger = Ledger::default();
        for (_, report) in reports {
            ledger.merge(report, "");
        }
        ledger
    }

    #[test]
    fn rows_of_one_name_are_tests_of_their_own() {
        let report = |states: [State; 3]| {
            let mut report = Ledger::default();
            for state in states {
                report.add(&Identity { classname: "A", name: "row", ..Identity::default() }, state, None);
            }
            report
        };
        let before = Baseline::of_run(
            RunIdentity::default(),
            &report([Failed, Passed, Passed]),
            BTreeMap::new(),
            Vec::new(),
        );
        let now = report([Passed, Failed, Skipped]);
        let found = compare(&now, &before, &Limits::default());
        assert_eq!(names(&found.new_failures), ["A.row #2"]);
        assert!(found.known_failures.is_empty());
        assert_eq!(names(&found.fewer), ["A.row"], "one of them is skipped");
    }

    #[test]
    fn jobs_with_more_rows_and_lost_orders_make_no_failure_known() {
        let of_job = |states: &[State]| {
            let mut report = Ledger::default();
            for state in states {
                report.add(&Identity { classname: "A", name: "row", ..Identity::default() }, *state, None);
            }
            let facts = RunIdentity { key: Some("run".to_owned()), ..RunIdentity::default() };
            (Baseline::of_run(facts, &report, BTreeMap::new(), Vec::new()), report)
        };
        let (linux, _) = of_job(&[Passed]);
        let (windows, now) = of_job(&[Passed, Failed]);
        let merged = merge([linux, windows.clone()]);
        assert_eq!(names(&compare(&now, &merged, &Limits::default()).new_failures), ["A.row #2"]);
        assert!(compare(&now, &windows, &Limits::default()).new_failures.is_empty());
        let mut bytes = Vec::new();
        super::super::write(&merged, &mut bytes, false).unwrap();
        assert_eq!(super::super::read("b", bytes.as_slice()).unwrap(), merged);
    }

    fn run(second: i64, cases: &[Case<'_>]) -> Baseline {
        let time = Some(Timestamp::from_second(second).unwrap());
        let facts = RunIdentity { time, ..RunIdentity::default() };
        Baseline::of_run(facts, &ledger(cases), BTreeMap::new(), Vec::new())
    }

    fn names(changes: &[Change<'_>]) -> Vec<String> {
        changes.iter().map(rules::name_of).collect()
    }

    fn judged<T>(before: &[Case<'_>], now: &[Case<'_>], take: impl Fn(&Comparison<'_>) -> T) -> T {
        let (now, baseline) = (ledger(now), run(1, before));
        take(&compare(&now, &baseline, &Limits::default()))
    }

    use State::{Errored, Failed, Flaky, NotRun, Passed, Skipped};

    #[test]
    fn failures_are_new_or_known() {
        let before = [
            ("A", "was_failing", Failed, None),
            ("A", "was_flaky", Flaky, None),
            ("A", "passes", Passed, None),
            ("A", "gets_fixed", Errored, None),
            ("A", "matrix", Failed, None),
            ("A", "matrix", Passed, None),
            ("A", "other_job", Failed, None),
            ("A", "other_job", Passed, None),
            ("A", "another_job", Failed, None),
            ("A", "another_job", Passed, None),
            ("A", "all_jobs", Failed, None),
            ("A", "all_jobs", Failed, None),
            ("Old", "moves_on", Failed, None),
        ];
        let now = [
            ("A", "was_failing", Errored, None),
            ("A", "was_flaky", Failed, None),
            ("A", "passes", Failed, None),
            ("A", "gets_fixed", Passed, None),
            ("A", "matrix", Failed, None),
            ("A", "matrix", Failed, None),
            ("A", "other_job", Passed, None),
            ("A", "other_job", Failed, None),
            ("A", "another_job", Failed, None),
            ("A", "all_jobs", Failed, None),
            ("New", "moves_on", Failed, None),
            ("New", "is_new", Failed, None),
        ];
        judged(&before, &now, |found| {
            // A matrix that shrank does not say which of its jobs is left.
            let new =
                ["A.another_job", "A.matrix #2", "A.other_job #2", "A.passes", "A.was_flaky", "New.is_new"];
            assert_eq!(names(&found.new_failures), new);
            let known = ["A.all_jobs", "A.matrix", "A.was_failing", "New.moves_on"];
            assert_eq!(names(&found.known_failures), known);
            assert!(found.is_known_failure(found.known_failures[3].test.scope, "moves_on", 0));
            assert_eq!(names(&found.fixed), ["A.gets_fixed"]);
            assert_eq!(rules::failed_before(found).len(), 4);
        });
    }

    #[test]
    fn a_skip_is_found_under_another_name_and_a_smaller_matrix_too() {
        let before = [
            ("A", "checks_the_invoice_total", Passed, None),
            ("A", "b", Failed, None),
            ("A", "c", Skipped, None),
            ("A", "d", Passed, None),
            ("A", "d", Passed, None),
            ("A", "e[1]", Passed, None),
            ("A", "e[2]", Passed, None),
            ("A", "f", Skipped, None),
        ];
        let now = [
            ("A", "checks_the_invoice_totals", Skipped, None),
            ("A", "b", NotRun, None),
            ("A", "c", Passed, None),
            ("A", "d", Passed, None),
            ("A", "d", Skipped, None),
            ("A", "e[3]", Passed, None),
        ];
        judged(&before, &now, |found| {
            assert_eq!(names(&found.newly_skipped), ["A.b", "A.checks_the_invoice_totals"]);
            assert_eq!(names(&found.fewer), ["A.d"]);
            assert_eq!(names(&found.vanished), ["A.e[2]"]);
            assert_eq!((names(&found.unskipped), found.gone_skipped), (vec!["A.c".to_owned()], 1));
            let findings = rules::findings(found, &Limits::default());
            let titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
            let expected = [
                "A.e[2] is gone",
                "A.d ran 1 of 2 times",
                "A.b is not run",
                "A.checks_the_invoice_totals is skipped",
            ];
            assert_eq!(titles, expected);
            let detail = &findings[3].detail;
            assert!(detail.contains("under another name: A.checks_the_invoice_total,"), "{detail}");
            assert_eq!(details(found)["vanished"]["total"], 1);
        });
    }

    #[test]
    fn a_class_that_moved_is_no_loss_and_a_deleted_namesake_is() {
        let before = [
            ("a.Cart", "create", Passed, None),
            ("a.Cart", "delete", Passed, None),
            ("a.Cart", "list[1]", Passed, None),
            ("b.Order", "create", Passed, None),
        ];
        let now = [
            ("c.Cart", "create", Passed, None),
            ("c.Cart", "delete", Passed, None),
            ("c.Cart", "list[2]", Passed, None),
        ];
        judged(&before, &now, |found| {
            assert_eq!(names(&found.vanished), ["b.Order.create"]);
            assert_eq!(names(&found.moved), ["c.Cart.create", "c.Cart.delete"]);
            assert_eq!(names(&found.other_parameters), ["c.Cart.list[2]"]);
        });
    }

    #[test]
    fn a_slow_test_is_slower_than_it_ever_was() {
        let limits = Limits { max_slowdown: Some(2.0), slowdown_floor_ms: 100, ..Limits::default() };
        let found = |earlier: &[u64], now: u64| {
            let runs = earlier
                .iter()
                .zip(1..)
                .map(|(millis, second)| run(second, &[("A", "a", Passed, Some(*millis))]));
            let (baseline, now) = (merge(runs), ledger(&[("A", "a", Passed, Some(now))]));
            let comparison = compare(&now, &baseline, &limits);
            let titles = rules::findings(&comparison, &limits).into_iter().map(|finding| finding.title);
            titles.collect::<Vec<_>>()
        };
        assert_eq!(found(&[200, 210, 220], 500), ["A.a takes 500 ms, previously 210 ms"]);
        assert_eq!(found(&[200], 500), ["A.a takes 500 ms, previously 200 ms"]);
        assert_eq!(found(&[200, 210, 600], 500), [""; 0]);
        assert_eq!(found(&[200, 600], 900), ["A.a takes 900 ms, previously 400 ms"]);
        assert_eq!(found(&[10, 10, 10], 90), [""; 0]);
        assert_eq!(found(&[300, 300, 300], 600), [""; 0]);
    }

    #[test]
    fn a_test_that_fails_in_turns_is_flaky() {
        let states = [Passed, Failed, Passed, Passed, Failed];
        let runs = states.iter().zip(1..).map(|(state, second)| {
            run(
                second,
                &[
                    ("A", "turns", *state, None),
                    ("A", "broke", if second > 3 { Failed } else { Passed }, None),
                ],
            )
        });
        let baseline = merge(runs);
        let now =
            ledger(&[("A", "turns", Passed, None), ("A", "broke", Passed, None), ("A", "now", Flaky, None)]);
        let comparison = compare(&now, &baseline, &Limits::default());
        let flaky: Vec<_> = comparison
            .flaky
            .iter()
            .map(|flaky| (flaky.test.name, flaky.share.seen, flaky.share.of))
            .collect();
        assert_eq!(flaky, [("broke", 2, 6), ("now", 1, 1), ("turns", 2, 6)]);
        let of_turns = &details(&comparison)["flaky"]["listed"][2];
        assert_eq!(of_turns["low"], 0.0768);
        assert_eq!(of_turns["high"], 0.7136);
    }

    #[test]
    fn a_test_gone_before_the_newest_run_is_new_again() {
        let older = run(1, &[("A", "a", Failed, None), ("A", "b", Passed, None)]);
        let baseline = merge([older, run(2, &[("A", "b", Passed, None)])]);
        let now = ledger(&[("A", "a", Failed, None), ("A", "b", Passed, None)]);
        let comparison = compare(&now, &baseline, &Limits::default());
        assert_eq!(names(&comparison.new_failures), ["A.a"]);
        assert_eq!(comparison.before.tests, 1);
    }

    #[test]
    fn many_tests_are_compared_in_no_time() {
        let (mut before, mut now) = (Ledger::default(), Ledger::default());
        for index in 0..8_000 {
            let name = format!("test_number_{index}");
            let class = format!("a.C{}", index % 700);
            let other = format!("{}.C{}", if index % 700 < 300 { "a" } else { "b" }, index % 700);
            before.add(&Identity { classname: &class, name: &name, ..Identity::default() }, Passed, Some(5));
            if index % 50 != 0 {
                now.add(&Identity { classname: &other, name: &name, ..Identity::default() }, Passed, Some(5));
            }
        }
        let baseline = Baseline::of_run(RunIdentity::default(), &before, BTreeMap::new(), Vec::new());
        let start = Instant::now();
        let comparison = compare(&now, &baseline, &Limits::default());
        println!("8,000 tests compared in {:?}, {} moved", start.elapsed(), comparison.moved.len());
        assert_eq!(comparison.vanished.len(), 160);
        assert!(comparison.new.is_empty());
        let mut bytes = Vec::new();
        let start = Instant::now();
        super::super::write(&baseline, &mut bytes, true).unwrap();
        println!("written in {:?}: {} bytes", start.elapsed(), bytes.len());
        let start = Instant::now();
        assert_eq!(super::super::read("b", bytes.as_slice()).unwrap(), baseline);
        println!("read in {:?}", start.elapsed());
        let none = Ledger::default();
        assert_eq!(
            rules::findings(&compare(&none, &baseline, &Limits::default()), &Limits::default()).len(),
            1_001
        );
    }
}
