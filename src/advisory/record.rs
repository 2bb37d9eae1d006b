//! An advisory: what is wrong with which versions of a package.

use jiff::civil::Date;
use rustsec::advisory::Versions;
use rustsec::{Version, VersionReq};

use devops_core::Severity;

/// What an advisory says about its package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is vulnerable.
    Vulnerability,
    /// It has no maintainer.
    Unmaintained,
    /// Safe code can reach undefined behaviour through it.
    Unsound,
    /// Something its users should know.
    Notice,
    /// Something this release has no word for.
    Other(String),
}

/// What is wrong with which versions of a package.
#[derive(Debug, Clone)]
pub struct Advisory {
    /// Its name in its own database.
    pub id: String,
    /// Its names in other databases.
    pub aliases: Vec<String>,
    /// One line about it.
    pub title: String,
    /// The day it was reported.
    pub date: Option<Date>,
    /// Its text.
    pub kind: Kind,
    /// How bad it is, where its database says so.
    pub severity: Option<Severity>,
    /// The CVSS vector that says so.
    pub vector: Option<String>,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// Requirements that repaired versions satisfy, as its database spells them.
    pub patched: Vec<String>,
    /// Which versions are affected.
    pub(super) versions: Versions,
}

impl Advisory {
    /// Whether this version is affected.
    pub fn affects(&self, version: &Version) -> bool {
        self.versions.is_vulnerable(version)
    }

    /// The lowest version of each patched range, unordered.
    pub fn lowest_patched(&self) -> impl Iterator<Item = Version> {
        self.versions.patched().iter().filter_map(lowest).filter(|version| !self.affects(version))
    }
}

/// The lowest version that satisfies a requirement, where it names one.
fn lowest(requirement: &VersionReq) -> Option<Version> {
    use rustsec::semver::Op;
    requirement
        .comparators
        .iter()
        .filter_map(|comparator| {
            let (minor, patch) = (comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0));
            let mut version = Version::new(comparator.major, minor, patch);
            match comparator.op {
                Op::Exact | Op::GreaterEq | Op::Tilde | Op::Caret => version.pre = comparator.pre.clone(),
                // `> 1.0.0` does not say that there is a 1.0.1.
                _ => return None,
            }
            Some(version)
        })
        .max()
        .filter(|version| requirement.matches(version))
}
