//! Where the change began: the commit that it and its base have in common.

use gix::ObjectId;

use super::change;
use super::failure::{Failure, Reason};
use crate::objects::Repository;

/// Digits of a commit's name that people are shown.
const SHORT: usize = 10;

/// What is known about where the change began.
pub enum Base {
    /// There is no base: nobody named one, and the host knows of none.
    None,
    /// There is one, and it could not be found.
    Unknown(Failure),
    /// There is one.
    Known(Box<KnownBase>),
    /// There is probably one, for somebody at their own machine: it shows which lines are new, and decides nothing.
    Guessed(Box<KnownBase>),
}

/// Where the change began.
pub struct KnownBase {
    /// The repository that knows it.
    pub repository: Repository,
    /// The best ancestor that the base and the commit that is checked out have in common.
    pub commit: ObjectId,
    /// The revision that led there, as people write it: `origin/main`.
    pub revision: String,
}

impl KnownBase {
    /// The commit's whole name.
    pub fn id(&self) -> String {
        self.commit.to_string()
    }

    /// The first digits of its name.
    pub fn short(&self) -> String {
        self.commit.to_string().chars().take(SHORT).collect()
    }
}

/// Where the change began, by the first of these revisions that leads there; the most telling failure where none does.
pub(super) fn find(repository: Repository, revisions: &[String]) -> Result<KnownBase, Failure> {
    let head = repository.head()?;
    let mut failures = Vec::new();
    for revision in revisions {
        match began(&repository, revision, head) {
            Ok(commit) => {
                let revision = ["refs/remotes/", "refs/heads/"]
                    .into_iter()
                    .find_map(|prefix| revision.strip_prefix(prefix))
                    .unwrap_or(revision);
                return Ok(KnownBase { repository, commit, revision: revision.to_owned() });
            }
            Err(failure) => failures.push(failure),
        }
    }
    let telling = failures.iter().position(|failure| failure.reason != Reason::UnknownRevision).unwrap_or(0);
    let none = || Failure::new(Reason::UnknownRevision, "no revision was named");
    Err(failures.into_iter().nth(telling).unwrap_or_else(none))
}

/// The best common ancestor of a revision and `head`.
fn began(repository: &Repository, revision: &str, head: ObjectId) -> Result<ObjectId, Failure> {
    let commit = resolve(repository, revision)?;
    let parents: Vec<ObjectId> = repository.commit(head)?.parent_ids().map(gix::Id::detach).collect();
    let base = if commit == head || parents.contains(&commit) {
        // Known without the rest of the history, so that a clone of depth two is enough.
        commit
    } else {
        let base = repository.inner.merge_base(commit, head).map_err(|error| repository.missing(&error))?;
        match base {
            Some(base) => base.detach(),
            None if repository.is_shallow() => return Err(shallow(revision)),
            None => {
                let message =
                    format!("`{revision}` and the commit that is checked out have no history in common");
                return Err(Failure::new(Reason::Unrelated, message));
            }
        }
    };
    // Found out here, not when the files are asked for.
    change::check(repository, base, head)?;
    Ok(base)
}

/// The commit that a revision names.
fn resolve(repository: &Repository, revision: &str) -> Result<ObjectId, Failure> {
    let found = repository.inner.rev_parse_single(format!("{revision}^{{commit}}").as_str());
    found.map(gix::Id::detach).map_err(|error| {
        if repository.is_shallow() {
            let message = format!("the clone is shallow, and no commit that `{revision}` names is in it");
            return Failure::new(Reason::Shallow, message);
        }
        // Only the name of an object can be known and its object be missing.
        let is_hash = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash && error.to_string().contains("missing") {
            return repository.missing(&error);
        }
        Failure::new(Reason::UnknownRevision, format!("the repository has no commit that `{revision}` names"))
    })
}

fn shallow(revision: &str) -> Failure {
    let message =
        format!("the clone is shallow, and its history does not reach where the change left `{revision}`");
    Failure::new(Reason::Shallow, message)
}
