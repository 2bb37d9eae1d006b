//! A waiver: somebody accepts a finding, for a reason, until a day.

use jiff::civil::Date;
use serde_json::Value;

use crate::core::rule::rules;
use crate::core::suggest::suggestion;
use crate::core::wildcard::is_match;
use crate::core::{Finding, Location, Waived};

rules! {
    /// The rules this room itself reports findings of.
    pub const RULES;

    EXPIRED: "waiver-expired", High, "a waiver's last day has passed";
    UNUSED: "waiver-unused", Low, "a waiver matched nothing";
}

/// Facts that name a finding's subject; all others describe it, and many findings may share them.
const NAMES: [&str; 26] = [
    "advisories",
    "advisory",
    "aliases",
    "artifact",
    "benchmark",
    "classname",
    "database",
    "destination",
    "environment",
    "file",
    "key",
    "lockfile",
    "name",
    "os",
    "package",
    "paths",
    "purl",
    "quarantine",
    "renamed_from",
    "run",
    "service",
    "suite",
    "target",
    "test",
    "threshold",
    "what",
];

/// Names that are the same in any case.
const IDENTIFIERS: [&str; 3] = ["advisories", "advisory", "aliases"];

/// Somebody accepts the findings of a rule that match, for a reason, until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The rule whose findings are accepted.
    pub rule: String,
    /// What a fact that names the finding's subject, its title or its path must equal; `*` stands for any text. None: all.
    pub matches: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it holds.
    pub expires: Date,
    /// Where it stands.
    pub location: Location,
}

impl Waiver {
    /// Whether the waiver is meant for this finding, whatever the day.
    pub fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.matches.as_ref().is_none_or(|pattern| names(finding, pattern))
    }

    /// What may have been meant by a waiver that covers none of these findings.
    pub(super) fn meant(&self, findings: &[Finding]) -> Option<String> {
        let pattern = self.matches.as_ref()?;
        let own = || findings.iter().filter(|finding| finding.rule == self.rule);
        if let Some(near) = near(pattern, own().flat_map(known_as)) {
            return Some(format!("did you mean `{near}`?"));
        }
        let is_fact = |(_, fact): &(&String, &Value)| texts(fact).iter().any(|text| is_match(pattern, text));
        if let Some((fact, _)) = own().flat_map(|finding| &finding.subject).find(is_fact) {
            return Some(format!(
                "`{fact}` names no finding, many may share it: match a name, the title or the path"
            ));
        }
        let other = findings.iter().find(|finding| names(finding, pattern))?;
        Some(format!("did you mean the rule `{}`?", other.rule))
    }

    /// Whether its last day has passed.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires < today
    }

    /// What a finding that it covers carries.
    pub fn mark(&self) -> Waived {
        Waived { owner: self.owner.clone(), reason: self.reason.clone(), expires: self.expires.to_string() }
    }

    /// What it is called in findings about it.
    pub fn name(&self) -> String {
        match &self.matches {
            Some(pattern) => format!("{} matching `{pattern}`", self.rule),
            None => self.rule.clone(),
        }
    }
}

/// Whether a pattern matches what identifies a finding: a name, its title or its path.
fn names(finding: &Finding, pattern: &str) -> bool {
    let is_named = |(fact, value): (&String, &Value)| {
        let in_any_case = IDENTIFIERS.contains(&fact.as_str());
        let is_match = |text: &str| {
            if in_any_case {
                is_match(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
            } else {
                is_match(pattern, text)
            }
        };
        NAMES.contains(&fact.as_str()) && texts(value).into_iter().any(is_match)
    };
    let path = finding.location.as_ref().map(|location| location.path.as_str());
    is_match(pattern, &finding.title)
        || path.is_some_and(|path| is_match(pattern, path))
        || finding.subject.iter().any(is_named)
}

/// Every text that identifies a finding.
fn known_as(finding: &Finding) -> impl Iterator<Item = &str> {
    let names = finding.subject.iter().filter(|(fact, _)| NAMES.contains(&fact.as_str()));
    let path = finding.location.iter().map(|location| location.path.as_str());
    names.flat_map(|(_, fact)| texts(fact)).chain(path).chain([finding.title.as_str()])
}

/// The name that a pattern nearly is: in another case, or with a typing mistake that is in no number.
fn near<'a>(pattern: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let numbers = |text: &str| -> Vec<u8> { text.bytes().filter(u8::is_ascii_digit).collect() };
    let (own, names) = (numbers(pattern), names.collect::<Vec<_>>());
    let in_any_case = names.iter().find(|name| name.eq_ignore_ascii_case(pattern.trim())).copied();
    in_any_case.or_else(|| suggestion(pattern, names.into_iter().filter(|name| numbers(name) == own)))
}

/// The texts of a fact: itself, or the texts of its list.
fn texts(fact: &Value) -> Vec<&str> {
    match fact {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Waiver, is_match};
    use crate::core::{Finding, Location, Rule, Severity};

    #[test]
    fn a_waiver_covers_what_its_pattern_names_and_nothing_it_only_shares() {
        let rule = Rule { id: "advisory", severity: Severity::High, summary: "", page: "" };
        let finding = Finding::new(&rule, "title", &["a"])
            .about("package", "time")
            .about("aliases", vec!["CVE-1", "GHSA-2"])
            .about("ecosystem", "crates.io")
            .about("path", vec!["chrono 0.4.22", "time 0.1.44"])
            .about("outcome", "failed")
            .about("change", "new")
            .about("a fact of later", "whatever comes later")
            .at(Location::line("sub/Cargo.lock", 7));
        let covers = |pattern: &str| {
            let waiver = Waiver {
                rule: "advisory".to_owned(),
                matches: Some(pattern.to_owned()),
                reason: String::new(),
                owner: String::new(),
                expires: date(2030, 1, 1),
                location: Location::file("devops.toml"),
            };
            waiver.covers(&finding)
        };
        for pattern in ["time", "CVE-1", "cve-1", "GHSA-*", "ghsa-*", "title", "sub/*"] {
            assert!(covers(pattern), "{pattern}");
        }
        for pattern in ["crates.io", "chrono 0.4.22", "failed", "tim", "Time", "new", "whatever comes later"]
        {
            assert!(!covers(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_waiver_that_covers_nothing_says_what_may_have_been_meant() {
        let of = |rule: &'static str| Rule { id: rule, severity: Severity::High, summary: "", page: "" };
        let findings = [
            Finding::new(&of("test-failed"), "cart.AddTest.adds one", &["a"])
                .about("test", "cart.AddTest.adds one")
                .about("change", "new"),
            Finding::new(&of("image-unrated"), "CVE-2026-1001 in a 1", &["b"])
                .about("advisory", "CVE-2026-1001"),
        ];
        let meant = |rule: &str, pattern: &str| {
            let waiver = Waiver {
                rule: rule.to_owned(),
                matches: Some(pattern.to_owned()),
                reason: String::new(),
                owner: String::new(),
                expires: date(2030, 1, 1),
                location: Location::file("devops.toml"),
            };
            waiver.meant(&findings).unwrap_or_default()
        };
        for (rule, pattern, expected) in [
            ("test-failed", "CART.ADDTEST.ADDS ONE", "did you mean `cart.AddTest.adds one`?"),
            ("test-failed", "cart.AddTest.add one", "did you mean `cart.AddTest.adds one`?"),
            (
                "test-failed",
                "new",
                "`change` names no finding, many may share it: match a name, the title or the path",
            ),
            ("image-vulnerability", "CVE-2026-1001", "did you mean the rule `image-unrated`?"),
            ("image-unrated", "CVE-2026-1002", ""),
            ("test-failed", "gone", ""),
        ] {
            assert_eq!(meant(rule, pattern), expected, "{rule} {pattern}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in
            [("a", "a"), ("*", ""), ("a*c", "abc"), ("a*c", "ac"), ("*b*", "abc"), ("a*b*c", "a-b-b-c")]
        {
            assert!(is_match(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("", "a"), ("a*c", "abcd"), ("a*a", "a"), ("*b", "abc")] {
            assert!(!is_match(pattern, text), "{pattern} {text}");
        }
    }
}
