//! Promotion: move live traffic from one colour to the other, safely, and back if it goes wrong.
//!
//! Plan → journal → drive → report. The plan is pure (`plan`), the target keeps routing and record (`targets`), the machine
//! drives one through the other and back (`machine`). Must not know GitHub or GitLab, nor how reports look.

mod arguments;
mod colour;
mod health;
mod hooks;
mod http;
mod journal;
mod machine;
mod outcome;
mod plan;
mod signals;
mod targets;

pub use arguments::{
    Action, Arguments, CheckArguments, HaproxyArguments, HookArguments, NoData, SymlinkArguments,
};
pub use colour::Colour;
pub use targets::Choice;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use self::hooks::Hooks;
use self::journal::{Kind, Lock, Phase, Record};
use self::machine::Machine;
use self::plan::{Decision, Observed, Parts, Request, Step, decide};
use self::signals::Cancel;
use self::targets::{Change, Target};
use crate::ci;
use crate::core::{Error, Rule};
use crate::job::{self, Context, Job, Outcome, Turn};

/// The job.
pub struct Promote;

impl Job for Promote {
    const NAME: &'static str = "promote";
    const ABOUT: &'static str =
        "Move live traffic from one colour to the other, safely, and back if it goes wrong";
    type Arguments = Arguments;
    const KIND: job::Kind = job::Kind::Change;
    const POLICY: &'static [&'static str] = &[];

    fn rules() -> &'static [Rule] {
        outcome::RULES
    }

    fn turn(mut arguments: Arguments, step: &job::Step) -> Turn<Arguments> {
        arguments.action = Some(if step.is_dry { Action::Plan } else { Action::Run });
        Turn::Run(arguments, None)
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        let Some(action) = arguments.action else {
            return Err(Error::usage("no action given")
                .help("say what to do: `promote plan`, `run`, `status`, `rollback` or `resume`"));
        };
        health::check(&arguments.checks)?;
        let target = targets::open(arguments, context)?;
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
    let run = ci::run(context.host, &context.environment);
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
        gate: health::describe_gate(checks, record.to),
        verify: health::describe_verify(checks, record.to),
        start: hooks.start_hook.clone(),
        before: hooks.before_hook.clone(),
        after: hooks.after_hook.clone(),
        stop: hooks.stop_hook.clone(),
        ..target.places()
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::environment("can't start").because(error))?;
    runtime.block_on(async {
        let cancel = Cancel::listen()?;
        let lock = arguments.state_dir.join(format!("{}.lock", targets::state_name(arguments)));
        let patience = Duration::from_secs(arguments.lock_timeout);
        let Some(_lock) = Lock::take(lock, patience, &cancel).await? else {
            return Ok(outcome::cancelled_early(target));
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
                Ok(outcome::ended(target, record, end, note, (&machine.steps, arguments)))
            }
            Decision::Back(record) => {
                let machine = machine(record, &None);
                let end = machine.finish_back();
                Ok(outcome::ended(target, record, end, None, (&machine.steps, arguments)))
            }
            Decision::Unchanged { record: Some(record) } => {
                note_generation(target, &observed, record)?;
                Ok(outcome::settled(target, &observed, &decision))
            }
            _ => Ok(outcome::settled(target, &observed, &decision)),
        }
    })
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
