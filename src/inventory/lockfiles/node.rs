//! What the lockfiles of npm, Yarn, pnpm, Bun and Deno share: where an address leads, and the manifest `package.json`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::Source;
use crate::document::{Node, json, text};
use crate::draft::Draft;
use crate::{Origin, Package, Scope};
use devops_core::{Ecosystem, Location};

/// Hosts of the public registry; that of Yarn is the same by another name.
const PUBLIC: [&str; 3] = ["registry.npmjs.org", "registry.yarnpkg.com", "registry.npmjs.com"];

/// Adds a package whose code is at an address; without one it is from the public registry.
///
/// If the address is the public registry's and is that of another package or version, that one is installed, whatever the lockfile
/// calls it. Both are listed then, so that neither can hide the other, and the one that is named keeps the address as its source.
pub(super) fn add(draft: &mut Draft, mut package: Package, address: Option<&str>) -> usize {
    let Some(address) = address.filter(|address| !address.is_empty()) else { return draft.add(package) };
    if is_usual(&package, address) {
        return draft.add(package);
    }
    (package.origin, package.source) = origin(address);
    if package.origin == Origin::Other && (!address.contains([':', '/', '\\']) || is_public(address)) {
        // The registry is asked for what is a version or a tag. A tag may be any version, the one that is named for all we know; so
        // may an address of the registry's that is of no tarball.
        let version = if address.starts_with(|first: char| first.is_ascii_digit()) {
            address.to_owned()
        } else {
            package.version.clone()
        };
        let other = Package { version, origin: Origin::Registry, source: String::new(), ..package.clone() };
        let named = draft.add(package);
        let installed = draft.add(other);
        draft.link(named, installed, None, Scope::Runtime);
        return named;
    }
    if package.origin != Origin::Registry {
        return draft.add(package);
    }
    let installed = with_tarball(address, |name, version| {
        let is_other = package.ecosystem != Ecosystem::NPM
            || name != package.name
            || !is_same_version(version, &package.version);
        is_other.then(|| (name.to_owned(), version.to_owned()))
    });
    let Some((name, version)) = installed.flatten() else { return draft.add(package) };
    let other = Package { ecosystem: Ecosystem::NPM, name, version, ..package.clone() };
    package.source = without_user(address);
    let named = draft.add(package);
    let installed = draft.add(other);
    draft.link(named, installed, None, Scope::Runtime);
    named
}

/// Whether an address is where the public registry has a package at its version, in the very words in which npm writes that.
fn is_usual(package: &Package, address: &str) -> bool {
    let Package { name, version, .. } = package;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let (scope, base) = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').unwrap_or_default(),
        None => ("", name.as_str()),
    };
    let version_of = || {
        let path = address.strip_prefix("https://registry.npmjs.org/")?.strip_prefix(name.as_str())?;
        path.strip_prefix("/-/")?.strip_prefix(base)?.strip_prefix('-')?.strip_suffix(".tgz")
    };
    package.ecosystem == Ecosystem::NPM
        && !version.is_empty()
        && version_of() == Some(version.as_str())
        && !base.is_empty()
        && scope.is_empty() != name.starts_with('@')
        && !base.starts_with('.')
        && !scope.starts_with('.')
        && [scope, base].iter().all(|part| part.bytes().all(is_part))
        && version.bytes().all(|byte| is_part(byte) || byte == b'+')
}

/// Whether an address is the public registry's.
pub(super) fn is_public(address: &str) -> bool {
    host(address).is_some_and(|host| PUBLIC.iter().any(|public| host.eq_ignore_ascii_case(public)))
}

/// The host of an address for a browser, without what changes nothing: the name of a user, the usual port, the last dot.
pub(super) fn host(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end)?.rsplit('@').next()?;
    let host = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host);
    Some(host.strip_suffix('.').unwrap_or(host))
}

/// Whether two versions are of the same file: the registry drops what follows a `+`.
fn is_same_version(left: &str, right: &str) -> bool {
    left.split('+').next() == right.split('+').next()
}

/// Where the code at an address comes from, and the address as its source. What is no address, such as a version or the name of a
/// file, may be anything to the package manager; the project itself it is only where a path says so.
pub(super) fn origin(address: &str) -> (Origin, String) {
    let is_git = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"];
    let is_path = matches!(address, "." | "..")
        || ["./", "../", "/", "~/", ".\\", "..\\"].iter().any(|start| address.starts_with(start))
        || address.get(1..3).is_some_and(|drive| matches!(drive, ":/" | ":\\"));
    let origin = if is_public(address) || alias(address).is_some() || address.starts_with("npm:") {
        match with_tarball(address, |name, _| is_name(name)) {
            Some(true) => return (Origin::Registry, String::new()),
            _ => Origin::Other,
        }
    } else if is_git.iter().any(|start| address.starts_with(start))
        || is_archive_of_git(address)
        || is_repository(address)
    {
        Origin::Git
    } else if let Some(path) =
        ["file:", "link:", "portal:"].iter().find_map(|kind| address.strip_prefix(kind))
    {
        folder(path)
    } else if is_path {
        folder(address)
    } else {
        Origin::Other
    };
    (origin, if origin == Origin::Project { String::new() } else { without_user(address) })
}

/// The same for what is a path unless it has a scheme, as the keys of lockfiles are.
pub(super) fn path(path: &str) -> (Origin, String) {
    if path.contains(':') {
        return origin(path);
    }
    let origin = folder(path);
    (origin, if origin == Origin::Project { String::new() } else { path.to_owned() })
}

/// Whether a name may be that of a package of the public registry.
pub(super) fn is_name(name: &str) -> bool {
    let bare = name.strip_prefix('@');
    let slashes = name.matches('/').count();
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|character| !character.is_whitespace() && !"%\\@:?#".contains(character))
    };
    slashes == usize::from(bare.is_some()) && bare.unwrap_or(name).split('/').all(is_part)
}

/// Whether a text is the short form of a repository at GitHub, `user/repository`.
fn is_repository(text: &str) -> bool {
    let text = text.split('#').next().unwrap_or_default();
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
    };
    !text.starts_with('.')
        && text.split_once('/').is_some_and(|(user, repository)| is_part(user) && is_part(repository))
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

/// Name and version of the file at an address of a registry, such as `https://host/@scope/name/-/name-1.0.0.tgz`, or behind `npm:`.
pub fn tarball(address: &str) -> Option<(String, String)> {
    with_tarball(address, |name, version| (name.to_owned(), version.to_owned()))
}

/// The same, for a function.
fn with_tarball<T>(address: &str, take: impl FnOnce(&str, &str) -> T) -> Option<T> {
    if let Some((name, version)) = alias(address) {
        return version.starts_with(|first: char| first.is_ascii_digit()).then(|| take(name, version));
    }
    let path = address.split(['#', '?']).next().unwrap_or_default();
    let (_, path) = path.split_once("://")?;
    let (_, path) = path.split_once(['/', '\\'])?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let path = plain(&path);
    let (name, file) = path.rsplit_once("/-/")?;
    let base = name.rsplit('/').next().unwrap_or(name);
    let version = file.strip_prefix(base)?.strip_prefix('-')?.strip_suffix(".tgz")?;
    Some(take(name, version))
}

/// A path as the server gets it: without `.`, `..` and empty segments.
fn plain(path: &str) -> Cow<'_, str> {
    let is_odd = |character: char| character == '\\' || character.is_ascii_control();
    let is_dotted = path.starts_with(['.', '/']) || path.contains("/.") || path.contains("//");
    if !is_dotted && !path.contains(is_odd) {
        return Cow::Borrowed(path);
    }
    let path: String = path
        .chars()
        .filter(|character| !matches!(character, '\t' | '\n' | '\r'))
        .map(|character| if character == '\\' { '/' } else { character })
        .collect();
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    Cow::Owned(segments.join("/"))
}

/// The name and version behind `npm:`, as in `npm:@scope/name@1.0.0`.
pub(super) fn alias(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_at_checked("npm:".len())?;
    split(rest).filter(|_| scheme.eq_ignore_ascii_case("npm:"))
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
    // Nearly every one stands alone.
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
            ("file:packages/a", Origin::Project, ""),
            ("./packages/a", Origin::Project, ""),
            ("../a", Origin::Path, "../a"),
            // What is no address is no folder of the project either.
            ("1.0.0", Origin::Other, "1.0.0"),
            ("latest", Origin::Other, "latest"),
            ("a-1.0.0.tgz#aa", Origin::Other, "a-1.0.0.tgz#aa"),
            ("packages/a/b", Origin::Other, "packages/a/b"),
            ("user/a#main", Origin::Git, "user/a#main"),
            ("npm:a@1.0.0", Origin::Registry, ""),
            ("npm:a@latest", Origin::Other, "npm:a@latest"),
            // One address in several spellings.
            ("HTTPS://user:word@Registry.npmjs.org.:443/a/-/a-1.0.0.tgz", Origin::Registry, ""),
            ("https://registry.npmjs.org/x/../a/-/a-1.0.0.tgz", Origin::Registry, ""),
            (
                "https://registry.npmjs.org/x/%252e%252e/a/-/a-1.0.0.tgz",
                Origin::Other,
                "https://registry.npmjs.org/x/%252e%252e/a/-/a-1.0.0.tgz",
            ),
            ("link:node_modules/a", Origin::Path, "link:node_modules/a"),
            ("file:C:/x", Origin::Path, "file:C:/x"),
        ] {
            assert_eq!(origin(address), (expected, source.to_owned()), "{address}");
        }
    }

    #[test]
    fn usual_addresses_are_those_that_lead_to_the_package() {
        for (name, version, address, expected) in [
            ("a", "1.0.0", "https://registry.npmjs.org/a/-/a-1.0.0.tgz", true),
            ("@s/a.b", "1.0.0-b.1+c", "https://registry.npmjs.org/@s/a.b/-/a.b-1.0.0-b.1+c.tgz", true),
            ("a", "1.0.1", "https://registry.npmjs.org/a/-/a-1.0.0.tgz", false),
            ("b", "1.0.0", "https://registry.npmjs.org/a/-/a-1.0.0.tgz", false),
            ("a", "", "https://registry.npmjs.org/a/-/a-.tgz", false),
            ("x/../a", "1.0.0", "https://registry.npmjs.org/x/../a/-/a-1.0.0.tgz", false),
            ("..", "1.0.0", "https://registry.npmjs.org/../-/..-1.0.0.tgz", false),
            ("@s", "1", "https://registry.npmjs.org/@s/-/-1.tgz", false),
            ("@/a", "1", "https://registry.npmjs.org/@/a/-/a-1.tgz", false),
            ("a%2e", "1", "https://registry.npmjs.org/a%2e/-/a%2e-1.tgz", false),
            ("a", "1/../b-1", "https://registry.npmjs.org/a/-/a-1/../b-1.tgz", false),
            ("a", "1.0.0", "https://registry.npmjs.org.evil.example/a/-/a-1.0.0.tgz", false),
            ("a", "1.0.0", "http://registry.npmjs.org/a/-/a-1.0.0.tgz", false),
        ] {
            let package = super::package(name, version, 1);
            assert_eq!(super::is_usual(&package, address), expected, "{name} {version} {address}");
            if expected {
                assert_eq!(origin(address), (Origin::Registry, String::new()));
                assert_eq!(tarball(address), Some((name.to_owned(), version.to_owned())));
            }
        }
    }

    #[test]
    fn files_of_a_registry_have_name_and_version() {
        let of = |address: &str| tarball(address).map(|(name, version)| format!("{name} {version}"));
        assert_eq!(of("https://r.example/@s%2fa/-/a-1.0.0-b.1.tgz").unwrap(), "@s/a 1.0.0-b.1");
        for path in
            ["x/../a", "/a", "./a", "x/%2e%2E/a", "x/.%2e/a", "x\\..\\a", "x/..%2fa", "a/./", "x/.\t./a"]
        {
            assert_eq!(of(&format!("https://r.example/{path}/-/a-1.0.0.tgz")).unwrap(), "a 1.0.0", "{path}");
        }
        assert_eq!(of("npm:@s/a@1.0.0").unwrap(), "@s/a 1.0.0");
        assert_eq!(of("npm:a@^1.0.0"), None);
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
