//! `packages.config` of NuGet.

use super::{Format, Source};
use crate::document::{Damage, text, xml};
use crate::draft::Draft;
use crate::{Graph, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "packages.config",
    is: |name| name.eq_ignore_ascii_case("packages.config"),
    is_named: |name| name.to_ascii_lowercase().ends_with("packages.config"),
    read,
};

/// Elements and attributes whose spelling decides what is read.
const KNOWN: [&str; 4] = ["package", "id", "version", "developmentDependency"];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, "restore the file, or correct it"))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = xml(text(source.bytes)?)?;
    if root.name != "packages" {
        return Err(Damage::new(root.line, format!("expected `packages`, found `{}`", root.name)));
    }
    let mut draft = Draft::default();
    // Chocolatey's files of this name may leave versions open; NuGet writes for which framework a package is.
    let is_chocolatey = root.children.iter().all(|element| element.attribute("targetFramework").is_none());
    for element in &root.children {
        if !(root.text.trim().is_empty() && element.text.trim().is_empty()) {
            return Err(Damage::new(element.line, "text stands between the packages"));
        }
        if element.name != "package" {
            return Err(Damage::new(element.line, format!("unknown element `{}`", element.name)));
        }
        element.check_spelling(&KNOWN)?;
        let field = |key: &str| {
            let value = element.attribute(key).map(str::trim).filter(|value| !value.is_empty());
            value.ok_or_else(|| Damage::new(element.line, format!("`{key}` is missing")))
        };
        let is_dev = element
            .attribute("developmentDependency")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let version = match element.attribute("version") {
            None if is_chocolatey => "",
            _ => field("version")?,
        };
        let scope = if is_dev { Scope::Dev } else { Scope::Runtime };
        let package =
            Package { scope, ..Package::new(Ecosystem::NUGET, field("id")?, version, element.line) };
        let index = draft.add(package);
        // The file also lists what others bring in; it is the only list there is.
        let requirement = element.attribute("allowedVersions");
        draft.ask(index, Some(Location::line(source.path, element.line)), requirement, scope);
    }
    Ok(draft.finish())
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Source};

    #[test]
    fn only_chocolatey_leaves_versions_open() {
        let read = |attributes: &str| {
            let text = format!(
                "<packages><package id='a' /><package id='b' version='1.0' {attributes}/></packages>"
            );
            let graph = FORMAT.read(&Source::alone("packages.config", text.as_bytes())).ok()?;
            Some(graph.packages.iter().map(crate::Package::label).collect::<Vec<_>>())
        };
        assert_eq!(read("").unwrap(), ["a", "b 1.0"]);
        assert_eq!(read("targetFramework='net48'"), None);
    }
}
