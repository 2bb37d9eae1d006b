//! What the components of all bills of materials have.

use std::collections::HashMap;

use crate::document::Damage;
use crate::draft::Draft;
use crate::purl::{ECOSYSTEMS, parse};
use crate::{Graph, Origin, Package, Scope};
use devops_core::Ecosystem;

/// Packages of ecosystems that are not known.
const UNKNOWN: Ecosystem = Ecosystem::new("unknown", "generic");

/// The advice of errors about bills of materials.
pub(super) const RESTORE: &str = "restore the file, or generate it again";

/// A component as a file describes it.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The id that relations use.
    pub(super) id: Option<String>,
    pub(super) line: u64,
    /// The name, with its group or scope.
    pub(super) name: String,
    pub(super) version: String,
    pub(super) purls: Vec<String>,
    pub(super) scope: Scope,
    pub(super) integrity: Vec<String>,
    pub(super) license: Option<String>,
    /// Whether the file is about this component.
    pub(super) is_subject: bool,
    /// What bills of our own say beside the purl.
    pub(super) own: Own,
}

/// What bills of our own say of a component, because the formats have no fields for it.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) ecosystem: Option<String>,
    pub(super) scope: Option<Scope>,
    pub(super) origin: Option<Origin>,
    pub(super) source: Option<String>,
}

/// A bill of materials on its way to a graph.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) draft: Draft,
    by_id: HashMap<String, Vec<usize>>,
    scopes: HashMap<usize, Scope>,
    /// Scopes that the file states, whatever its relations say.
    stated: HashMap<usize, Scope>,
    /// Where the file says that it does not list everything.
    gap: Option<(u64, String)>,
}

impl Parts {
    /// Adds a component: a package for each of its purls, or one of no known ecosystem.
    pub(super) fn add(&mut self, part: Part) -> Result<(), Damage> {
        let mut packages: Vec<Package> = Vec::new();
        for purl in &part.purls {
            let package = as_written(package(purl, &part)?, purl, &part);
            // Where the component says another version than its purl, neither hides the other.
            let plain = |version: &str| version.trim_start_matches('v').to_ascii_lowercase();
            if !part.version.is_empty() && plain(&part.version) != plain(&package.version) {
                packages.push(Package { version: part.version.clone(), ..package.clone() });
            }
            packages.push(package);
        }
        if packages.is_empty() {
            // What the file is about needs no advisories of its own.
            let origin = if part.is_subject { Origin::Project } else { Origin::Other };
            let source = if part.is_subject { "" } else { "a component without a purl" };
            let package = Package::new(UNKNOWN, part.name.as_str(), part.version.as_str(), part.line);
            packages.push(Package { origin, source: source.to_owned(), ..package });
        }
        let mut indexes = Vec::new();
        for mut package in packages {
            package.scope = part.own.scope.unwrap_or(part.scope);
            package.integrity.clone_from(&part.integrity);
            package.license.clone_from(&part.license);
            let index = self.draft.add(package);
            self.scopes.insert(index, part.own.scope.unwrap_or(part.scope));
            if let Some(scope) = part.own.scope {
                let stated = self.stated.entry(index).or_insert(scope);
                *stated = (*stated).min(scope);
            }
            if part.is_subject {
                self.draft.root(index);
            }
            indexes.push(index);
        }
        let Some(id) = part.id else { return Ok(()) };
        self.skip(&id, part.line)?;
        self.by_id.insert(id, indexes);
        Ok(())
    }

    /// The graph.
    pub(super) fn finish(self) -> Graph {
        let mut graph = self.draft.finish();
        graph.gap = self.gap;
        for (index, scope) in self.stated {
            if let Some(package) = graph.packages.get_mut(index) {
                package.scope = scope;
            }
        }
        graph
    }

    /// The file says in this line that it does not list everything.
    pub(super) fn incomplete(&mut self, line: u64, what: impl Into<String>) {
        self.gap.get_or_insert_with(|| (line, what.into()));
    }

    /// Something that is no package has this id.
    pub(super) fn skip(&mut self, id: &str, line: u64) -> Result<(), Damage> {
        match self.by_id.insert(id.to_owned(), vec![]) {
            Some(_) => Err(Damage::new(line, format!("the id `{id}` occurs twice"))),
            None => Ok(()),
        }
    }

    /// Whether relations can name this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// A component needs another; `scope` says for what, where the relation knows.
    pub(super) fn link(&mut self, from: &str, to: &str, scope: Option<Scope>) {
        let (Some(from), Some(to)) = (self.by_id.get(from), self.by_id.get(to)) else { return };
        for from in from {
            for to in to.iter().filter(|to| *to != from) {
                let own = self.scopes.get(to).copied().unwrap_or_default();
                self.draft.link(*from, *to, None, scope.unwrap_or(own));
            }
        }
    }
}

/// The package of a purl.
fn package(text: &str, part: &Part) -> Result<Package, Damage> {
    let purl = parse(text).ok_or_else(|| Damage::new(part.line, format!("`{text}` is no purl")))?;
    let version = if purl.version.is_empty() { part.version.as_str() } else { purl.plain_version() };
    let Some(ecosystem) = purl.ecosystem() else {
        let source = format!("a component of type `{}`", purl.kind);
        let package = Package::new(UNKNOWN, purl.full_name(), version, part.line);
        return Ok(Package { origin: Origin::Other, source, ..package });
    };
    let mut package = Package::new(ecosystem, purl.full_name(), version, part.line);
    if let Some(address) = purl.qualifier("vcs_url") {
        (package.origin, package.source) = (Origin::Git, address.to_owned());
    } else if let Some(address) = ["repository_url", "download_url"]
        .iter()
        .filter_map(|key| purl.qualifier(key))
        .find(|address| !is_public(address))
    {
        (package.origin, package.source) = (Origin::Other, address.to_owned());
    }
    Ok(package)
}

/// Hosts of the public registries of all ecosystems.
const PUBLIC: [&str; 27] = [
    "repo.maven.apache.org",
    "repo1.maven.org",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "www.npmjs.com",
    "npmjs.com",
    "pypi.org",
    "pypi.python.org",
    "files.pythonhosted.org",
    "crates.io",
    "static.crates.io",
    "index.crates.io",
    "rubygems.org",
    "index.rubygems.org",
    "api.nuget.org",
    "www.nuget.org",
    "nuget.org",
    "packagist.org",
    "repo.packagist.org",
    "proxy.golang.org",
    "pub.dev",
    "pub.dartlang.org",
    "hex.pm",
    "repo.hex.pm",
    "center2.conan.io",
    "hackage.haskell.org",
    "cran.r-project.org",
];

/// Whether an address is on a host of a public registry.
fn is_public(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host).trim_end_matches('.');
    PUBLIC.contains(&host)
}

/// The package as a bill of our own writes it: with the spelling that its lockfile has, and with its origin. The purl decides what it
/// is, so that a name that does not belong to it changes nothing.
fn as_written(mut package: Package, purl: &str, part: &Part) -> Package {
    if part.own.ecosystem.as_deref() == Some(package.ecosystem.name())
        && crate::purl(package.ecosystem, &part.name, &part.version) == purl
    {
        part.name.clone_into(&mut package.name);
        part.version.clone_into(&mut package.version);
        package.origin = part.own.origin.unwrap_or(package.origin);
        if let Some(source) = &part.own.source {
            source.clone_into(&mut package.source);
        }
    }
    package
}

/// The purl for a name of an ecosystem, which is given by the name that OSV uses.
pub(super) fn purl_of(ecosystem: &str, name: &str, version: &str) -> Option<String> {
    let known = ECOSYSTEMS.into_iter().find(|known| known.name().eq_ignore_ascii_case(ecosystem))?;
    Some(crate::purl(known, name, version))
}
