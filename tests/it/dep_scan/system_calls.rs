//! What a scan asks of the system: no socket, no other process.

use std::path::Path;
use std::process::Command;

use crate::skipped::skipped;
use crate::support::{binary, run};

use super::{case, unpacked};

/// System calls that open a socket or start a program or process; not every processor has those with a question mark.
const WATCHED: &str =
    "trace=socket,socketpair,connect,sendto,sendmsg,execve,?execveat,?fork,?vfork,clone,?clone3";

/// What a run of `dep-scan` calls of these; none where strace is missing.
fn traced(folder: &Path, arguments: &[&str]) -> Option<(Option<i32>, Vec<String>)> {
    if Command::new("strace").arg("--version").output().is_err() {
        assert!(std::env::var_os("DEVOPS_TOOLS_REQUIRED").is_none(), "strace is required");
        skipped("strace");
        return None;
    }
    let log = folder.join("trace.log");
    let program = binary("dep-scan", folder);
    let mut command = Command::new("strace");
    command.args(["--follow-forks", "--quiet=all", "-e", WATCHED, "--output"]).arg(&log);
    command.arg(program.get_program()).args(arguments).current_dir(folder);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let finished = run(&mut command);
    let text = std::fs::read_to_string(&log).unwrap();
    // A thread is a clone of its process.
    let calls = text.lines().filter(|line| !line.contains("CLONE_THREAD") && !line.contains(" resumed>"));
    Some((finished.code, calls.map(str::to_owned).collect()))
}

#[test]
fn a_scan_opens_no_socket_and_starts_no_process() {
    let Some((folder, database)) = unpacked() else { return };
    let project = case("pnpm-9");
    let lockfile = project.join("pnpm-lock.yaml");
    std::fs::copy(&lockfile, folder.path().join("pnpm-lock.yaml")).unwrap();
    std::fs::write(
        folder.path().join("Cargo.lock"),
        "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.1.42\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
    )
    .unwrap();
    let database = database.to_str().unwrap().to_owned();
    for (arguments, code) in [
        (vec!["db", "build", "--output", "advisories.idx", &database], 0),
        (vec!["--db", "advisories.idx", "--frozen-db", "--fixes", "."], 1),
        (vec!["--db", &database, "--frozen-db", "."], 1),
        (vec!["packages", "."], 0),
    ] {
        let Some((ended, calls)) = traced(folder.path(), &arguments) else { return };
        assert_eq!(ended, Some(code), "{arguments:?}");
        // The one program is `dep-scan` itself.
        let others: Vec<&String> = calls.iter().filter(|call| !call.contains("execve(")).collect();
        assert!(others.is_empty(), "{arguments:?}: {others:?}");
        assert_eq!(calls.len(), 1, "{arguments:?}: {calls:?}");
    }
}
