//! The base of a change as the settings and the host name it.

use std::collections::BTreeMap;
use std::path::Path;

use super::base::{Base, KnownBase, find};
use super::failure::{Failure, Reason};
use crate::objects::Repository;
use devops_ci::Host;
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

/// Where the change began: `auto` asks the host, `none` is no base, anything else is a revision.
///
/// # Errors
/// Where a revision was named and does not lead to where the change began.
pub fn base(setting: &str, folder: &Path, environment: &BTreeMap<String, String>) -> Result<Base, Error> {
    match setting {
        NONE => Ok(Base::None),
        AUTO | "" => {
            // What the environment shows, whatever the file of the change says about the host.
            let candidates = Host::detect(environment).base_candidates(environment);
            if candidates.is_empty() {
                let guessed = guess(folder, environment).ok().flatten();
                return Ok(guessed.map_or(Base::None, |known| Base::Guessed(Box::new(known))));
            }
            match found(folder, &candidates) {
                Ok(known) => Ok(Base::Known(Box::new(known))),
                Err(Failure { reason: Reason::NotARepository, .. }) => Ok(Base::None),
                Err(failure) => Ok(Base::Unknown(failure)),
            }
        }
        revision => match found(folder, &[revision.to_owned()]) {
            Ok(known) => Ok(Base::Known(Box::new(known))),
            Err(failure) => Err(failure.into()),
        },
    }
}

/// Whether there is no change: the host runs this for a push to a branch or a schedule, or somebody's own repository has no remote.
///
/// A pipeline on a host that is not known here may run for a change that its checkout does not show, so there it is never said.
pub fn is_no_change(setting: &str, folder: &Path, environment: &BTreeMap<String, String>) -> bool {
    let host = Host::detect(environment);
    let is_unknown_pipeline = host == Host::Local
        && environment.get("CI").is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    matches!(setting, AUTO | "")
        && !is_unknown_pipeline
        && host.base_candidates(environment).is_empty()
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
    let found = Repository::discover(folder)
        .and_then(|repository| find(repository, &DEFAULT_BRANCHES.map(str::to_owned)));
    match found {
        Ok(known) => Ok(Some(known)),
        Err(Failure {
            reason: Reason::NotARepository | Reason::NoCommit | Reason::UnknownRevision, ..
        }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Where the change began by the innermost repository around a folder that knows one of these revisions.
///
/// A change that puts a repository of its own around the folder, as a submodule, does not get out of the outer one's sight.
fn found(folder: &Path, revisions: &[String]) -> Result<KnownBase, Failure> {
    let mut repository = Repository::discover(folder)?;
    let mut first = None;
    loop {
        let outer = repository.root().and_then(Path::parent).map(Path::to_path_buf);
        let failure = match find(repository, revisions) {
            Ok(known) => return Ok(known),
            Err(failure) => failure,
        };
        let first = first.get_or_insert(failure);
        match outer.map(|folder| Repository::discover(&folder)) {
            Some(Ok(next)) => repository = next,
            _ => return Err(first.clone()),
        }
    }
}
