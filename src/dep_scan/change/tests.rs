//! Changes made in memory: what moves is not new, what comes in is, and the same version stays the same file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};

use devops_advisory::{Advisory, Collected, PackageKey, rustsec};
use devops_core::{Change, Ecosystem, Finding, Severity};
use devops_inventory::lockfiles::{Kind, Source};
use devops_repository::ObjectId;

use super::super::matching::{Lockfile, Matches, compare};
use super::before::Scope;
use super::{Before, Classes, Difference, ReadAt, Seen};

/// Files by their paths.
type Files = BTreeMap<String, String>;

/// What stands for a content here.
fn id(text: &str) -> ObjectId {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    ObjectId::from_hex(format!("{:040x}", hasher.finish()).as_bytes()).unwrap()
}

fn read(path: &str, text: &str) -> devops_inventory::Graph {
    let Some(Kind::Read(format)) = Kind::of(path) else { panic!("{path} is no lockfile") };
    format
        .read(&Source::alone(path, text.as_bytes()))
        .unwrap_or_else(|error| panic!("{path}: {error}\n{text}"))
}

/// Both sides of a change.
struct Sides {
    before: Before,
    now: Vec<Lockfile>,
}

impl Sides {
    fn of(before: &Files, now: &Files) -> Self {
        let lockfiles: Vec<Lockfile> =
            now.iter().map(|(path, text)| Lockfile { path: path.clone(), graph: read(path, text) }).collect();
        let read_at = now.iter().map(|(path, text)| ReadAt {
            path: Some(path.clone()),
            id: Some(id(text)),
            seen: Seen::new(),
        });
        let ids = before.iter().map(|(path, text)| (path.clone(), id(text))).collect();
        let day = Some("2026-10-01".parse().unwrap());
        let before = Before::of(
            ids,
            &Scope { folders: vec![String::new()], ..Scope::default() },
            day,
            read_at.collect(),
            &|path, _, _| Ok(read(path, &before[path])),
        );
        Self { before, now: lockfiles }
    }

    /// The rules of what comparison finds, with the packages.
    fn found(&self) -> Vec<String> {
        let mut found: Vec<String> =
            Difference::of(&self.before, &self.now).findings().iter().map(told).collect();
        found.sort();
        found
    }

    /// The findings of advisories, with their classes.
    fn matches(&self, collected: &Collected) -> Matches {
        let mut matches = compare(&self.now, &[collected], Severity::Medium);
        Classes::of(&self.before, &self.now, &[collected], &matches).mark(&mut matches, true);
        matches
    }
}

fn told(finding: &Finding) -> String {
    let text = |fact: &str| finding.subject.get(fact).and_then(|fact| fact.as_str()).unwrap_or_default();
    format!("{} {} {}", finding.rule, text("package"), text("version"))
}

/// An advisory about every version of a package.
fn advisory(number: usize, ecosystem: Ecosystem, name: &str, date: &str) -> Advisory {
    let id = format!("RUSTSEC-2026-{number:04}");
    let text = format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{name}\"\ndate = \"{date}\"\n\n[versions]\npatched = []\n```\n\n# A\n\nB\n"
    );
    let advisory = rustsec::parse(text.as_bytes(), name, &id).unwrap();
    Advisory { ecosystem: ecosystem.name().to_owned(), ..advisory }
}

/// Numbers that look random, and are the same on each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// A package at a version.
type Pinned = (String, String);

/// The formats that one ecosystem's packages are written in.
const NPM: [&str; 4] = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];
const PYPI: [&str; 3] = ["requirements.txt", "poetry.lock", "Pipfile.lock"];
const CRATES: [&str; 1] = ["Cargo.lock"];

/// A checksum that belongs to a package at a version.
fn checksum((name, version): &Pinned) -> String {
    format!(
        "{:064x}",
        u128::from(
            id(&format!("{name} {version}"))
                .as_bytes()
                .iter()
                .fold(7_u64, |sum, byte| { sum.wrapping_mul(31).wrapping_add(u64::from(*byte)) })
        )
    )
}

/// A lockfile, with its entries in another order and with other white space where `shape` says so.
fn written(name: &str, packages: &[Pinned], shape: usize) -> String {
    let mut packages = packages.to_vec();
    let count = packages.len().max(1);
    packages.rotate_left(shape % count);
    let gap = if shape.is_multiple_of(2) { "" } else { "\n" };
    match name {
        "package-lock.json" | "npm-shrinkwrap.json" => npm_written(&packages, gap, 2 + shape % 2),
        "yarn.lock" => yarn_written(&packages, gap),
        "pnpm-lock.yaml" => pnpm_written(&packages, gap),
        "requirements.txt" => requirements_written(&packages, gap),
        "poetry.lock" => poetry_written(&packages, gap),
        "Pipfile.lock" => pipfile_written(&packages, gap),
        _ => cargo_written(&packages, gap),
    }
}

/// A lockfile of npm.
fn npm_written(packages: &[Pinned], gap: &str, version: usize) -> String {
    let mut text = String::new();
    let _ =
        write!(text, "{{{gap}\"lockfileVersion\": {version}, \"packages\": {{\"\": {{\"name\": \"app\"}}");
    for one @ (name, version) in packages {
        let _ = write!(
            text,
            ",{gap}\n\"node_modules/{name}\": {{\"version\": \"{version}\",{gap} \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz\", \"integrity\": \"sha512-{}\"}}",
            checksum(one)
        );
    }
    text.push_str("}}\n");
    text
}

/// A lockfile of Yarn.
fn yarn_written(packages: &[Pinned], gap: &str) -> String {
    let mut text = String::new();
    text.push_str("# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n");
    for one @ (name, version) in packages {
        let _ = write!(
            text,
            "{gap}{name}@^{version}:\n  version \"{version}\"\n  resolved \"https://registry.yarnpkg.com/{name}/-/{name}-{version}.tgz#aa\"\n  integrity sha512-{}\n\n",
            checksum(one)
        );
    }
    text
}

/// A lockfile of pnpm.
fn pnpm_written(packages: &[Pinned], gap: &str) -> String {
    let mut text = String::new();
    text.push_str("lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies: {}\n\npackages:\n");
    for one @ (name, version) in packages {
        let _ = write!(
            text,
            "{gap}  {name}@{version}:\n    resolution: {{integrity: sha512-{}}}\n",
            checksum(one)
        );
    }
    text.push_str("\nsnapshots:\n");
    for (name, version) in packages {
        let _ = writeln!(text, "{gap}  {name}@{version}: {{}}");
    }
    text
}

/// Requirements of pip.
fn requirements_written(packages: &[Pinned], gap: &str) -> String {
    let mut text = String::new();
    for one @ (name, version) in packages {
        let _ = writeln!(text, "{gap}{name}=={version} --hash=sha256:{}", checksum(one));
    }
    text
}

/// A lockfile of Poetry.
fn poetry_written(packages: &[Pinned], gap: &str) -> String {
    let mut text = String::new();
    for one @ (name, version) in packages {
        let name = name.to_uppercase();
        let _ = write!(
            text,
            "{gap}[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\npython-versions = \"*\"\nfiles = [{{file = \"a.whl\", hash = \"sha256:{}\"}}]\n\n",
            checksum(one)
        );
    }
    text.push_str("[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\ncontent-hash = \"a\"\n");
    text
}

/// A lockfile of Pipenv.
fn pipfile_written(packages: &[Pinned], gap: &str) -> String {
    let mut text = String::new();
    text.push_str("{\"_meta\": {\"hash\": {\"sha256\": \"a\"}, \"pipfile-spec\": 6, \"requires\": {}, \"sources\": [{\"name\": \"pypi\", \"url\": \"https://pypi.org/simple\", \"verify_ssl\": true}]}, \"default\": {");
    for (index, one) in packages.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}{gap}\n\"{}\": {{\"hashes\": [\"sha256:{}\"], \"version\": \"=={}\"}}",
            one.0,
            checksum(one),
            one.1
        );
    }
    text.push_str("}, \"develop\": {}}\n");
    text
}

/// A lockfile of Cargo.
fn cargo_written(packages: &[Pinned], gap: &str) -> String {
    let mut text = String::new();
    text.push_str("version = 4\n");
    // Cargo lists the project's own package at least.
    if packages.is_empty() {
        text.push_str("\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n");
    }
    for one @ (name, version) in packages {
        let _ = write!(
            text,
            "{gap}\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{}\"\n",
            checksum(one)
        );
    }
    text
}

/// Packages in lockfiles of a random number, with random names, in random folders.
fn spread(numbers: &mut Numbers, formats: &[&str], packages: &[Pinned]) -> Files {
    let mut files = Files::new();
    for _ in 0..=numbers.below(3) {
        let folder = ["", "a/", "b/c/", "d/"][numbers.below(4)];
        files.insert(format!("{folder}{}", formats[numbers.below(formats.len())]), String::new());
    }
    let paths: Vec<String> = files.keys().cloned().collect();
    let mut parts: BTreeMap<&String, BTreeSet<Pinned>> =
        paths.iter().map(|path| (path, BTreeSet::new())).collect();
    for package in packages {
        for _ in 0..=numbers.below(2) {
            parts.get_mut(&paths[numbers.below(paths.len())]).unwrap().insert(package.clone());
        }
    }
    for (path, part) in parts {
        // One name has one version in these lockfiles.
        let part: BTreeMap<String, String> = part.into_iter().collect();
        let part: Vec<Pinned> = part.into_iter().collect();
        let shape = numbers.below(6);
        files.insert(path.clone(), written(path.rsplit('/').next().unwrap(), &part, shape));
    }
    files
}

#[test]
fn what_moves_is_never_new_and_what_comes_in_always_is() {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let all = |ecosystem: Ecosystem| {
        let mut collected = Collected::default();
        for index in 0..=6 {
            let name = format!("p{index}");
            let advisories = vec![advisory(index + 1, ecosystem, &name, "2026-01-02")];
            collected.advisories.insert(PackageKey::of(ecosystem.name(), &name), advisories);
        }
        collected
    };
    let formats: [(&[&str], Collected); 3] =
        [(&NPM, all(Ecosystem::NPM)), (&PYPI, all(Ecosystem::PYPI)), (&CRATES, all(Ecosystem::CRATES_IO))];
    let (mut moved, mut introduced) = (0, 0);
    for round in 0..10_000 {
        let (formats, collected) = &formats[round % 3];
        let count = 1 + numbers.below(6);
        let packages: Vec<Pinned> =
            (0..count).map(|index| (format!("p{index}"), format!("1.{}.0", numbers.below(9)))).collect();
        let before = spread(&mut numbers, formats, &packages);
        let mut later = packages.clone();
        // Every second change brings something in: a new package, or another version.
        let mut expected = BTreeSet::new();
        if round % 2 == 1 {
            let place = numbers.below(count + 1);
            let new = (format!("p{place}"), format!("2.{}.0", numbers.below(9)));
            expected.insert(new.clone());
            if place < count { later[place] = new } else { later.push(new) }
        }
        let now = spread(&mut numbers, formats, &later);
        let sides = Sides::of(&before, &now);
        let matches = sides.matches(collected);
        assert_eq!(matches.findings.len(), later.len(), "{before:#?}\n{now:#?}");
        let new: BTreeSet<Pinned> = matches
            .findings
            .iter()
            .filter(|(_, finding)| finding.subject.change() == Some(Change::New))
            .map(|(key, _)| (key.name.to_lowercase(), key.version.clone()))
            .collect();
        assert_eq!(new, expected, "{before:#?}\n{now:#?}");
        assert_eq!(sides.found(), [""; 0], "{before:#?}\n{now:#?}");
        moved += packages.len();
        introduced += expected.len();
    }
    assert!(moved > 20_000 && introduced == 5_000, "{moved} {introduced}");
}

#[test]
fn what_is_the_same_is_read_once() {
    let packages = [("a".to_owned(), "1.0.0".to_owned())];
    let text = written("Cargo.lock", &packages, 0);
    let before: Files =
        [("a/Cargo.lock".to_owned(), text.clone()), ("b/Cargo.lock".to_owned(), text.clone())].into();
    let ids = before.iter().map(|(path, text)| (path.clone(), id(text))).collect();
    let read_at = ReadAt { path: Some("c/Cargo.lock".to_owned()), id: Some(id(&text)), seen: Seen::new() };
    let read = |_: &str, _, _: &devops_inventory::lockfiles::Format| panic!("it is read again");
    let before = Before::of(
        ids,
        &Scope { folders: vec![String::new()], ..Scope::default() },
        None,
        vec![read_at],
        &read,
    );
    let now = [Lockfile { path: "c/Cargo.lock".to_owned(), graph: self::read("c/Cargo.lock", &text) }];
    assert_eq!(before.lockfiles(&now).count(), 2);
    assert_eq!(before.altered(&now).count(), 1);
}

#[test]
fn an_advisory_about_what_was_there_is_newly_known_or_known() {
    let packages = [("a".to_owned(), "1.0.0".to_owned())];
    let files: Files = [("Cargo.lock".to_owned(), written("Cargo.lock", &packages, 0))].into();
    for (date, change, severity) in [
        ("2026-09-30", Change::Known, Severity::Low),
        // Days are all that is known, so that one of the same day counts.
        ("2026-10-01", Change::NewlyKnown, Severity::High),
        ("2026-10-09", Change::NewlyKnown, Severity::High),
    ] {
        let mut collected = Collected::default();
        let key = PackageKey::of("crates.io", "a");
        collected.advisories.insert(key, vec![advisory(1, Ecosystem::CRATES_IO, "a", date)]);
        let matches = Sides::of(&files, &files).matches(&collected);
        let finding = matches.findings.values().next().unwrap();
        assert_eq!((finding.subject.change(), finding.severity), (Some(change), severity), "{date}");
    }
}

/// A lockfile of npm with these entries.
fn npm(entries: &str) -> String {
    format!("{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"name\": \"app\"}}, {entries}}}}}")
}

const A: &str = "\"node_modules/a\": {\"version\": \"1.0.0\", \"resolved\": \"https://registry.npmjs.org/a/-/a-1.0.0.tgz\", \"integrity\": \"sha512-aa\"}";
const B: &str = "\"node_modules/b\": {\"version\": \"1.0.0\", \"resolved\": \"https://registry.npmjs.org/b/-/b-1.0.0.tgz\", \"integrity\": \"sha512-bb\"}";

#[test]
fn the_same_version_stays_the_same_file() {
    let both = npm(&format!("{A}, {B}"));
    let a = |from: &str, to: &str| npm(&format!("{}, {B}", A.replace(from, to)));
    let resolved = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
    for (now, expected) in [
        (both.clone(), &[][..]),
        (a("sha512-aa", "sha512-ab"), &["lockfile-tampered a 1.0.0"]),
        (a(", \"integrity\": \"sha512-aa\"", ""), &["lockfile-tampered a 1.0.0"]),
        (a("sha512-aa", "sha1-aa"), &["lockfile-tampered a 1.0.0"]),
        (a("sha512-aa", "blake9-aa"), &["lockfile-tampered a 1.0.0"]),
        (a("sha512-aa", "sha512-ab sha512-aa"), &["lockfile-tampered a 1.0.0"]),
        (a(resolved, "https://evil.example/a/-/a-1.0.0.tgz"), &["lockfile-tampered a 1.0.0"]),
        (a(resolved, "https://registry.npmjs.org/c/-/c-1.0.0.tgz"), &["lockfile-tampered a 1.0.0"]),
        (a(resolved, "https://registry.npmjs.org/a/-/a-0.9.0.tgz"), &["lockfile-tampered a 1.0.0"]),
        (a(resolved, "git+ssh://git@github.com/x/a.git#abc"), &["trust-lowered a 1.0.0"]),
        (a(resolved, "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz"), &[]),
        (a("sha512-aa", "sha512-aa?x"), &[]),
        (both.replace("\"sha512-aa\"", "\"\"").replace("\"sha512-bb\"", "\"\""), &["trust-lowered  "]),
        (a("\"version\"", "\"hasInstallScript\": true, \"version\""), &[]),
        (
            a("1.0.0", "1.1.0")
                .replace("\"version\": \"1.1.0\"", "\"hasInstallScript\": true, \"version\": \"1.1.0\""),
            &["install-script-new a 1.1.0"],
        ),
        (a("1.0.0", "1.1.0"), &[]),
    ] {
        let before: Files = [("package-lock.json".to_owned(), both.clone())].into();
        for path in ["package-lock.json", "moved/package-lock.json"] {
            let now: Files = [(path.to_owned(), now.clone())].into();
            let found = Sides::of(&before, &now).found();
            // What a whole lockfile lost is seen where it stands; elsewhere each of its packages is named.
            if path.starts_with("moved") && expected == ["trust-lowered  "] {
                assert_eq!(found, ["lockfile-tampered a 1.0.0", "lockfile-tampered b 1.0.0"], "{now:#?}");
            } else {
                assert_eq!(found, expected, "{now:#?}");
            }
        }
    }
}

#[test]
fn a_version_may_have_more_files_but_no_others() {
    let pip = |hashes: &[&str]| {
        let hashes: Vec<String> = hashes.iter().map(|hash| format!(" --hash=sha256:{hash}")).collect();
        format!("a==1.0{}\n", hashes.concat())
    };
    for (now, expected) in [
        (pip(&["aa", "bb"]), &[][..]),
        (pip(&["bb", "aa", "cc"]), &[]),
        (pip(&["aa"]), &[]),
        (pip(&["AA", "bb"]), &[]),
        (pip(&["aa", "cc"]), &["lockfile-tampered a 1.0"]),
        (pip(&["cc"]), &["lockfile-tampered a 1.0"]),
        (pip(&[]), &["lockfile-tampered a 1.0"]),
    ] {
        let before: Files = [("requirements.txt".to_owned(), pip(&["aa", "bb"]))].into();
        let now: Files = [("requirements.txt".to_owned(), now)].into();
        assert_eq!(Sides::of(&before, &now).found(), expected, "{now:#?}");
    }
}

/// The classes of findings of advisories about every version of `a`, from one content of a lockfile to another.
fn classes(path: &str, ecosystem: Ecosystem, from: &str, to: &str) -> Vec<(Option<Change>, Severity)> {
    let mut collected = Collected::default();
    collected.advisories.insert(
        PackageKey::of(ecosystem.name(), "a"),
        vec![Advisory {
            kind: devops_advisory::Kind::Vulnerability,
            ..advisory(1, ecosystem, "a", "2026-01-01")
        }],
    );
    let files = |text: &str| -> Files { [(path.to_owned(), text.to_owned())].into() };
    let matches = Sides::of(&files(from), &files(to)).matches(&collected);
    let advisories = matches.findings.values().filter(|finding| finding.rule == "advisory");
    advisories.map(|finding| (finding.subject.change(), finding.severity)).collect()
}

#[test]
fn what_is_needed_for_more_is_new() {
    let dev = npm(&A.replace("\"version\"", "\"dev\": true, \"version\""));
    let optional = npm(&A.replace("\"version\"", "\"optional\": true, \"version\""));
    let runtime = npm(A);
    let (known, new) = ((Some(Change::Known), Severity::Low), (Some(Change::New), Severity::High));
    for (from, to, expected) in [
        (&dev, &dev, known),
        (&dev, &runtime, new),
        (&dev, &optional, new),
        (&optional, &runtime, new),
        (&runtime, &dev, known),
        (&runtime, &runtime, known),
    ] {
        assert_eq!(classes("package-lock.json", Ecosystem::NPM, from, to), [expected], "{from} {to}");
    }
}

#[test]
fn another_requirement_is_new() {
    let (known, new) = ((Some(Change::Known), Severity::Low), (Some(Change::New), Severity::High));
    for (from, to, expected) in [
        ("a\n", "a\n", known),
        ("a>=1\n", "a>=1\n", known),
        ("a>=1\n", "a<2\n", new),
        ("a>=1,<=1\n", "b\na>=1,<=1\n", known),
    ] {
        assert_eq!(classes("requirements.txt", Ecosystem::PYPI, from, to), [expected], "{from} {to}");
    }
}

#[test]
fn a_package_without_a_version_has_no_age() {
    let ages = super::Ages { minimum: 7, dates: None, now: "2026-11-20T12:00:00Z".parse().unwrap() };
    for (from, to, expected) in [("", "a\n", 1), ("a\n", "a\n# b\n", 0), ("a<2\n", "a>=2\n", 1)] {
        let files = |text: &str| -> Files { [("requirements.txt".to_owned(), text.to_owned())].into() };
        let sides = Sides::of(&files(from), &files(to));
        let found = Difference::of(&sides.before, &sides.now).too_new(&ages);
        assert_eq!(found.len(), expected, "{from} {to}");
    }
}

#[test]
fn a_commit_that_changes_beside_its_comment_is_another_file() {
    let (one, other) = ("1".repeat(40), "2".repeat(40));
    let workflow = |uses: &[String]| {
        let steps: Vec<String> = uses.iter().map(|uses| format!("      - uses: {uses}\n")).collect();
        format!("on: push\njobs:\n  x:\n    steps:\n{}", steps.concat())
    };
    let a = |commit: &str, comment: &str| workflow(&[format!("a/b@{commit} # {comment}")]);
    let tampered = ["lockfile-tampered a/b v2.1.0"];
    let (ci, added) = (".github/workflows/ci.yml", ".github/workflows/new.yml");
    for (path, now, expected) in [
        (ci, a(&one, "v2.1.0"), &[][..]),
        (ci, a(&other, "v2.1.0"), &tampered),
        (ci, a(&other, "v2.2.0"), &[]),
        (added, a(&other, "v2.1.0"), &tampered),
        (added, a(&one, "v2.1.0"), &[]),
        (ci, workflow(&[format!("a/b@{one} # v2.1.0"), format!("a/b@{other} # v2.1.0")]), &tampered),
    ] {
        let before: Files = [(ci.to_owned(), a(&one, "v2.1.0"))].into();
        let mut after = before.clone();
        after.insert(path.to_owned(), now);
        assert_eq!(Sides::of(&before, &after).found(), expected, "{path} {after:?}");
    }
}

#[test]
fn a_lockfile_of_python_may_be_called_anything() {
    let lockfile = "a==1.0\n";
    let head =
        |files: &[&str]| files.iter().map(|path| ((*path).to_owned(), id(path))).collect::<BTreeMap<_, _>>();
    for (path, now, files, expected) in [
        ("requirements.txt", &[][..], &["reqs.txt", "Dockerfile"][..], 1),
        ("app/requirements.txt", &[], &["app/reqs.txt"], 1),
        ("app/requirements.txt", &[], &["other/x"], 0),
        ("requirements.txt", &["poetry.lock"], &["poetry.lock"], 0),
    ] {
        let before: Files = [(path.to_owned(), lockfile.to_owned())].into();
        let now: Files = now
            .iter()
            .map(|path| ((*path).to_owned(), poetry_written(&[("a".to_owned(), "1.0".to_owned())], "")))
            .collect();
        let sides = Sides::of(&before, &now);
        assert_eq!(sides.before.gone(&sides.now, &head(files)).len(), expected, "{path} {files:?}");
    }
}
