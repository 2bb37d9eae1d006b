//! A graph as the bill of what a file lists.

use super::graph::Graph;
use super::purl::purl;
use devops_core::Location;
use devops_core::bill::{BilledFile, Component};

/// What a file lists, as bills of materials and other lists for programs need it.
pub fn billed(path: &str, graph: &Graph) -> BilledFile {
    let paths = graph.paths();
    let components = graph.packages.iter().enumerate().map(|(index, package)| Component {
        ecosystem: package.ecosystem,
        name: package.name.clone(),
        version: package.version.clone(),
        purl: purl(package.ecosystem, &package.name, &package.version),
        location: Location::line(package.file.as_deref().unwrap_or(path), package.line),
        scope: package.scope.word(),
        origin: package.origin.word(),
        is_direct: paths.is_direct(index),
        license: package.license.clone(),
        integrity: package.integrity.clone(),
        source: package.source.clone(),
    });
    BilledFile {
        path: path.to_owned(),
        package_manager: package_manager(path).to_owned(),
        components: components.collect(),
        dependencies: graph.edges.iter().map(|edges| edges.iter().map(|edge| edge.to).collect()).collect(),
    }
}

/// The program that writes a lockfile of this name, as GitLab and GitHub name it.
fn package_manager(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
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
    const BY_END: [(&str, &str); 4] =
        [(".txt", "pip"), (".toml", "pip"), (".py.lock", "uv"), ("gradle.lockfile", "gradle")];
    let exact = BY_NAME.iter().find(|(known, _)| *known == name);
    let known = exact.or_else(|| BY_END.iter().find(|(end, _)| name.ends_with(end)));
    known.map_or("", |(_, manager)| manager)
}

#[cfg(test)]
mod tests {
    use super::billed;
    use crate::{Edge, Graph, Origin, Package};
    use devops_core::Ecosystem;

    #[test]
    fn a_bill_says_what_the_graph_says() {
        let mut app = Package::new(Ecosystem::NPM, "app", "", 1);
        app.origin = Origin::Project;
        let mut other = Package::new(Ecosystem::NPM, "@s/a", "1.0.0", 4);
        other.file = Some("more.txt".into());
        let graph = Graph {
            packages: vec![app, other],
            edges: vec![vec![Edge::from(1)]],
            roots: vec![0],
            asked: vec![],
        };
        let bill = billed("web/package-lock.json", &graph);
        assert_eq!((bill.package_manager.as_str(), bill.dependencies), ("npm", vec![vec![1]]));
        let [own, other] = bill.components.as_slice() else { panic!("{:?}", bill.components) };
        assert_eq!((own.purl.as_str(), own.origin, own.is_direct), ("pkg:npm/app", "project", false));
        assert_eq!((other.purl.as_str(), other.is_direct), ("pkg:npm/%40s/a@1.0.0", true));
        assert_eq!(other.location.to_string(), "more.txt:4");
    }
}
