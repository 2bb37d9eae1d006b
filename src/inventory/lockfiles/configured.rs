//! Registries that files beside a lockfile set, of which the lockfile itself says nothing.
//!
//! Each is listed once, by its host: any package that the lockfile lists without an address may be from there. A file that its package
//! manager could not read either is an error, because it could set anything.

#![expect(clippy::unnecessary_wraps, reason = "all readers have one form, and those of documents can fail")]

use super::manifest::source_of;
use super::{Format, Source, node};
use crate::document::{Damage, Element, Node, Value, text, toml, xml, xml_text, yaml_with_aliases};
use crate::{Graph, Origin, Package};
use devops_core::{Ecosystem, Error, Location};

/// A file that sets registries.
struct Settings {
    /// The formats of lockfiles that it is about.
    formats: &'static [&'static str],
    /// Its paths from the folder of the lockfile; of several in one folder each counts.
    names: &'static [&'static str],
    /// Whether those in folders above count as well.
    is_inherited: bool,
    /// The ecosystem of the registries.
    ecosystem: Ecosystem,
    /// Reads one.
    read: fn(&str) -> Result<Vec<Set>, Damage>,
}

/// Something that a file sets.
#[derive(Debug, PartialEq, Eq)]
struct Set {
    /// The address of a registry, or the path of a folder with packages.
    place: String,
    /// The line.
    line: u64,
    /// The beginning of the names that it is for, where that is not all.
    scope: String,
}

const NODE: &[&str] = &["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock"];
const NUGET: &[&str] = &["packages.lock.json", "packages.config", "project.assets.json"];

const SETTINGS: &[Settings] = &[
    of(Ecosystem::NPM, NODE, &[".npmrc"], npmrc),
    of(Ecosystem::NPM, &["yarn.lock"], &[".yarnrc"], yarnrc),
    inherited(Ecosystem::NPM, &["yarn.lock"], &[".yarnrc.yml"], yarnrc_yml),
    of(Ecosystem::NPM, &["bun.lock"], &["bunfig.toml"], bunfig),
    inherited(Ecosystem::PYPI, &["requirements.txt"], &["pip.conf", "pip.ini"], pip_conf),
    of(Ecosystem::PYPI, &["requirements.txt"], &["uv.toml"], uv_toml),
    of(Ecosystem::PYPI, &["requirements.txt"], &["pyproject.toml"], |text| {
        uv(toml(text)?.get("tool").and_then(|tool| tool.get("uv")))
    }),
    of(Ecosystem::PYPI, &["poetry.lock"], &["pyproject.toml"], poetry),
    of(Ecosystem::PYPI, &["pdm.lock"], &["pyproject.toml"], pdm),
    inherited(Ecosystem::CRATES_IO, &["Cargo.lock"], &[".cargo/config.toml", ".cargo/config"], cargo),
    inherited(Ecosystem::NUGET, NUGET, &["nuget.config", "NuGet.Config", "NuGet.config"], nuget),
    inherited(Ecosystem::MAVEN, &["pom.xml"], &[".mvn/settings.xml", "settings.xml"], maven),
    inherited(Ecosystem::RUBYGEMS, &["Gemfile.lock"], &[".bundle/config"], bundler),
];

const fn of(
    ecosystem: Ecosystem,
    formats: &'static [&'static str],
    names: &'static [&'static str],
    read: fn(&str) -> Result<Vec<Set>, Damage>,
) -> Settings {
    Settings { formats, names, is_inherited: false, ecosystem, read }
}

const fn inherited(
    ecosystem: Ecosystem,
    formats: &'static [&'static str],
    names: &'static [&'static str],
    read: fn(&str) -> Result<Vec<Set>, Damage>,
) -> Settings {
    Settings { is_inherited: true, ..of(ecosystem, formats, names, read) }
}

/// Adds to a graph the registries that its packages may be from.
///
/// # Errors
/// Where a file that sets registries can't be read.
pub(super) fn add(graph: &mut Graph, source: &Source<'_>, format: &Format) -> Result<(), Error> {
    for settings in SETTINGS.iter().filter(|settings| settings.formats.contains(&format.name)) {
        let is_open =
            |package: &Package| package.ecosystem == settings.ecosystem && package.origin == Origin::Registry;
        if !graph.packages.iter().any(is_open) {
            continue;
        }
        let depth = if settings.is_inherited { source.path.matches('/').count() } else { 0 };
        for (above, name) in
            (0..=depth).flat_map(|above| settings.names.iter().map(move |name| (above, name)))
        {
            let path = "../".repeat(above) + name;
            let Some(bytes) = (source.neighbour)(&path)? else { continue };
            let shown = node::beside(source.path, &path);
            let damaged = |damage: Damage| {
                Error::input(format!("what it says of registries can't be read: {}", damage.what))
                    .at(Location::line(&shown, damage.line))
                    .help("correct the file: it may set the registry that packages come from")
            };
            let bytes = xml_text(&bytes).map_err(damaged)?;
            let found = text(bytes.as_bytes()).and_then(settings.read).map_err(damaged)?;
            for set in found {
                let is_for = |package: &Package| is_open(package) && package.name.starts_with(&set.scope);
                if !graph.packages.iter().any(is_for) {
                    continue;
                }
                let listed = source_of(settings.ecosystem, &set.place, set.line);
                let is_known = |listed: &Package| {
                    let mut packages = graph.packages.iter();
                    packages.any(|known| known.is_source() && known.source == listed.source)
                };
                if let Some(listed) = listed.filter(|listed| !is_known(listed)) {
                    graph.packages.push(Package { file: Some(shown.clone()), ..listed });
                }
            }
        }
    }
    Ok(())
}

/// What one line sets for all packages.
fn set(place: &str, line: u64) -> Set {
    Set { place: place.to_owned(), line, scope: String::new() }
}

/// A registry for the packages of a scope of npm.
fn scoped(scope: &str, place: &str, line: u64) -> Set {
    Set { scope: format!("@{}/", scope.trim_start_matches('@')), ..set(place, line) }
}

/// The lines of a text, without blanks around them and comments.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let lines = text.split(['\n', '\r']).map(str::trim);
    (1..).zip(lines).filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']))
}

/// A text without quotes and blanks around it.
fn bare(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'']).trim()
}

/// What a key of npm sets: `registry`, or `@scope:registry`.
fn of_npm(key: &str, value: &str, line: u64) -> Option<Set> {
    let (key, value) = (bare(key).to_ascii_lowercase(), bare(value));
    if key == "registry" {
        return Some(set(value, line));
    }
    key.strip_suffix(":registry").map(|scope| scoped(scope, value, line))
}

/// `.npmrc`, which pnpm, Yarn 1, Bun and Deno read as well.
fn npmrc(text: &str) -> Result<Vec<Set>, Damage> {
    let found = lines(text).filter_map(|(number, line)| {
        let (key, value) = line.split_once('=')?;
        of_npm(key, value, number)
    });
    Ok(found.collect())
}

/// `.yarnrc` of Yarn 1.
fn yarnrc(text: &str) -> Result<Vec<Set>, Damage> {
    let found = lines(text).filter_map(|(number, line)| {
        let (key, value) = line.split_once(char::is_whitespace)?;
        of_npm(bare(key).trim_start_matches("--"), value, number)
    });
    Ok(found.collect())
}

/// `.yarnrc.yml` of Yarn Berry.
fn yarnrc_yml(text: &str) -> Result<Vec<Set>, Damage> {
    let root = yaml_with_aliases(text)?;
    let mut found = Vec::new();
    let server = |node: &Node<'_>| match node.get("npmRegistryServer") {
        Some(server) => server.text("npmRegistryServer").map(|text| Some((text.to_owned(), server.line))),
        None => Ok(None),
    };
    found.extend(server(&root)?.map(|(place, line)| set(&place, line)));
    for entry in root.entries("npmScopes")? {
        found.extend(server(&entry.node)?.map(|(place, line)| scoped(&entry.key, &place, line)));
    }
    Ok(found)
}

/// `bunfig.toml`.
fn bunfig(text: &str) -> Result<Vec<Set>, Damage> {
    let root = toml(text)?;
    let Some(install) = root.get("install") else { return Ok(Vec::new()) };
    let address = |node: &Node<'_>| node.as_text().or_else(|| node.get("url")?.as_text()).map(str::to_owned);
    let mut found = Vec::new();
    if let Some(node) = install.get("registry") {
        found.extend(address(node).map(|place| set(&place, node.line)));
    }
    for entry in install.entries("scopes")? {
        found.extend(address(&entry.node).map(|place| scoped(&entry.key, &place, entry.line)));
    }
    Ok(found)
}

/// `pip.conf`, whose values may go on in lines that begin with a blank.
fn pip_conf(text: &str) -> Result<Vec<Set>, Damage> {
    let mut found = Vec::new();
    let mut is_of_registries = false;
    for (number, line) in (1..).zip(text.split(['\n', '\r'])) {
        let mut values = line;
        if !line.starts_with(char::is_whitespace) && !line.is_empty() {
            let (key, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
            let key = key.trim().to_ascii_lowercase().replace('_', "-");
            is_of_registries = matches!(key.as_str(), "index-url" | "extra-index-url" | "find-links");
            values = value;
        }
        let values = values.split_whitespace().map(bare).filter(|_| is_of_registries);
        found.extend(
            values.take_while(|value| !value.starts_with(['#', ';'])).map(|value| set(value, number)),
        );
    }
    Ok(found)
}

/// `uv.toml`.
fn uv_toml(text: &str) -> Result<Vec<Set>, Damage> {
    uv(Some(&toml(text)?))
}

/// The settings of uv, which `uv pip install` follows.
fn uv(settings: Option<&Node<'_>>) -> Result<Vec<Set>, Damage> {
    let mut found = Vec::new();
    let Some(settings) = settings else { return Ok(found) };
    for node in std::iter::once(settings).chain(settings.get("pip")) {
        for index in node.items("index")?.iter().filter(|index| !index.is_true("explicit")) {
            found.extend(index.get("url").and_then(Node::as_text).map(|place| set(place, index.line)));
        }
        for key in ["index-url", "extra-index-url", "find-links"] {
            let places = match node.get(key) {
                Some(Node { value: Value::List(items), .. }) => items.as_slice(),
                Some(one) => std::slice::from_ref(one),
                None => &[],
            };
            found.extend(places.iter().filter_map(|place| Some(set(place.as_text()?, place.line))));
        }
    }
    Ok(found)
}

/// The sources of Poetry in `pyproject.toml` that replace the public registry: the lockfile has the address of every package from
/// another one.
fn poetry(text: &str) -> Result<Vec<Set>, Damage> {
    let root = toml(text)?;
    let Some(poetry) = root.get("tool").and_then(|tool| tool.get("poetry")) else { return Ok(Vec::new()) };
    let sources = poetry.items("source")?;
    let is_public = |source: &Node<'_>| {
        source.get("name").and_then(Node::as_text).is_some_and(|name| name.eq_ignore_ascii_case("pypi"))
    };
    if sources.iter().any(is_public) {
        return Ok(Vec::new());
    }
    let is_first = |source: &&Node<'_>| {
        let priority = source.get("priority").and_then(Node::as_text).unwrap_or("primary");
        matches!(priority, "primary" | "default") && !source.is_true("secondary")
    };
    let found = sources.iter().filter(is_first).filter_map(|source| {
        let url = source.get("url")?;
        Some(set(url.as_text()?, url.line))
    });
    Ok(found.collect())
}

/// The sources of PDM in `pyproject.toml`.
fn pdm(text: &str) -> Result<Vec<Set>, Damage> {
    let root = toml(text)?;
    let Some(pdm) = root.get("tool").and_then(|tool| tool.get("pdm")) else { return Ok(Vec::new()) };
    let found = pdm.items("source")?.iter().filter_map(|source| {
        let url = source.get("url")?;
        Some(set(url.as_text()?, url.line))
    });
    Ok(found.collect())
}

/// `.cargo/config.toml`: what replaces the public registry, and folders whose packages replace others of their name. What `[patch]`
/// replaces is in the lockfile.
fn cargo(text: &str) -> Result<Vec<Set>, Damage> {
    let root = toml(text)?;
    let mut found: Vec<Set> = Vec::new();
    for place in root.items("paths")? {
        found.extend(place.as_text().map(|text| set(text, place.line)));
    }
    let (sources, registries) = (root.entries("source")?, root.entries("registries")?);
    let mut name = "crates-io";
    // Each source may be replaced in turn, but not in a circle.
    for _ in 0..=sources.len() {
        let source = sources.iter().find(|entry| entry.key == name).map(|entry| &entry.node);
        if let Some(next) = source.and_then(|source| source.get("replace-with")) {
            name = next.text("replace-with")?;
            let is_known = sources.iter().chain(registries).any(|entry| entry.key == name);
            if !is_known {
                // It may be defined in the folder of the user.
                found.push(set(&format!("https://{name}/"), next.line));
            }
            continue;
        }
        let registry = registries.iter().find(|entry| entry.key == name).map(|entry| &entry.node);
        let place = source.into_iter().chain(registry).find_map(|node| {
            let keys = ["registry", "index", "directory", "local-registry", "git"];
            keys.iter().find_map(|key| node.get(key))
        });
        found.extend(place.and_then(|place| Some(set(place.as_text()?, place.line))));
        break;
    }
    Ok(found)
}

/// `nuget.config`.
fn nuget(text: &str) -> Result<Vec<Set>, Damage> {
    let root = xml(text)?;
    let added = |name: &'static str| {
        let sections = root.children.iter().filter(move |child| child.name.eq_ignore_ascii_case(name));
        sections.flat_map(|section| &section.children).filter(|child| child.name.eq_ignore_ascii_case("add"))
    };
    let disabled: Vec<&str> = added("disabledPackageSources")
        .filter(|add| add.attribute("value").is_some_and(|value| value.eq_ignore_ascii_case("true")))
        .filter_map(|add| add.attribute("key"))
        .collect();
    let found = added("packageSources").filter_map(|add| {
        let is_disabled = add.attribute("key").is_some_and(|key| disabled.contains(&key));
        add.attribute("value").filter(|_| !is_disabled).map(|place| set(place, add.line))
    });
    Ok(found.collect())
}

/// The settings of Maven: mirrors, and the registries of profiles.
fn maven(text: &str) -> Result<Vec<Set>, Damage> {
    let root = xml(text)?;
    let mut found = Vec::new();
    // Other programs have a file of this name, too.
    if root.name != "settings" {
        return Ok(found);
    }
    let mut waiting: Vec<&Element> = vec![&root];
    while let Some(element) = waiting.pop() {
        if matches!(element.name.as_str(), "mirror" | "repository" | "pluginRepository") {
            found.extend(element.text_of("url")?.map(|place| set(place, element.line)));
        }
        waiting.extend(&element.children);
    }
    found.sort_by_key(|set| set.line);
    Ok(found)
}

/// `.bundle/config`: mirrors of the public registry.
fn bundler(text: &str) -> Result<Vec<Set>, Damage> {
    let found = lines(text).filter_map(|(number, line)| {
        let (key, value) = line.rsplit_once(": ")?;
        let key = bare(key).to_ascii_uppercase();
        let is_mirror = key.starts_with("BUNDLE_MIRROR__") && !key.contains("FALLBACK_TIMEOUT");
        is_mirror.then(|| set(bare(value), number))
    });
    Ok(found.collect())
}
