//! Whether somebody asked the run to stop, while it changes things and must not just die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use tokio::signal::unix::{SignalKind, signal};

use crate::core::Error;

/// SIGINT, SIGTERM and SIGHUP, heard from when this is made until the process ends.
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub(super) fn listen() -> Result<Self, Error> {
        let asked = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&asked);
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // Whoever waits for the answer has gone only if the process ends.
            match runtime {
                Err(error) => drop(ready.send(Err(error))),
                Ok(runtime) => runtime.block_on(hear(&heard, &ready)),
            }
        });
        match is_ready.recv() {
            Ok(Ok(())) => Ok(Self { asked }),
            Ok(Err(error)) => Err(Error::environment("can't listen for signals").because(error)),
            Err(_) => Err(Error::bug("the listener for signals ended")),
        }
    }

    /// Whether somebody has asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Hears signals for ever.
async fn hear(asked: &AtomicBool, ready: &mpsc::Sender<std::io::Result<()>>) {
    let all = || {
        Ok::<_, std::io::Error>((
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ))
    };
    let (mut interrupt, mut terminate, mut hangup) = match all() {
        Ok(signals) => signals,
        Err(error) => return drop(ready.send(Err(error))),
    };
    drop(ready.send(Ok(())));
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        asked.store(true, Ordering::SeqCst);
    }
}
