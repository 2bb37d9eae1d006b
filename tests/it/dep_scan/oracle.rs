//! Every advisory of the real database, with the `rustsec` crate's own database and query as the judge.

use devops_inventory::lockfiles::Source;
use std::collections::BTreeSet;
use std::str::FromStr;

use rustsec::database::Query;
use rustsec::{Database, Lockfile, Version, VersionReq, package};

use super::{lines, scan_in, unpacked};

const PUBLIC: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Versions at and around the edges of a requirement.
fn edges(requirement: &VersionReq) -> Vec<Version> {
    let mut versions = Vec::new();
    for comparator in &requirement.comparators {
        let (minor, patch) = (comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0));
        let mut at = Version::new(comparator.major, minor, patch);
        at.pre = comparator.pre.clone();
        versions.push(at);
        versions.push(Version::new(comparator.major, minor, patch + 1));
        if let Some(below) = patch.checked_sub(1) {
            versions.push(Version::new(comparator.major, minor, below));
        } else if let Some(below) = minor.checked_sub(1) {
            versions.push(Version::new(comparator.major, below, 99));
        }
        if comparator.pre.is_empty() {
            let text = format!("{}.{minor}.{patch}-rc.1", comparator.major);
            versions.push(Version::parse(&text).unwrap());
        }
    }
    versions
}

#[test]
fn every_advisory_applies_exactly_where_the_crate_says_so() {
    let Some((folder, path)) = unpacked() else { return };
    let database = Database::open(&path).unwrap();
    let mut packages: BTreeSet<(String, Version)> = BTreeSet::new();
    for advisory in database.iter() {
        let name = advisory.metadata.package.to_string();
        packages.insert((name.clone(), Version::new(0, 0, 1)));
        packages.insert((name.clone(), Version::new(999, 0, 0)));
        for requirement in advisory.versions.patched().iter().chain(advisory.versions.unaffected()) {
            packages.extend(edges(requirement).into_iter().map(|version| (name.clone(), version)));
        }
    }
    let mut text = "version = 4\n".to_owned();
    for (name, version) in &packages {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{PUBLIC}\"\n"
        ));
    }
    std::fs::write(folder.path().join("Cargo.lock"), &text).unwrap();
    let (finished, report) = scan_in(folder.path(), &path, &["--frozen-db", "Cargo.lock"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let ours: BTreeSet<String> = lines(&report)
        .iter()
        .map(|line| line.split(' ').skip(1).take(3).collect::<Vec<_>>().join(" "))
        .collect();
    let mut theirs = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (name, version) in &packages {
        let query = Query::new()
            .collection(rustsec::Collection::Crates)
            .withdrawn(false)
            .package_name(package::Name::from_str(name).unwrap())
            .package_version(version.clone());
        for advisory in database.query(&query) {
            theirs.insert(format!("{} {name} {version}", advisory.id()));
            seen.insert(advisory.id().to_string());
        }
    }
    assert!(theirs.len() > 3_000, "{}", theirs.len());
    let differing: Vec<&String> = ours.symmetric_difference(&theirs).collect();
    assert!(differing.is_empty(), "{differing:?}");
    let expected = database.iter().filter(|advisory| {
        advisory.metadata.collection == Some(rustsec::Collection::Crates) && !advisory.withdrawn()
    });
    let missed: Vec<String> =
        expected.map(|advisory| advisory.id().to_string()).filter(|id| !seen.contains(id)).collect();
    assert_eq!(missed, [""; 0], "no version was found that these apply to");
}

#[test]
fn lockfiles_hold_what_the_crate_says() {
    let text = include_str!("../../../Cargo.lock");
    let theirs = Lockfile::from_str(text).unwrap();
    let ours =
        devops_inventory::lockfiles::cargo::read(&Source::alone("Cargo.lock", text.as_bytes())).unwrap();
    assert_eq!(ours.packages.len(), theirs.packages.len());
    for (index, (our, their)) in ours.packages.iter().zip(&theirs.packages).enumerate() {
        assert_eq!((our.name.as_str(), &our.version), (their.name.as_str(), &their.version.to_string()));
        let mut targets: Vec<String> =
            ours.edges[index].iter().map(|edge| ours.packages[edge.to].label()).collect();
        let mut dependencies: Vec<String> = their
            .dependencies
            .iter()
            .map(|dependency| format!("{} {}", dependency.name, dependency.version))
            .collect();
        targets.sort();
        dependencies.sort();
        assert_eq!(targets, dependencies, "{}", our.name);
        let line = text.lines().nth(usize::try_from(our.line).unwrap() - 1).unwrap();
        assert_eq!(line, format!("name = \"{}\"", our.name));
    }
}
