//! `devops fetch release-dates`: what is asked, what is written, and what a second run leaves out.

use std::path::Path;

use super::fetch;
use super::server::{Server, reply};
use crate::support::run;

const LOCKFILE: &str = "version = 4

[[package]]
name = \"app\"
version = \"0.1.0\"
dependencies = [\"inside\", \"serde\", \"syn\"]

[[package]]
name = \"inside\"
version = \"1.0.0\"
source = \"git+https://git.example.com/inside#0000000000000000000000000000000000000000\"

[[package]]
name = \"serde\"
version = \"1.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"

[[package]]
name = \"syn\"
version = \"2.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
";

#[test]
fn only_what_is_unknown_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.lock"), LOCKFILE).unwrap();
    let server = Server::start(|request, before| match request.path.as_str() {
        "/se/rd/serde" => reply(200, "{\"vers\": \"1.0.0\", \"pubtime\": \"2017-04-20T15:03:01Z\"}\n"),
        "/3/s/syn" if before > 1 => {
            reply(200, "{\"vers\": \"2.0.0\", \"pubtime\": \"2023-03-18T00:00:00Z\"}\n")
        }
        _ => reply(404, ""),
    });
    let mirror = format!("crates.io={}", server.url);
    let arguments = ["release-dates", "--output", "dates.json", "--registry", &mirror];
    let first = run(&mut fetch(folder.path(), &arguments));
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.stdout.contains("no date of crates.io syn 2.0.0"), "{}", first.stdout);
    let mut asked = server.paths();
    asked.sort();
    assert_eq!(asked, ["/3/s/syn", "/se/rd/serde"], "what is private is never named to a registry");
    let second = run(&mut fetch(folder.path(), &arguments));
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert_eq!(server.paths()[2..], ["/3/s/syn"]);
    assert!(second.stdout.starts_with("dates.json: dates of 2 releases"), "{}", second.stdout);
    assert_eq!(run(&mut fetch(folder.path(), &arguments)).code, Some(0));
    assert_eq!(server.paths().len(), 3, "everything is known");
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("dates.json")).unwrap()).unwrap();
    assert_eq!(written["packages"][0]["releases"][0]["published"], "2017-04-20T15:03:01Z");
    let schema =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("schemas/release-dates-v1.schema.json");
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&written));
    for key in ["schema_version", "packages"] {
        let mut without = written.clone();
        without.as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&without), "{key}");
    }
}

#[test]
fn what_was_answered_is_kept_where_a_registry_fails() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.lock"), LOCKFILE).unwrap();
    let server = Server::start(|request, _| match request.path.as_str() {
        "/se/rd/serde" => reply(200, "{\"vers\": \"1.0.0\", \"pubtime\": \"2017-04-20T15:03:01Z\"}\n"),
        _ => reply(500, ""),
    });
    let mirror = format!("crates.io={}", server.url);
    let arguments = ["release-dates", "--output", "dates.json", "--registry", &mirror, "--attempts", "1"];
    let finished = run(&mut fetch(folder.path(), &arguments));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stderr.contains("release dates of crates.io"), "{}", finished.stderr);
    let written = std::fs::read_to_string(folder.path().join("dates.json")).unwrap();
    assert!(written.contains("2017-04-20T15:03:01Z"), "{written}");
    std::fs::write(folder.path().join("dates.json"), &written[..written.len() / 2]).unwrap();
    let damaged = run(&mut fetch(folder.path(), &arguments));
    assert_eq!(damaged.code, Some(3), "{}", damaged.stderr);
    assert!(damaged.stderr.contains("dates.json:"), "{}", damaged.stderr);
}
