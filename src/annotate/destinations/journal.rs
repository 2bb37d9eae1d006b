//! The journal, a local file; always written, named or not, because only it shows what was already sent.

use super::{DestinationEntry, Opening, Way, When, no_arguments};

/// The line of the table.
pub(super) const DESTINATION: DestinationEntry = DestinationEntry {
    name: "journal",
    help: "The file of `--journal`; always written, named or not",
    arguments: no_arguments,
    forge: None,
    when: When::Always,
    open: |opening| Ok(open(opening)),
};

fn open(opening: &Opening<'_>) -> Way {
    Way::Journal(opening.journal.display().to_string().replace('\\', "/"))
}
