//! What a file lists, as bills of materials need it.

use devops_core::{BilledFile, Component, Location};

use super::graph::Graph;
use super::package::{Origin, Package};
use super::purl::purl;

/// A file and what it lists.
pub fn bill(path: &str, graph: &Graph) -> BilledFile {
    let paths = graph.paths();
    let component = |(index, package): (usize, &Package)| Component {
        ecosystem: package.ecosystem,
        name: package.name.clone(),
        version: package.version.clone(),
        purl: purl(package.ecosystem, &package.name, &package.version),
        location: Location::line(package.file.as_deref().unwrap_or(path), package.line),
        scope: package.scope.word(),
        origin: package.origin.word(),
        is_direct: package.origin != Origin::Project && paths.is_direct(index),
        license: package.license.clone(),
        integrity: package.integrity.clone(),
        source: package.source.clone(),
    };
    BilledFile {
        path: path.to_owned(),
        package_manager: package_manager(path).to_owned(),
        components: graph.packages.iter().enumerate().map(component).collect(),
        dependencies: graph.edges.iter().map(|edges| edges.iter().map(|edge| edge.to).collect()).collect(),
    }
}

/// Programs by the whole names of their lockfiles.
const BY_NAME: [(&str, &str); 27] = [
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("yarn.lock", "yarn"),
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("deno.lock", "deno"),
    ("Pipfile.lock", "pipenv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("uv.lock", "uv"),
    ("go.mod", "go"),
    ("Cargo.lock", "cargo"),
    ("pom.xml", "maven"),
    ("composer.lock", "composer"),
    ("packages.lock.json", "nuget"),
    ("packages.config", "nuget"),
    ("Gemfile.lock", "bundler"),
    ("gems.locked", "bundler"),
    ("pubspec.lock", "pub"),
    ("mix.lock", "mix"),
    ("conan.lock", "conan"),
    ("renv.lock", "renv"),
    ("stack.yaml.lock", "stack"),
    ("cabal.project.freeze", "cabal"),
    ("Podfile.lock", "cocoapods"),
    ("Package.resolved", "swift"),
    ("Manifest.toml", "julia"),
];

/// Programs by how the names of their lockfiles end.
const BY_END: [(&str, &str); 4] =
    [(".txt", "pip"), (".toml", "pip"), (".py.lock", "uv"), ("gradle.lockfile", "gradle")];

/// The program that writes a lockfile of this name, as GitLab and GitHub name it.
pub fn package_manager(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let exact = BY_NAME.iter().find(|(known, _)| *known == name);
    let known = exact.or_else(|| BY_END.iter().find(|(end, _)| name.ends_with(end)));
    known.map_or("", |(_, manager)| manager)
}

#[cfg(test)]
mod tests {
    use super::bill;
    use crate::{Edge, Graph, Origin, Package, Scope};
    use devops_core::Ecosystem;

    #[test]
    fn a_bill_has_every_package_with_what_leads_to_it() {
        let mut root = Package::new(Ecosystem::PYPI, "shop", "1.0.0", 1);
        root.origin = Origin::Project;
        let mut other = Package::new(Ecosystem::PYPI, "b", "2.0.0", 9);
        other.scope = Scope::Dev;
        other.file = Some("dev.txt".to_owned());
        let graph = Graph {
            packages: vec![root, Package::new(Ecosystem::PYPI, "a", "1.5", 3), other],
            edges: vec![vec![Edge::from(1)], vec![Edge::from(2)]],
            roots: vec![0],
            ..Graph::default()
        };
        let file = bill("requirements.txt", &graph);
        assert_eq!((file.path.as_str(), file.package_manager.as_str()), ("requirements.txt", "pip"));
        let seen: Vec<(&str, &str, bool, String)> = file
            .components
            .iter()
            .map(|one| (one.purl.as_str(), one.scope, one.is_direct, one.location.to_string()))
            .collect();
        let expected = [
            ("pkg:pypi/shop@1.0.0", "runtime", false, "requirements.txt:1".to_owned()),
            ("pkg:pypi/a@1.5", "runtime", true, "requirements.txt:3".to_owned()),
            ("pkg:pypi/b@2.0.0", "dev", false, "dev.txt:9".to_owned()),
        ];
        assert_eq!(seen, expected);
        assert_eq!(file.dependencies, [vec![1], vec![2]]);
    }
}
