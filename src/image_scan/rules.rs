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
    OS_NOT_COVERED: "os-not-covered", High,
        "no advisory database is about the packages of the image's system";
    ROOT: "image-runs-as-root", Medium, "the image runs as root";
    PRIVILEGED_FILE: "image-privileged-file", Medium,
        "a file runs with the rights of its owner, and no package of the distribution brought it";
    NOT_PINNED: "image-base-not-pinned", Info, "the image does not name its base image by digest";
    BASE_OUTDATED: "image-base-outdated", Medium, "the base image is older than allowed";
    LABEL_MISSING: "image-label-missing", Info, "the image lacks labels";
    CACHE_LEFT: "image-cache-left", Info, "the cache of a package manager is in the image";
    TOO_LARGE: "image-too-large", Medium, "the image is larger than allowed";
    TOO_MANY_LAYERS: "image-too-many-layers", Medium, "the image has more layers than allowed";
    CONTRADICTORY: "image-contradictory", High, "files of the image contradict each other about its packages";
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
