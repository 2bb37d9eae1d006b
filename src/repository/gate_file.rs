//! Files that the gate itself goes by, as the baseline and the quarantine: from where the change began, where that has them.
//!
//! A change must not choose what it is held against. A file that the repository had where the change began is read from there; one
//! that the change itself adds does not count until it is merged; one that is not tracked, as an artifact of an earlier run, is read
//! from the disk.

use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::{Base, ChosenBy, Detour, KnownBase, detour};
use devops_core::{Error, Location};

/// A file the gate goes by.
pub enum GateFile {
    /// It is there.
    Found {
        /// Its path, with the commit it is of where it is not from the disk.
        label: String,
        /// What is in it: from the disk, it is read while it is understood.
        source: Box<dyn Read>,
    },
    /// It is not there, or does not count.
    Missing {
        /// Why, a fragment.
        why: String,
    },
}

impl GateFile {
    /// Opens the file at `path`, which has at most `limit` bytes; `folder` is the working directory.
    ///
    /// # Errors
    /// Where it is there and can't be read, or is larger.
    pub fn open(path: &Path, limit: u64, folder: &Path, base: &Base) -> Result<Self, Error> {
        if let Base::Known(known) = base
            && let Some(found) = Self::of_base(path, known)?
        {
            return Ok(found);
        }
        if !matches!(base, Base::Known(_)) {
            not_out(path, folder)?;
        }
        match devops_files::open_within(path, limit) {
            Ok(file) => Ok(Self::Found { label: path.display().to_string(), source: Box::new(file) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::Missing { why: "no such file".to_owned() })
            }
            Err(error) => Err(Error::unreadable(path, error)),
        }
    }

    /// The file where the change began; none where the repository has nothing to do with it.
    fn of_base(path: &Path, known: &KnownBase) -> Result<Option<Self>, Error> {
        let Some(inside) = known.repository.path_of(path) else { return Ok(None) };
        if let Some(bytes) = known.repository.blob(known.commit, &inside)? {
            let label = format!("{inside}@{}", known.short());
            return Ok(Some(Self::Found { label, source: Box::new(Cursor::new(bytes)) }));
        }
        // A link counts as the file it leads to, wherever that is.
        let leads = |commit| known.repository.leads(commit, &inside);
        let now = leads(known.repository.head()?)?;
        let is_added = now.is_some() && now != leads(known.commit)?;
        let why = format!(
            "the change adds it, and {} does not have it: it is used once the change is merged",
            known.short()
        );
        Ok(is_added.then_some(Self::Missing { why }))
    }
}

/// Refuses a path that a committed link leads out of the workspace, where no base tells whether it was there before.
fn not_out(path: &Path, folder: &Path) -> Result<(), Error> {
    match detour(folder, path, ChosenBy::Workflow).filter(|detour| detour.leads_out) {
        None => Ok(()),
        Some(Detour { target, .. }) => {
            Err(Error::input(format!("leads out of the workspace, to {}", target.display()))
                .at(Location::file(path.display().to_string()))
                .help("replace the link by a file, or name the file that it leads to in the workflow"))
        }
    }
}
