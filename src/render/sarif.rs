//! `report.sarif`: SARIF 2.1.0, one run a job, within the limits of GitHub's code scanning.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::Document;
use super::excerpt::cut;
use super::stand_in;
use devops_core::escape::{self, terminal};
use devops_core::{Finding, Location, Report, Rule, Severity};

/// GitHub refuses a file with more runs than this.
const RUNS: usize = 20;
/// GitHub refuses more than 25,000 results in a run and keeps the first 5,000.
const RESULTS: usize = 5_000;
/// Characters of a message, and bytes of a subject, so that a full run stays below GitHub's 10 MB after compression.
const MESSAGE: usize = 4_000;
const SUBJECT: usize = 4_000;
/// What stays as it is in a relative reference: unreserved characters and the slash.
const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The document as SARIF.
pub fn sarif(document: &Document<'_>) -> String {
    let runs: Vec<Value> = document.reports().iter().take(RUNS).map(|report| run(document, report)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    });
    escape::json(&format!("{log:#}\n"))
}

/// A job as a run.
fn run(document: &Document<'_>, report: &Report) -> Value {
    let shown: Vec<&Finding> = report.findings.iter().take(RESULTS).collect();
    let names: BTreeSet<&str> = shown.iter().map(|finding| finding.rule.as_str()).collect();
    let index: Vec<&str> = names.into_iter().collect();
    let rules: Vec<Value> = index.iter().map(|name| rule(document, name, &shown)).collect();
    let results: Vec<Value> = shown
        .iter()
        .map(|finding| result(finding, &index, stand_in::place(document, report, finding)))
        .collect();
    let left_out = report.findings.len() - shown.len();
    json!({
        "tool": { "driver": {
            "name": format!("{} {}", report.provenance.tool, report.job),
            "version": report.provenance.version,
            "rules": rules,
        } },
        "automationDetails": { "id": format!("{}/", (document.category)(&report.job)) },
        "columnKind": "unicodeCodePoints",
        "results": results,
        "invocations": [invocation(report, left_out)],
        "properties": {
            "verdict": report.verdict,
            "headline": message(&report.headline),
            "totals": report.totals,
            "findingsLeftOut": left_out,
        },
    })
}

/// How the job ended, with what stopped it and what the run leaves out.
fn invocation(report: &Report, left_out: usize) -> Value {
    let mut notifications = Vec::new();
    if let Some(failure) = &report.error {
        let text = [failure.message.as_str(), failure.help.as_str()].join("\n");
        notifications.push(json!({ "level": "error", "message": { "text": message(&text) } }));
    }
    if left_out > 0 {
        let text = format!("{left_out} findings were left out; the worst {RESULTS} are here");
        notifications.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    for note in report.notes.iter().take(100) {
        notifications.push(json!({ "level": "note", "message": { "text": message(note) } }));
    }
    json!({
        "executionSuccessful": report.error.is_none(),
        "exitCode": report.exit_code,
        "exitCodeDescription": report.exit().meaning(),
        "toolExecutionNotifications": notifications,
    })
}

/// A rule as its page explains it; of an unknown one, only the name.
fn rule(document: &Document<'_>, name: &str, shown: &[&Finding]) -> Value {
    let worst = shown.iter().filter(|finding| finding.rule == name).map(|finding| finding.severity).max();
    let worst = worst.unwrap_or(Severity::Info);
    let known = document.rule(name);
    let summary = known.map_or(name, |rule| rule.summary);
    let mut description = json!({
        "id": name,
        "shortDescription": { "text": message(if summary.is_empty() { name } else { summary }) },
        "defaultConfiguration": { "level": level(known.map_or(worst, |rule| rule.severity)) },
        "properties": {
            "security-severity": score(worst),
            "tags": ["ci"],
        },
    });
    if let (Some(Rule { page, .. }), Some(fields)) = (known, description.as_object_mut())
        && !page.is_empty()
    {
        let markdown = format!("{summary}\n\n{page}");
        fields.insert("help".to_owned(), json!({ "text": page, "markdown": markdown }));
    }
    description
}

/// A finding as a result; a host refuses the whole file where one has no place, so it is said where that is a stand-in.
fn result(finding: &Finding, index: &[&str], (location, stand_in): (Location, Option<String>)) -> Value {
    let mut fields = Map::new();
    fields.insert("ruleId".to_owned(), json!(finding.rule));
    if let Ok(position) = index.binary_search(&finding.rule.as_str()) {
        fields.insert("ruleIndex".to_owned(), json!(position));
    }
    fields.insert("level".to_owned(), json!(level(finding.severity)));
    fields.insert(
        "message".to_owned(),
        json!({ "text": said(finding, stand_in.as_deref().unwrap_or_default()) }),
    );
    fields.insert(
        "partialFingerprints".to_owned(),
        json!({ "devopsFinding/v1": finding.fingerprint.as_str() }),
    );
    fields.insert("locations".to_owned(), json!([{ "physicalLocation": place(&location) }]));
    if let Some(waived) = &finding.waived {
        let because = format!("{}: {}", waived.terms(), waived.reason);
        fields.insert(
            "suppressions".to_owned(),
            json!([{ "kind": "external", "status": "accepted", "justification": message(&because) }]),
        );
    }
    let mut properties = Map::new();
    properties.insert("severity".to_owned(), json!(finding.severity));
    properties.insert("security-severity".to_owned(), json!(score(finding.severity)));
    let subject = json!(finding.subject);
    if !finding.subject.is_empty() && subject.to_string().len() <= SUBJECT {
        properties.insert("subject".to_owned(), subject);
    }
    fields.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(fields)
}

/// Title, detail, next step and what is said about the place; a message must not be empty.
fn said(finding: &Finding, place: &str) -> String {
    let parts = [finding.title.as_str(), &cut(&finding.detail, MESSAGE / 2), finding.help.as_str(), place];
    let parts: Vec<&str> = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    let text = message(&parts.join("\n"));
    if text.is_empty() { message(&finding.rule) } else { text }
}

/// Text without control characters, within the limit.
fn message(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    terminal(&cut(&lines.join("\n"), MESSAGE))
}

/// A place: the file, and the line; GitHub asks for one, and a whole file begins at the first.
fn place(location: &Location) -> Value {
    let line = location.line.filter(|line| *line >= 1);
    let mut region = Map::from_iter([("startLine".to_owned(), json!(line.unwrap_or(1)))]);
    if let Some(column) = location.column.filter(|column| line.is_some() && *column >= 1) {
        region.insert("startColumn".to_owned(), json!(column));
    }
    json!({ "artifactLocation": artifact(&location.path), "region": region })
}

/// A path as a URI reference: relative ones to the root of the repository, absolute ones as `file:`.
fn artifact(path: &str) -> Value {
    let path = path.replace('\\', "/");
    let relative = path.trim_start_matches("./");
    let encoded = utf8_percent_encode(relative, RESERVED).to_string();
    if relative.starts_with('/') {
        json!({ "uri": format!("file://{encoded}") })
    } else {
        json!({ "uri": encoded, "uriBaseId": "%SRCROOT%" })
    }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
        Severity::Info => "note",
    }
}

/// GitHub's scale: above 9 critical, 7 high, 4 medium, below low.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}
