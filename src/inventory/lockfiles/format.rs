//! A format of lockfiles, and the exact names of those that are not read yet, with the ecosystem each belongs to.

use super::{FORMATS, configured, plausible};
use crate::Graph;
use devops_core::Error;

/// A format of lockfiles that is read.
#[derive(Debug)]
pub struct Format {
    /// The usual name of such a file.
    pub(crate) name: &'static str,
    /// Whether a file is one by its name; asked again with the whole path for formats whose names say too little.
    pub(crate) is: fn(&str) -> bool,
    /// The same for a file that was named on purpose.
    pub(crate) is_named: fn(&str) -> bool,
    /// Reads one.
    pub(crate) read: fn(&Source<'_>) -> Result<Graph, Error>,
}

/// Reads a file by its path from a lockfile's folder; none where there is no such file.
pub type Neighbour<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, Error> + 'a;

/// A lockfile that is to be read.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Its path, as reports write it.
    pub path: &'a str,
    /// What stands in it.
    pub bytes: &'a [u8],
    /// Reads a file by its path from the lockfile's folder, with `/`: the manifest beside it, or a file that it includes. None where
    /// there is no such file.
    pub neighbour: &'a Neighbour<'a>,
}

impl<'a> Source<'a> {
    /// A lockfile whose neighbours nobody looks at.
    pub fn alone(path: &'a str, bytes: &'a [u8]) -> Self {
        Self { path, bytes, neighbour: &|_| Ok(None) }
    }
}

impl Format {
    /// Reads a lockfile, with the registries that files beside it set.
    ///
    /// # Errors
    /// Where it is not one, is cut off, holds a merge conflict, contradicts itself, or lists what no registry can have.
    pub fn read(&self, source: &Source<'_>) -> Result<Graph, Error> {
        let mut graph = (self.read)(source)?;
        configured::add(&mut graph, source, self)?;
        for package in &graph.packages {
            plausible::check(package).map_err(|damage| {
                let path = package.file.as_deref().unwrap_or(source.path);
                damage.error(path, "restore the file, or have the tool that wrote it write it again")
            })?;
        }
        Ok(graph)
    }
}

/// What a file is by its name.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A lockfile that is read.
    Read(&'static Format),
    /// A lockfile of this ecosystem, which is not read yet.
    NotRead(&'static str),
}

/// Whole names, and those a name may end with (`*`), of formats that are not read yet. Manifests are in `manifests.rs`.
const NOT_READ: &[(&str, &str)] = &[
    ("bun.lockb", "npm"),
    ("*.sbt.lock", "Maven"),
    ("paket.lock", "NuGet"),
    ("rebar.lock", "Hex"),
    ("manifest.toml", "Hex"),
    ("vcpkg.json", "vcpkg"),
    ("conaninfo.txt", "ConanCenter"),
    ("environment.yml", "Conda"),
    ("environment.yaml", "Conda"),
    ("conda-lock.yml", "Conda"),
    ("pixi.lock", "Conda"),
    ("installed.json", "Packagist"),
    ("Gemfile.next.lock", "RubyGems"),
    ("cpanfile.snapshot", "CPAN"),
    ("luarocks.lock", "LuaRocks"),
    ("nimble.lock", "Nimble"),
    ("*.opam.locked", "opam"),
    ("packrat.lock", "CRAN"),
    (".terraform.lock.hcl", "Terraform"),
    (".nvmrc", "tools"),
    (".tool-versions", "tools"),
    ("mise.toml", "tools"),
];

impl Kind {
    /// The format, by the usual name of such files; the ecosystem of one that is not read yet.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Read(format) => format.name,
            Self::NotRead(ecosystem) => ecosystem,
        }
    }

    /// The format whose files have this name.
    pub(super) fn of_format(name: &str) -> Option<Self> {
        formats().find(|format| format.name == name || (format.is)(name)).map(Self::Read)
    }

    /// What a file is by its path with `/`, if it is a lockfile; most formats go by its name alone.
    pub fn of(path: &str) -> Option<Self> {
        let name = name(path);
        let read = formats().find(|format| (format.is)(name) || (format.is)(path));
        // Some tools write a file for each package, in a folder of their own.
        let is_conda = name.ends_with(".json") && path.contains("conda-meta/");
        let is_old_gradle = name.ends_with(".lockfile") && path.contains("gradle/dependency-locks/");
        let other = ecosystem(name)
            .or_else(|| is_conda.then_some("Conda"))
            .or_else(|| is_old_gradle.then_some("Maven"));
        read.map(Self::Read).or_else(|| other.map(Self::NotRead))
    }

    /// The same for a file that was named on purpose.
    pub fn of_named(path: &str) -> Option<Self> {
        let name = name(path);
        let read = formats().find(|format| (format.is_named)(name) || (format.is_named)(path));
        read.map(Self::Read).or_else(|| Self::of(path))
    }
}

/// Every format that is read, bills of materials included.
fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().chain(crate::sboms::FORMATS)
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The ecosystem of a lockfile that is not read yet.
fn ecosystem(name: &str) -> Option<&'static str> {
    let known = NOT_READ.iter().find(|(pattern, _)| match pattern.strip_prefix('*') {
        Some(end) => name.ends_with(end),
        None => name == *pattern,
    });
    known.map(|(_, ecosystem)| *ecosystem)
}

/// Names of files to give, the most common ones.
pub(super) const fn names() -> &'static str {
    "a lockfile such as `package-lock.json`, `requirements.txt`, `go.mod`, `pom.xml` or `Cargo.lock`"
}

/// What to do where nothing is found that is read.
pub fn help() -> String {
    format!("give {}, or a folder that contains one; docs/dep-scan.md lists all formats", names())
}

#[cfg(test)]
mod tests {
    use super::super::manifests::Manifest;
    use super::{Kind, ecosystem, formats};

    /// What a name stands for: a format that is read, or an ecosystem.
    fn told(kind: Option<Kind>) -> Option<&'static str> {
        kind.map(|kind| match kind {
            Kind::Read(format) => format.name,
            Kind::NotRead(ecosystem) => ecosystem,
        })
    }

    #[test]
    fn names_are_exact() {
        for (name, expected) in [
            ("Cargo.lock", Some("Cargo.lock")),
            ("Cargo.lock.orig", None),
            ("package-lock.json", Some("package-lock.json")),
            ("my-package-lock.json", None),
            ("requirements-dev.txt", Some("requirements.txt")),
            ("dev-requirements.txt", Some("requirements.txt")),
            ("requirements.md", None),
            ("buildscript-gradle.lockfile", Some("gradle.lockfile")),
            ("Cargo.toml", None),
        ] {
            assert_eq!(told(Kind::of(name)), expected, "{name}");
        }
        for (name, expected) in [
            ("bun.lockb", "npm"),
            ("app/project.sbt.lock", "Maven"),
            ("App.deps.json", "project.assets.json"),
            ("env/conda-meta/numpy-1.0-0.json", "Conda"),
            ("a/gradle/dependency-locks/compileClasspath.lockfile", "Maven"),
            (".terraform.lock.hcl", "Terraform"),
            ("lib.opam.locked", "opam"),
        ] {
            assert_eq!(told(Kind::of(name)), Some(expected), "{name}");
        }
        assert_eq!(told(Kind::of_format("yarn.lock")), Some("yarn.lock"));
        assert_eq!(told(Kind::of_format("npm-shrinkwrap.json")), Some("package-lock.json"));
        assert_eq!(told(Kind::of_format("C")), None);
        assert_eq!(told(Kind::of_named("Cargo.lock.msrv")), Some("Cargo.lock"));
    }

    #[test]
    fn no_known_name_is_met_without_a_word() {
        // Every name by which package managers and tools list what they use, or what they ask for.
        for name in [
            "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock deno.json",
            "requirements.txt requirements-dev.txt Pipfile.lock poetry.lock pdm.lock uv.lock pylock.toml",
            "pylock.dev.toml script.py.lock setup.py pyproject.toml environment.yml environment.yaml",
            "conda-meta/numpy-1.0-0.json go.mod go.work vendor/modules.txt Cargo.lock Cargo.toml pom.xml",
            "gradle.lockfile buildscript-gradle.lockfile gradle/verification-metadata.xml libs.versions.toml",
            "a.sbt.lock packages.lock.json packages.config a.deps.json paket.lock paket.dependencies",
            "Packages.props Directory.Packages.props a.csproj project.assets.json composer.lock installed.json",
            "Gemfile.lock gems.locked Gemfile.next.lock a.gemspec pubspec.lock mix.lock rebar.lock gleam.toml",
            "manifest.toml conan.lock conanfile.txt conaninfo.txt vcpkg.json Package.resolved Podfile.lock",
            "stack.yaml.lock stack.yaml cabal.project.freeze opam a.opam a.opam.locked renv.lock DESCRIPTION",
            "Manifest.toml cpanfile cpanfile.snapshot a.rockspec luarocks.lock a.nimble nimble.lock",
            ".github/workflows/ci.yml .github/workflows/actions.lock action.yml .tool-versions mise.toml .nvmrc",
            ".terraform.lock.hcl bom.json bom.xml a.cdx.json a.cdx.xml a.spdx.json a.spdx",
        ]
        .iter()
        .flat_map(|names| names.split(' '))
        {
            let last = super::name(name);
            assert!(Kind::of(name).is_some() || Manifest::of(last).is_some(), "{name}");
        }
    }

    #[test]
    fn the_page_names_every_format() {
        let page = include_str!("../../../docs/dep-scan.md");
        for format in formats() {
            assert!(page.contains(&format!("`{}`", format.name)), "{} is missing", format.name);
        }
    }

    #[test]
    fn what_is_read_is_not_listed_as_not_read() {
        for format in formats() {
            assert!((format.is)(format.name) && (format.is_named)(format.name), "{}", format.name);
            assert_eq!(ecosystem(format.name), None, "{} is in `NOT_READ`", format.name);
        }
    }
}
