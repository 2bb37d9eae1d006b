//! Streams of Dart's and Flutter's reporters as they write them.

use super::FORMAT;
use crate::formats::checks::{
    badness, counts_and_errors, every_prefix_fails, no_prefix_is_greener, nothing_panics, only_this, read,
};

const START: &str = r#"{"protocolVersion":"0.1.1","runnerVersion":"1.25.3","pid":7103,"type":"start","time":0}
{"suite":{"id":0,"platform":"vm","path":"test/main_test.dart"},"type":"suite","time":0}
{"test":{"id":1,"name":"loading test/main_test.dart","suiteID":0,"groupIDs":[],"metadata":{"skip":false,"skipReason":null},"line":null,"column":null,"url":null},"type":"testStart","time":0}
{"count":1,"time":5,"type":"allSuites"}
{"testID":1,"result":"success","skipped":false,"hidden":true,"type":"testDone","time":294}
{"group":{"id":4,"suiteID":0,"parentID":null,"name":"","metadata":{"skip":false,"skipReason":null},"testCount":2,"line":null,"column":null,"url":null},"type":"group","time":322}
{"test":{"id":5,"name":"cart adds","suiteID":0,"groupIDs":[4],"metadata":{"skip":false,"skipReason":null},"line":6,"column":3,"url":"file:///srv/shop/test/main_test.dart"},"type":"testStart","time":322}
{"testID":5,"messageType":"print","message":"hello","type":"print","time":330}
{"testID":5,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":330}
{"test":{"id":6,"name":"cart waits","suiteID":0,"groupIDs":[4],"metadata":{"skip":true,"skipReason":"later"},"line":9,"column":3,"url":"file:///srv/shop/test/main_test.dart"},"type":"testStart","time":331}
{"testID":6,"messageType":"skip","message":"Skip: later","type":"print","time":332}
{"testID":6,"result":"success","skipped":true,"hidden":false,"type":"testDone","time":332}
"#;

const FAILS: &str = r#"{"test":{"id":7,"name":"cart fails","suiteID":0,"groupIDs":[4],"metadata":{"skip":false,"skipReason":null},"line":126,"column":5,"url":"package:flutter_test/src/widget_tester.dart","root_line":13,"root_column":5,"root_url":"file:///srv/shop/test/main_test.dart"},"type":"testStart","time":333}
{"testID":7,"error":"Expected: <2>\n  Actual: <1>\n","stackTrace":"package:test_api expect\ntest/main_test.dart 15:9 main.<fn>\n","isFailure":true,"type":"error","time":340}
{"testID":7,"result":"failure","skipped":false,"hidden":false,"type":"testDone","time":340}
"#;

const PASSED: &str = "{\"success\":true,\"type\":\"done\",\"time\":500}\n";
const FAILED: &str = "{\"success\":false,\"type\":\"done\",\"time\":500}\n";

#[test]
fn a_run_is_read() {
    let found = read(&FORMAT, format!("{START}{PASSED}"));
    assert!(found.troubles.is_empty() && found.run_errors.is_empty(), "{found:?}");
    assert_eq!(
        (counts_and_errors(&found), found.micros, found.suites),
        (([1, 0, 0, 0, 1, 0], 0), Some(9_000), 1)
    );
    let found = read(&FORMAT, format!("Running pub get\n{START}{FAILS}{FAILED}"));
    assert_eq!((counts_and_errors(&found), found.notes.len()), (([1, 0, 1, 0, 1, 0], 0), 1));
    let fails = &found.problems[0];
    assert_eq!((fails.name.as_str(), fails.suite.as_str()), ("cart fails", "test/main_test.dart"));
    assert!(fails.message.starts_with("Expected: <2>") && fails.detail.contains("test_api"));
    assert_eq!(fails.location.as_ref().unwrap().to_string(), "test/main_test.dart:15");
    assert_eq!(fails.rerun.as_deref(), Some("flutter test test/main_test.dart --plain-name 'cart fails'"));
}

#[test]
fn a_hidden_test_that_fails_breaks_its_suite() {
    let loading = START.replace("\"testID\":1,\"result\":\"success\"", "\"testID\":1,\"result\":\"error\"");
    for text in [loading.clone(), loading.replace("\"hidden\":true", "\"hidden\":false")] {
        let found = read(&FORMAT, format!("{text}{FAILED}"));
        assert_eq!((counts_and_errors(&found), found.suite_errored), (([1, 0, 0, 1, 1, 0], 0), 1));
        assert_eq!(found.suite_errors[0].name, "test/main_test.dart");
    }
    let set_up = FAILS.replace("cart fails", "(setUpAll)");
    assert_eq!(read(&FORMAT, format!("{START}{set_up}{FAILED}")).suite_errored, 1);
}

#[test]
fn how_a_run_ends_counts() {
    for (text, run_errors, troubles) in [
        (format!("{START}{FAILED}"), 1, false),
        (format!("{START}{}", FAILED.replace("false", "null")), 1, false),
        (START.to_owned(), 0, true),
        (format!("{START}{START}{PASSED}"), 0, true),
        (format!("{START}{PASSED}{START}{PASSED}"), 0, false),
    ] {
        let found = read(&FORMAT, &text);
        assert_eq!((found.run_errored, !found.troubles.is_empty()), (run_errors, troubles), "{text}");
    }
    // An error after the end of a test is its failure.
    let late = FAILS.lines().nth(1).unwrap().replace("\"testID\":7", "\"testID\":5");
    let found = read(&FORMAT, format!("{START}{late}\n{FAILED}"));
    assert_eq!((found.run_errored, found.run_errors[0].name.as_str()), (1, "cart adds"));
    // A test that did not end.
    let open = FAILS.lines().next().unwrap();
    let found = read(&FORMAT, format!("{START}{open}\n{PASSED}"));
    assert_eq!((counts_and_errors(&found), badness(&found)), (([1, 0, 0, 1, 1, 0], 0), 2));
    // A retry that passed.
    let retry = START.replace("\"message\":\"hello\"", "\"message\":\"Retry: cart adds\"");
    assert_eq!(counts_and_errors(&read(&FORMAT, format!("{retry}{PASSED}"))).0, [0, 1, 0, 0, 1, 0]);
}

#[test]
fn what_is_not_known_is_named() {
    for (old, new, what) in [
        (
            "\"result\":\"success\",\"skipped\":true",
            "\"result\":\"lost\",\"skipped\":true",
            "unknown result of a test `lost`",
        ),
        ("\"type\":\"allSuites\"", "\"type\":\"noSuites\"", "unknown type of event `noSuites`"),
        ("\"testID\":6,\"result\"", "\"testID\":66,\"result\"", "test 66 ends and did not begin"),
        ("\"pid\":7103", "\"pid\":7103,", "an event is invalid"),
    ] {
        let troubles = read(&FORMAT, format!("{}{PASSED}", START.replace(old, new))).troubles;
        assert!(troubles.kept().iter().any(|trouble| trouble.what.starts_with(what)), "{what}: {troubles:?}");
    }
}

#[test]
fn cuts_are_noticed_and_only_dart_is_taken() {
    let green = format!("{START}{PASSED}");
    every_prefix_fails(&FORMAT, &green);
    no_prefix_is_greener(&FORMAT, &green);
    for sample in [green.clone(), format!("{START}{FAILS}{FAILED}"), format!("Running pub get\n{green}")] {
        only_this(&FORMAT, &sample);
    }
}

#[test]
fn nothing_makes_it_panic() {
    let all = format!("{START}{FAILS}{PASSED}{FAILED}");
    let pieces: Vec<String> = all.lines().map(|line| format!("{line}\n")).collect();
    let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    pieces.extend(["{", "}", "\n", "x", "{\"type\":", "\u{feff}"]);
    nothing_panics(&FORMAT, &pieces);
}
