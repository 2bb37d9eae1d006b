//! One RustSec advisory: Markdown with TOML front matter, read by the `rustsec` crate.

use std::str::FromStr;

use jiff::civil::Date;
use rustsec::VersionReq;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::record::{Advisory, Kind, Read, Versions};
use devops_core::Ecosystem;
use devops_core::keys::damaged;

/// What its advisories are about.
pub const ECOSYSTEM: Ecosystem = Ecosystem::CRATES_IO;

/// Longest run of digits that still fits every number of a version, one step up included.
const DIGITS: usize = 18;

/// Reads the advisory `id` about `package`, which are what its path says.
///
/// # Errors
/// Where the text is not such an advisory; one lower-case fragment says why.
pub fn parse(text: &[u8], package: &str, id: &str) -> Result<Advisory, String> {
    let text =
        std::str::from_utf8(text).map_err(|error| format!("not UTF-8 after byte {}", error.valid_up_to()))?;
    // The crate's reader assumes what these two lines check, and would stop the process where it is not so.
    if !text.starts_with("```toml") {
        return Err("does not start with TOML front matter".to_owned());
    }
    if has_huge_number(text) {
        return Err("a number in it is too large".to_owned());
    }
    if let Some(damage) = damaged_key(text) {
        return Err(damage);
    }
    let advisory = rustsec::Advisory::from_str(text).map_err(|error| reason(&error))?;
    let metadata = advisory.metadata;
    if metadata.package.as_str() != package {
        return Err(format!("is about `{}`, but is in the folder of `{package}`", metadata.package));
    }
    if metadata.id.as_str() != id {
        return Err(format!("has the id `{}`, but is named `{id}`", metadata.id));
    }
    if metadata.source.is_some_and(|source| !source.is_default_registry()) {
        return Err("is about a package of another registry".to_owned());
    }
    Ok(Advisory {
        aliases: metadata.aliases.iter().map(ToString::to_string).collect(),
        title: metadata.title,
        date: metadata.date.as_str().parse().ok(),
        kind: metadata
            .informational
            .map_or(Kind::Vulnerability, |kind| Kind::of_informational(kind.as_str())),
        vectors: metadata.cvss.iter().map(ToString::to_string).collect(),
        word: None,
        withdrawn: metadata.withdrawn.is_some(),
        known_exploited: None,
        epss: None,
        ecosystem: ECOSYSTEM.name().to_owned(),
        patched: texts(advisory.versions.patched()),
        versions: Versions::Requirements {
            patched: texts(advisory.versions.patched()),
            unaffected: texts(advisory.versions.unaffected()),
        },
        id: id.to_owned(),
        read: Read::default(),
    })
}

/// A key of the front matter that is nearly a known one; the crate ignores such keys, and a severity with them.
fn damaged_key(text: &str) -> Option<String> {
    const TABLES: [(&str, &[&str]); 4] = [
        ("", &["advisory", "versions", "affected"]),
        (
            "advisory",
            &[
                "id",
                "package",
                "title",
                "description",
                "date",
                "aliases",
                "related",
                "collection",
                "categories",
                "keywords",
                "cvss",
                "informational",
                "references",
                "source",
                "url",
                "withdrawn",
                "license",
                "expect-deleted",
            ],
        ),
        ("versions", &["patched", "unaffected"]),
        ("affected", &["arch", "os", "functions"]),
    ];
    let document = DeTable::parse(front(text)).ok()?;
    TABLES.iter().find_map(|(table, known)| {
        let keys = match document.get_ref().get(*table).map(Spanned::get_ref) {
            _ if table.is_empty() => document.get_ref(),
            Some(DeValue::Table(keys)) => keys,
            _ => return None,
        };
        keys.keys().find_map(|key| {
            let near = damaged(key.get_ref(), known.iter().copied())?;
            Some(format!("unknown key `{}`, did you mean `{near}`?", key.get_ref()))
        })
    })
}

/// The front matter of an advisory, behind its first line.
fn front(text: &str) -> &str {
    let text = text.split_once('\n').map_or("", |(_, rest)| rest);
    text.find("\n```").map_or(text, |end| text.get(..end).unwrap_or(text))
}

/// The day that the front matter of an advisory names, found without reading the rest.
pub fn date(text: &[u8]) -> Option<Date> {
    let mut lines = text.split(|byte| *byte == b'\n').take_while(|line| *line != b"```");
    lines.find_map(|line| {
        let value = std::str::from_utf8(line).ok()?.strip_prefix("date")?.trim_start().strip_prefix('=')?;
        value.split('"').nth(1)?.parse().ok()
    })
}

/// The year in an advisory's id.
pub fn year(id: &str) -> Option<i16> {
    let (year, number) = id.strip_prefix("RUSTSEC-")?.split_once('-')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    year.parse().ok().filter(|year| *year > 0)
}

/// Whether a number outside of links has more digits than a version can count.
fn has_huge_number(text: &str) -> bool {
    let front = text.find("\n```").map_or(text, |end| text.get(..end).unwrap_or(text));
    let is_huge = |text: &str| {
        text.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() > DIGITS)
    };
    front.split('"').any(|text| !text.contains("://") && is_huge(text))
}

/// Requirements as texts.
fn texts(requirements: &[VersionReq]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

/// What the crate reports, in one line.
fn reason(error: &rustsec::Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.last().map_or_else(|| "is not an advisory".to_owned(), |line| (*line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{date, parse, year};

    const GOOD: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"a\"\ndate = \"2026-01-02\"\n\
        url = \"https://example.org/status/1336684692284772352\"\n\n[versions]\npatched = [\">= 1.2\"]\n```\n\n# A\n\nB\n";

    #[test]
    fn long_numbers_are_fine_in_links_only() {
        assert!(parse(GOOD.as_bytes(), "a", "RUSTSEC-2026-0001").is_ok());
        let huge = GOOD.replace(">= 1.2", ">= 1.18446744073709551615");
        assert_eq!(
            parse(huge.as_bytes(), "a", "RUSTSEC-2026-0001").unwrap_err(),
            "a number in it is too large"
        );
    }

    #[test]
    fn damaged_keys_are_refused() {
        for (right, damage) in [
            ("package =", "Package ="),
            ("[versions]", "[Versions]"),
            ("patched =", "PATCHED ="),
            (
                "date = \"2026-01-02\"",
                "date = \"2026-01-02\"\nCVSS = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"",
            ),
            ("date = \"2026-01-02\"", "date = \"2026-01-02\"\ncvsS = \"\""),
        ] {
            let error = parse(GOOD.replace(right, damage).as_bytes(), "a", "RUSTSEC-2026-0001").unwrap_err();
            assert!(error.contains("did you mean"), "{damage}: {error}");
        }
        let newer = GOOD.replace("date =", "surprise = 1\ndate =");
        assert!(parse(newer.as_bytes(), "a", "RUSTSEC-2026-0001").is_ok());
    }

    #[test]
    fn the_lowest_patched_version_comes_from_the_requirement() {
        let of = |requirement: &str| {
            let text = GOOD.replace(">= 1.2", requirement);
            let advisory = parse(text.as_bytes(), "a", "RUSTSEC-2026-0001").unwrap();
            advisory.fixed_versions()
        };
        assert_eq!(of(">= 1.2"), ["1.2.0"]);
        assert_eq!(of("> 1.2.3"), [""; 0]);
        assert_eq!(of("> 1.2.3, < 2.0.0"), [""; 0]);
        assert_eq!(of("^1.2.3"), ["1.2.3"]);
        assert_eq!(of(">= 0.6.14, < 1.0.0"), ["0.6.14"]);
        assert_eq!(of("< 1.0.0"), [""; 0]);
    }

    #[test]
    fn the_day_is_found_in_the_front_matter_only() {
        assert_eq!(date(GOOD.as_bytes()).unwrap().to_string(), "2026-01-02");
        assert_eq!(date(b"```toml\n```\ndate = \"2026-01-02\"\n"), None);
        assert_eq!(year("RUSTSEC-2026-0001"), Some(2026));
        assert_eq!(year("RUSTSEC-x-0001"), None);
    }
}
