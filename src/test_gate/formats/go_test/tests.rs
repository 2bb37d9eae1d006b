//! Streams of `go test -json` as go writes them.

use super::FORMAT;
use crate::collector::{Assumed, Keep};
use crate::formats::checks::{
    counts_and_errors, every_prefix_fails, no_prefix_is_greener, nothing_panics, only_this, read, read_as,
};

/// An event of a package, or of a test in it.
fn event(package: &str, test: &str, action: &str, more: &str) -> String {
    let test = if test.is_empty() { String::new() } else { format!(",\"Test\":\"{test}\"") };
    let more = if more.is_empty() { String::new() } else { format!(",{more}") };
    format!(
        "{{\"Time\":\"2026-11-23T13:09:44Z\",\"Action\":\"{action}\",\"Package\":\"{package}\"{test}{more}}}\n"
    )
}

/// Events of the package `x.org/shop`, each as `action test output`.
fn events(list: &[(&str, &str, &str)]) -> String {
    list.iter().fold(String::new(), |text, (action, test, output)| {
        let more = match *action {
            "output" => format!("\"Output\":\"{output}\\n\""),
            "pass" | "fail" | "skip" => "\"Elapsed\":0.25".to_owned(),
            _ => String::new(),
        };
        text + &event("x.org/shop", test, action, &more)
    })
}

fn green() -> String {
    events(&[
        ("start", "", ""),
        ("run", "TestA", ""),
        ("output", "TestA", "=== RUN   TestA"),
        ("output", "TestA", "--- PASS: TestA (0.25s)"),
        ("pass", "TestA", ""),
        ("run", "TestB", ""),
        ("run", "TestB/one", ""),
        ("pause", "TestB/one", ""),
        ("cont", "TestB/one", ""),
        ("pass", "TestB/one", ""),
        ("run", "TestB/a/b", ""),
        ("skip", "TestB/a/b", ""),
        ("pass", "TestB", ""),
        ("run", "ExampleA", ""),
        ("attr", "ExampleA", ""),
        ("pass", "ExampleA", ""),
        ("output", "", "ok  \\tx.org/shop\\t0.3s"),
        ("pass", "", ""),
    ])
}

fn red() -> String {
    events(&[
        ("start", "", ""),
        ("run", "TestP", ""),
        ("run", "TestP/two", ""),
        ("output", "TestP/two", "    a_test.go:6: got 3"),
        ("output", "TestP/two", "    a_test.go:7: and more"),
        ("output", "TestP/two", "--- FAIL: TestP/two (0.00s)"),
        ("fail", "TestP/two", ""),
        ("fail", "TestP", ""),
        ("run", "TestOwn", ""),
        ("run", "TestOwn/kid", ""),
        ("pass", "TestOwn/kid", ""),
        ("output", "TestOwn", "    a_test.go:9: own"),
        ("fail", "TestOwn", ""),
        ("output", "", "FAIL"),
        ("fail", "", ""),
    ])
}

#[test]
fn tests_are_counted_and_their_suites_are_not() {
    let found = read(&FORMAT, green());
    assert!(found.troubles.is_empty() && found.notes.is_empty(), "{found:?}");
    assert_eq!(counts_and_errors(&found), ([3, 0, 0, 0, 1, 0], 0));
    assert_eq!((found.micros, found.suites), (Some(1_000_000), 2));
    let found = read(&FORMAT, red());
    assert_eq!(counts_and_errors(&found), ([1, 0, 2, 0, 0, 0], 0));
    let two = &found.problems[0];
    assert_eq!((two.test.as_str(), two.message.as_str()), ("x.org/shop > TestP/two", "got 3"));
    assert!(two.detail.contains("and more"));
    assert_eq!(two.location.as_ref().unwrap().to_string(), "a_test.go:6");
    assert_eq!(two.rerun.as_deref(), Some("go test x.org/shop -run '^TestP$/^two$'"));
    assert_eq!((found.problems[1].name.as_str(), found.problems[1].message.as_str()), ("TestOwn", "own"));
}

#[test]
fn a_package_that_fails_without_a_test_is_an_error() {
    let build = "{\"ImportPath\":\"x.org/c [x.org/c.test]\",\"Action\":\"build-output\",\"Output\":\"# x.org/c\\n\"}
{\"ImportPath\":\"x.org/c [x.org/c.test]\",\"Action\":\"build-output\",\"Output\":\"c/c_test.go:3:28: undefined: x\\n\"}
{\"ImportPath\":\"x.org/c [x.org/c.test]\",\"Action\":\"build-fail\"}
";
    let fail = event("x.org/c", "", "start", "")
        + &event("x.org/c", "", "output", "\"Output\":\"FAIL\\tx.org/c [build failed]\\n\"")
        + &event("x.org/c", "", "fail", "\"Elapsed\":0,\"FailedBuild\":\"x.org/c [x.org/c.test]\"");
    let found = read(&FORMAT, format!("{build}{fail}"));
    assert_eq!(counts_and_errors(&found), ([0; 6], 1));
    assert_eq!(found.run_errors[0].message, "its build failed: c/c_test.go:3:28: undefined: x");
    assert_eq!(found.run_errors[0].name, "x.org/c");
    // A build that failed and no package that says so.
    assert_eq!(counts_and_errors(&read(&FORMAT, build)).1, 1);
    let passed = [("start", "", ""), ("run", "TestA", ""), ("pass", "TestA", "")];
    for (output, message) in [
        ("exit status 1", "it failed, and none of its tests did: exit status 1"),
        ("panic: in TestMain", "it failed, and none of its tests did: panic: in TestMain"),
        ("WARNING: DATA RACE", "it failed, and none of its tests did: WARNING: DATA RACE"),
        ("PASS", "it failed, and none of its tests did"),
    ] {
        let text = events(
            &[&passed[..], &[("output", "", output), ("output", "", "FAIL\\tx\\t0.1s"), ("fail", "", "")]]
                .concat(),
        );
        let found = read(&FORMAT, text);
        assert_eq!(counts_and_errors(&found), ([1, 0, 0, 0, 0, 0], 1));
        assert_eq!(found.run_errors[0].message, message);
    }
}

#[test]
fn a_test_that_does_not_end_is_an_error() {
    let found = read(
        &FORMAT,
        events(&[
            ("start", "", ""),
            ("run", "TestWaits", ""),
            ("pause", "TestWaits", ""),
            ("run", "TestA", ""),
            ("run", "TestA/slow", ""),
            ("output", "TestA/slow", "panic: test timed out after 1s"),
            ("output", "TestA/slow", "\\t/srv/shop/a_test.go:12 +0x2d"),
            ("fail", "", ""),
        ]),
    );
    assert_eq!(counts_and_errors(&found), ([0, 0, 0, 1, 0, 1], 0));
    assert_eq!(found.problems[0].name, "TestA/slow");
    assert_eq!(found.problems[0].message, "it did not finish: panic: test timed out after 1s");
    assert_eq!(found.problems[0].location.as_ref().unwrap().to_string(), "/srv/shop/a_test.go:12");
    // Older versions of go miss the end of a test that prints no line feed.
    let found = read(
        &FORMAT,
        events(&[("run", "TestA", ""), ("output", "TestA", "hi--- PASS: TestA (0.00s)"), ("pass", "", "")]),
    );
    assert_eq!(counts_and_errors(&found), ([1, 0, 0, 0, 0, 0], 0));
    // A benchmark has no end of its own.
    let text = events(&[("start", "", ""), ("run", "BenchmarkX", ""), ("pass", "", "")]);
    assert_eq!(counts_and_errors(&read(&FORMAT, text)), ([0; 6], 0));
    // A package and its `_test` package may each have one of this name.
    let twins = [("start", "", ""), ("run", "BenchmarkX", ""), ("run", "BenchmarkX", ""), ("pass", "", "")];
    assert_eq!(counts_and_errors(&read(&FORMAT, events(&twins))), ([0; 6], 0));
}

#[test]
fn repeats_are_tests_and_further_runs_are_attempts_where_that_is_set() {
    let repeats = [
        ("start", "", ""),
        ("run", "TestA", ""),
        ("fail", "TestA", ""),
        ("run", "TestA", ""),
        ("pass", "TestA", ""),
    ];
    let once = events(&[&repeats[..], &[("fail", "", "")]].concat());
    let attempts = Keep { attempts: Assumed { repeats: true, paths: false }, ..Keep::default() };
    assert_eq!(counts_and_errors(&read(&FORMAT, once.clone())).0, [1, 0, 1, 0, 0, 0]);
    assert_eq!(counts_and_errors(&read_as(&FORMAT, once, attempts)).0, [1, 0, 1, 0, 0, 0]);
    let failed = events(&[("start", "", ""), ("run", "TestA", ""), ("fail", "TestA", ""), ("fail", "", "")]);
    let passed = events(&[("start", "", ""), ("run", "TestA", ""), ("pass", "TestA", ""), ("pass", "", "")]);
    let (made_good, broken) = (failed.clone() + &passed, passed + &failed);
    assert_eq!(counts_and_errors(&read(&FORMAT, &made_good)), ([1, 0, 1, 0, 0, 0], 0));
    assert_eq!(counts_and_errors(&read_as(&FORMAT, made_good, attempts)), ([0, 1, 0, 0, 0, 0], 0));
    assert_eq!(counts_and_errors(&read_as(&FORMAT, broken, attempts)), ([0, 0, 1, 0, 0, 0], 0));
}

#[test]
fn what_is_no_event_is_noted_or_named() {
    let text = format!("go: downloading x v1\n{}{{\"a\": 1}}\n{{not json}}\n", green());
    let found = read(&FORMAT, text);
    assert!(found.troubles.is_empty(), "{:?}", found.troubles);
    assert_eq!(found.notes, ["3 lines are no event"]);
    // Output that was printed before an event on its line.
    let found = read(&FORMAT, green().replacen("{\"Time\"", "x{\"Time\"", 1));
    assert_eq!(
        (counts_and_errors(&found), found.notes.len()),
        (counts_and_errors(&read(&FORMAT, green())), 1)
    );
    for (text, what) in [
        (
            green().replace("\"Action\":\"skip\"", "\"Action\":\"vanish\""),
            "unknown action of a test `vanish`",
        ),
        (green().replace("\"Elapsed\":0.25", "\"Elapsed\":0.25,"), "an event is invalid"),
        (
            green().replace(
                "\"pass\",\"Package\":\"x.org/shop\",\"E",
                "\"attr\",\"Package\":\"x.org/shop\",\"E",
            ),
            "cut off: the package x.org/shop",
        ),
    ] {
        let troubles = read(&FORMAT, text).troubles;
        assert!(troubles.kept().iter().any(|trouble| trouble.what.starts_with(what)), "{what}: {troubles:?}");
    }
}

#[test]
fn a_build_that_failed_is_one_finding() {
    let event = |package: &str, action: &str, more: &str| {
        format!("{{\"Action\":\"{action}\",\"Package\":\"{package}\"{more}}}\n")
    };
    let unbuilt = |package: &str| {
        let output = format!(",\"Output\":\"FAIL\\t{package} [build failed]\\n\"");
        event(package, "start", "") + &event(package, "output", &output) + &event(package, "fail", "")
    };
    let errors = |text: &str| {
        let found = read(&FORMAT, text);
        assert!(found.troubles.is_empty(), "{:?}", found.troubles);
        let errors = found.run_errors.into_iter();
        errors.map(|error| (error.name, error.message, error.detail)).collect::<Vec<_>>()
    };
    let build = "# x.org/pay\npay/pay.go:3:9: undefined: x\n";
    let said = "its build failed: pay/pay.go:3:9: undefined: x";
    let plain = "FAIL\tx.org/pay [build failed]\nFAIL\tx.org/cart [build failed]\nFAIL\n";
    for text in [
        // As events, and as the lines that the oldest versions print instead.
        format!("{build}{}{}", unbuilt("x.org/pay"), unbuilt("x.org/cart")),
        format!("{build}{plain}"),
        format!("{}{build}{plain}", green()),
    ] {
        let errors = errors(&text);
        let [(name, message, detail)] = &errors[..] else { panic!("{errors:?}") };
        assert_eq!((name.as_str(), message.as_str()), ("build of x.org/pay", said), "{text}");
        assert!(detail.ends_with("not run because a build failed: x.org/pay, x.org/cart"), "{detail}");
    }
    // What is built for a test alone keeps no other package from running.
    let own = format!(
        "# x.org/pay [x.org/pay.test]\npay/a_test.go:1:1: x\n{}{}",
        unbuilt("x.org/pay"),
        unbuilt("x.org/cart")
    );
    assert_eq!(errors(&own).len(), 2);
    // Without what the compiler said, each package says what can be known.
    let bare = unbuilt("x.org/pay") + &unbuilt("x.org/cart");
    assert!(errors(&bare).iter().all(|(_, message, _)| message.contains("standard error")), "{bare}");
    assert_eq!(errors(&bare).len(), 2);
    // Warnings of a linker break nothing.
    assert_eq!(errors(&format!("# x.org/shop.test\nld: warning: x\n{}", green())).len(), 0);
    only_this(&FORMAT, &format!("{build}{plain}"));
}

#[test]
fn cuts_are_noticed_and_only_go_is_taken() {
    every_prefix_fails(&FORMAT, &green());
    no_prefix_is_greener(&FORMAT, &green());
    for sample in [green(), red(), format!("go: downloading x v1\n{}", green())] {
        only_this(&FORMAT, &sample);
    }
    only_this(&FORMAT, "{\"ImportPath\":\"x\",\"Action\":\"build-fail\"}\n");
}

#[test]
fn nothing_makes_it_panic() {
    let pieces: Vec<String> = (green() + &red()).lines().map(|line| format!("{line}\n")).collect();
    let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    pieces.extend(["{", "}", "\n", "x", "{\"Action\":", "\u{feff}"]);
    nothing_panics(&FORMAT, &pieces);
}

#[test]
fn the_folder_of_a_package_is_told_by_its_path() {
    for (package, folder) in [
        ("github.com/a/shop/cart", "cart"),
        ("github.com/a/shop/v2/cart/in", "cart/in"),
        ("github.com/a/shop", ""),
        ("example.com/shop/cart", "cart"),
        ("shop/cart", "cart"),
        ("command-line-arguments", ""),
        ("_/srv/shop", "/srv/shop"),
    ] {
        assert_eq!(super::folder(package), folder, "{package}");
    }
}
