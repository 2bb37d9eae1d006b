//! The rules, and the findings they make of what was read.

use std::sync::LazyLock;

use super::attempts::State;
use super::baseline;
use super::collector::{GroupError, Reading};
use super::command;
use super::execution::{Problem, numbered};
use super::trace;
use devops_core::rule::rules;
use devops_core::words::{count, counted, number};
use devops_core::{Finding, Location, Rule, Severity, why};
use devops_reading::excerpt;
use devops_reading::trouble::{Position, Troubles};

rules! {
    /// The rules about tests and reports themselves, causes before what follows from them: findings are shown in this order.
    pub(super) const OWN;

    FAILED: "test-failed", High, "a test failed or ended with an error";
    RUN_ERRORED: "run-errored", High, "a run was aborted, or reports an error outside of its tests";
    SUITE_ERRORED: "suite-errored", High,
        "a suite failed outside of its tests, or claims failures that no test shows";
    UNEXPLAINED: "exit-unexplained", High,
        "the run that wrote the reports failed, and no report explains why";
    UNREADABLE: "report-unreadable", High, "a report is truncated, malformed or in an unknown format";
    MISSING: "report-missing", High, "a path has no report";
    STALE: "report-stale", High, "a report was not written by this run: it existed before, or the change commits it";
    DUPLICATE: "report-duplicate", Medium, "two test reports are identical, so one of them was given twice";
    EMPTY: "report-empty", High, "a report contains no test";
    TOO_FEW_REPORTS: "too-few-reports", High, "there are fewer test reports than required";
    TOO_FEW: "too-few-tests", High, "there are fewer tests than required";
    FLAKY: "test-flaky", Low, "a test passed only after failing";
}

/// Rules whose findings the headline counts.
pub(super) const COUNTED: &[&str] = &[
    FAILED.id,
    FLAKY.id,
    SUITE_ERRORED.id,
    RUN_ERRORED.id,
    UNREADABLE.id,
    MISSING.id,
    baseline::rules::FAILED_BEFORE.id,
];

/// Every rule of this job.
pub(super) fn all() -> &'static [Rule] {
    static ALL: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        [OWN, baseline::rules::RULES, devops_coverage::RULES, devops_benchmarks::RULES].concat()
    });
    &ALL
}

/// Rules whose findings mean that the run is incomplete.
const BROKEN: [&str; 10] = [
    SUITE_ERRORED.id,
    RUN_ERRORED.id,
    TOO_FEW.id,
    TOO_FEW_REPORTS.id,
    MISSING.id,
    UNREADABLE.id,
    EMPTY.id,
    UNEXPLAINED.id,
    STALE.id,
    baseline::rules::VANISHED.id,
];

/// Whether a finding is about a test, a suite or a run, and so may stand in the project's own source.
pub(super) fn is_in_source(finding: &Finding) -> bool {
    [FAILED.id, FLAKY.id, SUITE_ERRORED.id, RUN_ERRORED.id].contains(&finding.rule.as_str())
}

/// Whether the run is whole: nothing broke off, and nothing that should be there is missing.
pub(super) fn is_whole(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| BROKEN.contains(&finding.rule.as_str()))
}

/// Maximum number of findings of each rule; what is left out is counted.
pub(super) const LISTED: usize = 1_000;

/// A test that failed or was flaky.
pub(super) fn test(problem: &Problem, report: &str) -> Finding {
    let rule = if problem.state.is_red() { &FAILED } else { &FLAKY };
    let Problem { suite, classname, name, attempts, .. } = problem;
    let title = problem.title();
    // Namesakes in one report are distinguished by their order, because nothing else differs.
    let row = if problem.row == 1 { String::new() } else { problem.row.to_string() };
    let mut identity = vec![suite.as_str(), classname, name];
    identity.extend([row.as_str(), &problem.environment].into_iter().filter(|part| !part.is_empty()));
    let mut detail = problem.message.clone();
    if problem.state == State::Flaky {
        let place = problem.told_in.as_deref().map(|report| format!(" in {report}")).unwrap_or_default();
        let passed = format!("passed on attempt {attempts} of {attempts}{place}");
        detail = if detail.is_empty() { passed } else { format!("{passed}; before: {detail}") };
    }
    let mut detail = joined(&detail, &problem.message, &problem.detail);
    if let Some(note) = repetition(problem) {
        detail = format!("{detail}\n{note}");
    }
    // Where an attempt passed, what stands there is what failed before.
    let told_in = problem.told_in.as_deref().filter(|_| problem.state.is_red());
    let place = place(told_in.unwrap_or(report), problem.at);
    let mut finding = Finding::new(rule, title.as_str(), &identity)
        .detail(detail.trim())
        .named("test", title.as_str())
        .named("suite", suite.as_str())
        .named("classname", classname.as_str())
        .named("name", numbered(name, problem.row))
        .about("outcome", problem.state.as_str())
        .about("message", problem.message.as_str())
        .about("attempts", *attempts)
        .about("report", place.to_string());
    if !problem.environment.is_empty() {
        finding = finding.about("test_environment", problem.environment.as_str());
    }
    if let Some(location) = &problem.location {
        finding = finding.at(location.clone());
    }
    finding.help(match (&problem.rerun, problem.state) {
        (Some(command), _) => format!("again: {command}"),
        (None, State::Flaky) => format!("find out why it failed at first: see {place}"),
        (None, _) => format!("run this test alone and fix it: see {place}"),
    })
}

/// What is to be known of cases that share a name.
fn repetition(problem: &Problem) -> Option<String> {
    if problem.is_assumed {
        return Some(
            "cases with this name are attempts because of `repeated-cases = \"attempts\"`".to_owned(),
        );
    }
    if let Some(report) = problem.passed_in.as_deref().filter(|_| problem.state.is_red()) {
        return Some(format!(
            "a test with this name passed in {report}; if that is a later attempt, set `attempts`"
        ));
    }
    let is_open = problem.is_unclear && problem.rows > 1 && problem.state.is_red();
    is_open.then(|| {
        format!(
            "{} have this name, and each counts as a test; if they are attempts at one test, set `repeated-cases = \"attempts\"`",
            counted(problem.rows, "case", "cases")
        )
    })
}

/// What is said first, and below it the trace without the message that it repeats at its beginning.
fn joined(first: &str, message: &str, trace: &str) -> String {
    // A trace often starts with the message, or with the name of an error in front of it.
    let is_said = |at: &usize| {
        let (before, after) = trace.split_at_checked(*at).unwrap_or_default();
        let after = after.get(message.len()..).unwrap_or_default();
        let is_start = !before.contains('\n') || before.lines().all(why::is_noise);
        !message.is_empty() && is_start && (after.is_empty() || after.starts_with('\n'))
    };
    let rest = match trace.find(message).filter(is_said) {
        Some(at) => trace.get(at + message.len()..).unwrap_or_default(),
        None => trace,
    };
    let parts = [first, rest.trim_start_matches('\n')];
    let parts: Vec<&str> = parts.into_iter().filter(|text| !text.is_empty()).collect();
    parts.join("\n").trim_end().to_owned()
}

/// A test that failed and did not at the baseline, of which no more is known than its name.
pub(super) fn new_failure(test: &str, within: &str, name: &str, environment: &str) -> Finding {
    let finding = Finding::new(&FAILED, test, &[within, test])
        .detail(format!(
            "it did not fail in the baseline; messages are kept only for the first {} failures",
            number(LISTED as u64)
        ))
        .named("test", test)
        .named("name", name)
        .help("run this test alone and fix it; its report contains the reason");
    if environment.is_empty() { finding } else { finding.about("test_environment", environment) }
}

/// A suite that went wrong apart from its cases.
pub(super) fn suite(error: &GroupError, report: &str) -> Finding {
    let place = place(report, Some(error.at));
    let name = if error.name.is_empty() { report } else { &error.name };
    Finding::new(&SUITE_ERRORED, name, &[name, &error.message])
        .detail(said(error))
        .named("suite", error.name.as_str())
        .about("message", error.message.as_str())
        .about("report", place.to_string())
        .help(match &error.rerun {
            Some(command) => format!("again: {command}"),
            None => format!("find out what failed before or after the tests of this suite: see {place}"),
        })
        .at(source(error).unwrap_or(place))
}

/// A run that went wrong as a whole.
pub(super) fn run(error: &GroupError, report: &str) -> Finding {
    let place = place(report, Some(error.at));
    let name = if error.name.is_empty() { report } else { &error.name };
    Finding::new(&RUN_ERRORED, name, &[name, &error.message])
        .detail(said(error))
        .named("run", error.name.as_str())
        .about("message", error.message.as_str())
        .about("report", place.to_string())
        .help(match &error.rerun {
            Some(command) => format!("again: {command}"),
            None => format!("find out what failed outside of the tests: see {place}"),
        })
        .at(source(error).unwrap_or(place))
}

/// What could not be understood of a report: one finding, at the first place.
pub(super) fn unreadable(troubles: &Troubles, report: &str, help: Option<&str>) -> Option<Finding> {
    let first = troubles.kept().first()?;
    let mut all: Vec<String> = troubles
        .kept()
        .iter()
        .map(|trouble| match place(report, Some(trouble.at)) {
            place if place.line.is_some() => format!("{place}: {}", trouble.what),
            _ => trouble.what.clone(),
        })
        .collect();
    if troubles.more() > 0 {
        all.push(format!("and {}", counted(troubles.more(), "more place", "more places")));
    }
    let finding = Finding::new(&UNREADABLE, format!("{report}: {}", first.what), &[report])
        .detail(all.join("\n"))
        .about("report", report)
        .about("problem", first.what.as_str())
        .at(place(report, Some(first.at)))
        .help(help.unwrap_or(
            "make sure that the run ends properly and writes a supported format, then run it again",
        ));
    Some(finding)
}

/// A report without a test.
pub(super) fn empty(reading: &Reading, report: &str, bytes: u64) -> Finding {
    let title = if bytes == 0 { "is empty" } else { "contains no test" };
    Finding::new(&EMPTY, format!("{report} {title}"), &[report])
        .detail(format!(
            "{} in {}, no test case",
            count(reading.suites, "suite"),
            counted(bytes, "byte", "bytes")
        ))
        .about("report", report)
        .at(Location::file(report))
        .help("make sure that the tests were found and ran, or remove this report from the paths")
}

/// A report of coverage or benchmarks without any.
pub(super) fn nothing(report: &str, what: &str) -> Finding {
    Finding::new(&EMPTY, format!("{report} {what}"), &[report])
        .about("report", report)
        .at(Location::file(report))
        .help("make sure that the run measured something, or remove this report from the paths")
}

/// A path that stands for nothing.
pub(super) fn missing(path: &str, why: &str) -> Finding {
    Finding::new(&MISSING, format!("no report at {path}"), &[path])
        .detail(why)
        .about("path", path)
        .named("file", path)
        .help(match path {
            "run" | "baseline" => {
                "write this sub-command before the paths: `test-gate run PATH... -- COMMAND`"
            }
            _ => "make sure that the tests ran and wrote their report there, or correct the path",
        })
}

/// Fewer tests than there must be.
pub(super) fn too_few(tests: u64, minimum: u64) -> Finding {
    let title = format!("found {}, expected at least {}", count(tests, "test"), number(minimum));
    Finding::new(&TOO_FEW, title, &[])
        .about("tests", tests)
        .about("minimum", minimum)
        .help("find out which tests or reports are missing, or set `min-tests` to the expected number")
}

/// Fewer reports than there must be.
pub(super) fn too_few_reports(reports: u64, minimum: u64) -> Finding {
    let title = format!("found {}, expected at least {}", count(reports, "test report"), number(minimum));
    Finding::new(&TOO_FEW_REPORTS, title, &[])
        .about("reports", reports)
        .about("minimum", minimum)
        .help("find out which shard or job delivered no report, or set `min-reports` to the expected number")
}

/// A report that was handed in before, under another name.
pub(super) fn duplicate(report: &str, first: &str) -> Finding {
    Finding::new(&DUPLICATE, format!("{report} is the same as {first}"), &[report, first])
        .detail("both have the same bytes, including times; its tests are counted once")
        .about("report", report)
        .about("same_as", first)
        .at(Location::file(report))
        .help("give each report once; if a shard should have written its own, find out why it did not")
}

/// Fewer tests than at the baseline.
pub(super) fn dropped(said: String, tests: u64, minimum: u64) -> Finding {
    Finding::new(&TOO_FEW, said, &["dropped"])
        .about("tests", tests)
        .about("minimum", minimum)
        .help("find out which tests or reports are missing; if they were removed on purpose, raise `max-test-drop` or renew the baseline")
}

/// Tests of which none took place.
pub(super) fn none_ran(tests: u64) -> Finding {
    Finding::new(&TOO_FEW, format!("none of {} ran", count(tests, "test")), &["none ran"])
        .severity(Severity::Medium)
        .detail("every test was skipped or did not run")
        .about("tests", tests)
        .about("ran", 0)
        .help("find out why all tests are skipped")
}

/// A run that failed for no reason that a report gives.
pub(super) fn unexplained(code: i64, tests: u64, red: u64) -> Finding {
    let meaning = command::meaning(code);
    Finding::new(&UNEXPLAINED, format!("the run ended with exit code {code}{meaning}"), &[])
        .detail(match red {
            0 => format!("none of {} in the reports failed", count(tests, "test")),
            _ => "the failures in the reports don't explain this".to_owned(),
        })
        .about("exit_code", code)
        .about("tests", tests)
        .help("look at the end of the run's log: it failed before or after the reported tests")
}

/// A report that was not written by the command.
pub(super) fn stale(report: &str) -> Finding {
    Finding::new(&STALE, format!("{report} was not written by the command"), &[report])
        .detail("it is unchanged since before the command ran")
        .about("report", report)
        .at(Location::file(report))
        .help("remove old reports before the run, and make sure that the command writes this one")
}

/// Findings of a rule that are not listed.
pub(super) fn more(rule: &Rule, amount: u64) -> Finding {
    let what = match rule.id {
        id if id == FLAKY.id => counted(amount, "more test was flaky", "more tests were flaky"),
        id if id == FAILED.id => counted(amount, "more test failed", "more tests failed"),
        id if id == RUN_ERRORED.id => counted(amount, "more run failed", "more runs failed"),
        _ => counted(amount, "more suite failed", "more suites failed"),
    };
    Finding::new(rule, what, &["more"])
        .detail(format!("only the first {} are listed, all are counted", number(LISTED as u64)))
        .about("not_listed", amount)
        .help("fix the listed ones first: so many failures usually have one cause")
}

/// What an error of a suite or a run says, why it went wrong first.
fn said(error: &GroupError) -> String {
    joined(&excerpt::message(&error.message, &error.detail), &error.message, &error.detail)
}

/// The place in the project's own source that an error names.
fn source(error: &GroupError) -> Option<Location> {
    let traced = trace::find(&error.detail, "").or_else(|| trace::find(&error.message, ""));
    let is_path = error.name.contains(['/', '\\']);
    traced.or_else(|| {
        (is_path && trace::is_source(&error.name)).then(|| Location::file(trace::tidy(&error.name)))
    })
}

/// A place in a report.
fn place(report: &str, at: Option<Position>) -> Location {
    match at.filter(|at| at.line > 0) {
        Some(at) => Location { column: Some(at.column), ..Location::line(report, at.line) },
        None => Location::file(report),
    }
}
