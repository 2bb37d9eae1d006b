//! Which reports are read, and what is said about those that are not.

use std::path::Path;

use super::judge;
use crate::support::{binary, report, run};

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
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/webshop/reports");
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
