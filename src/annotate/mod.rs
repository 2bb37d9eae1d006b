//! Reports that a deployment started, succeeded or failed to every place that should know, to each exactly once.
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

pub use arguments::Arguments;
pub use destinations::{DESTINATIONS, DestinationArguments, DestinationEntry};
pub use record::Action;

use std::rc::Rc;
use std::time::Duration;

use self::destinations::Opening;

use crate::core::{Error, Rule};
use crate::events::Kind;
use crate::job::{Context, Job, Outcome};
use crate::net::Http;

/// The job.
pub struct Annotate;

impl Job for Annotate {
    const NAME: &'static str = "annotate";
    const ABOUT: &'static str =
        "Report that a deployment started, succeeded or failed to every place that should know";
    type Arguments = Arguments;

    const EVENT: Kind = Kind::Deployment;

    fn rules() -> &'static [Rule] {
        rules::RULES
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
