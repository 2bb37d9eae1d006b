//! A run of a binary on both hosts, and the judgement of all that it leaves: two streams, the host's files, the reports.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::documents;
use super::logs::{Command, Stream, dotenv, obeyed, values};
use super::payloads::TRACE;
use crate::support::{binary, formats};

/// How many runs were judged.
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Files that the runner reads after a step, and which none of ours writes.
const OTHERS: [&str; 3] = ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"];

/// A run of a binary in a folder.
pub(super) struct Trial<'a> {
    pub(super) folder: &'a Path,
    pub(super) program: &'a str,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(String, String)>,
}

/// What was printed on a host, and the report if there is one.
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) report: Value,
}

impl<'a> Trial<'a> {
    pub(super) fn new<S: Into<OsString>>(
        folder: &'a Path,
        program: &'a str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { folder, program, arguments, environment: Vec::new() }
    }

    /// With a variable, unless no process can have it.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0') {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Runs it as on GitHub, then as on GitLab; judges both.
    pub(super) fn judge(&self) -> [Ended; 2] {
        [self.on_github(), self.on_gitlab()]
    }

    /// The same, of a command line that is right and gets as far as a verdict.
    pub(super) fn judge_verdict(&self) -> [Ended; 2] {
        let ended = self.judge();
        for ended in &ended {
            assert_ne!(ended.code, 2, "{:?}: {}", self.arguments, ended.stderr);
            assert!(!ended.report.is_null());
        }
        ended
    }

    fn on_github(&self) -> Ended {
        let files = tempfile::tempdir().unwrap();
        let path = |name: &str| files.path().join(name);
        for name in OTHERS.into_iter().chain(["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]) {
            std::fs::write(path(name), "").unwrap();
        }
        let mut environment = vec![("GITHUB_ACTIONS".to_owned(), "true".to_owned())];
        for name in OTHERS.into_iter().chain(["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]) {
            environment.push((name.to_owned(), path(name).display().to_string()));
        }
        environment.push(("DEVOPS_FORMATS".to_owned(), format!("{},github", formats(self.program))));
        let ended = self.run(&environment);
        let (stdout, stderr) = (Stream::of(&ended.stdout), Stream::of(&ended.stderr));
        for stream in [&stdout, &stderr] {
            assert!(!stream.is_stopped, "commands stay stopped: {stream:?}");
            assert_eq!(stream.open, [""; 0], "lines without a shield of {:?}", self.arguments);
            assert_eq!(
                stream.shielded, [""; 0],
                "commands that only the shield holds of {:?}",
                self.arguments
            );
        }
        assert_eq!(stderr.commands, []);
        annotations(&stdout.commands, &ended.report);
        for name in OTHERS {
            assert_eq!(std::fs::read_to_string(path(name)).unwrap(), "", "{name}");
        }
        let outputs = values(&std::fs::read_to_string(path("GITHUB_OUTPUT")).unwrap());
        let names = ["verdict", "exit-code", "findings", "report", "sarif", "summary"];
        self.outputs(&outputs, &names.map(str::to_owned), &ended);
        documents::judge("summary.md", &std::fs::read_to_string(path("GITHUB_STEP_SUMMARY")).unwrap());
        ended
    }

    fn on_gitlab(&self) -> Ended {
        let environment = [("GITLAB_CI", "true".to_owned()), ("DEVOPS_FORMATS", formats(self.program))];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let ended = self.run(&environment);
        for line in ended.stdout.lines().chain(ended.stderr.lines()) {
            assert_eq!(Command::of(line, None), None, "{line:?}");
        }
        if let Ok(text) = std::fs::read_to_string(self.folder.join("devops-report/outputs.env")) {
            // `devops` runs a job by its name as well.
            let job = ended.report["job"].as_str().unwrap_or(self.program).replace('-', "_").to_uppercase();
            let names = ["VERDICT", "EXIT_CODE", "FINDINGS", "REPORT", "SARIF", "SUMMARY"];
            self.outputs(&dotenv(&text), &names.map(|name| format!("{job}_{name}")), &ended);
        }
        ended
    }

    /// The outputs have our names, and say what the report says.
    fn outputs(&self, outputs: &[(String, String)], names: &[String], ended: &Ended) {
        if outputs.is_empty() {
            return;
        }
        let found: Vec<&String> = outputs.iter().map(|(name, _)| name).collect();
        assert_eq!(found, names.iter().collect::<Vec<_>>(), "{:?}", self.arguments);
        let value = |at: usize| outputs[at].1.as_str();
        assert_eq!(value(0), ended.report["verdict"].as_str().unwrap());
        assert_eq!(value(1), ended.code.to_string());
        assert!(value(2).parse::<u64>().is_ok(), "{}", value(2));
        for at in 3..6 {
            assert!(value(at).starts_with("devops-report/"), "{}", value(at));
        }
    }

    fn run(&self, environment: &[(String, String)]) -> Ended {
        let report_dir = self.folder.join("devops-report");
        let _ = std::fs::remove_dir_all(&report_dir);
        let before = names(self.folder);
        let mut command = binary(self.program, self.folder);
        command.args(&self.arguments).env("DEVOPS_VERBOSE", "true");
        command.envs(environment.iter().chain(&self.environment).map(|(name, value)| (name, value)));
        let output = command.output().expect("it starts");
        RUNS.fetch_add(1, Ordering::Relaxed);
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        let code = output.status.code().expect("it ended by itself");
        assert!(code < 100, "{:?} panicked: {stderr}", self.arguments);
        for text in [&stdout, &stderr] {
            assert_eq!(obeyed(text), None, "{text:?} of {:?}", self.arguments);
        }
        let made: Vec<OsString> = names(self.folder).difference(&before).cloned().collect();
        let known = ["devops-report", ".devops", "events"];
        assert!(made.iter().all(|name| known.iter().any(|known| name == known)), "made: {made:?}");
        assert!(!self.folder.join(TRACE).exists(), "a payload was executed");
        for name in names(&report_dir) {
            if let Some(name) = name.to_str().filter(|name| {
                *name != "outputs.env" && Path::new(name).extension().is_none_or(|ending| ending != "log")
            }) {
                let path = report_dir.join(name);
                if path.is_file() {
                    documents::judge(name, &std::fs::read_to_string(path).expect("UTF-8"));
                }
            }
        }
        let report = std::fs::read(report_dir.join("report.json")).unwrap_or_else(|_| b"null".to_vec());
        Ended { code, stdout, stderr, report: serde_json::from_slice(&report).unwrap() }
    }
}

/// As many annotations of each level as the report has findings for, at most ten, and each says one of them.
fn annotations(commands: &[Command], report: &Value) {
    let empty = Vec::new();
    let findings = report["findings"].as_array().unwrap_or(&empty);
    let open = findings.iter().filter(|finding| finding["waived"].is_null());
    let levels =
        [("error", &["critical", "high"][..]), ("warning", &["medium", "low"]), ("notice", &["info"])];
    let stopped = usize::from(!report["error"].is_null());
    for (level, severities) in levels {
        let is_of = |finding: &&Value| severities.contains(&finding["severity"].as_str().unwrap());
        let stopped = if level == "error" { stopped } else { 0 };
        let expected = (open.clone().filter(is_of).count() + stopped).min(10);
        assert_eq!(
            commands.iter().filter(|command| command.name == level).count(),
            expected,
            "{commands:#?}"
        );
    }
    let rules: BTreeSet<&str> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    for command in commands {
        let known = ["file", "line", "col", "title"];
        assert!(command.properties.keys().all(|key| known.contains(&key.as_str())), "{command:?}");
        let title = command.properties["title"].as_str();
        let is_of_rule = title.split_once(": ").is_some_and(|(rule, _)| rules.contains(rule));
        assert!(is_of_rule || title.ends_with(" could not judge"), "{title}");
    }
}

fn names(folder: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name()).collect()
}

/// Says what a test has looked at, for `scripts/hostile`.
pub(super) fn figures(input: &str, payloads: usize, runs: usize) {
    println!("hostile {input}: {payloads} payloads, {runs} runs");
}
