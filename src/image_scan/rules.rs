//! The rules of this room.

use super::problem::Kind;
use crate::core::{Rule, Severity};

/// Every rule, in the order the documentation lists them.
pub(super) const RULES: &[Rule] = &[
    VULNERABILITY,
    UNRATED,
    MISCONFIGURATION,
    SECRET,
    LICENCE,
    OS_END_OF_LIFE,
    NOTHING_SCANNED,
    NOT_JUDGED,
    TOO_MANY,
    OUTDATED,
    MISMATCH,
];

/// A package with a known vulnerability.
pub(super) const VULNERABILITY: Rule = Rule {
    id: "image-vulnerability",
    severity: Severity::High,
    summary: "a package of the image has a known vulnerability",
    page: include_str!("../../docs/rules/image-vulnerability.md"),
};

/// A vulnerability nobody has rated.
pub(super) const UNRATED: Rule = Rule {
    id: "image-unrated",
    severity: Severity::Medium,
    summary: "a package of the image has an unrated vulnerability",
    page: include_str!("../../docs/rules/image-unrated.md"),
};

/// A check that failed.
pub(super) const MISCONFIGURATION: Rule = Rule {
    id: "image-misconfiguration",
    severity: Severity::Medium,
    summary: "a configuration fails a check",
    page: include_str!("../../docs/rules/image-misconfiguration.md"),
};

/// A secret in plain text.
pub(super) const SECRET: Rule = Rule {
    id: "image-secret",
    severity: Severity::High,
    summary: "a file of the image contains a secret in plain text",
    page: include_str!("../../docs/rules/image-secret.md"),
};

/// A licence that asks for something.
pub(super) const LICENCE: Rule = Rule {
    id: "image-licence",
    severity: Severity::Medium,
    summary: "a package or file of the image has a licence with obligations",
    page: include_str!("../../docs/rules/image-licence.md"),
};

/// An operating system out of support.
pub(super) const OS_END_OF_LIFE: Rule = Rule {
    id: "image-os-end-of-life",
    severity: Severity::Medium,
    summary: "the operating system of the image is no longer supported",
    page: include_str!("../../docs/rules/image-os-end-of-life.md"),
};

/// A report without anything in it.
pub(super) const NOTHING_SCANNED: Rule = Rule {
    id: "image-nothing-scanned",
    severity: Severity::High,
    summary: "the report has no results, or filters leave nothing to check",
    page: include_str!("../../docs/rules/image-nothing-scanned.md"),
};

/// Complaints of a kind that is not known.
pub(super) const NOT_JUDGED: Rule = Rule {
    id: "image-not-judged",
    severity: Severity::Medium,
    summary: "the report has entries of a kind that this release does not know",
    page: include_str!("../../docs/rules/image-not-judged.md"),
};

/// More complaints than a report can list.
pub(super) const TOO_MANY: Rule = Rule {
    id: "image-too-many",
    severity: Severity::High,
    summary: "there are more findings than the report lists",
    page: include_str!("../../docs/rules/image-too-many.md"),
};

/// A report of long ago.
pub(super) const OUTDATED: Rule = Rule {
    id: "report-outdated",
    severity: Severity::High,
    summary: "the scanner report is older than allowed",
    page: include_str!("../../docs/rules/report-outdated.md"),
};

/// A report of another image.
pub(super) const MISMATCH: Rule = Rule {
    id: "image-mismatch",
    severity: Severity::High,
    summary: "the scanner report is about another image",
    page: include_str!("../../docs/rules/image-mismatch.md"),
};

/// The rule a complaint falls under.
pub(super) fn rule(kind: Kind, severity: Option<Severity>) -> &'static Rule {
    match kind {
        Kind::Vulnerability if severity.is_none() => &UNRATED,
        Kind::Vulnerability => &VULNERABILITY,
        Kind::Misconfiguration => &MISCONFIGURATION,
        Kind::Secret => &SECRET,
        Kind::Licence => &LICENCE,
    }
}
