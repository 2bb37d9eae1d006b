//! The same inputs on a laptop, in a GitHub workflow and in a GitLab pipeline: the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Command as Interface;
use devops::JOBS;
use devops_config::key;
use devops_job::Kind;
use serde_json::Value;
use tempfile::tempdir;

use super::{ROOT, binaries, publish, tool, write};
use crate::support::{NOW, binary, jobs, run};

/// A path in which every character that means something to some shell or host stands for itself.
const ODD: &str = "odd/it's \"odd\" $(touch pwned) `touch pwned` $HOME ${CI} && :: %0A";

/// Whether a job's report depends on nothing but its inputs.
fn is_gate(job: &str) -> bool {
    JOBS.iter().any(|entry| entry.name == job && entry.kind == Kind::Gate)
}

/// What every home must answer: the verdict and the exit.
const ANSWERS: [(&str, &str, &str); 5] = [
    ("test-gate", "fail", "1"),
    ("dep-scan", "fail", "1"),
    ("image-scan", "warn", "0"),
    ("promote", "pass", "0"),
    ("annotate", "pass", "0"),
];

/// The inputs a consumer gives a job.
fn inputs(job: &str) -> Vec<(&'static str, &'static str)> {
    match job {
        "test-gate" => vec![("paths", "reports/*.xml\nmore reports/*.xml"), ("fail-on", "medium")],
        "dep-scan" => {
            vec![("paths", "Cargo.lock"), ("db", "advisories"), ("frozen-db", "true"), ("fail-on", "low")]
        }
        "image-scan" => vec![("report", "trivy.json"), ("fail-on", "critical")],
        "promote" => vec![("action", "plan")],
        _ => vec![("action", "start"), ("dry-run", "true"), ("id", "7"), ("service", "shop")],
    }
}

/// What a consumer's repository holds before it has a pipeline.
fn consumer(folder: &Path) {
    write(
        &folder.join("reports/unit.xml"),
        "<testsuite name=\"unit\"><testcase classname=\"a\" name=\"one\" time=\"0.5\"/>\
         <testcase classname=\"a\" name=\"two\"><failure message=\"1 is not 2\"/></testcase></testsuite>\n",
    );
    write(
        &folder.join("more reports/ui.xml"),
        "<testsuites><testsuite name=\"ui\"><testcase name=\"opens\"/></testsuite></testsuites>\n",
    );
    write(
        &folder.join("Cargo.lock"),
        "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\"smallvec\"]\n\n[[package]]\n\
         name = \"smallvec\"\nversion = \"1.6.0\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
    );
    write(
        &folder.join("advisories/crates/smallvec/RUSTSEC-2021-0003.md"),
        "```toml\n[advisory]\nid = \"RUSTSEC-2021-0003\"\npackage = \"smallvec\"\ndate = \"2021-01-08\"\n\
         [versions]\npatched = [\">= 0.6.14, < 1.0.0\", \">= 1.6.1\"]\n```\n\n# A buffer overflow\n\nInserting many.\n",
    );
    write(
        &folder.join("trivy.json"),
        "{\"SchemaVersion\":2,\"ArtifactName\":\"shop\",\"ArtifactType\":\"container_image\",\"Results\":[{\"Target\":\"shop (debian 12)\",\
         \"Class\":\"os-pkgs\",\"Type\":\"debian\",\"Vulnerabilities\":[{\"VulnerabilityID\":\"CVE-2024-0001\",\
         \"PkgName\":\"openssl\",\"InstalledVersion\":\"3.0.1\",\"FixedVersion\":\"3.0.2\",\"Severity\":\"HIGH\"}]}]}\n",
    );
}

/// Makes the folder a repository with everything in it, as both runners want.
fn commit(folder: &Path, remote: &str) {
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["-c", "user.name=consumer", "-c", "user.email=consumer@example.com", "commit", "-q", "-m", "all"],
        &["remote", "add", "origin", remote],
    ] {
        let output = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
    }
}

/// What a home left behind of one job.
#[derive(Debug)]
struct Left {
    report: Vec<u8>,
    verdict: String,
    exit: String,
}

impl Left {
    /// The outputs must say what the report says.
    fn checked(self, about: &str) -> Self {
        let report: Value = serde_json::from_slice(&self.report).unwrap();
        assert_eq!(report["verdict"], self.verdict, "{about}");
        assert_eq!(report["exit_code"].to_string(), self.exit, "{about}");
        self
    }
}

fn interface(job: &str) -> Interface {
    let entry = JOBS.iter().find(|entry| entry.name == job).unwrap();
    (entry.command)()
}

/// The inputs as a person types them.
fn flags(job: &str) -> Vec<String> {
    let interface = interface(job);
    let mut flags = Vec::new();
    for (name, text) in inputs(job) {
        let argument = interface.get_arguments().find(|argument| key(argument) == name);
        let Some(argument) = argument else { continue };
        for line in text.lines() {
            flags
                .push(argument.get_long().map_or_else(|| line.to_owned(), |long| format!("--{long}={line}")));
        }
    }
    flags
}

/// Runs every job as a person does.
fn laptop() -> BTreeMap<&'static str, Left> {
    let folder = tempdir().unwrap();
    consumer(folder.path());
    let one = |job: &'static str| {
        let out = format!("out/{job}");
        let finished = run(binary(job, folder.path()).arg(format!("--report-dir={out}")).args(flags(job)));
        let path = folder.path().join(&out).join("report.json");
        let report = std::fs::read(path).unwrap_or_else(|error| panic!("{job}: {error}: {finished:?}"));
        let value: Value = serde_json::from_slice(&report).unwrap();
        let verdict = value["verdict"].as_str().unwrap().to_owned();
        let exit = finished.code.unwrap().to_string();
        (job, Left { report, verdict, exit }.checked(job))
    };
    let left: BTreeMap<_, _> = jobs().map(one).collect();
    for (job, verdict, exit) in ANSWERS {
        assert_eq!((left[job].verdict.as_str(), left[job].exit.as_str()), (verdict, exit), "{job}: {left:?}");
    }
    left
}

/// The steps of a workflow that uses every action, directly and through the router.
fn workflow() -> String {
    let mut text = String::from(
        "on: push\npermissions: {}\njobs:\n  gates:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n",
    );
    for job in jobs() {
        let rest: String = inputs(job)
            .iter()
            .map(|(name, value)| format!("          {name}: {}\n", quoted(value)))
            .collect();
        text.push_str(&format!(
            "      - id: {job}\n        uses: org/devops-action/actions/{job}@v1\n        continue-on-error: true\n        \
             with:\n          report-dir: out/{job}\n{rest}"
        ));
        text.push_str(&keep(job, job));
        text.push_str(&format!(
            "      - id: router-{job}\n        uses: org/devops-action@v1\n        continue-on-error: true\n        \
             with:\n          command: {job}\n          report-dir: {}\n{rest}",
            quoted(ODD)
        ));
        text.push_str(&keep(&format!("router-{job}"), job));
    }
    text
}

/// A step that keeps the outputs of a step, and the report they name.
fn keep(step: &str, job: &str) -> String {
    format!(
        "      - if: always()\n        env:\n          VERDICT: ${{{{ steps.{step}.outputs.verdict }}}}\n          \
         EXIT: ${{{{ steps.{step}.outputs.exit-code }}}}\n          REPORT: ${{{{ steps.{step}.outputs.report }}}}\n          \
         OUTCOME: ${{{{ steps.{step}.outcome }}}}\n        run: |\n          \
         printf '%s\\n' \"$VERDICT\" \"$EXIT\" \"$OUTCOME\" >\"$KEEP/{step}.txt\"\n          \
         cp \"$REPORT\" \"$KEEP/{step}.json\" # {job}\n          test ! -e pwned\n"
    )
}

/// A YAML string on one line.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// What the kept files say of a step.
fn kept(folder: &Path, step: &str, log: &str) -> (Left, String) {
    let read = |name: String| {
        std::fs::read(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}\n{log}"))
    };
    let lines = String::from_utf8(read(format!("{step}.txt"))).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let report = read(format!("{step}.json"));
    let left = Left { report, verdict: lines[0].to_owned(), exit: lines[1].to_owned() };
    (left.checked(step), lines[2].to_owned())
}

fn log(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_consumers_workflow_runs_every_action_and_the_router() {
    let home = tempdir().unwrap();
    let Some(mut act) = tool("act", home.path()) else { return };
    let (folder, action, keep) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    publish(action.path());
    consumer(folder.path());
    write(&folder.path().join(".github/workflows/ci.yml"), workflow());
    commit(folder.path(), "https://github.com/org/consumer");
    act.args(["push", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--local-repository"]);
    act.arg(format!("org/devops-action@v1={}", action.path().display()));
    act.arg("--action-cache-path").arg(home.path().join("actions"));
    for (name, value) in
        [("DEVOPS_ACTION_BIN", binaries()), ("KEEP", keep.path().into()), ("DEVOPS_NOW", NOW.into())]
    {
        act.args(["--env", &format!("{name}={}", value.display())]);
    }
    let output = act.current_dir(folder.path()).output().unwrap();
    let log = log(&output);
    assert!(output.status.success(), "{log}");
    let laptop = laptop();
    for job in jobs() {
        let expected = &laptop[job];
        for step in [job.to_owned(), format!("router-{job}")] {
            let (left, outcome) = kept(keep.path(), &step, &log);
            assert_eq!(outcome, if left.exit == "0" { "success" } else { "failure" }, "{step}");
            assert_eq!((&left.verdict, &left.exit), (&expected.verdict, &expected.exit), "{step}\n{log}");
            if is_gate(job) {
                assert_same(&left.report, &expected.report, &step);
            }
        }
    }
}

/// Byte for byte; in text where it differs, to show how.
fn assert_same(left: &[u8], right: &[u8], about: &str) {
    assert_eq!(String::from_utf8_lossy(left), String::from_utf8_lossy(right), "{about}");
}

#[test]
fn a_router_without_a_job_fails_and_says_which_there_are() {
    let home = tempdir().unwrap();
    let Some(mut act) = tool("act", home.path()) else { return };
    let (folder, action) = (tempdir().unwrap(), tempdir().unwrap());
    publish(action.path());
    write(
        &folder.path().join(".github/workflows/ci.yml"),
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: org/devops-action@v1\n        with:\n          command: \"test-gate; touch pwned\"\n",
    );
    commit(folder.path(), "https://github.com/org/consumer");
    act.args(["push", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--local-repository"]);
    act.arg(format!("org/devops-action@v1={}", action.path().display()));
    act.arg("--action-cache-path").arg(home.path().join("actions"));
    let output = act.current_dir(folder.path()).output().unwrap();
    assert!(!output.status.success());
    assert!(log(&output).contains("unknown job; the jobs are test-gate, dep-scan"), "{}", log(&output));
}

/// A pipeline that includes every template, with a last job that sees their variables.
fn pipeline() -> String {
    let mut text = String::from("stages: [test, deploy, look]\ninclude:\n");
    for job in jobs() {
        let folder = format!("out/{job}");
        text.push_str(&format!(
            "  - local: .gitlab-ci-templates/{job}.gitlab-ci.yml\n    inputs:\n      allow-failure: true\n      \
             report-dir: {folder}\n"
        ));
        for (name, value) in inputs(job) {
            text.push_str(&format!("      {name}: {}\n", quoted(value)));
        }
    }
    text.push_str(&format!(
        "  - local: .gitlab-ci-templates/test-gate.gitlab-ci.yml\n    inputs:\n      job-name: odd\n      \
         allow-failure: true\n      report-dir: out/odd\n      config: {}\n",
        quoted(&format!("{ODD}/devops.toml"))
    ));
    // Two jobs from one template set the same variables, so only the five are looked at.
    let needs = jobs().collect::<Vec<_>>().join(", ");
    text.push_str(&format!("look:\n  stage: look\n  when: always\n  needs: [{needs}]\n  script:\n"));
    for job in jobs() {
        let name = job.replace('-', "_").to_uppercase();
        text.push_str(&format!(
            "    - printf '%s\\n' \"${name}_VERDICT\" \"${name}_EXIT_CODE\" - >\"$KEEP/{job}.txt\"\n    - cp \"${name}_REPORT\" \"$KEEP/{job}.json\"\n"
        ));
    }
    text
}

#[test]
fn a_consumers_pipeline_runs_every_template() {
    let home = tempdir().unwrap();
    let Some(mut runner) = tool("gitlab-ci-local", home.path()) else { return };
    let (folder, keep) = (tempdir().unwrap(), tempdir().unwrap());
    consumer(folder.path());
    write(&folder.path().join(ODD).join("devops.toml"), "");
    for job in jobs() {
        let path = PathBuf::from(format!(".gitlab-ci-templates/{job}.gitlab-ci.yml"));
        write(&folder.path().join(&path), std::fs::read(Path::new(ROOT).join(&path)).unwrap());
    }
    write(&folder.path().join(".gitlab-ci.yml"), pipeline());
    commit(folder.path(), "https://gitlab.com/org/consumer.git");
    runner.args(["--force-shell-executor", "--color=false"]);
    for (name, value) in
        [("DEVOPS_ACTION_BIN", binaries()), ("KEEP", keep.path().into()), ("DEVOPS_NOW", NOW.into())]
    {
        runner.args(["--variable", &format!("{name}={}", value.display())]);
    }
    let output = runner.current_dir(folder.path()).output().unwrap();
    let log = log(&output);
    assert!(!folder.path().join("pwned").exists(), "{log}");
    // The policy is named only if its file was found, by a path that was neither expanded nor run.
    let odd = std::fs::read(folder.path().join("out/odd/report.json")).expect(&log);
    let odd: Value = serde_json::from_slice(&odd).unwrap();
    assert!(odd["provenance"]["policy_sha256"].is_string(), "{odd}\n{log}");
    let laptop = laptop();
    for job in jobs() {
        let expected = &laptop[job];
        let (left, _) = kept(keep.path(), job, &log);
        assert_eq!((&left.verdict, &left.exit), (&expected.verdict, &expected.exit), "{job}\n{log}");
        if is_gate(job) {
            assert_same(&left.report, &expected.report, job);
        }
    }
}
