//! Secrets in the configuration of an image: in its environment, and in the steps it was built in.

use std::collections::BTreeMap;

use devops_core::secret::Redactor;

/// A secret that everybody who has the image can read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leaked {
    /// The variable, or what stands before the secret; never the secret.
    pub(crate) name: String,
    /// Whether it is in the environment; else in the history.
    pub(crate) is_of_environment: bool,
    /// The step of the history, from 0.
    pub(crate) step: Option<usize>,
}

/// The secrets in the environment.
pub(crate) fn in_environment(environment: &[String]) -> Vec<Leaked> {
    let pairs = environment.iter().filter_map(|pair| pair.split_once('='));
    let leaked = pairs.filter(|(name, value)| is_secret(name, value));
    leaked.map(|(name, _)| Leaked { name: name.to_owned(), is_of_environment: true, step: None }).collect()
}

/// The secrets in a step.
pub(crate) fn in_step(number: usize, created_by: &str) -> Vec<Leaked> {
    let leaked = |name: &str| Leaked { name: name.to_owned(), is_of_environment: false, step: Some(number) };
    let is_end = |one: char| one.is_whitespace() || matches!(one, '"' | '\'' | ';' | '&' | '|');
    let mut all: Vec<Leaked> = Vec::new();
    for word in created_by.split(is_end) {
        let Some((name, value)) = word.split_once('=') else { continue };
        let name = name.trim_start_matches('-');
        let is_name = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-');
        if !name.is_empty() && name.chars().all(is_name) && is_secret(&name.replace('-', "_"), value) {
            all.push(leaked(name));
        }
    }
    // A token is known by its looks, whatever stands before it.
    let looks = Redactor::default().redact(created_by) != created_by;
    if looks && all.is_empty() {
        all.push(leaked("a token"));
    }
    all.sort();
    all.dedup();
    all
}

/// Whether a variable holds a secret, and not only the place of one, a reference or a fingerprint.
fn is_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    let is_reference = value.contains('$') || value.contains('`') || value.contains('(');
    let is_place = value.starts_with('/') || value.starts_with("./") || value.starts_with("file:");
    let has_place_in_name =
        ["_FILE", "_PATH", "_DIR", "_URL", "_URI"].iter().any(|end| name.to_ascii_uppercase().ends_with(end));
    // Images of languages name the keys that their archives are signed with.
    let is_fingerprint = value.len() >= 16
        && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        && name.to_ascii_uppercase().contains("GPG");
    let alone = BTreeMap::from([(name.to_ascii_uppercase(), value.to_owned())]);
    let plain = Redactor::default().redact(value) != value;
    if plain {
        return true;
    }
    let by_name = Redactor::from_environment(&alone).redact(value) != value;
    let has_password = value.contains("://") && by_name;
    by_name && !is_reference && !is_place && !is_fingerprint && (!has_place_in_name || has_password)
}

#[cfg(test)]
mod tests {
    use super::{in_environment, in_step};

    #[test]
    fn secrets_are_told_from_what_looks_like_them() {
        for (pair, expected) in [
            ("DATABASE_PASSWORD=correct-horse", true),
            ("API_TOKEN=0123456789abcdef", true),
            ("GITHUB=ghp_0123456789abcdefghijABCDEFGHIJ012345", true),
            ("DATABASE_URL=postgres://app:correct-horse@db/app", true),
            ("DATABASE_PASSWORD_FILE=/run/secrets/database", false),
            ("DATABASE_PASSWORD=", false),
            ("DATABASE_PASSWORD=$OTHER", false),
            ("GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305", false),
            ("PATH=/usr/local/bin:/usr/bin", false),
            ("LANG=C.UTF-8", false),
            ("NODE_VERSION=22.1.0", false),
        ] {
            assert_eq!(!in_environment(&[pair.to_owned()]).is_empty(), expected, "{pair}");
        }
    }

    #[test]
    fn steps_are_searched_word_by_word() {
        for (step, expected) in [
            ("|1 NPM_TOKEN=0123456789abcdef /bin/sh -c npm ci", Some("NPM_TOKEN")),
            (
                "/bin/sh -c curl -H 'Authorization: Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345' x",
                Some("a token"),
            ),
            ("RUN /bin/sh -c mysql --password=correct-horse", Some("password")),
            ("RUN --mount=type=secret,id=npm,target=/root/.npmrc npm ci", None),
            ("/bin/sh -c #(nop)  ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305", None),
            ("ENV API_TOKEN=${API_TOKEN}", None),
            ("/bin/sh -c apt-get update && rm -rf /var/lib/apt/lists/*", None),
        ] {
            let found = in_step(3, step);
            assert_eq!(found.first().map(|leaked| leaked.name.as_str()), expected, "{step}");
        }
    }
}
