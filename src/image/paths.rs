//! Paths in an image: bytes with a slash between names, without one at the start; the root is empty.

use sha2::{Digest as _, Sha256};

/// Most links that are followed on the way to one file, as Linux counts them.
const MOST_LINKS: usize = 40;

/// Why a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Astray {
    /// It leaves the root.
    Outside,
    /// It goes in circles.
    Circle,
}

/// A name of an archive as a path: without `.`, empty names and the slash at the start. `..` takes away the name before it.
pub(crate) fn clean(name: &[u8]) -> Result<Vec<u8>, Astray> {
    let mut path = Vec::with_capacity(name.len());
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if path.is_empty() => return Err(Astray::Outside),
            b".." => path.truncate(parent(&path).len()),
            _ => join(&mut path, part),
        }
    }
    Ok(path)
}

/// Adds a name to a path.
pub(crate) fn join(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// The folder that a path stands in; the root's is the root.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').and_then(|slash| path.get(..slash)).unwrap_or_default()
}

/// The last name of a path.
pub(crate) fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// Every folder above a path, the root first.
pub(crate) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let below_root = slashes.filter_map(|(at, _)| path.get(..at));
    (!path.is_empty()).then_some(&b""[..]).into_iter().chain(below_root)
}

/// Where a path leads when links are followed, all within the root: an absolute target starts there, and `..` ends there.
///
/// The last name is followed as well, where `all` is set.
pub(crate) fn resolve<'a>(
    path: &[u8],
    all: bool,
    target: impl Fn(&[u8]) -> Option<&'a [u8]>,
) -> Result<Vec<u8>, Astray> {
    let mut reached: Vec<u8> = Vec::with_capacity(path.len());
    let mut waiting: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec).collect();
    let mut links = 0;
    while let Some(part) = waiting.pop() {
        match part.as_slice() {
            b"" | b"." => continue,
            b".." => {
                reached.truncate(parent(&reached).len());
                continue;
            }
            part => join(&mut reached, part),
        }
        if !all && waiting.is_empty() {
            break;
        }
        if let Some(target) = target(&reached) {
            links += 1;
            if links > MOST_LINKS {
                return Err(Astray::Circle);
            }
            let length = if target.starts_with(b"/") { 0 } else { parent(&reached).len() };
            reached.truncate(length);
            waiting.extend(target.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
        }
    }
    Ok(reached)
}

/// What stands for a path where millions are kept: 128 bits of its SHA-256, of which the last one is left to the caller. A path that
/// somebody has made up to collide with another would hide it.
pub(crate) fn hash(path: &[u8]) -> u128 {
    let digest = Sha256::digest(path);
    let bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    u128::from_be_bytes(bytes) & !1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Astray, ancestors, clean, name, parent, resolve};

    #[test]
    fn names_become_paths() {
        for (name, path) in [
            ("./a/b", Ok("a/b")),
            ("/a//b/", Ok("a/b")),
            ("a/../b", Ok("b")),
            ("a/./b/..", Ok("a")),
            (".", Ok("")),
            ("./", Ok("")),
            ("../a", Err(Astray::Outside)),
            ("/../a", Err(Astray::Outside)),
            ("a/../../b", Err(Astray::Outside)),
        ] {
            assert_eq!(clean(name.as_bytes()), path.map(|path| path.as_bytes().to_vec()), "{name}");
        }
        assert_eq!((parent(b"a/b/c"), name(b"a/b/c")), (&b"a/b"[..], &b"c"[..]));
        assert_eq!((parent(b"a"), name(b"a")), (&b""[..], &b"a"[..]));
        assert_eq!(ancestors(b"a/b/c").collect::<Vec<_>>(), [&b""[..], b"a", b"a/b"]);
        assert_eq!(ancestors(b"").count(), 0);
    }

    #[test]
    fn links_stay_within_the_root() {
        let links = BTreeMap::from([
            ("lib", "usr/lib"),
            ("usr/lib/x", "../../../../etc/x"),
            ("abs", "/lib/y"),
            ("a", "b"),
            ("b", "a"),
        ]);
        let target = |path: &[u8]| links.get(std::str::from_utf8(path).unwrap()).map(|text| text.as_bytes());
        for (path, all, expected) in [
            ("lib/z", true, Ok("usr/lib/z")),
            ("lib", false, Ok("lib")),
            ("lib", true, Ok("usr/lib")),
            ("lib/x", false, Ok("usr/lib/x")),
            ("lib/x", true, Ok("etc/x")),
            ("abs", true, Ok("usr/lib/y")),
            ("a", true, Err(Astray::Circle)),
            ("a/c", false, Err(Astray::Circle)),
        ] {
            assert_eq!(
                resolve(path.as_bytes(), all, target),
                expected.map(|path| path.as_bytes().to_vec()),
                "{path}"
            );
        }
    }
}
