//! Fixes: which version is proposed, who admits it, and the patch of the manifests.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{finding, scan_in};

/// A folder with an OSV record each for `ecosystem name events`, and files.
fn project(records: &[(&str, &str, Value)], files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("db")).unwrap();
    for (number, (ecosystem, name, events)) in records.iter().enumerate() {
        let id = format!("GHSA-{number}");
        let record = json!({
            "schema_version": "1.7.0", "id": id, "summary": "it is bad",
            "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z",
            "affected": [{
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": if *ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" }, "events": events}],
            }],
        });
        std::fs::write(folder.path().join(format!("db/{id}.json")), record.to_string()).unwrap();
    }
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Scans a project; the report, and the patch if there is one.
fn scanned(folder: &Path) -> (Value, Option<String>) {
    let (_, report) = scan_in(folder, &folder.join("db"), &["--frozen-db", "--fixes", "."]);
    let patch = std::fs::read_to_string(folder.join("devops-report/fixes.patch")).ok();
    (report, patch)
}

/// Version, whether it is admitted, and the help of a finding.
fn fix(report: &Value, id: &str, version: &str) -> (String, String, String) {
    let found = finding(report, id, version);
    let fact = |name: &str| found["subject"][name].as_str().unwrap_or_default().to_owned();
    (fact("fix"), fact("fix_admitted"), found["help"].as_str().unwrap().to_owned())
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn lock(packages: &Value) -> String {
    serde_json::to_string_pretty(&json!({"name": "app", "lockfileVersion": 3, "packages": packages})).unwrap()
}

fn installed(version: &str, more: &Value) -> Value {
    let mut entry = json!({"version": version, "integrity": "sha512-aa=="});
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

#[test]
fn npm_raises_the_manifest_overrides_what_others_refuse_and_leaves_the_lockfile_alone() {
    let manifest = "{\n  \"name\": \"app\",\n  \"dependencies\": {\n    \"a\": \"~1.2.0\",\n    \"b\": \"^1.0.0\",\n    \"al\": \"npm:real@1.0.0\"\n  }\n}\n";
    let lock = lock(&json!({
        "": {"name": "app", "dependencies": {"a": "~1.2.0", "b": "^1.0.0", "al": "npm:real@1.0.0"}},
        "node_modules/a": installed("1.2.3", &json!({})),
        "node_modules/al": installed("1.0.0", &json!({"name": "real"})),
        "node_modules/b": installed("1.0.0", &json!({"dependencies": {"a": "0.1.0", "c": "^2.0.0"}})),
        "node_modules/b/node_modules/a": installed("0.1.0", &json!({})),
        "node_modules/c": installed("2.0.0", &json!({})),
    }));
    let of_a = json!([{"introduced": "0"}, {"fixed": "0.2.0"}, {"introduced": "1.0.0"}, {"fixed": "1.3.1"}]);
    let records = [
        ("npm", "a", of_a),
        ("npm", "c", json!([{"introduced": "0"}, {"fixed": "2.0.1"}])),
        ("npm", "real", json!([{"introduced": "0"}, {"fixed": "2.0.0"}])),
    ];
    let folder = project(&records, &[("package.json", manifest), ("package-lock.json", &lock)]);
    git(folder.path(), &["init", "--quiet"]);
    let (report, patch) = scanned(folder.path());
    let (version, admitted, help) = fix(&report, "GHSA-0", "1.2.3");
    assert_eq!((version.as_str(), admitted.as_str()), ("1.3.1", "no"));
    assert_eq!(help, "raise `a` to 1.3.1 or later in package.json:4, then `npm install`");
    let (version, admitted, help) = fix(&report, "GHSA-0", "0.1.0");
    assert_eq!((version.as_str(), admitted.as_str()), ("0.2.0", "no"));
    assert_eq!(
        help,
        "update `b 1.0.0`, which asks for `a` 0.1.0, so that it uses 0.2.0 or later, or add `\"overrides\": {\"a@0\": \"0.2.0\"}` to \
         package.json, then `npm install`"
    );
    assert_eq!(
        fix(&report, "GHSA-1", "2.0.0"),
        ("2.0.1".into(), "yes".into(), "update `c` to 2.0.1 or later: `npm update c`".into())
    );
    let patch = patch.unwrap();
    assert!(patch.starts_with(
        "4 updates would end 4 of 4 findings about advisories, checked against the same database."
    ));
    assert!(patch.contains("Not known offline") && !patch.contains("a/package-lock.json"), "{patch}");
    git(folder.path(), &["apply", "--check", "devops-report/fixes.patch"]);
    git(folder.path(), &["apply", "devops-report/fixes.patch"]);
    let changed: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("package.json")).unwrap()).unwrap();
    assert_eq!(
        changed,
        json!({
            "name": "app",
            "dependencies": {"a": "~1.3.1", "b": "^1.0.0", "al": "npm:real@2.0.0"},
            "overrides": {"a@0": "0.2.0"},
        })
    );
}

#[test]
fn no_bad_version_is_proposed() {
    for (present, events, version, help) in [
        // The lowest fixed version has another advisory.
        (
            "1.0.0",
            vec![
                json!([{"introduced": "0"}, {"fixed": "1.1.0"}]),
                json!([{"introduced": "1.1.0"}, {"fixed": "1.2.0"}]),
            ],
            "1.2.0",
            "npm update x",
        ),
        // A pre-release is nothing for a release, but for another pre-release.
        (
            "1.0.0",
            vec![json!([{"introduced": "0"}, {"fixed": "1.1.0-rc.1"}])],
            "",
            "fixed only in 1.1.0-rc.1, which is a pre-release",
        ),
        ("1.1.0-rc.0", vec![json!([{"introduced": "0"}, {"fixed": "1.1.0-rc.1"}])], "1.1.0-rc.1", ""),
        // Never an older version, nor one behind the last that is affected.
        (
            "1.5.0",
            vec![json!([{"introduced": "1.4.0"}, {"last_affected": "1.5.0"}])],
            "",
            "no patched version",
        ),
        (
            "1.5.0",
            vec![json!([{"introduced": "1.4.0"}]), json!([{"introduced": "0"}, {"fixed": "1.3.9"}])],
            "",
            "no patched version",
        ),
        // A fix of another release branch is above the present one, and another branch of its own.
        (
            "2.1.0",
            vec![
                json!([{"introduced": "0"}, {"fixed": "1.9.9"}, {"introduced": "2.0.0"}, {"fixed": "3.0.0"}]),
            ],
            "3.0.0",
            "raise `x` to 3.0.0",
        ),
        // Every fixed version has another advisory.
        (
            "1.0.0",
            vec![json!([{"introduced": "0"}, {"fixed": "1.1.0"}]), json!([{"introduced": "1.1.0"}])],
            "",
            "has another known advisory",
        ),
    ] {
        let records: Vec<_> = events.into_iter().map(|events| ("npm", "x", events)).collect();
        let requirement = format!("^{present}");
        let lock = lock(&json!({
            "": {"name": "app", "dependencies": {"x": requirement}},
            "node_modules/x": installed(present, &json!({})),
        }));
        let manifest = format!("{{\n  \"dependencies\": {{\n    \"x\": \"{requirement}\"\n  }}\n}}\n");
        let folder = project(&records, &[("package.json", &manifest), ("package-lock.json", &lock)]);
        let (report, _) = scanned(folder.path());
        let (proposed, _, told) = fix(&report, "GHSA-0", present);
        assert_eq!(proposed, version, "{present} {told}");
        assert!(told.contains(help), "{present}: {told}");
    }
}

#[test]
fn manifests_of_cargo_go_and_pip_are_raised() {
    let cargo = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nx = { version = \"0.5\", features = [\"a\"] }";
    let cargo_lock = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"x\"]\n\n[[package]]\nname = \"x\"\nversion = \"0.5.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let go = "module example.org/app\n\ngo 1.22\n\nrequire (\n\texample.org/x v1.2.3\n\texample.org/y v1.0.0 // indirect\n)\n";
    let records = [
        ("crates.io", "x", json!([{"introduced": "0"}, {"fixed": "0.6.2"}])),
        ("Go", "example.org/x", json!([{"introduced": "0"}, {"fixed": "1.2.4"}])),
        ("Go", "example.org/y", json!([{"introduced": "0"}, {"fixed": "2.0.0"}])),
        ("Go", "stdlib", json!([{"introduced": "0"}, {"fixed": "1.22.5"}])),
        ("PyPI", "some-thing", json!([{"introduced": "0"}, {"fixed": "1.1"}])),
        ("PyPI", "hashed", json!([{"introduced": "0"}, {"fixed": "1.1"}])),
    ];
    let pip = "Some_Thing==1.0  # why\nhashed==1.0 --hash=sha256:aa\n";
    let files =
        [("Cargo.toml", cargo), ("Cargo.lock", cargo_lock), ("go.mod", go), ("requirements.txt", pip)];
    let folder = project(&records, &files);
    git(folder.path(), &["init", "--quiet"]);
    let (report, patch) = scanned(folder.path());
    // Another major version is another module.
    assert_eq!(fix(&report, "GHSA-2", "1.0.0").0, "");
    let patch = patch.unwrap();
    assert!(patch.contains("5 updates would end 5 of 6 findings"), "{patch}");
    assert!(patch.contains("Not changed here, by hand:\n  hashed 1.0 -> 1.1 (no: pinned)\n"), "{patch}");
    git(folder.path(), &["apply", "devops-report/fixes.patch"]);
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(text("Cargo.toml"), cargo.replace("0.5", "0.6.2"));
    assert_eq!(text("requirements.txt"), pip.replace("Thing==1.0", "Thing==1.1"));
    assert_eq!(
        text("go.mod"),
        go.replace("go 1.22\n", "go 1.22\n\ntoolchain go1.22.5\n").replace("v1.2.3", "v1.2.4")
    );
    assert_eq!(text("Cargo.lock"), cargo_lock);
}

#[test]
fn a_patch_of_an_earlier_run_does_not_stay() {
    let folder = project(
        &[("PyPI", "x", json!([{"introduced": "0"}, {"fixed": "1.1"}]))],
        &[("requirements.txt", "x==1.0\n")],
    );
    assert!(scanned(folder.path()).1.is_some());
    let (_, _) = scan_in(folder.path(), &folder.path().join("db"), &["--frozen-db", "."]);
    assert!(!folder.path().join("devops-report/fixes.patch").exists());
}

#[test]
fn what_is_not_known_comes_with_the_override() {
    let lock = |importer: &str| {
        format!(
            "lockfileVersion: '9.0'\n\nimporters:\n\n  {importer}:\n    dependencies:\n      b:\n        specifier: 1.0.0\n        version: 1.0.0\n\n\
             packages:\n\n  a@1.2.3:\n    resolution: {{integrity: sha512-aa==}}\n\n  b@1.0.0:\n    resolution: {{integrity: sha512-bb==}}\n\n\
             snapshots:\n\n  a@1.2.3: {{}}\n\n  b@1.0.0:\n    dependencies:\n      a: 1.2.3\n"
        )
    };
    let manifest = "{\n  \"name\": \"app\",\n  \"dependencies\": {\n    \"b\": \"1.0.0\"\n  }\n}\n";
    let records = [("npm", "a", json!([{"introduced": "0"}, {"fixed": "1.3.0"}]))];
    for (importer, command) in [
        (".", "pnpm update --depth Infinity a"),
        ("packages/b", "pnpm update --recursive --depth Infinity a"),
    ] {
        let folder = project(&records, &[("pnpm-lock.yaml", &lock(importer))]);
        let home = folder.path().join(importer);
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("package.json"), manifest).unwrap();
        let (version, admitted, help) = fix(&scanned(folder.path()).0, "GHSA-0", "1.2.3");
        assert_eq!((version.as_str(), admitted.as_str()), ("1.3.0", "unknown"));
        assert_eq!(
            help,
            format!(
                "update `a` to 1.3.0 or later: `{command}`; whether `b 1.0.0` admits it is not known; if not, add `\"a\": \"1.3.0\"` below \
                 `overrides` in pnpm-workspace.yaml (before pnpm 10: below `pnpm.overrides` in package.json), then `pnpm install`"
            )
        );
    }
}

#[test]
fn requirements_of_berry_are_those_of_the_manifest() {
    let manifest = "{\n  \"name\": \"app\",\n  \"dependencies\": {\n    \"a\": \"~1.2.0\"\n  }\n}\n";
    let lock = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"a@npm:~1.2.0\":\n  version: 1.2.3\n  resolution: \"a@npm:1.2.3\"\n  checksum: 10c0/aa\n  languageName: node\n  linkType: hard\n\n\
                \"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    a: \"npm:~1.2.0\"\n  languageName: unknown\n  linkType: soft\n";
    let records = [("npm", "a", json!([{"introduced": "0"}, {"fixed": "1.3.0"}]))];
    let folder = project(&records, &[("package.json", manifest), ("yarn.lock", lock)]);
    let (report, patch) = scanned(folder.path());
    let (_, admitted, help) = fix(&report, "GHSA-0", "1.2.3");
    assert_eq!(admitted, "no");
    assert_eq!(help, "raise `a` to 1.3.0 or later in package.json:4, then `yarn install`");
    assert!(patch.unwrap().contains("+    \"a\": \"~1.3.0\"\n"));
}
