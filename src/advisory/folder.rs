//! An advisory database as a folder: `crates/<package>/<id>.md`, of which only what is wanted is opened.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use super::collector::{Collector, LARGEST, LARGEST_RECORD, Slot};
use super::{database, rustsec};
use devops_core::{Error, Location};

/// Deepest folder that is searched for records.
const DEEPEST: usize = 12;
/// Most files and folders that are met.
const MOST: u64 = 4_000_000;

/// Walks through a folder: that of RustSec, or one with records in OSV's form.
///
/// # Errors
/// Where it is not such a database or can't be listed.
pub(super) fn walk(folder: &Path, collector: &mut Collector<'_>) -> Result<(), Error> {
    if folder.join("crates").symlink_metadata().is_ok() {
        return walk_rustsec(folder, collector);
    }
    let root = folder.canonicalize().map_err(|error| Error::unreadable(folder, error))?;
    records(folder, "", DEEPEST, &mut Search { root: &root, left: MOST, collector })
}

/// Whether the files of a folder are those of RustSec.
pub(super) fn is_of_rustsec(files: &[String]) -> bool {
    files.iter().any(|path| path.starts_with("crates/"))
}

/// Whether a file is a record by its name.
pub(super) fn is_record(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !name.starts_with('.') && [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a file in a folder is a zip of records.
pub(super) fn is_zip(path: &str) -> bool {
    path.rsplit('.').next() == Some("zip")
}

/// A search for records.
struct Search<'a, 'b> {
    root: &'a Path,
    /// How many more files and folders may be met.
    left: u64,
    collector: &'a mut Collector<'b>,
}

/// Takes the records of a folder and of those below it, and of zips in them.
fn records(folder: &Path, below: &str, depth: usize, search: &mut Search<'_, '_>) -> Result<(), Error> {
    let refused = |path: &Path, message: String| {
        Error::input(message)
            .at(Location::file(path.display().to_string()))
            .help("fetch the database again, and give its own folder")
    };
    let entries = fs::read_dir(folder).map_err(|error| Error::unreadable(folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::unreadable(folder, error))?;
        let path = entry.path();
        search.left = search
            .left
            .checked_sub(1)
            .ok_or_else(|| refused(&path, format!("the database has more than {MOST} files")))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if let Some(target) = way_out(&entry, search.root) {
            return Err(refused(&path, format!("is a link out of the database, to {}", target.display())));
        }
        let inside = format!("{below}{name}");
        let kind = entry.file_type().map_err(|error| Error::unreadable(&path, error))?;
        if kind.is_dir() {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| refused(&path, format!("is more than {DEEPEST} folders deep")))?;
            records(&path, &format!("{inside}/"), depth, search)?;
        } else if is_record(&name) {
            match devops_files::read(&path, LARGEST_RECORD) {
                Ok(bytes) => search.collector.take_record(&inside, &bytes),
                Err(error) => {
                    let id = name.rsplit_once('.').map_or(name.as_ref(), |(stem, _)| stem);
                    search.collector.refuse_record(&inside, id, &error.to_string(), Vec::new());
                }
            }
        } else if is_zip(&name) {
            let file = devops_files::open(&path).map_err(|error| Error::unreadable(&path, error))?;
            database::zip(file, &database::shown(&path), search.collector)?;
        }
    }
    Ok(())
}

/// Walks through the folder of RustSec.
fn walk_rustsec(folder: &Path, collector: &mut Collector<'_>) -> Result<(), Error> {
    let crates = folder.join("crates");
    let entries = fs::read_dir(&crates).map_err(|error| {
        Error::unreadable(&crates, error)
            .help("give the folder of a RustSec advisory database that contains `crates`")
    })?;
    let root = folder.canonicalize().map_err(|error| Error::unreadable(folder, error))?;
    let mut by_year: BTreeMap<i16, Vec<PathBuf>> = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::unreadable(&crates, error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        if let Some(target) = way_out(&entry, &root) {
            return Err(Error::input(format!("is a link out of the database, to {}", target.display()))
                .at(Location::file(entry.path().display().to_string()))
                .help("fetch the database again, and give its own folder"));
        }
        package(&entry.path(), &root, &name, collector, &mut by_year)?;
    }
    newest(by_year, collector);
    Ok(())
}

/// Goes through the files of a folder that is not on the disk, by their paths below it; `read` gives a file's bytes.
///
/// # Errors
/// Where a file can't be read.
pub(super) fn walk_files(
    files: &[String],
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    collector: &mut Collector<'_>,
) -> Result<(), Error> {
    for path in files {
        let mut parts = path.split('/');
        let (Some("crates"), Some(package), Some(file), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Some(slot) = Slot::of(package, file).filter(|_| !package.starts_with('.')) else { continue };
        if collector.meet(slot) {
            collector.take(slot, &read(path)?);
        }
    }
    Ok(())
}

/// Counts a package's advisories and reads them if they are wanted.
fn package(
    folder: &Path,
    root: &Path,
    name: &str,
    collector: &mut Collector<'_>,
    by_year: &mut BTreeMap<i16, Vec<PathBuf>>,
) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::unreadable(folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::unreadable(folder, error))?;
        let file = entry.file_name();
        let file = file.to_string_lossy();
        let Some(slot) = Slot::of(name, &file) else { continue };
        let wanted = collector.meet(slot);
        if let Some(target) = way_out(&entry, root) {
            if wanted {
                collector.refuse(slot, format!("is a link out of the database, to {}", target.display()));
            }
            continue;
        }
        if wanted {
            match read(&entry.path()) {
                Ok(text) => collector.take(slot, &text),
                Err(reason) => collector.refuse(slot, reason),
            }
        }
        if let Some(year) = rustsec::year(slot.id) {
            by_year.entry(year).or_default().push(entry.path());
        }
    }
    Ok(())
}

/// Where a link leads that leaves the database.
fn way_out(entry: &DirEntry, root: &Path) -> Option<PathBuf> {
    if !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
        return None;
    }
    entry.path().canonicalize().ok().filter(|target| !target.starts_with(root))
}

/// Finds the newest day, from the newest year down to the first that has one.
fn newest(by_year: BTreeMap<i16, Vec<PathBuf>>, collector: &mut Collector<'_>) {
    for paths in by_year.into_values().rev() {
        for path in paths {
            let id = path.file_stem().map(std::ffi::OsStr::to_string_lossy).unwrap_or_default();
            if collector.may_be_newest(&id)
                && let Ok(text) = read(&path)
            {
                collector.take_date(&text);
            }
        }
    }
}

/// A file's bytes, if it is an ordinary one of reasonable size.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    devops_files::read(path, LARGEST).map_err(|error| error.to_string())
}
