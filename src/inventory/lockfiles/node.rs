//! What the lockfiles of npm, Yarn, pnpm, Bun and Deno share: where an address leads, and the manifest `package.json`.

use percent_encoding::percent_decode_str;

use super::Source;
use crate::document::{Node, json, text};
use crate::draft::Draft;
use crate::{Origin, Package, Scope};
use devops_core::{Ecosystem, Location};

/// Addresses of the public registry; that of Yarn is the same by another name.
const PUBLIC: [&str; 6] = [
    "https://registry.npmjs.org/",
    "https://registry.yarnpkg.com/",
    "https://registry.npmjs.com/",
    "http://registry.npmjs.org/",
    "http://registry.yarnpkg.com/",
    "http://registry.npmjs.com/",
];

/// Adds a package whose code is at an address; without one it is from the public registry.
///
/// If the address is the public registry's and is that of another package or version, that one is installed, whatever the lockfile
/// calls it. Both are listed then, so that neither can hide the other, and the one that is named keeps the address as its source.
pub(super) fn add(draft: &mut Draft, mut package: Package, address: Option<&str>) -> usize {
    let Some(address) = address else { return draft.add(package) };
    if !is_public(address) {
        (package.origin, package.source) = origin(address);
        return draft.add(package);
    }
    let installed = with_tarball(address, |name, version| {
        let is_other = name != package.name || !is_same_version(version, &package.version);
        is_other.then(|| (name.to_owned(), version.to_owned()))
    });
    let (name, version) = match installed {
        Some(Some(other)) => other,
        Some(None) => return draft.add(package),
        None => {
            (package.origin, package.source) = origin(address);
            return draft.add(package);
        }
    };
    let other = Package { name, version, ..package.clone() };
    package.source = without_user(address);
    let named = draft.add(package);
    let installed = draft.add(other);
    draft.link(named, installed, None, Scope::Runtime);
    named
}

/// Whether an address is the public registry's.
pub(super) fn is_public(address: &str) -> bool {
    PUBLIC.iter().any(|start| address.starts_with(start))
}

/// Whether two versions are of the same file: the registry drops what follows a `+`.
fn is_same_version(left: &str, right: &str) -> bool {
    left.split('+').next() == right.split('+').next()
}

/// Where the code at an address comes from, and the address as its source.
pub(super) fn origin(address: &str) -> (Origin, String) {
    let is_git = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"];
    let origin = if is_public(address) {
        match with_tarball(address, |_, _| ()) {
            Some(()) => return (Origin::Registry, String::new()),
            None => Origin::Other,
        }
    } else if is_git.iter().any(|start| address.starts_with(start)) || is_archive_of_git(address) {
        Origin::Git
    } else if let Some(path) =
        ["file:", "link:", "portal:"].iter().find_map(|kind| address.strip_prefix(kind))
    {
        folder(path)
    } else if address.contains("://") {
        Origin::Other
    } else {
        folder(address)
    };
    (origin, if origin == Origin::Project { String::new() } else { without_user(address) })
}

/// Whether an address is that of a git repository, or of an archive that a git host makes of a commit.
fn is_archive_of_git(address: &str) -> bool {
    let path = address.split(['#', '?']).next().unwrap_or_default();
    let is_archive =
        ["https://codeload.github.com/", "https://gitlab.com/api/v4/projects/", "https://bitbucket.org/"];
    address.contains("://")
        && (path.ends_with(".git")
            || address.contains("#commit=")
            || is_archive.iter().any(|start| path.starts_with(start)))
}

/// Where the code in a folder or file comes from, by its path from the lockfile.
pub(super) fn folder(path: &str) -> Origin {
    let path = path.replace('\\', "/");
    let is_outside = path.starts_with('/') || path.starts_with('~') || path.as_bytes().get(1) == Some(&b':');
    let is_archive = [".tgz", ".tar.gz", ".tar"].iter().any(|ending| path.ends_with(ending));
    // What was installed or packed was made by others, even where it lies below the project.
    let has_foreign = path.split('/').any(|segment| segment == ".." || segment == "node_modules");
    if is_outside || is_archive || has_foreign { Origin::Path } else { Origin::Project }
}

/// An address without the name and password of a user.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        // The user `git` is the same everywhere.
        Some((user, host)) if user != "git" => format!("{scheme}://{host}{path}"),
        _ => address.to_owned(),
    }
}

/// Name and version of the file at an address of a registry, such as `https://host/@scope/name/-/name-1.0.0.tgz`.
pub fn tarball(address: &str) -> Option<(String, String)> {
    with_tarball(address, |name, version| (name.to_owned(), version.to_owned()))
}

/// The same, for a function.
fn with_tarball<T>(address: &str, take: impl FnOnce(&str, &str) -> T) -> Option<T> {
    let end = address.bytes().position(|byte| matches!(byte, b'#' | b'?')).unwrap_or(address.len());
    let (_, path) = address.get(..end)?.split_once("://")?;
    let (_, path) = path.split_once('/')?;
    let path = if path.contains('%') { percent_decode_str(path).decode_utf8().ok()? } else { path.into() };
    // Nearly always, the last slash is that of `/-/`.
    let last = path.rsplit_once('/').and_then(|(name, file)| Some((name.strip_suffix("/-")?, file)));
    let (name, file) = last.or_else(|| path.rsplit_once("/-/"))?;
    let base = name.rsplit('/').next().unwrap_or(name);
    let version = file.strip_prefix(base)?.strip_prefix('-')?.strip_suffix(".tgz")?;
    Some(take(name, version))
}

/// The name and version behind `npm:`, as in `npm:@scope/name@1.0.0`.
pub(super) fn alias(text: &str) -> Option<(&str, &str)> {
    split(text.strip_prefix("npm:")?)
}

/// A name and what follows its `@`, as in `@scope/name@^1.0.0`.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let scope = usize::from(text.starts_with('@'));
    let at = text.get(scope..)?.find('@')? + scope;
    Some((text.get(..at)?, text.get(at + 1..)?)).filter(|(name, _)| name.len() > scope)
}

/// A package of npm.
pub(super) fn package(name: &str, version: &str, line: u64) -> Package {
    Package::new(Ecosystem::NPM, name, version, line)
}

/// Checksums that stand in one text.
pub(super) fn checksums(text: Option<&str>) -> Vec<String> {
    let text = text.unwrap_or_default();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return vec![text.to_owned()];
    }
    text.split_whitespace().map(str::to_owned).collect()
}

/// A `package.json`.
pub(super) struct Manifest {
    /// Its path, as reports write it.
    pub path: String,
    /// The name of the project.
    pub name: Option<String>,
    /// Whether it has workspaces, packages of which may be what it asks for.
    pub has_workspaces: bool,
    /// What the project asks for.
    pub wishes: Vec<Wish>,
}

/// A dependency that a manifest asks for.
pub(super) struct Wish {
    /// The name that the project uses.
    pub name: String,
    /// Which versions, or from where.
    pub requirement: String,
    /// What for.
    pub scope: Scope,
    /// Whether it is the user of this package who shall install it.
    pub is_peer: bool,
    /// Where it says so.
    pub line: u64,
}

impl Manifest {
    /// The manifest in a folder, by the folder's path from the lockfile; none where there is none or it can't be read: what it adds
    /// is only which dependencies are direct, and for what.
    pub(super) fn read(source: &Source<'_>, folder: &str) -> Option<Self> {
        let path = joined(folder, "package.json");
        let bytes = (source.neighbour)(&path).ok().flatten()?;
        let node = json(text(&bytes).ok()?).ok()?;
        Some(Self::of(&node, beside(source.path, &path)))
    }

    /// What a manifest says.
    pub(super) fn of(node: &Node<'_>, path: String) -> Self {
        Self {
            path,
            name: node.get("name").and_then(Node::as_text).map(str::to_owned),
            has_workspaces: node.get("workspaces").is_some(),
            wishes: wishes(node),
        }
    }

    /// The first wish for a name.
    pub(super) fn wish(&self, name: &str) -> Option<&Wish> {
        self.wishes.iter().filter(|wish| wish.name == name).min_by_key(|wish| wish.scope)
    }

    /// The line of a wish.
    pub(super) fn location(&self, wish: &Wish) -> Location {
        Location::line(self.path.clone(), wish.line)
    }
}

/// The keys of a manifest, or of what a lockfile repeats of it, that ask for packages.
pub(super) const ASKING: [(&str, Scope); 4] = [
    ("optionalDependencies", Scope::Optional),
    ("dependencies", Scope::Runtime),
    ("peerDependencies", Scope::Runtime),
    ("devDependencies", Scope::Dev),
];

/// What a manifest asks for; optional dependencies replace others of the same name.
fn wishes(node: &Node<'_>) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = Vec::new();
    for (key, scope) in ASKING {
        for entry in node.entries(key).unwrap_or_default() {
            if scope == Scope::Runtime
                && wishes.iter().any(|wish| wish.name == entry.key && wish.scope == Scope::Optional)
            {
                continue;
            }
            wishes.push(Wish {
                name: entry.key.to_string(),
                requirement: entry.node.as_text().unwrap_or_default().to_owned(),
                scope,
                is_peer: key == "peerDependencies",
                line: entry.line,
            });
        }
    }
    wishes
}

/// The path of a file in a folder.
pub(super) fn joined(folder: &str, file: &str) -> String {
    match folder.trim_end_matches('/') {
        "" | "." => file.to_owned(),
        folder => format!("{folder}/{file}"),
    }
}

/// The path, as reports write it, of a file beside the lockfile.
pub(super) fn beside(lockfile: &str, path: &str) -> String {
    let mut segments: Vec<&str> = lockfile.split('/').collect();
    segments.pop();
    for segment in path.split('/') {
        match segment {
            "." | "" => {}
            ".." if segments.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::{beside, origin, split, tarball};
    use crate::Origin;

    #[test]
    fn addresses_lead_somewhere() {
        for (address, expected, source) in [
            ("https://registry.npmjs.org/a/-/a-1.0.0.tgz", Origin::Registry, ""),
            ("https://registry.yarnpkg.com/@s/a/-/a-1.0.0.tgz#aa", Origin::Registry, ""),
            (
                "https://registry.npmjs.org/a/latest.tgz",
                Origin::Other,
                "https://registry.npmjs.org/a/latest.tgz",
            ),
            (
                "https://registry.npmjs.org.evil.example/a/-/a-1.0.0.tgz",
                Origin::Other,
                "https://registry.npmjs.org.evil.example/a/-/a-1.0.0.tgz",
            ),
            (
                "https://registry.npmjs.org@evil.example/a/-/a-1.0.0.tgz",
                Origin::Other,
                "https://evil.example/a/-/a-1.0.0.tgz",
            ),
            (
                "https://user:word@npm.example/a/-/a-1.0.0.tgz",
                Origin::Other,
                "https://npm.example/a/-/a-1.0.0.tgz",
            ),
            ("git+ssh://git@github.com/a/b.git#c", Origin::Git, "git+ssh://git@github.com/a/b.git#c"),
            ("github:a/b#c", Origin::Git, "github:a/b#c"),
            (
                "https://codeload.github.com/a/b/tar.gz/c",
                Origin::Git,
                "https://codeload.github.com/a/b/tar.gz/c",
            ),
            ("file:../x", Origin::Path, "file:../x"),
            ("file:x.tgz", Origin::Path, "file:x.tgz"),
            ("packages/a", Origin::Project, ""),
            ("link:node_modules/a", Origin::Path, "link:node_modules/a"),
            ("file:C:/x", Origin::Path, "file:C:/x"),
        ] {
            assert_eq!(origin(address), (expected, source.to_owned()), "{address}");
        }
    }

    #[test]
    fn files_of_a_registry_have_name_and_version() {
        let of = |address| tarball(address).map(|(name, version)| format!("{name} {version}"));
        assert_eq!(of("https://r.example/@s%2fa/-/a-1.0.0-b.1.tgz").unwrap(), "@s/a 1.0.0-b.1");
        assert_eq!(of("https://r.example/a/-/b-1.0.0.tgz"), None);
        assert_eq!(of("https://r.example/a-1.0.0.tgz"), None);
    }

    #[test]
    fn names_end_at_their_at_sign() {
        assert_eq!(split("@s/a@^1"), Some(("@s/a", "^1")));
        assert_eq!(split("a@npm:b@1"), Some(("a", "npm:b@1")));
        assert_eq!((split("a"), split("@s/a"), split("@1")), (None, None, None));
    }

    #[test]
    fn neighbours_have_paths() {
        assert_eq!(beside("a/package-lock.json", "package.json"), "a/package.json");
        assert_eq!(beside("a/b/yarn.lock", "../c/x"), "a/c/x");
        assert_eq!(beside("yarn.lock", "../c/x"), "../c/x");
    }
}
