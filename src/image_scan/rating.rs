//! How bad a scanner says something is: its own words, those of distributors, numbers, and what it leaves open.

use devops_core::Severity;

/// Words of scanners and distributors.
const WORDS: [(&str, Severity); 17] = [
    ("critical", Severity::Critical),
    ("4", Severity::Critical),
    ("high", Severity::High),
    ("important", Severity::High),
    ("3", Severity::High),
    ("error", Severity::High),
    ("medium", Severity::Medium),
    ("moderate", Severity::Medium),
    ("2", Severity::Medium),
    ("warning", Severity::Medium),
    ("low", Severity::Low),
    ("negligible", Severity::Low),
    ("1", Severity::Low),
    ("note", Severity::Low),
    ("info", Severity::Info),
    ("informational", Severity::Info),
    ("none", Severity::Info),
];

/// How bad a scanner says something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rating {
    /// It says nothing, or that nobody knows.
    #[default]
    None,
    /// It says so with a known word.
    Known(Severity),
    /// It says so with a word that is not known, which is never taken lightly.
    Odd(String),
}

impl Rating {
    /// What a word or a number from 0 for unknown to 4 for critical stands for.
    pub(crate) fn of(word: &str) -> Self {
        let word = word.trim();
        if word.is_empty() || word == "0" || word.eq_ignore_ascii_case("unknown") {
            return Self::None;
        }
        let known = WORDS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        known
            .map_or_else(|| Self::Odd(word.chars().take(40).collect()), |(_, severity)| Self::Known(severity))
    }

    /// What a score of CVSS stands for, as code scanning writes it.
    pub(crate) fn of_score(score: &str) -> Self {
        let score = score.trim();
        if score.is_empty() {
            return Self::None;
        }
        match score.parse::<f64>() {
            Ok(score) if (9.0..=10.0).contains(&score) => Self::Known(Severity::Critical),
            Ok(score) if (7.0..9.0).contains(&score) => Self::Known(Severity::High),
            Ok(score) if (4.0..7.0).contains(&score) => Self::Known(Severity::Medium),
            Ok(score) if score > 0.0 && score < 4.0 => Self::Known(Severity::Low),
            // What has no score is not rated.
            Ok(0.0) => Self::None,
            _ => Self::Odd(score.chars().take(40).collect()),
        }
    }

    /// The severity that was given.
    pub(crate) const fn known(&self) -> Option<Severity> {
        match self {
            Self::Known(severity) => Some(*severity),
            Self::None | Self::Odd(_) => None,
        }
    }

    /// The severity to judge by, where `unknown` is that of what nobody has rated.
    pub(crate) fn severity(&self, unknown: Severity) -> Severity {
        match self {
            Self::None => unknown,
            Self::Known(severity) => *severity,
            Self::Odd(_) => unknown.max(Severity::High),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rating;
    use devops_core::Severity;

    #[test]
    fn words_numbers_and_scores_are_severities() {
        for (word, expected) in [
            ("CRITICAL", Rating::Known(Severity::Critical)),
            (" high ", Rating::Known(Severity::High)),
            ("Important", Rating::Known(Severity::High)),
            ("Negligible", Rating::Known(Severity::Low)),
            ("UNKNOWN", Rating::None),
            ("", Rating::None),
            ("0", Rating::None),
            ("5", Rating::Odd("5".to_owned())),
            ("CRITICAM", Rating::Odd("CRITICAM".to_owned())),
        ] {
            assert_eq!(Rating::of(word), expected, "{word}");
        }
        for (score, expected) in [
            ("9.8", Rating::Known(Severity::Critical)),
            ("7.0", Rating::Known(Severity::High)),
            ("4", Rating::Known(Severity::Medium)),
            ("0.1", Rating::Known(Severity::Low)),
            ("0.0", Rating::None),
            ("", Rating::None),
            ("11", Rating::Odd("11".to_owned())),
            ("NaN", Rating::Odd("NaN".to_owned())),
            ("-1", Rating::Odd("-1".to_owned())),
        ] {
            assert_eq!(Rating::of_score(score), expected, "{score}");
        }
        assert_eq!(Rating::Odd("x".to_owned()).severity(Severity::Low), Severity::High);
        assert_eq!(Rating::None.severity(Severity::Low), Severity::Low);
    }
}
