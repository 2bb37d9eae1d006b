//! Files that the gate itself goes by, such as the baseline and the quarantine: from the target branch, where that has them.
//!
//! A change must not choose what it is held against. A file that the target branch has is read from its newest known commit; one
//! that the change itself adds does not count until it is merged; one that is not tracked, such as an artifact of an earlier run, is
//! read from the disk.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::{Base, ChosenBy, Detour, KnownBase, UnknownBase, detour};
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
    /// Opens the file at `path`, which has at most `limit` bytes; `folder` is the working directory, `environment` that of the run.
    ///
    /// # Errors
    /// Where it is there and can't be read, or is larger.
    pub fn open(
        path: &Path,
        limit: u64,
        folder: &Path,
        environment: &BTreeMap<String, String>,
        base: &Base,
    ) -> Result<Self, Error> {
        let of_repository = match base {
            Base::Known(known) => Self::of_base(path, known)?,
            Base::Unknown(unknown) => Self::of_unknown(path, unknown)?,
            Base::None | Base::Guessed(_) => None,
        };
        if let Some(found) = of_repository {
            return Ok(found);
        }
        if !matches!(base, Base::Known(_)) {
            not_out(path, folder, environment)?;
        }
        match devops_files::open_within(path, limit) {
            Ok(file) => Ok(Self::Found { label: path.display().to_string(), source: Box::new(file) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::Missing { why: "no such file".to_owned() })
            }
            Err(error) => Err(Error::unreadable(path, error)),
        }
    }

    /// The file on the target branch; none where the repository has nothing to do with it.
    fn of_base(path: &Path, known: &KnownBase) -> Result<Option<Self>, Error> {
        let Some(inside) = known.repository.path_of(path) else { return Ok(None) };
        if let Some(bytes) = known.repository.blob(known.target, &inside)? {
            let label = format!("{inside}@{}", known.short());
            return Ok(Some(Self::Found { label, source: Box::new(Cursor::new(bytes)) }));
        }
        // A link counts as the file it leads to, wherever that is.
        let leads = |commit| known.repository.leads(commit, &inside);
        let now = leads(known.repository.head()?)?;
        let is_added = now.is_some() && now != leads(known.target)?;
        let why = format!(
            "the change adds it, and {} does not have it: it is used once the change is merged",
            known.short()
        );
        Ok(is_added.then_some(Self::Missing { why }))
    }

    /// Where the base is not known, nothing shows that a file which the change may have written is not its own.
    fn of_unknown(path: &Path, unknown: &UnknownBase) -> Result<Option<Self>, Error> {
        let is_of_the_change = match &unknown.repository {
            Some(repository) => match repository.path_of(path) {
                Some(inside) => repository.leads(repository.head()?, &inside)?.is_some(),
                None => false,
            },
            None => true,
        };
        let why = "the base of the change is unknown, and the change may have written it".to_owned();
        Ok(is_of_the_change.then_some(Self::Missing { why }))
    }
}

/// Refuses a path that a committed link leads out of the workspace, where no base tells whether it was there before.
fn not_out(path: &Path, folder: &Path, environment: &BTreeMap<String, String>) -> Result<(), Error> {
    match detour(folder, environment, path, ChosenBy::Workflow).filter(|detour| detour.leads_out) {
        None => Ok(()),
        Some(Detour { target, .. }) => {
            Err(Error::input(format!("leads out of the workspace, to {}", target.display()))
                .at(Location::file(path.display().to_string()))
                .help("replace the link by a file, or name the file that it leads to in the workflow"))
        }
    }
}
