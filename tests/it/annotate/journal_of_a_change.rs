//! A journal is a record of runs, not a part of a change.

use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use super::fake::{Fake, Kind};
use super::{on_github, on_gitlab, state};
use crate::support::{git, report, run};

const JOURNAL: &str = ".devops/deployments.jsonl";

/// Where nobody answers.
fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A call on a host, with more variables.
fn tell(kind: Kind, folder: &Path, fake: &Fake, id: &str, more: &[(&str, &str)]) -> Value {
    let (name, api) = match kind {
        Kind::GitHub => ("github", "GITHUB_API_URL"),
        Kind::GitLab => ("gitlab", "CI_API_V4_URL"),
    };
    // GitLab keeps no id of ours and tells deployments of a commit apart by their environment.
    let names = ["start", "--id", id, "--environment", id];
    let rest = ["--destinations", name, "--budget", "2", "--url", "https://app.example/x"];
    let arguments = [&names[..], &rest[..]].concat();
    let mut command = match kind {
        Kind::GitHub => on_github(folder, fake, &arguments),
        Kind::GitLab => on_gitlab(folder, fake, &arguments),
    };
    for (variable, value) in more {
        command.env(if *variable == "API" { api } else { variable }, value);
    }
    let finished = run(&mut command);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    report(folder)
}

/// Leaves a record undelivered.
fn spool(kind: Kind, folder: &Path, fake: &Fake) {
    tell(kind, folder, fake, "forged", &[("API", &dead())]);
    assert_eq!(state(folder, if kind == Kind::GitHub { "github" } else { "gitlab" }), "spooled");
}

/// Deployments that the forge was told of.
fn made(fake: &Fake) -> usize {
    fake.writes().iter().filter(|request| request.path.ends_with("/deployments")).count()
}

fn commit_all(folder: &Path) {
    git(folder, &["add", "--force", "."]);
    git(folder, &["commit", "--quiet", "--message", "change"]);
}

#[test]
fn what_a_commit_brings_along_is_neither_delivered_nor_believed() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        for form in ["file", "link to a file", "link to a folder", "submodule", "none"] {
            let folder = tempfile::tempdir().unwrap();
            let (at, fake) = (folder.path(), Fake::start(kind));
            git(at, &["init", "--quiet"]);
            spool(kind, at, &fake);
            std::fs::remove_dir_all(at.join("devops-report")).unwrap();
            let (here, elsewhere) = (at.join(".devops"), at.join("elsewhere"));
            match form {
                "link to a file" => {
                    std::fs::rename(at.join(JOURNAL), &elsewhere).unwrap();
                    std::os::unix::fs::symlink("../elsewhere", at.join(JOURNAL)).unwrap();
                }
                "link to a folder" => {
                    std::fs::rename(&here, &elsewhere).unwrap();
                    std::os::unix::fs::symlink("elsewhere", &here).unwrap();
                }
                "submodule" => {
                    git(&here, &["init", "--quiet"]);
                    commit_all(&here);
                }
                _ => {}
            }
            if form == "none" {
                git(at, &["commit", "--quiet", "--allow-empty", "--message", "base"]);
            } else {
                commit_all(at);
            }
            let report = tell(kind, at, &fake, "own", &[]);
            let notes = report["notes"].to_string();
            let (expected, late) = if form == "none" { (2, 1) } else { (1, 0) };
            assert_eq!(
                (made(&fake), &report["totals"]["late"]),
                (expected, &late.into()),
                "{form}: {report}"
            );
            assert_eq!(notes.contains("because it is committed"), form != "none", "{form}: {notes}");
            // Nor is what it says that was delivered already.
            let before = made(&fake);
            let text = std::fs::read_to_string(at.join(JOURNAL)).unwrap();
            std::fs::write(at.join(JOURNAL), text.replace("spooled", "accepted")).unwrap();
            tell(kind, at, &fake, "forged", &[]);
            if form != "none" {
                assert!(fake.writes().len() > before, "{form}");
            }
        }
    }
}

#[test]
fn the_run_of_a_change_leaves_what_is_late_to_one_that_is_for_none() {
    let changes: [(Kind, &[(&str, &str)]); 4] = [
        (
            Kind::GitHub,
            &[
                ("GITHUB_BASE_REF", "main"),
                ("GITHUB_REF", "refs/pull/7/merge"),
                ("GITHUB_EVENT_NAME", "pull_request"),
            ],
        ),
        (
            Kind::GitHub,
            &[
                ("GITHUB_BASE_REF", "main"),
                ("GITHUB_REF", "refs/heads/main"),
                ("GITHUB_EVENT_NAME", "pull_request_target"),
            ],
        ),
        (
            Kind::GitHub,
            &[(
                "GITHUB_REF",
                "refs/heads/gh-readonly-queue/main/pr-7-0123456789abcdef0123456789abcdef01234567",
            )],
        ),
        (
            Kind::GitLab,
            &[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_PIPELINE_SOURCE", "merge_request_event")],
        ),
    ];
    for (kind, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let (at, fake) = (folder.path(), Fake::start(kind));
        spool(kind, at, &fake);
        let report = tell(kind, at, &fake, "own", change);
        assert_eq!((made(&fake), &report["totals"]["late"]), (1, &0.into()), "{change:?}: {report}");
        let note = "1 record of earlier calls still waiting for a run that is not for a change";
        assert!(report["notes"].to_string().contains(note), "{report}");
        let report = tell(kind, at, &fake, "next", &[]);
        assert_eq!((made(&fake), &report["totals"]["late"]), (3, &1.into()), "{change:?}: {report}");
    }
}

#[test]
fn records_that_no_call_of_this_repository_and_host_could_have_written_are_ignored() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let run_url = match kind {
            Kind::GitHub => "https://github.com/org/webshop/actions/runs/",
            Kind::GitLab => "https://gitlab.example/org/webshop/-/pipelines/",
        };
        let long = "x".repeat(4001);
        let forgeries: [(&str, &str); 19] = [
            ("url", "javascript:alert(1)"),
            ("url", "https://user:word@app.example/"),
            ("url", &long),
            ("run_url", "https://evil.example/org/webshop/actions/runs/7"),
            ("run_url", "https://github.com/org/other/actions/runs/7"),
            ("run_url", &format!("{run_url}7?x=1")),
            ("run_url", run_url),
            ("run_url", "javascript:alert(1)"),
            ("repository", "org/other"),
            ("sha", "main"),
            ("sha", "../../other"),
            ("environment", "other"),
            ("service", "other"),
            ("id", "other"),
            ("uid", "0123456789abcdef0123456789abcdef"),
            ("at", "yesterday"),
            ("started_at", "yesterday"),
            ("description", &long),
            ("version", "ghp_0123456789abcdefghij"),
        ];
        for (field, value) in forgeries {
            let folder = tempfile::tempdir().unwrap();
            let (at, fake) = (folder.path(), Fake::start(kind));
            spool(kind, at, &fake);
            forge(at, field, &Value::from(value));
            let report = tell(kind, at, &fake, "own", &[]);
            assert_eq!((made(&fake), &report["totals"]["late"]), (1, &0.into()), "{field} {value}: {report}");
            let notes = report["notes"].to_string();
            assert!(
                notes.contains("1 record of .devops/deployments.jsonl ignored"),
                "{field} {value}: {notes}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let (at, fake) = (folder.path(), Fake::start(kind));
        spool(kind, at, &fake);
        forge(at, "revision", &Value::from(u64::MAX));
        tell(kind, at, &fake, "forged", &[]);
        assert_eq!(made(&fake), 1);
        // Another run of the same repository is no stranger.
        let folder = tempfile::tempdir().unwrap();
        let (at, fake) = (folder.path(), Fake::start(kind));
        spool(kind, at, &fake);
        forge(at, "run_url", &Value::from(format!("{run_url}6")));
        let report = tell(kind, at, &fake, "own", &[]);
        assert_eq!((made(&fake), &report["totals"]["late"]), (2, &1.into()), "{report}");
    }
}

/// Changes a field of the records of the journal.
fn forge(folder: &Path, field: &str, value: &Value) {
    let path = folder.join(JOURNAL);
    let lines: Vec<String> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let event = line.get_mut("event").and_then(|event| event.get_mut("record"));
            if let Some(record) = event.and_then(Value::as_object_mut) {
                record.insert(field.to_owned(), value.clone());
            }
            format!("{line}\n")
        })
        .collect();
    std::fs::write(path, lines.concat()).unwrap();
}
