//! The name of an artifact: `ghcr.io/org/index:nightly@sha256:…`.

use std::fmt;

use devops_core::Error;

/// The registry that names without a host belong to, as people write it.
const DOCKER_HUB: &str = "docker.io";

/// Where an artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fetch) struct Reference {
    /// Host, with its port if there is one.
    pub(in crate::fetch) host: String,
    /// Path of the repository.
    pub(in crate::fetch) repository: String,
    /// The tag.
    pub(in crate::fetch) tag: Option<String>,
    /// The digest of the manifest.
    pub(in crate::fetch) digest: Option<String>,
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// Where it is none.
    pub(in crate::fetch) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::usage(format!("`{text}` is not a reference: {why}"))
                .help("write HOST/REPOSITORY:TAG, or HOST/REPOSITORY@sha256:DIGEST, e.g. `ghcr.io/org/advisories:nightly`")
        };
        let bare = text.strip_prefix("oci://").unwrap_or(text);
        if bare.contains("://") {
            return Err(wrong("it has a scheme"));
        }
        let (name, digest) = match bare.split_once('@') {
            Some((_, digest)) if !is_digest(digest) => {
                return Err(wrong("its digest is not sha256: and 64 digits"));
            }
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (bare, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("its tag contains other characters than a-z, A-Z, 0-9, `_`, `.` and `-`"));
        }
        let is_host =
            |first: &str| first.contains(['.', ':']) || first == "localhost" || first.starts_with('[');
        let (host, repository) = match name.split_once('/') {
            Some((first, rest)) if is_host(first) => (first, rest.to_owned()),
            Some(_) => (DOCKER_HUB, name.to_owned()),
            None => (DOCKER_HUB, format!("library/{name}")),
        };
        if !repository.split('/').all(is_component) {
            return Err(wrong(
                "its repository contains other characters than a-z, 0-9, `.`, `_`, `-` and `/`",
            ));
        }
        let is_host_character = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if !host.bytes().all(is_host_character) {
            return Err(wrong("its host contains characters that no host has"));
        }
        Ok(Self { host: host.to_owned(), repository, tag: tag.map(str::to_owned), digest })
    }

    /// What names the manifest: the digest, or else the tag.
    ///
    /// # Errors
    /// Where it has neither.
    pub(in crate::fetch) fn manifest(&self) -> Result<&str, Error> {
        self.digest.as_deref().or(self.tag.as_deref()).ok_or_else(|| {
            Error::usage(format!("`{self}` has neither a tag nor a digest"))
                .help(format!("add one, e.g. `{self}:latest`"))
        })
    }

    /// The host that answers.
    pub(in crate::fetch) fn server(&self) -> &str {
        if self.host == DOCKER_HUB { "registry-1.docker.io" } else { &self.host }
    }

    /// The name that Docker's configuration has for the registry.
    pub(in crate::fetch) fn login(&self) -> &str {
        if self.host == DOCKER_HUB { "https://index.docker.io/v1/" } else { &self.host }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

/// Whether a text is a SHA-256 digest as registries write it.
pub(in crate::fetch) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Whether a text is one part of a repository's path.
fn is_component(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let has_ends = text.bytes().next().is_some_and(is_plain) && text.bytes().last().is_some_and(is_plain);
    has_ends && text.bytes().all(|byte| is_plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn references_are_read_as_everywhere() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, host, repository, tag) in [
            ("ghcr.io/org/index:nightly", "ghcr.io", "org/index", Some("nightly")),
            ("localhost:5000/index:1", "localhost:5000", "index", Some("1")),
            ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000", "a/b/c", None),
            ("[::1]:5000/a:x", "[::1]:5000", "a", Some("x")),
            ("alpine:3", "docker.io", "library/alpine", Some("3")),
            ("org/index", "docker.io", "org/index", None),
            ("oci://ghcr.io/a/b:c", "ghcr.io", "a/b", Some("c")),
        ] {
            let read = Reference::parse(text).unwrap();
            assert_eq!((read.host.as_str(), read.repository.as_str()), (host, repository), "{text}");
            assert_eq!(read.tag.as_deref(), tag, "{text}");
            let pinned = Reference::parse(&format!("{text}@{digest}")).unwrap();
            assert_eq!(pinned.manifest().unwrap(), digest);
        }
        for text in [
            "",
            "https://ghcr.io/a:b",
            "ghcr.io/A/b:c",
            "ghcr.io/a/../b:c",
            "ghcr.io/a//b:c",
            "ghcr.io/a:b c",
            "ghcr.io/a:-b",
            "ghcr.io/a@sha256:12",
            "ghcr.io/a@sha512:aa",
            "user:password@ghcr.io/a:b",
            "gh/cr.io?x/a:b",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}
