//! A package at a version, with where it comes from and the line it stands on.

/// Where packages of a kind are published; decides their version order and which advisories speak of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// Rust's registry.
    CratesIo,
}

impl Ecosystem {
    /// The name that OSV uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CratesIo => "crates.io",
        }
    }

    /// The type that stands in a purl.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::CratesIo => "cargo",
        }
    }
}

/// Where a package's code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The public registry of its ecosystem: the only origin whose names advisories speak of.
    Public,
    /// Another registry, which may give the same name to something else.
    OtherRegistry,
    /// A git repository.
    Git,
    /// The workspace, or a folder beside it.
    Local,
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
    /// Line of its name in the lockfile, from 1.
    pub line: u64,
}

impl Package {
    /// Name and version as people write them: `smallvec 1.6.0`.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}
