//! What one kind of report adds to the outcome.

use serde_json::Value;

use crate::core::{Finding, Table};

/// Findings, notes, tables and facts about one kind of report.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) tables: Vec<Table>,
    /// A name and the facts that stand under it in the details.
    pub(super) details: Option<(&'static str, Value)>,
    /// What the headline says of it.
    pub(super) headline: Option<String>,
}
