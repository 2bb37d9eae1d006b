//! The table of jobs: one line each, in the order a pipeline runs them.

use std::ffi::OsString;

use clap::Command;

use crate::annotate::Annotate;
use crate::config::{Refusal, Setting};
use crate::core::{Error, Report, Rule};
use crate::dep_scan::DepScan;
use crate::events::Event;
use crate::image_scan::ImageScan;
use crate::job::run::{Executed, command, execute, prepare};
use crate::job::{Artifact, Common, Context, Job};
use crate::policy;
use crate::promote::Promote;
use crate::test_gate::TestGate;

/// A job as the pipeline sees it: its name, and functions where a single binary has types.
pub struct Entry {
    /// Name of the job and its table.
    pub name: &'static str,
    /// Its command line.
    pub command: fn() -> Command,
    /// Its own rules.
    pub rules: fn() -> &'static [Rule],
    /// Runs it.
    pub(super) run: fn(&[OsString], &Context) -> Result<Ran, Refusal>,
    /// Finds its settings.
    pub(super) settings: fn(&[OsString], &Context) -> Result<Vec<Setting>, Refusal>,
    /// The commit at which the change began and the file had a table for the job, where the change takes it away.
    pub(super) dropped: fn(&[OsString], &Context) -> Result<Option<String>, Refusal>,
}

/// How a job ran.
pub(super) struct Ran {
    /// What it found and decided.
    pub(super) report: Report,
    /// What it leaves beside its report.
    pub(super) artifacts: Vec<Artifact>,
    /// What it adds to the event log.
    pub(super) events: Vec<Event>,
    /// What stopped it, if something did.
    pub(super) error: Option<Error>,
    /// The settings all jobs share, as this job saw them.
    pub(super) common: Common,
}

/// Every job, gates first.
pub const JOBS: &[Entry] =
    &[entry::<TestGate>(), entry::<DepScan>(), entry::<ImageScan>(), entry::<Promote>(), entry::<Annotate>()];

/// Every rule there is, the policy's own included.
pub fn all_rules() -> Vec<Rule> {
    let rules = JOBS.iter().flat_map(|entry| (entry.rules)());
    rules.chain(policy::RULES).copied().collect()
}

/// A job's line in the table.
const fn entry<J: Job>() -> Entry {
    Entry {
        name: J::NAME,
        command: command::<J>,
        rules: J::rules,
        run: run::<J>,
        settings: settings::<J>,
        dropped: dropped::<J>,
    }
}

fn run<J: Job>(line: &[OsString], context: &Context) -> Result<Ran, Refusal> {
    let prepared = prepare::<J>(line, context)?;
    let context = prepared.context(context.clone());
    let Executed { report, artifacts, events, error } = execute::<J>(&prepared, &context);
    Ok(Ran { report, artifacts, events, error, common: prepared.common })
}

fn dropped<J: Job>(line: &[OsString], context: &Context) -> Result<Option<String>, Refusal> {
    prepare::<J>(line, context).map(|prepared| prepared.dropped().map(str::to_owned))
}

fn settings<J: Job>(line: &[OsString], context: &Context) -> Result<Vec<Setting>, Refusal> {
    prepare::<J>(line, context).map(|prepared| prepared.settings)
}
