//! The two bases of a change: the newest known commit of the branch it goes to, and the commit that both have in common.

use gix::ObjectId;

use super::change;
use super::failure::{Failure, Reason};
use crate::objects::Repository;
use devops_ci::{HostChange, address_path};

/// Digits of a commit's name that people are shown.
const SHORT: usize = 10;

/// What is known about the base of a change.
pub enum Base {
    /// There is no base: nobody named one, and the host knows of none.
    None,
    /// There is one, and it could not be found.
    Unknown(Box<UnknownBase>),
    /// There is one.
    Known(Box<KnownBase>),
    /// There is probably one, for somebody at their own machine: it shows which lines are new, and decides nothing.
    Guessed(Box<KnownBase>),
}

/// A base that could not be found.
pub struct UnknownBase {
    /// The repository of the change, where there is one.
    pub repository: Option<Repository>,
    /// Why it could not be found.
    pub failure: Failure,
}

/// The base of a change.
pub struct KnownBase {
    /// The repository that knows it.
    pub repository: Repository,
    /// The newest known commit of the target branch: what is allowed is read from it.
    pub target: ObjectId,
    /// Where the change began, the best ancestor that the target and the commit that is checked out have in common: lines that
    /// came later are the change's. A failure where the history does not reach it.
    pub start: Result<ObjectId, Failure>,
    /// The revision that led to the target, as people write it: `origin/main`.
    pub revision: String,
    /// How to get a newer commit of the target branch, where only the one that the change has in common with it is known.
    pub advice: Option<String>,
}

impl KnownBase {
    /// The whole name of the target's commit.
    pub fn id(&self) -> String {
        self.target.to_string()
    }

    /// The first digits of its name.
    pub fn short(&self) -> String {
        shortened(self.target)
    }

    /// The first digits of the name of the commit where the change began.
    pub fn short_start(&self) -> Option<String> {
        self.start.as_ref().ok().map(|start| shortened(*start))
    }
}

fn shortened(commit: ObjectId) -> String {
    commit.to_string().chars().take(SHORT).collect()
}

/// The base by the first of these revisions that leads to one; the most telling failure where none does.
pub(super) fn find(repository: Repository, revisions: &[String]) -> Result<KnownBase, Failure> {
    let head = repository.head()?;
    let mut failures = Vec::new();
    for revision in revisions {
        let found = resolve(&repository, revision)
            .and_then(|target| Ok((target, began(&repository, revision, target, head)?)));
        match found {
            Ok((target, start)) => {
                let revision = readable(revision);
                return Ok(KnownBase { repository, target, start: Ok(start), revision, advice: None });
            }
            Err(failure) => failures.push(failure),
        }
    }
    Err(telling(failures))
}

/// The base of a change that a host names.
pub(super) fn of_change(repository: Repository, change: &HostChange) -> Base {
    match newest(&repository, change) {
        Ok(Found { target, start, revision, advice }) => {
            Base::Known(Box::new(KnownBase { repository, target, start, revision, advice }))
        }
        Err(failure) => Base::Unknown(Box::new(UnknownBase { repository: Some(repository), failure })),
    }
}

/// What was found of a change's base.
struct Found {
    target: ObjectId,
    start: Result<ObjectId, Failure>,
    revision: String,
    advice: Option<String>,
}

/// The newest known commit of the target branch, or the one that the change has in common with it.
fn newest(repository: &Repository, change: &HostChange) -> Result<Found, Failure> {
    let head = repository.head()?;
    let mut failures = Vec::new();
    let merged = change.merge.as_deref().map(|merge| first_parent(repository, merge));
    let named = change.target_commits.iter().map(|sha| resolve(repository, sha).map(|id| (id, sha.clone())));
    for found in named.chain(merged) {
        match found
            .and_then(|(target, revision)| readable_commit(repository, target).map(|()| (target, revision)))
        {
            Ok((target, revision)) => {
                let start = start(repository, change, &revision, target, head);
                let revision = change.target_branch.clone().unwrap_or(revision);
                return Ok(Found { target, start, revision, advice: None });
            }
            Err(failure) => failures.push(failure),
        }
    }
    let common = common(repository, change, head, &mut failures);
    for reference in references(repository, change, &mut failures) {
        let found = resolve(repository, &reference)
            .and_then(|target| readable_commit(repository, target).map(|()| target));
        match found {
            Ok(target) if target == head => failures.push(same(&reference)),
            // A clone that is used again and again may have kept an old one.
            Ok(target)
                if common.as_ref().is_some_and(|(common, _)| is_older(repository, target, *common)) => {}
            Ok(target) => {
                let start = start(repository, change, &reference, target, head);
                return Ok(Found { target, start, revision: readable(&reference), advice: None });
            }
            Err(failure) => failures.push(failure),
        }
    }
    let (target, revision) = common.ok_or_else(|| telling(failures))?;
    let start = began(repository, &revision, target, head);
    Ok(Found { target, start, revision, advice: Some(advice(repository, change)) })
}

/// The commit that the host says the change has in common with its target, and its name.
fn common(
    repository: &Repository,
    change: &HostChange,
    head: ObjectId,
    failures: &mut Vec<Failure>,
) -> Option<(ObjectId, String)> {
    for sha in &change.common_commits {
        let found =
            resolve(repository, sha).and_then(|commit| readable_commit(repository, commit).map(|()| commit));
        match found {
            Ok(commit) if commit == head => failures.push(same(sha)),
            Ok(commit) => return Some((commit, sha.clone())),
            Err(failure) => failures.push(failure),
        }
    }
    None
}

/// References of the target branch: of each remote that is the target repository, or of `origin` where the host names none.
///
/// A branch of the clone itself, a tag, and a branch of a fork can all have the target's name.
fn references(repository: &Repository, change: &HostChange, failures: &mut Vec<Failure>) -> Vec<String> {
    let Some(branch) = &change.target_branch else { return Vec::new() };
    let mut remotes = vec!["origin".to_owned()];
    if !change.repository_paths.is_empty() {
        remotes = repository.remotes();
        remotes.retain(|remote| is_target(repository, change, remote));
    }
    if remotes.is_empty() {
        let expected = change.repository_paths.first().map(String::as_str).unwrap_or_default();
        let message = format!("no remote of the clone is the target repository {expected}");
        failures.push(Failure::new(Reason::OtherRepository, message));
    }
    remotes.into_iter().map(|remote| format!("refs/remotes/{remote}/{branch}")).collect()
}

/// Whether a remote is the target repository, by its address; another host may serve a mirror of it.
pub(super) fn is_target(repository: &Repository, change: &HostChange, remote: &str) -> bool {
    let is_it = |address: &String| {
        let path = address_path(address);
        path.is_some_and(|path| change.repository_paths.iter().any(|known| known.eq_ignore_ascii_case(&path)))
    };
    let addresses = repository.addresses(remote);
    change.repository_paths.is_empty() || !addresses.is_empty() && addresses.iter().all(is_it)
}

/// How to get the newest commit of the target branch.
fn advice(repository: &Repository, change: &HostChange) -> String {
    let branch = change.target_branch.as_deref().unwrap_or("BRANCH");
    match &change.repository_url {
        Some(url) if !is_target(repository, change, "origin") => {
            format!(
                "git remote add target {url} && git fetch target +refs/heads/{branch}:refs/remotes/target/{branch}"
            )
        }
        _ => format!("git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}"),
    }
}

/// The first parent of the commit by which the host merges the change, and how people write it.
fn first_parent(repository: &Repository, merge: &str) -> Result<(ObjectId, String), Failure> {
    let commit = resolve(repository, merge)?;
    let parent = repository.merged(commit).into_iter().next();
    let parent = parent.ok_or_else(|| {
        Failure::new(Reason::UnknownRevision, format!("{merge} is not a commit that merges a change"))
    })?;
    Ok((parent, format!("{merge}^1")))
}

/// Whether the commit and its files are in the clone.
fn readable_commit(repository: &Repository, commit: ObjectId) -> Result<(), Failure> {
    if repository.inner.has_object(commit) {
        return repository.tree(commit).map(drop);
    }
    if repository.is_shallow() {
        let message = format!("the clone is shallow, and {} is not in it", shortened(commit));
        return Err(Failure::new(Reason::Shallow, message));
    }
    Err(repository.missing(&commit))
}

/// Whether one commit is in the history of the other.
fn is_older(repository: &Repository, one: ObjectId, other: ObjectId) -> bool {
    one != other
        && repository.inner.merge_base(one, other).ok().flatten().is_some_and(|base| base.detach() == one)
}

/// Where a change began that a host names.
fn start(
    repository: &Repository,
    change: &HostChange,
    revision: &str,
    target: ObjectId,
    head: ObjectId,
) -> Result<ObjectId, Failure> {
    // What a merge train puts before the change is not of the change.
    let is_merge = change.merge.as_deref() == Some(head.to_string().as_str());
    let before = repository.merged(head).into_iter().next().filter(|_| is_merge);
    let begun = began(repository, revision, before.unwrap_or(target), head);
    begun.or_else(|failure| {
        let common = change.common_commits.iter();
        let known =
            common.filter_map(|sha| began(repository, sha, resolve(repository, sha).ok()?, head).ok());
        known.take(1).next().ok_or(failure)
    })
}

/// The best common ancestor of a commit, which this revision names, and `head`.
fn began(
    repository: &Repository,
    revision: &str,
    commit: ObjectId,
    head: ObjectId,
) -> Result<ObjectId, Failure> {
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
pub(super) fn resolve(repository: &Repository, revision: &str) -> Result<ObjectId, Failure> {
    // A whole name means itself: neither `refs/tags/refs/heads/main` nor another place where git would look on.
    if revision.starts_with("refs/") {
        let reference = repository.inner.try_find_reference(revision).ok().flatten();
        let reference = reference.filter(|found| found.name().as_bstr() == revision);
        let commit = reference.and_then(|mut found| found.peel_to_commit().ok());
        return commit.map(|commit| commit.id).ok_or_else(|| unresolved(repository, revision));
    }
    let found = repository.inner.rev_parse_single(format!("{revision}^{{commit}}").as_str());
    found.map(gix::Id::detach).map_err(|error| {
        // Only the name of an object can be known and its object be missing.
        let is_hash = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash && !repository.is_shallow() && error.to_string().contains("missing") {
            return repository.missing(&error);
        }
        unresolved(repository, revision)
    })
}

/// The failure for a revision that names no commit.
fn unresolved(repository: &Repository, revision: &str) -> Failure {
    if repository.is_shallow() {
        let message = format!("the clone is shallow, and no commit that `{revision}` names is in it");
        return Failure::new(Reason::Shallow, message);
    }
    Failure::new(Reason::UnknownRevision, format!("the repository has no commit that `{revision}` names"))
}

/// A reference as people write it.
fn readable(reference: &str) -> String {
    let prefixes = ["refs/remotes/", "refs/heads/"];
    let short = prefixes.into_iter().find_map(|prefix| reference.strip_prefix(prefix));
    short.unwrap_or(reference).to_owned()
}

/// The failure that says most.
fn telling(failures: Vec<Failure>) -> Failure {
    let telling = failures.iter().position(|failure| failure.reason != Reason::UnknownRevision).unwrap_or(0);
    let none = || Failure::new(Reason::UnknownRevision, "no revision was named");
    failures.into_iter().nth(telling).unwrap_or_else(none)
}

/// The failure for a base that is the change itself.
pub(super) fn same(revision: &str) -> Failure {
    let message = format!("`{}` is the commit that is checked out", readable(revision));
    Failure::new(Reason::SameCommit, message)
}

fn shallow(revision: &str) -> Failure {
    let message =
        format!("the clone is shallow, and its history does not reach where the change left `{revision}`");
    Failure::new(Reason::Shallow, message)
}
