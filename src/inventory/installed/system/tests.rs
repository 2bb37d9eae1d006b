//! Whole images, from the files of their layers to the list of packages.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Entry, Extract, InMemory, Left, extract};
use super::{System, read};
use devops_core::Error;

/// An image: files of each layer, and links of the whole.
#[derive(Default)]
pub(super) struct Image {
    layers: Vec<BTreeMap<String, Extract>>,
    links: Vec<(String, String)>,
}

impl Image {
    /// An image of one layer.
    pub(super) fn new<P: AsRef<str>, B: AsRef<[u8]>>(files: &[(P, B)]) -> Self {
        Self::default().layer(files)
    }

    /// The same with one more layer on top.
    pub(super) fn layer<P: AsRef<str>, B: AsRef<[u8]>>(mut self, files: &[(P, B)]) -> Self {
        let taken = files.iter().filter_map(|(path, bytes)| {
            let (path, bytes) = (path.as_ref(), bytes.as_ref());
            let entry = Entry { path: path.as_bytes(), size: bytes.len() as u64, mode: 0o644 };
            Some((path.to_owned(), extract(entry, &mut InMemory(bytes)).unwrap()?))
        });
        self.layers.push(taken.collect());
        self
    }

    /// The same with a link.
    pub(super) fn link(mut self, from: &str, to: &str) -> Self {
        self.links.push((from.to_owned(), to.to_owned()));
        self
    }

    /// What it has installed.
    pub(super) fn read(&self) -> Result<System, Error> {
        let mut left: BTreeMap<&str, Left<'_>> = BTreeMap::new();
        for (layer, files) in self.layers.iter().enumerate() {
            left.extend(files.iter().map(|(path, extract)| (path.as_str(), Left { path, layer, extract })));
        }
        let files: Vec<Left<'_>> = left.values().copied().collect();
        let resolve = |path: &str| {
            let mut path = path.to_owned();
            for (from, to) in &self.links {
                if path == *from || path.starts_with(&format!("{from}/")) {
                    path = path.replacen(from, to, 1);
                }
            }
            let folder = format!("{path}/");
            left.keys().any(|own| *own == path || own.starts_with(&folder)).then_some(path)
        };
        let older = |path: &str| {
            let top = left.get(path).map_or(0, |left| left.layer);
            let layers = self.layers.iter().enumerate().take(top).rev();
            layers
                .filter_map(|(layer, files)| {
                    let (path, extract) = files.get_key_value(path)?;
                    Some(Left { path, layer, extract })
                })
                .collect()
        };
        read(&files, &resolve, &older)
    }

    /// Its packages, as ecosystem, name, version and layer.
    pub(super) fn packages(&self) -> Vec<String> {
        lines(&self.read().unwrap())
    }
}

/// The packages of a system, as ecosystem, name, version and layer.
fn lines(system: &System) -> Vec<String> {
    let line = |installed: &super::Installed| {
        let package = &installed.package;
        format!("{} {} {} {}", package.ecosystem.name(), package.name, package.version, installed.layer)
    };
    system.packages.iter().map(line).collect()
}

const DEBIAN: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n";

/// A paragraph of dpkg's database.
fn deb(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
}

#[test]
fn a_record_has_the_layer_since_which_it_is_the_same() {
    let status = |parts: &[String]| parts.concat();
    let image = Image::new(&[("usr/lib/os-release", DEBIAN), ("var/lib/dpkg/status", &deb("a", "1"))])
        .layer(&[("var/lib/dpkg/status", status(&[deb("a", "1"), deb("b", "1")]))])
        .layer(&[("var/lib/dpkg/status", status(&[deb("a", "2"), deb("b", "1")]))])
        .layer(&[("var/lib/dpkg/status", status(&[deb("a", "1"), deb("b", "1"), deb("c", "1")]))]);
    assert_eq!(image.packages(), ["Debian:12 a 1 3", "Debian:12 b 1 1", "Debian:12 c 1 3"]);
}

#[test]
fn distroless_images_have_a_file_for_each_package() {
    let sums = "0123456789abcdef0123456789abcdef  usr/bin/a\n";
    let image = Image::new(&[("etc/os-release", DEBIAN)])
        .layer(&[
            ("var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n"),
            ("var/lib/dpkg/status.d/a.md5sums", sums),
        ])
        .layer(&[("var/lib/dpkg/status.d/b", "Package: b\nVersion: 1\n")]);
    let system = image.read().unwrap();
    assert_eq!(lines(&system), ["Debian:12 a 1 1", "Debian:12 b 1 2"]);
    assert_eq!(system.owned, BTreeMap::from([("usr/bin/a".to_owned(), 1)]));
    assert_eq!((system.databases.len(), system.notes.len(), system.contradictions.len()), (2, 0, 0));
    let hidden = Image::new(&[("var/lib/dpkg/status.d/a.md5sums", "Package: a\nVersion: 1\n")]);
    assert_eq!(hidden.packages(), ["dpkg a 1 0"]);
}

#[test]
fn files_are_owned_at_their_real_path() {
    let list = "/.\n/lib\n/lib/a.so\n/usr\n/usr/bin\n/usr/bin/a\n";
    let image = Image::new(&[
        ("etc/os-release", DEBIAN),
        ("var/lib/dpkg/status", &deb("a", "1")),
        ("var/lib/dpkg/info/a:amd64.list", list),
        ("usr/lib/os-release", DEBIAN),
    ])
    .link("lib", "usr/lib");
    let owned: Vec<String> = image.read().unwrap().owned.into_keys().collect();
    assert_eq!(owned, ["lib", "usr", "usr/bin", "usr/bin/a", "usr/lib/a.so"]);
}

#[test]
fn databases_are_found_through_links_and_elsewhere() {
    let linked = Image::new(&[("etc/os-release", DEBIAN), ("opt/dpkg/status", &deb("a", "1"))])
        .link("var/lib/dpkg", "opt/dpkg")
        .read()
        .unwrap();
    assert_eq!((lines(&linked), linked.notes), (vec!["Debian:12 a 1 0".to_owned()], vec![]));

    let chroot = [
        ("etc/os-release", DEBIAN.to_owned()),
        ("var/lib/dpkg/status", deb("a", "1")),
        ("srv/old/etc/os-release", DEBIAN.replace("12", "9")),
        ("srv/old/var/lib/dpkg/status", deb("b", "1")),
        ("srv/bare/var/lib/dpkg/status", deb("c", "1")),
        ("opt/dpkg/status", deb("d", "1")),
        ("usr/share/doc/dpkg/status", "The status file\n".to_owned()),
    ];
    let system = Image::new(&chroot).read().unwrap();
    assert_eq!(lines(&system), ["Debian:12 d 1 0", "Debian:12 a 1 0", "Debian:12 c 1 0", "Debian:9 b 1 0"]);
    assert_eq!(
        system.notes,
        [
            "opt/dpkg/status is a second package database, with 1 packages",
            "usr/share/doc/dpkg/status has the name of a package database and is none",
            "srv/bare/var/lib/dpkg/status is a second package database, with 1 packages",
            "srv/old/var/lib/dpkg/status is a second package database, with 1 packages",
        ]
    );
    let hidden = Image::new(&[("etc/os-release", DEBIAN), ("opt/hidden", "")])
        .link("var/lib/dpkg/status", "opt/hidden");
    let error = Image {
        layers: hidden
            .layers
            .into_iter()
            .map(|mut layer| {
                layer.insert(
                    "opt/hidden".to_owned(),
                    Extract { kind: super::Kind::Program, reader: String::new(), bytes: vec![] },
                );
                layer
            })
            .collect(),
        links: hidden.links,
    }
    .read()
    .unwrap_err();
    assert!(error.to_string().contains("var/lib/dpkg/status: leads to opt/hidden"), "{error}");
}

#[test]
fn what_does_not_fit_is_a_contradiction() {
    let status = deb("base-files", "12.4+deb12u5");
    let good: [(&str, &str); 3] =
        [("etc/os-release", DEBIAN), ("var/lib/dpkg/status", &status), ("etc/debian_version", "12.5\n")];
    assert_eq!(Image::new(&good).read().unwrap().contradictions, Vec::<String>::new());
    let lying = DEBIAN.replace("12", "13");
    for (files, expected) in [
        (
            vec![("etc/os-release", lying.as_str()), ("var/lib/dpkg/status", &status)],
            "the package base-files 12.4+deb12u5 says debian 12.4",
        ),
        (
            vec![("etc/os-release", lying.as_str()), ("etc/debian_version", "12.5\n")],
            "etc/debian_version says debian 12.5",
        ),
        (
            vec![
                ("etc/os-release", DEBIAN),
                ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n"),
            ],
            "etc/lsb-release says ubuntu 22.04",
        ),
        (
            vec![("etc/os-release", "ID=alpine\nVERSION_ID=3.20.0\n"), ("var/lib/dpkg/status", &status)],
            "var/lib/dpkg/status is no package database of alpine 3.20.0",
        ),
        (
            vec![
                ("etc/os-release", DEBIAN),
                ("var/lib/dpkg/status", &status),
                ("var/lib/dpkg/info/curl.list", "/.\n"),
            ],
            "var/lib/dpkg/info has file lists of packages that no database lists: curl",
        ),
        (
            vec![("etc/os-release", DEBIAN), ("var/lib/dpkg/info/curl.list", "/.\n")],
            "var/lib/dpkg/info has file lists of packages that no database lists: curl",
        ),
    ] {
        let found = Image::new(&files).read().unwrap().contradictions;
        assert!(matches!(found.as_slice(), [one] if one.contains(expected)), "{found:?}\n{expected}");
    }
}

#[test]
fn damage_counts_only_where_nothing_replaces_it() {
    let damaged = Image::new(&[("etc/os-release", DEBIAN), ("var/lib/dpkg/status", "Package: a")]);
    let error = damaged.read().unwrap_err();
    assert_eq!(error.kind(), devops_core::ErrorKind::Input);
    assert!(error.to_string().starts_with("var/lib/dpkg/status:1: "), "{error}");
    let replaced = Image::new(&[("etc/os-release", DEBIAN), ("var/lib/dpkg/status", "Package: a")])
        .layer(&[("var/lib/dpkg/status", deb("a", "1"))]);
    assert_eq!(replaced.packages(), ["Debian:12 a 1 1"]);
}

#[test]
fn packages_of_an_unknown_system_are_listed() {
    assert_eq!(Image::new(&[("var/lib/dpkg/status", deb("a", "1"))]).packages(), ["dpkg a 1 0"]);
    let apk = "P:a\nV:1-r0\no:b\nF:usr/bin\nR:a\n\n";
    assert_eq!(Image::new(&[("lib/apk/db/installed", apk)]).packages(), ["apk a 1-r0 0"]);
    let alpine = Image::new(&[
        ("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n"),
        ("usr/lib/apk/db/installed", apk),
    ]);
    assert_eq!(alpine.packages(), ["Alpine:v3.20 a 1-r0 0"]);
    let mine = Image::new(&[("etc/os-release", "ID=mine\n"), ("lib/apk/db/installed", apk)]);
    assert_eq!(mine.packages(), ["apk a 1-r0 0"]);
    assert!(Image::new(&[("etc/passwd", "")]).read().unwrap().release.is_none());
}

/// How many packages of a text are listed; none where it is rejected.
fn count(reader: &str, database: &[u8]) -> Option<usize> {
    let listing = if reader == "apk" { super::apk::read(database) } else { super::dpkg::read(database) };
    listing.ok().map(|listing| listing.records.len())
}

proptest! {
    #[test]
    fn any_text_is_read_or_rejected(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = count("apk", &bytes);
        let _ = count("dpkg", &bytes);
        let file = ("etc/os-release", bytes.as_slice());
        let _ = Image::new(&[file, ("var/lib/dpkg/info/a.list", &bytes), ("var/lib/dpkg/status.d/a.md5sums", &bytes)]).read();
    }

    /// A byte that is another one never hides a package but where it makes another state or the end of a text of it.
    #[test]
    fn a_damaged_byte_hides_no_package(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for (reader, text) in [
            ("dpkg", [deb("a", "1"), deb("b", "1"), deb("c", "1")].concat()),
            ("apk", "P:a\nV:1-r0\nF:usr\nR:x\n\nP:b\nV:1-r0\n\nP:c\nV:1-r0\n\n".to_owned()),
        ] {
            let mut damaged = text.into_bytes();
            let at = at.index(damaged.len());
            damaged[at] = byte;
            if let Some(count) = count(reader, &damaged) {
                prop_assert!(count >= 3, "{reader} {at} {byte}");
            }
        }
    }
}
