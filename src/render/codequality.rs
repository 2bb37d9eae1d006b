//! `gl-code-quality-report.json`: GitLab's code quality report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Document;
use super::excerpt::{cut, why};
use super::stand_in;
use devops_core::escape::{self, terminal_line};
use devops_core::{Finding, Location, Severity};

/// Issues that are written; GitLab reads reports of 100 MB at most, and people far less.
const LIMIT: usize = 5_000;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

/// The open findings as a JSON array, the worst first; a last entry says how many were left out.
pub fn codequality(document: &Document<'_>) -> String {
    let open = document.open();
    let of_job = Location::line(document.configuration, 1);
    let mut seen = BTreeMap::new();
    let mut issues: Vec<Issue> = document
        .reports()
        .iter()
        .filter_map(|report| {
            let failure = report.error.as_ref()?;
            let description = format!("{} could not judge: {}", report.job, failure.message);
            Some(issue(&description, "job-error", "blocker", format!("error-{}", report.job), &of_job))
        })
        .collect();
    issues.extend(open.iter().take(LIMIT).map(|finding| {
        let (location, _) = stand_in::place(document, document.report, finding);
        of_finding(finding, &location, &mut seen)
    }));
    if open.len() > LIMIT {
        let description = format!("{} more findings are in report.json", open.len() - LIMIT);
        issues.push(issue(&description, "left-out", "info", "left-out".to_owned(), &of_job));
    }
    // A list of strings and numbers always has a JSON form.
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    escape::json(&text)
}

/// GitLab keeps one issue of each fingerprint, so the second of the same one gets a number.
fn of_finding<'a>(finding: &'a Finding, location: &Location, seen: &mut BTreeMap<&'a str, u64>) -> Issue {
    let times = seen.entry(finding.fingerprint.as_str()).or_insert(0);
    *times += 1;
    let fingerprint = match *times {
        1 => finding.fingerprint.as_str().to_owned(),
        again => format!("{}-{again}", finding.fingerprint.as_str()),
    };
    let level = match finding.severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    };
    let why = why(finding);
    let description =
        if why.is_empty() { finding.title.clone() } else { format!("{}: {why}", finding.title) };
    issue(&description, &finding.rule, level, fingerprint, location)
}

/// An issue at a place.
fn issue(
    description: &str,
    check: &str,
    severity: &'static str,
    fingerprint: String,
    location: &Location,
) -> Issue {
    Issue {
        description: terminal_line(&cut(description, 500)),
        check_name: terminal_line(&cut(check, 200)),
        fingerprint,
        severity,
        location: Place {
            path: terminal_line(location.path.trim_start_matches("./")),
            lines: Lines { begin: location.line.unwrap_or(1).max(1) },
        },
    }
}
