//! The system of an image and the packages of its distribution.

use std::collections::BTreeSet;

use super::{Content, Entry, Extract, Installed, Left};
use devops_core::Error;

/// Which system it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `ID` of os-release: `debian`, `alpine`.
    pub id: String,
    /// `VERSION_ID`; empty where there is none, as in Debian's testing.
    pub version: String,
    /// `PRETTY_NAME`, or both of the above.
    pub name: String,
    /// The name of OSV for it with its release: `Debian:12`, `Alpine:v3.20`; none where OSV has none.
    pub ecosystem: Option<devops_core::Ecosystem>,
    /// The file that says so.
    pub path: String,
}

/// What is known about the system of an image.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Which it is; none where no file says so.
    pub release: Option<Release>,
    /// Paths of the databases of packages that were found, also of those without packages.
    pub databases: Vec<String>,
    /// The packages of the distribution.
    pub packages: Vec<Installed>,
    /// Paths that these packages own.
    pub owned: BTreeSet<String>,
    /// What is not as it should be and does not stop reading, a sentence each: two databases, packages that are half installed.
    pub notes: Vec<String>,
}

/// Looks at a file; none where it says nothing about the system.
pub(super) fn extract(_entry: Entry<'_>, _content: &mut dyn Content) -> Result<Option<Extract>, Error> {
    Ok(None)
}

/// The system and its packages. `files` are those that are left; `older` gives the versions of a path in lower layers, the upper ones
/// first, so that a record gets the layer that brought it.
///
/// # Errors
///
/// A database can't be read, or is one that this program does not read: never a shorter list.
pub fn read<'a>(_files: &[Left<'a>], _older: &dyn Fn(&str) -> Vec<Left<'a>>) -> Result<System, Error> {
    Ok(System::default())
}
