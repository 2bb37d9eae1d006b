//! A rule: a stable name that findings carry, with a page that explains it.

use super::severity::Severity;

/// A rule that a job can report findings of.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable kebab-case name, such as `test-failed`.
    pub id: &'static str,
    /// Severity of its findings where nothing more exact is known.
    pub severity: Severity,
    /// One line: what the rule finds.
    pub summary: &'static str,
    /// The Markdown page that `explain RULE` prints: what, why, how to fix, how to waive.
    pub page: &'static str,
}

// `RULE_IDS`, which `build.rs` makes of the names of the pages.
include!(concat!(env!("OUT_DIR"), "/rule_ids.rs"));

/// The page of a rule, `docs/rules/<id>.md`.
///
/// This is the one place that knows where the pages are: from the manifest of the crate that a rule stands in, such as `src/policy`.
#[doc(hidden)]
#[macro_export]
macro_rules! rule_page {
    ($id:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules/", $id, ".md"))
    };
}

/// Declares the rules of a room, each as a public constant in one line, and the list of them in the same order:
///
/// ```text
/// rules! {
///     /// Every rule of this room, causes before what follows from them.
///     pub(super) const RULES;
///
///     FAILED: "test-failed", High, "a test failed or broke off with an error";
/// }
/// ```
///
/// A rule is its page, `docs/rules/<id>.md`, and its line: the page's name makes the id known to every job.
#[macro_export]
macro_rules! rules {
    (
        $(#[$meta:meta])*
        $visible:vis const $list:ident;
        $($name:ident: $id:literal, $severity:ident, $summary:literal;)+
    ) => {
        $(
            #[doc = $summary]
            #[allow(unreachable_pub, reason = "public where its module is, which the macro can't see")]
            pub const $name: $crate::Rule = $crate::Rule {
                id: $id,
                severity: $crate::Severity::$severity,
                summary: $summary,
                page: $crate::rule_page!($id),
            };
        )+

        $(#[$meta])*
        $visible const $list: &[$crate::Rule] = &[$($name),+];
    };
}

pub use crate::rules;
