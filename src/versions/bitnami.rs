//! Bitnami: SemVer, in which a number behind the hyphen is a revision of the package: `1.2.3 < 1.2.3-1`.

use super::number::{Number, is_digits};
use super::semver::{self, Build};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order: that of SemVer, then the revision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(semver::Key, Option<Number>);

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    let text = text.trim();
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let (version, revision) = match text.rsplit_once('-') {
        Some((version, revision)) if is_digits(revision) => (version, Some(Number::of(revision))),
        _ => (text, None),
    };
    let Parsed { key, is_certain } = semver::parse(version, Build::Ignored)?;
    Ok(Parsed { key: Key(key, revision), is_certain })
}
