//! Images that were changed so that a vulnerable package is not seen, or a damaged one passes. Every one of them has to be red, and for
//! the reason that the table gives: a rule, or a part of the error.

use std::fmt::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::built::{
    Change, Entry, Files, Image, Packing, archive, digest, ended, entries, file, folder, hard_link, header,
    link, pipe, value, with_content,
};
use super::scan::{
    NEW, OLD, RELEASE, alpine, debian, idna, lodash, record, scan_in, status, status_without,
    write_advisories,
};

/// A cheat: its name, what writes the image and gives the arguments, and what has to be said.
type Cheat = (&'static str, fn(&Path) -> Vec<String>, &'static str);

const STATUS: &str = "var/lib/dpkg/status";

fn arguments(all: &[&str]) -> Vec<String> {
    [&["--image", "image"], all].concat().into_iter().map(str::to_owned).collect()
}

/// Writes an archive.
fn saved(folder: &Path, image: &Image) -> Vec<String> {
    image.saved().write_archive(&folder.join("image"));
    arguments(&[])
}

/// Writes a layout.
fn layout(folder: &Path, files: &Files) -> Vec<String> {
    files.write_folder(&folder.join("image"));
    arguments(&[])
}

/// Writes an archive of these layers.
fn layers(folder: &Path, layers: &[Vec<Entry>]) -> Vec<String> {
    saved(folder, &Image::of(layers))
}

/// Writes an archive with one layer, Debian with some entries replaced or added.
fn instead(folder: &Path, entries: &[Entry]) -> Vec<String> {
    let mut layer = debian(OLD);
    layer.retain(|old| entries.iter().all(|new| new.name != old.name));
    layer.extend(entries.iter().cloned());
    layers(folder, &[layer])
}

/// Writes an archive whose layer has the entries of Debian except its database, with these bytes in the place of that.
fn with_database(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut layer = entries(&without_database());
    layer.extend(bytes);
    saved(folder, &Image::of_archives(vec![ended(layer)]))
}

fn without_database() -> Vec<Entry> {
    let mut layer = debian(OLD);
    layer.retain(|entry| entry.name != STATUS.as_bytes());
    layer
}

/// A layout of the vulnerable image, packed, of which some documents were changed.
fn changed(folder: &Path, config: Change, manifest: Change, index: Change) -> Vec<String> {
    let image = Image { config, manifest, index, ..Image::of(&[debian(OLD)]).packed(Packing::Gzip) };
    layout(folder, &image.layout())
}

/// Keeps what is known of the clean image and of the vulnerable one in two caches, damages the second, and gives the arguments that use it.
fn cached(folder: &Path, damage: impl Fn(&Path, &Path)) -> Vec<String> {
    let entry = |name: &str, version: &str, cache: &str| {
        let image = Image::of(&[debian(version)]).packed(Packing::Gzip);
        image.layout().write_folder(&folder.join(name));
        scan_in(folder, &["--image", name, "--cache", cache]);
        std::fs::read_dir(folder.join(cache)).unwrap().next().unwrap().unwrap().path()
    };
    damage(&entry("clean", NEW, "clean-cache"), &entry("image", OLD, "cache"));
    arguments(&["--cache", "cache"])
}

const NOTHING: Change = |_| {};

const CHEATS: &[Cheat] = &[
    ("nothing was changed", |at| layers(at, &[debian(OLD)]), "advisory"),
    // What takes something away.
    (
        "the database is taken away, its folder is left",
        |at| layers(at, &[debian(OLD), vec![file("var/lib/dpkg/.wh.status", "")]]),
        "image-nothing-scanned",
    ),
    (
        "the folder of the database is opaque",
        |at| layers(at, &[debian(OLD), vec![file("var/lib/dpkg/.wh..wh..opq", "")]]),
        "image-nothing-scanned",
    ),
    (
        "everything below var is taken away",
        |at| layers(at, &[debian(OLD), vec![file(".wh.var", "")]]),
        "image-nothing-scanned",
    ),
    (
        "the root is opaque",
        |at| layers(at, &[debian(OLD), vec![file(".wh..wh..opq", ""), file("usr/bin/curl", "program")]]),
        "image-nothing-scanned",
    ),
    ("a layer takes away its own file", |at| instead(at, &[file("var/lib/dpkg/.wh.status", "")]), "advisory"),
    (
        "a layer is opaque where it brings the file",
        |at| instead(at, &[file("var/lib/dpkg/.wh..wh..opq", "")]),
        "advisory",
    ),
    (
        "what is taken away has its name in another case",
        |at| layers(at, &[debian(OLD), vec![file("var/lib/dpkg/.wh.Status", "")]]),
        "advisory",
    ),
    (
        "the mark is in another case",
        |at| layers(at, &[debian(OLD), vec![file("var/lib/dpkg/.WH.status", "")]]),
        "advisory",
    ),
    (
        "a mark without a name",
        |at| layers(at, &[debian(OLD), vec![file("var/.wh.", "")]]),
        "takes away nothing",
    ),
    (
        "a mark of the folder itself",
        |at| layers(at, &[debian(OLD), vec![file("var/.wh..", "")]]),
        "takes away nothing",
    ),
    (
        "a mark of the folder above",
        |at| layers(at, &[debian(OLD), vec![file("var/.wh...", "")]]),
        "takes away nothing",
    ),
    (
        "a mark that leaves the root",
        |at| layers(at, &[debian(OLD), vec![file("../.wh.var", "")]]),
        "leaves the root",
    ),
    (
        "a mark below a folder that is a link",
        |at| layers(at, &[debian(OLD), vec![link("x", "var/lib"), file("x/dpkg/.wh.status", "")]]),
        "image-nothing-scanned",
    ),
    (
        "a note of a storage driver takes nothing away",
        |at| layers(at, &[debian(OLD), vec![file("var/lib/dpkg/.wh..wh.status", "")]]),
        "advisory",
    ),
    (
        "the folder becomes a file and a folder again",
        |at| {
            let back = vec![folder("var/lib/dpkg"), file("var/lib/dpkg/available", "")];
            layers(at, &[debian(OLD), vec![file("var/lib/dpkg", "")], back])
        },
        "image-nothing-scanned",
    ),
    (
        "a package is gone from the database and its files are left",
        |at| layers(at, &[debian(OLD), vec![file(STATUS, status_without())]]),
        "image-contradictory",
    ),
    (
        "the database is taken away and one of another root is left",
        |at| {
            let jail = file("srv/x/var/lib/dpkg/status", status_without());
            layers(at, &[debian(OLD), vec![file("var/lib/dpkg/.wh..wh..opq", ""), jail]])
        },
        "image-nothing-scanned",
    ),
    (
        "everything that names the system is taken away and a harmless package is left",
        |at| {
            let gone =
                ["etc/.wh.os-release", "etc/.wh.debian_version", "var/.wh.lib"].map(|name| file(name, ""));
            layers(at, &[debian(OLD), gone.to_vec(), vec![lodash("4.17.21", "app")]])
        },
        "image-nothing-scanned",
    ),
    (
        "the database is taken away and the image may be empty",
        |at| {
            let gone =
                ["etc/.wh.os-release", "etc/.wh.debian_version", "var/.wh.lib"].map(|name| file(name, ""));
            layers(at, &[debian(OLD), gone.to_vec()]);
            arguments(&["--allow-empty"])
        },
        "image-nothing-scanned",
    ),
    // Where the database is.
    (
        "the database is renamed",
        |at| {
            let renamed =
                vec![file("var/lib/dpkg/.wh.status", ""), file("var/lib/dpkg/status-old", status(OLD))];
            layers(at, &[debian(OLD), renamed])
        },
        "image-nothing-scanned",
    ),
    (
        "the database is a link to another name",
        |at| instead(at, &[link(STATUS, "/srv/other"), file("srv/other", status(OLD))]),
        "advisory",
    ),
    (
        "the database is a second name of another file",
        |at| instead(at, &[file("srv/other", status(OLD)), hard_link(STATUS, "srv/other")]),
        "advisory",
    ),
    (
        "the database is a second name of a file of a lower layer",
        |at| {
            let mut base = without_database();
            base.push(file("srv/other", status(OLD)));
            layers(at, &[base, vec![hard_link(STATUS, "srv/other")], vec![file("srv/.wh.other", "")]])
        },
        "advisory",
    ),
    (
        "the folder of the database is a link",
        |at| {
            let mut layer = without_database();
            layer.retain(|entry| !entry.name.starts_with(b"var/lib/dpkg"));
            layer.extend([link("var/lib/dpkg", "../../srv/x"), file("srv/x/status", status(OLD))]);
            layers(at, &[layer])
        },
        "advisory",
    ),
    (
        "the database is a link that leads nowhere",
        |at| instead(at, &[link(STATUS, "/srv/nothing")]),
        "image-nothing-scanned",
    ),
    (
        "the database is a link to itself",
        |at| instead(at, &[link(STATUS, "status")]),
        "image-nothing-scanned",
    ),
    ("the database is a pipe", |at| instead(at, &[pipe(STATUS)]), "not read as a package database"),
    ("the database is a folder", |at| instead(at, &[folder(STATUS)]), "not read as a package database"),
    ("the database is empty", |at| instead(at, &[file(STATUS, "")]), "image-nothing-scanned"),
    (
        "a second database beside the first",
        |at| {
            let mut layer = debian(NEW);
            layer.push(file("var/lib/dpkg/status.d/curl", record("curl", OLD)));
            layers(at, &[layer])
        },
        "advisory",
    ),
    (
        "a second database in another root",
        |at| {
            let mut layer = debian(NEW);
            layer.push(file("srv/jail/var/lib/dpkg/status", status(OLD)));
            layers(at, &[layer])
        },
        "advisory",
    ),
    (
        "a database of another distribution beside the first",
        |at| {
            let mut layer = debian(NEW);
            layer.extend(alpine("8.5.0-r0").into_iter().filter(|entry| entry.name.starts_with(b"lib/apk")));
            layers(at, &[layer])
        },
        "os-not-covered",
    ),
    (
        "the name of the database begins with a slash",
        |at| with_database(at, &entries(&[file("/var/lib/dpkg/status", status(OLD))])),
        "advisory",
    ),
    (
        "the name of the database has dots",
        |at| with_database(at, &entries(&[file("./var//lib/./dpkg/status", status(OLD))])),
        "advisory",
    ),
    (
        "the name of the database goes up and down",
        |at| with_database(at, &entries(&[file("srv/../var/lib/dpkg/status", status(OLD))])),
        "advisory",
    ),
    (
        "the name of the database leaves the root",
        |at| with_database(at, &entries(&[file("../var/lib/dpkg/status", status(OLD))])),
        "leaves the root",
    ),
    (
        "the database is written through a link",
        |at| with_database(at, &entries(&[link("x", "/var/lib/dpkg"), file("x/status", status(OLD))])),
        "advisory",
    ),
    // What the database says.
    (
        "the database is cut off in a record",
        |at| instead(at, &[file(STATUS, &status(OLD)[..status(OLD).len() - 20])]),
        "status",
    ),
    (
        "a record lacks its version",
        |at| instead(at, &[file(STATUS, status(OLD).replace(&format!("Version: {OLD}\n"), ""))]),
        "status",
    ),
    (
        "the database has the line ends of Windows",
        |at| instead(at, &[file(STATUS, status(OLD).replace('\n', "\r\n"))]),
        "advisory",
    ),
    (
        "fields are in another case",
        |at| {
            instead(
                at,
                &[file(STATUS, status(OLD).replace("Package:", "package:").replace("Version:", "VERSION:"))],
            )
        },
        "advisory",
    ),
    (
        "a record has its version twice",
        |at| {
            instead(
                at,
                &[file(
                    STATUS,
                    status(OLD)
                        .replace(&format!("Version: {OLD}"), &format!("Version: {OLD}\nVersion: {NEW}")),
                )],
            )
        },
        "status",
    ),
    (
        "a mark before the first record",
        |at| instead(at, &[file(STATUS, format!("\u{feff}{}", status(OLD)))]),
        "advisory",
    ),
    (
        "marks of a merge conflict",
        |at| instead(at, &[file(STATUS, format!("<<<<<<< a\n{}=======\n>>>>>>> b\n", status(OLD)))]),
        "status",
    ),
    (
        "the database is UTF-16",
        |at| {
            instead(
                at,
                &[file(STATUS, status(OLD).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())],
            )
        },
        "a byte that is no text",
    ),
    (
        "a zero in the database",
        |at| instead(at, &[file(STATUS, status(OLD).replace("curl", "cu\0rl"))]),
        "a byte that is no text",
    ),
    (
        "a package is half removed and its files are left",
        |at| {
            instead(
                at,
                &[file(
                    STATUS,
                    status_without()
                        + &record("curl", OLD)
                            .replace("install ok installed", "install reinstreq half-installed"),
                )],
            )
        },
        "advisory",
    ),
    (
        "apk's database lacks a name",
        |at| {
            let mut layer = alpine("8.5.0-r0");
            layer[2] = file("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n\nV:8.5.0-r0\no:curl\n\n");
            layers(at, &[layer])
        },
        "installed",
    ),
    // Which system it is.
    (
        "another release",
        |at| instead(at, &[file("etc/os-release", RELEASE.replace("12", "11"))]),
        "os-not-covered",
    ),
    (
        "two files that contradict each other",
        |at| instead(at, &[file("usr/lib/os-release", RELEASE.replace("12", "11"))]),
        "image-contradictory",
    ),
    (
        "the release contradicts a package",
        |at| instead(at, &[file("etc/os-release", RELEASE.replace("12", "13"))]),
        "image-contradictory",
    ),
    (
        "the release is a link to one of another release",
        |at| {
            instead(
                at,
                &[
                    link("etc/os-release", "../usr/lib/os-release"),
                    file("usr/lib/os-release", RELEASE.replace("12", "11")),
                ],
            )
        },
        "os-not-covered",
    ),
    (
        "the release is a link to a file with another name",
        |at| instead(at, &[link("etc/os-release", "../srv/x"), file("srv/x", RELEASE)]),
        "advisory",
    ),
    (
        "the release has no number",
        |at| instead(at, &[file("etc/os-release", "ID=debian\n"), file("etc/debian_version", "")]),
        "advisory",
    ),
    (
        "the release is taken away",
        |at| {
            layers(
                at,
                &[debian(OLD), vec![file("etc/.wh.os-release", ""), file("etc/.wh.debian_version", "")]],
            )
        },
        "os-not-covered",
    ),
    (
        "an unknown distribution",
        |at| instead(at, &[file("etc/os-release", "ID=shopos\nVERSION_ID=1\n")]),
        "os-not-covered",
    ),
    (
        "another distribution",
        |at| instead(at, &[file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n")]),
        "os-not-covered",
    ),
    (
        "the release is said twice",
        |at| instead(at, &[file("etc/os-release", RELEASE.to_owned() + "VERSION_ID=11\n")]),
        "os-not-covered",
    ),
    // Archives of layers.
    (
        "the file is there twice and the last one counts",
        |at| with_database(at, &entries(&[file(STATUS, status(NEW)), file(STATUS, status(OLD))])),
        "advisory",
    ),
    (
        "a value before the entry has another name",
        |at| {
            let mut bytes = with_content(b"x", b'x', &value("path", STATUS.as_bytes()));
            bytes.extend(entries(&[file("srv/harmless", status(OLD))]));
            with_database(at, &bytes)
        },
        "advisory",
    ),
    (
        "a value before the entry has another name than the long name",
        |at| {
            let mut bytes = with_content(b"././@LongLink", b'L', format!("{STATUS}\0").as_bytes());
            bytes.extend(with_content(b"x", b'x', &value("path", b"srv/harmless")));
            bytes.extend(entries(&[file("srv/other", status(OLD))]));
            with_database(at, &bytes)
        },
        "advisory",
    ),
    (
        "values for all entries have a name",
        |at| {
            let mut bytes = with_content(b"x", b'g', &value("path", b"srv/harmless"));
            bytes.extend(entries(&[file(STATUS, status(OLD))]));
            with_database(at, &bytes)
        },
        "values for all entries",
    ),
    (
        "a value before the entry has another length",
        |at| {
            let mut bytes = with_content(b"x", b'x', &value("size", b"0"));
            bytes.extend(entries(&[file(STATUS, status(OLD))]));
            with_database(at, &bytes)
        },
        "its checksum is no number",
    ),
    (
        "the package follows the mark at the end",
        |at| {
            let mut bytes = ended(entries(&without_database()));
            bytes.extend(archive(&[file(STATUS, status(OLD))]));
            saved(at, &Image::of_archives(vec![bytes]))
        },
        "image-nothing-scanned",
    ),
    (
        "one empty block stands before the package",
        |at| {
            let mut bytes = vec![0; 512];
            bytes.extend(entries(&[file(STATUS, status(OLD))]));
            with_database(at, &bytes)
        },
        "one empty block",
    ),
    (
        "the database has holes",
        |at| {
            let mut bytes = header(STATUS.as_bytes(), b'S', 512, "", 0o644);
            bytes.extend([b'\n'; 512]);
            with_database(at, &bytes)
        },
        "status",
    ),
    (
        "an entry of an unknown kind",
        |at| with_database(at, &with_content(STATUS.as_bytes(), b'Q', status(OLD).as_bytes())),
        "of a kind that images don't have",
    ),
    (
        "a header with a wrong sum",
        |at| {
            let mut bytes = entries(&[file(STATUS, status(OLD))]);
            bytes[0] = b'w';
            with_database(at, &bytes)
        },
        "its checksum is wrong",
    ),
    (
        "the layer is cut off between two entries",
        |at| saved(at, &Image::of_archives(vec![entries(&debian(NEW))])),
        "it is cut off",
    ),
    (
        "the rest of the layer is in a second part of the packed bytes",
        |at| {
            let mut files = Image::of(&[debian(NEW)]).packed(Packing::Gzip).saved();
            let parts = [entries(&without_database()), archive(&[file(STATUS, status(OLD))])];
            files.0.insert(
                "0/layer.tar".to_owned(),
                parts.iter().flat_map(|part| Packing::Gzip.pack(part)).collect(),
            );
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "advisory",
    ),
    (
        "a database that is larger than is read",
        |at| {
            let length = 300_u64 << 20;
            let head = entries(&without_database());
            let layer = head.len() as u64 + 512 + length + 1024;
            let config = json!({"rootfs": {"diff_ids": []}}).to_string();
            let mut bytes = entries(&[
                file("manifest.json", json!([{"Config": "c.json", "Layers": ["l.tar"]}]).to_string()),
                file("c.json", config),
            ]);
            bytes.extend(header(b"l.tar", b'0', layer, "", 0o644));
            bytes.extend(head);
            bytes.extend(header(STATUS.as_bytes(), b'0', length, "", 0o644));
            bytes.extend(status(OLD).into_bytes());
            let file = std::fs::File::create(at.join("image")).unwrap();
            file.write_all_at(&bytes, 0).unwrap();
            file.set_len((bytes.len() as u64 + length + 8192).next_multiple_of(512)).unwrap();
            arguments(&[])
        },
        "larger than 256 MiB",
    ),
    // What images are made of.
    (
        "the blob has other bytes",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).packed(Packing::Gzip).layout();
            let clean = Packing::Gzip.pack(&archive(&debian(NEW)));
            let name = files.layer(0);
            let length = files.0[&name].len();
            let mut bytes = clean;
            bytes.resize(length, 0);
            files.0.insert(name, bytes);
            layout(at, &files)
        },
        "it is cut off",
    ),
    (
        "the blob that is not packed has other bytes",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).layout();
            let name = files.layer(0);
            files.0.insert(name, archive(&debian("8.00.1-10")));
            layout(at, &files);
            arguments(&["--verify-digests"])
        },
        "has other bytes",
    ),
    (
        "the layer of a saved image is another than its configuration says",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).saved();
            files.0.insert("0/layer.tar".to_owned(), archive(&debian(NEW)));
            files.write_archive(&at.join("image"));
            arguments(&["--verify-digests"])
        },
        "has other bytes",
    ),
    (
        "the layers are in another order",
        |at| {
            let mut files = Image::of(&[debian(OLD), debian(NEW)]).saved();
            files.change("manifest.json", |value| value[0]["Layers"] = json!(["1/layer.tar", "0/layer.tar"]));
            files.write_archive(&at.join("image"));
            arguments(&["--verify-digests"])
        },
        "has other bytes",
    ),
    (
        "the digest of another layer",
        |at| {
            let image = Image::of(&[debian(OLD)]).packed(Packing::Gzip);
            let clean =
                Image { config: |value| value["rootfs"]["diff_ids"][0] = json!(digest(b"x")), ..image };
            layout(at, &clean.layout());
            arguments(&["--verify-digests"])
        },
        "has other bytes",
    ),
    (
        "a layer is missing",
        |at| {
            let mut files = Image::of(&[debian(OLD), vec![]]).layout();
            let name = files.layer(0);
            files.0.remove(&name);
            layout(at, &files)
        },
        "is missing",
    ),
    (
        "a length is wrong",
        |at| changed(at, NOTHING, |value| value["layers"][0]["size"] = json!(7), NOTHING),
        "bytes instead of 7",
    ),
    (
        "a length is missing",
        |at| {
            changed(
                at,
                NOTHING,
                |value| {
                    value["layers"][0].as_object_mut().unwrap().remove("size");
                },
                NOTHING,
            )
        },
        "`size` is no length",
    ),
    (
        "a layer of an unknown kind",
        |at| changed(at, NOTHING, |value| value["layers"][0]["mediaType"] = json!("application/x"), NOTHING),
        "which is not read",
    ),
    (
        "a layer without a kind",
        |at| {
            changed(
                at,
                NOTHING,
                |value| {
                    value["layers"][0].as_object_mut().unwrap().remove("mediaType");
                },
                NOTHING,
            )
        },
        "which is not read",
    ),
    (
        "an encrypted layer",
        |at| {
            changed(
                at,
                NOTHING,
                |value| {
                    value["layers"][0]["mediaType"] =
                        json!("application/vnd.oci.image.layer.v1.tar+gzip+encrypted");
                },
                NOTHING,
            )
        },
        "which is not read",
    ),
    (
        "a foreign layer",
        |at| {
            let foreign: Change = |value| {
                let layer = json!({"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                    "digest": digest(b"elsewhere"), "size": 9, "urls": ["https://example.com/layer"]});
                value["layers"].as_array_mut().unwrap().push(layer);
            };
            changed(at, |value| value["rootfs"]["diff_ids"] = json!([]), foreign, NOTHING)
        },
        "is missing",
    ),
    (
        "a layer that bzip2 packed",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).saved();
            files.0.insert("0/layer.tar".to_owned(), b"BZh91AY&SY".to_vec());
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "compressed by bzip2",
    ),
    (
        "a layer that xz packed",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).saved();
            files.0.insert("0/layer.tar".to_owned(), b"\xfd7zXZ\0\0\x04".to_vec());
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "compressed by xz",
    ),
    (
        "two images in an archive",
        |at| {
            let mut files = Image::of(&[debian(NEW)]).saved();
            files.change("manifest.json", |value| {
                let mut second = value[0].clone();
                second["RepoTags"] = json!(["other:1"]);
                value.as_array_mut().unwrap().push(second);
            });
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "several images",
    ),
    (
        "two images in a layout",
        |at| layout(at, &Image::of(&[debian(NEW)]).layout().with(&Image::of(&[debian(OLD)]).layout())),
        "several images",
    ),
    (
        "two images for one platform by one tag",
        |at| {
            layout(at, &Image::of(&[debian(NEW)]).layout().with(&Image::of(&[debian(OLD)]).layout()));
            arguments(&["--platform", "linux/amd64", "--image-tag", "1"])
        },
        "several images",
    ),
    (
        "the two documents of an archive are about different images",
        |at| {
            let mut files = Image::of(&[debian(NEW)]).layout();
            files.0.extend(Image::of(&[debian(OLD)]).saved().0);
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "about different images",
    ),
    (
        "a file of the archive is there twice",
        |at| {
            let files = Image::of(&[debian(OLD)]).saved();
            let mut all: Vec<Entry> =
                files.0.iter().map(|(name, bytes)| file(name.as_str(), bytes)).collect();
            all.insert(0, file("0/layer.tar", archive(&debian(NEW))));
            std::fs::write(at.join("image"), archive(&all)).unwrap();
            arguments(&[])
        },
        "is there twice",
    ),
    (
        "a key in another case",
        |at| changed(at, NOTHING, |value| value["Layers"] = json!([]), NOTHING),
        "Layers",
    ),
    (
        "a key of the configuration in another case",
        |at| changed(at, |value| value["RootFS"] = json!({}), NOTHING, NOTHING),
        "RootFS",
    ),
    (
        "a key twice",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).saved();
            let text = files.text("manifest.json").replacen("\"Layers\":", "\"Layers\":[],\"Layers\":", 1);
            files.0.insert("manifest.json".to_owned(), text.into_bytes());
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "Layers",
    ),
    (
        "fewer layers than the configuration says",
        |at| {
            let mut files = Image::of(&[debian(NEW), idna("3.2")]).saved();
            files.change("manifest.json", |value| value[0]["Layers"] = json!(["0/layer.tar"]));
            files.write_archive(&at.join("image"));
            arguments(&[])
        },
        "its manifest names 1 layer",
    ),
    (
        "fewer layers than the history says",
        |at| {
            changed(
                at,
                |value| {
                    value["history"].as_array_mut().unwrap().push(json!({"created_by": "RUN x"}));
                },
                NOTHING,
                NOTHING,
            )
        },
        "its history 2",
    ),
    (
        "no layers at all",
        |at| {
            changed(
                at,
                |value| {
                    value["rootfs"]["diff_ids"] = json!([]);
                    value["history"] = json!([]);
                },
                |value| value["layers"] = json!([]),
                NOTHING,
            )
        },
        "image-nothing-scanned",
    ),
    (
        "the manifest has other bytes",
        |at| {
            let mut files = Image::of(&[debian(OLD)]).layout();
            let index: Value = serde_json::from_slice(&files.0["index.json"]).unwrap();
            let name = format!("blobs/sha256/{}", &index["manifests"][0]["digest"].as_str().unwrap()[7..]);
            let text = files.text(&name);
            files.0.insert(name, text.replacen("\"schemaVersion\":2", "\"schemaVersion\":3", 1).into_bytes());
            layout(at, &files)
        },
        "other bytes than its digest",
    ),
    (
        "the only image is said to be about another one",
        |at| {
            changed(at, NOTHING, NOTHING, |value| {
                value["manifests"][0]["annotations"]["vnd.docker.reference.type"] =
                    json!("attestation-manifest");
            })
        },
        "advisory",
    ),
    (
        "the image is of another kind",
        |at| {
            changed(
                at,
                NOTHING,
                |value| value["config"]["mediaType"] = json!("application/vnd.oci.empty.v1+json"),
                NOTHING,
            )
        },
        "advisory",
    ),
    (
        "the image is said to be a proof, and a clean one stands beside it",
        |at| {
            let proof: Change = |value| {
                value["manifests"][0]["platform"] = json!({"os": "linux", "architecture": "amd64"});
                value["manifests"][0]["annotations"]["vnd.docker.reference.type"] =
                    json!("attestation-manifest");
            };
            let own = Image { index: proof, ..Image::of(&[debian(OLD)]) };
            layout(at, &own.layout().with(&Image::of(&[debian(NEW)]).layout()))
        },
        "several images",
    ),
    (
        "the image has a configuration of another kind, and a clean one stands beside it",
        |at| {
            let other: Change =
                |value| value["config"]["mediaType"] = json!("application/vnd.example.config.v1+json");
            let own = Image { manifest: other, ..Image::of(&[debian(OLD)]) };
            layout(at, &own.layout().with(&Image::of(&[debian(NEW)]).layout()))
        },
        "several images",
    ),
    (
        "another platform than is shipped",
        |at| {
            changed(at, NOTHING, NOTHING, NOTHING);
            arguments(&["--platform", "linux/arm64"])
        },
        "no such image",
    ),
    (
        "the platform that the index names is another than the image's",
        |at| {
            changed(at, NOTHING, NOTHING, |value| {
                value["manifests"][0]["platform"] = json!({"os": "linux", "architecture": "arm64"});
            });
            arguments(&["--platform", "linux/arm64"])
        },
        "no such image",
    ),
    (
        "the archive is cut off",
        |at| {
            let bytes = Image::of(&[debian(NEW)]).saved().archive();
            std::fs::write(at.join("image"), &bytes[..bytes.len() - 1024]).unwrap();
            arguments(&[])
        },
        "cut off",
    ),
    (
        "the archive is packed",
        |at| {
            std::fs::write(
                at.join("image"),
                Packing::Gzip.pack(&Image::of(&[debian(NEW)]).saved().archive()),
            )
            .unwrap();
            arguments(&[])
        },
        "compressed by gzip",
    ),
    (
        "no image at all",
        |at| {
            std::fs::write(at.join("image"), "").unwrap();
            arguments(&[])
        },
        "image",
    ),
    // How it is scanned.
    (
        "the application's layers alone, on a base that is none",
        |at| {
            Image::of(&[alpine("8.9.0-r0"), debian(OLD)]).saved().write_archive(&at.join("base"));
            layers(at, &[debian(OLD), idna("3.7")]);
            arguments(&["--base-image", "base", "--only", "application"])
        },
        "of which the image has the first 0",
    ),
    (
        "a base with the same layers and one more",
        |at| {
            Image::of(&[debian(OLD), idna("3.7")]).saved().write_archive(&at.join("base"));
            layers(at, &[debian(OLD)]);
            arguments(&["--base-image", "base", "--only", "application"])
        },
        "of which the image has the first 1",
    ),
    (
        "a base that has no layers",
        |at| {
            Image::of(&[]).saved().write_archive(&at.join("base"));
            layers(at, &[debian(OLD)]);
            arguments(&["--base-image", "base", "--only", "application"])
        },
        "has 0 layers",
    ),
    (
        "the vulnerable package is in a layer of the base and of the application",
        |at| {
            Image::of(&[idna("3.2")]).saved().write_archive(&at.join("base"));
            let again = idna("3.2")
                .into_iter()
                .map(|entry| Entry { name: [b"srv/", entry.name.as_slice()].concat(), ..entry });
            layers(at, &[idna("3.2"), again.collect()]);
            arguments(&["--base-image", "base", "--only", "application"])
        },
        "advisory",
    ),
    (
        "a label that names another base",
        |at| {
            changed(
                at,
                |value| {
                    value["config"]["Labels"]["org.opencontainers.image.base.digest"] =
                        json!(digest(b"base"));
                },
                NOTHING,
                NOTHING,
            )
        },
        "advisory",
    ),
    (
        "the digest of another image",
        |at| {
            layers(at, &[debian(NEW)]);
            arguments(&["--expect-digest", &digest(b"other")])
        },
        "image-mismatch",
    ),
    (
        "a root folder in the place of the image",
        |at| {
            let root = at.join("image");
            for (name, text) in [("etc/os-release", RELEASE.to_owned()), (STATUS, status(NEW))] {
                std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
                std::fs::write(root.join(name), text).unwrap();
            }
            arguments(&["--expect-digest", &digest(b"other")])
        },
        "image-mismatch",
    ),
    (
        "a root folder whose database is a link out of it",
        |at| {
            let root = at.join("image");
            std::fs::create_dir_all(root.join("var/lib/dpkg")).unwrap();
            std::fs::create_dir_all(root.join("etc")).unwrap();
            std::fs::write(at.join("outside"), status(NEW)).unwrap();
            std::fs::write(root.join("etc/os-release"), RELEASE).unwrap();
            std::os::unix::fs::symlink(at.join("outside"), root.join(STATUS)).unwrap();
            arguments(&[])
        },
        "image-nothing-scanned",
    ),
    (
        "a distribution without a database, allowed to be empty",
        |at| {
            layers(at, &[without_database()]);
            arguments(&["--allow-empty"])
        },
        "image-nothing-scanned",
    ),
    (
        "advisories of another release",
        |at| {
            layers(at, &[debian(OLD)]);
            write_advisories(at);
            let path = at.join("db/DSA-2026-1.json");
            let text = std::fs::read_to_string(&path).unwrap().replace("Debian:12", "Debian:11");
            std::fs::write(path, text).unwrap();
            arguments(&[])
        },
        "os-not-covered",
    ),
    (
        "no advisories",
        |at| {
            layers(at, &[debian(OLD)]);
            std::fs::create_dir(at.join("db")).unwrap();
            arguments(&[])
        },
        "database is empty",
    ),
    (
        "statements of the image itself about its packages",
        |at| {
            let statement = json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "a",
            "timestamp": "2026-11-01T00:00:00Z", "version": 1, "statements": [{"vulnerability": {"name": "DSA-2026-1"},
            "products": [{"@id": "pkg:deb/debian/curl"}], "status": "not_affected",
            "justification": "vulnerable_code_not_present"}]});
            let statement = statement.to_string();
            layers(
                at,
                &[
                    debian(OLD),
                    vec![file("usr/share/vex/openvex.json", &statement), file("openvex.json", &statement)],
                ],
            )
        },
        "advisory",
    ),
    (
        "waivers and settings of the image itself",
        |at| {
            let settings = "[image-scan]\nfail-on = \"never\"\n[[waiver]]\nrule = \"*\"\nreason = \"no\"\n";
            layers(at, &[debian(OLD), vec![file("devops.toml", settings)]])
        },
        "advisory",
    ),
    (
        "another layer's entry in the cache",
        |at| {
            cached(at, |clean, own| {
                std::fs::copy(clean, own).unwrap();
            })
        },
        "advisory",
    ),
    (
        "an entry of the cache that is cut off",
        |at| {
            cached(at, |_, own| {
                let bytes = std::fs::read(own).unwrap();
                std::fs::write(own, &bytes[..bytes.len() / 2]).unwrap();
            })
        },
        "advisory",
    ),
    ("an empty entry of the cache", |at| cached(at, |_, own| std::fs::write(own, "").unwrap()), "advisory"),
    (
        "an entry of the cache with a flipped bit",
        |at| {
            cached(at, |_, own| {
                let mut bytes = std::fs::read(own).unwrap();
                let last = bytes.len() - 9;
                bytes[last] ^= 1;
                std::fs::write(own, bytes).unwrap();
            })
        },
        "advisory",
    ),
    // Packages of languages.
    (
        "metadata is taken away, the package is left",
        |at| {
            layers(
                at,
                &[
                    debian(NEW),
                    idna("3.2"),
                    vec![
                        file("usr/local/lib/python3.11/site-packages/idna-3.2.dist-info/.wh.METADATA", ""),
                        file(
                            "usr/local/lib/python3.11/site-packages/idna-3.2.dist-info/RECORD",
                            "idna/__init__.py,,\n",
                        ),
                    ],
                ],
            )
        },
        "advisory",
    ),
    (
        "one package in two folders",
        |at| layers(at, &[debian(NEW), vec![lodash("4.17.21", "app"), lodash("4.17.20", "srv")]]),
        "advisory",
    ),
    (
        "an old package below a new one",
        |at| {
            layers(
                at,
                &[debian(NEW), vec![lodash("4.17.21", "app"), lodash("4.17.20", "app/node_modules/express")]],
            )
        },
        "advisory",
    ),
    (
        "a package in a folder that is renamed to look like the distribution's",
        |at| {
            let list = file("var/lib/dpkg/info/curl.list", "/.\n/usr/lib/node_modules/lodash/package.json\n");
            layers(at, &[debian(NEW), vec![list, lodash("4.17.20", "usr/lib")]])
        },
        "advisory",
    ),
    (
        "metadata that is cut off",
        |at| {
            layers(
                at,
                &[
                    debian(NEW),
                    vec![file("app/node_modules/lodash/package.json", "{\"name\": \"lodash\", \"ver")],
                ],
            )
        },
        "package.json",
    ),
    (
        "metadata with its version twice",
        |at| {
            layers(
                at,
                &[
                    debian(NEW),
                    vec![file(
                        "app/node_modules/lodash/package.json",
                        "{\"name\": \"lodash\", \"version\": \"4.17.20\", \"version\": \"4.17.21\"}",
                    )],
                ],
            )
        },
        "package.json",
    ),
    (
        "metadata with a key in another case",
        |at| {
            layers(
                at,
                &[
                    debian(NEW),
                    vec![file(
                        "app/node_modules/lodash/package.json",
                        "{\"name\": \"lodash\", \"Version\": \"4.17.20\"}",
                    )],
                ],
            )
        },
        "did you mean `version`",
    ),
    (
        "a package in a folder with spaces and bytes that are no text",
        |at| {
            let mut entry = lodash("4.17.20", "app");
            entry.name = [b"srv/a \xff b/".as_slice(), &entry.name].concat();
            layers(at, &[debian(NEW), vec![entry]])
        },
        "advisory",
    ),
    (
        "a package in a folder with a long name",
        |at| layers(at, &[debian(NEW), vec![lodash("4.17.20", &format!("srv/{}", "x".repeat(200)))]]),
        "advisory",
    ),
];

#[test]
fn no_image_gets_a_vulnerable_package_past_the_gate() {
    assert!(CHEATS.len() >= 80, "{}", CHEATS.len());
    let (finished, _) = super::scan::scan_saved(&Image::of(&[debian(NEW)]), &[]);
    assert_eq!(
        finished.code,
        Some(0),
        "the same image without the vulnerability is green: {}",
        finished.stdout
    );
    let mut wrong = String::new();
    for (name, write, expected) in CHEATS {
        assert!(!expected.is_empty(), "{name}");
        let folder = tempfile::tempdir().unwrap();
        let arguments = write(folder.path());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (finished, report) = scan_in(folder.path(), &arguments);
        let is_red = matches!(finished.code, Some(1 | 3));
        let rules =
            report["findings"].as_array().into_iter().flatten().filter(|finding| {
                ["critical", "high"].iter().any(|severity| finding["severity"] == *severity)
            });
        let rules: Vec<&str> = rules.filter_map(|finding| finding["rule"].as_str()).collect();
        let is_said =
            rules.contains(expected) || (finished.code == Some(3) && finished.stderr.contains(expected));
        if !(is_red && is_said) {
            let _ = writeln!(
                wrong,
                "== {name}: {:?}, {rules:?}, expected {expected}\n{}",
                finished.code, finished.stderr
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
