//! `poetry.lock`.

use super::Format;
use super::python_lock::{Flavour, read};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "poetry.lock",
    is: |name| name == "poetry.lock",
    is_named: |name| name == "poetry.lock",
    read: |source| read(source, Flavour::Poetry, "restore the lockfile, or regenerate it with `poetry lock`"),
};
