//! `go.work`: the modules of a workspace, each with a `go.mod` of its own, and what replaces modules in all of them.
//!
//! What the modules need is read from their own files, which the search finds; one outside of what is searched is reported.

use super::go_mod::File;
use super::{Format, Source, node};
use crate::document::Damage;
use crate::draft::Draft;
use crate::{Graph, Origin, Package};
use devops_core::{Ecosystem, Error, Location};

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "go.work", is: |name| name == "go.work", is_named: |name| name == "go.work", read };

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the file, or list the modules with `go work use`";
    let file = File::parse(source.bytes, true).map_err(|damage| damage.error(source.path, help))?;
    let mut draft = Draft::default();
    file.add_stdlib(source.path, &mut draft);
    for (folder, line) in &file.used {
        let origin = node::folder(folder);
        if origin == Origin::Project && (source.neighbour)(&beside(folder))?.is_none() {
            let damage = Damage::new(*line, format!("`{folder}` has no `go.mod`"));
            return Err(damage.error(source.path, help));
        }
        let outside = if origin == Origin::Project { String::new() } else { (*folder).to_owned() };
        let module = Package { origin, source: outside, ..Package::new(Ecosystem::GO, *folder, "", *line) };
        let module = draft.add(module);
        if origin == Origin::Project {
            draft.root(module);
        }
    }
    for replacement in file.replacements() {
        let line = replacement.line;
        let index = draft.add(replacement);
        draft.ask(index, Some(Location::line(source.path, line)), None, crate::Scope::Runtime);
    }
    Ok(draft.finish())
}

/// The path of a module's file from the workspace.
fn beside(folder: &str) -> String {
    match folder.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => "go.mod".to_owned(),
        folder => format!("{folder}/go.mod"),
    }
}
