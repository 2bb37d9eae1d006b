//! `bun.lock`, the text format of Bun: JSON with trailing commas.

use std::collections::HashMap;

use super::node::{self, ASKING, Manifest};
use super::{Format, Source};
use crate::document::{Damage, Node, jsonc, text};
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
    root.map("the document")?;
    root.check_case(&["lockfileVersion", "workspaces", "packages"])?;
    let version =
        root.get("lockfileVersion").ok_or_else(|| Damage::new(1, "`lockfileVersion` is missing"))?;
    if !matches!(version.scalar("lockfileVersion")?, "0" | "1" | "2") {
        return Err(Damage::new(version.line, "unsupported `lockfileVersion`, supported are 0 to 2"));
    }
    if root.get("workspaces").is_none() {
        return Err(Damage::new(1, "`workspaces` is missing"));
    }
    let mut draft = Draft::default();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut listed = Vec::new();
    for entry in root.entries("packages")? {
        let items = entry.node.list(&entry.key)?;
        let what =
            items.first().ok_or_else(|| Damage::new(entry.line, "an entry is empty"))?.text(&entry.key)?;
        let (name, place) = node::split(what)
            .ok_or_else(|| Damage::new(entry.line, format!("`{what}` is not a name with a version")))?;
        let meta = items.iter().find(|item| item.map("").is_ok());
        let address = items.get(1).and_then(Node::as_text).filter(|address| !address.is_empty());
        let integrity =
            items.last().and_then(Node::as_text).filter(|text| text.contains('-') && items.len() > 2);
        let package =
            Package { integrity: node::checksums(integrity), ..node::package(name, "", entry.line) };
        let index = if place.starts_with("workspace:") {
            let index = draft.add(Package { origin: Origin::Project, integrity: Vec::new(), ..package });
            draft.root(index);
            index
        } else if place.contains([':', '/']) {
            let (origin, source) = node::origin(place);
            draft.add(Package { origin, source, ..package })
        } else {
            let package = Package { version: place.to_owned(), ..package };
            // For another registry, its address stands there, or that of the file.
            node::add(&mut draft, package, address.filter(|address| address.contains("://")))
        };
        places.insert(&entry.key, index);
        listed.push((entry, index, meta));
    }
    for (entry, from, meta) in &listed {
        let Some(meta) = meta else { continue };
        for (key, scope) in ASKING {
            for wish in meta.entries(key)? {
                match find(&places, &entry.key, &wish.key) {
                    Some(to) => draft.link(*from, to, wish.node.as_text(), scope),
                    None if key == "dependencies" => {
                        return Err(Damage::new(
                            wish.line,
                            format!("`{}` is asked for and not listed", wish.key),
                        ));
                    }
                    None => {}
                }
            }
        }
    }
    for workspace in root.entries("workspaces")? {
        let manifest = Manifest::read(source, &workspace.key);
        let name = workspace.node.text_of("name")?.unwrap_or_default();
        for (key, scope) in ASKING {
            for wish in workspace.node.entries(key)? {
                let requirement = wish.node.as_text();
                match find(&places, name, &wish.key) {
                    Some(to) => {
                        let location = manifest
                            .as_ref()
                            .and_then(|manifest| Some(manifest.location(manifest.wish(&wish.key)?)));
                        draft.ask(to, location, requirement, scope);
                    }
                    None if matches!(key, "dependencies" | "devDependencies") => {
                        return Err(Damage::new(
                            wish.line,
                            format!("`{}` is asked for and not listed", wish.key),
                        ));
                    }
                    None => {}
                }
            }
        }
    }
    Ok(draft.finish())
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
