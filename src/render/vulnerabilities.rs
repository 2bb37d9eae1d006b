//! Findings about packages as other programs know them: the advisories they name, and who publishes these.

use serde_json::Value;

use super::excerpt::cut;
use devops_core::Finding;
use devops_core::escape::{terminal, terminal_line};

/// Other names of an advisory that are written.
const NAMES: usize = 20;

/// Who publishes an advisory.
pub(super) struct Publisher {
    /// The kind of its identifiers, in lower case.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Where a page of an advisory is, before its identifier and after it.
    page: (&'static str, &'static str),
}

/// Every publisher whose identifiers have a beginning of their own.
const PUBLISHERS: [(&str, Publisher); 8] = [
    ("CVE-", publisher("cve", "NVD", "https://nvd.nist.gov/vuln/detail/", "")),
    ("GHSA-", publisher("ghsa", "GitHub Advisories", "https://github.com/advisories/", "")),
    ("RUSTSEC-", publisher("rustsec", "RustSec", "https://rustsec.org/advisories/", ".html")),
    ("GO-", publisher("go", "Go Vulnerability Database", "https://pkg.go.dev/vuln/", "")),
    ("PYSEC-", publisher("pysec", "PyPI Advisories", "https://osv.dev/vulnerability/", "")),
    ("MAL-", publisher("mal", "Malicious Packages", "https://osv.dev/vulnerability/", "")),
    ("OSV-", publisher("osv", "OSV", "https://osv.dev/vulnerability/", "")),
    ("", publisher("other", "OSV", "https://osv.dev/vulnerability/", "")),
];

const fn publisher(
    kind: &'static str,
    name: &'static str,
    before: &'static str,
    after: &'static str,
) -> Publisher {
    Publisher { kind, name, page: (before, after) }
}

impl Publisher {
    /// Who publishes the advisory of this identifier.
    pub(super) fn of(id: &str) -> &'static Self {
        let found = PUBLISHERS
            .iter()
            .find(|(start, _)| id.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start)));
        found.map_or(&PUBLISHERS[7].1, |(_, publisher)| publisher)
    }

    /// The page of an advisory, if its identifier can stand in an address.
    pub(super) fn page(&self, id: &str) -> Option<String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        let (before, after) = self.page;
        (!id.is_empty() && id.bytes().all(is_plain)).then(|| format!("{before}{id}{after}"))
    }
}

/// A finding that is about a package and an advisory.
pub(super) struct Vulnerability<'a> {
    pub(super) finding: &'a Finding,
    /// The identifiers of the advisory, its own first, each once.
    pub(super) ids: Vec<&'a str>,
    /// Whether it is known that the advisory applies: not for packages of other sources than the advisory is about.
    pub(super) is_certain: bool,
}

impl<'a> Vulnerability<'a> {
    /// What a finding says about a package and an advisory, if it does.
    pub(super) fn of(finding: &'a Finding) -> Option<Self> {
        let own = texts(finding, "advisory");
        let is_certain = !own.is_empty();
        let all = own.into_iter().chain(texts(finding, "advisories")).chain(texts(finding, "aliases"));
        let mut ids: Vec<&str> = Vec::new();
        for id in all.filter(|id| !id.trim().is_empty()) {
            if ids.len() < NAMES && !ids.contains(&id) {
                ids.push(id);
            }
        }
        let is_about_package = finding.subject.get("package").is_some_and(Value::is_string);
        (is_about_package && !ids.is_empty()).then_some(Self { finding, ids, is_certain })
    }

    /// The identifier of the advisory.
    pub(super) fn id(&self) -> &'a str {
        self.ids.first().copied().unwrap_or_default()
    }

    /// A fact of the finding's subject; empty where it has none.
    pub(super) fn fact(&self, name: &str) -> &'a str {
        self.finding.subject.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The texts of a fact that is one or a list of them.
fn texts<'a>(finding: &'a Finding, fact: &str) -> Vec<&'a str> {
    match finding.subject.get(fact) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A foreign text of several lines, without characters that nobody can see, within a limit.
pub(super) fn block(text: &str, limit: usize) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    terminal(&cut(&lines.join("\n"), limit))
}

/// The same on one line.
pub(super) fn line(text: &str, limit: usize) -> String {
    terminal_line(&cut(text.trim(), limit))
}

#[cfg(test)]
mod tests {
    use super::Publisher;

    #[test]
    fn publishers_are_known_by_the_beginning_of_an_identifier() {
        for (id, kind, page) in [
            ("CVE-2026-1", "cve", Some("https://nvd.nist.gov/vuln/detail/CVE-2026-1")),
            ("ghsa-a-b-c", "ghsa", Some("https://github.com/advisories/ghsa-a-b-c")),
            ("RUSTSEC-2026-0001", "rustsec", Some("https://rustsec.org/advisories/RUSTSEC-2026-0001.html")),
            ("DSA-1", "other", Some("https://osv.dev/vulnerability/DSA-1")),
            ("a b", "other", None),
            ("é", "other", None),
            ("", "other", None),
        ] {
            let publisher = Publisher::of(id);
            assert_eq!((publisher.kind, publisher.page(id).as_deref()), (kind, page), "{id}");
        }
    }
}
