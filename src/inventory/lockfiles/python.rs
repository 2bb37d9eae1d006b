//! What the lockfiles of Python share: where a package comes from, and the manifests `pyproject.toml` and `Pipfile`.

use std::cmp::Ordering;

use percent_encoding::percent_decode_str;

use super::Source;
use super::node::{beside, host};
use crate::document::{Node, text, toml};
use crate::purl::pep_503;
use crate::{Origin, Package, Scope};
use devops_core::{Ecosystem, Location};
use devops_versions::{Order, Version, compare};

/// Hosts of the public registry.
const PUBLIC: [&str; 3] = ["pypi.org", "pypi.python.org", "files.pythonhosted.org"];

/// A package of Python, by its normal name.
pub(super) fn package(name: &str, version: &str, line: u64) -> Package {
    Package::new(Ecosystem::PYPI, pep_503(name), version, line)
}

/// Whether an address is the public registry's.
pub(super) fn is_public(address: &str) -> bool {
    host(address).is_some_and(|host| PUBLIC.iter().any(|public| host.eq_ignore_ascii_case(public)))
}

/// The package of the public registry that a file at an address is of, unless that is the package itself.
pub(super) fn other_at(package: &Package, address: &str) -> Option<Package> {
    if package.origin == Origin::Registry && is_usual(package, address) {
        return None;
    }
    let (name, version) = published(address, &package.name)?;
    let is_same = package.origin == Origin::Registry
        && package.name == name
        && (package.version == version
            || compare(Ecosystem::PYPI.name(), &package.version, &version) == Ok(Ordering::Equal));
    (!is_same).then(|| Package { scope: package.scope, ..self::package(&name, &version, package.line) })
}

/// Whether an address is that of a file of a package at its version in the public registry, in the very words in which tools write that.
pub(super) fn is_usual(package: &Package, address: &str) -> bool {
    let Package { name, version, .. } = package;
    let is_file = || {
        let path = address.strip_prefix("https://files.pythonhosted.org/")?;
        let file = path.rsplit('/').next()?.as_bytes();
        let (of_file, rest) = file.split_at_checked(name.len())?;
        let (dash, rest) = rest.split_first()?;
        let rest = rest.strip_prefix(version.as_bytes())?;
        let is_wheel = rest.starts_with(b"-") && rest.ends_with(b".whl");
        let is_name = of_file
            .iter()
            .zip(name.as_bytes())
            .all(|(one, other)| one == other || is_wheel && *other == b'-' && *one == b'_');
        // The parts of the name of a wheel have no dash.
        let is_whole = !is_wheel || !of_file.contains(&b'-');
        Some(*dash == b'-' && is_name && is_whole && (is_wheel || rest == b".tar.gz"))
    };
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':');
    !name.is_empty() && !version.is_empty() && is_file() == Some(true) && address.bytes().all(is_plain)
}

/// Normal name and version of a file of the public registry, by its address; the name of an archive of sources ends where its version
/// starts, which only `expected` tells for sure.
pub(super) fn published(address: &str, expected: &str) -> Option<(String, String)> {
    if !is_public(address) {
        return None;
    }
    let path = address.split(['#', '?']).next()?;
    file_of(path, expected)
}

/// The package that a file without an address is of by its name, unless that is the package itself. Only a whole version tells two
/// apart: old files have the platform behind theirs.
pub(super) fn other_by_name(package: &Package, file: &str) -> Option<Package> {
    let (name, version) = file_of(file, &package.name)?;
    let is_whole = Version::of_any(Order::PyPi, &version).is_certain();
    let is_same = compare(Ecosystem::PYPI.name(), &package.version, &version) == Ok(Ordering::Equal);
    let is_other = name != package.name || is_whole && !is_same;
    is_other.then(|| Package { scope: package.scope, ..self::package(&name, &version, package.line) })
}

/// Normal name and version of a file, by its path.
fn file_of(path: &str, expected: &str) -> Option<(String, String)> {
    let file = percent_decode_str(path.rsplit(['/', '\\']).next()?).decode_utf8().ok()?;
    let (name, version) = if let Some(wheel) = file.strip_suffix(".whl") {
        let mut parts = wheel.split('-');
        (parts.next()?, parts.next()?)
    } else {
        let base = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".egg"]
            .iter()
            .find_map(|ending| file.strip_suffix(ending))?;
        let at = |(at, _): &(usize, &str)| base.get(..*at).is_some_and(|name| pep_503(name) == expected);
        let before_digit = |(at, _): &(usize, &str)| {
            base.get(at + 1..).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        };
        let dashes = || base.match_indices('-');
        let (at, _) = dashes().find(at).or_else(|| dashes().find(before_digit))?;
        (base.get(..at)?, base.get(at + 1..)?)
    };
    (!name.is_empty() && !version.is_empty()).then(|| (pep_503(name), version.to_owned()))
}

/// Sets where a package comes from: a registry, if its address is not the public one's.
pub(super) fn registry(package: &mut Package, address: &str) {
    if !is_public(address) {
        (package.origin, package.source) = (Origin::Other, without_user(address));
    }
}

/// Where an address or a path leads, and it as the source.
pub(super) fn place(address: &str) -> (Origin, String) {
    let is_git = ["git+", "git:", "git@", "ssh:", "hg+", "svn+", "bzr+"]
        .iter()
        .any(|start| address.starts_with(start));
    if is_git {
        return (Origin::Git, without_user(address));
    }
    match address.strip_prefix("file:") {
        None if address.contains("://") => (Origin::Other, without_user(address)),
        path => match folder(path.map_or(address, |path| path.trim_start_matches("//"))) {
            Origin::Project => (Origin::Project, String::new()),
            origin => (origin, address.to_owned()),
        },
    }
}

/// Where the code in a folder or file comes from, by its path.
pub(super) fn folder(path: &str) -> Origin {
    let is_archive =
        [".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz"].iter().any(|ending| path.ends_with(ending));
    let is_outside = path.starts_with(['/', '~', '\\']) || path.as_bytes().get(1) == Some(&b':');
    if is_archive || is_outside || path.split(['/', '\\']).any(|segment| segment == "..") {
        Origin::Path
    } else {
        Origin::Project
    }
}

/// An address without the name and password of a user.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        Some((user, host)) if user != "git" => format!("{scheme}://{host}{path}"),
        _ => address.to_owned(),
    }
}

/// The name at the start of a requirement such as `Flask[async]>=2 ; python_version >= "3.8"`, and the rest without the marker.
pub(super) fn requirement(text: &str) -> (&str, &str) {
    let text = text.split(';').next().unwrap_or_default().trim();
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let end = text.find(|character| !is_name(character)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest.trim(),
        None => rest,
    };
    (name, rest)
}

/// A dependency that a manifest asks for, by its normal name.
pub(super) struct Wish {
    /// The name.
    pub name: String,
    /// Which versions.
    pub requirement: String,
    /// What for.
    pub scope: Scope,
    /// Where it says so.
    pub location: Location,
}

/// What the manifest beside a lockfile asks for; nothing where there is none or it can't be read: what it adds is only which
/// dependencies are direct, and for what.
pub(super) fn wishes(source: &Source<'_>, file: &str) -> Vec<Wish> {
    let Some(bytes) = (source.neighbour)(file).ok().flatten() else { return Vec::new() };
    let Ok(text) = text(&bytes) else { return Vec::new() };
    let Ok(root) = toml(text) else { return Vec::new() };
    let path = beside(source.path, file);
    let mut wishes = Vec::new();
    let project = root.get("project");
    let mut list = |node: Option<&Node<'_>>, scope| {
        for item in node.and_then(|node| node.list("").ok()).into_iter().flatten() {
            if let Some(text) = item.as_text() {
                let (name, rest) = requirement(text);
                wishes.push(Wish {
                    name: pep_503(name),
                    requirement: rest.to_owned(),
                    scope,
                    location: Location::line(path.clone(), item.line),
                });
            }
        }
    };
    list(project.and_then(|project| project.get("dependencies")), Scope::Runtime);
    for (key, holder, scope) in [
        ("optional-dependencies", project, Scope::Optional),
        ("dependency-groups", Some(&root), Scope::Dev),
        ("dev-dependencies", root.get("tool").and_then(|tool| tool.get("pdm")), Scope::Dev),
    ] {
        for group in holder.and_then(|holder| holder.entries(key).ok()).into_iter().flatten() {
            list(Some(&group.node), scope);
        }
    }
    let uv = root.get("tool").and_then(|tool| tool.get("uv"));
    list(uv.and_then(|uv| uv.get("dev-dependencies")), Scope::Dev);
    // Poetry and Pipenv have tables of names.
    let poetry = root.get("tool").and_then(|tool| tool.get("poetry"));
    let mut table = |node: Option<&Node<'_>>, scope| {
        for entry in node.and_then(|node| node.map("").ok()).into_iter().flatten() {
            if entry.key == "python" {
                continue;
            }
            let is_optional = entry.node.is_true("optional");
            let version = entry.node.as_text().or_else(|| entry.node.get("version")?.as_text());
            wishes.push(Wish {
                name: pep_503(&entry.key),
                requirement: version.unwrap_or_default().to_owned(),
                scope: if is_optional && scope == Scope::Runtime { Scope::Optional } else { scope },
                location: Location::line(path.clone(), entry.line),
            });
        }
    };
    table(poetry.and_then(|poetry| poetry.get("dependencies")), Scope::Runtime);
    table(poetry.and_then(|poetry| poetry.get("dev-dependencies")), Scope::Dev);
    for group in poetry.and_then(|poetry| poetry.entries("group").ok()).into_iter().flatten() {
        let scope = if group.key == "main" { Scope::Runtime } else { Scope::Dev };
        table(group.node.get("dependencies"), scope);
    }
    if file == "Pipfile" {
        table(root.get("packages"), Scope::Runtime);
        table(root.get("dev-packages"), Scope::Dev);
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::{is_public, is_usual, other_by_name, package, published};

    #[test]
    fn a_file_of_another_package_is_found_by_its_name() {
        for (file, expected) in [
            ("A_b-1.0-py3-none-any.whl", None),
            ("a-b-1.0.0.tar.gz", None),
            ("a.b-1.0.zip", None),
            ("A_b-2.0-py3-none-any.whl", Some("a-b 2.0")),
            ("evil-1.0-py3-none-any.whl", Some("evil 1.0")),
            ("evil-1.0.tar.gz", Some("evil 1.0")),
            // The platform stands behind the version.
            ("a-b-1.0-py2.7.egg", None),
            ("a-b-1.0.linux-x86_64.tar.gz", None),
            ("a-b-1.0.win32.exe", None),
        ] {
            let found = other_by_name(&package("a.b", "1.0", 1), file);
            assert_eq!(found.map(|other| other.label()).as_deref(), expected, "{file}");
        }
    }

    #[test]
    fn files_of_the_registry_have_name_and_version() {
        for (file, expected, found) in [
            ("aa/Evil_Pkg-1.0.0-py3-none-any.whl", "a", Some(("evil-pkg", "1.0.0"))),
            ("aa/a-1.0%2Bcu118-1-py3-none-any.whl", "a", Some(("a", "1.0+cu118"))),
            ("aa/zope.interface-6.0.tar.gz", "zope-interface", Some(("zope-interface", "6.0"))),
            ("aa/a-b-1.0.post1.zip", "a-b", Some(("a-b", "1.0.post1"))),
            ("aa/evil-pkg-1.0.tar.gz", "a", Some(("evil-pkg", "1.0"))),
            ("aa/a-1.0.tar.gz/../evil-2.0.tar.gz#a-1.0.tar.gz", "a", Some(("evil", "2.0"))),
            ("aa/a.exe", "a", None),
        ] {
            let found = found.map(|(name, version)| (name.to_owned(), version.to_owned()));
            assert_eq!(
                published(&format!("https://files.pythonhosted.org/{file}"), expected),
                found,
                "{file}"
            );
        }
        assert_eq!(published("https://evil.example/a-1.0-py3-none-any.whl", "a"), None);
        assert!(
            is_public("https://PyPI.org:443/simple") && !is_public("https://pypi.org.evil.example/simple")
        );
    }

    #[test]
    fn usual_addresses_are_those_of_the_package() {
        for (name, version, file, expected) in [
            ("a-b", "1.0", "packages/aa/bb/a-b-1.0.tar.gz", true),
            ("a-b", "1.0", "packages/aa/bb/a_b-1.0-py3-none-any.whl", true),
            ("a-b", "1.0", "a_b-1.0.tar.gz", false),
            ("a-b", "1.0", "a-b-1.0-py3-none-any.whl", false),
            ("a", "1.0", "b-1.0.tar.gz", false),
            ("a", "1.0", "a-1.0.1.tar.gz", false),
            ("a", "1.0", "a-1.0.tar.gz/../evil-2.0.tar.gz#a-1.0.tar.gz", false),
            ("a", "1.0", "a-1.0.tar.gz?b", false),
            ("a", "1.0", "a-1.0-py3-none-any.whl", true),
            ("a", "1.0", "a-1.0%2B1-py3-none-any.whl", false),
        ] {
            let (package, address) =
                (package(name, version, 1), format!("https://files.pythonhosted.org/{file}"));
            assert_eq!(is_usual(&package, &address), expected, "{name} {file}");
            if expected {
                assert_eq!(published(&address, name), Some((name.to_owned(), version.to_owned())), "{file}");
            }
        }
        assert!(!is_usual(&package("a", "1.0", 1), "https://evil.example/a-1.0.tar.gz"));
    }
}
