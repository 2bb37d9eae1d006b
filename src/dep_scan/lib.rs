//! Finds dependencies with known vulnerabilities.
//!
//! Owns lockfiles, the rules about them and the advice that goes with a finding. Opens no socket and starts no process;
//! reads the lockfiles, and of the database only what is about packages in them.

mod admits_command;
mod bans;
mod change;
mod compare_command;
mod db_command;
pub mod licences;
pub mod named;
mod packages_command;
mod response;
pub mod rules;
mod scan;
mod sight;
mod target;

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, Command, ValueEnum, ValueHint};

use self::licences::About;
use self::named::Named;
use self::response::Response;
use devops_assessment::mirror::Mirror;
use devops_assessment::{DatabaseArguments, Rating, RatingArguments, matching};
use devops_core::{Error, Rule, Severity};
use devops_inventory::Scope;
use devops_job::{Context, Format, Job, Key, Kind, Outcome, OwnFormat};

/// The job.
pub struct DepScan;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Lockfiles, or folders to search for lockfiles [default: the working directory]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Files and folders that a search leaves out, as paths or patterns, e.g. `docs/**`, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub exclude: Vec<String>,

    /// Which databases are asked.
    #[command(flatten)]
    pub database: DatabaseArguments,

    /// Registries and git hosts that mirror the public registry, separated by commas, e.g. `git.example.org/crates`; their
    /// packages are matched as if they came from the public registry
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub sources_mirrors: Vec<Mirror>,

    /// Severity of packages from sources that no advisory covers, such as git: critical, high, medium or low
    #[arg(long, value_name = "SEVERITY", default_value = "medium", value_parser = at_least_low)]
    pub uncovered_severity: Severity,

    /// Severity of a vulnerability that nobody rated: critical, high, medium or low
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = at_least_low)]
    pub unknown_severity: Severity,

    /// How severe findings are.
    #[command(flatten)]
    pub rating: RatingArguments,

    /// Only findings with a known fix fail the gate, others warn
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub fixed_only: bool,

    /// Scopes whose findings fail the gate, separated by commas; others warn [default: all]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub scopes: Vec<FailingScope>,

    /// Result of an analyser (JSON of govulncheck, or SARIF) that says what is not reached; can be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub reachability: Vec<PathBuf>,

    /// Version of Go that builds the project, e.g. `1.24.2`, instead of what `go.mod` and `go.work` say about it
    #[arg(long, value_name = "VERSION", value_parser = go_version)]
    pub go_version: Option<String>,

    /// Licence that packages may have, by SPDX's list, e.g. `MIT`; with one or more, every other licence is denied; can be repeated
    #[arg(long, value_name = "LICENCE", value_parser = licences::licence)]
    pub licences_allow: Vec<String>,

    /// Licence that packages must not have, e.g. `AGPL-3.0-or-later`; can be repeated
    #[arg(long, value_name = "LICENCE", value_parser = licences::licence)]
    pub licences_deny: Vec<String>,

    /// Licence that is allowed for one package only, e.g. `ring: OpenSSL`; can be repeated
    #[arg(long, value_name = "PACKAGE: LICENCE", value_parser = licences::exception)]
    pub licences_exceptions: Vec<About>,

    /// Licence of a package whose metadata don't say it, e.g. `ring@<0.17: MIT AND ISC`; can be repeated
    #[arg(long, value_name = "PACKAGE: LICENCE", value_parser = About::read)]
    pub licences_clarify: Vec<About>,

    /// Packages with an unknown licence, where licences are checked: `deny` is high, `warn` is medium severity
    #[arg(long, value_name = "RESPONSE", value_enum, default_value_t = Response::Warn)]
    pub licences_unknown: Response,

    /// Package that must not be used, with its versions if only some are meant, e.g. `left-pad` or `lodash@<4.17.21`; `*` matches
    /// any text; can be repeated
    #[arg(long, value_name = "PACKAGE", value_parser = Named::read)]
    pub bans_deny: Vec<Named>,

    /// Several versions of a package in one lockfile: `deny` is high, `warn` is medium severity
    #[arg(long, value_name = "RESPONSE", value_enum, default_value_t = Response::Allow)]
    pub bans_multiple_versions: Response,

    /// Requirements of the project that any version meets, such as `*`: `deny` is high, `warn` is medium severity
    #[arg(long, value_name = "RESPONSE", value_enum, default_value_t = Response::Allow)]
    pub bans_wildcards: Response,

    /// In a change, findings that were known before it only warn; those that are new or newly known count
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub only_new: bool,

    /// Minimum age in days of versions that a change brings in; one whose age is unknown is reported too
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub min_release_age: Option<u32>,

    /// Also write `fixes.patch` beside the report: the changes of manifests that end findings; it is never applied
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub fixes: bool,

    /// When versions were published, as `devops fetch release-dates` writes it, for `--min-release-age`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub release_dates: Option<PathBuf>,
}

impl Arguments {
    /// How severe findings are.
    fn rating(&self) -> Rating<'_> {
        Rating {
            arguments: &self.rating,
            unknown_severity: self.unknown_severity,
            fixed_only: self.fixed_only,
            scopes: self.scopes.iter().map(|scope| Scope::from(*scope)).collect(),
            reachability: &self.reachability,
        }
    }
}

/// A severity that warns at least.
fn at_least_low(text: &str) -> Result<Severity, String> {
    let severity: Severity = text.parse()?;
    if severity < Severity::Low { Err("expected at least `low`".to_owned()) } else { Ok(severity) }
}

/// What a package is needed for, as a value of `--scopes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailingScope {
    /// To run the program
    Runtime,
    /// To run the program, which can do without it
    Optional,
    /// To build it
    Build,
    /// To develop and test it
    Dev,
}

impl From<FailingScope> for Scope {
    fn from(scope: FailingScope) -> Self {
        match scope {
            FailingScope::Runtime => Self::Runtime,
            FailingScope::Optional => Self::Optional,
            FailingScope::Build => Self::Build,
            FailingScope::Dev => Self::Dev,
        }
    }
}

/// A version of Go, as `go version` prints it.
fn go_version(text: &str) -> Result<String, String> {
    let version = text.trim().trim_start_matches("go");
    let is_whole = version.starts_with(|first: char| first.is_ascii_digit())
        && version.matches('.').count() >= 1
        && version.chars().all(|character| character.is_ascii_alphanumeric() || ".-+".contains(character));
    if is_whole { Ok(version.to_owned()) } else { Err("expected a version such as 1.24.2".to_owned()) }
}

impl Job for DepScan {
    const NAME: &'static str = "dep-scan";
    const ABOUT: &'static str = "Find dependencies with known vulnerabilities";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Gate;
    const KEYS: &'static [(&'static str, Key)] = &[
        ("bans-deny", Key::List),
        ("bans-multiple-versions", Response::KEY),
        ("bans-wildcards", Response::KEY),
        ("cvss-threshold", Key::Maximum),
        ("db", Key::Unset),
        ("epss-threshold", Key::Maximum),
        ("fixed-only", Key::OFF),
        ("frozen-db", Key::OFF),
        ("grace-critical", Key::Maximum),
        ("grace-high", Key::Maximum),
        ("grace-low", Key::Maximum),
        ("grace-medium", Key::Maximum),
        ("kev", Key::ON),
        ("licences-allow", Key::Unset),
        ("licences-deny", Key::List),
        ("licences-unknown", Response::KEY),
        ("max-db-age", Key::Maximum),
        ("min-release-age", Key::Minimum),
        ("only-new", Key::OFF),
        ("paths", Key::ListOrAll),
        ("release-dates", Key::Decides),
        ("scopes", Key::ListOrAll),
        ("uncovered-severity", Key::MOST_SEVERE),
        ("unknown-severity", Key::MOST_SEVERE),
    ];

    const ARTIFACTS: &'static [&'static str] = &[scan::FIXES];

    const FORMATS: &'static [OwnFormat] = &[
        OwnFormat::of(Format::Cyclonedx, devops_render::cyclonedx_of),
        OwnFormat::of(Format::Spdx, devops_render::spdx_of),
        OwnFormat::of(Format::Gitlab, devops_render::dependency_scanning),
        OwnFormat::of(Format::Openvex, devops_render::openvex),
        OwnFormat::of(Format::Snapshot, devops_render::snapshot),
    ];

    const EVENT: devops_events::Kind = devops_events::Kind::Scan;

    fn rules() -> &'static [Rule] {
        &rules::RULES
    }

    fn queries() -> Vec<Command> {
        vec![
            admits_command::command(),
            compare_command::command(),
            db_command::command(),
            packages_command::command(),
        ]
    }

    fn answer(query: &str, matches: &ArgMatches) -> Result<String, Error> {
        match query {
            "admits" => admits_command::answer(matches),
            "db" => db_command::answer(matches),
            "packages" => packages_command::answer(matches),
            _ => compare_command::answer(matches),
        }
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        scan::scan(arguments, context)
    }
}
