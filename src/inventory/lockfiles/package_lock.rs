//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Versions 2 and 3 list what is installed by its path; version 1, which version 2 repeats for older releases of npm, nests it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::node::{self, ASKING, Manifest};
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, Value, json, json_of_map, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "package-lock.json",
    is: |name| name == "package-lock.json" || name == "npm-shrinkwrap.json",
    is_named: |name| name == "package-lock.json" || name == "npm-shrinkwrap.json",
    read,
};

/// Keys of a lockfile of version 1 without packages.
const V1_KEYS: [&str; 6] =
    ["name", "version", "lockfileVersion", "requires", "packageIntegrity", "preserveSymlinks"];

const RESTORE: &str = "restore the lockfile, or regenerate it with `npm install --package-lock-only`";

/// Reads a lockfile.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let text = text(source.bytes)?;
    let mut reader = Reader::new(source, Manifest::read(source, ""));
    let root = json_of_map(text, "packages", &mut |before, entry| reader.take(before, entry))?;
    let root = if is_in_usual_order(&root) {
        root
    } else {
        reader = Reader::new(source, reader.manifest);
        reader.take_all(json(text)?)
    };
    for entry in root.map("the document")? {
        // What stands beside `packages` is not installed from there.
        if entry.key.contains('/') {
            return Err(Damage::new(entry.line, format!("`{}` stands outside of `packages`", entry.key)));
        }
    }
    root.check_spelling(&["name", "version", "lockfileVersion", "packages", "dependencies", "requires"])?;
    let version = match root.get("lockfileVersion") {
        Some(node) => match node.scalar("lockfileVersion")?.parse() {
            Ok(version @ 1..=3) => version,
            _ => return Err(Damage::new(node.line, "unsupported `lockfileVersion`, supported are 1 to 3")),
        },
        // Only npm 4 and older wrote none.
        None if root.get("packages").is_none() && root.get("dependencies").is_some() => 1,
        None => return Err(Damage::new(1, "`lockfileVersion` is missing")),
    };
    // npm reads `packages` wherever there is one, whatever the version says.
    if version == 1 && root.get("packages").is_none() {
        if root.get("dependencies").is_none() {
            root.check_known(&V1_KEYS)?;
        }
        // Packages that stand in it are not read.
        if let Some(node) = root.get("requires").filter(|node| !matches!(node.value, Value::Bool(_))) {
            return Err(Damage::new(node.line, "`requires` is not `true`"));
        }
        reader.nested(&root)?;
        Reader::check_required(&root, &mut Vec::new())?;
        return Ok(reader.draft.finish());
    }
    if root.get("packages").is_none() {
        return Err(Damage::new(1, "`packages` is missing"));
    }
    // What it has was taken, if it is a map.
    root.entries("packages")?;
    reader.finish()?;
    if root.get("dependencies").is_none() {
        return Ok(reader.draft.finish());
    }
    // What only the part for older releases lists is installed by them.
    let names: HashSet<String> = reader.draft.packages().iter().map(|package| package.name.clone()).collect();
    let mut older = Reader::new(source, None);
    older.nested(&root)?;
    if version == 1 {
        Reader::check_required(&root, &mut Vec::new())?;
    }
    for package in older.draft.packages() {
        if package.origin == Origin::Registry && package.is_exact() || !names.contains(&package.name) {
            reader.draft.add(package.clone());
        }
    }
    Ok(reader.draft.finish())
}

/// Whether what the document says of the project stands before `packages`, which has it as well, or lacks it.
fn is_in_usual_order(root: &Node<'_>) -> bool {
    let entries = root.map("the document").unwrap_or_default();
    let mut behind = entries.iter().skip_while(|entry| entry.key != "packages");
    !behind.any(|entry| entry.key == "name" || entry.key == "version")
}

struct Reader<'a> {
    draft: Draft,
    /// The package at each path, such as `node_modules/a`.
    places: HashMap<Cow<'a, str>, usize, RandomState>,
    /// What was taken of `packages`.
    listed: Vec<Listed<'a>>,
    links: Vec<Link<'a>>,
    /// What is wrong with one of them.
    damage: Option<Damage>,
    manifest: Option<Manifest>,
    source: &'a Source<'a>,
}

/// An entry of `packages` of which the rest of the document is needed.
struct Listed<'a> {
    path: Cow<'a, str>,
    /// What it depends on.
    node: Node<'a>,
    index: usize,
}

/// A link to a folder, which is another entry.
struct Link<'a> {
    path: Cow<'a, str>,
    target: String,
    line: u64,
}

/// The names that an entry of version 1 sees.
#[derive(Default)]
struct Seen<'a> {
    /// Its own level last.
    levels: Vec<BTreeMap<&'a str, usize>>,
    /// Names that some package requires.
    required: HashSet<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source<'a>, manifest: Option<Manifest>) -> Self {
        Self {
            draft: Draft::default(),
            places: HashMap::default(),
            listed: Vec::new(),
            links: Vec::new(),
            damage: None,
            manifest,
            source,
        }
    }

    /// Takes every entry of `packages` out of a document.
    fn take_all(&mut self, mut root: Node<'a>) -> Node<'a> {
        let Value::Map(entries) = &mut root.value else { return root };
        let packages = entries.iter_mut().find(|entry| entry.key == "packages");
        let Some(Value::Map(packages)) = packages.map(|packages| &mut packages.node.value) else {
            return root;
        };
        for entry in std::mem::take(packages) {
            self.take(entries, entry);
        }
        root
    }

    /// Takes an entry of `packages`, with those of the document; the first damage counts, once the document proves to be one.
    fn take(&mut self, root: &[Entry<'a>], entry: Entry<'a>) {
        if self.damage.is_none() {
            self.damage = self.list(root, entry).err();
        }
    }

    fn list(&mut self, root: &[Entry<'a>], entry: Entry<'a>) -> Result<(), Damage> {
        let Entry { key: path, line, mut node } = entry;
        node.map(&path)?;
        if !is_plain(&path) {
            return Err(Damage::new(line, format!("`{path}` is not a path in its shortest form")));
        }
        node.check_spelling(&["version", "resolved", "name", "link", "dependencies", "dev", "optional"])?;
        let resolved = node.text_of("resolved")?;
        if node.is_true("link") && !resolved.is_some_and(|resolved| resolved.contains("://")) {
            let target = resolved.ok_or_else(|| Damage::new(line, "a link leads nowhere"))?.to_owned();
            self.links.push(Link { path, target, line });
            return Ok(());
        }
        let index = if path.is_empty() {
            self.project(root, &node, line)?
        } else {
            self.installed(&path, &node, line)?
        };
        if self.places.insert(path.clone(), index).is_some() {
            return Err(Damage::new(line, format!("`{path}` occurs twice")));
        }
        node.keep(|key| key == "optional" || ASKING.iter().any(|(asking, _)| *asking == key));
        self.listed.push(Listed { path, node, index });
        Ok(())
    }

    /// Links what was taken of `packages`.
    fn finish(&mut self) -> Result<(), Damage> {
        if let Some(damage) = self.damage.take() {
            return Err(damage);
        }
        for Link { path, target, line } in std::mem::take(&mut self.links) {
            let index = if let Some(index) = self.places.get(target.as_str()) {
                *index
            } else {
                let (origin, source) = node::path(&target);
                self.draft.add(Package { origin, source, ..node::package(name_of(&path), "", line) })
            };
            self.places.insert(path, index);
        }
        for entry in std::mem::take(&mut self.listed) {
            self.depends(&entry)?;
        }
        Ok(())
    }

    /// Adds the project itself.
    fn project(&mut self, root: &[Entry<'a>], node: &Node<'_>, line: u64) -> Result<usize, Damage> {
        if node.get("resolved").is_some() || node.get("integrity").is_some() {
            return Err(Damage::new(line, "the project itself has an address or a checksum"));
        }
        let text = |key: &str| match node.text_of(key)? {
            Some(text) => Ok(Some(text)),
            None => {
                root.iter().find(|entry| entry.key == key).map_or(Ok(None), |entry| match &entry.node.value {
                    Value::Null => Ok(None),
                    _ => entry.node.text(key).map(Some),
                })
            }
        };
        let name = text("name")?
            .or(self.manifest.as_ref().and_then(|manifest| manifest.name.as_deref()))
            .unwrap_or(".");
        let package = Package {
            origin: Origin::Project,
            ..node::package(name, text("version")?.unwrap_or_default(), line)
        };
        let index = self.draft.add(package);
        self.draft.root(index);
        Ok(index)
    }

    /// Adds what is at a path.
    fn installed(&mut self, path: &str, node: &Node<'_>, line: u64) -> Result<usize, Damage> {
        let name = node.text_of("name")?.unwrap_or_else(|| name_of(path));
        let version = node.text_of("version")?.unwrap_or_default();
        let resolved = node.text_of("resolved")?;
        if name.is_empty() {
            return Err(Damage::new(line, "a package without a name"));
        }
        // Only what a folder or repository gives may have none.
        let is_fetched = resolved.is_none_or(|resolved| resolved.starts_with("http"));
        if version.is_empty() && is_fetched && path.contains("node_modules/") {
            return Err(Damage::new(line, format!("`version` of `{name}` is missing")));
        }
        let scope = match (node.is_true("dev"), node.is_true("optional") || node.is_true("devOptional")) {
            (true, false) => Scope::Dev,
            (_, true) => Scope::Optional,
            _ => Scope::Runtime,
        };
        let package = Package {
            scope,
            integrity: node::checksums(node.text_of("integrity")?),
            has_install_script: node.is_true("hasInstallScript"),
            license: node.get("license").and_then(Node::as_text).map(str::to_owned),
            ..node::package(name, version, line)
        };
        // What is not below `node_modules` is a folder of its own; one that was fetched is none.
        let is_folder = !is_installed(path);
        if is_folder && resolved.is_none() && package.integrity.is_empty() {
            let (origin, source) = node::path(path);
            let index = self.draft.add(Package { origin, source, scope: Scope::Runtime, ..package });
            if origin == Origin::Project {
                self.draft.root(index);
            }
            return Ok(index);
        }
        Ok(node::add(&mut self.draft, package, resolved))
    }

    /// Links what is at a path with what it depends on.
    fn depends(&mut self, entry: &Listed<'_>) -> Result<(), Damage> {
        let is_own = !is_installed(&entry.path);
        let manifest = match entry.path.as_ref() {
            "" => self.manifest.take(),
            folder if is_own => Manifest::read(self.source, folder),
            _ => None,
        };
        for (key, scope) in ASKING {
            if key == "devDependencies" && !is_own {
                continue;
            }
            for wish in entry.node.entries(key)? {
                let Some(to) = self.resolve(&entry.path, &wish.key) else {
                    // Those of peers and of other platforms may be missing.
                    let may_be_missing = key != "dependencies" && key != "devDependencies"
                        || entry
                            .node
                            .entries("optionalDependencies")?
                            .iter()
                            .any(|other| other.key == wish.key)
                        || entry.node.is_true("optional");
                    if may_be_missing {
                        continue;
                    }
                    return Err(Damage::new(
                        wish.line,
                        format!("`{}` is asked for and not listed", wish.key),
                    ));
                };
                let requirement = wish.node.as_text();
                self.draft.link(entry.index, to, requirement, scope);
                if is_own {
                    let location = manifest
                        .as_ref()
                        .and_then(|manifest| Some(manifest.location(manifest.wish(&wish.key)?)));
                    self.draft.ask(to, location, requirement, scope);
                }
            }
        }
        Ok(())
    }

    /// The package that a name means at a path, by the rules of Node.js.
    fn resolve(&self, path: &str, name: &str) -> Option<usize> {
        let mut base = path;
        let mut place = String::with_capacity(path.len() + name.len() + "/node_modules/".len());
        loop {
            if base != "node_modules" && !base.ends_with("/node_modules") {
                place.clear();
                if !matches!(base, "" | ".") {
                    place.push_str(base);
                    place.push('/');
                }
                place.push_str("node_modules/");
                place.push_str(name);
                if let Some(index) = self.places.get(place.as_str()) {
                    return Some(*index);
                }
            }
            if base.is_empty() {
                return None;
            }
            base = base.rfind('/').and_then(|slash| base.get(..slash)).unwrap_or_default();
        }
    }

    /// Reads `dependencies`, as version 1 nests them.
    fn nested(&mut self, root: &Node<'_>) -> Result<(), Damage> {
        let mut seen = Seen::default();
        self.level(root, &mut seen)?;
        let outermost = seen.levels.first();
        let Some(manifest) = &self.manifest else {
            // Without a manifest, what no other package needs is what the project asks for.
            for (_, index) in
                outermost.into_iter().flatten().filter(|(name, _)| !seen.required.contains(*name))
            {
                let scope = self.draft.packages().get(*index).map_or(Scope::Runtime, |package| package.scope);
                self.draft.ask(*index, None, None, scope);
            }
            return Ok(());
        };
        for wish in &manifest.wishes {
            if let Some(index) = outermost.and_then(|level| level.get(wish.name.as_str())) {
                self.draft.ask(*index, Some(manifest.location(wish)), Some(&wish.requirement), wish.scope);
            }
        }
        Ok(())
    }

    /// Reads one level of `dependencies` and those below it.
    fn level<'n>(&mut self, node: &'n Node<'_>, seen: &mut Seen<'n>) -> Result<(), Damage> {
        let entries = node.entries("dependencies")?;
        let mut level = BTreeMap::new();
        for entry in entries {
            entry.node.map(&entry.key)?;
            entry.node.check_spelling(&[
                "version",
                "resolved",
                "dependencies",
                "requires",
                "dev",
                "optional",
            ])?;
            level.insert(entry.key.as_ref(), self.entry(&entry.key, &entry.node, entry.line)?);
        }
        let indexes: Vec<usize> =
            entries.iter().filter_map(|entry| level.get(entry.key.as_ref()).copied()).collect();
        seen.levels.push(level);
        for (entry, from) in entries.iter().zip(indexes) {
            let depth = seen.levels.len();
            if !entry.node.entries("dependencies")?.is_empty() {
                self.level(&entry.node, seen)?;
            }
            if let Some(Value::Map(requires)) = entry.node.get("requires").map(|node| &node.value) {
                for wish in requires {
                    if let Some(to) = seen.levels.iter().rev().find_map(|level| level.get(wish.key.as_ref()))
                    {
                        seen.required.insert(wish.key.as_ref());
                        self.draft.link(from, *to, wish.node.as_text(), Scope::Runtime);
                    }
                }
            }
            seen.levels.truncate(depth);
        }
        Ok(())
    }

    /// Rejects packages of version 1 that others need and that are not listed.
    fn check_required<'n>(node: &'n Node<'_>, seen: &mut Vec<HashSet<&'n str>>) -> Result<(), Damage> {
        let entries = node.entries("dependencies")?;
        seen.push(entries.iter().map(|entry| entry.key.as_ref()).collect());
        let depth = seen.len();
        for entry in entries {
            let own = entry.node.entries("dependencies")?;
            let Some(Value::Map(requires)) = entry.node.get("requires").map(|node| &node.value) else {
                Self::check_required(&entry.node, seen)?;
                seen.truncate(depth);
                continue;
            };
            for wish in requires {
                let name = wish.key.as_ref();
                let is_listed = own.iter().any(|entry| entry.key == name)
                    || seen.iter().any(|level| level.contains(name));
                // npm leaves out what only another platform needs, without a word about that.
                let may_be_missing = entry.node.is_true("optional") || name == "fsevents";
                if !is_listed && !may_be_missing {
                    return Err(Damage::new(wish.line, format!("`{name}` is asked for and not listed")));
                }
            }
            Self::check_required(&entry.node, seen)?;
            seen.truncate(depth);
        }
        Ok(())
    }

    /// Adds an entry of version 1.
    fn entry(&mut self, name: &str, node: &Node<'_>, line: u64) -> Result<usize, Damage> {
        let version = node.text_of("version")?.unwrap_or_default();
        if version.is_empty() {
            return Err(Damage::new(line, format!("`version` of `{name}` is missing")));
        }
        // Old releases of npm write `false` for what is bundled.
        let is_bundled = node.get("resolved").is_some_and(|resolved| resolved.value == Value::Bool(false));
        let mut address = if is_bundled { None } else { node.text_of("resolved")? };
        let (name, version) = match node::alias(version) {
            Some(alias) => alias,
            None if version.contains([':', '/']) => {
                if !is_address(version) {
                    return Err(Damage::new(
                        line,
                        format!("`{version}` is neither a version nor an address"),
                    ));
                }
                address = Some(version);
                (name, "")
            }
            None => (name, version),
        };
        let scope = match (node.is_true("dev"), node.is_true("optional")) {
            (true, false) => Scope::Dev,
            (_, true) => Scope::Optional,
            _ => Scope::Runtime,
        };
        let package = Package {
            scope,
            integrity: node::checksums(node.text_of("integrity")?),
            ..node::package(name, version, line)
        };
        Ok(node::add(&mut self.draft, package, address))
    }
}

/// Whether npm takes the version of an entry for an address: one of a known kind, a repository of GitHub or a path.
fn is_address(text: &str) -> bool {
    const KINDS: [&str; 13] = [
        "bitbucket",
        "file",
        "gist",
        "git",
        "git+file",
        "git+http",
        "git+https",
        "git+ssh",
        "github",
        "gitlab",
        "http",
        "https",
        "ssh",
    ];
    match text.split_once(':') {
        Some((kind, _)) if !kind.contains('/') => KINDS.contains(&kind),
        _ => {
            text.starts_with(['.', '/'])
                || text.split('#').next().is_some_and(|name| name.matches('/').count() == 1)
        }
    }
}

/// Whether a path leads straight to where it leads: npm takes `node_modules/a/` and `node_modules//a` for `node_modules/a`.
fn is_plain(path: &str) -> bool {
    let is_odd = |pair: &[u8]| matches!(pair, [b'/', b'.' | b'/'] | [b'\\', _] | [_, b'\\']);
    if !path.starts_with(['.', '/', '\\']) && !path.ends_with('/') && !path.as_bytes().windows(2).any(is_odd)
    {
        return true;
    }
    let mut is_above = true;
    matches!(path, "" | ".")
        || !path.contains('\\')
            && path.split('/').enumerate().all(|(index, segment)| {
                is_above = is_above && segment == "..";
                match segment {
                    "." => false,
                    ".." => is_above,
                    // An absolute path.
                    "" => index == 0,
                    _ => true,
                }
            })
}

/// Whether a path leads into a folder of installed packages.
fn is_installed(path: &str) -> bool {
    path.starts_with("node_modules/") || path.split('/').any(|segment| segment == "node_modules")
}

/// The name of what is at a path: behind the last `node_modules/`, or its last segment.
fn name_of(path: &str) -> &str {
    if let Some(name) = path.strip_prefix("node_modules/").filter(|name| !name.contains('/')) {
        return name;
    }
    match path.rsplit_once("node_modules/") {
        Some((_, name)) => name,
        None => path.rsplit('/').next().unwrap_or(path),
    }
}
