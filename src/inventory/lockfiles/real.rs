//! Lockfiles made by the package managers themselves, compared with what these list.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Kind, Source};
use crate::{Graph, Origin};

/// Reads a lockfile with the files beside it.
pub(super) fn read(path: &Path) -> Graph {
    let Some(Kind::Read(format)) = Kind::of(&path.file_name().unwrap().to_string_lossy()) else {
        panic!("{} is not read", path.display());
    };
    let folder = path.parent().unwrap();
    let bytes = fs::read(path).unwrap();
    let neighbour = |name: &str| Ok(fs::read(folder.join(name)).ok());
    format
        .read(&Source {
            path: &path.file_name().unwrap().to_string_lossy(),
            bytes: &bytes,
            neighbour: &neighbour,
        })
        .unwrap_or_else(|error| panic!("{}: {error} at {:?}", path.display(), error.location()))
}

/// The folders of lockfiles that have a list beside them.
fn folders() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/lockfiles");
    let folders = fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|folder| folder.join("listed.txt").exists()).collect()
}

#[test]
fn packages_are_those_that_the_package_manager_lists() {
    let folders = folders();
    let is_sbom = |folder: &&PathBuf| {
        let name = folder.file_name().unwrap().to_string_lossy();
        name.starts_with("cyclonedx") || name.starts_with("spdx")
    };
    let lockfiles = folders.len() - folders.iter().filter(is_sbom).count();
    assert!(lockfiles >= 30, "{folders:?}");
    let mut different = Vec::new();
    for folder in folders {
        let list = fs::read_to_string(folder.join("listed.txt")).unwrap();
        // The first line says which file the list is of, and how it was made.
        let name = list.lines().next().unwrap().trim_start_matches("# ").split(':').next().unwrap();
        let graph = read(&folder.join(name));
        let expected: BTreeSet<String> = list.lines().skip(1).map(str::to_owned).collect();
        let ours: BTreeSet<String> = graph
            .packages
            .iter()
            .filter(|package| {
                package.origin != Origin::Project && package.name != "stdlib" && !package.is_source()
            })
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        if ours != expected {
            let missing: Vec<_> = expected.difference(&ours).collect();
            let surplus: Vec<_> = ours.difference(&expected).collect();
            different.push(format!("{}: missing {missing:?}, surplus {surplus:?}", folder.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
