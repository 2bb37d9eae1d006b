//! Does this change bring in packages with known vulnerabilities?

use clap::Args;

use crate::core::{Error, Rule};
use crate::job::{Context, Job, Outcome};

/// The job.
pub struct DepScan;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {}

impl Job for DepScan {
    const NAME: &'static str = "dep-scan";
    const ABOUT: &'static str = "Does this change bring in packages with known vulnerabilities?";
    type Arguments = Arguments;

    fn rules() -> &'static [Rule] {
        &[]
    }

    fn run(_arguments: &Arguments, _context: &Context) -> Result<Outcome, Error> {
        Ok(Outcome::default())
    }
}
