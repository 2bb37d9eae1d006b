//! The next step that takes a package out of reach of its advisories.

use rustsec::Version as CargoVersion;

use devops_advisory::{Advisory, Kind};
use devops_core::Ecosystem;
use devops_inventory::Package;
use devops_versions::range::Verdict;
use devops_versions::{Order, Version, find};

/// What is known about an affected package when advice is given.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The package.
    pub package: &'a Package,
    /// Whether the lockfile has other versions of it.
    pub is_ambiguous: bool,
    /// The way to it, itself included.
    pub path: &'a [String],
}

/// The next step for one of the advisories that apply to a package; one command or sentence.
pub fn advice(case: Case<'_>, advisory: &Advisory, all: &[&Advisory]) -> String {
    let Package { ecosystem, name, version: present, .. } = case.package;
    let is_of_cargo = *ecosystem == Ecosystem::CRATES_IO;
    if let Some(version) = admitted(case, advisory, all) {
        return format!("cargo update -p {} --precise {version}", spec(case));
    }
    match lowest(present, *ecosystem, advisory, all, |_| true) {
        Some(version) if case.path.len() <= 1 && is_of_cargo => {
            format!(
                "raise `{name}` to {version} or later in Cargo.toml, then `cargo update -p {}`",
                spec(case)
            )
        }
        Some(version) if case.path.len() <= 1 => format!("update `{name}` to {version} or later"),
        Some(version) => format!(
            "update or replace `{}` so that it uses `{name}` {version} or later",
            case.path.first().map_or("", String::as_str)
        ),
        None if !advisory.patched.is_empty() => format!(
            "no patched version is named: use a release of `{}` within the patched ranges, if there is one",
            case.package.name
        ),
        None if advisory.kind == Kind::Unmaintained => {
            let since =
                advisory.date.map_or_else(String::new, |date| format!(" (unmaintained since {date})"));
            format!("no patched version: replace `{}`{since}", replaced(case))
        }
        None => format!("no patched version: replace `{}`", replaced(case)),
    }
}

/// The version that fixes a package and that its lockfile can take as it is, where that is known.
pub fn admitted(case: Case<'_>, advisory: &Advisory, all: &[&Advisory]) -> Option<String> {
    let Package { ecosystem, version: present, .. } = case.package;
    if *ecosystem != Ecosystem::CRATES_IO {
        return None;
    }
    lowest(present, *ecosystem, advisory, all, |version| fits(present, version))
}

/// What the project itself has to replace, with what it is replaced for.
fn replaced(case: Case<'_>) -> String {
    match case.path.first() {
        Some(first) if case.path.len() > 1 => format!("{first}`, which brings in `{}", case.package.name),
        _ => case.package.name.clone(),
    }
}

/// The package as cargo distinguishes it.
fn spec(case: Case<'_>) -> String {
    let Package { name, version, .. } = case.package;
    if case.is_ambiguous { format!("{name}@{version}") } else { name.clone() }
}

/// The lowest repaired version above the present one, preferably one that no other advisory is about.
fn lowest(
    present: &str,
    ecosystem: Ecosystem,
    advisory: &Advisory,
    all: &[&Advisory],
    is_possible: impl Fn(&str) -> bool,
) -> Option<String> {
    let order = find(ecosystem.name()).and_then(|known| known.order()).unwrap_or(Order::SemVer);
    let read = |text: &str| Version::of_any(order, text);
    let present = read(present);
    let is_free = |advisory: &Advisory, version: &str| advisory.affects(version) == Verdict::NotAffected;
    let is_repaired =
        |version: &String| read(version) > present && is_free(advisory, version) && is_possible(version);
    let least = |versions: &mut dyn Iterator<Item = String>| versions.min_by_key(|version| read(version));
    let clean = all.iter().flat_map(|other| other.lowest_patched());
    let mut clean =
        clean.filter(|version| is_repaired(version) && all.iter().all(|other| is_free(other, version)));
    least(&mut clean).or_else(|| least(&mut advisory.lowest_patched().into_iter().filter(is_repaired)))
}

/// Whether cargo takes `wanted` where `present` was asked for: same leftmost number that is not zero.
fn fits(present: &str, wanted: &str) -> bool {
    let (Ok(present), Ok(wanted)) = (CargoVersion::parse(present), CargoVersion::parse(wanted)) else {
        return false;
    };
    let key = |version: &CargoVersion| match (version.major, version.minor, version.patch) {
        (0, 0, patch) => (0, 0, patch),
        (0, minor, _) => (0, minor, 0),
        (major, _, _) => (major, 0, 0),
    };
    key(&present) == key(&wanted) && (wanted.pre.is_empty() || !present.pre.is_empty())
}
