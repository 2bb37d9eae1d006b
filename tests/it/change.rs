//! A change as hosts run their jobs for it: what is checked out, and what the environment says.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::git;

/// Where a job runs for a change.
pub(crate) struct Change {
    /// The host, for messages.
    pub(crate) host: &'static str,
    /// What it sets.
    pub(crate) variables: BTreeMap<&'static str, String>,
}

fn commit(folder: &Path, revision: &str) -> String {
    git(folder, &["rev-parse", revision]).trim().to_owned()
}

/// The branch that is checked out as a pull request into `main`, as GitHub checks it out with its whole history: the merge of both.
pub(crate) fn pull_request(folder: &Path) -> Change {
    let topic = commit(folder, "HEAD");
    let main = commit(folder, "main");
    git(folder, &["update-ref", "refs/remotes/origin/main", &main]);
    git(folder, &["update-ref", "refs/heads/topic", &topic]);
    git(folder, &["switch", "--quiet", "--detach", "main"]);
    git(folder, &["merge", "--quiet", "--no-ff", "-m", "merge", &topic]);
    let variables = [
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_EVENT_NAME", "pull_request".to_owned()),
        ("GITHUB_BASE_REF", "main".to_owned()),
        ("GITHUB_HEAD_REF", "topic".to_owned()),
        ("GITHUB_REF", "refs/pull/1/merge".to_owned()),
        ("GITHUB_SHA", commit(folder, "HEAD")),
        ("GITHUB_WORKSPACE", folder.display().to_string()),
    ];
    Change { host: "GitHub", variables: variables.into() }
}

/// The same branch as a merge request into `main`, as GitLab checks it out with its whole history: its own commit.
pub(crate) fn merge_request(folder: &Path) -> Change {
    git(folder, &["switch", "--quiet", "topic"]);
    git(folder, &["update-ref", "refs/remotes/origin/main", "main"]);
    let variables = [
        ("GITLAB_CI", "true".to_owned()),
        ("CI_COMMIT_SHA", commit(folder, "HEAD")),
        ("CI_MERGE_REQUEST_IID", "1".to_owned()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".to_owned()),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic".to_owned()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", git(folder, &["merge-base", "main", "HEAD"]).trim().to_owned()),
        ("CI_PROJECT_DIR", folder.display().to_string()),
    ];
    Change { host: "GitLab", variables: variables.into() }
}
