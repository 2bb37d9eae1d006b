//! Licences as bills of materials write them: an identifier of SPDX's list, an expression of such, or any other text.

use spdx::{Expression, ParseMode};

/// Identifiers that every version of SPDX's list has; the list inside of a format may be older than ours.
const WELL_KNOWN: [&str; 20] = [
    "0BSD",
    "AGPL-3.0-only",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "EPL-2.0",
    "GPL-2.0-only",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-3.0-only",
    "MIT",
    "MPL-2.0",
    "Python-2.0",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

/// Characters of a licence that are read as an expression.
const LONGEST: usize = 1_000;

/// What a publisher writes as a licence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum License {
    /// An identifier of SPDX's list.
    Id(String),
    /// An expression of identifiers of SPDX's list.
    Expression(String),
    /// Anything else.
    Text(String),
}

impl License {
    /// Reads a licence.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        if WELL_KNOWN.contains(&text) {
            return Self::Id(text.to_owned());
        }
        let is_listed = |text: &str| {
            // References lead to a text that is elsewhere.
            text.len() <= LONGEST && !text.contains("Ref-") && {
                let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
                Expression::parse_mode(text, mode).is_ok()
            }
        };
        if is_listed(text) {
            return Self::Expression(text.to_owned());
        }
        // Older ones have a slash for "or".
        let choice = text.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
        if is_listed(&choice) { Self::Expression(choice) } else { Self::Text(text.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::License;

    #[test]
    fn a_licence_is_an_identifier_an_expression_or_a_text() {
        for (text, expected) in [
            (" MIT ", License::Id("MIT".to_owned())),
            ("MIT OR Apache-2.0", License::Expression("MIT OR Apache-2.0".to_owned())),
            ("MIT/Apache-2.0", License::Expression("MIT OR Apache-2.0".to_owned())),
            ("GPL-2.0", License::Expression("GPL-2.0".to_owned())),
            ("Unicode-3.0", License::Expression("Unicode-3.0".to_owned())),
            ("SEE LICENSE IN a.txt", License::Text("SEE LICENSE IN a.txt".to_owned())),
            ("LicenseRef-ours", License::Text("LicenseRef-ours".to_owned())),
            ("MIT OR", License::Text("MIT OR".to_owned())),
            ("((((", License::Text("((((".to_owned())),
        ] {
            assert_eq!(License::of(text), expected, "{text}");
        }
        assert!(matches!(License::of(&"(".repeat(100_000)), License::Text(_)));
    }

    #[test]
    fn every_well_known_identifier_is_one() {
        assert!(
            super::WELL_KNOWN.iter().all(|id| spdx::license_id(id).is_some_and(|known| known.name == *id))
        );
    }
}
