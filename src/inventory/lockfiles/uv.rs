//! `uv.lock`.

use super::Format;
use super::python_lock::{Flavour, read};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "uv.lock",
    // A script has one of its own: `tool.py.lock`.
    is: |name| name == "uv.lock" || name.ends_with(".py.lock"),
    is_named: |name| name == "uv.lock" || name.ends_with(".py.lock"),
    read: |source| read(source, Flavour::Uv, "restore the lockfile, or regenerate it with `uv lock`"),
};
