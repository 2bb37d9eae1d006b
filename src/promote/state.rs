//! What a promotion has come to, as reports call it.

use std::fmt;

use serde::Serialize;

/// What a promotion has come to; `details.state` of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The new colour is live and confirmed.
    Promoted,
    /// The colour that was live still is.
    Unchanged,
    /// The new colour was live, and the old one is again.
    RolledBack,
    /// A human must look.
    Held,
    /// A newer promotion came first.
    Superseded,
    /// Nothing was done; this is what would be.
    Planned,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Promoted, Self::Unchanged, Self::RolledBack, Self::Held, Self::Superseded, Self::Planned];

    /// The word of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::Unchanged => "unchanged",
            Self::RolledBack => "rolled-back",
            Self::Held => "held",
            Self::Superseded => "superseded",
            Self::Planned => "planned",
        }
    }

    /// The state that a report calls by this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the colour that was asked for is live, or would be.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Promoted | Self::Unchanged | Self::Planned)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn reports_and_code_use_the_same_words() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(State::from_name(state.as_str()), Some(state));
        }
    }
}
