//! Behaviour of `devops`: the sample project, its server, its words about the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::support::{Finished, binary, run};

/// A server that is stopped when the test is over.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, argument: &str) -> Self {
        let mut command = binary("devops", folder);
        command.args(["serve", argument, "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.rsplit("http://").next().unwrap().trim_end_matches(['/', '\n']).to_owned();
        Self { child, address }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_answers_from_its_folder_and_from_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("sub")).unwrap();
    std::fs::write(site.join("index.html"), "<p>home").unwrap();
    std::fs::write(site.join("a b.txt"), "spaced").unwrap();
    std::fs::write(folder.path().join("secret"), "hidden").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), site.join("out")).unwrap();
    let server = Server::start(folder.path(), "site");
    let home = server.ask("GET /");
    assert!(home.starts_with("HTTP/1.1 200") && home.ends_with("<p>home"), "{home}");
    assert!(home.contains("content-type: text/html; charset=utf-8"), "{home}");
    assert!(server.ask("GET /a%20b.txt").ends_with("spaced"));
    assert!(!server.ask("HEAD /a%20b.txt").contains("spaced"));
    assert!(server.ask("POST /").starts_with("HTTP/1.1 405"));
    for path in ["/nothing", "/sub/", "/../secret", "/%2e%2e/secret", "/out", "//etc/passwd", "/%00"] {
        let answer = server.ask(&format!("GET {path}"));
        assert!(answer.starts_with("HTTP/1.1 404") && !answer.contains("hidden"), "{path}: {answer}");
    }
}

#[test]
fn serve_follows_a_link_that_moves() {
    let folder = tempfile::tempdir().unwrap();
    for colour in ["blue", "green"] {
        std::fs::create_dir(folder.path().join(colour)).unwrap();
        std::fs::write(folder.path().join(colour).join("version"), colour).unwrap();
    }
    let link = folder.path().join("current");
    std::os::unix::fs::symlink("blue", &link).unwrap();
    let server = Server::start(folder.path(), "current");
    assert!(server.ask("GET /version").ends_with("blue"));
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("green", &link).unwrap();
    assert!(server.ask("GET /version").ends_with("green"));
}

#[test]
fn serve_needs_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let finished = run(binary("devops", folder.path()).args(["serve", "nothing"]));
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(finished.stderr.contains("nothing: is not a folder"), "{finished:?}");
}

#[test]
fn explain_knows_every_rule_and_suggests() {
    let folder = tempfile::tempdir().unwrap();
    let list = run(binary("devops", folder.path()).arg("explain"));
    assert_eq!(list.code, Some(0));
    let rules: Vec<&str> =
        list.stdout.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(rules.contains(&"waiver-expired"), "{}", list.stdout);
    for rule in rules {
        let page = run(binary("devops", folder.path()).args(["explain", rule]));
        assert!(page.stdout.starts_with(&format!("# {rule}\n")), "{page:?}");
    }
    let wrong = run(binary("devops", folder.path()).args(["explain", "waiver-expird"]));
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean `waiver-expired`?"), "{wrong:?}");
}

#[test]
fn config_show_says_where_each_value_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("devops.toml"), "mode = \"report\"\n[test-gate]\nfail-on = \"low\"\n")
        .unwrap();
    let mut command = binary("devops", folder.path());
    let shown = run(command.args(["config", "show"]).env("DEVOPS_REPORT_DIR", "out"));
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let gate = shown.stdout.split("\n\n").next().unwrap();
    for (key, value, origin) in [
        ("mode", "report", "devops.toml:1:1"),
        ("fail-on", "low", "devops.toml:3:1"),
        ("report-dir", "out", "environment DEVOPS_REPORT_DIR"),
        ("working-directory", ".", "flag"),
    ] {
        let line = gate.lines().find(|line| line.split_whitespace().next() == Some(key)).expect(key);
        assert!(line.contains(&format!("  {value}  # {origin}")), "{line}");
    }
}

#[test]
fn config_check_points_at_a_mistake_in_any_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devops.toml");
    let check = || run(binary("devops", folder.path()).args(["config", "check"]));
    assert_eq!(check().code, Some(2));
    std::fs::write(&file, "[test-gate]\nfail-on = \"low\"\n").unwrap();
    let right = check();
    assert_eq!(right.code, Some(0), "{right:?}");
    assert_eq!(right.stdout, "devops.toml is valid; jobs: test-gate; 0 waivers\n");
    std::fs::write(&file, "[promote]\nfail_on = \"low\"\n").unwrap();
    let wrong = check();
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean `fail-on`?"), "{wrong:?}");
    let waiver = "[[waiver]]\nrule = \"waiver-unusd\"\nreason = \"a\"\nowner = \"b\"\nexpires = 2026-12-31\n";
    std::fs::write(&file, waiver).unwrap();
    assert!(check().stderr.contains("did you mean `waiver-unused`?"));
}

#[test]
fn the_schema_of_the_configuration_accepts_what_the_sample_says() {
    let folder = tempfile::tempdir().unwrap();
    let schema = run(binary("devops", folder.path()).args(["config", "schema"])).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let right = serde_json::json!({
        "mode": "report",
        "test-gate": { "paths": ["a", "b"] },
        "waiver": [{ "rule": "a", "reason": "b", "owner": "c", "expires": "2026-12-31" }],
    });
    assert!(validator.is_valid(&right));
    for wrong in [
        serde_json::json!({ "mod": "report" }),
        serde_json::json!({ "mode": "maybe" }),
        serde_json::json!({ "test-gate": { "fail_on": "low" } }),
        serde_json::json!({ "waiver": [{ "rule": "a" }] }),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn completions_and_manual_pages_are_made_for_every_binary() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["devops", "test-gate", "dep-scan", "image-scan", "promote", "annotate"] {
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let script = run(binary("devops", folder.path()).args(["completions", shell, name]));
            assert_eq!(script.code, Some(0), "{script:?}");
            assert!(script.stdout.contains(name), "{shell} {name}");
        }
        let page = run(binary("devops", folder.path()).args(["man", name]));
        assert!(page.stdout.contains(".TH"), "{page:?}");
    }
}

#[test]
fn a_folder_without_configuration_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let finished = run(binary("devops", folder.path()).args(["run"]));
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("there is no devops.toml"), "{finished:?}");
    std::fs::write(folder.path().join("devops.toml"), "mode = \"report\"\n").unwrap();
    let finished = run(binary("devops", folder.path()).args(["run"]));
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("configures no job"), "{finished:?}");
}

/// A copy of the sample that serves on ports of its own.
struct Sample {
    folder: tempfile::TempDir,
    ports: [u16; 3],
}

impl Sample {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/webshop");
        copy(&source, &folder.path().join("webshop"));
        // Held all at once, so that they differ; free again when this returns.
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = listeners.map(|listener| listener.local_addr().unwrap().port());
        let file = folder.path().join("webshop/devops.toml");
        let mut text = std::fs::read_to_string(&file).unwrap();
        for (fixed, free) in ["18470", "18471", "18472"].into_iter().zip(ports) {
            assert!(text.contains(fixed));
            text = text.replace(fixed, &free.to_string());
        }
        std::fs::write(&file, text).unwrap();
        Self { folder, ports }
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = binary("devops", self.folder.path());
        let [front, blue, green] = self.ports.map(|port| port.to_string());
        command.env("FRONT_PORT", front).env("BLUE_PORT", blue).env("GREEN_PORT", green);
        // Two runs at the same time of day would be one deployment.
        command.env_remove("DEVOPS_NOW");
        run(command.arg("run").args(arguments))
    }

    fn live(&self) -> String {
        std::fs::read_link(self.path("current")).unwrap().to_string_lossy().into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("webshop").join(name)
    }

    fn report(&self, name: &str) -> serde_json::Value {
        let text = std::fs::read(self.path("devops-report").join(name).join("report.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Every file outside the report folder, with its bytes, and every link with what it points at.
    fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_symlink() {
                    let target = std::fs::read_link(&path).unwrap();
                    files.insert(path, target.to_string_lossy().into_owned().into_bytes());
                } else if path.is_dir() {
                    if path.file_name().unwrap() != "devops-report" {
                        folders.push(path);
                    }
                } else {
                    files.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

/// Copies a folder with its links, but without what runs leave behind.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_symlink() {
            // Whatever colour is live in the checkout, the copy starts blue.
            std::os::unix::fs::symlink("colours/blue", target).unwrap();
        } else if path.is_dir() {
            if entry.file_name() != "devops-report" && entry.file_name() != ".devops" {
                copy(&path, &target);
            }
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn the_sample_passes_with_warnings_and_moves_its_traffic_there_and_back() {
    let sample = Sample::new();
    let first = sample.run(&["webshop"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert_eq!(sample.live(), "colours/green");
    let merged = sample.report("");
    assert_eq!((merged["verdict"].as_str(), merged["exit_code"].as_u64()), (Some("warn"), Some(0)));
    for job in ["test-gate", "dep-scan", "image-scan", "promote", "annotate"] {
        assert_eq!(sample.report(job)["job"], job);
    }
    for job in ["test-gate", "dep-scan", "image-scan"] {
        let findings = sample.report(job)["findings"].as_array().unwrap().clone();
        assert!(findings.iter().any(|finding| finding["waived"].is_object()), "{job} has nothing waived");
    }
    assert_eq!(sample.report("promote")["details"]["state"], "promoted");
    let second = sample.run(&["webshop"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(sample.live(), "colours/blue");
    assert_eq!(sample.report("promote")["details"]["generation"], 2);
    let journal = std::fs::read_to_string(sample.path(".devops/deployments.jsonl")).unwrap();
    let ids: BTreeSet<String> = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|line| line["event"]["record"]["id"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(ids.len(), 2, "{journal}");
    for port in sample.ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "port {port} is still served");
    }
}

#[test]
fn a_dry_run_judges_and_writes_nothing_outside_the_report_folder() {
    let sample = Sample::new();
    let before = sample.everything();
    let finished = sample.run(&["webshop", "--dry-run"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(before, sample.everything());
    assert_eq!(sample.report("promote")["details"]["state"], "planned");
    assert!(!sample.report("promote")["details"]["plan"].as_array().unwrap().is_empty());
    assert!(!sample.report("annotate")["details"]["plan"].as_array().unwrap().is_empty());
    assert_eq!(sample.report("")["verdict"], "warn");
}

#[test]
fn the_broken_sample_fails_and_promotes_nothing() {
    let sample = Sample::new();
    let finished = sample.run(&["webshop/broken"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(sample.live(), "colours/blue");
    assert!(
        finished.stdout.contains("promote did not run, because test-gate stopped the run"),
        "{finished:?}"
    );
    let text = std::fs::read(sample.path("broken/devops-report/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let rules: BTreeSet<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    for rule in ["test-failed", "report-unreadable", "advisory", "image-vulnerability"] {
        assert!(rules.contains(rule), "{rule} is not among {rules:?}");
    }
}

#[test]
fn flags_of_a_run_beat_what_the_file_says_of_its_jobs() {
    let sample = Sample::new();
    let strict = sample.run(&["webshop", "--fail-on", "low", "-q"]);
    assert_eq!(strict.code, Some(1), "{strict:?}");
    assert_eq!(strict.stdout.lines().count(), 1, "{strict:?}");
    let lenient = sample.run(&["webshop", "--fail-on", "low", "--mode", "report", "--dry-run"]);
    assert_eq!(lenient.code, Some(0), "{lenient:?}");
}

#[test]
fn a_run_that_is_interrupted_while_it_promotes_leaves_a_failed_record_and_blue_live() {
    let sample = Sample::new();
    let file = sample.path("devops.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let interrupting = "start-hook = \"kill -INT $PPID\"";
    std::fs::write(&file, text.replace("start-hook = \"./colours.sh start\"", interrupting)).unwrap();
    let finished = sample.run(&["webshop"]);
    assert_eq!(finished.code, Some(6), "{finished:?}");
    assert_eq!(sample.live(), "colours/blue");
    let journal = std::fs::read_to_string(sample.path(".devops/deployments.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(journal.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"]["record"]["state"], "failed", "{journal}");
}

#[test]
fn a_failed_promotion_is_never_recorded_as_a_success() {
    let sample = Sample::new();
    let file = sample.path("devops.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("./colours.sh start", "exit 1")).unwrap();
    for arguments in [&["webshop", "-q"][..], &["webshop", "-q", "--mode", "report"]] {
        sample.run(arguments);
        assert_eq!(sample.live(), "colours/blue");
        let journal = std::fs::read_to_string(sample.path(".devops/deployments.jsonl")).unwrap();
        assert!(!journal.contains("succeeded"), "{journal}");
        assert!(journal.contains("failed"), "{journal}");
    }
}

#[test]
fn a_mistake_in_any_job_is_found_before_the_first_one_runs() {
    let sample = Sample::new();
    let file = sample.path("devops.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("service = ", "servce = ")).unwrap();
    let finished = sample.run(&["webshop"]);
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("did you mean `service`?"), "{finished:?}");
    assert_eq!(sample.live(), "colours/blue");
    assert!(!sample.path("devops-report").exists());
}
