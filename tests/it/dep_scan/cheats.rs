//! Changes in lockfiles of many formats that try to bring a vulnerable or malicious package past the gate, and the same changes with
//! the version that is fixed.

use std::ops::Deref;

use crate::change::{
    self,
    Expected::{Pass, Red, Refused, Warn},
};
use crate::support::{Checkout, binary, git, run, zip};

/// What the target branch says.
const SETTINGS: &str = "[dep-scan]\npaths = ['.']\ndb = ['db']\nfrozen-db = true\n";

/// A repository whose target branch depends on `bad` 1.2.0, in which everything is fixed.
struct Project(Checkout);

impl Deref for Project {
    type Target = Checkout;

    fn deref(&self) -> &Checkout {
        &self.0
    }
}

/// An advisory about versions of `bad` before 1.2.0.
fn record(id: &str, ecosystem: &str, name: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "aliases": ["CVE-2026-1"],
"summary": "bad", "severity": [{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}], "affected": [{{
"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}}, "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "1.2.0"}}]}}]}}]}}"#
    )
}

const MALWARE: &str = r#"{"id": "MAL-2026-1", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "summary": "evil",
"affected": [{"package": {"ecosystem": "npm", "name": "evil"}, "versions": ["6.6.6"]}]}"#;

impl Project {
    fn new() -> Self {
        let project = Self(Checkout::new());
        project.write("devops.toml", SETTINGS);
        project.write("package-lock.json", npm(&entry("bad", "1.2.0", "")));
        for (ecosystem, name) in [
            ("npm", "bad"),
            ("PyPI", "bad"),
            ("Go", "example.org/bad"),
            ("Maven", "org.example:bad"),
            ("RubyGems", "bad"),
            ("Packagist", "acme/bad"),
            ("NuGet", "Bad"),
            ("Hex", "bad"),
            ("Pub", "bad"),
        ] {
            project.write(
                &format!("db/{ecosystem}.json"),
                record(&format!("GHSA-{ecosystem}"), ecosystem, name),
            );
        }
        project.write("db/MAL-2026-1.json", MALWARE);
        change::commit(project.path());
        project
    }

    /// The lockfile of npm has the vulnerable version.
    fn vulnerable(&self) {
        self.npm(&entry("bad", "1.0.1", ""));
    }

    /// The target branch has this file, and settings beside the usual ones, or instead of those of the database.
    fn on_main(&self, settings: &str, path: &str, bytes: &[u8]) {
        git(self.path(), &["switch", "--quiet", "main"]);
        let own = if settings.starts_with("db") {
            SETTINGS.replace("db = ['db']\n", "")
        } else {
            SETTINGS.to_owned()
        };
        self.write("devops.toml", format!("{own}{settings}"));
        self.write(path, bytes);
        change::commit(self.path());
        git(self.path(), &["switch", "--quiet", "-C", "topic"]);
    }

    /// An index of the advisories, or of those without that about `bad` of npm.
    fn index(is_whole: bool) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        std::fs::create_dir(&source).unwrap();
        for (name, text) in records(is_whole) {
            std::fs::write(source.join(name), text).unwrap();
        }
        let finished =
            run(binary("dep-scan", folder.path()).args(["db", "build", "--output", "index", "source"]));
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        std::fs::read(folder.path().join("index")).unwrap()
    }

    fn settings(&self, own: &str) {
        self.write("devops.toml", format!("{SETTINGS}{own}"));
    }

    /// The lockfile of npm has this entry.
    fn npm(&self, entry: &str) {
        self.write("package-lock.json", npm(entry));
    }

    /// The lockfile of npm has the vulnerable version, changed so.
    fn changed(&self, from: &str, to: &str) {
        let text = npm(&entry("bad", "1.0.1", ""));
        assert!(text.contains(from), "{from}");
        self.write("package-lock.json", text.replacen(from, to, 1));
    }

    /// Adds a file that git ignores.
    fn force(&self, path: &str, text: &str) {
        self.write(path, text);
        git(self.path(), &["add", "--force", path]);
    }
}

/// Two records, or the one that is about another package.
fn records(is_whole: bool) -> Vec<(&'static str, String)> {
    let other = ("GHSA-2.json", record("GHSA-2", "npm", "other"));
    let about = ("GHSA-1.json", record("GHSA-1", "npm", "bad"));
    if is_whole { vec![about, other] } else { vec![other] }
}

/// The same in a zip.
fn packed(is_whole: bool) -> Vec<u8> {
    let records = records(is_whole);
    let files: Vec<(&str, &str)> = records.iter().map(|(name, text)| (*name, text.as_str())).collect();
    zip(&files)
}

/// When version 1.2.1 of `bad` was published.
fn dates(published: &str) -> String {
    format!(
        r#"{{"schema_version": 1, "packages": [{{"ecosystem": "npm", "name": "bad", "releases": [{{"version": "1.2.1", "published": "{published}"}}]}}]}}"#
    )
}

/// A lockfile of npm with this entry of `packages`.
fn npm(entry: &str) -> String {
    format!(
        "{{\n  \"name\": \"app\",\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"\": {{\"name\": \"app\"}},\n    {entry}\n  }}\n}}\n"
    )
}

/// An entry below `node_modules`, with more keys.
fn entry(name: &str, version: &str, more: &str) -> String {
    at(&format!("node_modules/{name}"), name, version, more)
}

/// An entry at a place.
fn at(place: &str, name: &str, version: &str, more: &str) -> String {
    format!(
        "\"{place}\": {{\"version\": \"{version}\", \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz\", \"integrity\": \"sha512-{version}AAA==\"{more}}}"
    )
}

/// A lockfile at a path with a version of the package.
type Form = (&'static str, fn(&str) -> String);

const YARN: Form = ("yarn.lock", |version| {
    format!(
        "# yarn lockfile v1\n\n\nbad@^1.0.0:\n  version \"{version}\"\n  resolved \"https://registry.yarnpkg.com/bad/-/bad-{version}.tgz#aa\"\n"
    )
});
const YARN_ALIAS: Form = ("app/yarn.lock", |version| {
    format!(
        "# yarn lockfile v1\n\n\n\"safe@npm:bad@^1.0.0\":\n  version \"{version}\"\n  resolved \"https://registry.yarnpkg.com/bad/-/bad-{version}.tgz#aa\"\n"
    )
});
const BERRY: Form = ("yarn.lock", |version| {
    format!(
        "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"safe@npm:bad@^1.0.0\":\n  version: {version}\n  resolution: \"bad@npm:{version}\"\n  checksum: 10c0/aa\n  languageName: node\n  linkType: hard\n"
    )
});
const PNPM: Form = ("pnpm-lock.yaml", |version| {
    format!(
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      bad:\n        specifier: ^1.0.0\n        version: {version}\n\npackages:\n\n  bad@{version}:\n    resolution: {{integrity: sha512-{version}AAA==}}\n\nsnapshots:\n\n  bad@{version}: {{}}\n"
    )
});
const PIP: Form = ("requirements.txt", |version| format!("bad=={version}\n"));
const PIP_CASE: Form =
    ("requirements.txt", |version| format!("BaD [extra] == {version} ; python_version > '3'\n"));
const PIP_FOLDER: Form =
    ("requirements/dev.txt", |version| format!("bad=={version} \\\n    --hash=sha256:aa\n"));
const PIPENV: Form = ("Pipfile.lock", |version| {
    format!(
        "{{\"_meta\": {{\"hash\": {{\"sha256\": \"aa\"}}, \"pipfile-spec\": 6, \"requires\": {{}}, \"sources\": [{{\"name\": \"pypi\", \"url\": \"https://pypi.org/simple\", \"verify_ssl\": true}}]}}, \"default\": {{}}, \"develop\": {{\"bad\": {{\"hashes\": [\"sha256:aa\"], \"version\": \"=={version}\"}}}}}}\n"
    )
});
const POETRY: Form = ("poetry.lock", |version| {
    format!(
        "[[package]]\nname = \"bad\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\n[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\ncontent-hash = \"aa\"\n"
    )
});
const UV: Form = ("uv.lock", |version| {
    format!(
        "version = 1\nrequires-python = \">=3.8\"\n\n[[package]]\nname = \"bad\"\nversion = \"{version}\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n"
    )
});
const PYLOCK: Form = ("pylock.toml", |version| {
    format!(
        "lock-version = \"1.0\"\ncreated-by = \"x\"\n\n[[packages]]\nname = \"bad\"\nversion = \"{version}\"\n"
    )
});
const GO: Form =
    ("go.mod", |version| format!("module example.org/app\n\nrequire example.org/bad v{version}\n"));
const GO_REPLACED: Form = ("go.mod", |version| {
    format!(
        "module example.org/app\n\nrequire example.org/bad v1.9.0\n\nreplace example.org/bad => example.org/bad v{version}\n"
    )
});
const GRADLE: Form = ("gradle.lockfile", |version| {
    format!(
        "# This is a Gradle generated file for dependency locking.\norg.example:bad:{version}=runtimeClasspath\nempty=\n"
    )
});
const MAVEN: Form = ("pom.xml", |version| {
    format!(
        "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>x</groupId>\n  <artifactId>app</artifactId>\n  <version>1</version>\n  <properties><v>{version}</v></properties>\n  <dependencies>\n    <dependency><groupId>org.example</groupId><artifactId>bad</artifactId><version>${{v}}</version></dependency>\n  </dependencies>\n</project>\n"
    )
});
const GEM: Form = ("Gemfile.lock", |version| {
    format!(
        "GEM\n  remote: https://rubygems.org/\n  specs:\n    bad ({version}-x86_64-linux)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  bad\n\nBUNDLED WITH\n   2.5.4\n"
    )
});
const COMPOSER: Form = ("composer.lock", |version| {
    format!(
        "{{\"content-hash\": \"x\", \"packages\": [], \"packages-dev\": [{{\"name\": \"Acme/Bad\", \"version\": \"v{version}\", \"notification-url\": \"https://packagist.org/downloads/\"}}]}}\n"
    )
});
const NUGET: Form = ("packages.lock.json", |version| {
    format!(
        "{{\"version\": 1, \"dependencies\": {{\"net8.0\": {{\"BAD\": {{\"type\": \"Transitive\", \"resolved\": \"{version}\", \"contentHash\": \"x\"}}}}}}}}\n"
    )
});
const MIX: Form = ("mix.lock", |version| {
    format!("%{{\n  \"safe\": {{:hex, :bad, \"{version}\", \"aa\", [:mix], [], \"hexpm\", \"bb\"}},\n}}\n")
});
const BILL: Form = ("bom.json", |version| {
    format!(
        "{{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [{{\"type\": \"library\", \"name\": \"x\", \"version\": \"1.0.0\", \"purl\": \"pkg:npm/x@1.0.0\", \"components\": [{{\"type\": \"library\", \"name\": \"bad\", \"version\": \"{version}\", \"purl\": \"pkg:npm/bad@{version}\"}}]}}]}}\n"
    )
});
const SPDX: Form = ("app.spdx.json", |version| {
    format!(
        "{{\"spdxVersion\": \"SPDX-2.3\", \"SPDXID\": \"SPDXRef-DOCUMENT\", \"name\": \"x\", \"packages\": [{{\"SPDXID\": \"SPDXRef-1\", \"name\": \"bad\", \"versionInfo\": \"{version}\", \"externalRefs\": [{{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": \"pkg:npm/bad@{version}\"}}]}}]}}\n"
    )
});

/// Adds the lockfile of a form.
fn add(project: &Project, (path, text): Form, version: &str) {
    project.write(path, text(version));
}

/// The same change with the vulnerable version, which is red, and with the fixed one, which is green.
macro_rules! forms {
    ($($name:literal: $form:ident;)*) => {
        const FORMS: &[Case] = &[$(($name, |project| add(project, $form, "1.0.1"), Red("advisory"))),*];
        const FIXED: &[Case] = &[$(($name, |project| add(project, $form, "1.2.0"), Pass)),*];
    };
}

forms! {
    "adds a lockfile of Yarn": YARN;
    "adds an alias to a lockfile of Yarn": YARN_ALIAS;
    "adds an alias to a lockfile of Yarn Berry": BERRY;
    "adds a lockfile of pnpm": PNPM;
    "adds requirements": PIP;
    "spells a requirement otherwise": PIP_CASE;
    "adds requirements in a folder of that name": PIP_FOLDER;
    "adds a lockfile of Pipenv": PIPENV;
    "adds a lockfile of Poetry": POETRY;
    "adds a lockfile of uv": UV;
    "adds a lockfile of Python": PYLOCK;
    "adds a lockfile of Gradle": GRADLE;
    "adds a POM with a property": MAVEN;
    "adds a gem of one platform": GEM;
    "adds a lockfile of Composer in another case": COMPOSER;
    "adds a lockfile of NuGet in another case": NUGET;
    "renames a package of Hex": MIX;
    "adds a bill of materials with nested components": BILL;
    "adds a bill in SPDX": SPDX;
}

type Case = change::Case<Project>;

/// Changes of the lockfile of npm and around it.
const NPM: &[Case] = &[
    ("takes the vulnerable version", |project| project.npm(&entry("bad", "1.0.1", "")), Red("advisory")),
    (
        "marks it as one for development",
        |project| project.npm(&entry("bad", "1.0.1", ", \"dev\": true")),
        Red("advisory"),
    ),
    (
        "marks it as optional",
        |project| project.npm(&entry("bad", "1.0.1", ", \"optional\": true")),
        Red("advisory"),
    ),
    (
        "marks it as a peer",
        |project| project.npm(&entry("bad", "1.0.1", ", \"peer\": true")),
        Red("advisory"),
    ),
    (
        "installs it under another name",
        |project| project.npm(&at("node_modules/safe", "bad", "1.0.1", ", \"name\": \"bad\"")),
        Red("advisory"),
    ),
    (
        "bundles it",
        |project| {
            project.npm(&format!(
                "{},\n    \"node_modules/a/node_modules/bad\": {{\"version\": \"1.0.1\", \"inBundle\": true}}",
                entry("a", "1.0.0", ", \"bundleDependencies\": [\"bad\"], \"dependencies\": {\"bad\": \"1\"}")
            ));
        },
        Red("advisory"),
    ),
    (
        "nests it deeply",
        |project| project.npm(&at("node_modules/a/node_modules/b/node_modules/bad", "bad", "1.0.1", "")),
        Red("advisory"),
    ),
    (
        "lists it for older releases of npm only",
        |project| {
            let text =
                npm(&entry("bad", "1.2.0", "")).replace("\"lockfileVersion\": 3", "\"lockfileVersion\": 2");
            project.write(
                "package-lock.json",
                text.replace(
                    "  }\n}\n",
                    "  },\n  \"dependencies\": {\"bad\": {\"version\": \"1.0.1\"}}\n}\n",
                ),
            );
        },
        Red("advisory"),
    ),
    (
        "writes a lockfile of version 1 with an alias",
        |project| {
            project.write(
                "package-lock.json",
                "{\"lockfileVersion\": 1, \"dependencies\": {\"safe\": {\"version\": \"npm:bad@1.0.1\"}}}\n",
            );
        },
        Red("advisory"),
    ),
    (
        "needs a package that it does not list",
        |project| {
            project.write("package-lock.json", "{\"lockfileVersion\": 1, \"dependencies\": {\"a\": {\"version\": \"1.0.0\", \"requires\": {\"bad\": \"1\"}}}}\n");
        },
        Refused(3, "asked for and not listed"),
    ),
    (
        "writes a mark and the line ends of Windows",
        |project| {
            let text = npm(&entry("bad", "1.0.1", "")).replace('\n', "\r\n");
            project.write("package-lock.json", format!("\u{feff}{text}"));
        },
        Red("advisory"),
    ),
    ("cuts the lockfile off", |project| project.changed("\"resolved\"", ""), Refused(3, "package-lock.json")),
    (
        "writes a key in another case",
        |project| project.changed("\"version\"", "\"Version\""),
        Refused(3, "package-lock.json"),
    ),
    (
        "writes the list in another case",
        |project| project.changed("\"packages\"", "\"Packages\""),
        Refused(3, "package-lock.json"),
    ),
    (
        "writes a key twice",
        |project| project.changed("\"version\": \"1.0.1\"", "\"version\": \"1.0.1\", \"version\": \"1.2.0\""),
        Refused(3, "occurs twice"),
    ),
    (
        "adds a second document",
        |project| {
            let text = npm(&entry("bad", "1.2.0", ""));
            project.write("package-lock.json", format!("{text}{}", npm(&entry("bad", "1.0.1", ""))));
        },
        Refused(3, "package-lock.json"),
    ),
    (
        "leaves a conflict",
        |project| project.changed("    \"node", "<<<<<<< HEAD\n=======\n>>>>>>> topic\n    \"node"),
        Refused(3, "conflict"),
    ),
    (
        "writes a NUL",
        |project| project.changed("node_modules/bad", "node_modules/ba\u{0}d"),
        Refused(3, "NUL"),
    ),
    (
        "writes a control character",
        |project| project.changed("1.0.1\"", "1.0.1\u{1}\""),
        Refused(3, "package-lock.json"),
    ),
    (
        "takes it from another host",
        |project| {
            project.npm(&entry("bad", "1.2.0", "").replace("registry.npmjs.org", "registry.example.org"));
        },
        Red("lockfile-tampered"),
    ),
    (
        "takes the fixed version with another checksum",
        |project| project.npm(&entry("bad", "1.2.0", "").replace("AAA==", "BBB==")),
        Red("lockfile-tampered"),
    ),
    (
        "takes the checksum away",
        |project| {
            project.npm(&entry("bad", "1.2.0", "").replace(", \"integrity\": \"sha512-1.2.0AAA==\"", ""));
        },
        Red("lockfile-tampered"),
    ),
    (
        "takes it from git",
        |project| {
            project.npm(
                "\"node_modules/bad\": {\"version\": \"1.0.1\", \"resolved\": \"git+ssh://git@git.example.org/bad.git#0123456789abcdef0123456789abcdef01234567\"}",
            );
        },
        Warn("source-not-covered"),
    ),
    ("brings malware", |project| project.npm(&entry("evil", "6.6.6", "")), Red("malware")),
    (
        "brings malware under another name, for development",
        |project| {
            project.npm(&at("node_modules/safe", "evil", "6.6.6", ", \"name\": \"evil\", \"dev\": true"));
        },
        Red("malware"),
    ),
    (
        "waives its malware",
        |project| {
            project.npm(&entry("evil", "6.6.6", ""));
            project.settings("[[waiver]]\nrule = 'malware'\nmatches = 'MAL-2026-1'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n");
        },
        Red("malware"),
    ),
    (
        "gives its malware grace",
        |project| {
            project.npm(&entry("evil", "6.6.6", ""));
            project.settings("scopes = ['dev']\nfixed-only = true\n[dep-scan.grace]\ncritical = 365\n");
        },
        Red("malware"),
    ),
    (
        "excludes the lockfile",
        |project| {
            project.npm(&entry("bad", "1.0.1", ""));
            project.settings("exclude = ['package-lock.json']\n");
        },
        Red("advisory"),
    ),
    (
        "ignores the folder of the lockfile",
        |project| {
            project.write(".gitignore", "devops-report/\nsub/\n");
            project.force("sub/package-lock.json", &npm(&entry("bad", "1.0.1", "")));
        },
        Red("advisory"),
    ),
    (
        "ignores lockfiles in a folder",
        |project| {
            project.write("sub/.gitignore", "*.json\n");
            project.force("sub/package-lock.json", &npm(&entry("bad", "1.0.1", "")));
        },
        Red("advisory"),
    ),
    (
        "renames the lockfile",
        |project| {
            project.write("package.json", "{\"name\": \"app\", \"dependencies\": {\"bad\": \"^1.0.0\"}}\n");
            project.write("package-lock.json.old", npm(&entry("bad", "1.0.1", "")));
            std::fs::remove_file(project.path().join("package-lock.json")).unwrap();
            add(project, PIP, "1.2.0");
        },
        Red("lockfile-gone"),
    ),
    (
        "has a bill of materials in place of the lockfile",
        |project| {
            std::fs::remove_file(project.path().join("package-lock.json")).unwrap();
            add(project, BILL, "1.0.1");
        },
        Red("advisory"),
    ),
    (
        "reads another file as the lockfile",
        |project| {
            project.npm(&entry("bad", "1.0.1", ""));
            project.write("fine.txt", npm(&entry("bad", "1.2.0", "")));
            project.write("devops.toml", SETTINGS.replace("'.'", "'package-lock.json:fine.txt'"));
        },
        Red("advisory"),
    ),
    (
        "names its target branch itself",
        |project| {
            project.npm(&entry("bad", "1.0.1", ""));
            project.write("devops.toml", format!("base = 'HEAD'\n{SETTINGS}only-new = true\n"));
        },
        Red("advisory"),
    ),
    (
        "hides a requirement behind the options of another",
        |project| project.write("requirements.txt", "other==1.0 --hash=sha256:aa bad==1.0.1\n"),
        Refused(3, "not an option"),
    ),
    (
        "hides a requirement behind an address",
        |project| {
            project
                .write("requirements.txt", "--extra-index-url https://example.org/simple \\\n  bad==1.0.1\n");
        },
        Refused(3, "follows the value"),
    ),
    (
        "includes requirements of another name",
        |project| {
            project.write("requirements.txt", "-r more/list\n");
            project.write("more/list", "bad==1.0.1\n");
        },
        Red("advisory"),
    ),
    (
        "includes requirements that are not there",
        |project| project.write("requirements.txt", "-r more/list\n"),
        Refused(3, "can't be read"),
    ),
    (
        "replaces a module by a vulnerable version",
        |project| add(project, GO_REPLACED, "1.0.1"),
        Red("advisory"),
    ),
    ("adds a module", |project| add(project, GO, "1.0.1"), Red("advisory")),
];

/// Changes that do no harm.
const HARMLESS: &[Case] = &[
    (
        "formats the lockfile",
        |project| project.write("package-lock.json", npm(&entry("bad", "1.2.0", "")).replace("    ", "\t")),
        Pass,
    ),
    ("takes a later version", |project| project.npm(&entry("bad", "1.3.0", "")), Pass),
    (
        "marks it as one for development",
        |project| project.npm(&entry("bad", "1.2.0", ", \"dev\": true")),
        Pass,
    ),
    (
        "installs it under another name",
        |project| project.npm(&at("node_modules/safe", "bad", "1.2.0", ", \"name\": \"bad\"")),
        Pass,
    ),
    ("takes a longer namesake", |project| project.npm(&entry("bad-not", "1.0.1", "")), Pass),
    ("takes another version of what was malware", |project| project.npm(&entry("evil", "6.6.5", "")), Pass),
    (
        "takes the registry of Yarn",
        |project| {
            let text = (YARN.1)("1.2.0");
            project.write("yarn.lock", text.replace("registry.yarnpkg.com", "registry.npmjs.org"));
        },
        Pass,
    ),
    (
        "writes a mark and the line ends of Windows",
        |project| {
            let text = npm(&entry("bad", "1.2.0", "")).replace('\n', "\r\n");
            project.write("package-lock.json", format!("\u{feff}{text}"));
        },
        Pass,
    ),
    (
        "has a namesake in another ecosystem",
        |project| project.write("Gemfile.lock", (GEM.1)("1.2.0").replace("bad", "example")),
        Pass,
    ),
    (
        "includes requirements",
        |project| {
            project
                .write("requirements.txt", "-r more/list\n--extra-index-url https://pypi.org/simple --pre\n");
            project.write("more/list", "bad==1.2.0 --hash=sha256:aa --hash=sha256:bb\n");
        },
        Pass,
    ),
    (
        "comments a requirement out",
        |project| project.write("requirements.txt", "# bad==1.0.1\nbad==1.2.0  # not bad==1.0.1\n"),
        Pass,
    ),
    (
        "excludes a version of a module",
        |project| {
            project.write("go.mod", format!("{}\nexclude example.org/bad v1.0.1\n", (GO.1)("1.2.0")));
        },
        Pass,
    ),
    (
        "moves the lockfile",
        |project| {
            std::fs::remove_file(project.path().join("package-lock.json")).unwrap();
            project.write("web/package-lock.json", npm(&entry("bad", "1.2.0", "")));
        },
        Pass,
    ),
    (
        "ignores a folder without lockfiles",
        |project| project.write(".gitignore", "devops-report/\ndist/\n"),
        Pass,
    ),
];

const ZIP: &str = "db = ['db.zip']\n";
const FOLDER: &str = "db = ['zips']\n";
const INDEX: &str = "db = ['advisories.idx']\n";
const DATES: &str = "min-release-age = 7\nrelease-dates = 'dates.json'\n";

/// Changes of tracked files that say what is vulnerable, and how old it is.
const TRACKED: &[Case] = &[
    (
        "replaces the zip by one without the advisory",
        |project| {
            project.on_main(ZIP, "db.zip", &packed(true));
            project.vulnerable();
            project.write("db.zip", packed(false));
        },
        Red("advisory"),
    ),
    (
        "replaces the zip by an index without the advisory",
        |project| {
            project.on_main(ZIP, "db.zip", &packed(true));
            project.vulnerable();
            project.write("db.zip", Project::index(false));
        },
        Red("advisory"),
    ),
    (
        "replaces the zip by a folder without the advisory",
        |project| {
            project.on_main(ZIP, "db.zip", &packed(true));
            project.vulnerable();
            std::fs::remove_file(project.path().join("db.zip")).unwrap();
            project.write("db.zip/GHSA-2.json", record("GHSA-2", "npm", "other"));
        },
        Red("advisory"),
    ),
    (
        "removes the zip",
        |project| {
            project.on_main(ZIP, "db.zip", &packed(true));
            project.vulnerable();
            std::fs::remove_file(project.path().join("db.zip")).unwrap();
        },
        Refused(3, "db.zip"),
    ),
    (
        "replaces a zip in a folder",
        |project| {
            project.on_main(FOLDER, "zips/npm/all.zip", &packed(true));
            project.vulnerable();
            project.write("zips/npm/all.zip", packed(false));
        },
        Red("advisory"),
    ),
    (
        "replaces the index by one without the advisory",
        |project| {
            project.on_main(INDEX, "advisories.idx", &Project::index(true));
            project.vulnerable();
            project.write("advisories.idx", Project::index(false));
        },
        Red("advisory"),
    ),
    (
        "replaces the index by a zip without the advisory",
        |project| {
            project.on_main(INDEX, "advisories.idx", &Project::index(true));
            project.vulnerable();
            project.write("advisories.idx", packed(false));
        },
        Red("advisory"),
    ),
    (
        "cuts the index off",
        |project| {
            let index = Project::index(true);
            project.on_main(INDEX, "advisories.idx", &index);
            project.vulnerable();
            project.write("advisories.idx", &index[..index.len() / 2]);
        },
        Refused(3, "advisories.idx"),
    ),
    (
        "dates a new version back",
        |project| {
            project.on_main(DATES, "dates.json", dates("2026-11-22T00:00:00Z").as_bytes());
            project.npm(&entry("bad", "1.2.1", ""));
            project.write("dates.json", dates("2020-01-01T00:00:00Z"));
        },
        Red("package-too-new"),
    ),
    (
        "brings the dates that the settings wait for",
        |project| {
            project.on_main(DATES, "README.md", b"");
            project.npm(&entry("bad", "1.2.1", ""));
            project.write("dates.json", dates("2020-01-01T00:00:00Z"));
        },
        Red("package-too-new"),
    ),
];

/// Changes of the same files that do no harm.
const UPDATED: &[Case] = &[
    (
        "updates the zip",
        |project| {
            project.on_main(ZIP, "db.zip", &packed(false));
            project.write("db.zip", packed(true));
        },
        Pass,
    ),
    (
        "updates the index",
        |project| {
            project.on_main(INDEX, "advisories.idx", &Project::index(false));
            project.write("advisories.idx", Project::index(true));
        },
        Pass,
    ),
    (
        "updates a zip in a folder",
        |project| {
            project.on_main(FOLDER, "zips/npm/all.zip", &packed(false));
            project.write("zips/npm/all.zip", packed(true));
        },
        Pass,
    ),
    (
        "mends a zip that is cut off",
        |project| {
            project.on_main(FOLDER, "zips/npm/all.zip", &packed(true)[..40]);
            project.write("zips/npm/all.zip", packed(true));
        },
        Pass,
    ),
    (
        "takes a version that is old enough",
        |project| {
            project.on_main(DATES, "dates.json", dates("2020-01-01T00:00:00Z").as_bytes());
            project.npm(&entry("bad", "1.2.1", ""));
        },
        Pass,
    ),
];

fn judge(cases: &[Case]) {
    change::judge("dep-scan", cases, Project::new, |project| project.path());
}

#[test]
fn no_format_brings_a_vulnerable_package_past_the_gate() {
    judge(FORMS);
}

#[test]
fn no_lockfile_of_npm_brings_a_vulnerable_package_past_the_gate() {
    assert!(FORMS.len() + NPM.len() >= 40);
    judge(NPM);
}

#[test]
fn no_tracked_file_of_the_change_decides_about_it() {
    judge(TRACKED);
    judge(UPDATED);
}

#[test]
fn the_same_changes_with_fixed_versions_are_green() {
    judge(FIXED);
    judge(HARMLESS);
}
