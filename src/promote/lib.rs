//! Promotion: move live traffic from one colour to the other, safely, and back if it goes wrong.
//!
//! Plan → journal → drive → report. The plan is pure (`plan`), the targets, a file and a line of a table each, keep routing and record (`targets`), the machine
//! drives one through the other and back (`machine`). Must not know GitHub or GitLab, nor how reports look.

mod arguments;
mod colour;
mod health;
mod hooks;
mod http;
mod journal;
mod machine;
mod noted;
mod outcome;
mod plan;
mod state;
mod targets;

pub use arguments::{Action, Arguments};
pub use colour::Colour;
pub use health::{CheckArguments, NoData};
pub use hooks::HookArguments;
pub use state::State;
pub use targets::{TARGETS, TargetArguments, TargetEntry};

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use self::hooks::Hooks;
use self::journal::{Kind, Lock, Phase, Record};
use self::machine::Machine;
use self::noted::{noted, progress};
use self::plan::{Decision, Observed, Parts, Request, Step, decide};
use self::targets::{Change, Folders, Target};
use devops_core::{Error, Exit, Rule};
use devops_events::Progress;
use devops_job::report_folder::stays_inside;
use devops_job::{Context, Job, Noted, Outcome, Turn};
use devops_net::Cancel;

/// The job.
pub struct Promote;

impl Job for Promote {
    const NAME: &'static str = "promote";
    const ABOUT: &'static str =
        "Move live traffic from one colour to the other, safely, and back if it goes wrong";
    type Arguments = Arguments;
    const KIND: devops_job::Kind = devops_job::Kind::Change;
    const POLICY: &'static [&'static str] = &[];

    const EVENT: devops_events::Kind = devops_events::Kind::Deployment;

    fn rules() -> &'static [Rule] {
        outcome::RULES
    }

    fn turn(mut arguments: Arguments, step: &devops_job::Step) -> Turn<Arguments> {
        arguments.action = Some(if step.is_dry { Action::Plan } else { Action::Run });
        Turn::Run(arguments, None)
    }

    fn attempt(arguments: &Arguments, context: &Context, error: &Error) -> Option<Noted> {
        let kind = match arguments.action? {
            Action::Plan | Action::Status => return None,
            Action::Run | Action::Resume => Kind::Run,
            Action::Rollback => Kind::Rollback,
        };
        // Invalid settings are no attempt.
        let was_tried = error.kind().exit() != Exit::Usage;
        was_tried.then(|| noted(Progress::Unknown, kind, None, arguments, context))
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        let Some(action) = arguments.action else {
            return Err(Error::usage("no action given")
                .help("say what to do: `promote plan`, `run`, `status`, `rollback` or `resume`"));
        };
        health::check(&arguments.checks)?;
        let folders = Folders { state: &arguments.state_dir, working: &context.working_directory };
        let target = targets::open(arguments.target, &arguments.targets, folders)?;
        match action {
            Action::Status => Ok(outcome::status(target.as_ref(), &target.observe()?)),
            Action::Plan => show(target.as_ref(), arguments, context),
            Action::Run | Action::Resume => run(target.as_ref(), arguments, Kind::Run, context),
            Action::Rollback => run(target.as_ref(), arguments, Kind::Rollback, context),
        }
    }
}

/// What is asked for, by the flags and the pipeline.
fn request(arguments: &Arguments, kind: Kind, context: &Context) -> Request {
    let run = devops_ci::run(context.host, &context.environment);
    Request {
        kind,
        is_resume: arguments.action == Some(Action::Resume),
        to: arguments.to,
        generation: arguments.generation,
        sequence: run.as_ref().map(|run| run.generation),
        owner: run.map_or_else(|| "local".to_owned(), |run| run.name),
    }
}

/// The steps of a promotion with these flags.
fn steps(target: &dyn Target, arguments: &Arguments, record: &Record, recover: Option<&Record>) -> Vec<Step> {
    let (checks, hooks) = (&arguments.checks, &arguments.hooks);
    let parts = Parts {
        places: target.places(),
        health: health::describe_health(checks, record.to),
        verify: health::describe_verify(checks, record.to),
        hooks,
    };
    plan::steps(record, recover, &parts)
}

/// The plan, shown: nothing is written, started or asked over HTTP.
fn show(target: &dyn Target, arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    let observed = target.observe()?;
    let decision = decide(&observed, &request(arguments, Kind::Run, context))?;
    Ok(match &decision {
        Decision::Go { record, recover } => {
            let steps = steps(target, arguments, record, recover.as_ref());
            outcome::planned(target, record, &steps, arguments)
        }
        _ => outcome::settled(target, &observed, &decision),
    })
}

/// A promotion, in a runtime of its own.
fn run(target: &dyn Target, arguments: &Arguments, kind: Kind, context: &Context) -> Result<Outcome, Error> {
    stays_inside(context, &arguments.state_dir)?;
    devops_net::runtime()?.block_on(async {
        let cancel = Cancel::listen()?;
        let lock = arguments.state_dir.join(format!("{}.lock", target.state_name()));
        let patience = Duration::from_secs(arguments.lock_timeout);
        let Some(_lock) = Lock::take(lock, patience, &cancel).await? else {
            let outcome = outcome::cancelled_early(target);
            return Ok(with(outcome, noted(Progress::Cancelled, kind, None, arguments, context)));
        };
        if target.repair()? {
            context.progress("the copy on disk did not agree with the routing, and was repaired");
        }
        let observed = target.observe()?;
        let decision = decide(&observed, &request(arguments, kind, context))?;
        let machine = |record: &Record, recover: &Option<Record>| Machine {
            target,
            record: record.clone(),
            recover: recover.clone(),
            steps: steps(target, arguments, record, recover.as_ref()),
            checks: &arguments.checks,
            commands: &arguments.hooks,
            hooks: hooks(arguments, context),
            context,
            cancel: cancel.clone(),
            has_paused: Cell::new(false),
        };
        match &decision {
            Decision::Go { record, recover } => {
                let machine = machine(record, recover);
                let (end, note) = machine.drive().await?;
                let noted = noted(progress(&end), kind, Some(record.generation), arguments, context);
                let outcome = outcome::ended(target, record, end, note, (&machine.steps, arguments));
                Ok(with(outcome, noted))
            }
            Decision::Back(record) => {
                let machine = machine(record, &None);
                let end = machine.finish_back();
                let noted = noted(progress(&end), kind, Some(record.generation), arguments, context);
                let outcome = outcome::ended(target, record, end, None, (&machine.steps, arguments));
                Ok(with(outcome, noted))
            }
            Decision::Unchanged { record: Some(record) } => {
                note_generation(target, &observed, record)?;
                Ok(outcome::settled(target, &observed, &decision))
            }
            Decision::Superseded(_) | Decision::Foreign(_) => {
                let noted = noted(Progress::Cancelled, kind, None, arguments, context);
                Ok(with(outcome::settled(target, &observed, &decision), noted))
            }
            Decision::Unchanged { record: None } | Decision::Idle(_) => {
                Ok(outcome::settled(target, &observed, &decision))
            }
        }
    })
}

/// The outcome with its entry for the event log.
fn with(outcome: Outcome, deployment: Noted) -> Outcome {
    Outcome { deployment: Some(deployment), ..outcome }
}

/// Leaves the generation behind where nothing else has to change, so that an older run is refused from now on.
fn note_generation(target: &dyn Target, observed: &Observed, record: &Record) -> Result<(), Error> {
    let live = observed.live.clone();
    let record = record.in_phase(Phase::Committed);
    target.write(&Change { expected: live.clone(), live, record }, &|_| {}).map(drop)
}

/// How commands are run.
fn hooks(arguments: &Arguments, context: &Context) -> Hooks {
    let folder = context.working_directory.clone();
    Hooks {
        folder: if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder },
        logs: arguments.state_dir.clone(),
        timeout: Duration::from_secs(arguments.hooks.hook_timeout),
        redactor: context.redactor.clone(),
    }
}
