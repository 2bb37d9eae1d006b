//! Changes that try to pass: what each does, how, and the rule that must catch it.

use super::Case;
use super::Expected::{Red, Refused};
use super::project::{COVERED, Project, cobertura, source};

use std::io::Write as _;

const UNIT: &str = "reports/unit.xml";
const BASELINE: &str = "tests.baseline.jsonl";

/// A failed test whose name differs from that of a passed one only in a letter of this encoding.
fn fails_in(shop: &Project, declaration: &str, failed: &[u8], passed: &[u8]) {
    let declaration = declaration.as_bytes();
    let parts: [&[u8]; 6] = [
        declaration,
        b"<testsuites><testsuite name='pytest'><testcase classname='shop.PayTest' name='",
        failed,
        b"'><failure/></testcase><testcase classname='shop.PayTest' name='",
        passed,
        b"'/></testsuite></testsuites>",
    ];
    shop.write("reports/pay.xml", parts.concat());
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Tests that go away, under every pretext.
pub(super) const TESTS: &[Case] = &[
    ("deletes a test", |shop| shop.without(UNIT, "\"removes\""), Red("test-vanished")),
    ("deletes a class of tests", |shop| shop.without(UNIT, "LoginTest"), Red("test-vanished")),
    ("deletes the report of a shard", |shop| shop.remove("reports/orders.xml"), Red("test-vanished")),
    ("deletes the report of another runner", |shop| shop.remove("reports/api.json"), Red("test-vanished")),
    ("drops a leg of the matrix", |shop| shop.remove("reports/macos.xml"), Red("test-vanished")),
    (
        "empties a leg of the matrix",
        |shop| shop.write("reports/macos.xml", "<testsuite name=\"paths\"></testsuite>"),
        Red("report-empty"),
    ),
    (
        "leaves a test out of one leg of the matrix",
        |shop| shop.without("reports/macos.xml", "splits"),
        Red("test-vanished"),
    ),
    (
        "hands in only one shard by narrowing the paths",
        |shop| shop.set("paths = [\"reports/unit.xml\"]"),
        Red("test-vanished"),
    ),
    (
        "puts a test that checks nothing in the place of one that does",
        |shop| shop.edit(UNIT, "\"removes\"", "\"is_true\""),
        Red("test-vanished"),
    ),
    (
        "puts a class that checks nothing in the place of one that does",
        |shop| {
            shop.without(UNIT, "LoginTest");
            for name in ["one", "two", "three"] {
                shop.add(UNIT, &format!("<testcase classname=\"shop.NothingTest\" name=\"{name}\"/>"));
            }
        },
        Red("test-vanished"),
    ),
    (
        "deletes a test and counts another one twice",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"adds\"/>");
        },
        Red("test-vanished"),
    ),
    ("deletes a row of a parametrised test", |shop| shop.without(UNIT, "[usd]"), Red("test-vanished")),
    ("skips a test", |shop| shop.ends(UNIT, "removes", "<skipped/>"), Red("test-newly-skipped")),
    (
        "skips a test with a good reason",
        |shop| shop.ends(UNIT, "removes", "<skipped message=\"flaky, see #12\" type=\"pytest.skip\"/>"),
        Red("test-newly-skipped"),
    ),
    (
        "marks a test as expected to fail",
        |shop| shop.ends(UNIT, "removes", "<skipped type=\"pytest.xfail\" message=\"later\"/>"),
        Red("test-newly-skipped"),
    ),
    (
        "disables a test",
        |shop| shop.edit(UNIT, "name=\"removes\"", "name=\"removes\" status=\"notrun\""),
        Red("test-newly-skipped"),
    ),
    (
        "makes a test a todo",
        |shop| {
            let (name, status) = ("\"shows a good\", \"suite\": [\"api\"], \"status\": ", "\"passed\"");
            shop.edit("reports/api.json", &format!("{name}{status}"), &format!("{name}\"pending\""));
            shop.edit("reports/api.json", "\"passed\": 3", "\"passed\": 2");
            shop.edit("reports/api.json", "\"pending\": 0", "\"pending\": 1");
        },
        Red("test-newly-skipped"),
    ),
    (
        "skips a test in one leg of the matrix",
        |shop| shop.ends("reports/macos.xml", "splits", "<skipped/>"),
        Red("test-vanished"),
    ),
    (
        "renames a test a little and skips it",
        |shop| {
            shop.ends(UNIT, "locks_out", "<skipped/>");
            shop.edit(UNIT, "\"locks_out\"", "\"locks_outs\"");
        },
        Red("test-newly-skipped"),
    ),
    (
        "moves a class and skips one of its tests",
        |shop| {
            shop.ends(UNIT, "refuses", "<skipped/>");
            shop.edit(UNIT, "shop.LoginTest", "shop.auth.LoginTest");
        },
        Red("test-newly-skipped"),
    ),
    (
        "puts a skipped row in the place of one that ran",
        |shop| {
            shop.ends(UNIT, "totals[usd]", "<skipped/>");
            shop.edit(UNIT, "[usd]", "[chf]");
        },
        Red("test-newly-skipped"),
    ),
    (
        "deletes a test that failed",
        |shop| {
            shop.on_main(|| {
                shop.fail();
                shop.renew();
            });
            shop.without(UNIT, "\"adds\"");
        },
        Red("test-vanished"),
    ),
    (
        "deletes a test that is in quarantine",
        |shop| {
            shop.without("reports/orders.xml", "\"ships\"");
            shop.edit("reports/orders.xml", "tests=\"3\"", "tests=\"2\"");
        },
        Red("test-vanished"),
    ),
    (
        "skips a test that is in quarantine",
        |shop| {
            shop.ends("reports/orders.xml", "ships", "<skipped/>");
            shop.edit("reports/orders.xml", "skipped=\"0\"", "skipped=\"1\"");
        },
        Red("test-newly-skipped"),
    ),
    (
        "makes a test wait",
        |shop| shop.edit(UNIT, "name=\"rounds\" time=\"0.200\"", "name=\"rounds\" time=\"2.200\""),
        Red("test-slower"),
    ),
    (
        "makes a test wait and moves it",
        |shop| {
            shop.edit(UNIT, "name=\"rounds\" time=\"0.200\"", "name=\"rounds\" time=\"2.200\"");
            shop.edit(UNIT, "shop.CartTest", "shop.cart.CartTest");
        },
        Red("test-slower"),
    ),
];

/// Failures that hide.
pub(super) const FAILURES: &[Case] = &[
    (
        "fails in a name that differs in a letter of windows-1251",
        |shop| fails_in(shop, "<?xml version='1.0' encoding='windows-1251'?>", b"\xea", b"\xeb"),
        Red("test-failed"),
    ),
    (
        "fails in a name that differs in a letter, and says it is UTF-8",
        |shop| fails_in(shop, "<?xml version='1.0' encoding='UTF-8'?>", b"\xea", b"\xeb"),
        Red("test-failed"),
    ),
    (
        "fails in a name that differs in a letter, behind a mark that is wrong",
        |shop| fails_in(shop, "\u{feff}<?xml version='1.0' encoding='windows-1251'?>", b"\xea", b"\xeb"),
        Red("test-failed"),
    ),
    (
        "fails in a name that differs in a letter, and says nothing",
        |shop| fails_in(shop, "", b"\xea", b"\xeb"),
        Red("test-failed"),
    ),
    (
        "fails in a name that differs in a letter of an encoding nobody knows",
        |shop| fails_in(shop, "<?xml version='1.0' encoding='x-shop'?>", b"\xea", b"\xeb"),
        Red("test-failed"),
    ),
    (
        "fails in a name that differs in half a letter of Shift_JIS",
        |shop| fails_in(shop, "<?xml version='1.0' encoding='Shift_JIS'?>", b"\xfd", b"\xfe"),
        Red("test-failed"),
    ),
    (
        "fails in a name that was replaced already",
        |shop| fails_in(shop, "", "\u{fffd}".as_bytes(), "\u{fffd}".as_bytes()),
        Red("test-failed"),
    ),
    (
        "fails in a name of control characters",
        |shop| fails_in(shop, "", b"\x01", b"\x02"),
        Red("test-failed"),
    ),
    (
        "fails in UTF-16 without a mark",
        |shop| {
            shop.fail();
            let text = shop.read(UNIT);
            shop.write(UNIT, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        },
        Red("test-failed"),
    ),
    ("fails a test", Project::fail, Red("test-failed")),
    (
        "adds a test that fails",
        |shop| {
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"splits\"><failure/></testcase>");
        },
        Red("test-failed"),
    ),
    (
        "fails a test in one leg of the matrix only",
        |shop| shop.ends("reports/macos.xml", "joins", "<failure/>"),
        Red("test-failed"),
    ),
    (
        "hides a failure in nested suites",
        |shop| {
            shop.fail();
            shop.edit(UNIT, "<testsuite name", "<testsuite name=\"a\"><testsuite><testsuite name");
            shop.edit(UNIT, "</testsuite>", "</testsuite></testsuite></testsuite>");
        },
        Red("test-failed"),
    ),
    (
        "hides a failure in a second document",
        |shop| {
            shop.append(
                UNIT,
                "<testsuites><testsuite><testcase name=\"a\"><failure/></testcase></testsuite></testsuites>",
            );
        },
        Red("test-failed"),
    ),
    (
        "hides a failure in UTF-16",
        |shop| {
            shop.fail();
            let text = shop.read(UNIT).replace("UTF-8", "UTF-16");
            let words = std::iter::once(0xfeff).chain(text.encode_utf16());
            shop.write(UNIT, words.flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        },
        Red("test-failed"),
    ),
    (
        "hides a failure in a namespace",
        |shop| {
            shop.fail();
            let text = shop.read(UNIT).replace("</", "\u{0}").replace("<?", "\u{1}").replace('<', "<j:");
            let text = text.replace('\u{0}', "</j:").replace('\u{1}', "<?");
            shop.write(UNIT, text.replace("<j:testsuites>", "<j:testsuites xmlns:j=\"urn:junit\">"));
        },
        Red("test-failed"),
    ),
    (
        "hides a failure behind CDATA that looks like the end of the test",
        |shop| {
            let bait =
                "<system-out><![CDATA[</system-out></testcase></testsuite></testsuites>]]></system-out>";
            shop.ends(UNIT, "adds", &format!("{bait}<failure/>"));
        },
        Red("test-failed"),
    ),
    (
        "hides a failure behind a comment",
        |shop| shop.ends(UNIT, "adds", "<!-- <skipped/> --><failure><!-- --></failure>"),
        Red("test-failed"),
    ),
    (
        "wraps a failure in a skip",
        |shop| shop.ends(UNIT, "adds", "<skipped/><failure message=\"3 is not 2\"/>"),
        Red("test-failed"),
    ),
    (
        "reports a failure as passed by its status",
        |shop| {
            shop.fail();
            shop.edit(UNIT, "name=\"adds\"", "name=\"adds\" status=\"run\" result=\"completed\"");
        },
        Red("test-failed"),
    ),
    (
        "lets the numbers of the suite claim that nothing failed",
        |shop| {
            shop.fail();
            shop.edit(UNIT, "name=\"unit\"", "name=\"unit\" tests=\"9\" failures=\"0\" errors=\"0\"");
        },
        Red("test-failed"),
    ),
    (
        "lets the summary of a report claim that nothing failed",
        |shop| {
            let (name, status) = ("\"shows a good\", \"suite\": [\"api\"], \"status\": ", "\"passed\"");
            shop.edit("reports/api.json", &format!("{name}{status}"), &format!("{name}\"failed\""));
        },
        Red("test-failed"),
    ),
    (
        "fails a whole suite outside of its tests",
        |shop| shop.add(UNIT, "<error message=\"the database did not start\"/>"),
        Red("suite-errored"),
    ),
    (
        "repeats a test until it passes",
        |shop| shop.ends(UNIT, "adds", "<flakyFailure message=\"3 is not 2\"><stackTrace/></flakyFailure>"),
        Red("test-flaky"),
    ),
    (
        "repeats a test until it passes, and allows that",
        |shop| {
            shop.ends(UNIT, "adds", "<flakyFailure message=\"3 is not 2\"><stackTrace/></flakyFailure>");
            shop.set("fail-on-flaky = false");
        },
        Red("test-flaky"),
    ),
    (
        "hides a failure in the other runner's report as flaky",
        |shop| {
            let (name, status) = ("\"shows a good\", \"suite\": [\"api\"], \"status\": ", "\"passed\"");
            shop.edit(
                "reports/api.json",
                &format!("{name}{status}"),
                &format!("{name}{status}, \"flaky\": true"),
            );
        },
        Red("test-flaky"),
    ),
    (
        "hides a failure behind a second list of tests",
        |shop| {
            let failed = "\"tests\": [{\"name\": \"pays\", \"status\": \"failed\", \"duration\": 1}],";
            shop.edit("reports/api.json", "\"tests\": [", &format!("{failed} \"tests\": ["));
        },
        Red("test-failed"),
    ),
    (
        "reports only that a test was repeated, and not how it ended",
        |shop| shop.ends(UNIT, "adds", "<rerunFailure message=\"3 is not 2\"/>"),
        Red("test-failed"),
    ),
    (
        "claims a failure that no test shows",
        |shop| shop.edit("reports/orders.xml", "failures=\"0\"", "failures=\"1\""),
        Red("suite-errored"),
    ),
];

/// Runs that end badly, or were not runs at all.
pub(super) const RUNS: &[Case] = &[
    ("crashes behind the last test", |shop| shop.flags(&["--test-exit-code=139"]), Red("exit-unexplained")),
    (
        "ends badly for a reason that no report has",
        |shop| shop.flags(&["--test-exit-code=1"]),
        Red("exit-unexplained"),
    ),
    (
        "is killed behind a failure that is in quarantine",
        |shop| {
            shop.ends("reports/orders.xml", "ships", "<failure/>");
            shop.flags(&["--test-exit-code=137"]);
        },
        Red("exit-unexplained"),
    ),
    (
        "says in devops.toml that the run ended well",
        |shop| {
            shop.set("test-exit-code = 0");
            shop.flags(&["--test-exit-code=2"]);
        },
        Red("exit-unexplained"),
    ),
    ("leaves the reports of an earlier run in place", |shop| shop.runs("true"), Red("report-stale")),
    (
        "leaves one report of an earlier run in place",
        |shop| shop.runs("for r in unit api orders; do echo >> reports/$r.xml; done; rm reports/api.xml"),
        Red("report-stale"),
    ),
    ("breaks the command that tests", |shop| shop.runs("rm -r reports; exit 1"), Red("report-missing")),
    (
        "has failures covered by the quarantine and cuts a report off",
        |shop| {
            shop.ends("reports/orders.xml", "ships", "<failure/>");
            shop.truncate(UNIT, 90);
        },
        Red("report-unreadable"),
    ),
];

/// Reports that are broken where no baseline would miss what they had.
pub(super) const ALONE: &[Case] = &[
    (
        "hands in the words of a shell",
        |shop| shop.write(UNIT, "sh: 1: pytest: not found\n"),
        Red("report-unreadable"),
    ),
    ("hands in zeroes", |shop| shop.write(UNIT, [0_u8; 4096]), Red("report-unreadable")),
    ("hands in blanks", |shop| shop.write(UNIT, "\n\n"), Red("report-empty")),
    ("hands in a suite of nothing", |shop| shop.write(UNIT, "<testsuites/>"), Red("report-empty")),
    (
        "hands in the log instead of the report",
        |shop| shop.write("reports/api.json", "npm ERR! code 1\n"),
        Red("too-few-tests"),
    ),
    ("drops the report of a shard", |shop| shop.remove("reports/orders.xml"), Red("too-few-tests")),
];

/// Reports that are broken, so that their content is hidden.
pub(super) const REPORTS: &[Case] = &[
    ("cuts a report off", |shop| shop.truncate(UNIT, 50), Red("report-unreadable")),
    ("cuts only the last tag off", |shop| shop.edit(UNIT, "</testsuites>", ""), Red("report-unreadable")),
    ("empties a report", |shop| shop.write(UNIT, ""), Red("report-empty")),
    (
        "hands in a page instead of a report",
        |shop| {
            shop.write(UNIT, "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>");
        },
        Red("report-unreadable"),
    ),
    (
        "hands in a page that is good XML",
        |shop| {
            shop.write(UNIT, "<?xml version=\"1.0\"?><html><body>502 Bad Gateway</body></html>");
        },
        Red("report-unreadable"),
    ),
    (
        "hands in the words of a shell",
        |shop| {
            shop.write(UNIT, "sh: 1: pytest: not found\n");
        },
        Red("report-unreadable"),
    ),
    ("hands in zeroes", |shop| shop.write(UNIT, [0_u8; 4096]), Red("report-unreadable")),
    (
        "hands in a packed report",
        |shop| shop.write(UNIT, b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
        Red("report-unreadable"),
    ),
    (
        "fails and packs the report into an archive",
        |shop| {
            shop.fail();
            shop.remove(UNIT);
            shop.write("reports/unit.zip", b"PK\x03\x04unit.xml");
        },
        Red("test-vanished"),
    ),
    (
        "hands in an archive where a report is meant",
        |shop| {
            shop.write("more/good.xml", "<testsuite><testcase name='a'/></testsuite>");
            shop.write("more/broken.zip", b"PK\x03\x04unit.xml");
            shop.flags(&["reports", "more/*"]);
        },
        Red("report-unreadable"),
    ),
    (
        "packs a report twice",
        |shop| {
            shop.remove(UNIT);
            shop.write("reports/unit.xml.gz", gzip(&gzip(b"<testsuite><testcase name='a'/></testsuite>")));
            shop.flags(&["reports", "reports/unit.xml.gz"]);
        },
        Red("report-unreadable"),
    ),
    (
        "packs a report with a failure and cuts it off",
        |shop| {
            shop.fail();
            let packed = gzip(shop.read(UNIT).as_bytes());
            shop.remove(UNIT);
            shop.write("reports/unit.xml.gz", &packed[..packed.len() / 2]);
        },
        Red("report-unreadable"),
    ),
    (
        "packs a report with a failure",
        |shop| {
            shop.fail();
            let packed = gzip(shop.read(UNIT).as_bytes());
            shop.remove(UNIT);
            shop.write("reports/unit.xml.gz", packed);
        },
        Red("test-failed"),
    ),
    (
        "says that a report with a hidden failure is in UTF-7",
        |shop| {
            shop.ends(UNIT, "adds", "+ADw-failure/+AD4-");
            shop.edit(UNIT, "encoding=\"UTF-8\"", "encoding=\"UTF-7\"");
        },
        Red("report-unreadable"),
    ),
    (
        "writes a report in UTF-32",
        |shop| {
            let text = shop.read(UNIT);
            shop.write(
                UNIT,
                text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect::<Vec<u8>>(),
            );
        },
        Red("report-unreadable"),
    ),
    ("cuts a report in JSON off", |shop| shop.truncate("reports/api.json", 60), Red("report-unreadable")),
    ("hands in an empty object", |shop| shop.write("reports/api.json", "{}"), Red("test-vanished")),
    ("hands in nothing in JSON", |shop| shop.write("reports/api.json", "null"), Red("test-vanished")),
    (
        "leaves a test out of a report whose totals still have it",
        |shop| {
            shop.without("reports/orders.xml", "\"cancels\"");
        },
        Red("test-vanished"),
    ),
    (
        "cuts the report of coverage off",
        |shop| shop.truncate("reports/coverage.xml", 60),
        Red("report-unreadable"),
    ),
    ("empties the report of coverage", |shop| shop.write("reports/coverage.xml", ""), Red("report-empty")),
    (
        "cuts the report of benchmarks off",
        |shop| shop.truncate("reports/bench.json", 60),
        Red("report-unreadable"),
    ),
    ("empties the report of benchmarks", |shop| shop.write("reports/bench.json", ""), Red("report-empty")),
    (
        "cuts the report of the load test off",
        |shop| shop.truncate("reports/load.json", 60),
        Red("report-unreadable"),
    ),
    ("deletes all reports", |shop| shop.remove("reports"), Red("report-missing")),
    ("writes the reports elsewhere", |shop| shop.rename("reports", "old-reports"), Red("report-missing")),
    (
        "points to a folder without reports",
        |shop| {
            shop.set("paths = [\"src\"]");
        },
        Red("report-missing"),
    ),
    ("names no report", |shop| shop.set("paths = []"), Refused(2, "no path to a report")),
];

/// A gate that is made wider by the change it judges.
pub(super) const POLICY: &[Case] = &[
    (
        "fails and excludes the report",
        |shop| {
            shop.fail();
            shop.set("exclude = [\"reports/unit.xml\"]");
        },
        Red("test-failed"),
    ),
    (
        "fails and excludes all that is red with a path",
        |shop| {
            shop.fail();
            shop.set("paths = [\"reports\", \"!**/unit.xml\"]");
        },
        Refused(2, "among the paths excludes nothing"),
    ),
    (
        "lets a shard go and lowers how many there must be",
        |shop| {
            shop.on_main(|| {
                shop.set("min-reports = 5");
            });
            shop.remove("reports/macos.xml");
            shop.set("min-reports = 4");
        },
        Red("too-few-reports"),
    ),
    (
        "hands in one shard twice instead of another",
        |shop| {
            shop.on_main(|| shop.set("min-reports = 6"));
            shop.write("reports/windows.xml", shop.read(UNIT));
        },
        Red("too-few-reports"),
    ),
    (
        "fails and lowers what counts",
        |shop| {
            shop.fail();
            shop.set("fail-on = \"critical\"");
        },
        Red("test-failed"),
    ),
    (
        "fails and only reports",
        |shop| {
            shop.fail();
            shop.set("mode = \"report\"");
        },
        Red("test-failed"),
    ),
    (
        "fails and only reports, for all jobs",
        |shop| {
            shop.fail();
            shop.write(
                "devops.toml",
                format!("mode = \"report\"\nfail-on = \"critical\"\n{}", shop.read("devops.toml")),
            );
        },
        Red("test-failed"),
    ),
    (
        "fails and waives it by rule",
        |shop| {
            shop.fail();
            shop.append(
                "devops.toml",
                "[[waiver]]\nrule = 'test-failed'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n",
            );
        },
        Red("test-failed"),
    ),
    (
        "fails and waives it by test",
        |shop| {
            shop.fail();
            shop.append(
            "devops.toml",
            "[[waiver]]\nrule = 'test-failed'\nmatches = '*adds'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n",
        );
        },
        Red("test-failed"),
    ),
    (
        "deletes a test and waives that",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.append(
                "devops.toml",
                "[[waiver]]\nrule = 'test-vanished'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n",
            );
        },
        Red("test-vanished"),
    ),
    (
        "extends a waiver that is over",
        |shop| {
            let waiver =
                "[[waiver]]\nrule = 'test-failed'\nreason = 'r'\nowner = 'o'\nexpires = 2026-11-01\n";
            shop.on_main(|| shop.append("devops.toml", waiver));
            shop.fail();
            shop.edit("devops.toml", "2026-11-01", "2026-12-31");
        },
        Red("test-failed"),
    ),
    (
        "widens a waiver",
        |shop| {
            let waiver = "[[waiver]]\nrule = 'test-failed'\nmatches = '*old'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-01\n";
            shop.on_main(|| shop.append("devops.toml", waiver));
            shop.fail();
            shop.edit("devops.toml", "'*old'", "'*'");
        },
        Red("test-failed"),
    ),
    (
        "deletes tests and lowers their least number",
        |shop| {
            shop.remove("reports/orders.xml");
            shop.set("min-tests = 1");
        },
        Red("too-few-tests"),
    ),
    (
        "allows fewer tests than before",
        |shop| {
            shop.on_main(|| shop.set("max-test-drop = 0"));
            shop.without(UNIT, "\"removes\"");
            shop.set("max-test-drop = \"50%\"");
        },
        Red("too-few-tests"),
    ),
    (
        "fails and calls it an old failure",
        |shop| {
            shop.on_main(|| {
                shop.fail();
                shop.renew();
            });
            shop.set("new-failures-only = true");
        },
        Red("test-failed"),
    ),
    (
        "deletes the baseline and allows that",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.remove(BASELINE);
            shop.set("missing-baseline = \"allow\"");
        },
        Red("test-vanished"),
    ),
    (
        "compares with nothing",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.set("baseline = \"no.baseline.jsonl\"");
            shop.set("missing-baseline = \"allow\"");
        },
        Red("test-vanished"),
    ),
    (
        "covers less and lowers the floor",
        |shop| {
            shop.cover(&[("src/cart.py", "11b0000000"), COVERED[1], COVERED[2]]);
            shop.set("min-coverage = 10");
            shop.set("max-coverage-drop = 100");
        },
        Red("coverage-too-low"),
    ),
    (
        "covers less and allows the drop",
        |shop| {
            shop.cover(&[("src/cart.py", "11b1111100"), COVERED[1], COVERED[2]]);
            shop.set("max-coverage-drop = 100");
        },
        Red("coverage-dropped"),
    ),
    (
        "covers fewer branches and lowers their floor",
        |shop| {
            shop.cover(&[("src/cart.py", "11h1111110"), ("src/login.py", "1111111100"), COVERED[2]]);
            shop.on_main(|| shop.set("min-branch-coverage = 75"));
            shop.set("min-branch-coverage = 10");
        },
        Red("coverage-too-low"),
    ),
    (
        "covers a file less and lowers the floor of files",
        |shop| {
            shop.cover(&[COVERED[0], COVERED[1], ("src/legacy.py", "1000")]);
            shop.set("min-file-coverage = 10");
        },
        Red("file-coverage-too-low"),
    ),
    (
        "adds untested lines and lowers the floor of changes",
        |shop| {
            shop.grow("0000");
            shop.set("min-patch-coverage = 0");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "adds untested lines and takes the floor away",
        |shop| {
            shop.grow("0000");
            shop.without("devops.toml", "coverage");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "adds untested lines and tells of another change",
        |shop| {
            shop.grow("0000");
            shop.write("no.diff", "diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# Shop\n+# A shop\n");
            shop.set("diff = \"no.diff\"");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "slows a benchmark down and allows that",
        |shop| {
            shop.remeasure(("parse", "ns", "smaller", 1300.0, 20));
            shop.set("max-benchmark-slowdown = 90");
        },
        Red("benchmark-regressed"),
    ),
    (
        "slows a benchmark down and hardly ever alarms",
        |shop| {
            shop.remeasure(("parse", "ns", "smaller", 1300.0, 20));
            shop.set("benchmark-alarm-rate = 0.000000000001");
        },
        Red("benchmark-regressed"),
    ),
    (
        "slows a single measure down and allows that",
        |shop| {
            shop.remeasure(("render", "ms", "smaller", 60.0, 1));
            shop.set("max-unsampled-slowdown = 300");
        },
        Red("benchmark-regressed"),
    ),
    (
        "counts more and allows that",
        |shop| {
            shop.remeasure(("allocations", "allocations", "smaller", 49.0, 0));
            shop.set("max-count-increase = 10");
        },
        Red("benchmark-regressed"),
    ),
    (
        "crosses a limit and raises it",
        |shop| {
            shop.remeasure(("parse", "ns", "smaller", 2500.0, 20));
            shop.set("benchmark-limit = [\"parse <= 9000 ns\"]");
        },
        Red("threshold-crossed"),
    ),
    (
        "crosses a limit and takes it away",
        |shop| {
            shop.remeasure(("parse", "ns", "smaller", 2500.0, 20));
            shop.without("devops.toml", "benchmark-limit");
        },
        Red("threshold-crossed"),
    ),
    (
        "makes a test wait and allows that",
        |shop| {
            shop.edit(UNIT, "name=\"rounds\" time=\"0.200\"", "name=\"rounds\" time=\"2.200\"");
            shop.set("max-slowdown = 100");
        },
        Red("test-slower"),
    ),
    (
        "makes a test wait and raises the floor of that",
        |shop| {
            shop.edit(UNIT, "name=\"rounds\" time=\"0.200\"", "name=\"rounds\" time=\"2.200\"");
            shop.set("slowdown-floor = 60000");
        },
        Red("test-slower"),
    ),
    (
        "fails and deletes devops.toml",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.remove("devops.toml");
            shop.flags(&["reports"]);
        },
        Red("test-vanished"),
    ),
    (
        "deletes a test and empties devops.toml",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.write("devops.toml", "");
            shop.flags(&["reports"]);
        },
        Red("test-vanished"),
    ),
    (
        "deletes a test and links devops.toml to a lax one",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.write("lax.toml", "mode = \"report\"\n[test-gate]\npaths = [\"reports\"]\n");
            shop.link("devops.toml", "lax.toml");
        },
        Red("test-vanished"),
    ),
    (
        "fails and compares with itself",
        |shop| {
            shop.fail();
            shop.set("base = \"HEAD\"");
            shop.set("mode = \"report\"");
        },
        Red("test-failed"),
    ),
    (
        "fails and has no base",
        |shop| {
            shop.fail();
            shop.set("base = \"none\"");
            shop.set("mode = \"report\"");
        },
        Red("test-failed"),
    ),
    (
        "fails and says that no host is there",
        |shop| {
            shop.fail();
            shop.set("host = \"local\"");
            shop.set("mode = \"report\"");
        },
        Red("test-failed"),
    ),
    (
        "fails and has the gate write a baseline instead",
        |shop| {
            shop.fail();
            shop.set("action = \"baseline\"");
        },
        Red("test-failed"),
    ),
    (
        "fails and has the gate fold baselines instead",
        |shop| {
            shop.fail();
            shop.set("action = \"merge\"");
            shop.set(&format!("paths = [\"{BASELINE}\"]"));
        },
        Red("report-unreadable"),
    ),
    (
        "fails and has a broken setting",
        |shop| {
            shop.fail();
            shop.set("min-tests = \"few\"");
        },
        Refused(2, "min-tests"),
    ),
    (
        "fails and misspells a setting",
        |shop| {
            shop.fail();
            shop.set("new-failure-only = true");
        },
        Refused(2, "new-failure-only"),
    ),
];

/// A quarantine that is made wider by the change it is for.
pub(super) const QUARANTINE: &[Case] = &[
    (
        "fails a test and puts it in quarantine",
        |shop| {
            shop.fail();
            shop.append(
            "quarantine.toml",
            "[[quarantine]]\ntest = \"shop.CartTest*adds\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-01\n",
        );
        },
        Red("test-failed"),
    ),
    (
        "fails a test and puts all of them in quarantine",
        |shop| {
            shop.fail();
            shop.edit("quarantine.toml", "shop.OrderTest*ships", "shop.*");
        },
        Red("test-failed"),
    ),
    (
        "extends a quarantine that is over",
        |shop| {
            shop.on_main(|| shop.edit("quarantine.toml", "2026-12-15", "2026-11-15"));
            shop.ends("reports/orders.xml", "ships", "<failure/>");
            shop.edit("quarantine.toml", "2026-11-15", "2027-01-15");
        },
        Red("quarantine-expired"),
    ),
    (
        "lets a quarantine run out",
        |shop| {
            shop.on_main(|| shop.edit("quarantine.toml", "2026-12-15", "2026-11-22"));
        },
        Red("quarantine-expired"),
    ),
    (
        "brings a quarantine along and points to it",
        |shop| {
            shop.fail();
            shop.write(
            "own.toml",
            "[[quarantine]]\ntest = \"shop.CartTest*adds\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-01\n",
        );
            shop.set("quarantine = \"own.toml\"");
        },
        Red("test-failed"),
    ),
    (
        "brings the quarantine along that nobody had",
        |shop| {
            shop.on_main(|| shop.remove("quarantine.toml"));
            shop.fail();
            shop.write(
            "quarantine.toml",
            "[[quarantine]]\ntest = \"shop.CartTest*adds\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-01\n",
        );
        },
        Red("test-failed"),
    ),
    (
        "links the quarantine that nobody had to a file of its own",
        |shop| {
            shop.on_main(|| shop.remove("quarantine.toml"));
            shop.fail();
            shop.write(
            "docs/list.txt",
            "[[quarantine]]\ntest = \"shop.CartTest*adds\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-01\n",
        );
            shop.link("quarantine.toml", "docs/list.txt");
        },
        Red("test-failed"),
    ),
    (
        "names a failing test like one in quarantine",
        |shop| {
            shop.ends(UNIT, "adds", "<failure/>");
            shop.edit(
                UNIT,
                "classname=\"shop.CartTest\" name=\"adds\"",
                "classname=\"shop.OrderTest\" name=\"ships\"",
            );
        },
        Red("test-vanished"),
    ),
];

/// A baseline that is changed by what is held against it: a test is deleted and should not be missed.
pub(super) const BASELINES: &[Case] = &[
    (
        "takes the test out of the baseline",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.without(BASELINE, "removes");
        },
        Red("test-vanished"),
    ),
    (
        "renews the baseline without the test",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.renew();
        },
        Red("test-vanished"),
    ),
    (
        "empties the baseline",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.write(BASELINE, "");
        },
        Red("test-vanished"),
    ),
    (
        "deletes the baseline",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.remove(BASELINE);
        },
        Red("test-vanished"),
    ),
    (
        "cuts the baseline off",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.truncate(BASELINE, 50);
        },
        Red("test-vanished"),
    ),
    (
        "makes the baseline one of another version",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.write(BASELINE, "{\"format\":\"devops-baseline\",\"version\":99}\n");
        },
        Red("test-vanished"),
    ),
    (
        "packs nothing into the baseline",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.write(BASELINE, b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
        },
        Red("test-vanished"),
    ),
    (
        "links the baseline to another one",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.renew();
            shop.rename(BASELINE, "docs/other.jsonl");
            shop.link(BASELINE, "docs/other.jsonl");
        },
        Red("test-vanished"),
    ),
    (
        "puts a folder where the baseline was",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.remove(BASELINE);
            shop.write("tests.baseline.jsonl/baseline.jsonl", "");
        },
        Red("test-vanished"),
    ),
    (
        "takes the baseline out of the repository and renews it",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.renew();
            shop.append(".gitignore", "tests.baseline.jsonl\n");
            shop.git(&["rm", "--quiet", "--force", "--cached", BASELINE]);
        },
        Red("test-vanished"),
    ),
    (
        "adds a baseline and points to it",
        |shop| {
            shop.without(UNIT, "\"removes\"");
            shop.renew();
            shop.rename(BASELINE, "new.baseline.jsonl");
            shop.set("baseline = \"new.baseline.jsonl\"");
        },
        Red("test-vanished"),
    ),
    (
        "adds a baseline where the pipeline names one that is not there",
        |shop| {
            shop.on_main(|| shop.remove(BASELINE));
            shop.without(UNIT, "\"removes\"");
            shop.renew();
        },
        Red("baseline-missing"),
    ),
    (
        "links the baseline that is not there to one of its own",
        |shop| {
            shop.on_main(|| shop.remove(BASELINE));
            shop.without(UNIT, "\"removes\"");
            shop.renew();
            shop.rename(BASELINE, "docs/own.jsonl");
            shop.link(BASELINE, "docs/own.jsonl");
        },
        Red("baseline-missing"),
    ),
    (
        "links the folder of the baseline that is not there to one of its own",
        |shop| {
            shop.on_main(|| {
                shop.remove(BASELINE);
                shop.set("baseline = \"kept/baseline.jsonl\"");
            });
            shop.without(UNIT, "\"removes\"");
            shop.write("devops.toml", shop.read("devops.toml").replace("kept/baseline.jsonl", BASELINE));
            shop.renew();
            shop.rename(BASELINE, "docs/baseline.jsonl");
            shop.link("kept", "docs");
        },
        Red("baseline-missing"),
    ),
    (
        "marks the test that fails as failed before",
        |shop| {
            shop.on_main(|| shop.set("new-failures-only = true"));
            shop.fail();
            shop.renew();
        },
        Red("test-failed"),
    ),
];

/// Coverage that is not what it seems.
pub(super) const COVERAGE: &[Case] = &[
    (
        "deletes the report of coverage",
        |shop| shop.remove("reports/coverage.xml"),
        Red("coverage-file-vanished"),
    ),
    ("drops a source from the report", |shop| shop.cover(&COVERED[..2]), Red("coverage-file-vanished")),
    (
        "excludes sources by a pattern of the coverage tool",
        |shop| {
            shop.write(".coveragerc", "[run]\nomit = src/l*\n");
            shop.cover(&COVERED[..1]);
        },
        Red("coverage-file-vanished"),
    ),
    (
        "moves a source and leaves it out",
        |shop| {
            shop.rename("src/legacy.py", "src/shop/legacy.py");
            shop.cover(&COVERED[..2]);
        },
        Red("coverage-file-vanished"),
    ),
    (
        "deletes tests, so that less is covered",
        |shop| {
            shop.cover(&[("src/cart.py", "11b1111100"), COVERED[1], COVERED[2]]);
        },
        Red("coverage-dropped"),
    ),
    (
        "makes up for less coverage by files that are not its own",
        |shop| {
            let more = "1".repeat(500);
            shop.cover(&[
                ("src/cart.py", "11b0000000"),
                COVERED[1],
                COVERED[2],
                ("/opt/lib/all_covered.py", &more),
            ]);
        },
        Red("coverage-dropped"),
    ),
    (
        "makes up for a source by one of the same name elsewhere",
        |shop| {
            shop.cover(&[("lib/cart.py", COVERED[0].1), COVERED[1], COVERED[2]]);
        },
        Red("coverage-file-vanished"),
    ),
    (
        "hands in coverage of another checkout",
        |shop| {
            let files = [("app/models.py", "1111111111"), ("app/views.py", "1111111111")];
            shop.write("reports/coverage.xml", cobertura("/home/other/work", &files));
        },
        Red("coverage-file-vanished"),
    ),
    (
        "leaves branches out",
        |shop| {
            shop.cover(&[("src/cart.py", "1111111110"), ("src/login.py", "1111111100"), COVERED[2]]);
        },
        Red("coverage-too-low"),
    ),
    ("adds untested lines", |shop| shop.grow("0000"), Red("patch-coverage-too-low")),
    (
        "adds untested lines among many that are tested",
        |shop| {
            shop.grow("10101010");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "adds an untested source",
        |shop| {
            shop.write("src/new.py", source("src/new.py", 4));
            shop.cover(&[COVERED[0], COVERED[1], COVERED[2], ("src/new.py", "0000")]);
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "reports only that lines exist, and no hit",
        |shop| {
            shop.cover(&[
                ("src/cart.py", "0000000000"),
                ("src/login.py", "0000000000"),
                ("src/legacy.py", "0000"),
            ]);
        },
        Red("coverage-too-low"),
    ),
    (
        "reports sources without lines",
        |shop| {
            shop.cover(&[("src/cart.py", ""), ("src/login.py", ""), ("src/legacy.py", "")]);
        },
        Red("coverage-too-low"),
    ),
];

/// Benchmarks that are not what they seem.
pub(super) const BENCHMARKS: &[Case] = &[
    (
        "slows a benchmark down",
        |shop| shop.remeasure(("parse", "ns", "smaller", 1100.0, 20)),
        Red("benchmark-regressed"),
    ),
    (
        "lets the throughput collapse",
        |shop| {
            shop.remeasure(("serve", "requests/s", "bigger", 400.0, 20));
        },
        Red("benchmark-regressed"),
    ),
    ("deletes a benchmark", |shop| shop.measure(&super::project::MEASURED[1..]), Red("benchmark-vanished")),
    ("deletes the report of benchmarks", |shop| shop.remove("reports/bench.json"), Red("benchmark-vanished")),
    (
        "renames a benchmark that got slower",
        |shop| {
            shop.remeasure(("serve", "requests/s", "bigger", 400.0, 20));
            shop.edit("reports/bench.json", "\"serve\"", "\"serve_all\"");
        },
        Red("benchmark-vanished"),
    ),
    (
        "measures in seconds what was in nanoseconds",
        |shop| {
            shop.remeasure(("parse", "s", "smaller", 1000.0, 20));
        },
        Red("benchmark-regressed"),
    ),
    (
        "measures in another unit",
        |shop| {
            shop.remeasure(("render", "frames", "smaller", 1.0, 1));
        },
        Red("benchmark-vanished"),
    ),
    (
        "turns the direction",
        |shop| {
            shop.remeasure(("render", "ms", "bigger", 90.0, 1));
        },
        Red("benchmark-vanished"),
    ),
    (
        "takes a single sample, so that nothing can be told",
        |shop| {
            shop.remeasure(("parse", "ns", "smaller", 1400.0, 1));
        },
        Red("benchmark-vanished"),
    ),
    (
        "pads a benchmark with outliers, so that it looks noisy",
        |shop| {
            shop.remeasure(("parse", "ns", "smaller", 1200.0, 20));
            shop.edit(
                "reports/bench.json",
                "\"samples\": [\n        1188.0",
                "\"samples\": [\n        1.0, 9000.0, 1188.0",
            );
        },
        Red("benchmark-regressed"),
    ),
    (
        "calls an exact count inexact",
        |shop| {
            shop.remeasure(("allocations", "allocations", "smaller", 50.0, 1));
        },
        Red("benchmark-regressed"),
    ),
    (
        "crosses a limit of the load test, whose exit nobody heard",
        |shop| {
            shop.edit("reports/load.json", "\"ok\": true", "\"ok\": false");
        },
        Red("threshold-crossed"),
    ),
    (
        "takes the limit of the load test away and is slower",
        |shop| {
            shop.edit("reports/load.json", "\"p(95)<500\": {\"ok\": true}", "");
            shop.edit("reports/load.json", "\"p(95)\": 250", "\"p(95)\": 900");
        },
        Red("benchmark-regressed"),
    ),
    (
        "takes the numbers out of the load test",
        |shop| {
            shop.edit("reports/load.json", "\"p(90)\": 200, \"p(95)\": 250", "\"p(90)\": 200");
        },
        Red("benchmark-vanished"),
    ),
    (
        "measures with a run that crashed",
        |shop| {
            shop.write(
                "reports/bench.txt",
                format!("{CRITERION}thread 'main' panicked at benches/a.rs:1:1:\nno\n"),
            );
        },
        Red("run-errored"),
    ),
    (
        "hides a crash behind colours",
        |shop| {
            let crash = "\u{1b}[1m\u{1b}[91merror\u{1b}[0m\u{1b}[1m: bench failed, to rerun pass `--bench a`\u{1b}[0m\n";
            shop.write("reports/bench.txt", format!("{CRITERION}{crash}"));
        },
        Red("run-errored"),
    ),
    (
        "measures how a command fails",
        |shop| {
            let failed = r#"{"results":[{"command":"serve","mean":0.1,"median":0.1,"times":[0.1,0.1],"exit_codes":[1,1]}]}"#;
            shop.write("reports/serve.json", failed);
        },
        Red("run-errored"),
    ),
    (
        "writes a slow number in colours",
        |shop| {
            known(shop, CRITERION);
            let slow = "a                       time:   [\u{1b}[1m5.0\u{1b}[0m ns \u{1b}[1m5.1\u{1b}[0m ns 5.2 ns]\n";
            shop.write("reports/bench.txt", slow);
        },
        Red("benchmark-regressed"),
    ),
    (
        "gives two exact counts one name, so that their middle stays",
        |shop| {
            let count = |one: u32, other: u32| {
                format!(
                    "a::b one:1\n  Instructions:  {one}|N/A  (*********)\na::b one:1\n  Instructions:  {other}|N/A  (*********)\n"
                )
            };
            known(shop, &count(1_000, 3_000));
            shop.write("reports/bench.txt", count(1_500, 2_500));
        },
        Red("benchmark-regressed"),
    ),
    (
        "hides a slow benchmark among the repetitions of a fast one of its name",
        |shop| {
            known(shop, &twins(1.0, 100.0));
            shop.write("reports/bench.txt", twins(1.0, 200.0));
        },
        Red("benchmark-regressed"),
    ),
    (
        "measures with a benchmark that throws, in a test that passes",
        |shop| {
            let table = "p is a Catch v2.13.10 host application.\n-----\nt\n-----\nt.cpp:1\n.....\n\nbenchmark name samples iterations estimated\n-----\n";
            let end = "good  100  1  1 ms\n  3 ns  1 ns  9 ns\n  1 ns  1 ns  1 ns\n\n=====\ntest cases: 1 | 1 passed\n";
            shop.write("reports/bench.txt", format!("{table}bad        Benchmark failed (boom)\n{end}"));
        },
        Red("run-errored"),
    ),
    (
        "allocates more and keeps its instructions",
        |shop| {
            let heap = |bytes: u32| {
                format!("a::b one:1\n  ======= DHAT =====\n  Total bytes:  {bytes}|N/A  (*********)\n")
            };
            known(shop, &heap(1_000));
            shop.write("reports/bench.txt", heap(3_000));
        },
        Red("benchmark-regressed"),
    ),
    (
        "measures what is no number",
        |shop| shop.edit("reports/bench.json", "\"value\": 48.0", "\"value\": \"NaN\""),
        Red("report-unreadable"),
    ),
    (
        "measures less than nothing",
        |shop| shop.edit("reports/bench.json", "\"value\": 48.0", "\"value\": -48.0"),
        Red("report-unreadable"),
    ),
    (
        "measures more than a number holds",
        |shop| shop.edit("reports/bench.json", "\"value\": 48.0", "\"value\": 1e999"),
        Red("report-unreadable"),
    ),
    (
        "says of no measure which way is better",
        |shop| shop.edit("reports/bench.json", "\"direction\": \"smaller\",", ""),
        Red("report-unreadable"),
    ),
    (
        "slows everything down, as if the machine were slower",
        |shop| {
            shop.on_main(|| rebase(shop));
            shop.measure(&many(1.9, 1.9));
        },
        Red("benchmark-regressed"),
    ),
    (
        "names a reference of its own",
        |shop| {
            shop.on_main(|| rebase(shop));
            shop.measure(&many(1.9, 1.9));
            shop.set("benchmark-reference = \"machine\"");
        },
        Red("benchmark-regressed"),
    ),
    (
        "slows the reference down with the benchmark it slows down",
        |shop| {
            shop.on_main(|| {
                shop.set("benchmark-reference = \"machine\"");
                rebase(shop);
            });
            let mut slowed = many(1.0, 1.6);
            slowed[0].3 *= 1.6;
            shop.measure(&slowed);
        },
        Red("benchmark-reference-moved"),
    ),
    (
        "takes the reference away",
        |shop| {
            shop.on_main(|| {
                shop.set("benchmark-reference = \"machine\"");
                rebase(shop);
            });
            shop.measure(&many(1.0, 1.0)[..8]);
        },
        Red("threshold-crossed"),
    ),
    (
        "is slower than the machine became",
        |shop| {
            shop.on_main(|| {
                shop.set("benchmark-reference = \"machine\"");
                rebase(shop);
            });
            let mut slowed = many(1.5, 1.5);
            slowed[0].3 *= 1.2;
            shop.measure(&slowed);
        },
        Red("benchmark-regressed"),
    ),
];

/// What criterion prints of one benchmark.
const CRITERION: &str = "a                       time:   [1.0 ns 1.1 ns 1.2 ns]\n";

/// Two benchmarks of Google Benchmark that share a name, twenty repetitions each.
fn twins(fast: f64, slow: f64) -> String {
    let rows = [fast, slow].into_iter().enumerate().flat_map(|(family, time)| {
        (0..20).map(move |repetition| {
            let time = time * (0.99 + 0.001 * f64::from(repetition * 7 % 20));
            format!(
                r#"{{"name":"sum","run_name":"sum","run_type":"iteration","family_index":{family},"repetition_index":{repetition},"real_time":{time},"cpu_time":{time}}}"#
            )
        })
    });
    let rows: Vec<String> = rows.collect();
    format!(r#"{{"context":{{"mhz_per_cpu":1}},"benchmarks":[{}]}}"#, rows.join(","))
}

/// The baseline of `main` knows a report of benchmarks in text.
fn known(shop: &Project, text: &str) {
    shop.on_main(|| {
        shop.write("reports/bench.txt", text);
        shop.renew();
    });
}

/// The baseline of `main` knows more measures and a reference.
pub(super) fn rebase(shop: &Project) {
    shop.measure(&many(1.0, 1.0));
    shop.renew();
}

/// The measures of the shop, four more and a reference, each so many times slower than in the baseline.
pub(super) fn many(slower: f64, reference: f64) -> Vec<super::project::Measure<'static>> {
    let all = [
        ("parse", "ns", "smaller", 1000.0 * slower, 20),
        ("serve", "requests/s", "bigger", 500.0 / slower, 20),
        ("render", "ms", "smaller", 30.0 * slower.min(1.4), 1),
        ("allocations", "allocations", "smaller", 48.0, 0),
        ("one", "ms", "smaller", 11.0 * slower, 20),
        ("two", "ms", "smaller", 12.0 * slower, 20),
        ("three", "ms", "smaller", 13.0 * slower, 20),
        ("four", "ms", "smaller", 14.0 * slower, 20),
        ("machine", "ms", "smaller", 100.0 * reference, 20),
    ];
    all.to_vec()
}
