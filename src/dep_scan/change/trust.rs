//! Packages that came from the public registry and come from elsewhere now, and lockfiles that lost all their checksums.

use devops_core::{Finding, Location};
use devops_inventory::Origin;

use super::super::rules::TRUST_LOWERED;
use super::{Altered, Difference, Occurrence, about};

/// Findings about packages and lockfiles that are trusted less.
pub(super) fn findings<'a>(difference: &'a Difference<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for altered in &difference.altered {
        if is_stripped(difference, altered) {
            let path = &altered.lockfile.path;
            findings.push(
                Finding::new(
                    &TRUST_LOWERED,
                    format!("{path} has no checksums any more"),
                    &[path, "checksums"],
                )
                .named("lockfile", path.as_str())
                .at(Location::file(path.as_str()))
                .help("have the package manager write the lockfile again, with checksums"),
            );
        }
        for one in altered.occurrences() {
            if let Some(finding) = moved(difference, altered, &one) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// The finding that a package left the public registry.
fn moved<'a>(difference: &'a Difference<'a>, altered: &Altered<'_>, one: &Occurrence<'a>) -> Option<Finding> {
    if one.package.origin == Origin::Registry {
        return None;
    }
    let before = difference.named(one);
    let is_from_registry = before.iter().any(|before| before.package.origin == Origin::Registry);
    // One that was taken from elsewhere as well is no news.
    let is_known = before.iter().any(|before| {
        before.package.origin == one.package.origin && before.package.place() == one.package.place()
    });
    (is_from_registry && !is_known).then(|| {
        let noun = one.package.origin.noun();
        let title = format!("{} is from {noun} now, and was from the public registry", one.package.label());
        let source = one.package.source.as_str();
        let from = if source.is_empty() { noun } else { source };
        about(&TRUST_LOWERED, title, &altered.lockfile.path, one.package, one.package.place())
            .about("origin", one.package.origin.word())
            .about("source", source)
            .detail(format!("from {from}"))
            .help("depend on a version of the public registry, or waive this with the reason; list mirrors in `mirrors`")
    })
}

/// Whether a lockfile had checksums and has none at all now.
pub(super) fn is_stripped(difference: &Difference<'_>, altered: &Altered<'_>) -> bool {
    let packages = &altered.lockfile.graph.packages;
    let had = difference.protected.get(altered.path.as_str()).copied().unwrap_or_default();
    had > 1
        && packages.iter().any(|package| package.origin != Origin::Project)
        && packages.iter().all(|package| package.integrity.is_empty())
}
