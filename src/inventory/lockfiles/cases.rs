//! What readers make of the situations of the corpus, and of lockfiles that try to keep a package out of sight.

use super::{Kind, Source};
use crate::Graph;
use devops_core::Error;

/// Reads a lockfile; the first of `files` is it, the others are beside it.
fn graph(files: &[(&str, &str)]) -> Result<Graph, Error> {
    let (path, text) = files[0];
    let Some(Kind::Read(format)) = Kind::of(path.rsplit('/').next().unwrap()) else {
        panic!("{path} is not read")
    };
    let neighbour = |name: &str| {
        let found = files.iter().find(|(path, _)| *path == name);
        Ok(found.map(|(_, text)| text.as_bytes().to_vec()))
    };
    format.read(&Source { path, bytes: text.as_bytes(), neighbour: &neighbour })
}

/// Label, file, line, scope, origin, and whether the project itself asks for it.
fn rows(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files).unwrap_or_else(|error| panic!("{error} at {:?}", error.location()));
    let paths = graph.paths();
    let row = |(index, package): (usize, &crate::Package)| {
        let file = package.file.as_deref().map_or_else(String::new, |file| format!("{file}:"));
        let direct = if paths.is_direct(index) { " direct" } else { "" };
        let guessed = if package.is_guessed { " guessed" } else { "" };
        let (scope, origin) = (package.scope.word(), package.origin.word());
        format!("{} | {file}{} {scope} {origin}{direct}{guessed}", package.label(), package.line)
    };
    graph.packages.iter().enumerate().map(row).collect()
}

const ALIAS: &str = include_str!("../../../tests/fixtures/inventory/npm-alias/package-lock.json");
const ALIAS_1: &str = include_str!("../../../tests/fixtures/inventory/npm-alias/v1/package-lock.json");
const ALIAS_YARN: &str = include_str!("../../../tests/fixtures/inventory/npm-alias/yarn/yarn.lock");
const LINK: &str = include_str!("../../../tests/fixtures/inventory/npm-local-link/package-lock.json");
const PNPM: &str = include_str!("../../../tests/fixtures/inventory/pnpm-9/pnpm-lock.yaml");
const PIP: &str = include_str!("../../../tests/fixtures/inventory/requirements-dialect/requirements.txt");
const GO: &str = include_str!("../../../tests/fixtures/inventory/go-toolchain-and-replace/go.mod");
const MALWARE: &str = include_str!("../../../tests/fixtures/inventory/malware-is-exact/package-lock.json");

#[test]
fn the_situations_of_the_corpus_have_the_packages_that_they_should() {
    assert_eq!(
        rows(&[("package-lock.json", ALIAS)]),
        ["app 1.0.0 | 6 runtime project", "leftpad2 1.0.0 | 12 runtime registry direct"]
    );
    assert_eq!(rows(&[("package-lock.json", ALIAS_1)]), ["leftpad2 1.0.0 | 7 runtime registry direct"]);
    assert_eq!(rows(&[("yarn.lock", ALIAS_YARN)]), ["leftpad2 1.0.0 | 4 runtime registry"]);
    assert_eq!(
        rows(&[("package-lock.json", LINK)]),
        ["app 1.0.0 | 6 runtime project", "@chat/auth 1.0.0 | 16 runtime project"]
    );
    assert_eq!(
        rows(&[("pnpm-lock.yaml", PNPM)]),
        [
            "@types/nodemailer 6.4.14 | 20 dev registry direct",
            "a 1.0.0 | 23 runtime registry direct",
            "b 2.0.0 | 28 runtime registry",
            "shared 1.0.0 | 31 optional registry",
        ]
    );
    let constraints = include_str!("../../../tests/fixtures/inventory/requirements-dialect/constraints.txt");
    let base = include_str!("../../../tests/fixtures/inventory/requirements-dialect/more/base.txt");
    assert_eq!(
        rows(&[("requirements.txt", PIP), ("more/base.txt", base), ("constraints.txt", constraints)]),
        [
            "flask-login 0.4.0 | 2 runtime registry direct",
            "requests 2.0.0 | 3 runtime registry direct",
            "exact 1.0 | 6 runtime registry direct",
            "ranged 0.7.0 | 7 runtime registry direct",
            "idna 3.6 | more/base.txt:1 runtime registry direct",
            "local @ ./local | 10 runtime project direct",
            "url @ https://example.org/url-1.0-py3-none-any.whl | 12 runtime other direct",
            "django == 3.2.* | 13 runtime registry direct",
        ]
    );
    assert_eq!(
        rows(&[("go.mod", GO)]),
        [
            "example.org/app | 1 runtime project",
            "stdlib 1.23.6 | 5 runtime registry direct",
            "k8s.io/client-go 0.0.0 | 8 runtime project direct",
            "github.com/gogo/protobuf 1.3.2 | 9 runtime registry direct",
            "example.org/other 1.0.0 | 10 runtime registry",
        ]
    );
    assert!(!rows(&[("package-lock.json", MALWARE)]).is_empty());
}

const V3: &str =
    r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": "#;

/// What a lockfile does to keep a package out of sight, its name, and its text.
type Cheat = (&'static str, &'static str, String);

#[expect(clippy::too_many_lines, reason = "a table")]
fn cheats_of_node() -> Vec<Cheat> {
    let npm = |rest: &str| format!("{V3}{rest}}}}}");
    let url = r#""resolved": "https://registry.npmjs.org/bad/-/bad-1.0.0.tgz""#;
    vec![
        ("another name", "package-lock.json", npm(&format!(r#"{{"version": "1.0.0", {url}}}"#))),
        ("another version", "package-lock.json", npm(&format!(r#"{{"name": "bad", "version": "2.0.0", {url}}}"#))),
        ("a link to an address", "package-lock.json", npm(&format!(r#"{{"link": true, "version": "1.0.0", {url}}}"#))),
        ("a key in another case", "package-lock.json", npm(r#"{"Version": "1.0.0"}"#)),
        ("`Packages`", "package-lock.json", r#"{"lockfileVersion": 3, "Packages": {}, "packages": {}}"#.into()),
        ("a key twice", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/bad": {"version": "1.0.0"}}, "packages": {}}"#.into()),
        ("cut off", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"#.into()),
        ("removed, still asked for", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"bad": "1"}}}}"#.into()),
        ("an unknown version", "package-lock.json", r#"{"lockfileVersion": 4, "packages": {}}"#.into()),
        ("no packages", "package-lock.json", r#"{"lockfileVersion": 3}"#.into()),
        ("only for older releases", "package-lock.json", r#"{"lockfileVersion": 2, "packages": {}, "dependencies": {"bad": {"version": "1.0.0"}}}"#.into()),
        ("a second document", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {}} {}"#.into()),
        ("a folder that was fetched", "package-lock.json", format!(r#"{{"lockfileVersion": 3, "packages": {{"lib/bad": {{"version": "1.0.0", {url}}}}}}}"#)),
        ("bundled", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/a/node_modules/bad": {"version": "1.0.0", "inBundle": true}}}"#.into()),
        ("in `requires` of version 1", "package-lock.json", r#"{"lockfileVersion": 1, "requires": {"bad": {"version": "1.0.0"}}}"#.into()),
        ("an address of no kind", "package-lock.json", r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "npttps://registry.npmjs.org/bad/-/bad-1.0.0.tgz"}}}"#.into()),
        ("only in `packages` of version 1", "package-lock.json", r#"{"lockfileVersion": 1, "packages": {"node_modules/bad": {"version": "1.0.0"}}, "dependencies": {"a": {"version": "1.0.0"}}}"#.into()),
        ("only in `dependencies` of version 1", "package-lock.json", r#"{"lockfileVersion": 1, "packages": {}, "dependencies": {"bad": {"version": "1.0.0"}}}"#.into()),
        ("a version as its address", "package-lock.json", npm(r#"{"name": "bad", "version": "2.0.0", "resolved": "1.0.0"}"#)),
        ("a tag as its address", "package-lock.json", npm(r#"{"name": "bad", "version": "1.0.0", "resolved": "latest"}"#)),
        ("behind `npm:`", "package-lock.json", npm(r#"{"version": "1.0.0", "resolved": "npm:bad@1.0.0"}"#)),
        ("an address that goes up", "package-lock.json", npm(r#"{"version": "1.0.0", "resolved": "https://registry.npmjs.org/x/../bad/-/bad-1.0.0.tgz"}"#)),
        ("an address that goes up, encoded", "package-lock.json", npm(r#"{"version": "1.0.0", "resolved": "https://registry.npmjs.org/x/%2e%2e/bad/-/bad-1.0.0.tgz"}"#)),
        ("a host in another case", "package-lock.json", npm(r#"{"version": "1.0.0", "resolved": "https://Registry.NPMJS.org:443//bad/-/bad-1.0.0.tgz"}"#)),
        ("a path with a slash behind it", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/bad/": {"version": "1.0.0"}}}"#.into()),
        ("a path with two slashes", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules//bad": {"version": "1.0.0"}}}"#.into()),
        ("a path that goes up", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/a/../bad": {"version": "1.0.0"}}}"#.into()),
        ("an empty address", "package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/bad": {"version": "1.0.0", "resolved": ""}}}"#.into()),
        ("an address that goes up", "yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/x/../bad/-/bad-1.0.0.tgz#a\"\n".into()),
        ("from a mirror of files", "yarn.lock", "# yarn lockfile v1\nbad@1:\n  version \"1.0.0\"\n  resolved \"bad-1.0.0.tgz#a\"\n".into()),
        ("another archive", "yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.npmjs.org%2Fbad%2F-%2Fbad-1.0.0.tgz\"\n".into()),
        ("another archive, its key encoded", "yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archive%55rl=https%3A%2F%2Fregistry.npmjs.org%2Fbad%2F-%2Fbad-1.0.0.tgz\"\n".into()),
        ("two archives", "yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=a&__archiveUrl=b\"\n".into()),
        ("a key with another name", "pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /bad@1.0.0:\n    resolution: {integrity: sha512-a}\n    name: safe\n    version: 1.0.0\n".into()),
        ("a name with another key", "pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /safe@1.0.0:\n    resolution: {integrity: sha512-a}\n    name: bad\n".into()),
        ("an address without a host", "pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {integrity: sha512-a, tarball: /bad/-/bad-1.0.0.tgz}\n".into()),
        ("an address that goes up", "bun.lock", r#"{"lockfileVersion": 1, "workspaces": {}, "packages": {"a": ["a@1.0.0", "https://registry.npmjs.org/x/../bad/-/bad-1.0.0.tgz", {}, "sha512-a"]}}"#.into()),
        ("behind `npm:`", "bun.lock", r#"{"lockfileVersion": 1, "workspaces": {}, "packages": {"a": ["a@1.0.0", "npm:bad@1.0.0", {}, "sha512-a"]}}"#.into()),
        ("of the other registry", "deno.lock", r#"{"version": "5", "specifiers": {}, "jsr": {"bad@1.0.0": {"tarball": "https://registry.npmjs.org/bad/-/bad-1.0.0.tgz"}}}"#.into()),
        ("empty", "package-lock.json", String::new()),
        ("no header", "yarn.lock", "bad@1:\n  version \"1.0.0\"\n".into()),
        ("no version", "yarn.lock", "# yarn lockfile v1\nbad@1:\n  resolved \"x\"\n".into()),
        ("removed, still asked for", "yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1.0.0\"\n  dependencies:\n    bad \"1\"\n".into()),
        ("another name", "yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/bad/-/bad-1.0.0.tgz#a\"\n".into()),
        ("twice", "yarn.lock", "# yarn lockfile v1\nbad@1:\n  version \"2.0.0\"\nbad@1:\n  version \"1.0.0\"\n".into()),
        ("a key in another case", "yarn.lock", "# yarn lockfile v1\nbad@1:\n  Version \"1.0.0\"\n".into()),
        ("in a comment", "yarn.lock", "# yarn lockfile v1\nbad@1:\n  version \"1.0.0\"\n#\n".into()),
        ("another version in the resolution", "yarn.lock", "__metadata:\n  version: 8\n\"bad@npm:1\":\n  version: 2.0.0\n  resolution: \"bad@npm:1.0.0\"\n".into()),
        ("patched", "yarn.lock", "__metadata:\n  version: 8\n\"a@patch:bad@npm%3A1.0.0#x\":\n  version: 1.0.0\n  resolution: \"a@patch:bad@npm%3A1.0.0#x::version=1.0.0\"\n".into()),
        ("an alias of YAML", "yarn.lock", "__metadata: &m\n  version: 8\nb: *m\n".into()),
        ("only the header", "yarn.lock", "__metadata:\n  version: 8\n".into()),
        ("cut off", "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      bad:\n        specifier: 1\n        version: 1.0.0\n".into()),
        ("no snapshot", "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters: {}\npackages:\n  bad@1.0.0:\n    resolution: {integrity: sha512-a}\n".into()),
        ("no package", "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters: {}\nsnapshots:\n  bad@1.0.0: {}\n".into()),
        ("no importers", "pnpm-lock.yaml", "lockfileVersion: '9.0'\n".into()),
        ("a second document", "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters: {}\n---\npackages: {}\n".into()),
        ("an unknown version", "pnpm-lock.yaml", "lockfileVersion: '10.0'\nimporters: {}\n".into()),
        ("another address", "pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {integrity: sha512-a, tarball: https://registry.npmjs.org/bad/-/bad-1.0.0.tgz}\n".into()),
        ("removed, still asked for", "bun.lock", r#"{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"bad": "1"}}}, "packages": {}}"#.into()),
        ("an unknown version", "bun.lock", r#"{"lockfileVersion": 9, "workspaces": {}, "packages": {}}"#.into()),
        ("removed, still asked for", "deno.lock", r#"{"version": "5", "specifiers": {"npm:bad@1": "1.0.0"}, "npm": {}}"#.into()),
        ("an unknown version", "deno.lock", r#"{"version": "2"}"#.into()),
    ]
}

fn cheats_of_python_and_go() -> Vec<Cheat> {
    vec![
        ("a merge", "requirements.txt", "<<<<<<< HEAD\nbad==1.0.0\n".into()),
        ("a missing file", "requirements.txt", "-r more.txt\n".into()),
        ("an unknown option", "requirements.txt", "--packages bad==1.0.0\n".into()),
        ("a continuation of a marker", "requirements.txt", "a==1 ; sys_platform == 'win32' \\\nbad==1.0.0\n".into()),
        ("a continuation", "requirements.txt", "a==1 \\\nbad==1.0.0\n".into()),
        ("a comment that continues", "requirements.txt", "# a \\\nbad==1.0.0\n".into()),
        ("spaces and underscores", "requirements.txt", "BAD [x] == 1.0.0 ; python_version > '3'\n".into()),
        ("no end", "requirements.txt", "a==1\nbad==1.0.0 \\".into()),
        ("behind a line end of Python", "requirements.txt", "a==1\n# note\rbad==1.0.0\n".into()),
        ("behind a line separator", "requirements.txt", "a==1\n# note\u{2028}bad==1.0.0\n".into()),
        ("two signs of continuation", "requirements.txt", "bad==1.0.0\\\\\n\n".into()),
        ("a wheel of the registry", "requirements.txt", "a @ https://files.pythonhosted.org/packages/aa/bad-1.0.0-py3-none-any.whl\n".into()),
        ("only a wheel of the registry", "requirements.txt", "https://files.pythonhosted.org/packages/aa/bad-1.0.0-py3-none-any.whl#egg=a\n".into()),
        ("a wheel of another package", "uv.lock", "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = { registry = \"https://pypi.org/simple\" }\nwheels = [{ url = \"https://files.pythonhosted.org/packages/aa/bad-1.0.0-py3-none-any.whl\", hash = \"sha256:aa\" }]\n".into()),
        ("a source that is a wheel of the registry", "uv.lock", "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = { url = \"https://files.pythonhosted.org/packages/aa/bad-1.0.0-py3-none-any.whl\" }\n".into()),
        ("a wheel of another version", "pylock.toml", "lock-version = \"1.0\"\n[[packages]]\nname = \"bad\"\nversion = \"2.0.0\"\n[[packages.wheels]]\nurl = \"https://files.pythonhosted.org/packages/aa/bad-1.0.0-py3-none-any.whl\"\nhashes = {sha256 = \"aa\"}\n".into()),
        ("a wheel of another package", "pdm.lock", "[metadata]\nlock_version = \"4.5.0\"\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nfiles = [{url = \"https://files.pythonhosted.org/packages/aa/bad-1.0.0.tar.gz\", hash = \"sha256:aa\"}]\n".into()),
        ("a wheel of the registry", "Pipfile.lock", r#"{"_meta": {"pipfile-spec": 6}, "default": {"a": {"file": "https://files.pythonhosted.org/packages/aa/bad-1.0.0-py3-none-any.whl"}}}"#.into()),
        ("UTF-16", "requirements.txt", "b\0a\0d\0".into()),
        ("an unknown source", "uv.lock", "version = 1\n[[package]]\nname = \"bad\"\nversion = \"1.0.0\"\nsource = { elsewhere = \"x\" }\n".into()),
        ("no source", "uv.lock", "version = 1\n[[package]]\nname = \"bad\"\nversion = \"1.0.0\"\n".into()),
        ("a table in another case", "uv.lock", "version = 1\n[[Package]]\nname = \"bad\"\n".into()),
        ("removed, still asked for", "uv.lock", "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://pypi.org/simple\" }\ndependencies = [{ name = \"bad\" }]\n".into()),
        ("no version", "poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\n".into()),
        ("an unknown version", "pylock.toml", "lock-version = \"2.0\"\n".into()),
        ("another category", "Pipfile.lock", r#"{"_meta": {"pipfile-spec": 6}, "default": {}, "docs": {"bad": {"version": "==1.0.0"}}}"#.into()),
        ("cut off", "Pipfile.lock", r#"{"_meta": {"pipfile-spec": 6}}"#.into()),
        ("replaced", "go.mod", "module m\nrequire a v1.0.0\nreplace a => bad v1.0.0\n".into()),
        ("replaced by version", "go.mod", "module m\nrequire bad v1.0.0\nreplace bad v1.0.1 => good v1.0.0\n".into()),
        ("a block without an end", "go.mod", "module m\nrequire (\n".into()),
        ("an unknown verb", "go.mod", "module m\nRequire bad v1.0.0\n".into()),
        ("no module", "go.mod", "go 1.21\n".into()),
    ]
}

#[test]
fn no_lockfile_keeps_a_package_out_of_sight() {
    // Each is either rejected (none) or lists the vulnerable package `bad 1.0.0` still.
    for (what, name, text) in cheats_of_node().into_iter().chain(cheats_of_python_and_go()) {
        if let Ok(graph) = graph(&[(name, &text)]) {
            let is_listed = graph.packages.iter().any(|package| {
                (package.name.as_str(), package.version.as_str()) == ("bad", "1.0.0")
                    && package.origin == crate::Origin::Registry
                    && package.ecosystem != devops_core::Ecosystem::JSR
            });
            assert!(is_listed, "{name}: {what}: {:?}", graph.packages);
        }
    }
}

#[test]
fn what_is_no_address_is_not_the_project() {
    let npm = |resolved: &str| format!(r#"{V3}{{"version": "1.0.0", "resolved": "{resolved}"}}}}}}"#);
    let yarn =
        |pattern: &str, rest: &str| format!("# yarn lockfile v1\n{pattern}:\n  version \"1.0.0\"\n{rest}");
    let pnpm = |tarball: &str| {
        format!(
            "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {{integrity: sha512-a, tarball: {tarball}}}\n"
        )
    };
    let bun = |what: &str, address: &str| {
        format!(
            r#"{{"lockfileVersion": 1, "workspaces": {{}}, "packages": {{"a": ["{what}", "{address}", {{}}, "sha512-a"]}}}}"#
        )
    };
    for (name, text, origin) in [
        ("package-lock.json", npm("1.0.0"), "other"),
        ("package-lock.json", npm("latest"), "other"),
        ("package-lock.json", npm("user/a"), "git"),
        ("package-lock.json", npm("a-1.0.0.tgz#aa"), "other"),
        ("package-lock.json", npm("npm:a@1.0.0"), "registry"),
        ("package-lock.json", npm("file:packages/a"), "project"),
        ("yarn.lock", yarn("a@user/a", ""), "git"),
        ("yarn.lock", yarn("a@^1", "  resolved \"b-1.0.0.tgz#aa\"\n"), "other"),
        ("pnpm-lock.yaml", pnpm("other.tgz"), "other"),
        ("pnpm-lock.yaml", pnpm("//npm.example/a/-/a-1.0.0.tgz"), "other"),
        ("pnpm-lock.yaml", pnpm("'file:a.tgz'"), "path"),
        ("bun.lock", bun("a@1.0.0", "latest"), "other"),
        ("bun.lock", bun("a@user/a", ""), "git"),
        ("bun.lock", bun("a@root:", ""), "project"),
    ] {
        let graph = graph(&[(name, &text)]).unwrap_or_else(|error| panic!("{text}: {error}"));
        let package = graph.packages.iter().find(|package| package.name == "a").unwrap();
        assert_eq!(package.origin.word(), origin, "{text}");
    }
}

#[test]
fn files_from_elsewhere_are_listed_as_such() {
    let file = |url: &str| format!("{{url = \"{url}\", hash = \"sha256:aa\"}}");
    let own = "https://files.pythonhosted.org/packages/aa/a-1.0-py3-none-any.whl";
    let uv = |url: &str| {
        let registry = "source = { registry = \"https://pypi.org/simple\" }";
        format!(
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n{registry}\nwheels = [{}]\n",
            file(url)
        )
    };
    let pdm = |url: &str| {
        let head = "[metadata]\nlock_version = \"4.5.0\"\n[[package]]";
        format!("{head}\nname = \"a\"\nversion = \"1.0.0\"\nfiles = [{}]\n", file(url))
    };
    let pylock = |url: &str| {
        let head = "lock-version = \"1.0\"\n[[packages]]";
        format!("{head}\nname = \"a\"\nversion = \"1.0.0\"\nwheels = [{}]\n", file(url))
    };
    let foreign = "https://evil.example/a-1.0.0-py3-none-any.whl";
    for (name, text, count) in [
        ("uv.lock", uv(own), 1),
        ("uv.lock", uv(foreign), 2),
        ("pdm.lock", pdm(own), 1),
        ("pdm.lock", pdm(foreign), 2),
        ("pylock.toml", pylock(own), 1),
        ("pylock.toml", pylock(foreign), 2),
        ("pylock.toml", pylock(own).replace(own, "wheels/a.whl").replace("url =", "path ="), 2),
    ] {
        let graph = graph(&[(name, &text)]).unwrap_or_else(|error| panic!("{text}: {error}"));
        let origins: Vec<&str> = graph.packages.iter().map(|package| package.origin.word()).collect();
        assert_eq!((origins[0], origins.len()), ("registry", count), "{text}: {origins:?}");
    }
}

#[test]
fn both_documents_of_pnpm_are_read() {
    let document = |section: &str, name: &str| {
        let entry = format!("      {name}:\n        specifier: '1'\n        version: 1.0.0\n");
        let packages = format!("packages:\n  {name}@1.0.0:\n    resolution: {{integrity: sha512-a}}\n");
        format!(
            "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    {section}:\n{entry}{packages}snapshots:\n  {name}@1.0.0: {{}}\n"
        )
    };
    let own = document("packageManagerDependencies", "pnpm");
    let of_project = document("dependencies", "a");
    assert_eq!(
        rows(&[("pnpm-lock.yaml", &format!("{own}{of_project}"))]),
        ["pnpm 1.0.0 | 10 build registry direct", "a 1.0.0 | 23 runtime registry direct"]
    );
    for text in [
        format!("{of_project}{own}"),
        format!("{of_project}{of_project}"),
        format!("{own}{own}"),
        format!("{own}{of_project}{of_project}"),
        format!("{own}---\npackages: {{}}\n"),
        String::new(),
    ] {
        assert!(graph(&[("pnpm-lock.yaml", &text)]).is_err(), "{text}");
    }
}

#[test]
fn modules_of_deno_are_listed_by_their_host() {
    let text = r#"{"version": "5", "remote": {
        "https://deno.land/std@0.1.0/a.ts": "aa", "https://deno.land/x/b/mod.ts": "bb", "https://evil.host/c.ts": "cc",
        "https://esm.sh/v135/evil@1.0.0/es2022/mod.mjs": "dd", "https://cdn.jsdelivr.net/npm/@s/evil@2.0.0/+esm": "ee"}}"#;
    assert_eq!(
        rows(&[("deno.lock", text)]),
        [
            "deno.land | 2 runtime other direct",
            "evil.host | 2 runtime other direct",
            "esm.sh | 3 runtime other direct",
            "evil 1.0.0 | 3 runtime registry",
            "cdn.jsdelivr.net | 3 runtime other direct",
            "@s/evil 2.0.0 | 3 runtime registry",
        ]
    );
}

#[test]
fn an_empty_lockfile_of_yarn_is_right_where_nothing_is_asked_for() {
    let is_read = |manifest: &str| graph(&[("yarn.lock", "\n"), ("package.json", manifest)]).is_ok();
    assert!(is_read(r#"{"name": "a"}"#));
    assert!(!is_read(r#"{"dependencies": {"bad": "1"}}"#));
    assert!(!is_read(r#"{"workspaces": ["a"]}"#));
    assert!(!is_read("{"));
    assert!(graph(&[("yarn.lock", "")]).is_err());
}

#[test]
fn a_constraint_with_a_marker_fixes_nothing() {
    let files = [("requirements.txt", "a\n-c more.txt\n"), ("more.txt", "a==2.0 ; python_version < '2'\n")];
    assert_eq!(rows(&files), ["a | 1 runtime registry direct"]);
}

#[test]
fn old_releases_of_poetry_leave_out_what_comes_with_python() {
    let poetry = |version: &str, name: &str| {
        let package = "[[package]]\nname = \"a\"\nversion = \"1.0\"\n[package.dependencies]";
        format!("{package}\n{name} = \"*\"\n[metadata]\nlock-version = \"{version}\"\n")
    };
    let read = |text: String| graph(&[("poetry.lock", &text)]);
    assert!(read(poetry("1.1", "setuptools")).is_ok());
    assert!(read(poetry("1.1", "bad")).is_err());
    assert!(read(poetry("2.1", "setuptools")).is_err());
}

#[test]
fn old_releases_of_npm_write_false_for_the_address_of_what_is_bundled() {
    let text = r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "bundled": true, "resolved": false}}}"#;
    assert_eq!(rows(&[("package-lock.json", text)]), ["a 1.0.0 | 1 runtime registry direct"]);
}

#[test]
fn a_lockfile_without_packages_is_clean() {
    for (name, text) in [
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#),
        ("package-lock.json", r#"{"name": "a", "lockfileVersion": 1}"#),
        ("yarn.lock", "# THIS IS AN AUTOGENERATED FILE\n# yarn lockfile v1\n\n\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n"),
        ("pnpm-lock.yaml", "lockfileVersion: 5.4\n\nspecifiers: {}\n"),
        (
            "bun.lock",
            "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {\"name\": \"a\"},}, \"packages\": {}}",
        ),
        ("deno.lock", r#"{"version": "5"}"#),
        ("requirements.txt", "# nothing\n"),
        ("uv.lock", "version = 1\nrequires-python = \">=3\"\n"),
        ("poetry.lock", "package = []\n[metadata]\nlock-version = \"2.0\"\n"),
        ("pdm.lock", "[metadata]\nlock_version = \"4.5.0\"\n"),
        ("pylock.toml", "lock-version = \"1.0\"\npackages = []\n"),
        ("Pipfile.lock", r#"{"_meta": {"pipfile-spec": 6}, "default": {}, "develop": {}}"#),
        ("go.mod", "module m\n"),
    ] {
        let graph = graph(&[(name, text)]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(graph.packages.iter().all(|package| package.origin == crate::Origin::Project), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_changed_is_read_or_rejected(which in 0..8_usize, at in 0..4_000_usize, length in 0..40_usize, with in "[ -~\n]{0,6}") {
        let (name, text) = [
            ("package-lock.json", ALIAS), ("package-lock.json", ALIAS_1), ("yarn.lock", ALIAS_YARN), ("package-lock.json", LINK),
            ("pnpm-lock.yaml", PNPM), ("requirements.txt", PIP), ("go.mod", GO), ("package-lock.json", MALWARE),
        ][which];
        let start = at % (text.len() + 1);
        let end = (start + length).min(text.len());
        let changed = format!("{}{with}{}", &text[..start], &text[end..]);
        let _ = graph(&[(name, &changed)]).map(|graph| graph.paths().to(0));
    }
}

#[test]
fn files_of_other_programs_and_switched_off_workflows_have_no_packages() {
    for (path, text) in [
        ("Manifest.toml", "name = \"other\"\n"),
        ("Manifest.toml", "[package]\nname = \"other\"\n"),
        (".github/workflows/off.yml", "# name: x\n\n  # on: push\n"),
        ("bom.xml", "<export version=\"D\"><design/></export>"),
    ] {
        let Some(Kind::Read(format)) = Kind::of(path) else { panic!("{path} is not read") };
        let graph = format.read(&Source::alone(path, text.as_bytes())).unwrap();
        assert!(graph.packages.is_empty(), "{path}");
    }
    for (path, text) in [
        ("Manifest.toml", "Deps = {}\n"),
        ("Manifest.toml", "[[A]]\nversion = \"1.0.0\"\n"),
        (".github/workflows/off.yml", "on: push\n"),
        (".github/workflows/off.yml", ""),
        ("bom.xml", "<Bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>"),
        ("bom.xml", "<export xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>"),
    ] {
        let Some(Kind::Read(format)) = Kind::of(path) else { panic!("{path} is not read") };
        assert!(format.read(&Source::alone(path, text.as_bytes())).is_err(), "{path}: {text}");
    }
}

#[test]
fn components_may_depend_on_services() {
    let text = |to: &str| {
        format!(
            "{{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.7\", \"components\": [{{\"type\": \"library\", \"bom-ref\": \"r\", \"name\": \"a\", \"version\": \"1\", \
             \"purl\": \"pkg:maven/g/a@1?repository_url=https://repo1.maven.org/maven2\"}}], \"services\": [{{\"bom-ref\": \"s\", \"name\": \"s\", \
             \"services\": [{{\"bom-ref\": \"t\", \"name\": \"t\"}}]}}], \"dependencies\": [{{\"ref\": \"r\", \"dependsOn\": [\"{to}\"]}}]}}"
        )
    };
    for to in ["s", "t"] {
        assert_eq!(rows(&[("bom.json", &text(to))]), ["g:a 1 | 1 runtime registry"]);
    }
    assert!(graph(&[("bom.json", &text("u"))]).is_err());
    let elsewhere = text("s").replace("repo1.maven.org", "repo1.maven.org.evil.host");
    assert_eq!(rows(&[("bom.json", &elsewhere)]), ["g:a 1 | 1 runtime other"]);
}
