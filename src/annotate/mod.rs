//! Tell every place that should know that a deployment started, ended or failed

use clap::Args;

use crate::core::{Error, Rule};
use crate::job::{Context, Job, Outcome};

/// The job.
pub struct Annotate;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {}

impl Job for Annotate {
    const NAME: &'static str = "annotate";
    const ABOUT: &'static str =
        "Tell every place that should know that a deployment started, ended or failed";
    type Arguments = Arguments;

    fn rules() -> &'static [Rule] {
        &[]
    }

    fn run(_arguments: &Arguments, _context: &Context) -> Result<Outcome, Error> {
        Ok(Outcome::default())
    }
}
