//! Whose `devops.toml` decides about a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::base::{Base, KnownBase};
use super::failure::Failure;
use crate::policy::{BASE_UNKNOWN, base};
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
    Ok(match base(setting, place.folder, environment)? {
        Base::None => Authority::Checkout,
        Base::Known(known) => file_at(&known, place.file)?.map_or(Authority::Checkout, Authority::Target),
        Base::Guessed(known) => file_at(&known, place.file)?.map_or(Authority::Checkout, Authority::Guess),
        Base::Unknown(failure) => Authority::Unknown(unknown(&failure)),
    })
}

/// The file at the base; none where it lies outside of the repository.
fn file_at(known: &KnownBase, file: &Path) -> Result<Option<PolicyFile>, Failure> {
    let Some(path) = known.repository.path_of(file) else { return Ok(None) };
    let bytes = known.repository.blob(known.commit, &path)?;
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let (commit, label, revision) = (known.id(), known.short(), known.revision.clone());
    Ok(Some(PolicyFile { commit, label, revision, text }))
}

/// The finding about a base that could not be found.
fn unknown(failure: &Failure) -> Finding {
    Finding::new(&BASE_UNKNOWN, format!("the base of the change is unknown: {}", failure.message), &[])
        .detail("The devops.toml of the change applies, and nothing is compared with the base.")
        .help(failure.help())
}
