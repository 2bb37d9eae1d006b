//! Finds lockfiles by name in files and folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::format::{Format, Kind, help, names};
use devops_core::{Error, Location};

/// Folders that hold other people's code, build products or history.
const NOT_ENTERED: [&str; 5] = [".git", "node_modules", "target", "vendor", ".venv"];

/// Whether a folder of this name is searched.
pub fn is_searched(folder: &str) -> bool {
    !NOT_ENTERED.contains(&folder)
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Lockfiles, in the order of their paths.
    pub lockfiles: BTreeMap<PathBuf, Kind>,
    /// Folders that were not entered, by their names.
    pub not_entered: BTreeSet<PathBuf>,
}

/// Finds the lockfiles that `paths` name or contain.
///
/// # Errors
/// Where a path is missing, can't be listed, is a folder without lockfiles, or is a file that is no lockfile by its
/// name; and where a lockfile in a folder is a link to somewhere that `is_inside` does not accept.
pub fn find(paths: &[PathBuf], is_inside: &dyn Fn(&Path) -> bool) -> Result<Found, Error> {
    let mut found = Found::default();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| missing(path, error))?;
        if metadata.is_dir() {
            let below = walk(path, is_inside)?;
            if below.lockfiles.is_empty() {
                return Err(without(path, &below));
            }
            found.lockfiles.extend(below.lockfiles);
            found.not_entered.extend(below.not_entered);
        } else {
            let Some(kind) = Kind::of_named(&shown(path)) else {
                return Err(Error::input("does not have the name of a lockfile")
                    .at(Location::file(shown(path)))
                    .help(format!("give a {}, or a folder to search for lockfiles", names())));
            };
            found.lockfiles.insert(tidy(path), kind);
        }
    }
    found.lockfiles = once(found.lockfiles);
    Ok(found)
}

/// Every lockfile once, by the shortest of the paths that lead to it, a relative one first.
fn once(lockfiles: BTreeMap<PathBuf, Kind>) -> BTreeMap<PathBuf, Kind> {
    let mut lockfiles: Vec<(PathBuf, Kind)> = lockfiles.into_iter().collect();
    lockfiles.sort_by_cached_key(|(path, _)| (path.is_absolute(), path.components().count(), path.clone()));
    let mut seen = BTreeSet::new();
    // A path that leads nowhere stays, so that reading it is an error.
    lockfiles.retain(|(path, _)| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    lockfiles.into_iter().collect()
}

/// The error that a named path can't be read.
fn missing(path: &Path, error: io::Error) -> Error {
    if path.file_name().is_some_and(|name| name == "-") {
        return Error::input("lockfiles are not read from stdin")
            .at(Location::file("-"))
            .help(format!("write the lockfile to a file named {} and give its path", names()));
    }
    Error::unreadable(path, error)
        .help(format!("give a {} that exists, or a folder to search for lockfiles", names()))
}

/// The error that a folder has no lockfile.
fn without(path: &Path, below: &Found) -> Error {
    let mut message = "no lockfile found".to_owned();
    if !below.not_entered.is_empty() {
        let folders: Vec<String> = below.not_entered.iter().take(5).map(|path| shown(path)).collect();
        message.push_str(&format!(", skipped folders: {}", folders.join(", ")));
    }
    Error::input(message).at(Location::file(shown(path))).help(help())
}

/// The error that a lockfile, met in a folder, is a link to somewhere else.
fn leads_out(path: &Path, target: &Path) -> Error {
    Error::input(format!("is a link out of the workspace, to {}", target.display()))
        .at(Location::file(shown(path)))
        .help("name the lockfile itself if it is meant")
}

/// Looks through a folder and those below it; links to folders are not followed, so that circles end.
fn walk(start: &Path, is_inside: &dyn Fn(&Path) -> bool) -> Result<Found, Error> {
    let real = fs::canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
    let mut found = Found::default();
    let mut folders = vec![start.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| Error::unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Error::unreadable(&folder, error))?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let kind = entry.file_type().map_err(|error| Error::unreadable(&path, error))?;
            if kind.is_dir() {
                if is_searched(&name) {
                    folders.push(path);
                } else {
                    found.not_entered.insert(tidy(&path));
                }
            } else if let Some(lockfile) = Kind::of(&shown(&path)) {
                if kind.is_symlink()
                    && let Ok(target) = fs::canonicalize(&path)
                    && !(target.starts_with(&real) || is_inside(&target))
                {
                    return Err(leads_out(&path, &target));
                }
                found.lockfiles.insert(tidy(&path), lockfile);
            } else if kind.is_symlink() && path.is_dir() {
                found.not_entered.insert(tidy(&path));
            }
        }
    }
    Ok(found)
}

/// The path without a leading `./`.
fn tidy(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_path_buf()
}

/// The path as reports write it.
pub fn shown(path: &Path) -> String {
    let tidy = tidy(path);
    if tidy.as_os_str().is_empty() { ".".to_owned() } else { tidy.display().to_string().replace('\\', "/") }
}

impl Found {
    /// Whether there is a lockfile at this path, as reports write it.
    pub fn has(&self, path: &str) -> bool {
        self.lockfiles.keys().any(|found| shown(found) == path)
    }

    /// The lockfiles that are read, with their format.
    pub fn read(&self) -> impl Iterator<Item = (&Path, &'static Format)> {
        self.lockfiles.iter().filter_map(|(path, kind)| match kind {
            Kind::Read(format) => Some((path.as_path(), *format)),
            Kind::NotRead(_) => None,
        })
    }

    /// The lockfiles of formats that are not read yet, with their ecosystem.
    pub fn not_read(&self) -> impl Iterator<Item = (&Path, &'static str)> {
        self.lockfiles.iter().filter_map(|(path, kind)| match kind {
            Kind::NotRead(ecosystem) => Some((path.as_path(), *ecosystem)),
            Kind::Read(_) => None,
        })
    }
}
