//! `composer.lock`, and `installed.json` of the folder that Composer installs into.

use std::collections::{HashMap, HashSet};

use super::manifest::Manifest;
use super::{Format, Source, node};
use crate::document::{Damage, Entry, Node, Value, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "composer.lock",
    is: |path| path == "composer.lock" || path.ends_with("/composer/installed.json"),
    is_named: |path| path.ends_with("composer.lock") || path.ends_with("installed.json"),
    read,
};

const RESTORE: &str = "restore the lockfile, or regenerate it with `composer update --lock`";

/// Hosts of the public registry.
const PUBLIC: [&str; 4] = [
    "https://packagist.org/",
    "https://repo.packagist.org/",
    "http://packagist.org/",
    "http://repo.packagist.org/",
];

/// Where the archives of its packages lie: hosts that make them of a commit, which the address ends with.
const ARCHIVES: [&str; 5] = [
    "https://api.github.com/repos/",
    "https://codeload.github.com/",
    "https://github.com/",
    "https://gitlab.com/",
    "https://bitbucket.org/",
];

/// Hosts of the repositories of its packages, as `https://github.com/…` or `git@github.com:…`.
const HOSTS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "composer.json")?;
    graph(source, &manifest).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    let mut draft = Draft::default();
    let found = listed(&document)?;
    // Names without case, as Composer compares them, with those that a package replaces or provides.
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut instead: HashMap<String, usize> = HashMap::new();
    let mut indexes = Vec::with_capacity(found.len());
    for (item, scope) in &found {
        let index = draft.add(package(item, *scope)?);
        if by_name.insert(item.must("name")?.to_ascii_lowercase(), index).is_some() {
            return Err(Damage::new(item.line, format!("`{}` is listed twice", item.must("name")?)));
        }
        for key in ["replace", "provide"] {
            for entry in links(item, key)? {
                instead.entry(entry.key.to_ascii_lowercase()).or_insert(index);
            }
        }
        indexes.push(index);
    }
    let target = |name: &str| {
        let name = name.to_ascii_lowercase();
        by_name.get(&name).or_else(|| instead.get(&name)).copied()
    };
    let asks = json(&manifest.text).ok();
    // The project itself may replace or provide packages, which only its manifest says.
    let is_own = |asks: &Node<'_>, name: &str| {
        let stands_in = ["replace", "provide"].iter().any(|key| {
            let entries = asks.entries(key).unwrap_or_default();
            entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(name))
        });
        stands_in
            || asks.get("name").and_then(Node::as_text).is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    for ((item, scope), index) in found.iter().zip(&indexes) {
        for entry in links(item, "require")? {
            if let Some(to) = target(&entry.key) {
                draft.link(*index, to, entry.node.as_text(), *scope);
            } else if entry.key.contains('/')
                && source.path.ends_with(".lock")
                && !asks.as_ref().is_some_and(|asks| is_own(asks, &entry.key))
            {
                return Err(Damage::new(entry.line, format!("`{}` is needed and not listed", entry.key)));
            }
        }
    }
    for (key, scope) in [("require", Scope::Runtime), ("require-dev", Scope::Dev)] {
        for entry in asks.as_ref().and_then(|asks| asks.entries(key).ok()).unwrap_or_default() {
            if let Some(index) = target(&entry.key) {
                draft.ask(index, Some(manifest.at(entry.line)), entry.node.as_text(), scope);
            }
        }
    }
    let mut graph = draft.finish();
    // The two lists are Composer's own word on what is needed in production.
    for ((_, scope), index) in found.iter().zip(indexes) {
        if let Some(package) = graph.packages.get_mut(index) {
            package.scope = *scope;
        }
    }
    Ok(graph)
}

/// Every package that is listed, with what its list is for.
fn listed<'a, 'b>(document: &'b Node<'a>) -> Result<Vec<(&'b Node<'a>, Scope)>, Damage> {
    let mut found = Vec::new();
    if let Value::List(items) = &document.value {
        // `installed.json` of Composer 1.
        found.extend(items.iter().map(|item| (item, Scope::Runtime)));
    } else {
        document.check_spelling(&["packages", "packages-dev", "dev-package-names"])?;
        let packages =
            document.get("packages").ok_or_else(|| Damage::new(document.line, "`packages` is missing"))?;
        let is_installed =
            document.get("dev-package-names").is_some() || document.get("content-hash").is_none();
        let dev_names: HashSet<&str> =
            document.items("dev-package-names")?.iter().filter_map(Node::as_text).collect();
        for item in packages.list("packages")? {
            let is_dev =
                item.get("name").and_then(Node::as_text).is_some_and(|name| dev_names.contains(name));
            found.push((item, if is_dev { Scope::Dev } else { Scope::Runtime }));
        }
        if !is_installed && document.get("packages-dev").is_none() {
            return Err(Damage::new(document.line, "`packages-dev` is missing"));
        }
        found.extend(document.items("packages-dev")?.iter().map(|item| (item, Scope::Dev)));
    }
    Ok(found)
}

/// The entries below a key; Composer writes an empty map as an empty list.
fn links<'a, 'b>(item: &'b Node<'a>, key: &str) -> Result<&'b [Entry<'a>], Damage> {
    match item.get(key) {
        Some(Node { value: Value::List(items), .. }) if items.is_empty() => Ok(&[]),
        _ => item.entries(key),
    }
}

fn package(item: &Node<'_>, scope: Scope) -> Result<Package, Damage> {
    item.check_spelling(&["name", "version", "source", "dist", "require", "notification-url"])?;
    let name = item.must("name")?;
    let version = item.must("version")?;
    let line = item.get("name").map_or(item.line, |node| node.line);
    let mut package = Package { scope, ..Package::new(Ecosystem::PACKAGIST, name, version, line) };
    let (dist, code) = (item.get("dist"), item.get("source"));
    let of = |node: Option<&Node<'_>>, key: &str| {
        node.and_then(|node| node.get(key)).and_then(Node::as_text).unwrap_or_default().to_owned()
    };
    let notified = item.text_of("notification-url")?;
    let is_public = notified.is_some_and(|url| PUBLIC.iter().any(|public| url.starts_with(public)));
    let mut places = foreign(dist, code)?;
    (package.origin, package.source) = if of(dist, "type").eq_ignore_ascii_case("path") {
        let url = of(dist, "url");
        (node::folder(&url), url)
    } else if is_public && places.is_empty() {
        // A metapackage has no archive.
        (Origin::Registry, String::new())
    } else if of(code, "type") == "git" && notified.is_none() && is_of_repository(&places, &of(code, "url")) {
        (Origin::Git, format!("{}#{}", of(code, "url"), of(code, "reference")))
    } else if code.is_none() && dist.is_none() && notified.is_none() {
        // A metapackage of the registry before notifications were written.
        (Origin::Registry, String::new())
    } else {
        // The registry, and the hosts that its archives and repositories lie on.
        places.extend(notified.filter(|_| !is_public).map(str::to_owned));
        let address = if places.is_empty() { of(dist, "url") } else { places.join(" ") };
        (Origin::Other, if address.is_empty() { of(code, "url") } else { address })
    };
    let checksum = of(dist, "shasum");
    if !checksum.is_empty() {
        package.integrity.push(format!("sha1:{checksum}"));
    }
    for commit in [of(code, "reference"), of(dist, "reference")].map(|reference| format!("git:{reference}")) {
        if commit != "git:" && !package.integrity.contains(&commit) {
            package.integrity.push(commit);
        }
    }
    package.license = match item.get("license") {
        Some(Node { value: Value::List(items), .. }) => {
            let all: Vec<&str> = items.iter().filter_map(Node::as_text).collect();
            (!all.is_empty()).then(|| all.join(" OR "))
        }
        Some(node) => node.as_text().map(str::to_owned),
        None => None,
    };
    package.published = item.text_of("time")?.and_then(|time| time.parse().ok());
    // Plugins run code of their own while others are installed.
    package.has_install_script = item.text_of("type")? == Some("composer-plugin");
    Ok(package)
}

/// The places that a package is fetched from and where Packagist's do not lie, each without its path, so that it stays the same with
/// every version; those of archives first, which Composer takes where it can.
fn foreign(dist: Option<&Node<'_>>, code: Option<&Node<'_>>) -> Result<Vec<String>, Damage> {
    let mut places: Vec<String> = Vec::new();
    let mut add = |url: &str| {
        let place = place(url);
        if !places.contains(&place) {
            places.push(place);
        }
    };
    for (node, is_archive) in [(dist, true), (code, false)] {
        let Some(node) = node else { continue };
        node.check_spelling(&["type", "url", "reference", "mirrors", "shasum"])?;
        let url = node.text_of("url")?.unwrap_or_default();
        let reference = node.text_of("reference")?.unwrap_or_default();
        let is_usual = if is_archive { is_usual_archive(url, reference) } else { is_usual_repository(url) };
        if !url.is_empty() && !is_usual {
            add(url);
        }
        // Composer tries these first, or where the address fails.
        for mirror in node.items("mirrors")? {
            add(mirror.must("url")?);
        }
    }
    Ok(places)
}

/// Whether an archive lies where those of Packagist's packages do, and is that of its commit.
fn is_usual_archive(url: &str, reference: &str) -> bool {
    let of_commit = || url.strip_suffix(".zip").unwrap_or(url).strip_suffix(reference);
    url.starts_with("https://repo.packagist.org/")
        || !reference.is_empty()
            && ARCHIVES.iter().any(|start| url.starts_with(start))
            && of_commit().is_some_and(|before| before.ends_with(['/', '=']))
}

/// Whether a repository lies where those of Packagist's packages do.
fn is_usual_repository(url: &str) -> bool {
    let schemes = ["https://", "git://", "ssh://git@", "git@"];
    let rest = schemes.iter().find_map(|scheme| Some((*scheme, url.strip_prefix(scheme)?)));
    rest.is_some_and(|(scheme, rest)| {
        let after = if scheme == "git@" { ':' } else { '/' };
        HOSTS.iter().any(|host| rest.strip_prefix(host).is_some_and(|path| path.starts_with(after)))
    })
}

/// Whether all that is fetched is from the host of the repository, of which a git host makes archives.
fn is_of_repository(places: &[String], repository: &str) -> bool {
    let host = place(repository);
    places.iter().all(|place| *place == host)
}

/// Scheme and host of an address; the whole address where it has no such.
fn place(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
            format!("{scheme}://{host}/")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Source};
    use crate::{Origin, Package};

    fn package(fields: &str) -> Package {
        let text = format!(
            "{{\"content-hash\": \"a\", \"packages\": [{{\"name\": \"a/b\", \"version\": \"1.0.0\"{fields}}}], \"packages-dev\": []}}"
        );
        FORMAT.read(&Source::alone("composer.lock", text.as_bytes())).unwrap().packages.remove(0)
    }

    const NOTIFIED: &str = ", \"notification-url\": \"https://packagist.org/downloads/\"";

    fn fetched(dist: &str, code: &str) -> String {
        let of = |key: &str, kind: &str, url: &str| match url {
            "" => String::new(),
            url => format!(
                ", \"{key}\": {{\"type\": \"{kind}\", \"url\": \"{url}\", \"reference\": \"abc\", \"shasum\": \"\"}}"
            ),
        };
        of("dist", "zip", dist) + &of("source", "git", code)
    }

    #[test]
    fn packages_of_packagist_lie_on_its_usual_hosts() {
        for (dist, code) in [
            ("", ""),
            ("https://api.github.com/repos/a/b/zipball/abc", "https://github.com/a/b.git"),
            ("https://codeload.github.com/a/b/legacy.zip/abc", ""),
            (
                "https://gitlab.com/api/v4/projects/a%2Fb/repository/archive.zip?sha=abc",
                "https://gitlab.com/a/b.git",
            ),
            ("https://bitbucket.org/a/b/get/abc.zip", "git@bitbucket.org:a/b.git"),
            ("", "https://github.com/a/b"),
        ] {
            let package = package(&(fetched(dist, code) + NOTIFIED));
            assert_eq!((package.origin, package.source.as_str()), (Origin::Registry, ""), "{dist} {code}");
        }
    }

    #[test]
    fn packages_of_packagist_from_elsewhere_are_not_its_own() {
        for (dist, code, source) in [
            ("https://evil.host/x.zip", "https://github.com/a/b.git", "https://evil.host/"),
            ("https://evil.host/x.zip", "https://evil.host/x.git", "https://evil.host/"),
            ("https://api.github.com/repos/a/b/zipball/abc", "https://evil.host/b.git", "https://evil.host/"),
            ("https://api.github.com@evil.host/a/abc", "", "https://evil.host/"),
            ("https://api.github.com.evil.host/repos/a/abc", "", "https://api.github.com.evil.host/"),
            ("https://user:word@evil.host\\\\@github.com/abc", "", "https://evil.host/"),
            ("http://api.github.com/repos/a/b/zipball/abc", "", "http://api.github.com/"),
            ("", "git@github.com.evil.host:a/b.git", "git@github.com.evil.host:a/b.git"),
            ("file:///tmp/x.zip", "", "file:///"),
            // Another commit, or a branch, than the one that the lockfile names.
            (
                "https://api.github.com/repos/evil/b/zipball/def",
                "https://github.com/a/b.git",
                "https://api.github.com/",
            ),
            (
                "https://api.github.com/repos/evil/b/zipball/xabc",
                "https://github.com/a/b.git",
                "https://api.github.com/",
            ),
        ] {
            let package = package(&(fetched(dist, code) + NOTIFIED));
            assert_eq!((package.origin, package.source.as_str()), (Origin::Other, source), "{dist} {code}");
        }
        let mirrored = package(&format!(
            ", \"dist\": {{\"type\": \"zip\", \"url\": \"https://api.github.com/repos/a/b/zipball/abc\", \"reference\": \"abc\", \
             \"mirrors\": [{{\"url\": \"https://evil.host/%package%.zip\", \"preferred\": true}}]}}{NOTIFIED}"
        ));
        assert_eq!((mirrored.origin, mirrored.source.as_str()), (Origin::Other, "https://evil.host/"));
    }

    #[test]
    fn packages_of_other_registries_and_of_repositories_name_them() {
        let other = ", \"notification-url\": \"https://packages.example/downloads\"";
        for (fields, origin, source) in [
            (
                fetched("https://files.example/x.zip", "") + other,
                Origin::Other,
                "https://files.example/ https://packages.example/downloads",
            ),
            (
                fetched("https://api.github.com/repos/a/b/zipball/abc", "") + other,
                Origin::Other,
                "https://packages.example/downloads",
            ),
            (fetched("", "https://git.example/b.git"), Origin::Git, "https://git.example/b.git#abc"),
            (
                fetched("https://git.example/b.zip", "https://git.example/b.git"),
                Origin::Git,
                "https://git.example/b.git#abc",
            ),
            (
                fetched("https://evil.host/b.zip", "https://github.com/a/b.git"),
                Origin::Other,
                "https://evil.host/",
            ),
            (
                fetched("https://gitlab.com/x.zip?sha=abc", ""),
                Origin::Other,
                "https://gitlab.com/x.zip?sha=abc",
            ),
        ] {
            let package = package(&fields);
            assert_eq!((package.origin, package.source.as_str()), (origin, source), "{fields}");
        }
    }

    #[test]
    fn folders_are_the_projects_own_only_within_it() {
        let origin = |kind: &str, url: &str| {
            package(&format!(", \"dist\": {{\"type\": \"{kind}\", \"url\": \"{url}\"}}{NOTIFIED}")).origin
        };
        assert_eq!(origin("path", "./packages/b"), Origin::Project);
        assert_eq!(origin("path", "packages/b"), Origin::Project);
        for (kind, url) in
            [("path", "../b"), ("path", "./../../b"), ("Path", "a/../../b"), ("path", "/srv/b")]
        {
            assert_eq!(origin(kind, url), Origin::Path, "{url}");
        }
    }
}
