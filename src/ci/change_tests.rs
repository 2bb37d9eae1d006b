//! What each host says about a change.

use std::collections::BTreeMap;

use super::address_path;
use crate::{Host, HostChange};

const SHA: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";
const BASE: &str = "3333333333333333333333333333333333333333";

fn change(host: Host, pairs: &[(&str, &str)]) -> Option<HostChange> {
    let environment: BTreeMap<String, String> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    host.change(&environment)
}

/// A change on GitHub with this event.
fn with_event(pairs: &[(&str, &str)], event: &str) -> Option<HostChange> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), event).unwrap();
    let path = file.path().to_str().unwrap();
    change(Host::GitHub, &[pairs, &[("GITHUB_EVENT_PATH", path)]].concat())
}

#[test]
fn a_pull_request_has_its_merge_commit_and_its_target() {
    let pull = [("GITHUB_BASE_REF", "main"), ("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_SHA", SHA)];
    let found = change(Host::GitHub, &pull).unwrap();
    assert_eq!((found.merge.as_deref(), found.target_branch.as_deref()), (Some(SHA), Some("main")));
    assert_eq!((found.checkouts, found.target_commits), (vec![SHA.to_owned()], vec![]));
    let event =
        format!(r#"{{"pull_request": {{"head": {{"sha": "{OTHER}"}}, "base": {{"sha": "{BASE}"}}}}}}"#);
    let found = with_event(&pull, &event).unwrap();
    assert_eq!(
        (found.checkouts, found.common_commits),
        (vec![SHA.into(), OTHER.into()], vec![BASE.to_owned()])
    );
    let review = with_event(&[("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_SHA", SHA)], "{}").unwrap();
    assert_eq!(
        review.merge.as_deref(),
        Some(SHA),
        "an event that names no target is one of a change as well"
    );
    assert!(with_event(&pull, "no JSON").is_some() && with_event(&pull, "[1, {}]").is_some());
}

#[test]
fn a_workflow_that_runs_on_the_target_has_its_commit() {
    let on = |reference| [("GITHUB_BASE_REF", "main"), ("GITHUB_REF", reference), ("GITHUB_SHA", SHA)];
    let found = change(Host::GitHub, &on("refs/heads/main")).unwrap();
    assert_eq!(found.target_commits, [SHA]);
    assert_eq!((found.checkouts, found.merge), (vec![], None), "no head is named without the event");
    let event = format!(r#"{{"pull_request": {{"head": {{"sha": "{OTHER}"}}}}}}"#);
    assert_eq!(with_event(&on("refs/heads/main"), &event).unwrap().checkouts, [SHA, OTHER]);
    let found = change(Host::GitHub, &on("refs/heads/default")).unwrap();
    assert_eq!(found.target_commits, [""; 0], "the commit of another branch is not the target's");
}

#[test]
fn a_merge_queue_has_the_commit_in_front() {
    let queued = format!("refs/heads/gh-readonly-queue/release/1.x/pr-12-{SHA}");
    let pairs = [("GITHUB_REF", queued.as_str()), ("GITHUB_SHA", OTHER)];
    let found = change(Host::GitHub, &pairs).unwrap();
    assert_eq!((found.target_commits, found.checkouts), (vec![SHA.to_owned()], vec![OTHER.to_owned()]));
    assert_eq!(found.target_branch.as_deref(), Some("release/1.x"));
    let event = format!(r#"{{"merge_group": {{"base_sha": "{BASE}", "base_ref": "refs/heads/main"}}}}"#);
    let found = with_event(&pairs, &event).unwrap();
    assert_eq!((found.target_commits, found.target_branch.as_deref()), (vec![BASE.to_owned()], Some("main")));
}

#[test]
fn a_merge_request_has_the_commits_its_pipeline_names() {
    let found = change(
        Host::GitLab,
        &[
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", BASE),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
            ("CI_COMMIT_SHA", SHA),
        ],
    )
    .unwrap();
    assert_eq!((found.target_commits, found.common_commits), (vec![], vec![BASE.to_owned()]));
    assert_eq!((found.merge, found.target_branch.as_deref()), (None, Some("main")));
    for kind in ["merged_result", "merge_train"] {
        let found = change(
            Host::GitLab,
            &[
                ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", OTHER),
                ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
                ("CI_COMMIT_SHA", SHA),
                ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", BASE),
            ],
        )
        .unwrap();
        assert_eq!((found.target_commits, found.merge.as_deref()), (vec![OTHER.to_owned()], Some(SHA)));
        assert_eq!(found.checkouts, [SHA, BASE]);
    }
    let fork = [
        ("CI_MERGE_REQUEST_IID", "1"),
        ("CI_PROJECT_PATH", "fork/webshop"),
        ("CI_MERGE_REQUEST_PROJECT_PATH", "org/webshop"),
        ("CI_MERGE_REQUEST_PROJECT_URL", "https://example.org/git/org/webshop"),
    ];
    let found = change(Host::GitLab, &fork).unwrap();
    assert_eq!(found.repository_paths, ["org/webshop", "git/org/webshop"]);
    let external =
        [("CI_EXTERNAL_PULL_REQUEST_IID", "1"), ("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA", SHA)];
    assert_eq!(change(Host::GitLab, &external).unwrap().target_commits, [SHA]);
    assert!(change(Host::GitLab, &[("CI_PIPELINE_SOURCE", "merge_request_event")]).is_some());
}

#[test]
fn an_event_on_the_default_branch_may_be_about_a_change() {
    let pairs = [("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", SHA)];
    let run = |kind: &str| {
        with_event(&pairs, &format!(r#"{{"workflow_run": {{"event": "{kind}", "head_sha": "{OTHER}"}}}}"#))
    };
    let found = run("pull_request").unwrap();
    assert_eq!(
        (found.checkouts, found.target_commits),
        (vec![SHA.into(), OTHER.into()], vec![SHA.to_owned()])
    );
    assert_eq!(run("push"), None);
    assert!(with_event(&pairs, r#"{"issue": {"pull_request": {}}}"#).unwrap().starts_on_default_branch);
    assert_eq!(with_event(&pairs, r#"{"issue": {"number": 1}}"#), None);
}

#[test]
fn a_push_is_no_change() {
    let push = [("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", SHA)];
    assert_eq!(change(Host::GitHub, &push), None);
    assert_eq!(with_event(&push, r#"{"before": "x", "after": "y"}"#), None);
    for source in ["push", "schedule", "web", "api", "trigger"] {
        assert_eq!(change(Host::GitLab, &[("CI_PIPELINE_SOURCE", source), ("CI_COMMIT_SHA", SHA)]), None);
    }
    assert_eq!(change(Host::Local, &[("GITHUB_BASE_REF", "main")]), None);
}

#[test]
fn addresses_are_read_in_every_form() {
    for address in [
        "https://example.org/org/webshop",
        "https://example.org/org/webshop.git/",
        "https://user:token@example.org:8443/org/webshop.git",
        "ssh://git@example.org:443/org/webshop.git",
        "git@example.org:org/webshop.git",
        "example.org:/org/webshop",
    ] {
        assert_eq!(address_path(address).as_deref(), Some("org/webshop"), "{address}");
    }
    for address in ["", "/srv/org/webshop.git", "../org/webshop", "./a:org/webshop"] {
        assert_eq!(address_path(address), None, "{address}");
    }
    assert_eq!(address_path("https://example.org/evil/org/webshop").as_deref(), Some("evil/org/webshop"));
    assert_eq!(address_path("file:///srv/org/webshop").as_deref(), Some("srv/org/webshop"));
}
