//! `vendor/modules.txt`: the modules that Go copied into the project.
//!
//! `# module version`, behind which `=> module version` or `=> folder` says what is there instead; lines of packages follow.

use super::go_mod::is_folder;
use super::{Format, Source, node};
use crate::document::{Damage, text_of_lines};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The path of the file in a module.
const PATH: &str = "vendor/modules.txt";

/// The format.
pub(super) const FORMAT: Format = Format { name: PATH, is, is_named: is, read };

fn is(path: &str) -> bool {
    path == PATH || path.strip_suffix(PATH).is_some_and(|folder| folder.ends_with('/'))
}

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, "restore the file, or run `go mod vendor`"))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let mut draft = Draft::default();
    let mut last: Option<(&str, usize)> = None;
    for (line, content) in (1..).zip(text_of_lines(source.bytes)?.lines()) {
        let words: Vec<&str> = content.split_whitespace().collect();
        let unexpected = || Damage::new(line, format!("`{content}` is neither a module nor a package"));
        match words.as_slice() {
            // Behind the modules stands once more what replaces which one.
            [] | ["##", "workspace"] | ["#", _, "=>", ..] => {}
            // What the project itself asks for, and what Go's commands need to know.
            ["##", rest @ ..] => {
                let (_, index) = last.ok_or_else(unexpected)?;
                if rest.iter().any(|word| word.trim_end_matches(';') == "explicit") {
                    draft.ask(index, Some(Location::line(source.path, line)), None, Scope::Runtime);
                }
            }
            ["#", path, version, rest @ ..] if version.starts_with('v') => {
                let package = match rest {
                    [] => module(path, version, line),
                    ["=>", by, version] if version.starts_with('v') => module(by, version, line),
                    ["=>", folder] if is_folder(folder) => {
                        let origin = node::folder(folder);
                        let outside =
                            if origin == Origin::Project { String::new() } else { (*folder).to_owned() };
                        Package { origin, source: outside, ..module(path, version, line) }
                    }
                    _ => return Err(unexpected()),
                };
                last = Some((*path, draft.add(package)));
            }
            [package] if last.is_some_and(|(module, _)| is_of(package, module)) => {}
            _ => return Err(unexpected()),
        }
    }
    if last.is_none() {
        return Err(Damage::new(1, "no module is listed"));
    }
    Ok(draft.finish())
}

/// Whether a package is of a module.
fn is_of(package: &str, module: &str) -> bool {
    package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn module(path: &str, version: &str, line: u64) -> Package {
    Package::new(Ecosystem::GO, path, version.trim_start_matches('v'), line)
}
