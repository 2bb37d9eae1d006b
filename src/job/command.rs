//! The command line of a job, as clap describes it: its own flags, those all jobs share, its sub-commands.

use clap::{Arg, Args, Command};

use super::common::Common;
use super::{Job, explain};
use devops_config::{ACTION, key};

/// A job's command line: the job's own flags, then those all jobs share.
pub fn command<J: Job>() -> Command {
    let subcommands = J::subcommands();
    // The sub-commands of a job replace its positional argument; `explain` alone is not worth a line of its own.
    let usage = format!("{0} [OPTIONS] [PATH]...\n       {0} [OPTIONS] <COMMAND>", J::NAME);
    let queries = J::queries();
    let has_own = !subcommands.is_empty() || !queries.is_empty();
    let command = if has_own { flags::<J>().override_usage(usage) } else { flags::<J>() };
    command
        .subcommands(subcommands.iter().map(subcommand::<J>))
        .subcommands(queries.into_iter().map(|query| query.display_name(J::NAME).after_help(EXITS)))
        .subcommand(explain::command())
        .propagate_version(true)
        .disable_help_subcommand(true)
}

/// The same without its sub-commands.
fn flags<J: Job>() -> Command {
    let command = Command::new(J::NAME).version(env!("CARGO_PKG_VERSION")).after_help(EXITS);
    // Groups of flags bring their own documentation along as `about`, so the job's comes last.
    Common::augment_args(J::Arguments::augment_args(command)).about(J::ABOUT).long_about(None)
}

/// A sub-command, which gets its flags only where it is used: each has all of the job's, and most command lines have none.
fn subcommand<J: Job>(described: &Command) -> Command {
    Command::new(described.get_name().to_owned())
        .display_name(J::NAME)
        .about(described.get_about().cloned().unwrap_or_default())
        .after_help(EXITS)
        .disable_help_subcommand(true)
        .defer(with_flags::<J>)
}

/// A sub-command with the flags of its job, but for the one it stands for, and with sub-commands of its own.
fn with_flags<J: Job>(subcommand: Command) -> Command {
    let all = J::subcommands();
    let Some(described) = find_described(&all, subcommand.get_name()) else { return subcommand };
    let own: Vec<&Arg> = described.get_arguments().collect();
    let is_new = |argument: &&Arg| {
        argument.get_id() != ACTION && own.iter().all(|own| own.get_id() != argument.get_id())
    };
    let job = flags::<J>();
    // The last positional argument must be added last.
    let arguments: Vec<Arg> =
        job.get_arguments().filter(is_new).chain(own.iter().copied()).cloned().collect();
    let inner: Vec<Command> = described.get_subcommands().map(self::subcommand::<J>).collect();
    subcommand.args(arguments).subcommands(inner)
}

/// How a job describes the sub-command of a name, at whatever depth.
fn find_described<'a>(all: &'a [Command], name: &str) -> Option<&'a Command> {
    let inner = |command: &'a Command| command.get_subcommands().find(|inner| inner.get_name() == name);
    all.iter().find(|command| command.get_name() == name).or_else(|| all.iter().find_map(inner))
}

/// What `--help` says about exit codes.
const EXITS: &str = "Exit codes: 0 pass, 1 the gate failed, 2 usage or configuration, 3 an input is missing or corrupt, \
4 environment, 5 promoted then rolled back, 6 needs a human decision, 7 superseded, 70 a bug.";

/// The keys a command's flags have in the file.
pub fn keys(command: &Command) -> Vec<String> {
    command
        .get_arguments()
        .map(key)
        .filter(|key| !matches!(key.as_str(), "config" | "working-directory" | "help" | "version"))
        .collect()
}
