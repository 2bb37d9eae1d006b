//! Packages from elsewhere than the public registry: no way past the gate, and mirrors.

use std::path::Path;

use serde_json::{Value, json};

use super::scan_in;
use crate::support::Finished;

const PUBLIC: &str = "registry+https://github.com/rust-lang/crates.io-index";
const GIT: &str =
    "git+https://git.example.org/crates/foo?tag=v1.0.1#0123456789abcdef0123456789abcdef01234567";

/// An advisory about `foo` before 1.2.0.
const ADVISORY: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"foo\"\ndate = \"2026-10-01\"\n\
    aliases = [\"GHSA-aaaa-bbbb-cccc\"]\n\n[versions]\npatched = [\">= 1.2.0\"]\n```\n\n# Foo is bad\n\nIt is.\n";

/// A project that depends on `foo`.
struct Project {
    /// Version of `foo`.
    version: &'static str,
    /// Source of `foo`; none where it stands in a folder.
    source: Option<&'static str>,
    /// What else the lockfile has.
    more: &'static str,
    /// The advisory.
    advisory: String,
    /// `devops.toml`.
    settings: &'static str,
}

impl Default for Project {
    fn default() -> Self {
        Self { version: "1.0.1", source: Some(PUBLIC), more: "", advisory: ADVISORY.to_owned(), settings: "" }
    }
}

impl Project {
    fn scan(&self, arguments: &[&str]) -> (Finished, Value) {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        std::fs::create_dir_all(folder.path().join("db/crates/foo")).unwrap();
        write("db/crates/foo/RUSTSEC-2026-0001.md", &self.advisory);
        let source = self.source.map(|source| format!("source = \"{source}\"\n")).unwrap_or_default();
        write(
            "Cargo.lock",
            &format!(
                "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"foo\"]\n\n\
                 [[package]]\nname = \"foo\"\nversion = \"{}\"\n{source}{}",
                self.version, self.more
            ),
        );
        write("devops.toml", self.settings);
        scan_in(folder.path(), Path::new("db"), arguments)
    }
}

/// Rule, severity and line of each finding.
fn found(report: &Value) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            (text(&finding["rule"]), text(&finding["severity"]), finding["location"]["line"].clone())
        })
        .collect()
}

/// What must become of a change.
enum Expected {
    /// The gate fails, with a finding of this rule.
    Red(&'static str),
    /// It passes with a finding of this rule.
    Warn(&'static str),
    /// Nothing is found.
    Pass,
}

/// A change, how it is made, and what must become of it.
type Change = (&'static str, fn(&mut Project), Expected);

/// Every change.
const CHANGES: &[Change] = &[
    ("changes nothing", |_| {}, Expected::Red("advisory")),
    (
        "depends on a git tag of the same code",
        |project| project.source = Some(GIT),
        Expected::Warn("source-not-covered"),
    ),
    ("depends on a copy in a folder", |project| project.source = None, Expected::Warn("source-not-covered")),
    (
        "depends on another registry",
        |project| project.source = Some("registry+https://registry.example.org/index"),
        Expected::Warn("source-not-covered"),
    ),
    (
        "depends on another registry without a git index",
        |project| project.source = Some("sparse+https://registry.example.org/index/"),
        Expected::Warn("source-not-covered"),
    ),
    (
        "spells the public registry almost right",
        |project| project.source = Some("registry+https://github.com/rust-lang/crates.io-index2"),
        Expected::Warn("source-not-covered"),
    ),
    (
        "spells the public registry as the sparse one",
        |project| project.source = Some("sparse+https://index.crates.io/"),
        Expected::Red("advisory"),
    ),
    (
        "replaces the package by one from git",
        |project| {
            project.more = "replace = \"foo 1.0.1 (git+https://git.example.org/foo)\"\n\n[[package]]\nname = \"foo\"\n\
                version = \"1.0.1\"\nsource = \"git+https://git.example.org/foo#0123456789abcdef0123456789abcdef01234567\"\n";
        },
        Expected::Red("advisory"),
    ),
    (
        "depends on git, where the project says that it is a mirror",
        |project| {
            project.source = Some(GIT);
            project.settings = "[dep-scan]\nsources-mirrors = [\"git.example.org\"]\n";
        },
        Expected::Red("advisory"),
    ),
    (
        "depends on git, where that shall be red",
        |project| {
            project.source = Some(GIT);
            project.settings = "[dep-scan]\nuncovered-severity = \"high\"\n";
        },
        Expected::Red("source-not-covered"),
    ),
    (
        "depends on git, and the advisory can't be read",
        |project| {
            project.source = Some(GIT);
            project.advisory = ADVISORY.replace("patched", "Patched");
        },
        Expected::Warn("source-not-covered"),
    ),
    (
        "takes the severity from an advisory by a damaged key",
        |project| {
            let cvss = "CVSS = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\ndate =";
            project.advisory = ADVISORY.replace("date =", cvss);
        },
        Expected::Red("advisory-unreadable"),
    ),
    (
        "waives the advisory by an alias in another case",
        |project| {
            project.settings = "[[waiver]]\nrule = \"advisory\"\nmatches = \"ghsa-AAAA-bbbb-cccc\"\nreason = \"r\"\n\
                owner = \"o\"\nexpires = 2026-12-31\n";
        },
        Expected::Pass,
    ),
    (
        "waives the advisory by a fact that many share",
        |project| {
            project.settings = "[[waiver]]\nrule = \"advisory\"\nmatches = \"crates.io\"\nreason = \"r\"\n\
                owner = \"o\"\nexpires = 2026-12-31\n";
        },
        Expected::Red("advisory"),
    ),
    (
        "waives what the public package has, and depends on git",
        |project| {
            project.source = Some(GIT);
            project.settings = "[[waiver]]\nrule = \"advisory\"\nmatches = \"RUSTSEC-2026-0001\"\nreason = \"r\"\n\
                owner = \"o\"\nexpires = 2026-12-31\n";
        },
        Expected::Warn("source-not-covered"),
    ),
    (
        "depends on a patched version from git",
        |project| (project.version, project.source) = ("1.2.0", Some(GIT)),
        Expected::Warn("source-not-covered"),
    ),
    (
        "depends on a patched version of a mirror",
        |project| {
            (project.version, project.source) = ("1.2.0", Some(GIT));
            project.settings = "[dep-scan.sources]\nmirrors = [\"git.example.org\"]\n";
        },
        Expected::Pass,
    ),
    ("depends on a patched version", |project| project.version = "1.2.0", Expected::Pass),
];

#[test]
fn no_source_is_a_way_past_the_gate() {
    for (name, change, expected) in CHANGES {
        let mut project = Project::default();
        change(&mut project);
        let (finished, report) = project.scan(&["--frozen-db"]);
        let open =
            report["findings"].as_array().unwrap().iter().filter(|finding| finding.get("waived").is_none());
        let rules: Vec<&str> = open.map(|finding| finding["rule"].as_str().unwrap()).collect();
        let said = (finished.code, report["verdict"].as_str().unwrap());
        let is_right = match expected {
            Expected::Red(rule) => said == (Some(1), "fail") && rules.contains(rule),
            Expected::Warn(rule) => said == (Some(0), "warn") && rules.contains(rule),
            Expected::Pass => said == (Some(0), "pass"),
        };
        assert!(is_right, "a project that {name}: {said:?} {rules:?}\n{}", finished.stdout);
    }
}

#[test]
fn a_package_from_elsewhere_names_the_advisories_that_would_apply() {
    let project = Project { source: Some(GIT), ..Project::default() };
    let (_, report) = project.scan(&["--frozen-db"]);
    assert_eq!(found(&report), [("source-not-covered".to_owned(), "medium".to_owned(), json!(9))]);
    let finding = &report["findings"][0];
    assert_eq!(
        finding["title"],
        "foo 1.0.1 is from git; in the public registry, RUSTSEC-2026-0001 would apply to it"
    );
    assert_eq!(finding["subject"]["advisories"], json!(["RUSTSEC-2026-0001"]));
    assert_eq!(finding["subject"]["aliases"], json!(["GHSA-aaaa-bbbb-cccc"]));
    assert_eq!(finding["subject"]["source"], GIT);
    assert_eq!(report["totals"]["advisories"], 0, "nobody knows whether it applies");
    // Another commit of the same tag is the same finding.
    let other = Project {
        source: Some(
            "git+https://git.example.org/crates/foo?tag=v1.0.1#ffffffffffffffffffffffffffffffffffffffff",
        ),
        ..Project::default()
    };
    assert_eq!(other.scan(&["--frozen-db"]).1["findings"][0]["fingerprint"], finding["fingerprint"]);
}

#[test]
fn what_would_be_a_notice_is_no_more_than_that_elsewhere() {
    for (kind, expected) in [("unmaintained", "low"), ("notice", "info"), ("unsound", "medium")] {
        let advisory = ADVISORY.replace("date =", &format!("informational = \"{kind}\"\ndate ="));
        let project = Project { source: Some(GIT), advisory, ..Project::default() };
        let (_, report) = project.scan(&["--frozen-db", "--uncovered-severity", "critical"]);
        assert_eq!(report["findings"][0]["severity"], expected, "{kind}");
    }
}

#[test]
fn settings_about_sources_are_checked() {
    let project = Project { source: Some(GIT), ..Project::default() };
    for (arguments, expected) in [
        (["--sources-mirrors", "*"], "write a host"),
        (["--uncovered-severity", "info"], "expected at least `low`"),
        (["--uncovered-severity", "hgih"], "did you mean `high`?"),
    ] {
        let (finished, _) = project.scan(&arguments);
        assert_eq!(finished.code, Some(2), "{arguments:?}");
        assert!(finished.stderr.contains(expected), "{arguments:?}: {}", finished.stderr);
    }
    let (_, report) = project.scan(&["--frozen-db", "--sources-mirrors", "git.example.com,git.example.org"]);
    assert_eq!(report["notes"][0], "no package is from `git.example.com` in `sources-mirrors`");
    assert_eq!(report["findings"][0]["rule"], "advisory");
}

#[test]
fn a_range_without_a_lower_bound_proposes_no_version() {
    for (patched, version) in [("> 1.0.1", None), ("> 1.0.1, < 2.0.0", None), (">= 1.0.2", Some("1.0.2"))] {
        let project = Project { advisory: ADVISORY.replace(">= 1.2.0", patched), ..Project::default() };
        let (_, report) = project.scan(&["--frozen-db"]);
        let help = report["findings"][0]["help"].as_str().unwrap();
        match version {
            Some(version) => assert_eq!(help, format!("cargo update -p foo --precise {version}")),
            None => assert!(!help.contains(|one: char| one.is_ascii_digit()), "{patched}: {help}"),
        }
    }
}

#[test]
fn a_registry_that_another_file_sets_is_one_finding() {
    let record = r#"{"id": "GHSA-0000-0000-0001", "modified": "2026-10-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["9"]},
        {"package": {"ecosystem": "npm", "name": "x"}, "versions": ["9.0.0"]}]}"#;
    let npm = r#"{"lockfileVersion": 3, "packages": {
        "node_modules/a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "sha512-a"},
        "node_modules/b": {"version": "1.0.0", "resolved": "https://x.example/b/-/b-1.0.0.tgz", "integrity": "sha512-a"}}}"#;
    for (lockfile, text, beside, set, location) in [
        (
            "requirements.txt",
            "a==1.0\nb==1.0\n--extra-index-url https://x.example/simple\n",
            "",
            "",
            "requirements.txt",
        ),
        (
            "requirements.txt",
            "a==1.0\nb==1.0\n",
            "pip.conf",
            "[global]\nextra-index-url = https://x.example/simple\n",
            "pip.conf",
        ),
        // The lockfile has packages from there as well.
        ("package-lock.json", npm, ".npmrc", "registry=https://x.example/\n", "package-lock.json"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        write("osv.json", record);
        write(lockfile, text);
        if !beside.is_empty() {
            write(beside, set);
        }
        let scan = |arguments: &[&str]| scan_in(folder.path(), Path::new("osv.json"), arguments);
        let (finished, report) = scan(&[]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let found: Vec<(String, String, Value)> = found(&report);
        assert_eq!(found.len(), 1, "{lockfile} {beside}: {found:?}");
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("source-not-covered", "medium"));
        assert_eq!(report["findings"][0]["location"]["path"], location);
        assert!(report["findings"][0]["title"].as_str().unwrap().contains("x.example"));
        let (_, mirrored) = scan(&["--sources-mirrors", "x.example"]);
        assert_eq!(mirrored["findings"], json!([]), "{lockfile} {beside}");
    }
}
