//! Which versions a requirement admits, one file per grammar.
//!
//! A text that can't be read as a requirement of its ecosystem admits nothing and refuses nothing: it is not known.

mod bounds;
mod npm;
mod pep440;
mod plain;
mod probes;
#[cfg(test)]
mod properties;

use std::cmp::Ordering;

use semver::VersionReq;

use crate::version::Order;
use crate::{Version, find};

pub use plain::Plain;

/// How a version is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
    /// Its release, whatever pre-release it is, is less.
    Below,
}

impl Operator {
    /// What operators look like, the longer ones first.
    const SIGNS: [(&'static str, Self); 7] = [
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        (">", Self::Greater),
        ("=", Self::Equal),
    ];

    /// The operator in front of a version, and the version; without one it must be equal. `=` and `==` are not the same where one of
    /// them is meant only.
    fn split(text: &str, is_double: bool) -> (Self, &str) {
        let equal = if is_double { "=" } else { "==" };
        Self::SIGNS
            .iter()
            .filter(|(sign, operator)| *sign != equal && (is_double || *operator != Self::NotEqual))
            .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim_start())))
            .unwrap_or((Self::Equal, text))
    }

    /// Whether two that compare so stand to each other as it says.
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less | Self::Below => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

/// Which versions of a package are admitted.
#[derive(Debug, Clone)]
pub struct Requirement(Grammar);

/// What a requirement is written in.
#[derive(Debug, Clone)]
enum Grammar {
    Npm(npm::Range),
    Cargo(VersionReq),
    PyPi(pep440::Specifiers),
    Bounds(bounds::Bounds),
}

impl Requirement {
    /// Reads a requirement of an ecosystem, by its name in OSV; none where it is not one or has no grammar that is known.
    pub fn parse(ecosystem: &str, text: &str) -> Option<Self> {
        let order = find(ecosystem)?.order()?;
        Some(Self(match (ecosystem, order) {
            ("npm", _) => Grammar::Npm(npm::Range::parse(text.strip_prefix("npm:").map_or(text, of_alias))?),
            ("crates.io", _) => Grammar::Cargo(VersionReq::parse(text).ok()?),
            (_, Order::PyPi) => Grammar::PyPi(pep440::Specifiers::parse(text)?),
            _ => Grammar::Bounds(bounds::Bounds::parse(ecosystem, order, text)?),
        }))
    }

    /// Whether a version is admitted; none where the text is no version.
    pub fn admits(&self, version: &str) -> Option<bool> {
        match &self.0 {
            Grammar::Npm(range) => npm::version(version).map(|version| range.admits(&version)),
            Grammar::Cargo(requirement) => {
                semver::Version::parse(version).ok().map(|version| requirement.matches(&version))
            }
            Grammar::PyPi(specifiers) => specifiers.admits(version),
            Grammar::Bounds(bounds) => bounds.admits(version),
        }
    }
}

/// The range behind `name@`, as an alias of npm or a descriptor of Yarn has it: `real@^1`, `^1`.
fn of_alias(text: &str) -> &str {
    match text.rfind('@') {
        Some(at) if at > 0 => text.get(at + 1..).unwrap_or_default(),
        _ => text,
    }
}

/// Whether a version comes before a release of its ecosystem, such as `1.0.0-rc.1`; none where the text is no version or the ecosystem
/// does not say so.
pub fn is_pre_release(ecosystem: &str, version: &str) -> Option<bool> {
    let order = find(ecosystem)?.order()?;
    if !Version::of_any(order, version).is_certain() {
        return None;
    }
    let version = version.trim();
    Some(match order {
        Order::PyPi => crate::pypi::public(&version.to_ascii_lowercase())?.is_pre_release(),
        Order::RubyGems => version.bytes().any(|byte| byte.is_ascii_alphabetic()),
        Order::Maven | Order::Packagist => bounds::has_early_word(version),
        Order::Go if version.contains("+incompatible") => version.contains('-'),
        _ => version.split('+').next()?.contains('-'),
    })
}
