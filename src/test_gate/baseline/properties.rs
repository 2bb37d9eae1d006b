//! What holds for every baseline: merging has no order, a file reads back as it was, and what is taken away is noticed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::model::{Baseline, Benchmark, Coverage, Direction, Metric, RunIdentity};
use super::{Limits, compare, details, merge, read, rules, write};
use crate::attempts::State;
use crate::ledger::{Identity, Ledger};

const STATES: [State; 6] =
    [State::Passed, State::Flaky, State::Failed, State::Errored, State::Skipped, State::NotRun];

fn ledger() -> impl Strategy<Value = Ledger> {
    let names = ["a", "a[1]", "a[2]", "adds two", "b \"é\n", "TestA/x", ""];
    let execution = (0..3_u8, select(names.to_vec()), select(STATES.to_vec()), option::of(0..9_000_000_u64));
    vec(execution, 0..12).prop_map(|executions| {
        let mut ledger = Ledger::default();
        for (scope, name, state, micros) in executions {
            let mut identity = Identity { name, suite: "s", ..Identity::default() };
            match scope {
                0 => identity.classname = "a.B",
                1 => identity.file = "a/b.py",
                _ => {}
            }
            ledger.add(&identity, state, micros);
        }
        ledger
    })
}

fn facts() -> impl Strategy<Value = RunIdentity> {
    let key = option::of(select(vec!["k1".to_owned(), "k2".to_owned()]));
    let time = option::of((0..4_i64).prop_map(|second| Timestamp::from_second(second).unwrap()));
    (key, option::of(select(vec!["c1".to_owned(), "c2".to_owned()])), time)
        .prop_map(|(key, commit, time)| RunIdentity { key, commit, time })
}

fn one_run() -> impl Strategy<Value = Baseline> {
    let coverage =
        (0..9_u64, 0..9_u64, 0..9_u64, 0..9_u64).prop_map(|(lines, more, branches, others)| Coverage {
            lines_covered: lines,
            lines: lines + more,
            branches_covered: branches,
            branches: branches + others,
        });
    let metric =
        (select(vec!["one", "two"]), any::<bool>(), any::<bool>()).prop_map(|(name, exact, larger)| Metric {
            benchmark: name.to_owned(),
            measure: "time".to_owned(),
            unit: "ns".to_owned(),
            better: if larger { Direction::Bigger } else { Direction::Smaller },
            exact,
        });
    let benchmark =
        (metric, vec(any::<f64>(), 0..4)).prop_map(|(metric, samples)| Benchmark { metric, samples });
    let coverage = btree_map(select(vec!["a.rs".to_owned(), "b.rs".to_owned()]), coverage, 0..3);
    (facts(), ledger(), coverage, vec(benchmark, 0..3)).prop_map(|(facts, ledger, coverage, benchmarks)| {
        Baseline::of_run(facts, &ledger, coverage, benchmarks)
    })
}

fn bytes(baseline: &Baseline, is_gzip: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(baseline, &mut bytes, is_gzip).unwrap();
    bytes
}

proptest! {
    #[test]
    fn merging_has_no_order(runs in vec(one_run(), 0..6), cut in 0..6_usize) {
        let whole = merge(runs.clone());
        prop_assert_eq!(&whole, &merge(runs.iter().rev().cloned()));
        let (left, right) = runs.split_at(cut.min(runs.len()));
        let (left, right) = (merge(left.to_vec()), merge(right.to_vec()));
        prop_assert_eq!(&whole, &merge([right.clone(), left]));
        prop_assert_eq!(&whole, &merge([whole.clone(), right]));
        prop_assert_eq!(&whole, &merge([whole.clone()]));
    }

    #[test]
    fn a_file_reads_back_as_it_was(runs in vec(one_run(), 0..5), is_gzip in any::<bool>()) {
        let whole = merge(runs);
        let written = bytes(&whole, is_gzip);
        let again = read("b", written.as_slice()).unwrap();
        prop_assert_eq!(&again, &whole);
        prop_assert_eq!(bytes(&again, is_gzip), written);
    }

    #[test]
    fn every_beginning_of_a_file_is_refused(run in one_run(), is_gzip in any::<bool>(), at in any::<proptest::sample::Index>()) {
        let written = bytes(&run, is_gzip);
        let length = at.index(written.len());
        let error = read("b", &written[..length]).unwrap_err();
        prop_assert_eq!(error.kind(), devops_core::ErrorKind::Input);
        prop_assert!(error.location().is_some());
    }

    #[test]
    fn no_change_of_a_byte_goes_unnoticed(run in one_run(), at in any::<proptest::sample::Index>(), flip in 1..=255_u8) {
        let mut written = bytes(&run, false);
        let length = written.len();
        written[at.index(length)] ^= flip;
        prop_assert!(read("b", written.as_slice()).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(noise in vec(any::<u8>(), 0..200), is_gzip in any::<bool>()) {
        let start: &[u8] = if is_gzip { &[0x1f, 0x8b, 8, 0] } else { b"{\"devops-baseline\":1" };
        prop_assert!(read("b", [start, &noise].concat().as_slice()).is_err());
    }

    #[test]
    fn a_run_compared_with_itself_is_quiet(now in ledger(), older in vec(one_run(), 0..3)) {
        let facts = RunIdentity { time: Some(Timestamp::from_second(99).unwrap()), ..RunIdentity::default() };
        let run = Baseline::of_run(facts, &now, BTreeMap::new(), Vec::new());
        let baseline = merge(older.into_iter().chain([run]));
        let limits = Limits { max_slowdown: Some(1.0), ..Limits::default() };
        if now.len() > 0 {
            let comparison = compare(&now, &baseline, &limits);
                        prop_assert!(compare(&now, &baseline, &Limits::default()).is_quiet());
            prop_assert_eq!(comparison.before, comparison.now);
            prop_assert!(comparison.new.is_empty() && comparison.fixed.is_empty());
        }
    }

    #[test]
    fn every_test_is_accounted_for(now in ledger(), run in one_run()) {
        let limits = Limits { max_slowdown: Some(1.5), ..Limits::default() };
        let found = compare(&now, &run, &limits);
        let explained = found.moved.len() + found.renamed.len() + found.other_parameters.len();
        let gone = found.vanished.len() + explained + usize::try_from(found.gone_skipped).unwrap();
        let stayed = usize::try_from(found.before.tests).unwrap() - gone;
        prop_assert_eq!(stayed + explained + found.new.len(), now.len());
        let red: u64 = now.iter().map(|(_, _, executions)| executions.red()).sum();
        prop_assert_eq!((found.new_failures.len() + found.known_failures.len()) as u64, red);
        prop_assert!(details(&found).is_object());
        prop_assert_eq!(rules::findings(&found, &limits).is_empty(), found.vanished.is_empty()
            && found.fewer.is_empty() && found.newly_skipped.is_empty() && found.slower.is_empty());
    }

    #[test]
    fn what_is_taken_away_is_noticed(tests in vec(any::<bool>(), 1..60)) {
        let (mut before, mut now) = (Ledger::default(), Ledger::default());
        let mut lost = BTreeSet::new();
        for (index, is_kept) in tests.iter().enumerate() {
            let (class, name) = (format!("a.C{}", index % 5), format!("test_{index}[{}]", index % 3));
            let identity = Identity { classname: &class, name: &name, ..Identity::default() };
            before.add(&identity, State::Passed, None);
            if *is_kept { now.add(&identity, State::Passed, None); } else { lost.insert(name); }
        }
        let baseline = Baseline::of_run(RunIdentity::default(), &before, BTreeMap::new(), Vec::new());
        let comparison = compare(&now, &baseline, &Limits::default());
        let found: BTreeSet<String> = comparison.vanished.iter().map(|change| change.test.name.to_owned()).collect();
        prop_assert_eq!(found, lost);
    }

    #[test]
    fn other_parameters_are_never_loss(tests in vec((0..4_u8, "[a-z0-9 ,.]{0,8}", "[a-z0-9 ,.]{0,8}"), 1..30)) {
        let (mut before, mut now) = (Ledger::default(), Ledger::default());
        for (index, (form, one, other)) in tests.iter().enumerate() {
            let name = |value: &str| match form {
                0 => format!("test_{}[{index}-{value}]", index % 4),
                1 => format!("Adds({index}, {value})"),
                2 => format!("TestA/{index}_{value}"),
                _ => format!("[{}] {index} {value}", index + 1),
            };
            for (ledger, value) in [(&mut before, one), (&mut now, other)] {
                let name = name(value);
                ledger.add(&Identity { classname: "a.B", name: &name, ..Identity::default() }, State::Passed, None);
            }
        }
        let baseline = Baseline::of_run(RunIdentity::default(), &before, BTreeMap::new(), Vec::new());
        let comparison = compare(&now, &baseline, &Limits::default());
        prop_assert!(comparison.is_quiet(), "{:?}", comparison.vanished);
        prop_assert!(comparison.new.is_empty());
    }
}
