//! Gathers complaints as they stream by: every one is counted once, only the worst are kept whole.
//!
//! What several reports say of one image is joined when all are read: only then it is known which reports are about one, and which
//! names one advisory has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::filters::{Filters, Reason};
use super::problem::{Key, Kind, Problem, Target, is_cve};
use super::rating::Rating;
use super::reports::Header;
use devops_core::{BilledFile, Severity};

/// How many complaints are kept whole; the rest is counted.
pub(crate) const LIMIT: usize = 5_000;

/// How many files a complaint names.
const PATHS: usize = 20;

/// What is remembered of every complaint.
#[derive(Debug, Clone)]
struct Mark {
    kind: Kind,
    rating: Rating,
    reason: Reason,
    is_by_cpe: bool,
    /// Whether the report that is compared with has it.
    is_known: bool,
    /// What it is about, within its target.
    subject: Key,
    /// Its own name.
    id: Key,
    /// The name that CVE gives it, where it is that or has exactly one.
    cve: Option<Key>,
    /// Its other names.
    same: Vec<Key>,
    /// By what the report that is compared with would know it.
    identities: Vec<Key>,
    /// The place of its report.
    report: usize,
}

impl Mark {
    fn of(problem: &Problem, reason: Reason) -> Self {
        let name = |id: &String| Key::of(&[&id.to_ascii_lowercase()]);
        let id = name(&problem.id);
        let cve =
            if is_cve(&problem.id) { Some(id) } else { problem.same().find(|other| is_cve(other)).map(name) };
        Self {
            kind: problem.kind,
            rating: problem.rating.clone(),
            reason,
            is_by_cpe: problem.is_by_cpe,
            is_known: false,
            subject: problem.subject(),
            id,
            cve,
            same: problem.same().map(name).collect(),
            identities: problem.identities(),
            report: 0,
        }
    }

    /// Takes over what is worse about another complaint that is the same.
    fn join(&mut self, other: &Self, unknown: Severity) {
        if other.rating.severity(unknown) > self.rating.severity(unknown)
            || other.rating.severity(unknown) == self.rating.severity(unknown) && self.rating == Rating::None
        {
            self.rating = other.rating.clone();
        }
        self.reason = self.reason.max(other.reason);
        self.is_by_cpe &= other.is_by_cpe;
        self.is_known |= other.is_known;
        self.cve = self.cve.or(other.cve);
        for key in &other.same {
            if !self.same.contains(key) {
                self.same.push(*key);
            }
        }
    }
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
        self.mark(key, Mark::of(&problem, reason), filters.unknown);
        if reason == Reason::Judged {
            self.keep(key, problem, 0, filters.unknown);
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether there is one of this kind.
    pub(crate) fn has(&self, kinds: &[Kind]) -> bool {
        self.marks.values().any(|mark| kinds.contains(&mark.kind))
    }

    fn mark(&mut self, key: Key, new: Mark, unknown: Severity) {
        match self.marks.get_mut(&key) {
            Some(mark) => mark.join(&new, unknown),
            None => drop(self.marks.insert(key, new)),
        }
    }

    fn keep(&mut self, key: Key, problem: Problem, target: usize, unknown: Severity) {
        if let Some((old, _)) = self.kept.get_mut(&key) {
            join(old, problem, unknown);
        } else {
            self.kept.insert(key, (problem, target));
            if self.kept.len() >= 2 * LIMIT {
                self.cut(unknown);
            }
        }
    }

    /// Lets go of all but the worst. Which ones those are does not depend on the order they came in.
    fn cut(&mut self, unknown: Severity) {
        if self.kept.len() <= LIMIT {
            return;
        }
        let rank = |(key, (problem, _)): (&Key, &(Problem, usize))| {
            let is_known = self.marks.get(key).is_some_and(|mark| mark.is_known);
            (is_known, std::cmp::Reverse(problem.rating.severity(unknown)), *key)
        };
        let mut ranks: Vec<_> = self.kept.iter().map(rank).collect();
        ranks.sort_unstable();
        for (_, _, key) in ranks.into_iter().skip(LIMIT) {
            self.kept.remove(&key);
        }
    }
}

/// Joins two complaints that are the same: the worse rating, the facts of the one that has more of them, and all files and names.
fn join(old: &mut Problem, mut new: Problem, unknown: Severity) {
    let rating = if new.rating.severity(unknown) > old.rating.severity(unknown) || old.rating == Rating::None
    {
        new.rating.clone()
    } else {
        old.rating.clone()
    };
    let mut paths = std::mem::take(&mut old.paths);
    paths.append(&mut new.paths);
    while paths.len() > PATHS {
        paths.pop_last();
    }
    let mut aliases: BTreeSet<String> = std::mem::take(&mut old.aliases).into_iter().collect();
    aliases.append(&mut std::mem::take(&mut new.aliases).into_iter().collect());
    // The name of CVE leads, whichever scanner found it first.
    let ids = [old.id.clone(), new.id.clone()];
    old.rating = rating.clone();
    new.rating = rating;
    let is_by_cpe = old.is_by_cpe && new.is_by_cpe;
    if new > *old {
        *old = new;
    }
    let id = ids.iter().find(|id| is_cve(id)).unwrap_or(&old.id).clone();
    aliases.extend(ids.into_iter().filter(|other| *other != id));
    aliases.remove(&id);
    old.id = id;
    old.paths = paths;
    old.aliases = aliases.into_iter().collect();
    old.is_by_cpe = is_by_cpe;
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
#[derive(Debug, Default)]
pub(crate) struct Collector {
    /// What to leave out, and how to rate.
    pub(crate) filters: Filters,
    /// What the reports say about themselves, in the order they were read.
    pub(crate) headers: Vec<Header>,
    /// Path of the report that is read.
    pub(crate) path: String,
    /// The complaints of the report that is compared with.
    pub(crate) known: Option<BTreeSet<Key>>,
    /// Targets with something to judge in them.
    targets: Vec<Target>,
    /// Targets that were looked at, with how many packages they list and how many checks succeeded in them.
    looked_at: BTreeMap<(usize, Key), (u64, u64)>,
    /// How many results hold only what somebody's own module wrote.
    pub(crate) custom: u64,
    /// Licences that ask for nothing, by category.
    pub(crate) harmless_licences: BTreeMap<String, u64>,
    /// Targets left out whole, by filter.
    pub(crate) left_out: BTreeMap<Reason, LeftOut>,
    /// The packages that reports list, where they are wanted.
    pub(crate) packages: Option<Vec<BilledFile>>,
    /// The reports themselves, where they are written again.
    pub(crate) documents: Option<Vec<Value>>,
    problems: Problems,
}

impl Collector {
    /// Gathers what `filters` leave.
    pub(crate) fn new(filters: Filters) -> Self {
        Self { filters, ..Self::default() }
    }

    /// The place of the report that is read now.
    pub(crate) fn next(&self) -> usize {
        self.headers.len()
    }

    /// Takes what was found in a target that lists so many packages. Returns whether the target is one to look at.
    pub(crate) fn take(&mut self, target: Target, problems: Problems, packages: u64, successes: u64) -> bool {
        let reason = self.filters.of_target(&target, &problems);
        if reason != Reason::Judged {
            let left_out = self.left_out.entry(reason).or_default();
            left_out.targets += 1;
            left_out.problems += problems.marks.len() as u64;
            return false;
        }
        let place = target.place();
        let seen = Key::of(&[&target.class]).within(place);
        let counts = self.looked_at.entry((target.report, seen)).or_default();
        counts.0 += packages;
        counts.1 += successes;
        let report = Key::of(&[&target.report.to_string()]);
        let unknown = self.filters.unknown;
        for (key, mut mark) in problems.marks {
            mark.report = target.report;
            mark.subject = mark.subject.within(place);
            mark.identities = mark.identities.iter().map(|key| key.within(place)).collect();
            if let Some(known) = &self.known {
                mark.is_known = mark.identities.iter().any(|key| known.contains(key));
                mark.identities = Vec::new();
            }
            self.problems.mark(key.within(place).within(report), mark, unknown);
        }
        let index = self.targets.len();
        let has_kept = !problems.kept.is_empty();
        for (key, (problem, _)) in problems.kept {
            self.problems.keep(key.within(place).within(report), problem, index, unknown);
        }
        if has_kept {
            self.targets.push(target);
        }
        true
    }

    /// By what the complaints are known, for another report to be compared with.
    pub(crate) fn identities(self) -> BTreeSet<Key> {
        self.problems.marks.into_values().flat_map(|mark| mark.identities).collect()
    }

    /// Everything counted, and the worst with their targets. `groups` says for each report which image it is about.
    pub(crate) fn finish(&mut self, groups: &[usize]) -> (Counts, Vec<Judged>) {
        let unknown = self.filters.unknown;
        let mut problems = std::mem::take(&mut self.problems);
        problems.cut(unknown);
        let joined = Joined::of(&problems.marks, groups);
        let mut marks: BTreeMap<Key, Mark> = BTreeMap::new();
        for (key, mark) in problems.marks {
            let Some(key) = joined.keys.get(&key) else { continue };
            match marks.get_mut(key) {
                Some(known) => known.join(&mark, unknown),
                None => drop(marks.insert(*key, mark)),
            }
        }
        let mut kept: BTreeMap<Key, (Problem, usize)> = BTreeMap::new();
        for (key, (problem, target)) in problems.kept {
            let Some(key) = joined.keys.get(&key) else { continue };
            match kept.get_mut(key) {
                Some((known, _)) => join(known, problem, unknown),
                None => drop(kept.insert(*key, (problem, target))),
            }
        }
        let mut counts = Counts::default();
        for (key, mark) in &marks {
            counts.add(
                mark,
                self.filters.weighed(&mark.rating, mark.is_by_cpe, mark.is_known).0,
                kept.contains_key(key),
            );
        }
        counts.targets = self
            .looked_at
            .keys()
            .map(|(report, place)| (group(groups, *report), place))
            .collect::<BTreeSet<_>>()
            .len() as u64;
        let mut by_image: BTreeMap<(usize, Key), (u64, u64)> = BTreeMap::new();
        for ((report, place), (packages, successes)) in &self.looked_at {
            let known = by_image.entry((group(groups, *report), *place)).or_default();
            *known = (known.0.max(*packages), known.1.max(*successes));
        }
        counts.packages = by_image.values().map(|(packages, _)| packages).sum();
        counts.successes = by_image.values().map(|(_, successes)| successes).sum();
        let is_compared = self.known.is_some();
        let judged = |(key, (mut problem, index)): (Key, (Problem, usize))| {
            let mark = marks.get(&key)?;
            // A second mention that a filter left out may have been the worse one.
            problem.rating = mark.rating.clone();
            problem.is_by_cpe = mark.is_by_cpe;
            let (severity, held) = self.filters.weighed(&mark.rating, mark.is_by_cpe, mark.is_known);
            let is_known = is_compared.then_some(mark.is_known);
            Some(Judged { problem, target: self.targets.get(index)?.clone(), severity, held, is_known })
        };
        let judged: Vec<Judged> = kept.into_iter().filter_map(judged).collect();
        (counts, judged)
    }
}

/// The image that a report is about.
fn group(groups: &[usize], report: usize) -> usize {
    groups.get(report).copied().unwrap_or(report)
}

/// Which complaints are the same: those about one thing in one image whose advisories are one.
struct Joined {
    /// The key of all that are the same, by the key of each.
    keys: BTreeMap<Key, Key>,
}

impl Joined {
    fn of(marks: &BTreeMap<Key, Mark>, groups: &[usize]) -> Self {
        let place = |mark: &Mark| {
            mark.subject.within(Key::of(&[&group(groups, mark.report).to_string(), mark.kind.noun()]))
        };
        // The advisories of CVE that a name belongs to, for each thing.
        let mut cves: BTreeMap<(Key, Key), BTreeSet<Key>> = BTreeMap::new();
        for mark in marks.values() {
            let Some(cve) = mark.cve else { continue };
            let place = place(mark);
            for name in mark.same.iter().chain([&mark.id]).filter(|name| **name != cve) {
                cves.entry((place, *name)).or_default().insert(cve);
            }
        }
        let of = |mark: &Mark| {
            let place = place(mark);
            // A name that two of them claim belongs to neither: nothing is joined by a guess.
            let of_name = |name: Key| {
                let all = cves.get(&(place, name)).filter(|all| all.len() == 1);
                all.and_then(BTreeSet::first).copied()
            };
            let name = match mark.cve {
                Some(cve) if cve == mark.id => cve,
                _ => of_name(mark.id).unwrap_or(mark.id),
            };
            name.within(place)
        };
        Self { keys: marks.iter().map(|(key, mark)| (*key, of(mark))).collect() }
    }
}

/// A complaint as it is judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The complaint.
    pub(crate) problem: Problem,
    /// Where it was found.
    pub(crate) target: Target,
    /// How bad it is, with all that is set.
    pub(crate) severity: Severity,
    /// Why it only warns.
    pub(crate) held: Option<&'static str>,
    /// Whether the report that is compared with has it, if there is one.
    pub(crate) is_known: Option<bool>,
}

/// Exact counts, whatever was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Targets that were looked at.
    pub(crate) targets: u64,
    /// Packages that they list.
    pub(crate) packages: u64,
    /// Configuration checks that succeeded, as far as it was said.
    pub(crate) successes: u64,
    /// Judged vulnerabilities by severity, `None` for unknown.
    pub(crate) vulnerabilities: BTreeMap<Option<Severity>, u64>,
    /// Judged complaints of each kind.
    pub(crate) kinds: BTreeMap<Kind, u64>,
    /// Complaints that were left out, by reason.
    pub(crate) left_out: BTreeMap<Reason, u64>,
    /// Judged complaints that were not kept whole, by severity.
    pub(crate) not_kept: BTreeMap<Severity, u64>,
    /// Judged complaints that the report that is compared with has.
    pub(crate) known: u64,
    /// All others.
    pub(crate) new: u64,
}

impl Counts {
    fn add(&mut self, mark: &Mark, severity: Severity, is_kept: bool) {
        if mark.reason != Reason::Judged {
            *self.left_out.entry(mark.reason).or_default() += 1;
            return;
        }
        *self.kinds.entry(mark.kind).or_default() += 1;
        *(if mark.is_known { &mut self.known } else { &mut self.new }) += 1;
        if !is_kept {
            *self.not_kept.entry(severity).or_default() += 1;
        }
        if mark.kind == Kind::Vulnerability {
            *self.vulnerabilities.entry(mark.rating.known()).or_default() += 1;
        }
    }

    /// How many judged complaints of this kind there are.
    pub(crate) fn of(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }
}
