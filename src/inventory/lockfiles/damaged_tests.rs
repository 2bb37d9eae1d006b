//! Lockfiles that are damaged: no package leaves the list unseen.
//!
//! What becomes of a damaged copy is right if it is refused, or if every package of the whole file is still listed. Where a package is
//! not, the text itself must say why: it names another package, version or source in its place, or it does not mention the name at
//! all any more, or it still lists another version of the same name. The last two can't be told from a file that somebody wrote so.
//!
//! `DEVOPS_MUTATIONS` sets the number of damaged copies of all files together; `scripts/mutations` runs many.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Kind, Source};
use crate::{Origin, Package};
use devops_damage::{CONFLICT, Random, TEXT};

/// What identifies a package: what it is called, its version or what is asked for, and where it is from.
type Fact = (String, String, Origin);

/// What a file lists, and in which line of it; line 0 is in another file.
type Facts = BTreeMap<Fact, usize>;

fn facts(packages: &[Package]) -> Facts {
    let version =
        |package: &Package| if package.is_exact() { &package.version } else { &package.requirement }.clone();
    let line =
        |package: &Package| if package.file.is_some() { 0 } else { usize::try_from(package.line).unwrap() };
    let fact = |package: &Package| (package.name.clone(), version(package), package.origin);
    packages.iter().map(|package| (fact(package), line(package))).collect()
}

/// Whether a text mentions a name, as a word of its own, in any case.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    // A module of Go may be named like a folder of another.
    let is_inside = |rest: &str| rest.starts_with(is_part) || name.contains('.') && rest.starts_with('/');
    let (text, lower) = (text.to_lowercase(), name.to_lowercase());
    !name.is_empty()
        && text
            .match_indices(&lower)
            .any(|(at, _)| !text[..at].ends_with(is_part) && !is_inside(&text[at + name.len()..]))
}

/// A damaged text as a person reads it.
struct Reading {
    /// All of it.
    raw: String,
    /// Without comments, which a person does not take for packages either.
    bare: String,
}

impl Reading {
    fn of(name: &str, bytes: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(bytes).replace("%40", "@");
        let has_comments = [".txt", ".yml", ".yaml", "mix.lock", "yarn.lock", ".toml", "gradle.lockfile"]
            .iter()
            .any(|end| name.ends_with(end));
        // What is optional may be missing from a `mix.lock`; a module that is replaced or excluded need not be required; of Poetry,
        // what another Python needs is not listed.
        let passing = match name {
            "mix.lock" => {
                raw.split("{:").filter(|part| !part.contains("optional: true")).collect::<Vec<_>>().join("{:")
            }
            // What a `resolutions` of Yarn replaces is asked for and not listed.
            "yarn.lock" => without(&raw, |line| line.starts_with("    ")),
            "bun.lock" => {
                let parts = raw.split("\"optionalDependencies\": {").enumerate();
                let parts =
                    parts.map(
                        |(at, part)| {
                            if at == 0 { part } else { part.split_once('}').map_or("", |(_, rest)| rest) }
                        },
                    );
                parts.collect::<Vec<_>>().join("")
            }
            "poetry.lock" => without(&raw, |line| line.contains("markers =") && line.contains(" = {")),
            // NuGet leaves out what the framework has.
            "packages.lock.json" => {
                without(&raw, |line| line.contains("\": \"") && !line.contains("\"resolved\""))
            }
            // What is managed is no dependency by itself.
            "pom.xml" => {
                let (before, rest) = raw.split_once("<dependencyManagement>").unwrap_or((&raw, ""));
                [before, rest.split_once("</dependencyManagement>").map_or("", |(_, rest)| rest)].concat()
            }
            "go.mod" => without(&raw, |line| line.starts_with("replace") || line.starts_with("exclude")),
            _ => raw.clone(),
        };
        let lines = passing.lines().map(|line| match line.find(" #").filter(|_| has_comments) {
            _ if has_comments && line.trim_start().starts_with('#') => "",
            Some(at) => &line[..at],
            None if name == "go.mod" => line.split("//").next().unwrap(),
            None => line,
        });
        let bare = lines.collect::<Vec<_>>().join("\n");
        Self { raw, bare }
    }

    /// Whether the lines stand in the text as they are, one below the other.
    fn holds(&self, lines: &[&str]) -> bool {
        let own: Vec<&str> = self.bare.lines().collect();
        own.windows(lines.len()).any(|window| window == lines)
    }
}

/// A text without some of its lines.
fn without(text: &str, is_out: fn(&str) -> bool) -> String {
    text.lines().filter(|line| !is_out(line)).collect::<Vec<_>>().join("\n")
}

/// The lines of the whole text that say name and version of a package: from its name to its version, at most six.
fn core<'a>(whole: &'a str, (_, version, _): &Fact, line: usize) -> Vec<&'a str> {
    let lines = whole.lines().skip(line.max(1) - 1).take(6);
    let mut core: Vec<&str> = lines.collect();
    // A requirement such as `^1.0.0` is no version.
    let says_version = |line: &&str| {
        let mut places = line.match_indices(version.as_str());
        places.any(|(at, _)| !line[..at].ends_with(['^', '~', '[', '<', '.']))
    };
    // Nor is the heading of an entry.
    let says_version = |line: &&str| says_version(line) && !line.trim_end().ends_with(':');
    let last = core.iter().position(says_version).filter(|_| line > 0 && !version.is_empty());
    core.truncate(last.map_or(0, |last| last + 1));
    core
}

/// Whether a gem stands below `PATH`, and so is a part of the project.
fn is_below_path(reading: &Reading, file: &str, (name, version, _): &Fact) -> bool {
    let gem = format!("    {name} ({version})");
    let lines: Vec<&str> = reading.raw.lines().collect();
    let at = lines.iter().position(|line| *line == gem).filter(|_| file == "Gemfile.lock");
    at.is_some_and(|at| {
        lines[..at].iter().rev().find(|line| !line.is_empty() && !line.starts_with(' ')) == Some(&"PATH")
    })
}

/// Why a package is not listed any more, where the text says why; none where a reader can't see it. What takes its place explains one
/// loss only.
fn reason(
    lost: &Fact,
    now: &Facts,
    (gained, unused): (&[Fact], &mut Vec<Fact>),
    reading: &Reading,
    (is_intact, file): (bool, &str),
) -> Option<&'static str> {
    let (name, version, origin) = lost;
    let says = |word: &str| word.is_empty() || reading.raw.contains(word);
    let mut take = |is: &dyn Fn(&Fact) -> bool| {
        let place = unused.iter().position(is)?;
        unused.remove(place);
        Some(())
    };
    let is_of_go = file.starts_with("go.") || file == "modules.txt";
    // What becomes a part of the project is compared with nothing, unless it may be a copy of what the registry has.
    // The `path` of Conan and the section of Bundler say that a package is.
    let says_project =
        is_of_go || matches!(file, "Cargo.lock" | "conan.lock") || is_below_path(reading, file, lost);
    let may_be = |fact: &Fact| fact.2 != Origin::Project || *origin == Origin::Project || says_project;
    if take(&|fact| fact.0 == *name && fact.1 == *version && may_be(fact)).is_some() {
        return Some("it is from another source");
    }
    // Python's names have several spellings.
    let plain = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
    let raw = plain(&reading.raw);
    let says_name = |fact: &Fact| fact.0.split([':', '/', ' ']).all(|part| raw.contains(&plain(part)));
    if take(&|fact| fact.1 == *version && fact.2 == *origin && says_name(fact)).is_some() {
        return Some("it has another name");
    }
    // A component of a bill without its purl, which is a finding.
    let bare = |name: &str| plain(name.rsplit([':', '/']).next().unwrap_or_default());
    if take(&|fact| fact.2 == Origin::Other && bare(name) == bare(&fact.0)).is_some() {
        return Some("it has no purl");
    }
    // Go's own version is the newer of two.
    if is_intact && name != "stdlib" {
        return None;
    }
    if take(&|fact| fact.0 == *name && fact.2 == *origin && says(&fact.1)).is_some() {
        return Some("it has another version");
    }
    if take(&|fact| fact.0 == *name && says(&fact.1) && may_be(fact)).is_some() {
        return Some("it has another version and source");
    }
    if take(&|fact| fact.1 == *version && fact.2 != Origin::Project && says_name(fact)).is_some() {
        return Some("it has another name and source");
    }
    if is_of_go && take(&|fact| says(&fact.0) && says(&fact.1)).is_some() {
        return Some("it has another name, so that no other replaces it");
    }
    if gained.iter().any(|fact| fact.0 == *name && fact.2 == *origin && says(&fact.1)) {
        return Some("two entries are one now");
    }
    // Of several versions, one whose entry is gone.
    let has_both = |line: &str| mentions(line, name) && mentions(line, version);
    if now.keys().any(|fact| fact.0 == *name) && !reading.bare.lines().any(has_both) {
        return Some("only another version of it is listed");
    }
    // A version that became a part of the name, or a name that is cut off; a package without a version is a finding.
    let is_part = |fact: &Fact| fact.0.starts_with(name.as_str()) || name.starts_with(&fact.0);
    if take(&|fact| fact.1.is_empty() && says_name(fact) && is_part(fact)).is_some() {
        return Some("it has no version any more");
    }
    if !mentions(&reading.bare, name) {
        return Some("it is not mentioned");
    }
    None
}

/// Lockfiles with the files beside them.
fn lockfiles() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let mut folders = vec![fixtures.join("lockfiles"), fixtures.join("inventory")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if matches!(Kind::of(&name), Some(Kind::Read(_))) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file: its path for messages, its name, its text and the folder of its neighbours.
struct Sample {
    shown: String,
    name: String,
    text: String,
    folder: Option<PathBuf>,
}

fn samples() -> Vec<Sample> {
    let of_file = |path: PathBuf| Sample {
        shown: path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" of "),
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: fs::read_to_string(&path).unwrap(),
        folder: path.parent().map(Path::to_owned),
    };
    let of_text = |(path, text, _): &(&str, &str, &[&str])| Sample {
        shown: format!("sample {path}"),
        name: (*path).to_owned(),
        text: (*text).to_owned(),
        folder: None,
    };
    lockfiles().into_iter().map(of_file).chain(super::samples::SAMPLES.iter().map(of_text)).collect()
}

impl Sample {
    fn read(&self, bytes: &[u8]) -> Option<Facts> {
        let Some(Kind::Read(format)) = Kind::of(&self.name) else { panic!("{} is not read", self.shown) };
        let neighbour =
            |name: &str| Ok(self.folder.as_ref().and_then(|folder| fs::read(folder.join(name)).ok()));
        let graph = format.read(&Source { path: &self.name, bytes, neighbour: &neighbour }).ok()?;
        Some(facts(&graph.packages))
    }
}

/// A few of the lines that two texts don't share.
fn difference(before: &str, after: &str) -> String {
    let only = |of: &str, other: &str| {
        let known: BTreeSet<&str> = other.lines().collect();
        let lines = of.lines().filter(|line| !known.contains(line));
        lines.take(4).map(|line| line.trim().chars().take(90).collect::<String>()).collect::<Vec<_>>()
    };
    format!("was {:?}, is {:?}", only(before, after), only(after, before))
}

#[test]
fn no_package_of_a_damaged_lockfile_vanishes_unseen() {
    let amount = devops_damage::amount(2_000);
    let samples = samples();
    assert!(samples.len() > 60, "{}", samples.len());
    let (mut unseen, mut counts) = (Vec::new(), BTreeMap::<&str, u64>::new());
    let mut random = Random::seeded();
    for round in 0..amount {
        let sample = &samples[round % samples.len()];
        let (how, damage) = TEXT[round / samples.len() % TEXT.len()];
        let bytes = damage(&mut random, sample.text.as_bytes());
        let Some(now) = sample.read(&bytes) else {
            *counts.entry("refused").or_default() += 1;
            continue;
        };
        let before = sample.read(sample.text.as_bytes()).unwrap();
        let reading = Reading::of(&sample.name, &bytes);
        if sample.name == "action.yml"
            && !reading.bare.lines().any(|line| line.trim_start().starts_with("runs:"))
        {
            *counts.entry("it is no action").or_default() += 1;
            continue;
        }
        let gained: Vec<Fact> = now.keys().filter(|fact| !before.contains_key(*fact)).cloned().collect();
        let mut unused = gained.clone();
        let mut kind = "all are listed";
        for (lost, line) in before.iter().filter(|(fact, _)| !now.contains_key(*fact)) {
            // Neither the project itself nor a part of Julia without a version is compared with anything.
            let may_be_copy =
                sample.name == "Cargo.lock" || sample.name.starts_with("go.") && lost.1 != "0.0.0";
            if lost.2 == Origin::Project && !may_be_copy || lost.1.is_empty() {
                continue;
            }
            let core = core(&sample.text, lost, *line);
            let is_intact = !core.is_empty() && reading.holds(&core);
            if let Some(reason) =
                reason(lost, &now, (&gained, &mut unused), &reading, (is_intact, &sample.name))
            {
                kind = reason;
                continue;
            }
            if let Ok(folder) = std::env::var("DEVOPS_MUTATIONS_LOG") {
                fs::write(Path::new(&folder).join(format!("{round}.txt")), &bytes).unwrap();
            }
            unseen.push(format!(
                "{}: {how}, round {round}: {lost:?} vanished{}, {}",
                sample.shown,
                if is_intact { ", intact" } else { "" },
                difference(&sample.text, &reading.raw)
            ));
        }
        *counts.entry(kind).or_default() += 1;
        if how == CONFLICT {
            unseen.push(format!("{}: a conflict is not refused, round {round}", sample.shown));
        }
    }
    println!("{amount} damaged lockfiles: {counts:?}");
    if let Ok(folder) = std::env::var("DEVOPS_MUTATIONS_LOG") {
        fs::write(Path::new(&folder).join("unseen.txt"), unseen.join("\n")).unwrap();
    }
    let shown = unseen.iter().take(60).cloned().collect::<Vec<_>>().join("\n");
    assert!(unseen.is_empty(), "{} of {amount}\n{shown}", unseen.len());
}
