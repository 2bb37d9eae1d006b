//! Behaviour of `devops`: the sample project, its server, its words about the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::support::{Finished, NOW, binaries, binary, git, jobs, report, run};

/// A server that is stopped when the test is over.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, argument: &str) -> Self {
        Self::start_with(folder, argument, &[])
    }

    fn start_with(folder: &Path, argument: &str, flags: &[&str]) -> Self {
        let mut command = binary("devops", folder);
        command.args(["serve", argument, "--listen", "127.0.0.1:0"]).args(flags).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.rsplit("http://").next().unwrap().trim_end_matches(['/', '\n']).to_owned();
        Self { child, address }
    }

    fn ask(&self, request: &str) -> String {
        self.ask_as(&self.address, request)
    }

    fn ask_as(&self, host: &str, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
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
fn serve_answers_to_its_own_names_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>home").unwrap();
    let server = Server::start_with(folder.path(), ".", &["--allow-host", "Reports.example.com"]);
    let port = server.address.rsplit(':').next().unwrap();
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "reports.example.com"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let answer = server.ask_as(&host, "GET /");
            assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
        }
    }
    for host in [
        "evil.example.com",
        "localhost.evil.example.com",
        "127.0.0.1.evil.example.com:80",
        "[::2]",
        "",
        "evil\r\nHost: localhost",
    ] {
        let answer = server.ask_as(host, "GET /");
        assert!(!answer.starts_with("HTTP/1.1 200") && !answer.contains("home"), "{host}: {answer}");
    }
    let answer = server.ask_as("localhost", "GET http://evil.example.com/");
    assert!(answer.starts_with("HTTP/1.1 421") && !answer.contains("home"), "{answer}");
}

#[test]
fn serve_runs_no_script_but_that_of_a_report() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("junit.xml"), "<testsuite><testcase name='a'/></testsuite>").unwrap();
    let finished = run(binary("test-gate", folder.path()).args(["junit.xml", "--formats", "html"]));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let site = folder.path().join("devops-report");
    std::fs::write(
        site.join("a.svg"),
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    )
    .unwrap();
    std::fs::write(site.join("a.txt"), "text").unwrap();
    let server = Server::start(folder.path(), "devops-report");
    let header = |answer: &str, name: &str| {
        let head = answer.split("\r\n\r\n").next().unwrap();
        let found = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_else(|| panic!("{name} is absent: {head}")).to_owned()
    };
    for path in ["/", "/a.svg", "/a.txt", "/nothing"] {
        let answer = server.ask(&format!("GET {path}"));
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-origin");
        let policy = header(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        let script = policy.split("; ").find(|directive| directive.starts_with("script-src"));
        if path == "/" {
            // The one that the page itself allows, and so the one that is in it.
            let own = script.unwrap().strip_prefix("script-src ").unwrap();
            assert!(
                answer.split("\r\n\r\n").nth(1).unwrap().contains(&format!("script-src {own};")),
                "{policy}"
            );
        } else {
            assert!(script.is_none() && policy.ends_with("sandbox"), "{path}: {policy}");
        }
    }
}

#[test]
fn serve_survives_what_is_no_file_and_clients_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("a.txt"), "text").unwrap();
    let long = "0123456789abcdef".repeat(40_000);
    std::fs::write(site.join("long.txt"), &long).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, site.join("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::os::unix::fs::symlink("/dev/zero", site.join("zero")).unwrap();
    std::fs::File::create(site.join("sparse")).unwrap().set_len(1 << 40).unwrap();
    let server = Server::start(folder.path(), "site");
    // More than there are threads, and more than there are places.
    for _ in 0..100 {
        assert!(server.ask("GET /pipe").starts_with("HTTP/1.1 404"));
    }
    assert!(server.ask("GET /zero").starts_with("HTTP/1.1 404"));
    assert!(server.ask("GET /sparse").starts_with("HTTP/1.1 413"));
    let idle: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    assert!(server.ask("GET /a.txt").ends_with("text"));
    let answer = server.ask("GET /long.txt");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", long.len())), "{head}");
    assert_eq!(body, long);
    let head = server.ask("HEAD /long.txt");
    assert!(
        head.contains(&format!("content-length: {}", long.len())) && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    drop(idle);
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
    let shown = run(command.args(["config", "show", "--all"]).env("DEVOPS_REPORT_DIR", "out"));
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let gate = shown.stdout.split("\n\n").next().unwrap();
    for (key, value, origin) in [
        ("mode", "report", "devops.toml:1:1"),
        ("fail-on", "low", "devops.toml:3:1"),
        ("report-dir", "out", "environment DEVOPS_REPORT_DIR"),
        ("min-tests", "1", "default"),
    ] {
        let line = gate.lines().find(|line| line.split_whitespace().next() == Some(key)).expect(key);
        assert!(line.contains(&format!("  {value}  # {origin}")), "{line}");
    }
    let shown = run(binary("devops", folder.path()).args(["config", "show"]));
    assert!(
        shown.stdout.starts_with(
            "[test-gate]\nmode     report  # devops.toml:1:1\nfail-on  low  # devops.toml:3:1\n\n"
        )
    );
    assert!(
        shown.stdout.ends_with(" at their defaults: `devops config show --all` lists them\n"),
        "{shown:?}"
    );
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
    for name in binaries() {
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
        let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop");
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
        // A clone has nothing live before its first run.
        std::os::unix::fs::symlink("blue", folder.path().join("webshop/colours/current")).unwrap();
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
        std::fs::read_link(self.path("colours/current")).unwrap().to_string_lossy().into_owned()
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
            // Whatever colour is live in the checkout, the copy starts as a clone does.
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
    assert_eq!(sample.live(), "green");
    let merged = sample.report("");
    assert_eq!((merged["verdict"].as_str(), merged["exit_code"].as_u64()), (Some("warn"), Some(0)));
    for job in jobs() {
        assert_eq!(sample.report(job)["job"], job);
    }
    for job in ["test-gate", "dep-scan", "image-scan"] {
        let findings = sample.report(job)["findings"].as_array().unwrap().clone();
        assert!(findings.iter().any(|finding| finding["waived"].is_object()), "{job} has nothing waived");
    }
    assert_eq!(sample.report("promote")["details"]["state"], "promoted");
    let second = sample.run(&["webshop"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(sample.live(), "blue");
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
    for job in ["promote", "annotate"] {
        assert!(finished.stdout.contains(&format!("\nplan of {job}\n   1  ")), "{finished:?}");
    }
}

#[test]
fn the_broken_sample_fails_and_promotes_nothing() {
    let sample = Sample::new();
    let finished = sample.run(&["webshop/broken"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(sample.live(), "blue");
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
    assert_eq!(sample.live(), "blue");
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
        assert_eq!(sample.live(), "blue");
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
    assert_eq!(sample.live(), "blue");
    assert!(!sample.path("devops-report").exists());
}

/// A commit of everything in a folder, which becomes a repository if it is none.
fn commit(folder: &Path) {
    if !folder.join(".git").exists() {
        git(folder, &["init", "--quiet", "--initial-branch=main"]);
    }
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
}

#[test]
fn runs_of_the_sample_change_no_tracked_file() {
    let sample = Sample::new();
    std::fs::remove_file(sample.path("colours/current")).unwrap();
    let ignored = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(".gitignore");
    std::fs::copy(ignored, sample.folder.path().join(".gitignore")).unwrap();
    commit(sample.folder.path());
    for live in ["blue", "green", "blue"] {
        let finished = sample.run(&["webshop"]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(sample.live(), live);
        assert_eq!(git(sample.folder.path(), &["status", "--short"]), "");
    }
}

/// A folder with a test report, of which one test failed, and this `devops.toml`.
fn tested(configuration: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let junit = "<testsuite name='s'><testcase classname='c' name='a'/><testcase classname='c' name='b'><failure message='no'/></testcase></testsuite>";
    std::fs::write(folder.path().join("junit.xml"), junit).unwrap();
    std::fs::write(folder.path().join("devops.toml"), configuration).unwrap();
    folder
}

const ONE_JOB: &str = "[test-gate]\npaths = [\"junit.xml\"]\n";

#[test]
fn a_run_of_one_job_shows_what_the_job_itself_shows() {
    let folder = tested(ONE_JOB);
    let alone = run(&mut binary("test-gate", folder.path()));
    let page = std::fs::read_to_string(folder.path().join("devops-report/report.html")).unwrap();
    let own = report(folder.path());
    let as_pipeline = run(binary("devops", folder.path()).arg("run"));
    assert_eq!((alone.code, as_pipeline.code), (Some(1), Some(1)), "{as_pipeline:?}");
    assert_eq!(as_pipeline.stdout, alone.stdout.replace("test-gate explain", "devops explain"));
    let merged = report(folder.path());
    assert_eq!(merged["job"], "devops", "programs find the run under its name");
    for part in ["headline", "reasons", "findings", "notes", "verdict"] {
        assert_eq!(merged[part], own[part], "{part}");
    }
    assert_eq!((&merged["totals"]["tests"], &merged["totals"]["jobs"]), (&2.into(), &1.into()));
    assert_eq!(merged["details"]["jobs"][0]["job"], "test-gate");
    assert_eq!(std::fs::read_to_string(folder.path().join("devops-report/report.html")).unwrap(), page);
}

#[test]
fn a_job_runs_by_its_name() {
    let folder = tested("");
    let finished = run(binary("devops", folder.path()).args(["test-gate", "junit.xml"]));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.ends_with("help   devops explain test-failed\n"), "{finished:?}");
    let help = run(binary("devops", folder.path()).args(["test-gate", "--help"]));
    assert!(help.stdout.contains("--min-tests"), "{help:?}");
    let list = run(binary("devops", folder.path()).arg("--help"));
    for job in jobs() {
        assert!(list.stdout.contains(&format!("\n  {job} ")), "{job}: {list:?}");
    }
}

#[test]
fn every_job_explains_its_rules() {
    let folder = tempfile::tempdir().unwrap();
    for job in jobs() {
        let list = run(binary(job, folder.path()).arg("explain"));
        assert!(list.stdout.ends_with(&format!("help   {job} explain RULE\n")), "{list:?}");
        let rule = list.stdout.lines().nth(1).unwrap().split_whitespace().next().unwrap();
        let page = run(binary(job, folder.path()).args(["explain", rule]));
        assert!(page.stdout.starts_with(&format!("# {rule}\n")), "{page:?}");
        let wrong = run(binary(job, folder.path()).args(["explain", "no-such-rule-at-all"]));
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.stderr.contains(&format!("run `{job} explain` for the list")), "{wrong:?}");
    }
    let other = run(binary("test-gate", folder.path()).args(["explain", "advisory"]));
    assert!(other.stderr.contains("`advisory` is a rule of another job"), "{other:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "asking leaves nothing behind");
}

#[test]
fn formats_of_a_job_reach_the_merged_report_and_a_laptop_gets_a_page() {
    let merged = |configuration: &str, arguments: &[&str], environment: &[(&str, &str)]| {
        let folder = tested(configuration);
        let mut command = binary("devops", folder.path());
        run(command.arg("run").args(arguments).envs(environment.iter().copied()));
        let names = std::fs::read_dir(folder.path().join("devops-report")).unwrap();
        let files = names.map(|name| name.unwrap()).filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names.join(" ")
    };
    let of_job = format!("{ONE_JOB}formats = [\"json\", \"badge\"]\n");
    assert_eq!(merged(ONE_JOB, &[], &[]), "report.html report.json report.sarif summary.md");
    assert_eq!(merged(&of_job, &[], &[]), "badge.svg report.json");
    assert_eq!(merged(&of_job, &["--formats", "junit"], &[]), "report.junit.xml");
    let github = merged(ONE_JOB, &[], &[("GITHUB_ACTIONS", "true")]);
    assert_eq!(github, "report.json report.sarif summary.md");
}

#[test]
fn serve_shows_the_page_of_a_report() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.html"), "<p>report").unwrap();
    let server = Server::start(folder.path(), ".");
    let home = server.ask("GET /");
    assert!(home.starts_with("HTTP/1.1 200") && home.ends_with("<p>report"), "{home}");
    assert!(home.contains("content-type: text/html; charset=utf-8"), "{home}");
}

/// A clone whose branch changes the policy, as somebody's own machine has it: with the default branch of the remote, or without.
fn clone(has_remote: bool) -> tempfile::TempDir {
    let folder = tested(&format!("{ONE_JOB}min-tests = 3\n"));
    std::fs::write(folder.path().join(".gitignore"), "devops-report/\n").unwrap();
    commit(folder.path());
    if has_remote {
        git(folder.path(), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    }
    std::fs::write(folder.path().join("devops.toml"), format!("{ONE_JOB}min-tests = 1\n")).unwrap();
    commit(folder.path());
    folder
}

#[test]
fn on_a_laptop_a_guessed_base_shows_what_a_pull_request_would_go_by_and_decides_nothing() {
    let folder = clone(true);
    let finished = run(binary("devops", folder.path()).arg("run"));
    let merged = report(folder.path());
    let rules: Vec<&str> = merged["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    assert_eq!(rules, ["test-failed"], "{finished:?}");
    let notes = merged["notes"].to_string();
    assert!(notes.contains("a pull request would be judged by the policy of "), "{notes}");
    assert!(notes.contains("(origin/main): `min-tests` is 3 (here 1)"), "{notes}");
    // Named, it decides.
    run(binary("devops", folder.path()).args(["run", "--base", "origin/main"]));
    assert!(report(folder.path())["findings"].to_string().contains("too-few-tests"));
    // Without a remote there is none.
    let folder = clone(false);
    run(binary("devops", folder.path()).arg("run"));
    assert_eq!(report(folder.path())["notes"], serde_json::json!([]));
}

#[test]
fn a_run_without_a_remote_is_not_red_for_the_lines_of_a_change() {
    let patch = format!("{ONE_JOB}min-patch-coverage = 80\nmode = \"report\"\n");
    let coverage = "SF:a.rs\nDA:1,1\nDA:2,0\nend_of_record\n";
    for (has_remote, said) in
        [(false, "there is no change here"), (true, "where this branch left origin/main")]
    {
        let folder = tested(&patch.replace("[\"junit.xml\"]", "[\"junit.xml\", \"lcov.info\"]"));
        std::fs::write(folder.path().join("a.rs"), "one\n").unwrap();
        std::fs::write(folder.path().join("lcov.info"), coverage).unwrap();
        commit(folder.path());
        if has_remote {
            git(folder.path(), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
        }
        std::fs::write(folder.path().join("a.rs"), "one\ntwo\n").unwrap();
        commit(folder.path());
        run(binary("devops", folder.path()).arg("run"));
        let merged = report(folder.path());
        let is_red = merged["findings"].to_string().contains("patch");
        assert_eq!(is_red, has_remote, "{merged:#}");
        assert!(merged["notes"].to_string().contains(said), "{merged:#}");
    }
}

#[test]
fn a_refused_run_ends_on_its_host_like_any_other() {
    for (arguments, environment, said) in [
        (&["run", "--fail-on", "hgih"][..], None, "hgih"),
        (&["run"], Some(("DEVOPS_IN_FAIL_ON", "hgih")), "DEVOPS_IN_FAIL_ON"),
        (&["test-gate", "--min-tests", "many"], None, "expected a whole number such as 10"),
    ] {
        let folder = tested(ONE_JOB);
        let mut github = binary("devops", folder.path());
        github.args(arguments).envs(environment).env("GITHUB_ACTIONS", "true");
        github.env("GITHUB_OUTPUT", folder.path().join("output"));
        github.env("GITHUB_STEP_SUMMARY", folder.path().join("summary"));
        let finished = run(&mut github);
        assert_eq!(finished.code, Some(2), "{finished:?}");
        let annotation = finished.stdout.lines().find(|line| line.starts_with("::error"));
        assert!(annotation.is_some_and(|line| line.contains(said)), "{finished:?}");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("summary").contains(said), "{}", read("summary"));
        assert!(read("output").contains("\nerror\n"), "{}", read("output"));
        assert_eq!(report(folder.path())["verdict"], "error");

        let folder = tested(ONE_JOB);
        let mut gitlab = binary("devops", folder.path());
        let finished = run(gitlab.args(arguments).envs(environment).env("GITLAB_CI", "true"));
        assert_eq!(finished.code, Some(2), "{finished:?}");
        let outputs = std::fs::read_to_string(folder.path().join("devops-report/outputs.env")).unwrap();
        assert!(outputs.contains("VERDICT=error\n") && outputs.contains("EXIT_CODE=2\n"), "{outputs}");
        assert!(folder.path().join("devops-report/summary.md").exists());
    }
}

#[test]
fn a_misspelt_variable_is_named() {
    let folder = tested(ONE_JOB);
    for arguments in [&["run"][..], &["test-gate", "junit.xml"]] {
        run(binary("devops", folder.path())
            .args(arguments)
            .env("DEVOPS_MIN_TEST", "9")
            .env("DEVOPS_TEAM", "a"));
        let notes = report(folder.path())["notes"].to_string();
        assert_eq!(notes.matches("did you mean DEVOPS_MIN_TESTS?").count(), 1, "{notes}");
        assert!(!notes.contains("DEVOPS_TEAM"), "{notes}");
    }
}

#[test]
fn no_variable_of_the_project_itself_is_called_misspelt() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut waiting: Vec<PathBuf> = [
        "action.yml",
        "actions",
        "benches",
        "docs",
        "examples",
        "fuzz",
        "scripts",
        "src",
        "tests/it/skipped.rs",
        "tests/run",
    ]
    .map(|path| root.join(path))
    .into();
    let mut names = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        // The room of the settings has misspelt ones on purpose.
        if path.ends_with("src/config") || path.ends_with("target") {
            continue;
        }
        if let Ok(entries) = std::fs::read_dir(&path) {
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_part = |character: char| character.is_ascii_uppercase() || character == '_';
        for (start, _) in text.match_indices("DEVOPS_") {
            let name = text[start..].split(|character| !is_part(character)).next().unwrap();
            if !name.ends_with('_') {
                names.insert(name.to_owned());
            }
        }
    }
    assert!(names.contains("DEVOPS_SKIPPED") && names.len() > 20, "{names:?}");
    let set = names.into_iter().map(|name| (name, "x".to_owned())).collect();
    assert_eq!(devops_config::misspelt(&set), [""; 0]);
}

#[test]
fn verbose_prints_where_settings_came_from_and_what_each_step_took() {
    let folder = tested(ONE_JOB);
    let finished = run(binary("devops", folder.path()).args(["run", "-v"]));
    assert!(finished.stdout.contains("  test-gate.paths = junit.xml   (devops.toml:2:1)\n"), "{finished:?}");
    let steps = finished.stdout.split("\nsteps\n").nth(1).unwrap();
    let names: Vec<&str> = steps.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["settings", "test-gate", "reports"], "{finished:?}");
    assert_eq!(report(folder.path())["provenance"]["inputs"].as_array().unwrap().len(), 1, "at {NOW}");
}
