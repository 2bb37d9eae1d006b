//! Tells every place that should know that a deployment started, ended or failed, each exactly once.
//!
//! Owns the deployment record, its journal, the outbox and the destinations. Must not know how a deployment is made,
//! nor who judges or prints; a destination that is down never costs a deploy more than the budget.

mod arguments;
mod delivery;
mod destinations;
mod history;
mod journal;
mod outbox;
mod outcome;
mod preparation;
mod record;
mod rules;

pub use arguments::{Action, Arguments, Target};

use crate::core::{Error, Rule};
use crate::job::{Context, Event, Job, Kind, Outcome, Step, Turn};

/// Seconds that all destinations together may take where the run is about to be killed: a host that cancels one does so ten seconds
/// later.
const HURRIED_BUDGET: u64 = 2;

/// The job.
pub struct Annotate;

impl Job for Annotate {
    const NAME: &'static str = "annotate";
    const ABOUT: &'static str =
        "Tell every place that should know that a deployment started, ended or failed";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Record;
    const POLICY: &'static [&'static str] = &[];

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    fn turn(mut arguments: Arguments, step: &Step) -> Turn<Arguments> {
        arguments.action = Some(match step.event {
            Event::Started => Action::Start,
            Event::Finished => Action::Finish,
            Event::Failed => Action::Fail,
            Event::Judge | Event::Change => return Turn::Skip("because nothing started or ended"),
        });
        arguments.dry_run = step.is_dry;
        arguments.id = arguments.id.or_else(|| step.deployment.clone());
        if step.is_hurried {
            arguments.budget = HURRIED_BUDGET;
        }
        Turn::Run(arguments, None)
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        let history = journal::read(&arguments.journal)?;
        let prepared = preparation::prepare(arguments, context, &history)?;
        let destinations = destinations::chosen(arguments, context, &prepared);
        if arguments.dry_run {
            return Ok(outcome::planned(context, &prepared, &destinations, &history));
        }
        let deliveries = outbox::deliver(arguments, context, &prepared, &destinations, &history)?;
        Ok(outcome::delivered(arguments, context, &prepared, &deliveries))
    }
}
