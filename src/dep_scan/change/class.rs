//! Whether a finding is new in the change, newly known or known before.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use devops_advisory::{Collected, PackageKey};
use devops_core::{Change, Ecosystem, Finding, Severity};
use devops_inventory::{Origin, Package, Scope};
use jiff::civil::Date;

use super::super::matching::{Key, Lockfile, Matches, only};
use super::{Before, is_same_version};
use devops_assessment::rules::MALWARE;

/// What a package was known as.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Known<'a> {
    /// Its version, or the only one that was asked for.
    version: Cow<'a, str>,
    /// What was asked for, where there is no version.
    requirement: &'a str,
    /// Where it came from, unless that was the public registry.
    place: &'a str,
    /// What it was needed for.
    scope: Scope,
}

impl<'a> Known<'a> {
    fn of(package: &'a Package) -> Self {
        Self {
            version: match only(package).filter(|_| !package.is_exact()) {
                Some(version) => Cow::Owned(version),
                None => Cow::Borrowed(&package.version),
            },
            requirement: if package.is_exact() { "" } else { &package.requirement },
            place: if package.origin == Origin::Registry { "" } else { package.place() },
            scope: package.scope,
        }
    }
}

/// Packages that findings are about, by name.
type Packages<'a> = BTreeMap<PackageKey, BTreeSet<Known<'a>>>;

/// What the commit where the change began had of the packages that findings are about.
pub(in super::super) struct Classes<'a> {
    packages: Packages<'a>,
    /// What the checkout has of them.
    now: Packages<'a>,
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
        let mut packages: Packages<'_> =
            keys.map(|key| (named(key.ecosystem, &key.name), BTreeSet::new())).collect();
        let mut now = packages.clone();
        if !packages.is_empty() {
            let listed = before.lockfiles(lockfiles).flat_map(|(_, _, graph)| &graph.packages);
            add(listed, &mut packages);
            add(lockfiles.iter().flat_map(|lockfile| &lockfile.graph.packages), &mut now);
        }
        let mut published: BTreeMap<String, Date> = BTreeMap::new();
        for advisory in collected.iter().flat_map(|collected| collected.advisories.values().flatten()) {
            let Some(date) = advisory.date.filter(|date| date.year() > 1) else { continue };
            for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
                let known = published.entry(id.to_ascii_lowercase()).or_insert(date);
                *known = (*known).min(date);
            }
        }
        Self { packages, now, published, day: before.day }
    }

    /// The class of a finding about a package of the public registry, or of a source that advisories do not cover.
    fn class(&self, key: &Key, is_covered: bool, finding: &Finding) -> Change {
        let place = if is_covered { "" } else { key.id.as_str() };
        let name = named(key.ecosystem, &key.name);
        let of = |packages: &Packages<'a>| -> Vec<Known<'a>> {
            let all = packages.get(&name).into_iter().flatten().cloned();
            all.filter(|known| {
                known.place == place && is_same_version(key.ecosystem, &known.version, &key.version)
            })
            .collect()
        };
        let (then, now) = (of(&self.packages), of(&self.now));
        // What is needed for more than before, or asked for otherwise, is not what was known.
        let was_there = |now: &Known<'_>| {
            then.iter().any(|then| then.requirement == now.requirement && then.scope <= now.scope)
        };
        if then.is_empty() || !now.iter().all(was_there) {
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
            // Malware is never lowered, nor what may be some.
            let is_malware = finding.rule == MALWARE.id || is_covered && key.id.starts_with("MAL-");
            if only_new && change == Change::Known && !is_malware {
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

/// Adds packages to those of their names.
fn add<'a>(listed: impl Iterator<Item = &'a Package>, packages: &mut Packages<'a>) {
    for package in listed {
        if let Some(known) = packages.get_mut(&named(package.ecosystem, &package.name)) {
            known.insert(Known::of(package));
        }
    }
}

/// What advisories find a package by.
fn named(ecosystem: Ecosystem, name: &str) -> PackageKey {
    PackageKey::of(ecosystem.name(), name)
}
