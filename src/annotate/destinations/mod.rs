//! The places that can get a record of a deployment, behind one trait.
//!
//! A destination is one file here and one line in [`DESTINATIONS`]. The file owns the destination's flags, what it needs,
//! when it is a default, and each request it sends.

mod forge;
mod github_api;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;

use clap::builder::PossibleValue;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};

use super::delivery::{Delivery, DeliveryState};
use super::record::Record;
use devops_ci::Forge;
use devops_core::Error;
use devops_core::modules::modules;
use devops_job::Context;
use devops_net::{Class, Http, Request, Trouble};

modules! {
    /// Every destination, in the order of delivery and of the report.
    pub const DESTINATIONS: &[DestinationEntry] = DESTINATION of {
        journal,
        github,
        github_status,
        gitlab,
        summary,
    }
}

/// The name of the journal, which the outbox itself writes.
pub(super) const JOURNAL: &str = journal::DESTINATION.name;

/// A destination as the table has it.
#[derive(Debug, Clone, Copy)]
pub struct DestinationEntry {
    /// The word of `--destinations`, journals and reports, and the beginning of its flags.
    pub name: &'static str,
    /// Its description in `--help`.
    pub help: &'static str,
    /// Adds its flags.
    arguments: fn(Command) -> Command,
    /// The forge whose token it needs, if it needs one.
    forge: Option<Forge>,
    /// When it gets the record.
    when: When,
    /// Reads its flags, checks what it needs, and gets ready to send.
    open: fn(&Opening<'_>) -> Result<Way, Error>,
}

/// When a destination gets the record.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Always, named or not.
    Always,
    /// If it is named, or if no destination is named and this holds.
    NamedOr(fn(&Context) -> bool),
}

impl ValueEnum for DestinationEntry {
    fn value_variants<'a>() -> &'a [Self] {
        DESTINATIONS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name).help(self.help))
    }
}

/// The flags of all destinations, each group read when its destination is opened.
#[derive(Debug, Clone)]
pub struct DestinationArguments {
    matches: ArgMatches,
}

impl Args for DestinationArguments {
    fn augment_args(command: Command) -> Command {
        DESTINATIONS.iter().fold(command, |command, entry| (entry.arguments)(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DestinationArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { matches: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.matches = matches.clone();
        Ok(())
    }
}

/// What a destination without flags adds to the command line.
fn no_arguments(command: Command) -> Command {
    command
}

/// What a destination is opened with.
pub(crate) struct Opening<'a> {
    /// The destinations that were named.
    pub(crate) named: &'a [DestinationEntry],
    /// The flags of all destinations.
    pub(crate) arguments: &'a DestinationArguments,
    /// Path of the journal.
    pub(crate) journal: &'a Path,
    /// Time, environment, host.
    pub(crate) context: &'a Context,
    /// The record of this call.
    pub(crate) record: &'a Record,
    /// Whether the deployment had already ended before this record.
    pub(crate) is_overtaken: bool,
    /// The client all destinations share.
    pub(crate) http: Rc<Http>,
}

impl Opening<'_> {
    /// The flags of one destination.
    fn flags<A: FromArgMatches>(&self) -> Result<A, Error> {
        A::from_arg_matches(&self.arguments.matches).map_err(|error| Error::usage(error.to_string()))
    }

    /// Whether this destination gets the record.
    fn wants(&self, entry: &DestinationEntry) -> bool {
        match entry.when {
            When::Always => true,
            When::NamedOr(is_default) if self.named.is_empty() => is_default(self.context),
            When::NamedOr(_) => self.named.iter().any(|named| named.name == entry.name),
        }
    }

    /// Whether no other forge is named, so that a token without a forge's name can only be meant for this one.
    fn is_only_forge(&self, forge: Forge) -> bool {
        self.named.iter().filter_map(|entry| entry.forge).all(|named| named == forge)
    }
}

/// A destination that is ready for the record.
pub(crate) struct Opened {
    /// Its name.
    pub(crate) name: &'static str,
    /// How it gets the record.
    pub(crate) way: Way,
}

/// How a destination gets the record.
pub(crate) enum Way {
    /// As a line of the journal at this path.
    Journal(String),
    /// Over a network.
    Network(Box<dyn Destination>),
    /// There is nothing to send, or no way to send it; this is what the report shows.
    Settled(Delivery),
}

/// The destinations that get the record, in the order of delivery.
///
/// # Errors
/// Where a flag of one of them can't be read.
pub(crate) fn open(opening: &Opening<'_>) -> Result<Vec<Opened>, Error> {
    let wanted = DESTINATIONS.iter().filter(|entry| opening.wants(entry));
    wanted.map(|entry| Ok(Opened { name: entry.name, way: (entry.open)(opening)? })).collect()
}

/// The delivery of one revision of a record, still to be awaited.
pub(crate) type Sending<'a> = Pin<Box<dyn Future<Output = Result<Receipt, Trouble>> + 'a>>;

/// A destination behind a network.
pub(crate) trait Destination {
    /// What keeps a repeated message from making a second entry.
    fn class(&self) -> Class;

    /// The writes that a message takes, in order, as they would be sent. `{id}` in an address stands for a name that the
    /// destination will give.
    fn plan(&self, message: Message<'_>) -> Vec<Write>;

    /// Sends a message, or finds that the destination has it. Safe to be called again after any trouble.
    fn send<'a>(&'a self, message: Message<'a>) -> Sending<'a>;
}

/// A planned write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// Its name in the plan.
    pub(crate) id: String,
    /// What is sent.
    pub(crate) request: Request,
    /// What it contains, and when it is left out; follows the request in a sentence.
    pub(crate) summary: String,
    /// What must hold for it to be sent.
    pub(crate) guard: &'static str,
}

/// What a destination gets.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    /// The record.
    pub(crate) record: &'a Record,
    /// Whether it happened some time ago.
    pub(crate) is_late: bool,
    /// The name the destination gave the record, if an earlier run kept it.
    pub(crate) remote: Option<&'a str>,
}

impl Message<'_> {
    /// The name the destination gave the record, or what stands for it in a plan.
    fn remote_or_placeholder(&self) -> &str {
        self.remote.unwrap_or("{id}")
    }
}

/// What a destination answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// How far the record got.
    pub(crate) state: DeliveryState,
    /// The name it has there.
    pub(crate) remote: Option<String>,
    /// What else the report should say.
    pub(crate) note: Option<String>,
}

impl Receipt {
    /// A record the destination holds under this name.
    pub(crate) fn new(state: DeliveryState, remote: impl Into<String>) -> Self {
        Self { state, remote: Some(remote.into()), note: None }
    }

    /// The same with a note.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::{DESTINATIONS, DestinationArguments};

    #[test]
    fn each_destination_has_a_name_of_its_own_and_flags_that_begin_with_it() {
        let names: std::collections::BTreeSet<&str> = DESTINATIONS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), DESTINATIONS.len());
        for entry in DESTINATIONS {
            let command = (entry.arguments)(Command::new("x"));
            for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(flag.starts_with(&format!("{}-", entry.name)), "--{flag} of {}", entry.name);
            }
        }
        DestinationArguments::augment_args(Command::new("x")).debug_assert();
    }
}
