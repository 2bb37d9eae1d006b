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

/// A way to damage a text.
type Way = fn(&mut Random, &str) -> Vec<u8>;

/// How a text is damaged.
const WAYS: &[(&str, Way)] = &[
    ("a bit flipped", |random, text| {
        let mut bytes = text.as_bytes().to_vec();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        bytes
    }),
    ("cut off", |random, text| text.as_bytes()[..random.below(text.len())].to_vec()),
    ("a line removed", |random, text| {
        on_lines(text, |lines| {
            lines.remove(random.below(lines.len()));
        })
    }),
    ("lines removed", |random, text| {
        on_lines(text, |lines| {
            let at = random.below(lines.len());
            let end = (at + 2 + random.below(12)).min(lines.len());
            lines.drain(at..end);
        })
    }),
    ("a line twice", |random, text| {
        on_lines(text, |lines| {
            let at = random.below(lines.len());
            lines.insert(at, lines[at]);
        })
    }),
    ("two lines swapped", |random, text| {
        on_lines(text, |lines| {
            let (one, other) = (random.below(lines.len()), random.below(lines.len()));
            lines.swap(one, other);
        })
    }),
    ("two blocks swapped", |random, text| {
        on_lines(text, |lines| {
            let length = 1 + random.below(8);
            let (one, other) = (random.below(lines.len()), random.below(lines.len()));
            if one + length <= other && other + length <= lines.len() {
                for line in 0..length {
                    lines.swap(one + line, other + line);
                }
            } else {
                lines.rotate_left(one);
            }
        })
    }),
    ("a word in another case", |random, text| {
        let mut bytes = text.as_bytes().to_vec();
        let at = random.below(bytes.len());
        let start = (at..bytes.len()).find(|at| bytes[*at].is_ascii_alphabetic()).unwrap_or(at);
        let is_whole = random.below(2) == 0;
        for byte in bytes[start..].iter_mut().take_while(|byte| byte.is_ascii_alphabetic()) {
            *byte ^= 0x20;
            if !is_whole {
                break;
            }
        }
        bytes
    }),
    ("a byte order mark within", |random, text| inserted(random, text, "\u{feff}")),
    ("a NUL within", |random, text| inserted(random, text, "\0")),
    ("a quotation mark more", |random, text| inserted(random, text, "\"")),
    ("a line break more", |random, text| inserted(random, text, "\n")),
    ("a comment sign more", |random, text| inserted(random, text, "#")),
    ("a space more", |random, text| inserted(random, text, " ")),
    ("line ends of Windows", |_, text| text.replace('\n', "\r\n").into_bytes()),
    ("line ends of Windows here and there", |random, text| {
        let lines: Vec<String> = text
            .split('\n')
            .map(|line| if random.below(3) == 0 { format!("{line}\r") } else { line.to_owned() })
            .collect();
        lines.join("\n").into_bytes()
    }),
    ("a conflict", |random, text| {
        on_lines(text, |lines| {
            let at = random.below(lines.len());
            let end = (at + 1 + random.below(6)).min(lines.len());
            lines.insert(end, ">>>>>>> topic");
            lines.insert(end, "=======");
            lines.insert(at, "<<<<<<< HEAD");
        })
    }),
    ("the text twice", |_, text| text.repeat(2).into_bytes()),
    ("the end twice", |random, text| {
        let at = random.below(text.len());
        [text.as_bytes(), &text.as_bytes()[at..]].concat()
    }),
    ("bytes removed", |random, text| {
        let mut bytes = text.as_bytes().to_vec();
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(64)).min(bytes.len());
        bytes.drain(at..end);
        bytes
    }),
];

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end.max(1) as u64).unwrap()
    }
}

fn on_lines(text: &str, change: impl FnOnce(&mut Vec<&str>)) -> Vec<u8> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    change(&mut lines);
    lines.join("\n").into_bytes()
}

fn inserted(random: &mut Random, text: &str, what: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = random.below(bytes.len());
    bytes.splice(at..at, what.bytes());
    bytes
}

/// What identifies a package: what it is called, its version or what is asked for, and where it is from.
type Fact = (String, String, Origin);

fn facts(packages: &[Package]) -> BTreeSet<Fact> {
    let version =
        |package: &Package| if package.is_exact() { &package.version } else { &package.requirement }.clone();
    packages.iter().map(|package| (package.name.clone(), version(package), package.origin)).collect()
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

/// A text without comments, decoded where its format packs names into addresses.
fn uncommented(name: &str, text: &str) -> String {
    let has_comments =
        [".txt", ".yml", ".yaml", "mix.lock", "yarn.lock", ".toml"].iter().any(|end| name.ends_with(end));
    let text = match name {
        // What is optional may be missing.
        "mix.lock" => {
            text.split("{:").filter(|part| !part.contains("optional: true")).collect::<Vec<_>>().join("{:")
        }
        // A module that is replaced or excluded need not be required.
        // Packages that the Python of the project does not need are not listed.
        "poetry.lock" => {
            text.lines().filter(|line| !line.contains("markers =")).collect::<Vec<_>>().join("\n")
        }
        // The tree of a bill may name what it does not list.
        "bom.xml" => text.lines().filter(|line| !line.contains("ref=")).collect::<Vec<_>>().join("\n"),
        "go.mod" => {
            let is_other = |line: &&str| !line.starts_with("replace") && !line.starts_with("exclude");
            text.lines().filter(is_other).collect::<Vec<_>>().join("\n")
        }
        _ => text.to_owned(),
    };
    let lines = text.lines().map(|line| match line.find(" #").filter(|_| has_comments) {
        _ if has_comments && line.trim_start().starts_with('#') => "",
        Some(at) => &line[..at],
        None if name == "go.mod" => line.split("//").next().unwrap(),
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Why a package is not listed any more, where the text says why; none where a reader can't see it.
fn reason(
    lost: &Fact,
    now: &BTreeSet<Fact>,
    before: &BTreeSet<Fact>,
    (raw, text): (&str, &str),
) -> Option<&'static str> {
    let (name, version, origin) = lost;
    let gained: Vec<&Fact> = now.difference(before).collect();
    let says = |word: &str| word.is_empty() || raw.contains(word);
    if gained.iter().any(|gained| gained.0 == *name && gained.1 == *version) {
        return Some("it is from another source");
    }
    if gained.iter().any(|gained| gained.0 == *name && gained.2 == *origin && says(&gained.1)) {
        return Some("it has another version");
    }
    if gained.iter().any(|gained| gained.1 == *version && gained.2 == *origin && says(&gained.0)) {
        return Some("it has another name");
    }
    if gained.iter().any(|gained| gained.0 == *name) {
        return Some("it has another version and source");
    }
    if now.iter().any(|fact| fact.0 == *name) {
        return Some("another version of it is listed");
    }
    if gained.iter().any(|gained| gained.1 == *version && gained.2 != Origin::Project && says(&gained.0)) {
        return Some("it has another name and source");
    }
    let renamed = |gained: &&&Fact| gained.0 != *name && says(&gained.0) && says(&gained.1);
    if name.contains('/') && !name.starts_with('@') && gained.iter().any(|gained| renamed(&gained)) {
        return Some("it has another name, so that no other replaces it");
    }
    if gained.iter().any(|gained| gained.1.is_empty()) {
        return Some("a package without a version is listed instead");
    }
    (!mentions(text, name)).then_some("it is not mentioned")
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
    fn read(&self, bytes: &[u8]) -> Option<BTreeSet<Fact>> {
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
    let amount = std::env::var("DEVOPS_MUTATIONS").ok().and_then(|amount| amount.parse().ok());
    let amount: usize = amount.unwrap_or(2_000);
    let samples = samples();
    assert!(samples.len() > 60, "{}", samples.len());
    let (mut unseen, mut counts) = (Vec::new(), BTreeMap::<&str, u64>::new());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..amount {
        let sample = &samples[round % samples.len()];
        let (how, damage) = WAYS[round / samples.len() % WAYS.len()];
        let bytes = damage(&mut random, &sample.text);
        let Some(now) = sample.read(&bytes) else {
            *counts.entry("refused").or_default() += 1;
            continue;
        };
        let before = sample.read(sample.text.as_bytes()).unwrap();
        let raw = String::from_utf8_lossy(&bytes).replace("%40", "@");
        let text = uncommented(&sample.name, &raw);
        if sample.name == "action.yml" && !text.lines().any(|line| line.trim_start().starts_with("runs:")) {
            *counts.entry("it is no action").or_default() += 1;
            continue;
        }
        let mut kind = "all are listed";
        for lost in before.difference(&now) {
            if let Some(reason) = reason(lost, &now, &before, (&raw, &text)) {
                kind = reason;
                continue;
            }
            if let Ok(folder) = std::env::var("DEVOPS_MUTATIONS_LOG") {
                fs::write(Path::new(&folder).join(format!("{round}.txt")), &bytes).unwrap();
            }
            unseen.push(format!(
                "{}: {how}, round {round}: {lost:?} vanished, {}",
                sample.shown,
                difference(&sample.text, &text)
            ));
        }
        *counts.entry(kind).or_default() += 1;
        if how == "a conflict" {
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
