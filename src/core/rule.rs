//! A rule: a stable name that findings carry, with a page that explains it.

use super::severity::Severity;

/// A rule that a job can report findings of.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable kebab-case name, as `test-failed`.
    pub id: &'static str,
    /// Severity of its findings where nothing more exact is known.
    pub severity: Severity,
    /// One line: what the rule finds.
    pub summary: &'static str,
    /// The Markdown page `devops explain` prints: what, why, how to fix, how to waive.
    pub page: &'static str,
}
