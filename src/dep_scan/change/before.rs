//! The lockfiles of the commit where the change began, read from git's objects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use devops_core::Error;
use devops_inventory::Graph;
use devops_inventory::lockfiles::{Format, Kind, Source, is_searched};
use devops_reading::glob;
use devops_repository::{ObjectId, Repository};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::matching::Lockfile;

/// The files beside a lockfile that its reader asked for, by their paths from its folder; none for one that is not there.
pub(in super::super) type Seen = BTreeMap<String, Option<ObjectId>>;

/// What a lockfile of the checkout was read from.
#[derive(Debug)]
pub(in super::super) struct ReadAt {
    /// Its path from the root of the repository, where it lies in one.
    pub path: Option<String>,
    /// What stands for its content.
    pub id: Option<ObjectId>,
    /// The files beside it.
    pub seen: Seen,
}

/// What a lockfile lists.
enum Listed {
    /// The same as a lockfile of the checkout, by its place among them.
    Same(usize),
    Own(Graph),
}

/// The lockfiles of the commit where the change began.
pub(in super::super) struct Before {
    /// Those that were judged there, with their paths from the root and their formats.
    lockfiles: Vec<(String, &'static Format, Listed)>,
    /// What the lockfiles of the checkout were read from, in their order.
    pub(super) now: Vec<ReadAt>,
    /// The day of the commit.
    pub(super) day: Option<Date>,
    /// Paths of lockfiles that can't be read there.
    damaged: Vec<String>,
    /// Every file of the commit, with what stands for its content.
    pub(super) files: BTreeMap<String, ObjectId>,
}

impl Before {
    /// Reads what a commit has below the searched paths. A lockfile whose content a lockfile of the checkout has as well, and the files
    /// beside it, is not read again.
    ///
    /// # Errors
    /// Where the repository can't be read.
    pub(in super::super) fn read(
        repository: &Repository,
        start: ObjectId,
        searched: &[PathBuf],
        exclude: &[String],
        now: Vec<ReadAt>,
    ) -> Result<Self, Error> {
        let files = repository.files_with_ids(start)?.into_iter().collect();
        let folders = searched.iter().filter_map(|path| below_root(repository, path)).collect();
        let scope = Scope { folders, exclude: exclude.to_vec() };
        let day = repository.time(start).map(|time| TimeZone::UTC.to_datetime(time).date());
        let mut before =
            Self::of(files, &scope, day, now, &|path, id, format| read(repository, start, path, id, format));
        // Behind a link that was there before.
        let behind: Vec<String> = before
            .paths_now()
            .into_iter()
            .filter(|path| !before.files.contains_key(*path))
            .map(str::to_owned)
            .collect();
        for path in behind {
            let (Some(Kind::Read(format)), Some(bytes)) =
                (Kind::of_named(&path), repository.blob(start, &path)?)
            else {
                continue;
            };
            match in_commit(repository, start, &path, &bytes, format) {
                Ok(graph) => before.lockfiles.push((path, format, Listed::Own(graph))),
                Err(_) => before.damaged.push(path),
            }
        }
        Ok(before)
    }

    /// The same of these files, below these paths from the root.
    pub(super) fn of(
        files: BTreeMap<String, ObjectId>,
        scope: &Scope,
        day: Option<Date>,
        now: Vec<ReadAt>,
        read: &dyn Fn(&str, ObjectId, &Format) -> Result<Graph, Error>,
    ) -> Self {
        let mut by_id: HashMap<ObjectId, Vec<usize>> = HashMap::new();
        for (index, read) in now.iter().enumerate() {
            if let Some(id) = read.id {
                by_id.entry(id).or_default().push(index);
            }
        }
        let mut before =
            Self { lockfiles: Vec::new(), day, damaged: Vec::new(), now, files: BTreeMap::new() };
        for (path, id) in &files {
            let Some(format) = scope.judged(path) else { continue };
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let same = by_id.get(id).into_iter().flatten().find(|index| {
                before.now.get(**index).is_some_and(|read| {
                    // One format may be written in the words of another.
                    let is_same_format =
                        read.path.as_deref().and_then(Kind::of_named).is_some_and(
                            |kind| matches!(kind, Kind::Read(other) if std::ptr::eq(other, format)),
                        );
                    let has_same = |(name, id): (&String, &Option<ObjectId>)| {
                        beside(folder, name).and_then(|path| files.get(&path)) == id.as_ref()
                    };
                    is_same_format && read.seen.iter().all(has_same)
                })
            });
            let listed = if let Some(index) = same {
                Listed::Same(*index)
            } else if let Ok(graph) = read(path, *id, format) {
                Listed::Own(graph)
            } else {
                before.damaged.push(path.clone());
                continue;
            };
            before.lockfiles.push((path.clone(), format, listed));
        }
        before.files = files;
        before
    }

    /// What was listed, to be changed in place; what is shared with the checkout is not part of it.
    pub(in super::super) fn graphs_mut(&mut self) -> impl Iterator<Item = &mut Graph> {
        self.lockfiles.iter_mut().filter_map(|(_, _, listed)| match listed {
            Listed::Own(graph) => Some(graph),
            Listed::Same(_) => None,
        })
    }

    /// Every lockfile with what it listed, where these are the lockfiles of the checkout.
    pub(super) fn lockfiles<'a>(
        &'a self,
        now: &'a [Lockfile],
    ) -> impl Iterator<Item = (&'a str, Option<&'static Format>, &'a Graph)> {
        self.lockfiles.iter().filter_map(|(path, format, listed)| {
            let graph = match listed {
                Listed::Own(graph) => graph,
                Listed::Same(index) => &now.get(*index)?.graph,
            };
            Some((path.as_str(), Some(*format), graph))
        })
    }

    /// The lockfiles of the checkout that were not the same at their path.
    pub(super) fn altered<'a>(
        &'a self,
        now: &'a [Lockfile],
    ) -> impl Iterator<Item = (&'a Lockfile, String, Option<&'static Format>)> {
        let unaltered: BTreeSet<usize> = self
            .lockfiles
            .iter()
            .filter_map(|(path, _, listed)| match listed {
                Listed::Same(index) => {
                    let at = self.now.get(*index)?.path.as_ref()?;
                    (at == path).then_some(*index)
                }
                Listed::Own(_) => None,
            })
            .collect();
        now.iter().enumerate().filter(move |(index, _)| !unaltered.contains(index)).map(
            |(index, lockfile)| {
                let path = self.now.get(index).and_then(|read| read.path.clone());
                let path = path.unwrap_or_else(|| lockfile.path.clone());
                let format = match Kind::of_named(&path) {
                    Some(Kind::Read(format)) => Some(format),
                    _ => None,
                };
                (lockfile, path, format)
            },
        )
    }

    /// Notes about what was not compared.
    pub(in super::super) fn notes(&self) -> impl Iterator<Item = String> {
        let note = |path| format!("{path} can't be read where the change began: its packages count as new");
        self.damaged.iter().map(note)
    }

    /// The paths of lockfiles of the checkout, from the root.
    pub(super) fn paths_now(&self) -> BTreeSet<&str> {
        self.now.iter().filter_map(|read| read.path.as_deref()).collect()
    }
}

/// Reads a lockfile of a commit.
fn read(
    repository: &Repository,
    commit: ObjectId,
    path: &str,
    id: ObjectId,
    format: &Format,
) -> Result<Graph, Error> {
    let bytes = repository.bytes(id)?;
    in_commit(repository, commit, path, &bytes, format)
}

/// Reads a lockfile of a commit, whose files beside it are those of the commit.
///
/// # Errors
/// Where it can't be read.
pub(in super::super) fn in_commit(
    repository: &Repository,
    commit: ObjectId,
    path: &str,
    bytes: &[u8],
    format: &Format,
) -> Result<Graph, Error> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let neighbour = |name: &str| {
        let Some(path) = beside(folder, name) else { return Ok(None) };
        Ok(repository.blob(commit, &path)?)
    };
    format.read(&Source { path, bytes, neighbour: &neighbour })
}

/// The path of a file beside a lockfile, from the root; none outside of the repository.
fn beside(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if name.starts_with('/') {
        return None;
    }
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What was searched: paths below the root, and what is left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Files and folders by their paths below the root.
    pub(super) folders: Vec<String>,
    /// Patterns of `exclude`.
    pub(super) exclude: Vec<String>,
}

impl Scope {
    /// The format of a file that is judged where these paths are searched.
    fn judged(&self, path: &str) -> Option<&'static Format> {
        let is_named = self.folders.iter().any(|searched| searched == path);
        let kind = if is_named {
            Kind::of_named(path)
        } else if self.folders.iter().any(|folder| self.is_found(folder, path)) {
            Kind::of(path)
        } else {
            None
        };
        match kind {
            Some(Kind::Read(format)) => Some(format),
            _ => None,
        }
    }

    /// Whether the search of a folder finds a file.
    fn is_found(&self, folder: &str, path: &str) -> bool {
        let inside = if folder.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
        };
        inside.is_some_and(|inside| {
            let folders = inside.rsplit_once('/').map_or("", |(folders, _)| folders);
            folders.split('/').all(is_searched) && !self.is_excluded(path) && !self.is_excluded(inside)
        })
    }

    /// Whether a pattern leaves a path out; what too many leave out here only makes less known.
    fn is_excluded(&self, path: &str) -> bool {
        let patterns = self.exclude.iter().flat_map(|pattern| glob::alternatives(pattern));
        patterns.into_iter().any(|pattern| glob::is_below(&pattern, path))
    }
}

/// The path of a file or folder below the root; empty for the root itself, none outside of it.
pub(in super::super) fn below_root(repository: &Repository, path: &Path) -> Option<String> {
    let inside = repository.path_of(&path.join("x"))?;
    Some(inside.strip_suffix('x')?.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Scope, beside};

    #[test]
    fn only_what_is_searched_is_compared() {
        for (path, scope, expected) in [
            ("Cargo.lock", "", true),
            ("a/b/Cargo.lock", "", true),
            ("docs/b/Cargo.lock", "", false),
            ("a/docs/b/Cargo.lock", "a", false),
            ("a/vendor/Cargo.lock", "", false),
            ("a/vendor/Cargo.lock", "a/vendor", true),
            ("a/Cargo.lock", "b", false),
            ("ab/Cargo.lock", "a", false),
            ("a/Cargo.lock.old", "a", false),
            ("a/Cargo.lock.old", "a/Cargo.lock.old", true),
        ] {
            let scope = Scope { folders: vec![scope.to_owned()], exclude: vec!["docs/**".to_owned()] };
            assert_eq!(scope.judged(path).is_some(), expected, "{path} {scope:?}");
        }
    }

    #[test]
    fn neighbours_lie_in_the_repository() {
        assert_eq!(beside("a/b", "../c.txt").as_deref(), Some("a/c.txt"));
        assert_eq!(beside("", "./c.txt").as_deref(), Some("c.txt"));
        assert_eq!(beside("a", "../../c.txt"), None);
        assert_eq!(beside("a", "/c.txt"), None);
    }
}
