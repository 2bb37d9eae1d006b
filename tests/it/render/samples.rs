//! Reports made by hand: one of each verdict, a merged one, and one whose every word is hostile.

use devops_core::{
    Error, Finding, Input, Location, Provenance, Report, Rule, Severity, Table, Verdict, Waived,
};
use serde_json::json;

pub(crate) const RULES: [Rule; 4] = [
    Rule {
        id: "test-failed",
        severity: Severity::High,
        summary: "A test failed in its last attempt.",
        page: "# test-failed\n\nA test failed in its last attempt.\n\n## Why\n\nRed means red.\n",
    },
    Rule {
        id: "test-flaky",
        severity: Severity::Medium,
        summary: "A test failed, then passed when it was run again.",
        page: "# test-flaky\n\nA test failed, then passed when it was run again.\n",
    },
    Rule {
        id: "advisory",
        severity: Severity::High,
        summary: "A package has a known vulnerability.",
        page: "# advisory\n\nA package has a known vulnerability.\n",
    },
    Rule {
        id: "image-vulnerability",
        severity: Severity::High,
        summary: "A package in the image has a known vulnerability.",
        page: "# image-vulnerability\n",
    },
];

/// A report without findings.
pub(crate) fn report(job: &str, verdict: Verdict, headline: &str) -> Report {
    let mut provenance = Provenance::of_this_build();
    "0.1.0".clone_into(&mut provenance.version);
    Report {
        schema_version: 1,
        job: job.to_owned(),
        verdict,
        exit_code: u8::from(verdict == Verdict::Fail),
        headline: headline.to_owned(),
        reasons: Vec::new(),
        error: None,
        findings: Vec::new(),
        notes: Vec::new(),
        totals: std::collections::BTreeMap::new(),
        details: std::collections::BTreeMap::new(),
        provenance,
    }
}

fn totals(report: &mut Report, amounts: &[(&str, serde_json::Value)]) {
    report.totals = amounts.iter().map(|(name, amount)| ((*name).to_owned(), amount.clone())).collect();
}

fn until(day: &str, owner: &str, reason: &str) -> Waived {
    Waived::until(owner, reason, day)
}

pub(super) fn pass() -> Report {
    let mut report = report("test-gate", Verdict::Pass, "1,204 passed in 3 reports (41.2 s)");
    totals(
        &mut report,
        &[
            ("files", json!(3)),
            ("suites", json!(40)),
            ("tests", json!(1204)),
            ("passed", json!(1204)),
            ("flaky", json!(0)),
            ("failed", json!(0)),
            ("errored", json!(0)),
            ("skipped", json!(0)),
            ("not_run", json!(0)),
            ("duration_seconds", json!(41.2)),
        ],
    );
    report
}

pub(super) fn fail() -> Report {
    let mut report =
        report("test-gate", Verdict::Fail, "2 failed, 1 flaky of 1,204 tests in 3 reports (41.2 s)");
    report.reasons = vec!["2 × `test-failed` at or above `high`".to_owned()];
    totals(
        &mut report,
        &[
            ("files", json!(3)),
            ("suites", json!(40)),
            ("tests", json!(1204)),
            ("passed", json!(1195)),
            ("flaky", json!(1)),
            ("failed", json!(2)),
            ("errored", json!(0)),
            ("skipped", json!(6)),
            ("not_run", json!(0)),
            ("duration_seconds", json!(41.2)),
        ],
    );
    let name = "checkout::applies_discount";
    report.findings = vec![
        Finding::new(&RULES[0], name, &[name])
            .detail("expected 90, got 100")
            .named("test", name)
            .at(Location::line("tests/checkout.rs", 88))
            .help("again: cargo test -- checkout::applies_discount --exact"),
        Finding::new(&RULES[0], "checkout::rounds_to_the_nearest_cent_in_every_currency_we_sell_in", &["b"])
            .detail("assertion `left == right` failed\n  left: \"12.35 EUR\"\n right: \"12.34 EUR\"\nstack backtrace:\n   0: one\n   1: two\n   2: three\n   3: four\n")
            .at(Location { path: "tests/money/rounding.rs".to_owned(), line: Some(12), column: Some(9) })
            .help("again: cargo test -- checkout::rounds_to_the_nearest_cent_in_every_currency_we_sell_in --exact"),
        Finding::new(&RULES[1], "cart::adds_item", &["c"])
            .detail("passed on attempt 2 of 2")
            .at(Location::line("tests/cart.rs", 31)),
    ];
    let mut legacy = Finding::new(&RULES[0], "legacy::timezone", &["d"])
        .detail("the clock is in Lisbon")
        .at(Location::line("tests/legacy.rs", 4));
    legacy.waived = Some(until("2026-12-31", "ops", "clock mock pending"));
    report.findings.push(legacy);
    report.notes = vec!["1 file is no report and was not looked at: reports/readme.txt".to_owned()];
    let mut changes = Table::new("What changed", &["Change", "Tests"]);
    changes.leads = true;
    changes.rows = vec![vec!["1 new failure".to_owned(), "checkout::applies_discount".to_owned()]];
    let mut coverage = Table::new("Coverage of changed files", &["File", "Lines", "Not covered"]);
    coverage.rows = vec![vec!["src/cart.rs".to_owned(), "81.2 %".to_owned(), "12-14, 31".to_owned()]];
    coverage.left_out = 3;
    "lines that the change adds or edits".clone_into(&mut coverage.note);
    Table::put(vec![changes, coverage], &mut report.details);
    report.provenance.inputs =
        vec![Input::of_bytes("reports/unit.xml", b"one"), Input::of_bytes("reports/web.xml", b"three")];
    report.provenance.policy_sha256 = Some("ab".repeat(32));
    report
}

pub(super) fn warn() -> Report {
    let mut report = report("dep-scan", Verdict::Warn, "1 advisory below high in 312 packages of 1 lockfile");
    report.reasons = vec!["`advisory` below `high`".to_owned()];
    totals(
        &mut report,
        &[
            ("lockfiles", json!(1)),
            ("packages", json!(312)),
            ("vulnerable_packages", json!(1)),
            ("advisories", json!(1)),
        ],
    );
    report.findings = vec![
        Finding::new(&RULES[2], "time 0.1.44 may crash (RUSTSEC-2020-0071)", &["time"])
            .severity(Severity::Medium)
            .detail("A call that reads the environment races with one that writes it.")
            .named("package", "time")
            .about("version", "0.1.44")
            .about("path", json!(["webshop 1.0.0", "chrono 0.4.19", "time 0.1.44"]))
            .at(Location::line("Cargo.lock", 231))
            .help("run `cargo update -p chrono` to reach time 0.2.23 or newer"),
    ];
    report.notes = vec!["1 lockfile of a format not known: package-lock.json".to_owned()];
    report.provenance.data.insert("database_date".to_owned(), json!("2026-11-20"));
    report.provenance.inputs = vec![Input::of_bytes("Cargo.lock", b"lock")];
    report
}

pub(super) fn error() -> Report {
    let error = Error::input("is cut off after 120 bytes")
        .at(Location::line("reports/trivy.json", 7))
        .help("run the scanner again and keep its exit code");
    let mut provenance = Provenance::of_this_build();
    "0.1.0".clone_into(&mut provenance.version);
    Report::of_error("image-scan", &error, provenance)
}

pub(super) fn promoted() -> Report {
    let mut report = report("promote", Verdict::Pass, "blue to green on webshop, generation 7");
    report.details.insert("state".to_owned(), json!("planned"));
    report.details.insert("from".to_owned(), json!("blue"));
    report.details.insert("to".to_owned(), json!("green"));
    report.details.insert("generation".to_owned(), json!(7));
    report.details.insert(
        "plan".to_owned(),
        json!([{"id": "switch", "writes": ["current -> green"]}, "verify http://127.0.0.1:8080/version"]),
    );
    report
}

pub(super) fn annotated() -> Report {
    let mut report = report("annotate", Verdict::Pass, "1 sent, 1 spooled");
    report.details.insert(
        "deliveries".to_owned(),
        json!([{"destination": "journal", "state": "sent"}, {"destination": "github", "state": "spooled", "reason": "no answer"}]),
    );
    report
}

/// All five jobs of a run.
pub(super) fn jobs() -> Vec<Report> {
    vec![fail(), warn(), image(), promoted(), annotated()]
}

fn image() -> Report {
    let mut report = report("image-scan", Verdict::Pass, "nothing at or above high in 1 image");
    totals(
        &mut report,
        &[
            ("targets", json!(2)),
            ("packages", json!(96)),
            ("vulnerabilities", json!(17)),
            ("critical", json!(0)),
            ("high", json!(0)),
            ("medium", json!(3)),
            ("low", json!(12)),
            ("info", json!(2)),
        ],
    );
    report
}

/// The report of a run, as `devops run` merges it.
pub(crate) fn merged(jobs: &[Report]) -> Report {
    let mut report = report("devops", Verdict::Fail, "test-gate failed, dep-scan warns, 3 jobs pass");
    report.findings = jobs.iter().flat_map(|job| job.findings.clone()).collect();
    report.findings.sort_by_key(|finding| (finding.waived.is_some(), std::cmp::Reverse(finding.severity)));
    report.notes = jobs.iter().flat_map(|job| job.notes.clone()).collect();
    report
}

/// What a hostile report writes in every place it can.
pub(super) const HOSTILE: &str = "a|b `c` ``` *d* _e_ <img src=x onerror=alert(1)> </script></style></details> ]]> --> [x](http://evil.example) @ops #1 %0A \u{1b}[31mred\u{7} \u{202e}gnp.exe \u{0} \u{fffe} \u{2028} \"q\" 'r' \\\n::error::forged\r\n::stop-commands::x\n# forged\n| forged |\n<!-- x";

pub(super) fn hostile() -> Report {
    let long = format!(
        "```\n# forged\n```\n````\n| forged |\n````\n{HOSTILE}{}",
        "long line of output <b>&amp; ".repeat(40_000)
    );
    let mut report = report("test-gate", Verdict::Fail, HOSTILE);
    report.reasons = vec![HOSTILE.to_owned()];
    report.notes = vec![HOSTILE.to_owned()];
    report.totals.insert(HOSTILE.to_owned(), json!(HOSTILE));
    report.details.insert("plan".to_owned(), json!([HOSTILE, { "id": HOSTILE, "writes": [HOSTILE] }]));
    report.details.insert("from".to_owned(), json!(HOSTILE));
    report.details.insert("to".to_owned(), json!(HOSTILE));
    report.provenance.data.insert(HOSTILE.to_owned(), json!(HOSTILE));
    let mut finding = Finding::new(&RULES[0], HOSTILE, &[HOSTILE])
        .detail(long)
        .about("path", json!([HOSTILE, HOSTILE]))
        .about(HOSTILE, HOSTILE)
        .at(Location { path: HOSTILE.to_owned(), line: Some(0), column: Some(0) })
        .help(HOSTILE);
    HOSTILE.clone_into(&mut finding.rule);
    let mut waived = finding.clone();
    waived.waived = Some(until(HOSTILE, HOSTILE, HOSTILE));
    report.findings = vec![finding, waived];
    report
}

/// A finding of an advisory in a package.
fn advisory(package: &str, version: &str, id: &str, severity: Severity) -> Finding {
    Finding::new(&RULES[2], format!("{package} {version}: reads past its buffer ({id})"), &[package, id])
        .severity(severity)
        .detail("A crafted header makes it read past the end of its buffer.")
        .about("package", package)
        .about("version", version)
        .about("advisory", id)
        .help(format!("upgrade {package} to 2.0.1"))
}

/// A run that had nothing to do.
pub(super) fn nothing() -> Report {
    report("devops", Verdict::Pass, "0 jobs")
}

/// Three packages with one CVE, and one with another.
pub(super) fn one_advisory() -> Report {
    let mut report =
        report("dep-scan", Verdict::Fail, "4 vulnerabilities in 3 of 39 packages of 2 lockfiles");
    report.reasons = vec!["3 × `advisory` at or above `high`".to_owned()];
    let (id, high) = ("CVE-2026-1001", Severity::High);
    report.findings = vec![
        advisory("libalpha", "1.0.0", id, high).at(Location::line("api/Cargo.lock", 12)),
        advisory("libalpha", "1.0.0", id, high).at(Location::line("web/Cargo.lock", 40)),
        advisory("libbeta", "1.2.0", id, high).at(Location::line("api/Cargo.lock", 80)),
        advisory("libgamma", "0.9.1", id, high).at(Location::line("web/Cargo.lock", 91)),
        advisory("libbeta", "1.2.0", "CVE-2026-1002", Severity::Low),
    ];
    report
}

/// Two hundred tests that failed, each for a reason of its own.
pub(super) fn two_hundred() -> Report {
    let mut report = report("test-gate", Verdict::Fail, "200 failed of 200 tests in 1 report");
    report.reasons = vec!["200 × `test-failed` at or above `high`".to_owned()];
    totals(&mut report, &[("tests", json!(200)), ("passed", json!(0)), ("failed", json!(200))]);
    report.findings = (0..200)
        .map(|index| {
            let name = format!("prices::case_{index:03}");
            Finding::new(&RULES[0], &name, &[&name])
                .detail(format!("expected {index}, got {}", index + 1))
                .about("test", name.as_str())
                .at(Location::line("tests/prices.rs", index + 10))
        })
        .collect();
    report
}

/// Only waived findings.
pub(super) fn only_waived() -> Report {
    let mut report = report("dep-scan", Verdict::Pass, "2 vulnerabilities in 2 of 39 packages, 2 waived");
    let waived = |package: &str| Finding {
        waived: Some(until("2026-12-31", "platform", "not called by us")),
        ..advisory(package, "1.0.0", "CVE-2026-1001", Severity::Critical)
    };
    report.findings = vec![waived("libalpha"), waived("libbeta")];
    report
}

/// Titles and messages in characters that take two columns each, or none.
pub(super) fn wide() -> Report {
    let mut report = report("test-gate", Verdict::Fail, "2 failed of 2 tests in 1 report");
    report.reasons = vec!["2 × `test-failed` at or above `high`".to_owned()];
    let title = "注文::割引が正しく計算される場合に合計金額が期待どおりになること";
    let accents = "commande::la re\u{301}duction est calcule\u{301}e";
    report.findings = vec![
        Finding::new(&RULES[0], title, &["a"])
            .detail("期待値は九十でしたが、実際の値は百でした。税金と送料も確認してください。端数処理の設定も変わっています。")
            .about("test", title)
            .at(Location::line("tests/注文.rs", 88)),
        Finding::new(&RULES[0], accents, &["b"]).detail("attendu 90, obtenu 100").about("test", accents),
    ];
    report
}
