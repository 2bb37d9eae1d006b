//! The rules of annotate.

use crate::core::{Rule, Severity};

/// A destination refused a record.
pub(crate) const REFUSED: Rule = Rule {
    id: "delivery-refused",
    severity: Severity::Medium,
    summary: "a destination refused the deployment record",
    page: include_str!("../../docs/rules/delivery-refused.md"),
};

/// A destination did not answer in time.
pub(crate) const SPOOLED: Rule = Rule {
    id: "delivery-spooled",
    severity: Severity::Low,
    summary: "a destination did not answer in time; the next call delivers the record",
    page: include_str!("../../docs/rules/delivery-spooled.md"),
};

/// Lines of the journal can't be read.
pub(crate) const DAMAGED: Rule = Rule {
    id: "journal-damaged",
    severity: Severity::Low,
    summary: "the journal has lines that can't be read",
    page: include_str!("../../docs/rules/journal-damaged.md"),
};

/// Every rule.
pub(crate) const RULES: &[Rule] = &[REFUSED, SPOOLED, DAMAGED];
