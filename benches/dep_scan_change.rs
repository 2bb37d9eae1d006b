//! `dep-scan` on a change of a repository with 100 lockfiles, of which it alters a few, beside the same scan without a base.
//!
//! `cargo bench --bench dep_scan_change`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench may panic, and prints what it measured"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

mod binaries;

use self::binaries::binary;

const LOCKFILES: usize = 100;
const PACKAGES: usize = 100;
const ALTERED: [usize; 4] = [0, 1, 10, 100];
const RUNS: usize = 30;

fn main() {
    let scan = binary("dep-scan");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(path.join(".gitignore"), "devops-report/\nadvisories.idx\n").unwrap();
    std::fs::create_dir_all(path.join("advisories")).unwrap();
    std::fs::write(path.join("advisories/GHSA-0.json"), "{\"id\": \"GHSA-0\", \"modified\": \"2020-01-01T00:00:00Z\", \"published\": \"2020-01-01T00:00:00Z\", \"affected\": [{\"package\": {\"ecosystem\": \"npm\", \"name\": \"p7\"}, \"ranges\": [{\"type\": \"SEMVER\", \"events\": [{\"introduced\": \"0\"}]}]}]}").unwrap();
    for number in 0..LOCKFILES {
        write(path, number, "1.0.0");
    }
    commit(path);
    let index = path.join("advisories.idx");
    let built = Command::new(&scan)
        .args(["db", "build", "--output"])
        .arg(&index)
        .arg("advisories")
        .current_dir(path)
        .output();
    assert!(built.unwrap().status.success(), "the index is built");
    println!("{LOCKFILES} lockfiles of {PACKAGES} packages each, mean of {RUNS} runs");
    for altered in ALTERED {
        git(path, &["switch", "--quiet", "-C", "topic", "main"]);
        for number in 0..altered {
            write(path, number, "2.0.0");
        }
        commit(path);
        let (with, without) = (measure(path, &scan, "main"), measure(path, &scan, "none"));
        println!("{altered:>4} altered: {with:>6.1} ms, {without:>6.1} ms without a base");
    }
}

/// Writes a lockfile of npm in which one package has this version.
fn write(path: &Path, number: usize, version: &str) {
    let mut text =
        "{\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": {\"name\": \"app\"}".to_owned();
    for package in 0..PACKAGES {
        // Each lockfile differs, so that none stands for another.
        let version = if package == 0 { version.to_owned() } else { format!("1.{number}.0") };
        let _ = write!(
            text,
            ",\n    \"node_modules/p{package}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \"https://registry.npmjs.org/p{package}/-/p{package}-{version}.tgz\",\n      \"integrity\": \"sha512-{number}{version}\",\n      \"license\": \"MIT\"\n    }}"
        );
    }
    text.push_str("\n  }\n}\n");
    let folder = path.join(format!("project-{number}"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("package-lock.json"), text).unwrap();
}

fn commit(path: &Path) {
    git(path, &["add", "--all", "--", "."]);
    git(path, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
}

fn git(path: &Path, arguments: &[&str]) {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let status = Command::new("git").args(settings).args(arguments).current_dir(path).status();
    assert!(status.unwrap().success(), "git {arguments:?}");
}

/// Milliseconds of a run.
fn measure(path: &Path, scan: &Path, base: &str) -> f64 {
    let run = || {
        let mut command = Command::new(scan);
        command.args(["--db", "advisories.idx", "--frozen-db", "--only-new", "--quiet", "--formats", "json"]);
        command.arg("--base").arg(base).current_dir(path);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    };
    run();
    let start = Instant::now();
    for _ in 0..RUNS {
        run();
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let runs = RUNS as f64;
    start.elapsed().as_secs_f64() * 1e3 / runs
}
