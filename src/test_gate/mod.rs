//! May this change go on, judged by its test reports?

use clap::Args;

use crate::core::{Error, Rule};
use crate::job::{Context, Job, Outcome};

/// The job.
pub struct TestGate;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {}

impl Job for TestGate {
    const NAME: &'static str = "test-gate";
    const ABOUT: &'static str = "May this change go on, judged by its test reports?";
    type Arguments = Arguments;

    fn rules() -> &'static [Rule] {
        &[]
    }

    fn run(_arguments: &Arguments, _context: &Context) -> Result<Outcome, Error> {
        Ok(Outcome::default())
    }
}
