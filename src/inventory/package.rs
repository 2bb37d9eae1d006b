//! A package at a version, with where it comes from and the line it stands on.

use devops_core::Ecosystem;

/// Where a package's code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The public registry of its ecosystem: the only origin whose names advisories use.
    Public,
    /// Another registry, which may give the same name to something else.
    OtherRegistry,
    /// A git repository.
    Git,
    /// The workspace, or a folder beside it.
    Local,
}

impl Origin {
    /// The word for it behind "from".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Public => "the public registry",
            Self::OtherRegistry => "another registry",
            Self::Git => "git",
            Self::Local => "a folder",
        }
    }
}

/// A package at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Where it is published.
    pub ecosystem: Ecosystem,
    /// Its name, as the lockfile spells it.
    pub name: String,
    /// Its version, as the lockfile spells it.
    pub version: String,
    /// Where its code comes from.
    pub origin: Origin,
    /// The same as the lockfile spells it; empty for packages of the public registry and of the project itself.
    pub source: String,
    /// Line of its name in the lockfile, from 1.
    pub line: u64,
}

impl Package {
    /// The source without the commit that a git source ends with, so that it stays the same when the commit changes.
    pub fn place(&self) -> &str {
        self.source.split('#').next().unwrap_or_default()
    }

    /// Name and version as people write them: `smallvec 1.6.0`.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}
