//! `stack.yaml.lock` of Haskell's Stack: the packages beside those of the snapshot.
//!
//! What a snapshot holds stands in a file elsewhere, so that it is listed as a whole, without a version.

use super::{Format, Source};
use crate::document::{Damage, Node, Value, text, yaml};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "stack.yaml.lock",
    is: |name| name == "stack.yaml.lock",
    is_named: |name| name.starts_with("stack") && name.ends_with(".lock"),
    read,
};

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the lockfile, or regenerate it with `stack build --dry-run`";
    graph(source).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let document = yaml(text(source.bytes)?)?;
    document.check_spelling(&["packages", "snapshots"])?;
    let mut draft = Draft::default();
    let section = |key: &str| {
        document.get(key).ok_or_else(|| Damage::new(document.line, format!("`{key}` is missing")))
    };
    for item in section("packages")?.list("packages")? {
        let completed = completed(item)?;
        let mut package = if let Some(reference) = completed.text_of("hackage")? {
            hackage(reference, completed)?
        } else {
            let version = completed.get("version").map(|version| version.scalar("version")).transpose()?;
            let version = version.ok_or_else(|| Damage::new(completed.line, "`version` is missing"))?;
            Package::new(Ecosystem::HACKAGE, completed.must("name")?, version, completed.line)
        };
        if completed.get("hackage").is_some()
            && (completed.get("git").or_else(|| completed.get("url"))).is_some()
        {
            return Err(Damage::new(completed.line, "a package has two sources"));
        }
        if let Some(git) = completed.text_of("git")? {
            let commit = completed.text_of("commit")?.unwrap_or_default();
            (package.origin, package.source) = (Origin::Git, format!("{git}#{commit}"));
        } else if let Some(url) = completed.text_of("url")? {
            (package.origin, package.source) = (Origin::Other, url.to_owned());
        } else if completed.get("hackage").is_none() {
            return Err(Damage::new(completed.line, "unknown source of a package"));
        }
        let index = draft.add(package);
        draft.ask(index, None, None, Scope::Runtime);
    }
    // Written last: without it the file is cut off.
    for item in section("snapshots")?.list("snapshots")? {
        let completed = completed(item)?;
        let url = completed.must("url")?;
        let name = url.rsplit('/').next().unwrap_or(url).trim_end_matches(".yaml");
        let mut package = Package::new(Ecosystem::HACKAGE, format!("snapshot {name}"), "", completed.line);
        (package.origin, package.source) = (Origin::Other, url.to_owned());
        package.integrity =
            completed.text_of("sha256")?.map(|hash| format!("sha256:{hash}")).into_iter().collect();
        draft.add(package);
    }
    Ok(draft.finish())
}

/// What an entry stands for.
fn completed<'a, 'b>(item: &'b Node<'a>) -> Result<&'b Node<'a>, Damage> {
    item.check_spelling(&["completed", "original"])?;
    // Written behind what it stands for: without it the file is cut off.
    item.get("original")
        .filter(|original| original.value != Value::Null)
        .ok_or_else(|| Damage::new(item.line, "`original` is missing"))?;
    let completed = item.get("completed").ok_or_else(|| Damage::new(item.line, "`completed` is missing"))?;
    completed.check_spelling(&["hackage", "name", "version", "git", "commit", "url", "sha256", "subdir"])?;
    Ok(completed)
}

/// `name-1.0@sha256:…,size`.
fn hackage(reference: &str, node: &Node<'_>) -> Result<Package, Damage> {
    let line = node.get("hackage").map_or(node.line, |hackage| hackage.line);
    let (label, revision) = reference.split_once('@').unwrap_or((reference, ""));
    let (name, version) = label
        .rsplit_once('-')
        .filter(|(name, version)| {
            !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit())
        })
        .ok_or_else(|| Damage::new(line, format!("`{reference}` is no name with a version")))?;
    let mut package = Package::new(Ecosystem::HACKAGE, name, version, line);
    let checksum = revision.split(',').next().filter(|checksum| checksum.starts_with("sha256:"));
    package.integrity = checksum.map(str::to_owned).into_iter().collect();
    Ok(package)
}
