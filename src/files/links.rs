//! Where paths really lead, and through which links.

use std::path::{Path, PathBuf};

/// The first link on the way to `path` that stands in `root` or below, where a change can put one; `root` is without links itself.
pub fn link_below(root: &Path, path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let mut places: Vec<&Path> = path.ancestors().collect();
    places.reverse();
    let is_link = |place: &&Path| place.symlink_metadata().is_ok_and(|known| known.is_symlink());
    let is_below = |place: &Path| {
        place
            .parent()
            .and_then(|folder| folder.canonicalize().ok())
            .is_some_and(|real| real.starts_with(root))
    };
    places.into_iter().filter(is_link).find(|place| is_below(place)).map(Path::to_path_buf)
}

/// Where a path really leads: without links as far as it exists, then as it is written.
pub fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let found = absolute.ancestors().find_map(|place| Some((place, place.canonicalize().ok()?)));
    let Some((place, real)) = found else { return absolute };
    match absolute.strip_prefix(place) {
        Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
        _ => real,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::{link_below, real};

    #[test]
    fn links_are_found_where_a_change_can_put_them() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let at = |name: &str| root.join(name);
        std::fs::create_dir_all(at("work/real")).unwrap();
        std::fs::create_dir(at("out")).unwrap();
        symlink("../out", at("work/link")).unwrap();
        symlink("work", at("alias")).unwrap();
        let work = at("work");
        assert_eq!(link_below(&work, &at("work/link")), Some(at("work/link")));
        assert_eq!(link_below(&work, &at("work/link/new/a.xml")), Some(at("work/link")));
        assert_eq!(link_below(&work, &at("alias/link/a.xml")), Some(at("alias/link")), "by another way");
        assert_eq!(
            link_below(&work, &at("alias/real/a.xml")),
            None,
            "a link outside is nobody's but the runner's"
        );
        assert_eq!(link_below(&work, &at("out/a.xml")), None);
        assert_eq!(real(&at("work/link/new/a.xml")), at("out/new/a.xml"));
        assert_eq!(real(&at("alias/real")), at("work/real"));
    }
}
