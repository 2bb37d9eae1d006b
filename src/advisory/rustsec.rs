//! One RustSec advisory: Markdown with TOML front matter, read by the `rustsec` crate.

use std::str::FromStr;

use jiff::civil::Date;
use rustsec::advisory::{Informational, Severity as Cvss};

use super::record::{Advisory, Kind};
use crate::core::Severity;

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
    let advisory = rustsec::Advisory::from_str(text).map_err(|error| reason(&error))?;
    let metadata = advisory.metadata;
    if metadata.package.as_str() != package {
        return Err(format!("is about `{}`, but stands in the folder of `{package}`", metadata.package));
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
        kind: metadata.informational.map_or(Kind::Vulnerability, kind),
        severity: metadata.cvss.as_ref().map(|cvss| severity(cvss.severity())),
        vector: metadata.cvss.as_ref().map(ToString::to_string),
        withdrawn: metadata.withdrawn.is_some(),
        patched: advisory.versions.patched().iter().map(ToString::to_string).collect(),
        versions: advisory.versions,
        id: id.to_owned(),
    })
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

/// Whether a number has more digits than a version can count.
fn has_huge_number(text: &str) -> bool {
    let front = text.find("\n```").map_or(text, |end| text.get(..end).unwrap_or(text));
    front.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() > DIGITS)
}

fn kind(informational: Informational) -> Kind {
    match informational {
        Informational::Notice => Kind::Notice,
        Informational::Unmaintained => Kind::Unmaintained,
        Informational::Unsound => Kind::Unsound,
        other => Kind::Other(other.as_str().to_owned()),
    }
}

fn severity(cvss: Cvss) -> Severity {
    match cvss {
        Cvss::Critical => Severity::Critical,
        Cvss::High => Severity::High,
        Cvss::Medium => Severity::Medium,
        // A score of 0 says that there is no impact, which is still no reason to pass without a word.
        Cvss::Low | Cvss::None => Severity::Low,
    }
}

/// What the crate has to say, in one line.
fn reason(error: &rustsec::Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.last().map_or_else(|| "is not an advisory".to_owned(), |line| (*line).to_owned())
}
