//! Files that the gate itself goes by, such as the baseline and the quarantine: from the target branch, where that has them.
//!
//! A change must not choose what it is held against. A file that the target branch has is read from its newest known commit; one
//! that the change itself adds does not count until it is merged; one that is not tracked, such as an artifact of an earlier run, is
//! read from the disk.

use std::io;
use std::path::Path;

use crate::{Base, KnownBase, UnknownBase};
use devops_core::{Error, Input};

/// Most bytes of such a file.
const LARGEST: u64 = 1 << 30;

/// A file the gate goes by.
pub enum GateFile {
    /// It is there.
    Found {
        /// Its path, with the commit it is of where it is not from the disk.
        label: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// It is not there, or does not count.
    Missing {
        /// Why, a fragment.
        why: String,
    },
}

impl GateFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Where it is there and can't be read.
    pub fn read(path: &Path, base: &Base) -> Result<Self, Error> {
        let of_repository = match base {
            Base::Known(known) => Self::of_base(path, known)?,
            Base::Unknown(unknown) => Self::of_unknown(path, unknown)?,
            Base::None | Base::Guessed(_) => None,
        };
        if let Some(found) = of_repository {
            return Ok(found);
        }
        match std::fs::metadata(path) {
            Ok(known) if known.len() > LARGEST => {
                return Err(Error::input(format!("{} is larger than 1 GiB", path.display()))
                    .help("merge fewer runs into it"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::Missing { why: "no such file".to_owned() });
            }
            _ => {}
        }
        let bytes = std::fs::read(path).map_err(|error| Error::unreadable(path, error))?;
        Ok(Self::Found { label: path.display().to_string(), bytes })
    }

    /// The file on the target branch; none where the repository has nothing to do with it.
    fn of_base(path: &Path, known: &KnownBase) -> Result<Option<Self>, Error> {
        let Some(inside) = known.repository.path_of(path) else { return Ok(None) };
        if let Some(bytes) = known.repository.blob(known.target, &inside)? {
            return Ok(Some(Self::Found { label: format!("{inside}@{}", known.short()), bytes }));
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

    /// What the report says of it.
    pub fn input(&self) -> Option<Input> {
        match self {
            Self::Found { label, bytes } => Some(Input::of_bytes(label.as_str(), bytes)),
            Self::Missing { .. } => None,
        }
    }
}
