//! The ecosystems of OSV: a line each with the order of versions and the form of names.

use std::borrow::Cow;

use super::version::Order;

/// An ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name in OSV, without a suffix.
    pub name: &'static str,
    /// What orders its versions.
    orders: Orders,
    /// What names of packages are compared as.
    names: Names,
}

/// What orders the versions of an ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Orders {
    /// One rule.
    One(Order),
    /// The rule of the ecosystem that the suffix names; without one that is known, this rule.
    BySuffix(Option<Order>),
    /// OSV defines none.
    None,
}

/// What names of packages are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// As they are.
    Exact,
    /// In lower case.
    Lower,
    /// By PEP 503: in lower case, with one `-` for each row of `-`, `_` and `.`.
    Pep503,
    /// As a URL without scheme and `.git`, in lower case.
    Url,
}

/// An ecosystem by its full name in OSV, such as `Debian:12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a> {
    /// The ecosystem.
    pub entry: &'static Entry,
    /// What follows the first colon: a release, a stream or a registry.
    pub suffix: Option<&'a str>,
}

/// Shortens the lines of the table.
const fn line(name: &'static str, orders: Orders, names: Names) -> Entry {
    Entry { name, orders, names }
}

use Names::{Exact, Lower, Pep503, Url};
use Orders::{BySuffix, One};

/// Every ecosystem of OSV's schema 1.7, in its order.
pub const ECOSYSTEMS: [Entry; 49] = [
    line("AlmaLinux", One(Order::Rpm), Exact),
    line("Alpaquita", One(Order::Alpine), Exact),
    line("Alpine", One(Order::Alpine), Exact),
    line("Android", Orders::None, Exact),
    line("Azure Linux", One(Order::Rpm), Exact),
    line("BellSoft Hardened Containers", One(Order::Alpine), Exact),
    line("Bioconductor", One(Order::Cran), Exact),
    line("Bitnami", One(Order::Bitnami), Exact),
    line("Chainguard", One(Order::Alpine), Exact),
    line("CleanStart", One(Order::Alpine), Exact),
    line("ConanCenter", One(Order::Conan), Exact),
    line("CRAN", One(Order::Cran), Exact),
    line("crates.io", One(Order::SemVer), Exact),
    line("Debian", One(Order::Debian), Exact),
    line("Docker Hardened Images", BySuffix(None), Exact),
    line("Echo", BySuffix(Some(Order::Debian)), Exact),
    line("FreeBSD", Orders::None, Exact),
    line("GHC", One(Order::SemVer), Exact),
    line("GIT", Orders::None, Exact),
    line("GitHub Actions", One(Order::GitHubActions), Lower),
    line("Go", One(Order::Go), Exact),
    line("Hackage", One(Order::Hackage), Exact),
    line("Hex", One(Order::SemVer), Exact),
    line("Julia", One(Order::Julia), Exact),
    line("Kubernetes", One(Order::Go), Exact),
    line("Linux", Orders::None, Exact),
    line("Mageia", One(Order::Rpm), Exact),
    line("Maven", One(Order::Maven), Exact),
    line("MinimOS", One(Order::Alpine), Exact),
    line("npm", One(Order::SemVer), Exact),
    line("NuGet", One(Order::NuGet), Lower),
    line("opam", One(Order::Opam), Exact),
    line("openEuler", One(Order::Rpm), Exact),
    line("openSUSE", One(Order::Rpm), Exact),
    line("OSS-Fuzz", Orders::None, Exact),
    line("Packagist", One(Order::Packagist), Lower),
    line("Photon OS", One(Order::Rpm), Exact),
    line("Pub", One(Order::Pub), Exact),
    line("PyPI", One(Order::PyPi), Pep503),
    line("Red Hat", One(Order::Rpm), Exact),
    line("Rocky Linux", One(Order::Rpm), Exact),
    line("Root", BySuffix(None), Exact),
    line("RubyGems", One(Order::RubyGems), Exact),
    line("SUSE", One(Order::Rpm), Exact),
    line("SwiftURL", One(Order::SemVer), Url),
    line("TuxCare", BySuffix(None), Exact),
    line("Ubuntu", One(Order::Debian), Exact),
    line("VSCode", One(Order::SemVer), Lower),
    line("Wolfi", One(Order::Alpine), Exact),
];

/// The ecosystem of a name in OSV's spelling, with or without a suffix (`Debian:12`); none where it is unknown.
pub fn find(name: &str) -> Option<Known<'_>> {
    let (base, suffix) = match name.split_once(':') {
        Some((base, suffix)) => (base, Some(suffix)),
        None => (name, None),
    };
    let entry = ECOSYSTEMS.iter().find(|entry| entry.name == base)?;
    Some(Known { entry, suffix })
}

impl Known<'_> {
    /// What orders its versions; none where OSV defines no order, or where the suffix that would is unknown.
    pub fn order(&self) -> Option<Order> {
        match self.entry.orders {
            One(order) => Some(order),
            Orders::None => None,
            BySuffix(otherwise) => self.inner().map_or(otherwise, |inner| match inner.entry.orders {
                // Whoever builds packages of npm again counts the builds behind the `+`.
                One(Order::SemVer) if self.entry.name != "TuxCare" => Some(Order::Pub),
                One(order) => Some(order),
                _ => otherwise,
            }),
        }
    }

    /// The form in which names of packages are compared.
    pub fn package_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let names = match (self.entry.orders, self.inner()) {
            (BySuffix(_), Some(inner)) => inner.entry.names,
            _ => self.entry.names,
        };
        match names {
            Exact => Cow::Borrowed(name),
            Lower => lower(name),
            Pep503 => pep503(name),
            Url => url(name),
        }
    }

    /// The ecosystem that the suffix names.
    fn inner(&self) -> Option<Known<'_>> {
        self.suffix.and_then(find)
    }
}

/// A name in lower case.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}

/// The name of a Python package in the form in which names are compared, by PEP 503.
pub fn pep503(name: &str) -> Cow<'_, str> {
    let mut before = 0;
    let mut is_plain = |byte: u8| {
        let is_row = byte == b'-' && before == b'-';
        before = byte;
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' && !is_row
    };
    if name.bytes().all(&mut is_plain) {
        return name.into();
    }
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.push(other.to_ascii_lowercase()),
        }
    }
    normal.into()
}

/// A URL without what does not tell repositories apart.
fn url(name: &str) -> Cow<'_, str> {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    let name = name.trim_end_matches('/');
    lower(name.strip_suffix(".git").unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::{ECOSYSTEMS, find};
    use crate::version::Order;

    #[test]
    fn the_table_is_in_order_and_names_nothing_twice() {
        let names: Vec<String> = ECOSYSTEMS.iter().map(|entry| entry.name.to_lowercase()).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }

    #[test]
    fn suffixes_are_kept_apart_from_the_name() {
        for (name, base, suffix, order) in [
            ("Debian", "Debian", None, Some(Order::Debian)),
            ("Debian:12", "Debian", Some("12"), Some(Order::Debian)),
            ("Ubuntu:Pro:18.04:LTS", "Ubuntu", Some("Pro:18.04:LTS"), Some(Order::Debian)),
            ("Maven:https://maven.google.com", "Maven", Some("https://maven.google.com"), Some(Order::Maven)),
            ("Red Hat:rhel_aus:8.4::appstream", "Red Hat", Some("rhel_aus:8.4::appstream"), Some(Order::Rpm)),
            (
                "Docker Hardened Images:Alpine:3.23",
                "Docker Hardened Images",
                Some("Alpine:3.23"),
                Some(Order::Alpine),
            ),
            ("Docker Hardened Images", "Docker Hardened Images", None, None),
            ("Echo", "Echo", None, Some(Order::Debian)),
            ("Echo:npm", "Echo", Some("npm"), Some(Order::Pub)),
            ("TuxCare:Red Hat", "TuxCare", Some("Red Hat"), Some(Order::Rpm)),
            ("TuxCare:TuxCare:npm", "TuxCare", Some("TuxCare:npm"), None),
            ("Linux", "Linux", None, None),
        ] {
            let known = find(name).unwrap();
            assert_eq!((known.entry.name, known.suffix, known.order()), (base, suffix, order), "{name}");
        }
        assert!(find("debian").is_none() && find("").is_none() && find("Debianoid").is_none());
    }

    #[test]
    fn names_are_compared_as_the_ecosystem_does() {
        for (ecosystem, name, normal) in [
            ("PyPI", "Zope.Interface", "zope-interface"),
            ("PyPI", "a__-.b", "a-b"),
            ("PyPI", "a-b--c-", "a-b-c-"),
            ("PyPI", "-a-b", "-a-b"),
            ("PyPI", "requests", "requests"),
            ("NuGet", "Newtonsoft.Json", "newtonsoft.json"),
            ("Packagist", "Symfony/HTTP-Kernel", "symfony/http-kernel"),
            ("GitHub Actions", "Actions/Checkout", "actions/checkout"),
            ("SwiftURL", "https://GitHub.com/apple/swift-nio.git", "github.com/apple/swift-nio"),
            ("npm", "JSONStream", "JSONStream"),
            ("Go", "github.com/Azure/azure-sdk", "github.com/Azure/azure-sdk"),
            ("Maven:https://maven.google.com", "Group:Artifact", "Group:Artifact"),
            ("Root:PyPI", "A_b", "a-b"),
        ] {
            assert_eq!(find(ecosystem).unwrap().package_name(name), normal, "{ecosystem} {name}");
        }
    }
}
