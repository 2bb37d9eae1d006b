//! What a person at a terminal sees of a download that takes longer than a moment.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long something takes before a bar is drawn.
const MOMENT: Duration = Duration::from_secs(1);

/// A bar on a terminal, once the work has lasted for a moment; nothing elsewhere.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    is_watched: bool,
}

impl Progress {
    /// A bar for something with this name; its length in bytes if it is known.
    pub(super) fn new(label: &str, length: Option<u64>, is_bytes: bool) -> Self {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let template = match (is_bytes, length) {
            (true, Some(_)) => "      {msg} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            (true, None) => "      {msg} {bytes} {bytes_per_sec}",
            (false, _) => "      {msg} {bar:24} {pos}/{len} {eta}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(label.to_owned());
        Self { bar, started: Instant::now(), is_watched: stderr().is_terminal() }
    }

    /// So much is there now.
    pub(super) fn at(&self, position: u64) {
        if self.is_watched && self.bar.is_hidden() && self.started.elapsed() > MOMENT {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
