//! The job's own flags.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::colour::Colour;
use super::targets::Choice;
use crate::job::DeploymentArguments;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Show what `run` would do, in order; change nothing
    Plan,
    /// Promote, or finish a promotion that was cut off
    Run,
    /// Say which colour is live and whether a promotion is unfinished
    Status,
    /// Return to the colour that was live before
    Rollback,
    /// Finish a promotion that was cut off; change nothing if there is none
    Resume,
}

/// The job's own flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Promotion")]
pub struct Arguments {
    /// What to do
    #[arg(value_name = "ACTION", value_enum)]
    pub action: Option<Action>,

    /// What is switched
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Choice::Symlink)]
    pub target: Choice,

    /// Colour to promote to [default: the one that is not live]
    #[arg(long, value_name = "COLOUR", value_enum)]
    pub to: Option<Colour>,

    /// Number of this promotion; a lower one than the last is refused [default: of the pipeline, else the next one]
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,

    /// Folder of the lock, the logs of hooks and the link's journal; must outlive the run
    #[arg(long, value_name = "DIR", default_value = ".devops", value_hint = ValueHint::DirPath)]
    pub state_dir: PathBuf,

    /// How long to wait for another promotion of this target to end
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub lock_timeout: u64,

    /// What names the deployment in the event log.
    #[command(flatten)]
    pub names: DeploymentArguments,

    /// The switched link.
    #[command(flatten)]
    pub symlink: SymlinkArguments,

    /// The switched map.
    #[command(flatten)]
    pub haproxy: HaproxyArguments,

    /// What is asked before and after.
    #[command(flatten)]
    pub checks: CheckArguments,

    /// What is run before and after.
    #[command(flatten)]
    pub hooks: HookArguments,
}

/// Flags of the target `symlink`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target symlink")]
pub struct SymlinkArguments {
    /// Symbolic link that points at the live colour
    #[arg(long, value_name = "PATH", default_value = "current", value_hint = ValueHint::AnyPath)]
    pub link: PathBuf,

    /// What the link points at while blue is live
    #[arg(long, value_name = "PATH", default_value = "blue", value_hint = ValueHint::AnyPath)]
    pub blue: PathBuf,

    /// What the link points at while green is live
    #[arg(long, value_name = "PATH", default_value = "green", value_hint = ValueHint::AnyPath)]
    pub green: PathBuf,
}

/// Flags of the target `haproxy`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target haproxy")]
pub struct HaproxyArguments {
    /// HAProxy's runtime socket: a path, or HOST:PORT
    #[arg(long, value_name = "SOCKET")]
    pub socket: Option<String>,

    /// Map as HAProxy's configuration names it
    #[arg(long, value_name = "MAP")]
    pub map: Option<String>,

    /// File that HAProxy loads the map from when it starts [default: `map`, where the socket is a path]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub map_file: Option<PathBuf>,

    /// Key of the map that holds the live colour
    #[arg(long, value_name = "NAME", default_value = "app")]
    pub key: String,
}

/// Flags of the health gate and the verification.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Checks")]
pub struct CheckArguments {
    /// Where blue itself answers, past the switch
    #[arg(long, value_name = "URL")]
    pub blue_url: Option<String>,

    /// Where green itself answers, past the switch
    #[arg(long, value_name = "URL")]
    pub green_url: Option<String>,

    /// Path below it that answers 2xx when the colour is healthy
    #[arg(long, value_name = "PATH", default_value = "/healthz")]
    pub health_path: String,

    /// How long the colour to promote may take to become healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub health_timeout: u64,

    /// How many good answers in a row make it healthy
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub health_successes: u32,

    /// What users ask, through the switch; asked after it
    #[arg(long, value_name = "URL")]
    pub verify_url: Option<String>,

    /// Text the answer must contain; `{colour}` stands for the promoted colour
    #[arg(long, value_name = "TEXT")]
    pub verify_expect: Option<String>,

    /// How many good answers in a row confirm the switch, and as many bad ones refute it
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub verify_samples: u32,

    /// How long the confirmation may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub verify_timeout: u64,

    /// What to do when the confirmation got no answer at all
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = NoData::Revert)]
    pub no_data: NoData,
}

/// What follows from no data, which is neither good nor bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoData {
    /// Switch back.
    Revert,
    /// Leave the switch as it is and ask for a human.
    Hold,
}

/// Flags of the commands around the switch.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Hooks")]
pub struct HookArguments {
    /// Command that starts the colour to promote, before its health is asked
    #[arg(long, value_name = "COMMAND")]
    pub start_hook: Option<String>,

    /// Command right before the switch
    #[arg(long, value_name = "COMMAND")]
    pub before_hook: Option<String>,

    /// Command after the confirmed switch; if it fails, traffic goes back
    #[arg(long, value_name = "COMMAND")]
    pub after_hook: Option<String>,

    /// Command at the end, however the promotion ends
    #[arg(long, value_name = "COMMAND")]
    pub stop_hook: Option<String>,

    /// How long each command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub hook_timeout: u64,
}
