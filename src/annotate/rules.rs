//! The rules of annotate.

use devops_core::rule::rules;

rules! {
    /// Every rule.
    pub(crate) const RULES;

    REFUSED: "delivery-refused", Medium, "a destination refused the deployment record";
    SPOOLED: "delivery-spooled", Low,
        "a destination did not answer in time; the next call delivers the record";
    DAMAGED: "journal-damaged", Low, "the journal has lines that can't be read";
}
