//! What the tests share: running a binary with a clean environment, the corpus, temporary folders.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use clap::ValueEnum;
use devops::JOBS;
use devops_job::Format;
use tempfile::TempDir;

use crate::skipped::skipped;

/// Variables of hosts that must not leak from where the tests run into what they test.
const HOSTS: [&str; 6] = ["GITHUB_", "GITLAB_", "CI", "RUNNER_", "DEVOPS_", "ACTIONS_"];

/// The day on which tests take place.
pub(crate) const NOW: &str = "2026-11-23T12:00:00Z";

/// Names of all jobs, and so of their binaries.
pub(crate) fn jobs() -> impl Iterator<Item = &'static str> {
    JOBS.iter().map(|entry| entry.name)
}

/// Names of all binaries.
pub(crate) fn binaries() -> impl Iterator<Item = &'static str> {
    jobs().chain(["devops"])
}

/// One of our binaries, in `folder`, with a scrubbed environment and a fixed clock.
pub(crate) fn binary(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(folder_of_binaries().join(name));
    for (variable, _) in std::env::vars() {
        if HOSTS.iter().any(|prefix| variable.starts_with(prefix)) {
            command.env_remove(variable);
        }
    }
    command.current_dir(folder).env("DEVOPS_NOW", NOW).env("NO_COLOR", "1");
    command
}

/// The folder of our binaries, built from the sources as they are: cargo builds those of other packages for no test.
pub(crate) fn folder_of_binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let tests = std::env::current_exe().expect("a path");
        let folder = tests.parent().and_then(Path::parent).expect("target/PROFILE/deps").to_path_buf();
        let profile = match folder.file_name().and_then(OsStr::to_str) {
            Some("debug") | None => "dev",
            Some(profile) => profile,
        };
        let mut cargo = Command::new(env!("CARGO"));
        // With the tests, so that libraries have the same features in both and are built once.
        cargo.args(["build", "--quiet", "--locked", "--workspace", "--bins", "--test", "it"]);
        cargo.args(["--profile", profile, "--target-dir"]).arg(folder.parent().expect("target/PROFILE"));
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        assert!(cargo.status().expect("cargo starts").success(), "the binaries can't be built");
        folder
    })
}

/// Runs git in a folder, without the user's configuration; returns what it prints.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "a").env(format!("GIT_{role}_EMAIL"), "a@example.com");
        command.env(format!("GIT_{role}_DATE"), NOW);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The report that a job wrote into a folder; `null` where it wrote none.
pub(crate) fn report_or_null(folder: &Path) -> serde_json::Value {
    if folder.join("devops-report/report.json").exists() { report(folder) } else { serde_json::Value::Null }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Finished {
    let Output { status, stdout, stderr } = command.output().expect("the binary starts");
    if let Some(folder) = command.get_current_dir() {
        every_result_has_a_place(&folder.join("devops-report/report.sarif"));
    }
    Finished {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(stderr).expect("standard error is UTF-8"),
    }
}

/// GitHub refuses a SARIF file whole where one result has no place, so this is asked of every one that a test makes.
fn every_result_has_a_place(path: &Path) {
    let Ok(text) = std::fs::read(path) else { return };
    let sarif: serde_json::Value = serde_json::from_slice(&text).expect("SARIF is JSON");
    for run in sarif["runs"].as_array().unwrap() {
        assert!(run["automationDetails"]["id"].as_str().unwrap().len() > 1);
        for result in run["results"].as_array().unwrap() {
            let place = &result["locations"][0]["physicalLocation"];
            let is_place = place["artifactLocation"]["uri"].as_str().is_some_and(|uri| !uri.is_empty());
            assert!(
                is_place && place["region"]["startLine"].as_u64() >= Some(1),
                "{}: {result:#}",
                path.display()
            );
        }
    }
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Every format of which a program writes a file, as `--formats` takes them, by the lists of the code. A dependency snapshot is left
/// out, because it is an error where the commit is not known.
pub(crate) fn formats(program: &str) -> String {
    let own: Vec<Format> = JOBS
        .iter()
        .filter(|entry| entry.name == program || program == "devops")
        .flat_map(|entry| entry.formats)
        .map(|own| own.format)
        .collect();
    let is_written = |format: &Format| {
        format.file_name().is_some()
            && *format != Format::Snapshot
            && (!format.is_of_some_jobs() || own.contains(format))
    };
    let names = Format::ALL.into_iter().filter(is_written).filter_map(|format| format.to_possible_value());
    names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(",")
}

/// The folder of public schemas, or `None` with a word about it where it is absent and may be.
pub(crate) fn schemas() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let corpus = std::env::var_os("DEVOPS_CORPUS").map(PathBuf::from);
    let folder = corpus.map_or_else(|| root.join("../shared/schemas"), |corpus| corpus.join("../schemas"));
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("DEVOPS_CORPUS_REQUIRED").is_none(),
        "the schemas are required and {} is not there",
        folder.display()
    );
    skipped("schemas");
    None
}

/// The folder of real data, or `None` with a word about it where it is absent and may be.
pub(crate) fn corpus() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder =
        std::env::var_os("DEVOPS_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("DEVOPS_CORPUS_REQUIRED").is_none(),
        "the corpus is required and {} is not there",
        folder.display()
    );
    skipped("corpus");
    None
}

/// Reads the report a run left in `devops-report/` of `folder`.
pub(crate) fn report(folder: &Path) -> serde_json::Value {
    let path = folder.join("devops-report/report.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("the report is JSON")
}

/// A repository of a project, in a folder that lives as long as the value.
pub(crate) struct Checkout {
    folder: TempDir,
}

impl Checkout {
    /// One without a commit, whose reports git ignores.
    pub(crate) fn new() -> Self {
        let checkout = Self { folder: tempfile::tempdir().unwrap() };
        git(checkout.path(), &["init", "--quiet", "--initial-branch=main"]);
        checkout.write(".gitignore", "devops-report/\n");
        checkout
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path().join(path)).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        std::fs::create_dir_all(self.path().join(to).parent().unwrap()).unwrap();
        std::fs::rename(self.path().join(from), self.path().join(to)).unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, to: &str) {
        std::os::unix::fs::symlink(to, self.path().join(path)).unwrap();
    }

    /// Replaces a text of a file, which holds it.
    pub(crate) fn replace_in(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} holds {from}");
        self.write(path, text.replace(from, to));
    }
}

/// A zip of files that are stored as they are.
pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes().to_vec();
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut sum = flate2::Crc::new();
        sum.update(text.as_bytes());
        // Stored, on the first day that zip knows; checksum, both lengths, and that of the name.
        let mut facts = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        facts.extend(sum.sum().to_le_bytes());
        facts.extend([four(text.len()), four(text.len())].concat());
        facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        let place = four(all.len());
        directory
            .extend([b"PK\x01\x02\x14\x00", facts.as_slice(), &[0; 12], &place, name.as_bytes()].concat());
        all.extend([b"PK\x03\x04", facts.as_slice(), &[0; 2], name.as_bytes(), text.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (start, length) = (four(all.len()), four(directory.len()));
    all.extend(directory);
    all.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count[..], &length, &start, &[0; 2]].concat());
    all
}
