//! Lockfiles that a change takes away although their projects stay.

use std::collections::{BTreeMap, BTreeSet};

use devops_core::{Finding, Location};
use devops_inventory::lockfiles::Kind;
use devops_repository::ObjectId;

use super::super::matching::Lockfile;
use super::super::rules::GONE;
use super::Before;

/// What a project of an ecosystem is described by.
const MANIFESTS: &[(&str, &[&str])] = &[
    ("crates.io", &["Cargo.toml"]),
    ("npm", &["package.json", "deno.json"]),
    ("PyPI", &["pyproject.toml", "Pipfile", "setup.py", "setup.cfg"]),
    ("Go", &["go.mod"]),
    ("Maven", &["pom.xml", "build.gradle", "build.gradle.kts"]),
    ("Packagist", &["composer.json"]),
    ("RubyGems", &["Gemfile", "gems.rb"]),
    ("Pub", &["pubspec.yaml"]),
    ("Hex", &["mix.exs"]),
    ("CocoaPods", &["Podfile"]),
    ("SwiftURL", &["Package.swift"]),
    ("Julia", &["Project.toml"]),
];

impl Before {
    /// A finding about each lockfile that is not judged any more: it got a name that is not read, or its project has no other.
    pub(in super::super) fn gone(
        &self,
        lockfiles: &[Lockfile],
        head: &BTreeMap<String, ObjectId>,
    ) -> Vec<Finding> {
        let now = self.paths_now();
        let is_new = |path: &str| Kind::of(path).is_none() && !self.files.contains_key(path);
        let new = head.iter().filter(|(path, _)| is_new(path));
        let by_id: BTreeMap<ObjectId, &str> = new.map(|(path, id)| (*id, path.as_str())).collect();
        let mut findings = Vec::new();
        for (path, _, graph) in self.lockfiles(lockfiles) {
            if now.contains(path) || graph.packages.is_empty() {
                continue;
            }
            let renamed = self.files.get(path).and_then(|id| by_id.get(id));
            let ecosystems: BTreeSet<&str> =
                graph.packages.iter().map(|package| package.ecosystem.name()).collect();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let project = || {
                let manifests = MANIFESTS.iter().filter(|(ecosystem, _)| ecosystems.contains(ecosystem));
                let mut names = manifests.flat_map(|(_, names)| names.iter().copied());
                names.find(|name| {
                    let manifest =
                        if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
                    manifest != path && head.contains_key(&manifest)
                })
            };
            // A lockfile of a folder above may be the one of its workspace.
            let has_other = || {
                let listed = lockfiles.iter().zip(self.now_paths());
                listed.filter_map(|(lockfile, at)| Some((lockfile, at?))).any(|(lockfile, at)| {
                    let above = at.rsplit_once('/').map_or("", |(folder, _)| folder);
                    let is_above =
                        above.is_empty() || folder == above || folder.starts_with(&format!("{above}/"));
                    is_above
                        && lockfile
                            .graph
                            .packages
                            .iter()
                            .any(|package| ecosystems.contains(package.ecosystem.name()))
                })
            };
            // Requirements may have any name, so that nothing else shows that a project of Python stays.
            let is_of_pip = ecosystems.contains("PyPI");
            let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let stays = || head.keys().any(|path| path.starts_with(&below));
            let why = match (renamed, project()) {
                (Some(renamed), _) => format!("it is called {renamed} now, a name that is not read"),
                (None, Some(manifest)) if !has_other() => {
                    format!("{manifest} is there, and no other lockfile lists its packages")
                }
                (None, None) if is_of_pip && stays() && !has_other() => {
                    "no other lockfile lists its packages, and its folder is still there".to_owned()
                }
                _ => continue,
            };
            findings.push(
                Finding::new(&GONE, format!("the change removes {path}"), &[path])
                    .named("lockfile", path)
                    .detail(why)
                    .at(Location::file(path))
                    .help("restore the lockfile, or waive this if the project needs none"),
            );
        }
        findings
    }

    /// Where the lockfiles of the checkout lie, in their order.
    fn now_paths(&self) -> impl Iterator<Item = Option<&str>> {
        self.now.iter().map(|read| read.path.as_deref())
    }
}
