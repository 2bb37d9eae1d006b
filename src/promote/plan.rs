//! What is to be done, decided from what is there and what was asked for; pure.
//!
//! Owns the decision forward, back or nothing, and the steps of a promotion. Must not touch a target, a file or the clock.

use serde::Serialize;

use super::colour::{Colour, Live};
use super::hooks::HookArguments;
use super::journal::{Kind, Phase, Record};
use devops_core::Error;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observed {
    /// Where traffic goes.
    pub(crate) live: Live,
    /// The last promotion, if there was one.
    pub(crate) record: Option<Record>,
}

impl Observed {
    /// The generation of the last promotion; 0 if there was none.
    pub(crate) fn generation(&self) -> u64 {
        self.record.as_ref().map_or(0, |record| record.generation)
    }
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Forward or back.
    pub(crate) kind: Kind,
    /// Whether only a promotion that was cut off is to be finished.
    pub(crate) is_resume: bool,
    /// The colour, if one was named.
    pub(crate) to: Option<Colour>,
    /// The generation, if one was named.
    pub(crate) generation: Option<u64>,
    /// The generation the pipeline stands for, if there is a pipeline.
    pub(crate) sequence: Option<u64>,
    /// Who runs it, for people.
    pub(crate) owner: String,
}

/// What follows from both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Promote, as this record says; `recover` first, if an older run was cut off on its way back.
    Go {
        /// The record of the promotion, with its intent.
        record: Record,
        /// The record of the run that has to be taken back first.
        recover: Option<Record>,
    },
    /// Finish going back, then stop.
    Back(Record),
    /// The colour is live already; `record` is to be written if it contains something new.
    Unchanged {
        /// The record to write.
        record: Option<Record>,
    },
    /// There is nothing to do, for this reason.
    Idle(String),
    /// A newer promotion was here, of this generation.
    Superseded(u64),
    /// Traffic goes somewhere that is neither colour.
    Foreign(String),
}

/// Decides.
///
/// # Errors
/// Where the request contradicts the record: another colour for the same generation, nothing to roll back to.
pub(crate) fn decide(observed: &Observed, request: &Request) -> Result<Decision, Error> {
    if let Live::Foreign(text) = &observed.live {
        return Ok(Decision::Foreign(text.clone()));
    }
    let generation = generation(observed, request);
    if let Some(why) = idle(observed, generation, request) {
        return Ok(Decision::Idle(why));
    }
    match &observed.record {
        Some(record) if generation < record.generation => Ok(Decision::Superseded(record.generation)),
        Some(record) if generation == record.generation => resume(observed, record, request),
        _ => begin(observed, generation, request),
    }
}

/// Why there is nothing to do, if a run would start something that was not asked for.
fn idle(observed: &Observed, generation: u64, request: &Request) -> Option<String> {
    let record = observed.record.as_ref();
    if request.is_resume && !record.is_some_and(|record| record.phase.is_unfinished()) {
        return Some("No promotion was cut off, so there is nothing to resume.".to_owned());
    }
    // Rolling back a rollback would return to the colour that it has just left.
    let record = record.filter(|_| request.kind == Kind::Rollback && request.to.is_none())?;
    let is_done = record.kind == Kind::Rollback && record.phase == Phase::Committed;
    (is_done && observed.live.is(record.to) && generation > record.generation).then(|| {
        format!(
            "Generation {} was a rollback already; to go forward, promote: `promote run --to {}`.",
            record.generation,
            record.to.other()
        )
    })
}

/// The generation of this run: asked for, of the pipeline, of the run to finish, or the next one.
fn generation(observed: &Observed, request: &Request) -> u64 {
    let next = observed.generation().saturating_add(1);
    let unfinished = observed.record.as_ref().filter(|record| record.phase.is_unfinished());
    let own = unfinished.filter(|record| request.kind == Kind::Run || record.kind == Kind::Rollback);
    match (request.generation, request.sequence, request.kind) {
        (Some(generation), ..) | (None, Some(generation), Kind::Run) => generation,
        (None, sequence, Kind::Rollback) if own.is_none() => next.max(sequence.unwrap_or(0)),
        _ => own.map_or(next, |record| record.generation),
    }
}

/// The same generation again: finish what it began.
fn resume(observed: &Observed, record: &Record, request: &Request) -> Result<Decision, Error> {
    let to = request.to.unwrap_or(record.to);
    if to != record.to {
        let message = format!("generation {} already promotes to {}", record.generation, record.to);
        return Err(Error::usage(message).help("give a higher `generation` to promote to another colour"));
    }
    let is_live = observed.live.is(record.to);
    Ok(match record.phase {
        Phase::Reverting => Decision::Back(record.clone()),
        Phase::Committed if is_live => Decision::Unchanged { record: None },
        _ => {
            let from = if is_live { record.from } else { observed.live.colour() };
            let record =
                Record { from, phase: Phase::Intent, owner: request.owner.clone(), ..record.clone() };
            Decision::Go { record, recover: None }
        }
    })
}

/// A generation that was not here before.
fn begin(observed: &Observed, generation: u64, request: &Request) -> Result<Decision, Error> {
    let last = observed.record.as_ref();
    let recover = last.filter(|record| record.phase == Phase::Reverting);
    // Where the last run was cut off on its way back, it ends up where it came from.
    let live = recover.and_then(|record| record.from).or(observed.live.colour());
    let unfinished = last.filter(|record| record.phase.is_unfinished());
    let to = match request.kind {
        Kind::Rollback => previous(last, request)?,
        // The colour to act on comes from the journal where a run was cut off, never from what happens to be live.
        Kind::Run => request
            .to
            .or(unfinished.map(|record| record.to))
            .unwrap_or_else(|| live.map_or(Colour::Blue, Colour::other)),
    };
    let adopted = unfinished.filter(|record| record.to == to && live == Some(to));
    let from = match (adopted, live) {
        (Some(record), _) => record.from,
        (None, Some(live)) if live == to => last.and_then(|record| record.from).filter(|from| *from != to),
        (None, live) => live,
    };
    let record = Record {
        schema_version: Record::SCHEMA_VERSION,
        generation,
        kind: request.kind,
        from,
        to,
        phase: Phase::Intent,
        owner: request.owner.clone(),
        place: None,
    };
    if live == Some(to) && adopted.is_none() && recover.is_none() {
        // A run that finds a rollback done leaves it a rollback, or the next one would return to what was left.
        let kind = last.filter(|last| last.to == to).map_or(request.kind, |last| last.kind);
        let record = Record { kind, ..record };
        return Ok(Decision::Unchanged { record: Some(record.in_phase(Phase::Committed)) });
    }
    Ok(Decision::Go { record, recover: recover.cloned() })
}

/// The colour that a rollback returns to.
fn previous(last: Option<&Record>, request: &Request) -> Result<Colour, Error> {
    let previous = last.and_then(|record| match record.kind {
        Kind::Rollback => Some(record.to),
        Kind::Run => record.from,
    });
    let Some(previous) = previous else {
        return Err(Error::usage("there is no earlier colour on record to roll back to")
            .help("name the colour and promote to it: `promote run --to blue`"));
    };
    match request.to {
        Some(to) if to != previous => {
            Err(Error::usage(format!("a rollback returns to {previous}, the colour before, not to {to}"))
                .help(format!("leave `to` out, or promote: `promote run --to {to}`")))
        }
        _ => Ok(previous),
    }
}

/// A step of a promotion, by the name that plans show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepId {
    /// Take back what an older run left half done.
    Recover,
    /// Write down what is about to happen.
    Intend,
    /// Run the command that starts the candidate.
    StartHook,
    /// Wait until the candidate is healthy.
    Health,
    /// Run the command before the switch.
    BeforeHook,
    /// Change the routing.
    Switch,
    /// Watch what users get.
    Verify,
    /// Run the command after the switch.
    AfterHook,
    /// Write down that it is done.
    Commit,
    /// Run the command that cleans up.
    StopHook,
}

impl StepId {
    /// The name that plans show.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Recover => "recover",
            Self::Intend => "intend",
            Self::StartHook => "start-hook",
            Self::Health => "health",
            Self::BeforeHook => "before-hook",
            Self::Switch => "switch",
            Self::Verify => "verify",
            Self::AfterHook => "after-hook",
            Self::Commit => "commit",
            Self::StopHook => "stop-hook",
        }
    }
}

/// One step of a plan, as people and reports see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) id: &'static str,
    /// Everything it writes or runs, in order.
    pub(crate) writes: Vec<String>,
    /// What must hold for it to be done.
    pub(crate) guard: String,
    /// What takes it back, where something does.
    pub(crate) undo: String,
    /// The same for the machine.
    #[serde(skip)]
    pub(crate) which: StepId,
}

/// What changes of a target write, for plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// What a change of the journal alone writes.
    pub(crate) journal: Vec<String>,
    /// What a change of the routing writes, in order.
    pub(crate) routing: Vec<String>,
}

/// What a plan's steps are made of.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// What the target writes.
    pub(crate) places: Places,
    /// What the health check asks, if it asks.
    pub(crate) health: Option<String>,
    /// What the verification asks.
    pub(crate) verify: String,
    /// The commands.
    pub(crate) hooks: &'a HookArguments,
}

/// The steps of a promotion, in the order they are done.
pub(crate) fn steps(record: &Record, recover: Option<&Record>, parts: &Parts<'_>) -> Vec<Step> {
    let Record { generation, to, .. } = record;
    let Parts { places, hooks, .. } = parts;
    let from = Live::from(record.from);
    let back = if record.from.is_some() { format!("switch back to {from}") } else { String::new() };
    let step = |which: StepId, writes: Vec<String>, guard: &str, undo: &str| Step {
        id: which.as_str(),
        writes,
        guard: guard.to_owned(),
        undo: undo.to_owned(),
        which,
    };
    let hook = |id, command: &Option<String>, guard: &str, undo: &str| {
        command.as_ref().map(|command| step(id, vec![format!("sh -c {command}")], guard, undo))
    };
    let fence = format!("generation {generation} is not below the one on record");
    let swap = format!("{from} is live and generation {generation} is on record");
    let routing =
        || places.routing.iter().map(|place| format!("{place}: {from} to {to}")).collect::<Vec<_>>();
    let journal = |phase: Phase| {
        let line = |place: &String| format!("{place}: {}, generation {generation}", phase.as_str());
        places.journal.iter().map(line).collect::<Vec<_>>()
    };
    let recovery = recover.map(|old| {
        let target = Live::from(old.from);
        let writes = places.routing.iter().map(|place| format!("{place}: back to {target}")).collect();
        step(StepId::Recover, writes, &format!("generation {} is on record", old.generation), "")
    });
    let health = parts.health.as_ref().map(|check| step(StepId::Health, Vec::new(), check, ""));
    let clean_up = if hooks.stop_hook.is_some() { "stop-hook" } else { "" };
    [
        recovery,
        Some(step(StepId::Intend, journal(Phase::Intent), &fence, "")),
        hook(StepId::StartHook, &hooks.start_hook, "exit 0", clean_up),
        health,
        hook(StepId::BeforeHook, &hooks.before_hook, "exit 0", ""),
        Some(step(StepId::Switch, routing(), &swap, &back)),
        Some(step(StepId::Verify, Vec::new(), &parts.verify, &back)),
        hook(StepId::AfterHook, &hooks.after_hook, "exit 0", &back),
        Some(step(StepId::Commit, journal(Phase::Committed), &format!("{to} is live"), "")),
        hook(StepId::StopHook, &hooks.stop_hook, "always", ""),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{Colour, Decision, Kind, Live, Observed, Phase, Record, Request, decide};

    const PHASES: [Phase; 6] =
        [Phase::Intent, Phase::Switched, Phase::Committed, Phase::Reverting, Phase::Reverted, Phase::Stopped];

    fn observed(live: Colour, phase: Phase) -> Observed {
        let record = Record {
            schema_version: Record::SCHEMA_VERSION,
            generation: 5,
            kind: Kind::Run,
            from: Some(Colour::Blue),
            to: Colour::Green,
            phase,
            owner: "test".to_owned(),
            place: None,
        };
        Observed { live: Live::Colour(live), record: Some(record) }
    }

    fn request(generation: Option<u64>) -> Request {
        Request {
            kind: Kind::Run,
            is_resume: false,
            to: None,
            generation,
            sequence: None,
            owner: "test".to_owned(),
        }
    }

    #[test]
    fn a_lower_generation_is_refused_whatever_is_found() {
        for phase in PHASES {
            for live in Colour::ALL {
                let decision = decide(&observed(live, phase), &request(Some(4))).unwrap();
                assert_eq!(decision, Decision::Superseded(5));
            }
        }
    }

    #[test]
    fn a_cut_off_run_is_finished_with_its_own_colours() {
        for phase in [Phase::Intent, Phase::Switched] {
            for live in Colour::ALL {
                for generation in [None, Some(5), Some(6)] {
                    let Decision::Go { record, .. } =
                        decide(&observed(live, phase), &request(generation)).unwrap()
                    else {
                        panic!("{phase:?} {live} {generation:?}");
                    };
                    assert_eq!((record.from, record.to), (Some(Colour::Blue), Colour::Green));
                    assert_eq!(record.generation, generation.unwrap_or(5));
                }
            }
        }
    }

    #[test]
    fn a_cut_off_way_back_is_finished_first() {
        for live in Colour::ALL {
            let found = observed(live, Phase::Reverting);
            assert!(matches!(decide(&found, &request(None)).unwrap(), Decision::Back(_)));
            let newer = decide(&found, &request(Some(6))).unwrap();
            assert!(matches!(newer, Decision::Go { recover: Some(_), .. }), "{newer:?}");
        }
    }

    #[test]
    fn a_foreign_route_is_never_guessed_at() {
        let found = Observed { live: Live::Foreign("red".to_owned()), record: None };
        assert_eq!(decide(&found, &request(None)).unwrap(), Decision::Foreign("red".to_owned()));
    }
}
