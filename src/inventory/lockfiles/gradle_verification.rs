//! `verification-metadata.xml`: every module that a Gradle build may use, with checksums.

use super::{Format, Source};
use crate::document::{Damage, text, xml};
use crate::draft::Draft;
use crate::{Graph, Package};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "verification-metadata.xml",
    is: |name| name == "verification-metadata.xml",
    is_named: |name| name.ends_with("verification-metadata.xml"),
    read,
};

const RESTORE: &str = "restore the file, or regenerate it with `gradle --write-verification-metadata sha256`";

/// Elements and attributes whose spelling decides what is read.
const KNOWN: [&str; 8] =
    ["components", "component", "group", "name", "version", "artifact", "configuration", "value"];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = xml(text(source.bytes)?)?;
    if root.name != "verification-metadata" {
        return Err(Damage::new(
            root.line,
            format!("expected `verification-metadata`, found `{}`", root.name),
        ));
    }
    root.check_case(&KNOWN)?;
    let mut draft = Draft::default();
    let Some(components) = root.only("components")? else {
        return Err(Damage::new(root.line, "`components` is missing"));
    };
    for component in &components.children {
        if component.name != "component" {
            return Err(Damage::new(component.line, format!("unknown element `{}`", component.name)));
        }
        component.check_case(&KNOWN)?;
        let field = |key: &str| {
            let value = component.attribute(key).filter(|value| !value.is_empty());
            value.ok_or_else(|| Damage::new(component.line, format!("`{key}` is missing")))
        };
        let name = format!("{}:{}", field("group")?, field("name")?);
        let mut package = Package::new(Ecosystem::MAVEN, name, field("version")?, component.line);
        for artifact in component.all("artifact") {
            // Checksums of the other files of a module say nothing about its code.
            let is_code = artifact
                .attribute("name")
                .is_some_and(|name| !name.ends_with(".pom") && !name.ends_with(".module"));
            for checksum in artifact.children.iter().filter(|_| is_code) {
                if matches!(checksum.name.as_str(), "md5" | "sha1" | "sha256" | "sha512") {
                    let values = checksum.attribute("value").into_iter();
                    package.integrity.extend(values.map(|value| format!("{}:{value}", checksum.name)));
                }
            }
        }
        draft.add(package);
    }
    Ok(draft.finish())
}
