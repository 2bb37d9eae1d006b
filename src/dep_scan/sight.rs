//! What a search for lockfiles leaves out: what `exclude` says, and what git ignores and does not track.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::target::Target;
use devops_core::{Error, Location};
use devops_inventory::lockfiles::find::{Sight, shown};
use devops_reading::glob;
use devops_repository::{Ignored, Repository, Workspace};

/// Longest lockfile that is read; one of 100,000 packages has 30 MB.
const LARGEST: u64 = 64 << 20;

/// The bytes of a lockfile or of a file beside it.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    devops_files::read(path, LARGEST)
        .map_err(|error| Error::input("can't be read").at(Location::file(shown(path))).because(error))
}

/// What a run sees of its folders.
pub(super) struct Seen<'a> {
    workspace: &'a Workspace,
    /// Where `.gitignore` files count; none outside of repositories.
    repository: Option<&'a Repository>,
    rules: OnceCell<Ignored<'a>>,
    target: &'a Target,
    exclude: &'a [String],
    used: RefCell<BTreeSet<&'a str>>,
    /// The paths below the root of the folders that are searched; none for one that git ignores itself, or of another repository.
    starts: RefCell<BTreeMap<PathBuf, Option<String>>>,
}

impl<'a> Seen<'a> {
    /// The sight of a run.
    pub(super) fn of(
        workspace: &'a Workspace,
        repository: Option<&'a Repository>,
        target: &'a Target,
        exclude: &'a [String],
    ) -> Self {
        Self {
            workspace,
            repository,
            rules: OnceCell::new(),
            target,
            exclude,
            used: RefCell::default(),
            starts: RefCell::default(),
        }
    }

    /// A sentence about each pattern of `exclude` that nothing matched.
    pub(super) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        let unused = self.exclude.iter().filter(|pattern| !used.contains(pattern.as_str()));
        unused.map(|pattern| format!("`{pattern}` in `exclude` matches nothing that was searched")).collect()
    }

    /// Whether a pattern of `exclude` says so, by the path as reports write it or from the folder that is searched.
    fn is_excluded(&self, searched: &Path, below: &str) -> bool {
        let whole = shown(&searched.join(below));
        let mut is_excluded = false;
        for pattern in self.exclude {
            let alternatives = glob::alternatives(pattern);
            if alternatives.iter().any(|one| glob::is_below(one, &whole) || glob::is_below(one, below)) {
                self.used.borrow_mut().insert(pattern);
                is_excluded = true;
            }
        }
        is_excluded
    }

    /// The rules of git; none where they don't count.
    fn rules(&self) -> Result<Option<&Ignored<'a>>, Error> {
        let Some(repository) = self.repository else { return Ok(None) };
        if self.rules.get().is_none() {
            let _ = self.rules.set(Ignored::of(repository)?);
        }
        Ok(self.rules.get())
    }

    /// The path below the root of a folder that is searched, ending with `/` unless it is the root.
    fn start(&self, searched: &Path) -> Result<Option<String>, Error> {
        if let Some(known) = self.starts.borrow().get(searched) {
            return Ok(known.clone());
        }
        let inside = self.repository.and_then(|repository| repository.path_of(&searched.join("x")));
        let mut start = inside.and_then(|path| path.strip_suffix('x').map(str::to_owned));
        // Who names an ignored folder means what is in it.
        if let (Some(path), Some(rules)) = (&start, self.rules()?) {
            let folder = path.trim_end_matches('/');
            if !folder.is_empty() && rules.holds(folder, true)? {
                start = None;
            }
        }
        self.starts.borrow_mut().insert(searched.to_path_buf(), start.clone());
        Ok(start)
    }

    /// Whether git ignores it by rules that the change does not alter.
    fn is_ignored(&self, searched: &Path, below: &str, is_folder: bool) -> Result<bool, Error> {
        let Some(start) = self.start(searched)? else { return Ok(false) };
        let Some(rules) = self.rules()? else { return Ok(false) };
        let path = format!("{start}{below}");
        if !rules.holds(&path, is_folder)? {
            return Ok(false);
        }
        match self.target {
            Target::None => Ok(true),
            Target::Known(known) => Ok(rules.are_as_in(known.target, &path)?),
            Target::Unknown(_) => Ok(false),
        }
    }
}

impl Sight for Seen<'_> {
    fn may_lead_to(&self, real: &Path) -> bool {
        self.workspace.holds(real)
    }

    fn hides(&self, searched: &Path, below: &str, is_folder: bool) -> Result<bool, Error> {
        Ok(self.is_excluded(searched, below) || self.is_ignored(searched, below, is_folder)?)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        read(path)
    }
}
