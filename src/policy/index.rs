//! Findings by what identifies them, so that many waivers cost no more than a look each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::waiver::{Waiver, known_as};
use devops_core::wildcard::is_match;
use devops_core::{Finding, Role};

/// What stands for any text in a pattern.
const ANY: char = '*';

/// The findings of each rule, by their place in a list.
pub(super) struct Index<'a> {
    rules: BTreeMap<&'a str, OfRule>,
}

/// The findings of a rule.
#[derive(Default)]
struct OfRule {
    all: Vec<usize>,
    /// By names, which are compared as they are.
    names: Texts,
    /// By identifiers in lower case, which are compared in any case.
    identifiers: Texts,
}

/// Texts in order from their start, and from their end, each with the findings that have it.
#[derive(Default)]
struct Texts {
    forwards: BTreeMap<String, Vec<usize>>,
    backwards: BTreeMap<String, Vec<usize>>,
}

impl<'a> Index<'a> {
    /// An index of these findings.
    pub(super) fn of(findings: &'a [Finding]) -> Self {
        let mut rules: BTreeMap<&str, OfRule> = BTreeMap::new();
        for (place, finding) in findings.iter().enumerate() {
            let rule = rules.entry(finding.rule.as_str()).or_default();
            rule.all.push(place);
            for (role, text) in known_as(finding) {
                match role {
                    Role::Identifier => rule.identifiers.insert(text.to_ascii_lowercase(), place),
                    Role::Name | Role::Fact => rule.names.insert(text.to_owned(), place),
                }
            }
        }
        Self { rules }
    }

    /// The places of the findings that a waiver is meant for, whatever the day.
    pub(super) fn covered(&self, waiver: &Waiver) -> Vec<usize> {
        let Some(rule) = self.rules.get(waiver.rule.as_str()) else { return Vec::new() };
        let Some(pattern) = &waiver.matches else { return rule.all.clone() };
        let mut found = BTreeSet::new();
        rule.names.find(pattern, &mut found);
        rule.identifiers.find(&pattern.to_ascii_lowercase(), &mut found);
        found.into_iter().collect()
    }
}

impl Texts {
    fn insert(&mut self, text: String, place: usize) {
        self.backwards.entry(reversed(&text)).or_default().push(place);
        self.forwards.entry(text).or_default().push(place);
    }

    /// Adds the findings with a text that matches a pattern.
    fn find(&self, pattern: &str, found: &mut BTreeSet<usize>) {
        let Some((start, _)) = pattern.split_once(ANY) else {
            return found.extend(self.forwards.get(pattern).into_iter().flatten());
        };
        let end = pattern.rsplit(ANY).next().unwrap_or_default();
        if start.is_empty() && !end.is_empty() {
            let pattern = reversed(pattern);
            return search(&self.backwards, &reversed(end), &pattern, found);
        }
        search(&self.forwards, start, pattern, found);
    }
}

/// Adds the findings with a text that begins like this and matches a pattern.
fn search(texts: &BTreeMap<String, Vec<usize>>, start: &str, pattern: &str, found: &mut BTreeSet<usize>) {
    let from = texts.range::<str, _>((Bound::Included(start), Bound::Unbounded));
    let near = from.take_while(|(text, _)| text.starts_with(start));
    let matching = near.filter(|(text, _)| is_match(pattern, text));
    found.extend(matching.flat_map(|(_, places)| places));
}

/// A text from its end.
fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}
