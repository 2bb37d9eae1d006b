//! Packages of ecosystems that no database is about.

use std::collections::BTreeMap;

use crate::matching::Lockfile;
use crate::rules::ECOSYSTEM;
use devops_advisory::Database;
use devops_core::words::counted;
use devops_core::{Ecosystem, Error, Finding, Location, Severity};
use devops_inventory::{Origin, Package};

/// Whether anybody publishes advisories about an ecosystem in OSV's form.
pub(crate) fn has_advisories(ecosystem: &str) -> bool {
    devops_versions::find(ecosystem).is_some()
}

/// A finding for each lockfile and ecosystem of it that no database is about.
///
/// # Errors
/// Where no database is about any package, although there could be one.
pub fn covered(lockfiles: &[Lockfile], databases: &[Database]) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut is_any_covered = false;
    let mut missing: Option<(&str, &Package)> = None;
    for Lockfile { path, graph } in lockfiles {
        let mut of_lockfile: BTreeMap<Ecosystem, Vec<&Package>> = BTreeMap::new();
        for package in &graph.packages {
            let ecosystem = package.ecosystem;
            if package.origin == Origin::Project && !package.may_be_copy() {
                continue;
            }
            if databases.iter().any(|database| database.covers(ecosystem.name())) {
                is_any_covered = true;
                continue;
            }
            if has_advisories(ecosystem.name()) {
                missing = missing.or(Some((path, package)));
            }
            of_lockfile.entry(ecosystem).or_default().push(package);
        }
        findings.extend(of_lockfile.iter().filter_map(|(ecosystem, all)| finding(path, *ecosystem, all)));
    }
    match missing {
        Some((path, package)) if !is_any_covered => Err(Error::input(format!(
            "no given advisory database covers the packages of {}",
            package.ecosystem.name()
        ))
        .at(Location::line(path, package.line))
        .help("add one with `--db`, or give only the lockfiles to check")),
        _ => Ok(findings),
    }
}

fn finding(path: &str, ecosystem: Ecosystem, packages: &[&Package]) -> Option<Finding> {
    let first = packages.first()?;
    let name = ecosystem.name();
    let (why, severity, help) = if has_advisories(name) {
        // Almost every repository has workflows, and few databases are about actions.
        let severity = if ecosystem == Ecosystem::GITHUB_ACTIONS { Severity::Medium } else { Severity::High };
        let help = "add a database of this ecosystem with `--db`, or give only the lockfiles to check";
        ("no given database covers this ecosystem", severity, help)
    } else {
        let help = "review these packages by other means, and waive this";
        ("there are no advisories about this ecosystem", Severity::Medium, help)
    };
    let amount = counted(packages.len() as u64, "package", "packages");
    Some(
        Finding::new(&ECOSYSTEM, format!("{amount} of {name} in {path} not checked: {why}"), &[name, path])
            .severity(severity)
            .named("ecosystem", name)
            .named("lockfile", path)
            .at(Location::line(path, first.line))
            .help(help),
    )
}
