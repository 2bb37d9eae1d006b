//! The rules of `dep-scan`.

use devops_core::rule::rules;

rules! {
    /// Every rule of this room.
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
    LICENCE_DENIED: "licence-denied", High, "the licence of a package is not allowed";
    LICENCE_UNKNOWN: "licence-unknown", Medium, "the licence of a package is not known";
    BANNED: "package-banned", High, "a package must not be used";
    DUPLICATED: "package-duplicated", Medium, "a lockfile has several versions of a package";
    WILDCARD: "requirement-wildcard", Medium, "the project asks for any version of a package";
    NOT_READ: "lockfile-not-read", Medium, "a lockfile is in a format that is not read yet";
    TAMPERED: "lockfile-tampered", High,
        "a lockfile gives another file for the same version of a package";
    INSTALL_SCRIPT: "install-script-new", Medium, "a change brings in a package that runs a script when it is installed";
    TOO_NEW: "package-too-new", High, "a change brings in a version that was published a short time ago";
    TRUST_LOWERED: "trust-lowered", Medium, "a change takes a package from a source that is trusted less";
    GONE: "lockfile-gone", High, "a change removes the lockfile of a project that stays";
    STALE: "database-stale", Medium, "the advisory database is old";
}
