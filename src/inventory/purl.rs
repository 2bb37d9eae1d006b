//! Package URLs, such as `pkg:npm/%40babel/core@7.0.0`: written for a package of any ecosystem, and read back.
//!
//! By the specification, with the form of each type. Names of Go modules keep their case, against its word: the case tells modules
//! apart, and every database of advisories keeps it.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use devops_core::Ecosystem;

/// What stays as it is in a purl; `:` may too, everything else is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b':');

/// The ecosystems whose packages have purls of their own type.
pub(crate) const ECOSYSTEMS: [Ecosystem; 19] = [
    Ecosystem::CONAN,
    Ecosystem::COCOAPODS,
    Ecosystem::CRAN,
    Ecosystem::CRATES_IO,
    Ecosystem::DOCKER,
    Ecosystem::GITHUB_ACTIONS,
    Ecosystem::GO,
    Ecosystem::HACKAGE,
    Ecosystem::HEX,
    Ecosystem::JSR,
    Ecosystem::JULIA,
    Ecosystem::MAVEN,
    Ecosystem::NPM,
    Ecosystem::NUGET,
    Ecosystem::PACKAGIST,
    Ecosystem::PUB,
    Ecosystem::PYPI,
    Ecosystem::RUBYGEMS,
    Ecosystem::SWIFT,
];

/// The purl of a package; without a version where that is empty.
pub fn purl(ecosystem: Ecosystem, name: &str, version: &str) -> String {
    if OF_DISTRIBUTIONS.contains(&ecosystem.purl_type()) {
        return of_distribution(ecosystem, name, version, "", "");
    }
    let (name, subpath) = spelled(ecosystem, name);
    let mut purl = format!("pkg:{}", ecosystem.purl_type());
    let is_nested = has_namespace(ecosystem);
    for segment in name.split(|character| character == '/' && is_nested).filter(|segment| !segment.is_empty())
    {
        purl.push('/');
        purl.extend(utf8_percent_encode(segment, ENCODED));
    }
    if !version.is_empty() {
        purl.push('@');
        if ecosystem == Ecosystem::GO && is_bare_go_version(&name, version) {
            purl.push('v');
        }
        purl.extend(utf8_percent_encode(version, ENCODED));
    }
    let mut before = '#';
    for segment in subpath.iter().flat_map(|subpath| subpath.split('/')) {
        purl.push(before);
        purl.extend(utf8_percent_encode(segment, ENCODED));
        before = '/';
    }
    purl
}

/// The types of packages of distributions.
const OF_DISTRIBUTIONS: [&str; 4] = ["alpm", "apk", "deb", "rpm"];

/// The purl of a package of a distribution, `pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12`; without what is empty.
/// `upstream` is its source package, with `@` and the version where that differs.
pub(crate) fn of_distribution(
    ecosystem: Ecosystem,
    name: &str,
    version: &str,
    architecture: &str,
    upstream: &str,
) -> String {
    let kind = ecosystem.purl_type();
    let hyphened = |text: &str| text.to_ascii_lowercase().replace([' ', ':'], "-");
    let namespace = match ecosystem.base() {
        Ecosystem::RED_HAT => "redhat".to_owned(),
        // Named after the tool, because the distribution is not known.
        base if ["apk", "dpkg", "rpm"].contains(&base.name()) => String::new(),
        base => hyphened(base.name()),
    };
    let release = ecosystem.release();
    let distribution = match ecosystem.base() {
        _ if release.is_empty() => String::new(),
        Ecosystem::RED_HAT => release.replacen("enterprise_linux:", "rhel-", 1),
        Ecosystem::ALPINE => format!("alpine-{}", release.strip_prefix('v').unwrap_or(release)),
        Ecosystem::UBUNTU => format!("ubuntu-{}", release.strip_suffix(":LTS").unwrap_or(release)),
        _ => format!("{namespace}-{}", hyphened(release)),
    };
    // Other types have the epoch in the version.
    let (epoch, version) = match version.split_once(':') {
        Some((epoch, version)) if kind == "rpm" => (epoch, version),
        _ => ("", version),
    };
    let mut purl = format!("pkg:{kind}");
    for part in [namespace.as_str(), name].into_iter().filter(|part| !part.is_empty()) {
        purl.push('/');
        purl.extend(utf8_percent_encode(part, ENCODED));
    }
    if !version.is_empty() {
        purl.push('@');
        purl.extend(utf8_percent_encode(version, ENCODED));
    }
    let mut before = '?';
    for (key, value) in
        [("arch", architecture), ("distro", &distribution), ("epoch", epoch), ("upstream", upstream)]
    {
        if !value.is_empty() {
            purl.push(before);
            purl.push_str(key);
            purl.push('=');
            purl.extend(utf8_percent_encode(value, ENCODED));
            before = '&';
        }
    }
    purl
}

/// Whether a version of a Go module lacks the `v` that it has in a purl; those of the standard library have none.
fn is_bare_go_version(name: &str, version: &str) -> bool {
    name != "stdlib" && name != "toolchain" && version.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether names of packages have parts that are segments of a purl.
fn has_namespace(ecosystem: Ecosystem) -> bool {
    // A crate, a gem or a pod with a slash is damage, and must not look like another package.
    ![Ecosystem::CRATES_IO, Ecosystem::RUBYGEMS, Ecosystem::PYPI, Ecosystem::COCOAPODS, Ecosystem::CRAN]
        .contains(&ecosystem)
}

/// A name as purls of its type spell it, with `/` between its parts, and what is a subpath there.
fn spelled(ecosystem: Ecosystem, name: &str) -> (Cow<'_, str>, Option<&str>) {
    match ecosystem {
        Ecosystem::PYPI => (pep_503(name).into(), None),
        Ecosystem::PACKAGIST | Ecosystem::HEX | Ecosystem::PUB => (name.to_ascii_lowercase().into(), None),
        Ecosystem::MAVEN => (name.replacen(':', "/", 1).into(), None),
        Ecosystem::SWIFT => (repository(name).into(), None),
        Ecosystem::COCOAPODS => match name.split_once('/') {
            Some((pod, subspec)) => (pod.into(), Some(subspec)),
            None => (name.into(), None),
        },
        Ecosystem::GITHUB_ACTIONS => {
            let owner = name.find('/').map_or(name.len(), |slash| slash + 1);
            match name
                .get(owner..)
                .and_then(|rest| rest.find('/'))
                .and_then(|slash| name.split_at_checked(owner + slash))
            {
                Some((action, path)) => {
                    (action.into(), path.strip_prefix('/').filter(|path| !path.is_empty()))
                }
                None => (name.into(), None),
            }
        }
        _ => (name.into(), None),
    }
}

/// A name of a Python package in the form in which names are compared.
pub fn pep_503(name: &str) -> String {
    devops_versions::pep503(name).into_owned()
}

/// The address of a repository as host and path.
fn repository(address: &str) -> &str {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.strip_prefix("git@").unwrap_or(address).trim_end_matches('/');
    address.strip_suffix(".git").unwrap_or(address)
}

/// A purl in its parts, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purl {
    /// Its type, in lower case: `npm`.
    pub kind: String,
    /// What stands before the name, with `/` between its segments; may be empty.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version; empty where there is none.
    pub version: String,
    /// Qualifiers, in their order, with keys in lower case: `distro`, `arch`, `repository_url`.
    pub qualifiers: Vec<(String, String)>,
    /// The subpath; may be empty.
    pub subpath: String,
}

/// Reads a purl; none where the text is none.
pub fn parse(text: &str) -> Option<Purl> {
    let (scheme, rest) = text.trim().split_once(':')?;
    if !scheme.eq_ignore_ascii_case("pkg") {
        return None;
    }
    // From the right: what is encoded on the left may not be in what others wrote.
    let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.trim_start_matches('/').split_once('/')?;
    let is_kind = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    if !kind.starts_with(|first: char| first.is_ascii_alphabetic()) || !kind.bytes().all(is_kind) {
        return None;
    }
    let rest = rest.trim_matches('/');
    // An `@` at the start of a segment is a scope that was not encoded.
    let is_version = |at: &usize| *at > 0 && rest.as_bytes().get(at - 1) != Some(&b'/');
    let (path, version) = match rest.rfind('@').filter(is_version).and_then(|at| rest.split_at_checked(at)) {
        Some((path, version)) => (path, version.strip_prefix('@').unwrap_or(version)),
        None => (rest, ""),
    };
    let segments = segments(path)?;
    let (name, namespace) = segments.split_last()?;
    let mut pairs = Vec::new();
    for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let key = key.to_ascii_lowercase();
        if pairs.iter().any(|(other, _)| *other == key) {
            return None;
        }
        if !value.is_empty() {
            pairs.push((key, decoded(value)?));
        }
    }
    Some(Purl {
        kind: kind.to_ascii_lowercase(),
        namespace: namespace.join("/"),
        name: name.clone(),
        version: decoded(version)?,
        qualifiers: pairs,
        subpath: self::segments(subpath)?.join("/"),
    })
}

/// The segments of a path, decoded, without empty ones.
fn segments(path: &str) -> Option<Vec<String>> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
}

/// A part of a purl without percent signs; none where that is no UTF-8.
fn decoded(part: &str) -> Option<String> {
    percent_decode_str(part).decode_utf8().ok().map(Cow::into_owned)
}

impl Purl {
    /// The value of a qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    /// The ecosystem whose type the purl has, of those whose packages lockfiles list.
    pub fn ecosystem(&self) -> Option<Ecosystem> {
        // `github` is how some write actions down.
        let kind = if self.kind == "github" { "githubactions" } else { self.kind.as_str() };
        ECOSYSTEMS.into_iter().find(|ecosystem| ecosystem.purl_type() == kind)
    }

    /// The name that the package has in its ecosystem: `@babel/core`, `org.apache:commons`.
    pub fn full_name(&self) -> String {
        let (before, between) = match (self.ecosystem(), self.namespace.as_str()) {
            (_, "") => ("", ""),
            (Some(Ecosystem::MAVEN), namespace) => (namespace, ":"),
            (_, namespace) => (namespace, "/"),
        };
        let name = format!("{before}{between}{}", self.name);
        match self.ecosystem() {
            Some(Ecosystem::COCOAPODS | Ecosystem::GITHUB_ACTIONS) if !self.subpath.is_empty() => {
                format!("{name}/{}", self.subpath)
            }
            Some(Ecosystem::PYPI) => pep_503(&name),
            Some(Ecosystem::PACKAGIST | Ecosystem::HEX | Ecosystem::PUB) => name.to_ascii_lowercase(),
            _ => name,
        }
    }

    /// The version as lockfiles and advisories write it: without the `v` of Go modules.
    pub fn plain_version(&self) -> &str {
        match self.ecosystem() {
            Some(Ecosystem::GO) => self.version.strip_prefix('v').unwrap_or(&self.version),
            _ => &self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ECOSYSTEMS, of_distribution, parse, purl};
    use devops_core::Ecosystem;

    #[test]
    fn every_type_has_its_own_form() {
        for (ecosystem, name, version, expected) in [
            (Ecosystem::CRATES_IO, "smallvec", "1.6.0", "pkg:cargo/smallvec@1.6.0"),
            (Ecosystem::CRATES_IO, "openssl-src", "111.0.0+1.1.1a", "pkg:cargo/openssl-src@111.0.0%2B1.1.1a"),
            (Ecosystem::CRATES_IO, "a/b?c#d@e", "1", "pkg:cargo/a%2Fb%3Fc%23d%40e@1"),
            (Ecosystem::NPM, "leftpad2", "1.0.0", "pkg:npm/leftpad2@1.0.0"),
            (Ecosystem::NPM, "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            (Ecosystem::NPM, "a", "", "pkg:npm/a"),
            (Ecosystem::JSR, "@std/fs", "1.0.0", "pkg:jsr/%40std/fs@1.0.0"),
            (Ecosystem::PYPI, "Zope.Inter__face", "1.0", "pkg:pypi/zope-inter-face@1.0"),
            (Ecosystem::PYPI, "torch", "2.0+cpu", "pkg:pypi/torch@2.0%2Bcpu"),
            (
                Ecosystem::GO,
                "github.com/Masterminds/goutils",
                "1.1.0",
                "pkg:golang/github.com/Masterminds/goutils@v1.1.0",
            ),
            (
                Ecosystem::GO,
                "example.org/a/v2",
                "2.0.0+incompatible",
                "pkg:golang/example.org/a/v2@v2.0.0%2Bincompatible",
            ),
            (Ecosystem::GO, "stdlib", "1.23.6", "pkg:golang/stdlib@1.23.6"),
            (Ecosystem::MAVEN, "org.apache:commons", "1.0", "pkg:maven/org.apache/commons@1.0"),
            (Ecosystem::PACKAGIST, "Symfony/HTTP-Kernel", "v5.0", "pkg:composer/symfony/http-kernel@v5.0"),
            (Ecosystem::NUGET, "Newtonsoft.Json", "13.0.1", "pkg:nuget/Newtonsoft.Json@13.0.1"),
            (Ecosystem::RUBYGEMS, "rails", "7.0.0", "pkg:gem/rails@7.0.0"),
            (
                Ecosystem::SWIFT,
                "https://github.com/apple/swift-nio.git",
                "2.0.0",
                "pkg:swift/github.com/apple/swift-nio@2.0.0",
            ),
            (
                Ecosystem::COCOAPODS,
                "GoogleUtilities/NSData+zlib",
                "7.5.2",
                "pkg:cocoapods/GoogleUtilities@7.5.2#NSData%2Bzlib",
            ),
            (Ecosystem::GITHUB_ACTIONS, "actions/checkout", "v4", "pkg:githubactions/actions/checkout@v4"),
            (
                Ecosystem::GITHUB_ACTIONS,
                "github/codeql-action/init",
                "v3",
                "pkg:githubactions/github/codeql-action@v3#init",
            ),
            (Ecosystem::HEX, "Jason", "1.4.0", "pkg:hex/jason@1.4.0"),
        ] {
            assert_eq!(purl(ecosystem, name, version), expected);
        }
    }

    #[test]
    fn packages_of_distributions_have_their_release() {
        let debian = Ecosystem::DEBIAN.of_release("12").unwrap();
        let alpine = Ecosystem::ALPINE.of_release("v3.20").unwrap();
        let red_hat = Ecosystem::RED_HAT.of_release("enterprise_linux:9").unwrap();
        let rocky = Ecosystem::ROCKY_LINUX.of_release("9").unwrap();
        let ubuntu = Ecosystem::UBUNTU.of_release("22.04:LTS").unwrap();
        let leap = Ecosystem::OPENSUSE.of_release("Leap 15.6").unwrap();
        for (ecosystem, name, version, architecture, upstream, expected) in [
            (
                debian,
                "curl",
                "7.88.1-10",
                "amd64",
                "",
                "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12",
            ),
            (
                debian,
                "libc++1",
                "1:2~3+b1",
                "",
                "llvm@1:2",
                "pkg:deb/debian/libc%2B%2B1@1:2~3%2Bb1?distro=debian-12&upstream=llvm%401:2",
            ),
            (ubuntu, "curl", "1", "arm64", "", "pkg:deb/ubuntu/curl@1?arch=arm64&distro=ubuntu-22.04"),
            (
                alpine,
                "musl",
                "1.2.5-r0",
                "x86_64",
                "",
                "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20",
            ),
            (
                red_hat,
                "perl",
                "1:5.32-1.el9",
                "x86_64",
                "",
                "pkg:rpm/redhat/perl@5.32-1.el9?arch=x86_64&distro=rhel-9&epoch=1",
            ),
            (rocky, "a", "1-1", "", "", "pkg:rpm/rocky-linux/a@1-1?distro=rocky-linux-9"),
            (leap, "a", "1-1", "", "", "pkg:rpm/opensuse/a@1-1?distro=opensuse-leap-15.6"),
            (Ecosystem::WOLFI, "a", "1-r0", "", "", "pkg:apk/wolfi/a@1-r0"),
            (Ecosystem::new("dpkg", "deb"), "a", "", "", "", "pkg:deb/a"),
        ] {
            assert_eq!(of_distribution(ecosystem, name, version, architecture, upstream), expected);
            let read = parse(expected).unwrap();
            assert_eq!(read.name, name, "{expected}");
        }
        assert_eq!(purl(debian, "curl", "1"), "pkg:deb/debian/curl@1?distro=debian-12");
    }

    #[test]
    fn purls_are_read() {
        for (text, ecosystem, name, version) in [
            ("pkg:npm/%40babel/core@7.0.0", Some(Ecosystem::NPM), "@babel/core", "7.0.0"),
            ("pkg:npm/@babel/core@7.0.0", Some(Ecosystem::NPM), "@babel/core", "7.0.0"),
            ("pkg:npm/@babel/core", Some(Ecosystem::NPM), "@babel/core", ""),
            ("PKG:NPM/a@1", Some(Ecosystem::NPM), "a", "1"),
            (
                "pkg://maven/org.apache/commons@1.0?type=jar",
                Some(Ecosystem::MAVEN),
                "org.apache:commons",
                "1.0",
            ),
            ("pkg:pypi/Zope_Interface@1", Some(Ecosystem::PYPI), "zope-interface", "1"),
            (
                "pkg:golang/github.com/gorilla/context@v1.1#sub/x",
                Some(Ecosystem::GO),
                "github.com/gorilla/context",
                "1.1",
            ),
            ("pkg:github/actions/checkout@v4", Some(Ecosystem::GITHUB_ACTIONS), "actions/checkout", "v4"),
            ("pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie", None, "debian/curl", "7.50.3-1"),
        ] {
            let purl = parse(text).unwrap();
            assert_eq!(purl.ecosystem(), ecosystem, "{text}");
            assert_eq!((purl.full_name().as_str(), purl.plain_version()), (name, version), "{text}");
        }
        let purl = parse("pkg:deb/debian/curl@7.50.3-1?arch=i386&Distro=deb%3A9").unwrap();
        assert_eq!((purl.qualifier("distro"), purl.qualifier("arch")), (Some("deb:9"), Some("i386")));
        assert_eq!((purl.namespace.as_str(), purl.name.as_str()), ("debian", "curl"));
        for text in [
            "",
            "npm/a@1",
            "pkg:npm",
            "pkg:npm/",
            "pkg:/a",
            "pkg:n pm/a",
            "pkg:npm/%ff",
            "pkg:npm/a?b",
            "pkg:npm/a?b=1&B=2",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(kind in 0..ECOSYSTEMS.len(), name in "[a-z@][a-z0-9@:%?#é+.-]{0,9}", version in "[0-9][0-9a-z+@/#?%:-]{0,9}") {
            let ecosystem = ECOSYSTEMS[kind];
            let name = match ecosystem {
                Ecosystem::PYPI => super::pep_503(&name),
                Ecosystem::MAVEN | Ecosystem::SWIFT => name.replace(':', ""),
                _ => name,
            };
            let read = parse(&purl(ecosystem, &name, &version)).unwrap();
            prop_assert_eq!(read.ecosystem(), Some(ecosystem));
            prop_assert_eq!(read.full_name(), name);
            prop_assert_eq!(read.plain_version(), version);
        }

        #[test]
        fn any_text_is_read_or_rejected(text in "(pkg:)?[a-z/@%?#&=0-9 é]{0,30}") {
            let _ = parse(&text);
        }
    }
}
