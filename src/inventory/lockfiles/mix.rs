//! `mix.lock` of Elixir: one map of Elixir terms.

use std::collections::{HashMap, HashSet};

use super::manifest::Manifest;
use super::{Format, Source};
use crate::document::{Damage, text_of_lines};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "mix.lock",
    is: |name| name == "mix.lock",
    is_named: |name| name.ends_with("mix.lock"),
    read,
};

/// Deepest nesting of terms.
const DEEPEST: usize = 64;

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let manifest = Manifest::beside(source, "mix.exs")?;
    let help = "restore the lockfile, or regenerate it with `mix deps.get`";
    graph(source, &manifest).map_err(|damage| damage.error(source.path, help))
}

/// A term of Elixir, as far as lockfiles use them.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    Text(String),
    /// An atom; `nil`, `true` and `false` are some.
    Atom(String),
    Number,
    Tuple(Vec<Term>),
    List(Vec<Term>),
}

impl Term {
    /// What it says, where it is a text or an atom.
    fn word(&self) -> Option<&str> {
        match self {
            Self::Text(word) | Self::Atom(word) => Some(word),
            _ => None,
        }
    }

    fn items(&self) -> &[Self] {
        match self {
            Self::Tuple(items) | Self::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key in a keyword list.
    fn option(&self, key: &str) -> Option<&Self> {
        self.items().iter().find_map(|pair| match pair.items() {
            [Self::Atom(name), value] if name == key => Some(value),
            _ => None,
        })
    }
}

fn graph(source: &Source<'_>, manifest: &Manifest) -> Result<Graph, Damage> {
    let mut parser = Parser { text: text_of_lines(source.bytes)?, at: 0, line: 1 };
    let mut draft = Draft::default();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    let mut links = Vec::new();
    for (line, key, term) in parser.document()? {
        let index = draft.add(package(line, &key, &term)?);
        for link in term.items().get(5).map(Term::items).unwrap_or_default() {
            if let [Term::Atom(name), requirement, options @ ..] = link.items() {
                let is_optional = options.first().and_then(|options| options.option("optional"))
                    == Some(&Term::Atom("true".to_owned()));
                let scope = if is_optional { Scope::Optional } else { Scope::Runtime };
                links.push((index, line, name.clone(), requirement.word().map(str::to_owned), scope));
            }
        }
        by_key.insert(key, index);
    }
    for (from, line, name, requirement, scope) in links {
        if let Some(to) = by_key.get(&name) {
            draft.link(from, *to, requirement.as_deref(), scope);
        } else if scope == Scope::Runtime && !manifest.text.contains(&format!("{{:{name},")) {
            // A folder of the project may stand in for it, which `mix.exs` says and the lockfile does not.
            return Err(Damage::new(line, format!("`{name}` is needed and not listed")));
        }
    }
    let mut keys: Vec<(&String, &usize)> = by_key.iter().collect();
    keys.sort_by_key(|(_, index)| **index);
    for (key, index) in keys {
        let is_asked = |line: &str| {
            let word = line.split('#').next().unwrap_or_default();
            word.contains(&format!("{{:{key},"))
        };
        if let Some(at) = manifest.find(is_asked) {
            draft.ask(*index, Some(at), None, Scope::Runtime);
        }
    }
    Ok(draft.finish())
}

/// The package of an entry.
fn package(line: u64, key: &str, term: &Term) -> Result<Package, Damage> {
    let unexpected = || Damage::new(line, format!("`{key}` is not a package"));
    let items = term.items();
    let word = |index: usize| items.get(index).and_then(Term::word);
    Ok(match word(0).ok_or_else(unexpected)? {
        "hex" => {
            let mut package = Package::new(
                Ecosystem::HEX,
                word(1).ok_or_else(unexpected)?,
                word(2).ok_or_else(unexpected)?,
                line,
            );
            package.integrity.extend(word(3).map(|hash| format!("sha256-inner:{hash}")));
            package.integrity.extend(word(7).map(|hash| format!("sha256:{hash}")));
            if let Some(repository) = word(6).filter(|repository| *repository != "hexpm") {
                (package.origin, package.source) = (Origin::Other, repository.to_owned());
            }
            package
        }
        "git" => {
            let (url, commit) = (word(1).ok_or_else(unexpected)?, word(2).ok_or_else(unexpected)?);
            let tag = items.get(3).and_then(|options| options.option("tag")).and_then(Term::word);
            let mut package = Package::new(Ecosystem::HEX, key, "", line);
            tag.unwrap_or(commit).clone_into(&mut package.requirement);
            (package.origin, package.source) = (Origin::Git, format!("{url}#{commit}"));
            package
        }
        "path" => Package {
            origin: Origin::Path,
            source: word(1).unwrap_or_default().to_owned(),
            ..Package::new(Ecosystem::HEX, key, "", line)
        },
        other => return Err(Damage::new(line, format!("unknown source `{other}` of `{key}`"))),
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Parser<'_> {
    /// The whole lockfile: keys with their lines and values.
    fn document(&mut self) -> Result<Vec<(u64, String, Term)>, Damage> {
        self.space();
        self.expect("%{")?;
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        loop {
            self.space();
            if self.take("}") {
                break;
            }
            let line = self.line;
            // `"name": value`, or `"name" => value` in files of old versions.
            let key = if self.rest().starts_with('"') { self.string()? } else { self.word()? };
            if !self.take(":") {
                self.space();
                self.expect("=>")?;
            }
            if !seen.insert(key.clone()) {
                return Err(Damage::new(line, format!("`{key}` is listed twice")));
            }
            let value = self.term(0)?;
            entries.push((line, key, value));
            self.space();
            if !self.take(",") {
                self.space();
                self.expect("}")?;
                break;
            }
        }
        self.space();
        if self.rest().is_empty() { Ok(entries) } else { Err(self.damage("something follows the map")) }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn damage(&self, what: &str) -> Damage {
        Damage::new(self.line, if self.rest().is_empty() { "the end is missing" } else { what })
    }

    fn space(&mut self) {
        while let Some(next) = self.rest().chars().next() {
            if next == '#' {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if next.is_whitespace() {
                self.line += u64::from(next == '\n');
                self.at += next.len_utf8();
            } else {
                return;
            }
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.rest().starts_with(word);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    fn expect(&mut self, word: &str) -> Result<(), Damage> {
        if self.take(word) { Ok(()) } else { Err(self.damage(&format!("expected `{word}`"))) }
    }

    fn string(&mut self) -> Result<String, Damage> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let next = self.rest().chars().next().ok_or_else(|| self.damage("a text has no end"))?;
            self.at += next.len_utf8();
            match next {
                '"' => return Ok(text),
                '\n' => return Err(self.damage("a text has no end in its line")),
                '#' if self.rest().starts_with('{') => return Err(self.damage("a text with code in it")),
                '\\' => {
                    let escaped =
                        self.rest().chars().next().ok_or_else(|| self.damage("a text has no end"))?;
                    if !matches!(escaped, '"' | '\\' | '#') {
                        return Err(self.damage("an escape that lockfiles do not have"));
                    }
                    self.at += escaped.len_utf8();
                    text.push(escaped);
                }
                _ => text.push(next),
            }
        }
    }

    fn word(&mut self) -> Result<String, Damage> {
        let is_word = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'.' | b'-' | b'?' | b'!')
        };
        let length = self.rest().bytes().take_while(|byte| is_word(*byte)).count();
        let word = self.rest().get(..length).unwrap_or_default().to_owned();
        if word.is_empty() {
            return Err(self.damage("expected a term"));
        }
        self.at += length;
        Ok(word)
    }

    fn term(&mut self, depth: usize) -> Result<Term, Damage> {
        if depth > DEEPEST {
            return Err(self.damage("nested too deeply"));
        }
        self.space();
        if self.take("{") {
            return self.items("}", depth).map(Term::Tuple);
        }
        if self.take("[") {
            return self.items("]", depth).map(Term::List);
        }
        if self.take(":") {
            let name = if self.rest().starts_with('"') { self.string()? } else { self.word()? };
            return Ok(Term::Atom(name));
        }
        let is_text = self.rest().starts_with('"');
        let word = if is_text { self.string()? } else { self.word()? };
        // `key: value` in a list is a pair.
        if self.rest().starts_with(": ") || self.rest().starts_with(":\n") {
            self.at += 1;
            return Ok(Term::Tuple(vec![Term::Atom(word), self.term(depth + 1)?]));
        }
        Ok(match word.as_str() {
            _ if is_text => Term::Text(word),
            "nil" | "true" | "false" => Term::Atom(word),
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => Term::Number,
            _ => return Err(self.damage(&format!("unexpected `{word}`"))),
        })
    }

    fn items(&mut self, end: &str, depth: usize) -> Result<Vec<Term>, Damage> {
        let mut items = Vec::new();
        loop {
            self.space();
            if self.take(end) {
                return Ok(items);
            }
            items.push(self.term(depth + 1)?);
            self.space();
            if !self.take(",") {
                self.space();
                self.expect(end)?;
                return Ok(items);
            }
        }
    }
}
