//! The formats, told apart by what a file holds, and the one way to read each.

use std::borrow::Cow;
use std::io::Read;

use super::sheet::Reading;
use super::text::plain;
use super::{
    asv, bencher, benchmark_dot_net, benchmark_ips, benchmark_js, callgrind, catch2, criterion, custom, dart,
    go_bench, google_benchmark, gungraun, hyperfine, iai, jmh, julia, k6, libtest_bench, luau, own,
    pytest_benchmark, ruby_benchmark, vitest_bench,
};
use crate::reading::shape::{Json, Shape};

/// A format of benchmark reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    Asv,
    Bencher,
    BenchmarkDotNet,
    BenchmarkIps,
    BenchmarkIpsList,
    BenchmarkJs,
    Callgrind,
    Catch2,
    Criterion,
    CriterionEstimates,
    CriterionMessages,
    CriterionSample,
    Custom,
    Dart,
    GoBench,
    GoogleBenchmark,
    Gungraun,
    Hyperfine,
    Iai,
    Jmh,
    Julia,
    K6,
    LibtestBench,
    Luau,
    Own,
    PytestBenchmark,
    RubyBenchmark,
    VitestBench,
}

impl Format {
    /// Every format, in the order in which text is tried.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const ALL: [Self; 28] = [
        Self::Asv,
        Self::Bencher,
        Self::BenchmarkDotNet,
        Self::BenchmarkIps,
        Self::BenchmarkIpsList,
        Self::BenchmarkJs,
        Self::Callgrind,
        Self::Catch2,
        Self::Criterion,
        Self::CriterionEstimates,
        Self::CriterionMessages,
        Self::CriterionSample,
        Self::Custom,
        Self::Dart,
        Self::GoBench,
        Self::GoogleBenchmark,
        Self::Gungraun,
        Self::Hyperfine,
        Self::Iai,
        Self::Jmh,
        Self::Julia,
        Self::K6,
        Self::LibtestBench,
        Self::Luau,
        Self::Own,
        Self::PytestBenchmark,
        Self::RubyBenchmark,
        Self::VitestBench,
    ];

    /// The name people know it by.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Asv => "asv",
            Self::Bencher => "bencher",
            Self::BenchmarkDotNet => "BenchmarkDotNet",
            Self::BenchmarkIps | Self::BenchmarkIpsList => "benchmark-ips",
            Self::BenchmarkJs => "benchmark.js",
            Self::Callgrind => "callgrind",
            Self::Catch2 => "Catch2",
            Self::Criterion | Self::CriterionEstimates | Self::CriterionMessages | Self::CriterionSample => {
                "criterion"
            }
            Self::Custom => "github-action-benchmark custom JSON",
            Self::Dart => "benchmark_harness",
            Self::GoBench => "go test -bench",
            Self::GoogleBenchmark => "Google Benchmark",
            Self::Gungraun => "gungraun",
            Self::Hyperfine => "hyperfine",
            Self::Iai => "iai",
            Self::Jmh => "JMH",
            Self::Julia => "BenchmarkTools.jl",
            Self::K6 => "k6",
            Self::LibtestBench => "libtest bench",
            Self::Luau => "Luau bench",
            Self::Own => "devops-benchmarks",
            Self::PytestBenchmark => "pytest-benchmark",
            Self::RubyBenchmark => "Ruby's Benchmark",
            Self::VitestBench => "vitest bench",
        }
    }
}

/// The format of a file, by what its beginning shows; `None` where it is no benchmark report.
pub(crate) fn detect(shape: &Shape) -> Option<Format> {
    match shape {
        Shape::Nothing | Shape::Xml(_) => None,
        Shape::Json(json) => of_json(json),
        Shape::JsonLines(json) if is_gungraun(json) => Some(Format::Gungraun),
        Shape::JsonLines(json) => is_message(json).then_some(Format::CriterionMessages),
        Shape::Text(lines) => of_text(lines),
    }
}

fn is_message(json: &Json) -> bool {
    json.says(&["reason"], "benchmark-complete")
        || (json.says(&["reason"], "group-complete") && json.has(&["benchmarks"]))
}

fn of_json(json: &Json) -> Option<Format> {
    let in_list = |key: &str| json.is_list && json.has(&["[]", key]);
    let found = [
        (json.says(&["format"], own::NAME), Format::Own),
        (in_list("jmhVersion") || in_list("primaryMetric"), Format::Jmh),
        (in_list("BenchmarkTools"), Format::Julia),
        (in_list("name") && in_list("ips") && in_list("stddev"), Format::BenchmarkIpsList),
        (in_list("name") && in_list("unit") && in_list("value"), Format::Custom),
        (json.has(&["benchmarks", "[]", "stats"]) || is_pytest_head(json), Format::PytestBenchmark),
        (json.has(&["benchmarks", "[]", "real_time"]) || is_google_head(json), Format::GoogleBenchmark),
        (json.has(&["HostEnvironmentInfo"]) && json.has(&["Benchmarks"]), Format::BenchmarkDotNet),
        (json.has(&["results", "[]", "command"]) && json.has(&["results", "[]", "mean"]), Format::Hyperfine),
        (json.has(&["files", "[]", "groups"]), Format::VitestBench),
        (json.has(&["metrics"]) && is_k6(json), Format::K6),
        (is_message(json), Format::CriterionMessages),
        (json.has(&["iters"]) && json.has(&["times"]), Format::CriterionSample),
        (json.has(&["mean", "point_estimate"]) && json.has(&["std_dev"]), Format::CriterionEstimates),
        (is_gungraun(json), Format::Gungraun),
        (json.has(&["commit_hash"]) && json.has(&["result_columns"]), Format::Asv),
        (json.is_all_at(3, &bencher::KEYS) && json.has(&["*", "*", "value"]), Format::Bencher),
    ];
    found.into_iter().find(|(is_it, _)| *is_it).map(|(_, format)| format)
}

fn is_gungraun(json: &Json) -> bool {
    json.has(&["module_path"]) && json.has(&["benchmark_exe"])
}

fn is_pytest_head(json: &Json) -> bool {
    json.has(&["machine_info"]) && json.has(&["commit_info"])
}

fn is_google_head(json: &Json) -> bool {
    json.has(&["context", "library_build_type"]) || json.has(&["context", "mhz_per_cpu"])
}

fn is_k6(json: &Json) -> bool {
    json.has(&["root_group"]) || json.has(&["metrics", "*", "values"]) || json.has(&["metrics", "*", "p(95)"])
}

fn of_text(lines: &[String]) -> Option<Format> {
    if callgrind::is_head(lines) {
        return Some(Format::Callgrind);
    }
    let lines: Vec<Cow<'_, str>> = lines.iter().map(|line| plain(line)).collect();
    let any = |is_line: fn(&str) -> bool| lines.iter().any(|line| is_line(line));
    let found = [
        (any(criterion::is_line), Format::Criterion),
        (any(libtest_bench::is_line), Format::LibtestBench),
        (any(go_bench::is_line), Format::GoBench),
        (any(catch2::is_line), Format::Catch2),
        (any(luau::is_line), Format::Luau),
        (any(ruby_benchmark::is_line), Format::RubyBenchmark),
        (any(benchmark_ips::is_line), Format::BenchmarkIps),
        (any(dart::is_line), Format::Dart),
        (any(iai::is_line), Format::Iai),
        (any(benchmark_js::is_line), Format::BenchmarkJs),
    ];
    found.into_iter().find(|(is_it, _)| *is_it).map(|(_, format)| format)
}

/// Reads a file; `path` names a benchmark only where nothing in the file does.
pub(crate) fn read(format: Format, mut source: impl Read, path: &str) -> Reading {
    let source: &mut dyn Read = &mut source;
    match format {
        Format::Asv => asv::read(source),
        Format::Bencher => bencher::read(source),
        Format::BenchmarkIps => benchmark_ips::read(source),
        Format::BenchmarkIpsList => benchmark_ips::read_list(source),
        Format::BenchmarkDotNet => benchmark_dot_net::read(source),
        Format::BenchmarkJs => benchmark_js::read(source),
        Format::Callgrind => callgrind::read(source),
        Format::Catch2 => catch2::read(source),
        Format::Criterion => criterion::read(source),
        Format::CriterionEstimates => criterion::read_estimates(source, path),
        Format::CriterionMessages => criterion::read_messages(source),
        Format::CriterionSample => criterion::read_sample(source, path),
        Format::Custom => custom::read(source),
        Format::Dart => dart::read(source),
        Format::GoBench => go_bench::read(source),
        Format::GoogleBenchmark => google_benchmark::read(source),
        Format::Gungraun => gungraun::read(source),
        Format::Hyperfine => hyperfine::read(source),
        Format::Iai => iai::read(source),
        Format::Jmh => jmh::read(source),
        Format::Julia => julia::read(source),
        Format::K6 => k6::read(source),
        Format::LibtestBench => libtest_bench::read(source),
        Format::Luau => luau::read(source),
        Format::Own => own::read(source),
        Format::PytestBenchmark => pytest_benchmark::read(source),
        Format::RubyBenchmark => ruby_benchmark::read(source),
        Format::VitestBench => vitest_bench::read(source),
    }
}
