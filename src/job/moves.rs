//! Paths that the target branch names and that the change moves or takes away.

use std::path::PathBuf;

use clap::Command;

use super::effective_policy::PolicyChange;
use devops_config::{Resolved, Source};
use devops_core::{Error, Finding};
use devops_repository::moved;

/// Puts the new place of what git shows as moved in the place of the old one; returns the paths that are just gone.
///
/// Only what the change no longer names is looked at: a path that both name and that is not there is missing.
pub(super) fn follow(
    target: &mut Resolved,
    change: &PolicyChange<'_>,
    command: &Command,
    source: &Source<'_>,
    commit: Option<&str>,
) -> Vec<String> {
    let (folder, environment) = (source.working_directory, source.environment);
    let mut gone = Vec::new();
    target.replace_paths(command, |name, path| {
        let is_pattern = path.to_string_lossy().contains(['*', '?', '{', '[']);
        if !(change.key)(name).is_list()
            || is_pattern
            || path.symlink_metadata().is_ok()
            || change.settings.names(name, path)
        {
            return None;
        }
        let places: Vec<PathBuf> =
            commit.map(|commit| moved(folder, environment, commit, path)).unwrap_or_default();
        if places.is_empty() {
            gone.push(path.display().to_string());
            return None;
        }
        Some(places)
    });
    gone
}

/// The way out where a path of the target branch is gone.
fn way_out(path: &str) -> String {
    format!(
        "the target branch names {path}, and the change no longer does: if it moved, set the input `paths` in the workflow to the \
         new place until the change is merged"
    )
}

/// Adds the way out to the findings about a path that is gone.
pub(super) fn advise(findings: &mut [Finding], gone: &[String]) {
    let at = |finding: &Finding, path: &String| {
        let is_at = finding.location.as_ref().is_some_and(|location| location.path == *path);
        is_at || finding.subject.get("path").and_then(|known| known.as_str()) == Some(path)
    };
    for finding in findings {
        if let Some(path) = gone.iter().find(|path| at(finding, path)) {
            finding.help = way_out(path);
        }
    }
}

/// Adds the way out to an error about inputs.
pub(super) fn advise_error(error: Error, gone: &[String]) -> Error {
    match gone.first() {
        Some(path) if error.kind() == devops_core::ErrorKind::Input => error.help(way_out(path)),
        _ => error,
    }
}
