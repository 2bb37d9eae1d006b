//! HTTP with deadlines, bounded answers and retries by class; for jobs that talk to a network and for nothing else.
//!
//! Owns the one client, what an answer or its absence means, and when to try again. Knows no destination and no job.

mod answer;
mod client;
mod retry;
mod together;

pub use answer::{Answer, Cause, Trouble};
pub use client::{Http, client};
pub use retry::{Class, Next, next};
pub use together::together;
