//! `poetry.lock`, `pdm.lock`, `uv.lock` and `pylock.toml`: TOML with a list of packages.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Source;
use super::python::{self, Wish, wishes};
use crate::document::{Damage, Node, Value, text, toml, toml_of_tables};
use crate::draft::Draft;
use crate::purl::pep_503;
use crate::{Graph, Origin, Package, Scope};
use devops_core::Error;

/// A format of this family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Poetry,
    Pdm,
    Uv,
    Pylock,
}

impl Flavour {
    /// The key of the list of packages.
    fn list(self) -> &'static str {
        if self == Self::Pylock { "packages" } else { "package" }
    }
}

/// Reads a lockfile of one of these formats.
pub(super) fn read(source: &Source<'_>, flavour: Flavour, help: &str) -> Result<Graph, Error> {
    graph(source, flavour).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>, flavour: Flavour) -> Result<Graph, Damage> {
    let (text, key) = (text(source.bytes)?, flavour.list());
    let mut reader = Reader::new(flavour);
    let root = if let Some(root) = toml_of_tables(text, key, &mut |node| reader.take(node)) {
        root
    } else {
        reader = Reader::new(flavour);
        toml(text)?
    };
    root.check_spelling(&["version", "lock-version", "metadata", "package", "packages"])?;
    check_lists(&root, key)?;
    check_version(&root, flavour)?;
    // Those that were taken already are not listed any more.
    for node in root.items(key)? {
        reader.take(node.clone());
    }
    let Reader { mut draft, by_name, listed, .. } = reader.finish()?;
    let lock_version = root.get("metadata").and_then(|metadata| metadata.get("lock-version")?.as_text());
    let mut link = Linker {
        draft: &mut draft,
        by_name: &by_name,
        is_strict: flavour != Flavour::Pylock,
        leaves_out_installers: lock_version.is_some_and(|version| version.starts_with("1.")),
    };
    for (node, from) in listed {
        link.dependencies(&node, from, flavour)?;
    }
    let wishes = wishes(source, "pyproject.toml");
    ask(&mut draft, &by_name, &wishes);
    Ok(draft.finish())
}

/// The packages of each name, with their versions as the file spells them.
type ByName = HashMap<String, Vec<(usize, String)>, RandomState>;

/// The keys of a package that say what it depends on.
const DEPENDENCIES: [&str; 3] = ["dependencies", "optional-dependencies", "dev-dependencies"];

/// Takes packages one by one.
struct Reader<'a> {
    flavour: Flavour,
    draft: Draft,
    by_name: ByName,
    /// What each depends on, with its index.
    listed: Vec<(Node<'a>, usize)>,
    /// What is wrong with one of them.
    damage: Option<Damage>,
}

impl<'a> Reader<'a> {
    fn new(flavour: Flavour) -> Self {
        let (draft, by_name) = (Draft::default(), ByName::default());
        Self { flavour, draft, by_name, listed: Vec::new(), damage: None }
    }

    /// Takes a package; the first damage counts, once the document proves to be one.
    fn take(&mut self, node: Node<'a>) {
        if self.damage.is_none() {
            self.damage = self.list(node).err();
        }
    }

    fn list(&mut self, mut node: Node<'a>) -> Result<(), Damage> {
        for entry in node.map(self.flavour.list())? {
            // Without the line that begins it, a package is read as a part of the one before.
            if entry.node.get("name").is_some() && entry.node.get("files").is_some() {
                return Err(Damage::new(entry.line, format!("`{}` has a package in it", entry.key)));
            }
        }
        node.check_spelling(&["name", "version", "source", "dependencies", "files", "wheels"])?;
        let index = add(&mut self.draft, &node, self.flavour)?;
        let name = self.draft.packages().get(index).map(|package| package.name.as_str()).unwrap_or_default();
        let version = node.text_of("version")?.unwrap_or_default().to_owned();
        match self.by_name.get_mut(name) {
            Some(known) => known.push((index, version)),
            None => drop(self.by_name.insert(name.to_owned(), vec![(index, version)])),
        }
        node.keep(|key| DEPENDENCIES.contains(&key));
        self.listed.push((node, index));
        Ok(())
    }

    /// What was taken.
    fn finish(mut self) -> Result<Self, Damage> {
        match self.damage.take() {
            Some(damage) => Err(damage),
            None => Ok(self),
        }
    }
}

/// Rejects packages outside of their list: below a key that is misspelt, or without one.
fn check_lists(root: &Node<'_>, known: &str) -> Result<(), Damage> {
    for entry in root.map("the document")? {
        let is_package = |node: &Node<'_>| node.get("name").is_some();
        let has_packages = matches!(&entry.node.value, Value::List(items) if items.iter().any(is_package));
        if entry.key == "name" || has_packages && entry.key != known {
            return Err(Damage::new(entry.line, format!("unexpected `{}`", entry.key)));
        }
    }
    Ok(())
}

/// Rejects versions of the formats that are not known.
fn check_version(root: &Node<'_>, flavour: Flavour) -> Result<(), Damage> {
    let metadata = root.get("metadata");
    let (node, known): (_, &[&str]) = match flavour {
        Flavour::Poetry => {
            (metadata.and_then(|metadata| metadata.get("lock-version")), &["1.0", "1.1", "2.0", "2.1"])
        }
        Flavour::Pdm => (metadata.and_then(|metadata| metadata.get("lock_version")), &["4."]),
        Flavour::Uv => (root.get("version"), &["1"]),
        Flavour::Pylock => (root.get("lock-version"), &["1.0"]),
    };
    let Some(node) = node else { return Err(Damage::new(1, "the version of the format is missing")) };
    let version = node.scalar("version")?;
    let is_known = |known: &str| known == version || known.ends_with('.') && version.starts_with(known);
    if known.iter().any(|version| is_known(version)) {
        Ok(())
    } else {
        Err(Damage::new(node.line, format!("unsupported version {version} of the format")))
    }
}

/// Adds a package.
fn add(draft: &mut Draft, node: &Node<'_>, flavour: Flavour) -> Result<usize, Damage> {
    let name = node.must("name")?;
    let version = node.text_of("version")?.unwrap_or_default();
    let line = node.get("name").map_or(node.line, |name| name.line);
    let mut package = python::package(name, version, line);
    let mut is_root = false;
    match flavour {
        Flavour::Poetry => complete_poetry(&mut package, node)?,
        Flavour::Pdm => complete_pdm(&mut package, node)?,
        Flavour::Uv => is_root = complete_uv(&mut package, node)?,
        Flavour::Pylock => complete_pylock(&mut package, node)?,
    }
    let others = files(&mut package, node)?;
    let index = draft.add(package);
    for other in others {
        let other = draft.add(other);
        draft.link(index, other, None, Scope::Runtime);
    }
    if is_root {
        draft.root(index);
    }
    Ok(index)
}

/// Sets scope and place of a package of `poetry.lock`.
fn complete_poetry(package: &mut Package, node: &Node<'_>) -> Result<(), Damage> {
    let is_dev = node.text_of("category")?.is_some_and(|category| category == "dev")
        || node.get("groups").is_some() && !has_text(node.get("groups"), "main");
    package.scope = if is_dev {
        Scope::Dev
    } else if node.is_true("optional") {
        Scope::Optional
    } else {
        Scope::Runtime
    };
    let Some(source) = node.get("source") else { return Ok(()) };
    let address = source.text_of("url")?.unwrap_or_default();
    let commit = source.text_of("resolved_reference")?.unwrap_or_default();
    match source.text_of("type")? {
        Some("git") => set_git(package, &format!("{address}#{commit}")),
        Some("directory" | "file") => (package.origin, package.source) = python::place(address),
        None | Some("legacy") => python::registry(package, address),
        Some(_) => (package.origin, package.source) = (Origin::Other, python::place(address).1),
    }
    Ok(())
}

/// Sets scope and place of a package of `pdm.lock`.
fn complete_pdm(package: &mut Package, node: &Node<'_>) -> Result<(), Damage> {
    let groups = node.get("groups");
    let is_dev = groups.is_some() && !has_text(groups, "default");
    package.scope = if is_dev { Scope::Dev } else { Scope::Runtime };
    let commit = node.text_of("revision")?.unwrap_or_default();
    if let Some(address) = node.text_of("git")? {
        set_git(package, &format!("{address}#{commit}"));
    } else if let Some(place) = node.text_of("url")?.or(node.text_of("path")?) {
        (package.origin, package.source) = python::place(place);
    }
    Ok(())
}

/// Sets the place of a package of `uv.lock`, and tells whether it is the project's own.
fn complete_uv(package: &mut Package, node: &Node<'_>) -> Result<bool, Damage> {
    let mut is_root = false;
    let source = node.get("source").ok_or_else(|| Damage::new(package.line, "`source` is missing"))?;
    for entry in source.map("source")? {
        let address = entry.node.as_text().unwrap_or_default();
        match entry.key.as_ref() {
            "registry" => python::registry(package, address),
            "git" => set_git(package, address),
            "url" => (package.origin, package.source) = python::place(address),
            "path" | "directory" | "editable" | "virtual" => {
                (package.origin, package.source) = python::place(address);
                is_root = package.origin == Origin::Project;
            }
            "subdirectory" => {}
            other => return Err(Damage::new(entry.line, format!("unknown source `{other}`"))),
        }
    }
    Ok(is_root)
}

/// Sets the place of a package of `pylock.toml`.
fn complete_pylock(package: &mut Package, node: &Node<'_>) -> Result<(), Damage> {
    if let Some(index) = node.text_of("index")? {
        python::registry(package, index);
    }
    for (key, kind) in [("vcs", "git+"), ("directory", ""), ("archive", "")] {
        let Some(place) = node.get(key) else { continue };
        let address = place.text_of("url")?.or(place.text_of("path")?).unwrap_or_default();
        let commit = place.text_of("commit-id")?.map_or_else(String::new, |commit| format!("#{commit}"));
        (package.origin, package.source) = python::place(&format!("{kind}{address}{commit}"));
    }
    Ok(())
}

/// Sets that a package comes from a git repository.
fn set_git(package: &mut Package, address: &str) {
    (package.origin, package.source) = (Origin::Git, python::place(&format!("git+{address}")).1);
}

/// Whether a list has a text.
fn has_text(node: Option<&Node<'_>>, text: &str) -> bool {
    let items = node.and_then(|node| node.list("").ok()).unwrap_or_default();
    items.iter().any(|item| item.as_text() == Some(text))
}

/// Takes checksums and dates of the files of a package. What the tool installs is one of the files: those that are another package's, or
/// from a host that is not the registry's, are packages of their own.
fn files(package: &mut Package, node: &Node<'_>) -> Result<Vec<Package>, Damage> {
    let mut others: Vec<Package> = Vec::new();
    let source = package.source.clone();
    others.extend(python::other_at(package, &source));
    let mut dates: Vec<jiff::Timestamp> = Vec::new();
    for key in ["files", "wheels", "sdist", "archive"] {
        let found = match node.get(key).map(|found| &found.value) {
            Some(Value::List(items)) => items.as_slice(),
            Some(Value::Map(_)) => std::slice::from_ref(node.get(key).unwrap_or(node)),
            _ => continue,
        };
        for file in found {
            let mut hashes: Vec<String> = file.text_of("hash")?.map(str::to_owned).into_iter().collect();
            for entry in file.entries("hashes").unwrap_or_default() {
                hashes.extend(entry.node.as_text().map(|hash| format!("{}:{hash}", entry.key)));
            }
            if let Some(other) = elsewhere(package, file)? {
                others.push(Package { integrity: hashes.clone(), ..other });
            }
            package.integrity.extend(hashes);
            dates.extend(file.text_of("upload-time")?.and_then(|time| time.parse::<jiff::Timestamp>().ok()));
        }
    }
    // What is installed may be the newest of the files.
    package.published = dates.into_iter().max();
    Ok(others)
}

/// What a file of a package is where it is not the package's own.
fn elsewhere(package: &Package, file: &Node<'_>) -> Result<Option<Package>, Damage> {
    let name = file.text_of("file")?;
    // A file of the registry that has only its name.
    if let Some(name) = name.filter(|name| !name.contains("://") && package.origin == Origin::Registry)
        && file.get("url").is_none()
    {
        return Ok(python::other_by_name(package, name));
    }
    let name = name.filter(|name| name.contains("://"));
    let Some(address) = file.text_of("url")?.or(name).or(file.text_of("path")?) else { return Ok(None) };
    if package.origin == Origin::Registry && python::is_usual(package, address) {
        return Ok(None);
    }
    if python::published(address, &package.name).is_some() {
        return Ok(python::other_at(package, address));
    }
    if package.origin != Origin::Registry {
        return Ok(None);
    }
    // One package for each host, not for each file.
    let (mut origin, mut source) = python::place(address);
    if let Some((scheme, rest)) = source.split_once("://")
        && let Some(host) = rest.split(['/', '?', '#']).next()
    {
        source = format!("{scheme}://{host}/");
    }
    if origin == Origin::Project {
        (origin, source) = (Origin::Path, address.to_owned());
    }
    let plain = python::package(&package.name, &package.version, package.line);
    Ok(Some(Package { scope: package.scope, origin, source, ..plain }))
}

struct Linker<'a> {
    draft: &'a mut Draft,
    by_name: &'a ByName,
    /// Whether every dependency of a package is listed.
    is_strict: bool,
    /// Whether what comes with Python itself is left out, as old releases of Poetry do.
    leaves_out_installers: bool,
}

/// What comes with Python itself.
const INSTALLERS: [&str; 4] = ["setuptools", "pip", "wheel", "distribute"];

impl Linker<'_> {
    /// Links a package with what it depends on.
    fn dependencies(&mut self, node: &Node<'_>, from: usize, flavour: Flavour) -> Result<(), Damage> {
        match node.get("dependencies").map(|node| &node.value) {
            // Poetry has requirements by name, some optional.
            Some(Value::Map(entries)) => {
                for entry in entries {
                    let requirement = entry.node.as_text().or_else(|| entry.node.get("version")?.as_text());
                    let is_optional = entry.node.is_true("optional") || entry.node.get("markers").is_some();
                    let several = matches!(entry.node.value, Value::List(_));
                    let scope = if entry.node.is_true("optional") { Scope::Optional } else { Scope::Runtime };
                    self.link(
                        from,
                        &entry.key,
                        requirement,
                        None,
                        scope,
                        is_optional || several,
                        entry.line,
                    )?;
                }
            }
            Some(Value::List(items)) => {
                for item in items {
                    self.item(from, item, Scope::Runtime, flavour)?;
                }
            }
            _ => {}
        }
        for (key, scope) in [("optional-dependencies", Scope::Optional), ("dev-dependencies", Scope::Dev)] {
            for group in node.entries(key)? {
                for item in group.node.list(&group.key)? {
                    self.item(from, item, scope, flavour)?;
                }
            }
        }
        Ok(())
    }

    /// Links with an item of a list: a requirement, or a table with a name.
    fn item(&mut self, from: usize, item: &Node<'_>, scope: Scope, flavour: Flavour) -> Result<(), Damage> {
        if let Some(text) = item.as_text() {
            let (name, requirement) = python::requirement(text);
            return self.link(from, name, Some(requirement), None, scope, flavour == Flavour::Pdm, item.line);
        }
        self.link(from, item.must("name")?, None, item.text_of("version")?, scope, false, item.line)
    }

    #[expect(clippy::too_many_arguments, reason = "what a dependency is made of")]
    fn link(
        &mut self,
        from: usize,
        name: &str,
        requirement: Option<&str>,
        version: Option<&str>,
        scope: Scope,
        may_be_missing: bool,
        line: u64,
    ) -> Result<(), Damage> {
        let name = pep_503(name);
        let found = self.by_name.get(&name).map(Vec::as_slice).unwrap_or_default();
        let may_be_missing =
            may_be_missing || self.leaves_out_installers && INSTALLERS.contains(&name.as_str());
        if found.is_empty() && self.is_strict && !may_be_missing {
            return Err(Damage::new(line, format!("`{name}` is asked for and not listed")));
        }
        for (to, of) in found {
            if version.is_none_or(|version| version == of) && *to != from {
                self.draft.link(from, *to, requirement, scope);
            }
        }
        Ok(())
    }
}

/// Marks what the manifest asks for.
fn ask(draft: &mut Draft, by_name: &ByName, wishes: &[Wish]) {
    for wish in wishes {
        for (index, _) in by_name.get(&wish.name).into_iter().flatten() {
            draft.ask(*index, Some(wish.location.clone()), Some(&wish.requirement), wish.scope);
        }
    }
}
