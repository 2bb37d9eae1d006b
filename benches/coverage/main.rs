//! A hundred megabytes of each coverage format through the whole of `test-gate`, and the coverage of a large change.
//!
//! `cargo bench --bench coverage`. Each report covers files of 400 lines, half of them with hits, in
//! paths that end like those of a project on the disk. A word behind `--` runs one part only, as `-- patch`.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

mod formats;
#[path = "../measure.rs"]
mod measure;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use self::measure::{best, gate, megabytes};

const BYTES: u64 = 100_000_000;
const RUNS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if is_wanted("formats") {
        every_format(folder.path());
    }
    if is_wanted("patch") {
        patch(folder.path());
    }
}

fn every_format(folder: &Path) {
    println!("{} MB of each format; best of {RUNS}", BYTES / 1_000_000);
    for format in &formats::FORMATS {
        let (files, length) = format.write(&folder.join("coverage"), BYTES);
        let cost = best(RUNS, || {
            let mut command = gate(folder);
            command.args(["coverage", "--min-tests", "0", "--min-coverage", "10"]);
            command
        });
        assert!(cost.code == Some(0), "{}: {:?}\n{}", format.name, cost.code, cost.said);
        cost.print(&format!("{}, {files} files, {:.1} MB", format.name, megabytes(length)));
    }
}

/// Two thousand changed files, forty changed lines in each, judged from the repository's own objects.
fn patch(folder: &Path) {
    const FILES: u64 = 2_000;
    let root = folder.join("repository");
    std::fs::create_dir(&root).expect("a folder");
    git(&root, &["init", "--quiet", "--initial-branch", "main"]);
    let commit = |edition: &str| {
        for file in 0..FILES {
            let path = root.join(formats::path(file));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("room on the disk");
            std::fs::write(path, source(file, edition)).expect("room on the disk");
        }
        git(&root, &["add", "."]);
        let author = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"];
        git(&root, &[&author[..], &["commit", "--quiet", "--message", edition]].concat());
    };
    commit("before");
    commit("after");
    let report: String = (0..FILES).map(formats::lcov).collect();
    std::fs::write(root.join("coverage.info"), report).expect("room on the disk");
    let cost = best(RUNS, || {
        let mut command = gate(&root);
        command.args(["coverage.info", "--min-tests", "0", "--base", "HEAD~1", "--min-patch-coverage", "10"]);
        command
    });
    let told = std::fs::read_to_string(root.join("devops-report/report.json")).unwrap_or_default();
    assert!(cost.code == Some(0) && told.contains("\"patch\": {"), "{:?}\n{}", cost.code, cost.said);
    cost.print(&format!("coverage of a change, {FILES} files, {} lines", FILES * 40));
}

/// A file of 400 lines, every tenth of which says its edition.
fn source(file: u64, edition: &str) -> String {
    let mut text = String::new();
    for line in 0..formats::LINES {
        let edition = if line % 10 == 0 { edition } else { "as ever" };
        let _ = writeln!(text, "const value_{file}_{line} = \"{edition}\"");
    }
    text
}

fn git(root: &Path, words: &[&str]) {
    let mut command = Command::new("git");
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("GIT")) {
        command.env_remove(variable);
    }
    let status =
        command.current_dir(root).args(words).stdout(Stdio::null()).status().expect("git is installed");
    assert!(status.success(), "git {words:?}");
}
