//! Builds of one release (`-jre`, `+cu118`, `-java`): what a record says of one of them hides no vulnerable other one.

use std::path::Path;

use serde_json::json;

use super::{lines, scan_in};
use crate::support::{binary, run};

#[test]
fn a_range_about_another_build_hides_nothing() {
    let gradle = |version: &str| {
        ("gradle.lockfile", format!("com.google.guava:guava:{version}=runtimeClasspath\nempty=\n"))
    };
    let requirements = |version: &str| ("requirements.txt", format!("torch=={version}\n"));
    let gemfile = |version: &str| {
        let text = "GEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (VERSION)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  nokogiri\n";
        ("Gemfile.lock", text.replace("VERSION", version))
    };
    let sbom = |version: &str| {
        let component = json!({"type": "library", "name": "nokogiri", "version": version, "purl": format!("pkg:gem/nokogiri@{version}")});
        let bom =
            json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [component]});
        ("bom.json", bom.to_string())
    };
    let go = |version: &str| {
        (
            "go.mod",
            format!("module example.org/app\n\ngo 1.24.2\n\nrequire github.com/docker/docker {version}\n"),
        )
    };
    let guava = ("Maven", "com.google.guava:guava");
    let (torch, nokogiri, docker) =
        (("PyPI", "torch"), ("RubyGems", "nokogiri"), ("Go", "github.com/docker/docker"));
    let until = |last: &str| json!({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": last}]}]});
    let between = |from: &str, fixed: &str| json!({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": from}, {"fixed": fixed}]}]});
    let listed = |version: &str| json!({"versions": [version]});
    for ((ecosystem, name), (file, text), versions, is_found) in [
        (guava, gradle("31.1-jre"), until("31.1-android"), true),
        (guava, gradle("31.1-android"), until("31.1-jre"), true),
        (guava, gradle("31.2-android"), until("31.1-jre"), false),
        (guava, gradle("30.0-android"), between("30.0-jre", "32.0.0-android"), true),
        (guava, gradle("31.1-jre"), between("1.0", "32.0.0-android"), true),
        (guava, gradle("32.0.0-jre"), between("1.0", "32.0.0-android"), false),
        (torch, requirements("2.6.0+cu118"), until("2.6.0"), true),
        (torch, requirements("2.6.0+cu118"), between("0", "2.6.0"), false),
        (torch, requirements("2.5.1+cu118"), listed("2.5.1"), true),
        (torch, requirements("2.5.1+cu118"), listed("2.5.2"), false),
        (nokogiri, gemfile("1.15.0-x86_64-linux"), until("1.15.0-java"), true),
        (nokogiri, gemfile("1.15.0-arm64-darwin"), listed("1.15.0-java"), true),
        (nokogiri, gemfile("1.15.0"), listed("1.15.0-java"), true),
        (nokogiri, gemfile("1.15.0-java"), between("1.15.0", "1.16.0"), true),
        (nokogiri, sbom("1.15.0-x86_64-linux"), between("1.15.0", "1.16.0"), true),
        (nokogiri, sbom("1.16.0-x86_64-linux"), between("1.15.0", "1.16.0"), false),
        (docker, go("v20.10.0+incompatible"), between("0", "20.10.24"), true),
        (docker, go("v20.10.24+incompatible"), between("0", "20.10.24"), false),
        (docker, go("v20.10.23+incompatible"), until("20.10.23+incompatible"), true),
        (docker, go("v20.10.23+incompatible"), until("20.10.23"), true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut affected = json!({"package": {"ecosystem": ecosystem, "name": name}});
        affected.as_object_mut().unwrap().extend(versions.as_object().unwrap().clone());
        let record = json!({
            "id": "GHSA-1", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "summary": "bad",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [affected],
        });
        let of_toolchain = json!({
            "id": "GO-1", "modified": "2026-10-01T00:00:00Z", "published": "2026-10-01T00:00:00Z", "summary": "bad",
            "affected": [{"package": {"ecosystem": "Go", "name": "stdlib"}, "versions": ["1.0.0"]}],
        });
        std::fs::create_dir(folder.path().join("db")).unwrap();
        std::fs::write(folder.path().join("db/GHSA-1.json"), record.to_string()).unwrap();
        std::fs::write(folder.path().join("db/GO-1.json"), of_toolchain.to_string()).unwrap();
        std::fs::write(folder.path().join(file), &text).unwrap();
        let built = run(binary("dep-scan", folder.path()).args(["db", "build", "--output", "a.idx", "db"]));
        assert_eq!(built.code, Some(0), "{built:?}");
        for database in ["db", "a.idx"] {
            let (finished, report) = scan_in(folder.path(), Path::new(database), &["--frozen-db", file]);
            assert_eq!(finished.code, Some(i32::from(is_found)), "{text} {record} {database}: {finished:?}");
            assert_eq!(lines(&report).len(), usize::from(is_found), "{text} {record}: {:?}", lines(&report));
        }
    }
}
