//! Signals that ask this process to end, while it has something to finish first.
//!
//! Handlers stay for the life of the process. While nobody listens, a signal ends the process as it would without them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use devops_core::Error;

/// Whether nobody listens.
static IDLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// Listens for signals, and for the end of child processes, until it is dropped.
pub struct Listener {
    signals: Signals,
}

impl Listener {
    /// Listens from now on, also for SIGINT where it was ignored, as shells ignore it for what they start in the background:
    /// whoever sends it to this process means it. `nohup` ignores SIGHUP on purpose, and keeps it from being listened for.
    ///
    /// # Errors
    /// Where the operating system refuses the handlers.
    pub fn start() -> Result<Self, Error> {
        let mut asking = vec![SIGINT, SIGQUIT, SIGTERM];
        if !is_ignored(SIGHUP) {
            asking.push(SIGHUP);
        }
        let listen = || -> io::Result<Self> {
            let signals = Signals::new(asking.iter().chain(&[SIGCHLD]))?;
            hold(&asking)?;
            Ok(Self { signals })
        };
        listen().map_err(refused)
    }

    /// Waits for signals that ask to end, or for a child process to end: then there may be none.
    pub fn wait(&mut self) -> Vec<i32> {
        self.signals.wait().filter(|signal| *signal != SIGCHLD).collect()
    }

    /// Stops listening; returns the signals that arrived until then.
    pub fn stop(mut self) -> Vec<i32> {
        IDLE.store(true, Ordering::SeqCst);
        self.signals.pending().filter(|signal| *signal != SIGCHLD).collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        IDLE.store(true, Ordering::SeqCst);
    }
}

/// A flag that says from now on, and until the process ends, whether SIGINT, SIGTERM or SIGHUP has arrived.
///
/// # Errors
/// Where the operating system refuses the handlers.
pub fn flag() -> Result<Arc<AtomicBool>, Error> {
    let asked = Arc::new(AtomicBool::new(false));
    let asking = [SIGHUP, SIGINT, SIGTERM];
    let register = || -> io::Result<()> {
        asking.iter().try_for_each(|signal| flag::register(*signal, Arc::clone(&asked)).map(drop))?;
        hold(&asking)
    };
    register().map_err(refused)?;
    Ok(asked)
}

/// Keeps signals from ending the process until nobody listens any more.
fn hold(signals: &[i32]) -> io::Result<()> {
    IDLE.store(false, Ordering::SeqCst);
    signals
        .iter()
        .try_for_each(|signal| flag::register_conditional_default(*signal, Arc::clone(&IDLE)).map(drop))
}

/// What people call a signal.
pub fn name(signal: i32) -> &'static str {
    signal_name(signal).unwrap_or("a signal")
}

/// Whether the process was started with a signal ignored; no where that can't be told.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored >> (signal - 1) & 1 == 1
}

fn refused(error: io::Error) -> Error {
    Error::environment("can't listen for signals").because(error)
}
