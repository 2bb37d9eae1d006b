//! Known packages against the real database, checked by hand against the advisories themselves.

use serde_json::json;

use super::{case, finding, lines, scan, tarball, unpacked};

/// What applies to `tests/cases/dep-scan/known`, read off the advisories by eye.
const KNOWN: &[&str] = &[
    "advisory RUSTSEC-2020-0071 time 0.1.43 medium",
    "advisory RUSTSEC-2020-0159 chrono 0.4.19 high",
    "advisory RUSTSEC-2021-0003 smallvec 0.6.13 critical",
    "advisory RUSTSEC-2021-0003 smallvec 1.6.0 critical",
    "advisory RUSTSEC-2022-0013 regex 1.5.4 high",
    "advisory RUSTSEC-2023-0001 tokio 1.18.3 high",
    "advisory RUSTSEC-2023-0018 remove_dir_all 0.5.3 high",
    "advisory RUSTSEC-2024-0003 h2 0.3.23 high",
    "advisory RUSTSEC-2024-0332 h2 0.3.23 high",
    "advisory RUSTSEC-2024-0336 rustls 0.21.10 high",
    "advisory RUSTSEC-2024-0421 idna 0.5.0 high",
    "advisory RUSTSEC-2025-0009 ring 0.16.20 high",
    "advisory RUSTSEC-2026-0009 time 0.3.46 medium",
    "advisory RUSTSEC-2026-0258 h2 0.3.23 high",
    "advisory-unmaintained RUSTSEC-2024-0375 atty 0.2.14 low",
    "advisory-unmaintained RUSTSEC-2025-0010 ring 0.16.20 low",
    "advisory-unsound RUSTSEC-2021-0145 atty 0.2.14 medium",
    "advisory-unsound RUSTSEC-2023-0005 tokio 1.18.3 medium",
    "advisory-unsound RUSTSEC-2025-0023 tokio 1.18.3 medium",
];

#[test]
fn known_packages_get_their_advisories() {
    let Some(database) = tarball() else { return };
    let (finished, report) = scan(&database, &[case("known").to_str().unwrap()]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(lines(&report), KNOWN);
    assert_eq!(
        report["totals"],
        json!({"lockfiles": 1, "packages": 17, "vulnerable_packages": 12, "advisories": 18})
    );
    let found = finding(&report, "RUSTSEC-2021-0003", "0.6.13");
    let path = found["location"]["path"].as_str().unwrap();
    assert!(path.ends_with("known/Cargo.lock"), "{path}");
    let text = std::fs::read_to_string(case("known").join("Cargo.lock")).unwrap();
    let line = usize::try_from(found["location"]["line"].as_u64().unwrap()).unwrap();
    let around: Vec<&str> = text.lines().skip(line - 1).take(2).collect();
    assert_eq!(around, ["name = \"smallvec\"", "version = \"0.6.13\""]);
    assert_eq!(
        found["subject"],
        json!({
            "package": "smallvec",
            "version": "0.6.13",
            "ecosystem": "crates.io",
            "purl": "pkg:cargo/smallvec@0.6.13",
            "advisory": "RUSTSEC-2021-0003",
            "aliases": ["CVE-2021-25900", "GHSA-43w2-9j62-hq99"],
            "fix": "0.6.14",
            "fix_admitted": "unknown",
            "patched": [">=0.6.14, <1.0.0", ">=1.6.1"],
            "direct": true,
            "path": ["smallvec 0.6.13"],
            "fix": "0.6.14",
            "fix_admitted": "unknown",
        })
    );
}

#[test]
fn paths_are_the_shortest_and_help_is_a_command_where_one_helps() {
    let Some(database) = tarball() else { return };
    let (_, report) = scan(&database, &[case("known").to_str().unwrap()]);
    let cases = [
        (
            "RUSTSEC-2021-0003",
            "0.6.13",
            json!(["smallvec 0.6.13"]),
            "cargo update -p smallvec@0.6.13 --precise 0.6.14",
        ),
        (
            "RUSTSEC-2021-0003",
            "1.6.0",
            json!(["smallvec 1.6.0"]),
            "cargo update -p smallvec@1.6.0 --precise 1.6.1",
        ),
        ("RUSTSEC-2022-0013", "1.5.4", json!(["regex 1.5.4"]), "cargo update -p regex --precise 1.5.5"),
        // h2 0.3.26 would repair this one and another, and nothing below 0.4 the third.
        (
            "RUSTSEC-2024-0332",
            "0.3.23",
            json!(["hyper 0.14.28", "h2 0.3.23"]),
            "update or replace `hyper 0.14.28` so that it uses `h2` 0.4.16 or later; until then, `cargo update -p h2 --precise \
             0.3.26` ends this finding, but not every other",
        ),
        (
            "RUSTSEC-2026-0258",
            "0.3.23",
            json!(["hyper 0.14.28", "h2 0.3.23"]),
            "update or replace `hyper 0.14.28` so that it uses `h2` 0.4.16 or later",
        ),
        (
            "RUSTSEC-2024-0421",
            "0.5.0",
            json!(["rustls 0.21.10", "url 2.5.0", "idna 0.5.0"]),
            "update or replace `rustls 0.21.10` so that it uses `idna` 1.0.0 or later",
        ),
        (
            "RUSTSEC-2026-0009",
            "0.3.46",
            json!(["hyper 0.14.28", "tokio 1.18.3", "remove_dir_all 0.8.0", "time 0.3.46"]),
            "cargo update -p time@0.3.46 --precise 0.3.47",
        ),
        (
            "RUSTSEC-2023-0018",
            "0.5.3",
            json!(["remove_dir_all 0.5.3"]),
            "raise `remove_dir_all` to 0.8.0 or later in Cargo.toml, then `cargo update -p remove_dir_all@0.5.3`",
        ),
        (
            "RUSTSEC-2024-0375",
            "0.2.14",
            json!(["atty 0.2.14"]),
            "no patched version: replace `atty` (unmaintained since 2024-09-25)",
        ),
    ];
    for (advisory, version, path, help) in cases {
        let found = finding(&report, advisory, version);
        assert_eq!(found["subject"]["path"], path, "{advisory}");
        assert_eq!(found["help"], help, "{advisory}");
        assert_eq!(found["subject"]["direct"], path.as_array().unwrap().len() == 1, "{advisory}");
    }
}

#[test]
fn patched_unaffected_and_foreign_packages_are_not_flagged() {
    let Some(database) = tarball() else { return };
    let (finished, report) = scan(&database, &["--frozen-db", case("safe").to_str().unwrap()]);
    assert_eq!(lines(&report), [""; 0], "{finished:?}");
    let rules: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|found| found["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["source-not-covered"; 2], "one from git, one from another registry");
    assert_eq!((finished.code, &report["verdict"]), (Some(0), &json!("warn")));
    let notes = report["notes"].to_string();
    assert!(notes.contains("1 package from git"), "{notes}");
    assert!(notes.contains("1 package from other registries"), "{notes}");
    assert!(notes.contains("2 packages of the project itself"), "{notes}");
    assert!(notes.contains("withdrawn"), "{notes}");
}

#[test]
fn folder_and_tarball_say_the_same() {
    let Some((_folder, database)) = unpacked() else { return };
    let tarball = tarball().unwrap();
    let (_, by_folder) = scan(&database, &[case("known").to_str().unwrap()]);
    let (_, by_tarball) = scan(&tarball, &[case("known").to_str().unwrap()]);
    let without_database = |report: &serde_json::Value| {
        let stale = |finding: &&serde_json::Value| finding["rule"] != "database-stale";
        report["findings"].as_array().unwrap().iter().filter(stale).cloned().collect::<Vec<_>>()
    };
    assert_eq!(without_database(&by_folder), without_database(&by_tarball));
    assert_eq!(by_folder["notes"], by_tarball["notes"]);
    let database = |report: &serde_json::Value| report["provenance"]["data"]["database"].clone();
    for fact in ["advisories", "newest", "age_days"] {
        assert_eq!(database(&by_folder)[fact], database(&by_tarball)[fact], "{fact}");
    }
    assert_eq!(database(&by_tarball)["advisories"], 1205);
    assert_eq!(database(&by_tarball)["newest"], "2026-08-20");
    assert_eq!(database(&by_tarball)["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn version_1_and_workspaces_are_understood() {
    let Some(database) = tarball() else { return };
    let (_, report) = scan(&database, &[case("v1").to_str().unwrap()]);
    let found = finding(&report, "RUSTSEC-2021-0003", "1.6.0");
    assert_eq!(found["subject"]["path"], json!(["regex 1.5.4", "smallvec 1.6.0"]));
    let (_, report) = scan(&database, &[case("workspace").to_str().unwrap()]);
    // A pre-release comes before its release, so it is affected like the releases before the repair.
    let found = finding(&report, "RUSTSEC-2021-0003", "1.6.1-rc.1");
    assert_eq!(found["subject"]["path"], json!(["smallvec 1.6.1-rc.1"]));
    assert_eq!(found["subject"]["direct"], true);
}

#[test]
fn a_package_in_two_lockfiles_is_one_finding() {
    let Some(database) = tarball() else { return };
    let known = case("known");
    let (_, report) = scan(&database, &[known.to_str().unwrap(), case("v1").to_str().unwrap()]);
    assert_eq!(report["totals"]["lockfiles"], 2);
    assert_eq!(lines(&report), KNOWN);
    let detail = finding(&report, "RUSTSEC-2022-0013", "1.5.4")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("also in "), "{detail}");
}

#[test]
fn fingerprints_survive_moves_and_reformatting() {
    let Some(database) = tarball() else { return };
    let text = std::fs::read_to_string(case("known").join("Cargo.lock")).unwrap();
    let prints = |report: &serde_json::Value| {
        let mut prints: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["fingerprint"].to_string())
            .collect();
        prints.sort();
        prints
    };
    let (_, plain) = super::scan_text(&database, &text, &["--frozen-db"]);
    let (_, spaced) = super::scan_text(&database, text.replace('\n', "\r\n\r\n"), &["--frozen-db"]);
    assert_eq!(prints(&plain), prints(&spaced));
    assert_eq!(prints(&plain).len(), KNOWN.len());
}
