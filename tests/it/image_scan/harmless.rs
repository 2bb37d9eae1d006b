//! Ordinary images, and unusual ones that do no harm: every one of them has to be green.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::built::{
    Change, Entry, Files, Image, MANIFEST, Packing, archive, digest, ended, entries, file, folder, hard_link,
    link, pipe, value, with_content,
};
use super::scan::{NEW, OLD, RELEASE, alpine, debian, idna, lodash, record, scan_in, status, status_without};

/// An image: its name, and what writes it and gives the arguments.
type Harmless = (&'static str, fn(&Path) -> Vec<String>);

const STATUS: &str = "var/lib/dpkg/status";

fn arguments(all: &[&str]) -> Vec<String> {
    [&["--image", "image"], all].concat().into_iter().map(str::to_owned).collect()
}

fn saved(folder: &Path, image: &Image) -> Vec<String> {
    image.saved().write_archive(&folder.join("image"));
    arguments(&[])
}

fn layout(folder: &Path, files: &Files) -> Vec<String> {
    files.write_folder(&folder.join("image"));
    arguments(&[])
}

fn layers(folder: &Path, layers: &[Vec<Entry>]) -> Vec<String> {
    saved(folder, &Image::of(layers))
}

/// Debian without the vulnerability, and another layer.
fn with(folder: &Path, entries: &[Entry]) -> Vec<String> {
    layers(folder, &[debian(NEW), entries.to_vec()])
}

/// Debian without the vulnerability, with some entries replaced or added in the same layer.
fn instead(folder: &Path, entries: &[Entry]) -> Vec<String> {
    let mut layer = debian(NEW);
    layer.retain(|old| entries.iter().all(|new| new.name != old.name));
    layer.extend(entries.iter().cloned());
    layers(folder, &[layer])
}

/// A layout of the image without the vulnerability, of which documents were changed.
fn changed(folder: &Path, config: Change, manifest: Change, index: Change) -> Vec<String> {
    let image = Image { config, manifest, index, ..Image::of(&[debian(NEW)]).packed(Packing::Gzip) };
    layout(folder, &image.layout())
}

const NOTHING: Change = |_| {};

/// The manifest that the index of a layout names first.
fn first(files: &Files) -> Value {
    let index: Value = serde_json::from_slice(&files.0["index.json"]).unwrap();
    index["manifests"][0].clone()
}

/// A layout with an index of two platforms.
fn of_two_platforms() -> Files {
    let arm: Change = |value| value["architecture"] = json!("arm64");
    let own = Image::of(&[debian(NEW)]).layout();
    let other = Image { config: arm, ..Image::of(&[debian(OLD)]) }.layout();
    let mut platforms = Vec::new();
    for (files, architecture) in [(&own, "amd64"), (&other, "arm64")] {
        let mut descriptor = first(files);
        descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
        platforms.push(descriptor);
    }
    let mut files = own;
    let kept = files.clone();
    files.0.extend(other.0);
    files.0.extend(kept.0);
    let index = json!({"schemaVersion": 2, "manifests": platforms}).to_string();
    let descriptor = files.blob("application/vnd.oci.image.index.v1+json", index.as_bytes());
    files.change("index.json", |value| value["manifests"] = json!([descriptor]));
    files
}

/// Writes a root folder.
fn root(folder: &Path, entries: &[Entry]) {
    for entry in entries {
        let path = folder.join("image").join(std::str::from_utf8(&entry.name).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let super::built::What::File(content) = &entry.what {
            std::fs::write(path, content).unwrap();
        }
    }
}

const HARMLESS: &[Harmless] = &[
    ("Debian", |at| layers(at, &[debian(NEW)])),
    ("Alpine", |at| layers(at, &[alpine("8.9.1-r0")])),
    ("Debian with packages of languages", |at| {
        layers(at, &[debian(NEW), idna("3.7"), vec![lodash("4.17.21", "app")]])
    }),
    ("without a shell, with a folder of records", |at| {
        let without_status = "Package: curl\nVersion: 8.5.0-1\nArchitecture: amd64\n";
        layers(
            at,
            &[vec![
                file("usr/lib/os-release", RELEASE),
                link("etc/os-release", "../usr/lib/os-release"),
                file("var/lib/dpkg/status.d/base-files", record("base-files", "12.4+deb12u5")),
                file("var/lib/dpkg/status.d/curl", without_status),
                file(
                    "var/lib/dpkg/status.d/curl.md5sums",
                    "d41d8cd98f00b204e9800998ecf8427e  usr/bin/curl\n",
                ),
            ]],
        )
    }),
    ("a program alone, allowed to be empty", |at| {
        layers(at, &[vec![file("app", "\x7fELF program")]]);
        arguments(&["--allow-empty"])
    }),
    ("a program with a package of npm and no system", |at| layers(at, &[vec![lodash("4.17.21", "app")]])),
    ("many layers", |at| {
        let mut all = vec![debian(NEW)];
        all.extend((0..120).map(|number| vec![file(format!("srv/{number}"), "x")]));
        layers(at, &all)
    }),
    ("empty layers", |at| layers(at, &[debian(NEW), vec![], vec![]])),
    ("an old package that a layer upgraded", |at| {
        layers(at, &[debian(OLD), vec![file(STATUS, status(NEW))]])
    }),
    ("an old package that a layer removed", |at| {
        let removed = vec![
            file(STATUS, status_without()),
            file("usr/bin/.wh.curl", ""),
            file("var/lib/dpkg/info/.wh.curl.list", ""),
        ];
        layers(at, &[debian(OLD), removed])
    }),
    ("an old package of Python that a layer upgraded", |at| {
        let gone = vec![file("usr/local/lib/python3.11/site-packages/.wh.idna-3.2.dist-info", "")];
        layers(at, &[debian(NEW), idna("3.2"), gone, idna("3.7")])
    }),
    ("an old package in a folder that a layer emptied", |at| {
        layers(
            at,
            &[
                debian(NEW),
                vec![lodash("4.17.20", "app")],
                vec![file("app/.wh..wh..opq", ""), lodash("4.17.21", "app")],
            ],
        )
    }),
    ("an old package in a folder that a file replaced", |at| {
        layers(at, &[debian(NEW), vec![lodash("4.17.20", "app")], vec![file("app", "")]])
    }),
    ("an old package below a folder that a link replaced", |at| {
        layers(
            at,
            &[
                debian(NEW),
                vec![lodash("4.17.20", "app"), lodash("4.17.21", "srv")],
                vec![link("app", "srv")],
            ],
        )
    }),
    ("lib and bin are links", |at| {
        instead(at, &[link("lib", "usr/lib"), link("bin", "usr/bin"), folder("usr/lib"), file("lib/x", "x")])
    }),
    ("apk's database is below a link", |at| {
        let mut layer = alpine("8.9.1-r0");
        layer.retain(|entry| entry.name != b"lib/apk/db/installed");
        let database = alpine("8.9.1-r0").remove(2);
        layer.extend([
            link("lib", "usr/lib"),
            Entry { name: b"usr/lib/apk/db/installed".to_vec(), ..database },
        ]);
        layers(at, &[layer])
    }),
    ("the database has a second name", |at| instead(at, &[hard_link("srv/copy", STATUS)])),
    ("the database of an image that is built in this one", |at| {
        with(
            at,
            &[file("srv/root/var/lib/dpkg/status", status(NEW)), file("srv/root/etc/os-release", RELEASE)],
        )
    }),
    ("second names of files", |at| {
        with(at, &[file("srv/a", "x"), hard_link("srv/b", "srv/a"), hard_link("srv/c", "srv/missing")])
    }),
    ("links that go in circles and nowhere", |at| {
        with(at, &[link("srv/a", "b"), link("srv/b", "a"), link("srv/c", "/nothing")])
    }),
    ("links that leave the root", |at| {
        with(at, &[link("srv/a", "../../../../etc/passwd"), link("srv/b", "/../x")])
    }),
    ("long names", |at| with(at, &[file(format!("srv/{}", "long/".repeat(60)) + "x", "x")])),
    ("names with spaces and other letters", |at| {
        with(at, &[file("srv/a b/ß/文.txt", "x"), file("srv/\u{202e}x\nx", "x")])
    }),
    ("names that are no text", |at| with(at, &[file(b"srv/\xff\xfe/\x80".to_vec(), "x")])),
    ("pipes", |at| with(at, &[pipe("run/pipe"), pipe("var/lib/x")])),
    ("names with dots before them", |at| {
        let all = debian(NEW)
            .into_iter()
            .map(|entry| Entry { name: [b"./", entry.name.as_slice()].concat(), ..entry });
        layers(at, &[std::iter::once(folder("./")).chain(all).collect()])
    }),
    ("names with a slash before them", |at| {
        let all = debian(NEW)
            .into_iter()
            .map(|entry| Entry { name: [b"/", entry.name.as_slice()].concat(), ..entry });
        layers(at, &[all.collect()])
    }),
    ("an upgrade in an entry of the same name", |at| {
        layers(at, &[vec![file(STATUS, status(OLD))].into_iter().chain(debian(NEW)).collect()])
    }),
    ("values before entries", |at| {
        let mut bytes = with_content(b"pax_global_header", b'g', &value("comment", b"a commit"));
        bytes.extend(with_content(
            b"x",
            b'x',
            &[value("mtime", b"1.5"), value("SCHILY.xattr.user.a", b"\0\xff")].concat(),
        ));
        bytes.extend(entries(&debian(NEW)));
        saved(at, &Image::of_archives(vec![ended(bytes)]))
    }),
    ("zeros behind the end", |at| {
        let mut bytes = archive(&debian(NEW));
        bytes.extend([0; 20 * 512]);
        saved(at, &Image::of_archives(vec![bytes]))
    }),
    ("files of whiteouts that hide nothing", |at| {
        with(at, &[file("srv/.wh.nothing", ""), file("opt/.wh..wh..opq", "")])
    }),
    ("notes of a storage driver", |at| {
        with(at, &[folder(".wh..wh.plnk"), file(".wh..wh.aufs", ""), folder(".wh..wh.orph")])
    }),
    ("gzip in a saved archive", |at| saved(at, &Image::of(&[debian(NEW)]).packed(Packing::Gzip))),
    ("a layout with gzip", |at| layout(at, &Image::of(&[debian(NEW)]).packed(Packing::Gzip).layout())),
    ("a layout with zstd", |at| layout(at, &Image::of(&[debian(NEW)]).packed(Packing::Zstd).layout())),
    ("an archive of a layout", |at| {
        Image::of(&[debian(NEW)]).packed(Packing::Zstd).layout().write_archive(&at.join("image"));
        arguments(&["--verify-digests"])
    }),
    ("a layer of several packed parts", |at| {
        let mut files = Image::of(&[debian(NEW)]).saved();
        let bytes = archive(&debian(NEW));
        let (one, two) = bytes.split_at(700);
        files.0.insert("0/layer.tar".to_owned(), [Packing::Gzip.pack(one), Packing::Gzip.pack(two)].concat());
        files.write_archive(&at.join("image"));
        arguments(&["--verify-digests"])
    }),
    ("the older kinds of Docker", |at| {
        changed(
            at,
            NOTHING,
            |value| {
                value["mediaType"] = json!("application/vnd.docker.distribution.manifest.v2+json");
                value["config"]["mediaType"] = json!("application/vnd.docker.container.image.v1+json");
                value["layers"][0]["mediaType"] = json!("application/vnd.docker.image.rootfs.diff.tar.gzip");
            },
            NOTHING,
        )
    }),
    ("the platform of an index", |at| {
        layout(at, &of_two_platforms());
        arguments(&["--platform", "linux/amd64"])
    }),
    ("a tag of several", |at| {
        let mut other = Image::of(&[debian(OLD)]).layout();
        other.change("index.json", |value| {
            value["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = json!("2");
        });
        layout(at, &Image::of(&[debian(NEW)]).layout().with(&other));
        arguments(&["--image-tag", "1"])
    }),
    ("the digest of several", |at| {
        let files = Image::of(&[debian(NEW)]).layout();
        let digest = first(&files)["digest"].as_str().unwrap().to_owned();
        layout(at, &files.with(&Image::of(&[debian(OLD)]).layout()));
        arguments(&["--expect-digest", &digest])
    }),
    ("the digest with a name", |at| {
        let files = Image::of(&[debian(NEW)]).layout();
        let digest = format!("ghcr.io/x/shop@{}", first(&files)["digest"].as_str().unwrap());
        layout(at, &files);
        arguments(&["--expect-digest", &digest])
    }),
    ("a proof of the build in the index", |at| {
        let mut files = Image::of(&[debian(NEW)]).packed(Packing::Gzip).layout();
        let statement = files.blob("application/vnd.in-toto+json", b"{}");
        let empty = files.blob("application/vnd.oci.image.config.v1+json", b"{}");
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": [statement]})
                .to_string();
        let mut proof = files.blob(MANIFEST, manifest.as_bytes());
        proof["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        proof["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        files.change("index.json", |value| value["manifests"].as_array_mut().unwrap().push(proof));
        layout(at, &files)
    }),
    ("something else beside the image", |at| {
        let mut files = Image::of(&[debian(NEW)]).packed(Packing::Gzip).layout();
        let chart = files.blob("application/vnd.cncf.helm.config.v1+json", b"{}");
        let manifest = json!({"schemaVersion": 2, "config": chart, "layers": []}).to_string();
        let chart = files.blob(MANIFEST, manifest.as_bytes());
        files.change("index.json", |value| value["manifests"].as_array_mut().unwrap().push(chart));
        files.0.insert("blobs/sha256/README".to_owned(), b"x".to_vec());
        layout(at, &files)
    }),
    ("one image by two names", |at| {
        changed(at, NOTHING, NOTHING, |value| {
            let mut again = value["manifests"][0].clone();
            again["annotations"]["org.opencontainers.image.ref.name"] = json!("latest");
            value["manifests"].as_array_mut().unwrap().push(again);
        })
    }),
    ("no history", |at| {
        changed(
            at,
            |value| {
                value.as_object_mut().unwrap().remove("history");
            },
            NOTHING,
            NOTHING,
        )
    }),
    ("steps without a layer", |at| {
        changed(
            at,
            |value| {
                value["history"]
                    .as_array_mut()
                    .unwrap()
                    .insert(0, json!({"created_by": "ENV A=b", "empty_layer": true}));
            },
            NOTHING,
            NOTHING,
        )
    }),
    ("no sums of layers", |at| {
        changed(at, |value| value["rootfs"]["diff_ids"] = Value::Null, NOTHING, NOTHING)
    }),
    ("keys that nobody knows", |at| {
        changed(
            at,
            |value| value["moby.buildkit.cache.v0"] = json!("x"),
            |value| value["subject"] = json!({}),
            |value| value["x"] = json!([1]),
        )
    }),
    ("one layer twice", |at| layers(at, &[debian(NEW), vec![file("a", "x")], vec![file("a", "x")]])),
    ("one layer by a link in the archive", |at| {
        let mut files = Image::of(&[debian(NEW), debian(NEW)]).saved();
        files.0.remove("1/layer.tar");
        let mut all: Vec<Entry> = files.0.iter().map(|(name, bytes)| file(name.as_str(), bytes)).collect();
        all.push(link("1/layer.tar", "../0/layer.tar"));
        std::fs::write(at.join("image"), archive(&all)).unwrap();
        arguments(&[])
    }),
    ("the base image and its layers", |at| {
        Image::of(&[debian(NEW)]).saved().write_archive(&at.join("base"));
        with(at, &[lodash("4.17.21", "app")]);
        arguments(&["--base-image", "base"])
    }),
    ("an old package of the base, where the application's layers count", |at| {
        Image::of(&[debian(OLD)]).saved().write_archive(&at.join("base"));
        layers(at, &[debian(OLD), vec![lodash("4.17.21", "app")]]);
        arguments(&["--base-image", "base", "--only", "application"])
    }),
    ("a root folder", |at| {
        root(at, &debian(NEW));
        arguments(&[])
    }),
    ("a root folder with a pipe, a socket and links out of it", |at| {
        root(at, &debian(NEW));
        let inside = |name: &str| at.join("image").join(name);
        rustix::fs::mknodat(rustix::fs::CWD, inside("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        std::os::unix::fs::symlink("/etc/shadow", inside("shadow")).unwrap();
        std::os::unix::fs::symlink("/proc", inside("proc")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(inside("socket")).unwrap();
        arguments(&[])
    }),
    ("out of the cache", |at| {
        layout(at, &Image::of(&[debian(NEW), idna("3.7")]).packed(Packing::Gzip).layout());
        scan_in(at, &["--image", "image", "--cache", "cache"]);
        arguments(&["--cache", "cache"])
    }),
    ("a cache that an older release left", |at| {
        std::fs::create_dir(at.join("cache")).unwrap();
        let image = Image::of(&[debian(NEW)]).packed(Packing::Gzip);
        let name = digest(&Packing::Gzip.pack(&image.layers[0])).replace(':', "-");
        std::fs::write(at.join("cache").join(name), "devops-action layer 0\nx").unwrap();
        layout(at, &image.layout());
        arguments(&["--cache", "cache"])
    }),
    ("lockfiles and manifests of projects", |at| {
        with(
            at,
            &[
                file(
                    "app/package-lock.json",
                    "{\"packages\": {\"node_modules/lodash\": {\"version\": \"4.17.20\"}}}",
                ),
                file("app/requirements.txt", "idna==3.2\n"),
                file("app/package.json", "{\"name\": \"shop\", \"private\": true}"),
            ],
        )
    }),
    ("an older release is upgraded in place", |at| {
        let old = vec![
            file("etc/os-release", RELEASE.replace("12", "11")),
            file("etc/debian_version", "11.9\n"),
            file(STATUS, record("base-files", "11.1") + &record("curl", "7.74.0-1")),
        ];
        layers(at, &[old, debian(NEW)])
    }),
    ("a package whose settings are left", |at| {
        instead(
            at,
            &[file(
                STATUS,
                status(NEW)
                    + &record("wget", "1.0").replace("install ok installed", "deinstall ok config-files"),
            )],
        )
    }),
];

#[test]
fn no_harmless_image_is_red() {
    assert!(HARMLESS.len() >= 50, "{}", HARMLESS.len());
    let mut wrong = String::new();
    for (name, write) in HARMLESS {
        let folder = tempfile::tempdir().unwrap();
        let arguments = write(folder.path());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (finished, _) = scan_in(folder.path(), &arguments);
        if finished.code != Some(0) {
            let _ = writeln!(wrong, "== {name}: {:?}\n{}{}", finished.code, finished.stdout, finished.stderr);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
