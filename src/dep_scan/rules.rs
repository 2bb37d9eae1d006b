//! The rules of `dep-scan`.

use std::sync::LazyLock;

use devops_assessment::rules::STALE;
use devops_core::Rule;
use devops_core::rule::rules;

/// Every rule that findings of this job have, those about causes first.
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let about_packages = devops_assessment::rules::RULES.iter().filter(|rule| rule.id != STALE.id);
    about_packages.chain(OWN).chain([&STALE]).copied().collect()
});

rules! {
    /// The rules of this room.
    pub const OWN;

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
}
