//! What a scanner reports about an image, whichever scanner it was: one value per complaint, and where it was found.

use std::collections::BTreeSet;

use super::rating::Rating;
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
    /// A result of another analyser.
    Result,
}

impl Kind {
    /// What the report calls one of them.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Misconfiguration => "misconfiguration",
            Self::Secret => "secret",
            Self::Licence => "licence",
            Self::Result => "result",
        }
    }

    /// The severity of one that the scanner gives none; a vulnerability waits for somebody to rate it.
    const fn severity(self) -> Option<Severity> {
        match self {
            Self::Vulnerability => None,
            Self::Secret => Some(Severity::High),
            Self::Misconfiguration | Self::Licence | Self::Result => Some(Severity::Medium),
        }
    }
}

/// One complaint; empty texts are facts the scanner did not give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// How bad it is.
    pub(crate) rating: Rating,
    /// What kind of complaint.
    pub(crate) kind: Kind,
    /// Advisory, check or licence.
    pub(crate) id: String,
    /// Other names of the same advisory, and of those it is a part of.
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
    /// Whether the package was matched by nothing but a guessed CPE.
    pub(crate) is_by_cpe: bool,
}

impl Problem {
    /// A complaint of this kind about which nothing else is known; without a rating it has that of its kind.
    pub(crate) fn new(kind: Kind, id: String, rating: Rating) -> Self {
        let rating = match (rating, kind.severity()) {
            (Rating::None, Some(severity)) => Rating::Known(severity),
            (rating, _) => rating,
        };
        Self {
            rating,
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
            is_by_cpe: false,
        }
    }

    /// Whether a version with the fix exists, as far as the scanner says.
    pub(crate) fn has_fix(&self) -> bool {
        !self.fixed.is_empty() || self.status.eq_ignore_ascii_case("fixed")
    }

    /// Names the complaint within its target. Vulnerabilities are distinguished by advisory, package and version; what
    /// is found in files by the place too, because one check or secret may stand in a file several times.
    pub(crate) fn key(&self) -> Key {
        Key::of(&[&self.id.to_ascii_lowercase()]).within(self.subject())
    }

    /// What the complaint is about, whatever is said of it.
    pub(crate) fn subject(&self) -> Key {
        if self.kind == Kind::Vulnerability {
            // The epoch that every package has.
            let version = self.installed.strip_prefix("0:").unwrap_or(&self.installed);
            return Key::of(&[self.kind.noun(), &self.package, version, "", "", &self.mark]);
        }
        let line = self.line.map(|line| line.to_string()).unwrap_or_default();
        let paths: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        Key::of(&[self.kind.noun(), &self.package, &self.installed, &line, &paths.join("\n"), &self.mark])
    }

    /// By what the same complaint of another report is known: by each of its names, whatever the version and the line.
    pub(crate) fn identities(&self) -> Vec<Key> {
        let paths: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        let path = if self.kind == Kind::Vulnerability { String::new() } else { paths.join("\n") };
        let subject = Key::of(&[self.kind.noun(), &self.package, &path, &self.mark]);
        let names = std::iter::once(&self.id).chain(self.same());
        names.map(|id| Key::of(&[&id.to_ascii_lowercase()]).within(subject)).collect()
    }

    /// Other names of the advisory itself. A notice of a distributor is about several advisories, so it is none of them.
    pub(crate) fn same(&self) -> impl Iterator<Item = &String> {
        let is_one = self.aliases.iter().filter(|id| is_cve(id)).count() <= 1;
        self.aliases.iter().filter(move |id| {
            self.kind == Kind::Vulnerability
                && **id != self.id
                && is_one
                && is_of_one(id)
                && is_of_one(&self.id)
        })
    }
}

/// Beginnings of the identifiers of catalogues in which an advisory is about one vulnerability.
const OF_ONE: [&str; 8] = ["CVE-", "GHSA-", "RUSTSEC-", "GO-", "PYSEC-", "GMS-", "OSV-", "MAL-"];

fn begins(id: &str, start: &str) -> bool {
    id.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
}

/// Whether an identifier is one of CVE.
pub(crate) fn is_cve(id: &str) -> bool {
    begins(id, "CVE-")
}

/// Whether an identifier is of a catalogue in which an advisory is about one vulnerability.
pub(crate) fn is_of_one(id: &str) -> bool {
    OF_ONE.iter().any(|start| begins(id, start))
}

/// 128 bits that name a complaint, so that counting exactly costs few bytes each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key([u8; 16]);

impl Key {
    /// The key of some texts.
    pub(crate) fn of(parts: &[&str]) -> Self {
        Self::cut(digest::of_parts(parts.iter().copied()))
    }

    /// The same within something else.
    #[must_use]
    pub(crate) fn within(self, outer: Self) -> Self {
        Self::of(&[&digest::hexadecimal(&self.0), &digest::hexadecimal(&outer.0)])
    }

    fn cut(digest: [u8; 32]) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        Self(bytes)
    }
}

/// Words for all packages of a language, which stand where the name of a file does otherwise.
pub(crate) const COLLECTIONS: [(&str, &str); 5] = [
    ("jar", "Java"),
    ("node-pkg", "Node.js"),
    ("python-pkg", "Python"),
    ("gemspec", "Ruby"),
    ("conda-pkg", "Conda"),
];

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

impl Target {
    /// Whether its name is a word for all packages of a language, and no file.
    pub(crate) fn is_collection(&self) -> bool {
        COLLECTIONS.iter().any(|(kind, _)| *kind == self.kind)
    }

    /// Where it is, by whichever scanner and under whichever name of the image.
    pub(crate) fn place(&self) -> Key {
        if self.class == "os-pkgs" {
            Key::of(&["os-pkgs"])
        } else if self.class == "lang-pkgs" && self.is_collection() {
            Key::of(&["lang-pkgs", &self.kind])
        } else {
            let name = self.name.replace('\\', "/");
            Key::of(&["file", name.trim_start_matches("./").trim_start_matches('/')])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Problem, Rating, Target};

    fn problem(id: &str, aliases: &[&str]) -> Problem {
        let mut problem = Problem::new(Kind::Vulnerability, id.to_owned(), Rating::None);
        problem.aliases = aliases.iter().map(|id| (*id).to_owned()).collect();
        problem
    }

    #[test]
    fn a_notice_about_several_vulnerabilities_is_none_of_them() {
        for (id, aliases, expected) in [
            ("GHSA-1", &["CVE-1"][..], &["CVE-1"][..]),
            ("CVE-1", &["GHSA-1"], &["GHSA-1"]),
            ("CVE-1", &["DSA-1"], &[]),
            ("ELSA-1", &["CVE-1", "CVE-2"], &[]),
            ("ELSA-1", &["RHSA-1"], &[]),
        ] {
            let problem = problem(id, aliases);
            let same: Vec<&str> = problem.same().map(String::as_str).collect();
            assert_eq!(same, expected, "{id}");
        }
    }

    #[test]
    fn a_place_is_the_same_by_every_scanner() {
        let of = |name: &str, class: &str, kind: &str| {
            let (name, class, kind) = (name.to_owned(), class.to_owned(), kind.to_owned());
            Target { name, class, kind, report: 0 }.place()
        };
        assert_eq!(
            of("shop:1 (debian 12)", "os-pkgs", "debian"),
            of("shop (debian 12.1)", "os-pkgs", "debian")
        );
        assert_eq!(of("Java", "lang-pkgs", "jar"), of("", "lang-pkgs", "jar"));
        assert_eq!(of("/usr/bin/a", "lang-pkgs", "gobinary"), of("usr/bin/a", "lang-pkgs", "gobinary"));
        assert_ne!(of("a", "lang-pkgs", "npm"), of("b", "lang-pkgs", "npm"));
        assert_ne!(of("a", "os-pkgs", "debian"), of("a", "lang-pkgs", "npm"));
    }
}
