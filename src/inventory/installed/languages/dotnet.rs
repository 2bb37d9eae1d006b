//! .NET: `*.deps.json` of applications and of shared frameworks.
//!
//! Its libraries of type `package` and `runtimepack` are listed, unless its target says that nothing of the package was deployed: the
//! runtime has those assemblies itself. Projects are the application's own.

use super::found::{Found, Taken};
use super::{Candidate, Kind, Reader, Trouble};
use crate::document::{Damage, Node, Value, json, text};
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "dotnet", kind: Kind::Language, is, take };

fn is(file: &Candidate<'_>) -> bool {
    file.path.name().ends_with(b".deps.json")
}

fn take(_: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    Ok(libraries(&bytes)?.into())
}

fn libraries(bytes: &[u8]) -> Result<Vec<Found>, Damage> {
    let document = json(text(bytes)?)?;
    document.check_spelling(&["libraries", "targets", "runtimeTarget"])?;
    let Some(libraries) = document.get("libraries") else {
        // Another program may have files of this name.
        let is_foreign = document.get("runtimeTarget").is_none() && document.get("targets").is_none();
        return if is_foreign {
            Ok(vec![])
        } else {
            Err(Damage::new(document.line, "`libraries` is missing"))
        };
    };
    let target = document
        .get("runtimeTarget")
        .and_then(|target| target.as_text().or_else(|| target.get("name")?.as_text()));
    let target = target.and_then(|name| document.get("targets")?.get(name));
    let mut found = Vec::new();
    for entry in libraries.map("libraries")? {
        entry.node.check_spelling(&["type"])?;
        let kind = entry.node.must("type")?.to_ascii_lowercase();
        if kind != "package" && kind != "runtimepack" {
            continue;
        }
        let (name, version) = entry
            .key
            .split_once('/')
            .filter(|(name, version)| !name.is_empty() && !version.is_empty())
            .ok_or_else(|| Damage::new(entry.line, format!("`{}` has no version", entry.key)))?;
        if target.and_then(|target| target.get(&entry.key)).is_some_and(|library| !is_deployed(library)) {
            continue;
        }
        let name = name.strip_prefix("runtimepack.").unwrap_or(name);
        found.push(Found::new(Ecosystem::NUGET, name, version).at(entry.line));
    }
    Ok(found)
}

/// Whether a library of a target brings files with it.
fn is_deployed(library: &Node<'_>) -> bool {
    ["runtime", "runtimeTargets", "native", "resources"].iter().any(|key| {
        matches!(library.get(key).map(|assets| &assets.value), Some(Value::Map(assets)) if !assets.is_empty())
    })
}
