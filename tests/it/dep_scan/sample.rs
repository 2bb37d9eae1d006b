//! The sample project's lockfile and database.

use std::path::{Path, PathBuf};

use super::{lines, scan};

fn webshop(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop").join(name)
}

#[test]
fn the_sample_has_one_finding_of_each_weight() {
    let lockfile = webshop("Cargo.lock");
    let other = webshop("package-lock.json");
    let npm = webshop("advisories-npm");
    let npm = npm.to_str().unwrap();
    let arguments = ["--frozen-db", "--db", npm, lockfile.to_str().unwrap(), other.to_str().unwrap()];
    let (finished, report) = scan(&webshop("advisory-db"), &arguments);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(
        finished.stdout.contains("3 vulnerabilities in 3 of 41 packages, 1 unmaintained"),
        "{finished:?}"
    );
    assert_eq!(
        lines(&report),
        [
            "advisory RUSTSEC-2020-0071 time 0.1.44 medium",
            "advisory RUSTSEC-2021-0003 smallvec 1.6.0 critical",
            "advisory RUSTSEC-2022-0013 regex 1.5.4 high",
            "advisory-unmaintained RUSTSEC-2021-0141 dotenv 0.15.0 low",
        ]
    );
    assert_eq!(report["findings"].as_array().unwrap().len(), 4);
}

#[test]
fn the_samples_database_agrees_with_the_real_one() {
    let Some((_folder, real)) = super::unpacked() else { return };
    let ours = rustsec::Database::open(&webshop("advisory-db")).unwrap();
    let theirs = rustsec::Database::open(&real).unwrap();
    assert_eq!(ours.iter().count(), 14);
    for own in ours.iter() {
        let their = theirs.get(own.id()).unwrap();
        assert_eq!(own.versions, their.versions, "{}", own.id());
        let facts = |advisory: &rustsec::Advisory| {
            let metadata = advisory.metadata.clone();
            (
                metadata.package,
                metadata.date,
                metadata.aliases,
                metadata.cvss,
                metadata.informational,
                metadata.withdrawn,
            )
        };
        assert_eq!(facts(own), facts(their), "{}", own.id());
    }
}
