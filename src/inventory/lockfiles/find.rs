//! Finds lockfiles by name in files and folders.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::format::{Format, Kind, help, names};
use super::manifests::{Manifest, is_manifest};
use super::requirements;
use super::workspaces::Workspaces;
use devops_core::{Error, Location};

/// What a search leaves to others.
pub trait Sight {
    /// Whether a lockfile that is a link may lead to this path, which has no links in it.
    fn may_lead_to(&self, real: &Path) -> bool;

    /// Whether the search leaves out a file or folder, by its path below the folder that is searched, with `/`.
    ///
    /// # Errors
    /// Where that can't be found out.
    fn hides(&self, searched: &Path, below: &str, is_folder: bool) -> Result<bool, Error>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// Where it can't be read.
    fn read(&self, path: &Path) -> Result<Vec<u8>, Error>;
}

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
    /// Lockfiles, and folders that may have some, that the search left out.
    pub hidden: BTreeSet<PathBuf>,
}

/// Finds the lockfiles that `paths` name or contain. A name is a path, or `FORMAT:PATH` where the path says nothing of the format.
///
/// # Errors
/// Where a path is missing, can't be listed, is a folder without lockfiles, or is a file that is no lockfile by its
/// name; where a lockfile in a folder is a link to somewhere that must not be read; and where one file is named by two formats.
pub fn find(paths: &[PathBuf], sight: &dyn Sight) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut lockfiles = Vec::new();
    for path in paths {
        if let Some((kind, path)) = forced(path) {
            lockfiles.push((tidy(&path), kind));
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| missing(path, error))?;
        if metadata.is_dir() {
            let below = walk(path, sight)?;
            if below.lockfiles.is_empty() {
                return Err(without(path, &below));
            }
            lockfiles.extend(below.lockfiles);
            found.not_entered.extend(below.not_entered);
            found.hidden.extend(below.hidden);
        } else {
            let Some(kind) = Kind::of_named(&shown(path)) else {
                return Err(Error::input("does not have the name of a lockfile")
                    .at(Location::file(shown(path)))
                    .help(format!(
                        "give {}, a folder to search for lockfiles, or the format in front, such as `Cargo.lock:{}`",
                        names(),
                        shown(path)
                    )));
            };
            lockfiles.push((tidy(path), kind));
        }
    }
    found.lockfiles = once(lockfiles)?;
    Ok(found)
}

/// The format and the path of `FORMAT:PATH`; none where there is a file of that whole name.
fn forced(written: &Path) -> Option<(Kind, PathBuf)> {
    if written.symlink_metadata().is_ok() {
        return None;
    }
    let (name, path) = written.to_str()?.split_once(':')?;
    let path = PathBuf::from(path);
    path.is_file().then_some((Kind::of_format(name)?, path))
}

/// Every lockfile once, by the shortest of the paths that lead to it, a relative one first.
fn once(mut lockfiles: Vec<(PathBuf, Kind)>) -> Result<BTreeMap<PathBuf, Kind>, Error> {
    lockfiles.sort_by_cached_key(|(path, _)| (path.is_absolute(), path.components().count(), path.clone()));
    let mut kept = BTreeMap::new();
    let mut seen: BTreeMap<PathBuf, Kind> = BTreeMap::new();
    for (path, kind) in lockfiles {
        // A path that leads nowhere stays, so that reading it is an error.
        match seen.entry(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
            Entry::Vacant(vacant) => {
                vacant.insert(kind);
                kept.insert(path, kind);
            }
            Entry::Occupied(known) if known.get().name() == kind.name() => {}
            // Read as another format, it would hide what it lists.
            Entry::Occupied(known) => {
                let (one, other) = (known.get().name(), kind.name());
                return Err(Error::input(format!("is to be read as `{one}` and as `{other}`"))
                    .at(Location::file(shown(&path)))
                    .help("name it once"));
            }
        }
    }
    Ok(kept)
}

/// The error that a named path can't be read.
fn missing(path: &Path, error: io::Error) -> Error {
    if path.file_name().is_some_and(|name| name == "-") {
        return Error::input("lockfiles are not read from stdin")
            .at(Location::file("-"))
            .help(format!("write the lockfile to a file named as {} and give its path", names()));
    }
    Error::unreadable(path, error)
        .help(format!("give {} that exists, or a folder to search for lockfiles", names()))
}

/// The error that a folder has no lockfile.
fn without(path: &Path, below: &Found) -> Error {
    let mut message = "no lockfile found".to_owned();
    if !below.not_entered.is_empty() {
        let folders: Vec<String> = below.not_entered.iter().take(5).map(|path| shown(path)).collect();
        message.push_str(&format!(", skipped folders: {}", folders.join(", ")));
    }
    if !below.hidden.is_empty() {
        let hidden: Vec<String> = below.hidden.iter().take(5).map(|path| shown(path)).collect();
        message.push_str(&format!(", ignored or excluded: {}", hidden.join(", ")));
    }
    Error::input(message).at(Location::file(shown(path))).help(help())
}

/// The error that a lockfile, met in a folder, is a link to somewhere else.
fn leads_out(path: &Path, target: &Path) -> Error {
    Error::input(format!("is a link out of the workspace, to {}", target.display()))
        .at(Location::file(shown(path)))
        .help("name the lockfile itself if it is meant")
}

/// Looks through a folder and those below it. Links to folders that may be read are followed where nothing else leads there, each
/// folder once, so that circles end.
fn walk(start: &Path, sight: &dyn Sight) -> Result<Found, Error> {
    let real = fs::canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
    let mut found = Found::default();
    let mut manifests = Vec::new();
    // Each with its path without links.
    let mut folders = vec![(start.to_path_buf(), real.clone())];
    let mut links = Vec::new();
    let mut seen = BTreeSet::new();
    // What needs no link comes first, so that it is found by its own path.
    while let Some((folder, real_folder)) = folders.pop().or_else(|| links.pop()) {
        if !seen.insert(real_folder.clone()) {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(|error| Error::unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Error::unreadable(&folder, error))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(|error| Error::unreadable(&path, error))?;
            let below = path.strip_prefix(start).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if kind.is_dir() {
                if !is_searched(&name) {
                    found.not_entered.insert(tidy(&path));
                } else if sight.hides(start, &below, true)? {
                    found.hidden.insert(tidy(&path));
                } else {
                    let real_path = real_folder.join(entry.file_name());
                    folders.push((path, real_path));
                }
            } else if let Some(lockfile) = Kind::of(&shown(&path)) {
                if sight.hides(start, &below, false)? {
                    found.hidden.insert(tidy(&path));
                    continue;
                }
                if kind.is_symlink()
                    && let Ok(target) = fs::canonicalize(&path)
                    && !(target.starts_with(&real) || sight.may_lead_to(&target))
                {
                    return Err(leads_out(&path, &target));
                }
                let is_prose = lockfile.name() == requirements::FORMAT.name
                    && requirements::is_prose(&name, &sight.read(&path)?);
                let lockfile = if is_prose { Kind::NotRead("PyPI") } else { lockfile };
                found.lockfiles.insert(tidy(&path), lockfile);
            } else if kind.is_symlink() && path.is_dir() {
                let is_searched = is_searched(&name) && !sight.hides(start, &below, true)?;
                let target = fs::canonicalize(&path)
                    .ok()
                    .filter(|target| target.starts_with(&real) || sight.may_lead_to(target));
                match target.filter(|target| is_searched && !is_of_git(target)) {
                    Some(target) => links.push((path, target)),
                    None => drop(found.not_entered.insert(tidy(&path))),
                }
            } else if kind.is_file()
                && let Some(manifest) = Manifest::of(&name)
                && !sight.hides(start, &below, false)?
            {
                manifests.push((path, manifest));
            }
        }
    }
    add_unlocked(&mut found, manifests, sight)?;
    Ok(found)
}

/// Whether a folder is git's own, or lies in it.
fn is_of_git(folder: &Path) -> bool {
    folder.components().any(|part| part.as_os_str() == ".git")
}

/// Adds manifests that ask for packages which no lockfile lists.
fn add_unlocked(
    found: &mut Found,
    manifests: Vec<(PathBuf, &'static Manifest)>,
    sight: &dyn Sight,
) -> Result<(), Error> {
    let mut workspaces = Workspaces::default();
    for (path, manifest) in manifests {
        if !is_locked(&path, manifest, found, sight, &mut workspaces) && manifest.asks(&sight.read(&path)?) {
            found.lockfiles.insert(tidy(&path), Kind::NotRead(manifest.ecosystem));
        }
    }
    Ok(())
}

/// Whether a lockfile beside a manifest, or in a folder above it, lists what the manifest asks for.
fn is_locked(
    path: &Path,
    manifest: &Manifest,
    found: &Found,
    sight: &dyn Sight,
    workspaces: &mut Workspaces,
) -> bool {
    let path = tidy(path);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    found
        .lockfiles
        .iter()
        // Another manifest that is not locked either locks nothing.
        .filter(|(lockfile, _)| !is_manifest(&shown(lockfile)))
        .any(|(lockfile, kind)| {
            let mut is_member = || workspaces.have(lockfile, kind.name(), folder, sight);
            manifest.is_locked_by(folder, lockfile, kind.name(), &mut is_member)
        })
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
