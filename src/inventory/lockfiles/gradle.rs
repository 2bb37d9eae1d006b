//! `gradle.lockfile`, and those of build scripts and settings.
//!
//! Gradle writes one line per module and ends with `empty=`, so that a file without that line is cut off.

use std::collections::HashSet;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, text_of_lines};
use crate::draft::Draft;
use crate::{Graph, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "gradle.lockfile",
    is: |name| name.ends_with("gradle.lockfile"),
    is_named: |name| name.ends_with(".lockfile"),
    read,
};

const RESTORE: &str = "restore the lockfile, or regenerate it with `gradle dependencies --write-locks`";

/// Build scripts in which a project names what it asks for.
const SCRIPTS: [&str; 3] = ["build.gradle", "build.gradle.kts", "gradle/libs.versions.toml"];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let scripts: Vec<Manifest> =
        SCRIPTS.iter().map(|name| Manifest::beside(source, name)).collect::<Result<_, _>>()?;
    graph(source, &scripts).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>, scripts: &[Manifest]) -> Result<Graph, Damage> {
    let text = text_of_lines(source.bytes)?;
    let name = source.path.rsplit('/').next().unwrap_or_default();
    let is_for_scripts = name.starts_with("buildscript-") || name.starts_with("settings-");
    let mut draft = Draft::default();
    let mut seen = HashSet::new();
    let mut is_ended = false;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if is_ended {
            return Err(Damage::new(line, "a line follows `empty=`"));
        }
        let (module, configurations) = content
            .split_once('=')
            .ok_or_else(|| Damage::new(line, "expected `group:artifact:version=…`"))?;
        if module == "empty" {
            is_ended = true;
            continue;
        }
        let parts: Vec<&str> = module.split(':').collect();
        let [group, artifact, version] = parts.as_slice() else {
            return Err(Damage::new(line, format!("`{module}` is no module")));
        };
        if [group, artifact, version].iter().any(|part| part.is_empty() || part.contains(char::is_whitespace))
        {
            return Err(Damage::new(line, format!("`{module}` is no module")));
        }
        if !seen.insert(module) {
            return Err(Damage::new(line, format!("`{module}` is listed twice")));
        }
        let scope = if is_for_scripts { Scope::Build } else { scope(configurations) };
        let name = format!("{group}:{artifact}");
        let asked = scripts.iter().find_map(|script| script.quoting(&name, &[':']));
        let index = draft.add(Package { scope, ..Package::new(Ecosystem::MAVEN, name, *version, line) });
        if asked.is_some() {
            draft.ask(index, asked, None, scope);
        }
    }
    if is_ended {
        Ok(draft.finish())
    } else {
        Err(Damage::new(text.lines().count().max(1) as u64, "the last line `empty=` is missing"))
    }
}

/// What the configurations that hold a module are for; whatever is not known to be for less is needed to run the program.
fn scope(configurations: &str) -> Scope {
    let of = |name: &str| {
        let name = name.trim();
        if name.starts_with("test") || name.contains("Test") {
            Scope::Dev
        } else if name.to_ascii_lowercase().ends_with("annotationprocessor") || name.starts_with("kapt") {
            Scope::Build
        } else {
            Scope::Runtime
        }
    };
    configurations.split(',').map(of).min().unwrap_or_default()
}
