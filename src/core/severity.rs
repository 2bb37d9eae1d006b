//! How bad a finding is: the five words of every report.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::suggest::suggestion;

/// How bad a finding is, from harmless to worst; the order of the variants is the order of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, never a reason to warn.
    Info,
    /// Worth a look when there is time.
    Low,
    /// Worth fixing soon.
    Medium,
    /// Stops a change by default.
    High,
    /// Stops everything.
    Critical,
}

impl Severity {
    /// Every severity, worst first, as reports list them.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word used in flags, files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|severity| severity.as_str() == text);
        known.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str);
            let hint = suggestion(text, words).map_or_else(
                || format!("expected one of {}", words.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            format!("`{text}` is not a severity, {hint}")
        })
    }
}
