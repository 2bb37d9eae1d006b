//! What a bill of materials is drawn of: each component once, whatever the number of files that list it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Document;
use devops_core::digest::hexadecimal;
use devops_core::{Bill, Component, Finding, Location, Provenance};

/// A bill, what it belongs to and who drew it; [`super::cyclonedx`] and [`super::spdx`] write it.
#[derive(Debug, Clone, Copy)]
pub struct Sbom<'a> {
    /// The components.
    pub bill: &'a Bill,
    /// Name of what they are the components of.
    pub project: &'a str,
    /// The tool and its version.
    pub provenance: &'a Provenance,
    /// What was found about them; empty where nothing was looked up.
    pub findings: &'a [Finding],
    /// When, as an RFC 3339 time in UTC; empty where that is unknown.
    pub time: &'a str,
}

impl<'a> Sbom<'a> {
    /// The bill of a document, if it has one.
    pub(super) fn of(document: &Document<'a>) -> Option<Self> {
        Some(Self {
            bill: document.bill?,
            project: document.project,
            provenance: &document.report.provenance,
            findings: &document.report.findings,
            time: &document.revision.ended,
        })
    }
}

/// A component of all files.
pub(super) struct Part<'a> {
    /// Names it in the document, and nothing else there.
    pub(super) reference: String,
    /// What it is, as the first file lists it.
    pub(super) component: &'a Component,
    /// Where it stands.
    pub(super) places: BTreeSet<&'a Location>,
    /// What it is needed for in the file that needs it most.
    pub(super) scope: &'static str,
    /// Whether the project itself asks for it.
    pub(super) is_direct: bool,
    /// Its licence in the first file that gives one.
    pub(super) license: Option<&'a str>,
    /// Its checksums, each as the algorithm and hexadecimal digits.
    pub(super) hashes: BTreeSet<(&'static str, String)>,
    /// The positions of those it depends on.
    pub(super) needs: BTreeSet<usize>,
}

/// The components of all files, in the order of their references.
pub(super) struct Parts<'a> {
    pub(super) all: Vec<Part<'a>>,
    /// Their positions by ecosystem, name and version.
    known: BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

impl<'a> Parts<'a> {
    /// Joins what is the same in several files.
    pub(super) fn of(bill: &'a Bill) -> Self {
        let mut groups: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for (file, listed) in bill.files.iter().enumerate() {
            for (index, one) in listed.components.iter().enumerate() {
                let identity = (
                    one.purl.as_str(),
                    one.ecosystem,
                    one.name.as_str(),
                    one.version.as_str(),
                    one.origin,
                    one.source.as_str(),
                );
                groups.entry(identity).or_default().push((file, index));
            }
        }
        let mut positions: Vec<Vec<usize>> =
            bill.files.iter().map(|file| vec![0; file.components.len()]).collect();
        for (position, members) in groups.values().enumerate() {
            for (file, index) in members {
                if let Some(known) = positions.get_mut(*file).and_then(|file| file.get_mut(*index)) {
                    *known = position;
                }
            }
        }
        let mut all: Vec<Part<'a>> = Vec::with_capacity(groups.len());
        let mut known: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for members in groups.values() {
            let Some(mut part) = part(bill, members, &positions) else { continue };
            let times = names.entry(part.reference.clone()).or_insert(0);
            *times += 1;
            if *times > 1 {
                // A purl has no second `#`, so that no other component has this name.
                part.reference.push_str(&format!("##{times}"));
            }
            let Component { ecosystem, name, version, .. } = part.component;
            known.entry((ecosystem.name(), name.as_str(), version.as_str())).or_default().push(all.len());
            all.push(part);
        }
        Self { all, known }
    }

    /// The components that a finding is about.
    pub(super) fn about(&self, finding: &Finding) -> Vec<&Part<'a>> {
        let get = |fact: &str| finding.subject.get(fact).and_then(|fact| fact.as_str());
        let (Some(ecosystem), Some(name), Some(version)) = (get("ecosystem"), get("package"), get("version"))
        else {
            return Vec::new();
        };
        let positions = self.known.get(&(ecosystem, name, version)).into_iter().flatten();
        positions.filter_map(|position| self.all.get(*position)).collect()
    }
}

/// One component out of those that are the same.
fn part<'a>(bill: &'a Bill, members: &[(usize, usize)], positions: &[Vec<usize>]) -> Option<Part<'a>> {
    let member = |(file, index): &(usize, usize)| bill.files.get(*file)?.components.get(*index);
    let all: Vec<&Component> = members.iter().filter_map(member).collect();
    let first = all.first()?;
    let mut needs = BTreeSet::new();
    for (file, index) in members {
        let needed = bill.files.get(*file).and_then(|file| file.dependencies.get(*index));
        let positions = positions.get(*file);
        needs.extend(needed.into_iter().flatten().filter_map(|index| positions?.get(*index)).copied());
    }
    let scopes = ["runtime", "optional", "build", "dev"];
    let scope = scopes.into_iter().find(|scope| all.iter().any(|one| one.scope == *scope));
    let reference = if first.purl.is_empty() {
        format!("{}/{}@{}", first.ecosystem.name(), first.name, first.version)
    } else {
        first.purl.clone()
    };
    Some(Part {
        reference,
        component: first,
        places: all.iter().map(|one| &one.location).collect(),
        scope: scope.unwrap_or("runtime"),
        is_direct: all.iter().any(|one| one.is_direct),
        license: all.iter().find_map(|one| one.license.as_deref()).filter(|text| !text.trim().is_empty()),
        hashes: all.iter().flat_map(|one| &one.integrity).flat_map(|text| hashes(text)).collect(),
        needs,
    })
}

/// Algorithms with the length of their digests in bytes, as SPDX names them.
const ALGORITHMS: [(&str, usize); 5] =
    [("MD5", 16), ("SHA1", 20), ("SHA256", 32), ("SHA384", 48), ("SHA512", 64)];

/// The checksums in a text: `algorithm:hexadecimal digits`, or several of the form of subresource integrity. What is neither, such
/// as the hash of a folder, is none of the bytes that were published.
fn hashes(text: &str) -> Vec<(&'static str, String)> {
    text.split_whitespace().filter_map(hash).collect()
}

fn hash(text: &str) -> Option<(&'static str, String)> {
    let (name, digest) = text.split_once([':', '-'])?;
    let name = name.to_ascii_uppercase();
    let (algorithm, length) = ALGORITHMS.into_iter().find(|(known, _)| *known == name)?;
    if digest.len() == 2 * length && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some((algorithm, digest.to_ascii_lowercase()));
    }
    let digest = digest.split('?').next().unwrap_or_default();
    let bytes = STANDARD.decode(digest).ok().filter(|bytes| bytes.len() == length)?;
    Some((algorithm, hexadecimal(&bytes)))
}

/// A universally unique identifier out of a digest (RFC 9562, version 8): the same text always has the same one.
pub(super) fn uuid<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut bytes: Vec<u8> = devops_core::digest::of_parts(parts).into_iter().take(16).collect();
    for (index, keep, set) in [(6, 0x0f, 0x80), (8, 0x3f, 0x80)] {
        if let Some(byte) = bytes.get_mut(index) {
            *byte = (*byte & keep) | set;
        }
    }
    let digits = hexadecimal(&bytes);
    let mut uuid = String::with_capacity(36);
    for (index, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

#[cfg(test)]
mod tests {
    use super::{hashes, uuid};

    #[test]
    fn checksums_of_known_algorithms_are_read_in_both_forms() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let both = [("SHA256", empty.to_owned())];
        assert_eq!(hashes(&format!("sha256:{empty}")), both);
        assert_eq!(hashes(&format!("sha256:{}", empty.to_uppercase())), both);
        assert_eq!(hashes("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), both);
        assert_eq!(hashes("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha256-x").len(), 1);
        for other in
            ["", "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sha256:ab", "sha512-ab", "10c0/ab"]
        {
            assert!(hashes(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn an_identifier_has_the_form_and_depends_on_every_part() {
        let one = uuid(["a", "b"]);
        let groups: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{one}");
        assert_eq!(one.chars().nth(14), Some('8'));
        assert_ne!(one, uuid(["ab", ""]));
    }
}
