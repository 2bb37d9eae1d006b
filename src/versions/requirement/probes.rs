//! Versions that show whether everything that a requirement admits has a property: those at which it, or a range, begins or ends, and
//! those just above them.

use std::collections::BTreeSet;

use super::Requirement;

/// Above every version that is published.
const HIGHEST: &str = "999999999.0.0";
/// Below every version but the first.
const LOWEST: [&str; 2] = ["0.0.0", "0.0.1"];
/// Most numbers of a version that are raised.
const PLACES: usize = 4;

impl Requirement {
    /// Versions that are admitted: one of each stretch between the versions that `bounds` and the requirement itself name, as far as
    /// it has releases.
    pub fn probes<'a>(&self, text: &str, bounds: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut probes: BTreeSet<String> = LOWEST.into_iter().chain([HIGHEST]).map(str::to_owned).collect();
        for word in text.split(|next: char| !(next.is_ascii_alphanumeric() || ".-+_".contains(next))) {
            around(word.trim_matches(['.', '-']), &mut probes);
        }
        for bound in bounds {
            around(bound, &mut probes);
        }
        probes.retain(|probe| self.admits(probe) == Some(true));
        probes.into_iter().collect()
    }

    /// The one version that is admitted; none where there are several, or none.
    pub fn only(&self, ecosystem: &str, text: &str) -> Option<String> {
        let probes = self.probes(text, []);
        let first = probes.first()?;
        let is_same =
            |other: &String| crate::compare(ecosystem, first, other).is_ok_and(std::cmp::Ordering::is_eq);
        // Of several spellings, the one that the text has.
        probes.iter().all(is_same).then(|| {
            let written = probes.iter().find(|probe| text.contains(probe.as_str()));
            written.unwrap_or(first).clone()
        })
    }
}

/// A version, and those that follow it.
fn around(version: &str, probes: &mut BTreeSet<String>) {
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    if !version.starts_with(|first: char| first.is_ascii_digit()) {
        return;
    }
    probes.insert(version.to_owned());
    let release = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<u64> = release.split('.').map_while(|part| part.parse().ok()).collect();
    // A release follows its pre-releases.
    let whole = |numbers: &[u64]| {
        let mut words: Vec<String> = numbers.iter().map(u64::to_string).collect();
        words.resize(words.len().max(3), "0".to_owned());
        words.join(".")
    };
    probes.insert(whole(&numbers));
    let mut longer = numbers.clone();
    longer.resize(longer.len().max(3), 0);
    for place in 0..longer.len().min(PLACES) {
        let mut next: Vec<u64> = longer.iter().take(place + 1).copied().collect();
        if let Some(last) = next.last_mut() {
            *last = last.saturating_add(1);
        }
        probes.insert(whole(&next));
    }
    longer.push(1);
    probes.insert(longer.iter().map(u64::to_string).collect::<Vec<_>>().join("."));
}

#[cfg(test)]
mod tests {
    use super::super::Requirement;

    #[test]
    fn a_requirement_of_one_version_is_that_version() {
        for (ecosystem, text, expected) in [
            ("npm", "1.0.0", Some("1.0.0")),
            ("npm", "=1.0.0", Some("1.0.0")),
            ("npm", ">=1.0.0 <=1.0.0", Some("1.0.0")),
            ("npm", "^1.0.0", None),
            ("npm", "1.0.x", None),
            ("npm", "0.0.x", None),
            ("npm", "<2.0.0", None),
            ("npm", "*", None),
            ("npm", ">1.0.0 <1.0.0", None),
            ("crates.io", "=1.2.3", Some("1.2.3")),
            ("crates.io", "1.2.3", None),
            ("PyPI", "==1.0", Some("1.0")),
            ("PyPI", "==1.0.*", None),
            ("PyPI", ">=1.0,<=1.0", Some("1.0")),
            ("PyPI", ">=1.0,<=1.0.1", None),
            ("PyPI", ">=1.0", None),
            ("Maven", "[1.0.0,1.0.0]", Some("1.0.0")),
            ("Maven", "[1.0.0,1.0.0],[2.0.0]", None),
            ("Maven", "[1.0.0,2.0.0]", None),
            ("NuGet", "[1.0.0]", Some("1.0.0")),
            ("NuGet", "[1.0.0, 1.0.0]", Some("1.0.0")),
            ("NuGet", "1.0.0", None),
            ("RubyGems", "= 1.0", Some("1.0")),
            ("RubyGems", "~> 1.0", None),
            ("Hex", "== 1.0.0", Some("1.0.0")),
            ("Packagist", "1.0.0", Some("1.0.0")),
            ("GitHub Actions", "v4", None),
            ("GitHub Actions", "v4.1", None),
        ] {
            let only = Requirement::parse(ecosystem, text).unwrap().only(ecosystem, text);
            assert_eq!(only.as_deref(), expected, "{ecosystem} {text}");
        }
    }
}
