//! The digest of an image, alone or behind its name.

use std::fmt;
use std::str::FromStr;

/// What images of the public registry may be called by, beside their short names.
const PUBLIC: [&str; 4] =
    ["docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/"];

/// The digest of an image, as `sha256:…`, with the name it was given by, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// As it was given.
    text: String,
    /// `sha256:` and lower-case digits.
    sum: String,
}

impl Digest {
    /// The digest alone: `sha256:` and lower-case digits.
    pub(super) fn sum(&self) -> &str {
        &self.sum
    }

    /// Whether a digest, or a reference that ends with one, is this digest; names are not compared.
    pub(super) fn is(&self, known: &str) -> bool {
        sum(known).eq_ignore_ascii_case(&self.sum)
    }

    /// Whether a reference has the same name, or this digest was given without one.
    pub(super) fn is_named_like(&self, known: &str) -> bool {
        name(&self.text).is_none_or(|own| name(known).is_some_and(|known| own == known))
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sum = sum(text.trim()).to_ascii_lowercase();
        let digits = sum.strip_prefix("sha256:").unwrap_or_default();
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(
                "not a digest: write `sha256:` and 64 hexadecimal digits, alone or as `name@sha256:…`"
                    .to_owned(),
            );
        }
        Ok(Self { text: text.trim().to_owned(), sum })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The digest of a reference.
fn sum(reference: &str) -> &str {
    reference.rsplit('@').next().unwrap_or_default()
}

/// The name of a reference, without tag and without what the public registry may add.
fn name(reference: &str) -> Option<&str> {
    let (name, _) = reference.rsplit_once('@')?;
    let tag = name.rfind(':').filter(|colon| name.rfind('/').is_none_or(|slash| slash < *colon));
    let name = tag.map_or(name, |colon| name.get(..colon).unwrap_or(name));
    Some(PUBLIC.into_iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::Digest;

    fn of(text: &str) -> Digest {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_digest_decides() {
        let sum = "a".repeat(64);
        let known = format!("ghcr.io/x/shop@sha256:{sum}");
        for text in [
            format!("sha256:{sum}"),
            format!("SHA256:{}", sum.to_uppercase()),
            known.clone(),
            format!("ghcr.io/y/other:1@sha256:{sum}"),
        ] {
            assert!(of(&text).is(&known) && of(&text).is(&format!("sha256:{sum}")), "{text}");
        }
        assert!(!of(&known).is(&format!("ghcr.io/x/shop@sha256:{}", "b".repeat(64))));
        assert!(!of(&known).is(""));
        for text in ["", "latest", "sha256:", "ghcr.io/x/shop:1", "sha256:zz", &format!("sha512:{sum}")] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_compared_without_tag_and_public_registry() {
        let sum = format!("sha256:{}", "a".repeat(64));
        for (expected, known, is_same) in [
            ("", "ghcr.io/x/shop@", true),
            ("ghcr.io/x/shop@", "ghcr.io/x/shop@", true),
            ("ghcr.io/x/shop:1.2@", "ghcr.io/x/shop@", true),
            ("localhost:5000/shop@", "localhost:5000/shop@", true),
            ("docker.io/library/alpine@", "alpine@", true),
            ("ghcr.io/y/b@", "ghcr.io/x/a@", false),
        ] {
            let expected = of(&format!("{expected}{sum}"));
            assert_eq!(expected.is_named_like(&format!("{known}{sum}")), is_same, "{expected} {known}");
        }
    }
}
