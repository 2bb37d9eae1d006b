//! Who may set each key of each job, in each situation: by hand here, compared with what the jobs say and with what the binary does.

use std::collections::BTreeMap;
use std::path::Path;

use devops::JOBS;
use devops_job::{Key, command, keys};

use crate::support::{binary, git, run};

/// What a change may do with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Nothing before the merge.
    Wait,
    /// Set it.
    Set,
    /// Add to it.
    Add,
    /// Add to it where the target branch sets it.
    Extend,
    /// Set it where the target branch does not.
    First,
    /// Set it to the second value, which is the stricter one.
    Stricter,
}
use May::{Add, Extend, First, Set, Stricter, Wait};

/// A key, two values, and what a change may do.
type Row = (&'static str, &'static str, &'static str, May);

const SHARED: &[Row] = &[
    ("color", "always", "never", Set),
    ("events", "e1", "e2", Wait),
    ("fail-on", "critical", "low", Stricter),
    ("formats", "json", "junit", Set),
    ("host", "local", "github", Wait),
    ("max-waiver-days", "1000", "30", Stricter),
    ("mode", "report", "enforce", Stricter),
    ("quiet", "false", "true", Set),
    ("report-dir", "r1", "r2", Wait),
    ("sarif-category", "s1", "s2", Wait),
    ("service", "s1", "s2", Wait),
    ("verbose", "false", "true", Set),
];

const TEST_GATE: &[Row] = &[
    ("action", "baseline", "merge", Wait),
    ("attempts", "true", "false", Wait),
    ("baseline", "b1", "b2", First),
    ("benchmark-alarm-rate", "0.0001", "0.1", Stricter),
    ("benchmark-limit", "a < 1 ms", "b < 1 ms", Add),
    ("benchmark-reference", "a", "b", Wait),
    ("coverage-exclude", "a : b", "c : d", Wait),
    ("coverage-include", "a : b", "c : d", Wait),
    ("coverage-prefix", "a = b", "c = d", Wait),
    ("diff", "d1", "d2", Wait),
    ("environment", "e1", "e2", Wait),
    ("exclude", "x1", "x2", Wait),
    ("exports", "junit", "ctrf", Set),
    ("fail-on-flaky", "false", "true", Stricter),
    ("folder-coverage", "a >= 1", "b >= 1", Add),
    ("max-benchmark-slowdown", "10", "1", Stricter),
    ("max-count-increase", "10", "0", Stricter),
    ("max-coverage-drop", "10", "1", Stricter),
    ("max-run-slowdown", "10", "2", Stricter),
    ("max-slowdown", "10", "2", Stricter),
    ("max-test-drop", "10%", "2%", Stricter),
    ("max-unsampled-slowdown", "100", "10", Stricter),
    ("min-branch-coverage", "10", "20", Stricter),
    ("min-coverage", "10", "20", Stricter),
    ("min-file-coverage", "10", "20", Stricter),
    ("min-patch-coverage", "10", "20", Stricter),
    ("min-reports", "1", "2", Stricter),
    ("min-tests", "0", "20", Stricter),
    ("missing-baseline", "allow", "fail", Stricter),
    ("new-failures-only", "true", "false", Stricter),
    ("paths", "p1", "p2", Add),
    ("quarantine", "q1", "q2", Wait),
    ("repeated-cases", "tests", "attempts", Wait),
    ("run-command", "c1", "c2", Wait),
    ("slowdown-floor", "1000", "100", Stricter),
    ("test-exit-code", "0", "1", Wait),
];

const DEP_SCAN: &[Row] = &[
    ("bans-deny", "a", "b", Add),
    ("bans-multiple-versions", "allow", "deny", Stricter),
    ("bans-wildcards", "allow", "deny", Stricter),
    ("cvss-threshold", "8", "6.5", Stricter),
    ("db", "d1", "d2", First),
    ("db-digest", "sha256:11", "sha256:22", Wait),
    ("epss-threshold", "0.5", "0.1", Stricter),
    ("exclude", "x1", "x2", Wait),
    ("fixed-only", "true", "false", Stricter),
    ("fixes", "false", "true", Wait),
    ("frozen-db", "true", "false", Stricter),
    ("go-version", "1.24.0", "1.25.0", Wait),
    ("grace-critical", "7", "0", Stricter),
    ("grace-high", "30", "0", Stricter),
    ("grace-low", "90", "0", Stricter),
    ("grace-medium", "90", "0", Stricter),
    ("kev", "false", "true", Stricter),
    ("licences-allow", "MIT", "ISC", First),
    ("licences-clarify", "a: MIT", "b: MIT", Wait),
    ("licences-deny", "MIT", "ISC", Add),
    ("licences-exceptions", "a: MIT", "b: MIT", Wait),
    ("licences-unknown", "allow", "deny", Stricter),
    ("max-db-age", "360", "20", Stricter),
    ("min-release-age", "3", "9", Stricter),
    ("only-new", "true", "false", Stricter),
    ("paths", "p1", "p2", Extend),
    ("reachability", "r1", "r2", Wait),
    ("release-dates", "r1", "r2", Wait),
    ("scopes", "runtime", "dev", Extend),
    ("sources-mirrors", "a.example/x", "b.example/x", Wait),
    ("uncovered-severity", "low", "high", Stricter),
    ("unknown-severity", "low", "high", Stricter),
    ("vex", "v1", "v2", Wait),
];

const IMAGE_SCAN: &[Row] = &[
    ("allow-empty", "true", "false", Stricter),
    ("base-image", "b1", "b2", Wait),
    ("cache", "c1", "c2", Wait),
    ("classes", "os-pkgs", "lang-pkgs", Wait),
    ("compare-with", "c1", "c2", Wait),
    ("cpe-fail-on", "critical", "high", Wait),
    ("cvss-threshold", "8", "6.5", Stricter),
    ("db", "d1", "d2", First),
    ("db-digest", "sha256:11", "sha256:22", Wait),
    ("epss-threshold", "0.5", "0.1", Stricter),
    (
        "expect-digest",
        "sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "sha256:2222222222222222222222222222222222222222222222222222222222222222",
        First,
    ),
    ("fixed-only", "true", "false", Stricter),
    ("frozen-db", "true", "false", Stricter),
    ("grace-critical", "7", "0", Stricter),
    ("grace-high", "30", "0", Stricter),
    ("grace-low", "90", "0", Stricter),
    ("grace-medium", "90", "0", Stricter),
    ("ignore-status", "affected", "end_of_life", Wait),
    ("image", "i1", "i2", First),
    ("image-tag", "t1", "t2", Wait),
    ("kev", "false", "true", Stricter),
    ("max-base-age", "90", "30", Stricter),
    ("max-db-age", "360", "20", Stricter),
    ("max-layers", "90", "30", Stricter),
    ("max-report-age", "10", "1", Stricter),
    ("max-size", "900", "300", Stricter),
    ("only", "application", "all", Stricter),
    ("only-new", "true", "false", Stricter),
    ("platform", "linux/amd64", "linux/arm64", Wait),
    ("report", "r1", "r2", Add),
    ("required-labels", "l1", "l2", Add),
    ("several-images", "true", "false", Stricter),
    ("suppression-sources", "s1", "s2", Wait),
    ("targets", "t1", "t2", Wait),
    ("unknown-severity", "low", "high", Stricter),
    ("verify-digests", "false", "true", Stricter),
    ("vex", "v1", "v2", Wait),
];

const PROMOTE: &[Row] = &[
    ("action", "plan", "status", Wait),
    ("after-hook", "a", "b", Wait),
    ("allow-http-host", "a.example", "b.example", Wait),
    ("before-hook", "a", "b", Wait),
    ("blue-url", "http://a.example", "http://b.example", Wait),
    ("environment", "e1", "e2", Wait),
    ("generation", "8", "9", Wait),
    ("green-url", "http://a.example", "http://b.example", Wait),
    ("haproxy-key", "a", "b", Wait),
    ("haproxy-map", "a", "b", Wait),
    ("haproxy-map-file", "a", "b", Wait),
    ("haproxy-socket", "/a", "/b", Wait),
    ("health-path", "/a", "/b", Wait),
    ("health-successes", "8", "9", Wait),
    ("health-timeout", "8", "9", Wait),
    ("hook-timeout", "8", "9", Wait),
    ("id", "i1", "i2", Wait),
    ("lock-timeout", "8", "9", Wait),
    ("no-data", "revert", "hold", Wait),
    ("start-hook", "a", "b", Wait),
    ("state-dir", "s1", "s2", Wait),
    ("stop-hook", "a", "b", Wait),
    ("symlink-blue", "a", "b", Wait),
    ("symlink-green", "a", "b", Wait),
    ("symlink-path", "a", "b", Wait),
    ("target", "symlink", "haproxy", Wait),
    ("to", "blue", "green", Wait),
    ("verify-expect", "a", "b", Wait),
    ("verify-samples", "8", "9", Wait),
    ("verify-timeout", "8", "9", Wait),
    ("verify-url", "http://a.example", "http://b.example", Wait),
];

const ANNOTATE: &[Row] = &[
    ("action", "start", "finish", Wait),
    ("allow-http-host", "a.example", "b.example", Wait),
    ("budget", "8", "9", Wait),
    ("ca-file", "c1", "c2", Wait),
    ("description", "d1", "d2", Wait),
    ("destinations", "journal", "github", Wait),
    ("dry-run", "false", "true", Wait),
    ("environment", "e1", "e2", Wait),
    ("github-production", "false", "true", Wait),
    ("github-required-contexts", "c1", "c2", Wait),
    ("github-transient", "false", "true", Wait),
    ("github-url", "http://a.example", "http://b.example", Wait),
    ("gitlab-url", "http://a.example", "http://b.example", Wait),
    ("id", "i1", "i2", Wait),
    ("journal", "j1", "j2", Wait),
    ("ref", "r1", "r2", Wait),
    ("release", "r1", "r2", Wait),
    ("sha", "a", "b", Wait),
    ("strict", "false", "true", Wait),
    ("url", "http://a.example", "http://b.example", Wait),
];

/// The rows of each job's own keys.
const OWN: [(&str, &[Row]); 5] = [
    ("test-gate", TEST_GATE),
    ("dep-scan", DEP_SCAN),
    ("image-scan", IMAGE_SCAN),
    ("promote", PROMOTE),
    ("annotate", ANNOTATE),
];

/// What each kind of key lets a change do.
fn may(key: Key) -> May {
    match key {
        Key::Decides => Wait,
        Key::Harmless => Set,
        Key::List | Key::ListUnless(_) => Add,
        Key::ListOrAll => Extend,
        Key::Unset => First,
        Key::Minimum | Key::Maximum | Key::Words(_) => Stricter,
    }
}

#[test]
fn every_key_of_every_job_is_classified_as_it_is_here() {
    assert!(JOBS.iter().map(|entry| entry.name).eq(OWN.iter().map(|(job, _)| *job)), "each job is here");
    for (entry, (job, own)) in JOBS.iter().zip(OWN) {
        let known = command::keys(&(entry.command)());
        // `base` is ignored where the host names it.
        let mut here: Vec<&str> = own.iter().chain(SHARED).map(|row| row.0).chain(["base"]).collect();
        let mut there: Vec<&str> = known.iter().map(String::as_str).collect();
        here.sort_unstable();
        there.sort_unstable();
        assert_eq!(there, here, "{job}");
        for (key, _, _, expected) in own.iter().chain(SHARED) {
            let said = keys::of_lists(&[entry.keys, keys::COMMON], key);
            assert_eq!(may(said), *expected, "{job}: {key}");
        }
        for (key, _) in entry.keys.iter().chain(keys::COMMON) {
            assert!(known.iter().any(|known| known == key), "{job} has no key {key}");
        }
    }
}

/// Which of two files is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sees {
    /// Only that of the checkout.
    Checkout,
    /// That of the target branch, too.
    Both,
    /// That of the checkout, which can't be believed.
    Stranger,
}

/// `devops.toml` with the first or the second value of every key.
fn file(is_second: bool) -> String {
    let line = |row: &Row| format!("{} = ['{}']\n", row.0, if is_second { row.2 } else { row.1 });
    let table =
        |(job, rows): &(&str, &[Row])| format!("[{job}]\n{}", rows.iter().map(line).collect::<String>());
    SHARED.iter().map(line).chain(OWN.iter().map(table)).collect()
}

/// A job's key, and its value.
type Shown = BTreeMap<(String, String), String>;

/// The settings of all jobs as the binary shows them.
fn shown(folder: &Path, environment: &[(&str, String)]) -> Shown {
    let mut command = binary("devops", folder);
    command.args(["config", "show", "--all"]);
    let finished = run(command.envs(environment.iter().map(|(name, value)| (name, value))));
    assert_eq!(finished.code, Some(0), "{environment:?}: {}", finished.stderr);
    let mut job = String::new();
    let mut all = Shown::new();
    for line in finished.stdout.lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut job);
        } else if let Some((setting, _)) = line.rsplit_once("  # ") {
            let (key, value) = setting.split_once(' ').unwrap();
            all.insert((job.clone(), key.to_owned()), value.trim().to_owned());
        }
    }
    all
}

/// Compares what holds with what must hold, for every key.
fn compare(situation: &str, sees: Sees, has_target: bool, is_second: bool, all: &Shown, defaults: &Shown) {
    for (job, own) in OWN {
        for (key, first, second, may) in own.iter().chain(SHARED) {
            let place = (job.to_owned(), (*key).to_owned());
            let (change, target) = if is_second { (*second, *first) } else { (*first, *second) };
            let default = defaults[&place].as_str();
            let target = if sees == Sees::Both && has_target { Some(target) } else { None };
            // With attempts, which are on in the first file, the order of paths decides.
            let is_ordered = job == "test-gate" && *key == "paths" && is_second;
            let may = if is_ordered { &First } else { may };
            let expected = match (sees, may, target) {
                (Sees::Checkout, ..) | (_, Set, _) | (_, Add | First, None) => change.to_owned(),
                (_, Add | Extend, Some(target)) => format!("{target}, {change}"),
                (_, Wait | First | Extend, target) => target.unwrap_or(default).to_owned(),
                (_, Stricter, Some(_)) => (*second).to_owned(),
                (_, Stricter, None) if is_second || default == "(not set)" => change.to_owned(),
                (_, Stricter, None) => default.to_owned(),
            };
            assert_eq!(all[&place], expected, "{situation}, {job}: {key} ({change} in the change)");
        }
    }
}

/// A clone with the change checked out as a merge commit, and the commits that hosts name.
struct Clone {
    folder: tempfile::TempDir,
    target: String,
    head: String,
    merge: String,
}

impl Clone {
    fn new(target: Option<&str>, change: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let origin = folder.path().join("origin");
        std::fs::create_dir(&origin).unwrap();
        let commit = |folder: &Path, file: Option<&str>| {
            if let Some(text) = file {
                std::fs::write(folder.join("devops.toml"), text).unwrap();
            }
            git(folder, &["add", "--all"]);
            git(folder, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
            git(folder, &["rev-parse", "HEAD"]).trim().to_owned()
        };
        git(&origin, &["init", "--quiet", "--initial-branch=main", "--template="]);
        let target = commit(&origin, target);
        git(folder.path(), &["clone", "--quiet", "origin", "work"]);
        let work = folder.path().join("work");
        git(&work, &["switch", "--quiet", "-c", "topic"]);
        let head = commit(&work, Some(change));
        git(&work, &["switch", "--quiet", "--detach", "main"]);
        git(&work, &["merge", "--quiet", "--no-ff", "-m", "x", "topic"]);
        let merge = git(&work, &["rev-parse", "HEAD"]).trim().to_owned();
        let url = format!("file://{}", work.display());
        git(folder.path(), &["clone", "--quiet", "--depth=1", "--branch=topic", &url, "shallow"]);
        git(folder.path(), &["clone", "--quiet", "--single-branch", "--branch=topic", &url, "began"]);
        let event = serde_json::json!({"pull_request": {"head": {"sha": head}, "base": {"ref": "main"}}});
        std::fs::write(folder.path().join("event.json"), event.to_string()).unwrap();
        std::fs::create_dir(folder.path().join("plain")).unwrap();
        std::fs::write(folder.path().join("plain/devops.toml"), change).unwrap();
        Self { folder, target, head, merge }
    }

    /// Each situation: its name, the folder, what is checked out there, the environment and which file is read.
    fn situations(&self) -> Vec<(&'static str, &'static str, &str, Vec<(&'static str, String)>, Sees)> {
        let github = |pairs: &[(&'static str, &str)]| environment("GITHUB_ACTIONS", pairs);
        let gitlab = |pairs: &[(&'static str, &str)]| environment("GITLAB_CI", pairs);
        let (target, head, merge) = (self.target.as_str(), self.head.as_str(), self.merge.as_str());
        let event = self.folder.path().join("event.json").display().to_string();
        let queue = format!("refs/heads/gh-readonly-queue/main/pr-1-{target}");
        let pull = ("GITHUB_REF", "refs/pull/1/merge");
        let base = ("GITHUB_BASE_REF", "main");
        let request = ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
        let began = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", target);
        let result = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", target);
        vec![
            ("a laptop", "work", head, vec![], Sees::Checkout),
            (
                "a push on GitHub",
                "work",
                head,
                github(&[("GITHUB_REF", "refs/heads/topic"), ("GITHUB_SHA", head)]),
                Sees::Checkout,
            ),
            (
                "a schedule on GitHub",
                "work",
                head,
                github(&[
                    ("GITHUB_EVENT_NAME", "schedule"),
                    ("GITHUB_REF", "refs/heads/main"),
                    ("GITHUB_SHA", head),
                ]),
                Sees::Checkout,
            ),
            ("a pull request", "work", merge, github(&[pull, base, ("GITHUB_SHA", merge)]), Sees::Both),
            (
                "a pull request of a fork",
                "work",
                merge,
                github(&[pull, base, ("GITHUB_SHA", merge), ("GITHUB_HEAD_REF", "main")]),
                Sees::Both,
            ),
            (
                "pull_request_target, with the head checked out",
                "work",
                head,
                github(&[
                    ("GITHUB_EVENT_NAME", "pull_request_target"),
                    ("GITHUB_EVENT_PATH", &event),
                    ("GITHUB_REF", "refs/heads/main"),
                    base,
                    ("GITHUB_SHA", target),
                ]),
                Sees::Both,
            ),
            (
                "a merge queue",
                "work",
                merge,
                github(&[("GITHUB_REF", &queue), ("GITHUB_SHA", merge)]),
                Sees::Both,
            ),
            (
                "a pull request without history",
                "shallow",
                head,
                github(&[pull, base, ("GITHUB_SHA", head)]),
                Sees::Stranger,
            ),
            (
                "a pull request without a repository",
                "plain",
                "",
                github(&[pull, base, ("GITHUB_SHA", merge)]),
                Sees::Stranger,
            ),
            ("a branch pipeline", "work", head, gitlab(&[("CI_COMMIT_BRANCH", "topic")]), Sees::Checkout),
            (
                "a schedule on GitLab",
                "work",
                head,
                gitlab(&[("CI_PIPELINE_SOURCE", "schedule"), ("CI_COMMIT_BRANCH", "topic")]),
                Sees::Checkout,
            ),
            ("a merge request", "work", head, gitlab(&[request, began, ("CI_COMMIT_SHA", head)]), Sees::Both),
            (
                "a merge request of which only the beginning is known",
                "began",
                head,
                gitlab(&[request, began, ("CI_COMMIT_SHA", head)]),
                Sees::Both,
            ),
            (
                "a merged result",
                "work",
                merge,
                gitlab(&[request, result, began, ("CI_COMMIT_SHA", merge)]),
                Sees::Both,
            ),
            (
                "a merge train",
                "work",
                merge,
                gitlab(&[
                    ("CI_MERGE_REQUEST_EVENT_TYPE", "merge_train"),
                    request,
                    result,
                    began,
                    ("CI_COMMIT_SHA", merge),
                ]),
                Sees::Both,
            ),
            (
                "a merge request without history",
                "shallow",
                head,
                gitlab(&[request, began, ("CI_COMMIT_SHA", head)]),
                Sees::Stranger,
            ),
        ]
    }
}

fn environment(host: &'static str, pairs: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let pairs = pairs.iter().map(|(name, value)| (*name, (*value).to_owned()));
    std::iter::once((host, "true".to_owned())).chain(pairs).collect()
}

#[test]
fn in_every_situation_every_key_is_what_the_table_says() {
    let empty = tempfile::tempdir().unwrap();
    let defaults = shown(empty.path(), &[]);
    for (has_target, is_second) in [(true, false), (true, true), (false, false), (false, true)] {
        let target = file(!is_second);
        let clone = Clone::new(has_target.then_some(target.as_str()), &file(is_second));
        for (situation, folder, commit, environment, sees) in clone.situations() {
            let folder = clone.folder.path().join(folder);
            if !commit.is_empty() {
                git(&folder, &["checkout", "--quiet", "--detach", commit]);
            }
            let all = shown(&folder, &environment);
            compare(situation, sees, has_target, is_second, &all, &defaults);
        }
    }
}
