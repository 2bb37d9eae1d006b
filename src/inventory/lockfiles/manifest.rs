//! The manifest beside a lockfile, for the line that asks for a package.

use super::{Source, node, python};
use crate::{Origin, Package};
use devops_core::{Ecosystem, Error, Location};

/// A manifest's text.
pub(super) struct Manifest {
    path: String,
    /// The text; empty where there is no such file, or none that is UTF-8.
    pub(super) text: String,
}

impl Manifest {
    /// The manifest of this name in the lockfile's folder.
    pub(super) fn beside(source: &Source<'_>, name: &str) -> Result<Self, Error> {
        let folder = source.path.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
        let bytes = (source.neighbour)(name)?.unwrap_or_default();
        let text = crate::document::text(&bytes).map(str::to_owned).unwrap_or_default();
        Ok(Self { path: folder.unwrap_or_default() + name, text })
    }

    /// A line of it.
    pub(super) fn at(&self, line: u64) -> Location {
        Location::line(&self.path, line)
    }

    /// The first line that is meant.
    pub(super) fn find(&self, is_meant: impl Fn(&str) -> bool) -> Option<Location> {
        (1..).zip(self.text.lines()).find(|(_, line)| is_meant(line)).map(|(number, _)| self.at(number))
    }

    /// The first line with a quoted text that is this name, or starts with this name and the given character.
    pub(super) fn quoting(&self, name: &str, behind: &[char]) -> Option<Location> {
        self.find(|line| {
            ['"', '\''].into_iter().any(|quote| {
                line.match_indices(quote).any(|(at, _)| {
                    let rest = line.get(at + 1..).and_then(|rest| rest.strip_prefix(name));
                    rest.is_some_and(|rest| rest.starts_with(|next| next == quote || behind.contains(&next)))
                })
            })
        })
    }
}

/// A registry beside the public one, which may give any package: listed by its host, so that it is reported once.
pub(super) fn registry(ecosystem: Ecosystem, address: &str, line: u64) -> Package {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    Package {
        origin: Origin::Other,
        source: format!("{scheme}://{host}/{}", path.trim_end_matches('/')),
        ..Package::new(ecosystem, host, "", line)
    }
}

/// What may give any package: a registry that is not the public one, or a folder outside of the project; none where it is neither.
pub(super) fn source_of(ecosystem: Ecosystem, place: &str, line: u64) -> Option<Package> {
    let place = place.trim();
    if place.is_empty() {
        return None;
    }
    if place.contains("://") && !place.starts_with("file:") {
        return (!is_public(ecosystem, place)).then(|| registry(ecosystem, place, line));
    }
    let path = place.strip_prefix("file:").map_or(place, |path| path.trim_start_matches("//"));
    let origin = python::folder(path);
    (origin != Origin::Project).then(|| Package {
        origin,
        source: place.to_owned(),
        ..Package::new(ecosystem, place, "", line)
    })
}

/// Whether an address is that of the public registry of an ecosystem.
fn is_public(ecosystem: Ecosystem, address: &str) -> bool {
    let kinds = ["sparse+", "registry+"];
    let address = kinds.into_iter().find_map(|kind| address.strip_prefix(kind)).unwrap_or(address);
    let hosts: &[&str] = match ecosystem {
        Ecosystem::NPM => return node::is_public(address),
        Ecosystem::PYPI => return python::is_public(address),
        Ecosystem::MAVEN => return super::maven::is_public(address),
        Ecosystem::CRATES_IO => {
            let index = "https://github.com/rust-lang/crates.io-index";
            let place = address.trim_end_matches('/');
            return place.strip_suffix(".git").unwrap_or(place) == index
                || node::host(address).is_some_and(|host| host == "index.crates.io");
        }
        Ecosystem::NUGET => &["api.nuget.org", "www.nuget.org", "nuget.org"],
        Ecosystem::RUBYGEMS => &["rubygems.org", "www.rubygems.org", "index.rubygems.org"],
        _ => &[],
    };
    node::host(address).is_some_and(|host| hosts.iter().any(|public| host.eq_ignore_ascii_case(public)))
}
