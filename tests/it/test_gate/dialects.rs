//! Every trap of the format, with what a reader by hand makes of it.

use super::{judge, judge_text};

/// What, content, then tests, passed, flaky, failed, errored, skipped and not run, then the rules that find something.
type Trap<'a> = (&'a str, &'a str, [u64; 7], &'a [&'a str]);

const TRAPS: &[Trap<'_>] = &[
    ("a suite as the root", "<testsuite><testcase name='a'/></testsuite>", [1, 1, 0, 0, 0, 0, 0], &[]),
    (
        "cases right under testsuites",
        "<testsuites><testcase name='a'/><testcase name='b'><failure/></testcase></testsuites>",
        [2, 1, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "suites in suites",
        "<testsuites><testsuite name='a'><testsuite name='b'><testcase name='x'/><testsuite name='c'><testcase name='x'><error/></testcase></testsuite></testsuite><testcase name='x'/></testsuite></testsuites>",
        [3, 2, 0, 0, 1, 0, 0],
        &["test-failed"],
    ),
    (
        "several documents",
        "<?xml version='1.0'?><testsuite><testcase name='a'/></testsuite>\n<?xml version='1.0'?>\n<testsuite><testcase name='b'><failure/></testcase></testsuite>\n",
        [2, 1, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "several documents whose tests have the same names",
        "<testsuite name='s'><testcase name='a'><failure/></testcase></testsuite>\n<testsuite name='s'><testcase name='a'/></testsuite>\n<testcase name='b'><error/></testcase><testcase name='b'/>",
        [4, 2, 0, 1, 1, 0, 0],
        &["test-failed"],
    ),
    (
        "prefixes",
        "<j:testsuites xmlns:j='urn:j'><j:testsuite><j:testcase name='a'><j:failure j:message='m'/></j:testcase></j:testsuite></j:testsuites>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "attributes that hide a failure",
        "<testsuite tests='1' failures='0' errors='0'><testcase name='a'><failure/></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "attributes that claim a failure",
        "<testsuite name='s' tests='1' failures='1'><testcase name='a'/></testsuite>",
        [1, 1, 0, 0, 0, 0, 0],
        &["suite-errored"],
    ),
    (
        "an error without a case",
        "<testsuites><testsuite name='s' errors='1'/></testsuites>",
        [0; 7],
        &["suite-errored"],
    ),
    (
        "an outer suite repeats the claim",
        "<testsuites errors='1'><testsuite name='s' errors='1'/><testsuite><testcase name='a'/></testsuite></testsuites>",
        [1, 1, 0, 0, 0, 0, 0],
        &["suite-errored"],
    ),
    (
        "an error under a suite",
        "<testsuite name='s' errors='1'><error message='set-up broke'>trace</error><testcase name='a'/></testsuite>",
        [2, 1, 0, 0, 1, 0, 0],
        &["suite-errored"],
    ),
    (
        "failed and skipped",
        "<testsuite><testcase name='a'><skipped/><failure/></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "failed and errored",
        "<testsuite><testcase name='a'><failure/><error/></testcase></testsuite>",
        [1, 0, 0, 0, 1, 0, 0],
        &["test-failed"],
    ),
    (
        "disabled, yet failed",
        "<testsuite><testcase name='a' status='disabled'><failure/></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "disabled and skipped",
        "<testsuite><testcase name='a' status='notrun'/><testcase name='b'><skipped message='m'/></testcase><testcase name='c'/></testsuite>",
        [3, 1, 0, 0, 0, 1, 1],
        &[],
    ),
    (
        "failed by its status alone",
        "<testsuite><testcase name='a' status='failed'/></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "an empty failure",
        "<testsuite failures='0'><testcase name='a'><failure></failure></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "passed when run again",
        "<testsuite><testcase name='a'><flakyFailure message='m'><stackTrace>t</stackTrace></flakyFailure></testcase></testsuite>",
        [1, 0, 1, 0, 0, 0, 0],
        &["test-flaky"],
    ),
    (
        "failed each time",
        "<testsuite><testcase name='a'><failure/><rerunFailure/><rerunError/></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "flaky, and made to fail",
        "<testsuite><testcase name='a'><flakyError/><failure/></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "a failed case before a passed one of its name",
        "<testsuite failures='1'><testcase name='a'><failure/></testcase><testcase name='b'/><testcase name='a'/></testsuite>",
        [3, 2, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "a failed case behind a passed one of its name",
        "<testsuite><testcase name='a'/><testcase name='a'><failure/></testcase></testsuite>",
        [2, 1, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "one name in two suites",
        "<testsuites><testsuite name='x'><testcase name='a'><failure/></testcase></testsuite><testsuite name='y'><testcase name='a'/></testsuite></testsuites>",
        [2, 1, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "rows of data with one name",
        "<testsuite><testcase name='a'/><testcase name='a'/><testcase name='a'/></testsuite>",
        [3, 3, 0, 0, 0, 0, 0],
        &[],
    ),
    (
        "rows of data of a runner that nests its reruns",
        "<testsuite xmlns:xsi='i' xsi:noNamespaceSchemaLocation='https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd'><testcase name='a'><failure/></testcase><testcase name='a'/></testsuite>",
        [2, 1, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "a skipped case beside a passed one of its name",
        "<testsuite><testcase name='a'><skipped/></testcase><testcase name='a'/></testsuite>",
        [2, 1, 0, 0, 0, 1, 0],
        &[],
    ),
    (
        "no name at all",
        "<testsuite><testcase/><testcase><failure/></testcase></testsuite>",
        [2, 1, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "a failure in output",
        "<testsuite><testcase name='a'><system-out><failure/></system-out></testcase></testsuite>",
        [1, 1, 0, 0, 0, 0, 0],
        &[],
    ),
    (
        "bare brackets in an attribute",
        "<testsuite><testcase name='a < b' time='<<x>>'/></testsuite>",
        [1, 1, 0, 0, 0, 0, 0],
        &[],
    ),
    (
        "an unknown entity",
        "<testsuite><testcase name='a'><failure>&lol;</failure></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["test-failed"],
    ),
    (
        "a document type without entities",
        "<!DOCTYPE testsuite SYSTEM 'http://nowhere.invalid/junit.dtd'><testsuite><testcase name='a'/></testsuite>",
        [1, 1, 0, 0, 0, 0, 0],
        &[],
    ),
    (
        "a document type with entities",
        "<!DOCTYPE t [<!ENTITY a 'b'>]><testsuite><testcase name='a'/></testsuite>",
        [0; 7],
        &["report-unreadable"],
    ),
    (
        "a document type around tests",
        "<!DOCTYPE t [<testsuite><testcase name='a'><failure/></testcase></testsuite>]><testsuite><testcase name='b'/></testsuite>",
        [0; 7],
        &["report-unreadable"],
    ),
    (
        "cut off after a test",
        "<testsuite><testcase name='a'/><testcase name='b'>",
        [1, 1, 0, 0, 0, 0, 0],
        &["report-unreadable"],
    ),
    (
        "cut off after a failure",
        "<testsuite><testcase name='b'><failure>be",
        [1, 0, 0, 1, 0, 0, 0],
        &["report-unreadable", "test-failed"],
    ),
    (
        "a quote too many",
        "<testsuite><testcase name='it's'/><testcase name='b'><failure/></testcase></testsuite>",
        [0; 7],
        &["report-unreadable"],
    ),
    (
        "ends that cross",
        "<testsuite><testcase name='a'><failure></testcase><testcase name='b'/></testsuite>",
        [2, 1, 0, 1, 0, 0, 0],
        &["report-unreadable", "test-failed"],
    ),
    (
        "an end too many",
        "<testsuite><testcase name='a'/></x></testsuite>",
        [1, 1, 0, 0, 0, 0, 0],
        &["report-unreadable"],
    ),
    (
        "a case in a case",
        "<testsuite><testcase name='a'><testcase name='b'><failure/></testcase></testcase></testsuite>",
        [1, 0, 0, 1, 0, 0, 0],
        &["report-unreadable", "test-failed"],
    ),
    (
        "text before the root",
        "starting\n<testsuite><testcase name='a'/></testsuite>",
        [1, 1, 0, 0, 0, 0, 0],
        &["report-unreadable"],
    ),
    (
        "text behind the root",
        "<testsuite><testcase name='a'/></testsuite>Killed",
        [1, 1, 0, 0, 0, 0, 0],
        &["report-unreadable"],
    ),
    (
        "blank lines before the root",
        "\n\n <?xml version='1.0'?><testsuite><testcase name='a'/></testsuite>\n\n",
        [1, 1, 0, 0, 0, 0, 0],
        &[],
    ),
    ("nothing", "", [0; 7], &["report-empty"]),
    ("no test", "<testsuites><testsuite tests='0'/></testsuites>", [0; 7], &["report-empty"]),
    (
        "only skipped tests",
        "<testsuite><testcase name='a'><skipped/></testcase></testsuite>",
        [1, 0, 0, 0, 0, 1, 0],
        &["too-few-tests"],
    ),
    (
        "a web page",
        "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        [0; 7],
        &["report-unreadable"],
    ),
    ("another format", "<test-plan><test-case result='Failed'/></test-plan>", [0; 7], &["report-unreadable"]),
    (
        "a good document, then another format",
        "<testsuite><testcase name='a'/></testsuite><test-run/>",
        [1, 1, 0, 0, 0, 0, 0],
        &["report-unreadable"],
    ),
    (
        "a comment that is none",
        "<testsuite><!- ><testcase name='a'/></testsuite>",
        [0; 7],
        &["report-unreadable"],
    ),
];

#[test]
fn every_trap_is_passed() {
    for (what, content, counts, rules) in TRAPS {
        let said = judge_text(content);
        assert_eq!(&said.counts(), counts, "{what}: {}", said.report);
        assert_eq!(said.rules(), *rules, "{what}: {}", said.report);
        let warns = ["test-flaky"];
        let is_red = rules.iter().any(|rule| !warns.contains(rule)) && *what != "only skipped tests";
        assert_eq!(said.code(), i32::from(is_red), "{what}");
    }
}

#[test]
fn every_encoding_reads_the_same() {
    let text = "<testsuite name='é'><testcase name='ü'><failure message='ö'/></testcase></testsuite>";
    let big: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = format!("\u{feff}{text}").into_bytes();
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{text}");
    let latin: Vec<u8> =
        declared.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    for content in [big, little, marked, latin, text.as_bytes().to_vec()] {
        let said = judge_text(content);
        assert_eq!(said.counts(), [1, 0, 0, 1, 0, 0, 0]);
        let subject = &said.findings()[0]["subject"];
        assert_eq!(subject["test"], "é > ü");
        assert_eq!(subject["message"], "ö");
        assert_eq!(said.notes(), "[]");
    }
}

#[test]
fn forbidden_characters_are_replaced_and_named_with_their_place() {
    let said = judge_text(b"<testsuite>\n<testcase name='a\x00'><failure>\x1b[31mred&#27; \xff</failure></testcase></testsuite>");
    assert_eq!(said.counts(), [1, 0, 0, 1, 0, 0, 0]);
    assert_eq!(said.findings()[0]["subject"]["message"], "red\u{fffd} ÿ");
    assert_eq!(said.findings()[0]["subject"]["name"], "a\u{fffd}00");
    assert!(said.notes().contains("junit.xml:2:18: 2 characters that XML forbids"), "{}", said.notes());
    assert!(said.notes().contains(": not UTF-8, and no known"), "{}", said.notes());
}

#[test]
fn a_finding_says_which_test_why_where_and_what_to_do() {
    let said = judge_text(
        "<testsuites><testsuite name='pytest' errors='0' failures='1' tests='1'>\
         <testcase classname='tests.test_cart.TestCart' name='test_discount[10 %]' time='0.5'>\
         <failure message='assert 90 == 100'><![CDATA[def test_discount(self):\n>  assert 90 == 100\n\ntests/test_cart.py:12: AssertionError]]></failure>\
         </testcase></testsuite></testsuites>",
    );
    let finding = &said.findings()[0];
    assert_eq!(finding["rule"], "test-failed");
    assert_eq!(finding["severity"], "high");
    assert_eq!(finding["title"], "tests.test_cart.TestCart.test_discount[10 %]");
    assert_eq!(finding["location"]["path"], "tests/test_cart.py");
    assert_eq!(finding["location"]["line"], 12);
    assert_eq!(finding["help"], "again: pytest 'tests/test_cart.py::TestCart::test_discount[10 %]'");
    assert!(finding["detail"].as_str().unwrap().starts_with("assert 90 == 100\ndef test_discount"));
    assert_eq!(finding["subject"]["outcome"], "failed");
    assert_eq!(said.report["headline"], "1 failed of 1 test in 1 report (500 ms)");
    assert_eq!(said.report["totals"]["duration_seconds"], 0.5);
}

#[test]
fn a_failure_below_the_listed_ones_is_counted_and_said() {
    let mut content = String::from("<testsuite>");
    for index in 0..1_203 {
        content.push_str(&format!("<testcase name='t{index}'><failure/></testcase>"));
    }
    content.push_str("</testsuite>");
    let said = judge_text(content);
    assert_eq!(said.counts(), [1_203, 0, 0, 1_203, 0, 0, 0]);
    assert_eq!(said.findings().len(), 1_001);
    let title = "203 more tests failed";
    assert!(said.findings().iter().any(|finding| finding["title"] == title));
    assert_eq!(said.report["headline"], "1,203 failed of 1,203 tests in 1 report");
}

#[test]
fn the_floor_counts_all_reports_together() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.xml", "b.xml"] {
        std::fs::write(folder.path().join(name), "<testsuite><testcase name='t'/></testsuite>").unwrap();
    }
    assert_eq!(judge(folder.path(), &["a.xml", "b.xml", "--min-tests", "2"]).code(), 0);
    let said = judge(folder.path(), &["a.xml", "b.xml", "--min-tests", "3"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["too-few-tests"]));
}

#[test]
fn a_claim_counts_however_its_number_is_written() {
    for claim in ["failures='1.0'", "errors='1,000'", "failures=' 1 '", "errors='1e0'"] {
        let said = judge_text(format!("<testsuite name='s' {claim}><testcase name='a'/></testsuite>"));
        assert_eq!((said.code(), said.rules()), (1, vec!["suite-errored"]), "{claim}");
    }
    let said = judge_text("<testsuite name='s' failures='0.0' errors=''><testcase name='a'/></testsuite>");
    assert_eq!(said.code(), 0);
}

#[test]
fn nameless_cases_have_fingerprints_of_their_own() {
    let said = judge_text(
        "<testsuite name='s'><testcase><failure/></testcase><testcase><failure/></testcase><testcase name='a'><failure/></testcase></testsuite>",
    );
    let mut prints: Vec<&str> =
        said.findings().iter().filter_map(|finding| finding["fingerprint"].as_str()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 3, "{}", said.report);
}
