//! Reports that a deployment started, succeeded or failed to every destination, to each exactly once.
//!
//! Owns the deployment record, its journal, the outbox and the destinations. Must not know how a deployment is made,
//! nor judging or printing; a destination that is down never delays a deployment by more than the budget.

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

pub use arguments::Arguments;
pub use destinations::{DESTINATIONS, DestinationArguments, DestinationEntry};
pub use record::Action;

use std::rc::Rc;
use std::time::Duration;

use self::destinations::Opening;

use devops_core::{Error, Rule};
use devops_job::{Context, Job, Kind, Moment, Outcome, Step, Turn};
use devops_net::Http;

/// Seconds that all destinations together may take where the run is about to be killed: a host that cancels one does so ten seconds
/// later.
const HURRIED_BUDGET: u64 = 2;

/// The job.
pub struct Annotate;

impl Job for Annotate {
    const NAME: &'static str = "annotate";
    const ABOUT: &'static str =
        "Report that a deployment started, succeeded or failed to every place that should know";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Record;
    const POLICY: &'static [&'static str] = &[];

    const EVENT: devops_events::Kind = devops_events::Kind::Deployment;

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    fn turn(mut arguments: Arguments, step: &Step) -> Turn<Arguments> {
        arguments.action = Some(match step.moment {
            Moment::Started => Action::Start,
            Moment::Finished => Action::Finish,
            Moment::Failed => Action::Fail,
            Moment::Judge | Moment::Change => return Turn::Skip("because nothing started or ended"),
        });
        arguments.dry_run = step.is_dry;
        arguments.names.id = arguments.names.id.or_else(|| step.deployment.clone());
        if step.is_hurried {
            arguments.budget = HURRIED_BUDGET;
        }
        Turn::Run(arguments, None)
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        let history = journal::read(&arguments.journal)?;
        let prepared = preparation::prepare(arguments, context, &history)?;
        let connect = Duration::from_secs(arguments.budget.min(5));
        let opened = destinations::open(&Opening {
            named: &arguments.destinations,
            arguments: &arguments.own,
            journal: &arguments.journal,
            context,
            record: &prepared.record,
            is_overtaken: prepared.is_overtaken,
            http: Rc::new(Http::new(arguments.ca_file.clone(), connect)),
        })?;
        if arguments.dry_run {
            return Ok(outcome::planned(context, &prepared, &opened, &history));
        }
        let summary = outbox::deliver(arguments, context, &prepared, &opened, &history)?;
        Ok(outcome::delivered(arguments, &prepared, &summary))
    }
}
