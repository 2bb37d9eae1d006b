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
    /// The Markdown page that `explain RULE` prints: what, why, how to fix, how to waive.
    pub page: &'static str,
}

/// The name of every rule of every job, in alphabetical order: each job's binary has only its own rules, and a waiver may be
/// for another job's. A test compares this with the jobs.
pub const RULE_IDS: [&str; 63] = [
    "advisory",
    "advisory-notice",
    "advisory-unmaintained",
    "advisory-unreadable",
    "advisory-unsound",
    "base-unknown",
    "baseline-missing",
    "benchmark-inconclusive",
    "benchmark-reference-moved",
    "benchmark-regressed",
    "benchmark-vanished",
    "coverage-dropped",
    "coverage-file-vanished",
    "coverage-too-low",
    "database-stale",
    "delivery-refused",
    "delivery-spooled",
    "exit-unexplained",
    "file-coverage-too-low",
    "folder-coverage-too-low",
    "image-licence",
    "image-misconfiguration",
    "image-mismatch",
    "image-not-judged",
    "image-nothing-scanned",
    "image-os-end-of-life",
    "image-secret",
    "image-too-many",
    "image-unrated",
    "image-vulnerability",
    "journal-damaged",
    "lockfile-not-read",
    "patch-coverage-too-low",
    "patch-coverage-unknown",
    "promotion-cancelled",
    "promotion-held",
    "promotion-hook-failed",
    "promotion-rolled-back",
    "promotion-superseded",
    "promotion-unhealthy",
    "quarantine-expired",
    "quarantine-unused",
    "report-duplicate",
    "report-empty",
    "report-missing",
    "report-outdated",
    "report-stale",
    "report-unreadable",
    "run-errored",
    "run-slower",
    "source-not-covered",
    "suite-errored",
    "test-failed",
    "test-failed-before",
    "test-flaky",
    "test-newly-skipped",
    "test-slower",
    "test-vanished",
    "threshold-crossed",
    "too-few-reports",
    "too-few-tests",
    "waiver-expired",
    "waiver-unused",
];
