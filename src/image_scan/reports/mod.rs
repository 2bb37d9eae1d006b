//! Scanner reports: from a file or standard input to complaints, streamed.
//!
//! Owns the reading: several reports in a row, and where a mistake stands. Each format is a file here.

mod source;
pub(crate) mod trivy;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use source::read;

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
    /// The scanner's version.
    pub(crate) scanner: String,
    /// The operating system, as `alpine 3.10.2`.
    pub(crate) system: String,
    /// Whether the operating system's release is no longer supported.
    pub(crate) end_of_life: bool,
    /// Digest of the image's configuration.
    pub(crate) image_id: String,
    /// Tags of the image.
    pub(crate) tags: Vec<String>,
    /// Digests the image is known by, as `repository@sha256:…`.
    pub(crate) digests: Vec<String>,
    /// How many results there are, before any filter.
    pub(crate) results: u64,
    /// How many of them the filters left to look at.
    pub(crate) looked_at: u64,
    /// Lists of its results that this release does not know, with how many objects they hold.
    pub(crate) not_judged: BTreeMap<String, u64>,
    /// Findings somebody suppressed where the report was made.
    pub(crate) suppressed: Vec<Suppressed>,
    /// How many there are, whatever is listed.
    pub(crate) suppressed_count: u64,
}

impl Header {
    /// Whether targets are files of a repository, and not of an image.
    pub(crate) fn is_of_files(&self) -> bool {
        matches!(self.kind.as_str(), "filesystem" | "repository")
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        if self.artifact.is_empty() { &self.path } else { &self.artifact }
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
