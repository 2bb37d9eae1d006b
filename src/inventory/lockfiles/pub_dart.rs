//! `pubspec.lock` of Dart and Flutter.

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, text, yaml};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "pubspec.lock",
    is: |name| name == "pubspec.lock",
    is_named: |name| name.ends_with("pubspec.lock"),
    read,
};

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "pubspec.yaml")?;
    let help = "restore the lockfile, or regenerate it with `dart pub get`";
    graph(source, &manifest).map_err(|damage| damage.error(source.path, help))
}

/// Whether this is the public registry at one of its hosts.
fn is_public(url: &str) -> bool {
    let url = url.trim_end_matches('/').to_ascii_lowercase();
    matches!(url.as_str(), "https://pub.dev" | "https://pub.dartlang.org")
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = yaml(text(source.bytes)?)?;
    document.check_known(&["packages", "sdks"])?;
    // `sdks` is written last: without it the file is cut off.
    document.get("sdks").ok_or_else(|| Damage::new(document.line, "`sdks` is missing"))?;
    let asks = yaml(&manifest.text).ok();
    let mut draft = Draft::default();
    for entry in document.entries("packages")? {
        let node = &entry.node;
        node.check_spelling(&["dependency", "description", "source", "version"])?;
        let description =
            node.get("description").ok_or_else(|| Damage::new(node.line, "`description` is missing"))?;
        let version = node.get("version").ok_or_else(|| Damage::new(node.line, "`version` is missing"))?;
        let mut package =
            Package::new(Ecosystem::PUB, entry.key.as_ref(), version.scalar("version")?, entry.line);
        match node.must("source")? {
            "hosted" => {
                description.check_known(&["name", "sha256", "url"])?;
                // Old versions of Pub wrote the name alone.
                let name = description.as_text().map_or_else(|| description.must("name"), Ok)?;
                name.clone_into(&mut package.name);
                let url = description.text_of("url").unwrap_or_default().unwrap_or("https://pub.dev");
                if !is_public(url) {
                    (package.origin, package.source) = (Origin::Other, url.to_owned());
                }
                let hash = description.text_of("sha256").unwrap_or_default();
                package.integrity = hash.map(|hash| format!("sha256:{hash}")).into_iter().collect();
            }
            "git" => {
                let commit = description.text_of("resolved-ref")?.unwrap_or_default();
                (package.origin, package.source) =
                    (Origin::Git, format!("{}#{commit}", description.must("url")?));
            }
            "path" => {
                let path = description.as_text().map_or_else(|| description.must("path"), Ok)?;
                let is_outside = path.starts_with("..") || path.starts_with('/');
                package.origin = if is_outside { Origin::Path } else { Origin::Project };
                package.source = if is_outside { path.to_owned() } else { String::new() };
            }
            // Parts of Dart and Flutter themselves, at version 0.0.0.
            "sdk" if description.as_text().is_some() => package.origin = Origin::Project,
            other => {
                return Err(Damage::new(node.line, format!("unknown source `{other}` of `{}`", entry.key)));
            }
        }
        let kind = node.text_of("dependency")?.unwrap_or("transitive");
        package.scope = if kind == "direct dev" { Scope::Dev } else { Scope::Runtime };
        let (scope, is_direct) = (package.scope, kind.starts_with("direct"));
        let index = draft.add(package);
        if is_direct {
            let asked = ["dependencies", "dev_dependencies", "dependency_overrides"].iter().find_map(|key| {
                let entries = asks.as_ref()?.entries(key).ok()?;
                entries.iter().find(|asked| asked.key == entry.key)
            });
            let requirement = asked.and_then(|asked| asked.node.as_text());
            draft.ask(index, asked.map(|asked| manifest.at(asked.line)), requirement, scope);
        }
    }
    Ok(draft.finish())
}
