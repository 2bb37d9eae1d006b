//! Whether a finding is new in the change, newly known or known before.

use std::collections::{BTreeMap, BTreeSet};

use devops_advisory::{Collected, PackageKey};
use devops_core::{Change, Ecosystem, Finding, Severity};
use devops_inventory::Origin;
use jiff::civil::Date;

use super::super::matching::{Key, Lockfile, Matches};
use super::super::rules::MALWARE;
use super::{Before, is_same_version};

/// What a version of a package was known as: its version, and where it came from unless that was the public registry.
type Known<'a> = (&'a str, &'a str);

/// What the commit where the change began had of the packages that findings are about.
pub(in super::super) struct Classes<'a> {
    packages: BTreeMap<PackageKey, BTreeSet<Known<'a>>>,
    /// When advisories were published, by their ids in lower case.
    published: BTreeMap<String, Date>,
    day: Option<Date>,
}

impl<'a> Classes<'a> {
    /// What there was of the packages of findings.
    pub(in super::super) fn of(
        before: &'a Before,
        lockfiles: &'a [Lockfile],
        collected: &[&Collected],
        matches: &Matches,
    ) -> Self {
        let keys = matches.findings.keys().chain(matches.uncovered.keys());
        let mut packages: BTreeMap<PackageKey, BTreeSet<Known<'_>>> =
            keys.map(|key| (named(key.ecosystem, &key.name), BTreeSet::new())).collect();
        if !packages.is_empty() {
            for (_, _, graph) in before.lockfiles(lockfiles) {
                for package in &graph.packages {
                    if let Some(known) = packages.get_mut(&named(package.ecosystem, &package.name)) {
                        let place = if package.origin == Origin::Registry { "" } else { package.place() };
                        known.insert((&package.version, place));
                    }
                }
            }
        }
        let mut published: BTreeMap<String, Date> = BTreeMap::new();
        for advisory in collected.iter().flat_map(|collected| collected.advisories.values().flatten()) {
            let Some(date) = advisory.date.filter(|date| date.year() > 1) else { continue };
            for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
                let known = published.entry(id.to_ascii_lowercase()).or_insert(date);
                *known = (*known).min(date);
            }
        }
        Self { packages, published, day: before.day }
    }

    /// The class of a finding about a package of the public registry, or of a source that advisories do not cover.
    fn class(&self, key: &Key, is_covered: bool, finding: &Finding) -> Change {
        let place = if is_covered { "" } else { key.id.as_str() };
        let known = self.packages.get(&named(key.ecosystem, &key.name));
        let was_there = known.is_some_and(|known| {
            known
                .iter()
                .any(|(version, at)| *at == place && is_same_version(key.ecosystem, version, &key.version))
        });
        if !was_there {
            return Change::New;
        }
        let texts = |fact: &str| {
            let fact = finding.subject.get(fact);
            let texts: Vec<String> = match fact {
                Some(serde_json::Value::String(text)) => vec![text.to_ascii_lowercase()],
                Some(serde_json::Value::Array(items)) => {
                    items.iter().filter_map(|item| item.as_str()).map(str::to_ascii_lowercase).collect()
                }
                _ => Vec::new(),
            };
            texts
        };
        let date = |ids: Vec<String>| ids.iter().filter_map(|id| self.published.get(id)).min().copied();
        // Advisories of a source are several things; the newest one decides.
        let dates = if is_covered {
            let mut ids = texts("advisory");
            ids.extend(texts("aliases"));
            date(ids)
        } else {
            texts("advisories").into_iter().filter_map(|id| date(vec![id])).max()
        };
        // Both are days: one of the same day may have come later.
        match (dates, self.day) {
            (Some(date), Some(day)) if date >= day => Change::NewlyKnown,
            _ => Change::Known,
        }
    }

    /// Says of every finding about a package what it is to the change; where `only_new` is set, those that were known before only warn.
    pub(in super::super) fn mark(&self, matches: &mut Matches, only_new: bool) -> Counts {
        let mut counts = Counts::default();
        let covered = matches.findings.iter_mut().map(|(key, finding)| (key, finding, true));
        let uncovered = matches.uncovered.iter_mut().map(|(key, finding)| (key, finding, false));
        for (key, finding, is_covered) in covered.chain(uncovered) {
            let change = self.class(key, is_covered, finding);
            finding.subject.set_change(change);
            *counts.of(change) += 1;
            if only_new && change == Change::Known && finding.rule != MALWARE.id {
                let before = finding.severity;
                finding.severity = before.min(Severity::Low);
                if before > finding.severity {
                    finding.detail.push_str(&format!("\nknown before the change: {before} otherwise"));
                }
            }
        }
        counts
    }
}

/// How many findings are of each class.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Counts {
    pub new: u64,
    pub newly_known: u64,
    pub known: u64,
}

impl Counts {
    fn of(&mut self, change: Change) -> &mut u64 {
        match change {
            Change::New => &mut self.new,
            Change::NewlyKnown => &mut self.newly_known,
            Change::Known => &mut self.known,
        }
    }

    /// A note about them.
    pub(in super::super) fn note(&self) -> Option<String> {
        let Self { new, newly_known, known } = self;
        (new + newly_known + known > 0).then(|| {
            format!("{new} new in this change, {newly_known} newly known about unchanged packages, {known} known before")
        })
    }
}

/// What advisories find a package by.
fn named(ecosystem: Ecosystem, name: &str) -> PackageKey {
    PackageKey::of(ecosystem.name(), name)
}
