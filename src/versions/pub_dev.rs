//! Pub: SemVer, in which the build counts.

use super::semver::{self, Build, Key};
use super::version::{Parsed, Unparsable};

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    semver::parse(text, Build::Ordered)
}
