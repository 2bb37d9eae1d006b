//! Without any network: journal, identity, dry run, mistakes.

use std::path::Path;

use crate::support::{Finished, binary, report, run};

fn annotate(folder: &Path, arguments: &[&str]) -> Finished {
    run(binary("annotate", folder).args(arguments))
}

fn journal(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(".devops/deployments.jsonl")).unwrap_or_default()
}

#[test]
fn a_deployment_is_journaled_once_for_each_thing_that_happens() {
    let folder = tempfile::tempdir().unwrap();
    let start = ["start", "--service", "webshop", "--id", "1", "--release", "1.4.0"];
    let finish = ["finish", "--service", "webshop", "--id", "1"];
    for arguments in [&start[..], &start, &finish, &finish, &start] {
        assert_eq!(annotate(folder.path(), arguments).code, Some(0));
    }
    let lines: Vec<serde_json::Value> =
        journal(folder.path()).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records: Vec<_> = lines.iter().map(|line| &line["event"]["record"]).collect();
    assert_eq!(records.len(), 2, "{records:#?}");
    assert_eq!((&records[0]["state"], &records[0]["revision"]), (&"started".into(), &1.into()));
    assert_eq!((&records[1]["state"], &records[1]["revision"]), (&"succeeded".into(), &2.into()));
    assert_eq!(records[0]["uid"], records[1]["uid"]);
    assert_eq!(records[1]["version"], "1.4.0", "what the start said is remembered");
    let last = report(folder.path());
    assert_eq!(last["totals"]["skipped"], 2, "a start after the end is told to nobody: {last:#}");
}

#[test]
fn another_id_is_another_deployment_and_a_failure_after_success_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (action, id) in [("start", "1"), ("finish", "1"), ("fail", "1"), ("start", "2")] {
        assert_eq!(annotate(folder.path(), &[action, "--service", "webshop", "--id", id]).code, Some(0));
    }
    assert_eq!(journal(folder.path()).lines().count(), 4);
    assert!(journal(folder.path()).contains("\"revision\":3"));
}

#[test]
fn a_dry_run_writes_nothing_outside_the_report_folder() {
    let folder = tempfile::tempdir().unwrap();
    let finished = annotate(folder.path(), &["start", "--service", "webshop", "--id", "1", "--dry-run"]);
    assert_eq!(finished.code, Some(0));
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(names, ["devops-report"]);
    let plan = report(folder.path())["details"]["plan"].clone();
    assert_eq!(plan.as_array().unwrap().len(), 1);
    assert_eq!(plan[0]["writes"], "append webshop started in production to .devops/deployments.jsonl");
}

#[test]
fn the_same_call_gives_the_same_report() {
    let bytes = || {
        let folder = tempfile::tempdir().unwrap();
        annotate(folder.path(), &["start", "--service", "webshop", "--id", "1"]);
        std::fs::read(folder.path().join("devops-report/report.json")).unwrap()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&[], "name one of `start`, `finish` and `fail`"),
        (&["start", "--id", "1"], "`--service NAME`"),
        (&["start", "--service", "x"], "`--id ID`"),
        (&["start", "--service", "x", "--id", "1", "--sha", "main"], "`main` is not a commit"),
        (&["start", "--service", "x", "--id", "1", "--url", "ftp://h"], "`--url`"),
        (&["start", "--service", "a\nb", "--id", "1"], "`--service`"),
    ];
    for (arguments, words) in cases {
        let finished = annotate(folder.path(), arguments);
        assert_eq!(finished.code, Some(2), "{arguments:?}");
        assert!(finished.stderr.contains(words), "{arguments:?}: {}", finished.stderr);
        assert_eq!(journal(folder.path()), "");
    }
}

#[test]
fn an_address_may_have_an_at_sign_and_no_password_and_tokens_are_masked_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let token = format!("glpat-{}", "a1B2".repeat(5));
    let start = |id: &str, url: &str| {
        annotate(
            folder.path(),
            &["start", "--service", "x", "--id", id, "--url", url, "--description", &token],
        )
    };
    assert_eq!(start("1", "https://x.example/@scope/app").code, Some(0));
    assert_eq!(report(folder.path())["details"]["record"]["url"], "https://x.example/@scope/app");
    assert_eq!(report(folder.path())["details"]["record"]["description"], "***");
    assert!(!journal(folder.path()).contains(&token));
    assert_eq!(start("2", "https://user:word@x.example/app").code, Some(2));
}

#[test]
fn a_text_has_a_limit_that_is_named_and_what_fits_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    // Each is six bytes in the journal.
    let (longest, longer) = ("\u{1}".repeat(4000), "x".repeat(4001));
    for name in ["--release", "--ref", "--url", "--description"] {
        let finished = annotate(folder.path(), &["start", "--service", "x", "--id", "1", name, &longer]);
        assert_eq!(finished.code, Some(2), "{name}");
        assert!(finished.stderr.contains("longer than 4,000 characters"), "{name}: {}", finished.stderr);
        assert_eq!(journal(folder.path()), "");
    }
    let texts = ["--release", &longest, "--ref", &longest, "--description", &longest];
    for action in ["start", "start"] {
        let arguments = [&[action, "--service", "x", "--id", "1"][..], &texts].concat();
        assert_eq!(annotate(folder.path(), &arguments).code, Some(0));
        assert_eq!(report(folder.path())["findings"], serde_json::json!([]));
    }
    assert_eq!(journal(folder.path()).lines().count(), 1, "the second call knows the first");
}

#[test]
fn a_journal_that_can_not_be_written_never_costs_the_deploy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let arguments = ["start", "--service", "x", "--id", "1", "--journal", "file/journal.jsonl"];
    let finished = annotate(folder.path(), &arguments);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(report(folder.path())["findings"][0]["title"], "journal refused x started in production");
    let strict = annotate(folder.path(), &[&arguments[..], &["--strict"]].concat());
    assert_eq!(strict.code, Some(4), "{strict:?}");
}

#[test]
fn half_a_line_of_the_journal_is_passed_over_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    annotate(folder.path(), &["start", "--service", "x", "--id", "1"]);
    let path = folder.path().join(".devops/deployments.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"schema_version\":1,\"at\":\"2026");
    std::fs::write(&path, text).unwrap();
    assert_eq!(annotate(folder.path(), &["finish", "--service", "x", "--id", "1"]).code, Some(0));
    let report = report(folder.path());
    assert_eq!(report["findings"][0]["rule"], "journal-damaged");
    assert_eq!(report["details"]["record"]["revision"], 2);
    assert_eq!(journal(folder.path()).lines().count(), 3);
}

#[test]
fn runs_that_share_a_journal_do_not_mix_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..8)
        .map(|id| {
            let id = id.to_string();
            let arguments = ["start", "--service", "x", "--id", &id, "--report-dir", &id];
            let mut command = binary("annotate", folder.path());
            command.args(arguments).stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let journal = journal(folder.path());
    let mut ids: Vec<String> = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("whole lines"))
        .map(|line| line["event"]["record"]["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}
