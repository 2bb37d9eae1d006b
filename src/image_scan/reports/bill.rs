//! The packages that a report lists, as a bill of materials has them.

use std::collections::BTreeMap;

use crate::problem::Target;
use devops_core::{BilledFile, Component, Ecosystem, Location};

/// The kinds of packages, as scanners name them, with the type that stands in their purls.
const KINDS: [Ecosystem; 52] = [
    Ecosystem::new("alma", "rpm"),
    Ecosystem::new("alpine", "apk"),
    Ecosystem::new("amazon", "rpm"),
    Ecosystem::new("azurelinux", "rpm"),
    Ecosystem::new("cbl-mariner", "rpm"),
    Ecosystem::new("centos", "rpm"),
    Ecosystem::new("chainguard", "apk"),
    Ecosystem::new("debian", "deb"),
    Ecosystem::new("fedora", "rpm"),
    Ecosystem::new("opensuse", "rpm"),
    Ecosystem::new("opensuse-leap", "rpm"),
    Ecosystem::new("opensuse-tumbleweed", "rpm"),
    Ecosystem::new("oracle", "rpm"),
    Ecosystem::new("photon", "rpm"),
    Ecosystem::new("redhat", "rpm"),
    Ecosystem::new("rocky", "rpm"),
    Ecosystem::new("sles", "rpm"),
    Ecosystem::new("ubuntu", "deb"),
    Ecosystem::new("wolfi", "apk"),
    Ecosystem::new("bun", "npm"),
    Ecosystem::new("bundler", "gem"),
    Ecosystem::new("cargo", "cargo"),
    Ecosystem::new("cocoapods", "cocoapods"),
    Ecosystem::new("composer", "composer"),
    Ecosystem::new("composer-vendor", "composer"),
    Ecosystem::new("conan", "conan"),
    Ecosystem::new("conda-environment", "conda"),
    Ecosystem::new("conda-pkg", "conda"),
    Ecosystem::new("dotnet-core", "nuget"),
    Ecosystem::new("gemspec", "gem"),
    Ecosystem::new("gobinary", "golang"),
    Ecosystem::new("gomod", "golang"),
    Ecosystem::new("gradle", "maven"),
    Ecosystem::new("hex", "hex"),
    Ecosystem::new("jar", "maven"),
    Ecosystem::new("julia", "julia"),
    Ecosystem::new("node-pkg", "npm"),
    Ecosystem::new("npm", "npm"),
    Ecosystem::new("nuget", "nuget"),
    Ecosystem::new("packages-props", "nuget"),
    Ecosystem::new("pip", "pypi"),
    Ecosystem::new("pipenv", "pypi"),
    Ecosystem::new("pnpm", "npm"),
    Ecosystem::new("poetry", "pypi"),
    Ecosystem::new("pom", "maven"),
    Ecosystem::new("pub", "pub"),
    Ecosystem::new("python-pkg", "pypi"),
    Ecosystem::new("rustbinary", "cargo"),
    Ecosystem::new("sbt", "maven"),
    Ecosystem::new("swift", "swift"),
    Ecosystem::new("uv", "pypi"),
    Ecosystem::new("yarn", "npm"),
];

/// A package that a report lists.
#[derive(Debug, Default)]
pub(super) struct Package {
    /// What the report names it by where others depend on it.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) purl: String,
    pub(super) license: Option<String>,
    pub(super) path: String,
    pub(super) line: Option<u64>,
    pub(super) is_dev: bool,
    pub(super) is_direct: bool,
    pub(super) depends_on: Vec<String>,
}

/// The packages of a target.
#[derive(Debug, Default)]
pub(super) struct Listed(Vec<Package>);

impl Listed {
    /// Takes a package.
    pub(super) fn add(&mut self, package: Package) {
        if !package.name.is_empty() {
            self.0.push(package);
        }
    }

    /// The file of a bill; none where the target lists no packages.
    pub(super) fn finish(self, target: &Target) -> Option<BilledFile> {
        let known = KINDS.into_iter().find(|kind| kind.name() == target.kind);
        let ecosystem = known.unwrap_or(Ecosystem::new("other", "generic"));
        let positions: BTreeMap<&str, usize> =
            self.0.iter().enumerate().map(|(position, package)| (package.id.as_str(), position)).collect();
        let dependencies = self.0.iter().map(|package| {
            package.depends_on.iter().filter_map(|id| positions.get(id.as_str())).copied().collect()
        });
        let dependencies: Vec<Vec<usize>> = dependencies.collect();
        let component = |package: &Package| Component {
            ecosystem,
            name: package.name.clone(),
            version: package.version.clone(),
            purl: package.purl.clone(),
            location: Location {
                line: package.line,
                ..Location::file(if package.path.is_empty() { &target.name } else { &package.path }.as_str())
            },
            scope: if package.is_dev { "dev" } else { "runtime" },
            origin: "registry",
            is_direct: package.is_direct,
            license: package.license.clone(),
            integrity: Vec::new(),
            source: String::new(),
        };
        (!self.0.is_empty()).then(|| BilledFile {
            path: target.name.clone(),
            package_manager: target.kind.clone(),
            components: self.0.iter().map(component).collect(),
            dependencies,
        })
    }
}
