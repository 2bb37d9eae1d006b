//! Manifests of formats that are not read yet: they ask for packages, and a lockfile beside or above them says which ones those are.
//! One without such a lockfile is reported.

use std::borrow::Cow;
use std::path::Path;

use crate::document::{Damage, json, text};

/// A manifest that is not read.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Its name, or what its name ends with (`*`).
    name: &'static str,
    /// The ecosystem whose packages it asks for.
    pub(super) ecosystem: &'static str,
    /// What one has which asks for packages.
    asks: Asks,
    /// The formats of lockfiles that list what it asks for.
    locks: &'static [&'static str],
    /// Where these lie.
    place: Place,
}

/// What shows that a manifest asks for packages.
#[derive(Debug, Clone, Copy)]
enum Asks {
    /// This text.
    Mention(&'static str),
    /// One of these keys of a JSON document, with an entry.
    Key(&'static [&'static str]),
    /// A line, without the blanks around it, that begins with this.
    Line(&'static [&'static str]),
    /// An entry below one of these tables of a TOML document, or keys of a YAML document.
    Below(&'static [&'static str]),
}

/// Where the lockfile of a manifest lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Beside it, or in a folder above, as that of a workspace.
    Above,
    /// Beside it, or in a folder above whose workspace it belongs to.
    Workspace,
    /// Beside it, or in the folder `obj` there: every project has its own.
    Own,
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
    own("*.csproj", "NuGet", "PackageReference", NUGET),
    own("*.fsproj", "NuGet", "PackageReference", NUGET),
    own("*.vbproj", "NuGet", "PackageReference", NUGET),
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
    Manifest {
        place: Place::Workspace,
        ..by(
            "package.json",
            "npm",
            Asks::Key(&["dependencies", "devDependencies", "optionalDependencies"]),
            NPM,
        )
    },
    by("composer.json", "Packagist", Asks::Key(&["require", "require-dev"]), &["composer.lock", "Packagist"]),
    by(
        "Gemfile",
        "RubyGems",
        Asks::Line(&["gem ", "gem(", "gem\"", "gem'", "gemspec"]),
        &["Gemfile.lock", "RubyGems"],
    ),
    by(
        "gems.rb",
        "RubyGems",
        Asks::Line(&["gem ", "gem(", "gem\"", "gem'", "gemspec"]),
        &["Gemfile.lock", "RubyGems"],
    ),
    by("Pipfile", "PyPI", Asks::Below(&["[packages]", "[dev-packages]"]), PYTHON),
    by(
        "pubspec.yaml",
        "Pub",
        Asks::Below(&["dependencies:", "dev_dependencies:", "dependency_overrides:"]),
        &["pubspec.lock"],
    ),
    by("mix.exs", "Hex", Asks::Line(&["{:"]), &["mix.lock", "Hex"]),
    by("build.gradle", "Maven", Asks::Line(GRADLE), JVM),
    by("build.gradle.kts", "Maven", Asks::Line(GRADLE), JVM),
    by("Podfile", "CocoaPods", Asks::Line(&["pod ", "pod(", "pod\"", "pod'"]), &["Podfile.lock"]),
    manifest("Package.swift", "SwiftURL", ".package(", &["Package.resolved"]),
];

/// The lockfiles of npm and its like.
const NPM: &[&str] = &["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock", "npm"];
/// The lockfiles of Gradle, and what an earlier one wrote.
const JVM: &[&str] = &["gradle.lockfile", "verification-metadata.xml", "Maven"];
/// What lines begin with that ask Gradle for a package.
const GRADLE: &[&str] = &[
    "annotationProcessor",
    "api",
    "classpath",
    "compile",
    "implementation",
    "kapt",
    "ksp",
    "provided",
    "runtime",
    "testCompile",
    "testImplementation",
    "testRuntime",
];

/// Most bytes of a line that is looked at.
const LINE: usize = 4096;

const fn manifest(
    name: &'static str,
    ecosystem: &'static str,
    mentions: &'static str,
    locks: &'static [&'static str],
) -> Manifest {
    by(name, ecosystem, Asks::Mention(mentions), locks)
}

const fn own(
    name: &'static str,
    ecosystem: &'static str,
    mentions: &'static str,
    locks: &'static [&'static str],
) -> Manifest {
    Manifest { place: Place::Own, ..manifest(name, ecosystem, mentions, locks) }
}

const fn by(
    name: &'static str,
    ecosystem: &'static str,
    asks: Asks,
    locks: &'static [&'static str],
) -> Manifest {
    Manifest { name, ecosystem, asks, locks, place: Place::Above }
}

/// Whether a file is a manifest by its name, not a lockfile.
pub fn is_manifest(path: &str) -> bool {
    Manifest::of(path.rsplit('/').next().unwrap_or(path)).is_some()
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
        match self.asks {
            Asks::Mention(text) => bytes.windows(text.len()).any(|window| window == text.as_bytes()),
            Asks::Key(keys) => has_entry(bytes, keys),
            Asks::Line(starts) => lines(bytes).any(|line| {
                let line = line.trim_start();
                starts.iter().any(|start| line.starts_with(start)) && (is_quoting(line) || line.starts_with("gemspec"))
                    // A list of Elixir may begin on the line of its function.
                    || starts.contains(&"{:") && line.contains("{:") && !line.starts_with('#')
            }),
            Asks::Below(heads) => {
                let mut is_below = false;
                lines(bytes).any(|line| {
                    let text = line.split('#').next().unwrap_or_default();
                    let is_table = text.starts_with('[');
                    let is_key = !text.starts_with([' ', '\t', '-']) && text.trim_end().ends_with(':');
                    if is_table || is_key {
                        is_below = heads.contains(&text.trim());
                        return false;
                    }
                    is_below && text.contains(['=', ':'])
                })
            }
        }
    }

    /// Whether a lockfile of this format at this place lists what a manifest in this folder asks for; `is_member` says whether its
    /// workspace has the folder.
    pub(super) fn is_locked_by(
        &self,
        folder: &Path,
        lockfile: &Path,
        format: &str,
        is_member: impl FnOnce() -> bool,
    ) -> bool {
        let at = lockfile.parent().unwrap_or_else(|| Path::new(""));
        self.locks.contains(&format)
            && match self.place {
                Place::Above => folder.starts_with(at),
                Place::Workspace => at == folder || folder.starts_with(at) && is_member(),
                Place::Own => at == folder || at == folder.join("obj"),
            }
    }
}

/// The lines of a text, each as far as it is looked at.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(|line| String::from_utf8_lossy(line.get(..LINE).unwrap_or(line)))
}

/// Whether a line has a text or a reference to one.
fn is_quoting(line: &str) -> bool {
    line.contains(['"', '\'', '('])
}

/// Whether a JSON document has an entry below one of these keys. A platform of PHP is no package; what can't be read may have some.
fn has_entry(bytes: &[u8], keys: &[&str]) -> bool {
    let is_package = |name: &str| {
        name.contains('/') || !(name == "php" || name.starts_with("ext-") || name.starts_with("lib-"))
    };
    let has = || -> Result<bool, Damage> {
        let document = json(text(bytes)?)?;
        for key in keys {
            if document.entries(key)?.iter().any(|entry| is_package(&entry.key)) {
                return Ok(true);
            }
        }
        Ok(false)
    };
    has().unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        assert!(!asks(".csproj", "<PackageReference/>"));
        for (name, text, expected) in [
            ("package.json", r#"{"dependencies": {"a": "1"}}"#, true),
            ("package.json", r#"{"devDependencies": {"a": "1"}}"#, true),
            ("package.json", r#"{"name": "dependencies", "dependencies": {}}"#, false),
            ("package.json", r#"{"peerDependencies": {"a": "1"}}"#, false),
            ("package.json", r#"{"dependencies": {"a"#, true),
            ("package.json", r#"{"dependencies": ["a"]}"#, true),
            ("composer.json", r#"{"require": {"a/b": "1"}}"#, true),
            ("composer.json", r#"{"require": {"php": ">=8", "ext-json": "*"}}"#, false),
            ("Gemfile", "source 'x'\n  gem 'a'\n", true),
            ("Gemfile", "gemspec\n", true),
            ("Gemfile", "source 'x'\n# gem 'a'\n", false),
            ("Pipfile", "[packages]\n\nevil = '==1'\n", true),
            ("Pipfile", "[[source]]\nurl = 'x'\n[packages]\n[requires]\npython_version = '3'\n", false),
            ("pubspec.yaml", "name: a\ndependencies:\n  b: 1.0.0\n", true),
            ("pubspec.yaml", "name: a\ndependencies:\nflutter:\n  c: 1\n", false),
            ("mix.exs", "  defp deps, do: [{:evil, \"1.0\"}]\n", true),
            ("mix.exs", "  defp deps do\n    [\n      # {:evil, \"1.0\"}\n    ]\n", false),
            ("build.gradle", "implementation 'a:b:1'", true),
            ("build.gradle.kts", "dependencies {\n  testImplementation(\"a:b:1\")\n}\n", true),
            ("build.gradle", "plugins { id 'java' }\n", false),
            ("Podfile", "pod 'a'", true),
            ("Podfile", "platform :ios\n", false),
            ("Package.swift", ".package(url: \"x\")", true),
            ("a.fsproj", "<PackageReference Include=\"a\"/>", true),
        ] {
            assert_eq!(asks(name, text), expected, "{name} {text}");
        }
    }

    #[test]
    fn projects_of_dotnet_have_their_own_lockfiles() {
        let is_locked = |manifest: &str, folder: &str, lockfile: &str, format: &str| {
            let manifest = Manifest::of(manifest).unwrap();
            manifest.is_locked_by(Path::new(folder), Path::new(lockfile), format, || {
                lockfile.contains("package-lock")
            })
        };
        for (folder, lockfile, expected) in [
            ("a", "a/packages.lock.json", true),
            ("a", "packages.lock.json", false),
            ("a", "b/packages.lock.json", false),
            ("", "packages.lock.json", true),
        ] {
            assert_eq!(
                is_locked("a.csproj", folder, lockfile, "packages.lock.json"),
                expected,
                "{folder} {lockfile}"
            );
        }
        assert!(is_locked("a.fsproj", "a", "a/obj/project.assets.json", "project.assets.json"));
        assert!(is_locked("package.json", "a/b", "package-lock.json", "package-lock.json"));
        assert!(!is_locked("package.json", "a/b", "yarn.lock", "yarn.lock"), "it is none of its workspace");
        assert!(is_locked("package.json", "a", "a/yarn.lock", "yarn.lock"));
        assert!(!is_locked("package.json", "a/b", "package-lock.json", "composer.lock"));
    }
}
