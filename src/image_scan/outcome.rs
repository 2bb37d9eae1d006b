//! What all reports together amount to: headline, counts, notes, and findings about the reports themselves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Arguments;
use super::collect::{Collector, Counts};
use super::digest::Digest;
use super::filters::Reason;
use super::problem::Kind;
use super::reports::{Header, NotJudged, Suppressed};
use super::rules::{
    INCOMPLETE, MISMATCH, NOT_JUDGED, NOTHING_SCANNED, OS_END_OF_LIFE, OUTDATED, SUPPRESSED, TOO_MANY,
};
use devops_core::report::{Facts, facts};
use devops_core::words::{count, counted, number};
use devops_core::{Finding, Severity};

/// Seconds a scanner's clock may be ahead of ours.
const AHEAD: i64 = 24 * 3600;

/// `3 critical, 12 high of 87 vulnerabilities in 4 targets (alpine:3.10)`.
pub(super) fn headline(counts: &Counts, headers: &[&Header]) -> String {
    let total = counts.of(Kind::Vulnerability);
    let worst: Vec<String> = (counts.vulnerabilities.iter().rev())
        .take(2)
        .map(|(severity, amount)| format!("{} {}", number(*amount), word(*severity)))
        .collect();
    let mut text = match worst.as_slice() {
        [] => "no vulnerabilities".to_owned(),
        worst => format!("{} of {}", worst.join(", "), vulnerabilities(total)),
    };
    for (kind, singular, plural) in [
        (Kind::Misconfiguration, "misconfiguration", "misconfigurations"),
        (Kind::Secret, "secret", "secrets"),
        (Kind::Licence, "licence", "licences"),
        (Kind::Result, "result", "results"),
    ] {
        if counts.of(kind) > 0 {
            text.push_str(&format!(", {}", counted(counts.of(kind), singular, plural)));
        }
    }
    let mut names: Vec<&str> = headers.iter().map(|header| header.name()).collect();
    names.sort_unstable();
    names.dedup();
    let names = match names.as_slice() {
        [name] => (*name).to_owned(),
        names => count(names.len() as u64, "artifact"),
    };
    if counts.targets == 0 {
        return format!("nothing checked ({names})");
    }
    format!("{text} in {} ({names})", count(counts.targets, "target"))
}

fn vulnerabilities(amount: u64) -> String {
    counted(amount, "vulnerability", "vulnerabilities")
}

fn word(severity: Option<Severity>) -> &'static str {
    severity.map_or("unrated", Severity::as_str)
}

/// The counts of `report.json`.
pub(super) fn totals(counts: &Counts, collector: &Collector) -> Facts {
    let of = |severity| Value::from(counts.vulnerabilities.get(&severity).copied().unwrap_or_default());
    let mut totals: Facts = Severity::ALL
        .into_iter()
        .map(|severity| (severity.as_str().to_owned(), of(Some(severity))))
        .collect();
    let left_out: u64 = counts.left_out.values().sum::<u64>()
        + collector.left_out.values().map(|left_out| left_out.problems).sum::<u64>();
    for (name, amount) in [
        ("targets", counts.targets),
        ("packages", counts.packages),
        ("vulnerabilities", counts.of(Kind::Vulnerability)),
        ("misconfigurations", counts.of(Kind::Misconfiguration)),
        ("secrets", counts.of(Kind::Secret)),
        ("licences", counts.of(Kind::Licence)),
        ("results", counts.of(Kind::Result)),
        ("left_out", left_out),
    ] {
        totals.insert(name.to_owned(), amount.into());
    }
    totals.insert("unknown".to_owned(), of(None));
    totals
}

/// The job's own facts.
#[derive(Serialize)]
struct Details<'a> {
    artifacts: Vec<Scanned<'a>>,
    suppressed: Vec<&'a Suppressed>,
    /// What each filter left out, by its flag.
    left_out: BTreeMap<&'static str, u64>,
    harmless_licences: &'a BTreeMap<String, u64>,
    checks_passed: u64,
}

/// What a report says about itself.
#[derive(Serialize)]
struct Scanned<'a> {
    report: &'a str,
    artifact: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    os: &'a str,
    image_id: &'a str,
    tags: &'a [String],
    digests: &'a [String],
    created_at: &'a str,
    scanner: String,
    results: u64,
}

impl<'a> From<&'a Header> for Scanned<'a> {
    fn from(header: &'a Header) -> Self {
        Self {
            report: &header.path,
            artifact: &header.artifact,
            kind: &header.kind,
            os: &header.system,
            image_id: header.ids.first().map_or("", String::as_str),
            tags: &header.tags,
            digests: &header.digests,
            created_at: &header.created,
            scanner: format!("{} {}", header.scanner.name(), header.version).trim().to_owned(),
            results: header.results,
        }
    }
}

/// The job's own facts.
pub(super) fn details(counts: &Counts, collector: &Collector, headers: &[&Header]) -> Facts {
    facts(&Details {
        artifacts: headers.iter().map(|header| Scanned::from(*header)).collect(),
        suppressed: headers.iter().flat_map(|header| &header.suppressed).collect(),
        left_out: left_out(counts, collector),
        harmless_licences: &collector.harmless_licences,
        checks_passed: counts.successes,
    })
}

/// What each filter left out.
fn left_out(counts: &Counts, collector: &Collector) -> BTreeMap<&'static str, u64> {
    let mut amounts = BTreeMap::new();
    for (reason, amount) in &counts.left_out {
        amounts.insert(key(*reason), *amount);
    }
    for (reason, left_out) in &collector.left_out {
        amounts.insert(key(*reason), left_out.problems);
    }
    amounts
}

/// The flag that left something out.
const fn key(reason: Reason) -> &'static str {
    match reason {
        Reason::Target => "targets",
        Reason::Class => "classes",
        Reason::Status => "ignore-status",
        Reason::NoFix => "fixed-only",
        Reason::Judged => "",
    }
}

/// What was not checked, or not listed.
pub(super) fn notes(
    arguments: &Arguments,
    counts: &Counts,
    collector: &Collector,
    headers: &[&Header],
) -> Vec<String> {
    let mut notes = Vec::new();
    for (reason, amount) in &counts.left_out {
        let without = if *reason == Reason::NoFix { " without a fix" } else { "" };
        notes.push(format!("{}{without} left out by `{}`", vulnerabilities(*amount), key(*reason)));
    }
    for (reason, left_out) in &collector.left_out {
        let targets = count(left_out.targets, "target");
        let findings = count(left_out.problems, "finding");
        notes.push(format!("{targets} with {findings} left out by `{}`", key(*reason)));
    }
    notes.extend(headers.iter().filter_map(|header| other_name(header, arguments.expect_digest.as_ref()?)));
    let suppressed: u64 = headers.iter().flat_map(|header| header.suppressors.values()).sum();
    if suppressed > 0 {
        notes.push(format!(
            "{} suppressed by the scanner and not counted; see `details.suppressed`",
            count(suppressed, "finding")
        ));
    }
    let harmless: u64 = collector.harmless_licences.values().sum();
    if harmless > 0 {
        notes.push(format!("{} that require only attribution", count(harmless, "licence")));
    }
    if collector.custom > 0 {
        notes.push(format!("{} of the scanner's own modules not checked", count(collector.custom, "result")));
    }
    if collector.known.is_some() {
        notes.push(format!("{} new, {} known in `compare-with`", number(counts.new), number(counts.known)));
    }
    let not_listed: u64 = counts.not_kept.values().sum();
    if not_listed > 0 {
        notes.push(format!("only the worst are listed; {} more are counted", number(not_listed)));
    }
    notes
}

/// That the image of the report has the expected digest and another name.
fn other_name(header: &Header, expected: &Digest) -> Option<String> {
    let mut same = header.digests.iter().filter(|known| expected.is(known)).peekable();
    let first = *same.peek()?;
    if same.any(|known| expected.is_named_like(known)) {
        return None;
    }
    Some(format!("`expect-digest` is {expected}; the report has the same image as {first}"))
}

/// Findings about the reports themselves.
pub(super) fn about_reports(
    arguments: &Arguments,
    counts: &Counts,
    headers: &[&Header],
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let filters = arguments.filters(Severity::High);
    for header in headers {
        if header.end_of_life {
            findings.push(end_of_life(header));
        }
        findings.extend(nothing_scanned(header, arguments));
        findings.extend(header.not_judged.iter().map(|(key, unknown)| not_judged(header, key, *unknown)));
        findings.extend(header.incomplete.iter().map(|why| incomplete(header, why)));
        let suppressors = header.suppressors.iter();
        let refused = suppressors.filter(|(source, _)| !filters.is_suppressor(source));
        findings.extend(refused.map(|(source, amount)| suppressed(header, source, *amount)));
        findings.extend(arguments.max_report_age.and_then(|days| outdated(header, days, now)));
        findings.extend(arguments.expect_digest.as_ref().and_then(|digest| mismatch(header, digest)));
    }
    let not_listed = counts.not_kept.iter().filter(|(_, amount)| **amount > 0);
    for (severity, amount) in not_listed {
        let title = format!("{} more findings of severity {severity} than listed", number(*amount));
        findings.push(
            Finding::new(&TOO_MANY, title, &[severity.as_str()])
                .severity(*severity)
                .about("amount", *amount)
                .help("fix the listed ones first (a newer base image often removes most), or split the scan"),
        );
    }
    findings
}

fn end_of_life(header: &Header) -> Finding {
    Finding::new(&OS_END_OF_LIFE, format!("{} is no longer supported", header.system), &[&header.system])
        .named("os", header.system.clone())
        .named("artifact", header.name())
        .about("report", header.path.clone())
        .help("use a base image that is still supported")
}

fn nothing_scanned(header: &Header, arguments: &Arguments) -> Option<Finding> {
    let (title, help) = match (header.results, header.looked_at) {
        (0, _) if arguments.allow_empty => return None,
        (0, _) => (
            format!("no results for {}", header.name()),
            "scan what is shipped; if it really contains no packages and no configuration, set `allow-empty`",
        ),
        (_, 0) => (
            format!("nothing to check in {}", header.name()),
            "correct `targets` and `classes`: together they leave out every result of the report",
        ),
        _ => return None,
    };
    let detail = format!("{} in the report, none checked", count(header.results, "result"));
    Some(
        Finding::new(&NOTHING_SCANNED, title, &[header.name()])
            .detail(detail)
            .named("artifact", header.name())
            .about("report", header.path.clone())
            .help(help),
    )
}

/// The finding about a list of something that this release does not know.
fn not_judged(header: &Header, key: &str, NotJudged { objects, is_found }: NotJudged) -> Finding {
    let title =
        format!("{} of `{key}` in {} not judged", counted(objects, "entry", "entries"), header.name());
    let severity = if is_found { Severity::High } else { NOT_JUDGED.severity };
    Finding::new(&NOT_JUDGED, title, &[header.name(), key])
        .severity(severity)
        .named("artifact", header.name())
        .about("report", header.path.clone())
        .named("key", key)
        .help("use a newer release of image-scan, or check these entries yourself and waive this")
}

/// The finding that a scan is not whole.
fn incomplete(header: &Header, why: &str) -> Finding {
    Finding::new(&INCOMPLETE, format!("the scan of {} is incomplete", header.name()), &[header.name(), why])
        .detail(why)
        .named("artifact", header.name())
        .about("report", header.path.clone())
        .help("correct what the scanner reports, and scan again")
}

/// The finding about suppressions whose source is not accepted.
fn suppressed(header: &Header, source: &str, amount: u64) -> Finding {
    let by = if source.is_empty() { "nobody in particular".to_owned() } else { format!("`{source}`") };
    let title = format!("{} of {} suppressed by {by}", count(amount, "finding"), header.name());
    Finding::new(&SUPPRESSED, title, &[header.name(), source])
        .named("artifact", header.name())
        .named("source", source)
        .about("report", header.path.clone())
        .help("check what is suppressed there (`details.suppressed`), then add the source to `suppression-sources`")
}

fn outdated(header: &Header, days: u32, now: Timestamp) -> Option<Finding> {
    let name = header.name();
    let title = match header.created.parse::<Timestamp>() {
        Err(_) if header.created.is_empty() => format!("report of {name} has no date"),
        Err(_) => format!("report of {name} has an invalid date"),
        Ok(created) => {
            let seconds = now.as_second().saturating_sub(created.as_second());
            let age = u64::try_from(seconds).unwrap_or_default() / (24 * 3600);
            if seconds < -AHEAD {
                format!("report of {name} is dated in the future")
            } else if seconds > i64::from(days) * 24 * 3600 {
                format!("report of {name} is {} old, the maximum is {days}", count(age, "day"))
            } else {
                return None;
            }
        }
    };
    Some(
        Finding::new(&OUTDATED, title, &[name])
            .named("artifact", name)
            .about("report", header.path.clone())
            .about("created_at", header.created.clone())
            .help("scan again: new vulnerabilities are published every day"),
    )
}

fn mismatch(header: &Header, expected: &Digest) -> Option<Finding> {
    let is_match = header.ids.iter().chain(&header.digests).any(|known| expected.is(known));
    (!is_match).then(|| {
        let name = header.name();
        let known: Vec<String> = header.digests.iter().chain(&header.ids).cloned().collect();
        let known = if known.is_empty() { "no digest".to_owned() } else { known.join(", ") };
        Finding::new(&MISMATCH, format!("report of {name} is not about the expected image"), &[name])
            .detail(format!("expected {expected}, the report is about {known}"))
            .named("artifact", name)
            .about("report", header.path.clone())
            .about("expected", expected.to_string())
            .help("scan the image that is shipped by its digest")
    })
}
