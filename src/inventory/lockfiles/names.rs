//! The exact names of lockfiles, and the ecosystem each belongs to.

/// What a file is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `Cargo.lock`, which is read.
    Cargo,
    /// A lockfile of this ecosystem, which is not read yet.
    NotRead(&'static str),
}

/// Whole names, and those a name may end with (`*`), of formats that are not read yet.
const NOT_READ: &[(&str, &str)] = &[
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("yarn.lock", "npm"),
    ("pnpm-lock.yaml", "npm"),
    ("bun.lock", "npm"),
    ("bun.lockb", "npm"),
    ("deno.lock", "Deno"),
    ("requirements.txt", "PyPI"),
    ("*requirements.txt", "PyPI"),
    ("Pipfile.lock", "PyPI"),
    ("poetry.lock", "PyPI"),
    ("pdm.lock", "PyPI"),
    ("uv.lock", "PyPI"),
    ("pylock.toml", "PyPI"),
    ("*.py.lock", "PyPI"),
    ("go.mod", "Go"),
    ("pom.xml", "Maven"),
    ("*gradle.lockfile", "Maven"),
    ("verification-metadata.xml", "Maven"),
    ("*.sbt.lock", "Maven"),
    ("packages.lock.json", "NuGet"),
    ("packages.config", "NuGet"),
    ("*.deps.json", "NuGet"),
    ("paket.lock", "NuGet"),
    ("project.assets.json", "NuGet"),
    ("composer.lock", "Packagist"),
    ("Gemfile.lock", "RubyGems"),
    ("Gemfile.next.lock", "RubyGems"),
    ("gems.locked", "RubyGems"),
    ("pubspec.lock", "Pub"),
    ("mix.lock", "Hex"),
    ("rebar.lock", "Hex"),
    ("conan.lock", "ConanCenter"),
    ("vcpkg.json", "vcpkg"),
    ("Package.resolved", "SwiftURL"),
    ("Podfile.lock", "CocoaPods"),
    ("stack.yaml.lock", "Hackage"),
    ("cabal.project.freeze", "Hackage"),
    ("renv.lock", "CRAN"),
    ("Manifest.toml", "Julia"),
    (".terraform.lock.hcl", "Terraform"),
];

impl Format {
    /// The format that a file's name stands for, if it is a lockfile's.
    pub fn of(name: &str) -> Option<Self> {
        if name == "Cargo.lock" {
            return Some(Self::Cargo);
        }
        let known = NOT_READ.iter().find(|(pattern, _)| match pattern.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == *pattern,
        });
        // `requirements-dev.txt` and its like have no common ending.
        let is_requirements = || {
            let has_ending = std::path::Path::new(name).extension().is_some_and(|ending| ending == "txt");
            has_ending && name.starts_with("requirements")
        };
        known
            .map(|(_, ecosystem)| Self::NotRead(ecosystem))
            .or_else(|| is_requirements().then_some(Self::NotRead("PyPI")))
    }

    /// The same for a file that was named on purpose, where `Cargo.lock` may carry an addition: `Cargo.lock.msrv`.
    pub fn of_named(name: &str) -> Option<Self> {
        let is_cargo = name.starts_with("Cargo") && name.contains(".lock");
        if is_cargo { Some(Self::Cargo) } else { Self::of(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn names_are_exact() {
        assert_eq!(Format::of("Cargo.lock"), Some(Format::Cargo));
        assert_eq!(Format::of("Cargo.lock.orig"), None);
        assert_eq!(Format::of_named("Cargo.lock.msrv"), Some(Format::Cargo));
        assert_eq!(Format::of("package-lock.json"), Some(Format::NotRead("npm")));
        assert_eq!(Format::of("my-package-lock.json"), None);
        assert_eq!(Format::of("requirements-dev.txt"), Some(Format::NotRead("PyPI")));
        assert_eq!(Format::of("dev-requirements.txt"), Some(Format::NotRead("PyPI")));
        assert_eq!(Format::of("requirements.md"), None);
        assert_eq!(Format::of("buildscript-gradle.lockfile"), Some(Format::NotRead("Maven")));
        assert_eq!(Format::of("Cargo.toml"), None);
    }
}
