//! What is known about packages: advisories of a database, for the packages that are asked about by ecosystem and name.
//!
//! Owns the advisory, the database it comes from and its age. Knows no lockfile, policy or report.
//! A new format of advisories is one new file that turns its text into an [`Advisory`].

pub mod collector;
pub mod database;
pub mod folder;
pub mod record;
pub mod rustsec;
pub mod tarball;

pub use collector::{Collected, Unreadable, Wanted};
pub use database::{Committed, Database, collect, collect_committed};
pub use record::{Advisory, Kind};
