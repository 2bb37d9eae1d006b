//! The rules about earlier runs and quarantine, and the findings they make.

use super::compare::{Amount, Change, Comparison};
use super::history::Slower;
use super::limits::Limits;
use super::model::{Outcome, Test};
use super::pairs::{How, Subject};
use super::quarantine::Entry;
use crate::execution::{numbered, placed};
use crate::ledger::{Executions, Kind};
use crate::producer::Producer;
use devops_core::rule::rules;
use devops_core::words::{count, counted, duration, number};
use devops_core::{Finding, Rule};

rules! {
    /// Every rule of this room.
    pub(crate) const RULES;

    VANISHED: "test-vanished", High, "a test that ran in the baseline is gone, or runs fewer times";
    NEWLY_SKIPPED: "test-newly-skipped", High, "a test that ran in the baseline is skipped";
    SLOWER: "test-slower", High, "a test takes longer than `max-slowdown` allows";
    RUN_SLOWER: "run-slower", High, "all tests together take longer than `max-run-slowdown` allows";
    FAILED_BEFORE: "test-failed-before", Low, "a test fails that also failed in the baseline";
    BASELINE_MISSING: "baseline-missing", High, "there is no baseline to compare with";
    QUARANTINE_EXPIRED: "quarantine-expired", High, "the last day of a quarantine entry has passed";
    QUARANTINE_UNUSED: "quarantine-unused", Low, "a quarantine entry matches no test";
}

/// Maximum number of findings of each rule; what is left out is counted.
const LISTED: usize = 1_000;

/// The findings about tests that are gone, skipped or slower.
pub(crate) fn findings(comparison: &Comparison<'_>, limits: &Limits) -> Vec<Finding> {
    let ratio = limits.max_slowdown.unwrap_or_default();
    let gone = comparison.vanished.iter().map(vanished).chain(comparison.fewer.iter().map(fewer));
    let mut findings = listed(&VANISHED, gone, comparison.vanished.len() + comparison.fewer.len());
    findings.extend(listed(
        &NEWLY_SKIPPED,
        comparison.newly_skipped.iter().map(newly_skipped),
        comparison.newly_skipped.len(),
    ));
    let slow = comparison.slower.iter().map(|slow| slower(slow, ratio, limits.slowdown_floor_ms));
    findings.extend(listed(&SLOWER, slow, comparison.slower.len()));
    findings.extend(run_slower(comparison, limits));
    findings
}

/// No test has a time, so it is unknown which are slower.
pub(crate) fn untimed() -> Finding {
    Finding::new(&SLOWER, "no report has the durations of tests, so slower tests can't be found", &["times"])
        .help("write reports with durations, or remove `max-slowdown`")
}

/// The findings about tests that failed before, for where only new failures count.
pub(crate) fn failed_before(comparison: &Comparison<'_>) -> Vec<Finding> {
    let failed = comparison.known_failures.iter().map(known_failure);
    listed(&FAILED_BEFORE, failed, comparison.known_failures.len())
}

/// The first findings of a rule, and one that says how many are left out.
fn listed(rule: &Rule, findings: impl Iterator<Item = Finding>, all: usize) -> Vec<Finding> {
    let mut listed: Vec<Finding> = findings.take(LISTED).collect();
    let left_out = all.saturating_sub(LISTED) as u64;
    if left_out > 0 {
        let what = counted(left_out, "more test", "more tests");
        listed.push(
            Finding::new(rule, format!("{what}: {}", rule.summary), &["more"])
                .detail(format!("only the first {} are listed, all are counted", number(LISTED as u64)))
                .about("not_listed", left_out)
                .help(
                    "look at the listed ones first: so many usually have one cause, such as a job that did not run",
                ),
        );
    }
    listed
}

/// What people call a test.
pub(crate) fn title(test: Subject<'_>) -> String {
    named(test, 1)
}

/// What people call the test of a change.
pub(crate) fn name_of(change: &Change<'_>) -> String {
    named(change.test, change.row())
}

/// What people call a test that is this one of its identity, from 1.
pub(crate) fn named(Subject { scope, name }: Subject<'_>, row: u64) -> String {
    let within = scope.text.as_ref();
    let name = if name.trim().is_empty() { "(a test without a name)" } else { name };
    let is_whole = within.is_empty() || name.starts_with(within);
    let separator = match scope.kind {
        _ if is_whole => "",
        Kind::Class => Producer::separator(None, within),
        Kind::File | Kind::Suite => " > ",
    };
    let within = if is_whole { "" } else { within };
    placed(&numbered(&format!("{within}{separator}{name}"), row), &scope.environment)
}

/// A finding about a test.
fn about(rule: &Rule, change: &Change<'_>, what: &str) -> Finding {
    let (scope, name) = (change.test.scope, change.test.name);
    let row = change.row();
    let test = named(change.test, row);
    let word = |outcome: Option<Outcome>| outcome.map_or("not there", Outcome::as_str);
    let number = if row == 1 { String::new() } else { row.to_string() };
    let mut identity = vec![scope.text.as_ref(), name];
    identity.extend([number.as_str(), &scope.environment].into_iter().filter(|part| !part.is_empty()));
    let mut finding = Finding::new(rule, format!("{test} {what}"), &identity)
        .named("test", test)
        .named("name", numbered(name, row))
        .about("before", word(change.outcome_before()))
        .about("outcome", word(change.outcome()));
    finding = match scope.kind {
        Kind::Class => finding.named("classname", scope.text.as_ref()),
        Kind::File => finding.named("file", scope.text.as_ref()),
        Kind::Suite => finding.named("suite", scope.text.as_ref()),
    };
    if !scope.environment.is_empty() {
        finding = finding.about("test_environment", scope.environment.as_ref());
    }
    match change.was {
        Some((was, _)) => finding.about("was", title(was)),
        None => finding,
    }
}

/// Words for what a test was called.
fn formerly(change: &Change<'_>) -> String {
    let how = |how| match how {
        How::Parameters => "with other parameters",
        How::Moved => "elsewhere",
        How::Renamed => "under another name",
    };
    change.was.map_or(String::new(), |(was, what)| format!(", {}: {}", how(what), title(was)))
}

fn vanished(change: &Change<'_>) -> Finding {
    let before = change.outcome_before().map_or("ran", Outcome::as_str);
    let times = change.before.map_or(0, Test::ran);
    let times = if times > 1 { format!(" in {}", count(times, "execution")) } else { String::new() };
    about(&VANISHED, change, "is gone")
        .detail(format!("{before}{times} in the baseline, in no report now, and no new test is similar"))
        .help("restore it, or waive this if it was removed on purpose: see `test-gate explain test-vanished`")
}

fn fewer(change: &Change<'_>) -> Finding {
    let before = change.before.map_or(0, Test::ran);
    let now = change.now.map_or(0, Executions::ran);
    about(&VANISHED, change, &format!("ran {} of {} times", number(now), number(before)))
        .detail(format!(
            "{} in the baseline{}, {} now: a part of a matrix, a shard or a repetition is missing",
            count(before, "execution"),
            formerly(change),
            number(now)
        ))
        .about("executions_before", before)
        .about("executions", now)
        .help("find the job or the row of data that did not run, or whose report is missing from the paths")
}

fn newly_skipped(change: &Change<'_>) -> Finding {
    let before = change.outcome_before().map_or("ran", Outcome::as_str);
    let now = change.outcome().map_or("skipped", Outcome::as_str);
    about(&NEWLY_SKIPPED, change, &format!("is {now}"))
        .detail(format!("{before} in the baseline{}, {now} now", formerly(change)))
        .help(
            "fix what it found and run it again; to skip it for a while, waive this with an owner and a last day",
        )
}

fn slower(slower: &Slower<'_>, ratio: f64, floor: u64) -> Finding {
    let time = |millis: f64| duration(millis / 1e3);
    let runs = counted(slower.runs, "earlier run", "earlier runs");
    about(&SLOWER, &slower.change, &format!("takes {}, previously {}", time(slower.now), time(slower.median)))
        .detail(format!(
            "{} is the median of {runs}, {} the longest{}; more than {ratio} times that and {floor} ms longer is too slow",
            time(slower.median),
            time(slower.longest),
            formerly(&slower.change),
        ))
        .about("milliseconds", slower.now)
        .about("median_milliseconds", slower.median)
        .help("measure what the test waits for; if it has to take longer now, waive this until the baseline contains it")
}

fn run_slower(comparison: &Comparison<'_>, limits: &Limits) -> Option<Finding> {
    let time = &comparison.run_time;
    let (median, runs) = time.median().filter(|_| time.is_slower(limits))?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
    let said = |millis: u64| duration(millis as f64 / 1e3);
    let ratio = limits.max_run_slowdown.unwrap_or_default();
    let finding = Finding::new(&RUN_SLOWER, format!("the tests take {}, previously {}", said(time.now), said(median)), &[])
        .detail(format!(
            "tests that exist now and in the baseline; {} is the median of {}, more than {ratio} times that is too slow",
            said(median),
            counted(runs, "earlier run", "earlier runs"),
        ))
        .about("milliseconds", time.now)
        .about("median_milliseconds", median)
        .help("find out what slows all tests down; the table of slower tests and the log of the run help to find it");
    Some(finding)
}

/// A test that failed before, too.
fn known_failure(change: &Change<'_>) -> Finding {
    let before = change.outcome_before().map_or("failed", Outcome::as_str);
    let now = change.outcome().map_or("failed", Outcome::as_str);
    about(&FAILED_BEFORE, change, "still fails")
        .detail(format!("{before} in the baseline{}, {now} now; only new failures count", formerly(change)))
        .help("fix it: while it fails, it can't find anything else")
}

/// No baseline at a path.
pub(crate) fn baseline_missing(path: &str, why: &str) -> Finding {
    Finding::new(&BASELINE_MISSING, format!("no baseline at {path}"), &[path])
        .detail(why)
        .about("path", path)
        .help(
            "write one on the main branch with `test-gate baseline`, and make it available here: see docs/baseline.md",
        )
}

/// Fewer tests than the baseline allows, as a detail; `least` is of [`Limits::missed`].
pub(crate) fn dropped(before: Amount, now: Amount, least: u64) -> String {
    format!(
        "{} in the baseline, {} now, expected at least {}",
        count(before.executions, "test"),
        number(now.executions),
        number(least)
    )
}

/// An entry of the quarantine whose last day has passed.
pub(super) fn quarantine_expired(entry: &Entry) -> Finding {
    let title = format!("quarantine of `{}` expired on {}", entry.test, entry.expires);
    Finding::new(&QUARANTINE_EXPIRED, title, &[&entry.test])
        .detail(format!("owner {}: {}", entry.owner, entry.reason))
        .named("quarantine", entry.test.as_str())
        .at(entry.location.clone())
        .help("fix the test and remove the entry, or let its owner set a new day")
}

/// An entry of the quarantine that is for no test of the run.
pub(super) fn quarantine_unused(entry: &Entry) -> Finding {
    Finding::new(
        &QUARANTINE_UNUSED,
        format!("quarantine of `{}` matches no test", entry.test),
        &[&entry.test],
    )
    .detail(format!("owner {}: {}", entry.owner, entry.reason))
    .named("quarantine", entry.test.as_str())
    .at(entry.location.clone())
    .help("remove it, or correct the name: it must be the full name shown in findings, or contain a `*`")
}
