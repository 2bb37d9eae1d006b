//! Where a file or folder of another commit is now, if git shows it as moved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use crate::change::between;
use crate::objects::Repository;

/// The places to which the change since `commit` moves what stood at `path`, written from where the path is; none where it does not.
///
/// A folder moved if all that is still there of it stands below one other folder by the same names, or below several such.
pub fn moved(
    folder: &Path,
    environment: &BTreeMap<String, String>,
    commit: &str,
    path: &Path,
) -> Vec<PathBuf> {
    let repository = Repository::around(folder, environment).ok();
    repository.and_then(|repository| find(&repository, commit, path)).unwrap_or_default()
}

fn find(repository: &Repository, commit: &str, path: &Path) -> Option<Vec<PathBuf>> {
    let commit = ObjectId::from_hex(commit.as_bytes()).ok()?;
    let inside = repository.path_of(path)?;
    let change = between(repository, commit, repository.head().ok()?).ok()?;
    let below = format!("{inside}/");
    let places: BTreeSet<&str> = change
        .renamed
        .iter()
        .filter_map(|(old, new)| match old.strip_prefix(&below) {
            Some(rest) => new.strip_suffix(rest)?.strip_suffix('/'),
            None => (*old == inside).then_some(new.as_str()),
        })
        .collect();
    // The root as the path has it, so that what is relative stays so.
    let here = std::path::absolute(path).ok()?;
    let depth = Path::new(&inside).components().count();
    let root = here.ancestors().nth(depth)?;
    let working = std::env::current_dir().ok()?;
    let relative = |place: &str| {
        let place = root.join(place);
        match place.strip_prefix(&working) {
            Ok(inside) if path.is_relative() => inside.to_path_buf(),
            _ => place,
        }
    };
    Some(places.into_iter().map(relative).collect())
}
