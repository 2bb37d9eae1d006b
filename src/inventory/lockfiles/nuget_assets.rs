//! `project.assets.json` of NuGet and `*.deps.json` of .NET, which share a shape: libraries, and what each brings in per target.

use std::collections::HashMap;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Entry, Node, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "project.assets.json",
    is: |name| name == "project.assets.json" || name.ends_with(".deps.json"),
    is_named: |name| name.ends_with(".assets.json") || name.ends_with(".deps.json"),
    read,
};

const RESTORE: &str = "restore the file, or regenerate it with `dotnet restore` or `dotnet build`";

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let damaged = |damage: Damage| damage.error(source.path, RESTORE);
    let document = text(source.bytes).and_then(json).map_err(damaged)?;
    // `obj/project.assets.json` names the project it was made for.
    let restore = document.get("project").and_then(|project| project.get("restore"));
    let path = restore.and_then(|restore| restore.get("projectPath")).and_then(Node::as_text);
    let manifest = path.and_then(|path| path.rsplit(['/', '\\']).next());
    let manifest = manifest.map(|name| Manifest::beside(source, &format!("../{name}"))).transpose()?;
    graph(&document, manifest.as_ref()).map_err(damaged)
}

fn graph(document: &Node<'_>, manifest: Option<&Manifest>) -> Result<Graph, Damage> {
    document.check_spelling(&[
        "version",
        "libraries",
        "targets",
        "runtimeTarget",
        "projectFileDependencyGroups",
    ])?;
    let must = |key: &str| {
        document.get(key).ok_or_else(|| Damage::new(document.line, format!("`{key}` is missing")))
    };
    if document.get("runtimeTarget").is_none() {
        let version = must("version")?;
        if !matches!(version.scalar("version")?, "1" | "2" | "3" | "4") {
            return Err(Damage::new(
                version.line,
                format!("version {} is not supported (1 to 4 are)", version.scalar("version")?),
            ));
        }
    }
    let libraries = must("libraries")?.map("libraries")?;
    let mut reader = Reader::default();
    reader.libraries(libraries)?;
    reader.links(must("targets")?.map("targets")?)?;
    reader.asks(document.entries("projectFileDependencyGroups")?, manifest)?;
    Ok(reader.draft.finish())
}

/// A graph on its way.
#[derive(Default)]
struct Reader {
    draft: Draft,
    /// Packages by `name/version`, and by name, in lower case.
    by_label: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Reader {
    fn libraries(&mut self, libraries: &[Entry<'_>]) -> Result<(), Damage> {
        for entry in libraries {
            entry.node.check_spelling(&["type", "sha512", "path"])?;
            let label = entry.key.to_ascii_lowercase();
            let (name, version) = entry
                .key
                .split_once('/')
                .filter(|(name, version)| !name.is_empty() && !version.is_empty())
                .ok_or_else(|| {
                    Damage::new(entry.line, format!("`{}` is no name with a version", entry.key))
                })?;
            let mut package = Package::new(Ecosystem::NUGET, name, version, entry.line);
            match entry.node.must("type")? {
                "package" => {}
                // The runtime that a program carries along: `runtimepack.Microsoft.NETCore.App.Runtime.linux-x64`.
                "runtimepack" => {
                    name.strip_prefix("runtimepack.").unwrap_or(name).clone_into(&mut package.name);
                }
                // The project itself, and files of its own folder.
                "project" | "reference" | "referenceassembly" | "assembly" => {
                    package.origin = Origin::Project;
                }
                kind => {
                    return Err(Damage::new(
                        entry.node.line,
                        format!("unknown type `{kind}` of `{}`", entry.key),
                    ));
                }
            }
            let hash = entry.node.text_of("sha512")?.filter(|hash| !hash.is_empty());
            package.integrity = hash
                .map(|hash| format!("sha512:{}", hash.trim_start_matches("sha512-")))
                .into_iter()
                .collect();
            let is_own = package.origin == Origin::Project;
            let index = self.draft.add(package);
            if is_own {
                self.draft.root(index);
            }
            if self.by_label.insert(label, index).is_some() {
                return Err(Damage::new(entry.line, format!("`{}` is listed twice", entry.key)));
            }
            self.by_name.entry(name.to_ascii_lowercase()).or_default().push(index);
        }
        Ok(())
    }

    fn links(&mut self, targets: &[Entry<'_>]) -> Result<(), Damage> {
        for target in targets {
            for entry in target.node.map(&target.key)? {
                let from = self.by_label.get(&entry.key.to_ascii_lowercase()).copied().ok_or_else(|| {
                    Damage::new(entry.line, format!("`{}` is not in `libraries`", entry.key))
                })?;
                for link in entry.node.entries("dependencies")? {
                    let version = link.node.as_text();
                    let exact = format!("{}/{}", link.key, version.unwrap_or_default()).to_ascii_lowercase();
                    let named = self
                        .by_name
                        .get(&link.key.to_ascii_lowercase())
                        .map(Vec::as_slice)
                        .unwrap_or_default();
                    let targets = self.by_label.get(&exact).map_or(named, std::slice::from_ref);
                    for to in targets {
                        self.draft.link(from, *to, version, Scope::Runtime);
                    }
                }
            }
        }
        Ok(())
    }

    fn asks(&mut self, groups: &[Entry<'_>], manifest: Option<&Manifest>) -> Result<(), Damage> {
        for group in groups {
            for item in group.node.list(&group.key)? {
                let (name, requirement) =
                    item.text(&group.key)?.split_once(' ').unwrap_or((item.text(&group.key)?, ""));
                let at = manifest.and_then(|manifest| manifest.quoting(name, &[]));
                for index in self.by_name.get(&name.to_ascii_lowercase()).into_iter().flatten() {
                    self.draft.ask(
                        *index,
                        at.clone(),
                        Some(requirement).filter(|text| !text.is_empty()),
                        Scope::Runtime,
                    );
                }
            }
        }
        Ok(())
    }
}
