//! The flags of annotate.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

use crate::job::DeploymentArguments;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// What happened: the deployment started, finished well, or failed
    #[arg(value_name = "ACTION", value_enum)]
    pub action: Option<Action>,

    /// What names the deployment.
    #[command(flatten)]
    pub names: DeploymentArguments,

    /// Version that is deployed, as `1.4.0`
    #[arg(long, value_name = "TEXT")]
    pub release: Option<String>,

    /// Branch or tag that is deployed [default: the run's]
    #[arg(long, value_name = "NAME")]
    pub r#ref: Option<String>,

    /// Commit that is deployed [default: the run's]
    #[arg(long, value_name = "SHA")]
    pub sha: Option<String>,

    /// Address at which the environment can be visited
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub url: Option<String>,

    /// One sentence about this deployment
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// File that every record and every delivery is written to first
    #[arg(long, value_name = "FILE", default_value = ".devops/deployments.jsonl", value_hint = ValueHint::FilePath)]
    pub journal: PathBuf,

    /// Who is told, separated by commas [default: journal, summary and the host's own where a token is there]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub destinations: Vec<Target>,

    /// Seconds that all destinations together may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub budget: u64,

    /// Exit 4 unless every destination accepted the record
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub strict: bool,

    /// Print which writes would go where, and write and send nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub dry_run: bool,

    /// Tell GitHub that users see this environment [default: true for an environment named production]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, hide_possible_values = true)]
    pub production: Option<bool>,

    /// Tell GitHub that this environment will go away, as a preview does
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub transient: bool,

    /// Commit statuses GitHub must see green before it takes the deployment, separated by commas [default: none]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub required_contexts: Vec<String>,

    /// Base of GitHub's API [default: the run's, else <https://api.github.com>]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub github_url: Option<String>,

    /// Base of GitLab's API [default: the run's, else <https://gitlab.com/api/v4>]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub gitlab_url: Option<String>,

    /// Certificates to trust besides the system's, as PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,
}

/// What happened to the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// It started.
    Start,
    /// It ended well.
    Finish,
    /// It failed.
    Fail,
}

/// Someone who can be told about a deployment; the order is the order of delivery and of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Target {
    /// The journal, a local file; always written, named or not.
    Journal,
    /// GitHub's deployments.
    Github,
    /// GitHub's commit status `deploy/<environment>`.
    GithubStatus,
    /// GitLab's deployments.
    Gitlab,
    /// The job summary of the host.
    Summary,
}

impl Target {
    /// The word used in flags, journals and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Github => "github",
            Self::GithubStatus => "github-status",
            Self::Gitlab => "gitlab",
            Self::Summary => "summary",
        }
    }
}
