//! An index gives back what was put in, is the same whatever the order, and never less where it is damaged.

use std::path::PathBuf;

use jiff::civil::date;

use super::{Index, SourceFile, build, diff, verify};
use crate::collector::Wanted;
use crate::damaged_tests::mutations;
use crate::{Kind, PackageKey};
use devops_core::Ecosystem;
use devops_versions::range::Verdict;

const TODAY: jiff::civil::Date = date(2026, 11, 23);

/// A record about packages of npm.
fn record(id: &str, packages: &[&str], more: &str) -> String {
    let affected: Vec<String> = packages
        .iter()
        .map(|name| {
            format!(r#"{{"package": {{"ecosystem": "npm", "name": "{name}"}}, "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.2.0"}}]}}]}}"#)
        })
        .collect();
    format!(
        r#"{{"id": "{id}", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "summary": "bad"{more}, "affected": [{}]}}"#,
        affected.join(",")
    )
}

fn malware(id: &str, package: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "summary": "Malicious code in {package} (npm)", "affected": [{{"package": {{"ecosystem": "npm", "name": "{package}"}}, "versions": ["1.0.1"]}}]}}"#
    )
}

/// Folders with records and lists, and the folder that they are in.
fn sources() -> (tempfile::TempDir, Vec<SourceFile>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for number in 0..300 {
        write(
            &format!("a/GHSA-{number}.json"),
            &record(&format!("GHSA-{number}"), &[&format!("p{number}")], ""),
        );
        write(
            &format!("b/MAL-2026-{number}.json"),
            &malware(&format!("MAL-2026-{number}"), &format!("m{number}")),
        );
    }
    write("a/deep/GHSA-two.json", &record("GHSA-two", &["p1", "q1"], r#", "aliases": ["CVE-2026-1"]"#));
    write("a/gone.json", &record("GHSA-gone", &["p2"], r#", "withdrawn": "2026-10-02T00:00:00Z""#));
    write("a/broken.json", &record("GHSA-broken", &["p3"], "").replace("\"fixed\"", "\"Fixed\""));
    write(
        "kev.json",
        r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-05"}]}"#,
    );
    write("epss.csv", "cve,epss,percentile\nCVE-2026-1,0.5,0.9\n");
    let source = |name: &str| SourceFile { path: folder.path().join(name), fetched: None, address: None };
    let sources = ["a", "b", "kev.json", "epss.csv"].map(source).to_vec();
    (folder, sources)
}

fn key(name: &str) -> PackageKey {
    PackageKey::of("npm", name)
}

#[test]
fn what_goes_in_comes_out() {
    let (folder, sources) = sources();
    let path = folder.path().join("index");
    let built = build(&sources, &path).unwrap();
    assert_eq!(built.header.ecosystems["npm"], 602, "the withdrawn one is not counted");
    let index = verify(&path, Some(&built.digest)).unwrap();
    let about = index.about(&key("p1")).unwrap().unwrap();
    let ids: Vec<&str> = about.advisories.iter().map(|advisory| advisory.id.as_str()).collect();
    assert_eq!(ids.len(), 2);
    let two = about.advisories.iter().find(|advisory| advisory.id == "GHSA-two").unwrap();
    assert_eq!(two.known_exploited, Some(date(2026, 10, 5)));
    assert_eq!(two.epss.unwrap().score, 50_000);
    assert_eq!((two.affects("1.1.9"), two.affects("1.2.0")), (Verdict::Affected, Verdict::NotAffected));
    assert_eq!(index.about(&key("q1")).unwrap().unwrap().advisories[0].id, "GHSA-two");
    let bad = index.about(&key("m7")).unwrap().unwrap();
    assert_eq!((bad.advisories[0].id.as_str(), &bad.advisories[0].kind), ("MAL-2026-7", &Kind::Malware));
    assert_eq!(
        (bad.advisories[0].affects("1.0.1"), bad.advisories[0].affects("1.0.0")),
        (Verdict::Affected, Verdict::NotAffected)
    );
    assert_eq!(index.about(&key("p3")).unwrap().unwrap().unreadable[0].id, "GHSA-broken");
    assert!(index.about(&key("p")).unwrap().is_none());
    assert!(Index::open(&path, Some("sha256:00")).is_err());
}

#[test]
fn the_order_of_sources_does_not_matter() {
    let (folder, mut sources) = sources();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    build(&sources, &one).unwrap();
    sources.reverse();
    build(&sources, &other).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&other).unwrap());
    assert_eq!(diff(&one, &other).unwrap(), super::Difference::default());
    sources.push(sources[0].clone());
    assert!(build(&sources, &other).is_err(), "one source twice");
    let missing = SourceFile { path: PathBuf::from("nowhere"), fetched: None, address: None };
    assert!(build(&[missing], &other).is_err());
}

#[test]
fn what_differs_is_listed() {
    let (folder, sources) = sources();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    build(&sources[..2], &old).unwrap();
    std::fs::remove_file(sources[0].path.join("GHSA-5.json")).unwrap();
    std::fs::write(
        sources[0].path.join("GHSA-9.json"),
        record("GHSA-9", &["p9"], "").replace("1.2.0", "1.3.0"),
    )
    .unwrap();
    std::fs::write(sources[0].path.join("GHSA-x.json"), record("GHSA-x", &["x"], "")).unwrap();
    build(&sources[..2], &new).unwrap();
    let difference = diff(&old, &new).unwrap();
    let of = |id: &str, package: &str| [(id.to_owned(), format!("npm {package}"))].into();
    assert_eq!(difference.added, of("GHSA-x", "x"));
    assert_eq!(difference.removed, of("GHSA-5", "p5"));
    assert_eq!(difference.changed, of("GHSA-9", "p9"));
}

/// What an index has about packages, as a text; none where it is refused.
fn found(bytes: &[u8], wanted: &Wanted<'_>) -> Option<String> {
    let collected = Index::of_bytes(bytes.to_vec(), "index", None).ok()?.collect(wanted, TODAY).ok()?;
    Some(format!("{:?} {:?} {:?}", collected.advisories, collected.unreadable, collected.ecosystems))
}

#[test]
fn a_damaged_index_never_says_less() {
    let (folder, sources) = sources();
    let path = folder.path().join("index");
    build(&sources, &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let names: Vec<String> =
        (0..300).flat_map(|number| [format!("p{number}"), format!("m{number}")]).collect();
    let wanted: Wanted<'_> = names.iter().map(|name| (Ecosystem::NPM, name.as_str())).collect();
    let right = found(&whole, &wanted).unwrap();
    let mut refused = 0;
    let rounds = mutations(&whole, |how, bytes| match found(bytes, &wanted) {
        None => refused += 1,
        Some(text) => assert!(text == right, "{how}"),
    });
    assert!(refused > rounds / 2, "{refused} of {rounds}");
}

#[test]
fn parts_of_another_index_are_refused() {
    let (folder, sources) = sources();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    build(&sources, &one).unwrap();
    std::fs::write(
        sources[0].path.join("GHSA-5.json"),
        record("GHSA-5", &["p5"], "").replace("1.2.0", "0.2.0"),
    )
    .unwrap();
    build(&sources, &other).unwrap();
    let (one, other) = (std::fs::read(one).unwrap(), std::fs::read(other).unwrap());
    assert_eq!(one.len(), other.len(), "so that every part stands where that of the other does");
    let wanted: Wanted<'_> = [(Ecosystem::NPM, "p5")].into_iter().collect();
    let right = found(&one, &wanted).unwrap();
    let differing: Vec<usize> = (0..one.len()).filter(|at| one[*at] != other[*at]).collect();
    for start in &differing {
        let mut mixed = one.clone();
        mixed[*start..].copy_from_slice(&other[*start..]);
        let is_other = mixed == other;
        assert!(is_other || found(&mixed, &wanted).is_none_or(|text| text == right), "from {start}");
    }
}
