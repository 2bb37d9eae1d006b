//! A package, with its version, where it comes from, what it is for and the line it stands on.

use jiff::Timestamp;

use devops_core::Ecosystem;

/// Where a package's code comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The public registry of its ecosystem: the only origin whose names advisories use.
    #[default]
    Registry,
    /// A git repository.
    Git,
    /// A folder or file outside of the project.
    Path,
    /// The project itself: its workspace, or a folder of it.
    Project,
    /// Another registry, or an address of a file: either may give the same name to something else.
    Other,
}

impl Origin {
    /// The word for it behind "from".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Registry => "the public registry",
            Self::Git => "git",
            Self::Path => "a path outside the project",
            Self::Project => "a folder of the project",
            Self::Other => "another registry",
        }
    }

    /// The origin of a word in lists for programs.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Registry, Self::Git, Self::Path, Self::Project, Self::Other]
            .into_iter()
            .find(|origin| origin.word() == word)
    }

    /// The word for it in lists for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Git => "git",
            Self::Path => "path",
            Self::Project => "project",
            Self::Other => "other",
        }
    }
}

/// What a package is needed for; of several ways to it, the first of these counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To run the program.
    #[default]
    Runtime,
    /// To run the program, which can do without it.
    Optional,
    /// To build it.
    Build,
    /// To develop and test it.
    Dev,
}

impl Scope {
    /// The scope of a word in configuration and in lists for programs.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Runtime, Self::Optional, Self::Build, Self::Dev].into_iter().find(|scope| scope.word() == word)
    }

    /// The word for it in configuration and in lists for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Optional => "optional",
            Self::Build => "build",
            Self::Dev => "dev",
        }
    }
}

/// A package as a file lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Where it is published.
    pub ecosystem: Ecosystem,
    /// The name that it is published by, as the file spells it; never the name that the project gives it.
    pub name: String,
    /// Its exact version, as the file spells it; empty where the file only gives a requirement.
    pub version: String,
    /// What the file asks for, where that is no exact version: `>= 1.0, < 2`.
    pub requirement: String,
    /// Where its code comes from.
    pub origin: Origin,
    /// The same as the file spells it; empty for packages of the public registry at its usual host and of the project itself.
    pub source: String,
    /// What it is needed for.
    pub scope: Scope,
    /// Line of its name in the file, from 1.
    pub line: u64,
    /// The file it stands in, where that is not the one that was read: a requirements file may include another.
    pub file: Option<String>,
    /// Checksums, each with its algorithm, as the file spells them.
    pub integrity: Vec<String>,
    /// Whether installing it runs a script of its own, where the file says so.
    pub has_install_script: bool,
    /// Its licence, where the file says so.
    pub license: Option<String>,
    /// When it was published, where the file says so.
    pub published: Option<Timestamp>,
    /// Whether the version is a guess from something that bounds it, as the `go` line bounds the toolchain.
    pub is_guessed: bool,
    /// The package of its distribution that it was built from, which advisories are about.
    pub built_from: Option<Box<SourcePackage>>,
}

/// The source package of a distribution's package; advisories of most distributions are about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Package {
    /// A package of the public registry at an exact version that is needed to run the program; what else is known is set after it.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>, line: u64) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.into(),
            requirement: String::new(),
            origin: Origin::Registry,
            source: String::new(),
            scope: Scope::Runtime,
            line,
            file: None,
            integrity: Vec::new(),
            has_install_script: false,
            license: None,
            published: None,
            is_guessed: false,
            built_from: None,
        }
    }

    /// The names that advisories may know it by: that of its source package, or its own. Of distributions with rpm, some publish by the
    /// one and some by the other, so that both are asked.
    pub fn advised_names(&self) -> impl Iterator<Item = &str> {
        let source = self.built_from.as_ref().map(|source| source.name.as_str());
        let is_own = source.is_none_or(|source| source != self.name && self.ecosystem.purl_type() == "rpm");
        source.into_iter().chain(is_own.then_some(self.name.as_str()))
    }

    /// The source without the commit that a git source ends with, so that it stays the same when the commit changes.
    pub fn place(&self) -> &str {
        self.source.split('#').next().unwrap_or_default()
    }

    /// Name and version as people write them: `smallvec 1.6.0`.
    pub fn label(&self) -> String {
        match (self.version.as_str(), self.requirement.as_str()) {
            ("", "") => self.name.clone(),
            ("", requirement) => format!("{} {requirement}", self.name),
            (version, _) => format!("{} {version}", self.name),
        }
    }

    /// Whether the file gives an exact version.
    pub fn is_exact(&self) -> bool {
        !self.version.is_empty()
    }

    /// Whether it stands for a registry or folder that may give any package, listed by its host or path.
    pub fn is_source(&self) -> bool {
        let is_own = |host: &str| host == self.name;
        let host = self.source.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        !self.source.is_empty()
            && self.version.is_empty()
            && self.requirement.is_empty()
            && (is_own(&self.source) || host.is_some_and(is_own))
    }

    /// Whether the version only fills the place of one, as `v0.0.0` does in a `go.mod` that replaces the module.
    pub fn has_placeholder(&self) -> bool {
        self.ecosystem == Ecosystem::GO
            && matches!(self.version.as_str(), "0.0.0" | "0.0.0-00010101000000-000000000000")
    }

    /// Whether a folder of the project may be a copy of the published package of its name and version: where names are those of the
    /// registry, or lead to the one place that a package is published at.
    pub fn may_be_copy(&self) -> bool {
        let is_of_registry = matches!(self.ecosystem, Ecosystem::CRATES_IO | Ecosystem::GO);
        self.origin == Origin::Project && is_of_registry && self.is_exact() && !self.has_placeholder()
    }
}
