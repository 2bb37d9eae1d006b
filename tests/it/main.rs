//! Every behaviour that crosses rooms, through the binaries a user runs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::too_many_arguments,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "a test may panic, and may say why it did not run"
)]

mod annotate;
mod architecture;
mod authority;
mod base_policy;
mod case_folders;
mod change;
mod dep_scan;
mod devops;
mod events;
mod fetch;
mod git;
mod hostile;
mod image_scan;
mod links;
mod packaging;
mod promote;
mod render;
mod secrets;
mod shared_flags;
mod skipped;
mod special_files;
mod support;
mod test_gate;
mod waivers;
