//! `composer.lock`, and `installed.json` of the folder that Composer installs into.

use std::collections::{HashMap, HashSet};

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, Value, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "composer.lock",
    is: |path| path == "composer.lock" || path.ends_with("/composer/installed.json"),
    is_named: |path| path.ends_with("composer.lock") || path.ends_with("installed.json"),
    read,
};

const RESTORE: &str = "restore the lockfile, or regenerate it with `composer update --lock`";

/// Hosts of the public registry.
const PUBLIC: [&str; 4] = [
    "https://packagist.org/",
    "https://repo.packagist.org/",
    "http://packagist.org/",
    "http://repo.packagist.org/",
];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "composer.json")?;
    graph(source, &manifest).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    let mut draft = Draft::default();
    let found = listed(&document)?;
    // Names without case, as Composer compares them, with those that a package replaces or provides.
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut instead: HashMap<String, usize> = HashMap::new();
    let mut indexes = Vec::with_capacity(found.len());
    for (item, scope) in &found {
        let index = draft.add(package(item, *scope)?);
        if by_name.insert(item.must("name")?.to_ascii_lowercase(), index).is_some() {
            return Err(Damage::new(item.line, format!("`{}` is listed twice", item.must("name")?)));
        }
        for key in ["replace", "provide"] {
            for entry in links(item, key)? {
                instead.entry(entry.key.to_ascii_lowercase()).or_insert(index);
            }
        }
        indexes.push(index);
    }
    let target = |name: &str| {
        let name = name.to_ascii_lowercase();
        by_name.get(&name).or_else(|| instead.get(&name)).copied()
    };
    let asks = json(&manifest.text).ok();
    // The project itself may replace or provide packages, which only its manifest says.
    let is_own = |asks: &Node<'_>, name: &str| {
        let stands_in = ["replace", "provide"].iter().any(|key| {
            let entries = asks.entries(key).unwrap_or_default();
            entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(name))
        });
        stands_in
            || asks.get("name").and_then(Node::as_text).is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    for ((item, scope), index) in found.iter().zip(&indexes) {
        for entry in links(item, "require")? {
            if let Some(to) = target(&entry.key) {
                draft.link(*index, to, entry.node.as_text(), *scope);
            } else if entry.key.contains('/')
                && source.path.ends_with(".lock")
                && !asks.as_ref().is_some_and(|asks| is_own(asks, &entry.key))
            {
                return Err(Damage::new(entry.line, format!("`{}` is needed and not listed", entry.key)));
            }
        }
    }
    for (key, scope) in [("require", Scope::Runtime), ("require-dev", Scope::Dev)] {
        for entry in asks.as_ref().and_then(|asks| asks.entries(key).ok()).unwrap_or_default() {
            if let Some(index) = target(&entry.key) {
                draft.ask(index, Some(manifest.at(entry.line)), entry.node.as_text(), scope);
            }
        }
    }
    let mut graph = draft.finish();
    // The two lists are Composer's own word on what is needed in production.
    for ((_, scope), index) in found.iter().zip(indexes) {
        if let Some(package) = graph.packages.get_mut(index) {
            package.scope = *scope;
        }
    }
    Ok(graph)
}

/// Every package that is listed, with what its list is for.
fn listed<'a, 'b>(document: &'b Node<'a>) -> Result<Vec<(&'b Node<'a>, Scope)>, Damage> {
    let mut found = Vec::new();
    if let Value::List(items) = &document.value {
        // `installed.json` of Composer 1.
        found.extend(items.iter().map(|item| (item, Scope::Runtime)));
    } else {
        document.check_case(&["packages", "packages-dev", "dev-package-names"])?;
        let packages =
            document.get("packages").ok_or_else(|| Damage::new(document.line, "`packages` is missing"))?;
        let is_installed =
            document.get("dev-package-names").is_some() || document.get("content-hash").is_none();
        let dev_names: HashSet<&str> =
            document.items("dev-package-names")?.iter().filter_map(Node::as_text).collect();
        for item in packages.list("packages")? {
            let is_dev =
                item.get("name").and_then(Node::as_text).is_some_and(|name| dev_names.contains(name));
            found.push((item, if is_dev { Scope::Dev } else { Scope::Runtime }));
        }
        if !is_installed && document.get("packages-dev").is_none() {
            return Err(Damage::new(document.line, "`packages-dev` is missing"));
        }
        found.extend(document.items("packages-dev")?.iter().map(|item| (item, Scope::Dev)));
    }
    Ok(found)
}

/// The entries below a key; Composer writes an empty map as an empty list.
fn links<'a, 'b>(item: &'b Node<'a>, key: &str) -> Result<&'b [Entry<'a>], Damage> {
    match item.get(key) {
        Some(Node { value: Value::List(items), .. }) if items.is_empty() => Ok(&[]),
        _ => item.entries(key),
    }
}

fn package(item: &Node<'_>, scope: Scope) -> Result<Package, Damage> {
    item.check_case(&["name", "version", "source", "dist", "require", "notification-url"])?;
    let name = item.must("name")?;
    let version = item.must("version")?;
    let line = item.get("name").map_or(item.line, |node| node.line);
    let mut package = Package { scope, ..Package::new(Ecosystem::PACKAGIST, name, version, line) };
    let (dist, code) = (item.get("dist"), item.get("source"));
    let of = |node: Option<&Node<'_>>, key: &str| {
        node.and_then(|node| node.get(key)).and_then(Node::as_text).unwrap_or_default().to_owned()
    };
    let notified = item.text_of("notification-url")?;
    (package.origin, package.source) = if of(dist, "type") == "path" {
        let url = of(dist, "url");
        let is_outside = url.starts_with("..") || url.starts_with('/');
        (if is_outside { Origin::Path } else { Origin::Project }, url)
    } else if notified.is_some_and(|url| PUBLIC.iter().any(|public| url.starts_with(public))) {
        (Origin::Registry, String::new())
    } else if let Some(url) = notified {
        (Origin::Other, url.to_owned())
    } else if of(code, "type") == "git" {
        (Origin::Git, format!("{}#{}", of(code, "url"), of(code, "reference")))
    } else if code.is_none() && dist.is_none() {
        // A metapackage of the registry before notifications were written.
        (Origin::Registry, String::new())
    } else {
        let url = of(dist, "url");
        (Origin::Other, if url.is_empty() { of(code, "url") } else { url })
    };
    if package.origin == Origin::Project {
        package.source = of(dist, "url");
    }
    let checksum = of(dist, "shasum");
    if !checksum.is_empty() {
        package.integrity.push(format!("sha1:{checksum}"));
    }
    let reference = of(code, "reference");
    if !reference.is_empty() {
        package.integrity.push(format!("git:{reference}"));
    }
    package.license = match item.get("license") {
        Some(Node { value: Value::List(items), .. }) => {
            let all: Vec<&str> = items.iter().filter_map(Node::as_text).collect();
            (!all.is_empty()).then(|| all.join(" OR "))
        }
        Some(node) => node.as_text().map(str::to_owned),
        None => None,
    };
    package.published = item.text_of("time")?.and_then(|time| time.parse().ok());
    // Plugins run code of their own while others are installed.
    package.has_install_script = item.text_of("type")? == Some("composer-plugin");
    Ok(package)
}
