//! Whose `devops.toml` decides about a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::base::{Base, UnknownBase};
use super::failure::{Failure, Reason};
use crate::objects::Repository;
use crate::policy::{AUTO, BASE_UNKNOWN, base};
use devops_ci::Host;
use devops_core::{Error, Finding};

/// Whose `devops.toml` decides about this run.
#[derive(Debug)]
pub enum Authority {
    /// No change is judged, or the workflow asked for no base: the file that is checked out decides.
    Checkout,
    /// The newest known commit of the target branch decides.
    Target(PolicyFile),
    /// Only the commit that the change and the target branch have in common is known: its file holds, and the change may only
    /// make the gate stricter.
    Common {
        /// The file of that commit.
        file: PolicyFile,
        /// How to get the newest commit of the target branch, for a note.
        advice: String,
    },
    /// The host names a change and its base is not known: the change's file may only make the gate stricter.
    ///
    /// The finding says why, how to fetch the history, and that the workflow can ask for no base.
    Unknown(Finding),
    /// On somebody's own machine it decides nothing, and shows what a pull request would be judged by.
    Guess(PolicyFile),
}

/// `devops.toml` at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// The commit's whole name.
    pub commit: String,
    /// The commit's name as people are shown it.
    pub label: String,
    /// The revision that led to the commit, as people write it.
    pub revision: String,
    /// What the file said; none where it was not there.
    pub text: Option<String>,
}

/// Where a run takes place, and which file is its `devops.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The working directory as it was written, links and all.
    pub folder: &'a Path,
    /// The file; it need not be there.
    pub file: &'a Path,
    /// Whether the workflow named the file, by a flag, an input or the environment.
    pub is_named: bool,
}

/// Whose `devops.toml` decides: `auto` asks the host, `none` is no base, anything else is a revision.
///
/// # Errors
/// Where a revision was named and does not lead to a commit that this one shares history with, or the file there can't be read.
pub fn authority(
    setting: &str,
    place: &Place<'_>,
    environment: &BTreeMap<String, String>,
) -> Result<Authority, Error> {
    let (known, is_guess) = match base(setting, place.folder, environment)? {
        Base::None => return Ok(Authority::Checkout),
        Base::Known(known) => (known, false),
        Base::Guessed(known) => (known, true),
        Base::Unknown(base) => {
            let UnknownBase { failure, repository } = *base;
            return Ok(if is_of_workflow(place, repository.as_ref(), environment) {
                Authority::Checkout
            } else {
                Authority::Unknown(unknown(&failure))
            });
        }
    };
    let Some(path) = path_in(&known.repository, place.file) else {
        if is_guess || is_of_workflow(place, Some(&known.repository), environment) {
            return Ok(Authority::Checkout);
        }
        let message = format!("{} is not a file of the repository", place.file.display());
        return Ok(Authority::Unknown(unknown(&Failure::new(Reason::OutsideWorkspace, message))));
    };
    let file = match known.repository.blob(known.target, &path) {
        Ok(bytes) => {
            let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let (commit, label, revision) = (known.id(), known.short(), known.revision.clone());
            PolicyFile { commit, label, revision, text }
        }
        Err(failure) if matches!(setting, AUTO | "") => return Ok(Authority::Unknown(unknown(&failure))),
        Err(failure) => return Err(failure.into()),
    };
    Ok(match known.advice {
        _ if is_guess => Authority::Guess(file),
        Some(advice) => Authority::Common { file, advice },
        None => Authority::Target(file),
    })
}

/// The path of a file in the repository, by the way it was written, or else by where it is.
fn path_in(repository: &Repository, file: &Path) -> Option<String> {
    let real = || repository.path_of(&file.canonicalize().ok()?);
    repository.path_of(file).or_else(real)
}

/// Whether the file is not the change's: the workflow named it, and it lies where the change has nothing.
fn is_of_workflow(
    place: &Place<'_>,
    repository: Option<&Repository>,
    environment: &BTreeMap<String, String>,
) -> bool {
    let Ok(real) = place.file.canonicalize() else { return false };
    let workspace = Host::detect(environment).workspace(environment);
    let workspace = workspace.and_then(|workspace| workspace.canonicalize().ok());
    let root = repository.and_then(Repository::root);
    let written = std::path::absolute(place.file).unwrap_or_default();
    let is_outside = |folder: &Path| !real.starts_with(folder) && !written.starts_with(folder);
    place.is_named
        && (workspace.is_some() || root.is_some())
        && workspace.as_deref().is_none_or(is_outside)
        && root.is_none_or(is_outside)
}

/// The finding about a base that could not be found.
fn unknown(failure: &Failure) -> Finding {
    let help = failure.help();
    Finding::new(&BASE_UNKNOWN, format!("the base of the change is unknown: {}", failure.message), &[])
        .detail("The devops.toml of the change can only make the gate stricter, and nothing is compared with the base.")
        .help(format!("{help}; where that is not possible, set `--base none` in the workflow to let the change's own file decide"))
}
