//! Comparisons that mean the same in every ecosystem: `<2`, `>=1.0, <2`, `=1.2.3`.

use super::Operator;
use crate::{Version, find};

/// Comparisons that all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    comparisons: Vec<(Operator, String)>,
}

impl Plain {
    /// Reads comparisons separated by commas; a version alone must be equal.
    ///
    /// # Errors
    /// Where one has no version, or something stands behind it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let comparisons = text.split(',').map(|part| {
            let part = part.trim();
            let (operator, version) = Operator::SIGNS
                .iter()
                .find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?.trim())))
                .unwrap_or((Operator::Equal, part));
            let is_version = version.starts_with(|first: char| first.is_alphanumeric())
                && !version
                    .contains(|character: char| character.is_whitespace() || "<>=*".contains(character));
            if is_version {
                Ok((operator, version.to_owned()))
            } else {
                Err(format!("`{text}` is not a requirement of versions, such as `<2` or `>=1.0, <2`"))
            }
        });
        Ok(Self { comparisons: comparisons.collect::<Result<_, _>>()? })
    }

    /// Whether a version of an ecosystem is admitted; none where that can't be told.
    pub fn holds(&self, ecosystem: &str, version: &str) -> Option<bool> {
        let order = find(ecosystem)?.order()?;
        let version = Version::of_any(order, version);
        if !version.is_certain() {
            return None;
        }
        for (operator, bound) in &self.comparisons {
            let bound = Version::of_any(order, bound);
            if !bound.is_certain() {
                return None;
            }
            let holds = operator.holds(version.cmp(&bound));
            if !holds {
                return Some(false);
            }
        }
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;

    #[test]
    fn comparisons_follow_the_order_of_the_ecosystem() {
        for (requirement, ecosystem, version, expected) in [
            ("<2", "npm", "1.9.9", Some(true)),
            ("<2", "npm", "2.0.0", Some(false)),
            (">=1, <2", "PyPI", "1.0.post1", Some(true)),
            ("1.0", "PyPI", "1.0.0", Some(true)),
            ("= 1.0", "NuGet", "1.0.0.1", Some(false)),
            ("<= 1.0", "Maven", "1.0-SNAPSHOT", Some(true)),
            ("< 1.10", "Go", "v1.9.0", Some(true)),
            ("<2", "npm", "", None),
            ("<2", "Nowhere", "1", None),
        ] {
            assert_eq!(
                Plain::parse(requirement).unwrap().holds(ecosystem, version),
                expected,
                "{requirement} {version}"
            );
        }
        for text in ["", "<", "a b", "<2,", "*", "^", "<>1"] {
            assert!(Plain::parse(text).is_err(), "{text}");
        }
    }
}
