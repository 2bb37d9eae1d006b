//! Where the change under test began, as the host's environment says.

use std::collections::BTreeMap;

use super::Host;

/// Digits of a commit's name.
const DIGITS: usize = 40;

impl Host {
    /// Revisions that lead to where the change under test began, the most exact first; none where nothing is to be merged.
    ///
    /// They are full names of references and of commits, so that no tag or branch of the change can stand in for them.
    pub fn base_candidates(self, environment: &BTreeMap<String, String>) -> Vec<String> {
        let get =
            |name: &str| environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        match self {
            Self::GitHub => github(&get),
            Self::GitLab => gitlab(&get),
            Self::Local => Vec::new(),
        }
    }
}

/// A pull request has the branch it goes to, and a commit that merges it there; a merge queue names the commit in front.
fn github<'a>(get: &dyn Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let reference = get("GITHUB_REF").unwrap_or_default();
    if let Some(queued) = reference.strip_prefix("refs/heads/gh-readonly-queue/") {
        // As `main/pr-12-` and the commit that the queue puts the change upon.
        let (target, change) = queued.rsplit_once('/').unwrap_or_default();
        let base = change.rsplit('-').next().filter(|base| is_commit(base)).map(str::to_owned);
        return base.into_iter().chain(branch(target)).collect();
    }
    let Some(target) = get("GITHUB_BASE_REF") else { return Vec::new() };
    // The merge commit by its own name, not as `HEAD`: a job may check out the change alone, whose parent is the change's.
    let is_merge = reference.starts_with("refs/pull/") && reference.ends_with("/merge");
    let merge = get("GITHUB_SHA").filter(|sha| is_merge && is_commit(sha)).map(|sha| format!("{sha}^1"));
    merge.into_iter().chain(branch(target)).collect()
}

/// A merge request has the commit it left its target at; where its result is tested, the commit of the target in it.
fn gitlab<'a>(get: &dyn Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let commits = ["CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"].into_iter();
    let commits = commits.filter_map(get).filter(|sha| is_commit(sha)).map(str::to_owned);
    commits.chain(branch(get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").unwrap_or_default())).collect()
}

/// A branch as a checkout has it: of the remote, or its own.
fn branch(name: &str) -> Vec<String> {
    if name.is_empty() {
        return Vec::new();
    }
    vec![format!("refs/remotes/origin/{name}"), format!("refs/heads/{name}")]
}

/// Whether this is the whole name of a commit, and not the one that stands for none.
fn is_commit(sha: &str) -> bool {
    sha.len() == DIGITS
        && sha.bytes().all(|byte| byte.is_ascii_hexdigit())
        && sha.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Host;

    const SHA: &str = "1111111111111111111111111111111111111111";
    const OTHER: &str = "2222222222222222222222222222222222222222";

    fn candidates(host: Host, pairs: &[(&str, &str)]) -> Vec<String> {
        let environment: BTreeMap<String, String> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        host.base_candidates(&environment)
    }

    #[test]
    fn a_pull_request_has_its_merge_commit_and_its_target() {
        let found = candidates(
            Host::GitHub,
            &[("GITHUB_BASE_REF", "main"), ("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_SHA", SHA)],
        );
        assert_eq!(found, [&format!("{SHA}^1"), "refs/remotes/origin/main", "refs/heads/main"]);
        let found = candidates(
            Host::GitHub,
            &[("GITHUB_BASE_REF", "main"), ("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", SHA)],
        );
        assert_eq!(found, ["refs/remotes/origin/main", "refs/heads/main"], "the target runs the workflow");
    }

    #[test]
    fn a_merge_queue_has_the_commit_in_front() {
        let queued = format!("refs/heads/gh-readonly-queue/release/1.x/pr-12-{SHA}");
        let found = candidates(Host::GitHub, &[("GITHUB_REF", &queued), ("GITHUB_SHA", OTHER)]);
        assert_eq!(found, [SHA, "refs/remotes/origin/release/1.x", "refs/heads/release/1.x"]);
    }

    #[test]
    fn a_merge_request_has_the_commits_its_pipeline_names() {
        let found = candidates(
            Host::GitLab,
            &[
                ("CI_MERGE_REQUEST_DIFF_BASE_SHA", SHA),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ],
        );
        assert_eq!(found, [SHA, "refs/remotes/origin/main", "refs/heads/main"]);
        let found = candidates(
            Host::GitLab,
            &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", SHA), ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", OTHER)],
        );
        assert_eq!(found, [OTHER, SHA], "the result of the merge stands on the target as it is now");
    }

    #[test]
    fn nothing_has_no_base() {
        let nothing = Vec::<String>::new();
        assert_eq!(
            candidates(Host::GitHub, &[("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", SHA)]),
            nothing
        );
        assert_eq!(candidates(Host::GitLab, &[("CI_COMMIT_BRANCH", "main")]), nothing);
        assert_eq!(candidates(Host::Local, &[("GITHUB_BASE_REF", "main")]), nothing);
    }
}
