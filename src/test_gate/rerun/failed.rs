//! A test that is to run again, and what its runner needs to know of it.

use crate::producer::Producer;

/// A test that failed, as its report names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failed {
    pub(crate) producer: Producer,
    pub(crate) suite: String,
    pub(crate) classname: String,
    pub(crate) name: String,
    pub(crate) file: String,
}

/// What a runner needs to select one test.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// What distinguishes the command from others of the runner, as a package of Go; may be empty.
    pub(crate) group: String,
    /// The file to run, where the runner takes files; may be empty.
    pub(crate) file: String,
    /// What selects the test; empty where all of the file or the group is meant.
    pub(crate) select: String,
}
