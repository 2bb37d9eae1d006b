//! What `.gitignore` leaves out.

use std::cell::RefCell;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::BStr;
use gix::index::entry::Mode;
use gix::worktree::stack::state::ignore::Source;

use super::failure::{Failure, Reason};
use super::objects::Repository;

/// The rules of a repository about files that it does not track: its `.gitignore` files and `.git/info/exclude`.
pub struct Ignored<'a> {
    repository: &'a Repository,
    head: Option<ObjectId>,
    index: gix::worktree::IndexPersistedOrInMemory,
    stack: RefCell<gix::AttributeStack<'a>>,
}

impl<'a> Ignored<'a> {
    /// Reads what all files of the repository share; a `.gitignore` is read when something beside or below it is asked about.
    ///
    /// # Errors
    /// Where the index can't be read.
    pub fn of(repository: &'a Repository) -> Result<Self, Failure> {
        let inner = &repository.inner;
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(Reason::MissingObjects, format!("what git ignores can't be read: {error}"))
        };
        let index = inner.index_or_load_from_head_or_empty().map_err(|error| failed(&error))?;
        let stack = inner
            .excludes(&index, None, Source::WorktreeThenIdMappingIfNotSkipped)
            .map_err(|error| failed(&error))?;
        Ok(Self { repository, head: repository.head().ok(), index, stack: RefCell::new(stack) })
    }

    /// Whether git ignores a file or folder, by its path below the root. What the commit that is checked out or the index has is
    /// tracked whatever the rules say.
    ///
    /// # Errors
    /// Where a `.gitignore` or the commit can't be read.
    pub fn holds(&self, path: &str, is_folder: bool) -> Result<bool, Failure> {
        let mode = if is_folder { Mode::DIR } else { Mode::FILE };
        let is_excluded = {
            let mut stack = self.stack.borrow_mut();
            let platform = stack.at_path(Path::new(path), Some(mode)).map_err(|error| {
                Failure::new(Reason::MissingObjects, format!("what git ignores can't be read: {error}"))
            })?;
            platform.is_excluded()
        };
        Ok(is_excluded && !self.is_tracked(path)?)
    }

    /// Whether the file, or something in the folder, is tracked.
    fn is_tracked(&self, path: &str) -> Result<bool, Failure> {
        let bytes: &BStr = path.into();
        if self.index.entry_by_path(bytes).is_some() || self.index.path_is_directory(bytes) {
            return Ok(true);
        }
        match self.head {
            Some(head) => Ok(self.repository.id_at(head, path)?.is_some()),
            None => Ok(false),
        }
    }

    /// Whether the rules about a path are the same in another commit and in the one that is checked out.
    ///
    /// # Errors
    /// Where a commit can't be read.
    pub fn are_as_in(&self, commit: ObjectId, path: &str) -> Result<bool, Failure> {
        let Some(head) = self.head else { return Ok(false) };
        for folder in Path::new(path).ancestors().skip(1) {
            let rules = folder.join(".gitignore");
            let rules = rules.to_string_lossy();
            if self.repository.id_at(commit, &rules)? != self.repository.id_at(head, &rules)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
