//! `Package.resolved` of Swift, versions 1 to 3.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, Node, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Package.resolved",
    is: |name| name == "Package.resolved",
    is_named: |name| name.ends_with("Package.resolved"),
    read,
};

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "Package.swift")?;
    let help = "restore the lockfile, or regenerate it with `swift package resolve`";
    graph(source, &manifest).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    document.check_spelling(&["version", "pins", "object"])?;
    let version =
        document.get("version").ok_or_else(|| Damage::new(document.line, "`version` is missing"))?;
    let (holder, address) = match version.scalar("version")? {
        "1" => (document.get("object"), "repositoryURL"),
        "2" | "3" => (Some(&document), "location"),
        other => {
            return Err(Damage::new(version.line, format!("version {other} is not supported (1 to 3 are)")));
        }
    };
    let pins = holder.and_then(|holder| holder.get("pins"));
    let pins = pins.ok_or_else(|| Damage::new(document.line, "`pins` is missing"))?;
    let mut draft = Draft::default();
    let mut seen = HashSet::new();
    for pin in pins.list("pins")? {
        pin.check_spelling(&["identity", "package", "kind", "location", "repositoryURL", "state"])?;
        let kind = pin.text_of("kind")?.unwrap_or("remoteSourceControl");
        let state = pin.get("state").ok_or_else(|| Damage::new(pin.line, "`state` is missing"))?;
        state.check_spelling(&["version", "revision", "branch"])?;
        let line = pin.get(address).or_else(|| pin.get("identity")).map_or(pin.line, |node| node.line);
        let location = pin.text_of(address)?.unwrap_or_default();
        let (name, origin) = match kind {
            "registry" => (pin.must("identity")?.to_owned(), Origin::Other),
            "remoteSourceControl" => match repository(pin.must(address)?) {
                Some(name) => (name, Origin::Registry),
                None => (location.to_owned(), Origin::Git),
            },
            "localSourceControl" => (pin.must(address)?.to_owned(), Origin::Path),
            other => return Err(Damage::new(pin.line, format!("unknown kind `{other}`"))),
        };
        if !seen.insert(name.to_lowercase()) {
            return Err(Damage::new(line, format!("`{name}` is listed twice")));
        }
        let mut package = Package { origin, ..Package::new(Ecosystem::SWIFT, name, "", line) };
        let field = |key: &str| state.get(key).and_then(Node::as_text).filter(|text| !text.is_empty());
        match (field("version"), field("branch"), field("revision")) {
            (Some(version), ..) => version.clone_into(&mut package.version),
            // A branch or a commit has no version that an advisory could name.
            (None, Some(reference), _) | (None, None, Some(reference)) => {
                reference.clone_into(&mut package.requirement);
                package.origin = if origin == Origin::Registry { Origin::Git } else { origin };
            }
            _ => return Err(Damage::new(state.line, "`version` is missing")),
        }
        if package.origin != Origin::Registry {
            package.source = match field("revision") {
                Some(revision) => format!("{location}#{revision}"),
                None => location.to_owned(),
            };
        }
        package.integrity = field("revision").map(|revision| format!("git:{revision}")).into_iter().collect();
        let index = draft.add(package);
        if let Some(at) = manifest.quoting(location, &[]).filter(|_| !location.is_empty()) {
            draft.ask(index, Some(at), None, Scope::Runtime);
        }
    }
    Ok(draft.finish())
}

/// The address of a repository as advisories spell it: `github.com/apple/swift-nio`. None where it leads to no host at the usual port,
/// or leaves open where it leads.
fn repository(address: &str) -> Option<String> {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        // `git@github.com:apple/swift-nio` has a colon in front of the path.
        None => ("ssh".to_owned(), address.replacen(':', "/", usize::from(is_short(address)))),
    };
    let port = match scheme.as_str() {
        "https" => "443",
        "http" => "80",
        "ssh" | "git+ssh" | "ssh+git" => "22",
        "git" => "9418",
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let host = host.strip_suffix(&format!(":{port}")).unwrap_or(&host).trim_end_matches('.');
    let host = match host {
        "ssh.github.com" | "ssh.github.com:443" => "github.com",
        host => host.strip_prefix("www.").unwrap_or(host),
    };
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let path = segments.join("/");
    let bare = path.len().checked_sub(4).and_then(|at| path.split_at_checked(at));
    let path =
        bare.filter(|(_, end)| end.eq_ignore_ascii_case(".git")).map_or(path.as_str(), |(path, _)| path);
    let is_plain = |text: &str, also: &[char]| {
        !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || also.contains(&one))
    };
    let is_address =
        host.contains('.') && is_plain(host, &['.', '-']) && is_plain(path, &['.', '-', '_', '~', '+', '/']);
    is_address.then(|| format!("{host}/{path}"))
}

/// Whether an address is one of host and path with a colon between them.
fn is_short(address: &str) -> bool {
    address.split_once(':').is_some_and(|(host, path)| {
        !host.contains('/') && !path.starts_with(|first: char| first.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Source};
    use crate::Origin;

    fn row(location: &str) -> (String, Origin, String) {
        let text = format!(
            "{{\"version\": 2, \"pins\": [{{\"identity\": \"b\", \"kind\": \"remoteSourceControl\", \"location\": \"{location}\", \
             \"state\": {{\"revision\": \"abc\", \"version\": \"1.0.0\"}}}}]}}"
        );
        let graph = FORMAT.read(&Source::alone("Package.resolved", text.as_bytes())).unwrap();
        let package = graph.packages.into_iter().next().unwrap();
        (package.name, package.origin, package.source)
    }

    #[test]
    fn every_spelling_of_an_address_is_one_name() {
        for location in [
            "https://github.com/a/b",
            "https://github.com/a/b.git",
            "https://github.com/a/b.GIT",
            "https://github.com/a/b.git/",
            "HTTPS://GitHub.com/a/b",
            "https://www.github.com/a/b",
            "https://github.com./a/b",
            "https://github.com:443/a/b",
            "https://github.com//a/./b",
            "https://github.com/x/../a/b",
            "https://github.com/%61/b",
            "https://github.com/a/b?x",
            "https://github.com/a/b#x",
            "https://user:word@github.com/a/b",
            "ssh://git@github.com:22/a/b.git",
            "ssh://git@ssh.github.com:443/a/b.git",
            "git@github.com:a/b.git",
            "git@github.com:/a/b.git",
            "github.com/a/b",
        ] {
            assert_eq!(
                row(location),
                ("github.com/a/b".into(), Origin::Registry, String::new()),
                "{location}"
            );
        }
    }

    #[test]
    fn what_is_no_address_of_a_repository_is_git() {
        for location in [
            "https://github.com:8443/a/b",
            "file:///a/b",
            "https://github.com/a%00/b",
            "https://gîthub.com/a/b",
            "/a/b",
            "https://github.com",
        ] {
            let (name, origin, source) = row(location);
            assert_eq!((name.as_str(), origin), (location, Origin::Git));
            assert_eq!(source, format!("{location}#abc"));
        }
    }
}
