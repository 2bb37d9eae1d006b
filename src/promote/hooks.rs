//! The commands around the switch: run by `sh`, in a process group of their own, for a limited time.
//!
//! Owns starting, waiting and ending them. When they run and what their failure means is decided by `machine`.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::journal::Record;
use devops_core::{Error, Redactor};
use devops_files::{open_anew, read_end};
use devops_net::Cancel;

/// Flags of the commands around the switch.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Hooks")]
pub struct HookArguments {
    /// Shell command that starts the new colour, before its health check, e.g. `docker compose up -d green`
    #[arg(long, value_name = "COMMAND")]
    pub start_hook: Option<String>,

    /// Shell command right before the switch
    #[arg(long, value_name = "COMMAND")]
    pub before_hook: Option<String>,

    /// Shell command after the confirmed switch; if it fails, traffic returns to the old colour
    #[arg(long, value_name = "COMMAND")]
    pub after_hook: Option<String>,

    /// Shell command at the end, whatever the result
    #[arg(long, value_name = "COMMAND")]
    pub stop_hook: Option<String>,

    /// Maximum seconds per hook
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub hook_timeout: u64,
}

/// How long a command that is to end may take to do so before it is killed.
const GRACE: Duration = Duration::from_secs(1);
/// How long ending a command may take at most.
pub(crate) const LONGEST_END: Duration = GRACE.saturating_add(GRACE);
/// How much of a failed command's output is shown.
const TAIL: usize = 2_000;
/// How much of its end is looked at for that, so that a secret that begins before what is shown is known.
const LOOKED_AT: u64 = 1 << 20;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ran {
    /// With exit 0.
    Well,
    /// Otherwise, and how, with the end of its output.
    Badly(String),
    /// Not at all: a signal asked to stop, and it was ended.
    Cancelled,
}

/// What all commands have in common.
#[derive(Clone)]
pub(crate) struct Hooks {
    /// Folder they start in.
    pub(crate) folder: PathBuf,
    /// Folder that receives what they print.
    pub(crate) logs: PathBuf,
    /// How long each may take.
    pub(crate) timeout: Duration,
    /// Masks secrets in what they print.
    pub(crate) redactor: Redactor,
}

impl Hooks {
    /// Runs a command and waits for it, not for what it leaves running.
    ///
    /// # Errors
    /// Where there is no shell, or no place for its output.
    pub(crate) async fn run(
        &self,
        name: &str,
        command: &str,
        record: &Record,
        cancel: Option<&Cancel>,
    ) -> Result<Ran, Error> {
        let log = self.logs.join(format!("{name}.log"));
        let output = open_anew(&log).map_err(|error| Error::unwritable(&log, error))?;
        let errors = output.try_clone().map_err(|error| Error::unwritable(&log, error))?;
        let from = record.from.map_or("", |from| from.as_str());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).current_dir(&self.folder).process_group(0);
        // A file and not a pipe, so that a server left running does not make the run wait.
        shell.stdin(Stdio::null()).stdout(output).stderr(errors);
        shell.env("DEVOPS_COLOUR", record.to.as_str()).env("DEVOPS_TO", record.to.as_str());
        shell.env("DEVOPS_FROM", from).env("DEVOPS_GENERATION", record.generation.to_string());
        if let Some(folder) = binaries() {
            shell.env("DEVOPS_BINARIES", folder);
        }
        let mut child = shell
            .spawn()
            .map_err(|error| Error::environment(format!("can't run `{name}`")).because(error))?;
        let asked = async {
            match cancel {
                Some(cancel) => cancel.asked().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Error::environment(format!("lost `{name}`")).because(error))?;
                Ok(self.judge(status, &log))
            }
            () = asked => {
                end(&mut child).await;
                Ok(Ran::Cancelled)
            }
            () = tokio::time::sleep(self.timeout) => {
                end(&mut child).await;
                let text = format!("did not end within {} s", self.timeout.as_secs_f32());
                Ok(Ran::Badly(self.with_tail(text, &log)))
            }
        }
    }

    /// What an exit status means.
    fn judge(&self, status: ExitStatus, log: &Path) -> Ran {
        if status.success() {
            Ran::Well
        } else {
            Ran::Badly(self.with_tail(format!("ended with {status}"), log))
        }
    }

    /// A text followed by the end of what was printed; masked before it is cut, or half a secret would go unnoticed.
    fn with_tail(&self, text: String, log: &Path) -> String {
        let printed = read_end(log, LOOKED_AT).unwrap_or_default();
        let printed = self.redactor.redact(&String::from_utf8_lossy(&printed));
        match tail(&printed) {
            "" => text,
            tail => format!("{text}:\n{tail}"),
        }
    }
}

/// Folder of the running program, where the other binaries are.
fn binaries() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_path_buf())
}

/// Ends a command with all it started: by SIGTERM, then by SIGKILL.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let Some(group) = group else { return };
    // A group that is gone already needs no signal.
    let _ = kill_process_group(group, Signal::TERM);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
    let _ = kill_process_group(group, Signal::KILL);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
}

/// The end of a text, from the beginning of a line where one begins there.
fn tail(text: &str) -> &str {
    let mut from = text.len().saturating_sub(TAIL);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let (before, tail) = text.split_at(from);
    if before.is_empty() || before.ends_with('\n') {
        return tail.trim();
    }
    // Of the line that was cut, nothing is shown: half a word is of no use, and may be half a secret.
    tail.split_once('\n').map_or("", |(_, whole)| whole).trim()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{Hooks, TAIL, tail};
    use devops_core::{Redactor, Secret};

    #[test]
    fn the_end_of_a_text_begins_with_a_line() {
        assert_eq!(tail("short\n"), "short");
        let text = format!("{}\nwhole {}", "é".repeat(TAIL), "x".repeat(1_001));
        assert_eq!(tail(&text), format!("whole {}", "x".repeat(1_001)));
        let lines = format!("gone\n{}\n", "y".repeat(TAIL - 1));
        assert_eq!(tail(&lines), "y".repeat(TAIL - 1));
        assert_eq!(tail(&"z".repeat(TAIL + 1)), "");
    }

    #[test]
    fn no_part_of_a_secret_is_shown_wherever_the_text_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let secret = "first-half-0123456789\nsecond-half-0123456789";
        let hooks = Hooks {
            folder: PathBuf::from("."),
            logs: folder.path().to_path_buf(),
            timeout: Duration::from_secs(1),
            redactor: Redactor::of([Secret::new(secret.to_owned())]),
        };
        for after in TAIL - 50..TAIL + 10 {
            std::fs::write(&log, format!("before\n{secret}\n{}", "x".repeat(after))).unwrap();
            let shown = hooks.with_tail("ended".to_owned(), &log);
            assert!(!shown.contains("0123456789"), "{after}: {shown}");
        }
    }
}
