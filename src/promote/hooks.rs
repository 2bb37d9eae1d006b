//! The commands around the switch: run by `sh`, in a process group of their own, for a limited time.
//!
//! Owns starting, waiting and ending them. When they run and what their failure means is the machine's business.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::journal::Record;
use super::signals::Cancel;
use crate::core::Error;

/// How long a command that is to end may take to do so before it is killed.
const GRACE: Duration = Duration::from_secs(1);
/// How much of a failed command's output is shown.
const TAIL: usize = 2_000;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ran {
    /// With exit 0.
    Well,
    /// Otherwise, and how, with the end of its output.
    Badly(String),
    /// Not at all: somebody asked to stop, and it was ended.
    Cancelled,
}

/// What all commands have in common.
pub(crate) struct Hooks {
    /// Folder they start in.
    pub(crate) folder: PathBuf,
    /// Folder that receives what they print.
    pub(crate) logs: PathBuf,
    /// How long each may take.
    pub(crate) timeout: Duration,
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
        let output = File::create(&log).map_err(|error| Error::unwritable(&log, error))?;
        let errors = output.try_clone().map_err(|error| Error::unwritable(&log, error))?;
        let from = record.from.map_or("", |from| from.as_str());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).current_dir(&self.folder).process_group(0);
        // A file and not a pipe, so that a server left running can't keep anybody waiting.
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
                Ok(judge(status, &log))
            }
            () = asked => {
                end(&mut child).await;
                Ok(Ran::Cancelled)
            }
            () = tokio::time::sleep(self.timeout) => {
                end(&mut child).await;
                let text = format!("did not end within {} s", self.timeout.as_secs_f32());
                Ok(Ran::Badly(with_tail(text, &log)))
            }
        }
    }
}

/// Folder of the running program, where its sisters are.
fn binaries() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_path_buf())
}

/// What an exit status means.
fn judge(status: ExitStatus, log: &Path) -> Ran {
    if status.success() { Ran::Well } else { Ran::Badly(with_tail(format!("ended with {status}"), log)) }
}

/// Ends a command with all it started: gently, then not.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let Some(group) = group else { return };
    // A group that is gone already is what is wanted.
    let _ = kill_process_group(group, Signal::TERM);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
    let _ = kill_process_group(group, Signal::KILL);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
}

/// A text followed by the end of what was printed.
fn with_tail(text: String, log: &Path) -> String {
    let printed = std::fs::read(log).unwrap_or_default();
    let tail = printed.get(printed.len().saturating_sub(TAIL)..).unwrap_or_default();
    let tail = String::from_utf8_lossy(tail);
    match tail.trim() {
        "" => text,
        tail => format!("{text}:\n{tail}"),
    }
}
