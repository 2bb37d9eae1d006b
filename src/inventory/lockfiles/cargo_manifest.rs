//! `Cargo.toml` beside a lockfile, and those of the workspace: which versions the project's own packages ask for, and where.
//!
//! A manifest that is missing or can't be read only leaves a requirement unknown.

use std::collections::{BTreeSet, HashMap};

use super::{Source, node};
use crate::document::{Node, Value, text, toml};
use crate::graph::Asked;
use crate::{Graph, Origin};
use devops_core::{Ecosystem, Location};
use devops_versions::requirement::Requirement;

/// Most manifests that are read.
const MOST: usize = 1_000;

/// A dependency as a manifest has it.
struct Wish {
    /// The name that it is published by.
    name: String,
    /// Which versions are admitted.
    requirement: String,
    /// The path of the manifest that says so, and the line.
    location: Location,
}

/// Adds to a graph what the manifests of its own packages ask for.
pub(super) fn complete(graph: &mut Graph, source: &Source<'_>) {
    let mut shared: HashMap<String, Wish> = HashMap::new();
    let mut folders = vec![String::new()];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        if seen.len() >= MOST || !seen.insert(folder.clone()) {
            continue;
        }
        let path = node::joined(&folder, "Cargo.toml");
        let Some(bytes) = (source.neighbour)(&path).ok().flatten() else { continue };
        let Some(manifest) = text(&bytes).ok().and_then(|text| toml(text).ok()) else { continue };
        let shown = node::beside(source.path, &path);
        if folder.is_empty() {
            folders.extend(members(graph, &manifest));
            let common = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
            shared = wishes(common, &shown).map(|(key, wish, _)| (key, wish)).collect();
        }
        let name = manifest.get("package").and_then(|package| package.get("name")?.as_text());
        for (key, wish, node) in tables(&manifest).flat_map(|table| wishes(Some(table), &shown)) {
            folders.extend(node.get("path").and_then(Node::as_text).map(|path| inside(&folder, path)));
            let wish = if node.is_true("workspace") { shared.get(&key) } else { Some(&wish) };
            if let (Some(name), Some(wish)) = (name, wish) {
                note(graph, name, wish);
            }
        }
    }
}

/// The path from the lockfile of a folder that a manifest in another one names.
fn inside(folder: &str, path: &str) -> String {
    let joined = node::beside(&format!("{folder}/x"), path);
    joined.trim_start_matches('/').to_owned()
}

/// The folders of a workspace's members. Folders can't be listed here, so that a star stands for the names of the project's packages.
fn members(graph: &Graph, manifest: &Node<'_>) -> Vec<String> {
    let members = manifest.get("workspace").and_then(|workspace| workspace.items("members").ok());
    let mut folders = Vec::new();
    for member in members.unwrap_or_default().iter().filter_map(Node::as_text) {
        let Some((before, after)) = member.split_once('*') else {
            folders.push(member.trim_end_matches('/').to_owned());
            continue;
        };
        for package in graph.packages.iter().filter(|package| package.origin == Origin::Project) {
            folders.push(format!("{before}{}{after}", package.name));
            folders.push(format!("{before}{}{after}", package.name.replace('-', "_")));
        }
    }
    folders
}

/// The tables of a manifest that ask for packages.
fn tables<'a>(manifest: &'a Node<'a>) -> impl Iterator<Item = &'a Node<'a>> {
    const KEYS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.entries("target").unwrap_or_default().iter().map(|entry| &entry.node);
    std::iter::once(manifest).chain(targets).flat_map(|node| KEYS.iter().filter_map(|key| node.get(key)))
}

/// What a table asks for, by the name that the project uses.
fn wishes<'a>(table: Option<&'a Node<'a>>, path: &str) -> impl Iterator<Item = (String, Wish, &'a Node<'a>)> {
    let entries = match table.map(|table| &table.value) {
        Some(Value::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(move |entry| {
        let version = entry.node.get("version");
        let requirement = version.and_then(Node::as_text).or_else(|| entry.node.as_text());
        let name = entry.node.get("package").and_then(Node::as_text).unwrap_or(&entry.key);
        let line = version.map_or(entry.line, |version| version.line);
        let wish = Wish {
            name: name.to_owned(),
            requirement: requirement.unwrap_or_default().to_owned(),
            location: Location::line(path, line),
        };
        (entry.key.to_string(), wish, &entry.node)
    })
}

/// Notes a wish at the package that it means.
fn note(graph: &mut Graph, from: &str, wish: &Wish) {
    let Some(requirement) = Requirement::parse(Ecosystem::CRATES_IO.name(), &wish.requirement) else {
        return;
    };
    let Graph { packages, edges, asked, .. } = graph;
    let is_meant = |index: usize| {
        packages.get(index).is_some_and(|package| {
            package.name == wish.name && requirement.admits(&package.version) == Some(true)
        })
    };
    let own = packages.iter().position(|package| package.origin == Origin::Project && package.name == from);
    for edge in own.and_then(|own| edges.get_mut(own)).into_iter().flatten() {
        if is_meant(edge.to) {
            edge.requirement = Some(wish.requirement.as_str().into());
            asked.push(Asked {
                package: edge.to,
                location: Some(wish.location.clone()),
                requirement: Some(wish.requirement.as_str().into()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FORMATS, Source};

    #[test]
    fn requirements_come_from_the_manifests_of_the_workspace() {
        let lock = b"version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"x 1.0.0\", \"y\"]\n\n\
            [[package]]\nname = \"b\"\nversion = \"0.1.0\"\ndependencies = [\"x 2.0.0\"]\n\n\
            [[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n\
            [[package]]\nname = \"x\"\nversion = \"2.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n\
            [[package]]\nname = \"y\"\nversion = \"3.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        let root = "[workspace]\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nx = \"1\"\n";
        let a = "[package]\nname = \"a\"\n[dependencies]\nx = { workspace = true }\n[dependencies.renamed]\npackage = \"y\"\nversion = \"3\"\n";
        let b = "[package]\nname = \"b\"\n[target.'cfg(unix)'.dependencies]\nx = \"=2.0.0\"\n";
        let neighbour = |name: &str| {
            let found = [("Cargo.toml", root), ("crates/a/Cargo.toml", a), ("crates/b/Cargo.toml", b)];
            let found = found.iter().find(|(path, _)| *path == name);
            Ok(found.map(|(_, text)| text.as_bytes().to_vec()))
        };
        let format = FORMATS.iter().find(|format| format.name == "Cargo.lock").unwrap();
        let graph =
            format.read(&Source { path: "sub/Cargo.lock", bytes: lock, neighbour: &neighbour }).unwrap();
        let mut asked: Vec<String> = graph
            .asked
            .iter()
            .map(|asked| {
                let package = &graph.packages[asked.package];
                let requirement = asked.requirement.as_deref().unwrap();
                format!("{} {requirement} {}", package.label(), asked.location.as_ref().unwrap())
            })
            .collect();
        asked.sort();
        assert_eq!(
            asked,
            [
                "x 1.0.0 1 sub/Cargo.toml:4",
                "x 2.0.0 =2.0.0 sub/crates/b/Cargo.toml:4",
                "y 3.1.0 3 sub/crates/a/Cargo.toml:7"
            ]
        );
    }
}
