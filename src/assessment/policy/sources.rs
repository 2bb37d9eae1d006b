//! Packages of sources that advisories do not cover, one finding per source.

use std::collections::{BTreeMap, BTreeSet};

use super::has_advisories;
use crate::matching::{Key, Lockfile, some};
use crate::mirror::place;
use crate::rules::NOT_COVERED;
use devops_core::words::counted;
use devops_core::{Ecosystem, Finding, Location, Severity};
use devops_inventory::{Origin, Package};

/// Where packages are from, and what it is called.
type Place = (Ecosystem, Origin, String);

/// A package, and the lockfile that lists it.
type Listed<'a> = (&'a Lockfile, &'a Package);

/// A finding for each source whose packages are not those of the public registry, without packages that have a finding of their own.
pub fn sources(lockfiles: &[Lockfile], known: &BTreeMap<Key, Finding>, severity: Severity) -> Vec<Finding> {
    let mut sources: BTreeMap<Place, Vec<Listed<'_>>> = BTreeMap::new();
    let known: BTreeSet<&Key> = known.keys().collect();
    for lockfile in lockfiles {
        for package in &lockfile.graph.packages {
            let is_elsewhere = matches!(package.origin, Origin::Git | Origin::Path | Origin::Other);
            let is_known = || known.contains(&Key::of(package, package.place()));
            if is_elsewhere && has_advisories(package.ecosystem.name()) && !is_known() {
                let key = (package.ecosystem, package.origin, name(package));
                sources.entry(key).or_default().push((lockfile, package));
            }
        }
    }
    sources.iter().filter_map(|(key, packages)| finding(key, packages, severity)).collect()
}

/// What a source is called: the host of a registry, the address of a repository, a path.
fn name(package: &Package) -> String {
    let source = package.place();
    let is_registry = package.origin == Origin::Other && source.contains("://");
    match place(source) {
        host if is_registry => host.split('/').next().unwrap_or_default().to_owned(),
        repository if package.origin == Origin::Git && !repository.is_empty() => repository,
        _ if source.is_empty() => package.origin.noun().to_owned(),
        _ => source.to_owned(),
    }
}

fn finding(
    (ecosystem, origin, source): &Place,
    packages: &[Listed<'_>],
    severity: Severity,
) -> Option<Finding> {
    let location = |(lockfile, package): &Listed<'_>| {
        Location::line(package.file.as_ref().unwrap_or(&lockfile.path).clone(), package.line)
    };
    let listed = packages.iter().filter(|(_, package)| !package.is_source());
    let labels: BTreeSet<String> = listed.map(|(_, package)| package.label()).collect();
    let labels: Vec<String> = labels.into_iter().collect();
    let first = packages.first()?;
    let mut others: Vec<String> = Vec::new();
    for place in packages.iter().map(location) {
        if place.path != location(first).path && !others.contains(&place.path) {
            others.push(place.path);
        }
    }
    let amount = counted(labels.len() as u64, "package is", "packages are");
    let from = if source == origin.noun() { source.clone() } else { format!("{} ({source})", origin.noun()) };
    let mut detail: Vec<String> = Vec::new();
    if packages.iter().any(|(_, package)| package.is_source()) {
        let what = "any package without an address in the lockfile may come from there, also one of the same name and version as in the public registry";
        detail.push(what.to_owned());
    }
    if !labels.is_empty() {
        detail.insert(0, some(&labels));
    }
    if !others.is_empty() {
        detail.push(format!("also in {}", some(&others)));
    }
    let title = if labels.is_empty() {
        format!("packages may come from {from}, which no advisory covers")
    } else {
        format!("{amount} from {from}, which no advisory covers")
    };
    Some(
        Finding::new(&NOT_COVERED, title, &[ecosystem.name(), origin.word(), source])
            .severity(severity)
            .detail(detail.join("\n"))
            .named("source", source.as_str())
            .about("ecosystem", ecosystem.name())
            .about("origin", origin.noun())
            .about("packages", labels)
            .at(location(first))
            .help("list a mirror of the public registry in `sources-mirrors`, or review the source and waive this"),
    )
}
