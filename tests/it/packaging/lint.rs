//! Every linter over everything a forge or a shell reads: no findings.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::tempdir;

use super::{ROOT, tool, write};
use crate::support::jobs;

/// Runs a linter in the project and wants nothing from it.
fn clean(mut command: Command) {
    let output = command.current_dir(ROOT).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{text}");
}

fn actions() -> Vec<PathBuf> {
    let own = jobs().map(|job| format!("actions/{job}/action.yml").into());
    std::iter::once("action.yml".into()).chain(own).collect()
}

/// Our own workflows.
fn workflows() -> Vec<PathBuf> {
    let folder = Path::new(ROOT).join(".github/workflows");
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn zizmor() {
    let home = tempdir().unwrap();
    let Some(mut command) = tool("zizmor", home.path()) else { return };
    command.args(["--offline", "--persona=auditor", "--strict-collection"]).args(actions()).args(workflows());
    clean(command);
}

#[test]
fn actionlint() {
    let home = tempdir().unwrap();
    let Some(mut command) = tool("actionlint", home.path()) else { return };
    command.arg("-no-color").args(workflows());
    clean(command);
}

#[test]
fn schemas_of_actions_and_workflows() {
    let home = tempdir().unwrap();
    for (schema, files) in [("vendor.github-actions", actions()), ("vendor.github-workflows", workflows())] {
        let Some(mut command) = tool("check-jsonschema", home.path()) else { return };
        command.args(["--builtin-schema", schema]).args(files);
        clean(command);
    }
}

/// What a template is once GitLab has put the inputs in; the linter knows neither two documents nor inputs.
fn interpolated(template: &str) -> String {
    let (_, mut body) = template.split_once("\n---\n").expect("a template has two documents");
    let mut text = String::new();
    while let Some((before, rest)) = body.split_once("$[[ inputs.") {
        let (name, after) = rest.split_once(" ]]").expect("an input ends");
        text.push_str(before);
        text.push_str(match name {
            "allow-failure" => "false",
            "rules" => "[{when: on_success}]",
            _ => "word",
        });
        body = after;
    }
    text + body
}

#[test]
fn schema_of_templates_and_of_our_pipeline() {
    let home = tempdir().unwrap();
    let Some(mut command) = tool("check-jsonschema", home.path()) else { return };
    command.args(["--builtin-schema", "vendor.gitlab-ci", ".gitlab-ci.yml"]);
    for job in jobs() {
        let name = format!("{job}.gitlab-ci.yml");
        let template = Path::new(ROOT).join(".gitlab-ci-templates").join(&name);
        let copy = home.path().join(&name);
        write(&copy, interpolated(&std::fs::read_to_string(template).unwrap()));
        command.arg(copy);
    }
    clean(command);
}

#[test]
fn shellcheck() {
    let home = tempdir().unwrap();
    let Some(mut command) = tool("shellcheck", home.path()) else { return };
    command.args([
        "scripts/run.sh",
        "scripts/tools",
        "scripts/check-release",
        "tests/run",
        "tests/bare",
        ".ci/run",
    ]);
    clean(command);
}
