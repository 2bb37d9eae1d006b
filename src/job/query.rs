//! Sub-commands that only print an answer: they have no settings, no policy and no report.

use std::ffi::OsString;

use clap::ArgMatches;

use super::Job;
use super::command::command as command_of;

/// A query of a command line.
pub(super) struct Query {
    /// The name of the sub-command.
    pub(super) name: String,
    /// Its arguments.
    pub(super) matches: ArgMatches,
}

/// The query of a command line, if it is one.
pub(super) fn asked<J: Job>(arguments: &[OsString]) -> Option<Query> {
    let queries = J::queries();
    let is_query = |word: &OsString| queries.iter().any(|query| *word == *query.get_name());
    // Most command lines don't have such a word, and need not be read twice.
    arguments.iter().skip(1).find(|word| is_query(word))?;
    let matches = command_of::<J>().try_get_matches_from(arguments).ok()?;
    let (name, asked) = matches.subcommand()?;
    let is_query = queries.iter().any(|query| query.get_name() == name);
    is_query.then(|| Query { name: name.to_owned(), matches: asked.clone() })
}
