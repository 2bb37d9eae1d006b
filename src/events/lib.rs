//! The event log: one line per fact, from which delivery metrics, cost and evidence are computed later.
//!
//! Owns the line ([`Event`]), how it is written ([`append`]) and how it is read back ([`Log`]). The published form is
//! `schemas/event-v1.schema.json`. Knows no job and no host, and never reads the clock; imports `core` and `files`.

mod event;
mod folder;
mod log;

pub use event::{
    Author, Body, Change, Deployment, Event, Intent, Judged, Kind, Progress, Tier, deployment_uid,
};
pub use folder::{LONGEST_LINE, append, latest};
pub use log::{Key, Log, Problem};
