//! A waiver: somebody accepts a finding, for a reason, until a day.

use jiff::civil::Date;
use serde_json::Value;

use crate::core::{Finding, Location, Rule, Severity, Waived};

/// The rules this room itself reports findings of.
pub const RULES: &[Rule] = &[EXPIRED, UNUSED];

/// A waiver whose last day has passed.
pub(super) const EXPIRED: Rule = Rule {
    id: "waiver-expired",
    severity: Severity::High,
    summary: "a waiver's last day has passed",
    page: include_str!("../../docs/rules/waiver-expired.md"),
};

/// A waiver that matched nothing.
pub(super) const UNUSED: Rule = Rule {
    id: "waiver-unused",
    severity: Severity::Low,
    summary: "a waiver matched nothing",
    page: include_str!("../../docs/rules/waiver-unused.md"),
};

/// Facts of a subject that many subjects share: they name nothing, so that no waiver is for them.
const SHARED_FACTS: [&str; 16] = [
    "attempts",
    "before",
    "class",
    "direct",
    "ecosystem",
    "fixed",
    "installed",
    "layer",
    "message",
    "outcome",
    "owners",
    "patched",
    "path",
    "severity",
    "status",
    "version",
];

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
        self.rule == finding.rule
            && self.matches.as_ref().is_none_or(|pattern| {
                let path = finding.location.iter().map(|location| location.path.as_str());
                let names = finding.subject.iter().filter(|(fact, _)| !SHARED_FACTS.contains(&fact.as_str()));
                let facts = names.flat_map(|(_, fact)| texts(fact));
                path.chain(facts).chain([finding.title.as_str()]).any(|text| is_match(pattern, text))
            })
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

/// The texts of a fact: itself, or the texts of its list.
fn texts(fact: &Value) -> Vec<&str> {
    match fact {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `text` is what `pattern` says, `*` standing for any text.
pub(crate) fn is_match(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(position) => rest = rest.get(position + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
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
        for pattern in ["time", "CVE-1", "GHSA-*", "title", "sub/*"] {
            assert!(covers(pattern), "{pattern}");
        }
        for pattern in ["crates.io", "chrono 0.4.22", "failed", "tim"] {
            assert!(!covers(pattern), "{pattern}");
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
