//! How often losses are found and how often none is cried, over many made-up pairs of commits; the seed is fixed.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Baseline, RunIdentity};
use super::{Limits, compare};
use crate::attempts::State;
use crate::ledger::{Identity, Ledger};

/// A small generator of numbers (xorshift), so that every run of this test is the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit.max(1)
    }

    fn is_one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const VERBS: [&str; 16] = [
    "adds",
    "removes",
    "updates",
    "rejects",
    "accepts",
    "parses",
    "renders",
    "loads",
    "stores",
    "retries",
    "cancels",
    "validates",
    "merges",
    "splits",
    "encodes",
    "decodes",
];
const THINGS: [&str; 20] = [
    "item",
    "order",
    "customer",
    "invoice",
    "discount",
    "payment",
    "address",
    "session",
    "token",
    "header",
    "document",
    "message",
    "picture",
    "category",
    "voucher",
    "account",
    "report",
    "schedule",
    "warehouse",
    "currency",
];
const WHENS: [&str; 14] = [
    "when_empty",
    "when_missing",
    "after_timeout",
    "with_unicode",
    "with_duplicates",
    "on_weekends",
    "for_guests",
    "for_admins",
    "without_network",
    "in_parallel",
    "twice",
    "before_login",
    "over_limit",
    "in_other_zone",
];

/// How a runner writes names.
#[derive(Clone, Copy)]
enum Form {
    Pytest,
    Java,
    Go,
    Jest,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    class: String,
    words: Vec<String>,
    parameters: Option<String>,
    runs: usize,
}

impl Test {
    fn name(&self, form: Form) -> String {
        let parameters = self.parameters.as_deref();
        match form {
            Form::Pytest => {
                let name = format!("test_{}", self.words.join("_"));
                parameters.map_or(name.clone(), |parameters| format!("{name}[{parameters}]"))
            }
            Form::Java => {
                let name = self.words.join("_");
                parameters.map_or(format!("{name}()"), |parameters| format!("{name}(int)[{parameters}]"))
            }
            Form::Go => {
                let name: String =
                    self.words.iter().map(|word| word[..1].to_uppercase() + &word[1..]).collect();
                parameters.map_or(format!("Test{name}"), |parameters| format!("Test{name}/{parameters}"))
            }
            Form::Jest => {
                let name = self.words.join(" ").replace('_', " ");
                parameters.map_or(name.clone(), |parameters| format!("{name} ({parameters})"))
            }
        }
    }
}

fn words(dice: &mut Dice) -> Vec<String> {
    [dice.pick(&VERBS), dice.pick(&THINGS), dice.pick(&WHENS)].map(str::to_owned).to_vec()
}

fn suite(dice: &mut Dice) -> Vec<Test> {
    let mut tests = BTreeSet::new();
    for class in 0..3 + dice.below(8) {
        let class = format!("shop.{}.C{class}", dice.pick(&THINGS));
        for _ in 0..=dice.below(12) {
            let words = words(dice);
            let runs = if dice.is_one_in(8) { 3 } else { 1 };
            let rows = if dice.is_one_in(4) { 2 + dice.below(4) } else { 0 };
            let test = |parameters| Test { class: class.clone(), words: words.clone(), parameters, runs };
            if rows == 0 {
                tests.insert(test(None));
            }
            tests.extend((0..rows).map(|row| test(Some(format!("{row}-{}", dice.below(1_000))))));
        }
    }
    tests.into_iter().collect()
}

/// The tests of a run; those that run several times do so in reports of their own.
fn ledger(tests: &[Test], form: Form) -> Ledger {
    let mut ledger = Ledger::default();
    for report in 0..tests.iter().map(|test| test.runs).max().unwrap_or(0) {
        let mut of_report = Ledger::default();
        for test in tests.iter().filter(|test| test.runs > report) {
            let name = test.name(form);
            let identity = Identity { classname: &test.class, name: &name, ..Identity::default() };
            of_report.add(&identity, State::Passed, None);
        }
        ledger.merge(of_report, "");
    }
    ledger
}

/// Changes that lose nothing: parameters, moves, renames and new tests.
fn change(tests: &mut Vec<Test>, dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let index = dice.below(tests.len());
        let (class, stem) = (tests[index].class.clone(), tests[index].words.clone());
        match dice.below(4) {
            0 => {
                let values: Vec<usize> = tests.iter().map(|_| dice.below(100_000)).collect();
                for (test, value) in tests.iter_mut().zip(values) {
                    if test.class == class && test.words == stem && test.parameters.is_some() {
                        test.parameters = Some(format!("new {value}"));
                    }
                }
            }
            1 => {
                let elsewhere = format!("other.place{}", &class[4..]);
                if tests.iter().all(|test| test.class != elsewhere) {
                    tests
                        .iter_mut()
                        .filter(|test| test.class == class)
                        .for_each(|test| test.class.clone_from(&elsewhere));
                }
            }
            2 => {
                let mut renamed = stem.clone();
                match dice.below(3) {
                    0 => renamed.push(dice.pick(&["again", "too", "fast", "first"]).to_owned()),
                    1 => renamed[0] = format!("{}_it", renamed[0]),
                    _ => renamed[1].push('s'),
                }
                if tests.iter().all(|test| test.class != class || test.words != renamed) {
                    tests
                        .iter_mut()
                        .filter(|test| test.class == class && test.words == stem)
                        .for_each(|test| test.words.clone_from(&renamed));
                }
            }
            _ => {
                let new = Test { class, words: words(dice), parameters: None, runs: 1 };
                if tests.iter().all(|test| test.class != new.class || test.words != new.words) {
                    tests.push(new);
                }
            }
        }
    }
}

/// Takes tests away: single ones, those of a class, or one of a test's executions. Returns what is missing.
fn lose(tests: &mut Vec<Test>, dice: &mut Dice, form: Form) -> Vec<(String, String)> {
    let key = |test: &Test| (test.class.clone(), test.name(form));
    let index = dice.below(tests.len());
    match dice.below(4) {
        0 => {
            let class = tests[index].class.clone();
            let lost = tests.iter().filter(|test| test.class == class).map(key).collect();
            tests.retain(|test| test.class != class);
            lost
        }
        1 if tests.iter().any(|test| test.runs > 1) => {
            let test = tests.iter_mut().find(|test| test.runs > 1).unwrap();
            test.runs -= 1;
            vec![key(test)]
        }
        _ => (0..=dice.below(3))
            .filter_map(|_| {
                let index = dice.below(tests.len());
                (index < tests.len()).then(|| key(&tests.remove(index)))
            })
            .collect(),
    }
}

#[test]
fn losses_are_found_and_harmless_changes_are_not_losses() {
    let mut dice = Dice(0x2026_1123_0001);
    let (mut lost, mut found, mut harmless, mut alarms, mut pairs) = (0, 0, 0, 0, 0);
    let (mut mixed, mut mixed_found) = (0, 0);
    for round in 0..750 {
        let form = [Form::Pytest, Form::Java, Form::Go, Form::Jest][dice.below(4)];
        let mut tests = suite(&mut dice);
        let baseline =
            Baseline::of_run(RunIdentity::default(), &ledger(&tests, form), BTreeMap::new(), Vec::new());
        let is_loss = round % 3 != 0;
        let missing = if is_loss { lose(&mut tests, &mut dice, form) } else { Vec::new() };
        if round % 3 != 1 && !tests.is_empty() {
            change(&mut tests, &mut dice);
        }
        let now = ledger(&tests, form);
        let comparison = compare(&now, &baseline, &Limits::default());
        let losses = comparison.vanished.len() + comparison.fewer.len();
        pairs += 1;
        match round % 3 {
            0 => {
                harmless += 1;
                alarms += usize::from(losses > 0);
            }
            1 => {
                lost += missing.len();
                let name_of = |change: &super::Change<'_>| {
                    (change.test.scope.text.to_string(), change.test.name.to_owned())
                };
                let named: BTreeSet<_> =
                    comparison.vanished.iter().chain(&comparison.fewer).map(name_of).collect();
                found += missing.iter().filter(|missing| named.contains(missing)).count();
                alarms += usize::from(named.len() > missing.len());
            }
            _ => {
                mixed += missing.len();
                mixed_found += losses.min(missing.len());
            }
        }
    }
    println!(
        "{pairs} pairs: {found} of {lost} lost tests found; {alarms} false alarms in {harmless} harmless pairs; \
         among other changes, {mixed_found} of {mixed} lost tests found"
    );
    assert!(found * 100 >= lost * 99, "recall");
    assert!(alarms * 100 <= harmless, "false alarms");
    assert!(mixed_found * 100 >= mixed * 99, "recall among other changes");
}

/// Puts one test with other words where one was, 400 times; returns how often the old one counts as gone.
fn swaps(dice: &mut Dice, other: impl Fn(&[String], &mut Dice) -> Vec<String>) -> (usize, usize) {
    let (mut pairs, mut gone) = (0, 0);
    while pairs < 400 {
        let mut tests = suite(dice);
        for test in &mut tests {
            test.parameters = None;
        }
        tests.dedup();
        let baseline = Baseline::of_run(
            RunIdentity::default(),
            &ledger(&tests, Form::Pytest),
            BTreeMap::new(),
            Vec::new(),
        );
        let index = dice.below(tests.len());
        let (class, words) = (tests[index].class.clone(), other(&tests[index].words, dice));
        if tests.iter().any(|test| test.class == class && test.words == words) {
            continue;
        }
        tests[index].words = words;
        let now = ledger(&tests, Form::Pytest);
        pairs += 1;
        gone += usize::from(!compare(&now, &baseline, &Limits::default()).vanished.is_empty());
    }
    (gone, pairs)
}

#[test]
fn a_test_swapped_for_another_of_its_class_is_gone() {
    let mut dice = Dice(0x2026_1123_0002);
    let (gone, pairs) = swaps(&mut dice, |_, dice| words(dice));
    println!("{gone} of {pairs} tests found that were swapped for another of their class");
    assert!(gone * 100 >= pairs * 97);
    let (gone, pairs) = swaps(&mut dice, |old, dice| {
        let mut words = words(dice);
        let kept = dice.below(3);
        for (index, word) in words.iter_mut().enumerate().filter(|(index, _)| *index != kept) {
            word.clone_from(&old[index]);
        }
        words
    });
    println!("{gone} of {pairs} tests count as gone where one word of three was replaced by another");
    assert!(gone * 2 <= pairs);
}
