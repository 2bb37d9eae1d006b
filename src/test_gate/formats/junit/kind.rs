//! The elements of a report, and what they mean.

use super::case::Wrong;

/// What an element means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Suites,
    Suite,
    Case,
    Wrong(Wrong),
    Skipped,
    Output,
    Property,
    Other,
}

impl Kind {
    /// What an element of this name means.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "testcase" => Self::Case,
            "testsuite" => Self::Suite,
            // Eclipse exports its runs so.
            "testsuites" | "testrun" => Self::Suites,
            "failure" => Self::Wrong(Wrong::Failure),
            "error" => Self::Wrong(Wrong::Error),
            "rerunFailure" | "rerunError" => Self::Wrong(Wrong::Rerun),
            "flakyFailure" | "flakyError" => Self::Wrong(Wrong::Flaky),
            "skipped" => Self::Skipped,
            "system-out" | "system-err" => Self::Output,
            "property" => Self::Property,
            _ => Self::Other,
        }
    }
}

/// An element that is open.
pub(super) struct Open {
    pub(super) kind: Kind,
    /// A hash of its name.
    pub(super) name: u64,
}

/// A name without its namespace prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
