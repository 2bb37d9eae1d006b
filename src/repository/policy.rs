//! The base of a change as the settings and the host name it, and `devops.toml` as it was there.

use std::collections::BTreeMap;
use std::path::Path;

use super::base::{Base, KnownBase, find};
use super::failure::{Failure, Reason};
use crate::ci::Host;
use crate::core::rule::rules;
use crate::core::{Error, Finding};
use crate::repository::objects::Repository;

/// `devops.toml` where the change began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseFile {
    /// The commit's whole name.
    pub commit: String,
    /// The commit's name as people are shown it.
    pub label: String,
    /// What the file said; none where it was not there.
    pub text: Option<String>,
}

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
                return Ok(Base::None);
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

/// Whether the host runs this for no change: a push to a branch, a schedule. Without a host that nobody can tell.
pub fn is_no_change(setting: &str, environment: &BTreeMap<String, String>) -> bool {
    let host = Host::detect(environment);
    matches!(setting, AUTO | "") && host != Host::Local && host.base_candidates(environment).is_empty()
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

/// A file of the policy where the change began; none where that is not known, or the file is none of the repository's.
///
/// # Errors
/// As [`base`].
pub fn base_file(
    setting: &str,
    folder: &Path,
    environment: &BTreeMap<String, String>,
    file: &Path,
) -> Result<Option<BaseFile>, Error> {
    let Base::Known(known) = base(setting, folder, environment)? else {
        return Ok(None);
    };
    let Some(path) = known.repository.path_of(file) else { return Ok(None) };
    let bytes = known.repository.blob(known.commit, &path)?;
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Some(BaseFile { commit: known.id(), label: known.short(), text }))
}

/// The finding about a base that could not be found.
pub fn unknown(failure: &Failure) -> Finding {
    Finding::new(&BASE_UNKNOWN, format!("the base of the change is unknown: {}", failure.message), &[])
        .detail("The devops.toml of the change applies, and nothing is compared with the base.")
        .help(failure.help())
}
