//! The manifest beside a lockfile, for the line that asks for a package.

use super::Source;
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
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    Package {
        origin: Origin::Other,
        source: format!("https://{host}/"),
        ..Package::new(ecosystem, host, "", line)
    }
}
