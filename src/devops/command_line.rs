//! The command line of `devops`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::fetch::{self, Fetch};
use super::jobs::{JOBS, find, rules_by_job};
use super::{pipeline, serve, show};
use devops_core::{Error, Exit};
use devops_job::console::{print_answer, print_error, print_page, report_panics};
use devops_job::explain::explain;
use devops_job::run::refuse;
use devops_job::{Common, Context};

/// Name of the binary.
const NAME: &str = "devops";

/// Run test gates, scans, promotion and deployment records: the whole pipeline in one binary.
#[derive(Debug, Parser)]
#[command(name = "devops", version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Run all jobs configured in devops.toml, in order
    Run(RunFlags),
    /// Download advisories, indexes and release dates: the only command that downloads
    #[command(subcommand)]
    Fetch(Fetch),
    /// Serve a folder over HTTP
    Serve(Serve),
    /// Print the page of a rule, or list the rules
    Explain {
        /// Name of the rule, e.g. `test-failed`; without one, all rules are listed
        rule: Option<String>,
    },
    /// Show or check the configuration
    #[command(subcommand)]
    Config(Config),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
        /// The binary to complete
        #[arg(default_value = NAME, value_parser = PossibleValuesParser::new(binaries()))]
        binary: String,
    },
    /// Print a manual page
    Man {
        /// The binary to describe
        #[arg(default_value = NAME, value_parser = PossibleValuesParser::new(binaries()))]
        binary: String,
    },
}

/// Flags of `devops run`.
#[derive(Debug, Args)]
pub struct RunFlags {
    /// Folder with devops.toml; the same as --working-directory
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: Option<PathBuf>,

    /// Run the gates, but only print the plan of the promotion and the annotations; writes only to the report folder
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub dry_run: bool,

    /// What all jobs share.
    #[command(flatten)]
    pub common: Common,
}

/// Flags of `devops serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Folder to serve; symbolic links are resolved for every request
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,

    /// Address to listen on; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Another host name to answer to, besides `localhost` and the address, e.g. `reports.example.com`
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
}

/// Looks at the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the settings that are not at their defaults, and their origin
    Show {
        /// Where to look.
        #[command(flatten)]
        look: Look,

        /// Print the settings at their defaults as well
        #[arg(long)]
        all: bool,
    },
    /// Check devops.toml
    Check(Look),
    /// Print the JSON Schema of devops.toml
    Schema,
}

/// Where to look for the configuration.
#[derive(Debug, Args)]
pub struct Look {
    /// Configuration file [default: `devops.toml` in the working directory, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Folder that relative paths are resolved from
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub working_directory: PathBuf,
}

/// Names of all binaries.
fn binaries() -> impl Iterator<Item = &'static str> {
    std::iter::once(NAME).chain(JOBS.iter().map(|entry| entry.name))
}

/// The command line of a binary.
fn command_of(binary: &str) -> Command {
    find(binary).map_or_else(command, |entry| (entry.command)())
}

/// The command line as clap describes it: what `devops` does itself, and every job.
pub fn command() -> Command {
    // Only what is asked for is described in full: each job has some dozens of flags.
    JOBS.iter().fold(Arguments::command(), |command, entry| {
        let job = Command::new(entry.name).about(entry.about);
        command.subcommand(
            job.disable_help_flag(true).arg(
                Arg::new("arguments")
                    .value_name("ARGUMENTS")
                    .num_args(0..)
                    .trailing_var_arg(true)
                    .allow_hyphen_values(true),
            ),
        )
    })
}

/// Runs `devops`.
pub fn main() -> ExitCode {
    report_panics();
    let line: Vec<OsString> = std::env::args_os().collect();
    let exit = match Context::of_process(NAME) {
        Ok(context) => run(&line, context),
        Err(error) => print_error(&error, None),
    };
    ExitCode::from(exit.code())
}

/// Runs the job that is named, or does what was asked for.
fn run(line: &[OsString], context: Context) -> Exit {
    let job = line.get(1).and_then(|word| find(word.to_str()?));
    if let Some(job) = job {
        return (job.run)(line.get(1..).unwrap_or_default(), context);
    }
    let matches = match command().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) => return refuse(NAME, error.into(), &context),
    };
    match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => act(line, arguments, &context),
        Err(error) => print_error(&Error::bug(error.to_string()), Some(&context)),
    }
}

/// Does what was asked for.
fn act(line: &[OsString], arguments: Arguments, context: &Context) -> Exit {
    let done = match arguments.action {
        Action::Run(run) => return pipeline::run(line, run.directory, context),
        Action::Serve(arguments) => {
            return match serve::serve(&arguments, context) {
                Ok(()) => Exit::Pass,
                Err(error) => print_error(&error, Some(context)),
            };
        }
        Action::Fetch(fetch) => return answer(fetch::run(&fetch, context), context),
        Action::Explain { rule } => explain(NAME, &rules_by_job(), rule.as_deref()),
        Action::Config(Config::Show { look, all }) => {
            return answer(show::settings(&look, all, context), context);
        }
        Action::Config(Config::Check(look)) => return answer(show::check(&look, context), context),
        Action::Config(Config::Schema) => show::schema(),
        Action::Completions { shell, binary } => Ok(completions(shell, &binary)),
        Action::Man { binary } => manual(&binary),
    };
    match done {
        Ok(text) => print_page(&text),
        Err(error) => print_error(&error, Some(context)),
    }
}

/// Prints an answer that quotes what somebody configured.
fn answer(text: Result<String, Error>, context: &Context) -> Exit {
    match text {
        Ok(text) => print_answer(&text, context),
        Err(error) => print_error(&error, Some(context)),
    }
}

/// The completion script.
fn completions(shell: Shell, binary: &str) -> String {
    let mut command = command_of(binary);
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page, in roff.
fn manual(binary: &str) -> Result<String, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command_of(binary))
        .render(&mut page)
        .map_err(|error| Error::bug("manual page can't be made").because(error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
