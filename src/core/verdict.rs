//! What a gate decided.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a gate decided; the worst of several wins.
///
/// `Error` is no judgement of the change: the job could not judge, and its report says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to say.
    Pass,
    /// Something to look at, nothing that stops the change.
    Warn,
    /// The change must not go on.
    Fail,
    /// The job could not judge.
    Error,
}

impl Verdict {
    /// The word used in reports and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
