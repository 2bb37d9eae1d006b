//! What was found in a file, in the form in which it is kept.

use serde::{Deserialize, Serialize};

use super::super::{Installed, Left};
use crate::document::Damage;
use crate::{Origin, Package};
use devops_core::Ecosystem;

/// Packages of Bioconductor, which OSV keeps apart from those of CRAN.
pub(super) const BIOCONDUCTOR: Ecosystem = Ecosystem::new("Bioconductor", "bioconductor");
/// Programs as their projects publish them, which OSV has records about by the names and versions of Bitnami's packages.
pub(super) const BITNAMI: Ecosystem = Ecosystem::new("Bitnami", "bitnami");
/// Packages of conda, which OSV has no records about.
pub(super) const CONDA: Ecosystem = Ecosystem::new("Conda", "conda");
/// Packages of PEAR and PECL, which OSV has no records about.
pub(super) const PEAR: Ecosystem = Ecosystem::new("PEAR", "pear");
/// Programs that OSV has no records about.
pub(super) const PROGRAM: Ecosystem = Ecosystem::new("Program", "generic");

/// The ecosystems of packages that are found.
const ECOSYSTEMS: [Ecosystem; 15] = [
    BIOCONDUCTOR,
    BITNAMI,
    CONDA,
    Ecosystem::CRAN,
    Ecosystem::CRATES_IO,
    Ecosystem::GO,
    Ecosystem::JULIA,
    Ecosystem::MAVEN,
    Ecosystem::NPM,
    Ecosystem::NUGET,
    Ecosystem::PACKAGIST,
    PEAR,
    PROGRAM,
    Ecosystem::PYPI,
    Ecosystem::RUBYGEMS,
];

/// What a file says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Taken {
    /// The packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) packages: Vec<Found>,
    /// Why it can't be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) damage: Option<Kept>,
}

/// What is wrong with a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What is wrong.
    pub(super) what: String,
    /// The line, from 1; 0 for the file.
    pub(super) line: u64,
}

impl Taken {
    /// Something wrong.
    pub(super) fn damaged(damage: Damage) -> Self {
        Self { packages: Vec::new(), damage: Some(Kept { what: damage.what, line: damage.line }) }
    }

    /// Whether the file says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.damage.is_none()
    }
}

impl From<Found> for Taken {
    fn from(found: Found) -> Self {
        Self { packages: vec![found], damage: None }
    }
}

impl From<Vec<Found>> for Taken {
    fn from(packages: Vec<Found>) -> Self {
        Self { packages, damage: None }
    }
}

/// A package that a file says is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// The name of its ecosystem in OSV, or the one it has here.
    ecosystem: String,
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// The licence, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<String>,
    /// The line of its name, from 1; 0 in what is no text.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) line: u64,
    /// Where in the file, if that is an archive: `WEB-INF/lib/a.jar`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) inside: String,
    /// Where it is from if not from the public registry: the word for the origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// The same as the file spells it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    source: String,
    /// Whether only the name of its folder says so, so that any other file in there says it better.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) is_guess: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Found {
    /// A package of the public registry.
    pub(super) fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            ecosystem: ecosystem.name().to_owned(),
            name: name.into(),
            version: version.into(),
            ..Self::default()
        }
    }

    /// The same from somewhere else.
    pub(super) fn from(mut self, origin: Origin, source: impl Into<String>) -> Self {
        self.origin = Some(origin.word().to_owned());
        self.source = source.into();
        self
    }

    /// The same with a licence.
    pub(super) fn licensed(mut self, license: Option<String>) -> Self {
        self.license = license.filter(|license| !license.is_empty());
        self
    }

    /// The same at a line.
    pub(super) fn at(mut self, line: u64) -> Self {
        self.line = line;
        self
    }

    /// The same, where only the name of its folder says so.
    pub(super) fn guessed(mut self) -> Self {
        self.is_guess = true;
        self
    }

    /// The package with its file; none where something of it is unknown here.
    pub(super) fn installed(self, left: &Left<'_>) -> Option<Installed> {
        let ecosystem = ECOSYSTEMS.into_iter().find(|ecosystem| ecosystem.name() == self.ecosystem)?;
        let mut package = Package::new(ecosystem, self.name, self.version, self.line);
        if let Some(origin) = &self.origin {
            package.origin = Origin::of_word(origin)?;
        }
        package.source = self.source;
        package.license = self.license;
        let path = match self.inside.as_str() {
            "" => left.path.to_owned(),
            inside => format!("{}!/{inside}", left.path),
        };
        Some(Installed {
            package,
            source: None,
            architecture: String::new(),
            module: String::new(),
            path,
            layer: left.layer,
        })
    }
}
