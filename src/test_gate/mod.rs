//! May this change go on, judged by its test reports?
//!
//! Owns the reading of test reports and the rules about them; counts come from test cases, memory grows only with what went
//! wrong. A report that is missing, cut off or not understood is a finding, for a crashed run looks just like that.
//! Opens no socket, starts no process, and must not know how findings are judged, printed or waived.

mod archive;
mod arguments;
mod attempts;
mod baseline;
mod benchmarks;
mod collector;
mod command;
mod coverage;
mod detect;
mod encoding;
mod excerpt;
mod execution;
mod exports;
mod files;
mod foreign;
mod formats;
mod gate;
mod git;
mod glob;
mod json;
mod ledger;
mod lines;
mod producer;
#[cfg(test)]
mod properties;
mod read;
mod rules;
mod shape;
mod tally;
mod trace;
mod trouble;
mod xml;

use std::ffi::OsString;

use self::arguments::Action;
pub use self::arguments::Arguments;
use self::collector::Keep;
use self::gate::Gate;
use crate::core::{Error, Rule};
use crate::job::{BaseFile, Common, Context, Job, Outcome};

/// The job.
pub struct TestGate;

impl Job for TestGate {
    const NAME: &'static str = "test-gate";
    const ABOUT: &'static str = "May this change go on, judged by its test, coverage and benchmark reports?";
    type Arguments = Arguments;
    const POLICY: &'static [&'static str] = &["min-tests"];
    const UNHEARD: &'static [&'static str] = &["base"];

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    fn spell(line: Vec<OsString>) -> Vec<OsString> {
        command::spell(line)
    }

    fn base_file(
        arguments: &Arguments,
        common: &Common,
        context: &Context,
    ) -> Result<Option<BaseFile>, Error> {
        git::policy::base_file(&arguments.base, common, context)
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        if arguments.paths.is_empty() {
            return Err(Error::usage("no path to a report given")
                .help("name reports, folders or patterns, as `test-gate target/surefire-reports`"));
        }
        match arguments.action {
            Action::Judge => judge(arguments, context, arguments.test_exit_code, &[]),
            Action::Run => run(arguments, context),
            Action::Baseline | Action::Merge => Err(Error::bug("not joined yet")),
        }
    }
}

/// Starts the command, and judges the reports it left.
fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    let before = files::find(&arguments.paths).marks();
    let ended = command::run(&arguments.command, &context.working_directory)?;
    judge(arguments, context, Some(ended), &before)
}

/// Judges the reports; those that are still as they were `before` are no news.
fn judge(
    arguments: &Arguments,
    context: &Context,
    exit_code: Option<i64>,
    before: &[files::Mark],
) -> Result<Outcome, Error> {
    let found = files::find(&arguments.paths);
    let keep = Keep { names: false, tests: !arguments.exports.is_empty() };
    let readings = read::all(&found.reports, keep);
    let mut gate = Gate::default();
    for (file, (content, input)) in found.reports.iter().zip(readings) {
        gate.file(file, content, input);
    }
    let base = git::policy::base(&arguments.base, &context.working_directory, &context.environment)?;
    if let git::Base::Unknown(failure) = &base {
        gate.finding(git::policy::unknown(failure));
    }
    gate.stale(&found.unchanged(before));
    gate.exit_code(exit_code);
    gate.outcome(arguments, &found)
}
