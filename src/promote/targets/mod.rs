//! What can be switched, behind one interface.
//!
//! A target is one file here and one line in [`TARGETS`]. The file owns the target's flags, their checks, where routing
//! and record are kept, and how both change without ever being half changed; it must not decide anything.

mod runtime;

use std::path::Path;

use clap::builder::PossibleValue;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};

use super::colour::{Colour, Live};
use super::journal::Record;
use super::plan::{Observed, Places};
use devops_core::Error;
use devops_core::modules::modules;

modules! {
    /// Every target, in the order `--help` lists them.
    pub const TARGETS: &[TargetEntry] = TARGET of {
        symlink,
        haproxy,
    }
}

/// The target if none is named.
pub(super) const DEFAULT: TargetEntry = symlink::TARGET;

/// A target as the table has it.
#[derive(Debug, Clone, Copy)]
pub struct TargetEntry {
    /// The value of `--target`, and the beginning of its flags.
    pub name: &'static str,
    /// Its description in `--help`.
    pub help: &'static str,
    /// Adds its flags.
    arguments: fn(Command) -> Command,
    /// Reads and checks its flags, and gets ready to switch.
    open: Open,
}

/// Opens a target with the flags of all.
type Open = fn(&ArgMatches, Folders<'_>) -> Result<Box<dyn Target>, Error>;

impl ValueEnum for TargetEntry {
    fn value_variants<'a>() -> &'a [Self] {
        TARGETS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name).help(self.help))
    }
}

/// The flags of all targets, each group read when its target is opened.
#[derive(Debug, Clone)]
pub struct TargetArguments {
    matches: ArgMatches,
}

impl Args for TargetArguments {
    fn augment_args(command: Command) -> Command {
        TARGETS.iter().fold(command, |command, entry| (entry.arguments)(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TargetArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { matches: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.matches = matches.clone();
        Ok(())
    }
}

/// Folders that a target may need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folders<'a> {
    /// The folder that outlives the run.
    pub(super) state: &'a Path,
    /// The working directory, where names that are not known to be paths start from.
    pub(super) working: &'a Path,
}

/// The target of this entry.
///
/// # Errors
/// Where its flags are incomplete or contradict each other.
pub(super) fn open(
    entry: TargetEntry,
    arguments: &TargetArguments,
    folders: Folders<'_>,
) -> Result<Box<dyn Target>, Error> {
    (entry.open)(&arguments.matches, folders)
}

/// The flags of one target.
fn flags<A: FromArgMatches>(matches: &ArgMatches) -> Result<A, Error> {
    A::from_arg_matches(matches).map_err(|error| Error::usage(error.to_string()))
}

/// What lock and journal of the target of this name are called; whatever a file's name can't hold becomes `-`.
fn state_name(name: &str) -> String {
    let plain = |character: char| {
        if character.is_alphanumeric() || "-_.".contains(character) { character } else { '-' }
    };
    format!("promote-{}", name.chars().map(plain).collect::<String>())
}

/// A change of routing and record: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What must be live for the change to be made.
    pub(crate) expected: Live,
    /// What is to be live after it.
    pub(crate) live: Live,
    /// The record to leave behind; one of a higher generation refuses the change.
    pub(crate) record: Record,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// Made.
    Done,
    /// Rejected: a promotion of this higher generation was here.
    Superseded(u64),
    /// Rejected: this is live instead of what was expected.
    Elsewhere(Live),
}

/// Called with the name of each point inside a change where a kill leaves something different behind.
pub(crate) type Pause<'a> = &'a dyn Fn(&str);

/// Something that sends traffic to one of two colours.
pub(crate) trait Target {
    /// What it is, for people: "link `current`".
    fn name(&self) -> String;

    /// What its lock and its journal are called, without the file's extension: `promote-current`.
    fn state_name(&self) -> String;

    /// What changes write, for plans.
    fn places(&self) -> Places;

    /// Where traffic goes and what is on record.
    fn observe(&self) -> Result<Observed, Error>;

    /// Why this colour can't be switched to at all, if so.
    fn obstacle(&self, colour: Colour) -> Option<String>;

    /// Compare and swap.
    fn write(&self, change: &Change, pause: Pause<'_>) -> Result<Written, Error>;

    /// Makes copies of the routing that outlive a restart agree with it, if there are any; returns whether they differed.
    fn repair(&self) -> Result<bool, Error> {
        Ok(false)
    }

    /// What a reader of the report should know about how it is switched.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Whether a change may be made on what was found.
pub(crate) fn admit(observed: &Observed, change: &Change) -> Written {
    let generation = observed.generation();
    if generation > change.record.generation {
        Written::Superseded(generation)
    } else if observed.live == change.expected || observed.live == change.live {
        Written::Done
    } else {
        Written::Elsewhere(observed.live.clone())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::{TARGETS, TargetArguments};

    #[test]
    fn each_target_has_a_name_of_its_own_and_flags_that_begin_with_it() {
        let names: std::collections::BTreeSet<&str> = TARGETS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), TARGETS.len());
        for entry in TARGETS {
            let command = (entry.arguments)(Command::new("x"));
            let flags: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
            assert!(!flags.is_empty(), "{}", entry.name);
            for flag in flags {
                assert!(flag.starts_with(&format!("{}-", entry.name)), "--{flag} of {}", entry.name);
            }
        }
        TargetArguments::augment_args(Command::new("x")).debug_assert();
    }
}
