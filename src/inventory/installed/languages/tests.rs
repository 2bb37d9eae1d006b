//! What tools installed, compared with what these list; damage; and what must not be listed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{extract, read};
use crate::installed::{Entry, Extract, InMemory, Installed, Left};
use crate::{Origin, purl};

/// A file of an image: its path and its bytes.
type File = (String, Vec<u8>);

/// What is taken from files.
fn taken(files: &[File]) -> Vec<(&str, Extract)> {
    let look = |(path, bytes): &File| {
        let entry = Entry { path: path.as_bytes(), size: bytes.len() as u64, mode: 0o755 };
        extract(entry, &mut InMemory(bytes)).unwrap()
    };
    files.iter().filter_map(|file| Some((file.0.as_str(), look(file)?))).collect()
}

/// What is installed where these files are left.
fn installed_but(
    files: &[File],
    is_owned: &dyn Fn(&str) -> bool,
) -> Result<Vec<Installed>, devops_core::Error> {
    let taken = taken(files);
    let left: Vec<Left<'_>> = taken.iter().map(|(path, extract)| Left { path, layer: 3, extract }).collect();
    read(&left, is_owned)
}

fn installed(files: &[(&str, &str)]) -> Result<Vec<Installed>, devops_core::Error> {
    let files: Vec<File> =
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    installed_but(&files, &|_| false)
}

/// Name and version of what is installed, in order.
fn labels(files: &[(&str, &str)]) -> Vec<String> {
    let found = installed(files).unwrap_or_else(|error| panic!("{error} at {:?}", error.location()));
    found.iter().map(|one| one.package.label()).collect()
}

/// Every file below a folder.
fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push((name, fs::read(&path).unwrap()));
        }
    }
}

/// The folder of what tools installed.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/installed")
}

#[test]
fn packages_are_those_that_the_tool_itself_lists() {
    let mut kinds = 0;
    for folder in fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(list) = fs::read_to_string(folder.join("listed.txt")) else { continue };
        let mut files = Vec::new();
        walk(&folder.join("root"), &folder.join("root"), &mut files);
        let found = installed_but(&files, &|_| false)
            .unwrap_or_else(|error| panic!("{error} at {:?}", error.location()));
        let found: BTreeSet<String> =
            found.iter().map(|one| format!("{} {}", one.package.name, one.package.version)).collect();
        let listed: BTreeSet<String> =
            list.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        assert_eq!(found, listed, "{}", folder.display());
        kinds += 1;
    }
    assert!(kinds >= 4, "{kinds}");
}

#[test]
fn what_is_installed_has_its_purl_its_path_and_its_layer() {
    let found = installed(&[
        (
            "usr/lib/python3/site-packages/Zope.Inter-5.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: Zope.Inter\nVersion: 5.0\nLicense-Expression: MIT\n\nName: other\n",
        ),
        (
            "app/node_modules/@a/b/package.json",
            "{\"name\":\"@a/b\",\"version\":\"1.0.0\",\"license\":\"ISC\"}",
        ),
    ])
    .unwrap();
    let lines: Vec<String> = found
        .iter()
        .map(|one| {
            let package = &one.package;
            let license = package.license.as_deref().unwrap_or("-");
            format!(
                "{} {license} {} {}",
                purl(package.ecosystem, &package.name, &package.version),
                one.path,
                one.layer
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "pkg:npm/%40a/b@1.0.0 ISC app/node_modules/@a/b/package.json 3",
            "pkg:pypi/zope-inter@5.0 MIT usr/lib/python3/site-packages/Zope.Inter-5.0.dist-info/METADATA 3",
        ]
    );
    assert!(
        found.iter().all(|one| one.package.origin == Origin::Registry && one.package.line > 0
            || one.path.ends_with("json"))
    );
}

#[test]
fn what_the_distribution_owns_is_no_second_package() {
    let metadata = |version: &str| format!("Name: idna\nVersion: {version}\n").into_bytes();
    let files = [
        ("usr/lib/python3/dist-packages/idna-3.3.dist-info/METADATA".to_owned(), metadata("3.3")),
        ("usr/lib/python3/dist-packages/idna-3.3.dist-info/RECORD".to_owned(), vec![]),
        ("usr/local/lib/python3/dist-packages/idna-3.2.dist-info/METADATA".to_owned(), metadata("3.2")),
        // Damage is the distribution's business as well.
        ("usr/share/nodejs/node_modules/a/package.json".to_owned(), b"{".to_vec()),
    ];
    let found = installed_but(&files, &|path| path.starts_with("usr/lib/") || path.starts_with("usr/share/"))
        .unwrap();
    assert_eq!(found.iter().map(|one| one.package.label()).collect::<Vec<_>>(), ["idna 3.2"]);
}

/// What is tried, the files with their texts, and what is found in them.
type Situation = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

/// What each kind looks like, and what is found there.
const SITUATIONS: &[Situation] = &[
    ("egg-info as folder", &[("s/a.egg-info/PKG-INFO", "Name: a\nVersion: 1\n")], &["a 1"]),
    (
        "egg-info as file",
        &[("s/a-1.0.egg-info", "Metadata-Version: 1.0\r\nName: A\r\nVersion: 1.0\r\n")],
        &["A 1.0"],
    ),
    ("egg as folder", &[("s/a-1.0-py3.9.egg/EGG-INFO/PKG-INFO", "Name: a\nVersion: 1.0\n")], &["a 1.0"]),
    (
        "only the record is left",
        &[("s/a_b-1.0.dist-info/RECORD", ""), ("s/a_b-1.0.dist-info/WHEEL", "")],
        &["a_b 1.0"],
    ),
    (
        "metadata says it better",
        &[("s/a_b-1.0.dist-info/METADATA", "Name: a.b\nVersion: 1.0\n"), ("s/a_b-1.0.dist-info/RECORD", "")],
        &["a.b 1.0"],
    ),
    ("metadata without a version", &[("s/a-1.0.dist-info/METADATA", "Name: a\n")], &["a 1.0"]),
    (
        "the first version counts",
        &[("s/a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\nVersion: 2.0\n")],
        &["a 1.0"],
    ),
    ("a byte order mark", &[("s/a-1.0.dist-info/METADATA", "\u{feff}Name: b\nVersion: 2.0\n")], &["b 2.0"]),
    (
        "an alias",
        &[("n/node_modules/b/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}")],
        &["a 1.0.0"],
    ),
    ("no version", &[("n/node_modules/b/package.json", "{\"name\":\"a\"}")], &[]),
    ("the project itself", &[("n/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}")], &[]),
    (
        "a file of a package",
        &[("node_modules/b/lib/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}")],
        &[],
    ),
    (
        "nested",
        &[(
            "test/node_modules/b/node_modules/@s/c/package.json",
            "\u{feff}{\"name\":\"@s/c\",\"version\":\"1.0.0\"}",
        )],
        &["@s/c 1.0.0"],
    ),
    ("a test of a package", &[("node_modules/b/test/x/node_modules/c/package.json", "{")], &[]),
    (
        "a package of a test of a package",
        &[("node_modules/b/test/node_modules/c/node_modules/d/package.json", "{")],
        &[],
    ),
    (
        "a package named test",
        &[("node_modules/test/node_modules/c/package.json", "{\"name\":\"c\",\"version\":\"1.0.0\"}")],
        &["c 1.0.0"],
    ),
    (
        "pnpm",
        &[(
            "node_modules/.pnpm/c@1.0.0/node_modules/c/package.json",
            "{\"name\":\"c\",\"version\":\"1.0.0\"}",
        )],
        &["c 1.0.0"],
    ),
    (
        "a lockfile is no evidence",
        &[("node_modules/.package-lock.json", "{"), ("package-lock.json", "{"), ("Cargo.lock", "{")],
        &[],
    ),
    (
        "a default gem",
        &[("g/specifications/default/a-1.0.gemspec", "s.name = \"a\".freeze\ns.version = \"1.0\"\n")],
        &["a 1.0"],
    ),
    (
        "an old gem",
        &[(
            "g/specifications/a-1.0.gemspec",
            "  s.name = %q{a}\n  s.version = Gem::Version.new(\"1.0\")\n  s.name = 'b'\n",
        )],
        &["a 1.0"],
    ),
    ("a stub", &[("g/specifications/a-b-1.0-java.gemspec", "# stub: a-b 1.0 java lib\n")], &["a-b 1.0"]),
    (
        "only the name of the file",
        &[("g/specifications/a-2b-1.0-x86_64-linux.gemspec", "s.version = A::VERSION\n")],
        &["a 2b"],
    ),
    ("a gem that is developed", &[("g/a.gemspec", "s.name = \"a\"\ns.version = \"1.0\"\n")], &[]),
    (
        "Composer 1",
        &[("v/composer/installed.json", "[{\"name\":\"a/b\",\"version\":\"v1.0.0\"}]")],
        &["a/b v1.0.0"],
    ),
    (
        "Composer 2",
        &[(
            "v/composer/installed.json",
            "{\"packages\":[{\"name\":\"a/b\",\"version\":\"v1.0.0\"}],\"dev\":true}",
        )],
        &["a/b v1.0.0"],
    ),
    (
        "PEAR 1",
        &[("p/.registry/x.reg", "a:2:{s:7:\"package\";s:1:\"x\";s:7:\"version\";s:3:\"1.0\";}")],
        &["pear.php.net/x 1.0"],
    ),
    (
        "PECL",
        &[(
            "p/.registry/.channel.pecl.php.net/x.reg",
            "a:3:{s:4:\"name\";s:5:\"redis\";s:7:\"channel\";s:12:\"pecl.php.net\";s:7:\"version\";a:2:{s:7:\"release\";s:5:\"5.3.7\";s:3:\"api\";i:1;}}",
        )],
        &["pecl.php.net/redis 5.3.7"],
    ),
    (
        "conda",
        &[(
            "opt/conda/conda-meta/a-1.0-0.json",
            "{\"name\":\"a\",\"version\":\"1.0\",\"build\":\"0\",\"channel\":\"https://conda.anaconda.org/conda-forge\"}",
        )],
        &["a 1.0"],
    ),
    (
        "R",
        &[
            ("usr/lib/R/library/a/DESCRIPTION", "Package: a\nVersion: 1.0-2\nBuilt: R 4.2.2\n"),
            ("src/library/b/DESCRIPTION", "Package: b\nVersion: 1\n"),
        ],
        &["a 1.0-2"],
    ),
    (
        "renv",
        &[(
            "app/renv/library/R-4.2/x86_64-pc-linux-gnu/a/DESCRIPTION",
            "Package: a\nVersion: 1\nBuilt: R 4.2.2\n",
        )],
        &["a 1"],
    ),
    (
        "Julia",
        &[
            (
                "root/.julia/packages/JSON/93Ea8/Project.toml",
                "name = \"JSON\"\nuuid = \"682c06a0\"\nversion = \"0.21.4\"\n",
            ),
            ("root/.julia/packages/JSON/93Ea8/test/Project.toml", "x"),
        ],
        &["JSON 0.21.4"],
    ),
    (
        ".NET",
        &[(
            "app/a.deps.json",
            "{\"runtimeTarget\":{\"name\":\"net8\"},\"targets\":{\"net8\":{\"B/1.0.0\":{\"runtime\":{\"lib/b.dll\":{}}},\"C/1.0.0\":{\"dependencies\":{}}}},\"libraries\":{\"a/1.0.0\":{\"type\":\"project\"},\"B/1.0.0\":{\"type\":\"package\"},\"C/1.0.0\":{\"type\":\"package\"},\"D/2.0\":{\"type\":\"package\"},\"runtimepack.E/8.0.1\":{\"type\":\"runtimepack\"}}}",
        )],
        &["B 1.0.0", "D 2.0", "E 8.0.1"],
    ),
];
#[test]
fn each_kind_is_found_where_its_tool_finds_it() {
    for (what, files, expected) in SITUATIONS {
        assert_eq!(&labels(files), expected, "{what}");
    }
}

#[test]
fn a_file_that_matters_and_is_damaged_is_an_error() {
    let all: &[(&str, &str)] = &[
        ("s/a.egg-info/PKG-INFO", "Name: a\n"),
        ("s/a.dist-info/METADATA", "\u{0}\u{0}"),
        ("n/node_modules/b/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\""),
        ("n/node_modules/b/package.json", ""),
        ("n/node_modules/b/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\",\"version\":\"2.0.0\"}"),
        ("g/specifications/a.gemspec", "s.name = A\n"),
        ("v/composer/installed.json", "{\"packages\":[{\"name\":\"a/b\"}]}"),
        ("v/composer/installed.json", "{\"Packages\":[]}"),
        ("v/composer/installed.json", "[{\"name\":\"a/b\",\"version\":\"1\"}"),
        ("p/.registry/x.reg", "a:2:{s:7:\"package\";s:1:\"x\";"),
        ("c/conda-meta/a.json", "{\"name\":\"a\"}"),
        ("usr/lib/R/library/a/DESCRIPTION", "Package: a\nBuilt: R 4.2.2\n"),
        ("d/packages/JSON/93Ea8/Project.toml", "name = \"JSON\"\nuuid = \"682c06a0\"\n"),
        ("app/a.deps.json", "{\"runtimeTarget\":{\"name\":\"net8\"}}"),
        ("app/a.deps.json", "{\"libraries\":{\"B\":{\"type\":\"package\"}}}"),
    ];
    for (path, text) in all {
        let error = installed(&[(path, text)]).expect_err(path);
        assert_eq!(error.kind().exit().code(), 3, "{path}");
        assert_eq!(error.location().map(|location| location.path.as_str()), Some(*path), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_rejected(kind in 0..PATHS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = installed_but(&[(PATHS[kind].to_owned(), bytes)], &|_| false);
    }
}

/// A path of each kind.
const PATHS: [&str; 9] = [
    "s/a-1.dist-info/METADATA",
    "s/a-1.egg-info",
    "n/node_modules/b/package.json",
    "g/specifications/a-1.gemspec",
    "v/composer/installed.json",
    "p/.registry/x.reg",
    "usr/lib/R/library/a/DESCRIPTION",
    "d/packages/JSON/93Ea8/Project.toml",
    "app/a.deps.json",
];
