//! Databases in OSV's form: what is found, what is not, and what can't be told.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{lines, scan_in};

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"bad\",\n]\n
[[package]]\nname = \"bad\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

/// A record about a package of crates.io, with more keys of the record and what it says of versions.
fn record(id: &str, package: &str, more: &str, versions: &str) -> String {
    format!(
        r#"{{"schema_version": "1.7.0", "id": "{id}", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "summary": "it is bad", {more} "affected": [{{"package": {{"ecosystem": "crates.io", "name": "{package}"}}, {versions}}}]}}"#
    )
}

const RANGE: &str =
    r#""ranges": [{"type": "SEMVER", "events": [{"introduced": "0.0.0-0"}, {"fixed": "1.2.0"}]}]"#;
const GIT: &str =
    r#""ranges": [{"type": "GIT", "repo": "https://example.org/x", "events": [{"introduced": "0"}]}]"#;
const HIGH: &str =
    r#""severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"#;

/// A folder with a lockfile, and records below `db`.
fn folder(records: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("db/deep")).unwrap();
    for (path, text) in records {
        std::fs::write(folder.path().join("db").join(path), text).unwrap();
    }
    std::fs::write(folder.path().join("Cargo.lock"), LOCK).unwrap();
    folder
}

fn findings(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            (finding["rule"].as_str().unwrap().to_owned(), finding["severity"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn records_are_evaluated_by_the_schema() {
    let good = ("ok.json", record("GHSA-ok", "other", "", RANGE));
    for (text, code, expected) in [
        (record("GHSA-1", "bad", HIGH, RANGE), 1, vec!["advisory GHSA-1 bad 1.0.0 high"]),
        (record("GHSA-1", "bad", "", RANGE), 1, vec!["advisory GHSA-1 bad 1.0.0 high"]),
        (
            record("GHSA-1", "bad", r#""database_specific": {"severity": "MODERATE"},"#, RANGE),
            0,
            vec!["advisory GHSA-1 bad 1.0.0 medium"],
        ),
        (
            record("GHSA-1", "bad", HIGH, r#""versions": ["1.0.0"]"#),
            1,
            vec!["advisory GHSA-1 bad 1.0.0 high"],
        ),
        (record("GHSA-1", "bad", HIGH, r#""versions": ["1.0.1"]"#), 0, vec![]),
        (record("GHSA-1", "bad", HIGH, &RANGE.replace("1.2.0", "1.0.0")), 0, vec![]),
        (record("GHSA-1", "bad", r#""withdrawn": "2026-10-02T00:00:00Z","#, RANGE), 0, vec![]),
        (record("GHSA-1", "bad", HIGH, GIT), 0, vec!["advisory-undecided GHSA-1 bad 1.0.0 low"]),
        (
            record("GHSA-1", "bad", HIGH, &RANGE.replace("1.2.0", "soon")),
            1,
            vec!["advisory-unreadable GHSA-1 bad 1.0.0 high"],
        ),
        (
            record("GHSA-1", "bad", HIGH, &RANGE.replace("fixed", "Fixed")),
            1,
            vec!["advisory-unreadable GHSA-1 bad 1.0.0 high"],
        ),
        (
            record("GHSA-1", "bad", HIGH, &RANGE.replace("SEMVER", "CALENDAR")),
            1,
            vec!["advisory-unreadable GHSA-1 bad 1.0.0 high"],
        ),
        (
            record("MAL-2026-1", "bad", "", r#""versions": ["1.0.0"]"#),
            1,
            vec!["malware MAL-2026-1 bad 1.0.0 critical"],
        ),
        (record("MAL-2026-1", "bad", "", r#""versions": ["1.0.1"]"#), 0, vec![]),
    ] {
        for path in ["one.json", "deep/one.json"] {
            let folder = folder(&[good.clone(), (path, text.clone())]);
            let (finished, report) = scan_in(folder.path(), Path::new("db"), &[]);
            assert_eq!(finished.code, Some(code), "{text}: {finished:?}");
            assert_eq!(lines(&report), expected, "{text}");
        }
    }
}

#[test]
fn a_record_that_nobody_can_assign_is_red_and_hides_nothing() {
    let good = record("GHSA-1", "bad", HIGH, RANGE);
    let half = good[..40].to_owned();
    let folder = folder(&[("GHSA-1.json", good), ("GHSA-2.json", half)]);
    let (finished, report) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let high = |rule: &str| (rule.to_owned(), "high".to_owned());
    assert_eq!(findings(&report), [high("advisory"), high("advisory-unreadable")]);
}

#[test]
fn names_of_one_thing_are_one_finding() {
    let folder = folder(&[
        ("a.json", record("GHSA-aaaa", "bad", r#""aliases": ["CVE-2026-1"],"#, RANGE)),
        (
            "b.json",
            record("RUSTSEC-2026-0001", "bad", &format!(r#"{HIGH} "aliases": ["cve-2026-1"],"#), RANGE),
        ),
        ("c.json", record("GHSA-cccc", "bad", "", RANGE)),
    ]);
    let (_, report) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!(
        lines(&report),
        ["advisory GHSA-cccc bad 1.0.0 high", "advisory RUSTSEC-2026-0001 bad 1.0.0 high"]
    );
    let found = super::finding(&report, "RUSTSEC-2026-0001", "1.0.0");
    assert_eq!(found["subject"]["aliases"], json!(["cve-2026-1", "GHSA-aaaa"]));
    assert_eq!(found["subject"]["patched"], json!(["1.2.0"]));
    assert!(found["help"].as_str().unwrap().contains("--precise 1.2.0"), "{found}");
}

#[test]
fn lists_of_exploited_vulnerabilities_and_probabilities_are_shown() {
    let folder = folder(&[("a.json", record("GHSA-1", "bad", r#""aliases": ["CVE-2026-1"],"#, RANGE))]);
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("kev.json", br#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-05"}]}"#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1,0.12345,0.9\n").unwrap();
    write("epss.csv.gz", &gzip.finish().unwrap());
    let (finished, report) =
        scan_in(folder.path(), Path::new("db"), &["--db", "kev.json", "--db", "epss.csv.gz"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let detail = super::finding(&report, "GHSA-1", "1.0.0")["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("known to be exploited since 2026-10-05") && detail.contains("EPSS 12.34 %"),
        "{detail}"
    );
    let (finished, _) = scan_in(folder.path(), Path::new("kev.json"), &[]);
    assert_eq!(finished.code, Some(3), "a list is no database: {finished:?}");
}

#[test]
fn yaml_is_read_as_json_is() {
    let text = "id: PYSEC-1\nmodified: 2026-10-01T00:00:00Z\naffected:\n- package:\n    ecosystem: crates.io\n    name: bad\n  versions: ['1.0.0']\n";
    let folder = folder(&[("PYSEC-1.yaml", text.to_owned())]);
    let (finished, report) = scan_in(folder.path(), Path::new("db"), &[]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(lines(&report), ["advisory PYSEC-1 bad 1.0.0 high"]);
    let (finished, _) = scan_in(folder.path(), Path::new("db/PYSEC-1.yaml"), &[]);
    assert_eq!(finished.code, Some(1), "a single file: {finished:?}");
}

/// A case of `tests/cases/dep-scan` in a folder of its own.
fn case(name: &str) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&super::case(name), folder.path());
    folder
}

#[test]
fn cases_have_their_results() {
    let of = |ids: &[&str], severity: &str| -> Vec<String> {
        ids.iter().map(|id| format!("advisory {id} {severity}")).collect()
    };
    for (name, arguments, code, expected, others) in [
        ("git-source-hides-advisory", &[][..], 0, vec![], vec!["source-not-covered medium Cargo.lock:9"]),
        (
            "go-toolchain-and-replace",
            &[],
            1,
            of(&["GO-2026-0004 example.org/other 1.0.0"], "critical"),
            vec!["advisory critical go.mod:10"],
        ),
        (
            "malware-is-exact",
            &[],
            1,
            vec!["malware MAL-2026-0001 evil 1.0.1 critical".to_owned()],
            vec!["malware critical package-lock.json:8"],
        ),
        (
            "npm-alias",
            &[],
            1,
            of(&["GHSA-test-0001-0001 leftpad2 1.0.0"], "critical"),
            vec!["advisory critical package-lock.json:12"],
        ),
        ("npm-local-link", &[], 0, vec![], vec![]),
        (
            "osv-evaluation",
            &[],
            1,
            [
                of(
                    &[
                        "GO-2026-0010 example.org/last 1.5.0",
                        "GO-2026-0012 example.org/gitfirst 1.5.0",
                        "GO-2026-0014 example.org/unsorted 1.5.0",
                        "GO-2026-0015 example.org/again 3.1.0+incompatible",
                    ],
                    "critical",
                ),
                vec!["advisory-undecided GO-2026-0013 example.org/onlygit 1.5.0 low".to_owned()],
            ]
            .concat(),
            vec![
                "advisory critical go.mod:6",
                "advisory critical go.mod:8",
                "advisory critical go.mod:10",
                "advisory critical go.mod:11",
                "advisory-undecided low go.mod:9",
            ],
        ),
        (
            "pnpm-9",
            &[],
            1,
            of(&["GHSA-test-0002-0002 b 2.0.0", "GHSA-test-0002-0003 shared 1.0.0"], "critical"),
            vec!["advisory critical pnpm-lock.yaml:28", "advisory critical pnpm-lock.yaml:31"],
        ),
        (
            "registry-twin",
            &[],
            1,
            of(&["RUSTSEC-2026-0100 foo 1.0.0"], "critical"),
            vec!["advisory critical Cargo.lock:9"],
        ),
        (
            "registry-twin",
            &["--sources-mirrors", "other.example"],
            0,
            vec![],
            vec!["source-not-covered medium Cargo.lock:9"],
        ),
        (
            "requirements-dialect",
            &[],
            1,
            of(
                &[
                    "PYSEC-2026-1 flask-login 0.4.0",
                    "PYSEC-2026-2 requests 2.0.0",
                    "PYSEC-2026-3 exact 1.0",
                    "PYSEC-2026-4 ranged 0.7.0",
                    "PYSEC-2026-6 idna 3.6",
                ],
                "critical",
            ),
            vec![
                "advisory critical more/base.txt:1",
                "advisory critical requirements.txt:2",
                "advisory critical requirements.txt:3",
                "advisory critical requirements.txt:6",
                "advisory critical requirements.txt:7",
                "source-not-covered medium requirements.txt:12",
                "unpinned low requirements.txt:10",
                "unpinned low requirements.txt:12",
                "unpinned low requirements.txt:13",
            ],
        ),
        (
            "waiver-in-any-case",
            &[],
            0,
            vec!["advisory RUSTSEC-2026-0001 foo 1.0.0 high".to_owned()],
            vec!["advisory high Cargo.lock:9"],
        ),
    ] {
        let folder = case(name);
        let arguments: Vec<&str> = ["--frozen-db"].iter().chain(arguments).copied().collect();
        let (finished, report) = scan_in(folder.path(), Path::new("db"), &arguments);
        assert_eq!(finished.code, Some(code), "{name}: {finished:?}");
        assert_eq!(lines(&report), expected, "{name}");
        let all: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let place = &finding["location"];
                format!(
                    "{} {} {}:{}",
                    text(&finding["rule"]),
                    text(&finding["severity"]),
                    text(&place["path"]),
                    place["line"]
                )
            })
            .collect();
        assert_eq!(all, others, "{name}");
    }
}
