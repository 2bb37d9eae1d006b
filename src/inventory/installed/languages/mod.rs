//! Packages of languages that are installed, and programs: metadata folders, archives of classes, build information in binaries.
//!
//! A new kind is one new file here and one line in the table. Looking at a file gives a list of packages, which is small and may be kept;
//! a file that is damaged gives a sentence about that, which is an error only where the file is left once all layers lie on each other
//! and no package of the distribution owns it. Lockfiles say what should be installed, not what is, and are ignored.

mod found;
mod go;
mod header;
mod path;
mod rust;
mod sections;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;

use self::found::Taken;
use self::path::Path;
use super::{Content, Entry, Extract, Installed, Kind, Left};
use crate::document::Damage;
use devops_core::modules::modules;
use devops_core::{Error, Location};

/// Largest file of metadata that is read.
const LARGEST: u64 = 64 << 20;

/// How the files of a kind are found and read.
struct Reader {
    /// Its name in extracts.
    name: &'static str,
    /// What its extracts are.
    kind: Kind,
    /// Whether it wants a file, by its path and permissions alone.
    is: fn(&Candidate<'_>) -> bool,
    /// What a file says.
    take: fn(&Candidate<'_>, &mut dyn Content) -> Result<Taken, Trouble>,
}

/// A file that a reader may want.
struct Candidate<'a> {
    path: Path<'a>,
    /// Its permission bits.
    mode: u32,
}

modules! {
    /// Every kind that is read.
    const READERS: &[Reader] = READER of {
        composer,
        conda,
        dotnet,
        gem,
        jar,
        julia,
        node,
        program,
        python,
        r,
        // The last: nearly every program is looked at.
        executable,
    }
}

/// Why a file says nothing.
#[derive(Debug)]
enum Trouble {
    /// It can't be read.
    Unreadable(io::Error),
    /// It was read, and can't be understood.
    Damaged(Damage),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<Damage> for Trouble {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

/// The whole of a file of metadata.
fn whole(content: &mut dyn Content) -> Result<std::borrow::Cow<'_, [u8]>, Trouble> {
    let size = content.size();
    match content.whole(LARGEST)? {
        Some(bytes) if bytes.len() as u64 == size => Ok(bytes),
        Some(_) => Err(Damage::new(0, "is cut off").into()),
        None => Err(Damage::new(0, format!("is larger than {} MiB", LARGEST >> 20)).into()),
    }
}

/// Whether a file is looked at, by its path alone. Build information is in a program under every name, so that only programs that are
/// known by name are.
pub(super) fn is_wanted(path: &[u8]) -> bool {
    let candidate = Candidate { path: Path::of(path), mode: 0 };
    let is_kind = |reader: &&Reader| reader.name != executable::READER.name && (reader.is)(&candidate);
    READERS.iter().any(|reader| is_kind(&reader)) || program::is_known(&candidate.path.name_text())
}

/// Looks at a file; none where it says nothing about packages of languages.
pub(super) fn extract(entry: Entry<'_>, content: &mut dyn Content) -> Result<Option<Extract>, Error> {
    let candidate = Candidate { path: Path::of(entry.path), mode: entry.mode };
    let Some(reader) = READERS.iter().find(|reader| (reader.is)(&candidate)) else { return Ok(None) };
    let taken = match (reader.take)(&candidate, content) {
        Ok(taken) => taken,
        Err(Trouble::Damaged(damage)) => Taken::damaged(damage),
        Err(Trouble::Unreadable(error)) => {
            let path = String::from_utf8_lossy(entry.path).into_owned();
            return Err(Error::input("can't be read").at(Location::file(path)).because(error));
        }
    };
    if taken.is_empty() {
        return Ok(None);
    }
    let bytes = serde_json::to_vec(&taken)
        .map_err(|error| Error::bug("an extract can't be written").because(error))?;
    Ok(Some(Extract { kind: reader.kind, reader: reader.name.to_owned(), bytes }))
}

/// The packages that files say are installed. `is_owned` says whether a package of the distribution owns a path: such a file is no
/// second package.
///
/// # Errors
///
/// A file that was taken can't be understood.
pub fn read(files: &[Left<'_>], is_owned: &dyn Fn(&str) -> bool) -> Result<Vec<Installed>, Error> {
    let mut installed = Vec::new();
    // Packages that only the names of their folders tell about, and the folders whose metadata says it better.
    let mut guessed = Vec::new();
    let mut described = HashSet::new();
    for left in files.iter().filter(|left| READERS.iter().any(|reader| reader.name == left.extract.reader)) {
        if is_owned(left.path) {
            continue;
        }
        let taken: Taken = serde_json::from_slice(&left.extract.bytes).map_err(|error| {
            Error::input("what was kept of it is damaged").at(Location::file(left.path)).because(error)
        })?;
        if let Some(damage) = taken.damage {
            let location = match damage.line {
                0 => Location::file(left.path),
                line => Location::line(left.path, line),
            };
            return Err(Error::input(damage.what)
                .at(location)
                .help("rebuild the image, or remove the file if nothing uses it"));
        }
        for found in taken.packages {
            let is_guess = found.is_guess;
            let package = found.installed(left).ok_or_else(|| {
                Error::input("what was kept of it is of another version").at(Location::file(left.path))
            })?;
            if is_guess {
                guessed.push(package);
            } else {
                described.insert(folder(left.path));
                installed.push(package);
            }
        }
    }
    for package in guessed {
        let folder = folder(&package.path).to_owned();
        // The first guess about a folder is as good as the next.
        if !described.contains(folder.as_str())
            && !installed.iter().any(|other: &Installed| self::folder(&other.path) == folder)
        {
            installed.push(package);
        }
    }
    installed.sort_by(|left, right| {
        let key = |one: &Installed| (one.path.clone(), one.package.name.clone(), one.package.version.clone());
        key(left).cmp(&key(right))
    });
    Ok(installed)
}

/// The folder of a path.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
