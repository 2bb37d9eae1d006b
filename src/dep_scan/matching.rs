//! Which advisories apply to which packages, as findings.

use std::collections::{BTreeMap, BTreeSet};

use rustsec::Version;

use super::fix::{Case, advice};
use super::rules::{ADVISORY, NOT_COVERED, NOTICE, UNMAINTAINED, UNREADABLE, UNSOUND};
use devops_advisory::{Advisory, Collected, Kind, Unreadable};
use devops_core::words::{count, counted, number};
use devops_core::{Ecosystem, Finding, Location, Rule, Severity};
use devops_inventory::{Graph, Origin, Package, purl};

/// A lockfile that was read.
#[derive(Debug)]
pub struct Lockfile {
    /// Its path, as reports write it.
    pub path: String,
    /// What it lists.
    pub graph: Graph,
}

/// What matching found.
#[derive(Debug, Default)]
pub struct Matches {
    /// One finding per advisory and package at a version.
    pub findings: BTreeMap<Key, Finding>,
    /// One finding per source that advisories do not cover and package at a version.
    pub uncovered: BTreeMap<Key, Finding>,
    /// Packages with vulnerabilities, by ecosystem, name and version.
    pub vulnerable: BTreeSet<(Ecosystem, String, String)>,
    /// The findings of each kind of advisory, whatever the number of lockfiles and databases they come from.
    pub kinds: BTreeMap<Kind, BTreeSet<Key>>,
}

/// What a finding is about: a package at a version, and an advisory or a source. Two ecosystems may have a package of one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The ecosystem of the package.
    pub ecosystem: Ecosystem,
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The advisory, or the source.
    pub id: String,
}

impl Key {
    /// The key of a package and an advisory or a source.
    fn of(package: &Package, id: &str) -> Self {
        Self {
            ecosystem: package.ecosystem,
            name: package.name.clone(),
            version: package.version.clone(),
            id: id.to_owned(),
        }
    }
}

/// Compares every package with the advisories about it, by ecosystem and name; `uncovered` is the severity of one that is not of the public
/// registry and would be vulnerable there. Where two databases have one advisory, the first counts.
pub fn compare(lockfiles: &[Lockfile], databases: &[&Collected], uncovered: Severity) -> Matches {
    let mut matches = Matches::default();
    let about = about(databases);
    for lockfile in lockfiles {
        let touched: Vec<usize> = (0..lockfile.graph.packages.len())
            .filter(|index| {
                let package = lockfile.graph.packages.get(*index);
                package.is_some_and(|package| about.contains_key(&named(package)))
            })
            .collect();
        if touched.is_empty() {
            continue;
        }
        let paths = lockfile.graph.paths();
        let versions = versions(&lockfile.graph);
        for index in touched {
            let Some(package) = lockfile.graph.packages.get(index) else { continue };
            let Some(about) = about.get(&named(package)) else { continue };
            let Ok(version) = Version::parse(&package.version) else {
                let path = paths.to(index);
                let subject = Subject { lockfile, package, path: &path, is_direct: paths.is_direct(index) };
                let ids = about.advisories.iter().map(|advisory| &advisory.id);
                for id in ids.chain(about.unreadable.iter().map(|unreadable| &unreadable.id)) {
                    matches.add(&subject, id, || subject.incomparable(id));
                }
                continue;
            };
            let applying: Vec<&Advisory> =
                about.advisories.iter().copied().filter(|advisory| advisory.affects(&version)).collect();
            if applying.is_empty() && about.unreadable.is_empty() {
                continue;
            }
            let path = paths.to(index);
            let subject = Subject { lockfile, package, path: &path, is_direct: paths.is_direct(index) };
            if package.origin != Origin::Registry {
                matches
                    .add_uncovered(&subject, || subject.uncovered(&applying, &about.unreadable, uncovered));
                continue;
            }
            let is_ambiguous = versions.get(package.name.as_str()).is_some_and(|count| *count > 1);
            let case = Case { package, version: &version, is_ambiguous, path: &path };
            for advisory in &applying {
                matches.add(&subject, &advisory.id, || {
                    subject.finding(advisory).help(advice(case, advisory, &applying))
                });
                matches.know(package, advisory);
            }
            for unreadable in &about.unreadable {
                matches.add(&subject, &unreadable.id, || subject.unreadable(unreadable));
            }
        }
    }
    matches
}

/// What databases have about one package.
#[derive(Default)]
struct About<'a> {
    advisories: Vec<&'a Advisory>,
    unreadable: Vec<&'a Unreadable>,
}

/// What databases have, by package.
fn about<'a>(databases: &[&'a Collected]) -> BTreeMap<(Ecosystem, &'a str), About<'a>> {
    let mut about: BTreeMap<(Ecosystem, &str), About<'_>> = BTreeMap::new();
    for collected in databases {
        for ((ecosystem, package), advisories) in &collected.advisories {
            about.entry((*ecosystem, package)).or_default().advisories.extend(advisories);
        }
        for unreadable in &collected.unreadable {
            about.entry((unreadable.ecosystem, &unreadable.package)).or_default().unreadable.push(unreadable);
        }
    }
    about
}

/// What advisories find a package by.
fn named(package: &Package) -> (Ecosystem, &str) {
    (package.ecosystem, &package.name)
}

/// How many packages have each name.
fn versions(graph: &Graph) -> BTreeMap<&str, u64> {
    graph.packages.iter().fold(BTreeMap::new(), |mut versions, package| {
        *versions.entry(package.name.as_str()).or_default() += 1;
        versions
    })
}

impl Matches {
    /// Adds a finding, or where it stands too if it is known from another lockfile.
    fn add(&mut self, subject: &Subject<'_>, id: &str, finding: impl FnOnce() -> Finding) {
        add(&mut self.findings, Key::of(subject.package, id), subject, finding);
    }

    /// The same for a package that advisories do not cover.
    fn add_uncovered(&mut self, subject: &Subject<'_>, finding: impl FnOnce() -> Finding) {
        add(&mut self.uncovered, Key::of(subject.package, subject.package.place()), subject, finding);
    }

    /// Notes that an advisory applies to a package.
    fn know(&mut self, package: &Package, advisory: &Advisory) {
        if advisory.kind == Kind::Vulnerability {
            self.vulnerable.insert((package.ecosystem, package.name.clone(), package.version.clone()));
        }
        self.kinds.entry(advisory.kind.clone()).or_default().insert(Key::of(package, &advisory.id));
    }
}

/// Adds a finding, or where it stands too.
fn add(
    findings: &mut BTreeMap<Key, Finding>,
    key: Key,
    subject: &Subject<'_>,
    finding: impl FnOnce() -> Finding,
) {
    match findings.get_mut(&key) {
        None => {
            findings.insert(key, finding());
        }
        Some(known) => {
            let place = subject.location();
            if known.location.as_ref() != Some(&place) {
                known.detail.push_str(&format!("\nalso in {place}"));
            }
        }
    }
}

/// Rule and severity of a kind of advisory; the severity is for those that name none.
const fn rated(kind: &Kind) -> (&'static Rule, Severity) {
    match kind {
        Kind::Vulnerability => (&ADVISORY, Severity::High),
        Kind::Unmaintained => (&UNMAINTAINED, Severity::Low),
        Kind::Unsound => (&UNSOUND, Severity::Medium),
        Kind::Notice => (&NOTICE, Severity::Info),
        Kind::Other(_) => (&NOTICE, Severity::Medium),
    }
}

/// A package that something is said about.
struct Subject<'a> {
    lockfile: &'a Lockfile,
    package: &'a Package,
    path: &'a [String],
    is_direct: bool,
}

impl Subject<'_> {
    fn location(&self) -> Location {
        Location::line(self.lockfile.path.clone(), self.package.line)
    }

    /// A finding about this package with every fact of its subject.
    fn found(&self, rule: &Rule, title: String, id: &str) -> Finding {
        self.told(rule, title, id)
            .identified("advisory", id)
            .identified("aliases", Vec::<String>::new())
            .about("patched", Vec::<String>::new())
    }

    /// A finding about this package, whatever it says.
    fn told(&self, rule: &Rule, title: String, id: &str) -> Finding {
        let Package { ecosystem, name, version, .. } = self.package;
        Finding::new(rule, title, &[ecosystem.name(), name, version, id])
            .named("package", name.as_str())
            .about("version", version.as_str())
            .about("ecosystem", ecosystem.name())
            .named("purl", purl(*ecosystem, name, version))
            .about("direct", self.is_direct)
            .about("path", self.path.to_vec())
            .at(self.location())
    }

    /// The finding that advisories would apply to this package if it were of the public registry.
    fn uncovered(&self, applying: &[&Advisory], unreadable: &[&Unreadable], severity: Severity) -> Finding {
        let Package { origin, source, .. } = self.package;
        let ids = applying.iter().map(|advisory| advisory.id.as_str());
        let ids: Vec<&str> = ids.chain(unreadable.iter().map(|one| one.id.as_str())).collect();
        let aliases: Vec<&str> =
            applying.iter().flat_map(|advisory| &advisory.aliases).map(String::as_str).collect();
        let title = format!(
            "{} is from {}; in the public registry, {} would apply to it",
            self.package.label(),
            origin.noun(),
            some(&ids)
        );
        let told = applying.iter().map(|advisory| format!("{}: {}", advisory.id, advisory.title));
        let damaged = unreadable.iter().map(|one| format!("{}: can't be read: {}", one.id, one.reason));
        let from = Some(format!("from {source}")).filter(|_| !source.is_empty());
        let detail: Vec<String> = told.chain(damaged).chain(from).chain([self.way()]).collect();
        // What would only be a notice there is no more than that here.
        let at_most = |advisory: &&Advisory| match rated(&advisory.kind) {
            (_, _) if advisory.kind == Kind::Vulnerability => severity,
            (_, otherwise) => severity.min(advisory.severity.unwrap_or(otherwise)),
        };
        let worst = applying.iter().map(at_most).max().unwrap_or(severity);
        self.told(&NOT_COVERED, title, self.package.place())
            .severity(if unreadable.is_empty() { worst } else { severity })
            .detail(detail.join("\n"))
            .identified("advisories", ids)
            .identified("aliases", aliases)
            .about("origin", origin.noun())
            .about("source", source.as_str())
            .help("depend on a patched version of the public registry, or waive this if the source contains the fix; list mirrors in `mirrors`")
    }

    /// The finding that an advisory applies to this package.
    fn finding(&self, advisory: &Advisory) -> Finding {
        let (rule, otherwise) = rated(&advisory.kind);
        let title = format!("{}: {} ({})", self.package.label(), advisory.title, advisory.id);
        self.found(rule, title, &advisory.id)
            .identified("aliases", advisory.aliases.clone())
            .about("patched", advisory.patched.clone())
            .severity(advisory.severity.unwrap_or(otherwise))
            .detail(self.detail(advisory))
    }

    /// What an advisory says, and how the package came in.
    fn detail(&self, advisory: &Advisory) -> String {
        let mut facts = Vec::new();
        if let Kind::Other(kind) = &advisory.kind {
            facts.push(format!("an advisory of the unknown kind `{kind}`"));
        }
        facts.extend(advisory.date.map(|date| format!("reported {date}")));
        facts.push(match advisory.patched.as_slice() {
            [] => "no patched version".to_owned(),
            patched => format!("patched in {}", patched.join(" or ")),
        });
        if !advisory.aliases.is_empty() {
            facts.push(format!("also {}", advisory.aliases.join(", ")));
        }
        facts.extend(advisory.vector.clone());
        format!("{}\n{}", facts.join("; "), self.way())
    }

    /// How the package came in.
    fn way(&self) -> String {
        match self.path {
            _ if self.is_direct => "a direct dependency".to_owned(),
            [] | [_] => "not a dependency of any package in this lockfile".to_owned(),
            path => format!("through {}", path.join(" → ")),
        }
    }

    /// The finding that it is unknown whether an advisory applies, because the version can't be compared.
    fn incomparable(&self, id: &str) -> Finding {
        let title = format!("{}: its version can't be compared with {id}", self.package.label());
        self.found(&UNREADABLE, title, id)
            .detail(self.way())
            .help("read this advisory yourself and waive it, or depend on a version with a number")
    }

    /// The finding that an advisory about this package can't be read.
    fn unreadable(&self, unreadable: &Unreadable) -> Finding {
        let title = format!("{}: {} can't be read", self.package.label(), unreadable.id);
        self.found(&UNREADABLE, title, &unreadable.id)
            .detail(format!("{}: {}\n{}", unreadable.path, unreadable.reason, self.way()))
            .help("fetch the advisory database again, or read this advisory yourself and waive it")
    }
}

/// The line that sums matches up: `2 vulnerabilities in 1 of 28 packages, 1 unmaintained`.
pub fn summary(matches: &Matches, packages: u64) -> String {
    let of = |kind: &Kind| matches.kinds.get(kind).map_or(0, |known| known.len() as u64);
    let packages = count(packages, "package");
    let mut parts = vec![match of(&Kind::Vulnerability) {
        0 => format!("no known vulnerabilities in {packages}"),
        amount => format!(
            "{} in {} of {packages}",
            counted(amount, "vulnerability", "vulnerabilities"),
            number(matches.vulnerable.len() as u64),
        ),
    }];
    for (kind, word) in [(Kind::Unsound, "unsound"), (Kind::Unmaintained, "unmaintained")] {
        if of(&kind) > 0 {
            parts.push(format!("{} {word}", number(of(&kind))));
        }
    }
    if !matches.uncovered.is_empty() {
        parts.push(format!("{} from sources that are not covered", number(matches.uncovered.len() as u64)));
    }
    parts.join(", ")
}

/// The first few of a list, and how many more there are.
pub(super) fn some<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ecosystem, Lockfile, Matches, compare};
    use devops_advisory::{Collected, rustsec};
    use devops_core::Severity;
    use devops_inventory::{Graph, Package};

    const NPM: Ecosystem = Ecosystem::NPM;

    fn lockfile(ecosystem: Ecosystem, version: &str) -> Lockfile {
        let package = Package::new(ecosystem, "a", version, 1);
        let graph = Graph { packages: vec![package], ..Graph::default() };
        Lockfile { path: ecosystem.name().to_owned(), graph }
    }

    /// What there is against lockfiles, where a database has one advisory about the package `a` of an ecosystem.
    fn matches(ecosystem: Ecosystem, lockfiles: &[Lockfile]) -> Matches {
        let text = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"a\"\ndate = \"2026-01-02\"\n\n\
            [versions]\npatched = [\">= 1.2\"]\n```\n\n# A\n\nB\n";
        let advisory = rustsec::parse(text.as_bytes(), "a", "RUSTSEC-2026-0001").unwrap();
        let mut collected = Collected::default();
        collected.advisories.insert((ecosystem, "a".to_owned()), vec![advisory]);
        compare(lockfiles, &[&collected], Severity::Medium)
    }

    #[test]
    fn a_name_means_something_in_its_ecosystem_only() {
        let both = [lockfile(NPM, "1.0.0"), lockfile(Ecosystem::CRATES_IO, "1.0.0")];
        for ecosystem in [NPM, Ecosystem::CRATES_IO] {
            let found = matches(ecosystem, &both);
            let places: Vec<_> =
                found.findings.values().map(|finding| finding.location.clone().unwrap().path).collect();
            assert_eq!(places, [ecosystem.name()]);
            assert_eq!(found.vulnerable.len(), 1);
        }
    }

    #[test]
    fn a_version_that_cannot_be_compared_is_a_finding() {
        let found = matches(NPM, &[lockfile(NPM, "latest")]);
        let rules: Vec<&str> = found.findings.values().map(|finding| finding.rule.as_ref()).collect();
        assert_eq!(rules, ["advisory-unreadable"]);
    }
}
