//! The command line of `devops`.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{
    ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint,
};
use clap_complete::Shell;

use super::jobs::JOBS;
use super::{explain, pipeline, serve, show};
use crate::core::{Error, Exit};
use crate::job::deliver::complain;
use crate::job::{Common, Context};

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
        #[arg(default_value = "devops")]
        binary: Binary,
    },
    /// Print a manual page
    Man {
        /// The binary to describe
        #[arg(default_value = "devops")]
        binary: Binary,
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
}

/// Looks at the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every setting and its origin
    Show(Look),
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

/// A binary of ours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Binary {
    /// The local runner.
    Devops,
    /// The test gate.
    TestGate,
    /// The dependency scan.
    DepScan,
    /// The image scan.
    ImageScan,
    /// The promotion.
    Promote,
    /// The deployment record.
    Annotate,
}

impl Binary {
    /// Its command line.
    fn command(self) -> Command {
        let job = match self {
            Self::Devops => return command(),
            Self::TestGate => "test-gate",
            Self::DepScan => "dep-scan",
            Self::ImageScan => "image-scan",
            Self::Promote => "promote",
            Self::Annotate => "annotate",
        };
        JOBS.iter().find(|entry| entry.name == job).map_or_else(command, |entry| (entry.command)())
    }
}

/// The command line as clap describes it.
pub fn command() -> Command {
    Arguments::command()
}

/// Runs `devops`.
pub fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let context = match Context::of_process() {
        Ok(context) => context,
        Err(error) => return ExitCode::from(complain(&error, None).code()),
    };
    let exit = match command().try_get_matches_from(&line) {
        Err(error) => {
            // Nobody is left to tell where standard error is gone.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Pass }
        }
        Ok(matches) => act(&line, &matches, &context),
    };
    ExitCode::from(exit.code())
}

/// Does what was asked for.
fn act(line: &[OsString], matches: &clap::ArgMatches, context: &Context) -> Exit {
    let arguments = match Arguments::from_arg_matches(matches) {
        Ok(arguments) => arguments,
        Err(error) => return complain(&Error::bug(error.to_string()), Some(context)),
    };
    let done = match arguments.action {
        Action::Run(run) => return pipeline::run(line, run.directory, context),
        Action::Serve(arguments) => serve::serve(&arguments.folder, arguments.listen, context),
        Action::Explain { rule } => explain::explain(rule.as_deref()).map(|text| print(&text)),
        Action::Config(Config::Show(look)) => show::settings(&look, context).map(|text| print(&text)),
        Action::Config(Config::Check(look)) => show::check(&look, context).map(|text| print(&text)),
        Action::Config(Config::Schema) => show::schema().map(|text| print(&text)),
        Action::Completions { shell, binary } => {
            print(&completions(shell, binary));
            Ok(())
        }
        Action::Man { binary } => manual(binary).map(|text| print(&text)),
    };
    match done {
        Ok(()) => Exit::Pass,
        Err(error) => complain(&error, Some(context)),
    }
}

/// Prints; someone who stopped reading is no reason to fail.
fn print(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// The completion script.
fn completions(shell: Shell, binary: Binary) -> String {
    let mut command = binary.command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page, in roff.
fn manual(binary: Binary) -> Result<String, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(binary.command())
        .render(&mut page)
        .map_err(|error| Error::bug("manual page can't be made").because(error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
