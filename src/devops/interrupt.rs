//! Whether a signal asked the run to stop, while it changes things and must not just end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devops_core::Error;
use devops_job::signals;

/// SIGINT, SIGTERM and SIGHUP, caught from when this is made until the process ends.
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub(super) fn listen() -> Result<Self, Error> {
        signals::flag().map(|asked| Self { asked })
    }

    /// Whether a signal asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}
