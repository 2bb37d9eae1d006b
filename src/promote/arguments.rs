//! The job's own flags: those that all targets share, and the groups that others own.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::colour::Colour;
use super::health::CheckArguments;
use super::hooks::HookArguments;
use super::targets::{TargetArguments, TargetEntry};
use devops_job::DeploymentArguments;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Print what `run` would do, in order; change nothing
    Plan,
    /// Promote, or finish a promotion that was interrupted
    Run,
    /// Print which colour is live and whether a promotion is unfinished
    Status,
    /// Return to the colour that was live before
    Rollback,
    /// Finish an interrupted promotion; change nothing if there is none
    Resume,
}

/// The job's own flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Promotion")]
pub struct Arguments {
    /// What to do
    #[arg(value_name = "ACTION", value_enum)]
    pub action: Option<Action>,

    /// Kind of switch that directs traffic to blue or green
    #[arg(long, value_name = "NAME", value_enum, default_value_t = super::targets::DEFAULT)]
    pub target: TargetEntry,

    /// Colour to promote [default: the one that is not live]
    #[arg(long, value_name = "COLOUR", value_enum)]
    pub to: Option<Colour>,

    /// Number of this promotion, e.g. `42`; a lower number than the last one is rejected [default: the pipeline's, else
    /// the last one plus 1]
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,

    /// Folder of the lock, the hooks' logs and the journal of `symlink`; keep it from run to run
    #[arg(long, value_name = "DIR", default_value = ".devops", value_hint = ValueHint::DirPath)]
    pub state_dir: PathBuf,

    /// Maximum seconds to wait for another promotion of the same target
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub lock_timeout: u64,

    /// Names of the deployment in the event log.
    #[command(flatten)]
    pub names: DeploymentArguments,

    /// Flags of the targets.
    #[command(flatten)]
    pub targets: TargetArguments,

    /// Checks before and after the switch.
    #[command(flatten)]
    pub checks: CheckArguments,

    /// Commands before and after the switch.
    #[command(flatten)]
    pub hooks: HookArguments,
}
