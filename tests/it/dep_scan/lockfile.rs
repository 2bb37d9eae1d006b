//! Lockfiles that are missing, cut off, damaged, unknown or huge.

use std::path::{Path, PathBuf};

use devops_inventory::lockfiles::Source;
use devops_inventory::{Origin, Package};
use proptest::prelude::{ProptestConfig, any, proptest};

use super::{case, scan, scan_in, scan_text};

/// The sample's database, which is there where the corpus is not.
fn database() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop/advisory-db")
}

const FROZEN: &[&str] = &["--frozen-db"];

#[test]
fn a_lockfile_that_is_none_is_exit_3_with_its_line() {
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let package = format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n{public}");
    for (text, place) in [
        (String::new(), "Cargo.lock: lockfile lists no packages"),
        ("version = 4\n".to_owned(), "Cargo.lock: lockfile lists no packages"),
        (format!("version = 5\n\n{package}"), "Cargo.lock:1:11: lockfile has version 5"),
        (format!("{package}\n[[pack"), "Cargo.lock:6:7: lockfile is cut off or damaged"),
        (format!("{package}dependencies = [\n \"b\","), "Cargo.lock:6:6: lockfile is cut off or damaged"),
        (
            format!("{package}dependencies = [\n \"b\",\n]\n"),
            "Cargo.lock:2:1: lockfile is cut off or damaged: `a` depends on `b`",
        ),
        (
            format!("{package}\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"),
            "Cargo.lock:6:1: lockfile contains a merge conflict",
        ),
        (
            "[[package]]\nname = \"a\"\nversion = \"one\"\n".to_owned(),
            "Cargo.lock:3:11: lockfile is cut off or damaged",
        ),
        ("[[package]]\nname = \"a\"\n".to_owned(), "Cargo.lock:1:1: lockfile is cut off or damaged"),
        (
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"odd\"\n".to_owned(),
            "Cargo.lock:2:8: unknown source `odd`",
        ),
        (
            format!("description = \"\"\"\n{package}\"\"\"\n"),
            "Cargo.lock:2:1: lockfile is cut off or damaged",
        ),
        ("{\"lockfileVersion\": 3}".to_owned(), "Cargo.lock:1:1: lockfile is cut off or damaged"),
    ] {
        let (finished, report) = scan_text(&database(), &text, FROZEN);
        assert_eq!(finished.code, Some(3), "{text}: {finished:?}");
        let message = report["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(place), "{text}\n{message}\n{place}");
    }
    let (finished, report) = scan_text(&database(), b"[[package]]\nname = \"\xff\"\n", FROZEN);
    assert_eq!(finished.code, Some(3));
    assert!(report["error"]["message"].as_str().unwrap().starts_with("Cargo.lock:2: lockfile is not UTF-8"));
}

#[test]
fn every_cut_of_a_real_lockfile_is_an_error_or_still_whole() {
    let text = std::fs::read_to_string(case("known").join("Cargo.lock")).unwrap();
    let read =
        |text: &str| devops_inventory::lockfiles::cargo::read(&Source::alone("Cargo.lock", text.as_bytes()));
    let whole = read(&text).unwrap().packages.len();
    for cut in (0..text.len()).step_by(5) {
        if let Ok(graph) = read(&text[..cut]) {
            // Cut before its dependencies, the project is one without any, which no look at the lockfile can tell.
            let has_no_dependencies = !text[..cut].contains("dependencies");
            assert!(graph.packages.len() == whole || has_no_dependencies, "cut at {cut}");
        }
    }
}

#[test]
fn missing_paths_and_strange_files_are_exit_3() {
    for arguments in [&["nowhere"][..], &["nowhere/Cargo.lock"], &["notes.txt"], &["."]] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let (finished, _) = scan_in(folder.path(), &database(), arguments);
        assert_eq!(finished.code, Some(3), "{arguments:?}: {finished:?}");
    }
}

#[test]
fn every_path_named_on_purpose_must_have_a_lockfile() {
    for (named, words) in [
        ("empty", "empty: no lockfile found"),
        ("nowhere", "nowhere: can't be read"),
        ("-", "-: lockfiles are not read from stdin"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("empty")).unwrap();
        std::fs::copy(case("known").join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
        for arguments in [["--frozen-db", "Cargo.lock", named], ["--frozen-db", named, "."]] {
            let (finished, report) = scan_in(folder.path(), &database(), &arguments);
            assert_eq!(finished.code, Some(3), "{arguments:?}: {finished:?}");
            assert!(report["error"]["message"].as_str().unwrap().starts_with(words), "{report}");
            assert!(finished.stderr.contains("help"), "{}", finished.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_named_as_not_entered() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("Cargo.lock"), "broken").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("linked")).unwrap();
    let (finished, report) = scan_in(folder.path(), &database(), &["--frozen-db", "."]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(report["error"]["message"].as_str().unwrap().contains("skipped folders: linked"), "{report}");
    std::fs::copy(case("known").join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let (finished, report) = scan_in(folder.path(), &database(), FROZEN);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(report["notes"].to_string().contains("skipped folders: linked"), "{}", report["notes"]);
}

#[test]
fn a_lockfile_reached_by_two_paths_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let lockfile = folder.path().join("Cargo.lock");
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::copy(case("known").join("Cargo.lock"), &lockfile).unwrap();
    let absolute = lockfile.to_str().unwrap();
    let (_, report) = scan_in(
        folder.path(),
        &database(),
        &["--frozen-db", absolute, "sub/../Cargo.lock", ".", "./Cargo.lock"],
    );
    assert_eq!(report["totals"]["lockfiles"], 1);
    assert!(!report["findings"].to_string().contains("also in"), "{}", report["findings"]);
    assert!(report["findings"].to_string().contains("\"Cargo.lock\""), "{}", report["findings"]);
}

#[test]
fn the_headline_counts_findings_and_advisories_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(case("known").join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let (_, once) = scan_in(folder.path(), &database(), FROZEN);
    let (head, tail) = once["headline"].as_str().unwrap().split_once("; 1 lockfile against ").unwrap();
    let (tail, _) = tail.split_once(" up to").unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::copy(case("known").join("Cargo.lock"), folder.path().join("sub/Cargo.lock")).unwrap();
    let again = database().join("crates/..");
    let (_, report) = scan_in(folder.path(), &database(), &["--frozen-db", "--db", again.to_str().unwrap()]);
    assert_eq!(report["totals"]["lockfiles"], 2);
    let expected = format!("{head}; 2 lockfiles against {tail} up to");
    assert!(
        report["headline"].as_str().unwrap().starts_with(&expected),
        "{expected}\n{}",
        report["headline"]
    );
}

#[test]
fn other_lockfiles_are_named_and_folders_of_other_people_not_entered() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("web/bun.lockb", "");
    write("svc/rebar.lock", "");
    let (finished, report) = scan_in(folder.path(), &database(), FROZEN);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("svc/rebar.lock, web/bun.lockb"), "{message}");

    let safe = std::fs::read_to_string(case("v1").join("Cargo.lock"))
        .unwrap()
        .replace("1.6.0", "1.6.1")
        .replace("1.5.4", "1.5.5");
    write("deep/er/Cargo.lock", &safe);
    for skipped in ["node_modules", "target", ".git", "vendor"] {
        write(&format!("{skipped}/Cargo.lock"), "broken");
    }
    let (finished, report) = scan_in(folder.path(), &database(), FROZEN);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(report["verdict"], "warn");
    let titles: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "svc/rebar.lock was not checked: the format of `rebar.lock` (Hex) is not read yet",
            "web/bun.lockb was not checked: the format of `bun.lockb` (npm) is not read yet"
        ]
    );
    let notes = report["notes"].to_string();
    assert!(notes.contains("2 lockfiles in formats not read yet"), "{notes}");
    assert!(notes.contains("skipped folders: .git, node_modules, target, vendor"), "{notes}");
}

#[test]
fn a_hundred_thousand_packages_take_linear_time_and_bounded_paths() {
    let public = "registry+https://github.com/rust-lang/crates.io-index";
    let mut text =
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"p0\",\n]\n"
            .to_owned();
    for index in 0..100_000 {
        let next = if index < 99_999 { format!("p{}", index + 1) } else { "smallvec".to_owned() };
        text.push_str(&format!(
            "\n[[package]]\nname = \"p{index}\"\nversion = \"1.0.0\"\nsource = \"{public}\"\ndependencies = [\n \"{next}\",\n]\n"
        ));
    }
    text.push_str(&format!(
        "\n[[package]]\nname = \"smallvec\"\nversion = \"1.6.0\"\nsource = \"{public}\"\n"
    ));
    let (finished, report) = scan_text(&database(), &text, FROZEN);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!(report["totals"]["packages"], 100_002);
    let path = report["findings"][0]["subject"]["path"].as_array().unwrap();
    assert_eq!((path.len(), path[64].as_str()), (65, Some("smallvec 1.6.0")));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let bytes = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(case("known").join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
        scan_in(folder.path(), &database(), FROZEN);
        std::fs::read(folder.path().join("devops-report/report.json")).unwrap()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_lockfile_named_on_purpose_may_carry_an_addition() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(case("known").join("Cargo.lock"), folder.path().join("Cargo.lock.msrv")).unwrap();
    let (finished, _) = scan_in(folder.path(), &database(), &["--frozen-db", "Cargo.lock.msrv"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let (finished, _) = scan(&database(), FROZEN);
    assert_eq!(finished.code, Some(3), "an empty folder is nothing to judge: {finished:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in any::<Vec<u8>>()) {
        let graph = devops_inventory::lockfiles::cargo::read(&Source::alone("Cargo.lock", &bytes));
        // Nothing that chance writes lists a package.
        assert!(graph.is_err());
    }

    #[test]
    fn a_damaged_lockfile_never_loses_packages_quietly(at in 0..3000_usize, byte in any::<u8>()) {
        let mut bytes = std::fs::read(case("known").join("Cargo.lock")).unwrap();
        let at = at % bytes.len();
        let count = |bytes: &[u8]| {
            let graph = devops_inventory::lockfiles::cargo::read(&Source::alone("Cargo.lock", bytes)).ok()?;
            let own = |package: &&Package| package.origin == Origin::Project;
            Some((graph.packages.len(), graph.packages.iter().filter(own).count()))
        };
        let whole = count(&bytes);
        bytes[at] = byte;
        let damaged = count(&bytes);
        assert!(damaged.is_none() || damaged == whole, "byte {at} as {byte}");
    }
}
