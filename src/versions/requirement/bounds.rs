//! Requirements that are lists of bounds: RubyGems (`~> 1.2`), Hex, Packagist, NuGet and Maven (`[1.0, 2.0)`), and Go's lowest version.

use super::Operator;
use crate::Version;
use crate::number::is_digits;
use crate::version::Order;

/// Lists of bounds, one of which must hold.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    order: Order,
    sets: Vec<Vec<(Operator, Version)>>,
}

impl Bounds {
    /// Reads a requirement; none where it is not one, or the ecosystem's grammar is not known.
    pub(super) fn parse(ecosystem: &str, order: Order, text: &str) -> Option<Self> {
        let text = text.trim();
        let sets = match ecosystem {
            "RubyGems" if text.is_empty() => vec![list(order, [">= 0"].into_iter())?],
            "RubyGems" => vec![list(order, text.trim_end_matches(',').split(','))?],
            "Hex" => {
                text.split(" or ").map(|part| list(order, part.split(" and "))).collect::<Option<_>>()?
            }
            "Packagist" => text.replace("||", "|").split('|').map(packagist).collect::<Option<_>>()?,
            "NuGet" => vec![interval(order, text).or_else(|| at_least(order, text))?],
            "Maven" => intervals(order, text)?,
            "Go" => vec![go(order, text)?],
            "GitHub Actions" => {
                return Some(Self { order: Order::SemVer, sets: vec![tag(text)?] });
            }
            _ => return None,
        };
        Some(Self { order, sets })
    }

    /// Whether a version is admitted.
    pub(super) fn admits(&self, version: &str) -> Option<bool> {
        let text = version;
        let version = certain(self.order, text)?;
        // What `~>` of RubyGems leaves out begins with the pre-releases of its bound.
        let release = match self.order {
            Order::RubyGems => Version::of_any(self.order, &release(text)),
            _ => version.clone(),
        };
        let holds = |set: &Vec<(Operator, Version)>| {
            set.iter().all(|(operator, bound)| match operator {
                Operator::Below => release < *bound,
                operator => operator.holds(version.cmp(bound)),
            })
        };
        Some(self.sets.iter().any(holds))
    }
}

/// A version that the ecosystem itself has a place for.
fn certain(order: Order, text: &str) -> Option<Version> {
    let text = text.trim();
    Some(Version::of_any(order, text)).filter(Version::is_certain)
}

/// Comparisons that all must hold, with `~>` for everything below the next number but one.
fn list<'a>(order: Order, parts: impl Iterator<Item = &'a str>) -> Option<Vec<(Operator, Version)>> {
    let mut bounds = Vec::new();
    for part in parts {
        let part = part.trim();
        if let Some(version) = part.strip_prefix("~>") {
            let version = version.trim();
            let numbers =
                numbers(&if order == Order::RubyGems { release(version) } else { version.to_owned() })?;
            // With one number, the next one is the bound.
            let place = numbers.len().saturating_sub(2);
            bounds.push((Operator::GreaterOrEqual, certain(order, version)?));
            bounds.push((Operator::Below, next(order, &numbers, place)?));
            continue;
        }
        let is_doubled = order == Order::SemVer;
        let (operator, version) = Operator::split(part, is_doubled);
        let (operator, version) = match part.strip_prefix("!=") {
            Some(version) => (Operator::NotEqual, version),
            None => (operator, version),
        };
        bounds.push((operator, certain(order, version)?));
    }
    Some(bounds)
}

/// The numbers of a version of RubyGems before its first word.
fn release(version: &str) -> String {
    let version = version.trim();
    let end = version.find(|next: char| next.is_ascii_alphabetic() || next == '-').unwrap_or(version.len());
    version.get(..end).unwrap_or_default().trim_end_matches('.').to_owned()
}

/// The numbers that a version begins with.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let release = version.split(['-', '+']).next()?;
    let digits = release.split('.').take_while(|part| is_digits(part));
    let numbers: Vec<u64> = digits.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (!numbers.is_empty()).then_some(numbers)
}

/// The lowest version, its pre-releases included, whose number at a place is one more.
fn next(order: Order, numbers: &[u64], place: usize) -> Option<Version> {
    let mut numbers: Vec<u64> = numbers.get(..=place)?.to_vec();
    let last = numbers.last_mut()?;
    *last = last.checked_add(1)?;
    let mut text = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
    text.push_str(match order {
        Order::Packagist => "-dev",
        Order::RubyGems => "",
        // In Elixir the bound excludes its pre-releases as well.
        _ => "-0",
    });
    if order == Order::SemVer {
        let dots = numbers.len();
        text = text.replace("-0", &format!("{}-0", ".0".repeat(3_usize.saturating_sub(dots))));
    }
    let version = Version::of_any(order, &text);
    version.is_parsable().then_some(version)
}

/// What Composer understands between two `|`.
fn packagist(text: &str) -> Option<Vec<(Operator, Version)>> {
    let order = Order::Packagist;
    let text = text.trim();
    if let Some((from, to)) = text.split_once(" - ") {
        let (from, to) = (from.trim(), to.trim());
        let upper = numbers(to)?;
        let is_whole = upper.len() >= 3;
        let upper = if is_whole {
            (Operator::LessOrEqual, certain(order, to)?)
        } else {
            (Operator::Less, next(order, &upper, upper.len() - 1)?)
        };
        return Some(vec![(Operator::GreaterOrEqual, certain(order, from)?), upper]);
    }
    let mut bounds = Vec::new();
    let mut words = text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let word = match word {
            "<" | "<=" | ">" | ">=" | "=" | "==" | "!=" | "^" | "~" => format!("{word}{}", words.next()?),
            word => word.to_owned(),
        };
        let word = word.split('@').next().unwrap_or_default();
        bounds.extend(packagist_word(order, word)?);
    }
    (!bounds.is_empty() || text == "*").then_some(bounds)
}

fn packagist_word(order: Order, word: &str) -> Option<Vec<(Operator, Version)>> {
    let from = |version: &str, place: usize| {
        let numbers = numbers(version.trim_start_matches('v'))?;
        Some(vec![
            (Operator::GreaterOrEqual, certain(order, version)?),
            (Operator::Less, next(order, &numbers, place.min(numbers.len() - 1))?),
        ])
    };
    let count = |version: &str| numbers(version.trim_start_matches('v')).map_or(0, |numbers| numbers.len());
    if word == "*" {
        return Some(Vec::new());
    }
    if let Some(version) = word.strip_prefix('^') {
        let numbers = numbers(version.trim_start_matches('v'))?;
        let place = numbers.iter().position(|number| *number > 0).unwrap_or(numbers.len() - 1);
        return from(version, place);
    }
    if let Some(version) = word.strip_prefix('~') {
        return from(version, count(version).saturating_sub(2));
    }
    if let Some(version) = word.strip_suffix(".*") {
        return from(version, count(version).saturating_sub(1));
    }
    let (operator, version) = match word.strip_prefix("!=") {
        Some(version) => (Operator::NotEqual, version),
        None => Operator::split(word, true),
    };
    Some(vec![(operator, certain(order, version.trim_start_matches('='))?)])
}

/// Intervals of Maven, one of which must hold; a version alone is only a wish.
fn intervals(order: Order, text: &str) -> Option<Vec<Vec<(Operator, Version)>>> {
    if !text.starts_with(['[', '(']) {
        return certain(order, text).map(|_| vec![Vec::new()]);
    }
    let mut sets = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find([']', ')'])? + 1;
        sets.push(interval(order, rest.get(..end)?)?);
        rest = rest.get(end..)?.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
    Some(sets)
}

/// `[1.0, 2.0)`: brackets include their end, parentheses don't; `[1.0]` is one version.
fn interval(order: Order, text: &str) -> Option<Vec<(Operator, Version)>> {
    let lower = match text.get(..1)? {
        "[" => Operator::GreaterOrEqual,
        "(" => Operator::Greater,
        _ => return None,
    };
    let upper = match text.get(text.len() - 1..)? {
        "]" => Operator::LessOrEqual,
        ")" => Operator::Less,
        _ => return None,
    };
    let inner = text.get(1..text.len() - 1)?.trim();
    let Some((from, to)) = inner.split_once(',') else {
        let is_one = lower == Operator::GreaterOrEqual && upper == Operator::LessOrEqual;
        return certain(order, inner).filter(|_| is_one).map(|version| vec![(Operator::Equal, version)]);
    };
    let mut bounds = Vec::new();
    for (operator, text) in [(lower, from.trim()), (upper, to.trim())] {
        if !text.is_empty() {
            bounds.push((operator, certain(order, text)?));
        }
    }
    Some(bounds)
}

/// A version of NuGet, which is the lowest.
fn at_least(order: Order, text: &str) -> Option<Vec<(Operator, Version)>> {
    certain(order, text).map(|version| vec![(Operator::GreaterOrEqual, version)])
}

/// The lowest version that a `go.mod` asks for; another major version from 2 on is another module.
fn go(order: Order, text: &str) -> Option<Vec<(Operator, Version)>> {
    let lowest = certain(order, text)?;
    let major = *numbers(text.trim_start_matches('v'))?.first()?;
    let mut bounds = vec![(Operator::GreaterOrEqual, lowest)];
    if !text.contains("+incompatible") {
        let last = major.max(1);
        bounds.push((Operator::Less, Version::of_any(order, &format!("{}.0.0-0", last.checked_add(1)?))));
    }
    Some(bounds)
}

/// A tag of an action that moves: `v4` is every `4.x.y`, `v4.1` every `4.1.x`.
fn tag(text: &str) -> Option<Vec<(Operator, Version)>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 2 || !parts.iter().all(|part| is_digits(part)) {
        return None;
    }
    let numbers = numbers(text)?;
    let order = Order::SemVer;
    let mut lowest = text.to_owned();
    lowest.push_str(if parts.len() == 1 { ".0.0-0" } else { ".0-0" });
    Some(vec![
        (Operator::GreaterOrEqual, certain(order, &lowest)?),
        (Operator::Less, next(order, &numbers, numbers.len() - 1)?),
    ])
}

/// Whether a version has a word for what comes before a release.
pub(super) fn has_early_word(version: &str) -> bool {
    const EARLY: [&str; 14] = [
        "alpha",
        "beta",
        "milestone",
        "rc",
        "cr",
        "snapshot",
        "a",
        "b",
        "m",
        "dev",
        "pre",
        "preview",
        "ea",
        "incubating",
    ];
    let lower = version.to_ascii_lowercase();
    let words = lower.split(|next: char| !next.is_ascii_alphabetic());
    words.into_iter().any(|word| EARLY.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::super::{Requirement, is_pre_release};

    #[test]
    fn bounds_mean_what_the_ecosystem_means() {
        for (ecosystem, requirement, admitted, refused) in [
            ("RubyGems", "~> 1.2", "1.2 1.9.9", "2.0 2.0.rc1 1.1"),
            ("RubyGems", "~> 1.2.3", "1.2.3 1.2.9", "1.3.0"),
            ("RubyGems", ">= 1.0, < 2", "1.0 1.9", "2.0"),
            ("RubyGems", "!= 1.1", "1.0", "1.1"),
            ("Hex", "~> 2.1.3", "2.1.9", "2.2.0 2.2.0-rc.1"),
            ("Hex", "~> 2.1 or == 4.0.0", "2.9.0 4.0.0", "3.0.0 4.0.1"),
            ("Hex", ">= 1.0.0 and < 2.0.0", "1.5.0", "2.0.0"),
            ("Packagist", "^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"),
            ("Packagist", "^0.3", "0.3.9", "0.4.0"),
            ("Packagist", "~1.2", "1.9", "2.0"),
            ("Packagist", "~1.2.3", "1.2.9", "1.3.0"),
            ("Packagist", "1.0.*", "1.0.9", "1.1.0"),
            ("Packagist", "^4.4 || ^5.0", "4.9 5.1", "6.0"),
            ("Packagist", ">=1.0 <1.1,!=1.0.5", "1.0.4", "1.0.5 1.1"),
            ("Packagist", "1.0 - 2.0", "2.0.9", "2.1"),
            ("NuGet", "1.0", "1.0.0 9.0", "0.9"),
            ("NuGet", "[1.0, 2.0)", "1.5", "2.0.0"),
            ("NuGet", "[1.0]", "1.0.0", "1.0.1"),
            ("Maven", "1.0", "1.0 2.0", ""),
            ("Maven", "[1.0,1.5),(2.0,]", "1.4 3.0", "1.5 2.0"),
            ("Go", "v1.2.3", "1.2.3 v1.9.0", "1.2.2 2.0.0"),
            ("Go", "v0.9.0", "1.0.0", "2.0.0"),
            ("GitHub Actions", "v4", "4.0.0 4.9.1", "3.9.9 5.0.0"),
            ("GitHub Actions", "4.1", "4.1.0 4.1.9", "4.0.9 4.2.0"),
            ("Go", "v2.0.0+incompatible", "3.0.0+incompatible", "1.9.0"),
        ] {
            let read = Requirement::parse(ecosystem, requirement).unwrap();
            for text in admitted.split_whitespace() {
                assert_eq!(read.admits(text), Some(true), "{ecosystem} {requirement} {text}");
            }
            for text in refused.split_whitespace() {
                assert_eq!(read.admits(text), Some(false), "{ecosystem} {requirement} {text}");
            }
        }
        for (ecosystem, text) in [
            ("RubyGems", "~> x"),
            ("Packagist", "dev-main"),
            ("Maven", "[1.0"),
            ("Maven", "${version}"),
            ("NuGet", "[1.0, 2.0"),
            ("Conan", "1.0"),
            ("Pub", "any"),
            ("GitHub Actions", "main"),
            ("GitHub Actions", "0123456789012345678901234567890123456789"),
        ] {
            assert!(Requirement::parse(ecosystem, text).is_none(), "{ecosystem} {text}");
        }
    }

    #[test]
    fn pre_releases_are_known() {
        for (ecosystem, version, expected) in [
            ("npm", "1.0.0-rc.1", Some(true)),
            ("npm", "1.0.0+a-b", Some(false)),
            ("PyPI", "1.0rc1", Some(true)),
            ("PyPI", "1.0.post1", Some(false)),
            ("PyPI", "1.0.dev1", Some(true)),
            ("Maven", "1.0-beta-2", Some(true)),
            ("Maven", "32.0.0-jre", Some(false)),
            ("RubyGems", "1.0.rc1", Some(true)),
            ("Go", "2.0.0+incompatible", Some(false)),
            ("Packagist", "v1.0.0", Some(false)),
            ("npm", "latest", None),
        ] {
            assert_eq!(is_pre_release(ecosystem, version), expected, "{ecosystem} {version}");
        }
    }
}
