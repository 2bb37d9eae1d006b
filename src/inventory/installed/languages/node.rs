//! JavaScript: `package.json` of each package below a `node_modules`, with the name that it gives itself.
//!
//! Under an alias the folder has another name than the package; advisories are about the package. Packages that a package brings along
//! as tests or examples are not installed and are ignored; so is a file without name or version, as npm ignores it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::found::{Found, Taken};
use super::path::Path;
use super::{Candidate, Kind, Reader, Trouble};
use crate::document::Damage;
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "node", kind: Kind::Language, is, take };

/// Folders of a package whose contents are not installed.
const NOISE: [&[u8]; 12] = [
    b"test",
    b"tests",
    b"__tests__",
    b"example",
    b"examples",
    b"fixture",
    b"fixtures",
    b"__fixtures__",
    b"spec",
    b"specs",
    b"demo",
    b"demos",
];

/// What matters of a `package.json`.
#[derive(Deserialize)]
struct Manifest {
    name: Option<Value>,
    version: Option<Value>,
    license: Option<Value>,
}

fn is(file: &Candidate<'_>) -> bool {
    file.path.name() == b"package.json"
        && package_folder(file.path.folder()).is_some_and(|outer| !is_noise(outer))
}

/// What holds the `node_modules` of a package folder; none where it is no such folder.
fn package_folder(folder: Path<'_>) -> Option<Path<'_>> {
    let parent = folder.folder();
    if matches!(folder.name(), [] | [b'.' | b'@', ..]) {
        return None;
    }
    let modules = if parent.name().starts_with(b"@") { parent.folder() } else { parent };
    (modules.name() == b"node_modules").then(|| modules.folder())
}

/// Whether a folder is a test or an example inside of a package.
fn is_noise(mut folder: Path<'_>) -> bool {
    let mut has_noise = false;
    while !folder.bytes().is_empty() {
        if package_folder(folder).is_some() {
            return has_noise || package_folder(folder).is_some_and(is_noise);
        }
        has_noise |= NOISE.contains(&folder.name());
        folder = folder.folder();
    }
    // Outside of every package: an application may well be in a folder `test`.
    false
}

fn take(_: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    Ok(package(&bytes)?.map(Taken::from).unwrap_or_default())
}

/// The package of a `package.json`; none where it has no name or version.
fn package(bytes: &[u8]) -> Result<Option<Found>, Damage> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|error| Damage::new(error.line() as u64, format!("is no valid package.json: {error}")))?;
    let text =
        |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(|text| text.trim().to_owned());
    let (Some(name), Some(version)) = (text(&manifest.name), text(&manifest.version)) else {
        return check_case(bytes).map(|()| None);
    };
    if name.is_empty() || version.is_empty() {
        return Ok(None);
    }
    // Old packages have an object with a type, or several.
    let license = manifest
        .license
        .as_ref()
        .and_then(|license| license.as_str().or_else(|| license.get("type")?.as_str()));
    Ok(Some(Found::new(Ecosystem::NPM, name, version).licensed(license.map(str::to_owned))))
}

/// Rejects a name or a version under a key in another case, which would leave out the package.
fn check_case(bytes: &[u8]) -> Result<(), Damage> {
    let keys: BTreeMap<String, Value> = serde_json::from_slice(bytes).unwrap_or_default();
    let is_other = |key: &&String| {
        ["name", "version"].iter().any(|known| key.as_str() != *known && key.eq_ignore_ascii_case(known))
    };
    match keys.keys().find(is_other) {
        Some(key) => {
            Err(Damage::new(0, format!("unknown key `{key}`, did you mean `{}`?", key.to_ascii_lowercase())))
        }
        None => Ok(()),
    }
}
