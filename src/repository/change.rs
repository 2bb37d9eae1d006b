//! What a change does to the files: the lines it adds or changes, the files it deletes and renames.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use gix::ObjectId;
use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics, sources::byte_lines};
use gix::diff::tree::recorder::Change as Raw;
use gix::objs::TreeRefIter;
use gix::objs::tree::{EntryKind, EntryMode};

use super::failure::Failure;
use super::renames::{self, Gone, New};
use crate::objects::Repository;

/// Bytes that are looked at to tell whether a file is text.
const LOOKED_AT: usize = 8000;

/// What a change does to the files.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Change {
    /// Each text file that is there after the change and that it touches: the lines added or changed, from 1, in order.
    pub added: BTreeMap<String, Vec<RangeInclusive<u64>>>,
    /// Lines taken away, by the path after the change; of deleted files by their own.
    pub removed: BTreeMap<String, u64>,
    /// Files that are gone.
    pub deleted: BTreeSet<String>,
    /// Old path to new path.
    pub renamed: BTreeMap<String, String>,
    /// Files touched that are no text, gone or not.
    pub binary: BTreeSet<String>,
}

impl Change {
    /// How many lines are added or changed.
    pub fn lines(&self) -> u64 {
        self.added.values().flatten().map(|range| range.end() - range.start() + 1).sum()
    }
}

/// One side of a file: what it is and where its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mode: EntryMode,
    pub(super) id: ObjectId,
}

impl Side {
    pub(super) fn is_file(self) -> bool {
        self.mode.is_blob()
    }

    /// What it is beside its permissions.
    fn kind(self) -> (bool, bool) {
        (self.mode.is_blob(), self.mode.is_link())
    }

    /// What is compared: the bytes, or what stands for a submodule.
    pub(super) fn content(self, repository: &Repository) -> Result<Vec<u8>, Failure> {
        match self.mode.kind() {
            EntryKind::Commit => Ok(format!("Subproject commit {}\n", self.id).into_bytes()),
            _ => repository.bytes(self.id),
        }
    }
}

/// What changed from one commit to another.
///
/// Lines are compared the way `git diff` does by default; attributes that call a text binary, or the other way round, are
/// ignored, because the change itself can set them.
pub fn between(repository: &Repository, old: ObjectId, new: ObjectId) -> Result<Change, Failure> {
    let mut gone = Vec::new();
    let mut fresh = Vec::new();
    let mut pairs = Vec::new();
    for raw in raw(repository, old, new)? {
        match raw {
            Raw::Addition { entry_mode: mode, oid: id, path, .. } if !mode.is_tree() => {
                fresh.push(New { path: path.to_string(), side: Side { mode, id } });
            }
            Raw::Deletion { entry_mode: mode, oid: id, path, .. } if !mode.is_tree() => {
                gone.push(Gone { path: path.to_string(), side: Side { mode, id } });
            }
            Raw::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path }
                if !entry_mode.is_tree() =>
            {
                let old = Side { mode: previous_entry_mode, id: previous_oid };
                pairs.push((path.to_string(), Some(old), Side { mode: entry_mode, id: oid }));
            }
            _ => {}
        }
    }
    let mut change = Change::default();
    let renames = renames::find(repository, &mut gone, &mut fresh)?;
    for (gone, new) in renames {
        change.renamed.insert(gone.path, new.path.clone());
        pairs.push((new.path, Some(gone.side), new.side));
    }
    pairs.extend(fresh.into_iter().map(|new| (new.path, None, new.side)));
    for (path, old, new) in pairs {
        compare(&mut change, repository, path, old, new)?;
    }
    for Gone { path, side } in gone {
        let content = side.content(repository)?;
        if is_binary(&content) {
            change.binary.insert(path.clone());
        } else {
            change.removed.insert(path.clone(), byte_lines(&content).count() as u64);
        }
        change.deleted.insert(path);
    }
    Ok(change)
}

/// Whether everything is there that the comparison needs.
pub(super) fn check(repository: &Repository, old: ObjectId, new: ObjectId) -> Result<(), Failure> {
    for raw in raw(repository, old, new)? {
        let (mode, id) = match raw {
            Raw::Modification { previous_entry_mode, previous_oid, .. } => {
                (previous_entry_mode, previous_oid)
            }
            Raw::Deletion { entry_mode, oid, .. } => (entry_mode, oid),
            Raw::Addition { .. } => continue,
        };
        if mode.is_blob_or_symlink() && !repository.inner.has_object(id) {
            return Err(repository.missing(&id));
        }
    }
    Ok(())
}

/// The entries that differ, files and folders.
fn raw(repository: &Repository, old: ObjectId, new: ObjectId) -> Result<Vec<Raw>, Failure> {
    let (old, new) = (repository.tree(old)?, repository.tree(new)?);
    let mut recorder = gix::diff::tree::Recorder::default();
    gix::diff::tree(
        TreeRefIter::from_bytes(&old.data, old.id.kind()),
        TreeRefIter::from_bytes(&new.data, new.id.kind()),
        gix::diff::tree::State::default(),
        &repository.inner.objects,
        &mut recorder,
    )
    .map_err(|error| repository.missing(&error))?;
    recorder.records.sort_by(|left, right| path(left).cmp(path(right)));
    Ok(recorder.records)
}

fn path(raw: &Raw) -> &gix::bstr::BString {
    match raw {
        Raw::Addition { path, .. } | Raw::Deletion { path, .. } | Raw::Modification { path, .. } => path,
    }
}

/// Takes the lines that differ between the two sides of a file.
fn compare(
    change: &mut Change,
    repository: &Repository,
    path: String,
    old: Option<Side>,
    new: Side,
) -> Result<(), Failure> {
    if old.is_some_and(|old| old.id == new.id && old.is_file() == new.is_file()) {
        // Only its name or its permissions differ.
        change.added.insert(path.clone(), Vec::new());
        change.removed.insert(path, 0);
        return Ok(());
    }
    let before = old.map_or_else(|| Ok(Vec::new()), |old| old.content(repository))?;
    let after = new.content(repository)?;
    if is_binary(&before) || is_binary(&after) {
        change.binary.insert(path);
        return Ok(());
    }
    let (added, removed) = if old.is_some_and(|old| old.kind() != new.kind()) {
        // A file in the place of a link, or the other way round: nothing of it stays.
        (lines(&[], &after).0, lines(&before, &[]).1)
    } else {
        lines(&before, &after)
    };
    change.added.insert(path.clone(), added);
    change.removed.insert(path, removed);
    Ok(())
}

/// The lines of `after` that `before` has not, and how many it is the other way round.
pub(super) fn lines(before: &[u8], after: &[u8]) -> (Vec<RangeInclusive<u64>>, u64) {
    let input = InternedInput::new(byte_lines(before), byte_lines(after));
    let diff = diff_with_slider_heuristics(Algorithm::Myers, &input);
    let ranges = diff.hunks().map(|hunk| hunk.after).filter(|lines| !lines.is_empty());
    (
        ranges.map(|lines| u64::from(lines.start) + 1..=u64::from(lines.end)).collect(),
        u64::from(diff.count_removals()),
    )
}

/// Whether these bytes are no text.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0)
}
