//! A graph on its way: packages once each, and what each is needed for, found from the project outwards.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use super::graph::{Asked, Edge, Graph};
use super::package::{Origin, Package, Scope};
use devops_core::{Ecosystem, Location};

/// What tells packages of a lockfile apart.
type Key<'a> = (Ecosystem, &'a str, &'a str, Origin, &'a str);

/// A graph that is being read.
#[derive(Debug, Default)]
pub struct Draft {
    packages: Vec<Package>,
    /// Packages by the hash of their key; one whose hash another package has is under the next that is free.
    known: HashMap<u64, usize, RandomState>,
    links: Vec<Vec<(Edge, Scope)>>,
    roots: Vec<usize>,
    asked: Vec<(Asked, Scope)>,
}

impl Draft {
    /// Adds a package, or what it says more about one that is listed already.
    pub fn add(&mut self, package: Package) -> usize {
        let mut hash = self.known.hasher().hash_one(key(&package));
        while let Some(index) = self.known.get(&hash) {
            if let Some(known) = self.packages.get_mut(*index).filter(|known| key(known) == key(&package)) {
                known.also(package);
                return *index;
            }
            hash = hash.wrapping_add(1);
        }
        let index = self.packages.len();
        self.known.insert(hash, index);
        self.packages.push(package);
        self.links.push(Vec::new());
        index
    }

    /// The packages so far.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// A package, to say more about it, but nothing that would tell it apart from others.
    pub fn package(&mut self, index: usize) -> Option<&mut Package> {
        self.packages.get_mut(index)
    }

    /// A package is the project's own.
    pub fn root(&mut self, index: usize) {
        if !self.roots.contains(&index) {
            self.roots.push(index);
        }
    }

    /// A package depends on another, which is needed for no more than `scope`.
    pub fn link(&mut self, from: usize, to: usize, requirement: Option<&str>, scope: Scope) {
        if let Some(links) = self.links.get_mut(from) {
            links.push((Edge { to, requirement: requirement.map(Into::into) }, scope));
        }
    }

    /// The project itself asks for a package.
    pub fn ask(
        &mut self,
        package: usize,
        location: Option<Location>,
        requirement: Option<&str>,
        scope: Scope,
    ) {
        self.asked.push((Asked { package, location, requirement: requirement.map(Into::into) }, scope));
    }

    /// The graph. A package that is reached from the project has the scope of the way that needs it most; others keep what the
    /// file says of them.
    pub fn finish(mut self) -> Graph {
        let scopes = self.scopes();
        for (package, scope) in self.packages.iter_mut().zip(scopes) {
            package.scope = scope.unwrap_or(package.scope);
        }
        let edges = self.links.into_iter().map(|links| {
            let mut edges: Vec<Edge> = links.into_iter().map(|(edge, _)| edge).collect();
            edges.sort_by(|left, right| (left.to, &left.requirement).cmp(&(right.to, &right.requirement)));
            edges.dedup();
            edges
        });
        Graph {
            edges: edges.collect(),
            packages: self.packages,
            roots: self.roots,
            asked: self.asked.into_iter().map(|(asked, _)| asked).collect(),
            gap: None,
        }
    }

    /// The scope of each package that is reached.
    fn scopes(&self) -> Vec<Option<Scope>> {
        let mut scopes: Vec<Option<Scope>> = vec![None; self.packages.len()];
        // What is needed most first, so that each package is settled once.
        let mut waiting: BTreeMap<Scope, Vec<usize>> = BTreeMap::new();
        waiting.entry(Scope::Runtime).or_default().extend(&self.roots);
        for (asked, scope) in &self.asked {
            waiting.entry(*scope).or_default().push(asked.package);
        }
        while let Some((level, mut queue)) = waiting.pop_first() {
            while let Some(index) = queue.pop() {
                let Some(scope @ None) = scopes.get_mut(index) else { continue };
                *scope = Some(level);
                for (edge, scope) in self.links.get(index).into_iter().flatten() {
                    if *scope <= level {
                        queue.push(edge.to);
                    } else {
                        waiting.entry(*scope).or_default().push(edge.to);
                    }
                }
            }
        }
        scopes
    }
}

/// What tells a package apart.
fn key(package: &Package) -> Key<'_> {
    let version = if package.is_exact() { &package.version } else { &package.requirement };
    (package.ecosystem, &package.name, version, package.origin, &package.source)
}

impl Package {
    /// Adds what the same package says elsewhere in the file.
    fn also(&mut self, other: Self) {
        for checksum in other.integrity {
            if !self.integrity.contains(&checksum) {
                self.integrity.push(checksum);
            }
        }
        self.scope = self.scope.min(other.scope);
        self.has_install_script |= other.has_install_script;
        self.license = self.license.take().or(other.license);
        self.published = self.published.or(other.published);
        self.is_guessed &= other.is_guessed;
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use crate::{Package, Scope};
    use devops_core::Ecosystem;

    #[test]
    fn the_way_that_needs_a_package_most_decides() {
        let mut draft = Draft::default();
        let [app, test, shared, extra, deep, alone] = ["app", "test", "shared", "extra", "deep", "alone"]
            .map(|name| draft.add(Package::new(Ecosystem::NPM, name, "1", 1)));
        draft.root(app);
        draft.link(app, test, None, Scope::Dev);
        draft.link(test, shared, None, Scope::Runtime);
        draft.link(app, extra, None, Scope::Optional);
        draft.link(extra, shared, None, Scope::Runtime);
        draft.link(test, deep, None, Scope::Optional);
        draft.link(deep, test, None, Scope::Runtime);
        let _ = alone;
        let scopes: Vec<Scope> = draft.finish().packages.iter().map(|package| package.scope).collect();
        assert_eq!(
            scopes,
            [Scope::Runtime, Scope::Dev, Scope::Optional, Scope::Optional, Scope::Dev, Scope::Runtime]
        );
    }

    #[test]
    fn a_package_that_is_listed_twice_is_one() {
        let mut draft = Draft::default();
        let first = Package { integrity: vec!["a".into()], ..Package::new(Ecosystem::NPM, "x", "1", 3) };
        let again = Package {
            integrity: vec!["b".into()],
            has_install_script: true,
            ..Package::new(Ecosystem::NPM, "x", "1", 9)
        };
        assert_eq!(draft.add(first), draft.add(again));
        assert_eq!(draft.add(Package::new(Ecosystem::NPM, "x", "2", 10)), 1);
        let graph = draft.finish();
        assert_eq!((graph.packages[0].line, graph.packages[0].integrity.len()), (3, 2));
        assert!(graph.packages[0].has_install_script);
    }
}
