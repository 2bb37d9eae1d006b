//! The recipes: what their pages tell people to copy is linted like our own files, and Python's runs whole in every home.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Command as Interface;
use devops_config::key;
use devops_job::command::command;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{ROOT, binaries, publish, tool, write};
use crate::support::{NOW, binary, run};

/// The pages about tests.
const STACKS: [&str; 8] = ["dotnet", "go", "java", "node", "php", "python", "ruby", "rust"];

/// The page about benchmarks of the base and the change in one job.
const PAIRED: &str = "paired-benchmarks";

/// Every page.
fn pages() -> impl Iterator<Item = &'static str> {
    STACKS.into_iter().chain([PAIRED])
}

/// The template that a pipeline includes.
const TEMPLATE: &str = ".gitlab-ci-templates/test-gate.gitlab-ci.yml";

fn page(stack: &str) -> String {
    let path = Path::new(ROOT).join("docs/recipes").join(format!("{stack}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands below a heading in the first block of code of a language.
fn block(stack: &str, heading: &str, language: &str) -> String {
    let page = page(stack);
    let (_, section) =
        page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{stack}: {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let (_, code) =
        section.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("{stack}: {heading}"));
    code.split_once("```").unwrap().0.to_owned()
}

fn workflow(stack: &str) -> String {
    block(stack, "GitHub", "yaml")
}

fn pipeline(stack: &str) -> String {
    block(stack, "GitLab", "yaml")
}

/// The recipes of one host as files.
fn files(folder: &Path, of: fn(&str) -> String) -> Vec<PathBuf> {
    let file = |stack: &'static str| {
        let path = folder.join(format!("{stack}.yml"));
        write(&path, of(stack));
        path
    };
    pages().map(file).collect()
}

fn clean(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", log(&output));
}

fn log(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_recipe_is_listed() {
    let index = page("README");
    let found = std::fs::read_dir(Path::new(ROOT).join("docs/recipes")).unwrap();
    let found: BTreeSet<String> =
        found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let known: BTreeSet<String> = pages().chain(["README"]).map(|stack| format!("{stack}.md")).collect();
    assert_eq!(found, known);
    for stack in pages() {
        assert!(index.contains(&format!("]({stack}.md)")), "{stack}");
    }
}

#[test]
fn workflows_are_linted() {
    let home = tempdir().unwrap();
    let files = files(home.path(), workflow);
    if let Some(mut command) = tool("actionlint", home.path()) {
        command.arg("-no-color").args(&files);
        clean(command);
    }
    if let Some(mut command) = tool("check-jsonschema", home.path()) {
        command.args(["--builtin-schema", "vendor.github-workflows"]).args(&files);
        clean(command);
    }
}

#[test]
fn pipelines_are_linted() {
    let home = tempdir().unwrap();
    let Some(mut command) = tool("check-jsonschema", home.path()) else { return };
    command.args(["--builtin-schema", "vendor.gitlab-ci"]).args(files(home.path(), pipeline));
    clean(command);
}

/// The keys right below lines that say `above`, where `uses` stands or stood in front of it.
fn keys_below(yaml: &str, above: &str) -> Vec<String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut keys = Vec::new();
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != above {
            continue;
        }
        let Some(inner) = lines.peek().map(|line| depth(line)) else { break };
        while let Some(line) = lines.next_if(|next| next.trim().is_empty() || depth(next) >= inner) {
            if depth(line) == inner {
                keys.extend(line.trim().split_once(':').map(|(key, _)| key.to_owned()));
            }
        }
    }
    keys
}

/// Names of the inputs that a file declares two blanks (an action) or four (a template) deep.
fn declared(path: &str, indent: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let (_, inputs) = text.split_once("inputs:\n").unwrap();
    let inputs = inputs.lines().take_while(|line| line.starts_with(indent));
    let name = |line: &str| line.strip_prefix(indent)?.strip_suffix(':').map(str::to_owned);
    inputs.filter_map(name).filter(|name| !name.starts_with(' ')).collect()
}

#[test]
fn every_input_of_a_recipe_is_one_of_the_action_or_the_template() {
    let (action, template) = (declared("actions/test-gate/action.yml", "  "), declared(TEMPLATE, "    "));
    assert!(action.contains("paths") && template.contains("job-name"), "{action:?} {template:?}");
    for stack in pages() {
        let workflow = workflow(stack);
        let mut steps = 0;
        for step in workflow
            .split("\n      - ")
            .filter(|step| step.contains("org/devops-action/actions/test-gate@v1"))
        {
            steps += 1;
            let used = keys_below(step, "with:");
            assert!(used.len() >= 3, "{stack}: {used:?}");
            for name in used {
                assert!(action.contains(&name), "{stack}: the action has no input {name}");
            }
        }
        assert_eq!(steps, 2, "{stack}: the gate and the baseline");
        let used = keys_below(&pipeline(stack), "inputs:");
        assert!(used.len() > 8, "{stack}: {used:?}");
        for name in used {
            assert!(template.contains(&name), "{stack}: the template has no input {name}");
        }
    }
}

#[test]
fn every_recipe_passes_on_how_the_tests_ended_and_asks_for_no_more_than_reading() {
    for stack in STACKS {
        let (workflow, pipeline, local) =
            (workflow(stack), pipeline(stack), block(stack, "On a laptop", "sh"));
        for line in ["permissions:\n  contents: read\n", "fetch-depth: 2", "persist-credentials: false"] {
            assert!(workflow.contains(line), "{stack}: {line}");
        }
        let passed = "test-exit-code: ${{ steps.tests.outputs.exit-code }}";
        assert_eq!(workflow.matches(passed).count(), 2, "{stack}");
        assert!(pipeline.contains("echo \"DEVOPS_TEST_EXIT_CODE=$code\" >test-exit.env"), "{stack}");
        assert!(pipeline.contains("GIT_DEPTH: \"0\""), "{stack}");
        let kept =
            workflow.lines().find(|line| line.ends_with("|| code=$?")).unwrap_or_else(|| panic!("{stack}"));
        assert!(pipeline.contains(kept.trim()), "{stack}: both hosts run the same");
        let start = kept.trim().trim_end_matches(" || code=$?");
        assert!(local.contains(start), "{stack}: the laptop runs the same: {start}");
        assert!(local.contains("test-gate run "), "{stack}");
    }
}

#[test]
fn base_and_change_are_measured_alike_on_both_hosts() {
    let measured = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| line.starts_with("hyperfine "));
        lines.map(|line| line.replace("../base/", "./base/")).collect()
    };
    let here = measured(&block(PAIRED, "On a laptop", "sh"));
    assert_eq!(here.len(), 2);
    assert_eq!(here[0].replace("bench/base", "bench/now").replace("./base/shop", "./shop"), here[1]);
    for text in [workflow(PAIRED), pipeline(PAIRED)] {
        assert_eq!(measured(&text), here);
        for paths in ["paths: bench/base\n", "paths: bench/now\n"] {
            assert!(text.contains(paths), "{paths}");
        }
    }
}

#[test]
fn every_flag_of_a_local_command_is_one() {
    let interface: Interface = command::<test_gate::TestGate>();
    let flags: BTreeSet<String> = interface.get_arguments().map(|flag| format!("--{}", key(flag))).collect();
    for stack in pages() {
        let local = block(stack, "On a laptop", "sh");
        let (_, call) = local.split_once("test-gate ").unwrap();
        let (call, _) = call.split_once(" -- ").unwrap_or((call, ""));
        for word in call.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(flags.contains(word), "{stack}: {word}");
        }
    }
}

/// A consumer's repository: a target, and a change whose tests do not cover what it adds.
struct Consumer {
    folder: tempfile::TempDir,
    /// The commit the change goes to.
    target: String,
}

/// How a gate is given the exit code of the tests. A report names the variables that decide, so it shows which way it was.
#[derive(Clone, Copy)]
enum ExitCode {
    Flag,
    Variable,
}

impl Consumer {
    /// With the recipe's file; the merge of the change is checked out, and the baseline of the target lies beside it.
    fn new(file: &str, text: &str, remote: &str) -> Self {
        let folder = tempdir().unwrap();
        let path = folder.path();
        write(&path.join(file), text);
        write(&path.join(TEMPLATE), std::fs::read(Path::new(ROOT).join(TEMPLATE)).unwrap());
        write(&path.join(".gitignore"), "reports/\ndevops-report/\nout/\n.gitlab-ci-local/\n");
        write(&path.join("src/shop.py"), "def total(prices):\n    return sum(prices)\n");
        git(path, &["init", "-q", "-b", "main"]);
        git(path, &["remote", "add", "origin", remote]);
        commit(path);
        let target = git(path, &["rev-parse", "HEAD"]);
        pytest(path, "def total(prices):\n    return sum(prices)\n", &["test_total", "test_gone"]);
        let baseline =
            ["baseline", "reports", "--baseline=baseline.jsonl.gz", "--base=none", "--report-dir=out"];
        assert_eq!(run(binary("test-gate", path).args(baseline)).code, Some(0));
        git(path, &["switch", "-q", "-c", "topic"]);
        let text = "def total(prices):\n    return sum(prices)\n\n\ndef gift(price):\n    return 0\n";
        write(&path.join("src/shop.py"), text);
        git(path, &["add", "src"]);
        commit(path);
        git(path, &["switch", "-q", "-c", "merged", "main"]);
        git(path, &["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
        pytest(path, text, &["test_total"]);
        Self { folder, target }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a person gets who runs the gate by hand.
    fn laptop(&self, exit_code: ExitCode) -> Vec<u8> {
        let mut command = binary("test-gate", self.path());
        match exit_code {
            ExitCode::Flag => command.arg("--test-exit-code=3"),
            ExitCode::Variable => command.env("DEVOPS_TEST_EXIT_CODE", "3"),
        };
        let finished = run(command.args([
            "reports",
            "--base=HEAD^1",
            "--min-patch-coverage=80",
            "--baseline=baseline.jsonl.gz",
            "--report-dir=out",
        ]));
        assert_eq!(finished.code, Some(1), "{finished:?}");
        let report = std::fs::read(self.path().join("out/report.json")).unwrap();
        let value: Value = serde_json::from_slice(&report).unwrap();
        let rules: Vec<&str> = value["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|finding| finding["rule"].as_str())
            .collect();
        assert_eq!(rules, ["exit-unexplained", "test-vanished", "patch-coverage-too-low"]);
        report
    }
}

/// Leaves what pytest and pytest-cov leave of these tests and this source, in which the last line of all is never reached.
fn pytest(folder: &Path, source: &str, tests: &[&str]) {
    let cases: String = tests
        .iter()
        .map(|test| format!("<testcase classname=\"tests.test_shop\" name=\"{test}\" time=\"0.01\"/>"))
        .collect();
    write(
        &folder.join("reports/junit.xml"),
        format!(
            "<testsuites name=\"pytest tests\"><testsuite name=\"pytest\">{cases}</testsuite></testsuites>\n"
        ),
    );
    let coverable: Vec<usize> =
        source.lines().enumerate().filter(|(_, line)| !line.is_empty()).map(|(index, _)| index + 1).collect();
    let hits =
        |line: &usize| usize::from(*line == 1 || (*line == 2 && coverable.len() > 2) || coverable.len() == 2);
    let lines: String =
        coverable.iter().map(|line| format!("<line number=\"{line}\" hits=\"{}\"/>", hits(line))).collect();
    write(
        &folder.join("reports/coverage.xml"),
        format!(
            "<?xml version=\"1.0\"?>\n<coverage version=\"7.0\" line-rate=\"1\"><packages><package name=\".\"><classes>\
             <class name=\"shop.py\" filename=\"src/shop.py\"><lines>{lines}</lines></class></classes></package></packages></coverage>\n"
        ),
    );
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=consumer", "-c", "user.email=consumer@example.com"]);
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", log(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A", "--", ".", ":!baseline.jsonl.gz"]);
    git(folder, &["commit", "-q", "-m", "all"]);
}

/// A folder of programs that stand for `pip` and `pytest`: they bring the reports that lie in `from`, and break off.
fn programs(from: &Path) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempdir().unwrap();
    let copy = format!("#!/bin/sh\nmkdir -p reports && cp '{}'/*.xml reports/ && exit 3\n", from.display());
    for (name, text) in [("pip", "#!/bin/sh\n"), ("pytest", &copy)] {
        let path = folder.path().join(name);
        write(&path, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// The search path with these programs in front.
fn path_with(programs: &Path, command: &Command) -> String {
    let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).unwrap();
    format!("{}:{}", programs.display(), path.to_str().unwrap())
}

#[test]
fn pythons_workflow_runs_on_a_pull_request_and_says_what_the_laptop_says() {
    let home = tempdir().unwrap();
    let Some(mut act) = tool("act", home.path()) else { return };
    let (action, keep, stubs) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    publish(action.path());
    let keeping = "      - if: always()\n        run: cp devops-report/report.json \"$KEEP/report.json\"\n";
    let text = workflow("python") + keeping;
    let consumer = Consumer::new(".github/workflows/ci.yml", &text, "https://github.com/org/consumer");
    let nothing = "runs:\n  using: composite\n  steps:\n    - shell: sh\n      run: true\n";
    for path in ["setup-python/action.yml", "cache/restore/action.yml", "cache/save/action.yml"] {
        write(&stubs.path().join(path), nothing);
    }
    let event = home.path().join("event.json");
    let pull_request =
        json!({"number": 7, "base": {"ref": "main", "sha": consumer.target}, "head": {"ref": "topic"}});
    write(&event, json!({"number": 7, "pull_request": pull_request}).to_string());
    act.args(["pull_request", "-P", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--eventpath"])
        .arg(&event);
    for (name, folder) in [
        ("org/devops-action@v1", action.path().to_path_buf()),
        ("actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97", stubs.path().join("setup-python")),
        ("actions/cache@55cc8345863c7cc4c66a329aec7e433d2d1c52a9", stubs.path().join("cache")),
    ] {
        act.args(["--local-repository", &format!("{name}={}", folder.display())]);
    }
    act.arg("--action-cache-path").arg(home.path().join("actions"));
    let reports = consumer.path().join("reports");
    let programs = programs(&reports);
    let path = path_with(programs.path(), &act);
    act.env("PATH", &path);
    for (name, value) in
        [("DEVOPS_ACTION_BIN", binaries()), ("KEEP", keep.path().into()), ("DEVOPS_NOW", NOW.into())]
    {
        act.args(["--env", &format!("{name}={}", value.display())]);
    }
    let output = act.current_dir(consumer.path()).output().unwrap();
    let log = log(&output);
    assert!(!output.status.success(), "the gate is red: {log}");
    let report = std::fs::read(keep.path().join("report.json")).expect(&log);
    assert_eq!(
        String::from_utf8_lossy(&report),
        String::from_utf8_lossy(&consumer.laptop(ExitCode::Flag)),
        "{log}"
    );
    assert!(!log.contains("Main Baseline of main"), "a change writes no baseline: {log}");
}

#[test]
fn pythons_pipeline_runs_on_a_merge_request_and_says_what_the_laptop_says() {
    let home = tempdir().unwrap();
    let Some(mut runner) = tool("gitlab-ci-local", home.path()) else { return };
    let text = pipeline("python").replace(
        &format!("  - project: org/devops-action\n    ref: v1\n    file: {TEMPLATE}\n"),
        &format!("  - local: {TEMPLATE}\n"),
    );
    assert!(!text.contains("project:"), "{text}");
    let consumer = Consumer::new(".gitlab-ci.yml", &text, "https://gitlab.com/org/consumer.git");
    let reports = tempdir().unwrap();
    for name in ["junit.xml", "coverage.xml"] {
        std::fs::copy(consumer.path().join("reports").join(name), reports.path().join(name)).unwrap();
    }
    let programs = programs(reports.path());
    let path = path_with(programs.path(), &runner);
    runner.env("PATH", &path).args(["--force-shell-executor", "--color=false"]);
    for (name, value) in [
        ("DEVOPS_ACTION_BIN", binaries()),
        ("DEVOPS_NOW", NOW.into()),
        // The runner says that it is not GitLab.
        ("GITLAB_CI", "true".into()),
        ("CI_PIPELINE_SOURCE", "merge_request_event".into()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", consumer.target.clone().into()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".into()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", consumer.target.clone().into()),
    ] {
        runner.args(["--variable", &format!("{name}={}", value.display())]);
    }
    let output = runner.current_dir(consumer.path()).output().unwrap();
    let log = log(&output);
    assert!(!output.status.success(), "the gate is red: {log}");
    let report = std::fs::read(consumer.path().join("devops-report/report.json")).expect(&log);
    assert_eq!(
        String::from_utf8_lossy(&report),
        String::from_utf8_lossy(&consumer.laptop(ExitCode::Variable)),
        "{log}"
    );
    assert!(log.contains("test-gate") && !consumer.path().join("devops-report/baseline").exists(), "{log}");
}

#[test]
fn the_main_branch_has_no_change_whose_coverage_is_judged() {
    let consumer = Consumer::new("ci.yml", "", "https://github.com/org/consumer");
    let judged = |environment: &[(&str, &str)]| {
        let mut gate = binary("test-gate", consumer.path());
        gate.args(["reports", "--min-patch-coverage=80", "--report-dir=out"]);
        run(gate.envs(environment.iter().copied())).code
    };
    let github = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/heads/main")];
    assert_eq!(judged(&github), Some(0), "the host says that there is none");
    assert_eq!(judged(&[]), Some(0), "and a clone without branches of a remote has none either");
    assert_eq!(
        judged(&[("CI", "true")]),
        Some(1),
        "a pipeline of another host may run for one that can't be seen"
    );
}
