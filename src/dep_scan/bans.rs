//! Packages that the project does not want: by name, in several versions, or in any version.

use std::collections::{BTreeMap, BTreeSet};

use super::Arguments;
use super::matching::{Findings, Lockfile};
use super::rules::{BANNED, DUPLICATED, WILDCARD};
use devops_core::{Ecosystem, Finding, Severity};
use devops_inventory::{Origin, Package, Paths};
use devops_versions::find;

/// Requirements that every version meets, in lower case and without spaces.
const ANY: [&str; 10] = ["", "*", "x", "*.*", "x.x", "any", "latest", ">=0", ">=0.0.0", ">=0.0.0-0"];

/// A finding about each package that is not wanted.
pub(super) fn findings(arguments: &Arguments, lockfiles: &[Lockfile]) -> Vec<Finding> {
    let Arguments { bans_deny, bans_multiple_versions, bans_wildcards, .. } = arguments;
    let is_off = bans_deny.is_empty()
        && bans_multiple_versions.severity().is_none()
        && bans_wildcards.severity().is_none();
    if is_off {
        return Vec::new();
    }
    let mut banned = Findings::default();
    let mut duplicated = Findings::default();
    let mut wildcards = Findings::default();
    for lockfile in lockfiles {
        let paths = lockfile.graph.paths();
        add_banned(&mut banned, arguments, lockfile, &paths);
        if let Some(severity) = bans_multiple_versions.severity() {
            add_duplicated(&mut duplicated, severity, lockfile, &paths);
        }
        if let Some(severity) = bans_wildcards.severity() {
            add_wildcards(&mut wildcards, severity, lockfile, &paths);
        }
    }
    [banned, duplicated, wildcards].into_iter().flat_map(Findings::into_findings).collect()
}

/// Adds each package that is in the list, whatever it is needed for and wherever it is from: a copy in a folder of the project, too.
fn add_banned(findings: &mut Findings, arguments: &Arguments, lockfile: &Lockfile, paths: &Paths<'_>) {
    for (index, package) in lockfile.graph.packages.iter().enumerate() {
        let Some(ban) = arguments.bans_deny.iter().find(|ban| ban.is_possible(package)) else {
            continue;
        };
        let title = if ban.is_certain(package) {
            format!("{} is banned", package.label())
        } else {
            format!("{} is banned in some versions, and whether in this one can't be told", package.label())
        };
        findings.add(lockfile, paths, index, "", |subject| {
            subject.told(&BANNED, title, "").detail(subject.way()).help(format!(
                "replace `{}` or what brings it in, or waive it; the list is `deny` below `[dep-scan.bans]`",
                package.name
            ))
        });
    }
}

/// Adds each package of which a lockfile has several versions.
fn add_duplicated(findings: &mut Findings, severity: Severity, lockfile: &Lockfile, paths: &Paths<'_>) {
    let mut packages: BTreeMap<(Ecosystem, String), Vec<(usize, &Package)>> = BTreeMap::new();
    for (index, package) in lockfile.graph.packages.iter().enumerate() {
        if package.origin != Origin::Project && package.is_exact() {
            let name = find(package.ecosystem.name())
                .map_or_else(|| package.name.clone(), |known| known.package_name(&package.name).into_owned());
            packages.entry((package.ecosystem, name)).or_default().push((index, package));
        }
    }
    for ((_, name), copies) in packages {
        let versions: BTreeSet<&str> = copies.iter().map(|(_, package)| package.version.as_str()).collect();
        let Some((index, _)) = copies.first().filter(|_| versions.len() > 1) else { continue };
        let ways: Vec<String> = copies
            .iter()
            .map(|(index, package)| {
                let path = paths.to(*index);
                let place = format!("{} in line {}", package.version, package.line);
                if path.len() > 1 { format!("{place}, through {}", path.join(" → ")) } else { place }
            })
            .collect();
        let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
        findings.add(lockfile, paths, *index, "", |subject| {
            subject
                .told(&DUPLICATED, format!("{name} is in the lockfile in several versions: {versions}"), "")
                .severity(severity)
                .detail(ways.join("\n"))
                .help(format!("update what needs the older versions of `{name}`, or waive this"))
        });
    }
}

/// Adds each package of which the project asks for any version.
fn add_wildcards(findings: &mut Findings, severity: Severity, lockfile: &Lockfile, paths: &Paths<'_>) {
    let graph = &lockfile.graph;
    let asked = graph
        .asked
        .iter()
        .map(|asked| (asked.package, asked.requirement.as_deref(), asked.location.as_ref()));
    let own = graph.roots.iter().filter_map(|root| graph.edges.get(*root)).flatten();
    let own = own.map(|edge| (edge.to, edge.requirement.as_deref(), None));
    let listed = graph.packages.iter().enumerate().filter(|(_, package)| !package.is_exact());
    let listed = listed.map(|(index, package)| (index, Some(package.requirement.as_str()), None));
    let mut seen = BTreeSet::new();
    for (index, requirement, location) in asked.chain(own).chain(listed) {
        let Some(requirement) = requirement.filter(|requirement| is_any(requirement)) else { continue };
        let Some(package) = graph.packages.get(index) else { continue };
        // What lies in the repository has the version that lies there.
        if matches!(package.origin, Origin::Project | Origin::Path | Origin::Git) || !seen.insert(index) {
            continue;
        }
        let shown = if requirement.trim().is_empty() { "no requirement" } else { requirement };
        findings.add(lockfile, paths, index, "", |subject| {
            let finding = subject
                .told(&WILDCARD, format!("any version of {} is accepted: {shown}", package.name), "")
                .severity(severity)
                .detail(subject.way())
                .help(format!(
                    "require a version of `{}` in the manifest, such as the present one",
                    package.name
                ));
            match location {
                Some(location) => finding.at(location.clone()),
                None => finding,
            }
        });
    }
}

/// Whether every version meets a requirement.
fn is_any(requirement: &str) -> bool {
    let plain: String = requirement.chars().filter(|character| !character.is_whitespace()).collect();
    plain.to_lowercase().split("||").any(|part| ANY.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::is_any;

    #[test]
    fn requirements_that_every_version_meets() {
        for requirement in ["*", " * ", "", "x", "X", ">= 0", ">=0.0.0-0", "latest", "1 || *", "any"] {
            assert!(is_any(requirement), "{requirement}");
        }
        for requirement in ["1", "^1", "1.*", ">=1", "1.x", "~0", "<2", "next"] {
            assert!(!is_any(requirement), "{requirement}");
        }
    }
}
