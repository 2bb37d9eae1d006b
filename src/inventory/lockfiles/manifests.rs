//! Manifests of formats that are not read yet: they ask for packages, and a lockfile beside or above them says which ones those are.
//! One without such a lockfile is reported.

/// A manifest that is not read.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Its name, or what its name ends with (`*`).
    name: &'static str,
    /// The ecosystem whose packages it asks for.
    pub(super) ecosystem: &'static str,
    /// A text that one has which asks for packages.
    mentions: &'static str,
    /// The formats of lockfiles that list what it asks for.
    pub(super) locks: &'static [&'static str],
}

/// The lockfiles of Python's tools.
const PYTHON: &[&str] =
    &["poetry.lock", "pdm.lock", "uv.lock", "pylock.toml", "Pipfile.lock", "requirements.txt", "Conda"];
/// The lockfiles of .NET's tools.
const NUGET: &[&str] = &["packages.lock.json", "project.assets.json", "packages.config", "NuGet"];

/// Every manifest that is not read.
const MANIFESTS: &[Manifest] = &[
    manifest("Cargo.toml", "crates.io", "dependencies", &["Cargo.lock"]),
    manifest("deno.json", "npm", "\"imports\"", &["deno.lock"]),
    manifest("pyproject.toml", "PyPI", "dependencies", PYTHON),
    manifest("setup.py", "PyPI", "install_requires", PYTHON),
    manifest("libs.versions.toml", "Maven", "[libraries]", &["gradle.lockfile", "verification-metadata.xml"]),
    manifest("*.csproj", "NuGet", "PackageReference", NUGET),
    manifest("Directory.Packages.props", "NuGet", "PackageVersion", NUGET),
    manifest("Packages.props", "NuGet", "PackageReference", NUGET),
    manifest("paket.dependencies", "NuGet", "nuget", NUGET),
    manifest("*.gemspec", "RubyGems", "_dependency", &["Gemfile.lock", "RubyGems"]),
    manifest("gleam.toml", "Hex", "dependencies", &["Hex"]),
    manifest("conanfile.txt", "ConanCenter", "requires]", &["conan.lock", "ConanCenter"]),
    manifest("stack.yaml", "Hackage", "extra-deps", &["stack.yaml.lock", "cabal.project.freeze"]),
    manifest("*.opam", "opam", "depends", &["opam"]),
    manifest("opam", "opam", "depends", &["opam"]),
    manifest("DESCRIPTION", "CRAN", "Imports:", &["renv.lock", "CRAN"]),
    manifest("cpanfile", "CPAN", "requires", &["CPAN"]),
    manifest("*.rockspec", "LuaRocks", "dependencies", &["LuaRocks"]),
    manifest("*.nimble", "Nimble", "requires", &["Nimble"]),
];

const fn manifest(
    name: &'static str,
    ecosystem: &'static str,
    mentions: &'static str,
    locks: &'static [&'static str],
) -> Manifest {
    Manifest { name, ecosystem, mentions, locks }
}

impl Manifest {
    /// The manifest that a file is by its name.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        MANIFESTS.iter().find(|known| match known.name.strip_prefix('*') {
            Some(end) => name.len() > end.len() && name.ends_with(end),
            None => name == known.name,
        })
    }

    /// Whether it asks for packages.
    pub(super) fn asks(&self, bytes: &[u8]) -> bool {
        bytes.windows(self.mentions.len()).any(|window| window == self.mentions.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::Kind;
    use super::{MANIFESTS, Manifest};

    #[test]
    fn lockfiles_of_manifests_are_known_formats() {
        let known: Vec<&str> = super::super::FORMATS.iter().map(|format| format.name).collect();
        for manifest in MANIFESTS {
            let is_known =
                |lock: &&&str| known.contains(*lock) || manifest.ecosystem == **lock || **lock == "Conda";
            assert_eq!(manifest.locks.iter().find(|lock| !is_known(lock)), None, "{}", manifest.name);
            assert!(Kind::of(manifest.name).is_none(), "{} is a lockfile", manifest.name);
        }
    }

    #[test]
    fn a_manifest_asks_for_packages_by_what_it_says() {
        let asks =
            |name: &str, text: &str| Manifest::of(name).is_some_and(|known| known.asks(text.as_bytes()));
        assert!(asks("Cargo.toml", "[dependencies]\na = \"1\"\n"));
        assert!(!asks("Cargo.toml", "[package]\nname = \"a\"\n"));
        assert!(asks("a.csproj", "<PackageReference Include=\"a\"/>"));
        assert!(!asks(".csproj", "<PackageReference/>") && !asks("package.json", "dependencies"));
    }
}
