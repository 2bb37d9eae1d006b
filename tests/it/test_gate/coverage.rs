//! Coverage of real layouts: packages with files of one name, diffs that broke off, counters that overflowed, summaries.

use std::path::Path;
use std::process::Command;

use super::{Said, judge};
use crate::support::{binary, run};

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "a").env(format!("GIT_{role}_EMAIL"), "a@example.com");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Two packages with a file of one name; the change adds a third line to that of `foo`.
fn packages() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    for path in ["packages/foo/src/index.ts", "packages/bar/src/index.ts"] {
        write(folder.path(), path, "one\ntwo\n");
    }
    write(folder.path(), "packages/bar/src/only.ts", "one\n");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "base"]);
    git(folder.path(), &["branch", "base"]);
    write(folder.path(), "packages/foo/src/index.ts", "one\ntwo\nthree\n");
    git(folder.path(), &["commit", "-qam", "change"]);
    folder
}

/// A file of three lines in which the last is not covered, in each format, as a tool below `/app` writes it or by a relative path.
const UNTESTED: [(&str, &str); 12] = [
    ("lcov.info", "SF:src/index.ts\nDA:1,1\nDA:2,1\nDA:3,0\nend_of_record\n"),
    ("lcov.info", "SF:/app/src/index.ts\nDA:1,1\nDA:2,1\nDA:3,0\nend_of_record\n"),
    (
        "cobertura.xml",
        "<coverage line-rate='1'><sources><source>/app</source></sources><class filename='src/index.ts'><line number='1' hits='1'/><line number='2' hits='1'/><line number='3' hits='0'/></class></coverage>",
    ),
    (
        "cobertura.xml",
        "<coverage line-rate='1'><sources><source>.</source></sources><class filename='src/index.ts'><line number='1' hits='1'/><line number='2' hits='1'/><line number='3' hits='0'/></class></coverage>",
    ),
    (
        "clover.xml",
        "<coverage generated='1'><project><file name='index.ts' path='/app/src/index.ts'><line num='1' type='stmt' count='1'/><line num='2' type='stmt' count='1'/><line num='3' type='stmt' count='0'/></file></project></coverage>",
    ),
    (
        "jacoco.xml",
        "<report name='r'><package name='src'><sourcefile name='index.ts'><line nr='1' ci='1'/><line nr='2' ci='1'/><line nr='3' ci='0'/></sourcefile></package></report>",
    ),
    (
        "opencover.xml",
        "<CoverageSession><Module><File uid='1' fullPath='C:\\app\\src\\index.ts'/><SequencePoint vc='1' sl='1' el='2' fileid='1'/><SequencePoint vc='0' sl='3' el='3' fileid='1'/></Module></CoverageSession>",
    ),
    (
        "coverage-final.json",
        r#"{"/app/src/index.ts": {"statementMap": {"0": {"start": {"line": 1}}, "1": {"start": {"line": 2}}, "2": {"start": {"line": 3}}}, "s": {"0": 1, "1": 1, "2": 0}}}"#,
    ),
    (
        "gcovr.json",
        r#"{"gcovr/format_version": "0.15", "files": [{"file": "src/index.ts", "lines": [{"line_number": 1, "count": 1}, {"line_number": 2, "count": 1}, {"line_number": 3, "count": 0}]}]}"#,
    ),
    (
        "coverage.json",
        r#"{"meta": {"branch_coverage": false}, "files": {"src/index.ts": {"executed_lines": [1, 2], "missing_lines": [3]}}}"#,
    ),
    (
        "resultset.json",
        r#"{"RSpec": {"coverage": {"/app/src/index.ts": {"lines": [1, 1, 0]}}, "timestamp": 1}}"#,
    ),
    (
        "llvm.json",
        r#"{"data": [{"files": [{"filename": "/app/src/index.ts", "segments": [[1,1,1,true,true,false],[2,9,0,false,false,false],[3,1,0,true,true,false],[3,9,0,false,false,false]]}]}], "type": "llvm.coverage.json.export"}"#,
    ),
];

fn patch(said: &Said) -> [u64; 2] {
    let lines = &said.report["details"]["coverage"]["patch"]["lines"];
    ["covered", "coverable"].map(|name| lines[name].as_u64().unwrap())
}

#[test]
fn a_report_is_of_the_package_it_lies_in() {
    let bar = "SF:src/index.ts\nDA:1,1\nDA:2,1\nend_of_record\nSF:src/only.ts\nDA:1,1\nend_of_record\n";
    let limits = ["--min-tests", "0", "--base", "base", "--min-patch-coverage", "80"];
    for (name, report) in UNTESTED {
        let folder = packages();
        write(folder.path(), &format!("packages/foo/coverage/{name}"), report);
        write(folder.path(), "packages/bar/coverage/lcov.info", bar);
        let said = judge(
            folder.path(),
            &[&["packages/foo/coverage", "packages/bar/coverage"], &limits[..]].concat(),
        );
        assert_eq!(
            (said.code(), said.rules()),
            (1, vec!["patch-coverage-too-low"]),
            "{name}: {:?}",
            said.finished
        );
        assert_eq!(patch(&said), [0, 1], "{name}");
        assert_eq!(said.findings()[0]["location"]["line"], 3, "{name}");
        assert_eq!(said.report["details"]["coverage"]["lines"]["coverable"], 6, "{name}");
        let flags = [&["--working-directory", "packages/foo", "coverage"], &limits[..]].concat();
        let finished = run(binary("test-gate", folder.path()).args(flags));
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stdout.contains("patch-coverage-too-low"), "{finished:?}");
    }
}

#[test]
fn a_report_of_an_unclear_package_does_not_pass_until_a_prefix_names_it() {
    let limits = ["--min-tests", "0", "--base", "base", "--min-patch-coverage", "80"];
    for (name, report) in UNTESTED {
        let folder = packages();
        write(folder.path(), &format!("out/foo/{name}"), report);
        write(folder.path(), "out/all.info", "SF:packages/bar/src/only.ts\nDA:1,1\nend_of_record\n");
        let said = judge(folder.path(), &[&["out"], &limits[..]].concat());
        assert_eq!(
            (said.code(), said.rules()),
            (1, vec!["patch-coverage-unknown"]),
            "{name}: {:?}",
            said.finished
        );
        assert_eq!(said.findings()[0]["severity"], "high", "{name}");
        assert!(said.findings()[0]["help"].to_string().contains("coverage-prefix"), "{name}");
        let prefix = ["--coverage-prefix", "out/foo/** = packages/foo"];
        let said = judge(folder.path(), &[&["out"], &limits[..], &prefix[..]].concat());
        assert_eq!(
            (said.code(), said.rules()),
            (1, vec!["patch-coverage-too-low"]),
            "{name}: {:?}",
            said.finished
        );
        assert_eq!(patch(&said), [0, 1], "{name}");
    }
    let folder = packages();
    write(folder.path(), "out/a.info", UNTESTED[0].1);
    let said = judge(folder.path(), &["out", "--min-tests=0", "--coverage-prefix", "other/* = packages/foo"]);
    assert!(said.notes().contains("`coverage-prefix` matches no coverage report: other/* = packages/foo"));
}

#[test]
fn an_empty_diff_is_no_change_only_where_the_repository_shows_it() {
    let limits = ["lcov.info", "--min-tests", "0", "--min-patch-coverage", "80"];
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "lcov.info", "SF:src/a.js\nDA:1,1\nDA:2,0\nend_of_record\n");
    for empty in ["", "\n", " \n\n"] {
        write(folder.path(), "change.diff", empty);
        let said =
            judge(folder.path(), &[&limits[..], &["--base", "none", "--diff", "change.diff"]].concat());
        assert_eq!((said.code(), said.rules()), (1, vec!["patch-coverage-unknown"]), "{empty:?}");
        let finding = &said.findings()[0];
        assert_eq!(finding["title"], "the diff change.diff is empty, so the change is unknown");
        assert!(finding["help"].to_string().contains("git diff BASE...HEAD > change.diff"), "{finding}");
    }
    let deleted = "--- a/src/a.js\n+++ b/src/a.js\n@@ -1,3 +1,2 @@\n a\n-b\n c\n";
    write(folder.path(), "change.diff", deleted);
    let said = judge(folder.path(), &[&limits[..], &["--base", "none", "--diff", "change.diff"]].concat());
    assert_eq!((said.code(), said.rules().len()), (0, 0), "lines are only deleted");
    let folder = packages();
    write(folder.path(), "lcov.info", "SF:packages/foo/src/index.ts\nDA:1,1\nDA:3,0\nend_of_record\n");
    write(folder.path(), "change.diff", "");
    let of = |base: &str| {
        judge(folder.path(), &[&limits[..], &["--base", base, "--diff", "change.diff"]].concat())
    };
    assert_eq!(of("HEAD").code(), 0, "the repository shows that nothing changed");
    assert_eq!(of("base").rules(), ["patch-coverage-too-low"], "the repository knows better");
}

#[test]
fn counters_that_overflowed_are_no_hits_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, report) in [
        ("lcov.info", "SF:a.c\nDA:1,5\nDA:2,COUNT\nend_of_record\n".to_owned()),
        ("c.xml", "<coverage line-rate='1'><class filename='a.c'><line number='1' hits='5'/><line number='2' hits='COUNT'/></class></coverage>".to_owned()),
        ("clover.xml", "<coverage generated='1'><project><file name='a.c'><line num='1' type='stmt' count='5'/><line num='2' type='stmt' count='COUNT'/></file></project></coverage>".to_owned()),
        ("jacoco.xml", "<report name='r'><package name=''><sourcefile name='a.c'><line nr='1' ci='5'/><line nr='2' ci='COUNT'/></sourcefile></package></report>".to_owned()),
        ("o.xml", "<CoverageSession><File uid='1' fullPath='a.c'/><SequencePoint vc='5' sl='1' el='1' fileid='1'/><SequencePoint vc='COUNT' sl='2' el='2' fileid='1'/></CoverageSession>".to_owned()),
        ("i.json", r#"{"a.c": {"statementMap": {"0": {"start": {"line": 1}}, "1": {"start": {"line": 2}}}, "s": {"0": 5, "1": COUNT}}}"#.to_owned()),
        ("g.json", r#"{"gcovr/format_version": "0.15", "files": [{"file": "a.c", "lines": [{"line_number": 1, "count": 5}, {"line_number": 2, "count": COUNT}]}]}"#.to_owned()),
        ("l.json", r#"{"data": [{"files": [{"filename": "a.c", "segments": [[1,1,5,true,true,false],[1,9,0,false,false,false],[2,1,COUNT,true,true,false],[2,9,0,false,false,false]]}]}], "type": "llvm.coverage.json.export"}"#.to_owned()),
    ] {
        for count in ["-13", "18446744073709551151"] {
            write(folder.path(), name, &report.replace("COUNT", count));
            let said = judge(folder.path(), &[name, "--min-tests", "0"]);
            assert_eq!(said.code(), 0, "{name} {count}: {:?}", said.finished);
            let lines = &said.report["details"]["coverage"]["lines"];
            assert_eq!((&lines["covered"], &lines["coverable"]), (&1.into(), &2.into()), "{name} {count}");
            let note = "counters overflowed: 1 count of hits is read as 0, the first in line 2 of a.c";
            assert!(said.notes().contains(note), "{name} {count}: {}", said.notes());
        }
    }
}

#[test]
fn a_summary_is_a_bystander_only_beside_the_full_report() {
    let total = r#"{"total": {"lines": {"total": 2, "covered": 1, "skipped": 0, "pct": 50}}}"#;
    let gcovr = r#"{"root": ".", "gcovr/summary_format_version": "0.6", "files": [], "line_total": 2}"#;
    let full = [
        ("lcov.info", "SF:a.js\nDA:1,1\nDA:2,0\nend_of_record\n"),
        (
            "coverage-final.json",
            r#"{"a.js": {"statementMap": {"0": {"start": {"line": 1}}, "1": {"start": {"line": 2}}}, "s": {"0": 1, "1": 0}}}"#,
        ),
    ];
    for (summary, format) in [(total, "Istanbul summary"), (gcovr, "gcovr summary")] {
        for (name, text) in full {
            let folder = tempfile::tempdir().unwrap();
            for path in ["coverage/coverage-summary.json", "only/coverage-summary.json"] {
                write(folder.path(), path, summary);
            }
            write(folder.path(), &format!("coverage/{name}"), text);
            let said = judge(folder.path(), &["coverage", "--min-tests", "0"]);
            assert_eq!((said.code(), said.rules().len()), (0, 0), "{name}: {:?}", said.findings());
            assert_eq!(said.report["details"]["coverage"]["lines"]["coverable"], 2);
            let note =
                format!("coverage/coverage-summary.json ({format} of the run with the full report {name})");
            assert!(said.notes().contains(&note), "{}", said.notes());
            for paths in [
                &["only"][..],
                &["coverage/coverage-summary.json"],
                &["coverage", "only"],
                &["coverage/*.json"],
            ] {
                let said = judge(folder.path(), &[paths, &["--min-tests", "0"]].concat());
                assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]), "{paths:?}");
            }
            // Beside a report that is cut off it is all that is left.
            write(folder.path(), &format!("coverage/{name}"), text.get(..text.len() - 10).unwrap());
            let said = judge(folder.path(), &["coverage", "--min-tests", "0"]);
            assert_eq!((said.code(), said.findings().len()), (1, 2), "{name}: {:?}", said.findings());
        }
    }
}

#[test]
fn branches_of_opencover_stand_on_the_line_of_their_sequence_point() {
    let folder = tempfile::tempdir().unwrap();
    let session = "<CoverageSession><Summary numSequencePoints='2' visitedSequencePoints='1' numBranchPoints='COUNT' visitedBranchPoints='1'/>\
        <Module><Files><File uid='1' fullPath='A.cs'/></Files><Method><FileRef uid='1'/><SequencePoints><SequencePoint vc='3' offset='0' sl='5' el='5'/>\
        <SequencePoint vc='0' offset='9' sl='7' el='7'/></SequencePoints><BranchPoints><BranchPoint vc='3' offset='4' path='0'/><BranchPoint vc='0' offset='4' path='1'/>\
        </BranchPoints></Method></Module></CoverageSession>";
    for (claimed, is_noted) in [("2", false), ("3", true)] {
        write(folder.path(), "o.xml", &session.replace("COUNT", claimed));
        let said = judge(folder.path(), &["o.xml", "--min-tests", "0", "--min-branch-coverage", "50"]);
        assert_eq!(said.code(), 0, "{:?}", said.finished);
        let branches = &said.report["details"]["coverage"]["branches"];
        assert_eq!((&branches["covered"], &branches["coverable"]), (&1.into(), &2.into()));
        assert_eq!(
            said.notes().contains("branches (`numBranchPoints`) than it lists (3 claimed, 2 listed)"),
            is_noted
        );
    }
    let said = judge(folder.path(), &["o.xml", "--min-tests", "0", "--min-branch-coverage", "51"]);
    assert_eq!(said.rules(), ["coverage-too-low"]);
}

#[test]
fn lines_beyond_the_end_of_a_file_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "src/a.c", "one\ntwo\nthree");
    for (last, is_noted) in [(3, false), (4, false), (5, true), (4000, true)] {
        write(
            folder.path(),
            "l.info",
            &format!("SF:src/a.c\nDA:{last},1\nend_of_record\nSF:gone.c\nDA:99,1\nend_of_record\n"),
        );
        let said = judge(folder.path(), &["l.info", "--min-tests", "0"]);
        assert_eq!(said.code(), 0);
        assert_eq!(
            said.notes().contains("1 file has coverage beyond the end"),
            is_noted,
            "{last}: {}",
            said.notes()
        );
    }
}

#[test]
fn what_is_left_out_is_counted_and_settings_without_a_reason_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "l.info",
        "SF:src/a.c\nDA:1,1\nend_of_record\nSF:gen/b.c\nDA:1,0\nDA:2,0\nend_of_record\n",
    );
    let limits = ["l.info", "--min-tests", "0", "--min-coverage", "100"];
    assert_eq!(judge(folder.path(), &limits).rules(), ["coverage-too-low"]);
    for flags in [["--coverage-exclude", "gen/** : by protoc"], ["--coverage-include", "src/** : ours"]] {
        let said = judge(folder.path(), &[&limits[..], &flags].concat());
        assert_eq!((said.code(), said.rules().len()), (0, 0), "{flags:?}: {:?}", said.findings());
        assert_eq!(said.report["details"]["coverage"]["files"], 1);
        assert!(said.notes().contains("1 file with 2 lines"), "{}", said.notes());
    }
    let said = judge(folder.path(), &[&limits[..], &["--coverage-exclude", "gen/** : by protoc"]].concat());
    assert_eq!(said.report["details"]["coverage"]["left_out"]["exclude"][0]["lines"], 2);
    assert_eq!(said.report["details"]["coverage"]["left_out"]["exclude"][0]["reason"], "by protoc");
    let said = judge(folder.path(), &[&limits[..], &["--coverage-exclude", "gen : by protoc"]].concat());
    assert_eq!(said.code(), 1);
    assert!(
        said.notes().contains("`gen` of `coverage-exclude` matches no file; for a folder, write `gen/**`")
    );
    for flags in [
        ["--coverage-exclude", "gen/**"],
        ["--coverage-include", "src/** :"],
        ["--folder-coverage", "src"],
        ["--folder-coverage", "src >= 101"],
        ["--coverage-prefix", "out/**"],
        ["--coverage-prefix", "out/** = ../x"],
    ] {
        let finished =
            run(binary("test-gate", folder.path()).args(["l.info", "--min-tests", "0"]).args(flags));
        assert_eq!(finished.code, Some(2), "{flags:?}: {finished:?}");
        assert!(finished.stderr.contains("write it as"), "{finished:?}");
    }
}

#[test]
fn folders_have_floors_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "l.info",
        "SF:src/pay/a.c\nDA:1,1\nDA:2,0\nend_of_record\nSF:src/b.c\nDA:1,1\nDA:2,1\nend_of_record\n",
    );
    let judged =
        |floor: &str| judge(folder.path(), &["l.info", "--min-tests", "0", "--folder-coverage", floor]);
    for floor in ["src/pay >= 50", "src >= 75", "src/* >= 50"] {
        assert_eq!(judged(floor).code(), 0, "{floor}");
    }
    for floor in ["src/pay >= 51", "src >= 75.1", "src/* >= 51", "lib >= 0", "lib/* >= 0", "src/b.c >= 1"] {
        let said = judged(floor);
        assert_eq!((said.code(), said.rules()), (1, vec!["folder-coverage-too-low"]), "{floor}");
    }
}
