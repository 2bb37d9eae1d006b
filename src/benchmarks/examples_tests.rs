//! What each format may hold beyond the files of the cases: failures, gaps and odd forms.

use super::{Benchmark, Format, Reading, detect, read};
use devops_reading::shape::shape;
use devops_reading::trouble::Troubles;

/// Reads a text as the gate does.
fn reading(text: &str) -> (Format, Reading) {
    let format = detect(&shape(text.as_bytes())).unwrap_or_else(|| panic!("of no format: {text}"));
    (format, read(format, text.as_bytes(), "target/criterion/a/new/sample.json"))
}

/// `name metric value unit` of each measure.
fn measures(text: &str) -> Vec<String> {
    let shown =
        |found: &Benchmark| format!("{} {} {} {}", found.name, found.metric, found.value(), found.unit);
    reading(text).1.benchmarks.iter().map(shown).collect()
}

fn lines(found: &Troubles) -> Vec<String> {
    found.kept().iter().map(|trouble| format!("{}: {}", trouble.at.line, trouble.what)).collect()
}

fn troubles(text: &str) -> Vec<String> {
    lines(&reading(text).1.troubles)
}

/// Where the run broke off.
fn broken(text: &str) -> Vec<String> {
    lines(&reading(text).1.broken)
}

#[test]
fn go_says_what_failed_and_what_is_missing() {
    let head = "goos: linux\npkg: shop\nBenchmarkA-8\t10\t5.0 ns/op\n";
    assert!(troubles(&format!("{head}PASS\nok  \tshop\t1s\n")).is_empty());
    assert_eq!(
        broken(&format!(
            "{head}--- FAIL: BenchmarkB\n    a_test.go:3: no\nFAIL\nexit status 1\nFAIL\tshop\t1s\n"
        )),
        ["4: --- FAIL: BenchmarkB", "6: FAIL", "7: exit status 1", "8: FAIL\tshop\t1s"]
    );
    assert_eq!(troubles(head), ["1: cut off: what starts here is not followed by `PASS`, `ok` or `FAIL`"]);
    assert_eq!(broken(&format!("{head}panic: no\n")), ["4: panic: no"]);
    assert_eq!(
        troubles(&format!("{head}BenchmarkB-8\t10\tfive ns/op\nPASS\n")),
        ["4: the line of a benchmark is invalid"]
    );
}

#[test]
fn go_keeps_numbers_of_processors_where_they_differ() {
    let two = "BenchmarkA\t10\t5 ns/op\nBenchmarkA-2\t10\t3 ns/op\n";
    assert_eq!(measures(two), ["BenchmarkA ns/op 5 ns/op", "BenchmarkA-2 ns/op 3 ns/op"]);
    let one = "BenchmarkA-x-2\t10\t5 ns/op\nBenchmarkB-2\t10\t3 ns/op\n";
    assert_eq!(measures(one), ["BenchmarkA-x ns/op 5 ns/op", "BenchmarkB ns/op 3 ns/op"]);
    let units = "Unit items better=higher assume=exact\nBenchmarkA-2\t10\t5 items\n";
    let found = &reading(units).1.benchmarks[0];
    assert!(found.is_exact && found.direction == crate::direction::Direction::Bigger);
}

#[test]
fn libtest_says_what_failed_and_tells_targets_apart() {
    let line = "test a ... bench:   1,234 ns/iter (+/- 3)\n";
    assert_eq!(
        troubles(&format!("running 1 test\n{line}")),
        ["1: cut off: the run that starts here has no `test result:`"]
    );
    assert_eq!(
        troubles(&format!(
            "running 2 tests\n{line}test result: ok. 0 passed; 0 failed; 0 ignored; 2 measured; 0 filtered out\n"
        )),
        ["3: 2 benchmarks were measured, 1 are there"]
    );
    assert_eq!(
        broken(&format!("{line}test b ... FAILED\ntest result: FAILED. 0 passed; 1 failed; 1 measured\n")),
        ["2: test b ... FAILED", "3: test result: FAILED. 0 passed; 1 failed; 1 measured"]
    );
    let targets = format!(
        "     Running benches/x.rs (target/release/deps/x-0123456789abcdef)\n{line}     Running benches/y.rs (t)\n{line}"
    );
    assert_eq!(
        measures(&targets),
        ["benches/x.rs: a time 1234 ns/iter", "benches/y.rs: a time 1234 ns/iter"]
    );
}

#[test]
fn criterion_has_messages_and_text() {
    let done = r#"{"reason":"benchmark-complete","id":"sum","iteration_count":[2,4],"measured_values":[20,44],"unit":"ns"}"#;
    let group = r#"{"reason":"group-complete","group_name":"sum","benchmarks":["sum"]}"#;
    assert_eq!(measures(&format!("{done}\n{group}\n")), ["sum time 10.5 ns"]);
    assert_eq!(
        troubles(&format!("{done}\n")),
        ["0: cut off: the last group of benchmarks has no `group-complete`"]
    );
    assert_eq!(
        troubles(&format!("{done}\n{{\"reason\":\"gro"))[0],
        "2: the message is invalid: EOF while parsing a string at line 1 column 14"
    );
    let uneven = done.replace("[2,4]", "[2]");
    assert_eq!(troubles(&uneven)[0], "1: `sum` has no number of iterations for each of its samples");
    let text = "sum/long\n                        time:   [1.0 µs 1.1 µs 1.2 µs]\n                 change:\n                        time:   [-1.0% +0.1% +2.0%] (p = 0.88 > 0.05)\n";
    assert_eq!(measures(text), ["sum/long time 1.1 µs"]);
    assert_eq!(measures(r#"{"sampling_mode":"Flat","iters":[1.0,2.0],"times":[5.0,14.0]}"#), ["a time 6 ns"]);
}

#[test]
fn jmh_takes_the_direction_from_the_mode() {
    let run = |mode: &str, score: &str| {
        format!(
            r#"[{{"jmhVersion":"1.37","benchmark":"a.B.c","mode":"{mode}","threads":4,"primaryMetric":{{"score":{score},"scoreError":"NaN","scoreConfidence":["NaN","NaN"],"scoreUnit":"ops/s"}},"secondaryMetrics":{{"read":{{"score":3.0,"scoreUnit":"ops/s"}},"·gc.time":{{"score":"NaN","scoreUnit":"ms"}}}}}}]"#
        )
    };
    assert_eq!(
        measures(&run("thrpt", "7.5")),
        ["a.B.c (threads=4) thrpt 7.5 ops/s", "a.B.c (threads=4) thrpt read 3 ops/s"]
    );
    let directions = |mode: &str| {
        let found = reading(&run(mode, "1")).1.benchmarks;
        found.iter().map(|measure| measure.direction.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(directions("thrpt"), ["bigger", "bigger"]);
    assert_eq!(directions("ss"), ["smaller", "smaller"]);
    assert_eq!(troubles(&run("thrpt", "\"NaN\"")), ["0: `a.B.c (threads=4)` has no score that is a number"]);
    assert_eq!(
        troubles(r#"[{"jmhVersion":"1.37"}]"#),
        ["0: an entry has no benchmark, mode or primaryMetric"]
    );
}

#[test]
fn k6_thresholds_mean_what_each_form_says() {
    let new = r#"{"root_group":{},"metrics":{"my_time":{"type":"trend","contains":"time","values":{"avg":2.5},"thresholds":{"avg<2":{"ok":false},"avg<3":{"ok":true}}}}}"#;
    let old = r#"{"root_group":{},"metrics":{"http_req_duration":{"avg":2.5,"thresholds":{"avg<2":true,"avg<3":false}}}}"#;
    for text in [new, old] {
        let crossed: Vec<(String, bool)> = reading(text)
            .1
            .thresholds
            .into_iter()
            .map(|found| (found.expression, found.is_crossed))
            .collect();
        assert_eq!(crossed, [("avg<2".to_owned(), true), ("avg<3".to_owned(), false)]);
    }
    assert_eq!(measures(new), ["my_time avg 2.5 ms"]);
    let odd = old.replace("true", "\"yes\"");
    assert_eq!(troubles(&odd), ["0: the threshold `avg<2` of `http_req_duration` has no outcome"]);
}

#[test]
fn benchmarks_that_failed_are_never_passed_over() {
    let dot_net = r#"{"HostEnvironmentInfo":{},"Benchmarks":[{"FullName":"a","DisplayInfo":"a: Job","Statistics":null}]}"#;
    assert_eq!(troubles(dot_net), ["0: `a` has no statistics: it did not finish"]);
    let pytest = r#"{"machine_info":{},"commit_info":{},"benchmarks":[{"name":"a","stats":{"median":1.0},"has_error":true}]}"#;
    assert_eq!(troubles(pytest), ["0: `a` ended with an error"]);
    let google = r#"{"context":{"mhz_per_cpu":1},"benchmarks":[{"name":"a","error_occurred":true,"error_message":"no"}]}"#;
    assert_eq!(troubles(google), ["0: `a` ended with an error: no"]);
    let vitest = r#"{"files":[{"filepath":"a.ts","groups":[{"fullName":"g","benchmarks":[{"name":"a"}]}]}]}"#;
    assert_eq!(troubles(vitest), ["0: `g > a` was not measured: it may have failed"]);
    let empty = r#"{"results":[{"command":"a","mean":-1.0}]}"#;
    assert_eq!(troubles(empty), ["0: `a` has the value -1, which is not a measurement"]);
    let nothing = r#"{"machine_info":{},"commit_info":{},"benchmarks":[]}"#;
    assert_eq!(troubles(nothing), ["0: contains no benchmark that was measured"]);
}

#[test]
fn google_counts_sums_only_without_runs() {
    let row = |kind: &str, value: f64| {
        format!(
            r#"{{"name":"a_{kind}","run_name":"a","run_type":"aggregate","aggregate_name":"{kind}","real_time":{value},"cpu_time":{value},"time_unit":"us"}}"#
        )
    };
    let text = format!(
        r#"{{"context":{{"mhz_per_cpu":1}},"benchmarks":[{},{},{}]}}"#,
        row("mean", 3.0),
        row("median", 2.0),
        row("stddev", 1.0)
    );
    assert_eq!(measures(&text), ["a cpu_time 2 us", "a real_time 2 us"]);
}

#[test]
fn two_jobs_of_one_method_stay_apart() {
    let row = |job: &str, median: f64| {
        format!(
            r#"{{"FullName":"a","DisplayInfo":"a: {job}","Statistics":{{"Median":{median}}},"Memory":{{"BytesAllocatedPerOperation":24}}}}"#
        )
    };
    let text =
        format!(r#"{{"HostEnvironmentInfo":{{}},"Benchmarks":[{},{}]}}"#, row("Job8", 1.0), row("Job9", 2.0));
    assert_eq!(
        measures(&text),
        ["a allocated 24 B/op", "a time 1 ns", "a [Job9] allocated 24 B/op", "a [Job9] time 2 ns"]
    );
}

#[test]
fn julia_has_trials_and_other_things() {
    let text = r#"[{"Julia":"1.9","BenchmarkTools":"1.0"},[["BenchmarkGroup",{"data":{"a":["Trial",{"times":[3.0,1.0,2.0],"allocs":2,"memory":64}],"b":["Parameters",{}]}}]]]"#;
    assert_eq!(measures(text), ["a allocs 2 allocs/op", "a memory 64 B/op", "a time 2 ns"]);
    assert_eq!(troubles(text), ["0: `b` is a Parameters, not a benchmark"]);
}

#[test]
fn catch2_says_what_was_not_measured() {
    let head = "x is a Catch v2.13.10 host application.\n-----\nSums\n  inner\n-----\na.cpp:3\n.....\n\nbenchmark name  samples  iterations  estimated\n  mean low high\n-----\n";
    let row = "sum   20   100   5 us \n   1 ns   900 ps   2 ns \n   0 ns   0 ns   0 ns \n\n";
    assert_eq!(measures(&format!("{head}{row}=====\nAll tests passed\n")), ["Sums / inner / sum mean 1 ns"]);
    let failed = format!("{head}{row}sum 2   20   100   5 us \n\n=====\ntest cases: 1 | 1 failed\n");
    assert_eq!(troubles(&failed), ["16: `Sums / inner / sum 2` was not measured completely"]);
    assert_eq!(broken(&failed), ["19: test cases: 1 | 1 failed"]);
    assert_eq!(
        troubles(&format!("{head}{row}")),
        ["0: cut off: the run is not followed by `test cases:` or `All tests passed`"]
    );
}

#[test]
fn our_own_form_must_say_everything() {
    let own = |row: &str| format!(r#"{{"format":"devops-benchmarks","version":1,"benchmarks":[{row}]}}"#);
    let good = r#"{"name":"a","unit":"ms","direction":"smaller","value":1}"#;
    assert_eq!(measures(&own(good)), ["a value 1 ms"]);
    for (row, wanted) in [
        (good.replace("smaller", "up"), "0: `a`: the direction is `up`, expected `smaller` or `bigger`"),
        (
            good.replace("\"value\":1", "\"samples\":[1,\"2\"]"),
            "0: `a` needs either `samples`, a list of numbers, or one `value`",
        ),
        (
            good.replace("\"value\":1", "\"samples\":[1],\"value\":1"),
            "0: `a` needs either `samples`, a list of numbers, or one `value`",
        ),
        (
            good.replace("value", "valeu"),
            "1: invalid: unknown field `valeu`, expected one of `name`, `metric`, `unit`, `direction`, `value`, `samples`, `interval`, `exact`",
        ),
        (good.replace("\"unit\":\"ms\",", ""), "1: invalid: missing field `unit`"),
    ] {
        assert_eq!(troubles(&own(&row)), [wanted], "{row}");
    }
    let future = own(good).replace("\"version\":1", "\"version\":2");
    assert_eq!(troubles(&future), ["1: invalid: unknown version 2; only 1 is supported"]);
    assert_eq!(
        troubles(r#"{"format":"devops-benchmarks","version":1}"#),
        ["0: needs `format` devops-benchmarks, `version` 1 and `benchmarks`"]
    );
}

#[test]
fn lists_without_a_direction_are_refused() {
    let row = |rest: &str| format!(r#"[{{"name":"a","unit":"MB","value":"1,024"{rest}}}]"#);
    assert_eq!(troubles(&row("")).len(), 1);
    assert_eq!(measures(&row(",\"direction\":\"bigger\"")), ["a value 1024 MB"]);
}

#[test]
fn two_units_of_one_measure_are_no_samples() {
    let text = "BenchmarkA-2\t10\t5 ns/op\nUnit x better=higher\n";
    assert!(troubles(text).is_empty());
    let twice = r#"{"format":"devops-benchmarks","version":1,"benchmarks":[{"name":"a","unit":"ms","direction":"smaller","value":1},{"name":"a","unit":"B","direction":"smaller","value":1}]}"#;
    assert_eq!(troubles(twice), ["0: `a` is measured in `ms` and in `B`"]);
}

#[test]
fn a_hundred_thousand_samples_keep_their_median() {
    let samples: Vec<String> = (0..100_000).map(|index| (index * 7919 % 100_000).to_string()).collect();
    let text = format!(r#"{{"results":[{{"command":"a","mean":1,"times":[{}]}}]}}"#, samples.join(","));
    let found = &reading(&text).1.benchmarks[0];
    assert!(found.samples.len() <= super::benchmark::KEPT && found.samples.len() > 200);
    assert!((found.value() - 50_000.0).abs() < 5_000.0, "{}", found.value());
}

#[test]
fn gungraun_says_what_its_own_limits_say() {
    let text = "shop::sums::sum short:10\n  Instructions:                        1734|1700                 (+2.00000%)\n  L1 Hits:                             2359|N/A                  (*********)\n\nGungraun result: Regressed. 0 without regressions; 1 regressed; 0 filtered; 1 benchmarks finished in 0.49333s\n";
    assert_eq!(
        measures(text),
        [
            "shop::sums::sum short:10 Instructions 1734 Instructions",
            "shop::sums::sum short:10 L1 Hits 2359 simulated events"
        ]
    );
    let reading = reading(text).1;
    assert!(reading.thresholds[0].is_crossed && reading.troubles.is_empty());
}

/// Healthy text of every format that is printed.
const PRINTED: [&str; 12] = [
    "a                       time:   [1.0 ns 1.1 ns 1.2 ns]\n",
    "running 1 test\ntest a ... bench:       3,161 ns/iter (+/- 975)\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 1 measured; 0 filtered out\n\n",
    "goos: linux\npkg: shop\nBenchmarkA-8\t10\t5.0 ns/op\nPASS\nok  \tshop\t1s\n",
    "-----\nSums\n-----\na.cpp:3\n.....\n\nbenchmark name  samples  iterations  estimated\n  mean low high\n-----\nsum   20   100   5 us \n   1 ns   900 ps   2 ns \n   0 ns   0 ns   0 ns \n\n=====\nAll tests passed (1 assertion in 1 test case)\n",
    "SUCCESS: a : 15.041ms +/- 0.636% on luau\nTest | Min | Average | StdDev% | Driver\na | 1 | 2 | 3 | luau\nTotal | 1 | 2 | 3 | luau\n",
    "short\n  Instructions:                  84\n\n",
    "shop::sums::sum short:10\n  Instructions:        94|94       (No change)\n\nGungraun result: Ok. 1 without regressions; 0 regressed; 1 benchmarks finished in 1.2s\n",
    "a x 1,000 ops/sec ±1.00% (3 runs sampled)\n",
    "       user     system      total        real\nfor:  0.005341   0.000024   0.005365 (  0.005363)\n",
    "Warming up ---\n  a   3.572M i/100ms\nCalculating ---\n  a   36.209M (± 2.8%) i/s   (27.62 ns/i) -    182.188M in   5.035538s\n",
    "Template(RunTime): 0.1568 us.\n",
    "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"iteration_count\":[2],\"measured_values\":[20],\"unit\":\"ns\"}\n{\"reason\":\"group-complete\",\"benchmarks\":[\"a\"]}\n",
];

/// What may stand behind it.
const ENDINGS: [&str; 18] = [
    "thread 'main' panicked at benches/a.rs:42:5:\nboom\n",
    "error: bench failed, to rerun pass `--bench a`\n\nCaused by:\n  process didn't exit successfully: `a` (signal: 11, SIGSEGV: invalid memory reference)\n",
    "error: could not compile `a` (bench \"b\") due to 1 previous error\n",
    "error[E0425]: cannot find value `x` in this scope\n",
    "panic: boom\n\ngoroutine 1 [running]:\n",
    "signal: killed\nFAIL\tshop\t0.02s\n",
    "make: *** [Makefile:2: bench] Error 1\n",
    "FAILURE: Build failed with an exception.\n",
    "[INFO] BUILD FAILURE\n",
    "bench.js:1\nnope();\n^\n\nReferenceError: nope is not defined\n    at Module._compile (node:internal)\n\nNode.js v20.20.2\n",
    "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nValueError: no\n",
    "Unhandled exception. System.InvalidOperationException: no\n",
    "bench.rb:1:in `block in <main>': boom (RuntimeError)\n",
    "Segmentation fault (core dumped)\n",
    "./run.sh: line 3:  4711 Killed                  ./bench\n",
    "terminate called after throwing an instance of 'std::runtime_error'\n",
    "error: the disk is full\n",
    "##[error]Process completed with exit code 1.\n",
];

#[test]
fn a_run_that_broke_off_is_red_in_every_format() {
    for text in PRINTED {
        assert!(broken(text).is_empty() && troubles(text).is_empty(), "{text}: {:?}", broken(text));
        let last = text.lines().count() as u64;
        for ending in ENDINGS {
            // With and without colours.
            for colour in ["", "\u{1b}[1;31m"] {
                let whole = format!("{text}{colour}{ending}");
                let found = reading(&whole).1.broken;
                assert!(found.kept().iter().any(|broken| broken.at.line > last), "{whole}: {found:?}");
            }
        }
    }
}

#[test]
fn words_of_a_healthy_program_are_a_note() {
    let text = "a x 1,000 ops/sec ±1.00% (3 runs sampled)\n";
    let between = format!("{text}error: no such key\nb x 2,000 ops/sec ±1.00% (3 runs sampled)\n");
    assert!(broken(&between).is_empty());
    let notes = reading(&between).1.notes;
    assert_eq!(notes[0], "line 2 is `error: no such key`, but benchmarks were measured after it");
    assert_eq!(broken(&format!("{between}error: no such key\n")), ["4: error: no such key"]);
}

#[test]
fn colours_change_nothing() {
    for text in PRINTED.iter().filter(|text| !text.starts_with('{')) {
        let coloured: String = text
            .split_inclusive(['\n', ' '])
            .map(|word| {
                let end = word.trim_end_matches([' ', '\n']).len();
                if end == 0 {
                    word.to_owned()
                } else {
                    format!("\u{1b}[1;32m{}\u{1b}[0m{}", &word[..end], &word[end..])
                }
            })
            .collect();
        assert_eq!(reading(&coloured).1, reading(text).1, "{coloured}");
    }
}

#[test]
fn every_way_to_break_a_value_is_refused() {
    for value in ["NaN", "-1", "1e999", "inf", "", "1.2.3", "0x10"] {
        for text in [
            format!(
                "goos: linux\nBenchmarkA-8\t10\t5.0 ns/op\nBenchmarkB-8\t10\t{value} ns/op\nPASS\nok  \tshop\t1s\n"
            ),
            format!("a  time:   [1.0 ns 1.1 ns 1.2 ns]\nb  time:   [1.0 ns {value} ns 1.2 ns]\n"),
            format!("test a ... bench:   3 ns/iter (+/- 9)\ntest b ... bench:   {value} ns/iter (+/- 9)\n"),
            format!(
                "a x 1,000 ops/sec ±1.00% (3 runs sampled)\nb x {value} ops/sec ±1.00% (3 runs sampled)\n"
            ),
            format!("a(RunTime): 1.5 us.\nb(RunTime): {value} us.\n"),
            format!(
                "a\n  Instructions:   94|94   (No change)\nb\n  Instructions:   {value}|94   (No change)\n"
            ),
            format!(
                "       user     system      total        real\nfor:  0.005341   0.000024   0.005365 (  0.005363)\na:  0.005341   0.000024   {value} (  0.005363)\n"
            ),
            format!(
                "Calculating ---\n  a   36.2M (± 2.8%) i/s -  182M in   5.0s\n  b   {value} (± 2.8%) i/s -    182M in   5.0s\n"
            ),
        ] {
            assert!(!troubles(&text).is_empty(), "{text}");
        }
    }
}

#[test]
fn gungraun_reads_every_version_of_its_json() {
    let of = |version: &str, rest: &str| {
        format!(
            r#"{{"module_path":"a::b::c","benchmark_exe":"x","id":"i","details":"1","version":"{version}",{rest}}}"#
        )
    };
    let wanted = ["a::b::c i:1 Instructions 7 Instructions"];
    let v3 = of(
        "3",
        r#""callgrind_summary":{"callgrind_run":{"total":{"regressions":[],"summary":{"Ir":{"diffs":null,"metrics":{"Left":7}}}}}},"tool_summaries":[]"#,
    );
    let v6 = of(
        "6",
        r#""profiles":[{"tool":"Callgrind","summaries":{"total":{"regressions":[],"summary":{"Callgrind":{"Ir":{"metrics":{"Both":[{"Int":7},{"Int":9}]}}}}}}}]"#,
    );
    let v7 = of(
        "7",
        r#""profiles":[{"tool":"Callgrind","data":{"parts":[],"total":{"regressions":[],"metrics":{"Ir":{"values":{"new":7,"old":9}}}}}}]"#,
    );
    for text in [&v3, &v6, &v7] {
        assert_eq!(measures(text), wanted, "{text}");
        assert!(troubles(text).is_empty());
    }
    assert_eq!(
        troubles(&of("2", r#""callgrind_summary":{}"#)),
        ["0: the summary of `a::b::c` has a version that is not read; 3 to 7 are"]
    );
    let crossed = v7.replace(r#""regressions":[]"#, r#""regressions":[{"Soft":{"metric":"Ir"}}]"#);
    assert!(reading(&crossed).1.thresholds[0].is_crossed);
    let gone = v7.replace(r#""new":7,"#, "");
    assert!(measures(&gone).is_empty() && !troubles(&gone).is_empty());
    let odd = v7.replace(r#""new":7"#, r#""new":"7""#);
    assert_eq!(troubles(&odd), ["0: `Ir` of `a::b::c i:1` is not a number"]);
}

#[test]
fn names_that_come_again_are_not_samples_of_ruby() {
    let head = "       user     system      total        real\n";
    let row = "for:  0.005341   0.000024   0.005365 (  0.005363)\n";
    assert_eq!(
        measures(&format!("{head}{row}{head}{row}")),
        [
            "for: real 0.005363 s",
            "for: total 0.005365 s",
            "for: #2 real 0.005363 s",
            "for: #2 total 0.005365 s"
        ]
    );
    let rehearsed = format!(
        "Rehearsal ----\n{row}a  0.005341   0.000024   0.005365 (  0.005363)\n---- total: 0.001599sec\n\n{head}{row}"
    );
    assert_eq!(troubles(&rehearsed), ["1: cut off: 2 reports were rehearsed, 1 measured"]);
    let warmed = "Warming up ---\n  a  1 i/100ms\n  b  1 i/100ms\nCalculating ---\n  a   36.2M (± 2.8%) i/s -  182M in   5.0s\n";
    assert_eq!(troubles(warmed), ["1: cut off: 2 reports were warmed up, 1 measured"]);
}

/// Name and samples of each measure of a report.
fn same(cases: &[(String, &str)]) {
    for (report, expected) in cases {
        let (_, reading) = reading(report);
        assert!(reading.troubles.is_empty(), "{report}: {:?}", reading.troubles);
        let told: Vec<String> = reading
            .benchmarks
            .iter()
            .filter(|found| found.metric != "cpu_time")
            .map(|found| format!("{} {:?}", found.name, found.samples))
            .collect();
        assert_eq!(told.join("; "), *expected, "{report}");
    }
}

#[test]
fn google_tells_benchmarks_of_one_name_apart() {
    let google = |row: &str| format!(r#"{{"context":{{"mhz_per_cpu":1}},"benchmarks":[{row}]}}"#);
    let run = |what: &str, time: u32| {
        format!(
            r#"{{"name":"a","run_name":"a","run_type":"iteration",{what},"real_time":{time},"cpu_time":{time}}}"#
        )
    };
    let rows = |whats: [&str; 4]| {
        let rows: Vec<String> =
            whats.iter().zip([1, 2, 10, 20]).map(|(what, time)| run(what, time)).collect();
        google(&rows.join(","))
    };
    let family = rows([
        r#""family_index":3,"per_family_instance_index":0,"repetition_index":0"#,
        r#""family_index":3,"per_family_instance_index":0,"repetition_index":1"#,
        r#""family_index":4,"per_family_instance_index":0,"repetition_index":0"#,
        r#""family_index":4,"per_family_instance_index":0,"repetition_index":1"#,
    ]);
    let instance = family.replace("4,\"per_family_instance_index\":0", "3,\"per_family_instance_index\":1");
    let before_families = rows([
        r#""repetition_index":0"#,
        r#""repetition_index":1"#,
        r#""repetition_index":0"#,
        r#""repetition_index":1"#,
    ]);
    let sums = google(
        &[1, 10]
            .map(|time| {
                format!(
                    r#"{{"name":"a_median","run_name":"a","run_type":"aggregate","aggregate_name":"median","family_index":{time},"real_time":{time},"cpu_time":{time}}}"#
                )
            })
            .join(","),
    );
    same(&[
        (family, "a [1.0, 2.0]; a #2 [10.0, 20.0]"),
        (instance, "a [1.0, 2.0]; a #2 [10.0, 20.0]"),
        (before_families, "a [1.0, 2.0]; a #2 [10.0, 20.0]"),
        (sums, "a [1.0]; a #2 [10.0]"),
    ]);
}

#[test]
fn a_name_that_comes_again_in_a_run_is_another_benchmark() {
    let catch = |name: &str, mean: u32| {
        format!("{name}  100  1  1 ms\n  {mean} ns  1 ns  99 ns\n  1 ns  1 ns  1 ns\n\n")
    };
    let catch = |program: &str, rows: &[u32]| {
        let rows: String = rows.iter().map(|mean| catch("a", *mean)).collect();
        format!(
            "{program} is a Catch v2.13.10 host application.\n-----\nt\n-----\nt.cpp:1\n.....\n\nbenchmark name samples iterations estimated\n-----\n{rows}=====\ntest cases: 1 | 1 passed\n"
        )
    };
    let jmh = |time: u32| {
        format!(
            r#"{{"jmhVersion":"1.37","benchmark":"a","mode":"avgt","forks":1,"primaryMetric":{{"score":{time},"scoreUnit":"ns/op","rawData":[[{time}]]}}}}"#
        )
    };
    same(&[
        (catch("p", &[1, 10]), "t / a [1.0]; t / a #2 [10.0]"),
        (catch("p", &[1, 10]) + &catch("p", &[2, 20]), "t / a [1.0, 2.0]; t / a #2 [10.0, 20.0]"),
        (catch("p", &[1]) + &catch("q", &[10]), "t / a [1.0]; t / a #2 [10.0]"),
        (
            "Running benches/a.rs (target/a-12)\na  time: [1 ns 1 ns 1 ns]\nRunning benches/b.rs (target/b-12)\na  time: [9 ns 9 ns 9 ns]\nRunning benches/a.rs (target/a-34)\na  time: [2 ns 2 ns 2 ns]\n".to_owned(),
            "a [1.0, 2.0]; a #2 [9.0]",
        ),
        ("a  time: [1 ns 1 ns 1 ns]\na  time: [9 ns 9 ns 9 ns]\n".to_owned(), "a [1.0]; a #2 [9.0]"),
        (
            "Running unittests src/lib.rs (target/a-12)\ntest b ... bench: 1 ns/iter (+/- 0)\nRunning unittests src/lib.rs (target/b-12)\ntest b ... bench: 9 ns/iter (+/- 0)\n".to_owned(),
            "src/lib.rs: b [1.0]; src/lib.rs: b #2 [9.0]",
        ),
        (format!("[{},{}]", jmh(1), jmh(10)), "a [1.0]; a #2 [10.0]"),
        (
            r#"{"results":[{"command":"a","mean":1.5,"times":[1.0,2.0]},{"command":"a","mean":10.0,"times":[10.0]}]}"#.to_owned(),
            "a [1.0, 2.0]; a #2 [10.0]",
        ),
    ]);
}

#[test]
fn go_tells_benchmarks_of_one_name_apart() {
    let go = |name: &str, times: &[u32]| {
        times.iter().map(|time| format!("Benchmark{name}-2\t10\t{time} ns/op\n")).collect::<String>()
    };
    let package = |package: &str, rows: &str| format!("pkg: {package}\n{rows}PASS\nok  \t{package}\t1s\n");
    let others = go("B", &[5, 5]) + &go("C", &[5, 5]);
    let double = package("x/s", &(go("A", &[1, 2, 10, 20]) + &others));
    let unnamed = |package: &str, times: &[u32]| format!("{}PASS\nok  \t{package}\t1s\n", go("A", times));
    same(&[
        (
            package("x/a", &go("A", &[1, 2])) + &package("x/b", &go("A", &[10, 20])),
            "x/a.BenchmarkA [1.0, 2.0]; x/b.BenchmarkA [10.0, 20.0]",
        ),
        (package("x/s", &go("A", &[1, 2])).repeat(2), "x/s.BenchmarkA [1.0, 2.0, 1.0, 2.0]"),
        (
            double,
            "x/s.BenchmarkA [1.0, 2.0]; x/s.BenchmarkA #2 [10.0, 20.0]; x/s.BenchmarkB [5.0, 5.0]; x/s.BenchmarkC [5.0, 5.0]",
        ),
        (
            unnamed("a", &[1, 2]) + &unnamed("b", &[10, 20]),
            "BenchmarkA [1.0, 2.0]; BenchmarkA #2 [10.0, 20.0]",
        ),
    ]);
}

#[test]
fn criterion_says_what_it_began() {
    let good = "Benchmarking a\nBenchmarking a: Warming up for 1 s\nBenchmarking a: Analyzing\na  time: [1 ns 1 ns 1 ns]\n";
    assert!(troubles(good).is_empty());
    let cut = "cut off: `g/b: c` began and was not measured";
    let began = "Benchmarking g/b: c\nBenchmarking g/b: c: Warming up for 1 s\n";
    assert_eq!(troubles(&format!("{good}{began}")), [format!("5: {cut}")]);
    assert_eq!(troubles(&format!("{began}Running benches/b.rs (target/b-1)\n{good}")), [format!("1: {cut}")]);
    assert_eq!(troubles(&format!("{began}{good}")), [format!("1: {cut}")]);
    let unmeasured = "Benchmarking b\nBenchmarking b: Complete (Analysis Disabled)\n";
    assert!(troubles(&format!("{unmeasured}{good}")).is_empty());
}

#[test]
fn catch2_passes_where_a_benchmark_threw() {
    let head = "p is a Catch v2.13.10 host application.\n-----\nt\n-----\nt.cpp:1\n.....\n\nbenchmark name samples iterations estimated\n-----\n";
    let good = "good  100  1  1 ms\n  3 ns  1 ns  9 ns\n  1 ns  1 ns  1 ns\n\n";
    let end = "=====\ntest cases: 1 | 1 passed\n";
    let text = format!("{head}bad                 Benchmark failed (boom)\n{good}{end}");
    assert_eq!(broken(&text), ["10: bad                 Benchmark failed (boom)"]);
    assert_eq!(measures(&text), ["t / good mean 3 ns"]);
}
