//! Changes that do no harm: what each does, how, and whether there is anything to say of it.

use super::Case;
use super::Expected::{Pass, Warn};
use super::cheats::{many, rebase};
use super::project::{COVERED, cobertura, source};

const UNIT: &str = "reports/unit.xml";

/// Reports that say the same in another way.
pub(super) const REPORTS: &[Case] = &[
    ("changes nothing", |_| {}, Pass),
    (
        "runs the tests in another order",
        |shop| {
            let text = shop.read(UNIT);
            let (mut tests, mut rest): (Vec<&str>, Vec<&str>) =
                text.lines().partition(|line| line.contains("<testcase"));
            tests.reverse();
            let after = rest.split_off(3);
            shop.write(UNIT, [rest, tests, after].concat().join("\n"));
        },
        Pass,
    ),
    (
        "writes a report on one line",
        |shop| {
            let text = shop.read(UNIT);
            shop.write(UNIT, text.lines().map(str::trim).collect::<Vec<_>>().join(""));
        },
        Pass,
    ),
    (
        "ends lines as Windows does",
        |shop| {
            for report in ["unit.xml", "api.json", "coverage.xml", "bench.json"] {
                let path = format!("reports/{report}");
                shop.write(&path, shop.read(&path).replace('\n', "\r\n"));
            }
        },
        Pass,
    ),
    (
        "puts a mark of the byte order in front",
        |shop| {
            shop.write(UNIT, format!("\u{feff}{}", shop.read(UNIT)));
        },
        Pass,
    ),
    (
        "writes a report in UTF-16",
        |shop| {
            let text = shop.read(UNIT).replace("UTF-8", "UTF-16");
            let words = std::iter::once(0xfeff).chain(text.encode_utf16());
            shop.write(UNIT, words.flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        },
        Pass,
    ),
    (
        "writes a report in Latin letters of Windows",
        |shop| {
            let text = shop.read(UNIT).replace("UTF-8", "windows-1252").replace("no clock", "f\u{e9}");
            shop.write(UNIT, text.chars().map(|letter| u8::try_from(letter).unwrap()).collect::<Vec<u8>>());
        },
        Pass,
    ),
    (
        "packs a report",
        |shop| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, shop.read(UNIT).as_bytes()).unwrap();
            shop.remove(UNIT);
            shop.write("reports/unit.xml.gz", encoder.finish().unwrap());
        },
        Pass,
    ),
    ("names each report in one pattern", |shop| shop.set("paths = [\"reports/*.{xml,json}\"]"), Pass),
    (
        "runs on another day and machine",
        |shop| {
            shop.edit(UNIT, "2026-11-22T10:00:00", "2026-11-23T11:59:00");
            shop.edit(UNIT, "hostname=\"ci-1\"", "hostname=\"ci-7\"");
        },
        Pass,
    ),
    (
        "adds properties and output",
        |shop| {
            shop.ends(
                UNIT,
                "adds",
                "<properties><property name=\"a\" value=\"b\"/></properties><system-out>done</system-out>",
            );
        },
        Pass,
    ),
    (
        "writes into output what looks like a failure",
        |shop| {
            shop.ends(UNIT, "adds", "<system-out><![CDATA[<failure message=\"x\"/>]]></system-out>");
        },
        Pass,
    ),
    (
        "writes the totals of a suite",
        |shop| {
            shop.edit(
                UNIT,
                "name=\"unit\"",
                "name=\"unit\" tests=\"9\" failures=\"0\" errors=\"0\" skipped=\"1\"",
            );
        },
        Pass,
    ),
    (
        "leaves the declaration out",
        |shop| {
            shop.edit(UNIT, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "");
        },
        Pass,
    ),
    ("closes tests by themselves", |shop| shop.edit(UNIT, "\"></testcase>", "\"/>"), Pass),
    (
        "writes one file instead of several",
        |shop| {
            let body = |path: &str| {
                let text = shop.read(path);
                let text = text.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "");
                text.replace("<testsuites>", "").replace("</testsuites>", "")
            };
            let all = ["unit.xml", "orders.xml", "linux.xml", "macos.xml"]
                .map(|name| body(&format!("reports/{name}")));
            for name in ["orders.xml", "linux.xml", "macos.xml"] {
                shop.remove(&format!("reports/{name}"));
            }
            shop.write(UNIT, format!("<testsuites>{}</testsuites>", all.concat()));
        },
        Pass,
    ),
    (
        "splits the tests over one shard more",
        |shop| {
            shop.without(UNIT, "LoginTest");
            let names = ["accepts", "refuses", "locks_out"];
            let tests = names.map(|name| {
                format!("<testcase classname=\"shop.LoginTest\" name=\"{name}\" time=\"0.01\"/>")
            });
            shop.write(
                "reports/login.xml",
                format!("<testsuite name=\"login\">{}</testsuite>", tests.concat()),
            );
        },
        Pass,
    ),
    (
        "writes the reports elsewhere and says so, in the workflow as well",
        |shop| {
            shop.rename("reports", "old-reports");
            shop.set("paths = [\"old-reports\"]");
            shop.flags(&["old-reports"]);
        },
        Pass,
    ),
    (
        "gives the reports other names",
        |shop| {
            shop.rename(UNIT, "reports/TEST-unit.xml");
            shop.rename("reports/api.json", "reports/deep/ctrf-report.json");
        },
        Pass,
    ),
    (
        "puts other files beside the reports",
        |shop| {
            shop.write("reports/notes.txt", "all well\n");
            shop.write("reports/screen.png", [0x89, 0x50, 0x4e, 0x47]);
            shop.write("reports/package.json", "{\"name\": \"shop\"}");
        },
        Pass,
    ),
    (
        "writes a report compactly",
        |shop| {
            let value: serde_json::Value = serde_json::from_str(&shop.read("reports/api.json")).unwrap();
            shop.write("reports/api.json", value.to_string());
        },
        Pass,
    ),
    (
        "reports fields that nobody knows",
        |shop| {
            shop.edit(
                "reports/api.json",
                "\"tool\": {",
                "\"environment\": {\"extra\": {\"a\": 1}}, \"tool\": {\"extra\": {\"b\": [2]}, ",
            );
        },
        Pass,
    ),
    ("ends well", |shop| shop.flags(&["--test-exit-code=0"]), Pass),
    (
        "ends badly for the test in quarantine",
        |shop| {
            shop.ends("reports/orders.xml", "ships", "<failure message=\"sandbox is down\"/>");
            shop.edit("reports/orders.xml", "failures=\"0\"", "failures=\"1\"");
            shop.flags(&["--test-exit-code=1"]);
        },
        Pass,
    ),
    (
        "runs the tests by the gate",
        |shop| {
            shop.rename("reports", "old-reports");
            shop.runs("cp -r old-reports reports");
        },
        Pass,
    ),
];

/// Tests that change as tests do.
pub(super) const TESTS: &[Case] = &[
    (
        "adds a test",
        |shop| {
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"discounts\"/>");
        },
        Pass,
    ),
    (
        "adds a report",
        |shop| {
            shop.write(
                "reports/more.xml",
                "<testsuite name=\"more\"><testcase classname=\"shop.MoreTest\" name=\"is\"/></testsuite>",
            );
        },
        Pass,
    ),
    (
        "adds a leg to the matrix",
        |shop| shop.write("reports/windows.xml", shop.read("reports/linux.xml")),
        Pass,
    ),
    (
        "adds a test that is skipped",
        |shop| {
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"discounts\"><skipped/></testcase>");
        },
        Pass,
    ),
    (
        "runs a test that was skipped",
        |shop| {
            shop.edit(UNIT, "<skipped message=\"no clock\"/>", "");
        },
        Pass,
    ),
    (
        "deletes a test that was skipped",
        |shop| {
            shop.without(UNIT, "\"ages\"");
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"discounts\"/>");
        },
        Pass,
    ),
    (
        "fixes a test",
        |shop| {
            shop.on_main(|| {
                shop.fail();
                shop.renew();
            });
            shop.edit(UNIT, "<failure message=\"3 is not 2\">cart.py:3</failure>", "");
        },
        Pass,
    ),
    ("moves a class", |shop| shop.edit(UNIT, "shop.LoginTest", "shop.auth.LoginTest"), Pass),
    ("renames a class", |shop| shop.edit(UNIT, "shop.LoginTest", "shop.SignInTest"), Pass),
    (
        "moves a test to another class",
        |shop| {
            shop.edit(
                UNIT,
                "classname=\"shop.LoginTest\" name=\"locks_out\"",
                "classname=\"shop.LockTest\" name=\"locks_out\"",
            );
        },
        Pass,
    ),
    ("renames a test a little", |shop| shop.edit(UNIT, "\"locks_out\"", "\"locks_it_out\""), Pass),
    ("renames a suite", |shop| shop.edit(UNIT, "name=\"unit\"", "name=\"all units\""), Pass),
    (
        "renames the row of a parametrised test",
        |shop| shop.edit(UNIT, "totals[usd]", "totals[us-dollar]"),
        Pass,
    ),
    (
        "puts other rows in the place of as many",
        |shop| {
            shop.edit(UNIT, "totals[usd]", "totals[chf]");
            shop.edit(UNIT, "totals[eur]", "totals[gbp]");
        },
        Pass,
    ),
    (
        "adds a row to a parametrised test",
        |shop| {
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"totals[chf]\"/>");
        },
        Pass,
    ),
    ("makes a test faster", |shop| shop.edit(UNIT, "time=\"0.200\"", "time=\"0.001\""), Pass),
    ("makes a short test a little slower", |shop| shop.edit(UNIT, "time=\"0.010\"", "time=\"0.090\""), Pass),
    (
        "fails the test in quarantine",
        |shop| {
            shop.ends("reports/orders.xml", "ships", "<failure message=\"sandbox is down\"/>");
            shop.edit("reports/orders.xml", "failures=\"0\"", "failures=\"1\"");
        },
        Pass,
    ),
    (
        "moves the test in quarantine within its class's file",
        |shop| {
            shop.edit(
                "reports/orders.xml",
                "name=\"ships\"",
                "name=\"ships\" file=\"tests/order_test.py\" line=\"7\"",
            );
        },
        Pass,
    ),
    (
        "makes a test flaky where that is allowed",
        |shop| {
            shop.on_main(|| shop.set("fail-on-flaky = false"));
            shop.ends(UNIT, "adds", "<flakyFailure message=\"3 is not 2\"><stackTrace/></flakyFailure>");
        },
        Warn,
    ),
    (
        "still fails what failed before, where only new failures count",
        |shop| {
            shop.on_main(|| {
                shop.set("new-failures-only = true");
                shop.fail();
                shop.renew();
            });
        },
        Warn,
    ),
];

/// Sources and coverage that change as they do.
pub(super) const SOURCES: &[Case] = &[
    ("changes only words", |shop| shop.append("README.md", "Open from nine to five.\n"), Pass),
    ("changes only blanks", |shop| shop.edit("src/cart.py", "step_3_of(", "step_3_of( "), Pass),
    ("adds lines that are tested", |shop| shop.grow("1111"), Pass),
    ("adds lines of which most are tested", |shop| shop.grow("1111111110"), Pass),
    ("tests more", |shop| shop.cover(&[("src/cart.py", "11b1111111"), COVERED[1], COVERED[2]]), Pass),
    (
        "deletes a source",
        |shop| {
            shop.remove("src/legacy.py");
            shop.cover(&COVERED[..2]);
        },
        Pass,
    ),
    (
        "deletes lines that were tested",
        |shop| {
            shop.write("src/cart.py", source("src/cart.py", 6));
            shop.cover(&[("src/cart.py", "11b110"), COVERED[1], COVERED[2]]);
        },
        Pass,
    ),
    (
        "deletes lines that were not tested",
        |shop| {
            shop.write("src/login.py", source("src/login.py", 8));
            shop.cover(&[COVERED[0], ("src/login.py", "1h111111"), COVERED[2]]);
        },
        Pass,
    ),
    (
        "moves a source",
        |shop| {
            shop.rename("src/legacy.py", "src/old/legacy.py");
            shop.cover(&[COVERED[0], COVERED[1], ("src/old/legacy.py", "1111")]);
        },
        Pass,
    ),
    (
        "adds a source that is tested",
        |shop| {
            shop.write("src/new.py", source("src/new.py", 4));
            shop.cover(&[COVERED[0], COVERED[1], COVERED[2], ("src/new.py", "1111")]);
        },
        Pass,
    ),
    (
        "checks the sources out elsewhere",
        |shop| {
            shop.write("reports/coverage.xml", cobertura("/builds/team/shop", &COVERED));
        },
        Pass,
    ),
    (
        "reports coverage by absolute paths",
        |shop| {
            let files = COVERED.map(|(path, hits)| (format!("/builds/team/shop/{path}"), hits));
            let files: Vec<(&str, &str)> = files.iter().map(|(path, hits)| (path.as_str(), *hits)).collect();
            shop.write("reports/coverage.xml", cobertura("/builds/team/shop", &files));
        },
        Pass,
    ),
    (
        "reports coverage in two parts",
        |shop| {
            shop.cover(&[("src/cart.py", "11b1100000"), COVERED[1]]);
            let rest = cobertura("/home/runner/work/shop/shop", &[("src/cart.py", "00b0011110"), COVERED[2]]);
            shop.write("reports/coverage-2.xml", rest);
        },
        Pass,
    ),
    (
        "reports coverage twice",
        |shop| shop.write("reports/again.xml", shop.read("reports/coverage.xml")),
        Pass,
    ),
    (
        "reports libraries besides",
        |shop| {
            shop.cover(&[COVERED[0], COVERED[1], COVERED[2], ("/opt/lib/json.py", "1111100000")]);
        },
        Pass,
    ),
];

/// Benchmarks within noise, better, or new.
pub(super) const BENCHMARKS: &[Case] = &[
    ("measures a little more", |shop| shop.remeasure(("parse", "ns", "smaller", 1004.0, 20)), Pass),
    ("is faster", |shop| shop.remeasure(("parse", "ns", "smaller", 600.0, 20)), Pass),
    ("serves more", |shop| shop.remeasure(("serve", "requests/s", "bigger", 900.0, 20)), Pass),
    ("takes more samples", |shop| shop.remeasure(("parse", "ns", "smaller", 1000.0, 60)), Pass),
    ("takes a few samples less", |shop| shop.remeasure(("parse", "ns", "smaller", 1000.0, 15)), Pass),
    (
        "measures a single sample a little higher",
        |shop| {
            shop.remeasure(("render", "ms", "smaller", 36.0, 1));
        },
        Warn,
    ),
    ("allocates less", |shop| shop.remeasure(("allocations", "allocations", "smaller", 40.0, 0)), Pass),
    (
        "measures in microseconds what was in nanoseconds",
        |shop| {
            shop.remeasure(("parse", "us", "smaller", 1.0, 20));
        },
        Pass,
    ),
    (
        "adds a benchmark",
        |shop| {
            let more = ("print", "ns", "smaller", 10.0, 20);
            let known = super::project::MEASURED;
            shop.measure(&[known[0], known[1], known[2], known[3], more]);
        },
        Pass,
    ),
    (
        "lists benchmarks in another order",
        |shop| {
            let mut all = super::project::MEASURED;
            all.reverse();
            shop.measure(&all);
        },
        Pass,
    ),
    (
        "loads a little more slowly",
        |shop| shop.edit("reports/load.json", "\"avg\": 100", "\"avg\": 110"),
        Warn,
    ),
    (
        "loads as slowly as before, but for noise",
        |shop| shop.edit("reports/load.json", "\"avg\": 100", "\"avg\": 104"),
        Pass,
    ),
    (
        "runs on a slower machine, as the reference of main says",
        |shop| {
            shop.on_main(|| {
                shop.set("benchmark-reference = \"machine\"");
                rebase(shop);
            });
            shop.measure(&many(1.4, 1.4));
        },
        Warn,
    ),
    (
        "runs on the same machine, as the reference of main says",
        |shop| {
            shop.on_main(|| {
                shop.set("benchmark-reference = \"machine\"");
                rebase(shop);
            });
            shop.measure(&many(1.0, 1.0));
        },
        Pass,
    ),
];

/// A gate that is made stricter, or tidied.
pub(super) const POLICY: &[Case] = &[
    (
        "writes remarks into devops.toml",
        |shop| {
            shop.write("devops.toml", format!("# Ask the shop team.\n{}", shop.read("devops.toml")));
        },
        Pass,
    ),
    (
        "raises the least number of tests",
        |shop| {
            shop.on_main(|| shop.set("min-tests = 10"));
            shop.set("min-tests = 19");
        },
        Pass,
    ),
    ("raises the floor of coverage", |shop| shop.set("min-coverage = 85"), Pass),
    (
        "removes a waiver that is over",
        |shop| {
            let waiver =
                "[[waiver]]\nrule = 'test-failed'\nreason = 'r'\nowner = 'o'\nexpires = 2026-11-01\n";
            let before = shop.read("devops.toml");
            shop.on_main(|| shop.append("devops.toml", waiver));
            shop.write("devops.toml", before);
        },
        Pass,
    ),
    (
        "fails a test that main has waived",
        |shop| {
            let waiver = "[[waiver]]\nrule = 'test-failed'\nmatches = '*adds'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-01\n";
            shop.on_main(|| shop.append("devops.toml", waiver));
            shop.fail();
        },
        Pass,
    ),
    ("shortens a quarantine", |shop| shop.edit("quarantine.toml", "2026-12-15", "2026-12-01"), Pass),
    ("ends a quarantine", |shop| shop.write("quarantine.toml", ""), Pass),
    (
        "has an entry of a test that main no longer has",
        |shop| {
            let more = "[[quarantine]]\ntest = \"shop.GoneTest*\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-01\n";
            shop.on_main(|| shop.append("quarantine.toml", more));
        },
        Warn,
    ),
    (
        "renews the baseline",
        |shop| {
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"discounts\"/>");
            shop.renew();
        },
        Pass,
    ),
    ("asks for more formats", |shop| shop.set("formats = [\"json\", \"html\", \"junit\"]"), Pass),
    (
        "deletes tests with the leave of main",
        |shop| {
            let waiver = "[[waiver]]\nrule = 'test-vanished'\nmatches = '*removes'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-01\n";
            shop.on_main(|| {
                shop.append("devops.toml", waiver);
                shop.set("min-tests = 18");
            });
            shop.without(UNIT, "\"removes\"");
        },
        Pass,
    ),
];

/// What passes on every host.
pub(super) const HOSTS: &[Case] = &[
    ("only adds a line to a text", |shop| shop.append("README.md", "Open from nine to five.\n"), Pass),
    (
        "adds a line and tests it",
        |shop| {
            shop.grow("1");
            shop.add(UNIT, "<testcase classname=\"shop.CartTest\" name=\"discounts\"/>");
        },
        Pass,
    ),
    (
        "meets a main that has gone on",
        |shop| {
            shop.append("README.md", "Open from nine to five.\n");
            shop.commit();
            shop.git(&["switch", "--quiet", "main"]);
            shop.write("NEWS.md", "We have a cart.\n");
            shop.commit();
            shop.git(&["switch", "--quiet", "change"]);
        },
        Pass,
    ),
];
