//! Bills of materials that others wrote: packages by their purls, with who needs whom.
//!
//! A new format is one new file here and one line in the table. A component whose ecosystem is not known is listed as one of no known
//! source, so that it is reported instead of ignored.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tools write and find such files by their exact names"
)]

mod parts;

use super::lockfiles::Format;
use devops_core::modules::modules;

modules! {
    /// Every format that is read.
    pub(crate) const FORMATS: &[Format] = FORMAT of {
        cyclonedx,
        spdx,
        spdx_tag_value,
    }
}

#[cfg(test)]
mod tests;
