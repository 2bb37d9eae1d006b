//! Finds dependencies with known vulnerabilities.
//!
//! Owns lockfiles, the rules about them and the advice that goes with a finding. Opens no socket and starts no process;
//! reads the lockfiles, and of the database only what is about packages in them.

mod change;
mod compare_command;
mod db_command;
pub mod fix;
pub mod matching;
pub mod mirror;
mod packages_command;
pub mod rules;
mod scan;
mod target;

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, Command, ValueHint};

use self::mirror::Mirror;
use devops_core::{Error, Rule, Severity};
use devops_job::{Context, Format, Job, Key, Kind, Outcome, OwnFormat};

/// The job.
pub struct DepScan;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Lockfiles, or folders to search for lockfiles [default: the working directory]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Advisory database: an index, a zip, file or folder of OSV records, or the folder or tarball of RustSec; can be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub db: Vec<PathBuf>,

    /// Registries and git hosts that mirror the public registry, separated by commas, e.g. `git.example.org/crates`; their
    /// packages are matched as if they came from the public registry
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub mirrors: Vec<Mirror>,

    /// Severity of a package from another source that an advisory would apply to in the public registry: critical, high,
    /// medium or low
    #[arg(long, value_name = "SEVERITY", default_value = "medium", value_parser = at_least_low)]
    pub uncovered_severity: Severity,

    /// Digest that the index must have, e.g. `sha256:…` as `dep-scan db info` prints it
    #[arg(long, value_name = "DIGEST")]
    pub db_digest: Option<String>,

    /// Maximum age of the database in days since it was fetched; an older one is an error, 7 days warn. Without a date of
    /// fetching, the newest advisory counts, with a limit of at least 180 days unless this is below 30
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_db_age: u32,

    /// Don't check the age of the database, for a copy that is frozen on purpose
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub frozen_db: bool,

    /// In a change, findings that were known before it only warn; those that are new or newly known count
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub only_new: bool,

    /// Minimum age in days of versions that a change brings in; one whose age is unknown is reported too
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub min_release_age: Option<u32>,

    /// When versions were published, as `devops fetch release-dates` writes it, for `--min-release-age`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub release_dates: Option<PathBuf>,
}

/// A severity that warns at least.
fn at_least_low(text: &str) -> Result<Severity, String> {
    let severity: Severity = text.parse()?;
    if severity < Severity::Low { Err("expected at least `low`".to_owned()) } else { Ok(severity) }
}

impl Job for DepScan {
    const NAME: &'static str = "dep-scan";
    const ABOUT: &'static str = "Find dependencies with known vulnerabilities";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Gate;
    const KEYS: &'static [(&'static str, Key)] = &[
        ("db", Key::Unset),
        ("frozen-db", Key::OFF),
        ("max-db-age", Key::Maximum),
        ("min-release-age", Key::Minimum),
        ("only-new", Key::OFF),
        ("paths", Key::ListOrAll),
        ("release-dates", Key::Decides),
        ("uncovered-severity", Key::MOST_SEVERE),
    ];

    const FORMATS: &'static [OwnFormat] = &[
        OwnFormat { format: Format::Cyclonedx, draw: devops_render::cyclonedx_of },
        OwnFormat { format: Format::Spdx, draw: devops_render::spdx_of },
        OwnFormat { format: Format::Gitlab, draw: devops_render::dependency_scanning },
        OwnFormat { format: Format::Openvex, draw: devops_render::openvex },
        OwnFormat { format: Format::Snapshot, draw: devops_render::snapshot },
    ];

    const EVENT: devops_events::Kind = devops_events::Kind::Scan;

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    fn queries() -> Vec<Command> {
        vec![compare_command::command(), db_command::command(), packages_command::command()]
    }

    fn answer(query: &str, matches: &ArgMatches) -> Result<String, Error> {
        match query {
            "db" => db_command::answer(matches),
            "packages" => packages_command::answer(matches),
            _ => compare_command::answer(matches),
        }
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        scan::scan(arguments, context)
    }
}
