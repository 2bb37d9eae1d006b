//! What was read, written again in formats that other programs read: all reports merged into one.
//!
//! Knows the tests, and nothing of rules and verdicts.

mod ctrf;
mod junit;

pub(crate) use ctrf::ctrf;
pub(crate) use junit::junit;

use super::archive::Archive;
use super::collector::GroupError;

/// What was read of one report.
pub(crate) struct Source {
    /// Its path.
    pub(crate) label: String,
    pub(crate) archive: Archive,
    /// What went wrong apart from tests; each becomes an errored test, so that no reader of the merged report sees less.
    pub(crate) errors: Vec<GroupError>,
}
