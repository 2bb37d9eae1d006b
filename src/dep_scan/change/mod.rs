//! What a change brings in: its lockfiles compared with those of the commit where it began.
//!
//! Both sides are read by the same readers, the earlier one from git's objects. One file per concern: `before` reads it, `class` says of
//! each finding whether it is new, the others find what no advisory shows.

mod age;
mod before;
mod class;
mod gone;
mod scripts;
mod tampering;
#[cfg(test)]
mod tests;
mod trust;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use devops_core::{Ecosystem, Finding, Location, Rule};
use devops_inventory::lockfiles::Format;
use devops_inventory::{Origin, Package, purl};

use super::matching::Lockfile;
pub(super) use age::Ages;
pub(super) use before::{Before, ReadAt, Seen, below_root, in_commit};
pub(super) use class::Classes;

/// A package where a lockfile lists it.
#[derive(Clone, Copy)]
struct Occurrence<'a> {
    /// The lockfile, by its path from the root of the repository.
    path: &'a str,
    /// Its format.
    format: Option<&'static Format>,
    package: &'a Package,
}

impl Occurrence<'_> {
    /// Whether both are of lockfiles in one format.
    fn is_same_format(&self, other: &Self) -> bool {
        matches!((self.format, other.format), (Some(one), Some(other)) if std::ptr::eq(one, other))
    }
}

/// What finds the packages of one name.
type Name<'a> = (Ecosystem, Cow<'a, str>);

/// The name of a package as its ecosystem compares names.
fn name_of(package: &Package) -> Name<'_> {
    let name = devops_versions::find(package.ecosystem.name())
        .map_or(Cow::Borrowed(package.name.as_str()), |known| known.package_name(&package.name));
    (package.ecosystem, name)
}

/// Whether two texts are the same version of a package. Package managers of Python and .NET write one version in several ways.
fn is_same_version(ecosystem: Ecosystem, one: &str, other: &str) -> bool {
    let is_spelled_freely = [Ecosystem::PYPI, Ecosystem::NUGET].contains(&ecosystem);
    one == other
        || is_spelled_freely
            && devops_versions::compare(ecosystem.name(), one, other).is_ok_and(std::cmp::Ordering::is_eq)
}

/// A lockfile that the change adds or alters, with what it lists.
struct Altered<'a> {
    lockfile: &'a Lockfile,
    /// Its path from the root of the repository.
    path: String,
    format: Option<&'static Format>,
}

impl<'a> Altered<'a> {
    fn occurrences(&'a self) -> impl Iterator<Item = Occurrence<'a>> {
        let packages = self.lockfile.graph.packages.iter();
        packages.map(|package| Occurrence { path: &self.path, format: self.format, package })
    }
}

/// The packages of altered lockfiles, beside those of the same name where the change began.
pub(super) struct Difference<'a> {
    altered: Vec<Altered<'a>>,
    /// By name, only those that altered lockfiles list.
    before: HashMap<Name<'a>, Vec<Occurrence<'a>>>,
    /// By path, how many packages have checksums, of how many, in lockfiles that the change alters.
    protected: BTreeMap<&'a str, usize>,
    /// Lockfiles that listed a package with an install script.
    telling_scripts: BTreeSet<&'a str>,
}

impl<'a> Difference<'a> {
    /// Compares lockfiles with those where the change began.
    pub(super) fn of(before: &'a Before, lockfiles: &'a [Lockfile]) -> Self {
        let altered: Vec<Altered<'a>> = before
            .altered(lockfiles)
            .map(|(lockfile, path, format)| Altered { lockfile, path, format })
            .collect();
        let mut difference = Self {
            before: HashMap::new(),
            protected: BTreeMap::new(),
            telling_scripts: BTreeSet::new(),
            altered,
        };
        let wanted: HashSet<Name<'a>> = difference
            .altered
            .iter()
            .flat_map(|altered| &altered.lockfile.graph.packages)
            .map(name_of)
            .collect();
        if wanted.is_empty() {
            return difference;
        }
        let altered: BTreeSet<String> =
            difference.altered.iter().map(|altered| altered.path.clone()).collect();
        for (path, format, graph) in before.lockfiles(lockfiles) {
            for package in &graph.packages {
                if package.has_install_script {
                    difference.telling_scripts.insert(path);
                }
                if !package.integrity.is_empty() && altered.contains(path) {
                    *difference.protected.entry(path).or_default() += 1;
                }
                let name = name_of(package);
                if wanted.contains(&name) {
                    difference.before.entry(name).or_default().push(Occurrence { path, format, package });
                }
            }
        }
        difference
    }

    /// Everything that is found by the comparison alone.
    pub(super) fn findings(&'a self) -> Vec<Finding> {
        let mut findings = tampering::findings(self);
        let tampered: HashSet<(String, u64)> = findings
            .iter()
            .filter_map(|finding| finding.location.as_ref())
            .map(|location| (location.path.clone(), location.line.unwrap_or_default()))
            .collect();
        findings.extend(trust::findings(self).into_iter().filter(|finding| {
            // One finding about one line is enough.
            finding.location.as_ref().is_none_or(|location| {
                location.line.is_none_or(|line| !tampered.contains(&(location.path.clone(), line)))
            })
        }));
        findings.extend(scripts::findings(self));
        let mut seen = BTreeSet::new();
        findings.retain(|finding| seen.insert(finding.fingerprint.clone()));
        findings
    }

    /// Findings about versions that were published a short time ago.
    pub(super) fn too_new(&'a self, ages: &Ages<'_>) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        let all = self.altered.iter().flat_map(|altered| {
            let added = altered.occurrences().filter(|one| self.at_version(one).next().is_none());
            added.filter_map(|one| ages.finding(&altered.lockfile.path, one.package))
        });
        all.filter(|finding| seen.insert(finding.fingerprint.clone())).collect()
    }

    /// Packages of the same name where the change began.
    fn named(&'a self, one: &Occurrence<'a>) -> &'a [Occurrence<'a>] {
        self.before.get(&name_of(one.package)).map_or(&[], Vec::as_slice)
    }

    /// The same package at the same version where the change began.
    fn at_version(&'a self, one: &Occurrence<'a>) -> impl Iterator<Item = &'a Occurrence<'a>> {
        let package = one.package;
        let named = self.named(one).iter();
        named.filter(move |before| {
            let is_same_request = package.is_exact() || before.package.requirement == package.requirement;
            is_same_request && is_same_version(package.ecosystem, &before.package.version, &package.version)
        })
    }

    /// The same, in the same lockfile where it was listed there, in all others where it was not.
    fn earlier(&'a self, one: &Occurrence<'a>) -> Vec<&'a Occurrence<'a>> {
        let all: Vec<&Occurrence<'a>> = self.at_version(one).collect();
        let here: Vec<&Occurrence<'a>> =
            all.iter().copied().filter(|before| before.path == one.path).collect();
        if here.is_empty() { all } else { here }
    }
}

/// A finding about a package of a lockfile.
fn about(rule: &Rule, title: String, path: &str, package: &Package, id: &str) -> Finding {
    let Package { ecosystem, name, version, .. } = package;
    let place = package.file.as_deref().unwrap_or(path);
    Finding::new(rule, title, &[ecosystem.name(), name, version, id])
        .named("package", name.as_str())
        .about("version", version.as_str())
        .about("ecosystem", ecosystem.name())
        .named("purl", purl(*ecosystem, name, version))
        .at(Location::line(place, package.line))
}

/// Whether a package is anybody else's.
fn is_foreign(package: &Package) -> bool {
    package.origin != Origin::Project
}
