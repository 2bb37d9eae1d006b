//! The table of jobs: one line each, in the order a pipeline runs those of a kind.

use std::ffi::OsString;

use clap::Command;

use annotate::Annotate;
use dep_scan::DepScan;
use devops_config::{Refusal, Setting};
use devops_core::{Bill, Cases, Error, Exit, Report, Rule};
use devops_events::Event;
use devops_job::command::command;
use devops_job::prepare::{Prepared, Project, prepare_in};
use devops_job::run::{Executed, execute, rules, run};
use devops_job::{Artifact, Common, Context, Job, Key, Kind, OwnFormat, Step, Turn};
use image_scan::ImageScan;
use promote::Promote;
use test_gate::TestGate;

/// Every job.
pub const JOBS: &[Entry] =
    &[entry::<TestGate>(), entry::<DepScan>(), entry::<ImageScan>(), entry::<Promote>(), entry::<Annotate>()];

/// A job as the pipeline sees it: its name, and functions where a single binary has types.
pub struct Entry {
    /// Name of the job, its binary and its table.
    pub name: &'static str,
    /// The question it answers.
    pub about: &'static str,
    /// What it does to the world.
    pub kind: Kind,
    /// Its command line.
    pub command: fn() -> Command,
    /// What a change may do with its keys before it is merged.
    pub keys: &'static [(&'static str, Key)],
    /// The formats that not every job writes.
    pub formats: &'static [OwnFormat],
    /// Every rule it can report findings of.
    pub rules: fn() -> Vec<Rule>,
    /// Runs it as the binary of its name does.
    pub(super) run: fn(&[OsString], Context) -> Exit,
    /// Finds its settings.
    pub(super) prepare: Prepare,
}

/// Finds the settings of a job in a project that was read already.
type Prepare = fn(&mut Project, &[OsString], &Context) -> Result<Box<dyn Stage>, Refusal>;

/// A job's line in the table.
const fn entry<J: Job + 'static>() -> Entry {
    Entry {
        name: J::NAME,
        about: J::ABOUT,
        kind: J::KIND,
        command: command::<J>,
        keys: J::KEYS,
        formats: J::FORMATS,
        rules: rules::<J>,
        run: run::<J>,
        prepare: prepare_stage::<J>,
    }
}

/// Every rule there is, once.
pub fn all_rules() -> Vec<Rule> {
    let mut all: Vec<Rule> = Vec::new();
    for rule in JOBS.iter().flat_map(|entry| (entry.rules)()) {
        if all.iter().all(|known| known.id != rule.id) {
            all.push(rule);
        }
    }
    all
}

/// Every rule, below the name of its job; below "several jobs" those that more than one job has.
pub(super) fn rules_by_job() -> Vec<(&'static str, Vec<Rule>)> {
    let all: Vec<Rule> = JOBS.iter().flat_map(|entry| (entry.rules)()).collect();
    let is_own = |rule: &Rule| all.iter().filter(|other| other.id == rule.id).count() == 1;
    let own = |entry: &Entry| (entry.rules)().into_iter().filter(is_own).collect();
    let shared = all_rules().into_iter().filter(|rule| !is_own(rule)).collect();
    JOBS.iter().map(|entry| (entry.name, own(entry))).chain([("several jobs", shared)]).collect()
}

/// The entry of a job.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    JOBS.iter().find(|entry| entry.name == name)
}

/// A job with its settings, ready to take its steps in a pipeline.
pub(super) trait Stage {
    /// Name of the job.
    fn name(&self) -> &'static str;
    /// What it does to the world.
    fn kind(&self) -> Kind;
    /// The settings all jobs share, as this job sees them.
    fn common(&self) -> &Common;
    /// All settings, with where each came from.
    fn settings(&self) -> &[Setting];
    /// The formats that not every job writes.
    fn formats(&self) -> &'static [OwnFormat];
    /// Takes a step.
    fn take(&self, step: &Step, context: &Context) -> Taken;
}

/// What became of a step.
pub(super) enum Taken {
    /// The job ran.
    Ran(Box<Ran>),
    /// It did not; the fragment says why.
    Skipped(&'static str),
}

/// How a job ran.
pub(super) struct Ran {
    /// What it found and decided.
    pub(super) report: Report,
    /// What it leaves beside its report.
    pub(super) artifacts: Vec<Artifact>,
    /// Tests by name for the page.
    pub(super) cases: Cases,
    /// What was judged is made of, where a format needs it.
    pub(super) bill: Option<Bill>,
    /// What it adds to the event log.
    pub(super) events: Vec<Event>,
    /// What stopped it, if something did.
    pub(super) error: Option<Error>,
    /// Of a change: whether what was wanted is live now.
    pub(super) is_live: Option<bool>,
}

impl<J: Job> Stage for Prepared<J> {
    fn name(&self) -> &'static str {
        J::NAME
    }

    fn kind(&self) -> Kind {
        J::KIND
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn settings(&self) -> &[Setting] {
        &self.settings
    }

    fn formats(&self) -> &'static [OwnFormat] {
        J::FORMATS
    }

    fn take(&self, step: &Step, context: &Context) -> Taken {
        match J::turn(self.arguments.clone(), step) {
            Turn::Skip(why) => Taken::Skipped(why),
            Turn::Run(arguments, note) => {
                let context = self.context(context.clone());
                let Executed { mut report, artifacts, cases, bill, events, error, is_live } =
                    execute(self, &arguments, &context);
                report.notes.extend(note);
                Taken::Ran(Box::new(Ran { report, artifacts, cases, bill, events, error, is_live }))
            }
        }
    }
}

fn prepare_stage<J: Job + 'static>(
    project: &mut Project,
    line: &[OsString],
    context: &Context,
) -> Result<Box<dyn Stage>, Refusal> {
    Ok(Box::new(prepare_in::<J>(project, line, context)?))
}
