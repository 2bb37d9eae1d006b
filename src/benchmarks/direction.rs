//! Which way a measure of a benchmark gets better, for reports and for baselines.

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Less is better, as of times.
    Smaller,
    /// More is better, as of operations per second.
    Bigger,
    /// Unknown; a change is only reported.
    Unknown,
    /// Describes the run, as the number of users of a load test; only a limit judges it.
    Informative,
}

impl Direction {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smaller => "smaller",
            Self::Bigger => "bigger",
            Self::Unknown => "unknown",
            Self::Informative => "informative",
        }
    }

    /// The direction of a word in a report.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Smaller, Self::Bigger, Self::Unknown, Self::Informative]
            .into_iter()
            .find(|direction| direction.as_str() == word)
    }
}
