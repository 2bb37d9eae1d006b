//! The reports themselves: those that are missing, not understood or handed in twice, and what lies beside them.

use serde_json::json;

use super::{Failures, Section, counts, failures};
use crate::arguments::Arguments;
use crate::files::Files;
use crate::rules;
use crate::run::RunFacts;
use devops_core::Finding;
use devops_core::words::{count, counted, number};

/// Maximum number of files beside reports that are named.
const NAMED: usize = 20;

/// What all reports say: whether they are there, what went wrong in them, and what lies beside them.
pub(crate) fn section(
    facts: &RunFacts,
    failures: &Failures<'_>,
    found: &Files,
    arguments: &Arguments,
    exit_code: Option<i64>,
) -> Section {
    Section::default()
        .and(reports(facts, arguments))
        .and(counts::exit_code(facts, exit_code))
        .and(counts::counts(facts, failures, arguments.min_tests))
        .and(failures.section(facts, arguments.fail_on_flaky))
        .and(failures::errors(facts))
        .and(beside(facts, found))
}

/// The same for a baseline, which keeps failed and flaky tests: they are nothing to be fixed first.
pub(crate) fn kept(facts: &RunFacts, found: &Files, arguments: &Arguments) -> Section {
    let failures = Failures::of(facts, None, false);
    let failed = Section { findings: Vec::new(), ..failures.section(facts, false) };
    Section::default()
        .and(reports(facts, arguments))
        .and(counts::exit_code(facts, arguments.test_exit_code))
        .and(counts::counts(facts, &failures, arguments.min_tests))
        .and(failed)
        .and(failures::errors(facts))
        .and(beside(facts, found))
}

/// The reports that were read, and those that should have been.
fn reports(facts: &RunFacts, arguments: &Arguments) -> Section {
    let unread = facts.unread.iter().chain(&facts.duplicates).cloned();
    let mut findings: Vec<Finding> = unread.collect();
    findings.extend(facts.missing.iter().map(|(path, why)| rules::missing(path, why)));
    // A later attempt is no report that another one could stand for.
    let reports = if arguments.attempts { facts.first_reports } else { facts.tally.files };
    if let Some(minimum) = arguments.min_reports.filter(|minimum| reports < *minimum) {
        findings.push(rules::too_few_reports(reports, minimum));
    }
    Section {
        findings,
        notes: facts.notes.clone(),
        details: vec![("formats", json!(facts.formats))],
        inputs: facts.inputs.clone(),
        ..Section::default()
    }
}

/// Reports that are as they were before the run.
pub(crate) fn stale(facts: &RunFacts, unchanged: &[String]) -> Section {
    let is_beside = |label: &&String| facts.bystanders.iter().any(|(beside, _)| beside == *label);
    let stale = unchanged.iter().filter(|label| !is_beside(label)).map(|label| rules::stale(label));
    Section { findings: stale.collect(), ..Section::default() }
}

/// What was found beside reports and not looked at.
fn beside(facts: &RunFacts, found: &Files) -> Section {
    let mut notes: Vec<String> =
        found.excluded.iter().map(|(pattern, files)| excluded(pattern, files)).collect();
    if !found.archives.is_empty() {
        let archives = count(found.archives.len() as u64, "archive");
        notes.push(format!("not read: {archives}, unpack them first: {}", first(&found.archives)));
    }
    if !found.not_followed.is_empty() {
        let links = count(found.not_followed.len() as u64, "link");
        notes.push(format!("not followed: {links} out of the workspace: {}", first(&found.not_followed)));
    }
    if !facts.bystanders.is_empty() {
        let files = counted(facts.bystanders.len() as u64, "file is", "files are");
        let named = facts.bystanders.iter().map(|(label, what)| format!("{label} ({what})"));
        let named = first(&named.collect::<Vec<_>>());
        notes.push(format!("ignored: {files} not reports: {named}"));
    }
    Section { notes, ..Section::default() }
}

fn excluded(pattern: &str, files: &[String]) -> String {
    match files.len() as u64 {
        0 => format!("`--exclude {pattern}` excludes no file"),
        amount => format!("`--exclude {pattern}` excludes {}: {}", count(amount, "file"), first(files)),
    }
}

/// The first of many files.
fn first(files: &[String]) -> String {
    let named = files.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = files.len().saturating_sub(NAMED);
    if more == 0 { named } else { format!("{named} and {} more", number(more as u64)) }
}
