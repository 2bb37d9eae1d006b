//! GitHub's `.github/workflows/actions.lock`: the commit of each action that workflows use, and what these actions use.
//!
//! A reference is a version where it is a full one, as in a workflow; `v4` or a branch is a requirement, with its commit as checksum.

use std::collections::HashMap;

use super::github_actions::is_version;
use super::{Format, Source};
use crate::document::{Damage, Node, text, yaml};
use crate::draft::Draft;
use crate::{Graph, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The path of the file in a repository. Other programs have files of the bare name.
const PATH: &str = ".github/workflows/actions.lock";

/// The format.
pub(super) const FORMAT: Format = Format {
    name: PATH,
    is: |path| path == PATH || path.strip_suffix(PATH).is_some_and(|folder| folder.ends_with('/')),
    is_named: |path| path.rsplit('/').next() == Some("actions.lock"),
    read,
};

/// Versions of the format.
const VERSIONS: [&str; 2] = ["v0.0.1", "v0.0.2"];

/// Keys whose spelling decides what is read.
const KNOWN: [&str; 6] = ["version", "workflows", "dependencies", "ref", "commit", "uses"];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let graph = text(source.bytes).and_then(yaml).and_then(|document| graph(&document, source.path));
    graph.map_err(|damage| damage.error(source.path, "restore the file, or run `gh actions-lock`"))
}

fn graph(document: &Node<'_>, path: &str) -> Result<Graph, Damage> {
    document.check_spelling(&KNOWN)?;
    let version = document.must("version")?;
    if !VERSIONS.contains(&version) {
        let what = format!("version {version} is not supported ({} are)", VERSIONS.join(" and "));
        return Err(Damage::new(document.line, what));
    }
    for key in ["workflows", "dependencies"] {
        if document.get(key).is_none() {
            return Err(Damage::new(document.line, format!("`{key}` is missing")));
        }
    }
    let mut draft = Draft::default();
    let mut known: HashMap<String, usize> = HashMap::new();
    let actions = document.entries("dependencies")?;
    for action in actions {
        action.node.check_spelling(&KNOWN)?;
        let index = draft.add(package(&action.key, &action.node, action.line)?);
        if known.insert(action.key.to_ascii_lowercase(), index).is_some() {
            return Err(Damage::new(action.line, format!("`{}` occurs twice", action.key)));
        }
    }
    let find = |used: &Node<'_>| -> Result<usize, Damage> {
        let pin = used.text("uses")?;
        let index = known.get(&pin.to_ascii_lowercase()).copied();
        index.ok_or_else(|| Damage::new(used.line, format!("`{pin}` is not below `dependencies`")))
    };
    for action in actions {
        let Some(from) = known.get(&action.key.to_ascii_lowercase()) else { continue };
        for used in action.node.items("uses")? {
            draft.link(*from, find(used)?, None, Scope::Build);
        }
    }
    for workflow in document.entries("workflows")? {
        for used in workflow.node.list(&workflow.key)? {
            draft.ask(find(used)?, Some(Location::line(path, used.line)), None, Scope::Build);
        }
    }
    Ok(draft.finish())
}

/// An action out of its pin, `owner/repository@reference` or in the first version of the format
/// `owner/repository@reference:sha1-digits`.
fn package(pin: &str, action: &Node<'_>, line: u64) -> Result<Package, Damage> {
    let unexpected = || Damage::new(line, format!("`{pin}` is no `owner/repository@reference`"));
    let (path, reference) = pin.split_once('@').ok_or_else(unexpected)?;
    let (owner, repository) = path.split_once('/').ok_or_else(unexpected)?;
    if owner.is_empty() || repository.is_empty() || reference.is_empty() {
        return Err(unexpected());
    }
    let commit = action.must("commit")?;
    let (_, digits) = commit.split_once('-').unwrap_or(("", ""));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Damage::new(action.line, format!("`{commit}` is no commit")));
    }
    let reference = reference.split(':').next().unwrap_or_default();
    let named = action.text_of("ref")?.filter(|named| is_version(named)).unwrap_or(reference);
    let mut package = Package {
        scope: Scope::Build,
        integrity: vec![format!("git:{digits}")],
        ..Package::new(Ecosystem::GITHUB_ACTIONS, path, "", line)
    };
    if is_version(named) {
        named.clone_into(&mut package.version);
    } else {
        named.clone_into(&mut package.requirement);
    }
    Ok(package)
}
