//! Scans of images that the tests build: what is found, and that the same image in another form gives the same.

use std::path::Path;

use serde_json::{Value, json};

use super::built::{Entry, Image, Packing, file, link};
use super::of_rule;
use crate::support::{Finished, binary, report_or_null, run};

/// Says that it is Debian 12.
pub(super) const RELEASE: &str =
    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n";

/// The version of curl that has a vulnerability.
pub(super) const OLD: &str = "7.88.1-10";
/// The version that has none.
pub(super) const NEW: &str = "8.5.0-1";

/// The record of a package of Debian.
pub(super) fn record(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nMaintainer: A <a@example.com>\nArchitecture: amd64\nVersion: {version}\n\n"
    )
}

/// The database of an image with this version of curl.
pub(super) fn status(curl: &str) -> String {
    record("base-files", "12.4+deb12u5") + &record("curl", curl)
}

/// The database without curl.
pub(super) fn status_without() -> String {
    record("base-files", "12.4+deb12u5")
}

/// A layer of Debian with this version of curl.
pub(super) fn debian(curl: &str) -> Vec<Entry> {
    vec![
        file("etc/debian_version", "12.5\n"),
        file("etc/os-release", RELEASE),
        file("usr/bin/curl", "program"),
        file("var/lib/dpkg/info/curl.list", "/.\n/usr\n/usr/bin\n/usr/bin/curl\n"),
        file("var/lib/dpkg/status", status(curl)),
    ]
}

/// A layer of Alpine with this version of curl.
pub(super) fn alpine(curl: &str) -> Vec<Entry> {
    vec![
        file("etc/alpine-release", "3.20.3\n"),
        file(
            "etc/os-release",
            "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n",
        ),
        file(
            "lib/apk/db/installed",
            format!(
                "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\nP:curl\nV:{curl}\nA:x86_64\no:curl\nF:usr/bin\nR:curl\n\n"
            ),
        ),
        file("usr/bin/curl", "program"),
    ]
}

/// A package of Python with this version.
pub(super) fn idna(version: &str) -> Vec<Entry> {
    let folder = "usr/local/lib/python3.11/site-packages";
    vec![
        file(
            format!("{folder}/idna-{version}.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: idna\nVersion: {version}\n"),
        ),
        file(format!("{folder}/idna/__init__.py"), "x = 1\n"),
    ]
}

/// A package of npm with this version.
pub(super) fn lodash(version: &str, folder: &str) -> Entry {
    file(
        format!("{folder}/node_modules/lodash/package.json"),
        format!("{{\"name\": \"lodash\", \"version\": \"{version}\"}}"),
    )
}

/// An advisory about everything before a version.
fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str) -> Value {
    json!({
        "schema_version": "1.7.0", "id": id, "modified": "2026-11-01T00:00:00Z", "published": "2026-11-01T00:00:00Z",
        "summary": format!("{name} is vulnerable"),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
    })
}

/// Writes the advisories that the images are compared with.
pub(super) fn write_advisories(folder: &Path) {
    let folder = folder.join("db");
    std::fs::create_dir_all(&folder).unwrap();
    for (id, ecosystem, name, fixed) in [
        ("DSA-2026-1", "Debian:12", "curl", "8.0.0-1"),
        ("ALPINE-2026-1", "Alpine:v3.20", "curl", "8.9.0-r0"),
        ("PYSEC-2026-22", "PyPI", "idna", "3.7"),
        ("GHSA-35jh-r3h4-6jhm", "npm", "lodash", "4.17.21"),
    ] {
        let text = advisory(id, ecosystem, name, fixed).to_string();
        std::fs::write(folder.join(format!("{id}.json")), text).unwrap();
    }
}

/// Scans what is in the folder, with the advisories there.
pub(super) fn scan_in(folder: &Path, arguments: &[&str]) -> (Finished, Value) {
    let _ = std::fs::remove_dir_all(folder.join("devops-report"));
    if !folder.join("db").exists() {
        write_advisories(folder);
    }
    let arguments = ["--db", "db", "--frozen-db"].iter().chain(arguments);
    let finished = run(binary("image-scan", folder).args(arguments));
    (finished, report_or_null(folder))
}

/// Scans the archive of an image.
pub(super) fn scan_saved(image: &Image, arguments: &[&str]) -> (Finished, Value) {
    let folder = tempfile::tempdir().unwrap();
    image.saved().write_archive(&folder.path().join("image.tar"));
    scan_in(folder.path(), &[&["--image", "image.tar"], arguments].concat())
}

/// The packages of an image, as a list says it.
fn packages(image: &Image) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    image.saved().write_archive(&folder.path().join("image.tar"));
    let finished = run(binary("image-scan", folder.path()).args(["packages", "image.tar"]));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines = finished.stdout.lines().skip(1);
    lines.map(|line| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_link_in_the_place_of_a_folder_hides_what_was_below_it() {
    let python = |path: &str, name: &str, version: &str| {
        file(
            format!("{path}/{name}-{version}.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        )
    };
    let mut base = debian(NEW);
    base.extend([python("opt/app", "idna", "3.2"), python("srv/app", "new", "2.0")]);
    let image = Image::of(&[base, vec![link("opt/app", "/srv/app")]]);
    assert_eq!(
        packages(&image),
        ["base-files 12.4+deb12u5 Debian:12 0", &format!("curl {NEW} Debian:12 0"), "new 2.0 PyPI 0"]
    );
    let (finished, report) = scan_saved(&image, &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stdout);
    assert!(of_rule(&report, "advisory").is_empty());
}

#[test]
fn where_nothing_says_which_packages_there_are_nothing_passes() {
    let app = vec![file("app", "x")];
    let without_database = vec![file("etc/os-release", RELEASE), file("usr/bin/x", "x")];
    let obscure = vec![
        file("etc/os-release", "ID=obscure\nVERSION_ID=1\n"),
        file("var/lib/dpkg/status", record("a", "1")),
    ];
    for (layer, rule, with_allow_empty) in [
        (app, "image-nothing-scanned", 0),
        (without_database, "image-nothing-scanned", 1),
        (obscure, "os-not-covered", 1),
    ] {
        let image = Image::of(&[layer]);
        let (finished, report) = scan_saved(&image, &[]);
        assert_eq!((finished.code, of_rule(&report, rule).len()), (Some(1), 1), "{}", finished.stdout);
        assert_eq!(of_rule(&report, rule)[0]["severity"], "high");
        assert_eq!(scan_saved(&image, &["--allow-empty"]).0.code, Some(with_allow_empty));
    }
}

#[test]
fn what_the_distribution_owns_is_no_second_package() {
    let base = vec![
        file("etc/os-release", RELEASE),
        file("var/lib/dpkg/status", record("python3-idna", "3.3-1+deb12u1") + &record("curl", NEW)),
        file(
            "var/lib/dpkg/info/python3-idna.list",
            "/.\n/usr/lib/python3/dist-packages/idna-3.3.dist-info/METADATA\n",
        ),
        file(
            "usr/lib/python3/dist-packages/idna-3.3.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: idna\nVersion: 3.3\n",
        ),
    ];
    let image = Image::of(&[base, idna("3.2")]);
    assert_eq!(
        packages(&image),
        ["python3-idna 3.3-1+deb12u1 Debian:12 0", &format!("curl {NEW} Debian:12 0"), "idna 3.2 PyPI 1"]
    );
    let (finished, report) = scan_saved(&image, &[]);
    let found = of_rule(&report, "advisory");
    assert_eq!((finished.code, found.len()), (Some(1), 1), "{}", finished.stdout);
    assert_eq!(
        (&found[0]["subject"]["layer"], &found[0]["subject"]["installed"]),
        (&json!(1), &json!("3.2"))
    );
    assert_eq!(found[0]["subject"]["step"], "RUN step 1");
}

#[test]
fn a_package_that_was_removed_is_gone_and_the_others_keep_their_layer() {
    let above = vec![
        file("usr/bin/.wh.curl", ""),
        file("var/lib/dpkg/info/.wh.curl.list", ""),
        file("var/lib/dpkg/status", status_without()),
    ];
    let image = Image::of(&[debian(OLD), above]);
    assert_eq!(packages(&image), ["base-files 12.4+deb12u5 Debian:12 0"]);
    assert_eq!(scan_saved(&image, &[]).0.code, Some(0));
}

#[test]
fn every_form_of_an_image_gives_the_same_findings() {
    let layers = [debian(OLD), idna("3.2"), vec![lodash("4.17.20", "app"), file("srv/.wh.nothing", "")]];
    let image = Image::of(&layers);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    image.saved().write_archive(&at("saved.tar"));
    image.clone().packed(Packing::Gzip).saved().write_archive(&at("saved-gzip.tar"));
    image.layout().write_folder(&at("layout"));
    image.clone().packed(Packing::Gzip).layout().write_folder(&at("layout-gzip"));
    image.clone().packed(Packing::Zstd).layout().write_folder(&at("layout-zstd"));
    image.clone().packed(Packing::Zstd).layout().write_archive(&at("layout-zstd.tar"));
    let mut both = image.layout();
    let names: Vec<String> = (0..3).map(|number| both.layer(number)).collect();
    let index: Value = serde_json::from_slice(&both.0["index.json"]).unwrap();
    let manifest = format!("blobs/sha256/{}", &index["manifests"][0]["digest"].as_str().unwrap()[7..]);
    let manifest: Value = serde_json::from_slice(&both.0[&manifest]).unwrap();
    let config = format!("blobs/sha256/{}", &manifest["config"]["digest"].as_str().unwrap()[7..]);
    let saved = json!([{"Config": config, "RepoTags": null, "Layers": names}]);
    both.0.insert("manifest.json".to_owned(), saved.to_string().into_bytes());
    both.write_archive(&at("both.tar"));
    let found = |name: &str, arguments: &[&str]| {
        let (finished, report) = scan_in(folder.path(), &[&["--image", name], arguments].concat());
        assert_eq!(finished.code, Some(1), "{name}: {}{}", finished.stdout, finished.stderr);
        let of = |finding: &Value| {
            let subject = &finding["subject"];
            format!("{} {} {} {}", finding["rule"], finding["severity"], finding["title"], subject["layer"])
        };
        let all: Vec<String> = report["findings"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(of_rule(&report, "advisory").len(), 3, "{name}");
        (all, report["details"]["verified"].clone())
    };
    let (expected, is_verified) = found("saved.tar", &[]);
    assert_eq!(is_verified, json!(false));
    for (name, is_verified) in [
        ("saved-gzip.tar", false),
        ("layout", false),
        ("layout-gzip", true),
        ("layout-zstd", true),
        ("layout-zstd.tar", true),
        ("both.tar", false),
    ] {
        assert_eq!(found(name, &[]), (expected.clone(), json!(is_verified)), "{name}");
        assert_eq!(found(name, &["--verify-digests"]), (expected.clone(), json!(true)), "{name}");
    }
    for cached in [0, 3, 3] {
        assert_eq!(found("layout-gzip", &["--cache", "cache"]).0, expected);
        let kept = std::fs::read_dir(at("cache")).unwrap().count();
        assert_eq!(kept, 3, "{cached}");
    }
}

#[test]
fn settings_of_a_scan_are_not_ignored_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    for flag in
        ["--max-size=1", "--required-labels=a", "--cvss-threshold=7", "--vex=a.json", "--verify-digests"]
    {
        let finished = run(binary("image-scan", folder.path()).args(["--report", "trivy.json", flag]));
        assert_eq!(finished.code, Some(2), "{flag}: {}", finished.stderr);
        assert!(finished.stderr.contains("is about images that are scanned"), "{}", finished.stderr);
    }
}
