//! Databases that are missing, damaged, hostile or old: an error or a finding, never a pass.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

use super::{finding, scan, scan_in, scan_text};
use crate::support::{binary, report, run};

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"bad\",\n]\n
[[package]]\nname = \"bad\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

/// An advisory about every version of `package`.
fn advisory(id: &str, package: &str, date: &str, more: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"{date}\"\n{more}\n\n[versions]\npatched = []\n```\n\n# Bad\n\nIt is.\n"
    )
}

/// A folder with a database of these files and a lockfile with `bad 1.0.0`.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join("db").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(folder.path().join("Cargo.lock"), LOCK).unwrap();
    folder
}

/// A tarball of these entries, with paths as they are.
fn tar_of(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Runs against a database file of these bytes; the folder lives as long as the value.
fn with_file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = folder(&[]);
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

const GOOD: &str = "crates/other/RUSTSEC-2026-0001.md";

#[test]
fn a_missing_or_empty_database_is_exit_3() {
    let empty = tempfile::tempdir().unwrap();
    let bare = folder(&[("crates/.gitkeep", "")]);
    let (text, _keep) = (b"not a database".as_slice(), ());
    let (keep, file) = with_file("db.tar.gz", text);
    let (keep_zip, zip) = with_file("all.zip", b"PK\x03\x04rest");
    for database in [Path::new("nowhere"), empty.path(), &bare.path().join("db"), &file, &zip] {
        let (finished, report) = scan_text(database, LOCK, &[]);
        assert_eq!(finished.code, Some(3), "{}: {finished:?}", database.display());
        assert_eq!(report["verdict"], "error");
        assert!(finished.stderr.contains("help"), "{}", finished.stderr);
    }
    drop((keep, keep_zip));
    let finished = run(&mut binary("dep-scan", bare.path()));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("--db"), "{}", finished.stderr);
}

#[test]
fn an_unreadable_advisory_fails_only_where_its_package_is_used() {
    let bad = [
        ("no toml", "# nothing\n".to_owned()),
        ("cvss", advisory("RUSTSEC-2026-0002", "bad", "2026-10-01", "cvss = \"CVSS:9.0/AV:N\"")),
        ("id", advisory("RUSTSEC-2026-0003", "bad", "2026-10-01", "")),
        ("package", advisory("RUSTSEC-2026-0002", "other", "2026-10-01", "")),
        (
            "number",
            advisory("RUSTSEC-2026-0002", "bad", "2026-10-01", "")
                .replace("[]", "[\">= 18446744073709551615.0.0\"]"),
        ),
        ("no char boundary", "```tomö ääääääääääääääää".to_owned()),
        ("huge", "x".repeat((1 << 20) + 1)),
    ];
    let good = advisory("RUSTSEC-2026-0001", "other", "2026-10-01", "");
    for (name, text) in bad {
        let used = folder(&[(GOOD, good.as_str()), ("crates/bad/RUSTSEC-2026-0002.md", text.as_str())]);
        let (finished, report) = scan_in(used.path(), Path::new("db"), &[]);
        assert_eq!(finished.code, Some(1), "{name}: {finished:?}");
        let found = finding(&report, "RUSTSEC-2026-0002", "1.0.0");
        assert_eq!(
            (&found["rule"], &found["severity"]),
            (&json!("advisory-unreadable"), &json!("high")),
            "{name}"
        );
        let unused = folder(&[(GOOD, good.as_str()), ("crates/unused/RUSTSEC-2026-0002.md", text.as_str())]);
        let (finished, report) = scan_in(unused.path(), Path::new("db"), &[]);
        assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("pass")), "{name}: {finished:?}");
    }
}

#[test]
fn one_unreadable_advisory_does_not_hide_the_next() {
    let second = advisory("RUSTSEC-2026-0003", "bad", "2026-10-01", "");
    let folder = folder(&[
        ("crates/bad/RUSTSEC-2026-0002.md", "broken"),
        ("crates/bad/RUSTSEC-2026-0003.md", second.as_str()),
    ]);
    let (_, report) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
    assert_eq!(finding(&report, "RUSTSEC-2026-0003", "1.0.0")["rule"], "advisory");
}

#[test]
fn kinds_and_withdrawal_decide_rule_and_severity() {
    let text =
        |number: u32, more: &str| advisory(&format!("RUSTSEC-2026-000{number}"), "bad", "2026-10-01", more);
    let files = [
        ("crates/bad/RUSTSEC-2026-0001.md", text(1, "informational = \"unmaintained\"")),
        ("crates/bad/RUSTSEC-2026-0002.md", text(2, "informational = \"unsound\"")),
        ("crates/bad/RUSTSEC-2026-0003.md", text(3, "informational = \"notice\"")),
        ("crates/bad/RUSTSEC-2026-0004.md", text(4, "informational = \"poetry\"")),
        ("crates/bad/RUSTSEC-2026-0005.md", text(5, "withdrawn = \"2026-10-02\"")),
        (
            "crates/bad/RUSTSEC-2026-0006.md",
            text(6, "cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L\""),
        ),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let folder = folder(&files);
    let (finished, report) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("warn")), "{finished:?}");
    assert_eq!(
        super::lines(&report),
        [
            "advisory RUSTSEC-2026-0006 bad 1.0.0 medium",
            "advisory-notice RUSTSEC-2026-0003 bad 1.0.0 info",
            "advisory-notice RUSTSEC-2026-0004 bad 1.0.0 medium",
            "advisory-unmaintained RUSTSEC-2026-0001 bad 1.0.0 low",
            "advisory-unsound RUSTSEC-2026-0002 bad 1.0.0 medium",
        ]
    );
    assert!(report["notes"].to_string().contains("1 withdrawn advisory skipped"));
}

#[test]
fn age_is_judged_by_the_newest_day_up_to_today() {
    let at = |date: &str, future: bool| {
        let text = advisory("RUSTSEC-2026-0001", "other", date, "");
        let late = advisory("RUSTSEC-2099-0001", "other", "2099-01-01", "");
        let odd = advisory("RUSTSEC-2026-0002", "other", "2026-12-31", "");
        let mut files = vec![(GOOD, text.as_str())];
        if future {
            files.push(("crates/other/RUSTSEC-2099-0001.md", late.as_str()));
            files.push(("crates/other/RUSTSEC-2026-0002.md", odd.as_str()));
        }
        folder(&files)
    };
    // Tests take place on 2026-11-23; 90 days before is 2026-08-25, 180 days before is 2026-05-27.
    for (date, arguments, code, verdict) in [
        ("2026-08-25", &[][..], 0, "pass"),
        ("2026-08-24", &[], 0, "warn"),
        ("2026-05-27", &[], 0, "warn"),
        ("2026-05-26", &[], 3, "error"),
        ("2026-05-26", &["--frozen-db"], 0, "pass"),
        ("2026-05-26", &["--max-db-age", "400"], 0, "pass"),
        ("2026-11-01", &["--max-db-age", "21"], 3, "error"),
    ] {
        for future in [false, true] {
            let folder = at(date, future);
            let (finished, report) = scan_in(folder.path(), Path::new("db"), arguments);
            assert_eq!(finished.code, Some(code), "{date} {arguments:?}: {finished:?}");
            assert_eq!(report["verdict"], verdict, "{date} {arguments:?}");
        }
    }
    let folder = at("2026-10-01", false);
    let (finished, _) = scan_in(folder.path(), Path::new("db"), &["--max-db-age", "0"]);
    assert_eq!(finished.code, Some(2));
}

#[test]
fn dates_of_zeros_never_count() {
    let record = |id: &str, day: &str| {
        format!(
            "{{\"id\": \"{id}\", \"modified\": \"{day}T00:00:00Z\", \"published\": \"{day}T00:00:00Z\", \"affected\": [{{\"package\": \
             {{\"ecosystem\": \"crates.io\", \"name\": \"other\"}}, \"ranges\": [{{\"type\": \"SEMVER\", \"events\": [{{\"introduced\": \"0\"}}]}}]}}]}}"
        )
    };
    let zeros = record("GO-2026-1", "0001-01-01");
    let recent = record("GO-2026-2", "2026-11-20");
    let old = record("GO-2026-3", "2026-01-01");
    for (files, code) in [
        (vec![("a.json", zeros.as_str()), ("b.json", recent.as_str())], 0),
        (vec![("a.json", zeros.as_str()), ("b.json", old.as_str())], 3),
        // Nobody knows how old it is.
        (vec![("a.json", zeros.as_str())], 3),
    ] {
        let folder = folder(&files);
        let (finished, report) = scan_in(folder.path(), Path::new("db"), &[]);
        assert_eq!(finished.code, Some(code), "{files:?}: {finished:?}");
        assert_eq!(report["verdict"], if code == 0 { "pass" } else { "error" }, "{files:?}");
    }
}

#[test]
fn tarballs_cut_off_anywhere_are_exit_3() {
    use tar::EntryType;
    let text = advisory("RUSTSEC-2026-0001", "other", "2026-10-01", "");
    let bad = advisory("RUSTSEC-2026-0002", "bad", "2026-10-01", "");
    let plain = tar_of(&[
        (GOOD, EntryType::Regular, text.as_bytes()),
        ("x/crates/bad/RUSTSEC-2026-0002.md", EntryType::Regular, bad.as_bytes()),
    ]);
    let zipped = gzip(&plain);
    let (_keep, whole) = with_file("db", &zipped);
    assert_eq!(scan_text(&whole, LOCK, &[]).0.code, Some(1));
    let (_keep, whole) = with_file("db", &plain);
    assert_eq!(scan_text(&whole, LOCK, &[]).0.code, Some(1));
    for (name, bytes, cuts) in [
        ("gz", &zipped, vec![zipped.len() - 1, zipped.len() - 8, zipped.len() / 2, 20]),
        // At the border between two entries only the missing end mark shows it.
        ("tar", &plain, vec![1024, 1025, 1700, 2048]),
    ] {
        for cut in cuts {
            let (_keep, path) = with_file("db", &bytes[..cut]);
            let (finished, _) = scan_text(&path, LOCK, &[]);
            assert_eq!(finished.code, Some(3), "{name} cut at {cut}: {finished:?}");
        }
    }
    let mut flipped = zipped.clone();
    let middle = flipped.len() - 6;
    flipped[middle] ^= 0xff;
    let (_keep, path) = with_file("db", &flipped);
    assert_eq!(scan_text(&path, LOCK, &[]).0.code, Some(3), "the checksum is compared");
}

#[test]
fn hostile_tarballs_are_refused_and_nothing_is_written() {
    use tar::EntryType;
    let text = advisory("RUSTSEC-2026-0001", "other", "2026-10-01", "");
    let good = (GOOD, EntryType::Regular, text.as_bytes());
    let large = vec![b'x'; (1 << 20) + 1];
    for (path, kind, bytes, code) in [
        ("../crates/bad/RUSTSEC-2026-0002.md", EntryType::Regular, b"".as_slice(), 3),
        ("/crates/bad/RUSTSEC-2026-0002.md", EntryType::Regular, b"", 3),
        ("crates/bad/../../escape", EntryType::Regular, b"", 3),
        ("crates/bad/RUSTSEC-2026-0002.md", EntryType::Symlink, b"", 1),
        ("crates/bad/RUSTSEC-2026-0002.md", EntryType::Link, b"", 1),
        ("crates/bad/RUSTSEC-2026-0002.md", EntryType::Fifo, b"", 1),
        ("crates/bad/RUSTSEC-2026-0002.md", EntryType::Regular, &large, 1),
        ("crates/unused/RUSTSEC-2026-0002.md", EntryType::Regular, &large, 0),
        ("crates/unused/RUSTSEC-2026-0002.md", EntryType::Symlink, b"", 0),
    ] {
        let (folder, database) = with_file("db.tar.gz", &gzip(&tar_of(&[good, (path, kind, bytes)])));
        let (finished, _) = scan_in(folder.path(), &database, &["Cargo.lock"]);
        assert_eq!(finished.code, Some(code), "{path} {kind:?}: {finished:?}");
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["Cargo.lock", "db.tar.gz", "devops-report"], "{path}");
    }
}

#[cfg(unix)]
#[test]
fn odd_files_in_a_folder_do_no_harm() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let text = advisory("RUSTSEC-2026-0001", "other", "2026-10-01", "");
    let folder = folder(&[(GOOD, text.as_str()), ("crates/bad/.DS_Store", "x"), ("crates/README.md", "x")]);
    let crates = folder.path().join("db/crates");
    std::fs::create_dir(crates.join(OsStr::from_bytes(b"caf\xe9"))).unwrap();
    std::fs::write(crates.join("other").join(OsStr::from_bytes(b"caf\xe9.md")), "x").unwrap();
    let (finished, _) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    std::os::unix::fs::symlink("nowhere", crates.join("bad/RUSTSEC-2026-0009.md")).unwrap();
    let (finished, _) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!(finished.code, Some(1), "a dangling link may hide an advisory: {finished:?}");
}

#[test]
fn waivers_cover_advisories_by_id_package_and_alias() {
    let text = advisory("RUSTSEC-2026-0001", "bad", "2026-10-01", "aliases = [\"CVE-2026-1\"]");
    let folder = folder(&[("crates/bad/RUSTSEC-2026-0001.md", text.as_str())]);
    for matches in
        ["RUSTSEC-2026-0001", "rustsec-2026-0001", "bad", "pkg:cargo/bad@1.0.0", "CVE-2026-1", "cve-2026-*"]
    {
        let waiver = format!(
            "[[waiver]]\nrule = \"advisory\"\nmatches = \"{matches}\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-12-31\n"
        );
        std::fs::write(folder.path().join("devops.toml"), waiver).unwrap();
        let (finished, _) = scan_in(folder.path(), Path::new("db"), &[]);
        assert_eq!(finished.code, Some(0), "{matches}: {finished:?}");
        let report = report(folder.path());
        let findings = report["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["waived"]["owner"] == "o"), "{matches}: {report}");
    }
    let (finished, _) = scan(&folder.path().join("db"), &["--quiet", folder.path().to_str().unwrap()]);
    assert_eq!(finished.code, Some(1));
}

#[test]
fn a_link_in_the_place_of_a_folder_is_exit_3_with_its_name() {
    use tar::EntryType;
    let text = advisory("RUSTSEC-2026-0001", "other", "2026-10-01", "");
    for (place, kind) in [
        ("crates/bad", EntryType::Symlink),
        ("x/crates/bad/", EntryType::Symlink),
        ("crates/./bad", EntryType::Link),
        ("x/crates", EntryType::Symlink),
        ("crates", EntryType::Fifo),
    ] {
        let plain = tar_of(&[(GOOD, EntryType::Regular, text.as_bytes()), (place, kind, b"")]);
        for bytes in [gzip(&plain), plain] {
            let (_keep, path) = with_file("db", &bytes);
            let (finished, report) = scan_text(&path, LOCK, &[]);
            assert_eq!(finished.code, Some(3), "{place}: {finished:?}");
            assert!(finished.stderr.contains(&format!("`{place}` is a link")), "{}", finished.stderr);
            assert_eq!(report["verdict"], "error");
        }
    }
    // Links elsewhere hide nothing.
    let plain =
        tar_of(&[(GOOD, EntryType::Regular, text.as_bytes()), ("x/README.md", EntryType::Symlink, b"")]);
    let (_keep, path) = with_file("db", &plain);
    assert_eq!(scan_text(&path, LOCK, &[]).0.code, Some(0));
}

#[test]
fn a_second_archive_behind_the_end_mark_is_exit_3() {
    use tar::EntryType;
    let text = advisory("RUSTSEC-2026-0001", "other", "2026-10-01", "");
    let bad = advisory("RUSTSEC-2026-0002", "bad", "2026-10-01", "");
    let first = tar_of(&[(GOOD, EntryType::Regular, text.as_bytes())]);
    let second = tar_of(&[("crates/bad/RUSTSEC-2026-0002.md", EntryType::Regular, bad.as_bytes())]);
    let both = [first.clone(), second.clone()].concat();
    for bytes in [gzip(&both), [gzip(&first), gzip(&second)].concat(), both] {
        let (_keep, path) = with_file("db", &bytes);
        let (finished, _) = scan_text(&path, LOCK, &[]);
        assert_eq!(finished.code, Some(3), "{finished:?}");
        assert!(finished.stderr.contains("after its end marker"), "{}", finished.stderr);
    }
    let padded = [first, vec![0; 20 * 512]].concat();
    let (_keep, path) = with_file("db", &padded);
    assert_eq!(scan_text(&path, LOCK, &[]).0.code, Some(0));
}
