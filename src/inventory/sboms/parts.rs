//! What the components of all bills of materials have.

use std::collections::HashMap;

use crate::document::Damage;
use crate::draft::Draft;
use crate::purl::{ECOSYSTEMS, parse};
use crate::{Origin, Package, Scope};
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
}

/// A bill of materials on its way to a graph.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) draft: Draft,
    by_id: HashMap<String, Vec<usize>>,
    scopes: HashMap<usize, Scope>,
}

impl Parts {
    /// Adds a component: a package for each of its purls, or one of no known ecosystem.
    pub(super) fn add(&mut self, part: Part) -> Result<(), Damage> {
        let mut packages: Vec<Package> = Vec::new();
        for purl in &part.purls {
            packages.push(package(purl, &part)?);
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
            package.scope = part.scope;
            package.integrity.clone_from(&part.integrity);
            package.license.clone_from(&part.license);
            let index = self.draft.add(package);
            self.scopes.insert(index, part.scope);
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
    } else if let Some(address) = purl.qualifier("repository_url").or_else(|| purl.qualifier("download_url"))
    {
        (package.origin, package.source) = (Origin::Other, address.to_owned());
    }
    Ok(package)
}

/// The purl for a name of an ecosystem, which is given by the name that OSV uses.
pub(super) fn purl_of(ecosystem: &str, name: &str, version: &str) -> Option<String> {
    let known = ECOSYSTEMS.into_iter().find(|known| known.name().eq_ignore_ascii_case(ecosystem))?;
    Some(crate::purl(known, name, version))
}
