//! Who brings in whom: the graph of a lockfile, and the shortest way to each package.

use std::collections::VecDeque;

use super::package::Package;
use devops_core::Location;

/// Longest path that is kept whole; a longer one loses its middle, so that a hostile chain stays cheap.
const LONGEST: usize = 64;

/// The packages of a lockfile and what each depends on.
#[derive(Debug, Default)]
pub struct Graph {
    /// Every package.
    pub packages: Vec<Package>,
    /// For each package, those it depends on; shorter than `packages` where the last ones depend on nothing.
    pub edges: Vec<Vec<Edge>>,
    /// Packages of the project itself, from which paths start.
    pub roots: Vec<usize>,
    /// What the project itself asks for, beside what its own packages depend on.
    pub asked: Vec<Asked>,
    /// Where the file itself says that it does not list everything: the line, and what it says.
    pub gap: Option<(u64, String)>,
}

/// A package depends on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The index of the package that is depended on.
    pub to: usize,
    /// Which versions of it are admitted, where the file says so: `^1.2.0`.
    pub requirement: Option<Box<str>>,
}

impl From<usize> for Edge {
    fn from(to: usize) -> Self {
        Self { to, requirement: None }
    }
}

/// A package that the project itself asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its index.
    pub package: usize,
    /// The line of the manifest that asks for it, where there is one beside the lockfile.
    pub location: Option<Location>,
    /// Which versions of it are admitted, where that is known.
    pub requirement: Option<Box<str>>,
}

/// The shortest way to every package of a graph.
#[derive(Debug)]
pub struct Paths<'a> {
    graph: &'a Graph,
    steps: Vec<Step>,
    places: Vec<Place>,
}

/// Where a package is on the way to it.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// How many packages the way has, itself included.
    length: usize,
    /// The last package of the way's start, which is kept of a long one.
    start: usize,
}

impl Place {
    /// The place of a package that is reached through another.
    fn behind(self, index: usize) -> Self {
        let length = self.length + 1;
        Self { length, start: if length <= LONGEST / 2 { index } else { self.start } }
    }
}

/// How a package is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Not at all.
    Unreached,
    /// It is the project's own.
    Root,
    /// The project itself asks for it.
    Direct,
    /// Through another package.
    Through(usize),
}

impl Graph {
    /// Whether the file lists packages without saying which of them needs which, as `go.mod` does.
    pub fn is_list(&self) -> bool {
        self.edges.iter().all(Vec::is_empty)
    }

    /// Walks the graph once, breadth first, so that each package is met on a shortest way.
    pub fn paths(&self) -> Paths<'_> {
        let mut steps = vec![Step::Unreached; self.packages.len()];
        let mut places = vec![Place::default(); self.packages.len()];
        let mut queue = VecDeque::new();
        for &root in &self.roots {
            if let Some(step) = steps.get_mut(root) {
                *step = Step::Root;
                queue.push_back(root);
            }
        }
        for asked in &self.asked {
            if let Some(step @ Step::Unreached) = steps.get_mut(asked.package) {
                *step = Step::Direct;
                if let Some(place) = places.get_mut(asked.package) {
                    *place = Place::default().behind(asked.package);
                }
                queue.push_back(asked.package);
            }
        }
        while let Some(from) = queue.pop_front() {
            let is_root = steps.get(from) == Some(&Step::Root);
            let above = places.get(from).copied().unwrap_or_default();
            for &Edge { to, .. } in self.edges.get(from).into_iter().flatten() {
                if let Some(step @ Step::Unreached) = steps.get_mut(to) {
                    *step = if is_root { Step::Direct } else { Step::Through(from) };
                    if let Some(place) = places.get_mut(to) {
                        *place = above.behind(to);
                    }
                    queue.push_back(to);
                }
            }
        }
        Paths { graph: self, steps, places }
    }
}

impl Paths<'_> {
    /// Whether the project itself asks for this package.
    pub fn is_direct(&self, index: usize) -> bool {
        matches!(self.steps.get(index), Some(Step::Direct))
    }

    /// The shortest way from a direct dependency to this package, both included, each as `name version`.
    pub fn to(&self, index: usize) -> Vec<String> {
        let place = self.places.get(index).copied().unwrap_or_default();
        let left_out = place.length.saturating_sub(LONGEST);
        let label = |index: usize| self.graph.packages.get(index).map(Package::label);
        // From the package back, so that no more steps are taken than are shown.
        let mut path: Vec<String> = Vec::with_capacity(place.length.min(LONGEST + 1));
        if left_out > 0 {
            path.extend(self.back(index).take(LONGEST / 2).filter_map(label));
            path.push(format!("… {left_out} more …"));
            path.extend(self.back(place.start).filter_map(label));
        } else {
            path.extend(self.back(index).filter_map(label));
        }
        path.reverse();
        path
    }

    /// A package and those on the way to it, back to the direct dependency.
    fn back(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(index), |at| match self.steps.get(*at) {
            Some(Step::Through(from)) => Some(*from),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Edge, Graph};
    use crate::{Origin, Package};
    use devops_core::Ecosystem;

    fn graph(edges: Vec<Vec<usize>>) -> Graph {
        let mut packages: Vec<Package> = (0..edges.len())
            .map(|index| Package::new(Ecosystem::CRATES_IO, format!("p{index}"), "1.0.0", 1))
            .collect();
        packages[0].origin = Origin::Project;
        let edges = edges.into_iter().map(|edges| edges.into_iter().map(Edge::from).collect()).collect();
        Graph { packages, edges, roots: vec![0], ..Graph::default() }
    }

    #[test]
    fn the_shortest_way_wins_and_circles_end() {
        let graph = graph(vec![vec![1, 4], vec![2], vec![3], vec![1], vec![3]]);
        let paths = graph.paths();
        assert_eq!(paths.to(3), ["p4 1.0.0", "p3 1.0.0"]);
        assert_eq!(paths.to(2), ["p1 1.0.0", "p2 1.0.0"]);
        assert!(paths.is_direct(1) && !paths.is_direct(2) && !paths.is_direct(0));
    }

    #[test]
    fn what_nobody_asks_for_stands_alone() {
        let graph = graph(vec![vec![], vec![]]);
        assert_eq!(graph.paths().to(1), ["p1 1.0.0"]);
        assert!(!graph.paths().is_direct(1));
    }

    #[test]
    fn what_the_project_asks_for_is_direct_without_a_package_of_its_own() {
        let mut graph = graph(vec![vec![], vec![2], vec![]]);
        graph.roots.clear();
        graph.asked.push(Asked { package: 1, location: None, requirement: None });
        assert!(graph.paths().is_direct(1) && !graph.paths().is_direct(2));
        assert_eq!(graph.paths().to(2), ["p1 1.0.0", "p2 1.0.0"]);
    }

    #[test]
    fn a_long_chain_loses_its_middle() {
        let graph = graph((1..1_001).map(|next| if next < 1_000 { vec![next] } else { vec![] }).collect());
        let path = graph.paths().to(999);
        assert_eq!(path.len(), 65);
        assert_eq!(path.first().unwrap(), "p1 1.0.0");
        assert_eq!(path[32], "… 935 more …");
        assert_eq!(path.last().unwrap(), "p999 1.0.0");
    }

    #[test]
    fn steps_are_taken_only_as_far_as_they_are_shown() {
        let graph = graph((1..1_001).map(|next| if next < 1_000 { vec![next] } else { vec![] }).collect());
        let paths = graph.paths();
        for (index, length) in [(1, 1), (63, 63), (64, 64), (65, 65), (66, 65), (500, 65)] {
            let path = paths.to(index);
            assert_eq!(path.len(), length, "{index}");
            let shown = |at: usize| path[at].clone();
            for at in 0..length.min(32) {
                assert_eq!(shown(at), format!("p{} 1.0.0", at + 1), "{index}");
                assert_eq!(shown(length - 1 - at), format!("p{} 1.0.0", index - at), "{index}");
            }
            if index > 64 {
                assert_eq!(shown(32), format!("… {} more …", index - 64));
            }
        }
    }
}
