//! Scanner reports: from a file or standard input to complaints, streamed.
//!
//! Owns the reading: several reports in a row or in a list, and where a mistake stands. Each format is a file here.

mod bill;
#[cfg(test)]
mod damaged_tests;
mod document;
mod grype;
mod sarif;
mod source;
mod text;
pub(crate) mod trivy;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use source::{Source, read};

/// How many suppressed findings of a report are listed.
const SUPPRESSED: usize = 100;

/// How many sources of suppressions are told apart.
const SOURCES: usize = 1_000;

/// Which scanner wrote a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Scanner {
    /// Trivy.
    #[default]
    Trivy,
    /// Grype.
    Grype,
    /// Any other, by its name.
    Other(String),
}

impl Scanner {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Trivy => "trivy",
            Self::Grype => "grype",
            Self::Other(name) => name,
        }
    }
}

/// What a report says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Path of the report as given.
    pub(crate) path: String,
    /// Name of what was scanned.
    pub(crate) artifact: String,
    /// What it is: `container_image`, `filesystem`, `repository` and whatever comes.
    pub(crate) kind: String,
    /// When it was scanned, as written.
    pub(crate) created: String,
    /// The scanner.
    pub(crate) scanner: Scanner,
    /// The scanner's version.
    pub(crate) version: String,
    /// The operating system, as `alpine 3.10.2`.
    pub(crate) system: String,
    /// Whether the operating system's release is no longer supported.
    pub(crate) end_of_life: bool,
    /// Digests of the image's configuration.
    pub(crate) ids: Vec<String>,
    /// Tags of the image.
    pub(crate) tags: Vec<String>,
    /// Digests the image is known by, as `repository@sha256:…`.
    pub(crate) digests: Vec<String>,
    /// How many results there are, before any filter.
    pub(crate) results: u64,
    /// How many of them the filters left to look at.
    pub(crate) looked_at: u64,
    /// Why the scan is not whole, as its scanner says.
    pub(crate) incomplete: Vec<String>,
    /// Lists of its results that this release does not know.
    pub(crate) not_judged: BTreeMap<String, NotJudged>,
    /// Findings somebody suppressed where the report was made.
    pub(crate) suppressed: Vec<Suppressed>,
    /// How many there are by their source, whatever is listed.
    pub(crate) suppressors: BTreeMap<String, u64>,
}

impl Header {
    /// The header of a report of which nothing is known yet.
    pub(crate) fn of(path: &str, scanner: Scanner) -> Self {
        Self { path: path.to_owned(), scanner, ..Self::default() }
    }

    /// Whether targets are files of a repository, and not of an image.
    pub(crate) fn is_of_files(&self) -> bool {
        matches!(self.kind.as_str(), "filesystem" | "repository")
    }

    /// Whether it is about an image.
    pub(crate) fn is_of_image(&self) -> bool {
        self.kind == "container_image"
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        if self.artifact.is_empty() { &self.path } else { &self.artifact }
    }

    /// The digests it is known by, without names.
    fn sums(&self) -> impl Iterator<Item = &str> {
        self.digests.iter().chain(&self.ids).map(|text| text.rsplit('@').next().unwrap_or_default())
    }

    /// Whether both are about the same thing: an image of one digest or, where a digest is missing, of one name.
    pub(crate) fn is_about_same(&self, other: &Self) -> bool {
        if self.kind != other.kind {
            return false;
        }
        let has_digests = self.sums().next().is_some() && other.sums().next().is_some();
        if self.sums().any(|sum| other.sums().any(|known| known.eq_ignore_ascii_case(sum))) {
            return true;
        }
        // Each may know the image by another kind of digest.
        let differ = |one: &[String], other: &[String]| !one.is_empty() && !other.is_empty();
        let is_refuted = differ(&self.ids, &other.ids) || differ(&self.digests, &other.digests);
        !(has_digests && is_refuted) && self.artifact == other.artifact
    }

    /// Takes a finding that somebody suppressed.
    pub(crate) fn suppress(&mut self, suppressed: Suppressed) {
        let is_room = self.suppressors.len() < SOURCES || self.suppressors.contains_key(&suppressed.source);
        let source = if is_room { suppressed.source.clone() } else { "others".to_owned() };
        *self.suppressors.entry(source).or_default() += 1;
        self.suppressed.push(suppressed);
        if self.suppressed.len() >= 2 * SUPPRESSED {
            self.suppressed.sort();
            self.suppressed.truncate(SUPPRESSED);
        }
    }
}

/// A list that this release does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NotJudged {
    /// How many objects it holds.
    pub(crate) objects: u64,
    /// Whether they look like something a scanner found.
    pub(crate) is_found: bool,
}

impl NotJudged {
    /// Adds objects.
    pub(crate) fn add(&mut self, objects: u64, is_found: bool) {
        self.objects += objects;
        self.is_found |= is_found;
    }
}

/// A finding somebody suppressed where the report was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Suppressed {
    /// Advisory, check, secret rule or licence.
    pub(crate) id: String,
    /// What it is about.
    pub(crate) subject: String,
    /// Why, in one word.
    pub(crate) status: String,
    /// Why, in the words of who did it.
    pub(crate) statement: String,
    /// The file that says so.
    pub(crate) source: String,
}
