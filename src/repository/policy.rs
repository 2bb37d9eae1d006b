//! The base of a change as the settings and the host name it.

use std::collections::BTreeMap;
use std::path::Path;

use super::base::{Base, KnownBase, UnknownBase, find, is_target, of_change, resolve, same};
use super::failure::{Failure, Reason};
use crate::objects::Repository;
use devops_ci::{Host, HostChange};
use devops_core::Error;
use devops_core::rule::rules;

/// Where a clone has the default branch of its remote, which a change on somebody's own machine is probably for.
const DEFAULT_BRANCHES: [&str; 3] =
    ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"];

/// The setting that has the host name the base.
pub const AUTO: &str = "auto";

/// The setting that stands for no base.
const NONE: &str = "none";

rules! {
    /// Every rule of this room.
    pub const RULES;

    BASE_UNKNOWN: "base-unknown", Medium,
        "the checkout does not contain the base of the change that the host provides";
}

/// The base of the change: `auto` asks the host, `none` is no base, anything else is a revision.
///
/// # Errors
/// Where a revision was named and does not lead to where the change began.
pub fn base(setting: &str, folder: &Path, environment: &BTreeMap<String, String>) -> Result<Base, Error> {
    // What the environment shows, whatever the file of the change says about the host.
    let change = Host::detect(environment).change(environment);
    match (setting, change) {
        (NONE, _) => Ok(Base::None),
        (AUTO | "", None) => {
            let guessed = guess(folder, environment).ok().flatten();
            Ok(guessed.map_or(Base::None, |known| Base::Guessed(Box::new(known))))
        }
        (AUTO | "", Some(change)) => {
            let unknown = |failure| Base::Unknown(Box::new(UnknownBase { repository: None, failure }));
            let found = Repository::around(folder, environment);
            Ok(found.map_or_else(unknown, |repository| of_change(repository, &change)))
        }
        (revision, change) => {
            let repository = Repository::around(folder, environment)?;
            let is_pipeline = Host::detect(environment).is_pipeline(environment);
            let revisions = revisions(&repository, revision, is_pipeline, change.as_ref())?;
            let known = find(repository, &revisions)?;
            if change.is_some() && known.target == known.repository.head()? {
                let failure = same(revision);
                let repository = Some(known.repository);
                return Ok(Base::Unknown(Box::new(UnknownBase { repository, failure })));
            }
            Ok(Base::Known(Box::new(known)))
        }
    }
}

/// What a revision that somebody named stands for: in a pipeline the branch of the remote before anything of the same name, because a
/// tag called `origin/main` is not that branch.
fn revisions(
    repository: &Repository,
    revision: &str,
    is_pipeline: bool,
    change: Option<&HostChange>,
) -> Result<Vec<String>, Failure> {
    if !is_pipeline || revision == "HEAD" {
        return Ok(vec![revision.to_owned()]);
    }
    let whole = revision.strip_prefix("refs/remotes/").unwrap_or(revision);
    let names = [format!("refs/remotes/{whole}"), format!("refs/remotes/origin/{whole}")];
    let Some(reference) = names.into_iter().find(|name| resolve(repository, name).is_ok()) else {
        return Ok(vec![revision.to_owned()]);
    };
    let remote = reference.split('/').nth(2).unwrap_or_default();
    match change {
        Some(change) if !is_target(repository, change, remote) => {
            let message = format!("`{revision}` is not a branch of the target repository");
            Err(Failure::new(Reason::OtherRepository, message))
        }
        _ => Ok(vec![reference]),
    }
}

/// Whether there is no change: the host runs this for a push to a branch or a schedule, or somebody's own repository has no remote.
///
/// A pipeline on a host that is not known here may run for a change that its checkout does not show, so there it is never said.
pub fn is_no_change(setting: &str, folder: &Path, environment: &BTreeMap<String, String>) -> bool {
    let host = Host::detect(environment);
    let is_unknown_pipeline = host == Host::Local && host.is_pipeline(environment);
    matches!(setting, AUTO | "")
        && !is_unknown_pipeline
        && host.change(environment).is_none()
        && matches!(guess(folder, environment), Ok(None))
}

/// Where a change on somebody's own machine probably began; none on a host, and where there is no remote.
///
/// # Errors
/// Where there is a remote, and the history does not reach where the change left it.
fn guess(folder: &Path, environment: &BTreeMap<String, String>) -> Result<Option<KnownBase>, Failure> {
    if Host::detect(environment) != Host::Local {
        return Ok(None);
    }
    let found = Repository::around(folder, environment)
        .and_then(|repository| find(repository, &DEFAULT_BRANCHES.map(str::to_owned)));
    match found {
        Ok(known) => Ok(Some(known)),
        Err(Failure {
            reason: Reason::NotARepository | Reason::NoCommit | Reason::UnknownRevision, ..
        }) => Ok(None),
        Err(failure) => Err(failure),
    }
}
