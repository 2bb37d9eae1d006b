//! conda: `conda-meta/*.json`.
//!
//! OSV has no records about packages of conda, so that they are listed as not covered; a Python package among them has its own
//! metadata beside that.

use super::found::{CONDA, Found, Taken};
use super::{Candidate, Kind, Reader, Trouble};
use crate::Origin;
use crate::document::{json, text};
use crate::installed::Content;

/// The reader.
pub(super) const READER: Reader = Reader { name: "conda", kind: Kind::Language, is, take };

fn is(file: &Candidate<'_>) -> bool {
    file.path.folder().name() == b"conda-meta" && file.path.name().ends_with(b".json")
}

fn take(_: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    let document = json(text(&bytes)?)?;
    document.check_spelling(&["name", "version"])?;
    let line = document.get("name").map_or(1, |name| name.line);
    let found = Found::new(CONDA, document.must("name")?, document.must("version")?);
    let channel = document.get("channel").and_then(|channel| channel.as_text()).unwrap_or("conda");
    let license = document.get("license").and_then(|license| license.as_text()).map(str::to_owned);
    Ok(found.from(Origin::Other, channel).at(line).licensed(license).into())
}
