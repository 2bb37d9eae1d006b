//! A repository, read in process.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use gix::object::tree::Entry;
use gix::objs::tree::{EntryKind, EntryMode};
use gix::{Commit, ObjectId, Tree};
use jiff::Timestamp;

use super::failure::{Failure, Reason};

/// Most links that a path in a tree is followed through.
const LINKS: usize = 8;

/// A repository that a folder belongs to.
pub struct Repository {
    pub(super) inner: gix::Repository,
    /// The folder of its files, without links; none where it is bare.
    pub(super) root: Option<PathBuf>,
    /// The current folder as it was written, which may be through links; none where only the system's name of it is known.
    pub(super) current: Option<PathBuf>,
}

/// Computes the ids of the contents of files, on any thread.
#[derive(Debug, Clone, Copy)]
pub struct Ids(gix::hash::Kind);

impl Ids {
    /// What stands for these bytes as the content of a file; none where it can't be computed.
    pub fn of(self, bytes: &[u8]) -> Option<ObjectId> {
        gix::objs::compute_hash(self.0, gix::objs::Kind::Blob, bytes).ok()
    }
}

impl Repository {
    /// The folder of its files.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The path below the root of a file that need not be there, with `/`; none where it lies outside.
    ///
    /// Links below the root are part of the path: a change that puts one there must not lead to another file.
    pub fn path_of(&self, file: &Path) -> Option<String> {
        let written = self.current.as_ref().map(|current| current.join(file));
        let path = straightened(&std::path::absolute(written.as_deref().unwrap_or(file)).ok()?);
        let root = self.root.as_ref()?;
        let is_root = |folder: &&Path| folder.canonicalize().is_ok_and(|folder| folder == *root);
        let outermost = path.ancestors().skip(1).filter(is_root).last()?;
        let inside = path.strip_prefix(outermost).ok()?;
        let parts: Option<Vec<&str>> = inside.components().map(|part| part.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// The commit that is checked out.
    pub fn head(&self) -> Result<ObjectId, Failure> {
        let id = self
            .inner
            .head_id()
            .map_err(|_| Failure::new(Reason::NoCommit, "the repository has no commit yet"))?;
        Ok(id.detach())
    }

    /// The branch that is checked out, if one is.
    pub fn branch(&self) -> Option<String> {
        let name = self.inner.head_name().ok()??;
        Some(name.shorten().to_string())
    }

    /// When a commit was made.
    pub fn time(&self, commit: ObjectId) -> Option<Timestamp> {
        let time = self.commit(commit).ok()?.time().ok()?;
        Timestamp::from_second(time.seconds).ok()
    }

    /// Whether history was cut off.
    pub fn is_shallow(&self) -> bool {
        self.inner.is_shallow().unwrap_or(false)
    }

    /// Every file of the commit that is checked out, sorted; links and submodules are none.
    pub fn tracked_files(&self) -> Result<Vec<String>, Failure> {
        self.files(self.head()?)
    }

    /// Every file of a commit, sorted; links and submodules are none.
    pub fn files(&self, commit: ObjectId) -> Result<Vec<String>, Failure> {
        self.entries_of(&self.tree(commit)?, EntryMode::is_blob)
    }

    /// Every file of a commit with what stands for its content, in no order; links and submodules are none.
    pub fn files_with_ids(&self, commit: ObjectId) -> Result<Vec<(String, ObjectId)>, Failure> {
        let tree = self.tree(commit)?;
        let entries = tree.traverse().breadthfirst.files().map_err(|error| self.missing(&error))?;
        let files = entries.into_iter().filter(|entry| entry.mode.is_blob());
        Ok(files.map(|entry| (entry.filepath.to_string(), entry.oid)).collect())
    }

    /// What computes the ids of the contents of files.
    pub fn ids(&self) -> Ids {
        Ids(self.inner.object_hash())
    }

    /// Every file and link below a folder of a commit, as paths from there, sorted; none where the commit has no such folder.
    pub fn files_below(&self, commit: ObjectId, folder: &str) -> Result<Option<Vec<String>>, Failure> {
        // What a submodule holds is in another repository.
        if submodule(&self.tree(commit)?, Path::new(folder)).is_some() {
            return Ok(None);
        }
        let Some(id) = self.id_at(commit, folder)? else { return Ok(None) };
        let object = self.inner.find_object(id).map_err(|error| self.missing(&error))?;
        object
            .try_into_tree()
            .ok()
            .map(|tree| self.entries_of(&tree, EntryMode::is_blob_or_symlink))
            .transpose()
    }

    /// What stands for a file or folder of a commit: two commits with the same there have the same content.
    pub fn id_at(&self, commit: ObjectId, path: &str) -> Result<Option<ObjectId>, Failure> {
        let tree = self.tree(commit)?;
        if path.is_empty() {
            return Ok(Some(tree.id));
        }
        match tree.lookup_entry_by_path(path) {
            Ok(entry) => Ok(entry.map(|entry| entry.object_id())),
            // All that a submodule holds is that of its commit.
            Err(error) => submodule(&tree, Path::new(path)).map(Some).ok_or_else(|| self.missing(&error)),
        }
    }

    /// What a tree has at a path; none within a submodule, which is in another repository.
    fn entry<'a>(&self, tree: &Tree<'a>, path: &Path) -> Result<Option<Entry<'a>>, Failure> {
        match tree.lookup_entry_by_path(path) {
            Ok(entry) => Ok(entry),
            Err(_) if submodule(tree, path).is_some() => Ok(None),
            Err(error) => Err(self.missing(&error)),
        }
    }

    fn entries_of(&self, tree: &Tree<'_>, is_wanted: fn(&EntryMode) -> bool) -> Result<Vec<String>, Failure> {
        let entries = tree.traverse().breadthfirst.files().map_err(|error| self.missing(&error))?;
        let entries = entries.into_iter().filter(|entry| is_wanted(&entry.mode));
        let mut paths: Vec<String> = entries.map(|entry| entry.filepath.to_string()).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// Every `go.mod` of the commit that is checked out with its bytes.
    pub fn go_modules(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let head = self.head()?;
        let files = self.tracked_files()?.into_iter();
        let modules = files.filter(|path| path == "go.mod" || path.ends_with("/go.mod"));
        modules
            .map(|path| {
                let bytes = self.blob(head, &path)?.unwrap_or_default();
                Ok((path, bytes))
            })
            .collect()
    }

    /// The bytes of a file as a commit has it; links within the repository are followed. None where it has no such file.
    pub fn blob(&self, commit: ObjectId, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let tree = self.tree(commit)?;
        let mut path = PathBuf::from(path);
        for _ in 0..LINKS {
            let Some(entry) = self.entry(&tree, &path)? else {
                let Some(target) = self.through_link(&tree, &path)? else { return Ok(None) };
                path = target;
                continue;
            };
            let kind = entry.mode().kind();
            if !matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link) {
                return Ok(None);
            }
            let bytes = self.bytes(entry.object_id())?;
            if kind != EntryKind::Link {
                return Ok(Some(bytes));
            }
            let Some(target) = followed(&path, &bytes) else { return Ok(None) };
            path = target;
        }
        Ok(None)
    }

    /// Whether a commit has a file at a path; false as well where that can't be found out.
    pub fn has(&self, commit: &str, path: &str) -> bool {
        let commit = ObjectId::from_hex(commit.as_bytes());
        commit.is_ok_and(|commit| matches!(self.blob(commit, path), Ok(Some(_))))
    }

    /// What a commit has at a path, or at the first folder of it that is none in the repository: a file, a link, a submodule.
    ///
    /// Two commits that have the same there lead to the same file, inside of the repository or outside.
    pub fn leads(&self, commit: ObjectId, path: &str) -> Result<Option<ObjectId>, Failure> {
        let tree = self.tree(commit)?;
        let path = Path::new(path);
        let folders = path.ancestors().filter(|folder| *folder != Path::new(""));
        for folder in folders {
            let entry = self.entry(&tree, folder)?;
            if let Some(entry) = entry.filter(|entry| !entry.mode().is_tree()) {
                return Ok(Some(entry.object_id()));
            }
        }
        Ok(None)
    }

    /// The path behind the first folder of this one that is a link.
    fn through_link(&self, tree: &Tree<'_>, path: &Path) -> Result<Option<PathBuf>, Failure> {
        let mut folders: Vec<&Path> =
            path.ancestors().skip(1).filter(|folder| *folder != Path::new("")).collect();
        folders.reverse();
        for folder in folders {
            let entry = self.entry(tree, folder)?;
            let Some(entry) = entry.filter(|entry| entry.mode().is_link()) else { continue };
            let target = followed(folder, &self.bytes(entry.object_id())?);
            let rest = path.strip_prefix(folder).unwrap_or(path);
            return Ok(target.map(|target| target.join(rest)));
        }
        Ok(None)
    }

    /// Those of these files of the checkout whose content is not that of the commit that is checked out.
    ///
    /// Line ends that a checkout converts make no difference, nor do files that are not there or stand for large ones.
    pub fn edited<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Failure> {
        let Some(root) = &self.root else { return Ok(Vec::new()) };
        let head = self.head()?;
        let mut edited = Vec::new();
        for path in paths {
            let Some(committed) = self.blob(head, path)? else { continue };
            if committed.starts_with(b"version https://git-lfs") {
                continue;
            }
            // Converted line ends make it at most twice as long. What leads to something else than a file is no file of the change.
            let limit = committed.len().saturating_mul(2) as u64;
            let here = match devops_files::read(&root.join(path), limit) {
                Ok(here) => here,
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    edited.push(path.to_owned());
                    continue;
                }
                Err(_) => continue,
            };
            if here != committed && !is_same_text(&here, &committed) {
                edited.push(path.to_owned());
            }
        }
        Ok(edited)
    }

    /// The names of all remotes, sorted.
    ///
    /// Read whoever owns the folder: in containers that is often another user.
    pub(super) fn remotes(&self) -> Vec<String> {
        let config = self.inner.config_snapshot();
        let sections = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let names = sections.filter_map(|section| Some(section.header().subsection_name()?.to_string()));
        names.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// The addresses of a remote.
    pub(super) fn addresses(&self, remote: &str) -> Vec<String> {
        let config = self.inner.config_snapshot();
        let sections = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let of_remote =
            sections.filter(|section| section.header().subsection_name().is_some_and(|name| name == remote));
        of_remote.flat_map(|section| section.values("url")).map(|url| url.to_string()).collect()
    }

    /// A commit.
    pub(super) fn commit(&self, id: ObjectId) -> Result<Commit<'_>, Failure> {
        self.inner.find_commit(id).map_err(|error| self.missing(&error))
    }

    /// The files of a commit.
    pub(super) fn tree(&self, commit: ObjectId) -> Result<Tree<'_>, Failure> {
        self.commit(commit)?.tree().map_err(|error| self.missing(&error))
    }

    /// The bytes of an object.
    pub fn bytes(&self, id: ObjectId) -> Result<Vec<u8>, Failure> {
        Ok(self.inner.find_object(id).map_err(|error| self.missing(&error))?.detach().data)
    }

    /// The failure for an object that is not there.
    pub(super) fn missing(&self, error: &impl std::fmt::Display) -> Failure {
        let why = if self.is_partial() { "a partial clone left it out" } else { "the clone is damaged" };
        Failure::new(
            Reason::MissingObjects,
            format!("an object of the repository is missing, {why}: {error}"),
        )
    }

    /// Whether the clone leaves objects out until somebody asks for them.
    fn is_partial(&self) -> bool {
        let config = self.inner.config_snapshot();
        config.string("extensions.partialClone").is_some()
            || config.string("remote.origin.partialCloneFilter").is_some()
    }
}

/// The commit of the submodule that a path leads to or into.
fn submodule(tree: &Tree<'_>, path: &Path) -> Option<ObjectId> {
    path.ancestors().filter(|above| !above.as_os_str().is_empty()).find_map(|above| {
        let entry = tree.lookup_entry_by_path(above).ok().flatten()?;
        entry.mode().is_commit().then(|| entry.object_id())
    })
}

/// An absolute path without steps back.
pub(super) fn straightened(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                straight.pop();
            }
            part => straight.push(part),
        }
    }
    straight
}

/// Where a link in a tree leads, if that is inside the tree.
fn followed(link: &Path, target: &[u8]) -> Option<PathBuf> {
    let target = std::str::from_utf8(target).ok()?;
    let mut path = link.parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(target).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Whether two texts differ only in how their lines end.
fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    let lines = |text: &[u8]| -> Vec<u8> {
        let mut kept = Vec::with_capacity(text.len());
        for (index, byte) in text.iter().enumerate() {
            if !(*byte == b'\r' && text.get(index + 1) == Some(&b'\n')) {
                kept.push(*byte);
            }
        }
        kept
    };
    lines(one) == lines(other)
}
