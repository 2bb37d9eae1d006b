//! Databases that rpm itself made (`scripts/rpm-fixtures`), compared with what it lists.

use std::io::Read as _;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::tests::Image;
use super::{Form, extract, pieces, read};

/// The databases, each with its form.
const DATABASES: [(&str, Form, &[u8]); 4] = [
    (
        "rpmdb.sqlite",
        Form::Sqlite,
        include_bytes!("../../../../../tests/fixtures/images/rpm/rpmdb.sqlite.gz"),
    ),
    ("Packages.db", Form::Ndb, include_bytes!("../../../../../tests/fixtures/images/rpm/Packages.db.gz")),
    ("Packages", Form::Bdb, include_bytes!("../../../../../tests/fixtures/images/rpm/Packages.1234.gz")),
    ("Packages", Form::Bdb, include_bytes!("../../../../../tests/fixtures/images/rpm/Packages.4321.gz")),
];

/// What rpm lists: name, epoch, version, architecture, source package, module and files.
const LISTED: &str = include_str!("../../../../../tests/fixtures/images/rpm/packages.txt");

/// The same as they are in an image.
static INFLATED: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    DATABASES.map(|(.., bytes)| {
        let mut inflated = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut inflated).unwrap();
        inflated
    })
});

/// Each database with its name and its form.
fn databases() -> impl Iterator<Item = (&'static str, Form, &'static [u8])> {
    DATABASES.iter().zip(INFLATED.iter()).map(|((name, form, _), bytes)| (*name, *form, bytes.as_slice()))
}

/// A database in the lines of `packages.txt`, sorted.
fn listed(lines: &[u8]) -> Vec<String> {
    let mut listed: Vec<String> = pieces(lines)
        .map(|piece| {
            let entry: super::Entry = serde_json::from_slice(piece).unwrap();
            let or_none = |text: String| if text.is_empty() { "(none)".to_owned() } else { text };
            let files: String = entry.files.iter().map(|file| format!("/{file},")).collect();
            let (name, epoch) = (entry.name, entry.epoch.unwrap_or_default());
            let (version, release) = (entry.version, entry.release);
            let others = [entry.architecture, entry.source_rpm, entry.module].map(or_none).join(" ");
            format!("{name} {epoch}:{version}-{release} {others} {files}")
        })
        .collect();
    listed.sort_unstable();
    listed
}

#[test]
fn every_form_lists_what_rpm_lists() {
    let mut expected: Vec<String> = LISTED.lines().map(str::to_owned).collect();
    expected.sort_unstable();
    assert_eq!(expected.len(), 12);
    for (name, form, bytes) in databases() {
        let lines = extract(form, bytes).unwrap();
        assert_eq!(listed(&lines), expected, "{name}");
        // All but the key of a signature.
        let listing = read(&lines).unwrap();
        assert_eq!(listing.records.len(), 11, "{name}");
        let node = listing.records.iter().find(|record| record.name == "nodejs").unwrap();
        assert_eq!(node.version, "1:18.20.2-2.module_el9");
        assert_eq!(node.module, "nodejs:18:9040020240403094545:rhel9");
        assert_eq!(node.source.as_ref().unwrap().version, "1:18.20.2-2.module_el9");
    }
}

#[test]
fn the_newest_form_with_packages_counts() {
    let [sqlite, ndb, bdb, big] = &*INFLATED;
    let release = b"ID=almalinux\nVERSION_ID=9.4\n".as_slice();
    let of = |files: &[(&str, &[u8])]| {
        let files = [("etc/os-release", release)].into_iter().chain(files.iter().copied());
        Image::new(&files.collect::<Vec<(&str, &[u8])>>()).read()
    };
    for (path, bytes) in [
        ("var/lib/rpm/rpmdb.sqlite", sqlite),
        ("usr/lib/sysimage/rpm/Packages.db", ndb),
        ("usr/share/rpm/Packages", bdb),
        ("var/lib/rpm/Packages", big),
    ] {
        let system = of(&[(path, bytes)]).unwrap();
        let troubles = [system.notes, system.contradictions].concat();
        assert_eq!((system.packages.len(), troubles), (11, vec![]), "{path}");
        let is_of_nine =
            |package: &super::super::Installed| package.package.ecosystem.name() == "AlmaLinux:9";
        assert!(system.packages.iter().all(is_of_nine), "{path}");
        assert!(system.owned.contains_key("usr/share/bash/more/file-with-a-long-name-1"), "{path}");
    }
    let both = of(&[("var/lib/rpm/rpmdb.sqlite", sqlite), ("var/lib/rpm/Packages", bdb)]).unwrap();
    assert_eq!(both.packages.len(), 11);
    assert_eq!(both.notes, ["var/lib/rpm/Packages is not used, because var/lib/rpm/rpmdb.sqlite is newer"]);
    let manifest = b"a\t1-1\t1\t1\tM\t(none)\t1\tx86_64\t0\ta-1-1.src.rpm\n";
    let distroless = of(&[("var/lib/rpmmanifest/container-manifest-2", manifest)]).unwrap();
    assert_eq!(distroless.packages.len(), 1);
    // Changes that SQLite has not yet written to the database.
    let log = "var/lib/rpm/rpmdb.sqlite-wal";
    let error = of(&[("var/lib/rpm/rpmdb.sqlite", sqlite), (log, &[1; 99])]).unwrap_err();
    assert!(error.to_string().starts_with(log), "{error}");
    assert_eq!(of(&[("var/lib/rpm/rpmdb.sqlite", sqlite), (log, &[])]).unwrap().packages.len(), 11);
    for name in ["var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages"] {
        for bytes in [b"something else".as_slice(), b""] {
            assert!(of(&[(name, bytes)]).is_err(), "{name}");
            assert!(of(&[(&format!("srv/{name}"), bytes)]).is_err(), "{name}");
        }
    }
    let others = of(&[("srv/Packages", b"Package: a\n"), ("srv/Packages.db", b"")]).unwrap();
    assert_eq!(others.notes, Vec::<String>::new());
}

#[test]
fn a_database_that_is_cut_off_is_an_error() {
    for (name, form, whole) in databases() {
        for length in (0..whole.len()).step_by(4096 / 3).chain([whole.len() - 1]) {
            assert!(extract(form, &whole[..length]).is_err(), "{name} {length}");
        }
    }
}

proptest! {
    #[test]
    fn damage_never_loses_a_package(
        database in 0..4_usize,
        place in any::<prop::sample::Index>(),
        changed in 1..=u8::MAX,
        length in 1..64_usize,
        is_at_head in any::<bool>(),
    ) {
        let (name, form, bytes) = databases().nth(database).unwrap();
        let mut damaged = bytes.to_vec();
        // What decides how many packages there are stands at the beginning of pages.
        let at = place.index(damaged.len());
        let at = if is_at_head { at / 4096 * 4096 + at % 64 } else { at };
        for byte in damaged.iter_mut().skip(at).take(length) {
            *byte ^= changed;
        }
        if let Ok(lines) = extract(form, &damaged) {
            prop_assert!(pieces(&lines).count() >= 12, "{name} {at} {changed} {length}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_rejected(form in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let form = [Form::Bdb, Form::Ndb, Form::Sqlite][form];
        let _ = extract(form, &bytes);
        let _ = super::manifest(&bytes);
        let _ = super::header::read(&bytes);
    }
}
