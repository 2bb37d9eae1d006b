//! npm: what `satisfies` of node-semver does with a range, its options left as they are.

use semver::{BuildMetadata, Prerelease, Version};

use super::Operator;
use crate::number::split_while;

/// The largest number that node-semver accepts.
const LARGEST: u64 = (1 << 53) - 1;

/// Sets of comparators, one of which must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range(Vec<Vec<(Operator, Version)>>);

/// A version of which parts may be missing, or `x`.
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: Prerelease,
    /// Whether a number follows an `x`, which is not allowed everywhere.
    has_number_behind_any: bool,
}

impl Range {
    /// Reads a range; none where it is not one, such as a tag or an address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = without_builds(text);
        let mut sets: Vec<Vec<_>> = text.split("||").map(set).collect::<Option<_>>()?;
        // Beside a set that admits any release, the others don't count, so that they name no pre-release either.
        if sets.iter().any(Vec::is_empty) {
            sets = vec![Vec::new()];
        }
        Some(Self(sets))
    }

    /// Whether a version is in the range; a pre-release is, only where a comparator names one of the same release.
    pub(super) fn admits(&self, version: &Version) -> bool {
        let is_named = |other: &Version| {
            !other.pre.is_empty()
                && (other.major, other.minor, other.patch) == (version.major, version.minor, version.patch)
        };
        self.0.iter().any(|set| {
            set.iter().all(|(operator, bound)| operator.holds(version.cmp_precedence(bound)))
                && (version.pre.is_empty() || set.iter().any(|(_, bound)| is_named(bound)))
        })
    }
}

/// A text without the metadata of builds.
fn without_builds(text: &str) -> String {
    let mut parts = text.split('+');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_identifier = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let (identifier, mut rest) = split_while(part, is_identifier);
        if identifier.is_empty() {
            kept.push('+');
        }
        while let Some((next, behind)) = rest.strip_prefix('.').map(|rest| split_while(rest, is_identifier))
            && !next.is_empty()
            && !identifier.is_empty()
        {
            rest = behind;
        }
        kept.push_str(rest);
    }
    kept
}

/// Reads a version as npm does: `v1.2.3`.
pub(super) fn version(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', '=']);
    let version = Version::parse(text).ok()?;
    (version.major.max(version.minor).max(version.patch) <= LARGEST).then_some(version)
}

/// The comparators of one set, all of which must hold; none of them admits any version.
fn set(text: &str) -> Option<Vec<(Operator, Version)>> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut comparators = Vec::new();
    let mut rest = text.as_str();
    if let Some((from, to)) = text.split_once(" - ") {
        comparators = hyphen(from, to)?;
        rest = "";
    }
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let mut word = word.to_owned();
        // An operator may stand apart from its version.
        while matches!(word.as_str(), "<" | "<=" | ">" | ">=" | "=" | "~" | "~>" | "~=" | "~>=" | "^" | "^=")
        {
            let next = words.next()?;
            let is_old_tilde = word == "~" && next.starts_with('>');
            if next.starts_with(['<', '>', '=', '~', '^']) && !is_old_tilde {
                return None;
            }
            word.push_str(next);
        }
        comparators.extend(comparator(&word)?);
    }
    // Every release is at least 0.0.0.
    comparators
        .retain(|(operator, bound)| *operator != Operator::GreaterOrEqual || *bound != Version::new(0, 0, 0));
    Some(comparators)
}

/// `1.2 - 2`: both ends included, whatever is missing of them.
fn hyphen(from: &str, to: &str) -> Option<Vec<(Operator, Version)>> {
    let (from, to) = (end(from)?, end(to)?);
    let lower = from.major.map(|_| (Operator::GreaterOrEqual, from.lowest()));
    let upper = to.major.map(|major| match (to.minor, to.patch) {
        (None, _) => above(major + 1, 0, 0),
        (Some(minor), None) => above(major, minor + 1, 0),
        _ => (Operator::LessOrEqual, to.lowest()),
    });
    Some(lower.into_iter().chain(upper).collect())
}

/// Reads an end of a hyphen's range.
fn end(text: &str) -> Option<Partial> {
    partial(text).filter(|partial| partial.patch.is_none() || is_bare(text))
}

/// Whether nothing but one `v` stands before a version.
fn is_bare(text: &str) -> bool {
    text.strip_prefix('v').unwrap_or(text).starts_with(|first: char| first.is_ascii_digit())
}

/// What a word without spaces asks for.
fn comparator(word: &str) -> Option<Vec<(Operator, Version)>> {
    if let Some(rest) = word.strip_prefix('^') {
        return partial(rest).map(|partial| caret(&partial));
    }
    if let Some(rest) = word.strip_prefix('~') {
        return partial(rest.strip_prefix('>').unwrap_or(rest)).map(|partial| tilde(&partial));
    }
    let (operator, rest) = Operator::split(word, false);
    let partial = partial(rest).filter(|partial| !partial.has_number_behind_any)?;
    let (Some(major), minor) = (partial.major, partial.minor) else {
        // Nothing is below or above every version.
        let nothing = matches!(operator, Operator::Less | Operator::Greater);
        return Some(if nothing { vec![above(0, 0, 0)] } else { Vec::new() });
    };
    Some(match (operator, minor, partial.patch) {
        (_, Some(_), Some(_)) if !is_bare(rest) => return None,
        (_, Some(_), Some(_)) | (Operator::GreaterOrEqual, _, _) => vec![(operator, partial.lowest())],
        (Operator::Equal, None, _) => between(partial.lowest(), major + 1, 0, 0),
        (Operator::Equal, Some(minor), None) => between(partial.lowest(), major, minor + 1, 0),
        (Operator::Greater, None, _) => vec![(Operator::GreaterOrEqual, Version::new(major + 1, 0, 0))],
        (Operator::Greater, Some(minor), None) => {
            vec![(Operator::GreaterOrEqual, Version::new(major, minor + 1, 0))]
        }
        (Operator::LessOrEqual, None, _) => vec![above(major + 1, 0, 0)],
        (Operator::LessOrEqual, Some(minor), None) => vec![above(major, minor + 1, 0)],
        (Operator::Less, _, _) => vec![above(major, minor.unwrap_or(0), 0)],
        (Operator::NotEqual | Operator::Below, _, _) => return None,
    })
}

/// `^1.2.3`: up to the next change of the leftmost number that is not zero.
fn caret(partial: &Partial) -> Vec<(Operator, Version)> {
    let Some(major) = partial.major else { return Vec::new() };
    match (partial.minor, partial.patch) {
        (Some(0), Some(patch)) if major == 0 => between(partial.lowest(), 0, 0, patch + 1),
        (Some(minor), _) if major == 0 => between(partial.lowest(), 0, minor + 1, 0),
        _ => between(partial.lowest(), major + 1, 0, 0),
    }
}

/// `~1.2.3`: up to the next minor version, if one is given.
fn tilde(partial: &Partial) -> Vec<(Operator, Version)> {
    match (partial.major, partial.minor) {
        (None, _) => Vec::new(),
        (Some(major), None) => between(partial.lowest(), major + 1, 0, 0),
        (Some(major), Some(minor)) => between(partial.lowest(), major, minor + 1, 0),
    }
}

/// From a version up to, and without, another one and its pre-releases.
fn between(from: Version, major: u64, minor: u64, patch: u64) -> Vec<(Operator, Version)> {
    vec![(Operator::GreaterOrEqual, from), above(major, minor, patch)]
}

/// Below a version and its pre-releases.
fn above(major: u64, minor: u64, patch: u64) -> (Operator, Version) {
    let mut version = Version::new(major, minor, patch);
    version.pre = Prerelease::new("0").unwrap_or(Prerelease::EMPTY);
    (Operator::Less, version)
}

impl Partial {
    /// The version with zeros for what is missing.
    fn lowest(&self) -> Version {
        let is_whole = self.minor.is_some() && self.patch.is_some();
        Version {
            major: self.major.unwrap_or(0),
            minor: self.minor.unwrap_or(0),
            patch: self.patch.filter(|_| self.minor.is_some()).unwrap_or(0),
            pre: if is_whole { self.pre.clone() } else { Prerelease::EMPTY },
            build: BuildMetadata::EMPTY,
        }
    }
}

/// Reads a version of which parts may be missing.
fn partial(text: &str) -> Option<Partial> {
    let text = text.trim_start_matches(['v', '=', ' ']);
    let (numbers, pre) = text.split_once('-').map_or((text, None), |(text, pre)| (text, Some(pre)));
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > 3 || parts.len() < 3 && pre.is_some() {
        return None;
    }
    let pre = match pre {
        Some(pre) => Prerelease::new(pre).ok().filter(|pre| !pre.is_empty())?,
        None => Prerelease::EMPTY,
    };
    let number = |place: usize| parts.get(place).map_or(Some(None), |text| component(text));
    let (major, minor, patch) = (number(0)?, number(1)?, number(2)?);
    // What is behind an `x` does not count.
    let has_number_behind_any = major.is_none() && minor.is_some() || minor.is_none() && patch.is_some();
    let minor = minor.filter(|_| major.is_some());
    let patch = patch.filter(|_| minor.is_some());
    Some(Partial { major, minor, patch, pre, has_number_behind_any })
}

/// A number, or an `x` for any.
#[expect(clippy::option_option, reason = "neither a number nor an `x` is no version")]
fn component(text: &str) -> Option<Option<u64>> {
    if matches!(text, "x" | "X" | "*") {
        return Some(None);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| is_number && *number < LARGEST).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Range, version};

    #[test]
    fn ranges_mean_what_npm_means() {
        for (range, admitted, refused) in [
            ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1 1.3.0-rc.1"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^1.x", "1.0.0 1.9.9", "2.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~> 1", "1.9.9", "2.0.0"),
            ("1.2", "1.2.0 1.2.9", "1.3.0"),
            ("1.2.x || >=3 <3.2", "1.2.5 3.1.9", "1.3.0 3.2.0 2.0.0"),
            ("1.2 - 2.3", "1.2.0 2.3.9", "2.4.0 1.1.9"),
            ("1.2.3 - 2", "2.9.9", "3.0.0"),
            ("*", "0.0.0 9.9.9", "1.0.0-rc.1"),
            ("", "1.0.0", "1.0.0-rc.1"),
            (">= 1.2.3-beta.2", "1.2.3-beta.2 1.2.3 1.3.0", "1.2.3-beta.1 1.3.0-beta.3"),
            (">1.2", "1.3.0", "1.2.9"),
            ("<=1.2", "1.2.9", "1.3.0"),
            ("<x", "", "0.0.0 1.0.0"),
            ("=v1.2.3", "1.2.3 1.2.3+b", "1.2.4"),
        ] {
            let read = Range::parse(range).unwrap();
            for text in admitted.split_whitespace() {
                assert!(read.admits(&version(text).unwrap()), "{range} {text}");
            }
            for text in refused.split_whitespace() {
                assert!(!read.admits(&version(text).unwrap()), "{range} {text}");
            }
        }
        for text in
            ["latest", "git+https://a/b.git", "1.2.3.4", ">", "file:../a", "npm:a@1", "01.2.3", "> ^1"]
        {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
