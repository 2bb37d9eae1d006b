//! The same version of a package, and another file: other checksums, none, weaker ones, another host, or the file of another package.

use std::collections::BTreeSet;

use devops_core::{Ecosystem, Finding, Severity};
use devops_inventory::lockfiles::tarball;
use devops_inventory::{Origin, Package};

use super::super::rules::TAMPERED;
use super::{Difference, Occurrence, about, is_foreign};

/// What a checksum is of, from the weakest: what stands in a lockfile before `-` or `:`.
const STRENGTH: [&str; 5] = ["md5", "sha1", "sha256", "sha384", "sha512"];

/// Ecosystems in which one version has several files, of which a lockfile may list more or fewer.
const SEVERAL_FILES: [Ecosystem; 4] =
    [Ecosystem::PYPI, Ecosystem::MAVEN, Ecosystem::RUBYGEMS, Ecosystem::HACKAGE];

/// A finding about each package of an altered lockfile that is another file than before.
pub(super) fn findings<'a>(difference: &'a Difference<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for altered in &difference.altered {
        let stripped = super::trust::is_stripped(difference, altered);
        for one in altered.occurrences().filter(|one| is_foreign(one.package) && one.package.is_exact()) {
            let earlier = difference.earlier(&one);
            let found = other_package(&one, &earlier)
                .or_else(|| other_host(&one, &earlier))
                .or_else(|| other_file(&one, &earlier, stripped));
            findings.extend(found.map(|(what, why)| {
                let mut finding = about(&TAMPERED, format!("{}: {why}", one.package.label()), &altered.lockfile.path, one.package, what)
                    .detail(told(&one, &earlier))
                    .help("restore the lockfile of the target branch, and have the package manager write it again from a clean cache");
                if what == ADDED {
                    finding.severity = Severity::Medium;
                }
                finding
            }));
        }
    }
    findings
}

/// What was listed and what is.
fn told(one: &Occurrence<'_>, earlier: &[&Occurrence<'_>]) -> String {
    let words = |package: &Package| {
        let mut words = package.integrity.clone();
        words.extend(Some(package.source.clone()).filter(|source| !source.is_empty()));
        if words.is_empty() { "no checksum".to_owned() } else { words.join(" ") }
    };
    let before: BTreeSet<String> = earlier.iter().map(|before| words(before.package)).collect();
    let before: Vec<String> = before.into_iter().collect();
    if before.is_empty() {
        words(one.package)
    } else {
        format!("before: {}\nnow: {}", before.join(" or "), words(one.package))
    }
}

/// What is wrong, as a word for the fingerprint and as a sentence.
type Wrong = (&'static str, String);

/// Whether the address is that of another package or version, and was not before.
fn other_package(one: &Occurrence<'_>, earlier: &[&Occurrence<'_>]) -> Option<Wrong> {
    let Package { ecosystem, source, name, version, .. } = one.package;
    if *ecosystem != Ecosystem::NPM || earlier.iter().any(|before| before.package.source == *source) {
        return None;
    }
    let (file, at) = tarball(source)?;
    let is_name = file == *name || file.ends_with(&format!("/{name}"));
    let bare = |version: &str| version.split('+').next().unwrap_or_default().to_owned();
    (!is_name || bare(&at) != bare(version))
        .then(|| ("resolved", format!("its address is that of another package, {file} {at}")))
}

/// Whether the same version comes from another host, neither of which stands for the public registry.
fn other_host(one: &Occurrence<'_>, earlier: &[&Occurrence<'_>]) -> Option<Wrong> {
    let is_address = |package: &Package| matches!(package.origin, Origin::Registry | Origin::Other);
    if one.package.origin != Origin::Other || earlier.is_empty() {
        return None;
    }
    let mut before = earlier.iter().filter(|before| is_address(before.package)).peekable();
    before.peek()?;
    let now = host(one.package);
    let mut others = before.map(|before| host(before.package));
    let first = others.next()?;
    if first == now || others.any(|other| other == now) {
        return None;
    }
    let place = |host: String| if host.is_empty() { "the public registry".to_owned() } else { host };
    Some(("host", format!("the same version is from {} now, and was from {}", place(now), place(first))))
}

/// The host of a package's address, in lower case; empty for the public registry.
fn host(package: &Package) -> String {
    if package.origin == Origin::Registry {
        return String::new();
    }
    let rest = package.source.split_once("://").map_or(package.source.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// What a finding is about where a version of PyPI has more files than before. New files are uploaded for new releases of Python, and
/// are also how somebody with the password of a publisher changes a version that is trusted.
const ADDED: &str = "added";

/// Whether checksums are others, gone or weaker.
fn other_file(one: &Occurrence<'_>, earlier: &[&Occurrence<'_>], is_stripped: bool) -> Option<Wrong> {
    let protected: Vec<&Occurrence<'_>> =
        earlier.iter().copied().filter(|before| !before.package.integrity.is_empty()).collect();
    if protected.is_empty() {
        return None;
    }
    // What one format has no place for is not gone in it.
    let is_comparable = protected.iter().any(|before| before.is_same_format(one));
    let now = checksums(one);
    if now.is_empty() {
        // One without before as well proves nothing.
        let was_whole = protected.len() == earlier.len();
        return (is_comparable && was_whole && !is_stripped)
            .then(|| ("gone", "its checksum is gone".to_owned()));
    }
    let before: BTreeSet<(String, String)> = protected.iter().flat_map(|before| checksums(before)).collect();
    let kinds: BTreeSet<&str> = now.iter().map(|(kind, _)| kind.as_str()).collect();
    let (mut is_shared, mut is_added) = (false, false);
    for kind in kinds {
        let of = |all: &BTreeSet<(String, String)>| -> BTreeSet<String> {
            all.iter().filter(|(of, _)| of == kind).map(|(_, value)| value.clone()).collect()
        };
        let (then, now) = (of(&before), of(&now));
        if then.is_empty() {
            continue;
        }
        is_shared = true;
        let is_other = if SEVERAL_FILES.contains(&one.package.ecosystem) {
            !now.is_subset(&then) && !then.is_subset(&now)
        } else {
            !now.is_subset(&then)
        };
        if is_other {
            return Some(("checksum", format!("the same version has another checksum ({kind})")));
        }
        is_added = is_added || one.package.ecosystem == Ecosystem::PYPI && !now.is_subset(&then);
    }
    let strongest =
        |all: &BTreeSet<(String, String)>| all.iter().filter_map(|(kind, _)| strength(kind)).max();
    match (strongest(&before), strongest(&now)) {
        (Some(then), Some(now)) if now < then && is_comparable && !is_weaker_by_choice(one) => {
            Some(("weaker", "its checksum is of a weaker algorithm".to_owned()))
        }
        // Nothing that both sides have, and no order between them.
        (Some(_), None) if !is_shared && is_comparable => {
            Some(("weaker", "its checksum is of an algorithm that is not known".to_owned()))
        }
        _ if is_added && is_comparable => {
            Some((ADDED, "the same version has files that it did not have before".to_owned()))
        }
        _ => None,
    }
}

/// Whether an ecosystem's own tools exchange checksums for weaker ones.
fn is_weaker_by_choice(one: &Occurrence<'_>) -> bool {
    one.package.ecosystem == Ecosystem::CRAN
}

/// How strong an algorithm is.
fn strength(kind: &str) -> Option<usize> {
    STRENGTH.iter().position(|known| *known == kind)
}

/// The checksums of a package with their algorithms. What is no checksum of a file is left out, and what only one version of one
/// format writes, such as Yarn's `10c0/`, is compared with its like.
fn checksums(one: &Occurrence<'_>) -> BTreeSet<(String, String)> {
    let Package { ecosystem, integrity, .. } = one.package;
    let split = |text: &String| {
        let at = text.find(['-', ':', '/']).filter(|at| *at <= 16);
        let (kind, value) = match at {
            Some(at) => (text.get(..at)?.to_ascii_lowercase(), text.get(at + 1..)?),
            None => (format!("{} digits", text.len()), text.as_str()),
        };
        // Algorithms of one file; the options that may follow one do not count.
        let value = value.split('?').next().unwrap_or_default();
        let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = if is_hex { value.to_ascii_lowercase() } else { value.to_owned() };
        Some((kind, value))
    };
    let all = integrity.iter().filter_map(split);
    // Recipes of Conan and descriptions of R packages are written again for the same version.
    all.filter(|(kind, _)| kind != "revision" && !(*ecosystem == Ecosystem::CRAN && kind == "md5")).collect()
}
