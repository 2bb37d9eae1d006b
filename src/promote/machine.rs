//! Drives a plan step by step, and back when a step after the switch fails.
//!
//! Owns the order and the way back. How a target writes and what a report contains belong to other modules.

use std::cell::Cell;
use std::time::Duration;

use super::colour::Live;
use super::health::{self, CheckArguments, NoData, Sampled};
use super::hooks::{HookArguments, Hooks, LONGEST_END, Ran};
use super::journal::{Phase, Record};
use super::plan::{Step, StepId};
use super::targets::{Change, Target, Written};
use devops_core::Error;
use devops_job::Context;
use devops_net::Cancel;

/// How long the last command may take after a signal asked to stop.
const HURRY: Duration = Duration::from_secs(2);

/// How long a host waits between cancelling a run and killing it.
const HOST_PATIENCE: Duration = Duration::from_millis(7_500);

/// The longest that this process waits after a signal asked to stop: for the end of the command that is running, for the last
/// command, and for the end of that. Everything else it does then is work, whose duration depends on the machine.
const LONGEST_STOP: Duration = LONGEST_END.saturating_add(HURRY).saturating_add(LONGEST_END);

const _: () = assert!(LONGEST_STOP.as_millis() < HOST_PATIENCE.as_millis(), "a cancelled run ends by itself");

/// Why a promotion did not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The candidate never became healthy.
    Unhealthy(String),
    /// A command failed.
    Hook(&'static str, String),
    /// Users do not get what they should.
    Wrong(String),
    /// The verification got no answer.
    NoData(String),
    /// A signal asked to stop.
    Cancelled,
    /// A newer promotion took over.
    Superseded(u64),
    /// Something else changed the routing.
    Elsewhere(Live),
    /// The environment failed.
    Trouble(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Trouble(error)
    }
}

/// How a promotion ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The new colour is live and confirmed.
    Promoted,
    /// The new colour was live, and the old one is again; what could not be put on record about it.
    RolledBack(Stop, Option<String>),
    /// The routing was never changed.
    Stopped(Stop),
    /// A human must look, and this is why it could not go back.
    Held(Stop, String),
    /// A newer promotion took over; nothing was written after that was seen.
    Superseded(u64),
}

/// A plan on its way.
pub(crate) struct Machine<'a> {
    /// What is switched.
    pub(crate) target: &'a dyn Target,
    /// What the promotion is about.
    pub(crate) record: Record,
    /// The older run that has to be taken back first.
    pub(crate) recover: Option<Record>,
    /// What to do.
    pub(crate) steps: Vec<Step>,
    /// What to ask.
    pub(crate) checks: &'a CheckArguments,
    /// What to run.
    pub(crate) commands: &'a HookArguments,
    /// How to run it.
    pub(crate) hooks: Hooks,
    /// Environment and progress.
    pub(crate) context: &'a Context,
    /// Whether a signal asked to stop.
    pub(crate) cancel: Cancel,
    /// Whether the process has stopped itself for a test already.
    pub(crate) has_paused: Cell<bool>,
}

impl Machine<'_> {
    /// Does every step, or goes back; then runs the last command, and returns what went wrong with it.
    ///
    /// # Errors
    /// If the environment failed before anything was changed.
    pub(crate) async fn drive(&self) -> Result<(End, Option<String>), Error> {
        let mut end = End::Promoted;
        for step in self.steps.iter().filter(|step| step.which != StepId::StopHook) {
            if let Err(stop) = self.perform(step.which).await {
                self.context.progress(&format!("{} did not succeed", step.id));
                end = self.turn_back(stop);
                break;
            }
            self.pause(step.id);
        }
        let note = self.finish().await;
        self.pause(StepId::StopHook.as_str());
        match end {
            End::Stopped(Stop::Trouble(error)) => Err(error),
            end => Ok((end, note)),
        }
    }

    /// Finishes a way back that was cut off.
    pub(crate) fn finish_back(&self) -> End {
        self.revert(Stop::Cancelled)
    }

    async fn perform(&self, step: StepId) -> Result<(), Stop> {
        // The last check before something changes: after a signal, nothing more is changed.
        if self.cancel.is_asked().await && step != StepId::Commit {
            return Err(Stop::Cancelled);
        }
        let commands = self.commands;
        let to = Live::Colour(self.record.to);
        match step {
            StepId::Recover => self.take_back(),
            StepId::Intend => {
                let live = self.target.observe()?.live;
                self.write(&Change { expected: live.clone(), live, record: self.record.clone() })
            }
            StepId::StartHook => self.hook("start-hook", commands.start_hook.as_ref()).await,
            StepId::Health => self.health().await,
            StepId::BeforeHook => self.hook("before-hook", commands.before_hook.as_ref()).await,
            StepId::Switch => self.switch(to),
            StepId::Verify => self.verify().await,
            StepId::AfterHook => self.hook("after-hook", commands.after_hook.as_ref()).await,
            StepId::Commit => {
                let record = self.record.in_phase(Phase::Committed);
                self.write(&Change { expected: to.clone(), live: to, record })
            }
            StepId::StopHook => Ok(()),
        }
    }

    /// Takes back what an older run left half done.
    fn take_back(&self) -> Result<(), Stop> {
        let Some(old) = &self.recover else { return Ok(()) };
        self.context.progress(&format!("taking back generation {}, which was cut off", old.generation));
        self.write(&Change {
            expected: Live::Colour(old.to),
            live: Live::from(old.from),
            record: old.in_phase(Phase::Reverted),
        })
    }

    /// Waits until the new colour is healthy.
    async fn health(&self) -> Result<(), Stop> {
        let to = self.record.to;
        let Some(url) = health::health_url(self.checks, to) else { return Ok(()) };
        self.context.progress(&format!("waiting until {to} is healthy at {url}"));
        match health::wait_until_healthy(&url, self.checks, &self.cancel).await? {
            Sampled::Good => Ok(()),
            Sampled::Cancelled => Err(Stop::Cancelled),
            Sampled::Bad(why) | Sampled::NoData(why) => Err(Stop::Unhealthy(format!("{url}: {why}"))),
        }
    }

    fn switch(&self, to: Live) -> Result<(), Stop> {
        if let Some(obstacle) = self.target.obstacle(self.record.to) {
            return Err(Stop::Unhealthy(obstacle));
        }
        let from = Live::from(self.record.from);
        self.context.progress(&format!("switching {} from {from} to {to}", self.target.name()));
        self.write(&Change { expected: from, live: to, record: self.record.in_phase(Phase::Switched) })
    }

    async fn verify(&self) -> Result<(), Stop> {
        let to = self.record.to;
        let observed = self.target.observe()?;
        if !observed.live.is(to) {
            return Err(Stop::Elsewhere(observed.live));
        }
        let Some(url) = &self.checks.verify_url else { return Ok(()) };
        self.context.progress(&format!("confirming at {url} that users get {to}"));
        match health::verify(url, to, self.checks, &self.cancel).await? {
            Sampled::Good => Ok(()),
            Sampled::Cancelled => Err(Stop::Cancelled),
            Sampled::Bad(why) => Err(Stop::Wrong(format!("{url}: {why}"))),
            Sampled::NoData(why) => Err(Stop::NoData(format!("{url}: {why}"))),
        }
    }

    async fn hook(&self, name: &'static str, command: Option<&String>) -> Result<(), Stop> {
        let Some(command) = command else { return Ok(()) };
        self.context.progress(&format!("running {name}: {command}"));
        match self.hooks.run(name, command, &self.record, Some(&self.cancel)).await? {
            Ran::Well => Ok(()),
            Ran::Badly(how) => Err(Stop::Hook(name, how)),
            Ran::Cancelled => Err(Stop::Cancelled),
        }
    }

    /// Runs the last command; its failure changes nothing any more and becomes a note.
    async fn finish(&self) -> Option<String> {
        let command = self.commands.stop_hook.as_ref()?;
        self.context.progress(&format!("running stop-hook: {command}"));
        let timeout = self.hooks.timeout;
        let timeout = if self.cancel.is_asked().await { timeout.min(HURRY) } else { timeout };
        let hooks = Hooks { timeout, ..self.hooks.clone() };
        match hooks.run("stop-hook", command, &self.record, None).await {
            Ok(Ran::Badly(how)) => Some(format!("the stop-hook {how}")),
            Ok(Ran::Well | Ran::Cancelled) => None,
            Err(error) => Some(format!("the stop-hook did not run: {error}")),
        }
    }

    fn write(&self, change: &Change) -> Result<(), Stop> {
        let pause = |point: &str| self.pause(point);
        match self.target.write(change, &pause)? {
            Written::Done => Ok(()),
            Written::Superseded(generation) => Err(Stop::Superseded(generation)),
            Written::Elsewhere(live) => Err(Stop::Elsewhere(live)),
        }
    }

    /// Forward or back is decided by the journal and what is live, never by the memory of this process.
    fn turn_back(&self, stop: Stop) -> End {
        if let Stop::Superseded(generation) = stop {
            return End::Superseded(generation);
        }
        let observed = match self.target.observe() {
            Ok(observed) => observed,
            Err(error) => return End::Held(stop, format!("can't tell what is live: {error}")),
        };
        if observed.generation() > self.record.generation {
            return End::Superseded(observed.generation());
        }
        if observed.generation() < self.record.generation {
            // The intent was never written, so nothing after it was either.
            return End::Stopped(stop);
        }
        let is_ours = observed.live.is(self.record.to);
        match stop {
            Stop::Elsewhere(live) => {
                let why = format!("somebody else switched to {live}");
                End::Held(Stop::Elsewhere(live), why)
            }
            Stop::NoData(why) if self.checks.no_data == NoData::Hold => {
                End::Held(Stop::NoData(why), "`no-data` is `hold`".to_owned())
            }
            stop if is_ours => self.revert(stop),
            stop => {
                // Best effort: an intent that stays behind is finished or replaced by the next run.
                let live = observed.live;
                let record = self.record.in_phase(Phase::Stopped);
                let _ = self.write(&Change { expected: live.clone(), live, record });
                End::Stopped(stop)
            }
        }
    }

    /// Goes back to the colour before, whatever the state of the one that is left.
    fn revert(&self, stop: Stop) -> End {
        let (from, to) = (Live::from(self.record.from), Live::Colour(self.record.to));
        if from == Live::Nothing {
            return End::Held(stop, "no colour was live before".to_owned());
        }
        self.context.progress(&format!("switching {} back to {from}", self.target.name()));
        let intent =
            Change { expected: to.clone(), live: to.clone(), record: self.record.in_phase(Phase::Reverting) };
        let change =
            Change { expected: to, live: from.clone(), record: self.record.in_phase(Phase::Reverted) };
        // A way back that was cut off may have changed the routing already; then there is no intent left to write.
        let is_back = self.target.observe().is_ok_and(|observed| observed.live == from);
        let first = if is_back { Ok(()) } else { self.write(&intent) };
        self.pause("undo-intend");
        let written = match first {
            // Traffic matters more than its record: where the intent can't be written down, users are sent back still.
            Ok(()) | Err(Stop::Trouble(_)) => self.write(&change),
            refused => refused,
        };
        self.pause("undo-switch");
        match written {
            Ok(()) => End::RolledBack(stop, None),
            Err(Stop::Trouble(error)) if self.target.observe().is_ok_and(|found| found.live == from) => {
                let note = "The way back is not on record, so the next run may try the promotion again";
                End::RolledBack(stop, Some(format!("{note}: {error}.")))
            }
            Err(Stop::Superseded(generation)) => End::Superseded(generation),
            Err(Stop::Elsewhere(live)) => End::Held(stop, format!("somebody else switched to {live}")),
            Err(Stop::Trouble(error)) => End::Held(stop, format!("the way back failed: {error}")),
            Err(_) => End::Held(stop, "the way back failed".to_owned()),
        }
    }

    /// In builds for tests, stops the process after the step that a test named, so that it can be killed right there.
    fn pause(&self, point: &str) {
        let is_asked_for =
            cfg!(debug_assertions) && self.context.variable("DEVOPS_TEST_PAUSE_AFTER") == Some(point);
        // Once only: the way back passes some of the points again.
        if is_asked_for && !self.has_paused.replace(true) {
            // A process that can't stop itself fails the test that waits for it.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
        }
    }
}
