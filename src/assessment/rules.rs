//! The rules about advisories and what they cover.

use devops_core::rule::rules;

rules! {
    /// Every rule of this room, those about causes first.
    pub const RULES;

    MALWARE: "malware", Critical, "a package is malicious";
    ADVISORY: "advisory", High, "a package has a known vulnerability";
    UNMAINTAINED: "advisory-unmaintained", Low, "a package is no longer maintained";
    UNSOUND: "advisory-unsound", Medium, "safe code can cause undefined behaviour through a package";
    NOTICE: "advisory-notice", Info, "there is a notice about a package";
    UNREADABLE: "advisory-unreadable", High, "an advisory about a package in use can't be read";
    UNDECIDED: "advisory-undecided", Low, "only the repository shows whether an advisory applies";
    UNPINNED: "unpinned", Low, "a file gives no exact version of a package";
    NOT_COVERED: "source-not-covered", Medium,
        "packages are from a source that no advisory covers";
    ECOSYSTEM: "ecosystem-not-covered", High, "no advisory database is about packages of a lockfile";
    STALE: "database-stale", Medium, "the advisory database is old";
}
