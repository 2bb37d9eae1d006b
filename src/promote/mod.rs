//! Move live traffic from one colour to the other, safely, and back if it goes wrong

use clap::Args;

use crate::core::{Error, Rule};
use crate::job::{Context, Job, Outcome};

/// The job.
pub struct Promote;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {}

impl Job for Promote {
    const NAME: &'static str = "promote";
    const ABOUT: &'static str =
        "Move live traffic from one colour to the other, safely, and back if it goes wrong";
    type Arguments = Arguments;

    fn rules() -> &'static [Rule] {
        &[]
    }

    fn run(_arguments: &Arguments, _context: &Context) -> Result<Outcome, Error> {
        Ok(Outcome::default())
    }
}
