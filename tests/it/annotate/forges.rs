//! GitHub and GitLab when all goes well, and when a call is repeated.

use std::path::Path;

use serde_json::{Value, json};

use super::contract;
use super::fake::{Fake, Kind, text};
use super::{SHA, delivery, on_github, on_gitlab, state};
use crate::support::{binary, report, run};

#[test]
fn github_gets_one_deployment_and_each_state_once_however_often_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let tell = |arguments: &[&str]| {
        let finished = run(&mut on_github(folder.path(), &fake, arguments));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(report(folder.path())["verdict"], "pass", "{:#}", report(folder.path()));
    };
    tell(&["start", "--release", "1.4.0"]);
    assert_eq!(state(folder.path(), "github"), "accepted");
    tell(&["start", "--release", "1.4.0"]);
    tell(&["finish", "--release", "1.4.0", "--url", "https://shop.example"]);
    assert_eq!(state(folder.path(), "github-status"), "accepted");
    // Another machine, which has no journal, repeats the call.
    std::fs::remove_dir_all(folder.path().join(".devops")).unwrap();
    tell(&["finish", "--release", "1.4.0"]);
    assert_eq!(state(folder.path(), "github"), "verified");
    assert_eq!(state(folder.path(), "github-status"), "verified");
    std::fs::remove_dir_all(folder.path().join(".devops")).unwrap();
    tell(&["start", "--release", "1.4.0"]);
    assert_eq!(fake.states(), ["in_progress", "success"]);
    assert_eq!(fake.writes().len(), 5, "{:#?}", fake.writes());
    fake.memory(|memory| {
        let made = &memory.deployments[0];
        assert_eq!((memory.deployments.len(), memory.commit_statuses.len()), (1, 2));
        assert_eq!(made["auto_merge"], false);
        assert_eq!(made["required_contexts"], json!([]));
        assert_eq!(made["production_environment"], true);
        assert_eq!(text(&memory.commit_statuses[1], "context"), "deploy/production");
        assert_eq!(text(&memory.statuses[1].1, "environment_url"), "https://shop.example");
        assert_eq!(text(&memory.statuses[1].1, "log_url"), "https://github.com/org/webshop/actions/runs/7");
    });
    fake.assert_lawful();
}

#[test]
fn the_deployment_github_made_for_the_run_is_adopted_and_one_of_another_run_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    fake.memory(|memory| super::github::made_by_github(memory, SHA, "77"));
    fake.memory(|memory| super::github::made_by_github(memory, SHA, "7"));
    run(&mut on_github(folder.path(), &fake, &["start", "--destinations", "github"]));
    run(&mut on_github(folder.path(), &fake, &["finish", "--destinations", "github"]));
    fake.memory(|memory| assert_eq!(memory.deployments.len(), 2));
    assert_eq!(delivery(folder.path(), "github")["remote"], "2");
    assert_eq!(fake.states(), ["in_progress", "in_progress", "in_progress", "success"]);
    // The second service of the same run does not take what the first one has.
    let other = ["start", "--service", "api", "--destinations", "github"];
    run(&mut on_github(folder.path(), &fake, &other));
    fake.memory(|memory| assert_eq!(memory.deployments.len(), 3));
    fake.assert_lawful();
}

#[test]
fn an_older_deployment_is_not_brought_back_by_its_own_finish_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let tell = |arguments: &[&str]| {
        let finished = run(on_github(folder.path(), &fake, arguments).args(["--destinations", "github"]));
        assert_eq!(finished.code, Some(0), "{finished:?}");
    };
    tell(&["finish", "--id", "1"]);
    // GitHub says so of the older one when a newer one succeeds.
    fake.memory(|memory| memory.statuses.push((1, json!({ "state": "inactive", "description": "" }))));
    std::fs::remove_dir_all(folder.path().join(".devops")).unwrap();
    tell(&["finish", "--id", "1"]);
    assert_eq!(state(folder.path(), "github"), "verified");
    assert_eq!(fake.states(), ["success", "inactive"]);
    // With a journal that knows them, each further end is news.
    tell(&["fail", "--id", "1"]);
    tell(&["finish", "--id", "1"]);
    assert_eq!(fake.states(), ["success", "inactive", "failure", "success"]);
    fake.assert_lawful();
}

/// What a plan prints for a destination, as a server at `url` receives it: method, path and body.
fn planned(folder: &Path, url: &str, destination: &str) -> Vec<Value> {
    let plan = report(folder)["details"]["plan"].as_array().unwrap().clone();
    let steps = plan.iter().filter(|step| step["destination"] == destination);
    let request = |step: &Value| {
        let mut request = step["request"].clone();
        let address = request["url"].take();
        let path = address.as_str().unwrap().strip_prefix(url).unwrap().replace("{id}", "1");
        json!({ "method": request["method"], "path": path, "body": request["body"] })
    };
    steps.map(request).collect()
}

#[test]
fn a_plan_prints_exactly_the_requests_that_a_run_then_sends() {
    for (kind, destination) in
        [(Kind::GitHub, "github"), (Kind::GitHub, "github-status"), (Kind::GitLab, "gitlab")]
    {
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::start(kind);
        let call = |action: &str, more: &[&str]| {
            let arguments = [&[action, "--release", "1.4.0", "--destinations", destination], more].concat();
            let finished = match kind {
                Kind::GitHub => run(&mut on_github(folder.path(), &fake, &arguments)),
                Kind::GitLab => run(&mut on_gitlab(folder.path(), &fake, &arguments)),
            };
            assert_eq!(finished.code, Some(0), "{finished:?}");
        };
        for action in ["start", "finish"] {
            let before = fake.memory(|memory| memory.log.len());
            call(action, &["--dry-run"]);
            assert_eq!(fake.memory(|memory| memory.log.len()), before, "a plan asks nobody");
            let planned = planned(folder.path(), &fake.url, destination);
            let before = fake.writes().len();
            call(action, &[]);
            let sent: Vec<Value> = fake
                .writes()
                .iter()
                .skip(before)
                .map(|one| json!({ "method": one.method, "path": one.path, "body": one.body }))
                .collect();
            if action == "start" {
                assert_eq!(sent, planned, "{destination}");
            } else {
                // A plan can't know what is there already, so it also prints what is sent if it is not.
                assert!(!sent.is_empty(), "{destination}");
                assert!(sent.iter().all(|one| planned.contains(one)), "{sent:#?}\n{planned:#?}");
            }
        }
        fake.assert_lawful();
    }
}

#[test]
fn flags_of_github_reach_its_deployment_and_what_is_delivered_is_not_planned_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let arguments =
        ["finish", "--release", "1.4.0", "--github-transient", "--github-required-contexts", "ci/build"];
    let mut dry = arguments.to_vec();
    dry.push("--dry-run");
    run(&mut on_github(folder.path(), &fake, &dry));
    assert!(fake.memory(|memory| memory.log.is_empty()));
    let plan = report(folder.path())["details"]["plan"].as_array().unwrap().clone();
    let planned: Vec<_> = plan
        .iter()
        .filter(|step| step["destination"] == "github")
        .map(|step| &step["request"]["body"])
        .collect();
    run(&mut on_github(folder.path(), &fake, &arguments));
    let writes = fake.writes();
    let written: Vec<_> =
        writes.iter().filter(|one| one.path.contains("/deployments")).map(|one| &one.body).collect();
    assert_eq!(planned, written);
    assert_eq!(written[0]["required_contexts"], json!(["ci/build"]));
    assert_eq!(written[1]["auto_inactive"], false);
    fake.assert_lawful();
    run(&mut on_github(folder.path(), &fake, &dry));
    assert_eq!(
        report(folder.path())["details"]["plan"],
        json!([]),
        "what the journal has as delivered is not planned"
    );
}

#[test]
fn the_job_summary_counts_where_the_host_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let summary = folder.path().join("summary");
    let mut command = on_github(folder.path(), &fake, &["start"]);
    run(command.env("GITHUB_STEP_SUMMARY", &summary));
    assert_eq!(state(folder.path(), "summary"), "accepted");
    assert!(summary.exists());
}

#[test]
fn a_job_summary_that_can_not_be_written_or_has_nothing_to_say_is_not_called_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let tell = |action: &str, summary: &str| {
        let mut command = on_github(folder.path(), &fake, &[action, "--destinations", "summary"]);
        let finished = run(command.env("GITHUB_STEP_SUMMARY", folder.path().join(summary)));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        delivery(folder.path(), "summary")
    };
    let refused = tell("start", "no-folder/summary");
    assert_eq!(refused["state"], "refused");
    assert!(text(&refused, "reason").contains("summary: can't be written: "), "{refused}");
    assert_eq!(report(folder.path())["findings"][0]["rule"], "delivery-refused");
    assert_eq!(tell("start", "")["state"], "refused", "a folder is not a file");
    assert_eq!(tell("finish", "summary")["state"], "accepted");
    let overtaken = tell("start", "summary");
    assert_eq!(
        (text(&overtaken, "state"), text(&overtaken, "reason")),
        ("skipped".into(), "the deployment has already ended".into())
    );
}

#[test]
fn gitlab_gets_one_deployment_that_moves_on() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitLab);
    for action in ["start", "start", "finish", "finish"] {
        std::fs::remove_dir_all(folder.path().join(".devops")).unwrap_or_default();
        let finished = run(&mut on_gitlab(folder.path(), &fake, &[action]));
        assert_eq!(
            (finished.code, report(folder.path())["verdict"].as_str()),
            (Some(0), Some("pass")),
            "{finished:?}"
        );
    }
    assert_eq!(state(folder.path(), "gitlab"), "verified");
    let writes = fake.writes();
    assert_eq!(writes.len(), 2, "{writes:#?}");
    assert_eq!(
        (text(&writes[0].body, "status"), text(&writes[1].body, "status")),
        ("running".into(), "success".into())
    );
    assert_eq!(writes[0].header("private-token"), Some(super::TOKEN));
    fake.assert_lawful();
}

#[test]
fn a_job_token_goes_in_its_own_header() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitLab);
    let mut command = on_gitlab(folder.path(), &fake, &["start"]);
    run(command.env_remove("GITLAB_TOKEN").env("CI_JOB_TOKEN", "job-token-64"));
    assert_eq!(fake.writes()[0].header("job-token"), Some("job-token-64"));
    fake.assert_lawful();
}

#[test]
fn the_deployment_of_a_gitlab_job_is_left_to_gitlab() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitLab);
    fake.memory(|memory| {
        memory.deployments.push(json!({
            "id": 1, "sha": SHA, "environment": "production", "status": "running",
            "created_at": "2026-11-23T11:59:30Z", "deployable": { "pipeline": { "id": 9 } },
        }));
    });
    run(&mut on_gitlab(folder.path(), &fake, &["finish"]));
    assert_eq!(state(folder.path(), "gitlab"), "skipped");
    assert!(fake.writes().is_empty());
}

#[test]
fn an_older_deployment_of_the_same_commit_is_not_taken_for_ours() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitLab);
    fake.memory(|memory| {
        memory.deployments.push(json!({
            "id": 1, "sha": SHA, "environment": "production", "status": "success",
            "created_at": "2026-11-20T08:00:00Z", "deployable": null,
        }));
    });
    run(&mut on_gitlab(folder.path(), &fake, &["finish"]));
    assert_eq!(fake.memory(|memory| memory.deployments.len()), 2);
}

#[test]
fn a_forge_that_can_not_be_told_is_refused_with_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["start", "--service", "x", "--id", "1", "--destinations", "github,gitlab"];
    let finished =
        run(binary("annotate", folder.path()).args(arguments).env("GITHUB_REPOSITORY", "org/webshop"));
    assert_eq!(finished.code, Some(0));
    assert_eq!(delivery(folder.path(), "github")["reason"], "no token");
    assert_eq!(delivery(folder.path(), "gitlab")["reason"], "no repository known");
    assert_eq!(report(folder.path())["verdict"], "warn");
}

#[test]
fn the_contract_catches_requests_that_are_not_lawful() {
    let request = |body| super::fake::Request {
        method: "POST".to_owned(),
        path: "/repos/org/webshop/deployments".to_owned(),
        headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
        body,
    };
    if contract::description().is_none() {
        return;
    }
    let check = |body| contract::violation(Kind::GitHub, &request(body));
    assert_eq!(check(json!({ "ref": "main" })), None);
    for wrong in [
        json!({}),
        json!({ "ref": 1 }),
        json!({ "ref": "x", "auto_merge": "no" }),
        json!({ "ref": "x", "colour": 1 }),
    ] {
        assert!(check(wrong.clone()).is_some(), "{wrong}");
    }
}
