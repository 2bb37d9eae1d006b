//! Behaviour of the renderers: what each draws of the same reports, and what no report can make them do.

pub(crate) mod bills;
mod contract;
pub(crate) mod samples;
mod screen;

use std::path::{Path, PathBuf};

use devops_core::{Case, Cases, Location, Report, TestState};
use devops_render::{Detail, Document, Revision};

use samples::RULES;

/// A link as a host would make it, to places inside the repository.
fn link(location: &Location) -> Option<String> {
    let line = location.line.map(|line| format!("#L{line}")).unwrap_or_default();
    let path = location.path.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    (!location.path.starts_with('/')).then(|| format!("https://forge.example/blob/{path}{line}"))
}

/// Lends a document of a report and its jobs.
fn with<T>(report: &Report, jobs: &[Report], draw: impl FnOnce(&Document<'_>) -> T) -> T {
    let revision = Revision {
        commit: Some("3f2a91c0d4e5b6a7988796a5b4c3d2e1f0a9b8c7".to_owned()),
        branch: Some("basket".to_owned()),
        reference: Some("refs/heads/basket".to_owned()),
        run: Some("42".to_owned()),
        part: Some("dependencies".to_owned()),
        date: "2026-11-26 20:05 UTC".to_owned(),
        started: "2026-11-26T20:05:00Z".to_owned(),
        ended: "2026-11-26T20:05:01Z".to_owned(),
    };
    // The findings stand for tests where there are any.
    let cases = if report.totals.contains_key("tests") { cases_of(report) } else { Cases::default() };
    draw(&Document {
        report,
        jobs,
        rules: &RULES,
        link: &link,
        configuration: "devops.toml",
        category: &str::to_owned,
        program: "devops",
        page: Some("devops-report/report.html"),
        revision: &revision,
        cases: &cases,
        bill: None,
        project: "webshop",
    })
}

/// A test for each finding, and some that passed.
pub(crate) fn cases_of(report: &Report) -> Cases {
    let case = |name: &str, within: &str, state, micros| Case {
        name: name.into(),
        within: within.into(),
        state,
        micros,
    };
    let found = report.findings.iter().map(|finding| {
        let within = finding.location.as_ref().map_or("", |location| &location.path);
        case(&finding.title, within, TestState::Failed, Some(1_234_567))
    });
    let passed = [("adds_item", Some(950)), ("timezone", None)];
    let passed = passed.map(|(name, micros)| case(name, "cart", TestState::Passed, micros));
    Cases { listed: found.take(100).chain(passed).collect(), left_out: 1_200 }
}

/// Every format of a report by the name of its file.
fn formats(report: &Report, jobs: &[Report]) -> Vec<(&'static str, String)> {
    with(report, jobs, |document| {
        vec![
            ("terminal.txt", terminal(document, Detail::Findings)),
            ("verbose.txt", terminal(document, Detail::Everything)),
            ("summary.md", devops_render::markdown(document)),
            ("annotations.txt", devops_render::github(document)),
            ("report.sarif", devops_render::sarif(document)),
            ("report.junit.xml", devops_render::junit(document)),
            ("badge.svg", devops_render::badge(document)),
            ("gl-code-quality-report.json", devops_render::codequality(document)),
            ("report.html", devops_render::html(document)),
            ("report.json", String::from_utf8(devops_render::json(report).unwrap()).unwrap()),
        ]
    })
}

/// What a terminal of 100 columns shows, without colours.
fn terminal(document: &Document<'_>, detail: Detail) -> String {
    anstream::adapter::strip_str(&devops_render::text(document, detail, 100)).to_string()
}

/// The sample reports by name, each with the jobs it is made of.
fn all() -> Vec<(&'static str, Report, Vec<Report>)> {
    let single = |name, report: Report| (name, report.clone(), vec![report]);
    let jobs = samples::jobs();
    vec![
        single("pass", samples::pass()),
        single("warn", samples::warn()),
        single("fail", samples::fail()),
        single("error", samples::error()),
        ("run", samples::merged(&jobs), jobs),
        single("hostile", samples::hostile()),
        single("one-advisory", samples::one_advisory()),
        single("two-hundred", samples::two_hundred()),
        single("waived", samples::only_waived()),
        single("wide", samples::wide()),
        ("empty", samples::nothing(), Vec::new()),
        ("run-of-one", samples::merged(&[samples::fail()]), vec![samples::fail()]),
    ]
}

fn cases() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/render")
}

/// Compares with the file of that name, or writes it where the goldens are made anew with `DEVOPS_BLESS=1`.
fn golden(case: &str, name: &str, actual: &str) {
    let path = cases().join(case).join(name);
    if std::env::var_os("DEVOPS_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{case}/{name} differs; look at it, then make it anew with DEVOPS_BLESS=1\n{actual}"
    );
}

#[test]
fn every_format_is_as_expected() {
    for (case, report, jobs) in all() {
        for (name, text) in formats(&report, &jobs) {
            // What is long adds nothing to look at.
            if text.len() < 40_000 {
                golden(case, name, &text);
            }
        }
    }
}
