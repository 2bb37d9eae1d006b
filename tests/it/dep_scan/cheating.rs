//! Changes that try to bring a vulnerable package past the gate, and changes that do no harm.
//!
//! Each is made in a repository of its own, from a target branch that is green, and judged as a pull request and as a merge request.

use std::fmt::Write as _;
use std::ops::Deref;

use crate::change::{
    self,
    Expected::{Pass, Red, Refused, Warn},
};
use crate::support::{Checkout, binary, git, report, run};

/// The public registry.
const PUBLIC: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What the target branch says.
const SETTINGS: &str = "[dep-scan]\npaths = ['.']\ndb = ['advisory-db']\nfrozen-db = true\n";

/// A waiver for the advisory.
const WAIVER: &str = "[[waiver]]\nrule = 'advisory'\nmatches = 'RUSTSEC-2026-0001'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n";

/// A repository whose target branch depends on `foo` 1.2.0, in which everything is fixed.
struct Project(Checkout);

impl Deref for Project {
    type Target = Checkout;

    fn deref(&self) -> &Checkout {
        &self.0
    }
}

impl Project {
    fn new() -> Self {
        let project = Self(Checkout::new());
        project.write("devops.toml", SETTINGS);
        project.write("Cargo.lock", lockfile(&[("foo", "1.2.0")]));
        project.write("tools/Cargo.lock", lockfile(&[("bar", "2.0.0")]));
        project.write("advisory-db/crates/foo/RUSTSEC-2026-0001.md", advisory("RUSTSEC-2026-0001", "foo"));
        project.write("advisory-db/crates/baz/RUSTSEC-2026-0002.md", advisory("RUSTSEC-2026-0002", "baz"));
        change::commit(project.path());
        project
    }

    /// The project depends on this version of `foo`.
    fn foo(&self, version: &str) {
        self.write("Cargo.lock", lockfile(&[("foo", version)]));
    }

    /// The project depends on a version with the advisory.
    fn vulnerable(&self) {
        self.foo("1.0.1");
    }

    fn settings(&self, own: &str) {
        self.write("devops.toml", format!("{SETTINGS}{own}"));
    }
}

/// A lockfile of an application that depends on packages of the public registry.
fn lockfile(packages: &[(&str, &str)]) -> String {
    let names: Vec<String> = packages.iter().map(|(name, version)| format!("\"{name} {version}\"")).collect();
    let mut text = format!(
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [{}]\n",
        names.join(", ")
    );
    for (name, version) in packages {
        let _ = write!(
            text,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{PUBLIC}\"\n"
        );
    }
    text
}

/// An advisory about every version of a package before 1.2.0.
fn advisory(id: &str, package: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2026-10-01\"\n\
         aliases = [\"CVE-2026-1\"]\ncvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\n\n\
         [versions]\npatched = [\">= 1.2.0\"]\n```\n\n# {package} is bad\n\nIt is.\n"
    )
}

/// A statement that the package is not affected by a vulnerability.
fn vex(vulnerability: &str) -> String {
    format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "Ann",
"timestamp": "2026-11-01T00:00:00Z", "version": 1, "statements": [{{"vulnerability": {{"name": "{vulnerability}"}},
"products": [{{"@id": "pkg:cargo/foo"}}], "status": "not_affected", "justification": "component_not_present"}}]}}"#
    )
}

/// The result of an analyser that does not reach a vulnerability.
fn analysis(vulnerability: &str) -> String {
    format!(
        r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "analyser"}}}}, "results": [{{"ruleId": "{vulnerability}", "kind": "notApplicable"}}]}}]}}"#
    )
}

impl Project {
    /// The target branch has these settings and files as well.
    fn on_main(&self, settings: &str, files: &[(&str, &str)]) {
        git(self.path(), &["switch", "--quiet", "main"]);
        self.settings(settings);
        for (path, text) in files {
            self.write(path, text);
        }
        change::commit(self.path());
        git(self.path(), &["switch", "--quiet", "-C", "topic"]);
    }
}

type Case = change::Case<Project>;

/// Makes and judges every change.
fn judge(cases: &[Case]) {
    change::judge("dep-scan", cases, Project::new, |project| project.path());
}

/// Changes of the lockfile.
const LOCKFILES: &[Case] = &[
    ("depends on the vulnerable version", Project::vulnerable, Red("advisory")),
    ("adds build metadata", |project| project.foo("1.0.1+fixed"), Red("advisory")),
    ("takes a pre-release of the fixed version", |project| project.foo("1.2.0-rc.1"), Red("advisory")),
    ("takes a pre-release that looks new", |project| project.foo("1.2.0-zzz.99"), Red("advisory")),
    ("takes a version far below", |project| project.foo("0.0.0"), Red("advisory")),
    (
        "has both versions",
        |project| project.write("Cargo.lock", lockfile(&[("foo", "1.0.1"), ("foo", "1.2.0")])),
        Red("advisory"),
    ),
    (
        "has both versions, the fixed one first",
        |project| project.write("Cargo.lock", lockfile(&[("foo", "1.2.0"), ("foo", "1.0.1")])),
        Red("advisory"),
    ),
    (
        "brings it in by another lockfile",
        |project| project.write("tools/Cargo.lock", lockfile(&[("foo", "1.0.1")])),
        Red("advisory"),
    ),
    (
        "brings it in by a new lockfile",
        |project| project.write("deep/er/Cargo.lock", lockfile(&[("foo", "1.0.1")])),
        Red("advisory"),
    ),
    (
        "brings it in by a lockfile in a hidden folder",
        |project| project.write(".hidden/Cargo.lock", lockfile(&[("foo", "1.0.1")])),
        Red("advisory"),
    ),
    (
        "writes the lockfile with the line ends of Windows",
        |project| {
            project.vulnerable();
            project.write("Cargo.lock", project.read("Cargo.lock").replace('\n', "\r\n"));
        },
        Red("advisory"),
    ),
    (
        "writes the version before the name",
        |project| {
            project.vulnerable();
            project.replace_in(
                "Cargo.lock",
                "name = \"foo\"\nversion = \"1.0.1\"",
                "version = \"1.0.1\"\nname = \"foo\"",
            );
        },
        Red("advisory"),
    ),
    (
        "hides the name behind an escape",
        |project| {
            project.vulnerable();
            project.replace_in("Cargo.lock", "name = \"foo\"", "name = \"f\\u006Fo\"");
        },
        Red("advisory"),
    ),
    (
        "quotes the keys",
        |project| {
            project.vulnerable();
            project.replace_in("Cargo.lock", "name = \"foo\"", "\"name\" = 'foo'");
        },
        Red("advisory"),
    ),
    (
        "lists packages in line",
        |project| {
            project.write(
                "Cargo.lock",
                format!("version = 4\npackage = [{{ name = \"app\", version = \"0.1.0\" }}, {{ name = \"foo\", version = \"1.0.1\", source = \"{PUBLIC}\" }}]\n"),
            );
        },
        Red("advisory"),
    ),
    (
        "puts the fixed version into a comment",
        |project| {
            project.vulnerable();
            project.replace_in(
                "Cargo.lock",
                "version = \"1.0.1\"",
                "version = \"1.0.1\" # version = \"1.2.0\"",
            );
        },
        Red("advisory"),
    ),
    (
        "writes the version twice",
        |project| {
            project.vulnerable();
            project.replace_in(
                "Cargo.lock",
                "version = \"1.0.1\"\n",
                "version = \"1.0.1\"\nversion = \"1.2.0\"\n",
            );
        },
        Refused(3, "Cargo.lock"),
    ),
    (
        "marks the package as unused",
        |project| {
            project.vulnerable();
            project.replace_in("Cargo.lock", "dependencies = [\"foo 1.0.1\"]\n", "");
        },
        Red("advisory"),
    ),
    (
        "spells the registry as the sparse one",
        |project| {
            project.vulnerable();
            project.replace_in("Cargo.lock", PUBLIC, "sparse+https://index.crates.io/");
        },
        Red("advisory"),
    ),
    (
        "moves the lockfile to where none is looked for",
        |project| {
            project.vulnerable();
            project.rename("Cargo.lock", "vendor/app/Cargo.lock");
        },
        Red("advisory"),
    ),
    (
        "moves the lockfile into a folder for build products",
        |project| {
            project.vulnerable();
            project.rename("Cargo.lock", "target/Cargo.lock");
        },
        Red("advisory"),
    ),
    (
        "cuts the lockfile off",
        |project| project.write("Cargo.lock", "version = 4\n\n[[pack"),
        Refused(3, "Cargo.lock"),
    ),
    ("empties the lockfile", |project| project.write("Cargo.lock", ""), Refused(3, "Cargo.lock")),
    (
        "leaves a conflict in the lockfile",
        |project| {
            let text = project.read("Cargo.lock");
            project.write("Cargo.lock", format!("{text}<<<<<<< HEAD\n=======\n>>>>>>> topic\n"));
        },
        Refused(3, "conflict"),
    ),
    (
        "breaks the lockfile by a byte",
        |project| project.replace_in("Cargo.lock", "version = 4", "version = 4\u{0}"),
        Refused(3, "Cargo.lock"),
    ),
    (
        "has the lockfile of a later cargo",
        |project| project.replace_in("Cargo.lock", "version = 4", "version = 99"),
        Refused(3, "version 99"),
    ),
    #[cfg(unix)]
    (
        "makes the lockfile a link to a vulnerable one",
        |project| {
            project.write("real", lockfile(&[("foo", "1.0.1")]));
            project.remove("Cargo.lock");
            project.link("Cargo.lock", "real");
        },
        Red("advisory"),
    ),
    #[cfg(unix)]
    (
        "makes a project's folder a link to a vulnerable one that is not searched",
        |project| {
            project.write("vendor/tools/Cargo.lock", lockfile(&[("foo", "1.0.1")]));
            project.remove("tools/Cargo.lock");
            std::fs::remove_dir(project.path().join("tools")).unwrap();
            project.link("tools", "vendor/tools");
        },
        Red("advisory"),
    ),
    #[cfg(unix)]
    (
        "adds a folder that leads to a vulnerable one, and a circle",
        |project| {
            project.write("vendor/requirements.txt", "foo\n");
            project.write("vendor/deep/Cargo.lock", lockfile(&[("foo", "1.0.1")]));
            project.link("vendor/deep/up", "..");
            project.link("more", "vendor");
        },
        Red("advisory"),
    ),
    #[cfg(unix)]
    (
        "makes the lockfile a link to itself",
        |project| {
            project.remove("Cargo.lock");
            project.link("Cargo.lock", "Cargo.lock");
        },
        Refused(3, "Cargo.lock"),
    ),
    #[cfg(unix)]
    (
        "makes the lockfile a link to an endless device",
        |project| {
            project.remove("Cargo.lock");
            project.link("Cargo.lock", "/dev/zero");
        },
        Refused(3, "Cargo.lock"),
    ),
    #[cfg(unix)]
    (
        "leaves a lockfile that leads nowhere",
        |project| {
            project.remove("Cargo.lock");
            project.link("Cargo.lock", "nowhere");
        },
        Refused(3, "Cargo.lock"),
    ),
];

/// Changes of what judges.
const POLICY: &[Case] = &[
    (
        "waives the advisory itself",
        |project| {
            project.vulnerable();
            project.settings(WAIVER);
        },
        Red("advisory"),
    ),
    (
        "waives it by its alias",
        |project| {
            project.vulnerable();
            project.settings(&WAIVER.replace("RUSTSEC-2026-0001", "CVE-2026-1"));
        },
        Red("advisory"),
    ),
    (
        "waives everything",
        |project| {
            project.vulnerable();
            project.settings(&WAIVER.replace("matches = 'RUSTSEC-2026-0001'\n", ""));
        },
        Red("advisory"),
    ),
    (
        "raises the bar for what fails",
        |project| {
            project.vulnerable();
            project.write("devops.toml", format!("fail-on = 'critical'\n{SETTINGS}"));
            project.replace_in("advisory-db/crates/foo/RUSTSEC-2026-0001.md", "C:H/I:H/A:H", "C:N/I:N/A:H");
        },
        Red("advisory"),
    ),
    (
        "only reports",
        |project| {
            project.vulnerable();
            project.write("devops.toml", format!("mode = 'report'\n{SETTINGS}"));
        },
        Red("advisory"),
    ),
    (
        "only reports in the table of the job",
        |project| {
            project.vulnerable();
            project.settings("mode = 'report'\n");
        },
        Red("advisory"),
    ),
    (
        "looks elsewhere",
        |project| {
            project.vulnerable();
            project.replace_in("devops.toml", "paths = ['.']", "paths = ['tools']");
        },
        Red("advisory"),
    ),
    (
        "takes another database",
        |project| {
            project.vulnerable();
            project.write("other-db/crates/baz/RUSTSEC-2026-0002.md", advisory("RUSTSEC-2026-0002", "baz"));
            project.replace_in("devops.toml", "advisory-db", "other-db");
        },
        Red("advisory"),
    ),
    (
        "removes the advisory from the database",
        |project| {
            project.vulnerable();
            project.remove("advisory-db/crates/foo/RUSTSEC-2026-0001.md");
        },
        Red("advisory"),
    ),
    (
        "widens what is fixed in the database",
        |project| {
            project.vulnerable();
            project.replace_in("advisory-db/crates/foo/RUSTSEC-2026-0001.md", ">= 1.2.0", ">= 1.0.0");
        },
        Red("advisory"),
    ),
    (
        "withdraws the advisory in the database",
        |project| {
            project.vulnerable();
            project.replace_in(
                "advisory-db/crates/foo/RUSTSEC-2026-0001.md",
                "date = ",
                "withdrawn = \"2026-10-02\"\ndate = ",
            );
        },
        Red("advisory"),
    ),
    (
        "makes the advisory a notice in the database",
        |project| {
            project.vulnerable();
            project.replace_in(
                "advisory-db/crates/foo/RUSTSEC-2026-0001.md",
                "date = ",
                "informational = \"notice\"\ndate = ",
            );
        },
        Red("advisory"),
    ),
    (
        "breaks the advisory in the database",
        |project| {
            project.vulnerable();
            project.replace_in("advisory-db/crates/foo/RUSTSEC-2026-0001.md", "[versions]", "[version");
        },
        Red("advisory"),
    ),
    (
        "removes the configuration",
        |project| {
            project.vulnerable();
            project.remove("devops.toml");
        },
        Red("advisory"),
    ),
    (
        "renames the configuration",
        |project| {
            project.vulnerable();
            project.rename("devops.toml", "devops.toml.old");
            project.write("devops.toml", format!("mode = 'report'\n{SETTINGS}"));
        },
        Red("advisory"),
    ),
    (
        "breaks the configuration",
        |project| {
            project.vulnerable();
            project.write("devops.toml", "[dep-scan\n");
        },
        Refused(2, "devops.toml"),
    ),
    (
        "names a mirror that is none",
        |project| {
            project.vulnerable();
            project.replace_in("Cargo.lock", PUBLIC, "registry+https://registry.example.org/index");
            project.settings("sources-mirrors = ['registry.example.org']\nuncovered-severity = 'low'\n");
        },
        Warn("source-not-covered"),
    ),
    (
        "brings plain files that look like a repository",
        |project| {
            project.vulnerable();
            let from = project.path().join(".git");
            for name in ["HEAD", "config"] {
                std::fs::copy(from.join(name), project.path().join(name)).unwrap();
            }
            std::fs::create_dir_all(project.path().join("objects")).unwrap();
            std::fs::create_dir_all(project.path().join("refs/heads")).unwrap();
            project.write("objects/keep", "");
            project.write("refs/heads/main", git(project.path(), &["rev-parse", "main"]));
            project.settings(WAIVER);
        },
        Red("advisory"),
    ),
    #[cfg(unix)]
    (
        "leads the way to the database elsewhere",
        |project| {
            git(project.path(), &["switch", "--quiet", "main"]);
            project.rename("advisory-db", "store/db");
            project.link("data", "store");
            project.replace_in("devops.toml", "advisory-db", "data/db");
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            project.vulnerable();
            project.write("other/db/crates/baz/RUSTSEC-2026-0002.md", advisory("RUSTSEC-2026-0002", "baz"));
            project.remove("data");
            project.link("data", "other");
        },
        Refused(3, "alters a link"),
    ),
];

/// Changes of what decides how bad a finding is.
const SEVERITIES: &[Case] = &[
    (
        "grants itself grace",
        |project| {
            project.vulnerable();
            project.settings("[dep-scan.grace]\ncritical = 365\nhigh = 365\n");
        },
        Red("advisory"),
    ),
    (
        "makes the grace longer",
        |project| {
            project.on_main("[dep-scan.grace]\nhigh = 7\n", &[]);
            project.vulnerable();
            project.settings("[dep-scan.grace]\nhigh = 365\ncritical = 365\n");
        },
        Red("advisory"),
    ),
    (
        "fails for the development only",
        |project| {
            project.vulnerable();
            project.settings("scopes = ['dev']\n");
        },
        Red("advisory"),
    ),
    (
        "fails for what has a fix only",
        |project| {
            project.on_main(
                "",
                &[(
                    "advisory-db/crates/foo/RUSTSEC-2026-0003.md",
                    &advisory("RUSTSEC-2026-0003", "foo")
                        .replace("patched = [\">= 1.2.0\"]", "patched = []\nunaffected = [\">= 1.2.0\"]"),
                )],
            );
            project.vulnerable();
            project.settings("fixed-only = true\n");
        },
        Red("advisory"),
    ),
    (
        "settles what nobody rated",
        |project| {
            project.on_main(
                "",
                &[(
                    "advisory-db/crates/qux/RUSTSEC-2026-0004.md",
                    &advisory("RUSTSEC-2026-0004", "qux")
                        .replace("cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\n", ""),
                )],
            );
            project.write("Cargo.lock", lockfile(&[("foo", "1.2.0"), ("qux", "1.0.0")]));
            project.settings("unknown-severity = 'low'\n");
        },
        Red("advisory"),
    ),
    (
        "brings a statement about itself",
        |project| {
            project.vulnerable();
            project.write("vex.json", vex("RUSTSEC-2026-0001"));
            project.settings("vex = ['vex.json']\n");
        },
        Red("advisory"),
    ),
    (
        "brings the statement that the settings wait for",
        |project| {
            project.on_main("vex = ['vex.json']\n", &[]);
            project.vulnerable();
            project.write("vex.json", vex("RUSTSEC-2026-0001"));
        },
        Red("advisory"),
    ),
    (
        "rewrites a statement",
        |project| {
            project.on_main("vex = ['vex.json']\n", &[("vex.json", &vex("CVE-2020-1"))]);
            project.vulnerable();
            project.write("vex.json", vex("RUSTSEC-2026-0001"));
        },
        Red("advisory"),
    ),
    #[cfg(unix)]
    (
        "makes a statement a link to its own",
        |project| {
            project.on_main("vex = ['vex.json']\n", &[("vex.json", &vex("CVE-2020-1"))]);
            project.vulnerable();
            project.write("other.json", vex("RUSTSEC-2026-0001"));
            project.remove("vex.json");
            project.link("vex.json", "other.json");
        },
        Red("advisory"),
    ),
    (
        "brings the result of an analyser",
        |project| {
            project.vulnerable();
            project.replace_in("advisory-db/crates/foo/RUSTSEC-2026-0001.md", "C:H/I:H/A:H", "C:H/I:N/A:N");
            project.write("result.sarif", analysis("RUSTSEC-2026-0001"));
            project.settings("reachability = ['result.sarif']\n");
        },
        Red("advisory"),
    ),
    (
        "rewrites the result of an analyser",
        |project| {
            project.on_main(
                "reachability = ['result.sarif']\n",
                &[
                    ("result.sarif", &analysis("CVE-2020-1")),
                    (
                        "advisory-db/crates/foo/RUSTSEC-2026-0001.md",
                        &advisory("RUSTSEC-2026-0001", "foo").replace("C:H/I:H/A:H", "C:H/I:N/A:N"),
                    ),
                ],
            );
            project.vulnerable();
            project.write("result.sarif", analysis("RUSTSEC-2026-0001"));
        },
        Red("advisory"),
    ),
    (
        "names a mirror in the table of sources",
        |project| {
            project.foo("1.2.0");
            project.replace_in("Cargo.lock", PUBLIC, "registry+https://registry.example.org/index");
            project.settings("[dep-scan.sources]\nmirrors = ['registry.example.org']\n");
        },
        Red("lockfile-tampered"),
    ),
    (
        "takes the fixed version from git",
        |project| {
            project.foo("1.2.0");
            project.replace_in(
                "Cargo.lock",
                PUBLIC,
                "git+https://git.example.org/foo#0123456789abcdef0123456789abcdef01234567",
            );
        },
        Warn("source-not-covered"),
    ),
    (
        "adds a lockfile that no database is about",
        |project| {
            project.write("go.mod", "module example.org/app\n\ngo 1.22\n\nrequire example.org/b v1.0.0\n");
        },
        Red("ecosystem-not-covered"),
    ),
    (
        "adds a workflow that no database is about",
        |project| {
            project.write(
                ".github/workflows/ci.yml",
                "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: actions/checkout@v4\n",
            );
        },
        Warn("ecosystem-not-covered"),
    ),
];

/// Changes of what decides how bad a finding is that do no harm.
const STRICTER: &[Case] = &[
    ("asks for no grace", |project| project.settings("[dep-scan.grace]\nhigh = 0\n"), Pass),
    (
        "asks for less grace",
        |project| {
            project.on_main("[dep-scan.grace]\nhigh = 7\n", &[]);
            project.settings("[dep-scan.grace]\nhigh = 3\n");
        },
        Pass,
    ),
    ("asks for a grace that waits", |project| project.settings("[dep-scan.grace]\nhigh = 30\n"), Pass),
    ("raises what is exploited", |project| project.settings("kev = true\n"), Pass),
    ("raises what scores high", |project| project.settings("cvss-threshold = 5\n"), Pass),
    ("raises what is likely", |project| project.settings("epss-threshold = 0.1\n"), Pass),
    ("raises what nobody rated", |project| project.settings("unknown-severity = 'critical'\n"), Pass),
    ("fails for everything", |project| project.settings("fixed-only = false\n"), Pass),
    (
        "adds a scope",
        |project| {
            project.on_main("scopes = ['runtime']\n", &[]);
            project.settings("scopes = ['runtime', 'dev']\n");
        },
        Pass,
    ),
    (
        "names a mirror in advance",
        |project| {
            project.settings("[dep-scan.sources]\nmirrors = ['registry.example.org']\n");
        },
        Pass,
    ),
    (
        "brings a statement in advance",
        |project| {
            project.write("vex.json", vex("CVE-2020-1"));
            project.settings("vex = ['vex.json']\n");
        },
        Pass,
    ),
    (
        "brings a result in advance",
        |project| {
            project.write("result.sarif", analysis("CVE-2020-1"));
            project.settings("reachability = ['result.sarif']\n");
        },
        Pass,
    ),
    (
        "is covered by a statement of the target branch",
        |project| {
            project.on_main("vex = ['vex.json']\n", &[("vex.json", &vex("RUSTSEC-2026-0001"))]);
            project.vulnerable();
        },
        Pass,
    ),
    (
        "removes a statement that is not needed",
        |project| {
            project.on_main("vex = ['vex.json']\n", &[("vex.json", &vex("CVE-2020-1"))]);
            project.remove("vex.json");
        },
        Pass,
    ),
    (
        "takes a package of a mirror",
        |project| {
            project.on_main("[dep-scan.sources]\nmirrors = ['registry.example.org']\n", &[]);
            project.replace_in("Cargo.lock", PUBLIC, "registry+https://registry.example.org/index");
        },
        Pass,
    ),
];

/// Changes that do no harm.
const HARMLESS: &[Case] = &[
    ("changes nothing", |_| {}, Pass),
    ("takes a later version", |project| project.foo("1.3.0"), Pass),
    ("takes a pre-release of a later version", |project| project.foo("1.3.0-rc.1"), Pass),
    ("takes a version with build metadata", |project| project.foo("1.2.0+build.5"), Pass),
    ("takes a much later version", |project| project.foo("10.0.0"), Pass),
    (
        "has two fixed versions",
        |project| project.write("Cargo.lock", lockfile(&[("foo", "1.2.0"), ("foo", "2.0.0")])),
        Pass,
    ),
    (
        "depends on a namesake with a suffix",
        |project| project.write("Cargo.lock", lockfile(&[("foo", "1.2.0"), ("foo-derive", "1.0.1")])),
        Pass,
    ),
    (
        "depends on a namesake with a prefix",
        |project| project.write("Cargo.lock", lockfile(&[("foo", "1.2.0"), ("libfoo", "1.0.1")])),
        Pass,
    ),
    (
        "adds a package",
        |project| project.write("Cargo.lock", lockfile(&[("foo", "1.2.0"), ("new", "0.1.0")])),
        Pass,
    ),
    ("removes the package", |project| project.write("Cargo.lock", lockfile(&[("bar", "1.0.0")])), Pass),
    ("adds a lockfile", |project| project.write("more/Cargo.lock", lockfile(&[("foo", "1.2.0")])), Pass),
    ("removes a lockfile", |project| project.remove("tools/Cargo.lock"), Pass),
    ("moves a lockfile", |project| project.rename("tools/Cargo.lock", "kit/Cargo.lock"), Pass),
    (
        "moves a lockfile and changes it",
        |project| {
            project.rename("tools/Cargo.lock", "kit/Cargo.lock");
            project.write("kit/Cargo.lock", lockfile(&[("bar", "2.0.1")]));
        },
        Pass,
    ),
    (
        "swaps two lockfiles",
        |project| {
            let (one, other) = (project.read("Cargo.lock"), project.read("tools/Cargo.lock"));
            project.write("Cargo.lock", &other);
            project.write("tools/Cargo.lock", &one);
        },
        Pass,
    ),
    ("copies a lockfile", |project| project.write("copy/Cargo.lock", project.read("Cargo.lock")), Pass),
    (
        "writes the lockfile with the line ends of Windows",
        |project| project.write("Cargo.lock", project.read("Cargo.lock").replace('\n', "\r\n")),
        Pass,
    ),
    (
        "adds a comment to the lockfile",
        |project| project.replace_in("Cargo.lock", "version = 4", "# by hand\nversion = 4"),
        Pass,
    ),
    (
        "reorders the lockfile",
        |project| {
            project.write("Cargo.lock", lockfile(&[("zoo", "1.0.0"), ("foo", "1.2.0"), ("bar", "1.0.0")]));
        },
        Pass,
    ),
    (
        "has the lockfile of an earlier cargo",
        |project| project.replace_in("Cargo.lock", "version = 4", "version = 3"),
        Pass,
    ),
    #[cfg(unix)]
    (
        "shares a lockfile by a link",
        |project| {
            project.remove("tools/Cargo.lock");
            project.link("tools/Cargo.lock", "../Cargo.lock");
        },
        Pass,
    ),
    (
        "changes the settings of nothing",
        |project| project.replace_in("devops.toml", "[dep-scan]", "# ours\n[dep-scan]"),
        Pass,
    ),
    ("writes the settings otherwise", |project| project.replace_in("devops.toml", "['.']", "[\".\"]"), Pass),
    (
        "raises its own bar",
        |project| project.write("devops.toml", format!("fail-on = 'low'\n{SETTINGS}")),
        Pass,
    ),
    ("asks for a younger database", |project| project.settings("max-db-age = 90\n"), Pass),
    ("makes other sources red", |project| project.settings("uncovered-severity = 'high'\n"), Pass),
    (
        "looks at one more folder",
        |project| project.replace_in("devops.toml", "['.']", "['.', 'tools']"),
        Pass,
    ),
    ("asks for a page", |project| project.settings("formats = ['json', 'html']\n"), Pass),
    ("asks for less output", |project| project.settings("quiet = true\n"), Pass),
    ("adds the table of another gate", |project| project.settings("[test-gate]\npaths = ['*.xml']\n"), Pass),
    (
        "adds an advisory about a package that is not in use",
        |project| {
            project
                .write("advisory-db/crates/qux/RUSTSEC-2026-0003.md", advisory("RUSTSEC-2026-0003", "qux"));
        },
        Pass,
    ),
    (
        "rewords an advisory",
        |project| project.replace_in("advisory-db/crates/foo/RUSTSEC-2026-0001.md", "It is.", "It was."),
        Pass,
    ),
    (
        "corrects an advisory about a package that is not in use",
        |project| project.replace_in("advisory-db/crates/baz/RUSTSEC-2026-0002.md", ">= 1.2.0", ">= 1.1.0"),
        Pass,
    ),
    (
        "removes an advisory about a package that is not in use",
        |project| project.remove("advisory-db/crates/baz/RUSTSEC-2026-0002.md"),
        Pass,
    ),
    ("adds code", |project| project.write("src/main.rs", "fn main() {}\n"), Pass),
    ("adds a file called like a lockfile", |project| project.write("docs/Cargo.lock.md", "A page.\n"), Pass),
    (
        "adds a folder called like a lockfile",
        |project| project.write("docs/Cargo.lock/page.md", "A page.\n"),
        Pass,
    ),
    ("adds a page in another script", |project| project.write("docs/größe/ページ.md", "A page.\n"), Pass),
    (
        "adds a lockfile in a folder with spaces",
        |project| project.write("a b/c d/Cargo.lock", lockfile(&[("foo", "1.2.0")])),
        Pass,
    ),
    (
        "has a lockfile of test data below a folder for dependencies",
        |project| project.write("vendor/foo/Cargo.lock", lockfile(&[("foo", "1.0.1")])),
        Pass,
    ),
    (
        "has a project without dependencies",
        |project| {
            project.write(
                "small/Cargo.lock",
                "version = 4\n\n[[package]]\nname = \"small\"\nversion = \"0.1.0\"\n",
            );
        },
        Pass,
    ),
];

#[test]
fn no_lockfile_brings_a_vulnerable_package_past_the_gate() {
    judge(LOCKFILES);
}

#[test]
fn no_change_of_what_judges_brings_a_vulnerable_package_past_the_gate() {
    assert!(LOCKFILES.len() + POLICY.len() >= 40);
    judge(POLICY);
}

#[test]
fn no_change_of_severities_brings_a_vulnerable_package_past_the_gate() {
    assert!(SEVERITIES.len() >= 14);
    judge(SEVERITIES);
}

#[test]
fn changes_that_do_no_harm_are_green() {
    assert!(HARMLESS.len() >= 40 && STRICTER.len() >= SEVERITIES.len());
    judge(HARMLESS);
    judge(STRICTER);
}

#[test]
fn without_history_a_committed_database_proves_nothing() {
    let project = Project::new();
    git(project.path(), &["switch", "--quiet", "-c", "topic"]);
    project.vulnerable();
    project.remove("advisory-db/crates/foo/RUSTSEC-2026-0001.md");
    change::commit(project.path());
    let judge = |arguments: &[&str]| {
        let mut command = binary("dep-scan", project.path());
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_BASE_REF", "main").args(arguments);
        let finished = run(&mut command);
        (finished.code, report(project.path())["findings"].to_string())
    };
    let (code, findings) = judge(&["--frozen-db"]);
    assert_eq!(code, Some(1), "{findings}");
    assert!(findings.contains("did not alter the advisory database advisory-db"), "{findings}");
    assert_eq!(judge(&["--base=none"]).0, Some(0), "the workflow accepts it");
    let elsewhere = tempfile::tempdir().unwrap();
    let database = elsewhere.path().join("crates/foo");
    std::fs::create_dir_all(&database).unwrap();
    std::fs::write(database.join("RUSTSEC-2026-0001.md"), advisory("RUSTSEC-2026-0001", "foo")).unwrap();
    project.foo("1.2.0");
    let (code, findings) = judge(&["--frozen-db", "--db", elsewhere.path().to_str().unwrap()]);
    assert_eq!(code, Some(0), "a database that the change can't alter is enough: {findings}");
}
