//! Payloads in every text that a report can carry, drawn in every format.

use devops_core::{Error, Finding, Input, Location, Report, Severity, Table, Verdict, Waived};
use devops_render::{Detail, Document, Revision};
use serde_json::{Value, json};

use super::documents;
use super::logs::{Command, Stream, obeyed};
use super::payloads::payloads;
use crate::render::cases_of;
use crate::render::samples::{self, RULES};

/// A report with a text of others wherever there is room for one.
fn report(text: &mut impl FnMut() -> String) -> Report {
    let mut report = samples::report("test-gate", Verdict::Fail, &text());
    report.reasons = vec![text(), text()];
    report.notes = vec![text(), text(), text()];
    report.totals.insert(text(), json!(text()));
    report.totals.insert("tests".to_owned(), json!(3));
    let details = [
        ("plan", json!([text(), { "id": text(), "writes": [text(), text()] }])),
        ("deliveries", json!([{ "destination": text(), "state": text(), "reason": text() }])),
        ("from", json!(text())),
        ("to", json!(text())),
        ("state", json!(text())),
        ("live", json!(text())),
        ("record", json!({ "version": text(), "description": text(), "url": text() })),
    ];
    report.details = details.map(|(name, value)| (name.to_owned(), value)).into();
    let mut tables = vec![Table::new(&text(), &["Test", Table::COMMAND]), Table::new(&text(), &["", "Now"])];
    for (index, table) in tables.iter_mut().enumerate() {
        table.columns.iter_mut().filter(|column| *column == "Now").for_each(|column| *column = text());
        table.leads = index == 1;
        table.rows = vec![vec![text(), text()], vec![text(), text()]];
        table.note = text();
    }
    Table::put(tables, &mut report.details);
    let provenance = &mut report.provenance;
    provenance.inputs = vec![Input::of_bytes(text(), b""), Input::of_bytes(text(), b"")];
    provenance.data.insert(text(), json!([text(), { text(): text() }]));
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    report.findings = severities.into_iter().map(|severity| finding(severity, text)).collect();
    let mut waived = finding(Severity::High, text);
    waived.waived = Some(Waived::until(text(), text(), text()));
    report.findings.push(waived);
    report
}

fn finding(severity: Severity, text: &mut impl FnMut() -> String) -> Finding {
    let title = text();
    let mut finding = Finding::new(&RULES[0], &title, &[&title])
        .severity(severity)
        .detail(format!("{}\n{}\n{}", text(), text(), text()))
        .about("owners", json!([text(), text()]))
        .about("path", json!([text(), text()]))
        .about("package", text())
        .about("advisory", text())
        .about(&text(), text().as_str())
        .at(Location { path: text(), line: Some(3), column: Some(1) })
        .help(text());
    if severity == Severity::Low {
        finding.rule = text();
        finding.location = None;
    }
    finding
}

/// A link as the hosts make it.
fn link(location: &Location) -> Option<String> {
    let variables = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "shop/web"),
        ("GITHUB_SHA", "3f2a91c0d4e5b6a7988796a5b4c3d2e1f0a9b8c7"),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    devops_ci::Host::GitHub.link(&environment, location)
}

/// Judges every format of a report.
fn judge(report: &Report, jobs: &[Report], words: [String; 3]) -> usize {
    let [branch, configuration, page] = words;
    let revision = Revision {
        reference: Some(format!("refs/heads/{branch}")),
        branch: Some(branch),
        date: "2026-11-26 20:05 UTC".to_owned(),
        ..Revision::default()
    };
    let document = Document {
        report,
        jobs,
        rules: &RULES,
        link: &link,
        configuration: &configuration,
        category: &str::to_owned,
        program: "test-gate",
        page: Some(&page),
        revision: &revision,
        cases: &cases_of(report),
        bill: None,
        project: "webshop",
    };
    let json = String::from_utf8(devops_render::json(report).unwrap()).unwrap();
    assert_eq!(&Report::from_json(json.as_bytes()).unwrap(), report, "hidden characters keep their value");
    let files = [
        ("report.json", json),
        ("report.sarif", devops_render::sarif(&document)),
        ("summary.md", devops_render::markdown(&document)),
        ("report.html", devops_render::html(&document)),
        ("report.junit.xml", devops_render::junit(&document)),
        ("gl-code-quality-report.json", devops_render::codequality(&document)),
        ("badge.svg", devops_render::badge(&document)),
    ];
    for (name, text) in &files {
        documents::judge(name, text);
    }
    annotations(report, jobs, &devops_render::github(&document));
    for detail in [Detail::Verdict, Detail::Findings, Detail::Everything] {
        for width in [40, 100, 160] {
            screen(&devops_render::text(&document, detail, width));
        }
    }
    files.len() + 1 + 9
}

/// Each line is an annotation of a finding or of what stopped a job.
fn annotations(report: &Report, jobs: &[Report], text: &str) {
    let expected = report.open().count() + jobs.iter().filter(|job| job.error.is_some()).count();
    assert_eq!(text.lines().count(), expected, "{text}");
    assert_eq!(obeyed(text), None, "{text:?}");
    for line in text.lines() {
        let command = Command::of(line, None).unwrap_or_else(|| panic!("no annotation: {line}"));
        assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{line}");
        let known = ["file", "line", "col", "title"];
        assert!(command.properties.keys().all(|key| known.contains(&key.as_str())), "{line}");
        assert!(command.properties.contains_key("title"), "{line}");
        // A runner that does not know the newer form would look for the older one.
        let rest = line.replacen("::", "", 1);
        assert_eq!(Command::of(rest.trim_start_matches(char::is_alphabetic), None), None, "{line}");
    }
}

/// A log has no command in it, with colours and without, before it is shielded and after.
fn screen(text: &str) {
    for text in [text.to_owned(), anstream::adapter::strip_str(text).to_string()] {
        let local = devops_ci::shield(devops_ci::Host::Local, &text);
        let plain = anstream::adapter::strip_str(&local).to_string();
        assert_eq!(obeyed(&plain), None, "{plain:?}");
        for line in local.lines().chain(plain.lines()) {
            assert_eq!(Command::of(line, None), None, "{line:?}");
        }
        let stream = Stream::of(&devops_ci::shield(devops_ci::Host::GitHub, &text));
        assert!(!stream.is_stopped && stream.open.is_empty(), "{stream:?}");
        assert!(stream.commands.is_empty() && stream.shielded.is_empty(), "{stream:?}");
        assert_eq!(devops_ci::shield(devops_ci::Host::GitLab, &text), local);
    }
}

#[test]
fn no_text_of_a_report_forges_anything_in_any_format() {
    let payloads = payloads();
    let mut texts = 0;
    for start in 0..payloads.len() {
        // A document takes some dozens of texts, so that each payload comes to each place once.
        let mut next = payloads.iter().cycle().skip(start).cloned();
        let mut text = || next.next().unwrap();
        let report = report(&mut text);
        texts += judge(&report, std::slice::from_ref(&report), [text(), text(), text()]);
        if start % 4 > 0 {
            continue;
        }
        let stopped = Error::input(text()).at(Location::line(text(), 7)).help(text());
        let stopped = Report::of_error("image-scan", &stopped, report.provenance.clone());
        texts += judge(&stopped, std::slice::from_ref(&stopped), [text(), text(), text()]);
        let jobs = [report, stopped];
        texts += judge(&samples::merged(&jobs), &jobs, [text(), text(), text()]);
    }
    println!("hostile texts of a report: {} payloads, {texts} documents", payloads.len());
}

#[test]
fn facts_that_programs_read_keep_their_value() {
    for payload in payloads() {
        let value = json!({ "a": payload, "b": [payload] });
        let text = devops_core::escape::json(&value.to_string());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
