//! Which reports are read, and what is said about those that are not.

use std::io::Write as _;
use std::path::Path;

use super::judge;
use crate::support::{binary, report, run};

/// A report that says when it was written.
const DATED: &str = "<testsuite timestamp='2026-11-23T10:11:12'><testcase name='a'/></testsuite>";
const GOOD: &str = "<testsuite><testcase name='a'/></testsuite>";
const BAD: &str = "<testsuite><testcase name='a'><failure/></testcase></testsuite>";

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn files_folders_and_patterns_name_reports_once() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/a.xml", GOOD);
    write(folder.path(), "out/deep/er/b.XML", GOOD);
    write(folder.path(), "out/deep/notes.txt", "no report");
    write(folder.path(), "out/deep/c.junit", GOOD);
    for (arguments, files) in [
        (&["out"][..], 2),
        (&["out/a.xml", "out", "out/**/*.xml", "./out/a.xml"], 2),
        (&["out/**/*.junit"], 1),
        (&["**/*.xml", "out/deep/?.junit"], 2),
        (&["out/deep/c.junit"], 1),
    ] {
        let said = judge(folder.path(), arguments);
        assert_eq!((said.code(), &said.report["totals"]["files"]), (0, &files.into()), "{arguments:?}");
    }
}

#[test]
fn a_path_that_stands_for_nothing_fails() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.xml", GOOD);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    for missing in ["b.xml", "b/**/*.xml", "empty"] {
        let said = judge(folder.path(), &["a.xml", missing]);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-missing"]), "{missing}");
        assert_eq!(said.findings()[0]["subject"]["path"], missing);
        let said = judge(folder.path(), &[missing]);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-missing"]), "{missing}");
        assert_eq!(said.report["headline"], "no report found");
    }
    let finished = run(&mut binary("test-gate", folder.path()));
    assert_eq!(finished.code, Some(2), "{finished:?}");
}

#[test]
fn files_of_another_kind_in_a_folder_are_named_but_a_web_page_fails() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/a.xml", GOOD);
    write(folder.path(), "out/pom.xml", "<project/>");
    let said = judge(folder.path(), &["out"]);
    assert_eq!((said.code(), said.counts()[0]), (0, 1));
    assert!(
        said.notes().contains("out/pom.xml (the root element is <project>, a Maven or Ant project)"),
        "{}",
        said.notes()
    );
    // Meant by name, it is expected to be a report.
    assert_eq!(judge(folder.path(), &["out", "out/pom.xml"]).rules(), ["report-unreadable"]);
    write(folder.path(), "out/page.xml", "<html/>");
    assert_eq!(judge(folder.path(), &["out"]).rules(), ["report-unreadable"]);
    write(folder.path(), "only/pom.xml", "<project/>");
    assert_eq!(judge(folder.path(), &["only"]).rules(), ["report-missing"]);
}

#[test]
fn a_pattern_that_matches_a_folder_enters_it() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "p/one/target/surefire-reports/deep/a.xml", BAD);
    write(folder.path(), "p/one/target/surefire-reports/pom.xml", "<project/>");
    write(folder.path(), "p/b.xml", GOOD);
    for pattern in ["p/*", "p/*/", "p/**", "?"] {
        let said = judge(folder.path(), &[pattern]);
        let rules =
            if pattern == "p/**" { &["report-unreadable", "test-failed"][..] } else { &["test-failed"] };
        assert_eq!((said.counts(), said.rules()), ([2, 1, 0, 1, 0, 0, 0], rules.to_vec()), "{pattern}");
    }
    for pattern in ["**/surefire-reports", "p/*/target", "p/one/t*/*/deep"] {
        assert_eq!(judge(folder.path(), &[pattern]).counts(), [1, 0, 0, 1, 0, 0, 0], "{pattern}");
    }
    // One without a report is missed, as it would be by name.
    write(folder.path(), "p/two/notes.txt", "");
    let said = judge(folder.path(), &["p/*"]);
    assert_eq!(said.rules(), ["report-missing", "test-failed"]);
}

#[cfg(unix)]
#[test]
fn links_that_loop_end_and_count_once() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/a.xml", GOOD);
    std::os::unix::fs::symlink(folder.path().join("out"), folder.path().join("out/again")).unwrap();
    std::os::unix::fs::symlink("a.xml", folder.path().join("out/b.xml")).unwrap();
    let said = judge(folder.path(), &["out"]);
    assert_eq!((said.code(), said.counts()[0]), (0, 1));
}

#[cfg(unix)]
#[test]
fn files_whose_names_look_alike_stay_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "n/a/b.xml", BAD);
    write(folder.path(), "n/a\\b.xml", GOOD);
    for paths in [&["n"][..], &["n/**/*.xml"], &["n/a/b.xml", "n/a\\b.xml"]] {
        assert_eq!(judge(folder.path(), paths).counts(), [2, 1, 0, 1, 0, 0, 0], "{paths:?}");
    }
    for (name, content) in [(&b"\xfe.xml"[..], BAD), (b"\xff.xml", GOOD)] {
        write(folder.path(), "m/x", content);
        // Some file systems take only text as names.
        if std::fs::rename(folder.path().join("m/x"), folder.path().join("m").join(OsStr::from_bytes(name)))
            .is_err()
        {
            return;
        }
    }
    let said = judge(folder.path(), &["m"]);
    assert_eq!(said.counts(), [2, 1, 0, 1, 0, 0, 0]);
    assert_eq!(said.report["provenance"]["inputs"][0]["path"], "m/\\xfe.xml");
}

#[test]
fn only_a_bare_dash_is_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "-", BAD);
    write(folder.path(), "in.xml", GOOD);
    let input = || std::fs::File::open(folder.path().join("in.xml")).unwrap();
    for (paths, counts) in
        [(&["./-"][..], [1, 1]), (&["?"], [1, 1]), (&["-", "./-"], [2, 1]), (&["?", "-"], [2, 1])]
    {
        let finished = run(binary("test-gate", folder.path()).args(paths).stdin(input()));
        let totals = &report(folder.path())["totals"];
        assert_eq!(finished.code, Some(1), "{paths:?}");
        assert_eq!([totals["tests"].as_u64(), totals["failed"].as_u64()], counts.map(Some), "{paths:?}");
    }
}

#[test]
fn a_report_of_many_files_does_not_depend_on_their_order() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..40 {
        write(folder.path(), &format!("out/{index}.xml"), if index % 3 == 0 { BAD } else { GOOD });
    }
    let read = || std::fs::read(folder.path().join("devops-report/report.json")).unwrap();
    let said = judge(folder.path(), &["out"]);
    assert_eq!(said.counts(), [40, 26, 0, 14, 0, 0, 0]);
    let first = read();
    judge(folder.path(), &["out/?.xml", "out/??.xml"]);
    assert!(first == read());
}

#[test]
fn standard_input_is_a_report() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "in.xml", BAD);
    let input = std::fs::File::open(folder.path().join("in.xml")).unwrap();
    let finished = run(binary("test-gate", folder.path()).arg("-").stdin(input));
    assert_eq!(finished.code, Some(1));
    let report = report(folder.path());
    assert_eq!(report["totals"]["failed"], 1);
    assert_eq!(report["provenance"]["inputs"][0]["path"], "-");
    assert_eq!(report["provenance"]["inputs"][0]["bytes"], BAD.len());
}

#[test]
fn the_sample_warns_with_its_waiver_and_fails_without() {
    let folder = tempfile::tempdir().unwrap();
    let reports = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop/reports");
    let reports = reports.to_str().unwrap();
    let said = judge(folder.path(), &[reports]);
    assert_eq!((said.code(), said.counts()), (1, [23, 20, 1, 1, 0, 1, 0]));
    write(
        folder.path(),
        "devops.toml",
        "[[waiver]]\nrule = \"test-failed\"\nmatches = \"storefront::checkout::legacy_timezone\"\n\
         reason = \"clock mock pending\"\nowner = \"ops\"\nexpires = 2026-12-31\n",
    );
    let said = judge(folder.path(), &[reports]);
    assert_eq!((said.code(), &said.report["verdict"]), (0, &"warn".into()), "{}", said.report);
    let headline = said.report["headline"].as_str().unwrap();
    assert_eq!(
        headline,
        "1 failed, 1 flaky, 1 skipped of 23 tests in 2 reports (12.2 s), 77.2 % of lines covered, 1 waived"
    );
    assert_eq!(said.finished.stderr, "");
}

#[test]
fn a_command_need_not_write_what_is_no_report() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/pom.xml", "<project/>");
    write(folder.path(), "out/settings.json", "{}");
    write(folder.path(), "out/old.xml", GOOD);
    let command = ["run", "out", "--", "cp", "out/old.xml", "out/new.xml"];
    let finished = run(binary("test-gate", folder.path()).args(command));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = report(folder.path());
    let findings = report["findings"].as_array().unwrap();
    let told: Vec<_> =
        findings.iter().map(|finding| (&finding["rule"], &finding["subject"]["report"])).collect();
    assert_eq!(told, [(&"report-stale".into(), &"out/old.xml".into())]);
}

#[test]
fn alternatives_in_a_pattern_stand_for_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["a/unit.xml", "a/api.xml", "a/deep/x.trx.xml", "b/unit.xml", "{c,d}.xml"] {
        write(folder.path(), path, GOOD);
    }
    for (paths, files) in [
        (&["{a,b}/unit.xml"][..], 2),
        (&["{a,b}"], 4),
        (&["a/{unit,api}.xml"], 2),
        (&["{a,b}/**/*.{xml,trx}"], 4),
        (&["**/{unit,x.*}.xml"], 3),
        // A file of this name is meant before anything else.
        (&["{c,d}.xml"], 1),
    ] {
        let said = judge(folder.path(), paths);
        assert_eq!((said.code(), &said.report["totals"]["files"]), (0, &files.into()), "{paths:?}");
    }
    // Each one without a wildcard must be there, and one of the others.
    for (path, missing) in [("a/{unit,web}.xml", "a/web.xml"), ("a/*.{trx,json}", "a/*.{trx,json}")] {
        let said = judge(folder.path(), &[path]);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-missing"]), "{path}");
        assert_eq!(said.findings()[0]["subject"]["path"], missing);
    }
}

#[test]
fn what_is_excluded_is_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/a.xml", GOOD);
    write(folder.path(), "out/legacy/b.xml", BAD);
    write(folder.path(), "out/legacy/deep/c.xml", BAD);
    assert_eq!(judge(folder.path(), &["out"]).counts()[3], 2);
    for pattern in ["out/legacy", "**/legacy/**", "./out/legacy/", "out/{legacy,none}", "**/{b,c}.xml"] {
        let said = judge(folder.path(), &["out", "--exclude", pattern]);
        assert_eq!((said.code(), said.counts()), (0, [1, 1, 0, 0, 0, 0, 0]), "{pattern}");
        let words =
            format!("`--exclude {pattern}` excludes 2 files: out/legacy/b.xml, out/legacy/deep/c.xml");
        assert!(said.notes().contains(&words), "{}", said.notes());
    }
    // The order of the paths does not matter, and a file that is named itself stays.
    let said = judge(folder.path(), &["--exclude", "out/legacy", "out/legacy/b.xml", "out/**/*.xml"]);
    assert_eq!(said.counts(), [2, 1, 0, 1, 0, 0, 0]);
    let said = judge(folder.path(), &["out/legacy", "--exclude", "**/*.xml"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["report-missing"]));
    let why = "the folder contains no file that could be a report, apart from 2 excluded files";
    assert_eq!(said.findings()[0]["detail"], why);
    let said = judge(folder.path(), &["out", "--exclude", "legacy"]);
    assert_eq!((said.code(), said.counts()[0]), (1, 3));
    assert!(said.notes().contains("`--exclude legacy` excludes no file"), "{}", said.notes());
}

#[test]
fn a_path_that_is_meant_to_exclude_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/a.xml", GOOD);
    write(folder.path(), "!a.xml", BAD);
    let finished = run(binary("test-gate", folder.path()).args(["out", "!**/a.xml"]));
    assert_eq!(finished.code, Some(2));
    for words in ["`!**/a.xml` among the paths excludes nothing", "--exclude '**/a.xml'", "./!**/a.xml"] {
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
    }
    assert_eq!(judge(folder.path(), &["./!a.xml"]).counts()[3], 1);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_reports_are_read_and_archives_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, content: &[u8]| {
        write(folder.path(), path, "");
        std::fs::write(folder.path().join(path), content).unwrap();
    };
    put("out/a.xml.gz", &gzip(BAD.as_bytes()));
    put("out/b.xml", GOOD.as_bytes());
    put("out/trace.zip", b"PK\x03\x04rest");
    put("out/deep/all.tar.gz", &gzip(&[0; 1024]));
    let said = judge(folder.path(), &["out"]);
    assert_eq!((said.code(), said.counts()), (1, [2, 1, 0, 1, 0, 0, 0]));
    let words = "not read: 2 archives, unpack them first: out/deep/all.tar.gz, out/trace.zip";
    assert!(said.notes().contains(words), "{}", said.notes());
    // Given by its name, it is a report that can't be read.
    for path in ["out/trace.zip", "out/*.zip"] {
        let said = judge(folder.path(), &["out/b.xml", path]);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]), "{path}");
        let title = said.findings()[0]["title"].as_str().unwrap();
        assert!(
            title.contains("out/trace.zip: a zip archive: unpack it first, e.g. with `unzip`"),
            "{title}"
        );
    }
    put("only/all.zip", b"PK\x03\x04rest");
    let said = judge(folder.path(), &["only"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["report-missing"]));
    let why =
        "the folder contains no file that could be a report, apart from 1 archive; unpack archives first";
    assert_eq!(said.findings()[0]["detail"], why);
    // A packed report that is damaged or cut off is no report less.
    let whole = gzip(GOOD.as_bytes());
    put("cut/a.xml.gz", &whole[..whole.len() - 3]);
    let said = judge(folder.path(), &["cut", "out/b.xml"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]));
}

#[test]
fn too_few_reports_are_red() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/1.xml", GOOD);
    write(folder.path(), "out/2.xml", GOOD);
    write(folder.path(), "out/lcov.info", "SF:a.js\nDA:1,1\nend_of_record\n");
    assert_eq!(judge(folder.path(), &["out", "--min-reports", "2"]).code(), 0);
    let said = judge(folder.path(), &["out", "--min-reports", "3"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["too-few-reports"]));
    assert_eq!(said.findings()[0]["title"], "found 2 test reports, expected at least 3");
}

#[test]
fn a_report_that_is_handed_in_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "out/1.xml", DATED);
    write(folder.path(), "out/2.xml", DATED);
    let said = judge(folder.path(), &["out"]);
    assert_eq!(
        (said.code(), said.counts(), said.rules()),
        (0, [1, 1, 0, 0, 0, 0, 0], vec!["report-duplicate"])
    );
    assert_eq!(
        (&said.report["verdict"], &said.findings()[0]["title"]),
        (&"warn".into(), &"out/2.xml is the same as out/1.xml".into())
    );
    // It makes up for nothing that is missing.
    assert_eq!(
        judge(folder.path(), &["out", "--min-reports=2"]).rules(),
        ["report-duplicate", "too-few-reports"]
    );
    assert_eq!(
        judge(folder.path(), &["out", "--min-tests=2"]).rules(),
        ["report-duplicate", "too-few-tests"]
    );
    // A failure stays one.
    write(folder.path(), "red/1.xml", &DATED.replace("/></", "><failure/></testcase></"));
    std::fs::copy(folder.path().join("red/1.xml"), folder.path().join("red/2.xml")).unwrap();
    assert_eq!(judge(folder.path(), &["red"]).rules(), ["report-duplicate", "test-failed"]);
    // Without a time two shards may write the same.
    write(folder.path(), "plain/1.xml", GOOD);
    write(folder.path(), "plain/2.xml", GOOD);
    let said = judge(folder.path(), &["plain"]);
    assert_eq!((said.code(), said.counts()[0], said.rules().len()), (0, 2, 0));
    assert!(
        said.notes().contains("plain/2.xml: identical to plain/1.xml; both are counted"),
        "{}",
        said.notes()
    );
}
