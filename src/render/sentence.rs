//! The verdict as a sentence that anyone understands. Only words of ours stand in it, so that no foreign text can contradict them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Document;
use devops_core::words::{count, counted, number};
use devops_core::{Finding, Report, Severity, Verdict};

/// Causes that are named.
const NAMED: usize = 3;

/// The rule about waivers whose last day has passed.
const EXPIRED: &str = "waiver-expired";

/// The sentence for a document, with its full stop.
pub(super) fn sentence(document: &Document<'_>) -> String {
    let reports = document.reports();
    let verdict = document.report.verdict;
    let causes = causes(document);
    let about = if causes.is_empty() { String::new() } else { format!(": {}", listed(&causes)) };
    match verdict {
        Verdict::Error => format!("No verdict: {}.", document.report.exit().meaning()),
        Verdict::Fail => format!("{}{about}.", failed(document.report, reports)),
        Verdict::Warn if about.is_empty() => format!("{}.", good(reports)),
        Verdict::Warn => format!("{}, with warnings{about}.", good(reports)),
        Verdict::Pass if reports.iter().any(is_change) => format!("{}.", good(reports)),
        Verdict::Pass => format!("{}: no problems were found.", good(reports)),
    }
}

/// Whether a job changes something instead of judging it.
fn is_change(report: &Report) -> bool {
    ["state", "deliveries", "record"].into_iter().any(|name| report.details.contains_key(name))
}

/// The state of the promotion among the jobs, with the colour it was about.
fn promotion(reports: &[Report]) -> Option<(&str, &'static str)> {
    let found = reports.iter().find(|report| report.details.contains_key("state"))?;
    let fact = |name: &str| found.details.get(name).and_then(Value::as_str);
    let colour = match fact("to") {
        Some("blue") => "Blue",
        Some("green") => "Green",
        _ => "The new version",
    };
    Some((fact("state")?, colour))
}

/// How it ended where nothing stands in the way.
fn good(reports: &[Report]) -> String {
    match promotion(reports) {
        Some(("promoted", colour)) => format!("{colour} is live"),
        Some(("planned", colour)) => format!("Dry run, nothing was changed: {} would go live", lower(colour)),
        Some(("unchanged", _)) => "Nothing had to be changed".to_owned(),
        Some(_) => "The promotion ended".to_owned(),
        None if !reports.is_empty() && reports.iter().all(is_change) => {
            "The deployment is on record".to_owned()
        }
        None => "This change can be merged".to_owned(),
    }
}

/// How it ended where something does.
fn failed(report: &Report, reports: &[Report]) -> &'static str {
    let is_gate = reports.iter().any(|report| report.verdict == Verdict::Fail && !is_change(report));
    match promotion(reports) {
        _ if is_gate && report.exit_code == 0 => "This change breaks the policy, which is only reported",
        _ if is_gate => "This change can't be merged yet",
        Some(("rolled-back", _)) => "The promotion was rolled back",
        Some(("held", _)) => "The promotion is on hold until somebody looks at it",
        Some(("promoted", _)) => "The promotion went wrong at its end",
        Some(_) => "The promotion did not happen",
        None => "The deployment is not on record everywhere",
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// What made the verdict, the worst first, and how much more there is.
fn causes(document: &Document<'_>) -> Vec<String> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let deciding = |report: &&Report| report.verdict == document.report.verdict;
    for report in document.reports().iter().filter(deciding) {
        for finding in decisive(report) {
            match causes.iter_mut().find(|cause| cause.rule == finding.rule) {
                Some(cause) => cause.add(finding),
                None => causes.push(Cause::new(finding)),
            }
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.worst));
    let mut said: Vec<String> = causes.iter().take(NAMED).map(|cause| cause.said(document)).collect();
    let rest: usize = causes.iter().skip(NAMED).map(|cause| cause.amount).sum();
    if rest > 0 {
        said.push(count(rest as u64, "more finding"));
    }
    said
}

/// The findings that made a report's verdict: where it failed, those that its reasons name.
fn decisive(report: &Report) -> impl Iterator<Item = &Finding> {
    let limit: Option<Severity> = report.reasons.iter().find_map(|reason| {
        let (_, severity) = reason.split_once("at or above `")?;
        severity.trim_end_matches('`').parse().ok()
    });
    let is_named = |finding: &Finding| {
        report.reasons.iter().any(|reason| reason.contains(&format!("`{}`", finding.rule)))
    };
    // A waiver that has expired fails whatever its severity.
    let is_expired = |finding: &Finding| finding.rule == EXPIRED;
    let has_expired = report.open().any(is_expired);
    report.open().filter(move |finding| match limit {
        _ if finding.severity == Severity::Info => false,
        _ if report.verdict != Verdict::Fail || is_expired(finding) => true,
        Some(limit) => finding.severity >= limit && is_named(finding),
        None => !has_expired,
    })
}

/// Findings of one rule.
struct Cause<'a> {
    rule: &'a str,
    worst: Severity,
    is_mixed: bool,
    amount: usize,
    packages: BTreeSet<&'a str>,
}

impl<'a> Cause<'a> {
    fn new(finding: &'a Finding) -> Self {
        let mut cause = Self {
            rule: &finding.rule,
            worst: finding.severity,
            is_mixed: false,
            amount: 0,
            packages: BTreeSet::new(),
        };
        cause.add(finding);
        cause
    }

    fn add(&mut self, finding: &'a Finding) {
        self.is_mixed |= finding.severity != self.worst;
        self.worst = self.worst.max(finding.severity);
        self.amount += 1;
        self.packages.extend(finding.subject.get("package").and_then(Value::as_str));
    }

    /// `2 tests failed`.
    fn said(&self, document: &Document<'_>) -> String {
        let amount = self.amount as u64;
        let subject = |one: &str, many: &str| match amount {
            1 => one.to_owned(),
            _ => format!("{} {many}", number(amount)),
        };
        match self.rule {
            "test-failed" => subject("a test failed", "tests failed"),
            "test-failed-before" => subject("a test fails as it did before", "tests fail as they did before"),
            "test-flaky" => subject("a test is flaky", "tests are flaky"),
            "report-unreadable" => subject("a test report is unreadable", "test reports are unreadable"),
            "report-missing" => subject("a test report is missing", "test reports are missing"),
            "advisory" => self.vulnerable("package"),
            "image-vulnerability" => self.vulnerable("package of the image"),
            "advisory-unmaintained" => {
                subject("a package is no longer maintained", "packages are no longer maintained")
            }
            EXPIRED => subject("a waiver has expired", "waivers have expired"),
            "quarantine-expired" => subject("a quarantine has expired", "quarantines have expired"),
            "lockfile-not-read" => subject("a lockfile was not read", "lockfiles were not read"),
            _ => self.explained(document),
        }
    }

    /// `2 packages have high vulnerabilities`.
    fn vulnerable(&self, what: &str) -> String {
        let amount = self.packages.len().max(1) as u64;
        let worst = self.worst.as_str();
        let plural = what.replacen("package", "packages", 1);
        let packages = match amount {
            1 => format!("a {what} has"),
            _ => format!("{} have", counted(amount, what, &plural)),
        };
        match (self.amount, self.is_mixed) {
            (1, _) => format!("{packages} a {worst} vulnerability"),
            (_, false) => format!("{packages} {worst} vulnerabilities"),
            (_, true) => format!("{packages} vulnerabilities up to {worst}"),
        }
    }

    /// What the rule finds, in the words of its own summary.
    fn explained(&self, document: &Document<'_>) -> String {
        let Some(rule) = document.rule(self.rule) else {
            return count(self.amount as u64, "other finding");
        };
        let said = rule.summary.trim_end_matches('.').replace('`', "");
        let mut letters = said.chars();
        let said = letters
            .next()
            .map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + letters.as_str());
        match self.amount {
            1 => said,
            amount => format!("{said} ({} times)", number(amount as u64)),
        }
    }
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
