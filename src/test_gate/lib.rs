//! Checks the test, coverage and benchmark reports of a change.
//!
//! Owns the reading of test reports and the rules about them; counts come from test cases, memory grows only with what went
//! wrong. A report that is missing, cut off or not understood is a finding, because a crashed run looks just like that.
//! Opens no socket, starts no process except the command of `run`, and must not know how findings are judged, printed or
//! waived.

mod archive;
mod arguments;
mod artifacts;
mod attempt_reports;
mod attempts;
mod baseline;
mod baseline_command;
mod beyond_end;
mod bystanders;
mod cases;
mod change_under_test;
mod collector;
mod command;
mod console_output;
mod covered;
mod detect;
mod environment;
mod execution;
mod exports;
mod files;
mod formats;
#[cfg(any(test, feature = "fuzzing"))]
#[cfg_attr(feature = "fuzzing", doc(hidden))]
pub mod fuzzing;
mod gate_files;
mod glance;
mod ledger;
mod limits;
mod listed;
mod moment;
mod other_xml;
mod packed;
mod partitions;
mod places;
mod producer;
#[cfg(test)]
mod properties;
mod quarantined;
mod read;
mod records;
mod rerun;
mod rules;
mod run;
mod sections;
#[cfg(test)]
#[path = "../../tests/it/skipped.rs"]
mod skipped;
mod slowest;
mod tally;
mod trace;

use std::borrow::Cow;

use clap::Command;
use serde::Serialize;

use self::arguments::Action;
pub use self::arguments::Arguments;
use self::change_under_test::ChangeUnderTest;
use self::collector::Keep;
use self::files::Mark;
use self::gate_files::GateFiles;
pub use self::glance::{Glance, Tests, glance};
use self::limits::Limits;
use self::records::Earlier;
use self::run::RunFacts;
use self::sections::Failures;
use devops_core::report::facts;
use devops_core::{Error, Rule};
use devops_job::{Context, Job, Key, Kind, Outcome, Step, Turn};

/// The job.
pub struct TestGate;

impl Job for TestGate {
    const NAME: &'static str = "test-gate";
    const ABOUT: &'static str = "Check the test, coverage and benchmark reports of a change";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Gate;
    const KEYS: &'static [(&'static str, Key)] = arguments::KEYS;
    const ARTIFACTS: &'static [&'static str] = artifacts::NAMES;

    const STALE: Option<Rule> = Some(rules::STALE);

    const EVENT: devops_events::Kind = devops_events::Kind::Test;

    fn rules() -> &'static [Rule] {
        rules::all()
    }

    fn subcommands() -> Vec<Command> {
        arguments::subcommands()
    }

    fn turn(mut arguments: Arguments, step: &Step) -> Turn<Arguments> {
        match arguments.action {
            Action::Run if step.is_dry => {
                arguments.action = Action::Judge;
                let note = "its command was not started in a dry run, and the existing reports were judged";
                Turn::Run(arguments, Some(note.to_owned()))
            }
            Action::Baseline | Action::Merge if step.is_dry => {
                Turn::Skip("because a dry run writes no baseline")
            }
            _ => Turn::Run(arguments, None),
        }
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        if arguments.paths.is_empty() {
            return Err(Error::usage("no path to a report given")
                .help("give reports, folders or patterns, e.g. `test-gate target/surefire-reports`"));
        }
        if arguments.attempts && arguments.paths.len() < 2 {
            return Err(Error::usage("`attempts` needs a path for each attempt")
                .help("give the paths in the order of the attempts, such as `test-gate attempt-1 attempt-2 --attempts`"));
        }
        arguments.check_paths()?;
        match arguments.action {
            Action::Judge => judge(arguments, context, arguments.test_exit_code, &[]),
            Action::Run => run(arguments, context),
            Action::Baseline => baseline_command::baseline(arguments, context),
            Action::Merge => baseline_command::merge(arguments, context),
        }
    }
}

/// What a run adds to the details of the report.
#[derive(Debug, Serialize)]
struct RunDetails<'a> {
    command: EndedCommand<'a>,
}

/// The command that was started, and how it ended.
#[derive(Debug, Serialize)]
struct EndedCommand<'a> {
    words: &'a [Cow<'a, str>],
    exit_code: i64,
}

/// Starts the command, and judges the reports it left.
fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    let before =
        files::find(&arguments.paths, &arguments.exclude, &context.report_dir, context.workspace()).marks();
    let ended = command::run(&arguments.run_command, &context.working_directory)?;
    let mut outcome = judge(arguments, context, Some(ended), &before)?;
    // A change can choose the command, so readers of the verdict must see it.
    let words: Vec<_> = arguments.run_command.iter().map(|word| word.to_string_lossy()).collect();
    let command = EndedCommand { words: &words, exit_code: ended };
    outcome.details.extend(facts(&RunDetails { command }));
    outcome.notes.push(format!("ran: {}", words.join(" ")));
    Ok(outcome)
}

/// Judges the reports; those that are still as they were `before` the run are none of its own.
fn judge(
    arguments: &Arguments,
    context: &Context,
    exit_code: Option<i64>,
    before: &[Mark],
) -> Result<Outcome, Error> {
    let limits = Limits::of(arguments)?;
    let change = ChangeUnderTest::find(arguments, context)?;
    let files = GateFiles::read(arguments, context, &change)?;
    let found = files::find(&arguments.paths, &arguments.exclude, &context.report_dir, context.workspace());
    let keep = Keep { cases: context.has_page, ..arguments.keep(files.need_names()) };
    let facts = RunFacts::read(&found, keep, arguments, &limits.prefixes, &change);
    let base = Earlier::of(files.baseline.as_ref(), &facts, &limits.tests);
    let change = change.with_lines(sections::coverage::is_judged(&facts, &base, &limits.coverage))?;
    let failures = Failures::of(&facts, base.tests.as_ref(), arguments.new_failures_only);
    let covered = facts.coverage.scoped(&limits.scope, base.coverage, change.lines());
    let mut outcome = sections::join([
        files.section(&facts, arguments),
        sections::reports::section(&facts, &failures, &found, arguments, exit_code),
        sections::reports::stale(&facts, &found.unchanged(before)),
        sections::comparison::section(&facts, base.tests.as_ref(), &limits.tests),
        failures.rerun(),
        sections::coverage::section(&facts, &covered, &limits.coverage, &change),
        sections::benchmarks::section(&facts, base.benchmarks.as_deref(), &limits.benchmarks),
        sections::slowest::section(&facts),
        sections::change::section(&change),
    ]);
    places::locate(&mut outcome, &facts.coverage, &change);
    quarantined::apply(files.quarantine.as_ref(), &facts, context, &mut outcome);
    outcome.artifacts = artifacts::artifacts(&arguments.exports, &facts, &covered)?;
    outcome.reports = sections::reports::reports_of(&facts);
    outcome.cases = facts.cases;
    Ok(outcome)
}
