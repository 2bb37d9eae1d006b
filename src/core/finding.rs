//! A finding: one thing a rule has to say about one subject at one place.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::{self, hexadecimal};
use super::rule::Rule;
use super::severity::Severity;
use super::subject::{Change, Role, Subject};

/// One thing a rule has to say about one subject at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line that names the subject.
    pub title: String,
    /// What happened, as long as it needs to be; may be empty, may have several lines.
    pub detail: String,
    /// What it is about.
    pub subject: Subject,
    /// Where it stands, if it stands somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Names this finding across runs.
    pub fingerprint: Fingerprint,
    /// The next step to take, one sentence or command.
    pub help: String,
    /// Who accepted it, if someone did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waived>,
}

impl Finding {
    /// A finding of `rule` with the rule's own severity; `identity` is what names the subject across runs.
    ///
    /// Leave out of `identity` what changes when nothing did: line numbers, order, durations, messages.
    pub fn new(rule: &Rule, title: impl Into<String>, identity: &[&str]) -> Self {
        Self {
            rule: rule.id.to_owned(),
            severity: rule.severity,
            title: title.into(),
            detail: String::new(),
            subject: Subject::default(),
            location: None,
            fingerprint: Fingerprint::of(rule.id, identity),
            help: String::new(),
            waived: None,
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same with a detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same with one more name of its subject, by which waivers find it.
    #[must_use]
    pub fn named(mut self, fact: &str, name: impl Into<Value>) -> Self {
        self.subject.insert(Role::Name, fact, name);
        self
    }

    /// The same with one more identifier of its subject, by which waivers find it in upper and lower case.
    #[must_use]
    pub fn identified(mut self, fact: &str, identifier: impl Into<Value>) -> Self {
        self.subject.insert(Role::Identifier, fact, identifier);
        self
    }

    /// The same with one more fact about its subject, which other findings may share: no waiver looks at it.
    #[must_use]
    pub fn about(mut self, name: &str, fact: impl Into<Value>) -> Self {
        self.subject.insert(Role::Fact, name, fact);
        self
    }

    /// The same, new or known at the base or in earlier runs.
    #[must_use]
    pub fn changed(mut self, change: Change) -> Self {
        self.subject.set_change(change);
        self
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// The same with the next step to take.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Whether it is not waived.
    pub fn is_open(&self) -> bool {
        self.waived.is_none()
    }
}

/// A place in a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Path with `/`, relative to the repository where that is known.
    pub path: String,
    /// Line from 1, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column from 1, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

impl Location {
    /// A whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, column: None }
    }

    /// A line of a file.
    pub fn line(path: impl Into<String>, line: u64) -> Self {
        Self { line: Some(line), ..Self::file(path) }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
            if let Some(column) = self.column {
                write!(formatter, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// Who accepted a finding, why and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waived {
    /// Who is responsible.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// Last day on which it holds, as `2026-12-31`; a statement of a document has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The document whose statement it is; a waiver has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_in: Option<String>,
}

impl Waived {
    /// Accepted by a waiver, until a day.
    pub fn until(owner: impl Into<String>, reason: impl Into<String>, expires: impl Into<String>) -> Self {
        Self { owner: owner.into(), reason: reason.into(), expires: Some(expires.into()), stated_in: None }
    }

    /// Accepted because a document states that it does not apply.
    pub fn stated(owner: impl Into<String>, reason: impl Into<String>, document: impl Into<String>) -> Self {
        Self { owner: owner.into(), reason: reason.into(), expires: None, stated_in: Some(document.into()) }
    }

    /// Under which terms: `until 2026-12-31, owner ops`, or `statement of ACME, in vex.json`.
    pub fn terms(&self) -> String {
        match (&self.stated_in, &self.expires) {
            (Some(document), _) => format!("statement of {}, in {document}", self.owner),
            (None, Some(expires)) => format!("until {expires}, owner {}", self.owner),
            (None, None) => format!("owner {}", self.owner),
        }
    }
}

/// Names a finding across runs: 32 hexadecimal digits of a SHA-256 over the rule and the subject's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a rule's finding about the subject that `identity` names.
    pub fn of(rule: &str, identity: &[&str]) -> Self {
        let parts = std::iter::once(&rule).chain(identity).copied();
        Self(hexadecimal(&digest::of_parts(parts)).chars().take(32).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
