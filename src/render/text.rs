//! What a terminal shows.

use super::Document;

/// How much a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The verdict line.
    Verdict,
    /// The verdict, the findings with their next step, what was waived and how it ended.
    Findings,
}

/// The report for a terminal, with colours that the printer strips where they don't belong.
pub fn text(document: &Document<'_>, _detail: Detail) -> String {
    format!("{} {} {}\n", document.report.job, document.report.verdict, document.report.headline)
}
