//! The one way to files: opened without waiting, read within bounds, written whole.
//!
//! Owns the ways to open a file (regular files only), to read it (up to a bound, or with a digest left behind) and to write it (whole,
//! whole down to the disk, at its end). Every other room comes here; a test searches for those that don't. Knows no format, no job and
//! no host; imports `core` alone.

pub mod at;
pub mod bounded;
pub mod hashed;
pub mod links;
pub mod open;
pub mod whole;

pub use at::read_at;
pub use bounded::{Bounded, WRITTEN_BY_HAND, open_itself_within, open_within, read, read_itself, read_text};
pub use hashed::HashingReader;
pub use links::{link_below, real};
pub use open::{open, open_anew, open_itself, open_to_append};
pub use whole::{append_line, folder_of, replace, replace_durably, replace_with, sync_folder};
