//! What a scanner reports about an image, whichever scanner it was: one value per complaint, and where it was found.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use devops_core::Severity;
use devops_core::digest;

/// What kind of complaint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A package with a known vulnerability.
    Vulnerability,
    /// A configuration that failed a check.
    Misconfiguration,
    /// A secret in plain text.
    Secret,
    /// A licence that asks for something.
    Licence,
}

impl Kind {
    /// What the report calls one of them.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Misconfiguration => "misconfiguration",
            Self::Secret => "secret",
            Self::Licence => "licence",
        }
    }

    /// The severity of one that the scanner gives none; a vulnerability waits for somebody to rate it.
    pub(crate) const fn severity(self) -> Option<Severity> {
        match self {
            Self::Vulnerability => None,
            Self::Secret => Some(Severity::High),
            Self::Misconfiguration | Self::Licence => Some(Severity::Medium),
        }
    }
}

/// One complaint; empty texts are facts the scanner did not give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// How bad it is; `None` for a vulnerability without a rating.
    pub(crate) severity: Option<Severity>,
    /// What kind of complaint.
    pub(crate) kind: Kind,
    /// Advisory, check or licence.
    pub(crate) id: String,
    /// Other names of the same advisory.
    pub(crate) aliases: Vec<String>,
    /// Package.
    pub(crate) package: String,
    /// The package's installed version.
    pub(crate) installed: String,
    /// Versions with the fix, separated by commas.
    pub(crate) fixed: String,
    /// What the distributor does about it.
    pub(crate) status: String,
    /// Package URL.
    pub(crate) purl: String,
    /// The layer that brought it in.
    pub(crate) layer: String,
    /// One line about it.
    pub(crate) title: String,
    /// More about it.
    pub(crate) detail: String,
    /// Distinguishes it from others of its kind in the same file, whatever their lines.
    pub(crate) mark: String,
    /// What the scanner advises.
    pub(crate) advice: String,
    /// A page about it.
    pub(crate) url: String,
    /// Files it was met in, where the target is not a file itself.
    pub(crate) paths: BTreeSet<String>,
    /// Line in the target or the path.
    pub(crate) line: Option<u64>,
}

impl Problem {
    /// A complaint of this kind about which nothing else is known; without a severity it has that of its kind.
    pub(crate) fn new(kind: Kind, id: String, severity: Option<Severity>) -> Self {
        Self {
            severity: severity.or(kind.severity()),
            kind,
            id,
            aliases: Vec::new(),
            package: String::new(),
            installed: String::new(),
            fixed: String::new(),
            status: String::new(),
            purl: String::new(),
            layer: String::new(),
            title: String::new(),
            detail: String::new(),
            mark: String::new(),
            advice: String::new(),
            url: String::new(),
            paths: BTreeSet::new(),
            line: None,
        }
    }

    /// Whether a version with the fix exists, as far as the scanner says.
    pub(crate) fn has_fix(&self) -> bool {
        !self.fixed.is_empty() || self.status.eq_ignore_ascii_case("fixed")
    }

    /// Names the complaint within its target. Vulnerabilities are distinguished by advisory, package and version; what
    /// is found in files by the place too, because one check or secret may stand in a file several times.
    pub(crate) fn key(&self) -> Key {
        let kind = self.kind.noun();
        let line = self.line.map(|line| line.to_string()).unwrap_or_default();
        let place = if self.kind == Kind::Vulnerability { "" } else { line.as_str() };
        let paths: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        let path = if self.kind == Kind::Vulnerability { String::new() } else { paths.join("\n") };
        Key::of(&[kind, &self.id, &self.package, &self.installed, place, &path, &self.mark])
    }
}

/// 128 bits that name a complaint, so that counting exactly costs few bytes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key([u8; 16]);

impl Key {
    fn of(parts: &[&str]) -> Self {
        Self::cut(digest::of_parts(parts.iter().copied()))
    }

    /// The same complaint in this target.
    pub(crate) fn within(self, target: &Target) -> Self {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(target.name.as_bytes());
        Self::cut(digest.finalize().into())
    }

    fn cut(digest: [u8; 32]) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        Self(bytes)
    }
}

/// What was scanned: the packages of an operating system, a lockfile, a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The scanner's name for it.
    pub(crate) name: String,
    /// `os-pkgs`, `lang-pkgs`, `config`, `secret`, `license` and whatever comes.
    pub(crate) class: String,
    /// `alpine`, `npm`, `dockerfile` and whatever comes.
    pub(crate) kind: String,
    /// Which report it is from.
    pub(crate) report: usize,
}
