//! `bun.lock`, the text format of Bun: JSON with trailing commas.

use std::collections::HashMap;

use super::node::{self, ASKING, Manifest};
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, jsonc, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "bun.lock", is: |name| name == "bun.lock", is_named: |name| name == "bun.lock", read };

/// Reads a lockfile.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the lockfile, or regenerate it with `bun install --lockfile-only`";
    graph(source).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = jsonc(text(source.bytes)?)?;
    check(&root)?;
    let mut draft = Draft::default();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let packages = root.entries("packages")?;
    for entry in packages {
        let index = add(&mut draft, entry)?;
        places.insert(&entry.key, index);
    }
    for entry in packages {
        link(&mut draft, &places, entry)?;
    }
    for workspace in root.entries("workspaces")? {
        ask(&mut draft, &places, source, workspace)?;
    }
    Ok(draft.finish())
}

/// Rejects what is no lockfile of a version that is known.
fn check(root: &Node<'_>) -> Result<(), Damage> {
    root.map("the document")?;
    root.check_spelling(&["lockfileVersion", "workspaces", "packages"])?;
    let version =
        root.get("lockfileVersion").ok_or_else(|| Damage::new(1, "`lockfileVersion` is missing"))?;
    if !matches!(version.scalar("lockfileVersion")?, "0" | "1" | "2") {
        return Err(Damage::new(version.line, "unsupported `lockfileVersion`, supported are 0 to 2"));
    }
    if root.get("workspaces").is_none() {
        return Err(Damage::new(1, "`workspaces` is missing"));
    }
    Ok(())
}

/// Adds a package: a list of its name with a version, its address, what it asks for, and its checksum.
fn add(draft: &mut Draft, entry: &Entry<'_>) -> Result<usize, Damage> {
    let items = entry.node.list(&entry.key)?;
    let what = items.first().ok_or_else(|| Damage::new(entry.line, "an entry is empty"))?.text(&entry.key)?;
    let (name, place) = node::split(what)
        .ok_or_else(|| Damage::new(entry.line, format!("`{what}` is not a name with a version")))?;
    let address = items.get(1).and_then(Node::as_text).filter(|address| !address.is_empty());
    let integrity = items.last().and_then(Node::as_text).filter(|text| text.contains('-') && items.len() > 2);
    let package = Package { integrity: node::checksums(integrity), ..node::package(name, "", entry.line) };
    if place.starts_with("workspace:") || place == "root:" {
        let index = draft.add(Package { origin: Origin::Project, integrity: Vec::new(), ..package });
        draft.root(index);
        return Ok(index);
    }
    if place.contains([':', '/']) {
        let (origin, source) = node::origin(place);
        return Ok(draft.add(Package { origin, source, ..package }));
    }
    let package = Package { version: place.to_owned(), ..package };
    // For another registry, its address stands there, or that of the file.
    Ok(node::add(draft, package, address))
}

/// Links a package with what it asks for.
fn link(draft: &mut Draft, places: &HashMap<&str, usize>, entry: &Entry<'_>) -> Result<(), Damage> {
    let Some(from) = places.get(entry.key.as_ref()).copied() else { return Ok(()) };
    let items = entry.node.list(&entry.key)?;
    let Some(meta) = items.iter().find(|item| item.map("").is_ok()) else { return Ok(()) };
    for (key, scope) in ASKING {
        for wish in meta.entries(key)? {
            match find(places, &entry.key, &wish.key) {
                Some(to) => draft.link(from, to, wish.node.as_text(), scope),
                None if key == "dependencies" => return Err(missing(wish)),
                None => {}
            }
        }
    }
    Ok(())
}

/// Marks what one project of the workspace asks for.
fn ask(
    draft: &mut Draft,
    places: &HashMap<&str, usize>,
    source: &Source<'_>,
    workspace: &Entry<'_>,
) -> Result<(), Damage> {
    let manifest = Manifest::read(source, &workspace.key);
    let name = workspace.node.text_of("name")?.unwrap_or_default();
    for (key, scope) in ASKING {
        for wish in workspace.node.entries(key)? {
            match find(places, name, &wish.key) {
                Some(to) => {
                    let location = manifest
                        .as_ref()
                        .and_then(|manifest| Some(manifest.location(manifest.wish(&wish.key)?)));
                    draft.ask(to, location, wish.node.as_text(), scope);
                }
                None if matches!(key, "dependencies" | "devDependencies") => return Err(missing(wish)),
                None => {}
            }
        }
    }
    Ok(())
}

fn missing(wish: &Entry<'_>) -> Damage {
    Damage::new(wish.line, format!("`{}` is asked for and not listed", wish.key))
}

/// The package that a name means to the package at a key: the innermost below it or one that holds it.
fn find(places: &HashMap<&str, usize>, from: &str, name: &str) -> Option<usize> {
    let mut base = from;
    while !base.is_empty() {
        if let Some(index) = places.get(format!("{base}/{name}").as_str()) {
            return Some(*index);
        }
        base = base.rfind('/').and_then(|slash| base.get(..slash)).unwrap_or_default();
    }
    places.get(name).copied()
}
