//! `Gemfile.lock`, `gems.locked` and `Gemfile.next.lock`.

use std::collections::{HashMap, HashSet};

use super::manifest::Manifest;
use super::{Format, Source, node};
use crate::document::{Damage, text_of_lines};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Gemfile.lock",
    is: |name| matches!(name, "Gemfile.lock" | "gems.locked" | "Gemfile.next.lock"),
    is_named: |name| name.contains("Gemfile") && name.ends_with(".lock") || name == "gems.locked",
    read,
};

const RESTORE: &str = "restore the lockfile, or regenerate it with `bundle lock`";

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let name = source.path.rsplit('/').next().unwrap_or_default();
    let manifest = match name {
        "gems.locked" => "gems.rb",
        "Gemfile.next.lock" => "Gemfile.next",
        _ => "Gemfile",
    };
    let mut manifest = Manifest::beside(source, manifest)?;
    if manifest.text.is_empty() {
        manifest = Manifest::beside(source, "Gemfile")?;
    }
    let damaged = |damage: Damage| damage.error(source.path, RESTORE);
    let mut reader = Reader::default();
    reader.lines(text_of_lines(source.bytes).map_err(damaged)?).map_err(damaged)?;
    reader.finish(&manifest).map_err(damaged)
}

/// The section a line stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    Gem,
    Git,
    Path,
    Plugin,
    Dependencies,
    Checksums,
    /// `PLATFORMS`, `RUBY VERSION` and `BUNDLED WITH`.
    Other,
}

#[derive(Default)]
struct Reader {
    draft: Draft,
    section: Section,
    is_in_specs: bool,
    remotes: Vec<String>,
    revision: String,
    /// The package whose dependencies follow.
    current: Option<usize>,
    by_name: HashMap<String, Vec<usize>>,
    /// Who depends on which name, in which line and version.
    links: Vec<(usize, u64, String, Option<String>)>,
    asks: Vec<(u64, String, Option<String>)>,
    /// Those of them that have a source of their own.
    marked: HashSet<String>,
    has_dependencies: bool,
}

impl Reader {
    fn lines(&mut self, text: &str) -> Result<(), Damage> {
        let (mut last, mut is_between) = (1, false);
        for (line, content) in (1..).zip(text.lines()) {
            last = line;
            let content = content.trim_end();
            if content.is_empty() {
                is_between = true;
                continue;
            }
            // An empty line ends a section, so that what follows would be of the one before if its first line were missing.
            if is_between && content.starts_with(' ') && self.section != Section::Other {
                return Err(Damage::new(line, "no section begins behind the empty line"));
            }
            is_between = false;
            if content.contains('\t') {
                return Err(Damage::new(line, "a tab stands in it"));
            }
            let word = content.trim_start();
            match content.len() - word.len() {
                0 => self.begin(line, word)?,
                2 if self.section == Section::Dependencies => {
                    let (name, requirement) = named(line, word.trim_end_matches('!'))?;
                    if word.ends_with('!') {
                        self.marked.insert(name.to_owned());
                    }
                    self.asks.push((line, name.to_owned(), requirement.map(str::to_owned)));
                }
                2 if self.section == Section::Checksums => self.checksum(line, word)?,
                2 if self.is_source() => self.attribute(line, word)?,
                4 if self.is_source() && self.is_in_specs => self.package(line, word)?,
                6 if self.is_source() && self.is_in_specs => {
                    let current = self.current.ok_or_else(|| Damage::new(line, "a dependency of no gem"))?;
                    let (name, requirement) = named(line, word.trim_end_matches('!'))?;
                    self.links.push((current, line, name.to_owned(), requirement.map(str::to_owned)));
                }
                _ if self.section == Section::Other => {}
                _ => return Err(Damage::new(line, format!("unexpected `{word}`"))),
            }
        }
        if self.has_dependencies { Ok(()) } else { Err(Damage::new(last, "`DEPENDENCIES` is missing")) }
    }

    fn is_source(&self) -> bool {
        matches!(self.section, Section::Gem | Section::Git | Section::Path | Section::Plugin)
    }

    /// A section begins.
    fn begin(&mut self, line: u64, word: &str) -> Result<(), Damage> {
        self.section = match word {
            "GEM" => Section::Gem,
            "GIT" => Section::Git,
            "PATH" => Section::Path,
            "PLUGIN SOURCE" => Section::Plugin,
            "DEPENDENCIES" => Section::Dependencies,
            "CHECKSUMS" => Section::Checksums,
            "PLATFORMS" | "RUBY VERSION" | "BUNDLED WITH" => Section::Other,
            _ => return Err(Damage::new(line, format!("unknown section `{word}`"))),
        };
        // Bundler writes gems first, so that whatever is cut off behind this is no gem.
        if self.is_source() && self.has_dependencies {
            return Err(Damage::new(line, format!("section `{word}` follows `DEPENDENCIES`")));
        }
        if self.section == Section::Dependencies {
            if self.has_dependencies {
                return Err(Damage::new(line, "section `DEPENDENCIES` occurs twice"));
            }
            self.has_dependencies = true;
        }
        (self.is_in_specs, self.current) = (false, None);
        self.remotes.clear();
        self.revision.clear();
        Ok(())
    }

    /// A line about where the gems of a section are from.
    fn attribute(&mut self, line: u64, word: &str) -> Result<(), Damage> {
        let (key, value) =
            word.split_once(':').ok_or_else(|| Damage::new(line, format!("unexpected `{word}`")))?;
        match key {
            // The gems of a section follow where they are from; without its first line, a section would be part of the one before.
            _ if self.is_in_specs => {
                return Err(Damage::new(line, format!("`{key}` stands behind the gems of its section")));
            }
            "remote" => self.remotes.push(value.trim().to_owned()),
            "revision" => value.trim().clone_into(&mut self.revision),
            "specs" => self.is_in_specs = true,
            "branch" | "tag" | "ref" | "glob" | "submodules" | "type" | "install_path" | "name" | "path" => {}
            _ if self.section == Section::Plugin => {}
            _ => return Err(Damage::new(line, format!("unknown key `{key}`"))),
        }
        Ok(())
    }

    /// A gem.
    fn package(&mut self, line: u64, word: &str) -> Result<(), Damage> {
        let (name, version) = named(line, word)?;
        let version = version.ok_or_else(|| Damage::new(line, format!("`{name}` has no version")))?;
        // A version has no dash; what follows one is the platform: `1.15.0-x86_64-linux`.
        let version = version.split('-').next().unwrap_or(version);
        if !version.starts_with(|first: char| first.is_ascii_digit()) || version.contains([' ', ',']) {
            return Err(Damage::new(line, format!("`{version}` is no exact version of `{name}`")));
        }
        let remote = self.remotes.first().cloned().unwrap_or_default();
        let (origin, source) = match self.section {
            Section::Git => (Origin::Git, format!("{remote}#{}", self.revision)),
            Section::Path => match node::folder(&remote) {
                Origin::Project => (Origin::Project, String::new()),
                origin => (origin, remote),
            },
            Section::Gem if self.remotes.iter().any(|remote| is_public(remote)) => {
                (Origin::Registry, String::new())
            }
            _ => (Origin::Other, self.remotes.join(" ")),
        };
        let package = Package { origin, source, ..Package::new(Ecosystem::RUBYGEMS, name, version, line) };
        // Each of several registries may give any gem; those of others stand for themselves.
        let others: Vec<Package> = self
            .remotes
            .iter()
            .filter(|remote| origin == Origin::Registry && !is_public(remote))
            .map(|remote| super::manifest::registry(Ecosystem::RUBYGEMS, remote, line))
            .collect();
        let index = self.draft.add(package);
        for other in others {
            self.draft.add(other);
        }
        let known = self.by_name.entry(name.to_owned()).or_default();
        if !known.contains(&index) {
            known.push(index);
        }
        if origin == Origin::Project {
            self.draft.root(index);
        }
        self.current = Some(index);
        Ok(())
    }

    /// `name (version) sha256=…`.
    fn checksum(&mut self, line: u64, word: &str) -> Result<(), Damage> {
        let (label, checksums) = word.split_once(") ").unwrap_or((word.trim_end_matches(')'), ""));
        let Some((name, version)) = label.split_once(" (") else {
            return Err(Damage::new(line, format!("unexpected `{word}`")));
        };
        if !self.by_name.contains_key(name) && name != "bundler" {
            return Err(Damage::new(line, format!("`{name}` has a checksum and is not listed")));
        }
        let version = version.split('-').next().unwrap_or(version);
        for index in self.by_name.get(name).into_iter().flatten() {
            if let Some(package) = self.draft.package(*index)
                && package.version == version
            {
                package
                    .integrity
                    .extend(checksums.split(',').map(|checksum| checksum.trim().replacen('=', ":", 1)));
            }
        }
        Ok(())
    }

    fn finish(mut self, manifest: &Manifest) -> Result<Graph, Damage> {
        for (from, line, name, requirement) in self.links {
            match self.by_name.get(&name) {
                Some(indexes) => {
                    for to in indexes {
                        self.draft.link(from, *to, requirement.as_deref(), Scope::Runtime);
                    }
                }
                // Bundler does not list itself.
                None if name == "bundler" => {}
                None => return Err(Damage::new(line, format!("`{name}` is needed and not listed"))),
            }
        }
        // What has no gem of its own here is Bundler, or a gem for another platform, which only the manifest says.
        let has_platforms =
            ["platform", "install_if", "eval_gemfile"].iter().any(|word| manifest.text.contains(word));
        for (line, name, requirement) in self.asks {
            // What is marked with `!` has a source of its own, and stands there.
            let is_marked = self.marked.contains(&name);
            let may_be_missing = has_platforms || manifest.text.is_empty() && !is_marked || name == "bundler";
            if !self.by_name.contains_key(&name) && !may_be_missing {
                return Err(Damage::new(line, format!("`{name}` is asked for and not listed")));
            }
            let at = manifest.find(|line| {
                let word = line.trim_start();
                let rest = word.strip_prefix("gem").map(|rest| rest.trim_start_matches([' ', '(']));
                let inside = rest.and_then(|rest| rest.strip_prefix(['"', '\'']));
                inside
                    .and_then(|inside| inside.strip_prefix(name.as_str()))
                    .is_some_and(|rest| rest.starts_with(['"', '\'']))
            });
            for index in self.by_name.get(&name).into_iter().flatten() {
                self.draft.ask(*index, at.clone(), requirement.as_deref(), Scope::Runtime);
            }
        }
        Ok(self.draft.finish())
    }
}

/// `name` or `name (what is in brackets)`.
fn named(line: u64, word: &str) -> Result<(&str, Option<&str>), Damage> {
    match word.split_once(' ') {
        None if !word.contains(['(', ')']) && !word.is_empty() => Ok((word, None)),
        Some((name, rest)) => rest
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .filter(|inside| !inside.is_empty())
            .map(|inside| (name, Some(inside)))
            .ok_or_else(|| Damage::new(line, format!("unexpected `{word}`"))),
        None => Err(Damage::new(line, format!("unexpected `{word}`"))),
    }
}

/// Whether this is the public registry at its usual host.
fn is_public(remote: &str) -> bool {
    let host = remote.split_once("://").map_or(remote, |(_, rest)| rest);
    let host = host.trim_end_matches('/').to_ascii_lowercase();
    matches!(host.as_str(), "rubygems.org" | "www.rubygems.org" | "index.rubygems.org")
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Source};
    use crate::Origin;

    #[test]
    fn further_registries_are_listed() {
        let text = "GEM\n  remote: https://rubygems.org/\n  remote: https://gems.example/\n  specs:\n    a (1.0.0)\n    b (1.0.0)\n\nDEPENDENCIES\n  a\n  b\n";
        let graph = FORMAT.read(&Source::alone("Gemfile.lock", text.as_bytes())).unwrap();
        let rows: Vec<_> =
            graph.packages.iter().map(|package| (package.name.as_str(), package.origin)).collect();
        assert_eq!(rows, [("a", Origin::Registry), ("gems.example", Origin::Other), ("b", Origin::Registry)]);
    }

    #[test]
    fn folders_are_the_projects_own_only_within_it() {
        for (remote, origin) in [
            (".", Origin::Project),
            ("./engines/a", Origin::Project),
            ("../a", Origin::Path),
            ("./../../a", Origin::Path),
            ("a/../../b", Origin::Path),
            ("/srv/a", Origin::Path),
        ] {
            let text = format!("PATH\n  remote: {remote}\n  specs:\n    a (1.0.0)\n\nDEPENDENCIES\n  a!\n");
            let graph = FORMAT.read(&Source::alone("Gemfile.lock", text.as_bytes())).unwrap();
            assert_eq!(graph.packages[0].origin, origin, "{remote}");
        }
    }
}
