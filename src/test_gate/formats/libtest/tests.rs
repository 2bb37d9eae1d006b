//! Streams of libtest and nextest as they write them.

use super::FORMAT;
use crate::formats::checks::{
    counts_and_errors, every_prefix_fails, no_prefix_is_greener, nothing_panics, only_this, read,
};

const GREEN: &str = r#"{ "type": "suite", "event": "started", "test_count": 3 }
{ "type": "test", "event": "started", "name": "tests::ig" }
{ "type": "test", "name": "tests::ig", "event": "ignored", "message": "later" }
{ "type": "test", "event": "started", "name": "tests::ok" }
{ "type": "test", "event": "timeout", "name": "tests::ok" }
{ "type": "test", "name": "tests::ok", "event": "ok", "exec_time": 0.25 }
{ "type": "test", "event": "started", "name": "tests::old" }
{ "type": "test", "name": "tests::old", "event": "ok", "exec_time": "0.5s" }
{ "type": "suite", "event": "ok", "passed": 2, "failed": 0, "allowed_fail": 0, "ignored": 1, "measured": 0, "filtered_out": 0, "exec_time": 0.061 }
{ "type": "report", "total_time": 1.5, "compilation_time": 1.0 }
"#;

const RED: &str = r#"     Running unittests src/lib.rs (target/debug/deps/shop-507999230d6984fa)
{ "type": "suite", "event": "started", "test_count": 2 }
{ "type": "test", "event": "started", "name": "tests::fails" }
{ "type": "test", "event": "started", "name": "tests::sp" }
{ "type": "test", "name": "tests::fails", "event": "failed", "stdout": "out\n\nthread 'tests::fails' (18657) panicked at src/lib.rs:6:83:\nboom\n" }
{ "type": "test", "name": "tests::sp", "event": "failed", "stdout": "thread panicked at src/lib.rs:7:1:\ny\n", "message": "panic did not contain expected string" }
{ "type": "suite", "event": "failed", "passed": 0, "failed": 2, "ignored": 0, "measured": 0, "filtered_out": 0 }
     Running tests/crash.rs (target/debug/deps/crash-0123)
{ "type": "suite", "event": "started", "test_count": 2 }
{ "type": "test", "event": "started", "name": "crash" }
error: test failed, to rerun pass `--test crash`
  process didn't exit successfully: (signal: 6, SIGABRT: process abort signal)
{ "type": "suite", "event": "started", "test_count": 1 }
{ "type": "test", "event": "started", "name": "crash" }
{ "type": "test", "name": "crash", "event": "ok" }
{ "type": "suite", "event": "ok", "passed": 1, "failed": 0, "ignored": 0, "measured": 0, "filtered_out": 0 }
"#;

const NEXTEST: &str = r#"{"type":"suite","event":"started","test_count":2,"nextest":{"crate":"my-shop","test_binary":"my_shop","kind":"lib"}}
{"type":"test","event":"started","name":"my-shop::my_shop$cart::adds"}
{"type":"suite","event":"started","test_count":1,"nextest":{"crate":"my-shop","test_binary":"it","kind":"test"}}
{"type":"test","event":"started","name":"my-shop::it$cart::adds"}
{"type":"test","event":"ok","name":"my-shop::my_shop$cart::adds#3","exec_time":0.003}
{"type":"test","event":"started","name":"my-shop::my_shop$cart::fails"}
{"type":"test","event":"failed","name":"my-shop::it$cart::adds","exec_time":1.0,"reason":"time limit exceeded"}
{"type":"suite","event":"failed","passed":0,"failed":1,"ignored":0,"measured":0,"filtered_out":0,"exec_time":1.0,"nextest":{"crate":"my-shop","test_binary":"it","kind":"test"}}
{"type":"test","event":"failed","name":"my-shop::my_shop$cart::fails#4","exec_time":0.1,"stdout":"thread 'x' panicked at 'old boom', src/cart.rs:3:4\n"}
{"type":"suite","event":"failed","passed":1,"failed":1,"ignored":0,"measured":0,"filtered_out":0,"exec_time":0.1,"nextest":{"crate":"my-shop","test_binary":"my_shop","kind":"lib"}}
"#;

#[test]
fn a_run_of_cargo_is_read() {
    let found = read(&FORMAT, GREEN);
    assert!(found.troubles.is_empty() && found.notes.is_empty(), "{found:?}");
    assert_eq!((counts_and_errors(&found), found.micros), (([2, 0, 0, 0, 1, 0], 0), Some(750_000)));
    let found = read(&FORMAT, RED);
    assert_eq!(counts_and_errors(&found), ([1, 0, 2, 1, 0, 0], 1));
    let fails = &found.problems[0];
    assert_eq!((fails.suite.as_str(), fails.message.as_str()), ("shop (unit tests)", "boom"));
    assert_eq!(fails.location.as_ref().unwrap().to_string(), "src/lib.rs:6");
    assert_eq!(fails.rerun.as_deref(), Some("cargo test --workspace --no-fail-fast -- --exact tests::fails"));
    assert_eq!(found.problems[1].message, "panic did not contain expected string");
    assert_eq!((found.problems[2].suite.as_str(), found.problems[2].name.as_str()), ("crash", "crash"));
    assert_eq!(found.run_errors[0].name, "crash");
    assert!(found.run_errors[0].detail.contains("SIGABRT"), "{:?}", found.run_errors);
}

#[test]
fn a_run_of_nextest_is_read() {
    let found = read(&FORMAT, NEXTEST);
    assert!(found.troubles.is_empty() && found.suite_errors.is_empty(), "{found:?}");
    assert_eq!((counts_and_errors(&found), found.suites), (([0, 1, 2, 0, 0, 0], 0), 2));
    let told: Vec<_> = found
        .problems
        .iter()
        .map(|found| (found.test.as_str(), found.attempts, found.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("my-shop::cart::adds", 3, ""),
            ("my-shop::it::cart::adds", 1, "time limit exceeded"),
            ("my-shop::cart::fails", 4, "old boom"),
        ]
    );
    assert_eq!(
        found.problems[2].rerun.as_deref(),
        Some(
            "cargo nextest run --workspace --no-fail-fast -E '(package(=my-shop) & binary(=my_shop) & test(=cart::fails))'"
        )
    );
    // The same without what nextest adds.
    let plain: String = NEXTEST
        .lines()
        .filter(|line| line.contains("my_shop"))
        .map(|line| line.split(",\"nextest\"").next().unwrap().trim_end_matches('}').to_owned() + "}\n")
        .collect();
    let found = read(&FORMAT, plain);
    assert_eq!((counts_and_errors(&found), found.troubles.is_empty()), (([0, 1, 1, 0, 0, 0], 0), true));
}

#[test]
fn binaries_of_one_name_and_raw_identifiers_are_told_apart() {
    let suite = |event: &str, kind: &str, failed: u64| {
        format!(
            "{{\"type\":\"suite\",\"event\":\"{event}\",\"test_count\":1,\"passed\":0,\"failed\":{failed},\"nextest\":{{\"crate\":\"s\",\"test_binary\":\"tool\",\"kind\":\"{kind}\"}}}}\n"
        )
    };
    let test =
        |event: &str| format!("{{\"type\":\"test\",\"event\":\"{event}\",\"name\":\"s::tool$r#match\"}}\n");
    let stream = [
        suite("started", "bin", 0),
        test("started"),
        suite("started", "example", 0),
        test("started"),
        test("failed"),
        suite("failed", "bin", 1),
        test("failed"),
        suite("failed", "example", 1),
    ]
    .concat();
    let found = read(&FORMAT, &stream);
    assert_eq!(
        (counts_and_errors(&found), found.troubles.is_empty()),
        (([0, 0, 2, 0, 0, 0], 0), true),
        "{found:?}"
    );
    let told: Vec<_> = found.problems.iter().map(|found| (&*found.classname, &*found.name)).collect();
    assert_eq!(told, [("s::bin/tool", "r#match"), ("s::example/tool", "r#match")]);
}

#[test]
fn a_suite_of_nextest_may_be_written_in_two_parts() {
    let part = |ended: &str, passed: u32| {
        format!(
            "{{\"type\":\"suite\",\"event\":\"{ended}\",\"passed\":{passed},\"failed\":0,\"nextest\":{{\"crate\":\"s\",\"test_binary\":\"s\",\"kind\":\"lib\"}}}}\n"
        )
    };
    let test = |name: &str, event: &str| {
        format!("{{\"type\":\"test\",\"event\":\"{event}\",\"name\":\"s::s${name}\"}}\n")
    };
    let first =
        [part("started", 0), test("a", "started"), test("b", "started"), test("a", "ok"), part("ok", 1)]
            .concat();
    let second = [part("started", 0), test("b", "ok"), part("ok", 1)].concat();
    let found = read(&FORMAT, format!("{first}{second}"));
    assert_eq!((counts_and_errors(&found), found.notes.len()), (([2, 0, 0, 0, 0, 0], 0), 0));
    assert_eq!(counts_and_errors(&read(&FORMAT, first)).0, [1, 0, 0, 1, 0, 0]);
}

#[test]
fn claims_are_compared() {
    let claims =
        GREEN.replace("\"ok\", \"passed\": 2, \"failed\": 0", "\"failed\", \"passed\": 1, \"failed\": 1");
    assert_eq!(read(&FORMAT, claims).suite_errored, 1);
    let allowed = GREEN
        .replace("tests::ok\", \"event\": \"ok\"", "tests::ok\", \"event\": \"allowed_failure\"")
        .replace(
            "\"passed\": 2, \"failed\": 0, \"allowed_fail\": 0",
            "\"passed\": 1, \"failed\": 1, \"allowed_fail\": 1",
        );
    let found = read(&FORMAT, allowed);
    assert_eq!((counts_and_errors(&found).0, found.suite_errored), ([1, 0, 0, 0, 2, 0], 0));
    let lost: String =
        GREEN.lines().filter(|line| !line.contains("tests::old")).map(|line| format!("{line}\n")).collect();
    assert_eq!(read(&FORMAT, lost).notes.len(), 1);
}

#[test]
fn what_is_not_known_is_named() {
    for (text, what) in [
        (GREEN.replace("\"ignored\", \"m", "\"vanished\", \"m"), "unknown event of a test `vanished`"),
        (GREEN.replace("\"type\": \"report\"", "\"type\": \"story\""), "unknown type of event `story`"),
        ("{ \"type\": \"suite\", \"event\": \"discovery\" }\n".to_owned(), "a list of tests has no results"),
        (GREEN.replace("0.25 }", "0.25, }"), "an event is invalid"),
    ] {
        let troubles = read(&FORMAT, text).troubles;
        assert!(troubles.kept().iter().any(|trouble| trouble.what.starts_with(what)), "{what}: {troubles:?}");
    }
    let broken = format!("{GREEN}error: could not compile `shop` (lib test) due to 1 previous error\n");
    assert_eq!(counts_and_errors(&read(&FORMAT, broken)).1, 1);
    // A bench is measured, and no test; what was printed before an event does not hide it.
    let text = GREEN.replace(
        "{ \"type\": \"suite\", \"event\": \"ok\"",
        "{ \"type\": \"bench\", \"name\": \"b\", \"median\": 3, \"deviation\": 1 }\nhello{ \"type\": \"suite\", \"event\": \"ok\"",
    );
    let found = read(&FORMAT, text);
    assert_eq!(
        (counts_and_errors(&found), found.troubles.is_empty(), found.notes.len()),
        (([2, 0, 0, 0, 1, 0], 0), true, 1)
    );
    let benchmarks: Vec<_> =
        found.benchmarks.iter().map(|found| (&*found.name, found.samples.len())).collect();
    assert_eq!(benchmarks, [("b", 1)]);
}

#[test]
fn cuts_are_noticed_and_only_libtest_is_taken() {
    let green = GREEN.split("{ \"type\": \"report\"").next().unwrap();
    every_prefix_fails(&FORMAT, green);
    for sample in [GREEN, NEXTEST, RED] {
        only_this(&FORMAT, sample);
    }
    let flaky: String = NEXTEST
        .lines()
        .filter(|line| !line.contains("it\"") && !line.contains("::it$") && !line.contains("fails"))
        .fold(String::new(), |text, line| text + line + "\n")
        .replace(
            "\"event\":\"failed\",\"passed\":1,\"failed\":1",
            "\"event\":\"ok\",\"passed\":1,\"failed\":0",
        );
    assert_eq!(counts_and_errors(&read(&FORMAT, &flaky)), ([0, 1, 0, 0, 0, 0], 0));
    no_prefix_is_greener(&FORMAT, &flaky);
    no_prefix_is_greener(&FORMAT, green);
}

#[test]
fn nothing_makes_it_panic() {
    let all = format!("{GREEN}{RED}{NEXTEST}");
    let pieces: Vec<String> = all.lines().map(|line| format!("{line}\n")).collect();
    let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    pieces.extend(["{", "}", "\n", "x", "{\"type\":", "\u{feff}", "Running x (", "Running a (b)\n"]);
    nothing_panics(&FORMAT, &pieces);
}
