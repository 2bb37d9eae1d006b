//! What the settings leave out of the judgement. Nothing is left out unsaid: the collector counts each with its reason.

use super::problem::{Kind, Problem, Target};
use devops_core::Error;
use devops_core::suggest::suggestion;
use devops_core::wildcard::is_match;

/// Words that a scanner may use about a fix.
pub(crate) const STATUSES: [&str; 8] = [
    "unknown",
    "not_affected",
    "affected",
    "fixed",
    "under_investigation",
    "will_not_fix",
    "fix_deferred",
    "end_of_life",
];

/// Classes of targets.
pub(crate) const CLASSES: [&str; 8] =
    ["os-pkgs", "lang-pkgs", "config", "secret", "license", "license-file", "custom", "unknown"];

/// Why something is judged or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Its target is not one of `targets`.
    Target,
    /// Its target's class is not one of `classes`.
    Class,
    /// Its status is one of `ignore-status`.
    Status,
    /// There is no fix and `fixed-only` is on.
    NoFix,
    /// It is judged.
    Judged,
}

/// What the settings leave out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters {
    /// Leave out what has no fix.
    pub(crate) fixed_only: bool,
    /// Leave out what has one of these statuses.
    pub(crate) statuses: Vec<String>,
    /// Look only at targets that match one of these.
    pub(crate) targets: Vec<String>,
    /// Look only at targets of these classes.
    pub(crate) classes: Vec<String>,
}

impl Filters {
    /// Rejects words that no scanner uses.
    ///
    /// # Errors
    /// At the first such word.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check("ignore-status", "status", &self.statuses, &STATUSES)?;
        check("classes", "class", &self.classes, &CLASSES)
    }

    /// Whether a complaint is judged, leaving its target aside.
    pub(crate) fn of_problem(&self, problem: &Problem) -> Reason {
        if problem.kind != Kind::Vulnerability {
            Reason::Judged
        } else if self.statuses.iter().any(|status| status.eq_ignore_ascii_case(&problem.status)) {
            Reason::Status
        } else if self.fixed_only && !problem.has_fix() {
            Reason::NoFix
        } else {
            Reason::Judged
        }
    }

    /// Whether a target is looked at.
    pub(crate) fn of_target(&self, target: &Target) -> Reason {
        if !self.classes.is_empty() && !self.classes.contains(&target.class) {
            Reason::Class
        } else if !self.targets.is_empty()
            && !self.targets.iter().any(|pattern| is_match(pattern, &target.name))
        {
            Reason::Target
        } else {
            Reason::Judged
        }
    }
}

fn check(key: &str, what: &str, words: &[String], known: &[&'static str]) -> Result<(), Error> {
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => Err(Error::usage(format!("`{word}` in `{key}` is not a {what}")).help(
            suggestion(word, known.iter().copied()).map_or_else(
                || format!("use one of {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::Filters;

    #[test]
    fn words_no_scanner_says_are_refused_with_the_nearest_one() {
        let filters = Filters { classes: vec!["os-pkg".to_owned()], ..Filters::default() };
        let error = filters.check().unwrap_err();
        assert_eq!(error.to_string(), "`os-pkg` in `classes` is not a class");
        assert_eq!(error.help_text(), "did you mean `os-pkgs`?");
    }
}
