//! Links that a change commits: no line of a file outside of the repository is shown, and nothing is written or removed behind one.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::git::git;
use crate::support::{Finished, binary, run};

const GREEN: &str = "<testsuite><testcase name='a'/></testsuite>";
const SECRET: &str = "hunter2hunter2";

/// Where a run takes place.
const HOSTS: [&str; 3] = ["laptop", "GitHub", "GitLab"];

/// What each binary is called with.
const CALLS: [(&str, &[&str]); 6] = [
    ("test-gate", &["r.xml"]),
    ("dep-scan", &["Cargo.lock", "--db", "db"]),
    ("image-scan", &["--report", "trivy.json"]),
    ("promote", &["run"]),
    ("annotate", &["start", "--service", "x"]),
    ("devops", &["run"]),
];

/// A repository with a green report, beside a home with secrets in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(place.home().join(".config")).unwrap();
        std::fs::create_dir(place.repository()).unwrap();
        std::fs::write(
            place.home().join("netrc"),
            format!("machine example.com login u password {SECRET}\n"),
        )
        .unwrap();
        std::fs::write(place.home().join("npmrc"), format!("//registry.example/:_authToken={SECRET}\n"))
            .unwrap();
        std::fs::write(place.repository().join("r.xml"), GREEN).unwrap();
        git(&place.repository(), &["init", "--quiet", "--initial-branch", "main"]);
        place
    }

    fn home(&self) -> std::path::PathBuf {
        self.0.path().join("home")
    }

    fn repository(&self) -> std::path::PathBuf {
        self.0.path().join("repository")
    }

    /// Commits a link, and what else there is.
    fn link(&self, target: &str, path: &str) {
        symlink(target, self.repository().join(path)).unwrap();
        self.commit();
    }

    fn commit(&self) {
        git(&self.repository(), &["add", "--all"]);
        git(&self.repository(), &["commit", "--quiet", "--message", "x"]);
    }

    /// One of our binaries on a host.
    fn on(&self, host: &str, name: &str) -> Command {
        let mut command = binary(name, &self.repository());
        match host {
            "GitHub" => {
                let output = self.0.path().join("github-output");
                command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", output);
                command.env("GITHUB_STEP_SUMMARY", self.0.path().join("github-summary"));
            }
            "GitLab" => drop(command.env("GITLAB_CI", "true")),
            _ => {}
        }
        command
    }

    /// Everything a run left for people to see.
    fn shown(&self, finished: &Finished) -> String {
        let mut shown = format!("{}{}", finished.stdout, finished.stderr);
        for file in ["github-output", "github-summary"] {
            shown.push_str(&std::fs::read_to_string(self.0.path().join(file)).unwrap_or_default());
        }
        for folder in ["devops-report", "out"] {
            for entry in std::fs::read_dir(self.repository().join(folder)).into_iter().flatten().flatten() {
                shown.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap_or_default()));
            }
        }
        shown
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn no_line_of_a_foreign_file_is_shown() {
    for host in HOSTS {
        for (name, arguments) in CALLS {
            for file in ["netrc", "npmrc"] {
                let place = Place::new();
                place.link(&format!("../home/{file}"), "devops.toml");
                let finished = run(place.on(host, name).args(arguments));
                assert_eq!(finished.code, Some(2), "{name} on {host}, {file}: {finished:?}");
                assert!(
                    finished.stderr.contains("devops.toml: leads out of the workspace, to /"),
                    "{finished:?}"
                );
                assert!(!place.shown(&finished).contains(SECRET), "{name} on {host}, {file}: {finished:?}");
            }
        }
        // By way of a folder, and through a name that the workflow gives: the link is the change's.
        let place = Place::new();
        place.link("../home", "settings");
        let flags = ["r.xml", "--config", "settings/netrc"];
        let finished = run(place.on(host, "test-gate").args(flags));
        assert_eq!(finished.code, Some(2), "{host}: {finished:?}");
        assert!(!place.shown(&finished).contains(SECRET), "{host}: {finished:?}");
        // The other files whose mistakes are shown with their line.
        for flag in ["--quarantine", "--baseline"] {
            let finished = run(place.on(host, "test-gate").args(["r.xml", flag, "settings/netrc"]));
            assert_eq!(finished.code, Some(3), "{flag} on {host}: {finished:?}");
            assert!(!place.shown(&finished).contains(SECRET), "{flag} on {host}: {finished:?}");
        }
    }
}

#[test]
fn a_configuration_that_the_workflow_names_or_that_stays_inside_is_read() {
    for host in HOSTS {
        let place = Place::new();
        std::fs::write(place.home().join("devops.toml"), "[test-gate]\nmin-tests = 2\n").unwrap();
        std::fs::create_dir(place.repository().join("ci")).unwrap();
        std::fs::write(place.repository().join("ci/devops.toml"), "[test-gate]\nmin-tests = 2\n").unwrap();
        place.commit();
        // A link of the job itself, which git does not know.
        symlink(place.home(), place.repository().join("cache")).unwrap();
        let outside = place.home().join("devops.toml");
        for config in ["../home/devops.toml", outside.to_str().unwrap(), "cache/devops.toml"] {
            let finished = run(place.on(host, "test-gate").args(["r.xml", "--config", config]));
            assert_eq!(finished.code, Some(1), "{config} on {host}: {finished:?}");
        }
        place.link("ci/devops.toml", "devops.toml");
        let finished = run(place.on(host, "test-gate").arg("r.xml"));
        assert_eq!(finished.code, Some(1), "{host}: {finished:?}");
    }
}

#[test]
fn nothing_is_written_through_a_link_in_the_report_folder() {
    for host in HOSTS {
        let names = ["report.json", "report.sarif", "summary.md", "report.html", "outputs.env"];
        let place = Place::new();
        std::fs::write(place.home().join(".profile"), "precious").unwrap();
        std::fs::create_dir(place.repository().join("out")).unwrap();
        for name in names {
            place.link("../../home/.profile", &format!("out/{name}"));
            place.link("../../home/.profile", &format!("out/{name}.part"));
        }
        let flags = ["r.xml", "--report-dir", "out", "--formats", "json,sarif,summary,html"];
        let finished = run(place.on(host, "test-gate").args(flags));
        assert_eq!(finished.code, Some(0), "{host}: {finished:?}");
        assert_eq!(text(&place.home().join(".profile")), "precious", "{host}");
        for name in names {
            let path = place.repository().join("out").join(name);
            // Outputs are a file on GitLab only; what an earlier run left is gone elsewhere.
            let is_written = name != "outputs.env" || host == "GitLab";
            assert_eq!(
                path.symlink_metadata().is_ok_and(|known| known.is_file()),
                is_written,
                "{name} on {host}"
            );
        }
    }
}

#[test]
fn a_report_folder_that_is_a_link_is_refused_before_anything_is_judged() {
    for host in HOSTS {
        for (name, arguments) in CALLS {
            for target in ["../home/.config", "inside"] {
                let place = Place::new();
                std::fs::create_dir(place.repository().join("inside")).unwrap();
                let foreign = if target == "inside" {
                    place.repository().join("inside")
                } else {
                    place.home().join(".config")
                };
                let names = ["report.html", "badge.svg", "report.junit.xml", "outputs.env", "report.json"];
                for name in names {
                    std::fs::write(foreign.join(name), "precious").unwrap();
                }
                std::fs::write(place.repository().join("devops.toml"), "[test-gate]\npaths = [\"r.xml\"]\n")
                    .unwrap();
                place.link(target, "devops-report");
                let flags: &[&str] = &["--report-dir", "devops-report"];
                for flags in [&[][..], flags] {
                    let finished = run(place.on(host, name).args(arguments).args(flags));
                    assert_eq!(finished.code, Some(4), "{name} {flags:?} on {host}: {finished:?}");
                    assert!(
                        finished.stderr.contains("devops-report is a link to /"),
                        "{name} on {host}: {finished:?}"
                    );
                }
                for name in names {
                    assert_eq!(text(&foreign.join(name)), "precious", "{name} on {host}");
                }
                assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), names.len(), "{name} on {host}");
            }
        }
    }
}

#[test]
fn no_folder_below_the_report_folder_of_a_run_is_a_link() {
    let place = Place::new();
    std::fs::write(place.repository().join("devops.toml"), "[test-gate]\npaths = [\"r.xml\"]\n").unwrap();
    std::fs::create_dir(place.repository().join("devops-report")).unwrap();
    std::fs::write(place.home().join(".config/report.json"), "precious").unwrap();
    place.link("../../home/.config", "devops-report/test-gate");
    let finished = run(place.on("laptop", "devops").arg("run"));
    assert_eq!(finished.code, Some(4), "{finished:?}");
    assert_eq!(text(&place.home().join(".config/report.json")), "precious");
    assert_eq!(std::fs::read_dir(place.home().join(".config")).unwrap().count(), 1);
}

#[test]
fn only_the_workflow_leads_reports_out_of_the_workspace() {
    for host in HOSTS {
        let place = Place::new();
        let config = place.home().join(".config");
        for folder in ["../home/.config", config.to_str().unwrap()] {
            std::fs::write(place.repository().join("devops.toml"), format!("report-dir = '{folder}'\n"))
                .unwrap();
            let finished = run(place.on(host, "test-gate").arg("r.xml"));
            assert_eq!(finished.code, Some(4), "{folder} on {host}: {finished:?}");
            assert!(
                finished.stderr.contains("leads out of the workspace"),
                "{folder} on {host}: {finished:?}"
            );
            assert_eq!(std::fs::read_dir(&config).unwrap().count(), 0, "{folder} on {host}");
        }
        std::fs::remove_file(place.repository().join("devops.toml")).unwrap();
        // A link of the job itself is the workflow's, where the workflow names it.
        place.commit();
        symlink(&config, place.repository().join("reports")).unwrap();
        for folder in ["../home/.config", config.to_str().unwrap(), "reports"] {
            let finished = run(place.on(host, "test-gate").args(["r.xml", "--report-dir", folder]));
            assert_eq!(finished.code, Some(0), "{folder} on {host}: {finished:?}");
            let finished = run(place.on(host, "test-gate").arg("r.xml").env("DEVOPS_IN_REPORT_DIR", folder));
            assert_eq!(finished.code, Some(0), "{folder} on {host}: {finished:?}");
            assert!(config.join("report.json").exists(), "{folder} on {host}");
        }
    }
}

#[test]
fn files_that_grow_are_not_links() {
    let place = Place::new();
    std::fs::write(place.home().join(".profile"), "precious\n").unwrap();
    for colour in ["blue", "green"] {
        std::fs::create_dir(place.repository().join(colour)).unwrap();
    }
    symlink("blue", place.repository().join("current")).unwrap();
    place.link("../home/.profile", "journal.jsonl");
    std::fs::create_dir(place.repository().join("state")).unwrap();
    place.link("../../home/.profile", "state/start-hook.log");
    place.link("../home", "log");
    place.link("../home/.config", "kept");
    let precious = || text(&place.home().join(".profile"));
    let mut command = place.on("GitHub", "test-gate");
    let finished = run(command.arg("r.xml").env("GITHUB_OUTPUT", place.repository().join("journal.jsonl")));
    assert_eq!((finished.code, precious().as_str()), (Some(4), "precious\n"), "{finished:?}");
    let mut command = place.on("GitHub", "test-gate");
    let finished =
        run(command.arg("r.xml").env("GITHUB_STEP_SUMMARY", place.repository().join("journal.jsonl")));
    assert_eq!((finished.code, precious().as_str()), (Some(0), "precious\n"), "{finished:?}");
    assert!(finished.stderr.contains("it is a link"), "{finished:?}");
    for (name, journal) in [("a link", "journal.jsonl"), ("in a link", "kept/journal.jsonl")] {
        let arguments = ["start", "--service", "x", "--id", "1", "--strict", "--journal", journal];
        let finished = run(place.on("laptop", "annotate").args(arguments));
        assert_eq!((finished.code, precious().as_str()), (Some(4), "precious\n"), "{name}: {finished:?}");
    }
    let finished = run(place.on("laptop", "test-gate").args(["r.xml", "--events", "log"]));
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let promote = |state: &str| {
        let mut command = place.on("laptop", "promote");
        let flags = ["--symlink-path", "current", "--symlink-blue", "blue", "--symlink-green", "green"];
        run(command.arg("run").args(flags).args(["--start-hook", "echo started", "--state-dir", state]))
    };
    let finished = promote("kept");
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let finished = promote("state");
    assert_eq!((finished.code, precious().as_str()), (Some(0), "precious\n"), "{finished:?}");
    let log = place.repository().join("state/start-hook.log");
    assert!(log.symlink_metadata().unwrap().is_file(), "the link is replaced by a file");
    assert_eq!(text(&log), "started\n");
    assert_eq!(std::fs::read_dir(place.home().join(".config")).unwrap().count(), 0);
}

#[test]
fn a_link_above_a_submodule_is_the_changes_as_well() {
    for (host, variables) in [
        (
            "GitHub",
            [("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_BASE_REF", "main"), ("GITHUB_SHA", "HEAD")],
        ),
        (
            "GitLab",
            [
                ("CI_MERGE_REQUEST_IID", "7"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
                ("CI_COMMIT_SHA", "HEAD"),
            ],
        ),
    ] {
        let place = Place::new();
        let inner = place.repository().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("r.xml"), GREEN).unwrap();
        git(&inner, &["init", "--quiet", "--initial-branch", "main"]);
        git(&inner, &["add", "--all"]);
        git(&inner, &["commit", "--quiet", "--message", "x"]);
        place.link("../home", "out");
        let head = git(&place.repository(), &["rev-parse", "HEAD"]).trim().to_owned();
        let workspace = if host == "GitHub" { "GITHUB_WORKSPACE" } else { "CI_PROJECT_DIR" };
        let mut command = place.on(host, "test-gate");
        command.env(workspace, place.repository());
        for (name, value) in variables {
            command.env(name, if value == "HEAD" { head.as_str() } else { value });
        }
        let arguments =
            ["r.xml", "--working-directory", "inner", "--report-dir", "../out/reports", "--base", "none"];
        let finished = run(command.args(arguments));
        assert_eq!(finished.code, Some(4), "{host}: {finished:?}");
        assert!(!place.home().join("reports").exists(), "{host}");
    }
}
