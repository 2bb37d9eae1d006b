//! What became of the delivery to one destination.

use serde::{Deserialize, Serialize};

/// How far a delivery got; never better than what the destination answered. The field `state` of reports and journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryState {
    /// All bytes left, and no answer is expected.
    Sent,
    /// The destination answered that it has the record.
    Accepted,
    /// The record was read back from the destination.
    Verified,
    /// Kept in the journal for the next call.
    Spooled,
    /// The destination rejected the record, and would again.
    Refused,
    /// There was nothing to do.
    Skipped,
}

impl DeliveryState {
    /// Every state, in the order of the report.
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

/// What became of the delivery to one destination, as reports have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Delivery {
    /// The destination's name.
    pub(crate) destination: &'static str,
    /// How far it got.
    pub(crate) state: DeliveryState,
    /// Why it is so, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What to do about it, which the finding says.
    #[serde(skip)]
    pub(crate) help: Option<String>,
    /// Name the destination gave the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remote: Option<String>,
}

impl Delivery {
    /// A delivery without a reason.
    pub(crate) fn new(destination: &'static str, state: DeliveryState) -> Self {
        Self { destination, state, reason: None, help: None, remote: None }
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
