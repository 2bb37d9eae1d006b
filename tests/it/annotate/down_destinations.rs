//! Destinations that refuse, stumble, answer late or not at all, and runs that are killed.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::fake::{Fake, Fault, Kind, text};
use super::{assert_secret_free, delivery, on_github, on_gitlab, state};
use crate::support::{report, run};

#[test]
fn a_missing_permission_is_named_with_its_fix_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let body = r#"{"message": "Resource not accessible by integration: $TOKEN"}"#;
    let headers = &[("x-accepted-github-permissions", "deployments=write")];
    fake.script("POST /repos/org/webshop/deployments", Fault::Answer(403, headers, body));
    let finished = run(&mut on_github(folder.path(), &fake, &["start"]));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = report(folder.path());
    assert_eq!(
        (&report["verdict"], &report["findings"][0]["rule"]),
        (&"warn".into(), &"delivery-refused".into())
    );
    assert_eq!(text(&report["findings"][0], "help"), "add `permissions: deployments: write` to the job");
    assert_eq!(state(folder.path(), "github-status"), "accepted", "the others are told all the same");
    assert_secret_free(folder.path(), &finished);
    fake.script("POST /repos/org/webshop/deployments", Fault::Answer(403, headers, body));
    let finished = run(&mut on_github(folder.path(), &fake, &["start", "--strict"]));
    assert_eq!(finished.code, Some(4), "{finished:?}");
    assert_secret_free(folder.path(), &finished);
}

#[test]
fn refusals_are_reported_as_refusals_and_not_repeated() {
    for status in [401, 409, 422] {
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::start(Kind::GitHub);
        fake.script(
            "POST /repos/org/webshop/deployments",
            Fault::Answer(status, &[], r#"{"message": "no"}"#),
        );
        let finished = run(&mut on_github(folder.path(), &fake, &["start", "--destinations", "github"]));
        assert_eq!(finished.code, Some(0));
        assert_eq!(delivery(folder.path(), "github")["reason"], format!("status {status}: no"));
        assert_eq!(state(folder.path(), "github"), "refused");
        assert_eq!(fake.writes().len(), 1);
    }
}

#[test]
fn trouble_that_passes_leads_to_exactly_one_deployment() {
    let busy = Fault::Answer(429, &[("retry-after", "0")], r#"{"message": "slow down"}"#);
    let broken = Fault::Answer(502, &[], "<html>bad gateway</html>");
    let headless = Fault::Instead(201, r#"{"state": "in_progress"}"#);
    for fault in [busy, broken, Fault::Reset, Fault::LostAnswer, headless] {
        for request in ["GET /repos/org/webshop/deployments?", "POST /repos/org/webshop/deployments"] {
            if request.starts_with("GET") && matches!(fault, Fault::Instead(..)) {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let fake = Fake::start(Kind::GitHub);
            fake.script(request, fault.clone());
            let finished = run(&mut on_github(folder.path(), &fake, &["start", "--destinations", "github"]));
            assert_eq!(finished.code, Some(0));
            assert_eq!(state(folder.path(), "github"), "accepted", "{:#}", report(folder.path()));
            assert_eq!(fake.memory(|memory| memory.deployments.len()), 1);
            assert_eq!(fake.states(), ["in_progress"]);
            fake.assert_lawful();
        }
    }
}

#[test]
fn a_status_whose_answer_was_lost_is_found_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    fake.script("POST /repos/org/webshop/deployments/1/statuses", Fault::LostAnswer);
    run(&mut on_github(folder.path(), &fake, &["start", "--destinations", "github"]));
    assert_eq!(state(folder.path(), "github"), "verified");
    assert_eq!(fake.states(), ["in_progress"]);
}

#[test]
fn a_dead_destination_is_told_by_the_next_call_in_order_and_said_to_be_late() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for action in ["start", "finish"] {
        let arguments = [action, "--github-url", &dead, "--budget", "1", "--destinations", "github"];
        let finished = run(&mut on_github(folder.path(), &fake, &arguments));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(state(folder.path(), "github"), "spooled");
        assert_eq!(report(folder.path())["totals"]["sent"], 0);
        assert!(!finished.stdout.contains("accepted github"), "{finished:?}");
    }
    let mut command = on_github(folder.path(), &fake, &["start", "--id", "next", "--destinations", "github"]);
    run(command.env("DEVOPS_NOW", "2026-11-23T13:00:00Z"));
    assert_eq!(fake.states(), ["in_progress", "success", "in_progress"]);
    assert_eq!(report(folder.path())["totals"]["late"], 2);
    fake.memory(|memory| {
        assert_eq!(memory.deployments.len(), 2);
        let described = text(&memory.statuses[1].1, "description");
        assert!(described.starts_with("late, happened 2026-11-23T12:00:00Z: "), "{described}");
        assert!(!text(&memory.statuses[2].1, "description").starts_with("late"));
        let ends: Vec<_> = memory.statuses.iter().map(|(_, status)| &status["auto_inactive"]).collect();
        assert_eq!(ends, [false, false, true], "what comes late ends nothing that is newer");
    });
    fake.assert_lawful();
}

#[test]
fn a_destination_that_never_answers_costs_no_more_than_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    fake.script("GET /repos/org/webshop/deployments", Fault::Silent);
    let start = Instant::now();
    let finished = run(&mut on_github(folder.path(), &fake, &["start", "--budget", "1"]));
    let took = start.elapsed();
    assert_eq!(finished.code, Some(0));
    assert!(took >= Duration::from_millis(900), "it waited for the budget: {took:?}");
    assert_eq!(delivery(folder.path(), "github")["reason"], "no answer within 1 second");
    assert_eq!(state(folder.path(), "github-status"), "accepted", "one does not hold up the other");
}

#[test]
fn a_server_that_asks_for_more_time_than_there_is_is_left_to_the_next_call() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    // A run that waited for that long would not end.
    fake.script("POST /repos/org/webshop/deployments", Fault::Answer(429, &[("retry-after", "3600")], "{}"));
    run(&mut on_github(folder.path(), &fake, &["start", "--destinations", "github"]));
    assert_eq!(state(folder.path(), "github"), "spooled");
}

#[test]
fn a_run_that_is_killed_at_any_request_leaves_exactly_one_deployment_to_the_next() {
    let requests = [
        "GET /repos/org/webshop/deployments?",
        "POST /repos/org/webshop/deployments",
        "POST /repos/org/webshop/deployments/1/statuses",
        "GET /repos/org/webshop/commits/",
        "POST /repos/org/webshop/statuses/",
    ];
    for fault in [Fault::Silent, Fault::SilentAfter] {
        for request in requests {
            let folder = tempfile::tempdir().unwrap();
            let fake = Fake::start(Kind::GitHub);
            fake.script(request, fault.clone());
            let mut child = on_github(folder.path(), &fake, &["start", "--budget", "30"]).spawn().unwrap();
            fake.wait_for(request);
            child.kill().unwrap();
            child.wait().unwrap();
            let journal = std::fs::read_to_string(folder.path().join(".devops/deployments.jsonl")).unwrap();
            let count = |word: &str| journal.matches(word).count();
            assert!(count("\"intent\"") > count("\"outcome\""), "{journal}");
            let finished = run(&mut on_github(folder.path(), &fake, &["start"]));
            assert_eq!(finished.code, Some(0));
            for destination in ["github", "github-status"] {
                let state = state(folder.path(), destination);
                assert!(
                    matches!(state.as_str(), "accepted" | "verified"),
                    "{request} {destination}: {state}"
                );
            }
            assert_eq!(fake.memory(|memory| memory.deployments.len()), 1, "{request}");
            assert_eq!(fake.memory(|memory| memory.commit_statuses.len()), 1, "{request}");
            assert_eq!(fake.states(), ["in_progress"], "{request}");
            fake.assert_lawful();
        }
    }
}

#[test]
fn a_secret_in_a_description_goes_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let finished = run(&mut on_github(folder.path(), &fake, &["start", "--description", super::TOKEN]));
    assert_secret_free(folder.path(), &finished);
    for write in fake.writes() {
        assert!(!write.body.to_string().contains(super::TOKEN), "{write:?}");
    }
}

#[test]
fn gitlab_stumbles_and_still_has_one_deployment() {
    let busy = Fault::Answer(429, &[("retry-after", "0")], "Retry later");
    for fault in
        [busy, Fault::Answer(503, &[], ""), Fault::Reset, Fault::LostAnswer, Fault::Instead(201, "{}")]
    {
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::start(Kind::GitLab);
        fake.script("POST /api/v4/projects/77/deployments", fault);
        let finished = run(&mut on_gitlab(folder.path(), &fake, &["start"]));
        assert_eq!(finished.code, Some(0));
        assert!(
            matches!(state(folder.path(), "gitlab").as_str(), "accepted" | "verified"),
            "{:#}",
            report(folder.path())
        );
        assert_eq!(fake.memory(|memory| memory.deployments.len()), 1);
        fake.assert_lawful();
    }
}

#[test]
fn gitlab_refuses_with_a_reason_and_without_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitLab);
    let body = r#"{"message": "403 Forbidden for $TOKEN"}"#;
    fake.script("POST /api/v4/projects/77/deployments", Fault::Answer(403, &[], body));
    let finished = run(&mut on_gitlab(folder.path(), &fake, &["start"]));
    assert_eq!(finished.code, Some(0));
    assert_eq!(delivery(folder.path(), "gitlab")["reason"], "status 403: 403 Forbidden for ***");
    assert_secret_free(folder.path(), &finished);
}

#[test]
fn certificates_that_can_not_be_read_are_a_refusal_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(Kind::GitHub);
    let arguments = ["start", "--destinations", "github", "--ca-file", "no.pem"];
    let finished = run(&mut on_github(folder.path(), &fake, &arguments));
    assert_eq!(finished.code, Some(0));
    let reason = text(&delivery(folder.path(), "github"), "reason");
    assert!(reason.starts_with("no.pem: can't be read"), "{reason}");
}

#[test]
fn a_token_does_not_follow_a_redirection_to_another_server() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, name) in [(Kind::GitHub, "github"), (Kind::GitLab, "gitlab")] {
        let (fake, other) = (Fake::start(kind), Fake::start(kind));
        let location = format!("{}/elsewhere", other.url);
        let headers: &'static [(&'static str, &'static str)] =
            Vec::leak(vec![("location", &*String::leak(location))]);
        fake.script("GET", Fault::Answer(307, headers, "{}"));
        fake.script("POST", Fault::Answer(307, headers, "{}"));
        let arguments = ["start", "--destinations", name, "--budget", "2"];
        let finished = match kind {
            Kind::GitHub => run(&mut on_github(folder.path(), &fake, &arguments)),
            Kind::GitLab => run(&mut on_gitlab(folder.path(), &fake, &arguments)),
        };
        assert_eq!(finished.code, Some(0));
        assert_eq!(state(folder.path(), name), "refused");
        for request in other.memory(|memory| memory.log.clone()) {
            assert!(!format!("{:?}", request.headers).contains(super::TOKEN), "{request:?}");
        }
    }
}

#[test]
fn a_token_without_a_name_is_not_shown_to_two_forges() {
    let folder = tempfile::tempdir().unwrap();
    let (github, gitlab) = (Fake::start(Kind::GitHub), Fake::start(Kind::GitLab));
    let tell = |destinations: &str| {
        let mut command = crate::support::binary("annotate", folder.path());
        command.envs([
            ("NO_PROXY", "127.0.0.1"),
            ("DEVOPS_TOKEN", super::TOKEN),
            ("GITHUB_REPOSITORY", "org/webshop"),
            ("CI_PROJECT_ID", "77"),
        ]);
        command.args(["start", "--service", "x", "--id", "1", "--sha", super::SHA, "--ref", "main"]);
        command.args([
            "--github-url",
            &github.url,
            "--gitlab-url",
            &gitlab.url,
            "--destinations",
            destinations,
        ]);
        assert_eq!(run(&mut command).code, Some(0));
    };
    tell("github,gitlab");
    assert_eq!(delivery(folder.path(), "github")["reason"], "no token");
    assert_eq!(delivery(folder.path(), "gitlab")["reason"], "no token");
    tell("gitlab");
    assert_eq!(state(folder.path(), "gitlab"), "accepted");
    assert!(github.memory(|memory| memory.log.is_empty()));
}

#[test]
fn a_run_killed_while_gitlab_is_told_leaves_exactly_one_deployment_to_the_next() {
    for fault in [Fault::Silent, Fault::SilentAfter] {
        for request in ["GET /api/v4/projects/77/deployments?", "POST /api/v4/projects/77/deployments"] {
            let folder = tempfile::tempdir().unwrap();
            let fake = Fake::start(Kind::GitLab);
            fake.script(request, fault.clone());
            let mut child = on_gitlab(folder.path(), &fake, &["start", "--budget", "30"]).spawn().unwrap();
            fake.wait_for(request);
            child.kill().unwrap();
            child.wait().unwrap();
            run(&mut on_gitlab(folder.path(), &fake, &["finish"]));
            assert_eq!(state(folder.path(), "gitlab"), "accepted");
            fake.memory(|memory| {
                assert_eq!(memory.deployments.len(), 1, "{request}");
                assert_eq!(text(&memory.deployments[0], "status"), "success", "{request}");
            });
            fake.assert_lawful();
        }
    }
}
