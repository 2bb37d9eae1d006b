//! Which of the projects of a lockfile need a package: a workspace has several.

use std::collections::BTreeSet;

use devops_inventory::{Graph, Origin, Package};

/// The projects of a lockfile.
pub(super) struct Projects<'a> {
    pub(super) graph: &'a Graph,
}

impl<'a> Projects<'a> {
    /// Each package of this kind, with the projects that need it and that no other of these needs; where the lockfile does not say who
    /// needs what, every project.
    pub(super) fn that_need(
        &self,
        is_of: impl Fn(&Package) -> bool,
    ) -> impl Iterator<Item = (&'a Package, Vec<&'a Package>)> {
        let packages = self.graph.packages.iter().enumerate().filter(|(_, package)| is_of(package));
        let found: Vec<_> = packages.map(|(index, package)| (package, self.of(index))).collect();
        found.into_iter()
    }

    fn of(&self, index: usize) -> Vec<&'a Package> {
        let graph = self.graph;
        let is_project = |index: &usize| {
            graph.packages.get(*index).is_some_and(|package| package.origin == Origin::Project)
        };
        // From who is needed to who needs it.
        let mut needing: Vec<Vec<usize>> = vec![Vec::new(); graph.packages.len()];
        for (from, edges) in graph.edges.iter().enumerate() {
            for edge in edges {
                if let Some(all) = needing.get_mut(edge.to) {
                    all.push(from);
                }
            }
        }
        let mut reached = BTreeSet::from([index]);
        let mut waiting = vec![index];
        while let Some(next) = waiting.pop() {
            let all = needing.get(next).into_iter().flatten();
            waiting.extend(all.copied().filter(|from| reached.insert(*from)));
        }
        let mut projects: Vec<usize> = reached.iter().copied().filter(is_project).collect();
        if projects.is_empty() {
            projects.clone_from(&graph.roots);
        }
        if projects.is_empty() {
            projects = (0..graph.packages.len()).filter(is_project).collect();
        }
        let is_top = |project: &usize| {
            let mut users = needing.get(*project).into_iter().flatten();
            !users.any(|user| user != project && projects.contains(user))
        };
        let tops: Vec<usize> = projects.iter().copied().filter(is_top).collect();
        // In a circle each counts.
        let chosen = if tops.is_empty() { &projects } else { &tops };
        chosen.iter().filter_map(|index| graph.packages.get(*index)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Projects;
    use devops_core::Ecosystem;
    use devops_inventory::{Edge, Graph, Origin, Package};

    #[test]
    fn projects_need_what_they_lead_to() {
        // app → lib → deep; other → alone; both → shared.
        let names = ["app", "lib", "other", "deep", "alone", "shared", "nobody"];
        let package = |(index, name): (usize, &&str)| Package {
            origin: if index < 3 { Origin::Project } else { Origin::Registry },
            ..Package::new(Ecosystem::NPM, *name, "1", 1)
        };
        let edges = vec![vec![1, 5], vec![3], vec![4, 5]];
        let graph = Graph {
            packages: names.iter().enumerate().map(package).collect(),
            edges: edges.into_iter().map(|to| to.into_iter().map(Edge::from).collect()).collect(),
            ..Graph::default()
        };
        let needing = |name: &str| -> Vec<String> {
            let projects = Projects { graph: &graph };
            let found = projects.that_need(|package| package.name == name);
            found.flat_map(|(_, all)| all).map(|package| package.name.clone()).collect()
        };
        assert_eq!(needing("deep"), ["app"], "lib is a part of app");
        assert_eq!(needing("alone"), ["other"]);
        assert_eq!(needing("shared"), ["app", "other"]);
        assert_eq!(needing("nobody"), ["app", "other"], "nothing says who needs it");
    }
}
