//! What the repository knows: the files it tracks, where the change began, which lines it adds.
//!
//! Owns the reading of a repository and of diffs, in process: no `git` is started, no filter or driver that a repository names
//! is run, nothing is fetched and nothing is written. Must not know what tests or coverage are.

mod base;
mod change;
mod diff_paths;
mod failure;
pub(crate) mod policy;
mod renames;
mod repository;
mod unified_diff;

#[cfg(test)]
mod tests;

pub(crate) use base::{Base, Known};
pub(crate) use change::{Change, between};
pub(crate) use repository::Repository;
pub(crate) use unified_diff::parse;
