//! An advisory database: a folder or a tarball, its facts, and what it has about wanted packages.

use std::path::Path;

use jiff::civil::Date;

use super::collector::{Collected, Collector, Wanted};
use super::{folder, rustsec, tarball};
use devops_core::{Ecosystem, Error, Input, Location};

/// A database that was read.
#[derive(Debug)]
pub struct Database {
    /// Its path, as given, with `/`.
    pub path: String,
    /// The file, where it is one.
    pub input: Option<Input>,
    /// The ecosystem that its advisories are about.
    pub ecosystem: Ecosystem,
    /// What was taken from it.
    pub collected: Collected,
    /// The day of its newest advisory.
    pub newest: Date,
}

/// A database as a repository has it at a commit.
pub enum Committed {
    /// A tarball, whole.
    Tarball(Vec<u8>),
    /// A folder: the paths of its files below it.
    Folder(Vec<String>),
}

/// Takes from a database that a repository has at a commit what there is about `wanted` packages.
///
/// # Errors
/// Where it can't be read.
pub fn collect_committed(
    label: &str,
    database: &Committed,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    wanted: &Wanted<'_>,
    today: Date,
) -> Result<Collected, Error> {
    let mut collector = Collector::new(wanted, today);
    match database {
        Committed::Tarball(bytes) => tarball::walk_bytes(bytes, Path::new(label), &mut collector)?,
        Committed::Folder(files) => folder::walk_files(files, read, &mut collector)?,
    }
    Ok(collector.finish())
}

/// Takes from the database at `path` what there is about `wanted` packages.
///
/// # Errors
/// If it is missing, unreadable, empty, or nothing in it shows its age.
pub fn collect(path: &Path, wanted: &Wanted<'_>, today: Date) -> Result<Database, Error> {
    let shown = path.display().to_string().replace('\\', "/");
    let metadata = std::fs::metadata(path).map_err(|error| {
        Error::unreadable(path, error).help("give the folder or tarball of a RustSec advisory database")
    })?;
    let mut collector = Collector::new(wanted, today);
    let input = if metadata.is_dir() {
        folder::walk(path, &mut collector)?;
        None
    } else if metadata.is_file() {
        Some(tarball::walk(path, &mut collector)?)
    } else {
        return Err(Error::input("is neither a file nor a folder").at(Location::file(shown)));
    };
    let collected = collector.finish();
    let nothing = |message: &str| {
        Error::input(message)
            .at(Location::file(shown.clone()))
            .help("fetch the database again; it has one Markdown file per advisory in `crates/<package>/`")
    };
    if collected.total == 0 {
        return Err(nothing("advisory database is empty"));
    }
    let Some(newest) = collected.newest else {
        return Err(nothing(
            "advisory database has no advisory dated today or earlier, so its age is unknown",
        ));
    };
    Ok(Database { path: shown, input, ecosystem: rustsec::ECOSYSTEM, collected, newest })
}
