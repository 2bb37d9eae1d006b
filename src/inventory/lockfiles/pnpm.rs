//! `pnpm-lock.yaml`, versions 5 to 9.

use std::collections::{HashMap, HashSet};

use super::node::{self, Manifest};
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, Value, text, yaml_documents};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "pnpm-lock.yaml",
    is: |name| name == "pnpm-lock.yaml",
    is_named: |name| name.starts_with("pnpm-lock") && has_yaml_ending(name),
    read,
};

fn has_yaml_ending(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|ending| ending == "yaml")
}

const RESTORE: &str = "restore the lockfile, or regenerate it with `pnpm install --lockfile-only`";

/// Reads a lockfile.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

/// Sections of a project, and what they are for.
const ASKING: [(&str, Scope); 3] = [
    ("dependencies", Scope::Runtime),
    ("optionalDependencies", Scope::Optional),
    ("devDependencies", Scope::Dev),
];

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let documents = yaml_documents(text(source.bytes)?)?;
    let mut draft = Draft::default();
    match documents.as_slice() {
        [] => return Err(Damage::new(1, "the document is empty")),
        [root] => document(&mut draft, root, source)?,
        // Since version 11 the first document is about pnpm itself and what configures it.
        [own, root] if is_of_pnpm(own) && !is_of_pnpm(root) => {
            document(&mut draft, own, source)?;
            document(&mut draft, root, source)?;
        }
        [_, second, ..] => return Err(Damage::new(second.line, "a second document follows")),
    }
    Ok(draft.finish())
}

/// The sections of what pnpm itself needs.
const OF_PNPM: [(&str, Scope); 2] =
    [("configDependencies", Scope::Build), ("packageManagerDependencies", Scope::Build)];

/// Whether a document is about pnpm itself, and about nothing that the project asks for.
fn is_of_pnpm(root: &Node<'_>) -> bool {
    let importers = root.entries("importers").unwrap_or_default();
    let is_own = |key: &str| OF_PNPM.iter().any(|(own, _)| *own == key);
    importers.iter().any(|importer| {
        importer
            .node
            .map("")
            .is_ok_and(|sections| !sections.is_empty() && sections.iter().all(|section| is_own(&section.key)))
    })
}

/// Reads a document.
fn document(draft: &mut Draft, root: &Node<'_>, source: &Source<'_>) -> Result<(), Damage> {
    let has_snapshots = major(root)? >= 7;
    let mut places: HashMap<&str, usize> = HashMap::new();
    let packages = root.entries("packages")?;
    for entry in packages {
        entry.node.map(&entry.key)?;
        entry.node.check_spelling(&[
            "resolution",
            "dependencies",
            "optionalDependencies",
            "name",
            "version",
        ])?;
        let mut package = package(&entry.key, &entry.node, entry.line)?;
        package.published = root.get("time").and_then(|time| time.get(&entry.key)?.as_text()?.parse().ok());
        let index = add(draft, package, &entry.key, &entry.node)?;
        places.insert(&entry.key, index);
    }
    let snapshots = root.entries("snapshots")?;
    if has_snapshots {
        place_snapshots(&mut places, packages, snapshots)?;
    }
    for entry in if has_snapshots { snapshots } else { packages } {
        link(draft, &places, entry)?;
    }
    let importers = root.entries("importers")?;
    if importers.is_empty() {
        if has_snapshots && root.get("importers").is_none() {
            return Err(Damage::new(1, "`importers` is missing"));
        }
        importer(draft, &places, root, source, "")?;
        check_specifiers(root)?;
    }
    for entry in importers {
        importer(draft, &places, &entry.node, source, &entry.key)?;
        check_specifiers(&entry.node)?;
    }
    Ok(())
}

/// Rejects what a project asks for without a version that it has.
fn check_specifiers(project: &Node<'_>) -> Result<(), Damage> {
    for wish in project.entries("specifiers")? {
        let is_listed =
            |(key, _): &(&str, Scope)| project.get(key).is_some_and(|all| all.get(&wish.key).is_some());
        if !ASKING.iter().any(is_listed) {
            return Err(Damage::new(wish.line, format!("`{}` is asked for and not listed", wish.key)));
        }
    }
    Ok(())
}

/// The major version of the format; an error where it is not known.
fn major(root: &Node<'_>) -> Result<u32, Damage> {
    root.map("the document")?;
    root.check_spelling(&[
        "lockfileVersion",
        "importers",
        "packages",
        "snapshots",
        "dependencies",
        "devDependencies",
    ])?;
    let version =
        root.get("lockfileVersion").ok_or_else(|| Damage::new(1, "`lockfileVersion` is missing"))?;
    let major = version.scalar("lockfileVersion")?.split('.').next().and_then(|major| major.parse().ok());
    major
        .filter(|major| matches!(major, 5 | 6 | 7 | 9))
        .ok_or_else(|| Damage::new(version.line, "unsupported `lockfileVersion`, supported are 5 to 9"))
}

/// Places snapshots, each of which is a package with the peers that it was installed with.
fn place_snapshots<'a>(
    places: &mut HashMap<&'a str, usize>,
    packages: &[Entry<'_>],
    snapshots: &'a [Entry<'_>],
) -> Result<(), Damage> {
    let mut used = HashSet::new();
    for entry in snapshots {
        let base = entry.key.split('(').next().unwrap_or_default();
        used.insert(base);
        let index = places
            .get(base)
            .copied()
            .ok_or_else(|| Damage::new(entry.line, format!("`{base}` is not listed below `packages`")))?;
        places.insert(&entry.key, index);
    }
    match packages.iter().find(|entry| !used.contains(entry.key.as_ref())) {
        Some(entry) => {
            Err(Damage::new(entry.line, format!("`{}` is not listed below `snapshots`", entry.key)))
        }
        None => Ok(()),
    }
}

/// Links a package with what it asks for.
fn link(draft: &mut Draft, places: &HashMap<&str, usize>, entry: &Entry<'_>) -> Result<(), Damage> {
    let Some(from) = places.get(entry.key.as_ref()).copied() else { return Ok(()) };
    for (key, scope) in [("dependencies", Scope::Runtime), ("optionalDependencies", Scope::Optional)] {
        for wish in entry.node.entries(key)? {
            let reference = wish.node.scalar(&wish.key)?;
            match find(places, &wish.key, reference) {
                Some(to) => draft.link(from, to, None, scope),
                None if reference.starts_with("link:") => {}
                None => return Err(missing(&wish.key, wish.line)),
            }
        }
    }
    Ok(())
}

/// Reads what one project of the workspace asks for.
fn importer(
    draft: &mut Draft,
    places: &HashMap<&str, usize>,
    node: &Node<'_>,
    source: &Source<'_>,
    folder: &str,
) -> Result<(), Damage> {
    let manifest = Manifest::read(source, folder);
    for (key, scope) in ASKING.into_iter().chain(OF_PNPM) {
        for wish in node.entries(key)? {
            let (reference, requirement) = if matches!(wish.node.value, Value::Map(_)) {
                (wish.node.must("version")?, wish.node.text_of("specifier")?)
            } else {
                let requirement =
                    node.get("specifiers").and_then(|specifiers| specifiers.get(&wish.key)?.as_text());
                (wish.node.scalar(&wish.key)?, requirement)
            };
            let location =
                manifest.as_ref().and_then(|manifest| Some(manifest.location(manifest.wish(&wish.key)?)));
            match find(places, &wish.key, reference) {
                Some(to) => draft.ask(to, location, requirement, scope),
                None if reference.starts_with("link:") => {}
                None => return Err(missing(&wish.key, wish.line)),
            }
        }
    }
    Ok(())
}

fn missing(name: &str, line: u64) -> Damage {
    Damage::new(line, format!("`{name}` is asked for and not listed"))
}

/// The package that a reference means: a version, or the key of a package.
fn find(places: &HashMap<&str, usize>, name: &str, reference: &str) -> Option<usize> {
    let keys =
        [format!("{name}@{reference}"), format!("/{name}@{reference}"), format!("/{name}/{reference}")];
    keys.iter().map(String::as_str).chain([reference]).find_map(|key| places.get(key).copied())
}

/// A package by its key and what stands below it.
fn package(key: &str, node: &Node<'_>, line: u64) -> Result<Package, Damage> {
    let (name, version) = named(key).unwrap_or(("", ""));
    let name = node.text_of("name")?.unwrap_or(name);
    let version = match node.get("version") {
        Some(version) => version.scalar("version")?,
        None => version,
    };
    if name.is_empty() {
        return Err(Damage::new(line, format!("`{key}` is not a name with a version")));
    }
    // A place instead of a version.
    let version = if version.contains([':', '/']) { "" } else { version };
    let scope = match (node.is_true("dev"), node.is_true("optional")) {
        (true, false) => Scope::Dev,
        (_, true) => Scope::Optional,
        _ => Scope::Runtime,
    };
    Ok(Package {
        scope,
        has_install_script: node.is_true("requiresBuild"),
        ..node::package(name, version, line)
    })
}

/// Name and version of a key, in all of its forms: `/a/1.0.0_b@2.0.0`, `/a@1.0.0(b@2.0.0)`, `a@1.0.0`, `host/a/1.0.0`.
fn named(key: &str) -> Option<(&str, &str)> {
    let key = key.split('(').next().unwrap_or_default();
    let start = match key.strip_prefix('/') {
        Some(rest) => rest,
        None if key.starts_with('@')
            || key.find('/').is_none_or(|slash| key.get(..slash).is_some_and(|name| name.contains('@'))) =>
        {
            key
        }
        // A registry of its own.
        None => key.split_once('/').map_or(key, |(_, rest)| rest),
    };
    if let Some((name, version)) = node::split(start)
        && (!name.contains('/') || name.starts_with('@'))
        && name.matches('/').count() <= 1
    {
        return Some((name, version));
    }
    let mut end = start.find('/')?;
    if start.starts_with('@') {
        end += 1 + start.get(end + 1..)?.find('/')?;
    }
    let (name, version) = start.split_at_checked(end)?;
    let version = version.get(1..)?.split(['_', '/']).next()?;
    Some((name, version))
}

/// Adds a package from where its resolution says.
fn add(draft: &mut Draft, mut package: Package, key: &str, node: &Node<'_>) -> Result<usize, Damage> {
    let resolution =
        node.get("resolution").ok_or_else(|| Damage::new(node.line, "`resolution` is missing"))?;
    resolution.map("resolution")?;
    package.integrity = node::checksums(resolution.text_of("integrity")?);
    if let Some(repository) = resolution.text_of("repo")? {
        let commit =
            resolution.get("commit").and_then(|commit| commit.scalar("commit").ok()).unwrap_or_default();
        package.source = format!("{repository}#{commit}");
        package.origin = Origin::Git;
        return Ok(draft.add(package));
    }
    if let Some(folder) = resolution.text_of("directory")? {
        (package.origin, package.source) = (node::folder(folder), folder.to_owned());
        if package.origin == Origin::Project {
            package.source.clear();
        }
        return Ok(draft.add(package));
    }
    let address = resolution.text_of("tarball")?;
    if address.is_none()
        && let Some(registry) = resolution.text_of("registry")?
        && !node::is_public(registry)
    {
        package.origin = Origin::Other;
        registry.clone_into(&mut package.source);
        return Ok(draft.add(package));
    }
    if address.is_none() && package.integrity.is_empty() {
        return Err(Damage::new(node.line, "`resolution` says neither a checksum nor a place"));
    }
    // An address without a host is one of the registry.
    let relative = address.filter(|address| !address.contains(':')).map(|address| {
        let registry =
            resolution.get("registry").and_then(Node::as_text).unwrap_or("https://registry.npmjs.org");
        let path = address.replace('\\', "/");
        match path.strip_prefix("//") {
            Some(rest) => format!("https://{rest}"),
            None => format!("{}/{}", registry.trim_end_matches('/'), path.trim_start_matches('/')),
        }
    });
    let index = node::add(draft, package, relative.as_deref().or(address));
    if address.is_none() {
        add_of_key(draft, index, key);
    }
    Ok(index)
}

/// Adds the package that a key names, where the name or version below it is another: one of the two is installed.
fn add_of_key(draft: &mut Draft, index: usize, key: &str) {
    let Some((name, version)) = named(key) else { return };
    let Some(package) = draft.packages().get(index) else { return };
    if package.origin != Origin::Registry || package.name == name && package.version == version {
        return;
    }
    let other = Package { name: name.to_owned(), version: version.to_owned(), ..package.clone() };
    let other = draft.add(other);
    draft.link(index, other, None, Scope::Runtime);
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn keys_are_taken_apart() {
        for (key, name, version) in [
            ("/a/1.0.0", "a", "1.0.0"),
            ("/a/1.0.0_b@2.0.0", "a", "1.0.0"),
            ("/@s/a/1.0.0_@t+b@2.0.0+c@1.0.0", "@s/a", "1.0.0"),
            ("/a/1.0.0/b@2.0.0", "a", "1.0.0"),
            ("/@s/a@1.0.0(@t/b@2.0.0)(c@1.0.0)", "@s/a", "1.0.0"),
            ("a@1.0.0-rc.1(b@2.0.0(c@1.0.0))", "a", "1.0.0-rc.1"),
            ("registry.example.org/@s/a/1.0.0", "@s/a", "1.0.0"),
            ("npm.example.org/a@1.0.0", "a", "1.0.0"),
            ("a@https://codeload.github.com/u/a/tar.gz/c", "a", "https://codeload.github.com/u/a/tar.gz/c"),
        ] {
            assert_eq!(named(key), Some((name, version)), "{key}");
        }
    }
}
