//! The runtime of jobs that talk to a network, and the signals that ask such a job to stop.
//!
//! Owns starting and listening. What stopping means is the job's business.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use devops_core::Error;

/// A runtime on this thread alone.
///
/// # Errors
/// Where the operating system has no room for one.
pub fn runtime() -> Result<Runtime, Error> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::environment("can't start the runtime for the network").because(error))
}

/// Whether SIGINT, SIGTERM or SIGHUP has asked this process to stop.
#[derive(Clone)]
pub struct Cancel {
    asked: watch::Receiver<bool>,
}

impl Cancel {
    /// Listens from now on; must be called inside the runtime.
    ///
    /// # Errors
    /// Where the operating system refuses the handlers.
    pub fn listen() -> Result<Self, Error> {
        let (sender, asked) = watch::channel(false);
        let handler = |kind| {
            signal(kind).map_err(|error| Error::environment("can't listen for signals").because(error))
        };
        let mut interrupt = handler(SignalKind::interrupt())?;
        let mut terminate = handler(SignalKind::terminate())?;
        let mut hangup = handler(SignalKind::hangup())?;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                // The receiver outlives this task, and further signals change nothing.
                sender.send_replace(true);
            }
        });
        Ok(Self { asked })
    }

    /// Waits this long, or less if somebody asks to stop; whether somebody did.
    pub async fn within(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.asked()).await.is_ok()
    }

    /// Whether somebody has asked to stop; signals that have already arrived count.
    pub async fn is_asked(&self) -> bool {
        // The runtime only receives signals while it waits.
        if self.within(Duration::from_millis(1)).await {
            return true;
        }
        // On a busy machine the time may be up before the listener has passed on what the runtime received.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        *self.asked.borrow()
    }

    /// Waits until somebody asks to stop.
    pub async fn asked(&self) {
        let mut asked = self.asked.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // The listener never ends before the runtime does.
            std::future::pending::<()>().await;
        }
    }
}
