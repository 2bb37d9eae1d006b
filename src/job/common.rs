//! The flags every job has.

use std::path::{Component, PathBuf};

use clap::{ArgAction, Args, Command, FromArgMatches, ValueEnum, ValueHint};

use devops_ci::{Host, HostChoice};
use devops_config::path_of;
use devops_core::Severity;
use devops_repository::policy::AUTO;

/// Flags every job has, with the same names as keys of `devops.toml` and inputs of the actions.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Configuration file [default: `devops.toml` in the working directory, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Folder that relative paths are resolved from
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub working_directory: PathBuf,

    /// Base of the change: `auto` for the one that the host provides (on a laptop a guess, which only informs), `none` for no base,
    /// or a branch, tag or commit
    #[arg(long, value_name = "REV", default_value = AUTO)]
    pub base: String,

    /// Whether a failed gate exits with 1 (`enforce`) or only reports and exits with 0 (`report`)
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Enforce)]
    pub mode: Mode,

    /// Lowest severity that fails the gate: critical, high, medium, low or info
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: Severity,

    /// Maximum number of days from today until the last day of a waiver; one that ends later is not applied
    #[arg(long, value_name = "DAYS", default_value_t = 366)]
    pub max_waiver_days: u32,

    /// Folder to write the reports to
    #[arg(long, value_name = "DIR", default_value = "devops-report", value_hint = ValueHint::DirPath)]
    pub report_dir: PathBuf,

    /// Report formats to write, separated by commas [default: json,sarif,summary; on GitHub also github, on a laptop also html]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub formats: Vec<Format>,

    /// Folder of the event log, to which every run adds a line per fact [default: none]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub events: Option<PathBuf>,

    /// Name of what is built and deployed, in the event log and in deployment records, e.g. `webshop`
    /// [default: the repository's name]
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// Category of `report.sarif`, to keep several runs of one job apart in code scanning, e.g. `test-gate/linux`
    /// [default: the name of the job, and the working directory unless it is the default]
    #[arg(long, value_name = "NAME")]
    pub sarif_category: Option<String>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub color: ColorWhen,

    /// Where the job runs; `auto` detects it from the environment
    #[arg(long, value_name = "HOST", value_enum, default_value_t = HostChoice::Auto)]
    pub host: HostChoice,

    /// Print only the verdict line
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub quiet: bool,

    /// Print where each setting came from and what each step took
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub verbose: bool,
}

/// What names a deployment, for the jobs that make or note one.
#[derive(Debug, Clone, Args)]
pub struct DeploymentArguments {
    /// Environment it is deployed to
    #[arg(long, value_name = "NAME", default_value = "production")]
    pub environment: String,

    /// Identity of the deployment, the same for start and finish [default: the run and its attempt]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

impl Common {
    /// The shared flags alone, as clap describes them.
    pub fn command() -> Command {
        Self::augment_args(Command::new("common"))
    }

    /// All defaults, for what has to be reported before there are settings.
    ///
    /// # Errors
    /// Never in practice: the defaults are valid.
    pub fn defaults() -> Result<Self, clap::Error> {
        Self::from_arg_matches(&Self::command().try_get_matches_from(["common"])?)
    }

    /// The configuration file that was named, or the one that is looked for; it need not be there.
    pub fn file(&self) -> PathBuf {
        path_of(self.config.as_deref(), &self.working_directory)
    }

    /// The category of a job's findings in code scanning.
    pub fn category(&self, job: &str) -> String {
        let given = self.sarif_category.as_deref().map(|name| name.trim().trim_matches('/'));
        if let Some(name) = given.filter(|name| !name.is_empty()) {
            return name.to_owned();
        }
        let mut folders = Vec::new();
        for part in self.working_directory.components() {
            match part {
                Component::Normal(name) => folders.push(name.to_string_lossy()),
                Component::ParentDir => drop(folders.pop()),
                _ => {}
            }
        }
        std::iter::once(job.into()).chain(folders).collect::<Vec<_>>().join("/")
    }

    /// The formats to write: those asked for, or the default ones of the host.
    pub fn formats_or_default(&self, host: Host) -> Vec<Format> {
        if !self.formats.is_empty() {
            return self.formats.clone();
        }
        let of_host = match host {
            Host::GitHub => Some(Format::Github),
            Host::GitLab => None,
            Host::Local => Some(Format::Html),
        };
        [Format::Json, Format::Sarif, Format::Summary].into_iter().chain(of_host).collect()
    }
}

/// What a failed gate does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// A failed gate exits with 1.
    Enforce,
    /// A failed gate exits with 0; other exit codes are unchanged.
    Report,
}

/// A form a report can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    /// `report.json`: everything, for programs.
    Json,
    /// `report.sarif`: SARIF 2.1.0.
    Sarif,
    /// `summary.md`: the job summary.
    Summary,
    /// `report.html`: one self-contained page.
    Html,
    /// `report.junit.xml`: each finding as a test case.
    Junit,
    /// `gl-code-quality-report.json`: GitLab's code quality report.
    Codequality,
    /// `badge.svg`: the verdict as a small picture.
    Badge,
    /// GitHub annotations on standard output; no file.
    Github,
    /// `verdict.intoto.json`: the verdict as an in-toto statement.
    Intoto,
    /// `bom.cdx.json`: a CycloneDX bill of materials with its vulnerabilities.
    Cyclonedx,
    /// `bom.spdx.json`: an SPDX bill of materials.
    Spdx,
    /// `gl-dependency-scanning-report.json`: GitLab's report of security findings; [`CONTAINER_SCANNING`] for images.
    Gitlab,
    /// `openvex.json`: what waivers decide about advisories.
    Openvex,
    /// `dependency-snapshot.json`: GitHub's dependency submission.
    Snapshot,
    /// `trivy.json`: Trivy's report, schema version 2.
    Trivy,
    /// `grype.json`: Grype's report.
    Grype,
}

/// The file of [`Format::Gitlab`] from a job that looks at images.
pub const CONTAINER_SCANNING: &str = "gl-container-scanning-report.json";

impl Format {
    /// The names of all files that are written for any format.
    pub fn file_names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter_map(Self::file_name).chain([CONTAINER_SCANNING])
    }

    /// Every format, in the order files are written.
    pub const ALL: [Self; 16] = [
        Self::Json,
        Self::Sarif,
        Self::Summary,
        Self::Html,
        Self::Junit,
        Self::Codequality,
        Self::Badge,
        Self::Github,
        Self::Intoto,
        Self::Cyclonedx,
        Self::Spdx,
        Self::Gitlab,
        Self::Openvex,
        Self::Snapshot,
        Self::Trivy,
        Self::Grype,
    ];

    /// Whether only some jobs write it: [`super::Job::FORMATS`].
    pub const fn is_of_some_jobs(self) -> bool {
        matches!(
            self,
            Self::Cyclonedx
                | Self::Spdx
                | Self::Gitlab
                | Self::Openvex
                | Self::Snapshot
                | Self::Trivy
                | Self::Grype
        )
    }

    /// Name of the file, for formats that are one.
    pub const fn file_name(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("report.json"),
            Self::Sarif => Some("report.sarif"),
            Self::Summary => Some("summary.md"),
            Self::Html => Some("report.html"),
            Self::Junit => Some("report.junit.xml"),
            Self::Codequality => Some("gl-code-quality-report.json"),
            Self::Badge => Some("badge.svg"),
            Self::Intoto => Some("verdict.intoto.json"),
            Self::Cyclonedx => Some("bom.cdx.json"),
            Self::Spdx => Some("bom.spdx.json"),
            Self::Gitlab => Some("gl-dependency-scanning-report.json"),
            Self::Openvex => Some("openvex.json"),
            Self::Snapshot => Some("dependency-snapshot.json"),
            Self::Trivy => Some("trivy.json"),
            Self::Grype => Some("grype.json"),
            Self::Github => None,
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<ColorWhen> for anstream::ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}
