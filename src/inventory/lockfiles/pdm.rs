//! `pdm.lock`.

use super::Format;
use super::python_lock::{Flavour, read};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "pdm.lock",
    is: |name| name == "pdm.lock",
    is_named: |name| name == "pdm.lock",
    read: |source| read(source, Flavour::Pdm, "restore the lockfile, or regenerate it with `pdm lock`"),
};
