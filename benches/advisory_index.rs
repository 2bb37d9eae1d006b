//! An index of 500,000 and of 1,000,000 records: how long it takes to build, and to look 10,000 packages up in it.
//!
//! `cargo bench --bench advisory_index`. The records are generated: two of five are malware, the others have a range, an alias, a
//! CVSS vector and a title of the usual length.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench may panic, and prints what it measured"
)]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

mod measure;

use self::measure::{Cost, best, binaries, megabytes, once};

const RUNS: usize = 20;
const PACKAGES: usize = 10_000;

fn main() {
    let scan = binaries::binary("dep-scan");
    let folder = tempfile::tempdir().unwrap();
    lockfile(&folder.path().join("Cargo.lock"));
    for records in [500_000, 1_000_000] {
        let (zip, index) = (format!("{records}.zip"), format!("{records}.idx"));
        generate(&folder.path().join(&zip), records);
        let command = || {
            let mut command = Command::new(&scan);
            command.current_dir(folder.path());
            command
        };
        let built = once(command().args(["db", "build", "--output", &index, &zip]));
        assert_eq!(built.code, Some(0), "{}", built.said);
        built.print(&format!("build of {records} records"));
        let bytes = std::fs::metadata(folder.path().join(&index)).unwrap().len();
        println!(
            "{:<52} {:>8.1} MB, {} bytes per record",
            "its length",
            megabytes(bytes),
            bytes / records as u64
        );
        let cost: Cost = best(RUNS, || {
            let mut command = command();
            command.args(["--frozen-db", "--quiet", "--formats", "json", "--db", &index, "Cargo.lock"]);
            command
        });
        cost.print(&format!("{PACKAGES} packages against {records} records"));
    }
}

/// A lockfile; one of a hundred packages has an advisory.
fn lockfile(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "version = 4").unwrap();
    for number in 0..PACKAGES {
        let name = if number % 100 == 0 { format!("package-{number}") } else { format!("unknown-{number}") };
        writeln!(
            file,
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\""
        )
        .unwrap();
    }
}

/// A zip of records, as OSV has them.
fn generate(path: &Path, records: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut directory = Vec::new();
    let mut offset = 0_u32;
    for number in 0..records {
        let (id, text) = record(number);
        let name = format!("{id}.json");
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let (length, name_length) = (u32::try_from(text.len()).unwrap(), u16::try_from(name.len()).unwrap());
        let mut facts = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        facts.extend(crc.sum().to_le_bytes());
        facts.extend(length.to_le_bytes());
        facts.extend(length.to_le_bytes());
        facts.extend(name_length.to_le_bytes());
        facts.extend([0, 0]);
        let mut header = b"PK\x03\x04".to_vec();
        header.extend(&facts);
        header.extend(name.as_bytes());
        file.write_all(&header).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&facts);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        offset += u32::try_from(header.len()).unwrap() + length;
    }
    file.write_all(&directory).unwrap();
    let size = directory.len() as u64;
    let count = records as u64;
    let end = u64::from(offset) + size;
    // The Zip64 record and its locator: there are more than 65,535 entries.
    let mut tail = b"PK\x06\x06".to_vec();
    tail.extend(44_u64.to_le_bytes());
    tail.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [count, count, size, offset.into()] {
        tail.extend(number.to_le_bytes());
    }
    tail.extend(b"PK\x06\x07\x00\x00\x00\x00");
    tail.extend(end.to_le_bytes());
    tail.extend(1_u32.to_le_bytes());
    tail.extend(b"PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00");
    file.write_all(&tail).unwrap();
}

/// A record's id and text.
fn record(number: usize) -> (String, String) {
    let times = r#""modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z""#;
    if number % 5 < 2 {
        let (id, name) = (format!("MAL-2026-{number}"), format!("malicious-{number}"));
        let text = format!(
            r#"{{"id": "{id}", {times}, "summary": "Malicious code in {name} (npm)", "affected": [{{"package": {{"ecosystem": "npm", "name": "{name}"}}, "versions": ["1.0.{}"]}}]}}"#,
            number % 100
        );
        return (id, text);
    }
    let (id, name) = (format!("GHSA-{number:04x}-abcd-efgh"), format!("package-{}", number / 2 * 5));
    let text = format!(
        r#"{{"id": "{id}", {times}, "aliases": ["CVE-2026-{number}"], "summary": "{name} has a vulnerability in the way in which it reads what users send", "severity": [{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}], "affected": [{{"package": {{"ecosystem": "crates.io", "name": "{name}"}}, "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.{}.0"}}]}}]}}]}}"#,
        number % 9
    );
    (id, text)
}
