//! What no registry has: names, versions and addresses with characters that only damage puts there.
//!
//! A package whose name or address is damaged would be another one, which no advisory is about.

use crate::document::Damage;
use crate::{Origin, Package};
use devops_core::Ecosystem;
use devops_core::escape::is_hidden;

/// The characters beside letters and digits that names may have, by ecosystem.
const MARKS: &[(Ecosystem, &str)] = &[
    (Ecosystem::CRAN, "."),
    (Ecosystem::CRATES_IO, "-_"),
    (Ecosystem::GITHUB_ACTIONS, "-_./"),
    (Ecosystem::GO, "-._~+/"),
    (Ecosystem::HACKAGE, "-"),
    (Ecosystem::HEX, "_"),
    // A property that no file defines stays as it is.
    (Ecosystem::MAVEN, "-_.:${}"),
    (Ecosystem::NPM, "-_.~!'()*@/"),
    (Ecosystem::NUGET, "-_."),
    (Ecosystem::PACKAGIST, "-_./"),
    (Ecosystem::PUB, "_"),
    (Ecosystem::PYPI, "-_."),
    (Ecosystem::RUBYGEMS, "-_."),
    (Ecosystem::SWIFT, "-._~+/"),
];

/// Characters that stand around versions and addresses, and in none.
const NO_PART: &str = "\"'<>\\^`{|}";

/// Rejects a package that no registry can have.
///
/// # Errors
/// Where its name, its exact version or its address has characters that only damage puts there.
pub(super) fn check(package: &Package) -> Result<(), Damage> {
    let Package { ecosystem, name, version, source, origin, line, .. } = package;
    let wrong = |what: &str, text: &str| {
        let shown: String = text.chars().filter(|character| !is_hidden(*character)).take(200).collect();
        Err(Damage::new(*line, format!("`{shown}` is no {what}")))
    };
    if [name, version, source].iter().any(|text| !text.is_ascii() && text.chars().any(is_hidden)) {
        return Err(Damage::new(
            *line,
            format!("`{}` has characters that nobody can see", name.escape_debug()),
        ));
    }
    if *origin == Origin::Registry
        && let Some((_, marks)) = MARKS.iter().find(|(known, _)| known == ecosystem)
    {
        // What Gradle trusts without a version may be a pattern.
        let is_pattern = *ecosystem == Ecosystem::MAVEN && !package.is_exact();
        let is_part = |one: char| {
            one.is_alphanumeric() || marks.contains(one) || (is_pattern && one.is_ascii_graphic())
        };
        if !name.chars().all(is_part) {
            return wrong(&format!("name of a package of {}", ecosystem.name()), name);
        }
        // Of a branch, Composer writes the commit behind it.
        let is_part = |one: char| {
            one.is_ascii_graphic()
                && !NO_PART.contains(one)
                && (one != '#' || *ecosystem == Ecosystem::PACKAGIST)
        };
        if !version.chars().all(is_part) {
            return wrong("version", version);
        }
    }
    if *origin != Origin::Project && !is_source(source) {
        return wrong("address", source);
    }
    Ok(())
}

/// Whether a text may be where a package is from: of a package of Composer there may be two addresses.
fn is_source(text: &str) -> bool {
    let has_two = text.contains("://") && text.split(' ').all(|word| word.contains("://"));
    if has_two { text.split(' ').all(is_address) } else { is_address(text) }
}

/// Whether a text may be where a package is from: an address with a scheme and a host, or something else than one.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        // `https:/host` and `n pm:name@1.0.0`, which are neither paths nor addresses.
        let is_http = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_torn = scheme.contains(' ') && !scheme.contains(['/', '\\', '.', '`']);
        // `npo:name@1.0.0`.
        let letters: Vec<char> = scheme.chars().filter(char::is_ascii_alphanumeric).collect();
        let same = letters.iter().zip("npm".chars()).filter(|(left, right)| left.eq_ignore_ascii_case(right));
        let is_alias = letters.len() == 3 && same.count() >= 2 && scheme != "npm" && text.contains('@');
        return !(is_http && text.contains([':', '/']) || is_torn || is_alias);
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|one| one.is_ascii_alphanumeric() || "+-.".contains(one));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_authority =
        authority.chars().all(|one| one.is_alphanumeric() || "-._~:@[]%!$&'()*+,;=".contains(one))
            && (!authority.is_empty() || scheme.eq_ignore_ascii_case("file"));
    let is_part = |one: char| !one.is_whitespace() && !one.is_ascii_control() && !"\"<>`".contains(one);
    is_scheme && is_authority && rest.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::{Origin, Package};
    use devops_core::Ecosystem;

    #[test]
    fn what_no_registry_has_is_rejected() {
        for (ecosystem, name, version, expected) in [
            (Ecosystem::NPM, "@scope/left.pad~1", "1.0.0-rc.1+b", true),
            (Ecosystem::NPM, "left pad", "1.0.0", false),
            (Ecosystem::NPM, "left\u{200b}pad", "1.0.0", false),
            (Ecosystem::NPM, "left#pad", "1.0.0", false),
            (Ecosystem::NPM, "leftpad", "1.0 .0", false),
            (Ecosystem::NPM, "leftpad", "1.0.0\"", false),
            (Ecosystem::NPM, "leftpad", "1.0.\u{feff}0", false),
            (Ecosystem::PYPI, "zope.interface", "1!2.0.post1", true),
            (Ecosystem::PYPI, "zope/interface", "1", false),
            (Ecosystem::MAVEN, "org.slf4j:slf4j-api", "2.0", true),
            (Ecosystem::MAVEN, "org.s lf4j:slf4j-api", "2.0", false),
            (Ecosystem::NUGET, "Größe.Json", "1.0", true),
            (Ecosystem::GO, "github.com/a/b/v2", "1.0.0+incompatible", true),
            (Ecosystem::COCOAPODS, "a pod", "1.0", true),
        ] {
            let package = Package::new(ecosystem, name, version, 7);
            assert_eq!(
                check(&package).map_err(|damage| damage.line),
                if expected { Ok(()) } else { Err(7) },
                "{name} {version}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_rejected() {
        for (source, expected) in [
            ("", true),
            ("../my project", true),
            ("https://git.example.org:8443/a b.git", false),
            ("https://git.example.org:8443/a/b.git?x#y", true),
            ("git+ssh://git@github.com:a/b.git#main", true),
            ("git@github.com:a/b.git", true),
            ("file:///a/b", true),
            ("http-parser", true),
            ("https:-/example.org/a", false),
            ("https:/example.org/a", false),
            ("n pm:a@1.0.0", false),
            ("npo:a@1.0.0", false),
            ("#npm:a@1.0.0", false),
            ("file:../a b", true),
            ("https:///a", false),
            ("ht\u{feff}tps://example.org/a", false),
            ("https://exam{ple.org/a", false),
            ("https://example.o\"rg/a", false),
            ("https://example.org/a https://example.net/b", true),
            ("https://example.org/a b", false),
            ("a component without a purl", true),
        ] {
            let package = Package {
                origin: Origin::Other,
                source: source.to_owned(),
                ..Package::new(Ecosystem::NPM, "a", "1", 1)
            };
            assert_eq!(check(&package).is_ok(), expected, "{source}");
        }
    }
}
