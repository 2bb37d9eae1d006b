//! The way every job takes through the house: settings, facts, findings, policy, report, files, host, exit.
//!
//! Owns the [`Job`] trait, the flags all jobs share and the order of the steps. Knows no job by name.

pub mod command;
mod committed;
pub mod common;
pub mod console;
pub mod context;
pub mod deliver;
pub mod effective_policy;
pub mod event_lines;
pub mod explain;
pub mod keys;
mod moves;
pub mod prepare;
mod query;
mod redacted;
pub mod report_folder;
pub mod run;
pub mod signals;
pub mod stage;

pub use common::{CONTAINER_SCANNING, Common, DeploymentArguments, Format, Mode};
pub use context::Context;
pub use keys::Key;
pub use run::main;
pub use stage::{Kind, Moment, Step, Turn};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use jiff::Timestamp;

use devops_core::report::Facts;
use devops_core::{Bill, Cases, Error, Exit, Finding, Input, Rule};
use devops_events::Deployment;
use devops_render::{Document, Drawn};

/// A job: what it is called, what it takes, what it can find, and how it looks for it.
pub trait Job {
    /// Name of the binary, the table in `devops.toml` and the action: `test-gate`.
    const NAME: &'static str;
    /// One line: the question the job answers.
    const ABOUT: &'static str;
    /// The job's own flags; their kebab-case names are also the keys and the inputs.
    type Arguments: Args + FromArgMatches + Clone;

    /// What the job does to the world.
    const KIND: Kind;
    /// What a change may do with the job's keys before it is merged. A key that is not listed decides: the target branch's value
    /// holds.
    const KEYS: &'static [(&'static str, Key)];

    /// The rule about a report that is committed with a change and was not written by its run; for jobs that read reports.
    const STALE: Option<Rule> = None;

    /// Names of the files that the job may leave beside its report.
    const ARTIFACTS: &'static [&'static str] = &[];

    /// The formats that not every job writes. They are handed in, so that the binaries of other jobs don't contain them.
    const FORMATS: &'static [OwnFormat] = &[];

    /// The kind of line that the job leaves in the event log.
    const EVENT: devops_events::Kind;

    /// Every rule the job can report findings of.
    fn rules() -> &'static [Rule];

    /// Sub-commands, each of which stands for the value of `action` that is called as it is; most jobs have none.
    ///
    /// They take the job's flags as well. An argument of their own replaces the flag of the same identifier.
    fn subcommands() -> Vec<Command> {
        Vec::new()
    }

    /// Sub-commands that only print an answer, without settings and report; most jobs have none.
    fn queries() -> Vec<Command> {
        Vec::new()
    }

    /// What a query prints.
    ///
    /// # Errors
    /// Where it has no answer; a job without queries is asked for none.
    fn answer(query: &str, _: &ArgMatches) -> Result<String, Error> {
        Err(Error::usage(format!("`{query}` is not a query of this job")))
    }

    /// What the job does at a step of a pipeline; a gate that changes nothing runs as it is.
    fn turn(arguments: Self::Arguments, _: &Step) -> Turn<Self::Arguments> {
        Turn::Run(arguments, None)
    }

    /// What the event log says of the deployment that this call makes, where the call ends in an error; none where it makes none.
    fn attempt(_: &Self::Arguments, _: &Context, _: &Error) -> Option<Noted> {
        None
    }

    /// Reads facts and applies rules. Judging, printing and writing reports are not the job's business.
    ///
    /// # Errors
    /// Where the surroundings keep the job from judging: its own inputs, network, permissions.
    fn run(arguments: &Self::Arguments, context: &Context) -> Result<Outcome, Error>;
}

/// A format that not every job writes, and how it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct OwnFormat {
    /// The format.
    pub format: Format,
    /// The name of its file.
    pub file: &'static str,
    /// Draws it.
    pub draw: fn(&Document<'_>) -> Drawn,
}

impl OwnFormat {
    /// A format under its usual name.
    pub const fn of(format: Format, draw: fn(&Document<'_>) -> Drawn) -> Self {
        let file = match format.file_name() {
            Some(name) => name,
            None => "",
        };
        Self { format, file, draw }
    }
}

/// A file a job leaves beside its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its name in the report folder.
    pub name: &'static str,
    /// What is in it; none where it was not asked for, so that one of an earlier run is removed.
    pub bytes: Option<Vec<u8>>,
}

impl Artifact {
    /// A file of this name.
    pub fn new(name: &'static str, bytes: Vec<u8>) -> Self {
        Self { name, bytes: Some(bytes) }
    }

    /// No file of this name.
    pub fn none(name: &'static str) -> Self {
        Self { name, bytes: None }
    }
}

/// A deployment as the event log notes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    /// Names the deployment: [`crate::events::deployment_uid`].
    pub uid: String,
    /// From 1, growing with each thing that happens to the deployment.
    pub revision: u64,
    /// When it happened, where that is not now.
    pub at: Option<Timestamp>,
    /// What is deployed.
    pub service: String,
    /// Where to.
    pub environment: String,
    /// What happened.
    pub deployment: Deployment,
}

/// What a job found, before anyone judged it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The numbers that make the verdict, in one line: `2 failed, 1 flaky of 1,204 tests in 3 reports (41.2 s)`.
    pub headline: String,
    /// Rules whose findings the headline counts; where it names any, the others that make the verdict are added to it.
    pub counted: &'static [&'static str],
    /// Everything found, in any order.
    pub findings: Vec<Finding>,
    /// What was not looked at, and other things to know; a sentence each.
    pub notes: Vec<String>,
    /// Counts.
    pub totals: Facts,
    /// The job's own facts.
    pub details: Facts,
    /// Every file read.
    pub inputs: Vec<Input>,
    /// Those of them that are reports, which the run should have written.
    pub reports: Vec<Input>,
    /// Where data came from, for the provenance.
    pub data: Facts,
    /// Files to leave beside the report.
    pub artifacts: Vec<Artifact>,
    /// Tests by name for the page, where the context has one; they are no part of the report.
    pub cases: Cases,
    /// What was judged is made of, where the context needs it; no part of the report.
    pub bill: Option<Bill>,
    /// What the event log says of the deployment that was made or noted, if one was.
    pub deployment: Option<Noted>,
    /// The exit the job's own end state stands for, where a verdict says too little: rolled back, held, superseded.
    pub exit: Option<Exit>,
    /// Why the verdict is a warning at least, where no finding says so.
    pub warning: Option<String>,
    /// Of a change: whether what was wanted is live now, or would be after a plan.
    pub is_live: Option<bool>,
}
