//! `packages.lock.json` of NuGet, versions 1 and 2.

use std::collections::HashMap;

use super::{Format, Source};
use crate::document::{Damage, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "packages.lock.json",
    is: |name| name == "packages.lock.json" || name.starts_with("packages.") && name.ends_with(".lock.json"),
    is_named: |name| name.ends_with(".lock.json"),
    read,
};

const RESTORE: &str =
    "restore the lockfile, or regenerate it with `dotnet restore --use-lock-file --force-evaluate`";

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    document.check_spelling(&["version", "dependencies"])?;
    let version =
        document.get("version").ok_or_else(|| Damage::new(document.line, "`version` is missing"))?;
    if !matches!(version.scalar("version")?, "1" | "2") {
        let what = format!("version {} is not supported (1 and 2 are)", version.scalar("version")?);
        return Err(Damage::new(version.line, what));
    }
    let frameworks = document.get("dependencies");
    let frameworks = frameworks.ok_or_else(|| Damage::new(document.line, "`dependencies` is missing"))?;
    let mut draft = Draft::default();
    for framework in frameworks.map("dependencies")? {
        let mut by_name: HashMap<String, usize> = HashMap::new();
        let mut links = Vec::new();
        for entry in framework.node.map(&framework.key)? {
            let node = &entry.node;
            node.check_spelling(&["type", "requested", "resolved", "contentHash", "dependencies"])?;
            let kind = node.must("type")?;
            let mut package = Package::new(Ecosystem::NUGET, entry.key.as_ref(), "", entry.line);
            let requirement = node.text_of("requested")?;
            if kind.eq_ignore_ascii_case("project") {
                package.origin = Origin::Project;
                node.text_of("resolved")?.unwrap_or_default().clone_into(&mut package.version);
            } else if ["direct", "transitive", "centraltransitive"]
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known))
            {
                node.must("resolved")?.clone_into(&mut package.version);
                package.integrity =
                    node.text_of("contentHash")?.map(|hash| format!("sha512:{hash}")).into_iter().collect();
            } else {
                return Err(Damage::new(node.line, format!("unknown type `{kind}` of `{}`", entry.key)));
            }
            let index = draft.add(package);
            if by_name.insert(entry.key.to_ascii_lowercase(), index).is_some() {
                return Err(Damage::new(entry.line, format!("`{}` is listed twice", entry.key)));
            }
            if kind.eq_ignore_ascii_case("direct") {
                draft.ask(index, None, requirement, Scope::Runtime);
            } else if kind.eq_ignore_ascii_case("project") {
                draft.root(index);
            }
            for link in node.entries("dependencies")? {
                links.push((index, link.key.to_ascii_lowercase(), link.node.as_text()));
            }
        }
        for (from, name, requirement) in links {
            // What has no entry is part of the framework itself.
            if let Some(to) = by_name.get(&name) {
                draft.link(from, *to, requirement, Scope::Runtime);
            }
        }
    }
    Ok(draft.finish())
}
