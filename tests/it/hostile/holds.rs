//! Attacks that never worked and must not begin to: programs that a repository names, paths out of it, addresses that are scripts,
//! inputs that would exhaust a machine.

use std::path::Path;

use super::payloads::TRACE;
use crate::support::{binary, git, report, run};

const GREEN: &str = "<testsuite name=\"s\"><testcase classname=\"c\" name=\"a\"/></testsuite>";

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_repository_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    git(at, &["init", "--quiet", "--initial-branch=main"]);
    write(at, "devops.toml", "[test-gate]\npaths = [\"r.xml\"]\n");
    write(at, "src/a.rs", "one\n");
    write(at, ".gitattributes", "* filter=f diff=d merge=m\n");
    git(at, &["add", "."]);
    git(at, &["commit", "--quiet", "--message=a"]);
    let base = git(at, &["rev-parse", "HEAD"]);
    write(at, "src/a.rs", "one\ntwo\n");
    git(at, &["commit", "--quiet", "--all", "--message=b"]);
    write(at, "r.xml", GREEN);
    write(at, "lcov.info", "SF:src/a.rs\nDA:1,1\nDA:2,1\nend_of_record\n");
    let touch = format!("touch {}", at.join(TRACE).display());
    let mut config = std::fs::read_to_string(at.join(".git/config")).unwrap();
    let mut hooks = String::new();
    for (section, keys) in [
        ("core", &["fsmonitor", "sshCommand", "editor", "pager", "askPass", "gitProxy"][..]),
        ("filter \"f\"", &["clean", "smudge", "process"]),
        ("diff \"d\"", &["textconv", "command"]),
        ("merge \"m\"", &["driver"]),
        ("credential", &["helper"]),
        ("gpg", &["program"]),
        ("diff", &["external"]),
    ] {
        hooks.push_str(&format!("[{section}]\n"));
        hooks.extend(keys.iter().map(|key| format!("\t{key} = !{touch}\n\t{key} = {touch}\n")));
    }
    config.push_str(&hooks);
    write(at, ".git/config", config);
    for name in ["post-checkout", "reference-transaction", "post-index-change"] {
        write(at, &format!(".git/hooks/{name}"), format!("#!/bin/sh\n{touch}\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(at.join(".git/hooks").join(name), mode).unwrap();
    }
    let mut command = binary("test-gate", at);
    command.args(["r.xml", "lcov.info", "--min-patch-coverage", "1", "--base", base.trim()]);
    let finished = run(&mut command);
    assert!(!at.join(TRACE).exists(), "{finished:?}");
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn coverage_of_files_elsewhere_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("repository");
    write(folder.path(), "secret.rs", "a line that must not be shown\n");
    write(&at, "r.xml", GREEN);
    let outside = folder.path().join("secret.rs").display().to_string();
    let mut lcov = String::from("SF:src/a.rs\nDA:1,1\nend_of_record\n");
    for path in ["/etc/passwd", "../secret.rs", "src/../../secret.rs", outside.as_str()] {
        lcov.push_str(&format!("SF:{path}\nDA:1,0\nDA:2,1\nend_of_record\n"));
    }
    write(&at, "lcov.info", lcov);
    write(&at, "src/a.rs", "one\n");
    let line = ["r.xml", "lcov.info", "--exports=cobertura", "--formats=json,html,sarif", "--verbose"];
    let finished = run(binary("test-gate", &at).args(line));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for entry in std::fs::read_dir(at.join("devops-report")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let text = format!("{text}{}", finished.stdout);
        assert!(!text.contains("must not be shown") && !text.contains("root:"), "{text}");
    }
}

#[test]
fn addresses_and_names_of_a_record_are_what_they_seem() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, value) in [
        ("--url", "javascript:alert(1)"),
        ("--url", "JaVaScRiPt:alert(1)"),
        ("--url", "data:text/html,<script>alert(1)</script>"),
        ("--url", "https://user:word@host.example/"),
        ("--url", "https://host.example/\r\nX-Forged: 1"),
        ("--service", "a\r\nb"),
        ("--environment", "a\nb"),
        ("--sha", "a\nb"),
    ] {
        let line = ["start", "--service", "x", "--id", "1"]
            .into_iter()
            .filter(|word| flag != "--service" || !["--service", "x"].contains(word));
        let finished = run(binary("annotate", folder.path()).args(line).args([flag, value]));
        assert_eq!(finished.code, Some(2), "{flag} {value}: {finished:?}");
        assert!(!folder.path().join(".devops").exists(), "{flag} {value}");
    }
}

#[test]
fn what_would_exhaust_a_machine_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let deep = "[".repeat(300_000);
    let entities = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><testsuite><testcase name=\"&b;\"/></testsuite>";
    write(at, "deep.json", format!("{{\"SchemaVersion\": 2, \"Results\": {deep}"));
    write(at, "deep.toml", format!("[test-gate]\npaths = {deep}"));
    write(at, "entities.xml", entities);
    write(at, "attributes.xml", format!("<testsuite {}/>", "a=\"b\" ".repeat(200_000)));
    let lines: [(&str, &[&str]); 5] = [
        ("test-gate", &["entities.xml"]),
        ("test-gate", &["attributes.xml"]),
        ("test-gate", &["deep.json"]),
        ("test-gate", &["entities.xml", "--config", "deep.toml"]),
        ("image-scan", &["--report", "deep.json"]),
    ];
    for (program, line) in lines {
        let finished = run(binary(program, at).args(line));
        assert!(matches!(finished.code, Some(1..=3)), "{program} {line:?}: {finished:?}");
        assert!(
            !finished.stdout.contains("root:") && !finished.stderr.contains("root:"),
            "{program} {line:?}"
        );
    }
    assert!(report(at)["verdict"] != "pass");
}
