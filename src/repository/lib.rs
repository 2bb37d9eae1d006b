//! What the repository knows: the files it tracks, where the change began, which lines it adds.
//!
//! Owns the reading of a repository and of diffs, in process: no `git` is started, no filter or driver that a repository names
//! is run, nothing is fetched and nothing is written. Knows no job, and not what tests or coverage are.

mod authority;
mod base;
mod change;
mod commit;
mod detour;
mod diff_paths;
mod discover;
mod failure;
pub mod gate_file;
mod ignored;
mod moves;
mod objects;
pub mod owners;
pub mod policy;
mod renames;
mod tracked;
mod unified_diff;

#[cfg(test)]
mod tests;

pub use authority::{Authority, Place, PolicyFile, authority};
pub use base::{Base, KnownBase, UnknownBase};
pub use change::{Change, between};
pub use commit::CommitFacts;
pub use detour::{ChosenBy, Detour, Workspace, detour};
pub use ignored::Ignored;
pub use moves::moved;
pub use objects::{Ids, Repository};
pub use tracked::is_tracked;
pub use unified_diff::parse;

pub use gix::ObjectId;
