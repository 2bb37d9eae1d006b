//! Which of two versions of a package is newer, by the rules of its ecosystem, and whether a range holds one.
//!
//! Owns the order of versions of every ecosystem of OSV, one file each, the form in which names of packages are compared, and the
//! evaluation of OSV's ranges. Pure functions on text: knows no record, lockfile or rule. Every order is total and defined for any
//! text; what is no version is an outcome of its own.

mod alpine;
mod bitnami;
pub mod builds;
mod conan;
mod cran;
mod debian;
mod hackage;
mod maven;
mod nuget;
mod number;
mod packagist;
mod pub_dev;
mod pypi;
pub mod range;
pub mod requirement;
mod rpm;
mod rubygems;
mod semver;
#[cfg(test)]
#[path = "../../tests/it/skipped.rs"]
mod skipped;
mod table;
#[cfg(test)]
mod tests;
mod version;

use std::cmp::Ordering;
use std::fmt;

pub use table::{ECOSYSTEMS, Entry, Known, find, pep503};
pub use version::{Order, Unparsable, Version};

/// Why two versions can't be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotComparable {
    /// OSV has no ecosystem of this name.
    UnknownEcosystem,
    /// There is no order of versions for this ecosystem.
    NoOrder,
    /// The first is no version.
    First,
    /// The second is no version.
    Second,
}

impl fmt::Display for NotComparable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownEcosystem => "unknown ecosystem",
            Self::NoOrder => "versions of this ecosystem have no order",
            Self::First => "the first is not a version of this ecosystem",
            Self::Second => "the second is not a version of this ecosystem",
        })
    }
}

impl std::error::Error for NotComparable {}

/// Compares two versions of an ecosystem, which has its name in OSV, with or without a suffix (`Debian:12`).
///
/// # Errors
/// Where there is no order, or a text is no version; [`Version::of_any`] has a place for that as well.
pub fn compare(ecosystem: &str, first: &str, second: &str) -> Result<Ordering, NotComparable> {
    let known = find(ecosystem).ok_or(NotComparable::UnknownEcosystem)?;
    let order = known.order().ok_or(NotComparable::NoOrder)?;
    if order == Order::Packagist {
        if let Some(answer) = packagist::compare_placeholders(first, second) {
            return Ok(answer);
        }
        let left = packagist::parse_as_written(first).map_err(|_| NotComparable::First)?;
        let right = packagist::parse_as_written(second).map_err(|_| NotComparable::Second)?;
        return Ok(left.key.cmp(&right.key));
    }
    let left = Version::parse(order, first).map_err(|_| NotComparable::First)?;
    let right = Version::parse(order, second).map_err(|_| NotComparable::Second)?;
    Ok(left.cmp(&right))
}
