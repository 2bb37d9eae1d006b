//! Is this container image fit to ship, judged by its scanner report?

use clap::Args;

use crate::core::{Error, Rule};
use crate::job::{Context, Job, Outcome};

/// The job.
pub struct ImageScan;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {}

impl Job for ImageScan {
    const NAME: &'static str = "image-scan";
    const ABOUT: &'static str = "Is this container image fit to ship, judged by its scanner report?";
    type Arguments = Arguments;

    fn rules() -> &'static [Rule] {
        &[]
    }

    fn run(_arguments: &Arguments, _context: &Context) -> Result<Outcome, Error> {
        Ok(Outcome::default())
    }
}
