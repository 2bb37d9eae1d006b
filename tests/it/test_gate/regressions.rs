//! Ways to be green that must be red, and the other way round, found by trying to get past the gate.

use std::path::Path;
use std::process::Command;

use crate::support::{binary, report, run};

use super::{judge, judge_text};

const GREEN: &str = "<testsuite name='s'><testcase classname='a' name='one'/></testsuite>";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=n", "-c", "user.email=n@example.org"])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn merged_reports_of_an_earlier_run_are_no_reports_of_this_one() {
    let folder = folder(&[("r.xml", GREEN)]);
    for paths in [".", ".", "**/*.xml", "*"] {
        let said = judge(folder.path(), &[paths, "--exports", "junit,ctrf", "--base", "none"]);
        assert_eq!(said.counts()[0], 1, "{paths}");
    }
    // Named, they are.
    let said = judge(folder.path(), &["devops-report/*.xml"]);
    assert_eq!((said.code(), said.counts()[0]), (0, 1));
}

#[test]
fn a_floor_under_a_change_needs_a_report_that_names_a_file() {
    let diff = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n a\n+b\n";
    let nothing = "SF:elsewhere.py\nDA:1,1\nend_of_record\n";
    let folder = folder(&[("r.xml", GREEN), ("c.diff", diff), ("c.info", nothing), ("a.py", "a\nb\n")]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "a.py"]);
    git(folder.path(), &["commit", "-qm", "one"]);
    for reports in [&["r.xml"][..], &["r.xml", "c.info"]] {
        let flags = ["--diff", "c.diff", "--base", "none", "--min-patch-coverage", "80"];
        let said = judge(folder.path(), &[reports, &flags].concat());
        assert_eq!((said.code(), said.rules()), (1, vec!["patch-coverage-unknown"]), "{reports:?}");
    }
}

#[test]
fn coverage_of_a_file_that_is_gone_is_not_that_of_its_namesake() {
    let covered = "SF:one/src/util.py\nDA:1,0\nend_of_record\nSF:two/src/util.py\nDA:1,1\nend_of_record\n";
    let folder = folder(&[("r.xml", GREEN), ("c.info", covered), ("one/src/util.py", "a\n")]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "one"]);
    git(folder.path(), &["commit", "-qm", "one"]);
    let said = judge(folder.path(), &["r.xml", "c.info", "--min-coverage", "50"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["coverage-too-low"]));
    assert!(said.notes().contains("two/src/util.py (not tracked)"), "{}", said.notes());
}

#[test]
fn a_new_failure_behind_many_known_ones_is_named() {
    let suite = |red: &dyn Fn(u32) -> bool| {
        let case = |number: u32| {
            let failure = if red(number) { "<failure/>" } else { "" };
            format!("<testcase classname='c' name='t{number}'>{failure}</testcase>")
        };
        format!("<testsuite name='s'>{}</testsuite>", (0..1_300).map(case).collect::<String>())
    };
    let (before, now) = (suite(&|number| number < 1_200), suite(&|number| number < 1_200 || number == 1_250));
    let folder = folder(&[("before.xml", &before), ("now.xml", &now)]);
    let wrote = judge(folder.path(), &["baseline", "before.xml", "--baseline", "b.jsonl"]);
    assert_eq!(wrote.code(), 0);
    let said = judge(folder.path(), &["now.xml", "--baseline", "b.jsonl", "--new-failures-only"]);
    let titles: Vec<_> = said.findings().iter().filter(|finding| finding["rule"] == "test-failed").collect();
    assert_eq!((said.code(), titles.len()), (1, 1));
    assert_eq!(titles[0]["title"], "c.t1250");
}

#[test]
fn a_log_is_not_taken_for_json() {
    let tap = "1..1\nok 1 - a\n";
    for first in ["[INFO] Scanning for projects", "[1/3] compile", "[2026-11-23 12:00:00] start"] {
        let said = judge_text(format!("{first}\n{tap}"));
        assert_eq!((said.code(), said.counts()[1]), (0, 1), "{first}: {:?}", said.findings());
    }
    let folder = folder(&[("r/r.xml", GREEN), ("r/build.log", "[INFO] Scanning\n[INFO] Done\n")]);
    assert_eq!(judge(folder.path(), &["r"]).code(), 0);
}

#[test]
fn messages_of_cargo_may_stand_before_its_tests() {
    let said = judge_text(
        "{\"reason\":\"compiler-artifact\",\"fresh\":true}\n{\"reason\":\"build-finished\",\"success\":true}\n\
         { \"type\": \"suite\", \"event\": \"started\", \"test_count\": 1 }\n\
         { \"type\": \"test\", \"event\": \"started\", \"name\": \"a\" }\n\
         { \"type\": \"test\", \"name\": \"a\", \"event\": \"failed\" }\n\
         { \"type\": \"suite\", \"event\": \"failed\", \"passed\": 0, \"failed\": 1, \"ignored\": 0, \"measured\": 0 }\n",
    );
    assert_eq!((said.code(), said.rules(), said.counts()[3]), (1, vec!["test-failed"], 1));
}

#[test]
fn a_tap_file_that_skips_itself_is_a_skipped_test() {
    let folder = folder(&[("t/a.tap", "1..0 # SKIP no database\n"), ("t/b.tap", "1..1\nok 1\n")]);
    let said = judge(folder.path(), &["t"]);
    assert_eq!((said.code(), said.counts()[1], said.counts()[5]), (0, 1, 1));
    // Alone, it is a warning as for every report of which nothing ran.
    let said = judge(folder.path(), &["t/a.tap"]);
    assert_eq!((said.code(), said.rules()), (0, vec!["too-few-tests"]));
    assert_eq!(judge_text("1..0\n").code(), 1);
}

#[test]
fn benchmarks_between_tests_are_compared() {
    let go = |value: &str| {
        format!(
            "{{\"Action\":\"start\",\"Package\":\"p\"}}\n\
             {{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"BenchmarkA\"}}\n\
             {{\"Action\":\"output\",\"Package\":\"p\",\"Test\":\"BenchmarkA\",\"Output\":\"BenchmarkA\\n\"}}\n\
             {{\"Action\":\"output\",\"Package\":\"p\",\"Test\":\"BenchmarkA\",\"Output\":\"BenchmarkA-8   \\t\"}}\n\
             {{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"  1000\\t {value} ns/op\\n\"}}\n\
             {{\"Action\":\"pass\",\"Package\":\"p\"}}\n"
        )
    };
    let rust = |value: &str| {
        format!(
            "{{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": 1 }}\n\
             {{ \"type\": \"bench\", \"name\": \"a\", \"median\": {value}, \"deviation\": 3.2 }}\n\
             {{ \"type\": \"suite\", \"event\": \"ok\", \"passed\": 0, \"failed\": 0, \"ignored\": 0, \"measured\": 1 }}\n"
        )
    };
    for text in [&go as &dyn Fn(&str) -> String, &rust] {
        let folder = folder(&[("before.json", &text("100.5")), ("now.json", &text("300.5"))]);
        let flags = ["--min-tests", "0", "--baseline", "b.jsonl"];
        let wrote = judge(folder.path(), &[&["baseline", "before.json"][..], &flags].concat());
        assert_eq!(wrote.code(), 0, "{:?}", wrote.findings());
        let same = judge(folder.path(), &[&["before.json"][..], &flags].concat());
        assert_eq!(same.code(), 0, "{:?}", same.findings());
        let slower = judge(folder.path(), &[&["now.json"][..], &flags].concat());
        assert_eq!((slower.code(), slower.rules()), (1, vec!["benchmark-regressed"]));
    }
}

#[test]
fn no_baseline_written_is_no_success() {
    let folder = folder(&[("r.xml", "<testsuite><testcase name='a'><skipped/></testcase></testsuite>")]);
    let said = judge(folder.path(), &["baseline", "r.xml", "--baseline", "b.jsonl"]);
    assert_eq!((said.code(), folder.path().join("b.jsonl").exists()), (1, false));
}

#[test]
fn files_of_a_project_may_lie_beside_reports() {
    let folder = folder(&[
        ("r.xml", GREEN),
        ("logback.xml", "<configuration/>"),
        (".idea/m.xml", "<module type='WEB'/>"),
        ("package.json", "{\"scripts\": {}}"),
        ("notes.txt", "[x] done\n"),
        ("node_modules/a/r.xml", "<testsuite><testcase name='a'><failure/></testcase></testsuite>"),
    ]);
    let said = judge(folder.path(), &["."]);
    assert_eq!((said.code(), said.counts()[0]), (0, 1), "{:?}", said.findings());
    assert!(said.notes().contains("logback.xml"), "they are named: {}", said.notes());
    // What could be results in a format that is not read must not go unseen.
    std::fs::write(folder.path().join("x.xml"), "<TestRunResults/>").expect("a file");
    assert_eq!(judge(folder.path(), &["."]).rules(), ["report-unreadable"]);
}

#[cfg(unix)]
#[test]
fn a_dry_run_starts_no_command_and_a_real_one_shows_it() {
    let toml = "[test-gate]\npaths = [\"r.xml\"]\naction = \"run\"\nrun-command = [\"sh\", \"-c\", \"touch ran; touch r.xml\"]\n";
    let folder = folder(&[("r.xml", GREEN), ("devops.toml", toml)]);
    let dry = run(binary("devops", folder.path()).args(["run", "--dry-run"]));
    assert_eq!((dry.code, folder.path().join("ran").exists()), (Some(0), false), "{dry:?}");
    assert!(report(folder.path())["notes"].to_string().contains("its command was not started"), "{dry:?}");
    let real = run(binary("devops", folder.path()).arg("run"));
    assert_eq!((real.code, folder.path().join("ran").exists()), (Some(0), true), "{real:?}");
    let own = std::fs::read_to_string(folder.path().join("devops-report/test-gate/report.json")).expect("it");
    let own: serde_json::Value = serde_json::from_str(&own).expect("JSON");
    assert_eq!(own["details"]["command"]["words"][0], "sh");
    assert_eq!(own["details"]["command"]["exit_code"], 0);
}

#[test]
fn a_change_neither_hides_its_lines_nor_only_writes_a_baseline() {
    let red = "<testsuite name='s'><testcase name='a'><failure/></testcase></testsuite>";
    let covered = "SF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n";
    let policy = "[test-gate]\npaths = [\"r.xml\", \"c.info\"]\nmin-patch-coverage = 80\n";
    let folder = folder(&[("a.py", "a\n"), ("devops.toml", policy)]);
    git(folder.path(), &["init", "-q", "-b", "main"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "one"]);
    git(folder.path(), &["checkout", "-qb", "change"]);
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).expect("a file");
    write("a.py", "a\nb\n");
    write("e.diff", "");
    write("devops.toml", &format!("{policy}diff = \"e.diff\"\n"));
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "two"]);
    write("r.xml", GREEN);
    write("c.info", covered);
    let said = judge(folder.path(), &["--base", "main"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["patch-coverage-too-low"]));
    assert!(said.notes().contains("`diff` is not set (the change sets e.diff)"), "{}", said.notes());
    write("devops.toml", &format!("{policy}action = \"baseline\"\nbaseline = \"b.jsonl\"\n"));
    write("r.xml", red);
    let said = judge(folder.path(), &["--base", "main"]);
    assert!(said.code() == 1 && said.rules().contains(&"test-failed"), "{:?}", said.findings());
}

#[test]
fn a_limit_for_times_needs_times() {
    let folder = folder(&[
        ("timed.xml", "<testsuite><testcase name='a' time='0.1'/></testsuite>"),
        ("untimed.xml", "<testsuite><testcase name='a'/></testsuite>"),
    ]);
    assert_eq!(judge(folder.path(), &["baseline", "timed.xml", "--baseline", "b.jsonl"]).code(), 0);
    let flags = ["--baseline", "b.jsonl", "--max-slowdown", "2"];
    assert_eq!(judge(folder.path(), &[&["timed.xml"][..], &flags].concat()).code(), 0);
    let said = judge(folder.path(), &[&["untimed.xml"][..], &flags].concat());
    assert_eq!((said.code(), said.rules()), (1, vec!["test-slower"]));
}
