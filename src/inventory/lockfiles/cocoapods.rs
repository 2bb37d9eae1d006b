//! `Podfile.lock` of `CocoaPods`.

use std::collections::HashMap;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Node, Value, text, yaml};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Podfile.lock",
    is: |name| name == "Podfile.lock",
    is_named: |name| name.ends_with("Podfile.lock"),
    read,
};

/// Sections in their spelling.
const SECTIONS: [&str; 8] = [
    "PODS",
    "DEPENDENCIES",
    "SPEC REPOS",
    "EXTERNAL SOURCES",
    "CHECKOUT OPTIONS",
    "SPEC CHECKSUMS",
    "PODFILE CHECKSUM",
    "COCOAPODS",
];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "Podfile")?;
    let help = "restore the lockfile, or regenerate it with `pod install`";
    graph(source, &manifest).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = yaml(text(source.bytes)?)?;
    for entry in document.map("Podfile.lock")? {
        if !SECTIONS.contains(&entry.key.as_ref()) {
            return Err(Damage::new(entry.line, format!("unknown section `{}`", entry.key)));
        }
    }
    // Written last: without it the file is cut off.
    document.get("COCOAPODS").ok_or_else(|| Damage::new(document.line, "`COCOAPODS` is missing"))?;
    let mut draft = Draft::default();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut links = Vec::new();
    for item in document.items("PODS")? {
        let (label, needs) = match &item.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => (entry.key.as_ref(), entry.node.list(&entry.key)?),
                _ => return Err(Damage::new(item.line, "a pod has more than one name")),
            },
            _ => (item.text("PODS")?, &[][..]),
        };
        let (name, version) = named(label);
        let version = version.ok_or_else(|| Damage::new(item.line, format!("`{name}` has no version")))?;
        let pod = name.split('/').next().unwrap_or(name);
        let mut package = Package::new(Ecosystem::COCOAPODS, pod, version, item.line);
        if let Some(from) = document.get("EXTERNAL SOURCES").and_then(|all| all.get(pod)) {
            let at = document.get("CHECKOUT OPTIONS").and_then(|all| all.get(pod));
            external(&mut package, from, at);
        } else if let Some(repository) = repository(&document, pod)? {
            (package.origin, package.source) = (Origin::Other, repository);
        }
        let checksum = document.get("SPEC CHECKSUMS").and_then(|all| all.get(pod));
        package.integrity.extend(checksum.and_then(Node::as_text).map(|checksum| format!("sha1:{checksum}")));
        let index = draft.add(package);
        if by_name.insert(name, index).is_some() {
            return Err(Damage::new(item.line, format!("`{name}` is listed twice")));
        }
        for need in needs {
            links.push((index, need.line, named(need.text("PODS")?)));
        }
    }
    let listed = |name: &str, line: u64| {
        by_name
            .get(name)
            .copied()
            .ok_or_else(|| Damage::new(line, format!("`{name}` is needed and not listed")))
    };
    for (from, line, (name, requirement)) in links {
        let to = listed(name, line)?;
        // A part of a pod that needs another part of it is no edge.
        if to != from {
            draft.link(from, to, requirement, Scope::Runtime);
        }
    }
    for item in document.items("DEPENDENCIES")? {
        let (name, requirement) = named(item.text("DEPENDENCIES")?);
        let requirement = requirement.filter(|text| !text.starts_with("from "));
        let index = listed(name, item.line)?;
        draft.ask(index, manifest.quoting(name, &[]), requirement, Scope::Runtime);
    }
    check_sections(&document, &by_name)?;
    Ok(draft.finish())
}

/// Rejects pods that a section tells something about and that are not listed.
fn check_sections(document: &Node<'_>, by_name: &HashMap<&str, usize>) -> Result<(), Damage> {
    for section in ["SPEC CHECKSUMS", "EXTERNAL SOURCES"] {
        for entry in document.entries(section)? {
            if !by_name.keys().any(|name| name.split('/').next() == Some(entry.key.as_ref())) {
                let what = format!("`{}` stands in `{section}` and is not listed", entry.key);
                return Err(Damage::new(entry.line, what));
            }
        }
    }
    Ok(())
}

/// `name (what is in brackets)`.
fn named(label: &str) -> (&str, Option<&str>) {
    let split = label.split_once(" (").and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
    split.map_or((label, None), |(name, inside)| (name, Some(inside)))
}

/// Where a pod that is not from a repository of specs is from.
fn external(package: &mut Package, from: &Node<'_>, at: Option<&Node<'_>>) {
    let field = |node: &Node<'_>, key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
    (package.origin, package.source) = if let Some(url) = field(from, ":git") {
        let commit = at.and_then(|at| field(at, ":commit"));
        (Origin::Git, format!("{url}#{}", commit.unwrap_or_default()))
    } else if let Some(path) = field(from, ":path") {
        let is_outside = path.starts_with("..") || path.starts_with('/');
        // Flutter and React Native keep their pods in folders of the project.
        (if is_outside { Origin::Path } else { Origin::Project }, path)
    } else {
        (Origin::Other, field(from, ":podspec").or_else(|| field(from, ":http")).unwrap_or_default())
    };
}

/// The repository of specs that a pod is from, where it is not the public one.
fn repository(document: &Node<'_>, pod: &str) -> Result<Option<String>, Damage> {
    for entry in document.entries("SPEC REPOS")? {
        let is_public = matches!(entry.key.as_ref(), "trunk" | "https://cdn.cocoapods.org/")
            || entry.key.to_lowercase().trim_end_matches(".git") == "https://github.com/cocoapods/specs";
        if !is_public && entry.node.list(&entry.key)?.iter().any(|item| item.as_text() == Some(pod)) {
            return Ok(Some(entry.key.to_string()));
        }
    }
    Ok(None)
}
