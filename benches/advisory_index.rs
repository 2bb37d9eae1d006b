//! An index of 500,000 and of 1,000,000 records: how long it takes to build, how many bytes each kind of record takes, and how long
//! lockfiles take to be checked against it.
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
/// Ecosystems of vulnerabilities; malware is of npm.
const ECOSYSTEMS: [&str; 3] = ["npm", "crates.io", "PyPI"];

/// Which records an index has.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    All,
    Malware,
    Vulnerabilities,
}

fn main() {
    let scan = binaries::binary("dep-scan");
    let folder = tempfile::tempdir().unwrap();
    let command = || {
        let mut command = Command::new(&scan);
        command.current_dir(folder.path());
        command
    };
    let build = |name: &str, kind: Kind, records: usize| {
        let (zip, index) = (format!("{name}.zip"), format!("{name}.idx"));
        let written = generate(&folder.path().join(&zip), kind, records);
        let built = once(command().args(["db", "build", "--output", &index, &zip]));
        assert_eq!(built.code, Some(0), "{}", built.said);
        std::fs::remove_file(folder.path().join(&zip)).unwrap();
        let bytes = std::fs::metadata(folder.path().join(&index)).unwrap().len();
        built.print(&format!("build of {written} records, {name}"));
        println!("{:<52} {:>8.1} MB, {} bytes per record", "its length", megabytes(bytes), bytes / written);
        index
    };
    build("malware", Kind::Malware, 500_000);
    build("vulnerabilities", Kind::Vulnerabilities, 500_000);
    let lockfiles = lockfiles(folder.path());
    for records in [500_000, 1_000_000] {
        let index = build(&format!("all-{records}"), Kind::All, records);
        for lockfile in &lockfiles {
            let cost: Cost = best(RUNS, || {
                let mut command = command();
                command.args(["--frozen-db", "--quiet", "--formats", "json", "--db", &index, lockfile]);
                command
            });
            assert_eq!(cost.code, Some(1), "{lockfile}: some packages have advisories: {}", cost.said);
            cost.print(&format!("{lockfile} against {records} records"));
        }
    }
}

/// Writes lockfiles, of which one of a hundred packages has an advisory.
fn lockfiles(folder: &Path) -> Vec<String> {
    let name = |number: usize| {
        if number.is_multiple_of(100) { format!("package-{number}") } else { format!("unknown-{number}") }
    };
    let write = |path: &str, text: String| {
        std::fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        std::fs::write(folder.join(path), text).unwrap();
        path.to_owned()
    };
    let hash = "0123456789abcdef".repeat(4);
    let cargo = |amount: usize| {
        let tables = (0..amount).map(|number| {
            format!(
                "\n[[package]]\nname = \"{}\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{hash}\"\ndependencies = [\n \"{}\",\n]\n",
                name(number),
                name((number + 1) % amount),
            )
        });
        format!("version = 4\n{}", tables.collect::<String>())
    };
    let npm = (0..PACKAGES).map(|number| {
        let (name, next) = (name(number), name((number + 1) % PACKAGES));
        format!(
            ",\n    \"node_modules/{name}\": {{\n      \"version\": \"1.0.0\",\n      \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-1.0.0.tgz\",\n      \"integrity\": \"sha512-{hash}==\",\n      \"license\": \"MIT\",\n      \"dependencies\": {{\n        \"{next}\": \"^1.0.0\"\n      }},\n      \"engines\": {{\n        \"node\": \">=14\"\n      }}\n    }}"
        )
    });
    let npm = format!(
        "{{\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"\": {{\"name\": \"app\", \"dependencies\": {{\"package-0\": \"^1.0.0\"}}}}{}\n  }}\n}}\n",
        npm.collect::<String>()
    );
    let pip = (0..PACKAGES).map(|number| {
        format!("{}==1.0.0 \\\n    --hash=sha256:{hash} \\\n    --hash=sha256:{hash}\n", name(number))
    });
    let uv = (0..PACKAGES).map(|number| {
        let (name, next) = (name(number), name((number + 1) % PACKAGES));
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\ndependencies = [\n    {{ name = \"{next}\" }},\n]\nsdist = {{ url = \"https://files.pythonhosted.org/packages/{name}-1.0.0.tar.gz\", hash = \"sha256:{hash}\", size = 1 }}\n"
        )
    });
    vec![
        write("npm/package-lock.json", npm),
        write("pip/requirements.txt", pip.collect()),
        write("uv/uv.lock", format!("version = 1\n{}", uv.collect::<String>())),
        write("cargo/Cargo.lock", cargo(PACKAGES)),
        write("large/Cargo.lock", cargo(10 * PACKAGES)),
    ]
}

/// A zip of records, as OSV has them, of the kind that is asked for; returns how many it has.
fn generate(path: &Path, kind: Kind, records: usize) -> u64 {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut directory = Vec::new();
    let (mut offset, mut count) = (0_u32, 0_u64);
    let is_wanted = |number: &usize| match kind {
        Kind::All => true,
        Kind::Malware => is_malware(*number),
        Kind::Vulnerabilities => !is_malware(*number),
    };
    for number in (0..records).filter(is_wanted) {
        count += 1;
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
    count
}

/// Two of five; the records about the packages of lockfiles, two of each, are none.
fn is_malware(number: usize) -> bool {
    number % 5 > 2
}

/// A record's id and text.
fn record(number: usize) -> (String, String) {
    let times = r#""modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z""#;
    if is_malware(number) {
        let (id, name) = (format!("MAL-2026-{number}"), format!("malicious-{number}"));
        let text = format!(
            r#"{{"id": "{id}", {times}, "summary": "Malicious code in {name} (npm)", "affected": [{{"package": {{"ecosystem": "npm", "name": "{name}"}}, "versions": ["1.0.{}"]}}]}}"#,
            number % 100
        );
        return (id, text);
    }
    let (id, name) = (format!("GHSA-{number:04x}-abcd-efgh"), format!("package-{}", number / 2 * 5));
    let ecosystem = ECOSYSTEMS[number % 3];
    let text = format!(
        r#"{{"id": "{id}", {times}, "aliases": ["CVE-2026-{number}"], "summary": "{name} has a vulnerability in the way in which it reads what users send", "severity": [{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}], "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}}, "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.{}.0"}}]}}]}}]}}"#,
        number % 9
    );
    (id, text)
}
