//! What a commit says of itself, and what it brings against its first parent.

use gix::ObjectId;
use jiff::Timestamp;

use super::change::between;
use super::failure::Failure;
use crate::objects::Repository;

/// Most commits that are looked through for the earliest one of a merge.
const MOST: usize = 10_000;

/// What a commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFacts {
    /// Its whole name.
    pub id: String,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// When the earliest of the commits that it brings was written; none where the clone does not reach its first parent.
    pub first_commit_at: Option<Timestamp>,
    /// Whether its author is a program, by the mark that hosts put behind such names.
    pub is_bot: bool,
    /// The commit that it takes back.
    pub reverts: Option<String>,
    /// Lines added and removed; none where the clone does not reach its first parent.
    pub lines: Option<(u64, u64)>,
}

impl Repository {
    /// What the commit that is checked out says of itself.
    ///
    /// # Errors
    /// Where there is no commit, or it can't be read.
    pub fn head_facts(&self) -> Result<CommitFacts, Failure> {
        let id = self.head()?;
        let commit = self.commit(id)?;
        let author = commit.author().map_err(|error| self.missing(&error))?;
        let is_bot = author.name.ends_with(b"[bot]");
        let message = String::from_utf8_lossy(commit.message_raw_sloppy()).into_owned();
        let written = |id: ObjectId| {
            let commit = self.commit(id).ok()?;
            let seconds = commit.author().ok()?.time().ok()?.seconds;
            Timestamp::from_second(seconds).ok()
        };
        let committed_at =
            self.time(id).ok_or_else(|| self.missing(&"the commit has no time that can be told"))?;
        let parents: Vec<ObjectId> = commit.parent_ids().map(gix::Id::detach).collect();
        let (mut first_commit_at, mut lines) = (None, None);
        if let Some(parent) = parents.first().filter(|parent| self.inner.has_object(**parent)) {
            let brought = self.brought(id, *parent);
            first_commit_at =
                brought.map(|brought| brought.into_iter().filter_map(written).min()).unwrap_or_default();
            lines =
                between(self, *parent, id).ok().map(|change| (change.lines(), change.removed.values().sum()));
        }
        Ok(CommitFacts {
            id: id.to_string(),
            committed_at,
            first_commit_at,
            is_bot,
            reverts: reverted(&message),
            lines,
        })
    }

    /// A commit and those it brings that are not in the history of `parent`; none where the history is cut off or too long.
    fn brought(&self, id: ObjectId, parent: ObjectId) -> Option<Vec<ObjectId>> {
        let walk = self.inner.rev_walk([id]).with_hidden([parent]).all().ok()?;
        let mut brought = Vec::new();
        for commit in walk.take(MOST) {
            brought.push(commit.ok()?.id);
        }
        (brought.len() < MOST).then_some(brought)
    }
}

/// The commit that a message says it takes back, as `git revert` writes it.
fn reverted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("This reverts commit ")?;
    let name: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    (name.len() == 40).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::reverted;

    #[test]
    fn a_revert_names_what_it_takes_back() {
        let name = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(reverted(&format!("Revert x\n\nThis reverts commit {name}.\n")).as_deref(), Some(name));
        assert_eq!(reverted("This reverts commit 0123."), None);
        assert_eq!(reverted("Revert the last one"), None);
    }
}
