//! A change as hosts run their jobs for it: what is checked out, and what the environment says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use crate::support::{binary, git, report_or_null, run};

/// Where a job runs for a change.
pub(crate) struct Change {
    /// The host, for messages.
    pub(crate) host: &'static str,
    /// What it sets.
    pub(crate) variables: BTreeMap<&'static str, String>,
}

fn id(folder: &Path, revision: &str) -> String {
    git(folder, &["rev-parse", revision]).trim().to_owned()
}

/// The branch that is checked out as a pull request into `main`, as GitHub checks it out with its whole history: the merge of both.
pub(crate) fn pull_request(folder: &Path) -> Change {
    let topic = id(folder, "HEAD");
    let main = id(folder, "main");
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
        ("GITHUB_SHA", id(folder, "HEAD")),
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
        ("CI_COMMIT_SHA", id(folder, "HEAD")),
        ("CI_MERGE_REQUEST_IID", "1".to_owned()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".to_owned()),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic".to_owned()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", git(folder, &["merge-base", "main", "HEAD"]).trim().to_owned()),
        ("CI_PROJECT_DIR", folder.display().to_string()),
    ];
    Change { host: "GitLab", variables: variables.into() }
}

/// Commits everything that is there but reports.
pub(crate) fn commit(folder: &Path) {
    git(folder, &["add", "--all", "--", ".", ":!devops-report"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
}

/// What must become of a change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    /// The gate fails, with a finding of this rule.
    Red(&'static str),
    /// The gate refuses to judge, with this exit code and these words.
    Refused(i32, &'static str),
    /// The gate passes, with a finding of this rule that says what was not looked at.
    Warn(&'static str),
    /// Nothing is found.
    Pass,
}

/// What a change does, how, and what must become of it.
pub(crate) type Case<Project> = (&'static str, fn(&Project), Expected);

/// Makes every change in a project of its own and judges it on both hosts, a few side by side; reports all that did not become what
/// they must.
pub(crate) fn judge<Project>(
    job: &str,
    cases: &[Case<Project>],
    new: fn() -> Project,
    path: fn(&Project) -> &Path,
) {
    let (next, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, change, expected)) = next.lock().unwrap().next() else { return };
                    let project = new();
                    let folder = path(&project);
                    git(folder, &["switch", "--quiet", "-c", "topic"]);
                    change(&project);
                    commit(folder);
                    for change in [pull_request(folder), merge_request(folder)] {
                        let difference = difference(job, folder, &change, *expected);
                        let named =
                            |difference| format!("a change that {name}, on {}: {difference}", change.host);
                        wrong.lock().unwrap().extend(difference.map(named));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}\n\n{}", wrong.len(), cases.len() * 2, wrong.join("\n"));
}

/// What is not as expected of a change.
fn difference(job: &str, folder: &Path, change: &Change, expected: Expected) -> Option<String> {
    let finished = run(binary(job, folder).envs(&change.variables));
    let report = report_or_null(folder);
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let has = |rule: &str| {
        findings.iter().any(|finding| finding["rule"] == rule && finding.get("waived").is_none())
    };
    let said = (finished.code, report["verdict"].as_str().unwrap_or_default());
    let is_right = match expected {
        Expected::Red(rule) => said == (Some(1), "fail") && has(rule),
        Expected::Refused(code, words) => finished.code == Some(code) && finished.stderr.contains(words),
        Expected::Warn(rule) => said == (Some(0), "warn") && has(rule),
        Expected::Pass => said == (Some(0), "pass"),
    };
    let printed = format!("{}{}", finished.stdout, finished.stderr);
    (!is_right).then(|| format!("{expected:?} expected, got {said:?}\n{printed}"))
}
