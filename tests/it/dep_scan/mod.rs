//! `dep-scan` through its binary.

mod bills;
mod builds;
mod changes;
mod cheating;
mod cheats;
mod compare;
mod database;
mod findings;
mod fixes;
mod index;
mod licences;
mod lockfile;
mod oracle;
mod osv;
mod packages;
mod policy;
mod sample;
mod sources;
#[cfg(target_os = "linux")]
mod system_calls;

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Finished, binary, corpus, report_or_null, run};

/// The tarball of the real database.
fn tarball() -> Option<PathBuf> {
    corpus().map(|folder| folder.join("advisories/rustsec-advisory-db.tar.gz"))
}

/// The real database unpacked; the folder lives as long as the value.
fn unpacked() -> Option<(TempDir, PathBuf)> {
    let tarball = tarball()?;
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(File::open(tarball).unwrap()))
        .unpack(folder.path())
        .unwrap();
    let database = folder.path().join("advisory-db");
    Some((folder, database))
}

/// A folder of `tests/cases/dep-scan`.
fn case(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("tests/cases/dep-scan").join(name)
}

/// Runs `dep-scan` in an empty folder; the report is `null` where there is none.
fn scan(database: &Path, arguments: &[&str]) -> (Finished, Value) {
    let folder = tempfile::tempdir().unwrap();
    scan_in(folder.path(), database, arguments)
}

/// Runs `dep-scan` in a folder, with its database.
fn scan_in(folder: &Path, database: &Path, arguments: &[&str]) -> (Finished, Value) {
    let finished = run(binary("dep-scan", folder).arg("--db").arg(database).args(arguments));
    (finished, report_or_null(folder))
}

/// A lockfile text scanned in a folder of its own.
fn scan_text(database: &Path, text: impl AsRef<[u8]>, arguments: &[&str]) -> (Finished, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.lock"), text).unwrap();
    scan_in(folder.path(), database, arguments)
}

/// The findings of a report that are about advisories, as `rule id package version severity`.
fn lines(report: &Value) -> Vec<String> {
    let mut lines: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["subject"]["advisory"].is_string())
        .map(|finding| {
            let about = |name: &str| finding["subject"][name].as_str().unwrap();
            let text = |name: &str| finding[name].as_str().unwrap();
            let (rule, severity) = (text("rule"), text("severity"));
            format!("{rule} {} {} {} {severity}", about("advisory"), about("package"), about("version"))
        })
        .collect();
    lines.sort();
    lines
}

/// The finding about an advisory and a package's version.
fn finding<'a>(report: &'a Value, advisory: &str, version: &str) -> &'a Value {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| {
            finding["subject"]["advisory"] == advisory && finding["subject"]["version"] == version
        })
        .unwrap_or_else(|| panic!("no finding about {advisory} and {version}"))
}
