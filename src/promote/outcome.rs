//! The outcome of a promotion: state, findings with the next step, exit.
//!
//! Owns the rules and the words. Must not touch a target.

use serde::Serialize;

use super::arguments::Arguments;
use super::colour::{Colour, Live};
use super::health::health_url;
use super::journal::{Phase, Record};
use super::machine::{End, Stop};
use super::plan::{Decision, Observed, Step};
use super::state::State;
use super::targets::Target;
use devops_core::report::facts;
use devops_core::rule::rules;
use devops_core::words::count;
use devops_core::{Exit, Finding, Rule, Severity};
use devops_job::Outcome;

rules! {
    /// Every rule of the job.
    pub(crate) const RULES;

    UNHEALTHY: "promotion-unhealthy", High, "the colour to promote never became healthy; nothing was changed";
    HOOK_FAILED: "promotion-hook-failed", High, "a command before the switch failed; nothing was changed";
    ROLLED_BACK: "promotion-rolled-back", High,
        "the promoted colour did not hold up, and the one before is live again";
    HELD: "promotion-held", High, "the promotion stands half way and a human must look";
    CANCELLED: "promotion-cancelled", Medium, "the promotion was cancelled before it changed anything";
    SUPERSEDED: "promotion-superseded", Low, "a newer promotion came first; nothing was changed";
}

/// The details of a report.
#[derive(Debug, Serialize)]
struct Details<'a> {
    state: State,
    target: String,
    from: Option<Colour>,
    to: Option<Colour>,
    generation: u64,
    owner: Option<&'a str>,
    plan: &'a [Step],
    /// What is live, where a report says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<&'a Live>,
}

/// What a report has about each promotion, whatever its result.
fn base(
    target: &dyn Target,
    state: State,
    record: Option<&Record>,
    live: Option<&Live>,
    plan: &[Step],
) -> Outcome {
    let details = Details {
        state,
        target: target.name(),
        from: record.and_then(|record| record.from),
        to: record.map(|record| record.to),
        generation: record.map_or(0, |record| record.generation),
        owner: record.map(|record| record.owner.as_str()),
        plan,
        live,
    };
    Outcome {
        notes: target.notes(),
        is_live: Some(state.is_success()),
        details: facts(&details),
        ..Outcome::default()
    }
}

/// "from blue to green, generation 42".
fn route(record: &Record) -> String {
    let Record { to, generation, .. } = record;
    match record.from {
        Some(from) => format!("from {from} to {to}, generation {generation}"),
        None => format!("to {to}, generation {generation}"),
    }
}

/// The plan that `run` would follow.
pub(crate) fn planned(
    target: &dyn Target,
    record: &Record,
    steps: &[Step],
    arguments: &Arguments,
) -> Outcome {
    let mut outcome = base(target, State::Planned, Some(record), None, steps);
    outcome.headline = format!("{}: planned, {}", route(record), count(steps.len() as u64, "step"));
    for (index, step) in steps.iter().enumerate() {
        outcome.notes.push(sentence(index + 1, step));
    }
    outcome.notes.extend(unchecked(record, arguments));
    outcome
}

/// A step in one line.
fn sentence(number: usize, step: &Step) -> String {
    let mut text = format!("{number}. {}: ", step.id);
    text.push_str(&if step.writes.is_empty() { "writes nothing".to_owned() } else { step.writes.join("; ") });
    text.push_str(&format!(" (if {}", step.guard));
    if !step.undo.is_empty() {
        text.push_str(&format!("; undo: {}", step.undo));
    }
    text.push(')');
    text
}

/// What was not checked, for want of a URL.
fn unchecked(record: &Record, arguments: &Arguments) -> Vec<String> {
    let mut notes = Vec::new();
    let to = record.to;
    if health_url(&arguments.checks, to).is_none() {
        notes.push(format!("Without `{to}-url`, the health of {to} is not checked before the switch."));
    }
    if arguments.checks.verify_url.is_none() {
        notes.push(
            "Without `verify-url`, the switch is confirmed by reading the routing back only.".to_owned(),
        );
    }
    notes
}

/// Where the target stands.
pub(crate) fn status(target: &dyn Target, observed: &Observed) -> Outcome {
    let record = observed.record.as_ref();
    let state = match record.map(|record| record.phase) {
        None | Some(Phase::Stopped) => State::Unchanged,
        Some(Phase::Committed) => State::Promoted,
        Some(Phase::Reverted) => State::RolledBack,
        Some(Phase::Intent | Phase::Switched | Phase::Reverting) => State::Held,
    };
    let mut outcome = base(target, state, record, Some(&observed.live), &[]);
    let live = &observed.live;
    outcome.headline = match record {
        None => format!("{live} is live, no promotion on record"),
        Some(record) => {
            let Record { generation, owner, .. } = record;
            format!("{live} is live, generation {generation} of {owner}: {}", record.phase.as_str())
        }
    };
    if let Some(record) = record.filter(|record| record.phase.is_unfinished()) {
        let title = format!("generation {} is unfinished ({})", record.generation, record.phase.as_str());
        outcome.findings.push(
            about(&HELD, title, target, record)
                .severity(Severity::Medium)
                .help(format!("finish it: `promote run --generation {}`", record.generation)),
        );
    }
    outcome
}

/// The outcome where nothing had to be driven.
pub(crate) fn settled(target: &dyn Target, observed: &Observed, decision: &Decision) -> Outcome {
    let record = observed.record.as_ref();
    let live = &observed.live;
    match decision {
        Decision::Superseded(generation) => superseded(target, record, *generation, &[]),
        Decision::Foreign(text) => {
            let mut outcome = base(target, State::Held, record, Some(live), &[]);
            let title = format!("{} points at `{text}`, which is neither colour", target.name());
            outcome.headline.clone_from(&title);
            outcome.findings.push(Finding::new(&HELD, title, &[&target.name()]).named("target", target.name()).help(
                "find out who changed it, then point it at blue or green, or correct the colours in the settings",
            ));
            outcome.exit = Some(Exit::NeedsHuman);
            outcome
        }
        Decision::Back(record) => {
            let mut outcome = base(target, State::Planned, Some(record), Some(live), &[]);
            outcome.headline = format!("{}: was cut off on its way back, `run` finishes it", route(record));
            outcome
        }
        Decision::Idle(why) => {
            let mut outcome = base(target, State::Unchanged, record, Some(live), &[]);
            outcome.headline = format!("{live} is live, nothing to do: unchanged");
            outcome.notes.push(why.clone());
            outcome
        }
        Decision::Unchanged { record: new } => {
            let record = new.as_ref().or(record);
            let mut outcome = base(target, State::Unchanged, record, Some(live), &[]);
            let generation = record.map_or(0, |record| record.generation);
            outcome.headline = format!("{live} is live already, generation {generation}: unchanged");
            outcome
        }
        Decision::Go { record, .. } => base(target, State::Planned, Some(record), Some(live), &[]),
    }
}

fn superseded(target: &dyn Target, record: Option<&Record>, generation: u64, plan: &[Step]) -> Outcome {
    let mut outcome = base(target, State::Superseded, record, None, plan);
    outcome.headline = format!("superseded by generation {generation}, nothing changed");
    let title = format!("{} already stands at generation {generation}", target.name());
    outcome.findings.push(
        Finding::new(&SUPERSEDED, title, &[&target.name()])
            .named("target", target.name())
            .about("generation", generation)
            .help("nothing to do if the newer promotion is the one you want; otherwise run a new pipeline"),
    );
    outcome.exit = Some(Exit::Superseded);
    outcome
}

/// The outcome if a signal asked to stop while another run held the lock.
pub(crate) fn cancelled_early(target: &dyn Target) -> Outcome {
    let mut outcome = base(target, State::Unchanged, None, None, &[]);
    "cancelled while waiting for another promotion, nothing changed".clone_into(&mut outcome.headline);
    outcome.findings.push(cancelled(target, None));
    outcome.exit = Some(Exit::NeedsHuman);
    outcome
}

fn cancelled(target: &dyn Target, record: Option<&Record>) -> Finding {
    let title = format!("the promotion of {} was cancelled before the switch", target.name());
    let finding = Finding::new(&CANCELLED, title, &[&target.name()]).named("target", target.name());
    let finding = finding.help("run it again if the new colour is still wanted");
    record.map_or(finding.clone(), |record| finding.about("generation", record.generation))
}

/// A finding about a promotion.
fn about(rule: &Rule, title: String, target: &dyn Target, record: &Record) -> Finding {
    Finding::new(rule, title, &[&target.name(), record.to.as_str()])
        .named("target", target.name())
        .about("generation", record.generation)
        .about("to", record.to.as_str())
        .about("from", record.from.map(Colour::as_str))
}

/// The outcome of a driven promotion.
pub(crate) fn ended(
    target: &dyn Target,
    record: &Record,
    end: End,
    note: Option<String>,
    context: (&[Step], &Arguments),
) -> Outcome {
    let (steps, arguments) = context;
    let route = route(record);
    let make = |state: State, headline: String, findings: Vec<Finding>, exit: Option<Exit>| {
        let outcome = base(target, state, Some(record), None, steps);
        Outcome { headline, findings, exit, ..outcome }
    };
    let mut outcome = match end {
        End::Promoted => {
            let mut outcome = make(State::Promoted, format!("{route}: promoted"), Vec::new(), None);
            outcome.notes.extend(unchecked(record, arguments));
            outcome
        }
        End::Superseded(generation) => superseded(target, Some(record), generation, steps),
        End::Stopped(stop) => {
            // Set explicitly, so that neither `fail-on` nor a waiver makes a release that did not happen look like one.
            let exit = if matches!(stop, Stop::Cancelled) { Exit::NeedsHuman } else { Exit::GateFailed };
            let finding = stopped(target, record, &stop);
            let headline = format!("{route}: nothing changed, {}", cause(&stop));
            make(State::Unchanged, headline, vec![finding], Some(exit))
        }
        End::RolledBack(stop, trouble) => {
            let from = Live::from(record.from);
            let finding = about(
                &ROLLED_BACK,
                format!("{} did not hold up, {from} is live again", record.to),
                target,
                record,
            )
            .detail(detail(&stop))
            .help(
                "find out what is wrong with it before you promote it again; the next run needs no clean-up",
            );
            let headline = format!("{route}: rolled back, {}", cause(&stop));
            let mut outcome = make(State::RolledBack, headline, vec![finding], Some(Exit::RolledBack));
            outcome.notes.extend(trouble);
            outcome
        }
        End::Held(stop, why) => {
            let finding = about(&HELD, format!("{} stands half way: {why}", target.name()), target, record)
                .detail(detail(&stop))
                .help(format!(
                    "look at what is live with `promote status`, then finish with `promote run --generation {}` or return with `promote rollback`",
                    record.generation
                ));
            make(State::Held, format!("{route}: held, {why}"), vec![finding], Some(Exit::NeedsHuman))
        }
    };
    outcome.notes.extend(note);
    outcome
}

/// The finding of a promotion that ended before the switch.
fn stopped(target: &dyn Target, record: &Record, stop: &Stop) -> Finding {
    let to = record.to;
    match stop {
        Stop::Cancelled => cancelled(target, Some(record)),
        Stop::Hook(name, _) => {
            about(&HOOK_FAILED, format!("the {name} failed, {to} was not promoted"), target, record)
                .detail(detail(stop))
                .help(format!("correct the command of `{name}`, or what it found, and run again"))
        }
        _ => about(&UNHEALTHY, format!("{to} did not become healthy and was not promoted"), target, record)
            .detail(detail(stop))
            .help(format!("make {to} healthy, then run again; nothing has to be cleaned up")),
    }
}

/// Why, in a few words that fit after a comma.
fn cause(stop: &Stop) -> String {
    match stop {
        Stop::Unhealthy(_) => "it did not become healthy".to_owned(),
        Stop::Hook(name, _) => format!("the {name} failed"),
        Stop::Wrong(_) => "users did not get it".to_owned(),
        Stop::NoData(_) => "no answer".to_owned(),
        Stop::Cancelled => "cancelled".to_owned(),
        Stop::Superseded(generation) => format!("superseded by generation {generation}"),
        Stop::Elsewhere(live) => format!("{live} was live instead"),
        Stop::Trouble(_) => "the surroundings failed".to_owned(),
    }
}

/// Why, as long as it needs to be.
fn detail(stop: &Stop) -> String {
    match stop {
        Stop::Unhealthy(why) | Stop::Wrong(why) | Stop::NoData(why) => why.clone(),
        Stop::Hook(name, how) => format!("the {name} {how}"),
        Stop::Cancelled => "the run was cancelled, or was cut off on its way back".to_owned(),
        Stop::Superseded(_) | Stop::Elsewhere(_) => cause(stop),
        Stop::Trouble(error) => error.to_string(),
    }
}
