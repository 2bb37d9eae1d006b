//! A change can't widen its own gate: what decides is taken from where the change began.

use std::path::Path;

use serde_json::Value;

use crate::git::git;
use crate::support::{Finished, binary, report, run};

const FAILING: &str =
    "<testsuite><testcase name='a'/><testcase name='b'/><testcase name='c'><failure/></testcase></testsuite>";
const PASSING: &str = "<testsuite><testcase name='a'/><testcase name='b'/><testcase name='c'/></testsuite>";
const FEW: &str = "<testsuite><testcase name='a'/></testsuite>";

/// A repository with a target, `main`, and a change to it, `topic`, which is checked out.
struct Change(tempfile::TempDir);

impl Change {
    /// The target has this `devops.toml` or none, the change has that one, and a test report in no commit.
    fn new(base: Option<&str>, head: Option<&str>, junit: &str) -> Self {
        let change = Self(tempfile::tempdir().unwrap());
        change.git(&["init", "--quiet", "--initial-branch=main"]);
        change.write(".gitignore", Some("junit.xml\ndevops-report/\n"));
        change.write("devops.toml", base);
        change.commit();
        change.git(&["switch", "--quiet", "-c", "topic"]);
        change.write("devops.toml", head);
        change.write("junit.xml", Some(junit));
        change.commit();
        change
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, content: Option<&str>) {
        let path = self.path().join(path);
        match content {
            Some(content) => std::fs::write(path, content).unwrap(),
            None if path.exists() => std::fs::remove_file(path).unwrap(),
            None => {}
        }
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    }

    fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision]).trim().to_owned()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    /// Judges the change with these flags in this environment.
    fn judge(&self, flags: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut command = binary("test-gate", self.path());
        command.arg("junit.xml").args(flags).envs(environment.iter().copied());
        let finished = run(&mut command);
        Said { report: report(self.path()), finished }
    }

    /// Merges the change the way a pull request is tested, and gives the environment of its job.
    fn pull_request(&self) -> Vec<(&'static str, String)> {
        self.git(&["switch", "--quiet", "--detach", "main"]);
        self.git(&["merge", "--quiet", "--no-ff", "-m", "x", "topic"]);
        vec![
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_REF", "refs/pull/1/merge".to_owned()),
            ("GITHUB_BASE_REF", "main".to_owned()),
            ("GITHUB_SHA", self.id("HEAD")),
        ]
    }

    /// The environment of a merge request's job.
    fn merge_request(&self) -> Vec<(&'static str, String)> {
        vec![("GITLAB_CI", "true".to_owned()), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", self.id("main"))]
    }
}

struct Said {
    finished: Finished,
    report: Value,
}

impl Said {
    fn code(&self) -> i32 {
        self.finished.code.unwrap()
    }

    fn notes(&self) -> String {
        self.report["notes"].to_string()
    }

    fn rules(&self) -> Vec<&str> {
        self.report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect()
    }
}

fn borrowed<'a>(environment: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// A waiver of a failing test.
const WAIVER: &str = "[[waiver]]\nrule = 'test-failed'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n";

#[test]
fn a_change_that_widens_its_gate_stays_red() {
    let least = "[test-gate]\nmin-tests = 3\n";
    for (base, head, junit, said) in [
        (Some(least), Some("[test-gate]\nmin-tests = 1\n"), FEW, "`min-tests` is 3 (the change sets 1)"),
        (Some(least), Some(""), FEW, "`min-tests` is 3 (the change sets 1)"),
        (Some(least), None, FEW, "`min-tests` is 3 (the change sets 1)"),
        (Some(""), Some("fail-on = 'critical'\n"), FAILING, "`fail-on` is high (the change sets critical)"),
        (
            Some(""),
            Some("[test-gate]\nmode = 'report'\n"),
            FAILING,
            "`mode` is enforce (the change sets report)",
        ),
        (Some(""), Some("mode = 'report'\n"), FAILING, "`mode` is enforce (the change sets report)"),
        (Some(""), Some(WAIVER), FAILING, "1 waiver of the change applies only after the merge"),
        (Some(""), Some("[test-gate]\nbase = 'topic'\nmode = 'report'\n"), FAILING, ""),
    ] {
        let has_base_key = head.is_some_and(|head| head.contains("base ="));
        let change = Change::new(base, head, junit);
        let alone = change.judge(&["--base", "none"], &[]);
        assert_eq!(alone.code(), 0, "without a base the change decides: {head:?} {}", alone.finished.stdout);
        let by_flag = change.judge(&["--base", "main"], &[]);
        let merge_request = change.judge(&[], &borrowed(&change.merge_request()));
        let environment = change.pull_request();
        let pull_request = change.judge(&[], &borrowed(&environment));
        for (how, judged) in
            [("flag", by_flag), ("merge request", merge_request), ("pull request", pull_request)]
        {
            assert_eq!(judged.code(), 1, "{how}: {head:?}: {}", judged.finished.stdout);
            assert!(judged.notes().contains(said), "{how}: {head:?}: {}", judged.notes());
            assert!(judged.notes().contains(&change.id("main")[..10]), "{}", judged.notes());
            assert_eq!(judged.report["provenance"]["data"]["policy_commit"], change.id("main").as_str());
            let is_told = judged.notes().contains("`base` of devops.toml is ignored");
            assert_eq!(is_told, has_base_key && how != "flag", "{how}: {}", judged.notes());
        }
    }
}

#[test]
fn the_same_policy_on_the_target_holds() {
    for (policy, junit, code) in [
        ("[test-gate]\nmin-tests = 1\n", FEW, 0),
        ("fail-on = 'critical'\n", FAILING, 0),
        ("mode = 'report'\n", FAILING, 0),
        (WAIVER, FAILING, 0),
        ("[test-gate]\nmin-tests = 4\n", PASSING, 1),
    ] {
        let change = Change::new(Some(policy), Some(policy), junit);
        let said = change.judge(&["--base", "main"], &[]);
        assert_eq!(said.code(), code, "{policy}: {}", said.finished.stdout);
        assert_eq!(said.notes(), "[]");
        assert_eq!(said.report["provenance"]["data"]["policy_commit"], change.id("main").as_str());
    }
}

#[test]
fn flags_and_the_environment_beat_the_base() {
    let change = Change::new(Some("[test-gate]\nmin-tests = 3\n"), Some(""), FEW);
    assert_eq!(change.judge(&["--base=main", "--min-tests=1"], &[]).code(), 0);
    assert_eq!(change.judge(&["--base=main"], &[("DEVOPS_MIN_TESTS", "1")]).code(), 0);
    assert_eq!(change.judge(&[], &[("DEVOPS_BASE", "main")]).code(), 1);
    let environment = change.merge_request();
    let mut environment = borrowed(&environment);
    assert_eq!(change.judge(&[], &environment).code(), 1);
    assert_eq!(change.judge(&["--base=none"], &environment).code(), 0);
    environment.push(("DEVOPS_IN_BASE", "none"));
    assert_eq!(change.judge(&[], &environment).code(), 0);
}

#[test]
fn what_is_not_policy_is_the_changes_own() {
    let change = Change::new(
        Some("[test-gate]\nformats = ['json']\n"),
        Some("[test-gate]\nformats = ['json', 'html']\nbase = 'main'\n"),
        PASSING,
    );
    let said = change.judge(&[], &[]);
    assert_eq!((said.code(), said.notes().as_str()), (0, "[]"));
    assert!(change.path().join("devops-report/report.html").exists());
    assert_eq!(
        said.report["provenance"]["data"]["policy_commit"],
        change.id("main").as_str(),
        "a laptop may"
    );
}

#[test]
fn a_file_that_is_new_or_can_not_be_used_is_told() {
    let change = Change::new(None, Some("mode = 'report'\n"), FAILING);
    let said = change.judge(&["--base", "main"], &[]);
    assert_eq!((said.code(), said.rules()), (1, vec!["test-failed", "policy-new"]), "its mode waits");
    for broken in ["mode = \n", "mode = 'maybe'\n"] {
        let change = Change::new(Some(broken), Some("mode = 'enforce'\n"), PASSING);
        let said = change.judge(&["--base", "main"], &[]);
        assert_eq!(said.code(), 0);
        let place = format!(
            "can't be used, so that of the change applies where it is stricter than the defaults: devops.toml@{}:1:",
            &change.id("main")[..10]
        );
        assert!(said.notes().contains(&place), "{}", said.notes());
    }
}

#[test]
fn a_waiver_that_the_change_removes_is_gone_at_once() {
    let expired = WAIVER.replace("2026-12-31", "2026-01-01");
    let change = Change::new(Some(&expired), Some(""), PASSING);
    let said = change.judge(&["--base", "main"], &[]);
    assert_eq!((said.code(), said.rules()), (0, vec![]), "{}", said.finished.stdout);
    assert!(said.notes().contains("1 waiver removed by the change"), "{}", said.notes());
    let change = Change::new(Some(&expired), Some(WAIVER), FAILING);
    let said = change.judge(&["--base", "main"], &[]);
    assert_eq!(
        (said.code(), said.rules()),
        (1, vec!["test-failed", "waiver-expired"]),
        "a longer term waits"
    );
    let change = Change::new(Some(WAIVER), Some(WAIVER), PASSING);
    assert_eq!(change.judge(&["--base", "main"], &[]).rules(), ["waiver-unused"]);
}

#[test]
fn the_file_is_found_below_the_root_and_by_its_flag() {
    let change = Change::new(None, None, FEW);
    let folder = change.path().join("api");
    std::fs::create_dir(&folder).unwrap();
    change.git(&["switch", "--quiet", "main"]);
    change.write("api/devops.toml", Some("[test-gate]\nmin-tests = 3\n"));
    change.write("api/other.toml", Some("[test-gate]\nmin-tests = 4\n"));
    change.commit();
    change.git(&["switch", "--quiet", "-c", "other"]);
    std::fs::create_dir_all(&folder).unwrap();
    change.write("api/junit.xml", Some(FEW));
    change.write("api/devops.toml", Some(""));
    change.write("api/other.toml", Some(""));
    change.commit();
    for (flags, least) in [
        (&["--working-directory=api", "--report-dir=../devops-report"][..], 3),
        (&["--working-directory=api", "--report-dir=../devops-report", "--config=api/other.toml"], 4),
        (&["--config=api/other.toml"], 4),
    ] {
        let said = change.judge(&[flags, &["--base", "main"]].concat(), &[]);
        assert_eq!(said.code(), 1, "{flags:?} {}", said.finished.stdout);
        assert!(
            said.notes().contains(&format!("`min-tests` is {least} (the change sets 1)")),
            "{}",
            said.notes()
        );
    }
    let outside = tempfile::NamedTempFile::new().unwrap();
    let config = format!("--config={}", outside.path().display());
    assert_eq!(
        change.judge(&[&config, "--base=main"], &[]).code(),
        0,
        "a file of somebody else is no change's"
    );
}

#[test]
#[cfg(unix)]
fn a_change_does_not_get_out_of_sight_by_moving_its_folder() {
    let least = "[test-gate]\nmin-tests = 3\n";
    for way in ["link", "submodule"] {
        let change = Change::new(None, None, FEW);
        change.git(&["switch", "--quiet", "main"]);
        std::fs::create_dir(change.path().join("api")).unwrap();
        change.write("api/devops.toml", Some(least));
        change.commit();
        change.git(&["switch", "--quiet", "-c", "other"]);
        std::fs::remove_dir_all(change.path().join("api")).unwrap();
        if way == "link" {
            std::fs::create_dir(change.path().join("lax")).unwrap();
            std::os::unix::fs::symlink("lax", change.path().join("api")).unwrap();
        } else {
            change.git(&["init", "--quiet", "api"]);
            change.git(&["-C", "api", "commit", "--quiet", "--allow-empty", "-m", "x"]);
        }
        change.write("api/devops.toml", Some("[test-gate]\nmin-tests = 1\n"));
        change.write("api/junit.xml", Some(FEW));
        change.git(&["add", "--all"]);
        change.git(&["commit", "--quiet", "-m", "x"]);
        let environment = change.merge_request();
        let flags = ["--working-directory=api", "--report-dir=../devops-report"];
        let said = change.judge(&flags, &borrowed(&environment));
        assert_eq!(
            (said.code(), said.rules()),
            (1, vec!["too-few-tests"]),
            "{way}: {}",
            said.finished.stdout
        );
    }
}

#[test]
fn a_base_that_is_not_there_is_told() {
    let change = Change::new(Some(""), Some(""), PASSING);
    let named = change.judge_without_report(&["--base", "nosuch"]);
    assert_eq!(named.code, Some(3), "{named:?}");
    assert!(named.stderr.contains("no commit that `nosuch` names"), "{named:?}");
    let missing = "1".repeat(40);
    let environment = [("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", missing.as_str())];
    let said = change.judge(&[], &environment);
    assert_eq!((said.code(), said.rules()), (0, vec!["base-unknown"]));
    let clone = Change(tempfile::tempdir().unwrap());
    change.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &format!("file://{}", change.path().display()),
        clone.path().to_str().unwrap(),
    ]);
    clone.write("junit.xml", Some(PASSING));
    let said = clone.judge(&[], &environment);
    assert_eq!((said.code(), said.rules()), (0, vec!["base-unknown"]));
    let help = said.report["findings"][0]["help"].as_str().unwrap();
    assert!(help.contains("fetch-depth: 0") && help.contains("GIT_DEPTH: 0"), "{help}");
    assert_eq!(clone.judge(&["--fail-on", "medium"], &environment).code(), 1);
}

#[test]
fn without_a_repository_the_base_is_unknown_and_without_a_change_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("junit.xml"), PASSING).unwrap();
    let mut command = binary("test-gate", folder.path());
    command.arg("junit.xml").env("GITHUB_ACTIONS", "true").env("GITHUB_BASE_REF", "main");
    let finished = run(&mut command);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let findings = report(folder.path())["findings"].to_string();
    assert!(findings.contains("base-unknown") && findings.contains("--base none"), "{findings}");
    let named = run(binary("test-gate", folder.path()).args(["junit.xml", "--base=main"]));
    assert_eq!(named.code, Some(3), "{named:?}");
    assert!(named.stderr.contains("is not in a git repository"), "{named:?}");
    let change = Change::new(Some("[test-gate]\nmin-tests = 3\n"), Some(""), FEW);
    let pushed = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/heads/main")];
    assert_eq!(change.judge(&[], &pushed).code(), 0, "a push is no change to be judged by its base");
}

#[test]
fn the_pipeline_takes_the_same_way() {
    let policy = |least: &str| format!("[test-gate]\npaths = ['junit.xml']\nmin-tests = {least}\n");
    let change = Change::new(Some(&policy("3")), Some(&policy("1")), FEW);
    let environment = change.merge_request();
    let finished = run(binary("devops", change.path()).arg("run").envs(borrowed(&environment)));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let merged = report(change.path());
    let path = change.path().join("devops-report/test-gate/report.json");
    let own: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(merged["provenance"]["policy_sha256"], own["provenance"]["policy_sha256"]);
    assert!(own["notes"].to_string().contains("`min-tests` is 3 (the change sets 1)"), "{own}");
    let other = "[dep-scan]\npaths = ['.']\ndb = ['none']\n";
    let change = Change::new(Some(&policy("3")), Some(other), PASSING);
    let environment = change.merge_request();
    let finished = run(binary("devops", change.path()).arg("run").envs(borrowed(&environment)));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    let label = &change.id("main")[..10];
    let said = format!("devops.toml of {label} has `[test-gate]`, but the change removes it");
    assert!(finished.stderr.contains(&said), "{finished:?}");
}

impl Change {
    /// Judges where no report is written.
    fn judge_without_report(&self, flags: &[&str]) -> Finished {
        run(binary("test-gate", self.path()).arg("junit.xml").args(flags))
    }
}
