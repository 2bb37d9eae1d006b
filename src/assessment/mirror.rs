//! Registries and git hosts that mirror the public registry.

use std::str::FromStr;

/// A host, or a place on one, whose packages are those of the public registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// As it was given.
    text: String,
    /// Host and path.
    place: String,
}

impl Mirror {
    /// Whether a source of a lockfile, such as `git+https://host/path?tag=v1#commit`, lies at this place or below it.
    pub fn holds(&self, source: &str) -> bool {
        let holds = |source: &str| {
            let source = place(source);
            let rest = source.strip_prefix(&self.place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // Some lockfiles only say that a package is from one of several registries.
        source.split_whitespace().all(holds) && !source.trim().is_empty()
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl FromStr for Mirror {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = place(text.trim());
        let is_place = !place.is_empty() && !place.contains(['*', ' ']);
        let help = "write a host, or a host with a path, such as `git.example.org/crates`";
        if is_place { Ok(Self { text: text.trim().to_owned(), place }) } else { Err(help.to_owned()) }
    }
}

/// Host and path of a URL, the host in lower case, without kind, scheme, user, query, commit and `.git`.
pub(super) fn place(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let kinds = ["git+", "registry+", "sparse+"];
    let url = kinds.into_iter().find_map(|kind| url.strip_prefix(kind)).unwrap_or(url);
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = url.split_once('/').unwrap_or((url, ""));
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    if path.is_empty() { host } else { format!("{host}/{path}") }
}

#[cfg(test)]
mod tests {
    use super::Mirror;

    #[test]
    fn a_mirror_is_a_host_or_a_place_on_one() {
        let holds = |mirror: &str, source: &str| mirror.parse::<Mirror>().unwrap().holds(source);
        for (mirror, source) in [
            ("git.example.org", "git+https://git.example.org/crates/foo?tag=v1#abc"),
            ("GIT.example.org/", "git+ssh://git@git.example.org/crates/foo.git#abc"),
            ("git.example.org/crates", "git+https://git.example.org/crates/foo.git?rev=1#abc"),
            ("https://git.example.org/crates/foo.git", "git+https://git.example.org/crates/foo#abc"),
            ("sparse+https://mirror.example/index/", "sparse+https://mirror.example/index/"),
            ("mirror.example", "registry+https://user:word@mirror.example/index"),
            ("localhost:8080", "sparse+http://localhost:8080/x/"),
        ] {
            assert!(holds(mirror, source), "{mirror} {source}");
        }
        for (mirror, source) in [
            ("example.org", "git+https://git.example.org/foo#abc"),
            ("git.example.org", "git+https://git.example.org.evil.example/foo#abc"),
            ("git.example.org/crates", "git+https://git.example.org/crates-of-others/foo#abc"),
            ("git.example.org/crates", "git+https://git.example.org/Crates/foo#abc"),
            ("git.example.org", ""),
            ("git.example.org", "https://git.example.org/ https://gems.evil.example/"),
        ] {
            assert!(!holds(mirror, source), "{mirror} {source}");
        }
        for text in ["", " ", "*", "https://", "*.example.org"] {
            assert!(text.parse::<Mirror>().is_err(), "{text}");
        }
    }
}
