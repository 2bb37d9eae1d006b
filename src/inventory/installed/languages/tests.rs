//! What tools installed, compared with what these list; damage; and what must not be listed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{extract, read};
use crate::installed::{Content, Entry, Extract, InMemory, Installed, Left};
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
            let bytes = fs::read(&path).unwrap();
            match name.strip_suffix(".gz") {
                Some(name) => {
                    let mut unpacked = Vec::new();
                    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
                    files.push((name.to_owned(), unpacked));
                }
                None => files.push((name, bytes)),
            }
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
        let found: BTreeSet<String> = found
            .iter()
            .map(|one| format!("{} {}", one.package.name, one.package.version).trim().to_owned())
            .collect();
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

/// A zip of files, each with whether it is packed.
fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content, is_packed) in files {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut packed = Vec::new();
        if *is_packed {
            flate2::read::DeflateEncoder::new(*content, flate2::Compression::best())
                .read_to_end(&mut packed)
                .unwrap();
        } else {
            packed.extend_from_slice(content);
        }
        let mut fields = vec![20, 0, 0, 0, if *is_packed { 8 } else { 0 }, 0, 0, 0, 0, 0];
        fields.extend(crc.sum().to_le_bytes());
        fields.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        fields.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        fields.extend([0, 0]);
        let offset = u32::try_from(bytes.len()).unwrap();
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&fields);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (size, offset) = (u32::try_from(directory.len()).unwrap(), u32::try_from(bytes.len()).unwrap());
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// Name and version of what a file holds, with where in it.
fn inside(path: &str, bytes: &[u8]) -> Result<Vec<String>, devops_core::Error> {
    let found = installed_but(&[(path.to_owned(), bytes.to_vec())], &|_| false)?;
    Ok(found.iter().map(|one| format!("{} {} {}", one.package.name, one.package.version, one.path)).collect())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn jars_are_what_their_descriptions_manifests_and_names_say() {
    let properties = b"#Generated\nversion=1.0\ngroupId=a.b\nartifactId=c\n";
    let jar = zip(&[("META-INF/maven/a.b/c/pom.properties", properties, true)]);
    let shaded = zip(&[
        ("META-INF/maven/a.b/c/pom.properties", properties, true),
        ("META-INF/maven/d/e/pom.properties", b"version=2\n", false),
        ("META-INF/maven/f/g/pom.xml", b"<project><parent><groupId>f</groupId><version>3</version></parent><artifactId>g</artifactId></project>", true),
    ]);
    let manifest = |text: &'static str| {
        zip(&[("META-INF/MANIFEST.MF", text.as_bytes(), true), ("org/x/y/A.class", b"", false)])
    };
    let war = zip(&[("WEB-INF/lib/c-1.0.jar", &jar, true), ("x/INNER.JAR", &shaded, false)]);
    let ear = zip(&[("app.war", &war, false)]);
    for (path, bytes, expected) in [
        ("c.jar", jar.clone(), vec!["a.b:c 1.0 c.jar"]),
        (
            "renamed-9.jar",
            shaded,
            vec![
                "a.b:c 1.0 renamed-9.jar",
                "d:e 2 renamed-9.jar",
                "f:g 3 renamed-9.jar",
                "renamed 9 renamed-9.jar",
            ],
        ),
        (
            "app.ear",
            ear,
            vec![
                "a.b:c 1.0 app.ear!/app.war!/WEB-INF/lib/c-1.0.jar",
                "a.b:c 1.0 app.ear!/app.war!/x/INNER.JAR",
                "d:e 2 app.ear!/app.war!/x/INNER.JAR",
                "f:g 3 app.ear!/app.war!/x/INNER.JAR",
            ],
        ),
        (
            "log4j-1.2-api-2.14.1.jar",
            manifest("Implementation-Vendor-Id: org.apache.logging.log4j\r\n"),
            vec!["org.apache.logging.log4j:log4j-1.2-api 2.14.1 log4j-1.2-api-2.14.1.jar"],
        ),
        (
            "spring-core-5.3.17.jar",
            manifest("Implementation-Version: 5.3.17\n"),
            vec!["org.springframework:spring-core 5.3.17 spring-core-5.3.17.jar"],
        ),
        (
            "guava-30.1-jre.jar",
            manifest("Bundle-Version: 30.1.0.jre\nBundle-SymbolicName: com.google.gu\n ava\n"),
            vec!["com.google.guava:guava 30.1-jre guava-30.1-jre.jar"],
        ),
        // Whichever is right, it is listed.
        (
            "z-9.9.jar",
            manifest("Implementation-Version: 1.2\n"),
            vec!["org.x.y:z 1.2 z-9.9.jar", "org.x.y:z 9.9 z-9.9.jar"],
        ),
        ("z.jar", manifest("Main-Class: A\n"), vec![]),
        ("script.jar", [b"#!/bin/sh\n".as_slice(), &jar].concat(), vec!["a.b:c 1.0 script.jar"]),
        ("placeholder.jar", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), vec![]),
        ("empty.jar", zip(&[]), vec![]),
    ] {
        assert_eq!(
            inside(path, &bytes).unwrap_or_else(|error| panic!("{path}: {error}")),
            expected,
            "{path}"
        );
    }
}

#[test]
fn no_byte_of_a_jar_can_be_lost_without_an_error() {
    let properties = b"version=1.0\ngroupId=a.b\nartifactId=c\n";
    let nested = zip(&[("META-INF/maven/a.b/c/pom.properties", properties, true)]);
    let jar =
        zip(&[("lib/c.jar", &nested, true), ("META-INF/maven/a.b/d/pom.properties", properties, false)]);
    let whole = inside("a.jar", &jar).unwrap();
    assert_eq!(whole.len(), 2);
    for length in 2..jar.len() {
        let cut = inside("a.jar", &jar[..length]);
        assert!(cut.is_err(), "{length}");
    }
    // A changed byte is an error or of no matter: a checksum covers every text. The names of the directory are those that Java goes by.
    let is_name = |at: usize| {
        ["lib/c.jar", "META-INF/maven/a.b/d/pom.properties"].iter().any(|name| {
            let start = memchr::memmem::rfind(&jar, name.as_bytes()).unwrap();
            (start..start + name.len()).contains(&at)
        })
    };
    for at in 0..jar.len() {
        let mut changed = jar.clone();
        changed[at] ^= 0x20;
        if let Ok(list) = inside("a.jar", &changed) {
            assert!(list == whole || is_name(at), "{at}: {list:?}");
        }
    }
    let error = inside("a.jar", &jar[..jar.len() - 1]).unwrap_err();
    assert_eq!((error.kind().exit().code(), error.location().unwrap().path.as_str()), (3, "a.jar"));
}

#[test]
fn archives_that_unpack_without_end_are_errors() {
    let mut deep = zip(&[("META-INF/maven/a.b/c/pom.properties", b"version=1\n", true)]);
    for _ in 0..9 {
        deep = zip(&[("a.jar", &deep, false)]);
    }
    assert!(inside("a.jar", &deep).unwrap_err().message().contains("too deeply"));
    // A length that is a lie, of more than is held at once.
    let mut bomb = zip(&[("a.jar", &vec![0; 100_000], true)]);
    let at = bomb.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap() + 24;
    bomb[at..at + 4].copy_from_slice(&0x7000_0000_u32.to_le_bytes());
    assert!(inside("a.jar", &bomb).unwrap_err().message().contains("larger than"));
    bomb[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    assert!(inside("a.jar", &bomb).unwrap_err().message().contains("longer than"));
}

/// Content that counts how much of it is read.
struct Counted<'a> {
    inner: InMemory<'a>,
    read: u64,
}

impl Content for Counted<'_> {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn range(&mut self, offset: u64, length: usize) -> std::io::Result<Cow<'_, [u8]>> {
        let bytes = self.inner.range(offset, length)?;
        self.read += bytes.len() as u64;
        Ok(bytes)
    }
}

/// The programs of a fixture.
fn programs(kind: &str) -> Vec<File> {
    let mut files = Vec::new();
    let root = fixtures().join(kind).join("root");
    walk(&root, &root, &mut files);
    assert!(!files.is_empty());
    files
}

#[test]
fn little_of_a_program_is_read() {
    for (path, bytes) in programs("go").into_iter().chain(programs("rust")) {
        // The data of programs for Windows has no sections of its own.
        if path.starts_with("windows") {
            continue;
        }
        let mut content = Counted { inner: InMemory(&bytes), read: 0 };
        let entry = Entry { path: path.as_bytes(), size: bytes.len() as u64, mode: 0o755 };
        assert!(extract(entry, &mut content).unwrap().is_some(), "{path}");
        assert!(content.read * 50 < content.size(), "{path}: {} of {}", content.read, content.size());
    }
}

#[test]
fn a_list_in_a_program_that_is_cut_off_is_an_error() {
    for (kind, text) in [("go", b"\xff Go buildinf:".as_slice()), ("rust", b"\x78")] {
        for (path, bytes) in programs(kind) {
            let whole = inside(&path, &bytes).unwrap();
            let places = memchr::memmem::find_iter(&bytes, text);
            let mut outcomes = BTreeSet::new();
            for at in places {
                for behind in [15, 33, 200] {
                    let mut damaged = bytes.clone();
                    damaged.truncate(at + behind);
                    // ELF and PE have their tables before or behind; what is left of a list is never a shorter one.
                    match inside(&path, &damaged) {
                        Ok(list) => assert!(list.is_empty() || list == whole, "{path}: {list:?}"),
                        Err(error) => {
                            outcomes.insert(error.kind().exit().code());
                        }
                    }
                }
            }
            assert!(outcomes.iter().all(|code| *code == 3), "{path}");
        }
    }
}

#[test]
fn a_program_of_go_without_its_table_of_sections_is_still_read() {
    let (path, bytes) = programs("go").into_iter().find(|(path, _)| path == "linux-amd64").unwrap();
    let mut stripped = bytes.clone();
    // The place, the number and the names of the sections.
    stripped[40..48].fill(0);
    stripped[60..64].fill(0);
    assert_eq!(inside(&path, &stripped).unwrap(), inside(&path, &bytes).unwrap());
}

#[test]
fn programs_that_are_known_are_covered_or_say_that_they_are_not() {
    let elf = |text: &str| [b"\x7fELF\x02\x01\x01", vec![0; 60].as_slice(), text.as_bytes(), b"\0"].concat();
    for (path, text, expected) in [
        ("usr/local/bin/node", "node.js/v20.1.0", Some(("Bitnami", "node 20.1.0", Origin::Registry))),
        (
            "usr/local/bin/python3.13",
            "x\x003.13.0rc1",
            Some(("Bitnami", "python 3.13.0rc1", Origin::Registry)),
        ),
        ("usr/local/bin/python3.13", "prefix/3.13.1", Some(("Bitnami", "python 3.13.1", Origin::Registry))),
        ("usr/local/bin/python3.13", "x\x003.13", None),
        (
            "usr/bin/openssl",
            "OpenSSL 1.1.1w  11 Sep 2023",
            Some(("Program", "openssl 1.1.1w", Origin::Other)),
        ),
        (
            "usr/bin/openssl",
            "enable OpenSSL 3.0 legacy provider\0OpenSSL 3.0.1 1",
            Some(("Program", "openssl 3.0.1", Origin::Other)),
        ),
        ("bin/busybox", "BusyBox v1.35.0 (Debian)", Some(("Program", "busybox 1.35.0", Origin::Other))),
        (
            "usr/sbin/nginx",
            "nginx version: nginx/1.22.1",
            Some(("Bitnami", "nginx 1.22.1", Origin::Registry)),
        ),
        ("usr/bin/other", "nginx version: nginx/1.22.1", None),
    ] {
        let found = installed_but(&[(path.to_owned(), elf(text))], &|_| false).unwrap();
        let found =
            found.first().map(|one| (one.package.ecosystem.name(), one.package.label(), one.package.origin));
        assert_eq!(
            found,
            expected.map(|(ecosystem, label, origin)| (ecosystem, label.to_owned(), origin)),
            "{path} {text}"
        );
    }
    // A script of that name is no such program.
    assert_eq!(inside("usr/bin/node", b"#!/bin/sh\nnode.js/v1.2.3").unwrap(), [""; 0]);
    for (text, expected) in [
        ("JAVA_VERSION=\"1.8.0_392\"\n", "java 8.0.392"),
        ("IMPLEMENTOR=\"a\"\r\nJAVA_VERSION=\"17.0.9\"\r\n", "java 17.0.9"),
    ] {
        assert_eq!(labels(&[("opt/java/release", text)]), [expected]);
    }
    assert_eq!(labels(&[("etc/release", "NAME=\"a\"\n")]), [""; 0]);
}

proptest! {
    // Each is megabytes long.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_damaged_program_is_read_or_rejected(kind in 0..4_usize, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), end in any::<prop::sample::Index>()) {
        let (path, mut bytes) = SMALL.with(|small| small[kind].clone());
        for (at, byte) in changes {
            // Headers and tables are at the beginning and at the end.
            let at = at.index(2 * bytes.len().min(4096));
            let at = if at < bytes.len().min(4096) { at } else { bytes.len() - (at - bytes.len().min(4096)).max(1) };
            bytes[at] = byte;
        }
        if end.index(4) == 0 {
            bytes.truncate(end.index(bytes.len()));
        }
        let _ = inside(&path, &bytes);
    }
}

thread_local! {
    /// A program of each form, and a jar.
    static SMALL: Vec<File> = {
        let mut small = programs("rust");
        small.extend(programs("go").into_iter().filter(|(path, _)| path.starts_with("windows") || path.starts_with("darwin")));
        small.push(("a.jar".to_owned(), fs::read(fixtures().join("jar/root/opt/boot.jar")).unwrap()));
        small
    };
}
