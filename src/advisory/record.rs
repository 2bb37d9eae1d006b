//! An advisory, whatever database it is from: what is wrong with which versions of a package.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use jiff::civil::Date;
use rustsec::advisory::Versions as Requirements;
use rustsec::{Version as CargoVersion, VersionReq};

use super::releases::is_same_release;
use devops_core::{Ecosystem, Severity};
use devops_versions::range::{Affected, Bound, Kind as RangeKind, Verdict};
use devops_versions::requirement::Requirement;
use devops_versions::{Known, Order, Version, find};

/// What an advisory says about its package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is malicious.
    Malware,
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

impl Kind {
    /// The kind of an advisory that its database calls informational.
    pub fn of_informational(word: &str) -> Self {
        match word {
            "notice" => Self::Notice,
            "unmaintained" => Self::Unmaintained,
            "unsound" => Self::Unsound,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// What a package is found by: its ecosystem without a suffix, and its name in the form in which names are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageKey {
    /// The ecosystem's name in OSV, without a suffix.
    pub ecosystem: String,
    /// The package's name.
    pub name: String,
}

impl PackageKey {
    /// The key of a package of an ecosystem, which may have a suffix (`Debian:12`).
    pub fn of(ecosystem: &str, name: &str) -> Self {
        let (base, name) = Self::parts(ecosystem, name);
        Self { ecosystem: base.to_owned(), name: name.into_owned() }
    }

    /// The same without a copy: the ecosystem without a suffix, and the name in the form in which names are compared.
    pub fn parts<'a>(ecosystem: &'a str, name: &'a str) -> (&'a str, Cow<'a, str>) {
        let (base, _) = split_ecosystem(ecosystem);
        (base, find(ecosystem).map_or(name.into(), |known| known.package_name(name)))
    }
}

/// Finds the form in which names of packages are compared, at once where it is asked about one ecosystem again and again.
#[derive(Debug, Default)]
pub struct Names {
    last: Option<(Ecosystem, Option<Known<'static>>)>,
}

impl Names {
    /// The same as [`PackageKey::parts`].
    pub fn parts<'a>(&mut self, ecosystem: Ecosystem, name: &'a str) -> (&'static str, Cow<'a, str>) {
        let known = match self.last {
            Some((last, known)) if last == ecosystem => known,
            _ => {
                let known = find(ecosystem.name());
                self.last = Some((ecosystem, known));
                known
            }
        };
        let (base, _) = split_ecosystem(ecosystem.name());
        (base, known.map_or(name.into(), |known| known.package_name(name)))
    }
}

impl fmt::Display for PackageKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.ecosystem, self.name)
    }
}

/// An ecosystem and its suffix; the suffix is empty where there is none.
pub fn split_ecosystem(ecosystem: &str) -> (&str, &str) {
    ecosystem.split_once(':').unwrap_or((ecosystem, ""))
}

/// How likely a vulnerability is used within 30 days, in hundred-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epss {
    /// The probability.
    pub score: u32,
    /// The share of all vulnerabilities with the same or a lower one.
    pub percentile: u32,
}

/// The events of a range, as the record has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// The kind of the range.
    pub kind: RangeKind,
    /// What happens at which version.
    pub events: Vec<(Bound, String)>,
}

/// Which versions are affected, as the database says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// By requirements of cargo: every version that satisfies none of them is affected.
    Requirements {
        /// Those of repaired versions.
        patched: Vec<String>,
        /// Those of versions that never were affected.
        unaffected: Vec<String>,
    },
    /// By a list and ranges.
    Osv {
        /// Versions that are affected.
        listed: Vec<String>,
        /// Ranges of versions that are affected.
        ranges: Vec<Events>,
        /// How many ranges are of commits.
        git_ranges: usize,
    },
}

/// What says which versions are affected, read when it is first asked. No part of what an advisory is: a copy reads again.
#[derive(Default)]
pub struct Read(OnceLock<Readable>);

/// Versions that were read.
enum Readable {
    /// None where a requirement can't be read.
    Requirements(Option<Requirements>),
    Osv(Affected),
}

impl fmt::Debug for Read {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Read")
    }
}

impl Clone for Read {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Read {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Read {}

/// What is wrong with which versions of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Its name in its own database.
    pub id: String,
    /// Its names in other databases.
    pub aliases: Vec<String>,
    /// One line about it.
    pub title: String,
    /// The day it was published.
    pub date: Option<Date>,
    /// What it says.
    pub kind: Kind,
    /// CVSS vectors, the newest version of CVSS first.
    pub vectors: Vec<String>,
    /// The database's own word for how bad it is.
    pub word: Option<Severity>,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// The day on which it was known to be exploited.
    pub known_exploited: Option<Date>,
    /// How likely it is used.
    pub epss: Option<Epss>,
    /// The ecosystem's name in OSV, with a suffix if the record has one.
    pub ecosystem: String,
    /// Repaired versions, or requirements that they satisfy, as its database spells them.
    pub patched: Vec<String>,
    /// Which versions are affected.
    pub versions: Versions,
    /// The same as it is asked; `Read::default()` where an advisory is made.
    pub read: Read,
}

impl Advisory {
    /// How bad it is: by the newest CVSS vector that has a score, else by the database's own word.
    pub fn severity(&self) -> Option<Severity> {
        self.vectors.iter().find_map(|vector| severity_of(vector)).or(self.word)
    }

    /// The database it is from, by its id.
    pub fn database(&self) -> &str {
        match self.id.split('-').next().unwrap_or_default() {
            "RUSTSEC" => "RustSec",
            "GHSA" => "GitHub",
            "PYSEC" => "PyPA",
            "GO" => "Go",
            "MAL" => "OpenSSF",
            "ALSA" | "ALBA" | "ALEA" => "AlmaLinux",
            "ALPINE" => "Alpine",
            "DSA" | "DLA" | "DTSA" | "DEBIAN" => "Debian",
            "USN" | "UBUNTU" => "Ubuntu",
            other => other,
        }
    }

    /// Whether it has nothing but ranges of commits, whose order only the repository knows.
    pub fn has_commits_only(&self) -> bool {
        match &self.versions {
            Versions::Osv { listed, ranges, git_ranges } => {
                *git_ranges > 0 && listed.is_empty() && ranges.is_empty()
            }
            Versions::Requirements { .. } => false,
        }
    }

    /// Whether it is about packages of an ecosystem, of which it has the base: by the suffixes.
    pub fn is_about(&self, ecosystem: &str) -> bool {
        let (base, asked) = split_ecosystem(ecosystem);
        let (_, own) = split_ecosystem(&self.ecosystem);
        // A repository of Maven is not known to lockfiles.
        base == "Maven" || own.is_empty() || asked.is_empty() || is_same_release(base, own, asked)
    }

    /// Whether this version is affected.
    pub fn affects(&self, text: &str) -> Verdict {
        match &self.versions {
            // No version is excepted.
            Versions::Requirements { patched, unaffected } if patched.is_empty() && unaffected.is_empty() => {
                Verdict::Affected
            }
            Versions::Requirements { .. } => {
                let Ok(version) = CargoVersion::parse(text) else { return Verdict::Undecided };
                match self.read.0.get_or_init(|| self.readable()) {
                    Readable::Requirements(Some(versions)) if versions.is_vulnerable(&version) => {
                        Verdict::Affected
                    }
                    Readable::Requirements(Some(_)) => Verdict::NotAffected,
                    _ => Verdict::Undecided,
                }
            }
            Versions::Osv { .. } => match self.read.0.get_or_init(|| self.readable()) {
                Readable::Osv(affected) => affected.affects(text),
                Readable::Requirements(_) => Verdict::Undecided,
            },
        }
    }

    /// Reads which versions are affected.
    fn readable(&self) -> Readable {
        match &self.versions {
            Versions::Requirements { patched, unaffected } => {
                Readable::Requirements(requirements(patched, unaffected))
            }
            Versions::Osv { listed, ranges, .. } => {
                let order = find(&self.ecosystem).and_then(|known| known.order());
                let mut affected = Affected::new(order, listed.iter().map(String::as_str));
                for range in ranges {
                    let events = range.events.iter().map(|(bound, text)| (*bound, text.as_str()));
                    affected.add(range.kind, order, events);
                }
                Readable::Osv(affected)
            }
        }
    }

    /// Whether it affects every version that a requirement of its ecosystem admits; an empty one admits all, and so may one that can't
    /// be read.
    pub fn affects_all(&self, requirement: &str) -> bool {
        if self.affects("") == Verdict::Affected {
            return true;
        }
        let (ecosystem, _) = split_ecosystem(&self.ecosystem);
        let Some(read) = Some(requirement)
            .filter(|text| !text.trim().is_empty())
            .and_then(|text| Requirement::parse(ecosystem, text))
        else {
            return false;
        };
        let probes = match &self.versions {
            Versions::Requirements { patched, unaffected } => {
                // What stands between two of them begins or ends at a version that they name.
                let words = patched.iter().chain(unaffected).flat_map(|text| text.split([',', ' ']));
                let versions = words.map(|word| word.trim_start_matches(['<', '>', '=', '^', '~', ' ']));
                read.probes(requirement, versions)
            }
            Versions::Osv { listed, ranges, .. } => {
                let events = ranges.iter().flat_map(|range| &range.events).map(|(_, text)| text.as_str());
                read.probes(requirement, events.chain(listed.iter().map(String::as_str)))
            }
        };
        // A tag that moves is no version among those that it may lead to.
        let order = find(ecosystem).and_then(|known| known.order()).unwrap_or(Order::SemVer);
        let certain: Vec<&String> =
            probes.iter().filter(|probe| Version::of_any(order, probe).is_certain()).collect();
        !certain.is_empty() && certain.iter().all(|probe| self.affects(probe) == Verdict::Affected)
    }

    /// Every version that it names, affected or not; unordered.
    pub fn named_versions(&self) -> Vec<&str> {
        match &self.versions {
            Versions::Requirements { .. } => Vec::new(),
            Versions::Osv { listed, ranges, .. } => {
                let events = ranges.iter().flat_map(|range| &range.events).map(|(_, text)| text.as_str());
                let named = events.filter(|text| *text != "0");
                named.chain(listed.iter().map(String::as_str)).collect()
            }
        }
    }

    /// The fixed versions that it names, and the lowest of each patched range; unordered, and it may be about some of them itself.
    pub fn fixed_versions(&self) -> Vec<String> {
        match &self.versions {
            Versions::Requirements { patched, .. } => {
                let patched = patched.iter().filter_map(|text| VersionReq::parse(text).ok());
                patched
                    .filter_map(|requirement| lowest(&requirement))
                    .map(|version| version.to_string())
                    .collect()
            }
            Versions::Osv { .. } => self.patched.clone(),
        }
    }
}

/// The requirements of an advisory of RustSec, read by its own crate, so that pre-releases mean what they mean there.
fn requirements(patched: &[String], unaffected: &[String]) -> Option<Requirements> {
    let read =
        |texts: &[String]| texts.iter().map(|text| VersionReq::parse(text).ok()).collect::<Option<Vec<_>>>();
    Requirements::new(read(patched)?, read(unaffected)?).ok()
}

/// How bad a CVSS vector says it is; none where it is no vector.
pub fn severity_of(vector: &str) -> Option<Severity> {
    let vector: cvss::Cvss = vector.parse().ok()?;
    Some(match vector.severity() {
        cvss::Severity::Critical => Severity::Critical,
        cvss::Severity::High => Severity::High,
        cvss::Severity::Medium => Severity::Medium,
        // A score of 0 says that there is no impact, which is still no reason to pass without a finding.
        cvss::Severity::Low | cvss::Severity::None => Severity::Low,
    })
}

/// The score of a CVSS vector; none where it is no vector.
pub fn score_of(vector: &str) -> Option<f64> {
    vector.parse::<cvss::Cvss>().ok().map(|vector| vector.score())
}

/// The version of CVSS that a vector is of, for sorting.
pub(super) fn cvss_version(vector: &str) -> u8 {
    match vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next()) {
        Some("4.0") => 40,
        Some("3.1") => 31,
        Some("3.0") => 30,
        Some(_) => 0,
        None => 20,
    }
}

/// The lowest version that satisfies a requirement, where it names one.
fn lowest(requirement: &VersionReq) -> Option<CargoVersion> {
    use rustsec::semver::Op;
    requirement
        .comparators
        .iter()
        .filter_map(|comparator| {
            let (minor, patch) = (comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0));
            let mut version = CargoVersion::new(comparator.major, minor, patch);
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

#[cfg(test)]
mod tests {
    use super::{PackageKey, Severity, score_of, severity_of};

    #[test]
    fn vectors_of_every_version_have_a_score() {
        for (vector, score, severity) in [
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5, Severity::High),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Severity::Critical),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, Severity::Medium),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity::Low),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, Severity::Critical),
        ] {
            assert_eq!((score_of(vector), severity_of(vector)), (Some(score), Some(severity)), "{vector}");
        }
        assert_eq!(severity_of("CVSS:9.0/AV:N"), None);
    }

    #[test]
    fn names_have_one_form() {
        assert_eq!(PackageKey::of("PyPI", "Zope.Interface").name, "zope-interface");
        assert_eq!(PackageKey::of("Alpine:v3.4", "curl").ecosystem, "Alpine");
    }
}
