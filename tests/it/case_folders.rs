//! Folders of whole situations: what was typed, what was printed, how it ended and what was left behind.
//!
//! `tests/cases/JOB/CASE/commands` holds lines for the shell, run one after the other in a copy of the folder, with our binaries first on
//! `PATH`, a fixed clock, no host and `SAMPLE` naming the sample project. `expected/` has the `transcript` and the files of the report
//! folder. `DEVOPS_BLESS=1` writes both anew; then read the difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::binary;

/// The jobs that have folders of this kind.
const JOBS: [&str; 4] = ["image-scan", "promote", "annotate", "devops"];

/// The files of a report that are compared.
const FILES: [&str; 2] = ["report.json", "summary.md"];

#[test]
fn image_scan_does_what_its_folders_say() {
    all("image-scan");
}

#[test]
fn promote_does_what_its_folders_say() {
    all("promote");
}

#[test]
fn annotate_does_what_its_folders_say() {
    all("annotate");
}

#[test]
fn devops_does_what_its_folders_say() {
    all("devops");
}

#[test]
fn every_folder_has_commands_and_what_they_lead_to() {
    for job in JOBS {
        for case in folders(job) {
            let commands = std::fs::read_to_string(case.join("commands")).unwrap();
            assert!(commands.lines().next().is_some_and(|line| line.starts_with("# ")), "{}", case.display());
            let is_written = std::env::var_os("DEVOPS_BLESS").is_some();
            assert!(is_written || case.join("expected/transcript").exists(), "{}", case.display());
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn folders(job: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/cases").join(job);
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 2, "{job} has folders");
    cases
}

/// Compares every folder of a job, and names all that differ at once.
fn all(job: &str) {
    let mut different = String::new();
    for case in folders(job) {
        let found = happened(&case);
        let expected = case.join("expected");
        if std::env::var_os("DEVOPS_BLESS").is_some() {
            let _ = std::fs::remove_dir_all(&expected);
            std::fs::create_dir_all(&expected).unwrap();
            for (name, text) in &found {
                std::fs::write(expected.join(name), text).unwrap();
            }
        }
        let wanted = texts(&expected);
        for name in found.keys().chain(wanted.keys()) {
            if found.get(name) != wanted.get(name) {
                let text = found.get(name).map_or("is not there", String::as_str);
                let _ = writeln!(different, "== {}/expected/{name} differs:\n{text}", case.display());
            }
        }
    }
    assert!(different.is_empty(), "{different}\nDEVOPS_BLESS=1 writes what happened");
}

/// The files of a folder.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| (name(&entry.path()), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

/// Runs the commands of a case in a copy of its folder; what it printed and the files it left, by name.
fn happened(case: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    copy(case, folder.path());
    let mut transcript = String::new();
    for line in std::fs::read_to_string(case.join("commands")).unwrap().lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let _ = writeln!(transcript, "$ {line}");
        let mut command = shell(line, folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        transcript.push_str(&printed.replace(&folder.path().display().to_string(), "FOLDER"));
        let _ = writeln!(transcript, "exit {}\n", output.status.code().unwrap());
    }
    let mut found = BTreeMap::from([("transcript".to_owned(), transcript)]);
    for name in FILES {
        if let Ok(text) = std::fs::read_to_string(folder.path().join("devops-report").join(name)) {
            let text = text.replace(&folder.path().display().to_string(), "FOLDER");
            found.insert(name.to_owned(), if name.ends_with("json") { pretty(&text) } else { text });
        }
    }
    found
}

/// A line for the shell, in the environment that `binary` gives each of our programs; what goes wrong is printed where the rest is.
fn shell(line: &str, folder: &Path) -> Command {
    let program = binary("devops", folder);
    let ours = Path::new(program.get_program()).parent().unwrap();
    let mut paths = vec![ours.to_path_buf()];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{{ {line}\n}} 2>&1")]).current_dir(folder);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("PATH", std::env::join_paths(paths).unwrap()).env("SAMPLE", root().join("examples/webshop"));
    command
}

/// JSON with a line for each value, so that a difference can be read.
fn pretty(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() && entry.file_name() != "expected" {
            std::fs::create_dir_all(&target).unwrap();
            copy(&path, &target);
        } else if path.is_file() && entry.file_name() != "commands" {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
