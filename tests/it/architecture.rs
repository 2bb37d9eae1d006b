//! The plan of the house, kept true: who may import whom, who may touch the world, and a page for every rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use devops::{JOBS, all_rules};
use devops_core::{RULE_IDS, Rule};
use devops_job::command::keys;
use devops_job::{Common, Kind};
use devops_policy::RULES;
use devops_repository::policy::BASE_UNKNOWN;

/// Rooms that gates are built on: no network, no processes.
const GROUND_OF_GATES: [&str; 11] = [
    "advisory",
    "assessment",
    "image",
    "versions",
    "inventory",
    "coverage",
    "benchmarks",
    "repository",
    "reading",
    "files",
    "events",
];

/// The room of a job.
fn room(job: &str) -> String {
    job.replace('-', "_")
}

/// Whether a room is on the path of a gate.
fn is_of_gates(name: &str) -> bool {
    let is_gate = JOBS.iter().any(|entry| entry.kind == Kind::Gate && room(entry.name) == name);
    is_gate || GROUND_OF_GATES.contains(&name)
}

/// The one place of a gate that starts a process: the command that `test-gate run` is given.
const STARTS_THE_COMMAND: [&str; 1] = ["src/test_gate/command.rs: use std::process::Command;"];

/// The lines outside of `files` that open a file themselves, each with why it may.
const OPENS_ITSELF: [(&str, &str); 4] = [
    ("src/core/build.rs: ", "runs while this is built, on the sources themselves"),
    (
        "src/job/signals.rs: let status = std::fs::read_to_string(\"/proc/self/status\")",
        "asks the kernel about this process",
    ),
    ("src/inventory/lockfiles/real.rs: ", "is only for tests"),
    ("src/benchmarks/properties.rs: ", "is only for tests"),
];

/// What each room depends on.
const ARROWS: [(&str, &[&str]); 24] = [
    ("core", &[]),
    ("reading", &["core"]),
    ("files", &["core"]),
    ("events", &["core", "files"]),
    ("policy", &["core"]),
    ("render", &["core"]),
    ("ci", &["core", "files"]),
    ("config", &["core", "files", "policy"]),
    ("net", &["core", "files"]),
    ("repository", &["core", "files", "reading", "ci"]),
    ("versions", &[]),
    ("inventory", &["core", "versions"]),
    ("advisory", &["core", "files", "versions"]),
    ("image", &["core", "files", "inventory"]),
    ("assessment", &["core", "inventory", "advisory", "versions", "repository", "job"]),
    ("coverage", &["core", "reading"]),
    ("benchmarks", &["core", "reading"]),
    ("job", &["core", "files", "events", "ci", "config", "policy", "render", "repository"]),
    (
        "test_gate",
        &["core", "files", "events", "reading", "config", "repository", "job", "coverage", "benchmarks"],
    ),
    (
        "dep_scan",
        &[
            "core",
            "files",
            "events",
            "reading",
            "render",
            "repository",
            "job",
            "versions",
            "inventory",
            "advisory",
            "assessment",
        ],
    ),
    (
        "image_scan",
        &[
            "core",
            "files",
            "events",
            "reading",
            "render",
            "repository",
            "job",
            "versions",
            "inventory",
            "advisory",
            "assessment",
            "image",
        ],
    ),
    ("promote", &["core", "files", "events", "ci", "job", "net", "repository"]),
    ("annotate", &["core", "files", "events", "ci", "job", "net", "repository"]),
    (
        "devops",
        &[
            "core",
            "files",
            "events",
            "ci",
            "config",
            "files",
            "render",
            "net",
            "inventory",
            "advisory",
            "job",
            "test_gate",
            "dep_scan",
            "image_scan",
            "promote",
            "annotate",
        ],
    ),
];

/// A file of `src/`, without its tests and comments.
struct Source {
    /// Path below `src/`, with `/`.
    path: String,
    code: String,
}

impl Source {
    /// The room it stands in: its folder, or its own name.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The names that follow a path such as `crate::`, alone or in a list.
    fn names_behind(&self, path: &str) -> Vec<String> {
        self.code.split(path).skip(1).flat_map(first_names).collect()
    }

    /// The names that follow just so many `super::`.
    fn names_behind_supers(&self, amount: usize) -> Vec<String> {
        let path = "super::".repeat(amount);
        let places = self.code.match_indices(&path).filter(|(at, _)| {
            let (before, after) = (&self.code[..*at], &self.code[at + path.len()..]);
            !before.ends_with("::") && !after.starts_with("super::")
        });
        places.flat_map(|(at, _)| first_names(&self.code[at + path.len()..])).collect()
    }

    /// Each line that contains one of these words.
    fn naming(&self, words: &[&str]) -> Vec<String> {
        self.code
            .lines()
            .filter(|line| words.iter().any(|word| contains_word(line, word)))
            .map(|line| format!("src/{}: {}", self.path, line.trim()))
            .collect()
    }
}

/// The first names of what follows a path: one, or those of a list.
fn first_names(text: &str) -> Vec<String> {
    text.strip_prefix('{').map_or_else(|| vec![name(text)], top_level_names)
}

/// The identifier a text starts with.
fn name(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

/// The first names of a `use crate::{a::b, c::{d, e}}` list, from behind its brace.
fn top_level_names(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (1, 0);
    for (index, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                names.push(name(&list[start..index]));
                start = index + 1;
            }
            _ => {}
        }
        if depth == 0 {
            names.push(name(&list[start..index]));
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Whether a line contains a word that does not go on to the left, nor to the right unless it ends in `_` or `:`.
fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        let after = line[index + word.len()..].chars().next();
        let is_open = word.ends_with(['_', ':']);
        !before.is_some_and(is_part) && (is_open || !after.is_some_and(is_part))
    })
}

/// The code of a file: without comments, and up to its tests.
fn code(text: &str) -> String {
    // A module of tests ends a file; one that is only declared stands among the others.
    let tests = text.match_indices("#[cfg(test)]\nmod ").map(|(at, _)| at);
    let is_block = |at: &usize| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{'));
    let code = tests.filter(is_block).min().map_or(text, |at| &text[..at]);
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every file of `src/` that is not only for tests.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    gather(&root().join("src"), &mut sources);
    assert!(sources.len() > 40, "the sources were found");
    sources
}

fn gather(folder: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if stem == "tests" || stem.ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root().join("src")).unwrap();
            let relative = relative.to_str().unwrap().replace('\\', "/");
            sources.push(Source { path: relative, code: code(&std::fs::read_to_string(&path).unwrap()) });
        }
    }
}

/// Circles of modules inside `test_gate` that are left, each as its modules in alphabetical order.
const CIRCLES: [&[&str]; 0] = [];

/// The modules right inside `test_gate` that each of them uses.
fn uses_inside_test_gate(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.room() == "test_gate") {
        let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let modules: Vec<&str> = path.split('/').skip(1).collect();
        // The room's own files put the modules together.
        let Some(module) = modules.first().filter(|module| !["lib", "main"].contains(module)) else {
            continue;
        };
        let names = source.names_behind("crate::");
        let names = names.into_iter().chain(source.names_behind_supers(modules.len()));
        uses.entry((*module).to_owned()).or_default().extend(names.filter(|name| name != module));
    }
    uses
}

/// The modules that one uses, by whatever way.
fn reached<'a>(uses: &'a BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'a str> {
    let direct = |module: &str| uses.get(module).into_iter().flatten().map(String::as_str);
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = direct(from).collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(direct(module));
        }
    }
    reached
}

/// Sets of modules each of which uses all others of its set, by whatever way.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let all: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|module| (module.as_str(), reached(uses, module))).collect();
    let of = |module: &str| -> Vec<String> {
        let both = |other: &&str| all[module].contains(*other) && all[*other].contains(module);
        all.keys().copied().filter(both).map(str::to_owned).collect()
    };
    all.keys().map(|module| of(module)).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn modules_of_test_gate_use_each_other_in_one_direction() {
    let uses = uses_inside_test_gate(&sources());
    for module in ["sections", "run", "rules", "baseline", "formats"] {
        assert!(!uses[module].is_empty(), "what {module} uses was read");
    }
    let found = circles(&uses);
    let known: BTreeSet<Vec<String>> =
        CIRCLES.iter().map(|circle| circle.iter().map(|name| (*name).to_owned()).collect()).collect();
    assert_eq!(found, known, "left: circles of modules, right: those that are known");
}

#[test]
fn circles_are_found() {
    let source = |path: &str, text: &str| Source { path: format!("test_gate/{path}"), code: code(text) };
    let sources = [
        source("a.rs", "use super::b::B;\nfn f() { super::helper() }\n"),
        source("b/mod.rs", "mod inner;\nuse self::inner::C;\nuse super::{c, d::D};\n"),
        source("b/inner.rs", "use super::B;\nuse crate::e;\n"),
        source("c.rs", "use crate::{\n    a::A,\n    e,\n};\n"),
        source("d.rs", "use super::e;\n"),
        source("e.rs", "// use super::d;\nuse devops_core::Error;\n"),
    ];
    let uses = uses_inside_test_gate(&sources);
    let names = |module: &str| uses[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(names("b"), ["c", "d", "e"]);
    assert_eq!(names("c"), ["a", "e"]);
    assert_eq!(circles(&uses), BTreeSet::from([["a", "b", "c"].map(str::to_owned).to_vec()]));
}

/// The libraries that make values out of bytes of an input.
const READERS: [&str; 11] = [
    "encoding_rs",
    "flate2",
    "jiff",
    "quick-xml",
    "saphyr-parser",
    "semver",
    "serde_core",
    "serde_json",
    "tar",
    "toml_parser",
    "zlib-rs",
];

/// Fails with each line that breaks a rule.
fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

/// The names that a manifest lists under `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<&str> {
    let listed = manifest.split("[dependencies]\n").nth(1).unwrap_or_default();
    let listed = listed.split("\n[").next().unwrap_or_default();
    listed
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn arrows_point_one_way() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let room = entry.unwrap().file_name().into_string().unwrap();
        let manifest = std::fs::read_to_string(root().join("src").join(&room).join("Cargo.toml")).unwrap();
        let rooms = dependencies(&manifest).into_iter().filter_map(|name| {
            let name = name.replace('-', "_");
            let room = name.strip_prefix("devops_").unwrap_or(&name).to_owned();
            root().join("src").join(&room).is_dir().then_some(room)
        });
        let Some(allowed) = arrows.get(room.as_str()) else {
            broken.push(format!("{room} has no line in ARROWS"));
            continue;
        };
        let (found, allowed): (BTreeSet<String>, BTreeSet<String>) =
            (rooms.collect(), allowed.iter().map(|room| (*room).to_owned()).collect());
        broken.extend(found.difference(&allowed).map(|other| format!("{room} depends on {other}")));
        broken.extend(allowed.difference(&found).map(|other| format!("{room} no longer depends on {other}")));
    }
    assert_none(&broken, "a room knows what is below it, and no job knows another");
}

#[test]
fn renderers_never_see_the_clock_the_environment_or_a_file() {
    let words = [
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "Timestamp::now",
        "Zoned::now",
        "SystemTime",
        "Instant",
        "File::",
    ];
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| source.room() == "render" || source.room() == "policy")
        .flat_map(|source| source.naming(&words))
        .collect();
    assert_none(&broken, "render and policy are pure");
}

#[test]
fn only_ci_knows_the_hosts_variables() {
    let is_allowed = |source: &Source| {
        let path = source.path.as_str();
        matches!(source.room(), "ci" | "net") || path.starts_with("annotate/destinations")
    };
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| !is_allowed(source))
        .flat_map(|source| source.naming(&["\"GITHUB_", "\"CI_", "\"GITLAB_", "\"RUNNER_"]))
        .collect();
    assert_none(&broken, "names of a host's variables stand in src/ci");
}

#[test]
fn a_gate_opens_no_socket_and_starts_no_process() {
    let words = [
        "ToSocketAddrs",
        "TcpListener",
        "process::Command",
        "tokio",
        "reqwest",
        "hyper",
        "octocrab",
        "TcpStream",
        "UdpSocket",
        "UnixStream",
    ];
    let sources = sources();
    let rooms = sources.iter().filter(|source| is_of_gates(source.room()));
    let broken: Vec<String> = rooms
        .flat_map(|source| source.naming(&words))
        .filter(|line| !STARTS_THE_COMMAND.contains(&line.as_str()))
        .collect();
    assert_none(&broken, "a gate reads files and nothing else");
}

/// A library that the tests use as well may have more features there, and read an input in another way than what is shipped.
#[test]
fn shipped_binaries_read_with_the_features_that_are_tested() {
    let features = |what: &[&str]| -> BTreeSet<String> {
        let listed = std::process::Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--prefix=none", "--edges=normal,dev", "--format={p}|{f}"])
            .args(what)
            .current_dir(root())
            .output()
            .unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        let listed = String::from_utf8(listed.stdout).unwrap();
        let lines = listed.lines().map(|line| line.trim_end_matches(" (*)").to_owned());
        lines.filter(|line| READERS.iter().any(|reader| line.starts_with(&format!("{reader} v")))).collect()
    };
    let tested = features(&["--workspace"]);
    assert!(READERS.iter().all(|reader| tested.iter().any(|line| line.starts_with(reader))), "{tested:?}");
    for job in ["test-gate", "dep-scan", "image-scan", "promote", "annotate", "devops"] {
        let shipped = features(&["--package", job, "--edges=normal"]);
        assert!(shipped.is_subset(&tested), "{job}: {:?}", shipped.difference(&tested));
    }
}

#[test]
fn time_and_environment_come_from_the_context() {
    let words = [
        "Timestamp::now",
        "Zoned::now",
        "SystemTime::now",
        "env::var",
        "env::vars",
        "env::var_os",
        "env::vars_os",
    ];
    let broken: Vec<String> = sources()
        .iter()
        // The last is only for tests.
        .filter(|source| !["job/context.rs", "core/build.rs"].contains(&source.path.as_str()))
        .flat_map(|source| source.naming(&words))
        .collect();
    assert_none(&broken, "only the context looks at the clock and the environment");
}

/// What opens a file, by whatever name it was imported.
fn opens_a_file(line: &str) -> bool {
    let functions = ["read", "read_to_string", "write", "copy", "hard_link"];
    let is_called = |function: &&str| line.contains(&format!("fs::{function}("));
    let is_imported = |function: &&str| line.starts_with("use std::fs::") && contains_word(line, function);
    let constructors =
        ["File::open", "File::create", "File::create_new", "File::options", "OpenOptions", "tokio::fs"];
    functions.iter().any(|function| is_called(function) || is_imported(function))
        || constructors.iter().any(|word| contains_word(line, word))
}

#[test]
fn files_are_opened_in_one_place() {
    for line in [
        "let a = std::fs::read(path)?;",
        "use std::fs::{self, read};",
        "tokio::fs::File::open(a)",
        "OpenOptions::new()",
    ] {
        assert!(opens_a_file(line), "{line}");
    }
    for line in [
        "GateFile::open(path)",
        "std::fs::read_dir(path)",
        "devops_files::read(path, 1)",
        "use std::fs::{self, DirEntry};",
    ] {
        assert!(!opens_a_file(line), "{line}");
    }
    let sources = sources();
    let others = sources.iter().filter(|source| source.room() != "files");
    let lines = others.flat_map(|source| {
        let lines = source.code.lines().map(str::trim).filter(|line| opens_a_file(line));
        lines.map(|line| format!("src/{}: {line}", source.path))
    });
    let (known, broken): (Vec<String>, Vec<String>) =
        lines.partition(|line| OPENS_ITSELF.iter().any(|(allowed, _)| line.starts_with(allowed)));
    assert_none(&broken, "files are opened by src/files, which checks what they are and bounds what is read");
    for (allowed, why) in OPENS_ITSELF {
        assert!(known.iter().any(|line| line.starts_with(allowed)), "is gone: {allowed}{why}");
    }
}

#[test]
fn mains_are_short() {
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| source.path.ends_with("/main.rs"))
        .filter(|source| source.code.lines().filter(|line| !line.trim().is_empty()).count() > 20)
        .map(|source| format!("src/{}", source.path))
        .collect();
    assert_none(&broken, "a main has at most 20 lines");
}

#[test]
fn every_rule_has_a_name_of_its_own_that_every_job_knows() {
    let of_jobs: Vec<Rule> = JOBS.iter().flat_map(|entry| (entry.rules)()).collect();
    let of_gates = [&BASE_UNKNOWN].into_iter().chain(devops_job::effective_policy::RULES);
    let shared: Vec<&str> = RULES.iter().chain(of_gates).map(|rule| rule.id).collect();
    for rule in of_jobs.iter().filter(|rule| !shared.contains(&rule.id)) {
        let jobs = of_jobs.iter().filter(|other| other.id == rule.id).count();
        assert_eq!(jobs, 1, "two jobs have a rule called {}", rule.id);
    }
    let mut names: Vec<&str> = all_rules().iter().map(|rule| rule.id).collect();
    names.sort_unstable();
    assert_eq!(names, RULE_IDS, "left: the rules of all jobs, right: `core::RULE_IDS`; no name twice");
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let rules: BTreeMap<&str, Rule> = all_rules().into_iter().map(|rule| (rule.id, rule)).collect();
    let mut pages = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("docs/rules")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "md") && name != "README" {
            pages.insert(name);
        }
    }
    let names: BTreeSet<String> = rules.keys().map(|id| (*id).to_owned()).collect();
    assert_eq!(names, pages, "left: rules, right: pages");
    for rule in rules.values() {
        let mut position = 0;
        for part in [
            format!("# {}\n\n", rule.id),
            "\n## Why\n\n".into(),
            "\n## How to fix\n\n".into(),
            "\n## How to waive\n\n".into(),
        ] {
            let found = rule.page[position..].find(&part);
            let found = found.unwrap_or_else(|| panic!("{} lacks {part:?}, or has it out of order", rule.id));
            position += found + part.len();
            assert!(rule.page[position..].trim().len() > 10, "{}: {part:?} is empty", rule.id);
        }
        assert!(rule.page.starts_with("# "), "{} starts with its name", rule.id);
        let is_kebab =
            rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(is_kebab, "{} is kebab-case", rule.id);
        assert!(
            !rule.summary.is_empty() && !rule.summary.ends_with('.'),
            "{}: summary is a fragment",
            rule.id
        );
    }
}

/// The pages of a job: `docs/JOB.md` and `docs/JOB-*.md`.
fn pages(job: &str) -> String {
    let files = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let is_of_job = |path: &PathBuf| {
        let rest = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".md")?.strip_prefix(job));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    files.filter(is_of_job).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_flag_and_rule_of_a_job_is_documented() {
    let shared = keys(&Common::command());
    let mut lacking = Vec::new();
    for entry in JOBS {
        let page = pages(entry.name);
        let own = keys(&(entry.command)()).into_iter().filter(|key| !shared.contains(key));
        let flags =
            own.filter(|key| !page.contains(&format!("`{key}")) && !page.contains(&format!("--{key}")));
        let is_of_all = |id: &str| RULES.iter().any(|rule| rule.id == id);
        let rules = (entry.rules)().into_iter().map(|rule| rule.id.to_owned());
        let rules = rules.filter(|id| !is_of_all(id) && !page.contains(id));
        lacking.extend(flags.chain(rules).map(|name| format!("docs/{}*.md lacks `{name}`", entry.name)));
    }
    assert_none(&lacking, "a job's pages name its flags and rules");
}

#[test]
fn the_scripts_know_every_job() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let names = |entries: &mut dyn Iterator<Item = &devops::Entry>, separator: &str| {
        entries.map(|entry| entry.name).collect::<Vec<_>>().join(separator)
    };
    let launcher = format!("    {}) job=$1 ;;\n", names(&mut JOBS.iter(), " | "));
    assert!(read("scripts/run.sh").contains(&launcher), "scripts/run.sh lacks: {launcher}");
    let gates = names(&mut JOBS.iter().filter(|entry| entry.kind == Kind::Gate), " ");
    let release = format!("gates=({gates})\n");
    assert!(read("scripts/check-release").contains(&release), "scripts/check-release lacks: {release}");
}

#[test]
fn the_configuration_has_a_table_for_each_job_and_for_nothing_else() {
    let jobs: Vec<&str> = JOBS.iter().map(|entry| entry.name).collect();
    assert_eq!(devops_config::JOBS[..], jobs, "left: `config::JOBS`, right: the table of jobs");
}

#[test]
fn the_reader_of_manifests_reads_manifests() {
    let manifest = "[package]\nname = \"a\"\n\n[dependencies]\nb.workspace = true\nc = \"1\"\n\n[dev-dependencies]\nd = \"1\"\n";
    assert_eq!(dependencies(manifest), ["b", "c"]);
    assert!(contains_word("std::fs::read(x)", "std::fs") && !contains_word("std::fsx", "std::fs"));
}
