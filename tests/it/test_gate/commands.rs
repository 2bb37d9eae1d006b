//! The command that `test-gate run` starts, and how sub-commands are found.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::support::{binary, report, run};

use super::judge;

const GREEN: &str = "<testsuite name='s'><testcase classname='a' name='one'/></testsuite>";

/// A suite that prints which processes it is made of, and cleans up when it is asked to end.
const SUITE: &str = "trap 'echo cleaned > cleaned.txt; exit 0' INT TERM HUP QUIT
sh -c 'echo $PPID $$; exec sleep 600'
exit 0";

/// Starts the suite behind `test-gate run`; returns both, with the processes of the suite.
fn start(folder: &Path) -> (Child, Vec<Pid>) {
    std::fs::write(folder.join("junit.xml"), GREEN).expect("a report");
    let gate = binary("test-gate", folder);
    // The tests themselves may run where signals are ignored, behind `nohup` for one.
    let mut command = Command::new("env");
    command.arg("--default-signal=INT,TERM,HUP,QUIT").arg(gate.get_program());
    command.args(["run", "junit.xml", "--", "sh", "-c", SUITE]).current_dir(folder);
    let environment = gate.get_envs();
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut gate = command.spawn().expect("the gate starts");
    let mut line = String::new();
    BufReader::new(gate.stdout.as_mut().expect("standard output")).read_line(&mut line).expect("a line");
    let ids = line.split_whitespace().map(|id| id.parse().ok().and_then(Pid::from_raw).expect("an id"));
    (gate, ids.collect())
}

/// The report of an earlier run that passed.
fn passed_before(folder: &Path) {
    std::fs::write(folder.join("junit.xml"), GREEN).expect("a report");
    assert_eq!(judge(folder, &["junit.xml", "--formats", "json,summary,badge"]).code(), 0);
}

#[test]
fn signals_are_passed_on_and_the_command_is_waited_for() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let folder = tempfile::tempdir().expect("a folder");
        passed_before(folder.path());
        let (mut gate, processes) = start(folder.path());
        kill_process(Pid::from_child(&gate), signal).expect("a signal");
        let code = gate.wait().expect("an end").code();
        assert_eq!(code, Some(4), "{signal:?}");
        assert!(folder.path().join("cleaned.txt").exists(), "{signal:?}");
        for process in processes {
            assert!(test_kill_process(process).is_err(), "{signal:?}: {process:?} still runs");
        }
        let report = report(folder.path());
        assert_eq!(report["verdict"], "error", "{signal:?}: {report}");
        let message = report["error"]["message"].as_str().expect("a message");
        assert!(message.starts_with("cancelled by SIG"), "{message}");
        assert!(!folder.path().join("devops-report/badge.svg").exists(), "of the earlier run");
    }
}

#[test]
fn a_gate_that_is_killed_leaves_no_verdict_of_an_earlier_run() {
    let folder = tempfile::tempdir().expect("a folder");
    passed_before(folder.path());
    let (mut gate, processes) = start(folder.path());
    gate.kill().expect("a kill");
    gate.wait().expect("an end");
    for process in processes {
        kill_process(process, Signal::KILL).expect("a signal");
    }
    for name in ["report.json", "summary.md", "badge.svg"] {
        assert!(!folder.path().join("devops-report").join(name).exists(), "{name}");
    }
}

#[test]
fn signals_that_are_ignored_for_a_reason_stay_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("junit.xml"), GREEN).expect("a report");
    let gate = binary("test-gate", folder.path());
    let mut nohup = Command::new("nohup");
    nohup.arg(gate.get_program()).args(["run", "junit.xml", "--", "sh", "-c"]).arg(SUITE);
    nohup.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut gate = nohup.spawn().expect("the gate starts");
    let mut line = String::new();
    BufReader::new(gate.stdout.as_mut().expect("standard output")).read_line(&mut line).expect("a line");
    let gate_process = Pid::from_child(&gate);
    kill_process(gate_process, Signal::HUP).expect("a signal");
    kill_process(gate_process, Signal::TERM).expect("a signal");
    assert_eq!(gate.wait().expect("an end").code(), Some(4));
    let message = report(folder.path())["error"]["message"].to_string();
    assert!(message.contains("SIGTERM"), "{message}");
}

#[test]
fn options_may_stand_before_a_sub_command() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("junit.xml"), GREEN).expect("a report");
    for line in [
        &["--min-tests", "1", "run", "junit.xml", "--", "touch", "ran"][..],
        &["-q", "--min-tests=1", "run", "--base", "none", "junit.xml", "--", "touch", "ran"],
        &["run", "junit.xml", "--min-tests", "1", "--", "touch", "ran"],
    ] {
        let said = judge(folder.path(), line);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-stale"]), "{line:?}");
        std::fs::remove_file(folder.path().join("ran")).expect("the command ran");
    }
    for line in [
        &["--report-dir", "devops-report", "baseline", "junit.xml", "--baseline", "b.jsonl"][..],
        &["--mode", "enforce", "baseline", "-q", "merge", "b.jsonl", "--baseline", "c.jsonl"],
        // The value of an option is no sub-command.
        &["--baseline", "baseline", "baseline", "junit.xml"],
        &["--baseline", "run", "--missing-baseline", "allow", "junit.xml"],
    ] {
        assert_eq!(judge(folder.path(), line).code(), 0, "{line:?}");
    }
    for name in ["b.jsonl", "c.jsonl", "baseline"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn a_command_keeps_all_its_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = "printf '%s|' \"$@\" > words; cp junit.txt junit.xml";
    std::fs::write(folder.path().join("junit.txt"), GREEN).expect("a report");
    let words = ["a b", "--", "--min-tests=9", "", "-q", "run"];
    let line = [&["run", "junit.xml", "--", "sh", "-c", write, "sh"][..], &words].concat();
    assert_eq!(judge(folder.path(), &line).code(), 0);
    let written = std::fs::read_to_string(folder.path().join("words")).expect("words");
    assert_eq!(written, words.map(|word| format!("{word}|")).concat());
}

#[test]
fn a_folder_called_like_a_sub_command_has_a_way_to_be_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("run")).expect("a folder");
    std::fs::write(folder.path().join("run/junit.xml"), GREEN).expect("a report");
    for line in [&["./run"][..], &["--", "run"], &["run/junit.xml", "run"]] {
        assert_eq!(judge(folder.path(), line).code(), 0, "{line:?}");
    }
}

#[test]
fn a_sub_command_behind_the_paths_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("junit.xml"), GREEN).expect("a report");
    let said = judge(folder.path(), &["junit.xml", "run", "--", "true"]);
    assert_eq!((said.code(), said.rules()), (1, vec!["report-missing"]));
    let help = said.findings()[0]["help"].to_string();
    assert!(help.contains("before the paths"), "{help}");
}

#[test]
fn help_lists_the_sub_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = |line: &[&str]| {
        let finished = run(binary("test-gate", folder.path()).args(line));
        assert_eq!(finished.code, Some(0), "{line:?}");
        finished.stdout
    };
    for option in ["-h", "--help"] {
        let text = help(&[option]);
        assert!(text.contains("\n  run       Start a command"), "{text}");
        assert!(text.contains("\n  baseline  Write a baseline"), "{text}");
        assert!(
            help(&["run", option]).contains("Usage: test-gate run [OPTIONS] [PATH]... [-- <COMMAND>...]")
        );
        assert!(help(&["baseline", option]).contains("\n  merge  Merge baselines"));
        assert!(help(&["baseline", "merge", option]).contains("--baseline"));
    }
    assert_eq!(help(&["--version"]), help(&["run", "--version"]));
}
