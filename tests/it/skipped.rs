//! Tests that can't run here; unit tests of the library include this file too.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Says that this test does not run because something is absent; `tests/run` counts such tests in its last line.
pub(crate) fn skipped(what: &str) {
    eprintln!("skipped: {what} absent");
    let Some(path) = std::env::var_os("DEVOPS_SKIPPED") else { return };
    let thread = std::thread::current();
    let line = format!("{}: {what} absent\n", thread.name().unwrap_or("a test"));
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the skipped test can be noted");
}
