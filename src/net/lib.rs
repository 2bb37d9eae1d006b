//! HTTP with deadlines, bounded answers and retries by class; for jobs that talk to a network and for nothing else.
//!
//! Owns the one client, the request as a value, what an answer or its absence means, when to try again, and the runtime
//! with its signals, and downloads with redirects. Knows no destination and no job.

mod address;
mod answer;
mod client;
mod request;
mod retry;
mod signals;
mod together;
mod wire;

pub use address::{is_loopback, may_carry_credential};
pub use answer::{Answer, Cause, Trouble};
pub use client::{Http, client};
pub use request::{Method, Request, encode};
pub use retry::{Class, Next, next};
pub use signals::{Cancel, runtime};
pub use together::together;
pub use wire::{Ask, Limits, Opened, Wire};
