//! `pylock.toml`, by PEP 751.

use super::Format;
use super::python_lock::{Flavour, read};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "pylock.toml",
    is: is_pylock,
    is_named: is_pylock,
    read: |source| {
        read(source, Flavour::Pylock, "restore the lockfile, or regenerate it with the tool that wrote it")
    },
};

/// Whether a file has the name of one; a project may have several, such as `pylock.dev.toml`.
fn is_pylock(name: &str) -> bool {
    let middle = name.strip_prefix("pylock.").and_then(|rest| rest.strip_suffix(".toml"));
    name == "pylock.toml" || middle.is_some_and(|middle| !middle.is_empty() && !middle.contains('.'))
}
