//! What is known about packages: advisories of a database, for the packages that are asked about by ecosystem and name.
//!
//! Owns the advisory, the forms that it comes in, the index that many of them are looked up in, and how old all that is. Knows no
//! lockfile, policy or report. A new format of advisories is one new file that turns its text into an [`Advisory`].

pub mod collector;
#[cfg(test)]
mod damaged_tests;
pub mod database;
pub mod enrichment;
mod folder;
pub mod index;
pub mod osv;
pub mod record;
pub mod releases;
pub mod rustsec;
mod tarball;
mod tree;
mod zip;

pub use collector::{Collected, Unreadable, Wanted};
pub use database::{Age, Committed, Database, collect, collect_committed};
pub use record::{Advisory, Epss, Kind, Names, PackageKey, Versions};
pub use releases::is_same_release;
