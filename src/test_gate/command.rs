//! The command that `test-gate run` starts: exactly the one given, with our own input and output, and to its end.
//!
//! A host that cancels a job or stops it after a time limit knows only this process, so each signal is passed on to the command,
//! which is waited for. A run that was cancelled gives no verdict, whatever the command made of the signal.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::Command;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use devops_core::Error;
use devops_job::signals::{self, Listener};

/// How long a command may take to end after a signal. GitHub and Docker kill everything after ten seconds.
const GRACE: Duration = Duration::from_secs(9);

/// How often it is looked at whether processes that are no children of ours have ended, and how long once they were killed.
const PAUSE: Duration = Duration::from_millis(10);
const LAST: Duration = Duration::from_millis(500);

/// Runs a command in a folder and returns its exit code; 128 and the signal's number where one ended it.
///
/// # Errors
/// Where it can't be started, or somebody asked to end before it had ended.
pub(super) fn run(command: &[OsString], folder: &Path) -> Result<i64, Error> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::usage("no command given to run")
            .help("write `test-gate run PATH... -- COMMAND`, e.g. `-- mvn test`"));
    };
    let name = Path::new(program).display();
    let trouble = |error: io::Error| {
        Error::usage(format!("{name} can't be started: {error}")).help("correct the command after `--`")
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    let mut listener = Listener::start()?;
    let mut started = Started::start(&mut command).map_err(trouble)?;
    let status = started.wait(&mut listener).map_err(trouble)?;
    let late = listener.stop();
    match started.asked.or(late.first().copied()) {
        None => Ok(code(status)),
        Some(signal) => {
            let message = format!("cancelled by {} while {name} ran", signals::name(signal));
            Err(Error::environment(message)
                .help("run it again; the reports of a cancelled run are not judged"))
        }
    }
}

/// A command that was started.
struct Started {
    child: Child,
    target: Target,
    /// The first signal that was passed on.
    asked: Option<i32>,
}

impl Started {
    /// Starts it, in a process group of its own unless somebody sits at a terminal.
    ///
    /// The group lets signals reach what the command itself has started. At a terminal, only the group in its foreground can read,
    /// and Ctrl-C goes to all of it.
    fn start(command: &mut Command) -> io::Result<Self> {
        let is_at_terminal =
            io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
        if !is_at_terminal {
            command.process_group(0);
        }
        let child = command.spawn()?;
        let target = Target { process: Pid::from_child(&child), is_group: !is_at_terminal };
        Ok(Self { child, target, asked: None })
    }

    /// Waits for its end, passing on signals.
    fn wait(&mut self, listener: &mut Listener) -> io::Result<ExitStatus> {
        let mut deadline = None;
        loop {
            if let Some(status) = self.child.try_wait()? {
                if let Some(deadline) = deadline {
                    self.target.wait(&deadline);
                }
                return Ok(status);
            }
            for signal in listener.wait() {
                self.asked.get_or_insert(signal);
                if self.target.pass_on(signal) {
                    deadline.get_or_insert_with(|| Deadline::start(self.target, GRACE));
                }
            }
        }
    }
}

/// Who receives signals: the command, or all of its process group.
#[derive(Clone, Copy)]
struct Target {
    process: Pid,
    is_group: bool,
}

impl Target {
    /// Passes a signal on, unless the command received it itself; whether it was passed on.
    fn pass_on(self, signal: i32) -> bool {
        // A terminal sends these to its whole foreground group, and many runners take a second one for impatience.
        let is_from_terminal = [Signal::INT, Signal::QUIT].map(Signal::as_raw).contains(&signal);
        match Signal::from_named_raw(signal).filter(|_| self.is_group || !is_from_terminal) {
            None => false,
            Some(signal) => {
                self.send(signal);
                true
            }
        }
    }

    fn send(self, signal: Signal) {
        let send = if self.is_group { kill_process_group } else { kill_process };
        // One that is gone already is what is wanted.
        let _ = send(self.process, signal);
    }

    /// Waits for what the command has left behind in its group, which has received the signal as well.
    fn wait(self, deadline: &Deadline) {
        let is_there = || self.is_group && test_kill_process_group(self.process).is_ok();
        while is_there() && Instant::now() < deadline.end + LAST {
            std::thread::sleep(PAUSE);
        }
    }
}

/// The time at which a command is killed, unless this is dropped before.
struct Deadline {
    end: Instant,
    _is_over: Sender<()>,
}

impl Deadline {
    fn start(target: Target, grace: Duration) -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            if receiver.recv_timeout(grace) == Err(RecvTimeoutError::Timeout) {
                target.send(Signal::KILL);
            }
        });
        Self { end: Instant::now() + grace, _is_over: sender }
    }
}

fn code(status: ExitStatus) -> i64 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).map_or(-1, i64::from)
}

/// What an exit code says by common use.
pub(super) fn meaning(code: i64) -> &'static str {
    match code {
        137 => " (killed, often for lack of memory)",
        134 | 139 => " (crashed)",
        143 => " (asked to end)",
        124 => " (timed out)",
        126 | 127 => " (the command was not found or can't run)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use rustix::process::Signal;

    use super::{Deadline, Started, code};

    #[test]
    fn a_command_that_does_not_end_is_killed_with_all_it_started() {
        // What a shell starts in the background reads from nowhere, unless it is given what the shell itself reads from.
        let script = "exec 3<&0; trap '' TERM; (echo ready; cat <&3) & wait $!";
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut started = Started::start(&mut command).unwrap();
        let _open = started.child.stdin.take();
        let mut lines = BufReader::new(started.child.stdout.take().unwrap()).lines();
        if !started.target.is_group {
            // Somebody runs the tests at a terminal.
            return started.child.kill().unwrap();
        }
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        assert!(started.target.pass_on(Signal::TERM.as_raw()));
        let deadline = Deadline::start(started.target, Duration::ZERO);
        // The shell is killed, or has just seen that what it waits for was.
        assert_eq!(code(started.child.wait().unwrap()), 128 + i64::from(Signal::KILL.as_raw()));
        started.target.wait(&deadline);
        // The pipe is closed, because nothing is left that could write into it.
        assert!(lines.next().is_none());
    }
}
