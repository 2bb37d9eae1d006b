//! The rules of `dep-scan`.

use crate::core::{Rule, Severity};

macro_rules! page {
    ($name:literal) => {
        include_str!(concat!("../../docs/rules/", $name, ".md"))
    };
}

/// A package has a known vulnerability.
pub const ADVISORY: Rule = Rule {
    id: "advisory",
    severity: Severity::High,
    summary: "a package has a known vulnerability",
    page: page!("advisory"),
};

/// A package is no longer maintained.
pub const UNMAINTAINED: Rule = Rule {
    id: "advisory-unmaintained",
    severity: Severity::Low,
    summary: "a package is no longer maintained",
    page: page!("advisory-unmaintained"),
};

/// A package is unsound.
pub const UNSOUND: Rule = Rule {
    id: "advisory-unsound",
    severity: Severity::Medium,
    summary: "safe code can cause undefined behaviour through a package",
    page: page!("advisory-unsound"),
};

/// There is a notice about a package.
pub const NOTICE: Rule = Rule {
    id: "advisory-notice",
    severity: Severity::Info,
    summary: "there is a notice about a package",
    page: page!("advisory-notice"),
};

/// An advisory about a package can't be read.
pub const UNREADABLE: Rule = Rule {
    id: "advisory-unreadable",
    severity: Severity::High,
    summary: "an advisory about a package in use can't be read",
    page: page!("advisory-unreadable"),
};

/// A package comes from somewhere that advisories say nothing about.
pub const NOT_COVERED: Rule = Rule {
    id: "source-not-covered",
    severity: Severity::Medium,
    summary: "a package is from another source, and an advisory would apply to it in the public registry",
    page: page!("source-not-covered"),
};

/// A lockfile's format is not known yet.
pub const NOT_READ: Rule = Rule {
    id: "lockfile-not-read",
    severity: Severity::Low,
    summary: "a lockfile is in a format that is not read yet",
    page: page!("lockfile-not-read"),
};

/// The advisory database is getting old.
pub const STALE: Rule = Rule {
    id: "database-stale",
    severity: Severity::Medium,
    summary: "the advisory database is old",
    page: page!("database-stale"),
};

/// All of them.
pub const ALL: &[Rule] = &[ADVISORY, UNMAINTAINED, UNSOUND, NOTICE, UNREADABLE, NOT_COVERED, NOT_READ, STALE];
