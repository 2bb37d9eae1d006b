//! `cabal.project.freeze` of Haskell's Cabal.

use super::{Format, Source};
use crate::document::{Damage, text_of_lines};
use crate::draft::Draft;
use crate::{Graph, Package};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "cabal.project.freeze",
    is: |name| name == "cabal.project.freeze",
    is_named: |name| name.ends_with(".freeze"),
    read,
};

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the lockfile, or regenerate it with `cabal freeze`";
    graph(source).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let mut draft = Draft::default();
    let (mut is_in_constraints, mut has_constraints, mut is_ended) = (false, false, false);
    let mut last = 1;
    for (line, content) in (1..).zip(text_of_lines(source.bytes)?.lines()) {
        let content = content.trim_end();
        last = line;
        if content.trim_start().is_empty() || content.trim_start().starts_with("--") {
            continue;
        }
        let mut constraints = content;
        if !content.starts_with([' ', '\t']) {
            let (key, value) =
                content.split_once(':').ok_or_else(|| Damage::new(line, "expected `key: value`"))?;
            is_in_constraints = key == "constraints";
            match key {
                "constraints" if has_constraints => {
                    return Err(Damage::new(line, "`constraints` occurs twice"));
                }
                "constraints" => has_constraints = true,
                // Written behind the constraints: without it the file is cut off.
                "index-state" => is_ended = has_constraints,
                "active-repositories" | "with-compiler" => {}
                _ => return Err(Damage::new(line, format!("unknown key `{key}`"))),
            }
            constraints = value;
        } else if !is_in_constraints {
            // Only constraints are longer than a line, so that these stand at another key.
            return Err(Damage::new(line, "expected `key: value`"));
        }
        for constraint in
            constraints.split(',').map(str::trim).filter(|text| !text.is_empty() && is_in_constraints)
        {
            let (name, rest) = constraint.split_once(char::is_whitespace).unwrap_or((constraint, ""));
            let is_name = |text: &str| {
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && text.bytes().any(|byte| byte.is_ascii_alphabetic())
            };
            let is_known = ["==", ">", "<", "^>=", "+", "-", "installed", "source"];
            if !is_name(bare(name)) || !is_known.iter().any(|start| rest.trim().starts_with(start)) {
                return Err(Damage::new(line, format!("`{constraint}` is no constraint")));
            }
            let Some(version) = rest.trim().strip_prefix("==") else {
                // `name +flag -flag`, and `installed` of what belongs to the compiler.
                if rest.trim().starts_with(['+', '-']) {
                    continue;
                }
                let mut package = Package::new(Ecosystem::HACKAGE, bare(name), "", line);
                rest.trim().clone_into(&mut package.requirement);
                draft.add(package);
                continue;
            };
            let version = version.trim();
            if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                return Err(Damage::new(line, format!("`{version}` is no exact version")));
            }
            draft.add(Package::new(Ecosystem::HACKAGE, bare(name), version, line));
        }
    }
    if has_constraints && is_ended {
        return Ok(draft.finish());
    }
    let missing = if has_constraints { "index-state" } else { "constraints" };
    Err(Damage::new(last, format!("`{missing}` is missing")))
}

/// The name without the scope of a constraint: `any.aeson`, `setup.aeson`, `foo:setup.aeson`.
fn bare(name: &str) -> &str {
    let name = name.rsplit(':').next().unwrap_or(name);
    name.strip_prefix("any.").or_else(|| name.strip_prefix("setup.")).unwrap_or(name)
}
