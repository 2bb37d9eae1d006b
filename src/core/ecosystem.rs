//! Where packages of a kind are published.

/// Where packages of a kind are published; decides their version order and which advisories are about them.
///
/// A name means something in its ecosystem only: packages and advisories are compared by ecosystem and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ecosystem {
    name: &'static str,
    purl_type: &'static str,
}

impl std::hash::Hash for Ecosystem {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // What tells it from others.
        self.name.hash(state);
    }
}

impl Ecosystem {
    /// C and C++ packages of Conan.
    pub const CONAN: Self = Self::new("ConanCenter", "conan");
    /// Swift and Objective-C pods, which OSV has no records about.
    pub const COCOAPODS: Self = Self::new("CocoaPods", "cocoapods");
    /// R's registry.
    pub const CRAN: Self = Self::new("CRAN", "cran");
    /// Rust's registry.
    pub const CRATES_IO: Self = Self::new("crates.io", "cargo");
    /// Images of containers, which OSV has no records about.
    pub const DOCKER: Self = Self::new("Docker", "docker");
    /// Actions of GitHub workflows.
    pub const GITHUB_ACTIONS: Self = Self::new("GitHub Actions", "githubactions");
    /// Go modules.
    pub const GO: Self = Self::new("Go", "golang");
    /// Haskell's registry.
    pub const HACKAGE: Self = Self::new("Hackage", "hackage");
    /// Packages of Elixir and Erlang.
    pub const HEX: Self = Self::new("Hex", "hex");
    /// JavaScript packages of JSR, which OSV has no records about.
    pub const JSR: Self = Self::new("JSR", "jsr");
    /// Julia's registry.
    pub const JULIA: Self = Self::new("Julia", "julia");
    /// Packages of the Java world, as `group:artifact`.
    pub const MAVEN: Self = Self::new("Maven", "maven");
    /// JavaScript's registry.
    pub const NPM: Self = Self::new("npm", "npm");
    /// Packages of .NET.
    pub const NUGET: Self = Self::new("NuGet", "nuget");
    /// PHP's registry.
    pub const PACKAGIST: Self = Self::new("Packagist", "composer");
    /// Dart's registry.
    pub const PUB: Self = Self::new("Pub", "pub");
    /// Python's registry.
    pub const PYPI: Self = Self::new("PyPI", "pypi");
    /// Ruby's registry.
    pub const RUBYGEMS: Self = Self::new("RubyGems", "gem");
    /// Swift packages, by the address of their repository.
    pub const SWIFT: Self = Self::new("SwiftURL", "swift");

    /// An ecosystem, by the name that OSV uses and the type that stands in a purl.
    pub const fn new(name: &'static str, purl_type: &'static str) -> Self {
        Self { name, purl_type }
    }

    /// The name that OSV uses.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The type that stands in a purl.
    pub const fn purl_type(self) -> &'static str {
        self.purl_type
    }
}
