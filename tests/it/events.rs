//! The event log: the lines of every job, through the binaries.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use devops_events::{Body, Event, Log, Progress};
use serde_json::Value;
use tempfile::TempDir;

use crate::git::git;
use crate::support::{Finished, NOW, binary, run};

const JUNIT: &str = "<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>";
const GREEN: &str = "<testsuite><testcase name='a'/></testsuite>";
const IMAGE: &str = r#"{"SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image", "Results": [{"Target":
"t", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "p", "InstalledVersion": "1",
"Severity": "HIGH"}]}]}"#;

/// The environment of a job on GitHub, in this attempt of one run.
fn on_github<'a>(command: &'a mut Command, attempt: &str) -> &'a mut Command {
    let folder = command.get_current_dir().unwrap().to_path_buf();
    command.env("GITHUB_OUTPUT", folder.join("output")).envs([
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "org/webshop"),
        ("GITHUB_RUN_ID", "42"),
        ("GITHUB_RUN_ATTEMPT", attempt),
        ("GITHUB_JOB", "deploy"),
        ("GITHUB_ACTION", "__run"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("GITHUB_REF_NAME", "main"),
    ])
}

/// A folder with what every job needs: reports of a red test and a bad image, a lockfile, two colours of which blue is live.
fn sample() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("junit.xml"), JUNIT).unwrap();
    std::fs::write(at.join("image.json"), IMAGE).unwrap();
    for colour in ["blue", "green"] {
        std::fs::create_dir(at.join(colour)).unwrap();
    }
    std::os::unix::fs::symlink("blue", at.join("current")).unwrap();
    folder
}

/// A job's command line, which adds to `events/`.
fn job(folder: &Path, line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = binary(words.next().unwrap(), folder);
    command.args(words).arg("--events=events");
    command
}

/// Every event of `events/`; each line follows the published schema, and none is damaged.
fn events(folder: &Path) -> Vec<Event> {
    let folder = folder.join("events");
    let log = Log::read(&folder).unwrap();
    assert_eq!(log.problems, []);
    let schema = std::fs::read(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("schemas/event-v1.schema.json"),
    )
    .unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for line in lines(&folder) {
        let value: Value = serde_json::from_str(&line).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
    }
    log.events
}

/// Every line of a folder, in the order of its files.
fn lines(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The deployments of a folder, revision and result, in the order in which they were written.
fn deployments(folder: &Path) -> Vec<(u64, Progress)> {
    let mut all: Vec<(u64, Progress)> = events(folder)
        .into_iter()
        .filter_map(|event| match event.body {
            Body::Deployment(deployment) => Some((event.revision, deployment.result)),
            _ => None,
        })
        .collect();
    all.sort_by_key(|(revision, _)| *revision);
    all
}

#[test]
fn each_job_writes_its_line_word_for_word() {
    let folder = sample();
    let at = folder.path();
    let lines_of = [
        ("test-gate junit.xml", 1),
        ("dep-scan --db db --frozen-db Cargo.lock", 1),
        ("image-scan --report image.json --fail-on critical", 0),
        ("annotate start --release 1.4.0 --destinations journal", 0),
        ("promote run --generation 7", 0),
        ("annotate finish --destinations journal", 0),
    ];
    let webshop = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop");
    std::fs::copy(webshop.join("Cargo.lock"), at.join("Cargo.lock")).unwrap();
    std::os::unix::fs::symlink(webshop.join("advisory-db"), at.join("db")).unwrap();
    for (line, code) in lines_of {
        let finished = run(on_github(&mut job(at, line), "1"));
        assert_eq!(finished.code, Some(code), "{line}: {finished:?}");
    }
    events(at);
    // The digest of a report changes with the version and every word of it.
    let digest = |line: &String| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if let Some(digest) = value.get_mut("report_sha256") {
            *digest = "(digest)".into();
        }
        format!("{value}\n")
    };
    let mut found: Vec<String> = lines(&at.join("events")).iter().map(digest).collect();
    found.sort();
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/events/lines.jsonl");
    if std::env::var_os("DEVOPS_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found.concat()).unwrap();
    }
    assert_eq!(found.concat(), std::fs::read_to_string(&path).unwrap());
}

#[test]
fn the_line_of_a_gate_has_the_digest_of_its_report() {
    use sha2::{Digest as _, Sha256};
    let folder = sample();
    assert_eq!(run(&mut job(folder.path(), "test-gate junit.xml")).code, Some(1));
    let report = std::fs::read(folder.path().join("devops-report/report.json")).unwrap();
    let found = events(folder.path());
    let Body::Test(judged) = &found[0].body else { panic!("{found:?}") };
    let digest: String = Sha256::digest(&report).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(judged.report_sha256, digest);
    // Also if the file was not asked for.
    let other = sample();
    run(&mut job(other.path(), "test-gate junit.xml --formats sarif"));
    assert_eq!(events(other.path())[0].body, found[0].body);
}

#[test]
fn gates_that_pass_fail_or_can_not_judge_leave_a_line() {
    for (line, code, verdict) in [
        ("test-gate junit.xml", 1, "fail"),
        ("test-gate junit.xml --mode report", 0, "fail"),
        ("dep-scan --db absent", 3, "error"),
        ("image-scan --report absent.json", 3, "error"),
        ("image-scan --report image.json", 1, "fail"),
        ("image-scan --report image.json --fail-on critical", 0, "warn"),
    ] {
        let folder = sample();
        let finished = run(&mut job(folder.path(), line));
        assert_eq!(finished.code, Some(code), "{line}: {finished:?}");
        let found = events(folder.path());
        assert_eq!(found.len(), 1, "{line}");
        let (Body::Test(judged) | Body::Scan(judged)) = &found[0].body else { panic!("{found:?}") };
        assert_eq!(judged.verdict.as_str(), verdict, "{line}");
    }
    let folder = sample();
    std::fs::write(folder.path().join("junit.xml"), GREEN).unwrap();
    assert_eq!(run(&mut job(folder.path(), "test-gate junit.xml")).code, Some(0));
    assert_eq!(events(folder.path()).len(), 1);
}

#[test]
fn no_folder_no_line() {
    let folder = sample();
    run(binary("test-gate", folder.path()).arg("junit.xml"));
    assert!(!folder.path().join("events").exists() && !folder.path().join(".devops").exists());
}

#[test]
fn a_run_that_is_repeated_is_recognised_and_another_attempt_replaces_it() {
    let folder = sample();
    let at = folder.path();
    let judge = |attempt: &str, now: &str| {
        run(on_github(&mut job(at, "test-gate junit.xml"), attempt).env("DEVOPS_NOW", now))
    };
    judge("1", NOW);
    judge("1", NOW);
    assert_eq!(events(at).len(), 1, "the same line is not written again");
    judge("1", "2026-11-23T13:00:00Z");
    let found = events(at);
    assert_eq!(found.len(), 2);
    assert_eq!((&found[0].uid, found[0].revision), (&found[1].uid, found[1].revision));
    std::fs::write(at.join("junit.xml"), GREEN).unwrap();
    judge("2", "2026-11-23T14:00:00Z");
    let log = Log::read(&at.join("events")).unwrap();
    assert_eq!(log.events.len(), 3);
    let current = log.current();
    assert_eq!(current.len(), 1);
    let held = current.values().next().unwrap();
    let Body::Test(judged) = &held.body else { panic!("{held:?}") };
    assert_eq!((held.revision, judged.verdict.as_str()), (2, "pass"));
}

#[test]
fn jobs_of_one_run_that_differ_in_category_or_step_are_about_something_else() {
    let folder = sample();
    let at = folder.path();
    for (category, step) in
        [("", "__run"), ("", "__run_2"), ("--sarif-category=web", "__run"), ("--sarif-category=api", "__run")]
    {
        let mut command = job(at, "test-gate junit.xml");
        run(on_github(command.args(Some(category).filter(|word| !word.is_empty())), "1")
            .env("GITHUB_ACTION", step));
    }
    let log = Log::read(&at.join("events")).unwrap();
    assert_eq!((log.events.len(), log.current().len()), (4, 4));
    assert_eq!(std::fs::read_dir(at.join("events")).unwrap().count(), 4, "and each has a file of its own");
}

#[test]
fn a_promotion_and_its_record_are_one_deployment() {
    let folder = sample();
    let at = folder.path();
    let step = |line: &str, minute: u32| {
        let now = format!("2026-11-23T12:{minute:02}:00Z");
        run(on_github(&mut job(at, line), "1").env("DEVOPS_NOW", now))
    };
    step("annotate start --destinations journal --release 1.4.0", 0);
    step("promote run", 1);
    step("annotate finish --destinations journal", 2);
    step("annotate finish --destinations journal", 3);
    assert_eq!(deployments(at), [(1, Progress::Running), (2, Progress::Succeeded), (3, Progress::Succeeded)]);
    let log = Log::read(&at.join("events")).unwrap();
    let current = log.current();
    assert_eq!(current.len(), 1, "{current:?}");
    let held = current.values().next().unwrap();
    let Body::Deployment(deployment) = &held.body else { panic!("{held:?}") };
    assert_eq!(deployment.generation, Some(4_201_000), "what the promotion knew is kept");
    assert_eq!(deployment.version.as_deref(), Some("1.4.0"), "and what the start knew");
    assert_eq!((held.environment.as_deref(), held.service.as_str()), (Some("production"), "webshop"));
}

#[test]
fn every_end_of_a_promotion_has_its_word() {
    for (line, code, expected) in [
        ("promote run", 0, Some(Progress::Succeeded)),
        ("promote run --before-hook=false", 1, Some(Progress::Failed)),
        ("promote run --after-hook=false", 5, Some(Progress::RolledBack)),
        ("promote run --to blue", 0, None),
        ("promote plan", 0, None),
        ("promote status", 0, None),
    ] {
        let folder = sample();
        let finished = run(&mut job(folder.path(), line));
        assert_eq!(finished.code, Some(code), "{line}: {finished:?}");
        let found: Vec<Progress> = deployments(folder.path()).into_iter().map(|(_, result)| result).collect();
        assert_eq!(found, Vec::from_iter(expected), "{line}");
    }
    let folder = sample();
    std::fs::remove_file(folder.path().join("current")).unwrap();
    std::fs::create_dir(folder.path().join("current")).unwrap();
    assert_eq!(run(&mut job(folder.path(), "promote run")).code, Some(4));
    assert_eq!(deployments(folder.path()), [(2, Progress::Unknown)], "an error leaves the end open");
    std::fs::remove_dir(folder.path().join("current")).unwrap();
    std::os::unix::fs::symlink("elsewhere", folder.path().join("current")).unwrap();
    assert_eq!(run(&mut job(folder.path(), "promote run --id other")).code, Some(6));
    assert!(deployments(folder.path()).contains(&(2, Progress::Cancelled)));
}

#[test]
fn going_back_is_a_deployment_of_its_own() {
    let folder = sample();
    let at = folder.path();
    run(&mut job(at, "promote run --id 1"));
    run(&mut job(at, "promote rollback --id 2"));
    let found = events(at);
    let intents: BTreeMap<&str, Value> = found
        .iter()
        .map(|event| (event.uid.as_str(), serde_json::to_value(event).unwrap()["intent"].clone()))
        .collect();
    assert_eq!(intents.len(), 2);
    assert!(intents.values().any(|intent| intent == "rollback") && intents.values().any(Value::is_null));
}

#[test]
fn a_log_that_can_not_be_written_stops_a_promotion_before_it_begins() {
    let folder = sample();
    let at = folder.path();
    std::fs::write(at.join("events"), "").unwrap();
    let finished = run(&mut job(at, "promote run"));
    assert_eq!(finished.code, Some(4), "{finished:?}");
    assert!(finished.stderr.contains("events"), "{finished:?}");
    assert_eq!(std::fs::read_link(at.join("current")).unwrap(), Path::new("blue"));
}

#[test]
fn a_line_that_can_not_be_added_turns_no_red_run_green_and_no_green_one_quiet() {
    for (report, code) in [(JUNIT, 1), (GREEN, 4)] {
        let folder = sample();
        let at = folder.path();
        std::fs::write(at.join("junit.xml"), report).unwrap();
        run(&mut job(at, "test-gate junit.xml"));
        // A folder where the file should be.
        let file = std::fs::read_dir(at.join("events")).unwrap().next().unwrap().unwrap().path();
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let finished = run(&mut job(at, "test-gate junit.xml"));
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert!(finished.stderr.contains("jsonl"), "{finished:?}");
    }
}

#[test]
fn no_secret_gets_into_the_log() {
    let folder = sample();
    let secret = "s*cr_t|`1234`\"é";
    let mut command = job(folder.path(), "annotate start --id 1 --destinations journal");
    command.arg(format!("--service=shop {secret}")).arg(format!("--release={secret}"));
    let finished = run(command.env("A_TOKEN", secret));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let text = lines(&folder.path().join("events")).concat();
    assert!(text.contains("shop ***") && !text.contains("cr_t"), "{text}");
}

#[test]
fn the_commit_that_was_built_is_a_change_and_a_proposed_one_is_not() {
    let folder = sample();
    let at = folder.path();
    git(at, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(at.join("a.txt"), "1\n2\n3\n").unwrap();
    git(at, &["add", "a.txt"]);
    git(at, &["commit", "--quiet", "-m", "x"]);
    git(at, &["switch", "--quiet", "-c", "topic"]);
    std::fs::write(at.join("a.txt"), "1\n2\n3\n4\n5\n").unwrap();
    git(at, &["commit", "--quiet", "-am", "x"]);
    std::fs::write(at.join("a.txt"), "2\n3\n4\n5\n").unwrap();
    git(at, &["commit", "--quiet", "-am", "x"]);
    git(at, &["switch", "--quiet", "main"]);
    git(at, &["merge", "--quiet", "--no-ff", "-m", "merge", "topic"]);
    run(on_github(&mut job(at, "test-gate junit.xml"), "1"));
    run(on_github(&mut job(at, "image-scan --report image.json"), "1"));
    let found = events(at);
    let changes: Vec<_> = found
        .iter()
        .filter_map(|event| if let Body::Change(change) = &event.body { Some((event, change)) } else { None })
        .collect();
    assert_eq!(changes.len(), 1, "two gates note one change once: {changes:?}");
    let (event, change) = changes[0];
    assert_eq!(event.uid, git(at, &["rev-parse", "HEAD"]).trim());
    assert_eq!((change.lines_added, change.lines_removed), (Some(2), Some(1)));
    assert_eq!(change.first_commit_at.map(|at| at.to_string()).as_deref(), Some(NOW));

    std::fs::remove_dir_all(at.join("events")).unwrap();
    run(on_github(&mut job(at, "test-gate junit.xml --base none"), "1").env("GITHUB_BASE_REF", "main"));
    assert!(events(at).iter().all(|event| !matches!(event.body, Body::Change(_))));
}

/// The whole sample through `devops`, in a folder of its own.
fn devops(folder: &Path, words: &[&str]) -> Finished {
    run(binary("devops", folder).args(words))
}

#[test]
fn a_whole_run_writes_where_its_file_says_and_a_dry_one_writes_nothing() {
    let folder = sample();
    let at = folder.path();
    std::fs::create_dir(at.join("shop")).unwrap();
    for name in ["junit.xml", "image.json"] {
        std::fs::rename(at.join(name), at.join("shop").join(name)).unwrap();
    }
    for name in ["blue", "green"] {
        std::fs::create_dir(at.join("shop").join(name)).unwrap();
    }
    std::fs::write(at.join("shop/junit.xml"), GREEN).unwrap();
    std::os::unix::fs::symlink("blue", at.join("shop/current")).unwrap();
    let text = "service = \"shop\"\nevents = \"log\"\nfail-on = \"critical\"\n[test-gate]\npaths = [\"junit.xml\"]\n\
        [image-scan]\nreport = [\"image.json\"]\n[promote]\n[annotate]\ndestinations = [\"journal\"]\n";
    std::fs::write(at.join("shop/devops.toml"), text).unwrap();
    let finished = devops(at, &["run", "shop", "--dry-run"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!at.join("shop/log").exists(), "a dry run writes nothing outside of the report folder");
    let finished = devops(at, &["run", "shop"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    std::fs::rename(at.join("shop/log"), at.join("events")).unwrap();
    let kinds: Vec<&str> = events(at).iter().map(|event| event.body.kind().as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "test").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "scan").count(), 1, "{kinds:?}");
    // The end of the record says nothing new: with a clock that stands still, it is the promotion's.
    assert_eq!(deployments(at), [(1, Progress::Running), (2, Progress::Succeeded)]);
    let log = Log::read(&at.join("events")).unwrap();
    assert_eq!(log.current().len(), 3, "one deployment, though two jobs noted it");
    assert!(log.events.iter().all(|event| event.service == "shop"));
    // A flag counts from where it was typed.
    std::fs::remove_dir_all(at.join("events")).unwrap();
    let finished = devops(at, &["run", "shop", "--events", "mine"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(at.join("mine").exists() != at.join("shop/mine").exists(), "all of it in one place");
}

#[test]
fn the_schema_refuses_what_no_line_is() {
    let schema = std::fs::read(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("schemas/event-v1.schema.json"),
    )
    .unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let text = std::fs::read_to_string(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/events/lines.jsonl"),
    )
    .unwrap();
    for line in text.replace("(digest)", &"0".repeat(64)).lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&value), "{line}");
        let broken = |change: &dyn Fn(&mut Value)| {
            let mut value = value.clone();
            change(&mut value);
            !validator.is_valid(&value)
        };
        assert!(broken(&|value| value["kind"] = "wedding".into()));
        assert!(broken(&|value| value["revision"] = 0.into()));
        assert!(broken(&|value| value["surprise"] = serde_json::json!({ "deep": 1 })), "a line is flat");
        for required in ["source", "uid", "occurred_at", "observed_at", "service", "schema_version"] {
            assert!(broken(&|value| drop(value.as_object_mut().unwrap().remove(required))), "{required}");
        }
    }
}
