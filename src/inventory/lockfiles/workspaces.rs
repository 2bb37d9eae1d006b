//! The folders whose packages a lockfile of npm and its like locks, beside its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::find::{Sight, shown};
use crate::document::{Damage, Node, json, jsonc, text, yaml};
use devops_core::wildcard;

/// The workspaces of lockfiles, each read once.
#[derive(Debug, Default)]
pub(super) struct Workspaces(BTreeMap<PathBuf, Members>);

/// The members of one workspace.
#[derive(Debug, Default, PartialEq, Eq)]
struct Members {
    /// Their folders, from that of the lockfile.
    folders: BTreeSet<String>,
    /// Patterns of such folders.
    patterns: Vec<String>,
    /// Whether every folder counts, because the file can't be read, which is an error of its own.
    is_unknown: bool,
}

impl Workspaces {
    /// Whether the workspace of a lockfile has a folder.
    pub(super) fn have(&mut self, lockfile: &Path, format: &str, folder: &Path, sight: &dyn Sight) -> bool {
        let at = lockfile.parent().unwrap_or_else(|| Path::new(""));
        let Ok(below) = folder.strip_prefix(at) else { return false };
        let members = self.0.entry(lockfile.to_path_buf()).or_insert_with(|| {
            let read = |path: &Path| sight.read(path).unwrap_or_default();
            members(format, &read(lockfile), &|| read(&at.join("package.json")))
                .unwrap_or_else(|_| Members { is_unknown: true, ..Members::default() })
        });
        members.have(&shown(below))
    }
}

impl Members {
    fn have(&self, folder: &str) -> bool {
        self.is_unknown
            || self.folders.contains(folder)
            || self.patterns.iter().any(|pattern| fits(pattern, folder))
    }
}

/// Whether a pattern such as `packages/*` or `packages/**` fits a folder.
fn fits(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    if let Some(start) = pattern.strip_suffix("/**") {
        return folder.starts_with(&format!("{start}/")) || folder == start;
    }
    pattern.split('/').count() == folder.split('/').count()
        && pattern.split('/').zip(folder.split('/')).all(|(part, name)| wildcard::is_match(part, name))
}

/// The members that a lockfile names, or the manifest beside it where the format names none.
fn members(format: &str, bytes: &[u8], manifest: &dyn Fn() -> Vec<u8>) -> Result<Members, Damage> {
    let lockfile = text(bytes)?;
    let keys = |node: &Node<'_>, key: &str| -> Result<Members, Damage> {
        let folders = node.entries(key)?.iter().map(|entry| entry.key.trim_start_matches("./").to_owned());
        Ok(Members { folders: folders.collect(), ..Members::default() })
    };
    match format {
        "package-lock.json" => keys(&json(lockfile)?, "packages"),
        "pnpm-lock.yaml" => keys(&yaml(lockfile)?, "importers"),
        "bun.lock" => keys(&jsonc(lockfile)?, "workspaces"),
        "deno.lock" => match json(lockfile)?.get("workspace") {
            Some(workspace) => keys(workspace, "members"),
            None => Ok(Members::default()),
        },
        "yarn.lock" if lockfile.contains("__metadata:") => {
            let places = lockfile.lines().filter_map(|line| {
                let (_, place) = line.trim().strip_prefix("resolution:")?.split_once("@workspace:")?;
                Some(place.trim_matches(['"', '\'']).to_owned())
            });
            Ok(Members { folders: places.collect(), ..Members::default() })
        }
        // The format names none; the manifest beside it has patterns.
        _ => {
            let bytes = manifest();
            let root = json(text(&bytes)?)?;
            let Some(workspaces) = root.get("workspaces") else { return Ok(Members::default()) };
            let list = workspaces.get("packages").unwrap_or(workspaces).list("workspaces")?;
            let patterns = list.iter().filter_map(Node::as_text).map(str::to_owned);
            Ok(Members { patterns: patterns.collect(), ..Members::default() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::members;

    #[test]
    fn only_members_of_the_workspace_are_locked() {
        let manifest = r#"{"workspaces": {"packages": ["packages/*", "apps/**"]}}"#;
        for (format, lockfile, folder, expected) in [
            (
                "package-lock.json",
                r#"{"packages": {"": {}, "packages/a": {}, "node_modules/tools": {}}}"#,
                "packages/a",
                true,
            ),
            (
                "package-lock.json",
                r#"{"packages": {"": {"dependencies": {"tools": "1"}}, "node_modules/tools": {}}}"#,
                "tools",
                false,
            ),
            ("package-lock.json", r#"{"lockfileVersion": 1, "dependencies": {"tools": {}}}"#, "tools", false),
            ("package-lock.json", "{", "tools", true),
            (
                "pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  packages/a: {}\n",
                "packages/a",
                true,
            ),
            ("pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .: {}\n", "packages/a", false),
            ("bun.lock", r#"{"workspaces": {"": {}, "packages/a": {},},}"#, "packages/a", true),
            ("deno.lock", r#"{"workspace": {"members": {"packages/a": {}}}}"#, "packages/a", true),
            (
                "yarn.lock",
                "__metadata:\n  version: 8\n\n\"a@workspace:packages/a\":\n  resolution: \"a@workspace:packages/a\"\n",
                "packages/a",
                true,
            ),
            (
                "yarn.lock",
                "__metadata:\n  version: 8\n\n\"a@workspace:packages/a\":\n  resolution: \"a@workspace:packages/a\"\n",
                "packages/b",
                false,
            ),
            ("yarn.lock", "# yarn lockfile v1\n", "packages/a", true),
            ("yarn.lock", "# yarn lockfile v1\n", "packages/a/b", false),
            ("yarn.lock", "# yarn lockfile v1\n", "apps/a/b", true),
            ("yarn.lock", "# yarn lockfile v1\n", "tools", false),
        ] {
            let read = members(format, lockfile.as_bytes(), &|| manifest.as_bytes().to_vec());
            let is_member = read.map_or(true, |members| members.have(folder));
            assert_eq!(is_member, expected, "{format} {folder}: {lockfile}");
        }
    }
}
