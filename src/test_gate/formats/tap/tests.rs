//! TAP as its producers write it.

use super::FORMAT;
use crate::formats::checks::{
    badness, counts_and_errors, every_prefix_fails, no_prefix_is_greener, nothing_panics, only_this, read,
};

const NODE: &str = "TAP version 13
# Subtest: pass
ok 1 - pass
  ---
  duration_ms: 0.7
  ...
# Subtest: fails \\# hash
not ok 2 - fails \\# hash
  ---
  duration_ms: 0.73
  location: '/srv/a.test.mjs:2:22'
  failureType: 'testCodeFailure'
  error: '1 == 2'
  code: 'ERR_ASSERTION'
  stack: |-
    TestContext.<anonymous> (file:///srv/a.test.mjs:2:54)
    Test.run (node:internal/test_runner/test:796:25)
  ...
# Subtest: skip
ok 3 - skip # SKIP later
  ---
  duration_ms: 0.08
  ...
# Subtest: todo
not ok 4 - todo # TODO
  ---
  error: |-
    The expression evaluated to a falsy value:
    
      assert.ok(false)
    
  ...
# Subtest: suite
    # Subtest: one
    ok 1 - one
      ---
      duration_ms: 0.09
      ...
    # Subtest: inner
        # Subtest: two
        not ok 1 - two
          ---
          failureType: 'testCodeFailure'
          error: |-
            boom
             at x
          ...
        1..1
    not ok 2 - inner
      ---
      type: 'suite'
      failureType: 'subtestsFailed'
      error: '1 subtest failed'
      ...
    1..2
not ok 5 - suite
  ---
  type: 'suite'
  failureType: 'subtestsFailed'
  error: '1 subtest failed'
  ...
# Subtest: empty
ok 6 - empty
  ---
  type: 'suite'
  ...
# Subtest: parent
    # Subtest: kid
    ok 1 - kid
    1..1
not ok 7 - parent
  ---
  location: '/srv/a.test.mjs:5:1'
  failureType: 'testCodeFailure'
  error: 'own'
  ...
1..7
# tests 9
# suites 3
# pass 3
# fail 3
# cancelled 0
# skipped 1
# todo 1
# duration_ms 178.3
";

const PERL: &str = "1..5
ok 1 - a
not ok 2 - b \\# hash
#   Failed test 'b # hash'
#   at t/p.t line 12.
ok 3 - c
# Subtest: d
    1..2
    ok 1
    ok 2 - in
ok 4 - d
not ok 5 - e # TODO later
#   Failed (TODO) test 'e'
";

const GREEN: &str = "TAP version 14
# Subtest: outer
    # Subtest: inner
        ok 1 - deep
        1..1
    ok 1 - inner
    1..1
ok 1 - outer
ok 2 - skipped # SKIP no network
ok 3 - done # TODO was known to fail
1..3
";

const BUFFERED: &str = "TAP version 14
1..2
ok 1 - outer # time=5ms {
    1..2
    ok 1 - a
    not ok 2 - inner {
        not ok 1 - deep
          ---
          at:
            line: 7
            file: t.js
          ...
        1..1
    }
}
ok 2 - b
";

#[test]
fn a_run_of_node_is_read() {
    let found = read(&FORMAT, NODE);
    assert!(found.troubles.is_empty() && found.run_errors.is_empty(), "{found:?}");
    // The failing parent counts, for its subtest passed; suites do not.
    assert_eq!(counts_and_errors(&found).0, [3, 0, 2, 1, 2, 0]);
    assert_eq!((found.suites, found.suite_errored), (4, 1));
    let first = &found.problems[0];
    assert_eq!((first.test.as_str(), first.message.as_str()), ("/srv/a.test.mjs > fails # hash", "1 == 2"));
    assert_eq!(first.location.as_ref().unwrap().to_string(), "/srv/a.test.mjs:2");
    assert_eq!(first.at.unwrap().line, 8);
    assert_eq!(
        first.rerun.as_deref(),
        Some("node --test --test-name-pattern '^fails # hash$' /srv/a.test.mjs")
    );
    assert_eq!((found.problems[1].suite.as_str(), found.problems[1].name.as_str()), ("suite > inner", "two"));
    assert_eq!(found.problems[1].message, "boom\nat x");
    assert_eq!(
        (found.suite_errors[0].name.as_str(), found.suite_errors[0].message.as_str()),
        ("parent", "own")
    );
}

#[test]
fn perl_and_bats_and_pgtap_are_read() {
    let found = read(&FORMAT, PERL);
    assert_eq!(counts_and_errors(&found), ([4, 0, 1, 0, 1, 0], 0));
    assert_eq!(found.problems[0].location.as_ref().unwrap().to_string(), "t/p.t:12");
    let bats =
        "1..2\nok 1 passes in 4ms\nnot ok 2 fails\n# (in test file x.bats, line 2)\n#   `false' failed\n";
    let found = read(&FORMAT, bats);
    assert_eq!((counts_and_errors(&found).0, found.micros), ([1, 0, 1, 0, 0, 0], Some(4_000)));
    assert_eq!(found.problems[0].location.as_ref().unwrap().to_string(), "x.bats:2");
    let found = read(&FORMAT, " 1..2\n ok 1 - a\n not ok 2 - b\n # Failed test 2: \"b\"\n");
    assert_eq!((counts_and_errors(&found).0, found.troubles.is_empty()), ([1, 0, 1, 0, 0, 0], true));
    // What bats writes for a skipped test is a skip.
    assert_eq!(counts_and_errors(&read(&FORMAT, "1..1\nnot ok 1 s # SKIP later\n")).0, [0, 0, 0, 0, 1, 0]);
}

#[test]
fn subtests_in_braces_are_read() {
    let found = read(&FORMAT, BUFFERED);
    assert!(found.troubles.is_empty(), "{:?}", found.troubles);
    assert_eq!(counts_and_errors(&found), ([2, 0, 1, 0, 0, 0], 0));
    assert_eq!(
        (found.problems[0].suite.as_str(), found.problems[0].name.as_str()),
        ("outer > inner", "deep")
    );
    assert_eq!(found.problems[0].location.as_ref().unwrap().to_string(), "t.js:7");
    let found =
        read(&FORMAT, "1..1\nok 1 - a\n  ---\n  duration_ms: 1\n  ...\n{\n    ok 1 - in\n    1..1\n}\n");
    assert_eq!((counts_and_errors(&found).0, found.troubles.is_empty()), ([1, 0, 0, 0, 0, 0], true));
}

#[test]
fn what_is_missing_is_an_error() {
    let found = read(&FORMAT, "1..4\nok 1\nok 3\n");
    assert_eq!(counts_and_errors(&found).0, [2, 0, 0, 2, 0, 0]);
    let names: Vec<&str> = found.problems.iter().map(|problem| problem.name.as_str()).collect();
    assert_eq!(names, ["test 2", "test 4"]);
    assert!(found.problems[0].message.contains("1..4"));
    for (text, what) in [
        ("ok 1\nok 2\n", "cut off: there is no plan"),
        ("1..2\nok 1\nok 2\nok 3\n", "there are 3 results, and the plan is 1..2"),
        ("1..1\n    ok 1 - in\n    1..1\nok 1\n    ok 1 - x\n", "a subtest has no result of its own"),
        ("1..1\nnot ok 1\n  ---\n  message: x\n", "cut off: the YAML block that begins in line 3 has no end"),
        ("1..2\nok 1\n  ---\n  a: b\nok 2\n", "the YAML block that begins in line 3 has no end"),
        ("1..2000000\n", "1,999,000 more tests that the plan promises are not reported"),
        ("1..1\nok 1 - a {\n    ok 1\n    1..1\n", "cut off: a subtest in braces has no end"),
        ("1..1\n1..2\nok 1\nok 2\n", "a second plan"),
        (
            "1..1\nok 1\n  not ok 7 - x\n",
            "a result is indented by 2 spaces, which is not a level of subtests",
        ),
        (
            "TAP version 14\npragma +strict\n1..1\nok 1\nhello\n",
            "`hello` is not TAP, and the stream is strict",
        ),
    ] {
        let troubles: Vec<String> =
            read(&FORMAT, text).troubles.kept().iter().map(|trouble| trouble.what.clone()).collect();
        assert!(troubles.iter().any(|trouble| trouble == what), "{text}: {troubles:?}");
    }
}

#[test]
fn a_run_says_that_it_went_wrong() {
    for (text, what) in [
        ("1..3\nok 1\nBail out! no disk\n", "bailed out: no disk"),
        ("1..1\nok 1\n# Looks like your test exited with 2 just after 1.\n", "Looks like your test exited"),
        ("ok 1\n1..1\n# tests 1\n# fail  1\n", "it claims 1 failure, its results show 0"),
        (
            "t/a.t .. \n1..1\nok 1\nok\nt/b.t .. \n1..1\nok 1\nDubious, test returned 3 (wstat 768)\n",
            "Dubious",
        ),
    ] {
        let found = read(&FORMAT, text);
        assert!(found.run_errors.iter().any(|error| error.message.starts_with(what)), "{text}: {found:?}");
        assert!(found.troubles.is_empty(), "{text}: {found:?}");
    }
    // What a bail-out left undone was not run.
    assert_eq!(counts_and_errors(&read(&FORMAT, "1..3\nok 1\nBail out!\n")), ([1, 0, 0, 0, 0, 2], 1));
}

#[test]
fn files_of_prove_and_documents_in_a_row_are_told_apart() {
    let prove = "t/a.t .. \n1..1\nok 1 - x\nok\nt/b.t .. \nnot ok 1 - x\n1..1\nDubious, test returned 1 (wstat 256, 0x100)\nFailed 1/1 subtests \n\nResult: FAIL\n";
    let found = read(&FORMAT, prove);
    assert_eq!(
        (counts_and_errors(&found), found.troubles.is_empty()),
        (([1, 0, 1, 0, 0, 0], 0), true),
        "{found:?}"
    );
    assert_eq!(found.problems[0].rerun.as_deref(), Some("prove -v t/b.t"));
    for text in [
        "TAP version 13\n1..1\nok 1 - a\nTAP version 13\n1..1\nnot ok 1 - a\n",
        "1..1\nok 1 - a\n1..1\nnot ok 1 - a\n",
        "ok 1 - a\n1..1\nnot ok 1 - a\n1..1\n",
    ] {
        let found = read(&FORMAT, text);
        assert_eq!(
            (counts_and_errors(&found), found.troubles.is_empty()),
            (([1, 0, 1, 0, 0, 0], 0), true),
            "{text}"
        );
    }
    // Numbers twice, as node writes for several files, with as many results as planned.
    let found = read(&FORMAT, "ok 1 - a\nok 2 - b\nnot ok 2 - c\n1..3\n");
    assert_eq!((counts_and_errors(&found).0, found.notes.len()), ([2, 0, 1, 0, 0, 0], 1));
}

#[test]
fn a_skipped_file_is_a_skipped_test() {
    let found = read(&FORMAT, "1..0 # SKIP no database\n1..1\nok 1\n");
    assert_eq!((counts_and_errors(&found).0, badness(&found)), ([1, 0, 0, 0, 1, 0], 0));
    // Alone, too: the gate says of all reports together whether anything ran.
    let found = read(&FORMAT, "1..0 # SKIP no database\n");
    assert_eq!((counts_and_errors(&found).0, badness(&found)), ([0, 0, 0, 0, 1, 0], 0));
    assert_eq!(badness(&read(&FORMAT, "1..0\n")), 2);
}

#[test]
fn mocha_and_vitest_are_read() {
    let mocha = "ok 1 adds\nnot ok 2 fails\n  Expected\n    {\n  +   price: 20\n  AssertionError: Expected\n      at f (mo/cart.js:4:53)\nok 3 waits # SKIP -\n# tests 2\n# pass 1\n# fail 1\n1..3\n";
    let found = read(&FORMAT, mocha);
    assert_eq!(
        (counts_and_errors(&found).0, found.troubles.is_empty(), found.notes.len()),
        ([1, 0, 1, 0, 1, 0], true, 0)
    );
    assert_eq!(found.problems[0].message, "Expected");
    assert_eq!(found.problems[0].location.as_ref().unwrap().to_string(), "mo/cart.js:4");
    let vitest = "1..2\nok 1 - a # time=1.13ms\nok 2 - b # TODO\n";
    assert_eq!(counts_and_errors(&read(&FORMAT, vitest)).0, [1, 0, 0, 0, 1, 0]);
    // ava counts known failures among the failures.
    assert_eq!(counts_and_errors(&read(&FORMAT, "not ok 1 - a # TODO\nok 2\n1..2\n# fail 1\n")).1, 0);
}

#[test]
fn cuts_are_noticed() {
    every_prefix_fails(&FORMAT, GREEN);
    for sample in [NODE, PERL, BUFFERED, GREEN] {
        no_prefix_is_greener(&FORMAT, sample);
    }
}

#[test]
fn only_tap_is_taken() {
    for sample in [NODE, PERL, GREEN, BUFFERED, "1..0 # SKIP x", "hello\nok 1 - a\n", "t/a.t ..\n1..1\n"] {
        only_this(&FORMAT, sample);
    }
    let shape = devops_reading::shape::shape(b"ok  \texample.org/shop\t0.012s\nok\nOK (3 tests)\n");
    assert!(!(FORMAT.is)(&shape));
}

#[test]
fn nothing_makes_it_panic() {
    nothing_panics(
        &FORMAT,
        &[
            "1..2\n",
            "ok",
            "not ok",
            " 1",
            " - a",
            "\n",
            "    ",
            "  ---\n",
            "  ...\n",
            " {",
            "}\n",
            "{\n",
            "# Subtest: x\n",
            "# SKIP",
            "# TODO",
            "Bail out!",
            "TAP version 14\n",
            "pragma +strict\n",
            "a: |\n",
            "é",
            "t .. \n",
            "ok 1\n",
            "        ok 1\n",
            "1..99999999999\n",
            "# fail 3\n",
        ],
    );
}
