//! The next step, as one command or sentence.

use rustsec::Version as CargoVersion;

use devops_advisory::{Advisory, Kind};
use devops_core::Ecosystem;
use devops_inventory::Package;
use devops_versions::range::Verdict;
use devops_versions::requirement::is_pre_release;
use devops_versions::{Order, Version, find};

use super::tool;
use super::{Needs, Repair, Standing};

/// What is known about an affected package when advice is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// The package.
    pub package: &'a Package,
    /// The program that writes the lockfile.
    pub tool: &'static str,
    /// Whether several projects share the lockfile.
    pub is_workspace: bool,
    /// Whether the lockfile has other versions of it.
    pub is_ambiguous: bool,
    /// The way to it, itself included.
    pub path: &'a [String],
    /// What ends all that is known about it.
    pub repair: &'a Repair,
}

impl Case<'_> {
    /// The package as cargo tells it from others.
    pub(crate) fn spec(&self) -> String {
        let Package { name, version, .. } = self.package;
        if self.is_ambiguous { format!("{name}@{version}") } else { name.clone() }
    }

    /// The key of an override, which tells a copy from others by its major version.
    pub(crate) fn key(&self) -> String {
        let Package { name, version, ecosystem, .. } = self.package;
        let major = version.split('.').next().unwrap_or_default();
        if self.is_ambiguous && *ecosystem == Ecosystem::NPM {
            format!("{name}@{major}")
        } else {
            name.clone()
        }
    }

    /// A command that moves the package where it is, if nobody is known to refuse the version.
    pub(crate) fn update(&self, version: &str) -> Option<String> {
        let is_possible = match self.repair.needs.standing() {
            Standing::Admitted => true,
            // A lockfile of cargo does not say what is admitted; cargo itself refuses what is not.
            Standing::Unknown => {
                self.package.ecosystem != Ecosystem::CRATES_IO || fits(&self.package.version, version)
            }
            Standing::Raised | Standing::Refused => false,
        };
        if !is_possible {
            return None;
        }
        tool::update(self.tool, self.is_workspace, &self.package.name, &self.spec(), version)
    }
}

/// The next step for one of the advisories that apply to a package, of all that are known about its name.
pub(crate) fn advice(case: Case<'_>, advisory: &Advisory, all: &[&Advisory]) -> String {
    let name = &case.package.name;
    if all.iter().any(|other| other.kind == Kind::Malware && applies(other, case)) {
        return format!("remove `{}`, or return to an earlier version that you know", replaced(case));
    }
    let ends = |version: &&String| advisory.affects(version) == Verdict::NotAffected;
    if let Some(version) = case.repair.version.as_ref().filter(ends) {
        let whole = of_repair(case, version);
        let partial = partial(case, advisory).filter(|_| case.update(version).is_none());
        return match partial {
            Some(partial) => format!(
                "{whole}; until then, `cargo update -p {} --precise {partial}` ends this finding, but not every other",
                case.spec()
            ),
            None => whole,
        };
    }
    if let Some(passed_over) = &case.repair.passed_over {
        return format!("fixed only in {passed_over}: update `{name}` by hand, or replace it");
    }
    let fixed = advisory.fixed_versions();
    let is_vulnerable = !fixed.is_empty()
        && fixed.iter().all(|version| all.iter().any(|other| other.affects(version) == Verdict::Affected));
    let is_older = !fixed.is_empty() && fixed.iter().all(|version| !is_above(case.package, version));
    match advisory.kind {
        _ if is_older => format!(
            "fixed only in versions below the present one ({}): replace `{}`",
            fixed.join(", "),
            replaced(case)
        ),
        _ if is_vulnerable => format!(
            "every fixed version that is named has another known advisory ({}): replace `{}`",
            fixed.join(", "),
            replaced(case)
        ),
        _ if !advisory.patched.is_empty() => format!(
            "no patched version is named: use a release of `{name}` within the patched ranges, if there is one"
        ),
        Kind::Unmaintained => {
            let since =
                advisory.date.map_or_else(String::new, |date| format!(" (unmaintained since {date})"));
            format!("no patched version: replace `{}`{since}", replaced(case))
        }
        _ => format!("no patched version: replace `{}`", replaced(case)),
    }
}

/// Whether an advisory applies to the present version.
fn applies(advisory: &Advisory, case: Case<'_>) -> bool {
    advisory.affects(&case.package.version) == Verdict::Affected
}

/// How to come to a version.
fn of_repair(case: Case<'_>, version: &str) -> String {
    let Case { package, tool, path, repair, .. } = case;
    let name = &package.name;
    let is_of_cargo = package.ecosystem == Ecosystem::CRATES_IO;
    let needs = &repair.needs;
    let unknown = match needs.unknown.iter().find(|name| !name.is_empty()) {
        Some(name) => format!("; whether `{name}` admits it is not known"),
        None => String::new(),
    };
    let install =
        tool::install(tool, &case.spec()).map_or_else(String::new, |command| format!(", then `{command}`"));
    let overriding = tool::overriding(tool, &case.key(), version);
    if let Some(command) = case.update(version) {
        let otherwise = match &overriding {
            Some(overriding) if !unknown.is_empty() => format!("; if not, {overriding}{install}"),
            _ => String::new(),
        };
        return if is_of_cargo {
            command
        } else {
            let of_yarn_1 = match tool {
                "yarn" => " (in Yarn 1, delete its entry in yarn.lock, then `yarn install`)",
                _ => "",
            };
            format!("update `{name}` to {version} or later: `{command}`{of_yarn_1}{unknown}{otherwise}")
        };
    }
    match needs.standing() {
        Standing::Refused => {
            let (who, requirement) = needs.refusing.first().cloned().unwrap_or_default();
            let otherwise =
                overriding.map_or_else(String::new, |otherwise| format!(", or {otherwise}{install}"));
            let more = match needs.refusing.len() {
                0 | 1 => String::new(),
                several => format!(" (and {} more)", several - 1),
            };
            format!(
                "update `{who}`{more}, which asks for `{name}` {requirement}, so that it uses {version} or later{otherwise}"
            )
        }
        Standing::Raised => match manifests(needs).as_str() {
            "" => format!("raise `{name}` to {version} or later{install}{unknown}"),
            places => format!("raise `{name}` to {version} or later in {places}{install}{unknown}"),
        },
        _ if path.len() <= 1 && is_of_cargo => {
            format!("raise `{name}` to {version} or later in Cargo.toml{install}")
        }
        _ if path.len() <= 1 => format!("update `{name}` to {version} or later"),
        _ => format!(
            "update or replace `{}` so that it uses `{name}` {version} or later",
            path.first().map_or("", String::as_str)
        ),
    }
}

/// The places of requirements of the project.
fn manifests(needs: &Needs) -> String {
    let places: Vec<String> =
        needs.own.iter().filter_map(|own| own.location.as_ref().map(ToString::to_string)).collect();
    places.join(", ")
}

/// What the project itself has to replace, with what it is replaced for.
fn replaced(case: Case<'_>) -> String {
    match case.path.first() {
        Some(first) if case.path.len() > 1 => format!("{first}`, which brings in `{}", case.package.name),
        _ => case.package.name.clone(),
    }
}

/// Whether a version is above the present one.
fn is_above(package: &Package, version: &str) -> bool {
    let order = find(package.ecosystem.name()).and_then(|known| known.order()).unwrap_or(Order::SemVer);
    Version::of_any(order, version) > Version::of_any(order, &package.version)
}

/// The lowest version that ends one advisory and that cargo takes in place of the present one, although another advisory may be
/// about it.
fn partial(case: Case<'_>, advisory: &Advisory) -> Option<String> {
    let present = &case.package.version;
    if case.package.ecosystem != Ecosystem::CRATES_IO || !case.repair.needs.own.is_empty() {
        return None;
    }
    let read = |version: &String| Version::of_any(Order::SemVer, version);
    let fixed = advisory.fixed_versions().into_iter();
    fixed
        .filter(|version| is_above(case.package, version) && fits(present, version))
        .filter(|version| advisory.affects(version) == Verdict::NotAffected)
        .filter(|version| is_pre_release("crates.io", version) == Some(false))
        .min_by_key(read)
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
