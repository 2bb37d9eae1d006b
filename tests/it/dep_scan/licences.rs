//! Licences and bans: what a project allows, and ways to get something else past the gate.

use std::path::Path;

use serde_json::{Value, json};

use super::scan_in;
use crate::support::Finished;

/// Files of a project, and what `devops.toml` says.
struct Project {
    packages: Value,
    manifest: Value,
    settings: &'static str,
    installed: &'static [(&'static str, &'static str)],
}

const ALLOW: &str = "[dep-scan.licences]\nallow = [\"MIT\", \"Apache-2.0\"]\n";
const DENY: &str = "[dep-scan.licences]\ndeny = [\"GPL-3.0-or-later\"]\n";

impl Project {
    /// A project with one package, with these fields in the lockfile.
    fn of(settings: &'static str, package: &str, fields: &Value) -> Self {
        let mut entry = json!({ "version": "1.0.0", "integrity": "sha512-AAAA" });
        for (key, value) in fields.as_object().unwrap() {
            entry[key] = value.clone();
        }
        let asked = json!({ package: "^1.0.0" });
        Self {
            packages: json!({
                "": { "name": "app", "version": "1.0.0", "dependencies": asked },
                format!("node_modules/{package}"): entry,
            }),
            manifest: json!({ "name": "app", "version": "1.0.0", "dependencies": asked }),
            settings,
            installed: &[],
        }
    }

    fn scan(&self, arguments: &[&str]) -> (Finished, Value) {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let lockfile = json!({
            "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": self.packages,
        });
        write("package-lock.json", &serde_json::to_string_pretty(&lockfile).unwrap());
        write("package.json", &serde_json::to_string_pretty(&self.manifest).unwrap());
        write(
            "db/GHSA-1.json",
            "{\"id\":\"GHSA-1\",\"modified\":\"2026-11-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"other\"},\"versions\":[\"9.9.9\"]}]}",
        );
        write("devops.toml", self.settings);
        for (path, text) in self.installed {
            write(path, text);
        }
        scan_in(folder.path(), Path::new("db"), &[&["--frozen-db"], arguments].concat())
    }
}

/// Rule and severity of each finding.
fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["severity"]))).collect()
}

#[test]
fn licences_of_the_lockfile_are_judged() {
    let denied = &["licence-denied high"][..];
    let unknown = &["licence-unknown medium"][..];
    for (settings, licence, expected) in [
        ("", json!("GPL-3.0"), &[][..]),
        (ALLOW, json!("MIT"), &[]),
        (ALLOW, json!("mit"), &[]),
        (ALLOW, json!("(MIT OR GPL-3.0)"), &[]),
        (ALLOW, json!("MIT/GPL-3.0"), &[]),
        (ALLOW, json!("(MIT AND GPL-3.0)"), denied),
        (ALLOW, json!("gpl-3.0-only"), denied),
        (ALLOW, json!("Apache License, Version 2.0"), &[]),
        (ALLOW, json!("Apache-2.0 WITH LLVM-exception"), denied),
        (ALLOW, json!("UNLICENSED"), denied),
        (ALLOW, json!("LicenseRef-ours"), denied),
        (ALLOW, json!("SEE LICENSE IN LICENSE"), unknown),
        (ALLOW, json!("MIT or whatever"), unknown),
        (ALLOW, json!(""), unknown),
        (ALLOW, json!(null), unknown),
        (DENY, json!("MIT"), &[]),
        (DENY, json!("GPL-3.0"), denied),
        (DENY, json!("gpl-3.0+"), denied),
        (DENY, json!("GPLv3"), denied),
        (DENY, json!("GPL-2.0-or-later"), denied),
        (DENY, json!("GPL-2.0-only"), &[]),
        (DENY, json!("GPL-3.0 WITH GCC-exception-3.1"), denied),
        (DENY, json!("MIT OR GPL-3.0"), &[]),
        (DENY, json!("UNLICENSED"), unknown),
        ("[dep-scan.licences]\nunknown = \"deny\"\n", json!("huh"), &["licence-unknown high"]),
        ("[dep-scan.licences]\nunknown = \"deny\"\n", json!("GPL-3.0"), &[]),
        ("[dep-scan.licences]\nallow = \"MIT\"\nunknown = \"allow\"\n", json!("huh"), &[]),
        ("[dep-scan.licences]\nallow = \"MIT\"\nexceptions = [\"x: GPL-3.0\"]\n", json!("GPL-3.0"), &[]),
        ("[dep-scan.licences]\nallow = \"MIT\"\nexceptions = [\"y: GPL-3.0\"]\n", json!("GPL-3.0"), denied),
        ("[dep-scan.licences]\ndeny = \"GPL-3.0\"\nallow = \"GPL-3.0\"\n", json!("GPL-3.0"), denied),
        ("[dep-scan.licences]\nallow = \"MIT\"\nclarify = [\"x@<2: MIT\"]\n", json!("huh"), &[]),
        ("[dep-scan.licences]\nallow = \"MIT\"\nclarify = [\"x@>=2: MIT\"]\n", json!("huh"), unknown),
        ("[dep-scan.licences]\nallow = \"MIT\"\nclarify = [\"x: GPL-3.0\"]\n", json!("MIT"), denied),
    ] {
        let (finished, report) = Project::of(settings, "x", &json!({ "license": licence })).scan(&[]);
        assert_eq!(found(&report), expected, "{settings} {licence}: {}", finished.stderr);
        let is_red = expected.iter().any(|finding| finding.ends_with("high"));
        assert_eq!(finished.code, Some(i32::from(is_red)), "{settings} {licence}");
    }
}

#[test]
fn licences_of_installed_packages_are_judged() {
    let path = "node_modules/x/package.json";
    let mut project = Project::of(ALLOW, "x", &json!({}));
    for (text, expected) in [
        ("{\"name\":\"x\",\"version\":\"1.0.0\",\"license\":\"MIT\"}", &[][..]),
        ("{\"name\":\"x\",\"version\":\"1.0.0\",\"license\":\"GPL-3.0\"}", &["licence-denied high"]),
        ("{\"name\":\"x\",\"version\":\"1.0.1\",\"license\":\"MIT\"}", &["licence-unknown medium"]),
        ("{\"name\":\"x\",\"version\":\"1.0.0\",", &["licence-unknown medium"]),
    ] {
        let installed = [(path, text)];
        project.installed = Vec::from(installed).leak();
        assert_eq!(found(&project.scan(&[]).1), expected, "{text}");
    }
}

#[test]
fn settings_that_cannot_be_meant_are_errors() {
    for (settings, expected) in [
        ("[dep-scan.licences]\nallow = [\"MITT\"]\n", "`MITT` is not one licence of SPDX's list"),
        ("[dep-scan.licences]\nallow = [\"MIT OR ISC\"]\n", "`MIT OR ISC` is not one licence"),
        ("[dep-scan.licences]\nclarify = [\"x MIT\"]\n", "expected `PACKAGE: LICENCE`"),
        ("[dep-scan.licences]\nexceptions = [\"x: MIT\"]\n", "exceptions to licences without a list"),
        ("[dep-scan.licences]\nalow = [\"MIT\"]\n", "unknown key of `[dep-scan]`: `licences-alow`"),
        ("[dep-scan.licenses]\nallow = [\"MIT\"]\n", "did you mean `licences`?"),
        ("[dep-scan.bans]\ndeny = [\"x@<\"]\n", "is not a requirement of versions"),
        ("[dep-scan.bans]\ndeny = [\"*\"]\n", "has no name"),
        ("[dep-scan.bans]\nwildcards = \"forbid\"\n", "invalid value 'forbid'"),
    ] {
        let (finished, _) = Project::of(settings, "x", &json!({})).scan(&[]);
        assert_eq!(finished.code, Some(2), "{settings}");
        assert!(finished.stderr.contains(expected), "{settings}: {}", finished.stderr);
    }
}

#[test]
fn banned_packages_are_found_by_the_name_they_are_published_under() {
    const BAN: &str = "[dep-scan.bans]\ndeny = [\"left-pad@<2\", \"@evil/*\"]\n";
    let banned = &["package-banned high"][..];
    for (package, fields, expected) in [
        ("left-pad", json!({}), banned),
        ("Left-Pad", json!({}), banned),
        ("left-pad", json!({ "version": "2.0.0" }), &[]),
        ("left-pad", json!({ "version": "2.0.0-rc.1" }), banned),
        ("left-pad", json!({ "dev": true }), banned),
        ("left-pad", json!({ "optional": true }), banned),
        ("padding", json!({ "name": "left-pad" }), banned),
        (
            "padding",
            json!({ "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.0.0.tgz" }),
            banned,
        ),
        ("left-pad", json!({ "name": "harmless" }), &[]),
        ("@evil/x", json!({}), banned),
        ("@types/left-pad", json!({}), &[]),
        (
            "left-pad",
            json!({ "resolved": "git+https://git.example/left-pad.git#0123456789abcdef0123456789abcdef01234567" }),
            &["package-banned high", "source-not-covered medium"],
        ),
    ] {
        let (finished, report) = Project::of(BAN, package, &fields).scan(&[]);
        assert_eq!(found(&report), expected, "{package} {fields}: {}", finished.stderr);
        assert_eq!(finished.code, Some(i32::from(!expected.is_empty())), "{package} {fields}");
    }
}

#[test]
fn several_versions_and_wildcards_are_found_where_that_is_asked_for() {
    let project = |settings, requirement: &str| {
        let mut project = Project::of(settings, "x", &json!({ "dependencies": { "y": "^1.0.0" } }));
        project.packages["node_modules/x/node_modules/y"] = json!({ "version": "1.0.0" });
        project.packages["node_modules/y"] = json!({ "version": "2.0.0" });
        let asked = json!({ "x": "^1.0.0", "y": requirement });
        project.packages[""]["dependencies"] = asked.clone();
        project.manifest["dependencies"] = asked;
        project
    };
    for (settings, requirement, expected) in [
        ("", "*", &[][..]),
        ("[dep-scan.bans]\nmultiple-versions = \"warn\"\n", "*", &["package-duplicated medium"]),
        ("[dep-scan.bans]\nmultiple-versions = \"deny\"\n", "*", &["package-duplicated high"]),
        ("[dep-scan.bans]\nwildcards = \"warn\"\n", "*", &["requirement-wildcard medium"]),
        ("[dep-scan.bans]\nwildcards = \"deny\"\n", "", &["requirement-wildcard high"]),
        ("[dep-scan.bans]\nwildcards = \"deny\"\n", "^2 || x", &["requirement-wildcard high"]),
        ("[dep-scan.bans]\nwildcards = \"deny\"\n", "^2.0.0", &[]),
    ] {
        let (finished, report) = project(settings, requirement).scan(&[]);
        assert_eq!(found(&report), expected, "{settings} {requirement}: {}", finished.stderr);
    }
    let (_, report) = project("[dep-scan.bans]\nwildcards = \"warn\"\n", "*").scan(&[]);
    assert_eq!(report["findings"][0]["location"]["path"], "package.json");
}
