//! What earlier runs were like, and what is different now.
//!
//! Owns the baseline file, its merging, the comparison of a run's tests with it, quarantine, and the rules about both.
//! Coverage and benchmarks are plain records here. Pure: values in, values out; must not know report formats, where files
//! lie, what day it is, or how findings are judged.

mod compare;
mod details;
mod file;
mod history;
mod interval;
mod limits;
mod merge;
mod model;
mod pairs;
mod pool;
#[cfg(test)]
mod properties;
mod quarantine;
mod read;
pub(crate) mod rules;
#[cfg(test)]
mod simulation;
mod stem;

pub(crate) use compare::{Change, Comparison, compare};
pub(crate) use details::details;
pub(crate) use file::write;
pub(crate) use limits::{Limits, TestDrop};
pub(crate) use merge::merge;
pub(crate) use model::{Baseline, Benchmark, Coverage, Metric, RunIdentity};
pub(crate) use pairs::Subject;
pub(crate) use quarantine::Quarantine;
pub(crate) use read::{LARGEST, read_whole};
