//! What the settings leave out of the judgement. Nothing is left out unsaid: the collector counts each with its reason.

use super::collect::Problems;
use super::problem::{Kind, Problem, Target};
use super::rating::Rating;
use devops_core::suggest::suggestion;
use devops_core::wildcard::is_match;
use devops_core::{Error, Severity};

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

/// Kinds of targets that are operating systems.
const SYSTEMS: [&str; 31] = [
    "activestate",
    "alma",
    "alpine",
    "amazon",
    "azurelinux",
    "bottlerocket",
    "cbl-mariner",
    "centos",
    "centos-stream",
    "chainguard",
    "cleanstart",
    "coreos",
    "debian",
    "echo",
    "fedora",
    "minimos",
    "opensuse",
    "opensuse-leap",
    "opensuse-tumbleweed",
    "opensuse.leap",
    "opensuse.tumbleweed",
    "oracle",
    "photon",
    "redhat",
    "rocky",
    "slem",
    "sles",
    "suse linux enterprise server",
    "suse linux enterprise micro",
    "ubuntu",
    "wolfi",
];

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

/// What the settings leave out, and how they rate.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    /// Leave out what has no fix.
    pub(crate) fixed_only: bool,
    /// Leave out what has one of these statuses.
    pub(crate) statuses: Vec<String>,
    /// Look only at targets that match one of these.
    pub(crate) targets: Vec<String>,
    /// Look only at targets of these classes.
    pub(crate) classes: Vec<String>,
    /// Severity of what nobody has rated.
    pub(crate) unknown: Severity,
    /// Lowest severity that fails the gate.
    pub(crate) fail_on: Severity,
    /// Lowest severity at which a match by nothing but a CPE fails it.
    pub(crate) cpe_fail_on: Option<Severity>,
    /// Whether what the report that is compared with has only warns.
    pub(crate) only_new: bool,
    /// Sources whose suppressions count; all where it is empty.
    pub(crate) suppressors: Vec<String>,
}

impl Default for Filters {
    fn default() -> Self {
        Self {
            fixed_only: false,
            statuses: Vec::new(),
            targets: Vec::new(),
            classes: Vec::new(),
            unknown: Severity::Medium,
            fail_on: Severity::High,
            cpe_fail_on: None,
            only_new: false,
            suppressors: Vec::new(),
        }
    }
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

    /// Whether a target with these complaints is looked at. One whose class is not known, or does not fit what it holds, is in no
    /// class that can be left out.
    pub(crate) fn of_target(&self, target: &Target, problems: &Problems) -> Reason {
        if !self.classes.is_empty() && !self.classes.contains(&target.class) && fits(target, problems) {
            Reason::Class
        } else if !self.targets.is_empty()
            && !self.targets.iter().any(|pattern| is_match(pattern, &target.name))
        {
            Reason::Target
        } else {
            Reason::Judged
        }
    }

    /// The severity of a complaint with this rating, and why it is lowered.
    pub(crate) fn weighed(
        &self,
        rating: &Rating,
        is_by_cpe: bool,
        is_known: bool,
    ) -> (Severity, Option<&'static str>) {
        let severity = rating.severity(self.unknown);
        if severity < self.fail_on {
            return (severity, None);
        }
        let held = if self.only_new && is_known {
            Some("known in `compare-with`, so it only warns (`only-new`)")
        } else if is_by_cpe && self.cpe_fail_on.is_some_and(|threshold| severity < threshold) {
            Some("matched by its CPE alone, below `cpe-fail-on`, so it only warns")
        } else {
            None
        };
        let below = Severity::ALL.into_iter().find(|lower| *lower < self.fail_on);
        match (held, below) {
            (Some(why), Some(below)) => (below, Some(why)),
            _ => (severity, None),
        }
    }

    /// Whether suppressions of this source count.
    pub(crate) fn is_suppressor(&self, source: &str) -> bool {
        self.suppressors.is_empty() || self.suppressors.iter().any(|pattern| is_match(pattern, source))
    }
}

/// Whether the class of a target is one that what it holds can have.
fn fits(target: &Target, problems: &Problems) -> bool {
    let is_system = SYSTEMS.iter().any(|system| system.eq_ignore_ascii_case(&target.kind));
    let others: &[Kind] = match target.class.as_str() {
        "os-pkgs" if is_system => &[Kind::Misconfiguration, Kind::Secret, Kind::Result],
        "lang-pkgs" if !is_system => &[Kind::Misconfiguration, Kind::Secret, Kind::Result],
        "config" => &[Kind::Vulnerability, Kind::Secret, Kind::Licence],
        "secret" => &[Kind::Vulnerability, Kind::Misconfiguration, Kind::Licence],
        "license" | "license-file" => &[Kind::Vulnerability, Kind::Misconfiguration, Kind::Secret],
        "custom" | "unknown" => return problems.is_empty(),
        _ => return false,
    };
    !problems.has(others)
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
    use super::{Filters, Reason};
    use crate::collect::Problems;
    use crate::problem::{Kind, Problem, Target};
    use crate::rating::Rating;
    use devops_core::Severity;

    #[test]
    fn words_no_scanner_says_are_refused_with_the_nearest_one() {
        let filters = Filters { classes: vec!["os-pkg".to_owned()], ..Filters::default() };
        let error = filters.check().unwrap_err();
        assert_eq!(error.to_string(), "`os-pkg` in `classes` is not a class");
        assert_eq!(error.help_text(), "did you mean `os-pkgs`?");
    }

    #[test]
    fn a_class_that_does_not_fit_leaves_nothing_out() {
        let filters = Filters { classes: vec!["secret".to_owned()], ..Filters::default() };
        let of = |class: &str, kind: &str, found: Option<Kind>| {
            let mut problems = Problems::default();
            if let Some(found) = found {
                problems.add(Problem::new(found, "a".to_owned(), Rating::None), &filters);
            }
            let target = Target { class: class.to_owned(), kind: kind.to_owned(), ..Target::default() };
            filters.of_target(&target, &problems) == Reason::Class
        };
        assert!(of("os-pkgs", "debian", Some(Kind::Vulnerability)));
        assert!(of("lang-pkgs", "npm", Some(Kind::Licence)));
        assert!(of("config", "dockerfile", Some(Kind::Misconfiguration)));
        assert!(of("custom", "", None));
        assert!(!of("os-pkg", "debian", Some(Kind::Vulnerability)));
        assert!(!of("OS-PKGS", "debian", None));
        assert!(!of("", "debian", Some(Kind::Vulnerability)));
        assert!(!of("lang-pkgs", "debian", Some(Kind::Vulnerability)));
        assert!(!of("os-pkgs", "npm", Some(Kind::Vulnerability)));
        assert!(!of("license", "", Some(Kind::Vulnerability)));
        assert!(!of("config", "dockerfile", Some(Kind::Vulnerability)));
        assert!(!of("custom", "", Some(Kind::Vulnerability)));
    }

    #[test]
    fn what_is_held_back_only_warns() {
        let high = Rating::Known(Severity::High);
        let mut filters =
            Filters { only_new: true, cpe_fail_on: Some(Severity::Critical), ..Filters::default() };
        assert_eq!(filters.weighed(&high, false, false), (Severity::High, None));
        assert_eq!(filters.weighed(&high, false, true).0, Severity::Medium);
        assert_eq!(filters.weighed(&high, true, false).0, Severity::Medium);
        assert_eq!(filters.weighed(&Rating::Known(Severity::Critical), true, false).0, Severity::Critical);
        filters.fail_on = Severity::Info;
        assert_eq!(filters.weighed(&high, true, true).0, Severity::High, "nothing is below");
    }
}
