//! The command that `test-gate run` starts: exactly the one given, with our own input and output, and to its end.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::core::Error;

/// Writes the words `run`, `baseline` and `baseline merge`, where they stand first, as the flags they stand for.
///
/// What follows `--` behind `run` is the command. A file of such a name is written `./run`.
pub(super) fn spell(line: Vec<OsString>) -> Vec<OsString> {
    let is = |index: usize, word: &str| line.get(index).is_some_and(|found| found == word);
    let (action, words) = match () {
        () if is(1, "run") => ("run", 1),
        () if is(1, "baseline") && is(2, "merge") => ("merge", 2),
        () if is(1, "baseline") => ("baseline", 1),
        () => return line,
    };
    let mut spelled: Vec<OsString> = line.iter().take(1).cloned().collect();
    spelled.push(format!("--action={action}").into());
    let mut rest = line.into_iter().skip(1 + words);
    let is_end = |word: &OsString| action == "run" && word == "--";
    spelled.extend(rest.by_ref().take_while(|word| !is_end(word)));
    spelled.extend(rest.map(|word| {
        let mut flag = OsString::from("--run-command=");
        flag.push(word);
        flag
    }));
    spelled
}

/// Runs a command in a folder and returns its exit code; 128 and the signal's number where one ended it.
pub(super) fn run(command: &[OsString], folder: &Path) -> Result<i64, Error> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::usage("no command given to run")
            .help("write `test-gate run PATH... -- COMMAND`, as `-- mvn test`"));
    };
    let status = Command::new(program).args(arguments).current_dir(folder).status().map_err(|error| {
        Error::usage(format!("{} can't be started: {error}", Path::new(program).display()))
            .help("correct the command behind `--`")
    })?;
    Ok(code(status))
}

#[cfg(unix)]
fn code(status: std::process::ExitStatus) -> i64 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).map_or(-1, i64::from)
}

#[cfg(not(unix))]
fn code(status: std::process::ExitStatus) -> i64 {
    status.code().map_or(-1, i64::from)
}

/// What an exit code says by common use.
pub(super) fn meaning(code: i64) -> &'static str {
    match code {
        137 => " (killed, often for want of memory)",
        134 | 139 => " (crashed)",
        143 => " (asked to end)",
        124 => " (timed out)",
        126 | 127 => " (the command was not found or can't run)",
        _ => "",
    }
}
