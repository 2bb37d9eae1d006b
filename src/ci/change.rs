//! The change that a host runs a job for, as its environment and its event say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Host;

/// Digits of a commit's name.
const DIGITS: usize = 40;

/// Largest event file that is read.
const LARGEST_EVENT: u64 = 32 << 20;

/// A change that is to be merged: a pull request, a merge request, or what a merge queue is about to merge.
///
/// Commits are whole names, and branches stand without `refs/heads/`, so that nothing a change names can take their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostChange {
    /// Commits of the change, one of which is checked out; empty where the host does not name its head.
    pub checkouts: Vec<String>,
    /// The commit by which the host merges the change; its first parent is of the target branch.
    pub merge: Option<String>,
    /// The newest commit of the target branch, as the host names it.
    pub target_commits: Vec<String>,
    /// The target branch.
    pub target_branch: Option<String>,
    /// Commits of the target branch that need not be its newest: the one that it and the change have in common.
    pub common_commits: Vec<String>,
    /// Path of the target repository in an address, each way it can be written: `org/webshop`; empty where the host names none.
    pub repository_paths: Vec<String>,
    /// Address of the target repository.
    pub repository_url: Option<String>,
    /// Whether the host starts the job on its default branch, so that the job may have checked out no change at all.
    pub starts_on_default_branch: bool,
}

/// Values of the environment that are not empty.
type Get<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

impl Host {
    /// The change that the host runs this job for; none for a push, a schedule, and on a laptop.
    pub fn change(self, environment: &BTreeMap<String, String>) -> Option<HostChange> {
        let get =
            |name: &str| environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        match self {
            Self::GitHub => github(&get, &event(get("GITHUB_EVENT_PATH"))),
            Self::GitLab => gitlab(&get),
            Self::Local => None,
        }
    }

    /// The folder into which the host checks out repositories.
    pub fn workspace(self, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
        let name = match self {
            Self::GitHub => "GITHUB_WORKSPACE",
            Self::GitLab => "CI_PROJECT_DIR",
            Self::Local => return None,
        };
        environment.get(name).filter(|folder| !folder.is_empty()).map(PathBuf::from)
    }

    /// Whether this is a pipeline, also one of a host that is not known here.
    pub fn is_pipeline(self, environment: &BTreeMap<String, String>) -> bool {
        let is_set = |value: &String| !matches!(value.as_str(), "" | "0" | "false");
        self != Self::Local || environment.get("CI").is_some_and(is_set)
    }
}

/// The event that started the workflow; null where there is none that can be read.
fn event(path: Option<&str>) -> Value {
    let bytes = path.and_then(|path| devops_files::read(Path::new(path), LARGEST_EVENT).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// A pull request has its target branch, and a commit that merges it there; a merge queue names the commit in front.
fn github(get: Get<'_>, event: &Value) -> Option<HostChange> {
    let reference = get("GITHUB_REF").unwrap_or_default();
    let sha = get("GITHUB_SHA").filter(|sha| is_commit(sha)).map(str::to_owned);
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let commit = |pointer: &str| text(pointer).filter(|sha| is_commit(sha)).map(str::to_owned);
    let change = HostChange {
        repository_paths: get("GITHUB_REPOSITORY")
            .map(|repository| paths(repository, get("GITHUB_SERVER_URL")))
            .unwrap_or_default(),
        repository_url: get("GITHUB_SERVER_URL")
            .zip(get("GITHUB_REPOSITORY"))
            .map(|(server, repository)| format!("{}/{repository}", server.trim_end_matches('/'))),
        ..HostChange::default()
    };
    let queued = reference.strip_prefix("refs/heads/gh-readonly-queue/");
    if queued.is_some() || event.get("merge_group").is_some_and(Value::is_object) {
        // The reference is as `main/pr-12-` and the commit that the queue puts the change upon.
        let (branch, name) = queued.and_then(|queued| queued.rsplit_once('/')).unwrap_or_default();
        let named = || name.rsplit('-').next().filter(|base| is_commit(base)).map(str::to_owned);
        let branch =
            text("/merge_group/base_ref").and_then(|name| name.strip_prefix("refs/heads/")).unwrap_or(branch);
        return Some(HostChange {
            checkouts: sha.into_iter().chain(commit("/merge_group/head_sha")).collect(),
            target_commits: commit("/merge_group/base_sha").or_else(named).into_iter().collect(),
            target_branch: (!branch.is_empty()).then(|| branch.to_owned()),
            ..change
        });
    }
    let is_pull =
        reference.starts_with("refs/pull/") || event.get("pull_request").is_some_and(Value::is_object);
    if let Some(target) = get("GITHUB_BASE_REF").or_else(|| text("/pull_request/base/ref")) {
        return Some(pull_request(change, reference, target, sha.as_ref(), &commit));
    }
    if is_pull {
        let merge = sha.clone().filter(|_| is_merge(reference));
        return Some(HostChange { checkouts: sha.into_iter().collect(), merge, ..change });
    }
    // Events that run on the default branch, in a job that often checks out what they are about.
    let change = HostChange {
        starts_on_default_branch: true,
        target_commits: sha.iter().cloned().collect(),
        ..change
    };
    if text("/workflow_run/event").is_some_and(|name| name.starts_with("pull_request")) {
        let head = commit("/workflow_run/head_sha");
        let checkouts = if head.is_some() { sha.into_iter().chain(head).collect() } else { Vec::new() };
        return Some(HostChange { checkouts, ..change });
    }
    event.pointer("/issue/pull_request").is_some_and(Value::is_object).then_some(change)
}

/// A pull request to a branch, or one that is judged from its target branch (`pull_request_target`).
fn pull_request(
    change: HostChange,
    reference: &str,
    target: &str,
    sha: Option<&String>,
    commit: &dyn Fn(&str) -> Option<String>,
) -> HostChange {
    let is_on_target = reference.strip_prefix("refs/heads/") == Some(target);
    let head = commit("/pull_request/head/sha");
    // Where the workflow runs on a branch, its commit is none of the change's, and only the event names the head.
    let is_head_known = head.is_some() || !is_on_target;
    let named = sha.cloned().into_iter().chain(head).chain(commit("/pull_request/merge_commit_sha"));
    HostChange {
        checkouts: if is_head_known { named.collect() } else { Vec::new() },
        // By its own name, not as `HEAD`: a job may check out the change alone, whose parent is the change's.
        merge: sha.filter(|_| is_merge(reference)).cloned(),
        target_commits: sha.filter(|_| is_on_target).cloned().into_iter().collect(),
        target_branch: Some(target.to_owned()),
        common_commits: commit("/pull_request/base/sha").into_iter().collect(),
        ..change
    }
}

/// Whether the commit of this reference merges a change into its target.
fn is_merge(reference: &str) -> bool {
    reference.starts_with("refs/pull/") && reference.ends_with("/merge")
}

/// A merge request has the commit it left its target at; where its result is tested, the commit of the target in it.
fn gitlab(get: Get<'_>) -> Option<HostChange> {
    let commit = |name: &str| get(name).filter(|sha| is_commit(sha)).map(str::to_owned);
    let is_merge_request = get("CI_PIPELINE_SOURCE") == Some("merge_request_event")
        || [
            "CI_MERGE_REQUEST_IID",
            "CI_MERGE_REQUEST_ID",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA",
        ]
        .into_iter()
        .any(|name| get(name).is_some());
    let commits = |names: &[&str]| names.iter().filter_map(|name| commit(name)).collect::<Vec<_>>();
    if is_merge_request {
        let is_merged = matches!(get("CI_MERGE_REQUEST_EVENT_TYPE"), Some("merged_result" | "merge_train"));
        let url = get("CI_MERGE_REQUEST_PROJECT_URL");
        return Some(HostChange {
            checkouts: commits(&["CI_COMMIT_SHA", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"]),
            merge: commit("CI_COMMIT_SHA").filter(|_| is_merged),
            target_commits: commits(&["CI_MERGE_REQUEST_TARGET_BRANCH_SHA"]),
            target_branch: get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").map(str::to_owned),
            common_commits: commits(&["CI_MERGE_REQUEST_DIFF_BASE_SHA"]),
            repository_paths: get("CI_MERGE_REQUEST_PROJECT_PATH")
                .map(|path| paths(path, get("CI_SERVER_URL")))
                .into_iter()
                .flatten()
                .chain(url.and_then(address_path))
                .collect(),
            repository_url: url.map(|url| format!("{url}.git")),
            starts_on_default_branch: false,
        });
    }
    // A pull request of another host, whose repository GitLab mirrors; such pipelines run for no fork.
    get("CI_EXTERNAL_PULL_REQUEST_IID").map(|_| HostChange {
        checkouts: commits(&["CI_COMMIT_SHA", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"]),
        target_commits: commits(&["CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA"]),
        target_branch: get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME").map(str::to_owned),
        ..HostChange::default()
    })
}

/// The paths of a repository in addresses: its own, and that below the path of a server that has one.
fn paths(repository: &str, server: Option<&str>) -> Vec<String> {
    let below = server.and_then(address_path).filter(|path| !path.is_empty());
    let below = below.map(|path| format!("{path}/{repository}"));
    std::iter::once(repository.to_owned()).chain(below).collect()
}

/// The path of a repository's address, in each form that git takes: `org/webshop`.
pub fn address_path(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map(|(_, path)| path).unwrap_or_default(),
        // As `git@host:org/webshop.git`; a colon behind a slash is part of a path.
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?.1,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    Some(path.strip_suffix(".git").unwrap_or(path).to_owned())
}

/// Whether this is the whole name of a commit, and not the one that stands for none.
fn is_commit(sha: &str) -> bool {
    sha.len() == DIGITS
        && sha.bytes().all(|byte| byte.is_ascii_hexdigit())
        && sha.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
