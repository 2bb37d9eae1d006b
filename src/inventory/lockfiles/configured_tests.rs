//! Registries that files beside lockfiles set.

use super::{Kind, Source};

const CARGO: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
const NPM: &str = r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/@s/b": {"version": "1.0.0"}}}"#;
const YARN: &str = "# yarn lockfile v1\na@1:\n  version \"1.0.0\"\n";
const BUN: &str =
    r#"{"lockfileVersion": 1, "workspaces": {}, "packages": {"a": ["a@1.0.0", "", {}, "sha512-a"]}}"#;
const POETRY: &str = "[[package]]\nname = \"a\"\nversion = \"1.0\"\n\n[metadata]\nlock-version = \"2.0\"\n";
const PDM: &str = "[metadata]\nlock_version = \"4.5.0\"\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\n";
const POM: &str = "<project><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>1</version></dependency></dependencies></project>";
const GEMS: &str =
    "GEM\n  remote: https://rubygems.org/\n  specs:\n    a (1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a\n";
const NUGET: &str = "<packages><package id='a' version='1.0' targetFramework='net48'/></packages>";
const PIPFILE: &str = r#"{"_meta": {"pipfile-spec": 6, "sources": [{"name": "pypi", "url": "https://pypi.org/simple"}, {"name": "x", "url": "https://x.example/simple"}]}, "default": {"a": {"version": "==1.0"}}}"#;

/// Sources with their files and lines, of a lockfile in the folder `app` and a file beside it.
fn sources(lockfile: (&str, &str), beside: (&str, &str)) -> Vec<String> {
    let Some(Kind::Read(format)) = Kind::of(lockfile.0) else { panic!("{} is not read", lockfile.0) };
    let neighbour = |name: &str| {
        Ok(Some(beside).filter(|(path, _)| *path == name).map(|(_, text)| text.as_bytes().to_vec()))
    };
    let path = format!("app/{}", lockfile.0);
    let source = Source { path: &path, bytes: lockfile.1.as_bytes(), neighbour: &neighbour };
    let graph = match format.read(&source) {
        Ok(graph) => graph,
        Err(error) => {
            return vec![format!("error {}", error.location().map(ToString::to_string).unwrap_or_default())];
        }
    };
    let found = graph.packages.iter().filter(|package| package.is_source());
    found
        .map(|package| {
            format!("{} {}:{}", package.source, package.file.as_deref().unwrap_or("-"), package.line)
        })
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn registries_are_listed_once() {
    let requirements = ("requirements.txt", "a==1.0\n");
    for (lockfile, beside, expected) in [
        (
            ("requirements.txt", "--extra-index-url https://user:word@x.example/simple?token=1\na==1.0\n"),
            ("-", ""),
            vec!["https://x.example/simple -:1"],
        ),
        (
            (
                "requirements.txt",
                "a==1.0\n--extra-index-url=https://pypi.org/simple\n-f ./wheels\n-f ../wheels\n",
            ),
            ("-", ""),
            vec!["../wheels -:4"],
        ),
        (("requirements.txt", "--trusted-host x.example\na==1.0\n"), ("-", ""), vec![]),
        (
            requirements,
            (
                "pip.conf",
                "[global]\nindex_url = https://pypi.org/simple\nextra-index-url =\n    https://x.example/simple\n    https://y.example\nno-index = https://z.example\n",
            ),
            vec!["https://x.example/simple app/pip.conf:4", "https://y.example/ app/pip.conf:5"],
        ),
        (
            requirements,
            ("../pip.conf", "[global]\nextra-index-url: https://x.example/simple # ours\n"),
            vec!["https://x.example/simple pip.conf:2"],
        ),
        (
            requirements,
            (
                "pyproject.toml",
                "[[tool.uv.index]]\nurl = \"https://x.example/\"\n[[tool.uv.index]]\nexplicit = true\nurl = \"https://y.example/\"\n",
            ),
            vec!["https://x.example/ app/pyproject.toml:1"],
        ),
        (
            requirements,
            ("uv.toml", "extra-index-url = [\"https://x.example/\"]\n"),
            vec!["https://x.example/ app/uv.toml:1"],
        ),
        (requirements, ("pyproject.toml", "[tool.uv"), vec!["error app/pyproject.toml:1"]),
        (
            ("poetry.lock", POETRY),
            ("pyproject.toml", "[[tool.poetry.source]]\nname = \"x\"\nurl = \"https://x.example/\"\n"),
            vec!["https://x.example/ app/pyproject.toml:3"],
        ),
        (
            ("poetry.lock", POETRY),
            (
                "pyproject.toml",
                "[[tool.poetry.source]]\nname = \"x\"\nurl = \"https://x.example/\"\npriority = \"explicit\"\n",
            ),
            vec![],
        ),
        (
            ("pdm.lock", PDM),
            ("pyproject.toml", "[[tool.pdm.source]]\nname = \"x\"\nurl = \"https://x.example/\"\n"),
            vec!["https://x.example/ app/pyproject.toml:3"],
        ),
        (("Pipfile.lock", PIPFILE), ("-", ""), vec!["https://x.example/simple -:1"]),
        (
            ("package-lock.json", NPM),
            (".npmrc", "; ours\nregistry=https://x.example/npm/\n//x.example/:_authToken=${TOKEN}\n"),
            vec!["https://x.example/npm app/.npmrc:2"],
        ),
        (
            ("package-lock.json", NPM),
            (
                ".npmrc",
                "\u{feff}registry = \"https://registry.npmjs.org/\"\n@s:registry=https://s.example\n@t:registry=https://t.example\n",
            ),
            vec!["https://s.example/ app/.npmrc:2"],
        ),
        (("package-lock.json", NPM), ("../.npmrc", "registry=https://x.example\n"), vec![]),
        (
            ("yarn.lock", YARN),
            (".yarnrc", "registry \"https://x.example\"\n"),
            vec!["https://x.example/ app/.yarnrc:1"],
        ),
        (
            ("yarn.lock", YARN),
            ("../.yarnrc.yml", "npmRegistryServer: \"https://x.example\"\n"),
            vec!["https://x.example/ .yarnrc.yml:1"],
        ),
        (
            ("yarn.lock", YARN),
            (".yarnrc.yml", "npmScopes:\n  s:\n    npmRegistryServer: https://s.example\n"),
            vec![],
        ),
        (
            ("bun.lock", BUN),
            ("bunfig.toml", "[install]\nregistry = { url = \"https://x.example\", token = \"$T\" }\n"),
            vec!["https://x.example/ app/bunfig.toml:2"],
        ),
        (
            ("Cargo.lock", CARGO),
            (
                ".cargo/config.toml",
                "[source.crates-io]\nreplace-with = \"a\"\n[source.a]\nreplace-with = \"b\"\n[source.b]\nregistry = \"sparse+https://x.example/index/\"\n",
            ),
            vec!["sparse+https://x.example/index app/.cargo/config.toml:6"],
        ),
        (
            ("Cargo.lock", CARGO),
            (
                "../.cargo/config.toml",
                "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n",
            ),
            vec![],
        ),
        (
            ("Cargo.lock", CARGO),
            (".cargo/config", "paths = [\"../other\"]\n[source.crates-io]\nreplace-with = \"mine\"\n"),
            vec!["../other app/.cargo/config:1", "https://mine/ app/.cargo/config:3"],
        ),
        (
            ("Cargo.lock", CARGO),
            (
                ".cargo/config.toml",
                "[source.crates-io]\nreplace-with = \"a\"\n[source.a]\nreplace-with = \"crates-io\"\n",
            ),
            vec![],
        ),
        (
            ("packages.config", NUGET),
            (
                "nuget.config",
                "<configuration><packageSources><clear/><add key='nuget.org' value='https://api.nuget.org/v3/index.json'/>\n<add key='x' value='https://x.example/v3/index.json'/><add key='y' value='https://y.example'/></packageSources><disabledPackageSources><add key='y' value='true'/></disabledPackageSources></configuration>",
            ),
            vec!["https://x.example/v3/index.json app/nuget.config:2"],
        ),
        (
            ("pom.xml", POM),
            (
                "../.mvn/settings.xml",
                "<settings><mirrors><mirror><id>x</id>\n<url>https://x.example/m2</url></mirror></mirrors></settings>",
            ),
            vec!["https://x.example/m2 .mvn/settings.xml:1"],
        ),
        (
            ("pom.xml", POM),
            ("settings.xml", "<other><mirror><url>https://x.example</url></mirror></other>"),
            vec![],
        ),
        (
            ("Gemfile.lock", GEMS),
            (
                ".bundle/config",
                "---\nBUNDLE_PATH: \"vendor\"\nBUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: \"https://x.example\"\n",
            ),
            vec!["https://x.example/ app/.bundle/config:3"],
        ),
    ] {
        assert_eq!(sources(lockfile, beside), expected, "{} {beside:?}", lockfile.0);
    }
}
