//! Rust: the list of crates that cargo-auditable puts into a program, JSON in a section of its own.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::super::Content;
use super::Trouble;
use super::found::Found;
use super::sections::Program;
use crate::Origin;
use crate::document::Damage;
use devops_core::Ecosystem;

/// Longest list that is read, as by the tools of cargo-auditable.
const LONGEST: u64 = 8 << 20;

/// The list.
#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

/// A crate of the list.
#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    source: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    root: bool,
}

/// What a crate is needed for.
#[derive(Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Runtime,
    Build,
}

/// The crates that a program says it is made of; nothing where it does not say so.
pub(super) fn crates(program: &Program, content: &mut dyn Content) -> Result<Vec<Found>, Trouble> {
    let Some(section) = program.section(".dep-v0") else { return Ok(Vec::new()) };
    let damaged =
        |what: String| Trouble::from(Damage::new(0, format!("has a list of crates that is damaged: {what}")));
    let size = usize::try_from(section.size).ok().filter(|size| *size as u64 <= LONGEST);
    let size = size.ok_or_else(|| damaged(format!("it is longer than {} MiB", LONGEST >> 20)))?;
    let packed = content.range(section.offset, size)?;
    if packed.len() != size {
        return Err(damaged("it is cut off".to_owned()));
    }
    let mut bytes = Vec::new();
    let mut inside = ZlibDecoder::new(&*packed).take(LONGEST + 1);
    inside.read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(damaged(format!("it is longer than {} MiB", LONGEST >> 20)));
    }
    let list: List = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    // What only the build needed is not in the program.
    let runtime = list.packages.into_iter().filter(|one| one.kind == Kind::Runtime);
    Ok(runtime.map(found).collect())
}

fn found(one: Crate) -> Found {
    let found = Found::new(Ecosystem::CRATES_IO, one.name, one.version);
    match one.source.as_str() {
        "crates.io" => found,
        _ if one.root => found.from(Origin::Project, ""),
        "local" => found.from(Origin::Path, one.source),
        "git" => found.from(Origin::Git, one.source),
        _ => found.from(Origin::Other, one.source),
    }
}
