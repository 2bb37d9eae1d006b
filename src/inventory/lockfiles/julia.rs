//! `Manifest.toml` of Julia, formats 1 and 2.

use std::collections::HashMap;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, Value, text, toml};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "Manifest.toml", is, is_named: |name| name.ends_with("Manifest.toml"), read };

/// `Manifest.toml`, `JuliaManifest.toml` and those of one version: `Manifest-v1.11.toml`.
fn is(name: &str) -> bool {
    let name = name.strip_prefix("Julia").unwrap_or(name);
    name == "Manifest.toml" || name.starts_with("Manifest-v") && name.ends_with(".toml")
}

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let mut manifest = Manifest::beside(source, "Project.toml")?;
    if manifest.text.is_empty() {
        manifest = Manifest::beside(source, "JuliaProject.toml")?;
    }
    let help = "restore the lockfile, or regenerate it with `Pkg.resolve()`";
    graph(source, &manifest).map_err(|damage| damage.error(source.path, help))
}

/// Whether another program has a file of this name: one without any key or table that Julia writes.
fn is_foreign(document: &Node<'_>) -> bool {
    let known =
        ["manifest_format", "julia_version", "project_hash", "deps", "registries", "uuid", "git-tree-sha1"];
    match &document.value {
        Value::Map(entries) => {
            !entries.is_empty()
                && !entries.iter().any(|entry| {
                    known.iter().any(|key| entry.key.eq_ignore_ascii_case(key))
                        || matches!(entry.node.value, Value::List(_))
                        || entry.node.get("uuid").is_some()
                })
        }
        _ => false,
    }
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = toml(text(source.bytes)?)?;
    document.check_spelling(&["manifest_format", "deps", "julia_version"])?;
    if is_foreign(&document) {
        return Ok(Graph::default());
    }
    let format = document.text_of("manifest_format")?;
    let packages = packages(&document, format)?;
    let julia = document.text_of("julia_version")?;
    let mut draft = Draft::default();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_uuid: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<(&Entry<'_>, &Node<'_>, usize)> = Vec::new();
    for entry in packages {
        let Value::List(items) = &entry.node.value else {
            if format.is_none() && matches!(entry.key.as_ref(), "julia_version" | "project_hash") {
                continue;
            }
            return Err(Damage::new(entry.line, format!("`{}` is not a package", entry.key)));
        };
        for item in items {
            item.check_spelling(&[
                "uuid",
                "version",
                "git-tree-sha1",
                "repo-url",
                "path",
                "deps",
                "repo-rev",
            ])?;
            let uuid = item.must("uuid")?;
            let index = draft.add(package(entry, item, julia)?);
            by_name.entry(&entry.key).or_default().push(index);
            if by_uuid.insert(uuid, index).is_some() {
                return Err(Damage::new(item.line, format!("the uuid of `{}` occurs twice", entry.key)));
            }
            found.push((entry, item, index));
        }
    }
    for (entry, item, from) in found {
        for (line, name, uuid) in needs(item)? {
            let named = by_name.get(name).map(Vec::as_slice).unwrap_or_default();
            let to = uuid.map_or_else(|| named.first(), |uuid| by_uuid.get(uuid));
            // Julia lists every package, so that one that is missing was cut off.
            let to = to.ok_or_else(|| {
                Damage::new(line, format!("`{}` depends on `{name}`, which is not listed", entry.key))
            })?;
            draft.link(from, *to, None, Scope::Runtime);
        }
    }
    let asks = toml(&manifest.text).ok();
    for entry in asks.as_ref().and_then(|asks| asks.entries("deps").ok()).unwrap_or_default() {
        let uuid = entry.node.as_text().unwrap_or_default();
        let index = by_uuid.get(uuid).copied();
        let index =
            index.ok_or_else(|| Damage::new(1, format!("`{}` of the project is not listed", entry.key)))?;
        let admitted = asks.as_ref().and_then(|asks| asks.get("compat")?.get(&entry.key)?.as_text());
        draft.ask(index, Some(manifest.at(entry.line)), admitted, Scope::Runtime);
    }
    Ok(draft.finish())
}

/// The packages of a lockfile, by name.
fn packages<'b>(document: &'b Node<'b>, format: Option<&str>) -> Result<&'b [Entry<'b>], Damage> {
    match format.map(|format| format.split('.').next().unwrap_or(format)) {
        Some("2") => {
            document.check_known(&[
                "julia_version",
                "manifest_format",
                "project_hash",
                "deps",
                "registries",
            ])?;
            document.entries("deps")
        }
        None | Some("1") => document.map("Manifest.toml"),
        Some(_) => {
            let line = document.get("manifest_format").map_or(1, |node| node.line);
            let what =
                format!("manifest_format {} is not supported (1 and 2 are)", format.unwrap_or_default());
            Err(Damage::new(line, what))
        }
    }
}

/// A dependency: its line, its name and, where names are not enough, its uuid.
type Need<'a> = (u64, &'a str, Option<&'a str>);

/// What a package depends on.
fn needs<'b>(item: &'b Node<'_>) -> Result<Vec<Need<'b>>, Damage> {
    match item.get("deps") {
        None => Ok(vec![]),
        Some(Node { value: Value::List(items), .. }) => {
            items.iter().map(|need| Ok((need.line, need.text("deps")?, None))).collect()
        }
        Some(map) => {
            let needs = map.map("deps")?.iter();
            Ok(needs.map(|need| (need.line, need.key.as_ref(), need.node.as_text())).collect())
        }
    }
}

fn package(entry: &Entry<'_>, item: &Node<'_>, julia: Option<&str>) -> Result<Package, Damage> {
    // The table's first key is the nearest line there is.
    let line = item.get("uuid").map_or(entry.line, |uuid| item.line.min(uuid.line));
    let version = item.text_of("version")?;
    let tree = item.text_of("git-tree-sha1")?;
    let mut package = Package::new(Ecosystem::JULIA, entry.key.as_ref(), version.unwrap_or_default(), line);
    if let Some(url) = item.text_of("repo-url")? {
        let revision = item.text_of("repo-rev")?.unwrap_or_default();
        (package.origin, package.source) = (Origin::Git, format!("{url}#{revision}"));
    } else if let Some(path) = item.text_of("path")? {
        let is_outside = path.starts_with("..") || path.starts_with('/');
        package.origin = if is_outside { Origin::Path } else { Origin::Project };
        package.source = if is_outside { path.to_owned() } else { String::new() };
    } else if version.is_none() && tree.is_none() {
        // A part of Julia itself, as old as Julia.
        julia.unwrap_or_default().clone_into(&mut package.version);
        package.is_guessed = true;
    }
    package.integrity = tree.map(|tree| format!("git-tree-sha1:{tree}")).into_iter().collect();
    Ok(package)
}
