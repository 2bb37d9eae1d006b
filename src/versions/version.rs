//! A version that was read once, to be compared often.

use std::cmp::Ordering;
use std::fmt;

use super::number::Number;
use super::semver::Build;
use super::{alpine, bitnami, conan, debian, maven, nuget, packagist, pypi, rpm, rubygems, semver};
use super::{cran, hackage, pub_dev};

/// A rule by which versions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Alpine and others with apk.
    Alpine,
    /// Bitnami: SemVer with revisions.
    Bitnami,
    /// Conan.
    Conan,
    /// CRAN and Bioconductor.
    Cran,
    /// Debian and others with dpkg.
    Debian,
    /// GitHub Actions: SemVer, in which `v4` is a tag that moves.
    GitHubActions,
    /// Go: SemVer, and the releases of Go itself.
    Go,
    /// Hackage.
    Hackage,
    /// Julia: SemVer with ordered builds.
    Julia,
    /// Maven.
    Maven,
    /// NuGet.
    NuGet,
    /// opam.
    Opam,
    /// Packagist.
    Packagist,
    /// Pub: SemVer with ordered builds.
    Pub,
    /// PyPI.
    PyPi,
    /// Red Hat and others with RPM.
    Rpm,
    /// RubyGems.
    RubyGems,
    /// SemVer 2.0: npm, crates.io, Hex, Swift and others.
    SemVer,
}

/// A text that is no version of its ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unparsable;

impl fmt::Display for Unparsable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a version of this ecosystem")
    }
}

impl std::error::Error for Unparsable {}

/// What an ecosystem made of a text.
pub(crate) struct Parsed<Key> {
    /// The place in the order.
    pub(crate) key: Key,
    /// Whether the ecosystem itself puts it there.
    pub(crate) is_certain: bool,
}

impl<Key> Parsed<Key> {
    /// A version that the ecosystem itself has a place for.
    pub(crate) fn certain(key: Key) -> Self {
        Self { key, is_certain: true }
    }
}

/// A version that was read, with its place in the order of its ecosystem.
///
/// Versions of one [`Order`] are totally ordered, and equal where the ecosystem says so (`2.3` and `2.3.0` of PyPI). A text that can't
/// be parsed comes before every version, and is ordered by its bytes among others; so that it is never taken for a version, ask
/// [`Version::is_certain`].
#[derive(Debug, Clone)]
pub struct Version {
    key: Key,
    is_certain: bool,
}

/// The place of a version; the first kind comes before the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Unparsable(Box<str>),
    Alpine(alpine::Key),
    Bitnami(bitnami::Key),
    Conan(conan::Key),
    Debian(debian::Key),
    Maven(maven::Key),
    NuGet(nuget::Key),
    Numbers(Vec<Number>),
    Packagist(packagist::Key),
    PyPi(pypi::Key),
    Rpm(rpm::Key),
    RubyGems(rubygems::Key),
    SemVer(semver::Key),
}

impl Version {
    /// Reads a version.
    ///
    /// # Errors
    /// Where the text is no version of the ecosystem.
    pub fn parse(order: Order, text: &str) -> Result<Self, Unparsable> {
        match order {
            Order::Alpine => alpine::parse(text).map(|parsed| Self::of(parsed, Key::Alpine)),
            Order::Bitnami => bitnami::parse(text).map(|parsed| Self::of(parsed, Key::Bitnami)),
            Order::Conan => conan::parse(text).map(|parsed| Self::of(parsed, Key::Conan)),
            Order::Cran => cran::parse(text).map(|parsed| Self::of(parsed, Key::Numbers)),
            Order::Debian => debian::parse(text).map(|parsed| Self::of(parsed, Key::Debian)),
            Order::GitHubActions => semver::parse_tag(text).map(|parsed| Self::of(parsed, Key::SemVer)),
            Order::Go => semver::parse_go(text).map(|parsed| Self::of(parsed, Key::SemVer)),
            Order::Hackage => hackage::parse(text).map(|parsed| Self::of(parsed, Key::Numbers)),
            Order::Julia => semver::parse(text, Build::Ordered).map(|parsed| Self::of(parsed, Key::SemVer)),
            Order::Maven => maven::parse(text).map(|parsed| Self::of(parsed, Key::Maven)),
            Order::NuGet => nuget::parse(text).map(|parsed| Self::of(parsed, Key::NuGet)),
            Order::Opam => debian::parse_opam(text).map(|parsed| Self::of(parsed, Key::Debian)),
            Order::Packagist => packagist::parse(text).map(|parsed| Self::of(parsed, Key::Packagist)),
            Order::Pub => pub_dev::parse(text).map(|parsed| Self::of(parsed, Key::SemVer)),
            Order::PyPi => pypi::parse(text).map(|parsed| Self::of(parsed, Key::PyPi)),
            Order::Rpm => rpm::parse(text).map(|parsed| Self::of(parsed, Key::Rpm)),
            Order::RubyGems => rubygems::parse(text).map(|parsed| Self::of(parsed, Key::RubyGems)),
            Order::SemVer => semver::parse(text, Build::Ignored).map(|parsed| Self::of(parsed, Key::SemVer)),
        }
    }

    /// Reads any text: what is no version comes before every version.
    pub fn of_any(order: Order, text: &str) -> Self {
        let unparsable = |_| Self { key: Key::Unparsable(text.into()), is_certain: false };
        Self::parse(order, text).unwrap_or_else(unparsable)
    }

    /// A version of what its ecosystem made of it.
    fn of<Inner>(parsed: Parsed<Inner>, key: impl Fn(Inner) -> Key) -> Self {
        Self { key: key(parsed.key), is_certain: parsed.is_certain }
    }

    /// Whether the text is a version.
    pub fn is_parsable(&self) -> bool {
        !matches!(self.key, Key::Unparsable(_))
    }

    /// Whether the ecosystem itself puts the version where it is. It does not for a text that can't be parsed, nor for one that only
    /// older or more lenient tools have a place for: a version of PyPI from before PEP 440, a branch of Packagist, a tag that moves.
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl std::hash::Hash for Version {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
