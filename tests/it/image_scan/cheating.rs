//! Changes that try to get a vulnerable image past the gate, and changes that do no harm.
//!
//! The pipeline scans the image and writes `out/trivy.json`, which git ignores; the change has everything that is tracked. Each is
//! judged as a pull request and as a merge request.

use std::ops::Deref;

use serde_json::{Value, json};

use super::with_results;
use crate::change::{
    self,
    Expected::{Pass, Red, Refused, Warn},
};
use crate::support::{Checkout, git};

/// What the target branch says.
const SETTINGS: &str = "[image-scan]\nreport = ['out/trivy.json']\n";

const WAIVER: &str = "[[waiver]]\nrule = 'image-vulnerability'\nmatches = 'CVE-2026-1001'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n";

/// A repository, and what the scanner wrote in its pipeline.
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
        project.write("Dockerfile", "FROM scratch\n");
        change::commit(project.path());
        // Not of the repository, but of the run.
        std::fs::write(project.path().join(".git/info/exclude"), "out/\n").unwrap();
        project.scanned(&clean());
        project
    }

    /// What the scanner wrote.
    fn scanned(&self, report: &Value) {
        self.write("out/trivy.json", report.to_string());
    }

    /// The scanner found a critical vulnerability.
    fn vulnerable(&self) {
        self.scanned(&report("CRITICAL", "fixed"));
    }

    /// The scanner found this, and the change says that beside what the target branch says.
    fn with(&self, report: &Value, settings: &str) {
        self.scanned(report);
        self.write("devops.toml", format!("{SETTINGS}{settings}"));
    }
}

/// A report with one vulnerability.
fn report(severity: &str, status: &str) -> Value {
    with_results(&json!([
        {"Target": "shop:1 (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [
            {"VulnerabilityID": "CVE-2026-1001", "PkgName": "openssl", "InstalledVersion": "1.0", "FixedVersion": "1.1",
                "Severity": severity, "Status": status}]},
        {"Target": "app/package-lock.json", "Class": "lang-pkgs", "Type": "npm"},
    ]))
}

/// A report without one.
fn clean() -> Value {
    with_results(&json!([
        {"Target": "shop:1 (debian 12)", "Class": "os-pkgs", "Type": "debian"},
        {"Target": "app/package-lock.json", "Class": "lang-pkgs", "Type": "npm"},
    ]))
}

type Case = change::Case<Project>;

/// Changes of what judges.
const POLICY: &[Case] = &[
    ("ships the vulnerable image", Project::vulnerable, Red("image-vulnerability")),
    (
        "waives it itself",
        |project| project.with(&report("CRITICAL", "fixed"), WAIVER),
        Red("image-vulnerability"),
    ),
    (
        "waives everything",
        |project| {
            project.with(&report("CRITICAL", "fixed"), &WAIVER.replace("matches = 'CVE-2026-1001'\n", ""));
        },
        Red("image-vulnerability"),
    ),
    (
        "waives it by its package",
        |project| project.with(&report("CRITICAL", "fixed"), &WAIVER.replace("CVE-2026-1001", "openssl")),
        Red("image-vulnerability"),
    ),
    (
        "raises the bar for what fails",
        |project| {
            project.scanned(&report("HIGH", "fixed"));
            project.write("devops.toml", format!("fail-on = 'critical'\n{SETTINGS}"));
        },
        Red("image-vulnerability"),
    ),
    (
        "raises the bar in the table of the job",
        |project| project.with(&report("HIGH", "fixed"), "fail-on = 'critical'\n"),
        Red("image-vulnerability"),
    ),
    (
        "only reports",
        |project| {
            project.vulnerable();
            project.write("devops.toml", format!("mode = 'report'\n{SETTINGS}"));
        },
        Red("image-vulnerability"),
    ),
    (
        "only reports in the table of the job",
        |project| project.with(&report("CRITICAL", "fixed"), "mode = 'report'\n"),
        Red("image-vulnerability"),
    ),
    (
        "leaves out what has no fix",
        |project| project.with(&report("CRITICAL", "affected"), "fixed-only = true\n"),
        Red("image-vulnerability"),
    ),
    (
        "leaves out a status",
        |project| project.with(&report("CRITICAL", "will_not_fix"), "ignore-status = ['will_not_fix']\n"),
        Red("image-vulnerability"),
    ),
    (
        "leaves out a target",
        |project| project.with(&report("CRITICAL", "fixed"), "targets = ['app/*']\n"),
        Red("image-vulnerability"),
    ),
    (
        "leaves out a class",
        |project| project.with(&report("CRITICAL", "fixed"), "classes = ['lang-pkgs']\n"),
        Red("image-vulnerability"),
    ),
    (
        "rates what nobody has rated as harmless",
        |project| {
            git(project.path(), &["switch", "--quiet", "main"]);
            project.write("devops.toml", format!("{SETTINGS}unknown-severity = 'high'\n"));
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            project.with(&report("UNKNOWN", "fixed"), "unknown-severity = 'low'\n");
        },
        Red("image-unrated"),
    ),
    (
        "accepts a report without results",
        |project| project.with(&with_results(&json!([])), "allow-empty = true\n"),
        Red("image-nothing-scanned"),
    ),
    (
        "accepts an old report",
        |project| {
            git(project.path(), &["switch", "--quiet", "main"]);
            project.write("devops.toml", format!("{SETTINGS}max-report-age = 3\n"));
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            let mut old = clean();
            old["CreatedAt"] = "2026-01-01T00:00:00Z".into();
            project.with(&old, "max-report-age = 9999\n");
        },
        Red("report-outdated"),
    ),
    (
        "no longer asks how old the report is",
        |project| {
            git(project.path(), &["switch", "--quiet", "main"]);
            project.write("devops.toml", format!("{SETTINGS}max-report-age = 3\n"));
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            let mut old = clean();
            old["CreatedAt"] = "2026-01-01T00:00:00Z".into();
            project.with(&old, "");
        },
        Red("report-outdated"),
    ),
    (
        "expects another image",
        |project| {
            let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
            git(project.path(), &["switch", "--quiet", "main"]);
            project.write("devops.toml", format!("{SETTINGS}expect-digest = '{}'\n", digest("a")));
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            let mut other = clean();
            other["Metadata"] = json!({"RepoDigests": [format!("ghcr.io/x/shop@{}", digest("b"))]});
            project.with(&other, &format!("expect-digest = '{}'\n", digest("b")));
        },
        Red("image-mismatch"),
    ),
    (
        "names a report of its own",
        |project| {
            project.vulnerable();
            project.write("clean.json", clean().to_string());
            project.write("devops.toml", SETTINGS.replace("out/trivy.json", "clean.json"));
        },
        Red("image-vulnerability"),
    ),
    (
        "names a report of its own in another folder",
        |project| {
            project.vulnerable();
            project.write("docs/examples/clean.json", clean().to_string());
            project.write("devops.toml", SETTINGS.replace("out/trivy.json", "docs/examples/clean.json"));
        },
        Red("image-vulnerability"),
    ),
    (
        "commits the report that the pipeline would write",
        |project| {
            project.write("out/trivy.json", clean().to_string());
            std::fs::remove_file(project.path().join(".git/info/exclude")).unwrap();
        },
        Red("image-report-stale"),
    ),
    (
        "removes the configuration",
        |project| {
            project.vulnerable();
            std::fs::remove_file(project.path().join("devops.toml")).unwrap();
        },
        Red("image-vulnerability"),
    ),
    (
        "empties the configuration",
        |project| {
            project.vulnerable();
            project.write("devops.toml", "");
        },
        Red("image-vulnerability"),
    ),
    (
        "breaks the configuration",
        |project| {
            project.vulnerable();
            project.write("devops.toml", "[image-scan\n");
        },
        Refused(2, "devops.toml"),
    ),
    (
        "misspells its table",
        |project| {
            project.vulnerable();
            project.write("devops.toml", "[image-scann]\nreport = ['out/trivy.json']\n");
        },
        Refused(2, "image-scan"),
    ),
    (
        "brings plain files that look like a repository",
        |project| {
            project.vulnerable();
            for name in ["HEAD", "config"] {
                std::fs::copy(project.path().join(".git").join(name), project.path().join(name)).unwrap();
            }
            project.write("objects/keep", "");
            project.write("refs/heads/main", git(project.path(), &["rev-parse", "main"]));
            project.with(&report("CRITICAL", "fixed"), WAIVER);
        },
        Red("image-vulnerability"),
    ),
    (
        "adds a second report, which is clean",
        |project| {
            project.vulnerable();
            project.write("clean.json", clean().to_string());
            project.write(
                "devops.toml",
                SETTINGS.replace("['out/trivy.json']", "['out/trivy.json', 'clean.json']"),
            );
        },
        Red("image-vulnerability"),
    ),
    (
        "adds a key that is not known",
        |project| project.with(&report("CRITICAL", "fixed"), "ignore-all = true\n"),
        Refused(2, "ignore-all"),
    ),
    (
        "ends a waiver of the target branch later",
        |project| {
            git(project.path(), &["switch", "--quiet", "main"]);
            let ended = WAIVER.replace("2026-12-31", "2026-11-01");
            project.write("devops.toml", format!("{SETTINGS}{ended}"));
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            project.with(&report("CRITICAL", "fixed"), WAIVER);
        },
        Red("image-vulnerability"),
    ),
    (
        "widens a waiver of the target branch",
        |project| {
            git(project.path(), &["switch", "--quiet", "main"]);
            project.write("devops.toml", format!("{SETTINGS}{}", WAIVER.replace("1001", "9999")));
            change::commit(project.path());
            git(project.path(), &["switch", "--quiet", "-C", "topic"]);
            project.with(&report("CRITICAL", "fixed"), WAIVER);
        },
        Red("image-vulnerability"),
    ),
];

/// Changes that do no harm.
const HARMLESS: &[Case] = &[
    ("changes nothing", |_| {}, Pass),
    (
        "ships an image with a low vulnerability",
        |project| project.scanned(&report("LOW", "fixed")),
        Warn("image-vulnerability"),
    ),
    (
        "ships an image with a medium vulnerability",
        |project| project.scanned(&report("MEDIUM", "fixed")),
        Warn("image-vulnerability"),
    ),
    ("adds code", |project| project.write("src/main.rs", "fn main() {}\n"), Pass),
    ("changes the image", |project| project.write("Dockerfile", "FROM scratch\nUSER 1000\n"), Pass),
    (
        "adds another report to the docs",
        |project| project.write("docs/example.json", report("CRITICAL", "fixed").to_string()),
        Pass,
    ),
    ("adds a comment to the settings", |project| project.with(&clean(), "# ours\n"), Pass),
    (
        "raises its own bar",
        |project| project.write("devops.toml", format!("fail-on = 'low'\n{SETTINGS}")),
        Pass,
    ),
    (
        "asks for a young report",
        |project| {
            let mut young = clean();
            young["CreatedAt"] = "2026-11-23T00:00:00Z".into();
            project.with(&young, "max-report-age = 3\n");
        },
        Pass,
    ),
    ("rates the unrated higher", |project| project.with(&clean(), "unknown-severity = 'high'\n"), Pass),
    ("asks for a page", |project| project.with(&clean(), "formats = ['json', 'html']\n"), Pass),
    ("asks for less output", |project| project.with(&clean(), "quiet = true\n"), Pass),
    ("asks for more output", |project| project.with(&clean(), "verbose = true\n"), Pass),
    (
        "adds the table of another gate",
        |project| project.with(&clean(), "[test-gate]\npaths = ['*.xml']\n"),
        Pass,
    ),
    (
        "says the same otherwise",
        |project| project.write("devops.toml", "[image-scan]\nreport = [\"out/trivy.json\"]\n"),
        Pass,
    ),
    ("adds a filter that is not needed", |project| project.with(&clean(), "fixed-only = true\n"), Pass),
    ("adds a target that it would look at only", |project| project.with(&clean(), "targets = ['*']\n"), Pass),
    ("accepts what is not there", |project| project.with(&clean(), "allow-empty = true\n"), Pass),
    (
        "leaves out a status that nothing has",
        |project| project.with(&clean(), "ignore-status = ['end_of_life']\n"),
        Pass,
    ),
    (
        "ships an image with suppressed findings",
        |project| {
            let mut report = clean();
            report["Results"][0]["ExperimentalModifiedFindings"] = json!([{"Type": "vulnerability", "Status": "not_affected",
            "Statement": "not reached", "Source": "vex.json", "Finding": {"VulnerabilityID": "CVE-2026-1", "PkgName": "p", "Severity": "LOW"}}]);
            project.scanned(&report);
        },
        Pass,
    ),
    (
        "ships an image of another operating system",
        |project| {
            project.scanned(&with_results(
                &json!([{"Target": "shop:2 (alpine 3.22)", "Class": "os-pkgs", "Type": "alpine"}]),
            ));
        },
        Pass,
    ),
    (
        "ships an image without an operating system",
        |project| {
            project.scanned(&with_results(
                &json!([{"Target": "app", "Class": "lang-pkgs", "Type": "gobinary"}]),
            ));
        },
        Pass,
    ),
    (
        "ships an image of many layers",
        |project| {
            let results: Vec<Value> = (0..500).map(|index| json!({"Target": format!("app/{index}.jar"), "Class": "lang-pkgs", "Type": "jar"})).collect();
            project.scanned(&with_results(&json!(results)));
        },
        Pass,
    ),
    (
        "ships an image with a name in another script",
        |project| {
            project.scanned(&with_results(
                &json!([{"Target": "größe:1 (debian 12)", "Class": "os-pkgs", "Type": "debian"}]),
            ));
        },
        Pass,
    ),
    (
        "has a report with keys of a later scanner",
        |project| {
            let mut report = clean();
            report["Results"][0]["Scope"] = "runtime".into();
            report["Later"] = json!({"a": [1, 2, 3]});
            project.scanned(&report);
        },
        Pass,
    ),
    (
        "has a report that is written prettily",
        |project| {
            project.write("out/trivy.json", serde_json::to_string_pretty(&clean()).unwrap());
        },
        Pass,
    ),
    (
        "has a report with a mark for its encoding",
        |project| {
            project.write("out/trivy.json", format!("\u{feff}{}", clean()));
        },
        Pass,
    ),
    (
        "has a report with an end of line",
        |project| project.write("out/trivy.json", format!("{}\r\n", clean())),
        Pass,
    ),
    (
        "has a report of a file system",
        |project| {
            let mut report = clean();
            report["ArtifactType"] = "filesystem".into();
            project.scanned(&report);
        },
        Pass,
    ),
    (
        "has a report with packages",
        |project| {
            let mut report = clean();
            report["Results"][0]["Packages"] = json!([{"Name": "openssl", "Version": "1.1"}]);
            project.scanned(&report);
        },
        Pass,
    ),
    (
        "renames its code",
        |project| {
            git(project.path(), &["mv", "Dockerfile", "Containerfile"]);
        },
        Pass,
    ),
    (
        "removes its code",
        |project| {
            git(project.path(), &["rm", "--quiet", "Dockerfile"]);
        },
        Pass,
    ),
    (
        "adds a waiver for another gate",
        |project| {
            project.with(&clean(), "[[waiver]]\nrule = 'test-failed'\nmatches = 'a'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n");
        },
        Pass,
    ),
    (
        "adds a folder called like the report",
        |project| project.write("trivy.json/page.md", "A page.\n"),
        Pass,
    ),
    ("adds a submodule's file", |project| project.write(".gitmodules", ""), Pass),
    ("adds an attribute of git", |project| project.write(".gitattributes", "*.json -diff\n"), Pass),
    ("adds a page in another script", |project| project.write("docs/größe/ページ.md", "A page.\n"), Pass),
    ("adds a large file", |project| project.write("large.txt", "x".repeat(3 << 20)), Pass),
    (
        "names the service",
        |project| project.write("devops.toml", format!("service = 'shop'\n{SETTINGS}")),
        Pass,
    ),
    ("adds a hidden file", |project| project.write(".editorconfig", "root = true\n"), Pass),
];

#[test]
fn no_change_of_what_judges_gets_a_vulnerable_image_past_the_gate() {
    judge(POLICY);
}

#[test]
fn changes_that_do_no_harm_are_green() {
    assert!(HARMLESS.len() >= 40);
    judge(HARMLESS);
}

/// Makes and judges every change.
fn judge(cases: &[Case]) {
    change::judge("image-scan", cases, Project::new, |project| project.path());
}
