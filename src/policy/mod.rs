//! Findings to verdict: thresholds and waivers, the only place that suppresses anything.
//!
//! Owns waivers and the judgement. Knows no job, format or host.

mod judge;
mod waiver;

pub use judge::{Judgement, judge};
pub(crate) use waiver::is_match;
pub use waiver::{RULES, Waiver};
