//! `conan.lock` of Conan 1 (0.4) and 2 (0.5).

use std::collections::HashMap;

use jiff::Timestamp;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Node, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "conan.lock",
    is: |name| name == "conan.lock",
    is_named: |name| name.contains("conan") && name.ends_with(".lock"),
    read,
};

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifests = [Manifest::beside(source, "conanfile.txt")?, Manifest::beside(source, "conanfile.py")?];
    let help = "restore the lockfile, or regenerate it with `conan lock create`";
    graph(source, &manifests).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>, manifests: &[Manifest]) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    document.check_spelling(&[
        "version",
        "graph_lock",
        "requires",
        "build_requires",
        "python_requires",
        "config_requires",
    ])?;
    let version =
        document.get("version").ok_or_else(|| Damage::new(document.line, "`version` is missing"))?;
    let mut draft = Draft::default();
    match version.scalar("version")? {
        "0.4" => nodes(&document, &mut draft)?,
        "0.5" => {
            document.check_known(&[
                "version",
                "requires",
                "build_requires",
                "python_requires",
                "config_requires",
                "overrides",
                "alias",
            ])?;
            document.get("requires").ok_or_else(|| Damage::new(document.line, "`requires` is missing"))?;
            for (key, scope) in [
                ("requires", Scope::Runtime),
                ("build_requires", Scope::Build),
                ("python_requires", Scope::Build),
                ("config_requires", Scope::Build),
            ] {
                for item in document.items(key)? {
                    draft.add(Package { scope, ..package(item.text(key)?, item.line)? });
                }
            }
        }
        other => {
            return Err(Damage::new(
                version.line,
                format!("version {other} is not supported (0.4 and 0.5 are)"),
            ));
        }
    }
    for index in 0..draft.packages().len() {
        let Some(package) = draft.packages().get(index) else { continue };
        let (scope, start) = (package.scope, format!("{}/", package.name));
        let at = manifests.iter().find_map(|manifest| {
            manifest
                .find(|line| line.trim_start().starts_with(&start))
                .or_else(|| manifest.quoting(&package.name, &['/']))
        });
        if at.is_some() {
            draft.ask(index, at, None, scope);
        }
    }
    Ok(draft.finish())
}

/// The nodes of Conan 1, with who requires whom.
fn nodes(document: &Node<'_>, draft: &mut Draft) -> Result<(), Damage> {
    let lock =
        document.get("graph_lock").ok_or_else(|| Damage::new(document.line, "`graph_lock` is missing"))?;
    let nodes =
        lock.get("nodes").ok_or_else(|| Damage::new(lock.line, "`nodes` is missing"))?.map("nodes")?;
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    for entry in nodes {
        entry.node.check_spelling(&["ref", "requires", "build_requires", "path", "context"])?;
        let Some(reference) = entry.node.text_of("ref")? else {
            // The project itself has a path instead.
            if entry.node.get("path").is_none() && entry.key != "0" {
                return Err(Damage::new(entry.line, format!("node {} has no `ref`", entry.key)));
            }
            continue;
        };
        let line = entry.node.get("ref").map_or(entry.line, |node| node.line);
        let mut package = package(reference, line)?;
        if entry.node.text_of("context")? == Some("build") {
            package.scope = Scope::Build;
        }
        if entry.node.get("path").is_some() {
            if entry.node.get("prev").is_some() {
                return Err(Damage::new(line, format!("`{reference}` is of a folder and of a registry")));
            }
            package.origin = Origin::Project;
        }
        let is_own = package.origin == Origin::Project;
        let index = draft.add(package);
        if is_own {
            draft.root(index);
        }
        by_key.insert(&entry.key, index);
    }
    for entry in nodes {
        for (key, scope) in [("requires", Scope::Runtime), ("build_requires", Scope::Build)] {
            for item in entry.node.items(key)? {
                let to = item.text(key)?;
                let to = by_key
                    .get(to)
                    .ok_or_else(|| Damage::new(item.line, format!("node {to} is not listed")))?;
                match by_key.get(entry.key.as_ref()) {
                    Some(from) => draft.link(*from, *to, None, scope),
                    None => draft.ask(*to, None, None, scope),
                }
            }
        }
    }
    Ok(())
}

/// `name/version@user/channel#revision%time`.
fn package(reference: &str, line: u64) -> Result<Package, Damage> {
    let (rest, time) = reference.split_once('%').map_or((reference, None), |(rest, time)| (rest, Some(time)));
    let (rest, revision) =
        rest.split_once('#').map_or((rest, None), |(rest, revision)| (rest, Some(revision)));
    let (rest, user) = rest.split_once('@').map_or((rest, ""), |(rest, user)| (rest, user));
    let (name, version) = rest
        .split_once('/')
        .filter(|(name, version)| !name.is_empty() && !version.is_empty())
        .ok_or_else(|| Damage::new(line, format!("`{reference}` is no reference")))?;
    let mut package = Package::new(Ecosystem::CONAN, name, version, line);
    // Only recipes without user and channel are those of the public registry.
    if !matches!(user, "" | "_/_") {
        (package.origin, package.source) = (Origin::Other, format!("@{user}"));
    }
    package.integrity = revision.map(|revision| format!("revision:{revision}")).into_iter().collect();
    let seconds = time.and_then(|time| time.split('.').next()).and_then(|time| time.parse().ok());
    package.published = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(package)
}
