//! Behaviour of annotate: one record, sent once to each destination, and never at the cost of a deployment.

mod contract;
mod down_destinations;
mod fake;
mod forges;
mod github;
mod gitlab;
mod local;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support;
use fake::Fake;

/// The credential of the tests; it must never be seen again.
const TOKEN: &str = "ghp_0123456789secret";

/// The commit of the tests.
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// `annotate` in a job of GitHub Actions that talks to a fake.
fn on_github(folder: &Path, fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = support::binary("annotate", folder);
    command
        .envs([
            ("NO_PROXY", "127.0.0.1"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "org/webshop"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_SHA", SHA),
            ("GITHUB_REF_NAME", "main"),
            ("GITHUB_TOKEN", TOKEN),
            ("GITHUB_API_URL", fake.url.as_str()),
        ])
        .args(arguments);
    command
}

/// `annotate` in a job of GitLab CI that talks to a fake.
fn on_gitlab(folder: &Path, fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = support::binary("annotate", folder);
    command
        .envs([
            ("NO_PROXY", "127.0.0.1"),
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_ID", "77"),
            ("CI_PROJECT_PATH", "org/webshop"),
            ("CI_PIPELINE_ID", "9"),
            ("CI_PIPELINE_URL", "https://gitlab.example/org/webshop/-/pipelines/9"),
            ("CI_PIPELINE_CREATED_AT", "2026-11-23T11:59:00Z"),
            ("CI_COMMIT_SHA", SHA),
            ("CI_COMMIT_REF_NAME", "main"),
            ("GITLAB_TOKEN", TOKEN),
            ("CI_API_V4_URL", &format!("{}/api/v4", fake.url)),
        ])
        .args(arguments);
    command
}

/// The delivery to a destination in the report of the last run.
fn delivery(folder: &Path, destination: &str) -> Value {
    let report = support::report(folder);
    let deliveries = report["details"]["deliveries"].as_array().expect("deliveries").clone();
    deliveries.into_iter().find(|one| one["destination"] == destination).unwrap_or_default()
}

/// How far the record got at a destination in the last run.
fn state(folder: &Path, destination: &str) -> String {
    delivery(folder, destination)["state"].as_str().unwrap_or("not named").to_owned()
}

/// Fails if the credential stands in anything the run left or printed.
fn assert_secret_free(folder: &Path, finished: &support::Finished) {
    assert!(!finished.stdout.contains(TOKEN) && !finished.stderr.contains(TOKEN), "{finished:?}");
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let text = std::fs::read(entry.path()).expect("a file");
                assert!(!String::from_utf8_lossy(&text).contains(TOKEN), "{}", entry.path().display());
            }
        }
    }
}
