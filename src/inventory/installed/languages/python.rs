//! Python: `*.dist-info/METADATA`, `*.egg-info` as folder and as file, and eggs.
//!
//! What a package copied into itself (`pip/_vendor/vendor.txt`) has no metadata and is not listed, as `pip list` does not; copies
//! that brought their metadata (`setuptools/_vendor/*.dist-info`) are. A folder `idna-3.2.dist-info` whose `METADATA` is missing or
//! says neither name nor version is the package of its name, as long as something of it is left.

use std::borrow::Cow;

use super::found::{Found, Taken};
use super::header::{self, Field};
use super::{Candidate, Kind, Reader, Trouble};
use crate::document::Damage;
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "python", kind: Kind::Language, is, take };

/// How much of a file is read first: fields stand before the description.
const FIRST: usize = 16 << 10;

fn is(file: &Candidate<'_>) -> bool {
    let parent = file.path.folder().name();
    match file.path.name() {
        b"METADATA" | b"RECORD" | b"WHEEL" | b"INSTALLER" => parent.ends_with(b".dist-info"),
        b"PKG-INFO" => parent.ends_with(b".egg-info") || parent == b"EGG-INFO",
        name => name.ends_with(b".egg-info"),
    }
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let name = file.path.name();
    if matches!(name, b"RECORD" | b"WHEEL" | b"INSTALLER") {
        let found = of_folder(&file.path.folder().name_text());
        return Ok(found.map(Found::guessed).map(Taken::from).unwrap_or_default());
    }
    let folder = if name.ends_with(b".egg-info") { file.path } else { file.path.folder() };
    // `a-1.0-py3.9.egg/EGG-INFO/PKG-INFO`
    let folder = if folder.name() == b"EGG-INFO" { folder.folder() } else { folder };
    let bytes = fields_of(content)?;
    let text = String::from_utf8_lossy(&bytes);
    let fields = header::fields(text.strip_prefix('\u{feff}').unwrap_or(&text), " ");
    if let Some(found) = package(&fields) {
        return Ok(found.into());
    }
    match of_folder(&folder.name_text()) {
        Some(found) => Ok(found.into()),
        // An empty `PKG-INFO` of a folder without a version is nothing for pip either.
        None if fields.is_empty() && bytes.is_empty() => Ok(Taken::default()),
        None => Err(Damage::new(1, "has no name and version of a Python package").into()),
    }
}

/// The beginning of a file that has all of its fields.
fn fields_of(content: &mut dyn Content) -> Result<Cow<'_, [u8]>, Trouble> {
    let is_whole = {
        let head = content.head(FIRST)?;
        head.len() < FIRST || header::is_ended(&String::from_utf8_lossy(&head))
    };
    if is_whole { Ok(content.head(FIRST)?) } else { super::whole(content) }
}

/// The package of the fields of its metadata.
pub(super) fn package(fields: &[Field]) -> Option<Found> {
    let name = header::first(fields, "Name")?;
    let version = header::first(fields, "Version")?;
    let found = Found::new(Ecosystem::PYPI, name.value.as_str(), version.value.as_str());
    Some(found.at(name.line).licensed(license(fields)))
}

/// The licence: as an expression, as a line, or by its class.
fn license(fields: &[Field]) -> Option<String> {
    let value = |name: &str| header::first(fields, name).map(|field| field.value.clone());
    // Some have the whole text of their licence there.
    let is_short = |license: &String| license.len() <= 64 && !license.eq_ignore_ascii_case("unknown");
    let class = |field: &Field| {
        let class = field
            .value
            .strip_prefix("License ::")
            .filter(|_| field.name.eq_ignore_ascii_case("Classifier"))?;
        class.rsplit("::").next().map(|class| class.trim().to_owned())
    };
    value("License-Expression")
        .or_else(|| value("License").filter(is_short))
        .or_else(|| fields.iter().find_map(class))
}

/// The package that a folder or file is named after: `idna-3.2.dist-info`, `PyYAML-5.3-py3.9.egg-info`.
fn of_folder(name: &str) -> Option<Found> {
    let stem = [".dist-info", ".egg-info", ".egg"].iter().find_map(|end| name.strip_suffix(end))?;
    let mut parts = stem.split('-');
    let (name, version) = (parts.next()?, parts.next()?);
    let is_version = version.starts_with(|first: char| first.is_ascii_digit() || first == 'v');
    (!name.is_empty() && is_version).then(|| Found::new(Ecosystem::PYPI, name, version))
}
