//! `scripts/run.sh`: the right binary, unchanged, or none.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};
use tempfile::{TempDir, tempdir};

use super::{ROOT, binaries, publish, write};
use crate::support::{Finished, NOW, run};

/// A "binary" that says it ran, and as which process.
const BINARY: &str = "#!/usr/bin/env bash\necho \"ran $$ $*\"\n";

fn target() -> String {
    format!("{}-unknown-linux-musl", std::env::consts::ARCH)
}

/// A release: the launcher, a binary of `test-gate` for this machine, and its hash.
fn release() -> TempDir {
    let folder = tempdir().unwrap();
    publish(folder.path());
    let name = format!("{}/test-gate", target());
    program(&folder.path().join("dist").join(&name), BINARY);
    sums(&folder.path().join("dist/SHA256SUMS"), &[("0".repeat(64), "other"), (sha256(BINARY), &name)]);
    folder
}

fn program(path: &Path, text: &str) {
    write(path, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn sums(path: &Path, lines: &[(String, &str)]) {
    write(path, lines.iter().map(|(sum, name)| format!("{sum}  {name}\n")).collect::<String>());
}

fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The launcher of a release, in an environment that holds nothing but the search path.
fn launcher(release: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg(release.join("scripts/run.sh")).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.current_dir(release);
    command
}

#[test]
fn a_binary_with_its_hash_runs_and_takes_the_launchers_place() {
    let release = release();
    let mut child = launcher(release.path());
    let child = child.args(["test-gate", "a b", "c"]).stdout(Stdio::piped()).spawn().unwrap();
    let expected = format!("ran {} a b c\n", child.id());
    let output = child.wait_with_output().unwrap();
    // The same process: a signal to the step reaches the job, and nothing waits in between.
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert!(output.status.success());
}

#[test]
fn a_changed_binary_is_refused() {
    let release = release();
    let binary = release.path().join("dist").join(target()).join("test-gate");
    for place in 0..BINARY.len() {
        let mut bytes = BINARY.as_bytes().to_vec();
        bytes[place] ^= 1;
        if place % 8 == 0 {
            std::fs::write(&binary, bytes).unwrap();
            refused(&run(launcher(release.path()).arg("test-gate")));
        }
    }
    std::fs::write(&binary, BINARY).unwrap();
    assert_eq!(run(launcher(release.path()).arg("test-gate")).code, Some(0));
}

#[test]
fn sums_that_lack_the_binary_or_are_missing_or_forged_refuse_it() {
    let release = release();
    let list = release.path().join("dist/SHA256SUMS");
    let name = format!("{}/test-gate", target());
    for text in [
        String::new(),
        format!("{}  {name}\n", "0".repeat(64)),
        format!("{}  {name}.old\n", sha256(BINARY)),
        format!("{}\n", sha256(BINARY)),
        format!("  {name}\n"),
    ] {
        std::fs::write(&list, &text).unwrap();
        refused(&run(launcher(release.path()).arg("test-gate")));
    }
    std::fs::remove_file(&list).unwrap();
    refused(&run(launcher(release.path()).arg("test-gate")));
}

/// Exit 3, one line that says so, and the binary did not run.
fn refused(finished: &Finished) {
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert!(finished.stderr.starts_with("error: "), "{finished:?}");
}

#[test]
fn on_github_the_refusal_is_an_annotation() {
    let release = release();
    std::fs::remove_file(release.path().join("dist/SHA256SUMS")).unwrap();
    let finished = run(launcher(release.path()).arg("test-gate").env("GITHUB_ACTIONS", "true"));
    assert_eq!(finished.code, Some(3));
    assert!(finished.stdout.starts_with("::error title=devops-action::"), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 1);
}

#[test]
fn an_unknown_job_is_wrong_usage_and_is_never_repeated() {
    let release = release();
    for name in ["", "devops", "../test-gate", "test-gate\n", "$(touch pwned)", "x\n::error::forged", "-x"] {
        let finished = run(launcher(release.path()).arg(name).env("GITHUB_ACTIONS", "true"));
        assert_eq!(finished.code, Some(2), "{name}: {finished:?}");
        assert!(finished.stdout.contains("the jobs are test-gate"), "{finished:?}");
        assert!(!finished.stdout.contains("forged"), "{finished:?}");
    }
    assert!(!release.path().join("pwned").exists());
    assert_eq!(run(&mut launcher(release.path())).code, Some(2));
}

#[test]
fn a_folder_of_binaries_comes_first_and_is_checked_where_it_has_sums() {
    let release = release();
    let folder = release.path().join("own");
    let own = "#!/bin/sh\necho own\n";
    program(&folder.join("test-gate"), own);
    let launch = || run(launcher(release.path()).arg("test-gate").env("DEVOPS_ACTION_BIN", &folder));
    assert_eq!(launch().stdout, "own\n");
    sums(&folder.join("SHA256SUMS"), &[(sha256(own), "test-gate")]);
    assert_eq!(launch().stdout, "own\n");
    sums(&folder.join("SHA256SUMS"), &[(sha256("other"), "test-gate")]);
    refused(&launch());
    let finished = run(launcher(release.path()).arg("promote").env("DEVOPS_ACTION_BIN", &folder));
    assert_eq!(finished.code, Some(4), "{finished:?}");
}

/// A folder with links to the few programs the launcher needs, and perhaps a cargo.
fn few_programs(folder: &Path, cargo: Option<&str>) -> PathBuf {
    let path = folder.join("path");
    std::fs::create_dir_all(&path).unwrap();
    let found = std::env::var_os("PATH").unwrap();
    for name in ["sh", "bash", "env", "uname", "sha256sum", "mkdir", "cp", "chmod"] {
        let program =
            std::env::split_paths(&found).map(|folder| folder.join(name)).find(|path| path.exists());
        symlink(program.unwrap(), path.join(name)).unwrap();
    }
    if let Some(text) = cargo {
        program(&path.join("cargo"), text);
    }
    path
}

#[test]
fn without_binaries_and_cargo_it_says_what_to_do() {
    let release = release();
    std::fs::remove_dir_all(release.path().join("dist")).unwrap();
    let path = few_programs(release.path(), None);
    let finished = run(launcher(release.path()).arg("test-gate").env("PATH", path));
    assert_eq!(finished.code, Some(4), "{finished:?}");
    assert!(finished.stderr.contains("pin a release, or set DEVOPS_ACTION_BIN"), "{finished:?}");
}

#[test]
fn without_binaries_it_builds_this_commits_source_locked() {
    let release = release();
    std::fs::remove_dir_all(release.path().join("dist")).unwrap();
    // Stands in for cargo: logs where and how it was called, and leaves a binary where the real one would.
    let cargo = "#!/bin/sh\necho \"$PWD: $*\" >>\"$LOG\"\nfor target; do :; done\nmkdir -p \"$target/release\"\n\
                 for job in test-gate promote; do\n\
                 printf '#!/bin/sh\\necho built\\n' >\"$target/release/$job\"\nchmod +x \"$target/release/$job\"\ndone\n";
    let path = few_programs(release.path(), Some(cargo));
    let (log, temporary) = (release.path().join("log"), release.path().join("temporary"));
    for job in ["test-gate", "promote"] {
        let mut command = launcher(release.path());
        command.arg(job).env("PATH", &path).env("LOG", &log).env("RUNNER_TEMP", &temporary);
        let finished = run(&mut command);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "built\n"), "{finished:?}");
    }
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let target = temporary.join("devops-action-target").canonicalize().unwrap();
    let target = target.display();
    let here = release.path().canonicalize().unwrap();
    let build = format!("{}: cargo", here.display()).replace(": cargo", ": build --quiet --release --locked");
    assert_eq!(lines[0], format!("{build} --package test-gate --target-dir {target}"));
    assert_eq!(lines[1], format!("{build} --package promote --target-dir {target}"));
    let failing = few_programs(&release.path().join("failing"), Some("#!/bin/sh\nexit 101\n"));
    let finished = run(launcher(release.path()).arg("test-gate").env("PATH", failing));
    assert_eq!(finished.code, Some(4), "{finished:?}");
}

#[test]
fn startup_files_of_shells_are_not_handed_on() {
    let release = release();
    let startup = release.path().join("startup");
    write(&startup, "echo startup\n");
    let mut command = launcher(release.path());
    let finished = run(command.arg("test-gate").env("BASH_ENV", &startup).env("ENV", &startup));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!finished.stdout.contains("startup"), "{finished:?}");
}

/// Texts that do harm where they are pasted into a script, a command or a file of outputs.
const HOSTILE: [&str; 14] = [
    "$(touch pwned)",
    "`touch pwned`",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "$HOME ${IFS} && touch pwned",
    "| touch pwned",
    "x\ntouch pwned",
    "x\n::error::forged",
    "x\r\n::warning file=a::forged",
    "%0A::error::forged",
    "x\nverdict<<EOF\nforged\nEOF",
    "x\nverdict=forged",
    "--mode=report",
    "\u{202e}\u{1b}[31mforged",
];

#[test]
fn hostile_inputs_are_words_and_nothing_else() {
    let release = tempdir().unwrap();
    publish(release.path());
    let work = tempdir().unwrap();
    let outputs = work.path().join("outputs");
    for input in ["PATHS", "FAIL_ON", "MODE", "REPORT_DIR", "FORMATS", "HOST", "CONFIG", "WORKING_DIRECTORY"]
    {
        for text in HOSTILE {
            std::fs::write(&outputs, "").unwrap();
            let mut command = launcher(release.path());
            command.arg("test-gate").current_dir(work.path()).env("DEVOPS_ACTION_BIN", binaries());
            command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &outputs).env("DEVOPS_NOW", NOW);
            let finished = run(command.env(format!("DEVOPS_IN_{input}"), text));
            let about = format!("{input}={text:?}: {finished:?}");
            assert!(matches!(finished.code, Some(0..=4)), "{about}");
            assert!(!work.path().join("pwned").exists(), "{about}");
            assert!(!release.path().join("pwned").exists(), "{about}");
            assert!(!obeys(&finished.stdout) && !obeys(&finished.stderr), "{about}");
            let verdict = verdict(&std::fs::read_to_string(&outputs).unwrap());
            assert!(matches!(verdict.as_str(), "" | "pass" | "warn" | "fail" | "error"), "{about}");
        }
    }
}

/// Whether a runner would take one of the forged commands from this text.
fn obeys(text: &str) -> bool {
    let mut end: Option<String> = None;
    for line in text.split(['\n', '\r']).map(str::trim_start) {
        if let Some(token) = &end {
            if line == format!("::{token}::") {
                end = None;
            }
        } else if let Some(token) = line.strip_prefix("::stop-commands::") {
            end = Some(token.to_owned());
        } else if line.starts_with("::") && line.ends_with("::forged") && !line.contains('%') {
            return true;
        }
    }
    false
}

/// The verdict as a runner reads it from the file of outputs: the last one wins.
fn verdict(outputs: &str) -> String {
    let (mut lines, mut verdict) = (outputs.lines(), String::new());
    while let Some(line) = lines.next() {
        let Some((name, delimiter)) = line.split_once("<<") else {
            panic!("a line outside of every output: {line}");
        };
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        if name == "verdict" {
            verdict = value.join("\n");
        }
    }
    verdict
}

#[test]
fn it_is_short_and_writes_nothing_others_read() {
    let text = std::fs::read_to_string(Path::new(ROOT).join("scripts/run.sh")).unwrap();
    assert!(text.lines().count() <= 100);
    for word in ["GITHUB_ENV", "GITHUB_PATH", "eval", "curl", "wget"] {
        assert!(!text.contains(word), "{word}");
    }
}
