//! A job's totals and details as lines and cells, whatever the job.

use serde_json::Value;

use super::excerpt::cut;
use devops_core::words::{duration, number};
use devops_core::{Report, Verdict};

/// Entries of a list in the details that are shown.
const LISTED: usize = 50;
/// Characters of a fact that are shown.
const LONGEST: usize = 300;

/// The steps a job would take or took, in order: `details.plan`.
pub(super) fn plan(report: &Report) -> Vec<String> {
    list(report, "plan").iter().take(LISTED).map(|step| cut(&sentence(step), LONGEST)).collect()
}

/// Where a record went: `details.deliveries`, as `destination: state (reason)`.
pub(super) fn deliveries(report: &Report) -> Vec<String> {
    list(report, "deliveries")
        .iter()
        .take(LISTED)
        .map(|delivery| {
            let get = |key| delivery.get(key).map(fact).unwrap_or_default();
            let reason = delivery.get("reason").map(|reason| format!(" ({})", fact(reason)));
            let line = format!("{}: {}{}", get("destination"), get("state"), reason.unwrap_or_default());
            cut(&line, LONGEST)
        })
        .collect()
}

/// How a promotion ended: `details.state`.
pub(super) fn state(report: &Report) -> Option<&str> {
    report.details.get("state").and_then(Value::as_str)
}

/// The path by which a package got in, from a direct dependency: `subject.path`.
pub(super) fn path(subject: &devops_core::Subject) -> Vec<String> {
    let items = subject.get("path").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().take(LISTED).filter_map(Value::as_str).map(|item| cut(item, LONGEST)).collect()
}

/// Who owns what the finding is about: `subject.owners`.
pub(super) fn owners(subject: &devops_core::Subject) -> String {
    let items = subject.get("owners").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let owners: Vec<&str> = items.iter().take(LISTED).filter_map(Value::as_str).collect();
    cut(&owners.join(", "), LONGEST)
}

/// What the exit code means for this verdict, as a fragment that fits after "exit N, ".
pub(super) fn meaning(report: &Report) -> &'static str {
    match (report.verdict, report.exit_code) {
        (Verdict::Fail, 0) => "the gate failed and is only reported",
        (Verdict::Warn, 0) => "pass with warnings",
        _ => report.exit().meaning(),
    }
}

/// A total by name, where it is a whole number.
pub(super) fn total(report: &Report, name: &str) -> Option<u64> {
    report.totals.get(name).and_then(Value::as_u64)
}

/// Totals that people look for first; the others follow in the order of their names.
const FIRST_TOTALS: [&str; 15] = [
    "tests",
    "passed",
    "failed",
    "errored",
    "flaky",
    "skipped",
    "not_run",
    "packages",
    "vulnerable_packages",
    "vulnerabilities",
    "critical",
    "high",
    "medium",
    "low",
    "info",
];

/// The totals as names and values that people read, in the order of what they mean.
pub(super) fn totals(report: &Report) -> Vec<(String, String)> {
    let rank = |name: &str| FIRST_TOTALS.iter().position(|first| *first == name);
    let mut cells: Vec<_> = report.totals.iter().take(LISTED).collect();
    cells.sort_by_key(|(name, _)| rank(name).unwrap_or(FIRST_TOTALS.len()));
    cells
        .into_iter()
        .map(|(name, value)| {
            let seconds = name.strip_suffix("_seconds").zip(value.as_f64());
            match seconds {
                Some((name, seconds)) => (words(name), duration(seconds)),
                None => (cut(&words(name), LONGEST), cut(&fact(value), LONGEST)),
            }
        })
        .collect()
}

/// A JSON value as people read it.
pub(super) fn fact(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(amount) => amount.as_u64().map_or_else(|| amount.to_string(), number),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().take(LISTED).map(fact).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pairs = fields.iter().take(LISTED).map(|(name, value)| format!("{name} {}", fact(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A key as words: `not_run` is `not run`.
fn words(key: &str) -> String {
    key.replace(['_', '-'], " ")
}

/// A step of a plan: the text it is, or what its object says it writes.
fn sentence(step: &Value) -> String {
    let get = |keys: &[&str]| keys.iter().find_map(|key| step.get(key)).map(fact);
    let name = get(&["id", "step", "name"]);
    let does = get(&["writes", "does", "action", "summary", "text"]);
    match (name, does) {
        (Some(name), Some(does)) if !does.is_empty() => format!("{name}: {does}"),
        (Some(text), _) | (None, Some(text)) => text,
        (None, None) => fact(step),
    }
}

/// A list in the details, or nothing.
fn list<'a>(report: &'a Report, name: &str) -> &'a [Value] {
    report.details.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
