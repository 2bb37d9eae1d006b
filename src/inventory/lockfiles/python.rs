//! What the lockfiles of Python share: where a package comes from, and the manifests `pyproject.toml` and `Pipfile`.

use super::Source;
use super::node::beside;
use crate::document::{Node, text, toml};
use crate::purl::pep_503;
use crate::{Origin, Package, Scope};
use devops_core::{Ecosystem, Location};

/// Addresses of the public registry.
const PUBLIC: [&str; 5] = [
    "https://pypi.org/",
    "https://pypi.python.org/",
    "https://files.pythonhosted.org/",
    "http://pypi.org/",
    "http://pypi.python.org/",
];

/// A package of Python, by its normal name.
pub(super) fn package(name: &str, version: &str, line: u64) -> Package {
    Package::new(Ecosystem::PYPI, pep_503(name), version, line)
}

/// Whether an address is the public registry's.
pub(super) fn is_public(address: &str) -> bool {
    let is_itself = |start: &str| address.trim_end_matches('/') == start.trim_end_matches('/');
    PUBLIC.iter().any(|start| address.starts_with(start) || is_itself(start))
}

/// Sets where a package comes from: a registry, if its address is not the public one's.
pub(super) fn registry(package: &mut Package, address: &str) {
    if !is_public(address) {
        (package.origin, package.source) = (Origin::Other, without_user(address));
    }
}

/// Where an address or a path leads, and it as the source.
pub(super) fn place(address: &str) -> (Origin, String) {
    let is_git = ["git+", "git:", "git@", "ssh:", "hg+", "svn+", "bzr+"]
        .iter()
        .any(|start| address.starts_with(start));
    if is_git {
        return (Origin::Git, without_user(address));
    }
    match address.strip_prefix("file:") {
        None if address.contains("://") => (Origin::Other, without_user(address)),
        path => match folder(path.map_or(address, |path| path.trim_start_matches("//"))) {
            Origin::Project => (Origin::Project, String::new()),
            origin => (origin, address.to_owned()),
        },
    }
}

/// Where the code in a folder or file comes from, by its path.
pub(super) fn folder(path: &str) -> Origin {
    let is_archive =
        [".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz"].iter().any(|ending| path.ends_with(ending));
    let is_outside = path.starts_with(['/', '~', '\\']) || path.as_bytes().get(1) == Some(&b':');
    if is_archive || is_outside || path.split(['/', '\\']).any(|segment| segment == "..") {
        Origin::Path
    } else {
        Origin::Project
    }
}

/// An address without the name and password of a user.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        Some((user, host)) if user != "git" => format!("{scheme}://{host}{path}"),
        _ => address.to_owned(),
    }
}

/// The name at the start of a requirement such as `Flask[async]>=2 ; python_version >= "3.8"`, and the rest without the marker.
pub(super) fn requirement(text: &str) -> (&str, &str) {
    let text = text.split(';').next().unwrap_or_default().trim();
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let end = text.find(|character| !is_name(character)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest.trim(),
        None => rest,
    };
    (name, rest)
}

/// A dependency that a manifest asks for, by its normal name.
pub(super) struct Wish {
    /// The name.
    pub name: String,
    /// Which versions.
    pub requirement: String,
    /// What for.
    pub scope: Scope,
    /// Where it says so.
    pub location: Location,
}

/// What the manifest beside a lockfile asks for; nothing where there is none or it can't be read: what it adds is only which
/// dependencies are direct, and for what.
pub(super) fn wishes(source: &Source<'_>, file: &str) -> Vec<Wish> {
    let Some(bytes) = (source.neighbour)(file).ok().flatten() else { return Vec::new() };
    let Ok(text) = text(&bytes) else { return Vec::new() };
    let Ok(root) = toml(text) else { return Vec::new() };
    let path = beside(source.path, file);
    let mut wishes = Vec::new();
    let project = root.get("project");
    let mut list = |node: Option<&Node<'_>>, scope| {
        for item in node.and_then(|node| node.list("").ok()).into_iter().flatten() {
            if let Some(text) = item.as_text() {
                let (name, rest) = requirement(text);
                wishes.push(Wish {
                    name: pep_503(name),
                    requirement: rest.to_owned(),
                    scope,
                    location: Location::line(path.clone(), item.line),
                });
            }
        }
    };
    list(project.and_then(|project| project.get("dependencies")), Scope::Runtime);
    for (key, holder, scope) in [
        ("optional-dependencies", project, Scope::Optional),
        ("dependency-groups", Some(&root), Scope::Dev),
        ("dev-dependencies", root.get("tool").and_then(|tool| tool.get("pdm")), Scope::Dev),
    ] {
        for group in holder.and_then(|holder| holder.entries(key).ok()).into_iter().flatten() {
            list(Some(&group.node), scope);
        }
    }
    let uv = root.get("tool").and_then(|tool| tool.get("uv"));
    list(uv.and_then(|uv| uv.get("dev-dependencies")), Scope::Dev);
    // Poetry and Pipenv have tables of names.
    let poetry = root.get("tool").and_then(|tool| tool.get("poetry"));
    let mut table = |node: Option<&Node<'_>>, scope| {
        for entry in node.and_then(|node| node.map("").ok()).into_iter().flatten() {
            if entry.key == "python" {
                continue;
            }
            let is_optional = entry.node.is_true("optional");
            let version = entry.node.as_text().or_else(|| entry.node.get("version")?.as_text());
            wishes.push(Wish {
                name: pep_503(&entry.key),
                requirement: version.unwrap_or_default().to_owned(),
                scope: if is_optional && scope == Scope::Runtime { Scope::Optional } else { scope },
                location: Location::line(path.clone(), entry.line),
            });
        }
    };
    table(poetry.and_then(|poetry| poetry.get("dependencies")), Scope::Runtime);
    table(poetry.and_then(|poetry| poetry.get("dev-dependencies")), Scope::Dev);
    for group in poetry.and_then(|poetry| poetry.entries("group").ok()).into_iter().flatten() {
        let scope = if group.key == "main" { Scope::Runtime } else { Scope::Dev };
        table(group.node.get("dependencies"), scope);
    }
    if file == "Pipfile" {
        table(root.get("packages"), Scope::Runtime);
        table(root.get("dev-packages"), Scope::Dev);
    }
    wishes
}
