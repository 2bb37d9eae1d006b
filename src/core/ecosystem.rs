//! Where packages of a kind are published.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Names of distributions with a release, made while the program runs. An image says which release it is, so that the number of
/// names and the length of each are bounded.
static OF_RELEASES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The maximum number of different names of distributions with a release in one run.
const MOST_RELEASES: usize = 4096;

/// The maximum length of a release in bytes.
const LONGEST_RELEASE: usize = 64;

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

    /// Packages of Alpaquita Linux.
    pub const ALPAQUITA: Self = Self::new("Alpaquita", "apk");
    /// Packages of Alpine Linux.
    pub const ALPINE: Self = Self::new("Alpine", "apk");
    /// Packages of `AlmaLinux`.
    pub const ALMALINUX: Self = Self::new("AlmaLinux", "rpm");
    /// Packages of Azure Linux, once CBL-Mariner.
    pub const AZURE_LINUX: Self = Self::new("Azure Linux", "rpm");
    /// Packages of Chainguard's images.
    pub const CHAINGUARD: Self = Self::new("Chainguard", "apk");
    /// Packages of Debian.
    pub const DEBIAN: Self = Self::new("Debian", "deb");
    /// Packages of Echo's images.
    pub const ECHO: Self = Self::new("Echo", "deb");
    /// Packages of Mageia.
    pub const MAGEIA: Self = Self::new("Mageia", "rpm");
    /// Packages of `MinimOS`.
    pub const MINIMOS: Self = Self::new("MinimOS", "apk");
    /// Packages of openEuler.
    pub const OPENEULER: Self = Self::new("openEuler", "rpm");
    /// Packages of openSUSE.
    pub const OPENSUSE: Self = Self::new("openSUSE", "rpm");
    /// Packages of Photon OS.
    pub const PHOTON_OS: Self = Self::new("Photon OS", "rpm");
    /// Packages of Red Hat's products.
    pub const RED_HAT: Self = Self::new("Red Hat", "rpm");
    /// Packages of Rocky Linux.
    pub const ROCKY_LINUX: Self = Self::new("Rocky Linux", "rpm");
    /// Packages of SUSE's products.
    pub const SUSE: Self = Self::new("SUSE", "rpm");
    /// Packages of Ubuntu.
    pub const UBUNTU: Self = Self::new("Ubuntu", "deb");
    /// Packages of Wolfi.
    pub const WOLFI: Self = Self::new("Wolfi", "apk");

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

    /// The same with the release of a distribution, as OSV writes it: `Debian:12`; none where the release is not of a form that
    /// releases have, or where this run has met too many of them.
    pub fn of_release(self, release: &str) -> Option<Self> {
        let is_of_release = |byte: u8| byte.is_ascii_alphanumeric() || b"._:- ".contains(&byte);
        let is_release = (1..=LONGEST_RELEASE).contains(&release.len()) && release.bytes().all(is_of_release);
        if !is_release || release.trim() != release {
            return None;
        }
        let name = format!("{}:{release}", self.base().name);
        let mut names = OF_RELEASES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name.as_str()) {
            return Some(Self { name: known, ..self });
        }
        if names.len() >= MOST_RELEASES {
            return None;
        }
        let name: &'static str = Box::leak(name.into_boxed_str());
        names.insert(name);
        Some(Self { name, ..self })
    }

    /// The same without a release.
    #[must_use]
    pub fn base(self) -> Self {
        Self { name: self.name.split(':').next().unwrap_or(self.name), ..self }
    }

    /// The release of a distribution; empty where the name has none.
    pub fn release(self) -> &'static str {
        self.name.split_once(':').map_or("", |(_, release)| release)
    }
}

#[cfg(test)]
mod tests {
    use super::Ecosystem;

    #[test]
    fn a_distribution_has_releases() {
        let twelve = Ecosystem::DEBIAN.of_release("12").unwrap();
        assert_eq!((twelve.name(), twelve.purl_type()), ("Debian:12", "deb"));
        assert_eq!((twelve.base(), twelve.release()), (Ecosystem::DEBIAN, "12"));
        assert_eq!(twelve.of_release("13").unwrap().name(), "Debian:13");
        assert_eq!(Some(twelve), Ecosystem::DEBIAN.of_release("12"));
        assert_eq!((Ecosystem::WOLFI.base(), Ecosystem::WOLFI.release()), (Ecosystem::WOLFI, ""));
        let server = Ecosystem::SUSE.of_release("Linux Enterprise Server 15 SP5").unwrap();
        assert_eq!(server.name(), "SUSE:Linux Enterprise Server 15 SP5");
        for release in ["", " 12", "12 ", "1/2", "1\n2", "é", &"1".repeat(65)] {
            assert_eq!(Ecosystem::DEBIAN.of_release(release), None, "{release:?}");
        }
    }
}
