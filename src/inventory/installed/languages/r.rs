//! R: `DESCRIPTION` of each package in a library, which has a field `Built` only once the package is installed.

use super::found::{BIOCONDUCTOR, Found, Taken};
use super::header;
use super::{Candidate, Kind, Reader, Trouble};
use crate::Origin;
use crate::document::Damage;
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "r", kind: Kind::Language, is, take };

/// Names of folders that libraries are in: the one of R itself, and those of Debian and of renv.
fn is(file: &Candidate<'_>) -> bool {
    let library = file.path.folder().folder();
    // renv: `renv/library/R-4.2/x86_64-pc-linux-gnu/PACKAGE`, on newer systems with one folder more.
    let is_library = |path: &super::Path<'_>| matches!(path.name(), b"library" | b"site-library");
    file.path.name() == b"DESCRIPTION"
        && std::iter::successors(Some(library), |path| Some(path.folder()))
            .take(4)
            .any(|path| is_library(&path))
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    let text = String::from_utf8_lossy(&bytes);
    let fields = header::fields(&text, " ");
    let value = |name: &str| header::first(&fields, name).map(|field| field.value.as_str());
    let (Some(name), Some(version)) = (header::first(&fields, "Package"), value("Version")) else {
        return match value("Built") {
            Some(_) => Err(Damage::new(1, "has no name and version of an R package").into()),
            None => Ok(Taken::default()),
        };
    };
    // R finds packages by the names of their folders.
    if value("Built").is_none() || name.value.as_bytes() != file.path.folder().name() {
        return Ok(Taken::default());
    }
    let ecosystem = if value("biocViews").is_some() { BIOCONDUCTOR } else { Ecosystem::CRAN };
    let mut found = Found::new(ecosystem, name.value.as_str(), version).at(name.line);
    if value("Priority") == Some("base") {
        // A part of R, as old as R.
        found = found.from(Origin::Other, "R");
    }
    Ok(found.licensed(value("License").map(str::to_owned)).into())
}
