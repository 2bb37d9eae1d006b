//! A target repository with a change to it, and what a host makes of them.

use std::path::{Path, PathBuf};

use devops::JOBS;
use devops_job::Kind;
use serde_json::Value;

use crate::base_policy;
use crate::support::{Finished, binary, git, run};

/// The policy under which every gate is red for its inputs.
pub(crate) const STRICT: &str = "fail-on = 'high'\n";

/// The policy under which every gate exits with 0 for the same inputs.
pub(crate) const LAX: &str = "mode = 'report'\n";

/// The folder that the gates run in.
pub(crate) const APP: &str = "app";

/// A folder with a target repository, `origin`, whose branches are `main` and `topic`, and checkouts of it beside it.
pub(crate) struct World(tempfile::TempDir);

/// Variables of a host.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// What a gate made of the change.
pub(crate) struct Judged {
    pub(crate) gate: &'static str,
    pub(crate) finished: Finished,
    pub(crate) report: Value,
}

impl Judged {
    /// The commit whose policy held.
    pub(crate) fn policy(&self) -> Option<&str> {
        self.report["provenance"]["data"]["policy_commit"].as_str()
    }

    /// Whether the report says that the base is not known.
    pub(crate) fn is_unknown(&self) -> bool {
        let findings = self.report["findings"].as_array().unwrap();
        findings.iter().any(|finding| finding["rule"] == "base-unknown")
    }
}

/// `devops.toml` with this beginning and a table for each gate.
pub(crate) fn policy(beginning: &str) -> String {
    let tables = base_policy::GATES.iter().map(|gate| format!("[{}]\n{}", gate.job, gate.table));
    tables.fold(beginning.to_owned(), |text, table| text + &table)
}

impl World {
    /// The target had each of these policies, none where the file was not there, the last one today; the change starts at one of
    /// them and brings its own.
    pub(crate) fn new(target: &[Option<&str>], start: usize, own: &str) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let inputs = base_policy::repository();
        std::fs::remove_dir_all(inputs.path().join(".git")).unwrap();
        std::fs::create_dir(world.path("origin")).unwrap();
        copy(inputs.path(), &world.path("origin/app"));
        world.git("origin", &["init", "--quiet", "--initial-branch=main"]);
        for (index, beginning) in target.iter().enumerate() {
            match beginning {
                Some(beginning) => world.write("origin/app/devops.toml", &policy(beginning)),
                None => drop(std::fs::remove_file(world.path("origin/app/devops.toml"))),
            }
            world.commit("origin", "target");
            world.git("origin", &["update-ref", &format!("refs/states/{index}"), "HEAD"]);
        }
        world.git("origin", &["switch", "--quiet", "-c", "topic", &format!("refs/states/{start}")]);
        world.write("origin/app/devops.toml", &policy(own));
        world.commit("origin", "change");
        world.git("origin", &["switch", "--quiet", "main"]);
        world.merge();
        world
    }

    /// A strict target, and a change that wants to pass.
    pub(crate) fn attack() -> Self {
        Self::new(&[Some(STRICT)], 0, LAX)
    }

    /// A lax target, and a change that leaves its policy as it is.
    pub(crate) fn harmless() -> Self {
        Self::new(&[Some(STRICT), Some(LAX)], 1, LAX)
    }

    /// Merges the change as a host does to try it.
    pub(crate) fn merge(&self) {
        let tree = ["commit-tree", "topic^{tree}", "-p", "main", "-p", "topic", "-m", "merge"];
        let merge = self.git("origin", &tree).trim().to_owned();
        self.git("origin", &["update-ref", "refs/pull/7/merge", &merge]);
        self.git("origin", &["update-ref", "refs/pull/7/head", "topic"]);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let file = ["-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false"];
        git(&self.path(folder), &[&file, arguments].concat())
    }

    /// Commits all files; the message keeps commits apart that are otherwise the same.
    pub(crate) fn commit(&self, folder: &str, message: &str) -> String {
        self.git(folder, &["add", "--all", "--force", "."]);
        self.git(folder, &["commit", "--quiet", "--allow-empty", "-m", message]);
        self.id(folder, "HEAD")
    }

    /// The name of a commit.
    pub(crate) fn id(&self, folder: &str, revision: &str) -> String {
        self.git(folder, &["rev-parse", &format!("{revision}^{{commit}}")]).trim().to_owned()
    }

    /// The commit of the target branch.
    pub(crate) fn target(&self) -> String {
        self.id("origin", "main")
    }

    /// Checks a commit out into a folder of its own, as a host's runner does, with these references fetched to this depth.
    pub(crate) fn checkout(&self, folder: &str, from: &str, references: &[&str], depth: &str, commit: &str) {
        std::fs::create_dir_all(self.path(folder)).unwrap();
        self.git(folder, &["init", "--quiet", "--initial-branch=unborn"]);
        let url = format!("file://{}", self.path(from).display());
        self.git(folder, &["remote", "add", "origin", &url]);
        let depth = format!("--depth={depth}");
        let fetch = ["fetch", "--quiet", "--no-tags", &depth, "origin"];
        self.git(folder, &[&fetch, references].concat());
        self.git(folder, &["checkout", "--quiet", "--force", "--detach", commit]);
    }

    /// The merge commit in `runner`, with all branches.
    pub(crate) fn checkout_merge(&self) -> String {
        let merge = self.id("origin", "refs/pull/7/merge");
        self.checkout("runner", "origin", &[HEADS, MERGE], ALL, &merge);
        merge
    }

    /// The head of the change in `runner`, with all branches.
    pub(crate) fn checkout_head(&self) -> String {
        let head = self.id("origin", "topic");
        self.checkout("runner", "origin", &[HEADS], ALL, &head);
        head
    }

    /// The environment of a pull request's job, with its event.
    pub(crate) fn pull_request(&self) -> Environment {
        let merge = self.id("origin", "refs/pull/7/merge");
        let head = self.id("origin", "topic");
        let event = serde_json::json!({"pull_request": {"head": {"sha": head}, "base": {"ref": "main"}}});
        self.github("pull_request", "refs/pull/7/merge", &merge, &event)
    }

    /// The environment of a job of a workflow that runs on the target for a pull request.
    pub(crate) fn pull_request_target(&self) -> Environment {
        let head = self.id("origin", "topic");
        let event = serde_json::json!({"pull_request": {"head": {"sha": head}, "base": {"ref": "main"}}});
        self.github("pull_request_target", "refs/heads/main", &self.target(), &event)
    }

    /// The environment of a job on GitHub.
    pub(crate) fn github(&self, name: &str, reference: &str, sha: &str, event: &Value) -> Environment {
        self.write("event.json", &event.to_string());
        let mut environment = vec![
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_EVENT_NAME", name.to_owned()),
            ("GITHUB_EVENT_PATH", self.path("event.json").display().to_string()),
            ("GITHUB_REF", reference.to_owned()),
            ("GITHUB_SHA", sha.to_owned()),
            ("GITHUB_WORKSPACE", self.path("runner").display().to_string()),
        ];
        if name.starts_with("pull_request") {
            environment.push(("GITHUB_BASE_REF", "main".to_owned()));
        }
        environment
    }

    /// The environment of a merge request's job, whose pipeline is of this kind.
    pub(crate) fn merge_request(&self, kind: &str, sha: &str) -> Environment {
        let common = self.git("origin", &["merge-base", "main", "topic"]).trim().to_owned();
        let is_merged = kind != "detached";
        let target = if is_merged { self.target() } else { String::new() };
        vec![
            ("GITLAB_CI", "true".to_owned()),
            ("CI_PIPELINE_SOURCE", "merge_request_event".to_owned()),
            ("CI_PROJECT_DIR", self.path("runner").display().to_string()),
            ("CI_COMMIT_SHA", sha.to_owned()),
            ("CI_MERGE_REQUEST_IID", "7".to_owned()),
            ("CI_MERGE_REQUEST_EVENT_TYPE", kind.to_owned()),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", common),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".to_owned()),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", target),
            (
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
                if is_merged { self.id("origin", "topic") } else { String::new() },
            ),
        ]
    }

    /// Runs every gate with these flags and variables in a folder.
    pub(crate) fn judge(&self, folder: &str, flags: &[&str], environment: &Environment) -> Vec<Judged> {
        let gates = JOBS.iter().filter(|entry| entry.kind == Kind::Gate).map(|entry| entry.name);
        gates
            .map(|gate| {
                let out = self.path("out");
                drop(std::fs::remove_dir_all(&out));
                let mut command = binary(gate, &self.path(folder));
                command.args(flags).arg("--report-dir").arg(&out).env_remove("PWD");
                let finished = run(command.envs(environment.iter().map(|(name, value)| (name, value))));
                let text = std::fs::read(out.join("report.json"));
                let report = text.map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
                Judged { gate, finished, report }
            })
            .collect()
    }
}

/// All branches of the remote.
pub(crate) const HEADS: &str = "+refs/heads/*:refs/remotes/origin/*";

/// The commit that merges the pull request.
pub(crate) const MERGE: &str = "+refs/pull/7/merge:refs/remotes/pull/7/merge";

/// More commits than there are.
pub(crate) const ALL: &str = "1000";

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
