//! SPDX 2.2 and 2.3 as tags and values: a line each, a value between `<text>` and `</text>` may have several.

use std::collections::HashSet;

use super::parts::{Part, Parts, RESTORE};
use super::spdx::{check_version, commented, own, relate};
use crate::document::{Damage, misspelt, text};
use crate::lockfiles::{Format, Source};
use crate::{Graph, Scope};
use devops_core::Error;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "bom.spdx",
    is: |name| name.ends_with(".spdx"),
    is_named: |name| {
        let name = name.to_ascii_lowercase();
        name.ends_with(".spdx") || name.ends_with(".spdx.txt")
    },
    read,
};

/// Tags whose spelling decides what is read.
const KNOWN: [&str; 13] = [
    "SPDXVersion",
    "SPDXID",
    "PackageName",
    "PackageVersion",
    "PackageChecksum",
    "PackageComment",
    "PackageLicenseConcluded",
    "PackageLicenseDeclared",
    "ExternalRef",
    "Relationship",
    "FileName",
    "SnippetSPDXID",
    "DocumentComment",
];

/// Kind, both ends and line of a relation.
type Relation<'a> = (&'a str, &'a str, &'a str, u64);

/// What an element is that the tags behind its name are about.
#[derive(PartialEq)]
enum Element {
    Document,
    Package,
    /// A file or a snippet, which is no package.
    Other,
}

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    text(source.bytes).and_then(graph).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(text: &str) -> Result<Graph, Damage> {
    let (mut relations, mut comment) = (Vec::<Relation<'_>>::new(), None);
    let (mut ids, mut subjects) = (HashSet::<&str>::new(), Vec::<&str>::new());
    let (mut packages, mut element, mut is_versioned) = (Vec::<Part>::new(), Element::Document, false);
    let mut lines = (1_u64..).zip(text.lines());
    while let Some((line, content)) = lines.next() {
        let content = content.trim();
        if matches!(content.as_bytes(), [] | [b'#', ..]) {
            continue;
        }
        let unexpected = || Damage::new(line, format!("`{content}` is no tag with a value"));
        let (tag, mut value) =
            content.split_once(':').map(|(tag, value)| (tag, value.trim())).ok_or_else(unexpected)?;
        if let Some(known) = misspelt(tag, &KNOWN) {
            return Err(Damage::new(line, format!("unknown tag `{tag}`, did you mean `{known}`?")));
        }
        if let Some(start) = value.strip_prefix("<text>") {
            value = text_of(start, line, &mut lines)?;
        }
        let package = packages.last_mut().filter(|_| element == Element::Package);
        match (tag, package) {
            ("SPDXVersion", _) => {
                check_version(value, line)?;
                is_versioned = true;
            }
            ("PackageName", _) => {
                element = Element::Package;
                packages.push(Part { line, name: value.to_owned(), ..Part::default() });
            }
            ("FileName" | "SnippetSPDXID", _) => element = Element::Other,
            ("Relationship", _) => match value.split_whitespace().collect::<Vec<_>>().as_slice() {
                [_, "DESCRIBES", right] => subjects.push(right),
                [left, "DESCRIBED_BY", _] => subjects.push(left),
                [left, kind, right] => relations.push((kind, left, right, line)),
                _ => return Err(unexpected()),
            },
            ("SPDXID", package) => {
                if !ids.insert(value) {
                    return Err(Damage::new(line, format!("the id `{value}` occurs twice")));
                }
                if let Some(package) = package
                    && package.id.replace(value.to_owned()).is_some()
                {
                    return Err(Damage::new(line, format!("`{}` has two ids", package.name)));
                }
            }
            ("DocumentComment", _) => comment = Some((value, line)),
            (tag, None)
                if element == Element::Document && (tag.starts_with("Package") || tag == "ExternalRef") =>
            {
                return Err(Damage::new(line, format!("`{tag}` of no package")));
            }
            (tag, Some(package)) => describe(package, tag, value).ok_or_else(unexpected)?,
            _ => {}
        }
    }
    if !is_versioned {
        return Err(Damage::new(1, "`SPDXVersion` is missing"));
    }
    related(packages, &relations, &subjects, &ids, comment)
}

/// The first line of a text; nothing that is read here has several.
fn text_of<'a>(
    start: &'a str,
    line: u64,
    lines: &mut impl Iterator<Item = (u64, &'a str)>,
) -> Result<&'a str, Damage> {
    if let Some(whole) = start.strip_suffix("</text>") {
        return Ok(whole);
    }
    end_of_text(line, lines).map(|()| start)
}

/// Leaves out the lines of a text up to its end. One that has packages in it has lost its own.
fn end_of_text<'a>(start: u64, lines: &mut impl Iterator<Item = (u64, &'a str)>) -> Result<(), Damage> {
    for (line, content) in lines {
        if content.trim_end().ends_with("</text>") {
            return Ok(());
        }
        if ["PackageName:", "SPDXID:", "ExternalRef:"].iter().any(|tag| content.trim_start().starts_with(tag))
        {
            return Err(Damage::new(line, "a package stands in a text that has no end before it"));
        }
    }
    Err(Damage::new(start, "`<text>` has no end"))
}

/// Takes a tag of a package; none where its value is none.
fn describe(package: &mut Part, tag: &str, value: &str) -> Option<()> {
    match tag {
        "PackageVersion" => value.clone_into(&mut package.version),
        "PackageComment" => package.own = own(value),
        "PackageLicenseConcluded" | "PackageLicenseDeclared"
            if !matches!(value, "" | "NOASSERTION" | "NONE") =>
        {
            package.license.get_or_insert_with(|| value.to_owned());
        }
        "PackageChecksum" => {
            let (algorithm, digits) = value.split_once(':')?;
            package.integrity.push(format!("{}:{}", algorithm.to_ascii_lowercase(), digits.trim()));
        }
        "ExternalRef" => {
            let words: Vec<&str> = value.split_whitespace().collect();
            let [_, kind, locator, ..] = words.as_slice() else { return None };
            // A purl is one whatever it is called.
            let is_purl = kind.rsplit('/').next().is_some_and(|kind| kind.eq_ignore_ascii_case("purl"))
                || locator.starts_with("pkg:");
            if is_purl && words.len() == 3 {
                package.purls.push((*locator).to_owned());
            }
        }
        _ => {}
    }
    Some(())
}

/// The packages with what leads to what.
fn related(
    packages: Vec<Part>,
    relations: &[Relation<'_>],
    subjects: &[&str],
    ids: &HashSet<&str>,
    comment: Option<(&str, u64)>,
) -> Result<Graph, Damage> {
    let mut parts = Parts::default();
    for package in packages {
        let Some(id) = &package.id else {
            return Err(Damage::new(package.line, format!("`{}` has no `SPDXID`", package.name)));
        };
        let is_subject = subjects.contains(&id.as_str());
        parts.add(Part { is_subject, scope: Scope::Runtime, ..package })?;
    }
    // What is said of an element that is gone may have been said of a package.
    let ends =
        relations.iter().flat_map(|(_, left, right, _)| [*left, *right]).chain(subjects.iter().copied());
    if let Some(lost) = ends.filter(|end| end.starts_with("SPDXRef-")).find(|end| !ids.contains(end)) {
        return Err(Damage::new(1, format!("`{lost}` has a relation and is not listed")));
    }
    for (kind, left, right, line) in relations {
        relate(&mut parts, kind, left, right, *line);
    }
    if let Some((comment, line)) = comment {
        commented(&mut parts, comment, line);
    }
    Ok(parts.finish())
}
