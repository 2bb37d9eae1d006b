//! Benchmarks: what a producer measured, and whether it got worse than before.
//!
//! Owns the formats of benchmark reports, one file each, the comparison with a baseline at a stated rate of false alarms, and
//! the rules about both. Must not know where a baseline is kept, how findings are judged, and what tests or coverage say.

mod benchmark;
mod broken;
mod compare;
mod counters;
mod details;
mod direction;
mod format;
mod judge;
mod limits;
mod machine;
mod merge;
mod namesakes;
mod rows;
mod rules;
mod samples;
mod sheet;
mod statistics;
mod stream;
mod text;
mod unit;

use devops_core::modules::modules;

modules! {
    /// Every format, the most specific shape first.
    const TABLE: &[&[Format]] = FORMATS of {
        own,
        jmh,
        julia,
        custom,
        pytest_benchmark,
        google_benchmark,
        benchmark_dot_net,
        hyperfine,
        vitest_bench,
        k6,
        criterion,
        gungraun,
        asv,
        bencher,
        callgrind,
        libtest_bench,
        go_bench,
        catch2,
        luau,
        ruby_benchmark,
        benchmark_ips,
        dart,
        iai,
        benchmark_js,
    }
}

pub use self::{
    benchmark::Benchmark,
    compare::Comparison,
    details::details,
    direction::Direction,
    format::{Format, detect, formats, position, read},
    judge::{judge, worst_first},
    limits::{Bound, Limits},
    merge::merge,
    rules::RULES,
    sheet::{Reading, Threshold},
    stream::Stream,
};

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod examples_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
#[path = "../../tests/it/skipped.rs"]
mod skipped;
