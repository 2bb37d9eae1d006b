//! The journal, a local file; always written, named or not: without it nobody would know what was already sent.

use super::{DestinationEntry, Opening, Way, When, no_arguments};
use crate::core::Error;

/// The line of the table.
pub(super) const DESTINATION: DestinationEntry = DestinationEntry {
    name: "journal",
    help: "The file of `--journal`; always written, named or not",
    arguments: no_arguments,
    forge: None,
    when: When::Always,
    open,
};

fn open(opening: &Opening<'_>) -> Result<Way, Error> {
    Ok(Way::Journal(opening.journal.display().to_string().replace('\\', "/")))
}
