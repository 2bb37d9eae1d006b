//! The flags that all destinations share; a destination's own stand in its file.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use super::destinations::{DestinationArguments, DestinationEntry};
use super::record::Action;

use devops_job::DeploymentArguments;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// What happened to the deployment
    #[arg(value_name = "ACTION", value_enum)]
    pub action: Option<Action>,

    /// Names of the deployment.
    #[command(flatten)]
    pub names: DeploymentArguments,

    /// Deployed version, e.g. `1.4.0`
    #[arg(long, value_name = "TEXT")]
    pub release: Option<String>,

    /// Deployed branch or tag [default: the pipeline run's]
    #[arg(long, value_name = "NAME")]
    pub r#ref: Option<String>,

    /// Deployed commit [default: the pipeline run's]
    #[arg(long, value_name = "SHA")]
    pub sha: Option<String>,

    /// URL of the environment, e.g. `https://shop.example`
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub url: Option<String>,

    /// Description of the deployment in one sentence
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// File that each record and each delivery is written to before anything is sent; keep it from run to run
    #[arg(long, value_name = "FILE", default_value = ".devops/deployments.jsonl", value_hint = ValueHint::FilePath)]
    pub journal: PathBuf,

    /// Destinations of the record, separated by commas [default: journal, summary, and those of the host if there is a token]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub destinations: Vec<DestinationEntry>,

    /// Maximum seconds for all destinations together
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub budget: u64,

    /// Exit 4 unless every destination accepted the record
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub strict: bool,

    /// Print each write and each request that a run would make, in order; write and send nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub dry_run: bool,

    /// Certificates to trust besides the system's, in PEM form
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,

    /// Hosts that the token may be sent to over plain http, separated by commas, e.g. `gitea.internal:3000`; this machine always may
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub allow_http_host: Vec<String>,

    /// Flags of the destinations.
    #[command(flatten)]
    pub own: DestinationArguments,
}
