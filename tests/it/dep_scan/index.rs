//! `dep-scan db`, and scans with an index: whole, damaged, old, and of real data.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{lines, scan_in};
use crate::support::{Finished, binary, corpus, run};

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"bad\",\n]\n
[[package]]\nname = \"bad\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

/// Runs `dep-scan db`.
fn db(folder: &Path, arguments: &[&str]) -> Finished {
    run(binary("dep-scan", folder).arg("db").args(arguments))
}

/// A folder with a lockfile and an index of one advisory of this day.
fn folder(day: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"bad\"\ndate = \"{day}\"\n\n[versions]\npatched = [\">= 1.2.0\"]\n```\n\n# Bad\n\nIt is.\n"
    );
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir_all(at("rustsec/crates/bad")).unwrap();
    std::fs::write(at("rustsec/crates/bad/RUSTSEC-2026-0001.md"), text).unwrap();
    std::fs::write(at("Cargo.lock"), LOCK).unwrap();
    let built = db(folder.path(), &["build", "--output", "index", "rustsec"]);
    assert_eq!(built.code, Some(0), "{built:?}");
    folder
}

fn digest(folder: &Path, index: &str) -> String {
    let info = db(folder, &["info", index]);
    assert_eq!(info.code, Some(0), "{info:?}");
    info.stdout.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn what_is_no_index_is_named_with_what_to_do() {
    let folder = folder("2026-10-01");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("empty", b"");
    write("all.zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    write("db.tar.gz", b"\x1f\x8b\x08\0");
    write("kev.json", b"{\"vulnerabilities\": []}");
    write("other", b"devops-what?");
    for (path, what, next) in [
        ("missing", "missing", "`dep-scan db build`"),
        ("rustsec", "rustsec: is a folder", "`dep-scan db build --output advisories.idx rustsec`"),
        ("empty", "empty: is empty", "`dep-scan db build`"),
        ("all.zip", "all.zip: is a zip", "`dep-scan db build --output advisories.idx all.zip`"),
        ("db.tar.gz", "db.tar.gz: is compressed", "`dep-scan db build --output advisories.idx db.tar.gz`"),
        ("kev.json", "kev.json: is JSON", "`dep-scan db build --output advisories.idx kev.json`"),
        ("other", "other", "`dep-scan db build`"),
    ] {
        for arguments in
            [&["info", path][..], &["verify", path], &["diff", "index", path], &["diff", path, "index"]]
        {
            let finished = db(folder.path(), arguments);
            assert_eq!(finished.code, Some(3), "{arguments:?}: {finished:?}");
            let said = finished.stderr.replace(['\n', '\r'], " ");
            assert!(finished.stderr.contains(path), "{arguments:?}: {said}");
            let what = what.rsplit(": ").next().unwrap();
            assert!(said.contains(what) && said.contains(next), "{arguments:?}: {said}");
            assert_eq!(finished.stdout, "", "{arguments:?}");
        }
    }
}

#[test]
fn an_index_finds_what_its_source_finds() {
    let folder = folder("2026-10-01");
    let by = |database: &str, arguments: &[&str]| -> (Option<i32>, Vec<String>, Value) {
        let (finished, report) = scan_in(folder.path(), Path::new(database), arguments);
        (finished.code, lines(&report), report)
    };
    let (source, index) = (by("rustsec", &[]), by("index", &[]));
    assert_eq!((source.0, &source.1), (Some(1), &index.1));
    assert_eq!(source.2["findings"], index.2["findings"]);
    let digest = digest(folder.path(), "index");
    assert_eq!(index.2["provenance"]["data"]["database"]["digest"], digest.as_str());
    assert_eq!(by("index", &["--db-digest", &digest]).0, Some(1));
    for (database, wrong) in [("index", "sha256:00"), ("rustsec", digest.as_str())] {
        let (finished, _) = scan_in(folder.path(), Path::new(database), &["--db-digest", wrong]);
        assert_eq!(finished.code, Some(3), "{database} {wrong}: {finished:?}");
    }
}

#[test]
fn an_index_without_a_date_of_fetching_is_as_old_as_its_newest_advisory() {
    for (day, arguments, code, verdict) in [
        ("2026-10-01", &[][..], 1, "fail"),
        ("2026-05-01", &[], 3, "error"),
        ("2026-05-01", &["--frozen-db"], 1, "fail"),
        ("2026-10-01", &["--max-db-age", "20"], 3, "error"),
        ("2030-01-01", &[], 3, "error"),
    ] {
        let folder = folder(day);
        let (finished, report) = scan_in(folder.path(), Path::new("index"), arguments);
        assert_eq!(finished.code, Some(code), "{day} {arguments:?}: {finished:?}");
        assert_eq!(report["verdict"], verdict, "{day} {arguments:?}");
    }
}

#[test]
fn a_damaged_index_is_exit_3() {
    let folder = folder("2026-10-01");
    let whole = std::fs::read(folder.path().join("index")).unwrap();
    let mut other_version = whole.clone();
    other_version[10] = 9;
    let mut flipped = whole.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let longer: Vec<u8> = whole.iter().copied().chain([0]).collect();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("cut off", whole[..whole.len() - 1].to_vec()),
        ("header only", whole[..60].to_vec()),
        ("preamble only", whole[..12].to_vec()),
        ("longer", longer),
        ("other version", other_version),
        ("flipped", flipped),
    ] {
        std::fs::write(folder.path().join("damaged"), &bytes).unwrap();
        let (finished, report) = scan_in(folder.path(), Path::new("damaged"), &[]);
        assert_eq!(finished.code, Some(3), "{name}: {finished:?}");
        assert_eq!(report["verdict"], "error", "{name}");
        assert_eq!(db(folder.path(), &["verify", "damaged"]).code, Some(3), "{name}");
    }
    assert_eq!(db(folder.path(), &["verify", "index"]).code, Some(0));
}

#[test]
fn real_databases_build_into_one_index() {
    let Some(corpus) = corpus() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| corpus.join("advisories").join(name).display().to_string();
    let mut sources = [
        at("osv-AlmaLinux-all.zip"),
        at("osv-Alpine-all.zip"),
        at("osv-Go-all.zip"),
        at("osv-PyPI-all.zip"),
        at("rustsec-advisory-db.tar.gz"),
        at("cisa-kev.json"),
    ];
    let build = |name: &str, sources: &[String]| {
        let arguments = ["build", "--output", name].into_iter().chain(sources.iter().map(String::as_str));
        let built = db(folder.path(), &arguments.collect::<Vec<_>>());
        assert_eq!(built.code, Some(0), "{built:?}");
        built.stdout
    };
    let described = build("one", &sources);
    // As many as the zips hold: those that stand, and those that were withdrawn.
    for line in [
        "AlmaLinux: 5,680 records",
        "Alpine: 2,415 records",
        "Go: 4,274 records",
        "osv-Go-all.zip: 4,291 records, 17 withdrawn",
        "PyPI: 2,651 records",
        "osv-PyPI-all.zip: 2,661 records, 10 withdrawn",
        "crates.io: 1,192 records",
        "rustsec-advisory-db.tar.gz: 1,205 records, 13 withdrawn",
        "cisa-kev.json: 1,404 records",
    ] {
        assert!(described.contains(line), "{line}\n{described}");
    }
    assert!(!described.contains("unreadable"), "{described}");
    sources.reverse();
    build("other", &sources);
    assert_eq!(
        std::fs::read(folder.path().join("one")).unwrap(),
        std::fs::read(folder.path().join("other")).unwrap()
    );
    let verified = db(folder.path(), &["verify", "one"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}
