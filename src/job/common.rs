//! The flags every job has.

use std::path::{Component, PathBuf};

use clap::{ArgAction, Args, Command, FromArgMatches, ValueEnum, ValueHint};

use crate::ci::{Host, HostChoice};
use crate::config::path_of;
use crate::core::Severity;
use crate::repository::policy::AUTO;

/// Flags every job has, with the same names as keys of `devops.toml` and inputs of the actions.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Configuration file [default: `devops.toml` in the working directory, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Folder that relative paths start from
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub working_directory: PathBuf,

    /// Where the change began: `auto` asks the host and guesses on a laptop, `none` has no base, anything else is a branch, tag
    /// or commit
    #[arg(long, value_name = "REV", default_value = AUTO)]
    pub base: String,

    /// Whether a failed gate stops the pipeline (exit 1) or is only reported (exit 0)
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Enforce)]
    pub mode: Mode,

    /// Least severity that fails the gate: critical, high, medium, low or info
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: Severity,

    /// Folder that receives the report files
    #[arg(long, value_name = "DIR", default_value = "devops-report", value_hint = ValueHint::DirPath)]
    pub report_dir: PathBuf,

    /// Report formats, separated by commas [default: json,sarif,summary; on GitHub also github, on a laptop also html]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub formats: Vec<Format>,

    /// Category of `report.sarif`, which keeps runs of one job apart in code scanning [default: the job, and the working
    /// directory where that is another one, such as `test-gate/web`]
    #[arg(long, value_name = "NAME")]
    pub sarif_category: Option<String>,

    /// Whether to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub color: ColorWhen,

    /// Where the job runs, if the environment should not decide
    #[arg(long, value_name = "HOST", value_enum, default_value_t = HostChoice::Auto)]
    pub host: HostChoice,

    /// Print the verdict line only
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub quiet: bool,

    /// Print where each setting came from and what each step took
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub verbose: bool,
}

impl Common {
    /// The shared flags alone, as clap describes them.
    pub fn command() -> Command {
        Self::augment_args(Command::new("common"))
    }

    /// What nobody set: all defaults, for what has to be reported before there are settings.
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
    /// A failed gate exits 1.
    Enforce,
    /// A failed gate exits 0; every other exit stays.
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
    /// Annotations on standard output, as GitHub reads them; no file.
    Github,
}

impl Format {
    /// Every format, in the order files are written.
    pub const ALL: [Self; 8] = [
        Self::Json,
        Self::Sarif,
        Self::Summary,
        Self::Html,
        Self::Junit,
        Self::Codequality,
        Self::Badge,
        Self::Github,
    ];

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
