//! The rules of this room.

use super::problem::Kind;
use super::rating::Rating;
use devops_core::Rule;
use devops_core::rule::rules;

rules! {
    /// Every rule, in the order the documentation lists them.
    pub(super) const RULES;

    VULNERABILITY: "image-vulnerability", High, "a package of the image has a known vulnerability";
    UNRATED: "image-unrated", Medium, "a package of the image has an unrated vulnerability";
    MISCONFIGURATION: "image-misconfiguration", Medium, "a configuration fails a check";
    SECRET: "image-secret", High, "a file of the image contains a secret in plain text";
    LICENCE: "image-licence", Medium, "a package or file of the image has a licence with obligations";
    OS_END_OF_LIFE: "image-os-end-of-life", Medium,
        "the operating system of the image is no longer supported";
    NOTHING_SCANNED: "image-nothing-scanned", High,
        "the report has no results, or filters leave nothing to check";
    RESULT: "image-result", Medium, "an analyser found something that is no known vulnerability";
    SUPPRESSED: "image-suppressed", High, "findings are suppressed by a source that is not accepted";
    INCOMPLETE: "image-incomplete", High, "the scanner reports that the scan is incomplete";
    NOT_JUDGED: "image-not-judged", Medium,
        "the report has entries of a kind that this release does not know";
    TOO_MANY: "image-too-many", High, "there are more findings than the report lists";
    OUTDATED: "report-outdated", High, "the scanner report is older than allowed";
    STALE: "image-report-stale", High,
        "the scanner report is committed with the change, so this run did not write it";
    MISMATCH: "image-mismatch", High, "the scanner report is about another image";
}

/// The rule a complaint falls under.
pub(super) fn rule(kind: Kind, rating: &Rating) -> &'static Rule {
    match kind {
        Kind::Vulnerability if rating.known().is_none() => &UNRATED,
        Kind::Vulnerability => &VULNERABILITY,
        Kind::Misconfiguration => &MISCONFIGURATION,
        Kind::Secret => &SECRET,
        Kind::Licence => &LICENCE,
        Kind::Result => &RESULT,
    }
}
