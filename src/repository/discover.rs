//! Which repository a folder belongs to.
//!
//! In a pipeline a change must not bring the repository that is asked who decides: no folder that looks like a bare one, no submodule,
//! nothing behind a link, and where the host names a change, no repository that has something else checked out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::failure::{Failure, Reason};
use crate::objects::{Repository, straightened};
use devops_ci::{Host, HostChange};

/// Name of the folder, or of the file that names the folder, that makes a repository.
const DOT_GIT: &str = ".git";

/// Most bytes of the file that names the folder.
const LARGEST_DOT_GIT: u64 = 64 << 10;

impl Repository {
    /// The repository that a folder belongs to, whatever the host says.
    ///
    /// # Errors
    /// Where there is none, or it can't be opened.
    pub fn discover(folder: &Path) -> Result<Self, Failure> {
        let real = folder.canonicalize().map_err(|_| absent(folder))?;
        let root = real.ancestors().find(|folder| git_folder(folder).is_some());
        Self::open(root.ok_or_else(|| absent(folder))?)
    }

    /// The repository that a run in this folder belongs to.
    ///
    /// # Errors
    /// As [`Repository::discover`], and where a host names a change that no repository around the folder has checked out.
    pub fn around(folder: &Path, environment: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let host = Host::detect(environment);
        if !host.is_pipeline(environment) {
            return Self::discover(folder);
        }
        // As it was written, so that a link in it is a part of the path.
        let current = current(environment);
        let written = current.as_ref().map(|current| straightened(&current.join(folder)));
        let written = written
            .filter(|_| folder.as_os_str().is_empty() || folder.is_dir())
            .ok_or_else(|| absent(folder))?;
        let change = host.change(environment);
        let workspace = change.as_ref().and_then(|_| host.workspace(environment));
        let found = candidates(folder, &written, workspace.as_deref())?;
        let mut repositories: Vec<Self> = Vec::new();
        let mut other = None;
        for root in found {
            if repositories.iter().any(|outer| outer.has_submodule(&root)) {
                continue;
            }
            let opened = Self::open(&root).and_then(|repository| {
                change.as_ref().map_or(Ok(()), |change| repository.is_of(change))?;
                Ok(Self { current: current.clone(), ..repository })
            });
            match opened {
                Ok(repository) => repositories.push(repository),
                Err(failure) => drop(other.get_or_insert(failure)),
            }
        }
        // What a job unpacks below a change's own repository does not take its place, but a worktree of the same one may.
        let mut chosen: Option<Self> = None;
        for repository in repositories {
            if change.is_none() || chosen.as_ref().is_none_or(|outer| outer.is_same(&repository)) {
                chosen = Some(repository);
            }
        }
        chosen.ok_or_else(|| other.unwrap_or_else(|| absent(folder)))
    }

    /// Opens the repository whose files are in this folder.
    ///
    /// Neither the environment nor the configuration of the user or the machine is read, and an owner other than this user is
    /// no obstacle, because in containers that is the rule.
    fn open(root: &Path) -> Result<Self, Failure> {
        let options = gix::open::Options::isolated().strict_config(false);
        let opened = gix::ThreadSafeRepository::open_opts(root.join(DOT_GIT), options);
        let mut inner = opened
            .map_err(|error| {
                let message = format!("the repository of {} can't be opened: {error}", root.display());
                Failure::new(Reason::Unreadable, message)
            })?
            .to_thread_local();
        inner.object_cache_size_if_unset(4 << 20);
        // What a commit holds is what its name says, whatever a reference would put in its place.
        inner.objects.ignore_replacements = true;
        let root = inner.workdir().and_then(|_| root.canonicalize().ok());
        Ok(Self { inner, root, current: None })
    }

    /// Whether the commit that is checked out is one that the host names: of the change, or of its target.
    fn is_of(&self, change: &HostChange) -> Result<(), Failure> {
        if change.checkouts.is_empty() {
            return Ok(());
        }
        let head = self.head()?;
        let is_named = |id: &ObjectId| change.checkouts.contains(&id.to_string());
        // The host's merge commit shows the head of the change and the target's commit, a merge of its own the head as well.
        let merge = change.merge.as_deref().and_then(|sha| ObjectId::from_hex(sha.as_bytes()).ok());
        let is_merged = || merge.is_some_and(|merge| self.merged(merge).contains(&head));
        let merges = || self.merged(head).iter().any(is_named);
        let is_target = || change.target_commits.contains(&head.to_string());
        if is_named(&head) || is_target() || is_merged() || merges() {
            return Ok(());
        }
        Err(Failure::new(
            Reason::OtherCheckout,
            format!("{head} is checked out, which is not a commit that the host names for the change"),
        ))
    }

    /// The parents of a commit that merges; none of one that is not there.
    pub(super) fn merged(&self, commit: ObjectId) -> Vec<ObjectId> {
        let parents = self.commit(commit).map(|commit| commit.parent_ids().map(gix::Id::detach).collect());
        parents.ok().filter(|parents: &Vec<ObjectId>| parents.len() > 1).unwrap_or_default()
    }

    /// Whether the folder is a submodule of this repository, or one put in the place of its files.
    fn has_submodule(&self, folder: &Path) -> bool {
        if folder.join(DOT_GIT).is_file() {
            // A worktree shares the folder of the repository, a submodule has one of its own.
            return git_folder(folder).is_none_or(|folder| !folder.join("commondir").is_file());
        }
        let tree = self.head().and_then(|head| self.tree(head));
        let path = self.path_of(folder);
        tree.ok().zip(path).is_some_and(|(tree, path)| {
            let entry = tree.lookup_entry_by_path(path).ok().flatten();
            entry.is_some_and(|entry| entry.mode().is_commit())
        })
    }

    /// Whether both are the same repository, one of them perhaps a worktree.
    fn is_same(&self, other: &Self) -> bool {
        let common = |repository: &Self| repository.inner.common_dir().canonicalize().ok();
        common(self).is_some_and(|folder| common(other) == Some(folder))
    }
}

/// Folders with a repository around this one, the outermost first, up to the workspace; none behind a link.
fn candidates(folder: &Path, written: &Path, workspace: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let mut around: Vec<&Path> = written.ancestors().collect();
    around.reverse();
    let workspace = workspace.and_then(|workspace| workspace.canonicalize().ok());
    let is_workspace =
        |folder: &&Path| folder.canonicalize().ok().is_some_and(|real| Some(&real) == workspace.as_ref());
    let start = around.iter().position(is_workspace);
    // Only the workflow can write an absolute path, and it may judge what it put there.
    if let (Some(workspace), None, false) = (&workspace, start, folder.is_absolute()) {
        let message = format!(
            "the working directory {} lies outside of the workspace {}",
            written.display(),
            workspace.display()
        );
        return Err(Failure::new(Reason::OutsideWorkspace, message));
    }
    // Links above all that a change can write are the machine's.
    let mut is_within = start.is_some();
    let mut found = Vec::new();
    for (index, folder) in around.into_iter().skip(start.unwrap_or(0)).enumerate() {
        let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|known| known.is_symlink());
        if is_within && index > 0 && is_link(folder) {
            break;
        }
        if !is_link(&folder.join(DOT_GIT)) && git_folder(folder).is_some() {
            is_within = true;
            found.push(folder.to_path_buf());
        }
    }
    Ok(found)
}

/// The folder with the objects of a repository, or of a worktree, whose files are in this one.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let path = root.join(DOT_GIT);
    let folder = if path.is_dir() {
        path
    } else if path.is_file() {
        let text = String::from_utf8(devops_files::read(&path, LARGEST_DOT_GIT).ok()?).ok()?;
        root.join(text.trim_end().strip_prefix("gitdir:")?.trim())
    } else {
        return None;
    };
    folder.join("HEAD").symlink_metadata().is_ok().then_some(folder)
}

/// The current folder as the shell says it was written, where that is the one that the system knows.
fn current(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let real = std::env::current_dir().ok()?;
    let written = environment.get("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    let is_same = |path: &PathBuf| path.canonicalize().ok() == real.canonicalize().ok();
    Some(written.filter(is_same).unwrap_or(real))
}

fn absent(folder: &Path) -> Failure {
    Failure::new(Reason::NotARepository, format!("{} is not in a git repository", folder.display()))
}
