//! Julia: `packages/NAME/SLUG/Project.toml` of a depot.
//!
//! Manifests are lockfiles and say nothing about what is installed; artifacts have no name, and belong to a package that has.

use super::found::{Found, Taken};
use super::{Candidate, Kind, Reader, Trouble};
use crate::document::{Damage, text, toml};
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "julia", kind: Kind::Language, is, take };

fn is(file: &Candidate<'_>) -> bool {
    let slug = file.path.folder();
    let is_slug = matches!(slug.name().len(), 4..=6) && slug.name().iter().all(u8::is_ascii_alphanumeric);
    matches!(file.path.name(), b"Project.toml" | b"JuliaProject.toml")
        && is_slug
        && slug.folder().folder().name() == b"packages"
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    let document = toml(text(&bytes)?)?;
    document.check_spelling(&["name", "version", "uuid"])?;
    let (Some(name), Some(uuid)) = (document.text_of("name")?, document.text_of("uuid")?) else {
        // A project that is no package, in a folder that looks like one.
        return Ok(Taken::default());
    };
    if name.as_bytes() != file.path.folder().folder().name() {
        return Err(
            Damage::new(1, format!("is of the package `{name}` ({uuid}), which its folder is not")).into()
        );
    }
    let line = document.get("name").map_or(1, |name| name.line);
    Ok(Found::new(Ecosystem::JULIA, name, document.must("version")?).at(line).into())
}
