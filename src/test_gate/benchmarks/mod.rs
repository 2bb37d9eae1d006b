//! Benchmarks: what a producer measured, and whether it got worse than before.
//!
//! Owns the formats of benchmark reports, one file each, the comparison with a baseline at a stated rate of false alarms, and
//! the rules about both. Must not know where a baseline is kept, how findings are judged, and what tests or coverage say.

mod asv;
mod bencher;
mod benchmark;
mod benchmark_dot_net;
mod benchmark_ips;
mod benchmark_js;
mod broken;
mod callgrind;
mod catch2;
mod compare;
mod counters;
mod criterion;
mod custom;
mod dart;
mod details;
mod format;
mod go_bench;
mod google_benchmark;
mod gungraun;
mod hyperfine;
mod iai;
mod jmh;
mod judge;
mod julia;
mod k6;
mod libtest_bench;
mod limits;
mod luau;
mod machine;
mod merge;
mod namesakes;
mod own;
mod pytest_benchmark;
mod ruby_benchmark;
mod rules;
mod samples;
mod sheet;
mod statistics;
mod stream;
mod text;
mod unit;
mod vitest_bench;

pub(crate) use self::{
    benchmark::Benchmark,
    compare::Comparison,
    details::details,
    format::{Format, detect, read},
    judge::{judge, worst_first},
    limits::{Bound, Limits},
    rules::RULES,
    sheet::{Reading, Threshold},
    stream::Stream,
};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::merge::merge;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod examples_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation_tests;
