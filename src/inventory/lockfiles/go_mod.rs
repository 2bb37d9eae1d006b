//! `go.mod`, with the checksums of `go.sum` beside it.
//!
//! Since Go 1.17 `go.mod` lists every module that is built; before, `go.sum` is the only file that names the others.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Format, Source, node};
use crate::document::{Damage, text_of_lines};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "go.mod", is: |name| name == "go.mod", is_named: |name| name == "go.mod", read };

/// Reads a file.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the file, or complete it with `go mod tidy`";
    let file = File::parse(source.bytes, false).map_err(|damage| damage.error(source.path, help))?;
    let sums = match (source.neighbour)("go.sum")? {
        Some(bytes) => {
            sums(&bytes).map_err(|damage| damage.error(&node::beside(source.path, "go.sum"), help))?
        }
        None => BTreeMap::new(),
    };
    Ok(file.graph(source.path, &sums))
}

/// A required module.
struct Required<'a> {
    path: &'a str,
    version: &'a str,
    is_indirect: bool,
    line: u64,
}

/// What replaces a module, or one version of it.
struct Replacement<'a> {
    path: &'a str,
    version: Option<&'a str>,
    by: &'a str,
    by_version: Option<&'a str>,
    line: u64,
}

/// A `go.mod`.
#[derive(Default)]
pub(super) struct File<'a> {
    /// Whether this is a `go.work`, which has folders of modules and no module of its own.
    is_workspace: bool,
    module: Option<(&'a str, u64)>,
    /// Folders of modules, with their lines.
    pub(super) used: Vec<(&'a str, u64)>,
    go: Option<(&'a str, u64)>,
    toolchain: Option<(&'a str, u64)>,
    required: Vec<Required<'a>>,
    replaced: Vec<Replacement<'a>>,
}

impl<'a> File<'a> {
    /// Reads a `go.mod`, or a `go.work`.
    pub(super) fn parse(bytes: &'a [u8], is_workspace: bool) -> Result<Self, Damage> {
        let mut file = Self { is_workspace, ..Self::default() };
        let mut block: Option<(&str, u64)> = None;
        let text = text_of_lines(bytes)?;
        let mut is_empty = true;
        for (line, content) in (1..).zip(text.lines()) {
            let (content, comment) = content.split_once("//").unwrap_or((content, ""));
            let words: Vec<&str> =
                content.split_whitespace().map(|word| unquoted(word, line)).collect::<Result<_, _>>()?;
            is_empty &= words.is_empty();
            match (block, words.as_slice()) {
                (_, []) | (None, [_, "()"] | [_, "(", ")"]) => {}
                (Some(_), [")"]) => block = None,
                (None, [verb]) if verb.ends_with("()") => {}
                (None, [verb, "("]) => block = Some((verb, line)),
                (None, [verb]) if verb.ends_with('(') => block = Some((verb.trim_end_matches('('), line)),
                (Some((verb, _)), words) => file.take(verb, words, comment, line)?,
                (None, [verb, words @ ..]) => file.take(verb, words, comment, line)?,
            }
        }
        if let Some((verb, line)) = block {
            return Err(Damage::new(line, format!("the block `{verb}` has no end")));
        }
        if is_workspace && file.go.is_none() && file.used.is_empty() {
            return Err(Damage::new(1, "`go` and `use` are missing"));
        }
        // An empty file keeps a folder out of the module around it.
        if !is_workspace && file.module.is_none() && !is_empty {
            return Err(Damage::new(1, "`module` is missing"));
        }
        Ok(file)
    }

    fn take(&mut self, verb: &str, words: &[&'a str], comment: &str, line: u64) -> Result<(), Damage> {
        let unexpected = || Damage::new(line, format!("unexpected `{verb}`"));
        match (verb, words) {
            ("module" | "require" | "exclude" | "retract" | "tool" | "ignore", _) if self.is_workspace => {
                return Err(unexpected());
            }
            ("use", [folder]) if self.is_workspace => self.used.push((folder, line)),
            ("module", [path]) if self.module.is_none() => self.module = Some((path, line)),
            ("go", [version]) if self.go.is_none() => self.go = Some((version, line)),
            ("toolchain", [version]) if self.toolchain.is_none() => self.toolchain = Some((version, line)),
            ("require", [path, version]) if version.starts_with('v') => {
                let is_indirect = comment.split([';', ' ', '\t']).any(|word| word == "indirect");
                self.required.push(Required { path, version, is_indirect, line });
            }
            ("replace", [path, rest @ ..]) => {
                let (version, by, by_version) = match rest {
                    ["=>", by] => (None, by, None),
                    ["=>", by, by_version] => (None, by, Some(*by_version)),
                    [version, "=>", by] => (Some(*version), by, None),
                    [version, "=>", by, by_version] => (Some(*version), by, Some(*by_version)),
                    _ => return Err(unexpected()),
                };
                if by_version.is_some_and(|version| !version.starts_with('v')) {
                    return Err(unexpected());
                }
                if by_version.is_none() && !is_folder(by) {
                    return Err(Damage::new(
                        line,
                        format!("`{by}` has neither a version nor is it a folder"),
                    ));
                }
                self.replaced.push(Replacement { path, version, by, by_version, line });
            }
            ("exclude" | "retract" | "tool" | "godebug" | "ignore", [_, ..]) => {}
            _ => return Err(unexpected()),
        }
        Ok(())
    }

    /// The line and version of Go, and whether it is a guess: the newer of the two lines counts, and the `go` line is only a minimum.
    fn go(&self) -> Option<(&'a str, u64, bool)> {
        let minimum = self.go.map(|(version, line)| (version, line, true));
        let chosen = self.toolchain.and_then(|(name, line)| {
            let version = name.strip_prefix("go")?.split('-').next()?;
            version.starts_with(|first: char| first.is_ascii_digit()).then_some((version, line, false))
        });
        match (minimum, chosen) {
            (Some(minimum), Some(chosen)) if compare(minimum.0, chosen.0) == Ordering::Greater => {
                Some(minimum)
            }
            (_, Some(chosen)) => Some(chosen),
            (minimum, None) => minimum,
        }
    }

    /// Adds the standard library.
    pub(super) fn add_stdlib(&self, path: &str, draft: &mut Draft) {
        if let Some((version, line, is_guessed)) = self.go() {
            let stdlib = Package { is_guessed, ..Package::new(Ecosystem::GO, "stdlib", version, line) };
            let stdlib = draft.add(stdlib);
            draft.ask(stdlib, Some(Location::line(path, line)), None, Scope::Runtime);
        }
    }

    /// What takes the place of modules, whatever their versions.
    pub(super) fn replacements(&self) -> impl Iterator<Item = Package> {
        self.replaced
            .iter()
            .map(|one| self.module(one.path, one.version.unwrap_or_default(), one.line, &BTreeMap::new()))
    }

    /// Whether other modules than those that are listed are built as well.
    fn is_partial(&self) -> bool {
        self.go.is_none_or(|(version, _)| compare(version, "1.17") == Ordering::Less)
    }

    fn graph(&self, path: &str, sums: &BTreeMap<(String, String), Sum>) -> Graph {
        let mut draft = Draft::default();
        if let Some((module, line)) = self.module {
            let own = Package { origin: Origin::Project, ..Package::new(Ecosystem::GO, module, "", line) };
            let own = draft.add(own);
            draft.root(own);
        }
        self.add_stdlib(path, &mut draft);
        for required in &self.required {
            let module = self.module(required.path, required.version, required.line, sums);
            let forked = forked(required, &module);
            let index = draft.add(module);
            if let Some(forked) = forked {
                draft.add(forked);
            }
            if !required.is_indirect {
                draft.ask(
                    index,
                    Some(Location::line(path, required.line)),
                    Some(required.version),
                    Scope::Runtime,
                );
            }
        }
        if self.is_partial() {
            let file = node::beside(path, "go.sum");
            let mut newest: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
            for ((module, version), sum) in sums {
                let best = newest.entry(module).or_insert((version, sum.line));
                if compare(version, best.0) == Ordering::Greater {
                    *best = (version, sum.line);
                }
            }
            for (module, (version, line)) in newest {
                if self.required.iter().any(|required| required.path == module) {
                    continue;
                }
                draft.add(Package { file: Some(file.clone()), ..self.module(module, version, line, sums) });
            }
        }
        draft.finish()
    }

    /// A module, or what replaces it.
    fn module(
        &self,
        path: &str,
        version: &str,
        line: u64,
        sums: &BTreeMap<(String, String), Sum>,
    ) -> Package {
        let is_of = |replacement: &&Replacement<'_>, exact: bool| {
            replacement.path == path && replacement.version == exact.then_some(version)
        };
        let replacements = || self.replaced.iter();
        let replacement = replacements()
            .find(|other| is_of(other, true))
            .or_else(|| replacements().find(|other| is_of(other, false)));
        let (path, version, origin, source) = match replacement {
            Some(Replacement { by, by_version: Some(by_version), .. }) => {
                (*by, *by_version, Origin::Registry, String::new())
            }
            Some(Replacement { by, .. }) => match node::folder(by) {
                Origin::Project => (path, version, Origin::Project, String::new()),
                origin => (path, version, origin, (*by).to_owned()),
            },
            None => (path, version, Origin::Registry, String::new()),
        };
        let sum = sums.get(&(path.to_owned(), version.to_owned()));
        Package {
            origin,
            source,
            integrity: sum.map(|sum| sum.hash.clone()).into_iter().collect(),
            ..Package::new(Ecosystem::GO, path, version.trim_start_matches('v'), line)
        }
    }
}

/// A word without its quotation marks. Go only takes these, and reads escapes in them.
fn unquoted(word: &str, line: u64) -> Result<&str, Damage> {
    let inside = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
    if inside.is_some_and(|inside| inside.contains('\\')) {
        return Err(Damage::new(line, "an escape stands in a quoted word"));
    }
    let word = inside.unwrap_or(word);
    if word.contains(['"', '`', '\'']) {
        return Err(Damage::new(line, "a quotation mark stands within a word"));
    }
    Ok(word)
}

/// The module that was asked for, where a fork replaces it: what is known of the one may hold for the other.
fn forked(required: &Required<'_>, by: &Package) -> Option<Package> {
    let Required { path, version, line, .. } = *required;
    let is_forked = by.origin == Origin::Registry && by.name != path;
    let version = version.trim_start_matches('v');
    let forked = Package {
        origin: Origin::Git,
        source: format!("https://{}#v{}", by.name, by.version),
        ..Package::new(Ecosystem::GO, path, version, line)
    };
    (is_forked && !forked.has_placeholder()).then_some(forked)
}

/// Whether a path is of a folder instead of a module.
pub(super) fn is_folder(path: &str) -> bool {
    path.starts_with("./")
        || path.starts_with("../")
        || path.starts_with('/')
        || path == "."
        || path == ".."
        || path.contains(":\\")
}

/// How two versions compare; equal where they can't be.
fn compare(left: &str, right: &str) -> Ordering {
    devops_versions::compare(
        Ecosystem::GO.name(),
        left.trim_start_matches('v'),
        right.trim_start_matches('v'),
    )
    .unwrap_or(Ordering::Equal)
}

/// A checksum of `go.sum`.
struct Sum {
    hash: String,
    line: u64,
}

/// The checksums of modules, without those of their `go.mod` alone.
fn sums(bytes: &[u8]) -> Result<BTreeMap<(String, String), Sum>, Damage> {
    let mut sums = BTreeMap::new();
    for (line, content) in (1..).zip(text_of_lines(bytes)?.lines()) {
        match content.split_whitespace().collect::<Vec<_>>().as_slice() {
            [] => {}
            [_, version, _] if version.ends_with("/go.mod") => {}
            [path, version, hash] if version.starts_with('v') => {
                let sum = Sum { hash: (*hash).to_owned(), line };
                sums.entry(((*path).to_owned(), (*version).to_owned())).or_insert(sum);
            }
            _ => return Err(Damage::new(line, "not a module, a version and a checksum")),
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Source};
    use devops_core::Error;

    fn rows(text: &str) -> Result<Vec<String>, Error> {
        let graph = FORMAT.read(&Source::alone("go.mod", text.as_bytes()))?;
        let row = |package: &crate::Package| format!("{} {}", package.label(), package.origin.word());
        Ok(graph.packages.iter().map(row).collect())
    }

    #[test]
    fn words_are_unquoted_as_go_does() {
        assert_eq!(rows("module m\nrequire \"a/b\" v1.0.0\n").unwrap(), ["m project", "a/b 1.0.0 registry"]);
        for word in ["\"a\\x62\"", "\"a\\u0062/c\"", "`ab`", "'ab'", "\"ab", "ab\"", "a\"b", "\"a`b\""] {
            for text in [
                format!("module m\nrequire {word} v1.0.0\n"),
                format!("module m\nrequire (\n\t{word} v1.0.0\n)\n"),
                format!("module m\nrequire a v1.0.0\nreplace a => {word} v1.0.0\n"),
            ] {
                assert!(rows(&text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn files_and_blocks_may_be_empty() {
        for text in ["", "// a marker\n\n", "\u{feff}"] {
            assert_eq!(rows(text).unwrap(), Vec::<String>::new(), "{text:?}");
        }
        for empty in ["require ()", "require()", "require ( )", "require (\n)"] {
            let text = format!("module m\n{empty}\nrequire a v1.0.0\n");
            assert_eq!(rows(&text).unwrap(), ["m project", "a 1.0.0 registry"], "{empty}");
        }
        for text in
            ["require a v1.0.0\n", "require ()\n", "module m\nrequire (\n", "module m\nrequire () a v1.0.0\n"]
        {
            assert!(rows(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_replaced_is_listed_beside_the_fork() {
        let replaced = |version: &str, by: &str| {
            rows(&format!("module m\nrequire a/b {version}\nreplace a/b => {by}\n")).unwrap().split_off(1)
        };
        assert_eq!(replaced("v1.0.0", "c/d v1.1.0"), ["c/d 1.1.0 registry", "a/b 1.0.0 git"]);
        assert_eq!(replaced("v1.0.0", "a/b v1.1.0"), ["a/b 1.1.0 registry"]);
        assert_eq!(replaced("v1.0.0", "./b"), ["a/b 1.0.0 project"]);
        assert_eq!(replaced("v1.0.0", "../b"), ["a/b 1.0.0 path"]);
        // Nobody published this version; tools write it where only the replacement counts.
        assert_eq!(replaced("v0.0.0", "c/d v1.1.0"), ["c/d 1.1.0 registry"]);
        assert_eq!(replaced("v0.0.0-00010101000000-000000000000", "c/d v1.1.0"), ["c/d 1.1.0 registry"]);
    }
}
