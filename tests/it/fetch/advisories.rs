//! `devops fetch advisories`: interrupted, unchanged, damaged and redirected downloads.

use std::path::Path;
use std::process::{Command, Stdio};

use super::fetch;
use super::server::{Reply, Request, Server, reply};
use crate::support::{binary, report, run};

/// A zip archive of just this length, with one advisory of npm's.
fn zip(length: usize) -> Vec<u8> {
    zip_with(length, "a")
}

/// The same, with this letter in the advisory.
fn zip_with(length: usize, letter: &str) -> Vec<u8> {
    let name = b"GHSA-0000-0000-0001.json";
    let record = |details: &str| {
        format!(
            r#"{{"id": "GHSA-0000-0000-0001", "modified": "2026-11-20T00:00:00Z", "published": "2026-11-20T00:00:00Z", "summary": "s", "details": "{details}", "affected": [{{"package": {{"ecosystem": "npm", "name": "left-pad"}}, "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.3.0"}}]}}]}}]}}"#
        )
    };
    let around = 30 + 46 + 22 + 2 * name.len();
    let record = record(&letter.repeat(length - around - record("").len())).into_bytes();
    let mut sum = flate2::Crc::new();
    sum.update(&record);
    let size = u32::try_from(record.len()).unwrap().to_le_bytes();
    // Stored, on the first day that zip knows.
    let method_and_day = [0_u16, 0, 0, 0x21].map(u16::to_le_bytes).concat();
    let sizes = [&sum.sum().to_le_bytes(), &size, &size].map(|four| four.to_vec()).concat();
    let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
    let fields =
        |more: usize| [&[20, 0][..], &method_and_day, &sizes, &name_length, &vec![0; more], name].concat();
    let start = [b"PK\x03\x04".to_vec(), fields(2), record].concat();
    let directory = [b"PK\x01\x02\x14\x00".to_vec(), fields(16)].concat();
    let place = |length: usize| u32::try_from(length).unwrap().to_le_bytes().to_vec();
    let end = [
        b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00".to_vec(),
        place(directory.len()),
        place(start.len()),
        vec![0; 2],
    ];
    let zip = [start, directory, end.concat()].concat();
    assert_eq!(zip.len(), length);
    zip
}

/// A file with a version, as servers with ranges and conditions give it out.
fn give(request: &Request, body: &[u8], etag: &str) -> Reply {
    if request.header("if-none-match") == Some(etag) {
        return reply(304, "").with("etag", etag);
    }
    let from: Option<usize> = request
        .header("range")
        .filter(|_| request.header("if-range") == Some(etag))
        .map(|range| range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap());
    match from {
        None => reply(200, body).with("etag", etag),
        Some(from) if from < body.len() => {
            let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
            reply(206, &body[from..]).with("etag", etag).with("content-range", range)
        }
        Some(_) => reply(416, ""),
    }
}

/// Downloads npm's advisories only.
fn npm(folder: &Path, server: &Server, more: &[&str]) -> Command {
    let mut arguments =
        vec!["advisories", "--ecosystem", "npm", "--without", "rustsec,kev,epss", "--osv-url"];
    arguments.push(&server.url);
    arguments.extend(more);
    fetch(folder, &arguments)
}

#[test]
fn an_interrupted_download_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let body = zip(100_000);
    let given = body.clone();
    let server = Server::start(move |request, before| {
        let whole = give(request, &given, "\"1\"");
        // Cut off three times, each further on.
        if before < 3 { Reply { cut_at: Some(20_000), ..whole } } else { whole }
    });
    let first = run(&mut npm(folder.path(), &server, &["--attempts", "1"]));
    assert_eq!(first.code, Some(4), "{}", first.stderr);
    assert!(first.stderr.contains("it continues where this one stopped"), "{}", first.stderr);
    assert!(!folder.path().join("advisories/osv-npm.zip").exists());
    let second = run(&mut npm(folder.path(), &server, &[]));
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert_eq!(std::fs::read(folder.path().join("advisories/osv-npm.zip")).unwrap(), body);
    let ranges: Vec<String> =
        server.log().iter().map(|request| request.header("range").unwrap_or_default().to_owned()).collect();
    assert_eq!(ranges, ["", "bytes=20000-", "bytes=40000-", "bytes=60000-"]);
    let left: Vec<String> = std::fs::read_dir(folder.path().join("advisories"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_age_of_what_was_fetched_counts_from_that_day() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| reply(200, zip(1_000)));
    let finished = run(&mut npm(folder.path(), &server, &[]));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lockfile = r#"{"lockfileVersion": 3, "packages": {"node_modules/fine": {"version": "1.0.0",
        "resolved": "https://registry.npmjs.org/fine/-/fine-1.0.0.tgz", "integrity": "sha512-a"}}}"#;
    std::fs::write(folder.path().join("package-lock.json"), lockfile).unwrap();
    // It was fetched on 2026-11-23, whatever the days of its advisories.
    for (now, arguments, code, is_stale) in [
        ("2026-11-23T13:00:00Z", &[][..], 0, false),
        ("2026-11-29T12:00:00Z", &[], 0, false),
        ("2026-12-02T12:00:00Z", &[], 0, true),
        ("2026-12-22T12:00:00Z", &[], 0, true),
        ("2026-12-25T12:00:00Z", &[], 3, false),
        ("2026-12-25T12:00:00Z", &["--frozen-db"], 0, false),
        ("2026-12-25T12:00:00Z", &["--max-db-age", "60"], 0, true),
        ("2027-01-30T12:00:00Z", &["--max-db-age", "60"], 3, false),
        ("2026-11-29T12:00:00Z", &["--max-db-age", "5"], 3, false),
        ("2026-11-27T12:00:00Z", &["--max-db-age", "5"], 0, true),
    ] {
        let mut command = binary("dep-scan", folder.path());
        let finished = run(command.args(["--db", "advisories.db"]).args(arguments).env("DEVOPS_NOW", now));
        assert_eq!(finished.code, Some(code), "{now} {arguments:?}: {}", finished.stderr);
        let report = report(folder.path());
        let rules: Vec<&str> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect();
        assert_eq!(rules.contains(&"database-stale"), is_stale, "{now} {arguments:?}: {rules:?}");
    }
}

#[test]
fn what_changed_meanwhile_is_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let new = zip_with(100_000, "b");
    let (old, given) = (zip(100_000), new.clone());
    // This server ignores `If-Range`, as some do.
    let server = Server::start(move |request, before| match before {
        0 => Reply { cut_at: Some(20_000), ..reply(200, old.clone()).with("etag", "\"1\"") },
        1 => {
            assert!(request.header("range").is_some());
            reply(206, &given[20_000..])
                .with("etag", "\"2\"")
                .with("content-range", format!("bytes 20000-{}/{}", given.len() - 1, given.len()))
        }
        _ => reply(200, given.clone()).with("etag", "\"2\""),
    });
    let finished = run(&mut npm(folder.path(), &server, &[]));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(std::fs::read(folder.path().join("advisories/osv-npm.zip")).unwrap(), new);
}

#[test]
fn what_is_unchanged_is_not_downloaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let body = zip(1_000);
    let server = Server::start(move |request, _| give(request, &body, "\"1\""));
    let first = run(&mut npm(folder.path(), &server, &[]));
    assert!(first.stdout.starts_with("downloaded OSV npm, 1,000 bytes\n"), "{}", first.stdout);
    let again = |now: &str| run(npm(folder.path(), &server, &[]).env("DEVOPS_NOW", now));
    let second = again("2026-11-25T12:00:00Z");
    assert!(second.stdout.starts_with("unchanged  OSV npm"), "{}", second.stdout);
    assert_eq!(server.log().last().unwrap().header("if-none-match"), Some("\"1\""));
    let record = std::fs::read_to_string(folder.path().join("advisories/osv-npm.zip.json")).unwrap();
    assert!(record.contains("2026-11-25T12:00:00Z"), "{record}");
    // A file that is no longer what was downloaded is not asked about.
    std::fs::write(folder.path().join("advisories/osv-npm.zip"), "PK").unwrap();
    assert!(again("2026-11-25T12:00:00Z").stdout.starts_with("downloaded"));
    assert_eq!(server.log().last().unwrap().header("if-none-match"), None);
}

#[test]
fn what_is_damaged_never_replaces_what_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let body = zip(1_000);
    let server = Server::start(move |_, before| match before {
        0 => reply(200, body.clone()).with("etag", "\"1\""),
        1 => reply(200, &body[..900]).with("etag", "\"2\""),
        _ => reply(200, "<html>maintenance</html>").with("etag", "\"3\""),
    });
    assert_eq!(run(&mut npm(folder.path(), &server, &[])).code, Some(0));
    for word in ["cut off", "no zip archive"] {
        let finished = run(&mut npm(folder.path(), &server, &[]));
        assert_eq!(finished.code, Some(3), "{}", finished.stderr);
        assert!(finished.stderr.contains(word), "{}", finished.stderr);
        let kept = std::fs::read(folder.path().join("advisories/osv-npm.zip")).unwrap();
        assert_eq!(kept.len(), 1_000);
        // The next run still knows what it has, and asks whether that changed.
        assert_eq!(server.log().last().unwrap().header("if-none-match"), Some("\"1\""));
    }
}

#[test]
fn a_redirect_away_from_https_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = Server::start(|_, _| reply(200, zip(1_000)));
    let target = format!("{}/all.zip", elsewhere.url);
    let server = Server::start(move |_, _| reply(302, "").with("location", target.clone()));
    let finished = run(&mut npm(folder.path(), &server, &[]));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("only redirects from https to https are followed"),
        "{}",
        finished.stderr
    );
    assert!(elsewhere.log().is_empty());
    assert_eq!(server.log().len(), 1, "a refusal is final");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| Reply { is_silent: true, ..reply(200, zip(1_000)) });
    let limits = ["--idle-timeout", "1", "--attempts", "2"];
    let finished = run(&mut npm(folder.path(), &server, &limits));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stderr.contains("nothing arrived for 1 s"), "{}", finished.stderr);
    assert_eq!(server.log().len(), 2);
    let finished = run(&mut npm(folder.path(), &server, &["--deadline", "1"]));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stderr.contains("not done after 1 s"), "{}", finished.stderr);
}

#[test]
fn a_signal_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let body = zip(100_000);
    let given = body.clone();
    let server = Server::start(move |request, before| {
        let whole = give(request, &given, "\"1\"");
        match before {
            0 => Reply { cut_at: Some(20_000), ..whole },
            1 => Reply { is_silent: true, ..whole },
            _ => whole,
        }
    });
    let mut command = npm(folder.path(), &server, &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    server.wait_for(2);
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert_eq!(run(&mut npm(folder.path(), &server, &[])).code, Some(0));
    assert_eq!(server.log().last().unwrap().header("range"), Some("bytes=20000-"));
    assert_eq!(std::fs::read(folder.path().join("advisories/osv-npm.zip")).unwrap(), body);
}

#[test]
fn a_file_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, before| match before {
        0 => reply(200, zip(1_000)),
        // Without a length, which is then met on the way.
        _ => reply(200, [b"3e8\r\n".to_vec(), zip(1_000), b"\r\n0\r\n\r\n".to_vec()].concat())
            .with("transfer-encoding", "chunked"),
    });
    for _ in 0..2 {
        let finished = run(&mut npm(folder.path(), &server, &["--max-size", "999"]));
        assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    }
    assert!(!folder.path().join("advisories/osv-npm.zip").exists());
}

#[test]
fn addresses_are_checked_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, value, expected) in [
        ("--osv-url", "http://mirror.example", "--allow-http-host mirror.example"),
        ("--kev-url", "https://user:hunter2hunter2@h/", "a user name or a password"),
        ("--epss-url", "nonsense", "not an address"),
        ("--ecosystem", "nmp", "did you mean `npm`?"),
    ] {
        let mut arguments = vec!["advisories", flag, value];
        if flag != "--ecosystem" {
            arguments.extend(["--ecosystem", "npm"]);
        }
        let finished = run(&mut fetch(folder.path(), &arguments));
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{}", finished.stderr);
        assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
    }
}

#[test]
fn the_lockfiles_say_which_ecosystems_are_needed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let nothing = run(&mut fetch(folder.path(), &["advisories"]));
    assert_eq!(nothing.code, Some(3), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("--ecosystem npm,PyPI"), "{}", nothing.stderr);
    std::fs::write(at("Cargo.lock"), "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n")
        .unwrap();
    // A file that a lockfile names is read, as a scan reads it.
    std::fs::create_dir(at("more")).unwrap();
    std::fs::write(at("requirements.txt"), "-r more/base.txt\n").unwrap();
    std::fs::write(at("more/base.txt"), "b==1.0.0\n").unwrap();
    let gzip = |text: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text).unwrap();
        packed.finish().unwrap()
    };
    let advisory = b"```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"a\"\ndate = \"2026-11-20\"\n\n[versions]\npatched = [\">= 2.0.0\"]\n```\n\n# Title\n\nText.\n";
    let mut tarball = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(advisory.len() as u64);
    header.set_mode(0o644);
    let place = "advisory-db-main/crates/a/RUSTSEC-2026-0001.md";
    tarball.append_data(&mut header, place, advisory.as_slice()).unwrap();
    let tarball = gzip(&tarball.into_inner().unwrap());
    let kev =
        r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-01"}]}"#;
    let epss = gzip(b"#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1,0.97565,0.99998\n");
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/crates.io/all.zip" => reply(200, zip(1_000)),
        "/PyPI/all.zip" => reply(200, zip_with(1_000, "b")),
        "/rustsec" => reply(200, tarball.clone()),
        "/epss" => reply(200, epss.clone()),
        "/kev" => reply(200, kev),
        _ => reply(404, ""),
    });
    let flag = |name: &str| format!("{}/{name}", server.url);
    let (rustsec, kev, epss) = (flag("rustsec"), flag("kev"), flag("epss"));
    let arguments = [
        "advisories",
        "--osv-url",
        &server.url,
        "--rustsec-url",
        &rustsec,
        "--kev-url",
        &kev,
        "--epss-url",
        &epss,
    ];
    let finished = run(&mut fetch(folder.path(), &arguments));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(server.paths(), ["/PyPI/all.zip", "/crates.io/all.zip", "/rustsec", "/kev", "/epss"]);
    for expected in ["built advisories.db", "fetched    2026-11-23T12:00:00Z", "digest     sha256:"] {
        assert!(finished.stdout.contains(expected), "{}", finished.stdout);
    }
    let verified = run(binary("dep-scan", folder.path()).args(["db", "verify", "advisories.db"]));
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}

#[test]
fn proxies_are_used_where_the_network_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Server::start(|_, _| reply(200, zip(1_000)));
    let arguments = [
        "advisories",
        "--ecosystem",
        "npm",
        "--without",
        "kev,epss",
        "--osv-url",
        "http://mirror.example",
        "--allow-http-host",
        "mirror.example",
    ];
    let finished = run(fetch(folder.path(), &arguments).env("HTTP_PROXY", &proxy.url));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(proxy.paths(), ["http://mirror.example/npm/all.zip"]);
}

/// What a server answers to its first request.
type First = fn() -> Reply;

#[test]
fn answers_that_are_no_file_are_repeated_or_final() {
    for (first, requests, code, said) in [
        ((|| reply(404, "no")) as First, 1, 4, "404"),
        (|| reply(410, "gone"), 1, 4, "410"),
        (|| reply(429, "").with("retry-after", "0"), 2, 0, ""),
        (|| reply(503, "").with("retry-after", "0"), 2, 0, ""),
        // Longer than there is time for.
        (|| reply(429, "").with("retry-after", "86400"), 1, 4, "429"),
        (|| reply(500, ""), 2, 0, ""),
        (|| Reply { cut_at: Some(500), ..reply(200, zip(1_000)) }, 2, 0, ""),
        // A length that is not that of the file.
        (|| reply(200, zip(1_000)).with("content-length", "900"), 1, 3, "cut off"),
        (|| reply(200, zip(1_000)).with("content-length", "1000").with("content-length", "900"), 2, 0, ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server =
            Server::start(move |_, before| if before == 0 { first() } else { reply(200, zip(1_000)) });
        let finished = run(&mut npm(folder.path(), &server, &[]));
        let what = format!("{} {}", first().status, finished.stderr);
        assert_eq!(finished.code, Some(code), "{what}");
        assert_eq!(server.log().len(), requests, "{what}");
        assert!(finished.stderr.contains(said), "{what}");
        let kept = std::fs::read(folder.path().join("advisories/osv-npm.zip"));
        assert_eq!(kept.is_ok_and(|kept| kept == zip(1_000)), code == 0, "{what}");
    }
}

#[test]
fn a_mirror_may_lie_below_a_path() {
    for end in ["", "/"] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(|request, _| match request.path.as_str() {
            "/mirrors/osv/npm/all.zip" => reply(200, zip(1_000)),
            _ => reply(404, ""),
        });
        let mirror = format!("{}/mirrors/osv{end}", server.url);
        let arguments =
            ["advisories", "--ecosystem", "npm", "--without", "rustsec,kev,epss", "--osv-url", &mirror];
        let finished = run(&mut fetch(folder.path(), &arguments));
        assert_eq!(finished.code, Some(0), "{end}: {}", finished.stderr);
        assert_eq!(server.paths(), ["/mirrors/osv/npm/all.zip"]);
    }
}

#[test]
fn a_password_in_a_redirect_is_neither_used_nor_shown() {
    let folder = tempfile::tempdir().unwrap();
    let target = Server::start(|_, _| reply(200, zip(1_000)));
    let place = target.url.replace("http://", "http://robot:hunter2hunter2@");
    let server = Server::start(move |_, _| reply(302, "").with("location", format!("{place}/all.zip")));
    let finished = run(&mut npm(folder.path(), &server, &[]));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
    assert!(target.log().is_empty());
}
