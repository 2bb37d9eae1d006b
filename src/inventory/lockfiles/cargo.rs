//! `Cargo.lock`, versions 1 to 4.
//!
//! Names, versions and sources are read by the types of the `rustsec` crate. Its own reader of whole lockfiles looks
//! through all packages for each dependency, which takes an hour for 100,000 packages; here the file is taken one table
//! at a time and dependencies are looked up by name, so that time is linear and memory small.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use foldhash::fast::RandomState;
use rustsec::{SourceId, Version};
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::{Format, Source, cargo_manifest};
use crate::{Edge, Graph, Origin, Package};
use devops_core::{Ecosystem, Error, Location, Place};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Cargo.lock",
    is: |name| name == "Cargo.lock",
    // A file that is named may carry an addition: `Cargo.lock.msrv`.
    is_named: |name| name.starts_with("Cargo") && name.contains(".lock"),
    read,
};

/// Longest text that an error shows a line of.
const SHOWN: usize = 1 << 20;

/// One table of a lockfile, read as a document of its own.
///
/// The four versions of the format are fixed, so an unknown key is damage, and one that could hide a package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    version: Option<Spanned<u32>>,
    #[serde(default)]
    package: Vec<Entry>,
    root: Option<Entry>,
    /// Checksums of version 1, of which nothing is needed.
    #[serde(default, rename = "metadata")]
    _metadata: IgnoredAny,
    /// Patches that replace nothing.
    #[serde(default, rename = "patch")]
    _patch: IgnoredAny,
}

/// A package as a lockfile lists it.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    version: Version,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    replace: Option<String>,
}

/// A lockfile on its way to a graph.
struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    graph: Graph,
    /// What each package depends on, in the lockfile's words.
    asks: Vec<Vec<String>>,
    /// The source of each package, in the lockfile's words.
    sources: Vec<Option<String>>,
    /// Up to where lines were counted, and how many there were.
    counted: (usize, u64),
}

/// Reads a lockfile.
///
/// # Errors
/// Where it is not one, is cut off, holds a merge conflict or contradicts itself.
pub fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let Source { path, bytes, .. } = *source;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() as u64 + 1;
        Error::input("lockfile is not UTF-8").at(Location::line(path, line)).help(RESTORE)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        Reader { path, text, graph: Graph::default(), asks: vec![], sources: vec![], counted: (0, 1) };
    reader.refuse_conflicts()?;
    for part in parts(text) {
        reader.part(part)?;
    }
    // Cargo lists the project's own package, but for a workspace without members, whose lockfile looks just like one that was cut
    // off behind its first line.
    if reader.graph.packages.is_empty() {
        return Err(Error::input("lockfile lists no packages").at(Location::file(path)).help(RESTORE));
    }
    let mut graph = reader.link()?;
    cargo_manifest::complete(&mut graph, source);
    Ok(graph)
}

const RESTORE: &str = "restore the lockfile, or regenerate it with `cargo generate-lockfile`";

/// The tables of a lockfile, as ranges of its text that together are all of it.
///
/// A line that looks like a header but stands inside a text or a list tears that apart, which is then an error.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') && at > start {
            parts.push(start..at);
            start = at;
        }
        at += line.len();
    }
    parts.push(start..text.len());
    parts
}

impl Reader<'_> {
    /// Refuses a lockfile that a merge left unfinished.
    fn refuse_conflicts(&self) -> Result<(), Error> {
        if !self.text.contains("<<<<<<< ") && !self.text.contains(">>>>>>> ") {
            return Ok(());
        }
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
                let span = at..at + line.trim_end().len();
                return Err(self.error("lockfile contains a merge conflict", span, "left by a merge").help(
                    "choose one side of the conflict, then run `cargo metadata` to complete the lockfile",
                ));
            }
            at += line.len();
        }
        Ok(())
    }

    /// Takes one table.
    fn part(&mut self, range: Range<usize>) -> Result<(), Error> {
        let text = self.text.get(range.clone()).unwrap_or_default();
        if let Some(entry) = as_written(text) {
            return self.entry(entry, range.start);
        }
        let part: Part = toml::from_str(text).map_err(|error| {
            let span =
                error.span().map_or(range.clone(), |span| range.start + span.start..range.start + span.end);
            self.error("lockfile is cut off or damaged", span, error.message()).help(RESTORE)
        })?;
        if let Some(version) = &part.version
            && !(1..=4).contains(version.get_ref())
        {
            let span = range.start + version.span().start..range.start + version.span().end;
            return Err(self
                .error(format!("lockfile has version {}", version.get_ref()), span, "supported: 1 to 4")
                .help("use a newer release of dep-scan"));
        }
        for entry in part.root.into_iter().chain(part.package) {
            self.entry(entry, range.start)?;
        }
        Ok(())
    }

    /// Takes one package.
    fn entry(&mut self, entry: Entry, offset: usize) -> Result<(), Error> {
        let at = offset + entry.name.span().start;
        let origin = match &entry.source {
            None => Origin::Project,
            Some(source) => origin(source).ok_or_else(|| {
                self.error(
                    format!("unknown source `{source}`"),
                    at..at + entry.name.span().len(),
                    "of this package",
                )
                .help(RESTORE)
            })?,
        };
        let line = self.line(at);
        if origin == Origin::Project {
            self.graph.roots.push(self.graph.packages.len());
        }
        let name = entry.name.into_inner();
        self.graph.packages.push(Package {
            origin,
            source: entry.source.clone().filter(|_| origin != Origin::Registry).unwrap_or_default(),
            integrity: entry.checksum.map(|checksum| format!("sha256:{checksum}")).into_iter().collect(),
            ..Package::new(Ecosystem::CRATES_IO, name, entry.version.to_string(), line)
        });
        self.asks.push(entry.dependencies.into_iter().chain(entry.replace).collect());
        self.sources.push(entry.source);
        Ok(())
    }

    /// The line of a byte; bytes are asked for in rising order.
    fn line(&mut self, at: usize) -> u64 {
        let (from, line) = self.counted;
        let passed = self.text.as_bytes().get(from..at).unwrap_or_default();
        let line = line + memchr::memchr_iter(b'\n', passed).count() as u64;
        self.counted = (at.max(from), line);
        line
    }

    /// Finds the package behind every dependency.
    fn link(mut self) -> Result<Graph, Error> {
        let mut by_name = ByName::with_capacity_and_hasher(self.graph.packages.len(), RandomState::default());
        for (index, package) in self.graph.packages.iter().enumerate() {
            by_name.entry(&package.name).or_default().push(index);
        }
        let mut edges = Vec::with_capacity(self.asks.len());
        for (index, asks) in self.asks.iter().enumerate() {
            let mut targets = Vec::with_capacity(asks.len());
            for ask in asks {
                let found = self.targets(ask, &by_name);
                if found.is_empty() {
                    return Err(self.dangling(index, ask));
                }
                targets.extend(found);
            }
            targets.sort_unstable();
            targets.dedup();
            edges.push(targets.into_iter().map(Edge::from).collect());
        }
        self.graph.edges = edges;
        if self.graph.roots.is_empty() {
            self.graph.roots = unasked(&self.graph);
        }
        Ok(self.graph)
    }

    /// The packages that `name`, `name version` or `name version (source)` can mean.
    fn targets(&self, ask: &str, by_name: &ByName<'_>) -> Vec<usize> {
        let mut words = ask.splitn(3, ' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        let source = words.next().map(|source| source.trim_matches(['(', ')']));
        let candidates = by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let same_version = |index: &usize| {
            let package = self.graph.packages.get(*index);
            version.is_none_or(|version| package.is_some_and(|package| package.version == version))
        };
        // The commit after `#` is left out where a dependency is written.
        let same_source = |index: &usize| {
            let own = self.sources.get(*index).and_then(Option::as_deref);
            source.is_none_or(|source| {
                own.is_some_and(|own| own == source || own.split('#').next() == source.split('#').next())
            })
        };
        let named: Vec<usize> = candidates.iter().copied().filter(same_version).collect();
        let exact: Vec<usize> = named.iter().copied().filter(same_source).collect();
        if exact.is_empty() { named } else { exact }
    }

    /// The error about a dependency that the lockfile does not list.
    fn dangling(&self, index: usize, ask: &str) -> Error {
        let (name, line) =
            self.graph.packages.get(index).map_or(("", 1), |package| (package.name.as_str(), package.line));
        Error::input(format!(
            "lockfile is cut off or damaged: `{name}` depends on `{ask}`, which it does not list"
        ))
        .at(Location { path: self.path.to_owned(), line: Some(line), column: Some(1) })
        .help(RESTORE)
    }

    /// An error that points into the lockfile.
    fn error(&self, message: impl Into<String>, span: Range<usize>, label: &str) -> Error {
        let short = self.text.len() <= SHOWN;
        let place = Place {
            path: self.path.to_owned(),
            text: self.text.to_owned(),
            span: span.start.min(self.text.len())..span.end.min(self.text.len()),
            label: label.lines().next().unwrap_or_default().to_owned(),
        };
        if short { Error::input(message).pointing(place) } else { Error::input(message).at(place.location()) }
    }
}

/// The packages of each name.
type ByName<'a> = HashMap<&'a str, Vec<usize>, RandomState>;

/// A table in the very form in which Cargo writes it, which is read in a fifth of the time; none for any other.
fn as_written(table: &str) -> Option<Entry> {
    let rest = table.strip_prefix("[[package]]\nname = ")?;
    let start = table.len() - rest.len();
    let (name, rest) = quoted(rest, "\n")?;
    let (version, rest) = quoted(rest.strip_prefix("version = ")?, "\n")?;
    let (source, rest) = named(rest, "source = ")?;
    let (checksum, mut rest) = named(rest, "checksum = ")?;
    let mut dependencies = Vec::new();
    if let Some(list) = rest.strip_prefix("dependencies = [\n") {
        rest = list;
        while let Some(item) = rest.strip_prefix(' ') {
            let (dependency, after) = quoted(item, ",\n")?;
            dependencies.push(dependency.to_owned());
            rest = after;
        }
        rest = rest.strip_prefix("]\n")?;
    }
    rest.bytes().all(|byte| byte == b'\n').then_some(())?;
    Some(Entry {
        name: Spanned::new(start..start + name.len() + 2, name.to_owned()),
        version: Version::parse(version).ok()?,
        source: source.map(str::to_owned),
        checksum: checksum.map(str::to_owned),
        dependencies,
        replace: None,
    })
}

/// The text of a key that may be missing, and what follows it; none where it has another value.
fn named<'a>(text: &'a str, key: &str) -> Option<(Option<&'a str>, &'a str)> {
    match text.strip_prefix(key) {
        Some(value) => quoted(value, "\n").map(|(value, rest)| (Some(value), rest)),
        None => Some((None, text)),
    }
}

/// A text in quotes without escapes that ends so, and what follows it.
fn quoted<'a>(text: &'a str, end: &str) -> Option<(&'a str, &'a str)> {
    let (value, rest) = text.strip_prefix('"')?.split_once('"')?;
    // Without a branch for each byte, so that many are compared together.
    let odd = value.bytes().fold(0, |odd, byte| odd | u8::from(byte == b'\\' || byte.is_ascii_control()));
    Some((value, rest.strip_prefix(end)?)).filter(|_| odd == 0)
}

/// Where a source leads; `None` where it can't be read.
fn origin(source: &str) -> Option<Origin> {
    const PUBLIC: &str = "registry+https://github.com/rust-lang/crates.io-index";
    // Nearly every package has this very text.
    if source == PUBLIC {
        return Some(Origin::Registry);
    }
    let source = SourceId::from_url(source).ok()?;
    Some(if source.is_default_registry() {
        Origin::Registry
    } else if source.is_git() {
        Origin::Git
    } else if source.is_path() {
        Origin::Path
    } else {
        Origin::Other
    })
}

/// The packages that no other depends on, if a lockfile has none of the project's own.
fn unasked(graph: &Graph) -> Vec<usize> {
    let asked: BTreeSet<usize> = graph.edges.iter().flatten().map(|edge| edge.to).collect();
    (0..graph.packages.len()).filter(|index| !asked.contains(index)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Part, as_written, parts};

    #[test]
    fn what_cargo_writes_is_read_as_toml_is() {
        let text = include_str!("../../../Cargo.lock");
        let mut read = 0;
        for table in parts(text).into_iter().filter_map(|range| text.get(range)) {
            let is_first = read < 20;
            for end in (0..=table.len()).filter(|end| *end == table.len() || is_first) {
                let table = table.get(..end).unwrap_or_default();
                let Some(entry) = as_written(table) else { continue };
                let whole: Part = toml::from_str(table).unwrap();
                assert_eq!(whole.package, [entry], "{table}");
                assert_eq!(whole.package[0].name.span(), as_written(table).unwrap().name.span());
                read += 1;
            }
        }
        assert!(read > 300, "{read}");
    }

    #[test]
    fn other_forms_are_left_to_toml() {
        let plain = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b\",\n]\n";
        assert!(as_written(plain).is_some());
        for (from, to) in [
            ("name = \"a\"", "name = \"\\u0061\""),
            ("name = \"a\"", "name = \"a\" # b"),
            ("name = \"a\"", "name = \"a\"\nname = \"b\""),
            ("1.0.0", "1.0"),
            ("1.0.0", "1.0.0\t"),
            (" \"b\",", " \"b\", \"c\","),
            (" \"b\",\n]", "]\nreplace = \"b\""),
            ("[[package]]", "[root]"),
            ("\n", "\r\n"),
        ] {
            assert!(as_written(&plain.replace(from, to)).is_none(), "{to}");
        }
    }
}
