//! `yarn.lock`: version 1 in Yarn's own notation, and that of Yarn 2 and newer ("Berry") in YAML.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::node::{self, Manifest};
use super::{Format, Source};
use crate::document::{self, Damage, Node, text, yaml};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "yarn.lock", is: |name| name == "yarn.lock", is_named: |name| name == "yarn.lock", read };

const RESTORE: &str = "restore the lockfile, or regenerate it with `yarn install`";

/// Reads a lockfile.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let text = text(source.bytes)?;
    let is_berry = text.lines().any(|line| line.trim_end() == "__metadata:");
    let is_classic = text.lines().any(|line| line.trim_end() == "# yarn lockfile v1");
    match (is_berry, is_classic) {
        (true, false) => berry(source, text),
        (false, true) => classic(source, text),
        (true, true) => Err(Damage::new(1, "both versions of the format in one file")),
        // Whoever creates the file by hand, to mark a project, leaves it empty; only where nothing is asked for, nothing is missing.
        (false, false) if text.trim().is_empty() && asks_for_nothing(source) => Ok(Graph::default()),
        (false, false) => Err(Damage::new(1, "neither `# yarn lockfile v1` nor `__metadata:` is there")),
    }
}

/// Whether the manifest is there, and neither it nor a workspace asks for anything.
fn asks_for_nothing(source: &Source<'_>) -> bool {
    Manifest::read(source, "").is_some_and(|manifest| manifest.wishes.is_empty() && !manifest.has_workspaces)
}

/// An entry of version 1.
#[derive(Default)]
struct Entry {
    line: u64,
    patterns: Vec<String>,
    version: String,
    resolved: Option<String>,
    integrity: Option<String>,
    /// Name, requirement, and whether it is optional.
    dependencies: Vec<(String, String, bool)>,
}

/// Reads version 1.
fn classic(source: &Source<'_>, text: &str) -> Result<Graph, Damage> {
    let entries = entries(text)?;
    let mut draft = Draft::default();
    let mut by_pattern: HashMap<&str, usize> = HashMap::new();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut indexes = Vec::with_capacity(entries.len());
    for entry in &entries {
        let mut index = None;
        for pattern in &entry.patterns {
            let (alias, requirement) = node::split(pattern).ok_or_else(|| {
                Damage::new(entry.line, format!("`{pattern}` is not a name with a requirement"))
            })?;
            // A pattern may have another name for the same package; the resolved address is of the package itself.
            let name = node::alias(requirement).map_or(alias, |(name, _)| name);
            let package = Package {
                integrity: node::checksums(entry.integrity.as_deref()),
                ..node::package(name, &entry.version, entry.line)
            };
            let address =
                entry.resolved.as_deref().or_else(|| Some(requirement).filter(|text| is_elsewhere(text)));
            // A mirror below the project has the files of the registry by their names.
            let address = address.filter(|address| !is_mirrored(address, name, &entry.version));
            let added = node::add(&mut draft, package, address);
            index = index.or(Some(added));
            if by_pattern.insert(pattern, added).is_some() {
                return Err(Damage::new(entry.line, format!("`{pattern}` occurs twice")));
            }
            by_name.entry(alias).or_default().push(added);
        }
        indexes.push(index.ok_or_else(|| Damage::new(entry.line, "an entry has no name"))?);
    }
    let find = |name: &str, requirement: &str| -> Vec<usize> {
        match by_pattern.get(format!("{name}@{requirement}").as_str()) {
            Some(index) => vec![*index],
            // `resolutions` of the manifest replace requirements, and then only the name is left.
            None => by_name.get(name).cloned().unwrap_or_default(),
        }
    };
    for (entry, from) in entries.iter().zip(&indexes) {
        for (name, requirement, is_optional) in &entry.dependencies {
            let found = find(name, requirement);
            if found.is_empty() && !is_optional {
                return Err(Damage::new(entry.line, format!("`{name}` is asked for and not listed")));
            }
            let scope = if *is_optional { Scope::Optional } else { Scope::Runtime };
            for to in found {
                draft.link(*from, to, Some(requirement), scope);
            }
        }
    }
    if let Some(manifest) = Manifest::read(source, "") {
        for wish in &manifest.wishes {
            let found = find(&wish.name, &wish.requirement);
            let may_be_missing = manifest.has_workspaces || is_elsewhere(&wish.requirement) || wish.is_peer;
            if found.is_empty() && !may_be_missing {
                let what = format!("`{}`, which {} asks for, is not listed", wish.name, manifest.path);
                return Err(Damage::new(1, what));
            }
            for index in found {
                draft.ask(index, Some(manifest.location(wish)), Some(&wish.requirement), wish.scope);
            }
        }
    }
    Ok(draft.finish())
}

/// A requirement as manifests have it: Berry writes `npm:^1.0.0` for `^1.0.0`; an alias keeps what it is.
fn without_protocol(requirement: &str) -> &str {
    match requirement.strip_prefix("npm:") {
        Some(range) if node::alias(requirement).is_none() => range,
        _ => requirement,
    }
}

/// Whether a requirement is an address or a folder instead of versions.
fn is_elsewhere(requirement: &str) -> bool {
    requirement.contains([':', '/']) && !requirement.starts_with("npm:")
}

/// Whether an address is no more than the name of a package's own file.
fn is_mirrored(address: &str, name: &str, version: &str) -> bool {
    let file = address.split('#').next().and_then(|file| file.strip_suffix(".tgz"));
    file.and_then(|file| file.strip_suffix(version)?.strip_suffix('-')).is_some_and(|file| {
        // The slash of a scope can't be in the name of a file.
        file == name || name.starts_with('@') && file == name.replace('/', "-")
    })
}

/// The entries of version 1.
fn entries(text: &str) -> Result<Vec<Entry>, Damage> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim_start_matches(' ');
        if content.trim_end().is_empty() || content.starts_with('#') {
            continue;
        }
        let invalid = |what: &str| Damage::new(number, what);
        let indent = line.len() - content.len();
        let words = words(content).ok_or_else(|| invalid("a text has no end"))?;
        match (indent, entries.last_mut()) {
            (0, last) => {
                if let Some(entry) = last {
                    complete(entry)?;
                }
                let patterns = content
                    .trim_end()
                    .strip_suffix(':')
                    .ok_or_else(|| invalid("expected `name@requirement:`"))?;
                let patterns = split_patterns(patterns).ok_or_else(|| invalid("a text has no end"))?;
                entries.push(Entry { line: number, patterns, ..Entry::default() });
                section.clear();
            }
            (2, Some(entry)) => match words.as_slice() {
                [name] if name.ends_with(':') => name.trim_end_matches(':').clone_into(&mut section),
                [key, value] => {
                    section.clear();
                    let slot = match key.as_str() {
                        "version" if entry.version.is_empty() => {
                            entry.version.clone_from(value);
                            continue;
                        }
                        "resolved" => &mut entry.resolved,
                        "integrity" => &mut entry.integrity,
                        "uid" | "registry" | "name" => continue,
                        _ => return Err(invalid(&format!("unknown key `{key}`"))),
                    };
                    if slot.replace(value.clone()).is_some() {
                        return Err(invalid(&format!("`{key}` occurs twice")));
                    }
                }
                _ => return Err(invalid("expected a key and a value")),
            },
            (4, Some(entry)) => match (section.as_str(), words.as_slice()) {
                ("dependencies", [name, requirement]) => {
                    entry.dependencies.push((name.clone(), requirement.clone(), false));
                }
                ("optionalDependencies", [name, requirement]) => {
                    entry.dependencies.push((name.clone(), requirement.clone(), true));
                }
                ("permissions" | "prebuiltVariants", _) => {}
                _ => return Err(invalid("unexpected line")),
            },
            _ => return Err(invalid("unexpected line")),
        }
    }
    if let Some(entry) = entries.last() {
        complete(entry)?;
    }
    Ok(entries)
}

/// Rejects an entry without a version.
fn complete(entry: &Entry) -> Result<(), Damage> {
    if entry.version.is_empty() { Err(Damage::new(entry.line, "`version` is missing")) } else { Ok(()) }
}

/// The words of a line, without the quotes around some.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = word(rest, ' ')?;
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

/// The patterns of an entry.
fn split_patterns(line: &str) -> Option<Vec<String>> {
    let mut patterns = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (pattern, after) = word(rest, ',')?;
        patterns.push(pattern);
        rest = after.trim_start().strip_prefix(',').unwrap_or(after).trim_start();
    }
    Some(patterns)
}

/// The first word of a text, which ends at `end` unless it is quoted, and what follows.
fn word(text: &str, end: char) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(end).unwrap_or(text.len());
        return text.split_at_checked(end).map(|(word, rest)| (word.to_owned(), rest));
    };
    let mut is_escaped = false;
    let close = quoted.char_indices().find(|(_, character)| {
        let is_end = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    });
    let (close, _) = close?;
    let (word, rest) = quoted.split_at_checked(close)?;
    let mut characters = word.chars();
    let mut decoded = String::with_capacity(word.len());
    while let Some(character) = characters.next() {
        decoded.push(if character == '\\' { characters.next()? } else { character });
    }
    Some((decoded, rest.get(1..)?))
}

/// Reads the format of Yarn 2 and newer.
fn berry(source: &Source<'_>, text: &str) -> Result<Graph, Damage> {
    let root = yaml(text)?;
    let mut berry = Berry::default();
    let mut listed = Vec::new();
    for entry in root.map("the document")? {
        if entry.key == "__metadata" {
            check_version(entry)?;
        } else {
            listed.push((berry.add(entry)?, &entry.node));
        }
    }
    if listed.is_empty() {
        return Err(Damage::new(1, "the project itself is not listed"));
    }
    for (index, node) in listed {
        berry.link(source, index, node)?;
    }
    Ok(berry.draft.finish())
}

/// Rejects versions of the format that are not known.
fn check_version(metadata: &document::Entry<'_>) -> Result<(), Damage> {
    let version =
        metadata.node.get("version").and_then(|node| node.scalar("version").ok()?.parse::<u32>().ok());
    if version.is_some_and(|version| (3..=10).contains(&version)) {
        Ok(())
    } else {
        Err(Damage::new(metadata.line, "unsupported `version`, supported are 3 to 10"))
    }
}

/// A lockfile of Yarn 2 or newer on its way to a graph.
#[derive(Default)]
struct Berry {
    draft: Draft,
    /// By name and requirement: `a@npm:^1`.
    by_descriptor: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Berry {
    /// Adds the package of an entry.
    fn add(&mut self, entry: &document::Entry<'_>) -> Result<usize, Damage> {
        let node = &entry.node;
        node.map(&entry.key)?;
        node.check_spelling(&["version", "resolution", "dependencies", "checksum", "linkType"])?;
        let (name, reference) = resolution(node)?;
        let version = node.get("version").map(|node| node.scalar("version")).transpose()?.unwrap_or_default();
        let mut package = node::package(name, version, entry.line);
        package.integrity = node::checksums(node.text_of("checksum")?);
        let index = if reference.starts_with("workspace:") {
            let package = Package { origin: Origin::Project, version: String::new(), ..package };
            let index = self.draft.add(package);
            self.draft.root(index);
            index
        } else {
            let address = place(&mut package, reference, entry.line)?;
            node::add(&mut self.draft, package, address.as_deref())
        };
        for descriptor in entry.key.split(',').map(str::trim) {
            let (alias, _) = node::split(descriptor).ok_or_else(|| {
                Damage::new(entry.line, format!("`{descriptor}` is not a name with a requirement"))
            })?;
            self.by_name.entry(alias.to_owned()).or_default().push(index);
            if self.by_descriptor.insert(descriptor.to_owned(), index).is_some() {
                return Err(Damage::new(entry.line, format!("`{descriptor}` occurs twice")));
            }
        }
        Ok(index)
    }

    /// Links a package with what it depends on; what a workspace depends on, the project itself asks for.
    fn link(&mut self, source: &Source<'_>, index: usize, node: &Node<'_>) -> Result<(), Damage> {
        let workspace = resolution(node)?.1.strip_prefix("workspace:");
        let manifest = workspace.and_then(|folder| Manifest::read(source, folder));
        for wish in node.entries("dependencies")? {
            let requirement = wish.node.scalar(&wish.key)?;
            let found = self.find(&wish.key, requirement);
            let meta = node.get("dependenciesMeta").and_then(|meta| meta.get(&wish.key));
            let is_optional = meta.is_some_and(|meta| meta.is_true("optional"));
            if found.is_empty() && !is_optional {
                return Err(Damage::new(wish.line, format!("`{}` is asked for and not listed", wish.key)));
            }
            let own = manifest.as_ref().and_then(|manifest| manifest.wish(&wish.key));
            let scope = match own {
                Some(own) => own.scope,
                None if is_optional => Scope::Optional,
                None => Scope::Runtime,
            };
            let location = manifest.as_ref().zip(own).map(|(manifest, own)| manifest.location(own));
            let as_written = without_protocol(requirement);
            for to in found {
                self.draft.link(index, to, Some(as_written), scope);
                if workspace.is_some() {
                    self.draft.ask(to, location.clone(), Some(as_written), scope);
                }
            }
        }
        Ok(())
    }

    /// The packages that a requirement means.
    fn find(&self, name: &str, requirement: &str) -> Vec<usize> {
        let exact = [format!("{name}@{requirement}"), format!("{name}@npm:{requirement}")];
        match exact.iter().find_map(|descriptor| self.by_descriptor.get(descriptor)) {
            Some(found) => vec![*found],
            // `resolutions` of the manifest replace requirements, patches and local folders name what they are bound to.
            None => self.by_name.get(name).cloned().unwrap_or_default(),
        }
    }
}

/// The name and the reference that an entry was resolved to.
fn resolution<'a>(node: &'a Node<'_>) -> Result<(&'a str, &'a str), Damage> {
    let resolution = node.must("resolution")?;
    node::split(resolution)
        .ok_or_else(|| Damage::new(node.line, format!("`{resolution}` is not a name with a reference")))
}

/// Completes a package by the reference of its resolution, and gives the address of its code where that is not the usual one.
fn place(package: &mut Package, reference: &str, line: u64) -> Result<Option<String>, Damage> {
    // A patched package is that package.
    let patched = reference.strip_prefix("patch:").map(|patched| {
        let inner = patched.split('#').next().unwrap_or_default();
        percent_decode_str(inner).decode_utf8_lossy().into_owned()
    });
    let inner = patched.as_deref().and_then(node::split);
    if let Some((name, inner)) = inner {
        name.clone_into(&mut package.name);
        return place(package, inner, line);
    }
    let Some(version) = reference.strip_prefix("npm:") else {
        return Ok(reference.split("::").next().map(str::to_owned));
    };
    let (version, parameters) = version.split_once("::").unwrap_or((version, ""));
    if version != package.version {
        let what = format!("`version` is {}, `resolution` has {version}", package.version);
        return Err(Damage::new(line, what));
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut archives = parameters
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(key, _)| decoded(key) == "__archiveUrl");
    let archive = archives.next().map(|(_, archive)| decoded(archive));
    if archives.next().is_some() {
        return Err(Damage::new(line, "`__archiveUrl` occurs twice"));
    }
    Ok(archive)
}
