//! Finds lockfiles by name in files and folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::names::Format;
use crate::core::{Error, Location};

/// Folders that hold other people's code, build products or history.
const NOT_ENTERED: [&str; 5] = [".git", "node_modules", "target", "vendor", ".venv"];

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Lockfiles with their format, in the order of their paths.
    pub lockfiles: BTreeSet<(PathBuf, Format)>,
    /// Folders that were not entered, by their names.
    pub not_entered: BTreeSet<PathBuf>,
}

/// Finds the lockfiles that `paths` name or contain.
///
/// # Errors
/// Where a path is missing, can't be listed, or is a file that is no lockfile by its name.
pub fn find(paths: &[PathBuf]) -> Result<Found, Error> {
    let mut found = Found::default();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| Error::unreadable(path, error))?;
        if metadata.is_dir() {
            walk(path, &mut found)?;
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Some(format) = Format::of_named(&name) else {
                return Err(Error::input("is no lockfile by its name")
                    .at(Location::file(shown(path)))
                    .help("name a `Cargo.lock`, or a folder to look for lockfiles in"));
            };
            found.lockfiles.insert((tidy(path), format));
        }
    }
    Ok(found)
}

/// Looks through a folder and those below it; links to folders are not followed, so that circles end.
fn walk(start: &Path, found: &mut Found) -> Result<(), Error> {
    let mut folders = vec![start.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| Error::unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Error::unreadable(&folder, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let kind = entry.file_type().map_err(|error| Error::unreadable(&entry.path(), error))?;
            if kind.is_dir() {
                if NOT_ENTERED.contains(&name.as_ref()) {
                    found.not_entered.insert(tidy(&entry.path()));
                } else {
                    folders.push(entry.path());
                }
            } else if let Some(format) = Format::of(&name) {
                found.lockfiles.insert((tidy(&entry.path()), format));
            }
        }
    }
    Ok(())
}

/// The path without a leading `./`.
fn tidy(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_path_buf()
}

/// The path as reports write it.
pub fn shown(path: &Path) -> String {
    tidy(path).display().to_string().replace('\\', "/")
}

impl Found {
    /// The lockfiles of a format.
    pub fn of(&self, format: Format) -> impl Iterator<Item = &Path> {
        self.lockfiles.iter().filter(move |(_, own)| *own == format).map(|(path, _)| path.as_path())
    }

    /// The lockfiles of formats that are not read yet, with their ecosystem.
    pub fn not_read(&self) -> impl Iterator<Item = (&Path, &'static str)> {
        self.lockfiles.iter().filter_map(|(path, format)| match format {
            Format::NotRead(ecosystem) => Some((path.as_path(), *ecosystem)),
            Format::Cargo => None,
        })
    }
}
