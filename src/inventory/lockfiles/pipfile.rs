//! `Pipfile.lock` of Pipenv.

use std::collections::HashMap;

use super::manifest::source_of;
use super::{Format, Source, python};
use crate::document::{Damage, Entry, Node, json, text};
use crate::draft::Draft;
use crate::{Graph, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Pipfile.lock",
    is: |name| name == "Pipfile.lock",
    is_named: |name| name == "Pipfile.lock",
    read,
};

/// Reads a lockfile.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the lockfile, or regenerate it with `pipenv lock`";
    graph(source).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = json(text(source.bytes)?)?;
    let sections = root.map("the document")?;
    let meta = root.get("_meta").ok_or_else(|| Damage::new(1, "`_meta` is missing"))?;
    let version =
        meta.get("pipfile-spec").ok_or_else(|| Damage::new(meta.line, "`pipfile-spec` is missing"))?;
    if version.scalar("pipfile-spec")? != "6" {
        return Err(Damage::new(version.line, "unsupported `pipfile-spec`, supported is 6"));
    }
    if root.get("default").is_none() {
        return Err(Damage::new(1, "`default` is missing"));
    }
    root.check_spelling(&["_meta", "default", "develop"])?;
    let registries = meta.items("sources")?;
    let mut draft = Draft::default();
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    // Any other section is a category of the project's own.
    for section in sections.iter().filter(|section| section.key != "_meta") {
        let scope = if section.key == "develop" { Scope::Dev } else { Scope::Runtime };
        for entry in section.node.map(&section.key)? {
            let package = Package { scope, ..package(entry, registries)? };
            let name = package.name.clone();
            let other = python::other_at(&package, &package.source);
            by_name.entry(name.clone()).or_default().push(draft.add(package));
            if let Some(other) = other {
                by_name.entry(name).or_default().push(draft.add(other));
            }
        }
    }
    // Old releases of Pipenv ask every registry for a package that names none.
    let is_open =
        |entry: &Entry<'_>| entry.node.get("index").is_none() && entry.node.get("version").is_some();
    let mut listed = sections.iter().filter(|section| section.key != "_meta");
    if listed.any(|section| section.node.map("").is_ok_and(|entries| entries.iter().any(is_open))) {
        for url in registries.iter().skip(1).filter_map(|registry| registry.get("url")) {
            let other = source_of(Ecosystem::PYPI, url.as_text().unwrap_or_default(), url.line);
            other.map(|other| draft.add(other));
        }
    }
    let wishes = python::wishes(source, "Pipfile");
    for wish in &wishes {
        for index in by_name.get(&wish.name).into_iter().flatten() {
            // The scope is that of the section.
            let scope = draft.packages().get(*index).map_or(wish.scope, |package| package.scope);
            draft.ask(*index, Some(wish.location.clone()), Some(&wish.requirement), scope);
        }
    }
    Ok(draft.finish())
}

/// A package of a section, from one of the registries or from elsewhere.
fn package(entry: &Entry<'_>, registries: &[Node<'_>]) -> Result<Package, Damage> {
    let node = &entry.node;
    node.map(&entry.key)?;
    node.check_spelling(&["version", "git", "path", "file", "index"])?;
    let asked = node.text_of("version")?.unwrap_or_default();
    let (version, requirement) = match asked.strip_prefix("===").or_else(|| asked.strip_prefix("==")) {
        Some(version) if !version.contains('*') => (version.trim(), ""),
        _ => ("", asked),
    };
    let mut package =
        Package { requirement: requirement.to_owned(), ..python::package(&entry.key, version, entry.line) };
    for hash in node.items("hashes")? {
        package.integrity.push(hash.text("hashes")?.to_owned());
    }
    if let Some(address) = node.text_of("git")? {
        let commit = node.text_of("ref")?.unwrap_or_default();
        (package.origin, package.source) = python::place(&format!("git+{address}#{commit}"));
    } else if let Some(place) = node.text_of("file")?.or(node.text_of("path")?) {
        (package.origin, package.source) = python::place(place);
    } else {
        let name = node.text_of("index")?;
        let address = address(registries, name);
        // Without a known address, nothing shows that it is the public one.
        python::registry(&mut package, address.or(name).unwrap_or("https://pypi.org/simple"));
    }
    Ok(package)
}

/// The address of the registry of a name, or without a name of the first; of several with one name, the last counts.
fn address<'a>(registries: &'a [Node<'_>], name: Option<&str>) -> Option<&'a str> {
    let address = |registry: &'a Node<'_>| registry.get("url")?.as_text();
    let Some(name) = name else { return registries.first().and_then(address) };
    let is_named = |registry: &&Node<'_>| registry.get("name").and_then(Node::as_text) == Some(name);
    registries.iter().rev().filter(is_named).find_map(address)
}
