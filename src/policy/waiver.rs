//! A waiver: a finding is accepted, for a reason, until a day.

use jiff::civil::Date;

use devops_core::rule::rules;
use devops_core::suggest::suggestion;
use devops_core::wildcard::is_match;
use devops_core::{Finding, Location, Role, Waived};

rules! {
    /// The rules this room itself reports findings of.
    pub const RULES;

    EXPIRED: "waiver-expired", High, "the last day of a waiver has passed";
    TOO_LONG: "waiver-too-long", Medium, "a waiver ends later than `max-waiver-days` allows, so it is not applied";
    UNUSED: "waiver-unused", Low, "a waiver matches no finding";
    TOO_WIDE: "waiver-too-wide", Low, "a waiver accepts far more than it is needed for";
    SUPERSEDED: "waiver-superseded", Info, "a waiver accepts a finding that can be fixed by now";
}

/// Facts that name what a project has many of, so that new ones come.
const MANY: [&str; 2] = ["package", "test"];

/// The findings of a rule that match are accepted, for a reason, until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Rule whose findings are accepted.
    pub rule: String,
    /// What a fact that names the finding's subject, its title or its path must equal; `*` stands for any text. None: all.
    pub matches: Option<String>,
    /// Why.
    pub reason: String,
    /// Who is responsible.
    pub owner: String,
    /// Last day on which it holds.
    pub expires: Date,
    /// Where it stands.
    pub location: Location,
}

impl Waiver {
    /// What may have been meant by a waiver that covers none of these findings.
    pub(super) fn meant(&self, findings: &[Finding]) -> Option<String> {
        let pattern = self.matches.as_ref()?;
        let own = || findings.iter().filter(|finding| finding.rule == self.rule);
        if let Some(near) = near(pattern, own().flat_map(known_as).map(|(_, text)| text)) {
            return Some(format!("did you mean `{near}`?"));
        }
        let shared = |finding: &&Finding| {
            finding.subject.facts().find(|(_, text)| is_match(pattern, text)).map(|(fact, _)| fact.to_owned())
        };
        if let Some((finding, fact)) = own().find_map(|finding| Some((finding, shared(&finding)?))) {
            return Some(format!(
                "`{fact}` does not identify a finding, because many can share it: match a name, the title or the path, \
                 such as `{}`",
                finding.title
            ));
        }
        let other = findings.iter().find(|finding| names(finding, pattern))?;
        Some(format!("did you mean the rule `{}`?", other.rule))
    }

    /// What it is needed for, where it would accept far more: the one test, package or advisory that it accepts. It then names
    /// nothing, or with a star some catalogue of advisories. Patterns of names and paths are as wide as whoever wrote them wants.
    pub(super) fn needed<'a>(&self, covered: &[&'a Finding]) -> Option<&'a str> {
        let is_open_ended = match &self.matches {
            None => true,
            Some(pattern) if pattern.contains('*') => {
                let is_by_name = |finding: &&Finding| {
                    known_as(finding).any(|(role, text)| role != Role::Identifier && is_match(pattern, text))
                };
                !covered.iter().any(is_by_name)
            }
            Some(_) => false,
        };
        let of = |finding: &'a Finding, fact: &str| finding.subject.get(fact).and_then(|fact| fact.as_str());
        let thing = |finding: &'a Finding| MANY.iter().find_map(|fact| of(finding, fact));
        let one = thing(covered.first()?)?;
        if !is_open_ended || covered.iter().any(|finding| thing(finding) != Some(one)) {
            return None;
        }
        let [finding] = covered else { return Some(one) };
        Some(of(finding, "advisory").filter(|id| !id.is_empty()).unwrap_or(one))
    }

    /// The versions that fix what a waiver accepts and that can be taken as they are, with what they fix.
    pub(super) fn fixes(covered: &[&Finding]) -> Vec<String> {
        let fix = |finding: &&Finding| {
            let is_admitted = finding.subject.get("fix_admitted").is_none_or(|admitted| admitted == "yes");
            let version = finding.subject.get("fix").filter(|_| is_admitted)?.as_str()?;
            let package = finding.subject.get("package").and_then(|fact| fact.as_str()).unwrap_or_default();
            Some(format!("{package} {version}").trim().to_owned())
        };
        let mut fixes: Vec<String> = covered.iter().filter_map(fix).collect();
        fixes.sort_unstable();
        fixes.dedup();
        fixes
    }

    /// Whether its last day has passed.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires < today
    }

    /// What a finding that it covers carries.
    pub fn mark(&self) -> Waived {
        Waived::until(&self.owner, &self.reason, self.expires.to_string())
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
    known_as(finding).any(|(role, text)| match role {
        Role::Identifier => is_match(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase()),
        Role::Name | Role::Fact => is_match(pattern, text),
    })
}

/// Every text that identifies a finding: the names of its subject, its path and its title.
pub(super) fn known_as(finding: &Finding) -> impl Iterator<Item = (Role, &str)> {
    let path = finding.location.iter().map(|location| location.path.as_str());
    let others = path.chain([finding.title.as_str()]).map(|text| (Role::Name, text));
    finding.subject.names().chain(others)
}

/// The name that a pattern nearly is: in another case, with other separators, or with a typing mistake that is in no number.
fn near<'a>(pattern: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let numbers = |text: &str| -> Vec<u8> { text.bytes().filter(u8::is_ascii_digit).collect() };
    let (own, names) = (numbers(pattern), names.collect::<Vec<_>>());
    let (lower, own_letters) = (pattern.trim().to_lowercase(), letters(pattern));
    let is_cased = |name: &&&str| is_match(&lower, &name.to_lowercase());
    let is_alike = |name: &&&str| letters(name) == own_letters;
    let alike = names.iter().find(is_cased).or_else(|| names.iter().find(is_alike));
    let alike = alike.filter(|_| !own_letters.is_empty()).copied();
    alike.or_else(|| suggestion(pattern, names.into_iter().filter(|name| numbers(name) == own)))
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Waiver, is_match};
    use crate::index::Index;
    use devops_core::{Finding, Location, Rule, Severity};

    #[test]
    fn a_waiver_covers_what_its_pattern_names_and_nothing_it_only_shares() {
        let rule = Rule { id: "advisory", severity: Severity::High, summary: "", page: "" };
        let finding = Finding::new(&rule, "title", &["a"])
            .named("package", "time")
            .identified("aliases", vec!["CVE-1", "GHSA-2"])
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
            !Index::of(std::slice::from_ref(&finding)).covered(&waiver).is_empty()
        };
        for pattern in [
            "time", "CVE-1", "cve-1", "GHSA-*", "ghsa-*", "title", "sub/*", "*.lock", "*-1", "*tl*",
            "s*b/*ock",
        ] {
            assert!(covers(pattern), "{pattern}");
        }
        for pattern in [
            "crates.io",
            "chrono 0.4.22",
            "failed",
            "tim",
            "Time",
            "new",
            "whatever comes later",
            "*.LOCK",
            "sub/*.toml",
            "*x*",
        ] {
            assert!(!covers(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_waiver_that_covers_nothing_says_what_may_have_been_meant() {
        let of = |rule: &'static str| Rule { id: rule, severity: Severity::High, summary: "", page: "" };
        let findings = [
            Finding::new(&of("test-failed"), "cart.AddTest.adds one", &["a"])
                .named("test", "cart.AddTest.adds one")
                .about("change", "new"),
            Finding::new(&of("image-unrated"), "CVE-2026-1001 in a 1", &["b"])
                .identified("advisory", "CVE-2026-1001"),
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
            ("test-failed", "cart > AddTest > adds one", "did you mean `cart.AddTest.adds one`?"),
            ("test-failed", "CART.*", "did you mean `cart.AddTest.adds one`?"),
            ("test-failed", "cart.AddTest.add one", "did you mean `cart.AddTest.adds one`?"),
            (
                "test-failed",
                "new",
                "`change` does not identify a finding, because many can share it: match a name, the title or the path, \
                 such as `cart.AddTest.adds one`",
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
