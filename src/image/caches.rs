//! Caches of package managers, which make an image large for nothing.

use serde::{Deserialize, Serialize};

/// A package manager that leaves files behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cache {
    /// Debian's and Ubuntu's.
    Apt,
    /// Alpine's.
    Apk,
    /// Those of RPM distributions.
    Dnf,
    /// Python's.
    Pip,
    /// JavaScript's.
    Npm,
    /// Another of JavaScript.
    Yarn,
    /// Go's.
    Go,
    /// Rust's.
    Cargo,
    /// Java's.
    Maven,
    /// Another of Java.
    Gradle,
    /// .NET's.
    Nuget,
    /// PHP's.
    Composer,
}

/// Folders of the system, and which cache they are.
const OF_SYSTEM: [(&[u8], Cache); 8] = [
    (b"var/cache/apt/archives/", Cache::Apt),
    (b"var/lib/apt/lists/", Cache::Apt),
    (b"var/cache/apk/", Cache::Apk),
    (b"etc/apk/cache/", Cache::Apk),
    (b"var/cache/dnf/", Cache::Dnf),
    (b"var/cache/yum/", Cache::Dnf),
    (b"var/cache/zypp/", Cache::Dnf),
    (b"usr/local/share/.cache/yarn/", Cache::Yarn),
];

/// Folders of a user, and which cache they are.
const OF_USER: [(&[u8], Cache); 12] = [
    (b".cache/pip/", Cache::Pip),
    (b".npm/_cacache/", Cache::Npm),
    (b".cache/yarn/", Cache::Yarn),
    (b".yarn/berry/cache/", Cache::Yarn),
    (b".cache/go-build/", Cache::Go),
    (b"go/pkg/mod/cache/", Cache::Go),
    (b".cargo/registry/", Cache::Cargo),
    (b".m2/repository/", Cache::Maven),
    (b".gradle/caches/", Cache::Gradle),
    (b".nuget/packages/", Cache::Nuget),
    (b".composer/cache/", Cache::Composer),
    (b".cache/composer/", Cache::Composer),
];

impl Cache {
    /// The cache that a path is in.
    pub(crate) fn of(path: &[u8]) -> Option<Self> {
        let system = OF_SYSTEM.iter().find(|(folder, _)| path.starts_with(folder));
        if let Some((_, cache)) = system {
            return Some(*cache);
        }
        let below_home = match path.strip_prefix(b"home/") {
            Some(rest) => rest.iter().position(|byte| *byte == b'/').and_then(|slash| rest.get(slash + 1..)),
            None => path.strip_prefix(b"root/"),
        };
        let below_home = below_home?;
        OF_USER.iter().find(|(folder, _)| below_home.starts_with(folder)).map(|(_, cache)| *cache)
    }

    /// The name of the package manager.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Apk => "apk",
            Self::Dnf => "dnf",
            Self::Pip => "pip",
            Self::Npm => "npm",
            Self::Yarn => "Yarn",
            Self::Go => "Go",
            Self::Cargo => "Cargo",
            Self::Maven => "Maven",
            Self::Gradle => "Gradle",
            Self::Nuget => "NuGet",
            Self::Composer => "Composer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn caches_are_known_by_their_folders() {
        for (path, cache) in [
            ("var/cache/apt/archives/curl.deb", Some(Cache::Apt)),
            ("root/.cache/pip/http/a", Some(Cache::Pip)),
            ("home/node/.npm/_cacache/index", Some(Cache::Npm)),
            ("home/.npm/_cacache/index", None),
            ("opt/.npm/_cacache/index", None),
        ] {
            assert_eq!(Cache::of(path.as_bytes()), cache, "{path}");
        }
    }
}
