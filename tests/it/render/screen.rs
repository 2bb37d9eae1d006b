//! What people read first: it fits a screen, agrees with the verdict and says nothing twice.

use devops_core::{Cases, Finding, Location, RULE_IDS, Report, Rule, Severity, Verdict};
use devops_policy::{Days, judge};
use devops_render::{Detail, Document, Revision};
use jiff::civil::date;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::RngSeed;
use unicode_width::UnicodeWidthStr;

use super::samples::{self, RULES};
use super::{all, formats, terminal, with};

/// Words of a headline that no verdict but a good one may have.
const GOOD: [&str; 6] =
    ["pass", "can be merged", "no problems", "Green is live", "is on record", "Nothing had"];
/// Words of a headline that a good verdict may not have.
const BAD: [&str; 6] = ["can't", "fail", "No verdict", "rolled back", "on hold", "did not happen"];

/// The first line of the terminal of a run, and of the summary.
fn headlines(report: &Report, jobs: &[Report]) -> [String; 3] {
    let first = |text: String, marks: &str| text.split("\n\n").next().unwrap().replace(marks, "");
    let summary = first(with(report, jobs, devops_render::markdown), "## ");
    let page = with(report, jobs, devops_render::html);
    let page = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap().to_owned();
    // A run of two jobs has the sentence in its terminal.
    let pair = [jobs[0].clone(), Report { job: "other".to_owned(), ..samples::pass() }];
    let run = with(report, &pair, |document| terminal(document, Detail::Findings));
    [summary, page, first(run, "\n")]
}

fn agrees(report: &Report, jobs: &[Report]) {
    for headline in headlines(report, jobs) {
        let is_good = report.verdict <= Verdict::Warn;
        let said = headline.trim_start_matches(report.verdict.as_str());
        // A warning may name a test that fails as it did before; what it may not do is refuse.
        let forbidden = match report.verdict {
            Verdict::Pass => &BAD[..],
            Verdict::Warn => &["can't", "No verdict", "rolled back", "on hold", "did not happen"],
            Verdict::Fail | Verdict::Error => &GOOD[..],
        };
        for word in forbidden {
            assert!(!said.contains(word), "{} says `{word}`: {headline}", report.verdict);
        }
        assert!(!is_good || !said.is_empty());
        assert!(!said.contains('`') && said.trim_end().ends_with('.'), "{headline}");
    }
}

/// A rule of this name, with the page of the house where there is one.
fn finding(rule: &str, severity: Severity, index: usize) -> Finding {
    let mark = |what: &str| format!("{what}-{index}-x");
    Finding { rule: rule.to_owned(), ..Finding::new(&RULES[0], mark("title"), &[&index.to_string()]) }
        .severity(severity)
        .detail(mark("detail"))
        .at(Location::line(mark("place"), 1))
        .help(mark("help"))
}

/// The report that the policy makes of these findings.
fn judged(findings: Vec<Finding>, state: Option<&str>) -> Report {
    let today = date(2026, 11, 26);
    let days = Days { today, latest: today };
    let judgement = judge(findings, &[], Severity::High, days, |_| None);
    let mut report = samples::report("test-gate", judgement.verdict, "a headline");
    report.reasons = judgement.reasons;
    report.findings = judgement.findings;
    if let Some(state) = state {
        report.details.insert("state".to_owned(), state.into());
        report.details.insert("from".to_owned(), "blue".into());
        report.details.insert("to".to_owned(), "green".into());
    }
    report
}

/// How often a text stands in another.
fn times(text: &str, word: &str) -> usize {
    text.matches(word).count()
}

/// Nothing of a finding stands twice in what people read.
fn says_nothing_twice(report: &Report) {
    for (name, text) in formats(report, std::slice::from_ref(report)) {
        if !["terminal.txt", "verbose.txt", "summary.md", "report.html"].contains(&name) {
            continue;
        }
        for finding in &report.findings {
            for said in [&finding.title, &finding.detail, &finding.help] {
                assert!(times(&text, said) <= 1, "{name} says {said} twice: {text}");
            }
        }
    }
    let pair = [report.clone(), samples::pass()];
    let run = with(report, &pair, |document| terminal(document, Detail::Findings));
    for finding in &report.findings {
        for said in [&finding.title, &finding.detail, &finding.help] {
            assert!(times(&run, said) <= 1, "{run}");
        }
    }
}

fn severity() -> impl Strategy<Value = Severity> {
    prop_oneof![
        Just(Severity::Info),
        Just(Severity::Low),
        Just(Severity::Medium),
        Just(Severity::High),
        Just(Severity::Critical)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(11), ..ProptestConfig::default() })]

    #[test]
    fn a_headline_agrees_with_its_verdict_and_nothing_is_said_twice(
        found in proptest::collection::vec((0..RULE_IDS.len(), severity(), any::<bool>()), 0..9),
        state in prop_oneof![Just(None), Just(Some("promoted")), Just(Some("rolled-back")), Just(Some("held")), Just(Some("planned"))],
    ) {
        let make = |(index, (rule, severity, is_test)): (usize, &(usize, Severity, bool))| {
            let finding = finding(RULE_IDS[*rule], *severity, index);
            let subject = if *is_test { "test" } else { "file" };
            finding.about(subject, format!("name-{index}"))
        };
        let report = judged(found.iter().enumerate().map(make).collect(), state);
        agrees(&report, std::slice::from_ref(&report));
        says_nothing_twice(&report);
    }
}

#[test]
fn every_sample_has_a_headline_that_agrees() {
    for (_, report, jobs) in all().into_iter().filter(|(_, _, jobs)| !jobs.is_empty()) {
        agrees(&report, &jobs);
    }
}

#[test]
fn no_rule_of_the_house_contradicts_a_red_verdict() {
    let rules = devops::all_rules();
    let ids: Vec<&str> = rules.iter().map(|rule: &Rule| rule.id).collect();
    assert!(RULE_IDS.iter().all(|id| ids.contains(id)), "every rule is looked at");
    for id in ids {
        let report = judged(vec![finding(id, Severity::High, 0), finding(id, Severity::High, 1)], None);
        let revision = Revision::default();
        let page = devops_render::markdown(&Document {
            report: &report,
            jobs: std::slice::from_ref(&report),
            rules: &rules,
            link: &|_| None,
            configuration: "devops.toml",
            category: &str::to_owned,
            program: "devops",
            page: None,
            revision: &revision,
            cases: &Cases::default(),
            bill: None,
            project: "webshop",
        });
        let headline = page.lines().next().unwrap();
        assert!(!headline.contains("other finding"), "{id}: {headline}");
        assert!(GOOD.iter().all(|word| !headline.contains(word)), "{id}: {headline}");
    }
}

#[test]
fn a_run_fits_one_screen_whatever_it_found() {
    let jobs = [samples::two_hundred(), samples::one_advisory(), samples::only_waived()];
    let merged = samples::merged(&jobs);
    for width in [60, 80, 100, 140] {
        let text = with(&merged, &jobs, |document| {
            anstream::adapter::strip_str(&devops_render::text(document, Detail::Findings, width)).to_string()
        });
        let height = text.lines().count();
        assert!(height <= 45, "{height} lines of {width} columns: {text}");
        let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= width, "{widest} of {width}: {text}");
        assert!(text.contains("more: "), "{text}");
    }
}

#[test]
fn columns_stand_under_each_other_in_wide_characters() {
    let report = samples::wide();
    let pair = [report.clone(), samples::pass()];
    let text = with(&report, &pair, |document| terminal(document, Detail::Findings));
    let ends: Vec<usize> = text
        .lines()
        .filter(|line| line.ends_with("test-failed") && !line.starts_with("help"))
        .map(UnicodeWidthStr::width)
        .collect();
    assert_eq!(ends, [100, 100], "{text}");
}

#[test]
fn one_advisory_in_three_packages_is_one_entry() {
    let report = samples::one_advisory();
    let pair = [report.clone(), samples::pass()];
    let text = with(&report, &pair, |document| terminal(document, Detail::Findings));
    assert_eq!(times(&text, "CVE-2026-1001"), 1, "{text}");
    for said in ["libalpha 1.0.0", "also libbeta 1.2.0", "libgamma", "3 packages have high vulnerabilities"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let summary = with(&report, std::slice::from_ref(&report), devops_render::markdown);
    assert!(
        summary.starts_with("## This change can't be merged yet: 3 packages have high vulnerabilities.\n"),
        "{summary}"
    );
}
