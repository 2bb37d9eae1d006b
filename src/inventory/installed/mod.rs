//! Packages as an image or a root folder has them installed: those of its distribution and those of languages.
//!
//! A layer is read once and knows nothing of the layers below it, so that reading has two steps. [`extract`] looks at one file of a
//! layer and takes from it what may matter, a pure function of its path and its bytes, which may be kept for another run.
//! [`system::read`] and [`languages::read`] get what was taken from the files that are left once all layers lie on each other, and say what is installed.

mod content;
pub mod languages;
pub mod system;

use serde::{Deserialize, Serialize};

pub use content::{Content, InMemory};

use super::package::Package;
pub use super::package::SourcePackage;
use super::purl::{of_distribution, purl};
use devops_core::Error;

/// What tells the kinds of extracts apart. Each is read by one reader below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Says which system it is: `etc/os-release` and its older relatives, whole.
    Release,
    /// A list of installed packages of a distribution (dpkg, apk, rpm), whole or the part that matters.
    Database,
    /// The list of files of a package of a distribution, where the database does not hold it: `var/lib/dpkg/info/*.list`.
    FileList,
    /// The packages of a language, whole or the part that matters.
    Language,
    /// A program with a version string or build information.
    Program,
}

/// What is taken from a file of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extract {
    /// What kind of file it is from.
    pub kind: Kind,
    /// The name of the reader that took it and will read it: `dpkg`, `rpm-sqlite`, `npm`, `go-binary`.
    pub reader: String,
    /// What was taken: the file itself, or a form of its own that the reader defines.
    pub bytes: Vec<u8>,
}

/// What a file is, beside its content.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its path from the root of the image, without a slash before it; not UTF-8 where the image's is not.
    pub path: &'a [u8],
    /// Its length in bytes.
    pub size: u64,
    /// Its permission bits, with setuid and setgid.
    pub mode: u32,
}

/// A file that is left once all layers lie on each other, with what was taken from it.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    /// Its path from the root of the image, without a slash before it and without links; a name that is not UTF-8 in its lossy form.
    pub path: &'a str,
    /// The number of the layer that it is from, from 0; 0 for a root folder.
    pub layer: usize,
    /// What was taken.
    pub extract: &'a Extract,
}

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The package; for one of a distribution the ecosystem has its release (`Debian:12`), and the line is that of its record where the
    /// database is a text, else 0.
    pub package: Package,
    /// Its source package, where its distribution has such.
    pub source: Option<SourcePackage>,
    /// Its architecture, where that is known.
    pub architecture: String,
    /// The module of its distribution that it was built for, `nodejs:18:…`: advisories about modules are about no other build; mostly
    /// empty.
    pub module: String,
    /// The file that says it is installed.
    pub path: String,
    /// The layer of that file; for a record of a database, the lowest layer whose version of the database has the same record and every
    /// one between has it too.
    pub layer: usize,
}

impl Installed {
    /// Its purl, with architecture, release and source package where it is of a distribution.
    pub fn purl(&self) -> String {
        let package = &self.package;
        let upstream = match &self.source {
            Some(source) if source.version != package.version => {
                format!("{}@{}", source.name, source.version)
            }
            Some(source) if source.name != package.name => source.name.clone(),
            _ => String::new(),
        };
        if self.source.is_none() && self.architecture.is_empty() {
            return purl(package.ecosystem, &package.name, &package.version);
        }
        of_distribution(package.ecosystem, &package.name, &package.version, &self.architecture, &upstream)
    }
}

/// Whether a file is looked at, by its path alone.
pub fn is_wanted(path: &[u8]) -> bool {
    system::is_wanted(path) || languages::is_wanted(path)
}

/// Looks at a file of a layer; none where nothing of it matters.
///
/// # Errors
///
/// The content can't be read, or is a file that matters and is larger than what is read of such a file: never a reason to go on
/// without it.
pub fn extract(entry: Entry<'_>, content: &mut dyn Content) -> Result<Option<Extract>, Error> {
    if let Some(found) = system::extract(entry, content)? {
        return Ok(Some(found));
    }
    languages::extract(entry, content)
}
