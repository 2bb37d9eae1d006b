//! The rules of annotate.

use crate::core::rule::rules;

rules! {
    /// Every rule.
    pub(crate) const RULES;

    REFUSED: "delivery-refused", Medium, "a destination refused the deployment record";
    SPOOLED: "delivery-spooled", Low, "a destination was not told in time; the next call tells it";
    DAMAGED: "journal-damaged", Low, "the journal has lines that can't be read";
}
