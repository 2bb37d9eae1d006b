//! Gathers complaints as they stream by: every one is counted once, only the worst are kept whole.

use std::collections::BTreeMap;

use super::filters::{Filters, Reason};
use super::problem::{Key, Kind, Problem, Target};
use devops_core::Severity;

/// How many complaints are kept whole; the rest is counted.
pub(crate) const LIMIT: usize = 5_000;

/// How many files a complaint names.
const PATHS: usize = 20;

/// What is remembered of every complaint.
#[derive(Debug, Clone, Copy)]
struct Mark {
    kind: Kind,
    severity: Option<Severity>,
    reason: Reason,
}

/// Complaints of one target, or of all, each once.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    marks: BTreeMap<Key, Mark>,
    kept: BTreeMap<Key, (Problem, usize)>,
}

impl Problems {
    /// Takes a complaint; one that is already there only adds what is worse about it.
    pub(crate) fn add(&mut self, problem: Problem, filters: &Filters) {
        let key = problem.key();
        let reason = filters.of_problem(&problem);
        self.mark(key, Mark { kind: problem.kind, severity: problem.severity, reason });
        if reason == Reason::Judged {
            self.keep(key, problem, 0);
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    fn mark(&mut self, key: Key, new: Mark) {
        let mark = self.marks.entry(key).or_insert(new);
        mark.severity = mark.severity.max(new.severity);
        mark.reason = mark.reason.max(new.reason);
    }

    fn keep(&mut self, key: Key, mut problem: Problem, target: usize) {
        if let Some((old, _)) = self.kept.get_mut(&key) {
            let mut paths = std::mem::take(&mut old.paths);
            paths.append(&mut problem.paths);
            while paths.len() > PATHS {
                paths.pop_last();
            }
            problem.severity = problem.severity.max(old.severity);
            old.severity = problem.severity;
            if problem > *old {
                *old = problem;
            }
            old.paths = paths;
        } else {
            self.kept.insert(key, (problem, target));
            if self.kept.len() >= 2 * LIMIT {
                self.cut();
            }
        }
    }

    /// Lets go of all but the worst. Which ones those are does not depend on the order they came in.
    fn cut(&mut self) {
        if self.kept.len() <= LIMIT {
            return;
        }
        let mut ranks: Vec<(std::cmp::Reverse<Option<Severity>>, Key)> =
            self.kept.iter().map(|(key, (problem, _))| (std::cmp::Reverse(problem.severity), *key)).collect();
        ranks.sort_unstable();
        for (_, key) in ranks.into_iter().skip(LIMIT) {
            self.kept.remove(&key);
        }
    }
}

/// What a filter left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Targets.
    pub(crate) targets: u64,
    /// Complaints in them.
    pub(crate) problems: u64,
}

/// Gathers what all reports say.
#[derive(Debug)]
pub(crate) struct Collector {
    /// What to leave out.
    pub(crate) filters: Filters,
    /// Targets with something to judge in them.
    pub(crate) targets: Vec<Target>,
    /// How many targets were looked at.
    pub(crate) looked_at: u64,
    /// How many results hold only what somebody's own module wrote.
    pub(crate) custom: u64,
    /// How many packages the targets list.
    pub(crate) packages: u64,
    /// How many configuration checks succeeded, as far as it was said.
    pub(crate) successes: u64,
    /// Licences that ask for nothing, by category.
    pub(crate) harmless_licences: BTreeMap<String, u64>,
    /// Targets left out whole, by filter.
    pub(crate) left_out: BTreeMap<Reason, LeftOut>,
    problems: Problems,
}

impl Collector {
    /// Gathers what `filters` leave.
    pub(crate) fn new(filters: Filters) -> Self {
        Self {
            filters,
            targets: Vec::new(),
            looked_at: 0,
            custom: 0,
            packages: 0,
            successes: 0,
            harmless_licences: BTreeMap::new(),
            left_out: BTreeMap::new(),
            problems: Problems::default(),
        }
    }

    /// Takes what was found in a target. Returns whether the target is one to look at.
    pub(crate) fn take(&mut self, target: Target, problems: Problems) -> bool {
        let reason = self.filters.of_target(&target);
        if reason != Reason::Judged {
            let left_out = self.left_out.entry(reason).or_default();
            left_out.targets += 1;
            left_out.problems += problems.marks.len() as u64;
            return false;
        }
        self.looked_at += 1;
        for (key, mark) in problems.marks {
            self.problems.mark(key.within(&target), mark);
        }
        let index = self.targets.len();
        let has_kept = !problems.kept.is_empty();
        for (key, (problem, _)) in problems.kept {
            self.problems.keep(key.within(&target), problem, index);
        }
        if has_kept {
            self.targets.push(target);
        }
        true
    }

    /// Everything counted, and the worst with their targets.
    pub(crate) fn finish(&mut self) -> (Counts, Vec<(Problem, Target)>) {
        let mut problems = std::mem::take(&mut self.problems);
        problems.cut();
        let mut counts = Counts::default();
        for mark in problems.marks.values() {
            counts.add(*mark);
        }
        for (key, (problem, _)) in &mut problems.kept {
            // A second mention that a filter left out may have been the worse one.
            problem.severity = problems.marks.get(key).map_or(problem.severity, |mark| mark.severity);
            counts.keep(problem.severity);
        }
        let targets = &self.targets;
        let kept = problems
            .kept
            .into_values()
            .filter_map(|(problem, index)| Some((problem, targets.get(index)?.clone())));
        (counts, kept.collect())
    }
}

/// Exact counts, whatever was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Judged vulnerabilities by severity, `None` for unknown.
    pub(crate) vulnerabilities: BTreeMap<Option<Severity>, u64>,
    /// Judged complaints of each kind.
    pub(crate) kinds: BTreeMap<Kind, u64>,
    /// Complaints that were left out, by reason.
    pub(crate) left_out: BTreeMap<Reason, u64>,
    /// Judged complaints that were not kept whole, by severity.
    pub(crate) not_kept: BTreeMap<Option<Severity>, u64>,
}

impl Counts {
    fn add(&mut self, mark: Mark) {
        if mark.reason != Reason::Judged {
            *self.left_out.entry(mark.reason).or_default() += 1;
            return;
        }
        *self.kinds.entry(mark.kind).or_default() += 1;
        *self.not_kept.entry(mark.severity).or_default() += 1;
        if mark.kind == Kind::Vulnerability {
            *self.vulnerabilities.entry(mark.severity).or_default() += 1;
        }
    }

    fn keep(&mut self, severity: Option<Severity>) {
        if let Some(amount) = self.not_kept.get_mut(&severity) {
            *amount = amount.saturating_sub(1);
        }
    }

    /// How many judged complaints of this kind there are.
    pub(crate) fn of(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }
}
