//! Findings to verdict: thresholds and waivers, the only place that suppresses anything.
//!
//! Owns waivers and the judgement. Knows no job, format or host.

mod index;
mod judge;
mod waiver;

pub use judge::{Days, Judgement, judge};
pub use waiver::{RULES, Waiver};
