//! What a change can't bring about, and what honest changes need not wait for.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Finished, binary, git, report, run};

const GREEN: &str = "<testsuite><testcase name='a'/></testsuite>";
const RED: &str = "<testsuite><testcase name='a'><failure/></testcase></testsuite>";
const GATE: &str = "[test-gate]\npaths = ['r.xml']\n";
const CLEAN: &str = r#"{"SchemaVersion":2,"ArtifactName":"shop","ArtifactType":"container_image","Results":[{"Target":"a","Class":"os-pkgs","Type":"debian"}]}"#;
const TOKEN: &str = "ghs_0123456789abcdefghijABCDEFGHIJ";

/// Both hosts.
const HOSTS: [Host; 2] = [Host::GitHub, Host::GitLab];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Host {
    GitHub,
    GitLab,
}

/// A repository with a target branch and a change that is merged into it for a check, as hosts do.
struct Change {
    folder: tempfile::TempDir,
    target: String,
}

impl Change {
    /// The target branch and the change with these files; those of the target are there in the change as well.
    fn new(target: &[(&str, &str)], change: &[(&str, &str)]) -> Self {
        Self::edited(target, |folder| {
            for (path, text) in change {
                write(folder, path, text);
            }
        })
    }

    /// The same with a change that does more than writing files.
    fn edited(target: &[(&str, &str)], change: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        git(path, &["init", "--quiet", "--initial-branch=main", "--template="]);
        write(path, ".gitignore", "r.xml\nout/\ncurrent\n.devops/\n");
        for (name, text) in target {
            write(path, name, text);
        }
        commit(path);
        let target = git(path, &["rev-parse", "HEAD"]).trim().to_owned();
        git(path, &["switch", "--quiet", "-c", "topic"]);
        change(path);
        commit(path);
        git(path, &["switch", "--quiet", "--detach", "main"]);
        git(path, &["merge", "--quiet", "--no-ff", "-m", "x", "topic"]);
        write(path, "r.xml", GREEN);
        Self { folder, target }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a binary as the job of the change on a host.
    fn run(&self, host: Host, program: &str, arguments: &[&str]) -> Finished {
        run(self.command(host, program).args(arguments))
    }

    fn command(&self, host: Host, program: &str) -> Command {
        let merge = git(self.path(), &["rev-parse", "HEAD"]).trim().to_owned();
        let mut command = on(host, program, self.path(), &merge);
        match host {
            Host::GitHub => command.env("GITHUB_BASE_REF", "main").env("GITHUB_REF", "refs/pull/7/merge"),
            Host::GitLab => command
                .env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
                .env("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &self.target)
                .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", &self.target),
        };
        command
    }

    fn report(&self) -> Value {
        report(self.path())
    }
}

/// A binary on a host, which knows a token and an address that nobody answers at.
fn on(host: Host, program: &str, folder: &Path, commit: &str) -> Command {
    let mut command = binary(program, folder);
    command.env("DEVOPS_SERVICE", "shop");
    match host {
        Host::GitHub => command
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_SHA", commit)
            .env("GITHUB_REF", "refs/heads/topic")
            .env("GITHUB_RUN_ID", "7")
            .env("GITHUB_API_URL", "http://127.0.0.1:9")
            .env("GITHUB_TOKEN", TOKEN),
        Host::GitLab => command
            .env("GITLAB_CI", "true")
            .env("CI_COMMIT_SHA", commit)
            .env("CI_PIPELINE_ID", "7")
            .env("CI_API_V4_URL", "http://127.0.0.1:9/api/v4")
            .env("DEVOPS_TOKEN", TOKEN),
    };
    command
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
}

/// A server that takes note of whoever asks.
struct Listener(TcpListener);

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn was_asked(&self) -> bool {
        self.0.accept().is_ok()
    }
}

/// What lies in a folder that no change may bring about.
fn traces(folder: &Path) -> Vec<PathBuf> {
    ["ran", "elsewhere", "elsewhere.jsonl", "other"]
        .into_iter()
        .map(|name| folder.join(name))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect()
}

#[test]
fn a_change_gives_a_promotion_no_command_address_or_place() {
    let server = Listener::start();
    let url = server.url();
    let target = format!("{GATE}[promote]\nsymlink-path = 'current'\n");
    let cheats = [
        "start-hook = 'touch ran'".to_owned(),
        "before-hook = 'touch ran'".to_owned(),
        "after-hook = 'touch ran'".to_owned(),
        "stop-hook = 'touch ran'".to_owned(),
        format!("blue-url = '{url}'\ngreen-url = '{url}'\nhealth-timeout = 1"),
        format!("verify-url = '{url}'\nverify-timeout = 1"),
        "state-dir = 'elsewhere'".to_owned(),
    ];
    let mut all: Vec<String> = cheats.iter().map(|cheat| format!("{target}{cheat}\n")).collect();
    all.push(format!("{GATE}[promote]\nsymlink-path = 'other'\n"));
    for cheat in &all {
        let files = [("devops.toml", target.as_str()), ("blue/x", "b"), ("green/x", "g")];
        for host in HOSTS {
            let change = Change::new(&files, &[("devops.toml", cheat)]);
            for (program, arguments) in [("devops", &["run"][..]), ("promote", &["run"])] {
                let finished = change.run(host, program, arguments);
                assert_eq!(finished.code, Some(0), "{host:?} {program}\n{cheat}\n{}", finished.stdout);
                assert_eq!(traces(change.path()), [] as [PathBuf; 0], "{host:?} {program}\n{cheat}");
                assert!(!server.was_asked(), "{host:?} {program}\n{cheat}");
                assert!(change.path().join("current").is_symlink(), "the target branch's promotion is made");
                let of_job = change.path().join("devops-report/promote/report.json");
                let text = std::fs::read_to_string(of_job).unwrap_or_else(|_| change.report().to_string());
                assert!(
                    text.contains("applies until the change is merged"),
                    "{host:?} {program}\n{cheat}\n{text}"
                );
            }
        }
        let change = Change::new(&files, &[("devops.toml", cheat)]);
        let _ = run(binary("promote", change.path()).arg("run"));
        let is_done = server.was_asked() || !traces(change.path()).is_empty();
        assert!(is_done, "the cheat works where no change is judged:\n{cheat}");
    }
}

#[test]
fn a_change_gives_a_record_no_address_place_or_certificate() {
    let server = Listener::start();
    let url = server.url();
    let target = format!("{GATE}[annotate]\ndestinations = ['journal']\n");
    let cheats = [
        format!("destinations = ['github']\ngithub-url = '{url}'\n"),
        format!("destinations = ['github-status']\ngithub-url = '{url}'\n"),
        format!("destinations = ['gitlab']\ngitlab-url = '{url}'\n"),
        "destinations = ['journal']\njournal = 'elsewhere.jsonl'\n".to_owned(),
    ];
    for cheat in cheats {
        let cheat = format!("{GATE}[annotate]\nbudget = 1\n{cheat}");
        for host in HOSTS {
            let change = Change::new(&[("devops.toml", &target)], &[("devops.toml", &cheat)]);
            for (program, arguments) in [("devops", &["run"][..]), ("annotate", &["start"])] {
                let finished = change.run(host, program, arguments);
                assert_eq!(finished.code, Some(0), "{host:?} {program}\n{cheat}\n{}", finished.stdout);
                assert!(!server.was_asked(), "{host:?} {program}\n{cheat}");
                assert_eq!(traces(change.path()), [] as [PathBuf; 0], "{host:?} {program}\n{cheat}");
                assert!(
                    change.path().join(".devops/deployments.jsonl").is_file(),
                    "the target branch's journal"
                );
            }
        }
    }
}

#[test]
fn a_job_that_changes_the_world_waits_where_only_the_change_has_it() {
    let server = Listener::start();
    let url = server.url();
    let own = format!(
        "{GATE}[promote]\nstart-hook = 'touch ran'\n[annotate]\ngithub-url = '{url}'\ngitlab-url = '{url}'\n"
    );
    for host in HOSTS {
        let files = [("devops.toml", own.as_str()), ("blue/x", "b"), ("green/x", "g")];
        let change = Change::new(&[("devops.toml", GATE)], &files);
        let finished = change.run(host, "devops", &["run"]);
        assert_eq!(finished.code, Some(0), "what waits is not red: {}", finished.stdout);
        let notes = change.report()["notes"].to_string();
        for job in ["promote", "annotate"] {
            let note =
                format!("{job} did not run, because `[{job}]` is new in this change and waits for the merge");
            assert!(notes.contains(&note), "{notes}");
        }
        let finished = change.run(host, "promote", &["run"]);
        assert_eq!(finished.code, Some(2), "{}", finished.stdout);
        assert!(finished.stderr.contains("waits for the merge"), "{}", finished.stderr);
        let _ = change.run(host, "annotate", &["start", "--budget=1"]);
        assert!(!server.was_asked(), "{host:?}");
        assert_eq!(traces(change.path()), [] as [PathBuf; 0]);
        assert!(!change.path().join("current").is_symlink());
    }
}

#[test]
fn an_added_path_a_stricter_limit_and_a_new_gate_hold_at_once() {
    let added = "[test-gate]\npaths = ['r.xml', 'out/more.xml']\n";
    let strict = "[test-gate]\npaths = ['r.xml']\nmin-tests = 3\n";
    let scan = format!("{GATE}[image-scan]\nreport = ['out/trivy.json']\n");
    for host in HOSTS {
        let change = Change::new(&[("devops.toml", GATE)], &[("devops.toml", added)]);
        for (more, expected) in [(GREEN, 0), (RED, 1)] {
            write(change.path(), "out/more.xml", &more.replace("'a'", "'b'"));
            assert_eq!(change.run(host, "test-gate", &[]).code, Some(expected), "{host:?} {more}");
        }
        write(change.path(), "out/more.xml", &GREEN.replace("'a'", "'b'"));
        write(change.path(), "r.xml", RED);
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(1), "the target's path is judged as well");
        let change = Change::new(&[("devops.toml", GATE)], &[("devops.toml", strict)]);
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(1), "{host:?}");
        assert!(change.report()["findings"].to_string().contains("too-few-tests"));
        let change = Change::new(&[("devops.toml", GATE)], &[("devops.toml", &scan)]);
        write(change.path(), "out/trivy.json", CLEAN);
        assert_eq!(change.run(host, "devops", &["run"]).code, Some(0), "{host:?}");
        std::fs::remove_file(change.path().join("out/trivy.json")).unwrap();
        assert_ne!(change.run(host, "devops", &["run"]).code, Some(0), "the new gate is run");
    }
}

#[test]
fn an_added_path_is_no_later_attempt_and_narrows_no_search() {
    let first = "<testsuite><testcase name='a'><failure/></testcase></testsuite>";
    let target = "[test-gate]\npaths = ['out/1.xml', 'out/2.xml']\nattempts = true\n";
    let own = "[test-gate]\npaths = ['out/1.xml', 'out/2.xml', 'out/3.xml']\nattempts = true\n";
    let lockfile = "[dep-scan]\ndb = ['db']\n";
    for host in HOSTS {
        let change = Change::new(&[("devops.toml", target)], &[("devops.toml", own)]);
        for (path, text) in [("out/1.xml", first), ("out/2.xml", first), ("out/3.xml", GREEN)] {
            write(change.path(), path, text);
        }
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(1), "{host:?}");
        let all = run(binary("test-gate", change.path()).arg("--base=none"));
        assert_eq!(all.code, Some(0), "the cheat works where no change is judged: {}", all.stdout);
        let files = [
            ("devops.toml", lockfile),
            ("Cargo.lock", VULNERABLE),
            ("db/crates/foo/RUSTSEC-2026-0001.md", ADVISORY),
        ];
        let own =
            [("devops.toml", "[dep-scan]\ndb = ['db']\npaths = ['app']\n"), ("app/Cargo.lock", LOCKFILE)];
        let change = Change::new(&files, &own);
        assert_eq!(change.run(host, "dep-scan", &[]).code, Some(1), "{host:?}");
        let all = run(binary("dep-scan", change.path()).arg("--base=none"));
        assert_eq!(all.code, Some(0), "the cheat works where no change is judged: {}", all.stdout);
    }
}

#[test]
fn a_path_that_moves_is_judged_at_both_places_and_the_way_out_is_named() {
    let moved = "[test-gate]\npaths = ['out/r.xml']\n";
    for host in HOSTS {
        let change = Change::new(&[("devops.toml", GATE)], &[("devops.toml", moved)]);
        std::fs::remove_file(change.path().join("r.xml")).unwrap();
        write(change.path(), "out/r.xml", GREEN);
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(1), "{host:?}");
        let findings = change.report()["findings"].clone();
        assert_eq!(findings[0]["rule"], "report-missing");
        assert!(findings[0]["help"].as_str().unwrap().contains("set the input `paths`"), "{findings}");
        let finished = run(change.command(host, "test-gate").env("DEVOPS_IN_PATHS", "out/r.xml"));
        assert_eq!(finished.code, Some(0), "the way out works: {}", finished.stdout);
    }
}

/// A lockfile without packages of others, one with a vulnerable package, and the advisory about it.
const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n";
const VULNERABLE: &str = "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"foo\"\nversion = \"1.0.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
const ADVISORY: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"foo\"\ndate = \"2026-10-01\"\n\n[versions]\npatched = [\">= 1.2.0\"]\n```\n\n# Foo is bad\n\nIt is.\n";

#[test]
fn a_lockfile_that_git_shows_as_moved_is_judged_at_its_new_place() {
    let table = |path: &str| format!("[dep-scan]\npaths = ['{path}']\ndb = ['db']\n");
    for (old, new, target, own) in [
        ("Cargo.lock", "app/Cargo.lock", "Cargo.lock", "app/Cargo.lock"),
        ("old/deep/Cargo.lock", "new/deep/Cargo.lock", "old", "new"),
    ] {
        for host in HOSTS {
            let files = [
                ("devops.toml", table(target)),
                (old, LOCKFILE.to_owned()),
                ("db/crates/foo/RUSTSEC-2026-0001.md", ADVISORY.to_owned()),
            ];
            let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
            let edit = |folder: &Path| {
                std::fs::remove_file(folder.join(old)).unwrap();
                write(folder, new, LOCKFILE);
                write(folder, "devops.toml", &table(own));
            };
            let change = Change::edited(&files, edit);
            let finished = change.run(host, "dep-scan", &[]);
            assert_eq!(finished.code, Some(0), "{host:?} {new}: {}{}", finished.stdout, finished.stderr);
            write(change.path(), new, VULNERABLE);
            assert_eq!(change.run(host, "dep-scan", &[]).code, Some(1), "it is read there");
        }
    }
    // Where git shows nothing of the kind, the path is missing, and the way out is named.
    let files = [
        ("devops.toml", &*table("Cargo.lock")),
        ("Cargo.lock", LOCKFILE),
        ("db/crates/foo/RUSTSEC-2026-0001.md", ADVISORY),
    ];
    let change = Change::edited(&files, |folder| {
        std::fs::remove_file(folder.join("Cargo.lock")).unwrap();
        write(
            folder,
            "other/Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"a-name-of-its-own\"\nversion = \"9.9.9\"\ndependencies = [\"something-else\", \"nothing-alike\"]\n",
        );
        write(folder, "devops.toml", &table("other/Cargo.lock"));
    });
    let finished = change.run(Host::GitHub, "dep-scan", &[]);
    assert_eq!(finished.code, Some(3), "{}", finished.stdout);
    assert!(finished.stderr.contains("set the input `paths`"), "{}", finished.stderr);
}

#[test]
fn the_first_devops_toml_applies_where_it_is_strict() {
    let waiver = "[[waiver]]\nrule = 'test-failed'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-30\n";
    for host in HOSTS {
        let change = Change::new(&[("README", "x")], &[("devops.toml", GATE)]);
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(0), "{host:?}");
        assert_eq!(change.report()["verdict"], "pass");
        let own = format!("mode = 'report'\n{GATE}exclude = ['r.xml']\n{waiver}");
        let change = Change::new(&[("README", "x")], &[("devops.toml", &own)]);
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(0), "what waits is not red");
        let finding = change.report()["findings"][0].clone();
        assert_eq!(finding["rule"], "policy-new", "{finding}");
        for part in ["merge the file first", "--base none"] {
            assert!(finding["help"].as_str().unwrap().contains(part), "{finding}");
        }
        write(change.path(), "r.xml", RED);
        assert_eq!(change.run(host, "test-gate", &[]).code, Some(1), "{host:?}");
        assert_eq!(change.run(host, "test-gate", &["--base=none"]).code, Some(0), "the workflow may say so");
    }
}

#[test]
fn without_history_the_change_widens_nothing() {
    let cheats = [
        "[test-gate]\npaths = ['r.xml']\n[[waiver]]\nrule = 'test-failed'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-30\n",
        "fail-on = 'critical'\n[test-gate]\npaths = ['r.xml']\n",
        "mode = 'report'\n[test-gate]\npaths = ['r.xml']\n",
        "[test-gate]\npaths = ['r.xml']\nexclude = ['r.xml']\n",
        "[test-gate]\npaths = ['r.xml']\naction = 'run'\nrun-command = ['sh', '-c', 'touch ran']\n",
        "[test-gate]\npaths = ['r.xml']\naction = 'baseline'\nbaseline = 'elsewhere'\n",
    ];
    for cheat in cheats {
        for host in HOSTS {
            let whole = Change::new(&[("devops.toml", GATE)], &[("devops.toml", cheat)]);
            let runner = tempfile::tempdir().unwrap();
            let url = format!("file://{}", whole.path().display());
            git(runner.path(), &["clone", "--quiet", "--depth=1", "--branch=topic", &url, "work"]);
            let change = Change { folder: runner, target: whole.target.clone() };
            let work = change.path().join("work");
            write(&work, "r.xml", RED);
            let head = git(&work, &["rev-parse", "HEAD"]).trim().to_owned();
            let mut command = change_command(host, &work, &head, &change.target);
            let finished = run(&mut command);
            assert_eq!(finished.code, Some(1), "{host:?}\n{cheat}\n{}", finished.stdout);
            assert_eq!(traces(&work), [] as [PathBuf; 0], "{host:?}\n{cheat}");
            assert!(report(&work)["findings"].to_string().contains("base-unknown"), "{host:?}");
        }
    }
}

/// `test-gate` in a checkout of the change alone.
fn change_command(host: Host, folder: &Path, head: &str, target: &str) -> Command {
    let mut command = on(host, "test-gate", folder, head);
    match host {
        Host::GitHub => command.env("GITHUB_BASE_REF", "main").env("GITHUB_REF", "refs/pull/7/merge"),
        Host::GitLab => command
            .env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
            .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", target),
    };
    command
}

#[test]
fn a_report_that_is_committed_is_not_this_runs() {
    let cases = [
        ("test-gate", "[test-gate]\npaths = ['reports']\n", "reports/more.xml", GREEN),
        ("image-scan", "[image-scan]\nreport = ['reports/t.json']\n", "reports/t.json", CLEAN),
    ];
    for (job, table, path, text) in cases {
        for host in HOSTS {
            let change = Change::new(&[("devops.toml", table)], &[(path, text)]);
            write(change.path(), "reports/r.xml", &GREEN.replace("'a'", "'other'"));
            assert_eq!(change.run(host, job, &[]).code, Some(1), "{host:?} {job}");
            let stale = |severity: &str| {
                let all = change.report()["findings"].clone();
                let found = all
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|finding| finding["rule"].as_str().unwrap().ends_with("report-stale"));
                assert_eq!(found.unwrap()["severity"], severity, "{host:?} {job}");
            };
            stale("high");
            let fresh = text.replace("'a'", "'again'").replace("\"shop\"", "\"shop:2\"");
            write(change.path(), path, &fresh);
            assert_eq!(change.run(host, job, &[]).code, Some(0), "{host:?} {job}: the run wrote it");
            let change = Change::new(&[("devops.toml", table), (path, text)], &[("README", "x")]);
            assert_eq!(change.run(host, job, &[]).code, Some(0), "{host:?} {job}");
            assert_eq!(change.report()["verdict"], "warn");
            assert!(change.report()["findings"].to_string().contains("the target branch has it as well"));
            let head = git(change.path(), &["rev-parse", "HEAD"]).trim().to_owned();
            let finished = run(&mut on(host, job, change.path(), &head));
            assert_eq!(
                (finished.code, &change.report()["verdict"]),
                (Some(0), &"pass".into()),
                "{host:?} {job}"
            );
        }
    }
}

#[test]
fn variables_that_decide_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "r.xml", RED);
    let notes = |variables: &[(&str, &str)]| {
        run(binary("test-gate", folder.path()).arg("r.xml").envs(variables.iter().copied()));
        report(folder.path())["notes"].to_string()
    };
    let all = notes(&[("DEVOPS_MODE", "report"), ("DEVOPS_FAIL_ON", "critical"), ("DEVOPS_QUIET", "true")]);
    for part in ["`mode` is report (DEVOPS_MODE)", "`fail-on` is critical (DEVOPS_FAIL_ON)"] {
        assert!(all.contains(part), "{all}");
    }
    assert!(!all.contains("DEVOPS_QUIET"), "{all}");
    assert!(notes(&[("DEVOPS_IN_MODE", "report")]).contains("DEVOPS_IN_MODE"));
    assert!(!notes(&[]).contains("set by the environment"));
}

#[test]
fn a_report_folder_of_the_file_is_a_plain_path() {
    for (folder, expected) in
        [("out/devops-1.0_x", 0), ("x\";touch pwned;\"", 2), ("a b", 2), ("$(id)", 2), ("a\\nb", 2)]
    {
        let project = tempfile::tempdir().unwrap();
        write(project.path(), "r.xml", GREEN);
        let folder = folder.replace('"', "\\\"");
        write(project.path(), "devops.toml", &format!("report-dir = \"{folder}\"\n{GATE}"));
        for (program, arguments) in [("test-gate", &[][..]), ("devops", &["run"][..])] {
            let finished = run(binary(program, project.path()).args(arguments));
            assert_eq!(finished.code, Some(expected), "{program} {folder}: {}", finished.stderr);
        }
    }
}
