//! `dep-scan packages` through its binary: what a search sees, bills that are read back, and files that must not lose a package.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::scan_in;
use crate::support::{Finished, binary, git, run};

/// The fixtures with what package managers list.
fn fixtures() -> Vec<PathBuf> {
    let all = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/lockfiles"));
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn packages(folder: &Path, arguments: &[&str]) -> Finished {
    run(binary("dep-scan", folder).arg("packages").args(arguments))
}

/// The rows of a list.
fn rows(finished: &Finished) -> Vec<Value> {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What must survive a bill: ecosystem, name, version, purl, scope, origin and directness.
fn identities(rows: &[Value]) -> BTreeSet<String> {
    // A bill adds what it is about, which has no purl of a known ecosystem.
    let all = rows.iter().filter(|row| row["ecosystem"] != "unknown" || row["origin"] != "project");
    all.map(|row| {
        let fields = ["ecosystem", "name", "version", "purl", "scope", "origin"];
        fields.map(|field| row[field].to_string()).join(" ")
    })
    .collect()
}

fn write(folder: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn every_bill_of_a_real_lockfile_is_read_back_with_the_same_packages() {
    let all = fixtures();
    assert!(all.len() >= 30);
    for fixture in all {
        let list = std::fs::read_to_string(fixture.join("listed.txt")).unwrap();
        let name = list.lines().next().unwrap().trim_start_matches("# ").split(':').next().unwrap();
        let before = identities(&rows(&packages(&fixture, &[name, "--format", "jsonl"])));
        for (format, file) in [("cyclonedx", "bom.cdx.json"), ("spdx", "bom.spdx.json")] {
            let folder = tempfile::tempdir().unwrap();
            let bill = packages(&fixture, &[name, "--format", format]);
            assert_eq!(bill.code, Some(0), "{}: {bill:?}", fixture.display());
            write(folder.path(), file, &bill.stdout);
            let read = rows(&packages(folder.path(), &[file, "--format", "jsonl"]));
            let (after, what) = (identities(&read), format!("{} as {format}", fixture.display()));
            let joined: BTreeSet<String> = after.difference(&before).cloned().collect();
            let missing: BTreeSet<String> = before.difference(&after).cloned().collect();
            assert!(joined.is_empty() && missing.is_empty(), "{what}: more {joined:?}, less {missing:?}");
        }
    }
}

#[test]
fn a_bill_has_the_advisories_of_its_lockfile() {
    let record = r#"{"id": "GHSA-xxxx-yyyy-zzzz", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "npm", "name": "minimist"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.6"}]}]}]}"#;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "db/GHSA-xxxx-yyyy-zzzz.json", record);
    let fixture = fixtures().into_iter().find(|path| path.ends_with("npm-workspaces")).unwrap();
    let advisories = |path: &str| -> Vec<String> {
        let database = folder.path().join("db");
        let (finished, report) = scan_in(folder.path(), &database, &["--frozen-db", path]);
        assert_eq!(finished.code, Some(1), "{path}: {finished:?}");
        super::lines(&report)
    };
    let lockfile = fixture.join("package-lock.json");
    let expected = advisories(lockfile.to_str().unwrap());
    assert_eq!(expected.len(), 1);
    for (format, file) in [("cyclonedx", "bom.cdx.json"), ("spdx", "bom.spdx.json")] {
        write(folder.path(), file, packages(&fixture, &["--format", format]).stdout);
        assert_eq!(advisories(file), expected, "{format}");
    }
}

#[test]
fn git_decides_what_is_left_out_unless_it_is_tracked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(path, &["init", "--quiet", "--initial-branch=main"]);
    write(path, ".gitignore", "build/\n*.tmp\n/local.txt\n");
    write(path, "requirements.txt", "seen==1.0\n");
    write(path, "build/requirements.txt", "ignored==1.0\n");
    write(path, "tracked/build/requirements.txt", "tracked==1.0\n");
    write(path, ".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n      - uses: o/action@v1.0.0\n");
    write(path, "web/requirements-dev.txt", "second==1.0\n");
    git(path, &["add", "."]);
    git(path, &["add", "--force", "tracked"]);
    let names = |arguments: &[&str]| -> Vec<String> {
        let listed = rows(&packages(path, &[&["--format", "jsonl"][..], arguments].concat()));
        listed.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["."]), ["o/action", "seen", "tracked", "second"]);
    assert_eq!(names(&["build"]), ["ignored"], "who names a folder means it");
    assert_eq!(names(&["build/requirements.txt"]), ["ignored"]);
    assert_eq!(names(&["--exclude", "web,.github/**"]), ["seen", "tracked"]);
    let nothing = packages(path, &["--exclude", "**"]);
    assert_eq!(nothing.code, Some(3), "{nothing:?}");
}

#[test]
fn a_format_in_front_of_a_path_is_the_one_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "deps.in", "a==1.0\n");
    let names = |arguments: &[&str]| {
        let finished = packages(path, &[&["--format", "jsonl"][..], arguments].concat());
        (finished.code, finished.stdout.matches("\"name\"").count())
    };
    assert_eq!(names(&["requirements.txt:deps.in"]), (Some(0), 1));
    assert_eq!(names(&["deps.in"]).0, Some(3));
    assert_eq!(names(&["Cargo.lock:deps.in"]).0, Some(3));
    assert_eq!(names(&["unknown.lock:deps.in"]).0, Some(3));
    write(path, "requirements.txt", "a==1.0\n");
    assert_eq!(names(&[".", "pylock.toml:requirements.txt"]).0, Some(3), "no second format hides the first");
    if cfg!(unix) {
        write(path, "requirements.txt:deps.in", "");
        assert_ne!(names(&["requirements.txt:deps.in"]), (Some(0), 1), "a file of that name wins");
    }
}

#[test]
fn files_of_formats_that_are_not_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "requirements.txt", "a==1.0\n");
    write(path, "pyproject.toml", "[project]\ndependencies = ['a']\n");
    write(path, "rust/Cargo.toml", "[dependencies]\nb = '1'\n");
    write(path, "tool/Cargo.toml", "[package]\nname = 'tool'\n");
    for name in ["bun.lockb", "a.sbt.lock", "paket.lock", "rebar.lock", "vcpkg.json", ".terraform.lock.hcl"] {
        write(path, name, "");
    }
    let finished = packages(path, &[]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let others: Vec<&str> =
        finished.stdout.lines().filter_map(|line| line.strip_prefix("not read: ")).collect();
    let expected = [
        ".terraform.lock.hcl",
        "a.sbt.lock",
        "bun.lockb",
        "paket.lock",
        "rebar.lock",
        "rust/Cargo.toml",
        "vcpkg.json",
    ];
    assert_eq!(others, expected);
    // The other formats name them as well.
    let listed = rows(&packages(path, &["--format", "jsonl"]));
    let others: Vec<&str> = listed
        .iter()
        .filter(|row| row["not_read"] == true && row["name"].is_null())
        .map(|row| row["path"].as_str().unwrap())
        .collect();
    assert_eq!(others, expected);
    let bom: Value = serde_json::from_str(&packages(path, &["--format", "cyclonedx"]).stdout).unwrap();
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete");
    let properties = bom["metadata"]["properties"].as_array().unwrap();
    let others: Vec<&str> = properties
        .iter()
        .filter(|property| property["name"] == "devops-action:not-read")
        .map(|property| property["value"].as_str().unwrap())
        .collect();
    assert_eq!(others, expected);
    let spdx: Value = serde_json::from_str(&packages(path, &["--format", "spdx"]).stdout).unwrap();
    assert_eq!(spdx["comment"], format!("incomplete, not read: {}", expected.join(", ")));
}

/// A path, what it tries, and the file: each is exit code 3, or still lists `bad` 1.0.0.
const CHEATS: &[(&str, &str, &str)] = &[
    (
        "package-lock.json",
        "a numeric version of the lockfile as a text",
        r#"{"lockfileVersion": "3", "packages": {"node_modules/bad": {"version": "1.0.0"}}}"#,
    ),
    (
        "package-lock.json",
        "a numeric version of a package",
        r#"{"lockfileVersion": 3, "packages": {"node_modules/bad": {"version": 1}}}"#,
    ),
    (
        "package-lock.json",
        "no version",
        r#"{"lockfileVersion": 3, "packages": {"node_modules/bad": {"version": null}}}"#,
    ),
    (
        "package-lock.json",
        "`__proto__`",
        r#"{"lockfileVersion": 3, "__proto__": {"packages": {"node_modules/bad": {"version": "1.0.0"}}}}"#,
    ),
    (
        "package-lock.json",
        "an empty name",
        r#"{"lockfileVersion": 3, "packages": {"node_modules/": {"version": "1.0.0"}}}"#,
    ),
    (
        "package-lock.json",
        "backslashes",
        r#"{"lockfileVersion": 3, "packages": {"node_modules\\bad": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/bad/-/bad-1.0.0.tgz"}}}"#,
    ),
    (
        "package-lock.json",
        "a platform that is not ours",
        r#"{"lockfileVersion": 3, "packages": {"node_modules/bad": {"version": "1.0.0", "os": ["aix"], "optional": true}}}"#,
    ),
    (
        "package-lock.json",
        "a peer",
        r#"{"lockfileVersion": 3, "packages": {"node_modules/bad": {"version": "1.0.0", "peer": true, "extraneous": true}}}"#,
    ),
    (
        "package-lock.json",
        "a list of packages",
        r#"{"lockfileVersion": 3, "packages": [{"name": "bad", "version": "1.0.0"}]}"#,
    ),
    (
        "package-lock.json",
        "a NUL byte",
        "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/b\0ad\": {\"version\": \"1.0.0\"}}}",
    ),
    (
        "package-lock.json",
        "a conflict",
        "{\"lockfileVersion\": 3, \"packages\": {\n<<<<<<< a\n\"node_modules/bad\": {\"version\": \"1.0.0\"}\n=======\n>>>>>>> b\n}}",
    ),
    (
        "npm-shrinkwrap.json",
        "an old file",
        r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies": {"bad": {"version": "1.0.0"}}}}}"#,
    ),
    (
        "yarn.lock",
        "a conflict in a comment",
        "# yarn lockfile v1\n# <<<<<<< HEAD\nbad@1:\n  version \"1.0.0\"\n",
    ),
    ("yarn.lock", "tabs", "# yarn lockfile v1\nbad@1:\n\tversion \"1.0.0\"\n"),
    ("yarn.lock", "line ends of old", "# yarn lockfile v1\rbad@1:\r  version \"1.0.0\"\r"),
    (
        "pnpm-lock.yaml",
        "a tag",
        "lockfileVersion: '9.0'\nimporters: {}\npackages: !!omap\n  bad@1.0.0: {}\nsnapshots: {}\n",
    ),
    (
        "pnpm-lock.yaml",
        "a merge key",
        "lockfileVersion: '9.0'\nimporters: {}\nx: &x\n  bad@1.0.0: {}\nsnapshots:\n  <<: *x\n",
    ),
    (
        "pnpm-lock.yaml",
        "packages twice",
        "lockfileVersion: '9.0'\nimporters: {}\npackages:\n  bad@1.0.0: {resolution: {integrity: sha512-a}}\npackages: {}\nsnapshots: {}\n",
    ),
    ("bun.lock", "a string", r#"{"lockfileVersion": 1, "workspaces": {}, "packages": {"bad": "bad@1.0.0"}}"#),
    ("deno.lock", "another case", r#"{"version": "5", "NPM": {"bad@1.0.0": {"integrity": "sha512-a"}}}"#),
    ("requirements.txt", "no space", "bad==1.0.0;python_version>'3'\n"),
    ("requirements.txt", "a vertical tab", "a==1\x0bbad==1.0.0\n"),
    ("requirements.txt", "old line ends", "a==1\rbad==1.0.0\r"),
    ("requirements.txt", "three signs", "bad===1.0.0\n"),
    ("requirements.txt", "an option in the line", "bad==1.0.0 --hash=sha256:aa --global-option=x\n"),
    (
        "poetry.lock",
        "a table of one",
        "[package]\nname = \"bad\"\nversion = \"1.0.0\"\n[metadata]\nlock-version = \"2.0\"\n",
    ),
    ("poetry.lock", "a dotted key", "package.name = \"bad\"\n[metadata]\nlock-version = \"2.0\"\n"),
    (
        "poetry.lock",
        "another case",
        "[[Package]]\nname = \"bad\"\nversion = \"1.0.0\"\n[metadata]\nlock-version = \"2.0\"\n",
    ),
    ("pdm.lock", "no metadata", "[[package]]\nname = \"bad\"\n"),
    (
        "uv.lock",
        "a number",
        "version = 1\n[[package]]\nname = \"bad\"\nversion = 1.0\nsource = { registry = \"https://pypi.org/simple\" }\n",
    ),
    (
        "pylock.toml",
        "another case",
        "lock-version = \"1.0\"\n[[Packages]]\nname = \"bad\"\nversion = \"1.0.0\"\n",
    ),
    (
        "Pipfile.lock",
        "a list",
        r#"{"_meta": {"pipfile-spec": 6}, "default": [{"bad": "==1.0.0"}], "develop": {}}"#,
    ),
    ("go.mod", "a block comment", "module m\n/*\nrequire bad v1.0.0\n*/\n"),
    ("go.mod", "two modules", "module m\nmodule n\nrequire bad v1.0.0\n"),
    ("Cargo.lock", "another case", "version = 4\n[[Package]]\nname = \"bad\"\nversion = \"1.0.0\"\n"),
    (
        "Cargo.lock",
        "patched away",
        "version = 4\n[[patch.unused]]\nname = \"bad\"\nversion = \"1.0.0\"\n[[packages]]\n",
    ),
    (
        "composer.lock",
        "another case",
        r#"{"packages": [], "packages-dev": [], "Packages": [{"name": "bad", "version": "1.0.0"}]}"#,
    ),
    (
        "composer.lock",
        "a map",
        r#"{"packages": {"0": {"name": "bad", "version": "1.0.0"}}, "packages-dev": []}"#,
    ),
    (
        "Gemfile.lock",
        "an unknown section",
        "GEMS\n  remote: https://rubygems.org/\n  specs:\n    bad (1.0.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  bad\n",
    ),
    (
        "Gemfile.lock",
        "another indentation",
        "GEM\n  remote: https://rubygems.org/\n  specs:\n   bad (1.0.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  bad\n",
    ),
    (
        "packages.lock.json",
        "an unknown version",
        r#"{"version": 9, "dependencies": {"net8.0": {"bad": {"type": "Direct", "resolved": "1.0.0"}}}}"#,
    ),
    ("packages.config", "another case", "<packages><Package id=\"bad\" version=\"1.0.0\"/></packages>"),
    ("pubspec.lock", "another case", "Packages:\n  bad:\n    version: \"1.0.0\"\nsdks: {}\n"),
    ("mix.lock", "cut off", "%{\n  \"bad\": {:hex, :bad, \"1.0.0\""),
    ("Podfile.lock", "no pods", "PODFILE CHECKSUM: a\n"),
    ("Package.resolved", "an unknown version", r#"{"version": 9, "pins": [{"identity": "bad"}]}"#),
    ("gradle.lockfile", "two versions in a line", "a:bad:1.0.0:2.0.0=compileClasspath\n"),
    (
        "pom.xml",
        "another case",
        "<project><groupId>a</groupId><artifactId>b</artifactId><version>1</version><Dependencies><dependency><groupId>x</groupId><artifactId>bad</artifactId><version>1.0.0</version></dependency></Dependencies></project>",
    ),
    (
        "pom.xml",
        "an entity",
        "<!DOCTYPE p [<!ENTITY e SYSTEM 'x'>]><project><artifactId>b</artifactId>&e;</project>",
    ),
    (
        "bom.json",
        "a purl of nothing",
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "bad", "purl": "pkg:npm"}]}"#,
    ),
    (
        "bom.json",
        "another spelling than the purl's",
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "good", "version": "2", "purl": "pkg:npm/bad@1.0.0", "properties": [{"name": "devops-action:ecosystem", "value": "npm"}, {"name": "devops-action:origin", "value": "project"}]}]}"#,
    ),
    (
        "x.spdx.json",
        "another comment than the purl's",
        r#"{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "SPDXRef-a", "name": "good", "versionInfo": "2", "comment": "ecosystem: npm, scope: dev, origin: project", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/bad@1.0.0"}]}]}"#,
    ),
    (
        ".github/workflows/a.yml",
        "a merge key",
        "x: &x {uses: o/bad@v1.0.0}\njobs:\n  a:\n    steps:\n      - <<: *x\n",
    ),
];

#[test]
fn no_spelling_keeps_a_package_off_the_list() {
    assert!(CHEATS.len() >= 40);
    let mut quiet = Vec::new();
    for (path, what, text) in CHEATS {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), path, text);
        let finished = packages(folder.path(), &["--format", "jsonl"]);
        let is_listed = finished.code == Some(0)
            && finished.stdout.lines().any(|line| {
                let row: Value = serde_json::from_str(line).unwrap();
                let name = row["name"].as_str().unwrap();
                name.ends_with("bad") && row["version"].as_str().unwrap_or("").contains("1.0.0")
            });
        if finished.code != Some(3) && !is_listed {
            quiet.push(format!("{path}: {what}: {:?} {}", finished.code, finished.stdout));
        }
    }
    for encoding in ["UTF-16", "depth"] {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = match encoding {
            "UTF-16" => "bad==1.0.0\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => "[".repeat(200_000).into_bytes(),
        };
        let name = if encoding == "UTF-16" { "requirements.txt" } else { "package-lock.json" };
        write(folder.path(), name, bytes);
        assert_eq!(packages(folder.path(), &[]).code, Some(3), "{encoding}");
    }
    assert!(quiet.is_empty(), "{}", quiet.join("\n"));
}
