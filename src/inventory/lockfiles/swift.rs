//! `Package.resolved` of Swift, versions 1 to 3.

use std::collections::HashSet;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Node, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Package.resolved",
    is: |name| name == "Package.resolved",
    is_named: |name| name.ends_with("Package.resolved"),
    read,
};

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "Package.swift")?;
    let help = "restore the lockfile, or regenerate it with `swift package resolve`";
    graph(source, &manifest).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    document.check_case(&["version", "pins", "object"])?;
    let version =
        document.get("version").ok_or_else(|| Damage::new(document.line, "`version` is missing"))?;
    let (holder, address) = match version.scalar("version")? {
        "1" => (document.get("object"), "repositoryURL"),
        "2" | "3" => (Some(&document), "location"),
        other => {
            return Err(Damage::new(version.line, format!("version {other} is not supported (1 to 3 are)")));
        }
    };
    let pins = holder.and_then(|holder| holder.get("pins"));
    let pins = pins.ok_or_else(|| Damage::new(document.line, "`pins` is missing"))?;
    let mut draft = Draft::default();
    let mut seen = HashSet::new();
    for pin in pins.list("pins")? {
        pin.check_case(&["identity", "package", "kind", "location", "repositoryURL", "state"])?;
        let kind = pin.text_of("kind")?.unwrap_or("remoteSourceControl");
        let state = pin.get("state").ok_or_else(|| Damage::new(pin.line, "`state` is missing"))?;
        state.check_case(&["version", "revision", "branch"])?;
        let line = pin.get(address).or_else(|| pin.get("identity")).map_or(pin.line, |node| node.line);
        let location = pin.text_of(address)?.unwrap_or_default();
        let (name, origin) = match kind {
            "registry" => (pin.must("identity")?.to_owned(), Origin::Other),
            "remoteSourceControl" => (repository(pin.must(address)?), Origin::Registry),
            "localSourceControl" => (pin.must(address)?.to_owned(), Origin::Path),
            other => return Err(Damage::new(pin.line, format!("unknown kind `{other}`"))),
        };
        if !seen.insert(name.to_lowercase()) {
            return Err(Damage::new(line, format!("`{name}` is listed twice")));
        }
        let mut package = Package { origin, ..Package::new(Ecosystem::SWIFT, name, "", line) };
        let field = |key: &str| state.get(key).and_then(Node::as_text).filter(|text| !text.is_empty());
        match (field("version"), field("branch"), field("revision")) {
            (Some(version), ..) => version.clone_into(&mut package.version),
            // A branch or a commit has no version that an advisory could name.
            (None, Some(reference), _) | (None, None, Some(reference)) => {
                reference.clone_into(&mut package.requirement);
                package.origin = if origin == Origin::Registry { Origin::Git } else { origin };
            }
            _ => return Err(Damage::new(state.line, "`version` is missing")),
        }
        if package.origin != Origin::Registry {
            package.source = match field("revision") {
                Some(revision) => format!("{location}#{revision}"),
                None => location.to_owned(),
            };
        }
        package.integrity = field("revision").map(|revision| format!("git:{revision}")).into_iter().collect();
        let index = draft.add(package);
        if let Some(at) = manifest.quoting(location, &[]).filter(|_| !location.is_empty()) {
            draft.ask(index, Some(at), None, Scope::Runtime);
        }
    }
    Ok(draft.finish())
}

/// The address of a repository as advisories spell it: `github.com/apple/swift-nio`.
fn repository(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split_once('@').filter(|(user, _)| !user.contains('/')).map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix(".git").unwrap_or(rest);
    // `git@github.com:apple/swift-nio` has a colon in front of the path.
    match rest.split_once(':') {
        Some((host, path))
            if !host.contains('/') && !path.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            format!("{host}/{path}")
        }
        _ => rest.to_owned(),
    }
}
