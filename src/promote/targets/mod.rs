//! What can be switched, behind one interface.
//!
//! A target is one file here and one line in [`Choice`]. It owns where routing and record are kept and how both change
//! without ever being half changed; it must not decide anything.

mod haproxy;
mod runtime;
mod symlink;

use std::cell::RefCell;

use clap::ValueEnum;

use self::haproxy::Haproxy;
use self::runtime::Socket;
use self::symlink::{Symlink, is_same};
use super::arguments::Arguments;
use super::colour::{Colour, Live};
use super::journal::Record;
use super::plan::{Observed, Parts};
use crate::core::Error;
use crate::job::Context;

/// What is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// A symbolic link that points at the live colour's folder.
    Symlink,
    /// A key of an HAProxy map, through the runtime socket.
    Haproxy,
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
    /// Refused: a promotion of this higher generation was here.
    Superseded(u64),
    /// Refused: this is live instead of what was expected.
    Elsewhere(Live),
}

/// Called with the name of each point inside a change where a kill leaves something different behind.
pub(crate) type Pause<'a> = &'a dyn Fn(&str);

/// Something that sends traffic to one of two colours.
pub(crate) trait Target {
    /// What it is, for people: "link `current`".
    fn name(&self) -> String;

    /// What changes write, for plans.
    fn places(&self) -> Parts;

    /// Where traffic goes and what is on record.
    fn observe(&self) -> Result<Observed, Error>;

    /// Why this colour can't be switched to at all, if so.
    fn obstacle(&self, colour: Colour) -> Option<String>;

    /// Compare and swap.
    fn write(&self, change: &Change, pause: Pause<'_>) -> Result<Written, Error>;

    /// Makes copies of the routing that outlive a restart agree with it, where there are any; whether they did not.
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

/// The target that the flags name.
///
/// # Errors
/// Where a flag that it needs is missing.
pub(crate) fn open(arguments: &Arguments, context: &Context) -> Result<Box<dyn Target>, Error> {
    match arguments.target {
        Choice::Symlink if is_same(&arguments.symlink.blue, &arguments.symlink.green) => {
            let place = arguments.symlink.blue.display();
            Err(Error::usage(format!("`blue` and `green` are the same place, `{place}`"))
                .help("give each colour a folder of its own"))
        }
        Choice::Symlink => Ok(Box::new(Symlink {
            link: arguments.symlink.link.clone(),
            blue: arguments.symlink.blue.clone(),
            green: arguments.symlink.green.clone(),
            journal: arguments.state_dir.join(format!("{}.json", state_name(arguments))),
        })),
        Choice::Haproxy => haproxy(arguments, context),
    }
}

/// What lock and journal of a target are called.
pub(crate) fn state_name(arguments: &Arguments) -> String {
    let name = match arguments.target {
        Choice::Symlink => {
            arguments.symlink.link.file_name().unwrap_or_default().to_string_lossy().into_owned()
        }
        Choice::Haproxy => format!("haproxy-{}", arguments.haproxy.key),
    };
    let plain = |character: char| {
        if character.is_alphanumeric() || "-_.".contains(character) { character } else { '-' }
    };
    format!("promote-{}", name.chars().map(plain).collect::<String>())
}

fn haproxy(arguments: &Arguments, context: &Context) -> Result<Box<dyn Target>, Error> {
    let flags = &arguments.haproxy;
    let (Some(socket), Some(map)) = (&flags.socket, &flags.map) else {
        return Err(Error::usage("the target `haproxy` needs `socket` and `map`")
            .help("give the runtime socket and the map as HAProxy's configuration names them"));
    };
    for (flag, word) in [("map", map), ("key", &flags.key)] {
        if word.is_empty()
            || word.contains(|character: char| character.is_whitespace() || ";\\<".contains(character))
        {
            return Err(Error::usage(format!("`{flag}` is `{word}`, which HAProxy's commands can't name"))
                .help("use a name without spaces, semicolons, backslashes and `<`"));
        }
    }
    let socket = Socket::from_name(socket, &context.working_directory);
    let is_here = matches!(socket, Socket::Unix(_)) && !map.starts_with('#');
    let file = flags.map_file.clone().or_else(|| is_here.then(|| context.working_directory.join(map)));
    Ok(Box::new(Haproxy {
        socket,
        map: map.clone(),
        file,
        key: flags.key.clone(),
        stale: RefCell::default(),
    }))
}
