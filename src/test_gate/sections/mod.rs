//! The sections of the outcome: each a function of the facts of the run, and of what they are held against.
//!
//! A section changes nothing and knows no other; [`join`] puts them together in the order in which people read them.

pub(super) mod benchmarks;
pub(super) mod change;
pub(super) mod comparison;
mod counts;
pub(super) mod coverage;
mod failures;
pub(super) mod reports;
pub(super) mod slowest;

use serde_json::Value;

pub(super) use self::failures::Failures;
use super::rules;
use devops_core::report::Facts;
use devops_core::{Finding, Input, Table};
use devops_job::Outcome;

/// Findings, notes, tables and numbers about one part of a run.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// What the headline says of it.
    pub(super) headlines: Vec<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) tables: Vec<Table>,
    /// Its counts.
    pub(super) totals: Facts,
    /// Facts by the name under which they stand in the details.
    pub(super) details: Vec<(&'static str, Value)>,
    /// Files that it was made of.
    pub(super) inputs: Vec<Input>,
}

impl Section {
    /// This section, and another one below it.
    #[must_use]
    fn and(mut self, other: Self) -> Self {
        self.headlines.extend(other.headlines);
        self.findings.extend(other.findings);
        self.notes.extend(other.notes);
        self.tables.extend(other.tables);
        self.totals.extend(other.totals);
        self.details.extend(other.details);
        self.inputs.extend(other.inputs);
        self
    }
}

/// One outcome of all sections.
pub(super) fn join(sections: impl IntoIterator<Item = Section>) -> Outcome {
    let Section { headlines, findings, notes, tables, totals, details, inputs } =
        sections.into_iter().fold(Section::default(), Section::and);
    let mut details: Facts = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Table::put(tables, &mut details);
    Outcome {
        headline: headlines.join(", "),
        counted: rules::COUNTED,
        findings,
        notes,
        totals,
        details,
        inputs,
        ..Outcome::default()
    }
}
