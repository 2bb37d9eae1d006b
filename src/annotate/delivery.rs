//! What became of telling one destination.

use serde::{Deserialize, Serialize};

/// How far a destination got; never better than what it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reach {
    /// All bytes left, and no answer is expected.
    Sent,
    /// The destination answered that it took the record.
    Accepted,
    /// The record was read back from the destination.
    Verified,
    /// Kept in the journal for the next call.
    Spooled,
    /// The destination said no, and would say so again.
    Refused,
    /// Nothing was to be done.
    Skipped,
}

impl Reach {
    /// Every reach, in the order of the report.
    pub(crate) const ALL: [Self; 6] =
        [Self::Sent, Self::Accepted, Self::Verified, Self::Spooled, Self::Refused, Self::Skipped];

    /// The word of reports and journals.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Verified => "verified",
            Self::Spooled => "spooled",
            Self::Refused => "refused",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the destination holds the record.
    pub(crate) const fn is_there(self) -> bool {
        matches!(self, Self::Accepted | Self::Verified)
    }
}

/// What became of telling one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Who was told.
    pub(crate) destination: &'static str,
    /// How far it got.
    pub(crate) reach: Reach,
    /// Why it is so, where that is not plain.
    pub(crate) reason: Option<String>,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// Name the destination gave the record.
    pub(crate) remote: Option<String>,
}

impl Delivery {
    /// A delivery that needs no more words.
    pub(crate) fn new(destination: &'static str, reach: Reach) -> Self {
        Self { destination, reach, reason: None, help: None, remote: None }
    }

    /// The same with a reason, a lower-case fragment.
    #[must_use]
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The same with what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
