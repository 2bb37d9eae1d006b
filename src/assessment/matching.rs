//! Which advisories apply to which packages, as findings.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::fix::{Case, Clean, Dependents, Proposed, Repair, advice, repair};
use super::policy::Facts;
use super::rules::{
    ADVISORY, MALWARE, NOT_COVERED, NOTICE, UNDECIDED, UNMAINTAINED, UNPINNED, UNREADABLE, UNSOUND,
};
use devops_advisory::{Advisory, Collected, Kind, Names, PackageKey, Unreadable};
use devops_core::words::{count, counted, number};
use devops_core::{Ecosystem, Finding, Location, Rule, Severity};
use devops_inventory::{Graph, Origin, Package, Paths, package_manager, purl};
use devops_versions::builds::without_platform;
use devops_versions::range::Verdict;
use devops_versions::requirement::Requirement;
use devops_versions::{Version, find};

/// What is said of a package where it is not known what needs it.
pub const UNCONNECTED: &str = "the file does not say what needs it";

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
    /// What is known about the advisories and the package of each finding that advisories apply.
    pub(crate) facts: BTreeMap<Key, Facts>,
    /// Updates that would end findings.
    pub proposed: Vec<Proposed>,
    /// How often only the repository knows whether an advisory applies.
    pub undecided: u64,
    /// The packages that databases have something about, by the places of their lockfiles and their own there.
    touched: Vec<(usize, usize)>,
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
    pub fn of(package: &Package, id: &str) -> Self {
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
#[expect(clippy::too_many_lines, reason = "one package after the other, each step where it is used")]
pub fn compare(lockfiles: &[Lockfile], databases: &[&Collected], uncovered: Severity) -> Matches {
    let mut matches = Matches::default();
    let about = about(databases);
    let mut names = Names::default();
    for (number, lockfile) in lockfiles.iter().enumerate() {
        let packages = lockfile.graph.packages.iter().enumerate();
        let compared = packages.filter(|(_, package)| is_compared(package));
        let mut touched: Vec<(usize, &str, &About<'_>)> = Vec::new();
        for (index, package) in compared {
            for asked in package.advised_names() {
                let (ecosystem, name) = names.parts(package.ecosystem, asked);
                let known = about.get(ecosystem).and_then(|about| about.get(name.as_ref()));
                touched.extend(known.map(|about| (index, asked, about)));
            }
        }
        matches.touched.extend(touched.iter().map(|(index, _, _)| (number, *index)));
        matches.add_unpinned(lockfile);
        if touched.is_empty() {
            continue;
        }
        let paths = lockfile.graph.paths();
        let versions = OnceCell::new();
        let is_workspace = is_workspace(lockfile);
        let dependents = OnceCell::new();
        for (index, name, about) in touched {
            let Some(listed) = lockfile.graph.packages.get(index) else { continue };
            let package = &*exact(listed);
            if !package.is_exact() {
                let place = (number, lockfile, index);
                matches.add_unbounded(place, &paths, about, uncovered);
                matches.warn_of_malware(package, about);
                continue;
            }
            let advised = &*advised(package, name);
            let judged = about.judge(advised);
            if judged.is_empty() {
                continue;
            }
            let path = paths.to(index);
            let subject = Subject { lockfile, package, path: &path, is_direct: paths.is_direct(index) };
            if package.origin != Origin::Registry {
                matches.add_uncovered(&subject, || subject.uncovered(&judged, uncovered));
                continue;
            }
            if !judged.applying.is_empty() {
                let dependents = dependents.get_or_init(|| Dependents::of(&lockfile.graph));
                let all = about.of(package);
                let repair = repair(dependents, index, advised, &all, &about.clean);
                let versions = versions.get_or_init(|| versions_of(&lockfile.graph));
                let is_ambiguous = versions.get(package.name.as_str()).is_some_and(|count| *count > 1);
                let tool = tool(package, lockfile);
                let case = Case { package, tool, is_workspace, is_ambiguous, path: &path, repair: &repair };
                matches.propose(case, number, index, &judged.applying);
                for group in groups(&judged.applying) {
                    let Some(first) = group.first() else { continue };
                    matches.add(&subject, &first.id, || {
                        let finding = subject.finding(&group).help(advice(case, first, &all));
                        fixed_by(finding, &repair, first)
                    });
                    matches.know(package, &group, first, number);
                }
            }
            matches.add_open(&subject, &judged);
        }
    }
    matches
}

/// The folder of a path.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether projects in other folders than that of a lockfile ask for its packages.
fn is_workspace(lockfile: &Lockfile) -> bool {
    let of_lockfile = folder(&lockfile.path);
    let mut places = lockfile.graph.asked.iter().filter_map(|asked| asked.location.as_ref());
    places.any(|place| folder(&place.path) != of_lockfile)
}

impl Matches {
    /// What advisories apply where packages have other versions: those of these lockfiles, which were compared, at these places.
    pub(super) fn after(
        &self,
        lockfiles: &[Lockfile],
        databases: &[&Collected],
        versions: &BTreeMap<(usize, usize), &str>,
    ) -> BTreeSet<Key> {
        let about = about(databases);
        let mut keys = BTreeSet::new();
        let mut seen = HashSet::new();
        for place in &self.touched {
            let Some(listed) = lockfiles.get(place.0).and_then(|one| one.graph.packages.get(place.1)) else {
                continue;
            };
            let (ecosystem, name) = PackageKey::parts(listed.ecosystem.name(), &listed.name);
            let Some(about) = about.get(ecosystem).and_then(|about| about.get(name.as_ref())) else {
                continue;
            };
            let mut package = exact(listed);
            if let Some(version) = versions.get(place) {
                (*version).clone_into(&mut package.to_mut().version);
            }
            let asked = (
                package.ecosystem,
                listed.name.as_str(),
                package.version.clone(),
                listed.requirement.as_str(),
            );
            if package.origin != Origin::Registry || !seen.insert(asked) {
                continue;
            }
            let judged = if package.is_exact() { about.judge(&package) } else { about.judge_all(&package) };
            let groups = groups(&judged.applying).into_iter();
            keys.extend(groups.filter_map(|group| Some(Key::of(&package, &group.first()?.id))));
        }
        keys
    }
}

/// Whether a package is compared with advisories. One of the project itself is not, unless it may be a copy of a published package.
fn is_compared(package: &Package) -> bool {
    package.origin != Origin::Project || package.may_be_copy()
}

/// The package at the version that a requirement leaves, where it leaves just one.
fn exact(package: &Package) -> Cow<'_, Package> {
    match Some(package).filter(|package| !package.is_exact()).and_then(only) {
        Some(version) => Cow::Owned(Package { version, requirement: String::new(), ..package.clone() }),
        None => Cow::Borrowed(package),
    }
}

/// The package that advisories of this name are about: that of the distribution that it was built from, or itself.
fn advised<'a>(package: &'a Package, name: &str) -> Cow<'a, Package> {
    match &package.built_from {
        Some(source) if source.name == name => Cow::Owned(Package {
            name: source.name.clone(),
            version: source.version.clone(),
            ..package.clone()
        }),
        _ => Cow::Borrowed(package),
    }
}

/// What updates a package.
fn tool(package: &Package, lockfile: &Lockfile) -> &'static str {
    match package.ecosystem.purl_type() {
        "deb" => "apt",
        "apk" => "apk",
        "rpm" => "dnf",
        _ => package_manager(&lockfile.path),
    }
}

/// The one version that the requirement of a package admits.
pub fn only(package: &Package) -> Option<String> {
    let ecosystem = package.ecosystem.name();
    Requirement::parse(ecosystem, &package.requirement)?.only(ecosystem, &package.requirement)
}

/// What databases have about one package.
#[derive(Default)]
struct About<'a> {
    advisories: Vec<&'a Advisory>,
    unreadable: Vec<&'a Unreadable>,
    clean: Clean,
}

/// What advisories say of a package at its version.
struct Judged<'a> {
    /// Those that apply, each id once.
    applying: Vec<&'a Advisory>,
    /// Those of which it can't be told, each with whether it has ranges of commits only.
    undecided: Vec<(&'a Advisory, bool)>,
    /// Those that can't be read.
    unreadable: &'a [&'a Unreadable],
}

impl Judged<'_> {
    fn is_empty(&self) -> bool {
        self.applying.is_empty() && self.undecided.is_empty() && self.unreadable.is_empty()
    }
}

impl<'a> About<'a> {
    /// Every advisory about a package, whatever its version.
    fn of(&self, package: &Package) -> Vec<&'a Advisory> {
        let ecosystem = package.ecosystem.name();
        self.advisories.iter().copied().filter(|advisory| advisory.is_about(ecosystem)).collect()
    }

    /// The advisories that apply to a package whatever version is taken of those that the file admits.
    fn judge_all(&self, package: &Package) -> Judged<'_> {
        let mut judged = Judged { applying: Vec::new(), undecided: Vec::new(), unreadable: &[] };
        for advisory in self.of(package) {
            let is_known = judged.applying.iter().any(|known| known.id == advisory.id);
            if !is_known && advisory.affects_all(&package.requirement) {
                judged.applying.push(advisory);
            }
        }
        judged
    }

    /// The advisories about malware among the versions that a file admits, with the newest version that any advisory names and the file
    /// admits where that is such one; empty where a newer one is not known to be.
    fn malware_in_reach(&self, package: &Package) -> Option<(String, Vec<&'a Advisory>)> {
        let ecosystem = package.ecosystem.name();
        let order = find(ecosystem)?.order()?;
        let requirement = Requirement::parse(ecosystem, &package.requirement);
        // What can't be read may admit anything.
        let is_admitted =
            |version: &&str| requirement.as_ref().is_none_or(|read| read.admits(version) == Some(true));
        let all = self.of(package);
        let is_malware = |advisory: &&&Advisory| advisory.kind == Kind::Malware;
        let affecting = |version: &str| -> Vec<&'a Advisory> {
            let bad = all.iter().filter(is_malware).filter(|one| one.affects(version) == Verdict::Affected);
            bad.copied().collect()
        };
        let named = all.iter().flat_map(|advisory| advisory.named_versions()).filter(is_admitted);
        let named: Vec<&str> = named.collect();
        let newest = named.iter().copied().max_by_key(|version| Version::of_any(order, version))?;
        let worst = affecting(newest);
        if !worst.is_empty() {
            return Some((newest.to_owned(), worst));
        }
        let mut reached: Vec<&Advisory> = named.iter().flat_map(|version| affecting(version)).collect();
        reached.sort_by_key(|advisory| &advisory.id);
        reached.dedup_by_key(|advisory| &advisory.id);
        (!reached.is_empty()).then(|| (String::new(), reached))
    }

    /// Asks every advisory about a package at its version.
    fn judge(&self, package: &Package) -> Judged<'_> {
        let order = find(package.ecosystem.name()).and_then(|known| known.order());
        let is_certain = order.is_some_and(|order| {
            Version::of_any(order, without_platform(order, &package.version)).is_certain()
        });
        let mut judged = Judged { applying: Vec::new(), undecided: Vec::new(), unreadable: &self.unreadable };
        let own = self.advisories.iter().filter(|advisory| advisory.is_about(package.ecosystem.name()));
        for advisory in own {
            match advisory.affects(&package.version) {
                Verdict::Affected => {
                    if !judged.applying.iter().any(|known| known.id == advisory.id) {
                        judged.applying.push(advisory);
                    }
                }
                Verdict::Undecided => {
                    judged.undecided.push((advisory, is_certain && advisory.has_commits_only()));
                }
                Verdict::NotAffected => {}
            }
        }
        let applying = &judged.applying;
        judged.undecided.retain(|(advisory, _)| !applying.iter().any(|known| known.id == advisory.id));
        judged
    }
}

/// What databases have, by ecosystem and name.
fn about<'a>(databases: &[&'a Collected]) -> BTreeMap<&'a str, HashMap<&'a str, About<'a>, RandomState>> {
    let mut about: BTreeMap<&str, HashMap<&str, About<'_>, RandomState>> = BTreeMap::new();
    let mut of = |key: &'a PackageKey, add: &mut dyn FnMut(&mut About<'a>)| {
        add(about.entry(&key.ecosystem).or_default().entry(&key.name).or_default());
    };
    for collected in databases {
        for (key, advisories) in &collected.advisories {
            of(key, &mut |about| about.advisories.extend(advisories));
        }
        for unreadable in &collected.unreadable {
            if let Some(key) = &unreadable.package {
                of(key, &mut |about| about.unreadable.push(unreadable));
            }
        }
    }
    about
}

/// Advisories about one thing together, by the ids that they share; first the one that a finding is named by. What one database tells
/// apart stays apart, although both have the same CVE.
fn groups<'a>(advisories: &[&'a Advisory]) -> Vec<Vec<&'a Advisory>> {
    let mut groups: Vec<(BTreeSet<String>, Vec<&Advisory>)> = Vec::new();
    for advisory in advisories {
        let ids = std::iter::once(&advisory.id).chain(&advisory.aliases).map(|id| id.to_ascii_lowercase());
        let mut joined = (ids.collect::<BTreeSet<_>>(), vec![*advisory]);
        let mut others = Vec::new();
        for (ids, group) in groups {
            let is_same = !ids.is_disjoint(&joined.0);
            let is_apart = |one: &&Advisory| joined.1.iter().any(|other| other.database() == one.database());
            if is_same && !group.iter().any(is_apart) {
                joined.0.extend(ids);
                joined.1.extend(group);
            } else {
                others.push((ids, group));
            }
        }
        groups = others;
        groups.push(joined);
    }
    let mut groups: Vec<Vec<&Advisory>> = groups.into_iter().map(|(_, advisories)| advisories).collect();
    for group in &mut groups {
        group.sort_by_key(|advisory| (place(&advisory.id), &advisory.id));
    }
    groups.sort_by_key(|group| group.first().map(|advisory| &advisory.id));
    groups
}

/// The place of an id among the names of one thing: malware, then what the ecosystem's own database says, then GitHub's, then CVEs.
fn place(id: &str) -> u8 {
    match id.split('-').next().unwrap_or_default() {
        "MAL" => 0,
        "GHSA" => 2,
        "CVE" => 3,
        _ => 1,
    }
}

/// The kind that weighs most among advisories about one thing.
pub(crate) fn worst<'a>(group: &[&'a Advisory]) -> &'a Kind {
    let weight = |kind: &Kind| match kind {
        Kind::Malware => 0,
        Kind::Vulnerability => 1,
        Kind::Unsound => 2,
        Kind::Other(_) => 3,
        Kind::Unmaintained => 4,
        Kind::Notice => 5,
    };
    group
        .iter()
        .map(|advisory| &advisory.kind)
        .min_by_key(|kind| weight(kind))
        .unwrap_or(&Kind::Vulnerability)
}

/// The severity of a kind of advisory that names none.
pub(crate) const fn kind_severity(kind: &Kind) -> Severity {
    rated(kind).1
}

/// A finding about each record that can't be read and of which nobody knows what it is about: it may be about any package.
pub fn nameless(databases: &[&Collected]) -> Vec<Finding> {
    let all: BTreeSet<&Unreadable> = databases.iter().flat_map(|collected| &collected.nameless).collect();
    let finding = |one: &Unreadable| {
        Finding::new(
            &UNREADABLE,
            format!("{} can't be read, and may be about any package", one.id),
            &[&one.id, &one.path],
        )
        .detail(format!("{}: {}", one.path, one.reason))
        .identified("advisory", one.id.as_str())
        .help("fetch the advisory database again, or read this advisory yourself and waive it")
    };
    all.into_iter().map(finding).collect()
}

/// How many packages have each name.
fn versions_of(graph: &Graph) -> HashMap<&str, u64, RandomState> {
    graph.packages.iter().fold(HashMap::default(), |mut versions, package| {
        *versions.entry(package.name.as_str()).or_default() += 1;
        versions
    })
}

impl Matches {
    /// Adds a finding, or where it stands too if it is known from another lockfile.
    fn add(&mut self, subject: &Subject<'_>, id: &str, finding: impl FnOnce() -> Finding) {
        add(&mut self.findings, Key::of(subject.package, id), subject, finding);
    }

    /// Notes an update that would end findings about a package; none for a malicious one, which is removed.
    fn propose(&mut self, case: Case<'_>, lockfile: usize, package: usize, applying: &[&Advisory]) {
        let Some(version) = &case.repair.version else { return };
        if applying.iter().any(|advisory| advisory.kind == Kind::Malware) {
            return;
        }
        self.proposed.push(Proposed {
            lockfile,
            package,
            tool: case.tool,
            spec: case.spec(),
            key: case.key(),
            update: case.update(version),
            repair: case.repair.clone(),
        });
    }

    /// Adds what can't be told of a package, and what can't be read.
    fn add_open(&mut self, subject: &Subject<'_>, judged: &Judged<'_>) {
        for (advisory, is_of_commits) in &judged.undecided {
            self.add(subject, &advisory.id, || {
                let finding = if *is_of_commits {
                    subject.undecided(advisory)
                } else {
                    subject.incomparable(&advisory.id)
                };
                // What may be malware is not passed over.
                let is_malware = advisory.kind == Kind::Malware;
                if is_malware { finding.severity(Severity::Critical) } else { finding }
            });
            self.undecided += u64::from(*is_of_commits);
        }
        for unreadable in judged.unreadable {
            self.add(subject, &unreadable.id, || subject.unreadable(unreadable));
        }
    }

    /// Adds what applies to a package without an exact version, whatever version is taken.
    fn add_unbounded(
        &mut self,
        (number, lockfile, index): (usize, &Lockfile, usize),
        paths: &Paths<'_>,
        about: &About<'_>,
        uncovered: Severity,
    ) {
        let Some(package) = lockfile.graph.packages.get(index) else { return };
        let judged = about.judge_all(package);
        if judged.is_empty() {
            return;
        }
        let path = paths.to(index);
        let subject = Subject { lockfile, package, path: &path, is_direct: paths.is_direct(index) };
        if package.origin != Origin::Registry {
            self.add_uncovered(&subject, || subject.uncovered(&judged, uncovered));
            return;
        }
        for group in groups(&judged.applying) {
            let Some(first) = group.first() else { continue };
            self.add(&subject, &first.id, || subject.unbounded(&group));
            self.know(package, &group, first, number);
        }
    }

    /// Says of a package without an exact version that it may be malicious: a warning where the newest version that advisories name and
    /// the file admits is malware.
    fn warn_of_malware(&mut self, package: &Package, about: &About<'_>) {
        let Some(finding) = self.findings.get_mut(&Key::of(package, "")) else { return };
        // Where every version is, that is a finding of its own.
        if about.judge_all(package).applying.iter().any(|advisory| advisory.kind == Kind::Malware) {
            return;
        }
        let Some((newest, malware)) = about.malware_in_reach(package) else { return };
        let ids: Vec<&str> = malware.iter().map(|advisory| advisory.id.as_str()).collect();
        let text = if newest.is_empty() {
            format!("it admits versions that are malware: {}", some(&ids))
        } else {
            finding.severity = finding.severity.max(Severity::Medium);
            format!(
                "the newest version that advisories name and the file admits is malware: {newest} ({})",
                some(&ids)
            )
        };
        if !finding.detail.contains(&text) {
            if !finding.detail.is_empty() {
                finding.detail.push('\n');
            }
            finding.detail.push_str(&text);
        }
    }

    /// Adds a finding for each package without an exact version.
    fn add_unpinned(&mut self, lockfile: &Lockfile) {
        let packages = lockfile.graph.packages.iter();
        // A folder of the project that a file asks for by its path has no version there either; the project itself needs none.
        let is_asked = |package: &Package| !package.requirement.is_empty() && package.name != ".";
        for package in packages
            .filter(|package| !exact(package).is_exact() && (is_compared(package) || is_asked(package)))
            // That one is not covered is a finding of its own.
            .filter(|package| !package.is_source())
        {
            let subject = Subject { lockfile, package, path: &[], is_direct: false };
            self.add(&subject, "", || subject.unpinned());
        }
    }

    /// The same for a package that advisories do not cover.
    fn add_uncovered(&mut self, subject: &Subject<'_>, finding: impl FnOnce() -> Finding) {
        add(&mut self.uncovered, Key::of(subject.package, subject.package.place()), subject, finding);
    }

    /// Notes that an advisory applies to a package.
    fn know(&mut self, package: &Package, group: &[&Advisory], advisory: &Advisory, lockfile: usize) {
        let (key, kind) = (Key::of(package, &advisory.id), worst(group));
        if let Some(known) = self.facts.get_mut(&key) {
            known.also(package, lockfile);
        } else {
            let facts = Facts::of(package, group, !patched(group).is_empty(), lockfile);
            self.facts.insert(key.clone(), facts);
        }
        if matches!(kind, Kind::Vulnerability | Kind::Malware) {
            self.vulnerable.insert((package.ecosystem, package.name.clone(), package.version.clone()));
        }
        self.kinds.entry(kind.clone()).or_default().insert(key);
    }
}

/// Findings about packages at their versions, one for each thing that is said of one.
#[derive(Debug, Default)]
pub struct Findings(BTreeMap<Key, Finding>);

impl Findings {
    /// Adds a finding about a package of a lockfile, or where it stands too; `id` names what is said.
    #[expect(clippy::too_many_arguments, reason = "where a package stands, and what is said of it")]
    pub fn add(
        &mut self,
        lockfile: &Lockfile,
        paths: &Paths<'_>,
        index: usize,
        id: &str,
        finding: impl FnOnce(&Subject<'_>) -> Finding,
    ) {
        let Some(package) = lockfile.graph.packages.get(index) else { return };
        let path = paths.to(index);
        let subject = Subject { lockfile, package, path: &path, is_direct: paths.is_direct(index) };
        add(&mut self.0, Key::of(package, id), &subject, || finding(&subject));
    }

    /// The findings, by package.
    pub fn into_findings(self) -> impl Iterator<Item = Finding> {
        self.0.into_values()
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
        Kind::Malware => (&MALWARE, Severity::Critical),
        Kind::Vulnerability => (&ADVISORY, Severity::High),
        Kind::Unmaintained => (&UNMAINTAINED, Severity::Low),
        Kind::Unsound => (&UNSOUND, Severity::Medium),
        Kind::Notice => (&NOTICE, Severity::Info),
        Kind::Other(_) => (&NOTICE, Severity::Medium),
    }
}

/// A package that something is said about.
pub struct Subject<'a> {
    lockfile: &'a Lockfile,
    package: &'a Package,
    path: &'a [String],
    is_direct: bool,
}

impl Subject<'_> {
    fn location(&self) -> Location {
        let path = self.package.file.as_ref().unwrap_or(&self.lockfile.path);
        Location::line(path.clone(), self.package.line)
    }

    /// A finding about this package with every fact of its subject.
    fn found(&self, rule: &Rule, title: String, id: &str) -> Finding {
        self.told(rule, title, id)
            .identified("advisory", id)
            .identified("aliases", Vec::<String>::new())
            .about("patched", Vec::<String>::new())
    }

    /// A finding about this package, whatever it says.
    pub fn told(&self, rule: &Rule, title: String, id: &str) -> Finding {
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
    fn uncovered(&self, judged: &Judged<'_>, severity: Severity) -> Finding {
        let Package { origin, source, .. } = self.package;
        let undecided = judged.undecided.iter().map(|(advisory, _)| *advisory);
        let advisories: Vec<&Advisory> = judged.applying.iter().copied().chain(undecided).collect();
        let ids = advisories.iter().map(|advisory| advisory.id.as_str());
        let ids: Vec<&str> = ids.chain(judged.unreadable.iter().map(|one| one.id.as_str())).collect();
        let aliases: Vec<&str> =
            advisories.iter().flat_map(|advisory| &advisory.aliases).map(String::as_str).collect();
        let title = format!(
            "{} is from {}; in the public registry, {} would apply to it",
            self.package.label(),
            origin.noun(),
            some(&ids)
        );
        let told = advisories.iter().map(|advisory| format!("{}: {}", advisory.id, advisory.title));
        let damaged =
            judged.unreadable.iter().map(|one| format!("{}: can't be read: {}", one.id, one.reason));
        let from = Some(format!("from {source}")).filter(|_| !source.is_empty());
        let detail: Vec<String> = told.chain(damaged).chain(from).chain([self.way()]).collect();
        // What would only be a notice there is no more than that here.
        let at_most = |advisory: &&Advisory| match advisory.kind {
            Kind::Malware => Severity::Critical,
            Kind::Vulnerability => severity,
            _ => severity.min(advisory.severity().unwrap_or(rated(&advisory.kind).1)),
        };
        let worst = judged.applying.iter().map(at_most).max().unwrap_or(severity);
        let is_known = judged.unreadable.is_empty() && judged.undecided.is_empty();
        self.told(&NOT_COVERED, title, self.package.place())
            .severity(if is_known { worst } else { severity.max(worst) })
            .detail(detail.join("\n"))
            .identified("advisories", ids)
            .identified("aliases", aliases)
            .about("origin", origin.noun())
            .about("source", source.as_str())
            .help("depend on a patched version of the public registry, or waive this if the source contains the fix; list mirrors in `sources-mirrors`")
    }

    /// The finding that advisories about one thing apply to this package; the first names it.
    fn finding(&self, group: &[&Advisory]) -> Finding {
        let kind = worst(group);
        let (rule, _) = rated(kind);
        let (id, title) = group.first().map_or(("", ""), |first| (first.id.as_str(), first.title.as_str()));
        self.found(rule, format!("{}: {title} ({id})", self.package.label()), id)
            .identified("aliases", aliases(group))
            .about("patched", patched(group))
            .detail(self.detail(group))
    }

    /// The finding that advisories about one thing apply to every version that the file admits.
    fn unbounded(&self, group: &[&Advisory]) -> Finding {
        let name = &self.package.name;
        let patched = patched(group);
        let help = match patched.as_slice() {
            _ if worst(group) == &Kind::Malware => format!("remove `{name}`"),
            [] => format!("replace `{name}`"),
            patched => format!("require {} of `{name}`", patched.join(" or ")),
        };
        let finding = self.finding(group);
        let detail = format!("every version that the file admits is affected\n{}", finding.detail);
        finding.detail(detail).about("requirement", self.package.requirement.as_str()).help(help)
    }

    /// What advisories say, and how the package came in.
    fn detail(&self, group: &[&Advisory]) -> String {
        let mut facts = Vec::new();
        if let Kind::Other(kind) = worst(group) {
            facts.push(format!("an advisory of the unknown kind `{kind}`"));
        }
        let dates = group.iter().filter_map(|advisory| advisory.date);
        facts.extend(dates.min().map(|date| format!("reported {date}")));
        let patched = patched(group);
        facts.push(match patched.as_slice() {
            [] => "no patched version".to_owned(),
            patched => format!("patched in {}", patched.join(" or ")),
        });
        let aliases = aliases(group);
        if !aliases.is_empty() {
            facts.push(format!("also {}", aliases.join(", ")));
        }
        let mut vectors: Vec<&str> = Vec::new();
        for vector in group.iter().flat_map(|advisory| &advisory.vectors) {
            if !vectors.contains(&vector.as_str()) {
                vectors.push(vector);
            }
        }
        facts.extend(vectors.into_iter().map(str::to_owned));
        let exploited = group.iter().filter_map(|advisory| advisory.known_exploited).min();
        facts.extend(exploited.map(|date| format!("known to be exploited since {date}")));
        let epss = group.iter().filter_map(|advisory| advisory.epss).max_by_key(|epss| epss.score);
        facts.extend(epss.map(|epss| format!("EPSS {}.{:02} %", epss.score / 1000, epss.score % 1000 / 10)));
        format!("{}\n{}", facts.join("; "), self.way())
    }

    /// The finding that only the repository knows whether an advisory applies.
    fn undecided(&self, advisory: &Advisory) -> Finding {
        let title = format!("{}: whether {} applies can't be decided", self.package.label(), advisory.id);
        self.found(&UNDECIDED, title, &advisory.id)
            .identified("aliases", advisory.aliases.clone())
            .detail(format!("{}\nit has ranges of commits only\n{}", advisory.title, self.way()))
            .help("read this advisory yourself, and waive it if it does not apply")
    }

    /// The finding that the file gives no exact version of this package.
    fn unpinned(&self) -> Finding {
        let title = format!("{}: the file gives no exact version", self.package.label());
        self.told(&UNPINNED, title, "")
            .about("requirement", self.package.requirement.as_str())
            .help("pin it to one version, or check the file that the package manager locks versions in")
    }

    /// How the package came in.
    pub fn way(&self) -> String {
        match self.path {
            _ if self.is_direct => "a direct dependency".to_owned(),
            [] | [_] if self.lockfile.graph.is_list() => UNCONNECTED.to_owned(),
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

/// A finding with the version that ends it, and whether those who need the package admit it.
fn fixed_by(finding: Finding, repair: &Repair, advisory: &Advisory) -> Finding {
    let ends = |version: &&String| advisory.affects(version) == Verdict::NotAffected;
    match repair.version.as_ref().filter(ends) {
        Some(version) if advisory.kind != Kind::Malware => {
            finding.about("fix", version.as_str()).about("fix_admitted", repair.needs.word())
        }
        _ => finding,
    }
}

/// The other names of advisories about one thing: all but that of the first.
fn aliases(group: &[&Advisory]) -> Vec<String> {
    let own = group.first().map_or("", |first| first.id.as_str());
    let others = group.iter().skip(1).map(|advisory| &advisory.id);
    let mut aliases: Vec<String> = Vec::new();
    for alias in group.iter().flat_map(|advisory| &advisory.aliases).chain(others) {
        if !alias.eq_ignore_ascii_case(own) && !aliases.iter().any(|known| known.eq_ignore_ascii_case(alias))
        {
            aliases.push(alias.clone());
        }
    }
    aliases
}

/// The repaired versions that advisories about one thing name.
fn patched(group: &[&Advisory]) -> Vec<String> {
    let mut patched: Vec<String> = Vec::new();
    for version in group.iter().flat_map(|advisory| &advisory.patched) {
        if !patched.contains(version) {
            patched.push(version.clone());
        }
    }
    patched
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
    if of(&Kind::Malware) > 0 {
        parts.insert(0, format!("{} of malware", count(of(&Kind::Malware), "package")));
    }
    for (kind, word) in [(Kind::Unsound, "unsound"), (Kind::Unmaintained, "unmaintained")] {
        if of(&kind) > 0 {
            parts.push(format!("{} {word}", number(of(&kind))));
        }
    }
    if matches.undecided > 0 {
        parts.push(format!("{} undecided", number(matches.undecided)));
    }
    if !matches.uncovered.is_empty() {
        parts.push(format!("{} from sources that are not covered", number(matches.uncovered.len() as u64)));
    }
    parts.join(", ")
}

/// The first few of a list, and how many more there are.
pub fn some<T: AsRef<str>>(names: &[T]) -> String {
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
    use devops_advisory::{Advisory, Collected, PackageKey, osv, rustsec};
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
        let advisory = Advisory { ecosystem: ecosystem.name().to_owned(), ..advisory };
        collected.advisories.insert(PackageKey::of(ecosystem.name(), "a"), vec![advisory]);
        compare(lockfiles, &[&collected], Severity::Medium)
    }

    #[test]
    fn a_list_does_not_say_what_needs_a_package() {
        let list = lockfile(NPM, "1.0.0");
        let mut connected = lockfile(NPM, "1.0.0");
        connected
            .graph
            .packages
            .extend([Package::new(NPM, "b", "1.0.0", 2), Package::new(NPM, "c", "1.0.0", 3)]);
        connected.graph.edges = vec![vec![], vec![2.into()], vec![]];
        let way = |lockfile: Lockfile| {
            let found = matches(NPM, &[lockfile]).findings;
            found.values().next().unwrap().detail.lines().last().unwrap().to_owned()
        };
        assert_eq!(way(list), super::UNCONNECTED);
        assert_eq!(way(connected), "not a dependency of any package in this lockfile");
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

    /// The rules and severities of findings about a package `a` with these texts, of which a database has one record.
    fn of_record(ecosystem: Ecosystem, version: &str, requirement: &str, record: &str) -> Vec<String> {
        let record = format!(
            r#"{{"id": "MAL-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "b", "affected": [{{"package":
            {{"ecosystem": "{}", "name": "a"}}, {record}}}]}}"#,
            ecosystem.name()
        );
        let mut collected = Collected::default();
        let read = osv::parse(record.as_bytes(), false).unwrap().advisories;
        let read = read.into_iter().map(|(_, advisory)| advisory).collect();
        collected.advisories.insert(PackageKey::of(ecosystem.name(), "a"), read);
        let mut package = Package::new(ecosystem, "a", version, 1);
        requirement.clone_into(&mut package.requirement);
        let graph = Graph { packages: vec![package], ..Graph::default() };
        let lockfile = Lockfile { path: "l".to_owned(), graph };
        let found = compare(&[lockfile], &[&collected], Severity::Medium);
        found.findings.values().map(|finding| format!("{} {}", finding.rule, finding.severity)).collect()
    }

    #[test]
    fn what_can_only_be_bad_is_found_without_a_version() {
        let all = r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]"#;
        let some =
            r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]"#;
        let listed = r#""versions": ["1.0.0", "1.0.1"]"#;
        let unpinned = "unpinned low";
        let malware = "malware critical";
        for (ecosystem, requirement, record, expected) in [
            (Ecosystem::PYPI, "", all, vec![unpinned, malware]),
            (Ecosystem::PYPI, ">=1", all, vec![unpinned, malware]),
            (Ecosystem::PYPI, "", some, vec![unpinned]),
            (Ecosystem::PYPI, "<2", some, vec![unpinned, malware]),
            (Ecosystem::PYPI, "<=2", some, vec![unpinned]),
            (Ecosystem::PYPI, ">=1", some, vec![unpinned]),
            (Ecosystem::PYPI, ">=1,<1.5", some, vec![unpinned, malware]),
            (NPM, ">=1.0.0 <=1.0.1", listed, vec![unpinned, malware]),
            // 1.0.0.1 may be another one.
            (Ecosystem::PYPI, ">=1.0.0,<=1.0.1", listed, vec!["unpinned medium"]),
            (Ecosystem::PYPI, ">=1.0.0,<=1.0.2", listed, vec!["unpinned medium"]),
            (Ecosystem::PYPI, ">=1.0.0,<=1.0.0", listed, vec![malware]),
            (Ecosystem::MAVEN, "[1.0.0,1.0.0]", listed, vec![malware]),
            (Ecosystem::MAVEN, "[1.0.2,1.0.2]", listed, vec![]),
            (Ecosystem::NPM, "^1.0.0", some, vec![unpinned, malware]),
            (Ecosystem::NPM, "latest", some, vec![unpinned]),
            (Ecosystem::GITHUB_ACTIONS, "v1", all, vec![unpinned, malware]),
            (Ecosystem::GITHUB_ACTIONS, "v1", some, vec![unpinned, malware]),
            (Ecosystem::GITHUB_ACTIONS, "v2", some, vec![unpinned]),
            (
                Ecosystem::GITHUB_ACTIONS,
                "0123456789012345678901234567890123456789",
                all,
                vec![unpinned, malware],
            ),
            (Ecosystem::GITHUB_ACTIONS, "0123456789012345678901234567890123456789", some, vec![unpinned]),
        ] {
            let found = of_record(ecosystem, "", requirement, record);
            assert_eq!(found, expected, "{} {requirement} {record}", ecosystem.name());
        }
    }

    #[test]
    fn what_a_file_leaves_open_may_be_malware() {
        let later = r#""versions": ["1.0.1"], "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0.1"}, {"fixed": "1.0.2"}]}]"#;
        let listed = r#""versions": ["1.0.0", "1.0.1"]"#;
        for (ecosystem, requirement, record, expected) in [
            (Ecosystem::PYPI, ">=1.0", listed, "unpinned medium"),
            (Ecosystem::PYPI, "", listed, "unpinned medium"),
            (Ecosystem::PYPI, "<1.0.1,>=0.9", listed, "unpinned medium"),
            (Ecosystem::PYPI, ">=2", listed, "unpinned low"),
            (Ecosystem::PYPI, "!=1.0.0,!=1.0.1", listed, "unpinned low"),
            (NPM, "^1.0.0", listed, "unpinned medium"),
            (NPM, "latest", listed, "unpinned medium"),
            // The advisory names a version that is safe.
            (Ecosystem::PYPI, ">=1.0", later, "unpinned low"),
            (Ecosystem::PYPI, "<1.0.2", later, "unpinned medium"),
        ] {
            let found = of_record(ecosystem, "", requirement, record);
            assert_eq!(
                found.first().map(String::as_str),
                Some(expected),
                "{} {requirement} {record}",
                ecosystem.name()
            );
        }
    }

    #[test]
    fn what_may_be_malware_is_critical() {
        let listed = r#""versions": ["1.0.0"]"#;
        for (ecosystem, version) in
            [(NPM, "=1.0.0"), (Ecosystem::NUGET, "[1.0.0]"), (Ecosystem::PYPI, "1.0.0\\")]
        {
            assert_eq!(
                of_record(ecosystem, version, "", listed),
                ["advisory-unreadable critical"],
                "{version}"
            );
        }
    }

    #[test]
    fn a_version_that_cannot_be_compared_is_a_finding() {
        let found = matches(NPM, &[lockfile(NPM, "latest")]);
        let rules: Vec<&str> = found.findings.values().map(|finding| finding.rule.as_ref()).collect();
        assert_eq!(rules, ["advisory-unreadable"]);
    }
}
