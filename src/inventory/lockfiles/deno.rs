//! `deno.lock`, versions 3 to 5: packages of npm and JSR, and the hosts of modules that are loaded by their address.

use std::collections::HashMap;

use super::node::{self, Manifest};
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, Value, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "deno.lock", is: |name| name == "deno.lock", is_named: |name| name == "deno.lock", read };

/// Reads a lockfile.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the lockfile, or regenerate it with `deno install`";
    graph(source).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = json(text(source.bytes)?)?;
    root.map("the document")?;
    root.check_spelling(&["version", "specifiers", "npm", "jsr", "packages", "remote", "workspace"])?;
    let version = root.get("version").ok_or_else(|| Damage::new(1, "`version` is missing"))?;
    let parts = match version.scalar("version")? {
        "3" => root.get("packages"),
        "4" | "5" => Some(&root),
        _ => return Err(Damage::new(version.line, "unsupported `version`, supported are 3 to 5")),
    };
    let mut draft = Draft::default();
    for entry in root.entries("remote")? {
        add_module(&mut draft, entry);
    }
    let Some(parts) = parts else { return Ok(draft.finish()) };
    let listed = Listed::add(&mut draft, parts)?;
    listed.link(&mut draft, parts)?;
    listed.ask(&mut draft, parts, Manifest::read(source, "").as_ref())?;
    Ok(draft.finish())
}

/// Hosts that give packages of npm by their name and version.
const HOSTS_OF_NPM: [&str; 4] = ["esm.sh", "unpkg.com", "cdn.jsdelivr.net", "cdn.skypack.dev"];

/// Adds the host of a module, which stands for all modules from there, and the package that the module is of.
fn add_module(draft: &mut Draft, entry: &Entry<'_>) {
    let address = entry.key.as_ref();
    let host = node::host(address).unwrap_or_default();
    let name = if host.is_empty() { address } else { host };
    let module = Package::new(Ecosystem::JSR, name, "", entry.line);
    let source = if host.is_empty() { address.to_owned() } else { format!("https://{host}/") };
    let module = draft.add(Package { origin: Origin::Other, source, ..module });
    draft.ask(module, None, None, Scope::Runtime);
    if !HOSTS_OF_NPM.contains(&host) {
        return;
    }
    let path = address.split_once("://").map_or("", |(_, rest)| rest);
    let mut scope = None;
    for segment in path.split(['/', '?', '&']) {
        let full = scope.take().map_or_else(|| segment.to_owned(), |scope| format!("{scope}/{segment}"));
        match node::split(&full) {
            Some((name, version))
                if node::is_name(name) && version.starts_with(|first: char| first.is_ascii_digit()) =>
            {
                let package = draft.add(node::package(name, version, entry.line));
                draft.link(module, package, None, Scope::Runtime);
            }
            _ if segment.starts_with('@') => scope = Some(segment),
            _ => {}
        }
    }
}

/// Where packages are in the draft.
struct Listed<'a> {
    /// By kind and key: `npm:a@1.0.0`.
    places: HashMap<String, usize>,
    /// By kind and name: `npm:a`.
    by_name: HashMap<String, Vec<usize>>,
    /// What specifiers stand for.
    specifiers: &'a [Entry<'a>],
}

impl<'a> Listed<'a> {
    /// Adds the packages.
    fn add(draft: &mut Draft, parts: &'a Node<'a>) -> Result<Self, Damage> {
        let mut places = HashMap::new();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (kind, ecosystem) in [("npm", Ecosystem::NPM), ("jsr", Ecosystem::JSR)] {
            for entry in parts.entries(kind)? {
                entry.node.map(&entry.key)?;
                let (name, version) = node::split(&entry.key).ok_or_else(|| {
                    Damage::new(entry.line, format!("`{}` is not a name with a version", entry.key))
                })?;
                // Behind `_` are the peers that it was installed with.
                let version = version.split('_').next().unwrap_or_default();
                let package = Package {
                    integrity: node::checksums(entry.node.text_of("integrity")?),
                    has_install_script: entry.node.is_true("scripts"),
                    ..Package::new(ecosystem, name, version, entry.line)
                };
                let index = node::add(draft, package, entry.node.text_of("tarball")?);
                places.insert(format!("{kind}:{}", entry.key), index);
                by_name.entry(format!("{kind}:{name}")).or_default().push(index);
            }
        }
        Ok(Self { places, by_name, specifiers: parts.entries("specifiers")? })
    }

    /// The packages that a specifier means.
    fn find(&self, specifier: &str) -> Vec<usize> {
        let entry = self.specifiers.iter().find(|entry| entry.key == specifier);
        let key = match entry.and_then(|entry| entry.node.as_text()) {
            Some(value) if value.contains(':') => value.to_owned(),
            Some(value) => {
                let (kind, rest) = specifier.split_once(':').unwrap_or(("", specifier));
                format!("{kind}:{}@{value}", node::split(rest).map_or(rest, |(name, _)| name))
            }
            None => specifier.to_owned(),
        };
        match self.places.get(&key) {
            Some(index) => vec![*index],
            None => self.by_name.get(&key).cloned().unwrap_or_default(),
        }
    }

    /// Links packages with what they ask for.
    fn link(&self, draft: &mut Draft, parts: &Node<'_>) -> Result<(), Damage> {
        for kind in ["npm", "jsr"] {
            for entry in parts.entries(kind)? {
                let Some(from) = self.places.get(&format!("{kind}:{}", entry.key)) else { continue };
                for (key, scope) in
                    [("dependencies", Scope::Runtime), ("optionalDependencies", Scope::Optional)]
                {
                    for (specifier, line) in asked(entry.node.get(key), kind) {
                        let found = self.find(&specifier);
                        if found.is_empty() && scope == Scope::Runtime {
                            return Err(missing(&specifier, line));
                        }
                        for to in found {
                            draft.link(*from, to, None, scope);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Marks what the project itself asks for.
    fn ask(&self, draft: &mut Draft, parts: &Node<'_>, manifest: Option<&Manifest>) -> Result<(), Damage> {
        for specifier in self.specifiers {
            let found = self.find(&specifier.key);
            if found.is_empty() {
                return Err(missing(&specifier.key, specifier.line));
            }
            if is_of_dependency(&specifier.key, parts) {
                continue;
            }
            let (name, requirement) =
                specifier.key.split_once(':').and_then(|(_, rest)| node::split(rest)).unzip();
            let wish = manifest.and_then(|manifest| Some((manifest, manifest.wish(name?)?)));
            for index in found {
                let location = wish.map(|(manifest, wish)| manifest.location(wish));
                draft.ask(index, location, requirement, wish.map_or(Scope::Runtime, |(_, wish)| wish.scope));
            }
        }
        Ok(())
    }
}

fn missing(specifier: &str, line: u64) -> Damage {
    Damage::new(line, format!("`{specifier}` is asked for and not listed"))
}

/// Whether a package of JSR asks by this specifier; the project's own are the others.
fn is_of_dependency(specifier: &str, parts: &Node<'_>) -> bool {
    let packages = parts.entries("jsr").unwrap_or_default();
    packages
        .iter()
        .any(|entry| asked(entry.node.get("dependencies"), "jsr").iter().any(|(asked, _)| asked == specifier))
}

/// The specifiers of dependencies: a list, or in version 3 a map from the name in use.
fn asked(node: Option<&Node<'_>>, kind: &str) -> Vec<(String, u64)> {
    let full = |text: &str| {
        // `alias@npm:name@1.0.0`
        let text = text.find("@npm:").and_then(|at| text.get(at + 1..)).unwrap_or(text);
        if text.starts_with("npm:") || text.starts_with("jsr:") {
            text.to_owned()
        } else {
            format!("{kind}:{text}")
        }
    };
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => {
            items.iter().filter_map(|item| Some((full(item.as_text()?), item.line))).collect()
        }
        Some(Value::Map(entries)) => {
            entries.iter().filter_map(|entry| Some((full(entry.node.as_text()?), entry.line))).collect()
        }
        _ => Vec::new(),
    }
}
