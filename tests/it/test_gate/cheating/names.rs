//! Failures that hide behind a test of the same name.

use super::Case;
use super::Expected::Red;
use super::project::Project;

const UNIT: &str = "reports/unit.xml";
const ORDERS: &str = "reports/orders.xml";
const API: &str = "reports/api.json";

/// A test of the shop, and a failure of its name.
const ADDS: &str = "<testcase classname=\"shop.CartTest\" name=\"adds\"";
const FAILED: &str =
    "<testcase classname=\"shop.CartTest\" name=\"adds\"><failure message=\"row 2\"/></testcase>";
const PASSED: &str = "<testcase classname=\"shop.CartTest\" name=\"adds\" time=\"0.010\"></testcase>";

/// Puts something before the first test of that name.
fn before(shop: &Project, text: &str) {
    shop.edit(UNIT, ADDS, &format!("{text}{ADDS}"));
}

/// A report whose only test has failed or passed.
fn alone(case: &str) -> String {
    format!("<testsuites><testsuite name=\"unit\">{case}</testsuite></testsuites>")
}

/// Gives `main` two rows of one name, which only new failures of fail the gate.
fn rows(shop: &Project, first: &str) {
    shop.on_main(|| {
        let row =
            |with: &str| format!("<testcase classname=\"shop.CartTest\" name=\"row\">{with}</testcase>");
        shop.add(UNIT, &format!("{}\n{}", row(first), row("<!-- -->")));
        shop.set("new-failures-only = true");
        shop.renew();
    });
}

/// Gives `main` a name for each leg of the matrix.
fn legs(shop: &Project) {
    shop.set("environment = [\"reports/linux.xml = linux\", \"reports/macos.xml = macos\"]");
}

/// Lets `main` take reports in `again` for attempts.
fn attempts(shop: &Project) {
    shop.on_main(|| {
        shop.write("again/unit.xml", alone(PASSED));
        shop.append(".gitignore", "again/\n");
        shop.set("paths = [\"reports\", \"again\"]");
        shop.set("attempts = true");
    });
}

/// Rows of one name in one report.
pub(super) const ROWS: &[Case] = &[
    ("fails a row before one that passes", |shop| before(shop, FAILED), Red("test-failed")),
    ("fails a row behind one that passes", |shop| shop.add(UNIT, FAILED), Red("test-failed")),
    (
        "fails a row between two that pass",
        |shop| shop.add(UNIT, &format!("{FAILED}{PASSED}")),
        Red("test-failed"),
    ),
    (
        "fails a row before one that is skipped",
        |shop| shop.add(UNIT, &FAILED.replace("adds", "ages")),
        Red("test-failed"),
    ),
    (
        "fails a row behind one that is skipped",
        |shop| {
            let aged = "<testcase classname=\"shop.CartTest\" name=\"ages\"";
            shop.edit(UNIT, aged, &format!("{}{aged}", FAILED.replace("adds", "ages")));
        },
        Red("test-failed"),
    ),
    (
        "fails a row, and says that the run ended well",
        |shop| {
            before(shop, FAILED);
            shop.flags(&["--test-exit-code=0"]);
        },
        Red("test-failed"),
    ),
    (
        "fails a test in a suite that is called like the one behind it",
        |shop| {
            let suite = "<testsuite name=\"unit\"";
            shop.edit(UNIT, suite, &format!("{suite}>{FAILED}</testsuite>{suite}"));
        },
        Red("test-failed"),
    ),
    (
        "fails a test in a suite that is called like the one before it",
        |shop| {
            let suite = format!("<testsuite name=\"unit\">{FAILED}</testsuite>");
            shop.edit(UNIT, "</testsuites>", &format!("{suite}</testsuites>"));
        },
        Red("test-failed"),
    ),
    (
        "fails a test in a document before the one in which it passes",
        |shop| {
            let text = shop.read(UNIT);
            shop.write(UNIT, text.replacen("?>", &format!("?>{}", alone(FAILED)), 1));
        },
        Red("test-failed"),
    ),
    (
        "fails a test in a document behind the one in which it passes",
        |shop| shop.append(UNIT, &alone(FAILED)),
        Red("test-failed"),
    ),
    (
        "fails a test in an inner suite that is called like the outer one, before the one that passes",
        |shop| before(shop, &format!("<testsuite name=\"unit\">{FAILED}</testsuite>")),
        Red("test-failed"),
    ),
    (
        "fails a test in an inner suite that is called like the outer one, behind the one that passes",
        |shop| {
            let suite = format!("<testsuite name=\"unit\">{FAILED}</testsuite></testsuite></testsuites>");
            shop.edit(UNIT, "</testsuite>\n</testsuites>", &suite);
        },
        Red("test-failed"),
    ),
    (
        "fails a test of another runner before one of its name",
        |shop| {
            let failed =
                "{\"name\": \"lists goods\", \"suite\": [\"api\"], \"status\": \"failed\", \"duration\": 1},";
            shop.edit(API, "\"tests\": [", &format!("\"tests\": [{failed}"));
        },
        Red("test-failed"),
    ),
    (
        "fails a test of another runner behind one of its name",
        |shop| {
            let failed =
                "{\"name\": \"lists goods\", \"suite\": [\"api\"], \"status\": \"failed\", \"duration\": 1}";
            shop.edit(API, "\"duration\": 10}\n    ]", &format!("\"duration\": 10}}, {failed}]"));
        },
        Red("test-failed"),
    ),
    (
        "fails a test at the first of two runs that Go counts",
        |shop| {
            let event = |action: &str| {
                format!("{{\"Action\":\"{action}\",\"Package\":\"x.org/shop\",\"Test\":\"TestPays\"}}\n")
            };
            let end = "{\"Action\":\"pass\",\"Package\":\"x.org/shop\"}\n";
            let events: String = ["run", "fail", "run", "pass"].map(event).concat();
            shop.write("reports/go.json", format!("{events}{end}"));
        },
        Red("test-failed"),
    ),
    (
        "fails a test point before one of its name",
        |shop| shop.write("reports/pay.tap", "TAP version 13\n1..2\nnot ok 1 - pays\nok 2 - pays\n"),
        Red("test-failed"),
    ),
    (
        "fails a test of jest before one of its title",
        |shop| {
            let test = |status: &str| {
                format!(
                    "{{\"ancestorTitles\":[\"pay\"],\"title\":\"pays\",\"fullName\":\"pay pays\",\"status\":\"{status}\",\"failureMessages\":[]}}"
                )
            };
            let tests = format!("{},{}", test("failed"), test("passed"));
            shop.write(
                "reports/pay.json",
                format!("{{\"numTotalTests\":2,\"numFailedTests\":0,\"success\":true,\"testResults\":[{{\"name\":\"/w/pay.test.js\",\"status\":\"passed\",\"assertionResults\":[{tests}]}}]}}"),
            );
        },
        Red("test-failed"),
    ),
    (
        "fails a row and calls it an attempt in devops.toml",
        |shop| {
            before(shop, FAILED);
            shop.set("repeated-cases = \"attempts\"");
        },
        Red("test-failed"),
    ),
];

/// Tests of one name in several reports.
pub(super) const REPORTS: &[Case] = &[
    (
        "adds a report in which the failed test passes",
        |shop| {
            shop.fail();
            shop.write("reports/unit2.xml", alone(PASSED));
        },
        Red("test-failed"),
    ),
    (
        "skips a test in one report and fails it in another",
        |shop| {
            shop.ends(UNIT, "adds", "<skipped/>");
            shop.write("reports/unit2.xml", alone(FAILED));
        },
        Red("test-failed"),
    ),
    (
        "fails a test in one report and skips it in another",
        |shop| {
            shop.fail();
            shop.write("reports/unit2.xml", alone(&PASSED.replace("></", "><skipped/></")));
        },
        Red("test-failed"),
    ),
    (
        "calls a second report an attempt in devops.toml",
        |shop| {
            shop.fail();
            shop.write("again/unit.xml", alone(PASSED));
            shop.append(".gitignore", "again/\n");
            shop.set("paths = [\"reports\", \"again\"]");
            shop.set("attempts = true");
        },
        Red("test-failed"),
    ),
    (
        "hands in a second attempt that ran other tests",
        |shop| {
            attempts(shop);
            shop.fail();
            shop.write("again/unit.xml", alone(&PASSED.replace("\"adds\"", "\"removes\"")));
        },
        Red("test-failed"),
    ),
    (
        "hands in a second attempt of another class",
        |shop| {
            attempts(shop);
            shop.fail();
            shop.write("again/unit.xml", alone(&PASSED.replace("CartTest", "BasketTest")));
        },
        Red("test-failed"),
    ),
    (
        "hands in a second attempt that was skipped",
        |shop| {
            attempts(shop);
            shop.fail();
            shop.write("again/unit.xml", alone(&PASSED.replace("></", "><skipped/></")));
        },
        Red("test-failed"),
    ),
    (
        "hands in a second attempt that is cut off",
        |shop| {
            attempts(shop);
            shop.fail();
            shop.write("again/unit.xml", format!("<testsuites><testsuite name=\"unit\">{PASSED}"));
        },
        Red("test-failed"),
    ),
    (
        "hands in a second attempt at one of two rows that failed",
        |shop| {
            attempts(shop);
            shop.fail();
            shop.add(UNIT, FAILED);
        },
        Red("test-failed"),
    ),
    (
        "fails one leg of the matrix and calls all of them one environment",
        |shop| {
            shop.on_main(|| {
                legs(shop);
                shop.renew();
            });
            shop.ends("reports/macos.xml", "joins", "<failure/>");
            shop.set("environment = [\"linux\"]");
        },
        Red("test-failed"),
    ),
    (
        "fails a test and says that it ran elsewhere",
        |shop| {
            shop.on_main(|| {
                shop.set("new-failures-only = true");
                legs(shop);
                shop.ends("reports/linux.xml", "joins", "<failure/>");
                shop.renew();
            });
            shop.ends("reports/macos.xml", "joins", "<failure/>");
            shop.set("environment = [\"reports/macos.xml = linux\"]");
        },
        Red("test-failed"),
    ),
];

/// Failures that are known, or in quarantine, of one of several tests of a name.
pub(super) const KNOWN: &[Case] = &[
    (
        "fails a row beside one that is known to fail",
        |shop| {
            rows(shop, "<failure/>");
            shop.edit(UNIT, "<!-- -->", "<failure/>");
        },
        Red("test-failed"),
    ),
    (
        "repairs the row that is known to fail and breaks the other one",
        |shop| {
            rows(shop, "<failure/>");
            shop.edit(UNIT, "<failure/>", "");
            shop.edit(UNIT, "<!-- -->", "<failure/>");
        },
        Red("test-failed"),
    ),
    (
        "adds a row that fails before the one that is known to fail",
        |shop| {
            rows(shop, "<failure/>");
            let row = "<testcase classname=\"shop.CartTest\" name=\"row\">";
            shop.edit(
                UNIT,
                &format!("{row}<failure/>"),
                &format!("{row}<failure/></testcase>{row}<failure/>"),
            );
        },
        Red("test-failed"),
    ),
    (
        "fails one leg of the matrix where the other one is known to fail",
        |shop| {
            shop.on_main(|| {
                shop.set("new-failures-only = true");
                legs(shop);
                shop.ends("reports/linux.xml", "joins", "<failure/>");
                shop.renew();
            });
            shop.ends("reports/macos.xml", "joins", "<failure/>");
        },
        Red("test-failed"),
    ),
    (
        "fails a row of the name of one in quarantine",
        |shop| {
            shop.on_main(|| {
                let ships = "<testcase classname=\"shop.OrderTest\" name=\"ships\"";
                shop.edit(ORDERS, ships, &format!("{ships}><!-- --></testcase>{ships}"));
                shop.edit(ORDERS, "tests=\"3\"", "tests=\"4\"");
                shop.renew();
            });
            shop.edit(ORDERS, "name=\"ships\" time=\"0.010\">", "name=\"ships\" time=\"0.010\"><failure/>");
        },
        Red("test-failed"),
    ),
    (
        "fails one leg of the matrix where the other one is in quarantine",
        |shop| {
            shop.on_main(|| {
                legs(shop);
                shop.edit("quarantine.toml", "shop.OrderTest*ships", "shop.PathTest.joins (linux)");
                shop.renew();
            });
            shop.ends("reports/linux.xml", "joins", "<failure/>");
            shop.ends("reports/macos.xml", "joins", "<failure/>");
        },
        Red("test-failed"),
    ),
];
